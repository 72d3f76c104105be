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

/* Loads go to the head of the loop, which dominates every use. */
static struct promoted *promote(struct lowering *l, int32_t buffer)
{
    struct kernel *kernel = l->kernel;
    struct promoted *known = find_promoted(kernel, buffer);
    if (known != NULL)
        return known;
    struct ir_builder here = l->b;
    l->b.block = &kernel->loop->loop.body;
    l->b.before = l->b.block->first;
    struct ir_node *var =
        ir_var(&l->b, l->program->buffers[buffer].name, ir_load(&l->b, buffer, kernel->element));
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
    return ir_get(&l->b, promote(l, buffer)->var);
}

struct ir_node *kernel_variable(struct lowering *l, int32_t buffer, int32_t learn_bit)
{
    struct promoted *state = promote(l, buffer);
    state->is_dirty = true;
    state->learn_bit = learn_bit;
    return state->var;
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
    struct ir_node *var = kernel_variable(l, buffer, learn_bit);
    struct ir_builder outer = l->b;
    if (learn_bit >= 0) {
        struct ir_node *branch = ir_if(&l->b, lower_learn_bit(l, learn_bit));
        l->b.before = NULL;
        l->b.block = &branch->branch.then_body;
    }
    ir_set(&l->b, var, lower_cast(l, var->type, value));
    l->b = outer;
}

void kernel_open(struct lowering *l, const char *name)
{
    struct kernel *kernel = l->kernel;
    kernel->outer = l->b;
    kernel->loop =
        ir_loop(&l->b, name, ir_integer(&l->b, 0), lower_size_leaf(l, kernel->layer->size), true);
    kernel->element = kernel->loop->loop.index;
    kernel->states.count = 0;
    l->b.before = NULL;
    l->b.block = &kernel->loop->loop.body;
}

void kernel_open_events(struct lowering *l, const char *name, int32_t list, struct ir_node *count)
{
    struct kernel *kernel = l->kernel;
    kernel->outer = l->b;
    kernel->loop = ir_loop_events(&l->b, name, list, count, true);
    kernel->element = kernel->loop->loop.index;
    kernel->states.count = 0;
    l->b.before = NULL;
    l->b.block = &kernel->loop->loop.body;
}

void kernel_close(struct lowering *l)
{
    struct kernel *kernel = l->kernel;
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
    struct span span = l->b.span;
    l->b = kernel->outer;
    l->b.span = span;
    kernel->loop = NULL;
    kernel->element = NULL;
}
