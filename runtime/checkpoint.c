/* SPDX-License-Identifier: MIT
 *
 * The file holds numbers of the run, the variables of the task, buffers by their number in the
 * program, and as JSON what records and progress know. A file is read by the program that wrote it
 * alone: the run is found by the program's version.
 */
#include "checkpoint.h"

#include "calls.h"
#include "data/npy.h"
#include "error.h"
#include "lanes.h"
#include "options.h"
#include "panic.h"
#include "progress.h"
#include "record/internal.h"
#include "record/npz_write.h"
#include "record/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char file_name[] = "checkpoint.npz";

/* Places in the array `head`. */
enum {
    HEAD_NUMBER,   /* of the checkpoint in its run, from 1 */
    HEAD_BUFFERS,  /* of the program */
    HEAD_TASK,     /* number of the task in the command line */
    HEAD_POINT,    /* of pass `resume`; 0: the task's start */
    HEAD_LEARNING, /* fields of the context */
    HEAD_PATH,
    HEAD_PRESENT,
    HEAD_STEP,
    HEAD_STEPS,
    HEAD_COUNT,
};

enum { NAME_BYTES = 16 };

/* A buffer that was saved. */
struct saved {
    int64_t number;
    struct snn_npy array;
};

struct snn_checkpoint {
    double written; /* clock, when the last one was, or the run began */
    int64_t head[HEAD_COUNT];
    int64_t *values; /* bits of the variables of the task */
    size_t value_count, value_capacity, next_value;
    int64_t *buffers; /* being written: numbers of buffers */
    size_t buffer_count, buffer_capacity;
    bool is_resuming;
    struct saved *saved; /* [saved_count], while resuming */
    size_t saved_count;
    char *state; /* JSON, while resuming */
    size_t state_bytes;
    const char **kept; /* models as they were at the last checkpoint, replaced since */
    size_t kept_count, kept_capacity;
};

struct snn_checkpoint *snn_checkpoint_create(struct snn_runtime *runtime)
{
    struct snn_checkpoint *checkpoint = snn_region_alloc(runtime->region, sizeof *checkpoint);

    checkpoint->written = snn_clock_seconds();
    return checkpoint;
}

static void forget_saved(struct snn_checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->saved_count; i++)
        snn_npy_dispose(&checkpoint->saved[i].array);
    free(checkpoint->saved);
    free(checkpoint->state);
    checkpoint->saved = NULL;
    checkpoint->state = NULL;
    checkpoint->saved_count = 0;
}

void snn_checkpoint_destroy(struct snn_checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    forget_saved(checkpoint);
    free(checkpoint->values);
    free(checkpoint->buffers);
    free(checkpoint->kept);
}

/* ---- models that are replaced after a checkpoint */

/* The name under which a model is kept until the checkpoint after number `number`. */
static void kept_path(char out[SNN_PATH_BYTES + 32], const char *path, int64_t number)
{
    snprintf(out, SNN_PATH_BYTES + 32, "%s.%" PRId64 ".kept", path, number);
}

void snn_checkpoint_keep(struct snn_runtime *runtime, const char *path)
{
    struct snn_checkpoint *checkpoint = runtime->checkpoint;
    char kept[SNN_PATH_BYTES + 32];

    kept_path(kept, path, checkpoint->head[HEAD_NUMBER]);
    if (checkpoint->head[HEAD_NUMBER] > 0 && link(path, kept) == 0)
        *(const char **)snn_record_append(&checkpoint->kept, &checkpoint->kept_count,
                                          &checkpoint->kept_capacity, sizeof *checkpoint->kept) =
            snn_record_copy(runtime->record, kept);
}

/* There is a newer checkpoint, or none is needed. */
static void forget_kept(struct snn_checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->kept_count; i++)
        unlink(checkpoint->kept[i]);
    checkpoint->kept_count = 0;
}

void snn_checkpoint_bring_back(struct snn_runtime *runtime, const char *path)
{
    const struct snn_checkpoint *checkpoint = runtime->checkpoint;
    char kept[SNN_PATH_BYTES + 32];

    kept_path(kept, path, checkpoint->head[HEAD_NUMBER]);
    rename(kept, path);
    kept_path(kept, path, checkpoint->head[HEAD_NUMBER] - 1); /* the process had no time to */
    unlink(kept);
}

