/* SPDX-License-Identifier: MIT
 *
 * Conditions, while, labelled blocks, jumps. Where a condition differs from lane to lane both
 * branches run under masks, each skipped when no lane wants it, unless it is so short that a jump
 * costs more.
 */
#include <assert.h>

#include "codegen/internal.h"

/* ---- if ---- */

static void emit_uniform_if(struct emitter *e, const struct ir_node *node, LLVMValueRef condition)
{
    LLVMBasicBlockRef then_block = emitter_block(e, "then"), leave = emitter_block(e, "endif");
    bool has_else = node->branch.else_body.first != NULL;
    LLVMBasicBlockRef else_block = has_else ? emitter_block(e, "else") : leave;
    LLVMBuildCondBr(e->builder, condition, then_block, else_block);
    emitter_start(e, then_block);
    emit_block(e, &node->branch.then_body);
    LLVMBuildBr(e->builder, leave);
    if (has_else) {
        emitter_start(e, else_block);
        emit_block(e, &node->branch.else_body);
        LLVMBuildBr(e->builder, leave);
    }
    emitter_start(e, leave);
}

static void emit_masked(struct emitter *e, const struct ir_block *block, LLVMValueRef mask)
{
    if (block->first == NULL)
        return;
    LLVMBasicBlockRef leave = NULL;
    struct lanes outer = lanes_enter(e, e->width, mask);
    if (!analysis_is_cheap(e, block)) {
        LLVMBasicBlockRef run = emitter_block(e, "lanes");
        leave = emitter_block(e, "endlanes");
        LLVMBuildCondBr(e->builder, lanes_any(e, mask), run, leave);
        emitter_start(e, run);
    }
    emit_block(e, block);
    if (leave != NULL)
        emitter_branch_to(e, leave);
    lanes_leave(e, outer);
}

void emit_if(struct emitter *e, const struct ir_node *node)
{
    enum known known = e->known[node->branch.condition->id];
    if (known != KNOWN_NOT) {
        emit_block(e, known == KNOWN_TRUE ? &node->branch.then_body : &node->branch.else_body);
        return;
    }
    struct value condition = emitter_get(e, node->branch.condition);
    if (condition.shape == VALUE_UNIFORM) {
        emit_uniform_if(e, node, condition.llvm);
        return;
    }
    LLVMValueRef mask = e->mask, not = LLVMBuildNot(e->builder, condition.llvm, "");
    emit_masked(e, &node->branch.then_body, lanes_and(e, mask, condition.llvm));
    emit_masked(e, &node->branch.else_body, lanes_and(e, mask, not ));
}

/* ---- jumps ---- */

static void push_frame(struct emitter *e, struct jump_frame *frame, const struct ir_node *node,
                       LLVMBasicBlockRef leave, LLVMBasicBlockRef next)
{
    *frame = (struct jump_frame){ .node = node, .leave = leave, .next = next, .outer = e->jumps };
    e->jumps = frame;
}

static LLVMTypeRef mask_type(struct emitter *e)
{
    return LLVMVectorType(e->generator->i1, e->width);
}

static LLVMValueRef all_lanes(struct emitter *e)
{
    return e->mask != NULL ? e->mask : LLVMConstAllOnes(mask_type(e));
}

/* Lanes jump together, but out of a labelled block: pass `vectorize` leaves other loops alone. What
 * follows is never run. */
void emit_jump(struct emitter *e, const struct ir_node *node)
{
    const struct jump_frame *frame = e->jumps;
    while (frame->node != node->jump.target)
        frame = frame->outer;
    if (frame->live != NULL) {
        LLVMValueRef live = LLVMBuildLoad2(e->builder, mask_type(e), frame->live, "");
        LLVMValueRef others = LLVMBuildNot(e->builder, all_lanes(e), "");
        LLVMBuildStore(e->builder, LLVMBuildAnd(e->builder, live, others, ""), frame->live);
        return;
    }
    LLVMBuildBr(e->builder, node->kind == IR_NODE_BREAK ? frame->leave : frame->next);
    emitter_start(e, emitter_block(e, "unreached"));
}

