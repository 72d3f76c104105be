/* SPDX-License-Identifier: MIT
 *
 * Folds: the same as scikit-learn's (data_folds.py made data_folds.txt), and what becomes of .train
 * and .val of a set that is divided, also through a pipeline.
 */
#include "data/fold.h"
#include "data_formats.h"

#include <sys/stat.h>

enum { LIMIT = 1000 };

static struct snn_region *region;

static void read_numbers(FILE *file, int32_t *out, int count)
{
    for (int i = 0; i < count; i++)
        assert(fscanf(file, "%d", &out[i]) == 1);
}

static void test_oracle(void)
{
    char path[1024];
    int folds, count, cases = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/tests/unit/data_folds.txt", getenv("TOP_SRCDIR"));
    file = fopen(path, "r");
    assert(file);
    while (fscanf(file, "%d %d", &folds, &count) == 2) {
        int32_t labels[LIMIT], expected[LIMIT], fold_of[LIMIT];

        assert(count <= LIMIT);
        read_numbers(file, labels, count);
        read_numbers(file, expected, count);
        expect_success(snn_fold_assign(fold_of, labels, count, folds));
        assert(memcmp(fold_of, expected, (size_t)count * sizeof *fold_of) == 0);
        cases++;
    }
    fclose(file);
    assert(cases == 10);
}

static void test_too_few(void)
{
    const int32_t labels[] = { 0, 1, 0, 1, 2 };
    int32_t fold_of[5];

    expect_success(snn_fold_assign(fold_of, labels, 5, 2));
    expect_error(snn_fold_assign(fold_of, labels, 5, 3),
                 "3 folds, but no class has more than 2 samples");
    expect_error(snn_fold_assign(fold_of, labels, 0, 2), "no class has more than 0 samples");
}

/* 0 .. count - 1 of part `name` are the samples `from + i`, counted anew. */
static struct snn_view part_of(struct snn_view whole, const char *name, int64_t count)
{
    struct snn_view part;

    expect_success(snn_view_split(&part, region, whole, name));
    assert(snn_view_count(&part) == count);
    for (int64_t i = 0; i < count; i++)
        assert(snn_view_index(&part, i) == i);
    return part;
}

static void test_division(void)
{
    struct snn_dataset *digits;
    struct snn_view whole, part, train, grey, test;
    bool is_divided;
    int64_t found = 0;

    expect_success(snn_dataset_builtin_digits(&digits, "digits", 100, 20, 1));
    whole = snn_view_whole(digits);
    train = part_of(whole, "train", 100);
    expect_error(snn_view_split(&part, region, whole, "val"), "data set 'digits' has no .val");
    expect_success(snn_fold_divide(train, 3, 10, &is_divided));
    assert(!is_divided); /* not a whole set */
    expect_success(snn_fold_divide(whole, 3, 10, &is_divided));
    assert(is_divided);
    part = part_of(whole, "train", 90);
    for (int64_t i = 0, k = 0; i < 90; i++, k++, found++) /* in their order */
        while (snn_view_pixels(&train, k) != snn_view_pixels(&part, i))
            assert(++k < 100);
    part = part_of(whole, "val", 10);
    assert(found == 90 && snn_view_classes(&part) == 10);
    test = part_of(whole, "test", 20);
    assert(snn_view_label(&test, 5) >= 0);

    /* What is made of a divided set is divided, once. */
    expect_success(snn_view_pipe(&grey, region, whole, "center_crop", 20, 20));
    expect_success(snn_fold_divide(grey, 3, 10, &is_divided));
    assert(is_divided);
    part = part_of(grey, "train", 90);
    part = part_of(grey, "val", 10);
    snn_dataset_release(grey.set);
    snn_dataset_release(digits);
}

static void test_unlabelled(void)
{
    struct snn_dataset *set;
    bool is_divided;
    FILE *file = fopen("data_folds.csv", "w");

    fputs("1,2\n3,4\n", file);
    fclose(file);
    expect_success(snn_dataset_csv(&set, "table", "data_folds.csv", 1));
    expect_success(snn_fold_divide(snn_view_whole(set), 0, 2, &is_divided));
    assert(!is_divided); /* labels, but no .train */
    snn_dataset_release(set);
}

static void test_numbered(void)
{
    char place[SNN_PATH_BYTES];
    bool is_numbered;

    expect_success(snn_fold_place(place, "nowhere", 1, 2, &is_numbered));
    assert(!is_numbered && strcmp(place, "nowhere") == 0);
    assert(mkdir("folds", 0777) == 0 && mkdir("folds/0", 0777) == 0 &&
           mkdir("folds/01", 0777) == 0 && mkdir("folds/other", 0777) == 0);
    expect_error(snn_fold_place(place, "folds", 1, 2, &is_numbered),
                 "'folds' has 1 numbered folders, but 2 folds need folders 0 to 1");
    assert(mkdir("folds/1", 0777) == 0);
    expect_success(snn_fold_place(place, "folds", 1, 2, &is_numbered));
    assert(is_numbered && strcmp(place, "folds/1") == 0);
    assert(mkdir("folds/3", 0777) == 0);
    expect_error(snn_fold_place(place, "folds", 1, 3, &is_numbered), "need folders 0 to 2");
}

int main(void)
{
    region = snn_region_create();
    test_oracle();
    test_too_few();
    test_division();
    test_unlabelled();
    test_numbered();
    snn_region_destroy(region);
    return 0;
}
