/* SPDX-License-Identifier: MIT
 *
 * Generated code gives the same bits as the reference interpreter: at -O0 and -O3, with vectors of
 * this machine and without any beyond SSE2. Each case builds a function in the program IR; sizes
 * are chosen so that full blocks, a rest and nothing at all occur.
 */
#undef NDEBUG
#include <assert.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/remarks.h"
#include "codegen/codegen.h"
#include "ir/interpret.h"
#include "ir/verify.h"
#include "passes/passes.h"

enum { ROWS = 37, COLUMNS = 83, EVENTS = 11, BUFFER_LIMIT = 16, CAPACITY = ROWS * COLUMNS + 16 };

enum { SIZE_ROWS, SIZE_COLUMNS, SIZE_ALL, SIZE_EVENTS, SIZE_SCALAR, SIZE_COUNT };
enum {
    V,
    INPUT,
    SINCE,
    SPIKE,
    WEIGHT,
    LIST,
    LIST_COUNT,
    TRACE,
    SUM,
    ORDER,
    ROW_STARTS,
    WIDE,
    BUFFER_COUNT
};
enum { TAU, LEAK, CONSTANT_COUNT };

static const int64_t sizes[SIZE_COUNT] = { ROWS, COLUMNS, ROWS *COLUMNS, EVENTS, 1 };

struct built {
    struct compilation compilation;
    struct ir_program program;
    struct ir_builder builder;
};

static int32_t add_buffer(struct built *t, const char *name, enum snn_type type, int32_t size)
{
    struct ir_buffer buffer = {
        .name = name, .type = type, .kind = SNN_BUFFER_LANE, .count = size
    };
    return ir_add_buffer(&t->compilation, &t->program, buffer);
}

static void begin(struct built *t)
{
    memset(t, 0, sizeof *t);
    compilation_init(&t->compilation);
    t->program.name = "test";
    t->program.source = "test.snn";
    for (int k = 0; k < SIZE_COUNT; k++)
        ir_add_size(&t->compilation, &t->program, "size");
    for (int k = 0; k < CONSTANT_COUNT; k++)
        ir_add_constant(&t->compilation, &t->program, "constant", false);
    add_buffer(t, "v", SNN_FLOAT32, SIZE_COLUMNS);
    add_buffer(t, "input", SNN_FLOAT32, SIZE_COLUMNS);
    add_buffer(t, "since", SNN_INT32, SIZE_COLUMNS);
    add_buffer(t, "spike", SNN_BOOL, SIZE_COLUMNS);
    add_buffer(t, "weight", SNN_FLOAT32, SIZE_ALL);
    add_buffer(t, "list", SNN_INT32, SIZE_COLUMNS);
    add_buffer(t, "list.count", SNN_INT64, SIZE_SCALAR);
    add_buffer(t, "trace", SNN_FLOAT32, SIZE_ROWS);
    add_buffer(t, "sum", SNN_FLOAT32, SIZE_COLUMNS);
    add_buffer(t, "order", SNN_INT64, SIZE_COLUMNS);
    add_buffer(t, "row.starts", SNN_INT32, SIZE_COLUMNS);
    add_buffer(t, "wide", SNN_FLOAT64, SIZE_COLUMNS);
    int32_t empty = ir_add_function(&t->compilation, &t->program, "setup", IR_FUNCTION_SETUP,
                                    (struct span){ 0 });
    int32_t tested = ir_add_function(&t->compilation, &t->program, "tested", IR_FUNCTION_TASK,
                                     (struct span){ 0 });
    t->program.setup = t->program.init = t->program.clear = empty;
    t->builder = (struct ir_builder){ .compilation = &t->compilation,
                                      .program = &t->program,
                                      .function = t->program.functions[tested],
                                      .block = &t->program.functions[tested]->body };
}

/* ---- writing IR ---- */

static struct ir_node *size(struct ir_builder *b, int32_t which)
{
    return ir_leaf(b, IR_SIZE, IR_I64, which);
}

static struct ir_node *f32(struct ir_builder *b, double value)
{
    return ir_real(b, IR_F32, value);
}

static struct ir_node *element(struct ir_builder *b, struct ir_node *row, struct ir_node *column)
{
    return ir_binary(b, IR_ADD, ir_binary(b, IR_MUL, row, size(b, SIZE_COLUMNS)), column);
}

