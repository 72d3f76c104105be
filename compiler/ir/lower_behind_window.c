/* SPDX-License-Identifier: MIT
 *
 * Continuous networks that run layer by layer: layers behind windows. Each place of such a layer
 * sees few of the events. They are listed place by place first, in the order of time, each with
 * the weights that it meets; then the filters of a place run through its list in lanes.
 *
 * Group by group, a body runs for all neurons of a layer that is reached. Here it runs for those
 * that get input, and once at the first event of all: enough where a body without input does
 * nothing.
 */
#include "ir/lower_internal.h"
#include "ir/window.h"

/* ---- does a body without input do nothing ---- */

static bool vanishes(const struct expr *e)
{
    if (e->kind == EXPR_NAME)
        return e->symbol != NULL && e->symbol->kind == SYMBOL_INPUT;
    if (e->kind == EXPR_UNARY)
        return e->unary.op == UNARY_MINUS && vanishes(e->unary.operand);
    if (e->kind != EXPR_BINARY)
        return false;
    const struct expr *left = e->binary.left, *right = e->binary.right;
    switch (e->binary.op) {
    case BINARY_ADD:
    case BINARY_SUBTRACT: return vanishes(left) && vanishes(right);
    case BINARY_MULTIPLY: return vanishes(left) || vanishes(right);
    case BINARY_DIVIDE: return vanishes(left);
    default: return false;
    }
}

/* Things that change from event to event. */
static void search_time(struct expr *e, void *data)
{
    bool *depends = data;
    const struct symbol *symbol = e->kind == EXPR_NAME ? e->symbol : NULL;
    if (symbol != NULL && symbol->kind == SYMBOL_VARIABLE)
        *depends |= symbol->variable == VARIABLE_T || symbol->variable == VARIABLE_DT ||
                    symbol->variable == VARIABLE_SINCE || symbol->variable == VARIABLE_SPIKED;
    if (e->target != NULL && e->target->kind == CALL_FUNCTION)
        *depends = true; /* may hide any of these */
    expr_children(e, search_time, data);
}

static bool is_timeless(struct expr *e)
{
    bool depends = false;
    if (e != NULL)
        search_time(e, &depends);
    return !depends;
}

static bool is_idle(const struct statement *s);

static bool is_idle_block(const struct block *block)
{
    for (size_t i = 0; block != NULL && i < block->statements.count; i++)
        if (!is_idle(block->statements.items[i]))
            return false;
    return true;
}

static bool is_idle(const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_INPUT:
    case STATEMENT_STATE: return true;
    case STATEMENT_LET: return s->let.indices.count == 0 && is_timeless(s->let.value);
    case STATEMENT_ASSIGN:
        return (s->assign.op == ASSIGN_ADD || s->assign.op == ASSIGN_SUBTRACT) &&
               vanishes(s->assign.value) && is_timeless(s->assign.value);
    case STATEMENT_IF:
        return is_timeless(s->conditional.condition) && is_idle_block(s->conditional.then) &&
               is_idle_block(s->conditional.otherwise);
    case STATEMENT_SPIKE: return s->spike.is_once && is_timeless(s->spike.value);
    case STATEMENT_ON: return true; /* for the neurons that spike */
    default: return false;
    }
}

bool lower_runs_behind_window(const struct lowered_connection *c)
{
    const struct statement_list *body = &c->target->layer->model->body;
    if (c->connection->topology.count != 1 || !lower_has_stages(c->connection))
        return false;
    for (size_t i = 0; i < body->count; i++)
        if (!is_idle(body->items[i]))
            return false;
    return true;
}

/* ---- the lists ---- */

/* Cells are places, for each group of channels: list [starts[cell], starts[cell + 1]). */
struct cell_lists {
    struct lowered_connection *connection;
    const struct ir_connection *entry;
    int32_t starts, rows, times; /* buffers; rows: where the weights begin */
    struct ir_node *cells;
    bool is_pool;
};

