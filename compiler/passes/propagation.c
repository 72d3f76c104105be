/* SPDX-License-Identifier: MIT
 *
 * Turns propagations into loops over the spikes that arrive. A dense connection adds rows of
 * weights: the targets run in lanes, each collects its spikes in a register. One constant weight
 * needs no memory.
 *
 * Each target's sum has the order of its sources, so every form gives the same bits. Where synapses
 * have delays of their own, the order is by delay, then by source.
 */
#include "passes/propagation.h"

#include "passes/passes.h"

static struct ir_node *size(struct propagation *p, int32_t id)
{
    return ir_leaf(&p->b, IR_SIZE, IR_I64, id);
}

static struct ir_node *zero(struct propagation *p)
{
    return ir_integer(&p->b, 0);
}

static struct ir_node *ring_row(struct propagation *p, struct ir_node *delay)
{
    struct ir_node *clock = ir_load(&p->b, p->connection->clock, zero(p));
    return ir_ring_row(&p->b, ir_binary(&p->b, IR_SUB, clock, delay),
                       size(p, p->connection->ring_slots));
}

static struct arrivals arrivals_of_row(struct propagation *p, struct ir_node *row)
{
    struct arrivals a;
    a.count = ir_load(&p->b, p->connection->spike_counts, row);
    a.low = ir_binary(&p->b, IR_MUL, row, size(p, p->connection->source_size));
    a.high = ir_binary(&p->b, IR_ADD, a.low, a.count);
    return a;
}

struct arrivals propagation_arrivals(struct propagation *p)
{
    if (p->connection->ring_slots >= 0)
        return arrivals_of_row(p, ring_row(p, size(p, p->connection->delay)));
    struct arrivals a = { .low = zero(p) };
    a.count = ir_load(&p->b, p->connection->spike_counts, zero(p));
    if (p->connection->spike_first >= 0)
        a.low = ir_load(&p->b, p->connection->spike_first, zero(p));
    a.high = ir_binary(&p->b, IR_ADD, a.low, a.count);
    return a;
}

struct ir_node *propagation_open_events(struct propagation *p, const struct arrivals *a,
                                        bool is_independent, const char *what)
{
    const char *name = arena_format(&p->c->arena, "%s.%s", p->connection->name, what);
    struct ir_node *loop = ir_loop(&p->b, name, a->low, a->high, is_independent);
    loop->loop.events = p->connection->spikes;
    p->b.before = NULL;
    p->b.block = &loop->loop.body;
    return loop->loop.index;
}

struct ir_node *propagation_open_loop(struct propagation *p, const char *what, struct ir_node *low,
                                      struct ir_node *high, bool is_independent)
{
    const char *name = arena_format(&p->c->arena, "%s.%s", p->connection->name, what);
    struct ir_node *loop = ir_loop(&p->b, name, low, high, is_independent);
    p->b.before = NULL;
    p->b.block = &loop->loop.body;
    return loop->loop.index;
}

struct ir_node *propagation_open_targets(struct propagation *p, const char *what)
{
    return propagation_open_loop(p, what, zero(p), size(p, p->connection->target_size), true);
}

enum ir_type propagation_target_type(const struct propagation *p)
{
    return ir_buffer_value_type(p->b.program->buffers[p->connection->target].type);
}

static struct ir_node *constant_weight(struct propagation *p)
{
    if (p->connection->constant_weight < 0)
        return ir_real(&p->b, propagation_target_type(p), 1);
    return ir_leaf(&p->b, IR_CONSTANT, propagation_target_type(p), p->connection->constant_weight);
}

struct ir_node *propagation_place(struct propagation *p, struct ir_node *target)
{
    return p->base != NULL ? ir_binary(&p->b, IR_ADD, p->base, target) : target;
}

void propagation_add_to(struct propagation *p, int32_t buffer, struct ir_node *index,
                        struct ir_node *value)
{
    struct ir_node *old = ir_load(&p->b, buffer, index);
    ir_store(&p->b, buffer, index, ir_binary(&p->b, IR_ADD, old, ir_cast(&p->b, old->type, value)));
}

