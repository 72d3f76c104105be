/* SPDX-License-Identifier: MIT
 *
 * `a |> operation(x, y)`: data sets made from others. Pictures are changed in the value range they
 * are stored in (0 to 255 for bytes, which stay bytes, rounded), whether their channels come first
 * or last. What one operation does to one picture is in pictures.c.
 */
#include "data/encode.h"
#include "data/event_stage.h"
#include "data/pictures.h"
#include "data/source.h"
#include "data/view.h"
#include "error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct operation {
    const char *name;
    const char *x, *y; /* what its numbers are, whole and at least 1; NULL: unused */
    /* Gives `to`, which is a copy of `from`, its new form; -1 with the message set if that can't
     * be. NULL: unchanged. */
    int (*form)(struct snn_picture *to, const struct snn_picture *from, int64_t x, int64_t y);
    /* Makes one picture. NULL: samples are chosen, not changed. */
    void (*map)(const struct snn_picture *to, float *out, const struct snn_picture *from,
                const float *in, int64_t x);
    /* Chooses samples. NULL: all stay. */
    int (*choose)(struct snn_view *out, struct snn_region *region, struct snn_view view, int64_t x);
    /* Makes events before the time x, any number above 0, of the elements. NULL: no events. */
    snn_encode_fn *encode;
};

static const struct operation operations[] = {
    { "center_crop", "height", "width", snn_crop_form, snn_crop_map, NULL, NULL },
    { "resize", "height", "width", snn_resize_form, snn_resize_map, NULL, NULL },
    { "grey", NULL, NULL, snn_grey_form, snn_grey_map, NULL, NULL },
    { "patch_normalize", "window", NULL, snn_patch_form, snn_patch_map, NULL, NULL },
    { "every", "step", NULL, NULL, NULL, snn_view_every, NULL },
    { "first", "number", NULL, NULL, NULL, snn_view_first, NULL },
    { "latency", NULL, NULL, NULL, NULL, NULL, snn_encode_latency },
    { "spike_times", NULL, NULL, NULL, NULL, NULL, snn_encode_times },
};

/* What a derived set remembers. */
struct derived {
    struct snn_dataset *parent; /* one reference */
    const struct operation *operation;
    int64_t x, y;
    struct snn_picture from, to; /* of operations with a map */
};

static const struct operation *find_operation(const char *name)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (strcmp(operations[i].name, name) == 0)
            return &operations[i];
    snn_error_set("there is no data operation '%s'; there are center_crop, resize, grey, "
                  "patch_normalize, every, first, latency, spike_times",
                  name);
    return NULL;
}

static int check_number(const struct operation *operation, const char *what, double number,
                        int64_t *out)
{
    if (what && !(number >= 1 && number <= INT32_MAX && number == floor(number)))
        return snn_error_set("%s: the %s must be a whole number from 1, and is %g", operation->name,
                             what, number);
    *out = what ? (int64_t)number : 0;
    return 0;
}

/* ---- samples */

static void sample_values(const struct snn_dataset *set, const void *pixels, float *values)
{
    if (set->pixel == SNN_PIXEL_FLOAT32)
        memcpy(values, pixels, set->sample_size * sizeof *values);
    else
        for (size_t i = 0; i < set->sample_size; i++)
            values[i] = ((const uint8_t *)pixels)[i];
}

static void store_values(const struct snn_dataset *set, const float *values, void *pixels)
{
    if (set->pixel == SNN_PIXEL_FLOAT32)
        memcpy(pixels, values, set->sample_size * sizeof *values);
    else
        for (size_t i = 0; i < set->sample_size; i++) {
            float rounded = values[i] + 0.5f;

            ((uint8_t *)pixels)[i] = (uint8_t)(rounded < 0 ? 0 : rounded > 255 ? 255 : rounded);
        }
}

