/* SPDX-License-Identifier: MIT
 *
 * What the files of pass `expand` share: one function for each thing that is expanded, and short
 * names for the instructions that formulas are written in. Every expansion is straight-line code:
 * SELECT instead of branches, so that it runs in lanes, and explicit FMA, so that every target
 * rounds alike.
 */
#ifndef SNNC_PASSES_EXPAND_H
#define SNNC_PASSES_EXPAND_H

#include "ir/ir.h"

/* ---- expand_exp.c, expand_log.c, expand_trig.c, expand_pow.c: f32 -> f32 ---- */
struct ir_node *expand_exp(struct ir_builder *, struct ir_node *x);
struct ir_node *expand_expm1(struct ir_builder *, struct ir_node *x);
struct ir_node *expand_tanh(struct ir_builder *, struct ir_node *x);
struct ir_node *expand_log(struct ir_builder *, struct ir_node *x);
struct ir_node *expand_log1p(struct ir_builder *, struct ir_node *x);
struct ir_node *expand_sin(struct ir_builder *, struct ir_node *x);
struct ir_node *expand_cos(struct ir_builder *, struct ir_node *x);
struct ir_node *expand_tan(struct ir_builder *, struct ir_node *x);
struct ir_node *expand_atan(struct ir_builder *, struct ir_node *x);
struct ir_node *expand_pow(struct ir_builder *, struct ir_node *x, struct ir_node *y);

/* Where the result is normal: |x| < 87. */
struct ir_node *expand_exp_bounded(struct ir_builder *, struct ir_node *x);
/* Where x is positive, normal and finite. */
struct ir_node *expand_log_positive(struct ir_builder *, struct ir_node *x);
/* cos(2 pi x) for 0 <= x <= 1. */
struct ir_node *expand_cos_turns(struct ir_builder *, struct ir_node *x);

/* ---- expand_random.c, expand_poisson.c: operands as ops.def lists them ---- */
struct ir_node *expand_hash(struct ir_builder *, struct ir_node *path, struct ir_node *counter);
struct ir_node *expand_uniform(struct ir_builder *, struct ir_node *const *operands);
struct ir_node *expand_normal(struct ir_builder *, struct ir_node *const *operands);
struct ir_node *expand_exponential(struct ir_builder *, struct ir_node *const *operands);
struct ir_node *expand_poisson(struct ir_builder *, struct ir_node *const *operands);
/* The number that a word (i32) stands for. A mean of 0 or less gives 0; one of inf or NaN gives
 * itself. */
struct ir_node *expand_poisson_of_word(struct ir_builder *, struct ir_node *mean,
                                       struct ir_node *word);
/* 32 random bits (i32): the draw of key, element, step, path; `second` gives another, independent
 * of the first. */
struct ir_node *expand_word(struct ir_builder *, struct ir_node *const *operands, bool second);

/* ---- writing formulas ---- */

static inline struct ir_node *f32(struct ir_builder *b, double value)
{
    return ir_real(b, IR_F32, value);
}

static inline struct ir_node *add(struct ir_builder *b, struct ir_node *x, struct ir_node *y)
{
    return ir_binary(b, IR_ADD, x, y);
}

static inline struct ir_node *sub(struct ir_builder *b, struct ir_node *x, struct ir_node *y)
{
    return ir_binary(b, IR_SUB, x, y);
}

static inline struct ir_node *mul(struct ir_builder *b, struct ir_node *x, struct ir_node *y)
{
    return ir_binary(b, IR_MUL, x, y);
}

static inline struct ir_node *divide(struct ir_builder *b, struct ir_node *x, struct ir_node *y)
{
    return ir_binary(b, IR_DIV, x, y);
}

/* x * y + z */
static inline struct ir_node *fused(struct ir_builder *b, struct ir_node *x, struct ir_node *y,
                                    struct ir_node *z)
{
    return ir_fma(b, x, y, z);
}

static inline struct ir_node *less(struct ir_builder *b, struct ir_node *x, struct ir_node *y)
{
    return ir_binary(b, IR_LT, x, y);
}

static inline struct ir_node *equal(struct ir_builder *b, struct ir_node *x, struct ir_node *y)
{
    return ir_binary(b, IR_EQ, x, y);
}

static inline struct ir_node *choose(struct ir_builder *b, struct ir_node *condition,
                                     struct ir_node *x, struct ir_node *y)
{
    return ir_select(b, condition, x, y);
}

/* An operation of an i32 or i64 with a constant. */
static inline struct ir_node *with_bits(struct ir_builder *b, enum ir_op op, struct ir_node *x,
                                        uint64_t value)
{
    return ir_binary(
        b, op, x, x->type == IR_I32 ? ir_bits(b, (uint32_t)value) : ir_integer(b, (int64_t)value));
}

/* The number within [low, high] that is nearest to x; NaN stays NaN. */
static inline struct ir_node *clamp(struct ir_builder *b, double low, struct ir_node *x,
                                    double high)
{
    return ir_binary(b, IR_MAX, ir_real(b, x->type, low),
                     ir_binary(b, IR_MIN, ir_real(b, x->type, high), x));
}

/* coefficients[0] + coefficients[1] x + … by Horner's rule. */
static inline struct ir_node *polynomial(struct ir_builder *b, struct ir_node *x,
                                         const double *coefficients, int count)
{
    struct ir_node *sum = ir_real(b, x->type, coefficients[count - 1]);
    for (int k = count - 2; k >= 0; k--)
        sum = ir_fma(b, sum, x, ir_real(b, x->type, coefficients[k]));
    return sum;
}
#define POLYNOMIAL(b, x, coefficients)                                                             \
    polynomial((b), (x), (coefficients), (int)(sizeof(coefficients) / sizeof *(coefficients)))

/* Not less than zero, with the sign of `sign`. */
static inline struct ir_node *with_sign(struct ir_builder *b, struct ir_node *magnitude,
                                        struct ir_node *sign)
{
    struct ir_node *sign_bit = with_bits(b, IR_AND, ir_bitcast(b, IR_I32, sign), 0x80000000u);
    return ir_bitcast(b, IR_F32, ir_binary(b, IR_OR, ir_bitcast(b, IR_I32, magnitude), sign_bit));
}

#endif
