/* SPDX-License-Identifier: MIT
 *
 * What a frame claims about its size is not believed: room doubles while bytes arrive, up to a
 * limit that no packet of events reaches.
 */
#include "data/unpack.h"

#include "config.h"
#include "error.h"

#include <stdlib.h>
#include <string.h>
#if HAVE_LZ4
#include <lz4frame.h>
#endif
#if HAVE_ZSTD
#include <zstd.h>
#endif

enum { FIRST_BYTES = 1 << 16, MOST_BYTES = 1 << 30 };

void snn_unpacked_dispose(struct snn_unpacked *unpacked)
{
    free(unpacked->bytes);
    *unpacked = (struct snn_unpacked){ 0 };
}

/* More room than is used. */
static int grow(struct snn_unpacked *out, const char *what)
{
    size_t capacity = out->capacity ? out->capacity * 2 : FIRST_BYTES;
    unsigned char *bytes;

    if (out->count < out->capacity)
        return 0;
    if (capacity > MOST_BYTES)
        return snn_error_set("%s unpacks to more than 1 GiB: the file is damaged", what);
    bytes = realloc(out->bytes, capacity);
    if (!bytes)
        return snn_error_set("%s: out of memory for %zu bytes", what, capacity);
    out->bytes = bytes;
    out->capacity = capacity;
    return 0;
}

#if HAVE_LZ4 || HAVE_ZSTD
static int fail_damaged(const char *what, const char *reason)
{
    return snn_error_set("%s cannot be unpacked (%s): the file is damaged or truncated, fetch or "
                         "copy it again",
                         what, reason);
}
#endif

#if HAVE_LZ4
static int unpack_lz4(struct snn_unpacked *out, LZ4F_dctx *context, const unsigned char *frame,
                      size_t count, const char *what)
{
    size_t state = 1;

    while (state != 0) {
        size_t room, taken = count;

        if (grow(out, what) < 0)
            return -1;
        room = out->capacity - out->count;
        state = LZ4F_decompress(context, out->bytes + out->count, &room, frame, &taken, NULL);
        if (LZ4F_isError(state))
            return fail_damaged(what, LZ4F_getErrorName(state));
        if (state != 0 && room == 0 && taken == 0)
            return fail_damaged(what, "the frame is not complete");
        out->count += room;
        frame += taken;
        count -= taken;
    }
    return 0;
}
#endif

static int read_lz4(struct snn_unpacked *out, const void *frame, size_t count, const char *what)
{
#if HAVE_LZ4
    LZ4F_dctx *context;
    int status;

    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
        return snn_error_set("%s: out of memory for unpacking", what);
    status = unpack_lz4(out, context, frame, count, what);
    LZ4F_freeDecompressionContext(context);
    return status;
#else
    (void)out, (void)frame, (void)count;
    return snn_error_set("%s is packed by LZ4, without which snnc was built: install liblz4-dev, "
                         "configure and make again",
                         what);
#endif
}

#if HAVE_ZSTD
static int unpack_zstd(struct snn_unpacked *out, ZSTD_DStream *stream, const void *frame,
                       size_t count, const char *what)
{
    ZSTD_inBuffer in = { frame, count, 0 };
    size_t state = 1;

    while (state != 0) {
        ZSTD_outBuffer room;
        size_t taken = in.pos;

        if (grow(out, what) < 0)
            return -1;
        room = (ZSTD_outBuffer){ out->bytes, out->capacity, out->count };
        state = ZSTD_decompressStream(stream, &room, &in);
        if (ZSTD_isError(state))
            return fail_damaged(what, ZSTD_getErrorName(state));
        if (state != 0 && room.pos == out->count && in.pos == taken)
            return fail_damaged(what, "the frame is not complete");
        out->count = room.pos;
    }
    return 0;
}
#endif

static int read_zstd(struct snn_unpacked *out, const void *frame, size_t count, const char *what)
{
#if HAVE_ZSTD
    ZSTD_DStream *stream = ZSTD_createDStream();
    int status = stream ? unpack_zstd(out, stream, frame, count, what)
                        : snn_error_set("%s: out of memory for unpacking", what);

    ZSTD_freeDStream(stream);
    return status;
#else
    (void)out, (void)frame, (void)count;
    return snn_error_set("%s is packed by Zstandard, without which snnc was built: install "
                         "libzstd-dev, configure and make again",
                         what);
#endif
}

static int copy(struct snn_unpacked *out, const void *frame, size_t count, const char *what)
{
    while (out->capacity < count) {
        out->count = out->capacity;
        if (grow(out, what) < 0)
            return -1;
    }
    if (count > 0)
        memcpy(out->bytes, frame, count);
    out->count = count;
    return 0;
}

int snn_unpack(struct snn_unpacked *out, enum snn_packing packing, const void *frame, size_t count,
               const char *what)
{
    out->count = 0;
    switch (packing) {
    case SNN_PACKING_NONE: return copy(out, frame, count, what);
    case SNN_PACKING_LZ4: return read_lz4(out, frame, count, what);
    case SNN_PACKING_ZSTD: return read_zstd(out, frame, count, what);
    }
    return -1;
}
