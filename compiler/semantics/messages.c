/* SPDX-License-Identifier: MIT
 *
 * Wording that many checks share: where a name was declared, what its unit is, what was meant.
 */
#include "semantics/check.h"

#include <string.h>

const char *check_unit_text(struct checker *k, struct unit u)
{
    return unit_is_none(u) ? "a plain number" : unit_family(k->arena, u);
}

void note_declared(struct checker *k, const struct symbol *symbol)
{
    if (symbol->span.source != 0 && symbol->name != NULL)
        diag_note(k->c, symbol->span, "'%s' is declared here", symbol->name->text);
}

/* The name inside an expression whose unit is the one in question, or null. */
static const struct expr *origin_of(const struct expr *e)
{
    switch (e->kind) {
    case EXPR_NAME:
    case EXPR_FIELD: return e;
    case EXPR_INDEX: return origin_of(e->index.object);
    case EXPR_UNARY: return origin_of(e->unary.operand);
    case EXPR_BINARY:
        if (e->binary.op == BINARY_ADD || e->binary.op == BINARY_SUBTRACT) {
            const struct expr *left = origin_of(e->binary.left);
            return left != NULL ? left : origin_of(e->binary.right);
        }
        return NULL;
    default: return NULL;
    }
}

void note_origin(struct checker *k, const struct expr *e)
{
    const struct expr *origin = origin_of(e);
    if (origin == NULL || origin->symbol == NULL || origin->symbol->name == NULL ||
        origin->type == NULL || !type_is_number(origin->type))
        return;
    const struct symbol *symbol = origin->symbol;
    const char *unit = check_unit_text(k, origin->type->unit);
    if (symbol->span.source != 0)
        diag_note(k->c, symbol->span, "'%s' is declared here as %s%s", symbol->name->text,
                  unit_is_none(origin->type->unit) ? "" : "a quantity in ", unit);
    else
        diag_note(k->c, (struct span){ 0 }, "'%s' is %s%s", symbol->name->text,
                  unit_is_none(origin->type->unit) ? "" : "a quantity in ", unit);
}

void note_use(struct checker *k, size_t first, const struct declaration *d, struct span use,
              const char *format, const char *name)
{
    if (use.source == 0 || d->span.source == use.source)
        return;
    for (size_t i = first; i < k->c->diagnostics.count; i++) {
        struct diagnostic *diagnostic = k->c->diagnostics.items[i];
        struct diag_note note = { use, arena_format(k->arena, format, name) };
        if (diagnostic->span.source == d->span.source)
            array_push(k->arena, &diagnostic->notes, note);
    }
}

static void suggest_builtins(struct suggestion *suggestion)
{
    for (size_t i = 0; i < builtin_count; i++)
        suggest_offer(suggestion, builtin_table[i].name);
}

/* The network that has a layer or connection of that name, where several share the tasks. */
static const struct network *owner_of(const struct checker *k, const struct name *name)
{
    if (k->module->only_network != NULL ||
        (k->body->kind != BODY_TASK && k->body->kind != BODY_FUNC))
        return NULL;
    for (size_t i = 0; i < k->model->networks.count; i++) {
        const struct network *network = k->model->networks.items[i];
        if (network->scope != NULL && scope_find_here(network->scope, name) != NULL)
            return network;
    }
    return NULL;
}

/* Where a built-in variable is known; null if it is none. */
static const char *home_of_variable(const struct name *name)
{
    static const struct {
        const char *name, *home;
    } variables[] = {
        { "dt", "neurons, rules and the block of a 'present'" },
        { "t", "neurons, rules and the block of a 'present'" },
        { "spiked", "neurons" },
        { "fired", "neurons" },
        { "since", "neurons" },
        { "learning", "neurons and rules" },
        { "duration", "rules" },
        { "w", "rules" },
        { "pre", "rules, weights, delays and 'pairs(...)'" },
        { "post", "rules, weights, delays and 'pairs(...)'" },
        { "fan_in", "weights" },
        { "fan_out", "weights" },
    };
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        if (strcmp(variables[i].name, name->text) == 0)
            return variables[i].home;
    return NULL;
}

bool error_unknown_name(struct checker *k, const struct name *name, struct span span)
{
    struct suggestion suggestion = suggest_begin(name->text);
    scope_suggest(k->scope, &suggestion);
    if (k->module->only_network != NULL &&
        (k->body->kind == BODY_TASK || k->body->kind == BODY_FUNC))
        scope_suggest(k->module->only_network->scope, &suggestion);
    suggest_builtins(&suggestion);
    diag_error(k->c, span, "unknown name '%s'", name->text);
    const struct network *owner = owner_of(k, name);
    if (owner != NULL)
        diag_hint(k->c, "there are several networks: write '%s.%s'",
                  owner->declaration->name.name->text, name->text);
    else if (home_of_variable(name) != NULL)
        diag_hint(k->c, "'%s' is known in %s", name->text, home_of_variable(name));
    else if (suggestion.best != NULL)
        diag_hint(k->c, "did you mean '%s'?", suggestion.best);
    return false;
}
