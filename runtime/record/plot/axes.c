/* SPDX-License-Identifier: MIT
 *
 * The look of all plots: a bold title at the left, hairline grid, no box, ticks as text only.
 */
#include "record/plot/axes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BAR_STEPS = 256 };

const struct snn_color snn_ink = { 0.13, 0.13, 0.15 };
const struct snn_color snn_ink_soft = { 0.38, 0.38, 0.42 };
const struct snn_color snn_grid_color = { 0.89, 0.89, 0.91 };

static const double label_size = 11, axis_size = 12, title_size = 15;

/* The smallest of 1, 2, 5 times a power of ten that is not below `least`. */
static double round_step(double least)
{
    double power = pow(10, floor(log10(least)));
    double factor = least / power;

    factor = factor <= 1.0000001 ? 1 : factor <= 2.0000001 ? 2 : factor <= 5.0000001 ? 5 : 10;
    return factor * power;
}

static void place_ticks(struct snn_scale *scale, double step)
{
    double exponent = floor(log10(step) + 1e-9);

    scale->step = step;
    scale->first = ceil(scale->low / step - 1e-6) * step;
    scale->ticks = (int)floor((scale->high - scale->first) / step + 1e-6) + 1;
    scale->decimals = exponent < 0 ? (int)-exponent : 0;
}

/* A range with a width: a single value gets room on both sides. */
static struct snn_scale widened(double low, double high)
{
    if (!isfinite(low) || !isfinite(high))
        low = 0, high = 1;
    if (high - low <= 1e-9 * fmax(fabs(low), fabs(high)) || high == low) {
        double room = low == 0 ? 0.5 : 0.1 * fabs(low);

        low -= room;
        high += room;
    }
    return (struct snn_scale){ .low = low, .high = high };
}

struct snn_scale snn_scale_over(double low, double high, int most)
{
    struct snn_scale scale = widened(low, high);

    place_ticks(&scale, round_step((scale.high - scale.low) / most));
    return scale;
}

struct snn_scale snn_scale_around(double low, double high, int most)
{
    struct snn_scale scale = widened(low, high);
    double step = round_step((scale.high - scale.low) / most);

    scale.low = floor(scale.low / step + 1e-6) * step;
    scale.high = ceil(scale.high / step - 1e-6) * step;
    place_ticks(&scale, step);
    return scale;
}

struct snn_scale snn_scale_whole(double low, double high, int most)
{
    struct snn_scale scale = widened(low, high);

    place_ticks(&scale, fmax(1, round_step((scale.high - scale.low) / most)));
    return scale;
}

void snn_scale_label(char out[SNN_TICK_BYTES], const struct snn_scale *scale, int tick)
{
    double value = scale->first + tick * scale->step;

    if (fabs(value) < scale->step / 2)
        value = 0;
    if (scale->decimals > 6 || fabs(value) >= 1e7)
        snprintf(out, SNN_TICK_BYTES, "%.6g", value);
    else
        snprintf(out, SNN_TICK_BYTES, "%.*f", scale->decimals, value);
}

double snn_scale_place(const struct snn_scale *scale, double value, double length)
{
    return (value - scale->low) / (scale->high - scale->low) * length;
}

void snn_plot_title(struct snn_canvas *canvas, const char *title, const char *subtitle)
{
    snn_canvas_color(canvas, snn_ink, 1);
    snn_canvas_bold_text(canvas, 20, 24, title_size, title);
    snn_canvas_color(canvas, snn_ink_soft, 1);
    snn_canvas_text(canvas, 20, 43, label_size, SNN_ANCHOR_LEFT, subtitle);
}

static void draw_x_axis(struct snn_canvas *canvas, struct snn_box box,
                        const struct snn_scale *scale)
{
    char text[SNN_TICK_BYTES];

    for (int i = 0; i < scale->ticks; i++) {
        double x = box.x + snn_scale_place(scale, scale->first + i * scale->step, box.width);

        snn_canvas_color(canvas, snn_grid_color, 1);
        snn_canvas_line(canvas, x, box.y, x, box.y + box.height, 0.7);
        snn_canvas_color(canvas, snn_ink_soft, 1);
        snn_scale_label(text, scale, i);
        snn_canvas_text(canvas, x, box.y + box.height + 12, label_size, SNN_ANCHOR_MIDDLE, text);
    }
}

/* Returns the width of the widest label. */
static double draw_y_axis(struct snn_canvas *canvas, struct snn_box box,
                          const struct snn_scale *scale)
{
    char text[SNN_TICK_BYTES];
    double widest = 0;

    for (int i = 0; i < scale->ticks; i++) {
        double y =
            box.y + box.height - snn_scale_place(scale, scale->first + i * scale->step, box.height);

        snn_canvas_color(canvas, snn_grid_color, 1);
        snn_canvas_line(canvas, box.x, y, box.x + box.width, y, 0.7);
        snn_canvas_color(canvas, snn_ink_soft, 1);
        snn_scale_label(text, scale, i);
        snn_canvas_text(canvas, box.x - 7, y, label_size, SNN_ANCHOR_RIGHT, text);
        widest = fmax(widest, snn_canvas_text_width(canvas, label_size, text));
    }
    return widest;
}

void snn_plot_axes(struct snn_canvas *canvas, struct snn_box box, const struct snn_scale *x,
                   const struct snn_scale *y, const char *x_label, const char *y_label)
{
    double widest;

    draw_x_axis(canvas, box, x);
    widest = draw_y_axis(canvas, box, y);
    snn_canvas_color(canvas, snn_ink, 1);
    snn_canvas_text(canvas, box.x + box.width / 2, box.y + box.height + 33, axis_size,
                    SNN_ANCHOR_MIDDLE, x_label);
    snn_canvas_text_up(canvas, box.x - 22 - widest, box.y + box.height / 2, axis_size, y_label);
}

void snn_plot_color_bar(struct snn_canvas *canvas, struct snn_box box, enum snn_color_map map,
                        const struct snn_scale *scale, const char *label)
{
    struct snn_box bar = { box.x + box.width + 18, box.y, 13, box.height };
    uint32_t colors[BAR_STEPS];
    char text[SNN_TICK_BYTES];

    for (int i = 0; i < BAR_STEPS; i++) {
        struct snn_color color = snn_color_mapped(map, 1 - (i + 0.5) / BAR_STEPS);

        colors[i] = (uint32_t)(color.red * 255 + 0.5) << 16 |
                    (uint32_t)(color.green * 255 + 0.5) << 8 | (uint32_t)(color.blue * 255 + 0.5);
    }
    snn_canvas_cells(canvas, bar, colors, BAR_STEPS, 1);
    snn_canvas_color(canvas, snn_ink_soft, 1);
    for (int i = 0; i < scale->ticks; i++) {
        double y =
            bar.y + bar.height - snn_scale_place(scale, scale->first + i * scale->step, bar.height);

        snn_scale_label(text, scale, i);
        snn_canvas_text(canvas, bar.x + bar.width + 6, y, label_size, SNN_ANCHOR_LEFT, text);
    }
    if (*label)
        snn_canvas_text(canvas, bar.x + bar.width, bar.y - 11, label_size, SNN_ANCHOR_RIGHT, label);
}
