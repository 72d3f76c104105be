/* SPDX-License-Identifier: MIT
 *
 * checkpoint.npz in the folder of a run: all that another process needs to go on with it, to the
 * same bits, should this one be killed. It is written now and then while tasks run, replaces the
 * one before in one step, and goes when the run is finished. What of a task's own state belongs to
 * it is decided by the compiler (pass `resume`).
 */
#ifndef SNN_CHECKPOINT_H
#define SNN_CHECKPOINT_H

#include "runtime.h"

#include <stdbool.h>

struct snn_checkpoint;

/* Of this run; nothing is read or written yet. */
struct snn_checkpoint *snn_checkpoint_create(struct snn_runtime *runtime);

/* Reads the file of the run's folder, which another process has left. From here to the place where
 * that one was, the run is resuming. Panics if the file cannot be used. */
void snn_checkpoint_read(struct snn_runtime *runtime);

/* Gives buffers and records what they had. */
void snn_checkpoint_restore(struct snn_context *context);

/* Which of the tasks of the command line to begin with: 0 unless resuming. */
int snn_checkpoint_first_task(const struct snn_runtime *runtime);

bool snn_checkpoint_is_resuming(const struct snn_runtime *runtime);

/* Before the first statement of a task: the run may have been saved there. */
void snn_checkpoint_begin_task(struct snn_context *context);

/* While resuming: the contents of an array that has been made again. */
void snn_checkpoint_fill(struct snn_context *context, int32_t buffer);

/* At the end of a task, `next` is the number of the one after it. Writes a checkpoint if it is time
 * for one. */
void snn_checkpoint_between(struct snn_context *context, int next);

/* The model at `path` is about to be replaced: what it is now is kept until there is a newer
 * checkpoint, and brought back should the run go on from this one. */
void snn_checkpoint_keep(struct snn_runtime *runtime, const char *path);
void snn_checkpoint_bring_back(struct snn_runtime *runtime, const char *path);

/* The run is finished. */
void snn_checkpoint_remove(struct snn_runtime *runtime);

void snn_checkpoint_destroy(struct snn_checkpoint *checkpoint); /* NULL is legal */

#endif
