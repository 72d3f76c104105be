/* SPDX-License-Identifier: MIT
 *
 * The order of checking: modules and their names, then each declaration when it is first needed,
 * at last what nobody uses. Runs silently until nothing new is inferred, then once aloud.
 */
#include "semantics/check.h"

#include <string.h>

#include "semantics/clone.h"
#include "semantics/modules.h"

/* More rounds than any sensible program needs for what is inferred to settle. */
#define ROUND_LIMIT 8

struct checker_state checker_enter(struct checker *k, struct module *module, struct scope *scope,
                                   struct body *body)
{
    struct checker_state state = { k->module, k->scope, k->body, k->effects };
    k->module = module;
    k->scope = scope;
    k->body = body;
    k->effects = NULL;
    return state;
}

void checker_leave(struct checker *k, struct checker_state state)
{
    k->module = state.module;
    k->scope = state.scope;
    k->body = state.body;
    k->effects = state.effects;
}

struct module *module_of(struct checker *k, const struct declaration *d)
{
    return d->symbol != NULL && d->symbol->module != NULL ? d->symbol->module : k->module;
}

/* ---- constants, sizes, axes ------------------------------------------ */

const struct type *check_constant(struct checker *k, struct scope *scope, struct expr *e,
                                  const char *what)
{
    struct body body = { .kind = BODY_CONSTANT, .what = what };
    struct checker_state state = checker_enter(k, k->module, scope, &body);
    const struct type *t = check_expr(k, e);
    checker_leave(k, state);
    bool is_value = type_is_number(t) || t->kind == TYPE_STRING;
    if (type_is_error(t) || (is_value && t->is_constant))
        return t;
    if (!is_value)
        diag_error(k->c, e->span, "%s must be a number or a text, not %s", what,
                   type_text(k->arena, t));
    else {
        diag_error(k->c, e->span, "%s must be known when the program starts", what);
        diag_hint(k->c, "use params, top-level lets and literals");
    }
    e->type = type_error();
    return e->type;
}

struct size check_size(struct checker *k, struct expr *e, const char *what)
{
    const struct type *t = check_constant(k, k->scope, e, what);
    if (type_is_error(t))
        return size_unknown();
    if (!type_is_number(t) || t->axes.count > 0 || t->kind == TYPE_BOOL) {
        diag_error(k->c, e->span, "%s must be a whole number, not %s", what,
                   type_text(k->arena, t));
        e->type = type_error();
        return size_unknown();
    }
    if (!require_unit(k, e, unit_none(), what))
        return size_unknown();
    if (e->constant == NULL)
        return size_of_expr(e);
    double value = constant_number(e->constant);
    if (!size_is_whole(value))
        diag_error(k->c, e->span, "%s must come out whole, this is %g", what, value);
    else if (value < 0)
        diag_error(k->c, e->span, "%s cannot be negative", what);
    else
        return size_constant((int64_t)value);
    return size_unknown();
}

static void spread_axes(struct checker *k, struct axis_spec *spec, struct axis_list *axes)
{
    const struct type *t = check_expr(k, spec->value);
    if (type_is_error(t))
        return;
    if (t->kind != TYPE_LAYER || t->layer == NULL) {
        diag_error(k->c, spec->span, "'.axes' takes the axes of a layer, not of %s",
                   type_text(k->arena, t));
        return;
    }
    for (size_t i = 0; i < t->layer->axes.count; i++)
        array_push(k->arena, axes, t->layer->axes.items[i]);
}

