/* SPDX-License-Identifier: MIT
 *
 * Views: which samples each operation gives, in which order, with which labels and indices; and the
 * pictures that pipelines make.
 */
#include <math.h>

#include "data/view.h"
#include "data_formats.h"

enum { COUNT = 50 };

static struct snn_region *region;
static struct snn_dataset *table; /* 50 rows; column = 100 + row, label = row % 5 */

static struct snn_dataset *make_table(const char *name)
{
    struct snn_dataset *set;
    FILE *file = fopen("data_views.csv", "w");

    assert(file);
    for (int i = 0; i < COUNT; i++)
        fprintf(file, "%d,%d\n", 100 + i, i % 5);
    fclose(file);
    expect_success(snn_dataset_csv(&set, name, "data_views.csv", 1));
    return set;
}

/* The view has these rows of the table, in this order. */
static void expect_rows(const struct snn_view *view, int64_t count, int first, int step)
{
    assert(snn_view_count(view) == count);
    for (int64_t i = 0; i < count; i++) {
        int row = first + (int)i * step;
        float value;

        expect_success(snn_view_sample(view, i, &value, 1));
        assert(value == 100 + (float)row && snn_view_label(view, i) == row % 5 &&
               snn_view_index(view, i) == row);
    }
}

static void test_ranges(void)
{
    struct snn_view all = snn_view_whole(table), part, chunk;

    expect_success(snn_view_slice(&part, region, all, 10, 30));
    expect_rows(&part, 20, 10, 1);
    expect_success(snn_view_slice(&part, region, part, 5, 5));
    assert(snn_view_count(&part) == 0);
    expect_error(snn_view_slice(&part, region, all, 10, 51),
                 "slice [10 ..< 51] of data set 'table': it has 50 samples");
    expect_error(snn_view_slice(&part, region, all, -1, 5), "slice [-1 ..< 5]");
    expect_error(snn_view_slice(&part, region, all, 5, 4), "slice [5 ..< 4]");
    expect_success(snn_view_first(&part, region, all, 7));
    expect_rows(&part, 7, 0, 1);
    expect_error(snn_view_first(&part, region, all, 51),
                 "first(51) of data set 'table': it has only 50");
    expect_success(snn_view_every(&part, region, all, 8));
    expect_rows(&part, 7, 0, 8);
    expect_success(snn_view_slice(&part, region, part, 2, 5));
    expect_rows(&part, 3, 16, 8);
    expect_error(snn_view_every(&part, region, all, 0), "the step must be at least 1");
    assert(snn_view_chunks(50, 8, false) == 7 && snn_view_chunks(50, 8, true) == 6 &&
           snn_view_chunks(48, 8, false) == 6);
    assert(snn_view_chunks(0, 8, false) == 0);
    expect_success(snn_view_chunk(&chunk, region, all, 6, 8));
    expect_rows(&chunk, 2, 48, 1);
    expect_error(snn_view_chunk(&chunk, region, all, 7, 8), "no chunk 7 of 8 samples");
    expect_error(snn_view_chunk(&chunk, region, all, 0, 0), "the size must be at least 1");
    expect_error(snn_view_split(&part, region, part, "train"),
                 "a split is taken from the whole set");
}

static void count_rows(const struct snn_view *view, int counts[COUNT])
{
    memset(counts, 0, COUNT * sizeof *counts);
    for (int64_t i = 0; i < snn_view_count(view); i++) {
        assert(snn_view_label(view, i) == snn_view_index(view, i) % 5);
        counts[snn_view_index(view, i)]++;
    }
}

static bool same_order(const struct snn_view *a, const struct snn_view *b)
{
    for (int64_t i = 0; i < snn_view_count(a); i++)
        if (snn_view_index(a, i) != snn_view_index(b, i))
            return false;
    return snn_view_count(a) == snn_view_count(b);
}

static void test_draws(void)
{
    struct snn_view all = snn_view_whole(table), a, b, half;
    int counts[COUNT];

    expect_success(snn_view_shuffled(&a, region, all, 7));
    expect_success(snn_view_shuffled(&b, region, all, 7));
    assert(same_order(&a, &b));
    count_rows(&a, counts);
    for (int i = 0; i < COUNT; i++)
        assert(counts[i] == 1);
    expect_success(snn_view_shuffled(&b, region, all, 8));
    assert(!same_order(&a, &b));
    expect_success(snn_view_slice(&half, region, all, 25, 50));
    expect_success(snn_view_draw(&a, region, half, 10, 1));
    count_rows(&a, counts);
    for (int i = 0; i < COUNT; i++)
        assert(counts[i] <= (i >= 25));
    expect_success(snn_view_draw(&a, region, half, 25, 1));
    count_rows(&a, counts);
    for (int i = 25; i < COUNT; i++)
        assert(counts[i] == 1);
    expect_error(snn_view_draw(&a, region, half, 26, 1),
                 "sample(26) of data set 'table': it has only 25 samples here");
    expect_error(snn_view_draw(&a, region, half, -1, 1), "must not be negative");
}

