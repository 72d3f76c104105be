/* SPDX-License-Identifier: MIT
 *
 * Arrays. An array expression is never computed as a whole where it need not be: it gives its
 * elements where a loop asks for them. Only calls, lists and `for … yield` become arrays in memory,
 * ahead of the loop they stand in.
 */
#include "ir/lower_internal.h"

#include <string.h>

static bool is_array(const struct expr *e)
{
    return e->type != NULL && type_is_number(e->type) && e->type->axes.count > 0;
}

/* ---- arrays in memory ---- */

struct binding *lower_local_array(struct lowering *l, const char *name, enum snn_type type,
                                  struct ir_node *const *extents, int32_t rank)
{
    if (l->reductions > 0)
        lower_refuse(l, l->b.span,
                     "an array that differs from element to element cannot be made inside a "
                     "reduction yet; make it in a let or a loop before");
    struct binding *binding = binding_new(l, BINDING_ARRAY);
    struct ir_node *total = ir_integer(&l->b, 1);
    binding->rank = rank;
    for (int32_t d = 0; d < rank; d++) {
        binding->extents[d] = extents[d];
        total = ir_binary(&l->b, IR_MUL, total, extents[d]);
    }
    binding->buffer = lower_buffer(l, name, type, SNN_BUFFER_LOCAL, -1);
    ir_call_rt(&l->b, IR_RT_snn_rt_array, 2,
               (struct ir_node *[]){ ir_integer(&l->b, binding->buffer), total });
    return binding;
}

struct ir_node *lower_open_loop(struct lowering *l, const char *name,
                                struct ir_node *const *extents, int32_t rank,
                                struct ir_node **indices)
{
    struct ir_node *total = ir_integer(&l->b, 1);
    for (int32_t d = 0; d < rank; d++)
        total = ir_binary(&l->b, IR_MUL, total, extents[d]);
    struct ir_node *loop = ir_loop(&l->b, name, ir_integer(&l->b, 0), total, true);
    l->b.before = NULL;
    l->b.block = &loop->loop.body;
    struct ir_node *rest = loop->loop.index;
    for (int32_t d = rank - 1; d > 0; d--) {
        indices[d] = ir_binary(&l->b, IR_MOD, rest, extents[d]);
        rest = ir_binary(&l->b, IR_DIV, rest, extents[d]);
    }
    if (rank > 0)
        indices[0] = rest;
    return loop;
}

void lower_close_loop(struct lowering *l, struct ir_node *loop, struct ir_builder saved)
{
    (void)loop;
    struct ir_builder here = saved;
    here.span = l->b.span;
    l->b = here;
}

static int32_t extents_of(struct lowering *l, struct expr *e, struct ir_node **extents)
{
    size_t rank = e->type->axes.count;
    if (rank > RANK_LIMIT) {
        lower_refuse(l, e->span, "arrays of more than %d axes cannot be compiled", RANK_LIMIT);
        rank = RANK_LIMIT;
    }
    for (size_t d = 0; d < rank; d++)
        extents[d] = lower_extent(l, e, d);
    return (int32_t)rank;
}

static bool is_whole(const struct access *access)
{
    for (int32_t d = 0; d < access->rank; d++)
        if (access->axes[d].fixed != NULL || access->axes[d].offset != NULL)
            return false;
    return access->binding != NULL && !access->is_layer && access->binding->connection == NULL;
}

struct binding *lower_array(struct lowering *l, struct expr *e)
{
    lower_prepare(l, e);
    struct access access;
    lower_access(l, e, &access);
    if (is_whole(&access))
        return access.binding;
    struct ir_node *extents[RANK_LIMIT], *indices[RANK_LIMIT];
    int32_t rank = extents_of(l, e, extents);
    struct binding *result = lower_local_array(l, "array", lower_storage(e->type), extents, rank);
    struct ir_builder saved = l->b;
    struct ir_node *loop = lower_open_loop(l, "array", extents, rank, indices);
    struct ir_node *outer_element = l->element;
    l->element = loop->loop.index;
    ir_store(&l->b, result->buffer, loop->loop.index, lower_element(l, e, indices, (size_t)rank));
    l->element = outer_element;
    lower_close_loop(l, loop, saved);
    return result;
}

