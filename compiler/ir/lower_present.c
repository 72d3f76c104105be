/* SPDX-License-Identifier: MIT
 *
 * Presentations: data into the inputs, reset, the loop over steps with the task's own block in it, recordings. Where nothing
 * can learn, the variant of the step without rules runs.
 */
#include "ir/lower_internal.h"

const struct symbol *lower_presented_input(const struct expr *target)
{
    if (target->symbol != NULL && target->symbol->kind == SYMBOL_INPUT)
        return target->symbol;
    if (target->type->kind != TYPE_LAYER || target->type->layer == NULL || target->type->layer->model->inputs.count == 0)
        return NULL;
    return target->type->layer->model->inputs.items[0];
}

/* ---- data into inputs ---- */

static const struct lowered_layer *input_layer(struct lowering *l, const struct expr *target)
{
    const struct expr *layer = target->type->kind == TYPE_LAYER ? target : target->field.object;
    return lowered_layer_of(l, layer->type->layer);
}

static void silence(struct lowering *l, int32_t buffer, int32_t size)
{
    struct ir_node *loop = ir_loop(&l->b, "silence", ir_integer(&l->b, 0), lower_size_leaf(l, size), true);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    ir_store(&l->b, buffer, loop->loop.index, ir_real(&l->b, IR_F32, 0));
    l->b = outer;
}

/* All inputs of the network that data is presented to somewhere, but those in `but`. */
static void silence_inputs(struct lowering *l, struct lowered_network *network, const struct presented_list *but)
{
    for (size_t i = 0; i < network->network->layers.count; i++) {
        struct lowered_layer *layer = &network->layers[i];
        const struct symbol_list *inputs = &layer->layer->model->inputs;
        for (size_t k = 0; k < inputs->count; k++) {
            bool is_given = pointer_map_get(&l->presented_of, inputs->items[k]) < 0;
            for (size_t p = 0; but != NULL && p < but->count; p++)
                is_given = is_given || lower_presented_input(but->items[p].target) == inputs->items[k];
            if (!is_given && lower_data_buffer(l, inputs->items[k]) >= 0)
                silence(l, lower_data_buffer(l, inputs->items[k]), layer->size);
        }
    }
}

static bool is_sample_field(const struct expr *e)
{
    return e->kind == EXPR_FIELD && e->field.object->type->kind == TYPE_SAMPLE;
}

static void present_sample(struct lowering *l, const struct presented *input, const struct lowered_layer *layer, int32_t buffer)
{
    struct binding *sample = lower_view(l, input->value->field.object);
    struct ir_node *operands[] = { sample->node, sample->index, ir_integer(&l->b, buffer), lower_size_leaf(l, layer->size), ir_text(&l->b, lower_place(l, input->span)) };
    ir_call_rt(&l->b, IR_RT_snn_rt_data_present, 5, operands);
}

static void present_number(struct lowering *l, const struct presented *input, const struct lowered_layer *layer, int32_t buffer)
{
    struct expr *value = input->value;
    struct ir_node *indices[RANK_LIMIT], *extents[RANK_LIMIT];
    bool is_array = value->type->axes.count > 0;
    lower_prepare(l, value);
    for (int32_t d = 0; d < layer->rank; d++)
        extents[d] = lower_size_leaf(l, layer->axis_sizes[d]);
    if (is_array && value->type->axes.count != (size_t)layer->rank) {
        lower_refuse(l, value->span, "data with a time axis cannot be presented yet");
        return;
    }
    for (int32_t d = 0; is_array && d < layer->rank; d++) {
        struct ir_node *extent = lower_extent(l, value, (size_t)d);
        struct ir_node *check = ir_if(&l->b, ir_binary(&l->b, IR_NE, extent, extents[d]));
        struct ir_builder outer = l->b;
        l->b.block = &check->branch.then_body;
        ir_call_rt(&l->b, IR_RT_snn_rt_panic_extent, 5,
                   (struct ir_node *[]){ ir_text(&l->b, lower_place(l, value->span)), ir_text(&l->b, "the data"), extent, ir_text(&l->b, layer->name), extents[d] });
        l->b = outer;
    }
    struct ir_builder saved = l->b;
    struct ir_node *loop = lower_open_loop(l, "present", extents, layer->rank, indices);
    l->element = loop->loop.index;
    ir_store(&l->b, buffer, loop->loop.index, is_array ? lower_element(l, value, indices, (size_t)layer->rank) : lower_scalar(l, value));
    l->element = NULL;
    lower_close_loop(l, loop, saved);
}

static void present_inputs(struct lowering *l, struct statement *s)
{
    for (size_t i = 0; i < s->present.inputs.count; i++) {
        const struct presented *input = &s->present.inputs.items[i];
        const struct symbol *slot = lower_presented_input(input->target);
        int32_t buffer = slot != NULL ? lower_data_buffer(l, slot) : -1;
        if (buffer < 0) {
            lower_refuse(l, input->span, "data cannot be presented to this");
            return;
        }
        const struct lowered_layer *layer = input_layer(l, input->target);
        if (is_sample_field(input->value))
            present_sample(l, input, layer, buffer);
        else
            present_number(l, input, layer, buffer);
    }
}

/* ---- recordings ---- */

static void record_buffer(struct lowering *l, int32_t record, int32_t source, const struct lowered_layer *layer, struct ir_node *step)
{
    struct ir_node *size = lower_size_leaf(l, layer->size);
    struct ir_node *loop = ir_loop(&l->b, l->program->buffers[record].name, ir_integer(&l->b, 0), size, true);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    struct ir_node *place = ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, step, size), loop->loop.index);
    ir_store(&l->b, record, place, ir_load(&l->b, source, loop->loop.index));
    l->b = outer;
}

