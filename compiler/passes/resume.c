/* SPDX-License-Identifier: MIT
 *
 * Tasks that can be gone on with after their process was killed. At the turns of a task's loops in
 * which something is presented, all that the rest of the task needs may be saved: variables,
 * values computed before the loop, buffers, counters of the loops around. A later process runs the
 * task from its start, passes by all that stands before the loop, and enters the loop at the turn
 * saved. Arrays, data sets and texts live in memory that is given out in order, so what makes them
 * runs again; the rest of the runtime's state is the runtime's own (runtime/checkpoint.c).
 */
#include "passes/resume.h"

#include "base/remarks.h"
#include "ir/rt.h"

#include <string.h>

/* ---- what runs again ---- */

static bool is_call(const struct ir_node *node)
{
    return node->kind == IR_NODE_INSTR && node->op == IR_CALL_RT;
}

/* The next call of the runtime in the block; null: none. */
static const struct ir_node *next_call(const struct ir_node *node)
{
    for (node = node->next; node != NULL && !is_call(node); node = node->next)
        ;
    return node;
}

/* Is the buffer stored to, or made, after the node? What makes the node's value again would then
 * see other contents. */
struct later_store {
    const struct ir_node *than;
    int32_t buffer;
    bool is_found;
};

static void look_for_store(struct ir_block *block, void *data)
{
    struct later_store *search = data;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        bool is_store = node->kind == IR_NODE_INSTR && node->op == IR_STORE;
        if (is_store && node->payload.index == search->buffer && node->id > search->than->id)
            search->is_found = true;
        ir_for_each_block(node, look_for_store, search);
    }
}

static bool is_stored_later(const struct resume *r, const struct ir_node *node, int32_t buffer)
{
    struct later_store search = { node, buffer, false };
    look_for_store(&r->function->body, &search);
    return search.is_found;
}

/* A call that has no effect but on the memory of the task, and gives the same again. */
static bool call_runs_again(const struct resume *r, const struct ir_node *node)
{
    static const char data[] = "snn_rt_data_";
    enum ir_rt function = (enum ir_rt)node->payload.index;
    switch (function) {
    case IR_RT_snn_rt_mark:
    case IR_RT_snn_rt_release:
    case IR_RT_snn_rt_array:
    case IR_RT_snn_rt_loop_begin:
    case IR_RT_snn_rt_loop_end:
    case IR_RT_snn_rt_text_join:
    case IR_RT_snn_rt_text_number:
    case IR_RT_snn_rt_text_integer: return true;
    case IR_RT_snn_rt_scale: { /* of the number that follows */
        const struct ir_node *next = next_call(node);
        return next != NULL && next->payload.index == IR_RT_snn_rt_text_number;
    }
    case IR_RT_snn_rt_data_where:
        return !is_stored_later(r, node, (int32_t)node->operands[1]->payload.integer);
    case IR_RT_snn_rt_data_open:
    case IR_RT_snn_rt_data_set:
    case IR_RT_snn_rt_data_present:
    case IR_RT_snn_rt_data_events: return false;
    default: return strncmp(ir_rt_name(function), data, sizeof data - 1) == 0;
    }
}

static bool is_in_segment(const struct resume *r, const struct ir_node *node)
{
    return node->id < r->old_count && r->segments[node->id] != 0;
}

static bool uses_segment(const struct resume *r, const struct ir_node *node)
{
    for (int32_t k = 0; k < node->operand_count; k++)
        if (is_in_segment(r, node->operands[k]))
            return true;
    return false;
}

/* What cannot be saved: it would have to run again, and cannot. */
static bool is_pointer_for_good(const struct resume *r, const struct ir_node *node)
{
    if (node->kind != IR_NODE_INSTR || node->type != IR_POINTER || ir_is_pure(node))
        return false;
    return !is_call(node) || !call_runs_again(r, node);
}

/* ---- points and carriers ---- */

