/* SPDX-License-Identifier: MIT
 *
 * Every node, by kind; leaves, variables, loads and stores. Arithmetic is in arithmetic.c,
 * structure in control.c, loops.c, reduce.c and compact.c.
 */
#include <assert.h>
#include <stddef.h>

#include "codegen/internal.h"

/* ---- leaves ---- */

/* What setup writes is loaded where it is used there, and once in other functions. */
static LLVMValueRef load_entry(struct emitter *e, size_t table, int32_t index, LLVMTypeRef type,
                               const char *name, bool is_fixed)
{
    LLVMBasicBlockRef back = is_fixed ? emitter_enter_entry(e) : NULL;
    LLVMValueRef load = LLVMBuildLoad2(e->builder, type, memory_table_entry(e, table, index), name);
    if (is_fixed) {
        memory_set_invariant(e->generator, load);
        emitter_leave_entry(e, back);
    }
    return load;
}

static LLVMValueRef emit_constant_entry(struct emitter *e, const struct ir_node *node)
{
    struct generator *g = e->generator;
    const struct ir_constant *constant = &g->program->constants[node->payload.index];
    bool is_fixed = e->ir->kind != IR_FUNCTION_SETUP;
    LLVMTypeRef stored = constant->is_integer ? g->i64 : g->f64;
    LLVMValueRef value = load_entry(e, offsetof(struct snn_context, constants), node->payload.index,
                                    stored, constant->name, is_fixed);
    if (node->type != IR_F32)
        return value;
    LLVMBasicBlockRef back = is_fixed ? emitter_enter_entry(e) : NULL;
    value = LLVMBuildFPTrunc(e->builder, value, g->f32, "");
    if (is_fixed)
        emitter_leave_entry(e, back);
    return value;
}

static LLVMValueRef emit_param(struct emitter *e, const struct ir_node *node)
{
    struct generator *g = e->generator;
    LLVMTypeRef stored = node->type == IR_BOOL ? g->i64 : value_type(g, node->type);
    LLVMValueRef value = load_entry(e, offsetof(struct snn_context, params), node->payload.index,
                                    stored, g->program->params[node->payload.index].name, true);
    if (node->type != IR_BOOL)
        return value;
    LLVMBasicBlockRef back = emitter_enter_entry(e);
    value = LLVMBuildICmp(e->builder, LLVMIntNE, value, LLVMConstNull(g->i64), "");
    emitter_leave_entry(e, back);
    return value;
}

static size_t context_field_offset(enum ir_context_field field)
{
    switch (field) {
    case IR_CONTEXT_LEARNING: return offsetof(struct snn_context, learning);
    case IR_CONTEXT_PATH: return offsetof(struct snn_context, path);
    case IR_CONTEXT_PRESENT: return offsetof(struct snn_context, present);
    case IR_CONTEXT_STEP: return offsetof(struct snn_context, step);
    case IR_CONTEXT_STEPS: return offsetof(struct snn_context, steps);
    }
    unreachable();
}

static LLVMValueRef emit_constant(struct emitter *e, const struct ir_node *node)
{
    LLVMTypeRef type = value_type(e->generator, node->type);
    if (node->type == IR_F32 || node->type == IR_F64)
        return LLVMConstReal(type, node->payload.real);
    return LLVMConstInt(type, (uint64_t)node->payload.integer, false);
}

LLVMValueRef emit_leaf(struct emitter *e, const struct ir_node *node)
{
    struct generator *g = e->generator;
    int32_t index = node->payload.index;
    switch (node->op) {
    case IR_CONST: return emit_constant(e, node);
    case IR_TEXT: return program_text(g, node->payload.text);
    case IR_SIZE:
        return load_entry(e, offsetof(struct snn_context, sizes), index, g->i64,
                          g->program->sizes[index].name, e->ir->kind != IR_FUNCTION_SETUP);
    case IR_CONSTANT: return emit_constant_entry(e, node);
    case IR_PARAM: return emit_param(e, node);
    case IR_DATA:
        return load_entry(e, offsetof(struct snn_context, data), index, g->pointer, "data", false);
    case IR_KEY:
        return load_entry(e, offsetof(struct snn_context, keys), index, g->i64, "key", true);
    case IR_CONTEXT_GET:
        return memory_context_load(e, g->i64, context_field_offset((enum ir_context_field)index),
                                   false, "");
    default: unreachable();
    }
}

/* ---- variables ---- */

static void emit_variable(struct emitter *e, const struct ir_node *node)
{
    struct value first = emitter_get(e, node->operands[0]);
    bool is_varying = e->width > 1 && e->is_varying[node->id];
    LLVMTypeRef type =
        is_varying ? value_lane_type(e, node->type) : value_type(e->generator, node->type);
    LLVMValueRef memory = emitter_variable(e, type, node->name);
    LLVMBuildStore(e->builder, is_varying ? value_vector(e, first) : value_scalar(first), memory);
    emitter_set(e, node, is_varying ? value_varying(memory) : value_uniform(memory));
}

static struct value emit_variable_get(struct emitter *e, const struct ir_node *node)
{
    struct value memory = emitter_get(e, node->payload.node);
    bool is_varying = memory.shape == VALUE_VARYING;
    LLVMTypeRef type =
        is_varying ? value_lane_type(e, node->type) : value_type(e->generator, node->type);
    memory.llvm = LLVMBuildLoad2(e->builder, type, memory.llvm, "");
    return memory;
}

