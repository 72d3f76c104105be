/* SPDX-License-Identifier: MIT
 *
 * Domains of loop variables, comprehensions, reductions, and the two statements that run over every
 * index: `let a[i in s]` and assignment.
 */
#include "ir/lower_internal.h"

#include <string.h>

/* ---- domains ---- */

static struct ir_node *quotient_up(struct lowering *l, struct ir_node *count, struct ir_node *size)
{
    struct ir_node *up =
        ir_binary(&l->b, IR_SUB, ir_binary(&l->b, IR_ADD, count, size), ir_integer(&l->b, 1));
    return ir_binary(&l->b, IR_DIV, up, size);
}

/* The number after `by`; it must be at least 1. */
static struct ir_node *stride(struct lowering *l, struct expr *by)
{
    struct ir_node *size = lower_as(l, by, IR_I64);
    struct ir_node *is_wrong = ir_binary(&l->b, IR_LT, size, ir_integer(&l->b, 1));
    if (is_wrong->kind == IR_NODE_INSTR && is_wrong->op == IR_CONST &&
        is_wrong->payload.integer == 0)
        return size;
    struct ir_node *check = ir_if(&l->b, is_wrong);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &check->branch.then_body;
    ir_call_rt(&l->b, IR_RT_snn_rt_panic_size, 3,
               (struct ir_node *[]){ ir_text(&l->b, lower_place(l, by->span)),
                                     ir_text(&l->b, "the step of this loop"),
                                     ir_cast(&l->b, IR_F64, size) });
    l->b = outer;
    return size;
}

/* `set by size` and `set.batches(size, drop_last)`. */
struct batching {
    struct expr *set, *size, *drop_last; /* size: null where single samples are meant */
};

static struct batching batching_of(const struct domain *domain)
{
    struct expr *e = (struct expr *)domain->expr;
    if (e->type->kind == TYPE_BATCHES && e->target != NULL &&
        e->target->builtin->id == BUILTIN_BATCHES)
        return (struct batching){ e->target->arguments[0], e->target->arguments[1],
                                  e->target->arguments[2] };
    return (struct batching){ e, (struct expr *)domain->by, NULL };
}

static struct ir_node *batch_count(struct lowering *l, const struct batching *batching,
                                   struct ir_node *count)
{
    struct ir_node *size = stride(l, batching->size), *all = quotient_up(l, count, size);
    if (batching->drop_last == NULL)
        return all;
    struct ir_node *drops = lower_condition(l, batching->drop_last);
    return ir_select(&l->b, drops, ir_binary(&l->b, IR_DIV, count, size), all);
}

/* A set is drawn once, when its loop begins: its view is kept beside its size. */
static struct binding *domain_view(struct lowering *l, const struct for_clause *clause)
{
    struct binding *view = lower_prepared_as(l, &clause->symbol->domain);
    return view != NULL ? view : lower_view(l, batching_of(&clause->symbol->domain).set);
}

static struct ir_node *sample_count(struct lowering *l, const struct for_clause *clause)
{
    struct batching batching = batching_of(&clause->symbol->domain);
    struct binding *view = lower_view(l, batching.set);
    lower_set_prepared(l, &clause->symbol->domain, view);
    struct ir_node *count =
        lower_data_call(l, IR_RT_snn_rt_data_count, batching.set->span, 1, &view->node);
    return batching.size != NULL ? batch_count(l, &batching, count) : count;
}

static struct ir_node *domain_size(struct lowering *l, const struct for_clause *clause)
{
    const struct domain *domain = &clause->symbol->domain;
    struct expr *e = (struct expr *)domain->expr;
    if (domain->axes.count > 1) {
        lower_refuse(l, clause->span, "a loop over several axes at once cannot be compiled yet");
        return ir_integer(&l->b, 1);
    }
    switch (domain->kind) {
    case DOMAIN_RANGE: {
        struct ir_node *size = lower_extent(l, e, 0);
        return domain->by != NULL ? quotient_up(l, size, stride(l, (struct expr *)domain->by))
                                  : size;
    }
    case DOMAIN_EXTENT: return lower_extent(l, e, domain->position);
    case DOMAIN_ITEMS: lower_prepare(l, e); return lower_extent(l, e, 0);
    case DOMAIN_SAMPLES: return sample_count(l, clause);
    case DOMAIN_NEURONS:
        if (lower_walk_of(l, clause->symbol) != NULL)
            return lower_walk_of(l, clause->symbol)->count;
        return lower_size_leaf(l, lowered_layer_of(l, e->type->layer)->size);
    case DOMAIN_LAYER:
        if (l->kernel != NULL)
            return lower_size_leaf(l, l->kernel->layer->size);
        break;
    }
    lower_refuse(l, clause->span, "this loop cannot be compiled yet");
    return ir_integer(&l->b, 1);
}

