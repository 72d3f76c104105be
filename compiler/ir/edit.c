/* SPDX-License-Identifier: MIT
 *
 * Looking at the tree and changing it: moving nodes, visiting blocks and uses, numbering, copying.
 * What a kind of node contains and uses is written here once; passes go through ir_for_each_block
 * and ir_for_each_use.
 */
#include <assert.h>

#include "ir/ir.h"
#include "ir/rt.h"

bool ir_is_pure(const struct ir_node *node)
{
    if (node->kind != IR_NODE_INSTR)
        return false;
    switch (node->op) {
    case IR_CONTEXT_GET:
    case IR_CONTEXT_SET:
    case IR_SIZE_SET:
    case IR_CONSTANT_SET:
    case IR_LOAD:
    case IR_STORE:
    case IR_VAR:
    case IR_VAR_GET:
    case IR_VAR_SET:
    case IR_INDEX: return false;
    case IR_CALL_RT: return !ir_rt_takes_context((enum ir_rt)node->payload.index);
    default: return true;
    }
}

void ir_remove(struct ir_block *block, struct ir_node *node)
{
    if (node->previous != NULL)
        node->previous->next = node->next;
    else
        block->first = node->next;
    if (node->next != NULL)
        node->next->previous = node->previous;
    else
        block->last = node->previous;
    node->previous = node->next = NULL;
}

void ir_insert_before(struct ir_block *block, struct ir_node *before, struct ir_node *node)
{
    node->next = before;
    node->previous = before != NULL ? before->previous : block->last;
    if (node->previous != NULL)
        node->previous->next = node;
    else
        block->first = node;
    if (before != NULL)
        before->previous = node;
    else
        block->last = node;
}

void ir_for_each_block(struct ir_node *node, void (*visit)(struct ir_block *block, void *data),
                       void *data)
{
    switch (node->kind) {
    case IR_NODE_LOOP: visit(&node->loop.body, data); return;
    case IR_NODE_REDUCE: visit(&node->reduce.body, data); return;
    case IR_NODE_IF:
        visit(&node->branch.then_body, data);
        visit(&node->branch.else_body, data);
        return;
    case IR_NODE_WHILE:
        visit(&node->loop_while.test, data);
        visit(&node->loop_while.body, data);
        return;
    case IR_NODE_BLOCK: visit(&node->block.body, data); return;
    case IR_NODE_ODE: visit(&node->ode.body, data); return;
    case IR_NODE_INSTR:
    case IR_NODE_BREAK:
    case IR_NODE_CONTINUE:
    case IR_NODE_CALL:
    case IR_NODE_COMPACT:
    case IR_NODE_PROPAGATE: return;
    }
    unreachable();
}

static void each_use_of_reduce(struct ir_node *node,
                               void (*visit)(struct ir_node **use, void *data), void *data)
{
    visit(&node->reduce.low, data);
    visit(&node->reduce.high, data);
    for (int32_t k = 0; k < node->reduce.key_count; k++)
        visit(&node->reduce.keys[k], data);
    if (node->reduce.condition != NULL)
        visit(&node->reduce.condition, data);
}

static void each_use_of_ode(struct ir_node *node, void (*visit)(struct ir_node **use, void *data),
                            void *data)
{
    visit(&node->ode.dt, data);
    for (int32_t k = 0; k < node->ode.variable_count; k++)
        visit(&node->ode.variables[k].rate, data);
}

void ir_for_each_use(struct ir_node *node, void (*visit)(struct ir_node **use, void *data),
                     void *data)
{
    switch (node->kind) {
    case IR_NODE_INSTR:
        for (int32_t k = 0; k < node->operand_count; k++)
            visit(&node->operands[k], data);
        return;
    case IR_NODE_LOOP:
        visit(&node->loop.low, data);
        visit(&node->loop.high, data);
        return;
    case IR_NODE_REDUCE: each_use_of_reduce(node, visit, data); return;
    case IR_NODE_IF: visit(&node->branch.condition, data); return;
    case IR_NODE_WHILE: visit(&node->loop_while.condition, data); return;
    case IR_NODE_COMPACT: visit(&node->compact.high, data); return;
    case IR_NODE_ODE: each_use_of_ode(node, visit, data); return;
    case IR_NODE_PROPAGATE:
        if (node->propagate.base != NULL)
            visit(&node->propagate.base, data);
        if (node->propagate.steps != NULL)
            visit(&node->propagate.steps, data);
        return;
    case IR_NODE_BLOCK:
    case IR_NODE_BREAK:
    case IR_NODE_CONTINUE:
    case IR_NODE_CALL: return;
    }
    unreachable();
}

