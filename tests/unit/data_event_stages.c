/* SPDX-License-Identifier: MIT
 *
 * Stages of events: each on a sample that can be followed by hand, the filters also against their
 * definitions on random events; what is drawn has the shares and moments that it should, and
 * depends on key and sample alone.
 */
#include "data/event_stage.h"
#include "data/events.h"
#include "data/source.h"
#include "data_formats.h"

#include <math.h>

enum { HEIGHT = 5, WIDTH = 6, INPUTS = 2 * HEIGHT * WIDTH, MANY = 4000, MADE = 100 };

static struct snn_region *region;
static struct snn_event_work *work;
static struct snn_dataset *made[MADE]; /* whole sets, to be given back */
static int made_count;

struct event {
    float time;
    int p, y, x;
};

/* ---- sets */

struct columns {
    int32_t *index;
    float *time;
};

static void dispose(void *state)
{
    struct columns *columns = state;

    free(columns->index);
    free(columns->time);
    free(columns);
}

/* A sample of these events, `copies` times; times are in milliseconds. */
static struct snn_dataset *make_set(const struct event *events, int64_t count, int64_t copies)
{
    struct snn_dataset *set = snn_dataset_create("set");
    struct snn_event_store *store = snn_event_store_create("set");
    struct columns *columns = calloc(1, sizeof *columns);
    struct snn_part part = { .events = store };

    assert(set && store && columns);
    assert(snn_dataset_add_axis(set, "polarity", 2) && snn_dataset_add_axis(set, "y", HEIGHT) &&
           snn_dataset_add_axis(set, "x", WIDTH));
    set->pixel = SNN_PIXEL_EVENTS;
    set->max_time = 100;
    set->time_unit = 1;
    set->classes = 2;
    store->state = columns;
    store->dispose = dispose;
    columns->index = malloc((size_t)count * sizeof *columns->index + 1);
    columns->time = malloc((size_t)count * sizeof *columns->time + 1);
    for (int64_t k = 0; k < count; k++) {
        columns->index[k] = (events[k].p * HEIGHT + events[k].y) * WIDTH + events[k].x;
        columns->time[k] = events[k].time;
    }
    expect_success(snn_part_allocate(&part, set, copies, true));
    for (int64_t i = 0; i < copies; i++)
        ((struct snn_event_list *)part.pixels)[i] = (struct snn_event_list){
            .index = columns->index, .time = columns->time, .count = count
        };
    snn_dataset_put_part(set, SNN_SPLIT_NONE, &part);
    return set;
}

static struct snn_view staged(struct snn_view view, const char *name, double a, double b, double c,
                              double d)
{
    const double numbers[SNN_STAGE_NUMBERS] = { a, b, c, d };
    struct snn_view out;

    expect_success(snn_view_event_stage(&out, region, view, name, numbers, 12345));
    if (!view.part && !view.samples) { /* others lie in the region */
        assert(made_count < MADE);
        made[made_count++] = out.set;
    }
    return out;
}

/* The events of a sample as text: "time:p,y,x ...". */
static const char *events_of(struct snn_view view, int64_t sample)
{
    static char text[1000];
    struct snn_event_list list;
    int64_t width, height;
    size_t used = 0;
    double unit;

    expect_success(snn_view_load(&view, region));
    expect_success(
        snn_view_events(&view, sample, view.set->sample_size, HUGE_VAL, work, &list, &unit));
    height = snn_dataset_extent(view.set, "y");
    width = snn_dataset_extent(view.set, "x");
    text[0] = '\0';
    for (int64_t k = 0; k < list.count; k++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%g:%d,%d,%d", k ? " " : "",
                             (double)list.time[k], (int)(list.index[k] / (height * width)),
                             (int)(list.index[k] / width % height), (int)(list.index[k] % width));
    return text;
}

static void expect_events(struct snn_view view, const char *expected)
{
    const char *text = events_of(view, 0);

    if (strcmp(text, expected) != 0) {
        fprintf(stderr, "events: %s\nshould be: %s\n", text, expected);
        abort();
    }
}

/* ---- by hand */

