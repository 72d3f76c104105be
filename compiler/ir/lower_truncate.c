/* SPDX-License-Identifier: MIT
 *
 * `descend loss using … every k steps`: the steps of a presentation are windows of k, and no
 * gradient passes from a window to the one before: not through states, nor through spikes that are
 * under way. What the loss reads of each window has its gradient as it is. The same functions run
 * with and without: the length of a window is a value that `descend` sets, 0 for none.
 */
#include "ir/lower_internal.h"

void lower_truncation_buffer(struct lowering *l, struct lowered_network *network)
{
    network->window = l->truncates
                          ? lower_buffer(l, arena_format(&l->c->arena, "%s.window", network->name),
                                         SNN_INT64, SNN_BUFFER_LANE, lower_size_value(l, 1))
                          : -1;
}

static struct ir_node *window(struct lowering *l, const struct lowered_network *network)
{
    return ir_load(&l->b, network->window, ir_integer(&l->b, 0));
}

static struct ir_node *is_truncated(struct lowering *l, const struct lowered_network *network)
{
    return ir_binary(&l->b, IR_GT, window(l, network), ir_integer(&l->b, 0));
}

static struct ir_node *number_of_window(struct lowering *l, const struct lowered_network *network,
                                        struct ir_node *step)
{
    struct ir_node *length = ir_binary(&l->b, IR_MAX, window(l, network), ir_integer(&l->b, 1));
    return ir_binary(&l->b, IR_DIV, step, length);
}

/* Do two steps, the later first, belong to different windows? */
static struct ir_node *is_cut(struct lowering *l, const struct lowered_network *network,
                              struct ir_node *later, struct ir_node *earlier)
{
    struct ir_node *differ = ir_binary(&l->b, IR_NE, number_of_window(l, network, later),
                                       number_of_window(l, network, earlier));
    return ir_binary(&l->b, IR_AND, is_truncated(l, network), differ);
}

static struct ir_node *stopped(struct lowering *l, struct ir_node *is_cut, struct ir_node *value)
{
    return ir_select(&l->b, is_cut, ir_unary(&l->b, IR_STOP, value), value);
}

/* What a neuron hands on to its next step. Its count of spikes, and what it learns, do not come
 * from the step before. */
static bool is_handed_on(const struct lowering *l, const struct lowered_layer *layer,
                         const struct promoted *state)
{
    return state->is_dirty && l->program->buffers[state->buffer].kind == SNN_BUFFER_LANE &&
           state->buffer != layer->count && state->buffer != layer->first &&
           state->buffer != layer->last && state->buffer != layer->fired &&
           state->buffer != layer->emitted;
}

void lower_cut_states(struct lowering *l, const struct lowered_layer *layer, struct ir_node *step)
{
    const struct lowered_network *network = layer->network;
    if (network->window < 0)
        return;
    struct ir_node *next = ir_binary(&l->b, IR_ADD, step, ir_integer(&l->b, 1));
    struct ir_node *steps = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEPS);
    struct ir_node *cut = ir_binary(&l->b, IR_AND, is_cut(l, network, next, step),
                                    ir_binary(&l->b, IR_LT, next, steps));
    for (size_t i = 0; i < l->kernel->states.count; i++) {
        const struct promoted *state = &l->kernel->states.items[i];
        if (is_handed_on(l, layer, state))
            ir_set(&l->b, state->var, stopped(l, cut, ir_get(&l->b, state->var)));
    }
}

struct ir_node *lower_cut_sent(struct lowering *l, const struct lowered_network *network,
                               struct ir_node *value, struct ir_node *arrives, struct ir_node *sent)
{
    if (network->window < 0 || arrives == sent)
        return value;
    return stopped(l, is_cut(l, network, arrives, sent), value);
}

struct ir_node *lower_window_length(struct lowering *l, const struct statement *descend)
{
    struct expr *every = descend->descend.every;
    if (every == NULL)
        return ir_integer(&l->b, 0);
    struct ir_node *length = lower_as(l, every, IR_I64);
    struct ir_node *check = ir_if(&l->b, ir_binary(&l->b, IR_LT, length, ir_integer(&l->b, 1)));
    struct ir_builder outer = l->b;
    l->b.block = &check->branch.then_body;
    ir_call_rt(&l->b, IR_RT_snn_rt_panic, 2,
               (struct ir_node *[]){ ir_text(&l->b, lower_place(l, every->span)),
                                     ir_text(&l->b, "gradients are cut every so many steps: at "
                                                    "least 1") });
    l->b = outer;
    return length;
}