/* Goes into the body of a loop; returns the block to come back to. */
static struct ir_block *enter(struct ir_builder *b, struct ir_block *block)
{
    struct ir_block *outer = b->block;
    b->block = block;
    return outer;
}

static struct ir_node *loop(struct ir_builder *b, int32_t high, struct ir_block **outer)
{
    struct ir_node *high_node = size(b, high);
    struct ir_node *node = ir_loop(b, "loop", ir_integer(b, 0), high_node, true);
    *outer = enter(b, &node->loop.body);
    return node->loop.index;
}

static struct ir_node *events(struct ir_builder *b, bool is_independent, struct ir_block **outer)
{
    struct ir_node *count = ir_load(b, LIST_COUNT, ir_integer(b, 0));
    struct ir_node *node = ir_loop_events(b, "events", LIST, count, is_independent);
    *outer = enter(b, &node->loop.body);
    return node->loop.index;
}

/* A layer of leaky neurons with refractory period and on-spike block. */
static void build_neurons(struct ir_builder *b)
{
    struct ir_block *outer;
    struct ir_node *i = loop(b, SIZE_COLUMNS, &outer);
    struct ir_node *v = ir_var(b, "v", ir_load(b, V, i));
    struct ir_node *tau = ir_leaf(b, IR_CONSTANT, IR_F32, TAU), *rest = f32(b, -65);
    ir_set(b, v, ir_fma(b, ir_binary(b, IR_SUB, ir_get(b, v), rest), tau, rest));
    struct ir_node *since = ir_load(b, SINCE, i);
    struct ir_node *is_free = ir_binary(b, IR_GT, since, ir_integer(b, 5));
    struct ir_node *node = ir_if(b, is_free);
    struct ir_block *here = enter(b, &node->branch.then_body);
    ir_set(b, v, ir_binary(b, IR_ADD, ir_get(b, v), ir_load(b, INPUT, i)));
    enter(b, here);
    struct ir_node *is_high = ir_binary(b, IR_GE, ir_get(b, v), f32(b, -52));
    struct ir_node *spikes = ir_binary(b, IR_AND, is_high, is_free);
    ir_store(b, SPIKE, i, spikes);
    node = ir_if(b, spikes);
    enter(b, &node->branch.then_body);
    ir_set(b, v, f32(b, -60));
    ir_store(b, SINCE, i, ir_integer(b, 0));
    struct ir_node *sum = ir_load(b, SUM, i);
    ir_store(b, SUM, i, ir_binary(b, IR_ADD, sum, ir_leaf(b, IR_CONSTANT, IR_F32, LEAK)));
    enter(b, &node->branch.else_body);
    ir_store(b, SINCE, i, ir_binary(b, IR_ADD, since, ir_integer(b, 1)));
    enter(b, here);
    ir_store(b, V, i, ir_get(b, v));
    ir_store(b, INPUT, i, f32(b, 0));
    enter(b, outer);
    ir_compact(b, SPIKE, LIST, LIST_COUNT, size(b, SIZE_COLUMNS));
}

/* Rows of spiking inputs added to the inputs of a layer, in the order of the list. */
static void build_propagation(struct ir_builder *b)
{
    struct ir_block *outer, *inner;
    struct ir_node *j = loop(b, SIZE_COLUMNS, &outer);
    struct ir_node *sum = ir_var(b, "sum", ir_load(b, INPUT, j));
    struct ir_node *k = events(b, false, &inner);
    struct ir_node *weight = ir_load(b, WEIGHT, element(b, k, j));
    ir_set(b, sum, ir_binary(b, IR_ADD, ir_get(b, sum), weight));
    enter(b, inner);
    ir_store(b, INPUT, j, ir_get(b, sum));
    enter(b, outer);
}

/* Depression of the rows of spiking inputs, with bounds. */
static void build_row_update(struct ir_builder *b)
{
    struct ir_block *outer, *inner;
    struct ir_node *i = events(b, true, &outer);
    struct ir_node *j = loop(b, SIZE_COLUMNS, &inner);
    struct ir_node *at = element(b, i, j), *w = ir_load(b, WEIGHT, at);
    w = ir_binary(b, IR_SUB, w, ir_binary(b, IR_MUL, f32(b, 0.01), ir_load(b, SUM, j)));
    w = ir_binary(b, IR_MAX, ir_binary(b, IR_MIN, w, f32(b, 0.5)), f32(b, 0.1));
    ir_store(b, WEIGHT, at, w);
    enter(b, inner);
    enter(b, outer);
}