static const struct event few[] = {
    { 1, 0, 0, 0 },  { 3, 1, 0, 1 },  { 4, 0, 4, 5 },  { 12, 0, 0, 1 },
    { 14, 1, 0, 1 }, { 15, 1, 0, 1 }, { 25, 1, 4, 4 }, { 33, 0, 2, 3 },
};

static void test_times(void)
{
    struct snn_dataset *set = make_set(few, 8, 1);
    struct snn_view all = snn_view_whole(set), cut;

    expect_events(staged(all, "bin", 10, 0, 0, 0),
                  "0:0,0,0 0:1,0,1 0:0,4,5 10:0,0,1 10:1,0,1 10:1,0,1 20:1,4,4 30:0,2,3");
    expect_events(staged(all, "bin", 10, 1, 0, 0),
                  "0:0,0,0 0:1,0,1 0:0,4,5 10:0,0,1 10:1,0,1 20:1,4,4 30:0,2,3");
    expect_events(staged(all, "bin", 10, 1, 1, 0),
                  "0:0,0,0 0:1,0,1 0:0,4,5 10:0,0,1 10:1,0,1 20:1,4,4");
    expect_events(staged(all, "bin", 40, 1, 1, 0), /* there is one bin in any case */
                  "0:0,0,0 0:1,0,1 0:0,4,5 0:0,0,1 0:1,4,4 0:0,2,3");
    expect_events(staged(all, "crop_time", 14, NAN, 0, 0), "1:0,0,0 3:1,0,1 4:0,4,5 12:0,0,1");
    expect_events(staged(all, "crop_time", 25, 4, 0, 0), "0:0,4,5 8:0,0,1 10:1,0,1 11:1,0,1");
    expect_events(staged(staged(all, "bin", 10, 1, 0, 0), "crop_time", 30, 10, 0, 0),
                  "0:0,0,1 0:1,0,1 10:1,4,4");
    expect_events(staged(staged(all, "crop_time", 5, 3, 0, 0), "time_alignment", 0, 0, 0, 0),
                  "0:1,0,1 1:0,4,5");
    expect_events(staged(all, "time_alignment", 0, 0, 0, 0),
                  "0:0,0,0 2:1,0,1 3:0,4,5 11:0,0,1 13:1,0,1 14:1,0,1 24:1,4,4 32:0,2,3");
    expect_events(staged(staged(all, "crop_time", 5, 0, 0, 0), "reverse_time", 1, 0, 0, 0),
                  "0:1,4,5 1:0,0,1 3:1,0,0");
    cut = staged(all, "crop_time", 30, 10, 0, 0);
    assert(max_time_of(cut.set) == 20);
    assert(max_time_of(staged(cut, "pad_time", 50, 0, 0, 0).set) == 50);
    assert(max_time_of(staged(cut, "pad_time", 5, 0, 0, 0).set) == 20);
    assert(snn_dataset_bin(staged(all, "bin", 10, 0, 0, 0).set) == 10);
    assert(snn_dataset_bin(
               staged(staged(all, "bin", 10, 0, 0, 0), "time_jitter", 1, 0, 0, 0).set) == 0);
    snn_dataset_release(set);
}

