/* SPDX-License-Identifier: MIT
 *
 * The text form of a program: its tables, then its functions as indented trees. It is stable, for
 * tests to compare, and meant to be read by people: constants stand where they are used, memory and
 * tables appear under their names.
 */
#include "ir/print.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/print_internal.h"
#include "ir/rt.h"

static void add_bytes(struct printer *p, const char *bytes, size_t length)
{
    while (p->capacity - p->count < length + 1) {
        size_t capacity = p->capacity > 0 ? 2 * p->capacity : 4096;
        char *items = arena_alloc(p->arena, capacity);
        if (p->count > 0)
            memcpy(items, p->items, p->count);
        p->items = items;
        p->capacity = capacity;
    }
    memcpy(p->items + p->count, bytes, length);
    p->count += length;
    p->items[p->count] = '\0';
}

void print_text(struct printer *p, const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < (int)sizeof line) {
        add_bytes(p, line, (size_t)length);
        return;
    }
    va_start(arguments, format);
    const char *text = arena_format_va(p->arena, format, arguments);
    va_end(arguments);
    add_bytes(p, text, strlen(text));
}

static void add_indent(struct printer *p)
{
    for (int k = 0; k < p->depth; k++)
        print_text(p, "    ");
}

void print_quoted(struct printer *p, const char *text)
{
    print_text(p, "\"");
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            print_text(p, "\\%c", *text);
        else if ((unsigned char)*text < ' ')
            print_text(p, "\\x%02x", (unsigned char)*text);
        else
            add_bytes(p, text, 1);
    }
    print_text(p, "\"");
}

/* ---- names ---- */

const char *ir_op_name(enum ir_op op)
{
    static const char *const names[] = {
#define IR_OP(name, text, operands, class) text,
#include "ir/ops.def"
#undef IR_OP
    };
    return names[op];
}

const char *ir_type_name(enum ir_type type)
{
    static const char *const names[] = { "void", "bool", "i32", "i64", "f32", "f64", "pointer" };
    return names[type];
}

static const char *context_field_name(enum ir_context_field field)
{
    static const char *const names[] = { "learning", "path", "present", "step", "steps" };
    return names[field];
}

static const char *reduction_name(enum ir_reduction reduction)
{
    static const char *const names[] = { "sum", "product", "min",    "max",
                                         "any", "all",     "argmin", "argmax" };
    return names[reduction];
}

static const char *ode_method_name(enum ir_ode_method method)
{
    static const char *const names[] = { "exact", "euler", "rk4", "exponential_euler", "form" };
    return names[method];
}

static const char *function_kind_name(enum ir_function_kind kind)
{
    static const char *const names[] = { "setup", "init", "clear", "reset",
                                         "start", "step", "end",   "task" };
    return names[kind];
}

/* ---- values ---- */

static double read_back(enum ir_type type, const char *text)
{
    return type == IR_F32 ? (double)strtof(text, NULL) : strtod(text, NULL);
}

/* The fewest digits that read back as the same number, without an exponent where that is readable.
 */
void print_real(struct printer *p, enum ir_type type, double value)
{
    char text[40];
    int digits = 1, limit = type == IR_F32 ? 9 : 17;
    do
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
    while (read_back(type, text) != value && ++digits <= limit);
    const char *exponent = strchr(text, 'e');
    int decimals = digits - 1 - (exponent != NULL ? atoi(exponent + 1) : 0);
    if (isfinite(value) && fabs(value) < 1e15 && decimals <= 20)
        snprintf(text, sizeof text, "%.*f", decimals > 1 ? decimals : 1, value);
    print_text(p, "%s", text);
}

static void add_constant(struct printer *p, const struct ir_node *node)
{
    switch (node->type) {
    case IR_BOOL: print_text(p, "%s", node->payload.integer ? "true" : "false"); return;
    case IR_I32: print_text(p, "0x%x", (unsigned)node->payload.integer); return;
    case IR_I64: print_text(p, "%lld", (long long)node->payload.integer); return;
    case IR_F32:
    case IR_F64: print_real(p, node->type, node->payload.real); return;
    case IR_VOID:
    case IR_POINTER: break;
    }
    print_text(p, "const of %s", ir_type_name(node->type));
}

