/* SPDX-License-Identifier: MIT
 *
 * Reductions. Floats go through the tree of ir.h, which vectors of 16 lanes follow exactly: that is
 * why 16 accumulators are kept here, too.
 */
#include <math.h>
#include <stdint.h>

#include "ir/interpret_internal.h"

enum { LANES = 16 };

/* Calls `take` with the number of each element that is not left out, counted from the lower bound.
 */
static void for_each_element(struct activation *a, const struct ir_node *node,
                             void (*take)(void *state, const struct activation *a, int64_t number),
                             void *state)
{
    int64_t low = interpret_value(a, node->reduce.low).integer;
    int64_t high = interpret_value(a, node->reduce.high).integer;
    for (int64_t k = low; k < high; k++) {
        a->slots[node->reduce.index->id].integer = k;
        interpret_block(a, &node->reduce.body);
        const struct ir_node *condition = node->reduce.condition;
        if (condition == NULL || interpret_value(a, condition).integer)
            take(state, a, k - low);
    }
}

/* ---- sum, product, min, max ---- */

static enum ir_op combining_op(enum ir_reduction reduction)
{
    switch (reduction) {
    case IR_REDUCE_SUM: return IR_ADD;
    case IR_REDUCE_PRODUCT: return IR_MUL;
    case IR_REDUCE_MIN: return IR_MIN;
    case IR_REDUCE_MAX: return IR_MAX;
    case IR_REDUCE_ANY: return IR_OR;
    case IR_REDUCE_ALL: return IR_AND;
    case IR_REDUCE_ARGMIN:
    case IR_REDUCE_ARGMAX: break;
    }
    unreachable();
}

static union ir_value real_value(enum ir_type type, double real)
{
    if (type == IR_F32)
        return (union ir_value){ .single = (float)real };
    return (union ir_value){ .real = real };
}

static union ir_value identity(enum ir_reduction reduction, enum ir_type type)
{
    bool is_real = type == IR_F32 || type == IR_F64;
    switch (reduction) {
    case IR_REDUCE_SUM: return is_real ? real_value(type, 0) : (union ir_value){ .integer = 0 };
    case IR_REDUCE_PRODUCT: return is_real ? real_value(type, 1) : (union ir_value){ .integer = 1 };
    case IR_REDUCE_MIN:
        return is_real ? real_value(type, INFINITY) : (union ir_value){ .integer = INT64_MAX };
    case IR_REDUCE_MAX:
        return is_real ? real_value(type, -INFINITY) : (union ir_value){ .integer = INT64_MIN };
    case IR_REDUCE_ANY: return (union ir_value){ .integer = 0 };
    case IR_REDUCE_ALL: return (union ir_value){ .integer = 1 };
    case IR_REDUCE_ARGMIN:
    case IR_REDUCE_ARGMAX: break;
    }
    unreachable();
}

struct tree {
    const struct ir_node *node;
    enum ir_op op;
    union ir_value accumulators[LANES];
};

/* x is first in MIN and MAX: acc = x < acc ? x : acc. */
static void combine(const struct tree *tree, union ir_value *accumulator, union ir_value x)
{
    bool is_choice = tree->op == IR_MIN || tree->op == IR_MAX;
    union ir_value operands[2] = { is_choice ? x : *accumulator, is_choice ? *accumulator : x };
    ir_evaluate(tree->op, tree->node->type, tree->node->type, operands, accumulator);
}

static void take_in_tree(void *state, const struct activation *a, int64_t number)
{
    struct tree *tree = state;
    combine(tree, &tree->accumulators[number % LANES],
            interpret_value(a, tree->node->reduce.keys[0]));
}

static union ir_value reduce_in_tree(struct activation *a, const struct ir_node *node)
{
    struct tree tree = { .node = node, .op = combining_op(node->reduce.reduction) };
    for (int k = 0; k < LANES; k++)
        tree.accumulators[k] = identity(node->reduce.reduction, node->type);
    for_each_element(a, node, take_in_tree, &tree);
    for (int distance = LANES / 2; distance > 0; distance /= 2)
        for (int k = 0; k < distance; k++)
            combine(&tree, &tree.accumulators[k], tree.accumulators[k + distance]);
    return tree.accumulators[0];
}

/* ---- argmin, argmax ---- */

struct champion {
    const struct ir_node *node;
    int64_t index; /* -1: none yet */
    union ir_value keys[4];
};

/* -1, 0, 1: `x` is better, as good, worse than `y`. NaN is worse than every number and as good as
 * NaN. */
static int compare_keys(enum ir_reduction reduction, enum ir_type type, union ir_value x,
                        union ir_value y)
{
    if (type == IR_I64) {
        int order = (x.integer > y.integer) - (x.integer < y.integer);
        return reduction == IR_REDUCE_ARGMIN ? order : -order;
    }
    double p = type == IR_F32 ? (double)x.single : x.real,
           q = type == IR_F32 ? (double)y.single : y.real;
    if (isnan(p) || isnan(q))
        return isnan(p) - isnan(q);
    int order = (p > q) - (p < q);
    return reduction == IR_REDUCE_ARGMIN ? order : -order;
}

static void take_if_better(void *state, const struct activation *a, int64_t number)
{
    struct champion *champion = state;
    const struct ir_node *node = champion->node;
    int order = champion->index < 0 ? -1 : 0;
    for (int32_t k = 0; k < node->reduce.key_count && order == 0; k++)
        order = compare_keys(node->reduce.reduction, node->reduce.keys[k]->type,
                             interpret_value(a, node->reduce.keys[k]), champion->keys[k]);
    if (order >= 0)
        return;
    champion->index = interpret_value(a, node->reduce.low).integer + number;
    for (int32_t k = 0; k < node->reduce.key_count; k++)
        champion->keys[k] = interpret_value(a, node->reduce.keys[k]);
}

union ir_value interpret_reduce(struct activation *a, const struct ir_node *node)
{
    enum ir_reduction reduction = node->reduce.reduction;
    if (reduction != IR_REDUCE_ARGMIN && reduction != IR_REDUCE_ARGMAX)
        return reduce_in_tree(a, node);
    struct champion champion = { .node = node, .index = -1 };
    for_each_element(a, node, take_if_better, &champion);
    return (union ir_value){ .integer = champion.index };
}
