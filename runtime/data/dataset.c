/* SPDX-License-Identifier: MIT
 *
 * What all data sets have in common: axes, splits that are read on first use, counting of
 * references. Where samples come from is up to the source.
 */
#include "data/dataset.h"

#include "data/event_stage.h"
#include "data/events.h"
#include "data/places.h"
#include "data/source.h"
#include "error.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct snn_dataset *snn_dataset_create(const char *name)
{
    struct snn_dataset *set = calloc(1, sizeof *set);

    if (set)
        set->name = strdup(name ? name : "data");
    if (!set || !set->name || pthread_mutex_init(&set->lock, NULL) != 0) {
        if (set)
            free(set->name);
        free(set);
        snn_error_set("out of memory for a data set");
        return NULL;
    }
    set->sample_size = 1;
    atomic_init(&set->references, 1);
    return set;
}

bool snn_dataset_add_axis(struct snn_dataset *set, const char *name, int64_t size)
{
    struct snn_dataset_axis *axis = &set->axes[set->axis_count];

    if (set->axis_count == SNN_DATASET_MAX_AXES) {
        snn_error_set("data set '%s': a sample has more than %d axes", set->name,
                      SNN_DATASET_MAX_AXES);
        return false;
    }
    if (size < 1 || __builtin_mul_overflow(set->sample_size, (size_t)size, &set->sample_size) ||
        set->sample_size > SIZE_MAX / 16) {
        snn_error_set("data set '%s': impossible size %lld of axis '%s'", set->name,
                      (long long)size, name);
        return false;
    }
    snprintf(axis->name, sizeof axis->name, "%s", name);
    axis->size = size;
    set->axis_count++;
    return true;
}

void snn_dataset_add_field(struct snn_dataset *set, const char *name, const struct snn_names *texts)
{
    struct snn_dataset_field *field = &set->fields[set->field_count++];

    assert(set->field_count <= SNN_DATASET_MAX_FIELDS);
    snprintf(field->name, sizeof field->name, "%s", name);
    field->texts = texts;
}

void snn_dataset_copy_facts(struct snn_dataset *set, const struct snn_dataset *from)
{
    memcpy(set->axes, from->axes, sizeof set->axes);
    set->axis_count = from->axis_count;
    set->sample_size = from->sample_size;
    set->pixel = from->pixel;
    set->max_time = from->max_time;
    set->time_unit = from->time_unit;
    set->bin = from->bin;
    set->classes = from->classes;
    memcpy(set->fields, from->fields, sizeof set->fields);
    set->field_count = from->field_count;
}

struct snn_dataset *snn_dataset_retain(struct snn_dataset *set)
{
    atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
    return set;
}

void snn_dataset_release(struct snn_dataset *set)
{
    if (!set || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) != 1)
        return;
    for (int i = 0; i < SNN_SPLIT_SLOTS; i++)
        snn_part_dispose(&set->parts[i]);
    if (set->dispose)
        set->dispose(set->state);
    pthread_mutex_destroy(&set->lock);
    free(set->name);
    free(set);
}

/* ---- parts */

size_t snn_dataset_sample_bytes(const struct snn_dataset *set)
{
    switch (set->pixel) {
    case SNN_PIXEL_UINT8: return set->sample_size;
    case SNN_PIXEL_FLOAT32: return set->sample_size * sizeof(float);
    case SNN_PIXEL_EVENTS: return sizeof(struct snn_event_list);
    }
    return 1;
}

int snn_part_allocate(struct snn_part *part, const struct snn_dataset *set, int64_t count,
                      bool has_labels)
{
    size_t bytes;

    if (count < 0 || count > INT32_MAX ||
        __builtin_mul_overflow((size_t)count, snn_dataset_sample_bytes(set), &bytes))
        return snn_error_set("data set '%s': impossible number of samples %lld", set->name,
                             (long long)count);
    part->count = count;
    part->pixels = calloc(1, bytes ? bytes : 1);
    part->labels = has_labels ? malloc(count ? (size_t)count * sizeof *part->labels : 1) : NULL;
    if (set->field_count > 0)
        part->fields =
            malloc(((size_t)count * (size_t)set->field_count + 1) * sizeof *part->fields);
    if (!part->pixels || (has_labels && !part->labels) || (set->field_count > 0 && !part->fields))
        return snn_error_set("data set '%s': out of memory for %lld samples (%zu bytes)", set->name,
                             (long long)count, bytes);
    return 0;
}

void snn_part_dispose(struct snn_part *part)
{
    free(part->pixels);
    free(part->labels);
    free(part->fields);
    snn_event_store_close(part->events);
    *part = (struct snn_part){ 0 };
}

void snn_dataset_put_part(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    set->parts[split] = *part;
    set->splits |= 1u << split;
    set->is_loaded[split] = true;
    *part = (struct snn_part){ 0 };
}

const char *snn_split_name(enum snn_split split)
{
    switch (split) {
    case SNN_SPLIT_TRAIN: return "train";
    case SNN_SPLIT_VAL: return "val";
    case SNN_SPLIT_TEST: return "test";
    case SNN_SPLIT_NONE: return "all";
    }
    return "?";
}