static void add_value(struct printer *p, const struct ir_node *node)
{
    if (node == NULL)
        print_text(p, "nothing");
    else if (node->kind == IR_NODE_INSTR && node->op == IR_CONST)
        add_constant(p, node);
    else
        print_text(p, "%%%d", (int)node->id);
}

void print_buffer(struct printer *p, int32_t buffer)
{
    if (buffer < 0)
        print_text(p, "none");
    else if (buffer < p->program->buffer_count)
        print_text(p, "@%s", p->program->buffers[buffer].name);
    else
        print_text(p, "@%d?", (int)buffer);
}

void print_size(struct printer *p, int32_t size)
{
    if (size < 0)
        print_text(p, "?");
    else if (size < p->program->size_count)
        print_quoted(p, p->program->sizes[size].name);
    else
        print_text(p, "%d?", (int)size);
}

/* "name", or a number beyond the table. */
static void add_entry(struct printer *p, int32_t index, int32_t count, const char *name)
{
    if (index >= 0 && index < count && name != NULL)
        print_quoted(p, name);
    else
        print_text(p, "%d", (int)index);
}

/* ---- instructions ---- */

static void add_operands(struct printer *p, const struct ir_node *node, int32_t first)
{
    for (int32_t k = first; k < node->operand_count; k++) {
        print_text(p, k == first ? " " : ", ");
        add_value(p, node->operands[k]);
    }
}

static void add_result(struct printer *p, const struct ir_node *node)
{
    if (node->type != IR_VOID)
        print_text(p, "%%%d: %s = ", (int)node->id, ir_type_name(node->type));
}

static void add_table_leaf(struct printer *p, const struct ir_node *node)
{
    const struct ir_program *program = p->program;
    int32_t index = node->payload.index;
    print_text(p, " ");
    switch (node->op) {
    case IR_SIZE:
    case IR_SIZE_SET: print_size(p, index); return;
    case IR_CONSTANT:
    case IR_CONSTANT_SET:
        add_entry(p, index, program->constant_count,
                  index < program->constant_count ? program->constants[index].name : NULL);
        return;
    case IR_PARAM:
        add_entry(p, index, program->param_count,
                  index < program->param_count ? program->params[index].name : NULL);
        return;
    case IR_DATA:
        add_entry(p, index, program->data_count,
                  index < program->data_count ? program->data[index].name : NULL);
        return;
    default: print_text(p, "%d", (int)index); return;
    }
}

static void add_variable_instruction(struct printer *p, const struct ir_node *node)
{
    if (node->op == IR_VAR) {
        print_text(p, "var %%%d", (int)node->id);
        if (node->name != NULL)
            print_text(p, " \"%s\"", node->name);
        print_text(p, ": %s =", ir_type_name(node->type));
        add_operands(p, node, 0);
        return;
    }
    add_result(p, node);
    print_text(p, "%s ", ir_op_name(node->op));
    add_value(p, node->payload.node);
    if (node->payload.node != NULL && node->payload.node->name != NULL)
        print_text(p, " \"%s\"", node->payload.node->name);
    if (node->op == IR_VAR_SET) {
        print_text(p, " =");
        add_operands(p, node, 0);
    }
}

static void add_access(struct printer *p, const struct ir_node *node)
{
    add_result(p, node);
    print_text(p, "%s ", ir_op_name(node->op));
    print_buffer(p, node->payload.index);
    print_text(p, "[");
    add_value(p, node->operand_count > 0 ? node->operands[0] : NULL);
    print_text(p, "]");
    if (node->op == IR_STORE) {
        print_text(p, " =");
        add_operands(p, node, 1);
    }
}

