/* SPDX-License-Identifier: MIT
 *
 * Layers that run ahead. Where nothing reaches a layer but presented data, and its neurons say when
 * they spike next
 * (`spike at`), all its spikes are known when a presentation begins: neurons run in lanes, each
 * from spike to spike, and a step finds its spikes listed. The results, random draws included, are
 * those of running step by step.
 */
#include "ir/lower_internal.h"

/* ---- may a layer run ahead ---- */

struct time_search {
    bool uses_time;
};

static void search_time(struct expr *e, void *data)
{
    struct time_search *search = data;
    if (e->kind == EXPR_NAME && e->symbol != NULL && e->symbol->kind == SYMBOL_VARIABLE &&
        e->symbol->variable != VARIABLE_DT)
        search->uses_time = true;
    if (e->kind == EXPR_COMPREHENSION || (e->target != NULL && e->target->kind == CALL_FUNCTION))
        search->uses_time = true;
    expr_children(e, search_time, search);
}

static bool is_timeless(struct expr *e)
{
    struct time_search search = { false };
    search_time(e, &search);
    return !search.uses_time;
}

static bool is_time_zero(const struct expr *e)
{
    if (e->kind != EXPR_BINARY || e->binary.op != BINARY_EQUAL)
        return false;
    const struct expr *t = e->binary.left, *zero = e->binary.right;
    bool is_t = t->kind == EXPR_NAME && t->symbol != NULL && t->symbol->kind == SYMBOL_VARIABLE &&
                t->symbol->variable == VARIABLE_T;
    return is_t && zero->constant != NULL && constant_number(zero->constant) == 0;
}

static bool are_plain_assignments(const struct block *block)
{
    for (size_t i = 0; i < block->statements.count; i++) {
        const struct statement *s = block->statements.items[i];
        if (s->kind != STATEMENT_ASSIGN || s->assign.target->kind != EXPR_NAME ||
            !is_timeless(s->assign.value))
            return false;
    }
    return true;
}

static bool fits(const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_INPUT: return true;
    case STATEMENT_STATE: return !s->state.is_persistent;
    case STATEMENT_IF:
        return is_time_zero(s->conditional.condition) && s->conditional.otherwise == NULL &&
               are_plain_assignments(s->conditional.then);
    case STATEMENT_SPIKE:
        return s->spike.form == SPIKE_AT && !s->spike.is_once && s->spike.surrogate == NULL &&
               is_timeless(s->spike.value);
    case STATEMENT_ON: return are_plain_assignments(s->on.body);
    default: return false;
    }
}

bool lower_runs_ahead(struct lowering *l, const struct lowered_layer *layer)
{
    const struct neuron_instance *model = layer->layer->model;
    const struct connection_list *connections = &layer->network->network->connections;
    if (layer->network->network->is_continuous)
        return false;
    if (model->spike == NULL || model->reads_since || model->reads_fired || model->reads_spiked ||
        model->emits)
        return false;
    for (size_t i = 0; i < connections->count; i++)
        if (connections->items[i]->target == layer->layer)
            return false;
    for (size_t i = 0; i < model->inputs.count; i++)
        if (pointer_map_get(&l->presented_of, model->inputs.items[i]) == PRESENTED_IN_TIME)
            return false;
    for (size_t i = 0; i < model->parameters.count; i++)
        if (model->parameters.items[i]->is_assigned) /* perhaps between two steps */
            return false;
    for (size_t i = 0; i < model->states.count; i++)
        if (pointer_map_get(&l->recorded, model->states.items[i]) >= 0)
            return false;
    for (size_t i = 0; i < model->body.count; i++)
        if (!fits(model->body.items[i]))
            return false;
    return true;
}

/* ---- buffers ---- */

static int32_t ahead_buffer(struct lowering *l, const struct lowered_layer *layer,
                            const char *field, enum snn_type type, int32_t size)
{
    return lower_buffer(l, arena_format(&l->c->arena, "%s.%s", layer->name, field), type,
                        SNN_BUFFER_LANE, size);
}