struct ir_node *lower_domain_size(struct lowering *l, const struct for_clause_list *clauses,
                                  struct ir_node **sizes)
{
    struct ir_node *total = NULL;
    for (size_t i = 0; i < clauses->count; i++) {
        const struct for_clause *clause = &clauses->items[i];
        sizes[i] = domain_size(l, clause);
        total = total == NULL ? sizes[i] : ir_binary(&l->b, IR_MUL, total, sizes[i]);
    }
    return total;
}

static struct binding *batch_binding(struct lowering *l, const struct batching *batching,
                                     struct binding *view, struct ir_node *k)
{
    struct ir_node *size = lower_as(l, batching->size, IR_I64);
    struct ir_node *low = ir_binary(&l->b, IR_MUL, k, size);
    struct ir_node *count =
        lower_data_call(l, IR_RT_snn_rt_data_count, batching->set->span, 1, &view->node);
    struct ir_node *high = ir_binary(&l->b, IR_MIN, ir_binary(&l->b, IR_ADD, low, size), count);
    struct binding *batch = binding_new(l, BINDING_VIEW);
    batch->node = lower_data_call(l, IR_RT_snn_rt_data_chunk, batching->set->span, 3,
                                  (struct ir_node *[]){ view->node, low, high });
    return batch;
}

static struct ir_node *range_value(struct lowering *l, const struct domain *domain,
                                   struct ir_node *k)
{
    if (domain->by != NULL)
        k = ir_binary(&l->b, IR_MUL, k, lower_as(l, (struct expr *)domain->by, IR_I64));
    if (domain->expr->kind != EXPR_RANGE)
        return k;
    return ir_binary(&l->b, IR_ADD, lower_as(l, domain->expr->range.low, IR_I64), k);
}

static struct binding *clause_binding(struct lowering *l, const struct for_clause *clause,
                                      struct ir_node *k)
{
    const struct domain *domain = &clause->symbol->domain;
    struct binding *binding;
    switch (domain->kind) {
    case DOMAIN_SAMPLES: {
        struct binding *view = domain_view(l, clause);
        struct batching batching = batching_of(domain);
        if (batching.size != NULL)
            return batch_binding(l, &batching, view, k);
        binding = binding_new(l, BINDING_SAMPLE);
        binding->node = view->node;
        binding->index = k;
        return binding;
    }
    case DOMAIN_ITEMS:
        return binding_value(l, lower_element(l, (struct expr *)domain->expr, &k, 1));
    case DOMAIN_RANGE: return binding_value(l, range_value(l, domain, k));
    case DOMAIN_NEURONS:
        if (lower_walk_of(l, clause->symbol) != NULL)
            k = lower_walk_to(l, lower_walk_of(l, clause->symbol), k);
        break;
    default: break;
    }
    return binding_value(l, k);
}

void lower_bind_clauses(struct lowering *l, const struct for_clause_list *clauses,
                        struct ir_node *const *sizes, struct ir_node *flat)
{
    for (size_t i = clauses->count; i-- > 0;) {
        struct ir_node *k = i > 0 ? ir_binary(&l->b, IR_MOD, flat, sizes[i]) : flat;
        if (i > 0)
            flat = ir_binary(&l->b, IR_DIV, flat, sizes[i]);
        clauses->items[i].symbol->binding = clause_binding(l, &clauses->items[i], k);
    }
}

/* ---- indices that are checked once, ahead of the loop ---- */

struct index_checks {
    struct lowering *l;
    const struct for_clause_list *clauses;
    struct ir_node *const *sizes;
};

static int clause_of(const struct index_checks *checks, const struct expr *index)
{
    if (index->kind == EXPR_NAME && index->symbol != NULL && index->symbol->kind == SYMBOL_INDEX)
        for (size_t i = 0; i < checks->clauses->count; i++)
            if (checks->clauses->items[i].symbol == index->symbol)
                return (int)i;
    return -1;
}

static bool starts_at_zero(const struct domain *domain)
{
    if (domain->kind != DOMAIN_RANGE)
        return domain->kind != DOMAIN_ITEMS;
    const struct expr *e = domain->expr;
    if (domain->by != NULL)
        return false;
    return e->kind != EXPR_RANGE ||
           (e->range.low->constant != NULL && e->range.low->constant->kind == CONSTANT_INT &&
            e->range.low->constant->integer == 0);
}

