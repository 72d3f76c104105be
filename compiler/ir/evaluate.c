/* SPDX-License-Identifier: MIT
 *
 * One function for each combination of operand type and kind of instruction. f32 is computed in
 * float, never in double; the build turns contraction off, so that a * b + c is two roundings
 * unless the instruction is FMA.
 */
#include "ir/evaluate.h"

#include <math.h>
#include <string.h>

static int64_t floor_divide(int64_t a, int64_t b)
{
    if (b == 0)
        return 0;
    if (b == -1)
        return (int64_t)(0 - (uint64_t)a);
    int64_t quotient = a / b;
    return quotient - (a % b != 0 && (a % b < 0) != (b < 0));
}

static int64_t floor_modulo(int64_t a, int64_t b)
{
    if (b == 0 || b == -1)
        return 0;
    int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* i32 and i64 alike: `a` and `b` are sign-extended, the caller cuts the result. */
static bool evaluate_integer(enum ir_op op, int64_t a, int64_t b, int64_t *out)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;
    switch (op) {
    case IR_ADD: *out = (int64_t)(x + y); return true;
    case IR_SUB: *out = (int64_t)(x - y); return true;
    case IR_MUL: *out = (int64_t)(x * y); return true;
    case IR_DIV: *out = floor_divide(a, b); return true;
    case IR_MOD: *out = floor_modulo(a, b); return true;
    case IR_MIN: *out = a < b ? a : b; return true;
    case IR_MAX: *out = a > b ? a : b; return true;
    case IR_NEG: *out = (int64_t)(0 - x); return true;
    case IR_ABS: *out = a < 0 ? (int64_t)(0 - x) : a; return true;
    case IR_AND: *out = a & b; return true;
    case IR_OR: *out = a | b; return true;
    case IR_XOR: *out = a ^ b; return true;
    case IR_NOT: *out = ~a; return true;
    default: return false;
    }
}

static bool evaluate_i64(enum ir_op op, const union ir_value *v, union ir_value *out)
{
    switch (op) {
    case IR_SHL:
        out->integer = (int64_t)((uint64_t)v[0].integer << (v[1].integer & 63));
        return true;
    case IR_SHR:
        out->integer = (int64_t)((uint64_t)v[0].integer >> (v[1].integer & 63));
        return true;
    default: return evaluate_integer(op, v[0].integer, v[1].integer, &out->integer);
    }
}

static bool evaluate_i32(enum ir_op op, const union ir_value *v, union ir_value *out)
{
    uint32_t a = (uint32_t)v[0].integer, b = (uint32_t)v[1].integer;
    int64_t result;
    switch (op) {
    case IR_SHL: result = a << (b & 31); break;
    case IR_SHR: result = a >> (b & 31); break;
    case IR_MULHI: result = (int64_t)((uint64_t)a * b >> 32); break;
    default:
        if (!evaluate_integer(op, (int32_t)a, (int32_t)b, &result))
            return false;
    }
    out->integer = (uint32_t)result;
    return true;
}

static bool evaluate_bool(enum ir_op op, const union ir_value *v, union ir_value *out)
{
    switch (op) {
    case IR_AND: out->integer = v[0].integer & v[1].integer; return true;
    case IR_OR: out->integer = v[0].integer | v[1].integer; return true;
    case IR_NOT: out->integer = !v[0].integer; return true;
    default: return false;
    }
}

static bool evaluate_f32(enum ir_op op, const union ir_value *v, union ir_value *out)
{
    float a = v[0].single, b = v[1].single, *r = &out->single;
    switch (op) {
    case IR_ADD: *r = a + b; return true;
    case IR_SUB: *r = a - b; return true;
    case IR_MUL: *r = a * b; return true;
    case IR_DIV: *r = a / b; return true;
    case IR_MOD: {
        float whole = floorf(a / b), product = b * whole;
        *r = a - product;
        return true;
    }
    case IR_MIN: *r = a < b ? a : b; return true;
    case IR_MAX: *r = a > b ? a : b; return true;
    case IR_NEG: *r = -a; return true;
    case IR_ABS: *r = fabsf(a); return true;
    case IR_FMA: *r = fmaf(a, b, v[2].single); return true;
    case IR_SQRT: *r = sqrtf(a); return true;
    case IR_FLOOR: *r = floorf(a); return true;
    case IR_CEIL: *r = ceilf(a); return true;
    case IR_ROUND: *r = rintf(a); return true;
    default: return false;
    }
}

static bool evaluate_f64(enum ir_op op, const union ir_value *v, union ir_value *out)
{
    double a = v[0].real, b = v[1].real, *r = &out->real;
    switch (op) {
    case IR_ADD: *r = a + b; return true;
    case IR_SUB: *r = a - b; return true;
    case IR_MUL: *r = a * b; return true;
    case IR_DIV: *r = a / b; return true;
    case IR_MOD: {
        double whole = floor(a / b), product = b * whole;
        *r = a - product;
        return true;
    }
    case IR_MIN: *r = a < b ? a : b; return true;
    case IR_MAX: *r = a > b ? a : b; return true;
    case IR_NEG: *r = -a; return true;
    case IR_ABS: *r = fabs(a); return true;
    case IR_FMA: *r = fma(a, b, v[2].real); return true;
    case IR_SQRT: *r = sqrt(a); return true;
    case IR_FLOOR: *r = floor(a); return true;
    case IR_CEIL: *r = ceil(a); return true;
    case IR_ROUND: *r = rint(a); return true;
    default: return false;
    }
}

