/* SPDX-License-Identifier: MIT
 *
 * SpikeNN's event files: a .npy of one Python dictionary with `data`, a list of a record array
 * (indices, timestamps) for each sample, `labels`, `shape` (samples, inputs) and, perhaps,
 * `max_time`. Its events are unpacked when they are listed; after that the file is not needed.
 */
#include "data/events.h"

#include "data/mapping.h"
#include "data/npy.h"
#include "data/pickle.h"
#include "error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pickled_events {
    struct snn_mapping mapping; /* what the pickle points into */
    struct snn_region *region;  /* of the pickle */
    const struct snn_pickle_value *data;
    int32_t *index; /* owned, once listed */
    float *time;
};

static void close_pickle(struct pickled_events *events)
{
    snn_region_destroy(events->region);
    snn_mapping_close(&events->mapping);
    events->region = NULL;
    events->data = NULL;
}

static void dispose(void *state)
{
    struct pickled_events *events = state;

    close_pickle(events);
    free(events->index);
    free(events->time);
    free(events);
}

/* ---- facts */

/* The dictionary that numpy.save packs into an array of one object; NULL if it is not that. */
static const struct snn_pickle_value *dictionary_of(const struct snn_pickle_value *value)
{
    const struct snn_pickle_array *array = &value->array;

    if (value->kind == SNN_PICKLE_ARRAY && array->shape && array->shape->items.count == 0 &&
        array->data->kind == SNN_PICKLE_LIST && array->data->items.count == 1)
        value = array->data->items.list[0];
    return value->kind == SNN_PICKLE_DICT ? value : NULL;
}

/* A list, or an array of objects of one axis, as a list; NULL if it is neither. */
static const struct snn_pickle_value *list_of(const struct snn_pickle_value *value)
{
    int64_t count;

    if (value && value->kind == SNN_PICKLE_ARRAY && snn_pickle_row(value, &count))
        value = value->array.data;
    return value && value->kind == SNN_PICKLE_LIST ? value : NULL;
}

static double number_of(const struct snn_pickle_value *value)
{
    switch (value->kind) {
    case SNN_PICKLE_BOOL:
    case SNN_PICKLE_INT: return (double)value->integer;
    case SNN_PICKLE_REAL: return value->real;
    default: return NAN;
    }
}

static int read_shape(struct snn_event_store *store, const struct snn_pickle_value *shape)
{
    int64_t inputs;

    if (!shape || shape->kind != SNN_PICKLE_TUPLE || shape->items.count != 2 ||
        shape->items.list[0]->kind != SNN_PICKLE_INT ||
        shape->items.list[1]->kind != SNN_PICKLE_INT)
        return snn_error_set("%s: 'shape' must be a tuple (samples, inputs)", store->path);
    inputs = shape->items.list[1]->integer;
    if (inputs < 1 || inputs > INT32_MAX)
        return snn_error_set("%s: 'shape' says %lld inputs; there must be 1 at least", store->path,
                             (long long)inputs);
    if (shape->items.list[0]->integer != store->samples)
        return snn_error_set("%s: 'shape' says %lld samples, but 'data' has %lld", store->path,
                             (long long)shape->items.list[0]->integer, (long long)store->samples);
    return snn_event_store_add_axis(store, "input", inputs);
}

static int read_labels(struct snn_event_store *store, const struct snn_pickle_value *labels)
{
    const struct snn_pickle_dtype *dtype;
    int64_t count;

    if (!labels || !snn_pickle_row(labels, &count) || labels->array.data->kind != SNN_PICKLE_BYTES)
        return snn_error_set("%s: 'labels' must be an array of numbers, one for each sample",
                             store->path);
    if (count != store->samples)
        return snn_error_set("%s: 'labels' has %lld labels for %lld samples", store->path,
                             (long long)count, (long long)store->samples);
    store->labels = malloc((size_t)count * sizeof *store->labels + 1);
    if (!store->labels)
        return snn_error_set("%s: out of memory", store->path);
    dtype = &labels->array.dtype->dtype;
    for (int64_t i = 0; i < count; i++) {
        double label = snn_pickle_number(dtype, labels->array.data->bytes.data + i * dtype->size);

        if (!(label >= 0 && label < INT32_MAX) || label != floor(label))
            return snn_error_set("%s: label %g of sample %lld; labels are whole numbers from 0",
                                 store->path, label, (long long)i);
        store->labels[i] = (int32_t)label;
    }
    return 0;
}

static int read_facts(struct snn_event_store *store, const struct snn_pickle_value *dict)
{
    struct pickled_events *events = store->state;
    const struct snn_pickle_value *max_time;

    events->data = list_of(snn_pickle_find(dict, "data"));
    if (!events->data)
        return snn_error_set("%s: the dictionary has no list 'data' of the samples' events",
                             store->path);
    store->samples = (int64_t)events->data->items.count;
    max_time = snn_pickle_find(dict, "max_time");
    store->max_time = max_time ? number_of(max_time) : 1;
    if (!(store->max_time > 0) || isinf(store->max_time))
        return snn_error_set("%s: 'max_time' must be a number above 0", store->path);
    return read_shape(store, snn_pickle_find(dict, "shape")) < 0
               ? -1
               : read_labels(store, snn_pickle_find(dict, "labels"));
}

/* ---- events */

