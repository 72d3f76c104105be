/* SPDX-License-Identifier: MIT
 *
 * Calls of the runtime and of the C library, as runtime/abi.def declares them.
 *
 * LLVM may not know what the functions of the C library mean: it would replace pow(2, x) by exp2(x)
 * at -O3 and change bits.
 */
#include <assert.h>
#include <string.h>

#include "codegen/internal.h"
#include "ir/rt.h"

enum { PARAMETER_LIMIT = 8 };

static void add_attribute(struct generator *g, LLVMValueRef function, LLVMAttributeIndex index,
                          const char *name)
{
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    LLVMAddAttributeAtIndex(function, index, LLVMCreateEnumAttribute(g->context, kind, 0));
}

static LLVMTypeRef function_type(struct generator *g, enum ir_rt function)
{
    LLVMTypeRef types[PARAMETER_LIMIT + 1];
    unsigned count = 0;
    if (ir_rt_takes_context(function))
        types[count++] = g->pointer;
    for (int32_t k = 0; k < ir_rt_parameter_count(function); k++)
        types[count++] = value_type(g, ir_rt_parameter(function, k));
    return LLVMFunctionType(value_type(g, ir_rt_result(function)), types, count, false);
}

static void decorate(struct generator *g, enum ir_rt function, LLVMValueRef declaration)
{
    unsigned index = 1 + ir_rt_takes_context(function);
    add_attribute(g, declaration, LLVMAttributeFunctionIndex, "nounwind");
    add_attribute(g, declaration, LLVMAttributeFunctionIndex, "nobuiltin");
    if (ir_rt_result(function) == IR_BOOL)
        add_attribute(g, declaration, LLVMAttributeReturnIndex, "zeroext");
    for (int32_t k = 0; k < ir_rt_parameter_count(function); k++)
        if (ir_rt_parameter(function, k) == IR_BOOL)
            add_attribute(g, declaration, index + (unsigned)k, "zeroext");
    if (analysis_is_panic(function)) {
        add_attribute(g, declaration, LLVMAttributeFunctionIndex, "noreturn");
        add_attribute(g, declaration, LLVMAttributeFunctionIndex, "cold");
    }
}

LLVMValueRef abi_declare(struct generator *g, enum ir_rt function)
{
    if (g->runtime[function] == NULL) {
        g->runtime[function] =
            LLVMAddFunction(g->module, ir_rt_name(function), function_type(g, function));
        decorate(g, function, g->runtime[function]);
    }
    return g->runtime[function];
}

LLVMValueRef abi_call(struct emitter *e, enum ir_rt function, LLVMValueRef *operands)
{
    struct generator *g = e->generator;
    LLVMValueRef arguments[PARAMETER_LIMIT + 1];
    LLVMValueRef declaration = abi_declare(g, function);
    unsigned count = 0;
    if (ir_rt_takes_context(function))
        arguments[count++] = e->context;
    for (int32_t k = 0; k < ir_rt_parameter_count(function); k++)
        arguments[count++] = operands[k];
    return LLVMBuildCall2(e->builder, function_type(g, function), declaration, arguments, count,
                          "");
}

/* ---- in lanes ---- */

/* A function of the C library: lane after lane. It has no effect, so lanes that do not run may call
 * it too. */
static LLVMValueRef call_each_lane(struct emitter *e, const struct ir_node *node)
{
    LLVMValueRef lanes[PARAMETER_LIMIT], operands[PARAMETER_LIMIT];
    LLVMValueRef result = LLVMGetPoison(value_lane_type(e, node->type));
    for (int32_t k = 0; k < node->operand_count; k++)
        lanes[k] = emitter_get_vector(e, node->operands[k]);
    for (unsigned lane = 0; lane < e->width; lane++) {
        LLVMValueRef number = LLVMConstInt(e->generator->i32, lane, false);
        for (int32_t k = 0; k < node->operand_count; k++)
            operands[k] = LLVMBuildExtractElement(e->builder, lanes[k], number, "");
        LLVMValueRef value = abi_call(e, (enum ir_rt)node->payload.index, operands);
        result = LLVMBuildInsertElement(e->builder, result, value, number, "");
    }
    return result;
}

/* The number of the first lane that runs. */
static LLVMValueRef first_lane(struct emitter *e)
{
    struct generator *g = e->generator;
    if (e->mask == NULL)
        return value_integer(g, 0);
    LLVMTypeRef bits = LLVMIntTypeInContext(g->context, e->width);
    LLVMValueRef arguments[] = { LLVMBuildBitCast(e->builder, e->mask, bits, ""),
                                 LLVMConstInt(g->i1, 0, false) };
    LLVMValueRef lane = value_call(g, "llvm.cttz", 1, &bits, 2, arguments);
    return LLVMBuildIntCast2(e->builder, lane, g->i64, false, "");
}

/* The end of the run, for the first lane that wants it. */
static void call_panic(struct emitter *e, const struct ir_node *node)
{
    LLVMValueRef operands[PARAMETER_LIMIT], lane = first_lane(e);
    for (int32_t k = 0; k < node->operand_count; k++) {
        struct value value = emitter_get(e, node->operands[k]);
        operands[k] = value.shape == VALUE_UNIFORM
                          ? value.llvm
                          : LLVMBuildExtractElement(e->builder, value_vector(e, value), lane, "");
    }
    abi_call(e, (enum ir_rt)node->payload.index, operands);
}

static bool has_lane_operands(struct emitter *e, const struct ir_node *node)
{
    for (int32_t k = 0; k < node->operand_count; k++)
        if (emitter_get(e, node->operands[k]).shape != VALUE_UNIFORM)
            return true;
    return false;
}

void emit_call_rt(struct emitter *e, const struct ir_node *node)
{
    enum ir_rt function = (enum ir_rt)node->payload.index;
    LLVMValueRef operands[PARAMETER_LIMIT];
    assert(node->operand_count <= PARAMETER_LIMIT);
    if (analysis_is_panic(function)) {
        call_panic(e, node);
        return;
    }
    if (has_lane_operands(e, node)) {
        emitter_set(e, node, value_varying(call_each_lane(e, node)));
        return;
    }
    for (int32_t k = 0; k < node->operand_count; k++)
        operands[k] = emitter_get_scalar(e, node->operands[k]);
    emitter_set(e, node, value_uniform(abi_call(e, function, operands)));
}
