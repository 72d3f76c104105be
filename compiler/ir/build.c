/* SPDX-License-Identifier: MIT
 *
 * Makes nodes. An instruction whose operands are constants, or that gives one of its operands back
 * whatever the other is, becomes that value at once; only where no bit of the result can differ.
 * Everything else is left to pass `fold`.
 */
#include <assert.h>
#include <math.h>

#include "ir/evaluate.h"
#include "ir/rt.h"

static struct ir_node *new_node(struct ir_builder *b, enum ir_node_kind kind, enum ir_type type)
{
    struct ir_node *node = arena_new(&b->compilation->arena, struct ir_node);
    node->kind = kind;
    node->type = type;
    node->id = b->function->node_count++;
    node->span = b->span;
    return node;
}

static struct ir_node *append(struct ir_builder *b, struct ir_node *node)
{
    ir_insert_before(b->block, b->before, node);
    return node;
}

static struct ir_node *new_instruction(struct ir_builder *b, enum ir_op op, enum ir_type type,
                                       int32_t count, struct ir_node *const *operands)
{
    struct ir_node *node = new_node(b, IR_NODE_INSTR, type);
    node->op = op;
    node->operand_count = count;
    if (count > 0)
        node->operands = arena_alloc_array(&b->compilation->arena, (size_t)count, sizeof *operands);
    for (int32_t k = 0; k < count; k++)
        node->operands[k] = operands[k];
    return append(b, node);
}

/* ---- constants and leaves ---- */

static struct ir_node *constant(struct ir_builder *b, enum ir_type type, union ir_value value)
{
    struct ir_node *node = new_instruction(b, IR_CONST, type, 0, NULL);
    ir_set_constant(node, value);
    return node;
}

struct ir_node *ir_integer(struct ir_builder *b, int64_t value)
{
    return constant(b, IR_I64, (union ir_value){ .integer = value });
}

struct ir_node *ir_bool(struct ir_builder *b, bool value)
{
    return constant(b, IR_BOOL, (union ir_value){ .integer = value });
}

struct ir_node *ir_bits(struct ir_builder *b, uint32_t value)
{
    return constant(b, IR_I32, (union ir_value){ .integer = value });
}

struct ir_node *ir_real(struct ir_builder *b, enum ir_type type, double value)
{
    assert(type == IR_F32 || type == IR_F64);
    if (type == IR_F32)
        return constant(b, type, (union ir_value){ .single = (float)value });
    return constant(b, type, (union ir_value){ .real = value });
}

struct ir_node *ir_text(struct ir_builder *b, const char *text)
{
    struct ir_node *node = new_instruction(b, IR_TEXT, IR_POINTER, 0, NULL);
    node->payload.text = text;
    return node;
}

struct ir_node *ir_leaf(struct ir_builder *b, enum ir_op op, enum ir_type type, int32_t index)
{
    struct ir_node *node = new_instruction(b, op, type, 0, NULL);
    node->payload.index = index;
    return node;
}

struct ir_node *ir_known_size(struct ir_builder *b, int32_t size)
{
    const struct ir_size *entry = &b->program->sizes[size];
    return entry->is_known ? ir_integer(b, entry->value) : ir_leaf(b, IR_SIZE, IR_I64, size);
}

/* ---- folding ---- */

static bool is_constant(const struct ir_node *node)
{
    return node->kind == IR_NODE_INSTR && node->op == IR_CONST;
}

/* Null where it cannot be computed now. A NaN is not: its sign and payload are the machine's
 * business. */
static struct ir_node *fold_constants(struct ir_builder *b, enum ir_op op, enum ir_type type,
                                      int32_t count, struct ir_node *const *operands)
{
    union ir_value values[3] = { { 0 } }, result = { 0 };
    assert(count <= 3);
    for (int32_t k = 0; k < count; k++) {
        if (!is_constant(operands[k]))
            return NULL;
        values[k] = ir_value_of_constant(operands[k]);
    }
    if (!ir_evaluate(op, type, operands[count - 1]->type, values, &result) ||
        ir_value_is_nan(type, result))
        return NULL;
    return constant(b, type, result);
}