static struct ir_node *product(struct lowering *l, struct ir_node *a, int32_t size)
{
    return ir_binary(&l->b, IR_MUL, a, ir_known_size(&l->b, size));
}

static int32_t lane_buffer(struct lowering *l, const struct cell_lists *lists, const char *what,
                           enum snn_type type)
{
    const char *name = arena_format(&l->c->arena, "%s.%s", lists->connection->name, what);
    int32_t buffer = lower_buffer(l, name, type, SNN_BUFFER_LANE, -1);
    l->program->buffers[buffer].is_observed = true; /* made by the runtime */
    return buffer;
}

static struct cell_lists cell_lists(struct lowering *l, struct lowered_connection *c)
{
    const struct ir_connection *entry = &l->program->connections[c->stages[0].ir];
    const struct ir_window *window = entry->window;
    struct cell_lists lists = { .connection = c, .entry = entry };
    lists.is_pool = c->connection->kind == NULL;
    lists.starts = lane_buffer(l, &lists, "list_starts", SNN_INT32);
    lists.rows = lane_buffer(l, &lists, "list_rows", SNN_INT32);
    lists.times = lane_buffer(l, &lists, "list_times", SNN_FLOAT32);
    lists.cells = ir_integer(&l->b, 1);
    if (lists.is_pool)
        lists.cells = ir_known_size(&l->b, window->to.sizes[IR_WINDOW_CHANNEL]);
    else if (window->groups >= 0)
        lists.cells = ir_known_size(&l->b, window->groups);
    lists.cells = product(l, lists.cells, window->to.sizes[IR_WINDOW_Y]);
    lists.cells = product(l, lists.cells, window->to.sizes[IR_WINDOW_X]);
    return lists;
}

static struct ir_node *cell_of(struct lowering *l, const struct cell_lists *lists,
                               const struct window_walk *walk)
{
    const struct ir_window *window = lists->entry->window;
    struct ir_node *cell = lists->is_pool ? walk->to.at[IR_WINDOW_CHANNEL] : walk->group;
    cell = ir_binary(&l->b, IR_ADD, product(l, cell, window->to.sizes[IR_WINDOW_Y]),
                     walk->to.at[IR_WINDOW_Y]);
    return ir_binary(&l->b, IR_ADD, product(l, cell, window->to.sizes[IR_WINDOW_X]),
                     walk->to.at[IR_WINDOW_X]);
}

static struct ir_node *plus(struct lowering *l, struct ir_node *a, int64_t b)
{
    return ir_binary(&l->b, IR_ADD, a, ir_integer(&l->b, b));
}

static void reserve(struct lowering *l, int32_t buffer, struct ir_node *count)
{
    ir_call_rt(&l->b, IR_RT_snn_rt_reserve, 2,
               (struct ir_node *[]){ ir_integer(&l->b, buffer), count });
}

/* Opens loops over all events and the places that see them. */
static struct ir_node *open_visits(struct lowering *l, const struct cell_lists *lists,
                                   const char *what, struct window_walk *walk)
{
    const struct lowered_layer *source = lists->connection->source;
    struct ir_node *count = ir_load(&l->b, source->event_count, ir_integer(&l->b, 0));
    struct ir_node *loop =
        ir_loop(&l->b, arena_format(&l->c->arena, "%s.%s", lists->connection->name, what),
                ir_integer(&l->b, 0), count, false);
    l->b.block = &loop->loop.body;
    *walk = window_walk(&l->b, lists->entry->window, lists->connection->name);
    window_start_at(walk, ir_load(&l->b, source->list, loop->loop.index));
    window_open_targets(walk);
    return loop->loop.index;
}

/* Counted two places on, so that after the sums each list begins one place on, and after filling
 * where it should. */
