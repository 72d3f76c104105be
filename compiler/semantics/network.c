/* SPDX-License-Identifier: MIT
 *
 * Networks: the step, the layers and their sizes, the connections and what they carry.
 */
#include "semantics/check.h"

/* ---- step, lag, time ------------------------------------------------ */

static void check_step(struct checker *k, struct network *network, struct statement *s)
{
    struct expr *value = s->value.value;
    if (network->step != NULL) {
        diag_error(k->c, s->span, "the step is given twice");
        diag_note(k->c, network->step->span, "the first is here");
        return;
    }
    const struct type *t = check_constant(k, k->scope, value, "the step");
    network->step = value;
    if (type_is_error(t) || !type_is_scalar(t))
        return;
    network->time_unit = t->unit.is_any ? unit_none() : t->unit;
    if (!unit_is_none(t->unit) && !unit_equal(t->unit, unit_time()))
        diag_error(k->c, value->span, "the step must be a time or a plain number, not in %s",
                   unit_family(k->arena, t->unit));
    if (value->constant != NULL && constant_number(value->constant) <= 0)
        diag_error(k->c, value->span, "the step must be above 0");
}

static void check_lag_steps(struct checker *k, struct expr *value)
{
    const struct type *t = check_constant(k, k->scope, value, "the lag");
    if (type_is_error(t) || !require_unit(k, value, unit_none(), "the lag"))
        return;
    if (value->constant != NULL &&
        (value->constant->kind != CONSTANT_INT || value->constant->integer < 1))
        diag_error(k->c, value->span, "the lag must be a whole number of steps, at least 1");
}

static void check_time(struct checker *k, struct network *network, struct statement *s)
{
    struct expr *until = s->time.until;
    network->is_continuous = true;
    network->until = until;
    network->time_unit = unit_time();
    if (until == NULL)
        return;
    const struct type *t = check_constant(k, k->scope, until, "the end of time");
    if (type_is_error(t) || !type_is_scalar(t))
        return;
    network->time_unit = t->unit.is_any ? unit_none() : t->unit;
    if (!unit_is_none(t->unit) && !unit_equal(t->unit, unit_time()))
        diag_error(k->c, until->span, "the end of time must be a time or a plain number, not in %s",
                   unit_family(k->arena, t->unit));
    if (until->constant != NULL && constant_number(until->constant) <= 0)
        diag_error(k->c, until->span, "the end of time must be above 0");
}

/* A constant like one of the file, visible below it in this network. */
static void check_network_let(struct checker *k, struct statement *s)
{
    struct declaration *d = arena_new(k->arena, struct declaration);
    *d = (struct declaration){ .kind = DECLARATION_LET, .span = s->span, .name = s->let.name };
    d->let.value = s->let.value;
    struct symbol *symbol = symbol_new(k->arena, SYMBOL_LET, s->let.name.name, s->let.name.span);
    symbol->declaration = d;
    symbol->module = k->module;
    symbol->value = s->let.value;
    if (s->let.indices.count > 0) {
        diag_error(k->c, s->let.indices.items[0].span, "a let of a network is a single value");
        symbol->type = type_error();
    } else {
        symbol->type = check_constant(k, k->scope, s->let.value, "a let of a network");
        symbol->constant = s->let.value->constant;
    }
    if (s->let.type != NULL && !type_is_error(symbol->type))
        declared_type(k, symbol, s->let.type, s->let.value);
    declare(k, symbol);
}

static void report_lag(struct checker *k, const struct expr *lag)
{
    diag_error(k->c, lag->span, "continuous time has no steps to lag behind");
    diag_hint(k->c, "write 'delay ...' in the connections");
}

static void check_time_statements(struct checker *k, struct network *network)
{
    const struct statement_list *list = &network->declaration->network.body->statements;
    for (size_t i = 0; i < list->count; i++) {
        struct statement *s = list->items[i];
        if (s->kind == STATEMENT_STEP) {
            check_step(k, network, s);
        } else if (s->kind == STATEMENT_LAG) {
            check_lag_steps(k, s->value.value);
            network->lag = s->value.value;
        } else if (s->kind == STATEMENT_TIME) {
            check_time(k, network, s);
        } else if (s->kind == STATEMENT_LET) {
            check_network_let(k, s);
        }
    }
    if (network->step == NULL && !network->is_continuous) {
        diag_error(k->c, network->declaration->name.span, "network '%s' has no step",
                   network->name->text);
        diag_hint(k->c, "write 'step 1 ms', or 'time continuous until ...'");
    }
    if (network->step != NULL && network->is_continuous)
        diag_error(k->c, network->step->span, "a network has a step or continuous time, not both");
    if (network->lag != NULL && network->is_continuous)
        report_lag(k, network->lag);
}

