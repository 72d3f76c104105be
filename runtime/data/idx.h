/* SPDX-License-Identifier: MIT
 *
 * The IDX format of the MNIST files: two zero bytes, the type of the elements, the number of
 * dimensions, each dimension as a big-endian 32-bit number, the elements. Only unsigned bytes are
 * read: nothing else is in use.
 */
#ifndef SNN_DATA_IDX_H
#define SNN_DATA_IDX_H

#include "data/stream.h"

enum { SNN_IDX_MAX_RANK = 4 };

struct snn_idx {
    int rank;
    int64_t shape[SNN_IDX_MAX_RANK]; /* outermost first; unused ones are 1 */
    uint8_t *data;                   /* owned: shape[0] * shape[1] * ... elements */
};

/* Reads a whole file of `rank` dimensions; `what` ("images") names the elements in messages. */
int snn_idx_read(struct snn_idx *out, struct snn_stream *stream, int rank, const char *what);

void snn_idx_dispose(struct snn_idx *idx); /* all zero is legal */

#endif
