/* SPDX-License-Identifier: MIT
 *
 * Presentations that a gradient, or a whole batch, is taken from. Each sample runs in a lane of its
 * own: first the layers without a source, step by step, whose spikes and numbers are kept; then
 * `forward`, layer by layer: what arrives in all steps, then the neurons, each through all steps
 * with its state in registers. What tasks read afterwards is copied into records with the axis
 * `sample`. `backward`, the reverse of `forward`, is written by pass `differentiate`; it runs right
 * after another `forward` of the same sample, so that nothing but the records is kept for a batch.
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

static bool is_source(const struct lowered_layer *layer)
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
    if (!model->emits || model->states.count > 0 || !is_source(layer))
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
    int inputs = is_source(layer) ? 0 : 4 * (int)layer->layer->model->inputs.count;
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
    if (layer->raster >= 0 && !is_source(layer) && has_compact_surrogate(layer)) {
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
    if (is_source(layer))
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
        if (!is_source(&network->layers[i]) && refuse_layer(l, &network->layers[i]))
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

static struct ir_node *number(struct lowering *l, int32_t buffer)
{
    return ir_load(&l->b, buffer, zero(l));
}

static struct ir_node *steps_now(struct lowering *l)
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
        binding->extents[binding->rank++] = l->taken->steps;
    if (l->taken->is_batch)
        binding->extents[binding->rank++] = l->taken->samples;
    for (int32_t d = 0; d < layer->rank && binding->rank < RANK_LIMIT; d++)
        binding->sizes[binding->rank++] = layer->axis_sizes[d];
    return binding;
}

/* Of step `step` (null: of a record without time) of the sample at hand, neuron `element`. */
static struct ir_node *record_place(struct lowering *l, const struct lowered_layer *layer,
                                    struct ir_node *step, struct ir_node *element)
{
    struct ir_node *row = number(l, layer->network->sample);
    if (step != NULL)
        row = ir_binary(&l->b, IR_ADD,
                        ir_binary(&l->b, IR_MUL, step, number(l, layer->network->samples)), row);
    return ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, row, lower_size_leaf(l, layer->size)),
                     element);
}

static void lower_records(struct lowering *l, struct lowered_network *network)
{
    lower_enter_function(l, network, network->records);
    for (size_t i = 0; i < network->taken.count; i++) {
        const struct taken_record *record = &network->taken.items[i];
        struct ir_node *count = ir_binary(&l->b, IR_MUL, number(l, network->samples),
                                          lower_size_leaf(l, record->layer->size));
        if (record->is_in_time)
            count = ir_binary(&l->b, IR_MUL, count, steps_now(l));
        ir_call_rt(&l->b, IR_RT_snn_rt_resize, 2,
                   (struct ir_node *[]){ ir_integer(&l->b, record->buffer), count });
    }
    for (size_t i = 0; i < network->network->connections.count; i++)
        if (lower_norm_of(&network->connections[i]) != NULL)
            lower_norm_records(l, lower_norm_of(&network->connections[i]),
                               number(l, network->samples));
}

/* ---- forward ---- */

struct ir_node *lower_open_range(struct lowering *l, const char *name, struct ir_node *high,
                                 bool is_independent)
{
    struct ir_node *loop = ir_loop(&l->b, name, zero(l), high, is_independent);
    l->b.before = NULL;
    l->b.block = &loop->loop.body;
    return loop->loop.index;
}

static struct ir_node *row_place(struct lowering *l, const struct lowered_layer *layer,
                                 struct ir_node *step, struct ir_node *element)
{
    return ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, step, lower_size_leaf(l, layer->size)),
                     element);
}

static void reserve_size(struct lowering *l, int32_t size, int32_t buffer)
{
    if (buffer < 0)
        return;
    struct ir_node *count = ir_binary(&l->b, IR_MUL, steps_now(l), lower_size_leaf(l, size));
    ir_call_rt(&l->b, IR_RT_snn_rt_reserve, 2,
               (struct ir_node *[]){ ir_integer(&l->b, buffer), count });
}