/* The index of a loop, reduction or while, null for other nodes. */
static struct ir_node **index_of(struct ir_node *node)
{
    if (node->kind == IR_NODE_LOOP)
        return &node->loop.index;
    if (node->kind == IR_NODE_WHILE)
        return &node->loop_while.index;
    return node->kind == IR_NODE_REDUCE ? &node->reduce.index : NULL;
}

/* ---- numbering ---- */

static void number_block(struct ir_block *block, void *next)
{
    int32_t *id = next;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        struct ir_node **index = index_of(node);
        node->id = (*id)++;
        if (index != NULL)
            (*index)->id = (*id)++;
        ir_for_each_block(node, number_block, next);
    }
}

void ir_number(struct ir_function *function)
{
    int32_t next = 0;
    number_block(&function->body, &next);
    function->node_count = next;
}

/* ---- copying ---- */

/* Open addressing from old nodes to their copies; ids do not serve, the nodes may come from another
 * function. */
struct copies {
    struct ir_node **old, **copy;
    size_t capacity; /* a power of two, more than twice the number of nodes */
};

struct cloner {
    struct ir_builder *builder;
    struct copies copies;
    struct ir_node *(*map)(struct ir_node *old, void *data);
    void *data;
};

static void count_block(struct ir_block *block, void *data)
{
    size_t *count = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        *count += index_of(node) != NULL ? 2 : 1;
        ir_for_each_block(node, count_block, data);
    }
}

static size_t slot_of(const struct copies *copies, const struct ir_node *old)
{
    size_t slot = ((uintptr_t)old >> 4) * 0x9e3779b97f4a7c15u >> 20;
    for (;; slot++) {
        slot &= copies->capacity - 1;
        if (copies->old[slot] == NULL || copies->old[slot] == old)
            return slot;
    }
}

static void remember(struct cloner *cloner, struct ir_node *old, struct ir_node *copy)
{
    size_t slot = slot_of(&cloner->copies, old);
    cloner->copies.old[slot] = old;
    cloner->copies.copy[slot] = copy;
}

static struct ir_node *copy_of(struct cloner *cloner, struct ir_node *old)
{
    size_t slot = slot_of(&cloner->copies, old);
    if (cloner->copies.old[slot] == old)
        return cloner->copies.copy[slot];
    struct ir_node *mapped = cloner->map != NULL ? cloner->map(old, cloner->data) : NULL;
    return mapped != NULL ? mapped : old;
}

static void rename_use(struct ir_node **use, void *data)
{
    *use = copy_of(data, *use);
}

/* A node with the fields of `old`, a new number, in no block. */
static struct ir_node *copy_fields(struct cloner *cloner, struct ir_node *old)
{
    struct ir_builder *b = cloner->builder;
    struct ir_node *copy = arena_new(&b->compilation->arena, struct ir_node);
    *copy = *old;
    copy->id = b->function->node_count++;
    copy->previous = copy->next = NULL;
    remember(cloner, old, copy);
    return copy;
}

/* What `copy` still shares with the node it was copied from. */
static void unshare(struct cloner *cloner, struct ir_node *copy)
{
    struct arena *arena = &cloner->builder->compilation->arena;
    struct ir_node **index = index_of(copy);
    if (index != NULL)
        *index = copy_fields(cloner, *index);
    if (copy->operand_count > 0) {
        struct ir_node **operands =
            arena_alloc_array(arena, (size_t)copy->operand_count, sizeof *operands);
        for (int32_t k = 0; k < copy->operand_count; k++)
            operands[k] = copy->operands[k];
        copy->operands = operands;
    }
    if (copy->kind == IR_NODE_ODE) {
        size_t count = (size_t)copy->ode.variable_count;
        struct ir_ode_variable *variables = arena_alloc_array(arena, count, sizeof *variables);
        for (size_t k = 0; k < count; k++)
            variables[k] = copy->ode.variables[k];
        copy->ode.variables = variables;
    }
}

