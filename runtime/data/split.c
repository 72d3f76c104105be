/* SPDX-License-Identifier: MIT
 *
 * A divided set remembers the set it came from and how it was divided. Each part is made anew from
 * that when it is first used: a pure function of the values and the seed, so that the parts of
 * different runs and tasks never overlap.
 */
#include "data/split.h"

#include "data/event_stage.h"
#include "data/source.h"
#include "error.h"
#include "random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BY_SAMPLE = -1, BY_LABEL = -2 }; /* instead of the number of a field */

struct divided {
    struct snn_dataset *parent; /* one reference */
    struct snn_sample *samples; /* owned: [count] that are divided; NULL: all of the parent */
    int64_t count;
    int field;
    int64_t folds, fold; /* folds is 0 if .test is not a fold */
    bool has_value;      /* .test is what has the value */
    int32_t value;
    double test_share, validation;
    uint64_t seed;
};

struct snn_division snn_division_read(const char *field, const struct snn_data_arguments *arguments)
{
    const double *numbers = arguments->numbers;
    bool by_field = field[0] != '\0';

    return (struct snn_division){
        .field = field,
        .folds = by_field ? numbers[2] : NAN,
        .fold = by_field ? numbers[3] : NAN,
        .test_share = by_field ? NAN : numbers[1],
        .test_text = by_field ? arguments->texts[5] : "",
        .test_value = by_field ? numbers[5] : NAN,
        .validation = by_field ? numbers[4] : numbers[2],
        .seed = numbers[by_field ? 6 : 3],
    };
}

/* ---- groups: what stays together */

/* What a sample is kept together by. */
static int32_t value_of(const struct divided *divided, const struct snn_view *view, int64_t i)
{
    if (divided->field == BY_SAMPLE)
        return (int32_t)i;
    return divided->field == BY_LABEL ? snn_view_label(view, i)
                                      : snn_view_field(view, i, divided->field);
}

