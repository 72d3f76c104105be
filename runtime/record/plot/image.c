/* SPDX-License-Identifier: MIT
 *
 * image(a): a matrix, or a vector as one row, as a heat map. distance_matrix(scores) is one of
 * queries and places; votes(votes) one whose last axis runs to the right and all others downwards.
 */
#include "record/plot/cells.h"

static bool accepts(const struct snn_plot *plot)
{
    return plot->array_count == 1 && plot->arrays[0].count > 0 &&
           (plot->arrays[0].rank == 1 || plot->arrays[0].rank == 2);
}

static int64_t row_count(const struct snn_plot_array *array)
{
    return array->rank == 1 ? 1 : array->axes[0].extent;
}

static void size(const struct snn_plot *plot, double *width, double *height)
{
    const struct snn_plot_array *array = &plot->arrays[0];

    snn_plot_matrix_size(row_count(array), array->count / row_count(array), width, height);
}

static void draw(struct snn_canvas *canvas, const struct snn_plot *plot)
{
    const struct snn_plot_array *array = &plot->arrays[0];

    snn_plot_matrix(canvas, plot, row_count(array), array->count / row_count(array),
                    array->rank == 1 ? "" : array->axes[0].name, array->axes[array->rank - 1].name,
                    SNN_MAP_VIRIDIS);
}

static bool accepts_matrix(const struct snn_plot *plot)
{
    return accepts(plot) && plot->arrays[0].rank == 2;
}

static bool accepts_votes(const struct snn_plot *plot)
{
    return plot->array_count == 1 && plot->arrays[0].count > 0 && plot->arrays[0].rank >= 2;
}

/* Rows are all axes but the last. */
static void draw_votes(struct snn_canvas *canvas, const struct snn_plot *plot)
{
    const struct snn_plot_array *array = &plot->arrays[0];
    int64_t columns = array->axes[array->rank - 1].extent;

    snn_plot_matrix(canvas, plot, array->count / columns, columns,
                    array->rank == 2 ? array->axes[0].name : "row",
                    array->axes[array->rank - 1].name, SNN_MAP_BLUES);
}

static void size_votes(const struct snn_plot *plot, double *width, double *height)
{
    const struct snn_plot_array *array = &plot->arrays[0];
    int64_t columns = array->axes[array->rank - 1].extent;

    snn_plot_matrix_size(array->count / columns, columns, width, height);
}

const struct snn_plot_kind snn_plot_distance_matrix = {
    "distance_matrix", "an array of two axes", accepts_matrix, size, draw,
};

const struct snn_plot_kind snn_plot_votes = {
    "votes", "an array of at least two axes", accepts_votes, size_votes, draw_votes,
};

const struct snn_plot_kind snn_plot_image = { "image", "an array of one or two axes", accepts, size,
                                              draw };
