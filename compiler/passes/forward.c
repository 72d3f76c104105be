/* SPDX-License-Identifier: MIT
 *
 * What was stored is not loaded again: where the body of a loop stores a number and loads it from
 * the same place, as merged loops do, the load becomes the number, and a store that another one
 * covers before anybody looks goes. A block with a mask would wait for its own stores otherwise.
 */
#include "base/array.h"
#include "passes/passes.h"

/* A place of a buffer whose value is known. */
struct place {
    int32_t buffer;
    const struct ir_node *index;
    struct ir_node *value, *store;
    bool is_seen; /* the store must stay */
};

ARRAY_STRUCT(place_list, struct place);

struct forwarding {
    struct compilation *c;
    const struct ir_program *program;
    struct ir_node **replacements; /* [id] of loads */
    struct place_list *places;     /* of the block at hand */
};

/* The others are stored narrower than they are computed. */
static bool is_exact(const struct ir_program *program, int32_t buffer)
{
    enum snn_type type = program->buffers[buffer].type;
    return type == SNN_FLOAT32 || type == SNN_FLOAT64;
}

static bool is_same_index(const struct ir_node *a, const struct ir_node *b)
{
    return a == b || (a->kind == IR_NODE_INSTR && b->kind == IR_NODE_INSTR && a->op == IR_CONST &&
                      b->op == IR_CONST && a->payload.integer == b->payload.integer);
}

static struct place *find_place(const struct place_list *places, int32_t buffer,
                                const struct ir_node *index)
{
    for (size_t i = 0; i < places->count; i++)
        if (places->items[i].buffer == buffer && is_same_index(places->items[i].index, index))
            return &places->items[i];
    return NULL;
}

static void forget_buffer(struct place_list *places, int32_t buffer)
{
    size_t kept = 0;
    for (size_t i = 0; i < places->count; i++)
        if (places->items[i].buffer != buffer)
            places->items[kept++] = places->items[i];
    places->count = kept;
}

/* Another index may be the same place. */
static void see_buffer(struct place_list *places, int32_t buffer)
{
    for (size_t i = 0; i < places->count; i++)
        if (places->items[i].buffer == buffer)
            places->items[i].is_seen = true;
}

/* ---- nodes with blocks ---- */

static void pass_over_block(struct ir_block *block, void *data);

/* What a node does to the places known before it. */
static void pass_over(struct ir_node *node, struct place_list *places)
{
    switch (node->kind) {
    case IR_NODE_INSTR:
        if (node->op == IR_LOAD)
            see_buffer(places, node->payload.index);
        else if (node->op == IR_STORE)
            forget_buffer(places, node->payload.index);
        else if (node->op == IR_CALL_RT)
            places->count = 0;
        break;
    case IR_NODE_LOOP:
    case IR_NODE_REDUCE:
    case IR_NODE_IF:
    case IR_NODE_WHILE: break;
    default: places->count = 0; /* calls, and what may leave the block before it ends */
    }
    ir_for_each_block(node, pass_over_block, places);
}

static void pass_over_block(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next)
        pass_over(node, data);
}

/* ---- blocks ---- */

static void load_place(struct forwarding *f, struct ir_block *block, struct ir_node *load)
{
    const struct place *place = find_place(f->places, load->payload.index, load->operands[0]);
    if (place == NULL || place->value->type != load->type) {
        see_buffer(f->places, load->payload.index);
        return;
    }
    f->replacements[load->id] = place->value;
    ir_remove(block, load);
}

static void store_place(struct forwarding *f, struct ir_block *block, struct ir_node *store)
{
    int32_t buffer = store->payload.index;
    const struct place *covered = find_place(f->places, buffer, store->operands[0]);
    if (covered != NULL && !covered->is_seen)
        ir_remove(block, covered->store);
    forget_buffer(f->places, buffer);
    if (is_exact(f->program, buffer))
        array_push(&f->c->arena, f->places,
                   (struct place){ .buffer = buffer,
                                   .index = store->operands[0],
                                   .value = store->operands[1],
                                   .store = store });
}

static void forward_block(struct ir_block *block, void *data)
{
    struct forwarding *f = data;
    struct place_list places = { 0 }, *outer = f->places; /* nothing is known in an inner one */
    for (struct ir_node *node = block->first, *next; node != NULL; node = next) {
        next = node->next;
        f->places = &places;
        if (node->kind == IR_NODE_INSTR && node->op == IR_LOAD) {
            load_place(f, block, node);
        } else if (node->kind == IR_NODE_INSTR && node->op == IR_STORE) {
            store_place(f, block, node);
        } else {
            pass_over(node, &places);
            ir_for_each_block(node, forward_block, f);
        }
    }
    f->places = outer;
}

static void replace_use(struct ir_node **use, void *data)
{
    const struct forwarding *f = data;
    while (f->replacements[(*use)->id] != NULL)
        *use = f->replacements[(*use)->id];
}

static void replace_in(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        ir_for_each_use(node, replace_use, data);
        ir_for_each_block(node, replace_in, data);
    }
}

bool pass_forward(struct compilation *c, struct ir_program *program)
{
    for (int32_t i = 0; i < program->function_count; i++) {
        struct ir_function *function = program->functions[i];
        ir_number(function);
        struct forwarding f = { .c = c, .program = program };
        f.replacements = arena_alloc_array(&c->arena, (size_t)function->node_count + 1,
                                           sizeof(struct ir_node *));
        forward_block(&function->body, &f);
        replace_in(&function->body, &f);
        ir_number(function);
    }
    return true;
}
