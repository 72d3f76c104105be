/* SPDX-License-Identifier: MIT
 *
 * The colours of plots: curves, and maps from a number in 0 .. 1 to a colour.
 */
#ifndef SNN_RECORD_PLOT_COLORS_H
#define SNN_RECORD_PLOT_COLORS_H

#include <stdint.h>

struct snn_color {
    double red, green, blue; /* 0 .. 1 */
};

enum snn_color_map {
    SNN_MAP_VIRIDIS, /* values of any kind */
    SNN_MAP_INFERNO, /* amounts: dark is none */
    SNN_MAP_BLUES,   /* parts of a whole, on white */
    SNN_MAP_BALANCE, /* differences: blue, white in the middle, red */
};

struct snn_color snn_color_mapped(enum snn_color_map map,
                                  double value); /* values outside are cut off, NaN is grey */

/* The colour of curve number k; they repeat after eight. */
struct snn_color snn_color_curve(int k);

/* How bright a colour looks, 0 .. 1: text on it is dark above a half. */
double snn_color_brightness(struct snn_color color);

/* 0xRRGGBB */
struct snn_color snn_color_hex(uint32_t hex);

#endif
