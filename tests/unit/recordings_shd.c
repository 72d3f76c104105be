/* SPDX-License-Identifier: MIT
 *
 * HDF5 in the layout of SHD: what is in a file is what comes out, and what is said of wrong ones;
 * or, without the library, what to install.
 */
#include "config.h"
#include "data/shd.h"
#include "recordings.h"

#if !HAVE_HDF5

int main(void)
{
    struct snn_dataset *set;

    expect_error(snn_dataset_shd(&set, "words", "words.h5"), "without which snnc was built: "
                                                             "install libhdf5-dev");
    return 0;
}

#else

#include <hdf5.h>

static struct snn_region *region;

/* A file to be spoilt. */
struct words {
    int samples, names;
    int units, labels; /* how many there are of these */
    int unit, label;   /* the first of them */
    double time;       /* the first one */
    const char *left_out;
};

static const struct words right = {
    .samples = 3, .names = 4, .units = 3, .labels = 3, .label = 2, .unit = 699, .time = 0.5
};

static void put_set(hid_t file, const char *name, hid_t type, int count, const void *data)
{
    hsize_t extent = (hsize_t)count;
    hid_t space = H5Screate_simple(1, &extent, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

    assert(set >= 0 && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Dclose(set);
    H5Sclose(space);
}

static void put_lists(hid_t file, const char *name, hid_t element, int count, hvl_t *lists)
{
    hid_t type = H5Tvlen_create(element);

    put_set(file, name, type, count, lists);
    H5Tclose(type);
}

/* Sample 0: two spikes, out of order; sample 1: none; sample 2: one. */
static void write_words(const char *path, const struct words *words)
{
    float first[] = { (float)words->time, 0.25f }, third[] = { 1.5f };
    uint16_t first_units[] = { (uint16_t)words->unit, 5 }, third_units[] = { 7 };
    hvl_t times[] = { { 2, first }, { 0, NULL }, { 1, third } };
    hvl_t units[] = { { 2, first_units }, { 0, NULL }, { 1, third_units } };
    int32_t labels[] = { words->label, 0, 1 }, speakers[] = { 4, 5, 4 }, names[] = { 0, 0, 0, 0 };
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t spikes = H5Gcreate2(file, "spikes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t extra = H5Gcreate2(file, "extra", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const char *left_out = words->left_out ? words->left_out : "";

    put_lists(file, "spikes/times", H5T_IEEE_F32LE, words->samples, times);
    if (strcmp(left_out, "units") != 0)
        put_lists(file, "spikes/units", H5T_NATIVE_UINT16, words->units, units);
    if (strcmp(left_out, "labels") != 0)
        put_set(file, "labels", H5T_NATIVE_INT32, words->labels, labels);
    if (strcmp(left_out, "extra") != 0)
        put_set(file, "extra/speaker", H5T_NATIVE_INT32, words->samples, speakers);
    if (words->names > 0)
        put_set(file, "extra/keys", H5T_NATIVE_INT32, words->names, names);
    H5Gclose(spikes);
    H5Gclose(extra);
    H5Fclose(file);
}

static void test_file(void)
{
    struct snn_event_list list;
    struct snn_dataset *set;
    struct snn_view view;

    write_words("words.h5", &right);
    expect_success(snn_dataset_shd(&set, "words", "words.h5"));
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    assert(view.count == 3 && snn_view_classes(&view) == 4 && snn_dataset_sample_size(set) == 700);
    assert(snn_view_label(&view, 0) == 2 && snn_view_label(&view, 2) == 1);
    assert(snn_view_field(&view, 1, snn_dataset_field(set, "person")) == 5);
    list = events_of(&view, 0);
    assert(list.count == 2 && list.index[0] == 5 && list.index[1] == 699);
    assert(list.time[0] == 250000 && list.time[1] == 500000);
    assert(events_of(&view, 1).count == 0 && events_of(&view, 2).time[0] == 1500000);
    assert(fabs(max_time_of(set) - 1500.001) < 1e-9);
    snn_dataset_release(set);
}

static void test_folder(void)
{
    struct words words = right;
    struct snn_dataset *set;
    struct snn_view view;

    mkdir("words", 0777);
    words.names = 0;
    write_words("words/shd_train.h5", &words);
    words.label = 9;
    words.left_out = "extra";
    write_words("words/shd_test.h5", &words);
    expect_success(snn_dataset_shd(&set, "words", "words"));
    expect_success(snn_view_split(&view, region, snn_view_whole(set), "test"));
    assert(view.count == 3 && snn_view_classes(&view) == 10 && snn_view_field(&view, 0, 0) == -1);
    expect_success(snn_view_split(&view, region, snn_view_whole(set), "train"));
    assert(snn_view_label(&view, 0) == 2);
    expect_error(snn_view_split(&view, region, snn_view_whole(set), "val"), "has no .val");
    snn_dataset_release(set);
    write_words("words/other_test.h5", &right);
    expect_error(snn_dataset_shd(&set, "words", "words"),
                 "words: both other_test.h5 and shd_test.h5; keep one data set in a folder");
    mkdir("wordless", 0777);
    expect_error(snn_dataset_shd(&set, "words", "wordless"), "no file such as shd_train.h5");
    expect_error(snn_dataset_shd(&set, "words", "none.h5"), "no file or folder at 'none.h5'");
}

static void expect_failure(const struct words *words, const char *text)
{
    struct snn_dataset *set;

    write_words("wrong.h5", words);
    expect_unreadable(snn_dataset_shd(&set, "words", "wrong.h5"), &set, text);
}

static void test_errors(void)
{
    struct words words = right;
    struct snn_dataset *set;

    words.unit = 700;
    expect_failure(&words,
                   "wrong.h5: sample 0, spike 0: channel 700 at 0.5 s; channels are 0 to 699");
    words = right;
    words.time = -1;
    expect_failure(&words, "channel 699 at -1 s");
    words = right;
    words.label = -1;
    expect_failure(&words, "wrong.h5: label -1 of sample 0");
    words = right;
    words.units = 2;
    expect_failure(&words, "'spikes/units' has 2 lists, spikes/times has 3");
    words = right;
    words.labels = 2;
    expect_failure(&words, "'labels' must have a whole number for each of the 3 samples");
    words = right;
    words.left_out = "units";
    expect_failure(&words, "no 'spikes/units' in it");
    words.left_out = "labels";
    expect_failure(&words, "no 'labels' in it");
    write_words("wrong.h5", &right);
    assert(truncate("wrong.h5", 1500) == 0);
    expect_error(snn_dataset_shd(&set, "words", "wrong.h5"),
                 "wrong.h5: not an HDF5 file, or truncated");
    write_string("wrong.h5", "no such file");
    expect_error(snn_dataset_shd(&set, "words", "wrong.h5"), "not an HDF5 file");
}

int main(void)
{
    region = snn_region_create();
    test_file();
    test_folder();
    test_errors();
    snn_region_destroy(region);
    return 0;
}

#endif
