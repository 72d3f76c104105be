/* SPDX-License-Identifier: MIT
 *
 * raster(spikes): a dot for each spike; time runs to the right, the neurons upwards, and below the
 * raster stands how many of them spike in each step. The array is [time, neuron…], other than 0
 * where there is a spike. With `dt = …` the axis is in that unit, otherwise in steps.
 */
#include "record/plot/plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DOTS_LIMIT = 40000, BIN_LIMIT = 200 };

static const double width = 780, left = 70, top = 66, right = 24, raster_height = 330,
                    rate_height = 70, gap = 14, bottom = 54;

static bool accepts(const struct snn_plot *plot)
{
    return plot->array_count == 1 && plot->arrays[0].rank >= 2 && plot->arrays[0].count > 0;
}

static void size(const struct snn_plot *plot, double *page_width, double *page_height)
{
    (void)plot;
    *page_width = width;
    *page_height = top + raster_height + gap + rate_height + bottom;
}

static int64_t count_spikes(const struct snn_plot_array *array)
{
    int64_t spikes = 0;

    for (int64_t i = 0; i < array->count; i++)
        spikes += snn_plot_value(array, i) != 0;
    return spikes;
}

/* Each spike is a tick of its own while they are few; many become one image, which does not grow
 * with their number. */
static void draw_ticks(struct snn_canvas *canvas, struct snn_box box,
                       const struct snn_plot_array *array, int64_t steps, int64_t neurons)
{
    double across = box.width / (double)steps, down = box.height / (double)neurons;
    double mark_width = fmin(fmax(across * 0.8, 1.3), 3),
           mark_height = fmin(fmax(down * 0.8, 1.3), 8);

    snn_canvas_color(canvas, snn_ink, 0.9);
    for (int64_t i = 0; i < array->count; i++) {
        double x = box.x + ((double)(i / neurons) + 0.5) * across;
        double y = box.y + box.height - ((double)(i % neurons) + 0.5) * down;

        if (snn_plot_value(array, i) != 0)
            cairo_rectangle(canvas->cairo, x - mark_width / 2, y - mark_height / 2, mark_width,
                            mark_height);
    }
    cairo_fill(canvas->cairo);
}

static void draw_density(struct snn_canvas *canvas, struct snn_box box,
                         const struct snn_plot_array *array, int64_t steps, int64_t neurons)
{
    int columns = steps < 2 * box.width ? (int)steps : (int)(2 * box.width);
    int rows = neurons < 2 * box.height ? (int)neurons : (int)(2 * box.height);
    double *sums = calloc((size_t)rows * (size_t)columns, sizeof *sums), most = 1;
    uint32_t *colors = calloc((size_t)rows * (size_t)columns, sizeof *colors);

    for (int64_t i = 0; sums && i < array->count; i++) {
        int64_t column = i / neurons * columns / steps,
                row = rows - 1 - i % neurons * rows / neurons;

        most = fmax(most, sums[row * columns + column] += snn_plot_value(array, i) != 0);
    }
    for (int i = 0; sums && colors && i < rows * columns; i++) {
        uint32_t level = (uint32_t)(255 - 222 * sqrt(sums[i] / most) + 0.5);

        colors[i] = level << 16 | level << 8 | level;
    }
    if (sums && colors)
        snn_canvas_cells(canvas, box, colors, rows, columns);
    free(sums);
    free(colors);
}

/* Spikes per step, in bins of whole steps. */
static void draw_rate(struct snn_canvas *canvas, struct snn_box box,
                      const struct snn_plot_array *array, int64_t steps, int64_t neurons,
                      const struct snn_scale *x, const char *x_label)
{
    int64_t bin = (steps + BIN_LIMIT - 1) / BIN_LIMIT, bins = (steps + bin - 1) / bin;
    double *rates = calloc((size_t)bins, sizeof *rates), most = 0;
    struct snn_scale y;

    for (int64_t i = 0; rates && i < array->count; i++)
        rates[i / neurons / bin] += (snn_plot_value(array, i) != 0) / (double)bin;
    for (int64_t i = 0; rates && i < bins; i++)
        most = fmax(most, rates[i]);
    y = snn_scale_around(0, most > 0 ? most : 1, 3);
    snn_plot_axes(canvas, box, x, &y, x_label, "per step");
    snn_canvas_color(canvas, snn_color_curve(0), 1);
    for (int64_t i = 0; rates && i < bins; i++) {
        double height = snn_scale_place(&y, rates[i], box.height),
               part = box.width * (double)bin / (double)steps;

        cairo_rectangle(canvas->cairo, box.x + (double)i * part, box.y + box.height - height,
                        fmin(part, box.width - (double)i * part), height);
    }
    cairo_fill(canvas->cairo);
    free(rates);
}

static void draw(struct snn_canvas *canvas, const struct snn_plot *plot)
{
    const struct snn_plot_array *array = &plot->arrays[0];
    int64_t steps = array->axes[0].extent, neurons = array->count / steps,
            spikes = count_spikes(array);
    struct snn_box box = { left, top, width - left - right, raster_height };
    struct snn_box rate = { left, top + raster_height + gap, box.width, rate_height };
    double dt = snn_plot_number(plot, "dt", 0);
    struct snn_scale x = snn_scale_over(0, (double)steps * (dt > 0 ? dt : 1), 8);
    struct snn_scale y = snn_scale_whole(-0.5, (double)neurons - 0.5, 6), no_labels = x;
    char subtitle[128];

    snprintf(subtitle, sizeof subtitle,
             "%" PRId64 " neurons, %" PRId64 " steps, %" PRId64 " spikes", neurons, steps, spikes);
    snn_plot_title(canvas, plot->title, subtitle);
    no_labels.ticks = 0;
    if (spikes > DOTS_LIMIT)
        draw_density(canvas, box, array, steps, neurons);
    snn_plot_axes(canvas, box, &no_labels, &y, "",
                  array->rank == 2 ? array->axes[1].name : "neuron");
    if (spikes <= DOTS_LIMIT)
        draw_ticks(canvas, box, array, steps, neurons);
    draw_rate(canvas, rate, array, steps, neurons, &x, dt > 0 ? "time (ms)" : "step");
}

const struct snn_plot_kind snn_plot_raster = {
    "raster", "spikes, an array [time, neuron]", accepts, size, draw,
};
