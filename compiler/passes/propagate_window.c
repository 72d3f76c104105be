/* SPDX-License-Identifier: MIT
 *
 * Propagation through windows: conv, whose weights are shared by all places, and local, where each
 * place has its own. A spike visits the places whose windows contain it; there, the filters run in
 * lanes, as they are next to each other in the weights. Numbers are gathered place by place. Both
 * add in the order of the sources in memory.
 */
#include "ir/window.h"
#include "passes/propagation.h"

void propagation_lay_out(struct propagation *p, int32_t buffer, bool is_back)
{
    const struct ir_window_side *own = &p->connection->window->to,
                                *laid = &p->connection->laid_window->to;
    const struct ir_window_side *order = is_back ? own : laid;
    struct ir_builder outer = p->b;
    struct ir_node *from = ir_integer(&p->b, 0), *to = from;
    for (int i = 0; i < 3; i++) {
        enum ir_window_axis axis = order->order[i];
        struct ir_node *size = ir_known_size(&p->b, order->sizes[axis]);
        struct ir_node *at = propagation_open_loop(p, "laid", ir_integer(&p->b, 0), size, true);
        struct ir_node *a = ir_binary(&p->b, IR_MUL, at, ir_known_size(&p->b, own->strides[axis]));
        struct ir_node *b = ir_binary(&p->b, IR_MUL, at, ir_known_size(&p->b, laid->strides[axis]));
        from = ir_binary(&p->b, IR_ADD, from, a);
        to = ir_binary(&p->b, IR_ADD, to, b);
    }
    from = propagation_place(p, from);
    if (is_back) {
        enum ir_type type = ir_buffer_value_type(p->b.program->buffers[buffer].type);
        ir_store(&p->b, buffer, from,
                 ir_cast(&p->b, type, ir_load(&p->b, p->connection->laid, to)));
    } else {
        ir_store(&p->b, p->connection->laid, to,
                 ir_cast(&p->b, IR_F32, ir_load(&p->b, buffer, from)));
    }
    p->b = outer;
}

struct ir_node *propagation_open_many(struct propagation *p, struct ir_node *spikes)
{
    const struct ir_window *window = p->connection->window;
    struct ir_node *kernel = ir_known_size(&p->b, window->kernel);
    int32_t filters =
        window->groups >= 0 ? window->group_filters : window->to.sizes[IR_WINDOW_CHANNEL];
    struct ir_node *each = ir_binary(&p->b, IR_MUL, ir_binary(&p->b, IR_MUL, kernel, kernel),
                                     ir_known_size(&p->b, filters));
    struct ir_node *targets = ir_leaf(&p->b, IR_SIZE, IR_I64, p->connection->target_size);
    struct ir_node *many =
        ir_if(&p->b, ir_binary(&p->b, IR_GT, ir_binary(&p->b, IR_MUL, spikes, each), targets));
    p->b.before = NULL;
    p->b.block = &many->branch.then_body;
    return many;
}

/* Each spike visits the windows around it. */
static void scatter(struct propagation *p, const struct arrivals *a, bool is_laid)
{
    const struct ir_window *window = is_laid ? p->connection->laid_window : p->connection->window;
    struct ir_builder outer = p->b;
    struct ir_node *source = propagation_open_events(p, a, false, "spikes");
    struct window_walk walk = window_walk(&p->b, window, p->connection->name);
    window_start_at(&walk, source);
    window_open_targets(&walk);
    struct ir_node *row = window_row(&walk);
    window_open_filters(&walk, window_has_filters_last(window)); /* that scatter cost too much */
    struct ir_node *weight = propagation_weight(p, window_synapse(&walk, row));
    weight = propagation_graded(p, source, weight);
    if (is_laid)
        propagation_add_to(p, p->connection->laid, window_target(&walk), weight);
    else
        propagation_add(p, window_target(&walk), weight);
    p->b = outer;
}

void propagate_window_spikes(struct propagation *p)
{
    const struct ir_connection *c = p->connection;
    struct arrivals a = propagation_arrivals(p);
    struct ir_builder outer = p->b;
    if (c->laid < 0) {
        scatter(p, &a, false);
        remark(p->c, c->span, "propagation",
               "'%s': each spike visits the windows around it; filters %s", c->name,
               window_has_filters_last(c->window)
                   ? "run in lanes"
                   : "could run in lanes if 'channel' were the last axis of the target");
        return;
    }
    struct ir_node *many = propagation_open_many(p, a.count);
    propagation_lay_out(p, c->target, false);
    scatter(p, &a, true);
    propagation_lay_out(p, c->target, true);
    p->b.block = &many->branch.else_body;
    scatter(p, &a, false);
    p->b = outer;
    remark(p->c, c->span, "propagation",
           "'%s': each spike visits the windows around it; where there are many, filters run in "
           "lanes of a copy of the target whose last axis is 'channel'",
           c->name);
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
