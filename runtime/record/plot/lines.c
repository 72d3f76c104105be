/* SPDX-License-Identifier: MIT
 *
 * lines(y…, x): curves over the last array, or over their index if there is only one. An array of
 * one axis is a curve; one of two axes is as many as it has places on the axis that is not drawn
 * along: that of x's length, else the one named time or step, else the last. Few points are marked.
 */
#include "record/plot/plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LEGEND_LIMIT = 12, MARKED_POINTS = 40, CURVE_LIMIT = 400 };

static const double width = 720, height = 420, left = 82, top = 66, right = 28, bottom = 58,
                    legend_width = 130;

/* One curve: elements first, first + stride, … of an array. */
struct curve {
    const struct snn_plot_array *array;
    int64_t first, stride, points;
};

/* The array that all curves are drawn over, or NULL. */
static const struct snn_plot_array *abscissa(const struct snn_plot *plot)
{
    return plot->array_count > 1 ? &plot->arrays[plot->array_count - 1] : NULL;
}

static bool is_time(const struct snn_axis *axis)
{
    return strcmp(axis->name, "time") == 0 || strcmp(axis->name, "step") == 0;
}

/* The axis that a curve runs along. */
static int along(const struct snn_plot_array *array, const struct snn_plot_array *x)
{
    for (int i = array->rank - 1; x && i >= 0; i--)
        if (array->axes[i].extent == x->count)
            return i;
    for (int i = 0; i < array->rank; i++)
        if (is_time(&array->axes[i]))
            return i;
    return array->rank - 1;
}

static int64_t curve_count(const struct snn_plot_array *array, const struct snn_plot_array *x)
{
    return array->count / array->axes[along(array, x)].extent;
}

static struct curve curve_of(const struct snn_plot_array *array, const struct snn_plot_array *x,
                             int64_t k)
{
    struct curve curve = { array, k, 1, array->axes[along(array, x)].extent };

    if (array->rank == 2 && along(array, x) == 0)
        curve.stride = array->axes[1].extent;
    else
        curve.first = k * curve.points;
    return curve;
}

static int64_t total_curves(const struct snn_plot *plot)
{
    const struct snn_plot_array *x = abscissa(plot);
    int64_t total = 0;

    for (int k = 0; k < plot->array_count; k++)
        if (&plot->arrays[k] != x)
            total += curve_count(&plot->arrays[k], x);
    return total;
}

static bool accepts(const struct snn_plot *plot)
{
    const struct snn_plot_array *x = abscissa(plot);

    for (int k = 0; k < plot->array_count; k++) {
        const struct snn_plot_array *array = &plot->arrays[k];

        if (array->rank < 1 || array->rank > 2 || array->count == 0)
            return false;
        if (x && (x->rank != 1 || curve_of(array, x, 0).points != x->count))
            return false;
    }
    return plot->array_count >= 1;
}

static bool has_legend(const struct snn_plot *plot)
{
    return total_curves(plot) > 1 && total_curves(plot) <= LEGEND_LIMIT;
}

static void size(const struct snn_plot *plot, double *page_width, double *page_height)
{
    *page_width = width + (has_legend(plot) ? legend_width : 0);
    *page_height = height;
}

static double x_value(const struct snn_plot *plot, const struct snn_plot_array *x, int64_t i)
{
    return x ? snn_plot_value(x, i) : (double)i * snn_plot_number(plot, "dt", 1);
}

static void find_scales(const struct snn_plot *plot, struct snn_scale *x_scale,
                        struct snn_scale *y_scale)
{
    const struct snn_plot_array *x = abscissa(plot);
    double low = INFINITY, high = -INFINITY, x_low = INFINITY, x_high = -INFINITY;

    for (int k = 0; k < plot->array_count; k++) {
        const struct snn_plot_array *array = &plot->arrays[k];
        double array_low, array_high;

        if (array == x)
            continue;
        snn_plot_range(array, &array_low, &array_high);
        low = fmin(low, array_low);
        high = fmax(high, array_high);
        x_low = fmin(x_low, x_value(plot, NULL, 0));
        x_high = fmax(x_high, x_value(plot, NULL, curve_of(array, x, 0).points - 1));
    }
    if (x)
        snn_plot_range(x, &x_low, &x_high);
    *x_scale = snn_scale_over(snn_plot_number(plot, "x_low", x_low), x_high, 8);
    *y_scale =
        snn_scale_around(snn_plot_number(plot, "low", low), snn_plot_number(plot, "high", high), 6);
}

