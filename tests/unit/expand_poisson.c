/* SPDX-License-Identifier: MIT
 *
 * Poisson numbers: chi-square, mean and spread of draws against the exact distribution for means
 * from tiny to large; the probabilities that all 2^32 words give together; the special means.
 */
#include "ir_fixture.h"
#include "passes/expand.h"

enum { DRAWS = 100000, MEAN = 0, WORD = 0, OUTPUT = 1, SITE = 0 };

static void build(struct fixture *f, int64_t count)
{
    fixture_begin(f);
    fixture_buffer(f, "mean", SNN_FLOAT32, count);
    fixture_buffer(f, "output", SNN_FLOAT32, count);
    ir_add_site(&f->compilation, &f->program, "other", (struct span){ 0 });
    f->keys[SITE] = UINT64_C(0x243f6a8885a308d3);
    struct ir_builder *b = &f->builder;
    struct ir_node *i = fixture_loop(f, OUTPUT)->loop.index;
    struct ir_node *mean = ir_load(b, MEAN, i);
    ir_store(b, OUTPUT, i,
             ir_draw(b, IR_POISSON, mean, SITE, i, ir_integer(b, 3), ir_integer(b, 17)));
    assert(pass_expand(&f->compilation, &f->program));
}

static double probability(double mean, double number)
{
    return exp(number * log(mean) - mean - lgamma(number + 1));
}

static bool is_whole(float number)
{
    return number >= 0 && floorf(number) == number;
}

/* Cells of at least 10 expected draws; chi-square as a standard normal (Wilson and Hilferty). */
static double chi_square_score(const float *drawn, double mean)
{
    double square = 0, expected = 0, exact_below = 0;
    int64_t cells = 0, observed = 0, seen = 0;
    int64_t high = (int64_t)(mean + 12 * sqrt(mean) + 30),
            *counts = calloc((size_t)high + 2, sizeof *counts);
    assert(counts != NULL);
    for (int64_t k = 0; k < DRAWS; k++)
        counts[drawn[k] > (float)high ? high + 1 : (int64_t)drawn[k]]++;
    for (int64_t n = 0; n <= high; n++) {
        double p = probability(mean, (double)n);
        exact_below += p;
        expected += p * DRAWS;
        observed += counts[n];
        if (expected >= 10 && (1 - exact_below) * DRAWS >= 10) {
            square += ((double)observed - expected) * ((double)observed - expected) / expected;
            cells++;
            seen += observed;
            expected = 0;
            observed = 0;
        }
    }
    expected += (1 - exact_below) * DRAWS;
    observed = DRAWS - seen;
    square += ((double)observed - expected) * ((double)observed - expected) / fmax(expected, 1e-9);
    free(counts);
    double freedom = (double)cells;
    return freedom < 1
               ? 0
               : (cbrt(square / freedom) - (1 - 2 / (9 * freedom))) / sqrt(2 / (9 * freedom));
}

static bool check_distribution(double mean)
{
    struct fixture f;
    build(&f, DRAWS);
    float *means = f.buffers[MEAN];
    for (int64_t k = 0; k < DRAWS; k++)
        means[k] = (float)mean;
    fixture_run(&f, 0);
    const float *drawn = f.buffers[OUTPUT];
    double sum = 0, squares = 0;
    for (int64_t k = 0; k < DRAWS; k++) {
        assert(is_whole(drawn[k]));
        sum += (double)drawn[k] - mean;
        squares += ((double)drawn[k] - mean) * ((double)drawn[k] - mean);
    }
    double mean_score = sum / sqrt(mean * DRAWS);
    double spread_score = (squares / DRAWS - mean) / sqrt((2 * mean * mean + mean) / DRAWS);
    double chi_score = chi_square_score(drawn, mean);
    printf("mean %g: deviations %.2f, variance %.2f, chi-square %.2f\n", mean, mean_score,
           spread_score, chi_score);
    fixture_finish(&f);
    return fabs(mean_score) < 3.5 && fabs(spread_score) < 3.5 && fabs(chi_score) < 3.5;
}

