/* SPDX-License-Identifier: MIT
 *
 * Which states of an optimizer are the same for all weights, as the number of its steps is: what
 * they begin with, and all that changes them, depend neither on a weight nor on its derivative nor
 * on a draw. Such a state is one number for each tensor, and what changes it runs once.
 */
#include "ir/lower_internal.h"

#include <string.h>

/* The symbols of an optimizer's body that may differ from weight to weight. */
struct variation {
    struct arena *arena;
    struct symbol_list symbols;
    bool is_found; /* by the search at hand */
};

static bool varies(const struct variation *v, const struct symbol *symbol)
{
    for (size_t i = 0; i < v->symbols.count; i++)
        if (v->symbols.items[i] == symbol)
            return true;
    return false;
}

static void search_expr(struct expr *e, void *data)
{
    struct variation *v = data;
    const struct call_target *call = e->target;
    if (call != NULL && ((call->builtin != NULL && call->builtin->group == BUILTIN_GROUP_DRAW) ||
                         (call->function != NULL && call->function->draws)))
        v->is_found = true;
    if (e->symbol != NULL && varies(v, e->symbol))
        v->is_found = true;
    expr_children(e, search_expr, v);
}

static bool expr_varies(struct variation *v, struct expr *e)
{
    v->is_found = false;
    if (e != NULL)
        search_expr(e, v);
    return v->is_found;
}

static struct symbol *assigned_symbol(const struct statement *s)
{
    const struct expr *target = s->assign.target;
    while (target->kind == EXPR_INDEX)
        target = target->index.object;
    return target->symbol;
}

static void add(struct variation *v, struct symbol *symbol)
{
    if (symbol != NULL && !varies(v, symbol))
        array_push(v->arena, &v->symbols, symbol);
}

/* Adds what the statement makes different; with `is_all`, all that it changes. */
static void search_statement(struct variation *v, const struct statement *s, bool is_all);

static void search_statements(struct variation *v, const struct block *block, bool is_all)
{
    for (size_t i = 0; block != NULL && i < block->statements.count; i++)
        search_statement(v, block->statements.items[i], is_all);
}

static void search_statement(struct variation *v, const struct statement *s, bool is_all)
{
    switch (s->kind) {
    case STATEMENT_STATE:
        if (expr_varies(v, s->state.value))
            add(v, s->symbol);
        break;
    case STATEMENT_LET:
        if (is_all || s->let.indices.count > 0 || expr_varies(v, s->let.value))
            add(v, s->symbol);
        break;
    case STATEMENT_ASSIGN:
        if (is_all || expr_varies(v, s->assign.target) || expr_varies(v, s->assign.value))
            add(v, assigned_symbol(s));
        break;
    case STATEMENT_IF:
        is_all = is_all || expr_varies(v, s->conditional.condition);
        search_statements(v, s->conditional.then, is_all);
        search_statements(v, s->conditional.otherwise, is_all);
        break;
    default: unreachable();
    }
}

struct change {
    const struct variation *variation;
    bool varies, is_common; /* changes something of this kind */
};

static void find_changes(struct change *change, const struct statement *s)
{
    const struct symbol *symbol = s->symbol;
    if (s->kind == STATEMENT_IF) {
        const struct block *sides[] = { s->conditional.then, s->conditional.otherwise };
        for (int k = 0; k < 2; k++)
            for (size_t i = 0; sides[k] != NULL && i < sides[k]->statements.count; i++)
                find_changes(change, sides[k]->statements.items[i]);
        return;
    }
    if (s->kind == STATEMENT_ASSIGN)
        symbol = assigned_symbol(s);
    if (varies(change->variation, symbol))
        change->varies = true;
    else
        change->is_common = true;
}

/* A statement that changes both runs for each weight. */
static void search_mixed(struct variation *v, const struct block *body)
{
    for (size_t i = 0; i < body->statements.count; i++) {
        struct change change = { .variation = v };
        find_changes(&change, body->statements.items[i]);
        if (change.varies && change.is_common)
            search_statement(v, body->statements.items[i], true);
    }
}

void lower_common_states(struct lowering *l, const struct optimizer_instance *optimizer,
                         struct common_states *common)
{
    struct variation v = { .arena = &l->c->arena };
    size_t before;
    memset(common, 0, sizeof *common);
    add(&v, optimizer->weight);
    add(&v, optimizer->gradient);
    do {
        before = v.symbols.count;
        search_statements(&v, optimizer->body, false);
        search_mixed(&v, optimizer->body);
    } while (v.symbols.count > before);
    for (size_t k = 0; k < optimizer->states.count; k++)
        array_push(v.arena, &common->is_common, !varies(&v, optimizer->states.items[k]));
    common->changes.span = optimizer->body->span;
    for (size_t i = 0; i < optimizer->body->statements.count; i++) {
        struct statement *s = optimizer->body->statements.items[i];
        struct change change = { .variation = &v };
        find_changes(&change, s);
        if (s->kind != STATEMENT_STATE && !change.varies)
            array_push(v.arena, &common->changes.statements, s);
    }
}

void lower_explain_common(struct lowering *l, const struct optimizer_instance *optimizer,
                          const struct common_states *common, struct span span)
{
    const char *names = "";
    for (size_t k = 0; k < optimizer->states.count; k++)
        if (common->is_common.items[k])
            names = arena_format(&l->c->arena, "%s%s'%s'", names, names[0] != '\0' ? ", " : "",
                                 optimizer->states.items[k]->name->text);
    if (names[0] != '\0')
        remark(l->c, span, "gradient",
               "'%s' keeps one number for all weights of a tensor, as it is the same for each: %s",
               optimizer->declaration->name.name->text, names);
}