struct axis_list check_axes(struct checker *k, struct axis_spec_list *specs, const char *what)
{
    struct axis_list axes = { 0 };
    for (size_t i = 0; i < specs->count; i++) {
        struct axis_spec *spec = &specs->items[i];
        if (spec->kind == AXIS_SPREAD) {
            spread_axes(k, spec, &axes);
            continue;
        }
        struct axis axis = { spec->kind == AXIS_NAMED ? spec->name.name
                                                      : names_intern_text(&k->c->names, "neuron"),
                             check_size(k, spec->value, what) };
        if (axis.size.kind == SIZE_CONSTANT && axis.size.value < 1)
            diag_error(k->c, spec->value->span, "%s must be at least 1", what);
        for (size_t j = 0; j < axes.count; j++)
            if (axes.items[j].name == axis.name && axis.name != NULL)
                diag_error(k->c, spec->span, "two axes are called '%s'", axis.name->text);
        array_push(k->arena, &axes, axis);
    }
    return axes;
}

/* ---- declarations --------------------------------------------------- */

static void check_choices(struct checker *k, struct declaration *d, const struct type *t)
{
    bool is_among = d->param.choices.count == 0 || d->param.value->constant == NULL;
    for (size_t i = 0; i < d->param.choices.count; i++) {
        struct expr *choice = d->param.choices.items[i];
        const struct type *one = check_constant(k, k->scope, choice, "a choice");
        if (type_is_error(one) || type_is_error(t))
            return;
        if ((one->kind == TYPE_STRING) != (t->kind == TYPE_STRING)) {
            diag_error(k->c, choice->span, "this choice is %s, but the default is %s",
                       type_text(k->arena, one), type_text(k->arena, t));
            return;
        }
        if (one->kind != TYPE_STRING)
            require_unit(k, choice, t->unit, "a choice");
        if (choice->constant != NULL && d->param.value->constant != NULL &&
            constant_equal(choice->constant, d->param.value->constant))
            is_among = true;
    }
    if (!is_among)
        diag_error(k->c, d->param.value->span, "the default is not among the choices");
}

static void check_range(struct checker *k, struct declaration *d, const struct type *t)
{
    const struct bounds *bounds = &d->param.bounds;
    check_bounds(k, bounds, t->unit);
    const struct constant *value = d->param.value->constant;
    if (value == NULL || value->kind == CONSTANT_STRING || type_is_error(t))
        return;
    bool is_below = bounds->low != NULL && bounds->low->constant != NULL &&
                    constant_number(value) < constant_number(bounds->low->constant);
    bool is_above = bounds->high != NULL && bounds->high->constant != NULL &&
                    constant_number(value) > constant_number(bounds->high->constant);
    if (is_below || is_above)
        diag_error(k->c, d->param.value->span, "the default is outside of the range");
}

/* Like a declared type, but constant. */
static const struct type *constant_of(struct checker *k, const struct type *t)
{
    if (type_is_error(t) || t->is_constant)
        return t;
    struct type *copy = arena_new(k->arena, struct type);
    *copy = *t;
    copy->is_constant = true;
    if (copy->kind == TYPE_REAL32)
        copy->kind = TYPE_REAL64;
    return copy;
}

static void check_param(struct checker *k, struct symbol *symbol, struct declaration *d)
{
    const struct type *t = check_constant(k, k->scope, d->param.value, "the default of a param");
    symbol->value = d->param.value;
    if (type_is_number(t) && t->axes.count > 0) {
        diag_error(k->c, d->param.value->span, "a param is a single value, not an array");
        t = type_error();
    }
    if (!type_is_error(t))
        t = constant_of(k, declared_type(k, symbol, d->param.type, d->param.value));
    symbol->type = t;
    check_choices(k, d, t);
    check_range(k, d, t);
    if (symbol->module->is_main || !type_is_error(t))
        array_push(k->arena, &k->model->params, symbol);
}

