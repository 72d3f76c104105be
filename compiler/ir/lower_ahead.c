/* SPDX-License-Identifier: MIT
 *
 * Layers that run ahead. Where nothing reaches a layer but presented data that holds, and its
 * neurons say when they spike next (`spike at`) or with a chance that holds, its spikes follow from
 * what is known when a stretch of steps begins: neurons run in lanes, each from spike to spike, and
 * a step finds its spikes listed. A layer whose states a task looks at has to run step by step;
 * its spikes are the same, random draws included.
 *
 * Draws are addressed by the number of the spike in the stretch, not by the step, so that four
 * spikes of a neuron take the four words of one block of random numbers. A chance c that holds is
 * not asked in every step: the steps that pass without a spike are drawn at once, floor(e / r) for
 * e exponential and r = -log(1 - c), which is the same process.
 */
#include <math.h>

#include "ir/lower_internal.h"

#define STREAM "encoder"

enum { WORDS = 4 }; /* of a block of random numbers */

/* ---- which layers ---- */

static void search_change(struct expr *e, void *data)
{
    bool *changes = data;
    const struct symbol *symbol = e->kind == EXPR_NAME ? e->symbol : NULL;
    if (symbol != NULL && (symbol->kind == SYMBOL_PERSISTENT ||
                           (symbol->kind == SYMBOL_VARIABLE && symbol->variable != VARIABLE_DT)))
        *changes = true;
    if (e->kind == EXPR_COMPREHENSION || (e->target != NULL && e->target->kind == CALL_FUNCTION))
        *changes = true;
    expr_children(e, search_change, data);
}

/* Depends on nothing that may change from step to step but the neuron's own states. */
static bool is_timeless(struct expr *e)
{
    bool changes = false;
    search_change(e, &changes);
    return !changes;
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

bool lower_is_draw(const struct expr *e)
{
    return e->target != NULL && e->target->kind == CALL_BUILTIN &&
           e->target->builtin->group == BUILTIN_GROUP_DRAW;
}

static void search_state(struct expr *e, void *data)
{
    bool *found = data;
    if (lower_is_draw(e) ||
        (e->kind == EXPR_NAME && e->symbol != NULL && e->symbol->kind == SYMBOL_STATE))
        *found = true;
    expr_children(e, search_state, data);
}

bool lower_reads_state(struct expr *e)
{
    bool found = false;
    search_state(e, &found);
    return found;
}

static bool is_predictable_spike(const struct statement *s)
{
    if (s->spike.is_once || s->spike.surrogate != NULL || !is_timeless(s->spike.value))
        return false;
    return s->spike.form == SPIKE_AT ||
           (s->spike.form == SPIKE_CHANCE && !lower_reads_state(s->spike.value));
}

static bool fits(const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_INPUT: return true;
    case STATEMENT_STATE: return !s->state.is_persistent;
    case STATEMENT_IF:
        return is_time_zero(s->conditional.condition) && s->conditional.otherwise == NULL &&
               are_plain_assignments(s->conditional.then);
    case STATEMENT_SPIKE: return is_predictable_spike(s);
    case STATEMENT_ON: return are_plain_assignments(s->on.body);
    default: return false;
    }
}

/* What is done at time 0 comes before the spike, `on spike` after it. */
static bool is_in_order(const struct statement_list *body)
{
    bool has_spiked = false;
    for (size_t i = 0; i < body->count; i++) {
        enum statement_kind kind = body->items[i]->kind;
        if ((kind == STATEMENT_IF && has_spiked) || (kind == STATEMENT_ON && !has_spiked))
            return false;
        has_spiked = has_spiked || kind == STATEMENT_SPIKE;
    }
    return true;
}

bool lower_is_predictable(struct lowering *l, const struct lowered_layer *layer)
{
    const struct neuron_instance *model = layer->layer->model;
    const struct connection_list *connections = &layer->network->network->connections;
    if (layer->network->network->is_continuous)
        return false;
    if (model->spike == NULL || model->reads_since || model->reads_fired || model->reads_spiked ||
        model->emits || !is_in_order(&model->body))
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
    for (size_t i = 0; i < model->body.count; i++)
        if (!fits(model->body.items[i]))
            return false;
    return true;
}

