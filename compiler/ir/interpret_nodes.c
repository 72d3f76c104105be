/* SPDX-License-Identifier: MIT
 *
 * The walk over the tree: memory, variables, control flow. Arithmetic is ir_evaluate's.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/interpret_internal.h"
#include "ir/print.h"

void interpret_fail(const struct activation *a, const struct ir_node *node, const char *format, ...)
{
    struct compilation *c = a->interpreter->compilation;
    va_list arguments;
    fflush(stdout);
    fprintf(stderr, "snnc: bug: in function '%s': ", a->function->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n    %s\n", ir_describe(c, a->interpreter->program, node));
    const struct source *source = sources_get(&c->sources, node->span.source);
    if (source != NULL) {
        struct position position = source_position(source, node->span.start);
        fprintf(stderr, "    from %s:%zu:%zu\n", source->path, position.line, position.column);
    }
    exit(70);
}

/* ---- memory ---- */

/* The address of element `index` of a buffer. */
static void *element(const struct activation *a, const struct ir_node *node, int32_t number,
                     int64_t index)
{
    static const size_t bytes[] = { 1, 4, 8, 4, 8 };
    const struct ir_buffer *buffer = &a->interpreter->program->buffers[number];
    int64_t count = a->interpreter->count(a->context, number);
    if (index < 0 || index >= count)
        interpret_fail(a, node, "element %lld of '%s', which has %lld", (long long)index,
                       buffer->name, (long long)count);
    return (char *)a->context->buffers[number] + (size_t)index * bytes[buffer->type];
}

static union ir_value load(const struct activation *a, const struct ir_node *node, int32_t buffer,
                           int64_t index)
{
    const void *from = element(a, node, buffer, index);
    union ir_value value = { 0 };
    switch (a->interpreter->program->buffers[buffer].type) {
    case SNN_BOOL: value.integer = *(const unsigned char *)from != 0; return value;
    case SNN_INT32: value.integer = *(const int32_t *)from; return value;
    case SNN_INT64: value.integer = *(const int64_t *)from; return value;
    case SNN_FLOAT32: value.single = *(const float *)from; return value;
    case SNN_FLOAT64: value.real = *(const double *)from; return value;
    case SNN_STRING: break;
    }
    unreachable();
}

static void store(const struct activation *a, const struct ir_node *node, int32_t buffer,
                  int64_t index, union ir_value value)
{
    void *to = element(a, node, buffer, index);
    switch (a->interpreter->program->buffers[buffer].type) {
    case SNN_BOOL: *(unsigned char *)to = value.integer != 0; return;
    case SNN_INT32: *(int32_t *)to = (int32_t)value.integer; return;
    case SNN_INT64: *(int64_t *)to = value.integer; return;
    case SNN_FLOAT32: *(float *)to = value.single; return;
    case SNN_FLOAT64: *(double *)to = value.real; return;
    case SNN_STRING: break;
    }
    unreachable();
}

/* ---- leaves and tables ---- */

static int64_t context_get(const struct snn_context *context, enum ir_context_field field)
{
    switch (field) {
    case IR_CONTEXT_LEARNING: return (int64_t)context->learning;
    case IR_CONTEXT_PATH: return (int64_t)context->path;
    case IR_CONTEXT_PRESENT: return context->present;
    case IR_CONTEXT_STEP: return context->step;
    case IR_CONTEXT_STEPS: return context->steps;
    }
    unreachable();
}

static void context_set(struct snn_context *context, enum ir_context_field field, int64_t value)
{
    switch (field) {
    case IR_CONTEXT_LEARNING: context->learning = (uint64_t)value; return;
    case IR_CONTEXT_PATH: context->path = (uint64_t)value; return;
    case IR_CONTEXT_PRESENT: context->present = value; return;
    case IR_CONTEXT_STEP: context->step = value; return;
    case IR_CONTEXT_STEPS: context->steps = value; return;
    }
    unreachable();
}

static union ir_value param(const struct activation *a, const struct ir_node *node)
{
    union snn_value value = a->context->params[node->payload.index];
    union ir_value out = { 0 };
    switch (node->type) {
    case IR_BOOL:
    case IR_I64: out.integer = value.integer; return out;
    case IR_F64: out.real = value.real; return out;
    case IR_POINTER: out.pointer = value.text; return out;
    case IR_I32:
    case IR_F32:
    case IR_VOID: break;
    }
    unreachable();
}

static union ir_value constant(const struct activation *a, const struct ir_node *node)
{
    union snn_value value = a->context->constants[node->payload.index];
    if (node->type == IR_I64)
        return (union ir_value){ .integer = value.integer };
    if (node->type == IR_F32)
        return (union ir_value){ .single = (float)value.real };
    return (union ir_value){ .real = value.real };
}

static void set_constant(const struct activation *a, const struct ir_node *node,
                         union ir_value value)
{
    union snn_value *entry = &a->context->constants[node->payload.index];
    if (a->interpreter->program->constants[node->payload.index].is_integer)
        entry->integer = value.integer;
    else
        entry->real = value.real;
}

/* ---- instructions ---- */

static union ir_value evaluate(struct activation *a, const struct ir_node *node,
                               const union ir_value *operands)
{
    union ir_value result = { 0 };
    if (!ir_evaluate(node->op, node->type, node->operands[node->operand_count - 1]->type, operands,
                     &result))
        interpret_fail(a, node, "'%s' should have been expanded", ir_op_name(node->op));
    return result;
}

