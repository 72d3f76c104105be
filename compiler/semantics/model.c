/* SPDX-License-Identifier: MIT
 *
 * Neuron models: their parameters, inputs, states and bodies, checked anew for each layer on a
 * copy; also surrogates and optimizers.
 */
#include "semantics/check.h"
#include "semantics/clone.h"

/* ---- parameters of models and rules ---------------------------------- */

/* Does e name a surrogate, or a parameter that stands for one? */
static bool names_surrogate(struct checker *k, const struct expr *e)
{
    const struct expr *callee = e->kind == EXPR_CALL ? e->call.callee : e;
    if (callee->kind != EXPR_NAME)
        return false;
    const struct symbol *symbol = find_name(k, callee->name.name);
    return symbol != NULL &&
           (symbol->kind == SYMBOL_SURROGATE || (e->kind == EXPR_NAME && symbol->slope != NULL));
}

/* An argument of a neuron model, or a default: a constant or a surrogate. */
static void check_parameter(struct checker *k, struct scope *scope, struct expr *e,
                            const char *what)
{
    struct scope *saved = k->scope;
    k->scope = scope;
    if (names_surrogate(k, e)) {
        struct call_target target = { .kind = CALL_FUNCTION };
        target.function = check_surrogate_use(k, e);
        e->target = arena_new(k->arena, struct call_target);
        *e->target = target;
        e->type = target.function != NULL ? type_new(k->arena, TYPE_FUNCTION) : type_error();
    } else {
        check_constant(k, scope, e, what);
    }
    k->scope = saved;
}

/* Where a default or an argument is a surrogate, the other must be one. */
static const struct type *surrogate_type(struct checker *k, const struct symbol *symbol,
                                         const struct formal *formal, const struct type *fallback)
{
    const struct expr *value = symbol->value;
    bool is_wanted = fallback == NULL || fallback->kind == TYPE_FUNCTION;
    if (type_is_error(value->type) || (is_wanted && value->type->kind == TYPE_FUNCTION))
        return value->type;
    diag_error(k->c, value->span,
               is_wanted ? "'%s' must be a surrogate" : "'%s' cannot be a surrogate",
               formal->name.name->text);
    diag_note(k->c, formal->span, "'%s' is declared here", formal->name.name->text);
    return type_error();
}

static const struct type *parameter_type(struct checker *k, struct symbol *symbol,
                                         const struct formal *formal, const struct type *fallback)
{
    struct expr *value = symbol->value;
    const struct type *t = value->type;
    if (t->kind == TYPE_FUNCTION || (fallback != NULL && fallback->kind == TYPE_FUNCTION))
        return surrogate_type(k, symbol, formal, fallback);
    if (!check_choice(k, formal, value))
        return formal->choices.items[0]->type;
    if (type_is_error(t) || !type_is_number(t))
        return t;
    struct unit unit = t->unit;
    if (formal->type != NULL && formal->type->unit != NULL)
        unit = unit_of_ref(formal->type->unit);
    else if (fallback != NULL && type_is_number(fallback) && !fallback->unit.is_any)
        unit = fallback->unit;
    const char *name = formal->name.name->text;
    if (!require_unit(k, value, unit, arena_format(k->arena, "'%s'", name))) {
        diag_note(k->c, formal->span, "'%s' is declared here", name);
        return type_error();
    }
    if (fallback != NULL && fallback->kind == TYPE_BOOL && t->kind != TYPE_BOOL) {
        diag_error(k->c, value->span, "'%s' must be true or false", name);
        diag_note(k->c, formal->span, "'%s' is declared here", name);
        return type_error();
    }
    return infer_type(k->arena, k->inferences, symbol, type_with_unit(k->arena, t, unit));
}

