/* SPDX-License-Identifier: MIT
 *
 * The invariants of the program IR, checked after lowering and after every pass: a broken one is a
 * bug of the pass that just ran, and is reported with its name, the function, the node and the
 * place in the source. The first violation ends the check. Types of instructions are verified in
 * verify_types.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ir/print.h"
#include "ir/verify.h"

/* ---- reporting ---- */

bool verify_fail(struct verifier *v, const struct ir_node *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_format_va(&v->compilation->arena, format, arguments);
    va_end(arguments);
    fprintf(stderr, "snnc: bug: after '%s', in function '%s': %s\n", v->after,
            v->function != NULL ? v->function->name : "none", text);
    if (node != NULL) {
        fprintf(stderr, "    %s\n", ir_describe(v->compilation, v->program, node));
        const struct source *source = sources_get(&v->compilation->sources, node->span.source);
        if (source != NULL) {
            struct position position = source_position(source, node->span.start);
            fprintf(stderr, "    from %s:%zu:%zu\n", source->path, position.line, position.column);
        }
    }
    return false;
}

/* ---- scopes ---- */

/* A block being walked. */
struct frame {
    const struct ir_node *owner; /* null for a function's body */
    const struct frame *parent;
    int32_t depth;   /* of the blocks */
    int32_t barrier; /* depth of the innermost block that may not change what is outside of it; 0 if
                        none */
};

static bool is_visible(const struct verifier *v, const struct ir_node *node)
{
    return node->id >= 0 && node->id < v->function->node_count && v->visible[node->id] == node;
}

/* The value `node` uses: defined before it, in a block around it. */
static bool check_use(struct verifier *v, const struct ir_node *user, const struct ir_node *value)
{
    if (value == NULL)
        return verify_fail(v, user, "a value is missing");
    if (!is_visible(v, value))
        return verify_fail(v, user, "%%%d is used where it is not defined", (int)value->id);
    if (value->type == IR_VOID || (value->kind == IR_NODE_INSTR && value->op == IR_VAR))
        return verify_fail(v, user, "%%%d is used as a value and has none", (int)value->id);
    return true;
}

static bool check_typed_use(struct verifier *v, const struct ir_node *user,
                            const struct ir_node *value, enum ir_type type, const char *role)
{
    if (!check_use(v, user, value))
        return false;
    if (value->type != type)
        return verify_fail(v, user, "the %s must be %s, is %s", role, ir_type_name(type),
                           ir_type_name(value->type));
    return true;
}

static void define(struct verifier *v, const struct frame *frame, const struct ir_node *node)
{
    v->visible[node->id] = node;
    v->depth[node->id] = frame->depth;
}

/* ---- effects ---- */

/* A store inside of a parallel loop: lanes share model and shared buffers. */
static bool check_store_is_private(struct verifier *v, const struct ir_node *node, int32_t buffer)
{
    enum snn_buffer_kind kind = v->program->buffers[buffer].kind;
    if (v->parallel_depth > 0 && (kind == SNN_BUFFER_MODEL || kind == SNN_BUFFER_SHARED))
        return verify_fail(v, node, "a parallel loop stores to '%s', which its lanes share",
                           v->program->buffers[buffer].name);
    return true;
}

static bool check_has_no_effect(struct verifier *v, const struct ir_node *node)
{
    if (v->reduce_depth > 0)
        return verify_fail(v, node, "a reduction may change nothing outside of it");
    return true;
}

static bool check_variable(struct verifier *v, const struct frame *frame,
                           const struct ir_node *node, const struct ir_node *var, bool is_changed)
{
    if (var == NULL || var->kind != IR_NODE_INSTR || var->op != IR_VAR || !is_visible(v, var))
        return verify_fail(v, node, "it names no variable of a block around it");
    if (is_changed && v->depth[var->id] < frame->barrier)
        return verify_fail(v, node,
                           "an independent loop or a reduction sets a variable from outside of it");
    return true;
}

static bool check_setup_only(struct verifier *v, const struct ir_node *node)
{
    if (v->function->kind != IR_FUNCTION_SETUP)
        return verify_fail(v, node, "only the setup function sets sizes and constants");
    return true;
}

