/* SPDX-License-Identifier: MIT
 *
 * Samples of events made ahead: while a batch is computed, a thread of its own takes the samples of
 * the next one through their stages. What a batch asks for is kept as long as it is the batch, so
 * that the way back finds it, too. Nothing that is made depends on who makes it, or when.
 */
#ifndef SNN_DATA_EVENT_AHEAD_H
#define SNN_DATA_EVENT_AHEAD_H

#include "data/event_stage.h"

struct snn_event_ahead;

/* NULL, message set, without memory. Destroying waits for what is being made. */
struct snn_event_ahead *snn_event_ahead_create(void);
void snn_event_ahead_destroy(struct snn_event_ahead *ahead); /* NULL is legal */

/* A batch: samples of a loaded view, which `rest` more follow in the view it is a slice of. What
 * they point to is valid until a mark below `depth` is released. */
struct snn_event_batch {
    struct snn_view view;
    int64_t rest;
    int64_t depth;
};

/* The events of sample i of the batch, in `work` of the calling thread. */
int snn_event_ahead_get(struct snn_event_ahead *ahead, const struct snn_event_batch *batch,
                        int64_t i, struct snn_event_work *work, struct snn_event_list *out);

/* Mark number `mark` is released: forgets the batches above it. */
void snn_event_ahead_release(struct snn_event_ahead *ahead, int64_t mark);

#endif
