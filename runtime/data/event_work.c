/* SPDX-License-Identifier: MIT
 *
 * The making of a sample: its events as they are stored, then stage after stage over them, in
 * memory that a thread uses again and again.
 */
#include "data/event_stage.h"

#include "error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAU 6.283185307179586

struct snn_event_work *snn_event_work_create(void)
{
    struct snn_event_work *work = calloc(1, sizeof *work);

    if (!work)
        snn_error_set("out of memory for events");
    return work;
}

void snn_event_work_destroy(struct snn_event_work *work)
{
    if (!work)
        return;
    free(work->events);
    free(work->spare);
    free(work->map);
    free(work->index);
    free(work->time);
    free(work);
}

static bool resize(void *array, int64_t count, size_t size)
{
    void **memory = array;
    void *grown = realloc(*memory, (size_t)count * size);

    if (grown)
        *memory = grown;
    return grown != NULL;
}

int snn_event_work_reserve(struct snn_event_work *work, int64_t capacity)
{
    if (capacity <= work->capacity)
        return 0;
    capacity += capacity / 2 + 64;
    if (!resize(&work->events, capacity, sizeof *work->events) ||
        !resize(&work->spare, capacity, sizeof *work->spare) ||
        !resize(&work->index, capacity, sizeof *work->index) ||
        !resize(&work->time, capacity, sizeof *work->time))
        return snn_error_set("out of memory for %lld events", (long long)capacity);
    work->capacity = capacity;
    return 0;
}

void *snn_event_work_map(struct snn_event_work *work, int64_t count, size_t size)
{
    size_t bytes = (size_t)count * size;

    if (bytes > work->map_bytes) {
        if (!resize(&work->map, (int64_t)bytes, 1)) {
            snn_error_set("out of memory for %lld inputs", (long long)count);
            return NULL;
        }
        work->map_bytes = bytes;
    }
    return memset(work->map, 0, bytes);
}

static int read_events(const struct snn_event_list *list, struct snn_event_work *work)
{
    if (snn_event_work_reserve(work, list->count) < 0)
        return -1;
    for (int64_t i = 0; i < list->count; i++)
        work->events[i] = (struct snn_event){ list->time[i], list->index[i] };
    work->count = list->count;
    return 0;
}

static int make_events(const struct snn_event_list *list, struct snn_event_work *work)
{
    const struct snn_event_stage *stage = list->stage;
    struct snn_random random;

    if (!stage)
        return read_events(list, work);
    work->count = 0;
    if (list->from && make_events(list->from, work) < 0)
        return -1;
    work->number = list->number;
    random = snn_random_start(stage->key, (uint64_t)list->number);
    return stage->apply ? stage->apply(stage, work, &random) : 0;
}

static double end_of_stored(const struct snn_event_list *list)
{
    return list->count > 0 ? (double)list->time[list->count - 1] + 1 : 0;
}

static double end_through(const struct snn_event_stage *stage, double end)
{
    return stage->end ? stage->end(stage, end) : end;
}

double snn_event_list_end(const struct snn_event_list *list)
{
    if (!list->stage)
        return end_of_stored(list);
    return list->from ? end_through(list->stage, snn_event_list_end(list->from)) : INFINITY;
}

int snn_event_list_find_end(const struct snn_event_list *list, struct snn_event_work *work,
                            double *end)
{
    struct snn_event_list made = *list;

    if (list->stage && list->from) {
        if (snn_event_list_find_end(list->from, work, end) < 0)
            return -1;
        *end = end_through(list->stage, *end);
        return 0;
    }
    if (snn_event_list_make(list, work, &made) < 0)
        return -1;
    *end = end_of_stored(&made);
    return 0;
}

int snn_event_list_make(const struct snn_event_list *list, struct snn_event_work *work,
                        struct snn_event_list *out)
{
    *out = *list;
    if (!list->stage)
        return 0;
    if (make_events(list, work) < 0)
        return -1;
    for (int64_t i = 0; i < work->count; i++) {
        work->index[i] = work->events[i].input;
        work->time[i] = work->events[i].time;
    }
    *out =
        (struct snn_event_list){ .index = work->index, .time = work->time, .count = work->count };
    return 0;
}

/* ---- what stages share */

double snn_events_uniform(struct snn_random *random)
{
    return (double)snn_random_u32(random) * 0x1p-32;
}

double snn_events_normal(struct snn_random *random)
{
    double radius = sqrt(-2 * log(((double)snn_random_u32(random) + 1) * 0x1p-32));

    return radius * cos(TAU * snn_events_uniform(random));
}

struct snn_event_place snn_events_place(const struct snn_event_shape *shape, int32_t input)
{
    return (struct snn_event_place){ .polarity = input / (shape->width * shape->height),
                                     .y = input / shape->width % shape->height,
                                     .x = input % shape->width };
}

int32_t snn_events_input(const struct snn_event_shape *shape, struct snn_event_place place)
{
    return (int32_t)((place.polarity * shape->height + place.y) * shape->width + place.x);
}
