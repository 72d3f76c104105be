/* SPDX-License-Identifier: MIT
 *
 * Reads IDX files. Every field is checked before it is used.
 */
#include "data/idx.h"

#include "error.h"

#include <stdlib.h>

enum { TYPE_UNSIGNED_BYTE = 0x08 };

static uint32_t big_endian_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int check_magic(const unsigned char magic[4], int rank, const char *name, const char *what)
{
    if (magic[0] != 0 || magic[1] != 0)
        return snn_error_set(
            "%s: not an IDX file: it begins with %02x %02x %02x %02x instead of 00 00 08 %02x",
            name, magic[0], magic[1], magic[2], magic[3], (unsigned)rank);
    if (magic[2] != TYPE_UNSIGNED_BYTE)
        return snn_error_set("%s: the elements have type %02x; %s must be unsigned bytes (08)",
                             name, magic[2], what);
    if (magic[3] != rank)
        return snn_error_set("%s: %d dimensions; %s have %d", name, magic[3], what, rank);
    return 0;
}

int snn_idx_read(struct snn_idx *out, struct snn_stream *stream, int rank, const char *what)
{
    unsigned char magic[4], sizes[4 * SNN_IDX_MAX_RANK];
    struct snn_idx idx = { .rank = rank, .shape = { 1, 1, 1, 1 } };
    size_t count = 1;
    void *data;

    if (snn_stream_read_exact(stream, magic, sizeof magic, "the IDX header") < 0 ||
        check_magic(magic, rank, snn_stream_name(stream), what) < 0 ||
        snn_stream_read_exact(stream, sizes, 4 * (size_t)rank, "the IDX header") < 0)
        return -1;
    for (int i = 0; i < rank; i++) {
        idx.shape[i] = big_endian_u32(sizes + 4 * i);
        if (__builtin_mul_overflow(count, (size_t)idx.shape[i], &count) || count > INT64_MAX)
            return snn_error_set("%s: impossible size: the dimensions multiply to more than 2^63",
                                 snn_stream_name(stream));
    }
    if (snn_stream_read_array(stream, &data, count, what) < 0)
        return -1;
    if (snn_stream_expect_end(stream) < 0) {
        free(data);
        return -1;
    }
    idx.data = data;
    *out = idx;
    return 0;
}

void snn_idx_dispose(struct snn_idx *idx)
{
    free(idx->data);
    *idx = (struct snn_idx){ 0 };
}
