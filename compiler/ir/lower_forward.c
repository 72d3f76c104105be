/* SPDX-License-Identifier: MIT
 *
 * `forward` of a network that a gradient is taken from: layer by layer, first what arrives in all
 * steps, then the neurons, each through all steps with its state in registers; step by step where
 * layers wait for each other. Matrices take the spikes of all steps at once.
 */
#include "ir/lower_internal.h"

static const char *dotted(struct lowering *l, const char *name, const char *field)
{
    return arena_format(&l->c->arena, "%s.%s", name, field);
}

static struct ir_node *zero(struct lowering *l)
{
    return ir_integer(&l->b, 0);
}

/* Of step `step` (null: of a record without time) of the sample at hand, neuron `element`. */
static struct ir_node *record_place(struct lowering *l, const struct lowered_layer *layer,
                                    struct ir_node *step, struct ir_node *element)
{
    struct ir_node *row = lower_number(l, layer->network->sample);
    if (step != NULL)
        row = ir_binary(&l->b, IR_ADD,
                        ir_binary(&l->b, IR_MUL, step, lower_number(l, layer->network->samples)),
                        row);
    return ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, row, lower_size_leaf(l, layer->size)),
                     element);
}

struct ir_node *lower_open_range(struct lowering *l, const char *name, struct ir_node *high,
                                 bool is_independent)
{
    struct ir_node *loop = ir_loop(&l->b, name, zero(l), high, is_independent);
    l->b.before = NULL;
    l->b.block = &loop->loop.body;
    return loop->loop.index;
}

struct ir_node *lower_row_place(struct lowering *l, const struct lowered_layer *layer,
                                struct ir_node *step, struct ir_node *element)
{
    return ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, step, lower_size_leaf(l, layer->size)),
                     element);
}

/* Of all steps, or of one. */
static void reserve_size(struct lowering *l, int32_t size, int32_t buffer, bool is_steady)
{
    if (buffer < 0)
        return;
    struct ir_node *count = lower_size_leaf(l, size);
    if (!is_steady)
        count = ir_binary(&l->b, IR_MUL, lower_steps_now(l), count);
    ir_call_rt(&l->b, IR_RT_snn_rt_reserve, 2,
               (struct ir_node *[]){ ir_integer(&l->b, buffer), count });
}

void lower_keep_near(struct lowering *l, struct ir_node *slope)
{
    const struct lowered_layer *layer = l->kernel->layer;
    if (layer->near < 0 || l->step == NULL)
        return;
    struct ir_node *is_near = ir_binary(&l->b, IR_NE, slope, ir_real(&l->b, IR_F32, 0));
    ir_store(&l->b, layer->near, lower_row_place(l, layer, l->step, l->kernel->element), is_near);
}

void lower_reserve_rows(struct lowering *l, const struct lowered_layer *layer, int32_t buffer)
{
    reserve_size(l, layer->size, buffer, false);
}

/* What the source has sent in step `sent` and arrives in `step`, as connections find it: flags and
 * their list, numbers, or both. */
static void lay_out(struct lowering *l, const struct lowered_connection *c, struct ir_node *step,
                    struct ir_node *sent)
{
    const struct lowered_layer *source = c->source;
    bool has_numbers = source->emitted >= 0, has_list = source->raster >= 0;
    if (has_numbers && source->emissions < 0)
        return; /* always there */
    int32_t flags = has_numbers ? source->spiked : source->sent;
    struct ir_builder outer = l->b;
    struct ir_node *size = lower_size_leaf(l, source->size);
    struct ir_node *i = lower_open_range(l, dotted(l, c->name, "arrive"), size, true);
    struct ir_node *place = lower_row_place(l, source, sent, i);
    if (has_numbers)
        ir_store(
            &l->b, source->sent, i,
            lower_cut_sent(l, c->network, ir_load(&l->b, source->emissions, place), step, sent));
    if (has_list)
        ir_store(&l->b, flags, i,
                 lower_cut_sent(l, c->network, ir_load(&l->b, source->raster, place), step, sent));
    l->b = outer;
    if (has_list)
        ir_compact(&l->b, flags, source->list, source->list_count, size);
}