static void test_places(void)
{
    struct snn_dataset *set = make_set(few, 8, 1);
    struct snn_view all = snn_view_whole(set), small;

    small = staged(all, "downsample", 2, 0, 0, 0);
    expect_events(small, "1:0,0,0 3:1,0,0 4:0,2,2 12:0,0,0 14:1,0,0 15:1,0,0 25:1,2,2 33:0,1,1");
    assert(snn_dataset_extent(small.set, "y") == 3 && snn_dataset_extent(small.set, "x") == 3);
    assert(snn_dataset_sample_size(small.set) == 18);
    small = staged(all, "center_crop", 3, 4, 0, 0); /* rows 1 to 3, columns 1 to 4 */
    expect_events(small, "33:0,1,2");
    expect_events(staged(all, "crop", 1, 2, 0, 1), "3:1,0,0 12:0,0,0 14:1,0,0 15:1,0,0");
    expect_events(staged(all, "crop", 5, 5, NAN, 1),
                  "3:1,0,0 4:0,4,4 12:0,0,0 14:1,0,0 15:1,0,0 25:1,4,3 33:0,2,2");
    small = staged(all, "merge_polarities", 0, 0, 0, 0);
    expect_events(small, "1:0,0,0 3:0,0,1 4:0,4,5 12:0,0,1 14:0,0,1 15:0,0,1 25:0,4,4 33:0,2,3");
    assert(snn_dataset_extent(small.set, "polarity") == 1);
    expect_events(staged(all, "flip_x", 1, 0, 0, 0),
                  "1:0,0,5 3:1,0,4 4:0,4,0 12:0,0,4 14:1,0,4 15:1,0,4 25:1,4,1 33:0,2,2");
    expect_events(staged(all, "flip_y", 1, 0, 0, 0),
                  "1:0,4,0 3:1,4,1 4:0,0,5 12:0,4,1 14:1,4,1 15:1,4,1 25:1,0,4 33:0,2,3");
    expect_events(staged(all, "flip_polarity", 1, 0, 0, 0),
                  "1:1,0,0 3:0,0,1 4:1,4,5 12:1,0,1 14:0,0,1 15:0,0,1 25:0,4,4 33:1,2,3");
    expect_events(staged(staged(all, "flip_x", 0, 0, 0, 0), "spatial_jitter", 0, 0, 0, 0),
                  "1:0,0,0 3:1,0,1 4:0,4,5 12:0,0,1 14:1,0,1 15:1,0,1 25:1,4,4 33:0,2,3");
    snn_dataset_release(set);
}

static void test_filters(void)
{
    struct snn_dataset *set = make_set(few, 8, 1);
    struct snn_view all = snn_view_whole(set);

    /* Those before 10 pass; at 12 the neighbour (0, 0) was heard of 11 ago, at 14 and 15 no longer
     * than allowed is none; a pixel is not its own neighbour. */
    expect_events(staged(all, "denoise", 10, 0, 0, 0), "1:0,0,0 3:1,0,1 4:0,4,5");
    expect_events(staged(all, "denoise", 12, 0, 0, 0), "1:0,0,0 3:1,0,1 4:0,4,5 12:0,0,1");
    expect_events(staged(all, "denoise", 22, 0, 0, 0),
                  "1:0,0,0 3:1,0,1 4:0,4,5 12:0,0,1 14:1,0,1 15:1,0,1 25:1,4,4");
    /* Both polarities are one pixel; what is dropped counts. */
    expect_events(staged(all, "refractory_period", 2, 0, 0, 0),
                  "1:0,0,0 3:1,0,1 4:0,4,5 12:0,0,1 25:1,4,4 33:0,2,3");
    expect_events(staged(all, "refractory_period", 1, 0, 0, 0),
                  "1:0,0,0 3:1,0,1 4:0,4,5 12:0,0,1 14:1,0,1 25:1,4,4 33:0,2,3");
    expect_events(staged(all, "drop_event", 1, 0, 0, 0), "");
    expect_events(staged(all, "drop_event_by_time", 0, 0, 0, 0), events_of(all, 0));
    expect_events(staged(all, "drop_event_by_area", 1, 0, 0, 0), "");
    snn_dataset_release(set);
}

/* ---- against definitions */

static struct event *random_events(void)
{
    static struct event events[MANY];
    struct snn_random random = snn_random_start(7, 7);
    float time = 0;

    for (int k = 0; k < MANY; k++) {
        time += (float)snn_random_below(&random, 8) * 0.125f;
        events[k] = (struct event){ time, (int)snn_random_below(&random, 2),
                                    (int)snn_random_below(&random, HEIGHT),
                                    (int)snn_random_below(&random, WIDTH) };
    }
    return events;
}

static bool stays_quiet(const struct event *events, int k, double duration)
{
    for (int i = 0; i < k; i++) {
        int distance = abs(events[i].y - events[k].y) + abs(events[i].x - events[k].x);

        if (distance == 1 && (double)events[i].time + duration > (double)events[k].time)
            return false;
    }
    return (double)events[k].time >= duration;
}

static bool is_refractory(const struct event *events, int k, double duration)
{
    for (int i = k - 1; i >= 0; i--)
        if (events[i].y == events[k].y && events[i].x == events[k].x)
            return (double)events[k].time - (double)events[i].time <= duration;
    return false;
}

