/* SPDX-License-Identifier: MIT
 *
 * Continuous networks that run layer by layer. Where spikes only go forward and neurons of a layer
 * do not see each other, a layer can be run through the whole presentation before the next one
 * begins, and its neurons in lanes, each from event to event: states stay in registers, and an
 * event costs its row of weights. The results are those of running group by group.
 */
#include "ir/lower_internal.h"

/* ---- may a network run so ---- */

static bool is_local_model(const struct lowered_layer *layer)
{
    const struct neuron_instance *model = layer->layer->model;
    if (model->spike == NULL || model->emits || model->spike->spike.form != SPIKE_WHEN ||
        layer->crossing != NULL || lower_is_coupled(model))
        return false;
    for (size_t i = 0; i < model->body.count; i++)
        if (lower_breaks_kernel(model->body.items[i]) || lower_draws(model->body.items[i]))
            return false;
    return true;
}

static bool is_plain(const struct lowered_connection *c)
{
    for (size_t i = 0; i < c->connection->rules.count; i++)
        if (lower_rule_steps(c->connection->rules.items[i]))
            return false;
    if (c->connection->source_field != NULL || c->connection->delay != NULL)
        return false;
    return lower_has_stages(c->connection) ? lower_runs_behind_window(c)
                                           : c->connection->kind->id == BUILTIN_DENSE;
}

static bool sends(const struct lowered_network *network, const struct layer *layer)
{
    for (size_t i = 0; i < network->network->connections.count; i++)
        if (network->network->connections.items[i]->source == layer)
            return true;
    return false;
}

static struct lowered_connection *only_connection_to(const struct lowered_network *network,
                                                     const struct layer *layer)
{
    struct lowered_connection *found = NULL;
    for (size_t i = 0; i < network->network->connections.count; i++) {
        if (network->network->connections.items[i]->target != layer)
            continue;
        if (found != NULL)
            return NULL;
        found = &network->connections[i];
    }
    return found;
}

bool lower_runs_layerwise(struct lowering *l, const struct lowered_network *network)
{
    const struct network *n = network->network;
    if (!n->is_continuous || pointer_map_get(&l->stepped_of, n) >= 0)
        return false;
    for (size_t i = 0; i < n->layers.count; i++) {
        const struct lowered_layer *layer = &network->layers[i];
        const struct lowered_connection *c = only_connection_to(network, layer->layer);
        if (layer->event_first >= 0)
            continue;
        if (c == NULL || !is_plain(c) || !is_local_model(layer) ||
            (sends(network, layer->layer) && !layer->layer->model->spike->spike.is_once))
            return false;
    }
    remark(l->c, n->declaration->span, "continuous",
           "'%s' runs layer by layer, each neuron from event to event", network->name);
    return true;
}

/* ---- a layer ---- */

/* What a spike of `source` gives to the neuron at hand. */
static void add_weight(struct lowering *l, const struct lowered_connection *c,
                       struct ir_node *source)
{
    int32_t slot = lower_state_buffer(l, c->connection->slot);
    struct ir_node *total = kernel_read(l, slot, -1), *weight;
    if (c->weight_buffer < 0)
        weight = ir_leaf(&l->b, IR_CONSTANT, total->type,
                         l->program->connections[c->ir].constant_weight);
    else
        weight = ir_load(&l->b, c->weight_buffer, lower_synapse(l, c, source, l->kernel->element));
    kernel_write(l, slot, -1, ir_binary(&l->b, IR_ADD, total, ir_cast(&l->b, total->type, weight)));
}

void lower_clear_at(struct lowering *l, const struct lowered_layer *layer)
{
    const struct symbol_list *inputs = &layer->layer->model->inputs;
    for (size_t i = 0; i < inputs->count; i++)
        kernel_write(l, lower_state_buffer(l, inputs->items[i]), -1, ir_real(&l->b, IR_F32, 0));
}

static void account(struct lowering *l, struct lowered_layer *layer)
{
    struct ir_node *branch = ir_if(&l->b, ir_get(&l->b, l->kernel->spike));
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &branch->branch.then_body;
    struct ir_node *now = ir_cast(&l->b, IR_F32, l->now);
    kernel_write(l, layer->first, -1,
                 ir_binary(&l->b, IR_MIN, now, kernel_read(l, layer->first, -1)));
    kernel_write(l, layer->last, -1, now);
    kernel_write(l, layer->fired, -1, ir_bool(&l->b, true));
    kernel_write(l, layer->count, -1,
                 ir_binary(&l->b, IR_ADD, kernel_read(l, layer->count, -1), ir_integer(&l->b, 1)));
    l->b = outer;
    kernel_write(l, layer->spiked, -1, ir_get(&l->b, l->kernel->spike));
}

