/* SPDX-License-Identifier: MIT
 *
 * csv() and npz() as data sets: shapes, labels, splits, and what is refused.
 */
#include <math.h>

#include "data/view.h"
#include "data_formats.h"

static struct snn_region *region;

static int open_text(struct snn_dataset **out, const char *text, double label)
{
    write_string("data_tables.csv", text);
    return snn_dataset_csv(out, "table", "data_tables.csv", label);
}

static int try_text(const char *text, double label)
{
    struct snn_dataset *set;
    int status = open_text(&set, text, label);

    if (status == 0)
        snn_dataset_release(set);
    return status;
}

static void expect_sample(const struct snn_view *view, int64_t i, int32_t label, float first,
                          float second)
{
    float values[2];

    expect_success(snn_view_sample(view, i, values, 2));
    assert(snn_view_label(view, i) == label && values[0] == first && values[1] == second);
}

static void test_csv(void)
{
    static const char *const texts[] = {
        "1.5,-2,0\n3,4e-2,2\n",
        "width,height,kind\n1.5,-2,0\n3,4e-2,2",
        "\xEF\xBB\xBFwidth;height;kind\r\n\r\n1.5;-2;0\r\n3;4e-2;2\r\n",
        "# a comment\n1.5\t-2\t0\n3\t4e-2\t2\n",
        " \"1.5\" , -2 , 0\n+3,.04,2.0\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int label = -1; label <= 2; label += 3) {
            struct snn_dataset *set;
            struct snn_view view;
            int64_t classes;

            expect_success(open_text(&set, texts[i], label));
            view = snn_view_whole(set);
            expect_success(snn_view_load(&view, region));
            assert(snn_view_count(&view) == 2 && snn_dataset_extent(set, "column") == 2);
            assert(snn_dataset_classes(set, &classes) == 0 && classes == 3);
            expect_sample(&view, 0, 0, 1.5f, -2.0f);
            expect_sample(&view, 1, 2, 3.0f, 0.04f);
            snn_dataset_release(set);
        }
}

static void test_csv_without_label(void)
{
    struct snn_dataset *set;
    struct snn_view view;
    int64_t classes;

    expect_success(open_text(&set, "1,2\n3,4\n5,6\n", NAN));
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    expect_sample(&view, 2, 2, 5, 6); /* the label is the position */
    assert(snn_dataset_classes(set, &classes) == 0 && classes == 3);
    snn_dataset_release(set);
}

static void test_wrong_csv(void)
{
    expect_error(try_text("1,2,0\n3,x4,1\n", -1),
                 "data_tables.csv:2: 'x4' in column 2 is not a number");
    expect_error(try_text("1,2,0\n3,0x4,1\n", -1), "'0x4' in column 2 is not a number");
    expect_error(try_text("1,2,0\n3,,1\n", -1), "'' in column 2 is not a number");
    expect_error(try_text("1,2,0\n3,4\n", -1),
                 "data_tables.csv:2: 2 columns; the lines before have 3");
    expect_error(try_text("a,b\n1,2,3\n", -1), "data_tables.csv:2: 3 columns");
    expect_error(try_text("1,2,0\n1,2,-1\n", -1), "label -1 of row 2 is not a whole number");
    expect_error(try_text("1,2,0.5\n", -1), "label 0.5 of row 1");
    expect_error(try_text("1,2,nan\n", -1), "label nan of row 1");
    expect_error(try_text("1,2,3\n", 3), "no column 3 for the label; the columns are 0 to 2");
    expect_error(try_text("1,2,3\n", -4), "no column -4");
    expect_error(try_text("1\n", 0), "no column beside the label");
    expect_error(try_text("", -1), "no rows of numbers");
    expect_error(try_text("a,b\n", -1), "no rows of numbers");
    expect_error(snn_dataset_csv(NULL, "table", "no_such.csv", -1), "no_such.csv: No such file");
}

/* ---- npz */

#define U1_HEADER(shape) "{'descr': '|u1', 'fortran_order': False, 'shape': " shape ", }"

struct arrays {
    int count;
    const char *names[6];
    struct bytes members[6];
};