void declare_parameters(struct checker *k, struct scope *scope, struct formal_list *formals,
                        struct expr **arguments, struct symbol_list *out, struct layer *layer,
                        struct connection *connection, struct rule_instance *rule)
{
    for (size_t i = 0; i < formals->count; i++) {
        struct formal *formal = &formals->items[i];
        struct symbol *symbol =
            symbol_new(k->arena, SYMBOL_FORMAL, formal->name.name, formal->name.span);
        symbol->layer = layer;
        symbol->connection = connection;
        symbol->rule = rule;
        symbol->position = i;
        if (layer != NULL && layer->statement != NULL)
            symbol->context = layer->statement->span;
        if (connection != NULL && connection->statement != NULL)
            symbol->context = connection->statement->span;
        struct expr *fallback = clone_expr(k->arena, formal->value);
        if (fallback != NULL)
            check_parameter(k, scope, fallback, "a default");
        symbol->value = arguments != NULL && arguments[i] != NULL ? arguments[i] : fallback;
        if (symbol->value == NULL) {
            symbol->type = type_error();
        } else {
            symbol->type =
                parameter_type(k, symbol, formal, fallback != NULL ? fallback->type : NULL);
            if (symbol->type->is_constant)
                symbol->constant = symbol->value->constant;
        }
        if (symbol->name == NULL)
            continue;
        struct scope *saved = k->scope;
        k->scope = scope;
        declare(k, symbol);
        k->scope = saved;
        if (symbol->type->kind == TYPE_FUNCTION)
            symbol->slope = symbol->value->target->function;
        else
            array_push(k->arena, out, symbol);
    }
}

/* ---- variables that are simply there --------------------------------- */

static void add_variable(struct checker *k, struct scope *scope, const char *name,
                         enum builtin_variable variable, enum type_kind kind, struct unit unit,
                         struct layer *layer)
{
    struct symbol *symbol = symbol_new(k->arena, SYMBOL_VARIABLE,
                                       names_intern_text(&k->c->names, name), (struct span){ 0 });
    struct type *t = arena_new(k->arena, struct type);
    t->kind = kind;
    t->unit = unit;
    t->is_constant = kind == TYPE_REAL64; /* dt, where it is a step */
    symbol->variable = variable;
    symbol->type = t;
    symbol->layer = layer;
    scope_add(k->arena, scope, symbol);
}

static void add_neuron_variables(struct checker *k, struct scope *scope, struct layer *layer)
{
    bool is_known = layer != NULL;
    struct unit time = is_known ? layer->network->time_unit : unit_any();
    enum type_kind time_kind = is_known ? TYPE_REAL32 : TYPE_ERROR;
    bool is_stepped = is_known && !layer->network->is_continuous;
    add_variable(k, scope, "dt", VARIABLE_DT, is_stepped ? TYPE_REAL64 : time_kind, time, layer);
    add_variable(k, scope, "t", VARIABLE_T, time_kind, time, layer);
    add_variable(k, scope, "since", VARIABLE_SINCE, time_kind, time, layer);
    add_variable(k, scope, "spiked", VARIABLE_SPIKED, TYPE_BOOL, unit_none(), layer);
    add_variable(k, scope, "fired", VARIABLE_FIRED, TYPE_BOOL, unit_none(), layer);
    add_variable(k, scope, "last_event", VARIABLE_LAST_EVENT, TYPE_BOOL, unit_none(), layer);
    add_variable(k, scope, "learning", VARIABLE_LEARNING, TYPE_BOOL, unit_none(), layer);
}

/* ---- instances ------------------------------------------------------ */

struct chain {
    const struct declaration *declaration;
    const struct chain *outer;
};

static struct scope *instantiate(struct checker *k, struct neuron_instance *neuron,
                                 struct declaration *d, struct expr **arguments,
                                 struct layer *layer, const struct chain *outer);

/* Names of the base are visible in the model that extends it, unless it has its own. */
static void copy_names(struct checker *k, struct scope *to, const struct scope *from)
{
    for (size_t i = 0; i < from->symbols.count; i++)
        if (scope_find_here(to, from->symbols.items[i]->name) == NULL)
            scope_add(k->arena, to, from->symbols.items[i]);
}