static void look_for_work(struct ir_block *block, void *data)
{
    bool *found = data;
    for (struct ir_node *node = block->first; node != NULL && !*found; node = node->next) {
        *found =
            node->kind == IR_NODE_CALL || (node->kind == IR_NODE_LOOP && node->loop.is_parallel);
        ir_for_each_block(node, look_for_work, data);
    }
}

static bool may_be_point(struct ir_node *node)
{
    bool is_turn = (node->kind == IR_NODE_LOOP && node->loop.is_turn) ||
                   (node->kind == IR_NODE_WHILE && node->loop_while.is_turn);
    bool works = false;
    if (is_turn)
        ir_for_each_block(node, look_for_work, &works);
    return works;
}

static void find_carriers(struct resume *r, struct ir_block *block, struct resume_carrier *around);

static void find_inside(struct resume *r, struct resume_carrier *carrier)
{
    struct ir_node *node = carrier->node;
    switch (node->kind) {
    case IR_NODE_LOOP: find_carriers(r, &node->loop.body, carrier); return;
    case IR_NODE_WHILE: find_carriers(r, &node->loop_while.body, carrier); return;
    case IR_NODE_BLOCK: find_carriers(r, &node->block.body, carrier); return;
    case IR_NODE_IF:
        find_carriers(r, &node->branch.then_body, carrier);
        carrier->then_end = r->point_count + 1;
        find_carriers(r, &node->branch.else_body, carrier);
        return;
    default: return;
    }
}

/* The node becomes a carrier, if there is a point in it or it is one. */
static void find_in_node(struct resume *r, struct ir_block *block, struct ir_node *node,
                         struct resume_carrier *around, bool is_point)
{
    struct resume_carrier *carrier = arena_new(&r->c->arena, struct resume_carrier);
    size_t count = r->all.count;
    carrier->node = node;
    carrier->block = block;
    carrier->around = around;
    carrier->is_point = is_point;
    carrier->first = r->point_count + 1;
    r->point_count += is_point;
    array_push(&r->c->arena, &r->all, carrier);
    find_inside(r, carrier);
    carrier->end = r->point_count + 1;
    if (carrier->first < carrier->end)
        r->carriers[node->id] = carrier;
    else
        r->all.count = count;
}

static void find_carriers(struct resume *r, struct ir_block *block, struct resume_carrier *around)
{
    const struct ir_node *obstacle = NULL;
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        bool is_point = may_be_point(node);
        if (is_pointer_for_good(r, node))
            obstacle = node;
        if (is_point && obstacle != NULL)
            remark(r->c, node->span, "resume",
                   "a killed run cannot go on within this loop: a data set, a text or a file of "
                   "before the loop cannot be saved");
        if (obstacle != NULL)
            continue;
        if (is_point || node->kind == IR_NODE_IF || node->kind == IR_NODE_BLOCK)
            find_in_node(r, block, node, around, is_point);
    }
}

/* ---- segments ---- */

struct ir_builder resume_builder(struct resume *r, struct ir_block *block, struct ir_node *before,
                                 struct span span)
{
    return (struct ir_builder){ .compilation = r->c,
                                .program = r->program,
                                .function = r->function,
                                .block = block,
                                .before = before,
                                .span = span };
}

static struct ir_node *first_value(struct ir_builder *b, enum ir_type type)
{
    switch (type) {
    case IR_BOOL: return ir_bool(b, false);
    case IR_I32: return ir_bits(b, 0);
    case IR_F32:
    case IR_F64: return ir_real(b, type, 0);
    default: return ir_integer(b, 0);
    }
}

struct ir_node *resume_variable(struct resume *r, const char *name, enum ir_type type)
{
    struct ir_builder b = resume_builder(r, &r->head, NULL, r->function->span);
    struct ir_node *variable = ir_var(&b, name, first_value(&b, type));
    array_push(&r->c->arena, &r->variables, variable);
    return variable;
}

