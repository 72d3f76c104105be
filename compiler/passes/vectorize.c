/* SPDX-License-Identifier: MIT
 *
 * Chooses, in each nest of independent loops, the one whose iterations run in lanes: the innermost,
 * unless memory is then walked with strides and an outer loop walks it contiguously (sums of
 * columns, spikes that add rows to inputs). Only marks loops; how lanes are made is the code
 * generator's business, and a GPU ignores the marks.
 */
#include <string.h>

#include "base/remarks.h"
#include "ir/rt.h"
#include "passes/passes.h"

enum {
    COST_CONTIGUOUS = 1,
    COST_SCATTERED = 8, /* an access of 16 lanes to 16 places */
    EVENT_WORK = 40,    /* a loop over events is worth its gathers from this much arithmetic on */
    SHORT_LOOP = 4,     /* iterations below which lanes stay empty */
};

struct vectorizer {
    struct compilation *compilation;
    struct ir_function *function;
    bool *inside; /* by node: in the loop being looked at */
    int32_t *memo;
};

/* ---- may iterations be lanes ---- */

/* A labelled block around, with no loop between. */
struct open_block {
    const struct ir_node *node;
    const struct open_block *outer;
};

static bool block_fits(const struct ir_block *block, const struct open_block *open);

static bool is_panic(enum ir_rt function)
{
    static const char prefix[] = "snn_rt_panic";
    return strncmp(ir_rt_name(function), prefix, sizeof prefix - 1) == 0;
}

static bool call_fits(const struct ir_node *node)
{
    enum ir_rt function = (enum ir_rt)node->payload.index;
    if (is_panic(function))
        return true;
    if (ir_rt_takes_context(function))
        return false;
    for (int32_t k = 0; k < node->operand_count; k++)
        if (node->operands[k]->type == IR_POINTER)
            return false;
    return true;
}

/* Lanes may leave a labelled block one by one; out of a loop they cannot. */
static bool jump_fits(const struct ir_node *node, const struct open_block *open)
{
    while (open != NULL && open->node != node->jump.target)
        open = open->outer;
    return open != NULL;
}

static bool node_fits(const struct ir_node *node, const struct open_block *open)
{
    switch (node->kind) {
    case IR_NODE_INSTR:
        if (node->op == IR_CALL_RT)
            return call_fits(node);
        return node->op != IR_CONTEXT_SET && node->op != IR_SIZE_SET && node->op != IR_CONSTANT_SET;
    case IR_NODE_LOOP:
        return !node->loop.is_parallel && !node->loop.is_vector &&
               block_fits(&node->loop.body, NULL);
    case IR_NODE_REDUCE: return block_fits(&node->reduce.body, NULL);
    case IR_NODE_IF:
        return block_fits(&node->branch.then_body, open) &&
               block_fits(&node->branch.else_body, open);
    case IR_NODE_WHILE:
        return block_fits(&node->loop_while.test, NULL) && block_fits(&node->loop_while.body, NULL);
    case IR_NODE_BLOCK: {
        struct open_block inside = { node, open };
        return block_fits(&node->block.body, &inside);
    }
    case IR_NODE_BREAK: return jump_fits(node, open);
    case IR_NODE_CONTINUE:
    case IR_NODE_CALL:
    case IR_NODE_COMPACT:
    case IR_NODE_ODE:
    case IR_NODE_PROPAGATE: return false;
    }
    unreachable();
}

static bool block_fits(const struct ir_block *block, const struct open_block *open)
{
    for (const struct ir_node *node = block->first; node != NULL; node = node->next)
        if (!node_fits(node, open))
            return false;
    return true;
}

/* ---- how memory is walked ---- */

/* How a value changes from one iteration to the next: by a constant, or in no simple way. */
enum { CHANGE_UNKNOWN = INT32_MIN, CHANGE_IRREGULAR = INT32_MAX };

static int32_t change_of(struct vectorizer *v, const struct ir_node *node,
                         const struct ir_node *index);

static int32_t add_changes(int32_t a, int32_t b, int sign)
{
    if (a == CHANGE_IRREGULAR || b == CHANGE_IRREGULAR)
        return CHANGE_IRREGULAR;
    int64_t sum = (int64_t)a + (int64_t)sign * b;
    return sum > -1000000 && sum < 1000000 ? (int32_t)sum : CHANGE_IRREGULAR;
}

