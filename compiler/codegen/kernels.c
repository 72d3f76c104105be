/* SPDX-License-Identifier: MIT
 *
 * Cuts functions into kernels and decides what goes through the environment. What has no side
 * effect and reads nothing that changes in between is computed again where it is used.
 */
#include "codegen/kernels.h"

#include <string.h>

#include "ir/rt.h"

struct planner {
    struct compilation *compilation;
    struct ir_function *function;
    struct kernel_plan plan;
    bool *inside;                /* by node: in the kernel being looked at */
    const struct kernel *kernel; /* … */
    int32_t buffer_count;
};

/* ---- what can run on a GPU ---- */

static bool is_instruction(const struct ir_node *node, enum ir_op op)
{
    return node->kind == IR_NODE_INSTR && node->op == op;
}

static bool is_panic(const struct ir_node *node)
{
    static const char prefix[] = "snn_rt_panic";
    return strncmp(ir_rt_name((enum ir_rt)node->payload.index), prefix, sizeof prefix - 1) == 0;
}

static void refuse_host_only(struct ir_block *block, void *data)
{
    bool *can_run = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->kind == IR_NODE_CALL || (node->kind == IR_NODE_LOOP && node->loop.is_parallel) ||
            (is_instruction(node, IR_CALL_RT) && !is_panic(node)))
            *can_run = false;
        ir_for_each_block(node, refuse_host_only, data);
    }
}

static bool can_run_on_device(const struct ir_node *node)
{
    struct ir_node alone = *node;
    struct ir_block block = { &alone, &alone };
    bool can_run = true;
    alone.next = NULL;
    refuse_host_only(&block, &can_run);
    return can_run;
}

static bool is_kernel(const struct ir_node *node)
{
    if (node->kind == IR_NODE_COMPACT)
        return true;
    return node->kind == IR_NODE_LOOP && node->loop.is_independent && !node->loop.is_parallel &&
           can_run_on_device(node);
}

static bool has_kernel(const struct ir_block *block)
{
    for (const struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (is_kernel(node))
            return true;
        if (node->kind == IR_NODE_IF &&
            (has_kernel(&node->branch.then_body) || has_kernel(&node->branch.else_body)))
            return true;
    }
    return false;
}

/* ---- two loops whose iterations are shared ---- */

struct access_search {
    const struct ir_node *except; /* its inside is not looked at */
    bool has_effect;
    uint8_t *loads, *stores; /* by buffer, may be null */
};

static void find_accesses(struct ir_block *block, void *data)
{
    struct access_search *s = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node == s->except)
            continue;
        if (is_instruction(node, IR_STORE)) {
            s->has_effect = true;
            if (s->stores != NULL)
                s->stores[node->payload.index] = 1;
        } else if (is_instruction(node, IR_LOAD)) {
            if (s->loads != NULL)
                s->loads[node->payload.index] = 1;
        } else if (node->kind != IR_NODE_REDUCE && !ir_is_pure(node)) {
            s->has_effect = true;
        }
        ir_for_each_block(node, find_accesses, data);
    }
}

/* The only loop of the body, where the rest of the body may be run by every thread. */
static const struct ir_node *find_inner(struct planner *p, const struct ir_node *loop)
{
    int32_t buffer_count = p->buffer_count;
    const struct ir_node *inner = NULL;
    struct arena *arena = &p->compilation->arena;
    for (const struct ir_node *node = loop->loop.body.first; node != NULL; node = node->next)
        if (node->kind == IR_NODE_LOOP && node->loop.is_independent)
            inner = node;
    if (inner == NULL)
        return NULL;
    struct ir_block around = loop->loop.body, body = inner->loop.body;
    struct access_search outside = { .except = inner,
                                     .loads = arena_alloc(arena, (size_t)buffer_count + 1) };
    struct access_search within = { .stores = arena_alloc(arena, (size_t)buffer_count + 1) };
    find_accesses(&around, &outside);
    find_accesses(&body, &within);
    for (int32_t k = 0; k < buffer_count; k++)
        if (outside.loads[k] && within.stores[k])
            return NULL;
    return outside.has_effect ? NULL : inner;
}

/* ---- values from outside of a kernel ---- */

struct store_search {
    int32_t buffer, after, before;
    bool found;
};

