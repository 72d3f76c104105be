/* SPDX-License-Identifier: MIT
 *
 * Cutting samples: each gets an allocation of just its size, so that a split takes 8 bytes an event
 * whatever its files need while they are read.
 */
#include "data/recording.h"

#include "data/source.h"
#include "error.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 1024,
    LARGEST_STEP_BACK = 1000000, /* us: cameras mix up events of a moment, no more */
};

/* The program counts time in ms. */
static const double microsecond = 1e-3;

/* ---- recordings */

int snn_recording_reserve(struct snn_recording *recording, int64_t count, const char *path)
{
    int64_t capacity = recording->capacity ? recording->capacity : FIRST_CAPACITY;
    struct snn_recorded_event *events;

    while (capacity - recording->count < count)
        capacity *= 2;
    if (recording->events && capacity == recording->capacity)
        return 0;
    events = realloc(recording->events, (size_t)capacity * sizeof *events);
    if (!events)
        return snn_error_set("%s: out of memory for %lld events", path, (long long)capacity);
    recording->events = events;
    recording->capacity = capacity;
    return 0;
}

void snn_recording_dispose(struct snn_recording *recording)
{
    free(recording->events);
    *recording = (struct snn_recording){ 0 };
}

/* 1 if the events are in order, 0 if they are nearly; an error if the clock was set back. */
static int check_order(const struct snn_recording *recording, const char *path)
{
    int64_t latest = recording->count > 0 ? recording->events[0].time : 0;
    int is_sorted = 1;

    for (int64_t i = 1; i < recording->count; i++) {
        int64_t time = recording->events[i].time;

        if (latest - time > LARGEST_STEP_BACK)
            return snn_error_set("%s: event %lld: the clock goes back by %lld us: it was set to 0 "
                                 "while recording; cut the file there",
                                 path, (long long)i, (long long)(latest - time));
        is_sorted &= time >= latest;
        latest = time > latest ? time : latest;
    }
    return is_sorted;
}

/* Two neighbouring runs of the same length become one; the second may be shorter or missing. */
static void merge_runs(struct snn_recorded_event *out, const struct snn_recorded_event *in,
                       int64_t length, int64_t count)
{
    int64_t a = 0, middle = length < count ? length : count, b = middle;

    for (int64_t i = 0; i < count; i++)
        out[i] = b == count || (a < middle && in[a].time <= in[b].time) ? in[a++] : in[b++];
}

int snn_recording_sort(struct snn_recording *recording, const char *path)
{
    struct snn_recorded_event *from = recording->events, *to;
    int64_t count = recording->count;

    int is_sorted = check_order(recording, path);

    if (is_sorted != 0)
        return is_sorted < 0 ? -1 : 0;
    to = malloc((size_t)recording->capacity * sizeof *to);
    if (!to)
        return snn_error_set("%s: out of memory for %lld events", path, (long long)count);
    for (int64_t length = 1; length < count; length *= 2) {
        struct snn_recorded_event *merged = to;

        for (int64_t first = 0; first < count; first += 2 * length)
            merge_runs(to + first, from + first, length,
                       count - first < 2 * length ? count - first : 2 * length);
        to = from;
        from = merged;
    }
    recording->events = from;
    free(to);
    return 0;
}