static void add_instruction(struct printer *p, const struct ir_node *node)
{
    switch (node->op) {
    case IR_VAR:
    case IR_VAR_GET:
    case IR_VAR_SET: add_variable_instruction(p, node); return;
    case IR_LOAD:
    case IR_STORE: add_access(p, node); return;
    default: break;
    }
    add_result(p, node);
    print_text(p, "%s", ir_op_name(node->op));
    switch (node->op) {
    case IR_CONST:
        print_text(p, " ");
        add_constant(p, node);
        break;
    case IR_TEXT:
        print_text(p, " ");
        print_quoted(p, node->payload.text);
        break;
    case IR_SIZE:
    case IR_SIZE_SET:
    case IR_CONSTANT:
    case IR_CONSTANT_SET:
    case IR_PARAM:
    case IR_DATA:
    case IR_KEY:
    case IR_ODE_VALUE: add_table_leaf(p, node); break;
    case IR_CONTEXT_GET:
    case IR_CONTEXT_SET:
        print_text(p, " %s", context_field_name((enum ir_context_field)node->payload.index));
        break;
    case IR_CALL_RT: print_text(p, " %s", ir_rt_name((enum ir_rt)node->payload.index)); break;
    default: break;
    }
    bool sets_entry =
        node->op == IR_SIZE_SET || node->op == IR_CONSTANT_SET || node->op == IR_CONTEXT_SET;
    print_text(p, sets_entry ? " =" : "");
    add_operands(p, node, 0);
}

/* ---- structured nodes: their first line ---- */

static void add_range(struct printer *p, const struct ir_node *index, const struct ir_node *low,
                      const struct ir_node *high)
{
    add_value(p, index);
    print_text(p, " in ");
    add_value(p, low);
    print_text(p, " ..< ");
    add_value(p, high);
}

static void add_loop(struct printer *p, const struct ir_node *node)
{
    print_text(p, "for ");
    if (node->loop.events >= 0) {
        add_value(p, node->loop.index);
        print_text(p, " of ");
        print_buffer(p, node->loop.events);
        print_text(p, "[");
        add_value(p, node->loop.low);
        print_text(p, " ..< ");
        add_value(p, node->loop.high);
        print_text(p, "]");
    } else {
        add_range(p, node->loop.index, node->loop.low, node->loop.high);
    }
    print_text(p, "%s%s%s%s", node->loop.is_independent ? " independent" : "",
               node->loop.is_wide ? " wide" : "", node->loop.is_vector ? " vector" : "",
               node->loop.is_parallel ? " parallel" : "");
    if (node->name != NULL)
        print_text(p, " \"%s\"", node->name);
}

static void add_compact(struct printer *p, const struct ir_node *node)
{
    print_text(p, "compact ");
    print_buffer(p, node->compact.flags);
    print_text(p, " -> ");
    print_buffer(p, node->compact.list);
    print_text(p, ", ");
    print_buffer(p, node->compact.count);
    print_text(p, " below ");
    add_value(p, node->compact.high);
}

static void add_callee(struct printer *p, int32_t function)
{
    if (function >= 0 && function < p->program->function_count)
        print_text(p, "call @%s", p->program->functions[function]->name);
    else
        print_text(p, "call %d?", (int)function);
}

static void add_propagate(struct printer *p, const struct ir_node *node)
{
    static const char *const modes[] = { "", " transpose", " outer" };
    int32_t connection = node->propagate.connection;
    if (connection >= 0 && connection < p->program->connection_count)
        print_text(p, "propagate%s @%s", modes[node->propagate.mode],
                   p->program->connections[connection].name);
    else
        print_text(p, "propagate %d?", (int)connection);
    if (node->propagate.base != NULL) {
        print_text(p, " at ");
        add_value(p, node->propagate.base);
    }
    if (node->propagate.steps != NULL) {
        print_text(p, " in steps below ");
        add_value(p, node->propagate.steps);
    }
}

