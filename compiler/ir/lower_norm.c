/* SPDX-License-Identifier: MIT
 *
 * The stage `batch_norm`: y = gain (x - mean) / sqrt(variance + epsilon) + shift, channel by
 * channel. Where the network learns by gradient, mean and variance are those of the batch: of all
 * samples, steps and places of a channel. They couple samples that otherwise run apart, so the
 * batch is run once for each level of such stages, the first of which needs no other: the sums of a
 * level are known after its run. The way back is the same in reverse order: what a mean and a
 * variance give to each x is known after a run in which all later levels have theirs. Elsewhere,
 * mean and variance are running averages, saved with the model.
 */
#include "ir/lower_internal.h"

#include <string.h>

static const char *dotted(struct lowering *l, const struct lowered_norm *n, const char *field)
{
    return arena_format(&l->c->arena, "%s.%s", n->name, field);
}

static struct ir_node *channels_of(struct lowering *l, const struct lowered_norm *n)
{
    return lower_size_leaf(l, n->channels);
}

static struct ir_node *real(struct lowering *l, enum ir_type type, double value)
{
    return ir_real(&l->b, type, value);
}

/* ---- what is kept ---- */

/* Axes before that of the channels, and behind it. Without one, each place is a channel. */
static void find_channels(struct lowering *l, struct lowered_norm *n,
                          const struct topology_stage *stage, struct axis_list *axes)
{
    int32_t sizes[RANK_LIMIT], channel = -1, rank = (int32_t)stage->from.count;
    for (int32_t d = 0; d < rank; d++) {
        const struct axis *axis = &stage->from.items[d];
        sizes[d] = lower_size(l, axis->size, stage->expr->span, "an axis");
        if (axis->name != NULL && strcmp(axis->name->text, "channel") == 0)
            channel = d;
    }
    n->outer = n->inner = -1;
    *axes = stage_channels(&l->c->arena, stage);
    if (channel < 0) {
        n->channels = lower_size_product(l, sizes, rank, dotted(l, n, "channels"));
        return;
    }
    n->channels = sizes[channel];
    if (channel > 0)
        n->outer = lower_size_product(l, sizes, channel, dotted(l, n, "before channels"));
    if (channel + 1 < rank)
        n->inner = lower_size_product(l, &sizes[channel + 1], rank - channel - 1,
                                      dotted(l, n, "behind channels"));
}

static int32_t model_values(struct lowering *l, const struct lowered_norm *n, const char *field,
                            const struct axis_list *axes, struct unit unit)
{
    int32_t sizes[RANK_LIMIT];
    for (size_t d = 0; d < axes->count; d++)
        sizes[d] = lower_size(l, axes->items[d].size, n->stage->expr->span, "an axis");
    int32_t buffer =
        lower_buffer(l, dotted(l, n, field), SNN_FLOAT32, SNN_BUFFER_MODEL, n->channels);
    lower_buffer_axes(l, buffer, axes, sizes);
    l->program->buffers[buffer].is_observed = true;
    l->program->buffers[buffer].unit = unit_name(&l->c->arena, unit);
    return buffer;
}

/* A sum for each sample and channel. */
static int32_t sums(struct lowering *l, const struct lowered_norm *n, const char *field)
{
    int32_t buffer = lower_buffer(l, dotted(l, n, field), SNN_FLOAT64, SNN_BUFFER_LOCAL, -1);
    int32_t adjoint = lower_buffer(l, arena_format(&l->c->arena, "%s.%s.adjoint", n->name, field),
                                   SNN_FLOAT32, SNN_BUFFER_LOCAL, -1);
    l->program->buffers[buffer].is_record = true;
    l->program->buffers[buffer].adjoint = adjoint;
    return buffer;
}

static int32_t argument(struct lowering *l, const struct lowered_norm *n, int position,
                        const char *name, double otherwise)
{
    const struct expr *e = n->stage->expr->target->arguments[position];
    return e != NULL ? lower_real_entry(l, e, dotted(l, n, name))
                     : lower_literal_entry(l, otherwise);
}

