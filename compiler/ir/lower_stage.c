/* SPDX-License-Identifier: MIT
 *
 * Connections of several stages, and those with windows: `pool |> conv |> pool`. Every stage is a
 * propagation of its own; what leaves one and enters the next is kept in a buffer that is made
 * anew in each step. Spikes enter the first stage only, the others get numbers.
 */
#include "ir/lower_internal.h"
#include "ir/window.h"

static const char *dotted(struct lowering *l, const struct lowered_connection *c, const char *field)
{
    return arena_format(&l->c->arena, "%s.%s", c->name, field);
}

static enum ir_topology topology_of(const struct topology_stage *stage)
{
    switch (stage->builtin->id) {
    case BUILTIN_CONV: return IR_CONV;
    case BUILTIN_LOCAL: return IR_LOCAL;
    case BUILTIN_AVG_POOL: return IR_AVG_POOL;
    case BUILTIN_MAX_POOL: return IR_MAX_POOL;
    case BUILTIN_SUM_POOL: return IR_SUM_POOL;
    case BUILTIN_BATCH_NORM:
    case BUILTIN_DROPOUT: return IR_ONE_TO_ONE;
    default: return IR_DENSE;
    }
}

static bool is_pool(const struct topology_stage *stage)
{
    enum ir_topology topology = topology_of(stage);
    return topology == IR_AVG_POOL || topology == IR_MAX_POOL || topology == IR_SUM_POOL;
}

static bool has_window(const struct topology_stage *stage)
{
    return topology_of(stage) != IR_DENSE && !stage_is_elementwise(stage);
}

/* Synapses that rules, or delays of their own, need one by one. */
bool lower_lists_window(const struct connection *connection)
{
    bool has_own_delays = connection->delay != NULL && !connection->delay_is_uniform;
    return connection->topology.count == 1 && connection->kind != NULL &&
           connection->kind->id == BUILTIN_LOCAL &&
           (connection->rules.count > 0 || (has_own_delays && !connection->network->is_continuous));
}

bool lower_has_stages(const struct connection *connection)
{
    if (lower_lists_window(connection))
        return false;
    return connection->topology.count > 1 || connection->kind == NULL ||
           has_window(&connection->topology.items[0]);
}

/* ---- sizes, axes ---- */

static int32_t sizes_of(struct lowering *l, const struct topology_stage *stage,
                        const struct axis_list *axes, int32_t *sizes)
{
    for (size_t i = 0; i < axes->count; i++)
        sizes[i] = lower_size(l, axes->items[i].size, stage->expr->span, "an axis");
    return (int32_t)axes->count;
}

static int32_t size_of(struct lowering *l, const struct lowered_connection *c,
                       const struct topology_stage *stage, const struct axis_list *axes)
{
    int32_t sizes[RANK_LIMIT];
    return lower_size_product(l, sizes, sizes_of(l, stage, axes, sizes), dotted(l, c, "stage"));
}

/* Weights and biases are model buffers with axes. */
static int32_t model_array(struct lowering *l, const struct lowered_connection *c,
                           const struct topology_stage *stage, const struct axis_list *axes,
                           const char *field, struct unit unit)
{
    int32_t sizes[2 * RANK_LIMIT], rank = sizes_of(l, stage, axes, sizes);
    int32_t count =
        rank > 0 ? lower_size_product(l, sizes, rank, dotted(l, c, field)) : lower_size_value(l, 1);
    int32_t buffer = lower_buffer(l, dotted(l, c, field), SNN_FLOAT32, SNN_BUFFER_MODEL, count);
    lower_buffer_axes(l, buffer, axes, sizes);
    l->program->buffers[buffer].is_observed = true;
    l->program->buffers[buffer].unit = unit_name(&l->c->arena, unit);
    return buffer;
}

/* ---- weights ---- */

static struct axis_list joined(struct lowering *l, const struct axis_list *a,
                               const struct axis_list *b)
{
    struct axis_list axes = { 0 };
    for (size_t i = 0; i < a->count; i++)
        array_push(&l->c->arena, &axes, a->items[i]);
    for (size_t i = 0; i < b->count; i++)
        array_push(&l->c->arena, &axes, b->items[i]);
    return axes;
}