void lower_ahead_buffers(struct lowering *l, struct lowered_layer *layer)
{
    layer->ahead_times = ahead_buffer(l, layer, "ahead_times", SNN_INT32, -1);
    layer->ahead_lists = ahead_buffer(l, layer, "ahead_lists", SNN_INT32, -1);
    layer->ahead_counts = ahead_buffer(l, layer, "ahead_counts", SNN_INT32, -1);
    layer->ahead_spikes = ahead_buffer(l, layer, "ahead_spikes", SNN_INT32, layer->size);
    layer->ahead_now = ahead_buffer(l, layer, "ahead_now", SNN_INT32, layer->size);
    layer->ahead_order = ahead_buffer(l, layer, "ahead_order", SNN_INT32, layer->size);
    layer->ahead_active = ahead_buffer(l, layer, "ahead_active", SNN_BOOL, layer->size);
    layer->ahead_first = ahead_buffer(l, layer, "ahead_first", SNN_INT64, lower_size_value(l, 1));
    remark(l->c, layer->layer->statement->span, "ahead",
           "'%s' runs ahead: its spikes depend on the presented data alone", layer->name);
}

/* ---- the run ---- */

/* The first spike of each neuron; those that have one within first ..< end are listed, so that no
 * lane is idle after. */
static struct statement *find_first(struct lowering *l, struct lowered_layer *layer,
                                    struct ir_node *first, struct ir_node *end)
{
    const struct statement_list *body = &layer->layer->model->body;
    struct statement *spike = NULL;
    kernel_open(l, arena_format(&l->c->arena, "%s.first", layer->name));
    for (size_t i = 0; i < body->count; i++) {
        if (body->items[i]->kind == STATEMENT_SPIKE)
            spike = body->items[i];
        if (body->items[i]->kind != STATEMENT_IF)
            continue;
        struct ir_node *branch = ir_if(&l->b, ir_binary(&l->b, IR_EQ, first, ir_integer(&l->b, 0)));
        struct ir_builder outer = l->b;
        l->b.block = &branch->branch.then_body;
        l->step = ir_integer(&l->b, 0);
        lower_kernel_block(l, body->items[i]->conditional.then);
        l->step = NULL;
        l->b = outer;
    }
    struct ir_node *n = lower_spike_step(l, spike->spike.value);
    kernel_write(l, layer->ahead_now, -1, ir_binary(&l->b, IR_MIN, n, end));
    kernel_write(l, layer->ahead_spikes, -1, ir_integer(&l->b, 0));
    kernel_write(l, layer->ahead_active, -1,
                 ir_binary(&l->b, IR_AND, ir_binary(&l->b, IR_GE, n, first),
                           ir_binary(&l->b, IR_LT, n, end)));
    kernel_close(l);
    ir_compact(&l->b, layer->ahead_active, layer->list, layer->list_count,
               lower_size_leaf(l, layer->size));
    return spike;
}

/* Neurons ordered by their first spike: those side by side in lanes have about as many to come, so
 * that lanes end together. */
static void order_neurons(struct lowering *l, struct lowered_layer *layer, struct ir_node *first,
                          struct ir_node *steps)
{
    struct ir_node *zero = ir_integer(&l->b, 0), *one = ir_integer(&l->b, 1),
                   *count = ir_load(&l->b, layer->list_count, zero);
    struct ir_builder outer = l->b;
    struct ir_node *clear = ir_loop(&l->b, "ahead.clear", zero, steps, true);
    l->b.block = &clear->loop.body;
    ir_store(&l->b, layer->ahead_counts, clear->loop.index, zero);
    l->b = outer;
    struct ir_node *neurons = ir_loop_events(&l->b, "ahead.count", layer->list, count, false);
    l->b.block = &neurons->loop.body;
    struct ir_node *time =
        ir_binary(&l->b, IR_SUB, ir_load(&l->b, layer->ahead_now, neurons->loop.index), first);
    ir_store(&l->b, layer->ahead_counts, time,
             ir_binary(&l->b, IR_ADD, ir_load(&l->b, layer->ahead_counts, time), one));
    l->b = outer;
    struct ir_node *place = ir_var(&l->b, "place", zero);
    struct ir_node *rows = ir_loop(&l->b, "ahead.starts", zero, steps, false);
    l->b.block = &rows->loop.body;
    struct ir_node *here = ir_get(&l->b, place),
                   *own = ir_load(&l->b, layer->ahead_counts, rows->loop.index);
    ir_store(&l->b, layer->ahead_counts, rows->loop.index, here);
    ir_set(&l->b, place, ir_binary(&l->b, IR_ADD, here, own));
    l->b = outer;
    neurons = ir_loop_events(&l->b, "ahead.order", layer->list, count, false);
    l->b.block = &neurons->loop.body;
    time = ir_binary(&l->b, IR_SUB, ir_load(&l->b, layer->ahead_now, neurons->loop.index), first);
    here = ir_load(&l->b, layer->ahead_counts, time);
    ir_store(&l->b, layer->ahead_order, here, neurons->loop.index);
    ir_store(&l->b, layer->ahead_counts, time, ir_binary(&l->b, IR_ADD, here, one));
    l->b = outer;
}

