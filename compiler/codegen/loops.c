/* SPDX-License-Identifier: MIT
 *
 * Loops: one iteration after the other, or in lanes. A vector loop becomes full blocks without a
 * mask and one block with a mask for the rest. A loop inside a vector loop has scalar control where
 * all lanes agree on its bounds; where they do not, it runs until the last lane has finished.
 */
#include "codegen/internal.h"

/* ---- scalar control ---- */

void counted_begin(struct emitter *e, struct counted_loop *loop, LLVMValueRef low,
                   LLVMValueRef high, int64_t reach, LLVMValueRef step)
{
    struct generator *g = e->generator;
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    LLVMValueRef limit = LLVMBuildSub(e->builder, high, value_integer(g, reach), "");
    loop->header = emitter_block(e, "for");
    loop->body = emitter_block(e, "body");
    loop->latch = emitter_block(e, "next");
    loop->leave = emitter_block(e, "end");
    loop->step = step;
    emitter_branch_to(e, loop->header);
    loop->index = LLVMBuildPhi(e->builder, g->i64, "i");
    LLVMAddIncoming(loop->index, &low, &before, 1);
    LLVMBuildCondBr(e->builder, LLVMBuildICmp(e->builder, LLVMIntSLE, loop->index, limit, ""),
                    loop->body, loop->leave);
    emitter_start(e, loop->body);
}

void counted_end(struct emitter *e, struct counted_loop *loop)
{
    emitter_branch_to(e, loop->latch);
    LLVMValueRef next = LLVMBuildAdd(e->builder, loop->index, loop->step, "");
    LLVMBuildBr(e->builder, loop->header);
    LLVMAddIncoming(loop->index, &next, &loop->latch, 1);
    emitter_start(e, loop->leave);
}

/* The index of iteration k: k itself, or the k-th event. */
static void set_index(struct emitter *e, const struct ir_node *node, struct value k)
{
    emitter_set(e, node->loop.index,
                node->loop.events < 0 ? k : memory_load(e, node->loop.events, k));
}

static void emit_uniform_loop(struct emitter *e, const struct ir_node *node, LLVMValueRef low,
                              LLVMValueRef high)
{
    struct counted_loop loop;
    counted_begin(e, &loop, low, high, 1, value_integer(e->generator, 1));
    struct jump_frame frame = { node, loop.leave, loop.latch, NULL, e->jumps };
    e->jumps = &frame;
    set_index(e, node, value_uniform(loop.index));
    emit_block(e, &node->loop.body);
    e->jumps = frame.outer;
    counted_end(e, &loop);
}

/* ---- bounds that differ from lane to lane ---- */

static void emit_ragged_loop(struct emitter *e, const struct ir_node *node, struct value low,
                             struct value high)
{
    struct generator *g = e->generator;
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder), header = emitter_block(e, "for");
    LLVMBasicBlockRef body = emitter_block(e, "body"), leave = emitter_block(e, "end");
    LLVMValueRef zero = value_integer(g, 0);
    emitter_branch_to(e, header);
    LLVMValueRef turn = LLVMBuildPhi(e->builder, g->i64, "turn");
    LLVMAddIncoming(turn, &zero, &before, 1);
    struct value k = value_offset(e, low, turn);
    LLVMValueRef runs =
        LLVMBuildICmp(e->builder, LLVMIntSLT, value_vector(e, k), value_vector(e, high), "");
    struct lanes outer = lanes_enter(e, e->width, lanes_and(e, e->mask, runs));
    LLVMBuildCondBr(e->builder, lanes_any(e, e->mask), body, leave);
    emitter_start(e, body);
    set_index(e, node, k);
    emit_block(e, &node->loop.body);
    LLVMValueRef next = LLVMBuildAdd(e->builder, turn, value_integer(g, 1), "");
    LLVMBasicBlockRef latch = LLVMGetInsertBlock(e->builder);
    LLVMAddIncoming(turn, &next, &latch, 1);
    LLVMBuildBr(e->builder, header);
    emitter_start(e, leave);
    lanes_leave(e, outer);
}

