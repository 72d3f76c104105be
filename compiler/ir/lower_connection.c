/* SPDX-License-Identifier: MIT
 *
 * Connections: what is stored of them, how it is made, and what a propagation needs to know. One
 * weight for all synapses of a fixed topology is a constant and never becomes a matrix.
 */
#include "ir/lower_internal.h"
#include "ir/window.h"

#include <string.h>

static const char *dotted(struct lowering *l, const struct lowered_connection *c, const char *field)
{
    return arena_format(&l->c->arena, "%s.%s", c->name, field);
}

/* Where spikes enter. */
static struct ir_connection *first_entry(struct lowering *l, const struct lowered_connection *c)
{
    return &l->program->connections[c->stage_count > 0 ? c->stages[0].ir : c->ir];
}

/* ---- topology ---- */

static bool is_executable(enum builtin_id id)
{
    return id == BUILTIN_DENSE || id == BUILTIN_ONE_TO_ONE || id == BUILTIN_ALL_BUT_ONE ||
           id == BUILTIN_SPARSE || id == BUILTIN_PAIRS || id == BUILTIN_CONV ||
           id == BUILTIN_LOCAL || id == BUILTIN_AVG_POOL || id == BUILTIN_MAX_POOL ||
           id == BUILTIN_SUM_POOL || id == BUILTIN_DROPOUT || id == BUILTIN_BATCH_NORM;
}

static bool check_topology(struct lowering *l, const struct connection *connection)
{
    const struct topology_stage_list *stages = &connection->topology;
    for (size_t i = 0; i < stages->count; i++)
        if (!is_executable(stages->items[i].builtin->id)) {
            lower_refuse(l, stages->items[i].expr->span, "the topology '%s' cannot be compiled yet",
                         stages->items[i].builtin->name);
            return false;
        }
    if (connection->weight != NULL && connection->weight->kind == EXPR_STRING)
        lower_refuse(l, connection->weight->span, "weights from a file cannot be read yet");
    return !l->is_failed;
}

static enum ir_topology topology_of(const struct connection *connection)
{
    switch (connection->kind->id) {
    case BUILTIN_ONE_TO_ONE: return IR_ONE_TO_ONE;
    case BUILTIN_ALL_BUT_ONE: return IR_ALL_BUT_ONE;
    case BUILTIN_SPARSE:
    case BUILTIN_LOCAL: /* listed */
    case BUILTIN_PAIRS: return IR_SPARSE;
    default: return IR_DENSE;
    }
}

bool lower_has_one_weight(struct lowering *l, const struct connection *connection)
{
    bool is_set = pointer_map_get(&l->weight_assigned, connection) >= 0;
    return connection->weight_is_uniform && connection->rules.count == 0 &&
           !connection->learns_gradient && !is_set;
}

/* ---- delays ---- */

/* A number of steps, computed by setup; must be at least `least`. */
static int32_t steps_size(struct lowering *l, struct lowered_connection *c, struct expr *e,
                          bool is_time, int64_t least, const char *what)
{
    int32_t entry = ir_add_size(l->c, l->program, dotted(l, c, what));
    struct ir_builder saved = lower_enter(l, &l->setup);
    bool was_in_setup = l->in_setup;
    l->in_setup = true;
    l->b.span = e->span;
    struct ir_node *value = lower_as(l, e, IR_F64);
    if (is_time)
        value = ir_binary(&l->b, IR_DIV, value, lower_constant_leaf(l, c->network->dt, IR_F64));
    struct ir_node *steps = ir_cast(&l->b, IR_I64, ir_unary(&l->b, IR_ROUND, value));
    struct ir_node *check = ir_if(&l->b, ir_binary(&l->b, IR_LT, steps, ir_integer(&l->b, least)));
    struct ir_builder outer = l->b;
    l->b.block = &check->branch.then_body;
    const char *message =
        arena_format(&l->c->arena, "the %s of '%s' is less than one step", what, c->name);
    ir_call_rt(
        &l->b, IR_RT_snn_rt_panic, 2,
        (struct ir_node *[]){ ir_text(&l->b, lower_place(l, e->span)), ir_text(&l->b, message) });
    l->b = outer;
    ir_size_set(&l->b, entry, steps);
    l->in_setup = was_in_setup;
    lower_leave(l, &l->setup, saved);
    return entry;
}

static int32_t size_sum(struct lowering *l, int32_t a, int32_t b, const char *name)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    int32_t entry = ir_add_size(l->c, l->program, name);
    struct ir_builder saved = lower_enter(l, &l->setup);
    ir_size_set(&l->b, entry,
                ir_binary(&l->b, IR_ADD, ir_leaf(&l->b, IR_SIZE, IR_I64, a),
                          ir_leaf(&l->b, IR_SIZE, IR_I64, b)));
    lower_leave(l, &l->setup, saved);
    return entry;
}