struct binding *lower_packed(struct lowering *l, struct binding *array)
{
    if (array->row_axes == 0)
        return array;
    struct access access = { .binding = array, .rank = array->rank };
    struct ir_node *extents[RANK_LIMIT], *indices[RANK_LIMIT];
    for (int32_t d = 0; d < array->rank; d++)
        access.axes[d].extent = extents[d] = binding_extent(l, array, d);
    const struct ir_buffer from = l->program->buffers[array->buffer];
    struct binding *packed = lower_local_array(l, from.name, from.type, extents, array->rank);
    l->program->buffers[packed->buffer].unit = from.unit;
    struct ir_builder saved = l->b;
    struct ir_node *loop = lower_open_loop(l, "packed", extents, array->rank, indices);
    ir_store(&l->b, packed->buffer, loop->loop.index,
             lower_access_load(l, &access, indices, (size_t)array->rank));
    lower_close_loop(l, loop, saved);
    return packed;
}

/* ---- values ahead of the loop ---- */

static struct binding *lower_list(struct lowering *l, struct expr *e)
{
    struct ir_node *extent = ir_integer(&l->b, (int64_t)e->list.items.count);
    struct binding *list = lower_local_array(l, "list", lower_storage(e->type), &extent, 1);
    for (size_t i = 0; i < e->list.items.count; i++)
        ir_store(&l->b, list->buffer, ir_integer(&l->b, (int64_t)i),
                 lower_scalar(l, e->list.items.items[i]));
    return list;
}

void lower_prepare_array(struct lowering *l, struct expr *e)
{
    lower_set_prepared(l, e, lower_array(l, e));
}

struct unbound_search {
    const struct unbound_search *outer; /* of the expression around a comprehension */
    const struct for_clause_list *own;  /* variables of the comprehension; null outermost */
    bool is_found;
};

static bool is_own(const struct unbound_search *search, const struct symbol *symbol)
{
    for (; search->own != NULL; search = search->outer)
        for (size_t i = 0; i < search->own->count; i++)
            if (search->own->items[i].symbol == symbol)
                return true;
    return false;
}

/* Does the expression use a loop variable of outside that has no value yet? */
static void search_unbound(struct expr *e, void *data)
{
    struct unbound_search *search = data;
    if (e->kind == EXPR_NAME && e->symbol != NULL && e->symbol->kind == SYMBOL_INDEX &&
        e->symbol->binding == NULL && !is_own(search, e->symbol))
        search->is_found = true;
    if (e->kind == EXPR_COMPREHENSION) {
        struct unbound_search inner = { search, &e->comprehension.clauses, search->is_found };
        expr_children(e, search_unbound, &inner);
        search->is_found = inner.is_found;
    } else if (!search->is_found) {
        expr_children(e, search_unbound, search);
    }
}

static bool has_unbound(struct expr *e)
{
    struct unbound_search search = { .own = NULL };
    search_unbound(e, &search);
    return search.is_found;
}

void lower_unbind_clauses(const struct for_clause_list *clauses)
{
    for (size_t i = 0; i < clauses->count; i++)
        if (clauses->items[i].symbol != NULL)
            clauses->items[i].symbol->binding = NULL;
}

