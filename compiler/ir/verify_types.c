/* SPDX-License-Identifier: MIT
 *
 * The types of instructions, by the classes of ops.def, and the entries of tables that they name.
 */
#include "ir/evaluate.h"
#include "ir/print.h"
#include "ir/rt.h"
#include "ir/verify.h"

enum op_class {
    CLASS_LEAF,
    CLASS_ARITH,
    CLASS_FLOAT,
    CLASS_COMPARE,
    CLASS_LOGIC,
    CLASS_BITS,
    CLASS_SPECIAL
};

static const struct {
    int operand_count; /* -1: its own rule */
    enum op_class class;
} rules[] = {
#define IR_OP(name, text, operands, class) { operands, CLASS_##class },
#include "ir/ops.def"
#undef IR_OP
};

static bool is_real(enum ir_type type)
{
    return type == IR_F32 || type == IR_F64;
}

static bool is_integer(enum ir_type type)
{
    return type == IR_I32 || type == IR_I64;
}

static bool fail_type(struct verifier *v, const struct ir_node *node)
{
    return verify_fail(v, node, "operands or result of '%s' have a wrong type",
                       ir_op_name(node->op));
}

/* Every operand has the type `type`. */
static bool has_operands(const struct ir_node *node, enum ir_type type)
{
    for (int32_t k = 0; k < node->operand_count; k++)
        if (node->operands[k]->type != type)
            return false;
    return true;
}

static bool check_entry(struct verifier *v, const struct ir_node *node, int32_t count,
                        bool is_right_type)
{
    if (node->payload.index < 0 || node->payload.index >= count)
        return verify_fail(v, node, "it names entry %d of a table of %d", (int)node->payload.index,
                           (int)count);
    return is_right_type || fail_type(v, node);
}

/* ---- leaves ---- */

static bool check_constant_leaf(struct verifier *v, const struct ir_node *node)
{
    const struct ir_program *program = v->program;
    if (!check_entry(v, node, program->constant_count, true))
        return false;
    bool is_integer_entry = program->constants[node->payload.index].is_integer;
    return (is_integer_entry ? node->type == IR_I64 : is_real(node->type)) || fail_type(v, node);
}

static bool check_param(struct verifier *v, const struct ir_node *node)
{
    const struct ir_program *program = v->program;
    if (!check_entry(v, node, program->param_count, true))
        return false;
    enum snn_type type = program->params[node->payload.index].type;
    enum ir_type expected = type == SNN_STRING ? IR_POINTER : ir_buffer_value_type(type);
    return node->type == expected || fail_type(v, node);
}

static bool check_const(struct verifier *v, const struct ir_node *node)
{
    int64_t integer = node->payload.integer;
    double real = node->payload.real;
    switch (node->type) {
    case IR_BOOL:
        return integer == 0 || integer == 1 || verify_fail(v, node, "a bool is neither 0 nor 1");
    case IR_I32:
        return integer == (int64_t)(uint32_t)integer ||
               verify_fail(v, node, "an i32 is not zero-extended");
    case IR_F32:
        return real != real || (double)(float)real == real ||
               verify_fail(v, node, "an f32 is not rounded");
    case IR_I64:
    case IR_F64: return true;
    case IR_POINTER:
    case IR_VOID: break;
    }
    return fail_type(v, node);
}

static bool check_ode_value(struct verifier *v, const struct ir_node *node)
{
    if (v->program->gone & IR_GONE_ODE)
        return verify_fail(v, node, "a value of an ode is left after pass 'integrate'");
    if (v->ode == NULL)
        return verify_fail(v, node, "a value of an ode is outside of one");
    if (!check_entry(v, node, v->ode->ode.variable_count, true))
        return false;
    const struct ir_node *var = v->ode->ode.variables[node->payload.index].var;
    return (var != NULL && node->type == var->type) || fail_type(v, node);
}

static bool check_leaf(struct verifier *v, const struct ir_node *node)
{
    const struct ir_program *program = v->program;
    switch (node->op) {
    case IR_CONST: return check_const(v, node);
    case IR_TEXT:
        return (node->type == IR_POINTER && node->payload.text != NULL) || fail_type(v, node);
    case IR_SIZE: return check_entry(v, node, program->size_count, node->type == IR_I64);
    case IR_CONSTANT: return check_constant_leaf(v, node);
    case IR_PARAM: return check_param(v, node);
    case IR_DATA: return check_entry(v, node, program->data_count, node->type == IR_POINTER);
    case IR_KEY: return check_entry(v, node, program->site_count, node->type == IR_I64);
    case IR_CONTEXT_GET: return check_entry(v, node, IR_CONTEXT_STEPS + 1, node->type == IR_I64);
    case IR_ODE_VALUE: return check_ode_value(v, node);
    case IR_INDEX: return node->type == IR_I64 || fail_type(v, node);
    default: unreachable();
    }
}

