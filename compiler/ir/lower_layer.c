/* SPDX-License-Identifier: MIT
 *
 * Layers: the buffers of their neurons, and what a reset and the beginning of a presentation leave
 * in them.
 */
#include "ir/lower_internal.h"

#include <math.h>

static const char *dotted(struct lowering *l, const struct lowered_layer *layer, const char *field)
{
    return arena_format(&l->c->arena, "%s.%s", layer->name, field);
}

static int32_t lane_buffer(struct lowering *l, struct lowered_layer *layer, const char *field,
                           enum snn_type type)
{
    int32_t buffer = lower_buffer(l, dotted(l, layer, field), type, SNN_BUFFER_LANE, layer->size);
    lower_buffer_axes(l, buffer, &layer->layer->axes, layer->axis_sizes);
    l->program->buffers[buffer].is_state = true;
    return buffer;
}

static void bind_buffer(struct lowering *l, struct symbol *symbol,
                        const struct lowered_layer *layer, int32_t buffer, bool is_scalar)
{
    struct binding *binding = binding_new(l, BINDING_ARRAY);
    binding->buffer = buffer;
    if (!is_scalar) {
        binding->rank = layer->rank;
        for (int32_t d = 0; d < layer->rank; d++)
            binding->sizes[d] = layer->axis_sizes[d];
    }
    symbol->binding = binding;
}

static int32_t model_buffer(struct lowering *l, struct lowered_layer *layer,
                            const struct symbol *symbol, bool is_scalar)
{
    enum snn_type type = lower_storage(symbol->type);
    int32_t buffer = lower_buffer(l, dotted(l, layer, symbol->name->text), type, SNN_BUFFER_MODEL,
                                  is_scalar ? lower_size_value(l, 1) : layer->size);
    if (is_scalar)
        l->program->buffers[buffer].rank = 0;
    else
        lower_buffer_axes(l, buffer, &layer->layer->axes, layer->axis_sizes);
    l->program->buffers[buffer].is_observed = true;
    l->program->buffers[buffer].unit =
        type_is_real(symbol->type) ? unit_name(&l->c->arena, symbol->type->unit) : "";
    return buffer;
}

int32_t lower_state_buffer(struct lowering *l, const struct symbol *symbol)
{
    if (symbol->binding == NULL || symbol->binding->kind != BINDING_ARRAY) {
        lower_refuse(l, symbol->span, "'%s' is not in memory here", symbol->name->text);
        return 0;
    }
    return symbol->binding->buffer;
}

int32_t lower_data_buffer(struct lowering *l, const struct symbol *input)
{
    return pointer_map_get(&l->data_buffer_of, input);
}

/* ---- states ---- */

static bool is_targeted(const struct lowered_layer *layer, const struct symbol *input)
{
    const struct connection_list *connections = &layer->network->network->connections;
    for (size_t i = 0; i < connections->count; i++)
        if (connections->items[i]->slot == input)
            return true;
    return false;
}

/* An input without connections is the presented data itself; with both, data is the value the sum
 * starts from. */
static void input_buffers(struct lowering *l, struct lowered_layer *layer, struct symbol *input)
{
    int32_t buffer = lane_buffer(l, layer, input->name->text, SNN_FLOAT32);
    bind_buffer(l, input, layer, buffer, false);
    if (!is_targeted(layer, input))
        pointer_map_put(l, &l->data_buffer_of, input, buffer);
    else if (pointer_map_get(&l->presented_of, input) >= 0)
        pointer_map_put(l, &l->data_buffer_of, input,
                        lane_buffer(l, layer,
                                    arena_format(&l->c->arena, "%s.data", input->name->text),
                                    SNN_FLOAT32));
}

/* Initial values of what is saved with the model: written once, by init. */
static void initial_value(struct lowering *l, struct lowered_layer *layer, int32_t buffer,
                          const struct symbol *symbol, struct expr *value, bool is_scalar)
{
    if (value == NULL)
        return;
    struct ir_builder saved = lower_enter(l, &l->initial);
    l->b.span = value->span;
    struct ir_node *count = is_scalar ? ir_integer(&l->b, 1) : lower_size_leaf(l, layer->size);
    struct ir_node *loop =
        ir_loop(&l->b, l->program->buffers[buffer].name, ir_integer(&l->b, 0), count, true);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    l->element = loop->loop.index;
    enum ir_type type = ir_buffer_value_type(l->program->buffers[buffer].type);
    ir_store(&l->b, buffer, loop->loop.index, lower_within(l, symbol, lower_as(l, value, type)));
    l->element = NULL;
    l->b = outer;
    lower_leave(l, &l->initial, saved);
}

