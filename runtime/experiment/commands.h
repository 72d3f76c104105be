/* SPDX-License-Identifier: MIT
 *
 * What a program does besides running its tasks once: `sweep`, `kfold` and `runs`, each the first
 * word of the command line. A task of the same name goes first.
 */
#ifndef SNN_EXPERIMENT_COMMANDS_H
#define SNN_EXPERIMENT_COMMANDS_H

#include "memory.h"
#include "options.h"
#include "snn/program.h"

#include <stdbool.h>
#include <stdint.h>

/* A command, from the whole command line to its exit status. Errors are printed. */
typedef int snn_command(const struct snn_program *program, struct snn_region *region, int argc,
                        char **argv);

/* The command that argv[1] names, or NULL. */
snn_command *snn_command_find(const struct snn_program *program, int argc, char **argv);

snn_command snn_command_sweep, snn_command_kfold, snn_command_runs;

/* The part of --help that lists the commands. */
void snn_commands_help(FILE *file, const struct snn_program *program);

/* ---- for the commands themselves */

/* The words of a command that are not read yet; words[0] is the next. */
struct snn_words {
    char **words;
    int left;
};

/* If the next word is the option, takes it and its value ("--jobs 2" or "--jobs=2"): 1; 0 if it is
 * another; negative if the value is missing. A flag has no value: `value` is NULL. */
int snn_words_take(struct snn_words *words, const char *option, const char **value);

/* Prints snn_last_error() and returns the exit status of a wrong command line. */
int snn_command_refuse(void);

#endif
