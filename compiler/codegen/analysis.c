/* SPDX-License-Identifier: MIT
 *
 * Facts about pieces of IR that decide how they are written: what differs between lanes, which
 * buffers stay where they are, what is short.
 */
#include <string.h>

#include "codegen/internal.h"
#include "ir/rt.h"

/* ---- what differs from lane to lane ---- */

struct varying_search {
    bool *is_varying; /* by node */
    int32_t *depths;  /* by VAR: how many varying conditions it is declared under */
    int32_t depth;    /* varying conditions around */
    bool has_changed;
};

static void visit_varying(struct ir_block *block, void *data);

static void mark(struct varying_search *s, const struct ir_node *node)
{
    if (!s->is_varying[node->id])
        s->has_changed = s->is_varying[node->id] = true;
}

static bool has_varying_operand(struct varying_search *s, const struct ir_node *node)
{
    for (int32_t k = 0; k < node->operand_count; k++)
        if (s->is_varying[node->operands[k]->id])
            return true;
    return false;
}

static void visit_instruction(struct varying_search *s, const struct ir_node *node)
{
    if (has_varying_operand(s, node))
        mark(s, node);
    switch (node->op) {
    case IR_VAR: s->depths[node->id] = s->depth; return;
    case IR_VAR_GET:
        if (s->is_varying[node->payload.node->id])
            mark(s, node);
        return;
    case IR_VAR_SET: {
        const struct ir_node *variable = node->payload.node;
        if (s->is_varying[node->id] || s->depth != s->depths[variable->id])
            mark(s, variable);
        return;
    }
    default: return;
    }
}

static void visit_inside(struct varying_search *s, struct ir_node *node, bool is_varying)
{
    s->depth += is_varying;
    ir_for_each_block(node, visit_varying, s);
    s->depth -= is_varying;
}

static void visit_reduce(struct varying_search *s, struct ir_node *node)
{
    bool low = s->is_varying[node->reduce.low->id], high = s->is_varying[node->reduce.high->id];
    bool is_varying = low || high;
    if (low)
        mark(s, node->reduce.index);
    visit_inside(s, node, is_varying);
    for (int32_t k = 0; k < node->reduce.key_count; k++)
        is_varying |= s->is_varying[node->reduce.keys[k]->id];
    if (node->reduce.condition != NULL)
        is_varying |= s->is_varying[node->reduce.condition->id];
    if (is_varying)
        mark(s, node);
}

static void visit_node(struct varying_search *s, struct ir_node *node)
{
    switch (node->kind) {
    case IR_NODE_INSTR: visit_instruction(s, node); return;
    case IR_NODE_LOOP: {
        bool low = s->is_varying[node->loop.low->id];
        if (low)
            mark(s, node->loop.index);
        visit_inside(s, node, low || s->is_varying[node->loop.high->id]);
        return;
    }
    case IR_NODE_REDUCE: visit_reduce(s, node); return;
    case IR_NODE_IF: visit_inside(s, node, s->is_varying[node->branch.condition->id]); return;
    case IR_NODE_WHILE:
        visit_inside(s, node, s->is_varying[node->loop_while.condition->id]);
        return;
    default: visit_inside(s, node, false); return;
    }
}

/* What follows a break runs only in the lanes that did not take it. */
static void visit_varying(struct ir_block *block, void *data)
{
    struct varying_search *s = data;
    int32_t depth = s->depth;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        visit_node(s, node);
        s->depth += analysis_may_leave(node);
    }
    s->depth = depth;
}

static void forget_varying(struct ir_block *block, void *data)
{
    bool *is_varying = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        is_varying[node->id] = false;
        if (node->kind == IR_NODE_LOOP)
            is_varying[node->loop.index->id] = false;
        if (node->kind == IR_NODE_REDUCE)
            is_varying[node->reduce.index->id] = false;
        if (node->kind == IR_NODE_WHILE)
            is_varying[node->loop_while.index->id] = false;
        ir_for_each_block(node, forget_varying, data);
    }
}