/* Columns of spiking neurons: scattered memory. */
static void build_column_update(struct ir_builder *b)
{
    struct ir_block *outer, *inner;
    struct ir_node *i = loop(b, SIZE_ROWS, &outer);
    struct ir_node *trace = ir_load(b, TRACE, i);
    struct ir_node *j = events(b, true, &inner);
    struct ir_node *at = element(b, i, j);
    ir_store(b, WEIGHT, at, ir_fma(b, trace, f32(b, 0.01), ir_load(b, WEIGHT, at)));
    enter(b, inner);
    enter(b, outer);
}

/* Each column scaled to a given sum: the outer loop is the contiguous one. */
static void build_normalization(struct ir_builder *b)
{
    struct ir_block *outer, *inner;
    struct ir_node *j = loop(b, SIZE_COLUMNS, &outer);
    struct ir_node *low = ir_integer(b, 0), *high = size(b, SIZE_ROWS);
    struct ir_node *sum = ir_reduce(b, IR_REDUCE_SUM, IR_F32, low, high);
    struct ir_block *here = enter(b, &sum->reduce.body);
    sum->reduce.keys[0] = ir_load(b, WEIGHT, element(b, sum->reduce.index, j));
    sum->reduce.key_count = 1;
    enter(b, here);
    struct ir_node *factor = ir_binary(b, IR_DIV, f32(b, 7.84), sum);
    struct ir_node *i = loop(b, SIZE_ROWS, &inner);
    struct ir_node *at = element(b, i, j);
    ir_store(b, WEIGHT, at, ir_binary(b, IR_MUL, ir_load(b, WEIGHT, at), factor));
    enter(b, inner);
    enter(b, outer);
}

static struct ir_node *reduce_row(struct ir_builder *b, enum ir_reduction reduction,
                                  struct ir_node *row, bool has_condition)
{
    struct ir_node *low = ir_integer(b, 0), *high = size(b, SIZE_COLUMNS);
    bool is_arg = reduction == IR_REDUCE_ARGMIN || reduction == IR_REDUCE_ARGMAX;
    struct ir_node *node = ir_reduce(b, reduction, is_arg ? IR_I64 : IR_F32, low, high);
    struct ir_block *here = enter(b, &node->reduce.body);
    struct ir_node *x = ir_load(b, WEIGHT, element(b, row, node->reduce.index));
    node->reduce.keys[node->reduce.key_count++] =
        is_arg ? ir_unary(b, IR_FLOOR, ir_binary(b, IR_MUL, x, f32(b, 8))) : x;
    if (is_arg)
        node->reduce.keys[node->reduce.key_count++] = ir_load(b, V, node->reduce.index);
    if (has_condition)
        node->reduce.condition =
            ir_binary(b, IR_LT, ir_load(b, SINCE, node->reduce.index), ir_integer(b, 8));
    enter(b, here);
    return node;
}

static const enum ir_reduction all_reductions[] = { IR_REDUCE_SUM,    IR_REDUCE_PRODUCT,
                                                    IR_REDUCE_MIN,    IR_REDUCE_MAX,
                                                    IR_REDUCE_ARGMIN, IR_REDUCE_ARGMAX };

/* Reductions in straight code: along lanes. */
static void build_reductions(struct ir_builder *b)
{
    int64_t at = 0;
    for (size_t k = 0; k < sizeof all_reductions / sizeof *all_reductions; k++)
        for (int has_condition = 0; has_condition < 2; has_condition++) {
            struct ir_node *row = ir_integer(b, at % ROWS);
            struct ir_node *value = reduce_row(b, all_reductions[k], row, has_condition);
            ir_store(b, SUM, ir_integer(b, at++), value);
        }
}

/* Reductions by lane: the rows are the lanes. */
static void build_lane_reductions(struct ir_builder *b)
{
    for (size_t k = 0; k < sizeof all_reductions / sizeof *all_reductions; k++)
        for (int has_condition = 0; has_condition < 2; has_condition++) {
            struct ir_block *outer;
            struct ir_node *i = loop(b, SIZE_ROWS, &outer);
            struct ir_node *value = reduce_row(b, all_reductions[k], i, has_condition);
            struct ir_node *old = ir_load(b, TRACE, i);
            ir_store(b, TRACE, i, ir_binary(b, IR_ADD, ir_cast(b, IR_F32, value), old));
            enter(b, outer);
        }
}

