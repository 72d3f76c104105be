/* SPDX-License-Identifier: MIT
 *
 * `spike at most`: which spikes of a layer, or of each part of it, are kept. The list of the
 * layer's spikes stays ascending and in step with their flags.
 */
#include "ir/lower_internal.h"

static struct ir_node *tie_draw(struct lowering *l, const struct statement *s,
                                struct ir_node *element)
{
    struct ir_node *step = lower_step(l);
    struct ir_node *path = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PATH);
    return ir_draw(&l->b, IR_UNIFORM, NULL, lower_site(l, s, "ties", s->span), element, step, path);
}

/* One of the neurons of the list, all with the same chance. */
static struct ir_node *drawn_winner(struct lowering *l, const struct statement *s)
{
    struct ir_node *count = kernel_spike_count(l);
    struct ir_node *draw = ir_binary(&l->b, IR_MUL, tie_draw(l, s, ir_integer(&l->b, 0)),
                                     ir_cast(&l->b, IR_F32, count));
    struct ir_node *place = ir_binary(&l->b, IR_MIN, ir_cast(&l->b, IR_I64, draw),
                                      ir_binary(&l->b, IR_SUB, count, ir_integer(&l->b, 1)));
    return ir_load(&l->b, l->kernel->layer->list, place);
}

/* The neuron of the list with the largest key, the first of equal ones. */
static struct ir_node *best_winner(struct lowering *l, struct expr *by)
{
    struct lowered_layer *layer = l->kernel->layer;
    struct ir_node *best =
        ir_reduce(&l->b, IR_REDUCE_ARGMAX, IR_I64, ir_integer(&l->b, 0), kernel_spike_count(l));
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &best->reduce.body;
    l->kernel->element = ir_load(&l->b, layer->list, best->reduce.index);
    best->reduce.keys[0] = lower_as(l, by, IR_F32);
    best->reduce.key_count = 1;
    l->kernel->element = NULL;
    l->b = outer;
    return ir_load(&l->b, layer->list, ir_binary(&l->b, IR_MAX, best, ir_integer(&l->b, 0)));
}

/* More spikes than allowed: all are dropped but the winner. */
static void keep_one(struct lowering *l, struct statement *s)
{
    struct lowered_layer *layer = l->kernel->layer;
    struct ir_node *many =
        ir_if(&l->b, ir_binary(&l->b, IR_GT, kernel_spike_count(l), ir_integer(&l->b, 1)));
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &many->branch.then_body;
    struct ir_node *winner = s->spike.by != NULL ? best_winner(l, s->spike.by) : drawn_winner(l, s);
    struct ir_node *loop = ir_loop_events(&l->b, "drop", layer->list, kernel_spike_count(l), true);
    struct ir_builder inside = l->b;
    l->b.block = &loop->loop.body;
    ir_store(&l->b, layer->spiked, loop->loop.index, ir_bool(&l->b, false));
    l->b = inside;
    ir_store(&l->b, layer->spiked, winner, ir_bool(&l->b, true));
    ir_store(&l->b, layer->list, ir_integer(&l->b, 0), winner);
    ir_store(&l->b, layer->list_count, ir_integer(&l->b, 0), ir_integer(&l->b, 1));
    l->b = outer;
}

/* Selection sampling (Knuth 3.4.2 S): keeps the list ascending. */
static void keep_some(struct lowering *l, struct statement *s, struct ir_node *limit)
{
    struct lowered_layer *layer = l->kernel->layer;
    struct ir_node *total = kernel_spike_count(l);
    struct ir_node *many = ir_if(&l->b, ir_binary(&l->b, IR_GT, total, limit));
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &many->branch.then_body;
    struct ir_node *kept = ir_var(&l->b, "kept", ir_integer(&l->b, 0));
    struct ir_node *loop = ir_loop(&l->b, "keep", ir_integer(&l->b, 0), total, false);
    struct ir_builder inside = l->b;
    l->b.block = &loop->loop.body;
    struct ir_node *k = loop->loop.index, *neuron = ir_load(&l->b, layer->list, k);
    struct ir_node *left = ir_cast(&l->b, IR_F32, ir_binary(&l->b, IR_SUB, total, k));
    struct ir_node *wanted =
        ir_cast(&l->b, IR_F32, ir_binary(&l->b, IR_SUB, limit, ir_get(&l->b, kept)));
    struct ir_node *is_kept =
        ir_binary(&l->b, IR_LT, ir_binary(&l->b, IR_MUL, tie_draw(l, s, k), left), wanted);
    ir_store(&l->b, layer->spiked, neuron, is_kept);
    struct ir_node *branch = ir_if(&l->b, is_kept);
    l->b.block = &branch->branch.then_body;
    ir_store(&l->b, layer->list, ir_get(&l->b, kept), neuron);
    ir_set(&l->b, kept, ir_binary(&l->b, IR_ADD, ir_get(&l->b, kept), ir_integer(&l->b, 1)));
    l->b = inside;
    ir_store(&l->b, layer->list_count, ir_integer(&l->b, 0), ir_get(&l->b, kept));
    l->b = outer;
}