struct axis_list lower_weight_axes(struct lowering *l, const struct lowered_connection *c)
{
    const struct connection *connection = c->connection;
    if (connection->kind == NULL)
        return (struct axis_list){ 0 };
    const struct topology_stage *stage = &connection->topology.items[connection->weighted];
    return has_window(stage) ? stage->weights : joined(l, &stage->from, &connection->target->axes);
}

int32_t lower_weight_sizes(struct lowering *l, const struct lowered_connection *c, int32_t *sizes)
{
    struct axis_list axes = lower_weight_axes(l, c);
    return sizes_of(l, &c->connection->topology.items[0], &axes, sizes);
}

static void add_weights(struct lowering *l, struct lowered_connection *c,
                        const struct topology_stage *stage)
{
    struct axis_list axes = lower_weight_axes(l, c);
    c->weight_buffer = model_array(l, c, stage, &axes, "weight", c->connection->unit);
    c->synapse_count = l->program->buffers[c->weight_buffer].count;
}

void lower_bias_buffer(struct lowering *l, struct lowered_connection *c)
{
    const struct connection *connection = c->connection;
    if (connection->bias == NULL)
        return;
    if (connection->network->is_continuous) {
        lower_refuse(l, connection->bias->span,
                     "in continuous time an input lasts for an instant: a bias has no effect");
        return;
    }
    if (connection->kind == NULL) {
        lower_refuse(l, connection->bias->span, "a connection of pools has no bias");
        return;
    }
    const struct topology_stage *stage = &connection->topology.items[connection->weighted];
    const struct axis_list *axes = has_window(stage) ? &stage->bias : &connection->target->axes;
    c->bias_buffer = model_array(l, c, stage, axes, "bias", connection->slot->type->unit);
}

/* Whether the last axes of weights and biases are those of the target. */
static bool has_targets(const struct lowered_connection *c)
{
    return c->connection->kind->id != BUILTIN_CONV &&
           (c->stage_count == 0 || stage_reaches_target(c->connection, c->connection->weighted));
}

/* One after the other in memory; draws depend on the place. */
static void fill(struct lowering *l, struct lowered_connection *c, int32_t buffer,
                 struct expr *value, const char *what)
{
    struct ir_builder outer = l->b;
    struct ir_node *loop = ir_loop(&l->b, dotted(l, c, what), ir_integer(&l->b, 0),
                                   lower_size_leaf(l, l->program->buffers[buffer].count), true);
    l->b.block = &loop->loop.body;
    l->element = loop->loop.index;
    l->pre_index = l->post_index = NULL;
    if (has_targets(c))
        l->post_index = ir_binary(&l->b, IR_MOD, l->element, lower_size_leaf(l, c->target->size));
    struct ir_node *first = value != NULL ? lower_as(l, value, IR_F32) : ir_real(&l->b, IR_F32, 1);
    ir_store(&l->b, buffer, loop->loop.index,
             buffer == c->weight_buffer ? lower_bounded_weight(l, c, first) : first);
    l->element = l->post_index = NULL;
    l->b = outer;
}

void lower_fill_weights(struct lowering *l, struct lowered_connection *c)
{
    fill(l, c, c->weight_buffer, c->connection->weight, "weight");
}

void lower_fill_bias(struct lowering *l, struct lowered_connection *c)
{
    fill(l, c, c->bias_buffer, c->connection->bias, "bias");
}

static int32_t size_of_others(struct lowering *l, const struct lowered_connection *c)
{
    int32_t entry = ir_add_size(l->c, l->program, dotted(l, c, "others"));
    struct ir_builder saved = lower_enter(l, &l->setup);
    ir_size_set(
        &l->b, entry,
        ir_binary(&l->b, IR_SUB, lower_size_leaf(l, c->source->size), ir_integer(&l->b, 1)));
    lower_leave(l, &l->setup, saved);
    return entry;
}

/* fan_in or fan_out as size entry, counted as PyTorch does; -1 where they differ from neuron to
 * neuron. */