/* Whole numbers, any, all; bounds that differ from lane to lane; a body too long to unroll. */
static void build_ragged(struct ir_builder *b)
{
    struct ir_block *outer;
    struct ir_node *i = loop(b, SIZE_COLUMNS, &outer);
    struct ir_node *start = ir_load(b, ROW_STARTS, i), *end = ir_load(b, ORDER, i);
    struct ir_node *sum = ir_reduce(b, IR_REDUCE_SUM, IR_F32, start, end);
    struct ir_block *here = enter(b, &sum->reduce.body);
    struct ir_node *x = ir_load(b, WEIGHT, sum->reduce.index);
    for (int k = 0; k < 12; k++)
        x = ir_binary(b, IR_ADD, ir_binary(b, IR_MUL, x, f32(b, 0.99)), f32(b, 0.01 * k));
    sum->reduce.keys[sum->reduce.key_count++] = x;
    enter(b, here);
    struct ir_node *largest = ir_reduce(b, IR_REDUCE_MAX, IR_I64, start, end);
    enter(b, &largest->reduce.body);
    struct ir_node *key = ir_cast(
        b, IR_I64, ir_binary(b, IR_MUL, ir_load(b, WEIGHT, largest->reduce.index), f32(b, 1e4)));
    largest->reduce.keys[largest->reduce.key_count++] = key;
    largest->reduce.condition =
        ir_binary(b, IR_NE, ir_binary(b, IR_MOD, key, ir_integer(b, 7)), ir_integer(b, 3));
    enter(b, here);
    struct ir_node *total = ir_var(b, "total", sum);
    struct ir_node *serial = ir_loop(b, "synapse", start, end, false);
    enter(b, &serial->loop.body);
    struct ir_node *w = ir_load(b, WEIGHT, serial->loop.index);
    ir_set(b, total, ir_fma(b, ir_get(b, total), f32(b, 0.5), w));
    enter(b, here);
    ir_store(b, SUM, i, ir_get(b, total));
    ir_store(b, WIDE, i, ir_cast(b, IR_F64, largest));
    enter(b, outer);
}

/* A loop whose lanes stop at different times; division and remainder of whole numbers. */
static void build_while(struct ir_builder *b)
{
    struct ir_block *outer;
    struct ir_node *i = loop(b, SIZE_COLUMNS, &outer);
    struct ir_node *n = ir_var(b, "n", ir_binary(b, IR_ADD, i, ir_integer(b, 1)));
    struct ir_node *steps = ir_var(b, "steps", ir_integer(b, 0));
    struct ir_node *node = ir_while(b);
    struct ir_block *here = enter(b, &node->loop_while.test);
    node->loop_while.condition = ir_binary(b, IR_GT, ir_get(b, n), ir_integer(b, 1));
    enter(b, &node->loop_while.body);
    struct ir_node *two = ir_integer(b, 2), *old = ir_get(b, n);
    struct ir_node *is_odd = ir_binary(b, IR_EQ, ir_binary(b, IR_MOD, old, two), ir_integer(b, 1));
    struct ir_node *branch = ir_if(b, is_odd);
    struct ir_block *body = enter(b, &branch->branch.then_body);
    ir_set(b, n,
           ir_binary(b, IR_ADD, ir_binary(b, IR_MUL, old, ir_integer(b, 3)), ir_integer(b, 1)));
    enter(b, &branch->branch.else_body);
    ir_set(b, n, ir_binary(b, IR_DIV, old, two));
    enter(b, body);
    ir_set(b, steps, ir_binary(b, IR_ADD, node->loop_while.index, ir_integer(b, 1)));
    enter(b, here);
    struct ir_node *offset = ir_binary(b, IR_SUB, i, ir_integer(b, 40));
    struct ir_node *divisor =
        ir_binary(b, IR_SUB, ir_binary(b, IR_MOD, i, ir_integer(b, 5)), ir_integer(b, 2));
    struct ir_node *mixed = ir_binary(b, IR_DIV, offset, divisor);
    mixed = ir_binary(b, IR_ADD, ir_binary(b, IR_MUL, mixed, ir_integer(b, 1000)),
                      ir_binary(b, IR_MOD, offset, divisor));
    ir_store(b, ORDER, i, ir_binary(b, IR_ADD, ir_get(b, steps), mixed));
    enter(b, outer);
}

