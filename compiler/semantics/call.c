/* SPDX-License-Identifier: MIT
 *
 * Calls, and the types of built-in functions.
 */
#include <math.h>
#include <string.h>

#include "semantics/check.h"

/* ---- elementwise functions ------------------------------------------ */

static const struct constant *fold_math(struct checker *k, const struct expr *e)
{
    const struct call_target *call = e->target;
    const struct constant *x = call->arguments[0]->constant;
    if (x == NULL || x->kind == CONSTANT_STRING || !(fabs(constant_number(x)) < 9e15))
        return NULL;
    double value = constant_number(x);
    switch (call->builtin->id) {
    case BUILTIN_FLOOR: return constant_int(k->arena, (int64_t)floor(value));
    case BUILTIN_CEIL: return constant_int(k->arena, (int64_t)ceil(value));
    case BUILTIN_ROUND: return constant_int(k->arena, (int64_t)nearbyint(value));
    case BUILTIN_ABS:
        if (x->kind != CONSTANT_REAL)
            return constant_int(k->arena, (int64_t)fabs(value));
        return constant_real(k->arena, fabs(value));
    case BUILTIN_SQRT: return constant_real(k->arena, sqrt(value));
    default: return NULL;
    }
}

/* The unit of the result; reports arguments that do not fit. */
static bool math_units(struct checker *k, struct expr *e, struct unit *unit)
{
    const struct builtin *builtin = e->target->builtin;
    struct expr **arguments = e->target->arguments;
    *unit = unit_none();
    const char *what = arena_format(k->arena, "the argument of '%s'", builtin->name);
    switch (builtin->units) {
    case BUILTIN_UNITS_NONE:
        for (size_t i = 0; i < e->target->count; i++)
            if (arguments[i] != NULL && !require_unit(k, arguments[i], unit_none(), what))
                return false;
        return true;
    case BUILTIN_UNITS_SAME:
        *unit = unit_any();
        for (size_t i = 0; i < e->target->count; i++) {
            if (arguments[i] == NULL)
                continue;
            if (!require_unit(k, arguments[i], *unit, what))
                return false;
            *unit = unit_join(*unit, arguments[i]->type->unit);
        }
        return true;
    case BUILTIN_UNITS_DROP: return true;
    case BUILTIN_UNITS_SQRT:
        if (!unit_root(arguments[0]->type->unit, 2, unit))
            return diag_error(k->c, e->span, "the root of a quantity in %s has no unit",
                              unit_family(k->arena, arguments[0]->type->unit));
        return true;
    case BUILTIN_UNITS_SQUARE: *unit = unit_power(arguments[0]->type->unit, 2); return true;
    case BUILTIN_UNITS_POWER:
        if (!unit_is_none(arguments[0]->type->unit))
            return diag_error(k->c, e->span, "'pow' takes plain numbers; write '^' for a quantity");
        return require_unit(k, arguments[1], unit_none(), what);
    }
    unreachable();
}

static bool gives_int(enum builtin_id id)
{
    return id == BUILTIN_FLOOR || id == BUILTIN_CEIL || id == BUILTIN_ROUND || id == BUILTIN_SIGN;
}

static bool keeps_kind(enum builtin_id id)
{
    return id == BUILTIN_ABS || id == BUILTIN_MOD || id == BUILTIN_CLAMP || id == BUILTIN_STOP ||
           id == BUILTIN_MIN || id == BUILTIN_MAX || id == BUILTIN_BOUNDED;
}

static bool check_numbers(struct checker *k, const struct expr *e)
{
    bool fits = true;
    for (size_t i = 0; i < e->target->count; i++) {
        struct expr *argument = e->target->arguments[i];
        if (argument == NULL)
            continue;
        const char *what = arena_format(k->arena, "the argument of '%s'", e->target->builtin->name);
        fits = !type_is_error(check_number(k, argument, what)) && fits;
    }
    return fits;
}