/* A variable of a segment becomes one of the function; what is left in its place sets it. */
static struct ir_node *move_variable(struct resume *r, struct ir_block *block, struct ir_node *var)
{
    struct ir_builder b = resume_builder(r, block, var, var->span);
    ir_set(&b, var, var->operands[0]);
    struct ir_node *set = var->previous;
    ir_remove(block, var);
    b = resume_builder(r, &r->head, NULL, var->span);
    var->operands[0] = first_value(&b, var->type);
    ir_insert_before(&r->head, NULL, var);
    array_push(&r->c->arena, &r->variables, var);
    return set;
}

/* true where nothing is passed by */
static struct ir_node *runs_on(struct resume *r, struct ir_builder *b)
{
    return ir_binary(b, IR_EQ, ir_get(b, r->target), ir_integer(b, 0));
}

static struct ir_node *open_segment(struct resume *r, struct ir_block *block,
                                    struct ir_node *before)
{
    struct ir_builder b = resume_builder(r, block, before, before->span);
    struct ir_node *segment = ir_if(&b, runs_on(r, &b));
    array_push(&r->c->arena, &r->segment_ifs, segment);
    return segment;
}

/* Puts the nodes before `end` (null: all) into segments, but for carriers and what runs again. */
static void make_segments(struct resume *r, struct ir_block *block, const struct ir_node *end)
{
    struct ir_node *segment = NULL;
    for (struct ir_node *node = block->first, *next; node != end; node = next) {
        next = node->next;
        bool is_carrier = node->id < r->old_count && r->carriers[node->id] != NULL;
        bool is_again = (is_call(node) && call_runs_again(r, node)) ||
                        (ir_is_pure(node) && node->type == IR_POINTER);
        if (ir_is_pure(node) && !uses_segment(r, node)) {
            ir_remove(block, node);
            ir_insert_before(block, segment != NULL ? segment : next, node);
            continue;
        }
        if (is_carrier || is_again) {
            segment = NULL;
            continue;
        }
        if (node->kind == IR_NODE_INSTR && node->op == IR_VAR)
            node = move_variable(r, block, node);
        if (segment == NULL)
            segment = open_segment(r, block, node);
        ir_remove(block, node);
        ir_insert_before(&segment->branch.then_body, NULL, node);
        if (node->id < r->old_count)
            r->segments[node->id] = (int32_t)r->segment_ifs.count;
    }
}

/* Is the carrier on the way to the target? */
static struct ir_node *is_on_way(struct resume *r, struct ir_builder *b, int32_t first, int32_t end)
{
    struct ir_node *target = ir_get(b, r->target);
    return ir_binary(b, IR_AND, ir_binary(b, IR_GE, target, ir_integer(b, first)),
                     ir_binary(b, IR_LT, target, ir_integer(b, end)));
}

/* A carrier that another follows in its block may itself have to be passed by. */
static void guard(struct resume *r, struct resume_carrier *carrier)
{
    struct ir_builder b = resume_builder(r, carrier->block, carrier->node, carrier->node->span);
    struct ir_node *enters =
        ir_binary(&b, IR_OR, runs_on(r, &b), is_on_way(r, &b, carrier->first, carrier->end));
    struct ir_node *branch = ir_if(&b, enters);
    ir_remove(carrier->block, carrier->node);
    carrier->block = &branch->branch.then_body;
    ir_insert_before(carrier->block, NULL, carrier->node);
    array_push(&r->c->arena, &r->guards, branch);
}

/* The condition of a `while`, kept for the turn that is entered again. */
static void open_test(struct resume *r, struct ir_node *node)
{
    struct ir_block *test = &node->loop_while.test;
    struct ir_node *condition = resume_variable(r, "goes on", IR_BOOL);
    struct ir_builder b = resume_builder(r, test, NULL, node->span);
    ir_set(&b, condition, node->loop_while.condition);
    make_segments(r, test, NULL);
    b = resume_builder(r, test, NULL, node->span);
    node->loop_while.condition =
        ir_binary(&b, IR_OR, ir_get(&b, condition), ir_unary(&b, IR_NOT, runs_on(r, &b)));
}

