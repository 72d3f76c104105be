/* SPDX-License-Identifier: MIT
 *
 * Values of the forward code that adjoints need. Where the code that computed one is still in sight
 * it serves itself. What depends only on loop counters, constants and buffers that have kept their
 * contents is computed again. Anything else is kept by the forward code on a tape: a buffer with
 * one element for each iteration of the loops around.
 */
#include "passes/differentiate.h"

void reverse_set_primal(struct reversal *r, struct ir_node *node, struct ir_node *value)
{
    reverse_facts(r, node)->primal = value;
    array_push(&r->c->arena, &r->scope->primals, node);
}

/* Is it around the place where a loss is reversed? */
static bool is_around(struct reversal *r, const struct ir_node *loop, const struct ir_block *block)
{
    const struct ir_node *place = r->at;
    while (place != NULL && place != loop && reverse_facts(r, place)->block != block)
        place = reverse_facts(r, place)->owner;
    return place != NULL;
}

/* A loss is reversed in the block that descends it, which sees the blocks around it. */
static bool is_in_sight(struct reversal *r, const struct ir_node *node)
{
    const struct node_facts *facts = reverse_facts(r, node);
    if (facts->block != NULL)
        return r->is_in_place && is_around(r, NULL, facts->block);
    return r->is_in_place && facts->owner != NULL && is_around(r, facts->owner, NULL);
}

/* ---- computed again ---- */

/* Has the buffer still what was read from it? */
static bool keeps(const struct reversal *r, const struct ir_node *load)
{
    int32_t buffer = load->payload.index;
    const struct ir_buffer *b = &r->program->buffers[buffer];
    if (r->last_store != NULL && buffer < r->buffer_count && r->last_store[buffer] >= load->id)
        return false;
    return b->is_record || b->kind != SNN_BUFFER_LANE || r->is_in_place || !b->is_state;
}

static bool is_cheap(struct reversal *r, const struct ir_node *node);

static bool are_cheap(struct reversal *r, struct ir_block *block)
{
    for (const struct ir_node *node = block->first; node != NULL; node = node->next)
        if (!is_cheap(r, node))
            return false;
    return true;
}

/* What is known of a sample is the same whenever it is asked for. */
static bool is_fact_of_sample(const struct ir_node *node)
{
    return node->op == IR_CALL_RT && (node->payload.index == IR_RT_snn_rt_data_label ||
                                      node->payload.index == IR_RT_snn_rt_data_index ||
                                      node->payload.index == IR_RT_snn_rt_data_field);
}

/* Nodes inside of a reduction are judged with it. */
static bool is_cheap(struct reversal *r, const struct ir_node *node)
{
    if (reverse_facts(r, node)->primal != NULL || is_in_sight(r, node))
        return true;
    if (node->kind == IR_NODE_REDUCE)
        return is_cheap(r, node->reduce.low) && is_cheap(r, node->reduce.high) &&
               are_cheap(r, (struct ir_block *)&node->reduce.body);
    if (node->kind != IR_NODE_INSTR)
        return false;
    if (node->op == IR_INDEX)
        return true; /* of a loop being reversed, or of a reduction judged now */
    if (node->op == IR_LOAD
            ? !keeps(r, node)
            : !ir_is_pure(node) && node->op != IR_CONTEXT_GET && !is_fact_of_sample(node))
        return false;
    for (int32_t k = 0; k < node->operand_count; k++)
        if (!is_cheap(r, node->operands[k]))
            return false;
    return true;
}

struct outside_walk {
    struct reversal *r;
    const struct ir_node *node;
};

static bool is_within(struct reversal *r, const struct ir_node *inner, const struct ir_node *node)
{
    while (inner != NULL && inner != node)
        inner = reverse_facts(r, inner)->owner;
    return inner == node;
}

/* What a copy uses must stand before it. */
static void compute_use(struct ir_node **use, void *data)
{
    struct outside_walk *walk = data;
    if (!is_within(walk->r, *use, walk->node))
        reverse_primal(walk->r, *use);
}

static void compute_uses(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        ir_for_each_use(node, compute_use, data);
        ir_for_each_block(node, compute_uses, data);
    }
}

static struct ir_node *map_value(struct ir_node *old, void *data)
{
    return reverse_primal(data, old);
}

struct ir_node *reverse_clone(struct reversal *r, struct ir_node *node)
{
    struct outside_walk walk = { r, node };
    ir_for_each_use(node, compute_use, &walk);
    ir_for_each_block(node, compute_uses, &walk);
    return ir_clone_node(&r->b, node, map_value, r);
}

static struct ir_node *compute_again(struct reversal *r, struct ir_node *node)
{
    struct ir_node *operands[8];
    if (node->kind == IR_NODE_REDUCE)
        return reverse_clone(r, node);
    if (node->op == IR_STOP || node->op == IR_SURROGATE)
        return reverse_primal(r, node->operands[0]);
    for (int32_t k = 0; k < node->operand_count && k < 8; k++)
        operands[k] = reverse_primal(r, node->operands[k]);
    return ir_again(&r->b, node, operands);
}

