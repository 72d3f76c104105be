/* SPDX-License-Identifier: MIT
 *
 * Bounds of weights that a handler writes for a whole presentation. They hold at its end; where
 * each weight is written once at most and read for nothing but its own new value, bounding what is
 * written is the same, and saves a pass over the matrix.
 */
#include "ir/lower_internal.h"

struct write_search {
    const struct statement *write; /* the only assignment to w */
    const struct for_clause *loops[RANK_LIMIT];
    size_t loop_count;
    bool is_simple; /* so far */
};

static bool is_weight(const struct expr *e)
{
    return e->kind == EXPR_NAME && e->symbol != NULL && e->symbol->kind == SYMBOL_VARIABLE &&
           e->symbol->variable == VARIABLE_WEIGHT;
}

static void search_weight(struct expr *e, void *data)
{
    if (is_weight(e))
        *(bool *)data = true;
    expr_children(e, search_weight, data);
}

static bool mentions_weight(struct expr *e)
{
    bool is_found = false;
    if (e != NULL)
        search_weight(e, &is_found);
    return is_found;
}

static bool is_same_place(const struct expr *a, const struct expr *b)
{
    bool is_same = a->index.indices.count == b->index.indices.count;
    for (size_t i = 0; is_same && i < a->index.indices.count; i++) {
        const struct expr *x = a->index.indices.items[i], *y = b->index.indices.items[i];
        is_same = x->kind == EXPR_NAME && y->kind == EXPR_NAME && x->symbol == y->symbol;
    }
    return is_same;
}

struct own_search {
    const struct expr *target;
    bool is_own;
};

/* Whether w is read at the place that is written, only. */
static void search_own(struct expr *e, void *data)
{
    struct own_search *search = data;
    if (e->kind == EXPR_INDEX && is_weight(e->index.object)) {
        search->is_own = search->is_own && is_same_place(e, search->target);
        return;
    }
    if (is_weight(e))
        search->is_own = false;
    expr_children(e, search_own, data);
}

/* Every loop around the assignment has its variable among the indices: no place comes twice. */
static bool visits_once(const struct write_search *search, const struct expr *target)
{
    if (target->kind != EXPR_INDEX || !is_weight(target->index.object))
        return false;
    for (size_t i = 0; i < search->loop_count; i++) {
        bool is_used = false;
        for (size_t k = 0; k < target->index.indices.count; k++)
            is_used =
                is_used || (target->index.indices.items[k]->kind == EXPR_NAME &&
                            target->index.indices.items[k]->symbol == search->loops[i]->symbol);
        if (!is_used || search->loops[i]->symbol->domain.kind == DOMAIN_ITEMS)
            return false;
    }
    return true;
}

static void search_block(const struct block *block, struct write_search *search);

static void search_assignment(const struct statement *s, struct write_search *search)
{
    struct expr *target = s->assign.target;
    if (!mentions_weight(target)) {
        search->is_simple = search->is_simple && !mentions_weight(s->assign.value);
        return;
    }
    struct own_search own = { target, true };
    bool is_first = search->write == NULL && s->assign.indices.count == 0;
    search->write = s;
    search->is_simple = search->is_simple && is_first && visits_once(search, target);
    if (search->is_simple)
        search_own(s->assign.value, &own);
    search->is_simple = search->is_simple && own.is_own;
}

static void search_loop(const struct statement *s, struct write_search *search)
{
    size_t outer = search->loop_count;
    for (size_t i = 0; i < s->loop.clauses.count; i++) {
        const struct for_clause *clause = &s->loop.clauses.items[i];
        search->is_simple = search->is_simple && search->loop_count < RANK_LIMIT &&
                            !mentions_weight(clause->domain) && !mentions_weight(clause->by);
        if (search->is_simple)
            search->loops[search->loop_count++] = clause;
    }
    search_block(s->loop.body, search);
    search->loop_count = outer;
}

static void search_block(const struct block *block, struct write_search *search)
{
    for (size_t i = 0; i < block->statements.count && search->is_simple; i++) {
        const struct statement *s = block->statements.items[i];
        switch (s->kind) {
        case STATEMENT_LET: search->is_simple = !mentions_weight(s->let.value); break;
        case STATEMENT_ASSIGN: search_assignment(s, search); break;
        case STATEMENT_FOR: search_loop(s, search); break;
        case STATEMENT_IF:
            search->is_simple = !mentions_weight(s->conditional.condition);
            search_block(s->conditional.then, search);
            if (s->conditional.otherwise != NULL)
                search_block(s->conditional.otherwise, search);
            break;
        default: search->is_simple = false;
        }
    }
}

bool lower_bounds_writes(const struct block *body)
{
    struct write_search search = { .is_simple = true };
    search_block(body, &search);
    return search.is_simple && search.write != NULL;
}