int32_t lower_fan(struct lowering *l, const struct lowered_connection *c, bool is_in)
{
    const struct connection *connection = c->connection;
    if (connection->kind == NULL)
        return -1;
    const struct topology_stage *stage = &connection->topology.items[connection->weighted];
    int32_t sizes[2 * RANK_LIMIT], rank, filters;
    switch (connection->kind->id) {
    case BUILTIN_DENSE: return is_in ? size_of(l, c, stage, &stage->from) : c->target->size;
    case BUILTIN_ONE_TO_ONE: return lower_size_value(l, 1);
    case BUILTIN_ALL_BUT_ONE: return size_of_others(l, c);
    case BUILTIN_CONV:
    case BUILTIN_LOCAL:
        rank = sizes_of(l, stage, &stage->weights, sizes) - (int32_t)stage->bias.count;
        filters = lower_size(l, stage->axes.items[stage->out.channel].size, stage->expr->span,
                             "the number of filters");
        if (!is_in) {
            rank = 2;
            sizes[rank++] = filters;
        }
        return lower_size_product(l, sizes, rank, dotted(l, c, is_in ? "fan_in" : "fan_out"));
    default: return -1;
    }
}

/* ---- stages ---- */

/* Stages that act on what others make of a step. */
static bool check_elementwise(struct lowering *l, const struct connection *connection)
{
    const struct topology_stage_list *stages = &connection->topology;
    const struct topology_stage *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < stages->count; i++)
        if (stage_is_elementwise(&stages->items[i])) {
            found = &stages->items[i];
            count++;
        }
    if (found != NULL && count == stages->count)
        lower_refuse(l, found->expr->span,
                     "'%s' alone connects nothing: write 'dense |> %s' or '%s |> dense'",
                     found->builtin->name, found->builtin->name, found->builtin->name);
    else if (stages->items[0].builtin->id == BUILTIN_BATCH_NORM)
        lower_refuse(l, stages->items[0].expr->span,
                     "'batch_norm' takes sums, not spikes: it stands behind weights or pools");
    else if (found != NULL && connection->network->is_continuous)
        lower_refuse(l, found->expr->span, "'%s' acts step by step: continuous time has no steps",
                     found->builtin->name);
    return !l->is_failed;
}

static bool check_stages(struct lowering *l, const struct connection *connection)
{
    const struct topology_stage_list *stages = &connection->topology;
    if (!check_elementwise(l, connection))
        return false;
    for (size_t i = 0; i < stages->count; i++) {
        enum builtin_id id = stages->items[i].builtin->id;
        if (has_window(&stages->items[i]) || stage_is_elementwise(&stages->items[i]) ||
            id == BUILTIN_DENSE)
            continue;
        lower_refuse(l, stages->items[i].expr->span, "'%s' cannot be a stage among several yet",
                     stages->items[i].builtin->name);
        return false;
    }
    bool is_shared = stages->count == 1 && stages->items[0].builtin->id == BUILTIN_CONV;
    if (is_shared && !lower_check_shared_rules(l, connection))
        return false;
    if (connection->rules.count > 0 && !is_shared) {
        lower_refuse(
            l, connection->statement->connect.learn_span,
            "rules on a connection with '%s' cannot be compiled yet",
            stages->items[has_window(&stages->items[0]) ? 0 : stages->count - 1].builtin->name);
        return false;
    }
    if (connection->kind == NULL && !connection->weight_is_uniform) {
        lower_refuse(l, connection->weight->span, "a connection of pools has one weight");
        return false;
    }
    return true;
}

static int32_t lane_buffer(struct lowering *l, const struct lowered_connection *c,
                           const char *field, enum snn_type type, int32_t size)
{
    return lower_buffer(l, dotted(l, c, field), type, SNN_BUFFER_LANE, size);
}