static void panic_unless_inside(struct lowering *l, struct expr *array, struct ir_node *size,
                                struct ir_node *extent)
{
    struct ir_node *is_outside = ir_binary(&l->b, IR_GT, size, extent);
    if (is_outside->kind == IR_NODE_INSTR && is_outside->op == IR_CONST &&
        is_outside->payload.integer == 0)
        return;
    struct ir_node *check = ir_if(&l->b, is_outside);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &check->branch.then_body;
    ir_call_rt(&l->b, IR_RT_snn_rt_panic_extent, 5,
               (struct ir_node *[]){ ir_text(&l->b, lower_place(l, array->span)),
                                     ir_text(&l->b, "the loop"), size, ir_text(&l->b, "the array"),
                                     extent });
    l->b = outer;
}

static void check_child(struct expr *e, void *data)
{
    struct index_checks *checks = data;
    struct lowering *l = checks->l;
    expr_children(e, check_child, data);
    if (e->kind != EXPR_INDEX || e->index.object->kind == EXPR_INDEX)
        return;
    bool is_memory = e->index.object->kind == EXPR_NAME || e->index.object->kind == EXPR_FIELD ||
                     lower_prepared(l, e->index.object) != NULL;
    size_t position = 0, next = 0;
    for (size_t i = 0; i < e->index.indices.count && is_memory; i++) {
        const struct expr *index = e->index.indices.items[i];
        position = next;
        next += index_axes(index, &e->index.object->type->axes, position);
        int clause = clause_of(checks, index);
        if (clause < 0)
            continue;
        const struct symbol *symbol = checks->clauses->items[clause].symbol;
        if (!starts_at_zero(&symbol->domain))
            continue;
        if (symbol->domain.kind == DOMAIN_NEURONS && l->rule != NULL)
            continue;
        if (symbol->domain.kind == DOMAIN_EXTENT && symbol->domain.position == position &&
            symbol->domain.expr == e->index.object)
            continue;
        struct ir_node *extent = lower_extent(l, e->index.object, position);
        for (size_t k = position + 1; k < next; k++)
            extent = ir_binary(&l->b, IR_MUL, extent, lower_extent(l, e->index.object, k));
        panic_unless_inside(l, e, checks->sizes[clause], extent);
    }
}

static void check_ahead(struct lowering *l, const struct for_clause_list *clauses,
                        struct ir_node *const *sizes, struct expr *const *expressions, size_t count)
{
    struct index_checks checks = { l, clauses, sizes };
    for (size_t i = 0; i < count; i++)
        if (expressions[i] != NULL)
            check_child(expressions[i], &checks);
}

static void mark_checked(const struct for_clause_list *clauses)
{
    for (size_t i = 0; i < clauses->count; i++)
        if (starts_at_zero(&clauses->items[i].symbol->domain))
            clauses->items[i].symbol->binding->is_checked = true;
}

/* ---- reductions ---- */

/* What is reduced: keys of a comprehension, or the elements of an array. */
struct reducer {
    const struct for_clause_list *clauses; /* null: elements of `array` */
    struct ir_node *sizes[RANK_LIMIT];
    struct ir_node *total;
    struct expr *const *keys;
    size_t key_count;
    struct expr *condition;
    struct expr *array;
    size_t rank;
    const struct value_loop *made; /* null: keys and condition are computed on the way */
};

enum reduced { REDUCED_KEY, REDUCED_ONE, REDUCED_SQUARE };

static struct ir_node *reduced_element(struct lowering *l, struct reducer *r, struct ir_node *flat,
                                       size_t key)
{
    if (r->made != NULL)
        return ir_load(&l->b, r->made->arrays[key]->buffer, flat);
    if (r->clauses != NULL)
        return lower_scalar(l, r->keys[key]);
    struct ir_node *indices[RANK_LIMIT], *rest = flat;
    for (size_t d = r->rank; d-- > 1;) {
        indices[d] = ir_binary(&l->b, IR_MOD, rest, r->sizes[d]);
        rest = ir_binary(&l->b, IR_DIV, rest, r->sizes[d]);
    }
    indices[0] = rest;
    return lower_element(l, r->array, indices, r->rank);
}