void analysis_find_varying(struct emitter *e, const struct ir_node *index,
                           const struct ir_block *block)
{
    struct ir_block inside = *block;
    struct varying_search search = { .is_varying = e->is_varying, .depths = e->depths };
    forget_varying(&inside, e->is_varying);
    e->is_varying[index->id] = true;
    do {
        search.has_changed = false;
        visit_varying(&inside, &search);
    } while (search.has_changed);
}

/* ---- buffers ---- */

struct buffer_search {
    struct generator *generator;
    bool *used, *changed; /* by buffer; null: not asked */
};

static void set_flag(bool *flags, int32_t index)
{
    if (flags != NULL && index >= 0)
        flags[index] = true;
}

static void change_all(struct buffer_search *s)
{
    for (int32_t k = 0; k < s->generator->program->buffer_count; k++) {
        const struct ir_buffer *buffer = &s->generator->program->buffers[k];
        if (buffer->kind == SNN_BUFFER_LOCAL || buffer->count < 0)
            set_flag(s->changed, k);
    }
}

static void find_in_call(struct buffer_search *s, const struct ir_node *node)
{
    if (node->payload.index == IR_RT_snn_rt_sample_keep ||
        node->payload.index == IR_RT_snn_rt_sample_recall ||
        node->payload.index == IR_RT_snn_rt_sample_return)
        change_all(s);
    if (node->payload.index != IR_RT_snn_rt_array && node->payload.index != IR_RT_snn_rt_resize &&
        node->payload.index != IR_RT_snn_rt_reserve &&
        node->payload.index != IR_RT_snn_rt_zeros_like)
        return;
    const struct ir_node *buffer = node->operands[0];
    if (buffer->kind == IR_NODE_INSTR && buffer->op == IR_CONST)
        set_flag(s->changed, (int32_t)buffer->payload.integer);
    else
        change_all(s);
}

static void find_in_block(struct ir_block *block, void *data)
{
    struct buffer_search *s = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->kind == IR_NODE_CALL)
            change_all(s);
        if (node->kind == IR_NODE_LOOP)
            set_flag(s->used, node->loop.events);
        if (node->kind == IR_NODE_COMPACT) {
            set_flag(s->used, node->compact.flags);
            set_flag(s->used, node->compact.list);
            set_flag(s->used, node->compact.count);
        }
        if (node->kind == IR_NODE_INSTR && (node->op == IR_LOAD || node->op == IR_STORE))
            set_flag(s->used, node->payload.index);
        if (node->kind == IR_NODE_INSTR && node->op == IR_CALL_RT)
            find_in_call(s, node);
        ir_for_each_block(node, find_in_block, data);
    }
}

void analysis_find_buffers(struct generator *g, const struct ir_block *block, bool *used,
                           bool *changed)
{
    struct buffer_search search = { g, used, changed };
    struct ir_block inside = *block;
    find_in_block(&inside, &search);
}

/* ---- size and kind ---- */

struct node_count {
    const struct emitter *e;
    int count;
};

static void count_in_block(struct ir_block *block, void *data)
{
    struct node_count *c = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        enum known known =
            node->kind == IR_NODE_IF ? c->e->known[node->branch.condition->id] : KNOWN_NOT;
        c->count += node->kind != IR_NODE_INSTR || node->op != IR_CONST;
        if (known == KNOWN_NOT)
            ir_for_each_block(node, count_in_block, data);
        else
            count_in_block(known == KNOWN_TRUE ? &node->branch.then_body : &node->branch.else_body,
                           data);
    }
}

int analysis_count_nodes(const struct emitter *e, const struct ir_block *block)
{
    struct node_count count = { e, 0 };
    struct ir_block inside = *block;
    count_in_block(&inside, &count);
    return count.count;
}

bool analysis_is_invariant(const struct ir_node *node, const bool *inside)
{
    if (!inside[node->id])
        return true;
    if (node->kind != IR_NODE_INSTR || (!ir_is_pure(node) && node->op != IR_CONTEXT_GET))
        return false;
    for (int32_t k = 0; k < node->operand_count; k++)
        if (!analysis_is_invariant(node->operands[k], inside))
            return false;
    return true;
}

/* A division of integers by what lanes at rest have could trap; divisions and roots are slow. */
static bool is_division(const struct ir_node *node)
{
    return node->op == IR_DIV || node->op == IR_MOD || node->op == IR_SQRT;
}

