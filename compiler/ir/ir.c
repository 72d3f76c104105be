/* SPDX-License-Identifier: MIT
 *
 * The tables of a program: adding to them, and the few facts about their entries that everybody
 * needs. Nodes are made in build.c and changed in edit.c.
 */
#include "ir/ir.h"

/* Makes room for one more; returns the table, moved if it was full. The tables count in int32_t,
 * the arena in size_t. */
static void *grow(struct compilation *c, void *items, int32_t count, int32_t *capacity, size_t size)
{
    size_t wide = (size_t)*capacity;
    items = array_reserve(&c->arena, items, (size_t)count, &wide, size);
    *capacity = (int32_t)wide;
    return items;
}

int32_t ir_add_size(struct compilation *c, struct ir_program *program, const char *name)
{
    program->sizes = grow(c, program->sizes, program->size_count, &program->size_capacity,
                          sizeof *program->sizes);
    program->sizes[program->size_count] = (struct ir_size){ .name = name };
    return program->size_count++;
}

int32_t ir_add_constant(struct compilation *c, struct ir_program *program, const char *name,
                        bool is_integer)
{
    program->constants = grow(c, program->constants, program->constant_count,
                              &program->constant_capacity, sizeof *program->constants);
    program->constants[program->constant_count] = (struct ir_constant){ name, is_integer };
    return program->constant_count++;
}

int32_t ir_add_site(struct compilation *c, struct ir_program *program, const char *stream,
                    struct span span)
{
    program->sites = grow(c, program->sites, program->site_count, &program->site_capacity,
                          sizeof *program->sites);
    program->sites[program->site_count] = (struct ir_site){ stream, span };
    return program->site_count++;
}

int32_t ir_add_buffer(struct compilation *c, struct ir_program *program, struct ir_buffer buffer)
{
    program->buffers = grow(c, program->buffers, program->buffer_count, &program->buffer_capacity,
                            sizeof *program->buffers);
    buffer.adjoint = buffer.adjoint_base = buffer.adjoint_gate = buffer.kept_by = -1;
    program->buffers[program->buffer_count] = buffer;
    return program->buffer_count++;
}

int32_t ir_add_connection(struct compilation *c, struct ir_program *program,
                          struct ir_connection connection)
{
    program->connections = grow(c, program->connections, program->connection_count,
                                &program->connection_capacity, sizeof *program->connections);
    program->connections[program->connection_count] = connection;
    return program->connection_count++;
}

int32_t ir_add_function(struct compilation *c, struct ir_program *program, const char *name,
                        enum ir_function_kind kind, struct span span)
{
    program->functions = grow(c, program->functions, program->function_count,
                              &program->function_capacity, sizeof(struct ir_function *));
    struct ir_function *function = arena_new(&c->arena, struct ir_function);
    function->name = name;
    function->kind = kind;
    function->span = span;
    function->reverse_of = -1;
    program->functions[program->function_count] = function;
    return program->function_count++;
}

enum ir_type ir_buffer_value_type(enum snn_type type)
{
    switch (type) {
    case SNN_BOOL: return IR_BOOL;
    case SNN_INT32:
    case SNN_INT64: return IR_I64;
    case SNN_FLOAT32: return IR_F32;
    case SNN_FLOAT64: return IR_F64;
    case SNN_STRING: break;
    }
    unreachable();
}
