/* SPDX-License-Identifier: MIT
 *
 * Maps are a few colours with straight lines between them. Viridis and inferno (S. van der Walt, N.
 * Smith, CC0) change in brightness as evenly as the value does; blues and balance follow
 * ColorBrewer's Blues and RdBu (C. Brewer, Apache 2.0).
 */
#include "record/plot/colors.h"

#include <math.h>
#include <stddef.h>

enum { STOPS = 11, CURVES = 8 };

struct map {
    int count;
    uint32_t stops[STOPS];
};

static const struct map maps[] = {
    [SNN_MAP_VIRIDIS] = { 11,
                          { 0x440154, 0x482475, 0x414487, 0x355f8d, 0x2a788e, 0x21918c, 0x22a884,
                            0x44bf70, 0x7ad151, 0xbddf26, 0xfde725 } },
    [SNN_MAP_INFERNO] = { 11,
                          { 0x000004, 0x160b39, 0x420a68, 0x6a176e, 0x932667, 0xbc3754, 0xdd513a,
                            0xf37819, 0xfca50a, 0xf6d746, 0xfcffa4 } },
    [SNN_MAP_BLUES] = { 9,
                        { 0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6, 0x4292c6, 0x2171b5,
                          0x08519c, 0x08306b } },
    [SNN_MAP_BALANCE] = { 9,
                          { 0x2166ac, 0x4393c3, 0x92c5de, 0xd1e5f0, 0xf7f7f7, 0xfddbc7, 0xf4a582,
                            0xd6604d, 0xb2182b } },
};

/* Distinct for colour-blind readers too: after Okabe and Ito, a little darker for thin lines. */
static const uint32_t curves[CURVES] = { 0x2f6db3, 0xd9722b, 0x2a9270, 0xb85491,
                                         0x8a6d1f, 0x4fa6d8, 0x5f5f5f, 0xc0392b };

struct snn_color snn_color_hex(uint32_t hex)
{
    return (struct snn_color){ (hex >> 16 & 255) / 255.0, (hex >> 8 & 255) / 255.0,
                               (hex & 255) / 255.0 };
}

struct snn_color snn_color_mapped(enum snn_color_map number, double value)
{
    const struct map *map = &maps[number];
    struct snn_color low, high;
    double place, part;
    int below;

    if (isnan(value))
        return snn_color_hex(0xb0b0b0);
    place = fmin(fmax(value, 0), 1) * (map->count - 1);
    below = (int)fmin(floor(place), map->count - 2);
    part = place - below;
    low = snn_color_hex(map->stops[below]);
    high = snn_color_hex(map->stops[below + 1]);
    return (struct snn_color){ low.red + part * (high.red - low.red),
                               low.green + part * (high.green - low.green),
                               low.blue + part * (high.blue - low.blue) };
}

struct snn_color snn_color_curve(int k)
{
    return snn_color_hex(curves[k % CURVES]);
}

double snn_color_brightness(struct snn_color color)
{
    return 0.299 * color.red + 0.587 * color.green + 0.114 * color.blue;
}
