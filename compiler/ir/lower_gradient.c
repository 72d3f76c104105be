/* SPDX-License-Identifier: MIT
 *
 * Presentations that a gradient, or a whole batch, is taken from. Each sample runs in a lane of its
 * own: first the layers without a source, step by step, whose spikes and numbers are kept; then
 * `forward`, layer by layer: what arrives in all steps, then the neurons, each through all steps
 * with its state in registers. What tasks read afterwards is copied into records with the axis
 * `sample`. `backward`, the reverse of `forward`, is written by pass `differentiate`; what it reads
 * is kept from `forward`, or made again by another `forward` of the same sample where a batch would
 * take too much memory (runtime/kept.h).
 */
#include "ir/lower_internal.h"

#include <math.h>

/* ---- what a network needs for it ---- */

static const char *dotted(struct lowering *l, const char *name, const char *field)
{
    return arena_format(&l->c->arena, "%s.%s", name, field);
}

static int32_t number_buffer(struct lowering *l, const struct lowered_network *network,
                             const char *what)
{
    return lower_buffer(l, dotted(l, network->name, what), SNN_INT64, SNN_BUFFER_LANE,
                        lower_size_value(l, 1));
}

/* By step and neuron, of the sample presented. */
static int32_t step_buffer(struct lowering *l, const struct lowered_layer *layer, const char *what,
                           enum snn_type type)
{
    int32_t buffer = lower_buffer(l, dotted(l, layer->name, what), type, SNN_BUFFER_LANE, -1);
    l->program->buffers[buffer].is_record = true;
    return buffer;
}

bool lower_is_source(const struct lowered_layer *layer)
{
    const struct connection_list *connections = &layer->network->network->connections;
    for (size_t i = 0; i < connections->count; i++)
        if (connections->items[i]->target == layer->layer)
            return false;
    return true;
}

static bool mentions_time(const struct expr *e);

static void search_time(struct expr *e, void *data)
{
    bool *found = data;
    *found = *found || mentions_time(e);
}

static bool mentions_time(const struct expr *e)
{
    bool found = e->kind == EXPR_NAME && e->symbol != NULL && e->symbol->kind == SYMBOL_VARIABLE &&
                 e->symbol->variable != VARIABLE_DT;
    expr_children((struct expr *)e, search_time, &found);
    return found;
}

/* Does a source emit the same numbers in each step? */
static bool is_steady(struct lowering *l, const struct lowered_layer *layer)
{
    const struct neuron_instance *model = layer->layer->model;
    if (!model->emits || model->states.count > 0 || !lower_is_source(layer))
        return false;
    for (size_t i = 0; i < model->body.count; i++) {
        const struct statement *s = model->body.items[i];
        if (s->kind != STATEMENT_EMIT && s->kind != STATEMENT_INPUT)
            return false;
        if (s->kind == STATEMENT_EMIT && (lower_draws(s) || mentions_time(s->value.value)))
            return false;
    }
    for (size_t i = 0; i < model->inputs.count; i++)
        if (pointer_map_get(&l->presented_of, model->inputs.items[i]) == PRESENTED_IN_TIME)
            return false;
    return true;
}

static bool refuse_layer(struct lowering *l, const struct lowered_layer *layer)
{
    const struct neuron_instance *model = layer->layer->model;
    if (lower_is_graded(layer)) {
        lower_refuse(l, model->spike->span,
                     "neurons whose spikes carry numbers cannot learn by gradient yet, unless "
                     "they are sources");
        return true;
    }
    for (size_t i = 0; i < model->body.count; i++) {
        const struct statement *s = model->body.items[i];
        if (!lower_breaks_kernel(s) && !lower_draws(s))
            continue;
        lower_refuse(l, s->span,
                     "neurons that draw or that see their layer cannot learn by gradient yet");
        return true;
    }
    return false;
}

/* Does it end at a layer that runs before its source, or at the source? */
static bool is_backward(const struct lowered_connection *c)
{
    const struct layer_list *order = &c->network->network->order;
    size_t source = 0, target = 0;
    for (size_t i = 0; i < order->count; i++) {
        source = order->items[i] == c->source->layer ? i : source;
        target = order->items[i] == c->target->layer ? i : target;
    }
    return source >= target;
}