/* Short, and safe to run when no lane wants it: a scalar load needs one that does. */
bool analysis_is_cheap(struct emitter *e, const struct ir_block *block)
{
    enum { CHEAP_NODES = 12 };
    if (analysis_count_nodes(e, block) > CHEAP_NODES)
        return false;
    for (const struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->kind != IR_NODE_INSTR || node->op == IR_CALL_RT || is_division(node))
            return false;
        if (node->op == IR_LOAD && !e->is_varying[node->operands[0]->id])
            return false;
    }
    return true;
}

bool analysis_is_panic(enum ir_rt function)
{
    static const char prefix[] = "snn_rt_panic";
    return strncmp(ir_rt_name(function), prefix, sizeof prefix - 1) == 0;
}

static bool instruction_fits_lanes(const struct ir_node *node)
{
    if (node->op == IR_CALL_RT)
        return !ir_rt_takes_context((enum ir_rt)node->payload.index) &&
               node->type != IR_BOOL; /* not of texts */
    return node->type != IR_POINTER;
}

static bool node_fits_lanes(const struct ir_node *node)
{
    if (node->kind == IR_NODE_IF)
        return analysis_fits_lanes(&node->branch.then_body) &&
               analysis_fits_lanes(&node->branch.else_body);
    return node->kind == IR_NODE_INSTR && instruction_fits_lanes(node);
}

bool analysis_fits_lanes(const struct ir_block *block)
{
    for (const struct ir_node *node = block->first; node != NULL; node = node->next)
        if (!node_fits_lanes(node))
            return false;
    return true;
}

/* A loop whose body is little more than an inner loop that adds to a few variables: it waits for
 * the additions. */
bool analysis_has_chain(const struct emitter *e, const struct ir_node *loop)
{
    enum { SHORT_NODES = 48, SHORT_INNER_NODES = 12 };
    bool has_inner = false;
    if (loop->loop.is_wide)
        return true;
    if (analysis_count_nodes(e, &loop->loop.body) > SHORT_NODES)
        return false;
    for (const struct ir_node *node = loop->loop.body.first; node != NULL; node = node->next) {
        if (node->kind == IR_NODE_LOOP && !node->loop.is_vector &&
            analysis_count_nodes(e, &node->loop.body) <= SHORT_INNER_NODES)
            has_inner = true;
        else if (node->kind != IR_NODE_INSTR)
            return false;
    }
    return has_inner;
}

struct leave_search {
    const struct leave_search *outer;
    const struct ir_node *node; /* being looked into */
    bool *found;
};

static void find_leaving(struct ir_block *block, void *data);

static void look_into(const struct ir_node *node, const struct leave_search *outer, bool *found)
{
    struct leave_search search = { outer, node, found };
    struct ir_node copy = *node;
    if (node->kind == IR_NODE_BREAK || node->kind == IR_NODE_CONTINUE) {
        const struct leave_search *around = outer;
        while (around != NULL && around->node != node->jump.target)
            around = around->outer;
        *found |= around == NULL;
    }
    ir_for_each_block(&copy, find_leaving, &search);
}

static void find_leaving(struct ir_block *block, void *data)
{
    const struct leave_search *s = data;
    for (const struct ir_node *node = block->first; node != NULL; node = node->next)
        look_into(node, s, s->found);
}

bool analysis_may_leave(const struct ir_node *node)
{
    bool found = false;
    if (node->kind != IR_NODE_INSTR)
        look_into(node, NULL, &found);
    return found;
}

static void mark_block(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next)
        analysis_mark_inside(node, data);
}

void analysis_mark_inside(const struct ir_node *node, bool *inside)
{
    struct ir_node copy = *node;
    inside[node->id] = true;
    if (node->kind == IR_NODE_LOOP)
        inside[node->loop.index->id] = true;
    if (node->kind == IR_NODE_REDUCE)
        inside[node->reduce.index->id] = true;
    if (node->kind == IR_NODE_WHILE)
        inside[node->loop_while.index->id] = true;
    ir_for_each_block(&copy, mark_block, inside);
}
