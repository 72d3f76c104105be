/* SPDX-License-Identifier: MIT
 *
 * Built-in functions from arrays to arrays, element by element: one_hot, pick and at_time,
 * log_softmax, first_true, and what is taken over time.
 */
#include "ir/lower_internal.h"

/* Reduces over one axis of `array`; `at` is its index among `indices`, of which there are `count`.
 */
static struct ir_node *reduce_axis(struct lowering *l, enum ir_reduction reduction,
                                   struct expr *array, struct ir_node **indices, size_t count,
                                   size_t at, struct ir_node *shift)
{
    struct ir_node *node =
        ir_reduce(&l->b, reduction, IR_F32, ir_integer(&l->b, 0), lower_extent(l, array, at));
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &node->reduce.body;
    indices[at] = node->reduce.index;
    struct ir_node *value = lower_cast(l, IR_F32, lower_element(l, array, indices, count));
    if (shift != NULL)
        value = ir_unary(&l->b, IR_EXP, ir_binary(&l->b, IR_SUB, value, shift));
    node->reduce.keys[0] = value;
    node->reduce.key_count = 1;
    l->b = outer;
    return node;
}

static struct ir_node *over_time(struct lowering *l, struct expr *e, enum ir_reduction reduction,
                                 struct ir_node *const *indices, size_t count)
{
    struct ir_node *all[RANK_LIMIT + 1] = { NULL };
    for (size_t i = 0; i < count; i++)
        all[i + 1] = indices[i];
    return reduce_axis(l, reduction, e->target->arguments[0], all, count + 1, 0, NULL);
}

static struct ir_node *mean_over_time(struct lowering *l, struct expr *e,
                                      struct ir_node *const *indices, size_t count)
{
    struct expr *array = e->target->arguments[0];
    struct ir_node *sum = over_time(l, e, IR_REDUCE_SUM, indices, count);
    struct ir_node *steps = ir_cast(&l->b, IR_F32, lower_extent(l, array, 0));
    struct ir_node *mean = ir_binary(&l->b, IR_DIV, sum, steps);
    struct ir_node *is_none = ir_binary(&l->b, IR_EQ, steps, ir_real(&l->b, IR_F32, 0));
    return ir_select(&l->b, is_none, ir_real(&l->b, IR_F32, 0), mean);
}

/* x - log(sum of exp x), moved by the largest so that nothing overflows. */
static struct ir_node *log_softmax(struct lowering *l, struct expr *e,
                                   struct ir_node *const *indices, size_t count)
{
    struct expr *array = e->target->arguments[0];
    struct ir_node *all[RANK_LIMIT + 1] = { NULL };
    for (size_t i = 0; i < count; i++)
        all[i] = indices[i];
    struct ir_node *top = reduce_axis(l, IR_REDUCE_MAX, array, all, count, count - 1, NULL);
    struct ir_node *total = reduce_axis(l, IR_REDUCE_SUM, array, all, count, count - 1, top);
    struct ir_node *own = lower_cast(l, IR_F32, lower_element(l, array, indices, count));
    return ir_binary(&l->b, IR_SUB, ir_binary(&l->b, IR_SUB, own, top),
                     ir_unary(&l->b, IR_LOG, total));
}

static struct ir_node *one_hot(struct lowering *l, struct expr *e, struct ir_node *const *indices,
                               size_t count)
{
    struct expr *label = e->target->arguments[0];
    struct ir_node *own =
        count > 1 ? lower_element(l, label, indices, count - 1) : lower_scalar(l, label);
    struct ir_node *is_it = ir_binary(&l->b, IR_EQ, lower_cast(l, IR_I64, own), indices[count - 1]);
    return ir_select(&l->b, is_it, ir_real(&l->b, IR_F32, 1), ir_real(&l->b, IR_F32, 0));
}

