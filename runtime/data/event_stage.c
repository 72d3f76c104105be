/* SPDX-License-Identifier: MIT
 *
 * Which stages of events there are, and what they make of the facts of a set. A sample of a set
 * with stages is a list without events that names its stage and the list that the stage takes; the
 * last of them is what a file holds.
 */
#include "data/event_stage.h"

#include "data/source.h"
#include "error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct snn_event_kind {
    const char *name;
    /* What its numbers are: t a time above 0, u a time from 0, p a share or chance, w a whole
     * number from 1, o one from 0, c a condition, x from 0, r any; then, for those that may be left
     * out, which is 0. */
    const char *numbers;
    bool needs_places;
    /* Sets what comes out; -1, message set, if that cannot be. NULL: as what comes in. */
    int (*form)(struct snn_event_stage *stage);
    /* The set's max_time afterwards; NAN, of a set that has not been read, may stay. */
    double (*end)(const struct snn_event_stage *stage, double max_time);
    snn_event_apply *apply; /* NULL: events stay */
};

/* ---- what comes out */

static int fail_form(const struct snn_event_stage *stage, const char *what)
{
    return snn_error_set("%s: %s", stage->kind->name, what);
}

static int form_bin(struct snn_event_stage *stage)
{
    stage->bin_to = stage->numbers[0];
    return 0;
}

static bool is_multiple(double value, double of)
{
    return fabs(value - of * nearbyint(value / of)) <= 1e-6 * of;
}

static int form_crop_time(struct snn_event_stage *stage)
{
    if (stage->numbers[1] >= stage->numbers[0])
        return fail_form(stage, "the part must end after it begins");
    if (stage->bin_from > 0 && !is_multiple(stage->numbers[1], stage->bin_from))
        stage->bin_to = 0;
    return 0;
}

static double end_crop_time(const struct snn_event_stage *stage, double max_time)
{
    return fmax(fmin(max_time, stage->numbers[0]) - stage->numbers[1], 0);
}

static double end_random_crop_time(const struct snn_event_stage *stage, double max_time)
{
    return fmin(max_time, stage->numbers[0]);
}

static double end_pad_time(const struct snn_event_stage *stage, double max_time)
{
    return isnan(max_time) ? max_time : fmax(max_time, stage->numbers[0]);
}

/* Times that are drawn are in no bins. */
static int form_unbinned(struct snn_event_stage *stage)
{
    stage->bin_to = 0;
    return 0;
}

static int form_downsample(struct snn_event_stage *stage)
{
    int64_t factor = (int64_t)stage->numbers[0];

    stage->to.height = (stage->from.height + factor - 1) / factor;
    stage->to.width = (stage->from.width + factor - 1) / factor;
    stage->numbers[2] = (double)factor; /* as snn_events_move has them */
    stage->numbers[0] = 0;
    return 0;
}

static int fail_size(const struct snn_event_stage *stage, int64_t height, int64_t width)
{
    return snn_error_set("%s: %lld x %lld does not fit into events of [y: %lld, x: %lld]",
                         stage->kind->name, (long long)height, (long long)width,
                         (long long)stage->from.height, (long long)stage->from.width);
}

/* Height and width come first; a missing width is the height. */
static int form_random_crop(struct snn_event_stage *stage)
{
    int64_t height = (int64_t)stage->numbers[0], width = (int64_t)stage->numbers[1];

    width = width > 0 ? width : height;
    if (height > stage->from.height || width > stage->from.width)
        return fail_size(stage, height, width);
    stage->to.height = height;
    stage->to.width = width;
    return 0;
}

static int form_crop(struct snn_event_stage *stage)
{
    int64_t top = (int64_t)stage->numbers[2], left = (int64_t)stage->numbers[3];

    if (form_random_crop(stage) < 0)
        return -1;
    if (top + stage->to.height > stage->from.height || left + stage->to.width > stage->from.width)
        return fail_size(stage, top + stage->to.height, left + stage->to.width);
    stage->numbers[0] = (double)top;
    stage->numbers[1] = (double)left;
    stage->numbers[2] = 1;
    return 0;
}

static int form_center_crop(struct snn_event_stage *stage)
{
    if (form_random_crop(stage) < 0)
        return -1;
    stage->numbers[2] = (double)((stage->from.height - stage->to.height) / 2);
    stage->numbers[3] = (double)((stage->from.width - stage->to.width) / 2);
    return form_crop(stage);
}

static int form_merge_polarities(struct snn_event_stage *stage)
{
    stage->to.polarities = 1;
    stage->numbers[2] = 1;
    return 0;
}

static int form_spatial_jitter(struct snn_event_stage *stage)
{
    double x = stage->numbers[0], y = stage->numbers[1], both = stage->numbers[2];

    return both * both <= x * y
               ? 0
               : fail_form(stage, "the covariance is larger than the variances allow");
}