/* The neurons with the largest keys, one after the other; the first of equal ones. */
static void keep_best(struct lowering *l, struct statement *s, struct ir_node *limit)
{
    struct lowered_layer *layer = l->kernel->layer;
    struct ir_node *total = kernel_spike_count(l), *zero = ir_integer(&l->b, 0);
    struct ir_node *many = ir_if(&l->b, ir_binary(&l->b, IR_GT, total, limit));
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &many->branch.then_body;
    struct ir_node *drop = ir_loop_events(&l->b, "drop", layer->list, total, true);
    struct ir_builder inside = l->b;
    l->b.block = &drop->loop.body;
    ir_store(&l->b, layer->spiked, drop->loop.index, ir_bool(&l->b, false));
    l->b = inside;
    struct ir_node *keep = ir_loop(&l->b, "keep", zero, limit, false);
    l->b.block = &keep->loop.body;
    struct ir_node *best = ir_reduce(&l->b, IR_REDUCE_ARGMAX, IR_I64, zero, total);
    struct ir_builder round = l->b;
    l->b.block = &best->reduce.body;
    l->kernel->element = ir_load(&l->b, layer->list, best->reduce.index);
    best->reduce.condition =
        ir_unary(&l->b, IR_NOT, ir_load(&l->b, layer->spiked, l->kernel->element));
    best->reduce.keys[0] = lower_as(l, s->spike.by, IR_F32);
    best->reduce.key_count = 1;
    l->kernel->element = NULL;
    l->b = round;
    struct ir_node *winner = ir_load(&l->b, layer->list, ir_binary(&l->b, IR_MAX, best, zero));
    ir_store(&l->b, layer->spiked, winner, ir_bool(&l->b, true));
    l->b = inside;
    ir_compact(&l->b, layer->spiked, layer->list, layer->list_count,
               lower_size_leaf(l, layer->size));
    l->b = outer;
}

/* ---- per axis ---- */

static int32_t axis_of(const struct lowered_layer *layer, const struct name *name)
{
    for (size_t d = 0; d < layer->layer->axes.count; d++)
        if (layer->layer->axes.items[d].name == name)
            return (int32_t)d;
    unreachable();
}

/* Neurons with the same places along the named axes are one group. Gives the number of groups and,
 * where a neuron is given, that of its own. */
static struct ir_node *group_of(struct lowering *l, const struct statement *s,
                                struct ir_node *neuron, struct ir_node **total)
{
    const struct lowered_layer *layer = l->kernel->layer;
    struct ir_node *group = ir_integer(&l->b, 0), *count = ir_integer(&l->b, 1);
    for (size_t i = 0; i < s->spike.per.count; i++) {
        int32_t axis = axis_of(layer, s->spike.per.items[i].name);
        struct ir_node *size = lower_size_leaf(l, layer->axis_sizes[axis]);
        if (total != NULL)
            count = ir_binary(&l->b, IR_MUL, count, size);
        if (neuron != NULL)
            group = ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, group, size),
                              lower_axis_place(l, layer, neuron, axis));
    }
    if (total != NULL)
        *total = count;
    return group;
}

