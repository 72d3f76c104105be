/* SPDX-License-Identifier: MIT
 *
 * Scalar expressions: one value where the code stands. What is constant is moved to setup and
 * computed in float64 there.
 */
#include "ir/lower_internal.h"

#include <math.h>
#include <string.h>

bool lower_is_single(double value)
{
    return (double)(float)value == value || isnan(value);
}

/* A whole number that was drawn as f32, or the larger or smaller of it and a constant, as f32:
 * what conversion to i64 and back gives, without the way there. Null for other values. */
static struct ir_node *drawn_number(struct lowering *l, const struct ir_node *value)
{
    for (size_t i = l->counts.count; i-- > 0;)
        if (l->counts.items[i].draw == value)
            return l->counts.items[i].value;
    if (value->kind != IR_NODE_INSTR || (value->op != IR_MIN && value->op != IR_MAX))
        return NULL;
    for (int k = 0; k < 2; k++) {
        const struct ir_node *bound = value->operands[k];
        if (bound->kind != IR_NODE_INSTR || bound->op != IR_CONST ||
            !lower_is_single((double)bound->payload.integer))
            continue;
        struct ir_node *number = drawn_number(l, value->operands[1 - k]);
        if (number != NULL)
            return ir_binary(&l->b, value->op, number,
                             ir_real(&l->b, IR_F32, (double)bound->payload.integer));
    }
    return NULL;
}

struct ir_node *lower_cast(struct lowering *l, enum ir_type type, struct ir_node *value)
{
    if (type == IR_F32 && value->type == IR_I64) {
        struct ir_node *number = drawn_number(l, value);
        if (number != NULL)
            return number;
    }
    if (value->type == IR_F64 && type == IR_F32 && value->kind == IR_NODE_INSTR &&
        value->op == IR_CONSTANT)
        return ir_leaf(&l->b, IR_CONSTANT, IR_F32, value->payload.index);
    if (type == IR_POINTER || value->type == IR_POINTER)
        return value;
    return ir_cast(&l->b, type, value);
}

struct ir_node *lower_as(struct lowering *l, struct expr *e, enum ir_type type)
{
    return lower_cast(l, type, lower_scalar(l, e));
}

struct ir_node *lower_condition(struct lowering *l, struct expr *e)
{
    return lower_as(l, e, IR_BOOL);
}

/* ---- constants ---- */

static struct ir_node *lower_literal(struct lowering *l, const struct constant *k)
{
    switch (k->kind) {
    case CONSTANT_BOOL: return ir_bool(&l->b, k->boolean);
    case CONSTANT_INT: return ir_integer(&l->b, k->integer);
    case CONSTANT_STRING: return ir_text(&l->b, k->text);
    case CONSTANT_REAL: break;
    }
    if (l->in_setup || lower_is_single(k->real))
        return ir_real(&l->b, IR_F64, k->real);
    return lower_constant_leaf(l, lower_literal_entry(l, k->real), IR_F64);
}

struct setup_check {
    bool is_constant;
};

static void check_child(struct expr *child, void *data)
{
    struct setup_check *check = data;
    check->is_constant = check->is_constant && lower_reads_setup_only(child);
}

static bool is_setup_symbol(const struct symbol *symbol)
{
    switch (symbol->kind) {
    case SYMBOL_PARAM: return true;
    case SYMBOL_LET: return symbol->declaration != NULL && symbol->type->axes.count == 0;
    case SYMBOL_FORMAL:
        return !symbol->is_assigned &&
               (symbol->binding == NULL || symbol->binding->kind == BINDING_CONSTANT ||
                symbol->binding->kind == BINDING_TEXT);
    case SYMBOL_VARIABLE: return symbol->variable == VARIABLE_DT;
    case SYMBOL_FIELD:
        return symbol->field == FIELD_CLASSES || symbol->field == FIELD_INPUTS ||
               symbol->field == FIELD_MAX_TIME;
    default: return false;
    }
}

bool lower_reads_setup_only(const struct expr *e)
{
    if (e->constant != NULL)
        return true;
    if (!e->type->is_constant)
        return false;
    switch (e->kind) {
    case EXPR_NAME: return e->symbol != NULL && is_setup_symbol(e->symbol);
    case EXPR_FIELD: return e->symbol != NULL && is_setup_symbol(e->symbol);
    case EXPR_CALL:
        if (e->target == NULL || e->target->kind != CALL_BUILTIN)
            return false;
        if (e->target->builtin->id == BUILTIN_LEN)
            return e->target->arguments[0]->type->layer != NULL;
        for (size_t i = 0; i < e->target->count; i++)
            if (e->target->arguments[i] != NULL && !lower_reads_setup_only(e->target->arguments[i]))
                return false;
        return true;
    case EXPR_UNARY:
    case EXPR_BINARY:
    case EXPR_IF: {
        struct setup_check check = { true };
        expr_children(e, check_child, &check);
        return check.is_constant;
    }
    default: return false;
    }
}

