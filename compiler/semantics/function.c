/* SPDX-License-Identifier: MIT
 *
 * Functions are checked once for each tuple of argument types, on a copy of their body.
 */
#include "semantics/check.h"
#include "semantics/clone.h"

static const struct function_key *find_instance(const struct checker *k,
                                                const struct declaration *d,
                                                const struct type *const *types, size_t count)
{
    for (size_t i = 0; i < k->functions.count; i++) {
        const struct function_key *key = k->functions.items[i];
        bool is_same = key->instance->declaration == d && key->count == count &&
                       key->connection == k->body->connection &&
                       shown_equal(key->shown, k->body->shown);
        for (size_t j = 0; is_same && j < count; j++)
            is_same = type_equal(key->arguments[j], types[j]);
        if (is_same)
            return key;
    }
    return NULL;
}

static bool is_in_progress(const struct checker *k, const struct declaration *d)
{
    for (size_t i = 0; i < k->functions.count; i++)
        if (k->functions.items[i]->is_in_progress &&
            k->functions.items[i]->instance->declaration == d)
            return true;
    return false;
}

/* May the body be left without `return`? */
static bool ends_in_return(const struct block *block)
{
    if (block->statements.count == 0)
        return false;
    const struct statement *last = block->statements.items[block->statements.count - 1];
    switch (last->kind) {
    case STATEMENT_RETURN:
    case STATEMENT_ERROR: return true;
    case STATEMENT_IF:
        return last->conditional.otherwise != NULL && ends_in_return(last->conditional.then) &&
               ends_in_return(last->conditional.otherwise);
    default: return false;
    }
}

static void check_value(struct checker *k, struct function_instance *f)
{
    f->result = check_expr(k, f->value);
}

static void check_body(struct checker *k, struct function_instance *f)
{
    check_block(k, f->body);
    if (f->result == NULL)
        f->result = type_new(k->arena, TYPE_NONE);
    else if (f->result->kind != TYPE_NONE && !type_is_error(f->result) && !ends_in_return(f->body))
        diag_error(k->c, f->declaration->name.span,
                   "function '%s' gives a value on some ways through it and none on others",
                   f->declaration->name.name->text);
}

static void declare_formals(struct checker *k, struct function_instance *f,
                            const struct type *const *types)
{
    const struct formal_list *formals = &f->declaration->func.formals;
    for (size_t i = 0; i < formals->count; i++) {
        const struct formal *formal = &formals->items[i];
        struct symbol *symbol =
            symbol_new(k->arena, SYMBOL_FORMAL, formal->name.name, formal->name.span);
        symbol->type = types[i];
        symbol->position = i;
        declare(k, symbol);
        array_push(k->arena, &f->formals, symbol);
    }
}

/* The variables that every function may use when it is called from a weight. */
static void declare_fan(struct checker *k, struct connection *connection)
{
    static const char *const names[] = { "fan_in", "fan_out" };
    for (int i = 0; connection != NULL && i < 2; i++) {
        struct symbol *symbol =
            symbol_new(k->arena, SYMBOL_VARIABLE, names_intern_text(&k->c->names, names[i]),
                       (struct span){ 0 });
        symbol->variable = i == 0 ? VARIABLE_FAN_IN : VARIABLE_FAN_OUT;
        symbol->connection = connection;
        symbol->type = type_new(k->arena, TYPE_INT);
        scope_add(k->arena, k->scope, symbol);
    }
}

static const struct function_key *instantiate(struct checker *k, struct declaration *d,
                                              const struct type **types, size_t count,
                                              struct connection *connection)
{
    struct function_instance *f = arena_new(k->arena, struct function_instance);
    f->declaration = d;
    f->value = clone_expr(k->arena, d->func.value);
    f->body = clone_block(k->arena, d->func.body);
    struct function_key *key = arena_new(k->arena, struct function_key);
    *key = (struct function_key){ .instance = f,
                                  .arguments = types,
                                  .count = count,
                                  .connection = connection,
                                  .shown = k->body->shown,
                                  .is_in_progress = true };
    array_push(k->arena, &k->functions, key);
    struct module *module = module_of(k, d);
    struct body body = { .kind = BODY_FUNC,
                         .function = f,
                         .block = f->body,
                         .connection = connection,
                         .shown = k->body->shown };
    struct checker_state state =
        checker_enter(k, module, scope_new(k->arena, module->scope), &body);
    struct effects storage;
    struct effects *effects = effects_enter(k, &storage);
    declare_fan(k, connection);
    declare_formals(k, f, types);
    if (f->value != NULL)
        check_value(k, f);
    else
        check_body(k, f);
    for (size_t i = 0; i < effects->assigns.count; i++)
        array_push(k->arena, &f->assigns, effects->assigns.items[i].symbol);
    f->is_procedure = f->is_procedure || f->assigns.count > 0;
    checker_leave(k, state);
    key->shown_end = body.shown;
    key->is_in_progress = false;
    f->number = k->model->functions.count;
    array_push(k->arena, &k->model->functions, f);
    return key;
}