static int32_t multiply_change(const struct ir_node *factor, int32_t change)
{
    if (change == 0 || change == CHANGE_IRREGULAR)
        return change;
    bool is_constant = factor->kind == IR_NODE_INSTR && factor->op == IR_CONST;
    if (!is_constant || factor->payload.integer > 1000 || factor->payload.integer < -1000 ||
        change > 1000 || change < -1000)
        return CHANGE_IRREGULAR;
    return change * (int32_t)factor->payload.integer;
}

static int32_t change_of_instruction(struct vectorizer *v, const struct ir_node *node,
                                     const struct ir_node *index)
{
    int32_t changes[2] = { 0, 0 };
    bool is_fixed = true;
    if (node->op == IR_VAR_GET)
        return v->inside[node->payload.node->id] ? CHANGE_IRREGULAR : 0;
    for (int32_t k = 0; k < node->operand_count; k++) {
        int32_t change = change_of(v, node->operands[k], index);
        is_fixed &= change == 0;
        if (k < 2)
            changes[k] = change;
    }
    if (is_fixed)
        return 0;
    switch (node->op) {
    case IR_ADD: return add_changes(changes[0], changes[1], 1);
    case IR_SUB: return add_changes(changes[0], changes[1], -1);
    case IR_MUL:
        if (changes[0] != 0 && changes[1] != 0)
            return CHANGE_IRREGULAR;
        return changes[0] != 0 ? multiply_change(node->operands[1], changes[0])
                               : multiply_change(node->operands[0], changes[1]);
    default: return CHANGE_IRREGULAR;
    }
}

static int32_t change_of(struct vectorizer *v, const struct ir_node *node,
                         const struct ir_node *index)
{
    if (node == index)
        return 1;
    if (!v->inside[node->id])
        return 0;
    if (v->memo[node->id] != CHANGE_UNKNOWN)
        return v->memo[node->id];
    int32_t change = CHANGE_IRREGULAR;
    if (node->kind == IR_NODE_INSTR)
        change = node->op == IR_INDEX ? 0 : change_of_instruction(v, node, index);
    v->memo[node->id] = change;
    return change;
}

static void mark_block(struct ir_block *block, void *data)
{
    bool *inside = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        inside[node->id] = true;
        if (node->kind == IR_NODE_LOOP)
            inside[node->loop.index->id] = true;
        if (node->kind == IR_NODE_REDUCE)
            inside[node->reduce.index->id] = true;
        if (node->kind == IR_NODE_WHILE)
            inside[node->loop_while.index->id] = true;
        ir_for_each_block(node, mark_block, inside);
    }
}

struct cost {
    struct vectorizer *vectorizer;
    const struct ir_node *index;
    bool is_events;
    int32_t work, memory;
};

static bool is_arithmetic(const struct ir_node *node)
{
    return node->kind == IR_NODE_INSTR && node->operand_count > 0 && ir_is_pure(node);
}

static void count_cost(struct ir_block *block, void *data)
{
    struct cost *cost = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        cost->work += is_arithmetic(node);
        if (node->kind == IR_NODE_INSTR && (node->op == IR_LOAD || node->op == IR_STORE)) {
            int32_t change = change_of(cost->vectorizer, node->operands[0], cost->index);
            if (change == 1 && !cost->is_events)
                cost->memory += COST_CONTIGUOUS;
            else if (change != 0 || node->op == IR_STORE)
                cost->memory += COST_SCATTERED;
        }
        ir_for_each_block(node, count_cost, cost);
    }
}

/* Of `block`, if the iterations that `index` counts are the lanes. */
static struct cost cost_of(struct vectorizer *v, const struct ir_node *index, bool is_events,
                           struct ir_block *block)
{
    struct cost cost = { .vectorizer = v, .index = index, .is_events = is_events };
    size_t count = (size_t)v->function->node_count;
    memset(v->inside, 0, count * sizeof *v->inside);
    for (size_t k = 0; k < count; k++)
        v->memo[k] = CHANGE_UNKNOWN;
    mark_block(block, v->inside);
    count_cost(block, &cost);
    return cost;
}

/* ---- inner loops against outer ones ---- */

struct comparison {
    struct vectorizer *vectorizer;
    const struct ir_node *outer;
    int32_t outer_cost, inner_cost; /* of what is inside inner loops */
    bool has_loop, has_reduction;
};

static bool is_short(const struct ir_node *low, const struct ir_node *high)
{
    return low->kind == IR_NODE_INSTR && high->kind == IR_NODE_INSTR && low->op == IR_CONST &&
           high->op == IR_CONST && high->payload.integer - low->payload.integer <= SHORT_LOOP;
}

