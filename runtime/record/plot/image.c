/* SPDX-License-Identifier: MIT
 *
 * image(a): a matrix, or a vector as one row, as a heat map.
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
                    array->rank == 1 ? "" : array->axes[0].name, array->axes[array->rank - 1].name, SNN_MAP_VIRIDIS);
}

const struct snn_plot_kind snn_plot_image = { "image", "an array of one or two axes", accepts, size, draw };
