/* SPDX-License-Identifier: MIT
 *
 * The ends of a run that code deep inside it may ask for.
 */
#ifndef SNN_RUN_H
#define SNN_RUN_H

#include "options.h"
#include "snn/program.h"

enum { SNN_IDENTITY_BYTES = 20 };

/* A whole run, in this process; returns its exit status. */
int snn_run(const struct snn_program *program, struct snn_options *options);

/* Sets the run up as far as opening and dividing its data, and no further: the exit status that it
 * would end with there, 0 if all is well. For a process of its own. */
int snn_run_check(const struct snn_program *program, struct snn_options *options);

/* The identity (record.h) that such a run would have. */
void snn_run_foresee(const struct snn_program *program, struct snn_options *options,
                     char identity[SNN_IDENTITY_BYTES]);

/* Ends the run after Ctrl-C: keeps the model as model-interrupted.npz and the results so far, says
   so, exits with 130. On lane 0, outside parallel loops. */
_Noreturn void snn_run_interrupted(struct snn_context *context);

#endif
