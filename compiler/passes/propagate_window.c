/* SPDX-License-Identifier: MIT
 *
 * Propagation through windows: conv, whose weights are shared by all places, and local, where each
 * place has its own. A spike visits the places whose windows contain it; there, the filters run in
 * lanes, as they are next to each other in the weights. Numbers are gathered place by place. Both
 * add in the order of the sources in memory.
 *
 * Weights: [y, x, channel of the group, filter]; local: [y, x, channel, target].
 */
#include "passes/propagation.h"

static struct ir_node *integer(struct propagation *p, int64_t value)
{
    return ir_integer(&p->b, value);
}

static struct ir_node *known(struct propagation *p, int32_t size)
{
    return ir_known_size(&p->b, size);
}

static struct ir_node *add(struct propagation *p, struct ir_node *a, struct ir_node *b)
{
    return ir_binary(&p->b, IR_ADD, a, b);
}

static struct ir_node *subtract(struct propagation *p, struct ir_node *a, struct ir_node *b)
{
    return ir_binary(&p->b, IR_SUB, a, b);
}

static struct ir_node *multiply(struct propagation *p, struct ir_node *a, struct ir_node *b)
{
    return ir_binary(&p->b, IR_MUL, a, b);
}

static bool is_one(const struct propagation *p, int32_t size)
{
    const struct ir_size *entry = &p->b.program->sizes[size];
    return entry->is_known && entry->value == 1;
}

static struct ir_node *divide(struct propagation *p, struct ir_node *a, int32_t size)
{
    return is_one(p, size) ? a : ir_binary(&p->b, IR_DIV, a, known(p, size));
}

/* ---- places ---- */

struct window_place window_place_of(struct propagation *p, const struct ir_window_side *side,
                                    struct ir_node *index)
{
    struct window_place place;
    for (int i = 2; i >= 0; i--) {
        enum ir_window_axis axis = side->order[i];
        struct ir_node *at = divide(p, index, side->strides[axis]);
        if (is_one(p, side->sizes[axis]))
            at = integer(p, 0);
        else if (i > 0)
            at = ir_binary(&p->b, IR_MOD, at, known(p, side->sizes[axis]));
        place.at[axis] = at;
    }
    return place;
}

struct ir_node *window_index_of(struct propagation *p, const struct ir_window_side *side,
                                const struct window_place *place)
{
    struct ir_node *index = integer(p, 0);
    for (int i = 0; i < 3; i++) {
        enum ir_window_axis axis = side->order[i];
        index = add(p, index, multiply(p, place->at[axis], known(p, side->strides[axis])));
    }
    return index;
}

static const char *axis_name(enum ir_window_axis axis)
{
    return axis == IR_WINDOW_Y ? "y" : "x";
}

/* Where the window of a place of the `to` side begins, along an axis of the `from` side. */
static struct ir_node *window_begin(struct propagation *p, struct ir_node *to)
{
    const struct ir_window *window = p->connection->window;
    struct ir_node *begin = multiply(p, to, known(p, window->stride));
    return window->padding >= 0 ? subtract(p, begin, known(p, window->padding)) : begin;
}

/* Places t with 0 <= from + padding - t * stride < kernel. */
static struct ir_node *open_targets_along(struct propagation *p, enum ir_window_axis axis,
                                          struct ir_node *from)
{
    const struct ir_window *window = p->connection->window;
    struct ir_node *at = from;
    if (window->padding >= 0)
        at = add(p, at, known(p, window->padding));
    struct ir_node *first =
        add(p, subtract(p, at, known(p, window->kernel)), known(p, window->stride));
    struct ir_node *low = ir_binary(&p->b, IR_MAX, divide(p, first, window->stride), integer(p, 0));
    struct ir_node *end = add(p, divide(p, at, window->stride), integer(p, 1));
    struct ir_node *high = ir_binary(&p->b, IR_MIN, end, known(p, window->to.sizes[axis]));
    return propagation_open_loop(p, axis_name(axis), low, high, false); /* short: no lanes */
}

void window_open_targets(struct propagation *p, const struct window_place *from,
                         struct window_place *to)
{
    for (int i = 0; i < 3; i++) {
        enum ir_window_axis axis = p->connection->window->to.order[i];
        if (axis != IR_WINDOW_CHANNEL)
            to->at[axis] = open_targets_along(p, axis, from->at[axis]);
    }
}

static void open_sources_along(struct propagation *p, enum ir_window_axis axis, struct ir_node *to,
                               struct window_place *from, struct window_place *in_window)
{
    const struct ir_window *window = p->connection->window;
    struct ir_node *begin = window_begin(p, to);
    struct ir_node *low = integer(p, 0), *high = known(p, window->kernel);
    if (window->padding >= 0) {
        struct ir_node *room = subtract(p, known(p, window->from.sizes[axis]), begin);
        low = ir_binary(&p->b, IR_MAX, low, subtract(p, low, begin));
        high = ir_binary(&p->b, IR_MIN, high, room);
    }
    in_window->at[axis] = propagation_open_loop(p, axis_name(axis), low, high, false);
    from->at[axis] = add(p, begin, in_window->at[axis]);
}

static void open_channels(struct propagation *p, struct ir_node *group, struct window_place *from,
                          struct window_place *in_window)
{
    const struct ir_window *window = p->connection->window;
    int32_t channels =
        window->groups >= 0 ? window->group_channels : window->from.sizes[IR_WINDOW_CHANNEL];
    struct ir_node *channel = integer(p, 0);
    if (!is_one(p, channels))
        channel = propagation_open_loop(p, "channels", channel, known(p, channels), false);
    in_window->at[IR_WINDOW_CHANNEL] = channel;
    from->at[IR_WINDOW_CHANNEL] = add(p, multiply(p, group, known(p, channels)), channel);
}