static void run_body(struct lowering *l, struct lowered_layer *layer)
{
    struct block body = { .statements = layer->layer->model->body };
    ir_set(&l->b, l->kernel->spike, ir_bool(&l->b, false));
    lower_kernel_block(l, &body);
    account(l, layer);
    lower_clear_at(l, layer);
}

static void pass_time(struct lowering *l, struct ir_node *before)
{
    l->elapsed = ir_binary(&l->b, IR_SUB, l->now, ir_get(&l->b, before));
    ir_set(&l->b, before, l->now);
}

/* The body, for the events of the time at hand. */
void lower_run_at(struct lowering *l, struct lowered_layer *layer, struct ir_node *before)
{
    pass_time(l, before);
    run_body(l, layer);
}

/* Whether event k is the last one of its time. */
static struct ir_node *is_last(struct lowering *l, const struct lowered_layer *source,
                               struct ir_node *k, struct ir_node *time, struct ir_node *count)
{
    struct ir_node *next = ir_binary(&l->b, IR_ADD, k, ir_integer(&l->b, 1));
    struct ir_node *some = ir_binary(&l->b, IR_LT, next, count);
    struct ir_node *place = ir_select(&l->b, some, next, k);
    struct ir_node *differs =
        ir_binary(&l->b, IR_NE, ir_load(&l->b, source->event_times, place), time);
    return ir_binary(&l->b, IR_OR, differs, ir_unary(&l->b, IR_NOT, some));
}

/* The layer was reached by the last event. */
static void keep_time(struct lowering *l, const struct lowered_layer *layer,
                      const struct lowered_layer *source, struct ir_node *count)
{
    struct ir_node *zero = ir_integer(&l->b, 0);
    struct ir_node *some = ir_if(&l->b, ir_binary(&l->b, IR_GT, count, zero));
    struct ir_builder outer = l->b;
    l->b.block = &some->branch.then_body;
    ir_store(
        &l->b, layer->reached, zero,
        ir_load(&l->b, source->event_times, ir_binary(&l->b, IR_SUB, count, ir_integer(&l->b, 1))));
    l->b = outer;
}

/* A potential waits for the one before, which takes longer than an addition: several vectors of
 * neurons run beside each other. */
enum { VECTOR = 16, VECTORS = 4 };

/* The neurons of `kernels`, each through all events. */
static void run_events(struct lowering *l, struct lowered_layer *layer, struct kernel *kernels,
                       int count)
{
    struct lowered_connection *c = only_connection_to(layer->network, layer->layer);
    struct lowered_layer *source = c->source;
    struct ir_node *zero = ir_integer(&l->b, 0);
    struct ir_node *event_count = ir_load(&l->b, source->event_count, zero);
    struct ir_node *before = ir_var(&l->b, "before", ir_load(&l->b, layer->reached, zero));
    for (int i = 0; i < count; i++) {
        l->kernel = &kernels[i];
        kernels[i].spike = ir_var(&l->b, "spiked", ir_bool(&l->b, false));
        lower_clear_at(l, layer);
    }
    struct ir_node *events = ir_loop(&l->b, arena_format(&l->c->arena, "%s.events", layer->name),
                                     zero, event_count, false);
    struct ir_builder outside = l->b;
    for (int i = 0; i < count; i++)
        kernels[i].events = events;
    l->b.block = &events->loop.body;
    struct ir_node *k = events->loop.index, *neuron = ir_load(&l->b, source->list, k);
    for (int i = 0; i < count; i++) {
        l->kernel = &kernels[i];
        add_weight(l, c, neuron);
    }
    struct ir_node *time = ir_load(&l->b, source->event_times, k);
    struct ir_node *ends_group = is_last(l, source, k, time, event_count);
    if (layer->layer->model->reads_last_event) { /* a group of its own */
        struct ir_node *left = ir_binary(&l->b, IR_SUB, event_count, k);
        ends_group = ir_binary(&l->b, IR_OR, ends_group,
                               ir_binary(&l->b, IR_EQ, left, ir_integer(&l->b, 2)));
        l->last_event = ir_binary(&l->b, IR_EQ, left, ir_integer(&l->b, 1));
    }
    struct ir_node *branch = ir_if(&l->b, ends_group);
    l->b.block = &branch->branch.then_body;
    l->now = ir_cast(&l->b, IR_F64, time);
    pass_time(l, before);
    for (int i = 0; i < count; i++) {
        l->kernel = &kernels[i];
        run_body(l, layer);
    }
    l->now = l->elapsed = l->last_event = NULL;
    l->b = outside;
    for (int i = count - 1; i > 0; i--) {
        l->kernel = &kernels[i];
        kernel_store(l);
    }
    l->kernel = &kernels[0];
    kernel_close(l);
}