static void test_where_and_join(void)
{
    struct snn_dataset *other = make_table("other"), *digits;
    struct snn_view all = snn_view_whole(table), a, b, joined;
    uint8_t mask[COUNT];

    for (int i = 0; i < COUNT; i++)
        mask[i] = i % 10 == 3;
    expect_success(snn_view_where(&a, region, all, mask, COUNT));
    expect_rows(&a, 5, 3, 10);
    expect_error(snn_view_where(&b, region, all, mask, 49), "49 conditions for 50 samples");
    expect_success(snn_view_slice(&b, region, snn_view_whole(other), 20, 22));
    expect_success(snn_view_join(&joined, region, a, b));
    assert(snn_view_count(&joined) == 7 && snn_view_index(&joined, 4) == 43 &&
           snn_view_index(&joined, 6) == 21);
    expect_success(snn_view_slice(&joined, region, joined, 5, 7));
    expect_rows(&joined, 2, 20, 1);
    expect_success(snn_dataset_builtin_digits(&digits, "digits", 10, 10, 1));
    expect_error(snn_view_join(&joined, region, a, snn_view_whole(digits)),
                 "join: data set 'table' has samples of [column: 1] float32, 'digits' of [y: 28, "
                 "x: 28] bytes");
    snn_dataset_release(digits);
    snn_dataset_release(other);
}

/* ---- pipelines */

/* Pictures of 4x6 bytes (or with three channels last), pixel = value(y, x, channel) of picture 0,
 * plus 1 in picture 1. */
static struct snn_dataset *make_pictures(bool has_channels)
{
    static const char *const names[] = { "x.npy", "y.npy" };
    static struct bytes members[2];
    struct snn_dataset *set;
    uint8_t pixels[2 * 4 * 6 * 3];
    int channels = has_channels ? 3 : 1;

    for (int i = 0; i < 2 * 4 * 6 * channels; i++)
        pixels[i] = (uint8_t)(i % (24 * channels) + i / (24 * channels));
    members[0].count = members[1].count = 0;
    put_npy(&members[0], 1,
            has_channels ? "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4, 6, 3)}"
                         : "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4, 6)}",
            pixels, (size_t)(48 * channels));
    put_npy(&members[1], 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}", "\3\1", 2);
    write_npz("data_views.npz", 2, names, members, ZIP_CM_STORE);
    expect_success(snn_dataset_npz(&set, "pictures", "data_views.npz"));
    assert(remove("data_views.npz") == 0);
    return set;
}

static struct snn_view pipe_pictures(struct snn_view view, const char *operation, double x,
                                     double y)
{
    struct snn_view out;

    expect_success(snn_view_pipe(&out, region, view, operation, x, y));
    expect_success(snn_view_load(&out, region));
    return out;
}

static void test_crop_and_resize(void)
{
    struct snn_dataset *set = make_pictures(false);
    struct snn_view all = snn_view_whole(set), crop = pipe_pictures(all, "center_crop", 2, 3),
                    small, large;
    static const uint8_t middle[] = {
        8, 9, 10, 14, 15, 16
    }; /* rows 1 .. 2, columns 1 .. 3 of picture 1 */
    const uint8_t *pixels;

    assert(snn_view_count(&crop) == 2 && snn_view_label(&crop, 0) == 3 &&
           snn_view_classes(&crop) == 4);
    assert(snn_dataset_extent(crop.set, "y") == 2 && snn_dataset_extent(crop.set, "x") == 3);
    assert(memcmp(snn_view_pixels(&crop, 1), middle, sizeof middle) == 0);
    /* Half the size: each pixel lies between four, 0 1 6 7 give 3.5 and round to 4. */
    small = pipe_pictures(all, "resize", 2, 3);
    pixels = snn_view_pixels(&small, 0);
    assert(pixels[0] == 4 && pixels[1] == 6 && pixels[5] == 20);
    /* Twice as high: rows at -0.25, 0.25, 0.75 … of the old ones; beyond the edge the edge counts.
     */
    large = pipe_pictures(all, "resize", 8, 6);
    pixels = snn_view_pixels(&large, 0);
    assert(pixels[0] == 0 && pixels[6] == 2 && pixels[12] == 5 && pixels[7 * 6] == 18);
    snn_dataset_release(large.set);
    /* The old size gives the old pictures. */
    large = pipe_pictures(all, "resize", 4, 6);
    pixels = snn_view_pixels(&large, 1);
    for (int i = 0; i < 24; i++)
        assert(pixels[i] == i + 1);
    snn_dataset_release(crop.set);
    snn_dataset_release(small.set);
    snn_dataset_release(large.set);
    snn_dataset_release(set);
}

