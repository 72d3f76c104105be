/* SPDX-License-Identifier: MIT
 *
 * Frames of counts: each count is as many events in the bin of its frame, at the place that it has
 * in the frame, for arrays of every number of axes; and what is said of others.
 */
#include "data/source.h"
#include "recordings.h"

static struct snn_region *region;
static struct bytes bytes;

static void write_array(const char *path, const char *descr, const char *shape, const void *data,
                        size_t count)
{
    char header[128];
    int length = snprintf(header, sizeof header,
                          "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);

    while ((10 + length) % 64 != 63)
        header[length++] = ' ';
    header[length++] = '\n';
    header[length] = '\0';
    put_npy(&bytes, 1, header, data, count);
    write_recording(path, &bytes);
}

static struct snn_view open_frames(const char *path, double step, const char *labels)
{
    struct snn_dataset *set;
    struct snn_view view;

    expect_success(snn_dataset_frames(&set, "clips", path, step, labels));
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    return view;
}

static void expect_list(const struct snn_view *view, int64_t i, int count, const int32_t *index,
                        const float *time)
{
    size_t inputs = snn_dataset_sample_size(view->set);
    struct snn_event_list list;
    double unit;

    expect_success(snn_view_events(view, i, inputs, HUGE_VAL, NULL, &list, &unit));
    assert(list.count == count && unit == view->set->time_unit);
    for (int k = 0; k < count; k++)
        assert(list.index[k] == index[k] && list.time[k] == time[k]);
}

/* Two samples of two frames of [polarity: 2, y: 1, x: 3]. */
static void test_file(void)
{
    static const uint8_t counts[] = { 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0,
                                      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
    struct snn_view view;

    write_array("frames.npy", "|u1", "(2, 2, 2, 1, 3)", counts, sizeof counts);
    write_array("labels.npy", "<i4", "(2,)", (int32_t[]){ 4, 1 }, 8);
    view = open_frames("frames.npy", 30, "labels.npy");
    assert(view.count == 2 && snn_view_classes(&view) == 5 && snn_view_label(&view, 0) == 4);
    assert(max_time_of(view.set) == 60 && snn_dataset_bin(view.set) == 30);
    assert(snn_dataset_extent(view.set, "polarity") == 2 && snn_dataset_extent(view.set, "x") == 3);
    expect_list(&view, 0, 4, (int32_t[]){ 1, 1, 5, 3 }, (float[]){ 0, 0, 0, 1 });
    expect_list(&view, 1, 1, (int32_t[]){ 5 }, (float[]){ 1 });
    snn_dataset_release(view.set);
    view = open_frames("frames.npy", NAN, "");
    assert(snn_view_label(&view, 1) == 1 && max_time_of(view.set) == 2);
    snn_dataset_release(view.set);
}

/* One sample: three frames of [y: 2, x: 2], or of [x: 4]; whole numbers of any type. */
static void test_axes(void)
{
    static const float counts[] = { 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2 };
    static const char *const shapes[] = { "(1, 3, 2, 2)", "(1, 3, 4)" };

    for (int i = 0; i < 2; i++) {
        struct snn_view view;

        write_array("frames.npy", "<f4", shapes[i], counts, sizeof counts);
        view = open_frames("frames.npy", 1, "");
        assert(snn_dataset_extent(view.set, "polarity") == 1);
        assert(snn_dataset_extent(view.set, "y") == (i == 0 ? 2 : 1));
        expect_list(&view, 0, 3, (int32_t[]){ 1, 3, 3 }, (float[]){ 1, 2, 2 });
        snn_dataset_release(view.set);
    }
}

static void test_folder(void)
{
    struct snn_view view;

    mkdir("clips", 0777);
    mkdir("clips/cup", 0777);
    mkdir("clips/box", 0777);
    write_array("clips/cup/1.npy", "|u1", "(2, 1, 2)", "\0\1\0\0", 4);
    write_array("clips/box/1.npy", "|u1", "(2, 1, 2)", "\0\0\1\0", 4);
    write_array("clips/box/2.npy", "|u1", "(1, 1, 2)", "\0\2", 2); /* shorter */
    view = open_frames("clips", 10, "");
    assert(view.count == 3 && snn_view_classes(&view) == 2 && max_time_of(view.set) == 20);
    assert(snn_view_label(&view, 0) == 0 && snn_view_label(&view, 2) == 1);
    expect_list(&view, 0, 1, (int32_t[]){ 0 }, (float[]){ 1 });
    expect_list(&view, 1, 2, (int32_t[]){ 1, 1 }, (float[]){ 0, 0 });
    expect_list(&view, 2, 1, (int32_t[]){ 1 }, (float[]){ 0 });
    snn_dataset_release(view.set);
}

static void expect_failure(const char *path, const char *labels, const char *text)
{
    struct snn_dataset *set;

    expect_unreadable(snn_dataset_frames(&set, "clips", path, 1, labels), &set, text);
}

static void test_errors(void)
{
    static const float half[] = { 0, 0, 0, 0.5f }, none[] = { -1, 0, 0, 0 };
    static const uint8_t counts[8] = { 0 };

    write_array("f.npy", "<f4", "(1, 2, 1, 2)", half, sizeof half);
    expect_failure("f.npy", "",
                   "f.npy: frame 1 has 0.5 at polarity 0, y 0, x 1; frames hold counts");
    write_array("f.npy", "<f4", "(1, 2, 1, 2)", none, sizeof none);
    expect_failure("f.npy", "", "frame 0 has -1 at polarity 0, y 0, x 0");
    write_array("f.npy", "|u1", "(2, 2)", counts, 4);
    expect_failure("f.npy", "", "f.npy: 2 axes; frames are [sample, time, polarity, y, x]");
    write_array("f.npy", "|u1", "(1, 1, 4, 1, 1)", counts, 4);
    expect_failure("f.npy", "", "1 frames of 4 polarities and 1 x 1 pixels");
    write_array("f.npy", "|u1", "(1, 2, 1, 2)", counts, 3);
    expect_failure("f.npy", "", "f.npy: truncated");
    write_array("f.npy", "|u1", "(1, 2, 1, 2)", counts, 4);
    write_array("l.npy", "<i4", "(2,)", counts, 8);
    expect_failure("f.npy", "l.npy", "l.npy: there must be one label for each of the 1 samples");
    write_array("l.npy", "<i4", "(1,)", (int32_t[]){ -3 }, 4);
    expect_failure("f.npy", "l.npy", "l.npy: label -3 of sample 0");
    expect_failure("none.npy", "", "no file or folder at 'none.npy', 'data/none.npy'");
    expect_failure("clips", "l.npy", "the labels of a folder are the names of the folders in it");
    write_array("clips/cup/2.npy", "|u1", "(3, 2, 1)", "\0\0\0\0\0\0", 6);
    expect_failure("clips", "",
                   "clips/cup/2.npy: frames of [polarity: 1, y: 2, x: 1], but the first "
                   "file has [polarity: 1, y: 1, x: 2]");
    mkdir("bare", 0777);
    expect_failure("bare", "", "bare: no frames: they are in <class>/*.npy");
}

int main(void)
{
    region = snn_region_create();
    test_file();
    test_axes();
    test_folder();
    test_errors();
    snn_region_destroy(region);
    return 0;
}
