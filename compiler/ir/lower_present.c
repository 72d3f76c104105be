/* SPDX-License-Identifier: MIT
 *
 * Presentations: data into the inputs, reset, the loop over steps with the task's own block in it,
 * recordings. Where nothing can learn, the variant of the step without rules runs.
 */
#include "ir/lower_internal.h"

#include <string.h>

const struct symbol *lower_presented_input(const struct expr *target)
{
    if (target->symbol != NULL && target->symbol->kind == SYMBOL_INPUT)
        return target->symbol;
    if (target->type->kind != TYPE_LAYER || target->type->layer == NULL ||
        target->type->layer->model->inputs.count == 0)
        return NULL;
    return target->type->layer->model->inputs.items[0];
}

/* ---- data into inputs ---- */

static const struct lowered_layer *input_layer(struct lowering *l, const struct expr *target)
{
    const struct expr *layer = target->type->kind == TYPE_LAYER ? target : target->field.object;
    return lowered_layer_of(l, layer->type->layer);
}

void lower_silence(struct lowering *l, int32_t buffer, int32_t size)
{
    struct ir_node *loop =
        ir_loop(&l->b, "silence", ir_integer(&l->b, 0), lower_size_leaf(l, size), true);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    ir_store(&l->b, buffer, loop->loop.index, ir_real(&l->b, IR_F32, 0));
    l->b = outer;
}

/* All inputs of the network that data is presented to somewhere, but those in `but`. */
void lower_silence_inputs(struct lowering *l, struct lowered_network *network,
                          const struct presented_list *but)
{
    for (size_t i = 0; i < network->network->layers.count; i++) {
        struct lowered_layer *layer = &network->layers[i];
        const struct symbol_list *inputs = &layer->layer->model->inputs;
        for (size_t k = 0; k < inputs->count; k++) {
            bool is_given = pointer_map_get(&l->presented_of, inputs->items[k]) < 0;
            for (size_t p = 0; but != NULL && p < but->count; p++)
                is_given =
                    is_given || lower_presented_input(but->items[p].target) == inputs->items[k];
            if (!is_given && lower_data_buffer(l, inputs->items[k]) >= 0)
                lower_silence(l, lower_data_buffer(l, inputs->items[k]), layer->size);
        }
    }
}

/* Of one sample, or of each of a set. */
static bool is_sample_field(const struct expr *e)
{
    return e->kind == EXPR_FIELD && (e->field.object->type->kind == TYPE_SAMPLE ||
                                     e->field.object->type->kind == TYPE_DATASET);
}

static void present_sample(struct lowering *l, const struct presented *input,
                           const struct lowered_layer *layer, int32_t buffer)
{
    struct binding *sample = lower_view(l, input->value->field.object);
    struct ir_node *index = sample->kind == BINDING_VIEW ? l->sample_index : sample->index;
    struct ir_node *operands[] = { sample->node, index, ir_integer(&l->b, buffer),
                                   lower_size_leaf(l, layer->size),
                                   ir_text(&l->b, lower_place(l, input->span)) };
    ir_call_rt(&l->b, IR_RT_snn_rt_data_present, 5, operands);
}

bool lower_is_time(const struct axis *axis)
{
    return axis->name != NULL && strcmp(axis->name->text, "time") == 0;
}

bool lower_is_samples(const struct axis *axis)
{
    return axis->name != NULL &&
           (strcmp(axis->name->text, "sample") == 0 || strcmp(axis->name->text, "batch") == 0);
}

/* Axes meet by name, or by place where the data has no names. */
static int32_t data_axis(const struct axis_list *data, const struct axis_list *layer, size_t d)
{
    for (size_t i = 0; i < data->count; i++)
        if (data->items[i].name != NULL ? data->items[i].name == layer->items[d].name
                                        : data->count == layer->count && i == d)
            return (int32_t)i;
    return -1;
}

