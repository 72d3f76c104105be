/* SPDX-License-Identifier: MIT
 *
 * Axes: round tick values, the frame of a plot with its grid and labels, colour bars.
 */
#ifndef SNN_RECORD_PLOT_AXES_H
#define SNN_RECORD_PLOT_AXES_H

#include "record/plot/canvas.h"

enum { SNN_TICK_BYTES = 40 };

/* A range of values and its ticks: first, first + step, …; all of low .. high is drawn. */
struct snn_scale {
    double low, high;
    double first, step;
    int ticks;
    int decimals;
};

/* Ticks at multiples of 1, 2 or 5 times a power of ten, at most `most` of them. */
struct snn_scale snn_scale_over(double low, double high, int most);

/* The same with low and high moved out to the next ticks. */
struct snn_scale snn_scale_around(double low, double high, int most);

/* Ticks at whole numbers only. */
struct snn_scale snn_scale_whole(double low, double high, int most);

/* The text of a tick; never "-0". */
void snn_scale_label(char out[SNN_TICK_BYTES], const struct snn_scale *scale, int tick);

/* Where a value lies along `length`, 0 at low. */
double snn_scale_place(const struct snn_scale *scale, double value, double length);

extern const struct snn_color snn_ink, snn_ink_soft, snn_grid_color;

/* Title in bold at the top left, with a second line below it in small letters ("" if none). */
void snn_plot_title(struct snn_canvas *canvas, const char *title, const char *subtitle);

/* Grid lines, tick labels and axis labels around the box; `x_label` and `y_label` may be "". */
void snn_plot_axes(struct snn_canvas *canvas, struct snn_box box, const struct snn_scale *x,
                   const struct snn_scale *y, const char *x_label, const char *y_label);

/* A bar of the map's colours with the scale's ticks, right of the box. */
void snn_plot_color_bar(struct snn_canvas *canvas, struct snn_box box, enum snn_color_map map,
                        const struct snn_scale *scale, const char *label);

#endif