static void check_top_let(struct checker *k, struct symbol *symbol, struct declaration *d)
{
    symbol->value = d->let.value;
    if (d->let.indices.count > 0) {
        k->scope = scope_new(k->arena, k->scope);
        check_clauses(k, &d->let.indices, &d->let.value, 1);
        check_scalar(k, d->let.value, "an element");
        k->scope = k->scope->parent;
    } else {
        check_constant(k, k->scope, d->let.value, "a top-level let");
    }
    const struct type *t = d->let.value->type;
    if (!type_is_error(t))
        t = declared_type(k, symbol, d->let.type, d->let.value);
    if (!type_is_error(t) && d->let.indices.count > 0) {
        struct axis_list axes = { 0 };
        for (size_t i = 0; i < d->let.indices.count; i++)
            clause_axes(k, &d->let.indices.items[i], &axes);
        t = type_with_axes(k->arena, type_variable(k->arena, t), axes);
    } else {
        t = constant_of(k, t);
        symbol->constant = d->let.type == NULL ? d->let.value->constant : NULL;
    }
    symbol->type = t;
    array_push(k->arena, &k->model->constants, symbol);
}

static void check_data(struct checker *k, struct symbol *symbol, struct declaration *d)
{
    struct body body = { .kind = BODY_DATA, .what = "a data set" };
    struct checker_state state = checker_enter(k, k->module, k->scope, &body);
    const struct type *t = check_expr(k, d->data.value);
    checker_leave(k, state);
    symbol->value = d->data.value;
    symbol->type = t;
    if (type_is_error(t))
        return;
    if (t->kind != TYPE_DATASET) {
        diag_error(k->c, d->data.value->span, "a data set is expected, not %s",
                   type_text(k->arena, t));
        symbol->type = type_error();
        return;
    }
    struct dataset *set = arena_new(k->arena, struct dataset);
    *set = *t->dataset;
    set->data = symbol;
    struct type *copy = arena_new(k->arena, struct type);
    *copy = *t;
    copy->dataset = set;
    copy->is_constant = true;
    symbol->type = copy;
    array_push(k->arena, &k->model->data, symbol);
}

static void check_persistent(struct checker *k, struct symbol *symbol, struct declaration *d)
{
    struct axis_list axes = check_axes(k, &d->persistent.axes, "the size of an axis");
    struct body body = { .kind = BODY_PERSISTENT, .what = "an initial value" };
    struct checker_state state = checker_enter(k, k->module, k->scope, &body);
    const struct type *t = check_scalar(k, d->persistent.value, "an initial value");
    checker_leave(k, state);
    symbol->value = d->persistent.value;
    if (!type_is_error(t))
        t = declared_type(k, symbol, d->persistent.type, d->persistent.value);
    check_bounds(k, &d->persistent.bounds, t->unit);
    symbol->type =
        type_is_error(t) ? t : type_with_axes(k->arena, type_variable(k->arena, t), axes);
    array_push(k->arena, &k->model->persistents, symbol);
}

static void check_declaration(struct checker *k, struct symbol *symbol)
{
    struct declaration *d = symbol->declaration;
    switch (symbol->kind) {
    case SYMBOL_PARAM: check_param(k, symbol, d); break;
    case SYMBOL_LET: check_top_let(k, symbol, d); break;
    case SYMBOL_DATA: check_data(k, symbol, d); break;
    case SYMBOL_PERSISTENT: check_persistent(k, symbol, d); break;
    case SYMBOL_NETWORK: check_network(k, symbol); break;
    default: symbol->type = type_new(k->arena, TYPE_FUNCTION); break;
    }
}

void check_symbol(struct checker *k, struct symbol *symbol)
{
    if (symbol->type != NULL || symbol->declaration == NULL)
        return;
    if (symbol->is_in_progress) {
        diag_error(k->c, symbol->span, "'%s' needs itself to be computed", symbol->name->text);
        symbol->type = type_error();
        return;
    }
    symbol->is_in_progress = true;
    struct body body = { .kind = BODY_CONSTANT, .what = "this" };
    struct checker_state state = checker_enter(k, symbol->module, symbol->module->scope, &body);
    check_declaration(k, symbol);
    checker_leave(k, state);
    symbol->is_in_progress = false;
}

/* ---- modules -------------------------------------------------------- */

