/* SPDX-License-Identifier: MIT
 *
 * Crops, sizes, colours and local contrast of one picture.
 */
#include "data/pictures.h"

#include "error.h"

#include <math.h>

static size_t place(const struct snn_picture *picture, int64_t channel, int64_t y, int64_t x)
{
    return (size_t)channel * picture->channel_stride + (size_t)y * picture->y_stride +
           (size_t)x * picture->x_stride;
}

/* ---- center_crop */

int snn_crop_form(struct snn_picture *to, const struct snn_picture *from, int64_t height,
                  int64_t width)
{
    if (height > from->height || width > from->width)
        return snn_error_set(
            "center_crop(%lld, %lld): the pictures are only %lld high and %lld wide",
            (long long)height, (long long)width, (long long)from->height, (long long)from->width);
    to->height = height;
    to->width = width;
    return 0;
}

void snn_crop_map(const struct snn_picture *to, float *out, const struct snn_picture *from,
                  const float *in, int64_t unused)
{
    int64_t top = (from->height - to->height) / 2, left = (from->width - to->width) / 2;

    (void)unused;
    for (int64_t c = 0; c < to->channels; c++)
        for (int64_t y = 0; y < to->height; y++)
            for (int64_t x = 0; x < to->width; x++)
                out[place(to, c, y, x)] = in[place(from, c, top + y, left + x)];
}

/* ---- resize */

int snn_resize_form(struct snn_picture *to, const struct snn_picture *from, int64_t height,
                    int64_t width)
{
    enum { MAX_SIDE = 4096 };

    (void)from;
    if (height > MAX_SIDE || width > MAX_SIDE)
        return snn_error_set("resize(%lld, %lld): a side can't be longer than %d",
                             (long long)height, (long long)width, MAX_SIDE);
    to->height = height;
    to->width = width;
    return 0;
}

/* Between which two of `size` pixels, and how far from the first, pixel i of `new_size` has its
 * centre. */
struct between {
    int64_t low, high;
    float share; /* of `high` */
};

static struct between find_between(int64_t i, int64_t new_size, int64_t size)
{
    float centre = ((float)i + 0.5f) * ((float)size / (float)new_size) - 0.5f;
    int64_t low = centre > 0 ? (int64_t)centre : 0;

    if (centre <= 0)
        return (struct between){ 0, 0, 0 };
    if (low >= size - 1)
        return (struct between){ size - 1, size - 1, 0 };
    return (struct between){ low, low + 1, centre - (float)low };
}

void snn_resize_map(const struct snn_picture *to, float *out, const struct snn_picture *from,
                    const float *in, int64_t unused)
{
    (void)unused;
    for (int64_t y = 0; y < to->height; y++) {
        struct between row = find_between(y, to->height, from->height);

        for (int64_t x = 0; x < to->width; x++) {
            struct between column = find_between(x, to->width, from->width);

            for (int64_t c = 0; c < to->channels; c++) {
                float top_left = in[place(from, c, row.low, column.low)];
                float top_right = in[place(from, c, row.low, column.high)];
                float bottom_left = in[place(from, c, row.high, column.low)];
                float bottom_right = in[place(from, c, row.high, column.high)];
                float top = top_left + column.share * (top_right - top_left);
                float bottom = bottom_left + column.share * (bottom_right - bottom_left);

                out[place(to, c, y, x)] = top + row.share * (bottom - top);
            }
        }
    }
}

/* ---- grey */

int snn_grey_form(struct snn_picture *to, const struct snn_picture *from, int64_t unused_x,
                  int64_t unused_y)
{
    (void)unused_x;
    (void)unused_y;
    if (from->channels != 1 && from->channels != 3 && from->channels != 4)
        return snn_error_set("grey: the pictures have %lld channels; 1, 3 or 4 can be made grey",
                             (long long)from->channels);
    to->channels = 1;
    return 0;
}

void snn_grey_map(const struct snn_picture *to, float *out, const struct snn_picture *from,
                  const float *in, int64_t unused)
{
    (void)unused;
    for (int64_t y = 0; y < to->height; y++)
        for (int64_t x = 0; x < to->width; x++) {
            float *grey = &out[place(to, 0, y, x)];

            if (from->channels == 1)
                *grey = in[place(from, 0, y, x)];
            else
                *grey = 0.299f * in[place(from, 0, y, x)] + 0.587f * in[place(from, 1, y, x)] +
                        0.114f * in[place(from, 2, y, x)];
        }
}

/* ---- patch_normalize */

int snn_patch_form(struct snn_picture *to, const struct snn_picture *from, int64_t window,
                   int64_t unused)
{
    (void)to;
    (void)unused;
    if (window % 2 == 0 || window < 3)
        return snn_error_set("patch_normalize(%lld): the window must be an odd number from 3",
                             (long long)window);
    if (from->channels != 1)
        return snn_error_set(
            "patch_normalize: the pictures have %lld channels; make them grey first",
            (long long)from->channels);
    return 0;
}

/* How many deviations the pixel is from the mean of its window; 0 where all of it is equal. */
static double local_contrast(const struct snn_picture *picture, const float *in, int64_t y,
                             int64_t x, int64_t reach)
{
    int64_t top = y > reach ? y - reach : 0,
            bottom = y + reach < picture->height ? y + reach : picture->height - 1;
    int64_t left = x > reach ? x - reach : 0,
            right = x + reach < picture->width ? x + reach : picture->width - 1;
    double count = (double)(bottom - top + 1) * (double)(right - left + 1);
    double sum = 0, squares = 0, mean;

    for (int64_t i = top; i <= bottom; i++)
        for (int64_t j = left; j <= right; j++)
            sum += (double)in[place(picture, 0, i, j)];
    mean = sum / count;
    for (int64_t i = top; i <= bottom; i++)
        for (int64_t j = left; j <= right; j++) {
            double difference = (double)in[place(picture, 0, i, j)] - mean;

            squares += difference * difference;
        }
    return squares > 0 ? ((double)in[place(picture, 0, y, x)] - mean) / sqrt(squares / count) : 0;
}

void snn_patch_map(const struct snn_picture *to, float *out, const struct snn_picture *from,
                   const float *in, int64_t window)
{
    for (int64_t y = 0; y < to->height; y++)
        for (int64_t x = 0; x < to->width; x++) {
            double z = local_contrast(from, in, y, x, window / 2);

            z = z < -1 ? -1 : z > 1 ? 1 : z;
            out[place(to, 0, y, x)] = (float)floor(255 * (1 + z) / 2);
        }
}
