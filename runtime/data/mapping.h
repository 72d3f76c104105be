/* SPDX-License-Identifier: MIT
 *
 * A whole file in memory: mapped, so that processes share it and only what is used is read; or read
 * and unpacked, where it is gzip or no regular file. Functions follow error.h.
 */
#ifndef SNN_DATA_MAPPING_H
#define SNN_DATA_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

struct snn_mapping {
    const void *memory; /* [bytes] */
    size_t bytes;
    bool is_mapped; /* otherwise it was allocated */
};

int snn_mapping_open(struct snn_mapping *out, const char *path);
void snn_mapping_close(struct snn_mapping *mapping); /* all zero is legal */

#endif
