/* SPDX-License-Identifier: MIT
 *
 * Continuous time. There are no steps: events of equal time form a group, and for each group runs
 * what would be a step, with the time since the group before as its length. What a presentation
 * brings are lists of events, one for each layer that nothing connects to: an event of the data is
 * a spike of that layer, or a neuron names its time (`spike at`).
 */
#include "ir/lower_internal.h"

/* ---- layers of events ---- */

bool lower_is_event_layer(const struct lowered_layer *layer)
{
    const struct connection_list *connections = &layer->network->network->connections;
    if (!layer->network->network->is_continuous || layer->crossing != NULL)
        return false;
    for (size_t i = 0; i < connections->count; i++)
        if (connections->items[i]->target == layer->layer)
            return false;
    return true;
}

/* `spike at e` with nothing before it that changes: one time for each neuron. */
static bool names_a_time(const struct neuron_instance *model)
{
    for (size_t i = 0; i < model->body.count; i++) {
        const struct statement *s = model->body.items[i];
        bool is_time = s->kind == STATEMENT_SPIKE && s->spike.form == SPIKE_AT;
        if (!is_time && s->kind != STATEMENT_INPUT && s->kind != STATEMENT_LET)
            return false;
    }
    return model->spike != NULL && !model->reads_since && !model->reads_spiked;
}

/* A spike wherever an event arrives: input x; spike when x > 0. */
static bool sends_events(const struct neuron_instance *model)
{
    const struct expr *when = NULL;
    for (size_t i = 0; i < model->body.count; i++) {
        const struct statement *s = model->body.items[i];
        if (s->kind == STATEMENT_SPIKE && s->spike.form == SPIKE_WHEN)
            when = s->spike.value;
        else if (s->kind != STATEMENT_INPUT)
            return false;
    }
    return when != NULL && when->kind == EXPR_BINARY && when->binary.op == BINARY_GREATER &&
           when->binary.left->symbol != NULL && when->binary.left->symbol->kind == SYMBOL_INPUT &&
           when->binary.right->constant != NULL &&
           constant_number(when->binary.right->constant) == 0;
}

void lower_event_buffers(struct lowering *l, struct lowered_layer *layer)
{
    struct arena *arena = &l->c->arena;
    const struct neuron_instance *model = layer->layer->model;
    int32_t one = lower_size_value(l, 1);
    layer->event_times = layer->event_first = layer->event_cursor = layer->named_times = -1;
    if (!layer->network->network->is_continuous)
        return;
    layer->reached = lower_buffer(l, arena_format(arena, "%s.reached", layer->name), SNN_FLOAT64,
                                  SNN_BUFFER_LANE, one);
    layer->event_count = lower_buffer(l, arena_format(arena, "%s.event_count", layer->name),
                                      SNN_INT64, SNN_BUFFER_LANE, one);
    layer->event_times =
        lower_buffer(l, arena_format(arena, "%s.event_times", layer->name), SNN_FLOAT32,
                     SNN_BUFFER_LANE, lower_is_event_layer(layer) ? -1 : layer->size);
    if (!lower_is_event_layer(layer))
        return;
    layer->list = lower_buffer(l, arena_format(arena, "%s.events", layer->name), SNN_INT32,
                               SNN_BUFFER_LANE, -1);
    layer->event_first = lower_buffer(l, arena_format(arena, "%s.event_first", layer->name),
                                      SNN_INT64, SNN_BUFFER_LANE, one);
    layer->event_cursor = lower_buffer(l, arena_format(arena, "%s.event_cursor", layer->name),
                                       SNN_INT64, SNN_BUFFER_LANE, one);
    if (names_a_time(model)) {
        layer->named_times = lower_buffer(l, arena_format(arena, "%s.named_times", layer->name),
                                          SNN_FLOAT32, SNN_BUFFER_LANE, layer->size);
    } else if (!sends_events(model)) {
        lower_refuse(l, layer->layer->statement->span,
                     "nothing connects to '%s', and its model '%s' makes no events", layer->name,
                     model->declaration->name.name->text);
        diag_hint(l->c, "use 'source', which sends the events of its data on, or a model with "
                        "'spike at', which names a time");
    }
}

/* ---- what cannot run ---- */

static bool has_equation(const struct block *block, const struct name *name)
{
    for (size_t i = 0; i < block->statements.count; i++)
        if (block->statements.items[i]->kind == STATEMENT_ODE &&
            block->statements.items[i]->ode.name.name == name)
            return true;
    return false;
}

