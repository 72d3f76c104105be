/* SPDX-License-Identifier: MIT
 *
 * pow of f32: exp2(y log2 |x|), with the logarithm in f64, since y magnifies its error. |x| = 2^e m
 * with sqrt(1/2) <= m < sqrt(2); log2 m = s p(s^2), s = (m - 1) / (m + 1). Special values are those
 * of C's pow. Polynomials were fitted by Lawson's algorithm to the least largest relative error,
 * with mpmath as reference.
 */
#include <math.h>

#include "passes/expand.h"

#define SQRT_HALF_BITS UINT64_C(0x3fe6a09e00000000)
#define ONE_BITS UINT64_C(0x3ff0000000000000)

/* 1.5 * 2^52: the low bits of a sum with it hold the other number, rounded. */
#define ROUNDER 6755399441055744.0

/* Errors: 2^-45, 2^-34. */
static const double log2_p[] = { 2.8853900817778495,  0.96179669411436663, 0.57707794204358953,
                                 0.41220928691170361, 0.31990420419808729, 0.28292250694897408 };
static const double exp2_p[] = { 0.99999999996137812,   0.69314718072979864,
                                 0.24022651201149087,   0.055504103503602686,
                                 0.0096180268486151244, 0.0013333924029712389,
                                 0.0001546942203899844, 1.5201817720972809e-05 };

static struct ir_node *f64(struct ir_builder *b, double value)
{
    return ir_real(b, IR_F64, value);
}

/* log2 of a f64 that was a f32, so that it is normal: positive and finite, or else whatever. */
static struct ir_node *log2_of(struct ir_builder *b, struct ir_node *x)
{
    struct ir_node *bits =
        with_bits(b, IR_ADD, ir_bitcast(b, IR_I64, x), ONE_BITS - SQRT_HALF_BITS);
    struct ir_node *mantissa = with_bits(b, IR_AND, bits, (UINT64_C(1) << 52) - 1);
    struct ir_node *m = ir_bitcast(b, IR_F64, with_bits(b, IR_ADD, mantissa, SQRT_HALF_BITS));
    struct ir_node *e =
        with_bits(b, IR_SUB, ir_cast(b, IR_I32, with_bits(b, IR_SHR, bits, 52)), 1023);
    struct ir_node *s = divide(b, sub(b, m, f64(b, 1)), add(b, m, f64(b, 1)));
    return fused(b, s, POLYNOMIAL(b, mul(b, s, s), log2_p), ir_cast(b, IR_F64, e));
}

/* As f64, with everything beyond the range of f32 cut off. */
static struct ir_node *exp2_of(struct ir_builder *b, struct ir_node *x)
{
    struct ir_node *bounded = clamp(b, -200, x, 200);
    struct ir_node *shifted = add(b, bounded, f64(b, ROUNDER));
    struct ir_node *r = sub(b, bounded, sub(b, shifted, f64(b, ROUNDER)));
    struct ir_node *exponent = with_bits(b, IR_SHL, ir_bitcast(b, IR_I64, shifted), 52);
    struct ir_node *scale = ir_bitcast(b, IR_F64, with_bits(b, IR_ADD, exponent, ONE_BITS));
    return mul(b, POLYNOMIAL(b, r, exp2_p), scale);
}

/* |x|^y */
static struct ir_node *power_of_magnitude(struct ir_builder *b, struct ir_node *x,
                                          struct ir_node *magnitude, struct ir_node *y)
{
    struct ir_node *infinity = f32(b, INFINITY), *one = f32(b, 1);
    struct ir_node *logarithm = log2_of(b, ir_cast(b, IR_F64, magnitude));
    logarithm = choose(b, less(b, magnitude, infinity), logarithm, ir_cast(b, IR_F64, magnitude));
    logarithm = choose(b, equal(b, magnitude, f32(b, 0)), f64(b, -INFINITY), logarithm);
    struct ir_node *power = exp2_of(b, mul(b, ir_cast(b, IR_F64, y), logarithm));
    struct ir_node *is_minus_one = equal(b, magnitude, one);
    struct ir_node *is_one = ir_binary(b, IR_AND, is_minus_one, equal(b, y, y));
    is_one = ir_binary(b, IR_OR, is_one, equal(b, x, one));
    is_one = ir_binary(b, IR_OR, is_one, equal(b, y, f32(b, 0)));
    return choose(b, is_one, one, ir_cast(b, IR_F32, power));
}

/* A negative x has a power where y is whole; it is negative where y is odd. */
struct ir_node *expand_pow(struct ir_builder *b, struct ir_node *x, struct ir_node *y)
{
    struct ir_node *magnitude = ir_unary(b, IR_ABS, x);
    struct ir_node *power = power_of_magnitude(b, x, magnitude, y);
    struct ir_node *is_whole = equal(b, ir_unary(b, IR_FLOOR, y), y);
    struct ir_node *half = mul(b, y, f32(b, 0.5));
    struct ir_node *is_odd =
        ir_binary(b, IR_AND, is_whole, ir_binary(b, IR_NE, ir_unary(b, IR_FLOOR, half), half));
    struct ir_node *signed_power = choose(b, is_odd, with_sign(b, power, x), power);
    struct ir_node *is_undefined =
        ir_binary(b, IR_AND, less(b, x, f32(b, 0)), less(b, f32(b, -INFINITY), x));
    is_undefined = ir_binary(b, IR_AND, is_undefined, ir_unary(b, IR_NOT, is_whole));
    return choose(b, is_undefined, f32(b, NAN), signed_power);
}
