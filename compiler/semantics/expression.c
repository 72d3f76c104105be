/* SPDX-License-Identifier: MIT
 *
 * Types, units and axes of operators and literals; names, indices, calls and loops have files of
 * their own.
 */
#include <math.h>

#include "semantics/check.h"

/* ---- literals ------------------------------------------------------- */

static const struct type *constant_type(struct checker *k, enum type_kind kind, struct unit unit)
{
    struct type *t = arena_new(k->arena, struct type);
    t->kind = kind;
    t->is_constant = true;
    t->unit = unit;
    return t;
}

static const struct type *check_literal(struct checker *k, struct expr *e)
{
    double value = e->number.value;
    const struct unit_ref *ref = e->number.unit;
    if (ref == NULL && e->number.is_integer && value < 9e18) {
        e->constant = constant_int(k->arena, (int64_t)value);
        return constant_type(k, TYPE_INT, value == 0 ? unit_any() : unit_none());
    }
    e->constant = constant_real(k->arena, unit_to_base(ref, value));
    bool is_zero = ref == NULL && value == 0;
    return constant_type(k, TYPE_REAL64, is_zero ? unit_any() : unit_of_ref(ref));
}

static const struct type *check_text(struct checker *k, struct expr *e)
{
    bool is_constant = true;
    bool is_known = true;
    const char *text = "";
    for (size_t i = 0; i < e->string.parts.count; i++) {
        struct string_part *part = &e->string.parts.items[i];
        if (part->value == NULL) {
            text = arena_format(k->arena, "%s%s", text, part->text);
            continue;
        }
        const struct type *t = check_expr(k, part->value);
        bool is_printable = t->kind == TYPE_STRING || type_is_scalar(t) || type_is_error(t);
        if (!is_printable)
            diag_error(k->c, part->value->span, "cannot put %s into a text",
                       type_text(k->arena, t));
        is_constant = is_constant && t->is_constant;
        is_known = false;
    }
    if (is_known)
        e->constant = constant_string(k->arena, text);
    struct type *result = arena_new(k->arena, struct type);
    result->kind = TYPE_STRING;
    result->is_constant = is_constant;
    return result;
}

/* ---- demands -------------------------------------------------------- */

const struct type *check_number(struct checker *k, struct expr *e, const char *what)
{
    const struct type *t = check_expr(k, e);
    if (type_is_error(t) || type_is_number(t))
        return t;
    diag_error(k->c, e->span, "%s must be a number, not %s", what, type_text(k->arena, t));
    e->type = type_error();
    return e->type;
}

const struct type *check_scalar(struct checker *k, struct expr *e, const char *what)
{
    const struct type *t = check_number(k, e, what);
    if (type_is_error(t) || t->axes.count == 0)
        return t;
    diag_error(k->c, e->span, "%s must be a single number, not an array %s", what,
               axes_text(k->arena, &t->axes));
    e->type = type_error();
    return e->type;
}

const struct type *check_condition(struct checker *k, struct expr *e)
{
    const struct type *t = check_scalar(k, e, "a condition");
    if (type_is_error(t) || t->kind == TYPE_BOOL)
        return t;
    diag_error(k->c, e->span, "a condition is expected, not a number");
    diag_hint(k->c, "compare it, for example with '> 0'");
    return t;
}

bool check_string(struct checker *k, struct expr *e, const char *what)
{
    const struct type *t = check_expr(k, e);
    if (type_is_error(t) || t->kind == TYPE_STRING)
        return true;
    return diag_error(k->c, e->span, "%s must be a text, not %s", what, type_text(k->arena, t));
}

bool require_unit(struct checker *k, const struct expr *e, struct unit unit, const char *what)
{
    if (type_is_error(e->type) || !type_is_number(e->type) || unit_fits(e->type->unit, unit))
        return true;
    if (unit_is_none(unit))
        diag_error(k->c, e->span, "%s must be a plain number, not a quantity in %s", what,
                   unit_family(k->arena, e->type->unit));
    else if (unit_is_none(e->type->unit))
        diag_error(k->c, e->span, "%s must be in %s, not a plain number", what,
                   unit_family(k->arena, unit));
    else
        diag_error(k->c, e->span, "%s must be in %s, not in %s", what, unit_family(k->arena, unit),
                   unit_family(k->arena, e->type->unit));
    note_origin(k, e);
    return false;
}

const struct type *check_unit(struct checker *k, struct expr *e, struct unit unit, const char *what)
{
    const struct type *t = check_scalar(k, e, what);
    require_unit(k, e, unit, what);
    return t;
}