/* Where the records of a sample have one of their two numbers. */
struct column {
    const struct snn_pickle_dtype *dtype;
    int64_t offset;
};

static bool find_column(struct column *out, const struct snn_pickle_dtype *record, const char *name)
{
    const struct snn_pickle_value *field =
        record->fields ? snn_pickle_find(record->fields, name) : NULL;

    if (!field || field->kind != SNN_PICKLE_TUPLE || field->items.count < 2 ||
        field->items.list[0]->kind != SNN_PICKLE_DTYPE ||
        field->items.list[1]->kind != SNN_PICKLE_INT)
        return false;
    out->dtype = &field->items.list[0]->dtype;
    out->offset = field->items.list[1]->integer;
    return out->dtype->kind != 'O' && out->dtype->kind != 'V' && out->offset >= 0 &&
           out->offset <= record->size - out->dtype->size;
}

/* One sample's records; fails unless they are (indices, timestamps). */
static int find_columns(const struct snn_event_store *store, int64_t sample,
                        const struct snn_pickle_value *records, int64_t *count,
                        struct column *index, struct column *time)
{
    if (!snn_pickle_row(records, count) || records->array.data->kind != SNN_PICKLE_BYTES ||
        !find_column(index, &records->array.dtype->dtype, "indices") ||
        !find_column(time, &records->array.dtype->dtype, "timestamps"))
        return snn_error_set("%s: sample %lld is not a record array with the fields indices and "
                             "timestamps",
                             store->path, (long long)sample);
    return 0;
}

/* A number that is no input becomes -1, which the check of events refuses. */
static int32_t input_of(double number)
{
    return number >= 0 && number < INT32_MAX && number == floor(number) ? (int32_t)number : -1;
}

static void unpack(struct snn_event_list *list, const struct snn_pickle_value *records,
                   const struct column *index, const struct column *time, int32_t *indices,
                   float *times)
{
    const char *record = records->array.data->bytes.data;

    for (int64_t k = 0; k < list->count; k++) {
        indices[k] = input_of(snn_pickle_number(index->dtype, record + index->offset));
        times[k] = (float)snn_pickle_number(time->dtype, record + time->offset);
        record += records->array.dtype->dtype.size;
    }
    list->index = indices;
    list->time = times;
}

/* Sets the counts of all lists; returns their sum, -1 with the message set on failure. */
static int64_t count_events(const struct snn_event_store *store, struct snn_event_list *lists)
{
    const struct pickled_events *events = store->state;
    int64_t total = 0, bytes = 0;

    for (int64_t i = 0; i < store->samples; i++) {
        struct column index, time;

        if (find_columns(store, i, events->data->items.list[i], &lists[i].count, &index, &time) < 0)
            return -1;
        total += lists[i].count;
        bytes += lists[i].count * events->data->items.list[i]->array.dtype->dtype.size;
    }
    /* One array can be listed many times. */
    if (bytes > (int64_t)events->mapping.bytes)
        return snn_error_set("%s: more events than the file has bytes for", store->path);
    return total;
}

static int list_events(struct snn_event_store *store, struct snn_event_list *lists)
{
    struct pickled_events *events = store->state;
    int64_t total = count_events(store, lists), first = 0;

    if (total < 0)
        return -1;
    events->index = malloc((size_t)total * sizeof *events->index + 1);
    events->time = malloc((size_t)total * sizeof *events->time + 1);
    if (!events->index || !events->time)
        return snn_error_set("%s: out of memory for %lld events", store->path, (long long)total);
    for (int64_t i = 0; i < store->samples; i++) {
        const struct snn_pickle_value *records = events->data->items.list[i];
        struct column index, time;

        if (find_columns(store, i, records, &lists[i].count, &index, &time) < 0)
            return -1;
        unpack(&lists[i], records, &index, &time, events->index + first, events->time + first);
        if (snn_event_list_check(store, i, &lists[i]) < 0)
            return -1;
        first += lists[i].count;
    }
    close_pickle(events);
    return 0;
}

/* ---- opening */

static int read_dictionary(struct snn_event_store *store)
{
    struct pickled_events *events = store->state;
    const struct snn_pickle_value *root, *dict;
    size_t offset;

    if (snn_npy_object_offset(&offset, events->mapping.memory, events->mapping.bytes, store->path) <
            0 ||
        snn_pickle_read(&root, events->region, (const char *)events->mapping.memory + offset,
                        events->mapping.bytes - offset, offset, store->path) < 0)
        return -1;
    dict = dictionary_of(root);
    if (!dict)
        return snn_error_set("%s: not a dictionary with data, labels and shape", store->path);
    return read_facts(store, dict);
}

int snn_event_store_pickle(struct snn_event_store **out, struct snn_mapping *mapping,
                           const char *path)
{
    struct snn_event_store *store = snn_event_store_create(path);
    struct pickled_events *events = calloc(1, sizeof *events);

    if (!store || !events) {
        snn_error_set("%s: out of memory", path);
        snn_mapping_close(mapping);
        snn_event_store_close(store);
        free(events);
        return -1;
    }
    events->mapping = *mapping;
    *mapping = (struct snn_mapping){ 0 };
    events->region = snn_region_create();
    store->state = events;
    store->dispose = dispose;
    store->list = list_events;
    if (read_dictionary(store) < 0) {
        snn_event_store_close(store);
        return -1;
    }
    *out = store;
    return 0;
}