static void path_of(char path[SNN_PATH_BYTES], const struct snn_runtime *runtime)
{
    snn_record_check(snn_path_join(path, snn_record_folder(runtime->record), file_name));
}

void snn_checkpoint_remove(struct snn_runtime *runtime)
{
    char path[SNN_PATH_BYTES];

    forget_kept(runtime->checkpoint);
    path_of(path, runtime);
    unlink(path);
}

/* ---- writing */

static bool is_due(const struct snn_runtime *runtime)
{
    const struct snn_checkpoint *checkpoint = runtime->checkpoint;

    return !checkpoint->is_resuming &&
           snn_clock_seconds() - checkpoint->written >= runtime->options->checkpoint_seconds;
}

static void add_value(struct snn_checkpoint *checkpoint, int64_t bits)
{
    *(int64_t *)snn_record_append(&checkpoint->values, &checkpoint->value_count,
                                  &checkpoint->value_capacity, sizeof bits) = bits;
}

static void add_buffer(struct snn_checkpoint *checkpoint, int64_t number)
{
    *(int64_t *)snn_record_append(&checkpoint->buffers, &checkpoint->buffer_count,
                                  &checkpoint->buffer_capacity, sizeof number) = number;
}

static void begin(struct snn_context *context, int task, int64_t point)
{
    struct snn_checkpoint *checkpoint = context->runtime->checkpoint;

    checkpoint->value_count = checkpoint->buffer_count = 0;
    checkpoint->head[HEAD_NUMBER]++;
    checkpoint->head[HEAD_BUFFERS] = context->program->buffer_count;
    checkpoint->head[HEAD_TASK] = task;
    checkpoint->head[HEAD_POINT] = point;
    checkpoint->head[HEAD_LEARNING] = (int64_t)context->learning;
    checkpoint->head[HEAD_PATH] = (int64_t)context->path;
    checkpoint->head[HEAD_PRESENT] = context->present;
    checkpoint->head[HEAD_STEP] = context->step;
    checkpoint->head[HEAD_STEPS] = context->steps;
    for (int32_t i = 0; i < context->program->buffer_count; i++)
        if (context->program->buffers[i].kind == SNN_BUFFER_MODEL && context->buffers[i])
            add_buffer(checkpoint, i);
}

/* The arrays of the file; extents[i] is the length of arrays[i]. */
struct writing {
    struct snn_array *arrays;
    int64_t *extents;
    char (*names)[NAME_BYTES];
    size_t count;
};

static void add_array(struct writing *w, const char *name, enum snn_type type, const void *data,
                      int64_t count)
{
    w->extents[w->count] = count;
    w->arrays[w->count] = (struct snn_array){
        .name = name, .type = type, .data = data, .rank = 1, .extents = &w->extents[w->count]
    };
    w->count++;
}

static void add_arrays(struct writing *w, const struct snn_context *context,
                       const struct snn_json *state)
{
    const struct snn_checkpoint *checkpoint = context->runtime->checkpoint;

    add_array(w, "head", SNN_INT64, checkpoint->head, HEAD_COUNT);
    add_array(w, "values", SNN_INT64, checkpoint->values, (int64_t)checkpoint->value_count);
    add_array(w, "buffers", SNN_INT64, checkpoint->buffers, (int64_t)checkpoint->buffer_count);
    add_array(w, "state", SNN_BOOL, state->text, (int64_t)state->bytes);
    w->arrays[w->count - 1].is_bytes = true;
    for (size_t i = 0; i < checkpoint->buffer_count; i++) {
        int32_t number = (int32_t)checkpoint->buffers[i];

        snprintf(w->names[i], NAME_BYTES, "%" PRId32, number);
        add_array(w, w->names[i], context->program->buffers[number].type, context->buffers[number],
                  snn_lane_count(context, number));
    }
}

