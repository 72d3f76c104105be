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

static struct ir_node *open_range(struct propagation *p, const char *what, struct ir_node *high,
                                  bool is_independent)
{
    return propagation_open_loop(p, what, zero(p), high, is_independent);
}

static void list_active(struct propagation *p, struct ir_node *high)
{
    const struct ir_way_back *back = p->connection->back;
    ir_compact(&p->b, back->is_active, back->active, back->active_count, high);
}

/* Of the target of a walk, which may be in the laid out copy. */
static struct ir_node *adjoint_at(struct propagation *p, struct window_walk *walk)
{
    bool is_laid = p->connection->laid >= 0 && window_has_filters_last(walk->window);
    struct ir_node *target = window_target(walk);
    return is_laid ? ir_load(&p->b, p->connection->laid, target) : target_adjoint(p, target);
}

static void lay_out_adjoints(struct propagation *p)
{
    propagation_lay_out(p, p->b.program->buffers[p->connection->target].adjoint, false);
}

/* The adjoints of the filters at a place, next to each other, and a list of those that are not 0:
 * many are where pools or surrogates let few through. */
static void line_up(struct propagation *p, const struct window_walk *at, struct ir_node *low,
                    struct ir_node *high)
{
    const struct ir_way_back *back = p->connection->back;
    struct window_walk walk = *at;
    struct ir_node *count = ir_binary(&p->b, IR_SUB, high, low);
    struct ir_builder outer = p->b;
    struct ir_node *i = open_range(p, "line", count, true);
    walk.to.at[IR_WINDOW_CHANNEL] = ir_binary(&p->b, IR_ADD, low, i);
    struct ir_node *g = adjoint_at(p, &walk);
    ir_store(&p->b, back->line, i, g);
    ir_store(&p->b, back->is_active, i, ir_binary(&p->b, IR_NE, g, ir_real(&p->b, IR_F32, 0)));
    p->b = outer;
    list_active(p, count);
}

/* row[i] = sum over the active targets k, whose adjoints are `adjoints` from `first` on and whose
 * weights begin at line `line` + k of the turned ones. Adds to `sums`, or sets them. */
static struct ir_node *active_sum(struct propagation *p, struct ir_node *i, struct ir_node *start,
                                  int32_t adjoints, struct ir_node *first, struct window_walk *at,
                                  struct ir_node *low)
{
    const struct ir_connection *c = p->connection;
    struct ir_node *sum = ir_var(&p->b, "sum", start);
    struct ir_builder body = p->b;
    struct ir_node *loop =
        ir_loop_events(&p->b, arena_format(&p->c->arena, "%s.active", c->name), c->back->active,
                       ir_load(&p->b, c->back->active_count, zero(p)), false);
    p->b.before = NULL;
    p->b.block = &loop->loop.body;
    struct ir_node *k = loop->loop.index, *line = k;
    if (at != NULL) {
        struct window_walk walk = *at;
        walk.to.at[IR_WINDOW_CHANNEL] = ir_binary(&p->b, IR_ADD, low, k);
        line = c->window->is_shared ? walk.to.at[IR_WINDOW_CHANNEL] : window_target(&walk);
    }
    struct ir_node *place = ir_binary(&p->b, IR_MUL, line, size(p, c->back->row));
    struct ir_node *weight = ir_load(&p->b, c->back->turned, ir_binary(&p->b, IR_ADD, place, i));
    struct ir_node *g =
        ir_load(&p->b, adjoints, first != NULL ? ir_binary(&p->b, IR_ADD, first, k) : k);
    ir_set(&p->b, sum,
           ir_binary(&p->b, IR_ADD, ir_get(&p->b, sum), ir_binary(&p->b, IR_MUL, weight, g)));
    p->b = body;
    return ir_get(&p->b, sum);
}

/* From the field, whose order is y, x, channel, to the adjoints of the sources. */
static void add_field(struct propagation *p)
{
    const struct ir_window *window = p->connection->window;
    const struct ir_window_side *from = &window->from, *field = &p->connection->back->window->from;
    struct ir_builder outer = p->b;
    struct ir_node *source = zero(p), *place = zero(p);
    for (int i = 0; i < 3; i++) {
        enum ir_window_axis axis = from->order[i];
        struct ir_node *at = open_range(p, "field", ir_known_size(&p->b, from->sizes[axis]), true);
        struct ir_node *a = ir_binary(&p->b, IR_MUL, at, ir_known_size(&p->b, from->strides[axis]));
        struct ir_node *b =
            ir_binary(&p->b, IR_MUL, at, ir_known_size(&p->b, field->strides[axis]));
        source = ir_binary(&p->b, IR_ADD, source, a);
        place = ir_binary(&p->b, IR_ADD, place, b);
    }
    propagation_add_to(p, source_adjoint(p), source,
                       ir_load(&p->b, p->connection->back->field, place));
    p->b = outer;
}

