/* SPDX-License-Identifier: MIT
 *
 * Unpacking a frame of LZ4 or Zstandard that is in memory. Which of them there are was decided when
 * the runtime was built. Functions follow error.h.
 */
#ifndef SNN_DATA_UNPACK_H
#define SNN_DATA_UNPACK_H

#include <stddef.h>

enum snn_packing { SNN_PACKING_NONE, SNN_PACKING_LZ4, SNN_PACKING_ZSTD };

/* Memory that frame after frame is unpacked to. */
struct snn_unpacked {
    unsigned char *bytes; /* owned: [capacity] */
    size_t count, capacity;
};

/* Messages begin with `what`, the file and the place of the frame. */
int snn_unpack(struct snn_unpacked *out, enum snn_packing packing, const void *frame, size_t count,
               const char *what);
void snn_unpacked_dispose(struct snn_unpacked *unpacked); /* all zero is legal */

#endif