static struct kernel eventwise(struct lowering *l, struct lowered_layer *layer)
{
    return (struct kernel){ .layer = layer,
                            .is_learning = true,
                            .is_eventwise = true,
                            .counts_since = layer->layer->model->reads_since,
                            .name = arena_format(&l->c->arena, "%s.body", layer->name) };
}

/* Few neurons: one vector after the other. */
static void run_few(struct lowering *l, struct lowered_layer *layer)
{
    struct kernel kernel = eventwise(l, layer);
    l->kernel = &kernel;
    kernel_open(l, kernel.name);
    run_events(l, layer, &kernel, 1);
}

/* Blocks of several vectors. One that would reach beyond the last neuron is moved back to end
 * there: its first neurons are those of another vector as well, and not stored. */
static void run_many(struct lowering *l, struct lowered_layer *layer)
{
    struct kernel kernels[VECTORS];
    struct ir_node *size = lower_size_leaf(l, layer->size), *vector = ir_integer(&l->b, VECTOR);
    struct ir_node *per_block = ir_integer(&l->b, VECTOR * VECTORS);
    struct ir_node *above = ir_binary(&l->b, IR_ADD, size, ir_integer(&l->b, VECTOR * VECTORS - 1));
    struct ir_node *blocks =
        ir_loop(&l->b, arena_format(&l->c->arena, "%s.blocks", layer->name), ir_integer(&l->b, 0),
                ir_binary(&l->b, IR_DIV, above, per_block), false);
    struct ir_builder outside = l->b;
    l->b.block = &blocks->loop.body;
    struct ir_node *first = ir_binary(&l->b, IR_MUL, blocks->loop.index, per_block);
    struct ir_node *last = ir_binary(&l->b, IR_SUB, size, vector), *starts[VECTORS];
    for (int i = 0; i < VECTORS; i++) {
        kernels[i] = eventwise(l, layer);
        kernels[i].own = ir_binary(&l->b, IR_ADD, first, ir_integer(&l->b, i * VECTOR));
        starts[i] = ir_binary(&l->b, IR_MIN, kernels[i].own, last);
    }
    struct ir_builder inside = l->b;
    struct ir_node *loop = ir_loop(&l->b, kernels[0].name, ir_integer(&l->b, 0), vector, true);
    l->b.block = &loop->loop.body;
    for (int i = 0; i < VECTORS; i++) {
        l->kernel = &kernels[i];
        kernel_open_in(l, loop, inside, ir_binary(&l->b, IR_ADD, starts[i], loop->loop.index));
    }
    run_events(l, layer, kernels, VECTORS);
    l->b = outside;
}

static void run_neurons(struct lowering *l, struct lowered_layer *layer)
{
    struct ir_node *is_large =
        ir_binary(&l->b, IR_GT, lower_size_leaf(l, layer->size), ir_integer(&l->b, VECTOR));
    struct ir_node *branch = ir_if(&l->b, is_large);
    struct ir_builder outer = l->b;
    l->b.block = &branch->branch.then_body;
    run_many(l, layer);
    l->b.block = &branch->branch.else_body;
    run_few(l, layer);
    l->b = outer;
}

static void run_layer(struct lowering *l, struct lowered_layer *layer)
{
    struct lowered_connection *c = only_connection_to(layer->network, layer->layer);
    struct kernel kernel = eventwise(l, layer);
    l->b.span = layer->layer->statement->span;
    l->kernel = &kernel;
    if (c->stage_count > 0)
        lower_run_behind_window(l, c);
    else
        run_neurons(l, layer);
    l->kernel = NULL;
    keep_time(l, layer, c->source, ir_load(&l->b, c->source->event_count, ir_integer(&l->b, 0)));
}

void lower_layerwise(struct lowering *l, struct lowered_network *network)
{
    const struct network *n = network->network;
    struct ir_node *zero = ir_integer(&l->b, 0);
    for (size_t i = 0; i < n->order.count; i++) {
        struct lowered_layer *layer = lowered_layer_of(l, n->order.items[i]);
        if (layer->event_first >= 0) {
            lower_account_events(l, layer, zero, ir_load(&l->b, layer->event_count, zero));
            continue;
        }
        run_layer(l, layer);
        if (sends(network, layer->layer))
            lower_sort_events(l, layer, layer->first);
    }
}