/* Elementwise over all arguments: the joined axes, kind and constness. */
static const struct type *check_math(struct checker *k, struct expr *e)
{
    enum builtin_id id = e->target->builtin->id;
    struct unit unit;
    if (!check_numbers(k, e) || !math_units(k, e, &unit))
        return type_error();
    struct expr joined = *e->target->arguments[0];
    for (size_t i = 1; i < e->target->count; i++) {
        const struct expr *next = e->target->arguments[i];
        struct type *t = arena_new(k->arena, struct type);
        if (!join_axes(k, &joined, next, e->span, &t->axes))
            return type_error();
        t->kind = type_join_kind(joined.type, next->type);
        t->is_constant = joined.type->is_constant && next->type->is_constant;
        joined.type = t;
    }
    struct type *t = arena_new(k->arena, struct type);
    *t = *joined.type;
    t->unit = unit;
    if (gives_int(id))
        t->kind = TYPE_INT;
    else if (!type_is_real(t) && !keeps_kind(id))
        t->kind = t->is_constant ? TYPE_REAL64 : TYPE_REAL32;
    else if (t->kind == TYPE_BOOL)
        t->kind = TYPE_INT;
    e->constant = fold_math(k, e);
    return t;
}

/* ---- draws, arrays -------------------------------------------------- */

static const struct type *check_draw(struct checker *k, struct expr *e)
{
    enum body_kind kind = k->body->kind;
    if (kind == BODY_CONSTANT || kind == BODY_DATA) {
        diag_error(k->c, e->span, "%s cannot be drawn at random",
                   k->body->what != NULL ? k->body->what : "this");
        return type_error();
    }
    struct unit unit;
    if (!check_numbers(k, e) || !math_units(k, e, &unit))
        return type_error();
    if (k->body->function != NULL)
        k->body->function->draws = true;
    struct type *t = arena_new(k->arena, struct type);
    t->unit = unit;
    switch (e->target->builtin->id) {
    case BUILTIN_POISSON_COUNT:
    case BUILTIN_RANDOM_INT: t->kind = TYPE_INT; break;
    case BUILTIN_BERNOULLI: t->kind = TYPE_BOOL; break;
    default: t->kind = TYPE_REAL32; break;
    }
    for (size_t i = 0; i < e->target->count; i++) {
        if (e->target->arguments[i]->type->axes.count == 0)
            continue;
        diag_error(k->c, e->target->arguments[i]->span,
                   "the argument of '%s' must be a single number", e->target->builtin->name);
        return type_error();
    }
    return t;
}

/* The product of all sizes as a constant, if they are known. */
static const struct type *length_of_axes(struct checker *k, struct expr *e,
                                         const struct axis_list *axes)
{
    struct size total = size_constant(1);
    for (size_t i = 0; i < axes->count; i++)
        total = size_apply(k, BINARY_MULTIPLY, total, axes->items[i].size);
    struct type *t = arena_new(k->arena, struct type);
    t->kind = TYPE_INT;
    t->is_constant = total.kind != SIZE_UNKNOWN;
    if (total.kind == SIZE_CONSTANT)
        e->constant = constant_int(k->arena, total.value);
    return t;
}

static const struct type *check_length(struct checker *k, struct expr *e)
{
    struct expr *argument = e->target->arguments[0];
    const struct type *t = check_expr(k, argument);
    struct type *result = arena_new(k->arena, struct type);
    result->kind = TYPE_INT;
    switch (t->kind) {
    case TYPE_ERROR: return t;
    case TYPE_LAYER: return t->layer == NULL ? type_error() : length_of_axes(k, e, &t->layer->axes);
    case TYPE_RANGE: return length_of_axes(k, e, &t->axes);
    case TYPE_DATASET:
        if (dataset_needs_part(t->dataset)) {
            diag_error(k->c, argument->span, "choose a part of the data set, for example '.train'");
            return type_error();
        }
        result->is_constant = t->is_constant;
        return result;
    default: break;
    }
    if (!type_is_number(t) || t->axes.count == 0) {
        diag_error(k->c, argument->span, "%s has no length", type_text(k->arena, t));
        return type_error();
    }
    if (t->axes.count > 1) {
        diag_error(k->c, argument->span, "which length of %s?", axes_text(k->arena, &t->axes));
        diag_hint(k->c, "name the axis, for example 'len(a.%s)'",
                  t->axes.items[0].name != NULL ? t->axes.items[0].name->text : "axis");
        return type_error();
    }
    return length_of_axes(k, e, &t->axes);
}

