/* SPDX-License-Identifier: MIT
 *
 * sin, cos, tan and atan of f32.
 *
 * |x| = (4 k + q) pi / 2 + r with |r| <= pi / 4, by the method of Payne and Hanek ("Radian
 * reduction for trigonometric functions", SIGNUM Newsletter 18, 1983): as x = m 2^(E - 23) with an
 * integer m < 2^24, those bits of 2 / pi that would give multiples of 4 turns are left out, and m
 * times the next 96 bits is fixed-point arithmetic. It is exact enough for every f32: none comes
 * nearer than 2^-30 to a multiple of pi / 2. Polynomials were fitted as those of expand_exp.c.
 */
#include <math.h>

#include "passes/expand.h"

#define PI 3.14159265358979324
#define PI_HALF_HIGH 1.57079637050628662109375 /* pi / 2 rounded to f32 */
#define PI_HALF_LOW -4.37113882867379e-8       /* the rest */

/* 32 zeroes, then 2 / pi after the binary point. */
static const uint32_t two_over_pi[] = { 0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                        0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab };

/* Errors relative to sin r, cos r, tan r for |r| <= pi / 4: 2^-32, 2^-33, 2^-29; to atan t for t <=
 * tan(pi / 8): 2^-30. */
static const double sin_p[] = { -0.166666672, 0.0083333794, -0.000198530732, 2.83272493e-06 };
static const double cos_p[] = { 0.0416666456, -0.00138873106, 2.44325529e-05 };
static const double tan_p[] = { 0.333333492,  0.133326739,    0.0540591665, 0.0212846454,
                                0.0108319307, 9.21548708e-05, 0.00437585777 };
static const double atan_p[] = { -0.333333164, 0.199985266, -0.142443448, 0.105987281,
                                 -0.0608873554 };

struct reduced {
    struct ir_node *q; /* i32: quadrants */
    struct ir_node *r; /* f32 */
};

/* Word number `first` + k of 2 / pi, where first is 0 .. 4. */
static struct ir_node *table_word(struct ir_builder *b, struct ir_node *first, int k)
{
    struct ir_node *word = ir_bits(b, two_over_pi[k]);
    for (uint32_t j = 1; j <= 4 && k + j < 8; j++)
        word = choose(b, equal(b, first, ir_bits(b, j)), ir_bits(b, two_over_pi[(uint32_t)k + j]),
                      word);
    return word;
}

/* The 32 bits that begin `shift` bits after the start of `high`. */
static struct ir_node *window(struct ir_builder *b, struct ir_node *high, struct ir_node *low,
                              struct ir_node *shift)
{
    struct ir_node *rest = ir_binary(b, IR_SUB, ir_bits(b, 31), shift);
    struct ir_node *tail = ir_binary(b, IR_SHR, with_bits(b, IR_SHR, low, 1), rest);
    return ir_binary(b, IR_OR, ir_binary(b, IR_SHL, high, shift), tail);
}

/* |x| 2 / pi modulo 4 as i64 in units of 2^-62, for 2^-7 <= |x| < inf. */
static struct ir_node *turns(struct ir_builder *b, struct ir_node *magnitude)
{
    struct ir_node *bits = ir_bitcast(b, IR_I32, magnitude);
    struct ir_node *m = with_bits(b, IR_OR, with_bits(b, IR_AND, bits, 0x7fffff), 0x800000);
    struct ir_node *offset =
        with_bits(b, IR_SUB, with_bits(b, IR_SHR, bits, 23), 127 - 7); /* E + 7 */
    struct ir_node *first = with_bits(b, IR_SHR, offset, 5),
                   *shift = with_bits(b, IR_AND, offset, 31);
    struct ir_node *words[4], *parts[3];
    for (int k = 0; k < 4; k++)
        words[k] = table_word(b, first, k);
    for (int k = 0; k < 3; k++)
        parts[k] = ir_cast(b, IR_I64, window(b, words[k], words[k + 1], shift));
    struct ir_node *wide = ir_cast(b, IR_I64, m);
    struct ir_node *sum = with_bits(b, IR_SHL, mul(b, wide, parts[0]), 32);
    sum = add(b, sum, mul(b, wide, parts[1]));
    return add(b, sum, with_bits(b, IR_SHR, mul(b, wide, parts[2]), 32));
}

static struct reduced reduce(struct ir_builder *b, struct ir_node *magnitude)
{
    struct ir_node *all = turns(b, magnitude);
    struct ir_node *q = with_bits(b, IR_SHR, with_bits(b, IR_ADD, all, UINT64_C(1) << 61), 62);
    struct ir_node *rest = sub(b, all, with_bits(b, IR_SHL, q, 62));
    struct ir_node *scale = ir_real(b, IR_F64, PI / 2 * 0x1p-62);
    struct ir_node *r = ir_cast(b, IR_F32, mul(b, ir_cast(b, IR_F64, rest), scale));
    struct ir_node *is_small = less(b, magnitude, f32(b, PI / 4));
    return (struct reduced){ choose(b, is_small, ir_bits(b, 0), ir_cast(b, IR_I32, q)),
                             choose(b, is_small, magnitude, r) };
}

