/* SPDX-License-Identifier: MIT
 *
 * Heat maps: numbers as coloured cells, with the range of their colours. Shared by `image` and
 * `weights`.
 */
#ifndef SNN_RECORD_PLOT_CELLS_H
#define SNN_RECORD_PLOT_CELLS_H

#include "record/plot/plot.h"

/* How values become colours: a balanced map about 0 if there are values of both signs, the given
 * one otherwise. */
struct snn_coloring {
    enum snn_color_map map;
    struct snn_scale scale;
};

struct snn_coloring snn_coloring_of(const struct snn_plot_array *array, enum snn_color_map map);

/* 0xRRGGBB */
uint32_t snn_coloring_value(const struct snn_coloring *coloring, double value);

/* A matrix of rows x columns, with axes that count them, and its colour bar. Larger ones than the
 * page shows are thinned out. */
void snn_plot_matrix(struct snn_canvas *canvas, const struct snn_plot *plot, int64_t rows,
                     int64_t columns, const char *row_name, const char *column_name,
                     enum snn_color_map map);

/* The page that snn_plot_matrix fills. */
void snn_plot_matrix_size(int64_t rows, int64_t columns, double *width, double *height);

#endif