static void batch_buffers(struct lowering *l, struct lowered_connection *c, struct lowered_norm *n)
{
    n->batch_mean =
        lower_buffer(l, dotted(l, n, "batch_mean"), SNN_FLOAT32, SNN_BUFFER_SHARED, n->channels);
    n->batch_variance = lower_buffer(l, dotted(l, n, "batch_variance"), SNN_FLOAT32,
                                     SNN_BUFFER_SHARED, n->channels);
    n->sums = sums(l, n, "sums");
    n->squares = sums(l, n, "squares");
    n->inputs = lower_buffer(l, dotted(l, n, "inputs"), SNN_FLOAT32, SNN_BUFFER_LANE, -1);
    l->program->buffers[n->inputs].is_record = true;
    lower_learnable(l, c->network, n->batch_mean, n->stage->expr->span);
    lower_learnable(l, c->network, n->batch_variance, n->stage->expr->span);
}

void lower_norm_buffers(struct lowering *l, struct lowered_connection *c,
                        struct lowered_stage *stage)
{
    struct lowered_norm *n = arena_new(&l->c->arena, struct lowered_norm);
    struct unit unit = c->connection->slot->type->unit;
    struct axis_list axes = { 0 };
    *n = (struct lowered_norm){ .stage = stage->stage, .name = c->name, .size = stage->size };
    stage->norm = n;
    find_channels(l, n, stage->stage, &axes);
    n->scale = argument(l, n, 0, "scale", 1);
    n->epsilon = argument(l, n, 1, "epsilon", 1e-5);
    n->momentum = argument(l, n, 2, "momentum", 0.1);
    n->gain = model_values(l, n, "gain", &axes, unit);
    n->shift = model_values(l, n, "shift", &axes, unit);
    n->mean = model_values(l, n, "mean", &axes, unit);
    n->variance = model_values(l, n, "variance", &axes, unit_multiply(unit, unit));
    n->output = lower_buffer(l, dotted(l, n, "norm"), SNN_FLOAT32, SNN_BUFFER_LANE, stage->size);
    batch_buffers(l, c, n);
    if (stage->stage->expr->target->arguments[1] != NULL)
        lower_check_constant(l, stage->stage->expr->target->arguments[1], n->epsilon, 1e-30, 1e30,
                             "the epsilon of 'batch_norm' must be above 0");
    if (stage->stage->expr->target->arguments[2] != NULL)
        lower_check_constant(l, stage->stage->expr->target->arguments[2], n->momentum, 0, 1,
                             "the momentum of 'batch_norm' must be within 0 .. 1");
}

void lower_fill_norms(struct lowering *l, const struct lowered_connection *c)
{
    for (size_t k = 0; k < c->stage_count; k++) {
        const struct lowered_norm *n = c->stages[k].norm;
        if (n == NULL)
            continue;
        struct ir_builder outer = l->b;
        struct ir_node *i = lower_open_range(l, dotted(l, n, "norm"), channels_of(l, n), true);
        ir_store(&l->b, n->gain, i, lower_constant_leaf(l, n->scale, IR_F32));
        ir_store(&l->b, n->shift, i, real(l, IR_F32, 0));
        ir_store(&l->b, n->mean, i, real(l, IR_F32, 0));
        ir_store(&l->b, n->variance, i, real(l, IR_F32, 1));
        l->b = outer;
    }
}

/* ---- a step ---- */

static struct ir_node *learns(struct lowering *l, const struct lowered_network *network)
{
    struct ir_node *bits =
        ir_binary(&l->b, IR_AND, ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_LEARNING),
                  ir_integer(&l->b, (int64_t)network->gradient_mask));
    return ir_binary(&l->b, IR_NE, bits, ir_integer(&l->b, 0));
}

