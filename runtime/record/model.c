/* SPDX-License-Identifier: MIT
 *
 * A model is read in two steps: everything is checked before anything is copied, so a file that
 * does not fit changes nothing.
 */
#include "record/model.h"

#include "data/npy.h"
#include "error.h"
#include "lanes.h"
#include "panic.h"
#include "record/internal.h"
#include "record/npz_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Streams that decide what a model is, beside its buffers. */
static const enum snn_stream_kind made_by[] = { SNN_STREAM_WEIGHTS, SNN_STREAM_DELAYS };
static const char *const seed_arrays[] = { "__seed__.weights", "__seed__.delays" };

enum { SEED_ARRAYS = 2 };

static bool is_model(const struct snn_program *program, int32_t buffer)
{
    return program->buffers[buffer].kind == SNN_BUFFER_MODEL;
}

/* ---- gaps between the rows of a buffer, which files do not have */

struct rows {
    size_t count, bytes, distance;
};

static struct rows rows_of(const struct snn_context *context, int32_t number)
{
    const struct snn_buffer *buffer = &context->program->buffers[number];
    size_t element = snn_type_bytes(buffer->type);
    struct rows rows = { 1, element, element };

    if (buffer->row_axes == 0) {
        rows.bytes = rows.distance = (size_t)snn_lane_count(context, number) * element;
        return rows;
    }
    for (int i = 0; i < buffer->rank; i++)
        *(i < buffer->rank - buffer->row_axes ? &rows.count : &rows.bytes) *=
            (size_t)context->sizes[buffer->extents[i]];
    rows.distance *= (size_t)context->sizes[buffer->row];
    return rows;
}

static bool has_gaps(const struct rows *rows)
{
    return rows->distance != rows->bytes;
}

static void copy_rows(const struct rows *rows, char *to, size_t to_distance, const char *from,
                      size_t from_distance)
{
    for (size_t i = 0; i < rows->count; i++)
        memcpy(to + i * to_distance, from + i * from_distance, rows->bytes);
}

/* The rows without gaps; the caller frees them. */
static char *pack(const struct rows *rows, const char *from)
{
    char *packed = malloc(rows->count * rows->bytes);

    if (!packed)
        snn_panic("out of memory to write a model");
    copy_rows(rows, packed, rows->bytes, from, rows->distance);
    return packed;
}

/* ---- saving */

void snn_model_save(const struct snn_context *context, const char *path)
{
    const struct snn_program *program = context->program;
    size_t room = (size_t)program->buffer_count + SEED_ARRAYS, count = 0;
    struct snn_array *arrays = calloc(room, sizeof *arrays);
    int64_t(*extents)[SNN_RANK_LIMIT] = calloc(room, sizeof *extents), seeds[SEED_ARRAYS];
    char **packed = calloc(room, sizeof *packed);

    if (!arrays || !extents || !packed)
        snn_panic("cannot write '%s': out of memory", path);
    for (int32_t i = 0; i < program->buffer_count; i++) {
        if (!is_model(program, i) || !context->buffers[i])
            continue;
        int rank = snn_buffer_extents(context, i, extents[count]);
        struct rows rows = rows_of(context, i);

        arrays[count] = (struct snn_array){ .name = program->buffers[i].name,
                                            .type = program->buffers[i].type,
                                            .data = context->buffers[i],
                                            .rank = rank,
                                            .extents = extents[count] };
        if (has_gaps(&rows))
            arrays[count].data = packed[count] = pack(&rows, context->buffers[i]);
        count++;
    }
    for (int i = 0; i < SEED_ARRAYS; i++) {
        seeds[i] = (int64_t)context->runtime->options->seeds.streams[made_by[i]];
        arrays[count++] =
            (struct snn_array){ .name = seed_arrays[i], .type = SNN_INT64, .data = &seeds[i] };
    }
    if (snn_npz_write(path, arrays, count) < 0)
        snn_panic("%s", snn_last_error());
    for (size_t i = 0; i < count; i++)
        free(packed[i]);
    free(packed);
    free(extents);
    free(arrays);
}

static void record_buffer(const struct snn_context *context, int32_t number)
{
    const struct snn_buffer *buffer = &context->program->buffers[number];
    struct snn_record *record = context->runtime->record;
    struct rows rows = rows_of(context, number);
    char *packed = has_gaps(&rows) ? pack(&rows, context->buffers[number]) : NULL;
    size_t count = rows.count * rows.bytes / snn_type_bytes(buffer->type);

    snn_record_event_array(record, snn_record_task_name(record), buffer->name, buffer->type,
                           packed ? packed : context->buffers[number], (int64_t)count);
    free(packed);
}

