/* SPDX-License-Identifier: MIT
 *
 * Arithmetic on literals, in float64 and int64. What cannot be computed without losing something
 * (integer overflow) is left to the running program, which reports it.
 */
#include "semantics/evaluate.h"

#include <math.h>
#include <string.h>

static struct constant *constant_new(struct arena *arena, enum constant_kind kind)
{
    struct constant *k = arena_new(arena, struct constant);
    k->kind = kind;
    return k;
}

const struct constant *constant_bool(struct arena *arena, bool value)
{
    struct constant *k = constant_new(arena, CONSTANT_BOOL);
    k->boolean = value;
    return k;
}

const struct constant *constant_int(struct arena *arena, int64_t value)
{
    struct constant *k = constant_new(arena, CONSTANT_INT);
    k->integer = value;
    return k;
}

const struct constant *constant_real(struct arena *arena, double value)
{
    struct constant *k = constant_new(arena, CONSTANT_REAL);
    k->real = value;
    return k;
}

const struct constant *constant_string(struct arena *arena, const char *text)
{
    struct constant *k = constant_new(arena, CONSTANT_STRING);
    k->text = text;
    return k;
}

double constant_number(const struct constant *k)
{
    switch (k->kind) {
    case CONSTANT_BOOL: return k->boolean ? 1 : 0;
    case CONSTANT_INT: return (double)k->integer;
    case CONSTANT_REAL: return k->real;
    case CONSTANT_STRING: return 0;
    }
    unreachable();
}

static bool is_whole(const struct constant *k)
{
    return k->kind == CONSTANT_BOOL || k->kind == CONSTANT_INT;
}

static int64_t whole(const struct constant *k)
{
    return k->kind == CONSTANT_BOOL ? (k->boolean ? 1 : 0) : k->integer;
}

bool constant_equal(const struct constant *a, const struct constant *b)
{
    if (a->kind == CONSTANT_STRING || b->kind == CONSTANT_STRING)
        return a->kind == b->kind && strcmp(a->text, b->text) == 0;
    if (is_whole(a) && is_whole(b))
        return whole(a) == whole(b);
    return constant_number(a) == constant_number(b);
}

const struct constant *evaluate_unary(struct arena *arena, enum unary_op op,
                                      const struct constant *operand)
{
    if (operand == NULL || operand->kind == CONSTANT_STRING)
        return NULL;
    switch (op) {
    case UNARY_MINUS:
        if (!is_whole(operand))
            return constant_real(arena, -operand->real);
        return whole(operand) == INT64_MIN ? NULL : constant_int(arena, -whole(operand));
    case UNARY_NOT: return constant_bool(arena, constant_number(operand) == 0);
    }
    unreachable();
}

/* int ^ int with a whole result; false on overflow or a negative exponent. */
static bool whole_power(int64_t base, int64_t exponent, int64_t *result)
{
    if (exponent < 0 || exponent > 64)
        return false;
    *result = 1;
    for (int64_t i = 0; i < exponent; i++)
        if (__builtin_mul_overflow(*result, base, result))
            return false;
    return true;
}

static const struct constant *whole_arithmetic(struct arena *arena, enum binary_op op, int64_t a,
                                               int64_t b)
{
    int64_t result = 0;
    bool overflow = false;
    if (op == BINARY_ADD)
        overflow = __builtin_add_overflow(a, b, &result);
    else if (op == BINARY_SUBTRACT)
        overflow = __builtin_sub_overflow(a, b, &result);
    else if (op == BINARY_MULTIPLY)
        overflow = __builtin_mul_overflow(a, b, &result);
    else
        overflow = !whole_power(a, b, &result);
    return overflow ? NULL : constant_int(arena, result);
}

static const struct constant *compare_strings(struct arena *arena, enum binary_op op,
                                              const struct constant *left,
                                              const struct constant *right)
{
    if (op != BINARY_EQUAL && op != BINARY_NOT_EQUAL)
        return NULL;
    return constant_bool(arena, constant_equal(left, right) == (op == BINARY_EQUAL));
}

const struct constant *evaluate_binary(struct arena *arena, enum binary_op op,
                                       const struct constant *left, const struct constant *right)
{
    if (left == NULL || right == NULL)
        return NULL;
    if (left->kind == CONSTANT_STRING || right->kind == CONSTANT_STRING)
        return compare_strings(arena, op, left, right);
    double a = constant_number(left);
    double b = constant_number(right);
    bool both_whole = is_whole(left) && is_whole(right);
    switch (op) {
    case BINARY_ADD:
    case BINARY_SUBTRACT:
    case BINARY_MULTIPLY:
        if (both_whole)
            return whole_arithmetic(arena, op, whole(left), whole(right));
        return constant_real(arena, op == BINARY_ADD        ? a + b
                                    : op == BINARY_SUBTRACT ? a - b
                                                            : a * b);
    case BINARY_DIVIDE: return both_whole && b == 0 ? NULL : constant_real(arena, a / b);
    case BINARY_POWER:
        if (both_whole && whole(right) >= 0)
            return whole_arithmetic(arena, op, whole(left), whole(right));
        return constant_real(arena, pow(a, b));
    case BINARY_EQUAL: return constant_bool(arena, constant_equal(left, right));
    case BINARY_NOT_EQUAL: return constant_bool(arena, !constant_equal(left, right));
    case BINARY_LESS: return constant_bool(arena, a < b);
    case BINARY_LESS_EQUAL: return constant_bool(arena, a <= b);
    case BINARY_GREATER: return constant_bool(arena, a > b);
    case BINARY_GREATER_EQUAL: return constant_bool(arena, a >= b);
    case BINARY_AND: return constant_bool(arena, a != 0 && b != 0);
    case BINARY_OR: return constant_bool(arena, a != 0 || b != 0);
    }
    unreachable();
}
