/* SPDX-License-Identifier: MIT
 *
 * Poisson numbers by inversion of one word of 32 random bits, without loops.
 *
 * Mean L < 4: the number is how many of the tails P(N >= 1), P(N >= 2), … exceed a uniform number,
 * with P(N >= k) exp(L) = L^k / k! + L^(k + 1) / (k + 1)! + …, summed from the far end so that
 * small tails are exact, too.
 *
 * Mean L >= 4: floor(x), where x is the asymptotic inverse of Temme ("Asymptotic inversion of
 * incomplete gamma functions", Math. Comp. 58, 1992) as used by Giles ("Algorithm 955:
 * approximation of the inverse Poisson cumulative distribution function", ACM TOMS 42, 2016). With
 * the standard normal quantile w and s = w / sqrt(L):
 *
 *     x = L + sqrt(L) w + w^2 R(s) + C0(s) + C1(s) / L
 *
 * R, C0 and C1 are polynomials, fitted here to the exact steps of the distribution for L = 4 ..
 * 10^5. x is right to 7e-5 for |w| < 3, 4e-4 for |w| < 4, 5e-3 for |w| < 5, and so are
 * probabilities. As w^2 = L s^2, all three are one polynomial in s, whose coefficients depend on
 * the mean alone: where a loop draws many numbers of one mean, they are computed ahead of it.
 *
 * The quantile of 1 - p is (1 - 2 p) h(-log(4 p (1 - p))), as in Giles, "Approximating the erfinv
 * function" (GPU Computing Gems, 2011), with h fitted in two pieces to 4e-7.
 */
#include <math.h>

#include "passes/expand.h"

enum { TERMS = 20 }; /* P(N > 20) is 1e-9 where the mean is 4 */

static const double r_p[] = { 0.166666667,    -0.0139091249,   0.00370138463,  -0.00115696492,
                              0.000398957931, -0.000434715646, 0.000397199453, -0.000138789387,
                              3.63921273e-06, 3.19963162e-06 };
static const double c0_p[] = { 0.333333333,   -0.0273996947,  0.00828944421,  -0.00590036821,
                               0.00439185253, 0.000716106169, -0.00267963891, 0.00101200904 };
static const double c1_p[] = { -0.0195763953, 0.0166704018, -0.0154215516, 0.0155080935,
                               -0.00684788517 };

/* h(v) in v - 2.5 for v < 5, in sqrt(v) - 3.25 above, up to v = 21.6 (p = 2^-33). */
static const double center_p[] = {
    2.12331319,     0.34880355,      -0.00590611389,  -0.00177424902,
    0.000307362556, -5.80507367e-06, -4.50608786e-06, 4.47409917e-07
};
static const double tail_p[] = { 4.36127424,    1.42164326,     0.0075600585,  -0.00523114437,
                                 0.00365984952, -0.00260742125, 0.00121890369, -0.000239882138 };

/* The standard normal quantile of 1 - p, for 0 < p <= 1/2. */
static struct ir_node *quantile(struct ir_builder *b, struct ir_node *p)
{
    struct ir_node *q = sub(b, f32(b, 1), p);
    struct ir_node *v = mul(b, expand_log_positive(b, mul(b, mul(b, p, f32(b, 4)), q)), f32(b, -1));
    struct ir_node *h = ir_var(b, "quantile", POLYNOMIAL(b, sub(b, v, f32(b, 2.5)), center_p));
    struct ir_node *branch = ir_if(b, ir_binary(b, IR_GE, v, f32(b, 5))); /* one word of 590 */
    struct ir_builder here = *b;
    b->before = NULL;
    b->block = &branch->branch.then_body;
    struct ir_node *root = ir_unary(b, IR_SQRT, v);
    ir_set(b, h, POLYNOMIAL(b, sub(b, root, f32(b, 3.25)), tail_p));
    *b = here;
    return mul(b, ir_get(b, h), sub(b, q, p));
}

/* `tail` is uniform in (0, 1]. */
static struct ir_node *small_poisson(struct ir_builder *b, struct ir_node *mean,
                                     struct ir_node *tail)
{
    struct ir_node *powers[TERMS + 1], *zero = f32(b, 0), *one = f32(b, 1);
    double factorial = 1;
    powers[1] = mean;
    for (int k = 2; k <= TERMS; k++)
        powers[k] = mul(b, powers[k - 1], mean);
    for (int k = 2; k <= TERMS; k++)
        factorial *= k;
    struct ir_node *scaled = mul(b, tail, expand_exp_bounded(b, mean));
    struct ir_node *sum = mul(b, powers[TERMS], f32(b, 1 / factorial));
    struct ir_node *number = choose(b, less(b, scaled, sum), one, zero);
    for (int k = TERMS - 1; k >= 1; k--) {
        factorial /= k + 1;
        sum = fused(b, powers[k], f32(b, 1 / factorial), sum);
        number = add(b, number, choose(b, less(b, scaled, sum), one, zero));
    }
    return number;
}

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof *(array)))

