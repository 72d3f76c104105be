/* SPDX-License-Identifier: MIT
 *
 * Reductions. Of floats the order is fixed (ir.h): 16 accumulators, then a tree. Three ways of
 * writing it:
 *   - inside a vector loop, each lane has its own 16 accumulators, in registers;
 *   - outside, the 16 accumulators are the lanes of one vector;
 *   - where neither is possible (width 1, or a body with loops), 16 scalars.
 * Written once for all: an accumulator is a variable of the lanes at hand.
 */
#include <math.h>

#include "codegen/internal.h"

enum { KEY_LIMIT = 4 };

struct reduction {
    const struct ir_node *node;
    bool is_tree;                     /* LANES accumulators, else one */
    bool is_ragged;                   /* the mask says which lanes still take part */
    LLVMTypeRef type;                 /* of an accumulator */
    LLVMValueRef accumulators[LANES]; /* variables */
    LLVMValueRef
        best_keys[KEY_LIMIT]; /* variables of ARGMIN, ARGMAX; accumulators[0] is the index */
};

static bool is_arg(const struct ir_node *node)
{
    return node->reduce.reduction == IR_REDUCE_ARGMIN || node->reduce.reduction == IR_REDUCE_ARGMAX;
}

static bool is_real(enum ir_type type)
{
    return type == IR_F32 || type == IR_F64;
}

/* ---- accumulators ---- */

static LLVMValueRef identity_scalar(struct emitter *e, const struct ir_node *node)
{
    LLVMTypeRef type = value_type(e->generator, node->type);
    bool real = is_real(node->type);
    switch (node->reduce.reduction) {
    case IR_REDUCE_SUM:
    case IR_REDUCE_ANY: return LLVMConstNull(type);
    case IR_REDUCE_PRODUCT: return value_constant(type, 1);
    case IR_REDUCE_ALL: return LLVMConstAllOnes(type);
    case IR_REDUCE_MIN:
        return real ? LLVMConstReal(type, INFINITY) : LLVMConstInt(type, INT64_MAX, false);
    case IR_REDUCE_MAX:
        return real ? LLVMConstReal(type, -INFINITY)
                    : LLVMConstInt(type, (uint64_t)INT64_MIN, false);
    case IR_REDUCE_ARGMIN:
    case IR_REDUCE_ARGMAX: return LLVMConstAllOnes(type);
    }
    unreachable();
}

static LLVMValueRef identity(struct emitter *e, const struct ir_node *node)
{
    LLVMValueRef scalar = identity_scalar(e, node);
    return e->width == 1 ? scalar : value_splat(e, scalar, e->width);
}

static LLVMValueRef new_accumulator(struct emitter *e, LLVMTypeRef type, LLVMValueRef first)
{
    LLVMValueRef variable = emitter_variable(e, type, "acc");
    LLVMBuildStore(e->builder, first, variable);
    return variable;
}

static void init_accumulators(struct emitter *e, struct reduction *r)
{
    const struct ir_node *node = r->node;
    r->type = value_lane_type(e, node->type);
    for (int k = 0; k < (r->is_tree ? LANES : 1); k++)
        r->accumulators[k] = new_accumulator(e, r->type, identity(e, node));
    if (!is_arg(node))
        return;
    for (int32_t k = 0; k < node->reduce.key_count; k++) {
        LLVMTypeRef type = value_lane_type(e, node->reduce.keys[k]->type);
        r->best_keys[k] = new_accumulator(e, type, LLVMConstNull(type));
    }
}

static LLVMValueRef load(struct emitter *e, LLVMTypeRef type, LLVMValueRef variable)
{
    return LLVMBuildLoad2(e->builder, type, variable, "");
}

/* Accumulator k becomes k - 1. */
static void rotate(struct emitter *e, const struct reduction *r)
{
    LLVMValueRef values[LANES];
    for (int k = 0; k < LANES; k++)
        values[k] = load(e, r->type, r->accumulators[k]);
    for (int k = 0; k < LANES; k++)
        LLVMBuildStore(e->builder, values[(k + 1) % LANES], r->accumulators[k]);
}

/* ---- one element ---- */

/* Where the element counts; null: everywhere. */
static LLVMValueRef element_guard(struct emitter *e, const struct reduction *r)
{
    LLVMValueRef guard = r->is_ragged ? e->mask : NULL;
    if (r->node->reduce.condition != NULL)
        guard = lanes_and(e, guard, emitter_get_vector(e, r->node->reduce.condition));
    return guard;
}