void propagation_add(struct propagation *p, struct ir_node *target, struct ir_node *value)
{
    propagation_add_to(p, p->connection->target, propagation_place(p, target), value);
}

struct ir_node *propagation_matrix_index(struct propagation *p, struct ir_node *source,
                                         struct ir_node *target)
{
    return ir_binary(&p->b, IR_ADD,
                     ir_binary(&p->b, IR_MUL, source, size(p, p->connection->row_size)), target);
}

struct ir_node *propagation_weight(struct propagation *p, struct ir_node *synapse)
{
    if (p->connection->weight < 0)
        return constant_weight(p);
    return ir_cast(&p->b, propagation_target_type(p),
                   ir_load(&p->b, p->connection->weight, synapse));
}

/* ---- spikes ---- */

struct ir_node *propagation_graded(struct propagation *p, struct ir_node *source,
                                   struct ir_node *weight)
{
    if (!p->connection->is_graded)
        return weight;
    struct ir_node *value = ir_load(&p->b, p->connection->values, source);
    return ir_binary(&p->b, IR_MUL, weight, ir_cast(&p->b, weight->type, value));
}

static struct ir_node *weight_of_pair(struct propagation *p, struct ir_node *source,
                                      struct ir_node *target)
{
    if (p->connection->weight >= 0)
        return propagation_weight(p, propagation_matrix_index(p, source, target));
    if (p->connection->topology != IR_ALL_BUT_ONE)
        return constant_weight(p);
    return ir_select(&p->b, ir_binary(&p->b, IR_EQ, source, target),
                     ir_real(&p->b, propagation_target_type(p), 0), constant_weight(p));
}

/* What a spike of the source gives to the target. */
static struct ir_node *given(struct propagation *p, struct ir_node *source, struct ir_node *target)
{
    return propagation_graded(p, source, weight_of_pair(p, source, target));
}

/* The loop right before writes all targets anyway: pass `fuse` makes it one with the rows. */
static bool follows_clearing(const struct propagation *p)
{
    const struct ir_node *node = p->b.before->previous;
    while (node != NULL && node->kind == IR_NODE_INSTR && node->op != IR_STORE &&
           node->op != IR_CALL_RT)
        node = node->previous;
    if (node == NULL || node->kind != IR_NODE_LOOP || node->loop.events >= 0)
        return false;
    for (const struct ir_node *n = node->loop.body.first; n != NULL; n = n->next)
        if (n->kind == IR_NODE_INSTR && n->op == IR_STORE &&
            n->payload.index == p->connection->target && p->base == NULL &&
            n->operands[0] == node->loop.index)
            return true;
    return false;
}

static void dense_rows(struct propagation *p)
{
    bool is_always = follows_clearing(p);
    struct arrivals a = propagation_arrivals(p);
    struct ir_builder outer = p->b;
    if (!is_always) {
        struct ir_node *some = ir_if(&p->b, ir_binary(&p->b, IR_GT, a.count, zero(p)));
        p->b.before = NULL;
        p->b.block = &some->branch.then_body;
    }
    struct ir_node *target = propagation_open_targets(p, "rows");
    struct ir_node *total =
        ir_var(&p->b, "total", ir_load(&p->b, p->connection->target, propagation_place(p, target)));
    struct ir_builder body = p->b;
    struct ir_node *source = propagation_open_events(p, &a, false, "spikes");
    ir_set(&p->b, total, ir_binary(&p->b, IR_ADD, ir_get(&p->b, total), given(p, source, target)));
    p->b = body;
    ir_store(&p->b, p->connection->target, propagation_place(p, target), ir_get(&p->b, total));
    p->b = outer;
    const char *how = p->connection->weight >= 0
                          ? "each spike adds one row of weights; targets run in lanes"
                          : "each spike adds one constant weight, no matrix; targets run in lanes";
    remark(p->c, p->connection->span, "propagation", "'%s': %s", p->connection->name, how);
}

static void one_to_one(struct propagation *p)
{
    struct arrivals a = propagation_arrivals(p);
    struct ir_builder outer = p->b;
    struct ir_node *source = propagation_open_events(p, &a, !p->connection->may_repeat, "spikes");
    propagation_add(p, source, propagation_graded(p, source, propagation_weight(p, source)));
    p->b = outer;
    remark(p->c, p->connection->span, "propagation", "'%s': each spike touches one neuron",
           p->connection->name);
}

