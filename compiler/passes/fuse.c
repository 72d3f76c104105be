/* SPDX-License-Identifier: MIT
 *
 * Merges neighbouring independent loops over the same neurons: one pass over memory instead of two,
 * and what one loop stores the other finds in a register. Allowed where every buffer that one of
 * them writes and both touch is touched at the loop's own index only; then no iteration meets
 * another.
 */
#include "base/remarks.h"
#include "passes/passes.h"

enum use {
    USE_NONE,
    USE_OWN,
    USE_OTHER
}; /* how a loop touches a buffer: not, at its index, elsewhere */

struct touches {
    const struct ir_node *index;
    uint8_t *loads, *stores; /* enum use, by buffer */
    bool is_closed;          /* contains what cannot be merged */
    bool has_events; /* adds up over spikes: kept short, so that many sums fit in registers */
};

static void note(uint8_t *use, bool is_own)
{
    *use = !is_own || *use == USE_OTHER ? USE_OTHER : USE_OWN;
}

static void touch(struct ir_block *block, void *data)
{
    struct touches *t = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        switch (node->kind) {
        case IR_NODE_INSTR:
            if (node->op == IR_LOAD)
                note(&t->loads[node->payload.index], node->operands[0] == t->index);
            else if (node->op == IR_STORE)
                note(&t->stores[node->payload.index], node->operands[0] == t->index);
            else if (node->op == IR_CALL_RT || node->op == IR_CONTEXT_SET ||
                     node->op == IR_SIZE_SET || node->op == IR_CONSTANT_SET)
                t->is_closed = true;
            break;
        case IR_NODE_LOOP:
            if (node->loop.events >= 0)
                note(&t->loads[node->loop.events], false);
            t->has_events |= node->loop.events >= 0;
            break;
        case IR_NODE_IF:
        case IR_NODE_REDUCE: break;
        default: t->is_closed = true;
        }
        ir_for_each_block(node, touch, t);
    }
}

static struct touches touches_of(struct compilation *c, const struct ir_program *program,
                                 struct ir_node *loop)
{
    struct touches t = { .index = loop->loop.index };
    t.loads = arena_alloc_array(&c->arena, (size_t)program->buffer_count + 1, sizeof *t.loads);
    t.stores = arena_alloc_array(&c->arena, (size_t)program->buffer_count + 1, sizeof *t.stores);
    touch(&loop->loop.body, &t);
    return t;
}

static bool is_same_value(const struct ir_node *a, const struct ir_node *b)
{
    if (a == b)
        return true;
    bool are_leaves = a->kind == IR_NODE_INSTR && b->kind == IR_NODE_INSTR && a->op == b->op &&
                      a->type == b->type;
    if (!are_leaves)
        return false;
    return (a->op == IR_CONST && a->type == IR_I64 && a->payload.integer == b->payload.integer) ||
           (a->op == IR_SIZE && a->payload.index == b->payload.index);
}

static bool is_candidate(const struct ir_node *node)
{
    return node->kind == IR_NODE_LOOP && node->loop.is_independent && node->loop.events < 0 &&
           !node->loop.is_parallel;
}

static bool may_merge(const struct ir_program *program, const struct touches *a,
                      const struct touches *b)
{
    if (a->is_closed || b->is_closed)
        return false;
    for (int32_t i = 0; i < program->buffer_count; i++) {
        bool is_written = a->stores[i] != USE_NONE || b->stores[i] != USE_NONE;
        bool is_shared = (a->loads[i] != USE_NONE || a->stores[i] != USE_NONE) &&
                         (b->loads[i] != USE_NONE || b->stores[i] != USE_NONE);
        bool is_elsewhere = a->loads[i] == USE_OTHER || a->stores[i] == USE_OTHER ||
                            b->loads[i] == USE_OTHER || b->stores[i] == USE_OTHER;
        if (is_written && is_shared && is_elsewhere)
            return false;
    }
    return true;
}

/* The next loop after `first` with only movable instructions between; null if there is none. */
static struct ir_node *next_loop(struct ir_node *first, const struct touches *t)
{
    for (struct ir_node *node = first->next; node != NULL; node = node->next) {
        if (is_candidate(node))
            return node;
        bool is_movable = node->kind == IR_NODE_INSTR &&
                          (ir_is_pure(node) || node->op == IR_CONST || node->op == IR_SIZE ||
                           node->op == IR_CONSTANT || node->op == IR_CONTEXT_GET ||
                           (node->op == IR_LOAD && t->stores[node->payload.index] == USE_NONE));
        if (!is_movable)
            return NULL;
    }
    return NULL;
}

struct replacement {
    struct ir_node *from, *to;
};

static void replace_use(struct ir_node **use, void *data)
{
    const struct replacement *r = data;
    if (*use == r->from)
        *use = r->to;
}

static void replace_in(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        ir_for_each_use(node, replace_use, data);
        ir_for_each_block(node, replace_in, data);
    }
}

static void merge(struct ir_block *block, struct ir_node *first, struct ir_node *second)
{
    while (first->next != second) {
        struct ir_node *node = first->next;
        ir_remove(block, node);
        ir_insert_before(block, first, node);
    }
    struct replacement r = { second->loop.index, first->loop.index };
    replace_in(&second->loop.body, &r);
    while (second->loop.body.first != NULL) {
        struct ir_node *node = second->loop.body.first;
        ir_remove(&second->loop.body, node);
        ir_insert_before(&first->loop.body, NULL, node);
    }
    ir_remove(block, second);
}

struct fusion {
    struct compilation *c;
    struct ir_program *program;
};

static void fuse_block(struct ir_block *block, void *data)
{
    struct fusion *f = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        while (is_candidate(node)) {
            struct touches a = touches_of(f->c, f->program, node);
            struct ir_node *other = a.is_closed ? NULL : next_loop(node, &a);
            if (other == NULL || !is_same_value(node->loop.low, other->loop.low) ||
                !is_same_value(node->loop.high, other->loop.high))
                break;
            struct touches b = touches_of(f->c, f->program, other);
            if ((a.has_events && !b.has_events) || !may_merge(f->program, &a, &b))
                break;
            if (node->name != NULL && other->name != NULL)
                remark(f->c, other->span, "fuse", "'%s' runs together with '%s'", other->name,
                       node->name);
            merge(block, node, other);
        }
        ir_for_each_block(node, fuse_block, f);
    }
}

bool pass_fuse(struct compilation *c, struct ir_program *program)
{
    struct fusion f = { c, program };
    for (int32_t i = 0; i < program->function_count; i++) {
        fuse_block(&program->functions[i]->body, &f);
        ir_number(program->functions[i]);
    }
    return true;
}