void emit_serial_loop(struct emitter *e, const struct ir_node *node)
{
    struct value low = emitter_get(e, node->loop.low), high = emitter_get(e, node->loop.high);
    if (low.shape == VALUE_UNIFORM && high.shape == VALUE_UNIFORM)
        emit_uniform_loop(e, node, low.llvm, high.llvm);
    else
        emit_ragged_loop(e, node, low, high);
}

/* ---- lanes ---- */

static void emit_lanes_body(struct emitter *e, const struct ir_node *node, LLVMValueRef first)
{
    analysis_find_varying(e, node->loop.index, &node->loop.body);
    set_index(e, node, value_linear(first, 1));
    emit_block(e, &node->loop.body);
    compact_append_lanes(e, first);
}

/* Gives back the first iteration that is left over. */
static LLVMValueRef emit_full_blocks(struct emitter *e, const struct ir_node *node, unsigned width,
                                     LLVMValueRef low, LLVMValueRef high)
{
    struct counted_loop loop;
    counted_begin(e, &loop, low, high, width, value_integer(e->generator, width));
    struct lanes outer = lanes_enter(e, width, NULL);
    emit_lanes_body(e, node, loop.index);
    lanes_leave(e, outer);
    counted_end(e, &loop);
    return loop.index;
}

/* At most one block. */
static void emit_rest(struct emitter *e, const struct ir_node *node, unsigned width,
                      LLVMValueRef first, LLVMValueRef high)
{
    LLVMBasicBlockRef run = emitter_block(e, "rest"), leave = emitter_block(e, "end");
    LLVMValueRef count = LLVMBuildSub(e->builder, high, first, "");
    LLVMBuildCondBr(
        e->builder,
        LLVMBuildICmp(e->builder, LLVMIntSGT, count, value_integer(e->generator, 0), ""), run,
        leave);
    emitter_start(e, run);
    struct lanes outer = lanes_enter(e, width, NULL);
    e->mask = e->rest = lanes_below(e, count);
    emit_lanes_body(e, node, first);
    lanes_leave(e, outer);
    emitter_branch_to(e, leave);
}

/* All blocks with a mask: a long body is written once only. */
static void emit_masked_blocks(struct emitter *e, const struct ir_node *node, unsigned width,
                               LLVMValueRef low, LLVMValueRef high)
{
    struct counted_loop loop;
    counted_begin(e, &loop, low, high, 1, value_integer(e->generator, width));
    struct lanes outer = lanes_enter(e, width, NULL);
    e->mask = e->rest = lanes_below(e, LLVMBuildSub(e->builder, high, loop.index, ""));
    emit_lanes_body(e, node, loop.index);
    lanes_leave(e, outer);
    counted_end(e, &loop);
}

/* Its turns wait for each other: two chains at once fill the time. */
static bool has_while(const struct ir_block *block)
{
    for (const struct ir_node *node = block->first; node != NULL; node = node->next)
        if (node->kind == IR_NODE_WHILE)
            return true;
    return false;
}

/* Many lanes at once hide how long one operation takes, and walk what the inner loop visits fewer
 * times. */
static void emit_interleaved(struct emitter *e, const struct ir_node *node, LLVMValueRef low,
                             LLVMValueRef high)
{
    unsigned width = e->generator->interleaved_lanes, less[] = { LANES, width / 2 };
    LLVMBasicBlockRef leave = emitter_block(e, "end");
    LLVMValueRef first = emit_full_blocks(e, node, width, low, high);
    LLVMValueRef count = LLVMBuildSub(e->builder, high, first, "");
    for (int k = 0; k < 2 && less[k] >= LANES && less[k] < width; k++) {
        LLVMBasicBlockRef fits = emitter_block(e, "fits"), more = emitter_block(e, "more");
        LLVMValueRef room = value_integer(e->generator, less[k]);
        LLVMBuildCondBr(e->builder, LLVMBuildICmp(e->builder, LLVMIntSLE, count, room, ""), fits,
                        more);
        emitter_start(e, fits);
        emit_rest(e, node, less[k], first, high);
        LLVMBuildBr(e->builder, leave);
        emitter_start(e, more);
    }
    emit_rest(e, node, width, first, high);
    emitter_branch_to(e, leave);
}

