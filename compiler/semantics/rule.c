/* SPDX-License-Identifier: MIT
 *
 * Learning rules, checked anew for each connection on a copy. In `on pre`, `on post` and `each
 * step` names stand for one synapse; in `on init`, `on start` and `on end` they stand for all of
 * them and are indexed.
 */
#include "semantics/check.h"
#include "semantics/clone.h"

static struct axis_list both_axes(struct checker *k, const struct connection *connection)
{
    struct axis_list axes = { 0 };
    for (size_t i = 0; i < connection->source->axes.count; i++)
        array_push(k->arena, &axes, connection->source->axes.items[i]);
    for (size_t i = 0; i < connection->target->axes.count; i++)
        array_push(k->arena, &axes, connection->target->axes.items[i]);
    return axes;
}

static bool sees_all(const struct statement *handler)
{
    return handler != NULL && (handler->on.event == EVENT_INIT ||
                               handler->on.event == EVENT_START || handler->on.event == EVENT_END);
}

/* ---- names of a rule's body ------------------------------------------ */

static struct symbol *add_variable(struct checker *k, const char *name,
                                   enum builtin_variable variable, const struct type *type)
{
    struct symbol *symbol = symbol_new(k->arena, SYMBOL_VARIABLE,
                                       names_intern_text(&k->c->names, name), (struct span){ 0 });
    symbol->variable = variable;
    symbol->type = type;
    symbol->connection = k->body->connection;
    symbol->rule = k->body->rule;
    scope_add(k->arena, k->scope, symbol);
    return symbol;
}

static const struct type *layer_type(struct checker *k, struct layer *layer, bool is_whole)
{
    struct type *t = arena_new(k->arena, struct type);
    t->kind = TYPE_LAYER;
    t->layer = layer;
    if (is_whole && layer != NULL)
        t->axes = layer->axes;
    return t;
}

/* Gives w, pre, post and the states the types that they have in a handler. */
static void set_view(struct checker *k, const struct statement *handler)
{
    struct rule_instance *rule = k->body->rule;
    struct connection *connection = k->body->connection;
    bool is_whole = sees_all(handler);
    struct axis_list none = { 0 };
    struct axis_list synapses = { 0 };
    if (connection != NULL && is_whole)
        synapses = both_axes(k, connection);
    for (size_t i = 0; i < k->scope->symbols.count; i++) {
        struct symbol *symbol = k->scope->symbols.items[i];
        if (symbol->kind != SYMBOL_VARIABLE)
            continue;
        if (symbol->variable == VARIABLE_PRE)
            symbol->type = layer_type(k, connection != NULL ? connection->source : NULL, is_whole);
        if (symbol->variable == VARIABLE_POST)
            symbol->type = layer_type(k, connection != NULL ? connection->target : NULL, is_whole);
        if (symbol->variable == VARIABLE_WEIGHT && connection != NULL)
            symbol->type =
                type_with_axes(k->arena, type_real(k->arena, connection->unit), synapses);
    }
    for (size_t i = 0; i < rule->states.count; i++) {
        struct symbol *state = rule->states.items[i];
        enum state_owner owner = state->statement->state.owner;
        struct axis_list axes = none;
        if (type_is_error(state->type) || !is_whole)
            axes = none;
        else if (connection == NULL)
            state->type = type_error();
        else
            axes = owner == STATE_PRE    ? connection->source->axes
                   : owner == STATE_POST ? connection->target->axes
                                         : synapses;
        if (!type_is_error(state->type))
            state->type = type_with_axes(k->arena, state->type, axes);
    }
}

/* False after reporting that the rule does not fit the target. */
static bool add_axes(struct checker *k, const struct declaration *d)
{
    const struct connection *connection = k->body->connection;
    const struct identifier_list *names = &d->rule.axes;
    if (connection != NULL && names->count > 0 && names->count != connection->target->axes.count) {
        diag_error(k->c, connection->statement->connect.learn_span,
                   "rule '%s' is written over %zu ax%s of the target, but layer '%s' has %s",
                   d->name.name->text, names->count, names->count == 1 ? "is" : "es",
                   connection->target->name->text, axes_text(k->arena, &connection->target->axes));
        diag_note(k->c, names->items[0].span, "the axes are named here");
        return false;
    }
    for (size_t i = 0; i < names->count; i++) {
        struct symbol *symbol =
            symbol_new(k->arena, SYMBOL_AXIS, names->items[i].name, names->items[i].span);
        symbol->position = i;
        struct type *t = arena_new(k->arena, struct type);
        t->kind = TYPE_RANGE;
        struct axis axis = { names->items[i].name, size_unknown() };
        if (connection != NULL && i < connection->target->axes.count)
            axis.size = connection->target->axes.items[i].size;
        t->is_constant = axis.size.kind != SIZE_UNKNOWN;
        array_push(k->arena, &t->axes, axis);
        symbol->type = t;
        declare(k, symbol);
    }
    return true;
}