/* ---- layers --------------------------------------------------------- */

static void declare_member(struct checker *k, struct network *network, struct symbol *symbol)
{
    struct symbol *other = scope_find_here(network->scope, symbol->name);
    struct symbol *of_file = scope_find_here(k->module->scope, symbol->name);
    if (other != NULL) {
        diag_error(k->c, symbol->span, "'%s' is declared twice", symbol->name->text);
        note_declared(k, other);
    } else if (of_file != NULL && k->module->only_network == network &&
               (of_file->kind == SYMBOL_PARAM || of_file->kind == SYMBOL_LET ||
                of_file->kind == SYMBOL_PERSISTENT || of_file->kind == SYMBOL_DATA)) {
        diag_error(k->c, symbol->span, "'%s' hides %s of that name", symbol->name->text,
                   symbol_kind_text(of_file->kind));
        note_declared(k, of_file);
        diag_hint(k->c, "choose another name");
    }
    scope_add(k->arena, network->scope, symbol);
}

static struct axis_list with_network_axes(struct checker *k, const struct network *network,
                                          const struct axis_list *own)
{
    struct axis_list axes = { 0 };
    for (size_t i = 0; i < network->axes.count; i++)
        array_push(k->arena, &axes, network->axes.items[i]);
    for (size_t i = 0; i < own->count; i++)
        array_push(k->arena, &axes, own->items[i]);
    return axes;
}

static void set_layer_axes(struct checker *k, struct layer *layer, struct axis_list axes)
{
    layer->axes = axes;
    struct type *t = arena_new(k->arena, struct type);
    t->kind = TYPE_LAYER;
    t->layer = layer;
    t->axes = with_network_axes(k, layer->network, &layer->axes);
    layer->symbol->type = t;
}

static void declare_layer(struct checker *k, struct network *network, struct statement *s)
{
    if (s->layer.name.name == NULL)
        return;
    struct layer *layer = arena_new(k->arena, struct layer);
    layer->name = s->layer.name.name;
    layer->statement = s;
    layer->network = network;
    layer->number = network->layers.count;
    layer->symbol = symbol_new(k->arena, SYMBOL_LAYER, layer->name, s->layer.name.span);
    layer->symbol->statement = s;
    layer->symbol->layer = layer;
    layer->symbol->network = network;
    s->symbol = layer->symbol;
    set_layer_axes(k, layer, check_axes(k, &s->layer.axes, "the size of a layer"));
    declare_member(k, network, layer->symbol);
    array_push(k->arena, &network->layers, layer);
}

/* ---- connections ---------------------------------------------------- */

static struct layer *find_layer(struct checker *k, struct network *network, struct expr *e)
{
    struct expr *name = e->kind == EXPR_FIELD ? e->field.object : e;
    e->type = name->type = type_new(k->arena, TYPE_FUNCTION);
    if (name->kind != EXPR_NAME)
        return NULL; /* EXPR_ERROR: the parser takes nothing else */
    struct symbol *symbol = scope_find_here(network->scope, name->name.name);
    if (symbol != NULL && symbol->kind == SYMBOL_LAYER) {
        name->symbol = symbol;
        e->symbol = symbol;
        e->type = name->type = symbol->type;
        return symbol->layer;
    }
    struct suggestion suggestion = suggest_begin(name->name.name->text);
    for (size_t i = 0; i < network->layers.count; i++)
        suggest_offer(&suggestion, network->layers.items[i]->name->text);
    diag_error(k->c, name->span, "network '%s' has no layer '%s'", network->name->text,
               name->name.name->text);
    if (suggestion.best != NULL)
        diag_hint(k->c, "did you mean '%s'?", suggestion.best);
    return NULL;
}

/* As written, or source_target. */
static const struct name *connection_name(struct checker *k, const struct network *network,
                                          const struct connection *connection)
{
    if (connection->statement->connect.name.name != NULL)
        return connection->statement->connect.name.name;
    const char *base = arena_format(k->arena, "%s_%s", connection->source->name->text,
                                    connection->target->name->text);
    const struct name *name = names_intern_text(&k->c->names, base);
    for (size_t number = 2; scope_find_here(network->scope, name) != NULL; number++)
        name = names_intern_text(&k->c->names, arena_format(k->arena, "%s_%zu", base, number));
    return name;
}

