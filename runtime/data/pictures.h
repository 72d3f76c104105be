/* SPDX-License-Identifier: MIT
 *
 * What data pipelines do to one picture. For each operation `form` says what becomes of the size
 * (-1 with the message set if it can't be done), `map` makes the picture. Values are in the range
 * they are stored in.
 */
#ifndef SNN_DATA_PICTURES_H
#define SNN_DATA_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a picture lies in an array of numbers. */
struct snn_picture {
    int64_t height, width, channels;           /* channels: 1 if there is no such axis */
    size_t y_stride, x_stride, channel_stride; /* in elements */
    bool channels_come_first;
};

/* center_crop(height, width): the middle; where it can't be exact, one row or column nearer to the
 * first. */
int snn_crop_form(struct snn_picture *to, const struct snn_picture *from, int64_t height,
                  int64_t width);
void snn_crop_map(const struct snn_picture *to, float *out, const struct snn_picture *from,
                  const float *in, int64_t unused);

/* resize(height, width): bilinear between pixel centres, without smoothing before, as OpenCV's
 * INTER_LINEAR. */
int snn_resize_form(struct snn_picture *to, const struct snn_picture *from, int64_t height,
                    int64_t width);
void snn_resize_map(const struct snn_picture *to, float *out, const struct snn_picture *from,
                    const float *in, int64_t unused);

/* grey(): 0.299 R + 0.587 G + 0.114 B of three or four channels (ITU-R BT.601); the axis goes. */
int snn_grey_form(struct snn_picture *to, const struct snn_picture *from, int64_t unused_x,
                  int64_t unused_y);
void snn_grey_map(const struct snn_picture *to, float *out, const struct snn_picture *from,
                  const float *in, int64_t unused);

/* patch_normalize(window): each pixel minus the mean of the window around it, over the window's
 * standard deviation, limited to -1 .. 1 and mapped to 0 .. 255, rounded down; 127 where all of the
 * window is equal. What lies outside the picture does not count. */
int snn_patch_form(struct snn_picture *to, const struct snn_picture *from, int64_t window,
                   int64_t unused);
void snn_patch_map(const struct snn_picture *to, float *out, const struct snn_picture *from,
                   const float *in, int64_t window);

#endif