static void check_extents(struct lowering *l, struct expr *left, struct expr *right,
                          struct span span)
{
    size_t rank = left->type->axes.count < right->type->axes.count ? left->type->axes.count
                                                                   : right->type->axes.count;
    for (size_t d = 0; d < rank; d++) {
        if (size_compare(left->type->axes.items[d].size, right->type->axes.items[d].size) ==
            SIZE_EQUAL)
            continue;
        struct ir_node *a = lower_extent(l, left, d), *b = lower_extent(l, right, d);
        struct ir_node *check = ir_if(&l->b, ir_binary(&l->b, IR_NE, a, b));
        struct ir_builder outer = l->b;
        l->b.before = NULL;
        l->b.block = &check->branch.then_body;
        ir_call_rt(&l->b, IR_RT_snn_rt_panic_extent, 5,
                   (struct ir_node *[]){ ir_text(&l->b, lower_place(l, span)),
                                         ir_text(&l->b, "the left side"), a,
                                         ir_text(&l->b, "the right side"), b });
        l->b = outer;
    }
}

struct prepare {
    struct lowering *l;
};

static void prepare_child(struct expr *child, void *data)
{
    struct prepare *prepare = data;
    lower_prepare(prepare->l, child);
}

void lower_prepare(struct lowering *l, struct expr *e)
{
    if (e->type == NULL || e->constant != NULL || (e->kind == EXPR_NAME && !is_array(e)) ||
        lower_prepared(l, e) != NULL)
        return;
    struct prepare prepare = { l };
    switch (e->kind) {
    case EXPR_COMPREHENSION:
        for (size_t i = 0; i < e->comprehension.clauses.count; i++)
            if (e->comprehension.clauses.items[i].domain != NULL)
                lower_prepare(l, e->comprehension.clauses.items[i].domain);
        lower_unbind_clauses(&e->comprehension.clauses);
        expr_children(e, prepare_child, &prepare);
        return;
    case EXPR_FOR:
        if (e->type->kind != TYPE_NONE)
            lower_set_prepared(l, e, lower_for(l, e));
        return;
    case EXPR_LIST:
        if (!has_unbound(e))
            lower_set_prepared(l, e, lower_list(l, e));
        return;
    case EXPR_FIELD:
        if (lower_is_picture(e) && !has_unbound(e))
            lower_set_prepared(l, e, lower_picture(l, e));
        break;
    case EXPR_CALL:
        if (e->target != NULL && e->target->kind == CALL_FUNCTION) {
            if (is_array(e) && !has_unbound(e))
                lower_set_prepared(l, e, lower_call(l, e));
            return;
        }
        break;
    default: break;
    }
    expr_children(e, prepare_child, &prepare);
    if (e->kind == EXPR_BINARY && is_array(e->binary.left) && is_array(e->binary.right) &&
        !has_unbound(e))
        check_extents(l, e->binary.left, e->binary.right, e->span);
}

static void refuse_array(struct lowering *l, const struct expr *e, const char *text)
{
    if (e->target != NULL && e->target->kind == CALL_BUILTIN)
        lower_refuse(l, e->span, "'%s' cannot be compiled yet", e->target->builtin->name);
    else
        lower_refuse(l, e->span, "%s", text);
}

/* ---- extents ---- */

static struct ir_node *access_extent(const struct access *access, size_t dimension)
{
    size_t free = 0;
    for (int32_t d = 0; d < access->rank; d++)
        if (access->axes[d].fixed == NULL && free++ == dimension)
            return access->axes[d].extent;
    return NULL;
}

static struct ir_node *range_low(struct lowering *l, const struct expr *e)
{
    return e->range.low != NULL ? lower_as(l, e->range.low, IR_I64) : ir_integer(&l->b, 0);
}

static struct ir_node *range_extent(struct lowering *l, struct expr *e)
{
    struct ir_node *low = range_low(l, e), *high = lower_as(l, e->range.high, IR_I64);
    if (e->range.is_inclusive)
        high = ir_binary(&l->b, IR_ADD, high, ir_integer(&l->b, 1));
    return ir_binary(&l->b, IR_MAX, ir_binary(&l->b, IR_SUB, high, low), ir_integer(&l->b, 0));
}