static void emit_variable_set(struct emitter *e, const struct ir_node *node)
{
    struct value memory = emitter_get(e, node->payload.node);
    struct value value = emitter_get(e, node->operands[0]);
    if (memory.shape == VALUE_UNIFORM) {
        LLVMBuildStore(e->builder, value_scalar(value), memory.llvm);
        return;
    }
    LLVMValueRef lanes = value_vector(e, value);
    if (e->mask != NULL && e->mask != e->rest) {
        LLVMValueRef old = LLVMBuildLoad2(e->builder, LLVMTypeOf(lanes), memory.llvm, "");
        lanes = LLVMBuildSelect(e->builder, e->mask, lanes, old, "");
    }
    LLVMBuildStore(e->builder, lanes, memory.llvm);
}

static void emit_store(struct emitter *e, const struct ir_node *node)
{
    struct value value = emitter_get(e, node->operands[1]);
    if (e->compaction == NULL || !compact_takes_store(e, node, value_vector(e, value)))
        memory_store(e, node->payload.index, emitter_get(e, node->operands[0]), value);
}

/* ---- entries that are written ---- */

static void emit_context_set(struct emitter *e, const struct ir_node *node)
{
    size_t offset = context_field_offset((enum ir_context_field)node->payload.index);
    LLVMValueRef store = LLVMBuildStore(e->builder, emitter_get_scalar(e, node->operands[0]),
                                        memory_context_field(e, offset));
    memory_tag(e, e->generator->program->buffer_count, store);
}

static void emit_entry_set(struct emitter *e, const struct ir_node *node, size_t table)
{
    LLVMBuildStore(e->builder, emitter_get_scalar(e, node->operands[0]),
                   memory_table_entry(e, table, node->payload.index));
}

/* ---- dispatch ---- */

void emit_instruction(struct emitter *e, const struct ir_node *node)
{
    switch (node->op) {
    case IR_CONST:
    case IR_TEXT:
    case IR_SIZE:
    case IR_CONSTANT:
    case IR_PARAM:
    case IR_DATA:
    case IR_KEY:
    case IR_CONTEXT_GET: emitter_set(e, node, value_uniform(emit_leaf(e, node))); return;
    case IR_CONTEXT_SET: emit_context_set(e, node); return;
    case IR_SIZE_SET: emit_entry_set(e, node, offsetof(struct snn_context, sizes)); return;
    case IR_CONSTANT_SET: emit_entry_set(e, node, offsetof(struct snn_context, constants)); return;
    case IR_LOAD:
        emitter_set(e, node,
                    memory_load(e, node->payload.index, emitter_get(e, node->operands[0])));
        return;
    case IR_STORE: emit_store(e, node); return;
    case IR_VAR: emit_variable(e, node); return;
    case IR_VAR_GET: emitter_set(e, node, emit_variable_get(e, node)); return;
    case IR_VAR_SET: emit_variable_set(e, node); return;
    case IR_CALL_RT: e->generator->target->emit_call_rt(e, node); return;
    case IR_INDEX:
    case IR_ODE_VALUE:
    case IR_STOP:
    case IR_SURROGATE:
    case IR_GRADIENT:
    case IR_EXP:
    case IR_EXPM1:
    case IR_LOG:
    case IR_LOG1P:
    case IR_SIN:
    case IR_COS:
    case IR_TAN:
    case IR_TANH:
    case IR_ATAN:
    case IR_POW:
    case IR_HASH:
    case IR_WORD:
    case IR_UNIFORM:
    case IR_EXPONENTIAL:
    case IR_NORMAL:
    case IR_POISSON: unreachable();
    default: emitter_set(e, node, arithmetic_emit(e, node)); return;
    }
}

void emit_node(struct emitter *e, const struct ir_node *node)
{
    switch (node->kind) {
    case IR_NODE_INSTR: emit_instruction(e, node); return;
    case IR_NODE_LOOP: e->generator->target->emit_loop(e, node); return;
    case IR_NODE_REDUCE: emit_reduce(e, node); return;
    case IR_NODE_IF: emit_if(e, node); return;
    case IR_NODE_WHILE: emit_while(e, node); return;
    case IR_NODE_BLOCK: emit_labelled_block(e, node); return;
    case IR_NODE_BREAK:
    case IR_NODE_CONTINUE: emit_jump(e, node); return;
    case IR_NODE_CALL: emit_call(e, node); return;
    case IR_NODE_COMPACT: e->generator->target->emit_compact(e, node); return;
    case IR_NODE_ODE:
    case IR_NODE_PROPAGATE: break; /* gone by now */
    }
    unreachable();
}

void emit_block(struct emitter *e, const struct ir_block *block)
{
    LLVMValueRef mask = e->mask;
    LLVMBasicBlockRef end = NULL;
    for (const struct ir_node *node = block->first; node != NULL; node = node->next) {
        emit_node(e, node);
        if (e->width == 1 || node->next == NULL || !analysis_may_leave(node))
            continue;
        if (end == NULL)
            end = emitter_block(e, "end");
        emit_remaining_lanes(e, end);
    }
    if (end != NULL)
        emitter_branch_to(e, end);
    e->mask = mask;
}
