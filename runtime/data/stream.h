/* SPDX-License-Identifier: MIT
 *
 * Bytes in order, from a file, from memory or from a member of an archive, unpacked on the way if
 * they are gzip. All readers of data files stand on this: what a file claims about its size is
 * never allocated before its bytes have arrived. Failures follow error.h; messages begin with the
 * stream's name.
 */
#ifndef SNN_DATA_STREAM_H
#define SNN_DATA_STREAM_H

#include <stddef.h>
#include <stdint.h>

struct snn_stream;

/* Where a stream's bytes come from. */
struct snn_stream_source {
    /* Fills up to `bytes` of `buffer`; returns how many, 0 at the end, -1 with the message set. */
    int64_t (*read)(void *handle, void *buffer, size_t bytes);
    void (*close)(void *handle); /* NULL: nothing to close */
    void *handle;
};

/* Opens a file; one that begins with the two magic bytes of gzip is unpacked. */
int snn_stream_open(struct snn_stream **out, const char *path);

/* The same over memory, which must outlive the stream. */
int snn_stream_open_memory(struct snn_stream **out, const void *data, size_t bytes,
                           const char *name);

/* The same over any source, which the stream takes over, also when opening fails. */
int snn_stream_open_source(struct snn_stream **out, struct snn_stream_source source,
                           const char *name);

void snn_stream_close(struct snn_stream *stream); /* NULL is legal */

const char *snn_stream_name(const struct snn_stream *stream);

/* Up to `bytes` bytes; fewer only at the end of the stream. Negative: unreadable, or damaged or
 * truncated gzip. */
int64_t snn_stream_read(struct snn_stream *stream, void *buffer, size_t bytes);

/* Exactly `bytes` bytes; `what` names them in the message when the stream is shorter. */
int snn_stream_read_exact(struct snn_stream *stream, void *buffer, size_t bytes, const char *what);

/* The same into memory that grows as bytes arrive; the caller frees it. */
int snn_stream_read_array(struct snn_stream *stream, void **out, size_t bytes, const char *what);

/* Everything up to the end, but not more than `limit` bytes, and a zero byte behind it; the caller
 * frees. */
int snn_stream_read_all(struct snn_stream *stream, char **out, size_t *bytes, size_t limit);

/* Fails if anything follows. */
int snn_stream_expect_end(struct snn_stream *stream);

#endif