static void emit_lanes_blocks(struct emitter *e, const struct ir_node *node)
{
    enum { LONG_NODES = 200 };
    LLVMValueRef first = emitter_get_scalar(e, node->loop.low);
    LLVMValueRef high = emitter_get_scalar(e, node->loop.high);
    if (!node->loop.is_wide && analysis_count_nodes(e, &node->loop.body) > LONG_NODES) {
        unsigned long_width = has_while(&node->loop.body) ? LANES_PAIRED : LANES;
        emit_masked_blocks(e, node, long_width, first, high);
        return;
    }
    if (e->compaction == NULL && analysis_has_chain(e, node)) {
        emit_interleaved(e, node, first, high);
        return;
    }
    first = emit_full_blocks(e, node, LANES, first, high);
    emit_rest(e, node, LANES, first, high);
}

/* ---- conditions that are the same for all iterations ---- */

/* A long conditional piece of the body whose condition can be tested before the loop; null if there
 * is none. */
static const struct ir_node *find_invariant_if(struct emitter *e, const struct ir_node *node,
                                               const bool *inside)
{
    enum { WORTH_NODES = 30 };
    for (const struct ir_node *n = node->loop.body.first; n != NULL; n = n->next) {
        if (n->kind != IR_NODE_IF || e->known[n->branch.condition->id] != KNOWN_NOT)
            continue;
        int nodes = analysis_count_nodes(e, &n->branch.then_body) +
                    analysis_count_nodes(e, &n->branch.else_body);
        if (nodes >= WORTH_NODES && analysis_is_invariant(n->branch.condition, inside))
            return n;
    }
    return NULL;
}

/* Ahead of the loop it is inside of. */
static LLVMValueRef emit_invariant(struct emitter *e, const struct ir_node *node,
                                   const bool *inside)
{
    if (inside[node->id]) {
        for (int32_t k = 0; k < node->operand_count; k++)
            emit_invariant(e, node->operands[k], inside);
        emit_instruction(e, node);
    }
    return emitter_get_scalar(e, node);
}

/* The loop once for each outcome of such a condition. */
static void emit_vector_loop(struct emitter *e, const struct ir_node *node)
{
    struct arena *arena = &e->generator->compilation->arena;
    bool *inside = arena_alloc_array(arena, (size_t)e->ir->node_count + 1, sizeof *inside);
    analysis_mark_inside(node, inside);
    const struct ir_node *branch = find_invariant_if(e, node, inside);
    if (branch == NULL) {
        emit_lanes_blocks(e, node);
        return;
    }
    const struct ir_node *condition = branch->branch.condition;
    LLVMBasicBlockRef then_loop = emitter_block(e, "then"), else_loop = emitter_block(e, "else");
    LLVMBasicBlockRef leave = emitter_block(e, "endif");
    LLVMBuildCondBr(e->builder, emit_invariant(e, condition, inside), then_loop, else_loop);
    emitter_start(e, then_loop);
    e->known[condition->id] = KNOWN_TRUE;
    emit_vector_loop(e, node);
    LLVMBuildBr(e->builder, leave);
    emitter_start(e, else_loop);
    e->known[condition->id] = KNOWN_FALSE;
    emit_vector_loop(e, node);
    e->known[condition->id] = KNOWN_NOT;
    emitter_branch_to(e, leave);
}

static void emit_lanes_loop(struct emitter *e, const struct ir_node *node)
{
    compact_begin_loop(e, node);
    emit_vector_loop(e, node);
    compact_end_loop(e);
}

void emit_loop(struct emitter *e, const struct ir_node *node)
{
    LLVMValueRef *before = memory_pin(e, &node->loop.body);
    if (node->loop.is_vector && e->width == 1 && e->generator->target->has_lanes)
        emit_lanes_loop(e, node);
    else
        emit_serial_loop(e, node);
    memory_unpin(e, before);
}
