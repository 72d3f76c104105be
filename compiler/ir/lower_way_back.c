/* SPDX-License-Identifier: MIT
 *
 * What the ways back through connections work with: weights turned so that those of a target are
 * next to each other, lists of the targets whose adjoints are not 0, and which source of a window
 * was the largest.
 */
#include "ir/lower_internal.h"
#include "ir/window.h"

static const char *dotted(struct lowering *l, const char *name, const char *field)
{
    return arena_format(&l->c->arena, "%s.%s", name, field);
}

static int32_t scratch(struct lowering *l, const struct ir_connection *entry, const char *what,
                       enum snn_type type, int32_t size)
{
    int32_t buffer = lower_buffer(l, dotted(l, entry->name, what), type, SNN_BUFFER_LANE, size);
    l->program->buffers[buffer].is_state = true;
    return buffer;
}

static int32_t row_of(struct lowering *l, const struct ir_connection *entry)
{
    const struct ir_window *window = entry->window;
    if (window == NULL)
        return entry->source_size;
    int32_t channels =
        window->groups >= 0 ? window->group_channels : window->from.sizes[IR_WINDOW_CHANNEL];
    int32_t sizes[] = { window->kernel, window->kernel, channels };
    return lower_size_product(l, sizes, 3, dotted(l, entry->name, "window"));
}

void lower_lay_out(struct lowering *l, struct ir_window_side *side, const char *name)
{
    int32_t line[] = { side->sizes[IR_WINDOW_CHANNEL], side->sizes[IR_WINDOW_X] };
    side->strides[IR_WINDOW_CHANNEL] = lower_size_value(l, 1);
    side->strides[IR_WINDOW_X] = line[0];
    side->strides[IR_WINDOW_Y] = lower_size_product(l, line, 2, name);
    side->order[0] = IR_WINDOW_Y;
    side->order[1] = IR_WINDOW_X;
    side->order[2] = IR_WINDOW_CHANNEL;
}

/* Where the channels of a place are not next to each other, a field in which they are. */
static void add_field(struct lowering *l, const struct ir_connection *entry,
                      struct ir_way_back *back)
{
    if (window_has_lines(entry->window) || entry->window->groups >= 0)
        return;
    struct ir_window *window = arena_new(&l->c->arena, struct ir_window);
    *window = *back->window;
    lower_lay_out(l, &window->from, dotted(l, entry->name, "line"));
    back->window = window;
    back->field = scratch(l, entry, "field", SNN_FLOAT32, entry->source_size);
}

/* The lists get their sizes with the number of steps and of spikes (passes/propagate_steps.c). */
static void add_actives(struct lowering *l, const struct ir_connection *entry,
                        struct ir_way_back *back)
{
    back->active_starts = scratch(l, entry, "active_starts", SNN_INT64, -1);
    back->actives = scratch(l, entry, "actives", SNN_INT32, -1);
}

static void add_weights(struct lowering *l, const struct ir_connection *entry,
                        struct ir_way_back *back)
{
    const struct ir_window *window = entry->window;
    int32_t lines = window != NULL ? window->to.sizes[IR_WINDOW_CHANNEL] : entry->target_size;
    back->turned =
        lower_buffer(l, dotted(l, entry->name, "turned"), SNN_FLOAT32, SNN_BUFFER_LOCAL, -1);
    l->program->buffers[back->turned].is_state = true;
    back->row = row_of(l, entry);
    back->is_active = scratch(l, entry, "is_active", SNN_BOOL, lines);
    back->active = scratch(l, entry, "active", SNN_INT32, lines);
    back->active_count = scratch(l, entry, "active_count", SNN_INT64, lower_size_value(l, 1));
    if (window == NULL)
        return;
    back->window = entry->laid >= 0 ? entry->laid_window : window;
    add_field(l, entry, back);
    bool has_products =
        window->is_shared && window->groups < 0 && window_has_filters_last(back->window);
    back->patch = scratch(l, entry, "patch", SNN_FLOAT32, has_products ? -1 : back->row);
    if (has_products)
        add_actives(l, entry, back);
    else
        back->line = scratch(l, entry, "line", SNN_FLOAT32, lines);
}

