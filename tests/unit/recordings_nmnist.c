/* SPDX-License-Identifier: MIT
 *
 * N-MNIST: the bits of its events, the order of its samples, and what is said of wrong files.
 */
#include "recordings.h"

static struct snn_region *region;
static struct bytes bytes;

static void make_folders(void)
{
    static const char *const folders[] = { "nmnist",         "nmnist/Train",   "nmnist/Test",
                                           "nmnist/Train/0", "nmnist/Train/7", "nmnist/Test/7",
                                           "empty",          "empty/Test" };

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        mkdir(folders[i], 0777);
}

static void write_samples(void)
{
    put_atis(&bytes, 3, 5, 1, 70000);
    put_atis(&bytes, 33, 33, 0, 70001);
    write_recording("nmnist/Train/7/00001.bin", &bytes);
    put_atis(&bytes, 1, 2, 0, 8000);
    put_atis(&bytes, 0, 240, 0, 8100); /* the clock begins anew */
    put_atis(&bytes, 1, 2, 1, 100);
    write_recording("nmnist/Train/0/00002.bin", &bytes);
    put_atis(&bytes, 0, 0, 0, 9);
    put_atis(&bytes, 0, 1, 0, 4); /* out of order */
    put_atis(&bytes, 0, 2, 0, 9);
    write_recording("nmnist/Train/7/00003.bin", &bytes);
    put_atis(&bytes, 0, 0, 1, (1 << 23) - 1);
    write_recording("nmnist/Test/7/00001.bin", &bytes);
    write_string("nmnist/Test/7/readme.txt", "not a recording");
}

static void expect_list(const struct snn_view *view, int64_t i, int count, const int32_t *index,
                        const float *time)
{
    struct snn_event_list list = events_of(view, i);

    assert(list.count == count);
    for (int k = 0; k < count; k++)
        assert(list.index[k] == index[k] && list.time[k] == time[k]);
}

static void test_samples(void)
{
    struct snn_dataset *set;
    struct snn_view train, test;

    write_samples();
    expect_success(snn_dataset_nmnist(&set, "clips", "nmnist"));
    assert(snn_dataset_sample_size(set) == 2 * 34 * 34 && snn_dataset_extent(set, "polarity") == 2);
    expect_success(snn_view_split(&train, region, snn_view_whole(set), "train"));
    assert(snn_view_count(&train) == 3 && snn_view_classes(&train) == 10);
    assert(snn_view_label(&train, 0) == 7 && snn_view_label(&train, 1) == 0);
    expect_list(&train, 0, 2, (int32_t[]){ place(34, 1, 5, 3), place(34, 0, 33, 33) },
                (float[]){ 70000, 70001 });
    expect_list(&train, 1, 2, (int32_t[]){ place(34, 0, 2, 1), place(34, 1, 2, 1) },
                (float[]){ 8000, 8292 });
    expect_list(&train, 2, 3, (int32_t[]){ 34, 0, 68 }, (float[]){ 4, 9, 9 });
    expect_success(snn_view_split(&test, region, snn_view_whole(set), "test"));
    assert(snn_view_count(&test) == 1 && events_of(&test, 0).time[0] == 8388607);
    assert(max_time_of(set) == 8388608e-3); /* the test sample ends last */
    snn_dataset_release(set);
}

/* What is said of the first sample of the split when it is read; also when its end is asked for. */
static const char *error_of(const char *split)
{
    static char message[1000];
    struct snn_event_work *work = snn_event_work_create();
    struct snn_dataset *set;
    struct snn_event_list list;
    struct snn_view view;
    double number;

    expect_success(snn_dataset_nmnist(&set, "clips", "nmnist"));
    expect_success(snn_view_split(&view, region, snn_view_whole(set), split));
    assert(snn_view_events(&view, 0, 2 * 34 * 34, 1, work, &list, &number) < 0);
    snprintf(message, sizeof message, "%s", snn_last_error());
    assert(snn_dataset_max_time(set, &number) < 0);
    snn_dataset_release(set);
    snn_event_work_destroy(work);
    return message;
}

static void test_errors(void)
{
    struct snn_dataset *set;
    struct snn_view view;

    put(&bytes, "\1\2\3\4\5\6", 6);
    write_recording("nmnist/Train/7/00001.bin", &bytes);
    assert(strstr(error_of("train"), "nmnist/Train/7/00001.bin: 6 bytes are not a whole number of "
                                     "events of 5 bytes: the file is truncated"));
    put_atis(&bytes, 1, 1, 0, 1);
    put_atis(&bytes, 34, 1, 0, 2);
    write_recording("nmnist/Train/7/00001.bin", &bytes);
    assert(strstr(error_of("train"), "event 1 (byte 5): x = 34, y = 1 lies outside the 34 x 34"));
    write_recording("nmnist/Test/7/00001.bin", &bytes);
    assert(strstr(error_of("test"), "nmnist/Test/7/00001.bin: 0 bytes are not a whole number"));
    expect_success(snn_dataset_nmnist(&set, "clips", "empty"));
    expect_error(snn_view_split(&view, region, snn_view_whole(set), "test"),
                 "empty/Test: no files such as 5/00001.bin");
    expect_error(snn_view_split(&view, region, snn_view_whole(set), "train"), "has no .train");
    snn_dataset_release(set);
    expect_error(snn_dataset_nmnist(&set, "clips", "nmnist/Train"),
                 "neither 'nmnist/Train/Train' nor 'nmnist/Train/Test' is there");
    expect_error(snn_dataset_nmnist(&set, "clips", "nowhere"),
                 "no folder at 'nowhere', 'data/nowhere' ($SNN_DATA is not set); name one with "
                 "'--data clips=FOLDER'");
}

int main(void)
{
    region = snn_region_create();
    make_folders();
    test_samples();
    test_errors();
    snn_region_destroy(region);
    return 0;
}
