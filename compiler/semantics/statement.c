/* SPDX-License-Identifier: MIT
 *
 * Statements that every body may have: let, assignment, if, loops, return, yield.
 */
#include "semantics/check.h"

void check_block(struct checker *k, struct block *block)
{
    struct scope *outer = k->scope;
    const struct shown *shown = k->body->shown;
    k->scope = scope_new(k->arena, outer);
    block->scope = k->scope;
    for (size_t i = 0; i < block->statements.count; i++)
        check_statement(k, block->statements.items[i]);
    k->scope = outer;
    shown_leave(k, k->body->shown, shown);
}

/* ---- let ------------------------------------------------------------ */

static enum type_kind scalar_kind(enum scalar_word word, enum type_kind otherwise)
{
    switch (word) {
    case SCALAR_UNSAID: return otherwise;
    case SCALAR_FLOAT32: return TYPE_REAL32;
    case SCALAR_FLOAT64: return TYPE_REAL64;
    case SCALAR_INT: return TYPE_INT;
    case SCALAR_BOOL: return TYPE_BOOL;
    }
    unreachable();
}

/* Does a value of kind `value` fit a variable of kind `variable` without losing anything but
 * precision? */
static bool kind_fits(enum type_kind variable, enum type_kind value)
{
    if (variable == TYPE_BOOL || value == TYPE_BOOL)
        return variable == value || (value == TYPE_BOOL && variable != TYPE_BOOL);
    return variable != TYPE_INT || value == TYPE_INT;
}

const struct type *declared_type(struct checker *k, struct symbol *symbol,
                                 const struct type_ref *ref, const struct expr *value)
{
    const struct type *t = value != NULL ? value->type : NULL;
    if (t != NULL && !type_is_number(t))
        return t;
    if (ref == NULL)
        return t != NULL ? infer_type(k->arena, k->inferences, symbol, t) : NULL;
    struct type *result = arena_new(k->arena, struct type);
    if (t != NULL)
        *result = *t;
    enum type_kind from_value = t != NULL && t->kind != TYPE_INT ? t->kind : TYPE_REAL32;
    if (ref->scalar == SCALAR_UNSAID && t != NULL && ref->unit == NULL)
        from_value = t->kind;
    result->kind = scalar_kind(ref->scalar, from_value);
    if (result->kind == TYPE_REAL64 && ref->scalar == SCALAR_UNSAID)
        result->kind = TYPE_REAL32;
    result->is_constant = false;
    if (ref->unit != NULL || t == NULL)
        result->unit = unit_of_ref(ref->unit);
    if (t == NULL)
        return result;
    const char *what =
        arena_format(k->arena, "'%s'", symbol->name != NULL ? symbol->name->text : "this");
    if (!require_unit(k, value, result->unit, what))
        return type_error();
    if (!kind_fits(result->kind, t->kind)) {
        diag_error(k->c, value->span, "'%s' is declared as %s, but this is %s", symbol->name->text,
                   type_text(k->arena, type_element(k->arena, result)),
                   type_text(k->arena, type_element(k->arena, t)));
        return type_error();
    }
    return result;
}

static bool can_be_named(const struct type *t)
{
    return type_is_number(t) || type_is_error(t) || t->kind == TYPE_STRING ||
           t->kind == TYPE_DATASET || t->kind == TYPE_SAMPLE || t->kind == TYPE_RECORD;
}

/* A variable is no constant, even if its first value is one. */
static const struct type *variable_type(struct checker *k, const struct type *t)
{
    if (t->kind != TYPE_DATASET && t->kind != TYPE_STRING)
        return type_variable(k->arena, t);
    struct type *copy = arena_new(k->arena, struct type);
    *copy = *t;
    copy->is_constant = false;
    return copy;
}

static const struct type *let_type(struct checker *k, struct statement *s, struct symbol *symbol)
{
    struct expr *value = s->let.value;
    const struct type *t = check_expr(k, value);
    if (t->kind == TYPE_NONE) {
        diag_error(k->c, value->span, "this gives no value");
        return type_error();
    }
    if (!can_be_named(t)) {
        diag_error(k->c, value->span, "%s cannot be given a name with let", type_text(k->arena, t));
        return type_error();
    }
    if (s->let.indices.count > 0 && !type_is_error(t) && !type_is_scalar(t)) {
        diag_error(k->c, value->span, "each element must be a single number, not %s",
                   type_text(k->arena, t));
        return type_error();
    }
    t = declared_type(k, symbol, s->let.type, value);
    return type_is_error(t) ? t : variable_type(k, t);
}

