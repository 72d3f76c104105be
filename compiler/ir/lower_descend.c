/* SPDX-License-Identifier: MIT
 *
 * `descend loss using optimizer`: the way back of the loss, then of all samples, whose derivatives
 * are added up part by part of the batch, and the update of each weight that learns. The adjoints
 * themselves are written by pass `differentiate`.
 */
#include "ir/lower_internal.h"

#include <math.h>
#include <string.h>

/* Of a batch: derivatives are summed in each, then over them, in one order. How many there are may
 * depend on the network, but not on the threads; each has an array of all derivatives. */
enum { CHUNKS = 8, FEWEST_CHUNKS = 2, CHUNK_ROOM = 1 << 24 /* weights in all arrays */ };

static const char *dotted(struct lowering *l, const char *name, const char *field)
{
    return arena_format(&l->c->arena, "%s.%s", name, field);
}

static struct ir_node *zero(struct lowering *l)
{
    return ir_integer(&l->b, 0);
}

/* ---- what learns ---- */
/* Something that learns by gradient: a buffer of the model. */
struct learnable {
    int32_t buffer;
    int32_t learn_bit;
    int32_t low, high; /* constants; -1 */
    const char *name;
    const struct symbol *state; /* a persistent one of neurons, whose bounds it has; null */
};

ARRAY_STRUCT(learnable_list, struct learnable);

static struct learnable_list learnables_of(struct lowering *l,
                                           const struct lowered_network *network)
{
    struct learnable_list list = { 0 };
    for (size_t i = 0; i < network->network->connections.count; i++) {
        const struct lowered_connection *c = &network->connections[i];
        if (c->connection->learns_gradient)
            array_push(&l->c->arena, &list,
                       (struct learnable){ c->weight_buffer, c->learn_bit, c->low, c->high, c->name,
                                           NULL });
        if (c->connection->learns_gradient && c->bias_buffer >= 0)
            array_push(&l->c->arena, &list,
                       (struct learnable){ c->bias_buffer, c->learn_bit, -1, -1,
                                           dotted(l, c->name, "bias"), NULL });
        const struct lowered_norm *norm = lower_norm_of(c);
        for (int k = 0; k < 2 && c->connection->learns_gradient && norm != NULL; k++) {
            int32_t buffer = k == 0 ? norm->gain : norm->shift;
            array_push(&l->c->arena, &list,
                       (struct learnable){ buffer, c->learn_bit, -1, -1,
                                           l->program->buffers[buffer].name, NULL });
        }
    }
    for (size_t i = 0; i < network->network->layers.count; i++) {
        const struct symbol_list *states = &network->layers[i].layer->model->states;
        for (size_t k = 0; k < states->count; k++) {
            struct symbol *state = states->items[k];
            if (!state->statement->state.is_learnt)
                continue;
            int32_t buffer = lower_state_buffer(l, state);
            array_push(&l->c->arena, &list,
                       (struct learnable){ buffer, pointer_map_get(&l->learn_bit_of, state), -1, -1,
                                           l->program->buffers[buffer].name, state });
        }
    }
    return list;
}

void lower_learnable(struct lowering *l, struct lowered_network *network, int32_t buffer,
                     struct span span)
{
    struct ir_buffer *of = &l->program->buffers[buffer];
    if (of->count < 0) {
        lower_refuse(l, span,
                     "'%s' has as many elements as are drawn; it cannot learn by gradient yet",
                     of->name);
        return;
    }
    const char *name = dotted(l, of->name, "gradient");
    if (network->chunk < 0)
        network->chunk = lower_buffer(l, dotted(l, network->name, "chunk"), SNN_INT64,
                                      SNN_BUFFER_LANE, lower_size_value(l, 1));
    int32_t gradient = lower_buffer(l, name, SNN_FLOAT32, SNN_BUFFER_LOCAL, -1);
    of = &l->program->buffers[buffer];
    of->adjoint = gradient;
    of->adjoint_base = network->chunk;
}

static struct ir_node *size_of(struct lowering *l, const struct learnable *w)
{
    return lower_size_leaf(l, l->program->buffers[w->buffer].count);
}