/* What does not depend on where the stage stands. */
static struct ir_connection entry_of(struct lowering *l, const struct lowered_connection *c,
                                     const struct topology_stage *stage)
{
    struct ir_connection entry = { .name = c->name,
                                   .span = stage->expr->span,
                                   .topology = topology_of(stage) };
    entry.weight = entry.constant_weight = entry.flags = entry.values = entry.counts = -1;
    entry.row_starts = entry.columns = entry.bucket_starts = entry.max_delay = -1;
    entry.near = entry.spikes = entry.spike_counts = entry.step_starts = entry.spike_first =
        entry.ring_slots = entry.delay = -1;
    entry.clock = c->network->clock;
    if (has_window(stage))
        entry.window = lower_window(l, c, stage);
    return entry;
}

static bool is_last(const struct lowered_connection *c, size_t i)
{
    return i + 1 == c->connection->topology.count;
}

/* The weights belong to the stage that has them; those of pools alone to the last of these. */
static size_t weighted_stage(const struct connection *connection)
{
    size_t i = connection->topology.count - 1;
    if (connection->kind != NULL)
        return connection->weighted;
    while (i > 0 && stage_is_elementwise(&connection->topology.items[i]))
        i--;
    return i;
}

static void set_weights(struct lowering *l, struct lowered_connection *c, size_t i,
                        struct ir_connection *entry)
{
    const struct connection *connection = c->connection;
    if (i != weighted_stage(connection))
        return;
    if (connection->kind != NULL && !lower_has_one_weight(l, connection))
        add_weights(l, c, &connection->topology.items[i]);
    entry->weight = c->weight_buffer;
    if (c->weight_buffer < 0)
        entry->constant_weight =
            connection->weight != NULL
                ? lower_real_entry(l, connection->weight, dotted(l, c, "weight"))
                : lower_literal_entry(l, 1);
}

/* Pools of spikes leave mostly zeros: the weights behind them visit what is not. */
static bool is_behind_pools_of_spikes(struct lowering *l, struct lowered_connection *c, size_t i)
{
    bool has_spikes = lower_sent_values(l, c) < 0 || lower_is_graded(c->source);
    enum ir_topology topology = topology_of(&c->connection->topology.items[i]);
    if (i == 0 || !has_spikes || c->connection->source_field != NULL ||
        (topology != IR_CONV && topology != IR_LOCAL && topology != IR_DENSE))
        return false;
    for (size_t k = 0; k < i; k++)
        if (!is_pool(&c->connection->topology.items[k]))
            return false;
    return i == c->connection->weighted;
}

static void add_list(struct lowering *l, const struct lowered_connection *c,
                     struct lowered_stage *stage, struct ir_connection *entry)
{
    int32_t size = entry->source_size;
    stage->is_listed = lane_buffer(l, c, "is_listed", SNN_BOOL, size);
    stage->list = lane_buffer(l, c, "list", SNN_INT32, size);
    stage->list_count = lane_buffer(l, c, "list_count", SNN_INT64, lower_size_value(l, 1));
    int32_t made[] = { stage->is_listed, stage->list, stage->list_count };
    for (int k = 0; k < 3; k++)
        l->program->buffers[made[k]].is_state = true;
    entry->is_graded = true;
    entry->spikes = stage->list;
    entry->spike_counts = stage->list_count;
}

static void list_numbers(struct lowering *l, const struct lowered_connection *c, size_t i)
{
    const struct lowered_stage *before = &c->stages[i - 1], *stage = &c->stages[i];
    struct ir_builder outer = l->b;
    struct ir_node *size = lower_size_leaf(l, before->size);
    struct ir_node *k = lower_open_range(l, dotted(l, c, "list"), size, true);
    struct ir_node *value = ir_load(&l->b, before->buffer, k);
    ir_store(&l->b, stage->is_listed, k,
             ir_binary(&l->b, IR_NE, value, ir_real(&l->b, value->type, 0)));
    l->b = outer;
    ir_compact(&l->b, stage->is_listed, stage->list, stage->list_count, size);
}

/* Filters run in lanes where they are next to each other in the target. Where they are not, many
 * spikes go to a copy of the target in which they are. */
