/* SPDX-License-Identifier: MIT
 *
 * Events that are presented to a network with steps: an event counts in the step that contains its
 * time, so that an input is the number of its events in this step. All events of a presentation are
 * listed, in order of time, when it begins; a step takes those that are due.
 */
#include "ir/lower_internal.h"

#include <string.h>

/* A time that a float32 cannot tell from the beginning of a step belongs to that step. */
static const double rounding = 1 + 1.0 / (1 << 22);

/* Axes whose sizes the files tell: as many inputs in another shape would be taken for others. */
static void check_axes(struct lowering *l, const struct presented *input,
                       const struct lowered_layer *layer)
{
    const struct axis_list *data = &input->value->type->axes, *own = &layer->layer->axes;
    bool is_flat = strcmp(data->items[data->count - 1].name->text, "input") == 0;
    for (size_t i = 0; !is_flat && i < data->count; i++)
        for (size_t d = 0; d < own->count; d++) {
            if (own->items[d].name != data->items[i].name || lower_is_samples(&data->items[i]))
                continue;
            struct ir_node *extent = lower_picture_extent(l, input->value, i);
            struct ir_node *size = lower_size_leaf(l, layer->axis_sizes[d]);
            struct ir_node *check = ir_if(&l->b, ir_binary(&l->b, IR_NE, extent, size));
            struct ir_builder outer = l->b;
            l->b.block = &check->branch.then_body;
            ir_call_rt(&l->b, IR_RT_snn_rt_panic_extent, 5,
                       (struct ir_node *[]){
                           ir_text(&l->b, lower_place(l, input->span)),
                           ir_text(&l->b, arena_format(&l->c->arena, "%s of the events",
                                                       data->items[i].name->text)),
                           extent,
                           ir_text(&l->b, arena_format(&l->c->arena, "%s of layer %s",
                                                       data->items[i].name->text, layer->name)),
                           size });
            l->b = outer;
        }
}

void lower_list_events(struct lowering *l, struct presented_events *events,
                       const struct presented *input, struct ir_node *end)
{
    const char *name = events->layer->name;
    events->indices = lower_buffer(l, arena_format(&l->c->arena, "%s.events", name), SNN_INT32,
                                   SNN_BUFFER_LANE, -1);
    events->times = lower_buffer(l, arena_format(&l->c->arena, "%s.event_times", name), SNN_FLOAT32,
                                 SNN_BUFFER_LANE, -1);
    struct binding *sample = lower_view(l, input->value->field.object);
    check_axes(l, input, events->layer);
    struct ir_node *operands[] = { sample->node,
                                   sample->kind == BINDING_VIEW ? l->sample_index : sample->index,
                                   ir_integer(&l->b, events->indices),
                                   ir_integer(&l->b, events->times),
                                   lower_size_leaf(l, events->layer->size),
                                   end,
                                   ir_text(&l->b, lower_place(l, input->span)) };
    lower_data_call(l, IR_RT_snn_rt_data_bins, input->span, 2,
                    (struct ir_node *[]){
                        sample->node, lower_constant_leaf(l, events->layer->network->dt, IR_F64) });
    events->count = ir_call_rt(&l->b, IR_RT_snn_rt_data_events, 7, operands);
    events->first = ir_var(&l->b, "first", ir_integer(&l->b, 0));
    events->next = ir_var(&l->b, "next", ir_integer(&l->b, 0));
    lower_silence(l, events->data, events->layer->size);
}

/* The inputs that had events in the step before are 0 again. */
static void clear_events(struct lowering *l, const struct presented_events *events)
{
    struct ir_node *loop = ir_loop(&l->b, "events.clear", ir_get(&l->b, events->first),
                                   ir_get(&l->b, events->next), false);
    loop->loop.events = events->indices;
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    ir_store(&l->b, events->data, loop->loop.index, ir_real(&l->b, IR_F32, 0));
    l->b = outer;
}

static struct ir_node *step_of_event(struct lowering *l, const struct presented_events *events,
                                     struct ir_node *event)
{
    struct ir_node *time = ir_cast(&l->b, IR_F64, ir_load(&l->b, events->times, event));
    struct ir_node *steps =
        ir_binary(&l->b, IR_DIV, time, lower_constant_leaf(l, events->layer->network->dt, IR_F64));
    steps = ir_binary(&l->b, IR_MUL, steps, ir_real(&l->b, IR_F64, rounding));
    return ir_cast(&l->b, IR_I64, ir_unary(&l->b, IR_FLOOR, steps));
}

void lower_step_events(struct lowering *l, const struct presented_events *events,
                       struct ir_node *step)
{
    clear_events(l, events);
    ir_set(&l->b, events->first, ir_get(&l->b, events->next));
    struct ir_node *loop = ir_while(&l->b);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop_while.test;
    loop->loop_while.condition =
        ir_binary(&l->b, IR_LT, ir_get(&l->b, events->next), events->count);
    l->b.block = &loop->loop_while.body;
    struct ir_node *event = ir_get(&l->b, events->next);
    struct ir_node *is_later =
        ir_if(&l->b, ir_binary(&l->b, IR_GT, step_of_event(l, events, event), step));
    struct ir_builder body = l->b;
    l->b.block = &is_later->branch.then_body;
    ir_break(&l->b, loop);
    l->b = body;
    struct ir_node *input = ir_load(&l->b, events->indices, event);
    struct ir_node *sum =
        ir_binary(&l->b, IR_ADD, ir_load(&l->b, events->data, input), ir_real(&l->b, IR_F32, 1));
    ir_store(&l->b, events->data, input, sum);
    ir_set(&l->b, events->next, ir_binary(&l->b, IR_ADD, event, ir_integer(&l->b, 1)));
    l->b = outer;
}
