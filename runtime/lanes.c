/* SPDX-License-Identifier: MIT
 *
 * Buffers are cache-line aligned, zeroed and rounded up to whole vectors, so generated code may
 * always load and store full vectors. Large ones ask for huge pages: plasticity walks columns of
 * matrices, one page per row otherwise. Sizes are checked against the memory of the machine before
 * anything is asked of the system, which would grant it and kill the run later.
 */
#define _DEFAULT_SOURCE /* madvise */
#include "lanes.h"
#include "data/event_stage.h"
#include "kept.h"
#include "options.h"
#include "panic.h"
#include "parameters.h"
#include "record/number.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HUGE_PAGE_BYTES = 2 << 20, HUGE_FROM_BYTES = 1 << 20 };

size_t snn_type_bytes(enum snn_type type)
{
    switch (type) {
    case SNN_BOOL: return 1;
    case SNN_INT32:
    case SNN_FLOAT32: return 4;
    case SNN_INT64:
    case SNN_FLOAT64: return 8;
    case SNN_STRING: break;
    }
    return sizeof(const char *);
}

/* The limit of this process's control group (version 2, then 1), or `otherwise` if there is none
 * that can be read. */
static int64_t group_limit(int64_t otherwise)
{
    static const char *const files[] = { "/sys/fs/cgroup/memory.max",
                                         "/sys/fs/cgroup/memory/memory.limit_in_bytes" };
    int64_t limit = otherwise;

    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(files[i], "r");
        int64_t found;

        if (file && fscanf(file, "%" SCNd64, &found) == 1 && found > 0 && found < limit)
            limit = found;
        if (file)
            fclose(file);
    }
    return limit;
}

/* Memory that this process may use. */
static int64_t machine_bytes(struct snn_runtime *runtime)
{
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);

    if (__atomic_load_n(&runtime->machine_bytes, __ATOMIC_RELAXED) == 0) {
        int64_t bytes = pages > 0 && page_bytes > 0 ? (int64_t)pages * page_bytes : INT64_MAX;

        __atomic_store_n(&runtime->machine_bytes, group_limit(bytes), __ATOMIC_RELAXED);
    }
    return __atomic_load_n(&runtime->machine_bytes, __ATOMIC_RELAXED);
}

/* "n = 1000000, interval = 250": what the command line gave, or else every whole number. */
static void describe_params(char *out, size_t bytes, const struct snn_runtime *runtime)
{
    const struct snn_program *program = runtime->program;
    bool any_given = false;
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < program->param_count; i++)
        any_given |= runtime->options->is_given[i];
    for (int i = 0; i < program->param_count && used < bytes; i++) {
        char value[128];
        bool is_shown =
            any_given ? runtime->options->is_given[i] : program->params[i].type == SNN_INT64;

        if (!is_shown)
            continue;
        snn_parameter_print(value, sizeof value, &program->params[i], runtime->options->params[i]);
        used += (size_t)snprintf(out + used, bytes - used, "%s%s = %s", used ? ", " : "",
                                 program->params[i].name, value);
    }
}

/* "784 x 100 float32" */
static void describe_shape(char *out, size_t bytes, const struct snn_context *context,
                           int32_t number, int64_t count)
{
    static const char *const types[] = { "bool", "int32", "int64", "float32", "float64", "text" };
    const struct snn_buffer *buffer = &context->program->buffers[number];
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < buffer->rank && buffer->count >= 0 && used < bytes; i++)
        used += (size_t)snprintf(out + used, bytes - used, "%s%" PRId64, i ? " x " : "",
                                 context->sizes[buffer->extents[i]]);
    if (used == 0)
        used += (size_t)snprintf(out, bytes, "%" PRId64, count);
    if (used < bytes)
        snprintf(out + used, bytes - used, " %s", types[buffer->type]);
}

static _Noreturn void panic_memory(const struct snn_context *context, int32_t number, int64_t count,
                                   int64_t others)
{
    struct snn_runtime *runtime = context->runtime;
    const struct snn_buffer *buffer = &context->program->buffers[number];
    double gigabytes = (double)count * (double)snn_type_bytes(buffer->type) / 1e9;
    char shape[160], params[256], beside[64] = "";

    describe_shape(shape, sizeof shape, context, number, count);
    describe_params(params, sizeof params, runtime);
    if (others > 0)
        snprintf(beside, sizeof beside, " beside %.3g GB of others", (double)others / 1e9);
    snn_panic("'%s' would take %.4g GB (%s)%s, but this machine has %.3g GB%s%s", buffer->name,
              gigabytes, shape, beside, (double)machine_bytes(runtime) / 1e9,
              *params ? "; the parameters are " : "", params);
}

