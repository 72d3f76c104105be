/* SPDX-License-Identifier: MIT
 *
 * Where the windows of conv, local and the pools lie: sizes that setup computes from the axes of
 * both sides, in the order in which each side has them in memory.
 */
#include "ir/lower_internal.h"

static int64_t known_value(const struct lowering *l, int32_t size)
{
    return l->program->sizes[size].is_known ? l->program->sizes[size].value : -1;
}

static int32_t product(struct lowering *l, int32_t a, int32_t b, const char *name)
{
    int64_t x = known_value(l, a), y = known_value(l, b);
    if (x == 1 || y == 1)
        return x == 1 ? b : a;
    if (x >= 0 && y >= 0)
        return lower_size_value(l, x * y);
    return lower_size_product(l, (int32_t[]){ a, b }, 2, name);
}

/* ---- sides ---- */

static enum ir_window_axis axis_at(const struct window_places *places, int place)
{
    return place == places->y ? IR_WINDOW_Y : place == places->x ? IR_WINDOW_X : IR_WINDOW_CHANNEL;
}

static struct ir_window_side side_of(struct lowering *l, const struct topology_stage *stage,
                                     const struct axis_list *axes,
                                     const struct window_places *places, const char *name)
{
    struct ir_window_side side;
    int rank = (int)axes->count, next = 0;
    int32_t stride = lower_size_value(l, 1);
    side.sizes[IR_WINDOW_CHANNEL] = side.strides[IR_WINDOW_CHANNEL] = stride;
    if (rank == 2)
        side.order[next++] = IR_WINDOW_CHANNEL;
    for (int i = 0; i < rank; i++)
        side.order[next++] = axis_at(places, i);
    for (int i = rank - 1; i >= 0; i--) {
        enum ir_window_axis axis = axis_at(places, i);
        const char *what =
            arena_format(&l->c->arena, "the size of axis %s of '%s'",
                         axes->items[i].name != NULL ? axes->items[i].name->text : "_", name);
        side.sizes[axis] = lower_size(l, axes->items[i].size, stage->expr->span, what);
        side.strides[axis] = stride;
        stride =
            product(l, stride, side.sizes[axis], arena_format(&l->c->arena, "%s.stride", name));
    }
    return side;
}

/* ---- what params can make wrong ---- */

/* Opens what the program does where the condition holds, in setup. */
static struct ir_node *open_complaint(struct lowering *l, struct span span,
                                      struct ir_node *condition)
{
    struct ir_node *check = ir_if(&l->b, condition);
    l->b.block = &check->branch.then_body;
    return ir_text(&l->b, lower_place(l, span));
}

static void complain(struct lowering *l, struct span span, struct ir_node *condition,
                     const char *message)
{
    struct ir_builder outer = l->b;
    struct ir_node *place = open_complaint(l, span, condition);
    ir_call_rt(&l->b, IR_RT_snn_rt_panic, 2,
               (struct ir_node *[]){ place, ir_text(&l->b, message) });
    l->b = outer;
}

/* What leaves the last stage is the target. */
void lower_check_window_fits(struct lowering *l, const struct lowered_connection *c,
                             const struct topology_stage *stage)
{
    struct span span = stage->expr->span;
    struct ir_builder saved = lower_enter(l, &l->setup);
    for (int32_t d = 0; d < c->target->rank && d < (int32_t)stage->axes.count; d++) {
        int32_t made = lower_size(l, stage->axes.items[d].size, span, "an axis");
        if (made == c->target->axis_sizes[d])
            continue;
        struct ir_node *a = lower_size_leaf(l, made),
                       *b = lower_size_leaf(l, c->target->axis_sizes[d]);
        const struct name *axis = stage->axes.items[d].name;
        const char *made_name =
            arena_format(&l->c->arena, "%s along %s", c->name, axis != NULL ? axis->text : "_");
        struct ir_builder outer = l->b;
        struct ir_node *place = open_complaint(l, span, ir_binary(&l->b, IR_NE, a, b));
        ir_call_rt(&l->b, IR_RT_snn_rt_panic_extent, 5,
                   (struct ir_node *[]){ place, ir_text(&l->b, made_name), a,
                                         ir_text(&l->b, c->target->name), b });
        l->b = outer;
    }
    lower_leave(l, &l->setup, saved);
}

