/* SPDX-License-Identifier: MIT
 *
 * Matrices that take the spikes of all steps at once, and their ways back. Targets are taken panel
 * by panel: the weights of a panel stay in the cache while all steps go by, and its sums in
 * registers. Where few spike, spikes are visited; where many do, all of a row is multiplied, a few
 * rows at a time, which adds zeros in between and so gives the same bits.
 */
#include "passes/propagation.h"

enum {
    PANEL = 128,    /* lanes: what the registers hold of sums */
    TILE = 3,       /* rows of sums in them at once, where rows are multiplied whole */
    DENSE_SHARE = 2 /* … from one spike in so many on: bench/dense_lif */
};

static struct ir_node *integer(struct propagation *p, int64_t value)
{
    return ir_integer(&p->b, value);
}

static struct ir_node *add(struct propagation *p, struct ir_node *a, struct ir_node *b)
{
    return ir_binary(&p->b, IR_ADD, a, b);
}

static struct ir_node *multiply(struct propagation *p, struct ir_node *a, struct ir_node *b)
{
    return ir_binary(&p->b, IR_MUL, a, b);
}

static struct ir_node *size(struct propagation *p, int32_t id)
{
    return ir_leaf(&p->b, IR_SIZE, IR_I64, id);
}

static void reserve(struct propagation *p, int32_t buffer, struct ir_node *count)
{
    ir_call_rt(&p->b, IR_RT_snn_rt_reserve, 2,
               (struct ir_node *[]){ ir_integer(&p->b, buffer), count });
}

static void open_block(struct propagation *p, struct ir_block *block)
{
    p->b.before = NULL;
    p->b.block = block;
}

/* ---- products ---- */

static struct ir_node *result_at(const struct product *m, struct ir_node *row, struct ir_node *lane)
{
    struct propagation *p = m->p;
    return add(p, add(p, m->result_start, multiply(p, row, m->result_row)), lane);
}

static struct ir_node *start_at(const struct product *m, struct ir_node *place)
{
    struct propagation *p = m->p;
    return m->is_new ? ir_real(&p->b, IR_F32, 0) : ir_load(&p->b, m->result, place);
}

static struct ir_node *matrix_at(const struct product *m, struct ir_node *inner,
                                 struct ir_node *lane)
{
    struct propagation *p = m->p;
    struct ir_node *row = add(p, m->matrix_start, multiply(p, inner, m->matrix_row));
    return ir_cast(&p->b, IR_F32, ir_load(&p->b, m->matrix, add(p, row, lane)));
}

static struct ir_node *factor_at(const struct product *m, struct ir_node *row,
                                 struct ir_node *inner)
{
    struct propagation *p = m->p;
    struct ir_node *place =
        add(p, multiply(p, row, m->factor_row), multiply(p, inner, m->factor_inner));
    struct ir_node *value = ir_load(&p->b, m->factor, add(p, m->factor_start, place));
    if (value->type == IR_BOOL)
        value = ir_cast(&p->b, IR_I64, value);
    return ir_cast(&p->b, IR_F32, value);
}

/* One row, of the factors that are not 0. */
static void sum_events(const struct product *m, struct ir_node *row, struct ir_node *low,
                       struct ir_node *high)
{
    struct propagation *p = m->p;
    bool has_numbers = p->b.program->buffers[m->factor].type != SNN_BOOL;
    struct ir_builder outer = p->b;
    struct ir_node *first = ir_load(&p->b, m->starts, row);
    struct ir_node *end = ir_load(&p->b, m->starts, add(p, row, integer(p, 1)));
    struct ir_node *some = ir_if(&p->b, ir_binary(&p->b, IR_GT, end, first));
    p->b.before = NULL;
    p->b.block = &some->branch.then_body;
    struct ir_node *lane = propagation_open_loop(p, "rows", low, high, true);
    struct ir_node *place = result_at(m, row, lane);
    struct ir_node *sum = ir_var(&p->b, "sum", start_at(m, place));
    struct ir_builder body = p->b;
    struct ir_node *loop = ir_loop(&p->b, "events", first, end, false);
    loop->loop.events = m->events;
    p->b.before = NULL;
    p->b.block = &loop->loop.body;
    struct ir_node *value = matrix_at(m, loop->loop.index, lane);
    if (has_numbers)
        value = multiply(p, value, factor_at(m, row, loop->loop.index));
    ir_set(&p->b, sum, add(p, ir_get(&p->b, sum), value));
    p->b = body;
    ir_store(&p->b, m->result, place, ir_get(&p->b, sum));
    p->b = outer;
}

