/* SPDX-License-Identifier: MIT
 *
 * What names, fields and index expressions reach in memory: the array behind them and how far it
 * has been indexed. Layers are arrays of neurons, whose fields are buffers; in rules a neuron may
 * be given by its one flat number.
 */
#include "ir/lower_internal.h"

static void free_axes(struct lowering *l, struct access *access)
{
    access->rank = access->binding->rank;
    for (int32_t d = 0; d < access->rank; d++)
        access->axes[d] = (struct access_axis){ .extent = binding_extent(l, access->binding, d) };
}

/* ---- layers and connections ---- */

static struct binding *layer_array(struct lowering *l, const struct lowered_layer *layer,
                                   int32_t buffer)
{
    struct binding *binding = binding_new(l, BINDING_ARRAY);
    binding->buffer = buffer;
    binding->rank = layer->rank;
    for (int32_t d = 0; d < layer->rank; d++)
        binding->sizes[d] = layer->axis_sizes[d];
    binding->layer = (struct lowered_layer *)layer;
    return binding;
}

static struct binding *recorded_array(struct lowering *l, const struct lowered_layer *layer,
                                      int32_t buffer)
{
    struct binding *binding = binding_new(l, BINDING_ARRAY);
    binding->buffer = buffer;
    binding->rank = layer->rank + 1;
    binding->extents[0] = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEPS);
    for (int32_t d = 0; d < layer->rank; d++)
        binding->sizes[d + 1] = layer->axis_sizes[d];
    return binding;
}

static void append_axes(struct binding *binding, const struct lowered_layer *layer, bool is_flat)
{
    if (is_flat) {
        binding->sizes[binding->rank++] = layer->size;
        return;
    }
    for (int32_t d = 0; d < layer->rank && binding->rank < RANK_LIMIT; d++)
        binding->sizes[binding->rank++] = layer->axis_sizes[d];
}

/* The axes of a matrix: of the sources, then of the targets. */
static void append_ends(struct binding *binding, const struct lowered_connection *connection,
                        bool is_pre_flat, bool is_post_flat)
{
    append_axes(binding, connection->source, is_pre_flat);
    int32_t outer = binding->rank;
    append_axes(binding, connection->target, is_post_flat);
    if (connection->has_gaps) {
        binding->row_axes = binding->rank - outer;
        binding->row = connection->row;
    }
}

/* A buffer with the axes that it is saved with. */
static struct binding *stored_array(struct lowering *l, int32_t buffer)
{
    const struct ir_buffer *stored = &l->program->buffers[buffer];
    struct binding *binding = binding_new(l, BINDING_ARRAY);
    binding->buffer = buffer;
    binding->rank = stored->rank;
    for (int32_t d = 0; d < stored->rank && d < RANK_LIMIT; d++)
        binding->sizes[d] = stored->extents[d];
    return binding;
}

/* Weights: [pre axes, post axes]; of one_to_one [post axes]. States of synapses likewise. */
static struct binding *synapse_array(struct lowering *l, const struct lowered_connection *c)
{
    struct binding *binding = binding_new(l, BINDING_ARRAY);
    binding->buffer = c->weight_buffer;
    if (c->stage_count > 0 || c->window != NULL)
        binding->rank = lower_weight_sizes(l, c, binding->sizes);
    else if (c->connection->kind->id == BUILTIN_ONE_TO_ONE)
        append_axes(binding, c->target, false);
    else
        append_ends(binding, c, false, false);
    if (c->row_starts >= 0 || c->weight_buffer < 0)
        binding->connection = c;
    binding->is_of_window = c->window != NULL;
    return binding;
}

/* State of a rule as tasks see it, with the axes of its neurons or synapses. */
static struct binding *rule_state_array(struct lowering *l, const struct connection *connection,
                                        struct symbol *state, struct span span)
{
    const struct lowered_connection *lowered = lowered_connection_of(l, connection);
    enum state_owner owner = state->statement->state.owner;
    struct binding *binding = owner == STATE_PRE    ? layer_array(l, lowered->source, -1)
                              : owner == STATE_POST ? layer_array(l, lowered->target, -1)
                                                    : synapse_array(l, lowered);
    binding->buffer = binding_of(l, state, span)->buffer;
    return binding;
}

