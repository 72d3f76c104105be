/* SPDX-License-Identifier: MIT
 *
 * .npz archives through libzip. A member is unpacked when it is asked for, and its checksum
 * checked.
 */
#include "data/npy.h"

#include "data/mapping.h"
#include "data/zip_member.h"
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>
#include <zlib.h>

enum { MAX_NAME_BYTES = 1024 };

struct snn_npz {
    zip_t *archive;
    char *name;          /* of the file, for messages */
    char **array_names;  /* [count], without ".npy" */
    zip_uint64_t *where; /* [count] places in the archive */
    int64_t count;
    const void *memory; /* the whole file, where it is in memory; NULL */
    size_t bytes;
    struct snn_mapping mapping; /* where it is from, given back at the end; or zero */
};

/* "weights.npy" -> "weights"; other members are left out. */
static int list_arrays(struct snn_npz *npz)
{
    zip_int64_t members = zip_get_num_entries(npz->archive, 0);

    npz->array_names = calloc((size_t)members + 1, sizeof *npz->array_names);
    npz->where = calloc((size_t)members + 1, sizeof *npz->where);
    if (!npz->array_names || !npz->where)
        return snn_error_set("%s: out of memory", npz->name);
    for (zip_int64_t i = 0; i < members; i++) {
        const char *member = zip_get_name(npz->archive, (zip_uint64_t)i, 0);
        size_t length = member ? strlen(member) : 0;

        if (length <= 4 || length > MAX_NAME_BYTES || strcmp(member + length - 4, ".npy") != 0)
            continue;
        npz->array_names[npz->count] = strndup(member, length - 4);
        if (!npz->array_names[npz->count])
            return snn_error_set("%s: out of memory", npz->name);
        npz->where[npz->count++] = (zip_uint64_t)i;
    }
    return 0;
}

/* Takes over `archive`; NULL has already been reported. */
static int open_archive(struct snn_npz **out, zip_t *archive, const char *name)
{
    struct snn_npz *npz;

    if (!archive)
        return -1;
    npz = calloc(1, sizeof *npz);
    if (!npz) {
        zip_discard(archive);
        return snn_error_set("%s: out of memory", name);
    }
    npz->archive = archive;
    npz->name = strdup(name);
    if (!npz->name || list_arrays(npz) < 0) {
        if (!npz->name)
            snn_error_set("%s: out of memory", name);
        snn_npz_close(npz);
        return -1;
    }
    *out = npz;
    return 0;
}

static zip_t *fail_open(const char *name, zip_error_t *error)
{
    if (zip_error_code_zip(error) == ZIP_ER_NOENT)
        snn_error_set("%s: there is no such file", name);
    else
        snn_error_set("%s: not a readable .npz file: %s", name, zip_error_strerror(error));
    return NULL;
}

int snn_npz_open(struct snn_npz **out, const char *path)
{
    int code = 0;
    zip_t *archive = zip_open(path, ZIP_RDONLY, &code);

    if (!archive) {
        zip_error_t error;

        zip_error_init_with_code(&error, code);
        fail_open(path, &error);
        zip_error_fini(&error);
    }
    return open_archive(out, archive, path);
}

int snn_npz_open_memory(struct snn_npz **out, const void *data, size_t bytes, const char *name)
{
    zip_error_t error;
    zip_source_t *source;
    zip_t *archive;

    zip_error_init(&error);
    source = zip_source_buffer_create(data, bytes, 0, &error);
    archive = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (!archive) {
        fail_open(name, &error);
        zip_source_free(source);
    }
    zip_error_fini(&error);
    if (open_archive(out, archive, name) < 0)
        return -1;
    (*out)->memory = data;
    (*out)->bytes = bytes;
    return 0;
}

int snn_npz_open_mapping(struct snn_npz **out, struct snn_mapping *mapping, const char *name)
{
    if (snn_npz_open_memory(out, mapping->memory, mapping->bytes, name) < 0) {
        snn_mapping_close(mapping);
        return -1;
    }
    (*out)->mapping = *mapping;
    *mapping = (struct snn_mapping){ 0 };
    return 0;
}