/* ---- bindings ---- */

static struct ir_node *read_binding(struct lowering *l, struct binding *binding, struct span span)
{
    switch (binding->kind) {
    case BINDING_VALUE: return binding->node;
    case BINDING_VAR: return ir_get(&l->b, binding->node);
    case BINDING_CONSTANT:
        if (!binding->is_literal)
            return lower_constant_leaf(l, binding->constant, binding->type);
        if (binding->type == IR_F64)
            return l->in_setup || lower_is_single(binding->real)
                       ? ir_real(&l->b, IR_F64, binding->real)
                       : lower_constant_leaf(l, lower_literal_entry(l, binding->real), IR_F64);
        return binding->type == IR_BOOL ? ir_bool(&l->b, binding->integer != 0)
                                        : ir_integer(&l->b, binding->integer);
    case BINDING_TEXT:
        return binding->param >= 0 ? ir_leaf(&l->b, IR_PARAM, IR_POINTER, binding->param)
                                   : ir_text(&l->b, binding->text != NULL ? binding->text : "");
    case BINDING_ARRAY: return ir_load(&l->b, binding->buffer, ir_integer(&l->b, 0));
    default: break;
    }
    lower_refuse(l, span, "this cannot be used as a number yet");
    return ir_integer(&l->b, 0);
}

/* ---- built-in variables ---- */

static struct ir_node *steps_to_time(struct lowering *l, struct ir_node *steps, enum ir_type type)
{
    struct ir_node *dt = lower_constant_leaf(l, l->network->dt, IR_F64);
    return ir_cast(&l->b, type, ir_binary(&l->b, IR_MUL, ir_cast(&l->b, IR_F64, steps), dt));
}

struct ir_node *lower_step(struct lowering *l)
{
    return l->step != NULL ? l->step : ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEP);
}

static struct ir_node *network_time(struct lowering *l, int32_t buffer)
{
    return ir_load(&l->b, buffer, ir_integer(&l->b, 0));
}

struct ir_node *lower_duration(struct lowering *l)
{
    if (l->network->network->is_continuous)
        return ir_cast(&l->b, IR_F32, network_time(l, l->network->until));
    return steps_to_time(l, ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEPS), IR_F32);
}

struct ir_node *lower_dt(struct lowering *l)
{
    if (!l->network->network->is_continuous)
        return lower_constant_leaf(l, l->network->dt, IR_F64);
    return l->elapsed != NULL ? l->elapsed : network_time(l, l->network->elapsed);
}

struct ir_node *lower_time(struct lowering *l, enum ir_type type)
{
    if (l->network->network->is_continuous)
        return ir_cast(&l->b, type, l->now != NULL ? l->now : network_time(l, l->network->now));
    return steps_to_time(l, lower_step(l), type);
}

static struct ir_node *lower_learning(struct lowering *l)
{
    if (l->kernel != NULL && !l->kernel->is_learning)
        return ir_bool(&l->b, false);
    return lower_network_learns(l);
}

struct ir_node *lower_network_learns(struct lowering *l)
{
    struct ir_node *bits =
        ir_binary(&l->b, IR_AND, ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_LEARNING),
                  ir_integer(&l->b, (int64_t)l->network->learn_mask));
    return ir_binary(&l->b, IR_NE, bits, ir_integer(&l->b, 0));
}

static struct ir_node *lower_weight(struct lowering *l, struct span span)
{
    struct rule_place *place = l->rule;
    if (place == NULL || (place->weight == NULL && place->synapse == NULL)) {
        lower_refuse(l, span, "'w' has no synapse here; index it: w[i, j]");
        return ir_real(&l->b, IR_F32, 0);
    }
    if (place->weight != NULL)
        return ir_get(&l->b, place->weight);
    return ir_load(&l->b, place->connection->weight_buffer, place->synapse);
}

/* The synapses of the target or source whose weight is being made; null where none is. */
static struct ir_node *fan_at(struct lowering *l, bool is_in)
{
    const struct lowered_connection *c = l->weight_of;
    if (c == NULL)
        return NULL;
    int32_t fan = lower_fan(l, c, is_in);
    if (fan >= 0)
        return lower_size_leaf(l, fan);
    int32_t starts = is_in ? c->column_starts : c->row_starts;
    struct ir_node *neuron = is_in ? l->post_index : l->pre_index;
    if (c->row_starts < 0 || starts < 0 || neuron == NULL)
        return NULL;
    struct ir_node *next = ir_binary(&l->b, IR_ADD, neuron, ir_integer(&l->b, 1));
    return ir_binary(&l->b, IR_SUB, ir_load(&l->b, starts, next), ir_load(&l->b, starts, neuron));
}