static int32_t layer_field_buffer(struct lowering *l, struct expr *e,
                                  const struct lowered_layer *layer)
{
    switch (e->symbol->field) {
    case FIELD_COUNT: return layer->count;
    case FIELD_TIME: return layer->first;
    case FIELD_LAST: return layer->last;
    case FIELD_FIRED: return layer->fired;
    case FIELD_SPIKED: return layer->spiked;
    case FIELD_EMITTED: return layer->emitted;
    default: break;
    }
    lower_refuse(l, e->span, "'%s' of a layer cannot be compiled yet", e->symbol->name->text);
    return layer->count;
}

/* ---- fields ---- */

/* The layer of `exc`, `exc[i]`, `net.exc`, `pre`, `post[j]`, with the indices it got. */
static bool access_layer(struct lowering *l, struct expr *e, struct access *access)
{
    if (e->type->kind != TYPE_LAYER && e->type->kind != TYPE_TRACE)
        return false;
    if (e->kind == EXPR_INDEX) {
        lower_access(l, e, access);
        return access->binding != NULL && access->is_layer;
    }
    if (e->type->layer == NULL)
        return false;
    const struct lowered_layer *layer = lowered_layer_of(l, e->type->layer);
    access->binding = layer_array(l, layer, -1);
    access->is_layer = true;
    free_axes(l, access);
    bool is_end = e->symbol != NULL && e->symbol->kind == SYMBOL_VARIABLE && l->rule != NULL &&
                  !l->rule->is_free;
    if (is_end) { /* the neuron at hand */
        access->rank = 1;
        access->axes[0] =
            (struct access_axis){ .fixed = e->symbol->variable == VARIABLE_PRE ? l->rule->pre
                                                                               : l->rule->post };
        if (access->axes[0].fixed == NULL) {
            lower_refuse(l, e->span, "there is no %s neuron here", e->symbol->name->text);
            access->axes[0].fixed = ir_integer(&l->b, 0);
        }
    }
    return true;
}

/* Was a batch presented to the layer's network, or one that a gradient can be taken from? */
static bool is_taken(const struct lowering *l, const struct lowered_layer *layer)
{
    return layer->network->last != NULL && l->kernel == NULL && l->rule == NULL;
}

static void access_recorded(struct lowering *l, struct expr *e, struct access *access,
                            const struct layer *of, const struct symbol *state)
{
    const struct lowered_layer *layer = lowered_layer_of(l, of);
    if (is_taken(l, layer)) {
        access->binding =
            state == NULL
                ? lower_taken_record(l, layer, layer->raster, true, "spikes")
                : lower_taken_record(l, layer, lower_state_buffer(l, state), true,
                                     arena_format(&l->c->arena, "trace.%s", state->name->text));
        free_axes(l, access);
        return;
    }
    if (layer->network->has_left) {
        lower_refuse(l, e->span,
                     "what was recorded of layer '%s' is gone: a presentation that a "
                     "gradient is taken from is read in the block that presented it",
                     layer->layer->name->text);
        return;
    }
    int32_t buffer =
        state == NULL ? layer->spike_record : pointer_map_get(&l->site_of, &state->is_traced);
    if (buffer < 0) {
        lower_refuse(l, e->span, "nothing was recorded for this");
        return;
    }
    access->binding = recorded_array(l, layer, buffer);
    free_axes(l, access);
}

static void access_bias(struct lowering *l, struct expr *e, struct access *access)
{
    const struct connection *connection = e->field.object->type->connection;
    int32_t buffer = lowered_connection_of(l, connection)->bias_buffer;
    if (buffer < 0) {
        lower_refuse(l, e->span, "connection '%s' has no bias", connection->name->text);
        return;
    }
    access->binding = stored_array(l, buffer);
    free_axes(l, access);
}