static void add_laid(struct lowering *l, struct lowered_connection *c, struct ir_connection *entry)
{
    entry->laid = -1;
    if (entry->topology != IR_CONV || window_has_filters_last(entry->window) ||
        l->program->buffers[entry->target].type != SNN_FLOAT32)
        return;
    struct ir_window *window = arena_new(&l->c->arena, struct ir_window);
    *window = *entry->window;
    lower_lay_out(l, &window->to, dotted(l, c, "laid"));
    entry->laid_window = window;
    entry->laid = lane_buffer(l, c, "laid", SNN_FLOAT32, entry->target_size);
    l->program->buffers[entry->laid].is_state = true;
}

static void add_stage(struct lowering *l, struct lowered_connection *c, size_t i)
{
    struct topology_stage *stage = &c->connection->topology.items[i];
    struct lowered_stage *lowered = &c->stages[i];
    struct ir_connection entry = entry_of(l, c, stage);
    int32_t slot = lower_state_buffer(l, c->connection->slot);
    lowered->stage = stage;
    lowered->buffer = lowered->list = lowered->list_count = lowered->is_listed = -1;
    lowered->size = is_last(c, i) ? c->target->size : size_of(l, c, stage, &stage->axes);
    if (!is_last(c, i))
        lowered->buffer =
            lane_buffer(l, c, stage->builtin->name, l->program->buffers[slot].type, lowered->size);
    set_weights(l, c, i, &entry);
    if (lower_is_dropout(stage)) {
        lower_dropout_buffers(l, c, lowered);
        entry.weight = lowered->mask;
    }
    entry.target = is_last(c, i) ? slot : lowered->buffer;
    entry.target_size = entry.row_size = lowered->size;
    entry.source_size = i > 0 ? c->stages[i - 1].size : c->source->size;
    entry.values = i > 0 ? c->stages[i - 1].buffer : lower_sent_values(l, c);
    entry.is_graded = i == 0 && c->connection->source_field == NULL && lower_is_graded(c->source);
    add_laid(l, c, &entry);
    if (is_behind_pools_of_spikes(l, c, i))
        add_list(l, c, lowered, &entry);
    if (stage->builtin->id == BUILTIN_BATCH_NORM) {
        lower_norm_buffers(l, c, lowered);
        entry.values = lowered->norm->output;
    }
    if (is_pool(stage) && entry.values < 0)
        entry.counts = lane_buffer(l, c, "window_counts", SNN_FLOAT32, lowered->size);
    lowered->ir = ir_add_connection(l->c, l->program, entry);
    if (i == weighted_stage(c->connection))
        c->ir = lowered->ir;
    if (c->connection->rules.count > 0)
        lower_shared_changes(l, c);
}

void lower_stages(struct lowering *l, struct lowered_connection *c)
{
    const struct topology_stage_list *stages = &c->connection->topology;
    if (!check_stages(l, c->connection))
        return;
    c->stages = arena_alloc_array(&l->c->arena, stages->count, sizeof *c->stages);
    c->stage_count = stages->count;
    c->row = c->target->size;
    for (size_t i = 0; i < stages->count; i++)
        add_stage(l, c, i);
    size_t last = stages->count - 1;
    while (last > 0 && stage_is_elementwise(&stages->items[last]))
        last--;
    if (has_window(&stages->items[last]))
        lower_check_window_fits(l, c, &stages->items[last]);
}

/* ---- a step ---- */

/* Bias of every place of a window's side: stored, or added to what is there. */
static void spread_bias(struct lowering *l, const struct lowered_connection *c,
                        const struct ir_window_side *side, int32_t target, struct ir_node *base,
                        bool is_added)
{
    struct ir_builder outer = l->b;
    struct ir_node *indices[3], *place = base != NULL ? base : ir_integer(&l->b, 0);
    for (int i = 0; i < 3; i++) {
        enum ir_window_axis axis = side->order[i];
        struct ir_node *loop = ir_loop(&l->b, dotted(l, c, "bias"), ir_integer(&l->b, 0),
                                       lower_size_leaf(l, side->sizes[axis]), true);
        l->b.block = &loop->loop.body;
        indices[axis] = loop->loop.index;
        place = ir_binary(
            &l->b, IR_ADD, place,
            ir_binary(&l->b, IR_MUL, indices[axis], ir_known_size(&l->b, side->strides[axis])));
    }
    struct ir_node *value = ir_load(&l->b, c->bias_buffer, indices[IR_WINDOW_CHANNEL]);
    if (is_added) {
        struct ir_node *old = ir_load(&l->b, target, place);
        value = ir_binary(&l->b, IR_ADD, old, ir_cast(&l->b, old->type, value));
    }
    ir_store(&l->b, target, place, value);
    l->b = outer;
}

