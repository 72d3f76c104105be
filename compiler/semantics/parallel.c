/* SPDX-License-Identifier: MIT
 *
 * Whether the iterations of a loop may run side by side: nothing learns in it, it assigns only
 * names of its own, no `present` keeps state, nothing is logged. What bodies do is collected while
 * they are checked, for each enclosing loop and function.
 */
#include "semantics/check.h"

struct effects *effects_enter(struct checker *k, struct effects *storage)
{
    *storage = (struct effects){ .outer = k->effects };
    storage->depth = k->effects != NULL ? k->effects->depth + 1 : 1;
    k->effects = storage;
    return storage;
}

static void add_obstacle(struct effects *effects, const char *what, struct span span)
{
    if (effects->obstacle != NULL)
        return;
    effects->obstacle = what;
    effects->obstacle_span = span;
}

void effects_obstacle(struct checker *k, const char *what, struct span span)
{
    for (struct effects *e = k->effects; e != NULL; e = e->outer)
        add_obstacle(e, what, span);
}

void effects_assign(struct checker *k, struct symbol *symbol, const struct expr *target,
                    struct span span)
{
    struct effect effect = { symbol, target, span };
    for (struct effects *e = k->effects; e != NULL; e = e->outer)
        if (symbol->depth < e->depth)
            array_push(k->arena, &e->assigns, effect);
}

void effects_present(struct checker *k, struct network *network, const struct expr *target,
                     bool keeps_state, struct span span)
{
    struct effect effect = { network->symbol, target, span };
    for (struct effects *e = k->effects; e != NULL; e = e->outer) {
        if (keeps_state && !e->has_presented)
            add_obstacle(e, "it goes on from the state that the iteration before left", span);
        e->has_presented = e->has_presented || !keeps_state;
        array_push(k->arena, &e->presents, effect);
    }
}

void effects_call(struct checker *k, const struct function_instance *f, struct span span)
{
    if (f->learns)
        effects_obstacle(k, "the function that it calls learns", span);
    if (f->keeps_state)
        effects_obstacle(k, "it goes on from the state that the iteration before left", span);
    if (f->logs)
        effects_obstacle(k, "the function that it calls reports in order", span);
    for (size_t i = 0; i < f->assigns.count; i++)
        effects_assign(k, f->assigns.items[i], NULL, span);
}

/* ---- learning ------------------------------------------------------- */

static const struct statement *find_learn(const struct block *block, uint32_t before);

static const struct statement *learn_in(const struct statement *s, uint32_t before)
{
    if (s->span.start >= before)
        return NULL;
    switch (s->kind) {
    case STATEMENT_LEARN: return s;
    case STATEMENT_IF: {
        const struct statement *found = find_learn(s->conditional.then, before);
        if (found == NULL && s->conditional.otherwise != NULL)
            found = find_learn(s->conditional.otherwise, before);
        return found;
    }
    case STATEMENT_FOR: return find_learn(s->loop.body, before);
    case STATEMENT_WHILE: return find_learn(s->while_loop.body, before);
    default: return NULL;
    }
}

/* The last `learn` that starts before an offset and is not undone by a later `freeze all`. */
static const struct statement *find_learn(const struct block *block, uint32_t before)
{
    const struct statement *found = NULL;
    for (size_t i = 0; i < block->statements.count; i++) {
        const struct statement *s = block->statements.items[i];
        if (s->kind == STATEMENT_FREEZE && s->learn.is_all && s->span.start < before)
            found = NULL;
        const struct statement *inner = learn_in(s, before);
        if (inner != NULL)
            found = inner;
    }
    return found;
}

/* ---- verdict -------------------------------------------------------- */

static void mentions(struct expr *e, void *data)
{
    const struct symbol **wanted = data;
    if (*wanted == NULL || e == NULL)
        return;
    if (e->kind == EXPR_NAME && e->symbol == *wanted)
        *wanted = NULL;
    else
        expr_children(e, mentions, data);
}

/* Is the variable of the loop among the indices of the target? */
static bool is_indexed_by(const struct expr *target, const struct for_clause_list *clauses)
{
    for (; target != NULL;) {
        if (target->kind == EXPR_INDEX) {
            for (size_t i = 0; i < target->index.indices.count; i++) {
                const struct symbol *wanted = clauses->items[0].symbol;
                mentions(target->index.indices.items[i], &wanted);
                if (wanted == NULL)
                    return true;
            }
            target = target->index.object;
        } else if (target->kind == EXPR_FIELD) {
            target = target->field.object;
        } else {
            return false;
        }
    }
    return false;
}

static bool is_shared(const struct effect *effect, const struct for_clause_list *clauses)
{
    return !is_indexed_by(effect->target, clauses);
}

/* `parallel for` is a promise: what is shared between iterations is an error. */
static void check_promise(struct checker *k, const struct effects *effects,
                          const struct for_clause_list *clauses)
{
    for (size_t i = 0; i < effects->assigns.count; i++) {
        const struct effect *effect = &effects->assigns.items[i];
        if (!is_shared(effect, clauses))
            continue;
        diag_error(k->c, effect->span, "'parallel for' shares '%s' between its iterations",
                   effect->symbol->name != NULL ? effect->symbol->name->text : "this");
        note_declared(k, effect->symbol);
        diag_hint(k->c, "index it by '%s', or drop 'parallel'",
                  clauses->items[0].variable.name->text);
    }
    for (size_t i = 0; i < effects->presents.count; i++) {
        const struct effect *effect = &effects->presents.items[i];
        if (effect->symbol->network->axes.count == 0 || !is_shared(effect, clauses))
            continue;
        diag_error(k->c, effect->span,
                   "'parallel for' shares the network '%s' between its iterations",
                   effect->symbol->name->text);
        diag_hint(k->c, "index it by '%s', or drop 'parallel'",
                  clauses->items[0].variable.name->text);
    }
}

struct loop_facts *effects_leave(struct checker *k, struct effects *effects, struct span loop,
                                 const struct for_clause_list *clauses, bool is_promised)
{
    k->effects = effects->outer;
    struct loop_facts *facts = arena_new(k->arena, struct loop_facts);
    facts->is_parallel = true;
    if (is_promised) {
        check_promise(k, effects, clauses);
        return facts;
    }
    const struct statement *learn = NULL;
    struct span around = k->body->outermost_loop.source != 0 ? k->body->outermost_loop : loop;
    if (k->body->block != NULL)
        learn = find_learn(k->body->block, around.end);
    if (learn != NULL && effects->presents.count > 0) {
        facts->reason = "the network learns in it";
        facts->reason_span = learn->span;
    } else if (effects->obstacle != NULL) {
        facts->reason = effects->obstacle;
        facts->reason_span = effects->obstacle_span;
    } else if (effects->assigns.count > 0) {
        const struct effect *first = &effects->assigns.items[0];
        facts->reason =
            arena_format(k->arena, "it assigns to '%s', which is declared outside of it",
                         first->symbol->name != NULL ? first->symbol->name->text : "?");
        facts->reason_span = first->span;
    }
    facts->is_parallel = facts->reason == NULL;
    return facts;
}