static void run_stage(struct lowering *l, const struct lowered_connection *c, size_t i,
                      struct ir_node *step, struct ir_node *base, bool has_arrived)
{
    const struct lowered_stage *stage = &c->stages[i];
    lower_begin_stage(l, c, i, step);
    if (stage->norm != NULL)
        lower_norm(l, c->network, stage->norm, stage->norm->inputs, step);
    if (i + 1 < c->stage_count)
        base = lower_stage_base(l, c, i, step);
    if (has_arrived)
        ir_propagate(&l->b, stage->stepwise, IR_PROPAGATE_FORWARD, base);
}

/* Lists of all steps, one behind the other, of at most so many entries. */
static void reserve_lists(struct lowering *l, int32_t list, int32_t starts, struct ir_node *most)
{
    struct ir_node *one = ir_integer(&l->b, 1);
    struct ir_node *entries = ir_binary(&l->b, IR_ADD, lower_steps_now(l), one);
    ir_call_rt(&l->b, IR_RT_snn_rt_reserve, 2,
               (struct ir_node *[]){ ir_integer(&l->b, list), most });
    ir_call_rt(&l->b, IR_RT_snn_rt_reserve, 2,
               (struct ir_node *[]){ ir_integer(&l->b, starts), entries });
    ir_store(&l->b, starts, zero(l), zero(l));
}

/* Puts the list of a step behind those of the steps before it. */
static void append_list(struct lowering *l, int32_t list, int32_t starts, struct ir_node *step,
                        int32_t from, int32_t from_count)
{
    struct ir_builder outer = l->b;
    struct ir_node *start = ir_load(&l->b, starts, step), *count = lower_number(l, from_count);
    struct ir_node *k = lower_open_range(l, "append", count, true);
    ir_store(&l->b, list, ir_binary(&l->b, IR_ADD, start, k), ir_load(&l->b, from, k));
    l->b = outer;
    ir_store(&l->b, starts, ir_binary(&l->b, IR_ADD, step, ir_integer(&l->b, 1)),
             ir_binary(&l->b, IR_ADD, start, count));
}

/* Keeps what left the pools in a step. */
static void keep_pooled(struct lowering *l, const struct lowered_connection *c,
                        struct ir_node *step)
{
    const struct lowered_stage *pool = &c->stages[c->stage_count - 2], *last = pool + 1;
    struct ir_builder outer = l->b;
    struct ir_node *size = lower_size_leaf(l, pool->size);
    lower_begin_stage(l, c, c->stage_count - 1, step);
    struct ir_node *k = lower_open_range(l, dotted(l, c->name, "pooled"), size, true);
    struct ir_node *row = ir_binary(&l->b, IR_MUL, step, size);
    ir_store(&l->b, c->step_values, ir_binary(&l->b, IR_ADD, row, k),
             ir_load(&l->b, pool->buffer, k));
    l->b = outer;
    append_list(l, c->step_list, c->step_starts, step, last->list, last->list_count);
}

/* `sent`: the step in which it was sent; null where nothing has arrived yet. Stages still pass on a
 * bias then. */
static void run_stages(struct lowering *l, const struct lowered_connection *c, struct ir_node *step,
                       struct ir_node *sent, struct ir_node *base)
{
    struct ir_builder outer = l->b;
    lower_open_due_norm(l, c);
    if (sent != NULL)
        lay_out(l, c, step, sent);
    if (sent != NULL && c->stage_count == 0)
        ir_propagate(&l->b, c->stepwise, IR_PROPAGATE_FORWARD, base);
    size_t stages = c->takes_all_steps && c->stage_count > 0 ? c->stage_count - 1 : c->stage_count;
    for (size_t i = 0; i < stages; i++) {
        if (c->stages[i].norm != NULL)
            l->b = outer;
        run_stage(l, c, i, step, base, sent != NULL || i > 0);
    }
    if (stages < c->stage_count)
        keep_pooled(l, c, step);
    l->b = outer;
}

