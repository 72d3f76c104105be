/* SPDX-License-Identifier: MIT
 *
 * What follows a dot: states and counts of layers, weights and rules of connections, members of
 * networks, fields of samples, axes of arrays.
 */
#include <string.h>

#include "semantics/check.h"

struct layer_field {
    const char *name;
    enum builtin_field field;
};

static const struct layer_field layer_fields[] = {
    { "count", FIELD_COUNT },   { "spikes", FIELD_SPIKES },   { "trace", FIELD_TRACE },
    { "time", FIELD_TIME },     { "last", FIELD_LAST },       { "fired", FIELD_FIRED },
    { "spiked", FIELD_SPIKED }, { "emitted", FIELD_EMITTED },
};

#define LAYER_FIELD_COUNT (sizeof layer_fields / sizeof layer_fields[0])

static bool name_is(const struct name *name, const char *text)
{
    return strcmp(name->text, text) == 0;
}

static struct symbol *find_in(const struct symbol_list *list, const struct name *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->name == name)
            return list->items[i];
    return NULL;
}

static void offer_list(struct suggestion *suggestion, const struct symbol_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        suggest_offer(suggestion, list->items[i]->name->text);
}

static void offer_axes(struct suggestion *suggestion, const struct axis_list *axes)
{
    for (size_t i = 0; i < axes->count; i++)
        if (axes->items[i].name != NULL)
            suggest_offer(suggestion, axes->items[i].name->text);
}

static const struct type *unknown_field(struct checker *k, const struct expr *e, const char *owner,
                                        const struct suggestion *suggestion)
{
    diag_error(k->c, e->field.field.span, "%s has no '%s'", owner, e->field.field.name->text);
    if (suggestion->best != NULL)
        diag_hint(k->c, "did you mean '%s'?", suggestion->best);
    return type_error();
}

/* The index range of an axis: exc.neuron, rates.class. */
static const struct type *axis_range(struct checker *k, struct expr *e, const struct axis *axis,
                                     size_t position)
{
    struct symbol *symbol = symbol_new(k->arena, SYMBOL_AXIS, axis->name, (struct span){ 0 });
    symbol->position = position;
    struct type *t = arena_new(k->arena, struct type);
    t->kind = TYPE_RANGE;
    t->is_constant = axis->size.kind != SIZE_UNKNOWN;
    array_push(k->arena, &t->axes, *axis);
    symbol->type = t;
    e->symbol = symbol;
    return t;
}

static const struct type *find_axis(struct checker *k, struct expr *e, const struct axis_list *axes)
{
    for (size_t i = 0; i < axes->count; i++)
        if (axes->items[i].name == e->field.field.name)
            return axis_range(k, e, &axes->items[i], i);
    return NULL;
}

static struct symbol *field_symbol(struct checker *k, struct expr *e, enum builtin_field field)
{
    struct symbol *symbol =
        symbol_new(k->arena, SYMBOL_FIELD, e->field.field.name, (struct span){ 0 });
    symbol->field = field;
    e->symbol = symbol;
    return symbol;
}

static struct axis_list with_axis_first(struct checker *k, const char *name, struct axis_list axes)
{
    struct axis_list result = { 0 };
    struct axis first = { names_intern_text(&k->c->names, name), size_unknown() };
    array_push(k->arena, &result, first);
    for (size_t i = 0; i < axes.count; i++)
        array_push(k->arena, &result, axes.items[i]);
    return result;
}

/* ---- layers --------------------------------------------------------- */

static const char *layer_text(struct checker *k, const struct layer *layer)
{
    return arena_format(k->arena, "layer '%s'", layer->name->text);
}

static struct unit time_unit_of(const struct type *t)
{
    return t->layer != NULL ? t->layer->network->time_unit : unit_any();
}

/* After a batch was presented, values of its layers have the axis `sample` first; they are there in
 * the block that presented it. */
static struct axis_list layer_axes_now(struct checker *k, const struct expr *e,
                                       const struct type *t)
{
    const struct network *network = t->layer != NULL ? t->layer->network : NULL;
    switch (shown_of(k->body->shown, network)) {
    case SHOWN_STATE: return t->axes;
    case SHOWN_BATCH: return with_axis_first(k, "sample", t->axes);
    case SHOWN_LEFT_BATCH:
        diag_error(k->c, e->span, "%s was presented a batch in a block that has ended",
                   layer_text(k, t->layer));
        break;
    case SHOWN_LEFT:
        diag_error(k->c, e->span,
                   "%s was presented a batch, and something else in a block that has ended",
                   layer_text(k, t->layer));
        break;
    }
    diag_hint(k->c, "read what you need of it there, into a variable of before");
    return t->axes;
}