/* Derivatives of all chunks, 0. */
static void clear_gradient(struct lowering *l, int32_t buffer, struct ir_node *chunks)
{
    int32_t gradient = l->program->buffers[buffer].adjoint;
    struct ir_node *size = lower_size_leaf(l, l->program->buffers[buffer].count);
    struct ir_node *count = ir_binary(&l->b, IR_MUL, chunks, size);
    ir_call_rt(&l->b, IR_RT_snn_rt_reserve, 2,
               (struct ir_node *[]){ ir_integer(&l->b, gradient), count });
    struct ir_builder outer = l->b;
    struct ir_node *i =
        lower_open_range(l, dotted(l, l->program->buffers[buffer].name, "clear"), count, true);
    ir_store(&l->b, gradient, i, ir_real(&l->b, IR_F32, 0));
    l->b = outer;
}

struct ir_node *lower_summed_gradient(struct lowering *l, int32_t buffer, struct ir_node *i,
                                      struct ir_node *first, struct ir_node *chunks)
{
    int32_t gradient = l->program->buffers[buffer].adjoint;
    struct ir_node *size = lower_size_leaf(l, l->program->buffers[buffer].count);
    if (first != NULL)
        i = ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, first, size), i);
    struct ir_node *sum = ir_var(&l->b, "grad", ir_load(&l->b, gradient, i));
    struct ir_node *loop = ir_loop(&l->b, "chunks", ir_integer(&l->b, 1), chunks, false);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    struct ir_node *place =
        ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, loop->loop.index, size), i);
    ir_set(&l->b, sum,
           ir_binary(&l->b, IR_ADD, ir_get(&l->b, sum), ir_load(&l->b, gradient, place)));
    l->b = outer;
    return ir_get(&l->b, sum);
}

/* The square of the Euclidean length of the gradient of what a buffer has, 0 where it is frozen. */
static struct ir_node *squared_norm(struct lowering *l, const struct learnable *w,
                                    struct ir_node *chunks)
{
    struct ir_node *size = size_of(l, w);
    struct ir_node *sum = ir_reduce(&l->b, IR_REDUCE_SUM, IR_F64, zero(l), size);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &sum->reduce.body;
    struct ir_node *gradient = ir_reduce(&l->b, IR_REDUCE_SUM, IR_F32, zero(l), chunks);
    struct ir_builder squares = l->b;
    l->b.block = &gradient->reduce.body;
    struct ir_node *base = ir_binary(&l->b, IR_MUL, gradient->reduce.index, size);
    struct ir_node *place = ir_binary(&l->b, IR_ADD, base, sum->reduce.index);
    gradient->reduce.keys[0] = ir_load(&l->b, l->program->buffers[w->buffer].adjoint, place);
    gradient->reduce.key_count = 1;
    l->b = squares;
    struct ir_node *g = ir_cast(&l->b, IR_F64, gradient);
    sum->reduce.keys[0] = ir_binary(&l->b, IR_MUL, g, g);
    sum->reduce.key_count = 1;
    l->b = outer;
    return ir_select(&l->b, lower_learn_bit(l, w->learn_bit), sum, ir_real(&l->b, IR_F64, 0));
}

/* A value for each weight, or one for all, saved with the model unless the update does not need it
 * (pass `dead`): that of all statements that descend with this optimizer. */
