/* SPDX-License-Identifier: MIT
 *
 * SHA-256 (FIPS 180-4), to tell whether a downloaded file is the published one.
 */
#ifndef SNNC_DRIVER_SHA256_H
#define SNNC_DRIVER_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK_BYTES = 64, SHA256_HEX_BYTES = 65 };

struct sha256 {
    uint32_t state[8];
    uint64_t bytes; /* added so far */
    unsigned char block[SHA256_BLOCK_BYTES];
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t bytes);

/* Writes the digest as 64 lower-case hexadecimal digits and a zero byte. Ends the hash. */
void sha256_finish(struct sha256 *hash, char hex[SHA256_HEX_BYTES]);

#endif
