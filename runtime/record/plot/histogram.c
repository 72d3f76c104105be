/* SPDX-License-Identifier: MIT
 *
 * histogram(values…): how often values occur. `bins = …` sets the number of bins; several arrays
 * share them.
 */
#include "record/plot/plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BIN_LIMIT = 400 };

static const double width = 640, height = 400, left = 78, top = 66, right = 28, bottom = 58;

static bool accepts(const struct snn_plot *plot)
{
    for (int k = 0; k < plot->array_count; k++)
        if (plot->arrays[k].count == 0)
            return false;
    return plot->array_count >= 1;
}

static void size(const struct snn_plot *plot, double *page_width, double *page_height)
{
    (void)plot;
    *page_width = width;
    *page_height = height;
}

static bool is_whole(const struct snn_plot *plot)
{
    for (int k = 0; k < plot->array_count; k++)
        if (plot->arrays[k].type == SNN_FLOAT32 || plot->arrays[k].type == SNN_FLOAT64)
            return false;
    return true;
}

struct bins {
    double low, step;
    int count;
    double most;
    double counts[SNN_PLOT_ARRAYS][BIN_LIMIT];
};

static void choose_bins(struct bins *bins, const struct snn_plot *plot)
{
    double low = INFINITY, high = -INFINITY, array_low, array_high, count;

    for (int k = 0; k < plot->array_count; k++) {
        snn_plot_range(&plot->arrays[k], &array_low, &array_high);
        low = fmin(low, array_low);
        high = fmax(high, array_high);
    }
    if (is_whole(plot)) { /* bins of equally many whole numbers, with their number in the middle */
        low -= 0.5;
        high += 0.5;
        bins->step = ceil((high - low) / snn_plot_number(plot, "bins", 60));
        bins->count = (int)ceil((high - low) / bins->step);
        bins->low = low;
        return;
    }
    count = fmin(fmax(floor(snn_plot_number(plot, "bins", 40)), 1), BIN_LIMIT);
    bins->low = low;
    bins->count = (int)count;
    bins->step = high > low ? (high - low) / count : 1;
}

static void count_values(struct bins *bins, const struct snn_plot *plot)
{
    for (int k = 0; k < plot->array_count; k++)
        for (int64_t i = 0; i < plot->arrays[k].count; i++) {
            double value = snn_plot_value(&plot->arrays[k], i),
                   bin = floor((value - bins->low) / bins->step);

            if (isfinite(value))
                bins->most =
                    fmax(bins->most, ++bins->counts[k][(int)fmin(fmax(bin, 0), bins->count - 1)]);
        }
}

static void draw_legend(struct snn_canvas *canvas, const struct snn_plot *plot, struct snn_box box)
{
    for (int k = 0; k < plot->array_count && plot->array_count > 1; k++) {
        double y = box.y + 12 + 18 * k;

        snn_canvas_color(canvas, snn_color_curve(k), 0.65);
        snn_canvas_fill(canvas, (struct snn_box){ box.x + box.width - 14, y - 5, 10, 10 });
        snn_canvas_color(canvas, snn_ink_soft, 1);
        snn_canvas_text(canvas, box.x + box.width - 20, y, 11, SNN_ANCHOR_RIGHT,
                        plot->arrays[k].label);
    }
}

static void draw(struct snn_canvas *canvas, const struct snn_plot *plot)
{
    struct snn_box box = { left, top, width - left - right, height - top - bottom };
    struct bins bins = { 0 };
    struct snn_scale x, y;
    char subtitle[128], label[160];

    choose_bins(&bins, plot);
    count_values(&bins, plot);
    x = snn_scale_over(bins.low, bins.low + bins.count * bins.step, 8);
    y = snn_scale_around(0, bins.most, 5);
    snprintf(subtitle, sizeof subtitle, "%" PRId64 " values", plot->arrays[0].count);
    snn_plot_title(canvas, plot->title, subtitle);
    snn_plot_with_unit(label, sizeof label,
                       plot->array_count == 1 ? plot->arrays[0].label : "value",
                       plot->arrays[0].unit);
    snn_plot_axes(canvas, box, &x, &y, snn_plot_text(plot, "x_label", label), "count");
    for (int k = 0; k < plot->array_count; k++) {
        snn_canvas_color(canvas, snn_color_curve(k), plot->array_count > 1 ? 0.5 : 1);
        for (int i = 0; i < bins.count; i++) {
            double bar = snn_scale_place(&y, bins.counts[k][i], box.height),
                   part = box.width / bins.count;

            cairo_rectangle(canvas->cairo, box.x + i * part + 0.4, box.y + box.height - bar,
                            fmax(part - 0.8, 0.5), bar);
        }
        cairo_fill(canvas->cairo);
    }
    draw_legend(canvas, plot, box);
}

const struct snn_plot_kind snn_plot_histogram = { "histogram", "one or more arrays of numbers",
                                                  accepts, size, draw };