static void find_store(struct ir_block *block, void *data)
{
    struct store_search *s = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        bool stores = node->kind == IR_NODE_CALL || is_instruction(node, IR_CALL_RT) ||
                      (is_instruction(node, IR_STORE) && node->payload.index == s->buffer) ||
                      (node->kind == IR_NODE_COMPACT &&
                       (node->compact.list == s->buffer || node->compact.count == s->buffer));
        if (stores && node->id > s->after && node->id < s->before)
            s->found = true;
        ir_for_each_block(node, find_store, data);
    }
}

bool kernels_can_repeat(const struct ir_function *function, const struct ir_node *load,
                        const struct kernel *kernel)
{
    struct ir_block body = function->body;
    const struct ir_node *next = kernel->last->next;
    struct store_search search = { .buffer = load->payload.index,
                                   .after = load->id,
                                   .before = next != NULL ? next->id : INT32_MAX };
    find_store(&body, &search);
    return !search.found;
}

static void want(struct planner *p, const struct ir_node *node);

static void give_slot(struct planner *p, const struct ir_node *node)
{
    if (p->plan.slots[node->id] == 0)
        p->plan.slots[node->id] = p->plan.slot_count++;
}

/* The kernel uses a value; where it comes from outside, see how it gets in. */
static void want(struct planner *p, const struct ir_node *node)
{
    bool repeats =
        ir_is_pure(node) || is_instruction(node, IR_CONTEXT_GET) ||
        (is_instruction(node, IR_LOAD) && kernels_can_repeat(p->function, node, p->kernel));
    if (p->inside[node->id])
        return;
    if (!repeats) {
        give_slot(p, node);
        return;
    }
    for (int32_t k = 0; k < node->operand_count; k++)
        want(p, node->operands[k]);
}

static void want_use(struct ir_node **use, void *data)
{
    want(data, *use);
}

static void want_block(struct ir_block *block, void *data);

static void want_node(struct planner *p, struct ir_node *node)
{
    ir_for_each_use(node, want_use, p);
    if ((is_instruction(node, IR_VAR_GET) || is_instruction(node, IR_VAR_SET)) &&
        !p->inside[node->payload.node->id])
        give_slot(p, node->payload.node);
    ir_for_each_block(node, want_block, p);
}

static void want_block(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next)
        want_node(data, node);
}

static void mark_inside(struct ir_block *block, void *data);

static void mark_node(const struct ir_node *node, bool *inside)
{
    struct ir_node copy = *node;
    inside[node->id] = true;
    if (node->kind == IR_NODE_LOOP)
        inside[node->loop.index->id] = true;
    if (node->kind == IR_NODE_REDUCE)
        inside[node->reduce.index->id] = true;
    if (node->kind == IR_NODE_WHILE)
        inside[node->loop_while.index->id] = true;
    ir_for_each_block(&copy, mark_inside, inside);
}

static void mark_inside(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next)
        mark_node(node, data);
}

static void find_wants(struct planner *p, const struct kernel *kernel)
{
    memset(p->inside, 0, (size_t)p->function->node_count * sizeof *p->inside);
    p->kernel = kernel;
    for (const struct ir_node *node = kernel->first; node != kernel->last->next; node = node->next)
        mark_node(node, p->inside);
    for (const struct ir_node *node = kernel->first; node != kernel->last->next;
         node = node->next) {
        struct ir_node copy = *node;
        want_node(p, &copy);
    }
    for (const struct kernel_guard *g = kernel->guard; g != NULL; g = g->outer)
        want(p, g->condition);
}

/* ---- cutting ---- */

static void add_kernel(struct planner *p, struct kernel kernel)
{
    array_push(&p->compilation->arena, &p->plan.kernels, kernel);
}

static void add_node(struct planner *p, const struct ir_node *node,
                     const struct kernel_guard *guard)
{
    bool is_loop = node->kind == IR_NODE_LOOP;
    add_kernel(p, (struct kernel){
                      .kind = is_loop ? KERNEL_LOOP : KERNEL_COMPACT,
                      .first = node,
                      .last = node,
                      .inner = is_loop ? find_inner(p, node) : NULL,
                      .guard = guard,
                  });
}

static const struct kernel_guard *new_guard(struct planner *p, const struct ir_node *node,
                                            bool wanted, const struct kernel_guard *outer)
{
    struct kernel_guard *guard = arena_new(&p->compilation->arena, struct kernel_guard);
    *guard = (struct kernel_guard){ node->branch.condition, wanted, outer };
    return guard;
}