void lower_keep_near(struct lowering *l, struct ir_node *slope)
{
    const struct lowered_layer *layer = l->kernel->layer;
    if (layer->near < 0 || l->step == NULL)
        return;
    struct ir_node *is_near = ir_binary(&l->b, IR_NE, slope, ir_real(&l->b, IR_F32, 0));
    ir_store(&l->b, layer->near, row_place(l, layer, l->step, l->kernel->element), is_near);
}

static void reserve(struct lowering *l, const struct lowered_layer *layer, int32_t buffer)
{
    reserve_size(l, layer->size, buffer);
}

/* What the source has sent in step `sent` and arrives in `step`, as connections find it: flags and
 * their list, numbers, or both. */
static void lay_out(struct lowering *l, const struct lowered_connection *c, struct ir_node *step,
                    struct ir_node *sent)
{
    const struct lowered_layer *source = c->source;
    bool has_numbers = source->emitted >= 0, has_list = source->raster >= 0;
    if (has_numbers && source->emissions < 0)
        return; /* always there */
    int32_t flags = has_numbers ? source->spiked : source->sent;
    struct ir_builder outer = l->b;
    struct ir_node *size = lower_size_leaf(l, source->size);
    struct ir_node *i = lower_open_range(l, dotted(l, c->name, "arrive"), size, true);
    struct ir_node *place = row_place(l, source, sent, i);
    if (has_numbers)
        ir_store(
            &l->b, source->sent, i,
            lower_cut_sent(l, c->network, ir_load(&l->b, source->emissions, place), step, sent));
    if (has_list)
        ir_store(&l->b, flags, i,
                 lower_cut_sent(l, c->network, ir_load(&l->b, source->raster, place), step, sent));
    l->b = outer;
    if (has_list)
        ir_compact(&l->b, flags, source->list, source->list_count, size);
}

static void run_stage(struct lowering *l, const struct lowered_connection *c, size_t i,
                      struct ir_node *step, struct ir_node *base, bool has_arrived)
{
    const struct lowered_stage *stage = &c->stages[i];
    lower_begin_stage(l, c, i, step);
    if (stage->norm != NULL)
        lower_norm(l, c->network, stage->norm, stage->norm->inputs, step);
    if (i + 1 < c->stage_count)
        base = lower_stage_base(l, c, i, step);
    if (has_arrived)
        ir_propagate(&l->b, stage->stepwise, IR_PROPAGATE_FORWARD, base);
}

/* Lists of all steps, one behind the other. */
static void reserve_lists(struct lowering *l, int32_t list, int32_t starts, struct ir_node *size)
{
    struct ir_node *one = ir_integer(&l->b, 1);
    struct ir_node *entries = ir_binary(&l->b, IR_ADD, steps_now(l), one);
    ir_call_rt(&l->b, IR_RT_snn_rt_reserve, 2,
               (struct ir_node *[]){ ir_integer(&l->b, list),
                                     ir_binary(&l->b, IR_MUL, steps_now(l), size) });
    ir_call_rt(&l->b, IR_RT_snn_rt_reserve, 2,
               (struct ir_node *[]){ ir_integer(&l->b, starts), entries });
    ir_store(&l->b, starts, zero(l), zero(l));
}

/* Puts the list of a step behind those of the steps before it. */
static void append_list(struct lowering *l, int32_t list, int32_t starts, struct ir_node *step,
                        int32_t from, int32_t from_count)
{
    struct ir_builder outer = l->b;
    struct ir_node *start = ir_load(&l->b, starts, step), *count = number(l, from_count);
    struct ir_node *k = lower_open_range(l, "append", count, true);
    ir_store(&l->b, list, ir_binary(&l->b, IR_ADD, start, k), ir_load(&l->b, from, k));
    l->b = outer;
    ir_store(&l->b, starts, ir_binary(&l->b, IR_ADD, step, ir_integer(&l->b, 1)),
             ir_binary(&l->b, IR_ADD, start, count));
}

