/* SPDX-License-Identifier: MIT
 *
 * Which presentations a loss goes back to: the last one of each network that learns whose values it
 * is computed from. Found in the instructions of the block that presents, from the loss against the
 * order of the code. A presentation passes no gradient to what it was
 * given, and none goes back to a presentation before the last: where several networks are descended
 * at once, a loss that would need either is refused.
 */
#include "ir/lower_internal.h"

ARRAY_STRUCT(node_list, struct ir_node *);

/* What a value is computed from. Places are those of the block's nodes, from 1; 0: not in it. */
struct origins {
    struct lowering *l;
    struct ir_block *block;
    int32_t *place;          /* by node */
    bool *is_needed;         /* by node */
    bool *is_loaded;         /* by buffer: what is stored there counts */
    struct node_list stores; /* of the block, into variables, too */
    struct node_list open;   /* needed, their operands are not looked at yet */
};

/* ---- the block ---- */

struct place_walk {
    struct origins *origins;
    int32_t place;
};

static void note_nested(struct ir_block *block, void *data);

static void note_place(const struct place_walk *walk, struct ir_node *node)
{
    struct origins *o = walk->origins;
    bool is_store = node->kind == IR_NODE_INSTR && (node->op == IR_STORE || node->op == IR_VAR_SET);
    o->place[node->id] = walk->place;
    if (node->is_given)
        return;
    if (is_store)
        array_push(&o->l->c->arena, &o->stores, node);
    ir_for_each_block(node, note_nested, (void *)walk);
}

static void note_nested(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next)
        note_place(data, node);
}

struct block_search {
    const struct ir_node *node;
    struct ir_block *found;
};

static void find_block(struct ir_block *block, void *data)
{
    struct block_search *search = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node == search->node)
            search->found = block;
        ir_for_each_block(node, find_block, data);
    }
}

/* That of the last presentation: a descent may stand in a branch behind it. */
static struct ir_block *presenting_block(struct lowering *l, const struct taken *last)
{
    struct block_search search = { last->end_node, l->b.block };
    find_block(&l->b.function->body, &search);
    return search.found;
}

static struct origins origins_in(struct lowering *l, struct ir_block *block)
{
    struct arena *arena = &l->c->arena;
    size_t nodes = (size_t)l->b.function->node_count + 1;
    struct origins o = { .l = l,
                         .block = block,
                         .place = arena_alloc_array(arena, nodes, sizeof *o.place),
                         .is_needed = arena_alloc_array(arena, nodes, sizeof *o.is_needed),
                         .is_loaded = arena_alloc_array(arena, (size_t)l->program->buffer_count + 1,
                                                        sizeof *o.is_loaded) };
    struct place_walk walk = { &o, 0 };
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        walk.place++;
        note_place(&walk, node);
    }
    return o;
}

/* ---- from a value to what it is computed from ---- */

static void need(struct origins *o, struct ir_node *node)
{
    if (o->is_needed[node->id])
        return;
    o->is_needed[node->id] = true;
    array_push(&o->l->c->arena, &o->open, node);
}

/* No derivative passes; conditions, too, have none. */
static bool is_constant_by_parts(const struct ir_node *node)
{
    return node->op == IR_STOP || node->op == IR_FLOOR || node->op == IR_CEIL ||
           node->op == IR_ROUND || (node->op >= IR_EQ && node->op <= IR_GE);
}

static void open_node(struct origins *o, const struct ir_node *node)
{
    for (int32_t k = 0; node->kind == IR_NODE_REDUCE && k < node->reduce.key_count; k++)
        need(o, node->reduce.keys[k]);
    if (node->kind != IR_NODE_INSTR || is_constant_by_parts(node))
        return;
    if (node->op == IR_LOAD)
        o->is_loaded[node->payload.index] = true;
    if (node->op == IR_VAR_GET)
        need(o, node->payload.node);
    for (int32_t k = node->op == IR_SELECT; node->op != IR_LOAD && k < node->operand_count; k++)
        need(o, node->operands[k]);
}

