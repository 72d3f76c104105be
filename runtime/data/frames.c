/* SPDX-License-Identifier: MIT
 *
 * Frames that other programs made of recordings: .npy arrays of counts. They become what the stage
 * `bin` makes of events: a count of 3 is three events at the beginning of the frame's bin, so that
 * empty pixels take no memory. Time counts in frames.
 */
#include "data/mapping.h"
#include "data/npy.h"
#include "data/places.h"
#include "data/recording.h"
#include "data/source.h"
#include "error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_SIDE = 65535, LARGEST_COUNT = 1000000 };

/* The samples of one file. */
struct shape {
    int64_t samples, frames, polarities, height, width;
};

struct frames {
    struct snn_names files, classes; /* of a folder: "<class>/<file>" */
    char path[SNN_PATH_BYTES], labels[SNN_PATH_BYTES];
    bool is_folder;
};

/* ---- arrays */

/* An array, used where it is in its file if it can be. */
struct mapped_array {
    struct snn_mapping mapping;
    struct snn_npy array;
};

static int open_array(struct mapped_array *out, const char *path)
{
    int status;

    *out = (struct mapped_array){ 0 };
    if (snn_mapping_open(&out->mapping, path) < 0)
        return -1;
    status = snn_npy_borrow(&out->array, out->mapping.memory, out->mapping.bytes, path);
    if (status == 1)
        status = snn_npy_open(&out->array, path);
    return status;
}

static void close_array(struct mapped_array *mapped)
{
    snn_npy_dispose(&mapped->array);
    snn_mapping_close(&mapped->mapping);
}

/* [sample, time, polarity, y, x], where polarity, or polarity and y, may be missing; the files of a
 * folder have no samples. */
static int read_shape(struct shape *out, const struct snn_npy *array, const char *path,
                      bool is_folder)
{
    const int64_t *sizes = array->shape;
    int rank = array->rank + is_folder;

    *out = (struct shape){ .samples = 1, .polarities = 1, .height = 1 };
    if (rank < 3 || rank > 5)
        return snn_error_set("%s: %d axes; frames are [%stime, polarity, y, x], [%stime, y, x] or "
                             "[%stime, input]",
                             path, array->rank, is_folder ? "" : "sample, ",
                             is_folder ? "" : "sample, ", is_folder ? "" : "sample, ");
    if (!is_folder)
        out->samples = *sizes++;
    out->frames = *sizes++;
    out->polarities = rank > 4 ? *sizes++ : 1;
    out->height = rank > 3 ? *sizes++ : 1;
    out->width = *sizes;
    if (out->polarities < 1 || out->polarities > 2 || out->height < 1 || out->width < 1 ||
        out->height > LARGEST_SIDE || out->width > LARGEST_SIDE || out->frames < 1)
        return snn_error_set(
            "%s: %lld frames of %lld polarities and %lld x %lld pixels; there must "
            "be frames of 1 or 2 polarities and up to %d pixels on a side",
            path, (long long)out->frames, (long long)out->polarities, (long long)out->height,
            (long long)out->width, LARGEST_SIDE);
    return 0;
}

/* ---- samples */

static int add_element(struct snn_recording *out, const struct shape *shape, double value, size_t i,
                       const char *path)
{
    size_t width = (size_t)shape->width, height = (size_t)shape->height;
    size_t row = i / width, plane = row / height;
    struct snn_recorded_event event = {
        .time = (int64_t)(plane / (size_t)shape->polarities),
        .x = (uint16_t)(i % width),
        .y = (uint16_t)(row % height),
        .polarity = (uint8_t)(plane % (size_t)shape->polarities),
    };

    if (!(value >= 0 && value <= LARGEST_COUNT) || value != floor(value))
        return snn_error_set("%s: frame %lld has %g at polarity %d, y %d, x %d; frames hold counts "
                             "of events",
                             path, (long long)event.time, value, event.polarity, event.y, event.x);
    if (snn_recording_reserve(out, (int64_t)value, path) < 0)
        return -1;
    for (int64_t k = 0; k < (int64_t)value; k++)
        out->events[out->count++] = event;
    return 0;
}