static const struct snn_event_kind kinds[] = {
    { "bin", "tcc", false, form_bin, NULL, snn_events_bin },
    { "crop_time", "tu", false, form_crop_time, end_crop_time, snn_events_crop_time },
    { "random_crop_time", "t", false, NULL, end_random_crop_time, snn_events_random_crop_time },
    { "pad_time", "t", false, NULL, end_pad_time, NULL },
    { "time_alignment", "", false, NULL, NULL, snn_events_time_alignment },
    { "time_jitter", "u", false, form_unbinned, NULL, snn_events_time_jitter },
    { "reverse_time", "p", false, NULL, NULL, snn_events_reverse_time },
    { "downsample", "w", true, form_downsample, NULL, snn_events_move },
    { "center_crop", "ww", true, form_center_crop, NULL, snn_events_move },
    { "crop", "wwoo", true, form_crop, NULL, snn_events_move },
    { "random_crop", "ww", true, form_random_crop, NULL, snn_events_random_crop },
    { "merge_polarities", "", true, form_merge_polarities, NULL, snn_events_move },
    { "flip_x", "p", true, NULL, NULL, snn_events_flip_x },
    { "flip_y", "p", true, NULL, NULL, snn_events_flip_y },
    { "flip_polarity", "p", true, NULL, NULL, snn_events_flip_polarity },
    { "random_rotation", "x", true, NULL, NULL, snn_events_random_rotation },
    { "spatial_jitter", "xxr", true, form_spatial_jitter, NULL, snn_events_spatial_jitter },
    { "denoise", "t", true, NULL, NULL, snn_events_denoise },
    { "refractory_period", "t", false, NULL, NULL, snn_events_refractory_period },
    { "drop_event", "p", false, NULL, NULL, snn_events_drop_event },
    { "drop_event_by_time", "p", false, NULL, NULL, snn_events_drop_event_by_time },
    { "drop_event_by_area", "p", true, NULL, NULL, snn_events_drop_event_by_area },
    { "uniform_noise", "o", false, form_unbinned, NULL, snn_events_uniform_noise },
};

static const struct snn_event_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

/* ---- numbers of a stage */

/* What is wrong with a number; NULL: nothing. */
static const char *complaint(char kind, double x)
{
    bool is_whole = x == floor(x) && x <= INT32_MAX;

    switch (kind) {
    case 't': return x > 0 && isfinite(x) ? NULL : "a time must be above 0";
    case 'u': return x >= 0 && isfinite(x) ? NULL : "a time cannot be negative";
    case 'p': return x >= 0 && x <= 1 ? NULL : "a share or chance is 0 to 1 (100 %)";
    case 'w': return is_whole && x >= 1 ? NULL : "a whole number from 1 is needed";
    case 'o': return is_whole && x >= 0 ? NULL : "a whole number from 0 is needed";
    case 'x': return x >= 0 && isfinite(x) ? NULL : "a number from 0 is needed";
    default: return isfinite(x) ? NULL : "a number is needed";
    }
}

static int take_numbers(struct snn_event_stage *stage, const double *numbers, double time_unit)
{
    const char *letters = stage->kind->numbers;

    for (size_t i = 0; letters[i]; i++) {
        const char *what = isnan(numbers[i]) ? NULL : complaint(letters[i], numbers[i]);

        if (what)
            return snn_error_set("%s: %s, and %g was given", stage->kind->name, what, numbers[i]);
        if (!isnan(numbers[i]))
            stage->numbers[i] =
                letters[i] == 't' || letters[i] == 'u' ? numbers[i] / time_unit : numbers[i];
    }
    return 0;
}

/* The places of a set; false if its inputs have none. */
static bool find_shape(struct snn_event_shape *shape, const struct snn_dataset *set)
{
    int y = set->axis_count - 2;

    *shape = (struct snn_event_shape){ 0 };
    if (y < 0 || strcmp(set->axes[y].name, "y") != 0 || strcmp(set->axes[y + 1].name, "x") != 0)
        return false;
    shape->height = set->axes[y].size;
    shape->width = set->axes[y + 1].size;
    shape->polarities = (int64_t)set->sample_size / (shape->height * shape->width);
    return true;
}

static int make_stage(struct snn_event_stage *stage, const struct snn_dataset *set,
                      const char *name, const double *numbers, uint64_t key)
{
    char axes[128];

    *stage = (struct snn_event_stage){ .kind = find_kind(name),
                                       .key = key,
                                       .inputs = (int64_t)set->sample_size,
                                       .bin_from = set->bin };
    if (!stage->kind)
        return snn_error_set("there is no stage '%s' of events", name);
    stage->apply = stage->kind->apply;
    stage->end = stage->kind->end;
    if (set->pixel != SNN_PIXEL_EVENTS)
        return snn_error_set("%s of data set '%s': it has no events", name, snn_dataset_name(set));
    stage->bin_to = stage->bin_from;
    if (!find_shape(&stage->from, set) && stage->kind->needs_places) {
        snn_dataset_describe(set, axes, sizeof axes);
        return snn_error_set("%s of data set '%s': its inputs are %s, without the places [y, x]",
                             name, snn_dataset_name(set), axes);
    }
    stage->to = stage->from;
    if (take_numbers(stage, numbers, set->time_unit) < 0)
        return -1;
    return stage->kind->form ? stage->kind->form(stage) : 0;
}

