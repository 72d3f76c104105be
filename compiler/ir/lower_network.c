/* SPDX-License-Identifier: MIT
 *
 * A network as functions: reset, begin (counts and time of a presentation), start and end (of
 * rules), and the step in two variants: one that learns what the context says, one in which nothing
 * learns and no rule is left.
 */
#include "ir/lower_internal.h"

struct lowered_network *lowered_network_of(struct lowering *l, const struct network *network)
{
    for (size_t i = 0; i < l->model->networks.count; i++)
        if (l->networks[i].network == network)
            return &l->networks[i];
    unreachable();
}

struct lowered_layer *lowered_layer_of(struct lowering *l, const struct layer *layer)
{
    return &lowered_network_of(l, layer->network)->layers[layer->number];
}

struct lowered_connection *lowered_connection_of(struct lowering *l,
                                                 const struct connection *connection)
{
    return &lowered_network_of(l, connection->network)->connections[connection->number];
}

/* With one network its layers keep their own names. */
static const char *qualified(struct lowering *l, const struct lowered_network *network,
                             const char *name)
{
    return l->model->networks.count == 1 ? name
                                         : arena_format(&l->c->arena, "%s.%s", network->name, name);
}

/* ---- declaration ---- */

static void declare_layer(struct lowering *l, struct lowered_network *network, struct layer *layer)
{
    struct lowered_layer *lowered = &network->layers[layer->number];
    lowered->layer = layer;
    lowered->network = network;
    lowered->name = qualified(l, network, layer->name->text);
    lowered->rank = (int32_t)layer->axes.count;
    lowered->ring_depth = lowered->ring_size = lowered->ring = lowered->ring_counts =
        lowered->spike_record = -1;
    if (lowered->rank > RANK_LIMIT) {
        lower_refuse(l, layer->statement->span, "a layer has at most %d axes", RANK_LIMIT);
        return;
    }
    for (int32_t d = 0; d < lowered->rank; d++) {
        const struct axis *axis = &layer->axes.items[d];
        const char *what = arena_format(&l->c->arena, "the size of axis %s of layer '%s'",
                                        axis->name != NULL ? axis->name->text : "", lowered->name);
        lowered->axis_sizes[d] = lower_size(l, axis->size, layer->statement->span, what);
    }
    const char *size = arena_format(&l->c->arena, "%s.size", lowered->name);
    lowered->size = lowered->rank > 0
                        ? lower_size_product(l, lowered->axis_sizes, lowered->rank, size)
                        : lower_size_value(l, 1);
}

static void declare_connection(struct lowering *l, struct lowered_network *network,
                               struct connection *connection)
{
    struct lowered_connection *lowered = &network->connections[connection->number];
    lowered->connection = connection;
    lowered->network = network;
    lowered->source = lowered_layer_of(l, connection->source);
    lowered->target = lowered_layer_of(l, connection->target);
    lowered->name = qualified(l, network, connection->name->text);
    lowered->lag = lowered->max_delay = lowered->delays = lowered->delay_matrix = -1;
    lowered->column_starts = lowered->column_rows = lowered->column_synapses = -1;
}

static int32_t new_function(struct lowering *l, const struct lowered_network *network,
                            const char *what, enum ir_function_kind kind)
{
    return ir_add_function(l->c, l->program,
                           arena_format(&l->c->arena, "%s.%s", network->name, what), kind,
                           network->network->declaration->span);
}

void lower_check_positive(struct lowering *l, int32_t constant, struct span span,
                          const char *message)
{
    struct ir_builder saved = lower_enter(l, &l->setup);
    struct ir_node *value = lower_constant_leaf(l, constant, IR_F64);
    struct ir_node *is_right = ir_binary(&l->b, IR_GT, value, ir_real(&l->b, IR_F64, 0));
    struct ir_node *check = ir_if(&l->b, ir_unary(&l->b, IR_NOT, is_right));
    struct ir_builder outer = l->b;
    l->b.block = &check->branch.then_body;
    ir_call_rt(
        &l->b, IR_RT_snn_rt_panic, 2,
        (struct ir_node *[]){ ir_text(&l->b, lower_place(l, span)), ir_text(&l->b, message) });
    l->b = outer;
    lower_leave(l, &l->setup, saved);
}

static void declare_step(struct lowering *l, struct lowered_network *network)
{
    const struct expr *step = network->network->step;
    network->dt = lower_real_entry(l, step, arena_format(&l->c->arena, "%s.step", network->name));
    lower_check_positive(l, network->dt, step->span,
                         arena_format(&l->c->arena,
                                      "the step of network '%s' must be greater than 0",
                                      network->name));
}

