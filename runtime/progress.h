/* SPDX-License-Identifier: MIT
 *
 * Loops over samples: what they show while they run, how fast they were, and where a run may be
 * interrupted.
 */
#ifndef SNN_PROGRESS_H
#define SNN_PROGRESS_H

#include "snn/program.h"

struct snn_progress;

struct snn_progress *snn_progress_create(struct snn_runtime *runtime);

/* Samples shown so far in the outermost loop being run, 0 outside of loops. */
int64_t snn_progress_samples(struct snn_progress *progress);

/* Monotonic seconds. */
double snn_clock_seconds(void);

#endif