struct equation_search {
    struct lowering *l;
    const struct statement *equation; /* whose right side this is; null: a condition */
};

/* An input lasts for the instant of its events, and time passes between them. */
static void search_equation(struct expr *e, void *data)
{
    const struct equation_search *search = data;
    const struct symbol *symbol = e->kind == EXPR_NAME ? e->symbol : NULL;
    enum symbol_kind kind = symbol != NULL ? symbol->kind : SYMBOL_LOCAL;
    bool is_time = kind == SYMBOL_VARIABLE &&
                   (symbol->variable == VARIABLE_T || symbol->variable == VARIABLE_SINCE ||
                    symbol->variable == VARIABLE_DT);
    if (kind == SYMBOL_INPUT && search->equation != NULL) {
        lower_refuse(search->l, e->span,
                     "in continuous time input '%s' lasts for an instant: %s' cannot follow it",
                     symbol->name->text, search->equation->ode.name.name->text);
        diag_hint(search->l->c, "add it to a state: '%s += %s' below the equation",
                  search->equation->ode.name.name->text, symbol->name->text);
    }
    if (is_time)
        lower_refuse(
            search->l, e->span,
            "'%s' changes between events: an equation that depends on it has no closed form",
            symbol->name->text);
    expr_children(e, search_equation, data);
}

static bool has_equations(const struct block *block)
{
    for (size_t i = 0; block != NULL && i < block->statements.count; i++) {
        const struct statement *s = block->statements.items[i];
        if (s->kind == STATEMENT_ODE ||
            (s->kind == STATEMENT_IF &&
             (has_equations(s->conditional.then) || has_equations(s->conditional.otherwise))))
            return true;
    }
    return false;
}

static void check_equations(struct lowering *l, const struct statement *s)
{
    struct equation_search search = { l, s->kind == STATEMENT_ODE ? s : NULL };
    if (s->kind == STATEMENT_ODE)
        search_equation(s->ode.value, &search);
    if (s->kind != STATEMENT_IF ||
        (!has_equations(s->conditional.then) && !has_equations(s->conditional.otherwise)))
        return;
    search_equation(s->conditional.condition, &search);
    for (size_t i = 0; i < s->conditional.then->statements.count; i++)
        check_equations(l, s->conditional.then->statements.items[i]);
    for (size_t i = 0;
         s->conditional.otherwise != NULL && i < s->conditional.otherwise->statements.count; i++)
        check_equations(l, s->conditional.otherwise->statements.items[i]);
}

static void check_model(struct lowering *l, const struct lowered_layer *layer)
{
    const struct neuron_instance *model = layer->layer->model;
    lower_check_systems(l, model, &model->body);
    for (size_t i = 0; i < model->body.count; i++) {
        const struct statement *s = model->body.items[i];
        bool is_spike = s->kind == STATEMENT_SPIKE;
        check_equations(l, s);
        if (s->kind == STATEMENT_EMIT)
            lower_refuse(l, s->span, "numbers are sent step by step: continuous time has none");
        if (is_spike && s->spike.form == SPIKE_CHANCE)
            lower_refuse(l, s->span, "a chance is one of each step: continuous time has none");
        if (is_spike && s->spike.form == SPIKE_AT && layer->named_times < 0)
            lower_refuse(l, s->span,
                         "in continuous time 'spike at' stands in a model without states to which "
                         "nothing connects");
    }
}

static bool is_recorded(struct lowering *l, const struct layer *layer)
{
    bool is_recorded = pointer_map_get(&l->recorded, layer) >= 0;
    for (size_t i = 0; i < layer->model->states.count; i++)
        is_recorded |= pointer_map_get(&l->recorded, layer->model->states.items[i]) >= 0;
    return is_recorded;
}

void lower_check_continuous(struct lowering *l, struct lowered_network *network)
{
    const struct network *n = network->network;
    for (size_t i = 0; i < n->layers.count; i++) {
        check_model(l, &network->layers[i]);
        if (is_recorded(l, n->layers.items[i]))
            lower_refuse(l, n->layers.items[i]->statement->span,
                         "'%s' is recorded step by step: continuous time has none; read '.time', "
                         "'.last' and '.count'",
                         network->layers[i].name);
    }
    for (size_t i = 0; i < n->connections.count; i++) {
        const struct connection *c = n->connections.items[i];
        const struct block *body = c->target->model->declaration->neuron.body;
        if (c->slot != NULL && c->slot->kind == SYMBOL_STATE && has_equation(body, c->slot->name)) {
            lower_refuse(l, c->statement->span,
                         "'%s' is advanced from event to event: in continuous time a connection "
                         "cannot add to it before its equation has run",
                         c->slot->name->text);
            diag_hint(l->c, "give the model an input, and add that to '%s' below the equation",
                      c->slot->name->text);
        }
    }
}

