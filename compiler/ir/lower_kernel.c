/* SPDX-License-Identifier: MIT
 *
 * The kernel being built: one loop over the neurons of a layer. A state is loaded into a variable
 * when it is first touched and stored once when the kernel closes, so that a body's lines work on
 * registers.
 */
#include "ir/lower_internal.h"

static struct promoted *find_promoted(struct kernel *kernel, int32_t buffer)
{
    for (size_t i = 0; i < kernel->states.count; i++)
        if (kernel->states.items[i].buffer == buffer)
            return &kernel->states.items[i];
    return NULL;
}

/* To the head of the loop, which dominates every use. */
static struct ir_builder enter_head(struct lowering *l)
{
    const struct kernel *kernel = l->kernel;
    struct ir_builder here = l->b;
    bool is_index = kernel->element == kernel->loop->loop.index;
    l->b.block = &kernel->loop->loop.body;
    l->b.before = is_index ? l->b.block->first : kernel->element->next;
    return here;
}

/* What is in memory is not needed where the first thing that happens to it is being written. */
static struct promoted *promote(struct lowering *l, int32_t buffer, bool needs_memory)
{
    struct kernel *kernel = l->kernel;
    struct promoted *known = find_promoted(kernel, buffer);
    if (known != NULL)
        return known;
    struct ir_builder here = enter_head(l);
    enum ir_type type = ir_buffer_value_type(l->program->buffers[buffer].type);
    struct ir_node *first = needs_memory ? ir_load(&l->b, buffer, kernel->element)
                            : type == IR_F32 || type == IR_F64
                                ? ir_real(&l->b, type, 0)
                                : ir_cast(&l->b, type, ir_bool(&l->b, false));
    struct ir_node *var = ir_var(&l->b, l->program->buffers[buffer].name, first);
    l->b = here;
    array_push(&l->c->arena, &kernel->states,
               (struct promoted){ .buffer = buffer, .var = var, .learn_bit = -1 });
    return &kernel->states.items[kernel->states.count - 1];
}

struct ir_node *kernel_read(struct lowering *l, int32_t buffer, int32_t learn_bit)
{
    (void)learn_bit;
    if (l->program->buffers[buffer].rank == 0) /* one value for the layer */
        return ir_load(&l->b, buffer, ir_integer(&l->b, 0));
    if (l->kernel->loop == NULL)
        return ir_load(&l->b, buffer, l->kernel->element);
    return ir_get(&l->b, promote(l, buffer, true)->var);
}

static struct ir_node *written_variable(struct lowering *l, int32_t buffer, int32_t learn_bit,
                                        bool needs_memory)
{
    struct promoted *state = promote(l, buffer, needs_memory);
    state->is_dirty = true;
    state->learn_bit = learn_bit;
    return state->var;
}

struct ir_node *kernel_variable(struct lowering *l, int32_t buffer, int32_t learn_bit)
{
    return written_variable(l, buffer, learn_bit, true);
}

struct ir_node *kernel_copy(struct lowering *l, int32_t buffer)
{
    return promote(l, buffer, true)->var;
}

struct ir_node *lower_learn_bit(struct lowering *l, int32_t bit)
{
    struct ir_node *learning = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_LEARNING);
    struct ir_node *masked =
        ir_binary(&l->b, IR_AND, learning, ir_integer(&l->b, (int64_t)(UINT64_C(1) << bit)));
    return ir_binary(&l->b, IR_NE, masked, ir_integer(&l->b, 0));
}

void kernel_write(struct lowering *l, int32_t buffer, int32_t learn_bit, struct ir_node *value)
{
    if (learn_bit >= 0 && !l->kernel->is_learning)
        return;
    bool is_always = learn_bit < 0 && l->b.block == &l->kernel->loop->loop.body;
    struct ir_node *var = written_variable(l, buffer, learn_bit, !is_always);
    struct ir_builder outer = l->b;
    if (learn_bit >= 0) {
        struct ir_node *branch = ir_if(&l->b, lower_learn_bit(l, learn_bit));
        l->b.before = NULL;
        l->b.block = &branch->branch.then_body;
    }
    ir_set(&l->b, var, lower_cast(l, var->type, value));
    l->b = outer;
}

/* ---- since ---- */

/* A float holds steps exactly up to 2^24 only: the clock of a long run is counted from the start of
 * its epoch, and what was selected in earlier ones moves into the past when an epoch ends. */
enum { EPOCH_STEPS = 1 << 16 };

struct ir_node *lower_now(struct lowering *l)
{
    struct ir_node *clock = ir_load(&l->b, l->network->clock, ir_integer(&l->b, 0));
    struct ir_node *step = ir_binary(&l->b, IR_AND, clock, ir_integer(&l->b, EPOCH_STEPS - 1));
    return ir_cast(&l->b, IR_F32, step);
}

static struct ir_node *kernel_now(struct lowering *l)
{
    struct kernel *kernel = l->kernel;
    if (kernel->now == NULL) {
        struct ir_builder here = l->b;
        l->b = kernel->outer;
        l->b.before = kernel->loop;
        kernel->now = lower_now(l);
        l->b = here;
    }
    return kernel->now;
}

static struct ir_node *since_variable(struct lowering *l)
{
    struct kernel *kernel = l->kernel;
    if (kernel->since == NULL) {
        struct ir_node *now = kernel_now(l);
        struct ir_builder here = enter_head(l);
        struct ir_node *selected = ir_load(&l->b, kernel->layer->selected, kernel->element);
        kernel->since = ir_var(&l->b, "since", ir_binary(&l->b, IR_SUB, now, selected));
        l->b = here;
    }
    return kernel->since;
}