static void access_norm(struct lowering *l, struct expr *e, struct access *access)
{
    const struct connection *connection = e->field.object->type->connection;
    const struct lowered_norm *norm = lower_norm_of(lowered_connection_of(l, connection));
    const int32_t buffers[] = { norm->gain, norm->shift, norm->mean, norm->variance };
    access->binding = stored_array(l, buffers[e->symbol->position]);
    free_axes(l, access);
}

static void access_field(struct lowering *l, struct expr *e, struct access *access)
{
    struct expr *object = e->field.object;
    struct symbol *symbol = e->symbol;
    if (symbol == NULL)
        return;
    if (symbol->kind == SYMBOL_FIELD &&
        (symbol->field == FIELD_SPIKES || symbol->field == FIELD_TRACED)) {
        access_recorded(l, e, access, object->type->layer,
                        symbol->field == FIELD_TRACED ? symbol->state : NULL);
        return;
    }
    if (symbol->kind == SYMBOL_FIELD && symbol->field == FIELD_WEIGHT &&
        object->type->connection != NULL) {
        access->binding = synapse_array(l, lowered_connection_of(l, object->type->connection));
        free_axes(l, access);
        return;
    }
    if (symbol->kind == SYMBOL_FIELD && symbol->field == FIELD_BIAS &&
        object->type->connection != NULL) {
        access_bias(l, e, access);
        return;
    }
    if (symbol->kind == SYMBOL_FIELD && symbol->field == FIELD_NORM) {
        access_norm(l, e, access);
        return;
    }
    if (symbol->kind == SYMBOL_RULE_STATE && object->type->kind == TYPE_RULE) {
        access->binding = rule_state_array(l, object->type->connection, symbol, e->span);
        free_axes(l, access);
        return;
    }
    if (symbol->kind == SYMBOL_RULE_STATE ||
        (symbol->kind == SYMBOL_FORMAL && symbol->rule != NULL)) {
        struct binding *binding = binding_of(l, symbol, e->span);
        if (binding->kind == BINDING_ARRAY) {
            access->binding = binding;
            free_axes(l, access);
        }
        if (symbol->kind == SYMBOL_FORMAL)
            return;
    }
    if (symbol->kind == SYMBOL_FIELD &&
        symbol->field == FIELD_POSITION) /* pre.y: a number, not in memory */
        return;
    if (!access_layer(l, object, access))
        return;
    access->is_layer = false;
    const struct lowered_layer *layer = access->binding->layer;
    if (symbol->kind == SYMBOL_RULE_STATE) { /* post[j].norm */
        access->binding = layer_array(l, layer, binding_of(l, symbol, e->span)->buffer);
    } else if (symbol->kind == SYMBOL_FORMAL) {
        struct binding *binding = binding_of(l, symbol, e->span);
        if (binding->kind != BINDING_ARRAY) {
            access->binding = NULL;
            return;
        }
        access->binding = binding;
        if (binding->rank == 0)
            access->rank = 0;
    } else {
        int32_t buffer = symbol->kind == SYMBOL_FIELD ? layer_field_buffer(l, e, layer)
                                                      : lower_state_buffer(l, symbol);
        bool is_shared = symbol->kind == SYMBOL_STATE && symbol->statement->state.is_shared;
        bool is_lane = l->program->buffers[buffer].kind == SNN_BUFFER_LANE;
        if (is_lane && is_taken(l, layer)) {
            access->binding = lower_taken_record(l, layer, buffer, false, symbol->name->text);
            free_axes(l, access);
            return;
        }
        access->binding = layer_array(l, layer, buffer);
        if (is_shared)
            access->rank = access->binding->rank = 0;
    }
}