/* Of a network: loops, compactions, and what lies between them. */
static void cut_network_block(struct planner *p, const struct ir_block *block,
                              const struct kernel_guard *guard)
{
    const struct ir_node *run = NULL;
    for (const struct ir_node *node = block->first; node != NULL; node = node->next) {
        bool is_split = node->kind == IR_NODE_IF && (has_kernel(&node->branch.then_body) ||
                                                     has_kernel(&node->branch.else_body));
        bool is_serial = !is_kernel(node) && !is_split;
        if (is_serial && run == NULL)
            run = node;
        if (run != NULL && (!is_serial || node->next == NULL)) {
            add_kernel(p, (struct kernel){ .kind = KERNEL_SERIAL,
                                           .first = run,
                                           .last = is_serial ? node : node->previous,
                                           .guard = guard });
            run = NULL;
        }
        if (is_kernel(node))
            add_node(p, node, guard);
        if (is_split) {
            cut_network_block(p, &node->branch.then_body, new_guard(p, node, true, guard));
            cut_network_block(p, &node->branch.else_body, new_guard(p, node, false, guard));
        }
    }
}

/* Of what the host runs: the outermost loops that a GPU can take. */
static void cut_host_block(struct ir_block *block, void *data)
{
    struct planner *p = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (is_kernel(node))
            add_node(p, node, NULL);
        else
            ir_for_each_block(node, cut_host_block, p);
    }
}

/* ---- serial kernels that nobody needs ---- */

static bool has_device_effect(const struct kernel *kernel, const int32_t *slots)
{
    for (const struct ir_node *node = kernel->first; node != kernel->last->next;
         node = node->next) {
        bool is_value = ir_is_pure(node) || is_instruction(node, IR_LOAD) ||
                        is_instruction(node, IR_VAR) || is_instruction(node, IR_VAR_GET) ||
                        is_instruction(node, IR_CONTEXT_GET) || node->kind == IR_NODE_REDUCE;
        if (!is_value || slots[node->id] != 0)
            return true;
    }
    return false;
}

static bool runs_on_device(const struct kernel *kernel)
{
    for (const struct ir_node *node = kernel->first; node != kernel->last->next; node = node->next)
        if (!can_run_on_device(node))
            return false;
    return true;
}

/* Slots are known only when all users are: from the last kernel to the first, since only later ones
 * use what one computes. */
static void keep_needed(struct planner *p)
{
    struct kernel_list kept = { 0 };
    struct kernel_list *all = &p->plan.kernels;
    bool *is_needed = arena_alloc(&p->compilation->arena, all->count + 1);
    for (size_t k = all->count; k-- > 0;) {
        const struct kernel *kernel = &all->items[k];
        is_needed[k] = kernel->kind != KERNEL_SERIAL ||
                       (has_device_effect(kernel, p->plan.slots) && runs_on_device(kernel));
        if (is_needed[k])
            find_wants(p, kernel);
    }
    for (size_t k = 0; k < all->count; k++)
        if (is_needed[k])
            array_push(&p->compilation->arena, &kept, all->items[k]);
    p->plan.kernels = kept;
}

static bool is_of_network(const struct ir_function *function)
{
    switch (function->kind) {
    case IR_FUNCTION_RESET:
    case IR_FUNCTION_START:
    case IR_FUNCTION_STEP:
    case IR_FUNCTION_END: return true;
    case IR_FUNCTION_SETUP:
    case IR_FUNCTION_INIT:
    case IR_FUNCTION_CLEAR:
    case IR_FUNCTION_TASK: return false;
    }
    unreachable();
}

struct kernel_plan kernels_plan(struct compilation *c, const struct ir_program *program,
                                struct ir_function *function)
{
    size_t nodes = (size_t)function->node_count + 1;
    struct planner p = {
        .compilation = c,
        .function = function,
        .plan = { .slots = arena_alloc_array(&c->arena, nodes, sizeof(int32_t)), .slot_count = 1 },
        .inside = arena_alloc_array(&c->arena, nodes, sizeof(bool)),
        .buffer_count = program->buffer_count,
    };
    if (is_of_network(function)) {
        cut_network_block(&p, &function->body, NULL);
    } else if (function->kind != IR_FUNCTION_SETUP) {
        cut_host_block(&function->body, &p);
    }
    keep_needed(&p);
    return p.plan;
}