/* What a node names without using its value: variables, targets of jumps. */
static void rename_references(struct cloner *cloner, struct ir_node *copy)
{
    if (copy->kind == IR_NODE_BREAK || copy->kind == IR_NODE_CONTINUE)
        copy->jump.target = copy_of(cloner, copy->jump.target);
    if (copy->kind == IR_NODE_INSTR && (copy->op == IR_VAR_GET || copy->op == IR_VAR_SET))
        copy->payload.node = copy_of(cloner, copy->payload.node);
    if (copy->kind == IR_NODE_ODE)
        for (int32_t k = 0; k < copy->ode.variable_count; k++)
            copy->ode.variables[k].var = copy_of(cloner, copy->ode.variables[k].var);
}

/* An ODE_VALUE is a value of the equations around it, so the map may give another for it; it is not
 * copied then. */
static bool is_mapped_leaf(struct cloner *cloner, struct ir_node *old)
{
    if (old->kind != IR_NODE_INSTR || old->op != IR_ODE_VALUE || cloner->map == NULL)
        return false;
    struct ir_node *mapped = cloner->map(old, cloner->data);
    if (mapped != NULL)
        remember(cloner, old, mapped);
    return mapped != NULL;
}

/* Blocks that a copied node shares with the old one are replaced by copies, in place. */
static void clone_in_place(struct ir_block *block, void *data);

static struct ir_node *clone_one(struct cloner *cloner, struct ir_node *old, struct ir_block *to,
                                 struct ir_node *before)
{
    struct ir_node *copy = copy_fields(cloner, old);
    ir_insert_before(to, before, copy);
    unshare(cloner, copy);
    ir_for_each_block(copy, clone_in_place, cloner);
    ir_for_each_use(copy, rename_use, cloner);
    rename_references(cloner, copy);
    return copy;
}

static void clone_nodes(struct cloner *cloner, struct ir_node *first, struct ir_block *to,
                        struct ir_node *before)
{
    for (struct ir_node *old = first; old != NULL; old = old->next)
        if (!is_mapped_leaf(cloner, old))
            clone_one(cloner, old, to, before);
}

static void clone_in_place(struct ir_block *block, void *data)
{
    struct ir_node *first = block->first;
    *block = (struct ir_block){ 0 };
    clone_nodes(data, first, block, NULL);
}

static struct cloner new_cloner(struct ir_builder *b, size_t count,
                                struct ir_node *(*map)(struct ir_node *old, void *data), void *data)
{
    struct cloner cloner = { .builder = b, .map = map, .data = data };
    struct arena *arena = &b->compilation->arena;
    cloner.copies.capacity = 16;
    while (cloner.copies.capacity <= 2 * count)
        cloner.copies.capacity *= 2;
    cloner.copies.old = arena_alloc_array(arena, cloner.copies.capacity, sizeof(struct ir_node *));
    cloner.copies.copy = arena_alloc_array(arena, cloner.copies.capacity, sizeof(struct ir_node *));
    return cloner;
}

struct ir_node *ir_clone_block(struct ir_builder *b, const struct ir_block *from,
                               struct ir_node *(*map)(struct ir_node *old, void *data), void *data,
                               struct ir_node *wanted)
{
    struct ir_block all = *from;
    size_t count = 0;
    count_block(&all, &count);
    struct cloner cloner = new_cloner(b, count, map, data);
    clone_nodes(&cloner, from->first, b->block, b->before);
    return wanted != NULL ? copy_of(&cloner, wanted) : NULL;
}

struct ir_node *ir_clone_node(struct ir_builder *b, struct ir_node *node,
                              struct ir_node *(*map)(struct ir_node *old, void *data), void *data)
{
    size_t count = 2;
    ir_for_each_block(node, count_block, &count);
    struct cloner cloner = new_cloner(b, count, map, data);
    return clone_one(&cloner, node, b->block, b->before);
}
