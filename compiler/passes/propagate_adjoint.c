/* SPDX-License-Identifier: MIT
 *
 * The ways back through a connection. A source's spike or number has the weights times the adjoints
 * of its targets as its derivative; a weight has what its source sent times the adjoint of its
 * target.
 */
#include <math.h>

#include "ir/window.h"
#include "passes/propagation.h"

static struct ir_node *size(struct propagation *p, int32_t id)
{
    return ir_leaf(&p->b, IR_SIZE, IR_I64, id);
}

static struct ir_node *zero(struct propagation *p)
{
    return ir_integer(&p->b, 0);
}

static struct ir_node *target_adjoint(struct propagation *p, struct ir_node *target)
{
    return ir_load(&p->b, p->b.program->buffers[p->connection->target].adjoint,
                   propagation_place(p, target));
}

static struct ir_node *open_sources(struct propagation *p, const char *what)
{
    const char *name = arena_format(&p->c->arena, "%s.%s", p->connection->name, what);
    struct ir_node *loop = ir_loop(&p->b, name, zero(p), size(p, p->connection->source_size), true);
    p->b.before = NULL;
    p->b.block = &loop->loop.body;
    return loop->loop.index;
}

/* Runs over the synapses of a source. */
struct synapses {
    struct ir_node *low, *high;
    bool is_listed; /* the index is a synapse, its target is in `columns` */
};

static struct synapses synapses_of(struct propagation *p, struct ir_node *source)
{
    const struct ir_connection *c = p->connection;
    struct ir_node *next = ir_binary(&p->b, IR_ADD, source, ir_integer(&p->b, 1));
    if (c->topology == IR_SPARSE)
        return (struct synapses){ ir_load(&p->b, c->row_starts, source),
                                  ir_load(&p->b, c->row_starts, next), true };
    if (c->topology == IR_ONE_TO_ONE)
        return (struct synapses){ source, next, false };
    return (struct synapses){ zero(p), size(p, c->target_size), false };
}

static struct ir_node *synapse_of(struct propagation *p, struct ir_node *source,
                                  struct ir_node *index)
{
    enum ir_topology topology = p->connection->topology;
    return topology == IR_SPARSE || topology == IR_ONE_TO_ONE
               ? index
               : propagation_matrix_index(p, source, index);
}

static int32_t source_buffer(const struct propagation *p)
{
    return p->connection->values >= 0 ? p->connection->values : p->connection->flags;
}

static int32_t source_adjoint(const struct propagation *p)
{
    return p->b.program->buffers[source_buffer(p)].adjoint;
}

/* ---- windows ---- */

/* The adjoints of all filters at a place, next to each other: they are used for each source of the
 * window. */
static int32_t line_up(struct propagation *p, const struct window_walk *at)
{
    const struct ir_connection *c = p->connection;
    struct window_walk walk = *at;
    struct ir_buffer line = { .name = arena_format(&p->c->arena, "%s.place", c->name),
                              .type = SNN_FLOAT32,
                              .kind = SNN_BUFFER_LANE,
                              .count = c->window->to.sizes[IR_WINDOW_CHANNEL],
                              .unit = "",
                              .is_state = true };
    int32_t buffer = ir_add_buffer(p->c, p->b.program, line);
    struct ir_builder outer = p->b;
    struct ir_node *filter = window_open_filters(&walk, true)->loop.index;
    ir_store(&p->b, buffer, filter, target_adjoint(p, window_target(&walk)));
    p->b = outer;
    return buffer;
}

/* For each place the sources in its window; the filters, next to each other in the weights, are
 * summed up. */
static void transpose_window(struct propagation *p)
{
    struct window_walk walk = window_walk(&p->b, p->connection->window, p->connection->name);
    struct ir_node *low, *high;
    window_open_places(&walk, false);
    window_filters(&walk, &low, &high);
    int32_t line = line_up(p, &walk);
    window_open_sources(&walk, true);
    struct ir_node *source = window_source(&walk), *row = window_row(&walk);
    struct ir_node *sum = ir_reduce(&p->b, IR_REDUCE_SUM, IR_F32, low, high);
    struct ir_builder body = p->b;
    p->b.block = &sum->reduce.body;
    walk.to.at[IR_WINDOW_CHANNEL] = sum->reduce.index;
    struct ir_node *weight =
        ir_cast(&p->b, IR_F32, propagation_weight(p, window_synapse(&walk, row)));
    sum->reduce.keys[0] = ir_binary(&p->b, IR_MUL, weight, ir_load(&p->b, line, sum->reduce.index));
    sum->reduce.key_count = 1;
    p->b = body;
    propagation_add_to(p, source_adjoint(p), source, sum);
}

static struct ir_node *sent(struct propagation *p, struct ir_node *source)
{
    struct ir_node *value = ir_load(&p->b, source_buffer(p), source);
    if (value->type == IR_BOOL)
        value = ir_cast(&p->b, IR_I64, value);
    return ir_cast(&p->b, IR_F32, value);
}

/* Is the source the largest of the window at hand, and the first of equal ones? */
static struct ir_node *is_largest(struct propagation *p, struct window_walk *walk,
                                  struct ir_node *source)
{
    struct ir_node *best = ir_var(&p->b, "best", ir_integer(&p->b, -1));
    struct ir_node *largest = ir_var(&p->b, "largest", ir_real(&p->b, IR_F32, -INFINITY));
    struct ir_builder outer = p->b;
    struct window_walk inner = *walk;
    window_open_sources(&inner, false);
    struct ir_node *rival = window_source(&inner), *value = sent(p, rival);
    struct ir_node *is_above = ir_binary(&p->b, IR_GT, value, ir_get(&p->b, largest));
    ir_set(&p->b, best, ir_select(&p->b, is_above, rival, ir_get(&p->b, best)));
    ir_set(&p->b, largest, ir_select(&p->b, is_above, value, ir_get(&p->b, largest)));
    p->b = outer;
    return ir_binary(&p->b, IR_EQ, ir_get(&p->b, best), source);
}