static enum symbol_kind kind_of(const struct declaration *d)
{
    switch (d->kind) {
    case DECLARATION_ERROR:
    case DECLARATION_USE: return SYMBOL_ERROR;
    case DECLARATION_PARAM: return SYMBOL_PARAM;
    case DECLARATION_FUNC: return SYMBOL_FUNC;
    case DECLARATION_LET: return SYMBOL_LET;
    case DECLARATION_PERSISTENT: return SYMBOL_PERSISTENT;
    case DECLARATION_NEURON: return SYMBOL_NEURON;
    case DECLARATION_RULE: return SYMBOL_RULE;
    case DECLARATION_SURROGATE: return SYMBOL_SURROGATE;
    case DECLARATION_OPTIMIZER: return SYMBOL_OPTIMIZER;
    case DECLARATION_DATA: return SYMBOL_DATA;
    case DECLARATION_NETWORK: return SYMBOL_NETWORK;
    case DECLARATION_TASK: return SYMBOL_TASK;
    }
    unreachable();
}

static void declare_network(struct checker *k, struct module *module, struct symbol *symbol,
                            size_t *network_count)
{
    struct network *network = arena_new(k->arena, struct network);
    network->name = symbol->name;
    network->symbol = symbol;
    network->declaration = symbol->declaration;
    network->scope = scope_new(k->arena, NULL);
    symbol->network = network;
    module->only_network = ++*network_count == 1 ? network : NULL;
}

static void declare_module(struct checker *k, struct module *module)
{
    size_t network_count = 0;
    for (size_t i = 0; i < module->file->declarations.count; i++) {
        struct declaration *d = module->file->declarations.items[i];
        enum symbol_kind kind = kind_of(d);
        if (kind == SYMBOL_ERROR || d->name.name == NULL)
            continue;
        struct symbol *other = scope_find_here(module->scope, d->name.name);
        if (other != NULL) {
            diag_error(k->c, d->name.span, "'%s' is declared twice", d->name.name->text);
            note_declared(k, other);
            if (kind != SYMBOL_TASK)
                continue;
        }
        struct symbol *symbol = symbol_new(k->arena, kind, d->name.name, d->name.span);
        symbol->declaration = d;
        symbol->module = module;
        d->symbol = symbol;
        if (kind == SYMBOL_NETWORK)
            declare_network(k, module, symbol, &network_count);
        scope_add(k->arena, module->scope, symbol);
    }
}

static struct module *find_module(struct checker *k, const char *path)
{
    for (size_t i = 0; i < k->modules.count; i++)
        if (strcmp(k->modules.items[i]->path, path) == 0)
            return k->modules.items[i];
    return NULL;
}

static void import_names(struct checker *k, struct scope *to, const struct module *used,
                         struct span span)
{
    for (size_t i = 0; i < used->scope->symbols.count; i++) {
        struct symbol *symbol = used->scope->symbols.items[i];
        struct symbol *other = scope_find_here(to, symbol->name);
        if (symbol->kind == SYMBOL_TASK || other == symbol)
            continue;
        if (other != NULL && span.source != 0) {
            diag_error(k->c, span, "'%s' comes from two of the modules used here",
                       symbol->name->text);
            note_declared(k, other);
            note_declared(k, symbol);
            continue;
        }
        scope_add(k->arena, to, symbol);
    }
}

static void import_modules(struct checker *k, struct module *module)
{
    static const char *const prelude[] = { SEMANTICS_PRELUDE };
    const char *folder = k->options->stdlib_folder;
    for (size_t i = 0; folder != NULL && i < sizeof prelude / sizeof prelude[0]; i++) {
        struct module *used =
            find_module(k, arena_format(k->arena, "%s/%s.snn", folder, prelude[i]));
        if (used != NULL && used != module)
            import_names(k, module->imports->parent, used, (struct span){ 0 });
    }
    for (size_t i = 0; i < module->file->declarations.count; i++) {
        const struct declaration *d = module->file->declarations.items[i];
        if (d->kind != DECLARATION_USE)
            continue;
        const char *path = module_path(k->c, module->file, d, k->options);
        struct module *used = path != NULL ? find_module(k, path) : NULL;
        if (used != NULL && used != module)
            import_names(k, module->imports, used, d->span);
    }
}