#define COMPARE(op, a, b)                                                                          \
    ((op) == IR_EQ   ? (a) == (b)                                                                  \
     : (op) == IR_NE ? (a) != (b)                                                                  \
     : (op) == IR_LT ? (a) < (b)                                                                   \
     : (op) == IR_LE ? (a) <= (b)                                                                  \
     : (op) == IR_GT ? (a) > (b)                                                                   \
                     : (a) >= (b))

static bool compare(enum ir_op op, enum ir_type type, const union ir_value *v)
{
    switch (type) {
    case IR_F32: return COMPARE(op, v[0].single, v[1].single);
    case IR_F64: return COMPARE(op, v[0].real, v[1].real);
    case IR_I32: return COMPARE(op, (int32_t)v[0].integer, (int32_t)v[1].integer);
    case IR_BOOL:
    case IR_I64: return COMPARE(op, v[0].integer, v[1].integer);
    case IR_POINTER: return COMPARE(op, (uintptr_t)v[0].pointer, (uintptr_t)v[1].pointer);
    case IR_VOID: break;
    }
    unreachable();
}

/* Towards zero, saturating, NaN gives 0. `limit` is 2^31 or 2^63. */
static int64_t integer_of_real(double x, double limit, int64_t low, int64_t high)
{
    if (isnan(x))
        return 0;
    if (x <= -limit)
        return low;
    return x >= limit ? high : (int64_t)x;
}

static union ir_value cast_real(enum ir_type to, double x)
{
    union ir_value out = { 0 };
    switch (to) {
    case IR_BOOL: out.integer = x != 0; break;
    case IR_I32:
        out.integer = (uint32_t)integer_of_real(trunc(x), 0x1p31, INT32_MIN, INT32_MAX);
        break;
    case IR_I64: out.integer = integer_of_real(x, 0x1p63, INT64_MIN, INT64_MAX); break;
    case IR_F32: out.single = (float)x; break;
    case IR_F64: out.real = x; break;
    case IR_POINTER:
    case IR_VOID: unreachable();
    }
    return out;
}

/* `value` is signed where it goes to a real, zero-extended where it goes to an integer. */
static union ir_value cast_integer(enum ir_type to, bool from_i32, int64_t value)
{
    union ir_value out = { 0 };
    int64_t is_signed = from_i32 ? (int32_t)value : value;
    switch (to) {
    case IR_BOOL: out.integer = value != 0; break;
    case IR_I32: out.integer = (uint32_t)value; break;
    case IR_I64: out.integer = value; break;
    case IR_F32: out.single = (float)is_signed; break;
    case IR_F64: out.real = (double)is_signed; break;
    case IR_POINTER:
    case IR_VOID: unreachable();
    }
    return out;
}

static union ir_value cast(enum ir_type to, enum ir_type from, union ir_value value)
{
    if (to == from)
        return value;
    if (from == IR_F32)
        return cast_real(to, value.single);
    if (from == IR_F64)
        return cast_real(to, value.real);
    return cast_integer(to, from == IR_I32, value.integer);
}

static union ir_value bitcast(enum ir_type to, union ir_value value)
{
    union ir_value out = { 0 };
    uint32_t bits;
    switch (to) {
    case IR_F32:
        bits = (uint32_t)value.integer;
        memcpy(&out.single, &bits, sizeof bits);
        return out;
    case IR_I32:
        memcpy(&bits, &value.single, sizeof bits);
        out.integer = bits;
        return out;
    case IR_F64: memcpy(&out.real, &value.integer, sizeof out.real); return out;
    case IR_I64: memcpy(&out.integer, &value.real, sizeof out.integer); return out;
    case IR_BOOL:
    case IR_POINTER:
    case IR_VOID: break;
    }
    unreachable();
}

bool ir_evaluate(enum ir_op op, enum ir_type type, enum ir_type operand_type,
                 const union ir_value *operands, union ir_value *out)
{
    switch (op) {
    case IR_EQ:
    case IR_NE:
    case IR_LT:
    case IR_LE:
    case IR_GT:
    case IR_GE: out->integer = compare(op, operand_type, operands); return true;
    case IR_SELECT: *out = operands[0].integer ? operands[1] : operands[2]; return true;
    case IR_CAST: *out = cast(type, operand_type, operands[0]); return true;
    case IR_BITCAST: *out = bitcast(type, operands[0]); return true;
    default: break;
    }
    switch (operand_type) {
    case IR_BOOL: return evaluate_bool(op, operands, out);
    case IR_I32: return evaluate_i32(op, operands, out);
    case IR_I64: return evaluate_i64(op, operands, out);
    case IR_F32: return evaluate_f32(op, operands, out);
    case IR_F64: return evaluate_f64(op, operands, out);
    case IR_POINTER:
    case IR_VOID: return false;
    }
    unreachable();
}

union ir_value ir_value_of_constant(const struct ir_node *constant)
{
    union ir_value value = { 0 };
    if (constant->type == IR_F32)
        value.single = (float)constant->payload.real;
    else if (constant->type == IR_F64)
        value.real = constant->payload.real;
    else
        value.integer = constant->payload.integer;
    return value;
}

void ir_set_constant(struct ir_node *node, union ir_value value)
{
    if (node->type == IR_F32)
        node->payload.real = value.single;
    else if (node->type == IR_F64)
        node->payload.real = value.real;
    else
        node->payload.integer = value.integer;
}

bool ir_value_is_nan(enum ir_type type, union ir_value value)
{
    return type == IR_F32 ? isnan(value.single) : type == IR_F64 && isnan(value.real);
}