void check_let(struct checker *k, struct statement *s)
{
    struct symbol *symbol = symbol_new(k->arena, SYMBOL_LOCAL, s->let.name.name, s->let.name.span);
    symbol->statement = s;
    symbol->value = s->let.value;
    s->symbol = symbol;
    struct scope *outer = k->scope;
    if (s->let.indices.count > 0)
        k->scope = scope_new(k->arena, outer);
    check_clauses(k, &s->let.indices, &s->let.value, 1);
    struct effects storage;
    struct effects *effects = s->let.indices.count > 0 ? effects_enter(k, &storage) : NULL;
    const struct type *t = let_type(k, s, symbol);
    if (effects != NULL)
        s->let.facts = effects_leave(k, effects, s->span, &s->let.indices, false);
    if (s->let.indices.count > 0 && !type_is_error(t)) {
        struct axis_list axes = { 0 };
        for (size_t i = 0; i < s->let.indices.count; i++)
            clause_axes(k, &s->let.indices.items[i], &axes);
        t = type_with_axes(k->arena, t, axes);
    }
    k->scope = outer;
    symbol->type = t;
    declare(k, symbol);
}

/* ---- assignment ----------------------------------------------------- */

static bool error_constant(struct checker *k, const struct expr *target,
                           const struct symbol *symbol)
{
    diag_error(k->c, target->span, "'%s' is %s and cannot be assigned to", symbol->name->text,
               symbol_kind_text(symbol->kind));
    note_declared(k, symbol);
    diag_hint(k->c, "copy it with let: 'let my_%s = %s'", symbol->name->text, symbol->name->text);
    return false;
}

static bool error_read_only(struct checker *k, const struct expr *target,
                            const struct symbol *symbol)
{
    diag_error(k->c, target->span, "'%s' cannot be assigned to", symbol->name->text);
    note_declared(k, symbol);
    return false;
}

static bool is_task_body(const struct checker *k)
{
    return k->body->kind == BODY_TASK || k->body->kind == BODY_FUNC;
}

/* What handlers of a rule may write: pre state on pre, post state on post, their synapse's state.
 */
static bool may_write_rule_state(struct checker *k, const struct expr *target,
                                 const struct symbol *symbol)
{
    const struct statement *handler = k->body->handler;
    if (k->body->kind != BODY_RULE)
        return is_task_body(k) || error_read_only(k, target, symbol);
    enum state_owner owner = symbol->statement->state.owner;
    if (handler == NULL || owner == STATE_OWN)
        return true;
    bool is_wrong = (owner == STATE_PRE && handler->on.event == EVENT_POST) ||
                    (owner == STATE_POST && handler->on.event == EVENT_PRE) ||
                    handler->on.event == EVENT_STEP;
    if (!is_wrong)
        return true;
    const char *side = owner == STATE_PRE ? "pre" : "post";
    diag_error(k->c, target->span, "'%s' is %s state and is written only in 'on %s'",
               symbol->name->text, side, side);
    note_declared(k, symbol);
    return false;
}

static bool may_write_variable(struct checker *k, const struct expr *target,
                               const struct symbol *symbol)
{
    return symbol->variable == VARIABLE_WEIGHT || error_read_only(k, target, symbol);
}

static bool may_write_field(struct checker *k, const struct expr *target,
                            const struct symbol *symbol)
{
    if (symbol->field == FIELD_WEIGHT || symbol->field == FIELD_BIAS || symbol->field == FIELD_NORM)
        return is_task_body(k) || error_read_only(k, target, symbol);
    return error_read_only(k, target, symbol);
}

/* May this body assign to the symbol? Reports if not. */
static bool may_assign(struct checker *k, const struct expr *target, const struct symbol *symbol)
{
    switch (symbol->kind) {
    case SYMBOL_LOCAL: return true;
    case SYMBOL_PERSISTENT:
        if (is_task_body(k))
            return true;
        diag_error(k->c, target->span, "'%s' is assigned only in tasks and functions",
                   symbol->name->text);
        note_declared(k, symbol);
        return false;
    case SYMBOL_PARAM:
    case SYMBOL_LET: return error_constant(k, target, symbol);
    case SYMBOL_FORMAL:
        if (is_task_body(k) && (symbol->layer != NULL || symbol->rule != NULL))
            return true;
        return error_constant(k, target, symbol);
    case SYMBOL_STATE:
        return is_task_body(k) || symbol->layer == k->body->layer ||
               error_read_only(k, target, symbol);
    case SYMBOL_RULE_STATE: return may_write_rule_state(k, target, symbol);
    case SYMBOL_OPTIMIZER_STATE: return true;
    case SYMBOL_VARIABLE: return may_write_variable(k, target, symbol);
    case SYMBOL_FIELD: return may_write_field(k, target, symbol);
    case SYMBOL_ERROR: return false;
    default: return error_read_only(k, target, symbol);
    }
}

