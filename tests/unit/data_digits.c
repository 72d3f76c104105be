/* SPDX-License-Identifier: MIT
 *
 * The built-in digits: the same bits everywhere, balanced, about as bright as MNIST, and hard but
 * not too hard. The errors of a nearest-neighbour classifier over all of them are measured by
 * bench/digits_knn.c: 3.0 %.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/view.h"
#include "data_formats.h"

enum { PIXELS = 28 * 28, TESTED = 300 };

static struct snn_region *region;

static struct snn_view split_of(struct snn_dataset *set, const char *name)
{
    struct snn_view view;

    assert(snn_view_split(&view, region, snn_view_whole(set), name) == 0);
    return view;
}

/* FNV-1a over all pixels and labels. */
static uint64_t hash_view(const struct snn_view *view)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (int64_t i = 0; i < snn_view_count(view); i++) {
        const uint8_t *pixels = snn_view_pixels(view, i);

        for (int k = 0; k < PIXELS; k++)
            hash = (hash ^ pixels[k]) * UINT64_C(0x100000001b3);
        hash = (hash ^ (uint64_t)snn_view_label(view, i)) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void test_bits(const struct snn_view *train, const struct snn_view *test)
{
    uint64_t train_hash = hash_view(train), test_hash = hash_view(test);

    fprintf(stderr, "hashes %016llx %016llx\n", (unsigned long long)train_hash,
            (unsigned long long)test_hash);
    assert(train_hash == UINT64_C(0x29873df32091b94a));
    assert(test_hash == UINT64_C(0x285061a4e44c04f4));
}

/* Another seed draws others; a picture does not depend on how many there are. */
static void test_seeds(const struct snn_view *test)
{
    struct snn_dataset *other, *fewer;
    struct snn_view view;

    assert(snn_dataset_builtin_digits(&other, "digits", 10, 1000, 2) == 0);
    view = split_of(other, "test");
    assert(hash_view(&view) != hash_view(test));
    assert(snn_dataset_builtin_digits(&fewer, "digits", 10, 10, 1) == 0);
    view = split_of(fewer, "train");
    assert(snn_view_count(&view) == 10);
    snn_dataset_release(other);
    snn_dataset_release(fewer);
}

static void test_balance(const struct snn_view *view)
{
    int counts[10] = { 0 }, ascending = 0;

    for (int64_t i = 0; i < snn_view_count(view); i++) {
        counts[snn_view_label(view, i)]++;
        ascending += i > 0 && snn_view_label(view, i) == (snn_view_label(view, i - 1) + 1) % 10;
    }
    for (int c = 0; c < 10; c++)
        assert(counts[c] == snn_view_count(view) / 10);
    assert(ascending < snn_view_count(view) / 5); /* in random order */
}

/* MNIST: 0.1307 on average, four of five pixels black, and the four pixels around a digit always.
 */
static void test_looks(const struct snn_view *view)
{
    double sum = 0, black = 0, total = (double)snn_view_count(view) * PIXELS, mean;

    for (int64_t i = 0; i < snn_view_count(view); i++) {
        const uint8_t *pixels = snn_view_pixels(view, i);

        for (int k = 0; k < PIXELS; k++) {
            sum += pixels[k];
            black += pixels[k] == 0;
        }
    }
    mean = sum / 255 / total;
    printf("mean intensity %.4f, black %.3f\n", mean, black / total);
    assert(mean > 0.11 && mean < 0.15);
    assert(black / total > 0.7 && black / total < 0.9);
}

static int32_t nearest_label(const struct snn_view *train, const uint8_t *pixels)
{
    int32_t best = INT32_MAX, label = -1;

    for (int64_t i = 0; i < snn_view_count(train); i++) {
        const uint8_t *other = snn_view_pixels(train, i);
        int32_t distance = 0;

        for (int k = 0; k < PIXELS; k++)
            distance += (pixels[k] - other[k]) * (pixels[k] - other[k]);
        if (distance < best) {
            best = distance;
            label = snn_view_label(train, i);
        }
    }
    return label;
}

static void test_difficulty(const struct snn_view *train, const struct snn_view *test)
{
    int errors = 0;

    for (int64_t i = 0; i < TESTED; i++)
        errors += nearest_label(train, snn_view_pixels(test, i)) != snn_view_label(test, i);
    printf("nearest neighbour: %d errors in %d\n", errors, TESTED);
    assert(errors * 100 >= 1 * TESTED && errors * 100 <= 6 * TESTED);
}

int main(void)
{
    struct snn_dataset *digits;
    struct snn_view train, test;

    region = snn_region_create();
    assert(open_reader(&digits, "digits", "builtin_digits", "", "", NAN, NAN) == 0);
    train = split_of(digits, "train");
    test = split_of(digits, "test");
    assert(snn_view_count(&train) == 6000 && snn_view_count(&test) == 1000);
    test_balance(&train);
    test_balance(&test);
    test_looks(&train);
    test_difficulty(&train, &test);
    test_seeds(&test);
    test_bits(&train, &test);
    snn_dataset_release(digits);
    snn_region_destroy(region);
    return 0;
}
