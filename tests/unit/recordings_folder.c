/* SPDX-License-Identifier: MIT
 *
 * Folders of recordings: where classes and sessions come from, and how recordings are cut into
 * windows.
 */
#include "recordings.h"

static struct snn_region *region;
static struct bytes bytes;

/* A recording of one event each `step` us, `count` of them from 100 us on, in pixel (0, y). */
static void write_ticks(const char *path, int y, int step, int count)
{
    begin_aedat2(&bytes);
    for (int k = 0; k < count; k++)
        put_aedat2(&bytes, 0, y, 0, 100 + (int64_t)k * step);
    write_recording(path, &bytes);
}

static void write_folders(void)
{
    static const char *const folders[] = {
        "objects",          "objects/one",    "objects/two",        "classes",
        "classes/cup",      "classes/box",    "sessions",           "sessions/day",
        "sessions/day/cup", "sessions/night", "sessions/night/box", "nothing"
    };

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        mkdir(folders[i], 0777);
    write_ticks("objects/one/cup.aedat", 1, 1000, 10);
    write_ticks("objects/one/box.aedat", 2, 1000, 10);
    write_ticks("objects/two/box.aedat", 3, 1000, 10);
    write_ticks("objects/two/pen.aedat", 4, 1000, 10);
    write_string("objects/two/readme.txt", "no recording");
    write_ticks("classes/cup/a.aedat", 1, 1000, 10);
    write_ticks("classes/box/a.aedat", 2, 1000, 10);
    write_ticks("classes/box/b.aedat", 3, 1000, 10);
    write_ticks("sessions/day/cup/a.aedat", 1, 1000, 10);
    write_ticks("sessions/night/box/a.aedat", 2, 1000, 10);
}

static int open_folder(struct snn_dataset **out, const char *folder, double window, double overlap,
                       const char *label, const char *classes)
{
    struct snn_data_arguments arguments;

    snn_data_arguments_clear(&arguments);
    arguments.texts[0] = folder;
    arguments.numbers[1] = window;
    arguments.numbers[2] = overlap;
    arguments.texts[3] = label;
    arguments.texts[4] = classes;
    return snn_dataset_open(out, "set", "recordings", &arguments);
}

static struct snn_view samples_of(const char *folder, double window, double overlap,
                                  const char *label, const char *classes)
{
    struct snn_dataset *set;
    struct snn_view view;

    expect_success(open_folder(&set, folder, window, overlap, label, classes));
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    return view;
}

/* Sample i is of that class and session, and was seen in row y. */
static void expect_sample(const struct snn_view *view, int64_t i, int label, const char *session,
                          int y)
{
    int field = snn_dataset_field(view->set, "session");
    struct snn_event_list list = events_of(view, i);

    assert(snn_view_label(view, i) == label);
    assert(strcmp(snn_dataset_field_text(view->set, field, snn_view_field(view, i, field)),
                  session) == 0);
    assert(list.count > 0 && list.index[0] == place(128, 0, y, 0));
}

static void test_names(void)
{
    struct snn_view view = samples_of("objects", NAN, NAN, "", "");

    assert(view.count == 4 && snn_view_classes(&view) == 3); /* box, cup, pen */
    expect_sample(&view, 0, 0, "one", 2);
    expect_sample(&view, 1, 1, "one", 1);
    expect_sample(&view, 2, 0, "two", 3);
    expect_sample(&view, 3, 2, "two", 4);
    assert(snn_view_field(&view, 3, snn_dataset_field(view.set, "recording")) == 3);
    snn_dataset_release(view.set);
    view = samples_of("objects", NAN, NAN, "file", "pen, box");
    assert(view.count == 3 && snn_view_classes(&view) == 2);
    expect_sample(&view, 0, 1, "one", 2);
    expect_sample(&view, 2, 0, "two", 4);
    snn_dataset_release(view.set);
    view = samples_of("objects", NAN, NAN, "", "common");
    assert(view.count == 2 && snn_view_classes(&view) == 1); /* box */
    snn_dataset_release(view.set);
    view = samples_of("objects/one", NAN, NAN, "", "");
    assert(view.count == 2);
    expect_sample(&view, 1, 1, "", 1);
    snn_dataset_release(view.set);
}

