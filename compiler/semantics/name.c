/* SPDX-License-Identifier: MIT
 *
 * What a name stands for. A body sees its own names, its formals, then the declarations of its file
 * and of the modules it uses; tasks and functions of a file with one network also see its layers
 * and connections.
 */
#include "semantics/check.h"

static bool sees_layers(const struct checker *k)
{
    switch (k->body->kind) {
    case BODY_CONSTANT:
    case BODY_PERSISTENT:
    case BODY_FUNC:
    case BODY_TASK: return k->module->only_network != NULL;
    case BODY_DATA:
    case BODY_WEIGHT:
    case BODY_NEURON:
    case BODY_RULE:
    case BODY_SURROGATE:
    case BODY_OPTIMIZER: return false;
    }
    unreachable();
}

static struct symbol *find_member(struct checker *k, const struct name *name)
{
    if (!sees_layers(k))
        return NULL;
    check_symbol(k, k->module->only_network->symbol);
    return scope_find_here(k->module->only_network->scope, name);
}

struct symbol *find_name(struct checker *k, const struct name *name)
{
    struct symbol *symbol = scope_find(k->scope, name);
    return symbol != NULL ? symbol : find_member(k, name);
}

static bool is_callable(const struct symbol *symbol)
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

/* May a new symbol hide this one? Formals hide everything around them; everything hides functions,
 * models and what other modules declare. */
static bool may_hide(struct checker *k, const struct symbol *symbol, const struct symbol *hidden)
{
    if (is_callable(hidden) || hidden->kind == SYMBOL_ERROR)
        return true;
    if (scope_find_here(k->module->imports, hidden->name) == hidden)
        return true;
    return symbol->kind == SYMBOL_FORMAL && scope_find_here(k->scope, hidden->name) != hidden;
}

void declare(struct checker *k, struct symbol *symbol)
{
    symbol->depth = k->effects != NULL ? k->effects->depth : 0;
    if (symbol->name == NULL)
        return;
    bool is_of_task = k->body->kind == BODY_TASK || k->body->kind == BODY_FUNC;
    struct symbol *hidden =
        is_of_task ? find_name(k, symbol->name) : scope_find(k->scope, symbol->name);
    if (hidden != NULL && !may_hide(k, symbol, hidden)) {
        bool is_here = scope_find_here(k->scope, symbol->name) == hidden;
        if (hidden->span.source == 0)
            diag_error(k->c, symbol->span, "'%s' is the name of %s", symbol->name->text,
                       symbol_kind_text(hidden->kind));
        else if (is_here)
            diag_error(k->c, symbol->span, "'%s' is declared twice", symbol->name->text);
        else
            diag_error(k->c, symbol->span, "'%s' hides %s of that name", symbol->name->text,
                       symbol_kind_text(hidden->kind));
        note_declared(k, hidden);
        diag_hint(k->c, "choose another name");
    }
    scope_add(k->arena, k->scope, symbol);
}

static const struct type *error_callable(struct checker *k, const struct expr *e,
                                         const struct symbol *symbol)
{
    const char *name = symbol->name->text;
    diag_error(k->c, e->span, "'%s' is %s, not a value", name, symbol_kind_text(symbol->kind));
    if (symbol->kind == SYMBOL_FUNC)
        diag_hint(k->c, "call it: %s(...)", name);
    return type_error();
}

const struct type *check_name(struct checker *k, struct expr *e)
{
    const struct name *name = e->name.name;
    struct symbol *symbol = find_name(k, name);
    if (symbol == NULL) {
        const struct builtin *builtin = builtin_find(name);
        if (builtin == NULL) {
            error_unknown_name(k, name, e->span);
        } else {
            diag_error(k->c, e->span, "'%s' is a %s, not a value", name->text,
                       builtin_group_text(builtin->group));
            diag_hint(k->c, "call it: %s(...)", name->text);
        }
        return type_error();
    }
    e->symbol = symbol;
    symbol->is_read = true;
    if (is_callable(symbol))
        return error_callable(k, e, symbol);
    check_symbol(k, symbol);
    e->constant = symbol->constant;
    return symbol->type != NULL ? symbol->type : type_error();
}