void snn_npz_close(struct snn_npz *npz)
{
    if (!npz)
        return;
    for (int64_t i = 0; npz->array_names && i < npz->count; i++)
        free(npz->array_names[i]);
    free(npz->array_names);
    free(npz->where);
    zip_discard(npz->archive);
    snn_mapping_close(&npz->mapping);
    free(npz->name);
    free(npz);
}

int64_t snn_npz_count(const struct snn_npz *npz)
{
    return npz->count;
}

const char *snn_npz_name(const struct snn_npz *npz, int64_t i)
{
    return npz->array_names[i];
}

static int64_t find(const struct snn_npz *npz, const char *array)
{
    for (int64_t i = 0; i < npz->count; i++)
        if (strcmp(npz->array_names[i], array) == 0)
            return i;
    return -1;
}

bool snn_npz_has(const struct snn_npz *npz, const char *array)
{
    return find(npz, array) >= 0;
}

static int fail_not_there(const struct snn_npz *npz, const char *array)
{
    char names[512] = "none";
    size_t used = 0;

    for (int64_t i = 0; i < npz->count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
                                 npz->array_names[i]);
    return snn_error_set("%s: no array '%s'; it has %s", npz->name, array, names);
}

/* ---- a member as a stream */

struct member {
    zip_file_t *file;
    char name[]; /* "model.npz: weights.npy" */
};

static int64_t read_member(void *handle, void *buffer, size_t bytes)
{
    struct member *member = handle;
    zip_int64_t got = zip_fread(member->file, buffer, bytes);

    if (got < 0)
        return snn_error_set("%s: damaged: %s", member->name, zip_file_strerror(member->file));
    return got;
}

static void close_member(void *handle)
{
    struct member *member = handle;

    zip_fclose(member->file);
    free(member);
}

static int open_member(struct snn_stream **out, const struct snn_npz *npz, int64_t i)
{
    size_t bytes = strlen(npz->name) + strlen(npz->array_names[i]) + sizeof ": .npy";
    struct member *member = malloc(sizeof *member + bytes);

    if (!member)
        return snn_error_set("%s: out of memory", npz->name);
    snprintf(member->name, bytes, "%s: %s.npy", npz->name, npz->array_names[i]);
    member->file = zip_fopen_index(npz->archive, npz->where[i], 0);
    if (!member->file) {
        snn_error_set("%s: %s", member->name, zip_strerror(npz->archive));
        free(member);
        return -1;
    }
    return snn_stream_open_source(
        out, (struct snn_stream_source){ read_member, close_member, member }, member->name);
}

int snn_npz_read(const struct snn_npz *npz, const char *array, struct snn_npy *out)
{
    int64_t i = find(npz, array);
    struct snn_stream *stream;
    int status;

    if (i < 0)
        return fail_not_there(npz, array);
    if (open_member(&stream, npz, i) < 0)
        return -1;
    status = snn_npy_read(out, stream);
    snn_stream_close(stream);
    return status;
}

/* 0 with the array where it lies in the file; 1 where it has to be read. */
static int map_member(const struct snn_npz *npz, const char *array, struct snn_npy *out)
{
    char file[MAX_NAME_BYTES + sizeof ".npy"], name[2 * MAX_NAME_BYTES];
    struct snn_zip_member member;
    int status;

    snprintf(file, sizeof file, "%s.npy", array);
    if (!npz->memory || !snn_zip_find_stored(&member, npz->memory, npz->bytes, file))
        return 1;
    snprintf(name, sizeof name, "%.*s: %s", MAX_NAME_BYTES / 2, npz->name, file);
    status = snn_npy_borrow(out, member.data, member.size, name);
    if (status != 0)
        return status;
    if (crc32_z(0, member.data, member.size) == member.checksum)
        return 0;
    snn_npy_dispose(out);
    return snn_error_set("%s: damaged: its checksum is wrong; copy or make the file again", name);
}

int snn_npz_map(const struct snn_npz *npz, const char *array, struct snn_npy *out)
{
    int status = find(npz, array) < 0 ? fail_not_there(npz, array) : map_member(npz, array, out);

    return status == 1 ? snn_npz_read(npz, array, out) : status;
}
