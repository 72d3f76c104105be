/* SPDX-License-Identifier: MIT
 *
 * Replaces elementary functions and random numbers by arithmetic: interpreter, CPU and GPU then
 * compute the same bits without sharing a library. Functions of f64 become calls of the C library:
 * they are rare, and only host code has them.
 */
#include "passes/expand.h"

#include "passes/passes.h"

struct expander {
    struct ir_builder builder;
    struct ir_node **replacements; /* [id]: what an expanded node has become, else null */
    int32_t node_count;            /* of the nodes that were there before */
};

static struct ir_node *expand_f32(struct ir_builder *b, enum ir_op op,
                                  struct ir_node *const *operands)
{
    switch (op) {
    case IR_EXP: return expand_exp(b, operands[0]);
    case IR_EXPM1: return expand_expm1(b, operands[0]);
    case IR_LOG: return expand_log(b, operands[0]);
    case IR_LOG1P: return expand_log1p(b, operands[0]);
    case IR_SIN: return expand_sin(b, operands[0]);
    case IR_COS: return expand_cos(b, operands[0]);
    case IR_TAN: return expand_tan(b, operands[0]);
    case IR_TANH: return expand_tanh(b, operands[0]);
    case IR_ATAN: return expand_atan(b, operands[0]);
    case IR_POW: return expand_pow(b, operands[0], operands[1]);
    default: unreachable();
    }
}

static enum ir_rt library_function(enum ir_op op)
{
    switch (op) {
    case IR_EXP: return IR_RT_exp;
    case IR_EXPM1: return IR_RT_expm1;
    case IR_LOG: return IR_RT_log;
    case IR_LOG1P: return IR_RT_log1p;
    case IR_SIN: return IR_RT_sin;
    case IR_COS: return IR_RT_cos;
    case IR_TAN: return IR_RT_tan;
    case IR_TANH: return IR_RT_tanh;
    case IR_ATAN: return IR_RT_atan;
    case IR_POW: return IR_RT_pow;
    default: unreachable();
    }
}

/* Null for an instruction that stays. */
static struct ir_node *expand_instruction(struct ir_builder *b, const struct ir_node *node)
{
    switch (node->op) {
    case IR_HASH: return expand_hash(b, node->operands[0], node->operands[1]);
    case IR_WORD: return expand_word(b, node->operands, false);
    case IR_UNIFORM: return expand_uniform(b, node->operands);
    case IR_EXPONENTIAL: return expand_exponential(b, node->operands);
    case IR_NORMAL: return expand_normal(b, node->operands);
    case IR_POISSON: return expand_poisson(b, node->operands);
    case IR_EXP:
    case IR_EXPM1:
    case IR_LOG:
    case IR_LOG1P:
    case IR_SIN:
    case IR_COS:
    case IR_TAN:
    case IR_TANH:
    case IR_ATAN:
    case IR_POW: break;
    default: return NULL;
    }
    if (node->type == IR_F32)
        return expand_f32(b, node->op, node->operands);
    return ir_call_rt(b, library_function(node->op), node->operand_count, node->operands);
}

static void replace_use(struct ir_node **use, void *data)
{
    const struct expander *e = data;
    int32_t id = (*use)->id;
    if (id < e->node_count && e->replacements[id] != NULL)
        *use = e->replacements[id];
}

/* Blocks inside come first: a reduction uses what its body defines. */
static void expand_block(struct ir_block *block, void *data)
{
    struct expander *e = data;
    for (struct ir_node *node = block->first, *next; node != NULL; node = next) {
        next = node->next;
        ir_for_each_block(node, expand_block, e);
        ir_for_each_use(node, replace_use, e);
        if (node->kind != IR_NODE_INSTR)
            continue;
        e->builder.block = block;
        e->builder.before = node;
        e->builder.span = node->span;
        struct ir_node *replacement = expand_instruction(&e->builder, node);
        if (replacement == NULL)
            continue;
        e->replacements[node->id] = replacement;
        ir_remove(block, node);
    }
}

bool pass_expand(struct compilation *c, struct ir_program *program)
{
    for (int32_t k = 0; k < program->function_count; k++) {
        struct ir_function *function = program->functions[k];
        ir_number(function);
        struct expander e = {
            .builder = { .compilation = c, .program = program, .function = function },
            .replacements = arena_alloc_array(&c->arena, (size_t)function->node_count + 1,
                                              sizeof(struct ir_node *)),
            .node_count = function->node_count,
        };
        expand_block(&function->body, &e);
    }
    program->gone |= IR_GONE_MATH;
    return true;
}