static void clear_field(struct propagation *p)
{
    struct ir_builder outer = p->b;
    struct ir_node *i = open_sources(p, "field");
    ir_store(&p->b, p->connection->back->field, i, ir_real(&p->b, IR_F32, 0));
    p->b = outer;
}

/* What a place gives to its window, to the sources that are there; its patch begins at `first`
 * (null: 0). */
static void add_patch(struct propagation *p, struct window_walk *walk, struct ir_node *first)
{
    const struct ir_way_back *back = p->connection->back;
    struct ir_node *source, *at;
    if (window_has_lines(walk->window)) {
        window_open_lines(walk, &source, &at);
    } else {
        window_open_sources(walk, true);
        source = window_source(walk);
        at = window_in_window(walk);
    }
    if (first != NULL)
        at = ir_binary(&p->b, IR_ADD, first, at);
    propagation_add_to(p, back->field >= 0 ? back->field : source_adjoint(p), source,
                       ir_load(&p->b, back->patch, at));
}

/* Where the filters of a place are next to each other: places times filters, by the weights of
 * filters. */
static void give_products(struct propagation *p)
{
    const struct ir_connection *c = p->connection;
    const struct ir_way_back *back = c->back;
    const struct ir_window_side *to = &back->window->to;
    struct ir_node *filters = size(p, to->sizes[IR_WINDOW_CHANNEL]), *row = size(p, back->row);
    struct ir_node *places =
        ir_binary(&p->b, IR_MUL, size(p, to->sizes[IR_WINDOW_Y]), size(p, to->sizes[IR_WINDOW_X]));
    bool is_laid = c->laid >= 0;
    struct product m = { .p = p,
                         .rows = places,
                         .lanes = row,
                         .inner = filters,
                         .result = back->patch,
                         .result_start = zero(p),
                         .result_row = row,
                         .matrix = back->turned,
                         .matrix_start = zero(p),
                         .matrix_row = row,
                         .factor = is_laid ? c->laid : p->b.program->buffers[c->target].adjoint,
                         .factor_start = is_laid ? zero(p) : propagation_place(p, zero(p)),
                         .factor_row = filters,
                         .factor_inner = ir_integer(&p->b, 1),
                         .starts = back->active_starts,
                         .events = back->actives,
                         .is_new = true };
    ir_call_rt(&p->b, IR_RT_snn_rt_reserve, 2,
               (struct ir_node *[]){ ir_integer(&p->b, back->patch),
                                     ir_binary(&p->b, IR_MUL, places, row) });
    propagation_list_adjoints(&m);
    propagation_multiply(&m);
    struct ir_builder outer = p->b;
    struct window_walk walk = window_walk(&p->b, back->window, c->name);
    window_open_places(&walk, false);
    walk.to.at[IR_WINDOW_CHANNEL] = zero(p);
    struct ir_node *place = ir_binary(&p->b, IR_DIV, window_target(&walk), filters);
    struct ir_node *next = ir_binary(&p->b, IR_ADD, place, ir_integer(&p->b, 1));
    struct ir_node *some =
        ir_if(&p->b, ir_binary(&p->b, IR_GT, ir_load(&p->b, back->active_starts, next),
                               ir_load(&p->b, back->active_starts, place)));
    p->b.before = NULL;
    p->b.block = &some->branch.then_body;
    add_patch(p, &walk, ir_binary(&p->b, IR_MUL, place, row));
    p->b = outer;
}

/* Place by place: what its active filters give to all of its window. */
static void give_places(struct propagation *p)
{
    const struct ir_way_back *back = p->connection->back;
    struct ir_builder outer = p->b;
    struct window_walk walk = window_walk(&p->b, back->window, p->connection->name);
    struct ir_node *low, *high;
    window_open_places(&walk, false);
    window_filters(&walk, &low, &high);
    line_up(p, &walk, low, high);
    struct ir_node *count = ir_load(&p->b, back->active_count, zero(p));
    struct ir_node *some = ir_if(&p->b, ir_binary(&p->b, IR_GT, count, zero(p)));
    p->b.before = NULL;
    p->b.block = &some->branch.then_body;
    struct ir_builder place = p->b;
    struct ir_node *i = open_range(p, "patch", size(p, back->row), true);
    ir_store(&p->b, back->patch, i,
             active_sum(p, i, ir_real(&p->b, IR_F32, 0), back->line, NULL, &walk, low));
    p->b = place;
    add_patch(p, &walk, NULL);
    p->b = outer;
}