static struct ir_node *reduce(struct lowering *l, struct reducer *r, enum ir_reduction reduction,
                              enum ir_type type, enum reduced what, struct ir_node *mean)
{
    bool is_arg = reduction == IR_REDUCE_ARGMIN || reduction == IR_REDUCE_ARGMAX;
    struct ir_node *node =
        ir_reduce(&l->b, reduction, is_arg ? IR_I64 : type, ir_integer(&l->b, 0), r->total);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &node->reduce.body;
    l->reductions++;
    if (r->clauses != NULL && r->made == NULL) {
        lower_bind_clauses(l, r->clauses, r->sizes, node->reduce.index);
        mark_checked(r->clauses);
    }
    if (r->made != NULL && r->condition != NULL)
        node->reduce.condition = ir_load(&l->b, r->made->chosen->buffer, node->reduce.index);
    else if (r->condition != NULL)
        node->reduce.condition = lower_condition(l, r->condition);
    node->reduce.key_count =
        is_arg && r->key_count > 0 ? (int32_t)(r->key_count < 4 ? r->key_count : 4) : 1;
    for (int32_t k = 0; k < node->reduce.key_count; k++) {
        struct ir_node *value = what == REDUCED_ONE
                                    ? ir_integer(&l->b, 1)
                                    : reduced_element(l, r, node->reduce.index, (size_t)k);
        if (!is_arg)
            value = lower_cast(l, type, value);
        else if (value->type == IR_BOOL)
            value = ir_cast(&l->b, IR_I64, value);
        if (what == REDUCED_SQUARE) {
            value = ir_binary(&l->b, IR_SUB, value, mean);
            value = ir_binary(&l->b, IR_MUL, value, value);
        }
        node->reduce.keys[k] = value;
    }
    l->reductions--;
    l->b = outer;
    return node;
}

static struct ir_node *element_count(struct lowering *l, struct reducer *r)
{
    return r->condition == NULL ? r->total : reduce(l, r, IR_REDUCE_SUM, IR_I64, REDUCED_ONE, NULL);
}

static struct ir_node *quotient(struct lowering *l, struct ir_node *sum, struct ir_node *count)
{
    struct ir_node *is_empty = ir_binary(&l->b, IR_EQ, count, ir_integer(&l->b, 0));
    struct ir_node *mean = ir_binary(&l->b, IR_DIV, sum, ir_cast(&l->b, sum->type, count));
    return ir_select(&l->b, is_empty, ir_real(&l->b, sum->type, 0), mean);
}

/* No whole number is inf: MIN or MAX of none of them ends the run. */
static void panic_if_nothing(struct lowering *l, const struct expr *e, struct reducer *r,
                             struct ir_node *result, enum ir_reduction reduction)
{
    bool is_max = reduction == IR_REDUCE_MAX;
    struct ir_node *of_nothing = ir_integer(&l->b, is_max ? INT64_MIN : INT64_MAX);
    struct ir_node *suspicion = ir_binary(&l->b, IR_EQ, result, of_nothing);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &ir_if(&l->b, suspicion)->branch.then_body;
    struct ir_node *is_empty = ir_binary(&l->b, IR_EQ, element_count(l, r), ir_integer(&l->b, 0));
    l->b.block = &ir_if(&l->b, is_empty)->branch.then_body;
    const char *text = arena_format(
        &l->c->arena,
        "the %s of no whole numbers would be %s, which is none; make them real, as in "
        "'%s(1.0 * ...)', or ask with 'any' first",
        is_max ? "largest" : "smallest", is_max ? "-inf" : "inf", e->target->builtin->name);
    ir_call_rt(
        &l->b, IR_RT_snn_rt_panic, 2,
        (struct ir_node *[]){ ir_text(&l->b, lower_place(l, e->span)), ir_text(&l->b, text) });
    l->b = outer;
}

static struct ir_node *extreme(struct lowering *l, const struct expr *e, struct reducer *r,
                               enum ir_reduction reduction)
{
    struct ir_node *result = reduce(l, r, reduction, lower_type(e->type), REDUCED_KEY, NULL);
    bool is_full =
        r->condition == NULL && r->total->kind == IR_NODE_INSTR &&
        (r->total->op == IR_SIZE || (r->total->op == IR_CONST && r->total->payload.integer > 0));
    if (result->type == IR_I64 && !is_full)
        panic_if_nothing(l, e, r, result, reduction);
    return result;
}