static struct ir_node *lower_variable(struct lowering *l, struct expr *e)
{
    struct lowered_layer *layer = l->kernel != NULL ? l->kernel->layer : NULL;
    if (e->symbol->binding != NULL) /* of an optimizer or a surrogate */
        return e->symbol->binding->kind == BINDING_VAR ? ir_get(&l->b, e->symbol->binding->node)
                                                       : e->symbol->binding->node;
    switch (e->symbol->variable) {
    case VARIABLE_DT: return ir_cast(&l->b, lower_type(e->type), lower_dt(l));
    case VARIABLE_T: return lower_time(l, lower_type(e->type) == IR_F64 ? IR_F64 : IR_F32);
    case VARIABLE_DURATION: return lower_duration(l);
    case VARIABLE_LEARNING: return lower_learning(l);
    case VARIABLE_WEIGHT: return lower_weight(l, e->span);
    case VARIABLE_FAN_IN:
    case VARIABLE_FAN_OUT: {
        struct ir_node *fan = fan_at(l, e->symbol->variable == VARIABLE_FAN_IN);
        if (fan != NULL)
            return fan;
        break;
    }
    case VARIABLE_SPIKED: return kernel_read(l, layer->spiked, -1);
    case VARIABLE_FIRED: return kernel_read(l, layer->fired, -1);
    case VARIABLE_LAST_EVENT:
        if (l->last_event != NULL)
            return l->last_event;
        lower_refuse(l, e->span,
                     "'last_event' is known only where layers behind dense connections run one "
                     "after the other in continuous time");
        return ir_bool(&l->b, false);
    case VARIABLE_SINCE:
        if (l->network->network->is_continuous)
            return kernel_since(l);
        return ir_binary(&l->b, IR_MUL, kernel_since(l),
                         lower_constant_leaf(l, l->network->dt, IR_F32));
    default: break;
    }
    lower_refuse(l, e->span, "'%s' cannot run yet", e->symbol->name->text);
    return ir_real(&l->b, IR_F32, 0);
}

/* ---- names ---- */

static bool is_post_state(const struct symbol *symbol)
{
    return symbol->statement->state.owner == STATE_POST;
}

/* The state of a rule at the synapse at hand. */
static struct ir_node *lower_rule_state(struct lowering *l, struct expr *e)
{
    const struct symbol *symbol = e->symbol;
    struct rule_place *place = l->rule;
    struct ir_node *index = symbol->statement->state.owner == STATE_PRE ? place->pre
                            : is_post_state(symbol)                     ? place->post
                                                                        : place->synapse;
    if (index == NULL) {
        lower_refuse(l, e->span, "'%s' has no %s neuron here", symbol->name->text,
                     is_post_state(symbol) ? "post" : "pre");
        return ir_real(&l->b, IR_F32, 0);
    }
    struct binding *binding = binding_of(l, e->symbol, e->span);
    if (binding->history < 0 || place->age == NULL)
        return ir_load(&l->b, binding->buffer, index);
    const struct lowered_layer *source =
        place->connection->source; /* as it was when the spike left */
    struct ir_node *clock = ir_load(&l->b, l->network->clock, ir_integer(&l->b, 0));
    struct ir_node *row = ir_ring_row(&l->b, ir_binary(&l->b, IR_SUB, clock, place->age),
                                      lower_size_leaf(l, source->ring_size));
    struct ir_node *base = ir_binary(&l->b, IR_MUL, row, lower_size_leaf(l, source->size));
    return ir_load(&l->b, binding->history, ir_binary(&l->b, IR_ADD, base, index));
}

static bool is_state_of(struct lowering *l, const struct symbol *symbol, const struct ir_node *var)
{
    if (l->kernel == NULL) /* a trace of a rule */
        return binding_of(l, (struct symbol *)symbol, symbol->span)->node == var;
    for (size_t i = 0; i < l->kernel->states.count; i++)
        if (l->kernel->states.items[i].var == var)
            return l->kernel->states.items[i].buffer == lower_state_buffer(l, symbol);
    return false;
}

