/* SPDX-License-Identifier: MIT
 *
 * Adjoints of instructions: what the adjoint g of a result gives to those of its operands. A spike
 * counts as the number 0 or 1; its derivative by the distance to the threshold is the slope that
 * its surrogate gives.
 */
#include "passes/differentiate.h"

static struct ir_node *value(struct reversal *r, struct ir_node *node)
{
    return reverse_primal(r, node);
}

static struct ir_node *real_value(struct reversal *r, struct ir_node *node, enum ir_type type)
{
    struct ir_node *primal = value(r, node);
    if (primal->type == IR_BOOL)
        primal = ir_cast(&r->b, IR_I64, primal);
    return ir_cast(&r->b, type, primal);
}

static struct ir_node *real(struct reversal *r, const struct ir_node *like, double x)
{
    return ir_real(&r->b, like->type, x);
}

static struct ir_node *multiply(struct reversal *r, struct ir_node *a, struct ir_node *b)
{
    return ir_binary(&r->b, IR_MUL, a, b);
}

static struct ir_node *divide(struct reversal *r, struct ir_node *a, struct ir_node *b)
{
    return ir_binary(&r->b, IR_DIV, a, b);
}

static struct ir_node *negate(struct reversal *r, struct ir_node *a)
{
    return ir_unary(&r->b, IR_NEG, a);
}

static struct ir_node *where(struct reversal *r, struct ir_node *condition, struct ir_node *g)
{
    return ir_select(&r->b, condition, g, real(r, g, 0));
}

/* Operand k is varied: the value of the others is needed. */
static bool wants(struct reversal *r, const struct ir_node *node, int k)
{
    return reverse_is_varied(r, node->operands[k]);
}

static void give(struct reversal *r, const struct ir_node *node, int k, struct ir_node *g)
{
    reverse_add(r, node->operands[k], g);
}

static void reverse_product(struct reversal *r, struct ir_node *node, struct ir_node *g)
{
    for (int k = 0; k < 2; k++)
        if (wants(r, node, k))
            give(r, node, k, multiply(r, g, real_value(r, node->operands[1 - k], g->type)));
}

static void reverse_quotient(struct reversal *r, struct ir_node *node, struct ir_node *g)
{
    struct ir_node *share = divide(r, g, value(r, node->operands[1]));
    give(r, node, 0, share);
    if (wants(r, node, 1))
        give(r, node, 1, negate(r, multiply(r, share, value(r, node))));
}

static void reverse_power(struct reversal *r, struct ir_node *node, struct ir_node *g)
{
    struct ir_node *x = value(r, node->operands[0]), *n = value(r, node->operands[1]);
    if (wants(r, node, 0)) {
        struct ir_node *less = ir_binary(&r->b, IR_SUB, n, real(r, n, 1));
        give(r, node, 0, multiply(r, g, multiply(r, n, ir_binary(&r->b, IR_POW, x, less))));
    }
    if (wants(r, node, 1)) {
        struct ir_node *is_above = ir_binary(&r->b, IR_GT, x, real(r, x, 0));
        struct ir_node *log = ir_unary(&r->b, IR_LOG, ir_select(&r->b, is_above, x, real(r, x, 1)));
        give(r, node, 1, multiply(r, g, multiply(r, value(r, node), log)));
    }
}

static void reverse_choice(struct reversal *r, struct ir_node *node, struct ir_node *g,
                           struct ir_node *is_first)
{
    struct ir_node *zero = real(r, g, 0);
    if (wants(r, node, 0))
        give(r, node, 0, ir_select(&r->b, is_first, g, zero));
    if (wants(r, node, 1))
        give(r, node, 1, ir_select(&r->b, is_first, zero, g));
}

static void reverse_select(struct reversal *r, struct ir_node *node, struct ir_node *g)
{
    struct ir_node *condition = value(r, node->operands[0]);
    if (wants(r, node, 1))
        give(r, node, 1, where(r, condition, g));
    if (wants(r, node, 2))
        give(r, node, 2, ir_select(&r->b, condition, real(r, g, 0), g));
    if (wants(r, node, 0))
        give(r, node, 0,
             multiply(r, g,
                      ir_binary(&r->b, IR_SUB, real_value(r, node->operands[1], g->type),
                                real_value(r, node->operands[2], g->type))));
}

static void reverse_logic(struct reversal *r, struct ir_node *node, struct ir_node *g)
{
    for (int k = 0; k < 2; k++) {
        if (!wants(r, node, k))
            continue;
        struct ir_node *other = value(r, node->operands[1 - k]);
        if (node->op == IR_OR)
            other = ir_unary(&r->b, IR_NOT, other);
        give(r, node, k, where(r, other, g));
    }
}

static struct ir_node *sign_times(struct reversal *r, struct ir_node *x, struct ir_node *g)
{
    struct ir_node *zero = real(r, x, 0);
    struct ir_node *below = ir_binary(&r->b, IR_LT, x, zero);
    struct ir_node *above = ir_binary(&r->b, IR_GT, x, zero);
    return ir_select(&r->b, above, g, ir_select(&r->b, below, negate(r, g), real(r, g, 0)));
}