/* ---- special ---- */

static bool check_access(struct verifier *v, const struct ir_node *node)
{
    const struct ir_program *program = v->program;
    if (!check_entry(v, node, program->buffer_count, true))
        return false;
    enum ir_type type = ir_buffer_value_type(program->buffers[node->payload.index].type);
    bool is_right =
        node->operands[0]->type == IR_I64 &&
        (node->op == IR_LOAD ? node->type == type
                             : node->type == IR_VOID && node->operands[1]->type == type);
    return is_right || fail_type(v, node);
}

static bool check_constant_set(struct verifier *v, const struct ir_node *node)
{
    const struct ir_program *program = v->program;
    if (!check_entry(v, node, program->constant_count, node->type == IR_VOID))
        return false;
    enum ir_type type = program->constants[node->payload.index].is_integer ? IR_I64 : IR_F64;
    return has_operands(node, type) || fail_type(v, node);
}

static bool check_call_rt(struct verifier *v, const struct ir_node *node)
{
    enum ir_rt function = (enum ir_rt)node->payload.index;
    if (node->operand_count != ir_rt_parameter_count(function))
        return verify_fail(v, node, "'%s' takes %d operands", ir_rt_name(function),
                           (int)ir_rt_parameter_count(function));
    for (int32_t k = 0; k < node->operand_count; k++)
        if (node->operands[k]->type != ir_rt_parameter(function, k))
            return verify_fail(v, node, "operand %d of '%s' must be %s", (int)k + 1,
                               ir_rt_name(function), ir_type_name(ir_rt_parameter(function, k)));
    return node->type == ir_rt_result(function) || fail_type(v, node);
}

static bool check_draw(struct verifier *v, const struct ir_node *node)
{
    int32_t first = node->op == IR_POISSON ? 1 : 0;
    enum ir_type type = node->op == IR_WORD ? IR_I32 : IR_F32;
    bool is_right = node->type == type && (first == 0 || node->operands[0]->type == IR_F32);
    for (int32_t k = first; k < node->operand_count; k++)
        is_right = is_right && node->operands[k]->type == IR_I64;
    return is_right || fail_type(v, node);
}

static bool is_convertible(enum ir_type type)
{
    return type != IR_VOID && type != IR_POINTER;
}

static bool is_same_width(enum ir_type a, enum ir_type b)
{
    return (a == IR_F32 && b == IR_I32) || (a == IR_I32 && b == IR_F32) ||
           (a == IR_F64 && b == IR_I64) || (a == IR_I64 && b == IR_F64);
}

static bool check_select(struct verifier *v, const struct ir_node *node)
{
    struct ir_node *const *operands = node->operands;
    return (operands[0]->type == IR_BOOL && operands[1]->type == node->type &&
            operands[2]->type == node->type && node->type != IR_VOID) ||
           fail_type(v, node);
}

static bool is_undifferentiated(struct verifier *v, const struct ir_node *node)
{
    return !(v->program->gone & IR_GONE_GRADIENT) ||
           verify_fail(v, node, "it is left after pass 'differentiate'");
}

