/* SPDX-License-Identifier: MIT
 *
 * Variables that run over something: of loops, comprehensions, indexed lets and indexed
 * assignments. A variable without `in` runs over the axis of the array that it indexes.
 */
#include <string.h>

#include "semantics/check.h"
#include "semantics/clone.h"

/* ---- finding the domain of a variable without `in` ------------------- */

struct search {
    const struct name *name;
    struct expr *object; /* what the variable indexes; null while not found */
    size_t position;
};

static void search_expr(struct expr *e, void *data)
{
    struct search *search = data;
    if (search->object != NULL || e == NULL)
        return;
    if (e->kind == EXPR_INDEX) {
        for (size_t i = 0; i < e->index.indices.count; i++) {
            const struct expr *index = e->index.indices.items[i];
            if (index->kind == EXPR_NAME && index->name.name == search->name) {
                search->object = e->index.object;
                search->position = i;
                return;
            }
        }
    }
    expr_children(e, search_expr, data);
}

/* The type that `e` will have, found on a copy and without messages: other variables of the same
 * loop may not be declared yet. */
static const struct type *preview_type(struct checker *k, const struct expr *e)
{
    struct diagnostics saved = k->c->diagnostics;
    struct inferences inferences = *k->inferences;
    const struct type *t = check_expr(k, clone_expr(k->arena, e));
    *k->inferences = inferences;
    k->c->diagnostics = saved;
    return t;
}

static const struct axis_list *indexed_axes(const struct type *t)
{
    bool has_axes = type_is_number(t) || t->kind == TYPE_LAYER || t->kind == TYPE_NETWORK ||
                    t->kind == TYPE_CONNECTION;
    return has_axes ? &t->axes : NULL;
}

static bool is_single(const struct type *t)
{
    return type_is_number(t) && t->axes.count == 0;
}

/* Finds what the variable indexes. False after reporting. */
static bool infer_domain(struct checker *k, struct for_clause *clause, struct expr **searched,
                         size_t searched_count, struct domain *domain)
{
    struct search search = { .name = clause->variable.name };
    for (size_t i = 0; i < searched_count; i++)
        search_expr(searched[i], &search);
    if (search.object == NULL) {
        diag_error(k->c, clause->variable.span,
                   "cannot tell what '%s' runs over: it is no index here",
                   clause->variable.name->text);
        diag_hint(k->c, "say it: '%s in ...'", clause->variable.name->text);
        return false;
    }
    const struct type *t = preview_type(k, search.object);
    if (type_is_error(t)) {
        check_expr(k, search.object); /* says what is wrong */
        return false;
    }
    if (is_single(t) && search.object->kind == EXPR_FIELD) { /* a parameter: one for each neuron */
        search.object = search.object->field.object;
        t = preview_type(k, search.object);
    }
    const struct axis_list *axes = indexed_axes(t);
    if (axes == NULL || search.position >= axes->count)
        return false; /* the index expression will be reported */
    domain->kind = DOMAIN_EXTENT;
    domain->expr = search.object;
    domain->position = search.position;
    domain->axis = axes->items[search.position];
    if (domain->axis.name == NULL)
        domain->axis.name = clause->variable.name;
    return true;
}

/* ---- clauses -------------------------------------------------------- */

static const struct type *dataset_item(struct checker *k, const struct type *set,
                                       enum type_kind kind)
{
    struct type *t = arena_new(k->arena, struct type);
    t->kind = kind;
    t->dataset = set->dataset;
    if (kind == TYPE_DATASET) {
        struct dataset *chunk = arena_new(k->arena, struct dataset);
        *chunk = *set->dataset;
        chunk->count = size_unknown();
        t->dataset = chunk;
    }
    return t;
}

