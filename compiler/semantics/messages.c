/* SPDX-License-Identifier: MIT
 *
 * Wording that many checks share: where a name was declared, what its unit is, what was meant.
 */
#include "semantics/check.h"

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

bool error_unknown_name(struct checker *k, const struct name *name, struct span span)
{
    struct suggestion suggestion = suggest_begin(name->text);
    scope_suggest(k->scope, &suggestion);
    if (k->module->only_network != NULL &&
        (k->body->kind == BODY_TASK || k->body->kind == BODY_FUNC))
        scope_suggest(k->module->only_network->scope, &suggestion);
    suggest_builtins(&suggestion);
    diag_error(k->c, span, "unknown name '%s'", name->text);
    if (suggestion.best != NULL)
        diag_hint(k->c, "did you mean '%s'?", suggestion.best);
    return false;
}
