/* SPDX-License-Identifier: MIT
 *
 * confusion(guess, label): which class was taken for which. A row is a true class, a cell the part
 * of its samples that got that guess. Guesses of -1, "none", have a column of their own at the
 * right.
 */
#include "record/plot/plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLASS_LIMIT = 1000, NUMBERED_CLASSES = 20 };

static const double left = 70, top = 66, right = 92, bottom = 56;

struct table {
    int rows, columns; /* columns: rows, and one more if there are guesses of nothing */
    int64_t samples, hits;
    int64_t *counts; /* [rows][columns] */
    int64_t *totals; /* [rows] */
};

static bool is_class(double value)
{
    return value == floor(value) && value >= -1 && value < CLASS_LIMIT;
}

static bool accepts(const struct snn_plot *plot)
{
    if (plot->array_count != 2 || plot->arrays[0].count != plot->arrays[1].count)
        return false;
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < plot->arrays[k].count; i++)
            if (!is_class(snn_plot_value(&plot->arrays[k], i)))
                return false;
    return true;
}

static void count_classes(const struct snn_plot *plot, int *classes, bool *has_none)
{
    *classes = 1;
    *has_none = false;
    for (int k = 0; k < 2; k++)
        for (int64_t i = 0; i < plot->arrays[k].count; i++) {
            int class = (int)snn_plot_value(&plot->arrays[k], i);

            *classes = class + 1 > *classes ? class + 1 : *classes;
            *has_none |= k == 0 && class < 0;
        }
}

static double cell_size(int classes)
{
    return classes <= 12 ? 42 : classes <= NUMBERED_CLASSES ? 30 : fmax(1, 600.0 / classes);
}

static void size(const struct snn_plot *plot, double *width, double *height)
{
    int classes;
    bool has_none;

    count_classes(plot, &classes, &has_none);
    *width = left + cell_size(classes) * (classes + has_none) + right;
    *height = top + cell_size(classes) * classes + bottom;
}

/* Samples without a true class are left out. */
static struct table count(const struct snn_plot *plot)
{
    struct table table = { 0 };
    bool has_none;

    count_classes(plot, &table.rows, &has_none);
    table.columns = table.rows + has_none;
    table.counts = calloc((size_t)table.rows * (size_t)table.columns, sizeof *table.counts);
    table.totals = calloc((size_t)table.rows, sizeof *table.totals);
    for (int64_t i = 0; table.counts && table.totals && i < plot->arrays[0].count; i++) {
        int guess = (int)snn_plot_value(&plot->arrays[0], i),
            label = (int)snn_plot_value(&plot->arrays[1], i);

        if (label < 0)
            continue;
        table.counts[label * table.columns + (guess < 0 ? table.rows : guess)]++;
        table.totals[label]++;
        table.samples++;
        table.hits += guess == label;
    }
    return table;
}

static void draw_cell(struct snn_canvas *canvas, struct snn_box cell, int64_t count, double part,
                      bool is_numbered)
{
    struct snn_color color = snn_color_mapped(SNN_MAP_BLUES, part);
    char text[32];

    snn_canvas_color(canvas, color, 1);
    snn_canvas_fill(canvas, cell);
    if (!is_numbered || count == 0)
        return;
    snprintf(text, sizeof text, "%" PRId64, count);
    snn_canvas_color(canvas,
                     snn_color_hex(snn_color_brightness(color) > 0.55 ? 0x202024 : 0xffffff), 1);
    snn_canvas_text(canvas, cell.x + cell.width / 2, cell.y + cell.height / 2,
                    cell.width > 35 ? 11 : 9, SNN_ANCHOR_MIDDLE, text);
}

static void draw_names(struct snn_canvas *canvas, const struct table *table, double cell)
{
    int step = table->rows <= NUMBERED_CLASSES ? 1 : (table->rows + 19) / 20;
    char text[16];

    snn_canvas_color(canvas, snn_ink_soft, 1);
    for (int i = 0; i < table->columns; i++) {
        snprintf(text, sizeof text, "%d", i);
        if (i < table->rows && i % step == 0)
            snn_canvas_text(canvas, left - 8, top + (i + 0.5) * cell, 11, SNN_ANCHOR_RIGHT, text);
        if (i == table->rows || i % step == 0)
            snn_canvas_text(canvas, left + (i + 0.5) * cell, top + table->rows * cell + 12, 11,
                            SNN_ANCHOR_MIDDLE, i == table->rows ? "none" : text);
    }
    snn_canvas_color(canvas, snn_ink, 1);
    snn_canvas_text(canvas, left + table->columns * cell / 2, top + table->rows * cell + 35, 12,
                    SNN_ANCHOR_MIDDLE, "guess");
    snn_canvas_text_up(canvas, left - 42, top + table->rows * cell / 2, 12, "label");
}

static void draw(struct snn_canvas *canvas, const struct snn_plot *plot)
{
    struct table table = count(plot);
    double cell = cell_size(table.rows), gap = cell > 8 ? 0.75 : 0;
    struct snn_box box = { left, top, cell * table.columns, cell * table.rows };
    struct snn_scale percent = snn_scale_over(0, 100, 5);
    char subtitle[160];

    snprintf(subtitle, sizeof subtitle, "%.2f %% of %" PRId64 " right; numbers are samples",
             table.samples ? 100.0 * (double)table.hits / (double)table.samples : 0, table.samples);
    snn_plot_title(canvas, plot->title, subtitle);
    for (int i = 0; table.counts && table.totals && i < table.rows * table.columns; i++) {
        struct snn_box place = { left + i % table.columns * cell, top + i / table.columns * cell,
                                 cell - gap, cell - gap };
        double total = (double)table.totals[i / table.columns];

        draw_cell(canvas, place, table.counts[i], total > 0 ? (double)table.counts[i] / total : 0,
                  table.rows <= NUMBERED_CLASSES);
    }
    draw_names(canvas, &table, cell);
    snn_plot_color_bar(canvas, box, SNN_MAP_BLUES, &percent, "% of row");
    free(table.counts);
    free(table.totals);
}

const struct snn_plot_kind snn_plot_confusion = {
    "confusion", "a guess and a label for each sample, whole numbers from -1 to 999", accepts, size,
    draw,
};