static struct ir_node *lower_name(struct lowering *l, struct expr *e)
{
    struct symbol *symbol = e->symbol;
    if (symbol == l->level_input)
        return l->level;
    bool is_state = symbol->kind == SYMBOL_STATE || symbol->kind == SYMBOL_INPUT ||
                    symbol->kind == SYMBOL_RULE_STATE;
    for (int32_t i = 0; is_state && l->ode != NULL && i < l->ode->node->ode.variable_count; i++)
        if (is_state_of(l, symbol, l->ode->node->ode.variables[i].var))
            return ir_leaf(&l->b, IR_ODE_VALUE, l->ode->node->ode.variables[i].var->type, i);
    switch (symbol->kind) {
    case SYMBOL_VARIABLE: return lower_variable(l, e);
    case SYMBOL_STATE:
    case SYMBOL_INPUT:
        if (l->kernel != NULL)
            return kernel_read(l, lower_state_buffer(l, symbol), -1);
        break;
    case SYMBOL_RULE_STATE:
        if (l->rule != NULL)
            return lower_rule_state(l, e);
        break;
    case SYMBOL_DATA_FIELD:
    case SYMBOL_FIELD:
        if (l->where_sample != NULL)
            return lower_sample_value(l, e, l->where_sample->node, l->where_sample->index);
        break;
    case SYMBOL_FORMAL:
        if (symbol->binding != NULL && symbol->binding->kind == BINDING_ARRAY &&
            symbol->is_per_neuron && l->kernel != NULL)
            return kernel_read(l, symbol->binding->buffer, -1);
        break;
    default: break;
    }
    struct binding *binding = binding_of(l, symbol, e->span);
    if (binding->is_kernel_local)
        return kernel_read(l, binding->buffer, -1);
    return read_binding(l, binding, e->span);
}

/* ---- operators ---- */

static enum ir_type operand_type(const struct expr *left, const struct expr *right)
{
    if (left->type->kind == TYPE_STRING)
        return IR_POINTER;
    enum type_kind kind = type_join_kind(left->type, right->type);
    return kind == TYPE_BOOL     ? IR_BOOL
           : kind == TYPE_INT    ? IR_I64
           : kind == TYPE_REAL64 ? IR_F64
                                 : IR_F32;
}

static struct ir_node *lower_integer_power(struct lowering *l, struct ir_node *base,
                                           int64_t exponent)
{
    struct ir_node *result = NULL;
    while (exponent > 0) {
        if (exponent & 1)
            result = result == NULL ? base : ir_binary(&l->b, IR_MUL, result, base);
        exponent >>= 1;
        if (exponent > 0)
            base = ir_binary(&l->b, IR_MUL, base, base);
    }
    return result;
}

static struct ir_node *lower_power(struct lowering *l, const struct expr *e, struct ir_node *base,
                                   struct ir_node *exponent)
{
    enum ir_type type = lower_type(e->type);
    const struct constant *k =
        e->kind == EXPR_BINARY ? e->binary.right->constant : e->target->arguments[1]->constant;
    double whole = k != NULL ? constant_number(k) : 0.5;
    base = lower_cast(l, type, base);
    if (whole == floor(whole) && whole >= 1 && whole <= 16)
        return lower_integer_power(l, base, (int64_t)whole);
    if (type == IR_I64) {
        struct ir_node *power = ir_binary(&l->b, IR_POW, ir_cast(&l->b, IR_F64, base),
                                          ir_cast(&l->b, IR_F64, exponent));
        return ir_cast(&l->b, IR_I64, ir_unary(&l->b, IR_ROUND, power));
    }
    return ir_binary(&l->b, IR_POW, base, lower_cast(l, type, exponent));
}

static struct ir_node *lower_text_comparison(struct lowering *l, const struct expr *e,
                                             struct ir_node *left, struct ir_node *right)
{
    struct ir_node *equal =
        ir_call_rt(&l->b, IR_RT_snn_rt_text_equal, 2, (struct ir_node *[]){ left, right });
    return e->binary.op == BINARY_EQUAL ? equal : ir_unary(&l->b, IR_NOT, equal);
}

static enum ir_op comparison_of(enum binary_op op)
{
    switch (op) {
    case BINARY_EQUAL: return IR_EQ;
    case BINARY_NOT_EQUAL: return IR_NE;
    case BINARY_LESS: return IR_LT;
    case BINARY_LESS_EQUAL: return IR_LE;
    case BINARY_GREATER: return IR_GT;
    default: return IR_GE;
    }
}