static bool refuse_connection(struct lowering *l, const struct lowered_connection *c)
{
    const struct statement *s = c->connection->statement;
    const char *what = c->has_synapse_delays                       ? "delays of their own"
                       : c->connection->source_field != NULL       ? "states as sources"
                       : c->connection->slot->kind != SYMBOL_INPUT ? "states as targets"
                       : c->connection->rules.count > 0            ? "rules"
                                                                   : NULL;
    if (what != NULL)
        lower_refuse(l, s->span, "%s cannot be in a network that learns by gradient yet", what);
    return what != NULL;
}

/* A propagation as `forward` sees it: what leaves the last stage is added to all steps of an input.
 */
static int32_t stepwise(struct lowering *l, const struct lowered_connection *c, int32_t ir,
                        bool is_first, bool is_last, const struct lowered_norm *next)
{
    struct ir_connection entry = l->program->connections[ir];
    if (is_last)
        entry.target = pointer_map_get(&l->currents_of, c->connection->slot);
    if (next != NULL)
        entry.target = next->inputs;
    if (is_first && entry.values >= 0)
        entry.values = c->source->sent;
    if (is_first) {
        entry.flags = c->source->emitted < 0 ? c->source->sent : -1;
        entry.spikes = c->source->list;
        entry.spike_counts = c->source->list_count;
    }
    entry.spike_first = entry.ring_slots = entry.delay = -1;
    if (c->takes_all_steps && is_last) {
        bool has_pools = c->stage_count > 0;
        entry.flags = has_pools ? -1 : c->source->raster;
        entry.near = has_pools ? -1 : c->source->near;
        entry.values = has_pools ? c->step_values : c->source->emissions;
        entry.spikes = has_pools ? c->step_list : c->source->step_list;
        entry.step_starts = has_pools ? c->step_starts : c->source->step_starts;
        entry.delay = c->total_delay;
    }
    lower_way_back(l, &entry, is_last || next != NULL);
    return ir_add_connection(l->c, l->program, entry);
}

/* A matrix that spikes of all steps go through one after the other is read once for all of them,
 * panel by panel. What reaches an input after it in order of declaration must be so, too, as sums
 * have that order. */
static bool takes_all_steps(const struct lowered_network *network,
                            const struct lowered_connection *c)
{
    size_t last = c->connection->topology.count - 1;
    bool is_matrix = c->weight_buffer >= 0 && c->source->raster >= 0 &&
                     c->connection->topology.items[last].builtin->id == BUILTIN_DENSE;
    bool is_behind_pools = c->stage_count > 0 && c->stages[last].list >= 0 && c->total_delay < 0;
    if (network->is_recurrent || !is_matrix || (c->stage_count > 0 && !is_behind_pools))
        return false;
    for (size_t i = 0; i < network->network->connections.count; i++) {
        const struct lowered_connection *next = &network->connections[i];
        if (next > c && next->connection->slot == c->connection->slot)
            return takes_all_steps(network, next);
    }
    return true;
}

static void step_lists(struct lowering *l, struct lowered_layer *layer)
{
    if (layer->step_list >= 0)
        return;
    layer->step_list =
        lower_buffer(l, dotted(l, layer->name, "step_list"), SNN_INT32, SNN_BUFFER_LANE, -1);
    layer->step_starts =
        lower_buffer(l, dotted(l, layer->name, "step_starts"), SNN_INT64, SNN_BUFFER_LANE, -1);
}

/* What leaves the pools before a matrix, in all steps. */
static void pooled_steps(struct lowering *l, struct lowered_connection *c)
{
    c->step_values =
        lower_buffer(l, dotted(l, c->name, "step_values"), SNN_FLOAT32, SNN_BUFFER_LANE, -1);
    l->program->buffers[c->step_values].is_record = true;
    c->step_list = lower_buffer(l, dotted(l, c->name, "step_list"), SNN_INT32, SNN_BUFFER_LANE, -1);
    c->step_starts =
        lower_buffer(l, dotted(l, c->name, "step_starts"), SNN_INT64, SNN_BUFFER_LANE, -1);
}

