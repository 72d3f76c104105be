/* SPDX-License-Identifier: MIT
 *
 * The .npy format, version 1.0: magic, version, length of the header, a Python dictionary padded so
 * that the data begin at a multiple of 64 bytes, the data. An .npz is a zip file of these, stored:
 * weights do not compress.
 */
#include "record/npz_write.h"

#include "error.h"
#include "lanes.h"
#include "record/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

enum {
    HEADER_BYTES = 512, /* room for 8 extents of 20 digits; a spool begins with as much */
    HEADER_ALIGNMENT = 64,
    PREFIX_BYTES = 10,        /* magic 6, version 2, header length 2 */
    MEMBER_HEADER_BYTES = 30, /* of a zip file, in front of the name of each member */
};

static const zip_uint16_t fixed_date = 1 << 5 | 1; /* 1980-01-01, the first that zip can tell */

static const char *type_code(enum snn_type type)
{
    switch (type) {
    case SNN_BOOL: return "|b1";
    case SNN_INT32: return "<i4";
    case SNN_INT64: return "<i8";
    case SNN_FLOAT32: return "<f4";
    case SNN_FLOAT64: return "<f8";
    case SNN_STRING: break;
    }
    return "|V8";
}

static size_t array_bytes(const struct snn_array *array)
{
    size_t bytes = snn_type_bytes(array->type);

    for (int i = 0; i < array->rank; i++)
        bytes *= (size_t)array->extents[i];
    return bytes;
}

/* Fills `out` with everything before the data; returns its length, with which data that are
 * `position` bytes into a file are aligned there. */
static size_t write_header(char out[HEADER_BYTES], const struct snn_array *array, size_t position)
{
    char *text = out + PREFIX_BYTES;
    size_t room = HEADER_BYTES - PREFIX_BYTES, used, total;

    used = (size_t)snprintf(text, room, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                            array->is_bytes ? "|u1" : type_code(array->type));
    for (int i = 0; i < array->rank; i++)
        used +=
            (size_t)snprintf(text + used, room - used, "%s%" PRId64 "%s", i ? " " : "",
                             array->extents[i], i + 1 < array->rank || array->rank == 1 ? "," : "");
    used += (size_t)snprintf(text + used, room - used, "), }");
    total =
        (position + PREFIX_BYTES + used + HEADER_ALIGNMENT) / HEADER_ALIGNMENT * HEADER_ALIGNMENT -
        position;
    memset(text + used, ' ', total - PREFIX_BYTES - used - 1);
    out[total - 1] = '\n';
    memcpy(out, "\x93NUMPY\x01", 7);
    out[7] = 0;
    out[8] = (char)((total - PREFIX_BYTES) & 0xff);
    out[9] = (char)((total - PREFIX_BYTES) >> 8);
    return total;
}

int snn_npy_write(const char *path, const struct snn_array *array)
{
    char header[HEADER_BYTES];
    size_t header_bytes = write_header(header, array, 0), bytes = array_bytes(array);
    char *file = malloc(header_bytes + bytes);
    int status;

    if (!file)
        return snn_error_set("cannot write '%s': out of memory", path);
    memcpy(file, header, header_bytes);
    memcpy(file + header_bytes, array->data, bytes);
    status = snn_file_replace(path, file, header_bytes + bytes);
    free(file);
    return status;
}

int snn_npy_write_header(FILE *file, const struct snn_array *array)
{
    char header[HEADER_BYTES];
    size_t bytes = write_header(header, array, 0);

    return fwrite(header, 1, bytes, file) == bytes ? 0 : -1;
}

/* ---- spools */

int snn_spool_open(FILE **out, const char *path)
{
    char name[SNN_PATH_BYTES + 16];
    int descriptor;

    snprintf(name, sizeof name, "%s.XXXXXX", path);
    descriptor = mkstemp(name);
    if (descriptor < 0)
        return snn_error_set("cannot write beside '%s': %s", path, strerror(errno));
    unlink(name);
    *out = fdopen(descriptor, "w+");
    if (!*out || fseek(*out, HEADER_BYTES, SEEK_SET) < 0) {
        close(descriptor);
        return snn_error_set("cannot write beside '%s': %s", path, strerror(errno));
    }
    return 0;
}