static int32_t lag_size(struct lowering *l, struct lowered_connection *c)
{
    struct expr *lag = c->connection->lag != NULL ? c->connection->lag : c->network->network->lag;
    if (lag == NULL)
        return -1;
    if (lag->constant != NULL && constant_number(lag->constant) >= 1)
        return lower_size_value(l, (int64_t)constant_number(lag->constant));
    return steps_size(l, c, lag, false, 1, "lag");
}

/* The longest delay that `uniform(low, high)` can draw. */
static struct expr *longest_delay(struct lowering *l, struct expr *delay)
{
    if (delay->target != NULL && delay->target->kind == CALL_BUILTIN &&
        delay->target->builtin->id == BUILTIN_UNIFORM)
        return delay->target->arguments[1];
    lower_refuse(
        l, delay->span,
        "delays of their own must be drawn by uniform(low, high), so that the longest is known");
    return delay;
}

static void delays_of(struct lowering *l, struct lowered_connection *c)
{
    struct expr *delay = c->connection->delay;
    c->arrival_delay = c->total_delay = c->max_delay = -1;
    c->has_synapse_delays = false;
    if (delay != NULL && c->network->network->is_continuous) {
        lower_queue_buffers(l, c);
        return;
    }
    c->has_synapse_delays = delay != NULL && !c->connection->delay_is_uniform;
    int32_t lag = lag_size(l, c);
    if (c->has_synapse_delays) {
        c->max_delay = steps_size(l, c, longest_delay(l, delay), true, 0, "longest delay");
        c->lag = lag;
        c->total_delay = size_sum(l, c->max_delay, lag, dotted(l, c, "total delay"));
        return;
    }
    if (delay != NULL)
        c->arrival_delay = steps_size(l, c, delay, true, 1, "delay");
    c->total_delay = size_sum(l, c->arrival_delay, lag, dotted(l, c, "total delay"));
}

/* The source keeps its spikes for as long as the slowest of its connections needs. */
static void extend_ring(struct lowering *l, struct lowered_connection *c)
{
    struct lowered_layer *source = c->source;
    if (c->total_delay < 0)
        return;
    if (source->ring_depth < 0) {
        source->ring_depth = c->total_delay;
        return;
    }
    if (source->ring_depth == c->total_delay)
        return;
    int32_t entry =
        ir_add_size(l->c, l->program, arena_format(&l->c->arena, "%s.ring", source->name));
    struct ir_builder saved = lower_enter(l, &l->setup);
    struct ir_node *a = ir_leaf(&l->b, IR_SIZE, IR_I64, source->ring_depth),
                   *b = ir_leaf(&l->b, IR_SIZE, IR_I64, c->total_delay);
    ir_size_set(&l->b, entry, ir_binary(&l->b, IR_MAX, a, b));
    lower_leave(l, &l->setup, saved);
    source->ring_depth = entry;
}

/* The smallest power of two above a depth, so that a step's row is found without dividing. */
static int32_t ring_rows(struct lowering *l, int32_t depth, const char *name)
{
    int32_t entry = ir_add_size(l->c, l->program, name);
    struct ir_builder saved = lower_enter(l, &l->setup);
    struct ir_node *rows = ir_var(&l->b, "rows", ir_integer(&l->b, 1));
    struct ir_node *search = ir_while(&l->b);
    struct ir_builder outer = l->b;
    l->b.block = &search->loop_while.test;
    search->loop_while.condition =
        ir_binary(&l->b, IR_LE, ir_get(&l->b, rows), ir_leaf(&l->b, IR_SIZE, IR_I64, depth));
    l->b.block = &search->loop_while.body;
    ir_set(&l->b, rows, ir_binary(&l->b, IR_MUL, ir_get(&l->b, rows), ir_integer(&l->b, 2)));
    l->b = outer;
    ir_size_set(&l->b, entry, ir_get(&l->b, rows));
    lower_leave(l, &l->setup, saved);
    return entry;
}

void lower_ring_buffers(struct lowering *l, struct lowered_layer *layer)
{
    if (layer->ring_depth < 0)
        return;
    const char *name = arena_format(&l->c->arena, "%s.ring", layer->name);
    layer->ring_size = ring_rows(l, layer->ring_depth, name);
    int32_t sizes[] = { layer->ring_size, layer->size };
    layer->ring =
        lower_buffer(l, name, SNN_INT32, SNN_BUFFER_LANE, lower_size_product(l, sizes, 2, name));
    layer->ring_counts = lower_buffer(l, arena_format(&l->c->arena, "%s.ring_counts", layer->name),
                                      SNN_INT64, SNN_BUFFER_LANE, layer->ring_size);
}

/* ---- buffers ---- */