struct ir_node *lower_binary(struct lowering *l, const struct expr *e, struct ir_node *left,
                             struct ir_node *right)
{
    enum binary_op op = e->binary.op;
    if (op == BINARY_AND || op == BINARY_OR)
        return ir_binary(&l->b, op == BINARY_AND ? IR_AND : IR_OR, lower_cast(l, IR_BOOL, left),
                         lower_cast(l, IR_BOOL, right));
    if (op == BINARY_POWER)
        return lower_power(l, e, left, right);
    enum ir_type type = lower_type(e->type);
    bool is_comparison = op >= BINARY_EQUAL && op <= BINARY_GREATER_EQUAL;
    if (is_comparison) {
        type = operand_type(e->binary.left, e->binary.right);
        if (type == IR_POINTER)
            return lower_text_comparison(l, e, left, right);
    }
    left = lower_cast(l, type, left);
    right = lower_cast(l, type, right);
    if (is_comparison)
        return ir_binary(&l->b, comparison_of(op), left, right);
    static const enum ir_op arithmetic[] = { [BINARY_ADD] = IR_ADD,
                                             [BINARY_SUBTRACT] = IR_SUB,
                                             [BINARY_MULTIPLY] = IR_MUL,
                                             [BINARY_DIVIDE] = IR_DIV };
    return ir_binary(&l->b, arithmetic[op], left, right);
}

struct ir_node *lower_unary(struct lowering *l, const struct expr *e, struct ir_node *operand)
{
    if (e->unary.op == UNARY_NOT)
        return ir_unary(&l->b, IR_NOT, lower_cast(l, IR_BOOL, operand));
    return ir_unary(&l->b, IR_NEG, lower_cast(l, lower_type(e->type), operand));
}

/* The new value of what is assigned to: `old op= value`, in the type of old. */
struct ir_node *lower_combine(struct lowering *l, enum assign_op op, struct ir_node *old,
                              struct ir_node *value)
{
    static const enum ir_op operations[] = { [ASSIGN_ADD] = IR_ADD,
                                             [ASSIGN_SUBTRACT] = IR_SUB,
                                             [ASSIGN_MULTIPLY] = IR_MUL,
                                             [ASSIGN_DIVIDE] = IR_DIV };
    if (op == ASSIGN_SET)
        return value;
    if (old->type == IR_I64 && op == ASSIGN_DIVIDE)
        return ir_cast(
            &l->b, IR_I64,
            ir_binary(&l->b, IR_DIV, ir_cast(&l->b, IR_F64, old), ir_cast(&l->b, IR_F64, value)));
    return ir_binary(&l->b, operations[op], old, lower_cast(l, old->type, value));
}

/* ---- conditional expressions ---- */

struct simple_check {
    bool is_simple;
};

static void check_simple(struct expr *child, void *data);

/* Cheap, and harmless to evaluate where its condition is false. */
static bool is_simple(const struct expr *e)
{
    if (e->constant != NULL)
        return true;
    switch (e->kind) {
    case EXPR_NAME:
    case EXPR_NUMBER:
    case EXPR_INF: return true;
    case EXPR_FIELD: return e->type->axes.count == 0;
    case EXPR_UNARY:
    case EXPR_BINARY:
    case EXPR_IF: break;
    case EXPR_CALL:
        if (e->target == NULL || e->target->kind != CALL_BUILTIN ||
            e->target->builtin->group != BUILTIN_GROUP_MATH)
            return false;
        break;
    default: return false;
    }
    struct simple_check check = { true };
    expr_children(e, check_simple, &check);
    return check.is_simple;
}

static void check_simple(struct expr *child, void *data)
{
    struct simple_check *check = data;
    if (child->type == NULL || child->type->kind == TYPE_FUNCTION)
        return;
    check->is_simple = check->is_simple && is_simple(child);
}

static struct ir_node *zero_of(struct lowering *l, enum ir_type type)
{
    switch (type) {
    case IR_BOOL: return ir_bool(&l->b, false);
    case IR_I64: return ir_integer(&l->b, 0);
    case IR_POINTER: return ir_text(&l->b, "");
    default: return ir_real(&l->b, type, 0);
    }
}

static struct ir_node *lower_conditional(struct lowering *l, struct expr *e)
{
    enum ir_type type = lower_type(e->type);
    struct ir_node *condition = lower_condition(l, e->conditional.condition);
    if (condition->kind == IR_NODE_INSTR && condition->op == IR_CONST)
        return lower_as(
            l, condition->payload.integer != 0 ? e->conditional.then : e->conditional.otherwise,
            type);
    if (is_simple(e->conditional.then) && is_simple(e->conditional.otherwise))
        return ir_select(&l->b, condition, lower_as(l, e->conditional.then, type),
                         lower_as(l, e->conditional.otherwise, type));
    struct ir_node *result = ir_var(&l->b, "if", zero_of(l, type));
    struct ir_node *branch = ir_if(&l->b, condition);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &branch->branch.then_body;
    ir_set(&l->b, result, lower_as(l, e->conditional.then, type));
    l->b.block = &branch->branch.else_body;
    ir_set(&l->b, result, lower_as(l, e->conditional.otherwise, type));
    l->b = outer;
    return ir_get(&l->b, result);
}

