/* SPDX-License-Identifier: MIT
 *
 * The ways in which people write the ten digits, as strokes of a pen: control points of smooth
 * curves in a box 100 wide and 140 high, x to the right, y down.
 */
#ifndef SNN_DATA_GLYPHS_H
#define SNN_DATA_GLYPHS_H

#include <stdint.h>

enum {
    SNN_GLYPH_VARIANTS = 5,
    SNN_GLYPH_LIFT = -1, /* as x: the pen is lifted, a new stroke follows */
    SNN_GLYPH_END = -2,  /* as x: no more points */
    SNN_GLYPH_MAX_POINTS = 32,
};

struct snn_glyph_point {
    int16_t x, y;
};

/* A variant of a digit, 0 .. SNN_GLYPH_VARIANTS - 1. */
const struct snn_glyph_point *snn_glyph(int digit, int variant);

#endif
