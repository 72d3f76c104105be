/* SPDX-License-Identifier: MIT
 *
 * Drops state that nobody reads: traces of frozen rules, spike times that no task asks for,
 * recordings. A state is alive when a load of it reaches something that is seen from outside; what
 * only feeds itself is not. Stores to dead state go, and loops that then do nothing; the
 * instructions before them are left to pass `fold`.
 */
#include "base/remarks.h"
#include "ir/rt.h"
#include "passes/passes.h"

struct item {
    struct ir_node *node;
    int32_t function;
};

ARRAY_STRUCT(item_list, struct item);

struct dead {
    struct compilation *c;
    struct ir_program *program;
    bool *is_alive;             /* by buffer */
    struct item_list *writers;  /* by buffer */
    struct item_list **setters; /* by function, by id of the VAR */
    bool **seen;                /* by function, by id */
    struct item_list work;
    int32_t function; /* being walked */
};

/* ---- what there is ---- */

static void push(struct dead *d, struct ir_node *node, int32_t function)
{
    if (node == NULL || d->seen[function][node->id])
        return;
    d->seen[function][node->id] = true;
    array_push(&d->c->arena, &d->work, (struct item){ node, function });
}

static void awake(struct dead *d, int32_t buffer)
{
    if (buffer < 0 || d->is_alive[buffer])
        return;
    d->is_alive[buffer] = true;
    for (size_t i = 0; i < d->writers[buffer].count; i++)
        push(d, d->writers[buffer].items[i].node, d->writers[buffer].items[i].function);
}

static void push_use(struct ir_node **use, void *data)
{
    struct dead *d = data;
    push(d, *use, d->function);
}

static void add_writer(struct dead *d, int32_t buffer, struct ir_node *node)
{
    array_push(&d->c->arena, &d->writers[buffer], (struct item){ node, d->function });
}

/* First walk: who writes which buffer and variable. */
static void collect(struct ir_block *block, void *data)
{
    struct dead *d = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        struct item self = { node, d->function };
        if (node->kind == IR_NODE_COMPACT) {
            add_writer(d, node->compact.list, node);
            add_writer(d, node->compact.count, node);
        } else if (node->kind == IR_NODE_INSTR && node->op == IR_STORE) {
            add_writer(d, node->payload.index, node);
        } else if (node->kind == IR_NODE_INSTR && node->op == IR_VAR_SET) {
            array_push(&d->c->arena, &d->setters[d->function][node->payload.node->id], self);
        }
        ir_for_each_block(node, collect, d);
    }
}

static bool is_root(const struct dead *d, const struct ir_node *node)
{
    if (node->kind == IR_NODE_COMPACT)
        return d->is_alive[node->compact.list] || d->is_alive[node->compact.count];
    if (node->kind != IR_NODE_INSTR) /* bounds and conditions stay */
        return true;
    switch (node->op) {
    case IR_STORE: return d->is_alive[node->payload.index];
    case IR_CALL_RT:
    case IR_CONTEXT_SET:
    case IR_SIZE_SET:
    case IR_CONSTANT_SET: return true;
    default: return false;
    }
}

static void push_roots(struct ir_block *block, void *data)
{
    struct dead *d = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (is_root(d, node))
            push(d, node, d->function);
        ir_for_each_block(node, push_roots, d);
    }
}

/* ---- what is alive ---- */

static void follow(struct dead *d, struct ir_node *node)
{
    if (node->kind == IR_NODE_COMPACT)
        awake(d, node->compact.flags);
    if (node->kind == IR_NODE_LOOP)
        awake(d, node->loop.events);
    if (node->kind == IR_NODE_INSTR && node->op == IR_LOAD)
        awake(d, node->payload.index);
    if (node->kind == IR_NODE_INSTR && node->op == IR_VAR_GET) {
        struct ir_node *var = node->payload.node;
        push(d, var, d->function);
        struct item_list *setters = &d->setters[d->function][var->id];
        for (size_t i = 0; i < setters->count; i++)
            push(d, setters->items[i].node, d->function);
    }
    ir_for_each_use(node, push_use, d);
}

static void propagate(struct dead *d)
{
    while (d->work.count > 0) {
        struct item item = d->work.items[--d->work.count];
        d->function = item.function;
        follow(d, item.node);
    }
}

/* ---- what goes ---- */

/* Does it only make room for dead state? */
static bool is_dead_call(const struct dead *d, const struct ir_node *node)
{
    if (node->payload.index != IR_RT_snn_rt_reserve && node->payload.index != IR_RT_snn_rt_resize)
        return false;
    const struct ir_node *buffer = node->operands[0];
    return buffer->kind == IR_NODE_INSTR && buffer->op == IR_CONST &&
           !d->is_alive[buffer->payload.integer];
}