bool lower_shows_states(struct lowering *l, const struct lowered_layer *layer)
{
    const struct symbol_list *states = &layer->layer->model->states;
    for (size_t i = 0; i < states->count; i++)
        if (pointer_map_get(&l->recorded, states->items[i]) >= 0 ||
            pointer_map_get(&l->touched, states->items[i]) >= 0)
            return true;
    return false;
}

/* ---- buffers ---- */

static int32_t ahead_buffer(struct lowering *l, const struct lowered_layer *layer,
                            const char *field, enum snn_type type, int32_t size)
{
    return lower_buffer(l, arena_format(&l->c->arena, "%s.%s", layer->name, field), type,
                        SNN_BUFFER_LANE, size);
}

static void number_draws(struct expr *e, void *data)
{
    struct lowering *l = data;
    if (lower_is_draw(e))
        lower_site(l, e, STREAM, e->span);
    expr_children(e, number_draws, data);
}

static void number_block(struct lowering *l, const struct block *block)
{
    for (size_t i = 0; i < block->statements.count; i++)
        number_draws(block->statements.items[i]->assign.value, l);
}

/* Sites in the order of the body, whichever way the layer runs: their numbers decide what is drawn.
 */
static void number_sites(struct lowering *l, const struct lowered_layer *layer)
{
    const struct statement_list *body = &layer->layer->model->body;
    for (size_t i = 0; i < body->count; i++) {
        const struct statement *s = body->items[i];
        if (s->kind == STATEMENT_IF)
            number_block(l, s->conditional.then);
        if (s->kind == STATEMENT_ON)
            number_block(l, s->on.body);
        if (s->kind != STATEMENT_SPIKE || s->spike.form != SPIKE_CHANCE)
            continue;
        lower_site(l, s, STREAM, s->span);
        lower_site(l, &s->spike, STREAM, s->span);
    }
}

void lower_ahead_buffers(struct lowering *l, struct lowered_layer *layer)
{
    int32_t one = lower_size_value(l, 1);
    number_sites(l, layer);
    lower_count_tables(l, layer);
    layer->ahead_first = ahead_buffer(l, layer, "ahead_first", SNN_INT64, one);
    layer->ahead_next = ahead_buffer(l, layer, "ahead_next", SNN_FLOAT32, layer->size);
    if (!layer->runs_ahead) {
        layer->ahead_path = ahead_buffer(l, layer, "ahead_path", SNN_INT64, one);
        layer->ahead_done = ahead_buffer(l, layer, "ahead_done", SNN_INT32, layer->size);
        return;
    }
    layer->ahead_active = ahead_buffer(l, layer, "ahead_active", SNN_BOOL, layer->size);
    layer->ahead_row = ahead_buffer(l, layer, "ahead_row", SNN_INT64, one);
    layer->ahead_times = ahead_buffer(l, layer, "ahead_times", SNN_INT32, -1);
    layer->ahead_lists = ahead_buffer(l, layer, "ahead_lists", SNN_INT32, -1);
    layer->ahead_ends = ahead_buffer(l, layer, "ahead_ends", SNN_INT64, -1);
    remark(l->c, layer->layer->statement->span, "ahead",
           "'%s' runs ahead: its spikes depend on the presented data alone", layer->name);
}

/* ---- the stretch ---- */

/* Steps first ..< first + steps. Neurons count them from the first, in f32. */
struct run {
    struct lowered_layer *layer;
    struct statement *spike;
    struct ir_node *first, *steps;          /* i64 */
    struct ir_node *first_time, *remainder; /* f32; first, rounded up, and by how much */
    struct ir_node *end;                    /* f32; steps */
    struct ir_node *path;                   /* of the draws of spikes */
    struct ir_node *active;                 /* neurons that spike in it */
};