static const struct type *check_one_hot(struct checker *k, struct expr *e)
{
    struct expr **arguments = e->target->arguments;
    const struct type *label = check_number(k, arguments[0], "a label");
    if (arguments[1] != NULL)
        check_size(k, arguments[1], "the number of classes");
    if (type_is_error(label))
        return label;
    struct type *t = arena_new(k->arena, struct type);
    t->kind = TYPE_REAL32;
    for (size_t i = 0; i < label->axes.count; i++)
        array_push(k->arena, &t->axes, label->axes.items[i]);
    struct axis axis = { NULL, size_unknown() };
    if (arguments[1] != NULL && !type_is_error(arguments[1]->type))
        axis.size = size_of_expr(arguments[1]);
    array_push(k->arena, &t->axes, axis);
    return t;
}

/* Takes the first axis, which must be called `name` if that is not null, away. */
static const struct type *check_first_axis(struct checker *k, struct expr *e, const char *name)
{
    struct expr *argument = e->target->arguments[0];
    const struct type *t = argument->type;
    bool has_axis = t->axes.count > 0 && (name == NULL || t->axes.items[0].name == NULL ||
                                          strcmp(t->axes.items[0].name->text, name) == 0);
    if (!has_axis) {
        diag_error(k->c, argument->span, "'%s' needs an array with the axis '%s' first",
                   e->target->builtin->name, name != NULL ? name : "_");
        return type_error();
    }
    struct axis_list rest = { 0 };
    for (size_t i = 1; i < t->axes.count; i++)
        array_push(k->arena, &rest, t->axes.items[i]);
    return type_with_axes(k->arena, t, rest);
}

static const struct type *with_kind(struct checker *k, const struct type *t, enum type_kind kind)
{
    struct type *copy = arena_new(k->arena, struct type);
    *copy = *t;
    copy->kind = kind;
    copy->unit = kind == TYPE_INT ? unit_none() : t->unit;
    copy->is_constant = false;
    return copy;
}

/* pick(x[sample, class], label[sample]): the last axis goes, the others are those of the index.
 * at_time(x[time, sample, class], step[sample, class]): the first one does. */
static const struct type *check_pick(struct checker *k, struct expr *e)
{
    struct expr **arguments = e->target->arguments;
    bool is_first = e->target->builtin->id == BUILTIN_AT_TIME;
    const struct type *t = check_number(k, arguments[0], "what is picked from");
    const struct type *index = check_number(k, arguments[1], "an index");
    if (type_is_error(t) || type_is_error(index))
        return type_error();
    if (t->axes.count != index->axes.count + 1) {
        diag_error(k->c, e->span,
                   "'%s' takes an index for each element of all axes but the %s: %s and %s",
                   e->target->builtin->name, is_first ? "first" : "last",
                   axes_text(k->arena, &t->axes), axes_text(k->arena, &index->axes));
        return type_error();
    }
    if (index->kind != TYPE_INT) {
        diag_error(k->c, arguments[1]->span, "an index must be a whole number");
        return type_error();
    }
    if (is_first)
        return check_first_axis(k, e, "time");
    struct axis_list rest = { 0 };
    for (size_t i = 0; i + 1 < t->axes.count; i++)
        array_push(k->arena, &rest, t->axes.items[i]);
    return type_with_axes(k->arena, t, rest);
}

static const struct type *check_array(struct checker *k, struct expr *e)
{
    enum builtin_id id = e->target->builtin->id;
    if (id == BUILTIN_LEN)
        return check_length(k, e);
    if (id == BUILTIN_ONE_HOT)
        return check_one_hot(k, e);
    if (id == BUILTIN_PICK || id == BUILTIN_AT_TIME)
        return check_pick(k, e);
    struct unit unit;
    if (!check_numbers(k, e) || !math_units(k, e, &unit))
        return type_error();
    const struct type *t = e->target->arguments[0]->type;
    if (id == BUILTIN_SORT_ORDER || id == BUILTIN_LOG_SOFTMAX) {
        bool is_order = id == BUILTIN_SORT_ORDER;
        if (is_order ? t->axes.count == 1 : t->axes.count > 0)
            return with_kind(k, t, is_order ? TYPE_INT : TYPE_REAL32);
        diag_error(k->c, e->span, "'%s' needs an array with one axis%s", e->target->builtin->name,
                   is_order ? "" : " or more");
        return type_error();
    }
    if (id == BUILTIN_FIRST_TRUE && t->kind != TYPE_BOOL) {
        diag_error(k->c, e->span, "'first_true' needs an array of conditions");
        return type_error();
    }
    const struct type *rest = check_first_axis(k, e, id == BUILTIN_FIRST_TRUE ? NULL : "time");
    if (type_is_error(rest))
        return rest;
    if (id == BUILTIN_FIRST_TRUE)
        return with_kind(k, rest, TYPE_INT);
    return type_is_real(rest) ? rest : with_kind(k, rest, TYPE_REAL32);
}

