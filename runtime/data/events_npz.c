/* SPDX-License-Identifier: MIT
 *
 * The event format (docs/data.md): an .npz with the events of all samples one after the other, and
 * where each sample begins. Its arrays are used where they lie in the mapped file, if they are
 * there as they are needed.
 */
#include "data/events.h"

#include "data/npy.h"
#include "error.h"

#include <math.h>
#include <stdlib.h>

/* The file and what is used of it. */
struct event_arrays {
    struct snn_npz *npz;
    struct snn_npy start; /* int64 [samples + 1]: sample i has the events start[i] .. start[i+1] */
    struct snn_npy index; /* int32 */
    struct snn_npy time;  /* float32 */
};

static void dispose(void *state)
{
    struct event_arrays *arrays = state;

    snn_npy_dispose(&arrays->start);
    snn_npy_dispose(&arrays->index);
    snn_npy_dispose(&arrays->time);
    snn_npz_close(arrays->npz);
    free(arrays);
}

/* ---- reading arrays */

/* The only value of an array; `missing` if there is no such array. */
static int read_number(const struct snn_npz *npz, const char *name, double missing, double *out,
                       const char *path)
{
    struct snn_npy array;
    size_t count;

    *out = missing;
    if (!snn_npz_has(npz, name))
        return 0;
    if (snn_npz_read(npz, name, &array) < 0)
        return -1;
    count = array.count;
    if (count == 1)
        *out = snn_npy_value(&array, 0);
    snn_npy_dispose(&array);
    if (count != 1)
        return snn_error_set("%s: '%s' has %zu values; it must be a single number", path, name,
                             count);
    return 0;
}

/* Replaces the array by one of the type that is used; whole numbers must fit. */
static int convert(struct snn_npy *array, enum snn_npy_type type, const char *path,
                   const char *name)
{
    size_t bytes = snn_npy_type_bytes(type);
    char *data = malloc(array->count * bytes + 1);

    if (!data)
        return snn_error_set("%s: out of memory for '%s'", path, name);
    for (size_t i = 0; i < array->count; i++) {
        double value = snn_npy_value(array, i);
        double limit = type == SNN_NPY_INT32 ? INT32_MAX : 9007199254740992.0;

        if (type == SNN_NPY_FLOAT32) {
            ((float *)(void *)data)[i] = (float)value;
            continue;
        }
        if (!(fabs(value) <= limit) || value != floor(value)) {
            free(data);
            return snn_error_set("%s: '%s' has %g at place %zu, a whole number was expected", path,
                                 name, value, i);
        }
        if (type == SNN_NPY_INT32)
            ((int32_t *)(void *)data)[i] = (int32_t)value;
        else
            ((int64_t *)(void *)data)[i] = (int64_t)value;
    }
    if (!array->is_borrowed)
        free(array->data);
    array->data = data;
    array->type = type;
    array->is_borrowed = false;
    return 0;
}

/* One row of numbers of that type. What is read goes to *out also on failure. */
static int read_row(const struct snn_npz *npz, const char *name, enum snn_npy_type type,
                    struct snn_npy *out, const char *path)
{
    if (snn_npz_map(npz, name, out) < 0)
        return -1;
    if (out->rank != 1)
        return snn_error_set("%s: '%s' has %d axes; it must have one", path, name, out->rank);
    return out->type == type ? 0 : convert(out, type, path, name);
}

/* ---- facts */

static int read_labels(struct snn_event_store *store, const struct snn_npz *npz)
{
    struct snn_npy labels = { 0 };
    int status = read_row(npz, "label", SNN_NPY_INT32, &labels, store->path);

    if (status == 0 && labels.shape[0] != store->samples)
        status = snn_error_set("%s: 'label' has %lld labels for %lld samples", store->path,
                               (long long)labels.shape[0], (long long)store->samples);
    if (status == 0) {
        store->labels = malloc(labels.count * sizeof *store->labels + 1);
        status = store->labels ? 0 : snn_error_set("%s: out of memory", store->path);
    }
    for (size_t i = 0; status == 0 && i < labels.count; i++) {
        store->labels[i] = ((const int32_t *)labels.data)[i];
        if (store->labels[i] < 0 || store->labels[i] == INT32_MAX)
            status = snn_error_set("%s: label %d of sample %zu; labels are whole numbers from 0",
                                   store->path, store->labels[i], i);
    }
    snn_npy_dispose(&labels);
    return status;
}