static void store_guarded(struct emitter *e, LLVMValueRef guard, LLVMValueRef value,
                          LLVMValueRef old, LLVMValueRef variable)
{
    if (guard != NULL)
        value = LLVMBuildSelect(e->builder, guard, value, old, "");
    LLVMBuildStore(e->builder, value, variable);
}

/* NaN comes after every number, and is as good as NaN. */
static LLVMValueRef key_is_better(struct emitter *e, const struct ir_node *node, int32_t k,
                                  LLVMValueRef key, LLVMValueRef best)
{
    enum ir_type type = node->reduce.keys[k]->type;
    bool is_max = node->reduce.reduction == IR_REDUCE_ARGMAX;
    if (!is_real(type))
        return is_max ? arithmetic_less(e, type, best, key) : arithmetic_less(e, type, key, best);
    LLVMValueRef is_number = LLVMBuildFCmp(e->builder, LLVMRealORD, key, key, "");
    LLVMValueRef beyond =
        LLVMBuildFCmp(e->builder, is_max ? LLVMRealUGT : LLVMRealULT, key, best, "");
    return LLVMBuildAnd(e->builder, is_number, beyond, "");
}

static LLVMValueRef key_is_equal(struct emitter *e, enum ir_type type, LLVMValueRef a,
                                 LLVMValueRef b)
{
    if (!is_real(type))
        return LLVMBuildICmp(e->builder, LLVMIntEQ, a, b, "");
    LLVMValueRef both_nan =
        LLVMBuildAnd(e->builder, LLVMBuildFCmp(e->builder, LLVMRealUNO, a, a, ""),
                     LLVMBuildFCmp(e->builder, LLVMRealUNO, b, b, ""), "");
    return LLVMBuildOr(e->builder, LLVMBuildFCmp(e->builder, LLVMRealOEQ, a, b, ""), both_nan, "");
}

/* Whether `keys` come before `best`, compared key by key; `tie` is the answer where all are equal.
 */
static LLVMValueRef is_better(struct emitter *e, const struct ir_node *node, LLVMValueRef *keys,
                              LLVMValueRef *best, LLVMValueRef tie)
{
    LLVMValueRef better = tie;
    for (int32_t k = node->reduce.key_count; k-- > 0;) {
        LLVMValueRef ahead = key_is_better(e, node, k, keys[k], best[k]);
        if (better != NULL) {
            LLVMValueRef equal = key_is_equal(e, node->reduce.keys[k]->type, keys[k], best[k]);
            better =
                LLVMBuildOr(e->builder, ahead, LLVMBuildAnd(e->builder, equal, better, ""), "");
        } else {
            better = ahead;
        }
    }
    return better;
}

static void take_arg(struct emitter *e, const struct reduction *r)
{
    const struct ir_node *node = r->node;
    LLVMValueRef keys[KEY_LIMIT], best[KEY_LIMIT];
    LLVMValueRef guard = element_guard(e, r), old = load(e, r->type, r->accumulators[0]);
    for (int32_t k = 0; k < node->reduce.key_count; k++) {
        keys[k] = emitter_get_vector(e, node->reduce.keys[k]);
        best[k] = load(e, LLVMTypeOf(keys[k]), r->best_keys[k]);
    }
    LLVMValueRef none = LLVMBuildICmp(e->builder, LLVMIntSLT, old, LLVMConstNull(r->type), "");
    LLVMValueRef takes = LLVMBuildOr(e->builder, none, is_better(e, node, keys, best, NULL), "");
    takes = lanes_and(e, guard, takes);
    store_guarded(e, takes, emitter_get_vector(e, node->reduce.index), old, r->accumulators[0]);
    for (int32_t k = 0; k < node->reduce.key_count; k++)
        store_guarded(e, takes, keys[k], best[k], r->best_keys[k]);
}

static void emit_element(struct emitter *e, const struct reduction *r, struct value index, int slot)
{
    const struct ir_node *node = r->node;
    emitter_set(e, node->reduce.index, index);
    emit_block(e, &node->reduce.body);
    if (is_arg(node)) {
        take_arg(e, r);
        return;
    }
    LLVMValueRef x = emitter_get_vector(e, node->reduce.keys[0]);
    LLVMValueRef guard = element_guard(e, r);
    LLVMValueRef old = load(e, r->type, r->accumulators[slot]);
    store_guarded(e, guard, arithmetic_combine(e, node->reduce.reduction, old, x), old,
                  r->accumulators[slot]);
}