void emit_remaining_lanes(struct emitter *e, LLVMBasicBlockRef end)
{
    LLVMBasicBlockRef go_on = emitter_block(e, "remaining");
    for (const struct jump_frame *frame = e->jumps; frame != NULL; frame = frame->outer)
        if (frame->live != NULL)
            e->mask =
                lanes_and(e, e->mask, LLVMBuildLoad2(e->builder, mask_type(e), frame->live, ""));
    LLVMBuildCondBr(e->builder, lanes_any(e, e->mask), go_on, end);
    emitter_start(e, go_on);
}

void emit_labelled_block(struct emitter *e, const struct ir_node *node)
{
    struct jump_frame frame;
    LLVMBasicBlockRef leave = emitter_block(e, "leave");
    push_frame(e, &frame, node, leave, NULL);
    if (e->width > 1) {
        frame.live = emitter_variable(e, mask_type(e), "live");
        LLVMBuildStore(e->builder, all_lanes(e), frame.live);
    }
    emit_block(e, &node->block.body);
    e->jumps = frame.outer;
    emitter_branch_to(e, leave);
}

/* ---- while ---- */

/* The variable that counts turns, the same for all lanes. */
static LLVMValueRef begin_turns(struct emitter *e)
{
    LLVMValueRef turns = emitter_variable(e, e->generator->i64, "turns");
    LLVMBuildStore(e->builder, value_integer(e->generator, 0), turns);
    return turns;
}

/* Ahead of the test, which a `continue` jumps to as well. */
static void count_turn(struct emitter *e, const struct ir_node *node, LLVMValueRef turns)
{
    LLVMValueRef turn = LLVMBuildLoad2(e->builder, e->generator->i64, turns, "turn");
    emitter_set(e, node->loop_while.index, value_uniform(turn));
    LLVMBuildStore(e->builder, LLVMBuildAdd(e->builder, turn, value_integer(e->generator, 1), ""),
                   turns);
}

/* Lanes whose condition has become false rest until all have finished. */
static void emit_lanes_while(struct emitter *e, const struct ir_node *node)
{
    LLVMValueRef turns = begin_turns(e);
    LLVMBasicBlockRef test = emitter_block(e, "while"), body = emitter_block(e, "do");
    LLVMBasicBlockRef leave = emitter_block(e, "done");
    LLVMTypeRef type = mask_type(e);
    LLVMValueRef live = emitter_variable(e, type, "live");
    LLVMBuildStore(e->builder, all_lanes(e), live);
    emitter_branch_to(e, test);
    count_turn(e, node, turns);
    LLVMValueRef mask = LLVMBuildLoad2(e->builder, type, live, "");
    struct lanes outer = lanes_enter(e, e->width, mask);
    emit_block(e, &node->loop_while.test);
    mask = lanes_and(e, mask, emitter_get_vector(e, node->loop_while.condition));
    LLVMBuildStore(e->builder, mask, live);
    e->mask = mask;
    LLVMBuildCondBr(e->builder, lanes_any(e, mask), body, leave);
    emitter_start(e, body);
    emit_block(e, &node->loop_while.body);
    LLVMBuildBr(e->builder, test);
    emitter_start(e, leave);
    lanes_leave(e, outer);
}

static void emit_uniform_while(struct emitter *e, const struct ir_node *node)
{
    LLVMValueRef turns = begin_turns(e);
    LLVMBasicBlockRef test = emitter_block(e, "while"), body = emitter_block(e, "do");
    LLVMBasicBlockRef leave = emitter_block(e, "done");
    struct jump_frame frame;
    push_frame(e, &frame, node, leave, test);
    emitter_branch_to(e, test);
    count_turn(e, node, turns);
    emit_block(e, &node->loop_while.test);
    LLVMBuildCondBr(e->builder, emitter_get_scalar(e, node->loop_while.condition), body, leave);
    emitter_start(e, body);
    emit_block(e, &node->loop_while.body);
    LLVMBuildBr(e->builder, test);
    emitter_start(e, leave);
    e->jumps = frame.outer;
}

void emit_while(struct emitter *e, const struct ir_node *node)
{
    if (e->width > 1 && e->is_varying[node->loop_while.condition->id])
        emit_lanes_while(e, node);
    else
        emit_uniform_while(e, node);
}

/* ---- calls ---- */

void emit_call(struct emitter *e, const struct ir_node *node)
{
    LLVMBuildCall2(e->builder, e->generator->function_type,
                   e->generator->functions[node->call.function], &e->context, 1, "");
}
