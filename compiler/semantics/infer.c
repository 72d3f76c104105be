/* SPDX-License-Identifier: MIT
 *
 * A list of facts about declarations, found by the place of the declaration.
 */
#include "semantics/infer.h"

static bool same_span(struct span a, struct span b)
{
    return a.source == b.source && a.start == b.start && a.end == b.end;
}

static struct inference *find_inference(struct inferences *inferences, const struct symbol *symbol)
{
    for (size_t i = 0; i < inferences->count; i++)
        if (same_span(inferences->items[i].declared, symbol->span) &&
            same_span(inferences->items[i].context, symbol->context))
            return &inferences->items[i];
    return NULL;
}

const struct type *infer_type(struct arena *arena, struct inferences *inferences,
                              struct symbol *symbol, const struct type *t)
{
    bool is_open_kind = t->kind == TYPE_INT && t->is_constant;
    symbol->is_adaptable = is_open_kind || (type_is_number(t) && t->unit.is_any);
    const struct inference *known = find_inference(inferences, symbol);
    if (known == NULL)
        return t;
    struct type *result = arena_new(arena, struct type);
    *result = *t;
    if (known->is_set)
        *result = *type_variable(arena, t);
    if (symbol->is_adaptable && known->is_real && t->kind == TYPE_INT)
        result->kind = result->is_constant ? TYPE_REAL64 : TYPE_REAL32;
    if (symbol->is_adaptable && known->has_unit && t->unit.is_any)
        result->unit = known->unit;
    return result;
}

static struct inference *note_symbol(struct arena *arena, struct inferences *inferences,
                                     const struct symbol *symbol)
{
    struct inference *known = find_inference(inferences, symbol);
    if (known != NULL)
        return known;
    struct inference fresh = { .declared = symbol->span, .context = symbol->context };
    array_push(arena, inferences, fresh);
    return &inferences->items[inferences->count - 1];
}

void infer_constness(struct arena *arena, struct inferences *inferences,
                     const struct symbol *symbol)
{
    struct inference *known = note_symbol(arena, inferences, symbol);
    if (!known->is_set)
        inferences->has_changed = known->is_set = true;
}

void infer_assignment(struct arena *arena, struct inferences *inferences,
                      const struct symbol *symbol, const struct type *value)
{
    if (!symbol->is_adaptable || !type_is_number(value))
        return;
    bool is_real = type_is_real(value);
    bool has_unit = is_real && !value->unit.is_any && !unit_is_none(value->unit);
    if (!is_real && !has_unit)
        return;
    struct inference *known = note_symbol(arena, inferences, symbol);
    if (is_real && !known->is_real)
        inferences->has_changed = known->is_real = true;
    if (has_unit && !known->has_unit) {
        inferences->has_changed = known->has_unit = true;
        known->unit = value->unit;
    }
}