static bool find_data_axes(struct lowering *l, struct presented_array *data)
{
    const struct axis_list *own = &data->value->type->axes, *layer = &data->layer->layer->axes;
    size_t matched = 0;
    data->time = data->samples = -1;
    for (size_t i = 0; i < own->count; i++) {
        if (lower_is_time(&own->items[i]))
            data->time = (int32_t)i;
        if (lower_is_samples(&own->items[i]))
            data->samples = (int32_t)i;
    }
    for (int32_t d = 0; d < data->layer->rank; d++) {
        data->axis_of[d] = data_axis(own, layer, (size_t)d);
        matched += data->axis_of[d] >= 0;
    }
    if (matched + (data->time >= 0) + (data->samples >= 0) == own->count)
        return true;
    lower_refuse(l, data->value->span, "the axes of this data cannot be presented yet");
    return false;
}

static void check_data_extents(struct lowering *l, const struct presented_array *data)
{
    for (int32_t d = 0; d < data->layer->rank; d++) {
        struct ir_node *own = lower_size_leaf(l, data->layer->axis_sizes[d]);
        struct ir_node *extent = data->axis_of[d] >= 0
                                     ? lower_extent(l, data->value, (size_t)data->axis_of[d])
                                     : ir_integer(&l->b, 1);
        struct ir_node *check = ir_if(&l->b, ir_binary(&l->b, IR_NE, extent, own));
        struct ir_builder outer = l->b;
        l->b.block = &check->branch.then_body;
        ir_call_rt(&l->b, IR_RT_snn_rt_panic_extent, 5,
                   (struct ir_node *[]){ ir_text(&l->b, lower_place(l, data->value->span)),
                                         ir_text(&l->b, "the data"), extent,
                                         ir_text(&l->b, data->layer->name), own });
        l->b = outer;
    }
}

static void write_data(struct lowering *l, const struct presented_array *data, struct ir_node *step)
{
    struct ir_node *extents[RANK_LIMIT], *indices[RANK_LIMIT], *places[RANK_LIMIT] = { NULL };
    size_t rank = data->value->type->axes.count;
    for (int32_t d = 0; d < data->layer->rank; d++)
        extents[d] = lower_size_leaf(l, data->layer->axis_sizes[d]);
    struct ir_builder saved = l->b;
    struct ir_node *loop = lower_open_loop(l, "present", extents, data->layer->rank, indices);
    for (int32_t d = 0; d < data->layer->rank; d++)
        if (data->axis_of[d] >= 0)
            places[data->axis_of[d]] = indices[d];
    if (data->time >= 0)
        places[data->time] = step;
    if (data->samples >= 0)
        places[data->samples] = l->sample_index;
    l->element = loop->loop.index;
    ir_store(&l->b, data->buffer, loop->loop.index,
             rank > 0 ? lower_element(l, data->value, places, rank) : lower_scalar(l, data->value));
    l->element = NULL;
    lower_close_loop(l, loop, saved);
}

/* Data with a time axis is computed ahead and written step by step; other data once. */
static void present_number(struct lowering *l, const struct presented *input,
                           const struct lowered_layer *layer, int32_t buffer,
                           struct timed_data *timed)
{
    struct presented_array data = { .value = input->value, .layer = layer, .buffer = buffer };
    bool is_ready = find_data_axes(l, &data);
    if (!is_ready)
        return;
    if (data.time >= 0)
        lower_prepare_array(l, data.value);
    else
        lower_prepare(l, data.value);
    if (data.value->type->axes.count > 0)
        check_data_extents(l, &data);
    if (data.time >= 0) {
        data.steps = lower_extent(l, data.value, (size_t)data.time);
        array_push(&l->c->arena, &timed->arrays, data);
        return;
    }
    write_data(l, &data, NULL);
}

