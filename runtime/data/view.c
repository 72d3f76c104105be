/* SPDX-License-Identifier: MIT
 *
 * Views: ranges stay ranges as long as they can (slices of a split), everything else becomes a list
 * of samples in the region.
 */
#include "data/view.h"

#include "data/event_stage.h"
#include "data/fold.h"
#include "data/places.h"
#include "data/source.h"
#include "error.h"
#include "random.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const void *part_pixels(const struct snn_dataset *set, const struct snn_part *part,
                               int64_t i)
{
    return (const char *)part->pixels + (size_t)i * snn_dataset_sample_bytes(set);
}

static struct snn_sample part_sample(const struct snn_dataset *set, const struct snn_part *part,
                                     int64_t i)
{
    return (struct snn_sample){
        .pixels = part_pixels(set, part, i),
        .fields = part->fields ? part->fields + i * set->field_count : NULL,
        .label = part->labels ? part->labels[i] : (int32_t)i,
        .index = (int32_t)i,
    };
}

void snn_part_put_facts(struct snn_part *part, const struct snn_dataset *set, int64_t i,
                        struct snn_sample sample)
{
    if (part->labels)
        part->labels[i] = sample.label;
    if (part->fields)
        memcpy(part->fields + i * set->field_count, sample.fields,
               (size_t)set->field_count * sizeof *part->fields);
}

struct snn_sample snn_view_at(const struct snn_view *view, int64_t i)
{
    assert(i >= 0 && i < view->count);
    return view->samples ? view->samples[i] : part_sample(view->set, view->part, view->first + i);
}

static struct snn_sample *allocate_samples(struct snn_region *region, int64_t count)
{
    return snn_region_array(region, (size_t)count, sizeof(struct snn_sample));
}

static struct snn_view list_view(const struct snn_view *view, const struct snn_sample *samples,
                                 int64_t count)
{
    return (struct snn_view){ .set = view->set, .samples = samples, .count = count };
}

/* ---- whole sets */

struct snn_view snn_view_whole(struct snn_dataset *set)
{
    return (struct snn_view){ .set = set };
}

static bool is_loaded(const struct snn_view *view)
{
    return view->part || view->samples;
}

/* One split: a range, or a list if the set is divided into folds. */
static int view_part(struct snn_view *out, struct snn_region *region, struct snn_dataset *set,
                     enum snn_split split)
{
    const struct snn_part *part;

    if (set->folds > 0 && (split == SNN_SPLIT_TRAIN || split == SNN_SPLIT_VAL))
        return snn_fold_view(out, region, set, split == SNN_SPLIT_VAL);
    part = snn_dataset_part(set, split);
    if (!part)
        return -1;
    *out = (struct snn_view){ .set = set, .part = part, .count = part->count };
    return 0;
}

/* All splits as one list. */
static int view_all_parts(struct snn_view *out, struct snn_region *region, struct snn_dataset *set)
{
    struct snn_view splits[SNN_SPLIT_SLOTS] = { 0 };
    struct snn_sample *samples;
    int64_t count = 0;

    for (int s = 0; s < SNN_SPLIT_SLOTS; s++) {
        if (set->splits & 1u << s && view_part(&splits[s], region, set, (enum snn_split)s) < 0)
            return -1;
        count += splits[s].count;
    }
    samples = allocate_samples(region, count);
    *out = (struct snn_view){ .set = set, .samples = samples, .count = count };
    for (int s = 0; s < SNN_SPLIT_SLOTS; s++)
        for (int64_t i = 0; i < splits[s].count; i++)
            *samples++ = snn_view_at(&splits[s], i);
    return 0;
}

int snn_view_load(struct snn_view *view, struct snn_region *region)
{
    if (is_loaded(view))
        return 0;
    for (int s = 0; s < SNN_SPLIT_SLOTS; s++)
        if (view->set->splits == 1u << s)
            return view_part(view, region, view->set, (enum snn_split)s);
    return view_all_parts(view, region, view->set);
}