static int32_t time_buffer(struct lowering *l, const struct lowered_network *network,
                           const char *what)
{
    return lower_buffer(l, arena_format(&l->c->arena, "%s.%s", network->name, what), SNN_FLOAT64,
                        SNN_BUFFER_LANE, lower_size_value(l, 1));
}

static void declare_time(struct lowering *l, struct lowered_network *network)
{
    const struct expr *until = network->network->until;
    network->dt = network->until_entry = -1;
    network->now = time_buffer(l, network, "now");
    network->elapsed = time_buffer(l, network, "elapsed");
    network->until = time_buffer(l, network, "until");
    if (until == NULL)
        return;
    network->until_entry =
        lower_real_entry(l, until, arena_format(&l->c->arena, "%s.until", network->name));
    lower_check_positive(l, network->until_entry, until->span,
                         arena_format(&l->c->arena,
                                      "the end of time of network '%s' must be above 0",
                                      network->name));
}

static void declare_network(struct lowering *l, struct lowered_network *lowered,
                            struct network *network)
{
    lowered->network = network;
    lowered->name = network->name->text;
    lowered->chunk = -1;
    if (network->axes.count > 0)
        lower_refuse(l, network->declaration->span, "arrays of networks cannot be compiled yet");
    lowered->layers =
        arena_alloc_array(&l->c->arena, network->layers.count + 1, sizeof *lowered->layers);
    lowered->connections = arena_alloc_array(&l->c->arena, network->connections.count + 1,
                                             sizeof *lowered->connections);
    if (l->is_failed)
        return;
    if (network->is_continuous)
        declare_time(l, lowered);
    else
        declare_step(l, lowered);
    lowered->clock = lower_buffer(l, arena_format(&l->c->arena, "%s.clock", lowered->name),
                                  SNN_INT64, SNN_BUFFER_LANE, lower_size_value(l, 1));
    lowered->label = lower_buffer(l, arena_format(&l->c->arena, "%s.label", lowered->name),
                                  SNN_INT64, SNN_BUFFER_LANE, lower_size_value(l, 1));
    lowered->reset = new_function(l, lowered, "reset", IR_FUNCTION_RESET);
    lowered->begin = new_function(l, lowered, "begin", IR_FUNCTION_RESET);
    lowered->ahead = new_function(l, lowered, "ahead", IR_FUNCTION_START);
    lowered->start = new_function(l, lowered, "start", IR_FUNCTION_START);
    lowered->end = new_function(l, lowered, "end", IR_FUNCTION_END);
    lowered->step_learning = new_function(l, lowered, "step", IR_FUNCTION_STEP);
    lowered->step_frozen = new_function(l, lowered, "step_frozen", IR_FUNCTION_STEP);
}

/* ---- functions ---- */

void lower_enter_function(struct lowering *l, struct lowered_network *network, int32_t function)
{
    struct ir_function *f = l->program->functions[function];
    l->b = (struct ir_builder){ .compilation = l->c,
                                .program = l->program,
                                .function = f,
                                .block = &f->body,
                                .span = network->network->declaration->span };
    l->network = network;
}

static void lower_reset_function(struct lowering *l, struct lowered_network *network)
{
    lower_enter_function(l, network, network->reset);
    struct ir_node *zero = ir_integer(&l->b, 0);
    ir_store(&l->b, network->clock, zero, zero);
    if (network->network->is_continuous)
        lower_continuous_reset(l, network);
    for (size_t i = 0; i < network->network->layers.count; i++)
        lower_layer_reset(l, &network->layers[i]);
    for (size_t i = 0; i < network->network->connections.count; i++) {
        struct lowered_connection *connection = &network->connections[i];
        for (size_t k = 0; k < connection->connection->rules.count; k++)
            lower_rule_reset(l, connection, connection->connection->rules.items[k]);
    }
}

static void lower_ahead_function(struct lowering *l, struct lowered_network *network)
{
    lower_enter_function(l, network, network->ahead);
    if (network->is_layerwise)
        lower_layerwise(l, network);
    for (size_t i = 0; i < network->network->layers.count; i++)
        lower_find_crossings(l, &network->layers[i], true);
    for (size_t i = 0; i < network->network->layers.count; i++)
        if (network->layers[i].is_predictable)
            lower_layer_ahead(l, &network->layers[i]);
}

static void lower_begin_function(struct lowering *l, struct lowered_network *network)
{
    lower_enter_function(l, network, network->begin);
    for (size_t i = 0; i < network->network->layers.count; i++)
        lower_layer_begin(l, &network->layers[i]);
    lower_begin_dropouts(l, network);
}

