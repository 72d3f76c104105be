/* SPDX-License-Identifier: MIT
 *
 * Data sets from the arrays of .npz and .npy files. A file is read when the set is made: it is the
 * user's own, of any size and shape, and what is wrong with it should be said at once.
 */
#include "data/npy.h"
#include "data/source.h"
#include "error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CHANNELS = 4 }; /* grey, grey and alpha, colour, colour and alpha */

/* The names that the samples, and the labels, of a set without splits may have; NULL ends. */
static const char *const sample_names[] = { "x", "images", "data", NULL };
static const char *const label_names[] = { "y", "labels", "label", "target", NULL };

static int add_axes(struct snn_dataset *set, const struct snn_npy *array, const char *path)
{
    static const char *const flat[] = { "feature" };
    static const char *const picture[] = { "y", "x" };
    static const char *const channels_first[] = { "channel", "y", "x" };
    static const char *const channels_last[] = { "y", "x", "channel" };
    const char *const *names = NULL;

    switch (array->rank) {
    case 2: names = flat; break;
    case 3: names = picture; break;
    case 4: names = array->shape[3] <= MAX_CHANNELS ? channels_last : channels_first; break;
    default:
        return snn_error_set("%s: the samples have %d axes; [sample, feature], [sample, y, x], "
                             "[sample, channel, y, x] and "
                             "[sample, y, x, channel] can be read",
                             path, array->rank);
    }
    for (int axis = 1; axis < array->rank; axis++)
        if (!snn_dataset_add_axis(set, names[axis - 1], array->shape[axis]))
            return -1;
    set->pixel = array->type == SNN_NPY_UINT8 ? SNN_PIXEL_UINT8 : SNN_PIXEL_FLOAT32;
    return 0;
}

/* The first split decides about axes and type, the others must agree. */
static int check_axes(const struct snn_dataset *set, const struct snn_npy *array, const char *path,
                      const char *name)
{
    bool agrees = array->rank == set->axis_count + 1 &&
                  (array->type == SNN_NPY_UINT8) == (set->pixel == SNN_PIXEL_UINT8);

    for (int axis = 0; agrees && axis < set->axis_count; axis++)
        agrees = array->shape[axis + 1] == set->axes[axis].size;
    if (!agrees)
        return snn_error_set(
            "%s: '%s' has samples of another shape or type than the split before it", path, name);
    return 0;
}

static int copy_samples(struct snn_part *part, const struct snn_dataset *set, struct snn_npy *array)
{
    float *values;

    if (snn_part_allocate(part, set, array->shape[0], false) < 0)
        return -1;
    if (array->type == SNN_NPY_UINT8 || array->type == SNN_NPY_FLOAT32) {
        memcpy(part->pixels, array->data, array->count * snn_npy_type_bytes(array->type));
        return 0;
    }
    values = part->pixels;
    for (size_t i = 0; i < array->count; i++)
        values[i] = (float)snn_npy_value(array, i);
    return 0;
}

static int copy_labels(struct snn_part *part, struct snn_dataset *set, const struct snn_npy *array,
                       const char *path, const char *name)
{
    if (array->rank != 1 || array->shape[0] != part->count)
        return snn_error_set("%s: %s must have one label for each of the %lld samples", path, name,
                             (long long)part->count);
    part->labels = malloc((size_t)part->count * sizeof *part->labels + 1);
    if (!part->labels)
        return snn_error_set("%s: out of memory", path);
    for (int64_t i = 0; i < part->count; i++) {
        double label = snn_npy_value(array, (size_t)i);

        if (!(label >= 0 && label < INT32_MAX) || label != floor(label))
            return snn_error_set("%s: label %g of sample %lld in %s is not a whole number from 0",
                                 path, label, (long long)i, name);
        part->labels[i] = (int32_t)label;
        if (part->labels[i] >= set->classes)
            set->classes = part->labels[i] + 1;
    }
    return 0;
}

/* Gives *part the samples, and the set its axes if this is its first split. */
static int take_samples(struct snn_part *part, struct snn_dataset *set, struct snn_npy *samples,
                        const char *path, const char *name)
{
    int status = set->splits ? check_axes(set, samples, path, name) : add_axes(set, samples, path);

    return status == 0 ? copy_samples(part, set, samples) : status;
}