static void open_block(struct ir_block *block, void *data)
{
    struct resume *r = data;
    struct ir_node *last = NULL;
    for (struct ir_node *node = block->first; node != NULL; node = node->next)
        if (node->id < r->old_count && r->carriers[node->id] != NULL)
            last = node;
    if (last != NULL)
        make_segments(r, block, last);
    for (struct ir_node *node = block->first, *next; last != NULL && node != NULL; node = next) {
        next = node->next;
        if (node->id >= r->old_count || r->carriers[node->id] == NULL)
            continue;
        if (node->kind == IR_NODE_WHILE) {
            open_test(r, node);
            open_block(&node->loop_while.body, r);
        } else {
            ir_for_each_block(node, open_block, r);
        }
        if (node != last)
            guard(r, r->carriers[node->id]);
    }
}

/* ---- entering and saving ---- */

static void enter_point(struct resume *r, const struct resume_carrier *point)
{
    struct ir_builder b = resume_builder(r, point->block, point->node, point->node->span);
    struct ir_node *is_here =
        ir_binary(&b, IR_EQ, ir_get(&b, r->target), ir_integer(&b, point->first));
    struct ir_node *branch = ir_if(&b, is_here);
    b = resume_builder(r, &branch->branch.then_body, NULL, point->node->span);
    ir_call_rt(&b, IR_RT_snn_rt_resumed, 0, NULL);
    ir_set(&b, r->target, ir_integer(&b, 0));
}

static void enter_carrier(struct resume *r, struct resume_carrier *carrier)
{
    struct ir_node *node = carrier->node;
    struct ir_builder b = resume_builder(r, carrier->block, node, node->span);
    if (node->kind == IR_NODE_LOOP) {
        carrier->turn = resume_variable(r, "turn", IR_I64);
        node->loop.low = ir_select(&b, is_on_way(r, &b, carrier->first, carrier->end),
                                   ir_get(&b, carrier->turn), node->loop.low);
    }
    if (node->kind == IR_NODE_IF) {
        struct ir_node *goes = ir_binary(&b, IR_AND, runs_on(r, &b), node->branch.condition);
        node->branch.condition =
            ir_binary(&b, IR_OR, goes, is_on_way(r, &b, carrier->first, carrier->then_end));
    }
    if (carrier->is_point)
        enter_point(r, carrier);
}

static void save_variable(struct ir_builder *b, struct ir_node *variable)
{
    struct ir_node *value = ir_get(b, variable);
    bool is_real = value->type == IR_F32 || value->type == IR_F64;
    value = ir_cast(b, is_real ? IR_F64 : IR_I64, value);
    ir_call_rt(b, is_real ? IR_RT_snn_rt_checkpoint_real : IR_RT_snn_rt_checkpoint_integer, 1,
               &value);
}

static void save_buffers(struct resume *r, struct ir_builder *b, const struct resume_carrier *point)
{
    for (int32_t k = 0; k < r->program->buffer_count; k++) {
        enum snn_buffer_kind kind = r->program->buffers[k].kind;
        if (!point->is_live[k] || (kind != SNN_BUFFER_LANE && kind != SNN_BUFFER_LOCAL))
            continue;
        struct ir_node *number = ir_integer(b, k);
        ir_call_rt(b, IR_RT_snn_rt_checkpoint_buffer, 1, &number);
    }
}