static const struct type *builtin_layer_field(struct checker *k, struct expr *e,
                                              const struct type *object, enum builtin_field field)
{
    struct symbol *symbol = field_symbol(k, e, field);
    symbol->layer = object->layer;
    struct axis_list axes = layer_axes_now(k, e, object);
    struct type *t = arena_new(k->arena, struct type);
    t->axes = axes;
    switch (field) {
    case FIELD_COUNT: t->kind = TYPE_INT; break;
    case FIELD_SPIKES:
        t->kind = TYPE_BOOL;
        t->axes = with_axis_first(k, "time", axes);
        break;
    case FIELD_TRACE:
        t->kind = TYPE_TRACE;
        t->layer = object->layer;
        break;
    case FIELD_TIME:
    case FIELD_LAST:
        t->kind = TYPE_REAL32;
        t->unit = time_unit_of(object);
        break;
    case FIELD_FIRED:
    case FIELD_SPIKED: t->kind = TYPE_BOOL; break;
    default:
        t->kind = TYPE_REAL32;
        if (object->layer != NULL && object->layer->model != NULL)
            t->unit = object->layer->model->emit_unit;
        break;
    }
    symbol->type = t;
    return t;
}

/* States, inputs and parameters of the layer's model. */
static const struct type *model_field(struct checker *k, struct expr *e, const struct type *object)
{
    struct neuron_instance *model = object->layer->model;
    const struct name *name = e->field.field.name;
    if (model == NULL)
        return NULL;
    struct symbol *symbol = find_in(&model->states, name);
    if (symbol == NULL)
        symbol = find_in(&model->inputs, name);
    if (symbol == NULL)
        symbol = find_in(&model->parameters, name);
    if (symbol == NULL)
        return NULL;
    e->symbol = symbol;
    symbol->is_read = true;
    if (type_is_error(symbol->type))
        return symbol->type;
    if (symbol->kind == SYMBOL_FORMAL) {
        /* One value for the layer until a task sets it per neuron, with an index. */
        bool is_indexed = object->axes.count < object->layer->axes.count;
        symbol->is_per_neuron = symbol->is_per_neuron || is_indexed;
        return symbol->type;
    }
    bool is_shared = symbol->kind == SYMBOL_STATE && symbol->statement->state.is_shared;
    bool is_persistent = symbol->kind == SYMBOL_STATE && symbol->statement->state.is_persistent;
    if (is_shared)
        return symbol->type;
    return type_with_axes(k->arena, symbol->type,
                          is_persistent ? object->axes : layer_axes_now(k, e, object));
}

/* pre.x in a rule is the rule's own `pre state x`. */
static const struct type *rule_field(struct checker *k, struct expr *e)
{
    const struct expr *root = e->field.object;
    while (root->kind == EXPR_INDEX)
        root = root->index.object;
    if (k->body->kind != BODY_RULE || k->body->rule == NULL || root->symbol == NULL ||
        root->symbol->kind != SYMBOL_VARIABLE)
        return NULL;
    enum state_owner owner = root->symbol->variable == VARIABLE_PRE ? STATE_PRE : STATE_POST;
    struct symbol *symbol = find_in(&k->body->rule->states, e->field.field.name);
    if (symbol == NULL || symbol->statement->state.owner != owner)
        return NULL;
    e->symbol = symbol;
    symbol->is_read = true;
    return type_with_axes(k->arena, type_element(k->arena, symbol->type),
                          e->field.object->type->axes);
}

/* pre.y in pairs(...), weights and delays: the place of the neuron along its axis. */
static const struct type *position_field(struct checker *k, struct expr *e,
                                         const struct type *object)
{
    const struct axis_list *axes = &object->layer->axes;
    for (size_t i = 0; i < axes->count; i++) {
        if (axes->items[i].name != e->field.field.name)
            continue;
        struct symbol *symbol = field_symbol(k, e, FIELD_POSITION);
        symbol->layer = object->layer;
        symbol->position = i;
        symbol->type = type_new(k->arena, TYPE_INT);
        return symbol->type;
    }
    struct suggestion suggestion = suggest_begin(e->field.field.name->text);
    offer_axes(&suggestion, axes);
    return unknown_field(k, e, layer_text(k, object->layer), &suggestion);
}