int64_t snn_recording_find(const struct snn_recording *recording, int64_t time)
{
    int64_t low = 0, high = recording->count;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;

        if (recording->events[middle].time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- samples */

/* The state of a store of samples. */
struct samples {
    struct snn_event_list *lists; /* owned: [capacity], each with one allocation at its index */
    int64_t capacity;
};

static void dispose_samples(void *state)
{
    struct samples *samples = state;

    for (int64_t i = 0; i < samples->capacity; i++)
        free((void *)(uintptr_t)samples->lists[i].index);
    free(samples->lists);
    free(samples);
}

static int list_samples(struct snn_event_store *store, struct snn_event_list *lists)
{
    const struct samples *samples = store->state;

    if (store->samples > 0)
        memcpy(lists, samples->lists, (size_t)store->samples * sizeof *lists);
    return 0;
}

struct snn_event_store *snn_samples_create(const char *path, const struct snn_dataset *set)
{
    struct snn_event_store *store = snn_event_store_create(path);
    struct samples *samples = calloc(1, sizeof *samples);

    if (!store || !samples) {
        snn_error_set("%s: out of memory", path);
        snn_event_store_close(store);
        free(samples);
        return NULL;
    }
    store->state = samples;
    store->dispose = dispose_samples;
    store->list = list_samples;
    store->field_count = set->field_count;
    for (int i = 0; i < set->axis_count; i++)
        if (snn_event_store_add_axis(store, set->axes[i].name, set->axes[i].size) < 0) {
            snn_event_store_close(store);
            return NULL;
        }
    return store;
}

/* Room for one sample more. */
static int reserve_sample(struct snn_event_store *store)
{
    struct samples *samples = store->state;
    int64_t capacity = samples->capacity ? samples->capacity * 2 : 64;
    struct snn_event_list *lists;
    int32_t *labels, *fields;

    if (store->samples < samples->capacity)
        return 0;
    lists = realloc(samples->lists, (size_t)capacity * sizeof *lists);
    if (lists)
        samples->lists = lists;
    labels = realloc(store->labels, (size_t)capacity * sizeof *labels);
    if (labels)
        store->labels = labels;
    fields = realloc(store->fields,
                     ((size_t)capacity * (size_t)store->field_count + 1) * sizeof *fields);
    if (fields)
        store->fields = fields;
    if (!lists || !labels || !fields)
        return snn_error_set("%s: out of memory for %lld samples", store->path,
                             (long long)capacity);
    memset(lists + samples->capacity, 0, (size_t)(capacity - samples->capacity) * sizeof *lists);
    samples->capacity = capacity;
    return 0;
}

int snn_samples_add(struct snn_event_store *store, const struct snn_recording *recording,
                    int64_t first, int64_t end, int64_t origin, int32_t label,
                    const int32_t *fields)
{
    int64_t height = recording->height, width = recording->width, count = end - first;
    const struct snn_recorded_event *events = recording->events + first;
    struct samples *samples = store->state;
    int32_t *index = NULL;
    float *time;

    assert(store->inputs == width * height || store->inputs == 2 * width * height);
    if (reserve_sample(store) < 0)
        return -1;
    if (count > 0)
        index = malloc((size_t)count * (sizeof *index + sizeof *time));
    if (count > 0 && !index)
        return snn_error_set("%s: out of memory for %lld events", store->path, (long long)count);
    time = (float *)(void *)(index + count);
    for (int64_t k = 0; k < count; k++) {
        index[k] = (int32_t)((events[k].polarity * height + events[k].y) * width + events[k].x);
        time[k] = (float)(events[k].time - origin);
    }
    if (count > 0 && (double)time[count - 1] >= store->max_time)
        store->max_time = (double)time[count - 1] + 1;
    samples->lists[store->samples] =
        (struct snn_event_list){ .index = index, .time = time, .count = count };
    store->labels[store->samples] = label;
    for (int i = 0; i < store->field_count; i++)
        store->fields[store->samples * store->field_count + i] = fields[i];
    store->samples++;
    return 0;
}

struct snn_dataset *snn_dataset_of_recordings(const char *name, int64_t height, int64_t width,
                                              int32_t classes)
{
    struct snn_dataset *set = snn_dataset_create(name);

    if (set &&
        (!snn_dataset_add_axis(set, "polarity", 2) || !snn_dataset_add_axis(set, "y", height) ||
         !snn_dataset_add_axis(set, "x", width))) {
        snn_dataset_release(set);
        return NULL;
    }
    if (!set)
        return NULL;
    set->pixel = SNN_PIXEL_EVENTS;
    set->classes = classes;
    set->max_time = NAN;
    set->time_unit = microsecond;
    return set;
}