/* TILE rows from `first` on, of all factors. */
static void sum_whole(const struct product *m, struct ir_node *first, struct ir_node *low,
                      struct ir_node *high)
{
    struct propagation *p = m->p;
    struct ir_builder outer = p->b;
    struct ir_node *rows[TILE], *sums[TILE];
    struct ir_node *loop = ir_loop(&p->b, "tile", low, high, true);
    struct ir_node *lane = loop->loop.index;
    loop->loop.is_wide = true;
    open_block(p, &loop->loop.body);
    for (int k = 0; k < TILE; k++) {
        rows[k] = add(p, first, integer(p, k));
        sums[k] = ir_var(&p->b, "sum", start_at(m, result_at(m, rows[k], lane)));
    }
    struct ir_builder body = p->b;
    struct ir_node *inner = propagation_open_loop(p, "inner", integer(p, 0), m->inner, false);
    struct ir_node *value = matrix_at(m, inner, lane);
    for (int k = 0; k < TILE; k++)
        ir_set(&p->b, sums[k],
               add(p, ir_get(&p->b, sums[k]), multiply(p, value, factor_at(m, rows[k], inner))));
    p->b = body;
    for (int k = 0; k < TILE; k++)
        ir_store(&p->b, m->result, result_at(m, rows[k], lane), ir_get(&p->b, sums[k]));
    p->b = outer;
}

static void sum_all_events(const struct product *m, struct ir_node *first_row, struct ir_node *low,
                           struct ir_node *high)
{
    struct propagation *p = m->p;
    struct ir_builder outer = p->b;
    sum_events(m, propagation_open_loop(p, "all", first_row, m->rows, false), low, high);
    p->b = outer;
}

void propagation_list_adjoints(const struct product *m)
{
    struct propagation *p = m->p;
    const struct ir_way_back *back = p->connection->back;
    struct ir_node *zero = integer(p, 0), *one = integer(p, 1);
    reserve(p, m->starts, add(p, m->rows, one));
    reserve(p, m->events, multiply(p, m->rows, m->inner));
    ir_store(&p->b, m->starts, zero, zero);
    struct ir_builder outer = p->b;
    struct ir_node *row = propagation_open_loop(p, "active", zero, m->rows, false);
    struct ir_builder body = p->b;
    struct ir_node *i = propagation_open_loop(p, "active", zero, m->inner, true);
    ir_store(&p->b, back->is_active, i,
             ir_binary(&p->b, IR_NE, factor_at(m, row, i), ir_real(&p->b, IR_F32, 0)));
    p->b = body;
    ir_compact(&p->b, back->is_active, back->active, back->active_count, m->inner);
    struct ir_node *start = ir_load(&p->b, m->starts, row);
    struct ir_node *count = ir_load(&p->b, back->active_count, zero);
    struct ir_node *k = propagation_open_loop(p, "active", zero, count, true);
    ir_store(&p->b, m->events, add(p, start, k), ir_load(&p->b, back->active, k));
    p->b = body;
    ir_store(&p->b, m->starts, add(p, row, one), add(p, start, count));
    p->b = outer;
}

void propagation_multiply(const struct product *m)
{
    struct propagation *p = m->p;
    struct ir_builder outer = p->b;
    struct ir_node *zero = integer(p, 0), *width = integer(p, PANEL), *tile = integer(p, TILE);
    struct ir_node *found =
        multiply(p, ir_load(&p->b, m->starts, m->rows), integer(p, DENSE_SHARE));
    struct ir_node *is_dense = ir_binary(&p->b, IR_GT, found, multiply(p, m->rows, m->inner));
    struct ir_node *panels =
        ir_binary(&p->b, IR_DIV, add(p, m->lanes, integer(p, PANEL - 1)), width);
    struct ir_node *low =
        multiply(p, propagation_open_loop(p, "panels", zero, panels, false), width);
    struct ir_node *high = ir_binary(&p->b, IR_MIN, add(p, low, width), m->lanes);
    struct ir_node *branch = ir_if(&p->b, is_dense);
    open_block(p, &branch->branch.then_body);
    struct ir_builder then = p->b;
    struct ir_node *tiles = ir_binary(&p->b, IR_DIV, m->rows, tile);
    sum_whole(m, multiply(p, propagation_open_loop(p, "tiles", zero, tiles, false), tile), low,
              high);
    p->b = then;
    sum_all_events(m, multiply(p, tiles, tile), low, high);
    open_block(p, &branch->branch.else_body);
    sum_all_events(m, zero, low, high);
    p->b = outer;
}

/* ---- the three ways ---- */

static struct ir_node *delay_of(struct propagation *p)
{
    return p->connection->delay >= 0 ? size(p, p->connection->delay) : integer(p, 0);
}

/* Steps whose spikes arrive before the end. */
static struct ir_node *arriving(struct propagation *p, struct ir_node *steps)
{
    struct ir_node *rest = ir_binary(&p->b, IR_SUB, steps, delay_of(p));
    return ir_binary(&p->b, IR_MAX, rest, integer(p, 0));
}