static const struct type *unknown_layer_field(struct checker *k, struct expr *e,
                                              const struct type *object)
{
    struct suggestion suggestion = suggest_begin(e->field.field.name->text);
    if (object->layer->model != NULL) {
        offer_list(&suggestion, &object->layer->model->states);
        offer_list(&suggestion, &object->layer->model->inputs);
        offer_list(&suggestion, &object->layer->model->parameters);
    }
    offer_axes(&suggestion, &object->layer->axes);
    for (size_t i = 0; i < LAYER_FIELD_COUNT; i++)
        suggest_offer(&suggestion, layer_fields[i].name);
    return unknown_field(k, e, layer_text(k, object->layer), &suggestion);
}

static const struct type *layer_field(struct checker *k, struct expr *e, const struct type *object)
{
    const struct name *name = e->field.field.name;
    const struct type *t = rule_field(k, e);
    if (t != NULL)
        return t;
    if (object->layer == NULL)
        return type_error();
    if (k->body->kind == BODY_WEIGHT)
        return position_field(k, e, object);
    t = model_field(k, e, object);
    if (t != NULL)
        return t;
    for (size_t i = 0; i < LAYER_FIELD_COUNT; i++)
        if (name_is(name, layer_fields[i].name))
            return builtin_layer_field(k, e, object, layer_fields[i].field);
    t = find_axis(k, e, &object->axes);
    if (t != NULL)
        return t;
    if (name_is(name, "axes")) {
        diag_error(k->c, e->span, "'axes' stands only in a list of axes, such as [%s.axes]",
                   object->layer->name->text);
        return type_error();
    }
    return unknown_layer_field(k, e, object);
}

static const struct type *trace_field(struct checker *k, struct expr *e, const struct type *object)
{
    struct neuron_instance *model = object->layer->model;
    struct symbol *state = model != NULL ? find_in(&model->states, e->field.field.name) : NULL;
    if (state == NULL) {
        struct suggestion suggestion = suggest_begin(e->field.field.name->text);
        if (model != NULL)
            offer_list(&suggestion, &model->states);
        return unknown_field(k, e, "the trace", &suggestion);
    }
    state->is_traced = true;
    struct symbol *symbol = field_symbol(k, e, FIELD_TRACED);
    symbol->layer = object->layer;
    symbol->state = state;
    symbol->type = type_with_axes(k->arena, state->type, with_axis_first(k, "time", object->axes));
    return symbol->type;
}

/* ---- connections and rules ------------------------------------------ */

static void append_axes(struct checker *k, struct axis_list *axes, const struct axis_list *more)
{
    for (size_t i = 0; i < more->count; i++)
        array_push(k->arena, axes, more->items[i]);
}

/* Pre axes then post axes; of the target alone where each neuron has one synapse; those of the
 * window and then of what looks through it. */
static struct axis_list weight_axes(struct checker *k, const struct type *object)
{
    const struct connection *connection = object->connection;
    struct axis_list axes = { 0 };
    append_axes(k, &axes, &object->axes);
    if (connection->kind == NULL)
        return axes; /* pools: one number */
    const struct topology_stage *stage = &connection->topology.items[connection->weighted];
    if (stage_is_window(stage)) {
        append_axes(k, &axes, &stage->weights);
        return axes;
    }
    if (connection->kind->id != BUILTIN_ONE_TO_ONE)
        append_axes(k, &axes, &stage->from);
    append_axes(k, &axes, &connection->target->axes);
    return axes;
}

static struct axis_list bias_axes(const struct connection *connection)
{
    if (connection->kind == NULL)
        return connection->target->axes;
    const struct topology_stage *stage = &connection->topology.items[connection->weighted];
    return stage_is_window(stage) ? stage->bias : connection->target->axes;
}

/* What batch_norm keeps, by channel; null if the connection has none or the name is another. */
static const struct type *norm_field(struct checker *k, struct expr *e,
                                     const struct connection *connection)
{
    static const char *const names[] = { "gain", "shift", "mean", "variance" };
    const struct topology_stage *norm = NULL;
    for (size_t i = 0; i < connection->topology.count; i++)
        if (connection->topology.items[i].builtin->id == BUILTIN_BATCH_NORM)
            norm = &connection->topology.items[i];
    for (size_t i = 0; norm != NULL && i < sizeof names / sizeof names[0]; i++) {
        if (!name_is(e->field.field.name, names[i]))
            continue;
        struct symbol *symbol = field_symbol(k, e, FIELD_NORM);
        struct unit unit = connection->slot->type->unit;
        symbol->connection = (struct connection *)connection;
        symbol->position = i;
        symbol->type =
            type_with_axes(k->arena, type_real(k->arena, i == 3 ? unit_multiply(unit, unit) : unit),
                           stage_channels(k->arena, norm));
        return symbol->type;
    }
    return NULL;
}