static bool is_dead(const struct dead *d, const struct ir_node *node)
{
    if (node->kind == IR_NODE_COMPACT)
        return !d->is_alive[node->compact.list] && !d->is_alive[node->compact.count];
    if (node->kind != IR_NODE_INSTR)
        return false;
    if (node->op == IR_STORE)
        return !d->is_alive[node->payload.index];
    if (node->op == IR_CALL_RT)
        return is_dead_call(d, node);
    return node->op == IR_VAR_SET && !d->seen[d->function][node->id];
}

static bool has_effect(const struct ir_node *node);

static void look_for_effect(struct ir_block *block, void *data)
{
    bool *found = data;
    for (const struct ir_node *node = block->first; node != NULL && !*found; node = node->next)
        *found = has_effect(node);
}

static bool has_effect(const struct ir_node *node)
{
    switch (node->kind) {
    case IR_NODE_INSTR:
        return node->op == IR_STORE || node->op == IR_CALL_RT || node->op == IR_VAR_SET ||
               node->op == IR_CONTEXT_SET || node->op == IR_SIZE_SET || node->op == IR_CONSTANT_SET;
    case IR_NODE_LOOP:
    case IR_NODE_IF: {
        bool found = false;
        ir_for_each_block((struct ir_node *)node, look_for_effect, &found);
        return found;
    }
    case IR_NODE_REDUCE: return false;
    default: return true;
    }
}

static void sweep(struct ir_block *block, void *data)
{
    struct dead *d = data;
    for (struct ir_node *node = block->first, *next; node != NULL; node = next) {
        next = node->next;
        ir_for_each_block(node, sweep, d);
        bool is_empty =
            (node->kind == IR_NODE_LOOP || node->kind == IR_NODE_IF) && !has_effect(node);
        if (is_dead(d, node) || is_empty)
            ir_remove(block, node);
    }
}

static void report(struct dead *d)
{
    for (int32_t i = 0; i < d->program->buffer_count; i++) {
        const struct ir_buffer *buffer = &d->program->buffers[i];
        if (d->is_alive[i] || d->writers[i].count == 0)
            continue;
        remark(d->c, d->writers[i].items[0].node->span, "dead",
               "nobody reads '%s': it is not computed", buffer->name);
    }
}

/* A model does not save what is not computed. */
static void forget_models(const struct dead *d)
{
    for (int32_t i = 0; i < d->program->buffer_count; i++) {
        struct ir_buffer *buffer = &d->program->buffers[i];
        if (d->is_alive[i] || buffer->kind != SNN_BUFFER_MODEL)
            continue;
        buffer->kind = SNN_BUFFER_LOCAL;
        buffer->count = -1;
        buffer->rank = 0;
    }
}

static void for_each_function(struct dead *d, void (*visit)(struct ir_block *, void *))
{
    for (int32_t i = 0; i < d->program->function_count; i++) {
        d->function = i;
        visit(&d->program->functions[i]->body, d);
    }
}

bool pass_dead(struct compilation *c, struct ir_program *program)
{
    struct dead d = { .c = c, .program = program };
    struct arena *arena = &c->arena;
    size_t buffers = (size_t)program->buffer_count + 1,
           functions = (size_t)program->function_count + 1;
    d.is_alive = arena_alloc_array(arena, buffers, sizeof *d.is_alive);
    d.writers = arena_alloc_array(arena, buffers, sizeof *d.writers);
    d.setters = arena_alloc_array(arena, functions, sizeof *d.setters);
    d.seen = arena_alloc_array(arena, functions, sizeof *d.seen);
    for (int32_t i = 0; i < program->buffer_count; i++)
        d.is_alive[i] = !program->buffers[i].is_state || program->buffers[i].is_observed;
    for (int32_t i = 0; i < program->function_count; i++) {
        ir_number(program->functions[i]);
        size_t nodes = (size_t)program->functions[i]->node_count + 1;
        d.setters[i] = arena_alloc_array(arena, nodes, sizeof **d.setters);
        d.seen[i] = arena_alloc_array(arena, nodes, sizeof **d.seen);
    }
    for_each_function(&d, collect);
    for_each_function(&d, push_roots);
    propagate(&d);
    report(&d);
    for_each_function(&d, sweep);
    forget_models(&d);
    for (int32_t i = 0; i < program->function_count; i++)
        ir_number(program->functions[i]);
    return true;
}
