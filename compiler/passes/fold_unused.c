/* SPDX-License-Identifier: MIT
 *
 * Removes instructions, reductions, variables and empty loops and branches that nothing depends on.
 * Blocks are walked from their end, so that one walk removes whole chains; variables, which loops
 * use backwards, take a few walks.
 */
#include "ir/rt.h"
#include "passes/fold.h"

struct usage {
    int32_t *uses; /* [id]: of a value */
    int32_t *gets; /* [id]: of a variable */
    bool has_changed;
};

static void count_use(struct ir_node **use, void *data)
{
    struct usage *usage = data;
    usage->uses[(*use)->id]++;
}

static void forget_use(struct ir_node **use, void *data)
{
    struct usage *usage = data;
    usage->uses[(*use)->id]--;
}

static void count_block(struct ir_block *block, void *data)
{
    struct usage *usage = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        ir_for_each_use(node, count_use, data);
        ir_for_each_block(node, count_block, data);
        if (node->kind == IR_NODE_INSTR && node->op == IR_VAR_GET)
            usage->gets[node->payload.node->id]++;
        if (node->kind == IR_NODE_ODE)
            for (int32_t k = 0; k < node->ode.variable_count; k++)
                usage->gets[node->ode.variables[k].var->id]++;
    }
}

/* It can go if its value is not used. A division by zero or a load has no effect of its own. */
static bool is_removable(const struct ir_node *node)
{
    return ir_is_pure(node) ||
           (node->kind == IR_NODE_INSTR &&
            (node->op == IR_LOAD || node->op == IR_VAR_GET || node->op == IR_CONTEXT_GET));
}

static bool is_empty(const struct ir_block *block)
{
    return block->first == NULL;
}

/* Everything in a block is without effect beyond it. */
static bool is_all_removable(const struct ir_block *block)
{
    for (const struct ir_node *node = block->first; node != NULL; node = node->next) {
        bool is_reduction = node->kind == IR_NODE_REDUCE && is_all_removable(&node->reduce.body);
        if (!is_reduction && !is_removable(node))
            return false;
    }
    return true;
}

static bool is_unused(const struct usage *usage, const struct ir_node *node)
{
    switch (node->kind) {
    case IR_NODE_INSTR:
        if (node->op == IR_VAR)
            return usage->gets[node->id] == 0;
        if (node->op == IR_VAR_SET)
            return usage->gets[node->payload.node->id] == 0;
        return is_removable(node) && usage->uses[node->id] == 0;
    case IR_NODE_REDUCE: return usage->uses[node->id] == 0 && is_all_removable(&node->reduce.body);
    case IR_NODE_LOOP: return is_empty(&node->loop.body);
    case IR_NODE_IF: return is_empty(&node->branch.then_body) && is_empty(&node->branch.else_body);
    case IR_NODE_BLOCK: return is_empty(&node->block.body);
    case IR_NODE_WHILE:
    case IR_NODE_BREAK:
    case IR_NODE_CONTINUE:
    case IR_NODE_CALL:
    case IR_NODE_COMPACT:
    case IR_NODE_ODE:
    case IR_NODE_PROPAGATE: return false;
    }
    unreachable();
}

static void forget_block(struct ir_block *block, void *data)
{
    struct usage *usage = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        ir_for_each_use(node, forget_use, data);
        ir_for_each_block(node, forget_block, data);
        if (node->kind == IR_NODE_INSTR && node->op == IR_VAR_GET)
            usage->gets[node->payload.node->id]--;
    }
}

static void sweep_block(struct ir_block *block, void *data)
{
    struct usage *usage = data;
    for (struct ir_node *node = block->last, *previous; node != NULL; node = previous) {
        previous = node->previous;
        /* A reduction's keys are used by itself: its body is looked at as a whole. */
        if (node->kind != IR_NODE_REDUCE || usage->uses[node->id] > 0)
            ir_for_each_block(node, sweep_block, data);
        if (!is_unused(usage, node))
            continue;
        struct ir_block alone = { node, node };
        ir_remove(block, node);
        forget_block(&alone, usage);
        usage->has_changed = true;
    }
}

void fold_remove_unused(struct compilation *c, struct ir_function *function)
{
    struct usage usage = { .has_changed = true };
    ir_number(function);
    usage.uses = arena_alloc_array(&c->arena, (size_t)function->node_count + 1, sizeof *usage.uses);
    usage.gets = arena_alloc_array(&c->arena, (size_t)function->node_count + 1, sizeof *usage.gets);
    count_block(&function->body, &usage);
    while (usage.has_changed) {
        usage.has_changed = false;
        sweep_block(&function->body, &usage);
    }
    ir_number(function);
}