static void arrive(struct lowering *l, const struct lowered_connection *c, struct ir_node *step,
                   struct ir_node *base)
{
    struct ir_builder outer = l->b;
    struct ir_node *sent = step;
    l->b.span = c->connection->statement->span;
    if (c->total_delay >= 0) {
        struct ir_node *delay = lower_size_leaf(l, c->total_delay);
        struct ir_node *branch = ir_if(&l->b, ir_binary(&l->b, IR_GE, step, delay));
        l->b.block = &branch->branch.else_body;
        run_stages(l, c, step, NULL, base);
        l->b.block = &branch->branch.then_body;
        sent = ir_binary(&l->b, IR_SUB, step, delay);
    }
    run_stages(l, c, step, sent, base);
    l->b = outer;
}

/* An input that only one steady source reaches is the same in each step. */
static bool is_steady_input(const struct lowered_layer *layer, const struct symbol *input)
{
    const struct lowered_network *network = layer->network;
    int count = 0;
    for (size_t i = 0; i < network->network->connections.count; i++) {
        const struct lowered_connection *c = &network->connections[i];
        if (c->connection->slot != input)
            continue;
        if (!c->source->is_steady || c->total_delay >= 0 || lower_drops_each_step(c))
            return false;
        count++;
    }
    return count == 1;
}

/* What an input is before anything arrives: 0, or the bias of a connection. */
static void begin_input(struct lowering *l, const struct lowered_layer *layer,
                        const struct symbol *input, struct ir_node *base)
{
    const struct lowered_network *network = layer->network;
    int32_t currents = pointer_map_get(&l->currents_of, input);
    const struct lowered_connection *biased = NULL;
    for (size_t k = 0; k < network->network->connections.count; k++) {
        const struct lowered_connection *c = &network->connections[k];
        bool is_inside = c->stage_count > 0 && c->connection->weighted + 1 < c->stage_count;
        if (c->connection->slot != input || c->bias_buffer < 0 || is_inside)
            continue;
        if (biased != NULL)
            lower_refuse(l, c->connection->bias->span,
                         "a second bias of one input cannot be in a network that learns by "
                         "gradient yet");
        biased = c;
    }
    if (biased != NULL) {
        lower_put_bias(l, biased, currents, layer->size, base, false);
        return;
    }
    struct ir_builder outer = l->b;
    struct ir_node *i = lower_open_range(l, dotted(l, layer->name, "silent"),
                                         lower_size_leaf(l, layer->size), true);
    ir_store(&l->b, currents, ir_binary(&l->b, IR_ADD, base, i), ir_real(&l->b, IR_F32, 0));
    l->b = outer;
}

/* What arrives at all inputs in a step; at the steady ones, or at the others. */
static void lower_arrivals(struct lowering *l, struct lowered_layer *layer, struct ir_node *step,
                           bool is_steady)
{
    const struct lowered_network *network = layer->network;
    const struct symbol_list *inputs = &layer->layer->model->inputs;
    struct ir_node *base = ir_binary(&l->b, IR_MUL, step, lower_size_leaf(l, layer->size));
    for (size_t i = 0; i < inputs->count; i++) {
        if (is_steady_input(layer, inputs->items[i]) != is_steady)
            continue;
        begin_input(l, layer, inputs->items[i], base);
        for (size_t k = 0; k < network->network->connections.count; k++)
            if (network->connections[k].connection->slot == inputs->items[i] &&
                !(network->connections[k].takes_all_steps &&
                  network->connections[k].stage_count == 0))
                arrive(l, &network->connections[k], step, base);
    }
}

/* Of all steps: what enters batch_norm, and which source was the largest in pools that add to all
 * steps of something. */