/* Of the event, or the step, that the loop within the kernel is at. */
static struct ir_node *eventwise_now(struct lowering *l)
{
    return l->network->network->is_continuous ? lower_time(l, IR_F32)
                                              : ir_cast(&l->b, IR_F32, lower_step(l));
}

struct ir_node *kernel_since(struct lowering *l)
{
    const struct kernel *kernel = l->kernel;
    if (l->network->network->is_continuous || kernel->is_eventwise)
        return ir_binary(&l->b, IR_SUB, eventwise_now(l),
                         kernel_read(l, kernel->layer->selected, -1));
    if (kernel->loop == NULL)
        return ir_binary(&l->b, IR_SUB, lower_now(l),
                         ir_load(&l->b, kernel->layer->selected, kernel->element));
    return ir_get(&l->b, since_variable(l));
}

void kernel_select(struct lowering *l, struct ir_node *condition)
{
    if (l->network->network->is_continuous || l->kernel->is_eventwise) {
        int32_t selected = l->kernel->layer->selected;
        kernel_write(l, selected, -1,
                     ir_select(&l->b, condition, eventwise_now(l), kernel_read(l, selected, -1)));
        return;
    }
    struct ir_node *since = since_variable(l), *now = kernel_now(l);
    ir_set(&l->b, since,
           ir_select(&l->b, condition, ir_real(&l->b, IR_F32, 0), ir_get(&l->b, since)));
    struct ir_node *branch = ir_if(&l->b, condition);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &branch->branch.then_body;
    ir_store(&l->b, l->kernel->layer->selected, l->kernel->element, now);
    l->b = outer;
}

void lower_epoch(struct lowering *l, struct lowered_network *network)
{
    struct ir_node *clock = ir_load(&l->b, network->clock, ir_integer(&l->b, 0));
    struct ir_node *place = ir_binary(&l->b, IR_AND, clock, ir_integer(&l->b, EPOCH_STEPS - 1));
    struct ir_node *branch = NULL;
    struct ir_builder outer = l->b;
    for (size_t i = 0; i < network->network->layers.count; i++) {
        struct lowered_layer *layer = &network->layers[i];
        if (!layer->layer->model->reads_since)
            continue;
        if (branch == NULL)
            branch = ir_if(&l->b, ir_binary(&l->b, IR_EQ, place, ir_integer(&l->b, 0)));
        struct kernel kernel = { .layer = layer };
        l->kernel = &kernel;
        l->b.block = &branch->branch.then_body;
        kernel_open(l, arena_format(&l->c->arena, "%s.epoch", layer->name));
        struct ir_node *selected = ir_load(&l->b, layer->selected, kernel.element);
        ir_store(&l->b, layer->selected, kernel.element,
                 ir_binary(&l->b, IR_SUB, selected, ir_real(&l->b, IR_F32, EPOCH_STEPS)));
        kernel_close(l);
        l->b = outer;
    }
    l->kernel = NULL;
}

/* ---- opening and closing ---- */

static void open_with(struct lowering *l, struct ir_node *loop)
{
    struct kernel *kernel = l->kernel;
    kernel->loop = loop;
    kernel->element = loop->loop.index;
    kernel->states.count = kernel->places.count = 0;
    kernel->now = kernel->since = NULL;
    l->b.before = NULL;
    l->b.block = &loop->loop.body;
}

void kernel_open(struct lowering *l, const char *name)
{
    l->kernel->outer = l->b;
    open_with(l, ir_loop(&l->b, name, ir_integer(&l->b, 0),
                         lower_size_leaf(l, l->kernel->layer->size), true));
}

void kernel_open_events(struct lowering *l, const char *name, int32_t list, struct ir_node *count)
{
    l->kernel->outer = l->b;
    open_with(l, ir_loop_events(&l->b, name, list, count, true));
}

void kernel_open_listed(struct lowering *l, const char *name, int32_t list, struct ir_node *count)
{
    l->kernel->outer = l->b;
    open_with(l, ir_loop(&l->b, name, ir_integer(&l->b, 0), count, true));
    l->kernel->element = ir_load(&l->b, list, l->kernel->element);
}

void kernel_open_in(struct lowering *l, struct ir_node *loop, struct ir_builder outer,
                    struct ir_node *element)
{
    struct ir_builder here = l->b;
    l->kernel->outer = outer;
    open_with(l, loop);
    l->b = here;
    l->kernel->element = element;
}

void kernel_store(struct lowering *l)
{
    struct kernel *kernel = l->kernel;
    struct ir_builder outer = l->b;
    if (kernel->own != NULL) {
        struct ir_node *is_own = ir_binary(&l->b, IR_GE, kernel->element, kernel->own);
        struct ir_node *branch = ir_if(&l->b, is_own);
        l->b.before = NULL;
        l->b.block = &branch->branch.then_body;
    }
    for (size_t i = 0; i < kernel->states.count; i++) {
        const struct promoted *state = &kernel->states.items[i];
        if (!state->is_dirty)
            continue;
        struct ir_builder here = l->b;
        if (state->learn_bit >= 0) {
            struct ir_node *branch = ir_if(&l->b, lower_learn_bit(l, state->learn_bit));
            l->b.before = NULL;
            l->b.block = &branch->branch.then_body;
        }
        ir_store(&l->b, state->buffer, kernel->element, ir_get(&l->b, state->var));
        l->b = here;
    }
    l->b = outer;
}

void kernel_close(struct lowering *l)
{
    struct kernel *kernel = l->kernel;
    kernel_store(l);
    struct span span = l->b.span;
    l->b = kernel->outer;
    l->b.span = span;
    kernel->loop = NULL;
    kernel->element = NULL;
}