static void step_connection(struct lowering *l, struct lowered_connection *c)
{
    c->step_values = c->step_list = c->step_starts = -1;
    c->takes_all_steps = takes_all_steps(c->network, c);
    if (c->takes_all_steps && c->stage_count > 0)
        pooled_steps(l, c);
    else if (c->takes_all_steps)
        step_lists(l, c->source);
    if (c->stage_count == 0)
        c->stepwise = stepwise(l, c, c->ir, true, true, NULL);
    for (size_t i = 0; i < c->stage_count; i++) {
        bool is_last = i + 1 == c->stage_count;
        c->stages[i].stepwise = stepwise(l, c, c->stages[i].ir, i == 0, is_last,
                                         is_last ? NULL : c->stages[i + 1].norm);
    }
}

static void explain_steps(struct lowering *l, const struct lowered_layer *layer)
{
    int inputs = lower_is_source(layer) ? 0 : 4 * (int)layer->layer->model->inputs.count;
    int sent = (layer->raster >= 0) + (layer->emissions >= 0 ? 4 : 0);
    if (inputs + sent > 0)
        remark(l->c, layer->layer->statement->span, "gradient",
               "'%s': of each neuron and step of a sample %d bytes of inputs and %d of what it "
               "sends are kept",
               layer->name, inputs, sent);
}

static void search_zero(struct expr *e, void *data)
{
    bool *found = data;
    bool is_max =
        e->kind == EXPR_CALL && e->target->builtin != NULL && e->target->builtin->id == BUILTIN_MAX;
    *found = *found || is_max || e->kind == EXPR_IF;
    expr_children(e, search_zero, data);
}

/* Is the slope of a layer's surrogate 0 far from the threshold, as far as its text shows? Only
 * where it is not, what comes back to a spike is needed. */
static bool has_compact_surrogate(const struct lowered_layer *layer)
{
    const struct neuron_instance *model = layer->layer->model;
    const struct statement *spike = model->spike;
    bool found = false, is_at_top = false;
    for (size_t i = 0; i < model->body.count; i++)
        is_at_top = is_at_top || model->body.items[i] == spike;
    if (!is_at_top || spike->spike.slope == NULL || spike->spike.slope->value == NULL)
        return false;
    search_zero(spike->spike.slope->value, &found);
    return found;
}

static void layer_buffers(struct lowering *l, struct lowered_layer *layer)
{
    layer->step_list = layer->step_starts = -1;
    layer->raster =
        layer->layer->model->spike != NULL ? step_buffer(l, layer, "raster", SNN_BOOL) : -1;
    layer->near = -1;
    if (layer->raster >= 0 && !lower_is_source(layer) && has_compact_surrogate(layer)) {
        layer->near = step_buffer(l, layer, "near", SNN_BOOL);
        l->program->buffers[layer->near].is_state = true;
    }
    layer->is_steady = is_steady(l, layer);
    layer->emissions = layer->emitted >= 0 && !layer->is_steady
                           ? step_buffer(l, layer, "emissions", SNN_FLOAT32)
                           : -1;
    layer->sent = layer->emitted;
    if (!layer->is_steady) {
        layer->sent = lower_buffer(l, dotted(l, layer->name, "sent"),
                                   layer->emitted >= 0 ? SNN_FLOAT32 : SNN_BOOL, SNN_BUFFER_LANE,
                                   layer->size);
        l->program->buffers[layer->sent].is_state = true;
    }
    explain_steps(l, layer);
    if (lower_is_source(layer))
        return;
    for (size_t i = 0; i < layer->layer->model->inputs.count; i++) {
        struct symbol *input = layer->layer->model->inputs.items[i];
        pointer_map_put(l, &l->currents_of, input,
                        step_buffer(l, layer,
                                    arena_format(&l->c->arena, "%s.steps", input->name->text),
                                    SNN_FLOAT32));
    }
}

static int32_t network_function(struct lowering *l, const struct lowered_network *network,
                                const char *what, enum ir_function_kind kind)
{
    return ir_add_function(l->c, l->program, dotted(l, network->name, what), kind,
                           network->network->declaration->span);
}

