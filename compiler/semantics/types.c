/* SPDX-License-Identifier: MIT
 *
 * Construction, comparison and printing of types and sizes.
 */
#include "semantics/types.h"

#include "semantics/evaluate.h"
#include "semantics/scope.h"
#include "semantics/semantics.h"

bool type_is_number(const struct type *t)
{
    return t->kind == TYPE_BOOL || t->kind == TYPE_INT || type_is_real(t);
}

bool type_is_scalar(const struct type *t)
{
    return type_is_number(t) && t->axes.count == 0;
}

bool type_is_real(const struct type *t)
{
    return t->kind == TYPE_REAL32 || t->kind == TYPE_REAL64;
}

bool type_is_error(const struct type *t)
{
    return t->kind == TYPE_ERROR;
}

const struct type *type_error(void)
{
    static const struct type error = { .kind = TYPE_ERROR };
    return &error;
}

static struct type *type_copy(struct arena *arena, const struct type *t)
{
    struct type *copy = arena_new(arena, struct type);
    *copy = *t;
    return copy;
}

const struct type *type_new(struct arena *arena, enum type_kind kind)
{
    struct type *t = arena_new(arena, struct type);
    t->kind = kind;
    return t;
}

const struct type *type_real(struct arena *arena, struct unit unit)
{
    struct type *t = arena_new(arena, struct type);
    t->kind = TYPE_REAL32;
    t->unit = unit;
    return t;
}

const struct type *type_with_axes(struct arena *arena, const struct type *t, struct axis_list axes)
{
    struct type *copy = type_copy(arena, t);
    copy->axes = axes;
    if (axes.count > 0)
        copy->is_constant = false;
    return copy;
}

const struct type *type_element(struct arena *arena, const struct type *t)
{
    return t->axes.count == 0 ? t : type_with_axes(arena, t, (struct axis_list){ 0 });
}

const struct type *type_with_unit(struct arena *arena, const struct type *t, struct unit unit)
{
    struct type *copy = type_copy(arena, t);
    copy->unit = unit;
    return copy;
}

const struct type *type_variable(struct arena *arena, const struct type *t)
{
    if (!t->is_constant)
        return t;
    struct type *copy = type_copy(arena, t);
    copy->is_constant = false;
    if (t->kind == TYPE_REAL64)
        copy->kind = TYPE_REAL32;
    return copy;
}

enum type_kind type_join_kind(const struct type *a, const struct type *b)
{
    if (type_is_error(a) || type_is_error(b))
        return TYPE_ERROR;
    if (a->is_constant == b->is_constant || !type_is_real(a) || !type_is_real(b)) {
        /* A constant real beside a variable whole number is rounded like one beside a real32. */
        enum type_kind kind = a->kind > b->kind ? a->kind : b->kind;
        const struct type *widest = a->kind > b->kind ? a : b;
        bool rounds = a->is_constant != b->is_constant && widest->is_constant;
        return kind == TYPE_REAL64 && rounds ? TYPE_REAL32 : kind;
    }
    return a->is_constant ? b->kind : a->kind;
}

static bool axis_equal(const struct axis *a, const struct axis *b)
{
    return a->name == b->name && a->size.kind == b->size.kind &&
           (a->size.kind == SIZE_UNKNOWN || size_compare(a->size, b->size) == SIZE_EQUAL);
}

static bool axes_equal(const struct axis_list *a, const struct axis_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!axis_equal(&a->items[i], &b->items[i]))
            return false;
    return true;
}

bool dataset_needs_part(const struct dataset *set)
{
    return set->parts != 0 && !set->may_be_whole;
}

static bool dataset_equal(const struct dataset *a, const struct dataset *b)
{
    if (a == b)
        return true;
    if (a == NULL || b == NULL || a->fields.count != b->fields.count || a->parts != b->parts ||
        a->may_be_whole != b->may_be_whole || a->is_events != b->is_events ||
        !unit_equal(a->time_unit, b->time_unit) || a->classes.kind != b->classes.kind ||
        (a->classes.kind != SIZE_UNKNOWN && size_compare(a->classes, b->classes) != SIZE_EQUAL))
        return false;
    for (size_t i = 0; i < a->fields.count; i++)
        if (a->fields.items[i].name != b->fields.items[i].name ||
            !type_equal(a->fields.items[i].type, b->fields.items[i].type))
            return false;
    return true;
}

bool type_equal(const struct type *a, const struct type *b)
{
    return a->kind == b->kind && a->is_constant == b->is_constant && unit_equal(a->unit, b->unit) &&
           a->network == b->network && a->layer == b->layer && a->connection == b->connection &&
           a->rule == b->rule && a->variables == b->variables && axes_equal(&a->axes, &b->axes) &&
           dataset_equal(a->dataset, b->dataset);
}

static const char *kind_text(enum type_kind kind)
{
    switch (kind) {
    case TYPE_ERROR: return "an error";
    case TYPE_NONE: return "no value";
    case TYPE_BOOL: return "a condition";
    case TYPE_INT: return "a whole number";
    case TYPE_REAL32:
    case TYPE_REAL64: return "a real number";
    case TYPE_STRING: return "a text";
    case TYPE_RANGE: return "a range";
    case TYPE_DATASET: return "a data set";
    case TYPE_SAMPLE: return "a sample";
    case TYPE_BATCHES: return "a set of batches";
    case TYPE_NETWORK: return "a network";
    case TYPE_LAYER: return "a layer";
    case TYPE_TRACE: return "a trace";
    case TYPE_CONNECTION: return "a connection";
    case TYPE_RULE: return "a rule";
    case TYPE_RECORD: return "a record";
    case TYPE_FUNCTION: return "a function";
    case TYPE_TOPOLOGY: return "a topology";
    case TYPE_FIGURE: return "a figure";
    }
    unreachable();
}