static bool is_read(const struct origins *o, const struct ir_node *store)
{
    return store->op == IR_STORE ? o->is_loaded[store->payload.index]
                                 : o->is_needed[store->payload.node->id];
}

static void follow(struct origins *o)
{
    for (bool is_new = true; is_new;) {
        while (o->open.count > 0)
            open_node(o, o->open.items[--o->open.count]);
        for (size_t i = 0; i < o->stores.count; i++)
            if (is_read(o, o->stores.items[i]))
                need(o, o->stores.items[i]->operands[o->stores.items[i]->op == IR_STORE]);
        is_new = o->open.count > 0;
    }
}

/* ---- presentations ---- */

static bool is_record(const struct lowered_network *network, int32_t buffer)
{
    for (size_t i = 0; i < network->taken.count; i++)
        if (network->taken.items[i].buffer == buffer)
            return true;
    return false;
}

struct reading {
    const struct origins *origins;
    const struct lowered_network *network;
    struct ir_node *after, *before; /* a value of its last presentation, of one before; null */
};

/* Values of a network that were found to be needed. */
static void find_readings(struct ir_block *block, void *data)
{
    struct reading *r = data;
    const struct origins *o = r->origins;
    const struct ir_node *end = r->network->last->end_node;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        bool is_load = node->kind == IR_NODE_INSTR && node->op == IR_LOAD;
        if (is_load && o->is_needed[node->id] && is_record(r->network, node->payload.index)) {
            bool is_after = o->place[node->id] > o->place[end->id];
            *(is_after ? &r->after : &r->before) = node;
        }
        ir_for_each_block(node, find_readings, data);
    }
}

static struct reading read_of(const struct origins *o, const struct lowered_network *network)
{
    struct reading r = { .origins = o, .network = network };
    find_readings(o->block, &r);
    return r;
}

/* Each value that goes into a presentation. */
static void need_loads(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->kind == IR_NODE_INSTR && node->op == IR_LOAD)
            need(data, node);
        ir_for_each_block(node, need_loads, data);
    }
}

static void need_given(struct origins *o, const struct taken *taken, struct ir_block *block)
{
    struct ir_node *node = taken->before_node != NULL ? taken->before_node->next : block->first;
    bool is_here = o->place[taken->end_node->id] > 0;
    for (; is_here && node != NULL; node = node == taken->end_node ? NULL : node->next) {
        struct ir_block alone = { node, node };
        struct ir_node *next = node->next;
        node->next = NULL;
        need_loads(&alone, o);
        node->next = next;
    }
}

static bool refuse_before(struct lowering *l, const struct taken *taken,
                          const struct ir_node *reading)
{
    l->is_failed = true;
    diag_error(l->c, reading->span,
               "no gradient goes back to this: network '%s' is presented to again below it",
               taken->network->name);
    diag_note(l->c, taken->statement->span, "it is presented to again here");
    diag_hint(l->c, "descend before that, present both in one batch, or write stop(...) around it");
    return false;
}

static bool refuse_chain(struct lowering *l, const struct taken *taken,
                         const struct lowered_network *from)
{
    l->is_failed = true;
    diag_error(l->c, taken->statement->span,
               "no gradient passes through what is presented: network '%s' learns and would not "
               "see what its values do to '%s'",
               from->name, taken->network->name);
    diag_hint(l->c, "make them one network, or write stop(...) around what is presented");
    return false;
}

/* May all of them be descended at once? */
static bool check_several(struct lowering *l, const struct origins *o,
                          const struct taken_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct reading r = read_of(o, list->items[i]->network);
        if (r.before != NULL && o->place[r.before->id] > 0)
            return refuse_before(l, list->items[i], r.before);
    }
    for (size_t i = 0; i < list->count; i++) {
        struct origins given = origins_in(l, o->block);
        need_given(&given, list->items[i], o->block);
        follow(&given);
        for (size_t k = 0; k < list->count; k++) {
            struct reading r = read_of(&given, list->items[k]->network);
            if (r.after != NULL || r.before != NULL)
                return refuse_chain(l, list->items[i], list->items[k]->network);
        }
    }
    return true;
}