static struct statement *spike_statement(const struct lowered_layer *layer)
{
    const struct statement_list *body = &layer->layer->model->body;
    for (size_t i = 0; i < body->count; i++)
        if (body->items[i]->kind == STATEMENT_SPIKE)
            return body->items[i];
    unreachable();
}

/* The first number of f32 that is not below a number of steps. */
static struct ir_node *round_up(struct lowering *l, struct ir_node *steps)
{
    struct ir_builder *b = &l->b;
    struct ir_node *nearest = ir_cast(b, IR_F32, steps);
    struct ir_node *is_below = ir_binary(b, IR_LT, ir_cast(b, IR_I64, nearest), steps);
    struct ir_node *bits = ir_bitcast(b, IR_I32, nearest);
    struct ir_node *above = ir_bitcast(b, IR_F32, ir_binary(b, IR_ADD, bits, ir_bits(b, 1)));
    return ir_select(b, is_below, above, nearest);
}

static struct run begin_run(struct lowering *l, struct lowered_layer *layer)
{
    struct ir_builder *b = &l->b;
    struct run run = { .layer = layer, .spike = spike_statement(layer) };
    run.first = ir_leaf(b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEP);
    struct ir_node *end = ir_leaf(b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEPS);
    run.steps =
        ir_binary(b, IR_MIN, ir_binary(b, IR_SUB, end, run.first), ir_integer(b, STRETCH_STEPS));
    run.end = ir_cast(b, IR_F32, run.steps);
    run.first_time = round_up(l, run.first);
    run.remainder =
        ir_cast(b, IR_F32, ir_binary(b, IR_SUB, ir_cast(b, IR_I64, run.first_time), run.first));
    run.path =
        ir_binary(b, IR_HASH, ir_leaf(b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PATH), run.first);
    return run;
}

/* ---- when a neuron spikes ---- */

/* Of `spike at`, from the first step on: whole, exact, perhaps negative or infinite. */
static struct ir_node *stated_step(struct lowering *l, const struct run *run)
{
    struct ir_node *steps =
        ir_binary(&l->b, IR_SUB, lower_spike_step(l, run->spike->spike.value), run->first_time);
    return ir_binary(&l->b, IR_ADD, steps, run->remainder);
}

/* A standard exponential number. */
static struct ir_node *draw_exponential(struct lowering *l, const struct statement *spike,
                                        const void *key, struct draw_address address)
{
    int32_t site = lower_site(l, key, STREAM, spike->span);
    return ir_draw(&l->b, IR_EXPONENTIAL, NULL, site, address.element, address.step, address.path);
}

/* The steps without a spike before the next one; infinite where the chance is 0. */
static struct ir_node *passed_steps(struct lowering *l, const struct statement *spike,
                                    struct ir_node *exponential)
{
    struct ir_builder *b = &l->b;
    struct ir_node *zero = ir_real(b, IR_F32, 0), *one = ir_real(b, IR_F32, 1);
    struct ir_node *chance = lower_as(l, spike->spike.value, IR_F32);
    struct ir_node *negative = ir_unary(b, IR_NEG, ir_binary(b, IR_MIN, chance, one));
    struct ir_node *mean =
        ir_binary(b, IR_DIV, ir_real(b, IR_F32, -1), ir_unary(b, IR_LOG1P, negative));
    struct ir_node *steps = ir_unary(b, IR_FLOOR, ir_binary(b, IR_MUL, exponential, mean));
    return ir_select(b, ir_binary(b, IR_GT, chance, zero), steps, ir_real(b, IR_F32, INFINITY));
}

static struct ir_node *first_passed_steps(struct lowering *l, const struct run *run)
{
    struct draw_address address = { l->kernel->element, run->first,
                                    ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PATH) };
    return passed_steps(l, run->spike, draw_exponential(l, run->spike, run->spike, address));
}