static void add_lists(struct lowering *l, const struct ir_connection *entry,
                      struct ir_way_back *back)
{
    add_actives(l, entry, back);
    back->source_starts = scratch(l, entry, "source_starts", SNN_INT64, -1);
    back->source_steps = scratch(l, entry, "source_steps", SNN_INT32, -1);
    if (entry->near < 0)
        return;
    back->is_near = scratch(l, entry, "is_near", SNN_BOOL, entry->source_size);
    back->nearby = scratch(l, entry, "nearby", SNN_INT32, entry->source_size);
    back->nearby_count = scratch(l, entry, "nearby_count", SNN_INT64, lower_size_value(l, 1));
}

static bool has_turned_weights(const struct ir_connection *entry)
{
    return entry->weight >= 0 && (entry->topology == IR_DENSE || entry->topology == IR_CONV ||
                                  entry->topology == IR_LOCAL);
}

void lower_way_back(struct lowering *l, struct ir_connection *entry, bool has_steps)
{
    bool has_winners = entry->topology == IR_MAX_POOL && entry->values >= 0;
    if (!has_winners && !has_turned_weights(entry))
        return;
    struct ir_way_back *back = arena_new(&l->c->arena, struct ir_way_back);
    *back = (struct ir_way_back){ .turned = -1,
                                  .row = -1,
                                  .is_active = -1,
                                  .active = -1,
                                  .active_count = -1,
                                  .line = -1,
                                  .patch = -1,
                                  .field = -1,
                                  .is_near = -1,
                                  .nearby = -1,
                                  .nearby_count = -1,
                                  .active_starts = -1,
                                  .actives = -1,
                                  .source_starts = -1,
                                  .source_steps = -1,
                                  .winners = -1 };
    if (has_winners) {
        back->winners =
            scratch(l, entry, "winners", SNN_INT32, has_steps ? -1 : entry->target_size);
        l->program->buffers[back->winners].is_record = has_steps;
    } else {
        add_weights(l, entry, back);
        if (entry->step_starts >= 0)
            add_lists(l, entry, back);
    }
    entry->back = back;
}

/* turned[j, i] = weight[i, j] */
static void turn(struct lowering *l, const struct ir_connection *entry)
{
    const struct ir_window *window = entry->window;
    bool is_shared = window != NULL && window->is_shared;
    int32_t lines = is_shared ? window->to.sizes[IR_WINDOW_CHANNEL] : entry->target_size;
    int32_t stride = window != NULL ? window->columns : entry->row_size;
    struct ir_node *rows = lower_size_leaf(l, entry->back->row);
    ir_call_rt(
        &l->b, IR_RT_snn_rt_reserve, 2,
        (struct ir_node *[]){ ir_integer(&l->b, entry->back->turned),
                              lower_size_leaf(l, l->program->buffers[entry->weight].count) });
    struct ir_builder outer = l->b;
    struct ir_node *i = lower_open_range(l, dotted(l, entry->name, "turn"), rows, true);
    struct ir_node *j =
        lower_open_range(l, dotted(l, entry->name, "turn"), lower_size_leaf(l, lines), true);
    struct ir_node *from =
        ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, i, lower_size_leaf(l, stride)), j);
    struct ir_node *to = ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, j, rows), i);
    ir_store(&l->b, entry->back->turned, to, ir_load(&l->b, entry->weight, from));
    l->b = outer;
}

static void turn_stage(struct lowering *l, int32_t stepwise)
{
    const struct ir_connection *entry = &l->program->connections[stepwise];
    if (entry->back != NULL && entry->back->turned >= 0)
        turn(l, entry);
}

void lower_turn_weights(struct lowering *l, const struct lowered_network *network)
{
    for (size_t i = 0; i < network->network->connections.count; i++) {
        const struct lowered_connection *c = &network->connections[i];
        if (c->stage_count == 0)
            turn_stage(l, c->stepwise);
        for (size_t k = 0; k < c->stage_count; k++)
            turn_stage(l, c->stages[k].stepwise);
    }
}