/* ---- the tape ---- */

enum { NEST_LIMIT = 8 };

/* Loops around a node, the outermost first; of a loss, also the reductions. */
struct nest {
    struct ir_node *loops[NEST_LIMIT];
    struct ir_node *outermost; /* of these and of branches */
    int count;
    int reduction; /* the first that is one; -1 */
    bool
        is_plain; /* nothing but these and branches is around it, and sizes are known before them */
};

static struct ir_node *low_of(const struct ir_node *loop)
{
    return loop->kind == IR_NODE_REDUCE ? loop->reduce.low : loop->loop.low;
}

static struct ir_node *high_of(const struct ir_node *loop)
{
    return loop->kind == IR_NODE_REDUCE ? loop->reduce.high : loop->loop.high;
}

static struct ir_node *index_of(const struct ir_node *loop)
{
    return loop->kind == IR_NODE_REDUCE ? loop->reduce.index : loop->loop.index;
}

static bool is_leaf(const struct ir_node *node)
{
    return node->kind == IR_NODE_INSTR && node->operand_count == 0 && node->op != IR_INDEX;
}

static bool is_tape_loop(struct reversal *r, const struct ir_node *loop)
{
    if (loop->kind == IR_NODE_LOOP && loop->loop.events >= 0)
        return false;
    if (!r->is_in_place)
        return loop->kind == IR_NODE_LOOP;
    return (loop->kind == IR_NODE_LOOP || loop->kind == IR_NODE_REDUCE) &&
           (is_leaf(low_of(loop)) || is_in_sight(r, low_of(loop))) &&
           (is_leaf(high_of(loop)) || is_in_sight(r, high_of(loop)));
}

static struct nest nest_of(struct reversal *r, const struct ir_node *node)
{
    struct nest nest = { .outermost = NULL, .reduction = -1, .is_plain = true };
    for (struct ir_node *owner = reverse_facts(r, node)->owner; owner != NULL;
         owner = reverse_facts(r, owner)->owner) {
        if (r->is_in_place && is_around(r, owner, NULL))
            break;
        nest.outermost = owner;
        if (owner->kind == IR_NODE_IF)
            continue;
        if (!is_tape_loop(r, owner) || nest.count == NEST_LIMIT) {
            nest.is_plain = false;
            return nest;
        }
        for (int k = nest.count++; k > 0; k--)
            nest.loops[k] = nest.loops[k - 1];
        nest.loops[0] = owner;
    }
    for (int k = nest.count; k-- > 0;)
        nest.reduction = nest.loops[k]->kind == IR_NODE_REDUCE ? k : nest.reduction;
    nest.is_plain = nest.reduction < 0 || nest.reduction + 1 == nest.count;
    return nest;
}

static struct ir_node *same(struct reversal *r, struct ir_node *node)
{
    (void)r;
    return node;
}

/* The innermost independent loop. */
static int neurons_of(const struct nest *nest)
{
    int neurons = 0;
    for (int k = 0; k < nest->count; k++)
        if (nest->loops[k]->kind == IR_NODE_LOOP && nest->loops[k]->loop.is_independent)
            neurons = k;
    return neurons;
}

/* Place of an iteration. That of the neurons is the innermost in memory. `reduced`: index of the
 * reduction; null: its own. */
static struct ir_node *place_of(struct reversal *r, struct ir_builder *b, const struct nest *nest,
                                struct ir_node *(*value)(struct reversal *, struct ir_node *),
                                struct ir_node *reduced)
{
    struct ir_node *place = ir_integer(b, 0);
    int neurons = neurons_of(nest);
    for (int k = nest->count - 1; k >= -1 && nest->count > 0; k--) {
        if (k == neurons)
            continue;
        int which = k < 0 ? neurons : k;
        const struct ir_node *loop = nest->loops[which];
        bool is_reduced = reduced != NULL && which == nest->reduction;
        struct ir_node *low = value(r, low_of(loop));
        struct ir_node *extent = ir_binary(b, IR_SUB, value(r, high_of(loop)), low);
        struct ir_node *index =
            ir_binary(b, IR_SUB, is_reduced ? reduced : value(r, index_of(loop)), low);
        place = ir_binary(b, IR_ADD, ir_binary(b, IR_MUL, place, extent), index);
    }
    return place;
}

/* A bound of an inner loop, before the outermost one. */
static struct ir_node *bound(struct ir_builder *b, struct ir_node *node)
{
    return is_leaf(node) ? ir_again(b, node, NULL) : node;
}

struct outside_reduction {
    struct reversal *r;
    struct ir_builder *b;
    const struct ir_node *reduction;
    struct ir_node *index;
};

/* A value of the body of a reduction, with another index. */
static struct ir_node *outside_value(struct ir_node *node, void *data)
{
    struct outside_reduction *o = data;
    struct ir_node *operands[8];
    if (node == o->reduction->reduce.index)
        return o->index;
    if (!is_within(o->r, node, o->reduction))
        return node;
    if (node->kind == IR_NODE_REDUCE)
        return ir_clone_node(o->b, node, outside_value, o);
    for (int32_t k = 0; k < node->operand_count && k < 8; k++)
        operands[k] = outside_value(node->operands[k], o);
    return ir_again(o->b, node, operands);
}