void propagate_steps(struct propagation *p, struct ir_node *steps)
{
    const struct ir_connection *c = p->connection;
    struct ir_node *targets = size(p, c->target_size), *sources = size(p, c->source_size);
    struct product m = { .p = p,
                         .rows = arriving(p, steps),
                         .lanes = targets,
                         .inner = sources,
                         .result = c->target,
                         .result_start = multiply(p, delay_of(p), targets),
                         .result_row = targets,
                         .matrix = c->weight,
                         .matrix_start = integer(p, 0),
                         .matrix_row = size(p, c->row_size),
                         .factor = c->values >= 0 ? c->values : c->flags,
                         .factor_start = integer(p, 0),
                         .factor_row = sources,
                         .factor_inner = integer(p, 1),
                         .starts = c->step_starts,
                         .events = c->spikes };
    propagation_multiply(&m);
    remark(p->c, c->span, "propagation",
           "'%s': all steps go through %d targets after the other; spikes are visited, or rows "
           "multiplied whole where more than one in %d spikes",
           c->name, PANEL, DENSE_SHARE);
}

/* How many sources are near their thresholds in all steps. */
static struct ir_node *count_near(struct propagation *p, struct ir_node *rows)
{
    struct ir_node *places = multiply(p, rows, size(p, p->connection->source_size));
    struct ir_node *sum = ir_reduce(&p->b, IR_REDUCE_SUM, IR_I64, integer(p, 0), places);
    struct ir_builder outer = p->b;
    open_block(p, &sum->reduce.body);
    struct ir_node *near = ir_load(&p->b, p->connection->near, sum->reduce.index);
    sum->reduce.keys[0] = ir_cast(&p->b, IR_I64, near);
    sum->reduce.key_count = 1;
    p->b = outer;
    return sum;
}

/* The weights of a source times the adjoints of its targets. */
static struct ir_node *source_sum(struct propagation *p, struct ir_node *source,
                                  struct ir_node *adjoints)
{
    const struct ir_connection *c = p->connection;
    int32_t adjoint = p->b.program->buffers[c->target].adjoint;
    struct ir_node *row = multiply(p, source, size(p, c->row_size));
    struct ir_node *sum =
        ir_reduce(&p->b, IR_REDUCE_SUM, IR_F32, integer(p, 0), size(p, c->target_size));
    struct ir_builder outer = p->b;
    open_block(p, &sum->reduce.body);
    struct ir_node *weight = ir_load(&p->b, c->weight, add(p, row, sum->reduce.index));
    struct ir_node *g = ir_load(&p->b, adjoint, add(p, adjoints, sum->reduce.index));
    sum->reduce.keys[0] = multiply(p, ir_cast(&p->b, IR_F32, weight), g);
    sum->reduce.key_count = 1;
    p->b = outer;
    return sum;
}

/* Only to sources whose spikes have a slope. */
static void transpose_near(struct propagation *p, struct ir_node *rows)
{
    const struct ir_connection *c = p->connection;
    const struct ir_way_back *back = c->back;
    struct ir_node *sources = size(p, c->source_size);
    struct ir_builder outer = p->b;
    struct ir_node *row = propagation_open_loop(p, "near", integer(p, 0), rows, false);
    struct ir_node *place = multiply(p, row, sources);
    struct ir_node *adjoints = multiply(p, add(p, row, delay_of(p)), size(p, c->target_size));
    struct ir_builder body = p->b;
    struct ir_node *i = propagation_open_loop(p, "near", integer(p, 0), sources, true);
    ir_store(&p->b, back->is_near, i, ir_load(&p->b, c->near, add(p, place, i)));
    p->b = body;
    ir_compact(&p->b, back->is_near, back->nearby, back->nearby_count, sources);
    struct ir_node *count = ir_load(&p->b, back->nearby_count, integer(p, 0));
    struct ir_node *loop = ir_loop_events(&p->b, "near", back->nearby, count, false);
    open_block(p, &loop->loop.body);
    struct ir_node *sum = source_sum(p, loop->loop.index, adjoints);
    propagation_add_to(p, p->b.program->buffers[c->flags].adjoint, add(p, place, loop->loop.index),
                       sum);
    p->b = outer;
}