static struct symbol *find_model(struct checker *k, const struct expr *callee,
                                 enum symbol_kind kind, const char *what)
{
    struct symbol *symbol = find_name(k, callee->name.name);
    if (symbol != NULL && symbol->kind == kind)
        return symbol;
    struct suggestion suggestion = suggest_begin(callee->name.name->text);
    for (const struct scope *s = k->scope; s != NULL; s = s->parent)
        for (size_t i = 0; i < s->symbols.count; i++)
            if (s->symbols.items[i]->kind == kind)
                suggest_offer(&suggestion, s->symbols.items[i]->name->text);
    if (symbol != NULL) {
        diag_error(k->c, callee->span, "'%s' is %s, not %s", callee->name.name->text,
                   symbol_kind_text(symbol->kind), symbol_kind_text(kind));
        note_declared(k, symbol);
    } else {
        diag_error(k->c, callee->span, "unknown %s '%s'", what, callee->name.name->text);
    }
    if (suggestion.best != NULL)
        diag_hint(k->c, "did you mean '%s'?", suggestion.best);
    return NULL;
}

/* Splits M or M(args), checks the arguments as constants. Null after reporting. */
struct symbol *check_model_use(struct checker *k, struct expr *e, enum symbol_kind kind,
                               const char *what, struct expr ***bound)
{
    struct expr *callee = e->kind == EXPR_CALL ? e->call.callee : e;
    const struct argument_list *list = e->kind == EXPR_CALL ? &e->call.arguments : NULL;
    e->type = callee->type = type_new(k->arena, TYPE_FUNCTION);
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        if (kind == SYMBOL_OPTIMIZER)
            check_number(k, list->items[i].value, "an argument");
        else if (kind == SYMBOL_NEURON)
            check_parameter(k, k->scope, list->items[i].value, "an argument");
        else
            check_constant(k, k->scope, list->items[i].value, "an argument");
    }
    if (callee->kind != EXPR_NAME)
        return NULL; /* EXPR_ERROR: the parser takes nothing else */
    struct symbol *symbol = find_model(k, callee, kind, what);
    if (symbol == NULL)
        return NULL;
    callee->symbol = e->symbol = symbol;
    symbol->is_read = true;
    struct declaration *d = symbol->declaration;
    const struct formal_list *formals = kind == SYMBOL_NEURON      ? &d->neuron.formals
                                        : kind == SYMBOL_RULE      ? &d->rule.formals
                                        : kind == SYMBOL_OPTIMIZER ? &d->optimizer.formals
                                                                   : &d->func.formals;
    *bound = arena_alloc_array(k->arena, formals->count + 1, sizeof **bound);
    if (!bind_arguments(k, e->span, what, symbol->name, d, formals, NULL, list, *bound))
        return NULL;
    return symbol;
}

static void instantiate_base(struct checker *k, struct neuron_instance *neuron,
                             struct declaration *d, struct scope *scope, struct layer *layer,
                             const struct chain *outer)
{
    struct expr *base = clone_expr(k->arena, d->neuron.base);
    struct expr **bound = NULL;
    struct symbol *symbol = check_model_use(k, base, SYMBOL_NEURON, "neuron model", &bound);
    if (symbol == NULL)
        return;
    for (const struct chain *link = outer; link != NULL; link = link->outer) {
        if (link->declaration != symbol->declaration)
            continue;
        diag_error(k->c, base->span, "neuron model '%s' extends itself", symbol->name->text);
        return;
    }
    copy_names(k, scope, instantiate(k, neuron, symbol->declaration, bound, layer, outer));
}