static void state_buffers(struct lowering *l, struct lowered_layer *layer, struct symbol *state)
{
    const struct statement *s = state->statement;
    if (!s->state.is_persistent) {
        bind_buffer(l, state, layer,
                    lane_buffer(l, layer, state->name->text, lower_storage(state->type)), false);
        l->program->buffers[state->binding->buffer].unit =
            type_is_real(state->type) ? unit_name(&l->c->arena, state->type->unit) : "";
        return;
    }
    int32_t buffer = model_buffer(l, layer, state, s->state.is_shared);
    bind_buffer(l, state, layer, buffer, s->state.is_shared);
    initial_value(l, layer, buffer, state, s->state.value, s->state.is_shared);
    pointer_map_put(l, &l->learn_bit_of, state, l->learn_bits);
    if (s->state.is_learnt) {
        layer->network->gradient_mask |= UINT64_C(1) << l->learn_bits;
        lower_learnable(l, layer->network, buffer, s->span);
    }
    layer->network->learn_mask |= UINT64_C(1) << l->learn_bits;
    if (++l->learn_bits > 63)
        lower_refuse(l, s->span, "a program can learn at most 63 things apart");
}

static void parameter_buffer(struct lowering *l, struct lowered_layer *layer,
                             struct symbol *parameter)
{
    if (!parameter->is_assigned || !type_is_number(parameter->type))
        return;
    int32_t buffer = model_buffer(l, layer, parameter, !parameter->is_per_neuron);
    initial_value(l, layer, buffer, parameter, parameter->value, !parameter->is_per_neuron);
    bind_buffer(l, parameter, layer, buffer, !parameter->is_per_neuron);
}

void lower_layer_buffers(struct lowering *l, struct lowered_layer *layer)
{
    struct neuron_instance *model = layer->layer->model;
    layer->spiked = lane_buffer(l, layer, "spiked", SNN_BOOL);
    lower_event_buffers(l, layer);
    if (layer->event_first < 0)
        layer->list =
            lower_buffer(l, dotted(l, layer, "list"), SNN_INT32, SNN_BUFFER_LANE, layer->size);
    layer->list_count = lower_buffer(l, dotted(l, layer, "list_count"), SNN_INT64, SNN_BUFFER_LANE,
                                     lower_size_value(l, 1));
    l->program->buffers[layer->list].is_state = l->program->buffers[layer->list_count].is_state =
        true;
    layer->count = lane_buffer(l, layer, "count", SNN_INT32);
    layer->first = lane_buffer(l, layer, "time", SNN_FLOAT32);
    layer->last = lane_buffer(l, layer, "last", SNN_FLOAT32);
    layer->fired = lane_buffer(l, layer, "fired", SNN_BOOL);
    layer->selected = lane_buffer(l, layer, "since", SNN_FLOAT32);
    layer->emitted = model->emits ? lane_buffer(l, layer, "emitted", SNN_FLOAT32) : -1;
    layer->spike_record = -1;
    layer->group_best = layer->group_key = -1;
    for (size_t i = 0; i < model->parameters.count; i++)
        parameter_buffer(l, layer, model->parameters.items[i]);
    for (size_t i = 0; i < model->inputs.count; i++)
        input_buffers(l, layer, model->inputs.items[i]);
    for (size_t i = 0; i < model->states.count; i++)
        state_buffers(l, layer, model->states.items[i]);
}

/* ---- reset, begin ---- */

static void write_all(struct lowering *l, int32_t buffer, struct ir_node *value)
{
    kernel_write(l, buffer, -1, value);
}

void lower_layer_reset(struct lowering *l, struct lowered_layer *layer)
{
    struct neuron_instance *model = layer->layer->model;
    struct kernel kernel = { .layer = layer };
    l->kernel = &kernel;
    kernel_open(l, dotted(l, layer, "reset"));
    for (size_t i = 0; i < model->states.count; i++) {
        struct statement *s = model->states.items[i]->statement;
        if (s->state.is_persistent)
            continue;
        const struct symbol *state = model->states.items[i];
        struct ir_node *value =
            s->state.value != NULL ? lower_scalar(l, s->state.value) : ir_real(&l->b, IR_F32, 0);
        enum ir_type type = ir_buffer_value_type(l->program->buffers[state->binding->buffer].type);
        write_all(l, state->binding->buffer, lower_within(l, state, lower_cast(l, type, value)));
    }
    for (size_t i = 0; i < model->inputs.count; i++)
        if (is_targeted(layer, model->inputs.items[i]))
            write_all(l, model->inputs.items[i]->binding->buffer, ir_real(&l->b, IR_F32, 0));
    write_all(l, layer->spiked, ir_bool(&l->b, false));
    write_all(l, layer->fired, ir_bool(&l->b, false));
    write_all(l, layer->selected, ir_real(&l->b, IR_F32, -INFINITY));
    if (layer->emitted >= 0)
        write_all(l, layer->emitted, ir_real(&l->b, IR_F32, 0));
    kernel_close(l);
    l->kernel = NULL;
    ir_store(&l->b, layer->list_count, ir_integer(&l->b, 0), ir_integer(&l->b, 0));
    if (layer->ring_size >= 0) {
        struct ir_node *loop = ir_loop(&l->b, dotted(l, layer, "ring.reset"), ir_integer(&l->b, 0),
                                       lower_size_leaf(l, layer->ring_size), true);
        struct ir_builder outer = l->b;
        l->b.block = &loop->loop.body;
        ir_store(&l->b, layer->ring_counts, loop->loop.index, ir_integer(&l->b, 0));
        l->b = outer;
    }
}

