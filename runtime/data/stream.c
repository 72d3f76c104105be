/* SPDX-License-Identifier: MIT
 *
 * One buffer of raw bytes and, for gzip, zlib's inflate behind it. Gzip is checked to its end: a
 * missing trailer, a wrong checksum and bytes after the last member are errors, which zlib's own
 * gzread would pass over.
 */
#include "data/stream.h"

#include "error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    RAW_BYTES = 64 * 1024,          /* read from the source at once */
    FIRST_ARRAY_BYTES = 256 * 1024, /* allocated before the first byte of an array has arrived */
    GZIP_WINDOW = 15 + 16,          /* zlib: largest window, gzip header and trailer */
};

struct snn_stream {
    struct snn_stream_source source;
    char *name;                   /* for messages */
    unsigned char raw[RAW_BYTES]; /* from the source, not consumed yet: raw[begin .. end) */
    size_t begin, end;
    bool is_gzip;
    bool member_ended; /* gzip: between two members, or after the last */
    z_stream inflater; /* gzip only */
};

/* Reads more raw bytes if none are left; returns how many there are, 0 at the end of the source. */
static int64_t fill(struct snn_stream *stream)
{
    int64_t got;

    if (stream->begin < stream->end)
        return (int64_t)(stream->end - stream->begin);
    got = stream->source.read(stream->source.handle, stream->raw, sizeof stream->raw);
    if (got < 0)
        return -1;
    stream->begin = 0;
    stream->end = (size_t)got;
    return got;
}

static int64_t read_plain(struct snn_stream *stream, unsigned char *buffer, size_t bytes)
{
    size_t copied;
    int64_t available = fill(stream);

    if (available <= 0)
        return available;
    copied = bytes < (size_t)available ? bytes : (size_t)available;
    memcpy(buffer, stream->raw + stream->begin, copied);
    stream->begin += copied;
    return (int64_t)copied;
}

/* Between two members: 1 if another one begins here, 0 at the end of the source. */
static int next_member(struct snn_stream *stream)
{
    int64_t available = fill(stream);

    if (available <= 0)
        return (int)available;
    if (stream->raw[stream->begin] != 0x1f)
        return snn_error_set("%s: unexpected bytes after the end of the gzip data", stream->name);
    inflateReset(&stream->inflater);
    stream->member_ended = false;
    return 1;
}

static int64_t read_gzip(struct snn_stream *stream, unsigned char *buffer, size_t bytes)
{
    z_stream *z = &stream->inflater;
    size_t wanted =
        bytes < UINT32_MAX / 2 ? bytes : UINT32_MAX / 2; /* zlib counts in unsigned int */

    z->next_out = buffer;
    z->avail_out = (uInt)wanted;
    while (z->avail_out == wanted) {
        int64_t available;
        int status;

        if (stream->member_ended) {
            status = next_member(stream);
            if (status <= 0)
                return status;
        }
        available = fill(stream);
        if (available < 0)
            return -1;
        if (available == 0)
            return snn_error_set("%s: the gzip data is truncated; fetch or copy the file again",
                                 stream->name);
        z->next_in = stream->raw + stream->begin;
        z->avail_in = (uInt)available;
        status = inflate(z, Z_NO_FLUSH);
        stream->begin = stream->end - z->avail_in;
        if (status == Z_STREAM_END)
            stream->member_ended = true;
        else if (status != Z_OK && status != Z_BUF_ERROR)
            return snn_error_set("%s: the gzip data is damaged (%s); fetch or copy the file again",
                                 stream->name, z->msg ? z->msg : "unpacking failed");
    }
    return (int64_t)(wanted - z->avail_out);
}

/* Looks at the first two bytes and prepares to unpack if they say gzip. */
static int detect_gzip(struct snn_stream *stream)
{
    if (fill(stream) < 0)
        return -1;
    if (stream->end < 2 || stream->raw[0] != 0x1f || stream->raw[1] != 0x8b)
        return 0;
    if (inflateInit2(&stream->inflater, GZIP_WINDOW) != Z_OK)
        return snn_error_set("%s: out of memory for unpacking", stream->name);
    stream->is_gzip = true;
    return 0;
}

int snn_stream_open_source(struct snn_stream **out, struct snn_stream_source source,
                           const char *name)
{
    struct snn_stream *stream = calloc(1, sizeof *stream);

    if (!stream) {
        snn_error_set("%s: out of memory", name); /* first: closing may free the name */
        if (source.close)
            source.close(source.handle);
        return -1;
    }
    stream->source = source;
    stream->name = strdup(name);
    if (!stream->name || detect_gzip(stream) < 0) {
        if (!stream->name)
            snn_error_set("%s: out of memory", name);
        snn_stream_close(stream);
        return -1;
    }
    *out = stream;
    return 0;
}

void snn_stream_close(struct snn_stream *stream)
{
    if (!stream)
        return;
    if (stream->is_gzip)
        inflateEnd(&stream->inflater);
    if (stream->source.close)
        stream->source.close(stream->source.handle);
    free(stream->name);
    free(stream);
}