/* Keeps what left the pools in a step. */
static void keep_pooled(struct lowering *l, const struct lowered_connection *c,
                        struct ir_node *step)
{
    const struct lowered_stage *pool = &c->stages[c->stage_count - 2], *last = pool + 1;
    struct ir_builder outer = l->b;
    struct ir_node *size = lower_size_leaf(l, pool->size);
    lower_begin_stage(l, c, c->stage_count - 1, step);
    struct ir_node *k = lower_open_range(l, dotted(l, c->name, "pooled"), size, true);
    struct ir_node *row = ir_binary(&l->b, IR_MUL, step, size);
    ir_store(&l->b, c->step_values, ir_binary(&l->b, IR_ADD, row, k),
             ir_load(&l->b, pool->buffer, k));
    l->b = outer;
    append_list(l, c->step_list, c->step_starts, step, last->list, last->list_count);
}

/* `sent`: the step in which it was sent; null where nothing has arrived yet. Stages still pass on a
 * bias then. */
static void run_stages(struct lowering *l, const struct lowered_connection *c, struct ir_node *step,
                       struct ir_node *sent, struct ir_node *base)
{
    struct ir_builder outer = l->b;
    lower_open_due_norm(l, c);
    if (sent != NULL)
        lay_out(l, c, step, sent);
    if (sent != NULL && c->stage_count == 0)
        ir_propagate(&l->b, c->stepwise, IR_PROPAGATE_FORWARD, base);
    size_t stages = c->takes_all_steps && c->stage_count > 0 ? c->stage_count - 1 : c->stage_count;
    for (size_t i = 0; i < stages; i++) {
        if (c->stages[i].norm != NULL)
            l->b = outer;
        run_stage(l, c, i, step, base, sent != NULL || i > 0);
    }
    if (stages < c->stage_count)
        keep_pooled(l, c, step);
    l->b = outer;
}

static void arrive(struct lowering *l, const struct lowered_connection *c, struct ir_node *step,
                   struct ir_node *base)
{
    struct ir_builder outer = l->b;
    struct ir_node *sent = step;
    l->b.span = c->connection->statement->span;
    if (c->total_delay >= 0) {
        struct ir_node *delay = lower_size_leaf(l, c->total_delay);
        struct ir_node *branch = ir_if(&l->b, ir_binary(&l->b, IR_GE, step, delay));
        l->b.block = &branch->branch.else_body;
        run_stages(l, c, step, NULL, base);
        l->b.block = &branch->branch.then_body;
        sent = ir_binary(&l->b, IR_SUB, step, delay);
    }
    run_stages(l, c, step, sent, base);
    l->b = outer;
}

/* An input that only one steady source reaches is the same in each step. */
static bool is_steady_input(const struct lowered_layer *layer, const struct symbol *input)
{
    const struct lowered_network *network = layer->network;
    int count = 0;
    for (size_t i = 0; i < network->network->connections.count; i++) {
        const struct lowered_connection *c = &network->connections[i];
        if (c->connection->slot != input)
            continue;
        if (!c->source->is_steady || c->total_delay >= 0 || lower_drops_each_step(c))
            return false;
        count++;
    }
    return count == 1;
}

