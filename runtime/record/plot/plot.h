/* SPDX-License-Identifier: MIT
 *
 * A plot as a task asks for it: a kind and its arguments. Each kind checks what it was given, says
 * how large its page is and draws it.
 */
#ifndef SNN_RECORD_PLOT_PLOT_H
#define SNN_RECORD_PLOT_PLOT_H

#include "record/plot/axes.h"
#include "runtime.h"

enum { SNN_PLOT_ARRAYS = 16, SNN_PLOT_OPTIONS = 16 };

struct snn_plot_array {
    const char *label; /* as written in the source */
    const char *unit;  /* "" if none */
    enum snn_type type;
    const void *data;
    int rank;
    struct snn_axis axes[SNN_RANK_LIMIT];
    int64_t count;
};

struct snn_plot_option {
    const char *name;
    const char *text; /* NULL: a number */
    double number;
};

struct snn_plot {
    const char *kind;  /* "confusion" */
    const char *title; /* "confusion(guess, labels)" */
    struct snn_plot_array arrays[SNN_PLOT_ARRAYS];
    int array_count;
    struct snn_plot_option options[SNN_PLOT_OPTIONS];
    int option_count;
};

struct snn_plot_kind {
    const char *name;
    const char *takes; /* what its arguments are, for messages */
    /* False if the arguments are not what the kind takes. */
    bool (*accepts)(const struct snn_plot *plot);
    void (*size)(const struct snn_plot *plot, double *width, double *height);
    void (*draw)(struct snn_canvas *canvas, const struct snn_plot *plot);
};

/* The animation that a kind makes beside its page: how many frames, how long each is shown. */
struct snn_plot_motion {
    int (*frames)(const struct snn_plot *plot);
    int (*hundredths)(const struct snn_plot *plot);
    void (*draw)(struct snn_canvas *canvas, const struct snn_plot *plot, int frame);
};

extern const struct snn_plot_motion snn_plot_spike_count_motion;

extern const struct snn_plot_kind snn_plot_confusion, snn_plot_weights, snn_plot_raster,
    snn_plot_lines, snn_plot_histogram, snn_plot_image, snn_plot_votes, snn_plot_distance_matrix,
    snn_plot_precision_recall, snn_plot_spike_count;

/* The kind of that name, or NULL. */
const struct snn_plot_kind *snn_plot_kind_find(const char *name);

/* NULL for a kind that does not move. */
const struct snn_plot_motion *snn_plot_kind_motion(const struct snn_plot_kind *kind);

/* "confusion, weights, raster, …" */
void snn_plot_kind_list(char *out, size_t bytes);

/* The values of the options, or what is given here. */
double snn_plot_number(const struct snn_plot *plot, const char *name, double otherwise);
const char *snn_plot_text(const struct snn_plot *plot, const char *name, const char *otherwise);

/* Element i as a number. */
double snn_plot_value(const struct snn_plot_array *array, int64_t i);

/* The least and the greatest finite value; 0 and 1 if there is none. */
void snn_plot_range(const struct snn_plot_array *array, double *low, double *high);

/* "v (mV)", also where the name says so already. */
void snn_plot_with_unit(char *out, size_t bytes, const char *name, const char *unit);

#endif