static void write_file(struct snn_context *context)
{
    struct snn_checkpoint *checkpoint = context->runtime->checkpoint;
    size_t room = checkpoint->buffer_count + 4;
    struct writing w = { .arrays = calloc(room, sizeof *w.arrays),
                         .extents = calloc(room, sizeof *w.extents),
                         .names = calloc(room, sizeof *w.names) };
    char path[SNN_PATH_BYTES];
    struct snn_json state;

    path_of(path, context->runtime);
    if (!w.arrays || !w.extents || !w.names)
        snn_panic("cannot write '%s': out of memory", path);
    snn_record_write_state(context->runtime->record, &state);
    add_arrays(&w, context, &state);
    if (snn_npz_write(path, w.arrays, w.count) < 0)
        snn_panic("%s", snn_last_error());
    forget_kept(checkpoint);
    free(state.text);
    free(w.names);
    free(w.extents);
    free(w.arrays);
    checkpoint->written = snn_clock_seconds();
}

/* Networks keep their state from one task to the next. */
void snn_checkpoint_between(struct snn_context *context, int next)
{
    struct snn_runtime *runtime = context->runtime;

    if (next >= runtime->options->task_count || !is_due(runtime))
        return;
    begin(context, next, 0);
    for (int32_t i = 0; i < context->program->buffer_count; i++)
        if (context->program->buffers[i].kind == SNN_BUFFER_LANE && context->buffers[i])
            add_buffer(runtime->checkpoint, i);
    write_file(context);
}

bool snn_rt_checkpoint_due(struct snn_context *context)
{
    return is_due(context->runtime);
}

void snn_rt_checkpoint_begin(struct snn_context *context, int64_t point)
{
    begin(context, context->runtime->task_number, point);
}

void snn_rt_checkpoint_integer(struct snn_context *context, int64_t value)
{
    add_value(context->runtime->checkpoint, value);
}

void snn_rt_checkpoint_real(struct snn_context *context, double value)
{
    int64_t bits;

    memcpy(&bits, &value, sizeof bits);
    add_value(context->runtime->checkpoint, bits);
}

void snn_rt_checkpoint_buffer(struct snn_context *context, int32_t buffer)
{
    if (context->buffers[buffer])
        add_buffer(context->runtime->checkpoint, buffer);
}

void snn_rt_checkpoint_end(struct snn_context *context)
{
    write_file(context);
}

/* ---- reading */

static int64_t *read_integers(const struct snn_npz *npz, const char *name, size_t *count)
{
    struct snn_npy array;

    snn_record_check(snn_npz_read(npz, name, &array));
    *count = array.type == SNN_NPY_INT64 ? array.count : 0;
    return array.data;
}

static void read_buffers(struct snn_checkpoint *checkpoint, const struct snn_npz *npz)
{
    size_t count;
    int64_t *numbers = read_integers(npz, "buffers", &count);

    checkpoint->saved = calloc(count + 1, sizeof *checkpoint->saved);
    if (!checkpoint->saved)
        snn_panic("out of memory to read a checkpoint");
    for (size_t i = 0; i < count; i++) {
        struct saved *saved = &checkpoint->saved[checkpoint->saved_count++];
        char name[32];

        snprintf(name, sizeof name, "%" PRId64, numbers[i]);
        saved->number = numbers[i];
        snn_record_check(snn_npz_read(npz, name, &saved->array));
    }
    free(numbers);
}

void snn_checkpoint_read(struct snn_runtime *runtime)
{
    struct snn_checkpoint *checkpoint = runtime->checkpoint;
    char path[SNN_PATH_BYTES];
    struct snn_npz *npz;
    struct snn_npy state;
    int64_t *head;
    size_t count;

    path_of(path, runtime);
    snn_record_check(snn_npz_open(&npz, path));
    head = read_integers(npz, "head", &count);
    if (count != HEAD_COUNT || head[HEAD_BUFFERS] != runtime->program->buffer_count ||
        head[HEAD_TASK] < 0 || head[HEAD_TASK] >= runtime->options->task_count)
        snn_panic("'%s' is not of this program", path);
    memcpy(checkpoint->head, head, sizeof checkpoint->head);
    free(head);
    checkpoint->values = read_integers(npz, "values", &checkpoint->value_count);
    checkpoint->value_capacity = checkpoint->value_count;
    read_buffers(checkpoint, npz);
    snn_record_check(snn_npz_read(npz, "state", &state));
    checkpoint->state = state.data;
    checkpoint->state_bytes = state.count;
    snn_npz_close(npz);
    checkpoint->is_resuming = true;
}