static int compare_values(const void *a, const void *b)
{
    const int32_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* The different values of the samples, ascending; how many they are. */
static int64_t list_values(int32_t *values, const struct divided *divided,
                           const struct snn_view *view)
{
    int64_t count = 0;

    for (int64_t i = 0; i < view->count; i++)
        values[i] = value_of(divided, view, i);
    if (view->count > 0)
        qsort(values, (size_t)view->count, sizeof *values, compare_values);
    for (int64_t i = 0; i < view->count; i++)
        if (i == 0 || values[i] != values[count - 1])
            values[count++] = values[i];
    return count;
}

static void shuffle(int64_t *groups, int64_t count, uint64_t seed, uint64_t stream)
{
    struct snn_random random = snn_random_start(seed, stream);

    snn_random_shuffle(&random, groups, (size_t)count, (size_t)count);
}

/* Moves the groups that are tested to the front of `order`; how many they are. */
static int64_t choose_test(const struct divided *divided, int64_t *order, const int32_t *values,
                           int64_t count)
{
    int64_t first = 0, size = 0;

    if (divided->has_value) {
        while (first < count && values[order[first]] != divided->value)
            first++;
        size = first < count;
    } else if (divided->folds > 0) {
        int64_t rest = count % divided->folds, least = count / divided->folds;

        first = divided->fold * least + (divided->fold < rest ? divided->fold : rest);
        size = least + (divided->fold < rest);
    } else if (divided->test_share > 0) {
        size = (int64_t)fmax(1, round(divided->test_share * (double)count));
    }
    for (int64_t i = 0; i < size && first > 0; i++) {
        int64_t group = order[first + i];

        memmove(order + i + 1, order + i, (size_t)first * sizeof *order);
        order[i] = group;
    }
    return size;
}

static const char *noun(const struct divided *divided)
{
    return divided->field == BY_SAMPLE  ? "sample"
           : divided->field == BY_LABEL ? "label"
                                        : divided->parent->fields[divided->field].name;
}

/* Which values are in the split, ascending, at the front of `values`; how many, or -1. */
static int64_t choose_values(const struct divided *divided, enum snn_split split, int32_t *values,
                             int64_t count, struct snn_region *region)
{
    int64_t *order = snn_region_array(region, (size_t)count, sizeof *order);
    int64_t tested, validated, first, end;
    int32_t *chosen = snn_region_array(region, (size_t)count, sizeof *chosen);

    for (int64_t i = 0; i < count; i++)
        order[i] = i;
    shuffle(order, count, divided->seed, 0);
    if (count < divided->folds)
        return snn_error_set("data set '%s': %lld folds, but only %lld different values of '%s'",
                             divided->parent->name, (long long)divided->folds, (long long)count,
                             noun(divided));
    tested = choose_test(divided, order, values, count);
    if (divided->has_value && tested == 0)
        return snn_error_set("data set '%s': no sample has %s %d, which is to be tested",
                             divided->parent->name, noun(divided), divided->value);
    shuffle(order + tested, count - tested, divided->seed, 1);
    validated = (int64_t)ceil(divided->validation * (double)(count - tested) - 1e-9);
    if (tested + validated >= count)
        return snn_error_set("data set '%s': of %lld different values of '%s', %lld are for test "
                             "and %lld for validation: none is left for training",
                             divided->parent->name, (long long)count, noun(divided),
                             (long long)tested, (long long)validated);
    first = split == SNN_SPLIT_TEST ? 0 : split == SNN_SPLIT_VAL ? tested : tested + validated;
    end = split == SNN_SPLIT_TEST ? tested : split == SNN_SPLIT_VAL ? tested + validated : count;
    for (int64_t i = first; i < end; i++)
        chosen[i - first] = values[order[i]];
    if (end > first)
        qsort(chosen, (size_t)(end - first), sizeof *chosen, compare_values);
    memcpy(values, chosen, (size_t)(end - first) * sizeof *values);
    return end - first;
}

/* ---- the set */

/* Fills *part with copies of the samples; lists of events go on pointing into those of the parent.
 */
static int copy_samples(struct snn_dataset *set, struct snn_part *part, const struct snn_view *view)
{
    size_t bytes = snn_dataset_sample_bytes(set);

    if (snn_part_allocate(part, set, view->count, set->classes > 0) < 0)
        return -1;
    for (int64_t i = 0; i < view->count; i++) {
        struct snn_sample sample = snn_view_at(view, i);

        memcpy((char *)part->pixels + (size_t)i * bytes, sample.pixels, bytes);
        snn_part_put_facts(part, set, i, sample);
    }
    if (set->pixel == SNN_PIXEL_EVENTS)
        part->max_time = snn_view_end(view);
    return 0;
}

static int make_part(struct snn_dataset *set, enum snn_split split, struct snn_part *part,
                     struct snn_region *region)
{
    const struct divided *divided = set->state;
    struct snn_view all = { .set = divided->parent,
                            .samples = divided->samples,
                            .count = divided->count };
    struct snn_view chosen;
    int32_t *values;
    uint8_t *mask;
    int64_t count;

    if (snn_view_load(&all, region) < 0)
        return -1;
    values = snn_region_array(region, (size_t)all.count, sizeof *values);
    count = choose_values(divided, split, values, list_values(values, divided, &all), region);
    if (count < 0)
        return -1;
    mask = snn_region_array(region, (size_t)all.count, 1);
    for (int64_t i = 0; i < all.count; i++) {
        int32_t value = value_of(divided, &all, i);

        mask[i] = count > 0 &&
                  bsearch(&value, values, (size_t)count, sizeof value, compare_values) != NULL;
    }
    return snn_view_where(&chosen, region, all, mask, all.count) < 0
               ? -1
               : copy_samples(set, part, &chosen);
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    struct snn_region *region = snn_region_create();
    int status = make_part(set, split, part, region);

    snn_region_destroy(region);
    return status;
}

static void dispose(void *state)
{
    struct divided *divided = state;

    snn_dataset_release(divided->parent);
    free(divided->samples);
    free(divided);
}

/* ---- what was asked for */

static int find_field(struct divided *divided, const char *field)
{
    divided->field = field[0] == '\0'              ? BY_SAMPLE
                     : strcmp(field, "label") == 0 ? BY_LABEL
                                                   : snn_dataset_field(divided->parent, field);
    if (divided->field == -1 && field[0] != '\0')
        return snn_error_set("data set '%s': its samples have no '%s'", divided->parent->name,
                             field);
    return 0;
}

static int read_folds(struct divided *divided, const struct snn_division *division)
{
    double folds = division->folds, fold = isnan(division->fold) ? 0 : division->fold;

    if (division->run_folds > 0) {
        if (!isnan(folds) && folds != division->run_folds)
            return snn_error_set("data set '%s' is split into %g folds, this run is fold %d of %d; "
                                 "run it as one of %g",
                                 divided->parent->name, folds, division->run_fold,
                                 division->run_folds, folds);
        folds = division->run_folds;
        fold = division->run_fold;
    }
    if (isnan(folds))
        return 0;
    if (!(folds >= 2 && folds <= INT32_MAX) || !(fold >= 0 && fold < folds))
        return snn_error_set("data set '%s': there is no fold %g of %g; 4 folds are 0, 1, 2 and 3",
                             divided->parent->name, fold, folds);
    divided->folds = (int64_t)folds;
    divided->fold = (int64_t)fold;
    return 0;
}

/* The number that the text stands for. */
static int find_text(struct divided *divided, const char *text)
{
    char all[512] = "";
    size_t used = 0;
    const char *other;

    for (int32_t value = 0;
         (other = snn_dataset_field_text(divided->parent, divided->field, value)); value++) {
        if (strcmp(text, other) == 0) {
            divided->value = value;
            return 0;
        }
        if (used < sizeof all)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s\'%s\'", value ? ", " : "",
                                     other);
    }
    return snn_error_set("data set '%s': no %s is '%s'; there are %s", divided->parent->name,
                         noun(divided), text, all);
}

