/* SPDX-License-Identifier: MIT
 *
 * The interpreted program as the runtime sees it: the descriptor that a compiled program has as
 * constant data, and the call of its functions.
 */
#include "ir/interpret.h"

#include "config.h"
#include "ir/interpret_internal.h"
#include "lanes.h"

void interpreter_init(struct interpreter *interpreter, struct compilation *c,
                      struct ir_program *program)
{
    *interpreter =
        (struct interpreter){ .compilation = c, .program = program, .count = snn_lane_count };
    interpreter->slots = arena_alloc_array(&c->arena, (size_t)program->function_count + 1,
                                           sizeof *interpreter->slots);
}

void interpreter_call(struct interpreter *interpreter, struct snn_context *context, int32_t number)
{
    struct ir_function *function = interpreter->program->functions[number];
    union ir_value **slots = &interpreter->slots[number];
    if (*slots == NULL) {
        ir_number(function);
        *slots = arena_alloc_array(&interpreter->compilation->arena,
                                   (size_t)function->node_count + 1, sizeof **slots);
    }
    struct activation activation = { interpreter, context, function, *slots, NULL };
    interpret_block(&activation, &function->body);
}

/* snn_program.call */
static void call(struct snn_context *context, int32_t function)
{
    interpreter_call(context->program->user, context, function);
}

static const struct snn_buffer *describe_buffers(struct compilation *c,
                                                 const struct ir_program *program)
{
    size_t count = (size_t)program->buffer_count;
    struct snn_buffer *buffers = arena_alloc_array(&c->arena, count, sizeof *buffers);
    for (size_t k = 0; k < count; k++) {
        const struct ir_buffer *from = &program->buffers[k];
        buffers[k] = (struct snn_buffer){
            .name = from->name,
            .type = from->type,
            .kind = from->kind,
            .count = from->count,
            .rank = from->rank,
            .extents = from->extents,
            .axes = from->axes,
            .row_axes = from->row_axes,
            .row = from->row,
            .unit = from->unit != NULL ? from->unit : "",
            .kept_by = from->kept_by,
            .has_kept_values = from->has_kept_values,
        };
    }
    return buffers;
}

static const char *const *describe_streams(struct compilation *c, const struct ir_program *program)
{
    size_t count = (size_t)program->site_count;
    const char **streams = arena_alloc_array(&c->arena, count, sizeof *streams);
    for (size_t k = 0; k < count; k++)
        streams[k] = program->sites[k].stream;
    return streams;
}

int interpret_program(struct compilation *c, struct ir_program *program, int argc, char **argv)
{
    struct interpreter interpreter;
    interpreter_init(&interpreter, c, program);
    struct snn_program descriptor = {
        .abi_version = SNN_ABI_VERSION,
        .name = program->name,
        .doc = program->doc != NULL ? program->doc : "",
        .source = program->source,
        .compiler = PACKAGE_STRING,
        .version = program->version,
        .params = program->params,
        .param_count = program->param_count,
        .data = program->data,
        .data_count = program->data_count,
        .buffers = describe_buffers(c, program),
        .buffer_count = program->buffer_count,
        .tasks = program->tasks,
        .task_count = program->task_count,
        .size_count = program->size_count,
        .constant_count = program->constant_count,
        .key_count = program->site_count,
        .streams = describe_streams(c, program),
        .setup = program->setup,
        .init = program->init,
        .clear = program->clear,
        .call = call,
        .user = &interpreter,
    };
    return snn_main(&descriptor, argc, argv);
}