/* What comes after the spike at step `now`. */
static struct ir_node *after_spike(struct lowering *l, const struct statement *spike,
                                   struct ir_node *now, struct ir_node *exponential)
{
    struct ir_node *next = ir_binary(&l->b, IR_ADD, now, ir_real(&l->b, IR_F32, 1));
    return ir_binary(&l->b, IR_ADD, next, passed_steps(l, spike, exponential));
}

/* The address of the draws of a neuron's spike number 4 block + word. */
static struct draw_address spike_address(struct lowering *l, struct ir_node *block,
                                         struct ir_node *word, struct ir_node *path)
{
    struct ir_node *first =
        ir_binary(&l->b, IR_SHL, l->kernel->element, ir_integer(&l->b, WORDS / 2));
    return (struct draw_address){ ir_binary(&l->b, IR_OR, first, word), block, path };
}

/* ---- the first spikes ---- */

static void begin_at_zero(struct lowering *l, const struct run *run)
{
    const struct statement_list *body = &run->layer->layer->model->body;
    for (size_t i = 0; i < body->count; i++) {
        if (body->items[i]->kind != STATEMENT_IF)
            continue;
        struct ir_node *branch =
            ir_if(&l->b, ir_binary(&l->b, IR_EQ, run->first, ir_integer(&l->b, 0)));
        struct ir_builder outer = l->b;
        l->b.block = &branch->branch.then_body;
        l->step = ir_integer(&l->b, 0);
        lower_kernel_block(l, body->items[i]->conditional.then);
        l->step = NULL;
        l->b = outer;
    }
}

/* The first spike of each neuron; those that have one in the stretch are listed, so that no lane is
 * idle after. */
static void find_first(struct lowering *l, const struct run *run)
{
    struct lowered_layer *layer = run->layer;
    struct ir_builder *b = &l->b;
    kernel_open(l, arena_format(&l->c->arena, "%s.first", layer->name));
    begin_at_zero(l, run);
    bool is_stated = run->spike->spike.form == SPIKE_AT;
    struct ir_node *next = is_stated ? stated_step(l, run) : first_passed_steps(l, run);
    kernel_write(l, layer->ahead_next, -1, next);
    kernel_write(l, layer->ahead_active, -1,
                 ir_binary(b, IR_AND, ir_binary(b, IR_GE, next, ir_real(b, IR_F32, 0)),
                           ir_binary(b, IR_LT, next, run->end)));
    kernel_close(l);
    ir_compact(b, layer->ahead_active, layer->list, layer->list_count,
               lower_size_leaf(l, layer->size));
}

/* ---- from spike to spike ---- */

/* A neuron that runs. */
struct runner {
    const struct run *run;
    struct ir_node *place;          /* among the active ones */
    struct ir_node *now;            /* VAR: step of the next spike, run->end after the last */
    struct drawn_list drawn[WORDS]; /* by spike of a turn: what does not wait for the one before */
};

static void store_time(struct lowering *l, const struct runner *r, struct ir_node *spike)
{
    struct ir_node *row = ir_binary(&l->b, IR_MUL, spike, r->run->active);
    /* A whole number below 2^23: after adding that, the lower bits are the number. */
    struct ir_node *bits =
        ir_bitcast(&l->b, IR_I32,
                   ir_binary(&l->b, IR_ADD, ir_get(&l->b, r->now), ir_real(&l->b, IR_F32, 0x1p23)));
    struct ir_node *time = ir_binary(&l->b, IR_SUB, bits, ir_bits(&l->b, 0x4b000000));
    ir_store(&l->b, r->run->layer->ahead_times, ir_binary(&l->b, IR_ADD, row, r->place), time);
}

struct draw_search {
    struct lowering *l;
    struct drawn_list *found;
};

static void draw_fixed(struct expr *e, void *data)
{
    struct draw_search *search = data;
    bool is_fixed = lower_is_draw(e);
    for (size_t i = 0; is_fixed && i < e->target->count; i++)
        is_fixed = !lower_reads_state(e->target->arguments[i]);
    expr_children(e, draw_fixed, data);
    if (is_fixed)
        array_push(&search->l->c->arena, search->found,
                   (struct drawn){ e, lower_scalar(search->l, e) });
}

