/* SPDX-License-Identifier: MIT
 *
 * weights(connection): what each neuron looks for. Where the source has the axes y and x, each
 * target neuron is a picture of its weights, and the pictures form a mosaic: as the target's axes
 * say if it has two, near a square otherwise. Other connections are shown as a matrix.
 */
#include "record/plot/cells.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TILES_SHOWN = 1600, GAP = 1 /* cells between tiles */ };

static const double left = 20, top = 66, right = 96, bottom = 24;

struct mosaic {
    int64_t height, width; /* of a tile */
    int64_t tiles;         /* target neurons */
    int rows, columns;     /* tiles shown */
};

static bool is_mosaic(const struct snn_plot_array *array)
{
    return array->rank >= 3 && strcmp(array->axes[0].name, "y") == 0 &&
           strcmp(array->axes[1].name, "x") == 0 && array->axes[0].extent <= 256 &&
           array->axes[1].extent <= 256;
}

static bool accepts(const struct snn_plot *plot)
{
    return plot->array_count == 1 && plot->arrays[0].rank >= 2 && plot->arrays[0].count > 0;
}

static struct mosaic lay_out(const struct snn_plot_array *array)
{
    struct mosaic mosaic = { array->axes[0].extent, array->axes[1].extent, 1, 0, 0 };
    int64_t shown;

    mosaic.tiles = array->count / (mosaic.height * mosaic.width);
    shown = mosaic.tiles < TILES_SHOWN ? mosaic.tiles : TILES_SHOWN;
    mosaic.columns = (int)ceil(sqrt((double)shown) - 1e-9);
    if (array->rank == 4 && array->axes[3].extent <= 64 && array->axes[2].extent <= 64) {
        mosaic.columns = (int)array->axes[3].extent;
        shown = mosaic.tiles;
    }
    mosaic.rows = (int)((shown + mosaic.columns - 1) / mosaic.columns);
    return mosaic;
}

static int cells_across(const struct mosaic *mosaic)
{
    return mosaic->columns * ((int)mosaic->width + GAP) - GAP;
}

static int cells_down(const struct mosaic *mosaic)
{
    return mosaic->rows * ((int)mosaic->height + GAP) - GAP;
}

static struct snn_box mosaic_box(const struct mosaic *mosaic)
{
    double across = cells_across(mosaic), down = cells_down(mosaic);
    double scale = 560 / fmax(across, down);

    return (struct snn_box){ left, top, across * scale, down * scale };
}

/* The rows and columns of the matrix that a connection without pictures is. */
static void matrix_shape(const struct snn_plot_array *array, int64_t *rows, int64_t *columns)
{
    *columns = array->axes[array->rank - 1].extent;
    *rows = array->count / *columns;
}

static void size(const struct snn_plot *plot, double *width, double *height)
{
    const struct snn_plot_array *array = &plot->arrays[0];
    int64_t rows, columns;

    if (is_mosaic(array)) {
        struct mosaic mosaic = lay_out(array);
        struct snn_box box = mosaic_box(&mosaic);

        *width = left + box.width + right;
        *height = top + box.height + bottom;
        return;
    }
    matrix_shape(array, &rows, &columns);
    snn_plot_matrix_size(rows, columns, width, height);
}

/* The weight from pixel (y, x) to the neuron of that tile lies at [y][x][tile]. */
static void fill_tile(uint32_t *colors, const struct mosaic *mosaic,
                      const struct snn_plot_array *array, const struct snn_coloring *coloring,
                      int64_t tile)
{
    int64_t row = tile / mosaic->columns * (mosaic->height + GAP);
    int64_t column = tile % mosaic->columns * (mosaic->width + GAP);

    for (int64_t y = 0; y < mosaic->height; y++)
        for (int64_t x = 0; x < mosaic->width; x++)
            colors[(row + y) * cells_across(mosaic) + column + x] = snn_coloring_value(
                coloring, snn_plot_value(array, (y * mosaic->width + x) * mosaic->tiles + tile));
}

static void draw_mosaic(struct snn_canvas *canvas, const struct snn_plot *plot)
{
    const struct snn_plot_array *array = &plot->arrays[0];
    struct snn_coloring coloring = snn_coloring_of(array, SNN_MAP_INFERNO);
    struct mosaic mosaic = lay_out(array);
    size_t cells = (size_t)cells_across(&mosaic) * (size_t)cells_down(&mosaic);
    uint32_t *colors = malloc(cells * sizeof *colors);
    char subtitle[128];
    int64_t shown = (int64_t)mosaic.rows * mosaic.columns;

    shown = shown < mosaic.tiles ? shown : mosaic.tiles;
    snprintf(subtitle, sizeof subtitle,
             "%" PRId64 " of %" PRId64 " neurons, each %" PRId64 " x %" PRId64, shown, mosaic.tiles,
             mosaic.height, mosaic.width);
    snn_plot_title(canvas, plot->title, subtitle);
    for (size_t i = 0; colors && i < cells; i++)
        colors[i] = 0xffffff;
    for (int64_t tile = 0; colors && tile < shown; tile++)
        fill_tile(colors, &mosaic, array, &coloring, tile);
    if (colors)
        snn_canvas_cells(canvas, mosaic_box(&mosaic), colors, cells_down(&mosaic),
                         cells_across(&mosaic));
    free(colors);
    snn_plot_color_bar(canvas, mosaic_box(&mosaic), coloring.map, &coloring.scale, array->unit);
}

static void draw(struct snn_canvas *canvas, const struct snn_plot *plot)
{
    const struct snn_plot_array *array = &plot->arrays[0];
    int64_t rows, columns;

    if (is_mosaic(array)) {
        draw_mosaic(canvas, plot);
        return;
    }
    matrix_shape(array, &rows, &columns);
    snn_plot_matrix(canvas, plot, rows, columns, array->rank == 2 ? array->axes[0].name : "source",
                    array->axes[array->rank - 1].name, SNN_MAP_INFERNO);
}

const struct snn_plot_kind snn_plot_weights = {
    "weights", "the weights of one connection, an array of at least two axes", accepts, size, draw,
};
