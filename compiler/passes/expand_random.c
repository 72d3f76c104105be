/* SPDX-License-Identifier: MIT
 *
 * Random numbers that are addressed, not consumed: Philox4x32-10 (Salmon, Moraes, Dror, Shaw:
 * "Parallel random numbers: as easy as 1, 2, 3", SC11), the function that runtime/random.c
 * computes.
 *
 * A draw of (key, element, step, path) is word number element mod 4 of the block with the counter
 * (element / 4, step, low half of path, high half of path) under the key (low half, high half),
 * each cut to 32 bits. Four neighbours share a block. A draw that needs a second word takes it from
 * the block with bit 31 of the step flipped.
 */
#include "passes/expand.h"

#define MULTIPLIER_0 0xd2511f53u
#define MULTIPLIER_1 0xcd9e8d57u
#define WEYL_0 0x9e3779b9u
#define WEYL_1 0xbb67ae85u

/* splitmix64's finaliser (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
 * OOPSLA 2014) of path ^ (counter + golden ratio) * odd: neighbouring counters, 0 too, give paths
 * without visible relation. */
struct ir_node *expand_hash(struct ir_builder *b, struct ir_node *path, struct ir_node *counter)
{
    struct ir_node *z = with_bits(b, IR_ADD, counter, UINT64_C(0x9e3779b97f4a7c15));
    z = ir_binary(b, IR_XOR, path, with_bits(b, IR_MUL, z, UINT64_C(0xd1342543de82ef95)));
    z = ir_binary(b, IR_XOR, z, with_bits(b, IR_SHR, z, 30));
    z = with_bits(b, IR_MUL, z, UINT64_C(0xbf58476d1ce4e5b9));
    z = ir_binary(b, IR_XOR, z, with_bits(b, IR_SHR, z, 27));
    z = with_bits(b, IR_MUL, z, UINT64_C(0x94d049bb133111eb));
    return ir_binary(b, IR_XOR, z, with_bits(b, IR_SHR, z, 31));
}

static struct ir_node *low_half(struct ir_builder *b, struct ir_node *x)
{
    return ir_cast(b, IR_I32, x);
}

static struct ir_node *high_half(struct ir_builder *b, struct ir_node *x)
{
    return ir_cast(b, IR_I32, with_bits(b, IR_SHR, x, 32));
}

static bool is_constant(const struct ir_node *node)
{
    return node->kind == IR_NODE_INSTR && node->op == IR_CONST;
}

/* Ten rounds, in place. */
static void philox(struct ir_builder *b, struct ir_node *counter[4], struct ir_node *key[2])
{
    for (uint32_t round = 0; round < 10; round++) {
        struct ir_node *k0 = with_bits(b, IR_ADD, key[0], round * WEYL_0);
        struct ir_node *k1 = with_bits(b, IR_ADD, key[1], round * WEYL_1);
        struct ir_node *high0 = with_bits(b, IR_MULHI, counter[0], MULTIPLIER_0);
        struct ir_node *low0 = with_bits(b, IR_MUL, counter[0], MULTIPLIER_0);
        struct ir_node *high1 = with_bits(b, IR_MULHI, counter[2], MULTIPLIER_1);
        struct ir_node *low1 = with_bits(b, IR_MUL, counter[2], MULTIPLIER_1);
        counter[0] = ir_binary(b, IR_XOR, ir_binary(b, IR_XOR, high1, counter[1]), k0);
        counter[2] = ir_binary(b, IR_XOR, ir_binary(b, IR_XOR, high0, counter[3]), k1);
        counter[1] = low1;
        counter[3] = low0;
    }
}

/* Where an element is written as x << 2 | word: x, and the word; else null. Draws that differ in
 * the word alone are one block for pass `fold` then. */