/* Buffers and functions, when the first such presentation is lowered. */
static void make_ready(struct lowering *l, struct lowered_network *network)
{
    const struct network *n = network->network;
    if (network->has_gradient)
        return;
    network->has_gradient = true;
    network->sample = number_buffer(l, network, "sample");
    network->samples = number_buffer(l, network, "samples");
    lower_truncation_buffer(l, network);
    network->records = network_function(l, network, "records", IR_FUNCTION_START);
    network->forward = network_function(l, network, "forward", IR_FUNCTION_STEP);
    network->backward = network_function(l, network, "backward", IR_FUNCTION_STEP);
    l->program->functions[network->backward]->reverse_of = network->forward;
    for (size_t i = 0; i < n->layers.count; i++) {
        if (!lower_is_source(&network->layers[i]) && refuse_layer(l, &network->layers[i]))
            return;
        layer_buffers(l, &network->layers[i]);
    }
    for (size_t i = 0; i < n->connections.count; i++) {
        if (refuse_connection(l, &network->connections[i]))
            return;
        network->is_recurrent = network->is_recurrent || is_backward(&network->connections[i]);
    }
    for (size_t i = 0; i < n->connections.count; i++)
        step_connection(l, &network->connections[i]);
    lower_norm_levels(l, network);
}

/* ---- records: what tasks read after a presentation ---- */

static struct ir_node *zero(struct lowering *l)
{
    return ir_integer(&l->b, 0);
}

struct ir_node *lower_number(struct lowering *l, int32_t buffer)
{
    return ir_load(&l->b, buffer, zero(l));
}

struct ir_node *lower_steps_now(struct lowering *l)
{
    return ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEPS);
}

struct binding *lower_taken_record(struct lowering *l, const struct lowered_layer *layer,
                                   int32_t source, bool is_in_time, const char *what)
{
    struct lowered_network *network = layer->network;
    struct taken_record *record = NULL;
    for (size_t i = 0; i < network->taken.count && record == NULL; i++)
        if (network->taken.items[i].source == source &&
            network->taken.items[i].is_in_time == is_in_time)
            record = &network->taken.items[i];
    if (record == NULL) {
        struct taken_record made = { layer, source, -1, is_in_time };
        made.buffer = lower_buffer(l, dotted(l, layer->name, what),
                                   l->program->buffers[source].type, SNN_BUFFER_LOCAL, -1);
        l->program->buffers[made.buffer].is_record = true;
        array_push(&l->c->arena, &network->taken, made);
        record = &network->taken.items[network->taken.count - 1];
    }
    struct binding *binding = binding_new(l, BINDING_ARRAY);
    binding->buffer = record->buffer;
    if (is_in_time)
        binding->extents[binding->rank++] = network->last->steps;
    if (network->last->is_batch)
        binding->extents[binding->rank++] = network->last->samples;
    for (int32_t d = 0; d < layer->rank && binding->rank < RANK_LIMIT; d++)
        binding->sizes[binding->rank++] = layer->axis_sizes[d];
    return binding;
}

static void lower_records(struct lowering *l, struct lowered_network *network)
{
    lower_enter_function(l, network, network->records);
    for (size_t i = 0; i < network->taken.count; i++) {
        const struct taken_record *record = &network->taken.items[i];
        struct ir_node *count = ir_binary(&l->b, IR_MUL, lower_number(l, network->samples),
                                          lower_size_leaf(l, record->layer->size));
        if (record->is_in_time)
            count = ir_binary(&l->b, IR_MUL, count, lower_steps_now(l));
        ir_call_rt(&l->b, IR_RT_snn_rt_resize, 2,
                   (struct ir_node *[]){ ir_integer(&l->b, record->buffer), count });
    }
    if (network->keeps_samples)
        ir_call_rt(&l->b, IR_RT_snn_rt_samples_begin, 2,
                   (struct ir_node *[]){ ir_integer(&l->b, network->backward),
                                         lower_number(l, network->samples) });
    for (size_t i = 0; i < network->network->connections.count; i++)
        if (lower_norm_of(&network->connections[i]) != NULL)
            lower_norm_records(l, lower_norm_of(&network->connections[i]),
                               lower_number(l, network->samples));
}

void lower_gradient_functions(struct lowering *l, struct lowered_network *network)
{
    if (!network->has_gradient || l->is_failed)
        return;
    lower_records(l, network);
    lower_forward(l, network);
}

/* ---- one sample ---- */

