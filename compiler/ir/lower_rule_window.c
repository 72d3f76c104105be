/* SPDX-License-Identifier: MIT
 *
 * Rules on weights that the windows of a conv share. A handler takes every weight as it was before
 * and adds up the changes of all places; they are applied when all of its events have been
 * visited.
 */
#include "ir/lower_internal.h"
#include "ir/window.h"

/* What a rule does that takes a weight for each pair of neurons; null if nothing. */
static const char *wants_pairs(const struct rule_instance *rule)
{
    for (size_t i = 0; i < rule->states.count; i++)
        if (rule->states.items[i]->statement->state.owner == STATE_OWN)
            return "keeps a state for each synapse";
    for (size_t i = 0; i < rule->body->statements.count; i++) {
        const struct statement *s = rule->body->statements.items[i];
        if (s->kind == STATEMENT_ON && s->on.event != EVENT_PRE && s->on.event != EVENT_POST &&
            s->on.event != EVENT_STEP && lower_writes_weight(s->on.body))
            return "writes 'w[i, j]'";
    }
    return NULL;
}

bool lower_check_shared_rules(struct lowering *l, const struct connection *connection)
{
    for (size_t i = 0; i < connection->rules.count; i++) {
        const char *what = wants_pairs(connection->rules.items[i]);
        if (what == NULL)
            continue;
        lower_refuse(l, connection->statement->connect.learn_span,
                     "rule '%s' %s, but windows share the weights of '%s'",
                     connection->rules.items[i]->name->text, what, connection->name->text);
        return false;
    }
    return true;
}

void lower_shared_changes(struct lowering *l, struct lowered_connection *c)
{
    const char *name = arena_format(&l->c->arena, "%s.changes", c->name);
    c->changes = lower_buffer(l, name, SNN_FLOAT32, SNN_BUFFER_LANE, c->synapse_count);
    remark(l->c, c->connection->statement->span, "rules",
           "'%s': the changes at all places are added up, then applied", c->name);
}

void lower_open_shared(struct lowering *l, struct lowered_connection *c, enum event event,
                       struct ir_node *neuron, struct rule_place *place)
{
    const struct ir_window *window = l->program->connections[c->ir].window;
    struct window_walk walk = window_walk(&l->b, window, c->name);
    if (event == EVENT_POST) {
        window_start_at_target(&walk, neuron);
        window_open_sources(&walk, true);
        place->pre = window_source(&walk);
        place->post = neuron;
        place->synapse = window_synapse(&walk, window_row(&walk));
        return;
    }
    window_start_at(&walk, neuron);
    window_open_targets(&walk);
    struct ir_node *row = window_row(&walk);
    window_open_filters(&walk, true);
    place->pre = neuron;
    place->post = window_target(&walk);
    place->synapse = window_synapse(&walk, row);
}

void lower_add_change(struct lowering *l, const struct lowered_connection *c,
                      const struct rule_place *place)
{
    struct ir_node *sum = ir_load(&l->b, c->changes, place->synapse);
    ir_store(&l->b, c->changes, place->synapse,
             ir_binary(&l->b, IR_ADD, sum, ir_get(&l->b, place->change)));
}

void lower_apply_changes(struct lowering *l, const struct lowered_connection *c, bool is_bounded)
{
    struct ir_builder outer = l->b;
    struct ir_node *loop =
        ir_loop(&l->b, arena_format(&l->c->arena, "%s.change", c->name), ir_integer(&l->b, 0),
                lower_size_leaf(l, c->synapse_count), true);
    l->b.block = &loop->loop.body;
    struct ir_node *k = loop->loop.index, *change = ir_load(&l->b, c->changes, k);
    struct ir_node *w = ir_binary(&l->b, IR_ADD, ir_load(&l->b, c->weight_buffer, k), change);
    ir_store(&l->b, c->weight_buffer, k, is_bounded ? lower_bounded_weight(l, c, w) : w);
    ir_store(&l->b, c->changes, k, ir_real(&l->b, IR_F32, 0));
    l->b = outer;
}