/* Checks the body of a model and of its bases; returns the scope with their names. */
static struct scope *instantiate(struct checker *k, struct neuron_instance *neuron,
                                 struct declaration *d, struct expr **arguments,
                                 struct layer *layer, const struct chain *outer)
{
    struct module *module = module_of(k, d);
    struct scope *scope = scope_new(k->arena, module->scope);
    struct body body = { .kind = BODY_NEURON, .layer = layer, .neuron = neuron };
    struct chain chain = { d, outer };
    struct checker_state state = checker_enter(k, module, scope, &body);
    struct symbol_list own = { 0 };
    declare_parameters(k, scope, &d->neuron.formals, arguments, &own, layer, NULL, NULL);
    add_neuron_variables(k, scope, layer);
    if (d->neuron.base != NULL)
        instantiate_base(k, neuron, d, scope, layer, &chain);
    struct symbol_list inherited = neuron->parameters;
    neuron->parameters = own;
    for (size_t i = 0; i < inherited.count; i++)
        array_push(k->arena, &neuron->parameters, inherited.items[i]);
    struct block *block = clone_block(k->arena, d->neuron.body);
    for (size_t i = 0; i < block->statements.count; i++) {
        check_statement(k, block->statements.items[i]);
        array_push(k->arena, &neuron->body, block->statements.items[i]);
    }
    checker_leave(k, state);
    return scope;
}

static struct symbol *find_variable(const struct scope *scope, enum builtin_variable variable)
{
    for (size_t i = 0; i < scope->symbols.count; i++)
        if (scope->symbols.items[i]->kind == SYMBOL_VARIABLE &&
            scope->symbols.items[i]->variable == variable)
            return scope->symbols.items[i];
    return NULL;
}

struct neuron_instance *check_neuron(struct checker *k, struct layer *layer, struct expr *model)
{
    struct neuron_instance *neuron = arena_new(k->arena, struct neuron_instance);
    struct expr **bound = NULL;
    struct symbol *symbol = check_model_use(k, model, SYMBOL_NEURON, "neuron model", &bound);
    if (symbol == NULL)
        return NULL;
    neuron->declaration = symbol->declaration;
    size_t errors = k->c->diagnostics.count;
    struct scope *scope = instantiate(k, neuron, symbol->declaration, bound, layer, NULL);
    note_use(k, errors, symbol->declaration, layer->statement->span, "layer '%s' uses it here",
             layer->name->text);
    neuron->reads_since = find_variable(scope, VARIABLE_SINCE)->is_read;
    neuron->reads_fired = find_variable(scope, VARIABLE_FIRED)->is_read;
    neuron->reads_spiked = find_variable(scope, VARIABLE_SPIKED)->is_read;
    neuron->reads_last_event = find_variable(scope, VARIABLE_LAST_EVENT)->is_read;
    return neuron;
}

void check_neuron_unused(struct checker *k, struct declaration *d)
{
    struct neuron_instance *neuron = arena_new(k->arena, struct neuron_instance);
    neuron->declaration = d;
    instantiate(k, neuron, d, NULL, NULL, NULL);
}

/* ---- statements of a neuron's body ----------------------------------- */

/* States are real unless declared otherwise; `state x = 0` is a real without unit. */
const struct type *state_type(struct checker *k, struct symbol *symbol, struct statement *s)
{
    struct expr *value = s->state.value;
    const struct type_ref *ref = s->state.type;
    if (value == NULL && ref == NULL)
        return infer_type(k->arena, k->inferences, symbol, type_real(k->arena, unit_any()));
    if (value != NULL) {
        const struct type *t = check_scalar(k, value, "an initial value");
        if (type_is_error(t))
            return t;
    }
    const struct type *t = declared_type(k, symbol, ref, value);
    bool says_kind = ref != NULL && ref->scalar != SCALAR_UNSAID;
    if (t->kind == TYPE_INT && !says_kind)
        return type_real(k->arena, t->unit);
    return type_variable(k->arena, t);
}

void check_bounds(struct checker *k, const struct bounds *bounds, struct unit unit)
{
    if (bounds->low != NULL)
        check_constant(k, k->scope, bounds->low, "a bound");
    if (bounds->low != NULL)
        require_unit(k, bounds->low, unit, "a bound");
    if (bounds->high != NULL)
        check_constant(k, k->scope, bounds->high, "a bound");
    if (bounds->high != NULL)
        require_unit(k, bounds->high, unit, "a bound");
}