/* What the data has for this step; it is silent after its end. */
void lower_timed_data(struct lowering *l, const struct timed_data *timed, struct ir_node *step)
{
    for (size_t i = 0; timed != NULL && i < timed->events.count; i++)
        lower_step_events(l, &timed->events.items[i], step);
    for (size_t i = 0; timed != NULL && i < timed->arrays.count; i++) {
        const struct presented_array *data = &timed->arrays.items[i];
        struct ir_node *branch = ir_if(&l->b, ir_binary(&l->b, IR_LT, step, data->steps));
        struct ir_builder outer = l->b;
        l->b.block = &branch->branch.then_body;
        write_data(l, data, step);
        l->b.block = &branch->branch.else_body;
        lower_silence(l, data->buffer, data->layer->size);
        l->b = outer;
    }
}

static void present_events(struct lowering *l, const struct presented *input,
                           const struct lowered_layer *layer, int32_t buffer, struct ir_node *end,
                           struct timed_data *timed)
{
    struct presented_events events = { .layer = layer, .data = buffer };
    lower_list_events(l, &events, input, end);
    array_push(&l->c->arena, &timed->events, events);
}

/* Arrays that are computed, of samples that are run more than once: before all of them. */
void lower_compute_inputs(struct lowering *l, const struct presented_list *inputs)
{
    for (size_t i = 0; i < inputs->count; i++) {
        struct expr *value = inputs->items[i].value;
        if (type_is_number(value->type) && value->type->axes.count > 0 &&
            !symbol_is_events(value->symbol) && !is_sample_field(value))
            lower_prepare_array(l, value);
    }
}

/* `end` is the length of the presentation. */
void lower_present_input(struct lowering *l, const struct presented *input, struct ir_node *end,
                         struct timed_data *timed)
{
    const struct symbol *slot = lower_presented_input(input->target);
    int32_t buffer = slot != NULL ? lower_data_buffer(l, slot) : -1;
    if (buffer < 0) {
        lower_refuse(l, input->span, "data cannot be presented to this");
        return;
    }
    const struct lowered_layer *layer = input_layer(l, input->target);
    if (symbol_is_events(input->value->symbol))
        present_events(l, input, layer, buffer, end, timed);
    else if (is_sample_field(input->value))
        present_sample(l, input, layer, buffer);
    else
        present_number(l, input, layer, buffer, timed);
}

void lower_present_held(struct lowering *l, const struct presented *input)
{
    struct timed_data timed = { 0 };
    lower_present_input(l, input, ir_real(&l->b, IR_F64, 0), &timed);
    if (timed.arrays.count + timed.events.count > 0)
        lower_refuse(l, input->span,
                     "this is given step by step: continuous time has none to give it to '%s' in",
                     input_layer(l, input->target)->name);
}

/* ---- recordings ---- */

static void record_buffer(struct lowering *l, int32_t record, int32_t source,
                          const struct lowered_layer *layer, struct ir_node *step)
{
    struct ir_node *size = lower_size_leaf(l, layer->size);
    struct ir_node *loop =
        ir_loop(&l->b, l->program->buffers[record].name, ir_integer(&l->b, 0), size, true);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    struct ir_node *place =
        ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, step, size), loop->loop.index);
    ir_store(&l->b, record, place, ir_load(&l->b, source, loop->loop.index));
    l->b = outer;
}

static int32_t new_record(struct lowering *l, const struct lowered_layer *layer, const char *field,
                          enum snn_type type)
{
    int32_t buffer = lower_buffer(l, arena_format(&l->c->arena, "%s.%s", layer->name, field), type,
                                  SNN_BUFFER_LANE, -1);
    l->program->buffers[buffer].is_observed = true;
    return buffer;
}