static const struct type *check_reduce(struct checker *k, struct expr *e)
{
    if (e->target->count > 1)
        return check_math(k, e);
    const char *what = arena_format(k->arena, "the argument of '%s'", e->target->builtin->name);
    const struct type *t = check_number(k, e->target->arguments[0], what);
    struct unit unit;
    if (type_is_error(t) || !math_units(k, e, &unit))
        return type_error();
    return check_reduction_of_array(k, e, e->target->builtin, e->target->arguments[0]);
}

/* ---- events to be exported ------------------------------------------- */

static const struct type *check_events(struct checker *k, struct expr *e)
{
    struct expr *times = e->target->arguments[0], *until = e->target->arguments[1];
    struct expr *label = e->target->arguments[2];
    if (e != k->body->yielding) {
        diag_error(k->c, e->span, "'events' is what 'export for' yields, and stands nowhere else");
        diag_hint(k->c, "write 'export for s in set { ...; yield events(...) } to \"set.npz\"'");
        return type_error();
    }
    const struct type *t = check_number(k, times, "the times of the events");
    const struct type *end = check_constant(k, k->scope, until, "the end of time");
    if (label != NULL)
        check_label(k, label);
    if (type_is_error(t) || type_is_error(end))
        return type_error();
    if (t->axes.count == 0) {
        diag_error(k->c, times->span, "'events' needs an array: the time of each input's spike");
        return type_error();
    }
    if (!require_unit(k, until, t->unit, "the end of time"))
        return type_error();
    return with_kind(k, t, TYPE_REAL32);
}

/* ---- calls ---------------------------------------------------------- */

static const struct type *error_place(struct checker *k, const struct expr *e,
                                      const struct builtin *builtin, const char *where)
{
    diag_error(k->c, e->span, "'%s' is a %s and stands only %s", builtin->name,
               builtin_group_text(builtin->group), where);
    return type_error();
}

static void check_arguments(struct checker *k, const struct argument_list *list)
{
    for (size_t i = 0; list != NULL && i < list->count; i++)
        check_expr(k, list->items[i].value);
}

const struct type *check_builtin_call(struct checker *k, struct expr *e,
                                      const struct builtin *builtin, struct expr *first,
                                      const struct argument_list *list)
{
    if (!bind_builtin(k, e, builtin, first, list)) {
        if (builtin->group != BUILTIN_GROUP_STAGE)
            check_arguments(k, list);
        return type_error();
    }
    switch (builtin->group) {
    case BUILTIN_GROUP_MATH: return check_math(k, e);
    case BUILTIN_GROUP_REDUCE: return check_reduce(k, e);
    case BUILTIN_GROUP_ARRAY: return check_array(k, e);
    case BUILTIN_GROUP_YIELDED: return check_events(k, e);
    case BUILTIN_GROUP_DRAW: return check_draw(k, e);
    case BUILTIN_GROUP_RULE:
        if (k->body->kind != BODY_RULE)
            return error_place(k, e, builtin, "in a rule");
        return check_math(k, e);
    case BUILTIN_GROUP_SOURCE:
    case BUILTIN_GROUP_STAGE: return check_data_call(k, e);
    case BUILTIN_GROUP_TOPOLOGY: return error_place(k, e, builtin, "after 'via'");
    case BUILTIN_GROUP_FIGURE: return error_place(k, e, builtin, "after 'plot'");
    }
    unreachable();
}

static const struct type *error_not_function(struct checker *k, const struct expr *callee,
                                             const struct symbol *symbol)
{
    diag_error(k->c, callee->span, "'%s' is %s and cannot be called", symbol->name->text,
               symbol_kind_text(symbol->kind));
    note_declared(k, symbol);
    if (symbol->kind == SYMBOL_NEURON)
        diag_hint(k->c, "a neuron model is used by a layer: 'layer a = %s(...)'",
                  symbol->name->text);
    if (symbol->kind == SYMBOL_RULE)
        diag_hint(k->c, "a rule is used by a connection: 'learn %s(...)'", symbol->name->text);
    return type_error();
}