static const struct type *samples_domain(struct checker *k, struct for_clause *clause,
                                         const struct type *set, struct domain *domain)
{
    if (dataset_needs_part(set->dataset)) {
        diag_error(k->c, clause->domain->span,
                   "choose a part of the data set, for example '.train'");
        return type_error();
    }
    domain->kind = DOMAIN_SAMPLES;
    domain->by = clause->by;
    bool is_batches = clause->by != NULL || set->kind == TYPE_BATCHES;
    domain->axis.name = names_intern_text(&k->c->names, is_batches ? "batch" : "sample");
    domain->axis.size = is_batches ? size_unknown() : set->dataset->count;
    return dataset_item(k, set, is_batches ? TYPE_DATASET : TYPE_SAMPLE);
}

static const struct type *items_domain(struct checker *k, struct for_clause *clause,
                                       const struct type *t, struct domain *domain)
{
    if (t->axes.count != 1) {
        diag_error(k->c, clause->domain->span, "a loop runs over a range, a set or a list, not %s",
                   type_text(k->arena, t));
        if (t->axes.count == 0)
            diag_hint(k->c, "to count, write '0 ..< n'");
        return type_error();
    }
    domain->kind = DOMAIN_ITEMS;
    domain->axis = t->axes.items[0];
    domain->axis.name = clause->variable.name;
    return type_variable(k->arena, type_element(k->arena, t));
}

/* The type of the variable; fills the domain. */
static const struct type *given_domain(struct checker *k, struct for_clause *clause,
                                       struct domain *domain)
{
    const struct type *t = check_expr(k, clause->domain);
    domain->expr = clause->domain;
    switch (t->kind) {
    case TYPE_ERROR: return t;
    case TYPE_RANGE:
        domain->kind = DOMAIN_RANGE;
        domain->axis = t->axes.items[0];
        domain->by = clause->by;
        if (t->axes.count > 1) {
            domain->axes = t->axes;
            domain->axis = (struct axis){ clause->variable.name, size_unknown() };
        }
        if (clause->by != NULL)
            domain->axis = (struct axis){ NULL, size_unknown() };
        if (domain->axis.name == NULL)
            domain->axis.name = clause->variable.name;
        return type_new(k->arena, TYPE_INT);
    case TYPE_DATASET:
    case TYPE_BATCHES: return samples_domain(k, clause, t, domain);
    case TYPE_LAYER:
        domain->kind = DOMAIN_NEURONS;
        domain->axis.name = clause->variable.name;
        return t->layer == NULL ? type_error() : type_new(k->arena, TYPE_INT);
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_REAL32:
    case TYPE_REAL64: return items_domain(k, clause, t, domain);
    default:
        diag_error(k->c, clause->domain->span, "a loop cannot run over %s", type_text(k->arena, t));
        return type_error();
    }
}

static void check_by(struct checker *k, struct for_clause *clause)
{
    if (clause->by == NULL)
        return;
    const struct type *t = check_unit(k, clause->by, unit_none(), "what follows 'by'");
    if (!type_is_error(t) && type_is_real(t) && !t->is_constant)
        diag_error(k->c, clause->by->span, "what follows 'by' must be a whole number");
    const struct type *domain = clause->domain != NULL ? clause->domain->type : type_error();
    if (!type_is_error(domain) && domain->kind != TYPE_DATASET && domain->kind != TYPE_RANGE)
        diag_error(k->c, clause->by->span, "'by' cuts a data set or a range, not %s",
                   type_text(k->arena, domain));
    if (clause->by->constant != NULL && constant_number(clause->by->constant) < 1)
        diag_error(k->c, clause->by->span, "what follows 'by' must be at least 1");
}

static bool is_word_layer(struct checker *k, const struct for_clause *clause)
{
    return clause->domain == NULL && k->body->kind == BODY_NEURON &&
           strcmp(clause->variable.name->text, "layer") == 0;
}