int snn_view_split(struct snn_view *out, struct snn_region *region, struct snn_view view,
                   const char *split)
{
    if (is_loaded(&view))
        return snn_error_set(
            "'.%s' of a part of data set '%s': a split is taken from the whole set", split,
            snn_dataset_name(view.set));
    for (int s = 0; s < SNN_SPLIT_NONE; s++)
        if (strcmp(split, snn_split_name((enum snn_split)s)) == 0)
            return view_part(out, region, view.set, (enum snn_split)s);
    return snn_error_set("data set '%s' has no .%s", snn_dataset_name(view.set), split);
}

/* ---- choices */

int snn_view_slice(struct snn_view *out, struct snn_region *region, struct snn_view view,
                   int64_t low, int64_t high)
{
    if (snn_view_load(&view, region) < 0)
        return -1;
    if (low < 0 || low > high || high > view.count)
        return snn_error_set("slice [%lld ..< %lld] of data set '%s': it has %lld samples here",
                             (long long)low, (long long)high, snn_dataset_name(view.set),
                             (long long)view.count);
    if (view.samples)
        view.samples += low;
    else
        view.first += low;
    view.count = high - low;
    *out = view;
    return 0;
}

static int check_picks(const struct snn_view *view, const char *operation, int64_t k)
{
    if (k < 0)
        return snn_error_set("%s(%lld) of data set '%s': the number must not be negative",
                             operation, (long long)k, snn_dataset_name(view->set));
    if (k > view->count)
        return snn_error_set("%s(%lld) of data set '%s': it has only %lld samples here", operation,
                             (long long)k, snn_dataset_name(view->set), (long long)view->count);
    return 0;
}

int snn_view_first(struct snn_view *out, struct snn_region *region, struct snn_view view, int64_t k)
{
    if (snn_view_load(&view, region) < 0 || check_picks(&view, "first", k) < 0)
        return -1;
    view.count = k;
    *out = view;
    return 0;
}

int snn_view_draw(struct snn_view *out, struct snn_region *region, struct snn_view view, int64_t k,
                  uint64_t key)
{
    struct snn_random random = snn_random_start(key, 0);
    struct snn_sample *samples;
    struct snn_region_mark scratch;
    int64_t *places;

    if (snn_view_load(&view, region) < 0 || check_picks(&view, "sample", k) < 0)
        return -1;
    samples = allocate_samples(region, k);
    scratch = snn_region_mark(region);
    places = snn_region_array(region, (size_t)view.count, sizeof *places);
    for (int64_t i = 0; i < view.count; i++)
        places[i] = i;
    snn_random_shuffle(&random, places, (size_t)view.count, (size_t)k);
    for (int64_t i = 0; i < k; i++)
        samples[i] = snn_view_at(&view, places[i]);
    snn_region_release(region, scratch);
    *out = list_view(&view, samples, k);
    return 0;
}

int snn_view_shuffled(struct snn_view *out, struct snn_region *region, struct snn_view view,
                      uint64_t key)
{
    if (snn_view_load(&view, region) < 0)
        return -1;
    return snn_view_draw(out, region, view, view.count, key);
}

int snn_view_every(struct snn_view *out, struct snn_region *region, struct snn_view view, int64_t k)
{
    struct snn_sample *samples;
    int64_t count;

    if (k < 1)
        return snn_error_set("every(%lld) of data set '%s': the step must be at least 1",
                             (long long)k, snn_dataset_name(view.set));
    if (snn_view_load(&view, region) < 0)
        return -1;
    count = snn_view_chunks(view.count, k, false);
    samples = allocate_samples(region, count);
    for (int64_t i = 0; i < count; i++)
        samples[i] = snn_view_at(&view, i * k);
    *out = list_view(&view, samples, count);
    return 0;
}

int snn_view_where(struct snn_view *out, struct snn_region *region, struct snn_view view,
                   const uint8_t *mask, int64_t count)
{
    struct snn_sample *samples;
    int64_t kept = 0;

    if (snn_view_load(&view, region) < 0)
        return -1;
    if (count != view.count)
        return snn_error_set("where of data set '%s': %lld conditions for %lld samples",
                             snn_dataset_name(view.set), (long long)count, (long long)view.count);
    for (int64_t i = 0; i < count; i++)
        kept += mask[i] != 0;
    samples = allocate_samples(region, kept);
    for (int64_t i = 0, k = 0; i < count; i++)
        if (mask[i])
            samples[k++] = snn_view_at(&view, i);
    *out = list_view(&view, samples, kept);
    return 0;
}

