/* SPDX-License-Identifier: MIT
 *
 * Where the neurons of windows are, and loops over them.
 */
#include "ir/window.h"

static struct ir_node *integer(struct window_walk *w, int64_t value)
{
    return ir_integer(w->b, value);
}

static struct ir_node *known(struct window_walk *w, int32_t size)
{
    return ir_known_size(w->b, size);
}

static struct ir_node *add(struct window_walk *w, struct ir_node *a, struct ir_node *b)
{
    return ir_binary(w->b, IR_ADD, a, b);
}

static struct ir_node *subtract(struct window_walk *w, struct ir_node *a, struct ir_node *b)
{
    return ir_binary(w->b, IR_SUB, a, b);
}

static struct ir_node *multiply(struct window_walk *w, struct ir_node *a, struct ir_node *b)
{
    return ir_binary(w->b, IR_MUL, a, b);
}

static bool is_one(const struct window_walk *w, int32_t size)
{
    const struct ir_size *entry = &w->b->program->sizes[size];
    return entry->is_known && entry->value == 1;
}

static struct ir_node *divide(struct window_walk *w, struct ir_node *a, int32_t size)
{
    return is_one(w, size) ? a : ir_binary(w->b, IR_DIV, a, known(w, size));
}

struct window_walk window_walk(struct ir_builder *b, const struct ir_window *window,
                               const char *name)
{
    return (struct window_walk){ .b = b, .window = window, .name = name };
}

static struct ir_node *open_node(struct window_walk *w, const char *what, struct ir_node *low,
                                 struct ir_node *high, bool is_independent)
{
    const char *name = arena_format(&w->b->compilation->arena, "%s.%s", w->name, what);
    struct ir_node *loop = ir_loop(w->b, name, low, high, is_independent);
    w->b->before = NULL;
    w->b->block = &loop->loop.body;
    return loop;
}

static struct ir_node *open_loop(struct window_walk *w, const char *what, struct ir_node *low,
                                 struct ir_node *high, bool is_independent)
{
    return open_node(w, what, low, high, is_independent)->loop.index;
}

static const char *axis_name(enum ir_window_axis axis)
{
    return axis == IR_WINDOW_Y ? "y" : "x";
}

bool window_has_filters_last(const struct ir_window *window)
{
    return window->to.order[2] == IR_WINDOW_CHANNEL;
}

/* ---- neurons ---- */

static struct window_place place_of(struct window_walk *w, const struct ir_window_side *side,
                                    struct ir_node *index)
{
    struct window_place place;
    for (int i = 2; i >= 0; i--) {
        enum ir_window_axis axis = side->order[i];
        struct ir_node *at = divide(w, index, side->strides[axis]);
        if (is_one(w, side->sizes[axis]))
            at = integer(w, 0);
        else if (i > 0)
            at = ir_binary(w->b, IR_MOD, at, known(w, side->sizes[axis]));
        place.at[axis] = at;
    }
    return place;
}

static struct ir_node *index_of(struct window_walk *w, const struct ir_window_side *side,
                                const struct window_place *place)
{
    struct ir_node *index = integer(w, 0);
    for (int i = 0; i < 3; i++) {
        enum ir_window_axis axis = side->order[i];
        index = add(w, index, multiply(w, place->at[axis], known(w, side->strides[axis])));
    }
    return index;
}

struct ir_node *window_source(struct window_walk *w)
{
    return index_of(w, &w->window->from, &w->from);
}

struct ir_node *window_target(struct window_walk *w)
{
    return index_of(w, &w->window->to, &w->to);
}

/* Where the window of a place of the `to` side begins, along an axis of the `from` side. */
static struct ir_node *begin_of(struct window_walk *w, struct ir_node *to)
{
    struct ir_node *begin = multiply(w, to, known(w, w->window->stride));
    return w->window->padding >= 0 ? subtract(w, begin, known(w, w->window->padding)) : begin;
}

/* ---- from a source ---- */

void window_start_at(struct window_walk *w, struct ir_node *source)
{
    const struct ir_window *window = w->window;
    w->from = place_of(w, &window->from, source);
    struct ir_node *channel = w->from.at[IR_WINDOW_CHANNEL];
    w->to.at[IR_WINDOW_CHANNEL] = w->in_window.at[IR_WINDOW_CHANNEL] = channel;
    w->group = integer(w, 0);
    if (window->groups < 0)
        return;
    w->group = divide(w, channel, window->group_channels);
    w->in_window.at[IR_WINDOW_CHANNEL] =
        subtract(w, channel, multiply(w, w->group, known(w, window->group_channels)));
}

