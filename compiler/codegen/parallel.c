/* SPDX-License-Identifier: MIT
 *
 * Parallel loops of task code. The body becomes a function of its own, void body(lane, i, env);
 * what it uses from outside is copied into `env`, which is read only: variables of outside are only
 * read in an independent loop.
 */
#include "codegen/internal.h"

struct capture_list {
    struct emitter *e;
    const bool *inside; /* by node */
    bool *is_captured;  /* by node */
    const struct ir_node **nodes;
    unsigned count;
};

/* ---- what to capture ---- */

static bool can_be_had_anywhere(const struct ir_node *node)
{
    return node->kind == IR_NODE_INSTR && node->operand_count == 0 && ir_is_pure(node);
}

static void capture(struct capture_list *list, const struct ir_node *node)
{
    if (list->inside[node->id] || list->is_captured[node->id] || can_be_had_anywhere(node))
        return;
    list->is_captured[node->id] = true;
    list->nodes[list->count++] = node;
}

static void capture_use(struct ir_node **use, void *data)
{
    capture(data, *use);
}

static void capture_block(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        ir_for_each_use(node, capture_use, data);
        if (node->kind == IR_NODE_INSTR && node->op == IR_VAR_GET)
            capture(data, node->payload.node);
        ir_for_each_block(node, capture_block, data);
    }
}

static void find_captures(struct emitter *e, const struct ir_node *loop, struct capture_list *list)
{
    struct arena *arena = &e->generator->compilation->arena;
    size_t nodes = (size_t)e->ir->node_count + 1;
    bool *inside = arena_alloc_array(arena, nodes, sizeof *inside);
    struct ir_block body = loop->loop.body;
    analysis_mark_inside(loop, inside);
    *list = (struct capture_list){
        .e = e,
        .inside = inside,
        .is_captured = arena_alloc_array(arena, nodes, sizeof(bool)),
        .nodes = arena_alloc_array(arena, nodes, sizeof *list->nodes),
    };
    capture_block(&body, list);
}

/* ---- the environment ---- */

static bool is_variable(const struct ir_node *node)
{
    return node->kind == IR_NODE_INSTR && node->op == IR_VAR;
}

static LLVMTypeRef make_env_type(struct generator *g, const struct capture_list *list)
{
    LLVMTypeRef *types = arena_alloc_array(&g->compilation->arena, list->count + 1, sizeof *types);
    for (unsigned k = 0; k < list->count; k++)
        types[k] = value_type(g, list->nodes[k]->type);
    return LLVMStructTypeInContext(g->context, types, list->count, false);
}

static LLVMValueRef fill_env(struct emitter *e, const struct capture_list *list, LLVMTypeRef type)
{
    LLVMValueRef env = emitter_variable(e, type, "env");
    for (unsigned k = 0; k < list->count; k++) {
        const struct ir_node *node = list->nodes[k];
        LLVMValueRef value = emitter_get_scalar(e, node);
        if (is_variable(node))
            value = LLVMBuildLoad2(e->builder, value_type(e->generator, node->type), value, "");
        LLVMBuildStore(e->builder, value, LLVMBuildStructGEP2(e->builder, type, env, k, ""));
    }
    return env;
}

/* The place of a variable in the environment serves as the variable. */
static void read_env(struct emitter *e, const struct capture_list *list, LLVMTypeRef type,
                     LLVMValueRef env)
{
    for (unsigned k = 0; k < list->count; k++) {
        const struct ir_node *node = list->nodes[k];
        LLVMValueRef place = LLVMBuildStructGEP2(e->builder, type, env, k, "");
        if (!is_variable(node))
            place = LLVMBuildLoad2(e->builder, value_type(e->generator, node->type), place, "");
        emitter_set(e, node, value_uniform(place));
    }
}

/* ---- the body ---- */

static LLVMValueRef emit_body(struct emitter *outer, const struct ir_node *loop,
                              const struct capture_list *list, LLVMTypeRef env_type,
                              LLVMValueRef low)
{
    struct generator *g = outer->generator;
    LLVMTypeRef parameters[] = { g->pointer, g->i64, g->pointer };
    LLVMTypeRef type = LLVMFunctionType(g->void_type, parameters, 3, false);
    LLVMValueRef function = LLVMAddFunction(g->module, "parallel", type);
    struct ir_block body = loop->loop.body;
    struct emitter e;
    LLVMSetLinkage(function, LLVMInternalLinkage);
    g->target->decorate_function(g, function);
    emitter_init(&e, g, outer->ir, &body, function, LLVMGetParam(function, 0));
    read_env(&e, list, env_type, LLVMGetParam(function, 2));
    LLVMValueRef index = LLVMGetParam(function, 1);
    if (low != NULL)
        index = LLVMBuildAdd(e.builder, index, emitter_get_scalar(&e, loop->loop.low), "");
    struct value k = value_uniform(index);
    emitter_set(&e, loop->loop.index,
                loop->loop.events < 0 ? k : memory_load(&e, loop->loop.events, k));
    emit_block(&e, &body);
    emitter_finish(&e);
    return function;
}

void emit_parallel_loop(struct emitter *e, const struct ir_node *node)
{
    struct capture_list list;
    LLVMValueRef low = emitter_get_scalar(e, node->loop.low);
    LLVMValueRef high = emitter_get_scalar(e, node->loop.high);
    bool starts_at_zero = LLVMIsAConstantInt(low) && LLVMConstIntGetZExtValue(low) == 0;
    find_captures(e, node, &list);
    if (!starts_at_zero)
        capture(&list, node->loop.low);
    LLVMTypeRef type = make_env_type(e->generator, &list);
    LLVMValueRef env = fill_env(e, &list, type);
    LLVMBasicBlockRef back = LLVMGetInsertBlock(e->builder);
    LLVMValueRef body = emit_body(e, node, &list, type, starts_at_zero ? NULL : low);
    LLVMPositionBuilderAtEnd(e->builder, back);
    LLVMValueRef operands[] = { LLVMBuildSub(e->builder, high, low, ""), body, env };
    abi_call(e, IR_RT_snn_rt_parallel_for, operands);
}