static void declare_connection(struct checker *k, struct network *network, struct statement *s)
{
    struct layer *source = find_layer(k, network, s->connect.source);
    struct layer *target = find_layer(k, network, s->connect.target);
    if (source == NULL || target == NULL)
        return;
    struct connection *connection = arena_new(k->arena, struct connection);
    connection->statement = s;
    connection->network = network;
    connection->source = source;
    connection->target = target;
    connection->number = network->connections.count;
    connection->name = connection_name(k, network, connection);
    struct span span = s->connect.name.name != NULL ? s->connect.name.span : s->span;
    connection->symbol = symbol_new(k->arena, SYMBOL_CONNECTION, connection->name, span);
    connection->symbol->statement = s;
    connection->symbol->connection = connection;
    connection->symbol->network = network;
    struct type *t = arena_new(k->arena, struct type);
    t->kind = TYPE_CONNECTION;
    t->connection = connection;
    t->axes = network->axes;
    connection->symbol->type = t;
    s->symbol = connection->symbol;
    declare_member(k, network, connection->symbol);
    array_push(k->arena, &network->connections, connection);
}

/* A topology that makes axes, but failed to: that was reported. */
static bool is_made_by_connection(const struct network *network, const struct layer *layer)
{
    for (size_t i = 0; i < network->connections.count; i++) {
        const struct connection *connection = network->connections.items[i];
        if (connection->target != layer || connection->kind == NULL)
            continue;
        if (connection->kind->id == BUILTIN_CONV || connection->kind->id == BUILTIN_LOCAL)
            return connection->source->axes.count > 0;
    }
    return false;
}

/* Layers without axes get them from a connection that makes them. */
static void infer_layer_axes(struct checker *k, struct network *network)
{
    for (bool has_changed = true; has_changed;) {
        has_changed = false;
        for (size_t i = 0; i < network->connections.count; i++) {
            struct connection *connection = network->connections.items[i];
            if (connection->target->axes.count > 0 || connection->source->axes.count == 0)
                continue;
            struct axis_list axes = topology_axes(k, connection, connection->source->axes);
            if (axes.count == 0)
                continue;
            set_layer_axes(k, connection->target, axes);
            has_changed = true;
        }
    }
    for (size_t i = 0; i < network->layers.count; i++) {
        struct layer *layer = network->layers.items[i];
        if (layer->axes.count > 0 || layer->statement->layer.axes.count > 0 ||
            is_made_by_connection(network, layer))
            continue;
        diag_error(k->c, layer->statement->layer.name.span, "layer '%s' has no size",
                   layer->name->text);
        diag_hint(k->c, "write it after the model, for example '[100]'");
    }
}

/* ---- what a connection carries --------------------------------------- */

static struct symbol *find_in(const struct symbol_list *list, const struct name *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->name == name)
            return list->items[i];
    return NULL;
}

static bool error_member(struct checker *k, const struct layer *layer,
                         const struct identifier *field, const char *what,
                         const struct symbol_list *a, const struct symbol_list *b)
{
    struct suggestion suggestion = suggest_begin(field->name->text);
    for (size_t i = 0; i < a->count; i++)
        suggest_offer(&suggestion, a->items[i]->name->text);
    for (size_t i = 0; b != NULL && i < b->count; i++)
        suggest_offer(&suggestion, b->items[i]->name->text);
    diag_error(k->c, field->span, "layer '%s' has no %s '%s'", layer->name->text, what,
               field->name->text);
    if (suggestion.best != NULL)
        diag_hint(k->c, "did you mean '%s'?", suggestion.best);
    return false;
}

/* The state named as source, or null. */
static bool check_source(struct checker *k, struct connection *connection)
{
    struct expr *e = connection->statement->connect.source;
    if (e->kind != EXPR_FIELD)
        return true;
    const struct neuron_instance *model = connection->source->model;
    connection->source_field = find_in(&model->states, e->field.field.name);
    if (connection->source_field == NULL)
        return error_member(k, connection->source, &e->field.field, "state", &model->states, NULL);
    connection->source_field->is_read = true;
    e->symbol = connection->source_field;
    return true;
}

