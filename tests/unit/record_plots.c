/* SPDX-License-Identifier: MIT
 *
 * Every kind of plot draws what it accepts, the same bytes twice, and refuses what it does not;
 * ticks are round numbers.
 */
#undef NDEBUG
#include "record/plot/plot.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct snn_plot_array array_of(const char *label, enum snn_type type, const void *data,
                                      int rank, const char *const *names, const int64_t *extents)
{
    struct snn_plot_array array = {
        .label = label, .unit = "mV", .type = type, .data = data, .rank = rank, .count = 1
    };

    for (int i = 0; i < rank; i++) {
        array.axes[i] = (struct snn_axis){ names[i], extents[i] };
        array.count *= extents[i];
    }
    return array;
}

static void draw_page(struct snn_canvas *canvas, const void *what)
{
    const struct snn_plot *plot = what;

    snn_plot_kind_find(plot->kind)->draw(canvas, plot);
}

static size_t read_file(char *out, size_t bytes, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t count;

    assert(file);
    count = fread(out, 1, bytes, file);
    fclose(file);
    return count;
}

static void expect_drawn(const struct snn_plot *plot, const char *name)
{
    static char first[1 << 22], second[1 << 22];
    const struct snn_plot_kind *kind = snn_plot_kind_find(plot->kind);
    char svg[128], png[128];
    double width, height;
    size_t count;

    assert(kind && kind->accepts(plot));
    kind->size(plot, &width, &height);
    assert(width > 100 && height > 100 && width < 2000 && height < 2000);
    snprintf(svg, sizeof svg, "%s.svg", name);
    snprintf(png, sizeof png, "%s.png", name);
    assert(snn_canvas_save(svg, png, width, height, draw_page, plot) == 0);
    count = read_file(first, sizeof first, png);
    assert(count > 1000 && memcmp(first, "\x89PNG", 4) == 0);
    assert(snn_canvas_save("again.svg", "again.png", width, height, draw_page, plot) == 0);
    assert(read_file(second, sizeof second, "again.png") == count &&
           memcmp(first, second, count) == 0);
    assert(read_file(first, sizeof first, svg) > 1000 &&
           strstr(first, "<svg")); /* its ids count on through a process */
}

static void expect_refused(const struct snn_plot *plot)
{
    assert(!snn_plot_kind_find(plot->kind)->accepts(plot));
}

static double noise(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) / 16777216.0;
}

static void confusion(void)
{
    enum { SAMPLES = 5000 };
    static int32_t guess[SAMPLES], label[SAMPLES];
    const char *const names[] = { "sample" };
    const int64_t extents[] = { SAMPLES }, fewer[] = { SAMPLES - 1 };
    struct snn_plot plot = { .kind = "confusion",
                             .title = "confusion(guess, digits.test.label)",
                             .array_count = 2 };
    unsigned state = 1;

    for (int i = 0; i < SAMPLES; i++) {
        label[i] = (int)(noise(&state) * 10);
        guess[i] = noise(&state) < 0.8 ? label[i] : (int)(noise(&state) * 11) - 1;
    }
    plot.arrays[0] = array_of("guess", SNN_INT32, guess, 1, names, extents);
    plot.arrays[1] = array_of("label", SNN_INT32, label, 1, names, extents);
    expect_drawn(&plot, "confusion");
    plot.arrays[1] = array_of("label", SNN_INT32, label, 1, names, fewer);
    expect_refused(&plot);
    plot.arrays[1] = array_of("label", SNN_INT32, label, 1, names, extents);
    label[7] = -2;
    expect_refused(&plot);
}

