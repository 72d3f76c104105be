/* SPDX-License-Identifier: MIT
 *
 * The command line of a program: tasks, parameters, data sources, seeds and the rest, checked
 * against the program's tables.
 */
#ifndef SNN_OPTIONS_H
#define SNN_OPTIONS_H

#include "memory.h"
#include "seeds.h"
#include "snn/program.h"

#include <stdio.h>

enum { SNN_FOLD_LIMIT = 100000 };

struct snn_options {
    int argc;
    char **argv;
    int *tasks; /* [task_count], indices into the program's tasks, in the order they run */
    int task_count;
    union snn_value *params; /* [param_count] */
    bool *is_given;          /* [param_count], by the command line */
    const char **data;       /* [data_count], source given by --data; NULL: as the program says */
    struct snn_seeds seeds;
    bool has_seed; /* --seed was given */
    int threads;
    bool has_threads;          /* given by the command line */
    int fold, folds;           /* --fold: which of how many; folds is 0 without it */
    const char *out;           /* folder that holds the folders of programs */
    const char *folder;        /* that of this run, where it is made already; or NULL */
    const char *model;         /* --model, or NULL */
    bool resumes;              /* --resume */
    const char *resume;        /* the run that it names, or NULL */
    bool asks;                 /* for tasks, parameters, data, seeds, a fold or a model */
    double checkpoint_seconds; /* from one checkpoint to the next; inf: none are written */
    int failure;               /* descriptor that gets the message if the run fails, or -1 */
    bool is_quiet;
};

enum snn_options_result {
    SNN_OPTIONS_RUN,
    SNN_OPTIONS_DONE,  /* help or version was printed */
    SNN_OPTIONS_WRONG, /* an error was printed */
};

enum snn_options_result snn_options_read(struct snn_options *out, struct snn_region *region,
                                         const struct snn_program *program, int argc, char **argv);

/* Does the word need another one behind it, as "--seed" does and "--seed=1" does not? */
bool snn_options_needs_value(const char *word);

/* A whole number given for `option`, from low to high. Negative: see snn_last_error. */
int snn_options_whole(uint64_t *out, const char *option, const char *text, uint64_t low,
                      uint64_t high);

/* Processors of this machine, at least 1. */
int snn_options_processors(void);

/* --help, from the program's documentation. */
void snn_help_print(FILE *file, const struct snn_program *program);

#endif