/* What rules do before and after a presentation, each where its connection learns. */
static void lower_event_function(struct lowering *l, struct lowered_network *network,
                                 int32_t function, enum event event)
{
    lower_enter_function(l, network, function);
    for (size_t i = 0; i < network->network->connections.count; i++) {
        struct lowered_connection *connection = &network->connections[i];
        for (size_t k = 0; k < connection->connection->rules.count; k++) {
            struct rule_instance *rule = connection->connection->rules.items[k];
            if (!lower_rule_has(rule, event))
                continue;
            struct ir_node *branch = ir_if(&l->b, lower_learn_bit(l, connection->learn_bit));
            struct ir_builder outer = l->b;
            l->b.block = &branch->branch.then_body;
            lower_rule_event(l, connection, rule, event);
            l->b = outer;
        }
    }
}

static void lower_init_rules(struct lowering *l, struct lowered_network *network)
{
    struct ir_builder saved = lower_enter(l, &l->initial);
    l->network = network;
    for (size_t i = 0; i < network->network->connections.count; i++) {
        struct lowered_connection *connection = &network->connections[i];
        for (size_t k = 0; k < connection->connection->rules.count; k++)
            if (lower_rule_has(connection->connection->rules.items[k], EVENT_INIT))
                lower_rule_event(l, connection, connection->connection->rules.items[k], EVENT_INIT);
    }
    lower_leave(l, &l->initial, saved);
}

/* ---- the step ---- */

/* An input starts from what is presented, or from 0; an input without connections is the presented
 * data itself. */
static void clear_inputs(struct lowering *l, struct lowered_layer *layer)
{
    struct kernel kernel = { .layer = layer };
    const struct symbol_list *inputs = &layer->layer->model->inputs;
    bool is_open = false;
    l->kernel = &kernel;
    for (size_t i = 0; i < inputs->count; i++) {
        int32_t input = lower_state_buffer(l, inputs->items[i]),
                data = lower_data_buffer(l, inputs->items[i]);
        if (data == input)
            continue;
        if (!is_open)
            kernel_open(l, arena_format(&l->c->arena, "%s.input", layer->name));
        is_open = true;
        kernel_write(l, input, -1,
                     data >= 0 ? kernel_read(l, data, -1) : ir_real(&l->b, IR_F32, 0));
    }
    if (is_open)
        kernel_close(l);
    l->kernel = NULL;
}

/* Keeps the spikes of this step for connections with delay or lag. */
static void keep_spikes(struct lowering *l, struct lowered_layer *layer)
{
    if (layer->ring_size < 0)
        return;
    struct ir_node *zero = ir_integer(&l->b, 0);
    struct ir_node *slot = ir_ring_row(&l->b, ir_load(&l->b, layer->network->clock, zero),
                                       lower_size_leaf(l, layer->ring_size));
    struct ir_node *base = ir_binary(&l->b, IR_MUL, slot, lower_size_leaf(l, layer->size));
    struct ir_node *count = ir_load(&l->b, layer->list_count, zero);
    struct ir_node *loop =
        ir_loop(&l->b, arena_format(&l->c->arena, "%s.keep", layer->name), zero, count, true);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    struct ir_node *k = loop->loop.index;
    ir_store(&l->b, layer->ring, ir_binary(&l->b, IR_ADD, base, k), ir_load(&l->b, layer->list, k));
    l->b = outer;
    ir_store(&l->b, layer->ring_counts, slot, count);
}

/* Inputs, what arrives, the body. */
void lower_run_layer(struct lowering *l, struct lowered_layer *layer, bool is_learning)
{
    const struct connection_list *connections = &layer->network->network->connections;
    clear_inputs(l, layer);
    for (size_t k = 0; k < connections->count; k++)
        if (connections->items[k]->target == layer->layer)
            lower_connection_bias(l, &layer->network->connections[k]);
    for (size_t k = 0; k < connections->count; k++)
        if (connections->items[k]->target == layer->layer)
            lower_connection_arrive(l, &layer->network->connections[k]);
    lower_layer_step(l, layer, is_learning);
    keep_spikes(l, layer);
}