static void reserve_stages(struct lowering *l, const struct lowered_connection *c)
{
    bool is_steady = is_steady_input(c->target, c->connection->slot);
    for (size_t i = 0; i < c->stage_count; i++) {
        const struct lowered_stage *stage = &c->stages[i];
        const struct ir_way_back *back = l->program->connections[stage->stepwise].back;
        bool has_steps = i + 1 == c->stage_count || stage[1].norm != NULL;
        if (stage->norm != NULL)
            reserve_size(l, stage->size, stage->norm->inputs, is_steady);
        if (back != NULL && has_steps)
            reserve_size(l, stage->size, back->winners, is_steady);
    }
}

static void reserve_steps(struct lowering *l, const struct lowered_layer *layer)
{
    const struct symbol_list *inputs = &layer->layer->model->inputs;
    for (size_t i = 0; i < inputs->count; i++)
        reserve_size(l, layer->size, pointer_map_get(&l->currents_of, inputs->items[i]),
                     is_steady_input(layer, inputs->items[i]));
    for (size_t i = 0; i < layer->network->network->connections.count; i++)
        if (layer->network->connections[i].target == layer)
            reserve_stages(l, &layer->network->connections[i]);
    lower_reserve_rows(l, layer, layer->raster);
    lower_reserve_rows(l, layer, layer->near);
    lower_reserve_rows(l, layer, layer->emissions);
}

static void account(struct lowering *l, struct lowered_layer *layer)
{
    struct ir_node *spike = ir_get(&l->b, l->kernel->spike);
    struct ir_node *now = lower_time(l, IR_F32);
    struct ir_node *count = kernel_read(l, layer->count, -1);
    struct ir_node *is_first =
        ir_binary(&l->b, IR_AND, spike, ir_binary(&l->b, IR_EQ, count, ir_integer(&l->b, 0)));
    kernel_write(l, layer->first, -1,
                 ir_select(&l->b, is_first, now, kernel_read(l, layer->first, -1)));
    kernel_write(l, layer->last, -1, ir_select(&l->b, spike, now, kernel_read(l, layer->last, -1)));
    kernel_write(l, layer->fired, -1,
                 ir_binary(&l->b, IR_OR, kernel_read(l, layer->fired, -1), spike));
    kernel_write(l, layer->count, -1,
                 ir_binary(&l->b, IR_ADD, count, ir_cast(&l->b, IR_I64, spike)));
    kernel_write(l, layer->spiked, -1, spike);
}

/* Traces of the states of the layer, in this step. */
static void record_states(struct lowering *l, const struct lowered_layer *layer,
                          struct ir_node *step)
{
    for (size_t i = 0; i < layer->network->taken.count; i++) {
        const struct taken_record *record = &layer->network->taken.items[i];
        if (record->layer != layer || !record->is_in_time || record->source == layer->raster)
            continue;
        ir_store(&l->b, record->buffer, record_place(l, layer, step, l->kernel->element),
                 kernel_read(l, record->source, -1));
    }
}

static void run_body(struct lowering *l, struct lowered_layer *layer, struct ir_node *step)
{
    struct block body = { .statements = layer->layer->model->body };
    const struct symbol_list *inputs = &layer->layer->model->inputs;
    struct ir_node *element = l->kernel->element;
    for (size_t i = 0; i < inputs->count; i++) {
        struct ir_node *place = is_steady_input(layer, inputs->items[i])
                                    ? element
                                    : lower_row_place(l, layer, step, element);
        kernel_write(l, lower_state_buffer(l, inputs->items[i]), -1,
                     ir_load(&l->b, pointer_map_get(&l->currents_of, inputs->items[i]), place));
    }
    if (l->kernel->spike != NULL)
        ir_set(&l->b, l->kernel->spike, ir_bool(&l->b, false));
    l->step = step;
    lower_kernel_block(l, &body);
    if (l->kernel->spike != NULL) {
        ir_store(&l->b, layer->raster, lower_row_place(l, layer, step, element),
                 ir_get(&l->b, l->kernel->spike));
        account(l, layer);
    }
    if (layer->emissions >= 0)
        ir_store(&l->b, layer->emissions, lower_row_place(l, layer, step, element),
                 kernel_read(l, layer->emitted, -1));
    record_states(l, layer, step);
    lower_cut_states(l, layer, step);
    l->step = NULL;
}