/* The input or state that a connection adds to. */
static bool check_slot(struct checker *k, struct connection *connection)
{
    struct expr *e = connection->statement->connect.target;
    struct layer *target = connection->target;
    const struct neuron_instance *model = target->model;
    if (e->kind == EXPR_FIELD) {
        connection->slot = find_in(&model->inputs, e->field.field.name);
        if (connection->slot == NULL)
            connection->slot = find_in(&model->states, e->field.field.name);
        if (connection->slot == NULL)
            return error_member(k, target, &e->field.field, "input or state", &model->inputs,
                                &model->states);
    } else if (model->inputs.count == 1) {
        connection->slot = model->inputs.items[0];
    } else {
        const char *model_name = model->declaration->name.name->text;
        if (model->inputs.count == 0) {
            diag_error(k->c, e->span, "neuron model '%s' has no input", model_name);
            diag_hint(k->c, "name the state to add to: '%s.%s'", target->name->text,
                      model->states.count > 0 ? model->states.items[0]->name->text : "state");
        } else {
            diag_error(k->c, e->span, "neuron model '%s' has %zu inputs", model_name,
                       model->inputs.count);
            diag_hint(k->c, "say which: '%s.%s'", target->name->text,
                      model->inputs.items[0]->name->text);
        }
        diag_note(k->c, model->declaration->name.span, "'%s' is declared here", model_name);
        return false;
    }
    e->symbol = connection->slot;
    return true;
}

/* A spike times a weight is added to the slot: so a weight has its unit; a number that is sent
 * takes its own unit out. */
static struct unit weight_unit(const struct connection *connection)
{
    struct unit slot = connection->slot->type->unit;
    if (connection->source_field != NULL)
        return slot.is_any ? slot : unit_divide(slot, connection->source_field->type->unit);
    if (connection->source->model->emits)
        return slot.is_any ? slot : unit_divide(slot, connection->source->model->emit_unit);
    return slot;
}

static struct symbol *add_variable(struct checker *k, struct connection *connection,
                                   const char *name, enum builtin_variable variable,
                                   struct layer *layer)
{
    struct symbol *symbol = symbol_new(k->arena, SYMBOL_VARIABLE,
                                       names_intern_text(&k->c->names, name), (struct span){ 0 });
    struct type *t = arena_new(k->arena, struct type);
    t->kind = layer != NULL ? TYPE_LAYER : TYPE_INT;
    t->layer = layer;
    symbol->variable = variable;
    symbol->connection = connection;
    symbol->type = t;
    scope_add(k->arena, k->scope, symbol);
    return symbol;
}

/* Of chosen pairs, the numbers of synapses differ from neuron to neuron. */
static bool fan_varies(const struct symbol *fan)
{
    if (fan->variable == VARIABLE_FAN_IN)
        fan->connection->reads_fan_in = true;
    const struct builtin *kind = fan->connection->kind;
    return kind != NULL && (kind->id == BUILTIN_SPARSE || kind->id == BUILTIN_PAIRS);
}

/* Does the value differ from synapse to synapse? */
static void find_variation(struct expr *e, void *data)
{
    bool *varies = data;
    if (e == NULL)
        return;
    const struct call_target *call = e->target;
    if (call != NULL && ((call->builtin != NULL && call->builtin->group == BUILTIN_GROUP_DRAW) ||
                         (call->function != NULL && call->function->draws)))
        *varies = true;
    if (e->symbol != NULL && e->symbol->kind == SYMBOL_VARIABLE &&
        (e->symbol->variable == VARIABLE_PRE || e->symbol->variable == VARIABLE_POST))
        *varies = true;
    if (e->symbol != NULL && e->symbol->kind == SYMBOL_VARIABLE &&
        (e->symbol->variable == VARIABLE_FAN_IN || e->symbol->variable == VARIABLE_FAN_OUT))
        *varies = *varies || fan_varies(e->symbol);
    if (e->kind == EXPR_STRING)
        *varies = true; /* from a file */
    if (call != NULL && call->function != NULL && call->function->value != NULL)
        find_variation(call->function->value, data);
    expr_children(e, find_variation, data);
}

static bool is_uniform(struct expr *e)
{
    bool varies = false;
    if (e != NULL)
        find_variation(e, &varies);
    return !varies;
}

static void check_weight(struct checker *k, struct connection *connection)
{
    struct connect_item *item = &connection->statement->connect.weight;
    connection->weight = item->value;
    connection->weight_is_uniform = is_uniform(item->value);
    if (item->value != NULL && item->value->kind != EXPR_STRING) {
        const struct type *t = check_scalar(k, item->value, "a weight");
        if (type_is_number(t) && connection->unit.is_any) {
            infer_assignment(k->arena, k->inferences, connection->slot, t);
            connection->unit = t->unit;
        }
        if (!require_unit(k, item->value, connection->unit, "the weight"))
            note_declared(k, connection->slot);
        connection->weight_is_uniform = is_uniform(item->value);
    } else if (item->value != NULL) {
        check_string(k, item->value, "a path");
    }
    check_bounds(k, &item->bounds, connection->unit);
    connection->low = item->bounds.low;
    connection->high = item->bounds.high;
    const struct expr *low = connection->low;
    const struct expr *high = connection->high;
    if (low != NULL && high != NULL && low->constant != NULL && high->constant != NULL &&
        constant_number(low->constant) > constant_number(high->constant))
        diag_error(k->c, span_join(low->span, high->span), "the lower bound is above the upper");
}