/* Values that are not finite leave a gap. */
static void draw_curve(struct snn_canvas *canvas, const struct snn_plot *plot,
                       const struct curve *curve, struct snn_box box,
                       const struct snn_scale *x_scale, const struct snn_scale *y_scale)
{
    const struct snn_plot_array *x = abscissa(plot);
    bool is_open = false;

    for (int64_t i = 0; i < curve->points; i++) {
        double value = snn_plot_value(curve->array, curve->first + i * curve->stride);
        double px = box.x + snn_scale_place(x_scale, x_value(plot, x, i), box.width);
        double py = box.y + box.height - snn_scale_place(y_scale, value, box.height);

        if (!isfinite(px) || !isfinite(py)) {
            is_open = false;
            continue;
        }
        if (is_open)
            cairo_line_to(canvas->cairo, px, py);
        else
            cairo_move_to(canvas->cairo, px, py);
        is_open = true;
    }
    cairo_stroke(canvas->cairo);
    for (int64_t i = 0; i < curve->points && curve->points <= MARKED_POINTS; i++) {
        double value = snn_plot_value(curve->array, curve->first + i * curve->stride);
        double px = box.x + snn_scale_place(x_scale, x_value(plot, x, i), box.width);

        if (isfinite(value) && isfinite(px)) {
            cairo_arc(canvas->cairo, px,
                      box.y + box.height - snn_scale_place(y_scale, value, box.height), 2.6, 0,
                      6.3);
            cairo_fill(canvas->cairo);
        }
    }
}

static void curve_name(char *out, size_t bytes, const struct snn_plot_array *array, int64_t k,
                       int64_t curves)
{
    if (curves == 1)
        snprintf(out, bytes, "%s", array->label);
    else
        snprintf(out, bytes, "%.80s[%" PRId64 "]", array->label, k);
}

/* Shortens a name that is wider than the legend. */
static void fit_name(struct snn_canvas *canvas, char *name)
{
    while (strlen(name) > 4 && snn_canvas_text_width(canvas, 11, name) > legend_width - 28)
        snprintf(name + strlen(name) - 4, 4, "...");
}

static void draw_curves(struct snn_canvas *canvas, const struct snn_plot *plot, struct snn_box box,
                        const struct snn_scale *x_scale, const struct snn_scale *y_scale)
{
    const struct snn_plot_array *x = abscissa(plot);
    int64_t total = total_curves(plot);
    int drawn = 0;

    cairo_set_line_join(canvas->cairo, CAIRO_LINE_JOIN_ROUND);
    for (int k = 0; k < plot->array_count; k++) {
        int64_t curves = &plot->arrays[k] == x ? 0 : curve_count(&plot->arrays[k], x);

        for (int64_t c = 0; c < curves && drawn < CURVE_LIMIT; c++, drawn++) {
            struct curve curve = curve_of(&plot->arrays[k], x, c);
            double y = box.y + 10 + 19 * drawn;
            char name[160];

            snn_canvas_color(canvas, snn_color_curve(total <= LEGEND_LIMIT ? drawn : k),
                             total <= LEGEND_LIMIT ? 1 : 0.35);
            cairo_set_line_width(canvas->cairo, total <= LEGEND_LIMIT ? 1.7 : 0.9);
            draw_curve(canvas, plot, &curve, box, x_scale, y_scale);
            if (!has_legend(plot))
                continue;
            snn_canvas_line(canvas, box.x + box.width + 16, y, box.x + box.width + 32, y, 2.4);
            curve_name(name, sizeof name, &plot->arrays[k], c, curves);
            fit_name(canvas, name);
            snn_canvas_color(canvas, snn_ink_soft, 1);
            snn_canvas_text(canvas, box.x + box.width + 38, y, 11, SNN_ANCHOR_LEFT, name);
        }
    }
}

static void draw(struct snn_canvas *canvas, const struct snn_plot *plot)
{
    const struct snn_plot_array *x = abscissa(plot), *y = &plot->arrays[0];
    const char *x_name = x ? x->label : y->axes[along(y, x)].name;
    struct snn_box box = { left, top, width - left - right, height - top - bottom };
    struct snn_scale x_scale, y_scale;
    char x_label[160], y_label[160], subtitle[128] = "";

    find_scales(plot, &x_scale, &y_scale);
    snn_plot_with_unit(x_label, sizeof x_label, x_name,
                       x                                    ? x->unit
                       : snn_plot_number(plot, "dt", 0) > 0 ? "ms"
                                                            : "");
    snn_plot_with_unit(y_label, sizeof y_label,
                       total_curves(plot) == curve_count(y, x) ? y->label : "", y->unit);
    if (total_curves(plot) > LEGEND_LIMIT)
        snprintf(subtitle, sizeof subtitle, "%" PRId64 " curves%s", total_curves(plot),
                 total_curves(plot) > CURVE_LIMIT ? ", the first 400 are shown" : "");
    snn_plot_title(canvas, plot->title, snn_plot_text(plot, "subtitle", subtitle));
    snn_plot_axes(canvas, box, &x_scale, &y_scale, snn_plot_text(plot, "x_label", x_label),
                  snn_plot_text(plot, "y_label", y_label));
    draw_curves(canvas, plot, box, &x_scale, &y_scale);
}

const struct snn_plot_kind snn_plot_lines = {
    "lines", "an array of one or two axes, and perhaps one of the same length to draw it over",
    accepts, size,
    draw,
};