static void weights(void)
{
    enum { SIDE = 28, NEURONS = 100 };
    static float w[SIDE * SIDE * NEURONS];
    const char *const names[] = { "y", "x", "neuron" }, *const flat[] = { "pre", "post" };
    const int64_t extents[] = { SIDE, SIDE, NEURONS }, flat_extents[] = { SIDE * SIDE, NEURONS };
    struct snn_plot plot = { .kind = "weights", .title = "weights(xe)", .array_count = 1 };
    unsigned state = 2;

    for (int n = 0; n < NEURONS; n++) {
        double cx = 6 + 16 * noise(&state), cy = 6 + 16 * noise(&state),
               radius = 3 + 5 * noise(&state);

        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                double off = hypot(x - cx, y - cy) - radius;

                w[(y * SIDE + x) * NEURONS + n] =
                    (float)(exp(-off * off / 3) + 0.1 * noise(&state));
            }
    }
    plot.arrays[0] = array_of("xe", SNN_FLOAT32, w, 3, names, extents);
    expect_drawn(&plot, "weights");
    plot.title = "weights(ee)";
    plot.arrays[0] = array_of("ee", SNN_FLOAT32, w, 2, flat, flat_extents);
    expect_drawn(&plot, "weights-matrix");
}

static void raster(void)
{
    enum { STEPS = 500, NEURONS = 200 };
    static uint8_t spikes[STEPS * NEURONS];
    const char *const names[] = { "time", "neuron" };
    const int64_t extents[] = { STEPS, NEURONS };
    struct snn_plot plot = { .kind = "raster", .title = "raster(exc.spikes)", .array_count = 1 };
    unsigned state = 3;

    for (int i = 0; i < STEPS * NEURONS; i++)
        spikes[i] = noise(&state) < 0.02 * (1 + sin(i / NEURONS * 0.05));
    plot.arrays[0] = array_of("exc.spikes", SNN_BOOL, spikes, 2, names, extents);
    expect_drawn(&plot, "raster");
    for (int i = 0; i < STEPS * NEURONS; i++)
        spikes[i] = noise(&state) < 0.5 * (1 + sin(i / NEURONS * 0.05));
    plot.options[plot.option_count++] = (struct snn_plot_option){ .name = "dt", .number = 0.5 };
    expect_drawn(&plot, "raster-dense");
    plot.arrays[0].rank = 1;
    expect_refused(&plot);
}

static void lines(void)
{
    char label[64];
    enum { POINTS = 300, CURVES = 3 };
    static float v[POINTS * CURVES], current[25];
    static double rate[25];
    const char *const names[] = { "time", "neuron" }, *const axis[] = { "current" };
    const int64_t extents[] = { POINTS, CURVES }, points[] = { 25 };
    struct snn_plot plot = { .kind = "lines", .title = "lines(exc.trace.v)", .array_count = 1 };

    for (int i = 0; i < POINTS; i++)
        for (int k = 0; k < CURVES; k++)
            v[i * CURVES + k] = (float)(-65 + 10 * sin(i * 0.02 * (k + 1)) * exp(-i * 0.004));
    plot.arrays[0] = array_of("exc.trace.v", SNN_FLOAT32, v, 2, names, extents);
    plot.options[plot.option_count++] = (struct snn_plot_option){ .name = "dt", .number = 0.5 };
    expect_drawn(&plot, "lines");
    for (int i = 0; i < 25; i++) {
        current[i] = (float)i / 10 - 0.2f;
        rate[i] = i < 8 ? 0 : sqrt(i - 8) * 20;
    }
    plot = (struct snn_plot){ .kind = "lines", .title = "lines(rate, current)", .array_count = 2 };
    plot.arrays[0] = array_of("rate", SNN_FLOAT64, rate, 1, axis, points);
    plot.arrays[1] = array_of("current (mV)", SNN_FLOAT32, current, 1, axis, points);
    plot.arrays[0].unit = "Hz";
    snn_plot_with_unit(label, sizeof label, "current (mV)", "mV");
    assert(strcmp(label, "current (mV)") == 0);
    snn_plot_with_unit(label, sizeof label, "rate", "Hz");
    assert(strcmp(label, "rate (Hz)") == 0);
    rate[20] = NAN;
    expect_drawn(&plot, "lines-x");
    plot.arrays[1].axes[0].extent = plot.arrays[1].count = 24;
    expect_refused(&plot);
}