/* ---- time ---- */

static struct ir_node *zero(struct lowering *l)
{
    return ir_integer(&l->b, 0);
}

static struct ir_node *read_time(struct lowering *l, int32_t buffer)
{
    return ir_load(&l->b, buffer, ir_integer(&l->b, 0));
}

/* The events of this layer in the group at hand are in its list from here. */
struct ir_node *lower_first_spike(struct lowering *l, const struct lowered_layer *layer)
{
    return layer->event_first >= 0 ? ir_load(&l->b, layer->event_first, zero(l)) : zero(l);
}

/* `time`, `last`, `count`, `fired` of what the events low ..< high name, perhaps repeatedly. */
void lower_account_events(struct lowering *l, struct lowered_layer *layer, struct ir_node *low,
                          struct ir_node *high)
{
    struct ir_node *loop =
        ir_loop(&l->b, arena_format(&l->c->arena, "%s.account", layer->name), low, high, false);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    struct ir_node *k = loop->loop.index, *neuron = ir_load(&l->b, layer->list, k);
    struct ir_node *time = ir_load(&l->b, layer->event_times, k);
    ir_store(&l->b, layer->first, neuron,
             ir_binary(&l->b, IR_MIN, time, ir_load(&l->b, layer->first, neuron)));
    ir_store(&l->b, layer->last, neuron, time);
    ir_store(&l->b, layer->fired, neuron, ir_bool(&l->b, true));
    ir_store(&l->b, layer->count, neuron,
             ir_binary(&l->b, IR_ADD, ir_load(&l->b, layer->count, neuron), ir_integer(&l->b, 1)));
    l->b = outer;
}

static void run_event_layer(struct lowering *l, struct lowered_layer *layer)
{
    struct ir_node *low = lower_first_spike(l, layer);
    struct ir_node *count = ir_load(&l->b, layer->list_count, zero(l));
    lower_account_events(l, layer, low, ir_binary(&l->b, IR_ADD, low, count));
}

/* Whether a spike of the group reaches the layer, or one of its neurons its threshold. */
static struct ir_node *is_reached(struct lowering *l, const struct lowered_layer *layer)
{
    const struct connection_list *connections = &layer->network->network->connections;
    struct ir_node *spikes = zero(l);
    for (size_t i = 0; i < connections->count; i++)
        if (connections->items[i]->target == layer->layer) {
            const struct lowered_connection *c = &layer->network->connections[i];
            int32_t count = c->queue_items >= 0 ? c->arrived_count : c->source->list_count;
            spikes = ir_binary(&l->b, IR_ADD, spikes, ir_load(&l->b, count, zero(l)));
        }
    struct ir_node *is_reached = ir_binary(&l->b, IR_GT, spikes, zero(l));
    struct ir_node *crossing = lower_next_crossing(l, layer);
    if (crossing == NULL)
        return is_reached;
    return ir_binary(&l->b, IR_OR, is_reached,
                     ir_binary(&l->b, IR_LE, crossing, read_time(l, layer->network->now)));
}

/* What `step` does for a layer, where a spike reaches it. */
void lower_continuous_layer(struct lowering *l, struct lowered_layer *layer, bool is_learning)
{
    if (layer->event_first >= 0) {
        run_event_layer(l, layer);
        return;
    }
    struct ir_node *branch = ir_if(&l->b, is_reached(l, layer));
    struct ir_builder outer = l->b;
    l->b.block = &branch->branch.then_body;
    l->now = read_time(l, layer->network->now);
    l->elapsed = ir_binary(&l->b, IR_SUB, l->now, read_time(l, layer->reached));
    ir_store(&l->b, layer->reached, zero(l), l->now);
    lower_run_layer(l, layer, is_learning);
    l->now = l->elapsed = NULL;
    lower_find_crossings(l, layer, is_learning);
    l->b.block = &branch->branch.else_body;
    ir_store(&l->b, layer->list_count, zero(l), zero(l));
    l->b = outer;
}