static bool check_instruction(struct verifier *v, const struct frame *frame,
                              const struct ir_node *node)
{
    for (int32_t k = 0; k < node->operand_count; k++)
        if (!check_use(v, node, node->operands[k]))
            return false;
    if (!verify_instruction_types(v, node))
        return false;
    switch (node->op) {
    case IR_INDEX: return verify_fail(v, node, "an index is in a block");
    case IR_STORE:
        return check_has_no_effect(v, node) && check_store_is_private(v, node, node->payload.index);
    case IR_CONTEXT_SET: return check_has_no_effect(v, node);
    case IR_SIZE_SET:
    case IR_CONSTANT_SET: return check_setup_only(v, node);
    case IR_VAR_GET: return check_variable(v, frame, node, node->payload.node, false);
    case IR_VAR_SET: return check_variable(v, frame, node, node->payload.node, true);
    default: return true;
    }
}

/* ---- structured nodes ---- */

static bool check_block(struct verifier *v, const struct frame *parent, const struct ir_node *owner,
                        const struct ir_block *block, bool is_barrier, bool stays_visible);

static void undefine(struct verifier *v, const struct ir_block *block)
{
    for (const struct ir_node *node = block->first; node != NULL; node = node->next)
        v->visible[node->id] = NULL;
}

static bool check_loop(struct verifier *v, const struct frame *frame, const struct ir_node *node)
{
    if (!check_typed_use(v, node, node->loop.low, IR_I64, "lower bound") ||
        !check_typed_use(v, node, node->loop.high, IR_I64, "upper bound"))
        return false;
    if (node->loop.events >= 0 &&
        !verify_buffer(v, node, node->loop.events, SNN_INT32, "event list"))
        return false;
    if ((node->loop.is_vector || node->loop.is_parallel) && !node->loop.is_independent)
        return verify_fail(v, node, "a vector or parallel loop must be independent");
    define(v, frame, node->loop.index);
    v->parallel_depth += node->loop.is_parallel;
    bool is_right = check_block(v, frame, node, &node->loop.body, node->loop.is_independent, false);
    v->parallel_depth -= node->loop.is_parallel;
    v->visible[node->loop.index->id] = NULL;
    return is_right;
}

static bool check_keys(struct verifier *v, const struct ir_node *node)
{
    for (int32_t k = 0; k < node->reduce.key_count; k++)
        if (!check_use(v, node, node->reduce.keys[k]))
            return false;
    if (node->reduce.condition != NULL &&
        !check_typed_use(v, node, node->reduce.condition, IR_BOOL, "condition"))
        return false;
    return verify_reduce_types(v, node);
}

static bool check_reduce(struct verifier *v, const struct frame *frame, const struct ir_node *node)
{
    if (!check_typed_use(v, node, node->reduce.low, IR_I64, "lower bound") ||
        !check_typed_use(v, node, node->reduce.high, IR_I64, "upper bound"))
        return false;
    define(v, frame, node->reduce.index);
    v->reduce_depth++;
    bool is_right =
        check_block(v, frame, node, &node->reduce.body, true, true) && check_keys(v, node);
    v->reduce_depth--;
    undefine(v, &node->reduce.body);
    v->visible[node->reduce.index->id] = NULL;
    return is_right;
}

static bool check_if(struct verifier *v, const struct frame *frame, const struct ir_node *node)
{
    return check_typed_use(v, node, node->branch.condition, IR_BOOL, "condition") &&
           check_block(v, frame, node, &node->branch.then_body, false, false) &&
           check_block(v, frame, node, &node->branch.else_body, false, false);
}

/* What the test defines may be used in the body. */
static bool check_while(struct verifier *v, const struct frame *frame, const struct ir_node *node)
{
    define(v, frame, node->loop_while.index);
    bool is_right = check_block(v, frame, node, &node->loop_while.test, false, true) &&
                    check_typed_use(v, node, node->loop_while.condition, IR_BOOL, "condition") &&
                    check_block(v, frame, node, &node->loop_while.body, false, false);
    undefine(v, &node->loop_while.test);
    v->visible[node->loop_while.index->id] = NULL;
    return is_right;
}