static int32_t model_buffer(struct lowering *l, struct lowered_connection *c, const char *field,
                            enum snn_type type, int32_t size)
{
    int32_t buffer = lower_buffer(l, dotted(l, c, field), type, SNN_BUFFER_MODEL, size);
    l->program->buffers[buffer].is_observed = true;
    return buffer;
}

/* Weights of a matrix have the axes of both layers, for saving and plotting. */
static void weight_axes(struct lowering *l, struct lowered_connection *c)
{
    struct ir_buffer *buffer = &l->program->buffers[c->weight_buffer];
    const struct lowered_layer *ends[] = { c->source, c->target };
    buffer->extents = arena_alloc_array(&l->c->arena, 2 * RANK_LIMIT, sizeof *buffer->extents);
    buffer->axes = arena_alloc_array(&l->c->arena, 2 * RANK_LIMIT, sizeof *buffer->axes);
    buffer->rank = 0;
    for (int i = 0; i < 2; i++)
        for (int32_t d = 0; d < ends[i]->rank; d++) {
            buffer->extents[buffer->rank] = ends[i]->axis_sizes[d];
            const struct name *axis = ends[i]->layer->axes.items[d].name;
            buffer->axes[buffer->rank++] = axis != NULL ? axis->text : "neuron";
        }
    buffer->row_axes = c->has_gaps ? c->target->rank : 0;
    buffer->row = c->row;
}

/* Vectors of a row that begins anywhere lie across two cache lines each. Rows that are little
 * longer than a line would grow too much. */
enum { LINE = 16, SMALLEST_PADDED = 4 * LINE };

static bool is_padded(const struct lowered_connection *c, enum ir_topology topology)
{
    bool is_matrix = topology == IR_DENSE || topology == IR_ALL_BUT_ONE;
    if (!is_matrix || (c->connection->delay != NULL && !c->connection->delay_is_uniform))
        return false;
    for (size_t i = 0; i < c->connection->rules.count; i++) {
        const struct symbol_list *states = &c->connection->rules.items[i]->states;
        for (size_t k = 0; k < states->count; k++)
            if (states->items[k]->statement->state.owner == STATE_OWN) /* indexed like weights */
                return false;
    }
    return true;
}

static int32_t padded_row(struct lowering *l, const struct lowered_connection *c)
{
    int32_t entry = ir_add_size(l->c, l->program, dotted(l, c, "row"));
    struct ir_builder saved = lower_enter(l, &l->setup);
    struct ir_node *size = lower_size_leaf(l, c->target->size);
    struct ir_node *above = ir_binary(&l->b, IR_ADD, size, ir_integer(&l->b, LINE - 1));
    struct ir_node *padded = ir_binary(&l->b, IR_AND, above, ir_integer(&l->b, -LINE));
    struct ir_node *is_small = ir_binary(&l->b, IR_LT, size, ir_integer(&l->b, SMALLEST_PADDED));
    ir_size_set(&l->b, entry, ir_select(&l->b, is_small, size, padded));
    lower_leave(l, &l->setup, saved);
    return entry;
}

struct ir_node *lower_synapse(struct lowering *l, const struct lowered_connection *c,
                              struct ir_node *pre, struct ir_node *post)
{
    return ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, pre, lower_size_leaf(l, c->row)),
                     post);
}

static void weight_buffer(struct lowering *l, struct lowered_connection *c,
                          enum ir_topology topology)
{
    int32_t sizes[] = { c->source->size, c->target->size };
    c->weight_buffer = -1;
    c->synapse_count = topology == IR_SPARSE ? -1
                       : topology == IR_ONE_TO_ONE
                           ? c->source->size
                           : lower_size_product(l, sizes, 2, dotted(l, c, "synapses"));
    c->row = c->target->size;
    if (lower_has_one_weight(l, c->connection))
        return;
    c->has_gaps = is_padded(c, topology);
    if (c->has_gaps)
        c->row = sizes[1] = padded_row(l, c);
    c->weight_buffer = model_buffer(
        l, c, "weight", SNN_FLOAT32,
        c->has_gaps ? lower_size_product(l, sizes, 2, dotted(l, c, "weights")) : c->synapse_count);
    l->program->buffers[c->weight_buffer].unit = unit_name(&l->c->arena, c->connection->unit);
    if (topology == IR_DENSE || topology == IR_ALL_BUT_ONE)
        weight_axes(l, c);
}

static int32_t weight_constant(struct lowering *l, struct lowered_connection *c)
{
    if (c->weight_buffer >= 0)
        return -1;
    struct expr *weight = c->connection->weight;
    if (weight == NULL)
        return lower_literal_entry(l, 1);
    remark(l->c, weight->span, "connections",
           "the weights of '%s' are one constant: no matrix is stored", c->name);
    l->weight_of = c; /* for fan_in, fan_out */
    int32_t entry = lower_real_entry(l, weight, dotted(l, c, "weight"));
    l->weight_of = NULL;
    return entry;
}