/* The type an argument has within the function: what its formal says, or its own. */
static const struct type *formal_type(struct checker *k, const struct formal *formal,
                                      struct expr *argument)
{
    const struct type *t = check_expr(k, argument);
    if (t->kind == TYPE_NONE) {
        diag_error(k->c, argument->span, "this gives no value");
        return type_error();
    }
    if (!check_choice(k, formal, argument))
        return formal->choices.items[0]->type;
    if (formal->type == NULL || !type_is_number(t))
        return t;
    if (formal->type->unit != NULL &&
        !require_unit(k, argument, unit_of_ref(formal->type->unit),
                      arena_format(k->arena, "'%s'", formal->name.name->text))) {
        diag_note(k->c, formal->span, "'%s' is declared here", formal->name.name->text);
        return type_error();
    }
    struct type *typed = arena_new(k->arena, struct type);
    *typed = *t;
    if (formal->type->unit != NULL)
        typed->unit = unit_of_ref(formal->type->unit);
    if (formal->type->scalar == SCALAR_FLOAT64)
        typed->kind = TYPE_REAL64;
    else if (formal->type->scalar == SCALAR_FLOAT32)
        typed->kind = typed->is_constant ? TYPE_REAL64 : TYPE_REAL32;
    else if (formal->type->scalar == SCALAR_INT && type_is_real(t))
        diag_error(k->c, argument->span, "'%s' must be a whole number", formal->name.name->text);
    return typed;
}

static void error_recursion(struct checker *k, const struct expr *e, const struct declaration *d)
{
    diag_error(k->c, e->span, "function '%s' calls itself", d->name.name->text);
    diag_note(k->c, d->name.span, "'%s' is declared here", d->name.name->text);
    diag_hint(k->c, "functions are inlined; write a loop instead");
}

static const char *effect_text(const struct function_instance *f)
{
    if (f->assigns.count > 0)
        return "assigns to what outlives it";
    return f->logs ? "logs or reports" : "presents or learns";
}

static bool may_present(const struct checker *k)
{
    return k->body->kind == BODY_TASK || k->body->kind == BODY_FUNC;
}

/* The facts about a called function hold for the caller, too. */
static void inherit(struct checker *k, const struct function_instance *f, const struct expr *e)
{
    struct function_instance *caller = k->body->function;
    effects_call(k, f, e->span);
    if (caller == NULL)
        return;
    caller->is_procedure = caller->is_procedure || f->is_procedure;
    caller->learns = caller->learns || f->learns;
    caller->draws = caller->draws || f->draws;
    caller->logs = caller->logs || f->logs;
}

const struct type *check_function_call(struct checker *k, struct expr *e, struct symbol *symbol,
                                       struct expr *first, const struct argument_list *list)
{
    struct declaration *d = symbol->declaration;
    struct formal_list *formals = &d->func.formals;
    size_t count = formals->count;
    struct expr **bound = arena_alloc_array(k->arena, count + 1, sizeof *bound);
    const struct type **types = arena_alloc_array(k->arena, count + 1, sizeof *types);
    if (!bind_arguments(k, e->span, "function", symbol->name, d, formals, first, list, bound)) {
        for (size_t i = 0; list != NULL && i < list->count; i++)
            check_expr(k, list->items[i].value);
        return type_error();
    }
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        if (bound[i] == NULL) {
            bound[i] = clone_expr(k->arena, formals->items[i].value);
            check_constant(k, module_of(k, d)->scope, bound[i], "a default");
        }
        types[i] = formal_type(k, &formals->items[i], bound[i]);
        fits = fits && !type_is_error(types[i]);
    }
    if (is_in_progress(k, d)) {
        error_recursion(k, e, d);
        return type_error();
    }
    if (!fits)
        return type_error();
    const struct function_key *key = find_instance(k, d, types, count);
    size_t errors = k->c->diagnostics.count;
    if (key == NULL)
        key = instantiate(k, d, types, count, k->body->connection);
    struct function_instance *f = key->instance;
    note_use(k, errors, d, e->span, "'%s' is called here", symbol->name->text);
    if (f->is_procedure && !may_present(k)) {
        diag_error(k->c, e->span, "'%s' %s and can be called only from tasks", symbol->name->text,
                   effect_text(f));
        note_declared(k, symbol);
        return type_error();
    }
    inherit(k, f, e);
    shown_leave(k, key->shown_end, k->body->shown);
    e->symbol = symbol;
    e->target = arena_new(k->arena, struct call_target);
    *e->target = (struct call_target){ CALL_FUNCTION, NULL, f, bound, count };
    if (f->value != NULL)
        e->constant = f->value->constant;
    return f->result != NULL ? f->result : type_error();
}

/* With arguments of unknown type, only mistakes that do not depend on them show. */
void check_function_names(struct checker *k, struct symbol *symbol)
{
    struct declaration *d = symbol->declaration;
    size_t count = d->func.formals.count;
    for (size_t i = 0; i < k->functions.count; i++)
        if (k->functions.items[i]->instance->declaration == d)
            return;
    const struct type **types = arena_alloc_array(k->arena, count + 1, sizeof *types);
    for (size_t i = 0; i < count; i++)
        types[i] = type_error();
    size_t before = k->model->functions.count;
    instantiate(k, d, types, count, arena_new(k->arena, struct connection));
    k->model->functions.count = before;
}