/* `and`, `or` whose right side must not be evaluated where the left side decides. */
static struct ir_node *lower_shortcut(struct lowering *l, struct expr *e)
{
    struct ir_node *result = ir_var(&l->b, "and", lower_condition(l, e->binary.left));
    struct ir_node *left = ir_get(&l->b, result);
    struct ir_node *branch =
        ir_if(&l->b, e->binary.op == BINARY_AND ? left : ir_unary(&l->b, IR_NOT, left));
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &branch->branch.then_body;
    ir_set(&l->b, result, lower_condition(l, e->binary.right));
    l->b = outer;
    return ir_get(&l->b, result);
}

/* ---- bounds ---- */

static const struct bounds *bounds_of(const struct symbol *symbol)
{
    switch (symbol->kind) {
    case SYMBOL_PERSISTENT: return &symbol->declaration->persistent.bounds;
    case SYMBOL_STATE:
    case SYMBOL_RULE_STATE: return &symbol->statement->state.bounds;
    default: return NULL;
    }
}

struct ir_node *lower_within(struct lowering *l, const struct symbol *symbol, struct ir_node *value)
{
    const struct bounds *bounds = symbol != NULL ? bounds_of(symbol) : NULL;
    if (bounds != NULL && bounds->low != NULL)
        value = ir_binary(&l->b, IR_MAX, value, lower_as(l, bounds->low, value->type));
    if (bounds != NULL && bounds->high != NULL)
        value = ir_binary(&l->b, IR_MIN, value, lower_as(l, bounds->high, value->type));
    return value;
}

/* ---- built-in functions ---- */

static struct ir_node *to_integer(struct lowering *l, enum ir_op op, struct ir_node *value)
{
    if (value->type == IR_I64 || value->type == IR_BOOL)
        return ir_cast(&l->b, IR_I64, value);
    return ir_cast(&l->b, IR_I64, ir_unary(&l->b, op, value));
}

static struct ir_node *lower_sign(struct lowering *l, struct ir_node *value)
{
    struct ir_node *zero = zero_of(l, value->type);
    struct ir_node *positive = ir_cast(&l->b, IR_I64, ir_binary(&l->b, IR_GT, value, zero));
    struct ir_node *negative = ir_cast(&l->b, IR_I64, ir_binary(&l->b, IR_LT, value, zero));
    return ir_binary(&l->b, IR_SUB, positive, negative);
}

struct ir_node *lower_math(struct lowering *l, const struct expr *e,
                           struct ir_node *const *arguments, size_t count)
{
    enum ir_type type = lower_type(e->type);
    struct ir_node *x = arguments[0];
    static const enum ir_op functions[] = {
        [BUILTIN_ABS] = IR_ABS,   [BUILTIN_SQRT] = IR_SQRT,   [BUILTIN_EXP] = IR_EXP,
        [BUILTIN_LOG] = IR_LOG,   [BUILTIN_LOG1P] = IR_LOG1P, [BUILTIN_EXPM1] = IR_EXPM1,
        [BUILTIN_SIN] = IR_SIN,   [BUILTIN_COS] = IR_COS,     [BUILTIN_TAN] = IR_TAN,
        [BUILTIN_TANH] = IR_TANH, [BUILTIN_ATAN] = IR_ATAN,
    };
    switch (e->target->builtin->id) {
    case BUILTIN_FLOOR: return to_integer(l, IR_FLOOR, x);
    case BUILTIN_CEIL: return to_integer(l, IR_CEIL, x);
    case BUILTIN_ROUND: return to_integer(l, IR_ROUND, x);
    case BUILTIN_SIGN: return lower_sign(l, x);
    case BUILTIN_STOP: return ir_stop(&l->b, lower_cast(l, type, x));
    case BUILTIN_POW: return lower_power(l, e, x, arguments[1]);
    case BUILTIN_MOD:
        return ir_binary(&l->b, IR_MOD, lower_cast(l, type, x), lower_cast(l, type, arguments[1]));
    case BUILTIN_CLAMP:
        x = ir_binary(&l->b, IR_MAX, lower_cast(l, type, x), lower_cast(l, type, arguments[1]));
        return ir_binary(&l->b, IR_MIN, x, lower_cast(l, type, arguments[2]));
    case BUILTIN_SIGMOID: {
        x = lower_cast(l, type, x);
        struct ir_node *one = ir_real(&l->b, type, 1);
        return ir_binary(
            &l->b, IR_DIV, one,
            ir_binary(&l->b, IR_ADD, one, ir_unary(&l->b, IR_EXP, ir_unary(&l->b, IR_NEG, x))));
    }
    case BUILTIN_MIN:
    case BUILTIN_MAX:
        x = lower_cast(l, type, x);
        for (size_t i = 1; i < count; i++)
            x = ir_binary(&l->b, e->target->builtin->id == BUILTIN_MIN ? IR_MIN : IR_MAX, x,
                          lower_cast(l, type, arguments[i]));
        return x;
    default: return ir_unary(&l->b, functions[e->target->builtin->id], lower_cast(l, type, x));
    }
}

