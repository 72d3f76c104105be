/* SPDX-License-Identifier: MIT
 *
 * Plots that move, as GIF.
 */
#ifndef SNN_RECORD_PLOT_ANIMATION_H
#define SNN_RECORD_PLOT_ANIMATION_H

#include "record/plot/canvas.h"

typedef void snn_draw_frame(struct snn_canvas *canvas, const void *what, int frame);

/* Draws frames 0 ..< frames, each shown for so many hundredths of a second, again and again. 1
 * where this was built without giflib: then nothing is written. Negative: see snn_last_error. */
int snn_animation_save(const char *path, double width, double height, int frames, int hundredths,
                       snn_draw_frame *draw, const void *what);

#endif
