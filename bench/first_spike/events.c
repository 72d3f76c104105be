/* SPDX-License-Identifier: MIT
 *
 * Beside the compiled program of bench/first_spike: its data, and what the memory allows.
 *
 *   events make FOLDER                    features as large as those of MNIST, drawn
 *   events limit FOLDER neurons THREADS   events per second if each only touches its row of weights
 */
#include "data/view.h"
#include "error.h"
#include "memory.h"
#include "record/npz_write.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { INPUTS = 4608, EVENTS = 1500, CLASSES = 10, LIMIT = 20000, LANES = 16, THREADS = 64 };

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- data: the inputs of a sample fire around the times of its class ---- */

static uint64_t state = 88172645463325252ULL;

static float draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (float)(state >> 40) / 16777216.0F;
}

struct event {
    float time;
    int32_t input;
};

static int by_time(const void *left, const void *right)
{
    const struct event *a = left, *b = right;

    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a->input - b->input;
}

static int write_set(const char *folder, const char *name, int64_t samples)
{
    static float usual[CLASSES][INPUTS];
    static struct event all[INPUTS];
    static int64_t starts[LIMIT + 1];
    static int32_t label[LIMIT];
    const int64_t more = samples + 1, events = samples * EVENTS, inputs = INPUTS;
    const double max_time = 1;
    int32_t *index = malloc((size_t)events * sizeof *index);
    float *time = malloc((size_t)events * sizeof *time);
    struct snn_array arrays[] = {
        { "indptr", SNN_INT64, starts, 1, &more, NULL },
        { "index", SNN_INT32, index, 1, &events, NULL },
        { "time", SNN_FLOAT32, time, 1, &events, NULL },
        { "label", SNN_INT32, label, 1, &samples, NULL },
        { "inputs", SNN_INT64, &inputs, 0, NULL, NULL },
        { "max_time", SNN_FLOAT64, &max_time, 0, NULL, NULL },
    };
    char path[4096];

    if (index == NULL || time == NULL)
        return -1;
    if (usual[0][0] == 0)
        for (int c = 0; c < CLASSES; c++)
            for (int i = 0; i < INPUTS; i++)
                usual[c][i] = 0.0001F + draw();
    for (int64_t s = 0; s < samples; s++) {
        label[s] = (int32_t)(draw() * CLASSES);
        for (int i = 0; i < INPUTS; i++)
            all[i] = (struct event){ usual[label[s]][i] + 0.6F * draw(), i };
        qsort(all, INPUTS, sizeof *all, by_time);
        for (int k = 0; k < EVENTS; k++) {
            index[s * EVENTS + k] = all[k].input;
            time[s * EVENTS + k] = all[k].time < 0.999F ? all[k].time : 0.999F;
        }
        starts[s + 1] = (s + 1) * EVENTS;
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int status = snn_npz_write(path, arrays, sizeof arrays / sizeof *arrays);
    free(index);
    free(time);
    return status;
}

static int make(const char *folder)
{
    mkdir(folder, 0777);
    if (write_set(folder, "trainset.npz", 3000) == 0 && write_set(folder, "valset.npz", 100) == 0 &&
        write_set(folder, "testset.npz", 10000) == 0)
        return 0;
    fprintf(stderr, "events: %s\n", snn_last_error());
    return 1;
}

/* ---- the limit: rows of the weight matrix, added up in registers ---- */

struct part {
    const struct snn_view *set;
    const float *weights;
    int64_t first, end, events;
    int row;
    float sum;
};

/* As many vectors as a row has; the row's length is known to the compiler. */
#define ADD_ROWS(vectors)                                                                          \
    static float add_rows_##vectors(const float *weights, int row,                                 \
                                    const struct snn_event_list *list)                             \
    {                                                                                              \
        float total[(vectors)*LANES] = { 0 }, sum = 0;                                             \
        for (int64_t k = 0; k < list->count; k++) {                                                \
            const float *w = weights + (size_t)list->index[k] * (size_t)row;                       \
            for (int j = 0; j < (vectors)*LANES; j++)                                              \
                total[j] += w[j];                                                                  \
        }                                                                                          \
        for (int j = 0; j < (vectors)*LANES; j++)                                                  \
            sum += total[j];                                                                       \
        return sum;                                                                                \
    }