static struct ir_node *run_reducer(struct lowering *l, const struct expr *e, struct reducer *r)
{
    enum ir_type type = lower_type(e->type);
    switch (e->target->builtin->id) {
    case BUILTIN_SUM: return reduce(l, r, IR_REDUCE_SUM, type, REDUCED_KEY, NULL);
    case BUILTIN_COUNT: return reduce(l, r, IR_REDUCE_SUM, IR_I64, REDUCED_KEY, NULL);
    case BUILTIN_PROD: return reduce(l, r, IR_REDUCE_PRODUCT, type, REDUCED_KEY, NULL);
    case BUILTIN_MIN: return extreme(l, e, r, IR_REDUCE_MIN);
    case BUILTIN_MAX: return extreme(l, e, r, IR_REDUCE_MAX);
    case BUILTIN_ANY: return reduce(l, r, IR_REDUCE_ANY, IR_BOOL, REDUCED_KEY, NULL);
    case BUILTIN_ALL: return reduce(l, r, IR_REDUCE_ALL, IR_BOOL, REDUCED_KEY, NULL);
    case BUILTIN_ARGMIN: return reduce(l, r, IR_REDUCE_ARGMIN, IR_I64, REDUCED_KEY, NULL);
    case BUILTIN_ARGMAX: return reduce(l, r, IR_REDUCE_ARGMAX, IR_I64, REDUCED_KEY, NULL);
    case BUILTIN_MEAN:
        return quotient(l, reduce(l, r, IR_REDUCE_SUM, type, REDUCED_KEY, NULL),
                        element_count(l, r));
    case BUILTIN_VAR:
    case BUILTIN_STD: {
        struct ir_node *count = element_count(l, r);
        struct ir_node *mean =
            quotient(l, reduce(l, r, IR_REDUCE_SUM, type, REDUCED_KEY, NULL), count);
        struct ir_node *variance =
            quotient(l, reduce(l, r, IR_REDUCE_SUM, type, REDUCED_SQUARE, mean), count);
        return e->target->builtin->id == BUILTIN_VAR ? variance
                                                     : ir_unary(&l->b, IR_SQRT, variance);
    }
    default: break;
    }
    lower_refuse(l, e->span, "'%s' cannot be compiled yet", e->target->builtin->name);
    return ir_integer(&l->b, 0);
}

/* The value of a loop variable at a position; of samples: the position. -1 where there is none. */
static struct ir_node *value_at(struct lowering *l, const struct for_clause *clause,
                                struct ir_node *position, struct ir_node *is_none)
{
    const struct domain *domain = &clause->symbol->domain;
    struct ir_node *value = position;
    if (domain->kind == DOMAIN_RANGE || domain->kind == DOMAIN_ITEMS)
        value = clause_binding(l, clause, position)->node;
    return ir_select(&l->b, is_none, ir_cast(&l->b, value->type, ir_integer(&l->b, -1)), value);
}

/* argmax over one variable gives its value, not its position. */
static struct ir_node *position_to_value(struct lowering *l, const struct for_clause_list *clauses,
                                         struct ir_node *position)
{
    const struct domain *domain = &clauses->items[0].symbol->domain;
    bool is_shifted =
        domain->kind == DOMAIN_RANGE &&
        (domain->by != NULL || (domain->expr->kind == EXPR_RANGE && !starts_at_zero(domain)));
    if (clauses->count > 1 || (!is_shifted && domain->kind != DOMAIN_ITEMS))
        return position;
    struct ir_node *is_none = ir_binary(&l->b, IR_LT, position, ir_integer(&l->b, 0));
    struct ir_node *safe = ir_binary(&l->b, IR_MAX, position, ir_integer(&l->b, 0));
    return value_at(l, &clauses->items[0], safe, is_none);
}

static struct binding *record_of(struct lowering *l, struct expr *e)
{
    const struct for_clause_list *clauses = &e->comprehension.clauses;
    struct binding *record = binding_new(l, BINDING_RECORD);
    struct ir_node *sizes[RANK_LIMIT];
    struct ir_node *flat = lower_comprehension(l, e);
    struct ir_node *is_none = ir_binary(&l->b, IR_LT, flat, ir_integer(&l->b, 0));
    struct ir_node *rest = ir_binary(&l->b, IR_MAX, flat, ir_integer(&l->b, 0));
    lower_domain_size(l, clauses, sizes);
    record->rank = (int32_t)clauses->count;
    for (size_t d = clauses->count; d-- > 0;) {
        struct ir_node *position = d > 0 ? ir_binary(&l->b, IR_MOD, rest, sizes[d]) : rest;
        rest = d > 0 ? ir_binary(&l->b, IR_DIV, rest, sizes[d]) : rest;
        record->fields[d] = value_at(l, &clauses->items[d], position, is_none);
    }
    return record;
}