const char *snn_stream_name(const struct snn_stream *stream)
{
    return stream->name;
}

/* ---- sources */

struct file_source {
    FILE *file;
    char path[]; /* for messages */
};

static int64_t read_file(void *handle, void *buffer, size_t bytes)
{
    struct file_source *source = handle;
    size_t got = fread(buffer, 1, bytes, source->file);

    if (got < bytes && ferror(source->file))
        return snn_error_set("%s: %s", source->path, strerror(errno));
    return (int64_t)got;
}

static void close_file(void *handle)
{
    struct file_source *source = handle;

    fclose(source->file);
    free(source);
}

int snn_stream_open(struct snn_stream **out, const char *path)
{
    size_t length = strlen(path) + 1;
    struct file_source *source = malloc(sizeof *source + length);

    if (!source)
        return snn_error_set("%s: out of memory", path);
    memcpy(source->path, path, length);
    source->file = fopen(path, "rb");
    if (!source->file) {
        snn_error_set("%s: %s", path, strerror(errno));
        free(source);
        return -1;
    }
    return snn_stream_open_source(out, (struct snn_stream_source){ read_file, close_file, source },
                                  path);
}

struct memory_source {
    const unsigned char *next;
    size_t left;
};

static int64_t read_memory(void *handle, void *buffer, size_t bytes)
{
    struct memory_source *source = handle;
    size_t copied = bytes < source->left ? bytes : source->left;

    if (copied)
        memcpy(buffer, source->next, copied);
    source->next += copied;
    source->left -= copied;
    return (int64_t)copied;
}

int snn_stream_open_memory(struct snn_stream **out, const void *data, size_t bytes,
                           const char *name)
{
    struct memory_source *source = malloc(sizeof *source);

    if (!source)
        return snn_error_set("%s: out of memory", name);
    *source = (struct memory_source){ data, bytes };
    return snn_stream_open_source(out, (struct snn_stream_source){ read_memory, free, source },
                                  name);
}

/* ---- reading */

int64_t snn_stream_read(struct snn_stream *stream, void *buffer, size_t bytes)
{
    size_t done = 0;

    while (done < bytes) {
        unsigned char *next = (unsigned char *)buffer + done;
        int64_t got = stream->is_gzip ? read_gzip(stream, next, bytes - done)
                                      : read_plain(stream, next, bytes - done);

        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

static int fail_short(const struct snn_stream *stream, const char *what, size_t wanted, size_t got)
{
    return snn_error_set("%s: truncated: %s takes %zu bytes and the file ends after %zu of them",
                         stream->name, what, wanted, got);
}

int snn_stream_read_exact(struct snn_stream *stream, void *buffer, size_t bytes, const char *what)
{
    int64_t got = snn_stream_read(stream, buffer, bytes);

    if (got < 0)
        return -1;
    return (size_t)got == bytes ? 0 : fail_short(stream, what, bytes, (size_t)got);
}

int snn_stream_read_array(struct snn_stream *stream, void **out, size_t bytes, const char *what)
{
    char *array = NULL;
    size_t capacity = 0, done = 0;

    do {
        char *grown;
        int64_t got;

        capacity = capacity < FIRST_ARRAY_BYTES ? FIRST_ARRAY_BYTES : capacity * 2;
        capacity = capacity < bytes ? capacity : bytes;
        grown = realloc(array, capacity ? capacity : 1);
        if (!grown) {
            free(array);
            return snn_error_set("%s: out of memory for %s (%zu bytes)", stream->name, what, bytes);
        }
        array = grown;
        got = snn_stream_read(stream, array + done, capacity - done);
        if (got < 0 || (size_t)got < capacity - done) {
            free(array);
            return got < 0 ? -1 : fail_short(stream, what, bytes, done + (size_t)got);
        }
        done = capacity;
    } while (done < bytes);
    *out = array;
    return 0;
}

int snn_stream_read_all(struct snn_stream *stream, char **out, size_t *bytes, size_t limit)
{
    char *text = NULL;
    size_t capacity = 0, done = 0;

    for (;;) {
        char *grown;
        int64_t got;

        capacity = capacity < FIRST_ARRAY_BYTES ? FIRST_ARRAY_BYTES : capacity * 2;
        grown = done <= limit ? realloc(text, capacity) : NULL;
        if (!grown) {
            free(text);
            return done > limit
                       ? snn_error_set("%s: longer than %zu bytes", stream->name, limit)
                       : snn_error_set("%s: out of memory for %zu bytes", stream->name, capacity);
        }
        text = grown;
        got = snn_stream_read(stream, text + done, capacity - 1 - done);
        if (got < 0) {
            free(text);
            return -1;
        }
        done += (size_t)got;
        if (done < capacity - 1)
            break;
    }
    text[done] = '\0';
    *out = text;
    *bytes = done;
    return 0;
}

int snn_stream_expect_end(struct snn_stream *stream)
{
    char extra;
    int64_t got = snn_stream_read(stream, &extra, 1);

    if (got < 0)
        return -1;
    if (got > 0)
        return snn_error_set("%s: unexpected bytes after the end of the data", stream->name);
    return 0;
}