/* Makes the recordings of a network when they are first needed; calls `with` for each. */
static void each_record(struct lowering *l, struct lowered_network *network,
                        void (*with)(struct lowering *, int32_t record, int32_t source,
                                     const struct lowered_layer *, struct ir_node *),
                        struct ir_node *value)
{
    for (size_t i = 0; i < network->network->layers.count; i++) {
        struct lowered_layer *layer = &network->layers[i];
        if (pointer_map_get(&l->recorded, layer->layer) >= 0) {
            if (layer->spike_record < 0)
                layer->spike_record = new_record(l, layer, "spikes", SNN_BOOL);
            with(l, layer->spike_record, layer->spiked, layer, value);
        }
        const struct symbol_list *states = &layer->layer->model->states;
        for (size_t k = 0; k < states->count; k++) {
            if (pointer_map_get(&l->recorded, states->items[k]) < 0)
                continue;
            int32_t source = lower_state_buffer(l, states->items[k]);
            int32_t record = pointer_map_get(&l->site_of, &states->items[k]->is_traced);
            if (record < 0) {
                record = new_record(
                    l, layer, arena_format(&l->c->arena, "trace.%s", states->items[k]->name->text),
                    l->program->buffers[source].type);
                pointer_map_put(l, &l->site_of, &states->items[k]->is_traced, record);
            }
            with(l, record, source, layer, value);
        }
    }
}

static void resize_record(struct lowering *l, int32_t record, int32_t source,
                          const struct lowered_layer *layer, struct ir_node *steps)
{
    (void)source;
    struct ir_node *count = ir_binary(&l->b, IR_MUL, steps, lower_size_leaf(l, layer->size));
    ir_call_rt(&l->b, IR_RT_snn_rt_resize, 2,
               (struct ir_node *[]){ ir_integer(&l->b, record), count });
}

/* ---- steps ---- */

static struct ir_node *steps_of(struct lowering *l, struct lowered_network *network,
                                struct ir_node *time)
{
    struct ir_node *steps =
        ir_unary(&l->b, IR_ROUND,
                 ir_binary(&l->b, IR_DIV, time, lower_constant_leaf(l, network->dt, IR_F64)));
    return ir_binary(&l->b, IR_MAX, ir_cast(&l->b, IR_I64, steps), ir_integer(&l->b, 0));
}

static struct ir_node *duration_steps(struct lowering *l, struct lowered_network *network,
                                      struct expr *duration)
{
    return steps_of(l, network, lower_as(l, duration, IR_F64));
}

/* What is less of a step than this is rounding of times. */
static const double whole_steps = 1 - 1e-6;

/* Without a duration a presentation lasts as long as its events can: the last step may not be full.
 */
static struct ir_node *event_steps(struct lowering *l, struct lowered_network *network,
                                   const struct statement *s)
{
    struct ir_node *time = NULL;
    for (size_t i = 0; i < s->present.inputs.count; i++) {
        const struct expr *value = s->present.inputs.items[i].value;
        if (!symbol_is_events(value->symbol))
            continue;
        struct ir_node *view = lower_view(l, value->field.object)->node;
        struct ir_node *own = lower_data_call(l, IR_RT_snn_rt_data_max_time, value->span, 1, &view);
        time = time == NULL ? own : ir_binary(&l->b, IR_MAX, time, own);
    }
    if (time == NULL)
        return NULL;
    struct ir_node *steps =
        ir_binary(&l->b, IR_DIV, time, lower_constant_leaf(l, network->dt, IR_F64));
    steps = ir_binary(&l->b, IR_ADD, steps, ir_real(&l->b, IR_F64, whole_steps));
    return ir_cast(&l->b, IR_I64, ir_unary(&l->b, IR_FLOOR, steps));
}

enum { STEPS_PER_LOOK = 8 }; /* at Ctrl-C: too few to wait for, too many to cost anything */

static void heed_interrupt(struct lowering *l, struct ir_node *step)
{
    struct ir_node *place = ir_binary(&l->b, IR_AND, step, ir_integer(&l->b, STEPS_PER_LOOK - 1));
    struct ir_node *is_due =
        ir_if(&l->b, ir_binary(&l->b, IR_EQ, place, ir_integer(&l->b, STEPS_PER_LOOK - 1)));
    struct ir_builder outer = l->b;
    l->b.block = &is_due->branch.then_body;
    ir_call_rt(&l->b, IR_RT_snn_rt_heed_interrupt, 0, NULL);
    l->b = outer;
}