/* Runs over the places of channel c; returns the element, counted from `base` (null: 0). */
static struct ir_node *open_places(struct lowering *l, const struct lowered_norm *n,
                                   struct ir_node *c, struct ir_node *base, bool is_independent)
{
    struct ir_node *place = base;
    if (n->outer >= 0) {
        struct ir_node *o =
            lower_open_range(l, dotted(l, n, "outer"), lower_size_leaf(l, n->outer), false);
        struct ir_node *row = ir_binary(&l->b, IR_MUL, o, channels_of(l, n));
        if (n->inner >= 0)
            row = ir_binary(&l->b, IR_MUL, row, lower_size_leaf(l, n->inner));
        place = place != NULL ? ir_binary(&l->b, IR_ADD, place, row) : row;
    }
    if (n->inner < 0)
        return place != NULL ? ir_binary(&l->b, IR_ADD, place, c) : c;
    struct ir_node *row = ir_binary(&l->b, IR_MUL, c, lower_size_leaf(l, n->inner));
    place = place != NULL ? ir_binary(&l->b, IR_ADD, place, row) : row;
    return ir_binary(
        &l->b, IR_ADD, place,
        lower_open_range(l, dotted(l, n, "inner"), lower_size_leaf(l, n->inner), is_independent));
}

/* Mean or variance: those of the batch in a presentation that learns. */
static struct ir_node *statistic(struct lowering *l, struct ir_node *is_batch, int32_t of_batch,
                                 int32_t running, struct ir_node *c)
{
    struct ir_node *average = ir_load(&l->b, running, c);
    return is_batch != NULL ? ir_select(&l->b, is_batch, ir_load(&l->b, of_batch, c), average)
                            : average;
}

void lower_norm(struct lowering *l, const struct lowered_network *network,
                const struct lowered_norm *n, int32_t inputs, struct ir_node *step)
{
    struct ir_builder outer = l->b;
    struct ir_node *is_batch = step != NULL ? learns(l, network) : NULL;
    struct ir_node *base = step != NULL ? lower_norm_base(l, n, step) : NULL;
    struct ir_node *c = lower_open_range(l, dotted(l, n, "norm"), channels_of(l, n), true);
    struct ir_node *mean = statistic(l, is_batch, n->batch_mean, n->mean, c);
    struct ir_node *variance = statistic(l, is_batch, n->batch_variance, n->variance, c);
    struct ir_node *root =
        ir_unary(&l->b, IR_SQRT,
                 ir_binary(&l->b, IR_ADD, variance, lower_constant_leaf(l, n->epsilon, IR_F32)));
    struct ir_node *slope = ir_binary(&l->b, IR_DIV, ir_load(&l->b, n->gain, c), root);
    struct ir_node *shift = ir_load(&l->b, n->shift, c);
    struct ir_node *place = open_places(l, n, c, NULL, true);
    struct ir_node *from = base != NULL ? ir_binary(&l->b, IR_ADD, base, place) : place;
    struct ir_node *x = ir_binary(&l->b, IR_SUB, ir_load(&l->b, inputs, from), mean);
    ir_store(&l->b, n->output, place,
             ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, slope, x), shift));
    l->b = outer;
}

/* Of a step, in the inputs of all steps. */
struct ir_node *lower_norm_base(struct lowering *l, const struct lowered_norm *n,
                                struct ir_node *step)
{
    return ir_binary(&l->b, IR_MUL, step, lower_size_leaf(l, n->size));
}

struct lowered_norm *lower_norm_of(const struct lowered_connection *c)
{
    for (size_t k = 0; k < c->stage_count; k++)
        if (c->stages[k].norm != NULL)
            return c->stages[k].norm;
    return NULL;
}

/* ---- runs ---- */

static int32_t run_buffer(struct lowering *l, const struct lowered_network *network,
                          const char *what)
{
    return lower_buffer(l, arena_format(&l->c->arena, "%s.%s", network->name, what), SNN_INT64,
                        SNN_BUFFER_LANE, lower_size_value(l, 1));
}

/* Run r needs what comes before the sums of level r; the way back of run r ends there, and only
 * that of the last run adds to the derivatives by weights. */
static void add_runs(struct lowering *l, struct lowered_network *network)
{
    network->run = run_buffer(l, network, "run");
    network->back = run_buffer(l, network, "back");
    for (size_t i = 0; i < network->network->connections.count; i++) {
        int32_t weight = network->connections[i].weight_buffer;
        if (weight >= 0)
            l->program->buffers[weight].adjoint_gate = network->back;
    }
}

