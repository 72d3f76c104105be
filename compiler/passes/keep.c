/* SPDX-License-Identifier: MIT
 *
 * Finds what the way back of a sample reads of its way there: spikes, tapes, what entered the
 * network. The runtime keeps it from the presentation of a batch to its descent where memory allows
 * (runtime/kept.c); a sample that was not kept is presented again. What the way back makes itself,
 * and derivatives, are not kept.
 */
#include "ir/rt.h"
#include "passes/passes.h"

struct reading {
    struct ir_program *program;
    bool *is_read, *is_made, *is_asked; /* by buffer; asked: for the number of its elements */
};

static void mark(const struct reading *r, bool *flags, int64_t buffer)
{
    if (buffer >= 0 && buffer < r->program->buffer_count)
        flags[buffer] = true;
}

static int64_t operand_number(const struct ir_node *node, int32_t k)
{
    const struct ir_node *operand = node->operands[k];
    bool is_known = operand->kind == IR_NODE_INSTR && operand->op == IR_CONST;
    return is_known ? operand->payload.integer : -1;
}

static void read_call(struct reading *r, const struct ir_node *node)
{
    enum ir_rt function = (enum ir_rt)node->payload.index;
    if (function == IR_RT_snn_rt_zeros_like)
        mark(r, r->is_asked, operand_number(node, 1));
    if (function == IR_RT_snn_rt_zeros_like || function == IR_RT_snn_rt_reserve ||
        function == IR_RT_snn_rt_resize || function == IR_RT_snn_rt_array) {
        mark(r, r->is_made, operand_number(node, 0));
        return;
    }
    for (int32_t k = 0; k < node->operand_count; k++) /* some may be plain numbers */
        if (ir_rt_parameter(function, k) == IR_I32)
            mark(r, r->is_read, operand_number(node, k));
}

static void read_block(struct ir_block *block, void *data)
{
    struct reading *r = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->kind == IR_NODE_CALL)
            read_block(&r->program->functions[node->call.function]->body, r);
        if (node->kind == IR_NODE_COMPACT)
            mark(r, r->is_read, node->compact.flags);
        if (node->kind == IR_NODE_LOOP)
            mark(r, r->is_read, node->loop.events);
        if (node->kind == IR_NODE_INSTR && node->op == IR_LOAD)
            mark(r, r->is_read, node->payload.index);
        if (node->kind == IR_NODE_INSTR && node->op == IR_CALL_RT)
            read_call(r, node);
        ir_for_each_block(node, read_block, data);
    }
}

static void mark_kept(struct compilation *c, struct ir_program *program, int32_t backward)
{
    size_t count = (size_t)program->buffer_count + 1;
    struct reading r = { program, arena_alloc_array(&c->arena, count, sizeof(bool)),
                         arena_alloc_array(&c->arena, count, sizeof(bool)),
                         arena_alloc_array(&c->arena, count, sizeof(bool)) };
    read_block(&program->functions[backward]->body, &r);
    for (int32_t k = 0; k < program->buffer_count; k++) /* derivatives */
        mark(&r, r.is_made, program->buffers[k].adjoint);
    for (int32_t k = 0; k < program->buffer_count; k++) {
        struct ir_buffer *buffer = &program->buffers[k];
        if (buffer->kind != SNN_BUFFER_LANE || r.is_made[k] || (!r.is_read[k] && !r.is_asked[k]))
            continue;
        buffer->kept_by = backward;
        buffer->has_kept_values = r.is_read[k];
    }
}

bool pass_keep(struct compilation *c, struct ir_program *program)
{
    for (int32_t i = 0; i < program->function_count; i++)
        if (program->functions[i]->reverse_of >= 0)
            mark_kept(c, program, i);
    return true;
}