static void add_synapses(struct propagation *p, struct ir_node *source, struct ir_node *low,
                         struct ir_node *high)
{
    struct ir_builder outer = p->b;
    struct ir_node *loop = ir_loop(&p->b, "synapses", low, high, true);
    p->b.before = NULL;
    p->b.block = &loop->loop.body;
    struct ir_node *target = ir_load(&p->b, p->connection->columns, loop->loop.index);
    struct ir_node *synapse = p->connection->topology == IR_SPARSE
                                  ? loop->loop.index
                                  : propagation_matrix_index(p, source, target);
    propagation_add(p, target, propagation_graded(p, source, propagation_weight(p, synapse)));
    p->b = outer;
}

static void sparse_rows(struct propagation *p)
{
    struct arrivals a = propagation_arrivals(p);
    struct ir_builder outer = p->b;
    struct ir_node *source = propagation_open_events(p, &a, false, "spikes");
    struct ir_node *next = ir_binary(&p->b, IR_ADD, source, ir_integer(&p->b, 1));
    add_synapses(p, source, ir_load(&p->b, p->connection->row_starts, source),
                 ir_load(&p->b, p->connection->row_starts, next));
    p->b = outer;
    remark(p->c, p->connection->span, "propagation",
           "'%s': each spike touches the synapses of its neuron", p->connection->name);
}

/* For each delay, the spikes of that many steps ago and of their neurons the synapses with that
 * delay. */
static void delayed_synapses(struct propagation *p)
{
    struct ir_builder outer = p->b;
    struct ir_node *one = ir_integer(&p->b, 1), *longest = size(p, p->connection->max_delay);
    struct ir_node *ages =
        ir_loop(&p->b, arena_format(&p->c->arena, "%s.delays", p->connection->name), zero(p),
                ir_binary(&p->b, IR_ADD, longest, one), false);
    p->b.before = NULL;
    p->b.block = &ages->loop.body;
    struct ir_node *age = ages->loop.index;
    struct ir_node *past = p->connection->delay >= 0
                               ? ir_binary(&p->b, IR_ADD, age, size(p, p->connection->delay))
                               : age;
    struct arrivals a = arrivals_of_row(p, ring_row(p, past));
    struct ir_node *source = propagation_open_events(p, &a, false, "spikes");
    struct ir_node *buckets = ir_binary(&p->b, IR_ADD, longest, ir_integer(&p->b, 2));
    struct ir_node *bucket =
        ir_binary(&p->b, IR_ADD, ir_binary(&p->b, IR_MUL, source, buckets), age);
    struct ir_node *low = ir_load(&p->b, p->connection->bucket_starts, bucket);
    add_synapses(
        p, source, low,
        ir_load(&p->b, p->connection->bucket_starts, ir_binary(&p->b, IR_ADD, bucket, one)));
    p->b = outer;
    remark(p->c, p->connection->span, "propagation",
           "'%s': delays of their own: synapses ordered by delay, a ring of spikes",
           p->connection->name);
}

/* ---- numbers ---- */

static void send_numbers(struct propagation *p)
{
    struct ir_builder outer = p->b;
    struct ir_node *target = propagation_open_targets(p, "values");
    enum ir_type type = propagation_target_type(p);
    if (p->connection->topology == IR_ONE_TO_ONE) {
        struct ir_node *value = ir_cast(&p->b, type, ir_load(&p->b, p->connection->values, target));
        propagation_add(p, target, ir_binary(&p->b, IR_MUL, propagation_weight(p, target), value));
        p->b = outer;
        return;
    }
    struct ir_node *total =
        ir_var(&p->b, "total", ir_load(&p->b, p->connection->target, propagation_place(p, target)));
    struct ir_builder body = p->b;
    struct ir_node *loop =
        ir_loop(&p->b, "sources", zero(p), size(p, p->connection->source_size), false);
    p->b.block = &loop->loop.body;
    struct ir_node *source = loop->loop.index;
    struct ir_node *weight = propagation_weight(p, propagation_matrix_index(p, source, target));
    if (p->connection->topology == IR_ALL_BUT_ONE)
        weight = ir_select(&p->b, ir_binary(&p->b, IR_EQ, source, target), ir_real(&p->b, type, 0),
                           weight);
    struct ir_node *value = ir_cast(&p->b, type, ir_load(&p->b, p->connection->values, source));
    ir_set(&p->b, total,
           ir_binary(&p->b, IR_ADD, ir_get(&p->b, total), ir_binary(&p->b, IR_MUL, weight, value)));
    p->b = body;
    ir_store(&p->b, p->connection->target, propagation_place(p, target), ir_get(&p->b, total));
    p->b = outer;
}