/* One sample after the other through the operation's map, or copied. */
static void map_samples(struct snn_dataset *set, struct snn_part *part, const struct snn_view *view,
                        float *in, float *out)
{
    const struct derived *derived = set->state;
    size_t bytes = snn_dataset_sample_bytes(set);

    for (int64_t i = 0; i < part->count; i++) {
        void *pixels = (char *)part->pixels + (size_t)i * bytes;

        if (derived->operation->map) {
            sample_values(view->set, snn_view_pixels(view, i), in);
            derived->operation->map(&derived->to, out, &derived->from, in, derived->x);
            store_values(set, out, pixels);
        } else if (!derived->operation->encode) {
            memcpy(pixels, snn_view_pixels(view, i), bytes);
        }
        snn_part_put_facts(part, set, i, snn_view_at(view, i));
    }
}

/* Fills *part with what the operation makes of `view`. */
static int make_part(struct snn_dataset *set, struct snn_part *part, struct snn_region *region,
                     struct snn_view view)
{
    const struct derived *derived = set->state;
    int status = snn_view_load(&view, region);

    if (status == 0 && derived->operation->choose)
        status = derived->operation->choose(&view, region, view, derived->x);
    if (status == 0)
        status = snn_part_allocate(part, set, view.count, set->classes > 0);
    if (status == 0) {
        float *in = snn_region_array(region, view.set->sample_size, sizeof *in);
        float *out = snn_region_array(region, set->sample_size, sizeof *out);

        map_samples(set, part, &view, in, out);
    }
    if (status == 0 && set->pixel == SNN_PIXEL_EVENTS && !derived->operation->encode)
        part->max_time = snn_view_end(&view);
    if (status == 0 && derived->operation->encode)
        status = snn_encode_part(part, set, &view, derived->operation->encode);
    return status;
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    const struct derived *derived = set->state;
    struct snn_region *region = snn_region_create();
    struct snn_view view = snn_view_whole(derived->parent);
    int status = 0;

    if (split != SNN_SPLIT_NONE)
        status = snn_view_split(&view, region, view, snn_split_name(split));
    if (status == 0)
        status = make_part(set, part, region, view);
    snn_region_destroy(region);
    return status;
}

/* ---- making a set */

static void dispose(void *state)
{
    struct derived *derived = state;

    snn_dataset_release(derived->parent);
    free(derived);
}

/* Where the axes are that pictures have; anything else is left to the operation to refuse. */
static int describe_picture(struct snn_picture *picture, const struct snn_dataset *set,
                            const char *operation)
{
    size_t stride = 1;

    if (set->pixel == SNN_PIXEL_EVENTS)
        return snn_error_set("%s of data set '%s': its samples are events, not pictures", operation,
                             snn_dataset_name(set));
    *picture = (struct snn_picture){ .channels = 1 };
    for (int axis = set->axis_count - 1; axis >= 0; axis--) {
        int64_t size = set->axes[axis].size;

        if (strcmp(set->axes[axis].name, "y") == 0) {
            picture->height = size;
            picture->y_stride = stride;
        } else if (strcmp(set->axes[axis].name, "x") == 0) {
            picture->width = size;
            picture->x_stride = stride;
        } else if (strcmp(set->axes[axis].name, "channel") == 0) {
            picture->channels = size;
            picture->channel_stride = stride;
            picture->channels_come_first = axis == 0;
        } else {
            picture->height = 0;
            break;
        }
        stride *= (size_t)size;
    }
    if (picture->height < 1 || picture->width < 1) {
        char axes[128];

        snn_dataset_describe(set, axes, sizeof axes);
        return snn_error_set("%s of data set '%s': its samples are %s, not pictures with y and x",
                             operation, snn_dataset_name(set), axes);
    }
    return 0;
}

static bool add_picture_axes(struct snn_dataset *set, struct snn_picture *picture,
                             bool has_channels)
{
    size_t channels = (size_t)picture->channels, plane = (size_t)(picture->height * picture->width);
    bool come_first = has_channels && picture->channels_come_first;
    bool come_last = has_channels && !picture->channels_come_first;

    picture->channel_stride = come_last ? 1 : plane;
    picture->x_stride = come_last ? channels : 1;
    picture->y_stride = picture->x_stride * (size_t)picture->width;
    return (!come_first || snn_dataset_add_axis(set, "channel", picture->channels)) &&
           snn_dataset_add_axis(set, "y", picture->height) &&
           snn_dataset_add_axis(set, "x", picture->width) &&
           (!come_last || snn_dataset_add_axis(set, "channel", picture->channels));
}

