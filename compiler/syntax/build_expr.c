/* SPDX-License-Identifier: MIT
 *
 * Builds expressions. Each node knows its depth: a tree deeper than
 * PARSE_NESTING_LIMIT is reported and cut, so that recursive passes are safe.
 */
#include <string.h>

#include "syntax/build.h"

/* Makes `e` at least one deeper than its part; null parts count nothing. */
static void contains(struct expr *e, const struct expr *part)
{
    if (part && part->depth >= e->depth)
        e->depth = part->depth + 1;
}

static void contains_all(struct expr *e, const struct expr_list *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        contains(e, parts->items[i]);
}

/* e, or an error node where it is too deep. */
static struct expr *finished(struct parser *parser, struct expr *e)
{
    if (e->depth <= PARSE_NESTING_LIMIT)
        return e;
    if (!parser->is_too_deep) {
        diag_error(parser->c, e->span, "expression is nested more than %d deep",
                   PARSE_NESTING_LIMIT);
        diag_hint(parser->c, "split it with 'let'");
    }
    parser->is_too_deep = true;
    return expr_new(&parser->c->arena, EXPR_ERROR, e->span);
}

static struct expr *error_expr(struct parser *parser, struct span span)
{
    return expr_new(&parser->c->arena, EXPR_ERROR, span);
}

struct expr_list exprs_of(struct parser *parser, struct expr *e)
{
    struct expr_list list = { 0 };
    array_push(&parser->c->arena, &list, e);
    return list;
}

struct expr *expect_call(struct parser *parser, struct expr *e, const char *what)
{
    if (e->kind == EXPR_NAME || e->kind == EXPR_CALL || e->kind == EXPR_ERROR)
        return e;
    diag_error(parser->c, e->span, "expected the name of %s, with arguments if it has any", what);
    return error_expr(parser, e->span);
}

const char *plain_text(struct parser *parser, const struct expr *string)
{
    const struct string_part_list *parts = &string->string.parts;
    if (parts->count == 0)
        return "";
    if (parts->count == 1 && parts->items[0].text)
        return parts->items[0].text;
    diag_error(parser->c, string->span,
               "only plain text can stand here, without expressions in braces");
    diag_hint(parser->c, "write '\\{' for the sign itself");
    return "";
}

struct expr *build_name(struct parser *parser, const struct identifier *name)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_NAME, name->span);
    e->name.name = name->name;
    return e;
}

struct expr *build_path(struct parser *parser, const struct identifier_list *path)
{
    struct expr *e = build_name(parser, &path->items[0]);
    for (size_t i = 1; i < path->count; i++)
        e = build_field(parser, e, &path->items[i], span_join(e->span, path->items[i].span));
    return e;
}

struct expr *build_number(struct parser *parser, const struct token *number, struct unit_ref *unit,
                          struct span span)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_NUMBER, span);
    e->number.value = number->number;
    e->number.is_integer = number->is_integer;
    e->number.unit = unit;
    return e;
}

struct expr *build_boolean(struct parser *parser, bool value, struct span span)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_BOOL, span);
    e->boolean.value = value;
    return e;
}

struct expr *build_string(struct parser *parser, const struct string_part_list *parts,
                          struct span span)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_STRING, span);
    e->string.parts = *parts;
    for (size_t i = 0; i < parts->count; i++)
        contains(e, parts->items[i].value);
    return finished(parser, e);
}

/* Text that directly follows text (an escape ends a token) is one part. */
void add_text(struct parser *parser, struct string_part_list *parts, const struct token *text)
{
    struct arena *arena = &parser->c->arena;
    struct string_part *last = parts->count ? &parts->items[parts->count - 1] : NULL;
    if (last && last->text) {
        char *joined = arena_alloc(arena, last->length + text->length + 1);
        memcpy(joined, last->text, last->length);
        memcpy(joined + last->length, text->text, text->length);
        last->text = joined;
        last->length += text->length;
        return;
    }
    struct string_part part = { .text = text->text, .length = text->length };
    array_push(arena, parts, part);
}

struct expr *build_list(struct parser *parser, const struct expr_list *items, struct span span)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_LIST, span);
    if (items)
        e->list.items = *items;
    contains_all(e, &e->list.items);
    return finished(parser, e);
}

struct expr *build_field(struct parser *parser, struct expr *object, const struct identifier *field,
                         struct span span)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_FIELD, span);
    e->field.object = object;
    e->field.field = *field;
    contains(e, object);
    return finished(parser, e);
}

struct expr *build_index(struct parser *parser, struct expr *object,
                         const struct expr_list *indices, struct span span)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_INDEX, span);
    e->index.object = object;
    e->index.indices = *indices;
    contains(e, object);
    contains_all(e, indices);
    return finished(parser, e);
}