static void count_events(struct lowering *l, const struct cell_lists *lists)
{
    struct ir_builder outer = l->b;
    struct window_walk walk;
    struct ir_node *ends = plus(l, lists->cells, 2);
    reserve(l, lists->starts, ends);
    struct ir_node *clear = ir_loop(&l->b, "clear", ir_integer(&l->b, 0), ends, true);
    l->b.block = &clear->loop.body;
    ir_store(&l->b, lists->starts, clear->loop.index, ir_integer(&l->b, 0));
    l->b.block = outer.block;
    open_visits(l, lists, "count", &walk);
    struct ir_node *place = plus(l, cell_of(l, lists, &walk), 2);
    ir_store(&l->b, lists->starts, place, plus(l, ir_load(&l->b, lists->starts, place), 1));
    l->b = outer;
    struct ir_node *sums = ir_loop(&l->b, "sums", ir_integer(&l->b, 2), ends, false);
    l->b.block = &sums->loop.body;
    struct ir_node *before = ir_load(&l->b, lists->starts, plus(l, sums->loop.index, -1));
    struct ir_node *sum = ir_load(&l->b, lists->starts, sums->loop.index);
    ir_store(&l->b, lists->starts, sums->loop.index, ir_binary(&l->b, IR_ADD, before, sum));
    l->b = outer;
}

static void fill_lists(struct lowering *l, const struct cell_lists *lists)
{
    struct ir_builder outer = l->b;
    struct window_walk walk;
    struct ir_node *total = ir_load(&l->b, lists->starts, plus(l, lists->cells, 1));
    reserve(l, lists->rows, total);
    reserve(l, lists->times, plus(l, total, 1)); /* what is beyond the last is looked at, too */
    struct ir_node *k = open_visits(l, lists, "fill", &walk);
    struct ir_node *end = plus(l, cell_of(l, lists, &walk), 1);
    struct ir_node *place = ir_load(&l->b, lists->starts, end);
    ir_store(&l->b, lists->times, place, ir_load(&l->b, lists->connection->source->event_times, k));
    if (!lists->is_pool)
        ir_store(&l->b, lists->rows, place, window_row(&walk));
    ir_store(&l->b, lists->starts, end, plus(l, place, 1));
    l->b = outer;
}

/* ---- the neurons ---- */

/* What one event gives. */
static void take_event(struct lowering *l, const struct cell_lists *lists, struct window_walk *walk,
                       struct ir_node *k, struct ir_node *arrived)
{
    if (lists->is_pool) {
        ir_set(&l->b, arrived,
               ir_binary(&l->b, IR_ADD, ir_get(&l->b, arrived), ir_real(&l->b, arrived->type, 1)));
        return;
    }
    struct ir_node *total = ir_get(&l->b, arrived), *weight;
    if (lists->entry->weight < 0)
        weight = ir_leaf(&l->b, IR_CONSTANT, total->type, lists->entry->constant_weight);
    else
        weight = ir_load(&l->b, lists->entry->weight,
                         window_synapse(walk, ir_load(&l->b, lists->rows, k)));
    ir_set(&l->b, arrived, ir_binary(&l->b, IR_ADD, total, ir_cast(&l->b, total->type, weight)));
}

/* What all events of a time give, and no longer do. */
static void give_input(struct lowering *l, const struct cell_lists *lists, struct ir_node *arrived)
{
    int32_t slot = lower_state_buffer(l, lists->connection->connection->slot);
    struct ir_node *value = ir_get(&l->b, arrived);
    if (lists->is_pool)
        value = window_pooled_spikes(&l->b, lists->entry, value);
    kernel_write(l, slot, -1, ir_binary(&l->b, IR_ADD, kernel_read(l, slot, -1), value));
    ir_set(&l->b, arrived, ir_real(&l->b, arrived->type, 0));
}

/* The body at the first event of all, for a neuron that does not see it. */
static void run_first(struct lowering *l, const struct cell_lists *lists, struct ir_node *first,
                      struct ir_node *low, struct ir_node *high, struct ir_node *before)
{
    struct ir_node *sees =
        ir_binary(&l->b, IR_AND, ir_binary(&l->b, IR_LT, low, high),
                  ir_binary(&l->b, IR_EQ, ir_load(&l->b, lists->times, low), first));
    struct ir_node *branch = ir_if(&l->b, ir_unary(&l->b, IR_NOT, sees));
    struct ir_builder outer = l->b;
    l->b.block = &branch->branch.then_body;
    l->now = ir_cast(&l->b, IR_F64, first);
    lower_run_at(l, l->kernel->layer, before);
    l->now = l->elapsed = NULL;
    l->b = outer;
}

