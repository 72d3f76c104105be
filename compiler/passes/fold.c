/* SPDX-License-Identifier: MIT
 *
 * Evaluates what is constant, computes once what is computed twice, takes branches that are known.
 * Works on pure instructions only, so that no bit of a result can change. What has become useless
 * is removed by fold_unused.c.
 */
#include "passes/fold.h"

#include <string.h>

#include "ir/evaluate.h"
#include "passes/passes.h"

/* The instructions that may be used again at the place being visited: a chained hash table whose
 * newest entries are undone when their block ends. */
struct known {
    struct ir_node *node;
    struct known *next;  /* in its slot */
    struct known *older; /* in order of entry */
    size_t slot;
};

enum { SLOTS = 1024 };

struct folder {
    struct ir_builder builder;
    struct ir_node **replacements; /* [id]: what a node has become, else null */
    int32_t node_count;            /* of the nodes that were there before */
    struct known *slots[SLOTS];
    struct known *newest;
};

/* ---- common instructions ---- */

static size_t slot_of(const struct ir_node *node)
{
    uint64_t hash = (uint64_t)node->op * 31 + (uint64_t)node->type;
    hash = (hash ^ (uint64_t)node->payload.integer) * UINT64_C(0x9e3779b97f4a7c15);
    for (int32_t k = 0; k < node->operand_count; k++)
        hash = (hash ^ (uint64_t)node->operands[k]->id) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 40) % SLOTS;
}

static bool is_same(const struct ir_node *a, const struct ir_node *b)
{
    if (a->op != b->op || a->type != b->type || a->operand_count != b->operand_count ||
        memcmp(&a->payload, &b->payload, sizeof a->payload) != 0)
        return false;
    for (int32_t k = 0; k < a->operand_count; k++)
        if (a->operands[k] != b->operands[k])
            return false;
    return true;
}

/* An earlier instruction with the same value, or null after entering this one. */
static struct ir_node *find_or_enter(struct folder *folder, struct ir_node *node)
{
    size_t slot = slot_of(node);
    for (struct known *known = folder->slots[slot]; known != NULL; known = known->next)
        if (is_same(known->node, node))
            return known->node;
    struct known *known = arena_new(&folder->builder.compilation->arena, struct known);
    *known = (struct known){ node, folder->slots[slot], folder->newest, slot };
    folder->slots[slot] = folder->newest = known;
    return NULL;
}

static void forget_since(struct folder *folder, struct known *mark)
{
    while (folder->newest != mark) {
        folder->slots[folder->newest->slot] = folder->newest->next;
        folder->newest = folder->newest->older;
    }
}

/* ---- the walk ---- */

static void replace_use(struct ir_node **use, void *data)
{
    const struct folder *folder = data;
    int32_t id = (*use)->id;
    if (id < folder->node_count && folder->replacements[id] != NULL)
        *use = folder->replacements[id];
}

static void fold_nodes(struct folder *folder, struct ir_block *block);

static void fold_block(struct ir_block *block, void *data)
{
    struct folder *folder = data;
    struct known *mark = folder->newest;
    fold_nodes(folder, block);
    forget_since(folder, mark);
}

static void place_before(struct folder *folder, struct ir_block *block, struct ir_node *node)
{
    folder->builder.block = block;
    folder->builder.before = node;
    folder->builder.span = node->span;
}

static void replace(struct folder *folder, struct ir_block *block, struct ir_node *node,
                    struct ir_node *by)
{
    folder->replacements[node->id] = by;
    ir_remove(block, node);
}

static void fold_instruction(struct folder *folder, struct ir_block *block, struct ir_node *node)
{
    if (!ir_is_pure(node))
        return;
    place_before(folder, block, node);
    struct ir_node *simpler =
        ir_simplify(&folder->builder, node->op, node->type, node->operand_count, node->operands);
    if (simpler == NULL)
        simpler = find_or_enter(folder, node);
    if (simpler != NULL)
        replace(folder, block, node, simpler);
}

static bool is_constant(const struct ir_node *node)
{
    return node->kind == IR_NODE_INSTR && node->op == IR_CONST;
}

/* The nodes of the branch taken take the place of an IF whose condition is known. Returns the first
 * of them, or what follows. */
static struct ir_node *take_branch(struct ir_block *block, struct ir_node *node)
{
    struct ir_block *taken =
        node->branch.condition->payload.integer ? &node->branch.then_body : &node->branch.else_body;
    struct ir_node *next = node->next, *first = taken->first;
    for (struct ir_node *inner = first, *after; inner != NULL; inner = after) {
        after = inner->next;
        ir_remove(taken, inner);
        ir_insert_before(block, node, inner);
    }
    ir_remove(block, node);
    return first != NULL ? first : next;
}

/* Jumps in the test or the body may skip the rest, but what the test computes is known in the body.
 */
static void fold_while(struct folder *folder, struct ir_node *node)
{
    struct known *mark = folder->newest;
    fold_nodes(folder, &node->loop_while.test);
    fold_nodes(folder, &node->loop_while.body);
    forget_since(folder, mark);
    ir_for_each_use(node, replace_use, folder);
}

static void fold_nodes(struct folder *folder, struct ir_block *block)
{
    for (struct ir_node *node = block->first, *next; node != NULL; node = next) {
        next = node->next;
        if (node->kind == IR_NODE_IF) {
            ir_for_each_use(node, replace_use, folder);
            if (is_constant(node->branch.condition)) {
                next = take_branch(block, node);
                continue;
            }
        }
        if (node->kind == IR_NODE_WHILE) {
            fold_while(folder, node);
            continue;
        }
        ir_for_each_block(node, fold_block, folder);
        ir_for_each_use(node, replace_use, folder);
        if (node->kind == IR_NODE_INSTR)
            fold_instruction(folder, block, node);
    }
}

static void fold_function(struct compilation *c, struct ir_program *program,
                          struct ir_function *function)
{
    struct folder *folder = arena_new(&c->arena, struct folder);
    ir_number(function);
    folder->builder =
        (struct ir_builder){ .compilation = c, .program = program, .function = function };
    folder->node_count = function->node_count;
    folder->replacements =
        arena_alloc_array(&c->arena, (size_t)function->node_count + 1, sizeof(struct ir_node *));
    fold_nodes(folder, &function->body);
}

bool pass_fold(struct compilation *c, struct ir_program *program)
{
    for (int32_t k = 0; k < program->function_count; k++) {
        fold_function(c, program, program->functions[k]);
        fold_remove_unused(c, program->functions[k]);
    }
    return true;
}