/* Reads samples and labels (no such name: none) of one split into *part. */
static int read_part(struct snn_part *part, struct snn_dataset *set, const struct snn_npz *npz,
                     const char *path, const char *samples_name, const char *labels_name)
{
    struct snn_npy samples = { 0 }, labels = { 0 };
    int status = snn_npz_read(npz, samples_name, &samples);

    if (status == 0)
        status = take_samples(part, set, &samples, path, samples_name);
    snn_npy_dispose(&samples);
    if (status == 0 && labels_name)
        status = snn_npz_read(npz, labels_name, &labels);
    if (status == 0 && labels_name) {
        char quoted[64];

        snprintf(quoted, sizeof quoted, "'%s'", labels_name);
        status = copy_labels(part, set, &labels, path, quoted);
    }
    snn_npy_dispose(&labels);
    return status;
}

static int add_part(struct snn_dataset *set, enum snn_split split, const struct snn_npz *npz,
                    const char *path, const char *samples_name, const char *labels_name)
{
    struct snn_part part = { 0 };

    if (set->splits && !labels_name != (set->classes == 0))
        return snn_error_set("%s: some splits have labels and others have none", path);
    if (read_part(&part, set, npz, path, samples_name, labels_name) < 0) {
        snn_part_dispose(&part);
        return -1;
    }
    snn_dataset_put_part(set, split, &part);
    return 0;
}

/* x_train with y_train, and so on. */
static int add_splits(struct snn_dataset *set, const struct snn_npz *npz, const char *path)
{
    for (int s = 0; s < SNN_SPLIT_NONE; s++) {
        char samples[16], labels[16];

        snprintf(samples, sizeof samples, "x_%s", snn_split_name((enum snn_split)s));
        snprintf(labels, sizeof labels, "y_%s", snn_split_name((enum snn_split)s));
        if (snn_npz_has(npz, samples) && add_part(set, (enum snn_split)s, npz, path, samples,
                                                  snn_npz_has(npz, labels) ? labels : NULL) < 0)
            return -1;
    }
    return 0;
}

/* The first of `names` that the file has, or NULL. */
static const char *find_array(const struct snn_npz *npz, const char *const *names)
{
    while (*names && !snn_npz_has(npz, *names))
        names++;
    return *names;
}

static int fail_no_samples(const struct snn_npz *npz, const char *path)
{
    char names[512] = "none";
    size_t used = 0;

    for (int64_t i = 0; i < snn_npz_count(npz) && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
                                 snn_npz_name(npz, i));
    return snn_error_set("%s: no array x, images, data, x_train or x_test; it has %s", path, names);
}

static int add_arrays(struct snn_dataset *set, const struct snn_npz *npz, const char *path)
{
    const char *samples = find_array(npz, sample_names);

    if (samples)
        return add_part(set, SNN_SPLIT_NONE, npz, path, samples, find_array(npz, label_names));
    if (add_splits(set, npz, path) < 0)
        return -1;
    return set->splits ? 0 : fail_no_samples(npz, path);
}

int snn_dataset_npz_from(struct snn_dataset **out, const char *name, const struct snn_npz *npz,
                         const char *path)
{
    struct snn_dataset *set = snn_dataset_create(name);

    if (!set || add_arrays(set, npz, path) < 0) {
        snn_dataset_release(set);
        return -1;
    }
    *out = set;
    return 0;
}

int snn_dataset_npz(struct snn_dataset **out, const char *name, const char *path)
{
    struct snn_npz *npz;
    int status;

    if (snn_npz_open(&npz, path) < 0)
        return -1;
    status = snn_dataset_npz_from(out, name, npz, path);
    snn_npz_close(npz);
    return status;
}

static int add_labels(struct snn_part *part, struct snn_dataset *set, const char *path)
{
    struct snn_npy labels;
    int status = snn_npy_open(&labels, path);

    if (status < 0)
        return -1;
    status = copy_labels(part, set, &labels, path, "the array");
    snn_npy_dispose(&labels);
    return status;
}

static int fill_from_npy(struct snn_dataset *set, const char *path, const char *labels)
{
    struct snn_npy samples;
    struct snn_part part = { 0 };
    int status;

    if (snn_npy_open(&samples, path) < 0)
        return -1;
    status = take_samples(&part, set, &samples, path, path);
    snn_npy_dispose(&samples);
    if (status == 0 && labels[0])
        status = add_labels(&part, set, labels);
    if (status == 0)
        snn_dataset_put_part(set, SNN_SPLIT_NONE, &part);
    snn_part_dispose(&part);
    return status;
}

int snn_dataset_npy(struct snn_dataset **out, const char *name, const char *path,
                    const char *labels)
{
    struct snn_dataset *set = snn_dataset_create(name);

    if (!set || fill_from_npy(set, path, labels) < 0) {
        snn_dataset_release(set);
        return -1;
    }
    *out = set;
    return 0;
}