/* From spike to spike: the times of each neuron's spikes. */
static void run_neurons(struct lowering *l, struct lowered_layer *layer, struct ir_node *first,
                        struct ir_node *end, struct ir_node *steps)
{
    const struct statement_list *body = &layer->layer->model->body;
    struct kernel kernel = { .layer = layer };
    l->kernel = &kernel;
    struct statement *spike = find_first(l, layer, first, end);
    order_neurons(l, layer, first, steps);
    kernel_open_events(l, arena_format(&l->c->arena, "%s.ahead", layer->name), layer->ahead_order,
                       ir_load(&l->b, layer->list_count, ir_integer(&l->b, 0)));
    struct ir_node *found = ir_var(&l->b, "found", ir_integer(&l->b, 0));
    struct ir_node *now = ir_var(&l->b, "now", kernel_read(l, layer->ahead_now, -1));
    struct ir_node *loop = ir_while(&l->b);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop_while.test;
    loop->loop_while.condition = ir_binary(&l->b, IR_LT, ir_get(&l->b, now), end);
    l->b.block = &loop->loop_while.body;
    struct ir_node *n = ir_get(&l->b, now), *k = ir_get(&l->b, found);
    struct ir_node *place =
        ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, kernel.element, steps), k);
    ir_store(&l->b, layer->ahead_times, place, ir_binary(&l->b, IR_SUB, n, first));
    ir_set(&l->b, found, ir_binary(&l->b, IR_ADD, k, ir_integer(&l->b, 1)));
    l->step = n;
    for (size_t i = 0; i < body->count; i++)
        if (body->items[i]->kind == STATEMENT_ON)
            lower_kernel_block(l, body->items[i]->on.body);
    l->step = NULL;
    struct ir_node *next = lower_spike_step(l, spike->spike.value);
    ir_set(&l->b, now, ir_select(&l->b, ir_binary(&l->b, IR_GT, next, n), next, end));
    l->b = outer;
    kernel_write(l, layer->ahead_spikes, -1, ir_get(&l->b, found));
    kernel_close(l);
    l->kernel = NULL;
}

/* Neurons in ascending order, so that each step's list is ascending. */
static void sort_spikes(struct lowering *l, struct lowered_layer *layer, struct ir_node *steps)
{
    struct ir_node *zero = ir_integer(&l->b, 0), *size = lower_size_leaf(l, layer->size),
                   *one = ir_integer(&l->b, 1);
    struct ir_node *clear = ir_loop(&l->b, "ahead.clear", zero, steps, true);
    struct ir_builder outer = l->b;
    l->b.block = &clear->loop.body;
    ir_store(&l->b, layer->ahead_counts, clear->loop.index, zero);
    l->b = outer;
    struct ir_node *neurons =
        ir_loop_events(&l->b, arena_format(&l->c->arena, "%s.sort", layer->name), layer->list,
                       ir_load(&l->b, layer->list_count, zero), false);
    l->b.block = &neurons->loop.body;
    struct ir_node *first = ir_binary(&l->b, IR_MUL, neurons->loop.index, steps);
    struct ir_node *spikes = ir_loop(
        &l->b, "sort", zero, ir_load(&l->b, layer->ahead_spikes, neurons->loop.index), false);
    l->b.block = &spikes->loop.body;
    struct ir_node *time =
        ir_load(&l->b, layer->ahead_times, ir_binary(&l->b, IR_ADD, first, spikes->loop.index));
    struct ir_node *count = ir_load(&l->b, layer->ahead_counts, time);
    ir_store(&l->b, layer->ahead_lists,
             ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, time, size), count),
             neurons->loop.index);
    ir_store(&l->b, layer->ahead_counts, time, ir_binary(&l->b, IR_ADD, count, one));
    l->b = outer;
}