/* Of s^k in x - L - sqrt(L) w. */
static struct ir_node *coefficient(struct ir_builder *b, int k, struct ir_node *mean,
                                   struct ir_node *inverse)
{
    struct ir_node *sum = NULL;
    if (k < COUNT_OF(c1_p))
        sum = mul(b, inverse, f32(b, c1_p[k]));
    if (k < COUNT_OF(c0_p))
        sum = sum != NULL ? add(b, sum, f32(b, c0_p[k])) : f32(b, c0_p[k]);
    if (k < 2)
        return sum;
    struct ir_node *r = f32(b, r_p[k - 2]);
    return sum != NULL ? fused(b, mean, r, sum) : mul(b, mean, r);
}

/* `z` is standard normal. What is below -1.35 in s is below 1 in x for every mean that a word
 * reaches it with. */
static struct ir_node *large_poisson(struct ir_builder *b, struct ir_node *mean, struct ir_node *z)
{
    struct ir_node *root = ir_unary(b, IR_SQRT, mean), *inverse = divide(b, f32(b, 1), mean);
    struct ir_node *w = ir_binary(b, IR_MAX, z, mul(b, root, f32(b, -1.35)));
    struct ir_node *s = mul(b, w, mul(b, root, inverse));
    struct ir_node *x = coefficient(b, COUNT_OF(r_p) + 1, mean, inverse);
    for (int k = COUNT_OF(r_p); k >= 0; k--)
        x = fused(b, x, s, coefficient(b, k, mean, inverse));
    x = fused(b, root, w, x);
    /* Whole and broken part of the mean apart: their sum with x would lose the digits that decide.
     */
    struct ir_node *whole = ir_unary(b, IR_FLOOR, mean);
    struct ir_node *number = add(b, whole, ir_unary(b, IR_FLOOR, add(b, sub(b, mean, whole), x)));
    return ir_binary(b, IR_MAX, number, f32(b, 0));
}

/* z, standard normal, from a word: its sign, and the quantile of p in (0, 1/2]. */
static struct ir_node *normal_of(struct ir_builder *b, struct ir_node *p, struct ir_node *sign)
{
    struct ir_node *bits = ir_bitcast(b, IR_I32, quantile(b, p));
    return ir_bitcast(b, IR_F32, ir_binary(b, IR_XOR, bits, sign));
}

/* Both ways are long, and one is rarely needed where the other is: branches, not a choice. */
struct ir_node *expand_poisson_of_word(struct ir_builder *b, struct ir_node *mean,
                                       struct ir_node *word)
{
    struct ir_node *zero = f32(b, 0);
    struct ir_node *sign = with_bits(b, IR_AND, word, 0x80000000u);
    struct ir_node *rest = ir_cast(b, IR_F32, with_bits(b, IR_AND, word, 0x7fffffff));
    struct ir_node *p = fused(b, rest, f32(b, 0x1p-32), f32(b, 0x1p-33)); /* (0, 1/2] */
    struct ir_node *variable = ir_var(b, "poisson", zero);
    struct ir_node *branch = ir_if(b, less(b, mean, f32(b, 4)));
    struct ir_builder here = *b;
    b->before = NULL;
    b->block = &branch->branch.then_body;
    struct ir_node *is_lower = ir_binary(b, IR_NE, sign, ir_bits(b, 0));
    struct ir_node *tail = choose(b, is_lower, sub(b, f32(b, 1), p), p);
    ir_set(b, variable, small_poisson(b, mean, tail));
    b->block = &branch->branch.else_body;
    ir_set(b, variable, large_poisson(b, mean, normal_of(b, p, sign)));
    *b = here;
    struct ir_node *number = choose(b, less(b, zero, mean), ir_get(b, variable), zero);
    return choose(b, less(b, mean, f32(b, INFINITY)), number, mean);
}

struct ir_node *expand_poisson(struct ir_builder *b, struct ir_node *const *operands)
{
    return expand_poisson_of_word(b, operands[0], expand_word(b, operands + 1, false));
}