static int add_sample(struct snn_event_store *store, const struct snn_npy *array,
                      const struct shape *shape, int64_t sample, int32_t label, const char *path,
                      struct snn_recording *recording)
{
    size_t elements =
        (size_t)(shape->frames * shape->polarities) * (size_t)(shape->height * shape->width);
    size_t first = (size_t)sample * elements;

    recording->count = 0;
    recording->width = shape->width;
    recording->height = shape->height;
    for (size_t i = 0; i < elements; i++) {
        double value = snn_npy_value(array, first + i);

        if (value != 0 && add_element(recording, shape, value, i, path) < 0)
            return -1;
    }
    return snn_samples_add(store, recording, 0, recording->count, 0, label, NULL);
}

/* The file has the pixels of the set. */
static int check_shape(const struct snn_dataset *set, const struct shape *shape, const char *path)
{
    const struct snn_dataset_axis *axes = set->axes;

    if (shape->polarities == axes[0].size && shape->height == axes[1].size &&
        shape->width == axes[2].size)
        return 0;
    return snn_error_set("%s: frames of [polarity: %lld, y: %lld, x: %lld], but the first file has "
                         "[polarity: %lld, y: %lld, x: %lld]",
                         path, (long long)shape->polarities, (long long)shape->height,
                         (long long)shape->width, (long long)axes[0].size, (long long)axes[1].size,
                         (long long)axes[2].size);
}

/* All samples of a file. `labels` may be NULL: `label` holds for all, or -1: their positions. */
static int add_file(struct snn_event_store *store, const struct snn_dataset *set, const char *path,
                    const struct snn_npy *labels, int32_t label)
{
    const struct frames *frames = set->state;
    struct snn_recording recording = { 0 };
    struct mapped_array file;
    struct shape shape;
    int status = open_array(&file, path);

    if (status == 0)
        status = read_shape(&shape, &file.array, path, frames->is_folder);
    if (status == 0)
        status = check_shape(set, &shape, path);
    for (int64_t i = 0; status == 0 && i < shape.samples; i++)
        status = add_sample(store, &file.array, &shape, i,
                            labels      ? (int32_t)snn_npy_value(labels, (size_t)i)
                            : label < 0 ? (int32_t)i
                                        : label,
                            path, &recording);
    snn_recording_dispose(&recording);
    close_array(&file);
    return status;
}

/* ---- labels */

static int check_labels(const struct snn_npy *labels, const char *path, int64_t samples,
                        int32_t *classes)
{
    *classes = 0;
    if (labels->rank != 1 || labels->shape[0] != samples)
        return snn_error_set("%s: there must be one label for each of the %lld samples", path,
                             (long long)samples);
    for (size_t i = 0; i < labels->count; i++) {
        double label = snn_npy_value(labels, i);

        if (!(label >= 0 && label < INT32_MAX) || label != floor(label))
            return snn_error_set("%s: label %g of sample %zu; labels are whole numbers from 0",
                                 path, label, i);
        *classes = label >= *classes ? (int32_t)label + 1 : *classes;
    }
    return 0;
}

/* The class of a file of a folder. */
static int32_t class_of(const struct frames *frames, const char *file)
{
    for (int64_t i = 0; i < frames->classes.count; i++) {
        size_t length = strlen(frames->classes.items[i]);

        if (strncmp(file, frames->classes.items[i], length) == 0 && file[length] == '/')
            return (int32_t)i;
    }
    return 0;
}

/* ---- the set */

static int fill_store(struct snn_event_store *store, const struct snn_dataset *set)
{
    const struct frames *frames = set->state;
    struct mapped_array labels = { 0 };
    int status = 0;

    if (!frames->is_folder) {
        if (frames->labels[0])
            status = open_array(&labels, frames->labels);
        if (status == 0)
            status =
                add_file(store, set, frames->path, frames->labels[0] ? &labels.array : NULL, -1);
        close_array(&labels);
        return status;
    }
    for (int64_t i = 0; status == 0 && i < frames->files.count; i++) {
        char path[SNN_PATH_BYTES];

        status = snn_path_join(path, frames->path, frames->files.items[i]);
        if (status == 0)
            status = add_file(store, set, path, NULL, class_of(frames, frames->files.items[i]));
    }
    return status;
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    const struct frames *frames = set->state;
    struct snn_event_store *store = snn_samples_create(frames->path, set);

    (void)split;
    if (!store || fill_store(store, set) < 0) {
        snn_event_store_close(store);
        return -1;
    }
    return snn_part_of_events(part, set, store);
}

