/* SPDX-License-Identifier: MIT
 *
 * Scopes hold a dozen names each, so a list searched from the newest is a good table.
 */
#include "semantics/scope.h"

struct scope *scope_new(struct arena *arena, struct scope *parent)
{
    struct scope *scope = arena_new(arena, struct scope);
    scope->parent = parent;
    return scope;
}

struct symbol *symbol_new(struct arena *arena, enum symbol_kind kind, const struct name *name,
                          struct span span)
{
    struct symbol *symbol = arena_new(arena, struct symbol);
    symbol->kind = kind;
    symbol->name = name;
    symbol->span = span;
    return symbol;
}

struct symbol *scope_find_here(const struct scope *scope, const struct name *name)
{
    for (size_t i = scope->symbols.count; i > 0; i--)
        if (scope->symbols.items[i - 1]->name == name)
            return scope->symbols.items[i - 1];
    return NULL;
}

struct symbol *scope_find(const struct scope *scope, const struct name *name)
{
    for (; scope != NULL; scope = scope->parent) {
        struct symbol *symbol = scope_find_here(scope, name);
        if (symbol != NULL)
            return symbol;
    }
    return NULL;
}

void scope_add(struct arena *arena, struct scope *scope, struct symbol *symbol)
{
    array_push(arena, &scope->symbols, symbol);
}

void scope_suggest(const struct scope *scope, struct suggestion *suggestion)
{
    for (; scope != NULL; scope = scope->parent)
        for (size_t i = 0; i < scope->symbols.count; i++)
            if (scope->symbols.items[i]->name != NULL)
                suggest_offer(suggestion, scope->symbols.items[i]->name->text);
}

bool symbol_is_events(const struct symbol *symbol)
{
    return symbol != NULL && symbol->kind == SYMBOL_DATA_FIELD && symbol->data_field->is_events;
}

const char *symbol_kind_text(enum symbol_kind kind)
{
    switch (kind) {
    case SYMBOL_ERROR: return "a name";
    case SYMBOL_PARAM: return "a param";
    case SYMBOL_LET: return "a constant";
    case SYMBOL_PERSISTENT: return "a persistent value";
    case SYMBOL_DATA: return "a data set";
    case SYMBOL_FUNC: return "a function";
    case SYMBOL_NEURON: return "a neuron model";
    case SYMBOL_RULE: return "a rule";
    case SYMBOL_SURROGATE: return "a surrogate";
    case SYMBOL_OPTIMIZER: return "an optimizer";
    case SYMBOL_NETWORK: return "a network";
    case SYMBOL_TASK: return "a task";
    case SYMBOL_FORMAL: return "a parameter";
    case SYMBOL_LOCAL: return "a variable";
    case SYMBOL_INDEX: return "an index";
    case SYMBOL_LABEL: return "a label";
    case SYMBOL_INPUT: return "an input";
    case SYMBOL_STATE: return "a state";
    case SYMBOL_RULE_STATE: return "a state";
    case SYMBOL_OPTIMIZER_STATE: return "a state";
    case SYMBOL_LAYER: return "a layer";
    case SYMBOL_CONNECTION: return "a connection";
    case SYMBOL_RULE_INSTANCE: return "a rule";
    case SYMBOL_VARIABLE: return "a built-in variable";
    case SYMBOL_FIELD: return "a field";
    case SYMBOL_AXIS: return "an axis";
    case SYMBOL_DATA_FIELD: return "a field";
    }
    unreachable();
}