static void *allocate_zeroed(size_t bytes)
{
    size_t alignment = bytes >= HUGE_FROM_BYTES ? HUGE_PAGE_BYTES : SNN_REGION_ALIGNMENT;
    void *memory;

    if (posix_memalign(&memory, alignment, bytes) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (alignment == HUGE_PAGE_BYTES)
        madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    return memset(memory, 0, bytes);
}

/* Bytes that `count` elements of a buffer take, or -1 if no machine has them. */
static int64_t buffer_bytes(const struct snn_context *context, int32_t number, int64_t count)
{
    int64_t element = (int64_t)snn_type_bytes(context->program->buffers[number].type), rounded;

    if (count < 0 || count > (INT64_MAX / 2 - SNN_PAD_ELEMENTS) / element)
        return -1;
    rounded = (count + SNN_PAD_ELEMENTS + SNN_ROUND_ELEMENTS - 1) / SNN_ROUND_ELEMENTS *
              SNN_ROUND_ELEMENTS;
    return rounded * element;
}

/* Gives this lane a buffer of its own. */
static void allocate_buffer(struct snn_context *context, int32_t number, int64_t count)
{
    struct snn_runtime *runtime = context->runtime;
    int64_t bytes = buffer_bytes(context, number, count), held;

    if (bytes < 0)
        panic_memory(context, number, count, 0);
    held = __atomic_add_fetch(&runtime->held_bytes, bytes, __ATOMIC_RELAXED);
    if (held <= machine_bytes(runtime))
        context->buffers[number] = allocate_zeroed((size_t)bytes);
    if (held > machine_bytes(runtime) || !context->buffers[number])
        panic_memory(context, number, count, held - bytes);
    context->lane->owned[number] = context->buffers[number];
    context->lane->counts[number] = count;
    context->lane->bytes[number] = bytes;
}

static void free_buffer(struct snn_context *context, int32_t number)
{
    struct snn_lane *lane = context->lane;

    __atomic_sub_fetch(&context->runtime->held_bytes, lane->bytes[number], __ATOMIC_RELAXED);
    free(lane->owned[number]);
    lane->owned[number] = context->buffers[number] = NULL;
    lane->counts[number] = lane->bytes[number] = 0;
}

static void *table(struct snn_runtime *runtime, int64_t count, size_t size)
{
    return snn_region_array(runtime->region, (size_t)count, size);
}

static struct snn_context *create_context(struct snn_runtime *runtime, int number)
{
    int32_t buffers = runtime->program->buffer_count;
    struct snn_region *region = snn_region_create();
    struct snn_context *context = snn_region_alloc(region, sizeof *context);
    struct snn_lane *lane = snn_region_alloc(region, sizeof *lane);

    lane->number = number;
    lane->region = region;
    lane->counts = snn_region_array(region, (size_t)buffers, sizeof *lane->counts);
    lane->bytes = snn_region_array(region, (size_t)buffers, sizeof *lane->bytes);
    lane->owned = snn_region_array(region, (size_t)buffers, sizeof *lane->owned);
    context->buffers = snn_region_array(region, (size_t)buffers, sizeof *context->buffers);
    context->program = runtime->program;
    context->lane = lane;
    context->runtime = runtime;
    runtime->contexts[number] = context;
    return context;
}

struct snn_context *snn_lane_create_main(struct snn_runtime *runtime)
{
    const struct snn_program *program = runtime->program;
    struct snn_context *context = create_context(runtime, 0);

    context->sizes = table(runtime, program->size_count, sizeof *context->sizes);
    context->constants = table(runtime, program->constant_count, sizeof *context->constants);
    context->params = table(runtime, program->param_count, sizeof *context->params);
    context->keys = table(runtime, program->key_count, sizeof *context->keys);
    context->data = table(runtime, program->data_count, sizeof *context->data);
    for (int i = 0; i < program->param_count; i++)
        context->params[i] = runtime->options->params[i];
    return context;
}

static bool has_set_size(const struct snn_buffer *buffer)
{
    return buffer->count >= 0 && buffer->kind != SNN_BUFFER_LOCAL;
}

/* Panics over the largest buffer if all together are too large: before any memory is touched, which
 * could take minutes. */
static void check_total(const struct snn_context *context)
{
    const struct snn_program *program = context->program;
    struct snn_runtime *runtime = context->runtime;
    int64_t total = 0, most = 0;
    int32_t largest = -1;

    for (int32_t i = 0; i < program->buffer_count; i++) {
        int64_t count, bytes;

        if (!has_set_size(&program->buffers[i]))
            continue;
        count = context->sizes[program->buffers[i].count];
        bytes = buffer_bytes(context, i, count);
        if (bytes < 0 || bytes > machine_bytes(runtime))
            panic_memory(context, i, count, 0);
        if (bytes > most) {
            most = bytes;
            largest = i;
        }
        if (__builtin_add_overflow(total, bytes, &total))
            total = INT64_MAX;
    }
    if (total > machine_bytes(runtime))
        panic_memory(context, largest, context->sizes[program->buffers[largest].count],
                     total - most);
}

void snn_lane_allocate_main(struct snn_context *context)
{
    const struct snn_program *program = context->program;

    check_total(context);
    for (int32_t i = 0; i < program->buffer_count; i++)
        if (has_set_size(&program->buffers[i]))
            allocate_buffer(context, i, context->sizes[program->buffers[i].count]);
}

struct snn_context *snn_lane_create_worker(const struct snn_context *main, int number)
{
    const struct snn_program *program = main->program;
    struct snn_context *context = create_context(main->runtime, number);

    context->sizes = main->sizes;
    context->constants = main->constants;
    context->params = main->params;
    context->keys = main->keys;
    context->data = main->data;
    for (int32_t i = 0; i < program->buffer_count; i++)
        if (program->buffers[i].kind == SNN_BUFFER_LANE && main->buffers[i])
            allocate_buffer(context, i, main->lane->counts[i]);
    snn_lane_adopt(context, main);
    program->call(context, program->clear);
    return context;
}

void snn_lane_adopt(struct snn_context *worker, const struct snn_context *main)
{
    const struct snn_program *program = main->program;

    for (int32_t i = 0; i < program->buffer_count; i++) {
        if (program->buffers[i].kind != SNN_BUFFER_LANE)
            worker->buffers[i] = main->buffers[i];
        if (program->buffers[i].kind == SNN_BUFFER_LOCAL)
            worker->lane->counts[i] = main->lane->counts[i];
    }
    worker->lane->kept = main->lane->kept;
    worker->learning = main->learning;
    worker->path = main->path;
    worker->present = main->present;
    worker->step = main->step;
    worker->steps = main->steps;
}

void snn_lane_destroy(struct snn_context *context)
{
    if (!context)
        return;
    for (int32_t i = 0; i < context->program->buffer_count; i++)
        if (context->lane->owned[i])
            free_buffer(context, i);
    free(context->lane->marks);
    snn_event_work_destroy(context->lane->events);
    snn_kept_destroy(context->lane->own_kept);
    snn_region_destroy(context->lane->region);
}

int64_t snn_lane_count(const struct snn_context *context, int32_t buffer)
{
    enum snn_buffer_kind kind = context->program->buffers[buffer].kind;
    bool is_private = kind == SNN_BUFFER_LANE || kind == SNN_BUFFER_LOCAL;
    const struct snn_context *owner = is_private ? context : context->runtime->contexts[0];

    return owner->lane->counts[buffer];
}

int snn_buffer_extents(const struct snn_context *context, int32_t number,
                       int64_t extents[SNN_RANK_LIMIT])
{
    const struct snn_buffer *buffer = &context->program->buffers[number];
    int64_t count = snn_lane_count(context, number), product = 1;

    for (int i = 0; buffer->count >= 0 && i < buffer->rank && i < SNN_RANK_LIMIT; i++) {
        extents[i] = context->sizes[buffer->extents[i]];
        if (i < buffer->rank - buffer->row_axes)
            product *= extents[i];
        else if (i == buffer->rank - buffer->row_axes)
            product *= context->sizes[buffer->row];
    }
    if (buffer->count >= 0 && product == count && buffer->rank <= SNN_RANK_LIMIT)
        return buffer->rank;
    extents[0] = count;
    return 1;
}

int snn_lane_array_axes(struct snn_context *context, int32_t number,
                        struct snn_axis axes[SNN_RANK_LIMIT])
{
    const struct snn_buffer *buffer = &context->program->buffers[number];
    struct snn_lane *lane = context->lane;
    int rank = lane->axis_count;
    int64_t extents[SNN_RANK_LIMIT];

    memcpy(axes, lane->axes, sizeof lane->axes);
    lane->axis_count = 0;
    if (rank > 0 || buffer->rank == 0)
        return rank;
    rank = snn_buffer_extents(context, number, extents);
    for (int i = 0; i < rank; i++)
        axes[i] = (struct snn_axis){ i < buffer->rank && buffer->axes ? buffer->axes[i] : "",
                                     extents[i] };
    return rank;
}

void snn_lane_check_array(const struct snn_context *context, int32_t buffer, int64_t count)
{
    int64_t bytes = buffer_bytes(context, buffer, count);

    if (bytes < 0 || bytes > machine_bytes(context->runtime))
        panic_memory(context, buffer, count, 0);
}

void snn_lane_resize(struct snn_context *context, int32_t buffer, int64_t count)
{
    if (context->lane->owned[buffer])
        free_buffer(context, buffer);
    allocate_buffer(context, buffer, count);
}