static int32_t bound_constant(struct lowering *l, struct expr *bound)
{
    if (bound == NULL || bound->kind == EXPR_INF ||
        (bound->kind == EXPR_UNARY && bound->unary.operand->kind == EXPR_INF))
        return -1;
    return lower_real_entry(l, bound, "bound");
}

static void check_equal_sizes(struct lowering *l, struct lowered_connection *c)
{
    struct ir_builder saved = lower_enter(l, &l->setup);
    l->b.span = c->connection->statement->span;
    struct ir_node *a = ir_leaf(&l->b, IR_SIZE, IR_I64, c->source->size),
                   *b = ir_leaf(&l->b, IR_SIZE, IR_I64, c->target->size);
    struct ir_node *check = ir_if(&l->b, ir_binary(&l->b, IR_NE, a, b));
    struct ir_builder outer = l->b;
    l->b.block = &check->branch.then_body;
    ir_call_rt(&l->b, IR_RT_snn_rt_panic_extent, 5,
               (struct ir_node *[]){ ir_text(&l->b, lower_place(l, l->b.span)),
                                     ir_text(&l->b, c->source->name), a,
                                     ir_text(&l->b, c->target->name), b });
    l->b = outer;
    lower_leave(l, &l->setup, saved);
}

static bool has_post_events(const struct connection *connection)
{
    for (size_t i = 0; i < connection->rules.count; i++)
        if (lower_rule_has(connection->rules.items[i], EVENT_POST))
            return true;
    return false;
}

/* Are the synapses of each target asked for: by its weight, or by a rule, for its spikes or to
 * loop over them? */
static bool needs_columns(const struct connection *connection)
{
    static const enum event events[] = { EVENT_POST, EVENT_INIT, EVENT_START, EVENT_END };
    if (connection->reads_fan_in)
        return true;
    for (size_t i = 0; i < connection->rules.count; i++)
        for (size_t k = 0; k < sizeof events / sizeof events[0]; k++)
            if (lower_rule_has(connection->rules.items[i], events[k]))
                return true;
    return false;
}

/* The synapses of each target, for rules that follow its spikes. */
static void column_buffers(struct lowering *l, struct lowered_connection *c)
{
    int32_t starts =
        size_sum(l, c->target->size, lower_size_value(l, 1), dotted(l, c, "column_starts"));
    c->column_starts = model_buffer(l, c, "column_starts", SNN_INT32, starts);
    c->column_rows = model_buffer(l, c, "column_rows", SNN_INT32, -1);
    c->column_synapses = model_buffer(l, c, "column_synapses", SNN_INT32, -1);
}

int32_t lower_sent_values(struct lowering *l, struct lowered_connection *c)
{
    int32_t values = c->connection->source_field != NULL
                         ? lower_state_buffer(l, c->connection->source_field)
                         : c->source->emitted;
    if (values >= 0 && (c->total_delay >= 0 || c->queue_items >= 0))
        lower_refuse(l, c->connection->statement->span,
                     "a connection that sends numbers cannot have a delay or lag yet");
    return values;
}

static void refuse_synapse_delays(struct lowering *l, const struct lowered_connection *c)
{
    lower_refuse(l, c->connection->delay->span,
                 "delays of their own need the topology dense, sparse or pairs");
}

/* The synapses of each source, one by one. */
static void list_buffers(struct lowering *l, struct lowered_connection *c)
{
    const struct connection *connection = c->connection;
    int32_t starts = size_sum(l, c->source->size, lower_size_value(l, 1), dotted(l, c, "rows"));
    c->row_starts = model_buffer(l, c, "row_starts", SNN_INT32, starts);
    c->columns = model_buffer(l, c, "columns", SNN_INT32, -1);
    if (needs_columns(connection))
        column_buffers(l, c);
    if (!lower_lists_window(connection))
        return;
    c->window = lower_window(l, c, &connection->topology.items[0]);
    lower_check_window_fits(l, c, &connection->topology.items[0]);
    remark(l->c, connection->statement->span, "connections",
           "the synapses of '%s' are listed one by one, as its rules or delays need them", c->name);
}