void lower_begin_run(struct lowering *l, const struct taken *taken)
{
    const struct lowered_network *network = taken->network;
    if (network->norm_levels == 0)
        return;
    struct ir_node *last = ir_integer(&l->b, network->norm_levels), *zero = ir_integer(&l->b, 0);
    ir_store(&l->b, network->run, zero, taken->run != NULL ? taken->run : last);
    ir_store(&l->b, network->back, zero, ir_integer(&l->b, -1));
}

void lower_begin_run_back(struct lowering *l, const struct taken *taken)
{
    const struct lowered_network *network = taken->network;
    if (network->norm_levels == 0)
        return;
    struct ir_node *last = ir_integer(&l->b, network->norm_levels), *zero = ir_integer(&l->b, 0);
    ir_store(&l->b, network->back, zero, ir_binary(&l->b, IR_SUB, last, taken->run));
}

static void open_branch(struct lowering *l, struct ir_node *condition)
{
    struct ir_node *branch = ir_if(&l->b, condition);
    l->b.before = NULL;
    l->b.block = &branch->branch.then_body;
}

/* The first run that needs something of a layer. */
static int32_t first_level(const struct lowered_layer *layer)
{
    int32_t level = layer->norm_level;
    for (size_t i = 0; i < layer->network->network->connections.count; i++) {
        const struct lowered_connection *c = &layer->network->connections[i];
        const struct lowered_norm *n = lower_norm_of(c);
        if (c->target == layer && n != NULL && n->level < level)
            level = n->level;
    }
    return level;
}

void lower_open_due_layer(struct lowering *l, const struct lowered_layer *layer)
{
    const struct lowered_network *network = layer->network;
    if (network->norm_levels == 0)
        return;
    struct ir_node *is_reached = ir_binary(&l->b, IR_GE, lower_number(l, network->run),
                                           ir_integer(&l->b, first_level(layer)));
    struct ir_node *is_left = ir_binary(&l->b, IR_LE, lower_number(l, network->back),
                                        ir_integer(&l->b, layer->norm_level));
    open_branch(l, ir_binary(&l->b, IR_AND, is_reached, is_left));
}

void lower_open_due_norm(struct lowering *l, const struct lowered_connection *c)
{
    const struct lowered_norm *n = lower_norm_of(c);
    if (n != NULL)
        open_branch(l, ir_binary(&l->b, IR_LE, lower_number(l, c->network->back),
                                 ir_integer(&l->b, n->level)));
}

/* Sums are taken in the run of their level, and passed back to what they were taken of after it. */
static struct ir_node *is_sum_due(struct lowering *l, const struct lowered_network *network,
                                  const struct lowered_norm *n)
{
    struct ir_node *level = ir_integer(&l->b, n->level), *back = lower_number(l, network->back);
    struct ir_node *is_back =
        ir_binary(&l->b, IR_AND, ir_binary(&l->b, IR_GE, back, ir_integer(&l->b, 0)),
                  ir_binary(&l->b, IR_LE, back, level));
    return ir_binary(&l->b, IR_OR, is_back,
                     ir_binary(&l->b, IR_EQ, lower_number(l, network->run), level));
}

/* ---- the sums of a sample ---- */

void lower_norm_records(struct lowering *l, const struct lowered_norm *n, struct ir_node *samples)
{
    struct ir_node *count = ir_binary(&l->b, IR_MUL, samples, channels_of(l, n));
    const int32_t records[] = { n->sums, n->squares };
    for (int i = 0; i < 2; i++)
        ir_call_rt(&l->b, IR_RT_snn_rt_resize, 2,
                   (struct ir_node *[]){ ir_integer(&l->b, records[i]), count });
}

static struct ir_node *sample_place(struct lowering *l, const struct lowered_network *network,
                                    const struct lowered_norm *n, struct ir_node *c)
{
    struct ir_node *sample = ir_load(&l->b, network->sample, ir_integer(&l->b, 0));
    return ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, sample, channels_of(l, n)), c);
}

static void add_value(struct lowering *l, struct ir_node *sum, struct ir_node *value)
{
    ir_set(&l->b, sum, ir_binary(&l->b, IR_ADD, ir_get(&l->b, sum), value));
}