/* In all steps (null), or in one. */
static void run_neurons(struct lowering *l, struct lowered_layer *layer, struct ir_node *step)
{
    struct kernel kernel = { .layer = layer,
                             .is_eventwise = true,
                             .has_gradient = true,
                             .counts_since = layer->layer->model->reads_since,
                             .name = dotted(l, layer->name, "forward") };
    struct ir_node *steps = lower_steps_now(l);
    l->kernel = &kernel;
    kernel_open(l, kernel.name);
    if (layer->layer->model->spike != NULL)
        kernel.spike = ir_var(&l->b, "spiked", ir_bool(&l->b, false));
    struct ir_builder outer = l->b;
    if (step == NULL)
        step = lower_open_range(l, dotted(l, layer->name, "steps"), steps, false);
    run_body(l, layer, step);
    if (l->b.block != outer.block)
        l->b = outer;
    kernel_close(l);
    l->kernel = NULL;
}

/* Of all steps. */
static struct ir_node *spike_total(struct lowering *l, const struct lowered_layer *layer)
{
    struct ir_node *cells =
        ir_binary(&l->b, IR_MUL, lower_steps_now(l), lower_size_leaf(l, layer->size));
    struct ir_node *total = ir_reduce(&l->b, IR_REDUCE_SUM, IR_I64, zero(l), cells);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &total->reduce.body;
    total->reduce.keys[0] =
        ir_cast(&l->b, IR_I64, ir_load(&l->b, layer->raster, total->reduce.index));
    total->reduce.key_count = 1;
    l->b = outer;
    return total;
}

/* The spikes of all steps, for connections that take them at once. */
static void list_steps(struct lowering *l, const struct lowered_layer *layer)
{
    if (layer->step_list < 0)
        return;
    struct ir_node *size = lower_size_leaf(l, layer->size);
    reserve_lists(l, layer->step_list, layer->step_starts, spike_total(l, layer));
    struct ir_builder outer = l->b;
    struct ir_node *step =
        lower_open_range(l, dotted(l, layer->name, "list"), lower_steps_now(l), false);
    struct ir_builder body = l->b;
    struct ir_node *i = lower_open_range(l, dotted(l, layer->name, "list"), size, true);
    int32_t flags = lower_is_graded(layer) ? layer->spiked : layer->sent;
    ir_store(&l->b, flags, i, ir_load(&l->b, layer->raster, lower_row_place(l, layer, step, i)));
    l->b = body;
    ir_compact(&l->b, flags, layer->list, layer->list_count, size);
    append_list(l, layer->step_list, layer->step_starts, step, layer->list, layer->list_count);
    l->b = outer;
}

static void reserve_pooled(struct lowering *l, const struct lowered_layer *layer)
{
    const struct lowered_network *network = layer->network;
    for (size_t k = 0; k < network->network->connections.count; k++) {
        const struct lowered_connection *c = &network->connections[k];
        if (c->target != layer || c->step_values < 0)
            continue;
        struct ir_node *size = lower_size_leaf(l, c->stages[c->stage_count - 2].size);
        struct ir_node *most = ir_binary(&l->b, IR_MUL, lower_steps_now(l), size);
        reserve_lists(l, c->step_list, c->step_starts, most);
        ir_call_rt(&l->b, IR_RT_snn_rt_reserve, 2,
                   (struct ir_node *[]){ ir_integer(&l->b, c->step_values), most });
    }
}

static void take_all_steps(struct lowering *l, const struct lowered_layer *layer)
{
    const struct lowered_network *network = layer->network;
    for (size_t k = 0; k < network->network->connections.count; k++) {
        const struct lowered_connection *c = &network->connections[k];
        if (c->target != layer || !c->takes_all_steps)
            continue;
        int32_t stepwise =
            c->stage_count > 0 ? c->stages[c->stage_count - 1].stepwise : c->stepwise;
        ir_propagate_steps(&l->b, stepwise, IR_PROPAGATE_FORWARD, lower_steps_now(l));
    }
}

