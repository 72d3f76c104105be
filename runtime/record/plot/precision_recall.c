/* SPDX-License-Identifier: MIT
 *
 * precision_recall(scores, truth): scores [query, place], truth[query] the right place. A query's
 * best place is accepted where its score reaches a threshold; the curve has a point for each
 * threshold. Precision is the part of the accepted that is right, recall the part of all queries
 * that is accepted and right.
 */
#include "record/plot/plot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct match {
    double score;
    bool is_right;
};

static bool accepts(const struct snn_plot *plot)
{
    return plot->array_count == 2 && plot->arrays[0].rank == 2 && plot->arrays[0].count > 0 &&
           plot->arrays[1].count == plot->arrays[0].axes[0].extent;
}

static void size(const struct snn_plot *plot, double *width, double *height)
{
    (void)plot;
    *width = 520;
    *height = 520;
}

/* Best first; of equal scores the right ones last, so that a tie never looks better than it is. */
static int compare(const void *left, const void *right)
{
    const struct match *a = left, *b = right;

    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->is_right - b->is_right;
}

static void find_matches(struct match *matches, const struct snn_plot *plot)
{
    const struct snn_plot_array *scores = &plot->arrays[0];
    int64_t queries = scores->axes[0].extent, places = scores->axes[1].extent;

    for (int64_t q = 0; q < queries; q++) {
        int64_t best = 0;

        for (int64_t p = 1; p < places; p++)
            if (snn_plot_value(scores, q * places + p) > snn_plot_value(scores, q * places + best))
                best = p;
        matches[q] = (struct match){ snn_plot_value(scores, q * places + best),
                                     snn_plot_value(&plot->arrays[1], q) == (double)best };
    }
    qsort(matches, (size_t)queries, sizeof *matches, compare);
}

/* Points of the curve; the result is the recall at which the first wrong place is accepted. */
static double fill_curve(double *recall, double *precision, const struct match *matches,
                         int64_t queries)
{
    int64_t right = 0;
    double without_error = -1;

    for (int64_t q = 0; q < queries; q++) {
        right += matches[q].is_right;
        if (!matches[q].is_right && without_error < 0)
            without_error = (double)right / (double)queries;
        recall[q] = (double)right / (double)queries;
        precision[q] = (double)right / (double)(q + 1);
    }
    return without_error < 0 ? 1 : without_error;
}

static void draw_curve(struct snn_canvas *canvas, struct snn_box box, const double *recall,
                       const double *precision, int64_t points)
{
    snn_canvas_color(canvas, snn_color_curve(0), 1);
    cairo_set_line_width(canvas->cairo, 1.8);
    cairo_set_line_join(canvas->cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_new_path(canvas->cairo);
    for (int64_t i = 0; i < points; i++)
        cairo_line_to(canvas->cairo, box.x + recall[i] * box.width,
                      box.y + (1 - precision[i]) * box.height);
    cairo_stroke(canvas->cairo);
}

static void draw(struct snn_canvas *canvas, const struct snn_plot *plot)
{
    int64_t queries = plot->arrays[0].axes[0].extent;
    struct match *matches = calloc((size_t)queries, sizeof *matches);
    double *recall = calloc((size_t)queries, sizeof *recall),
           *precision = calloc((size_t)queries, sizeof *precision);
    struct snn_box box = { 72, 66, 424, 396 };
    struct snn_scale unit = snn_scale_over(0, 1, 5);
    char subtitle[128] = "";

    if (matches && recall && precision) {
        double without_error;

        find_matches(matches, plot);
        without_error = fill_curve(recall, precision, matches, queries);
        snprintf(subtitle, sizeof subtitle,
                 "%" PRId64 " queries; recall %.1f %% without an error, %.1f %% in all", queries,
                 100 * without_error, 100 * recall[queries - 1]);
    }
    snn_plot_title(canvas, plot->title, subtitle);
    snn_plot_axes(canvas, box, &unit, &unit, "recall", "precision");
    if (matches && recall && precision)
        draw_curve(canvas, box, recall, precision, queries);
    free(matches);
    free(recall);
    free(precision);
}

const struct snn_plot_kind snn_plot_precision_recall = {
    "precision_recall",
    "scores [query, place] and the right place of each query",
    accepts,
    size,
    draw,
};