static bool is_integer_constant(const struct ir_node *node, int64_t value)
{
    return is_constant(node) && (node->type == IR_I64 || node->type == IR_I32) &&
           node->payload.integer == value;
}

/* The sign of a zero counts. */
static bool is_real_constant(const struct ir_node *node, double value)
{
    return is_constant(node) && (node->type == IR_F32 || node->type == IR_F64) &&
           node->payload.real == value && signbit(node->payload.real) == signbit(value);
}

static bool is_bool_constant(const struct ir_node *node, bool value)
{
    return is_constant(node) && node->type == IR_BOOL && node->payload.integer == value;
}

/* The operand that `op` gives back because `other`, the constant on its right, is neutral; null if
 * it is not. */
static struct ir_node *fold_neutral(enum ir_op op, struct ir_node *a, struct ir_node *other)
{
    bool is_zero = is_integer_constant(other, 0), is_one = is_integer_constant(other, 1);
    switch (op) {
    case IR_ADD: return is_zero || is_real_constant(other, -0.0) ? a : NULL;
    case IR_SUB: return is_zero || is_real_constant(other, 0.0) ? a : NULL;
    case IR_MUL: return is_one || is_real_constant(other, 1) ? a : is_zero ? other : NULL;
    case IR_DIV: return is_one || is_real_constant(other, 1) ? a : NULL;
    case IR_AND:
        return is_bool_constant(other, true)               ? a
               : is_zero || is_bool_constant(other, false) ? other
                                                           : NULL;
    case IR_OR:
        return is_zero || is_bool_constant(other, false) ? a
               : is_bool_constant(other, true)           ? other
                                                         : NULL;
    case IR_XOR:
    case IR_SHL:
    case IR_SHR: return is_zero ? a : NULL;
    default: return NULL;
    }
}

static bool is_commutative(enum ir_op op)
{
    return op == IR_ADD || op == IR_MUL || op == IR_AND || op == IR_OR || op == IR_XOR;
}

/* A choice that is known, or that is none. */
static struct ir_node *fold_select(struct ir_node *const operands[3])
{
    if (is_constant(operands[0]))
        return operands[0]->payload.integer ? operands[1] : operands[2];
    return operands[1] == operands[2] ? operands[1] : NULL;
}

/* The same value whenever both are read: a node, a size that setup has fixed, a constant. */
static bool is_same_value(const struct ir_node *a, const struct ir_node *b)
{
    if (a == b)
        return true;
    bool is_size = a->kind == IR_NODE_INSTR && a->op == IR_SIZE && b->kind == IR_NODE_INSTR &&
                   b->op == IR_SIZE && a->payload.index == b->payload.index;
    return is_size || (is_constant(a) && is_constant(b) && a->type == b->type &&
                       a->payload.integer == b->payload.integer);
}

static bool is_operation(const struct ir_node *node, enum ir_op op)
{
    return node->kind == IR_NODE_INSTR && node->op == op && node->type == IR_I64;
}

/* x / d * d + x % d: what is left of taking an index apart and putting it together again. */
static struct ir_node *fold_place(enum ir_op op, const struct ir_node *product,
                                  const struct ir_node *rest)
{
    if (op != IR_ADD || !is_operation(product, IR_MUL) || !is_operation(rest, IR_MOD))
        return NULL;
    const struct ir_node *quotient = product->operands[0], *by = product->operands[1];
    if (!is_operation(quotient, IR_DIV) || quotient->operands[0] != rest->operands[0])
        return NULL;
    bool is_one = is_same_value(quotient->operands[1], by) && is_same_value(by, rest->operands[1]);
    return is_one ? rest->operands[0] : NULL;
}