/* ---- joining -------------------------------------------------------- */

static bool axes_contain(const struct axis_list *axes, const struct name *name)
{
    for (size_t i = 0; i < axes->count; i++)
        if (axes->items[i].name == name)
            return true;
    return false;
}

/* The same names in another order. */
static bool is_permutation(const struct axis_list *a, const struct axis_list *b)
{
    bool has_moved = false;
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!axes_contain(b, a->items[i].name))
            return false;
        has_moved = has_moved || a->items[i].name != b->items[i].name;
    }
    return has_moved;
}

static bool error_axes(struct checker *k, struct span span, const struct axis_list *a,
                       const struct axis_list *b)
{
    const char *left = axes_text(k->arena, a);
    const char *right = axes_text(k->arena, b);
    diag_error(k->c, span, "axes do not match: %s on the left, %s on the right", left, right);
    if (is_permutation(a, b))
        diag_hint(k->c, "the order of the axes differs; write an index expression to turn one");
    return false;
}

static bool join_axis_lists(struct checker *k, const struct axis_list *a, const struct axis_list *b,
                            struct span span, struct axis_list *result)
{
    *result = a->count > 0 ? *a : *b;
    if (a->count == 0 || b->count == 0)
        return true;
    if (a->count != b->count)
        return error_axes(k, span, a, b);
    *result = (struct axis_list){ 0 };
    for (size_t i = 0; i < a->count; i++) {
        const struct axis *x = &a->items[i];
        const struct axis *y = &b->items[i];
        bool named_alike = x->name == NULL || y->name == NULL || x->name == y->name;
        if (!named_alike || size_compare(x->size, y->size) == SIZE_DIFFERENT)
            return error_axes(k, span, a, b);
        struct axis joined = x->name != NULL ? *x : *y;
        joined.size = x->size.kind != SIZE_UNKNOWN ? x->size : y->size;
        array_push(k->arena, result, joined);
    }
    return true;
}

bool join_axes(struct checker *k, const struct expr *left, const struct expr *right,
               struct span span, struct axis_list *result)
{
    bool fits = join_axis_lists(k, &left->type->axes, &right->type->axes, span, result);
    if (!fits) {
        if (left->symbol != NULL)
            note_declared(k, left->symbol);
        if (right->symbol != NULL)
            note_declared(k, right->symbol);
    }
    return fits;
}

static const struct type *joined_type(struct checker *k, enum type_kind kind, struct unit unit,
                                      bool is_constant, struct axis_list axes)
{
    struct type *t = arena_new(k->arena, struct type);
    t->kind = kind;
    t->unit = unit;
    t->is_constant = is_constant;
    t->axes = axes;
    return t;
}

static bool same_reference(const struct type *a, const struct type *b)
{
    return a->kind == b->kind && (a->kind == TYPE_STRING || a->kind == TYPE_DATASET ||
                                  a->kind == TYPE_SAMPLE || type_equal(a, b));
}

const struct type *join_types(struct checker *k, const struct expr *left, const struct expr *right,
                              struct span span)
{
    const struct type *a = left->type;
    const struct type *b = right->type;
    if (type_is_error(a) || type_is_error(b))
        return type_error();
    if (!type_is_number(a) || !type_is_number(b)) {
        if (same_reference(a, b))
            return a;
        diag_error(k->c, span, "one side is %s, the other %s", type_text(k->arena, a),
                   type_text(k->arena, b));
        return type_error();
    }
    if (!unit_fits(a->unit, b->unit)) {
        diag_error(k->c, span, "one side is %s%s, the other %s%s",
                   unit_is_none(a->unit) ? "" : "in ", check_unit_text(k, a->unit),
                   unit_is_none(b->unit) ? "" : "in ", check_unit_text(k, b->unit));
        note_origin(k, left);
        note_origin(k, right);
        return type_error();
    }
    struct axis_list axes;
    if (!join_axes(k, left, right, span, &axes))
        return type_error();
    return joined_type(k, type_join_kind(a, b), unit_join(a->unit, b->unit),
                       a->is_constant && b->is_constant, axes);
}

/* ---- operators ------------------------------------------------------ */

