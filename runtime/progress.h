/* SPDX-License-Identifier: MIT
 *
 * Loops over samples: what they show while they run, how fast they were, and where a run may be
 * interrupted.
 */
#ifndef SNN_PROGRESS_H
#define SNN_PROGRESS_H

#include "record/json.h"
#include "snn/program.h"

#include <jansson.h>

struct snn_progress;

struct snn_progress *snn_progress_create(struct snn_runtime *runtime);

/* Samples shown so far in the outermost loop being run, 0 outside of loops. */
int64_t snn_progress_samples(struct snn_progress *progress);

/* For checkpoints: what is known of the loops being run, as member "progress"; read gets it back.
 * While the run is resuming, loops are begun as they are entered again, nothing is counted; at the
 * point where the other process was, arrive sets them to what was read. */
void snn_progress_write(struct snn_progress *progress, struct snn_json *json);
void snn_progress_read(struct snn_runtime *runtime, const json_t *state);
void snn_progress_arrive(struct snn_runtime *runtime);

/* Monotonic seconds. */
double snn_clock_seconds(void);

#endif