static void test_special_means(void)
{
    static const float means[] = { 0.0f, -0.0f,  -1.0f, -INFINITY, INFINITY,
                                   NAN,  1e-30f, 1e-9f, 1e30f,     FLT_MAX };
    enum { COUNT = sizeof means / sizeof *means };
    struct fixture f;
    build(&f, COUNT);
    memcpy(f.buffers[MEAN], means, sizeof means);
    fixture_run(&f, 0);
    const float *drawn = f.buffers[OUTPUT];
    for (int k = 0; k < 4; k++)
        assert(drawn[k] == 0);
    assert(drawn[4] == INFINITY && isnan(drawn[5]));
    assert(drawn[6] == 0 && drawn[7] == 0);
    assert(fabsf(drawn[8] / 1e30f - 1) < 1e-6f && fabsf(drawn[9] / FLT_MAX - 1) < 1e-6f);
    fixture_finish(&f);
}

/* ---- the probabilities that the 2^32 words give, exactly ---- */

/* The word of rank r: what is below r has numbers that are not larger. */
static int64_t word_of_rank(int64_t rank)
{
    return rank < INT64_C(1) << 31 ? rank | 0x80000000 : (INT64_C(1) << 32) - 1 - rank;
}

static void build_of_word(struct fixture *f, int64_t count, double mean)
{
    fixture_begin(f);
    fixture_buffer(f, "word", SNN_INT64, count);
    fixture_buffer(f, "output", SNN_FLOAT32, count);
    struct ir_builder *b = &f->builder;
    struct ir_node *i = fixture_loop(f, OUTPUT)->loop.index;
    struct ir_node *word = ir_cast(b, IR_I32, ir_load(b, WORD, i));
    ir_store(b, OUTPUT, i, expand_poisson_of_word(b, ir_real(b, IR_F32, mean), word));
}

/* For each number first + k the rank of the first word that gives more, by bisection of all at
 * once. */
static void find_steps(struct fixture *f, int64_t first, int64_t count, int64_t *steps)
{
    int64_t *words = f->buffers[WORD];
    const float *numbers = f->buffers[OUTPUT];
    memset(steps, 0, (size_t)count * sizeof *steps);
    for (int64_t half = INT64_C(1) << 31; half > 0; half /= 2) {
        for (int64_t k = 0; k < count; k++)
            words[k] = word_of_rank(steps[k] + half - 1);
        fixture_run(f, 0);
        for (int64_t k = 0; k < count; k++)
            steps[k] += numbers[k] <= (float)(first + k) ? half : 0;
    }
}

/* `relative`: largest error of a probability above a hundredth of the largest one; `absolute`: of
 * the sum of probabilities. */
static bool check_steps(double mean, double relative, double absolute)
{
    int64_t first = (int64_t)fmax(0, floor(mean - 5.5 * sqrt(mean))),
            last = (int64_t)(mean + 6 * sqrt(mean) + 8);
    int64_t count = last - first + 1, *steps = calloc((size_t)count, sizeof *steps);
    struct fixture f;
    assert(steps != NULL);
    build_of_word(&f, count, mean);
    find_steps(&f, first, count, steps);
    double sum = 0, worst = 0, worst_sum = 0, largest = probability(mean, floor(mean));
    for (int64_t k = 0; k < first; k++)
        sum += probability(mean, (double)k);
    for (int64_t k = 0; k < count; k++) {
        double exact = probability(mean, (double)(first + k));
        double got = (double)(steps[k] - (k > 0 ? steps[k - 1] : 0)) * 0x1p-32;
        sum += exact;
        worst_sum = fmax(worst_sum, fabs((double)steps[k] * 0x1p-32 - sum));
        if (exact > 0.01 * largest && (k > 0 || first == 0))
            worst = fmax(worst, fabs(got / exact - 1));
    }
    printf("mean %g: probabilities to %.2e, sums to %.2e\n", mean, worst, worst_sum);
    free(steps);
    fixture_finish(&f);
    return worst <= relative && worst_sum <= absolute;
}

int main(void)
{
    static const double drawn[] = { 0.1, 1, 3, 7.8, 15.6, 100, 1000 };
    static const double exact[] = { 1e-3, 0.1,  1,  3,  3.999, 4,   4.5,  5.5, 7.8,
                                    11,   15.6, 25, 50, 100,   400, 1000, 3000 };
    bool is_right = true;
    test_special_means();
    for (size_t k = 0; k < sizeof drawn / sizeof *drawn; k++)
        is_right = check_distribution(drawn[k]) && is_right;
    for (size_t k = 0; k < sizeof exact / sizeof *exact; k++)
        is_right = check_steps(exact[k], 2e-4, 2e-5) && is_right;
    /* The digits of an f32 set the limit here. */
    is_right = check_steps(20000, 5e-4, 2e-5) && is_right;
    return is_right ? 0 : 1;
}