void lower_layer_begin(struct lowering *l, struct lowered_layer *layer)
{
    struct kernel kernel = { .layer = layer };
    l->kernel = &kernel;
    kernel_open(l, dotted(l, layer, "begin"));
    write_all(l, layer->count, ir_integer(&l->b, 0));
    write_all(l, layer->first, lower_duration(l));
    write_all(l, layer->last, ir_real(&l->b, IR_F32, -INFINITY));
    kernel_close(l);
    l->kernel = NULL;
}

/* ---- reductions over the layer ---- */

static enum ir_reduction reduction_of(enum builtin_id id)
{
    switch (id) {
    case BUILTIN_MIN: return IR_REDUCE_MIN;
    case BUILTIN_MAX: return IR_REDUCE_MAX;
    case BUILTIN_ANY: return IR_REDUCE_ANY;
    case BUILTIN_ALL: return IR_REDUCE_ALL;
    case BUILTIN_ARGMIN: return IR_REDUCE_ARGMIN;
    case BUILTIN_ARGMAX: return IR_REDUCE_ARGMAX;
    case BUILTIN_PROD: return IR_REDUCE_PRODUCT;
    default: return IR_REDUCE_SUM;
    }
}

enum reduced { REDUCED_VALUE, REDUCED_ONE, REDUCED_SQUARE }; /* … of the distance to the mean */

static struct ir_node *reduce_layer(struct lowering *l, struct expr *e, enum ir_reduction reduction,
                                    enum ir_type type, enum reduced what, struct ir_node *mean)
{
    struct lowered_layer *layer = l->kernel->layer;
    struct ir_node *node =
        ir_reduce(&l->b, reduction, type, ir_integer(&l->b, 0), lower_size_leaf(l, layer->size));
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &node->reduce.body;
    l->kernel->element = node->reduce.index;
    if (e->comprehension.condition != NULL)
        node->reduce.condition = lower_condition(l, e->comprehension.condition);
    struct ir_node *value =
        what == REDUCED_ONE ? ir_integer(&l->b, 1) : lower_scalar(l, e->target->arguments[0]);
    bool is_arg = reduction == IR_REDUCE_ARGMIN || reduction == IR_REDUCE_ARGMAX;
    value = is_arg ? (value->type == IR_BOOL ? ir_cast(&l->b, IR_I64, value) : value)
                   : lower_cast(l, type, value);
    if (what == REDUCED_SQUARE) {
        struct ir_node *distance = ir_binary(&l->b, IR_SUB, value, mean);
        value = ir_binary(&l->b, IR_MUL, distance, distance);
    }
    node->reduce.keys[0] = value;
    node->reduce.key_count = 1;
    l->kernel->element = NULL;
    l->b = outer;
    return node;
}

static struct ir_node *quotient(struct lowering *l, struct ir_node *sum, struct ir_node *count)
{
    struct ir_node *is_empty = ir_binary(&l->b, IR_EQ, count, ir_integer(&l->b, 0));
    return ir_select(&l->b, is_empty, ir_real(&l->b, sum->type, 0),
                     ir_binary(&l->b, IR_DIV, sum, ir_cast(&l->b, sum->type, count)));
}

struct ir_node *lower_layer_reduction(struct lowering *l, struct expr *e)
{
    enum builtin_id id = e->target->builtin->id;
    enum ir_type type = id == BUILTIN_COUNT ? IR_I64 : lower_type(e->type);
    struct ir_node *result = reduce_layer(l, e, reduction_of(id), type, REDUCED_VALUE, NULL);
    bool has_mean = id == BUILTIN_MEAN || id == BUILTIN_VAR || id == BUILTIN_STD;
    if (!has_mean)
        return result;
    struct ir_node *count = e->comprehension.condition != NULL
                                ? reduce_layer(l, e, IR_REDUCE_SUM, IR_I64, REDUCED_ONE, NULL)
                                : lower_size_leaf(l, l->kernel->layer->size);
    struct ir_node *mean = quotient(l, result, count);
    if (id == BUILTIN_MEAN)
        return mean;
    struct ir_node *squares = reduce_layer(l, e, IR_REDUCE_SUM, type, REDUCED_SQUARE, mean);
    struct ir_node *variance = quotient(l, squares, count);
    return id == BUILTIN_VAR ? variance : ir_unary(&l->b, IR_SQRT, variance);
}