/* Every instruction of bits, conversions, and functions of the C library by lane. */
static void build_arithmetic(struct ir_builder *b)
{
    struct ir_block *outer;
    struct ir_node *i = loop(b, SIZE_COLUMNS, &outer);
    struct ir_node *v = ir_load(b, V, i), *x = ir_load(b, WEIGHT, i);
    struct ir_node *bits = ir_bitcast(b, IR_I32, v),
                   *other = ir_cast(b, IR_I32, ir_load(b, ORDER, i));
    struct ir_node *word =
        ir_binary(b, IR_XOR, bits, ir_binary(b, IR_MULHI, bits, ir_bits(b, 0xd2511f53)));
    word = ir_binary(b, IR_OR, ir_binary(b, IR_SHR, word, ir_bits(b, 7)),
                     ir_binary(b, IR_SHL, other, ir_bits(b, 5)));
    word = ir_binary(b, IR_MAX, word, ir_unary(b, IR_NOT, other));
    struct ir_node *real = ir_binary(b, IR_ADD, ir_cast(b, IR_F32, word),
                                     ir_cast(b, IR_F32, ir_cast(b, IR_I64, word)));
    real = ir_binary(b, IR_MOD, real, ir_binary(b, IR_SUB, x, f32(b, 0.25)));
    real = ir_binary(b, IR_ADD, real, ir_unary(b, IR_SQRT, ir_unary(b, IR_ABS, v)));
    real =
        ir_binary(b, IR_SUB, real,
                  ir_unary(b, IR_ROUND, ir_unary(b, IR_NEG, ir_binary(b, IR_MUL, v, f32(b, 0.5)))));
    real = ir_binary(b, IR_ADD, ir_unary(b, IR_CEIL, real), ir_unary(b, IR_FLOOR, x));
    ir_store(b, SUM, i, ir_binary(b, IR_DIV, real, x));
    struct ir_node *huge = ir_binary(b, IR_MUL, v, f32(b, 1e30));
    ir_store(b, ORDER, i,
             ir_binary(b, IR_ADD, ir_cast(b, IR_I64, huge),
                       ir_cast(b, IR_I64, ir_cast(b, IR_I32, huge))));
    struct ir_node *wide = ir_cast(b, IR_F64, v), *power = ir_cast(b, IR_F64, ir_integer(b, 2));
    struct ir_node *operands[] = { power, wide };
    struct ir_node *result = ir_call_rt(b, IR_RT_pow, 2, operands);
    operands[0] = wide, operands[1] = power;
    result = ir_binary(b, IR_ADD, result, ir_call_rt(b, IR_RT_pow, 2, operands));
    ir_store(b, WIDE, i, ir_binary(b, IR_ADD, result, ir_call_rt(b, IR_RT_exp, 1, &x)));
    ir_store(b, SPIKE, i,
             ir_cast(b, IR_BOOL, ir_unary(b, IR_FLOOR, ir_binary(b, IR_MUL, x, f32(b, 2)))));
    enter(b, outer);
}

/* Reversed and strided memory. */
static void build_strides(struct ir_builder *b)
{
    struct ir_block *outer;
    struct ir_node *i = loop(b, SIZE_COLUMNS, &outer);
    struct ir_node *back =
        ir_binary(b, IR_SUB, ir_binary(b, IR_SUB, size(b, SIZE_COLUMNS), ir_integer(b, 1)), i);
    struct ir_node *far = ir_load(b, WEIGHT, ir_binary(b, IR_MUL, i, ir_integer(b, 3)));
    ir_store(b, SUM, back, ir_binary(b, IR_ADD, far, ir_load(b, V, back)));
    ir_store(b, WIDE, i, ir_cast(b, IR_F64, ir_load(b, SPIKE, back)));
    enter(b, outer);
    i = loop(b, SIZE_COLUMNS, &outer);
    back = ir_binary(b, IR_SUB, size(b, SIZE_COLUMNS), ir_binary(b, IR_ADD, i, ir_integer(b, 1)));
    ir_store(b, SPIKE, back, ir_binary(b, IR_LT, ir_load(b, V, i), ir_load(b, SUM, back)));
    enter(b, outer);
}