void window_open_sources(struct propagation *p, const struct window_place *to,
                         struct ir_node *group, struct window_place *from,
                         struct window_place *in_window)
{
    for (int i = 0; i < 3; i++) {
        enum ir_window_axis axis = p->connection->window->from.order[i];
        if (axis != IR_WINDOW_CHANNEL)
            open_sources_along(p, axis, to->at[axis], from, in_window);
        else if (group != NULL)
            open_channels(p, group, from, in_window);
    }
}

/* ---- weights ---- */

/* The first weight of a place in the window: that of filter 0, or of target 0. */
static struct ir_node *weight_row(struct propagation *p, const struct window_place *in_window)
{
    const struct ir_window *window = p->connection->window;
    int32_t channels =
        window->groups >= 0 ? window->group_channels : window->from.sizes[IR_WINDOW_CHANNEL];
    int32_t columns = p->connection->topology == IR_LOCAL ? p->connection->target_size
                                                          : window->to.sizes[IR_WINDOW_CHANNEL];
    struct ir_node *row = multiply(p, in_window->at[IR_WINDOW_Y], known(p, window->kernel));
    row = multiply(p, add(p, row, in_window->at[IR_WINDOW_X]), known(p, channels));
    return multiply(p, add(p, row, in_window->at[IR_WINDOW_CHANNEL]), known(p, columns));
}

/* The synapse from a place in the window to a filter at a place of the `to` side. */
static struct ir_node *synapse(struct propagation *p, struct ir_node *row,
                               const struct window_place *to, struct ir_node *target)
{
    return add(p, row, p->connection->topology == IR_LOCAL ? target : to->at[IR_WINDOW_CHANNEL]);
}

/* The filters of a group, all of them where there are no groups. */
static void open_filters(struct propagation *p, struct ir_node *group, struct window_place *to,
                         bool is_independent)
{
    const struct ir_window *window = p->connection->window;
    int32_t filters =
        window->groups >= 0 ? window->group_filters : window->to.sizes[IR_WINDOW_CHANNEL];
    struct ir_node *low = multiply(p, group, known(p, filters));
    to->at[IR_WINDOW_CHANNEL] =
        propagation_open_loop(p, "filters", low, add(p, low, known(p, filters)), is_independent);
}

/* ---- forward ---- */

/* The filters at a place are next to each other in memory, too. */
static bool has_filters_last(const struct propagation *p)
{
    return p->connection->window->to.order[2] == IR_WINDOW_CHANNEL;
}

void propagate_window_spikes(struct propagation *p)
{
    const struct ir_window *window = p->connection->window;
    struct arrivals a = propagation_arrivals(p);
    struct ir_builder outer = p->b;
    struct ir_node *source = propagation_open_events(p, &a, false, "spikes");
    struct window_place from = window_place_of(p, &window->from, source), to, in_window = from;
    struct ir_node *group = integer(p, 0);
    if (window->groups >= 0) {
        group = divide(p, from.at[IR_WINDOW_CHANNEL], window->group_channels);
        in_window.at[IR_WINDOW_CHANNEL] = subtract(
            p, from.at[IR_WINDOW_CHANNEL], multiply(p, group, known(p, window->group_channels)));
    }
    window_open_targets(p, &from, &to);
    for (int axis = IR_WINDOW_Y; axis <= IR_WINDOW_X; axis++)
        in_window.at[axis] = subtract(p, from.at[axis], window_begin(p, to.at[axis]));
    struct ir_node *row = weight_row(p, &in_window);
    open_filters(p, group, &to, has_filters_last(p)); /* lanes that scatter cost more than none */
    struct ir_node *target = window_index_of(p, &window->to, &to);
    propagation_add(p, target, propagation_weight(p, synapse(p, row, &to, target)));
    p->b = outer;
    remark(p->c, p->connection->span, "propagation",
           has_filters_last(p)
               ? "'%s': each spike visits the windows around it; filters run in lanes"
               : "'%s': each spike visits the windows around it; filters could run "
                 "in lanes if 'channel' were the last axis of the target",
           p->connection->name);
}

void propagate_window_values(struct propagation *p)
{
    const struct ir_window *window = p->connection->window;
    struct ir_builder outer = p->b;
    struct window_place to, from, in_window;
    struct ir_node *group = integer(p, 0);
    for (int i = 0; i < 3; i++) {
        enum ir_window_axis axis = window->to.order[i];
        if (axis != IR_WINDOW_CHANNEL)
            to.at[axis] = propagation_open_loop(p, axis_name(axis), integer(p, 0),
                                                known(p, window->to.sizes[axis]), true);
    }
    if (window->groups >= 0)
        group = propagation_open_loop(p, "groups", group, known(p, window->groups), true);
    open_filters(p, group, &to, true);
    struct ir_node *target = window_index_of(p, &window->to, &to);
    struct ir_node *total = ir_var(&p->b, "total", ir_load(&p->b, p->connection->target, target));
    struct ir_builder body = p->b;
    window_open_sources(p, &to, group, &from, &in_window);
    struct ir_node *row = weight_row(p, &in_window);
    struct ir_node *weight = propagation_weight(p, synapse(p, row, &to, target));
    struct ir_node *value =
        ir_load(&p->b, p->connection->values, window_index_of(p, &window->from, &from));
    value = ir_cast(&p->b, propagation_target_type(p), value);
    ir_set(&p->b, total, add(p, ir_get(&p->b, total), multiply(p, weight, value)));
    p->b = body;
    ir_store(&p->b, p->connection->target, target, ir_get(&p->b, total));
    p->b = outer;
    remark(p->c, p->connection->span, "propagation",
           "'%s': the numbers of all windows are added up in each step; filters run in lanes",
           p->connection->name);
}