static void run_list(struct lowering *l, const struct cell_lists *lists, struct window_walk *walk,
                     struct ir_node *low, struct ir_node *high, struct ir_node *before)
{
    int32_t slot = lower_state_buffer(l, lists->connection->connection->slot);
    enum ir_type type = ir_buffer_value_type(l->program->buffers[slot].type);
    struct ir_node *arrived = ir_var(&l->b, "arrived", ir_real(&l->b, type, 0));
    struct ir_node *loop = ir_loop(
        &l->b, arena_format(&l->c->arena, "%s.events", l->kernel->layer->name), low, high, false);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    struct ir_node *k = loop->loop.index, *next = plus(l, k, 1);
    take_event(l, lists, walk, k, arrived);
    struct ir_node *time = ir_load(&l->b, lists->times, k);
    struct ir_node *differs = ir_binary(&l->b, IR_NE, ir_load(&l->b, lists->times, next), time);
    struct ir_node *is_last = ir_binary(&l->b, IR_OR, differs, ir_binary(&l->b, IR_GE, next, high));
    struct ir_node *branch = ir_if(&l->b, is_last);
    l->b.block = &branch->branch.then_body;
    l->now = ir_cast(&l->b, IR_F64, time);
    give_input(l, lists, arrived);
    lower_run_at(l, l->kernel->layer, before);
    l->now = l->elapsed = NULL;
    l->b = outer;
}

/* All neurons of the layer, where some event came. */
static void run_neurons(struct lowering *l, const struct cell_lists *lists, struct ir_node *count)
{
    struct lowered_layer *layer = l->kernel->layer;
    const struct lowered_layer *source = lists->connection->source;
    struct ir_node *zero = ir_integer(&l->b, 0);
    struct ir_node *first = ir_load(&l->b, source->event_times, zero);
    struct ir_node *last = ir_load(&l->b, source->event_times, plus(l, count, -1));
    struct ir_node *start = ir_load(&l->b, layer->reached, zero);
    struct window_walk walk = window_walk(&l->b, lists->entry->window, layer->name);
    window_open_places(&walk, true);
    struct ir_builder place = l->b;
    struct ir_node *loop = window_open_filters(&walk, true);
    kernel_open_in(l, loop, place, window_target(&walk));
    l->kernel->spike = ir_var(&l->b, "spiked", ir_bool(&l->b, false));
    struct ir_node *before = ir_var(&l->b, "before", start);
    lower_clear_at(l, layer);
    struct ir_node *cell = cell_of(l, lists, &walk);
    struct ir_node *low = ir_load(&l->b, lists->starts, cell);
    struct ir_node *high = ir_load(&l->b, lists->starts, plus(l, cell, 1));
    run_first(l, lists, first, low, high, before);
    run_list(l, lists, &walk, low, high, before);
    struct ir_node *is_now =
        ir_binary(&l->b, IR_EQ, ir_get(&l->b, before), ir_cast(&l->b, IR_F64, last));
    kernel_write(l, layer->spiked, -1,
                 ir_binary(&l->b, IR_AND, kernel_read(l, layer->spiked, -1), is_now));
    kernel_close(l);
}

void lower_run_behind_window(struct lowering *l, struct lowered_connection *c)
{
    struct ir_node *count = ir_load(&l->b, c->source->event_count, ir_integer(&l->b, 0));
    struct ir_node *some = ir_if(&l->b, ir_binary(&l->b, IR_GT, count, ir_integer(&l->b, 0)));
    struct ir_builder outer = l->b;
    l->b.block = &some->branch.then_body;
    struct cell_lists lists = cell_lists(l, c);
    count_events(l, &lists);
    fill_lists(l, &lists);
    run_neurons(l, &lists, count);
    l->b = outer;
}