void lower_put_bias(struct lowering *l, const struct lowered_connection *c, int32_t target,
                    int32_t size, struct ir_node *base, bool is_added)
{
    const struct topology_stage *stage = &c->connection->topology.items[c->connection->weighted];
    if (stage->builtin->id == BUILTIN_CONV) {
        spread_bias(l, c, &l->program->connections[c->ir].window->to, target, base, is_added);
        return;
    }
    struct ir_builder outer = l->b;
    struct ir_node *loop =
        ir_loop(&l->b, dotted(l, c, "bias"), ir_integer(&l->b, 0), lower_size_leaf(l, size), true);
    l->b.block = &loop->loop.body;
    struct ir_node *value = ir_load(&l->b, c->bias_buffer, loop->loop.index);
    struct ir_node *place =
        base != NULL ? ir_binary(&l->b, IR_ADD, base, loop->loop.index) : loop->loop.index;
    if (is_added) {
        struct ir_node *old = ir_load(&l->b, target, place);
        value = ir_binary(&l->b, IR_ADD, old, ir_cast(&l->b, old->type, value));
    }
    ir_store(&l->b, target, place, value);
    l->b = outer;
}

/* Before anything arrives at the target. */
void lower_connection_bias(struct lowering *l, struct lowered_connection *c)
{
    bool is_inside = c->stage_count > 0 && c->connection->weighted + 1 < c->stage_count;
    l->b.span = c->connection->statement->span;
    if (c->bias_buffer >= 0 && !is_inside)
        lower_put_bias(l, c, lower_state_buffer(l, c->connection->slot), c->target->size, NULL,
                       true);
}

/* What enters batch_norm in a presentation of a batch is kept of all steps. */
struct ir_node *lower_stage_base(struct lowering *l, const struct lowered_connection *c, size_t i,
                                 struct ir_node *step)
{
    const struct lowered_norm *next = i + 1 < c->stage_count ? c->stages[i + 1].norm : NULL;
    return step != NULL && next != NULL ? lower_norm_base(l, next, step) : NULL;
}

static void silence(struct lowering *l, int32_t buffer, int32_t size, struct ir_node *base)
{
    struct ir_builder outer = l->b;
    struct ir_node *i = lower_open_range(l, "silence", lower_size_leaf(l, size), true);
    if (base != NULL)
        i = ir_binary(&l->b, IR_ADD, base, i);
    ir_store(&l->b, buffer, i, ir_real(&l->b, IR_F32, 0));
    l->b = outer;
}

void lower_begin_stage(struct lowering *l, const struct lowered_connection *c, size_t i,
                       struct ir_node *step)
{
    const struct lowered_stage *stage = &c->stages[i];
    lower_step_dropout(l, c, stage, step);
    if (stage->list >= 0)
        list_numbers(l, c, i);
    if (stage->buffer < 0)
        return;
    int32_t buffer = stage->buffer;
    struct ir_node *base = lower_stage_base(l, c, i, step);
    if (base != NULL)
        buffer = stage[1].norm->inputs;
    if (c->bias_buffer >= 0 && i == c->connection->weighted)
        lower_put_bias(l, c, buffer, stage->size, base, false);
    else
        silence(l, buffer, stage->size, base);
}

void lower_stages_arrive(struct lowering *l, const struct lowered_connection *c)
{
    for (size_t i = 0; i < c->stage_count; i++) {
        lower_begin_stage(l, c, i, NULL);
        if (c->stages[i].norm != NULL)
            lower_norm(l, c->network, c->stages[i].norm, c->stages[i - 1].buffer, NULL);
        ir_propagate(&l->b, c->stages[i].ir, IR_PROPAGATE_FORWARD, NULL);
    }
}