void lower_norm_sums(struct lowering *l, const struct lowered_network *network,
                     const struct lowered_norm *n, bool is_steady)
{
    struct ir_builder outer = l->b;
    open_branch(l, is_sum_due(l, network, n));
    struct ir_node *steps = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEPS);
    struct ir_node *factor = ir_cast(&l->b, IR_F64, is_steady ? steps : ir_integer(&l->b, 1));
    struct ir_node *c = lower_open_range(l, dotted(l, n, "sums"), channels_of(l, n), true);
    struct ir_node *sum = ir_var(&l->b, "sum", real(l, IR_F64, 0));
    struct ir_node *square = ir_var(&l->b, "square", real(l, IR_F64, 0));
    struct ir_builder body = l->b;
    if (is_steady)
        steps = ir_binary(&l->b, IR_MIN, steps, ir_integer(&l->b, 1));
    struct ir_node *step = lower_open_range(l, dotted(l, n, "steps"), steps, false);
    struct ir_node *place = open_places(l, n, c, lower_norm_base(l, n, step), false);
    struct ir_node *x = ir_cast(&l->b, IR_F64, ir_load(&l->b, n->inputs, place));
    add_value(l, sum, x);
    add_value(l, square, ir_binary(&l->b, IR_MUL, x, x));
    l->b = body;
    place = sample_place(l, network, n, c);
    ir_store(&l->b, n->sums, place, ir_binary(&l->b, IR_MUL, ir_get(&l->b, sum), factor));
    ir_store(&l->b, n->squares, place, ir_binary(&l->b, IR_MUL, ir_get(&l->b, square), factor));
    l->b = outer;
}

/* ---- the batch ---- */

/* How many numbers a channel has in the batch. */
static struct ir_node *batch_count(struct lowering *l, const struct lowered_norm *n,
                                   const struct taken *taken)
{
    struct ir_node *count = ir_binary(&l->b, IR_MUL, taken->samples, taken->steps);
    if (n->outer >= 0)
        count = ir_binary(&l->b, IR_MUL, count, lower_size_leaf(l, n->outer));
    if (n->inner >= 0)
        count = ir_binary(&l->b, IR_MUL, count, lower_size_leaf(l, n->inner));
    return ir_cast(&l->b, IR_F64, ir_binary(&l->b, IR_MAX, count, ir_integer(&l->b, 1)));
}

static struct ir_node *over_samples(struct lowering *l, const struct lowered_norm *n,
                                    const struct taken *taken, int32_t buffer, struct ir_node *c)
{
    struct ir_node *sum = ir_var(&l->b, "sum", real(l, IR_F64, 0));
    struct ir_builder outer = l->b;
    struct ir_node *s = lower_open_range(l, dotted(l, n, "samples"), taken->samples, false);
    add_value(l, sum,
              ir_load(&l->b, buffer,
                      ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, s, channels_of(l, n)), c)));
    l->b = outer;
    return ir_get(&l->b, sum);
}

static void average(struct lowering *l, int32_t buffer, struct ir_node *c, struct ir_node *value,
                    struct ir_node *momentum)
{
    struct ir_node *old = ir_cast(&l->b, IR_F64, ir_load(&l->b, buffer, c));
    struct ir_node *change =
        ir_binary(&l->b, IR_MUL, momentum, ir_binary(&l->b, IR_SUB, value, old));
    ir_store(&l->b, buffer, c, ir_cast(&l->b, IR_F32, ir_binary(&l->b, IR_ADD, old, change)));
}