/* A layer after the other, each through all steps: its neurons keep their states in registers. */
static void run_layers(struct lowering *l, const struct lowered_network *network)
{
    for (size_t i = 0; i < network->network->order.count; i++) {
        struct lowered_layer *layer = lowered_layer_of(l, network->network->order.items[i]);
        l->b.span = layer->layer->statement->span;
        if (lower_is_source(layer)) {
            list_steps(l, layer);
            continue;
        }
        reserve_steps(l, layer);
        reserve_pooled(l, layer);
        struct ir_builder outside = l->b;
        lower_open_due_layer(l, layer);
        lower_arrivals(l, layer, zero(l), true);
        struct ir_builder outer = l->b;
        struct ir_node *step =
            lower_open_range(l, dotted(l, layer->name, "arrivals"), lower_steps_now(l), false);
        lower_arrivals(l, layer, step, false);
        l->b = outer;
        take_all_steps(l, layer);
        run_neurons(l, layer, NULL);
        list_steps(l, layer);
        l->b = outside;
    }
}

/* A step after the other, in each all layers. */
static void run_steps(struct lowering *l, const struct lowered_network *network)
{
    for (size_t i = 0; i < network->network->layers.count; i++) {
        struct lowered_layer *layer = &network->layers[i];
        if (lower_is_source(layer))
            continue;
        reserve_steps(l, layer);
        struct ir_builder outside = l->b;
        lower_open_due_layer(l, layer);
        lower_arrivals(l, layer, zero(l), true);
        l->b = outside;
    }
    struct ir_builder outer = l->b;
    struct ir_node *step = lower_open_range(l, "steps", lower_steps_now(l), false);
    for (size_t i = 0; i < network->network->order.count; i++) {
        struct lowered_layer *layer = lowered_layer_of(l, network->network->order.items[i]);
        if (lower_is_source(layer))
            continue;
        l->b.span = layer->layer->statement->span;
        struct ir_builder outside = l->b;
        lower_open_due_layer(l, layer);
        lower_arrivals(l, layer, step, false);
        run_neurons(l, layer, step);
        l->b = outside;
    }
    l->b = outer;
}

static void copy_records(struct lowering *l, const struct lowered_network *network)
{
    for (size_t i = 0; i < network->taken.count; i++) {
        const struct taken_record *record = &network->taken.items[i];
        const struct lowered_layer *layer = record->layer;
        bool is_raster = record->source == layer->raster;
        if (record->is_in_time && !is_raster)
            continue;
        struct ir_builder outer = l->b;
        struct ir_node *size = lower_size_leaf(l, layer->size), *step = NULL;
        if (is_raster)
            step = lower_open_range(l, dotted(l, layer->name, "record"), lower_steps_now(l), false);
        struct ir_node *k = lower_open_range(l, dotted(l, layer->name, "record"), size, true);
        ir_store(
            &l->b, record->buffer, record_place(l, layer, step, k),
            ir_load(&l->b, record->source, is_raster ? lower_row_place(l, layer, step, k) : k));
        l->b = outer;
    }
}

static void sum_norms(struct lowering *l, const struct lowered_network *network)
{
    for (size_t i = 0; i < network->network->connections.count; i++) {
        const struct lowered_connection *c = &network->connections[i];
        if (lower_norm_of(c) != NULL)
            lower_norm_sums(l, network, lower_norm_of(c),
                            is_steady_input(c->target, c->connection->slot));
    }
}

void lower_forward(struct lowering *l, struct lowered_network *network)
{
    lower_enter_function(l, network, network->forward);
    if (network->is_recurrent)
        run_steps(l, network);
    else
        run_layers(l, network);
    sum_norms(l, network);
    copy_records(l, network);
}