struct binding *lower_record(struct lowering *l, struct expr *e)
{
    struct binding *record = NULL;
    if (e->kind == EXPR_COMPREHENSION)
        record = record_of(l, e);
    else if (e->kind == EXPR_CALL)
        record = lower_call(l, e);
    else if (e->kind == EXPR_NAME)
        record = binding_of(l, e->symbol, e->span);
    if (record != NULL && record->kind == BINDING_RECORD)
        return record;
    lower_refuse(l, e->span, "this record cannot be read yet");
    record = binding_new(l, BINDING_RECORD);
    for (int32_t d = 0; d < RANK_LIMIT; d++)
        record->fields[d] = ir_integer(&l->b, 0);
    return record;
}

static bool is_over_layer(const struct expr *e)
{
    return e->comprehension.clauses.items[0].symbol->domain.kind == DOMAIN_LAYER;
}

/* What does not change from element to element. */
static void prepare_keys(struct lowering *l, struct expr *e)
{
    if (l->reductions > 0 || l->kernel != NULL || l->rule != NULL || l->in_setup)
        return;
    lower_unbind_clauses(&e->comprehension.clauses);
    for (size_t i = 0; i < e->target->count; i++)
        lower_prepare(l, e->target->arguments[i]);
    if (e->comprehension.condition != NULL)
        lower_prepare(l, e->comprehension.condition);
}

static bool keys_need_order(struct lowering *l, const struct reducer *r)
{
    bool needs = l->reductions == 0 && lower_needs_order(l, r->condition);
    for (size_t i = 0; i < r->key_count && l->reductions == 0; i++)
        needs = needs || lower_needs_order(l, r->keys[i]);
    return needs;
}

struct ir_node *lower_comprehension(struct lowering *l, struct expr *e)
{
    if (is_over_layer(e)) {
        struct binding *prepared = lower_prepared(l, e);
        if (prepared != NULL)
            return ir_get(&l->b, prepared->node);
        lower_refuse(l, e->span, "a reduction over the layer cannot stand here yet");
        return ir_real(&l->b, IR_F32, 0);
    }
    if (e->comprehension.clauses.count > RANK_LIMIT) {
        lower_refuse(l, e->span, "a comprehension has at most %d variables", RANK_LIMIT);
        return ir_integer(&l->b, 0);
    }
    struct reducer r = { .clauses = &e->comprehension.clauses,
                         .keys = e->target->arguments,
                         .key_count = e->target->count,
                         .condition = e->comprehension.condition };
    struct synapse_walk walk;
    bool is_walk = lower_walk_sum(l, e, &walk);
    r.total = lower_domain_size(l, r.clauses, r.sizes);
    struct value_loop made;
    prepare_keys(l, e);
    check_ahead(l, r.clauses, r.sizes, r.keys, r.key_count);
    check_ahead(l, r.clauses, r.sizes, &r.condition, 1);
    if (keys_need_order(l, &r)) {
        made = (struct value_loop){
            r.clauses, r.sizes,  r.total, r.keys, r.key_count, r.condition, e->comprehension.facts,
            e->span,   { NULL }, NULL
        };
        lower_values(l, &made);
        r.made = &made;
    }
    struct ir_node *result = run_reducer(l, e, &r);
    if (is_walk)
        lower_walk_end(l);
    enum builtin_id id = e->target->builtin->id;
    return id == BUILTIN_ARGMIN || id == BUILTIN_ARGMAX ? position_to_value(l, r.clauses, result)
                                                        : result;
}

struct ir_node *lower_reduction(struct lowering *l, struct expr *e)
{
    struct expr *array = e->target->arguments[0];
    lower_prepare(l, array);
    struct reducer r = { .array = array, .rank = array->type->axes.count, .key_count = 1 };
    if (r.rank == 0)
        return lower_as(l, array, lower_type(e->type));
    for (size_t d = 0; d < r.rank && d < RANK_LIMIT; d++) {
        r.sizes[d] = lower_extent(l, array, d);
        r.total = r.total == NULL ? r.sizes[d] : ir_binary(&l->b, IR_MUL, r.total, r.sizes[d]);
    }
    return run_reducer(l, e, &r);
}

/* ---- let a[i in s] = e ---- */