static struct ir_node *view_count(struct lowering *l, struct expr *e)
{
    struct binding *view = lower_view(l, e);
    return lower_data_call(l, IR_RT_snn_rt_data_count, e->span, 1, &view->node);
}

static struct ir_node *axis_extent(struct lowering *l, struct expr *e, size_t dimension)
{
    if (dimension < e->type->axes.count && e->type->axes.items[dimension].size.kind != SIZE_UNKNOWN)
        return lower_size_leaf(
            l, lower_size(l, e->type->axes.items[dimension].size, e->span, "an axis"));
    return NULL;
}

/* Of `counts.sample` and `exc.neuron`: the axis of the object that has that name, or all of those
 * it stands for. */
static struct ir_node *named_axis_extent(struct lowering *l, struct expr *e)
{
    if (e->kind != EXPR_FIELD || e->symbol == NULL || e->symbol->kind != SYMBOL_AXIS)
        return NULL;
    struct ir_node *extent = lower_extent(l, e->field.object, e->symbol->position);
    for (size_t i = 1; i < e->type->axes.count; i++)
        extent = ir_binary(&l->b, IR_MUL, extent,
                           lower_extent(l, e->field.object, e->symbol->position + i));
    return extent;
}

/* Of what indices leave of an array that is computed element by element. */
static struct ir_node *indexed_extent(struct lowering *l, struct expr *e, size_t dimension)
{
    size_t left = 0;
    for (size_t d = 0; d < e->index.object->type->axes.count; d++) {
        struct expr *index = d < e->index.indices.count ? e->index.indices.items[d] : NULL;
        bool is_free = index == NULL || index->kind == EXPR_RANGE;
        if (is_free && left++ == dimension)
            return index == NULL ? lower_extent(l, e->index.object, d)
                   : index->range.high == NULL
                       ? ir_binary(&l->b, IR_SUB, lower_extent(l, e->index.object, d),
                                   range_low(l, index))
                       : range_extent(l, index);
    }
    return ir_integer(&l->b, 1);
}

struct ir_node *lower_extent(struct lowering *l, struct expr *e, size_t dimension)
{
    struct ir_node *extent = NULL;
    if (e->type->kind == TYPE_DATASET)
        return view_count(l, e);
    if (e->kind == EXPR_RANGE)
        return range_extent(l, e);
    if (e->type->kind == TYPE_RANGE && (extent = named_axis_extent(l, e)) != NULL)
        return extent;
    if (lower_is_picture(e) && lower_prepared(l, e) == NULL)
        return lower_picture_extent(l, e, dimension);
    struct access access;
    lower_access(l, e, &access);
    if (access.binding != NULL && access.is_layer && access.rank > 1 && e->type->axes.count <= 1)
        return lower_size_leaf(l, access.binding->layer->size);
    if (access.binding != NULL && (extent = access_extent(&access, dimension)) != NULL)
        return extent;
    switch (e->kind) {
    case EXPR_FIELD:
        if (e->field.object->type->kind == TYPE_DATASET)
            return view_count(l, e->field.object);
        break;
    case EXPR_BINARY:
        return lower_extent(l, is_array(e->binary.left) ? e->binary.left : e->binary.right,
                            dimension);
    case EXPR_UNARY: return lower_extent(l, e->unary.operand, dimension);
    case EXPR_INDEX: return indexed_extent(l, e, dimension);
    case EXPR_IF:
        return lower_extent(l,
                            is_array(e->conditional.then)        ? e->conditional.then
                            : is_array(e->conditional.otherwise) ? e->conditional.otherwise
                                                                 : e->conditional.condition,
                            dimension);
    case EXPR_CALL:
        if (e->target != NULL && e->target->kind == CALL_BUILTIN &&
            e->target->builtin->group != BUILTIN_GROUP_ARRAY)
            for (size_t i = 0; i < e->target->count; i++)
                if (e->target->arguments[i] != NULL && is_array(e->target->arguments[i]))
                    return lower_extent(l, e->target->arguments[i], dimension);
        if (e->target != NULL && e->target->kind == CALL_BUILTIN &&
            e->target->builtin->group == BUILTIN_GROUP_ARRAY) {
            extent = lower_array_call_extent(l, e, dimension);
            if (extent != NULL)
                return extent;
        }
        break;
    default: break;
    }
    extent = axis_extent(l, e, dimension);
    if (extent != NULL)
        return extent;
    if (!l->is_failed) /* what it comes from may have been refused */
        refuse_array(l, e, "the size of this cannot be found yet");
    return ir_integer(&l->b, 1);
}

