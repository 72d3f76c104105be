/* SPDX-License-Identifier: MIT
 *
 * Propagation through windows: conv, whose weights are shared by all places, and local, where each
 * place has its own. A spike visits the places whose windows contain it; there, the filters run in
 * lanes, as they are next to each other in the weights. Numbers are gathered place by place. Both
 * add in the order of the sources in memory.
 */
#include "ir/window.h"
#include "passes/propagation.h"

void propagate_window_spikes(struct propagation *p)
{
    const struct ir_window *window = p->connection->window;
    bool has_lanes = window_has_filters_last(window); /* that scatter cost more than none */
    struct arrivals a = propagation_arrivals(p);
    struct ir_builder outer = p->b;
    struct ir_node *source = propagation_open_events(p, &a, false, "spikes");
    struct window_walk walk = window_walk(&p->b, window, p->connection->name);
    window_start_at(&walk, source);
    window_open_targets(&walk);
    struct ir_node *row = window_row(&walk);
    window_open_filters(&walk, has_lanes);
    struct ir_node *weight = propagation_weight(p, window_synapse(&walk, row));
    propagation_add(p, window_target(&walk), propagation_graded(p, source, weight));
    p->b = outer;
    remark(p->c, p->connection->span, "propagation",
           has_lanes ? "'%s': each spike visits the windows around it; filters run in lanes"
                     : "'%s': each spike visits the windows around it; filters could run in lanes "
                       "if 'channel' were the last axis of the target",
           p->connection->name);
}

void propagate_window_values(struct propagation *p)
{
    struct ir_builder outer = p->b;
    struct window_walk walk = window_walk(&p->b, p->connection->window, p->connection->name);
    window_open_places(&walk, true);
    window_open_filters(&walk, true);
    struct ir_node *target = propagation_place(p, window_target(&walk));
    struct ir_node *total = ir_var(&p->b, "total", ir_load(&p->b, p->connection->target, target));
    struct ir_builder body = p->b;
    window_open_sources(&walk, true);
    struct ir_node *weight = propagation_weight(p, window_synapse(&walk, window_row(&walk)));
    struct ir_node *value = ir_load(&p->b, p->connection->values, window_source(&walk));
    value = ir_cast(&p->b, propagation_target_type(p), value);
    ir_set(&p->b, total,
           ir_binary(&p->b, IR_ADD, ir_get(&p->b, total), ir_binary(&p->b, IR_MUL, weight, value)));
    p->b = body;
    ir_store(&p->b, p->connection->target, target, ir_get(&p->b, total));
    p->b = outer;
    remark(p->c, p->connection->span, "propagation",
           "'%s': the numbers of all windows are added up in each step; filters run in lanes",
           p->connection->name);
}
