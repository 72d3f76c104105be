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

struct snn_options {
    int argc;
    char **argv;
    int *tasks; /* [task_count], indices into the program's tasks, in the order they run */
    int task_count;
    union snn_value *params; /* [param_count] */
    bool *is_given;          /* [param_count], by the command line */
    const char **data;       /* [data_count], source given by --data; NULL: as the program says */
    struct snn_seeds seeds;
    int threads;
    const char *out;   /* folder that holds the folders of programs */
    const char *model; /* --model, or NULL */
    bool is_quiet;
};

enum snn_options_result {
    SNN_OPTIONS_RUN,
    SNN_OPTIONS_DONE,  /* help or version was printed */
    SNN_OPTIONS_WRONG, /* an error was printed */
};

enum snn_options_result snn_options_read(struct snn_options *out, struct snn_region *region,
                                         const struct snn_program *program, int argc, char **argv);

/* --help, from the program's documentation. */
void snn_help_print(FILE *file, const struct snn_program *program);

#endif