static void check_neuron_state(struct checker *k, struct statement *s)
{
    struct symbol *symbol =
        symbol_new(k->arena, SYMBOL_STATE, s->state.name.name, s->state.name.span);
    symbol->statement = s;
    symbol->value = s->state.value;
    symbol->layer = k->body->layer;
    if (symbol->layer != NULL)
        symbol->context = symbol->layer->statement->span;
    s->symbol = symbol;
    symbol->type = state_type(k, symbol, s);
    check_bounds(k, &s->state.bounds, symbol->type->unit);
    declare(k, symbol);
    if (symbol->name != NULL)
        array_push(k->arena, &k->body->neuron->states, symbol);
}

static void check_input(struct checker *k, struct statement *s)
{
    struct symbol *symbol =
        symbol_new(k->arena, SYMBOL_INPUT, s->input.name.name, s->input.name.span);
    symbol->statement = s;
    symbol->layer = k->body->layer;
    s->symbol = symbol;
    symbol->type = type_real(k->arena, unit_none());
    if (s->input.type != NULL)
        symbol->type = declared_type(k, symbol, s->input.type, NULL);
    declare(k, symbol);
    if (symbol->name != NULL)
        array_push(k->arena, &k->body->neuron->inputs, symbol);
}

static void check_method(struct checker *k, const struct statement *s)
{
    static const char *const methods[] = { "euler", "rk4", "exponential_euler", NULL };
    if (s->ode.method.name == NULL)
        return;
    for (int i = 0; methods[i] != NULL; i++)
        if (names_intern_text(&k->c->names, methods[i]) == s->ode.method.name)
            return;
    diag_error(k->c, s->ode.method.span, "unknown method '%s'", s->ode.method.name->text);
    const char *best = suggest_word(s->ode.method.name->text, methods);
    if (best != NULL)
        diag_hint(k->c, "did you mean '%s'?", best);
    else
        diag_hint(k->c, "the methods are euler, rk4 and exponential_euler");
}

/* v' = e: e in the unit of v over that of the step. */
void check_ode(struct checker *k, struct statement *s)
{
    const struct type *t = check_scalar(k, s->ode.value, "a derivative");
    check_method(k, s);
    if (s->ode.name.name == NULL)
        return;
    struct symbol *symbol = find_name(k, s->ode.name.name);
    if (symbol == NULL) {
        error_unknown_name(k, s->ode.name.name, s->ode.name.span);
        return;
    }
    s->symbol = symbol;
    symbol->is_assigned = true;
    if (symbol->kind != SYMBOL_STATE && symbol->kind != SYMBOL_RULE_STATE) {
        diag_error(k->c, s->ode.name.span, "'%s' is %s; only a state has a derivative",
                   symbol->name->text, symbol_kind_text(symbol->kind));
        note_declared(k, symbol);
        return;
    }
    if (!type_is_error(symbol->type) && !type_is_real(symbol->type)) {
        diag_error(k->c, s->ode.name.span, "'%s' is no real number and has no derivative",
                   symbol->name->text);
        note_declared(k, symbol);
        return;
    }
    struct network *network = k->body->layer != NULL        ? k->body->layer->network
                              : k->body->connection != NULL ? k->body->connection->network
                                                            : NULL;
    if (network == NULL || type_is_error(t) || type_is_error(symbol->type))
        return;
    struct unit wanted = unit_divide(symbol->type->unit, network->time_unit);
    bool is_open = symbol->type->unit.is_any;
    if (is_open || unit_fits(t->unit, wanted))
        return;
    diag_error(k->c, s->span, "the derivative of '%s' must be in %s, not in %s", symbol->name->text,
               unit_family(k->arena, wanted), unit_family(k->arena, t->unit));
    if (unit_is_none(symbol->type->unit))
        diag_note(k->c, symbol->span, "'%s' is declared here as a plain number",
                  symbol->name->text);
    else
        diag_note(k->c, symbol->span, "'%s' is declared here in %s", symbol->name->text,
                  unit_family(k->arena, symbol->type->unit));
    if (unit_equal(t->unit, symbol->type->unit))
        diag_hint(k->c, "divide by a time constant, for example '/ tau'");
}

static bool layer_has_axis(const struct layer *layer, const struct name *name)
{
    for (size_t i = 0; i < layer->axes.count; i++)
        if (layer->axes.items[i].name == name)
            return true;
    return false;
}