static bool names_function(const struct symbol *symbol)
{
    switch (symbol->kind) {
    case SYMBOL_FUNC:
    case SYMBOL_NEURON:
    case SYMBOL_RULE:
    case SYMBOL_SURROGATE:
    case SYMBOL_OPTIMIZER:
    case SYMBOL_TASK: return true;
    default: return false;
    }
}

/* labels[j] = ...: names among the indices that stand for nothing are index variables. */
static void find_free_indices(struct checker *k, struct expr *target,
                              struct for_clause_list *indices)
{
    for (; target->kind == EXPR_INDEX || target->kind == EXPR_FIELD;) {
        if (target->kind == EXPR_FIELD) {
            target = target->field.object;
            continue;
        }
        for (size_t i = 0; i < target->index.indices.count; i++) {
            const struct expr *index = target->index.indices.items[i];
            if (index->kind != EXPR_NAME)
                continue;
            const struct symbol *known = find_name(k, index->name.name);
            if (known != NULL && !names_function(known))
                continue;
            struct for_clause clause = { .span = index->span };
            clause.variable.name = index->name.name;
            clause.variable.span = index->span;
            array_push(k->arena, indices, clause);
        }
        target = target->index.object;
    }
}

static bool check_assigned_unit(struct checker *k, const struct statement *s)
{
    const struct expr *target = s->assign.target;
    const struct expr *value = s->assign.value;
    if (s->assign.op == ASSIGN_MULTIPLY || s->assign.op == ASSIGN_DIVIDE)
        return require_unit(k, value, unit_none(), "the factor");
    if (unit_fits(target->type->unit, value->type->unit))
        return true;
    const char *left = check_unit_text(k, target->type->unit);
    const char *right = check_unit_text(k, value->type->unit);
    if (s->assign.op == ASSIGN_SET)
        diag_error(k->c, s->span, "cannot assign %s to %s", right, left);
    else if (s->assign.op == ASSIGN_ADD)
        diag_error(k->c, s->span, "cannot add %s to %s", right, left);
    else
        diag_error(k->c, s->span, "cannot subtract %s from %s", right, left);
    note_origin(k, target);
    note_origin(k, value);
    return false;
}

static bool check_assigned_kind(struct checker *k, const struct statement *s,
                                const struct symbol *symbol)
{
    const struct type *target = s->assign.target->type;
    enum type_kind value = s->assign.value->type->kind;
    if (s->assign.op == ASSIGN_DIVIDE && value == TYPE_INT)
        value = TYPE_REAL32;
    if (target->kind == TYPE_BOOL && s->assign.op != ASSIGN_SET)
        value = TYPE_INT;
    if (kind_fits(target->kind, value))
        return true;
    if (target->kind == TYPE_BOOL)
        diag_error(k->c, s->assign.value->span, "'%s' is a condition, but this is a number",
                   symbol->name->text);
    else
        diag_error(k->c, s->assign.value->span, "'%s' is a whole number, but this is not",
                   symbol->name->text);
    note_declared(k, symbol);
    if (target->kind == TYPE_INT)
        diag_hint(k->c, "round it, or declare '%s' with a decimal point", symbol->name->text);
    return false;
}

static bool check_assigned_axes(struct checker *k, const struct statement *s)
{
    const struct expr *target = s->assign.target;
    const struct expr *value = s->assign.value;
    struct axis_list axes;
    if (value->type->axes.count == 0)
        return true;
    if (target->type->axes.count == 0 && s->assign.indices.count == 0)
        return diag_error(k->c, s->span, "cannot assign an array %s to a single number",
                          axes_text(k->arena, &value->type->axes));
    if (s->assign.indices.count > 0)
        return diag_error(k->c, value->span,
                          "each element must be a single number, not an array %s",
                          axes_text(k->arena, &value->type->axes));
    return join_axes(k, target, value, s->span, &axes);
}

