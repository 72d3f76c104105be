/* SPDX-License-Identifier: MIT
 *
 * The state of one LLVM function while it is written: its entry, the values computed so far, and
 * which lanes run.
 */
#include <assert.h>

#include "codegen/internal.h"

void emitter_init(struct emitter *e, struct generator *g, struct ir_function *ir,
                  struct ir_block *root, LLVMValueRef function, LLVMValueRef context)
{
    struct arena *arena = &g->compilation->arena;
    size_t nodes = (size_t)ir->node_count + 1;
    *e = (struct emitter){
        .generator = g,
        .builder = g->builder,
        .ir = ir,
        .root = root,
        .function = function,
        .context = context,
        .values = arena_alloc_array(arena, nodes, sizeof *e->values),
        .is_varying = arena_alloc_array(arena, nodes, sizeof *e->is_varying),
        .known = arena_alloc_array(arena, nodes, sizeof *e->known),
        .depths = arena_alloc_array(arena, nodes, sizeof *e->depths),
        .width = 1,
    };
    e->entry = emitter_block(e, "entry");
    LLVMBasicBlockRef start = emitter_block(e, "start");
    LLVMPositionBuilderAtEnd(e->builder, e->entry);
    LLVMBuildBr(e->builder, start);
    LLVMPositionBuilderAtEnd(e->builder, start);
    memory_prepare(e);
}

void emitter_finish(struct emitter *e)
{
    LLVMBuildRetVoid(e->builder);
}

LLVMBasicBlockRef emitter_block(struct emitter *e, const char *name)
{
    return LLVMAppendBasicBlockInContext(e->generator->context, e->function, name);
}

void emitter_branch_to(struct emitter *e, LLVMBasicBlockRef block)
{
    LLVMBuildBr(e->builder, block);
    emitter_start(e, block);
}

void emitter_start(struct emitter *e, LLVMBasicBlockRef block)
{
    LLVMMoveBasicBlockAfter(block, LLVMGetLastBasicBlock(e->function));
    LLVMPositionBuilderAtEnd(e->builder, block);
}

LLVMBasicBlockRef emitter_enter_entry(struct emitter *e)
{
    LLVMBasicBlockRef back = LLVMGetInsertBlock(e->builder);
    if (back != e->entry)
        LLVMPositionBuilderBefore(e->builder, LLVMGetBasicBlockTerminator(e->entry));
    return back;
}

void emitter_leave_entry(struct emitter *e, LLVMBasicBlockRef back)
{
    if (back != e->entry)
        LLVMPositionBuilderAtEnd(e->builder, back);
}

LLVMValueRef emitter_variable(struct emitter *e, LLVMTypeRef type, const char *name)
{
    LLVMBasicBlockRef back = emitter_enter_entry(e);
    LLVMValueRef variable = LLVMBuildAlloca(e->builder, type, name != NULL ? name : "");
    emitter_leave_entry(e, back);
    return variable;
}

void emitter_set(struct emitter *e, const struct ir_node *node, struct value value)
{
    e->values[node->id] = value;
}

/* A value of outside of this function that can be had anywhere is computed at its start. */
static struct value rematerialize(struct emitter *e, const struct ir_node *node)
{
    struct lanes outer = lanes_enter(e, 1, NULL);
    LLVMBasicBlockRef back = emitter_enter_entry(e);
    struct value value = e->import != NULL ? e->import(e, node) : (struct value){ 0 };
    if (value.llvm == NULL) {
        assert(ir_is_pure(node));
        emit_instruction(e, node);
        value = e->values[node->id];
    }
    e->values[node->id] = value;
    emitter_leave_entry(e, back);
    lanes_leave(e, outer);
    return value;
}

struct value emitter_get(struct emitter *e, const struct ir_node *node)
{
    struct value value = e->values[node->id];
    return value.llvm != NULL ? value : rematerialize(e, node);
}

LLVMValueRef emitter_get_scalar(struct emitter *e, const struct ir_node *node)
{
    return value_scalar(emitter_get(e, node));
}

LLVMValueRef emitter_get_vector(struct emitter *e, const struct ir_node *node)
{
    return value_vector(e, emitter_get(e, node));
}

/* ---- lanes ---- */

struct lanes lanes_enter(struct emitter *e, unsigned width, LLVMValueRef mask)
{
    struct lanes outer = { e->width, e->mask };
    e->width = width;
    e->mask = mask;
    return outer;
}

void lanes_leave(struct emitter *e, struct lanes outer)
{
    e->width = outer.width;
    e->mask = outer.mask;
}

LLVMValueRef lanes_any(struct emitter *e, LLVMValueRef mask)
{
    LLVMTypeRef bits = LLVMIntTypeInContext(e->generator->context, e->width);
    LLVMValueRef word = LLVMBuildBitCast(e->builder, mask, bits, "");
    return LLVMBuildICmp(e->builder, LLVMIntNE, word, LLVMConstNull(bits), "any");
}

LLVMValueRef lanes_and(struct emitter *e, LLVMValueRef mask, LLVMValueRef condition)
{
    return mask == NULL ? condition : LLVMBuildAnd(e->builder, mask, condition, "");
}

LLVMValueRef lanes_below(struct emitter *e, LLVMValueRef count)
{
    LLVMTypeRef i32 = e->generator->i32;
    LLVMValueRef narrow = LLVMBuildTrunc(e->builder, count, i32, "");
    return LLVMBuildICmp(e->builder, LLVMIntSLT, value_iota(i32, e->width),
                         value_splat(e, narrow, e->width), "lanes");
}