/* ---- the lists of a presentation ---- */

static void load_events(struct lowering *l, const struct presented *input,
                        struct lowered_layer *layer)
{
    struct binding *sample = lower_view(l, input->value->field.object);
    struct ir_node *operands[] = { sample->node,
                                   sample->index,
                                   ir_integer(&l->b, layer->list),
                                   ir_integer(&l->b, layer->event_times),
                                   lower_size_leaf(l, layer->size),
                                   read_time(l, layer->network->until),
                                   ir_text(&l->b, lower_place(l, input->span)) };
    ir_store(&l->b, layer->event_count, zero(l),
             ir_call_rt(&l->b, IR_RT_snn_rt_data_events, 7, operands));
}

/* Lists the neurons whose time in `times` is within the presentation, in the order of time. */
void lower_sort_events(struct lowering *l, struct lowered_layer *layer, int32_t times)
{
    l->program->buffers[times].is_observed = true; /* by the runtime, in the call */
    struct ir_node *operands[] = { lower_size_leaf(l, layer->size),
                                   read_time(l, layer->network->until), ir_integer(&l->b, times),
                                   ir_integer(&l->b, layer->list),
                                   ir_integer(&l->b, layer->event_times) };
    ir_store(&l->b, layer->event_count, zero(l),
             ir_call_rt(&l->b, IR_RT_snn_rt_sort_events, 5, operands));
}

/* Every neuron names its time. */
static void name_times(struct lowering *l, struct lowered_layer *layer)
{
    struct kernel kernel = { .layer = layer, .name = "times" };
    struct lowered_network *outer = l->network;
    const struct statement_list *body = &layer->layer->model->body;
    l->kernel = &kernel;
    l->network = layer->network;
    l->now = l->elapsed = ir_real(&l->b, IR_F64, 0);
    kernel_open(l, arena_format(&l->c->arena, "%s.times", layer->name));
    for (size_t i = 0; i < body->count; i++)
        if (body->items[i]->kind == STATEMENT_SPIKE)
            kernel_write(l, layer->named_times, -1,
                         lower_as(l, body->items[i]->spike.value, IR_F32));
        else if (body->items[i]->kind == STATEMENT_LET)
            lower_kernel_statement(l, body->items[i]);
    kernel_close(l);
    l->now = l->elapsed = NULL;
    l->network = outer;
    l->kernel = NULL;
    lower_sort_events(l, layer, layer->named_times);
}

static const struct presented *given_to(const struct statement *s, const struct layer *layer)
{
    for (size_t i = 0; i < s->present.inputs.count; i++) {
        const struct expr *target = s->present.inputs.items[i].target;
        const struct expr *place = target->type->kind == TYPE_LAYER ? target : target->field.object;
        if (place->type->layer == layer)
            return &s->present.inputs.items[i];
    }
    return NULL;
}

static void list_events_of(struct lowering *l, struct lowered_layer *layer,
                           const struct presented *input)
{
    if (layer->named_times >= 0) {
        if (input != NULL)
            lower_present_held(l, input);
        name_times(l, layer);
    } else if (input == NULL) {
        ir_store(&l->b, layer->event_count, zero(l), zero(l));
    } else if (symbol_is_events(input->value->symbol)) {
        load_events(l, input, layer);
    } else {
        lower_refuse(l, input->span,
                     "'%s' takes events: continuous time has no steps to hold this for",
                     layer->name);
        diag_hint(l->c, "present the events of a sample, or use a model with 'spike at' for '%s'",
                  layer->name);
    }
}

static void list_events(struct lowering *l, struct lowered_network *network,
                        const struct statement *s)
{
    for (size_t i = 0; i < network->network->layers.count; i++) {
        struct lowered_layer *layer = &network->layers[i];
        const struct presented *input = given_to(s, layer->layer);
        if (layer->event_first >= 0)
            list_events_of(l, layer, input);
        else if (input != NULL)
            lower_refuse(
                l, input->span,
                "'%s' has connections: in continuous time only events can be presented, to "
                "a layer without",
                layer->name);
    }
}

/* ---- groups ---- */

static struct ir_node *event_time(struct lowering *l, const struct lowered_layer *layer,
                                  struct ir_node *k)
{
    return ir_cast(&l->b, IR_F64, ir_load(&l->b, layer->event_times, k));
}