/* Places t with 0 <= from + padding - t * stride < kernel: few, no lanes. */
static void open_targets_along(struct window_walk *w, enum ir_window_axis axis)
{
    const struct ir_window *window = w->window;
    struct ir_node *at = w->from.at[axis];
    if (window->padding >= 0)
        at = add(w, at, known(w, window->padding));
    struct ir_node *first =
        add(w, subtract(w, at, known(w, window->kernel)), known(w, window->stride));
    struct ir_node *low = ir_binary(w->b, IR_MAX, divide(w, first, window->stride), integer(w, 0));
    struct ir_node *end = add(w, divide(w, at, window->stride), integer(w, 1));
    struct ir_node *high = ir_binary(w->b, IR_MIN, end, known(w, window->to.sizes[axis]));
    w->to.at[axis] = open_loop(w, axis_name(axis), low, high, false);
}

void window_open_targets(struct window_walk *w)
{
    for (int i = 0; i < 3; i++)
        if (w->window->to.order[i] != IR_WINDOW_CHANNEL)
            open_targets_along(w, w->window->to.order[i]);
    for (int axis = IR_WINDOW_Y; axis <= IR_WINDOW_X; axis++)
        w->in_window.at[axis] = subtract(w, w->from.at[axis], begin_of(w, w->to.at[axis]));
}

/* ---- from the targets ---- */

void window_start_at_target(struct window_walk *w, struct ir_node *target)
{
    w->to = place_of(w, &w->window->to, target);
    w->group = integer(w, 0);
    if (w->window->groups >= 0)
        w->group = divide(w, w->to.at[IR_WINDOW_CHANNEL], w->window->group_filters);
}

void window_open_places(struct window_walk *w, bool are_independent)
{
    const struct ir_window *window = w->window;
    for (int i = 0; i < 3; i++) {
        enum ir_window_axis axis = window->to.order[i];
        if (axis != IR_WINDOW_CHANNEL)
            w->to.at[axis] = open_loop(w, axis_name(axis), integer(w, 0),
                                       known(w, window->to.sizes[axis]), are_independent);
    }
    w->group = integer(w, 0);
    if (window->groups >= 0)
        w->group = open_loop(w, "groups", w->group, known(w, window->groups), are_independent);
}

void window_filters(struct window_walk *w, struct ir_node **low, struct ir_node **high)
{
    const struct ir_window *window = w->window;
    int32_t filters =
        window->groups >= 0 ? window->group_filters : window->to.sizes[IR_WINDOW_CHANNEL];
    *low = multiply(w, w->group, known(w, filters));
    *high = add(w, *low, known(w, filters));
}

struct ir_node *window_open_filters(struct window_walk *w, bool is_independent)
{
    struct ir_node *low, *high;
    window_filters(w, &low, &high);
    struct ir_node *loop = open_node(w, "filters", low, high, is_independent);
    w->to.at[IR_WINDOW_CHANNEL] = loop->loop.index;
    return loop;
}

/* The part of a window that lies within the sources, along an axis. */
static void bounds_along(struct window_walk *w, enum ir_window_axis axis, struct ir_node *begin,
                         struct ir_node **low, struct ir_node **high)
{
    const struct ir_window *window = w->window;
    *low = integer(w, 0);
    *high = known(w, window->kernel);
    if (window->padding < 0)
        return;
    struct ir_node *room = subtract(w, known(w, window->from.sizes[axis]), begin);
    *low = ir_binary(w->b, IR_MAX, *low, subtract(w, *low, begin));
    *high = ir_binary(w->b, IR_MIN, *high, room);
}

static void open_sources_along(struct window_walk *w, enum ir_window_axis axis)
{
    struct ir_node *begin = begin_of(w, w->to.at[axis]), *low, *high;
    bounds_along(w, axis, begin, &low, &high);
    w->in_window.at[axis] = open_loop(w, axis_name(axis), low, high, false);
    w->from.at[axis] = add(w, begin, w->in_window.at[axis]);
}

static int32_t channels_of(const struct ir_window *window)
{
    return window->groups >= 0 ? window->group_channels : window->from.sizes[IR_WINDOW_CHANNEL];
}

static void open_channels(struct window_walk *w)
{
    int32_t channels = channels_of(w->window);
    struct ir_node *channel = integer(w, 0);
    if (!is_one(w, channels))
        channel = open_loop(w, "channels", channel, known(w, channels), false);
    w->in_window.at[IR_WINDOW_CHANNEL] = channel;
    w->from.at[IR_WINDOW_CHANNEL] = add(w, multiply(w, w->group, known(w, channels)), channel);
}

void window_open_sources(struct window_walk *w, bool channels)
{
    if (!channels)
        w->from.at[IR_WINDOW_CHANNEL] = w->to.at[IR_WINDOW_CHANNEL];
    for (int i = 0; i < 3; i++) {
        enum ir_window_axis axis = w->window->from.order[i];
        if (axis != IR_WINDOW_CHANNEL)
            open_sources_along(w, axis);
        else if (channels)
            open_channels(w);
    }
}