static int32_t optimizer_state(struct lowering *l, const struct learnable *w,
                               const struct optimizer_instance *optimizer, struct symbol *state,
                               bool is_common)
{
    const struct ir_buffer *weight = &l->program->buffers[w->buffer];
    const char *name = arena_format(&l->c->arena, "%s.%s.%s", weight->name,
                                    optimizer->declaration->name.name->text, state->name->text);
    for (int32_t i = 0; i < l->program->buffer_count; i++)
        if (l->program->buffers[i].kind == SNN_BUFFER_MODEL &&
            strcmp(l->program->buffers[i].name, name) == 0)
            return i;
    int32_t count = is_common ? lower_size_value(l, 1) : weight->count;
    int32_t buffer = lower_buffer(l, name, lower_storage(state->type), SNN_BUFFER_MODEL, count);
    l->program->buffers[buffer].is_state = true;
    if (state->value == NULL)
        return buffer;
    struct ir_builder saved = lower_enter(l, &l->initial);
    l->b.span = state->value->span;
    struct ir_builder outer = l->b;
    struct ir_node *i = lower_open_range(l, name, lower_size_leaf(l, count), true);
    ir_store(&l->b, buffer, i,
             lower_as(l, state->value, ir_buffer_value_type(l->program->buffers[buffer].type)));
    l->b = outer;
    lower_leave(l, &l->initial, saved);
    return buffer;
}

static struct binding *variable(struct lowering *l, const char *name, struct ir_node *value)
{
    struct binding *binding = binding_new(l, BINDING_VAR);
    binding->node = ir_var(&l->b, name, value);
    return binding;
}

/* ---- numbers that are none ---- */

enum { TOLD_COUNTERS = 3 };

/* The counters of the innermost loops being run, from outside to inside: "epoch %, b number %". */
static const char *loop_counters(struct lowering *l, struct ir_node *counters[TOLD_COUNTERS])
{
    const char *text = "";
    int count = 0;
    for (int k = 0; k < TOLD_COUNTERS; k++)
        counters[k] = zero(l);
    for (const struct open_loop *o = l->loops; o != NULL; o = o->around)
        for (size_t i = o->clauses != NULL ? o->clauses->count : 0; i-- > 0;) {
            const struct symbol *symbol = o->clauses->items[i].symbol;
            bool is_number = symbol->domain.kind == DOMAIN_RANGE;
            if (count == TOLD_COUNTERS || (!is_number && o->clauses->count > 1))
                continue;
            text = arena_format(&l->c->arena, "%s%s %%%s%s", symbol->name->text,
                                is_number ? "" : " number", count > 0 ? ", " : "", text);
            for (int k = count++; k > 0; k--)
                counters[k] = counters[k - 1];
            counters[0] = is_number
                              ? symbol->binding->node
                              : ir_binary(&l->b, IR_ADD, o->loop->loop.index, ir_integer(&l->b, 1));
        }
    return text;
}

/* Ends the run unless the value is a number. */
static void check_finite(struct lowering *l, struct span span, struct ir_node *value,
                         const char *what)
{
    struct ir_node *counters[TOLD_COUNTERS];
    struct ir_node *size = ir_unary(&l->b, IR_ABS, value);
    struct ir_node *is_finite =
        ir_binary(&l->b, IR_LT, size, ir_real(&l->b, value->type, INFINITY));
    struct ir_node *check = ir_if(&l->b, ir_unary(&l->b, IR_NOT, is_finite));
    struct ir_builder outer = l->b;
    l->b.block = &check->branch.then_body;
    const char *text = loop_counters(l, counters);
    const char *message = arena_format(
        &l->c->arena, "%s is not a finite number; a smaller learning rate may help", what);
    ir_call_rt(&l->b, IR_RT_snn_rt_panic_turn, 3 + TOLD_COUNTERS,
               (struct ir_node *[]){ ir_text(&l->b, lower_place(l, span)), ir_text(&l->b, message),
                                     ir_text(&l->b, text), counters[0], counters[1], counters[2] });
    l->b = outer;
}

/* The states of an optimizer, of one tensor. */
struct tensor_states {
    const struct symbol_list *symbols;
    const struct common_states *common;
    int32_t *buffers;       /* by state */
    struct ir_node **start; /* of a common one, what it was; null */
};

static struct tensor_states open_states(struct lowering *l, const struct learnable *w,
                                        const struct optimizer_instance *optimizer,
                                        const struct common_states *common)
{
    size_t count = optimizer->states.count;
    struct tensor_states states = {
        &optimizer->states,
        common,
        arena_alloc_array(&l->c->arena, count, sizeof *states.buffers),
        arena_alloc_array(&l->c->arena, count, sizeof *states.start),
    };
    for (size_t k = 0; k < count; k++) {
        bool is_common = common->is_common.items[k];
        states.buffers[k] = optimizer_state(l, w, optimizer, optimizer->states.items[k], is_common);
        states.start[k] = is_common ? ir_load(&l->b, states.buffers[k], zero(l)) : NULL;
    }
    return states;
}