/* ---- elements ---- */

static struct ir_node *operand_element(struct lowering *l, struct expr *e,
                                       struct ir_node *const *indices, size_t count)
{
    return is_array(e) ? lower_element(l, e, indices, count) : lower_scalar(l, e);
}

static struct ir_node *data_field_element(struct lowering *l, struct expr *e,
                                          struct ir_node *const *indices, size_t count)
{
    struct expr *object = e->field.object;
    enum type_kind kind = object->type->kind;
    struct binding *view = lower_view(l, object);
    struct ir_node *position = kind == TYPE_SAMPLE ? view->index
                               : count > 0         ? indices[0]
                                                   : ir_integer(&l->b, 0);
    return lower_sample_value(l, e, view->node, position);
}

struct ir_node *lower_axis_place(struct lowering *l, const struct lowered_layer *layer,
                                 struct ir_node *neuron, int32_t axis)
{
    for (int32_t d = layer->rank - 1; d > axis; d--)
        neuron = ir_binary(&l->b, IR_DIV, neuron, lower_size_leaf(l, layer->axis_sizes[d]));
    return axis == 0
               ? neuron
               : ir_binary(&l->b, IR_MOD, neuron, lower_size_leaf(l, layer->axis_sizes[axis]));
}

static struct ir_node *field_element(struct lowering *l, struct expr *e,
                                     struct ir_node *const *indices, size_t count)
{
    struct symbol *symbol = e->symbol;
    struct expr *object = e->field.object;
    if (symbol == NULL)
        return NULL;
    if (object->type->kind == TYPE_DATASET || object->type->kind == TYPE_SAMPLE) {
        if (symbol->kind == SYMBOL_FIELD && symbol->field != FIELD_INDEX)
            return lower_data_fact(l, e);
        return data_field_element(l, e, indices, count);
    }
    if (symbol->kind == SYMBOL_FIELD && symbol->field == FIELD_RECORD)
        return lower_record(l, object)->fields[symbol->position];
    if (symbol->kind == SYMBOL_FIELD && symbol->field == FIELD_POSITION) {
        bool is_pre = object->symbol != NULL && object->symbol->kind == SYMBOL_VARIABLE &&
                      object->symbol->variable == VARIABLE_PRE;
        struct ir_node *flat = l->rule != NULL ? (is_pre ? l->rule->pre : l->rule->post)
                               : is_pre        ? l->pre_index
                                               : l->post_index;
        if (flat == NULL && l->weight_of != NULL) {
            lower_refuse(l, e->span, "'%s' is not one neuron here: weights are shared, or pooled",
                         is_pre ? "pre" : "post");
            return ir_integer(&l->b, 0);
        }
        if (flat == NULL)
            return NULL;
        const struct lowered_layer *layer = lowered_layer_of(l, object->type->layer);
        return lower_axis_place(l, layer, flat, (int32_t)symbol->position);
    }
    if (symbol->kind == SYMBOL_FORMAL) {
        struct binding *binding = binding_of(l, symbol, e->span);
        if (binding->kind == BINDING_CONSTANT)
            return lower_constant_leaf(l, binding->constant, binding->type);
    }
    return NULL;
}