void lower_layer_ahead(struct lowering *l, struct lowered_layer *layer)
{
    struct ir_node *first = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEP),
                   *end = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEPS);
    struct ir_node *steps = ir_binary(&l->b, IR_SUB, end, first);
    struct ir_node *all = ir_binary(&l->b, IR_MUL, steps, lower_size_leaf(l, layer->size));
    int32_t buffers[] = { layer->ahead_times, layer->ahead_lists, layer->ahead_counts };
    for (int i = 0; i < 3; i++)
        ir_call_rt(&l->b, IR_RT_snn_rt_reserve, 2,
                   (struct ir_node *[]){ ir_integer(&l->b, buffers[i]), i < 2 ? all : steps });
    ir_store(&l->b, layer->ahead_first, ir_integer(&l->b, 0), first);
    run_neurons(l, layer, first, end, steps);
    sort_spikes(l, layer, steps);
    ir_store(&l->b, layer->list_count, ir_integer(&l->b, 0), ir_integer(&l->b, 0));
}

/* A step of a layer that ran ahead: its spikes come from the list. */
void lower_ahead_step(struct lowering *l, struct lowered_layer *layer)
{
    struct ir_node *zero = ir_integer(&l->b, 0);
    struct ir_node *now = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEP);
    struct ir_node *row = ir_binary(&l->b, IR_SUB, now, ir_load(&l->b, layer->ahead_first, zero));
    struct ir_node *count = ir_load(&l->b, layer->ahead_counts, row);
    struct ir_node *base = ir_binary(&l->b, IR_MUL, row, lower_size_leaf(l, layer->size));
    struct ir_node *clear = ir_loop_events(&l->b, "ahead.clear", layer->list,
                                           ir_load(&l->b, layer->list_count, zero), true);
    struct ir_builder outer = l->b;
    l->b.block = &clear->loop.body;
    ir_store(&l->b, layer->spiked, clear->loop.index, ir_bool(&l->b, false));
    l->b = outer;
    struct ir_node *ring_row = NULL, *ring_base = NULL;
    if (layer->ring_size >= 0) { /* for connections with delay or lag */
        ring_row = ir_ring_row(&l->b, ir_load(&l->b, layer->network->clock, zero),
                               lower_size_leaf(l, layer->ring_size));
        ring_base = ir_binary(&l->b, IR_MUL, ring_row, lower_size_leaf(l, layer->size));
    }
    outer = l->b;
    struct ir_node *loop =
        ir_loop(&l->b, arena_format(&l->c->arena, "%s.listed", layer->name), zero, count, true);
    l->b.block = &loop->loop.body;
    struct ir_node *neuron =
        ir_load(&l->b, layer->ahead_lists, ir_binary(&l->b, IR_ADD, base, loop->loop.index));
    ir_store(&l->b, layer->list, loop->loop.index, neuron);
    if (layer->ring_size >= 0)
        ir_store(&l->b, layer->ring, ir_binary(&l->b, IR_ADD, ring_base, loop->loop.index), neuron);
    l->b = outer;
    ir_store(&l->b, layer->list_count, zero, count);
    if (layer->ring_size >= 0)
        ir_store(&l->b, layer->ring_counts, ring_row, count);
    struct ir_node *mark = ir_loop_events(&l->b, "ahead.mark", layer->list, count, true);
    l->b.block = &mark->loop.body;
    ir_store(&l->b, layer->spiked, mark->loop.index, ir_bool(&l->b, true));
    l->b = outer;
}