static void learn_from_assignment(struct checker *k, const struct statement *s,
                                  const struct symbol *symbol)
{
    const struct type *value = s->assign.value->type;
    bool is_factor = s->assign.op == ASSIGN_MULTIPLY || s->assign.op == ASSIGN_DIVIDE;
    const struct type *learnt = value;
    if (s->assign.op == ASSIGN_DIVIDE && value->kind == TYPE_INT)
        learnt = type_real(k->arena, unit_none());
    if (is_factor && !type_is_real(learnt))
        return;
    if (is_factor)
        learnt = type_with_unit(k->arena, learnt, unit_none());
    infer_assignment(k->arena, k->inferences, symbol, learnt);
}

static void check_assigned_value(struct checker *k, struct statement *s, struct symbol *symbol)
{
    const struct type *target = s->assign.target->type;
    const struct type *value = s->assign.value->type;
    if (type_is_error(target) || type_is_error(value))
        return;
    if (!type_is_number(target) || !type_is_number(value)) {
        if (s->assign.op == ASSIGN_SET && target->kind == value->kind &&
            symbol->kind == SYMBOL_LOCAL && can_be_named(target))
            return;
        diag_error(k->c, s->span, "cannot assign %s to %s", type_text(k->arena, value),
                   type_text(k->arena, target));
        return;
    }
    learn_from_assignment(k, s, symbol);
    if (check_assigned_unit(k, s) && check_assigned_kind(k, s, symbol))
        check_assigned_axes(k, s);
}

void check_assign(struct checker *k, struct statement *s)
{
    struct expr *target = s->assign.target;
    struct scope *outer = k->scope;
    find_free_indices(k, target, &s->assign.indices);
    if (s->assign.indices.count > 0) {
        k->scope = scope_new(k->arena, outer);
        struct expr *searched[2] = { target, s->assign.value };
        check_clauses(k, &s->assign.indices, searched, 2);
    }
    check_expr(k, target);
    struct effects storage;
    struct effects *effects = s->assign.indices.count > 0 ? effects_enter(k, &storage) : NULL;
    check_expr(k, s->assign.value);
    if (effects != NULL)
        s->assign.facts = effects_leave(k, effects, s->span, &s->assign.indices, false);
    if (s->assign.value->type->kind == TYPE_NONE)
        diag_error(k->c, s->assign.value->span, "this gives no value");
    else if (!type_is_error(target->type) && target->symbol == NULL)
        diag_error(k->c, target->span, "this cannot be assigned to");
    else if (target->symbol != NULL && may_assign(k, target, target->symbol)) {
        target->symbol->is_assigned = true;
        if (target->symbol->kind == SYMBOL_FORMAL)
            infer_constness(k->arena, k->inferences, target->symbol);
        effects_assign(k, target->symbol, target, s->span);
        check_assigned_value(k, s, target->symbol);
    }
    k->scope = outer;
}

/* ---- control flow --------------------------------------------------- */

static void check_loop(struct checker *k, struct statement *s)
{
    struct body *body = k->body;
    struct span outermost = body->outermost_loop;
    struct scope *outer = k->scope;
    struct effects storage;
    bool in_yield = body->is_in_yield_loop;
    k->scope = scope_new(k->arena, outer);
    check_clauses(k, &s->loop.clauses, NULL, 0);
    struct effects *effects = s->loop.is_parallel ? effects_enter(k, &storage) : NULL;
    if (outermost.source == 0)
        body->outermost_loop = s->span;
    body->is_in_yield_loop = false;
    body->loop_depth++;
    check_block(k, s->loop.body);
    body->loop_depth--;
    body->is_in_yield_loop = in_yield;
    if (effects != NULL)
        s->loop.facts = effects_leave(k, effects, s->span, &s->loop.clauses, true);
    body->outermost_loop = outermost;
    k->scope = outer;
}

static void check_while(struct checker *k, struct statement *s)
{
    struct body *body = k->body;
    struct span outermost = body->outermost_loop;
    bool in_yield = body->is_in_yield_loop;
    check_condition(k, s->while_loop.condition);
    if (outermost.source == 0)
        body->outermost_loop = s->span;
    body->is_in_yield_loop = false;
    body->loop_depth++;
    check_block(k, s->while_loop.body);
    body->loop_depth--;
    body->is_in_yield_loop = in_yield;
    body->outermost_loop = outermost;
}