/* What an input is before anything arrives: 0, or the bias of a connection. */
static void begin_input(struct lowering *l, const struct lowered_layer *layer,
                        const struct symbol *input, struct ir_node *base)
{
    const struct lowered_network *network = layer->network;
    int32_t currents = pointer_map_get(&l->currents_of, input);
    const struct lowered_connection *biased = NULL;
    for (size_t k = 0; k < network->network->connections.count; k++) {
        const struct lowered_connection *c = &network->connections[k];
        bool is_inside = c->stage_count > 0 && c->connection->weighted + 1 < c->stage_count;
        if (c->connection->slot != input || c->bias_buffer < 0 || is_inside)
            continue;
        if (biased != NULL)
            lower_refuse(l, c->connection->bias->span,
                         "a second bias of one input cannot be in a network that learns by "
                         "gradient yet");
        biased = c;
    }
    if (biased != NULL) {
        lower_put_bias(l, biased, currents, layer->size, base, false);
        return;
    }
    struct ir_builder outer = l->b;
    struct ir_node *i = lower_open_range(l, dotted(l, layer->name, "silent"),
                                         lower_size_leaf(l, layer->size), true);
    ir_store(&l->b, currents, ir_binary(&l->b, IR_ADD, base, i), ir_real(&l->b, IR_F32, 0));
    l->b = outer;
}

/* What arrives at all inputs in a step; at the steady ones, or at the others. */
static void lower_arrivals(struct lowering *l, struct lowered_layer *layer, struct ir_node *step,
                           bool is_steady)
{
    const struct lowered_network *network = layer->network;
    const struct symbol_list *inputs = &layer->layer->model->inputs;
    struct ir_node *base = ir_binary(&l->b, IR_MUL, step, lower_size_leaf(l, layer->size));
    for (size_t i = 0; i < inputs->count; i++) {
        if (is_steady_input(layer, inputs->items[i]) != is_steady)
            continue;
        begin_input(l, layer, inputs->items[i], base);
        for (size_t k = 0; k < network->network->connections.count; k++)
            if (network->connections[k].connection->slot == inputs->items[i] &&
                !(network->connections[k].takes_all_steps &&
                  network->connections[k].stage_count == 0))
                arrive(l, &network->connections[k], step, base);
    }
}

/* Of all steps: what enters batch_norm, and which source was the largest in pools that add to all
 * steps of something. */
static void reserve_stages(struct lowering *l, const struct lowered_connection *c)
{
    for (size_t i = 0; i < c->stage_count; i++) {
        const struct lowered_stage *stage = &c->stages[i];
        const struct ir_way_back *back = l->program->connections[stage->stepwise].back;
        bool has_steps = i + 1 == c->stage_count || stage[1].norm != NULL;
        if (stage->norm != NULL)
            reserve_size(l, stage->size, stage->norm->inputs);
        if (back != NULL && has_steps)
            reserve_size(l, stage->size, back->winners);
    }
}

static void reserve_steps(struct lowering *l, const struct lowered_layer *layer)
{
    const struct symbol_list *inputs = &layer->layer->model->inputs;
    for (size_t i = 0; i < inputs->count; i++)
        reserve(l, layer, pointer_map_get(&l->currents_of, inputs->items[i]));
    for (size_t i = 0; i < layer->network->network->connections.count; i++)
        if (layer->network->connections[i].target == layer)
            reserve_stages(l, &layer->network->connections[i]);
    reserve(l, layer, layer->raster);
    reserve(l, layer, layer->near);
    reserve(l, layer, layer->emissions);
}

static void account(struct lowering *l, struct lowered_layer *layer)
{
    struct ir_node *spike = ir_get(&l->b, l->kernel->spike);
    struct ir_node *now = lower_time(l, IR_F32);
    struct ir_node *count = kernel_read(l, layer->count, -1);
    struct ir_node *is_first =
        ir_binary(&l->b, IR_AND, spike, ir_binary(&l->b, IR_EQ, count, ir_integer(&l->b, 0)));
    kernel_write(l, layer->first, -1,
                 ir_select(&l->b, is_first, now, kernel_read(l, layer->first, -1)));
    kernel_write(l, layer->last, -1, ir_select(&l->b, spike, now, kernel_read(l, layer->last, -1)));
    kernel_write(l, layer->fired, -1,
                 ir_binary(&l->b, IR_OR, kernel_read(l, layer->fired, -1), spike));
    kernel_write(l, layer->count, -1,
                 ir_binary(&l->b, IR_ADD, count, ir_cast(&l->b, IR_I64, spike)));
    kernel_write(l, layer->spiked, -1, spike);
}