struct ir_node *ir_simplify(struct ir_builder *b, enum ir_op op, enum ir_type type, int32_t count,
                            struct ir_node *const *operands)
{
    if (op == IR_SELECT)
        return fold_select(operands);
    if (op < IR_ADD || op > IR_BITCAST)
        return NULL;
    struct ir_node *result = fold_constants(b, op, type, count, operands);
    if (result == NULL && count == 2 && is_constant(operands[1]))
        result = fold_neutral(op, operands[0], operands[1]);
    if (result == NULL && count == 2 && is_constant(operands[0]) && is_commutative(op))
        result = fold_neutral(op, operands[1], operands[0]);
    if (result == NULL && count == 2)
        result = fold_place(op, operands[0], operands[1]);
    return result;
}

/* ---- arithmetic ---- */

static bool is_comparison(enum ir_op op)
{
    return op >= IR_EQ && op <= IR_GE;
}

static struct ir_node *operation(struct ir_builder *b, enum ir_op op, enum ir_type type,
                                 int32_t count, struct ir_node *const *operands)
{
    struct ir_node *simpler = ir_simplify(b, op, type, count, operands);
    return simpler != NULL ? simpler : new_instruction(b, op, type, count, operands);
}

struct ir_node *ir_unary(struct ir_builder *b, enum ir_op op, struct ir_node *a)
{
    struct ir_node *operands[3] = { a };
    return operation(b, op, a->type, 1, operands);
}

struct ir_node *ir_binary(struct ir_builder *b, enum ir_op op, struct ir_node *left,
                          struct ir_node *right)
{
    assert(left->type == right->type);
    struct ir_node *operands[3] = { left, right };
    return operation(b, op, is_comparison(op) ? IR_BOOL : left->type, 2, operands);
}

struct ir_node *ir_fma(struct ir_builder *b, struct ir_node *x, struct ir_node *y,
                       struct ir_node *z)
{
    assert(x->type == y->type && y->type == z->type);
    struct ir_node *operands[] = { x, y, z };
    return operation(b, IR_FMA, x->type, 3, operands);
}

struct ir_node *ir_select(struct ir_builder *b, struct ir_node *condition, struct ir_node *x,
                          struct ir_node *y)
{
    assert(condition->type == IR_BOOL && x->type == y->type);
    struct ir_node *operands[] = { condition, x, y };
    return operation(b, IR_SELECT, x->type, 3, operands);
}

struct ir_node *ir_cast(struct ir_builder *b, enum ir_type type, struct ir_node *a)
{
    struct ir_node *operands[3] = { a };
    return a->type == type ? a : operation(b, IR_CAST, type, 1, operands);
}

struct ir_node *ir_bitcast(struct ir_builder *b, enum ir_type type, struct ir_node *a)
{
    struct ir_node *operands[3] = { a };
    return a->type == type ? a : operation(b, IR_BITCAST, type, 1, operands);
}

/* ---- memory and variables ---- */

struct ir_node *ir_load(struct ir_builder *b, int32_t buffer, struct ir_node *index)
{
    enum ir_type type = ir_buffer_value_type(b->program->buffers[buffer].type);
    struct ir_node *node = new_instruction(b, IR_LOAD, type, 1, &index);
    node->payload.index = buffer;
    return node;
}

void ir_store(struct ir_builder *b, int32_t buffer, struct ir_node *index, struct ir_node *value)
{
    enum ir_type type = ir_buffer_value_type(b->program->buffers[buffer].type);
    struct ir_node *operands[] = { index, ir_cast(b, type, value) };
    new_instruction(b, IR_STORE, IR_VOID, 2, operands)->payload.index = buffer;
}

struct ir_node *ir_var(struct ir_builder *b, const char *name, struct ir_node *value)
{
    struct ir_node *node = new_instruction(b, IR_VAR, value->type, 1, &value);
    node->name = name;
    return node;
}

struct ir_node *ir_get(struct ir_builder *b, struct ir_node *var)
{
    struct ir_node *node = new_instruction(b, IR_VAR_GET, var->type, 0, NULL);
    node->payload.node = var;
    return node;
}

void ir_set(struct ir_builder *b, struct ir_node *var, struct ir_node *value)
{
    assert(var->type == value->type);
    new_instruction(b, IR_VAR_SET, IR_VOID, 1, &value)->payload.node = var;
}

