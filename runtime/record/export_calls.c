/* SPDX-License-Identifier: MIT
 *
 * `export`: an array as a whole, or the rows of a loop as they are computed. Those are arrays
 * again, with an axis for the loop, or samples of spike events.
 */
#include "calls.h"

#include "console.h"
#include "error.h"
#include "lanes.h"
#include "options.h"
#include "panic.h"
#include "record/event_write.h"
#include "record/npz_write.h"
#include "record/record.h"
#include "record/scale.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), ending_length = strlen(ending);

    return length >= ending_length && strcmp(text + length - ending_length, ending) == 0;
}

void snn_rt_export(struct snn_context *context, int32_t buffer, const char *file, const char *place)
{
    const struct snn_buffer *what = &context->program->buffers[buffer];
    struct snn_axis axes[SNN_RANK_LIMIT];
    int64_t extents[SNN_RANK_LIMIT];
    struct snn_array array = { .name = what->name,
                               .type = what->type,
                               .data = snn_scale_array(context, buffer),
                               .rank = snn_lane_array_axes(context, buffer, axes),
                               .extents = extents };
    const char *path;

    snn_record_check_name(place, file);
    for (int i = 0; i < array.rank; i++)
        extents[i] = axes[i].extent;
    path = snn_record_path(context->runtime->record, file);
    if ((ends_with(file, ".npz") ? snn_npz_write(path, &array, 1) : snn_npy_write(path, &array)) <
        0)
        snn_panic("%s: %s", place, snn_last_error());
}

/* ---- rows */

/* The file of an `export for`. It lives in the region of the run: that may end at any time. */
struct export
{
    const char *path, *place;
    int32_t rows, labels; /* buffers; labels may be -1 */
    int64_t elements;     /* of a row */
    enum snn_type type;
    struct snn_event_writer *events; /* or else: */
    FILE *file;                      /* "path.part", of an .npy; the spool of an .npz */
    int64_t extents[SNN_RANK_LIMIT];
    int rank;
    bool is_archive;
};

static void fail(const struct export *export, int status)
{
    if (status < 0)
        snn_panic("%s: %s", export->place, snn_last_error());
}

static void temporary_of(const struct export *export, char path[SNN_PATH_BYTES + 8])
{
    snprintf(path, SNN_PATH_BYTES + 8, "%s.part", export->path);
}

/* Of an array; nothing of it stays. */
static int cannot_write(const struct export *export)
{
    char temporary[SNN_PATH_BYTES + 8];

    snn_error_set("cannot write '%s': %s", export->path, strerror(errno));
    temporary_of(export, temporary);
    if (!export->is_archive)
        unlink(temporary);
    return -1;
}

static struct snn_array array_of(const struct export *export)
{
    return (struct snn_array){ .name = "values",
                               .type = export->type,
                               .rank = export->rank,
                               .extents = export->extents,
                               .spool = export->is_archive ? export->file : NULL };
}

static int open_array(struct export *export)
{
    struct snn_array array = array_of(export);
    char temporary[SNN_PATH_BYTES + 8];

    if (export->is_archive)
        return snn_spool_open(&export->file, export->path);
    temporary_of(export, temporary);
    export->file = fopen(temporary, "wb");
    if (!export->file || snn_npy_write_header(export->file, &array) < 0)
        return cannot_write(export);
    return 0;
}

void *snn_rt_export_begin(struct snn_context *context, int32_t rows, int32_t labels,
                          const char *file, int64_t elements, double until, const char *place)
{
    struct export *export = snn_region_alloc(context->runtime->region, sizeof *export);
    struct snn_axis axes[SNN_RANK_LIMIT];

    snn_record_check_name(place, file);
    *export = (struct export){ .path = snn_record_path(context->runtime->record, file),
                               .place = place,
                               .rows = rows,
                               .labels = labels,
                               .elements = elements,
                               .type = context->program->buffers[rows].type,
                               .rank = snn_lane_array_axes(context, rows, axes),
                               .is_archive = ends_with(file, ".npz") };
    for (int i = 0; i < export->rank; i++)
        export->extents[i] = axes[i].extent;
    if (isnan(until)) {
        fail(export, open_array(export));
    } else if (!export->is_archive) {
        snn_panic("%s: '%s': events are written to an .npz file", place, file);
    } else {
        fail(export,
             snn_event_writer_open(&export->events, export->path, elements, until, labels >= 0));
    }
    return export;
}

void snn_rt_export_rows(struct snn_context *context, void *file, int64_t count)
{
    struct export *export = file;
    const char *rows = snn_scale_array(context, export->rows);
    const int64_t *labels = export->labels >= 0 ? context->buffers[export->labels] : NULL;
    size_t bytes = (size_t) export->elements * snn_type_bytes(export->type);

    if (!export->events) {
        if (fwrite(rows, bytes, (size_t)count, export->file) != (size_t)count && bytes > 0)
            fail(export, cannot_write(export));
        return;
    }
    for (int64_t i = 0; i < count; i++)
        fail(export, snn_event_writer_add(export->events, (const float *)(rows + (size_t)i * bytes),
                                          labels ? labels[i] : 0));
}

static int close_array(struct export *export)
{
    struct snn_array array = array_of(export);
    char temporary[SNN_PATH_BYTES + 8];

    if (export->is_archive)
        return snn_npz_write(export->path, &array, 1);
    temporary_of(export, temporary);
    return fclose(export->file) == 0 ? snn_file_commit(temporary, export->path)
                                     : cannot_write(export);
}

/* Events are for another program, which is told where they are. */
static int close_events(struct export *export, bool is_quiet)
{
    int64_t samples = snn_event_writer_samples(export->events);
    int64_t events = snn_event_writer_events(export->events);

    if (snn_event_writer_close(export->events) < 0)
        return -1;
    if (!is_quiet)
        snn_console_note("%s: %" PRId64 " samples, %" PRId64 " events", export->path, samples,
                         events);
    return 0;
}

void snn_rt_export_end(struct snn_context *context, void *file)
{
    struct export *export = file;

    fail(export, export->events ? close_events(export, context->runtime->options->is_quiet)
                                : close_array(export));
}