struct binding *lower_weights(struct lowering *l, const struct lowered_connection *c)
{
    struct access access = { .binding = synapse_array(l, c) };
    if (access.binding->connection == NULL)
        return access.binding;
    struct ir_node *extents[RANK_LIMIT], *indices[RANK_LIMIT];
    free_axes(l, &access);
    for (int32_t d = 0; d < access.rank; d++)
        extents[d] = access.axes[d].extent;
    struct binding *array = lower_local_array(l, c->name, SNN_FLOAT32, extents, access.rank);
    struct ir_builder saved = l->b;
    struct ir_node *loop = lower_open_loop(l, "weights", extents, access.rank, indices);
    ir_store(&l->b, array->buffer, loop->loop.index,
             lower_access_load(l, &access, indices, (size_t)access.rank));
    lower_close_loop(l, loop, saved);
    return array;
}

/* ---- arrays of rules ---- */

static bool is_rule_array(const struct lowering *l, const struct expr *e)
{
    if (e->kind != EXPR_NAME || e->symbol == NULL || l->rule == NULL || !l->rule->is_free)
        return false;
    return e->symbol->kind == SYMBOL_RULE_STATE ||
           (e->symbol->kind == SYMBOL_VARIABLE && e->symbol->variable == VARIABLE_WEIGHT);
}

/* w and states in on init, on start, on end: neurons are given by their one number or, where there
 * are more indices, by axis. */
static void access_rule_array(struct lowering *l, struct expr *e, size_t index_count,
                              struct access *access)
{
    const struct lowered_connection *connection = l->rule->connection;
    const struct symbol *symbol = e->symbol;
    bool is_weight = symbol->kind == SYMBOL_VARIABLE;
    enum state_owner owner = is_weight ? STATE_OWN : symbol->statement->state.owner;
    if (owner == STATE_OWN && connection->connection->kind->id == BUILTIN_ONE_TO_ONE)
        owner = STATE_POST;
    if (is_weight && connection->changes >= 0)
        lower_refuse(l, e->span,
                     "'w' of one pair is no weight of its own: windows share the "
                     "weights of '%s'",
                     connection->name);
    struct binding *binding = binding_new(l, BINDING_ARRAY);
    binding->buffer =
        is_weight ? connection->weight_buffer : binding_of(l, e->symbol, e->span)->buffer;
    if (owner == STATE_OWN) {
        append_ends(binding, connection,
                    index_count == 2 || index_count == (size_t)connection->target->rank + 1,
                    index_count == 2);
        binding->connection = connection->row_starts >= 0 ? connection : NULL;
    } else {
        append_axes(binding, owner == STATE_PRE ? connection->source : connection->target,
                    index_count == 1);
    }
    access->binding = binding;
    free_axes(l, access);
}

/* ---- names ---- */

static void access_name(struct lowering *l, struct expr *e, struct access *access)
{
    struct symbol *symbol = e->symbol;
    if (symbol == NULL)
        return;
    if (e->type->kind == TYPE_LAYER) {
        access_layer(l, e, access);
        return;
    }
    if (is_rule_array(l, e)) {
        access_rule_array(l, e, 0, access);
        return;
    }
    bool may_be_array = symbol->kind == SYMBOL_LOCAL || symbol->kind == SYMBOL_LET ||
                        symbol->kind == SYMBOL_FORMAL || symbol->kind == SYMBOL_PERSISTENT ||
                        symbol->kind == SYMBOL_INDEX || symbol->kind == SYMBOL_RULE_STATE;
    if (!may_be_array || symbol->binding == NULL || symbol->binding->kind != BINDING_ARRAY)
        return;
    access->binding = symbol->binding;
    free_axes(l, access);
}

/* ---- indices ---- */

static const char *array_name(struct lowering *l, const struct expr *e)
{
    const struct source *source = sources_get(&l->c->sources, e->span.source);
    if (source == NULL)
        return "array";
    return arena_copy_text(&l->c->arena, source->text + e->span.start, e->span.end - e->span.start);
}