static void check_clause(struct checker *k, struct for_clause *clause, struct expr **searched,
                         size_t searched_count)
{
    struct symbol *symbol =
        symbol_new(k->arena, SYMBOL_INDEX, clause->variable.name, clause->variable.span);
    clause->symbol = symbol;
    symbol->type = type_error();
    if (clause->variable.name == NULL)
        return;
    if (is_word_layer(k, clause)) {
        symbol->domain.kind = DOMAIN_LAYER;
        symbol->type = type_new(k->arena, TYPE_INT);
        symbol->layer = k->body->layer;
        return;
    }
    if (clause->domain != NULL)
        symbol->type = given_domain(k, clause, &symbol->domain);
    else if (infer_domain(k, clause, searched, searched_count, &symbol->domain))
        symbol->type = type_new(k->arena, TYPE_INT);
    check_by(k, clause);
    declare(k, symbol);
}

void check_clauses(struct checker *k, struct for_clause_list *clauses, struct expr **searched,
                   size_t searched_count)
{
    for (size_t i = 0; i < clauses->count; i++)
        check_clause(k, &clauses->items[i], searched, searched_count);
}

void clause_axes(struct checker *k, const struct for_clause *clause, struct axis_list *axes)
{
    const struct domain *domain = &clause->symbol->domain;
    if (domain->axes.count == 0)
        array_push(k->arena, axes, domain->axis);
    for (size_t i = 0; i < domain->axes.count; i++)
        array_push(k->arena, axes, domain->axes.items[i]);
}

/* ---- comprehensions ------------------------------------------------- */

static bool takes_keys(const struct builtin *builtin)
{
    return builtin->id == BUILTIN_ARGMIN || builtin->id == BUILTIN_ARGMAX;
}

static const struct builtin *reduction_of(struct checker *k, struct expr *callee)
{
    callee->type = type_new(k->arena, TYPE_FUNCTION);
    if (callee->kind != EXPR_NAME)
        return NULL;
    const struct builtin *builtin = builtin_find(callee->name.name);
    if (builtin != NULL && builtin->group == BUILTIN_GROUP_REDUCE)
        return builtin;
    struct suggestion suggestion = suggest_begin(callee->name.name->text);
    builtin_suggest(BUILTIN_GROUP_REDUCE, &suggestion);
    diag_error(k->c, callee->span, "'%s' does not reduce many values to one",
               callee->name.name->text);
    if (suggestion.best != NULL)
        diag_hint(k->c, "did you mean '%s'?", suggestion.best);
    else
        diag_hint(k->c, "sum, mean, min, max, argmin, argmax, any, all and count do");
    return NULL;
}

static bool check_key(struct checker *k, const struct builtin *builtin, struct expr *key)
{
    const struct type *t = check_number(k, key, "what is reduced");
    if (type_is_error(t))
        return false;
    if (t->axes.count > 0) {
        diag_error(k->c, key->span, "what is reduced must be a single number, not an array %s",
                   axes_text(k->arena, &t->axes));
        diag_hint(k->c, "index all of its axes");
        return false;
    }
    bool wants_condition =
        builtin->id == BUILTIN_ANY || builtin->id == BUILTIN_ALL || builtin->id == BUILTIN_COUNT;
    if (wants_condition && t->kind != TYPE_BOOL)
        return diag_error(k->c, key->span, "'%s' counts conditions, not numbers", builtin->name);
    return builtin->units != BUILTIN_UNITS_NONE || require_unit(k, key, unit_none(), "this");
}

const struct type *clause_value_type(struct checker *k, const struct for_clause *clause)
{
    return clause->symbol->domain.kind == DOMAIN_SAMPLES ? type_new(k->arena, TYPE_INT)
                                                         : clause->symbol->type;
}

/* argmax over one variable gives its value, over several a record of them. */
static const struct type *position_type(struct checker *k, const struct for_clause_list *clauses)
{
    if (clauses->count == 1)
        return clause_value_type(k, &clauses->items[0]);
    struct type *t = arena_new(k->arena, struct type);
    t->kind = TYPE_RECORD;
    t->variables = clauses;
    for (size_t i = 0; i < clauses->count; i++)
        array_push(k->arena, &t->axes, clauses->items[i].symbol->domain.axis);
    return t;
}