static void test_definitions(void)
{
    static const struct {
        const char *name;
        bool (*drops)(const struct event *, int, double);
    } filters[] = { { "denoise", stays_quiet }, { "refractory_period", is_refractory } };
    const struct event *events = random_events();
    struct snn_dataset *set = make_set(events, MANY, 1);

    for (int f = 0; f < 2; f++)
        for (double duration = 0.5; duration < 30; duration *= 3) {
            struct snn_view view = staged(snn_view_whole(set), filters[f].name, duration, 0, 0, 0);
            struct snn_event_list list;
            int64_t kept = 0;
            double unit;

            expect_success(snn_view_load(&view, region));
            expect_success(snn_view_events(&view, 0, INPUTS, HUGE_VAL, work, &list, &unit));
            for (int k = 0; k < MANY; k++)
                if (!filters[f].drops(events, k, duration)) {
                    assert(kept < list.count && list.time[kept] == events[k].time);
                    assert(list.index[kept] ==
                           (events[k].p * HEIGHT + events[k].y) * WIDTH + events[k].x);
                    kept++;
                }
            assert(kept == list.count && kept < MANY);
        }
    snn_dataset_release(set);
}

/* ---- what is drawn */

static struct snn_event_list list_of(struct snn_view *view, int64_t sample)
{
    struct snn_event_list list;
    double unit;

    expect_success(snn_view_load(view, region));
    expect_success(
        snn_view_events(view, sample, view->set->sample_size, HUGE_VAL, work, &list, &unit));
    return list;
}

static int64_t flipped(struct snn_view *view, int64_t samples)
{
    int64_t count = 0;

    for (int64_t i = 0; i < samples; i++)
        count += list_of(view, i).index[0] != 0;
    return count;
}

static void test_draws(void)
{
    static const struct event one[] = { { 50, 0, 0, 0 } }, middle[] = { { 50, 0, 2, 3 } };
    const struct event *events = random_events();
    struct snn_dataset *many = make_set(events, MANY, 2), *set = make_set(one, 1, MANY);
    struct snn_dataset *centre = make_set(middle, 1, MANY);
    struct snn_view view = staged(snn_view_whole(set), "flip_x", 0.3, 0, 0, 0), again;
    double sum = 0, squares = 0, x = 0, xx = 0, y = 0, yy = 0, xy = 0, n = 0;
    int64_t count = flipped(&view, MANY), kept;
    struct snn_event_list noisy;
    float first;

    assert(fabs((double)count / MANY - 0.3) < 4 * sqrt(0.21 / MANY)); /* four deviations */
    again = staged(snn_view_whole(set), "flip_x", 0.3, 0, 0, 0);
    assert(flipped(&again, MANY) == count);
    view = staged(snn_view_whole(many), "drop_event", 0.3, 0, 0, 0);
    kept = list_of(&view, 0).count;
    assert(kept == MANY - 1200);
    first = list_of(&view, 0).time[kept / 2];
    assert(list_of(&view, 1).count == kept && list_of(&view, 1).time[kept / 2] != first);
    view = staged(snn_view_whole(set), "time_jitter", 2, 0, 0, 0);
    for (int64_t i = 0; i < MANY; i++) {
        double moved = (double)list_of(&view, i).time[0] - 50;

        sum += moved;
        squares += moved * moved;
    }
    assert(fabs(sum / MANY) < 8 / sqrt(MANY) &&
           fabs(squares / MANY - 4) < 4 * 4 * sqrt(2.0 / MANY));
    view = staged(snn_view_whole(centre), "spatial_jitter", 0.5, 0.25, 0.3, 0);
    for (int64_t i = 0; i < MANY; i++) {
        struct snn_event_list list = list_of(&view, i);

        if (list.count == 0)
            continue; /* out of the picture */
        n++;
        x += list.index[0] % WIDTH - 3;
        y += list.index[0] / WIDTH - 2;
        xx += (list.index[0] % WIDTH - 3) * (list.index[0] % WIDTH - 3);
        yy += (list.index[0] / WIDTH - 2) * (list.index[0] / WIDTH - 2);
        xy += (list.index[0] % WIDTH - 3) * (list.index[0] / WIDTH - 2);
    }
    assert(n > 0.98 * MANY && xx > 1.2 * yy && xy > 0 && xy < xx);
    /* 3 - 0.4 is stored as 2, 3 + 0.4 as 3. */
    assert(x / n < -0.3 && y / n < -0.3);
    view = staged(snn_view_whole(many), "uniform_noise", 500, 0, 0, 0);
    noisy = list_of(&view, 0);
    assert(noisy.count == MANY + 500);
    for (int64_t k = 1; k < noisy.count; k++)
        assert(noisy.time[k] >= noisy.time[k - 1] && noisy.index[k] < INPUTS);
    view = staged(snn_view_whole(many), "drop_event_by_time", 0.25, 0, 0, 0);
    kept = list_of(&view, 0).count;
    assert(kept > 0.7 * MANY && kept < 0.8 * MANY);
    view = staged(snn_view_whole(many), "drop_event_by_area", 0.5, 0, 0, 0);
    kept = list_of(&view, 0).count; /* a box of 2 by 3 of 5 by 6 */
    assert(fabs((double)kept / MANY - 0.8) < 4 * sqrt(0.16 / MANY));
    snn_dataset_release(many);
    snn_dataset_release(set);
    snn_dataset_release(centre);
}

