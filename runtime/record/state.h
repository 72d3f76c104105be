/* SPDX-License-Identifier: MIT
 *
 * What the records of a run know, for its checkpoints.
 */
#ifndef SNN_RECORD_STATE_H
#define SNN_RECORD_STATE_H

#include "record/json.h"
#include "record/record.h"

#include <stddef.h>

/* The document; the caller frees state->text. What has been logged is on disk when this returns. */
void snn_record_write_state(struct snn_record *record, struct snn_json *state);

/* Brings a record, nothing recorded yet, to that state: what the folder has more in files that are
 * appended to is cut off. */
void snn_record_read_state(struct snn_record *record, const char *text, size_t bytes);

#endif