/* Traces of the states of the layer, in this step. */
static void record_states(struct lowering *l, const struct lowered_layer *layer,
                          struct ir_node *step)
{
    for (size_t i = 0; i < layer->network->taken.count; i++) {
        const struct taken_record *record = &layer->network->taken.items[i];
        if (record->layer != layer || !record->is_in_time || record->source == layer->raster)
            continue;
        ir_store(&l->b, record->buffer, record_place(l, layer, step, l->kernel->element),
                 kernel_read(l, record->source, -1));
    }
}

static void run_body(struct lowering *l, struct lowered_layer *layer, struct ir_node *step)
{
    struct block body = { .statements = layer->layer->model->body };
    const struct symbol_list *inputs = &layer->layer->model->inputs;
    struct ir_node *element = l->kernel->element;
    for (size_t i = 0; i < inputs->count; i++) {
        struct ir_node *place =
            is_steady_input(layer, inputs->items[i]) ? element : row_place(l, layer, step, element);
        kernel_write(l, lower_state_buffer(l, inputs->items[i]), -1,
                     ir_load(&l->b, pointer_map_get(&l->currents_of, inputs->items[i]), place));
    }
    if (l->kernel->spike != NULL)
        ir_set(&l->b, l->kernel->spike, ir_bool(&l->b, false));
    l->step = step;
    lower_kernel_block(l, &body);
    if (l->kernel->spike != NULL) {
        ir_store(&l->b, layer->raster, row_place(l, layer, step, element),
                 ir_get(&l->b, l->kernel->spike));
        account(l, layer);
    }
    if (layer->emissions >= 0)
        ir_store(&l->b, layer->emissions, row_place(l, layer, step, element),
                 kernel_read(l, layer->emitted, -1));
    record_states(l, layer, step);
    lower_cut_states(l, layer, step);
    l->step = NULL;
}

/* In all steps (null), or in one. */
static void run_neurons(struct lowering *l, struct lowered_layer *layer, struct ir_node *step)
{
    struct kernel kernel = { .layer = layer,
                             .is_eventwise = true,
                             .has_gradient = true,
                             .counts_since = layer->layer->model->reads_since,
                             .name = dotted(l, layer->name, "forward") };
    struct ir_node *steps = steps_now(l);
    l->kernel = &kernel;
    kernel_open(l, kernel.name);
    if (layer->layer->model->spike != NULL)
        kernel.spike = ir_var(&l->b, "spiked", ir_bool(&l->b, false));
    struct ir_builder outer = l->b;
    if (step == NULL)
        step = lower_open_range(l, dotted(l, layer->name, "steps"), steps, false);
    run_body(l, layer, step);
    if (l->b.block != outer.block)
        l->b = outer;
    kernel_close(l);
    l->kernel = NULL;
}

/* The spikes of all steps, for connections that take them at once. */
static void list_steps(struct lowering *l, const struct lowered_layer *layer)
{
    if (layer->step_list < 0)
        return;
    struct ir_node *size = lower_size_leaf(l, layer->size);
    reserve_lists(l, layer->step_list, layer->step_starts, size);
    struct ir_builder outer = l->b;
    struct ir_node *step = lower_open_range(l, dotted(l, layer->name, "list"), steps_now(l), false);
    struct ir_builder body = l->b;
    struct ir_node *i = lower_open_range(l, dotted(l, layer->name, "list"), size, true);
    int32_t flags = lower_is_graded(layer) ? layer->spiked : layer->sent;
    ir_store(&l->b, flags, i, ir_load(&l->b, layer->raster, row_place(l, layer, step, i)));
    l->b = body;
    ir_compact(&l->b, flags, layer->list, layer->list_count, size);
    append_list(l, layer->step_list, layer->step_starts, step, layer->list, layer->list_count);
    l->b = outer;
}