/* Distances from the middle, (2, 2.5), are kept to the nearest pixel; all directions within the
 * angle come up. */
static void test_rotation(void)
{
    static const struct event arms[] = { { 1, 0, 2, 0 }, { 2, 0, 2, 2 }, { 3, 0, 2, 5 } };
    struct snn_dataset *set = make_set(arms, 3, MANY);
    struct snn_view view = staged(snn_view_whole(set), "random_rotation", 40, 0, 0, 0);
    int rows[HEIGHT] = { 0 };

    for (int64_t i = 0; i < MANY; i++) {
        struct snn_event_list list = list_of(&view, i);
        int y = list.index[0] / WIDTH, x = list.index[0] % WIDTH;

        assert(list.count == 3 && list.index[1] / WIDTH == 2 && list.index[1] % WIDTH == 2);
        assert(list.index[2] / WIDTH == HEIGHT - 1 - y && list.index[2] % WIDTH == WIDTH - 1 - x);
        assert(fabs(hypot(y - 2, x - 2.5) - 2.5) <= 0.71);
        rows[y]++;
    }
    assert(rows[0] > 0 && rows[4] > 0); /* 2.5 sin 40 degrees is 1.6 */
    assert(abs(rows[0] - rows[4]) < 4 * sqrt(MANY) && rows[2] > 0);
    snn_dataset_release(set);
}

/* A part of binned events begins with a bin, and every one of those that fit comes up. */
static void test_random_crops(void)
{
    static const struct event ten[] = { { 0, 0, 0, 0 },    { 0.1f, 0, 0, 1 }, { 0.2f, 0, 0, 2 },
                                        { 0.3f, 0, 0, 3 }, { 0.4f, 0, 0, 4 }, { 0.5f, 0, 0, 5 },
                                        { 0.6f, 0, 1, 0 }, { 0.7f, 0, 1, 1 }, { 0.8f, 0, 1, 2 },
                                        { 0.9f, 0, 1, 3 } };
    struct snn_dataset *set = make_set(ten, 10, 200);
    struct snn_view view = staged(snn_view_whole(set), "bin", 0.1, 0, 0, 0);
    unsigned seen = 0;

    view = staged(view, "random_crop_time", 0.4, 0, 0, 0);
    for (int64_t i = 0; i < 200; i++) {
        struct snn_event_list list = list_of(&view, i);

        assert(list.count == 4);
        for (int64_t k = 0; k < 4; k++)
            assert(list.index[k] == list.index[0] + k && list.time[k] == (float)((double)k * 0.1));
        seen |= 1u << list.index[0];
    }
    assert(seen == 0x7f);
    view = staged(snn_view_whole(set), "random_crop", 1, 4, 0, 0);
    assert(snn_dataset_sample_size(view.set) == 8);
    for (int64_t i = 0; i < 200; i++) {
        struct snn_event_list list = list_of(&view, i);

        assert(list.count <= 4 && list.count != 1);
        for (int64_t k = 0; k < list.count; k++)
            assert(list.index[k] < 4);
    }
    snn_dataset_release(set);
}

