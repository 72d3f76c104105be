/* SPDX-License-Identifier: MIT
 *
 * Pools: the sum, the mean or the largest of what is in a window, times the weight of the
 * connection. Spikes are counted window by window first, which is exact and touches only what
 * spiked; then all windows are read.
 */
#include <math.h>

#include "ir/window.h"
#include "passes/propagation.h"

static void explain(struct propagation *p, const char *how)
{
    remark(p->c, p->connection->span, "propagation", "'%s': %s", p->connection->name, how);
}

/* ---- spikes ---- */

static void count_spikes(struct propagation *p)
{
    struct ir_builder outer = p->b;
    struct arrivals a = propagation_arrivals(p);
    struct ir_node *source = propagation_open_events(p, &a, false, "spikes");
    struct window_walk walk = window_walk(&p->b, p->connection->window, p->connection->name);
    window_start_at(&walk, source);
    window_open_targets(&walk);
    struct ir_node *target = window_target(&walk);
    struct ir_node *count = ir_load(&p->b, p->connection->counts, target);
    ir_store(&p->b, p->connection->counts, target,
             ir_binary(&p->b, IR_ADD, count, ir_real(&p->b, count->type, 1)));
    p->b = outer;
}

void propagate_pool_spikes(struct propagation *p)
{
    struct ir_builder outer = p->b;
    struct ir_node *target = propagation_open_targets(p, "clear");
    ir_store(&p->b, p->connection->counts, target, ir_real(&p->b, IR_F32, 0));
    p->b = outer;
    count_spikes(p);
    target = propagation_open_targets(p, "windows");
    struct ir_node *value =
        ir_cast(&p->b, propagation_target_type(p), ir_load(&p->b, p->connection->counts, target));
    propagation_add(p, target, window_pooled_spikes(&p->b, p->connection, value));
    p->b = outer;
    explain(p, "spikes are counted in each window");
}

/* ---- numbers ---- */

void propagate_pool_values(struct propagation *p)
{
    bool is_max = p->connection->topology == IR_MAX_POOL;
    enum ir_type type = propagation_target_type(p);
    struct ir_builder outer = p->b;
    struct window_walk walk = window_walk(&p->b, p->connection->window, p->connection->name);
    window_open_places(&walk, true);
    window_open_filters(&walk, true);
    struct ir_node *target = window_target(&walk);
    struct ir_node *total = ir_var(&p->b, "total", ir_real(&p->b, type, is_max ? -INFINITY : 0));
    const struct ir_way_back *back = p->connection->back;
    struct ir_node *winner =
        back != NULL ? ir_var(&p->b, "winner", ir_cast(&p->b, IR_I32, ir_integer(&p->b, 0))) : NULL;
    struct ir_builder body = p->b;
    window_open_sources(&walk, false);
    struct ir_node *source = window_source(&walk);
    struct ir_node *value = ir_cast(&p->b, type, ir_load(&p->b, p->connection->values, source));
    if (winner != NULL)
        ir_set(&p->b, winner,
               ir_select(&p->b, ir_binary(&p->b, IR_GT, value, ir_get(&p->b, total)),
                         ir_cast(&p->b, IR_I32, source), ir_get(&p->b, winner)));
    ir_set(&p->b, total, ir_binary(&p->b, is_max ? IR_MAX : IR_ADD, ir_get(&p->b, total), value));
    p->b = body;
    if (winner != NULL)
        ir_store(&p->b, back->winners, propagation_place(p, target), ir_get(&p->b, winner));
    propagation_add(p, target, window_pooled(&p->b, p->connection, ir_get(&p->b, total)));
    p->b = outer;
    explain(p, "all windows are read in each step");
}