/* After the run of its level. Running averages have the variance of n - 1, as PyTorch's. */
static void finish(struct lowering *l, const struct lowered_norm *n, const struct taken *taken)
{
    struct ir_builder outer = l->b;
    struct ir_node *count = batch_count(l, n, taken), *one = real(l, IR_F64, 1);
    struct ir_node *is_none = ir_binary(
        &l->b, IR_EQ, ir_binary(&l->b, IR_MUL, taken->samples, taken->steps), ir_integer(&l->b, 0));
    struct ir_node *momentum =
        ir_select(&l->b, is_none, real(l, IR_F64, 0), lower_constant_leaf(l, n->momentum, IR_F64));
    struct ir_node *c = lower_open_range(l, dotted(l, n, "batch"), channels_of(l, n), true);
    struct ir_node *mean = ir_binary(&l->b, IR_DIV, over_samples(l, n, taken, n->sums, c), count);
    struct ir_node *square =
        ir_binary(&l->b, IR_DIV, over_samples(l, n, taken, n->squares, c), count);
    struct ir_node *variance = ir_binary(
        &l->b, IR_MAX, ir_binary(&l->b, IR_SUB, square, ir_binary(&l->b, IR_MUL, mean, mean)),
        real(l, IR_F64, 0));
    ir_store(&l->b, n->batch_mean, c, ir_cast(&l->b, IR_F32, mean));
    ir_store(&l->b, n->batch_variance, c, ir_cast(&l->b, IR_F32, variance));
    struct ir_node *free = ir_binary(&l->b, IR_MAX, ir_binary(&l->b, IR_SUB, count, one), one);
    average(l, n->mean, c, mean, momentum);
    average(l, n->variance, c,
            ir_binary(&l->b, IR_MUL, variance, ir_binary(&l->b, IR_DIV, count, free)), momentum);
    l->b = outer;
}

/* What mean and variance give to each x is a constant and a multiple of x: the derivatives by the
 * sums of x and of its squares, the same for all samples. */
static void finish_way_back(struct lowering *l, const struct lowered_norm *n,
                            const struct taken *taken, struct ir_node *chunks)
{
    struct ir_builder outer = l->b;
    struct ir_node *count = batch_count(l, n, taken);
    struct ir_node *c = lower_open_range(l, dotted(l, n, "way_back"), channels_of(l, n), true);
    struct ir_node *by_mean =
        ir_cast(&l->b, IR_F64, lower_summed_gradient(l, n->batch_mean, c, chunks, chunks));
    struct ir_node *by_variance =
        ir_cast(&l->b, IR_F64, lower_summed_gradient(l, n->batch_variance, c, chunks, chunks));
    struct ir_node *mean = ir_cast(&l->b, IR_F64, ir_load(&l->b, n->batch_mean, c));
    struct ir_node *twice =
        ir_binary(&l->b, IR_MUL, real(l, IR_F64, 2), ir_binary(&l->b, IR_MUL, mean, by_variance));
    struct ir_node *by_sum =
        ir_binary(&l->b, IR_DIV, ir_binary(&l->b, IR_SUB, by_mean, twice), count);
    struct ir_node *by_square = ir_binary(&l->b, IR_DIV, by_variance, count);
    by_sum = ir_cast(&l->b, IR_F32, by_sum);
    by_square = ir_cast(&l->b, IR_F32, by_square);
    struct ir_node *s = lower_open_range(l, dotted(l, n, "samples"), taken->samples, false);
    struct ir_node *place =
        ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, s, channels_of(l, n)), c);
    ir_store(&l->b, l->program->buffers[n->sums].adjoint, place, by_sum);
    ir_store(&l->b, l->program->buffers[n->squares].adjoint, place, by_square);
    l->b = outer;
}

/* ---- levels ---- */

/* Does something lead from the target back to the source? Then the numbers of a step would depend
 * on the mean of all steps. */
static bool is_in_loop(struct lowering *l, const struct lowered_network *network,
                       const struct lowered_connection *c)
{
    const struct network *n = network->network;
    bool *reached = arena_alloc_array(&l->c->arena, n->layers.count, sizeof *reached);
    reached[c->target - network->layers] = true;
    for (bool is_new = true; is_new;) {
        is_new = false;
        for (size_t i = 0; i < n->connections.count; i++) {
            const struct lowered_connection *other = &network->connections[i];
            bool *end = &reached[other->target - network->layers];
            bool is_reached = !*end && reached[other->source - network->layers];
            *end = *end || is_reached;
            is_new = is_new || is_reached;
        }
    }
    return reached[c->source - network->layers];
}