static void transpose_window(struct propagation *p)
{
    const struct ir_way_back *back = p->connection->back;
    if (p->connection->laid >= 0)
        lay_out_adjoints(p);
    if (back->field >= 0)
        clear_field(p);
    if (back->active_starts >= 0)
        give_products(p);
    else
        give_places(p);
    if (back->field >= 0)
        add_field(p);
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

/* The largest number of a window gets all. */
static void transpose_winners(struct propagation *p)
{
    struct ir_node *target = open_range(p, "winners", size(p, p->connection->target_size), false);
    struct ir_node *winner =
        ir_load(&p->b, p->connection->back->winners, propagation_place(p, target));
    propagation_add_to(p, source_adjoint(p), ir_cast(&p->b, IR_I64, winner),
                       window_pooled(&p->b, p->connection, target_adjoint(p, target)));
}

/* Do windows lie side by side, so that a source is in one at most? */
static bool are_side_by_side(const struct propagation *p)
{
    const struct ir_window *window = p->connection->window;
    const struct ir_size *kernel = &p->b.program->sizes[window->kernel],
                         *stride = &p->b.program->sizes[window->stride];
    bool is_same = window->kernel == window->stride ||
                   (kernel->is_known && stride->is_known && kernel->value == stride->value);
    return is_same && window->padding < 0;
}

/* Each source has the share of its window; what is left over at the far ends is in none. */
static void transpose_tiles(struct propagation *p)
{
    const struct ir_window *window = p->connection->window;
    struct ir_node *kernel = ir_known_size(&p->b, window->kernel);
    struct ir_node *source = zero(p), *target = zero(p);
    for (int i = 0; i < 3; i++) {
        enum ir_window_axis axis = window->from.order[i];
        struct ir_node *high = ir_known_size(&p->b, window->to.sizes[axis]);
        if (axis != IR_WINDOW_CHANNEL)
            high = ir_binary(&p->b, IR_MUL, high, kernel);
        struct ir_node *at = open_range(p, "tiles", high, true);
        struct ir_node *a =
            ir_binary(&p->b, IR_MUL, at, ir_known_size(&p->b, window->from.strides[axis]));
        if (axis != IR_WINDOW_CHANNEL)
            at = ir_binary(&p->b, IR_DIV, at, kernel);
        struct ir_node *b =
            ir_binary(&p->b, IR_MUL, at, ir_known_size(&p->b, window->to.strides[axis]));
        source = ir_binary(&p->b, IR_ADD, source, a);
        target = ir_binary(&p->b, IR_ADD, target, b);
    }
    struct ir_node *share = window_pooled(&p->b, p->connection, target_adjoint(p, target));
    propagation_add_to(p, source_adjoint(p), source, share);
}

static void transpose_pool(struct propagation *p)
{
    if (p->connection->topology != IR_MAX_POOL && are_side_by_side(p)) {
        transpose_tiles(p);
        return;
    }
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

static struct ir_node *weight_at(struct propagation *p, struct ir_node *source,
                                 struct ir_node *index)
{
    const struct ir_connection *c = p->connection;
    struct ir_node *weight =
        c->weight >= 0            ? ir_load(&p->b, c->weight, synapse_of(p, source, index))
        : c->constant_weight >= 0 ? ir_leaf(&p->b, IR_CONSTANT, IR_F32, c->constant_weight)
                                  : ir_real(&p->b, IR_F32, 1);
    return ir_cast(&p->b, IR_F32, weight);
}

/* The derivative by a source's spike or number: weights times the adjoints of its targets. */
static void transpose_synapses(struct propagation *p)
{
    const struct ir_connection *c = p->connection;
    struct ir_node *source = open_sources(p, "transpose");
    if (c->topology == IR_ONE_TO_ONE) {
        propagation_add_to(
            p, source_adjoint(p), source,
            ir_binary(&p->b, IR_MUL, weight_at(p, source, source), target_adjoint(p, source)));
        return;
    }
    struct synapses s = synapses_of(p, source);
    struct ir_node *sum = ir_reduce(&p->b, IR_REDUCE_SUM, IR_F32, s.low, s.high);
    struct ir_builder body = p->b;
    p->b.block = &sum->reduce.body;
    struct ir_node *index = sum->reduce.index;
    struct ir_node *target = s.is_listed ? ir_load(&p->b, c->columns, index) : index;
    sum->reduce.keys[0] =
        ir_binary(&p->b, IR_MUL, weight_at(p, source, index), target_adjoint(p, target));
    sum->reduce.key_count = 1;
    if (c->topology == IR_ALL_BUT_ONE)
        sum->reduce.condition = ir_binary(&p->b, IR_NE, index, source);
    p->b = body;
    propagation_add_to(p, source_adjoint(p), source, sum);
}

/* A matrix: the sources run in lanes. */
static void transpose_rows(struct propagation *p)
{
    const struct ir_way_back *back = p->connection->back;
    struct ir_builder outer = p->b;
    struct ir_node *target = propagation_open_targets(p, "active");
    ir_store(&p->b, back->is_active, target,
             ir_binary(&p->b, IR_NE, target_adjoint(p, target), ir_real(&p->b, IR_F32, 0)));
    p->b = outer;
    list_active(p, size(p, p->connection->target_size));
    struct ir_node *source = open_sources(p, "transpose");
    struct ir_node *sum =
        active_sum(p, source, ir_load(&p->b, source_adjoint(p), source),
                   p->b.program->buffers[p->connection->target].adjoint, p->base, NULL, NULL);
    ir_store(&p->b, source_adjoint(p), source, sum);
}

void propagate_transpose(struct propagation *p)
{
    const struct ir_way_back *back = p->connection->back;
    struct ir_builder outer = p->b;
    switch (p->connection->topology) {
    case IR_CONV:
    case IR_LOCAL: transpose_window(p); break;
    case IR_AVG_POOL:
    case IR_SUM_POOL: transpose_pool(p); break;
    case IR_MAX_POOL: back != NULL ? transpose_winners(p) : transpose_pool(p); break;
    default: back != NULL ? transpose_rows(p) : transpose_synapses(p); break;
    }
    p->b = outer;
}

struct ir_node *propagation_gradient_base(struct propagation *p)
{
    const struct ir_buffer *weight = &p->b.program->buffers[p->connection->weight];
    if (weight->adjoint_base < 0)
        return zero(p);
    struct ir_node *chunk = ir_load(&p->b, weight->adjoint_base, zero(p));
    return ir_binary(&p->b, IR_MUL, chunk, size(p, weight->count));
}

static void add_window_outer(struct propagation *p, struct ir_node *source, struct ir_node *value,
                             const struct ir_window *window)
{
    const struct ir_connection *c = p->connection;
    struct ir_node *base = propagation_gradient_base(p);
    struct ir_builder outer = p->b;
    struct window_walk walk = window_walk(&p->b, window, c->name);
    window_start_at(&walk, source);
    window_open_targets(&walk);
    struct ir_node *row = window_row(&walk);
    window_open_filters(&walk, true);
    struct ir_node *g = adjoint_at(p, &walk);
    propagation_add_to(p, p->b.program->buffers[c->weight].adjoint,
                       ir_binary(&p->b, IR_ADD, base, window_synapse(&walk, row)),
                       value != NULL ? ir_binary(&p->b, IR_MUL, value, g) : g);
    p->b = outer;
}

/* What a source that sent `value` (null: a spike) gives to the derivatives by its weights. */
static void add_outer(struct propagation *p, struct ir_node *source, struct ir_node *value,
                      const struct ir_window *window)
{
    if (window != NULL) {
        add_window_outer(p, source, value, window);
        return;
    }
    const struct ir_connection *c = p->connection;
    const struct ir_buffer *weight = &p->b.program->buffers[c->weight];
    struct ir_node *base = propagation_gradient_base(p);
    const char *name = arena_format(&p->c->arena, "%s.outer", c->name);
    struct ir_builder outer = p->b;
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

static void outer_of_events(struct propagation *p, const struct arrivals *a,
                            const struct ir_window *window)
{
    const struct ir_connection *c = p->connection;
    struct ir_builder outer = p->b;
    struct ir_node *source = propagation_open_events(p, a, false, "outer");
    add_outer(p, source, c->is_graded ? ir_load(&p->b, c->values, source) : NULL, window);
    p->b = outer;
}

static void outer_of_numbers(struct propagation *p, const struct ir_window *window)
{
    const struct ir_connection *c = p->connection;
    struct ir_builder outer = p->b;
    struct ir_node *source =
        propagation_open_loop(p, "outer", zero(p), size(p, c->source_size), false);
    struct ir_node *value = ir_cast(&p->b, IR_F32, ir_load(&p->b, c->values, source));
    struct ir_node *some = ir_if(&p->b, ir_binary(&p->b, IR_NE, value, ir_real(&p->b, IR_F32, 0)));
    p->b.before = NULL;
    p->b.block = &some->branch.then_body;
    add_outer(p, source, value, window);
    p->b = outer;
}

void propagate_outer(struct propagation *p)
{
    const struct ir_connection *c = p->connection;
    struct ir_builder outer = p->b;
    if (c->values >= 0 && !c->is_graded) {
        if (c->laid >= 0)
            lay_out_adjoints(p);
        outer_of_numbers(p, c->laid >= 0 ? c->laid_window : c->window);
        return;
    }
    struct arrivals a = propagation_arrivals(p);
    if (c->laid < 0) {
        outer_of_events(p, &a, c->window);
        return;
    }
    struct ir_node *many = propagation_open_many(p, a.count);
    lay_out_adjoints(p);
    outer_of_events(p, &a, c->laid_window);
    p->b.block = &many->branch.else_body;
    outer_of_events(p, &a, c->window);
    p->b = outer;
}