static void add_modules(struct checker *k, const struct loaded_list *loaded, bool is_final)
{
    for (size_t i = 0; i < loaded->count; i++) {
        struct module *module = arena_new(k->arena, struct module);
        module->path = loaded->items[i].path;
        module->is_main = i == 0;
        module->is_library = loaded->items[i].is_library;
        module->file = is_final && i == 0 ? loaded->items[i].file
                                          : clone_file(k->arena, loaded->items[i].file);
        module->imports = scope_new(k->arena, scope_new(k->arena, NULL));
        module->scope = scope_new(k->arena, module->imports);
        array_push(k->arena, &k->modules, module);
        k->module = module;
        declare_module(k, module);
    }
    for (size_t i = 0; i < k->modules.count; i++)
        import_modules(k, k->modules.items[i]);
}

/* ---- the whole ------------------------------------------------------ */

static void check_unused(struct checker *k, struct symbol *symbol)
{
    switch (symbol->kind) {
    case SYMBOL_FUNC: check_function_names(k, symbol); break;
    case SYMBOL_NEURON:
        if (!symbol->is_read)
            check_neuron_unused(k, symbol->declaration);
        break;
    case SYMBOL_RULE:
        if (!symbol->is_read)
            check_rule_unused(k, symbol->declaration);
        break;
    case SYMBOL_SURROGATE: check_surrogate_unused(k, symbol->declaration); break;
    case SYMBOL_OPTIMIZER:
        if (!symbol->is_read)
            check_optimizer_unused(k, symbol->declaration);
        break;
    default: break;
    }
}

static void check_module(struct checker *k, struct module *module)
{
    const struct symbol_list *symbols = &module->scope->symbols;
    for (size_t i = 0; i < symbols->count; i++)
        check_symbol(k, symbols->items[i]);
    for (size_t i = 0; module->is_main && i < symbols->count; i++) {
        if (symbols->items[i]->kind != SYMBOL_TASK)
            continue;
        check_task(k, symbols->items[i]->declaration);
        array_push(k->arena, &k->model->tasks, symbols->items[i]);
    }
    for (size_t i = 0; module->is_main && i < symbols->count; i++) {
        k->module = module;
        k->scope = module->scope;
        check_unused(k, symbols->items[i]);
    }
}

static struct model *run(struct compilation *c, const struct loaded_list *loaded,
                         const struct semantics_options *options, struct inferences *inferences,
                         bool is_final)
{
    struct body body = { .kind = BODY_CONSTANT, .what = "this" };
    struct checker k = {
        .c = c, .arena = &c->arena, .options = options, .inferences = inferences, .body = &body
    };
    k.model = arena_new(k.arena, struct model);
    inferences->has_changed = false;
    add_modules(&k, loaded, is_final);
    k.model->file = k.modules.items[0]->file;
    for (size_t i = k.modules.count; i > 0; i--)
        if (!k.modules.items[i - 1]->is_library || i == 1)
            check_module(&k, k.modules.items[i - 1]);
    return k.model;
}

bool semantics_check(struct compilation *c, struct file *file,
                     const struct semantics_options *options, struct model **model)
{
    struct loaded_list loaded = { 0 };
    struct inferences inferences = { 0 };
    size_t errors = c->diagnostics.error_count;
    modules_load(c, file, options, &loaded);
    if (c->diagnostics.error_count > errors) {
        *model = arena_new(&c->arena, struct model);
        return false;
    }
    for (int round = 0; round < ROUND_LIMIT; round++) {
        struct diagnostics silent = c->diagnostics;
        run(c, &loaded, options, &inferences, false);
        c->diagnostics = silent;
        if (!inferences.has_changed)
            break;
    }
    *model = run(c, &loaded, options, &inferences, true);
    return c->diagnostics.error_count == 0;
}
