/* SPDX-License-Identifier: MIT
 *
 * Stages that leave events out, or add some.
 */
#include "data/event_stage.h"

#include <math.h>

/* Places of a picture, whatever the polarity. */
static int64_t pixel_of(const struct snn_event_stage *stage, int32_t input)
{
    return stage->from.width > 0 ? input % (stage->from.width * stage->from.height) : input;
}

static int64_t pixel_count(const struct snn_event_stage *stage)
{
    return stage->from.width > 0 ? stage->from.width * stage->from.height : stage->inputs;
}

/* Duration. An event stays if one of its four neighbours had an event less than the duration ago,
 * or if so much time has not passed yet. */
int snn_events_denoise(const struct snn_event_stage *stage, struct snn_event_work *work,
                       struct snn_random *random)
{
    int64_t width = stage->from.width, pixels = pixel_count(stage), kept = 0;
    double duration = stage->numbers[0];
    double *until = snn_event_work_map(work, pixels, sizeof *until);

    (void)random;
    if (!until)
        return -1;
    for (int64_t i = 0; i < pixels; i++)
        until[i] = duration;
    for (int64_t i = 0; i < work->count; i++) {
        struct snn_event event = work->events[i];
        double time = (double)event.time;
        int64_t at = pixel_of(stage, event.input), x = at % width;

        until[at] = time + duration;
        if ((x > 0 && until[at - 1] > time) || (x < width - 1 && until[at + 1] > time) ||
            (at >= width && until[at - width] > time) ||
            (at < pixels - width && until[at + width] > time))
            work->events[kept++] = event;
    }
    work->count = kept;
    return 0;
}

/* Duration. An event stays if the one before it at its pixel, kept or not, is longer ago. */
int snn_events_refractory_period(const struct snn_event_stage *stage, struct snn_event_work *work,
                                 struct snn_random *random)
{
    int64_t pixels = pixel_count(stage), kept = 0;
    double *last = snn_event_work_map(work, pixels, sizeof *last);

    (void)random;
    if (!last)
        return -1;
    for (int64_t i = 0; i < pixels; i++)
        last[i] = -INFINITY;
    for (int64_t i = 0; i < work->count; i++) {
        struct snn_event event = work->events[i];
        int64_t at = pixel_of(stage, event.input);

        if ((double)event.time - last[at] > stage->numbers[0])
            work->events[kept++] = event;
        last[at] = (double)event.time;
    }
    work->count = kept;
    return 0;
}

/* Share: exactly so many events, to the nearest, each of them as likely. */
int snn_events_drop_event(const struct snn_event_stage *stage, struct snn_event_work *work,
                          struct snn_random *random)
{
    int64_t left = (int64_t)floor(stage->numbers[0] * (double)work->count + 0.5), kept = 0;

    for (int64_t i = 0; i < work->count; i++) {
        bool is_dropped = (int64_t)snn_random_below(random, (uint64_t)(work->count - i)) < left;

        left -= is_dropped;
        if (!is_dropped)
            work->events[kept++] = work->events[i];
    }
    work->count = kept;
    return 0;
}

/* Share of the time from the first event to the last. */
int snn_events_drop_event_by_time(const struct snn_event_stage *stage, struct snn_event_work *work,
                                  struct snn_random *random)
{
    double first, length, start;
    int64_t kept = 0;

    if (work->count == 0)
        return 0;
    first = (double)work->events[0].time;
    length = (double)work->events[work->count - 1].time - first;
    start = first + snn_events_uniform(random) * length * (1 - stage->numbers[0]);
    length *= stage->numbers[0];
    for (int64_t i = 0; i < work->count; i++) {
        double time = (double)work->events[i].time;

        if (time < start || time >= start + length)
            work->events[kept++] = work->events[i];
    }
    work->count = kept;
    return 0;
}

/* Share of each side of the picture. */
int snn_events_drop_event_by_area(const struct snn_event_stage *stage, struct snn_event_work *work,
                                  struct snn_random *random)
{
    int64_t height = (int64_t)((double)stage->from.height * stage->numbers[0]);
    int64_t width = (int64_t)((double)stage->from.width * stage->numbers[0]), kept = 0;
    int64_t top = (int64_t)snn_random_below(random, (uint64_t)(stage->from.height - height + 1));
    int64_t left = (int64_t)snn_random_below(random, (uint64_t)(stage->from.width - width + 1));

    for (int64_t i = 0; i < work->count; i++) {
        struct snn_event_place at = snn_events_place(&stage->from, work->events[i].input);

        if (at.y < top || at.y >= top + height || at.x < left || at.x >= left + width)
            work->events[kept++] = work->events[i];
    }
    work->count = kept;
    return 0;
}

/* Number of events, anywhere, from the first event of the sample to its last; none if it has none.
 */
int snn_events_uniform_noise(const struct snn_event_stage *stage, struct snn_event_work *work,
                             struct snn_random *random)
{
    int64_t count = (int64_t)stage->numbers[0];
    double first, last;

    if (work->count == 0)
        return 0;
    first = (double)work->events[0].time;
    last = (double)work->events[work->count - 1].time;
    if (snn_event_work_reserve(work, work->count + count) < 0)
        return -1;
    for (int64_t i = 0; i < count; i++) {
        float time = (float)(first + snn_events_uniform(random) * (last - first));
        int32_t input = (int32_t)snn_random_below(random, (uint64_t)stage->inputs);

        work->events[work->count++] = (struct snn_event){ time, input };
    }
    snn_sort_events(work->events, work->spare, work->count);
    return 0;
}