/* Only names and methods can be called. */
static bool expect_callee(struct parser *parser, const struct expr *callee)
{
    if (callee->kind == EXPR_NAME || callee->kind == EXPR_FIELD)
        return true;
    if (callee->kind == EXPR_ERROR)
        return false;
    diag_error(parser->c, callee->span, "only a name can be called");
    if (callee->kind == EXPR_NUMBER)
        diag_hint(parser->c, "write '*' between a number and what it multiplies");
    return false;
}

struct expr *build_call(struct parser *parser, struct expr *callee,
                        const struct argument_list *arguments, struct span span)
{
    if (!expect_callee(parser, callee))
        return error_expr(parser, span);
    struct expr *e = expr_new(&parser->c->arena, EXPR_CALL, span);
    e->call.callee = callee;
    e->call.arguments = *arguments;
    contains(e, callee);
    for (size_t i = 0; i < arguments->count; i++)
        contains(e, arguments->items[i].value);
    return finished(parser, e);
}

struct expr *build_comprehension(struct parser *parser, struct expr *callee,
                                 const struct argument_list *keys,
                                 const struct for_clause_list *clauses, struct expr *condition,
                                 struct span span)
{
    if (!expect_callee(parser, callee))
        return error_expr(parser, span);
    struct expr *e = expr_new(&parser->c->arena, EXPR_COMPREHENSION, span);
    e->comprehension.callee = callee;
    e->comprehension.clauses = *clauses;
    e->comprehension.condition = condition;
    contains(e, callee);
    contains(e, condition);
    for (size_t i = 0; i < keys->count; i++) {
        const struct argument *key = &keys->items[i];
        if (key->name.name)
            diag_error(parser->c, key->name.span, "a value collected by 'for' cannot be named");
        array_push(&parser->c->arena, &e->comprehension.keys, key->value);
        contains(e, key->value);
    }
    for (size_t i = 0; i < clauses->count; i++) {
        contains(e, clauses->items[i].domain);
        contains(e, clauses->items[i].by);
    }
    return finished(parser, e);
}

struct expr *build_unary(struct parser *parser, enum unary_op op, struct expr *operand,
                         struct span span)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_UNARY, span);
    e->unary.op = op;
    e->unary.operand = operand;
    contains(e, operand);
    return finished(parser, e);
}

struct expr *build_binary(struct parser *parser, enum binary_op op, struct expr *left,
                          struct expr *right, struct span op_span)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_BINARY, span_join(left->span, right->span));
    e->binary.op = op;
    e->binary.op_span = op_span;
    e->binary.left = left;
    e->binary.right = right;
    contains(e, left);
    contains(e, right);
    return finished(parser, e);
}

static bool is_comparison(const struct expr *e)
{
    return e->kind == EXPR_BINARY && e->binary.op >= BINARY_EQUAL &&
           e->binary.op <= BINARY_GREATER_EQUAL;
}

/* The span of an expression in parentheses includes them, that of its parts does not. */
static bool is_in_parentheses(const struct expr *e)
{
    return e->span.start < e->binary.left->span.start;
}

struct expr *build_comparison(struct parser *parser, enum binary_op op, struct expr *left,
                              struct expr *right, struct span op_span)
{
    if (is_comparison(left) && !is_in_parentheses(left)) {
        diag_error(parser->c, op_span, "comparisons cannot be chained");
        diag_hint(parser->c, "join two comparisons with 'and', or put one in parentheses");
        return error_expr(parser, span_join(left->span, right->span));
    }
    return build_binary(parser, op, left, right, op_span);
}

struct expr *build_range(struct parser *parser, struct expr *low, struct expr *high,
                         bool is_inclusive, struct span span)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_RANGE, span);
    e->range.low = low;
    e->range.high = high;
    e->range.is_inclusive = is_inclusive;
    contains(e, low);
    contains(e, high);
    return finished(parser, e);
}

struct expr *build_conditional(struct parser *parser, struct expr *condition, struct expr *then,
                               struct expr *otherwise, struct span span)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_IF, span);
    e->conditional.condition = condition;
    e->conditional.then = then;
    e->conditional.otherwise = otherwise;
    contains(e, condition);
    contains(e, then);
    contains(e, otherwise);
    return finished(parser, e);
}

struct expr *build_pipe(struct parser *parser, struct expr *left, struct expr *stage,
                        struct span span)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_PIPE, span);
    e->pipe.left = left;
    e->pipe.stage = expect_call(parser, stage, "a stage of the pipe");
    contains(e, left);
    contains(e, stage);
    return finished(parser, e);
}

struct expr *build_loop_value(struct parser *parser, const struct for_clause_list *clauses,
                              struct block *body, struct span span)
{
    struct expr *e = expr_new(&parser->c->arena, EXPR_FOR, span);
    e->loop.clauses = *clauses;
    e->loop.body = body;
    return e;
}