static const struct type *error_unknown_function(struct checker *k, const struct expr *callee)
{
    struct suggestion suggestion = suggest_begin(callee->name.name->text);
    for (size_t i = 0; i < builtin_count; i++)
        suggest_offer(&suggestion, builtin_table[i].name);
    for (const struct scope *s = k->scope; s != NULL; s = s->parent)
        for (size_t i = 0; i < s->symbols.count; i++)
            if (s->symbols.items[i]->kind == SYMBOL_FUNC)
                suggest_offer(&suggestion, s->symbols.items[i]->name->text);
    diag_error(k->c, callee->span, "unknown function '%s'", callee->name.name->text);
    if (suggestion.best != NULL)
        diag_hint(k->c, "did you mean '%s'?", suggestion.best);
    return type_error();
}

static const struct type *check_named_call(struct checker *k, struct expr *e, struct expr *callee,
                                           struct expr *first, const struct argument_list *list)
{
    struct symbol *symbol = find_name(k, callee->name.name);
    const struct builtin *builtin = builtin_find(callee->name.name);
    if (symbol != NULL && symbol->kind == SYMBOL_FUNC) {
        callee->symbol = symbol;
        callee->type = type_new(k->arena, TYPE_FUNCTION);
        symbol->is_read = true;
        return check_function_call(k, e, symbol, first, list);
    }
    if (builtin != NULL) {
        callee->type = type_new(k->arena, TYPE_FUNCTION);
        return check_builtin_call(k, e, builtin, first, list);
    }
    check_arguments(k, list);
    callee->type = type_error();
    return symbol != NULL ? error_not_function(k, callee, symbol)
                          : error_unknown_function(k, callee);
}

/* set.sample(5): a stage of a data pipeline written as a field. */
static const struct type *check_method_call(struct checker *k, struct expr *e)
{
    struct expr *callee = e->call.callee;
    struct expr *object = callee->field.object;
    const struct type *t = check_expr(k, object);
    callee->type = type_new(k->arena, TYPE_FUNCTION);
    const struct name *name = callee->field.field.name;
    if (type_is_error(t) || name == NULL)
        return type_error();
    const struct builtin *builtin = builtin_find(name);
    bool is_stage = builtin != NULL && builtin->group == BUILTIN_GROUP_STAGE;
    if (t->kind == TYPE_DATASET && is_stage)
        return check_builtin_call(k, e, builtin, object, &e->call.arguments);
    struct suggestion suggestion = suggest_begin(name->text);
    builtin_suggest(BUILTIN_GROUP_STAGE, &suggestion);
    if (t->kind != TYPE_DATASET)
        diag_error(k->c, callee->field.field.span, "'%s' is not a function of %s", name->text,
                   type_text(k->arena, t));
    else
        diag_error(k->c, callee->field.field.span, "unknown stage '%s' of a data set", name->text);
    if (t->kind == TYPE_DATASET && suggestion.best != NULL)
        diag_hint(k->c, "did you mean '%s'?", suggestion.best);
    return type_error();
}

const struct type *check_call(struct checker *k, struct expr *e)
{
    struct expr *callee = e->call.callee;
    if (callee->kind == EXPR_FIELD)
        return check_method_call(k, e);
    if (callee->kind == EXPR_NAME)
        return check_named_call(k, e, callee, NULL, &e->call.arguments);
    check_arguments(k, &e->call.arguments);
    return type_error(); /* EXPR_ERROR: the parser takes nothing else */
}

/* a |> f(b) is f(a, b). The stage gets the type and target, too. */
const struct type *check_pipe(struct checker *k, struct expr *e)
{
    struct expr *stage = e->pipe.stage;
    struct expr *callee = stage->kind == EXPR_CALL ? stage->call.callee : stage;
    const struct argument_list *list = stage->kind == EXPR_CALL ? &stage->call.arguments : NULL;
    if (callee->kind != EXPR_NAME) { /* EXPR_ERROR: the parser takes nothing else */
        stage->type = type_error();
        return type_error();
    }
    const struct type *t = check_named_call(k, stage, callee, e->pipe.left, list);
    stage->type = t;
    e->target = stage->target;
    e->symbol = stage->symbol;
    e->constant = stage->constant;
    if (e->pipe.left->type == NULL)
        check_expr(k, e->pipe.left);
    return t;
}