static void add_array(struct arrays *arrays, const char *name, const char *header, size_t count)
{
    static const char values[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

    arrays->names[arrays->count] = name;
    arrays->members[arrays->count].count = 0;
    put_npy(&arrays->members[arrays->count++], 1, header, values, count);
}

static int open_arrays(struct snn_dataset **out, struct arrays *arrays)
{
    write_npz("data_tables.npz", arrays->count, arrays->names, arrays->members, ZIP_CM_DEFLATE);
    arrays->count = 0;
    return snn_dataset_npz(out, "arrays", "data_tables.npz");
}

static struct arrays arrays;

static void test_npz(void)
{
    struct snn_dataset *set;
    struct snn_view view;
    float sample[4];

    add_array(&arrays, "images.npy", U1_HEADER("(3, 2, 2)"), 12);
    add_array(&arrays, "labels.npy", U1_HEADER("(3,)"), 3);
    expect_success(open_arrays(&set, &arrays));
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    assert(snn_dataset_extent(set, "y") == 2 && snn_dataset_pixel(set) == SNN_PIXEL_UINT8);
    assert(snn_view_count(&view) == 3 && snn_view_label(&view, 2) == 2);
    expect_success(snn_view_sample(&view, 2, sample, 4));
    assert(sample[3] == 11 / 255.0f);
    expect_error(snn_view_split(&view, region, snn_view_whole(set), "train"),
                 "'arrays' is not split into train and test");
    snn_dataset_release(set);
}

static void test_npz_splits(void)
{
    struct snn_dataset *set;
    struct snn_view view;

    add_array(&arrays, "x_train.npy", U1_HEADER("(2, 2)"), 4);
    add_array(&arrays, "y_train.npy", U1_HEADER("(2,)"), 2);
    add_array(&arrays, "x_test.npy", U1_HEADER("(3, 2)"), 6);
    add_array(&arrays, "y_test.npy", U1_HEADER("(3,)"), 3);
    expect_success(open_arrays(&set, &arrays));
    expect_success(snn_view_split(&view, region, snn_view_whole(set), "test"));
    assert(snn_view_count(&view) == 3 && snn_view_classes(&view) == 3);
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    assert(snn_view_count(&view) == 5 && snn_view_index(&view, 2) == 0 &&
           snn_view_label(&view, 4) == 2);
    snn_dataset_release(set);
}

static void test_wrong_npz(void)
{
    struct snn_dataset *set;

    add_array(&arrays, "weights.npy", U1_HEADER("(2, 2)"), 4);
    expect_error(open_arrays(&set, &arrays),
                 "no array x, images, data, x_train or x_test; it has weights");
    add_array(&arrays, "x.npy", U1_HEADER("(4,)"), 4);
    expect_error(open_arrays(&set, &arrays), "the samples have 1 axes");
    add_array(&arrays, "x.npy", U1_HEADER("(2, 2)"), 4);
    add_array(&arrays, "y.npy", U1_HEADER("(3,)"), 3);
    expect_error(open_arrays(&set, &arrays), "'y' must have one label for each of the 2 samples");
    add_array(&arrays, "x_train.npy", U1_HEADER("(2, 2)"), 4);
    add_array(&arrays, "x_test.npy", U1_HEADER("(2, 3)"), 6);
    expect_error(open_arrays(&set, &arrays), "'x_test' has samples of another shape");
    add_array(&arrays, "x_train.npy", U1_HEADER("(2, 2)"), 4);
    add_array(&arrays, "x_test.npy", U1_HEADER("(2, 2)"), 4);
    add_array(&arrays, "y_test.npy", U1_HEADER("(2,)"), 2);
    expect_error(open_arrays(&set, &arrays), "some splits have labels and others have none");
    add_array(&arrays, "x.npy", U1_HEADER("(0, 0)"), 0);
    expect_error(open_arrays(&set, &arrays), "impossible size 0 of axis 'feature'");
}

static void test_npy(void)
{
    static const char values[] = { 0, 51, 102, 0, 0, 1, 2, 3 };
    struct bytes bytes = { .count = 0 };
    struct snn_dataset *set;
    struct snn_view view;
    float sample[2];

    put_npy(&bytes, 1, U1_HEADER("(4, 2)"), values, sizeof values);
    write_bytes("data_tables.npy", &bytes);
    expect_success(open_reader(&set, "array", "npy", "data_tables.npy", "", NAN, NAN));
    view = snn_view_whole(set);
    expect_success(snn_view_load(&view, region));
    assert(snn_view_count(&view) == 4 && snn_view_classes(&view) == 4);
    expect_success(snn_view_sample(&view, 1, sample, 2));
    assert(sample[0] == 102 / 255.0f && snn_view_label(&view, 1) == 1);
    snn_dataset_release(set);
    expect_success(open_place(&set, "array", "mnist", "data_tables.npy"));
    assert(snn_dataset_sample_size(set) == 2);
    snn_dataset_release(set);
    bytes.count = 0;
    put_npy(&bytes, 1, U1_HEADER("(8,)"), values, sizeof values);
    write_bytes("data_tables.npy", &bytes);
    expect_error(open_reader(&set, "array", "npy", "data_tables.npy", "", NAN, NAN), "have 1 axes");
    assert(remove("data_tables.npy") == 0);
}

/* Labels in a file of their own. */
static void test_npy_labels(void)
{
    static const char values[] = { 0, 51, 102, 0, 0, 1, 2, 3 };
    static const char labels[] = { 2, 0, 1, 2, 0 };
    struct bytes bytes = { .count = 0 };
    struct snn_dataset *set;
    struct snn_view view;

    put_npy(&bytes, 1, U1_HEADER("(4, 2)"), values, sizeof values);
    write_bytes("data_tables.npy", &bytes);
    for (int count = 4; count <= 5; count++) {
        int status;

        bytes.count = 0;
        put_npy(&bytes, 1, count == 4 ? U1_HEADER("(4,)") : U1_HEADER("(5,)"), labels,
                (size_t)count);
        write_bytes("data_labels.npy", &bytes);
        status = open_reader(&set, "array", "npy", "data_tables.npy", "data_labels.npy", NAN, NAN);
        if (count == 5) {
            expect_error(status, "data_labels.npy: the array must have one label for each of the "
                                 "4 samples");
            break;
        }
        expect_success(status);
        view = snn_view_whole(set);
        expect_success(snn_view_load(&view, region));
        assert(snn_view_classes(&view) == 3 && snn_view_label(&view, 3) == 2);
        snn_dataset_release(set);
    }
    expect_error(open_reader(&set, "array", "npy", "data_tables.npy", "no.npy", NAN, NAN),
                 "no.npy: No such file");
    assert(remove("data_tables.npy") == 0 && remove("data_labels.npy") == 0);
}

/* By the names of the language and of the command line. */
static void test_open(void)
{
    struct snn_dataset *set;
    struct snn_view view;

    expect_success(open_reader(&set, "digits", "builtin_digits", "", "", 20, NAN));
    expect_success(snn_view_split(&view, region, snn_view_whole(set), "train"));
    assert(snn_view_count(&view) == 20);
    snn_dataset_release(set);
    expect_error(open_reader(&set, "digits", "builtin_digits", "", "", 0.5, NAN),
                 "whole number from 1");
    expect_error(open_reader(&set, "digits", "builtin_digits", "", "", NAN, -1),
                 "number of test digits must be a whole number from 1, and is -1");
    expect_error(open_reader(&set, "digits", "hdf5", "", "", NAN, NAN),
                 "there is no reader 'hdf5'");
    expect_success(open_place(&set, "digits", "mnist", "builtin"));
    assert(snn_dataset_extent(set, "x") == 28);
    snn_dataset_release(set);
    expect_error(open_place(&set, "digits", "mnist", ""), "data set 'digits': nothing given");
    expect_error(open_place(&set, "digits", "mnist", "no/a.npz"),
                 "no/a.npz: there is no such file");
    expect_error(open_place(&set, "digits", "mnist", "no/a.csv"), "no/a.csv: No such file");
    expect_error(open_place(&set, "digits", "mnist", "no"), "there is no folder 'no'");
}

int main(void)
{
    region = snn_region_create();
    test_csv();
    test_csv_without_label();
    test_wrong_csv();
    test_npz();
    test_npz_splits();
    test_wrong_npz();
    test_npy();
    test_npy_labels();
    test_open();
    snn_region_destroy(region);
    return remove("data_tables.csv") | remove("data_tables.npz");
}