static const struct type *connection_field(struct checker *k, struct expr *e,
                                           const struct type *object)
{
    const struct connection *connection = object->connection;
    const struct name *name = e->field.field.name;
    for (size_t i = 0; i < connection->rules.count; i++) {
        struct rule_instance *rule = connection->rules.items[i];
        if (rule->name != name)
            continue;
        struct type *t = arena_new(k->arena, struct type);
        t->kind = TYPE_RULE;
        t->rule = rule;
        t->connection = object->connection;
        t->axes = object->axes;
        e->symbol = rule->symbol;
        return t;
    }
    const struct type *norm = norm_field(k, e, connection);
    if (norm != NULL)
        return norm;
    bool is_weight = name_is(name, "weight") || name_is(name, "w");
    if (!is_weight && !name_is(name, "bias") && !name_is(name, "delay")) {
        struct suggestion suggestion = suggest_begin(name->text);
        suggest_offer(&suggestion, "weight");
        suggest_offer(&suggestion, "bias");
        suggest_offer(&suggestion, "delay");
        for (size_t i = 0; i < connection->rules.count; i++)
            suggest_offer(&suggestion, connection->rules.items[i]->name->text);
        return unknown_field(
            k, e, arena_format(k->arena, "connection '%s'", connection->name->text), &suggestion);
    }
    enum builtin_field field = is_weight               ? FIELD_WEIGHT
                               : name_is(name, "bias") ? FIELD_BIAS
                                                       : FIELD_DELAY;
    struct symbol *symbol = field_symbol(k, e, field);
    symbol->connection = object->connection;
    struct unit unit = field == FIELD_DELAY  ? connection->network->time_unit
                       : field == FIELD_BIAS ? connection->slot->type->unit
                                             : connection->unit;
    struct axis_list axes = field == FIELD_BIAS ? bias_axes(connection) : weight_axes(k, object);
    symbol->type = type_with_axes(k->arena, type_real(k->arena, unit), axes);
    return symbol->type;
}

/* One value for each neuron of one side, or for each synapse. */
static struct axis_list owner_axes(struct checker *k, const struct type *object,
                                   enum state_owner owner)
{
    switch (owner) {
    case STATE_PRE: return object->connection->source->axes;
    case STATE_POST: return object->connection->target->axes;
    default: return weight_axes(k, object);
    }
}

/* Parameters and states of a rule: xy.stdp.eta_pre, xy.stdp.x. */
static const struct type *parameter_field(struct checker *k, struct expr *e,
                                          const struct type *object)
{
    struct symbol *symbol = find_in(&object->rule->parameters, e->field.field.name);
    if (symbol == NULL)
        symbol = find_in(&object->rule->states, e->field.field.name);
    if (symbol == NULL) {
        struct suggestion suggestion = suggest_begin(e->field.field.name->text);
        offer_list(&suggestion, &object->rule->parameters);
        offer_list(&suggestion, &object->rule->states);
        return unknown_field(k, e, arena_format(k->arena, "rule '%s'", object->rule->name->text),
                             &suggestion);
    }
    symbol->is_read = true;
    e->symbol = symbol;
    if (symbol->kind != SYMBOL_RULE_STATE || type_is_error(symbol->type))
        return symbol->type;
    return type_with_axes(k->arena, symbol->type,
                          owner_axes(k, object, symbol->statement->state.owner));
}

/* ---- networks, records, arrays -------------------------------------- */

static const struct type *network_field(struct checker *k, struct expr *e,
                                        const struct type *object)
{
    struct network *network = object->network;
    struct symbol *symbol = scope_find_here(network->scope, e->field.field.name);
    if (symbol == NULL) {
        const struct type *range = find_axis(k, e, &object->axes);
        if (range != NULL)
            return range;
        struct suggestion suggestion = suggest_begin(e->field.field.name->text);
        scope_suggest(network->scope, &suggestion);
        offer_axes(&suggestion, &object->axes);
        return unknown_field(k, e, arena_format(k->arena, "network '%s'", network->name->text),
                             &suggestion);
    }
    e->symbol = symbol;
    symbol->is_read = true;
    if (symbol->type == NULL || type_is_error(symbol->type))
        return type_error();
    struct axis_list axes = { 0 };
    for (size_t i = 0; i < object->axes.count; i++)
        array_push(k->arena, &axes, object->axes.items[i]);
    size_t own_first = symbol->type->axes.count >= network->axes.count ? network->axes.count : 0;
    for (size_t i = own_first; i < symbol->type->axes.count; i++)
        array_push(k->arena, &axes, symbol->type->axes.items[i]);
    return type_with_axes(k->arena, symbol->type, axes);
}