/* Where synapses have delays of their own. */
static void delay_buffers(struct lowering *l, struct lowered_connection *c,
                          enum ir_topology topology)
{
    int32_t buckets = size_sum(l, c->max_delay, lower_size_value(l, 2), dotted(l, c, "delays"));
    int32_t sizes[] = { c->source->size, buckets };
    if (topology != IR_DENSE && topology != IR_SPARSE)
        refuse_synapse_delays(l, c);
    if (topology != IR_SPARSE)
        c->columns = model_buffer(l, c, "delay_order", SNN_INT32, c->synapse_count);
    c->delays = model_buffer(l, c, "delay", SNN_INT32, c->synapse_count);
    if (topology == IR_DENSE && has_post_events(c->connection))
        c->delay_matrix = model_buffer(l, c, "delay_matrix", SNN_INT32, c->synapse_count);
    c->bucket_starts = model_buffer(l, c, "delay_starts", SNN_INT32,
                                    lower_size_product(l, sizes, 2, dotted(l, c, "delay_starts")));
}

/* Bounds, and what `learn` sets. */
static void learning_of(struct lowering *l, struct lowered_connection *c)
{
    const struct connection *connection = c->connection;
    c->low = bound_constant(l, connection->low);
    c->high = bound_constant(l, connection->high);
    if (connection->rules.count == 0 && !connection->learns_gradient)
        return;
    c->learn_bit = l->learn_bits;
    if (connection->learns_gradient) {
        c->network->gradient_mask |= UINT64_C(1) << l->learn_bits;
        lower_learnable(l, c->network, c->weight_buffer, connection->statement->span);
        if (c->bias_buffer >= 0)
            lower_learnable(l, c->network, c->bias_buffer, connection->bias->span);
        const struct lowered_norm *norm = lower_norm_of(c);
        if (norm != NULL) {
            lower_learnable(l, c->network, norm->gain, norm->stage->expr->span);
            lower_learnable(l, c->network, norm->shift, norm->stage->expr->span);
        }
    }
    c->network->learn_mask |= UINT64_C(1) << l->learn_bits;
    if (++l->learn_bits > 63)
        lower_refuse(l, connection->statement->span, "a program can learn at most 63 things apart");
}

void lower_connection_buffers(struct lowering *l, struct lowered_connection *c)
{
    const struct connection *connection = c->connection;
    c->ir = c->learn_bit = c->weight_buffer = c->bias_buffer = c->changes = -1;
    c->low = c->high = -1;
    c->columns = c->row_starts = c->bucket_starts = -1;
    c->queue_items = c->own_delays = -1;
    if (!check_topology(l, connection))
        return;
    if (lower_has_stages(connection) && connection->delay != NULL &&
        !connection->delay_is_uniform) {
        refuse_synapse_delays(l, c);
        return;
    }
    delays_of(l, c);
    extend_ring(l, c);
    lower_bias_buffer(l, c);
    if (lower_has_stages(connection)) {
        lower_stages(l, c);
        if (!l->is_failed)
            learning_of(l, c);
        return;
    }
    enum ir_topology topology = topology_of(connection);
    weight_buffer(l, c, topology);
    if (c->queue_items >= 0 && !connection->delay_is_uniform)
        c->own_delays = model_buffer(l, c, "delay", SNN_FLOAT32, c->synapse_count);
    if (topology == IR_ONE_TO_ONE || topology == IR_ALL_BUT_ONE)
        check_equal_sizes(l, c);
    if (topology == IR_SPARSE)
        list_buffers(l, c);
    if (c->has_synapse_delays)
        delay_buffers(l, c, topology);
    learning_of(l, c);
    struct ir_connection entry = { .name = c->name,
                                   .span = connection->statement->span,
                                   .topology = topology };
    entry.source_size = c->source->size;
    entry.target_size = c->target->size;
    entry.row_size = c->row;
    entry.weight = c->weight_buffer;
    entry.constant_weight = weight_constant(l, c);
    entry.target = lower_state_buffer(l, connection->slot);
    entry.flags = -1;
    entry.values = lower_sent_values(l, c);
    entry.is_graded = c->connection->source_field == NULL && lower_is_graded(c->source);
    entry.counts = entry.step_starts = entry.near = entry.laid = -1;
    entry.row_starts = c->row_starts;
    entry.columns = c->columns;
    entry.bucket_starts = c->bucket_starts;
    entry.max_delay = c->max_delay;
    entry.clock = c->network->clock;
    c->ir = ir_add_connection(l->c, l->program, entry);
}

/* The source's rings are known once all connections are. */
void lower_connection_finish(struct lowering *l, struct lowered_connection *c)
{
    struct ir_connection *entry = first_entry(l, c);
    bool uses_ring = c->total_delay >= 0;
    bool is_queued = c->queue_items >= 0;
    entry->spikes = is_queued ? c->arrived : uses_ring ? c->source->ring : c->source->list;
    entry->spike_counts = is_queued   ? c->arrived_count
                          : uses_ring ? c->source->ring_counts
                                      : c->source->list_count;
    entry->spike_first = is_queued ? -1 : c->source->event_first;
    entry->may_repeat = is_queued || c->source->event_first >= 0;
    entry->ring_slots = uses_ring ? c->source->ring_size : -1;
    entry->delay = c->has_synapse_delays ? c->lag : c->total_delay;
}

