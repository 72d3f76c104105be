/* SPDX-License-Identifier: MIT
 *
 * spike_count(layer, label): how the spikes of each neuron add up during a presentation: a bar for
 * each, as long as it has spikes, behind a line at the step reached. A neuron that spikes in every
 * step stays with the line. The page shows the end, the animation every step; the bar of the label
 * has a colour of its own.
 */
#include "record/plot/plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FRAMES_LIMIT = 200, SHOWN_HUNDREDTHS = 500, FRAME_HUNDREDTHS = 3 };

static const double width = 640, left = 62, top = 62, right = 26, bottom = 48, tallest = 24,
                    shortest = 3, room = 440;

static bool accepts(const struct snn_plot *plot)
{
    return plot->array_count == 1 && plot->arrays[0].rank >= 2 && plot->arrays[0].count > 0 &&
           plot->arrays[0].axes[0].extent > 0;
}

static int64_t steps_of(const struct snn_plot *plot)
{
    return plot->arrays[0].axes[0].extent;
}

static int64_t neurons_of(const struct snn_plot *plot)
{
    return plot->arrays[0].count / steps_of(plot);
}

static double row_height(const struct snn_plot *plot)
{
    return fmax(shortest, fmin(tallest, room / (double)neurons_of(plot)));
}

static void size(const struct snn_plot *plot, double *page_width, double *page_height)
{
    *page_width = width;
    *page_height = ceil(top + row_height(plot) * (double)neurons_of(plot) + bottom);
}

static int frames(const struct snn_plot *plot)
{
    int64_t steps = steps_of(plot);

    return (int)(steps < FRAMES_LIMIT ? steps : FRAMES_LIMIT) + 1;
}

static int hundredths(const struct snn_plot *plot)
{
    int each = SHOWN_HUNDREDTHS / frames(plot);

    return each < FRAME_HUNDREDTHS ? FRAME_HUNDREDTHS : each;
}

/* Steps that are over in the frame. */
static int64_t steps_in(const struct snn_plot *plot, int frame)
{
    return steps_of(plot) * frame / (frames(plot) - 1);
}

static void draw_bars(struct snn_canvas *canvas, const struct snn_plot *plot, struct snn_box box,
                      const struct snn_scale *x, int64_t steps)
{
    int64_t neurons = neurons_of(plot);
    double height = row_height(plot), label = snn_plot_number(plot, "label", -1);

    for (int64_t k = 0; k < neurons; k++) {
        double spikes = 0;

        for (int64_t t = 0; t < steps; t++)
            spikes += snn_plot_value(&plot->arrays[0], t * neurons + k) != 0;
        snn_canvas_color(canvas, snn_color_curve((double)k == label ? 1 : 0), 1);
        snn_canvas_fill(canvas,
                        (struct snn_box){ box.x, box.y + height * ((double)k + 0.12),
                                          snn_scale_place(x, spikes, box.width), height * 0.76 });
    }
}

/* Numbers of the neurons, as many as there is room for. */
static void draw_numbers(struct snn_canvas *canvas, const struct snn_plot *plot, struct snn_box box)
{
    int64_t neurons = neurons_of(plot);
    int64_t every = (int64_t)ceil(14 / row_height(plot));
    char text[32];

    snn_canvas_color(canvas, snn_ink, 1);
    for (int64_t k = 0; k < neurons; k += every) {
        snprintf(text, sizeof text, "%" PRId64, k);
        snn_canvas_text(canvas, box.x - 8, box.y + row_height(plot) * ((double)k + 0.5), 11,
                        SNN_ANCHOR_RIGHT, text);
    }
    snn_canvas_text_up(canvas, 16, box.y + box.height / 2, 12,
                       plot->arrays[0].rank == 2 ? plot->arrays[0].axes[1].name : "neuron");
}

static void draw_frame(struct snn_canvas *canvas, const struct snn_plot *plot, int frame)
{
    struct snn_box box = { left, top, width - left - right,
                           row_height(plot) * (double)neurons_of(plot) };
    int64_t steps = steps_in(plot, frame);
    struct snn_scale x = snn_scale_whole(0, (double)steps_of(plot), 8), none = x;
    double line = box.x + snn_scale_place(&x, (double)steps, box.width);
    double label = snn_plot_number(plot, "label", -1);
    char subtitle[96], behind[32] = "";

    if (label >= 0)
        snprintf(behind, sizeof behind, ", label %.0f", label);
    snprintf(subtitle, sizeof subtitle, "step %" PRId64 " of %" PRId64 "%s", steps, steps_of(plot),
             behind);
    none.ticks = 0;
    snn_plot_title(canvas, plot->title, subtitle);
    snn_plot_axes(canvas, box, &x, &none, "spikes; line: step", "");
    draw_bars(canvas, plot, box, &x, steps);
    draw_numbers(canvas, plot, box);
    snn_canvas_color(canvas, snn_ink, 1);
    snn_canvas_line(canvas, line, box.y, line, box.y + box.height, 1.5);
}

static void draw(struct snn_canvas *canvas, const struct snn_plot *plot)
{
    draw_frame(canvas, plot, frames(plot) - 1);
}

const struct snn_plot_kind snn_plot_spike_count = {
    "spike_count", "spikes, an array [time, neuron], and a label", accepts, size, draw,
};

const struct snn_plot_motion snn_plot_spike_count_motion = { frames, hundredths, draw_frame };