/* Nothing can be stored in the body of a reduction: a loop before it does. */
static void keep_before(struct reversal *r, struct ir_builder *b, struct ir_node *node,
                        const struct nest *nest)
{
    struct ir_node *reduction = nest->loops[nest->reduction];
    b->block = reverse_facts(r, reduction)->block;
    b->before = reduction;
    struct ir_node *loop = ir_loop(b, "tape", reduction->reduce.low, reduction->reduce.high, false);
    struct outside_reduction outside = { r, b, reduction, loop->loop.index };
    b->block = &loop->loop.body;
    b->before = NULL;
    if (reduction->reduce.condition != NULL) {
        struct ir_node *condition = outside_value(reduction->reduce.condition, &outside);
        b->block = &ir_if(b, condition)->branch.then_body;
    }
    struct ir_node *value = outside_value(node, &outside);
    ir_store(b, reverse_facts(r, node)->tape, place_of(r, b, nest, same, loop->loop.index), value);
}

static void keep_on_tape(struct reversal *r, struct ir_node *node, const struct nest *nest)
{
    struct node_facts *facts = reverse_facts(r, node);
    struct ir_builder b = { .compilation = r->c,
                            .program = r->program,
                            .function = r->from,
                            .block = reverse_facts(r, nest->outermost)->block,
                            .before = nest->outermost,
                            .span = node->span };
    struct ir_node *count = ir_integer(&b, 1);
    for (int k = 0; k < nest->count; k++)
        count = ir_binary(&b, IR_MUL, count,
                          ir_binary(&b, IR_SUB, bound(&b, high_of(nest->loops[k])),
                                    bound(&b, low_of(nest->loops[k]))));
    ir_call_rt(&b, IR_RT_snn_rt_reserve, 2,
               (struct ir_node *[]){ ir_integer(&b, facts->tape), count });
    if (nest->reduction >= 0) {
        keep_before(r, &b, node, nest);
        return;
    }
    b.block = facts->block;
    b.before = node->next;
    ir_store(&b, facts->tape, place_of(r, &b, nest, same, NULL), node);
}

static enum snn_type tape_type(enum ir_type type)
{
    return type == IR_BOOL  ? SNN_BOOL
           : type == IR_I64 ? SNN_INT64
           : type == IR_F64 ? SNN_FLOAT64
                            : SNN_FLOAT32;
}

static int tape_bytes(enum ir_type type)
{
    return type == IR_BOOL ? 1 : type == IR_F32 ? 4 : 8;
}

static void note_taped(struct reversal *r, const struct ir_node *loop, int bytes)
{
    size_t k = 0;
    while (k < r->taped.count && r->taped.items[k].loop != loop)
        k++;
    if (k == r->taped.count)
        array_push(&r->c->arena, &r->taped, (struct taped){ .loop = loop });
    r->taped.items[k].values++;
    r->taped.items[k].bytes += bytes;
}

static struct ir_node *from_tape(struct reversal *r, struct ir_node *node)
{
    struct node_facts *facts = reverse_facts(r, node);
    struct nest nest = nest_of(r, node);
    bool is_none = r->is_in_place ? nest.outermost == NULL : nest.count == 0;
    if (!nest.is_plain || is_none || node->type == IR_VOID || node->type == IR_I32 ||
        node->type == IR_POINTER) {
        diag_error(r->c, node->span, "this value is needed again for the gradient and is lost");
        diag_hint(r->c, "give the loops around it bounds that are known before them, and values "
                        "that are needed again names of their own");
        return ir_again(&r->b, node, node->operands);
    }
    if (facts->tape < 0) {
        const char *name = arena_format(&r->c->arena, "%s.tape.%d", r->from->name, (int)node->id);
        facts->tape = ir_add_buffer(
            r->c, r->program,
            (struct ir_buffer){ .name = name,
                                .type = tape_type(node->type),
                                .kind = r->is_in_place ? SNN_BUFFER_LOCAL : SNN_BUFFER_LANE,
                                .count = -1,
                                .unit = "",
                                .is_record = true });
        keep_on_tape(r, node, &nest);
        if (!r->is_in_place)
            note_taped(r, nest.loops[neurons_of(&nest)], tape_bytes(node->type));
    }
    return ir_load(&r->b, facts->tape, place_of(r, &r->b, &nest, reverse_primal, NULL));
}

struct ir_node *reverse_primal(struct reversal *r, struct ir_node *node)
{
    struct node_facts *facts = reverse_facts(r, node);
    if (facts->primal != NULL)
        return facts->primal;
    if (facts->block == NULL && node->op != IR_INDEX)
        return node; /* made by the pass, in sight */
    if (is_in_sight(r, node))
        return node;
    struct ir_node *value = is_cheap(r, node) ? compute_again(r, node) : from_tape(r, node);
    reverse_set_primal(r, node, value);
    return value;
}
