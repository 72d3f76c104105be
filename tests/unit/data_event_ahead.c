/* SPDX-License-Identifier: MIT
 *
 * Events made ahead: whatever several threads ask for, of batches in order, of batches that come
 * again and of two sets at once, is what the stages make of it; a batch that is given up while the
 * next one is being made is given back; and a sample may have no events.
 */
#include "data/event_ahead.h"
#include "data/events.h"
#include "data/source.h"
#include "data_formats.h"

#include <pthread.h>

enum { SAMPLES = 50, EVENTS = 200, INPUTS = 30, THREADS = 3, BATCH = 8 };

static struct snn_event_ahead *ahead;

/* A view of samples to which a stage adds so many events. */
static struct snn_view make_view(struct snn_region *region, struct snn_dataset *set, uint64_t key,
                                 double noise)
{
    const double numbers[SNN_STAGE_NUMBERS] = { noise };
    struct snn_view view = snn_view_whole(set);

    expect_success(snn_view_load(&view, region));
    expect_success(snn_view_event_stage(&view, region, view, "uniform_noise", numbers, key));
    return view;
}

static struct snn_dataset *make_set(int32_t *index, float *time)
{
    struct snn_dataset *set = snn_dataset_create("set");
    struct snn_part part = { 0 };

    assert(set && snn_dataset_add_axis(set, "input", INPUTS));
    set->pixel = SNN_PIXEL_EVENTS;
    set->max_time = EVENTS;
    set->time_unit = 1;
    for (int k = 0; k < EVENTS; k++) {
        index[k] = k % INPUTS;
        time[k] = (float)k;
    }
    expect_success(snn_part_allocate(&part, set, SAMPLES, false));
    for (int i = 0; i < SAMPLES; i++)
        ((struct snn_event_list *)part.pixels)[i] =
            (struct snn_event_list){ .index = index, .time = time, .count = i };
    snn_dataset_put_part(set, SNN_SPLIT_NONE, &part);
    return set;
}

static void expect_same(const struct snn_event_batch *batch, int64_t i, struct snn_event_work *work,
                        struct snn_event_work *own)
{
    struct snn_event_list made, expected;

    expect_success(snn_event_ahead_get(ahead, batch, i, work, &made));
    expect_success(snn_event_list_make(snn_view_pixels(&batch->view, i), own, &expected));
    assert(made.count == expected.count);
    if (made.count == 0)
        return;
    assert(memcmp(made.index, expected.index, (size_t)made.count * sizeof *made.index) == 0);
    assert(memcmp(made.time, expected.time, (size_t)made.count * sizeof *made.time) == 0);
}

/* What one thread asks for: its share of each batch, twice. */
struct share {
    pthread_t thread;
    const struct snn_event_batch *batches;
    int count, number;
};

static void *ask(void *data)
{
    const struct share *share = data;
    struct snn_event_work *work = snn_event_work_create(), *own = snn_event_work_create();

    assert(work && own);
    for (int pass = 0; pass < 2; pass++)
        for (int b = 0; b < share->count; b++)
            for (int64_t i = share->number; i < share->batches[b].view.count; i += THREADS)
                expect_same(&share->batches[b], i, work, own);
    snn_event_work_destroy(work);
    snn_event_work_destroy(own);
    return NULL;
}

static void ask_by_threads(const struct snn_event_batch *batches, int count)
{
    struct share shares[THREADS];

    for (int t = 0; t < THREADS; t++) {
        shares[t] = (struct share){ .batches = batches, .count = count, .number = t };
        assert(pthread_create(&shares[t].thread, NULL, ask, &shares[t]) == 0);
    }
    for (int t = 0; t < THREADS; t++)
        pthread_join(shares[t].thread, NULL);
}

static struct snn_event_batch batch_of(const struct snn_view *view, int64_t first)
{
    struct snn_event_batch batch = { .view = *view, .depth = 3 };

    batch.view.samples += first;
    batch.view.count = SAMPLES - first < BATCH ? SAMPLES - first : BATCH;
    batch.rest = SAMPLES - first - batch.view.count;
    return batch;
}

/* The first sample is empty: made, and then copied, by one whose arrays are not there yet. */
static void check_empty(struct snn_region *region, struct snn_dataset *set)
{
    struct snn_view view = make_view(region, set, 1, 0);
    struct snn_event_batch batch = batch_of(&view, 0);

    for (int pass = 0; pass < 2; pass++) {
        struct snn_event_work *work = snn_event_work_create();
        struct snn_event_list list;

        assert(work);
        expect_success(snn_event_ahead_get(ahead, &batch, 0, work, &list));
        assert(list.count == 0);
        snn_event_work_destroy(work);
    }
    snn_event_ahead_release(ahead, 2);
}

int main(void)
{
    static int32_t index[EVENTS];
    static float time[EVENTS];
    struct snn_region *region = snn_region_create();
    struct snn_dataset *set = make_set(index, time);

    ahead = snn_event_ahead_create();
    assert(ahead);
    check_empty(region, set);
    for (uint64_t epoch = 0; epoch < 20; epoch++) {
        struct snn_region_mark mark = snn_region_mark(region);
        struct snn_view one = make_view(region, set, epoch, 50),
                        two = make_view(region, set, ~epoch, 50);

        for (int64_t first = 0; first < SAMPLES; first += BATCH) {
            struct snn_event_batch batches[] = { batch_of(&one, first), batch_of(&two, first),
                                                 batch_of(&one, first) };

            ask_by_threads(batches, 3);
            snn_event_ahead_release(ahead, 3); /* the loop goes on: nothing is forgotten */
            if (first > 20 && epoch % 3 == 0)
                break; /* and the next batch is being made */
        }
        snn_event_ahead_release(ahead, 2);
        snn_region_release(region, mark); /* what views point to is used for others */
    }
    snn_event_ahead_destroy(ahead);
    snn_dataset_release(set);
    snn_region_destroy(region);
    return 0;
}