ADD_ROWS(1)
ADD_ROWS(2)
ADD_ROWS(3)
ADD_ROWS(4)
ADD_ROWS(8)
ADD_ROWS(16)

static float add_rows(const float *weights, int row, const struct snn_event_list *list)
{
    switch ((row + LANES - 1) / LANES) {
    case 1: return add_rows_1(weights, row, list);
    case 2: return add_rows_2(weights, row, list);
    case 3: return add_rows_3(weights, row, list);
    case 4: return add_rows_4(weights, row, list);
    case 5:
    case 6:
    case 7:
    case 8: return add_rows_8(weights, row, list);
    default: return add_rows_16(weights, row, list);
    }
}

static void *run_part(void *data)
{
    struct part *part = data;

    for (int64_t s = part->first; s < part->end; s++) {
        struct snn_event_list list;
        double unit;

        if (snn_view_events(part->set, s, INPUTS, 1, &list, &unit) < 0) {
            fprintf(stderr, "events: %s\n", snn_last_error());
            exit(1);
        }
        part->sum += add_rows(part->weights, part->row, &list);
        part->events += list.count;
    }
    return NULL;
}

/* Seconds of one pass over the set. */
static double run(const struct snn_view *set, const float *weights, int row, int threads,
                  int64_t *events)
{
    struct part parts[THREADS] = { { 0 } };
    pthread_t ids[THREADS];
    int64_t count = snn_view_count(set);
    double start = seconds();

    for (int t = 0; t < threads; t++) {
        parts[t] = (struct part){ .set = set, .weights = weights, .row = row };
        parts[t].first = count * t / threads;
        parts[t].end = count * (t + 1) / threads;
        pthread_create(&ids[t], NULL, run_part, &parts[t]);
    }
    *events = 0;
    for (int t = 0; t < threads; t++) {
        pthread_join(ids[t], NULL);
        *events += parts[t].events;
    }
    return seconds() - start;
}

static int limit(const char *folder, int neurons, int threads)
{
    struct snn_region *region = snn_region_create();
    struct snn_dataset *set;
    struct snn_view test;
    /* a vector more, for the rest of the last row */
    float *weights = calloc((size_t)INPUTS * (size_t)neurons + 16 * LANES, sizeof *weights);
    double best = 1e30;
    int64_t events = 0;

    if (weights == NULL || snn_dataset_spikes(&set, "set", folder, 1, false) < 0 ||
        snn_view_split(&test, region, snn_view_whole(set), "test") < 0) {
        fprintf(stderr, "events: %s\n", snn_last_error());
        return 1;
    }
    for (int i = 0; i < INPUTS * neurons; i++)
        weights[i] = draw();
    for (int round = 0; round < 3; round++) {
        double time = run(&test, weights, neurons, threads, &events);

        best = time < best ? time : best;
    }
    printf("events_per_second = %.0f\n", (double)events / best);
    printf("events_per_sample = %.0f\n", (double)events / (double)snn_view_count(&test));
    snn_dataset_release(set);
    snn_region_destroy(region);
    free(weights);
    return 0;
}

int main(int argc, char **argv)
{
    int neurons = argc > 3 ? atoi(argv[3]) : 0, threads = argc > 4 ? atoi(argv[4]) : 0;

    if (argc == 3 && strcmp(argv[1], "make") == 0)
        return make(argv[2]);
    if (argc == 5 && strcmp(argv[1], "limit") == 0 && neurons > 0 && neurons <= 16 * LANES &&
        threads > 0 && threads <= THREADS)
        return limit(argv[2], neurons, threads);
    fputs("events make FOLDER | events limit FOLDER neurons threads\n", stderr);
    return 2;
}