static struct ir_node *split_element(const struct ir_node *element, int64_t *word)
{
    *word = 0;
    if (element->kind == IR_NODE_INSTR && element->op == IR_OR &&
        is_constant(element->operands[1])) {
        *word = element->operands[1]->payload.integer;
        element = element->operands[0];
    }
    bool is_shifted = element->kind == IR_NODE_INSTR && element->op == IR_SHL &&
                      is_constant(element->operands[1]) &&
                      element->operands[1]->payload.integer == 2;
    return is_shifted && *word >= 0 && *word < 4 ? element->operands[0] : NULL;
}

struct ir_node *expand_word(struct ir_builder *b, struct ir_node *const *operands, bool second)
{
    struct ir_node *key = operands[0], *element = operands[1], *step = operands[2],
                   *path = operands[3];
    int64_t word;
    struct ir_node *split = split_element(element, &word);
    struct ir_node *quarter = split != NULL ? split : with_bits(b, IR_SHR, element, 2);
    struct ir_node *keys[2] = { low_half(b, key), high_half(b, key) };
    struct ir_node *block[4] = { low_half(b, quarter), low_half(b, step), low_half(b, path),
                                 high_half(b, path) };
    if (second)
        block[1] = with_bits(b, IR_XOR, block[1], 0x80000000u);
    philox(b, block, keys);
    if (split != NULL)
        return block[word];
    struct ir_node *number = low_half(b, element), *zero = ir_bits(b, 0);
    struct ir_node *is_odd = ir_binary(b, IR_NE, with_bits(b, IR_AND, number, 1), zero);
    struct ir_node *is_upper = ir_binary(b, IR_NE, with_bits(b, IR_AND, number, 2), zero);
    return choose(b, is_upper, choose(b, is_odd, block[3], block[2]),
                  choose(b, is_odd, block[1], block[0]));
}

/* The upper 24 bits as a number: exact, whichever way a conversion takes the sign. */
static struct ir_node *upper_bits(struct ir_builder *b, struct ir_node *word)
{
    return ir_cast(b, IR_F32, with_bits(b, IR_SHR, word, 8));
}

struct ir_node *expand_uniform(struct ir_builder *b, struct ir_node *const *operands)
{
    return mul(b, upper_bits(b, expand_word(b, operands, false)), f32(b, 0x1p-24));
}

/* Box and Muller: sqrt(-2 log u) cos(2 pi v) of two words, u in (0, 1], v in [0, 1). */
struct ir_node *expand_normal(struct ir_builder *b, struct ir_node *const *operands)
{
    struct ir_node *first = upper_bits(b, expand_word(b, operands, false));
    struct ir_node *second = upper_bits(b, expand_word(b, operands, true));
    struct ir_node *u = mul(b, add(b, first, f32(b, 1)), f32(b, 0x1p-24));
    struct ir_node *v = mul(b, second, f32(b, 0x1p-24));
    struct ir_node *radius = ir_unary(b, IR_SQRT, mul(b, expand_log_positive(b, u), f32(b, -2)));
    return mul(b, radius, expand_cos_turns(b, v));
}

/* -log u for u in (0, 1): word + 1/2 of 2^32, taken from the end it is nearer to, so that small and
 * large results are right to the last digits. */
struct ir_node *expand_exponential(struct ir_builder *b, struct ir_node *const *operands)
{
    struct ir_node *word = expand_word(b, operands, false), *zero = ir_bits(b, 0);
    struct ir_node *is_high = less(b, word, zero);
    struct ir_node *distance =
        choose(b, is_high, ir_binary(b, IR_XOR, word, ir_bits(b, UINT32_MAX)), word);
    struct ir_node *x =
        fused(b, ir_cast(b, IR_F32, distance), f32(b, 0x1p-32), f32(b, 0x1p-33)); /* (0, 1/2] */
    struct ir_node *one = f32(b, 1), *rest = sub(b, one, x);
    struct ir_node *logarithm = expand_log_positive(b, choose(b, is_high, rest, x));
    /* log(1 - x) = log(rest) - (x - (1 - rest)) / rest, to first order in what rounding took. */
    struct ir_node *lost = divide(b, sub(b, x, sub(b, one, rest)), rest);
    return sub(b, choose(b, is_high, lost, f32(b, 0)), logarithm);
}