static void bind_states(struct lowering *l, const struct tensor_states *states, struct ir_node *i)
{
    for (size_t k = 0; k < states->symbols->count; k++) {
        struct symbol *state = states->symbols->items[k];
        struct ir_node *value = states->start[k];
        if (value == NULL && i != NULL)
            value = ir_load(&l->b, states->buffers[k], i);
        if (value != NULL)
            state->binding = variable(l, state->name->text, value);
    }
}

static void store_states(struct lowering *l, const struct tensor_states *states, struct ir_node *i,
                         bool is_common)
{
    for (size_t k = 0; k < states->symbols->count; k++)
        if (states->common->is_common.items[k] == is_common)
            ir_store(&l->b, states->buffers[k], i,
                     ir_get(&l->b, states->symbols->items[k]->binding->node));
}

/* The weights see what the common states were, and compute what these become like everything else
 * in the body, so that the order of its statements holds; what follows from them alone leaves the
 * loop in LLVM. */
static void update_weights(struct lowering *l, const struct learnable *w,
                           const struct optimizer_instance *optimizer,
                           const struct common_states *common, struct ir_node *chunks,
                           struct span span)
{
    struct ir_node *learns = ir_if(&l->b, lower_learn_bit(l, w->learn_bit));
    struct ir_builder outer = l->b;
    l->b.block = &learns->branch.then_body;
    struct tensor_states states = open_states(l, w, optimizer, common);
    struct ir_builder around = l->b;
    struct ir_node *i = lower_open_range(l, dotted(l, w->name, "descend"), size_of(l, w), true);
    optimizer->gradient->binding =
        binding_value(l, lower_summed_gradient(l, w->buffer, i, NULL, chunks));
    optimizer->weight->binding = variable(l, "w", ir_load(&l->b, w->buffer, i));
    bind_states(l, &states, i);
    struct block body = { .span = optimizer->body->span };
    for (size_t k = 0; k < optimizer->body->statements.count; k++)
        if (optimizer->body->statements.items[k]->kind != STATEMENT_STATE)
            array_push(&l->c->arena, &body.statements, optimizer->body->statements.items[k]);
    l->inlining = ++l->inlinings;
    lower_statements(l, &body);
    struct ir_node *value = ir_get(&l->b, optimizer->weight->binding->node);
    if (w->low >= 0)
        value = ir_binary(&l->b, IR_MAX, value, lower_constant_leaf(l, w->low, value->type));
    if (w->high >= 0)
        value = ir_binary(&l->b, IR_MIN, value, lower_constant_leaf(l, w->high, value->type));
    value = lower_within(l, w->state, value);
    check_finite(l, span, value,
                 arena_format(&l->c->arena, "'%s'", l->program->buffers[w->buffer].name));
    ir_store(&l->b, w->buffer, i, value);
    store_states(l, &states, i, false);
    l->b = around;
    bind_states(l, &states, NULL);
    l->inlining = ++l->inlinings;
    struct block changes = common->changes;
    lower_statements(l, &changes);
    store_states(l, &states, zero(l), true);
    l->b = outer;
}

/* Chunk k of the batch: samples k n / chunks ..< (k + 1) n / chunks. */
static struct ir_node *chunk_start(struct lowering *l, struct ir_node *k, struct ir_node *samples,
                                   struct ir_node *chunks)
{
    return ir_binary(&l->b, IR_DIV, ir_binary(&l->b, IR_MUL, k, samples), chunks);
}

