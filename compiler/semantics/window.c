/* SPDX-License-Identifier: MIT
 *
 * Stages of a topology that look at windows of what enters them: conv, local and the pools. Which
 * axes they move along, what they make of them, and the axes of their weights. Axes are known by
 * their names: those called y and x, otherwise the last two; what is left holds the channels.
 */
#include "semantics/check.h"

static bool is_pool(const struct topology_stage *stage)
{
    enum builtin_id id = stage->builtin->id;
    return id == BUILTIN_AVG_POOL || id == BUILTIN_MAX_POOL || id == BUILTIN_SUM_POOL;
}

bool stage_is_window(const struct topology_stage *stage)
{
    return is_pool(stage) || stage->builtin->id == BUILTIN_CONV ||
           stage->builtin->id == BUILTIN_LOCAL;
}

/* ---- places ---- */

static int place_of(const struct axis_list *axes, const struct name *name)
{
    for (size_t i = 0; i < axes->count; i++)
        if (axes->items[i].name == name && name != NULL)
            return (int)i;
    return -1;
}

static struct window_places places_named(const struct axis_list *axes, const struct name *y,
                                         const struct name *x)
{
    struct window_places places = { place_of(axes, y), place_of(axes, x), -1 };
    if (places.y < 0 || places.x < 0) {
        places.y = (int)axes->count - 2;
        places.x = (int)axes->count - 1;
    }
    for (int i = 0; i < (int)axes->count; i++)
        if (i != places.y && i != places.x)
            places.channel = i;
    return places;
}

static struct window_places places_in(struct checker *k, const struct axis_list *axes)
{
    return places_named(axes, names_intern_text(&k->c->names, "y"),
                        names_intern_text(&k->c->names, "x"));
}

static bool check_axes_of(struct checker *k, const struct topology_stage *stage)
{
    const char *name = stage->builtin->name;
    if (stage->from.count < 2)
        return diag_error(k->c, stage->expr->span,
                          "'%s' needs a source with the axes [y, x], not %s", name,
                          axes_text(k->arena, &stage->from));
    if (stage->from.count > 3) {
        diag_error(k->c, stage->expr->span,
                   "'%s' takes two axes for its windows and at most one more, not %s", name,
                   axes_text(k->arena, &stage->from));
        return false;
    }
    return true;
}

/* ---- sizes ---- */

static struct size argument_size(const struct topology_stage *stage, size_t position,
                                 struct size otherwise)
{
    const struct expr *e = stage->expr->target->arguments[position];
    if (e == NULL)
        return otherwise;
    return type_is_error(e->type) ? size_unknown() : size_of_expr(e);
}

static bool is_constant(struct size size, int64_t value)
{
    return size.kind == SIZE_CONSTANT && size.value == value;
}

/* floor((in + 2 padding - kernel) / stride) + 1 */
static struct size window_count(struct checker *k, const struct topology_stage *stage,
                                struct size in)
{
    struct size padding = stage->padding, stride = stage->stride;
    struct size around = size_apply(k, BINARY_MULTIPLY, size_constant(2), padding);
    struct size room =
        size_apply(k, BINARY_SUBTRACT, size_apply(k, BINARY_ADD, in, around), stage->kernel);
    if (stride.kind == SIZE_CONSTANT && stride.value < 1)
        return size_unknown();
    struct size steps =
        is_constant(stride, 1) ? room : size_floor(k, size_apply(k, BINARY_DIVIDE, room, stride));
    return size_apply(k, BINARY_ADD, steps, size_constant(1));
}

static bool check_at_least_one(struct checker *k, const struct topology_stage *stage,
                               struct size size, const char *what)
{
    if (size.kind != SIZE_CONSTANT || size.value >= 1)
        return true;
    return diag_error(k->c, stage->expr->span, "the %s of '%s' must be at least 1", what,
                      stage->builtin->name);
}

static bool read_arguments(struct checker *k, struct topology_stage *stage)
{
    struct size one = size_constant(1), zero = size_constant(0);
    bool is_conv = stage->builtin->id == BUILTIN_CONV;
    stage->kernel = argument_size(stage, is_pool(stage) ? 0 : 1, size_unknown());
    stage->stride =
        argument_size(stage, is_pool(stage) ? 1 : 2, is_pool(stage) ? stage->kernel : one);
    stage->padding = is_conv ? argument_size(stage, 3, zero) : zero;
    stage->groups = is_conv ? argument_size(stage, 4, one) : one;
    return check_at_least_one(k, stage, stage->kernel, is_pool(stage) ? "size" : "kernel") &&
           check_at_least_one(k, stage, stage->stride, "stride") &&
           check_at_least_one(k, stage, stage->groups, "number of groups");
}