void lower_let_array(struct lowering *l, struct statement *s)
{
    const struct for_clause_list *clauses = &s->let.indices;
    struct ir_node *sizes[RANK_LIMIT];
    if (clauses->count > RANK_LIMIT) {
        lower_refuse(l, s->span, "an array has at most %d axes", RANK_LIMIT);
        return;
    }
    lower_unbind_clauses(clauses);
    lower_prepare(l, s->let.value);
    struct ir_node *total = lower_domain_size(l, clauses, sizes);
    struct binding *array = lower_local_array(
        l, s->let.name.name->text, lower_storage(s->symbol->type), sizes, (int32_t)clauses->count);
    check_ahead(l, clauses, sizes, &s->let.value, 1);
    if (lower_has_effect(l, s->let.value)) {
        struct value_loop values = { clauses, sizes,        total,   &s->let.value, 1,
                                     NULL,    s->let.facts, s->span, { array },     NULL };
        lower_values(l, &values);
        s->symbol->binding = array;
        return;
    }
    struct ir_node *loop =
        ir_loop(&l->b, s->let.name.name->text, ir_integer(&l->b, 0), total, true);
    struct ir_builder outer = l->b;
    struct ir_node *outer_element = l->element;
    l->b.before = NULL;
    l->b.block = &loop->loop.body;
    lower_bind_clauses(l, clauses, sizes, loop->loop.index);
    mark_checked(clauses);
    l->element = loop->loop.index;
    ir_store(&l->b, array->buffer, loop->loop.index, lower_scalar(l, s->let.value));
    l->element = outer_element;
    l->b = outer;
    s->symbol->binding = array;
}

/* ---- assignment ---- */

struct mention {
    const struct symbol *symbol;
    bool is_inside; /* a comprehension or call */
    bool is_found;
};

static void search_mention(struct expr *e, void *data)
{
    struct mention *mention = data;
    bool was_inside = mention->is_inside;
    if (e->kind == EXPR_COMPREHENSION || e->kind == EXPR_CALL)
        mention->is_inside = true;
    if (e->kind == EXPR_INDEX) /* a[j] beside a[i] */
        mention->is_inside = true;
    if (mention->is_inside && e->kind == EXPR_NAME && e->symbol == mention->symbol)
        mention->is_found = true;
    expr_children(e, search_mention, mention);
    mention->is_inside = was_inside;
}

static const struct symbol *root_symbol(const struct expr *e)
{
    while (e->kind == EXPR_INDEX || e->kind == EXPR_FIELD)
        e = e->kind == EXPR_INDEX ? e->index.object : e->field.object;
    return e->kind == EXPR_NAME ? e->symbol : NULL;
}

static void assign_variable(struct lowering *l, struct statement *s, struct binding *binding)
{
    struct ir_node *value = lower_as(l, s->assign.value, binding->node->type);
    if (s->assign.op != ASSIGN_SET)
        value = lower_combine(l, s->assign.op, ir_get(&l->b, binding->node), value);
    ir_set(&l->b, binding->node, lower_cast(l, binding->node->type, value));
}

/* One element, or all that the target leaves free. `settled`: the value, where it is known. */
static void assign_elements(struct lowering *l, struct statement *s, struct expr *value,
                            struct ir_node *settled)
{
    struct access access;
    lower_access(l, s->assign.target, &access);
    if (access.binding == NULL || access.is_layer || access.binding->buffer < 0) {
        lower_refuse(l, s->assign.target->span, "this cannot be assigned to yet");
        return;
    }
    struct ir_node *extents[RANK_LIMIT], *indices[RANK_LIMIT];
    int32_t rank = 0;
    for (int32_t d = 0; d < access.rank; d++)
        if (access.axes[d].fixed == NULL)
            extents[rank++] = access.axes[d].extent;
    struct ir_builder saved = l->b;
    struct ir_node *outer_element = l->element, *loop = NULL;
    if (rank > 0) {
        loop = lower_open_loop(l, "assign", extents, rank, indices);
        l->element = loop->loop.index;
    }
    struct ir_node *right = settled;
    if (right == NULL)
        right = value->type->axes.count > 0 ? lower_element(l, value, indices, (size_t)rank)
                                            : lower_scalar(l, value);
    bool may_be_missing = access.binding->connection != NULL;
    struct ir_node *flat = may_be_missing ? lower_find_synapse(l, &access, indices, (size_t)rank)
                                          : lower_access_index(l, &access, indices, (size_t)rank);
    struct ir_builder inside = l->b;
    if (may_be_missing) {
        struct ir_node *exists = ir_binary(&l->b, IR_GE, flat, ir_integer(&l->b, 0));
        l->b.before = NULL;
        l->b.block = &ir_if(&inside, exists)->branch.then_body;
    }
    if (s->assign.op != ASSIGN_SET)
        right = lower_combine(l, s->assign.op, ir_load(&l->b, access.binding->buffer, flat), right);
    enum ir_type stored = ir_buffer_value_type(l->program->buffers[access.binding->buffer].type);
    right = lower_within(l, s->assign.target->symbol, lower_cast(l, stored, right));
    if (l->rule != NULL && l->rule->bounds_writes &&
        access.binding->buffer == l->rule->connection->weight_buffer)
        right = lower_bounded_weight(l, l->rule->connection, right);
    ir_store(&l->b, access.binding->buffer, flat, right);
    if (l->program->buffers[access.binding->buffer].kind == SNN_BUFFER_MODEL)
        l->assigns_model = true;
    l->b = inside;
    l->element = outer_element;
    if (loop != NULL)
        lower_close_loop(l, loop, saved);
}

