/* SPDX-License-Identifier: MIT
 *
 * Forms multiply-adds, once and for all targets: what is rounded once here is rounded once
 * everywhere. A product that only one sum or difference uses goes into it; of two products the
 * first does. The setup function is left alone: the compiler computes some of its values, too, and
 * without multiply-adds.
 */
#include "passes/passes.h"

struct contractor {
    struct ir_builder builder;
    int32_t *uses; /* [id] */
};

static void count_use(struct ir_node **use, void *data)
{
    struct contractor *contractor = data;
    contractor->uses[(*use)->id]++;
}

static void count_uses(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        ir_for_each_use(node, count_use, data);
        ir_for_each_block(node, count_uses, data);
    }
}

static bool is_own_product(const struct contractor *contractor, const struct ir_node *node)
{
    return node->kind == IR_NODE_INSTR && node->op == IR_MUL && contractor->uses[node->id] == 1;
}

static struct ir_node *negative(struct contractor *contractor, struct ir_block *block,
                                struct ir_node *before, struct ir_node *value)
{
    struct ir_builder *b = &contractor->builder;
    b->block = block;
    b->before = before;
    b->span = before->span;
    return ir_unary(b, IR_NEG, value);
}

static void become_fma(struct contractor *contractor, struct ir_node *node, struct ir_node *x,
                       struct ir_node *y, struct ir_node *z)
{
    struct arena *arena = &contractor->builder.compilation->arena;
    node->op = IR_FMA;
    node->operand_count = 3;
    node->operands = arena_alloc_array(arena, 3, sizeof *node->operands);
    node->operands[0] = x;
    node->operands[1] = y;
    node->operands[2] = z;
}

/* a b + c, c + a b, a b - c = a b + (-c), c - a b = (-a) b + c */
static void contract(struct contractor *contractor, struct ir_block *block, struct ir_node *node)
{
    struct ir_node *left = node->operands[0], *right = node->operands[1];
    bool is_left = is_own_product(contractor, left);
    if (!is_left && !is_own_product(contractor, right))
        return;
    struct ir_node *product = is_left ? left : right, *other = is_left ? right : left;
    struct ir_node *x = product->operands[0], *y = product->operands[1];
    if (node->op == IR_SUB && is_left)
        other = negative(contractor, block, node, other);
    else if (node->op == IR_SUB)
        x = negative(contractor, block, node, x);
    become_fma(contractor, node, x, y, other);
}

static void contract_block(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        bool is_sum = node->kind == IR_NODE_INSTR && (node->op == IR_ADD || node->op == IR_SUB);
        if (is_sum && (node->type == IR_F32 || node->type == IR_F64))
            contract(data, block, node);
        ir_for_each_block(node, contract_block, data);
    }
}

/* The products that went into sums: nobody uses them any more. */
static void drop_unused_products(struct ir_block *block, void *data)
{
    const struct contractor *contractor = data;
    for (struct ir_node *node = block->first, *next; node != NULL; node = next) {
        next = node->next;
        ir_for_each_block(node, drop_unused_products, data);
        if (node->kind == IR_NODE_INSTR && node->op == IR_MUL && contractor->uses[node->id] == 0)
            ir_remove(block, node);
    }
}

static void contract_function(struct compilation *c, struct ir_program *program,
                              struct ir_function *function)
{
    struct contractor contractor = {
        .builder = { .compilation = c, .program = program, .function = function }
    };
    ir_number(function);
    contractor.uses =
        arena_alloc_array(&c->arena, (size_t)function->node_count + 1, sizeof *contractor.uses);
    count_uses(&function->body, &contractor);
    contract_block(&function->body, &contractor);
    ir_number(function);
    contractor.uses =
        arena_alloc_array(&c->arena, (size_t)function->node_count + 1, sizeof *contractor.uses);
    count_uses(&function->body, &contractor);
    drop_unused_products(&function->body, &contractor);
}

bool pass_contract(struct compilation *c, struct ir_program *program)
{
    for (int32_t k = 0; k < program->function_count; k++)
        if (program->functions[k]->kind != IR_FUNCTION_SETUP)
            contract_function(c, program, program->functions[k]);
    return true;
}
