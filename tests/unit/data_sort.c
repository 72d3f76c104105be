/* SPDX-License-Identifier: MIT
 *
 * Sorting events: what qsort gives with times and places compared, for few and many, equal and
 * different times, and for the smallest and largest floats.
 */
#undef NDEBUG
#include <assert.h>
#include <float.h>
#include <stdint.h>
#include <stdlib.h>

#include "event_sort.h"

enum { MANY = 5000 };

static uint32_t state = 1;

/* A whole number below `end` (the minimal standard generator of Park and Miller). */
static int draw(int end)
{
    state = (uint32_t)((uint64_t)state * 48271 % 2147483647);
    return (int)(state % (uint32_t)end);
}

static float extreme(void)
{
    static const float times[] = { 0, -0.0f, FLT_TRUE_MIN, FLT_MIN, FLT_EPSILON, 1, 256, FLT_MAX };

    return times[draw(8)];
}

static int compare(const void *left, const void *right)
{
    const struct snn_event *a = left, *b = right;

    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a->input - b->input;
}

/* Times are k / different, or extreme where `different` is 0. */
static void test_sort(int count, int different)
{
    static struct snn_event events[MANY], expected[MANY], spare[MANY];

    for (int i = 0; i < count; i++) {
        events[i].time = different ? (float)draw(different) / (float)different : extreme();
        events[i].input = i;
        expected[i] = events[i];
    }
    qsort(expected, (size_t)count, sizeof *expected, compare);
    snn_sort_events(events, spare, count);
    for (int i = 0; i < count; i++)
        assert(events[i].input == expected[i].input && events[i].time == expected[i].time);
}

int main(void)
{
    static const int counts[] = { 0, 1, 2, 47, 48, 49, 300, MANY };

    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        test_sort(counts[k], 0);
        test_sort(counts[k], 1);
        test_sort(counts[k], 10);
        test_sort(counts[k], 1000000);
    }
    return 0;
}