/* ---- parts, and what is wrong */

static void test_parts(void)
{
    struct snn_dataset *set = make_set(few, 8, 5);
    struct snn_view view = staged(snn_view_whole(set), "crop_time", 5, 0, 0, 0), part, joined;

    expect_success(snn_view_slice(&part, region, view, 2, 4));
    part = staged(part, "flip_x", 1, 0, 0, 0);
    assert(snn_view_count(&part) == 2 && snn_view_index(&part, 1) == 3);
    assert(strcmp(events_of(part, 1), "1:0,0,5 3:1,0,4 4:0,4,0") == 0);
    expect_success(snn_view_slice(&joined, region, view, 0, 1));
    expect_success(snn_view_join(&joined, region, part, joined));
    assert(strcmp(events_of(joined, 2), "1:0,0,0 3:1,0,1 4:0,4,5") == 0);
    expect_error(snn_view_join(&joined, region, part, staged(part, "bin", 2, 0, 0, 0)),
                 "join: the events of data set 'set' are in bins of 0, those of 'set' of 2 (0: in "
                 "none)");
    snn_dataset_release(set);
}

static void test_errors(void)
{
    struct snn_dataset *set = make_set(few, 8, 1), *flat = snn_dataset_create("flat"), *pictures;
    struct snn_view out;
#define REFUSES(name, message, ...)                                                                \
    expect_error(snn_view_event_stage(&out, region, snn_view_whole(set), name,                     \
                                      (const double[SNN_STAGE_NUMBERS]){ __VA_ARGS__ }, 1),        \
                 message)

    REFUSES("bin", "bin: a time must be above 0, and 0 was given", 0, 0, 0, 0);
    REFUSES("crop_time", "crop_time: a time cannot be negative, and -1 was given", 5, -1, 0, 0);
    REFUSES("crop_time", "crop_time: the part must end after it begins", 5, 5, 0, 0);
    REFUSES("flip_x", "flip_x: a share or chance is 0 to 1 (100 %), and 50 was given", 50, 0, 0, 0);
    REFUSES("downsample", "downsample: a whole number from 1 is needed, and 1.5 was given", 1.5, 0,
            0, 0);
    REFUSES("uniform_noise", "uniform_noise: a whole number from 0 is needed, and -1 was given", -1,
            0, 0, 0);
    REFUSES("spatial_jitter", "spatial_jitter: a number from 0 is needed, and -1 was given", -1, 0,
            0, 0);
    REFUSES("spatial_jitter", "spatial_jitter: the covariance is larger than the variances allow",
            1, 1, 2, 0);
    REFUSES("center_crop", "center_crop: 6 x 6 does not fit into events of [y: 5, x: 6]", 6, NAN, 0,
            0);
    REFUSES("crop", "crop: 6 x 6 does not fit into events of [y: 5, x: 6]", 5, 6, 1, 0);
    REFUSES("shake", "there is no stage 'shake' of events", 0, 0, 0, 0);
    assert(snn_dataset_add_axis(flat, "input", 4));
    flat->pixel = SNN_PIXEL_EVENTS;
    snn_dataset_release(set);
    set = flat;
    REFUSES("flip_x",
            "flip_x of data set 'flat': its inputs are [input: 4], without the places [y, x]", 1, 0,
            0, 0);
    expect_success(snn_dataset_builtin_digits(&pictures, "digits", 10, 10, 1));
    snn_dataset_release(set);
    set = pictures;
    REFUSES("bin", "bin of data set 'digits': it has no events", 1, 0, 0, 0);
    snn_dataset_release(set);
}

int main(void)
{
    region = snn_region_create();
    work = snn_event_work_create();
    assert(work);
    test_times();
    test_places();
    test_filters();
    test_definitions();
    test_draws();
    test_rotation();
    test_random_crops();
    test_parts();
    test_errors();
    while (made_count > 0)
        snn_dataset_release(made[--made_count]);
    snn_event_work_destroy(work);
    snn_region_destroy(region);
    return 0;
}