static bool may_learn(const struct lowering *l, const struct lowered_network *network)
{
    return (l->may_learn & network->gradient_mask) != 0;
}

/* In the order of their presentations, those of blocks around first. */
static void insert(struct lowering *l, const struct origins *o, struct taken_list *list,
                   struct taken *taken)
{
    array_push(&l->c->arena, list, taken);
    for (size_t i = list->count - 1; i > 0; i--) {
        struct taken *before = list->items[i - 1];
        if (o->place[before->end_node->id] <= o->place[list->items[i]->end_node->id])
            return;
        list->items[i - 1] = list->items[i];
        list->items[i] = before;
    }
}

static struct taken *last_presentation(const struct lowering *l)
{
    struct taken *last = NULL;
    for (size_t i = 0; i < l->model->networks.count; i++)
        if (last == NULL || (l->networks[i].last != NULL && l->networks[i].last == l->taken))
            last = l->networks[i].last;
    return last;
}

bool lower_presentations_of(struct lowering *l, struct ir_node *loss, struct taken_list *list)
{
    struct taken *last = last_presentation(l);
    struct origins o = origins_in(l, last != NULL ? presenting_block(l, last) : l->b.block);
    need(&o, loss);
    follow(&o);
    for (size_t i = 0; i < l->model->networks.count; i++) {
        struct taken *taken = l->networks[i].last;
        if (taken == NULL)
            continue;
        if (may_learn(l, &l->networks[i]) && read_of(&o, &l->networks[i]).after != NULL)
            insert(l, &o, list, taken);
    }
    if (list->count == 0 && last != NULL)
        array_push(&l->c->arena, list, last); /* pass `differentiate` says what is wrong */
    return list->count < 2 || check_several(l, &o, list);
}

/* ---- what a task has changed since ---- */

struct change_search {
    struct lowering *l;
    const struct taken *taken;
    bool has_changed;               /* something of the model */
    const struct ir_node *rewrites; /* what was presented; null */
};

static bool is_presented_array(const struct taken *taken, int32_t buffer)
{
    const struct presented_list *inputs = &taken->statement->present.inputs;
    for (size_t i = 0; i < inputs->count; i++) {
        const struct expr *value = inputs->items[i].value;
        const struct binding *binding =
            value->kind == EXPR_NAME && value->symbol != NULL ? value->symbol->binding : NULL;
        if (binding != NULL && binding->kind == BINDING_ARRAY && binding->buffer == buffer)
            return true;
    }
    return false;
}

static void find_changes(struct ir_block *block, void *data);

static void find_change(struct change_search *search, struct ir_node *node)
{
    if (node->is_given)
        return;
    if (node->kind == IR_NODE_INSTR && node->op == IR_STORE) {
        const struct ir_buffer *buffer = &search->l->program->buffers[node->payload.index];
        search->has_changed = search->has_changed || buffer->kind == SNN_BUFFER_MODEL;
        if (is_presented_array(search->taken, node->payload.index))
            search->rewrites = node;
    }
    if (node->kind == IR_NODE_INSTR && node->op == IR_CALL_RT)
        search->has_changed = search->has_changed || node->payload.index == IR_RT_snn_rt_load;
    ir_for_each_block(node, find_changes, search);
}

static void find_changes(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next)
        find_change(data, node);
}

bool lower_is_as_presented(struct lowering *l, const struct taken *taken)
{
    struct change_search search = { .l = l, .taken = taken };
    for (struct ir_node *node = taken->end_node->next; node != NULL; node = node->next)
        find_change(&search, node);
    if (search.rewrites != NULL)
        lower_refuse(l, search.rewrites->span,
                     "what is presented is needed again for the gradient: change it after "
                     "'descend', or present a copy");
    return !search.has_changed;
}
