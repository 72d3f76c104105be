/* SPDX-License-Identifier: MIT
 *
 * Instructions that compute one value from others, on scalars or on all lanes alike. What each
 * means is said by ops.def and done in C by ir/evaluate.c; no flag that lets LLVM change a result
 * is ever set.
 */
#include <math.h>

#include <assert.h>

#include "codegen/internal.h"

static bool is_real(enum ir_type type)
{
    return type == IR_F32 || type == IR_F64;
}

/* An intrinsic with one overloaded type, that of its operands. */
static LLVMValueRef call_alike(struct emitter *e, const char *name, unsigned count, LLVMValueRef *v)
{
    LLVMTypeRef type = LLVMTypeOf(v[0]);
    return value_call(e->generator, name, 1, &type, count, v);
}

LLVMValueRef arithmetic_less(struct emitter *e, enum ir_type type, LLVMValueRef a, LLVMValueRef b)
{
    if (is_real(type))
        return LLVMBuildFCmp(e->builder, LLVMRealOLT, a, b, "");
    return LLVMBuildICmp(e->builder, type == IR_BOOL ? LLVMIntULT : LLVMIntSLT, a, b, "");
}

/* a < b ? a : b */
static LLVMValueRef minimum(struct emitter *e, enum ir_type type, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildSelect(e->builder, arithmetic_less(e, type, a, b), a, b, "");
}

/* a > b ? a : b */
static LLVMValueRef maximum(struct emitter *e, enum ir_type type, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildSelect(e->builder, arithmetic_less(e, type, b, a), a, b, "");
}

LLVMValueRef arithmetic_combine(struct emitter *e, enum ir_reduction reduction, LLVMValueRef a,
                                LLVMValueRef x)
{
    LLVMBuilderRef b = e->builder;
    LLVMTypeKind kind = LLVMGetTypeKind(value_element_type(LLVMTypeOf(a)));
    bool real = kind != LLVMIntegerTypeKind;
    enum ir_type type = real ? IR_F64 : IR_I64;
    switch (reduction) {
    case IR_REDUCE_SUM: return real ? LLVMBuildFAdd(b, a, x, "") : LLVMBuildAdd(b, a, x, "");
    case IR_REDUCE_PRODUCT: return real ? LLVMBuildFMul(b, a, x, "") : LLVMBuildMul(b, a, x, "");
    case IR_REDUCE_MIN: return minimum(e, type, x, a);
    case IR_REDUCE_MAX: return maximum(e, type, x, a);
    case IR_REDUCE_ANY: return LLVMBuildOr(b, a, x, "");
    case IR_REDUCE_ALL: return LLVMBuildAnd(b, a, x, "");
    case IR_REDUCE_ARGMIN:
    case IR_REDUCE_ARGMAX: break;
    }
    unreachable();
}

/* ---- integers ---- */

/* A divisor that the machine takes (not 0, not -1), and which lanes had another. */
struct divisor {
    LLVMValueRef safe, is_zero, is_minus_one;
};

static struct divisor make_divisor(struct emitter *e, LLVMValueRef b)
{
    LLVMTypeRef type = LLVMTypeOf(b);
    LLVMValueRef one = value_constant(type, 1);
    struct divisor d = {
        .is_zero = LLVMBuildICmp(e->builder, LLVMIntEQ, b, LLVMConstNull(type), ""),
        .is_minus_one = LLVMBuildICmp(e->builder, LLVMIntEQ, b, value_constant(type, -1), ""),
    };
    LLVMValueRef special = LLVMBuildOr(e->builder, d.is_zero, d.is_minus_one, "");
    d.safe = LLVMBuildSelect(e->builder, special, one, b, "");
    return d;
}

/* Lanes where the quotient was cut on the wrong side: there is a rest, and its sign is not the
 * divisor's. */
static LLVMValueRef is_cut_up(struct emitter *e, LLVMValueRef rest, LLVMValueRef divisor)
{
    LLVMBuilderRef b = e->builder;
    LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(rest));
    LLVMValueRef signs = LLVMBuildXor(b, rest, divisor, "");
    return LLVMBuildAnd(b, LLVMBuildICmp(b, LLVMIntNE, rest, zero, ""),
                        LLVMBuildICmp(b, LLVMIntSLT, signs, zero, ""), "");
}