static void transpose_pool(struct propagation *p)
{
    struct ir_node *source = open_sources(p, "transpose");
    struct window_walk walk = window_walk(&p->b, p->connection->window, p->connection->name);
    window_start_at(&walk, source);
    window_open_targets(&walk);
    struct ir_node *g = target_adjoint(p, window_target(&walk));
    struct ir_node *share = window_pooled(&p->b, p->connection, g);
    if (p->connection->topology == IR_MAX_POOL)
        share = ir_select(&p->b, is_largest(p, &walk, source), share, ir_real(&p->b, IR_F32, 0));
    propagation_add_to(p, source_adjoint(p), source, share);
}

/* ---- all topologies ---- */

/* The derivative by a source's spike or number: weights times the adjoints of its targets. */
static void transpose_synapses(struct propagation *p)
{
    const struct ir_connection *c = p->connection;
    struct ir_node *source = open_sources(p, "transpose");
    struct synapses s = synapses_of(p, source);
    struct ir_node *sum = ir_reduce(&p->b, IR_REDUCE_SUM, IR_F32, s.low, s.high);
    struct ir_builder body = p->b;
    p->b.block = &sum->reduce.body;
    struct ir_node *index = sum->reduce.index;
    struct ir_node *target = s.is_listed ? ir_load(&p->b, c->columns, index) : index;
    struct ir_node *weight = c->weight >= 0
                                 ? ir_load(&p->b, c->weight, synapse_of(p, source, index))
                                 : ir_leaf(&p->b, IR_CONSTANT, IR_F32, c->constant_weight);
    sum->reduce.keys[0] =
        ir_binary(&p->b, IR_MUL, ir_cast(&p->b, IR_F32, weight), target_adjoint(p, target));
    sum->reduce.key_count = 1;
    if (c->topology == IR_ALL_BUT_ONE)
        sum->reduce.condition = ir_binary(&p->b, IR_NE, index, source);
    p->b = body;
    propagation_add_to(p, source_adjoint(p), source, sum);
}

void propagate_transpose(struct propagation *p)
{
    struct ir_builder outer = p->b;
    switch (p->connection->topology) {
    case IR_CONV:
    case IR_LOCAL: transpose_window(p); break;
    case IR_AVG_POOL:
    case IR_MAX_POOL:
    case IR_SUM_POOL: transpose_pool(p); break;
    default: transpose_synapses(p); break;
    }
    p->b = outer;
}

/* What a source that sent `value` (null: a spike) gives to the derivatives by its weights. */
static void add_outer(struct propagation *p, struct ir_node *source, struct ir_node *value)
{
    const struct ir_connection *c = p->connection;
    const struct ir_buffer *weight = &p->b.program->buffers[c->weight];
    struct ir_node *base = zero(p);
    if (weight->adjoint_base >= 0)
        base = ir_binary(&p->b, IR_MUL, ir_load(&p->b, weight->adjoint_base, zero(p)),
                         size(p, weight->count));
    const char *name = arena_format(&p->c->arena, "%s.outer", c->name);
    struct ir_builder outer = p->b;
    if (c->window != NULL) {
        struct window_walk walk = window_walk(&p->b, c->window, c->name);
        window_start_at(&walk, source);
        window_open_targets(&walk);
        struct ir_node *row = window_row(&walk);
        window_open_filters(&walk, true);
        struct ir_node *g = target_adjoint(p, window_target(&walk));
        propagation_add_to(p, weight->adjoint,
                           ir_binary(&p->b, IR_ADD, base, window_synapse(&walk, row)),
                           value != NULL ? ir_binary(&p->b, IR_MUL, value, g) : g);
        p->b = outer;
        return;
    }
    struct synapses s = synapses_of(p, source);
    struct ir_node *loop = ir_loop(&p->b, name, s.low, s.high, true);
    p->b.before = NULL;
    p->b.block = &loop->loop.body;
    struct ir_node *index = loop->loop.index;
    struct ir_node *target = s.is_listed ? ir_load(&p->b, c->columns, index) : index;
    struct ir_node *g = target_adjoint(p, target);
    propagation_add_to(p, weight->adjoint,
                       ir_binary(&p->b, IR_ADD, base, synapse_of(p, source, index)),
                       value != NULL ? ir_binary(&p->b, IR_MUL, value, g) : g);
    p->b = outer;
}

void propagate_outer(struct propagation *p)
{
    const struct ir_connection *c = p->connection;
    struct ir_builder outer = p->b;
    if (c->values < 0) {
        struct arrivals a = propagation_arrivals(p);
        add_outer(p, propagation_open_events(p, &a, false, "outer"), NULL);
        p->b = outer;
        return;
    }
    const char *name = arena_format(&p->c->arena, "%s.outer", c->name);
    struct ir_node *loop = ir_loop(&p->b, name, zero(p), size(p, c->source_size), false);
    p->b.before = NULL;
    p->b.block = &loop->loop.body;
    struct ir_node *value = ir_cast(&p->b, IR_F32, ir_load(&p->b, c->values, loop->loop.index));
    struct ir_node *some = ir_if(&p->b, ir_binary(&p->b, IR_NE, value, ir_real(&p->b, IR_F32, 0)));
    p->b.block = &some->branch.then_body;
    add_outer(p, loop->loop.index, value);
    p->b = outer;
}