static void reserve_pooled(struct lowering *l, const struct lowered_layer *layer)
{
    const struct lowered_network *network = layer->network;
    for (size_t k = 0; k < network->network->connections.count; k++) {
        const struct lowered_connection *c = &network->connections[k];
        if (c->target != layer || c->step_values < 0)
            continue;
        struct ir_node *size = lower_size_leaf(l, c->stages[c->stage_count - 2].size);
        reserve_lists(l, c->step_list, c->step_starts, size);
        ir_call_rt(&l->b, IR_RT_snn_rt_reserve, 2,
                   (struct ir_node *[]){ ir_integer(&l->b, c->step_values),
                                         ir_binary(&l->b, IR_MUL, steps_now(l), size) });
    }
}

static void take_all_steps(struct lowering *l, const struct lowered_layer *layer)
{
    const struct lowered_network *network = layer->network;
    for (size_t k = 0; k < network->network->connections.count; k++) {
        const struct lowered_connection *c = &network->connections[k];
        if (c->target != layer || !c->takes_all_steps)
            continue;
        int32_t stepwise =
            c->stage_count > 0 ? c->stages[c->stage_count - 1].stepwise : c->stepwise;
        ir_propagate_steps(&l->b, stepwise, IR_PROPAGATE_FORWARD, steps_now(l));
    }
}

/* A layer after the other, each through all steps: its neurons keep their states in registers. */
static void run_layers(struct lowering *l, const struct lowered_network *network)
{
    for (size_t i = 0; i < network->network->order.count; i++) {
        struct lowered_layer *layer = lowered_layer_of(l, network->network->order.items[i]);
        l->b.span = layer->layer->statement->span;
        if (is_source(layer)) {
            list_steps(l, layer);
            continue;
        }
        reserve_steps(l, layer);
        reserve_pooled(l, layer);
        struct ir_builder outside = l->b;
        lower_open_due_layer(l, layer);
        lower_arrivals(l, layer, zero(l), true);
        struct ir_builder outer = l->b;
        struct ir_node *step =
            lower_open_range(l, dotted(l, layer->name, "arrivals"), steps_now(l), false);
        lower_arrivals(l, layer, step, false);
        l->b = outer;
        take_all_steps(l, layer);
        run_neurons(l, layer, NULL);
        list_steps(l, layer);
        l->b = outside;
    }
}

/* A step after the other, in each all layers. */
static void run_steps(struct lowering *l, const struct lowered_network *network)
{
    for (size_t i = 0; i < network->network->layers.count; i++) {
        struct lowered_layer *layer = &network->layers[i];
        if (is_source(layer))
            continue;
        reserve_steps(l, layer);
        struct ir_builder outside = l->b;
        lower_open_due_layer(l, layer);
        lower_arrivals(l, layer, zero(l), true);
        l->b = outside;
    }
    struct ir_builder outer = l->b;
    struct ir_node *step = lower_open_range(l, "steps", steps_now(l), false);
    for (size_t i = 0; i < network->network->order.count; i++) {
        struct lowered_layer *layer = lowered_layer_of(l, network->network->order.items[i]);
        if (is_source(layer))
            continue;
        l->b.span = layer->layer->statement->span;
        struct ir_builder outside = l->b;
        lower_open_due_layer(l, layer);
        lower_arrivals(l, layer, step, false);
        run_neurons(l, layer, step);
        l->b = outside;
    }
    l->b = outer;
}

static void copy_records(struct lowering *l, const struct lowered_network *network)
{
    for (size_t i = 0; i < network->taken.count; i++) {
        const struct taken_record *record = &network->taken.items[i];
        const struct lowered_layer *layer = record->layer;
        bool is_raster = record->source == layer->raster;
        if (record->is_in_time && !is_raster)
            continue;
        struct ir_builder outer = l->b;
        struct ir_node *size = lower_size_leaf(l, layer->size), *step = NULL;
        if (is_raster)
            step = lower_open_range(l, dotted(l, layer->name, "record"), steps_now(l), false);
        struct ir_node *k = lower_open_range(l, dotted(l, layer->name, "record"), size, true);
        ir_store(&l->b, record->buffer, record_place(l, layer, step, k),
                 ir_load(&l->b, record->source, is_raster ? row_place(l, layer, step, k) : k));
        l->b = outer;
    }
}

