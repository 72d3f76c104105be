/* SPDX-License-Identifier: MIT
 *
 * Delays in continuous time. A connection with a delay keeps what is under way in a queue ordered
 * by the time of arrival: sources that spiked or, where synapses have delays of their own,
 * synapses. What arrives in a group is taken out before its layers run; what the group sends is
 * added last, after its rules.
 */
#include "ir/lower_internal.h"

static struct ir_node *zero(struct lowering *l)
{
    return ir_integer(&l->b, 0);
}

static int32_t queue_buffer(struct lowering *l, const struct lowered_connection *c,
                            const char *what, enum snn_type type, int32_t size)
{
    int32_t buffer = lower_buffer(l, arena_format(&l->c->arena, "%s.%s", c->name, what), type,
                                  SNN_BUFFER_LANE, size);
    l->program->buffers[buffer].is_observed = true; /* by the runtime */
    return buffer;
}

/* ---- declaration ---- */

static bool follows_spikes(const struct connection *connection)
{
    for (size_t i = 0; i < connection->rules.count; i++)
        if (lower_rule_steps(connection->rules.items[i]))
            return true;
    return false;
}

static void check_queued(struct lowering *l, const struct lowered_connection *c)
{
    const struct connection *connection = c->connection;
    if (connection->delay_is_uniform)
        return;
    enum builtin_id kind = connection->kind->id;
    if (kind != BUILTIN_DENSE && kind != BUILTIN_SPARSE && kind != BUILTIN_PAIRS)
        lower_refuse(l, connection->delay->span,
                     "delays of their own need the topology dense, sparse or pairs");
    if (follows_spikes(connection))
        lower_refuse(l, connection->delay->span,
                     "in continuous time rules that follow spikes cannot be compiled yet where "
                     "synapses have delays of their own");
}

void lower_queue_buffers(struct lowering *l, struct lowered_connection *c)
{
    int32_t one = lower_size_value(l, 1);
    check_queued(l, c);
    /* a queue of the runtime: these three, one after the other */
    c->queue_times = queue_buffer(l, c, "queue_times", SNN_FLOAT32, -1);
    c->queue_items = queue_buffer(l, c, "queue", SNN_INT32, -1);
    c->queue_count = queue_buffer(l, c, "queue_count", SNN_INT64, one);
    c->arrived = queue_buffer(l, c, "arrived", SNN_INT32, -1);
    c->arrived_count = queue_buffer(l, c, "arrived_count", SNN_INT64, one);
    l->program->buffers[c->source->list].is_observed = true;
    if (c->connection->delay_is_uniform) {
        const char *name = arena_format(&l->c->arena, "%s.delay", c->name);
        c->delay_entry = lower_real_entry(l, c->connection->delay, name);
        lower_check_positive(
            l, c->delay_entry, c->connection->delay->span,
            arena_format(&l->c->arena, "the delay of '%s' must be above 0", c->name));
    }
}

/* Delays of their own, drawn with the weights and saved. */
void lower_queue_own_delay(struct lowering *l, struct lowered_connection *c,
                           struct ir_node *synapse)
{
    struct expr *delay = c->connection->delay;
    struct ir_node *value = lower_as(l, delay, IR_F32);
    struct ir_node *is_right = ir_binary(&l->b, IR_GT, value, ir_real(&l->b, IR_F32, 0));
    struct ir_node *check = ir_if(&l->b, ir_unary(&l->b, IR_NOT, is_right));
    struct ir_builder outer = l->b;
    l->b.block = &check->branch.then_body;
    const char *message = arena_format(&l->c->arena, "the delays of '%s' must be above 0", c->name);
    ir_call_rt(&l->b, IR_RT_snn_rt_panic, 2,
               (struct ir_node *[]){ ir_text(&l->b, lower_place(l, delay->span)),
                                     ir_text(&l->b, message) });
    l->b = outer;
    ir_store(&l->b, c->own_delays, synapse, value);
}

/* ---- reset ---- */

void lower_queue_clear(struct lowering *l, const struct lowered_connection *c)
{
    ir_store(&l->b, c->queue_count, zero(l), zero(l));
    ir_store(&l->b, c->arrived_count, zero(l), zero(l));
}

