/* SPDX-License-Identifier: MIT
 *
 * Builds files, blocks and declarations.
 */
#include "syntax/build.h"

/* ---- items ----------------------------------------------------------- */

void items_add(struct parser *parser, struct item_list *items, const struct item *item)
{
    array_push(&parser->c->arena, items, *item);
}

struct item item_of_statement(struct statement *s)
{
    return (struct item){ .statement = s };
}

struct item item_of_declaration(struct parser *parser, struct declaration *d)
{
    struct item item = { 0 };
    array_push(&parser->c->arena, &item.declarations, d);
    return item;
}

struct item item_error(struct parser *parser, struct span span)
{
    return item_of_statement(statement_new(&parser->c->arena, STATEMENT_ERROR, span));
}

/* ---- files ----------------------------------------------------------- */

static struct declaration *declaration_of_let(struct parser *parser, const struct statement *s)
{
    struct declaration *d = declaration_new(&parser->c->arena, DECLARATION_LET, s->span);
    d->name = s->let.name;
    d->doc = s->doc;
    d->let.type = s->let.type;
    d->let.indices = s->let.indices;
    d->let.value = s->let.value;
    return d;
}

static struct declaration *declaration_of_state(struct parser *parser, const struct statement *s)
{
    struct declaration *d = declaration_new(&parser->c->arena, DECLARATION_PERSISTENT, s->span);
    d->name = s->state.name;
    d->doc = s->doc;
    d->persistent.axes = s->state.axes;
    d->persistent.type = s->state.type;
    d->persistent.bounds = s->state.bounds;
    d->persistent.value = s->state.value;
    if (s->state.is_learnt) {
        diag_error(parser->c, s->span, "only persistent values of a neuron are learnt by gradient");
        diag_hint(parser->c, "move it into the neuron, or assign it in a task");
    }
    if (!s->state.value) {
        diag_error(parser->c, s->span, "'%s' needs a value to begin with", d->name.name->text);
        diag_hint(parser->c, "add '= 0'");
        d->persistent.value = expr_new(&parser->c->arena, EXPR_ERROR, s->span);
    }
    return d;
}

static struct declaration *declaration_of_statement(struct parser *parser,
                                                    const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_LET:
        check_value_placement(parser, BODY_FILE, s->let.value);
        return declaration_of_let(parser, s);
    case STATEMENT_STATE:
        check_value_placement(parser, BODY_FILE, s->state.value);
        if (s->state.is_persistent && s->state.owner == STATE_OWN && !s->state.is_shared)
            return declaration_of_state(parser, s);
        break;
    case STATEMENT_ERROR: return declaration_new(&parser->c->arena, DECLARATION_ERROR, s->span);
    default: break;
    }
    report_misplaced(parser, s, "at the top level of the file");
    return declaration_new(&parser->c->arena, DECLARATION_ERROR, s->span);
}

void build_file(struct parser *parser, const struct item_list *items)
{
    struct arena *arena = &parser->c->arena;
    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = &items->items[i];
        if (item->statement)
            array_push(arena, &parser->file->declarations,
                       declaration_of_statement(parser, item->statement));
        for (size_t j = 0; j < item->declarations.count; j++)
            array_push(arena, &parser->file->declarations, item->declarations.items[j]);
    }
}

/* ---- blocks ---------------------------------------------------------- */

struct block *build_block(struct parser *parser, const struct item_list *items, struct span span)
{
    struct block *block = arena_new(&parser->c->arena, struct block);
    block->span = span;
    for (size_t i = 0; items && i < items->count; i++) {
        const struct item *item = &items->items[i];
        if (item->statement) {
            array_push(&parser->c->arena, &block->statements, item->statement);
            continue;
        }
        const struct declaration *d = item->declarations.items[0];
        diag_error(parser->c, d->span, "'%s' cannot stand inside of braces",
                   declaration_kind_text(d->kind));
        diag_hint(parser->c, "declare it at the top level of the file");
    }
    return block;
}

struct block *block_of_statement(struct parser *parser, struct statement *s)
{
    struct block *block = arena_new(&parser->c->arena, struct block);
    block->span = s->span;
    array_push(&parser->c->arena, &block->statements, s);
    return block;
}

struct block *build_body(struct parser *parser, enum body body, struct block *block)
{
    check_placement(parser, body, block);
    return block;
}

/* ---- declarations ---------------------------------------------------- */

struct declaration *build_declaration(struct parser *parser, enum declaration_kind kind,
                                      struct span span, const struct identifier *name,
                                      const struct token *first, const char *doc)
{
    struct declaration *d = declaration_new(&parser->c->arena, kind, span);
    d->name = *name;
    d->doc = first->doc && doc ? arena_format(&parser->c->arena, "%s\n%s", first->doc, doc)
             : doc             ? doc
                               : first->doc;
    return d;
}

void build_limits(struct declaration *d, const struct limits *limits)
{
    d->param.bounds = limits->bounds;
    d->param.choices = limits->choices;
}

struct expr_list build_choices(struct parser *parser, struct expr_list texts)
{
    for (size_t i = 0; i < texts.count; i++)
        plain_text(parser, texts.items[i]);
    return texts;
}

void build_rule_axes(struct parser *parser, struct declaration *d, const struct identifier *side,
                     const struct identifier_list *axes)
{
    if (!expect_word(parser, side, "post"))
        diag_hint(parser->c, "a rule is written over the axes of its target: 'over post[axis]'");
    d->rule.axes = *axes;
}

struct declaration *build_use_module(struct parser *parser, const struct identifier_list *path,
                                     struct span span)
{
    struct declaration *d = declaration_new(&parser->c->arena, DECLARATION_USE, span);
    d->use.path = *path;
    return d;
}

struct declaration *build_use_file(struct parser *parser, struct expr *path)
{
    struct declaration *d = declaration_new(&parser->c->arena, DECLARATION_USE, path->span);
    d->use.file = plain_text(parser, path);
    return d;
}

/* The first one's span takes in the word `use`. */
void build_use(struct parser *parser, struct declaration_list *uses, const struct token *first,
               struct span span)
{
    (void)parser;
    struct declaration *d = uses->items[0];
    d->doc = first->doc;
    d->span.start = span.start;
}
