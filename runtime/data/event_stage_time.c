/* SPDX-License-Identifier: MIT
 *
 * Stages that change when events happen. The parameters of each, in the order of their numbers, are
 * in event_stage.c.
 */
#include "data/event_stage.h"

#include <math.h>

/* A time that a float32 cannot tell from the beginning of a bin belongs to that bin: as in steps.
 */
static const double rounding = 1 + 1.0 / (1 << 22);

static int64_t bin_of(double time, double width)
{
    return (int64_t)floor(time / width * rounding);
}

/* Of an input with several events in a bin, the first stays. */
static int merge_bins(const struct snn_event_stage *stage, struct snn_event_work *work)
{
    int32_t *latest = snn_event_work_map(work, stage->inputs, sizeof *latest);
    int64_t kept = 0;

    if (!latest)
        return -1;
    for (int64_t i = 0; i < work->count; i++) {
        struct snn_event event = work->events[i];
        int32_t bin = (int32_t)bin_of((double)event.time, stage->numbers[0]) + 1;

        if (latest[event.input] != bin)
            work->events[kept++] = event;
        latest[event.input] = bin;
    }
    work->count = kept;
    return 0;
}

/* Width; whether an input has one event a bin at most; whether the last bin, which the sample ends
 * in, is left out. */
int snn_events_bin(const struct snn_event_stage *stage, struct snn_event_work *work,
                   struct snn_random *random)
{
    double width = stage->numbers[0];
    int64_t bins = INT64_MAX, kept = 0;

    (void)random;
    if (stage->numbers[2] > 0 && work->count > 0)
        bins = bin_of((double)work->events[work->count - 1].time, width);
    bins = bins < 1 ? 1 : bins;
    for (int64_t i = 0; i < work->count; i++) {
        struct snn_event event = work->events[i];
        int64_t bin = bin_of((double)event.time, width);

        if (bin >= bins)
            break;
        event.time = (float)((double)bin * width);
        work->events[kept++] = event;
    }
    work->count = kept;
    return stage->numbers[1] > 0 ? merge_bins(stage, work) : 0;
}

/* From one time to another; in whole bins where times are such, so that none is missed by a
 * rounding. */
static float between(const struct snn_event_stage *stage, double early, double late)
{
    double bin = stage->bin_to;

    return bin > 0 ? (float)((double)(bin_of(late, bin) - bin_of(early, bin)) * bin)
                   : (float)(late - early);
}

/* Events from `start` to before `end`, whose times then count from `start`. */
static void keep_time(const struct snn_event_stage *stage, struct snn_event_work *work,
                      double start, double end)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < work->count; i++) {
        struct snn_event event = work->events[i];

        if (event.time < (float)start || event.time >= (float)end)
            continue;
        event.time = between(stage, start, (double)event.time);
        work->events[kept++] = event;
    }
    work->count = kept;
}

/* End, beginning. */
int snn_events_crop_time(const struct snn_event_stage *stage, struct snn_event_work *work,
                         struct snn_random *random)
{
    (void)random;
    keep_time(stage, work, stage->numbers[1], stage->numbers[0]);
    return 0;
}

/* Duration. Of binned events the part begins with a bin. */
int snn_events_random_crop_time(const struct snn_event_stage *stage, struct snn_event_work *work,
                                struct snn_random *random)
{
    double duration = stage->numbers[0], start = 0;
    double last = work->count > 0 ? (double)work->events[work->count - 1].time : 0;

    if (stage->bin_from > 0) {
        int64_t bins = bin_of(last, stage->bin_from) + 1;
        int64_t wanted = (int64_t)ceil(duration / stage->bin_from / rounding);

        if (bins > wanted)
            start =
                (double)snn_random_below(random, (uint64_t)(bins - wanted + 1)) * stage->bin_from;
    } else if (last > duration) {
        start = snn_events_uniform(random) * (last - duration);
    }
    keep_time(stage, work, start, start + duration);
    return 0;
}

int snn_events_time_alignment(const struct snn_event_stage *stage, struct snn_event_work *work,
                              struct snn_random *random)
{
    (void)random;
    if (work->count > 0)
        keep_time(stage, work, (double)work->events[0].time, INFINITY);
    return 0;
}

/* Standard deviation. */
int snn_events_time_jitter(const struct snn_event_stage *stage, struct snn_event_work *work,
                           struct snn_random *random)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < work->count; i++) {
        struct snn_event event = work->events[i];

        event.time = (float)((double)event.time + stage->numbers[0] * snn_events_normal(random));
        if (event.time >= 0)
            work->events[kept++] = event;
    }
    work->count = kept;
    snn_sort_events(work->events, work->spare, kept);
    return 0;
}

/* Chance. Brighter and darker are exchanged, too, as they are when a film runs backwards. */
int snn_events_reverse_time(const struct snn_event_stage *stage, struct snn_event_work *work,
                            struct snn_random *random)
{
    float last = work->count > 0 ? work->events[work->count - 1].time : 0;

    if (snn_events_uniform(random) >= stage->numbers[0])
        return 0;
    for (int64_t i = 0, k = work->count - 1; i < k; i++, k--) {
        struct snn_event event = work->events[i];

        work->events[i] = work->events[k];
        work->events[k] = event;
    }
    for (int64_t i = 0; i < work->count; i++)
        work->events[i].time = between(stage, (double)work->events[i].time, (double)last);
    if (stage->from.polarities == 2) {
        int32_t half = (int32_t)(stage->inputs / 2);

        for (int64_t i = 0; i < work->count; i++)
            work->events[i].input += work->events[i].input < half ? half : -half;
    }
    return 0;
}
