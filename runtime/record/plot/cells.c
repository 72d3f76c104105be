/* SPDX-License-Identifier: MIT
 *
 * Matrices keep square cells while that gives a page of sensible shape, and fill a standard one
 * otherwise.
 */
#include "record/plot/cells.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CELLS_SHOWN = 1200 }; /* in one direction: two pixels each on the page */

static const double left = 76, top = 66, right = 96, bottom = 60;

struct snn_coloring snn_coloring_of(const struct snn_plot_array *array, enum snn_color_map map)
{
    double low, high, most;

    snn_plot_range(array, &low, &high);
    if (low < 0 && high > 0) {
        most = fmax(-low, high);
        return (struct snn_coloring){ SNN_MAP_BALANCE, snn_scale_over(-most, most, 6) };
    }
    if (low > 0 && low < 0.2 * high) /* amounts: nothing is dark */
        low = 0;
    return (struct snn_coloring){ map, snn_scale_over(low, high, 6) };
}

uint32_t snn_coloring_value(const struct snn_coloring *coloring, double value)
{
    struct snn_color color =
        snn_color_mapped(coloring->map, snn_scale_place(&coloring->scale, value, 1));

    return (uint32_t)(color.red * 255 + 0.5) << 16 | (uint32_t)(color.green * 255 + 0.5) << 8 |
           (uint32_t)(color.blue * 255 + 0.5);
}

static void box_size(int64_t rows, int64_t columns, double *width, double *height)
{
    double aspect = (double)columns / (double)rows;

    *width = *height = 440;
    if (aspect >= 1 && aspect <= 3)
        *height = 520 / aspect, *width = 520;
    else if (aspect < 1 && aspect >= 1.0 / 3)
        *width = 440 * aspect;
    else if (aspect > 3)
        *width = 560, *height = 260;
    else
        *width = 260;
}

void snn_plot_matrix_size(int64_t rows, int64_t columns, double *width, double *height)
{
    box_size(rows, columns, width, height);
    *width += left + right;
    *height += top + bottom;
}

/* Index labels stand under the middle of their cell. */
static struct snn_scale index_scale(int64_t count)
{
    struct snn_scale scale = snn_scale_whole(-0.5, (double)count - 0.5, 8);

    return scale;
}

static void draw_index_axes(struct snn_canvas *canvas, struct snn_box box, int64_t rows,
                            int64_t columns, const char *row_name, const char *column_name)
{
    struct snn_scale x = index_scale(columns), y = index_scale(rows);
    char text[SNN_TICK_BYTES];

    snn_canvas_color(canvas, snn_ink_soft, 1);
    for (int i = 0; i < x.ticks; i++) {
        snn_scale_label(text, &x, i);
        snn_canvas_text(canvas, box.x + snn_scale_place(&x, x.first + i * x.step, box.width),
                        box.y + box.height + 12, 11, SNN_ANCHOR_MIDDLE, text);
    }
    for (int i = 0; i < y.ticks; i++) {
        snn_scale_label(text, &y, i);
        snn_canvas_text(canvas, box.x - 7,
                        box.y + snn_scale_place(&y, y.first + i * y.step, box.height), 11,
                        SNN_ANCHOR_RIGHT, text);
    }
    snn_canvas_color(canvas, snn_ink, 1);
    snn_canvas_text(canvas, box.x + box.width / 2, box.y + box.height + 34, 12, SNN_ANCHOR_MIDDLE,
                    column_name);
    snn_canvas_text_up(canvas, box.x - 48, box.y + box.height / 2, 12, row_name);
}

void snn_plot_matrix(struct snn_canvas *canvas, const struct snn_plot *plot, int64_t rows,
                     int64_t columns, const char *row_name, const char *column_name,
                     enum snn_color_map map)
{
    const struct snn_plot_array *array = &plot->arrays[0];
    struct snn_coloring coloring = snn_coloring_of(array, map);
    int shown_rows = rows < CELLS_SHOWN ? (int)rows : CELLS_SHOWN;
    int shown_columns = columns < CELLS_SHOWN ? (int)columns : CELLS_SHOWN;
    uint32_t *colors = calloc((size_t)shown_rows * (size_t)shown_columns, sizeof *colors);
    struct snn_box box = { left, top, 0, 0 };
    char subtitle[128];

    snprintf(subtitle, sizeof subtitle, "%" PRId64 " x %" PRId64 "%s", rows, columns,
             shown_rows < rows || shown_columns < columns ? ", thinned out" : "");
    snn_plot_title(canvas, plot->title, subtitle);
    box_size(rows, columns, &box.width, &box.height);
    for (int i = 0; colors && i < shown_rows; i++)
        for (int j = 0; j < shown_columns; j++)
            colors[(size_t)i * (size_t)shown_columns + (size_t)j] = snn_coloring_value(
                &coloring, snn_plot_value(array, i * rows / shown_rows * columns +
                                                     j * columns / shown_columns));
    if (colors)
        snn_canvas_cells(canvas, box, colors, shown_rows, shown_columns);
    free(colors);
    draw_index_axes(canvas, box, rows, columns, row_name, column_name);
    snn_plot_color_bar(canvas, box, coloring.map, &coloring.scale, array->unit);
}