/* `(a * 2)[1, 0 ..< 3]`: of an array that is computed element by element. */
static struct ir_node *indexed_element(struct lowering *l, struct expr *e,
                                       struct ir_node *const *indices, size_t count)
{
    struct expr *object = e->index.object;
    struct ir_node *inner[RANK_LIMIT];
    size_t rank = object->type->axes.count, used = 0;
    for (size_t d = 0; d < rank && d < RANK_LIMIT; d++) {
        struct expr *index = d < e->index.indices.count ? e->index.indices.items[d] : NULL;
        bool is_free = index == NULL || index->kind == EXPR_RANGE;
        struct ir_node *given = is_free && used < count ? indices[used] : ir_integer(&l->b, 0);
        used += is_free;
        inner[d] = index == NULL ? given
                   : is_free     ? ir_binary(&l->b, IR_ADD, given, range_low(l, index))
                                 : lower_as(l, index, IR_I64);
        if (index != NULL && index_axes(index, &object->type->axes, d) > 1)
            lower_refuse(l, index->span,
                         "this index stands for several axes; give the array a "
                         "name with let, then index it");
        if (index != NULL)
            lower_check_index(l, object, index, inner[d], lower_extent(l, object, d));
    }
    return lower_element(l, object, inner, rank);
}

struct ir_node *lower_element(struct lowering *l, struct expr *e, struct ir_node *const *indices,
                              size_t count)
{
    if (!is_array(e) && e->kind != EXPR_FIELD && e->kind != EXPR_INDEX)
        return lower_scalar(l, e);
    if (e->constant != NULL)
        return lower_scalar(l, e);
    struct access access;
    lower_access(l, e, &access);
    if (access.binding != NULL)
        return lower_access_load(l, &access, indices, count);
    struct ir_node *result = NULL;
    switch (e->kind) {
    case EXPR_FIELD: result = field_element(l, e, indices, count); break;
    case EXPR_INDEX: result = indexed_element(l, e, indices, count); break;
    case EXPR_UNARY:
        result = lower_unary(l, e, operand_element(l, e->unary.operand, indices, count));
        break;
    case EXPR_BINARY: {
        struct ir_node *left = operand_element(l, e->binary.left, indices, count);
        result = lower_binary(l, e, left, operand_element(l, e->binary.right, indices, count));
        break;
    }
    case EXPR_IF: {
        enum ir_type type = lower_type(e->type);
        struct ir_node *condition =
            lower_cast(l, IR_BOOL, operand_element(l, e->conditional.condition, indices, count));
        struct ir_node *then =
            lower_cast(l, type, operand_element(l, e->conditional.then, indices, count));
        result = ir_select(
            &l->b, condition, then,
            lower_cast(l, type, operand_element(l, e->conditional.otherwise, indices, count)));
        break;
    }
    case EXPR_CALL:
        if (e->target != NULL && e->target->kind == CALL_BUILTIN &&
            (e->target->builtin->group == BUILTIN_GROUP_MATH ||
             e->target->builtin->group == BUILTIN_GROUP_REDUCE)) {
            struct ir_node *arguments[16] = { NULL };
            for (size_t i = 0; i < e->target->count && i < 16; i++)
                arguments[i] = operand_element(l, e->target->arguments[i], indices, count);
            result = lower_math(l, e, arguments, e->target->count);
        } else if (e->target != NULL && e->target->kind == CALL_BUILTIN &&
                   e->target->builtin->group == BUILTIN_GROUP_ARRAY) {
            result = lower_array_call(l, e, indices, count);
        } else if (e->target != NULL && e->target->kind == CALL_FUNCTION) {
            struct binding *value = lower_call(l, e);
            if (value != NULL && value->kind == BINDING_ARRAY) {
                struct access called = { .binding = value, .rank = value->rank };
                result = lower_access_load(l, &called, indices, count);
            }
        }
        break;
    default: break;
    }
    if (result == NULL) {
        if (!l->is_failed)
            refuse_array(l, e, "this array cannot be compiled yet");
        result = ir_integer(&l->b, 0);
    }
    return result;
}