static const struct saved *find_saved(const struct snn_checkpoint *checkpoint, int32_t buffer)
{
    for (size_t i = 0; i < checkpoint->saved_count; i++)
        if (checkpoint->saved[i].number == buffer)
            return &checkpoint->saved[i];
    return NULL;
}

static void copy_saved(struct snn_context *context, const struct saved *saved)
{
    int32_t number = (int32_t)saved->number;
    size_t bytes = snn_type_bytes(context->program->buffers[number].type);

    if (bytes != snn_npy_type_bytes(saved->array.type) ||
        (int64_t)saved->array.count != context->lane->counts[number])
        snn_panic("the checkpoint does not fit this program: '%s' has another size",
                  context->program->buffers[number].name);
    if (saved->array.count > 0)
        memcpy(context->buffers[number], saved->array.data, saved->array.count * bytes);
}

void snn_checkpoint_fill(struct snn_context *context, int32_t buffer)
{
    const struct saved *saved = find_saved(context->runtime->checkpoint, buffer);

    if (saved && context->lane->number == 0)
        copy_saved(context, saved);
}

void snn_checkpoint_restore(struct snn_context *context)
{
    const struct snn_checkpoint *checkpoint = context->runtime->checkpoint;

    for (size_t i = 0; i < checkpoint->saved_count; i++) {
        const struct saved *saved = &checkpoint->saved[i];
        int32_t number = (int32_t)saved->number;

        if (number < 0 || number >= context->program->buffer_count)
            snn_panic("the checkpoint does not fit this program");
        if (!context->buffers[number] ||
            context->lane->counts[number] != (int64_t)saved->array.count)
            snn_lane_resize(context, number, (int64_t)saved->array.count);
        copy_saved(context, saved);
    }
    snn_record_read_state(context->runtime->record, checkpoint->state, checkpoint->state_bytes);
    snn_file_remove_left_over(snn_record_folder(context->runtime->record));
}

int snn_checkpoint_first_task(const struct snn_runtime *runtime)
{
    const struct snn_checkpoint *checkpoint = runtime->checkpoint;

    return checkpoint->is_resuming ? (int)checkpoint->head[HEAD_TASK] : 0;
}

bool snn_checkpoint_is_resuming(const struct snn_runtime *runtime)
{
    return runtime->checkpoint && runtime->checkpoint->is_resuming;
}

/* The run is where the other process was. */
static void arrive(struct snn_context *context)
{
    struct snn_checkpoint *checkpoint = context->runtime->checkpoint;

    snn_progress_arrive(context->runtime);
    context->lane->axis_count = 0; /* of records that were passed by */
    context->lane->scale = 0;
    forget_saved(checkpoint);
    checkpoint->is_resuming = false;
    checkpoint->written = snn_clock_seconds();
}

void snn_checkpoint_begin_task(struct snn_context *context)
{
    const struct snn_checkpoint *checkpoint = context->runtime->checkpoint;

    if (checkpoint->is_resuming && checkpoint->head[HEAD_POINT] == 0)
        arrive(context);
}

int64_t snn_rt_resume(struct snn_context *context)
{
    struct snn_checkpoint *checkpoint = context->runtime->checkpoint;

    if (!checkpoint->is_resuming)
        return 0;
    checkpoint->next_value = 0;
    context->learning = (uint64_t)checkpoint->head[HEAD_LEARNING];
    context->path = (uint64_t)checkpoint->head[HEAD_PATH];
    context->present = checkpoint->head[HEAD_PRESENT];
    context->step = checkpoint->head[HEAD_STEP];
    context->steps = checkpoint->head[HEAD_STEPS];
    return checkpoint->head[HEAD_POINT];
}

int64_t snn_rt_resume_integer(struct snn_context *context)
{
    struct snn_checkpoint *checkpoint = context->runtime->checkpoint;

    if (checkpoint->next_value == checkpoint->value_count)
        snn_panic("the checkpoint does not fit this program");
    return checkpoint->values[checkpoint->next_value++];
}

double snn_rt_resume_real(struct snn_context *context)
{
    int64_t bits = snn_rt_resume_integer(context);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

void snn_rt_resumed(struct snn_context *context)
{
    arrive(context);
}