/* The derivative of a function of one number, times g. */
static struct ir_node *chained(struct reversal *r, struct ir_node *node, struct ir_node *g)
{
    struct ir_node *x = node->operands[0], *one = real(r, g, 1);
    switch (node->op) {
    case IR_NEG: return negate(r, g);
    case IR_ABS: return sign_times(r, value(r, x), g);
    case IR_SQRT: return divide(r, g, multiply(r, real(r, g, 2), value(r, node)));
    case IR_EXP: return multiply(r, g, value(r, node));
    case IR_EXPM1: return multiply(r, g, ir_binary(&r->b, IR_ADD, value(r, node), one));
    case IR_LOG: return divide(r, g, value(r, x));
    case IR_LOG1P: return divide(r, g, ir_binary(&r->b, IR_ADD, one, value(r, x)));
    case IR_SIN: return multiply(r, g, ir_unary(&r->b, IR_COS, value(r, x)));
    case IR_COS: return negate(r, multiply(r, g, ir_unary(&r->b, IR_SIN, value(r, x))));
    case IR_TAN: {
        struct ir_node *square = multiply(r, value(r, node), value(r, node));
        return multiply(r, g, ir_binary(&r->b, IR_ADD, one, square));
    }
    case IR_TANH: {
        struct ir_node *square = multiply(r, value(r, node), value(r, node));
        return multiply(r, g, ir_binary(&r->b, IR_SUB, one, square));
    }
    case IR_ATAN: {
        struct ir_node *square = multiply(r, value(r, x), value(r, x));
        return divide(r, g, ir_binary(&r->b, IR_ADD, one, square));
    }
    default: return NULL;
    }
}

static void reverse_load(struct reversal *r, struct ir_node *node, struct ir_node *g)
{
    int32_t adjoint = reverse_adjoint(r, node->payload.index);
    struct ir_node *index =
        reverse_adjoint_index(r, node->payload.index, value(r, node->operands[0]));
    struct ir_node *old = ir_load(&r->b, adjoint, index);
    ir_store(&r->b, adjoint, index, ir_binary(&r->b, IR_ADD, old, ir_cast(&r->b, old->type, g)));
}

static void reverse_store(struct reversal *r, struct ir_node *node)
{
    int32_t buffer = node->payload.index;
    if (!reverse_is_wanted_store(r, node))
        return;
    int32_t adjoint = r->program->buffers[buffer].adjoint;
    struct ir_node *index = value(r, node->operands[0]);
    struct ir_node *g = ir_load(&r->b, adjoint, index);
    if (!r->program->buffers[buffer].is_record)
        ir_store(&r->b, adjoint, index, real(r, g, 0));
    reverse_add(r, node->operands[1], g);
}

static void reverse_variable_of(struct reversal *r, struct ir_node *node)
{
    struct ir_node *source = node->op == IR_VAR ? node : node->payload.node;
    struct ir_node *adjoint = reverse_facts(r, source)->var;
    if (adjoint == NULL)
        return;
    struct ir_node *g = ir_get(&r->b, adjoint);
    ir_set(&r->b, adjoint, real(r, g, 0));
    reverse_add(r, node->operands[0], g);
}

static void reverse_result(struct reversal *r, struct ir_node *node, struct ir_node *g)
{
    struct ir_node *const *operands = node->operands;
    switch (node->op) {
    case IR_ADD:
        give(r, node, 0, g);
        give(r, node, 1, g);
        return;
    case IR_SUB:
        give(r, node, 0, g);
        if (wants(r, node, 1))
            give(r, node, 1, negate(r, g));
        return;
    case IR_MUL: reverse_product(r, node, g); return;
    case IR_DIV: reverse_quotient(r, node, g); return;
    case IR_MOD:
        if (wants(r, node, 1))
            break;
        give(r, node, 0, g);
        return;
    case IR_MIN:
        reverse_choice(r, node, g,
                       ir_binary(&r->b, IR_LT, value(r, operands[0]), value(r, operands[1])));
        return;
    case IR_MAX:
        reverse_choice(r, node, g,
                       ir_binary(&r->b, IR_GT, value(r, operands[0]), value(r, operands[1])));
        return;
    case IR_POW: reverse_power(r, node, g); return;
    case IR_SELECT: reverse_select(r, node, g); return;
    case IR_AND:
    case IR_OR: reverse_logic(r, node, g); return;
    case IR_NOT: give(r, node, 0, negate(r, g)); return;
    case IR_CAST: give(r, node, 0, g); return;
    case IR_SURROGATE:
        give(r, node, 1, multiply(r, g, ir_cast(&r->b, g->type, value(r, operands[2]))));
        return;
    case IR_LOAD: reverse_load(r, node, g); return;
    case IR_VAR_GET: {
        struct ir_node *adjoint = reverse_variable(r, node->payload.node);
        if (adjoint != NULL)
            ir_set(
                &r->b, adjoint,
                ir_binary(&r->b, IR_ADD, ir_get(&r->b, adjoint), ir_cast(&r->b, adjoint->type, g)));
        return;
    }
    default: {
        struct ir_node *result = chained(r, node, g);
        if (result == NULL)
            break;
        give(r, node, 0, result);
        return;
    }
    }
    diag_error(r->c, node->span, "no derivative of this is known");
    diag_hint(r->c, "write stop(...) around what the gradient shall not pass through");
}

void reverse_instruction(struct reversal *r, struct ir_node *node, struct ir_node *g)
{
    r->b.span = node->span;
    if (node->op == IR_STORE)
        reverse_store(r, node);
    else if (node->op == IR_VAR || node->op == IR_VAR_SET)
        reverse_variable_of(r, node);
    else if (g != NULL)
        reverse_result(r, node, g);
}