/* The value, computed first where it reads other elements of what is assigned. */
static struct expr *settle_value(struct lowering *l, struct statement *s)
{
    struct expr *value = s->assign.value;
    struct mention mention = { .symbol = root_symbol(s->assign.target) };
    if (mention.symbol == NULL || value->type->axes.count == 0)
        return value;
    search_mention(value, &mention);
    if (mention.is_found && lower_prepared(l, value) == NULL) {
        struct ir_node *extents[RANK_LIMIT], *indices[RANK_LIMIT];
        int32_t rank = (int32_t)value->type->axes.count;
        for (int32_t d = 0; d < rank; d++)
            extents[d] = lower_extent(l, value, (size_t)d);
        struct binding *copy =
            lower_local_array(l, "copy", lower_storage(value->type), extents, rank);
        struct ir_builder saved = l->b;
        struct ir_node *loop = lower_open_loop(l, "copy", extents, rank, indices);
        ir_store(&l->b, copy->buffer, loop->loop.index,
                 lower_element(l, value, indices, (size_t)rank));
        lower_close_loop(l, loop, saved);
        lower_set_prepared(l, value, copy);
    }
    return value;
}

/* A loop over free indices of an assignment; the element at hand is l->element. */
struct index_loop {
    struct ir_builder outer;
    struct ir_node *outer_element;
};

static struct index_loop open_indices(struct lowering *l, const struct for_clause_list *free,
                                      struct ir_node *const *sizes, struct ir_node *total,
                                      bool is_independent)
{
    struct ir_node *loop = ir_loop(&l->b, "assign", ir_integer(&l->b, 0), total, is_independent);
    struct index_loop open = { l->b, l->element };
    l->b.before = NULL;
    l->b.block = &loop->loop.body;
    lower_bind_clauses(l, free, sizes, loop->loop.index);
    mark_checked(free);
    l->element = loop->loop.index;
    return open;
}

static void close_indices(struct lowering *l, const struct index_loop *open)
{
    l->element = open->outer_element;
    l->b = open->outer;
}

void lower_assign(struct lowering *l, struct statement *s)
{
    struct expr *target = s->assign.target;
    if (target->kind == EXPR_NAME && target->symbol->binding != NULL &&
        target->symbol->binding->kind == BINDING_VAR) {
        assign_variable(l, s, target->symbol->binding);
        return;
    }
    const struct for_clause_list *free = &s->assign.indices;
    lower_unbind_clauses(free);
    lower_prepare(l, s->assign.value);
    if (free->count == 0) {
        assign_elements(l, s, settle_value(l, s), NULL);
        return;
    }
    struct ir_node *sizes[RANK_LIMIT];
    struct ir_node *total = lower_domain_size(l, free, sizes);
    check_ahead(l, free, sizes, &s->assign.value, 1);
    struct mention mention = { .symbol = root_symbol(target) };
    search_mention(s->assign.value, &mention);
    bool is_settled = mention.is_found && s->assign.value->type->axes.count == 0 && l->rule == NULL;
    struct binding *values = NULL;
    if (lower_has_effect(l, s->assign.value)) {
        struct value_loop ahead = { free, sizes,           total,   &s->assign.value, 1,
                                    NULL, s->assign.facts, s->span, { NULL },         NULL };
        lower_values(l, &ahead);
        values = ahead.arrays[0];
        is_settled = true;
    } else if (is_settled) { /* all elements see what was there before */
        values = lower_local_array(l, "assigned", lower_storage(s->assign.value->type), &total, 1);
        struct index_loop first = open_indices(l, free, sizes, total, true);
        ir_store(&l->b, values->buffer, l->element, lower_scalar(l, s->assign.value));
        close_indices(l, &first);
    }
    struct index_loop loop = open_indices(l, free, sizes, total, is_settled || !mention.is_found);
    struct ir_node *settled = is_settled ? ir_load(&l->b, values->buffer, l->element) : NULL;
    assign_elements(l, s, s->assign.value, settled);
    close_indices(l, &loop);
}