static void fail_no_split(const struct snn_dataset *set, enum snn_split split)
{
    char have[64] = "";

    for (int i = 0; i < SNN_SPLIT_NONE; i++)
        if (set->splits & 1u << i) {
            strcat(have, have[0] ? " and ." : " .");
            strcat(have, snn_split_name((enum snn_split)i));
        }
    if (have[0])
        snn_error_set("data set '%s' has no .%s; it has%s%s", set->name, snn_split_name(split),
                      have,
                      split == SNN_SPLIT_VAL && set->splits & 1u << SNN_SPLIT_TRAIN
                          ? "; 'kfold' and '--fold' make it from .train"
                          : "");
    else
        snn_error_set("data set '%s' is not split into train and test: it has no .%s; take slices "
                      "of it, such as "
                      "%s[0 ..< 100]",
                      set->name, snn_split_name(split), set->name);
}

const struct snn_part *snn_dataset_part(struct snn_dataset *set, enum snn_split split)
{
    const struct snn_part *part = NULL;

    if (!(set->splits & 1u << split)) {
        fail_no_split(set, split);
        return NULL;
    }
    pthread_mutex_lock(&set->lock);
    if (!set->is_loaded[split]) {
        if (set->load(set, split, &set->parts[split]) == 0)
            set->is_loaded[split] = true;
        else
            snn_part_dispose(&set->parts[split]);
    }
    if (set->is_loaded[split])
        part = &set->parts[split];
    pthread_mutex_unlock(&set->lock);
    return part;
}

/* ---- facts */

const char *snn_dataset_name(const struct snn_dataset *set)
{
    return set->name;
}

int snn_dataset_axis_count(const struct snn_dataset *set)
{
    return set->axis_count;
}

const struct snn_dataset_axis *snn_dataset_axis(const struct snn_dataset *set, int axis)
{
    return &set->axes[axis];
}

int64_t snn_dataset_extent(const struct snn_dataset *set, const char *axis)
{
    for (int i = 0; i < set->axis_count; i++)
        if (strcmp(set->axes[i].name, axis) == 0)
            return set->axes[i].size;
    return 0;
}

size_t snn_dataset_sample_size(const struct snn_dataset *set)
{
    return set->sample_size;
}

enum snn_pixel snn_dataset_pixel(const struct snn_dataset *set)
{
    return set->pixel;
}

/* Reads all samples of a part to tell when the longest ends. */
static int read_end(struct snn_part *part)
{
    const struct snn_event_list *lists = part->pixels;
    struct snn_event_work *work = snn_event_work_create();
    double latest = 0, end = 0;
    int status = work ? 0 : -1;

    for (int64_t i = 0; status == 0 && i < part->count; i++) {
        status = snn_event_list_find_end(&lists[i], work, &end);
        latest = fmax(latest, end);
    }
    snn_event_work_destroy(work);
    if (status == 0)
        part->max_time = latest;
    return status;
}

/* In the unit of the set. */
static int end_of_part(struct snn_dataset *set, enum snn_split split, double *end)
{
    struct snn_part *part = &set->parts[split];
    int status = 0;

    if (!snn_dataset_part(set, split))
        return -1;
    pthread_mutex_lock(&set->lock);
    if (isinf(part->max_time))
        status = read_end(part);
    *end = fmax(*end, part->max_time);
    pthread_mutex_unlock(&set->lock);
    return status;
}

int snn_dataset_max_time(struct snn_dataset *set, double *time)
{
    double end = 0;

    if (isfinite(set->max_time)) {
        end = set->max_time;
    } else if (set->staged_from) {
        if (snn_dataset_max_time(set->staged_from, &end) < 0)
            return -1;
        end /= set->time_unit;
        end = set->stage->end ? set->stage->end(set->stage, end) : end;
    } else {
        for (int i = 0; i < SNN_SPLIT_SLOTS; i++)
            if (set->splits & 1u << i && end_of_part(set, (enum snn_split)i, &end) < 0)
                return -1;
    }
    *time = end * set->time_unit;
    return 0;
}

double snn_dataset_bin(const struct snn_dataset *set)
{
    return set->bin * set->time_unit;
}

int snn_dataset_classes(struct snn_dataset *set, int64_t *classes)
{
    *classes = set->classes;
    if (set->classes > 0)
        return 0;
    for (int i = 0; i < SNN_SPLIT_SLOTS; i++)
        if (set->splits & 1u << i) {
            const struct snn_part *part = snn_dataset_part(set, (enum snn_split)i);

            if (!part)
                return -1;
            *classes += part->count;
        }
    return 0;
}

int snn_dataset_field(const struct snn_dataset *set, const char *name)
{
    for (int i = 0; i < set->field_count; i++)
        if (strcmp(set->fields[i].name, name) == 0)
            return i;
    return -1;
}

const char *snn_dataset_field_text(const struct snn_dataset *set, int field, int32_t value)
{
    const struct snn_names *texts = set->fields[field].texts;

    return texts && value >= 0 && value < texts->count ? texts->items[value] : NULL;
}

void snn_dataset_describe(const struct snn_dataset *set, char *text, size_t bytes)
{
    size_t used = 0;

    for (int i = 0; i < set->axis_count && used < bytes; i++)
        used += (size_t)snprintf(text + used, bytes - used, "%s%s: %lld", i ? ", " : "[",
                                 set->axes[i].name, (long long)set->axes[i].size);
    if (used < bytes)
        snprintf(text + used, bytes - used, set->axis_count ? "]" : "[]");
}