static bool check_special(struct verifier *v, const struct ir_node *node)
{
    switch (node->op) {
    case IR_CONTEXT_SET:
        return check_entry(v, node, IR_CONTEXT_STEPS + 1,
                           node->type == IR_VOID && has_operands(node, IR_I64));
    case IR_SIZE_SET:
        return check_entry(v, node, v->program->size_count,
                           node->type == IR_VOID && has_operands(node, IR_I64));
    case IR_CONSTANT_SET: return check_constant_set(v, node);
    case IR_LOAD:
    case IR_STORE: return check_access(v, node);
    case IR_VAR: return has_operands(node, node->type) || fail_type(v, node);
    case IR_VAR_GET:
        return (node->payload.node != NULL && node->payload.node->type == node->type) ||
               fail_type(v, node);
    case IR_VAR_SET:
        return (node->type == IR_VOID && node->payload.node != NULL &&
                has_operands(node, node->payload.node->type)) ||
               fail_type(v, node);
    case IR_CALL_RT: return check_call_rt(v, node);
    case IR_SELECT: return check_select(v, node);
    case IR_CAST:
        return (is_convertible(node->type) && is_convertible(node->operands[0]->type)) ||
               fail_type(v, node);
    case IR_BITCAST:
        return is_same_width(node->type, node->operands[0]->type) || fail_type(v, node);
    case IR_STOP:
        return is_undifferentiated(v, node) &&
               ((is_convertible(node->type) && has_operands(node, node->type)) ||
                fail_type(v, node));
    case IR_SURROGATE:
        return is_undifferentiated(v, node) &&
               ((node->type == IR_BOOL && node->operands[0]->type == IR_BOOL &&
                 node->operands[1]->type == IR_F32 && node->operands[2]->type == IR_F32) ||
                fail_type(v, node));
    case IR_GRADIENT:
        return is_undifferentiated(v, node) &&
               ((node->type == IR_VOID && has_operands(node, IR_F32)) || fail_type(v, node));
    case IR_HASH: return (node->type == IR_I64 && has_operands(node, IR_I64)) || fail_type(v, node);
    case IR_WORD:
    case IR_UNIFORM:
    case IR_NORMAL:
    case IR_EXPONENTIAL:
    case IR_POISSON: return check_draw(v, node);
    default: unreachable();
    }
}

/* ---- all ---- */

static bool check_class(struct verifier *v, const struct ir_node *node)
{
    enum ir_type type = node->type;
    switch (rules[node->op].class) {
    case CLASS_LEAF: return check_leaf(v, node);
    case CLASS_SPECIAL: return check_special(v, node);
    case CLASS_ARITH:
        return ((is_integer(type) || is_real(type)) && has_operands(node, type)) ||
               fail_type(v, node);
    case CLASS_FLOAT: return (is_real(type) && has_operands(node, type)) || fail_type(v, node);
    case CLASS_LOGIC:
        return ((is_integer(type) || type == IR_BOOL) && has_operands(node, type)) ||
               fail_type(v, node);
    case CLASS_BITS:
        return (is_integer(type) && has_operands(node, type) &&
                (node->op != IR_MULHI || type == IR_I32)) ||
               fail_type(v, node);
    case CLASS_COMPARE:
        return (type == IR_BOOL && has_operands(node, node->operands[0]->type)) ||
               fail_type(v, node);
    }
    unreachable();
}

/* f64 has no expansion: it calls the C library. Still, none of them is left. */
static bool is_expanded(enum ir_op op)
{
    return op >= IR_EXP && op <= IR_POISSON;
}

bool verify_instruction_types(struct verifier *v, const struct ir_node *node)
{
    int expected = rules[node->op].operand_count;
    if (expected >= 0 && node->operand_count != expected)
        return verify_fail(v, node, "'%s' takes %d operands, has %d", ir_op_name(node->op),
                           expected, (int)node->operand_count);
    if (is_expanded(node->op) && (v->program->gone & IR_GONE_MATH))
        return verify_fail(v, node, "'%s' is left after pass 'expand'", ir_op_name(node->op));
    return check_class(v, node);
}

bool verify_reduce_types(struct verifier *v, const struct ir_node *node)
{
    enum ir_reduction reduction = node->reduce.reduction;
    bool is_arg = reduction == IR_REDUCE_ARGMIN || reduction == IR_REDUCE_ARGMAX;
    if (node->reduce.key_count < 1 || node->reduce.key_count > (is_arg ? 4 : 1))
        return verify_fail(v, node, "a reduction has %d keys", (int)node->reduce.key_count);
    bool is_right = true;
    for (int32_t k = 0; k < node->reduce.key_count; k++) {
        enum ir_type key = node->reduce.keys[k]->type;
        if (is_arg)
            is_right = is_right && node->type == IR_I64 && (key == IR_I64 || is_real(key));
        else if (reduction == IR_REDUCE_ANY || reduction == IR_REDUCE_ALL)
            is_right = key == IR_BOOL && node->type == IR_BOOL;
        else
            is_right = key == node->type && (key == IR_I64 || is_real(key));
    }
    return is_right || verify_fail(v, node, "keys or result of a reduction have a wrong type");
}

bool verify_buffer(struct verifier *v, const struct ir_node *node, int32_t buffer,
                   enum snn_type type, const char *role)
{
    if (buffer < 0 || buffer >= v->program->buffer_count)
        return verify_fail(v, node, "the buffer of its %s does not exist", role);
    if (v->program->buffers[buffer].type != type)
        return verify_fail(v, node, "the buffer of its %s has a wrong type", role);
    return true;
}