static void set_entry(struct ir_builder *b, enum ir_op op, int32_t index, struct ir_node *value)
{
    new_instruction(b, op, IR_VOID, 1, &value)->payload.index = index;
}

void ir_context_set(struct ir_builder *b, enum ir_context_field field, struct ir_node *value)
{
    set_entry(b, IR_CONTEXT_SET, (int32_t)field, value);
}

void ir_size_set(struct ir_builder *b, int32_t size, struct ir_node *value)
{
    set_entry(b, IR_SIZE_SET, size, value);
}

void ir_constant_set(struct ir_builder *b, int32_t index, struct ir_node *value)
{
    bool is_integer = b->program->constants[index].is_integer;
    set_entry(b, IR_CONSTANT_SET, index, ir_cast(b, is_integer ? IR_I64 : IR_F64, value));
}

/* ---- draws, calls of the runtime ---- */

struct ir_node *ir_draw(struct ir_builder *b, enum ir_op op, struct ir_node *mean_or_null,
                        int32_t site, struct ir_node *element, struct ir_node *step,
                        struct ir_node *path)
{
    struct ir_node *operands[5];
    int32_t count = 0;
    assert((mean_or_null != NULL) == (op == IR_POISSON));
    if (mean_or_null != NULL)
        operands[count++] = ir_cast(b, IR_F32, mean_or_null);
    operands[count++] = ir_leaf(b, IR_KEY, IR_I64, site);
    operands[count++] = ir_cast(b, IR_I64, element);
    operands[count++] = ir_cast(b, IR_I64, step);
    operands[count++] = ir_cast(b, IR_I64, path);
    return new_instruction(b, op, op == IR_WORD ? IR_I32 : IR_F32, count, operands);
}

struct ir_node *ir_call_rt(struct ir_builder *b, enum ir_rt function, int32_t count,
                           struct ir_node *const *operands)
{
    struct ir_node *converted[8];
    assert(count == ir_rt_parameter_count(function) && count <= 8);
    for (int32_t k = 0; k < count; k++)
        converted[k] = ir_cast(b, ir_rt_parameter(function, k), operands[k]);
    struct ir_node *node = new_instruction(b, IR_CALL_RT, ir_rt_result(function), count, converted);
    node->payload.index = (int32_t)function;
    return node;
}

/* ---- structured nodes ---- */

/* The index of a loop, reduction or while: a value that is in no block. */
static struct ir_node *new_index(struct ir_builder *b, const char *name)
{
    struct ir_node *index = new_node(b, IR_NODE_INSTR, IR_I64);
    index->op = IR_INDEX;
    index->name = name;
    return index;
}

struct ir_node *ir_loop(struct ir_builder *b, const char *name, struct ir_node *low,
                        struct ir_node *high, bool is_independent)
{
    struct ir_node *node = new_node(b, IR_NODE_LOOP, IR_VOID);
    node->name = name;
    node->loop.index = new_index(b, NULL);
    node->loop.low = low;
    node->loop.high = high;
    node->loop.events = -1;
    node->loop.is_independent = is_independent;
    return append(b, node);
}

struct ir_node *ir_loop_events(struct ir_builder *b, const char *name, int32_t list,
                               struct ir_node *count, bool is_independent)
{
    struct ir_node *zero = ir_integer(b, 0);
    struct ir_node *node = ir_loop(b, name, zero, count, is_independent);
    node->loop.events = list;
    return node;
}

struct ir_node *ir_reduce(struct ir_builder *b, enum ir_reduction reduction, enum ir_type type,
                          struct ir_node *low, struct ir_node *high)
{
    struct ir_node *node = new_node(b, IR_NODE_REDUCE, type);
    node->reduce.reduction = reduction;
    node->reduce.index = new_index(b, NULL);
    node->reduce.low = low;
    node->reduce.high = high;
    return append(b, node);
}

struct ir_node *ir_if(struct ir_builder *b, struct ir_node *condition)
{
    struct ir_node *node = new_node(b, IR_NODE_IF, IR_VOID);
    node->branch.condition = condition;
    return append(b, node);
}

