/* SPDX-License-Identifier: MIT
 *
 * log and log1p of f32.
 *
 * x = 2^e m with sqrt(1/2) <= m < sqrt(2), f = m - 1; log(1 + f) = f - f^2 / 2 + f^3 p(f). The
 * polynomial was fitted as those of expand_exp.c.
 */
#include <math.h>

#include "passes/expand.h"

#define LN2_HIGH 0.693147182464599609375 /* ln 2 rounded to f32 */
#define LN2_LOW -1.904654299957767e-9    /* the rest */
#define SQRT_HALF_BITS 0x3f3504f3u
#define ONE_BITS 0x3f800000u

/* Error relative to log(1 + f): 2^-30. */
static const double log_p[] = { 0.333333135,  -0.250000089, 0.200020716,  -0.166679889, 0.142203599,
                                -0.124062397, 0.118835375,  -0.116700247, 0.0674918965 };

struct split {
    struct ir_node *e; /* i32, plus 127 */
    struct ir_node *m; /* f32 */
};

/* Of a positive, normal and finite x. */
static struct split split(struct ir_builder *b, struct ir_node *x)
{
    struct ir_node *bits =
        with_bits(b, IR_ADD, ir_bitcast(b, IR_I32, x), ONE_BITS - SQRT_HALF_BITS);
    struct ir_node *mantissa = with_bits(b, IR_AND, bits, 0x7fffff);
    struct ir_node *m = ir_bitcast(b, IR_F32, with_bits(b, IR_ADD, mantissa, SQRT_HALF_BITS));
    return (struct split){ with_bits(b, IR_SHR, bits, 23), m };
}

/* e ln 2 + log(1 + f) + correction; the correction may be null. */
static struct ir_node *log_of_parts(struct ir_builder *b, struct ir_node *e, struct ir_node *f,
                                    struct ir_node *correction)
{
    struct ir_node *square = mul(b, f, f);
    struct ir_node *y = mul(b, POLYNOMIAL(b, f, log_p), mul(b, square, f));
    y = fused(b, e, f32(b, LN2_LOW), y);
    if (correction != NULL)
        y = add(b, y, correction);
    y = fused(b, square, f32(b, -0.5), y);
    return fused(b, e, f32(b, LN2_HIGH), add(b, f, y));
}

/* e as a number; `bias` has been added to it. */
static struct ir_node *exponent(struct ir_builder *b, struct ir_node *e, struct ir_node *bias)
{
    return ir_cast(b, IR_F32, ir_binary(b, IR_SUB, e, bias));
}

struct ir_node *expand_log_positive(struct ir_builder *b, struct ir_node *x)
{
    struct split parts = split(b, x);
    struct ir_node *e = exponent(b, parts.e, ir_bits(b, 127));
    return log_of_parts(b, e, sub(b, parts.m, f32(b, 1)), NULL);
}

/* y where x > pole; -inf at the pole; NaN below. +inf gives +inf. */
static struct ir_node *with_special_values(struct ir_builder *b, struct ir_node *x, double pole,
                                           struct ir_node *y)
{
    struct ir_node *infinity = f32(b, INFINITY);
    y = choose(b, equal(b, x, infinity), infinity, y);
    struct ir_node *at_pole = choose(b, equal(b, x, f32(b, pole)), f32(b, -INFINITY), f32(b, NAN));
    return choose(b, less(b, f32(b, pole), x), y, at_pole);
}

struct ir_node *expand_log(struct ir_builder *b, struct ir_node *x)
{
    struct ir_node *is_subnormal = less(b, x, f32(b, 0x1p-126));
    struct ir_node *normal = choose(b, is_subnormal, mul(b, x, f32(b, 0x1p23)), x);
    struct ir_node *bias = choose(b, is_subnormal, ir_bits(b, 127 + 23), ir_bits(b, 127));
    struct split parts = split(b, normal);
    struct ir_node *e = exponent(b, parts.e, bias);
    return with_special_values(b, x, 0, log_of_parts(b, e, sub(b, parts.m, f32(b, 1)), NULL));
}

/* u = 1 + x is rounded; log(u) + c / u, where c is what rounding took away. While u stays within
 * m's range f is x itself. */
struct ir_node *expand_log1p(struct ir_builder *b, struct ir_node *x)
{
    struct ir_node *one = f32(b, 1), *u = add(b, one, x);
    struct ir_node *is_large = less(b, one, x);
    struct ir_node *c = choose(b, is_large, sub(b, one, sub(b, u, x)), sub(b, x, sub(b, u, one)));
    struct split parts = split(b, u);
    struct ir_node *is_near_one = equal(b, parts.e, ir_bits(b, 127));
    struct ir_node *f = choose(b, is_near_one, x, sub(b, parts.m, one));
    struct ir_node *correction = choose(b, is_near_one, f32(b, 0), divide(b, c, u));
    struct ir_node *y = log_of_parts(b, exponent(b, parts.e, ir_bits(b, 127)), f, correction);
    struct ir_node *is_tiny = less(b, ir_unary(b, IR_ABS, x), f32(b, 0x1p-24));
    return choose(b, is_tiny, x, with_special_values(b, x, -1, y));
}
