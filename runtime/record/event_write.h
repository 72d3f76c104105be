/* SPDX-License-Identifier: MIT
 *
 * Writes a file of the event format (docs/data.md), sample by sample. Memory holds where each
 * sample begins and its label; the events go to disk as they come. Functions return 0, or -1 with
 * the reason in snn_last_error().
 */
#ifndef SNN_RECORD_EVENT_WRITE_H
#define SNN_RECORD_EVENT_WRITE_H

#include <stdbool.h>
#include <stdint.h>

struct snn_event_writer;

/* Nothing is at `path` until the writer is closed. `inputs` is from 1 to INT32_MAX; events at
 * `max_time` or later are left out. */
int snn_event_writer_open(struct snn_event_writer **out, const char *path, int64_t inputs,
                          double max_time, bool has_labels);

/* A sample in which input i spikes at times[i], if that is before max_time. */
int snn_event_writer_add(struct snn_event_writer *writer, const float *times, int64_t label);

/* What was added so far. */
int64_t snn_event_writer_samples(const struct snn_event_writer *writer);
int64_t snn_event_writer_events(const struct snn_event_writer *writer);

/* Puts the file in its place, whole or not at all, and frees the writer. */
int snn_event_writer_close(struct snn_event_writer *writer);

/* Frees the writer; there is no file. NULL is legal. */
void snn_event_writer_discard(struct snn_event_writer *writer);

#endif