/* Draws whose arguments hold, for the four spikes of a turn: the chain from spike to spike then has
 * little to wait for. */
static void draw_ahead(struct lowering *l, struct runner *r, struct ir_node *turn)
{
    const struct statement_list *body = &r->run->layer->layer->model->body;
    for (int part = 0; part < WORDS; part++) {
        struct draw_search search = { l, &r->drawn[part] };
        struct draw_address address = spike_address(l, turn, ir_integer(&l->b, part), r->run->path);
        l->address = &address;
        for (size_t i = 0; i < body->count; i++) {
            const struct statement *s = body->items[i];
            for (size_t k = 0; s->kind == STATEMENT_ON && k < s->on.body->statements.count; k++)
                draw_fixed(s->on.body->statements.items[k]->assign.value, &search);
        }
        if (r->run->spike->spike.form == SPIKE_CHANCE)
            array_push(
                &l->c->arena, search.found,
                (struct drawn){ r->run->spike, draw_exponential(l, r->run->spike,
                                                                &r->run->spike->spike, address) });
        l->address = NULL;
    }
}

static struct ir_node *drawn_value(const struct drawn_list *drawn, const void *key)
{
    for (size_t i = 0; i < drawn->count; i++)
        if (drawn->items[i].draw == key)
            return drawn->items[i].value;
    unreachable();
}

static void run_spike(struct lowering *l, const struct runner *r, struct ir_node *turn, int part)
{
    const struct run *run = r->run;
    const struct statement_list *body = &run->layer->layer->model->body;
    struct ir_builder *b = &l->b;
    struct draw_address address = spike_address(l, turn, ir_integer(b, part), run->path);
    struct ir_node *now = ir_get(b, r->now), *next;
    l->address = &address;
    l->drawn = &r->drawn[part];
    for (size_t i = 0; i < body->count; i++)
        if (body->items[i]->kind == STATEMENT_ON)
            lower_kernel_block(l, body->items[i]->on.body);
    if (run->spike->spike.form == SPIKE_AT)
        next = stated_step(l, run);
    else
        next = after_spike(l, run->spike, now, drawn_value(l->drawn, run->spike));
    l->address = NULL;
    l->drawn = NULL;
    next = ir_binary(b, IR_MIN, next, run->end);
    ir_set(b, r->now, ir_select(b, ir_binary(b, IR_GT, next, now), next, run->end));
    struct ir_node *first = ir_binary(b, IR_MUL, turn, ir_integer(b, WORDS));
    store_time(l, r, ir_binary(b, IR_ADD, first, ir_integer(b, part + 1)));
}

static struct ir_node *is_running(struct lowering *l, const struct runner *r)
{
    return ir_binary(&l->b, IR_LT, ir_get(&l->b, r->now), r->run->end);
}

/* The times of each neuron's spikes, four in a turn. */
static void run_neurons(struct lowering *l, const struct run *run)
{
    struct lowered_layer *layer = run->layer;
    kernel_open_listed(l, arena_format(&l->c->arena, "%s.ahead", layer->name), layer->list,
                       run->active);
    struct runner r = { .run = run, .place = l->kernel->loop->loop.index };
    r.now = ir_var(&l->b, "now", kernel_read(l, layer->ahead_next, -1));
    for (size_t i = 0; i < layer->count_tables.count; i++)
        lower_find_counts(l, &layer->count_tables.items[i]);
    store_time(l, &r, ir_integer(&l->b, 0));
    struct ir_node *loop = ir_while(&l->b), *turn = loop->loop_while.index;
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop_while.test;
    loop->loop_while.condition = is_running(l, &r);
    l->b.block = &loop->loop_while.body;
    draw_ahead(l, &r, turn);
    for (int part = 0; part < WORDS; part++) {
        if (part > 0) {
            struct ir_node *branch = ir_if(&l->b, is_running(l, &r));
            l->b.block = &branch->branch.then_body;
        }
        run_spike(l, &r, turn, part);
    }
    l->b = outer;
    kernel_close(l);
}