static bool check_jump(struct verifier *v, const struct frame *frame, const struct ir_node *node)
{
    const struct ir_node *target = node->jump.target;
    for (; frame != NULL && frame->owner != target; frame = frame->parent)
        if (frame->barrier == frame->depth)
            return verify_fail(v, node, "it leaves an independent loop or a reduction");
    if (frame == NULL || target == NULL)
        return verify_fail(v, node, "its target is not around it");
    bool is_loop = target->kind == IR_NODE_LOOP && !target->loop.is_independent;
    if (is_loop || target->kind == IR_NODE_WHILE ||
        (target->kind == IR_NODE_BLOCK && node->kind == IR_NODE_BREAK))
        return true;
    return verify_fail(v, node, "its target cannot be left or continued");
}

/* A callee's stores count as the caller's; a call inside a parallel loop is followed. */
static bool check_callee_is_private(struct verifier *v, const struct ir_node *call,
                                    const struct ir_block *block)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->kind == IR_NODE_INSTR && node->op == IR_STORE && node->payload.index >= 0 &&
            node->payload.index < v->program->buffer_count &&
            !check_store_is_private(v, call, node->payload.index))
            return false;
        const struct ir_block *inner[2] = { NULL, NULL };
        if (node->kind == IR_NODE_LOOP)
            inner[0] = &node->loop.body;
        else if (node->kind == IR_NODE_BLOCK)
            inner[0] = &node->block.body;
        else if (node->kind == IR_NODE_WHILE)
            inner[0] = &node->loop_while.body;
        else if (node->kind == IR_NODE_IF)
            inner[0] = &node->branch.then_body, inner[1] = &node->branch.else_body;
        for (int k = 0; k < 2; k++)
            if (inner[k] != NULL && !check_callee_is_private(v, call, inner[k]))
                return false;
    }
    return true;
}

static bool check_call(struct verifier *v, const struct ir_node *node)
{
    int32_t function = node->call.function;
    if (function < 0 || function >= v->program->function_count)
        return verify_fail(v, node, "there is no such function");
    if (v->program->functions[function] == v->function)
        return verify_fail(v, node, "a function calls itself");
    return check_has_no_effect(v, node) &&
           (v->parallel_depth == 0 ||
            check_callee_is_private(v, node, &v->program->functions[function]->body));
}

static bool check_compact(struct verifier *v, const struct ir_node *node)
{
    return check_has_no_effect(v, node) &&
           check_typed_use(v, node, node->compact.high, IR_I64, "upper bound") &&
           verify_buffer(v, node, node->compact.flags, SNN_BOOL, "flags") &&
           verify_buffer(v, node, node->compact.list, SNN_INT32, "list") &&
           verify_buffer(v, node, node->compact.count, SNN_INT64, "count") &&
           check_store_is_private(v, node, node->compact.list) &&
           check_store_is_private(v, node, node->compact.count);
}

static bool check_ode(struct verifier *v, const struct frame *frame, const struct ir_node *node)
{
    if (v->program->gone & IR_GONE_ODE)
        return verify_fail(v, node, "an ode is left after pass 'integrate'");
    if (!check_typed_use(v, node, node->ode.dt, IR_F64, "step"))
        return false;
    const struct ir_node *outer = v->ode;
    v->ode = node;
    bool is_right = check_block(v, frame, node, &node->ode.body, true, true);
    v->ode = outer;
    for (int32_t k = 0; is_right && k < node->ode.variable_count; k++) {
        const struct ir_ode_variable *variable = &node->ode.variables[k];
        is_right = check_variable(v, frame, node, variable->var, true) &&
                   check_typed_use(v, node, variable->rate, variable->var->type, "rate");
    }
    undefine(v, &node->ode.body);
    return is_right;
}