static void dispose(void *state)
{
    struct frames *frames = state;

    snn_names_dispose(&frames->files);
    snn_names_dispose(&frames->classes);
    free(frames);
}

static int list_folder(struct frames *frames)
{
    if (snn_names_read(&frames->classes, frames->path, "", true) < 0)
        return -1;
    for (int64_t c = 0; c < frames->classes.count; c++) {
        const char *class = frames->classes.items[c];
        struct snn_names files = { 0 };
        char path[SNN_PATH_BYTES];
        int status = snn_path_join(path, frames->path, class);

        if (status == 0)
            status = snn_names_read(&files, path, ".npy", false);
        for (int64_t i = 0; status == 0 && i < files.count; i++) {
            status = snn_path_join(path, class, files.items[i]);
            if (status == 0)
                status = snn_names_add(&frames->files, path);
        }
        snn_names_dispose(&files);
        if (status < 0)
            return -1;
    }
    return frames->files.count > 0
               ? 0
               : snn_error_set("%s: no frames: they are in <class>/*.npy", frames->path);
}

/* The facts of the first file, and the labels of a single one. */
static int read_facts(struct shape *shape, int32_t *classes, const struct frames *frames)
{
    struct mapped_array first, labels = { 0 };
    char path[SNN_PATH_BYTES];
    int status;

    strcpy(path, frames->path);
    if (frames->is_folder && snn_path_join(path, frames->path, frames->files.items[0]) < 0)
        return -1;
    status = open_array(&first, path);
    if (status == 0)
        status = read_shape(shape, &first.array, path, frames->is_folder);
    *classes = frames->is_folder ? (int32_t)frames->classes.count : 0;
    if (status == 0 && frames->labels[0]) {
        status = open_array(&labels, frames->labels);
        if (status == 0)
            status = check_labels(&labels.array, frames->labels, shape->samples, classes);
        close_array(&labels);
    }
    close_array(&first);
    return status;
}

static int open_set(struct snn_dataset *set, const char *path, double step, const char *labels)
{
    struct frames *frames = set->state;
    struct shape shape;
    int32_t classes;

    if (snn_places_find(frames->path, set->name, path) < 0 ||
        (labels[0] && snn_places_find(frames->labels, set->name, labels) < 0))
        return -1;
    frames->is_folder = snn_is_folder(frames->path);
    if (frames->is_folder && labels[0])
        return snn_error_set("%s: the labels of a folder are the names of the folders in it; leave "
                             "out '%s'",
                             frames->path, labels);
    if ((frames->is_folder && list_folder(frames) < 0) || read_facts(&shape, &classes, frames) < 0)
        return -1;
    set->pixel = SNN_PIXEL_EVENTS;
    set->classes = classes;
    set->max_time = frames->is_folder ? NAN : (double)shape.frames; /* files have their own */
    set->time_unit = isnan(step) ? 1 : step;
    set->bin = 1;
    set->splits = 1u << SNN_SPLIT_NONE;
    return snn_dataset_add_axis(set, "polarity", shape.polarities) &&
                   snn_dataset_add_axis(set, "y", shape.height) &&
                   snn_dataset_add_axis(set, "x", shape.width)
               ? 0
               : -1;
}

int snn_dataset_frames(struct snn_dataset **out, const char *name, const char *path, double step,
                       const char *labels)
{
    struct snn_dataset *set = snn_dataset_create(name);

    if (!set)
        return -1;
    set->state = calloc(1, sizeof(struct frames));
    set->dispose = dispose;
    set->load = load;
    if (!set->state) {
        set->dispose = NULL;
        snn_dataset_release(set);
        return snn_error_set("out of memory for a data set");
    }
    if (open_set(set, path, step, labels) < 0) {
        snn_dataset_release(set);
        return -1;
    }
    *out = set;
    return 0;
}