static void check_items(struct checker *k, struct connection *connection)
{
    struct statement *s = connection->statement;
    struct unit time = connection->network->time_unit;
    check_weight(k, connection);
    connection->bias = s->connect.bias.value;
    if (connection->bias != NULL) {
        check_scalar(k, connection->bias, "a bias");
        if (!require_unit(k, connection->bias, connection->slot->type->unit, "the bias"))
            note_declared(k, connection->slot);
    }
    connection->delay = s->connect.delay.value;
    if (connection->delay != NULL) {
        check_unit(k, connection->delay, time, "the delay");
        if (connection->delay->constant != NULL && constant_number(connection->delay->constant) < 0)
            diag_error(k->c, connection->delay->span, "a delay cannot be negative");
    }
    connection->delay_is_uniform = is_uniform(connection->delay);
    connection->lag = s->connect.lag.value;
    if (connection->lag != NULL && connection->network->is_continuous)
        report_lag(k, connection->lag);
    else if (connection->lag != NULL)
        check_lag_steps(k, connection->lag);
}

/* Pools alone have no weights to learn. */
static void check_learning(struct checker *k, struct connection *connection)
{
    struct statement *s = connection->statement;
    bool learns = s->connect.rules.count > 0 || s->connect.learns_gradient;
    connection->learns_gradient = s->connect.learns_gradient;
    if (learns && connection->kind == NULL && connection->topology.count > 0)
        diag_error(k->c, s->connect.learn_span, "this connection has no weights to learn");
    for (size_t i = 0; i < s->connect.rules.count; i++)
        check_rule(k, connection, s->connect.rules.items[i]);
}

static void check_connection(struct checker *k, struct connection *connection)
{
    if (connection->source->model == NULL || connection->target->model == NULL)
        return;
    if (!check_source(k, connection) || !check_slot(k, connection) ||
        type_is_error(connection->slot->type))
        return;
    struct scope *outer = k->scope;
    k->scope = scope_new(k->arena, outer);
    struct body body = { .kind = BODY_WEIGHT, .connection = connection, .what = "a weight" };
    struct checker_state state = checker_enter(k, k->module, k->scope, &body);
    connection->pre = add_variable(k, connection, "pre", VARIABLE_PRE, connection->source);
    connection->post = add_variable(k, connection, "post", VARIABLE_POST, connection->target);
    add_variable(k, connection, "fan_in", VARIABLE_FAN_IN, NULL);
    add_variable(k, connection, "fan_out", VARIABLE_FAN_OUT, NULL);
    connection->unit = weight_unit(connection);
    check_topology(k, connection);
    check_items(k, connection);
    checker_leave(k, state);
    k->scope = outer;
    check_learning(k, connection);
}

/* ---- the whole ------------------------------------------------------ */

static void check_layers(struct checker *k, struct network *network)
{
    for (size_t i = 0; i < network->layers.count; i++) {
        struct layer *layer = network->layers.items[i];
        layer->model = check_neuron(k, layer, layer->statement->layer.model);
        if (layer->model == NULL)
            layer->symbol->type = type_error();
    }
}

void check_network(struct checker *k, struct symbol *symbol)
{
    struct network *network = symbol->network;
    const struct statement_list *list = &network->declaration->network.body->statements;
    struct type *t = arena_new(k->arena, struct type);
    t->kind = TYPE_NETWORK;
    t->network = network;
    symbol->type = t;
    struct module *module = module_of(k, network->declaration);
    struct body body = { .kind = BODY_CONSTANT, .what = "this" };
    struct checker_state state =
        checker_enter(k, module, scope_new(k->arena, module->scope), &body);
    network->axes = check_axes(k, &network->declaration->network.axes, "the number of networks");
    t->axes = network->axes;
    check_time_statements(k, network);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->kind == STATEMENT_LAYER)
            declare_layer(k, network, list->items[i]);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->kind == STATEMENT_CONNECT)
            declare_connection(k, network, list->items[i]);
    infer_layer_axes(k, network);
    check_layers(k, network);
    for (size_t i = 0; i < network->connections.count; i++)
        check_connection(k, network->connections.items[i]);
    order_layers(k, network);
    checker_leave(k, state);
    array_push(k->arena, &k->model->networks, network);
}