void propagate_steps_transpose(struct propagation *p, struct ir_node *steps)
{
    const struct ir_connection *c = p->connection;
    struct ir_node *targets = size(p, c->target_size), *sources = size(p, c->source_size);
    struct product m = { .p = p,
                         .rows = arriving(p, steps),
                         .lanes = sources,
                         .inner = targets,
                         .result =
                             p->b.program->buffers[c->values >= 0 ? c->values : c->flags].adjoint,
                         .result_start = integer(p, 0),
                         .result_row = sources,
                         .matrix = c->back->turned,
                         .matrix_start = integer(p, 0),
                         .matrix_row = sources,
                         .factor = p->b.program->buffers[c->target].adjoint,
                         .factor_start = multiply(p, delay_of(p), targets),
                         .factor_row = targets,
                         .factor_inner = integer(p, 1),
                         .starts = c->back->active_starts,
                         .events = c->back->actives };
    propagation_list_adjoints(&m);
    if (c->near < 0) {
        propagation_multiply(&m);
        return;
    }
    remark(p->c, c->span, "propagation",
           "'%s': the way back visits only the neurons near their thresholds, if they are few",
           c->name);
    struct ir_builder outer = p->b;
    struct ir_node *all = multiply(p, ir_load(&p->b, m.starts, m.rows), sources);
    struct ir_node *few = multiply(p, count_near(p, m.rows), targets);
    struct ir_node *branch = ir_if(&p->b, ir_binary(&p->b, IR_LT, few, all));
    open_block(p, &branch->branch.then_body);
    transpose_near(p, m.rows);
    open_block(p, &branch->branch.else_body);
    propagation_multiply(&m);
    p->b = outer;
}

static struct ir_node *next_of(struct propagation *p, int32_t starts, struct ir_node *place)
{
    struct ir_node *next = ir_load(&p->b, starts, place);
    ir_store(&p->b, starts, place, add(p, next, integer(p, 1)));
    return next;
}

static struct ir_node *before(struct propagation *p, struct ir_node *value)
{
    return ir_binary(&p->b, IR_SUB, value, integer(p, 1));
}

/* Lists the steps in which each source spiked, from the last on, as step by step they would come:
 * counts them, adds the counts up to places, fills them in. Source i is counted at i + 2, so that
 * its places begin, and then end, at i + 1. */
static void list_by_source(struct propagation *p, struct ir_node *rows)
{
    const struct ir_connection *c = p->connection;
    int32_t starts = c->back->source_starts;
    struct ir_node *zero = integer(p, 0), *one = integer(p, 1), *two = integer(p, 2);
    struct ir_node *entries = add(p, size(p, c->source_size), two);
    struct ir_node *found = ir_load(&p->b, c->step_starts, rows);
    reserve(p, starts, entries);
    reserve(p, c->back->source_steps, found);
    struct ir_builder outer = p->b;
    ir_store(&p->b, starts, propagation_open_loop(p, "starts", zero, entries, true), integer(p, 0));
    p->b = outer;
    struct ir_node *k = propagation_open_loop(p, "counts", zero, found, false);
    next_of(p, starts, add(p, ir_load(&p->b, c->spikes, k), two));
    p->b = outer;
    struct ir_node *i = propagation_open_loop(p, "places", two, entries, false);
    struct ir_node *sum = ir_load(&p->b, starts, before(p, i));
    ir_store(&p->b, starts, i, add(p, ir_load(&p->b, starts, i), sum));
    p->b = outer;
    struct ir_node *later = propagation_open_loop(p, "steps", zero, rows, false);
    struct ir_node *step = ir_binary(&p->b, IR_SUB, before(p, rows), later);
    struct ir_node *first = ir_load(&p->b, c->step_starts, step);
    struct ir_node *end = ir_load(&p->b, c->step_starts, add(p, step, one));
    k = propagation_open_loop(p, "spikes", first, end, false);
    struct ir_node *place = next_of(p, starts, add(p, ir_load(&p->b, c->spikes, k), one));
    ir_store(&p->b, c->back->source_steps, place, later);
    p->b = outer;
}

void propagate_steps_outer(struct propagation *p, struct ir_node *steps)
{
    const struct ir_connection *c = p->connection;
    struct ir_node *targets = size(p, c->target_size), *sources = size(p, c->source_size);
    struct ir_node *rows = arriving(p, steps), *last = before(p, rows);
    struct product m = { .p = p,
                         .rows = sources,
                         .lanes = targets,
                         .inner = rows,
                         .result = p->b.program->buffers[c->weight].adjoint,
                         .result_start = propagation_gradient_base(p),
                         .result_row = size(p, c->row_size),
                         .matrix = p->b.program->buffers[c->target].adjoint,
                         .matrix_start = multiply(p, add(p, delay_of(p), last), targets),
                         .matrix_row = ir_unary(&p->b, IR_NEG, targets),
                         .factor = c->values >= 0 ? c->values : c->flags,
                         .factor_start = multiply(p, last, sources),
                         .factor_row = integer(p, 1),
                         .factor_inner = ir_unary(&p->b, IR_NEG, sources),
                         .starts = c->back->source_starts,
                         .events = c->back->source_steps };
    list_by_source(p, rows);
    propagation_multiply(&m);
}