/* The type of a function is that of its returns. */
static void check_return(struct checker *k, struct statement *s)
{
    struct expr *value = s->value.value;
    const struct type *t = value != NULL ? check_expr(k, value) : type_new(k->arena, TYPE_NONE);
    struct function_instance *f = k->body->function;
    if (k->body->kind == BODY_TASK && value != NULL && t->kind != TYPE_NONE) {
        diag_error(k->c, s->span, "a task gives no value");
        diag_hint(k->c, "write 'report name = ...'");
        return;
    }
    if (k->body->is_in_yield_loop)
        diag_error(k->c, s->span, "no 'return' in a loop that yields");
    if (f->result == NULL || type_is_error(t) || type_is_error(f->result)) {
        f->result = t;
        return;
    }
    if (f->result->kind == TYPE_NONE || t->kind == TYPE_NONE) {
        if (f->result->kind != t->kind) {
            diag_error(k->c, s->span, "one 'return' gives a value, another gives none");
            f->result = type_error();
        }
        return;
    }
    struct expr before = *value;
    before.type = f->result;
    before.symbol = NULL;
    f->result = join_types(k, &before, value, s->span);
}

static bool is_events(const struct expr *e)
{
    return e->target != NULL && e->target->kind == CALL_BUILTIN &&
           e->target->builtin->id == BUILTIN_EVENTS;
}

static void check_yield(struct checker *k, struct statement *s)
{
    struct body *body = k->body;
    struct expr *e = s->value.value;
    body->yielding = body->is_exported ? e : NULL;
    const struct type *t = check_number(k, e, "what is yielded");
    body->yielding = NULL;
    if (body->yielded == NULL) {
        body->yielded = t;
        body->yields_events = is_events(e);
        return;
    }
    if (body->yields_events != is_events(e) && !type_is_error(t))
        diag_error(k->c, s->span, "this loop yields events here and numbers there");
    struct expr before = *e;
    before.type = body->yielded;
    before.symbol = NULL;
    body->yielded = join_types(k, &before, e, s->span);
}

static void check_branches(struct checker *k, struct statement *s)
{
    check_condition(k, s->conditional.condition);
    check_block(k, s->conditional.then);
    if (s->conditional.otherwise != NULL)
        check_block(k, s->conditional.otherwise);
}

static void check_expr_statement(struct checker *k, struct statement *s)
{
    struct expr *e = s->value.value;
    const struct type *t = check_expr(k, e);
    bool does_something =
        e->target != NULL && e->target->function != NULL && e->target->function->is_procedure;
    if (type_is_error(t) || t->kind == TYPE_NONE || does_something)
        return;
    diag_error(k->c, e->span, "this value is not used");
    diag_hint(k->c, "assign it, or log or report it");
}

void check_statement(struct checker *k, struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_ERROR:
    case STATEMENT_ITEM:
    case STATEMENT_BREAK:
    case STATEMENT_CONTINUE:
    case STATEMENT_STEP:
    case STATEMENT_LAG:
    case STATEMENT_TIME:
    case STATEMENT_LAYER:
    case STATEMENT_CONNECT: break; /* the parser refuses them where they do not belong */
    case STATEMENT_LET: check_let(k, s); break;
    case STATEMENT_ASSIGN: check_assign(k, s); break;
    case STATEMENT_IF: check_branches(k, s); break;
    case STATEMENT_FOR: check_loop(k, s); break;
    case STATEMENT_WHILE: check_while(k, s); break;
    case STATEMENT_RETURN: check_return(k, s); break;
    case STATEMENT_YIELD: check_yield(k, s); break;
    case STATEMENT_EXPR: check_expr_statement(k, s); break;
    case STATEMENT_INPUT:
    case STATEMENT_STATE:
    case STATEMENT_ODE:
    case STATEMENT_SPIKE:
    case STATEMENT_ON:
    case STATEMENT_EMIT: check_model_statement(k, s); break;
    case STATEMENT_PRESENT:
    case STATEMENT_REST:
    case STATEMENT_RESET:
    case STATEMENT_LEARN:
    case STATEMENT_FREEZE:
    case STATEMENT_DESCEND:
    case STATEMENT_LOG:
    case STATEMENT_REPORT:
    case STATEMENT_SAVE:
    case STATEMENT_LOAD:
    case STATEMENT_EXPORT:
    case STATEMENT_PLOT: check_task_statement(k, s); break;
    }
}