static const struct type *check_unary(struct checker *k, struct expr *e)
{
    struct expr *operand = e->unary.operand;
    if (e->unary.op == UNARY_NOT) {
        const struct type *t = check_number(k, operand, "the operand of 'not'");
        if (type_is_error(t))
            return t;
        if (t->kind != TYPE_BOOL) {
            diag_error(k->c, operand->span, "a condition is expected after 'not', not a number");
            diag_hint(k->c, "compare it, for example with '> 0'");
            return type_error();
        }
        e->constant = evaluate_unary(k->arena, e->unary.op, operand->constant);
        return t;
    }
    const struct type *t = check_number(k, operand, "the operand of '-'");
    if (type_is_error(t))
        return t;
    e->constant = evaluate_unary(k->arena, e->unary.op, operand->constant);
    enum type_kind kind = t->kind == TYPE_BOOL ? TYPE_INT : t->kind;
    return joined_type(k, kind, t->unit, t->is_constant, t->axes);
}

static bool is_comparison(enum binary_op op)
{
    return op >= BINARY_EQUAL && op <= BINARY_GREATER_EQUAL;
}

static void error_units(struct checker *k, struct expr *e)
{
    const struct expr *left = e->binary.left;
    const struct expr *right = e->binary.right;
    const char *a = check_unit_text(k, left->type->unit);
    const char *b = check_unit_text(k, right->type->unit);
    if (e->binary.op == BINARY_ADD)
        diag_error(k->c, e->span, "cannot add %s to %s", b, a);
    else if (e->binary.op == BINARY_SUBTRACT)
        diag_error(k->c, e->span, "cannot subtract %s from %s", b, a);
    else
        diag_error(k->c, e->span, "cannot compare %s with %s", a, b);
    note_origin(k, left);
    note_origin(k, right);
    struct unit current = unit_none();
    current.power[3] = 1;
    if (unit_equal(left->type->unit, unit_voltage()) && unit_equal(right->type->unit, current))
        diag_hint(k->c, "multiply the current by a resistance, for example 'r * i'");
}

/* 1, -2 ... of a known whole exponent. */
static bool whole_exponent(const struct expr *e, int *exponent)
{
    if (e->constant == NULL || e->constant->kind == CONSTANT_STRING)
        return false;
    double value = constant_number(e->constant);
    if (value < -20 || value > 20 || value != (double)(int)value)
        return false;
    *exponent = (int)value;
    return true;
}

static bool power_unit(struct checker *k, struct expr *e, struct unit *unit)
{
    const struct type *base = e->binary.left->type;
    struct expr *exponent = e->binary.right;
    int whole = 0;
    if (!require_unit(k, exponent, unit_none(), "an exponent"))
        return false;
    *unit = unit_none();
    if (unit_is_none(base->unit))
        return true;
    if (whole_exponent(exponent, &whole)) {
        *unit = unit_power(base->unit, whole);
        return true;
    }
    if (exponent->constant != NULL && constant_number(exponent->constant) == 0.5 &&
        unit_root(base->unit, 2, unit))
        return true;
    diag_error(k->c, e->span, "cannot tell the unit of a power of %s: the exponent is not known",
               unit_family(k->arena, base->unit));
    diag_hint(k->c, "divide by a unit first, for example 'v / 1 mV'");
    return false;
}

static bool binary_unit(struct checker *k, struct expr *e, struct unit *unit)
{
    struct unit a = e->binary.left->type->unit;
    struct unit b = e->binary.right->type->unit;
    *unit = unit_none();
    switch (e->binary.op) {
    case BINARY_ADD:
    case BINARY_SUBTRACT: *unit = unit_join(a, b); break;
    case BINARY_MULTIPLY: *unit = unit_multiply(a, b); return true;
    case BINARY_DIVIDE: *unit = unit_divide(a, b); return true;
    case BINARY_POWER: return power_unit(k, e, unit);
    case BINARY_AND:
    case BINARY_OR: return true;
    default: break;
    }
    if (unit_fits(a, b))
        return true;
    error_units(k, e);
    return false;
}

static enum type_kind binary_kind(const struct expr *e)
{
    const struct type *a = e->binary.left->type;
    const struct type *b = e->binary.right->type;
    enum type_kind kind = type_join_kind(a, b);
    if (is_comparison(e->binary.op) || e->binary.op == BINARY_AND || e->binary.op == BINARY_OR)
        return TYPE_BOOL;
    if (kind == TYPE_BOOL)
        kind = TYPE_INT;
    bool is_real_power =
        e->binary.op == BINARY_POWER && !(b->is_constant && e->binary.right->constant != NULL &&
                                          constant_number(e->binary.right->constant) >= 0);
    if (kind == TYPE_INT && (e->binary.op == BINARY_DIVIDE || is_real_power))
        return a->is_constant && b->is_constant ? TYPE_REAL64 : TYPE_REAL32;
    return kind;
}

