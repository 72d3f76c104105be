/* SPDX-License-Identifier: MIT
 *
 * Makes recordings in the layout of N-MNIST of the built-in digits: what is bright gets events, all
 * over a time that is a tenth of that of N-MNIST.
 */
#include "../unit/recordings.h"

enum { TRAIN = 300, TEST = 100, SIDE = 28, MARGIN = 3, MILLISECONDS = 30, MAX_EVENTS = 2000 };

static struct bytes bytes;
static uint32_t state = 1;

/* A whole number below `end` (the minimal standard generator of Park and Miller). */
static int draw(int end)
{
    state = (uint32_t)((uint64_t)state * 48271 % 2147483647);
    return (int)(state % (uint32_t)end);
}

static int by_time(const void *left, const void *right)
{
    return ((const int *)left)[0] - ((const int *)right)[0];
}

static void write_digit(const char *path, const float *pixels)
{
    int events[MAX_EVENTS][2], count = 0; /* time, place */

    for (int i = 0; i < SIDE * SIDE; i++)
        for (int k = 0; k < 4 && count < MAX_EVENTS; k++)
            if (draw(1000) < (int)(pixels[i] * 900)) {
                events[count][0] = draw(MILLISECONDS * 1000);
                events[count++][1] = i;
            }
    qsort(events, (size_t)count, sizeof *events, by_time);
    for (int k = 0; k < count; k++)
        put_atis(&bytes, MARGIN + events[k][1] % SIDE, MARGIN + events[k][1] / SIDE, k % 2,
                 events[k][0]);
    write_recording(path, &bytes);
}

static void write_split(struct snn_view all, struct snn_region *region, const char *split,
                        const char *folder)
{
    struct snn_view view;
    float pixels[SIDE * SIDE];
    char path[100];

    expect_success(snn_view_split(&view, region, all, split));
    mkdir(folder, 0777);
    for (int64_t i = 0; i < view.count; i++) {
        expect_success(snn_view_sample(&view, i, pixels, SIDE * SIDE));
        snprintf(path, sizeof path, "%s/%d", folder, (int)snn_view_label(&view, i));
        mkdir(path, 0777);
        snprintf(path, sizeof path, "%s/%d/%05d.bin", folder, (int)snn_view_label(&view, i),
                 (int)i + 1);
        write_digit(path, pixels);
    }
}

int main(void)
{
    struct snn_region *region = snn_region_create();
    struct snn_dataset *digits;

    expect_success(snn_dataset_builtin_digits(&digits, "digits", TRAIN, TEST, 1));
    mkdir("nmnist", 0777);
    write_split(snn_view_whole(digits), region, "train", "nmnist/Train");
    write_split(snn_view_whole(digits), region, "test", "nmnist/Test");
    snn_dataset_release(digits);
    snn_region_destroy(region);
    return 0;
}
