/* SPDX-License-Identifier: MIT
 *
 * Writing small files of every format that the data readers know, right and wrong ones, for their
 * tests.
 */
#ifndef SNN_TESTS_DATA_FORMATS_H
#define SNN_TESTS_DATA_FORMATS_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zip.h>
#include <zlib.h>

#include "data/dataset.h"
#include "error.h"

/* Memory for a few gigabytes at most, until `old` is set again: sanitizers need all there is. */
static inline struct rlimit limit_memory(void)
{
    struct rlimit old, limit;
    assert(getrlimit(RLIMIT_AS, &old) == 0);
    limit = old;
    limit.rlim_cur = (rlim_t)1 << 32;
#if !defined(__SANITIZE_ADDRESS__)
    assert(setrlimit(RLIMIT_AS, &limit) == 0);
#endif
    return old;
}

/* Bytes under construction. */
struct bytes {
    uint8_t data[1 << 16];
    size_t count;
};

static inline void put(struct bytes *bytes, const void *data, size_t count)
{
    assert(count <= sizeof bytes->data - bytes->count);
    memcpy(bytes->data + bytes->count, data, count);
    bytes->count += count;
}

static inline void put_byte(struct bytes *bytes, int byte)
{
    put(bytes, &(uint8_t){ (uint8_t)byte }, 1);
}

static inline void put_big_endian(struct bytes *bytes, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        put_byte(bytes, value >> shift & 0xff);
}

/* An IDX file of unsigned bytes whose element i is i % modulus. */
static inline void put_idx(struct bytes *bytes, int rank, const uint32_t *shape, int modulus)
{
    uint32_t count = 1;

    put_big_endian(bytes, 0x00000800u | (uint32_t)rank);
    for (int i = 0; i < rank; i++) {
        put_big_endian(bytes, shape[i]);
        count *= shape[i];
    }
    for (uint32_t i = 0; i < count; i++)
        put_byte(bytes, (int)(i % (uint32_t)modulus));
}

/* A .npy file of version 1, 2 or 3; `header` is the dictionary. */
static inline void put_npy(struct bytes *bytes, int version, const char *header, const void *data,
                           size_t count)
{
    size_t length = strlen(header);

    put(bytes, "\x93NUMPY", 6);
    put_byte(bytes, version);
    put_byte(bytes, 0);
    for (int i = 0; i < (version == 1 ? 2 : 4); i++)
        put_byte(bytes, (int)(length >> 8 * i & 0xff));
    put(bytes, header, length);
    put(bytes, data, count);
}

/* `out` becomes the gzip form of `in`. */
static inline void pack_gzip(struct bytes *out, const struct bytes *in)
{
    z_stream z = { .next_in = (Bytef *)in->data, .avail_in = (uInt)in->count };

    z.next_out = out->data + out->count;
    z.avail_out = (uInt)(sizeof out->data - out->count);
    assert(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    assert(deflate(&z, Z_FINISH) == Z_STREAM_END);
    out->count = sizeof out->data - z.avail_out;
    deflateEnd(&z);
}

static inline void write_bytes(const char *path, const struct bytes *bytes)
{
    FILE *file = fopen(path, "wb");

    assert(file && fwrite(bytes->data, 1, bytes->count, file) == bytes->count && fclose(file) == 0);
}

static inline void write_string(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* A .npz file of `count` members, packed or not. */
static inline void write_npz(const char *path, int count, const char *const *names,
                             const struct bytes *members, zip_int32_t method)
{
    zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);

    assert(archive);
    for (int i = 0; i < count; i++) {
        zip_source_t *source = zip_source_buffer(archive, members[i].data, members[i].count, 0);
        zip_int64_t place = zip_file_add(archive, names[i], source, 0);

        assert(place >= 0 &&
               zip_set_file_compression(archive, (zip_uint64_t)place, method, 0) == 0);
    }
    assert(zip_close(archive) == 0);
}

/* The call failed, and said `text`. */
#define expect_error(status, text) expect_error_at(__LINE__, (status), (text))

static inline void expect_error_at(int line, int status, const char *text)
{
    if (status < 0 && strstr(snn_last_error(), text))
        return;
    fprintf(stderr, "line %d: status %d; expected '%s', got: %s\n", line, status, text,
            snn_last_error());
    exit(1);
}

#define expect_success(status) expect_success_at(__LINE__, (status))

static inline void expect_success_at(int line, int status)
{
    if (status == 0)
        return;
    fprintf(stderr, "line %d: %s\n", line, snn_last_error());
    exit(1);
}

/* A reader with a text and a number in each of its two places. */
static inline int open_reader(struct snn_dataset **out, const char *name, const char *reader,
                              const char *first_text, const char *second_text, double first,
                              double second)
{
    struct snn_data_arguments arguments;

    snn_data_arguments_clear(&arguments);
    arguments.texts[0] = first_text;
    arguments.texts[1] = second_text;
    arguments.numbers[0] = first;
    arguments.numbers[1] = second;
    return snn_dataset_open(out, name, reader, &arguments);
}

/* What `--data` gives in place of a reader without arguments. */
static inline int open_place(struct snn_dataset **out, const char *name, const char *reader,
                             const char *place)
{
    struct snn_data_arguments arguments;

    snn_data_arguments_clear(&arguments);
    return snn_dataset_open_place(out, name, reader, &arguments, place);
}

static inline double max_time_of(struct snn_dataset *set)
{
    double time;

    expect_success(snn_dataset_max_time(set, &time));
    return time;
}

#endif