static bool add_names(struct checker *k, const struct declaration *d)
{
    struct rule_instance *rule = k->body->rule;
    struct connection *connection = k->body->connection;
    bool is_known = connection != NULL;
    struct type *time = arena_new(k->arena, struct type);
    time->kind = is_known ? TYPE_REAL32 : TYPE_ERROR;
    time->unit = is_known ? connection->network->time_unit : unit_any();
    struct type *step = arena_new(k->arena, struct type);
    *step = *time;
    step->is_constant = is_known && !connection->network->is_continuous;
    if (step->is_constant)
        step->kind = TYPE_REAL64;
    rule->weight = add_variable(k, "w", VARIABLE_WEIGHT, type_error());
    add_variable(k, "pre", VARIABLE_PRE, type_error());
    add_variable(k, "post", VARIABLE_POST, type_error());
    add_variable(k, "dt", VARIABLE_DT, step);
    add_variable(k, "t", VARIABLE_T, time);
    add_variable(k, "duration", VARIABLE_DURATION, time);
    add_variable(k, "learning", VARIABLE_LEARNING, type_new(k->arena, TYPE_BOOL));
    set_view(k, NULL);
    return add_axes(k, d);
}

/* ---- statements ----------------------------------------------------- */

static void check_rule_state(struct checker *k, struct statement *s)
{
    struct connection *connection = k->body->connection;
    struct symbol *symbol =
        symbol_new(k->arena, SYMBOL_RULE_STATE, s->state.name.name, s->state.name.span);
    symbol->statement = s;
    symbol->value = s->state.value;
    symbol->connection = connection;
    symbol->rule = k->body->rule;
    if (connection != NULL)
        symbol->context = connection->statement->span;
    s->symbol = symbol;
    symbol->type = state_type(k, symbol, s);
    check_bounds(k, &s->state.bounds, symbol->type->unit);
    declare(k, symbol);
    if (symbol->name != NULL)
        array_push(k->arena, &k->body->rule->states, symbol);
}

static void check_handler(struct checker *k, struct statement *s)
{
    struct scope *outer = k->scope;
    k->body->handler = s;
    set_view(k, s);
    k->scope = scope_new(k->arena, outer);
    if (s->on.event == EVENT_END && s->on.label.name != NULL) {
        struct symbol *label =
            symbol_new(k->arena, SYMBOL_LABEL, s->on.label.name, s->on.label.span);
        label->type = type_new(k->arena, TYPE_INT);
        label->rule = k->body->rule;
        s->on.label_symbol = label;
        declare(k, label);
        k->body->rule->has_end_label = true;
    }
    check_block(k, s->on.body);
    k->scope = outer;
    k->body->handler = NULL;
    set_view(k, NULL);
}

void check_rule_statement(struct checker *k, struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_STATE: check_rule_state(k, s); break;
    case STATEMENT_ODE: check_ode(k, s); break;
    case STATEMENT_ON: check_handler(k, s); break;
    default: unreachable();
    }
}

/* ---- instances ------------------------------------------------------ */

/* The name by which tasks reach the parameters: stdp, and stdp_2 for a second one. */
static const struct name *instance_name(struct checker *k, const struct connection *connection,
                                        const struct name *name)
{
    size_t number = 1;
    for (size_t i = 0; i < connection->rules.count; i++)
        if (connection->rules.items[i]->declaration->name.name == name)
            number++;
    if (number == 1)
        return name;
    return names_intern_text(&k->c->names, arena_format(k->arena, "%s_%zu", name->text, number));
}

static void instantiate(struct checker *k, struct rule_instance *rule, struct expr **arguments)
{
    struct declaration *d = rule->declaration;
    struct module *module = module_of(k, d);
    struct scope *scope = scope_new(k->arena, module->scope);
    struct body body = { .kind = BODY_RULE, .connection = rule->connection, .rule = rule };
    struct checker_state state = checker_enter(k, module, scope, &body);
    declare_parameters(k, scope, &d->rule.formals, arguments, &rule->parameters, NULL,
                       rule->connection, rule);
    bool fits = add_names(k, d);
    rule->body = clone_block(k->arena, d->rule.body);
    rule->body->scope = scope;
    rule->is_unbounded = d->rule.is_unbounded;
    rule->is_batch_mean = d->rule.is_batch_mean;
    for (size_t i = 0; fits && i < rule->body->statements.count; i++)
        check_statement(k, rule->body->statements.items[i]);
    checker_leave(k, state);
}

void check_rule(struct checker *k, struct connection *connection, struct expr *e)
{
    struct expr **bound = NULL;
    struct symbol *symbol = check_model_use(k, e, SYMBOL_RULE, "rule", &bound);
    if (symbol == NULL)
        return;
    struct rule_instance *rule = arena_new(k->arena, struct rule_instance);
    rule->declaration = symbol->declaration;
    rule->connection = connection;
    rule->name = instance_name(k, connection, symbol->name);
    rule->symbol = symbol_new(k->arena, SYMBOL_RULE_INSTANCE, rule->name, e->span);
    rule->symbol->rule = rule;
    rule->symbol->connection = connection;
    struct type *t = arena_new(k->arena, struct type);
    t->kind = TYPE_RULE;
    t->rule = rule;
    t->connection = connection;
    rule->symbol->type = t;
    size_t errors = k->c->diagnostics.count;
    instantiate(k, rule, bound);
    note_use(k, errors, rule->declaration, e->span, "connection '%s' uses it here",
             connection->name->text);
    array_push(k->arena, &connection->rules, rule);
}

void check_rule_unused(struct checker *k, struct declaration *d)
{
    struct rule_instance *rule = arena_new(k->arena, struct rule_instance);
    rule->declaration = d;
    instantiate(k, rule, NULL);
}
