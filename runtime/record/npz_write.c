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

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

enum {
    HEADER_BYTES = 512, /* room for 8 extents of 20 digits */
    HEADER_ALIGNMENT = 64,
    PREFIX_BYTES = 10, /* magic 6, version 2, header length 2 */
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

/* Fills `out` with everything before the data; returns its length. */
static size_t write_header(char out[HEADER_BYTES], const struct snn_array *array)
{
    char *text = out + PREFIX_BYTES;
    size_t room = HEADER_BYTES - PREFIX_BYTES, used, total;

    used = (size_t)snprintf(text, room, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                            type_code(array->type));
    for (int i = 0; i < array->rank; i++)
        used +=
            (size_t)snprintf(text + used, room - used, "%s%" PRId64 "%s", i ? " " : "",
                             array->extents[i], i + 1 < array->rank || array->rank == 1 ? "," : "");
    used += (size_t)snprintf(text + used, room - used, "), }");
    total = (PREFIX_BYTES + used + 1 + HEADER_ALIGNMENT - 1) / HEADER_ALIGNMENT * HEADER_ALIGNMENT;
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
    size_t header_bytes = write_header(header, array), bytes = array_bytes(array);
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

/* Adds a member made of a header and the array's own memory, which must stay until the archive is
 * closed. */
static int add_member(zip_t *archive, const struct snn_array *array, char header[HEADER_BYTES])
{
    zip_buffer_fragment_t fragments[2] = {
        { (zip_uint8_t *)header, write_header(header, array) },
        { (zip_uint8_t *)(uintptr_t)array->data, array_bytes(array) },
    };
    zip_source_t *source =
        zip_source_buffer_fragment(archive, fragments, fragments[1].length ? 2 : 1, 0);
    char name[256];
    zip_int64_t index;

    if (!source)
        return -1;
    snprintf(name, sizeof name, "%s.npy", array->name);
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

static int write_archive(const char *path, const char *temporary, const struct snn_array *arrays,
                         size_t count, char (*headers)[HEADER_BYTES])
{
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
        if (add_member(archive, &arrays[i], headers[i]) < 0)
            return fail(archive, path);
    if (zip_close(archive) < 0)
        return fail(archive, path);
    return snn_file_commit(temporary, path);
}

int snn_npz_write(const char *path, const struct snn_array *arrays, size_t count)
{
    char(*headers)[HEADER_BYTES] = malloc((count + 1) * sizeof *headers);
    char temporary[SNN_PATH_BYTES + 8];
    int status;

    if (!headers)
        return snn_error_set("cannot write '%s': out of memory", path);
    snprintf(temporary, sizeof temporary, "%s.part", path);
    status = write_archive(path, temporary, arrays, count, headers);
    free(headers);
    return status;
}