/* ---- bounds on which all lanes agree ---- */

static void emit_indices(struct emitter *e, const struct reduction *r, LLVMValueRef first,
                         int count)
{
    for (int k = 0; k < count; k++) {
        LLVMValueRef offset = value_integer(e->generator, k);
        LLVMValueRef index = LLVMBuildAdd(e->builder, first, offset, "");
        emit_element(e, r, value_uniform(index), r->is_tree ? k % LANES : 0);
    }
}

static LLVMValueRef emit_unrolled(struct emitter *e, const struct reduction *r, LLVMValueRef low,
                                  LLVMValueRef high)
{
    struct counted_loop loop;
    counted_begin(e, &loop, low, high, LANES, value_integer(e->generator, LANES));
    emit_indices(e, r, loop.index, LANES);
    counted_end(e, &loop);
    return loop.index;
}

/* One element a turn, always for accumulator 0; after 16 turns, some of them empty, every
 * accumulator is where it was. */
static void emit_rotating(struct emitter *e, const struct reduction *r, LLVMValueRef low,
                          LLVMValueRef high)
{
    struct generator *g = e->generator;
    struct counted_loop group, turn;
    counted_begin(e, &group, low, high, 1, value_integer(g, LANES));
    LLVMValueRef end = LLVMBuildAdd(e->builder, group.index, value_integer(g, LANES), "");
    counted_begin(e, &turn, group.index, end, 1, value_integer(g, 1));
    LLVMBasicBlockRef take = emitter_block(e, "take"), rotated = emitter_block(e, "rotate");
    LLVMBuildCondBr(e->builder, LLVMBuildICmp(e->builder, LLVMIntSLT, turn.index, high, ""), take,
                    rotated);
    emitter_start(e, take);
    emit_element(e, r, value_uniform(turn.index), 0);
    emitter_branch_to(e, rotated);
    rotate(e, r);
    counted_end(e, &turn);
    counted_end(e, &group);
}

static void emit_plain(struct emitter *e, const struct reduction *r, LLVMValueRef low,
                       LLVMValueRef high)
{
    struct counted_loop loop;
    counted_begin(e, &loop, low, high, 1, value_integer(e->generator, 1));
    emit_element(e, r, value_uniform(loop.index), 0);
    counted_end(e, &loop);
}

/* The number of elements, if it is a small constant; -1 if not. */
static int64_t small_count(struct emitter *e, const struct ir_node *node, LLVMValueRef low,
                           LLVMValueRef high)
{
    enum { SMALL_CODE = 256, SMALL_COUNT = 32 };
    LLVMValueRef count = LLVMBuildSub(e->builder, high, low, "");
    if (!LLVMIsAConstantInt(count))
        return -1;
    int64_t n = LLVMConstIntGetSExtValue(count);
    if (n > SMALL_COUNT || n * analysis_count_nodes(e, &node->reduce.body) > SMALL_CODE)
        return -1;
    return n < 0 ? 0 : n;
}

static void emit_uniform_bounds(struct emitter *e, const struct reduction *r, LLVMValueRef low,
                                LLVMValueRef high)
{
    enum { UNROLLED_NODES = 12 };
    int64_t count = small_count(e, r->node, low, high);
    if (count >= 0) {
        emit_indices(e, r, low, (int)count);
        return;
    }
    if (!r->is_tree) {
        emit_plain(e, r, low, high);
        return;
    }
    if (analysis_count_nodes(e, &r->node->reduce.body) <= UNROLLED_NODES)
        low = emit_unrolled(e, r, low, high);
    emit_rotating(e, r, low, high);
}

/* ---- bounds that differ from lane to lane ---- */

/* 16 turns (or one) for the lanes that have any left. */
static void emit_ragged_group(struct emitter *e, const struct reduction *r, struct value low,
                              struct value high, LLVMValueRef first)
{
    struct generator *g = e->generator;
    struct counted_loop turn;
    LLVMValueRef end =
        LLVMBuildAdd(e->builder, first, value_integer(g, r->is_tree ? LANES : 1), "");
    counted_begin(e, &turn, first, end, 1, value_integer(g, 1));
    LLVMBasicBlockRef take = emitter_block(e, "take"), rotated = emitter_block(e, "rotate");
    struct value index = value_offset(e, low, turn.index);
    LLVMValueRef runs =
        LLVMBuildICmp(e->builder, LLVMIntSLT, value_vector(e, index), value_vector(e, high), "");
    struct lanes outer = lanes_enter(e, e->width, lanes_and(e, e->mask, runs));
    LLVMBuildCondBr(e->builder, lanes_any(e, e->mask), take, rotated);
    emitter_start(e, take);
    emit_element(e, r, index, 0);
    emitter_branch_to(e, rotated);
    lanes_leave(e, outer);
    if (r->is_tree)
        rotate(e, r);
    counted_end(e, &turn);
}