/* At the start of each turn of a point, where it is time for it. */
static void save_point(struct resume *r, const struct resume_carrier *point)
{
    struct ir_node *node = point->node;
    struct ir_block *block = node->kind == IR_NODE_LOOP ? &node->loop.body : &node->loop_while.test;
    struct ir_builder b = resume_builder(r, block, block->first, node->span);
    struct ir_node *branch = ir_if(&b, ir_call_rt(&b, IR_RT_snn_rt_checkpoint_due, 0, NULL));
    b = resume_builder(r, &branch->branch.then_body, NULL, node->span);
    struct ir_node *number = ir_integer(&b, point->first);
    ir_call_rt(&b, IR_RT_snn_rt_checkpoint_begin, 1, &number);
    for (const struct resume_carrier *at = point; at != NULL; at = at->around)
        if (at->turn != NULL)
            ir_set(&b, at->turn, at->node->loop.index);
    for (size_t k = 0; k < r->variables.count; k++)
        save_variable(&b, r->variables.items[k]);
    save_buffers(r, &b, point);
    ir_call_rt(&b, IR_RT_snn_rt_checkpoint_end, 0, NULL);
}

static void restore_variable(struct ir_builder *b, struct ir_node *variable)
{
    bool is_real = variable->type == IR_F32 || variable->type == IR_F64;
    struct ir_node *value =
        ir_call_rt(b, is_real ? IR_RT_snn_rt_resume_real : IR_RT_snn_rt_resume_integer, 0, NULL);
    value = variable->type == IR_BOOL ? ir_binary(b, IR_NE, value, ir_integer(b, 0))
                                      : ir_cast(b, variable->type, value);
    ir_set(b, variable, value);
}

static void begin_function(struct resume *r)
{
    struct ir_block *body = &r->function->body;
    struct ir_builder b = resume_builder(r, &r->head, NULL, r->function->span);
    struct ir_node *target = ir_call_rt(&b, IR_RT_snn_rt_resume, 0, NULL);
    struct ir_node *branch = ir_if(&b, ir_binary(&b, IR_NE, target, ir_integer(&b, 0)));
    b.block = &branch->branch.then_body;
    ir_set(&b, r->target, target);
    for (size_t k = 0; k < r->variables.count; k++)
        restore_variable(&b, r->variables.items[k]);
    for (struct ir_node *node = r->head.last, *previous; node != NULL; node = previous) {
        previous = node->previous;
        ir_remove(&r->head, node);
        ir_insert_before(body, body->first, node);
    }
}

/* ---- the pass ---- */

static void resume_function(struct compilation *c, struct ir_program *program,
                            struct ir_function *function)
{
    struct resume r = { .c = c, .program = program, .function = function };
    ir_number(function);
    r.old_count = function->node_count;
    size_t count = (size_t)r.old_count + 1;
    r.carriers = arena_alloc_array(&c->arena, count, sizeof(struct resume_carrier *));
    r.segments = arena_alloc_array(&c->arena, count, sizeof *r.segments);
    find_carriers(&r, &function->body, NULL);
    if (r.point_count == 0)
        return;
    struct ir_builder b = resume_builder(&r, &r.head, NULL, function->span);
    for (size_t k = 0; k < r.all.count; k++)
        if (r.all.items[k]->is_point)
            resume_find_live(&r, r.all.items[k]);
    r.target = ir_var(&b, "target", ir_integer(&b, 0));
    open_block(&function->body, &r);
    resume_keep_values(&r);
    for (size_t k = 0; k < r.all.count; k++)
        enter_carrier(&r, r.all.items[k]);
    for (size_t k = 0; k < r.all.count; k++)
        if (r.all.items[k]->is_point) {
            save_point(&r, r.all.items[k]);
            remark(c, r.all.items[k]->node->span, "resume",
                   "a killed run can go on at each turn of this loop");
        }
    begin_function(&r);
    ir_number(function);
}

bool pass_resume(struct compilation *c, struct ir_program *program)
{
    for (int32_t i = 0; i < program->function_count; i++)
        if (program->functions[i]->kind == IR_FUNCTION_TASK)
            resume_function(c, program, program->functions[i]);
    return true;
}
