/* SPDX-License-Identifier: MIT
 *
 * Branches that a spike decides, such as resets. What a variable has after one depends on the spike
 * as well: such a branch, where it only sets variables, is rewritten so that both sides are
 * computed and a select takes one, which has a derivative by its condition.
 */
#include "passes/differentiate.h"

static bool is_plain(const struct ir_block *block)
{
    for (const struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->kind == IR_NODE_IF) {
            if (!is_plain(&node->branch.then_body) || !is_plain(&node->branch.else_body))
                return false;
            continue;
        }
        if (node->kind != IR_NODE_INSTR || node->op == IR_CALL_RT)
            return false;
        bool may_trap = node->type == IR_I64 && (node->op == IR_DIV || node->op == IR_MOD);
        bool is_access = node->op == IR_LOAD || node->op == IR_VAR || node->op == IR_VAR_GET ||
                         node->op == IR_VAR_SET;
        if (may_trap || (!is_access && !ir_is_pure(node)))
            return false;
    }
    return true;
}

static bool contains(const struct node_list *list, const struct ir_node *node)
{
    for (size_t k = 0; k < list->count; k++)
        if (list->items[k] == node)
            return true;
    return false;
}

struct variable_walk {
    struct reversal *r;
    struct node_list set, own; /* by the branch; within it */
};

static void find_variables(struct ir_block *block, void *data)
{
    struct variable_walk *walk = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->kind == IR_NODE_INSTR && node->op == IR_VAR)
            array_push(&walk->r->c->arena, &walk->own, node);
        if (node->kind == IR_NODE_INSTR && node->op == IR_VAR_SET &&
            !contains(&walk->set, node->payload.node))
            array_push(&walk->r->c->arena, &walk->set, node->payload.node);
        ir_for_each_block(node, find_variables, data);
    }
}

static void move_before(struct ir_block *to, struct ir_node *place, struct ir_block *from)
{
    while (from->first != NULL) {
        struct ir_node *node = from->first;
        ir_remove(from, node);
        ir_insert_before(to, place, node);
    }
}

static void join(struct reversal *r, struct ir_block *block, struct ir_node *branch)
{
    struct variable_walk walk = { .r = r };
    ir_for_each_block(branch, find_variables, &walk);
    struct ir_builder b = { .compilation = r->c,
                            .program = r->program,
                            .function = r->from,
                            .block = block,
                            .before = branch,
                            .span = branch->span };
    size_t count = walk.set.count;
    struct ir_node **old = arena_alloc_array(&r->c->arena, count + 1, sizeof *old);
    struct ir_node **first = arena_alloc_array(&r->c->arena, count + 1, sizeof *first);
    for (size_t k = 0; k < count; k++)
        if (!contains(&walk.own, walk.set.items[k]))
            old[k] = ir_get(&b, walk.set.items[k]);
    move_before(block, branch, &branch->branch.then_body);
    for (size_t k = 0; k < count; k++) {
        if (old[k] == NULL)
            continue;
        first[k] = ir_get(&b, walk.set.items[k]);
        ir_set(&b, walk.set.items[k], old[k]);
    }
    move_before(block, branch, &branch->branch.else_body);
    for (size_t k = 0; k < count; k++) {
        if (old[k] == NULL)
            continue;
        struct ir_node *second = ir_get(&b, walk.set.items[k]);
        ir_set(&b, walk.set.items[k], ir_select(&b, branch->branch.condition, first[k], second));
    }
    ir_remove(block, branch);
}

static void join_in(struct ir_block *block, void *data)
{
    struct reversal *r = data;
    for (struct ir_node *node = block->first, *next; node != NULL; node = next) {
        next = node->next;
        ir_for_each_block(node, join_in, data);
        if (node->kind == IR_NODE_IF && reverse_is_varied(r, node->branch.condition) &&
            is_plain(&node->branch.then_body) && is_plain(&node->branch.else_body))
            join(r, block, node);
    }
}

void reverse_join_branches(struct reversal *r)
{
    join_in(&r->from->body, r);
}
