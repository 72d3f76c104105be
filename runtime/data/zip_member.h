/* SPDX-License-Identifier: MIT
 *
 * Where the bytes of an uncompressed member of a zip archive in memory are. libzip reads archives,
 * but does not tell; events are used where they lie in a mapped file.
 */
#ifndef SNN_DATA_ZIP_MEMBER_H
#define SNN_DATA_ZIP_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snn_zip_member {
    const uint8_t *data; /* within the archive */
    size_t size;
    uint32_t checksum; /* CRC-32 that the archive has for it; not compared */
};

/* False where there is no member of that name, or it is compressed or encrypted, or the archive is
 * not what it should be: then it is for libzip to read or to refuse. */
bool snn_zip_find_stored(struct snn_zip_member *out, const void *archive, size_t bytes,
                         const char *name);

#endif