/* The derivatives are added up in parts first ..< first + chunks (null: from 0). */
static void run_backward(struct lowering *l, struct taken *taken, struct ir_node *chunks,
                         struct ir_node *first)
{
    struct lowered_network *network = taken->network;
    lower_turn_weights(l, network);
    struct ir_builder outer = l->b;
    struct ir_node *chunk = lower_open_parallel(l, "chunks", chunks);
    struct ir_node *next = ir_binary(&l->b, IR_ADD, chunk, ir_integer(&l->b, 1));
    struct ir_node *loop = ir_loop(&l->b, "samples", chunk_start(l, chunk, taken->samples, chunks),
                                   chunk_start(l, next, taken->samples, chunks), false);
    l->b.block = &loop->loop.body;
    struct ir_node *run = taken->run;
    taken->run = NULL; /* all of the way there */
    lower_recall_sample(l, taken, loop->loop.index);
    taken->run = run;
    ir_store(&l->b, network->chunk, zero(l),
             first != NULL ? ir_binary(&l->b, IR_ADD, first, chunk) : chunk);
    if (network->window >= 0)
        ir_store(&l->b, network->window, zero(l), taken->window);
    lower_begin_run_back(l, taken);
    ir_call(&l->b, network->backward);
    lower_return_sample(l, taken, loop->loop.index);
    l->b = outer;
}

/* Runs before that which counts have parts of their own. */
static struct ir_node *parts_of(struct lowering *l, const struct taken *taken,
                                struct ir_node *chunks)
{
    return taken->network->norm_levels > 0 ? ir_binary(&l->b, IR_ADD, chunks, chunks) : chunks;
}

static void clear_statistics(struct lowering *l, const struct taken *taken, struct ir_node *chunks)
{
    for (size_t i = 0; i < taken->network->network->connections.count; i++) {
        const struct lowered_norm *n = lower_norm_of(&taken->network->connections[i]);
        if (n == NULL)
            continue;
        clear_gradient(l, n->batch_mean, parts_of(l, taken, chunks));
        clear_gradient(l, n->batch_variance, parts_of(l, taken, chunks));
    }
}

/* From the last level of batch_norm back, then for all that learns. */
static void run_levels_backward(struct lowering *l, struct taken *taken, struct ir_node *chunks)
{
    struct ir_builder outer = l->b;
    struct ir_node *run = lower_open_runs(l, taken->network);
    struct ir_node *levels = ir_integer(&l->b, taken->network->norm_levels);
    struct ir_node *counts = ir_binary(&l->b, IR_EQ, run, levels);
    clear_statistics(l, taken, chunks);
    taken->run = run;
    run_backward(l, taken, chunks, ir_select(&l->b, counts, zero(l), chunks));
    taken->run = NULL;
    lower_finish_run_back(l, taken, run, chunks);
    l->b = outer;
}

static struct ir_node *chunk_count(struct lowering *l, const struct learnable_list *list,
                                   struct ir_node *samples)
{
    struct ir_node *weights = ir_integer(&l->b, 1);
    for (size_t k = 0; k < list->count; k++)
        weights = ir_binary(&l->b, IR_ADD, weights, size_of(l, &list->items[k]));
    struct ir_node *chunks = ir_binary(&l->b, IR_DIV, ir_integer(&l->b, CHUNK_ROOM), weights);
    chunks = ir_binary(&l->b, IR_MIN, chunks, ir_integer(&l->b, CHUNKS));
    chunks = ir_binary(&l->b, IR_MAX, chunks, ir_integer(&l->b, FEWEST_CHUNKS));
    return ir_binary(&l->b, IR_MAX, ir_binary(&l->b, IR_MIN, chunks, samples),
                     ir_integer(&l->b, 1));
}

/* What learns in one of the networks that a loss goes back to. */
struct descent {
    struct taken *taken;
    struct learnable_list list;
    struct ir_node *chunks; /* of its batch */
};

static void begin_descent(struct lowering *l, struct descent *d, struct taken *taken,
                          struct ir_node *window)
{
    *d = (struct descent){ .taken = taken, .list = learnables_of(l, taken->network) };
    taken->window = window;
    d->chunks = chunk_count(l, &d->list, taken->samples);
    for (size_t k = 0; k < d->list.count; k++)
        clear_gradient(l, d->list.items[k].buffer, parts_of(l, taken, d->chunks));
    ir_store(&l->b, taken->network->chunk, zero(l), zero(l));
}