static void compare(struct comparison *c, const struct ir_node *index, bool is_events,
                    struct ir_block *block)
{
    const struct ir_node *outer = c->outer;
    struct ir_block all = outer->loop.body;
    c->inner_cost += cost_of(c->vectorizer, index, is_events, block).memory;
    /* The outer loop's view of the same block: what is inside it counts as inside the outer loop.
     */
    cost_of(c->vectorizer, outer->loop.index, outer->loop.events >= 0, &all);
    struct cost cost = { .vectorizer = c->vectorizer,
                         .index = outer->loop.index,
                         .is_events = outer->loop.events >= 0 };
    count_cost(block, &cost);
    c->outer_cost += cost.memory;
}

static void compare_inner(struct ir_block *block, void *data)
{
    struct comparison *c = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        bool is_loop = node->kind == IR_NODE_LOOP && node->loop.is_independent &&
                       !is_short(node->loop.low, node->loop.high);
        bool is_reduction =
            node->kind == IR_NODE_REDUCE && !is_short(node->reduce.low, node->reduce.high);
        c->has_loop |= is_loop;
        c->has_reduction |= is_reduction;
        if (is_loop)
            compare(c, node->loop.index, node->loop.events >= 0, &node->loop.body);
        else if (is_reduction)
            compare(c, node->reduce.index, false, &node->reduce.body);
        else
            ir_for_each_block(node, compare_inner, c);
    }
}

/* Lanes of an inner reduction cost a tree at its end, so at equal cost the outer loop wins; against
 * a loop it loses. */
static bool is_better_outside(struct vectorizer *v, struct ir_node *loop)
{
    struct comparison c = { .vectorizer = v, .outer = loop };
    compare_inner(&loop->loop.body, &c);
    if (!c.has_loop && !c.has_reduction)
        return true;
    return c.outer_cost < c.inner_cost || (c.outer_cost == c.inner_cost && !c.has_loop);
}

static bool is_worth_it(struct vectorizer *v, struct ir_node *loop)
{
    if (is_short(loop->loop.low, loop->loop.high))
        return false;
    if (loop->loop.events < 0)
        return true;
    return cost_of(v, loop->loop.index, true, &loop->loop.body).work >= EVENT_WORK;
}

/* ---- the pass ---- */

static const char *name_of(const struct ir_node *loop)
{
    return loop->name != NULL ? loop->name : "the loop";
}

static void look_for_loop(struct ir_block *block, void *data)
{
    bool *found = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        *found |= node->kind == IR_NODE_LOOP && node->loop.is_independent;
        ir_for_each_block(node, look_for_loop, data);
    }
}

/* An innermost loop that could have had lanes, and has none. */
static void explain_serial(struct vectorizer *v, struct ir_node *loop)
{
    bool has_inner = false;
    ir_for_each_block(loop, look_for_loop, &has_inner);
    if (has_inner)
        return;
    const char *reason =
        !block_fits(&loop->loop.body, NULL) ? "it calls the runtime, or leaves a loop early"
        : loop->loop.events >= 0 ? "it visits few events, all over the memory, and does little"
                                 : "what is inside runs in lanes, or it is too short";
    remark(v->compilation, loop->span, "vectorize", "'%s' runs one iteration at a time: %s",
           name_of(loop), reason);
}

static void visit_block(struct ir_block *block, void *data)
{
    struct vectorizer *v = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        bool is_candidate =
            node->kind == IR_NODE_LOOP && node->loop.is_independent && !node->loop.is_parallel;
        if (is_candidate && block_fits(&node->loop.body, NULL) && is_better_outside(v, node) &&
            is_worth_it(v, node)) {
            node->loop.is_vector = true;
            remark(v->compilation, node->span, "vectorize", "'%s' runs 16 iterations at once",
                   name_of(node));
            continue;
        }
        if (is_candidate)
            explain_serial(v, node);
        ir_for_each_block(node, visit_block, v);
    }
}

bool pass_vectorize(struct compilation *c, struct ir_program *program)
{
    for (int32_t k = 0; k < program->function_count; k++) {
        struct vectorizer v = { .compilation = c, .function = program->functions[k] };
        ir_number(v.function);
        size_t count = (size_t)v.function->node_count + 1;
        v.inside = arena_alloc_array(&c->arena, count, sizeof *v.inside);
        v.memo = arena_alloc_array(&c->arena, count, sizeof *v.memo);
        visit_block(&v.function->body, &v);
    }
    return true;
}