/* The body of a parallel loop uses values and variables of outside. */
static void build_parallel(struct ir_builder *b)
{
    struct ir_node *scale = ir_var(b, "scale", ir_load(b, V, ir_integer(b, 3)));
    struct ir_node *first = ir_load(b, TRACE, ir_integer(b, 1));
    ir_set(b, scale, ir_binary(b, IR_MUL, ir_get(b, scale), f32(b, 2)));
    struct ir_block *outer, *inner;
    struct ir_node *i = loop(b, SIZE_ROWS, &outer);
    struct ir_node *sum = reduce_row(b, IR_REDUCE_SUM, i, false);
    struct ir_node *j = loop(b, SIZE_COLUMNS, &inner);
    struct ir_node *at = element(b, i, j), *w = ir_load(b, WEIGHT, at);
    w = ir_binary(b, IR_ADD, ir_binary(b, IR_MUL, w, ir_get(b, scale)), first);
    ir_store(b, WEIGHT, at, ir_binary(b, IR_SUB, w, sum));
    enter(b, inner);
    ir_store(b, TRACE, i, sum);
    enter(b, outer);
    ir_set(b, scale, f32(b, 0));
}

/* Jumps out of serial loops and blocks. */
static void build_jumps(struct ir_builder *b)
{
    struct ir_node *total = ir_var(b, "total", f32(b, 0));
    struct ir_node *block = ir_labelled_block(b);
    struct ir_block *outer = enter(b, &block->block.body);
    struct ir_node *high = size(b, SIZE_COLUMNS);
    struct ir_node *node = ir_loop(b, "search", ir_integer(b, 2), high, false);
    enter(b, &node->loop.body);
    struct ir_node *x = ir_load(b, SINCE, node->loop.index);
    struct ir_node *skip = ir_if(b, ir_binary(b, IR_EQ, x, ir_integer(b, 4)));
    enter(b, &skip->branch.then_body);
    ir_continue(b, node);
    enter(b, &node->loop.body);
    ir_set(b, total, ir_binary(b, IR_ADD, ir_get(b, total), ir_load(b, V, node->loop.index)));
    struct ir_node *stop = ir_if(b, ir_binary(b, IR_LT, ir_get(b, total), f32(b, -2000)));
    enter(b, &stop->branch.then_body);
    ir_break(b, block);
    enter(b, &block->block.body);
    ir_set(b, total, f32(b, 1));
    enter(b, outer);
    ir_store(b, SUM, ir_integer(b, 0), ir_get(b, total));
}

/* A function with early returns, in lanes. */
static void build_returns(struct ir_builder *b)
{
    struct ir_block *outer;
    struct ir_node *i = loop(b, SIZE_COLUMNS, &outer);
    struct ir_node *result = ir_var(b, "result", f32(b, 0)),
                   *depth = ir_var(b, "depth", ir_integer(b, 0));
    struct ir_node *since = ir_load(b, SINCE, i);
    struct ir_node *function = ir_labelled_block(b);
    struct ir_block *here = enter(b, &function->block.body);
    for (int k = 2; k < 6; k++) {
        struct ir_node *branch =
            ir_if(b, ir_binary(b, IR_EQ, ir_binary(b, IR_MOD, since, ir_integer(b, k)),
                               ir_integer(b, 0)));
        enter(b, &branch->branch.then_body);
        ir_set(b, result, ir_binary(b, IR_MUL, ir_load(b, V, i), f32(b, k)));
        struct ir_node *inner = ir_if(b, ir_binary(b, IR_GT, since, ir_integer(b, k)));
        enter(b, &inner->branch.then_body);
        ir_break(b, function);
        enter(b, &function->block.body);
        ir_set(b, depth, ir_integer(b, k));
    }
    ir_set(b, result, ir_binary(b, IR_SUB, ir_get(b, result), f32(b, 1)));
    ir_break(b, function);
    enter(b, here);
    ir_store(b, SUM, i, ir_get(b, result));
    ir_store(b, ORDER, i, ir_get(b, depth));
    enter(b, outer);
}