static void run_descent(struct lowering *l, const struct descent *d)
{
    lower_keep_samples(l, d->taken);
    if (d->taken->network->norm_levels > 0)
        run_levels_backward(l, d->taken, d->chunks);
    else
        run_backward(l, d->taken, d->chunks, NULL);
}

/* The Euclidean length of the gradient of all that learns now. */
static struct ir_node *gradient_norm(struct lowering *l, const struct descent *descents,
                                     size_t count)
{
    struct ir_node *total = ir_real(&l->b, IR_F64, 0);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < descents[i].list.count; k++)
            total = ir_binary(&l->b, IR_ADD, total,
                              squared_norm(l, &descents[i].list.items[k], descents[i].chunks));
    return ir_cast(&l->b, IR_F32, ir_unary(&l->b, IR_SQRT, total));
}

static void update_all(struct lowering *l, const struct descent *descents, size_t count,
                       const struct statement *s)
{
    const struct optimizer_instance *optimizer = s->descend.update;
    int32_t inlining = l->inlining;
    if (optimizer->norm->is_read)
        optimizer->norm->binding = binding_value(l, gradient_norm(l, descents, count));
    struct common_states common;
    lower_common_states(l, optimizer, &common);
    lower_explain_common(l, optimizer, &common, s->span);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < descents[i].list.count; k++)
            update_weights(l, &descents[i].list.items[k], optimizer, &common, descents[i].chunks,
                           s->span);
    l->inlining = inlining;
}

static bool was_presented(const struct lowering *l)
{
    for (size_t i = 0; i < l->model->networks.count; i++)
        if (l->networks[i].last != NULL)
            return true;
    return false;
}

static void refuse_without_gradient(struct lowering *l, struct span span)
{
    for (size_t i = 0; i < l->model->networks.count; i++)
        if (l->networks[i].has_left) {
            lower_refuse(
                l, span,
                "there is no gradient to descend: a function called since, or a block that "
                "has ended, presented to network '%s'; do that after 'descend'",
                l->networks[i].name);
            return;
        }
    lower_refuse(l, span,
                 "there is no gradient to descend: the last 'present' above it has to be one to "
                 "what learns by gradient");
}

void lower_descend(struct lowering *l, struct statement *s)
{
    const struct optimizer_instance *optimizer = s->descend.update;
    struct taken_list presentations = { 0 };
    if (l->is_failed)
        return;
    if (!was_presented(l) || optimizer == NULL) {
        refuse_without_gradient(l, s->span);
        return;
    }
    struct ir_node *path = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PATH);
    struct ir_node *number = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PRESENT);
    struct ir_node *loss = lower_as(l, s->descend.loss, IR_F32);
    check_finite(l, s->descend.loss->span, loss, "the loss");
    if (!lower_presentations_of(l, loss, &presentations))
        return;
    struct ir_node *window = lower_window_length(l, s);
    for (size_t k = 0; k < optimizer->parameters.count; k++)
        optimizer->parameters.items[k]->binding =
            binding_value(l, lower_as(l, optimizer->parameters.items[k]->value, IR_F32));
    size_t count = presentations.count;
    struct descent *descents = arena_alloc_array(&l->c->arena, count, sizeof *descents);
    for (size_t i = 0; i < count; i++)
        begin_descent(l, &descents[i], presentations.items[i], window);
    struct ir_node *before = l->b.block->last;
    ir_gradient(&l->b, loss, presentations.items[0]->network->records);
    for (size_t i = 0; i < count; i++)
        run_descent(l, &descents[i]);
    update_all(l, descents, count, s);
    ir_context_set(&l->b, IR_CONTEXT_PATH, path);
    ir_context_set(&l->b, IR_CONTEXT_PRESENT, number);
    ir_context_set(&l->b, IR_CONTEXT_STEPS, presentations.items[count - 1]->steps);
    lower_mark_given(l, before);
    l->assigns_model = true;
}