/* ---- the pass ---- */

static bool expand_numbers(struct propagation *p)
{
    switch (p->connection->topology) {
    case IR_SPARSE:
        return diag_error(p->c, p->connection->span,
                          "numbers cannot be sent through a sparse connection yet");
    case IR_DENSE:
    case IR_ONE_TO_ONE:
    case IR_ALL_BUT_ONE: send_numbers(p); return true;
    case IR_CONV:
    case IR_LOCAL: propagate_window_values(p); return true;
    case IR_AVG_POOL:
    case IR_MAX_POOL:
    case IR_SUM_POOL: propagate_pool_values(p); return true;
    }
    unreachable();
}

static bool expand(struct propagation *p)
{
    const struct ir_connection *c = p->connection;
    bool is_pool =
        c->topology == IR_AVG_POOL || c->topology == IR_MAX_POOL || c->topology == IR_SUM_POOL;
    if (c->values >= 0 && (!c->is_graded || is_pool))
        return expand_numbers(p);
    if (c->bucket_starts >= 0) {
        delayed_synapses(p);
        return true;
    }
    switch (c->topology) {
    case IR_SPARSE: sparse_rows(p); return true;
    case IR_ONE_TO_ONE: one_to_one(p); return true;
    case IR_DENSE:
    case IR_ALL_BUT_ONE: dense_rows(p); return true;
    case IR_CONV:
    case IR_LOCAL: propagate_window_spikes(p); return true;
    case IR_AVG_POOL:
    case IR_MAX_POOL:
    case IR_SUM_POOL: propagate_pool_spikes(p); return true;
    }
    unreachable();
}

static void expand_steps(struct propagation *p, const struct ir_node *node)
{
    switch (node->propagate.mode) {
    case IR_PROPAGATE_FORWARD: propagate_steps(p, node->propagate.steps); return;
    case IR_PROPAGATE_TRANSPOSE: propagate_steps_transpose(p, node->propagate.steps); return;
    case IR_PROPAGATE_OUTER: propagate_steps_outer(p, node->propagate.steps); return;
    }
    unreachable();
}

static void visit_block(struct ir_block *block, void *data)
{
    struct propagation *p = data;
    for (struct ir_node *node = block->first, *next; node != NULL; node = next) {
        next = node->next;
        if (node->kind != IR_NODE_PROPAGATE) {
            ir_for_each_block(node, visit_block, p);
            continue;
        }
        p->connection = &p->b.program->connections[node->propagate.connection];
        p->b.block = block;
        p->b.before = node;
        p->b.span = p->connection->span;
        p->base = node->propagate.base;
        if (node->propagate.steps != NULL)
            expand_steps(p, node);
        else if (node->propagate.mode == IR_PROPAGATE_TRANSPOSE)
            propagate_transpose(p);
        else if (node->propagate.mode == IR_PROPAGATE_OUTER)
            propagate_outer(p);
        else
            expand(p);
        ir_remove(block, node);
    }
}

bool pass_propagation(struct compilation *c, struct ir_program *program)
{
    size_t errors = c->diagnostics.error_count;
    for (int32_t i = 0; i < program->function_count; i++) {
        struct propagation p = { .c = c };
        p.b = (struct ir_builder){ .compilation = c,
                                   .program = program,
                                   .function = program->functions[i] };
        visit_block(&program->functions[i]->body, &p);
        ir_number(program->functions[i]);
    }
    program->gone |= IR_GONE_PROPAGATION;
    return c->diagnostics.error_count == errors;
}