static const struct {
    const char *name;
    void (*build)(struct ir_builder *b);
} cases[] = {
    { "neurons", build_neurons },
    { "propagation", build_propagation },
    { "row update", build_row_update },
    { "column update", build_column_update },
    { "normalization", build_normalization },
    { "reductions", build_reductions },
    { "reductions by lane", build_lane_reductions },
    { "ragged bounds", build_ragged },
    { "while", build_while },
    { "arithmetic", build_arithmetic },
    { "strides", build_strides },
    { "parallel", build_parallel },
    { "jumps", build_jumps },
    { "returns", build_returns },
};

/* ---- data ---- */

struct state {
    double room[BUFFER_COUNT][CAPACITY];
    void *buffers[BUFFER_COUNT];
    union snn_value constants[CONSTANT_COUNT];
    struct snn_context context;
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void fill(struct state *s)
{
    uint32_t seed = 12345;
    memset(s, 0, sizeof *s);
    for (int k = 0; k < BUFFER_COUNT; k++)
        s->buffers[k] = s->room[k];
    float *v = s->buffers[V], *input = s->buffers[INPUT], *weight = s->buffers[WEIGHT];
    float *trace = s->buffers[TRACE], *sum = s->buffers[SUM];
    int32_t *since = s->buffers[SINCE], *list = s->buffers[LIST], *starts = s->buffers[ROW_STARTS];
    int64_t *order = s->buffers[ORDER];
    uint8_t *spike = s->buffers[SPIKE];
    for (int k = 0; k < COLUMNS; k++) {
        v[k] = -66 + (float)(next_random(&seed) % 1000) / 80;
        input[k] = (float)(next_random(&seed) % 1000) / 300;
        since[k] = (int32_t)(next_random(&seed) % 12);
        sum[k] = (float)(next_random(&seed) % 100) / 100;
        spike[k] = next_random(&seed) % 3 == 0;
        starts[k] = (int32_t)(next_random(&seed) % 1000);
        order[k] = starts[k] + next_random(&seed) % 60;
    }
    v[7] = v[COLUMNS - 2] = NAN;
    for (int k = 0; k < ROWS * COLUMNS; k++)
        weight[k] = (float)(next_random(&seed) % 1000 + 1) / 900;
    for (int k = 0; k < ROWS; k++)
        trace[k] = (float)(next_random(&seed) % 10);
    for (int k = 0; k < EVENTS; k++)
        list[k] = 3 * k + (int32_t)(next_random(&seed) % 3);
    *(int64_t *)s->buffers[LIST_COUNT] = EVENTS;
    s->constants[TAU].real = exp(-1.0 / 100);
    s->constants[LEAK].real = 0.05;
    s->context.buffers = s->buffers;
    s->context.sizes = (int64_t *)sizes;
    s->context.constants = s->constants;
}

static int64_t count(const struct snn_context *context, int32_t buffer)
{
    (void)context;
    static const int64_t counts[BUFFER_COUNT] = {
        [V] = COLUMNS,
        [INPUT] = COLUMNS,
        [SINCE] = COLUMNS,
        [SPIKE] = COLUMNS,
        [WEIGHT] = ROWS * COLUMNS,
        [LIST] = COLUMNS,
        [LIST_COUNT] = 1,
        [TRACE] = ROWS,
        [SUM] = COLUMNS,
        [ORDER] = COLUMNS,
        [ROW_STARTS] = COLUMNS,
        [WIDE] = COLUMNS,
    };
    return counts[buffer];
}

/* ---- running ---- */

#define TEXT(number) #number
#define TEXT_OF(number) TEXT(number)
#define ABI TEXT_OF(SNN_ABI_VERSION)

static const char runtime[] =
    "#include <stdint.h>\n"
    "struct snn_context; const void *test_program; char snn_rt_abi_" ABI ";\n"
    "int snn_main(const void *p, int argc, char **argv) { (void)argc, (void)argv; test_program = "
    "p; return 0; }\n"
    "void snn_rt_parallel_for(struct snn_context *c, int64_t n, void *body, void *env)\n"
    "{ for (int64_t i = n; i-- > 0;) ((void (*)(struct snn_context *, int64_t, void *))body)(c, i, "
    "env); }\n";

static void run_compiled(struct built *t, struct state *s, const struct codegen_options *options)
{
    static int number;
    char object[64], command[512], library[64];
    const char *cc = getenv("CC");
    snprintf(object, sizeof object, "codegen_agrees_%d.o", number);
    snprintf(library, sizeof library, "./codegen_agrees_%d.so", number++);
    assert(codegen_object(&t->compilation, &t->program, options, object));
    snprintf(command, sizeof command, "%s -shared -fPIC -o %s %s codegen_agrees_runtime.c -lm",
             cc != NULL ? cc : "cc", library, object);
    assert(system(command) == 0);
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        fprintf(stderr, "%s\n", dlerror());
    assert(handle != NULL);
    int (*start)(int, char **);
    *(void **)&start = dlsym(handle, "main");
    assert(start(0, NULL) == 0);
    const struct snn_program *program = *(const struct snn_program **)dlsym(handle, "test_program");
    assert(program->abi_version == SNN_ABI_VERSION && program->buffer_count == BUFFER_COUNT);
    assert(strcmp(program->buffers[SPIKE].name, "spike") == 0);
    program->call(&s->context, 1);
    dlclose(handle);
    remove(object);
    remove(library);
}

/* What lies in the list beyond its length says nothing. */
static void forget_rest_of_list(struct state *s)
{
    int64_t length = *(const int64_t *)s->buffers[LIST_COUNT];
    memset((int32_t *)s->buffers[LIST] + length, 0,
           (size_t)(COLUMNS + 16 - length) * sizeof(int32_t));
}

static bool is_same(const struct state *a, const struct state *b, const char *name, int level,
                    const char *cpu)
{
    for (int k = 0; k < BUFFER_COUNT; k++)
        if (memcmp(a->room[k], b->room[k], sizeof a->room[k]) != 0) {
            printf("%s: buffer %d differs at -O%d for %s\n", name, k, level, cpu);
            if (getenv("SNN_TEST_VERBOSE") != NULL)
                for (int n = 0; n < COLUMNS; n++)
                    printf("  [%d] %g %g | %lld %lld\n", n, (double)((const float *)a->room[k])[n],
                           (double)((const float *)b->room[k])[n],
                           (long long)((const int64_t *)a->room[k])[n],
                           (long long)((const int64_t *)b->room[k])[n]);
            return false;
        }
    return true;
}

/* The first loop; not while interpreting, which would need a lane of the runtime. */
static void mark_parallel(struct ir_block *block)
{
    struct ir_node *node = block->first;
    while (node->kind != IR_NODE_LOOP)
        node = node->next;
    node->loop.is_parallel = true;
}

static bool check_case(size_t which)
{
    static struct state interpreted, compiled;
    static const char *const cpus[] = { "native", "x86-64", "x86-64-v3" };
    static const int levels[] = { 0, 3 };
    struct built t;
    bool ok = true;
    begin(&t);
    cases[which].build(&t.builder);
    assert(ir_verify(&t.compilation, &t.program, "test"));
    struct interpreter interpreter;
    interpreter_init(&interpreter, &t.compilation, &t.program);
    interpreter.count = count;
    fill(&interpreted);
    interpreter_call(&interpreter, &interpreted.context, 1);
    if (cases[which].build == build_parallel)
        mark_parallel(t.builder.block);
    assert(pass_vectorize(&t.compilation, &t.program));
    for (size_t c = 0; c < sizeof cpus / sizeof *cpus; c++)
        for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
            struct codegen_options options = { .optimization = levels[l], .cpu = cpus[c] };
            fill(&compiled);
            run_compiled(&t, &compiled, &options);
            forget_rest_of_list(&interpreted);
            forget_rest_of_list(&compiled);
            ok &= is_same(&interpreted, &compiled, cases[which].name, levels[l], cpus[c]);
        }
    diag_print_all(&t.compilation, stderr, DIAG_FORMAT_TEXT);
    compilation_finish(&t.compilation);
    return ok;
}

int main(int argc, char **argv)
{
    bool ok = true;
    FILE *file = fopen("codegen_agrees_runtime.c", "w");
    assert(file != NULL && fputs(runtime, file) >= 0 && fclose(file) == 0);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        if (argc < 2 || strcmp(argv[1], cases[k].name) == 0)
            ok &= check_case(k);
    remove("codegen_agrees_runtime.c");
    return !ok;
}
