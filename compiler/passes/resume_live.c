/* SPDX-License-Identifier: MIT
 *
 * Which buffers a process needs that goes on with the next turn of a loop: those that are read
 * after that before they are made anew. Code is looked at in the order in which it stands, from the
 * point to the end of the loop, then from the start of each loop around it; what is made in a
 * branch or a loop counts only in there.
 */
#include "ir/rt.h"
#include "passes/resume.h"

#include <string.h>

struct live {
    struct arena *arena;
    const struct ir_program *program;
    bool *is_live, *is_made; /* by buffer */
};

static void see(struct live *live, int64_t buffer)
{
    if (buffer >= 0 && buffer < live->program->buffer_count && !live->is_made[buffer])
        live->is_live[buffer] = true;
}

static int64_t operand_number(const struct ir_node *node, int32_t k)
{
    const struct ir_node *operand = node->operands[k];
    bool is_known = operand->kind == IR_NODE_INSTR && operand->op == IR_CONST;
    return is_known ? operand->payload.integer : -1;
}

/* The first parameter that may be a buffer: those of type int32 are, where they are no number of
 * something else. */
static int32_t first_buffer(enum ir_rt function)
{
    switch (function) {
    case IR_RT_snn_rt_data_open:
    case IR_RT_snn_rt_data_set:
    case IR_RT_snn_rt_matrix_exponential: return INT32_MAX;
    case IR_RT_snn_rt_propagator:
    case IR_RT_snn_rt_crossings: return 2;
    default: return 0;
    }
}

static int32_t buffers_of(enum ir_rt function)
{
    switch (function) {
    case IR_RT_snn_rt_queue_add:
    case IR_RT_snn_rt_queue_add_synapses:
    case IR_RT_snn_rt_queue_take: return 3; /* a queue is three in a row */
    default: return 1;
    }
}

static void see_call(struct live *live, const struct ir_node *node)
{
    enum ir_rt function = (enum ir_rt)node->payload.index;
    switch (function) {
    case IR_RT_snn_rt_zeros_like: see(live, operand_number(node, 1)); /* fall through */
    case IR_RT_snn_rt_array:
    case IR_RT_snn_rt_resize:
    case IR_RT_snn_rt_reserve: live->is_made[operand_number(node, 0)] = true; return;
    default: break;
    }
    for (int32_t k = first_buffer(function); k < node->operand_count; k++)
        if (ir_rt_parameter(function, k) == IR_I32)
            for (int32_t i = 0; i < (k == 0 ? buffers_of(function) : 1); i++)
                see(live, operand_number(node, k) + i);
}

static void see_nodes(struct live *live, struct ir_node *first);

/* A block that may not run, or several times. */
static void see_block(struct ir_block *block, void *data)
{
    struct live *live = data;
    size_t count = (size_t)live->program->buffer_count;
    bool *outer = live->is_made;
    live->is_made = arena_alloc_array(live->arena, count + 1, sizeof *outer);
    memcpy(live->is_made, outer, count * sizeof *outer);
    see_nodes(live, block->first);
    live->is_made = outer;
}

static void see_nodes(struct live *live, struct ir_node *first)
{
    for (struct ir_node *node = first; node != NULL; node = node->next) {
        if (node->kind == IR_NODE_CALL)
            see_nodes(live, live->program->functions[node->call.function]->body.first);
        else if (node->kind == IR_NODE_BLOCK)
            see_nodes(live, node->block.body.first);
        else
            ir_for_each_block(node, see_block, live);
        if (node->kind == IR_NODE_COMPACT)
            see(live, node->compact.flags);
        if (node->kind == IR_NODE_LOOP)
            see(live, node->loop.events);
        if (node->kind == IR_NODE_INSTR && node->op == IR_LOAD)
            see(live, node->payload.index);
        if (node->kind == IR_NODE_INSTR && node->op == IR_CALL_RT)
            see_call(live, node);
    }
}

static void see_from(struct live *live, struct ir_node *first)
{
    size_t count = (size_t)live->program->buffer_count;
    memset(live->is_made, 0, count * sizeof *live->is_made);
    see_nodes(live, first);
}

/* What stands before the carrier and runs again, looks into these. */
static void see_before(struct live *live, const struct ir_node *carrier)
{
    for (const struct ir_node *node = carrier->previous; node != NULL; node = node->previous)
        if (node->kind == IR_NODE_INSTR && node->op == IR_CALL_RT &&
            node->payload.index == IR_RT_snn_rt_data_where)
            live->is_live[operand_number(node, 1)] = true;
}

void resume_find_live(const struct resume *r, struct resume_carrier *point)
{
    size_t count = (size_t)r->program->buffer_count + 1;
    struct live live = { .arena = &r->c->arena, .program = r->program };
    live.is_live = point->is_live = arena_alloc_array(&r->c->arena, count, sizeof *live.is_live);
    live.is_made = arena_alloc_array(&r->c->arena, count, sizeof *live.is_made);
    for (const struct resume_carrier *at = point; at != NULL; at = at->around) {
        if (at->node->kind == IR_NODE_LOOP)
            see_from(&live, at->node->loop.body.first);
        if (at->node->kind == IR_NODE_WHILE) {
            see_from(&live, at->node->loop_while.test.first);
            see_from(&live, at->node->loop_while.body.first);
        }
        see_from(&live, at->node->next);
        see_before(&live, at->node);
    }
}