static int become_events(struct snn_dataset *set, const struct derived *derived, double until)
{
    const char *operation = derived->operation->name;

    if (derived->parent->pixel == SNN_PIXEL_EVENTS)
        return snn_error_set("%s of data set '%s': its samples are events already", operation,
                             snn_dataset_name(set));
    if (!((float)until > 0 && isfinite((float)until)))
        return snn_error_set("%s of data set '%s': time must end after 0, not at %g", operation,
                             snn_dataset_name(set), until);
    set->pixel = SNN_PIXEL_EVENTS;
    set->max_time = until;
    set->time_unit = 1;
    return 0;
}

/* Gives the new set its axes. `x` is the first number of the operation. */
static int shape_set(struct snn_dataset *set, struct derived *derived, double x)
{
    const struct operation *operation = derived->operation;
    const struct snn_dataset *parent = derived->parent;
    bool has_channels = snn_dataset_extent(parent, "channel") > 0;

    snn_dataset_copy_facts(set, parent);
    if (!operation->map)
        return operation->encode ? become_events(set, derived, x) : 0;
    set->axis_count = 0;
    set->sample_size = 1;
    if (describe_picture(&derived->from, parent, operation->name) < 0)
        return -1;
    derived->to = derived->from;
    if (operation->form(&derived->to, &derived->from, derived->x, derived->y) < 0)
        return -1;
    return add_picture_axes(set, &derived->to,
                            has_channels && derived->to.channels == derived->from.channels)
               ? 0
               : -1;
}

/* A set without samples that the operation will make from `parent`. */
static struct snn_dataset *create_derived(struct snn_dataset *parent, const char *operation,
                                          double x, double y)
{
    struct derived *derived = calloc(1, sizeof *derived);
    struct snn_dataset *set = derived ? snn_dataset_create(parent->name) : NULL;

    if (!set) {
        snn_error_set("%s: out of memory", operation);
        free(derived);
        return NULL;
    }
    derived->parent = snn_dataset_retain(parent);
    derived->operation = find_operation(operation);
    set->load = load;
    set->dispose = dispose;
    set->state = derived;
    if (!derived->operation ||
        check_number(derived->operation, derived->operation->x, x, &derived->x) < 0 ||
        check_number(derived->operation, derived->operation->y, y, &derived->y) < 0 ||
        shape_set(set, derived, x) < 0) {
        snn_dataset_release(set);
        return NULL;
    }
    return set;
}

/* A set made of a part of another: its labels stay, its samples are numbered anew. */
static int make_at_once(struct snn_dataset *set, struct snn_region *region, struct snn_view view)
{
    struct snn_region_mark scratch = snn_region_mark(region);
    struct snn_part part = { 0 };
    int status;

    if (set->classes == 0)
        set->classes = (int32_t)snn_view_classes(&view);
    status = make_part(set, &part, region, view);
    snn_region_release(region, scratch);
    if (status < 0) {
        snn_part_dispose(&part);
        return -1;
    }
    snn_dataset_put_part(set, SNN_SPLIT_NONE, &part);
    return 0;
}

int snn_view_pipe(struct snn_view *out, struct snn_region *region, struct snn_view view,
                  const char *operation, double x, double y)
{
    struct snn_dataset *set = create_derived(view.set, operation, x, y);

    if (!set)
        return -1;
    if (view.part || view.samples) {
        if (make_at_once(set, region, view) < 0) {
            snn_dataset_release(set);
            return -1;
        }
    } else {
        set->splits = view.set->splits;
        set->is_divided = view.set->is_divided;
    }
    *out = snn_view_whole(set);
    return 0;
}