/* Times of arrival are moved to before `end` by that much: what is under way stays so. */
void lower_queue_move_back(struct lowering *l, const struct lowered_connection *c,
                           struct ir_node *end)
{
    struct ir_node *count = ir_load(&l->b, c->queue_count, zero(l));
    struct ir_node *loop =
        ir_loop(&l->b, arena_format(&l->c->arena, "%s.queue", c->name), zero(l), count, false);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    struct ir_node *k = loop->loop.index, *time = ir_load(&l->b, c->queue_times, k);
    ir_store(&l->b, c->queue_times, k, ir_binary(&l->b, IR_SUB, time, ir_cast(&l->b, IR_F32, end)));
    l->b = outer;
}

/* ---- groups ---- */

/* The time of the next arrival, where it is before `next`. */
void lower_queue_next(struct lowering *l, const struct lowered_connection *c, struct ir_node *next)
{
    struct ir_node *count = ir_load(&l->b, c->queue_count, zero(l));
    struct ir_node *some = ir_if(&l->b, ir_binary(&l->b, IR_GT, count, zero(l)));
    struct ir_builder outer = l->b;
    l->b.block = &some->branch.then_body;
    struct ir_node *time = ir_cast(&l->b, IR_F64, ir_load(&l->b, c->queue_times, zero(l)));
    ir_set(&l->b, next, ir_binary(&l->b, IR_MIN, time, ir_get(&l->b, next)));
    l->b = outer;
}

void lower_queue_take(struct lowering *l, const struct lowered_connection *c, struct ir_node *now)
{
    struct ir_node *operands[] = { ir_integer(&l->b, c->queue_times), now,
                                   ir_integer(&l->b, c->arrived) };
    ir_store(&l->b, c->arrived_count, zero(l),
             ir_call_rt(&l->b, IR_RT_snn_rt_queue_take, 3, operands));
}

void lower_queue_add(struct lowering *l, const struct lowered_connection *c)
{
    const struct lowered_layer *source = c->source;
    struct ir_node *spikes = ir_load(&l->b, source->list_count, zero(l));
    struct ir_node *some = ir_if(&l->b, ir_binary(&l->b, IR_GT, spikes, zero(l)));
    struct ir_builder outer = l->b;
    l->b.block = &some->branch.then_body;
    struct ir_node *operands[7] = { ir_integer(&l->b, c->queue_times),
                                    ir_integer(&l->b, source->list), lower_first_spike(l, source),
                                    spikes, ir_load(&l->b, c->network->now, zero(l)) };
    if (c->own_delays < 0) {
        operands[5] = lower_constant_leaf(l, c->delay_entry, IR_F64);
        ir_call_rt(&l->b, IR_RT_snn_rt_queue_add, 6, operands);
    } else {
        operands[5] = ir_integer(&l->b, c->own_delays);
        operands[6] = c->row_starts >= 0
                          ? ir_integer(&l->b, c->row_starts)
                          : ir_unary(&l->b, IR_NEG, lower_size_leaf(l, c->target->size));
        ir_call_rt(&l->b, IR_RT_snn_rt_queue_add_synapses, 7, operands);
    }
    l->b = outer;
}

/* Adds the weights of the synapses that spikes arrive at now, in the order of their numbers. */
void lower_queue_arrive(struct lowering *l, const struct lowered_connection *c)
{
    int32_t slot = lower_state_buffer(l, c->connection->slot);
    struct ir_node *loop = ir_loop(&l->b, arena_format(&l->c->arena, "%s.arrivals", c->name),
                                   zero(l), ir_load(&l->b, c->arrived_count, zero(l)), false);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    struct ir_node *synapse = ir_load(&l->b, c->arrived, loop->loop.index);
    struct ir_node *target =
        c->row_starts >= 0 ? ir_load(&l->b, c->columns, synapse)
                           : ir_binary(&l->b, IR_MOD, synapse, lower_size_leaf(l, c->target->size));
    struct ir_node *old = ir_load(&l->b, slot, target);
    struct ir_node *weight = c->weight_buffer >= 0
                                 ? ir_load(&l->b, c->weight_buffer, synapse)
                                 : ir_leaf(&l->b, IR_CONSTANT, old->type,
                                           l->program->connections[c->ir].constant_weight);
    ir_store(&l->b, slot, target, ir_binary(&l->b, IR_ADD, old, ir_cast(&l->b, old->type, weight)));
    l->b = outer;
}