static void test_grey(void)
{
    struct snn_dataset *set = make_pictures(true);
    struct snn_view grey = pipe_pictures(snn_view_whole(set), "grey", NAN, NAN), patch, again;
    const uint8_t *pixels = snn_view_pixels(&grey, 0);

    assert(snn_dataset_axis_count(set) == 3 && snn_dataset_axis_count(grey.set) == 2);
    assert(pixels[0] == 1 &&
           pixels[1] == 4); /* 0.587 + 2 * 0.114 = 0.815; 3 more in the next pixel */
    again = pipe_pictures(snn_view_whole(grey.set), "grey", NAN, NAN);
    assert(memcmp(snn_view_pixels(&again, 0), pixels, 24) == 0);
    /* The corner of a ramp is below the mean of its window, the opposite corner above: both are cut
     * at one deviation. */
    patch = pipe_pictures(snn_view_whole(grey.set), "patch_normalize", 3, NAN);
    pixels = snn_view_pixels(&patch, 0);
    assert(pixels[0] == 0 && pixels[23] == 255 && pixels[7] == 127);
    snn_dataset_release(patch.set);
    snn_dataset_release(again.set);
    snn_dataset_release(grey.set);
    snn_dataset_release(set);
}

/* A pipeline on a whole set keeps its splits; on a part of it, it makes a set of that part. */
static void test_whole_and_part(void)
{
    struct snn_dataset *digits;
    struct snn_view crop, train, test, part, piped, original;

    expect_success(snn_dataset_builtin_digits(&digits, "digits", 30, 20, 1));
    expect_success(snn_view_pipe(&crop, region, snn_view_whole(digits), "center_crop", 20, 20));
    expect_success(snn_view_split(&train, region, crop, "train"));
    expect_success(snn_view_split(&test, region, crop, "test"));
    assert(snn_view_count(&train) == 30 && snn_view_count(&test) == 20);
    expect_success(snn_view_split(&original, region, snn_view_whole(digits), "test"));
    assert(snn_view_label(&test, 7) == snn_view_label(&original, 7));
    assert(memcmp((const uint8_t *)snn_view_pixels(&original, 7) + 4 * 28 + 4,
                  snn_view_pixels(&test, 7), 20) == 0);
    expect_success(snn_view_slice(&part, region, original, 5, 15));
    piped = pipe_pictures(part, "every", 2, NAN);
    assert(snn_view_count(&piped) == 5 &&
           snn_view_label(&piped, 1) == snn_view_label(&original, 7));
    assert(snn_view_index(&piped, 1) == 1);
    snn_dataset_release(digits); /* what is made from it holds it */
    expect_success(snn_view_split(&test, region, crop, "test"));
    snn_dataset_release(crop.set);
    snn_dataset_release(piped.set);
}

static int try_pipe(struct snn_dataset *set, const char *operation, double x, double y)
{
    struct snn_view out;

    return snn_view_pipe(&out, region, snn_view_whole(set), operation, x, y);
}

static void test_refused(void)
{
    struct snn_dataset *set = make_pictures(true);

    expect_error(try_pipe(set, "blur", 1, 1), "there is no data operation 'blur'");
    expect_error(try_pipe(set, "center_crop", 5, 2), "the pictures are only 4 high and 6 wide");
    expect_error(try_pipe(set, "center_crop", 2.5, 2),
                 "center_crop: the height must be a whole number from 1, and is 2.5");
    expect_error(try_pipe(set, "center_crop", 2, NAN),
                 "the width must be a whole number from 1, and is nan");
    expect_error(try_pipe(set, "resize", 1e6, 2), "can't be longer than 4096");
    expect_error(try_pipe(set, "patch_normalize", 3, NAN), "make them grey first");
    expect_error(try_pipe(set, "patch_normalize", 4, NAN), "must be an odd number from 3");
    expect_error(try_pipe(table, "resize", 4, 4),
                 "its samples are [column: 1], not pictures with y and x");
    snn_dataset_release(set);
}

int main(void)
{
    region = snn_region_create();
    table = make_table("table");
    test_ranges();
    test_draws();
    test_where_and_join();
    test_crop_and_resize();
    test_grey();
    test_whole_and_part();
    test_refused();
    snn_dataset_release(table);
    snn_region_destroy(region);
    return remove("data_views.csv");
}