static void check_at_most(struct checker *k, struct statement *s)
{
    const struct type *t = check_unit(k, s->spike.value, unit_none(), "the number of spikes");
    if (!type_is_error(t) && type_is_real(t) && !t->is_constant)
        diag_error(k->c, s->spike.value->span, "the number of spikes must be a whole number");
    if (s->spike.by != NULL)
        check_scalar(k, s->spike.by, "what to choose by");
    for (size_t i = 0; i < s->spike.per.count; i++) {
        const struct identifier *axis = &s->spike.per.items[i];
        if (k->body->layer == NULL || layer_has_axis(k->body->layer, axis->name))
            continue;
        diag_error(k->c, axis->span, "layer '%s' has no axis '%s', only %s",
                   k->body->layer->name->text, axis->name->text,
                   axes_text(k->arena, &k->body->layer->axes));
    }
    if (k->body->neuron->spike == NULL) {
        diag_error(k->c, s->span,
                   "'spike at most' chooses among spikes, but there is none above it");
        diag_hint(k->c, "write 'spike when ...' first");
    }
}

static void check_spike(struct checker *k, struct statement *s)
{
    if (s->spike.surrogate != NULL)
        s->spike.slope = check_surrogate_use(k, s->spike.surrogate);
    if (s->spike.form == SPIKE_AT_MOST) {
        check_at_most(k, s);
        return;
    }
    if (s->spike.form == SPIKE_WHEN)
        check_condition(k, s->spike.value);
    else if (s->spike.form == SPIKE_CHANCE)
        check_unit(k, s->spike.value, unit_none(), "a chance");
    else if (k->body->layer != NULL)
        check_unit(k, s->spike.value, k->body->layer->network->time_unit, "the time of a spike");
    else
        check_scalar(k, s->spike.value, "the time of a spike");
    struct neuron_instance *neuron = k->body->neuron;
    if (neuron->spike != NULL) {
        diag_error(k->c, s->span, "a neuron has one 'spike' statement, this is the second");
        diag_note(k->c, neuron->spike->span, "the first is here");
        diag_hint(k->c, "join the conditions with 'or'");
        return;
    }
    neuron->spike = s;
}

static void check_on_spike(struct checker *k, struct statement *s)
{
    if (k->body->neuron->spike == NULL) {
        diag_error(
            k->c, s->span,
            "'on spike' runs for the neurons that spiked above it, but there is no 'spike' above");
        diag_hint(k->c, "move it below 'spike when ...'");
    }
    const struct statement *outer = k->body->handler;
    k->body->handler = s;
    check_block(k, s->on.body);
    k->body->handler = outer;
}

static void check_emit(struct checker *k, struct statement *s)
{
    const struct type *t = check_scalar(k, s->value.value, "what is emitted");
    k->body->neuron->emits = true;
    k->body->neuron->emit_unit = t->unit.is_any ? unit_none() : t->unit;
}

static void check_optimizer_state(struct checker *k, struct statement *s)
{
    struct symbol *symbol =
        symbol_new(k->arena, SYMBOL_OPTIMIZER_STATE, s->state.name.name, s->state.name.span);
    symbol->statement = s;
    symbol->value = s->state.value;
    s->symbol = symbol;
    symbol->type = state_type(k, symbol, s);
    declare(k, symbol);
    array_push(k->arena, &k->body->optimizer->states, symbol);
}

void check_model_statement(struct checker *k, struct statement *s)
{
    if (k->body->kind == BODY_RULE) {
        check_rule_statement(k, s);
        return;
    }
    if (k->body->kind == BODY_OPTIMIZER && s->kind == STATEMENT_STATE) {
        check_optimizer_state(k, s);
        return;
    }
    switch (s->kind) {
    case STATEMENT_INPUT: check_input(k, s); break;
    case STATEMENT_STATE: check_neuron_state(k, s); break;
    case STATEMENT_ODE: check_ode(k, s); break;
    case STATEMENT_SPIKE: check_spike(k, s); break;
    case STATEMENT_ON: check_on_spike(k, s); break;
    case STATEMENT_EMIT: check_emit(k, s); break;
    default: unreachable();
    }
}

