/* SPDX-License-Identifier: MIT
 *
 * Tables of Poisson numbers: the words that a table gives to each number, all 2^32 of them counted,
 * are the distribution rounded to whole words; means without a table.
 */
#undef NDEBUG
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "counts.h"
#include "snn/program.h"

static double probability(double mean, int number)
{
    if (mean == 0)
        return number == 0;
    return exp(number * log(mean) - mean - lgamma(number + 1.0));
}

/* words[k]: of the number low + k. */
static void count_words(const int32_t *entries, uint32_t size, uint64_t *words)
{
    uint64_t turns = (UINT64_C(1) << 32) / size;

    for (uint32_t k = 0; k < size; k++) {
        uint32_t entry = (uint32_t)entries[k] ^ 0x80000000u;
        uint64_t own = 0;

        /* Words with the low bits k are turn * size + k; set low bits do not matter to `<`. */
        for (uint64_t low = 0, high = turns; low < high; own = low) {
            uint64_t middle = (low + high) / 2;

            if ((uint32_t)(middle * size | (size - 1)) < entry)
                low = middle + 1;
            else
                high = middle;
        }
        words[k] += own;
        words[entry & (size - 1)] += turns - own;
    }
}

static void test_table(double mean)
{
    static int32_t entries[SNN_COUNT_LIMIT];
    static uint64_t words[SNN_COUNT_LIMIT];
    int32_t low, size = snn_count_table(entries, mean, &low);
    uint64_t all = 0;
    double worst = 0, outside = 1;

    assert(size >= 16 && size <= SNN_COUNT_LIMIT && (size & (size - 1)) == 0 && low >= 0);
    for (int32_t k = 0; k < size; k++)
        words[k] = 0;
    count_words(entries, (uint32_t)size, words);
    for (int32_t k = 0; k < size; k++) {
        double exact = probability(mean, low + k);

        all += words[k];
        outside -= exact;
        worst = fmax(worst, fabs((double)words[k] - exact * 0x1p32));
    }
    printf("mean %g: %d entries from %d, off by %.2f words, %.1e outside\n", mean, size, low, worst,
           outside);
    assert(all == UINT64_C(1) << 32);
    assert(worst <= 1.01 && fabs(outside) < 1e-10);
}

int main(void)
{
    static const double means[] = { 0,    1e-9, 0.1, 1,    3,    4,         7.84375,
                                    15.5, 31,   64,  1000, 1992, 1992.1875, 4000 };
    static const double without[] = { -1, -INFINITY, INFINITY, NAN, 5000, 1e30 };
    int32_t entries[1], low;

    for (size_t k = 0; k < sizeof means / sizeof *means; k++)
        test_table(means[k]);
    for (size_t k = 0; k < sizeof without / sizeof *without; k++)
        assert(snn_count_table(entries, without[k], &low) == 0);
    return 0;
}