/* Keeps what a source sends in the step at hand. */
static void keep_step(struct lowering *l, const struct lowered_layer *layer, struct ir_node *step)
{
    struct ir_builder outer = l->b;
    struct ir_node *size = lower_size_leaf(l, layer->size);
    struct ir_node *i = lower_open_range(l, dotted(l, layer->name, "keep"), size, true);
    struct ir_node *place = lower_row_place(l, layer, step, i);
    if (layer->emissions >= 0)
        ir_store(&l->b, layer->emissions, place, ir_load(&l->b, layer->emitted, i));
    if (layer->raster >= 0)
        ir_store(&l->b, layer->raster, place, ir_bool(&l->b, false));
    l->b = outer;
    if (layer->raster < 0)
        return;
    struct ir_node *loop = ir_loop_events(&l->b, dotted(l, layer->name, "keep"), layer->list,
                                          lower_number(l, layer->list_count), true);
    l->b.block = &loop->loop.body;
    ir_store(&l->b, layer->raster, lower_row_place(l, layer, step, loop->loop.index),
             ir_bool(&l->b, true));
    l->b = outer;
}

static void run_source(struct lowering *l, struct lowered_layer *layer)
{
    if (layer->runs_ahead) {
        lower_ahead_step(l, layer);
        lower_finish_step(l, layer);
    } else {
        lower_run_layer(l, layer, false);
    }
}

static void run_sources(struct lowering *l, struct lowered_network *network,
                        const struct timed_data *timed, struct ir_node *steps)
{
    struct lowered_network *outer_network = l->network;
    l->network = network;
    if (network->has_ahead)
        ir_call(&l->b, network->ahead);
    bool has_steps = false;
    for (size_t i = 0; i < network->network->layers.count; i++) {
        struct lowered_layer *layer = &network->layers[i];
        if (!lower_is_source(layer))
            continue;
        lower_reserve_rows(l, layer, layer->raster);
        lower_reserve_rows(l, layer, layer->emissions);
        if (layer->is_steady)
            run_source(l, layer);
        else
            has_steps = true;
    }
    if (has_steps) {
        struct ir_builder outer = l->b;
        struct ir_node *step = lower_open_range(l, "sources", steps, false);
        ir_context_set(&l->b, IR_CONTEXT_STEP, step);
        ir_store(&l->b, network->clock, zero(l), step);
        lower_timed_data(l, timed, step);
        for (size_t i = 0; i < network->network->layers.count; i++) {
            struct lowered_layer *layer = &network->layers[i];
            if (!lower_is_source(layer) || layer->is_steady)
                continue;
            run_source(l, layer);
            keep_step(l, layer, step);
        }
        l->b = outer;
    }
    l->network = outer_network;
}

static void name_sample(struct lowering *l, const struct taken *taken, struct ir_node *index)
{
    ir_store(&l->b, taken->network->sample, zero(l), index);
    ir_store(&l->b, taken->network->samples, zero(l), taken->samples);
}

/* What it draws, and its length. */
static void begin_sample(struct lowering *l, const struct taken *taken, struct ir_node *index)
{
    struct ir_node *path = ir_binary(&l->b, IR_HASH, taken->path, taken->number);
    if (taken->is_batch)
        path = ir_binary(&l->b, IR_HASH, path, index);
    ir_context_set(&l->b, IR_CONTEXT_PATH, path);
    ir_context_set(&l->b, IR_CONTEXT_STEP, zero(l));
    ir_context_set(&l->b, IR_CONTEXT_STEPS, taken->steps);
}

/* Presents sample `index` of the batch (of one, if it is none) and runs `forward`. */
void lower_run_sample(struct lowering *l, struct taken *taken, struct ir_node *index)
{
    struct lowered_network *network = taken->network;
    struct timed_data timed = { 0 };
    struct ir_node *outer_index = l->sample_index;
    l->sample_index = taken->is_batch ? index : NULL;
    name_sample(l, taken, index);
    lower_silence_inputs(l, network, &taken->statement->present.inputs);
    for (size_t i = 0; i < taken->statement->present.inputs.count; i++)
        lower_present_input(l, &taken->statement->present.inputs.items[i], taken->end, &timed);
    begin_sample(l, taken, index);
    ir_call(&l->b, network->reset);
    ir_call(&l->b, network->begin);
    run_sources(l, network, &timed, taken->steps);
    lower_begin_run(l, taken);
    ir_call(&l->b, network->forward);
    l->sample_index = outer_index;
    taken->there = l->b;
    taken->index = index;
    taken->forward = l->b.block->last;
}

static struct ir_node *backward_number(struct lowering *l, const struct taken *taken)
{
    return ir_integer(&l->b, taken->network->backward);
}