/* ---- making synapses ---- */

static struct ir_node *open_rows(struct lowering *l, struct lowered_connection *c, const char *name,
                                 struct ir_builder *outer)
{
    struct ir_node *loop = ir_loop(&l->b, dotted(l, c, name), ir_integer(&l->b, 0),
                                   lower_size_leaf(l, c->source->size), true);
    *outer = l->b;
    l->b.block = &loop->loop.body;
    l->pre_index = loop->loop.index;
    return loop;
}

/* The number of a synapse among all that could be: what its draws depend on. */
static void at_synapse(struct lowering *l, struct lowered_connection *c, struct ir_node *pre,
                       struct ir_node *post)
{
    l->pre_index = pre;
    l->post_index = post;
    l->element = ir_binary(
        &l->b, IR_ADD, ir_binary(&l->b, IR_MUL, pre, lower_size_leaf(l, c->target->size)), post);
}

static struct ir_node *is_connected(struct lowering *l, struct lowered_connection *c,
                                    struct ir_node *pre, struct ir_node *post)
{
    const struct topology_stage *stage = &c->connection->topology.items[0];
    struct expr *argument = stage->expr->target->arguments[0];
    at_synapse(l, c, pre, post);
    if (c->window != NULL)
        return window_contains(&l->b, c->window, pre, post);
    if (stage->builtin->id == BUILTIN_PAIRS)
        return lower_condition(l, argument);
    struct ir_node *zero = ir_integer(&l->b, 0);
    struct ir_node *draw =
        ir_draw(&l->b, IR_UNIFORM, NULL, lower_site(l, stage->expr, "weights", stage->expr->span),
                l->element, zero, zero);
    return ir_binary(&l->b, IR_LT, draw, lower_as(l, argument, IR_F32));
}

static void count_row(struct lowering *l, struct lowered_connection *c)
{
    struct ir_builder outer;
    struct ir_node *rows = open_rows(l, c, "count", &outer);
    struct ir_node *sum = ir_reduce(&l->b, IR_REDUCE_SUM, IR_I64, ir_integer(&l->b, 0),
                                    lower_size_leaf(l, c->target->size));
    struct ir_builder row = l->b;
    l->b.block = &sum->reduce.body;
    sum->reduce.keys[0] =
        ir_cast(&l->b, IR_I64, is_connected(l, c, rows->loop.index, sum->reduce.index));
    sum->reduce.key_count = 1;
    l->b = row;
    ir_store(&l->b, c->row_starts, ir_binary(&l->b, IR_ADD, rows->loop.index, ir_integer(&l->b, 1)),
             sum);
    l->b = outer;
}

static struct ir_node *sum_rows(struct lowering *l, struct lowered_connection *c)
{
    struct ir_node *total = ir_var(&l->b, "total", ir_integer(&l->b, 0));
    ir_store(&l->b, c->row_starts, ir_integer(&l->b, 0), ir_integer(&l->b, 0));
    struct ir_node *loop = ir_loop(
        &l->b, dotted(l, c, "starts"), ir_integer(&l->b, 1),
        ir_binary(&l->b, IR_ADD, lower_size_leaf(l, c->source->size), ir_integer(&l->b, 1)), false);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    ir_set(&l->b, total,
           ir_binary(&l->b, IR_ADD, ir_get(&l->b, total),
                     ir_load(&l->b, c->row_starts, loop->loop.index)));
    ir_store(&l->b, c->row_starts, loop->loop.index, ir_get(&l->b, total));
    l->b = outer;
    return ir_get(&l->b, total);
}

static void fill_columns(struct lowering *l, struct lowered_connection *c)
{
    struct ir_builder outer;
    struct ir_node *rows = open_rows(l, c, "fill", &outer);
    struct ir_node *place = ir_var(&l->b, "place", ir_load(&l->b, c->row_starts, rows->loop.index));
    struct ir_node *loop =
        ir_loop(&l->b, "fill", ir_integer(&l->b, 0), lower_size_leaf(l, c->target->size), false);
    struct ir_builder row = l->b;
    l->b.block = &loop->loop.body;
    struct ir_node *branch = ir_if(&l->b, is_connected(l, c, rows->loop.index, loop->loop.index));
    l->b.block = &branch->branch.then_body;
    ir_store(&l->b, c->columns, ir_get(&l->b, place), loop->loop.index);
    ir_set(&l->b, place, ir_binary(&l->b, IR_ADD, ir_get(&l->b, place), ir_integer(&l->b, 1)));
    l->b = row;
    l->b = outer;
}

