/* SPDX-License-Identifier: MIT
 *
 * A program in the IR, built by hand and interpreted without the runtime: buffers and tables are
 * this fixture's own.
 */
#ifndef SNNC_TESTS_IR_FIXTURE_H
#define SNNC_TESTS_IR_FIXTURE_H

#undef NDEBUG
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/interpret.h"
#include "passes/passes.h"

enum { FIXTURE_LIMIT = 16 };

struct fixture {
    struct compilation compilation;
    struct ir_program program;
    struct ir_builder builder;
    struct interpreter interpreter;
    struct snn_context context;
    void *buffers[FIXTURE_LIMIT];
    int64_t sizes[FIXTURE_LIMIT];
    union snn_value constants[FIXTURE_LIMIT];
    uint64_t keys[FIXTURE_LIMIT];
};

static int64_t fixture_count(const struct snn_context *context, int32_t buffer)
{
    return context->sizes[buffer]; /* each buffer has a size of its own */
}

/* A function of the given kind, where the builder then is. */
static inline int32_t fixture_function(struct fixture *f, enum ir_function_kind kind)
{
    int32_t number =
        ir_add_function(&f->compilation, &f->program, "test", kind, (struct span){ 0 });
    f->builder = (struct ir_builder){ .compilation = &f->compilation,
                                      .program = &f->program,
                                      .function = f->program.functions[number],
                                      .block = &f->program.functions[number]->body };
    return number;
}

/* Begins a program whose only function, number 0, is of kind `step`. */
static inline void fixture_begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    compilation_init(&f->compilation);
    f->program.name = "test";
    fixture_function(f, IR_FUNCTION_STEP);
}

static inline int32_t fixture_buffer(struct fixture *f, const char *name, enum snn_type type,
                                     int64_t count)
{
    int32_t size = ir_add_size(&f->compilation, &f->program, name);
    struct ir_buffer buffer = {
        .name = name, .type = type, .kind = SNN_BUFFER_LANE, .count = size
    };
    int32_t number = ir_add_buffer(&f->compilation, &f->program, buffer);
    assert(number == size && number < FIXTURE_LIMIT);
    f->sizes[number] = count;
    f->buffers[number] = calloc((size_t)count + 1, 8);
    assert(f->buffers[number] != NULL);
    return number;
}

/* The loop over all elements of a buffer; the builder goes into its body. */
static inline struct ir_node *fixture_loop(struct fixture *f, int32_t buffer)
{
    struct ir_node *low = ir_integer(&f->builder, 0);
    struct ir_node *high = ir_leaf(&f->builder, IR_SIZE, IR_I64, f->program.buffers[buffer].count);
    struct ir_node *loop = ir_loop(&f->builder, "test", low, high, true);
    f->builder.block = &loop->loop.body;
    return loop;
}

static inline void fixture_run(struct fixture *f, int32_t function)
{
    if (f->interpreter.slots == NULL) {
        interpreter_init(&f->interpreter, &f->compilation, &f->program);
        f->interpreter.count = fixture_count;
        f->context.buffers = f->buffers;
        f->context.sizes = f->sizes;
        f->context.constants = f->constants;
        f->context.keys = f->keys;
    }
    interpreter_call(&f->interpreter, &f->context, function);
}

static inline void fixture_finish(struct fixture *f)
{
    for (int k = 0; k < FIXTURE_LIMIT; k++)
        free(f->buffers[k]);
    compilation_finish(&f->compilation);
}

#endif
