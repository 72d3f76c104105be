/* SPDX-License-Identifier: MIT
 *
 * exp, expm1 and tanh of f32.
 *
 * x = n ln 2 + r with |r| <= ln 2 / 2; exp(r) = 1 + r + r^2 q(r). Polynomials were fitted by
 * Lawson's algorithm to the least largest relative error of the function, with mpmath as reference,
 * rounding one coefficient after the other to f32.
 */
#include "passes/expand.h"

#define LOG2_E 1.44269504088896341
#define LN2_HIGH 0.693147182464599609375 /* ln 2 rounded to f32 */
#define LN2_LOW -1.904654299957767e-9    /* the rest */

/* 1.5 * 2^23: the low bits of a sum with it hold the other number, rounded. */
#define ROUNDER 12582912.0

/* Error of r + r^2 q(r) relative to expm1(r): 2^-31. */
static const double expm1_q[] = { 0.5,           0.166666657,   0.0416664928,
                                  0.00833354425, 0.00139323424, 0.000197633912 };

/* Error of 1 + r + r^2 q(r) relative to exp(r): 2^-28. */
static const double exp_q[] = { 0.49999994, 0.166665211, 0.0416682735, 0.00836868584,
                                0.00138201378 };

/* Error of a + a z p(z), z = a^2, relative to tanh(a) for a <= 0.5625: 2^-29. */
static const double tanh_p[] = { -0.333333135, 0.13332437, -0.0538357571, 0.021000376,
                                 -0.00616961392 };

struct reduced {
    struct ir_node *n; /* n + ROUNDER as bits: n in the low bits */
    struct ir_node *r;
};

static struct reduced reduce(struct ir_builder *b, struct ir_node *x)
{
    struct ir_node *shifted = fused(b, x, f32(b, LOG2_E), f32(b, ROUNDER));
    struct ir_node *n = sub(b, shifted, f32(b, ROUNDER));
    struct ir_node *r = fused(b, n, f32(b, -LN2_HIGH), x);
    r = fused(b, n, f32(b, -LN2_LOW), r);
    return (struct reduced){ ir_bitcast(b, IR_I32, shifted), r };
}

/* 2^(n + offset), which must be a normal number. */
static struct ir_node *power_of_two(struct ir_builder *b, struct ir_node *n, int offset)
{
    struct ir_node *exponent = with_bits(b, IR_SHL, n, 23);
    return ir_bitcast(b, IR_F32, with_bits(b, IR_ADD, exponent, (uint32_t)(127 + offset) << 23));
}

/* exp(r), near 1. */
static struct ir_node *exp_of_rest(struct ir_builder *b, struct ir_node *r)
{
    struct ir_node *square = mul(b, r, r);
    return add(b, fused(b, POLYNOMIAL(b, r, exp_q), square, r), f32(b, 1));
}

struct ir_node *expand_exp_bounded(struct ir_builder *b, struct ir_node *x)
{
    struct reduced reduced = reduce(b, x);
    return mul(b, exp_of_rest(b, reduced.r), power_of_two(b, reduced.n, 0));
}

/* The power of two is multiplied in as two halves: one alone may be subnormal or beyond the largest
 * number. */
struct ir_node *expand_exp(struct ir_builder *b, struct ir_node *x)
{
    struct reduced reduced = reduce(b, clamp(b, -104, x, 89));
    struct ir_node *n = with_bits(b, IR_SUB, reduced.n, 0x4b400000u - 256); /* n + 256 > 0 */
    struct ir_node *half = with_bits(b, IR_SHR, n, 1);
    struct ir_node *rest = ir_binary(b, IR_SUB, n, half);
    struct ir_node *y = mul(b, exp_of_rest(b, reduced.r), power_of_two(b, half, -128));
    return mul(b, y, power_of_two(b, rest, -128));
}

/* 2^n expm1(r) + (2^n - 1), all halved because 2^128 is no f32. */
struct ir_node *expand_expm1(struct ir_builder *b, struct ir_node *x)
{
    struct reduced reduced = reduce(b, clamp(b, -30, x, 89));
    struct ir_node *square = mul(b, reduced.r, reduced.r);
    struct ir_node *of_rest = fused(b, POLYNOMIAL(b, reduced.r, expm1_q), square, reduced.r);
    struct ir_node *scale = power_of_two(b, reduced.n, -1);
    struct ir_node *y = fused(b, of_rest, scale, sub(b, scale, f32(b, 0.5)));
    struct ir_node *is_tiny = less(b, ir_unary(b, IR_ABS, x), f32(b, 0x1p-24));
    return choose(b, is_tiny, x, add(b, y, y));
}

/* 1 - 2 / (exp(2 a) + 1) for a = |x|, which loses digits where a is small. */
struct ir_node *expand_tanh(struct ir_builder *b, struct ir_node *x)
{
    struct ir_node *a = ir_unary(b, IR_ABS, x);
    struct ir_node *bounded = ir_binary(b, IR_MIN, f32(b, 10), a);
    struct ir_node *e = expand_exp_bounded(b, add(b, bounded, bounded));
    struct ir_node *large = sub(b, f32(b, 1), divide(b, f32(b, 2), add(b, e, f32(b, 1))));
    struct ir_node *z = mul(b, a, a);
    struct ir_node *small = fused(b, POLYNOMIAL(b, z, tanh_p), mul(b, a, z), a);
    return with_sign(b, choose(b, less(b, a, f32(b, 0.5625)), small, large), x);
}