/* Operands of a binary operator: numbers, texts for == and !=, conditions for `and` and `or`. */
static bool check_operands(struct checker *k, struct expr *e)
{
    struct expr *operands[2] = { e->binary.left, e->binary.right };
    const char *op = binary_op_text(e->binary.op);
    bool is_logical = e->binary.op == BINARY_AND || e->binary.op == BINARY_OR;
    bool fits = true;
    for (int i = 0; i < 2; i++) {
        const struct type *t = check_expr(k, operands[i]);
        if (type_is_error(t)) {
            fits = false;
        } else if (!type_is_number(t)) {
            fits = diag_error(k->c, operands[i]->span, "cannot use %s with '%s'",
                              type_text(k->arena, t), op);
        } else if (is_logical && t->kind != TYPE_BOOL) {
            fits = diag_error(k->c, operands[i]->span,
                              "a condition is expected beside '%s', not a number", op);
        }
    }
    return fits;
}

static bool is_text_comparison(struct checker *k, struct expr *e)
{
    if (e->binary.op != BINARY_EQUAL && e->binary.op != BINARY_NOT_EQUAL)
        return false;
    const struct type *left = check_expr(k, e->binary.left);
    const struct type *right = check_expr(k, e->binary.right);
    bool is_one = left->kind == TYPE_STRING || right->kind == TYPE_STRING;
    return is_one && (left->kind == right->kind || type_is_error(left) || type_is_error(right));
}

static const struct type *check_binary(struct checker *k, struct expr *e)
{
    struct expr *left = e->binary.left;
    struct expr *right = e->binary.right;
    if (is_text_comparison(k, e)) {
        if (type_is_error(left->type) || type_is_error(right->type))
            return type_error(); /* reported there, or not known yet */
        e->constant = evaluate_binary(k->arena, e->binary.op, left->constant, right->constant);
        return joined_type(k, TYPE_BOOL, unit_none(),
                           left->type->is_constant && right->type->is_constant,
                           (struct axis_list){ 0 });
    }
    struct unit unit;
    struct axis_list axes;
    if (!check_operands(k, e) || !binary_unit(k, e, &unit) ||
        !join_axes(k, left, right, e->span, &axes))
        return type_error();
    e->constant = evaluate_binary(k->arena, e->binary.op, left->constant, right->constant);
    return joined_type(k, binary_kind(e), unit, left->type->is_constant && right->type->is_constant,
                       axes);
}

static const struct type *check_range(struct checker *k, struct expr *e)
{
    struct expr *ends[2] = { e->range.low, e->range.high };
    bool fits = true;
    for (int i = 0; i < 2; i++) {
        const struct type *t = check_scalar(k, ends[i], "the end of a range");
        if (type_is_error(t))
            fits = false;
        else if (type_is_real(t) && !t->is_constant)
            fits = diag_error(k->c, ends[i]->span, "the end of a range must be a whole number");
        else
            fits = require_unit(k, ends[i], unit_none(), "the end of a range") && fits;
    }
    if (!fits)
        return type_error();
    struct type *t = arena_new(k->arena, struct type);
    t->kind = TYPE_RANGE;
    t->is_constant = ends[0]->type->is_constant && ends[1]->type->is_constant;
    struct axis axis = { NULL, size_unknown() };
    if (t->is_constant) {
        struct size low = size_of_expr(ends[0]);
        struct size high = size_of_expr(ends[1]);
        axis.size = low.kind == SIZE_CONSTANT && low.value == 0
                        ? high
                        : size_apply(k, BINARY_SUBTRACT, high, low);
        if (e->range.is_inclusive)
            axis.size = size_apply(k, BINARY_ADD, axis.size, size_constant(1));
    }
    array_push(k->arena, &t->axes, axis);
    return t;
}

static const struct type *check_if(struct checker *k, struct expr *e)
{
    const struct type *condition = check_number(k, e->conditional.condition, "a condition");
    if (!type_is_error(condition) && condition->kind != TYPE_BOOL) {
        diag_error(k->c, e->conditional.condition->span,
                   "a condition is expected after 'if', not a number");
        condition = type_error();
    }
    check_expr(k, e->conditional.then);
    check_expr(k, e->conditional.otherwise);
    const struct type *t = join_types(k, e->conditional.then, e->conditional.otherwise, e->span);
    if (type_is_error(condition) || type_is_error(t))
        return type_error();
    if (e->conditional.condition->constant != NULL)
        e->constant = e->conditional.condition->constant->boolean
                          ? e->conditional.then->constant
                          : e->conditional.otherwise->constant;
    if (t->is_constant && !condition->is_constant)
        return joined_type(k, t->kind == TYPE_REAL64 ? TYPE_REAL32 : t->kind, t->unit, false,
                           t->axes);
    return t;
}