static bool have_same_samples(const struct snn_dataset *a, const struct snn_dataset *b)
{
    if (a->axis_count != b->axis_count || a->pixel != b->pixel || a->time_unit != b->time_unit ||
        a->bin != b->bin ||
        (a->max_time != b->max_time && !(isnan(a->max_time) && isnan(b->max_time))))
        return false;
    for (int i = 0; i < a->axis_count; i++)
        if (strcmp(a->axes[i].name, b->axes[i].name) != 0 || a->axes[i].size != b->axes[i].size)
            return false;
    return true;
}

static bool are_same_texts(const struct snn_names *a, const struct snn_names *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->count != b->count)
        return false;
    for (int64_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

/* The fields of both are known and mean the same. */
static int check_fields(const struct snn_dataset *a, const struct snn_dataset *b)
{
    bool are_same = a->field_count == b->field_count;

    for (int i = 0; are_same && i < a->field_count; i++)
        are_same = strcmp(a->fields[i].name, b->fields[i].name) == 0 &&
                   are_same_texts(a->fields[i].texts, b->fields[i].texts);
    return are_same ? 0
                    : snn_error_set("join: the fields of the samples of data sets '%s' and '%s' "
                                    "have different names or values; read both as one set",
                                    snn_dataset_name(a), snn_dataset_name(b));
}

static const char *pixel_name(enum snn_pixel pixel)
{
    switch (pixel) {
    case SNN_PIXEL_UINT8: return "bytes";
    case SNN_PIXEL_FLOAT32: return "float32";
    case SNN_PIXEL_EVENTS: return "events";
    }
    return "?";
}

static int fail_join(const struct snn_dataset *a, const struct snn_dataset *b)
{
    char axes_a[128], axes_b[128];

    if (a->max_time * a->time_unit != b->max_time * b->time_unit && !isnan(a->max_time) &&
        !isnan(b->max_time))
        return snn_error_set("join: the events of data set '%s' last until %g, those of '%s' %g",
                             snn_dataset_name(a), a->max_time * a->time_unit, snn_dataset_name(b),
                             b->max_time * b->time_unit);
    if (a->bin != b->bin)
        return snn_error_set(
            "join: the events of data set '%s' are in bins of %g, those of '%s' of "
            "%g (0: in none)",
            snn_dataset_name(a), snn_dataset_bin(a), snn_dataset_name(b), snn_dataset_bin(b));
    snn_dataset_describe(a, axes_a, sizeof axes_a);
    snn_dataset_describe(b, axes_b, sizeof axes_b);
    return snn_error_set("join: data set '%s' has samples of %s %s, '%s' of %s %s",
                         snn_dataset_name(a), axes_a, pixel_name(a->pixel), snn_dataset_name(b),
                         axes_b, pixel_name(b->pixel));
}

int snn_view_join(struct snn_view *out, struct snn_region *region, struct snn_view a,
                  struct snn_view b)
{
    struct snn_sample *samples;

    if (!have_same_samples(a.set, b.set))
        return fail_join(a.set, b.set);
    if (check_fields(a.set, b.set) < 0)
        return -1;
    if (snn_view_load(&a, region) < 0 || snn_view_load(&b, region) < 0)
        return -1;
    samples = allocate_samples(region, a.count + b.count);
    for (int64_t i = 0; i < a.count; i++)
        samples[i] = snn_view_at(&a, i);
    for (int64_t i = 0; i < b.count; i++)
        samples[a.count + i] = snn_view_at(&b, i);
    *out = list_view(snn_view_classes(&a) >= snn_view_classes(&b) ? &a : &b, samples,
                     a.count + b.count);
    return 0;
}

/* ---- chunks */

int64_t snn_view_chunks(int64_t count, int64_t size, bool drop_last)
{
    return count / size + (!drop_last && count % size != 0);
}

int snn_view_chunk(struct snn_view *out, struct snn_region *region, struct snn_view view,
                   int64_t chunk, int64_t size)
{
    int64_t low, high;

    if (snn_view_load(&view, region) < 0)
        return -1;
    if (size < 1)
        return snn_error_set("'by %lld' over data set '%s': the size must be at least 1",
                             (long long)size, snn_dataset_name(view.set));
    if (chunk < 0 || chunk >= snn_view_chunks(view.count, size, false))
        return snn_error_set("data set '%s' has no chunk %lld of %lld samples",
                             snn_dataset_name(view.set), (long long)chunk, (long long)size);
    low = chunk * size;
    high = view.count - low < size ? view.count : low + size;
    return snn_view_slice(out, region, view, low, high);
}

/* ---- accessors */

int64_t snn_view_count(const struct snn_view *view)
{
    assert(is_loaded(view));
    return view->count;
}

int64_t snn_view_classes(const struct snn_view *view)
{
    int64_t classes = 0;

    /* It can only fail in reading, and a loaded view has been read; a list of one split need not
     * have the others. */
    if (snn_dataset_classes(view->set, &classes) < 0)
        return view->count;
    return classes;
}

int32_t snn_view_label(const struct snn_view *view, int64_t i)
{
    return snn_view_at(view, i).label;
}

int32_t snn_view_index(const struct snn_view *view, int64_t i)
{
    return snn_view_at(view, i).index;
}

int32_t snn_view_field(const struct snn_view *view, int64_t i, int field)
{
    return snn_view_at(view, i).fields[field];
}

const void *snn_view_pixels(const struct snn_view *view, int64_t i)
{
    return snn_view_at(view, i).pixels;
}

int snn_view_sample(const struct snn_view *view, int64_t i, float *out, size_t n)
{
    const void *pixels = snn_view_pixels(view, i);

    if (n != view->set->sample_size) {
        char axes[128];

        snn_dataset_describe(view->set, axes, sizeof axes);
        return snn_error_set(
            "a sample of data set '%s' is %s, %zu values, and is presented to %zu%s",
            snn_dataset_name(view->set), axes, view->set->sample_size, n,
            snn_dataset_extent(view->set, "channel") > 1 ? "; '|> grey()' makes it one channel"
                                                         : "");
    }
    switch (view->set->pixel) {
    case SNN_PIXEL_UINT8:
        for (size_t k = 0; k < n; k++)
            out[k] = (float)((const uint8_t *)pixels)[k] / 255.0f;
        break;
    case SNN_PIXEL_FLOAT32: memcpy(out, pixels, n * sizeof *out); break;
    case SNN_PIXEL_EVENTS:
        return snn_error_set("data set '%s' has events, not numbers", snn_dataset_name(view->set));
    }
    return 0;
}

/* How many of the times, ascending, are before `until`. */
static int64_t count_before(const struct snn_event_list *list, double unit, double until)
{
    int64_t low = 0, high = list->count;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;

        if ((double)(float)(list->time[middle] * unit) < until)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int snn_view_cut_events(const struct snn_view *view, size_t n, double until,
                        struct snn_event_list *list, double *unit)
{
    if (view->set->pixel != SNN_PIXEL_EVENTS)
        return snn_error_set("data set '%s' has no events", snn_dataset_name(view->set));
    if (n != view->set->sample_size)
        return snn_error_set("a sample of data set '%s' has %zu inputs, and is presented to %zu",
                             snn_dataset_name(view->set), view->set->sample_size, n);
    *unit = view->set->time_unit;
    list->count = count_before(list, *unit, until);
    return 0;
}

int snn_view_events(const struct snn_view *view, int64_t i, size_t n, double until,
                    struct snn_event_work *work, struct snn_event_list *out, double *unit)
{
    *out = (struct snn_event_list){ 0 };
    if (view->set->pixel == SNN_PIXEL_EVENTS &&
        snn_event_list_make(snn_view_pixels(view, i), work, out) < 0)
        return -1;
    return snn_view_cut_events(view, n, until, out, unit);
}