/* ---- the lists ---- */

/* Neurons in ascending order, so that each step's list is ascending. */
static void list_spikes(struct lowering *l, const struct run *run)
{
    const struct lowered_layer *layer = run->layer;
    struct ir_node *zero = ir_integer(&l->b, 0), *one = ir_integer(&l->b, 1);
    struct ir_builder outer = l->b;
    struct ir_node *rows = ir_loop(&l->b, "ahead.rows", zero, run->steps, true);
    l->b.block = &rows->loop.body;
    ir_store(&l->b, layer->ahead_ends, rows->loop.index,
             ir_binary(&l->b, IR_MUL, rows->loop.index, run->active));
    l->b = outer;
    struct ir_node *neurons = ir_loop(&l->b, arena_format(&l->c->arena, "%s.lists", layer->name),
                                      zero, run->active, false);
    l->b.block = &neurons->loop.body;
    struct ir_node *neuron = ir_load(&l->b, layer->list, neurons->loop.index);
    struct ir_node *place = ir_var(&l->b, "place", neurons->loop.index);
    struct ir_node *spikes = ir_while(&l->b);
    l->b.block = &spikes->loop_while.test;
    struct ir_node *time = ir_load(&l->b, layer->ahead_times, ir_get(&l->b, place));
    spikes->loop_while.condition = ir_binary(&l->b, IR_LT, time, run->steps);
    l->b.block = &spikes->loop_while.body;
    struct ir_node *end = ir_load(&l->b, layer->ahead_ends, time);
    ir_store(&l->b, layer->ahead_lists, end, neuron);
    ir_store(&l->b, layer->ahead_ends, time, ir_binary(&l->b, IR_ADD, end, one));
    ir_set(&l->b, place, ir_binary(&l->b, IR_ADD, ir_get(&l->b, place), run->active));
    l->b = outer;
}

static void reserve(struct lowering *l, int32_t buffer, struct ir_node *count)
{
    ir_call_rt(&l->b, IR_RT_snn_rt_reserve, 2,
               (struct ir_node *[]){ ir_integer(&l->b, buffer), count });
}

/* Sets `spiked` of the neurons on the step's list. */
static void mark_listed(struct lowering *l, const struct lowered_layer *layer, const char *name,
                        bool value)
{
    struct ir_node *count = ir_load(&l->b, layer->list_count, ir_integer(&l->b, 0));
    struct ir_node *loop = ir_loop_events(&l->b, name, layer->list, count, true);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    ir_store(&l->b, layer->spiked, loop->loop.index, ir_bool(&l->b, value));
    l->b = outer;
}

static void run_ahead(struct lowering *l, struct run *run)
{
    struct lowered_layer *layer = run->layer;
    struct ir_node *zero = ir_integer(&l->b, 0);
    mark_listed(l, layer, "ahead.clear", false);
    find_first(l, run);
    run->active = ir_load(&l->b, layer->list_count, zero);
    struct ir_node *spikes = ir_binary(&l->b, IR_MUL, run->steps, run->active);
    reserve(l, layer->ahead_times, ir_binary(&l->b, IR_ADD, spikes, run->active));
    reserve(l, layer->ahead_lists, spikes);
    reserve(l, layer->ahead_ends, run->steps);
    run_neurons(l, run);
    list_spikes(l, run);
    ir_store(&l->b, layer->ahead_row, zero, run->active);
    ir_store(&l->b, layer->list_count, zero, zero);
}

/* ---- step by step ---- */

static void prepare_steps(struct lowering *l, const struct run *run)
{
    struct lowered_layer *layer = run->layer;
    kernel_open(l, arena_format(&l->c->arena, "%s.first", layer->name));
    kernel_write(l, layer->ahead_done, -1, ir_integer(&l->b, 0));
    if (run->spike->spike.form == SPIKE_CHANCE)
        kernel_write(l, layer->ahead_next, -1, first_passed_steps(l, run));
    kernel_close(l);
    ir_store(&l->b, layer->ahead_path, ir_integer(&l->b, 0), run->path);
}