static void make_sparse(struct lowering *l, struct lowered_connection *c)
{
    count_row(l, c);
    struct ir_node *total = sum_rows(l, c);
    int32_t resized[] = {
        c->columns,     c->weight_buffer,   c->has_synapse_delays ? c->delays : -1,
        c->column_rows, c->column_synapses, c->own_delays
    };
    for (int i = 0; i < 6; i++)
        if (resized[i] >= 0)
            ir_call_rt(&l->b, IR_RT_snn_rt_resize, 2,
                       (struct ir_node *[]){ ir_integer(&l->b, resized[i]), total });
    fill_columns(l, c);
    for (size_t i = 0; i < c->connection->rules.count; i++)
        lower_rule_synapses(l, c, c->connection->rules.items[i], true);
}

/* Once the order of rows is final. */
static void make_columns(struct lowering *l, struct lowered_connection *c)
{
    struct ir_node *operands[] = {
        lower_size_leaf(l, c->source->size),  lower_size_leaf(l, c->target->size),
        ir_integer(&l->b, c->row_starts),     ir_integer(&l->b, c->columns),
        ir_integer(&l->b, c->column_starts),  ir_integer(&l->b, c->column_rows),
        ir_integer(&l->b, c->column_synapses)
    };
    ir_call_rt(&l->b, IR_RT_snn_rt_make_csc, 7, operands);
}

/* Runs over all synapses: row i, entry k of the row, target j. Returns the innermost loop. */
static struct ir_node *open_synapses(struct lowering *l, struct lowered_connection *c,
                                     const char *name, struct ir_builder *outer,
                                     struct ir_node **pre, struct ir_node **post)
{
    struct ir_node *rows = open_rows(l, c, name, outer);
    *pre = rows->loop.index;
    struct ir_node *low = ir_integer(&l->b, 0), *high = lower_size_leaf(l, c->target->size);
    if (c->row_starts >= 0) {
        low = ir_load(&l->b, c->row_starts, *pre);
        high = ir_load(&l->b, c->row_starts, ir_binary(&l->b, IR_ADD, *pre, ir_integer(&l->b, 1)));
    }
    struct ir_node *loop = ir_loop(&l->b, dotted(l, c, name), low, high, true);
    l->b.block = &loop->loop.body;
    *post = c->row_starts >= 0 ? ir_load(&l->b, c->columns, loop->loop.index) : loop->loop.index;
    at_synapse(l, c, *pre, *post);
    return loop;
}

static struct ir_node *synapse_of(struct lowering *l, struct lowered_connection *c,
                                  struct ir_node *loop)
{
    return c->row_starts >= 0 ? loop->loop.index : lower_synapse(l, c, l->pre_index, l->post_index);
}

static void make_delays(struct lowering *l, struct lowered_connection *c)
{
    struct ir_builder outer;
    struct ir_node *pre, *post, *loop = open_synapses(l, c, "delay", &outer, &pre, &post);
    struct ir_node *steps = ir_binary(&l->b, IR_DIV, lower_as(l, c->connection->delay, IR_F64),
                                      lower_constant_leaf(l, c->network->dt, IR_F64));
    struct ir_node *synapse = synapse_of(l, c, loop);
    ir_store(&l->b, c->delays, synapse, ir_cast(&l->b, IR_I64, ir_unary(&l->b, IR_ROUND, steps)));
    if (c->delay_matrix >= 0)
        ir_store(&l->b, c->delay_matrix, synapse, ir_load(&l->b, c->delays, synapse));
    if (c->row_starts < 0)
        ir_store(&l->b, c->columns, synapse, post);
    l->b = outer;
    int32_t starts = c->row_starts;
    if (starts < 0) { /* rows of equal length */
        starts = lower_buffer(
            l, dotted(l, c, "rows"), SNN_INT32, SNN_BUFFER_SHARED,
            size_sum(l, c->source->size, lower_size_value(l, 1), dotted(l, c, "rows")));
        struct ir_node *count =
            ir_binary(&l->b, IR_ADD, lower_size_leaf(l, c->source->size), ir_integer(&l->b, 1));
        struct ir_node *rows =
            ir_loop(&l->b, dotted(l, c, "rows"), ir_integer(&l->b, 0), count, true);
        struct ir_builder here = l->b;
        l->b.block = &rows->loop.body;
        ir_store(&l->b, starts, rows->loop.index,
                 ir_binary(&l->b, IR_MUL, rows->loop.index, lower_size_leaf(l, c->target->size)));
        l->b = here;
    }
    ir_call_rt(&l->b, IR_RT_snn_rt_sort_csr, 4,
               (struct ir_node *[]){ lower_size_leaf(l, c->source->size), ir_integer(&l->b, starts),
                                     ir_integer(&l->b, c->columns), ir_integer(&l->b, c->delays) });
    struct ir_node *rows = open_rows(l, c, "buckets", &outer);
    struct ir_node *i = rows->loop.index, *one = ir_integer(&l->b, 1);
    struct ir_node *k = ir_var(&l->b, "k", ir_load(&l->b, starts, i)),
                   *end = ir_load(&l->b, starts, ir_binary(&l->b, IR_ADD, i, one));
    struct ir_node *buckets =
        ir_binary(&l->b, IR_ADD, lower_size_leaf(l, c->max_delay), ir_integer(&l->b, 2));
    struct ir_node *bucket = ir_loop(&l->b, "bucket", ir_integer(&l->b, 0), buckets, false);
    l->b.block = &bucket->loop.body;
    struct ir_node *search = ir_while(&l->b);
    struct ir_builder inside = l->b;
    l->b.block = &search->loop_while.test;
    struct ir_node *more = ir_binary(&l->b, IR_LT, ir_get(&l->b, k), end);
    struct ir_node *shorter = ir_var(&l->b, "shorter", ir_bool(&l->b, false));
    struct ir_node *look = ir_if(&l->b, more);
    struct ir_builder test = l->b;
    l->b.block = &look->branch.then_body;
    ir_set(
        &l->b, shorter,
        ir_binary(&l->b, IR_LT, ir_load(&l->b, c->delays, ir_get(&l->b, k)), bucket->loop.index));
    l->b = test;
    search->loop_while.condition = ir_get(&l->b, shorter);
    l->b.block = &search->loop_while.body;
    ir_set(&l->b, k, ir_binary(&l->b, IR_ADD, ir_get(&l->b, k), one));
    l->b = inside;
    ir_store(&l->b, c->bucket_starts,
             ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, i, buckets), bucket->loop.index),
             ir_get(&l->b, k));
    l->b = outer;
}