/* The time of the next event of any layer, before the end; returns whether there is one. */
static struct ir_node *find_next(struct lowering *l, struct lowered_network *network,
                                 struct ir_node *next)
{
    struct ir_node *until = read_time(l, network->until);
    ir_set(&l->b, next, until);
    for (size_t i = 0; i < network->network->layers.count; i++) {
        const struct lowered_layer *layer = &network->layers[i];
        struct ir_node *crossing = lower_next_crossing(l, layer);
        if (crossing != NULL)
            ir_set(&l->b, next, ir_binary(&l->b, IR_MIN, crossing, ir_get(&l->b, next)));
        if (layer->event_first < 0)
            continue;
        struct ir_node *k = ir_load(&l->b, layer->event_cursor, zero(l));
        struct ir_node *count = ir_load(&l->b, layer->event_count, zero(l));
        struct ir_node *some = ir_if(&l->b, ir_binary(&l->b, IR_LT, k, count));
        struct ir_builder outer = l->b;
        l->b.block = &some->branch.then_body;
        ir_set(&l->b, next, ir_binary(&l->b, IR_MIN, event_time(l, layer, k), ir_get(&l->b, next)));
        l->b = outer;
    }
    for (size_t i = 0; i < network->network->connections.count; i++)
        if (network->connections[i].queue_items >= 0)
            lower_queue_next(l, &network->connections[i], next);
    return ir_binary(&l->b, IR_LT, ir_get(&l->b, next), until);
}

/* The events of the layer at this time are its spikes of the group. */
static void take_group(struct lowering *l, struct lowered_layer *layer, struct ir_node *time)
{
    struct ir_node *first = ir_load(&l->b, layer->event_cursor, zero(l));
    struct ir_node *count = ir_load(&l->b, layer->event_count, zero(l));
    struct ir_node *end = ir_var(&l->b, "end", first);
    struct ir_node *search = ir_while(&l->b);
    struct ir_builder outer = l->b;
    l->b.block = &search->loop_while.test;
    struct ir_node *is_same = ir_var(&l->b, "same", ir_bool(&l->b, false));
    struct ir_node *some = ir_if(&l->b, ir_binary(&l->b, IR_LT, ir_get(&l->b, end), count));
    struct ir_builder test = l->b;
    l->b.block = &some->branch.then_body;
    ir_set(&l->b, is_same, ir_binary(&l->b, IR_EQ, event_time(l, layer, ir_get(&l->b, end)), time));
    l->b = test;
    search->loop_while.condition = ir_get(&l->b, is_same);
    l->b.block = &search->loop_while.body;
    ir_set(&l->b, end, ir_binary(&l->b, IR_ADD, ir_get(&l->b, end), ir_integer(&l->b, 1)));
    l->b = outer;
    ir_store(&l->b, layer->event_first, zero(l), first);
    ir_store(&l->b, layer->list_count, zero(l),
             ir_binary(&l->b, IR_SUB, ir_get(&l->b, end), first));
    ir_store(&l->b, layer->event_cursor, zero(l), ir_get(&l->b, end));
}

static void run_group(struct lowering *l, struct lowered_network *network, struct ir_node *time)
{
    for (size_t i = 0; i < network->network->layers.count; i++)
        if (network->layers[i].event_first >= 0)
            take_group(l, &network->layers[i], time);
    for (size_t i = 0; i < network->network->connections.count; i++)
        if (network->connections[i].queue_items >= 0)
            lower_queue_take(l, &network->connections[i], time);
    ir_store(&l->b, network->elapsed, zero(l),
             ir_binary(&l->b, IR_SUB, time, read_time(l, network->now)));
    ir_store(&l->b, network->now, zero(l), time);
    ir_call(&l->b, l->may_learn != 0 ? network->step_learning : network->step_frozen);
    ir_context_set(&l->b, IR_CONTEXT_STEP,
                   ir_binary(&l->b, IR_ADD, ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEP),
                             ir_integer(&l->b, 1)));
}

static void run_groups(struct lowering *l, struct lowered_network *network, struct block *body)
{
    struct lowered_network *outer_network = l->network;
    struct ir_node *next = ir_var(&l->b, "next", ir_real(&l->b, IR_F64, 0));
    struct ir_node *loop = ir_while(&l->b);
    struct jump_targets jumps = { .target = loop, .outer = l->jumps };
    struct ir_builder outer = l->b;
    l->network = network;
    l->b.block = &loop->loop_while.test;
    loop->loop_while.condition = find_next(l, network, next);
    l->b.block = &loop->loop_while.body;
    run_group(l, network, ir_get(&l->b, next));
    if (body != NULL) {
        l->jumps = &jumps;
        lower_statements(l, body);
        l->jumps = jumps.outer;
    }
    l->network = outer_network;
    l->b = outer;
}

