/* SPDX-License-Identifier: MIT
 *
 * The state of rules: per source, per target, per synapse, and for connections whose synapses have
 * delays of their own the past of the state of sources; parameters that tasks set.
 */
#include "ir/lower_internal.h"

const char *lower_rule_label(struct lowering *l, const struct rule_instance *rule,
                             const char *field)
{
    return arena_format(&l->c->arena, "%s.%s.%s", rule->connection->name->text, rule->name->text,
                        field);
}

/* ---- buffers ---- */

int32_t lower_owner_size(const struct lowered_connection *c, enum state_owner owner)
{
    return owner == STATE_PRE    ? c->source->size
           : owner == STATE_POST ? c->target->size
                                 : c->synapse_count;
}

static void bind_state(struct lowering *l, struct lowered_connection *c, struct rule_instance *rule,
                       struct symbol *state)
{
    const struct statement *s = state->statement;
    int32_t size = lower_owner_size(c, s->state.owner);
    enum snn_buffer_kind kind = s->state.is_persistent ? SNN_BUFFER_MODEL : SNN_BUFFER_LANE;
    struct binding *binding = binding_new(l, BINDING_ARRAY);
    binding->buffer = lower_buffer(l, lower_rule_label(l, rule, state->name->text),
                                   lower_storage(state->type), kind, size);
    binding->rank = 1;
    binding->sizes[0] = size;
    l->program->buffers[binding->buffer].is_state = !s->state.is_persistent;
    l->program->buffers[binding->buffer].is_observed = s->state.is_persistent;
    state->binding = binding;
}

static void bind_parameter(struct lowering *l, struct rule_instance *rule, struct symbol *parameter)
{
    if (!parameter->is_assigned || !type_is_number(parameter->type))
        return;
    int32_t buffer =
        lower_buffer(l, lower_rule_label(l, rule, parameter->name->text),
                     lower_storage(parameter->type), SNN_BUFFER_MODEL, lower_size_value(l, 1));
    l->program->buffers[buffer].rank = 0;
    l->program->buffers[buffer].is_observed = true;
    struct ir_builder saved = lower_enter(l, &l->initial);
    ir_store(&l->b, buffer, ir_integer(&l->b, 0), lower_scalar(l, parameter->value));
    lower_leave(l, &l->initial, saved);
    parameter->binding = binding_new(l, BINDING_ARRAY);
    parameter->binding->buffer = buffer;
}

/* Where synapses have delays of their own, each sees the state of its source late by its delay: the
 * last steps are kept. */
void lower_rule_histories(struct lowering *l, struct lowered_connection *c,
                          struct rule_instance *rule)
{
    if (!c->has_synapse_delays)
        return;
    for (size_t i = 0; i < rule->states.count; i++) {
        struct symbol *state = rule->states.items[i];
        if (state->statement->state.owner != STATE_PRE)
            continue;
        const char *name =
            arena_format(&l->c->arena, "%s.history", lower_rule_label(l, rule, state->name->text));
        int32_t sizes[] = { c->source->ring_size, c->source->size };
        state->binding->history_size = lower_size_product(l, sizes, 2, name);
        state->binding->history = lower_buffer(l, name, lower_storage(state->type), SNN_BUFFER_LANE,
                                               state->binding->history_size);
        l->program->buffers[state->binding->history].is_state = true;
    }
}

static void fill_history(struct lowering *l, const struct symbol *state)
{
    struct ir_node *loop =
        ir_loop(&l->b, l->program->buffers[state->binding->history].name, ir_integer(&l->b, 0),
                lower_size_leaf(l, state->binding->history_size), true);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    l->element = loop->loop.index;
    ir_store(&l->b, state->binding->history, loop->loop.index,
             state->statement->state.value != NULL ? lower_scalar(l, state->statement->state.value)
                                                   : ir_real(&l->b, IR_F32, 0));
    l->element = NULL;
    l->b = outer;
}

/* How many the owner of a state are, where the code runs. */
static struct ir_node *owner_count(struct lowering *l, const struct lowered_connection *c,
                                   const struct symbol *state)
{
    int32_t size = lower_owner_size(c, state->statement->state.owner);
    return size >= 0 ? lower_size_leaf(l, size) : lower_synapse_count(l, c);
}

static void fill_state(struct lowering *l, struct lowered_connection *c, struct symbol *state)
{
    const struct statement *s = state->statement;
    struct ir_node *loop = ir_loop(&l->b, l->program->buffers[state->binding->buffer].name,
                                   ir_integer(&l->b, 0), owner_count(l, c, state), true);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    l->element = loop->loop.index;
    enum ir_type type = ir_buffer_value_type(l->program->buffers[state->binding->buffer].type);
    struct ir_node *value = s->state.value != NULL ? lower_as(l, s->state.value, type)
                                                   : lower_cast(l, type, ir_real(&l->b, IR_F32, 0));
    ir_store(&l->b, state->binding->buffer, loop->loop.index, lower_within(l, state, value));
    l->element = NULL;
    l->b = outer;
}

void lower_rule_buffers(struct lowering *l, struct lowered_connection *c,
                        struct rule_instance *rule)
{
    for (size_t i = 0; i < rule->parameters.count; i++)
        bind_parameter(l, rule, rule->parameters.items[i]);
    for (size_t i = 0; i < rule->states.count; i++) {
        bind_state(l, c, rule, rule->states.items[i]);
        const struct symbol *state = rule->states.items[i];
        bool is_ready = lower_owner_size(c, state->statement->state.owner) >= 0;
        if (!is_ready || !state->statement->state.is_persistent)
            continue;
        struct ir_builder saved = lower_enter(l, &l->initial);
        fill_state(l, c, rule->states.items[i]);
        lower_leave(l, &l->initial, saved);
    }
}

void lower_rule_synapses(struct lowering *l, struct lowered_connection *c,
                         struct rule_instance *rule, bool is_init)
{
    for (size_t i = 0; i < rule->states.count; i++) {
        struct symbol *state = rule->states.items[i];
        bool is_saved = state->statement->state.is_persistent;
        if (lower_owner_size(c, state->statement->state.owner) >= 0 || (is_saved && !is_init))
            continue;
        ir_call_rt(&l->b, is_saved ? IR_RT_snn_rt_resize : IR_RT_snn_rt_reserve, 2,
                   (struct ir_node *[]){ ir_integer(&l->b, state->binding->buffer),
                                         lower_synapse_count(l, c) });
        if (is_saved)
            fill_state(l, c, state);
    }
}

void lower_rule_reset(struct lowering *l, struct lowered_connection *c, struct rule_instance *rule)
{
    lower_rule_synapses(l, c, rule, false);
    for (size_t i = 0; i < rule->states.count; i++)
        if (!rule->states.items[i]->statement->state.is_persistent) {
            fill_state(l, c, rule->states.items[i]);
            if (rule->states.items[i]->binding->history >= 0)
                fill_history(l, rule->states.items[i]);
        }
}