/* A stretch of steps, where one begins. */
static void run_ahead(struct lowering *l, const struct lowered_network *network,
                      struct ir_node *step)
{
    struct ir_node *place = ir_binary(&l->b, IR_AND, step, ir_integer(&l->b, STRETCH_STEPS - 1));
    struct ir_node *begins = ir_if(&l->b, ir_binary(&l->b, IR_EQ, place, ir_integer(&l->b, 0)));
    struct ir_builder outer = l->b;
    l->b.block = &begins->branch.then_body;
    ir_call(&l->b, network->ahead);
    l->b = outer;
}

static void run_steps(struct lowering *l, struct lowered_network *network, struct ir_node *first,
                      struct ir_node *end, struct block *body, bool records,
                      const struct timed_data *timed)
{
    struct lowered_network *outer_network = l->network;
    struct ir_node *loop = ir_loop(&l->b, "steps", first, end, false);
    struct ir_builder outer = l->b;
    struct jump_targets jumps = { .target = loop, .outer = l->jumps };
    l->b.block = &loop->loop.body;
    l->network = network;
    ir_context_set(&l->b, IR_CONTEXT_STEP, loop->loop.index);
    heed_interrupt(l, loop->loop.index);
    lower_timed_data(l, timed, loop->loop.index);
    if (network->has_ahead)
        run_ahead(l, network, ir_binary(&l->b, IR_SUB, loop->loop.index, first));
    ir_call(&l->b, l->may_learn != 0 ? network->step_learning : network->step_frozen);
    if (records)
        each_record(l, network, record_buffer, loop->loop.index);
    if (body != NULL) {
        l->jumps = &jumps;
        lower_statements(l, body);
        l->jumps = jumps.outer;
    }
    l->network = outer_network;
    l->b = outer;
}

static struct ir_node *context(struct lowering *l, enum ir_context_field field)
{
    return ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, field);
}

static struct lowered_network *network_of(struct lowering *l, struct network *network,
                                          struct span span)
{
    if (network == NULL && l->model->networks.count == 1)
        network = l->model->networks.items[0];
    if (network != NULL)
        return lowered_network_of(l, network);
    lower_refuse(l, span, "name the network");
    return NULL;
}

/* Draws from here on are those of this presentation. */
void lower_enter_present(struct lowering *l)
{
    struct ir_node *path = context(l, IR_CONTEXT_PATH), *number = context(l, IR_CONTEXT_PRESENT);
    ir_context_set(&l->b, IR_CONTEXT_PATH, ir_binary(&l->b, IR_HASH, path, number));
    ir_context_set(&l->b, IR_CONTEXT_STEP, ir_integer(&l->b, 0));
}

static void present_steps(struct lowering *l, struct lowered_network *network, struct statement *s)
{
    struct timed_data timed = { 0 };
    struct ir_node *steps = s->present.duration != NULL
                                ? duration_steps(l, network, s->present.duration)
                                : event_steps(l, network, s);
    if (steps == NULL) {
        lower_refuse(l, s->span,
                     "this data has no time of its own; say how long: present … for 100 ms");
        return;
    }
    struct ir_node *end = ir_binary(&l->b, IR_MUL, ir_cast(&l->b, IR_F64, steps),
                                    lower_constant_leaf(l, network->dt, IR_F64));
    if (lower_takes_gradient(l, network, s)) {
        lower_present_taken(l, network, s, steps, end);
        return;
    }
    for (size_t i = 0; i < s->present.inputs.count; i++)
        lower_present_input(l, &s->present.inputs.items[i], end, &timed);
    lower_enter_present(l);
    ir_context_set(&l->b, IR_CONTEXT_STEPS, steps);
    if (!s->present.keeps_state)
        ir_call(&l->b, network->reset);
    ir_call(&l->b, network->begin);
    if (l->may_learn != 0)
        ir_call(&l->b, network->start);
    if (l->records)
        each_record(l, network, resize_record, steps);
    run_steps(l, network, ir_integer(&l->b, 0), steps, s->present.body, l->records, &timed);
    if (l->may_learn != 0)
        ir_call(&l->b, network->end);
}