/* ---- windows ---- */

/* A whole number from 0 on; -1 for a 0 that is known. */
static int32_t padding_size(struct lowering *l, const struct topology_stage *stage)
{
    struct size padding = stage->padding;
    if (padding.kind == SIZE_CONSTANT)
        return padding.value > 0 ? lower_size_value(l, padding.value) : -1;
    const struct expr *e = padding.expr;
    int32_t entry = ir_add_size(l->c, l->program, "padding");
    struct ir_builder saved = lower_enter(l, &l->setup);
    bool was_in_setup = l->in_setup;
    l->in_setup = true;
    l->b.span = stage->expr->span;
    struct ir_node *value = lower_as(l, (struct expr *)e, IR_F64);
    struct ir_node *is_whole = ir_binary(&l->b, IR_EQ, value, ir_unary(&l->b, IR_FLOOR, value));
    struct ir_node *is_positive = ir_binary(&l->b, IR_GE, value, ir_real(&l->b, IR_F64, 0));
    struct ir_node *is_right = ir_binary(&l->b, IR_AND, is_whole, is_positive);
    complain(l, e->span, ir_unary(&l->b, IR_NOT, is_right),
             "the padding must be a whole number from 0 on");
    ir_size_set(&l->b, entry, ir_cast(&l->b, IR_I64, value));
    l->in_setup = was_in_setup;
    lower_leave(l, &l->setup, saved);
    return entry;
}

/* A side's channels, divided into the groups. */
static int32_t group_size(struct lowering *l, const struct topology_stage *stage, int32_t channels,
                          int32_t groups)
{
    int64_t parts = known_value(l, groups), all = known_value(l, channels);
    if (parts > 0 && all > 0)
        return lower_size_value(l, all / parts);
    int32_t entry = ir_add_size(l->c, l->program, "group");
    struct ir_builder saved = lower_enter(l, &l->setup);
    struct ir_node *a = lower_size_leaf(l, channels), *b = lower_size_leaf(l, groups);
    complain(l, stage->expr->span,
             ir_binary(&l->b, IR_NE, ir_binary(&l->b, IR_MOD, a, b), ir_integer(&l->b, 0)),
             "filters and channels cannot be divided into so many groups");
    ir_size_set(&l->b, entry, ir_binary(&l->b, IR_DIV, a, b));
    lower_leave(l, &l->setup, saved);
    return entry;
}

static void set_groups(struct lowering *l, const struct topology_stage *stage,
                       struct ir_window *window)
{
    window->groups = lower_size(l, stage->groups, stage->expr->span, "the number of groups");
    if (known_value(l, window->groups) == 1) {
        window->groups = window->group_channels = window->group_filters = -1;
        return;
    }
    window->group_channels =
        group_size(l, stage, window->from.sizes[IR_WINDOW_CHANNEL], window->groups);
    window->group_filters =
        group_size(l, stage, window->to.sizes[IR_WINDOW_CHANNEL], window->groups);
}

const struct ir_window *lower_window(struct lowering *l, const struct lowered_connection *c,
                                     const struct topology_stage *stage)
{
    struct ir_window *window = arena_new(&l->c->arena, struct ir_window);
    const char *name = stage->builtin->name;
    struct span span = stage->expr->span;
    window->kernel =
        lower_size(l, stage->kernel, span, arena_format(&l->c->arena, "the kernel of '%s'", name));
    window->stride =
        lower_size(l, stage->stride, span, arena_format(&l->c->arena, "the stride of '%s'", name));
    window->padding = padding_size(l, stage);
    window->from = side_of(l, stage, &stage->from, &stage->in, c->name);
    window->to = side_of(l, stage, &stage->axes, &stage->out, c->name);
    set_groups(l, stage, window);
    window->is_shared = stage->builtin->id != BUILTIN_LOCAL;
    window->columns = window->to.sizes[IR_WINDOW_CHANNEL];
    for (int axis = IR_WINDOW_Y; axis <= IR_WINDOW_X && !window->is_shared; axis++)
        window->columns = product(l, window->columns, window->to.sizes[axis],
                                  arena_format(&l->c->arena, "%s.columns", c->name));
    return window;
}