static void add_head(struct printer *p, const struct ir_node *node)
{
    switch (node->kind) {
    case IR_NODE_INSTR: add_instruction(p, node); return;
    case IR_NODE_LOOP: add_loop(p, node); return;
    case IR_NODE_REDUCE:
        add_result(p, node);
        print_text(p, "%s ", reduction_name(node->reduce.reduction));
        add_range(p, node->reduce.index, node->reduce.low, node->reduce.high);
        return;
    case IR_NODE_IF:
        print_text(p, "if ");
        add_value(p, node->branch.condition);
        return;
    case IR_NODE_WHILE:
        print_text(p, "while %%%d turn %%%d", (int)node->id, (int)node->loop_while.index->id);
        return;
    case IR_NODE_BLOCK: print_text(p, "block %%%d", (int)node->id); return;
    case IR_NODE_BREAK:
        print_text(p, "break ");
        add_value(p, node->jump.target);
        return;
    case IR_NODE_CONTINUE:
        print_text(p, "continue ");
        add_value(p, node->jump.target);
        return;
    case IR_NODE_CALL: add_callee(p, node->call.function); return;
    case IR_NODE_COMPACT: add_compact(p, node); return;
    case IR_NODE_ODE:
        print_text(p, "ode %s dt ", ode_method_name(node->ode.method));
        add_value(p, node->ode.dt);
        return;
    case IR_NODE_PROPAGATE: add_propagate(p, node); return;
    }
    unreachable();
}

/* ---- the tree ---- */

static void add_node(struct printer *p, const struct ir_node *node);

static void add_block(struct printer *p, const struct ir_block *block)
{
    print_text(p, " {\n");
    p->depth++;
    for (const struct ir_node *node = block->first; node != NULL; node = node->next)
        add_node(p, node);
    p->depth--;
    add_indent(p);
    print_text(p, "}");
}

static void add_reduce_tail(struct printer *p, const struct ir_node *node)
{
    print_text(p, " of");
    for (int32_t k = 0; k < node->reduce.key_count; k++) {
        print_text(p, k == 0 ? " " : ", ");
        add_value(p, node->reduce.keys[k]);
    }
    if (node->reduce.condition != NULL) {
        print_text(p, " if ");
        add_value(p, node->reduce.condition);
    }
}

static void add_ode_tail(struct printer *p, const struct ir_node *node)
{
    for (int32_t k = 0; k < node->ode.variable_count; k++) {
        const struct ir_ode_variable *variable = &node->ode.variables[k];
        print_text(p, "%s %s %%%d' = ", k == 0 ? "" : ",", variable->name, (int)variable->var->id);
        add_value(p, variable->rate);
    }
}

static void add_bodies(struct printer *p, const struct ir_node *node)
{
    switch (node->kind) {
    case IR_NODE_LOOP: add_block(p, &node->loop.body); return;
    case IR_NODE_REDUCE:
        add_block(p, &node->reduce.body);
        add_reduce_tail(p, node);
        return;
    case IR_NODE_IF:
        add_block(p, &node->branch.then_body);
        if (node->branch.else_body.first != NULL) {
            print_text(p, " else");
            add_block(p, &node->branch.else_body);
        }
        return;
    case IR_NODE_WHILE:
        add_block(p, &node->loop_while.test);
        print_text(p, " ");
        add_value(p, node->loop_while.condition);
        add_block(p, &node->loop_while.body);
        return;
    case IR_NODE_BLOCK: add_block(p, &node->block.body); return;
    case IR_NODE_ODE:
        add_block(p, &node->ode.body);
        add_ode_tail(p, node);
        return;
    case IR_NODE_INSTR:
    case IR_NODE_BREAK:
    case IR_NODE_CONTINUE:
    case IR_NODE_CALL:
    case IR_NODE_COMPACT:
    case IR_NODE_PROPAGATE: return;
    }
    unreachable();
}

static void add_node(struct printer *p, const struct ir_node *node)
{
    if (node->kind == IR_NODE_INSTR && node->op == IR_CONST)
        return;
    add_indent(p);
    add_head(p, node);
    add_bodies(p, node);
    print_text(p, "\n");
}

void ir_print(struct compilation *c, const struct ir_program *program, char **out, size_t *length)
{
    struct printer p = { .arena = &c->arena, .program = program };
    print_tables(&p);
    for (int32_t k = 0; k < program->function_count; k++) {
        const struct ir_function *function = program->functions[k];
        print_text(&p, "\n%s @%s", function_kind_name(function->kind), function->name);
        add_block(&p, &function->body);
        print_text(&p, "\n");
    }
    *out = p.items;
    *length = p.count;
}

const char *ir_describe(struct compilation *c, const struct ir_program *program,
                        const struct ir_node *node)
{
    struct printer p = { .arena = &c->arena, .program = program };
    add_head(&p, node);
    return p.items;
}