/* ---- surrogates and optimizers --------------------------------------- */

static struct function_instance *check_surrogate_body(struct checker *k, struct declaration *d,
                                                      struct expr **arguments)
{
    struct module *module = module_of(k, d);
    struct scope *scope = scope_new(k->arena, module->scope);
    struct function_instance *self = arena_new(k->arena, struct function_instance);
    struct body body = { .kind = BODY_SURROGATE, .what = "a surrogate", .function = self };
    struct checker_state state = checker_enter(k, module, scope, &body);
    self->declaration = d;
    declare_parameters(k, scope, &d->func.formals, arguments, &self->formals, NULL, NULL, NULL);
    add_variable(k, scope, "x", VARIABLE_DISTANCE, TYPE_REAL32, unit_any(), NULL);
    self->distance = find_variable(scope, VARIABLE_DISTANCE);
    self->value = clone_expr(k->arena, d->func.value);
    self->body = clone_block(k->arena, d->func.body);
    if (self->value != NULL)
        check_scalar(k, self->value, "a surrogate");
    if (self->body != NULL)
        check_block(k, self->body);
    checker_leave(k, state);
    return self;
}

void check_surrogate_unused(struct checker *k, struct declaration *d)
{
    check_surrogate_body(k, d, NULL);
}

struct function_instance *check_surrogate_use(struct checker *k, struct expr *e)
{
    struct expr **bound = NULL;
    struct symbol *formal = e->kind == EXPR_NAME ? find_name(k, e->name.name) : NULL;
    if (formal != NULL && formal->kind == SYMBOL_FORMAL &&
        (formal->slope != NULL || type_is_error(formal->type))) {
        formal->is_read = true;
        e->symbol = formal;
        e->type = type_new(k->arena, TYPE_FUNCTION);
        return formal->slope;
    }
    struct symbol *symbol = check_model_use(k, e, SYMBOL_SURROGATE, "surrogate", &bound);
    return symbol != NULL ? check_surrogate_body(k, symbol->declaration, bound) : NULL;
}

static struct optimizer_instance *check_optimizer_body(struct checker *k, struct declaration *d,
                                                       struct expr **arguments)
{
    struct module *module = module_of(k, d);
    struct scope *scope = scope_new(k->arena, module->scope);
    struct optimizer_instance *self = arena_new(k->arena, struct optimizer_instance);
    struct body body = { .kind = BODY_OPTIMIZER, .optimizer = self };
    struct checker_state state = checker_enter(k, module, scope, &body);
    self->declaration = d;
    declare_parameters(k, scope, &d->optimizer.formals, arguments, &self->parameters, NULL, NULL,
                       NULL);
    add_variable(k, scope, "grad", VARIABLE_GRAD, TYPE_REAL32, unit_any(), NULL);
    add_variable(k, scope, "w", VARIABLE_WEIGHT, TYPE_REAL32, unit_any(), NULL);
    add_variable(k, scope, "grad_norm", VARIABLE_GRAD_NORM, TYPE_REAL32, unit_any(), NULL);
    self->gradient = find_variable(scope, VARIABLE_GRAD);
    self->norm = find_variable(scope, VARIABLE_GRAD_NORM);
    self->weight = find_variable(scope, VARIABLE_WEIGHT);
    self->body = clone_block(k->arena, d->optimizer.body);
    check_block(k, self->body);
    checker_leave(k, state);
    return self;
}

void check_optimizer_unused(struct checker *k, struct declaration *d)
{
    check_optimizer_body(k, d, NULL);
}

struct optimizer_instance *check_optimizer_use(struct checker *k, struct expr *e)
{
    struct expr **bound = NULL;
    struct symbol *symbol = check_model_use(k, e, SYMBOL_OPTIMIZER, "optimizer", &bound);
    return symbol != NULL ? check_optimizer_body(k, symbol->declaration, bound) : NULL;
}
