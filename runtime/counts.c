/* SPDX-License-Identifier: MIT
 *
 * Tables from which Poisson numbers are drawn, by the alias method (Walker: "An efficient method
 * for generating discrete random variables with general distributions", ACM TOMS 3, 1977; built as
 * by Vose, IEEE Trans. Software Eng. 17, 1991) in whole numbers: each number has its share of the
 * 2^32 words, rounded, and exactly that. Only + - * / of doubles are used, in one order, so that
 * tables are the same everywhere.
 */
#include "counts.h"

#include "calls.h"
#include "runtime.h"

#include <string.h>

enum { SMALLEST = 16 }; /* entries of a table */

/* A distribution: number low + k has share[k] of the words. */
struct shares {
    int32_t low, count;
    double weight[SNN_COUNT_LIMIT]; /* relative to the largest */
    uint64_t share[SNN_COUNT_LIMIT];
};

/* Numbers that are 2^-40 times as frequent as the mode take part in no word. False: too many. */
static bool find_weights(struct shares *s, double mean)
{
    const double negligible = 0x1p-40;
    int32_t mode = (int32_t)mean, below = 0, above = 0;
    double weight = 1;

    for (int32_t k = mode; k > 0 && (weight *= k / mean) > negligible; k--)
        below++;
    weight = 1;
    for (int32_t k = mode + 1; (weight *= mean / k) > negligible; k++)
        above++;
    if (below + above + 1 > SNN_COUNT_LIMIT)
        return false;
    s->low = mode - below;
    s->count = below + above + 1;
    s->weight[below] = 1;
    for (int32_t k = below; k > 0; k--)
        s->weight[k - 1] = s->weight[k] * ((s->low + k) / mean);
    for (int32_t k = below; k + 1 < s->count; k++)
        s->weight[k + 1] = s->weight[k] * (mean / (s->low + k + 1));
    return true;
}

/* Words are given out along the cumulative distribution. */
static void find_shares(struct shares *s)
{
    double total = 0, sum = 0;
    uint64_t given = 0;

    for (int32_t k = 0; k < s->count; k++)
        total += s->weight[k];
    for (int32_t k = 0; k < s->count; k++) {
        uint64_t end = k + 1 < s->count ? (uint64_t)((sum += s->weight[k]) / total * 0x1p32 + 0.5)
                                        : UINT64_C(1) << 32;

        s->share[k] = end - given;
        given = end;
    }
}

/* Each entry stands for 2^32 / size words, of which its own number gets those below the entry, and
   the number in the entry's low bits the others. */
static void fill_entries(int32_t *entries, int32_t size, struct shares *s)
{
    int32_t small[SNN_COUNT_LIMIT], large[SNN_COUNT_LIMIT], small_count = 0, large_count = 0;
    uint64_t words = (UINT64_C(1) << 32) / (uint64_t)size;

    for (int32_t k = 0; k < size; k++) {
        uint64_t share = k < s->count ? s->share[k] : 0;

        s->share[k] = share;
        if (share < words)
            small[small_count++] = k;
        else
            large[large_count++] = k;
        entries[k] = (int32_t)((uint32_t)k ^ 0x80000000u); /* all to itself */
    }
    while (small_count > 0) { /* shares sum to all words, so there is a large one as well */
        int32_t poor = small[--small_count], rich = large[large_count - 1];
        uint32_t entry = (uint32_t)(s->share[poor] * (uint64_t)size) | (uint32_t)rich;

        entries[poor] = (int32_t)(entry ^ 0x80000000u);
        s->share[rich] -= words - s->share[poor];
        if (s->share[rich] < words) {
            large_count--;
            small[small_count++] = rich;
        }
    }
}

int32_t snn_count_table(int32_t *entries, double mean, int32_t *low)
{
    struct shares shares;
    int32_t size = SMALLEST;

    *low = 0;
    if (!(mean >= 0 && mean <= SNN_COUNT_LIMIT * 4))
        return 0;
    if (!find_weights(&shares, mean))
        return 0;
    while (size < shares.count)
        size *= 2;
    find_shares(&shares);
    fill_entries(entries, size, &shares);
    *low = shares.low;
    return size;
}

void snn_rt_count_tables(struct snn_context *context, int32_t means, int32_t known, int32_t levels,
                         int32_t entries)
{
    const float *mean = context->buffers[means];
    int32_t *level = context->buffers[levels], *entry = context->buffers[entries], place = 0;

    if (!memcmp(mean, context->buffers[known], SNN_LEVELS * sizeof *mean))
        return;
    memcpy(context->buffers[known], mean, SNN_LEVELS * sizeof *mean);
    for (int32_t k = 0; k < SNN_LEVELS; k++) {
        int32_t size = snn_count_table(entry + place, mean[k], &level[2 * SNN_LEVELS + k]);

        level[k] = size > 0 ? place : -1;
        level[SNN_LEVELS + k] = size > 0 ? size - 1 : 0;
        place += size;
    }
}