const char *axes_text(struct arena *arena, const struct axis_list *axes)
{
    const char *text = "";
    for (size_t i = 0; i < axes->count; i++) {
        const struct axis *axis = &axes->items[i];
        const char *name = axis->name != NULL ? axis->name->text : "_";
        const char *comma = i > 0 ? ", " : "";
        if (axis->size.kind == SIZE_UNKNOWN)
            text = arena_format(arena, "%s%s%s", text, comma, name);
        else
            text =
                arena_format(arena, "%s%s%s: %s", text, comma, name, size_text(arena, axis->size));
    }
    return arena_format(arena, "[%s]", text);
}

const char *type_text(struct arena *arena, const struct type *t)
{
    if (type_is_number(t) && t->axes.count > 0)
        return arena_format(arena, "an array %s", axes_text(arena, &t->axes));
    if (type_is_real(t) && !unit_is_none(t->unit))
        return arena_format(arena, "a quantity in %s", unit_family(arena, t->unit));
    return kind_text(t->kind);
}

struct size size_unknown(void)
{
    return (struct size){ .kind = SIZE_UNKNOWN };
}

struct size size_constant(int64_t value)
{
    return (struct size){ .kind = SIZE_CONSTANT, .value = value };
}

bool size_is_whole(double value)
{
    return value >= -0x1p63 && value < 0x1p63 && value == (double)(int64_t)value;
}

struct size size_of_expr(const struct expr *e)
{
    if (e->constant != NULL && e->constant->kind == CONSTANT_INT)
        return size_constant(e->constant->integer);
    if (e->constant != NULL && e->constant->kind == CONSTANT_REAL &&
        size_is_whole(e->constant->real))
        return size_constant((int64_t)e->constant->real);
    return (struct size){ .kind = SIZE_EXPRESSION, .expr = e };
}

/* The source form of a small expression, for messages. */
static const char *expr_text(struct arena *arena, const struct expr *e, int depth)
{
    if (depth > 8)
        return "...";
    switch (e->kind) {
    case EXPR_NAME: return e->name.name->text;
    case EXPR_NUMBER: return arena_format(arena, "%.12g", e->number.value);
    case EXPR_FIELD:
        return arena_format(arena, "%s.%s", expr_text(arena, e->field.object, depth + 1),
                            e->field.field.name != NULL ? e->field.field.name->text : "?");
    case EXPR_UNARY:
        return arena_format(arena, "%s%s", unary_op_text(e->unary.op),
                            expr_text(arena, e->unary.operand, depth + 1));
    case EXPR_BINARY: {
        const char *left = expr_text(arena, e->binary.left, depth + 1);
        const char *right = expr_text(arena, e->binary.right, depth + 1);
        bool is_grouped = depth > 0;
        return arena_format(arena, "%s%s %s %s%s", is_grouped ? "(" : "", left,
                            binary_op_text(e->binary.op), right, is_grouped ? ")" : "");
    }
    case EXPR_CALL:
        if (e->call.arguments.count != 1)
            return "...";
        return arena_format(arena, "%s(%s)", expr_text(arena, e->call.callee, depth + 1),
                            expr_text(arena, e->call.arguments.items[0].value, 0));
    default: return "...";
    }
}

const char *size_text(struct arena *arena, struct size size)
{
    switch (size.kind) {
    case SIZE_UNKNOWN: return "?";
    case SIZE_CONSTANT: return arena_format(arena, "%lld", (long long)size.value);
    case SIZE_EXPRESSION: return expr_text(arena, size.expr, 0);
    }
    unreachable();
}

enum size_relation size_compare(struct size a, struct size b)
{
    if (a.kind == SIZE_CONSTANT && b.kind == SIZE_CONSTANT)
        return a.value == b.value ? SIZE_EQUAL : SIZE_DIFFERENT;
    if (a.kind == SIZE_EXPRESSION && b.kind == SIZE_EXPRESSION && expr_equal(a.expr, b.expr))
        return SIZE_EQUAL;
    return SIZE_MAYBE;
}

static bool calls_equal(const struct expr *a, const struct expr *b)
{
    const struct call_target *x = a->target;
    const struct call_target *y = b->target;
    if (x == NULL || y == NULL || x->kind != y->kind || x->builtin != y->builtin ||
        x->function != y->function || x->count != y->count)
        return false;
    for (size_t i = 0; i < x->count; i++) {
        if ((x->arguments[i] == NULL) != (y->arguments[i] == NULL))
            return false;
        if (x->arguments[i] != NULL && !expr_equal(x->arguments[i], y->arguments[i]))
            return false;
    }
    return x->builtin == NULL || x->builtin->group != BUILTIN_GROUP_DRAW;
}

bool expr_equal(const struct expr *a, const struct expr *b)
{
    if (a == b)
        return true;
    if (a->constant != NULL && b->constant != NULL)
        return constant_equal(a->constant, b->constant);
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case EXPR_NAME: return a->symbol == b->symbol && a->symbol != NULL;
    case EXPR_FIELD:
        return a->field.field.name == b->field.field.name &&
               expr_equal(a->field.object, b->field.object);
    case EXPR_UNARY:
        return a->unary.op == b->unary.op && expr_equal(a->unary.operand, b->unary.operand);
    case EXPR_BINARY:
        return a->binary.op == b->binary.op && expr_equal(a->binary.left, b->binary.left) &&
               expr_equal(a->binary.right, b->binary.right);
    case EXPR_CALL: return calls_equal(a, b);
    default: return false;
    }
}