static void make_own_delays(struct lowering *l, struct lowered_connection *c)
{
    struct ir_builder outer;
    struct ir_node *pre, *post, *loop = open_synapses(l, c, "delay", &outer, &pre, &post);
    lower_queue_own_delay(l, c, synapse_of(l, c, loop));
    l->b = outer;
}

static void make_weights(struct lowering *l, struct lowered_connection *c)
{
    struct expr *weight = c->connection->weight;
    struct ir_builder outer;
    if (c->connection->kind->id == BUILTIN_ONE_TO_ONE) {
        struct ir_node *rows = open_rows(l, c, "weight", &outer);
        at_synapse(l, c, rows->loop.index, rows->loop.index);
        ir_store(&l->b, c->weight_buffer, rows->loop.index,
                 lower_bounded_weight(l, c,
                                      weight != NULL ? lower_as(l, weight, IR_F32)
                                                     : ir_real(&l->b, IR_F32, 1)));
        l->b = outer;
        return;
    }
    struct ir_node *pre, *post, *loop = open_synapses(l, c, "weight", &outer, &pre, &post);
    struct ir_node *value =
        weight != NULL ? lower_as(l, weight, IR_F32) : ir_real(&l->b, IR_F32, 1);
    value = lower_bounded_weight(l, c, value);
    if (c->connection->kind->id == BUILTIN_ALL_BUT_ONE)
        value =
            ir_select(&l->b, ir_binary(&l->b, IR_EQ, pre, post), ir_real(&l->b, IR_F32, 0), value);
    ir_store(&l->b, c->weight_buffer, synapse_of(l, c, loop), value);
    l->b = outer;
}

void lower_connection_weights(struct lowering *l, struct lowered_connection *c)
{
    if (c->ir < 0)
        return;
    struct ir_builder saved = lower_enter(l, &l->initial);
    l->b.span = c->connection->statement->span;
    l->weight_of = c;
    l->network = c->network;
    if (c->row_starts >= 0)
        make_sparse(l, c);
    l->draws_delays = true;
    if (c->has_synapse_delays)
        make_delays(l, c);
    if (c->own_delays >= 0)
        make_own_delays(l, c);
    l->draws_delays = false;
    if (c->column_starts >= 0)
        make_columns(l, c);
    if (c->weight_buffer >= 0 && c->stage_count > 0)
        lower_fill_weights(l, c);
    else if (c->weight_buffer >= 0)
        make_weights(l, c);
    if (c->bias_buffer >= 0)
        lower_fill_bias(l, c);
    lower_fill_norms(l, c);
    l->weight_of = NULL;
    l->network = NULL;
    l->pre_index = l->post_index = l->element = NULL;
    lower_leave(l, &l->initial, saved);
}

void lower_connection_arrive(struct lowering *l, struct lowered_connection *c)
{
    l->b.span = c->connection->statement->span;
    if (c->own_delays >= 0)
        lower_queue_arrive(l, c);
    else if (c->stage_count > 0)
        lower_stages_arrive(l, c);
    else
        ir_propagate(&l->b, c->ir, IR_PROPAGATE_FORWARD, NULL);
}