/* The header goes right in front of the data. */
static zip_source_t *spool_source(zip_t *archive, const struct snn_array *array, const char *header,
                                  size_t header_bytes)
{
    size_t start = HEADER_BYTES - header_bytes;

    if (fseek(array->spool, (long)start, SEEK_SET) < 0 ||
        fwrite(header, 1, header_bytes, array->spool) != header_bytes || fflush(array->spool) != 0)
        return NULL;
    return zip_source_filep(archive, array->spool, start,
                            (zip_int64_t)(header_bytes + array_bytes(array)));
}

/* ---- archives */

/* What a member consists of: a header and the array's own memory, which must stay until the archive
 * is closed, or its spool, which then belongs to the archive. */
static zip_source_t *member_source(zip_t *archive, struct snn_array *array, char *header,
                                   size_t header_bytes)
{
    zip_buffer_fragment_t fragments[2] = {
        { (zip_uint8_t *)header, header_bytes },
        { (zip_uint8_t *)(uintptr_t)array->data, array_bytes(array) },
    };
    zip_source_t *source;

    if (!array->spool)
        return zip_source_buffer_fragment(archive, fragments, fragments[1].length ? 2 : 1, 0);
    source = spool_source(archive, array, header, header_bytes);
    if (source)
        array->spool = NULL;
    return source;
}

/* Adds a member whose zip header is at *position, and moves that behind it. */
static int add_member(zip_t *archive, struct snn_array *array, char header[HEADER_BYTES],
                      size_t *position)
{
    char name[256];
    size_t header_bytes;
    zip_source_t *source;
    zip_int64_t index;

    snprintf(name, sizeof name, "%s.npy", array->name);
    *position += MEMBER_HEADER_BYTES + strlen(name);
    header_bytes = write_header(header, array, *position);
    *position += header_bytes + array_bytes(array);
    source = member_source(archive, array, header, header_bytes);
    if (!source)
        return -1;
    index = zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return -1;
    }
    if (zip_set_file_compression(archive, (zip_uint64_t)index, ZIP_CM_STORE, 0) < 0)
        return -1;
    return zip_file_set_dostime(archive, (zip_uint64_t)index, 0, fixed_date, 0);
}

static int fail(zip_t *archive, const char *path)
{
    snn_error_set("cannot write '%s': %s", path, zip_strerror(archive));
    zip_discard(archive);
    return -1;
}

static int write_archive(const char *path, const char *temporary, struct snn_array *arrays,
                         size_t count, char (*headers)[HEADER_BYTES])
{
    size_t position = 0;
    int code;
    zip_error_t error;
    zip_t *archive = zip_open(temporary, ZIP_CREATE | ZIP_TRUNCATE, &code);

    if (!archive) {
        zip_error_init_with_code(&error, code);
        snn_error_set("cannot write '%s': %s", path, zip_error_strerror(&error));
        zip_error_fini(&error);
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        if (add_member(archive, &arrays[i], headers[i], &position) < 0)
            return fail(archive, path);
    if (zip_close(archive) < 0)
        return fail(archive, path);
    return snn_file_commit(temporary, path);
}

int snn_npz_write(const char *path, struct snn_array *arrays, size_t count)
{
    char(*headers)[HEADER_BYTES] = malloc((count + 1) * sizeof *headers);
    char temporary[SNN_PATH_BYTES + 8];
    int status;

    snprintf(temporary, sizeof temporary, "%s.part", path);
    status = headers ? write_archive(path, temporary, arrays, count, headers)
                     : snn_error_set("cannot write '%s': out of memory", path);
    free(headers);
    for (size_t i = 0; i < count; i++)
        if (arrays[i].spool)
            fclose(arrays[i].spool);
    return status;
}