static int read_division(struct divided *divided, const struct snn_division *division)
{
    divided->test_share = isnan(division->test_share) ? 0 : division->test_share;
    divided->validation = isnan(division->validation) ? 0 : division->validation;
    divided->seed = isnan(division->seed) ? 0 : (uint64_t)division->seed;
    divided->has_value = division->test_text[0] != '\0' || !isnan(division->test_value);
    if (!(divided->test_share >= 0 && divided->test_share < 1) ||
        !(divided->validation >= 0 && divided->validation < 1))
        return snn_error_set("data set '%s': shares are from 0 %% to below 100 %%, and are %g %% "
                             "and %g %%",
                             divided->parent->name, divided->test_share * 100,
                             divided->validation * 100);
    if (find_field(divided, division->field) < 0)
        return -1;
    if (divided->has_value && division->test_text[0] == '\0')
        divided->value = (int32_t)division->test_value;
    if (divided->has_value)
        return division->test_text[0] ? find_text(divided, division->test_text) : 0;
    if (divided->field != BY_SAMPLE && read_folds(divided, division) < 0)
        return -1;
    if (divided->folds == 0 && divided->test_share == 0 && divided->validation == 0)
        return snn_error_set("data set '%s' is split, but into what? Say 'folds' and 'fold', "
                             "'test' or 'validation', or run it by 'kfold'",
                             divided->parent->name);
    return 0;
}

/* What is divided, if that is only some of the samples. */
static int keep_samples(struct divided *divided, const struct snn_view *view)
{
    if (!view->part && !view->samples && view->set->splits == 1u << SNN_SPLIT_NONE)
        return 0;
    if (!view->part && !view->samples)
        return snn_error_set("data set '%s' has parts already; split one of them, such as .train",
                             view->set->name);
    divided->samples = malloc((size_t)view->count * sizeof *divided->samples + 1);
    if (!divided->samples)
        return snn_error_set("out of memory for a data set");
    divided->count = view->count;
    for (int64_t i = 0; i < view->count; i++)
        divided->samples[i] = snn_view_at(view, i);
    return 0;
}

int snn_view_divide(struct snn_view *out, struct snn_view view, const struct snn_division *division)
{
    struct snn_dataset *set = snn_dataset_create(snn_dataset_name(view.set));
    struct divided *divided = set ? calloc(1, sizeof *divided) : NULL;

    if (!divided) {
        snn_dataset_release(set);
        return snn_error_set("out of memory for a data set");
    }
    divided->parent = snn_dataset_retain(view.set);
    set->state = divided;
    set->dispose = dispose;
    set->load = load;
    snn_dataset_copy_facts(set, view.set);
    if (keep_samples(divided, &view) < 0 || read_division(divided, division) < 0) {
        snn_dataset_release(set);
        return -1;
    }
    set->splits = 1u << SNN_SPLIT_TRAIN;
    if (divided->validation > 0)
        set->splits |= 1u << SNN_SPLIT_VAL;
    if (divided->folds > 0 || divided->has_value || divided->test_share > 0)
        set->splits |= 1u << SNN_SPLIT_TEST;
    set->is_divided = divided->folds > 0 && division->run_folds > 0;
    *out = snn_view_whole(set);
    return 0;
}