static void lower_step_function(struct lowering *l, struct lowered_network *network,
                                bool is_learning)
{
    lower_enter_function(l, network, is_learning ? network->step_learning : network->step_frozen);
    const struct network *n = network->network;
    for (size_t i = 0; i < n->order.count; i++) {
        struct lowered_layer *layer = lowered_layer_of(l, n->order.items[i]);
        l->b.span = layer->layer->statement->span;
        if (layer->runs_ahead) {
            lower_ahead_step(l, layer);
            lower_finish_step(l, layer);
        } else if (n->is_continuous) {
            lower_continuous_layer(l, layer, is_learning);
        } else {
            lower_run_layer(l, layer, is_learning);
        }
    }
    for (size_t i = 0; i < n->connections.count && is_learning; i++) {
        struct lowered_connection *connection = &network->connections[i];
        if (connection->connection->rules.count == 0)
            continue;
        struct ir_node *branch = ir_if(&l->b, lower_learn_bit(l, connection->learn_bit));
        struct ir_builder outer = l->b;
        l->b.block = &branch->branch.then_body;
        for (size_t k = 0; k < connection->connection->rules.count; k++)
            lower_rule_step(l, connection, connection->connection->rules.items[k]);
        l->b = outer;
    }
    for (size_t i = 0; i < n->connections.count; i++)
        if (network->connections[i].queue_items >= 0)
            lower_queue_add(l, &network->connections[i]);
    struct ir_node *zero = ir_integer(&l->b, 0);
    ir_store(&l->b, network->clock, zero,
             ir_binary(&l->b, IR_ADD, ir_load(&l->b, network->clock, zero), ir_integer(&l->b, 1)));
    lower_epoch(l, network);
}

/* ---- all networks ---- */

static void lower_network(struct lowering *l, struct lowered_network *network)
{
    const struct network *n = network->network;
    for (size_t i = 0; i < n->layers.count; i++)
        declare_layer(l, network, n->layers.items[i]);
    for (size_t i = 0; i < n->connections.count; i++)
        declare_connection(l, network, n->connections.items[i]);
    l->network = network;
    for (size_t i = 0; i < n->layers.count && !l->is_failed; i++) {
        lower_crossing_buffers(l, &network->layers[i]);
        lower_layer_buffers(l, &network->layers[i]);
    }
    for (size_t i = 0; i < n->connections.count && !l->is_failed; i++) {
        struct lowered_connection *connection = &network->connections[i];
        lower_connection_buffers(l, connection);
        for (size_t k = 0; k < n->connections.items[i]->rules.count && !l->is_failed; k++)
            lower_rule_buffers(l, connection, n->connections.items[i]->rules.items[k]);
    }
    if (l->is_failed)
        return;
    for (size_t i = 0; i < n->layers.count; i++) {
        struct lowered_layer *layer = &network->layers[i];
        lower_ring_buffers(l, layer);
        layer->is_predictable = lower_is_predictable(l, layer);
        layer->runs_ahead = layer->is_predictable && !lower_shows_states(l, layer);
        network->has_ahead = network->has_ahead || layer->is_predictable;
        if (layer->is_predictable)
            lower_ahead_buffers(l, layer);
    }
    for (size_t i = 0; i < n->connections.count; i++) {
        for (size_t k = 0; k < n->connections.items[i]->rules.count; k++)
            lower_rule_histories(l, &network->connections[i],
                                 n->connections.items[i]->rules.items[k]);
        lower_connection_finish(l, &network->connections[i]);
        lower_connection_weights(l, &network->connections[i]);
    }
    if (n->is_continuous)
        lower_check_continuous(l, network);
    network->is_layerwise = lower_runs_layerwise(l, network);
    lower_init_rules(l, network);
    lower_reset_function(l, network);
    lower_begin_function(l, network);
    lower_ahead_function(l, network);
    lower_event_function(l, network, network->start, EVENT_START);
    lower_event_function(l, network, network->end, EVENT_END);
    l->network = NULL;
}

void lower_networks(struct lowering *l)
{
    l->networks =
        arena_alloc_array(&l->c->arena, l->model->networks.count + 1, sizeof *l->networks);
    lower_search_tasks(l);
    for (size_t i = 0; i < l->model->networks.count; i++)
        declare_network(l, &l->networks[i], l->model->networks.items[i]);
    for (size_t i = 0; i < l->model->networks.count && !l->is_failed; i++)
        lower_network(l, &l->networks[i]);
    if (l->is_failed)
        return;
    struct ir_function *clear = l->program->functions[l->program->clear];
    l->b = (struct ir_builder){
        .compilation = l->c, .program = l->program, .function = clear, .block = &clear->body
    };
    for (size_t i = 0; i < l->model->networks.count; i++) {
        ir_call(&l->b, l->networks[i].reset);
        ir_call(&l->b, l->networks[i].begin);
    }
}

void lower_network_steps(struct lowering *l)
{
    for (size_t i = 0; i < l->model->networks.count; i++) {
        if (l->networks[i].is_layerwise)
            continue;
        lower_step_function(l, &l->networks[i], false);
        lower_step_function(l, &l->networks[i], true);
        lower_gradient_functions(l, &l->networks[i]);
        l->network = NULL;
    }
}