static void histogram(void)
{
    enum { VALUES = 3000 };
    static float values[VALUES], constant[5] = { 3, 3, 3, 3, 3 };
    static int32_t counts[VALUES];
    const char *const names[] = { "neuron" };
    const int64_t extents[] = { VALUES }, few[] = { 5 };
    struct snn_plot plot = { .kind = "histogram", .title = "histogram(isi)", .array_count = 1 };
    unsigned state = 4;

    for (int i = 0; i < VALUES; i++) {
        values[i] = (float)(-20 * log(noise(&state) + 1e-9));
        counts[i] = (int)(noise(&state) * 4 + noise(&state) * 6);
    }
    plot.arrays[0] = array_of("isi", SNN_FLOAT32, values, 1, names, extents);
    expect_drawn(&plot, "histogram");
    plot.arrays[0] = array_of("counts", SNN_INT32, counts, 1, names, extents);
    expect_drawn(&plot, "histogram-counts");
    plot.arrays[0] = array_of("constant", SNN_FLOAT32, constant, 1, names, few);
    expect_drawn(&plot, "histogram-constant");
    plot.array_count = 0;
    expect_refused(&plot);
}

static void image(void)
{
    static float a[40 * 60];
    const char *const names[] = { "y", "x" };
    const int64_t extents[] = { 40, 60 };
    struct snn_plot plot = { .kind = "image", .title = "image(kernel)", .array_count = 1 };

    for (int i = 0; i < 40; i++)
        for (int j = 0; j < 60; j++)
            a[i * 60 + j] = (float)(sin(i * 0.2) * cos(j * 0.15));
    plot.arrays[0] = array_of("kernel", SNN_FLOAT32, a, 2, names, extents);
    expect_drawn(&plot, "image");
}

static void places(void)
{
    enum { QUERIES = 120, PLACES = 100 };
    static float scores[QUERIES * PLACES];
    static int32_t truth[QUERIES];
    const char *const names[] = { "query", "place" };
    const int64_t extents[] = { QUERIES, PLACES };
    struct snn_plot plot = { .kind = "precision_recall",
                             .title = "precision_recall(score, truth)",
                             .array_count = 2 };
    unsigned state = 5;

    for (int q = 0; q < QUERIES; q++) {
        truth[q] = q * PLACES / QUERIES;
        for (int p = 0; p < PLACES; p++)
            scores[q * PLACES + p] = (float)(exp(-abs(p - truth[q]) * 0.5) + 0.9 * noise(&state));
    }
    plot.arrays[0] = array_of("score", SNN_FLOAT32, scores, 2, names, extents);
    plot.arrays[1] = array_of("truth", SNN_INT32, truth, 1, names, extents);
    expect_drawn(&plot, "precision-recall");
    plot.array_count = 1;
    expect_refused(&plot);
    plot.kind = "distance_matrix";
    expect_drawn(&plot, "distance-matrix");
    plot.kind = "votes";
    expect_drawn(&plot, "votes");
}

static void expect_ticks(struct snn_scale scale, const char *expected)
{
    char all[512] = "", text[SNN_TICK_BYTES];

    for (int i = 0; i < scale.ticks; i++) {
        snn_scale_label(text, &scale, i);
        strcat(all, text);
        strcat(all, " ");
    }
    if (strcmp(all, expected) != 0)
        fprintf(stderr, "ticks: %s\n", all);
    assert(strcmp(all, expected) == 0);
}

static void ticks(void)
{
    expect_ticks(snn_scale_over(0, 1, 5), "0.0 0.2 0.4 0.6 0.8 1.0 ");
    expect_ticks(snn_scale_over(-0.3, 0.3, 6), "-0.3 -0.2 -0.1 0.0 0.1 0.2 0.3 ");
    expect_ticks(snn_scale_over(0.93, 6.2, 6), "1 2 3 4 5 6 ");
    expect_ticks(snn_scale_around(0, 97, 5), "0 20 40 60 80 100 ");
    expect_ticks(snn_scale_around(5, 5, 5), "4.4 4.6 4.8 5.0 5.2 5.4 5.6 ");
    expect_ticks(snn_scale_whole(-0.5, 3.5, 8), "0 1 2 3 ");
    expect_ticks(snn_scale_over(0, 0, 3), "-0.5 0.0 0.5 ");
}

int main(void)
{
    assert(!snn_plot_kind_find("pie"));
    ticks();
    confusion();
    weights();
    raster();
    lines();
    histogram();
    image();
    places();
    return 0;
}