static int32_t new_record(struct lowering *l, const struct lowered_layer *layer, const char *field, enum snn_type type)
{
    int32_t buffer = lower_buffer(l, arena_format(&l->c->arena, "%s.%s", layer->name, field), type, SNN_BUFFER_LANE, -1);
    l->program->buffers[buffer].is_observed = true;
    return buffer;
}

/* Makes the recordings of a network when they are first needed; calls `with` for each. */
static void each_record(struct lowering *l, struct lowered_network *network, void (*with)(struct lowering *, int32_t record, int32_t source, const struct lowered_layer *, struct ir_node *), struct ir_node *value)
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
                record = new_record(l, layer, arena_format(&l->c->arena, "trace.%s", states->items[k]->name->text), l->program->buffers[source].type);
                pointer_map_put(l, &l->site_of, &states->items[k]->is_traced, record);
            }
            with(l, record, source, layer, value);
        }
    }
}

static void resize_record(struct lowering *l, int32_t record, int32_t source, const struct lowered_layer *layer, struct ir_node *steps)
{
    (void)source;
    struct ir_node *count = ir_binary(&l->b, IR_MUL, steps, lower_size_leaf(l, layer->size));
    ir_call_rt(&l->b, IR_RT_snn_rt_resize, 2, (struct ir_node *[]){ ir_integer(&l->b, record), count });
}

/* ---- steps ---- */

static struct ir_node *duration_steps(struct lowering *l, struct lowered_network *network, struct expr *duration)
{
    struct ir_node *time = lower_as(l, duration, IR_F64);
    struct ir_node *steps = ir_unary(&l->b, IR_ROUND, ir_binary(&l->b, IR_DIV, time, lower_constant_leaf(l, network->dt, IR_F64)));
    return ir_binary(&l->b, IR_MAX, ir_cast(&l->b, IR_I64, steps), ir_integer(&l->b, 0));
}

static void run_steps(struct lowering *l, struct lowered_network *network, struct ir_node *first, struct ir_node *end, struct block *body, bool records)
{
    struct lowered_network *outer_network = l->network;
    struct ir_node *loop = ir_loop(&l->b, "steps", first, end, false);
    struct ir_builder outer = l->b;
    struct jump_targets jumps = { .target = loop, .outer = l->jumps };
    l->b.block = &loop->loop.body;
    l->network = network;
    ir_context_set(&l->b, IR_CONTEXT_STEP, loop->loop.index);
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

static struct lowered_network *network_of(struct lowering *l, struct network *network, struct span span)
{
    if (network == NULL && l->model->networks.count == 1)
        network = l->model->networks.items[0];
    if (network != NULL)
        return lowered_network_of(l, network);
    lower_refuse(l, span, "name the network");
    return NULL;
}

void lower_present(struct lowering *l, struct statement *s)
{
    struct lowered_network *network = network_of(l, s->present.network, s->span);
    if (network == NULL)
        return;
    if (s->present.duration == NULL) {
        lower_refuse(l, s->span, "this data has no time of its own; say how long: present … for 100 ms");
        return;
    }
    struct ir_node *path = context(l, IR_CONTEXT_PATH), *number = context(l, IR_CONTEXT_PRESENT);
    struct ir_node *steps = duration_steps(l, network, s->present.duration);
    if (s->present.label != NULL)
        ir_store(&l->b, network->label, ir_integer(&l->b, 0), lower_as(l, s->present.label, IR_I64));
    silence_inputs(l, network, &s->present.inputs);
    present_inputs(l, s);
    ir_context_set(&l->b, IR_CONTEXT_PATH, ir_binary(&l->b, IR_HASH, path, number));
    ir_context_set(&l->b, IR_CONTEXT_STEP, ir_integer(&l->b, 0));
    ir_context_set(&l->b, IR_CONTEXT_STEPS, steps);
    if (!s->present.keeps_state)
        ir_call(&l->b, network->reset);
    ir_call(&l->b, network->begin);
    if (l->may_learn != 0)
        ir_call(&l->b, network->start);
    if (l->records)
        each_record(l, network, resize_record, steps);
    run_steps(l, network, ir_integer(&l->b, 0), steps, s->present.body, l->records);
    if (l->may_learn != 0)
        ir_call(&l->b, network->end);
    ir_context_set(&l->b, IR_CONTEXT_PATH, path);
    ir_context_set(&l->b, IR_CONTEXT_PRESENT, ir_binary(&l->b, IR_ADD, number, ir_integer(&l->b, 1)));
}

/* Goes on where the presentation ended: time, counts and random numbers continue, inputs are silent. */
void lower_rest(struct lowering *l, struct statement *s)
{
    struct lowered_network *network = network_of(l, s->rest.network, s->span);
    if (network == NULL)
        return;
    struct ir_node *path = context(l, IR_CONTEXT_PATH), *number = context(l, IR_CONTEXT_PRESENT);
    struct ir_node *last = ir_binary(&l->b, IR_SUB, number, ir_integer(&l->b, 1));
    struct ir_node *first = context(l, IR_CONTEXT_STEPS);
    struct ir_node *end = ir_binary(&l->b, IR_ADD, first, duration_steps(l, network, s->rest.duration));
    silence_inputs(l, network, NULL);
    ir_context_set(&l->b, IR_CONTEXT_PATH, ir_binary(&l->b, IR_HASH, path, last));
    ir_context_set(&l->b, IR_CONTEXT_STEPS, end);
    run_steps(l, network, first, end, s->rest.body, false);
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
}
