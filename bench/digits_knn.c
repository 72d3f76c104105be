/* SPDX-License-Identifier: MIT
 *
 * How hard the built-in digits are: errors of a nearest-neighbour classifier (Euclidean, k = 1)
 * from their training set to their test set, errors by class, mean intensity, time to draw. With a
 * folder as argument: the same for the MNIST there, cut to equally many samples. With --picture
 * FILE: the first 400 test digits as a PGM contact sheet.
 */
#include "data/view.h"
#include "error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PIXELS = 28 * 28,
    TRAIN = 6000,
    TEST = 1000,
    CLASSES = 10,
    SHEET_COLUMNS = 25,
    SHEET_ROWS = 16
};

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int32_t squared_distance(const uint8_t *a, const uint8_t *b)
{
    int32_t sum = 0;

    for (int i = 0; i < PIXELS; i++) {
        int32_t difference = (int32_t)a[i] - (int32_t)b[i];

        sum += difference * difference;
    }
    return sum;
}

static int32_t nearest_label(const struct snn_view *train, const uint8_t *pixels)
{
    int32_t best = INT32_MAX, label = -1;

    for (int64_t i = 0; i < snn_view_count(train); i++) {
        int32_t distance = squared_distance(snn_view_pixels(train, i), pixels);

        if (distance < best) {
            best = distance;
            label = snn_view_label(train, i);
        }
    }
    return label;
}

static double mean_intensity(const struct snn_view *view)
{
    double sum = 0;

    for (int64_t i = 0; i < snn_view_count(view); i++) {
        const uint8_t *pixels = snn_view_pixels(view, i);

        for (int k = 0; k < PIXELS; k++)
            sum += pixels[k];
    }
    return sum / 255 / PIXELS / (double)snn_view_count(view);
}

static void measure(const struct snn_view *train, const struct snn_view *test)
{
    int confusion[CLASSES][CLASSES] = { { 0 } }, errors = 0;

    for (int64_t i = 0; i < snn_view_count(test); i++) {
        int32_t guess = nearest_label(train, snn_view_pixels(test, i));
        int32_t label = snn_view_label(test, i);

        errors += guess != label;
        confusion[label][guess]++;
    }
    printf("mean intensity %.3f, 1-nearest-neighbour errors %.1f %%\n", mean_intensity(train),
           100.0 * errors / (double)snn_view_count(test));
    for (int label = 0; label < CLASSES; label++) {
        printf("  %d:", label);
        for (int guess = 0; guess < CLASSES; guess++)
            printf(" %4d", confusion[label][guess]);
        printf("\n");
    }
}

static int write_sheet(const struct snn_view *view, const char *path)
{
    FILE *file = fopen(path, "wb");

    if (!file) {
        perror(path);
        return 1;
    }
    fprintf(file, "P5 %d %d 255\n", SHEET_COLUMNS * 28, SHEET_ROWS * 28);
    for (int y = 0; y < SHEET_ROWS * 28; y++)
        for (int column = 0; column < SHEET_COLUMNS; column++) {
            const uint8_t *pixels = snn_view_pixels(view, y / 28 * SHEET_COLUMNS + column);

            fwrite(pixels + y % 28 * 28, 1, 28, file);
        }
    return fclose(file) ? 1 : 0;
}

int main(int argc, char **argv)
{
    bool is_picture = argc == 3 && strcmp(argv[1], "--picture") == 0;
    struct snn_region *region = snn_region_create();
    struct snn_dataset *set;
    struct snn_view train, test;
    double begin = seconds();
    int status = argc == 2 ? snn_dataset_mnist(&set, "digits", argv[1])
                           : snn_dataset_open(&set, "digits", "builtin_digits", "", "", NAN);

    if (status < 0 || snn_view_split(&train, region, snn_view_whole(set), "train") < 0 ||
        snn_view_split(&test, region, snn_view_whole(set), "test") < 0 ||
        snn_view_first(&train, region, train, TRAIN) < 0 ||
        snn_view_first(&test, region, test, TEST) < 0) {
        fprintf(stderr, "%s\n", snn_last_error());
        return 1;
    }
    printf("%d + %d digits in %.0f ms\n", TRAIN, TEST, 1e3 * (seconds() - begin));
    status = is_picture ? write_sheet(&test, argv[2]) : 0;
    if (!is_picture)
        measure(&train, &test);
    snn_dataset_release(set);
    snn_region_destroy(region);
    return status;
}