static const char *stream_here(const struct lowering *l)
{
    if (l->weight_of != NULL)
        return l->draws_delays ? "delays" : "weights";
    return l->kernel != NULL ? "encoder" : "other";
}

struct ir_node *lower_formula_count(struct lowering *l, struct expr *mean, int32_t site,
                                    struct draw_address address)
{
    struct ir_node *number = ir_draw(&l->b, IR_POISSON, lower_as(l, mean, IR_F32), site,
                                     address.element, address.step, address.path);
    number = ir_binary(&l->b, IR_MAX, number, ir_real(&l->b, IR_F32, 0)); /* NaN gives 0 */
    return ir_binary(&l->b, IR_MIN, number, ir_real(&l->b, IR_F32, 0x1p63));
}

static struct ir_node *lower_poisson_count(struct lowering *l, const struct expr *e, int32_t site,
                                           struct draw_address address)
{
    const struct count_table_list *tables =
        l->kernel != NULL ? &l->kernel->layer->count_tables : NULL;
    struct ir_node *number = NULL;
    for (size_t i = 0; tables != NULL && i < tables->count; i++)
        if (tables->items[i].draw == e)
            number = lower_count(l, &tables->items[i], site, address);
    if (number == NULL)
        number = lower_formula_count(l, e->target->arguments[0], site, address);
    struct ir_node *count = ir_cast(&l->b, IR_I64, number);
    array_push(&l->c->arena, &l->counts, (struct drawn){ count, number });
    return count;
}

/* What a draw here is a function of. */
static struct draw_address address_here(struct lowering *l)
{
    if (l->address != NULL)
        return *l->address;
    struct ir_node *zero = ir_integer(&l->b, 0);
    struct ir_node *element = l->kernel != NULL    ? l->kernel->element
                              : l->element != NULL ? l->element
                                                   : zero;
    if (l->weight_of != NULL || l->b.function->kind == IR_FUNCTION_INIT)
        return (struct draw_address){ element, zero, zero };
    bool is_stepwise = l->kernel != NULL || l->rule != NULL;
    struct ir_node *step =
        is_stepwise ? lower_step(l) : ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PRESENT);
    return (struct draw_address){ element, step,
                                  ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PATH) };
}

struct ir_node *lower_draw(struct lowering *l, const struct expr *e)
{
    for (size_t i = 0; l->drawn != NULL && i < l->drawn->count; i++)
        if (l->drawn->items[i].draw == e)
            return l->drawn->items[i].value;
    if (l->pathless_loops > 0)
        lower_refuse(l, e->span, "a loop inside a reduction cannot draw random numbers yet");
    enum builtin_id id = e->target->builtin->id;
    int32_t site = lower_site(l, e, stream_here(l), e->span);
    struct draw_address at = address_here(l);
    if (id == BUILTIN_POISSON_COUNT)
        return lower_poisson_count(l, e, site, at);
    struct ir_node *a = lower_as(l, e->target->arguments[0], IR_F32);
    struct ir_node *b = e->target->count > 1 ? lower_as(l, e->target->arguments[1], IR_F32) : NULL;
    enum ir_op op = id == BUILTIN_NORMAL        ? IR_NORMAL
                    : id == BUILTIN_EXPONENTIAL ? IR_EXPONENTIAL
                                                : IR_UNIFORM;
    struct ir_node *draw = ir_draw(&l->b, op, NULL, site, at.element, at.step, at.path);
    switch (id) {
    case BUILTIN_UNIFORM:
        return ir_binary(&l->b, IR_ADD, a,
                         ir_binary(&l->b, IR_MUL, ir_binary(&l->b, IR_SUB, b, a), draw));
    case BUILTIN_NORMAL: return ir_binary(&l->b, IR_ADD, a, ir_binary(&l->b, IR_MUL, b, draw));
    case BUILTIN_EXPONENTIAL: return ir_binary(&l->b, IR_MUL, a, draw);
    case BUILTIN_BERNOULLI: return ir_binary(&l->b, IR_LT, draw, a);
    default: /* RANDOM_INT */
        return ir_cast(&l->b, IR_I64,
                       ir_unary(&l->b, IR_FLOOR,
                                ir_binary(&l->b, IR_MUL, ir_cast(&l->b, IR_F64, draw),
                                          lower_as(l, e->target->arguments[0], IR_F64))));
    }
}

