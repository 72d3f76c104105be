/* SPDX-License-Identifier: MIT
 *
 * Runs as a table: a row for each, a column for each fact, parameter and result. Everything lives
 * in the region it was made with.
 */
#ifndef SNN_EXPERIMENT_LISTING_H
#define SNN_EXPERIMENT_LISTING_H

#include "experiment/run_info.h"
#include "snn/program.h"

#include <stdio.h>

enum snn_column_kind {
    SNN_COLUMN_FACT, /* run, status, started, … */
    SNN_COLUMN_PARAMETER,
    SNN_COLUMN_RESULT,
};

struct snn_cell {
    const char *text; /* "" if the run has no such value */
    double number; /* NAN if it is none; of a parameter with a unit, in the unit it is printed in */
};

struct snn_column {
    enum snn_column_kind kind;
    const char *task;              /* of a result */
    const char *name;              /* of the parameter or result */
    const char *label;             /* the name, "task.name" where several tasks have it */
    const char *unit;              /* "" if none */
    const struct snn_param *param; /* of a parameter that the program still has, or NULL */
    struct snn_cell *cells;        /* [row_count] */
};

struct snn_listing {
    struct snn_region *region;
    const struct snn_program *program;
    const struct snn_run_info **rows; /* [row_count] */
    size_t row_count;
    struct snn_column *columns; /* facts, then parameters, then results */
    size_t column_count;
};

/* The table of these runs, in that order. */
struct snn_listing *snn_listing_create(struct snn_region *region, const struct snn_program *program,
                                       const struct snn_run_info *runs, size_t count);

/* The column called `name` (a label, or "task.name"). Negative: none, with a suggestion in the
 * message. */
int snn_listing_find(const struct snn_listing *listing, const char *name);

/* Keeps the rows for which `condition` ("n=100", "lr<0.1", "accuracy>=0.9", "mode!=sum") holds. */
int snn_listing_filter(struct snn_listing *listing, const char *condition);

/* Keeps the rows marked in `keeps`. */
void snn_listing_keep(struct snn_listing *listing, const bool *keeps);

/* Sorts by a column, upwards; downwards if the name begins with '-'. Rows without a value come
 * last, equal ones stay in their order. */
int snn_listing_sort(struct snn_listing *listing, const char *name);

/* One row for each combination of values of the named columns (separated by commas) among finished
 * runs: how many runs, and of each numeric result mean and standard deviation (of the population),
 * columns "NAME mean" and "NAME std"; "NAME count" where not all runs of a group have it. A run
 * that was made twice counts once. NULL: see snn_last_error. */
struct snn_listing *snn_listing_group(const struct snn_listing *listing, const char *names);

/* Mean and standard deviation of the population, of the numbers that are not NAN; returns how many.
 */
size_t snn_mean_and_deviation(const double *numbers, size_t count, double *mean, double *deviation);

/* For people: columns that say the same in all rows are left to one line above. */
void snn_listing_print(FILE *file, const struct snn_listing *listing);

/* RFC 4180, with the line ends of Unix: all columns; numbers in full, units in the heads. */
void snn_listing_write_csv(FILE *file, const struct snn_listing *listing);

#endif