static bool check_propagate(struct verifier *v, const struct ir_node *node)
{
    if (v->program->gone & IR_GONE_PROPAGATION)
        return verify_fail(v, node, "a propagation is left after pass 'propagation'");
    if (node->propagate.connection < 0 ||
        node->propagate.connection >= v->program->connection_count)
        return verify_fail(v, node, "there is no such connection");
    if (node->propagate.base != NULL &&
        !check_typed_use(v, node, node->propagate.base, IR_I64, "base"))
        return false;
    if (node->propagate.steps != NULL &&
        !check_typed_use(v, node, node->propagate.steps, IR_I64, "steps"))
        return false;
    return check_has_no_effect(v, node);
}

static bool check_node(struct verifier *v, const struct frame *frame, const struct ir_node *node)
{
    switch (node->kind) {
    case IR_NODE_INSTR: return check_instruction(v, frame, node);
    case IR_NODE_LOOP: return check_loop(v, frame, node);
    case IR_NODE_REDUCE: return check_reduce(v, frame, node);
    case IR_NODE_IF: return check_if(v, frame, node);
    case IR_NODE_WHILE: return check_while(v, frame, node);
    case IR_NODE_BLOCK: return check_block(v, frame, node, &node->block.body, false, false);
    case IR_NODE_BREAK:
    case IR_NODE_CONTINUE: return check_jump(v, frame, node);
    case IR_NODE_CALL: return check_call(v, node);
    case IR_NODE_COMPACT: return check_compact(v, node);
    case IR_NODE_ODE: return check_ode(v, frame, node);
    case IR_NODE_PROPAGATE: return check_propagate(v, node);
    }
    unreachable();
}

/* Numbers are given in order of appearance: another number means that the node appears again,
 * later. */
static bool check_number(struct verifier *v, const struct ir_node *node)
{
    bool has_index =
        node->kind == IR_NODE_LOOP || node->kind == IR_NODE_REDUCE || node->kind == IR_NODE_WHILE;
    if (node->id != v->next_id)
        return verify_fail(v, node, "the node is in the tree twice");
    v->next_id += has_index ? 2 : 1;
    return true;
}

static bool check_block(struct verifier *v, const struct frame *parent, const struct ir_node *owner,
                        const struct ir_block *block, bool is_barrier, bool stays_visible)
{
    struct frame frame = { owner, parent, 1, 0 };
    if (parent != NULL) {
        frame.depth = parent->depth + 1;
        frame.barrier = is_barrier ? frame.depth : parent->barrier;
    }
    const struct ir_node *previous = NULL;
    for (const struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->previous != previous)
            return verify_fail(v, node, "the list of nodes is broken");
        if (!check_number(v, node) || !check_node(v, &frame, node))
            return false;
        define(v, &frame, node);
        previous = node;
    }
    if (block->last != previous)
        return verify_fail(v, owner, "the list of nodes is broken");
    if (!stays_visible)
        undefine(v, block);
    return true;
}

/* ---- the program ---- */

static bool check_function(struct verifier *v, struct ir_function *function)
{
    ir_number(function);
    v->function = function;
    v->next_id = 0;
    v->visible = arena_alloc_array(&v->compilation->arena, (size_t)function->node_count + 1,
                                   sizeof *v->visible);
    v->depth = arena_alloc_array(&v->compilation->arena, (size_t)function->node_count + 1,
                                 sizeof *v->depth);
    return check_block(v, NULL, NULL, &function->body, false, false);
}

static bool check_entry_points(struct verifier *v)
{
    const struct ir_program *program = v->program;
    const int32_t entries[] = { program->setup, program->init, program->clear };
    for (int k = 0; k < 3; k++)
        if (entries[k] < 0 || entries[k] >= program->function_count)
            return verify_fail(v, NULL, "setup, init or clear is missing");
    for (int32_t k = 0; k < program->task_count; k++)
        if (program->tasks[k].function < 0 || program->tasks[k].function >= program->function_count)
            return verify_fail(v, NULL, "task '%s' has no function", program->tasks[k].name);
    return true;
}

bool ir_verify(struct compilation *c, struct ir_program *program, const char *after)
{
    struct verifier v = { .compilation = c, .program = program, .after = after };
    if (!check_entry_points(&v))
        return false;
    for (int32_t k = 0; k < program->function_count; k++)
        if (!check_function(&v, program->functions[k]))
            return false;
    return true;
}