static struct ir_node *lower_bounded(struct lowering *l, const struct expr *e)
{
    struct ir_node *w = lower_as(l, e->target->arguments[0], IR_F32);
    const struct lowered_connection *connection = l->rule->connection;
    if (connection->low >= 0)
        w = ir_binary(&l->b, IR_MAX, w, lower_constant_leaf(l, connection->low, IR_F32));
    if (connection->high >= 0)
        w = ir_binary(&l->b, IR_MIN, w, lower_constant_leaf(l, connection->high, IR_F32));
    return w;
}

static bool is_reduction_of_array(const struct expr *e)
{
    return e->target->builtin->group == BUILTIN_GROUP_REDUCE && e->target->count == 1;
}

/* len(layer), from its axes: sizes of persistent values ask for it before there are networks. */
static struct ir_node *layer_length(struct lowering *l, const struct expr *e)
{
    const struct axis_list *axes = &e->type->layer->axes;
    struct ir_node *length = ir_integer(&l->b, 1);
    for (size_t i = 0; i < axes->count; i++) {
        struct ir_node *size =
            lower_size_leaf(l, lower_size(l, axes->items[i].size, e->span, "an axis"));
        length = ir_binary(&l->b, IR_MUL, length, size);
    }
    return length;
}

static struct ir_node *lower_builtin(struct lowering *l, struct expr *e)
{
    const struct call_target *target = e->target;
    if (is_reduction_of_array(e))
        return lower_reduction(l, e);
    switch (target->builtin->group) {
    case BUILTIN_GROUP_MATH:
    case BUILTIN_GROUP_REDUCE: {
        struct ir_node *arguments[16] = { NULL };
        for (size_t i = 0; i < target->count && i < 16; i++)
            arguments[i] = lower_scalar(l, target->arguments[i]);
        return lower_math(l, e, arguments, target->count);
    }
    case BUILTIN_GROUP_DRAW: return lower_draw(l, e);
    case BUILTIN_GROUP_RULE: return lower_bounded(l, e);
    case BUILTIN_GROUP_ARRAY:
        if (target->builtin->id == BUILTIN_LEN && target->arguments[0]->type->kind == TYPE_LAYER)
            return layer_length(l, target->arguments[0]);
        if (target->builtin->id == BUILTIN_LEN) {
            lower_prepare(l, target->arguments[0]);
            return lower_extent(l, target->arguments[0], 0);
        }
        if (target->builtin->id == BUILTIN_SORT_ORDER)
            break;
        return lower_array_call(l, e, NULL, 0);
    default: break;
    }
    lower_refuse(l, e->span, "'%s' cannot be compiled yet", target->builtin->name);
    return zero_of(l, lower_type(e->type));
}

/* ---- all of it ---- */

struct ir_node *lower_scalar(struct lowering *l, struct expr *e)
{
    struct span outer = l->b.span;
    l->b.span = e->span;
    struct ir_node *result = NULL;
    bool is_number =
        e->type->kind == TYPE_BOOL || e->type->kind == TYPE_INT || type_is_real(e->type);
    if (e->constant != NULL && e->constant->kind != CONSTANT_STRING)
        result = lower_literal(l, e->constant);
    else if (e->type->kind == TYPE_STRING)
        result = lower_text(l, e);
    else if (!l->in_setup && is_number && e->kind != EXPR_NAME && lower_reads_setup_only(e))
        result = lower_constant_value(l, e);
    else
        switch (e->kind) {
        case EXPR_NAME: result = lower_name(l, e); break;
        case EXPR_FIELD:
        case EXPR_INDEX: result = lower_element(l, e, NULL, 0); break;
        case EXPR_UNARY: result = lower_unary(l, e, lower_scalar(l, e->unary.operand)); break;
        case EXPR_BINARY: {
            if ((e->binary.op == BINARY_AND || e->binary.op == BINARY_OR) &&
                !is_simple(e->binary.right)) {
                result = lower_shortcut(l, e);
                break;
            }
            struct ir_node *left = lower_scalar(l, e->binary.left);
            result = lower_binary(l, e, left, lower_scalar(l, e->binary.right));
            break;
        }
        case EXPR_IF: result = lower_conditional(l, e); break;
        case EXPR_COMPREHENSION: result = lower_comprehension(l, e); break;
        case EXPR_CALL:
            if (e->target != NULL && e->target->kind == CALL_BUILTIN) {
                result = lower_builtin(l, e);
            } else {
                struct binding *value = lower_call(l, e);
                result = value != NULL ? read_binding(l, value, e->span) : NULL;
            }
            break;
        default: break;
        }
    if (result == NULL) {
        if (!l->is_failed)
            lower_refuse(l, e->span, "this expression cannot be compiled yet");
        result = zero_of(l, lower_type(e->type));
    }
    l->b.span = outer;
    return result;
}