static const struct type *check_list(struct checker *k, struct expr *e)
{
    struct expr_list *items = &e->list.items;
    if (items->count == 0) {
        diag_error(k->c, e->span, "an empty list has no type");
        return type_error();
    }
    const struct type *t = check_number(k, items->items[0], "an element of a list");
    struct expr first = *items->items[0];
    for (size_t i = 1; i < items->count; i++) {
        check_number(k, items->items[i], "an element of a list");
        first.type = t;
        t = join_types(k, &first, items->items[i], items->items[i]->span);
    }
    if (type_is_error(t))
        return t;
    struct axis_list axes = { 0 };
    array_push(k->arena, &axes, ((struct axis){ NULL, size_constant((int64_t)items->count) }));
    for (size_t i = 0; i < t->axes.count; i++)
        array_push(k->arena, &axes, t->axes.items[i]);
    return joined_type(k, t->kind, t->unit, t->is_constant, axes);
}

/* ---- dispatch ------------------------------------------------------- */

static const struct type *check_kind(struct checker *k, struct expr *e)
{
    switch (e->kind) {
    case EXPR_ERROR: return type_error();
    case EXPR_NUMBER: return check_literal(k, e);
    case EXPR_INF:
        e->constant = constant_real(k->arena, INFINITY);
        return constant_type(k, TYPE_REAL64, unit_any());
    case EXPR_BOOL:
        e->constant = constant_bool(k->arena, e->boolean.value);
        return constant_type(k, TYPE_BOOL, unit_none());
    case EXPR_STRING: return check_text(k, e);
    case EXPR_NAME: return check_name(k, e);
    case EXPR_FIELD: return check_field(k, e);
    case EXPR_INDEX: return check_index(k, e);
    case EXPR_CALL: return check_call(k, e);
    case EXPR_COMPREHENSION: return check_comprehension(k, e);
    case EXPR_UNARY: return check_unary(k, e);
    case EXPR_BINARY: return check_binary(k, e);
    case EXPR_RANGE: return check_range(k, e);
    case EXPR_IF: return check_if(k, e);
    case EXPR_LIST: return check_list(k, e);
    case EXPR_PIPE: return check_pipe(k, e);
    case EXPR_FOR: return check_yield_loop(k, e);
    }
    unreachable();
}

const struct type *check_expr(struct checker *k, struct expr *e)
{
    if (e->type == NULL)
        e->type = check_kind(k, e);
    return e->type;
}

/* ---- sizes ---------------------------------------------------------- */

struct expr *size_expr(struct checker *k, struct size size)
{
    if (size.kind == SIZE_EXPRESSION)
        return (struct expr *)size.expr;
    struct expr *e = expr_new(k->arena, EXPR_NUMBER, (struct span){ 0 });
    e->number.value = (double)size.value;
    e->number.is_integer = true;
    check_expr(k, e);
    return e;
}

struct size size_apply(struct checker *k, enum binary_op op, struct size a, struct size b)
{
    if (a.kind == SIZE_UNKNOWN || b.kind == SIZE_UNKNOWN)
        return size_unknown();
    struct expr *e = expr_new(k->arena, EXPR_BINARY, (struct span){ 0 });
    e->binary.op = op;
    e->binary.left = size_expr(k, a);
    e->binary.right = size_expr(k, b);
    e->span = span_join(e->binary.left->span, e->binary.right->span);
    check_expr(k, e);
    return size_of_expr(e);
}

struct size size_floor(struct checker *k, struct size size)
{
    if (size.kind != SIZE_EXPRESSION)
        return size;
    if (size.expr->constant != NULL) {
        double value = floor(constant_number(size.expr->constant));
        return size_is_whole(value) ? size_constant((int64_t)value) : size_unknown();
    }
    struct expr *callee = expr_new(k->arena, EXPR_NAME, (struct span){ 0 });
    callee->name.name = names_intern_text(&k->c->names, "floor");
    struct expr *e = expr_new(k->arena, EXPR_CALL, size.expr->span);
    e->call.callee = callee;
    struct argument argument = { .value = (struct expr *)size.expr };
    array_push(k->arena, &e->call.arguments, argument);
    check_expr(k, e);
    return size_of_expr(e);
}