/* The type of reducing values of the type `key` to one. */
static const struct type *reduced_type(struct checker *k, const struct builtin *builtin,
                                       const struct type *key)
{
    struct type *t = arena_new(k->arena, struct type);
    *t = *type_variable(k->arena, type_element(k->arena, key));
    switch (builtin->id) {
    case BUILTIN_ANY:
    case BUILTIN_ALL: t->kind = TYPE_BOOL; break;
    case BUILTIN_COUNT: t->kind = TYPE_INT; break;
    case BUILTIN_MIN:
    case BUILTIN_MAX:
    case BUILTIN_SUM:
    case BUILTIN_PROD:
        if (t->kind == TYPE_BOOL)
            t->kind = TYPE_INT;
        break;
    case BUILTIN_MEAN:
    case BUILTIN_VAR:
    case BUILTIN_STD:
        if (!type_is_real(t))
            t->kind = TYPE_REAL32;
        break;
    default: break;
    }
    if (builtin->units == BUILTIN_UNITS_SQUARE)
        t->unit = unit_power(t->unit, 2);
    t->is_constant = false;
    return t;
}

const struct type *check_comprehension(struct checker *k, struct expr *e)
{
    const struct builtin *builtin = reduction_of(k, e->comprehension.callee);
    struct scope *outer = k->scope;
    k->scope = scope_new(k->arena, outer);
    e->comprehension.scope = k->scope;
    struct expr_list *keys = &e->comprehension.keys;
    struct expr_list searched = { 0 };
    for (size_t i = 0; i < keys->count; i++)
        array_push(k->arena, &searched, keys->items[i]);
    if (e->comprehension.condition != NULL)
        array_push(k->arena, &searched, e->comprehension.condition);
    check_clauses(k, &e->comprehension.clauses, searched.items, searched.count);
    struct effects storage;
    struct effects *effects = effects_enter(k, &storage);
    if (e->comprehension.condition != NULL)
        check_condition(k, e->comprehension.condition);
    bool fits = builtin != NULL;
    for (size_t i = 0; i < keys->count; i++) {
        if (builtin == NULL)
            check_expr(k, keys->items[i]);
        else
            fits = check_key(k, builtin, keys->items[i]) && fits;
    }
    e->comprehension.facts = effects_leave(k, effects, e->span, &e->comprehension.clauses, false);
    k->scope = outer;
    if (!fits)
        return type_error();
    if (keys->count > 1 && !takes_keys(builtin)) {
        diag_error(k->c, e->span, "'%s' reduces one value, not %zu", builtin->name, keys->count);
        return type_error();
    }
    e->target = arena_new(k->arena, struct call_target);
    e->target->kind = CALL_BUILTIN;
    e->target->builtin = builtin;
    e->target->arguments = keys->items;
    e->target->count = keys->count;
    return takes_keys(builtin) ? position_type(k, &e->comprehension.clauses)
                               : reduced_type(k, builtin, keys->items[0]->type);
}

const struct type *check_reduction_of_array(struct checker *k, struct expr *e,
                                            const struct builtin *builtin, struct expr *array)
{
    const struct type *t = array->type;
    if (t->axes.count == 0) {
        diag_error(k->c, array->span, "'%s' reduces an array; this is a single number",
                   builtin->name);
        diag_hint(k->c, "write '%s(... for i in ...)'", builtin->name);
        return type_error();
    }
    bool wants_condition =
        builtin->id == BUILTIN_ANY || builtin->id == BUILTIN_ALL || builtin->id == BUILTIN_COUNT;
    if (wants_condition && t->kind != TYPE_BOOL) {
        diag_error(k->c, array->span, "'%s' counts conditions, not numbers", builtin->name);
        return type_error();
    }
    if (!takes_keys(builtin))
        return reduced_type(k, builtin, t);
    if (t->axes.count > 1) {
        diag_error(k->c, e->span, "'%s' of an array with %zu axes has no single position",
                   builtin->name, t->axes.count);
        diag_hint(k->c, "write '%s(... for i in ..., j in ...)'", builtin->name);
        return type_error();
    }
    return type_new(k->arena, TYPE_INT);
}

