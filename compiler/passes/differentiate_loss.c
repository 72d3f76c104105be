/* SPDX-License-Identifier: MIT
 *
 * The derivative of a loss: where a task descends it, the code since the presentation that it is
 * taken from is run through from its end, in sight of what that code computed. What was computed
 * before is a number. Branches may stand between a presentation and a descent, loops may not: what
 * their earlier turns have done would be lost.
 */
#include "passes/differentiate.h"

/* ---- from the presentation to the descent ---- */

/* The call that begins the presentation; null, with an error: there is none in sight. */
static struct ir_node *begin_of(struct reversal *r, const struct ir_node *at)
{
    for (const struct ir_node *place = at; place != NULL; place = reverse_facts(r, place)->owner) {
        if (place->kind == IR_NODE_LOOP || place->kind == IR_NODE_WHILE)
            break;
        for (struct ir_node *node = place->previous; node != NULL; node = node->previous)
            if (node->kind == IR_NODE_CALL && node->call.function == at->payload.index)
                return node;
    }
    diag_error(r->c, at->span, "what this descends was presented outside of this block");
    diag_hint(r->c, "a loop or a function that descends presents what it learns from itself");
    return NULL;
}

static bool is_begun_beside(struct reversal *r, const struct ir_node *place,
                            const struct ir_node *begin)
{
    return reverse_facts(r, place)->block == reverse_facts(r, begin)->block;
}

static void find_varied(struct reversal *r, const struct ir_node *place, struct ir_node *begin)
{
    if (is_begun_beside(r, place, begin)) {
        reverse_find_varied_between(r, begin->next, place);
        return;
    }
    find_varied(r, reverse_facts(r, place)->owner, begin);
    reverse_find_varied_between(r, reverse_facts(r, place)->block->first, place);
}

/* ---- what is overwritten ---- */

struct store_walk {
    struct reversal *r;
    int32_t end; /* the last node of the outermost loop around; -1 */
};

static void find_last(struct ir_block *block, void *data)
{
    int32_t *last = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        *last = node->id > *last ? node->id : *last;
        ir_for_each_block(node, find_last, last);
    }
}

static void note_store(struct store_walk *walk, struct ir_node *node);

static void note_stores(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next)
        note_store(data, node);
}

/* A store in a loop may follow whatever is read in the loop. */
static void note_store(struct store_walk *walk, struct ir_node *node)
{
    struct store_walk inner = *walk;
    bool is_loop = node->kind == IR_NODE_LOOP || node->kind == IR_NODE_WHILE;
    bool is_store = node->kind == IR_NODE_INSTR && node->op == IR_STORE;
    if (is_store && node->payload.index < walk->r->buffer_count) {
        int32_t *last = &walk->r->last_store[node->payload.index];
        int32_t id = walk->end >= 0 ? walk->end : node->id;
        *last = id > *last ? id : *last;
    }
    if (is_loop && walk->end < 0)
        ir_for_each_block(node, find_last, &inner.end);
    ir_for_each_block(node, note_stores, &inner);
}

static void find_last_stores(struct reversal *r, const struct ir_node *place,
                             const struct ir_node *begin)
{
    struct store_walk walk = { r, -1 };
    bool is_outermost = is_begun_beside(r, place, begin);
    struct ir_node *node = is_outermost ? begin->next : reverse_facts(r, place)->block->first;
    for (; node != place; node = node->next)
        note_store(&walk, node);
    if (!is_outermost)
        find_last_stores(r, reverse_facts(r, place)->owner, begin);
}

/* ---- losses ---- */

/* Reverse code of all blocks between goes to the innermost. */
static void open_scopes(struct reversal *r, const struct ir_node *place,
                        const struct ir_node *begin)
{
    const struct node_facts *facts = reverse_facts(r, place);
    if (!is_begun_beside(r, place, begin))
        open_scopes(r, facts->owner, begin);
    reverse_open(r, arena_new(&r->c->arena, struct reverse_scope), facts->block, r->b.block);
}

/* Where the adjoints of arrays begin as 0. */
static void note_site(struct reversal *r, struct site_list *sites)
{
    struct ir_builder site = r->b;
    site.before = r->scope->marker;
    for (size_t k = 0; k < r->zeroed.count; k++)
        reverse_clear_adjoint(&site, r->zeroed.items[k]);
    array_push(&r->c->arena, sites, site);
}

static void reverse_loss(struct reversal *r, struct ir_node *at, struct ir_node *begin,
                         struct site_list *sites)
{
    struct arena *arena = &r->c->arena;
    const struct ir_node *last = at->previous;
    r->at = at;
    find_varied(r, at, begin);
    r->last_store = arena_alloc_array(arena, (size_t)r->buffer_count + 1, sizeof *r->last_store);
    for (int32_t k = 0; k < r->buffer_count; k++)
        r->last_store[k] = -1;
    find_last_stores(r, at, begin);
    open_scopes(r, at, begin);
    if (!reverse_is_varied(r, at->operands[0])) {
        diag_error(r->c, at->span, "this loss depends on nothing that learns");
        diag_hint(r->c, "compute it from what the last 'present' before it gave, in the same "
                        "block, and say 'learn' for the weights");
    }
    reverse_add(r, at->operands[0], ir_real(&r->b, IR_F32, 1));
    for (struct ir_node *place = at; r->scope != NULL; place = reverse_facts(r, place)->owner) {
        reverse_range(r, place->previous, begin);
        if (r->scope->outer == NULL)
            note_site(r, sites);
        reverse_close(r, r->scope);
    }
    struct ir_node *made = last != NULL ? last->next : r->b.block->first;
    for (; made != at; made = made->next)
        made->is_given = true;
}

struct loss_walk {
    struct compilation *c;
    struct ir_program *program;
    struct ir_function *function;
    const bool *varied;
    int32_t buffer_count;
    struct site_list *sites;
};

static void find_loss(struct loss_walk *walk, struct ir_block *block, struct ir_node *at)
{
    struct reversal r = { .c = walk->c,
                          .program = walk->program,
                          .buffer_count = walk->buffer_count,
                          .is_in_place = true };
    size_t count = (size_t)walk->buffer_count + 1;
    reverse_begin(&r, walk->function);
    r.varied = arena_alloc_array(&walk->c->arena, count, sizeof *r.varied);
    for (int32_t k = 0; k < walk->buffer_count; k++)
        r.varied[k] = walk->varied[k];
    r.b = (struct ir_builder){ .compilation = walk->c,
                               .program = walk->program,
                               .function = walk->function,
                               .block = block,
                               .before = at,
                               .span = at->span };
    struct ir_node *begin = begin_of(&r, at);
    if (begin != NULL)
        reverse_loss(&r, at, begin, walk->sites);
}

static void find_losses(struct ir_block *block, void *data)
{
    struct loss_walk *walk = data;
    for (struct ir_node *node = block->first, *next; node != NULL; node = next) {
        next = node->next;
        if (node->kind == IR_NODE_INSTR && node->op == IR_GRADIENT) {
            find_loss(walk, block, node);
            ir_remove(block, node);
            continue;
        }
        ir_for_each_block(node, find_losses, walk);
    }
}

void reverse_losses(struct compilation *c, struct ir_program *program, struct ir_function *function,
                    const bool *varied, int32_t buffer_count, struct site_list *sites)
{
    struct loss_walk walk = { c, program, function, varied, buffer_count, sites };
    find_losses(&function->body, &walk);
}