/* ---- reset, present, rest ---- */

void lower_continuous_reset(struct lowering *l, struct lowered_network *network)
{
    struct ir_node *start = ir_real(&l->b, IR_F64, 0);
    ir_store(&l->b, network->now, zero(l), start);
    ir_store(&l->b, network->elapsed, zero(l), start);
    for (size_t i = 0; i < network->network->layers.count; i++)
        ir_store(&l->b, network->layers[i].reached, zero(l), start);
    for (size_t i = 0; i < network->network->connections.count; i++)
        if (network->connections[i].queue_items >= 0)
            lower_queue_clear(l, &network->connections[i]);
}

/* A time is float32, and so is the end: an event at the end, however written, does not exist. */
static void set_end(struct lowering *l, struct lowered_network *network, struct ir_node *end)
{
    ir_store(&l->b, network->until, zero(l), ir_cast(&l->b, IR_F32, end));
}

/* What is kept stays as long ago as it was. */
static void move_back(struct lowering *l, struct lowered_network *network)
{
    struct ir_node *end = read_time(l, network->until);
    ir_store(&l->b, network->now, zero(l),
             ir_binary(&l->b, IR_SUB, read_time(l, network->now), end));
    for (size_t i = 0; i < network->network->connections.count; i++)
        if (network->connections[i].queue_items >= 0)
            lower_queue_move_back(l, &network->connections[i], end);
    for (size_t i = 0; i < network->network->layers.count; i++) {
        const int32_t reached = network->layers[i].reached;
        ir_store(&l->b, reached, zero(l), ir_binary(&l->b, IR_SUB, read_time(l, reached), end));
        struct kernel kernel = { .layer = &network->layers[i] };
        if (!network->layers[i].layer->model->reads_since)
            continue;
        l->kernel = &kernel;
        kernel_open(l, "since");
        kernel_write(l, kernel.layer->selected, -1,
                     ir_binary(&l->b, IR_SUB, kernel_read(l, kernel.layer->selected, -1),
                               ir_cast(&l->b, IR_F32, end)));
        kernel_close(l);
        l->kernel = NULL;
    }
}

static void rewind_events(struct lowering *l, struct lowered_network *network)
{
    for (size_t i = 0; i < network->network->layers.count; i++)
        if (network->layers[i].event_first >= 0) {
            ir_store(&l->b, network->layers[i].event_cursor, zero(l), zero(l));
            ir_store(&l->b, network->layers[i].event_first, zero(l), zero(l));
        }
}

void lower_continuous_present(struct lowering *l, struct lowered_network *network,
                              struct statement *s)
{
    if (s->present.keeps_state)
        move_back(l, network);
    set_end(l, network,
            s->present.duration != NULL ? lower_as(l, s->present.duration, IR_F64)
                                        : lower_constant_leaf(l, network->until_entry, IR_F64));
    list_events(l, network, s);
    rewind_events(l, network);
    lower_enter_present(l);
    if (!s->present.keeps_state)
        ir_call(&l->b, network->reset);
    ir_call(&l->b, network->begin);
    if (l->may_learn != 0)
        ir_call(&l->b, network->start);
    ir_call(&l->b, network->ahead);
    if (!network->is_layerwise)
        run_groups(l, network, s->present.body);
    if (l->may_learn != 0)
        ir_call(&l->b, network->end);
}

void lower_continuous_rest(struct lowering *l, struct lowered_network *network, struct statement *s)
{
    set_end(l, network,
            ir_binary(&l->b, IR_ADD, read_time(l, network->until),
                      lower_as(l, s->rest.duration, IR_F64)));
    for (size_t i = 0; i < network->network->layers.count; i++)
        if (network->layers[i].event_first >= 0) /* after a break there may be some left */
            ir_store(&l->b, network->layers[i].event_cursor, zero(l),
                     ir_load(&l->b, network->layers[i].event_count, zero(l)));
    ir_call(&l->b, network->ahead);
    run_groups(l, network, s->rest.body);
}