static void interpret_instruction(struct activation *a, const struct ir_node *node)
{
    union ir_value operands[8], *slot = &a->slots[node->id];
    struct snn_context *context = a->context;
    int32_t index = node->payload.index;
    for (int32_t k = 0; k < node->operand_count; k++)
        operands[k] = interpret_value(a, node->operands[k]);
    switch (node->op) {
    case IR_CONST: *slot = ir_value_of_constant(node); return;
    case IR_TEXT: slot->pointer = node->payload.text; return;
    case IR_SIZE: slot->integer = context->sizes[index]; return;
    case IR_CONSTANT: *slot = constant(a, node); return;
    case IR_PARAM: *slot = param(a, node); return;
    case IR_DATA: slot->pointer = context->data[index]; return;
    case IR_KEY: slot->integer = (int64_t)context->keys[index]; return;
    case IR_CONTEXT_GET: slot->integer = context_get(context, (enum ir_context_field)index); return;
    case IR_CONTEXT_SET:
        context_set(context, (enum ir_context_field)index, operands[0].integer);
        return;
    case IR_SIZE_SET: context->sizes[index] = operands[0].integer; return;
    case IR_CONSTANT_SET: set_constant(a, node, operands[0]); return;
    case IR_LOAD: *slot = load(a, node, index, operands[0].integer); return;
    case IR_STORE: store(a, node, index, operands[0].integer, operands[1]); return;
    case IR_VAR: *slot = operands[0]; return;
    case IR_VAR_GET: *slot = a->slots[node->payload.node->id]; return;
    case IR_VAR_SET: a->slots[node->payload.node->id] = operands[0]; return;
    case IR_CALL_RT: *slot = interpret_rt(context, (enum ir_rt)index, operands); return;
    default: *slot = evaluate(a, node, operands); return;
    }
}

/* ---- control flow ---- */

/* After a block inside of `node`: does the jump that ended it, if one did, leave `node`? A jump to
 * `node` is over then. */
static bool leaves(struct activation *a, const struct ir_node *node)
{
    if (a->jump == NULL)
        return false;
    if (a->jump->jump.target != node)
        return true;
    bool is_break = a->jump->kind == IR_NODE_BREAK;
    a->jump = NULL;
    return is_break;
}

/* What a lane gets back after each iteration of a parallel loop; snn_rt_parallel_for does the same.
 */
static void interpret_isolated(struct activation *a, const struct ir_block *body)
{
    struct snn_context *context = a->context;
    uint64_t path = context->path, learning = context->learning;
    int64_t present = context->present;
    union ir_value mark = interpret_rt(context, IR_RT_snn_rt_mark, NULL);
    interpret_block(a, body);
    interpret_rt(context, IR_RT_snn_rt_release, &mark);
    context->path = path;
    context->learning = learning;
    context->present = present;
}

static void interpret_loop(struct activation *a, const struct ir_node *node)
{
    int64_t low = interpret_value(a, node->loop.low).integer,
            high = interpret_value(a, node->loop.high).integer;
    for (int64_t k = low; k < high; k++) {
        int64_t index = node->loop.events < 0 ? k : load(a, node, node->loop.events, k).integer;
        a->slots[node->loop.index->id].integer = index;
        if (node->loop.is_parallel)
            interpret_isolated(a, &node->loop.body);
        else
            interpret_block(a, &node->loop.body);
        if (leaves(a, node))
            return;
    }
}

static void interpret_while(struct activation *a, const struct ir_node *node)
{
    int64_t turn = 0;
    do {
        a->slots[node->loop_while.index->id].integer = turn++;
        interpret_block(a, &node->loop_while.test);
        if (a->jump == NULL && !interpret_value(a, node->loop_while.condition).integer)
            return;
        if (a->jump == NULL)
            interpret_block(a, &node->loop_while.body);
    } while (!leaves(a, node));
}

static void interpret_compact(struct activation *a, const struct ir_node *node)
{
    int64_t high = interpret_value(a, node->compact.high).integer, count = 0;
    for (int64_t k = 0; k < high; k++)
        if (load(a, node, node->compact.flags, k).integer)
            store(a, node, node->compact.list, count++, (union ir_value){ .integer = k });
    store(a, node, node->compact.count, 0, (union ir_value){ .integer = count });
}

static void interpret_node(struct activation *a, const struct ir_node *node)
{
    switch (node->kind) {
    case IR_NODE_INSTR: interpret_instruction(a, node); return;
    case IR_NODE_LOOP: interpret_loop(a, node); return;
    case IR_NODE_REDUCE: a->slots[node->id] = interpret_reduce(a, node); return;
    case IR_NODE_IF:
        interpret_block(a, interpret_value(a, node->branch.condition).integer
                               ? &node->branch.then_body
                               : &node->branch.else_body);
        return;
    case IR_NODE_WHILE: interpret_while(a, node); return;
    case IR_NODE_BLOCK:
        interpret_block(a, &node->block.body);
        leaves(a, node);
        return;
    case IR_NODE_BREAK:
    case IR_NODE_CONTINUE: a->jump = node; return;
    case IR_NODE_CALL: interpreter_call(a->interpreter, a->context, node->call.function); return;
    case IR_NODE_COMPACT: interpret_compact(a, node); return;
    case IR_NODE_ODE:
    case IR_NODE_PROPAGATE: interpret_fail(a, node, "the passes have not run");
    }
    unreachable();
}

void interpret_block(struct activation *a, const struct ir_block *block)
{
    for (const struct ir_node *node = block->first; node != NULL && a->jump == NULL;
         node = node->next)
        interpret_node(a, node);
}