/* ---- for ... yield -------------------------------------------------- */

enum yields {
    YIELDS_NEVER,
    YIELDS_ONCE,
    YIELDS_SOMETIMES,
};

static enum yields block_yields(const struct block *block);

static enum yields statement_yields(const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_YIELD: return YIELDS_ONCE;
    case STATEMENT_ERROR: return YIELDS_ONCE; /* do not complain about what was not understood */
    case STATEMENT_IF: {
        enum yields then = block_yields(s->conditional.then);
        enum yields otherwise = s->conditional.otherwise != NULL
                                    ? block_yields(s->conditional.otherwise)
                                    : YIELDS_NEVER;
        return then == otherwise ? then : YIELDS_SOMETIMES;
    }
    case STATEMENT_FOR:
        return block_yields(s->loop.body) == YIELDS_NEVER ? YIELDS_NEVER : YIELDS_SOMETIMES;
    case STATEMENT_WHILE:
        return block_yields(s->while_loop.body) == YIELDS_NEVER ? YIELDS_NEVER : YIELDS_SOMETIMES;
    default: return YIELDS_NEVER;
    }
}

static enum yields block_yields(const struct block *block)
{
    enum yields total = YIELDS_NEVER;
    for (size_t i = 0; i < block->statements.count; i++) {
        enum yields one = statement_yields(block->statements.items[i]);
        if (one == YIELDS_NEVER)
            continue;
        total = total == YIELDS_NEVER ? one : YIELDS_SOMETIMES;
    }
    return total;
}

static void check_yields_once(struct checker *k, const struct expr *e)
{
    switch (block_yields(e->loop.body)) {
    case YIELDS_ONCE: break;
    case YIELDS_NEVER:
        diag_error(k->c, e->span, "this loop gives an array, but its body yields nothing");
        diag_hint(k->c, "end the body with 'yield ...'");
        break;
    case YIELDS_SOMETIMES:
        diag_error(k->c, e->span, "each iteration must yield exactly once");
        break;
    }
}

static const struct type *yield_result(struct checker *k, const struct expr *e,
                                       const struct type *yielded)
{
    if (yielded == NULL || type_is_error(yielded))
        return type_error();
    struct axis_list axes = { 0 };
    for (size_t i = 0; i < e->loop.clauses.count; i++)
        clause_axes(k, &e->loop.clauses.items[i], &axes);
    for (size_t i = 0; i < yielded->axes.count; i++)
        array_push(k->arena, &axes, yielded->axes.items[i]);
    for (size_t i = 0; i < e->loop.clauses.count; i++)
        if (type_is_error(e->loop.clauses.items[i].symbol->type))
            return type_error();
    return type_with_axes(k->arena, type_variable(k->arena, yielded), axes);
}

const struct type *check_yield_loop(struct checker *k, struct expr *e)
{
    struct body *body = k->body;
    struct body saved = *body;
    struct scope *outer = k->scope;
    struct effects storage;
    k->scope = scope_new(k->arena, outer);
    check_clauses(k, &e->loop.clauses, NULL, 0);
    struct effects *effects = effects_enter(k, &storage);
    if (body->outermost_loop.source == 0)
        body->outermost_loop = e->span;
    body->is_in_yield_loop = true;
    body->is_exported = e->loop.is_exported;
    body->loop_depth++;
    body->yielded = NULL;
    body->yielding = NULL;
    check_block(k, e->loop.body);
    check_yields_once(k, e);
    const struct type *yielded = body->yielded;
    e->loop.facts = effects_leave(k, effects, e->span, &e->loop.clauses, false);
    body->is_in_yield_loop = saved.is_in_yield_loop;
    body->is_exported = saved.is_exported;
    body->loop_depth = saved.loop_depth;
    body->outermost_loop = saved.outermost_loop;
    body->yielded = saved.yielded;
    body->yields_events = saved.yields_events;
    body->yielding = saved.yielding;
    k->scope = outer;
    return yield_result(k, e, yielded);
}
