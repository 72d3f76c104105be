/* SPDX-License-Identifier: MIT
 *
 * Types and values: scalars, and the same thing once for each lane.
 */
#include <assert.h>
#include <string.h>

#include "codegen/internal.h"

LLVMTypeRef value_type(struct generator *g, enum ir_type type)
{
    switch (type) {
    case IR_VOID: return g->void_type;
    case IR_BOOL: return g->i1;
    case IR_I32: return g->i32;
    case IR_I64: return g->i64;
    case IR_F32: return g->f32;
    case IR_F64: return g->f64;
    case IR_POINTER: return g->pointer;
    }
    unreachable();
}

LLVMTypeRef value_lane_type(struct emitter *e, enum ir_type type)
{
    LLVMTypeRef scalar = value_type(e->generator, type);
    return e->width == 1 ? scalar : LLVMVectorType(scalar, e->width);
}

struct value value_uniform(LLVMValueRef llvm)
{
    return (struct value){ .llvm = llvm, .shape = VALUE_UNIFORM };
}

struct value value_varying(LLVMValueRef llvm)
{
    return (struct value){ .llvm = llvm, .shape = VALUE_VARYING };
}

struct value value_linear(LLVMValueRef base, int64_t stride)
{
    if (stride == 0)
        return value_uniform(base);
    return (struct value){ .llvm = base, .shape = VALUE_LINEAR, .stride = stride };
}

LLVMValueRef value_scalar(struct value value)
{
    assert(value.shape == VALUE_UNIFORM);
    return value.llvm;
}

LLVMValueRef value_vector(struct emitter *e, struct value value)
{
    if (e->width == 1)
        return value_scalar(value);
    switch (value.shape) {
    case VALUE_UNIFORM: return value_splat(e, value.llvm, e->width);
    case VALUE_VARYING: return value.llvm;
    case VALUE_LINEAR: {
        LLVMTypeRef i64 = e->generator->i64;
        LLVMValueRef steps[LANES_LIMIT];
        for (unsigned k = 0; k < e->width; k++)
            steps[k] = LLVMConstInt(i64, (uint64_t)k * (uint64_t)value.stride, false);
        return LLVMBuildAdd(e->builder, value_splat(e, value.llvm, e->width),
                            LLVMConstVector(steps, e->width), "");
    }
    }
    unreachable();
}

static LLVMValueRef splat_constant(LLVMValueRef scalar, unsigned width)
{
    LLVMValueRef elements[LANES_LIMIT];
    for (unsigned k = 0; k < width; k++)
        elements[k] = scalar;
    return LLVMConstVector(elements, width);
}

LLVMValueRef value_splat(struct emitter *e, LLVMValueRef scalar, unsigned width)
{
    if (LLVMIsConstant(scalar))
        return splat_constant(scalar, width);
    LLVMTypeRef type = LLVMVectorType(LLVMTypeOf(scalar), width);
    LLVMValueRef first = LLVMBuildInsertElement(e->builder, LLVMGetPoison(type), scalar,
                                                LLVMConstInt(e->generator->i32, 0, false), "");
    LLVMValueRef zeroes = LLVMConstNull(LLVMVectorType(e->generator->i32, width));
    return LLVMBuildShuffleVector(e->builder, first, LLVMGetPoison(type), zeroes, "");
}

LLVMValueRef value_integer(struct generator *g, int64_t value)
{
    return LLVMConstInt(g->i64, (uint64_t)value, false);
}

static bool is_vector(LLVMTypeRef type)
{
    return LLVMGetTypeKind(type) == LLVMVectorTypeKind;
}

LLVMTypeRef value_element_type(LLVMTypeRef type)
{
    return is_vector(type) ? LLVMGetElementType(type) : type;
}

LLVMTypeRef value_with_element(LLVMTypeRef shape, LLVMTypeRef element)
{
    return is_vector(shape) ? LLVMVectorType(element, LLVMGetVectorSize(shape)) : element;
}

LLVMValueRef value_constant(LLVMTypeRef type, double value)
{
    LLVMTypeRef element = value_element_type(type);
    LLVMValueRef scalar = LLVMGetTypeKind(element) == LLVMIntegerTypeKind
                              ? LLVMConstInt(element, (uint64_t)(int64_t)value, false)
                              : LLVMConstReal(element, value);
    return is_vector(type) ? splat_constant(scalar, LLVMGetVectorSize(type)) : scalar;
}

LLVMValueRef value_iota(LLVMTypeRef element, unsigned width)
{
    LLVMValueRef elements[LANES_LIMIT];
    for (unsigned k = 0; k < width; k++)
        elements[k] = LLVMConstInt(element, k, false);
    return LLVMConstVector(elements, width);
}

LLVMValueRef value_call(struct generator *g, const char *intrinsic, unsigned type_count,
                        LLVMTypeRef *types, unsigned count, LLVMValueRef *arguments)
{
    unsigned id = LLVMLookupIntrinsicID(intrinsic, strlen(intrinsic));
    assert(id != 0);
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(g->module, id, types, type_count);
    LLVMTypeRef type = LLVMIntrinsicGetType(g->context, id, types, type_count);
    return LLVMBuildCall2(g->builder, type, function, arguments, count, "");
}

struct value value_offset(struct emitter *e, struct value value, LLVMValueRef offset)
{
    if (value.shape == VALUE_VARYING)
        offset = value_splat(e, offset, e->width);
    value.llvm = LLVMBuildAdd(e->builder, value.llvm, offset, "");
    return value;
}