static LLVMValueRef divide_floor(struct emitter *e, LLVMValueRef a, LLVMValueRef b)
{
    LLVMTypeRef type = LLVMTypeOf(a);
    struct divisor d = make_divisor(e, b);
    LLVMValueRef quotient = LLVMBuildSDiv(e->builder, a, d.safe, "");
    LLVMValueRef rest = LLVMBuildSRem(e->builder, a, d.safe, "");
    LLVMValueRef lower = LLVMBuildSub(e->builder, quotient, value_constant(type, 1), "");
    LLVMValueRef result =
        LLVMBuildSelect(e->builder, is_cut_up(e, rest, d.safe), lower, quotient, "");
    LLVMValueRef negated = LLVMBuildNeg(e->builder, a, "");
    result = LLVMBuildSelect(e->builder, d.is_minus_one, negated, result, "");
    return LLVMBuildSelect(e->builder, d.is_zero, LLVMConstNull(type), result, "");
}

/* A safe divisor of 1 leaves the 0 that a divisor of 0 or -1 has to give. */
static LLVMValueRef modulo_floor(struct emitter *e, LLVMValueRef a, LLVMValueRef b)
{
    struct divisor d = make_divisor(e, b);
    LLVMValueRef rest = LLVMBuildSRem(e->builder, a, d.safe, "");
    LLVMValueRef raised = LLVMBuildAdd(e->builder, rest, d.safe, "");
    return LLVMBuildSelect(e->builder, is_cut_up(e, rest, d.safe), raised, rest, "");
}

static LLVMValueRef absolute(struct emitter *e, LLVMValueRef a)
{
    LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(a));
    LLVMValueRef is_negative = LLVMBuildICmp(e->builder, LLVMIntSLT, a, zero, "");
    return LLVMBuildSelect(e->builder, is_negative, LLVMBuildNeg(e->builder, a, ""), a, "");
}

static LLVMValueRef multiply_high(struct emitter *e, LLVMValueRef a, LLVMValueRef b)
{
    LLVMTypeRef narrow = LLVMTypeOf(a), wide = value_with_element(narrow, e->generator->i64);
    LLVMValueRef product = LLVMBuildMul(e->builder, LLVMBuildZExt(e->builder, a, wide, ""),
                                        LLVMBuildZExt(e->builder, b, wide, ""), "");
    product = LLVMBuildLShr(e->builder, product, value_constant(wide, 32), "");
    return LLVMBuildTrunc(e->builder, product, narrow, "");
}

static LLVMValueRef emit_integer(struct emitter *e, enum ir_op op, enum ir_type type,
                                 LLVMValueRef *v)
{
    LLVMBuilderRef b = e->builder;
    switch (op) {
    case IR_ADD: return LLVMBuildAdd(b, v[0], v[1], "");
    case IR_SUB: return LLVMBuildSub(b, v[0], v[1], "");
    case IR_MUL: return LLVMBuildMul(b, v[0], v[1], "");
    case IR_DIV: return divide_floor(e, v[0], v[1]);
    case IR_MOD: return modulo_floor(e, v[0], v[1]);
    case IR_MIN: return minimum(e, type, v[0], v[1]);
    case IR_MAX: return maximum(e, type, v[0], v[1]);
    case IR_NEG: return LLVMBuildNeg(b, v[0], "");
    case IR_ABS: return absolute(e, v[0]);
    case IR_AND: return LLVMBuildAnd(b, v[0], v[1], "");
    case IR_OR: return LLVMBuildOr(b, v[0], v[1], "");
    case IR_XOR: return LLVMBuildXor(b, v[0], v[1], "");
    case IR_NOT: return LLVMBuildNot(b, v[0], "");
    case IR_SHL: return LLVMBuildShl(b, v[0], v[1], "");
    case IR_SHR: return LLVMBuildLShr(b, v[0], v[1], "");
    case IR_MULHI: return multiply_high(e, v[0], v[1]);
    default: unreachable();
    }
}

/* ---- reals ---- */

/* a - b * floor(a / b) */
static LLVMValueRef modulo_real(struct emitter *e, LLVMValueRef *v)
{
    LLVMValueRef quotient = LLVMBuildFDiv(e->builder, v[0], v[1], "");
    LLVMValueRef whole = call_alike(e, "llvm.floor", 1, &quotient);
    return LLVMBuildFSub(e->builder, v[0], LLVMBuildFMul(e->builder, v[1], whole, ""), "");
}