static void test_folders(void)
{
    struct snn_view view = samples_of("classes", NAN, NAN, "folder", "");

    assert(view.count == 3 && snn_view_classes(&view) == 2);
    expect_sample(&view, 1, 0, "", 3);
    expect_sample(&view, 2, 1, "", 1);
    snn_dataset_release(view.set);
    view = samples_of("sessions", NAN, NAN, "folder", "");
    assert(view.count == 2);
    expect_sample(&view, 0, 1, "day", 1);
    expect_sample(&view, 1, 0, "night", 2);
    snn_dataset_release(view.set);
}

static void expect_times(const struct snn_view *view, int64_t i, int count, float first, float step)
{
    struct snn_event_list list = events_of(view, i);

    assert(list.count == count);
    for (int k = 0; k < count; k++)
        assert(list.time[k] == first + (float)k * step);
}

/* The recordings last 9 ms and 1 us: from 100 to 9100 us. */
static void test_windows(void)
{
    struct snn_view view = samples_of("objects/one", 3, NAN, "", "cup");

    assert(view.count == 3 && max_time_of(view.set) == 3);
    for (int i = 0; i < 3; i++)
        expect_times(&view, i, 3, 0, 1000);
    snn_dataset_release(view.set);
    view = samples_of("objects/one", 3, 1.5, "", "cup");
    assert(view.count == 5);
    expect_times(&view, 1, 3, 500, 1000);
    expect_times(&view, 4, 3, 0, 1000);
    snn_dataset_release(view.set);
    write_ticks("objects/one/slow.aedat", 1, 1000000, 3);
    view = samples_of("objects/one", 0.3, NAN, "", "slow");
    assert(view.count == 2); /* between the events nothing is to be seen */
    expect_times(&view, 0, 1, 0, 0);
    expect_times(&view, 1, 1, 100, 0); /* a window begins at 999.9 ms; the last is not complete */
    snn_dataset_release(view.set);
    unlink("objects/one/slow.aedat");
}

/* What reads SL-Animals takes a folder without tags as one of other recordings. */
static void test_sessions(void)
{
    struct snn_dataset *set;
    struct snn_view view;
    int person;

    write_ticks("objects/one/box.aedat", 2, 1000, 3002);
    write_ticks("objects/two/box.aedat", 3, 1000, 1502);
    expect_success(snn_dataset_sl_animals(&set, "signs", "objects"));
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    person = snn_dataset_field(set, "person");
    assert(view.count == 3 && snn_view_classes(&view) == 1 && max_time_of(set) == 1500);
    assert(snn_view_field(&view, 1, person) == 0 && snn_view_field(&view, 2, person) == 1);
    snn_dataset_release(set);
}

static void test_errors(void)
{
    struct snn_dataset *set;

    expect_error(open_folder(&set, "nothing", NAN, NAN, "", ""),
                 "nothing: no recordings: they are *.aedat or *.aedat4 here or in a folder");
    expect_error(open_folder(&set, "objects", NAN, NAN, "folder", "cup"),
                 "objects: no recording of 'cup'; there are one, one, two, two");
    expect_error(open_folder(&set, "nothing", NAN, NAN, "folder", ""),
                 "with label = \"folder\" they are in <class>/*.aedat");
    expect_error(open_folder(&set, "objects", NAN, NAN, "name", ""),
                 "label is \"file\" or \"folder\", not 'name'");
    expect_error(open_folder(&set, "objects", 0, NAN, "", ""), "the window must be 1 us at least");
    expect_error(open_folder(&set, "objects", 3, 3, "", ""),
                 "overlap must be less than the window");
    expect_error(open_folder(&set, "objects", NAN, 3, "", ""), "an overlap, but of which windows?");
    expect_error(open_folder(&set, "sessions", NAN, NAN, "folder", "common"),
                 "sessions: nothing was recorded in every session");
    expect_unreadable(open_folder(&set, "objects", 20, NAN, "", "cup"), &set,
                      "objects/one/cup.aedat: lasts 9.001 ms, less than a window of 20 ms");
    begin_aedat4(&bytes, 0);
    write_recording("objects/two/pen.aedat4", &bytes);
    expect_unreadable(open_folder(&set, "objects", NAN, NAN, "", "box, pen"), &set,
                      "objects/two/pen.aedat4: 32 x 24 pixels, but objects/one/box.aedat has "
                      "128 x 128");
}

int main(void)
{
    region = snn_region_create();
    write_folders();
    test_names();
    test_folders();
    test_windows();
    test_sessions();
    test_errors();
    snn_region_destroy(region);
    return 0;
}