/* Each spike that has not won yet challenges the best of its group; the first of equals stays. */
static void challenge(struct lowering *l, struct statement *s, struct ir_node *neuron)
{
    const struct lowered_layer *layer = l->kernel->layer;
    struct ir_node *lost =
        ir_if(&l->b, ir_unary(&l->b, IR_NOT, ir_load(&l->b, layer->spiked, neuron)));
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &lost->branch.then_body;
    l->kernel->element = neuron;
    struct ir_node *key =
        s->spike.by != NULL ? lower_as(l, s->spike.by, IR_F32) : tie_draw(l, s, neuron);
    l->kernel->element = NULL;
    struct ir_node *group = group_of(l, s, neuron, NULL);
    struct ir_node *is_first =
        ir_binary(&l->b, IR_LT, ir_load(&l->b, layer->group_best, group), ir_integer(&l->b, 0));
    struct ir_node *is_better =
        ir_binary(&l->b, IR_GT, key, ir_load(&l->b, layer->group_key, group));
    struct ir_node *wins = ir_if(&l->b, ir_binary(&l->b, IR_OR, is_first, is_better));
    l->b.block = &wins->branch.then_body;
    ir_store(&l->b, layer->group_best, group, neuron);
    ir_store(&l->b, layer->group_key, group, key);
    l->b = outer;
}

static void crown(struct lowering *l, struct ir_node *group)
{
    const struct lowered_layer *layer = l->kernel->layer;
    struct ir_node *best = ir_load(&l->b, layer->group_best, group);
    struct ir_node *found = ir_if(&l->b, ir_binary(&l->b, IR_GE, best, ir_integer(&l->b, 0)));
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &found->branch.then_body;
    ir_store(&l->b, layer->spiked, best, ir_bool(&l->b, true));
    l->b = outer;
}

/* At most as many groups as neurons. */
static void make_buffers(struct lowering *l, struct lowered_layer *layer)
{
    if (layer->group_best >= 0)
        return;
    layer->group_best = lower_buffer(l, arena_format(&l->c->arena, "%s.group_best", layer->name),
                                     SNN_INT32, SNN_BUFFER_LANE, layer->size);
    layer->group_key = lower_buffer(l, arena_format(&l->c->arena, "%s.group_key", layer->name),
                                    SNN_FLOAT32, SNN_BUFFER_LANE, layer->size);
}

/* In each round each group finds its best neuron that has not won before: the one with the largest
 * key, or draw. */
static void keep_in_groups(struct lowering *l, struct statement *s, struct ir_node *limit)
{
    struct lowered_layer *layer = l->kernel->layer;
    struct ir_node *group_count;
    make_buffers(l, layer);
    struct ir_node *total = kernel_spike_count(l), *zero = ir_integer(&l->b, 0);
    struct ir_node *many = ir_if(&l->b, ir_binary(&l->b, IR_GT, total, limit));
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &many->branch.then_body;
    group_of(l, s, NULL, &group_count);
    struct ir_builder inside = l->b;
    struct ir_node *drop = ir_loop_events(&l->b, "drop", layer->list, total, true);
    l->b.block = &drop->loop.body;
    ir_store(&l->b, layer->spiked, drop->loop.index, ir_bool(&l->b, false));
    l->b = inside;
    struct ir_node *keep = ir_loop(&l->b, "keep", zero, limit, false);
    l->b.block = &keep->loop.body;
    struct ir_builder round = l->b;
    struct ir_node *clear = ir_loop(&l->b, "clear", zero, group_count, true);
    l->b.block = &clear->loop.body;
    ir_store(&l->b, layer->group_best, clear->loop.index, ir_integer(&l->b, -1));
    l->b = round;
    struct ir_node *each = ir_loop(&l->b, "challenge", zero, total, false);
    l->b.block = &each->loop.body;
    challenge(l, s, ir_load(&l->b, layer->list, each->loop.index));
    l->b = round;
    struct ir_node *winners = ir_loop(&l->b, "crown", zero, group_count, true);
    l->b.block = &winners->loop.body;
    crown(l, winners->loop.index);
    l->b = inside;
    ir_compact(&l->b, layer->spiked, layer->list, layer->list_count,
               lower_size_leaf(l, layer->size));
    l->b = outer;
}

void lower_at_most(struct lowering *l, struct statement *s)
{
    const struct constant *k = s->spike.value->constant;
    kernel_pause(l);
    kernel_compact(l);
    if (s->spike.per.count > 0)
        keep_in_groups(l, s, lower_as(l, s->spike.value, IR_I64));
    else if (k != NULL && constant_number(k) == 1)
        keep_one(l, s);
    else if (s->spike.by == NULL)
        keep_some(l, s, lower_as(l, s->spike.value, IR_I64));
    else
        keep_best(l, s, lower_as(l, s->spike.value, IR_I64));
}