static LLVMValueRef emit_real(struct emitter *e, enum ir_op op, enum ir_type type, LLVMValueRef *v)
{
    LLVMBuilderRef b = e->builder;
    switch (op) {
    case IR_ADD: return LLVMBuildFAdd(b, v[0], v[1], "");
    case IR_SUB: return LLVMBuildFSub(b, v[0], v[1], "");
    case IR_MUL: return LLVMBuildFMul(b, v[0], v[1], "");
    case IR_DIV: return LLVMBuildFDiv(b, v[0], v[1], "");
    case IR_MOD: return modulo_real(e, v);
    case IR_MIN: return minimum(e, type, v[0], v[1]);
    case IR_MAX: return maximum(e, type, v[0], v[1]);
    case IR_NEG: return LLVMBuildFNeg(b, v[0], "");
    case IR_ABS: return call_alike(e, "llvm.fabs", 1, v);
    case IR_FMA: return call_alike(e, "llvm.fma", 3, v);
    case IR_SQRT: return call_alike(e, "llvm.sqrt", 1, v);
    case IR_FLOOR: return call_alike(e, "llvm.floor", 1, v);
    case IR_CEIL: return call_alike(e, "llvm.ceil", 1, v);
    case IR_ROUND: return call_alike(e, "llvm.roundeven", 1, v);
    default: unreachable();
    }
}

/* ---- comparisons, conversions ---- */

static LLVMValueRef emit_compare(struct emitter *e, enum ir_op op, enum ir_type type,
                                 LLVMValueRef *v)
{
    static const LLVMRealPredicate real[] = { LLVMRealOEQ, LLVMRealUNE, LLVMRealOLT,
                                              LLVMRealOLE, LLVMRealOGT, LLVMRealOGE };
    static const LLVMIntPredicate is_signed[] = { LLVMIntEQ,  LLVMIntNE,  LLVMIntSLT,
                                                  LLVMIntSLE, LLVMIntSGT, LLVMIntSGE };
    static const LLVMIntPredicate is_unsigned[] = { LLVMIntEQ,  LLVMIntNE,  LLVMIntULT,
                                                    LLVMIntULE, LLVMIntUGT, LLVMIntUGE };
    int which = op - IR_EQ;
    if (is_real(type))
        return LLVMBuildFCmp(e->builder, real[which], v[0], v[1], "");
    bool has_sign = type == IR_I32 || type == IR_I64;
    return LLVMBuildICmp(e->builder, has_sign ? is_signed[which] : is_unsigned[which], v[0], v[1],
                         "");
}

/* llvm.fptosi.sat written out: LLVM takes it apart lane by lane, this stays a vector. */
static LLVMValueRef saturate(struct emitter *e, LLVMValueRef v, LLVMTypeRef type)
{
    LLVMBuilderRef b = e->builder;
    LLVMTypeRef real = LLVMTypeOf(v), integer = LLVMGetElementType(type);
    bool is_single = LLVMGetElementType(real) == e->generator->f32;
    unsigned bits = LLVMGetIntTypeWidth(integer) - 1;
    double limit = ldexp(1, (int)bits);
    double below = is_single ? (double)nextafterf((float)limit, 0) : nextafter(limit, 0);
    LLVMValueRef low = value_splat(e, LLVMConstReal(LLVMGetElementType(real), -limit), e->width);
    LLVMValueRef high = value_splat(e, LLVMConstReal(LLVMGetElementType(real), limit), e->width);
    LLVMValueRef last = value_splat(e, LLVMConstReal(LLVMGetElementType(real), below), e->width);
    LLVMValueRef most =
        value_splat(e, LLVMConstInt(integer, (UINT64_C(1) << bits) - 1, false), e->width);
    LLVMValueRef safe = LLVMBuildSelect(b, LLVMBuildFCmp(b, LLVMRealOLT, v, last, ""), v, last, "");
    safe = LLVMBuildSelect(b, LLVMBuildFCmp(b, LLVMRealOGT, safe, low, ""), safe, low, "");
    LLVMValueRef result = LLVMBuildFPToSI(b, safe, type, "");
    result = LLVMBuildSelect(b, LLVMBuildFCmp(b, LLVMRealOGE, v, high, ""), most, result, "");
    LLVMValueRef is_nan = LLVMBuildFCmp(b, LLVMRealUNO, v, v, "");
    return LLVMBuildSelect(b, is_nan, LLVMConstNull(type), result, "");
}

static LLVMValueRef cast_real(struct emitter *e, enum ir_type to, LLVMValueRef v, LLVMTypeRef type)
{
    LLVMTypeRef types[] = { type, LLVMTypeOf(v) };
    switch (to) {
    case IR_BOOL: return LLVMBuildFCmp(e->builder, LLVMRealUNE, v, LLVMConstNull(types[1]), "");
    case IR_I32:
    case IR_I64:
        if (LLVMGetTypeKind(type) == LLVMVectorTypeKind)
            return saturate(e, v, type);
        return value_call(e->generator, "llvm.fptosi.sat", 2, types, 1, &v);
    case IR_F32: return LLVMBuildFPTrunc(e->builder, v, type, "");
    case IR_F64: return LLVMBuildFPExt(e->builder, v, type, "");
    case IR_POINTER:
    case IR_VOID: break;
    }
    unreachable();
}