static int read_facts(struct snn_event_store *store, struct event_arrays *arrays)
{
    const struct snn_npz *npz = arrays->npz;
    double inputs;

    if (read_row(npz, "indptr", SNN_NPY_INT64, &arrays->start, store->path) < 0 ||
        read_number(npz, "inputs", 0, &inputs, store->path) < 0 ||
        read_number(npz, "max_time", 1, &store->max_time, store->path) < 0)
        return -1;
    if (arrays->start.count < 1)
        return snn_error_set("%s: 'indptr' is empty; it must have one number more than there are "
                             "samples",
                             store->path);
    store->samples = (int64_t)arrays->start.count - 1;
    if (!(inputs >= 1 && inputs <= INT32_MAX) || inputs != floor(inputs))
        return snn_error_set("%s: 'inputs', the number of inputs, must be a whole number from 1%s",
                             store->path, snn_npz_has(npz, "inputs") ? "" : ", and is missing");
    if (!(store->max_time > 0) || isinf(store->max_time))
        return snn_error_set("%s: 'max_time' must be above 0, and is %g", store->path,
                             store->max_time);
    if (snn_event_store_add_axis(store, "input", (int64_t)inputs) < 0)
        return -1;
    return snn_npz_has(npz, "label") ? read_labels(store, npz) : 0;
}

/* ---- events */

static int check_starts(const struct snn_event_store *store, const struct event_arrays *arrays)
{
    const int64_t *start = arrays->start.data;
    int64_t events = (int64_t)arrays->index.count;

    if (arrays->index.count != arrays->time.count)
        return snn_error_set("%s: 'index' has %zu events and 'time' %zu", store->path,
                             arrays->index.count, arrays->time.count);
    for (int64_t i = 0; i < store->samples; i++)
        if (start[i] > start[i + 1])
            return snn_error_set("%s: sample %lld: 'indptr' goes down from %lld to %lld; it must "
                                 "have the number of events before each sample",
                                 store->path, (long long)i, (long long)start[i],
                                 (long long)start[i + 1]);
    if (start[0] != 0 || start[store->samples] != events)
        return snn_error_set("%s: 'indptr' must go from 0 to the number of events, %lld, and goes "
                             "from %lld to %lld",
                             store->path, (long long)events, (long long)start[0],
                             (long long)start[store->samples]);
    return 0;
}

static int list_events(struct snn_event_store *store, struct snn_event_list *lists)
{
    struct event_arrays *arrays = store->state;
    const int64_t *start = arrays->start.data;

    if (read_row(arrays->npz, "index", SNN_NPY_INT32, &arrays->index, store->path) < 0 ||
        read_row(arrays->npz, "time", SNN_NPY_FLOAT32, &arrays->time, store->path) < 0 ||
        check_starts(store, arrays) < 0)
        return -1;
    for (int64_t i = 0; i < store->samples; i++) {
        lists[i] = (struct snn_event_list){
            .index = (const int32_t *)arrays->index.data + start[i],
            .time = (const float *)arrays->time.data + start[i],
            .count = start[i + 1] - start[i],
        };
        if (snn_event_list_check(store, i, &lists[i]) < 0)
            return -1;
    }
    return 0;
}

int snn_event_store_npz(struct snn_event_store **out, struct snn_npz *npz, const char *path)
{
    struct snn_event_store *store = snn_event_store_create(path);
    struct event_arrays *arrays = calloc(1, sizeof *arrays);

    if (!store || !arrays) {
        snn_error_set("%s: out of memory", path);
        snn_event_store_close(store);
        free(arrays);
        snn_npz_close(npz);
        return -1;
    }
    arrays->npz = npz;
    store->state = arrays;
    store->dispose = dispose;
    store->list = list_events;
    if (read_facts(store, arrays) < 0) {
        snn_event_store_close(store);
        return -1;
    }
    *out = store;
    return 0;
}