static bool raise_level(struct lowered_network *network, struct lowered_connection *c)
{
    struct lowered_norm *n = lower_norm_of(c);
    int32_t level = c->source->norm_level;
    if (n != NULL) {
        n->level = level++;
        network->norm_levels = level > network->norm_levels ? level : network->norm_levels;
    }
    bool is_raised = level > c->target->norm_level;
    if (is_raised)
        c->target->norm_level = level;
    return is_raised;
}

bool lower_norm_levels(struct lowering *l, struct lowered_network *network)
{
    const struct network *n = network->network;
    for (size_t i = 0; i < n->connections.count; i++) {
        const struct lowered_connection *c = &network->connections[i];
        const struct lowered_norm *norm = lower_norm_of(c);
        if (norm == NULL || !is_in_loop(l, network, c))
            continue;
        lower_refuse(l, norm->stage->expr->span,
                     "'batch_norm' needs all steps of what enters it, which here depends on what "
                     "leaves it: it cannot be in a loop of connections");
        return false;
    }
    for (bool is_raised = true; is_raised;) {
        is_raised = false;
        for (size_t i = 0; i < n->connections.count; i++)
            is_raised = raise_level(network, &network->connections[i]) || is_raised;
    }
    if (network->norm_levels > 0) {
        add_runs(l, network);
        remark(l->c, n->declaration->span, "batch_norm",
               "'%s': a batch that learns runs %d times, and back as often: means of layers that "
               "follow each other wait for one another",
               network->name, (int)network->norm_levels + 1);
    }
    return true;
}

/* Calls `with` for the stages of the level at hand. */
static void at_level(struct lowering *l, const struct taken *taken, struct ir_node *level,
                     struct ir_node *chunks)
{
    const struct lowered_network *network = taken->network;
    for (size_t i = 0; i < network->network->connections.count; i++) {
        const struct lowered_norm *n = lower_norm_of(&network->connections[i]);
        if (n == NULL)
            continue;
        struct ir_node *is_it =
            ir_if(&l->b, ir_binary(&l->b, IR_EQ, level, ir_integer(&l->b, n->level)));
        struct ir_builder outer = l->b;
        l->b.before = NULL;
        l->b.block = &is_it->branch.then_body;
        if (chunks == NULL)
            finish(l, n, taken);
        else
            finish_way_back(l, n, taken, chunks);
        l->b = outer;
    }
}

/* ---- one after the other ---- */

/* The number of runs before the one whose results count: one for each level where the network
 * learns. */
static struct ir_node *first_run(struct lowering *l, const struct lowered_network *network)
{
    struct ir_node *levels = ir_integer(&l->b, network->norm_levels);
    return ir_select(&l->b, learns(l, network), ir_integer(&l->b, 0), levels);
}

struct ir_node *lower_open_runs(struct lowering *l, const struct lowered_network *network)
{
    struct ir_node *end = ir_integer(&l->b, network->norm_levels + 1);
    struct ir_node *loop = ir_loop(&l->b, "runs", first_run(l, network), end, false);
    l->b.before = NULL;
    l->b.block = &loop->loop.body;
    return loop->loop.index;
}

void lower_finish_run_back(struct lowering *l, const struct taken *taken, struct ir_node *run,
                           struct ir_node *chunks)
{
    struct ir_node *last = ir_integer(&l->b, taken->network->norm_levels - 1);
    at_level(l, taken, ir_binary(&l->b, IR_SUB, last, run), chunks);
}

/* ---- all samples ---- */

static void run_all(struct lowering *l, struct taken *taken)
{
    struct ir_builder outer = l->b;
    lower_run_sample(l, taken,
                     taken->is_batch ? lower_open_parallel(l, "samples", taken->samples)
                                     : ir_integer(&l->b, 0));
    l->b = outer;
}

void lower_run_samples(struct lowering *l, struct taken *taken)
{
    const struct lowered_network *network = taken->network;
    if (network->norm_levels == 0 || (l->may_learn & network->gradient_mask) == 0) {
        run_all(l, taken);
        return;
    }
    struct ir_builder outer = l->b;
    taken->run = lower_open_runs(l, network);
    run_all(l, taken);
    at_level(l, taken, taken->run, NULL);
    taken->run = NULL;
    l->b = outer;
    l->assigns_model = true;
}
