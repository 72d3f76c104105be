/* SPDX-License-Identifier: MIT
 *
 * What set-up computes: the matrix exponential against closed forms, index lists of a sparse
 * connection against a matrix, keys of drawing sites, the shortest text of numbers.
 */
#undef NDEBUG
#include "calls.h"
#include "record/number.h"
#include "runtime.h"
#include "seeds.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 16 };

static union snn_value constants[2 * MOST];
static void *buffers[8];
static struct snn_lane lane;
static struct snn_context context = { .constants = constants, .buffers = buffers, .lane = &lane };

/* exp of an n x n matrix. */
static void exponential(double *out, const double *a, int n)
{
    for (int i = 0; i < n * n; i++)
        constants[i].real = a[i];
    snn_rt_matrix_exponential(&context, n, 0, MOST);
    for (int i = 0; i < n * n; i++)
        out[i] = constants[MOST + i].real;
}

static void expect_near(double value, double expected)
{
    if (fabs(value - expected) <= 4e-15 * fmax(1, fabs(expected)))
        return;
    fprintf(stderr, "%.17g is not %.17g\n", value, expected);
    exit(1);
}

static void matrix_exponential(void)
{
    double out[MOST];

    exponential(out, (const double[]){ -0.01 }, 1);
    expect_near(out[0], exp(-0.01));
    exponential(out, (const double[]){ -30 }, 1);
    expect_near(out[0], exp(-30));
    exponential(out, (const double[]){ 0, 0, 0, 0 }, 2);
    assert(out[0] == 1 && out[1] == 0 && out[2] == 0 && out[3] == 1);
    exponential(out, (const double[]){ 0, -2, 2, 0 }, 2); /* a rotation */
    expect_near(out[0], cos(2));
    expect_near(out[1], -sin(2));
    exponential(out, (const double[]){ -0.5, 3, 0, -0.5 },
                2); /* equal time constants: not diagonalisable */
    expect_near(out[0], exp(-0.5));
    expect_near(out[1], 3 * exp(-0.5));
    assert(out[2] == 0);
    exponential(out, (const double[]){ -0.1, 1, 0, -0.2 },
                2); /* a synapse that drives a membrane */
    expect_near(out[1], (exp(-0.1) - exp(-0.2)) / 0.1);
    exponential(out, (const double[]){ 0, 1, 0, 0, 0, 1, 0, 0, 0 }, 3);
    expect_near(out[2], 0.5);
}

/* A connection of 3 rows and 4 columns with 6 synapses. */
static void sparse_lists(void)
{
    int32_t starts[] = { 0, 3, 3, 6 }, columns[] = { 3, 0, 2, 1, 3, 0 },
            delays[] = { 1, 2, 1, 5, 5, 1 };
    int32_t csc_starts[5], csc_rows[6], csc_synapses[6];
    const int32_t sorted[] = { 2, 3, 0, 0, 1, 3 }, sorted_delays[] = { 1, 1, 2, 1, 5, 5 },
                  plain[] = { 0, 2, 3, 0, 1, 3 };

    buffers[0] = starts;
    buffers[1] = columns;
    buffers[2] = delays;
    snn_rt_sort_csr(&context, 3, 0, 1, 2);
    assert(memcmp(columns, sorted, sizeof columns) == 0 &&
           memcmp(delays, sorted_delays, sizeof delays) == 0);
    snn_rt_sort_csr(&context, 3, 0, 1, -1);
    assert(memcmp(columns, plain, sizeof columns) == 0);
    buffers[3] = csc_starts;
    buffers[4] = csc_rows;
    buffers[5] = csc_synapses;
    snn_rt_make_csc(&context, 3, 4, 0, 1, 3, 4, 5);
    assert(csc_starts[0] == 0 && csc_starts[4] == 6);
    for (int c = 0; c < 4; c++)
        for (int s = csc_starts[c]; s < csc_starts[c + 1]; s++) {
            int synapse = csc_synapses[s];

            assert(columns[synapse] == c);
            assert(starts[csc_rows[s]] <= synapse && synapse < starts[csc_rows[s] + 1]);
            assert(s == csc_starts[c] || csc_rows[s] > csc_rows[s - 1]);
        }
}

static void keys(void)
{
    struct snn_seeds seeds = { .seed = 1 };
    uint64_t first, other;

    snn_seeds_complete(&seeds);
    first = snn_seed_key(&seeds, "weights", 0);
    assert(first == snn_seed_key(&seeds, "encoder", 0)); /* all streams follow the seed */
    assert(first != snn_seed_key(&seeds, "weights", 1));
    seeds.is_given[SNN_STREAM_ENCODER] = true;
    seeds.streams[SNN_STREAM_ENCODER] = 2;
    seeds.seed = 2;
    snn_seeds_complete(&seeds);
    other = snn_seed_key(&seeds, "weights", 0);
    assert(other != first && other == snn_seed_key(&seeds, "encoder", 0));
    assert(snn_stream_kind_find("nothing") == -1);
}

static void expect_number(double value, const char *expected)
{
    char text[SNN_NUMBER_BYTES];

    if (strcmp(snn_format_number(text, value), expected) == 0)
        return;
    fprintf(stderr, "%s is not %s\n", text, expected);
    exit(1);
}

static void numbers(void)
{
    expect_number(0.1f, "0.1");
    expect_number(0.1, "0.1");
    expect_number(1.0 / 3, "0.3333333333333333");
    expect_number((float)(1.0 / 3), "0.33333334");
    expect_number(-0.0, "0");
    expect_number(1e6, "1000000");
    expect_number(123456789012.0, "123456789012");
    expect_number(1e-7f, "1e-07");
    expect_number(0.8125, "0.8125");
    expect_number(5e-324, "4.94065645841247e-324");
    expect_number(1.7976931348623157e308, "1.7976931348623157e+308");
    expect_number(INFINITY, "inf");
    expect_number(-INFINITY, "-inf");
    expect_number(NAN, "nan");
    for (uint32_t i = 0; i < 100000; i++) { /* reads back, as float32 and as double */
        uint32_t bits = i * 2654435761u;
        uint64_t wide = (uint64_t)i * UINT64_C(0x9E3779B97F4A7C15);
        char text[SNN_NUMBER_BYTES];
        float single;
        double full;

        memcpy(&single, &bits, sizeof single);
        memcpy(&full, &wide, sizeof full);
        assert(isnan(single) || strtof(snn_format_number(text, (double)single), NULL) == single);
        assert(isnan(full) || strtod(snn_format_number(text, full), NULL) == full);
    }
}

int main(void)
{
    lane.region = snn_region_create();
    matrix_exponential();
    sparse_lists();
    keys();
    numbers();
    snn_region_destroy(lane.region);
    return 0;
}
