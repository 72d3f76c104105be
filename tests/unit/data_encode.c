/* SPDX-License-Identifier: MIT
 *
 * Samples of numbers as events: which time each value gets, in what order the events come, which
 * values have none, and that choices of samples, splits and folds find them.
 */
#include "data/fold.h"
#include "data/source.h"
#include "data/view.h"
#include "data_formats.h"

#include <math.h>

enum { ELEMENTS = 6 };

static struct snn_region *region;

/* A set of float32 samples without splits. */
static struct snn_dataset *make_set(const float (*values)[ELEMENTS], int64_t count)
{
    struct snn_dataset *set = snn_dataset_create("set");
    struct snn_part part = { 0 };

    assert(set && snn_dataset_add_axis(set, "feature", ELEMENTS));
    set->pixel = SNN_PIXEL_FLOAT32;
    set->classes = 2;
    expect_success(snn_part_allocate(&part, set, count, true));
    memcpy(part.pixels, values, (size_t)count * sizeof *values);
    for (int64_t i = 0; i < count; i++)
        part.labels[i] = (int32_t)(i % 2);
    snn_dataset_put_part(set, SNN_SPLIT_NONE, &part);
    return set;
}

static struct snn_event_list events_of(const struct snn_view *view, int64_t sample)
{
    struct snn_event_list list;
    double unit;

    expect_success(snn_view_events(view, sample, ELEMENTS, HUGE_VAL, NULL, &list, &unit));
    assert(unit == 1);
    return list;
}

static void expect_events(const struct snn_event_list *list, const int32_t *index,
                          const float *time, int64_t count)
{
    assert(list->count == count);
    for (int64_t k = 0; k < count; k++)
        assert(list->index[k] == index[k] && list->time[k] == time[k]);
}

static void test_latency(void)
{
    static const float values[][ELEMENTS] = { { 0.5f, 1, 0, 0.25f, 1.5f, -1 },
                                              { 0, 0, 0, 0, 0, -0.0f },
                                              { 0.5f, 0.5f, 1e-30f, 0.5f, INFINITY, 0.75f } };
    static const int32_t first[] = { 1, 4, 0, 3 }, third[] = { 4, 5, 0, 1, 3 };
    static const float first_times[] = { 0, 0, 1, 1.5f }, third_times[] = { 0, 0.5f, 1, 1, 1 };
    struct snn_dataset *set = make_set(values, 3);
    struct snn_view view;
    struct snn_event_list list;

    expect_success(snn_view_pipe(&view, region, snn_view_whole(set), "latency", 2, 0));
    assert(max_time_of(view.set) == 2 && snn_dataset_sample_size(view.set) == ELEMENTS);
    expect_success(snn_view_load(&view, region));
    list = events_of(&view, 0);
    expect_events(&list, first, first_times, 4);
    list = events_of(&view, 1);
    expect_events(&list, NULL, NULL, 0);
    list = events_of(&view, 2); /* what is so dark that its time rounds to the end never spikes */
    expect_events(&list, third, third_times, 5);
    assert(snn_view_label(&view, 1) == 1 && snn_view_classes(&view) == 2);
    snn_dataset_release(view.set);
    snn_dataset_release(set);
}

static void test_times(void)
{
    static const float values[][ELEMENTS] = { { 0.5f, 1, 0, 0.25f, 0.5f, INFINITY } };
    static const int32_t index[] = { 2, 3, 0, 4 };
    static const float time[] = { 0, 0.25f, 0.5f, 0.5f };
    struct snn_dataset *set = make_set(values, 1);
    struct snn_view view;
    struct snn_event_list list;

    expect_success(snn_view_pipe(&view, region, snn_view_whole(set), "spike_times", 1, 0));
    expect_success(snn_view_load(&view, region));
    list = events_of(&view, 0);
    expect_events(&list, index, time, 4);
    snn_dataset_release(view.set);
    snn_dataset_release(set);
}

/* Samples that were chosen before or after are the same. */
static void test_choices(void)
{
    struct snn_view digits, coded, coded_later, folds;
    struct snn_dataset *set;
    bool is_divided;

    expect_success(snn_dataset_builtin_digits(&set, "digits", 100, 10, 1));
    expect_success(snn_view_pipe(&coded, region, snn_view_whole(set), "latency", 1, 0));
    expect_success(snn_view_split(&digits, region, snn_view_whole(set), "train"));
    expect_success(snn_view_slice(&digits, region, digits, 20, 40));
    expect_success(snn_view_pipe(&coded_later, region, digits, "latency", 1, 0));
    expect_success(snn_view_load(&coded_later, region));
    expect_success(snn_fold_divide(coded, 1, 5, &is_divided));
    assert(is_divided);
    expect_success(snn_view_split(&folds, region, coded, "val"));
    assert(snn_view_count(&folds) == 20 && snn_view_count(&coded_later) == 20);
    expect_success(snn_view_split(&folds, region, coded, "test"));
    assert(snn_view_count(&folds) == 10);
    for (int64_t i = 0; i < 20; i++) {
        struct snn_event_list list;
        float pixels[784];
        double unit;
        int64_t lit = 0;

        expect_success(snn_view_sample(&digits, i, pixels, 784));
        expect_success(snn_view_events(&coded_later, i, 784, 1, NULL, &list, &unit));
        for (int k = 0; k < 784; k++)
            lit += pixels[k] > 0;
        assert(list.count == lit && lit > 0);
        for (int64_t k = 0; k < list.count; k++)
            assert(list.time[k] == 1 - pixels[list.index[k]]);
        assert(snn_view_label(&digits, i) == snn_view_label(&coded_later, i));
    }
    snn_dataset_release(coded_later.set);
    snn_dataset_release(coded.set);
    snn_dataset_release(set);
}

static int load_piped(struct snn_dataset *set, const char *operation, double until)
{
    struct snn_view view;
    int status = snn_view_pipe(&view, region, snn_view_whole(set), operation, until, 0);

    if (status < 0)
        return status;
    status = snn_view_load(&view, region);
    snn_dataset_release(view.set);
    return status;
}

static void test_refusals(void)
{
    static const float values[][ELEMENTS] = { { 0 }, { 0, 0, -0.5f } };
    static const float nothing[][ELEMENTS] = { { 0, NAN } };
    struct snn_dataset *set = make_set(values, 2);
    struct snn_view view;

    expect_error(load_piped(set, "spike_times", 1),
                 "data set 'set': sample 1, element 2: -0.5 is no time of a spike; times count "
                 "from 0, and those of inputs without a spike are inf");
    expect_success(load_piped(set, "latency", 1));
    expect_error(load_piped(set, "latency", 0),
                 "latency of data set 'set': time must end after 0, not at 0");
    expect_error(load_piped(set, "latency", HUGE_VAL), "not at inf");
    expect_error(load_piped(set, "spike_times", 1e300), "not at 1e+300");
    expect_success(snn_view_pipe(&view, region, snn_view_whole(set), "latency", 1, 0));
    expect_error(load_piped(view.set, "latency", 1),
                 "latency of data set 'set': its samples are events already");
    snn_dataset_release(view.set);
    snn_dataset_release(set);
    set = make_set(nothing, 1);
    expect_error(load_piped(set, "latency", 1), "sample 0, element 1: nan is no time of a spike");
    expect_error(load_piped(set, "spike_times", 1), "nan is no time");
    snn_dataset_release(set);
}

int main(void)
{
    region = snn_region_create();
    test_latency();
    test_times();
    test_choices();
    test_refusals();
    snn_region_destroy(region);
    return 0;
}
