/* SPDX-License-Identifier: MIT
 *
 * A page to draw on, the same for SVG and PNG: text, rectangles, lines and blocks of coloured
 * cells. Lengths are points of the SVG; the PNG has two pixels to each.
 */
#ifndef SNN_RECORD_PLOT_CANVAS_H
#define SNN_RECORD_PLOT_CANVAS_H

#include "record/plot/colors.h"

#include <cairo.h>
#include <stdbool.h>

struct snn_canvas {
    cairo_t *cairo;
    double width, height;
};

struct snn_box {
    double x, y, width, height; /* x, y: top left */
};

/* How a text stands to its point. */
enum snn_anchor {
    SNN_ANCHOR_LEFT,
    SNN_ANCHOR_MIDDLE,
    SNN_ANCHOR_RIGHT,
};

typedef void snn_draw(struct snn_canvas *canvas, const void *what);

/* Draws into `path_svg` and `path_png`. Negative: see snn_last_error. */
int snn_canvas_save(const char *path_svg, const char *path_png, double width, double height,
                    snn_draw *draw, const void *what);

void snn_canvas_color(struct snn_canvas *canvas, struct snn_color color, double opacity);

/* Text with its vertical middle at y. */
void snn_canvas_text(struct snn_canvas *canvas, double x, double y, double size,
                     enum snn_anchor anchor, const char *text);
void snn_canvas_bold_text(struct snn_canvas *canvas, double x, double y, double size,
                          const char *text);

/* Text that runs upwards, with its middle at (x, y). */
void snn_canvas_text_up(struct snn_canvas *canvas, double x, double y, double size,
                        const char *text);

double snn_canvas_text_width(struct snn_canvas *canvas, double size, const char *text);

void snn_canvas_line(struct snn_canvas *canvas, double x0, double y0, double x1, double y1,
                     double width);
void snn_canvas_fill(struct snn_canvas *canvas, struct snn_box box);

/* Fills the box with rows x columns equal cells of the colours 0xRRGGBB, sharp at every zoom. */
void snn_canvas_cells(struct snn_canvas *canvas, struct snn_box box, const uint32_t *colors,
                      int rows, int columns);

#endif