void lower_check_index(struct lowering *l, const struct expr *array, const struct expr *index,
                       struct ir_node *value, struct ir_node *extent)
{
    bool is_safe = index->kind == EXPR_NAME && index->symbol != NULL &&
                   index->symbol->binding != NULL && index->symbol->binding->is_checked;
    if (is_safe || extent == NULL)
        return;
    struct ir_node *low = ir_binary(&l->b, IR_LT, value, ir_integer(&l->b, 0));
    struct ir_node *is_outside =
        ir_binary(&l->b, IR_OR, low, ir_binary(&l->b, IR_GE, value, extent));
    if (is_outside->op == IR_CONST && is_outside->kind == IR_NODE_INSTR &&
        is_outside->payload.integer == 0)
        return;
    struct ir_node *check = ir_if(&l->b, is_outside);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &check->branch.then_body;
    ir_call_rt(&l->b, IR_RT_snn_rt_panic_index, 4,
               (struct ir_node *[]){ ir_text(&l->b, lower_place(l, index->span)),
                                     ir_text(&l->b, array_name(l, array)), value, extent });
    l->b = outer;
}

static void slice_axis(struct lowering *l, struct expr *range, const struct expr *array,
                       struct access_axis *axis)
{
    struct ir_node *low =
        range->range.low != NULL ? lower_as(l, range->range.low, IR_I64) : ir_integer(&l->b, 0);
    struct ir_node *high =
        range->range.high != NULL ? lower_as(l, range->range.high, IR_I64) : axis->extent;
    if (range->range.is_inclusive)
        high = ir_binary(&l->b, IR_ADD, high, ir_integer(&l->b, 1));
    struct ir_node *limit = ir_binary(&l->b, IR_ADD, axis->extent, ir_integer(&l->b, 1));
    lower_check_index(l, array, range, low, limit);
    lower_check_index(l, array, range, high, limit);
    axis->offset = axis->offset != NULL ? ir_binary(&l->b, IR_ADD, axis->offset, low) : low;
    axis->extent =
        ir_binary(&l->b, IR_MAX, ir_binary(&l->b, IR_SUB, high, low), ir_integer(&l->b, 0));
}

/* One number for several axes, from `first` on. */
static void spread_index(struct lowering *l, const struct expr *array, struct expr *index,
                         struct access_axis *first, size_t count)
{
    struct ir_node *value = lower_as(l, index, IR_I64), *total = first->extent;
    for (size_t i = 1; i < count; i++)
        total = ir_binary(&l->b, IR_MUL, total, first[i].extent);
    lower_check_index(l, array, index, value, total);
    for (size_t i = count; i-- > 0;) {
        struct access_axis *axis = &first[i];
        struct ir_node *place = i > 0 ? ir_binary(&l->b, IR_MOD, value, axis->extent) : value;
        value = i > 0 ? ir_binary(&l->b, IR_DIV, value, axis->extent) : value;
        axis->fixed = axis->offset != NULL ? ir_binary(&l->b, IR_ADD, axis->offset, place) : place;
    }
}

static void access_index(struct lowering *l, struct expr *e, struct access *access)
{
    bool is_flat = is_rule_array(l, e->index.object);
    if (is_flat)
        access_rule_array(l, e->index.object, e->index.indices.count, access);
    else
        lower_access(l, e->index.object, access);
    if (access->binding == NULL)
        return;
    if (access->is_layer && e->index.indices.count == 1 && access->rank > 1 &&
        e->index.indices.items[0]->kind != EXPR_RANGE) {
        access->rank = 1;
        access->axes[0] =
            (struct access_axis){ .extent = lower_size_leaf(l, access->binding->layer->size) };
        is_flat = true;
    }
    int32_t d = 0;
    size_t position = 0;
    for (size_t i = 0; i < e->index.indices.count; i++) {
        struct expr *index = e->index.indices.items[i];
        size_t taken = is_flat ? 1 : index_axes(index, &e->index.object->type->axes, position);
        position += taken;
        while (d < access->rank && access->axes[d].fixed != NULL)
            d++;
        if (d + (int32_t)taken > access->rank) {
            lower_refuse(l, index->span, "too many indices");
            return;
        }
        if (taken > 1) {
            spread_index(l, e->index.object, index, &access->axes[d], taken);
            d += (int32_t)taken;
            continue;
        }
        struct access_axis *axis = &access->axes[d++];
        if (index->kind == EXPR_RANGE) {
            slice_axis(l, index, e->index.object, axis);
            continue;
        }
        struct ir_node *value = lower_as(l, index, IR_I64);
        lower_check_index(l, e->index.object, index, value, axis->extent);
        axis->fixed = axis->offset != NULL ? ir_binary(&l->b, IR_ADD, axis->offset, value) : value;
    }
}

