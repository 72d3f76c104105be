/* SPDX-License-Identifier: MIT
 *
 * The ends of a run that code deep inside it may ask for.
 */
#ifndef SNN_RUN_H
#define SNN_RUN_H

#include "snn/program.h"

/* Ends the run after Ctrl-C: keeps the model as model-interrupted.npz and the results so far, says
   so, exits with 130. On lane 0, outside parallel loops. */
_Noreturn void snn_run_interrupted(struct snn_context *context);

#endif