static void sum_norms(struct lowering *l, const struct lowered_network *network)
{
    for (size_t i = 0; i < network->network->connections.count; i++) {
        const struct lowered_connection *c = &network->connections[i];
        if (lower_norm_of(c) != NULL)
            lower_norm_sums(l, network, lower_norm_of(c),
                            is_steady_input(c->target, c->connection->slot));
    }
}

void lower_gradient_functions(struct lowering *l, struct lowered_network *network)
{
    if (!network->has_gradient || l->is_failed)
        return;
    lower_records(l, network);
    lower_enter_function(l, network, network->forward);
    if (network->is_recurrent)
        run_steps(l, network);
    else
        run_layers(l, network);
    sum_norms(l, network);
    copy_records(l, network);
}

/* ---- one sample ---- */

/* Keeps what a source sends in the step at hand. */
static void keep_step(struct lowering *l, const struct lowered_layer *layer, struct ir_node *step)
{
    struct ir_builder outer = l->b;
    struct ir_node *size = lower_size_leaf(l, layer->size);
    struct ir_node *i = lower_open_range(l, dotted(l, layer->name, "keep"), size, true);
    struct ir_node *place = row_place(l, layer, step, i);
    if (layer->emissions >= 0)
        ir_store(&l->b, layer->emissions, place, ir_load(&l->b, layer->emitted, i));
    if (layer->raster >= 0)
        ir_store(&l->b, layer->raster, place, ir_bool(&l->b, false));
    l->b = outer;
    if (layer->raster < 0)
        return;
    struct ir_node *loop = ir_loop_events(&l->b, dotted(l, layer->name, "keep"), layer->list,
                                          number(l, layer->list_count), true);
    l->b.block = &loop->loop.body;
    ir_store(&l->b, layer->raster, row_place(l, layer, step, loop->loop.index),
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
        if (!is_source(layer))
            continue;
        reserve(l, layer, layer->raster);
        reserve(l, layer, layer->emissions);
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
            if (!is_source(layer) || layer->is_steady)
                continue;
            run_source(l, layer);
            keep_step(l, layer, step);
        }
        l->b = outer;
    }
    l->network = outer_network;
}

/* Presents sample `index` of the batch (of one, if it is none) and runs `forward`. */
void lower_run_sample(struct lowering *l, struct taken *taken, struct ir_node *index)
{
    struct lowered_network *network = taken->network;
    struct timed_data timed = { 0 };
    struct ir_node *outer_index = l->sample_index;
    l->sample_index = taken->is_batch ? index : NULL;
    ir_store(&l->b, network->sample, zero(l), index);
    ir_store(&l->b, network->samples, zero(l), taken->samples);
    lower_silence_inputs(l, network, &taken->statement->present.inputs);
    for (size_t i = 0; i < taken->statement->present.inputs.count; i++)
        lower_present_input(l, &taken->statement->present.inputs.items[i], taken->end, &timed);
    struct ir_node *path = ir_binary(&l->b, IR_HASH, taken->path, taken->number);
    if (taken->is_batch)
        path = ir_binary(&l->b, IR_HASH, path, index);
    ir_context_set(&l->b, IR_CONTEXT_PATH, path);
    ir_context_set(&l->b, IR_CONTEXT_STEP, zero(l));
    ir_context_set(&l->b, IR_CONTEXT_STEPS, taken->steps);
    ir_call(&l->b, network->reset);
    ir_call(&l->b, network->begin);
    run_sources(l, network, &timed, taken->steps);
    lower_begin_run(l, taken);
    ir_call(&l->b, network->forward);
    l->sample_index = outer_index;
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
    l->taken = taken;
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