static struct ir_node *pick(struct lowering *l, struct expr *e, struct ir_node *const *indices,
                            size_t count)
{
    struct expr *array = e->target->arguments[0], *index = e->target->arguments[1];
    struct ir_node *all[RANK_LIMIT + 1] = { NULL };
    for (size_t i = 0; i < count; i++)
        all[i] = indices[i];
    struct ir_node *own = index->type->axes.count > 0 ? lower_element(l, index, indices, count)
                                                      : lower_scalar(l, index);
    all[count] = lower_cast(l, IR_I64, own);
    lower_check_index(l, array, index, all[count], lower_extent(l, array, count));
    return lower_element(l, array, all, count + 1);
}

static struct ir_node *at_time(struct lowering *l, struct expr *e, struct ir_node *const *indices,
                               size_t count)
{
    struct expr *array = e->target->arguments[0], *index = e->target->arguments[1];
    struct ir_node *all[RANK_LIMIT + 1] = { NULL };
    for (size_t i = 0; i < count; i++)
        all[i + 1] = indices[i];
    struct ir_node *own = index->type->axes.count > 0 ? lower_element(l, index, indices, count)
                                                      : lower_scalar(l, index);
    all[0] = lower_cast(l, IR_I64, own);
    lower_check_index(l, array, index, all[0], lower_extent(l, array, 0));
    return lower_element(l, array, all, count + 1);
}

/* The smallest index where it holds, else as many as there are, which becomes -1. */
static struct ir_node *first_true(struct lowering *l, struct expr *e,
                                  struct ir_node *const *indices, size_t count)
{
    struct expr *array = e->target->arguments[0];
    struct ir_node *all[RANK_LIMIT + 1] = { NULL };
    for (size_t i = 0; i < count; i++)
        all[i + 1] = indices[i];
    struct ir_node *extent = lower_extent(l, array, 0);
    struct ir_node *first = ir_reduce(&l->b, IR_REDUCE_MIN, IR_I64, ir_integer(&l->b, 0), extent);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &first->reduce.body;
    all[0] = first->reduce.index;
    struct ir_node *is_it = lower_cast(l, IR_BOOL, lower_element(l, array, all, count + 1));
    first->reduce.keys[0] = ir_select(&l->b, is_it, first->reduce.index, extent);
    first->reduce.key_count = 1;
    l->b = outer;
    struct ir_node *is_found = ir_binary(&l->b, IR_LT, first, extent);
    return ir_select(&l->b, is_found, first, ir_integer(&l->b, -1));
}

struct ir_node *lower_array_call(struct lowering *l, struct expr *e, struct ir_node *const *indices,
                                 size_t count)
{
    switch (e->target->builtin->id) {
    case BUILTIN_MEAN_OVER_TIME: return mean_over_time(l, e, indices, count);
    case BUILTIN_SUM_OVER_TIME: return over_time(l, e, IR_REDUCE_SUM, indices, count);
    case BUILTIN_MAX_OVER_TIME: return over_time(l, e, IR_REDUCE_MAX, indices, count);
    case BUILTIN_AT_TIME: return at_time(l, e, indices, count);
    case BUILTIN_FIRST_TRUE: return first_true(l, e, indices, count);
    case BUILTIN_LOG_SOFTMAX: return log_softmax(l, e, indices, count);
    case BUILTIN_ONE_HOT: return one_hot(l, e, indices, count);
    case BUILTIN_PICK: return pick(l, e, indices, count);
    default: return NULL;
    }
}

struct ir_node *lower_array_call_extent(struct lowering *l, struct expr *e, size_t dimension)
{
    struct expr *array = e->target->arguments[0];
    switch (e->target->builtin->id) {
    case BUILTIN_MEAN_OVER_TIME:
    case BUILTIN_SUM_OVER_TIME:
    case BUILTIN_MAX_OVER_TIME:
    case BUILTIN_AT_TIME:
    case BUILTIN_FIRST_TRUE: return lower_extent(l, array, dimension + 1);
    case BUILTIN_LOG_SOFTMAX:
    case BUILTIN_PICK: return lower_extent(l, array, dimension);
    case BUILTIN_ONE_HOT:
        if (dimension + 1 < e->type->axes.count)
            return lower_extent(l, array, dimension);
        return e->target->arguments[1] != NULL ? lower_as(l, e->target->arguments[1], IR_I64)
                                               : NULL;
    default: return NULL;
    }
}