bool window_has_lines(const struct ir_window *window)
{
    const enum ir_window_axis *order = window->from.order;
    return order[0] == IR_WINDOW_Y && order[1] == IR_WINDOW_X && order[2] == IR_WINDOW_CHANNEL &&
           window->groups < 0;
}

void window_open_lines(struct window_walk *w, struct ir_node **source, struct ir_node **place)
{
    const struct ir_window_side *from = &w->window->from;
    struct ir_node *channels = known(w, channels_of(w->window)), *low, *high;
    open_sources_along(w, IR_WINDOW_Y);
    struct ir_node *begin = begin_of(w, w->to.at[IR_WINDOW_X]);
    bounds_along(w, IR_WINDOW_X, begin, &low, &high);
    struct ir_node *i =
        open_loop(w, "line", multiply(w, low, channels), multiply(w, high, channels), true);
    struct ir_node *line =
        multiply(w, w->from.at[IR_WINDOW_Y], known(w, from->strides[IR_WINDOW_Y]));
    line = add(w, line, multiply(w, begin, channels));
    *source = add(w, line, i);
    struct ir_node *kernel = known(w, w->window->kernel);
    line = multiply(w, multiply(w, w->in_window.at[IR_WINDOW_Y], kernel), channels);
    *place = add(w, line, i);
}

/* ---- weights ---- */

struct ir_node *window_in_window(struct window_walk *w)
{
    struct ir_node *place = multiply(w, w->in_window.at[IR_WINDOW_Y], known(w, w->window->kernel));
    place = add(w, place, w->in_window.at[IR_WINDOW_X]);
    return add(w, multiply(w, place, known(w, channels_of(w->window))),
               w->in_window.at[IR_WINDOW_CHANNEL]);
}

struct ir_node *window_row(struct window_walk *w)
{
    return multiply(w, window_in_window(w), known(w, w->window->columns));
}

struct ir_node *window_synapse(struct window_walk *w, struct ir_node *row)
{
    return add(w, row, w->window->is_shared ? w->to.at[IR_WINDOW_CHANNEL] : window_target(w));
}

/* ---- one synapse ---- */

struct ir_node *window_contains(struct ir_builder *b, const struct ir_window *window,
                                struct ir_node *source, struct ir_node *target)
{
    struct window_walk w = window_walk(b, window, "");
    struct ir_node *is_inside = ir_bool(b, true);
    w.from = place_of(&w, &window->from, source);
    w.to = place_of(&w, &window->to, target);
    for (int axis = IR_WINDOW_Y; axis <= IR_WINDOW_X; axis++) {
        struct ir_node *at = subtract(&w, w.from.at[axis], begin_of(&w, w.to.at[axis]));
        struct ir_node *fits = ir_binary(b, IR_AND, ir_binary(b, IR_GE, at, integer(&w, 0)),
                                         ir_binary(b, IR_LT, at, known(&w, window->kernel)));
        is_inside = ir_binary(b, IR_AND, is_inside, fits);
    }
    return is_inside;
}

struct ir_node *window_source_at(struct ir_builder *b, const struct ir_window *window,
                                 struct ir_node *place, struct ir_node *target)
{
    struct window_walk w = window_walk(b, window, "");
    struct ir_node *channels = known(&w, window->from.sizes[IR_WINDOW_CHANNEL]);
    struct ir_node *kernel = known(&w, window->kernel);
    struct ir_node *row = ir_binary(b, IR_DIV, place, channels);
    w.to = place_of(&w, &window->to, target);
    w.from.at[IR_WINDOW_CHANNEL] = ir_binary(b, IR_MOD, place, channels);
    w.from.at[IR_WINDOW_X] =
        add(&w, begin_of(&w, w.to.at[IR_WINDOW_X]), ir_binary(b, IR_MOD, row, kernel));
    w.from.at[IR_WINDOW_Y] =
        add(&w, begin_of(&w, w.to.at[IR_WINDOW_Y]), ir_binary(b, IR_DIV, row, kernel));
    return window_source(&w);
}

/* ---- pools ---- */

struct ir_node *window_pooled(struct ir_builder *b, const struct ir_connection *c,
                              struct ir_node *value)
{
    enum ir_type type = value->type;
    if (c->topology == IR_AVG_POOL) {
        struct ir_node *kernel = ir_known_size(b, c->window->kernel);
        struct ir_node *places = ir_binary(b, IR_MUL, kernel, kernel);
        value = ir_binary(b, IR_DIV, value, ir_cast(b, type, places));
    }
    if (c->constant_weight < 0)
        return value;
    return ir_binary(b, IR_MUL, ir_leaf(b, IR_CONSTANT, type, c->constant_weight), value);
}

struct ir_node *window_pooled_spikes(struct ir_builder *b, const struct ir_connection *c,
                                     struct ir_node *count)
{
    if (c->topology == IR_MAX_POOL)
        count = ir_binary(b, IR_MIN, count, ir_real(b, count->type, 1));
    return window_pooled(b, c, count);
}