static bool divides(struct size groups, struct size size)
{
    return groups.kind != SIZE_CONSTANT || size.kind != SIZE_CONSTANT ||
           size.value % groups.value == 0;
}

static bool check_groups(struct checker *k, const struct topology_stage *stage)
{
    struct window_places in = places_in(k, &stage->from);
    struct size filters = argument_size(stage, 0, size_unknown());
    struct size channels = in.channel >= 0 ? stage->from.items[in.channel].size : size_constant(1);
    bool fits_filters = divides(stage->groups, filters);
    if (fits_filters && divides(stage->groups, channels))
        return true;
    return diag_error(k->c, stage->expr->span, "%s %s cannot be divided into %s groups",
                      size_text(k->arena, fits_filters ? channels : filters),
                      fits_filters ? "channels" : "filters", size_text(k->arena, stage->groups));
}

/* ---- axes ---- */

static struct axis along(struct checker *k, const struct topology_stage *stage, int place,
                         bool *is_too_large)
{
    struct axis axis = stage->from.items[place];
    axis.size = window_count(k, stage, axis.size);
    if (axis.size.kind == SIZE_CONSTANT && axis.size.value < 1 && !*is_too_large) {
        *is_too_large = true;
        diag_error(k->c, stage->expr->span, "the window of '%s' is larger than the axis '%s'",
                   stage->builtin->name, axis.name != NULL ? axis.name->text : "_");
    }
    if (*is_too_large)
        axis.size = size_unknown();
    return axis;
}

struct axis_list window_axes(struct checker *k, struct topology_stage *stage)
{
    struct axis_list out = { 0 };
    if (!check_axes_of(k, stage) || !read_arguments(k, stage))
        return out;
    if (stage->builtin->id == BUILTIN_CONV && !check_groups(k, stage))
        return out;
    struct window_places in = places_in(k, &stage->from);
    bool is_too_large = false;
    if (!is_pool(stage)) {
        struct axis channel = { names_intern_text(&k->c->names, "channel"),
                                argument_size(stage, 0, size_unknown()) };
        array_push(k->arena, &out, channel);
        array_push(k->arena, &out, along(k, stage, in.y, &is_too_large));
        array_push(k->arena, &out, along(k, stage, in.x, &is_too_large));
        return out;
    }
    for (int i = 0; i < (int)stage->from.count; i++)
        array_push(k->arena, &out,
                   i == in.channel ? stage->from.items[i] : along(k, stage, i, &is_too_large));
    return out;
}

static void add_axis(struct checker *k, struct axis_list *axes, const char *name, struct size size)
{
    struct axis axis = { names_intern_text(&k->c->names, name), size };
    array_push(k->arena, axes, axis);
}

/* [y, x, channel] of the window, then the filter, or the neuron where each has its own. */
static void set_weight_axes(struct checker *k, struct topology_stage *stage)
{
    struct size channels =
        stage->in.channel >= 0 ? stage->from.items[stage->in.channel].size : size_constant(1);
    stage->weights = stage->bias = (struct axis_list){ 0 };
    if (!is_constant(stage->groups, 1))
        channels = size_floor(k, size_apply(k, BINARY_DIVIDE, channels, stage->groups));
    add_axis(k, &stage->weights, "y", stage->kernel);
    add_axis(k, &stage->weights, "x", stage->kernel);
    if (stage->in.channel >= 0)
        add_axis(k, &stage->weights, "channel", channels);
    if (stage->builtin->id == BUILTIN_CONV)
        add_axis(k, &stage->bias, "filter", stage->axes.items[stage->out.channel].size);
    else
        stage->bias = stage->axes;
    for (size_t i = 0; i < stage->bias.count; i++)
        array_push(k->arena, &stage->weights, stage->bias.items[i]);
}

void window_finish(struct checker *k, struct topology_stage *stage)
{
    stage->in = places_in(k, &stage->from);
    stage->out = places_named(&stage->axes, stage->from.items[stage->in.y].name,
                              stage->from.items[stage->in.x].name);
    if (!is_pool(stage))
        set_weight_axes(k, stage);
}