void lower_keep_samples(struct lowering *l, struct taken *taken)
{
    struct ir_builder outer = l->b;
    taken->is_recalled = lower_is_as_presented(l, taken);
    if (taken->is_kept || !taken->is_recalled)
        return;
    taken->is_kept = taken->network->keeps_samples = true;
    l->b = taken->there;
    l->b.before = taken->forward->next;
    ir_call_rt(&l->b, IR_RT_snn_rt_sample_keep, 2,
               (struct ir_node *[]){ backward_number(l, taken), taken->index });
    l->b = outer;
}

void lower_return_sample(struct lowering *l, struct taken *taken, struct ir_node *index)
{
    struct ir_node *last = ir_integer(&l->b, taken->network->norm_levels);
    struct ir_builder outer = l->b;
    if (taken->run == NULL || !taken->is_recalled)
        return;
    struct ir_node *more = ir_if(&l->b, ir_binary(&l->b, IR_LT, taken->run, last));
    l->b.before = NULL;
    l->b.block = &more->branch.then_body;
    ir_call_rt(&l->b, IR_RT_snn_rt_sample_return, 2,
               (struct ir_node *[]){ backward_number(l, taken), index });
    l->b = outer;
}

void lower_recall_sample(struct lowering *l, struct taken *taken, struct ir_node *index)
{
    struct ir_builder outer = l->b;
    if (!taken->is_recalled) {
        lower_run_sample(l, taken, index);
        return;
    }
    struct ir_node *is_kept = ir_call_rt(&l->b, IR_RT_snn_rt_sample_recall, 2,
                                         (struct ir_node *[]){ backward_number(l, taken), index });
    struct ir_node *branch = ir_if(&l->b, ir_binary(&l->b, IR_NE, is_kept, zero(l)));
    l->b.before = NULL;
    l->b.block = &branch->branch.then_body;
    name_sample(l, taken, index);
    begin_sample(l, taken, index);
    l->b.block = &branch->branch.else_body;
    lower_run_sample(l, taken, index);
    l->b = outer;
}

struct ir_node *lower_open_parallel(struct lowering *l, const char *name, struct ir_node *count)
{
    struct ir_node *loop = ir_loop(&l->b, name, zero(l), count, true);
    loop->loop.is_parallel = !l->in_parallel;
    if (l->in_parallel)
        loop->loop.is_independent = false;
    l->b.before = NULL;
    l->b.block = &loop->loop.body;
    return loop->loop.index;
}

bool lower_takes_gradient(struct lowering *l, const struct lowered_network *network,
                          const struct statement *present)
{
    return present->present.is_batch || (l->may_learn & network->gradient_mask) != 0;
}

static struct ir_node *batch_size(struct lowering *l, const struct statement *s)
{
    for (size_t i = 0; i < s->present.inputs.count; i++) {
        struct expr *value = s->present.inputs.items[i].value;
        for (size_t d = 0; d < value->type->axes.count; d++)
            if (lower_is_samples(&value->type->axes.items[d]))
                return lower_extent(l, value, d);
    }
    return ir_integer(&l->b, 1);
}

void lower_present_taken(struct lowering *l, struct lowered_network *network, struct statement *s,
                         struct ir_node *steps, struct ir_node *end)
{
    struct taken *taken = arena_new(&l->c->arena, struct taken);
    if (s->present.keeps_state || s->present.body != NULL) {
        lower_refuse(l, s->span,
                     "a presentation of a batch, or that a gradient is taken from, cannot have a "
                     "block or keep state yet");
        return;
    }
    *taken = (struct taken){ .statement = s, .network = network, .steps = steps, .end = end };
    taken->samples = steps;
    l->taken = network->last = taken;
    make_ready(l, network);
    if (l->is_failed)
        return;
    lower_compute_inputs(l, &s->present.inputs);
    taken->is_batch = s->present.is_batch;
    taken->samples = batch_size(l, s);
    taken->path = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PATH);
    taken->number = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PRESENT);
    ir_store(&l->b, network->samples, zero(l), taken->samples);
    ir_context_set(&l->b, IR_CONTEXT_STEPS, steps);
    ir_call(&l->b, network->records);
    lower_run_samples(l, taken);
    ir_context_set(&l->b, IR_CONTEXT_STEPS, steps);
}