struct ir_node *ir_while(struct ir_builder *b)
{
    struct ir_node *node = new_node(b, IR_NODE_WHILE, IR_VOID);
    node->loop_while.index = new_index(b, NULL);
    return append(b, node);
}

struct ir_node *ir_labelled_block(struct ir_builder *b)
{
    return append(b, new_node(b, IR_NODE_BLOCK, IR_VOID));
}

static void append_jump(struct ir_builder *b, enum ir_node_kind kind, struct ir_node *target)
{
    append(b, new_node(b, kind, IR_VOID))->jump.target = target;
}

void ir_break(struct ir_builder *b, struct ir_node *target)
{
    append_jump(b, IR_NODE_BREAK, target);
}

void ir_continue(struct ir_builder *b, struct ir_node *target)
{
    append_jump(b, IR_NODE_CONTINUE, target);
}

void ir_call(struct ir_builder *b, int32_t function)
{
    append(b, new_node(b, IR_NODE_CALL, IR_VOID))->call.function = function;
}

void ir_compact(struct ir_builder *b, int32_t flags, int32_t list, int32_t count,
                struct ir_node *high)
{
    struct ir_node *node = append(b, new_node(b, IR_NODE_COMPACT, IR_VOID));
    node->compact.flags = flags;
    node->compact.list = list;
    node->compact.count = count;
    node->compact.high = high;
}

struct ir_node *ir_ring_row(struct ir_builder *b, struct ir_node *step, struct ir_node *rows)
{
    return ir_binary(b, IR_AND, step, ir_binary(b, IR_SUB, rows, ir_integer(b, 1)));
}

struct ir_node *ir_ode(struct ir_builder *b, enum ir_ode_method method, int32_t variable_count,
                       struct ir_node *dt)
{
    struct ir_node *node = append(b, new_node(b, IR_NODE_ODE, IR_VOID));
    node->ode.method = method;
    node->ode.variable_count = variable_count;
    node->ode.variables = arena_alloc_array(&b->compilation->arena, (size_t)variable_count,
                                            sizeof *node->ode.variables);
    node->ode.dt = dt;
    node->ode.matrix = node->ode.first = -1;
    return node;
}

struct ir_node *ir_propagate(struct ir_builder *b, int32_t connection, enum ir_propagation mode,
                             struct ir_node *base)
{
    struct ir_node *node = append(b, new_node(b, IR_NODE_PROPAGATE, IR_VOID));
    node->propagate.connection = connection;
    node->propagate.mode = mode;
    node->propagate.base = base;
    return node;
}

struct ir_node *ir_propagate_steps(struct ir_builder *b, int32_t connection,
                                   enum ir_propagation mode, struct ir_node *steps)
{
    struct ir_node *node = ir_propagate(b, connection, mode, NULL);
    node->propagate.steps = steps;
    return node;
}

/* ---- for pass `differentiate` ---- */

struct ir_node *ir_stop(struct ir_builder *b, struct ir_node *value)
{
    return new_instruction(b, IR_STOP, value->type, 1, &value);
}

struct ir_node *ir_surrogate(struct ir_builder *b, struct ir_node *spike, struct ir_node *distance,
                             struct ir_node *slope)
{
    struct ir_node *operands[] = { spike, distance, slope };
    return new_instruction(b, IR_SURROGATE, IR_BOOL, 3, operands);
}

void ir_gradient(struct ir_builder *b, struct ir_node *loss, int32_t begin)
{
    new_instruction(b, IR_GRADIENT, IR_VOID, 1, &loss)->payload.index = begin;
}

struct ir_node *ir_again(struct ir_builder *b, const struct ir_node *node,
                         struct ir_node *const *operands)
{
    struct ir_node *simpler = ir_simplify(b, node->op, node->type, node->operand_count, operands);
    if (simpler != NULL)
        return simpler;
    struct ir_node *again = new_instruction(b, node->op, node->type, node->operand_count, operands);
    again->payload = node->payload;
    return again;
}