static struct ir_node *bit_of(struct ir_builder *b, struct ir_node *x, uint32_t bit)
{
    return ir_binary(b, IR_NE, with_bits(b, IR_AND, x, bit), ir_bits(b, 0));
}

/* The sine of q quarter turns and r. */
static struct ir_node *sin_of_quadrant(struct ir_builder *b, struct ir_node *q, struct ir_node *r)
{
    struct ir_node *z = mul(b, r, r);
    struct ir_node *sine = fused(b, POLYNOMIAL(b, z, sin_p), mul(b, r, z), r);
    struct ir_node *cosine =
        fused(b, POLYNOMIAL(b, z, cos_p), mul(b, z, z), fused(b, z, f32(b, -0.5), f32(b, 1)));
    struct ir_node *y = choose(b, bit_of(b, q, 1), cosine, sine);
    struct ir_node *sign = with_bits(b, IR_SHL, with_bits(b, IR_AND, q, 2), 30);
    return ir_bitcast(b, IR_F32, ir_binary(b, IR_XOR, ir_bitcast(b, IR_I32, y), sign));
}

/* NaN where x is infinite or NaN. */
static struct ir_node *where_finite(struct ir_builder *b, struct ir_node *magnitude,
                                    struct ir_node *y)
{
    return choose(b, less(b, magnitude, f32(b, INFINITY)), y, f32(b, NAN));
}

/* y with its sign changed where x is negative. */
static struct ir_node *odd(struct ir_builder *b, struct ir_node *x, struct ir_node *y)
{
    struct ir_node *sign = with_bits(b, IR_AND, ir_bitcast(b, IR_I32, x), 0x80000000u);
    return ir_bitcast(b, IR_F32, ir_binary(b, IR_XOR, ir_bitcast(b, IR_I32, y), sign));
}

struct ir_node *expand_sin(struct ir_builder *b, struct ir_node *x)
{
    struct ir_node *magnitude = ir_unary(b, IR_ABS, x);
    struct reduced reduced = reduce(b, magnitude);
    return where_finite(b, magnitude, odd(b, x, sin_of_quadrant(b, reduced.q, reduced.r)));
}

struct ir_node *expand_cos(struct ir_builder *b, struct ir_node *x)
{
    struct ir_node *magnitude = ir_unary(b, IR_ABS, x);
    struct reduced reduced = reduce(b, magnitude);
    return where_finite(b, magnitude,
                        sin_of_quadrant(b, with_bits(b, IR_ADD, reduced.q, 1), reduced.r));
}

struct ir_node *expand_cos_turns(struct ir_builder *b, struct ir_node *x)
{
    struct ir_node *quarters = mul(b, x, f32(b, 4));
    struct ir_node *whole = ir_unary(b, IR_ROUND, quarters);
    struct ir_node *r = mul(b, sub(b, quarters, whole), f32(b, PI / 2));
    struct ir_node *q = ir_cast(b, IR_I32, whole);
    return sin_of_quadrant(b, with_bits(b, IR_ADD, q, 1), r);
}

struct ir_node *expand_tan(struct ir_builder *b, struct ir_node *x)
{
    struct ir_node *magnitude = ir_unary(b, IR_ABS, x);
    struct reduced reduced = reduce(b, magnitude);
    struct ir_node *z = mul(b, reduced.r, reduced.r);
    struct ir_node *y = fused(b, POLYNOMIAL(b, z, tan_p), mul(b, reduced.r, z), reduced.r);
    y = choose(b, bit_of(b, reduced.q, 1), divide(b, f32(b, -1), y), y);
    return where_finite(b, magnitude, odd(b, x, y));
}

/* atan a = pi / 4 + atan((a - 1) / (a + 1)) = pi / 2 - atan(1 / a) bring t = tan of what is left
 * below tan(pi / 8). */
struct ir_node *expand_atan(struct ir_builder *b, struct ir_node *x)
{
    struct ir_node *a = ir_unary(b, IR_ABS, x), *one = f32(b, 1), *zero = f32(b, 0);
    struct ir_node *is_middle = less(b, f32(b, 0.414213562), a),
                   *is_large = less(b, f32(b, 2.41421356), a);
    struct ir_node *above =
        choose(b, is_large, f32(b, -1), choose(b, is_middle, sub(b, a, one), a));
    struct ir_node *below = choose(b, is_large, a, choose(b, is_middle, add(b, a, one), one));
    struct ir_node *high = choose(b, is_middle, f32(b, PI_HALF_HIGH / 2), zero);
    struct ir_node *low = choose(b, is_middle, f32(b, PI_HALF_LOW / 2), zero);
    high = choose(b, is_large, f32(b, PI_HALF_HIGH), high);
    low = choose(b, is_large, f32(b, PI_HALF_LOW), low);
    struct ir_node *t = divide(b, above, below), *z = mul(b, t, t);
    struct ir_node *y = add(b, t, fused(b, POLYNOMIAL(b, z, atan_p), mul(b, t, z), low));
    return with_sign(b, add(b, high, y), x);
}