static void emit_ragged_bounds(struct emitter *e, struct reduction *r, struct value low,
                               struct value high)
{
    struct generator *g = e->generator;
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder), header = emitter_block(e, "for");
    LLVMBasicBlockRef body = emitter_block(e, "body"), leave = emitter_block(e, "end");
    LLVMValueRef zero = value_integer(g, 0);
    r->is_ragged = true;
    emitter_branch_to(e, header);
    LLVMValueRef first = LLVMBuildPhi(e->builder, g->i64, "turn");
    LLVMAddIncoming(first, &zero, &before, 1);
    LLVMValueRef runs =
        LLVMBuildICmp(e->builder, LLVMIntSLT, value_vector(e, value_offset(e, low, first)),
                      value_vector(e, high), "");
    LLVMBuildCondBr(e->builder, lanes_any(e, lanes_and(e, e->mask, runs)), body, leave);
    emitter_start(e, body);
    emit_ragged_group(e, r, low, high, first);
    LLVMValueRef step = value_integer(g, r->is_tree ? LANES : 1);
    LLVMValueRef next = LLVMBuildAdd(e->builder, first, step, "");
    LLVMBasicBlockRef latch = LLVMGetInsertBlock(e->builder);
    LLVMAddIncoming(first, &next, &latch, 1);
    LLVMBuildBr(e->builder, header);
    emitter_start(e, leave);
}

/* ---- the lanes are the accumulators ---- */

static LLVMValueRef pick(struct emitter *e, LLVMValueRef vector, unsigned first, unsigned count)
{
    LLVMValueRef numbers[LANES];
    if (count == 1)
        return LLVMBuildExtractElement(e->builder, vector,
                                       LLVMConstInt(e->generator->i32, first, false), "");
    for (unsigned k = 0; k < count; k++)
        numbers[k] = LLVMConstInt(e->generator->i32, first + k, false);
    return LLVMBuildShuffleVector(e->builder, vector, LLVMGetPoison(LLVMTypeOf(vector)),
                                  LLVMConstVector(numbers, count), "");
}

static LLVMValueRef combine_lanes(struct emitter *e, enum ir_reduction reduction,
                                  LLVMValueRef vector)
{
    for (unsigned half = LANES / 2; half > 0; half /= 2)
        vector =
            arithmetic_combine(e, reduction, pick(e, vector, 0, half), pick(e, vector, half, half));
    return vector;
}

/* The better of each lane and the one `half` lanes after it; of equally good ones the lower index.
 */
static void combine_arg_halves(struct emitter *e, const struct ir_node *node, unsigned half,
                               LLVMValueRef *indices, LLVMValueRef *keys)
{
    LLVMValueRef left[KEY_LIMIT], right[KEY_LIMIT];
    LLVMValueRef i = pick(e, *indices, 0, half), j = pick(e, *indices, half, half);
    LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(i));
    for (int32_t k = 0; k < node->reduce.key_count; k++) {
        left[k] = pick(e, keys[k], 0, half);
        right[k] = pick(e, keys[k], half, half);
    }
    LLVMValueRef is_lower = LLVMBuildICmp(e->builder, LLVMIntSLT, j, i, "");
    LLVMValueRef is_ahead = is_better(e, node, right, left, is_lower);
    LLVMValueRef has_none = LLVMBuildICmp(e->builder, LLVMIntSLT, i, zero, "");
    LLVMValueRef has_one = LLVMBuildICmp(e->builder, LLVMIntSGE, j, zero, "");
    LLVMValueRef takes =
        LLVMBuildAnd(e->builder, has_one, LLVMBuildOr(e->builder, has_none, is_ahead, ""), "");
    *indices = LLVMBuildSelect(e->builder, takes, j, i, "");
    for (int32_t k = 0; k < node->reduce.key_count; k++)
        keys[k] = LLVMBuildSelect(e->builder, takes, right[k], left[k], "");
}