void lower_mark_given(struct lowering *l, struct ir_node *before)
{
    struct ir_node *node = before != NULL ? before->next : l->b.block->first;
    for (; node != NULL; node = node->next)
        node->is_given = true;
}

/* Samples that have run in lanes of their own are gone, and so are spikes that were under way. */
static void check_goes_on(struct lowering *l, const struct lowered_network *network,
                          struct span span)
{
    if (network->last != NULL)
        lower_refuse(l, span,
                     "nothing can go on yet after the presentation of a batch, or one that a "
                     "gradient is taken from: network '%s' is not where it ended",
                     network->name);
}

void lower_present(struct lowering *l, struct statement *s)
{
    struct lowered_network *network = network_of(l, s->present.network, s->span);
    if (network == NULL)
        return;
    struct ir_node *before = l->b.block->last;
    struct ir_node *path = context(l, IR_CONTEXT_PATH), *number = context(l, IR_CONTEXT_PRESENT);
    struct ir_node *label =
        s->present.label != NULL ? lower_as(l, s->present.label, IR_I64) : ir_integer(&l->b, -1);
    ir_store(&l->b, network->label, ir_integer(&l->b, 0), label);
    lower_silence_inputs(l, network, &s->present.inputs);
    if (s->present.keeps_state)
        check_goes_on(l, network, s->span);
    network->last = NULL;
    network->has_left = false;
    if (network->network->is_continuous)
        lower_continuous_present(l, network, s);
    else
        present_steps(l, network, s);
    ir_context_set(&l->b, IR_CONTEXT_PATH, path);
    ir_context_set(&l->b, IR_CONTEXT_PRESENT,
                   ir_binary(&l->b, IR_ADD, number, ir_integer(&l->b, 1)));
    if (s->present.body == NULL)
        lower_mark_given(l, before);
    if (network->last != NULL) {
        network->last->before_node = before;
        network->last->end_node = l->b.block->last;
    }
}

static void rest_steps(struct lowering *l, struct lowered_network *network, struct statement *s)
{
    struct ir_node *first = context(l, IR_CONTEXT_STEPS);
    struct ir_node *end =
        ir_binary(&l->b, IR_ADD, first, duration_steps(l, network, s->rest.duration));
    ir_context_set(&l->b, IR_CONTEXT_STEP, first);
    ir_context_set(&l->b, IR_CONTEXT_STEPS, end);
    run_steps(l, network, first, end, s->rest.body, false, NULL);
}

/* Goes on where the presentation ended: time, counts and random numbers continue, inputs are
 * silent. */
void lower_rest(struct lowering *l, struct statement *s)
{
    struct lowered_network *network = network_of(l, s->rest.network, s->span);
    if (network == NULL)
        return;
    struct ir_node *path = context(l, IR_CONTEXT_PATH), *number = context(l, IR_CONTEXT_PRESENT);
    struct ir_node *last = ir_binary(&l->b, IR_SUB, number, ir_integer(&l->b, 1));
    check_goes_on(l, network, s->span);
    if (!network->network->is_continuous)
        lower_silence_inputs(l, network, NULL);
    ir_context_set(&l->b, IR_CONTEXT_PATH, ir_binary(&l->b, IR_HASH, path, last));
    if (network->network->is_continuous)
        lower_continuous_rest(l, network, s);
    else
        rest_steps(l, network, s);
    ir_context_set(&l->b, IR_CONTEXT_PATH, path);
}

void lower_reset(struct lowering *l, struct statement *s)
{
    struct lowered_network *network = network_of(l, s->reset.network, s->span);
    if (network == NULL)
        return;
    ir_context_set(&l->b, IR_CONTEXT_STEP, ir_integer(&l->b, 0));
    ir_context_set(&l->b, IR_CONTEXT_STEPS, ir_integer(&l->b, 0));
    ir_call(&l->b, network->reset);
    ir_call(&l->b, network->begin);
    network->last = NULL;
}