static LLVMValueRef cast_integer(struct emitter *e, enum ir_type from, enum ir_type to,
                                 LLVMValueRef v, LLVMTypeRef type)
{
    LLVMBuilderRef b = e->builder;
    switch (to) {
    case IR_BOOL: return LLVMBuildICmp(b, LLVMIntNE, v, LLVMConstNull(LLVMTypeOf(v)), "");
    case IR_I32:
        return from == IR_I64 ? LLVMBuildTrunc(b, v, type, "") : LLVMBuildZExt(b, v, type, "");
    case IR_I64: return LLVMBuildZExt(b, v, type, "");
    case IR_F32:
    case IR_F64:
        return from == IR_BOOL ? LLVMBuildUIToFP(b, v, type, "") : LLVMBuildSIToFP(b, v, type, "");
    case IR_POINTER:
    case IR_VOID: break;
    }
    unreachable();
}

static LLVMValueRef emit_cast(struct emitter *e, enum ir_type from, enum ir_type to, LLVMValueRef v)
{
    LLVMTypeRef type = value_with_element(LLVMTypeOf(v), value_type(e->generator, to));
    if (from == to)
        return v;
    return is_real(from) ? cast_real(e, to, v, type) : cast_integer(e, from, to, v, type);
}

/* ---- one instruction ---- */

static LLVMValueRef emit_operation(struct emitter *e, const struct ir_node *node, LLVMValueRef *v)
{
    enum ir_type type = node->operands[node->operand_count - 1]->type;
    switch (node->op) {
    case IR_EQ:
    case IR_NE:
    case IR_LT:
    case IR_LE:
    case IR_GT:
    case IR_GE: return emit_compare(e, node->op, type, v);
    case IR_SELECT: return LLVMBuildSelect(e->builder, v[0], v[1], v[2], "");
    case IR_CAST: return emit_cast(e, type, node->type, v[0]);
    case IR_BITCAST:
        return LLVMBuildBitCast(
            e->builder, v[0],
            value_with_element(LLVMTypeOf(v[0]), value_type(e->generator, node->type)), "");
    default:
        return is_real(type) ? emit_real(e, node->op, type, v) : emit_integer(e, node->op, type, v);
    }
}

/* Sums, and products with a constant, of linear values stay linear. */
static bool emit_linear(struct emitter *e, const struct ir_node *node, const struct value *v,
                        struct value *out)
{
    if (node->type != IR_I64 || node->operand_count != 2 || v[0].shape == VALUE_VARYING ||
        v[1].shape == VALUE_VARYING)
        return false;
    LLVMValueRef a = v[0].llvm, b = v[1].llvm;
    switch (node->op) {
    case IR_ADD:
        *out = value_linear(LLVMBuildAdd(e->builder, a, b, ""), v[0].stride + v[1].stride);
        return true;
    case IR_SUB:
        *out = value_linear(LLVMBuildSub(e->builder, a, b, ""), v[0].stride - v[1].stride);
        return true;
    case IR_MUL: {
        int line = v[0].shape == VALUE_LINEAR ? 0 : 1;
        LLVMValueRef factor = v[!line].llvm;
        if (v[!line].shape == VALUE_LINEAR || !LLVMIsAConstantInt(factor))
            return false;
        *out = value_linear(LLVMBuildMul(e->builder, a, b, ""),
                            v[line].stride * LLVMConstIntGetSExtValue(factor));
        return true;
    }
    default: return false;
    }
}

struct value arithmetic_emit(struct emitter *e, const struct ir_node *node)
{
    struct value values[3], result;
    LLVMValueRef operands[3];
    bool is_uniform = true;
    assert(node->operand_count > 0 && node->operand_count <= 3);
    for (int32_t k = 0; k < node->operand_count; k++) {
        values[k] = emitter_get(e, node->operands[k]);
        is_uniform &= values[k].shape == VALUE_UNIFORM;
    }
    if (!is_uniform && emit_linear(e, node, values, &result))
        return result;
    for (int32_t k = 0; k < node->operand_count; k++)
        operands[k] = is_uniform ? values[k].llvm : value_vector(e, values[k]);
    LLVMValueRef llvm = emit_operation(e, node, operands);
    return is_uniform ? value_uniform(llvm) : value_varying(llvm);
}