static const struct type *record_field(struct checker *k, struct expr *e, const struct type *object)
{
    for (size_t i = 0; i < object->axes.count; i++) {
        if (object->axes.items[i].name != e->field.field.name)
            continue;
        struct symbol *symbol = field_symbol(k, e, FIELD_RECORD);
        symbol->position = i;
        symbol->type = clause_value_type(k, &object->variables->items[i]);
        return symbol->type;
    }
    diag_error(k->c, e->field.field.span, "the record has no '%s', only %s",
               e->field.field.name->text, axes_text(k->arena, &object->axes));
    return type_error();
}

/* Axes that are not those of a layer. */
static bool is_outer_axis(const struct name *name)
{
    return name == NULL || name_is(name, "sample") || name_is(name, "class") ||
           name_is(name, "time") || name_is(name, "module");
}

/* counts.neuron of [sample, y, x]: all axes of the layer together, as one flat index. Null where
 * there are none or they are not next to each other. */
static const struct type *find_neurons(struct checker *k, struct expr *e,
                                       const struct axis_list *axes)
{
    struct type *t = arena_new(k->arena, struct type);
    size_t first = 0;
    while (first < axes->count && is_outer_axis(axes->items[first].name))
        first++;
    t->kind = TYPE_RANGE;
    t->is_constant = true;
    for (size_t i = first; i < axes->count; i++) {
        bool is_outer = is_outer_axis(axes->items[i].name);
        if (is_outer && i + 1 < axes->count && !is_outer_axis(axes->items[i + 1].name))
            return NULL;
        if (is_outer)
            continue;
        t->is_constant = t->is_constant && axes->items[i].size.kind != SIZE_UNKNOWN;
        array_push(k->arena, &t->axes, axes->items[i]);
    }
    if (!name_is(e->field.field.name, "neuron") || t->axes.count == 0)
        return NULL;
    struct symbol *symbol =
        symbol_new(k->arena, SYMBOL_AXIS, e->field.field.name, (struct span){ 0 });
    symbol->position = first;
    symbol->type = t;
    e->symbol = symbol;
    return t;
}

static const struct type *array_field(struct checker *k, struct expr *e, const struct type *object)
{
    const struct type *t = find_axis(k, e, &object->axes);
    if (t == NULL)
        t = find_neurons(k, e, &object->axes);
    if (t != NULL)
        return t;
    struct suggestion suggestion = suggest_begin(e->field.field.name->text);
    offer_axes(&suggestion, &object->axes);
    if (object->axes.count == 0)
        diag_error(k->c, e->field.field.span, "a number has no '%s'", e->field.field.name->text);
    else
        return unknown_field(
            k, e, arena_format(k->arena, "an array %s", axes_text(k->arena, &object->axes)),
            &suggestion);
    return type_error();
}

const struct type *check_field(struct checker *k, struct expr *e)
{
    const struct type *object = check_expr(k, e->field.object);
    if (e->field.field.name == NULL)
        return type_error();
    switch (object->kind) {
    case TYPE_ERROR: return object;
    case TYPE_NETWORK: return network_field(k, e, object);
    case TYPE_LAYER: return layer_field(k, e, object);
    case TYPE_TRACE: return trace_field(k, e, object);
    case TYPE_CONNECTION: return connection_field(k, e, object);
    case TYPE_RULE: return parameter_field(k, e, object);
    case TYPE_DATASET: return dataset_field_type(k, e, object);
    case TYPE_SAMPLE: return sample_field(k, e, object);
    case TYPE_RECORD: return record_field(k, e, object);
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_REAL32:
    case TYPE_REAL64: return array_field(k, e, object);
    case TYPE_NONE:
    case TYPE_STRING:
    case TYPE_RANGE:
    case TYPE_BATCHES:
    case TYPE_FUNCTION:
    case TYPE_TOPOLOGY:
    case TYPE_FIGURE:
        diag_error(k->c, e->field.field.span, "%s has no '%s'", type_text(k->arena, object),
                   e->field.field.name->text);
        return type_error();
    }
    unreachable();
}