/* ---- sets with a stage */

/* What comes out of the stage, as facts of `set`. */
static int give_facts(struct snn_dataset *set, const struct snn_event_stage *stage,
                      const struct snn_dataset *from)
{
    snn_dataset_copy_facts(set, from);
    set->max_time = stage->end ? stage->end(stage, from->max_time) : from->max_time;
    set->bin = stage->bin_to;
    if (stage->to.width == 0)
        return 0;
    set->axis_count = 0;
    set->sample_size = 1;
    for (int i = 0; i < from->axis_count - 2; i++)
        if (!snn_dataset_add_axis(
                set, from->axes[i].name,
                stage->to.polarities == stage->from.polarities ? from->axes[i].size : 1))
            return -1;
    return snn_dataset_add_axis(set, "y", stage->to.height) &&
                   snn_dataset_add_axis(set, "x", stage->to.width)
               ? 0
               : -1;
}

static struct snn_event_list list_through(const struct snn_event_stage *stage,
                                          const struct snn_view *view, int64_t i)
{
    struct snn_sample sample = snn_view_at(view, i);

    return (struct snn_event_list){ .stage = stage, .from = sample.pixels, .number = sample.index };
}

double snn_view_end(const struct snn_view *view)
{
    double end = 0;

    for (int64_t i = 0; i < view->count; i++)
        end = fmax(end, snn_event_list_end(snn_view_pixels(view, i)));
    return end;
}

struct staged {
    struct snn_dataset *parent; /* one reference */
    struct snn_event_stage stage;
};

static void dispose(void *state)
{
    struct staged *staged = state;

    snn_dataset_release(staged->parent);
    free(staged);
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    const struct staged *staged = set->state;
    struct snn_region *region = snn_region_create();
    struct snn_view view = snn_view_whole(staged->parent);
    struct snn_event_list *lists;
    int status = split == SNN_SPLIT_NONE
                     ? snn_view_load(&view, region)
                     : snn_view_split(&view, region, view, snn_split_name(split));

    if (status == 0)
        status = snn_part_allocate(part, set, view.count, set->classes > 0);
    lists = part->pixels;
    for (int64_t i = 0; status == 0 && i < view.count; i++) {
        lists[i] = list_through(&staged->stage, &view, i);
        snn_part_put_facts(part, set, i, snn_view_at(&view, i));
    }
    snn_region_destroy(region);
    return status;
}

/* Of a whole set: each split goes through when it is first used. */
static int stage_set(struct snn_view *out, struct snn_dataset *parent,
                     const struct snn_event_stage *stage)
{
    struct staged *staged = calloc(1, sizeof *staged);
    struct snn_dataset *set = staged ? snn_dataset_create(snn_dataset_name(parent)) : NULL;

    if (!set) {
        free(staged);
        return snn_error_set("%s: out of memory", stage->kind->name);
    }
    *staged = (struct staged){ snn_dataset_retain(parent), *stage };
    set->load = load;
    set->dispose = dispose;
    set->state = staged;
    set->splits = parent->splits;
    set->is_divided = parent->is_divided;
    set->staged_from = parent;
    set->stage = &staged->stage;
    if (give_facts(set, stage, parent) < 0) {
        snn_dataset_release(set);
        return -1;
    }
    *out = snn_view_whole(set);
    return 0;
}

/* Of samples that a task chose: all lies in the region, with them. */
static int stage_samples(struct snn_view *out, struct snn_region *region,
                         const struct snn_view *view, const struct snn_event_stage *stage)
{
    struct snn_dataset *set = snn_region_alloc(region, sizeof *set);
    struct snn_event_stage *kept = snn_region_alloc(region, sizeof *kept);
    struct snn_sample *samples = snn_region_array(region, (size_t)view->count, sizeof *samples);
    struct snn_event_list *lists = snn_region_array(region, (size_t)view->count, sizeof *lists);

    *kept = *stage;
    *set = (struct snn_dataset){ .name = view->set->name };
    atomic_init(&set->references, 1); /* never given back: the region has it */
    if (give_facts(set, kept, view->set) < 0)
        return -1;
    if (set->classes == 0)
        set->classes = (int32_t)snn_view_classes(view);
    for (int64_t i = 0; i < view->count; i++) {
        lists[i] = list_through(kept, view, i);
        samples[i] = snn_view_at(view, i);
        samples[i].pixels = &lists[i];
    }
    *out = (struct snn_view){ .set = set, .samples = samples, .count = view->count };
    set->staged_from = view->set;
    set->stage = kept;
    return 0;
}

int snn_view_event_stage(struct snn_view *out, struct snn_region *region, struct snn_view view,
                         const char *name, const double numbers[SNN_STAGE_NUMBERS], uint64_t key)
{
    struct snn_event_stage stage;

    if (make_stage(&stage, view.set, name, numbers, key) < 0)
        return -1;
    return view.part || view.samples ? stage_samples(out, region, &view, &stage)
                                     : stage_set(out, view.set, &stage);
}