static LLVMValueRef combine_arg(struct emitter *e, const struct reduction *r)
{
    const struct ir_node *node = r->node;
    LLVMValueRef indices = load(e, r->type, r->accumulators[0]), keys[KEY_LIMIT];
    for (int32_t k = 0; k < node->reduce.key_count; k++)
        keys[k] = load(e, value_lane_type(e, node->reduce.keys[k]->type), r->best_keys[k]);
    for (unsigned half = LANES / 2; half > 0; half /= 2)
        combine_arg_halves(e, node, half, &indices, keys);
    return indices;
}

static void emit_lanes_element(struct emitter *e, const struct reduction *r, LLVMValueRef first)
{
    analysis_find_varying(e, r->node->reduce.index, &r->node->reduce.body);
    emit_element(e, r, value_linear(first, 1), 0);
}

static void emit_lanes_rest(struct emitter *e, struct reduction *r, LLVMValueRef first,
                            LLVMValueRef high)
{
    struct generator *g = e->generator;
    LLVMBasicBlockRef run = emitter_block(e, "rest"), leave = emitter_block(e, "end");
    LLVMValueRef count = LLVMBuildSub(e->builder, high, first, "");
    LLVMBuildCondBr(e->builder,
                    LLVMBuildICmp(e->builder, LLVMIntSGT, count, value_integer(g, 0), ""), run,
                    leave);
    emitter_start(e, run);
    e->mask = lanes_below(e, count);
    r->is_ragged = true;
    emit_lanes_element(e, r, first);
    e->mask = NULL;
    emitter_branch_to(e, leave);
}

static LLVMValueRef emit_along_lanes(struct emitter *e, const struct ir_node *node,
                                     LLVMValueRef low, LLVMValueRef high)
{
    struct reduction r = { .node = node };
    struct counted_loop loop;
    struct lanes outer = lanes_enter(e, LANES, NULL);
    init_accumulators(e, &r);
    counted_begin(e, &loop, low, high, LANES, value_integer(e->generator, LANES));
    emit_lanes_element(e, &r, loop.index);
    counted_end(e, &loop);
    emit_lanes_rest(e, &r, loop.index, high);
    LLVMValueRef result =
        is_arg(node) ? combine_arg(e, &r)
                     : combine_lanes(e, node->reduce.reduction, load(e, r.type, r.accumulators[0]));
    lanes_leave(e, outer);
    return result;
}

/* ---- the whole ---- */

static LLVMValueRef combine_accumulators(struct emitter *e, const struct reduction *r)
{
    LLVMValueRef values[LANES];
    if (!r->is_tree)
        return load(e, r->type, r->accumulators[0]);
    for (int k = 0; k < LANES; k++)
        values[k] = load(e, r->type, r->accumulators[k]);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            values[k] =
                arithmetic_combine(e, r->node->reduce.reduction, values[k], values[k + half]);
    return values[0];
}

/* With the lanes at hand, each by itself. */
static LLVMValueRef emit_by_lane(struct emitter *e, const struct ir_node *node, struct value low,
                                 struct value high)
{
    struct reduction r = { .node = node, .is_tree = is_real(node->type) };
    init_accumulators(e, &r);
    if (low.shape == VALUE_UNIFORM && high.shape == VALUE_UNIFORM)
        emit_uniform_bounds(e, &r, low.llvm, high.llvm);
    else
        emit_ragged_bounds(e, &r, low, high);
    return combine_accumulators(e, &r);
}

static LLVMValueRef emit_uniform_reduce(struct emitter *e, const struct ir_node *node,
                                        struct value low, struct value high)
{
    struct lanes outer = lanes_enter(e, 1, NULL);
    bool in_lanes = e->generator->target->has_lanes && analysis_fits_lanes(&node->reduce.body) &&
                    small_count(e, node, low.llvm, high.llvm) < 0;
    LLVMValueRef result = in_lanes ? emit_along_lanes(e, node, low.llvm, high.llvm)
                                   : emit_by_lane(e, node, low, high);
    lanes_leave(e, outer);
    return result;
}

void emit_reduce(struct emitter *e, const struct ir_node *node)
{
    struct value low = emitter_get(e, node->reduce.low), high = emitter_get(e, node->reduce.high);
    LLVMValueRef *before = memory_pin(e, &node->reduce.body);
    if (e->width > 1 && e->is_varying[node->id])
        emitter_set(e, node, value_varying(emit_by_lane(e, node, low, high)));
    else
        emitter_set(e, node, value_uniform(emit_uniform_reduce(e, node, low, high)));
    memory_unpin(e, before);
}