/* ---- all of it ---- */

void lower_set_prepared(struct lowering *l, const void *key, struct binding *binding)
{
    struct prepared prepared = { binding, l->b.function, l->inlining };
    array_push(&l->c->arena, &l->prepared, prepared);
    pointer_map_put(l, &l->prepared_of, key, (int32_t)l->prepared.count - 1);
}

struct binding *lower_prepared_as(struct lowering *l, const void *key)
{
    int32_t number = pointer_map_get(&l->prepared_of, key);
    if (number < 0)
        return NULL;
    const struct prepared *prepared = &l->prepared.items[number];
    bool is_here = prepared->function == l->b.function && prepared->inlining == l->inlining;
    return is_here ? prepared->binding : NULL;
}

struct binding *lower_prepared(struct lowering *l, const struct expr *e)
{
    return lower_prepared_as(l, e);
}

void lower_access(struct lowering *l, struct expr *e, struct access *access)
{
    *access = (struct access){ .binding = NULL };
    struct binding *prepared = lower_prepared(l, e);
    if (prepared == NULL && lower_is_picture(e)) {
        prepared = lower_picture(l, e);
        lower_set_prepared(l, e, prepared);
    }
    if (prepared != NULL) {
        if (prepared->kind == BINDING_ARRAY) {
            access->binding = prepared;
            free_axes(l, access);
        }
        return;
    }
    switch (e->kind) {
    case EXPR_NAME: access_name(l, e, access); break;
    case EXPR_FIELD: access_field(l, e, access); break;
    case EXPR_INDEX: access_index(l, e, access); break;
    default: break;
    }
}

struct ir_node *lower_access_index(struct lowering *l, const struct access *access,
                                   struct ir_node *const *indices, size_t count)
{
    const struct binding *array = access->binding;
    struct ir_node *flat = NULL, *row = NULL;
    size_t used = 0;
    for (int32_t d = 0; d < access->rank; d++) {
        if (flat != NULL && array->row_axes > 0 && d == access->rank - array->row_axes) {
            row = ir_binary(&l->b, IR_MUL, flat, lower_size_leaf(l, array->row));
            flat = NULL;
        }
        const struct access_axis *axis = &access->axes[d];
        struct ir_node *index = axis->fixed;
        if (index == NULL) {
            index = used < count ? indices[used] : ir_integer(&l->b, 0);
            used++;
            if (axis->offset != NULL)
                index = ir_binary(&l->b, IR_ADD, index, axis->offset);
        }
        flat = flat == NULL
                   ? index
                   : ir_binary(&l->b, IR_ADD,
                               ir_binary(&l->b, IR_MUL, flat, binding_extent(l, array, d)), index);
    }
    if (row != NULL)
        flat = ir_binary(&l->b, IR_ADD, row, flat);
    return flat != NULL ? flat : ir_integer(&l->b, 0);
}

struct ir_node *lower_access_load(struct lowering *l, const struct access *access,
                                  struct ir_node *const *indices, size_t count)
{
    if (access->binding->connection != NULL)
        return lower_synapse_load(l, access, indices, count);
    return ir_load(&l->b, access->binding->buffer, lower_access_index(l, access, indices, count));
}