static struct ir_node *step_in_stretch(struct lowering *l, const struct lowered_layer *layer)
{
    struct ir_node *first = ir_load(&l->b, layer->ahead_first, ir_integer(&l->b, 0));
    return ir_cast(&l->b, IR_F32, ir_binary(&l->b, IR_SUB, lower_step(l), first));
}

struct ir_node *lower_predicted_spike(struct lowering *l)
{
    const struct lowered_layer *layer = l->kernel->layer;
    return ir_binary(&l->b, IR_EQ, kernel_read(l, layer->ahead_next, -1),
                     step_in_stretch(l, layer));
}

struct draw_address lower_spike_address(struct lowering *l, struct lowered_layer *layer)
{
    struct ir_node *done = kernel_read(l, layer->ahead_done, -1);
    struct ir_node *word = ir_binary(&l->b, IR_AND, done, ir_integer(&l->b, WORDS - 1));
    return spike_address(l, ir_binary(&l->b, IR_SHR, done, ir_integer(&l->b, WORDS / 2)), word,
                         ir_load(&l->b, layer->ahead_path, ir_integer(&l->b, 0)));
}

void lower_predict_next(struct lowering *l, struct lowered_layer *layer)
{
    const struct statement *spike = spike_statement(layer);
    kernel_open_events(l, arena_format(&l->c->arena, "%s.next", layer->name), layer->list,
                       ir_load(&l->b, layer->list_count, ir_integer(&l->b, 0)));
    if (spike->spike.form == SPIKE_CHANCE) {
        struct ir_node *exponential =
            draw_exponential(l, spike, &spike->spike, lower_spike_address(l, layer));
        kernel_write(l, layer->ahead_next, -1,
                     after_spike(l, spike, step_in_stretch(l, layer), exponential));
    }
    struct ir_node *done = kernel_read(l, layer->ahead_done, -1);
    kernel_write(l, layer->ahead_done, -1, ir_binary(&l->b, IR_ADD, done, ir_integer(&l->b, 1)));
    kernel_close(l);
}

/* ---- both ---- */

void lower_layer_ahead(struct lowering *l, struct lowered_layer *layer)
{
    struct kernel kernel = { .layer = layer };
    lower_fill_count_tables(l, layer);
    struct run run = begin_run(l, layer);
    ir_store(&l->b, layer->ahead_first, ir_integer(&l->b, 0), run.first);
    l->kernel = &kernel;
    if (layer->runs_ahead)
        run_ahead(l, &run);
    else
        prepare_steps(l, &run);
    l->kernel = NULL;
}

/* A step of a layer that ran ahead: its spikes come from the list. */
void lower_ahead_step(struct lowering *l, struct lowered_layer *layer)
{
    struct ir_node *zero = ir_integer(&l->b, 0);
    struct ir_node *now = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEP);
    struct ir_node *row = ir_binary(&l->b, IR_SUB, now, ir_load(&l->b, layer->ahead_first, zero));
    struct ir_node *base = ir_binary(&l->b, IR_MUL, row, ir_load(&l->b, layer->ahead_row, zero));
    struct ir_node *count = ir_binary(&l->b, IR_SUB, ir_load(&l->b, layer->ahead_ends, row), base);
    mark_listed(l, layer, "ahead.clear", false);
    struct ir_node *ring_row = NULL, *ring_base = NULL;
    if (layer->ring_size >= 0) { /* for connections with delay or lag */
        ring_row = ir_ring_row(&l->b, ir_load(&l->b, layer->network->clock, zero),
                               lower_size_leaf(l, layer->ring_size));
        ring_base = ir_binary(&l->b, IR_MUL, ring_row, lower_size_leaf(l, layer->size));
    }
    struct ir_builder outer = l->b;
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
    mark_listed(l, layer, "ahead.mark", true);
}
