/* SPDX-License-Identifier: MIT
 *
 * Makes small event files for the example: the inputs of a sample fire early where its class has a
 * pattern.
 */
#include "record/npz_write.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { INPUTS = 200, CLASSES = 4, PATTERN = 40, STEPS = 100, LIMIT = 1000 };

static uint32_t state = 1;

/* A whole number below `end` (the minimal standard generator of Park and Miller). */
static int draw(int end)
{
    state = (uint32_t)((uint64_t)state * 48271 % 2147483647);
    return (int)(state % (uint32_t)end);
}

static int by_time(const void *left, const void *right)
{
    return *(const int *)left - *(const int *)right;
}

/* Times are steps of 1/STEPS; neighbours in the list are ordered by step, then input. */
static void make_sample(int label, int32_t *index, float *time)
{
    int keys[INPUTS];
    for (int i = 0; i < INPUTS; i++) {
        bool is_early = i / PATTERN == label || draw(6) == 0;
        keys[i] = (is_early ? draw(STEPS / 2) : STEPS / 3 + draw(STEPS * 2 / 3)) * INPUTS + i;
    }
    qsort(keys, INPUTS, sizeof *keys, by_time);
    for (int k = 0; k < INPUTS; k++) {
        index[k] = keys[k] % INPUTS;
        time[k] = (float)(keys[k] / INPUTS) / (float)STEPS;
    }
}

static int write_set(const char *path, int samples)
{
    static int64_t starts[LIMIT + 1];
    static int32_t index[LIMIT * INPUTS], label[LIMIT];
    static float time[LIMIT * INPUTS];
    const int64_t inputs = INPUTS, many = samples, more = samples + 1, all = samples * INPUTS;
    const double max_time = 1;
    for (int s = 0; s < samples; s++) {
        label[s] = draw(CLASSES);
        starts[s + 1] = starts[s] + INPUTS;
        make_sample(label[s], index + starts[s], time + starts[s]);
    }
    struct snn_array arrays[] = {
        { .name = "indptr", .type = SNN_INT64, .data = starts, .rank = 1, .extents = &more },
        { .name = "index", .type = SNN_INT32, .data = index, .rank = 1, .extents = &all },
        { .name = "time", .type = SNN_FLOAT32, .data = time, .rank = 1, .extents = &all },
        { .name = "label", .type = SNN_INT32, .data = label, .rank = 1, .extents = &many },
        { .name = "inputs", .type = SNN_INT64, .data = &inputs },
        { .name = "max_time", .type = SNN_FLOAT64, .data = &max_time },
    };
    return snn_npz_write(path, arrays, sizeof arrays / sizeof *arrays);
}

int main(void)
{
    if (mkdir("features", 0777) < 0 || write_set("features/trainset.npz", 400) < 0 ||
        write_set("features/valset.npz", 100) < 0 || write_set("features/testset.npz", 400) < 0) {
        perror("features");
        return 1;
    }
    return 0;
}