void snn_model_record(const struct snn_context *context)
{
    for (int32_t i = 0; i < context->program->buffer_count; i++) {
        const struct snn_buffer *buffer = &context->program->buffers[i];
        bool is_real = buffer->type == SNN_FLOAT32 || buffer->type == SNN_FLOAT64;

        if (is_model(context->program, i) && is_real && buffer->rank > 0 && context->buffers[i] &&
            context->runtime->record->events >= 0)
            record_buffer(context, i);
    }
}

/* ---- loading */

static enum snn_npy_type npy_type(enum snn_type type)
{
    switch (type) {
    case SNN_BOOL: return SNN_NPY_BOOL;
    case SNN_INT32: return SNN_NPY_INT32;
    case SNN_INT64: return SNN_NPY_INT64;
    case SNN_FLOAT32: return SNN_NPY_FLOAT32;
    case SNN_FLOAT64:
    case SNN_STRING: break;
    }
    return SNN_NPY_FLOAT64;
}

static void describe_array(char *out, size_t bytes, enum snn_npy_type type, int rank,
                           const int64_t *shape)
{
    size_t used = (size_t)snprintf(out, bytes, "%s[", snn_npy_type_name(type));

    for (int i = 0; i < rank && used < bytes; i++)
        used += (size_t)snprintf(out + used, bytes - used, "%s%" PRId64, i ? ", " : "", shape[i]);
    if (used < bytes)
        snprintf(out + used, bytes - used, "]");
}

/* Does the array of the file fit the buffer? One whose length is set at run time takes any length.
 */
static int check_array(const struct snn_context *context, int32_t number,
                       const struct snn_npy *array)
{
    const struct snn_buffer *buffer = &context->program->buffers[number];
    enum snn_npy_type type = npy_type(buffer->type);
    int64_t extents[SNN_RANK_LIMIT];
    int rank = snn_buffer_extents(context, number, extents);
    char wanted[256], found[256];

    if (array->type == type && buffer->count < 0 && array->rank == 1)
        return 0;
    if (array->type == type && array->rank == rank &&
        memcmp(array->shape, extents, (size_t)rank * sizeof *extents) == 0)
        return 0;
    describe_array(wanted, sizeof wanted, type, rank, extents);
    describe_array(found, sizeof found, array->type, array->rank, array->shape);
    return snn_error_set("'%s' is %s there, but %s here", buffer->name, found, wanted);
}

static int read_arrays(const struct snn_context *context, const struct snn_npz *npz,
                       struct snn_npy *arrays)
{
    for (int32_t i = 0; i < context->program->buffer_count; i++) {
        const char *name = context->program->buffers[i].name;

        if (!is_model(context->program, i))
            continue;
        if (!snn_npz_has(npz, name))
            return snn_error_set("it has no array '%s'", name);
        if (snn_npz_read(npz, name, &arrays[i]) < 0 || check_array(context, i, &arrays[i]) < 0)
            return -1;
    }
    return 0;
}

void snn_model_load(struct snn_context *context, const char *path, const char *place)
{
    int32_t count = context->program->buffer_count;
    struct snn_npy *arrays = calloc((size_t)count + 1, sizeof *arrays);
    struct snn_npz *npz = NULL;

    if (!arrays)
        snn_panic("out of memory to read '%s'", path);
    if (snn_npz_open(&npz, path) < 0)
        snn_panic("%s%scannot read the model: %s", place, *place ? ": " : "", snn_last_error());
    if (read_arrays(context, npz, arrays) < 0)
        snn_panic("%s%sthe model '%s' does not fit this program: %s", place, *place ? ": " : "",
                  path, snn_last_error());
    for (int32_t i = 0; i < count; i++) {
        if (!is_model(context->program, i))
            continue;
        if (context->program->buffers[i].count < 0)
            snn_lane_resize(context, i, (int64_t)arrays[i].count);
        struct rows rows = rows_of(context, i);

        copy_rows(&rows, context->buffers[i], rows.distance, arrays[i].data, rows.bytes);
        snn_npy_dispose(&arrays[i]);
    }
    snn_npz_close(npz);
    free(arrays);
}

void snn_model_adopt_seeds(struct snn_options *options, const char *path)
{
    struct snn_npz *npz = NULL;

    if (snn_npz_open(&npz, path) < 0)
        snn_panic("cannot read the model: %s", snn_last_error());
    for (int i = 0; i < SEED_ARRAYS; i++) {
        struct snn_npy array = { 0 };

        if (options->seeds.is_given[made_by[i]] || !snn_npz_has(npz, seed_arrays[i]) ||
            snn_npz_read(npz, seed_arrays[i], &array) < 0)
            continue;
        if (array.type == SNN_NPY_INT64 && array.count == 1)
            options->seeds.streams[made_by[i]] = *(const uint64_t *)array.data;
        snn_npy_dispose(&array);
    }
    snn_npz_close(npz);
}
