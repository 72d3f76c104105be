/* SPDX-License-Identifier: MIT
 *
 * How a network's step is cut into kernels: what is launched, in which order, under which
 * condition, and which values go through memory because a kernel cannot compute them again.
 */
#undef NDEBUG
#include <assert.h>
#include <string.h>

#include "codegen/kernels.h"

enum { SIZE_N };
enum { STATE, INPUT, FLAGS, LIST, COUNT, WEIGHT };

struct built {
    struct compilation compilation;
    struct ir_program program;
    struct ir_builder builder;
};

static void begin(struct built *t, enum ir_function_kind kind)
{
    static const enum snn_type types[] = { SNN_FLOAT32, SNN_FLOAT32, SNN_BOOL,
                                           SNN_INT32,   SNN_INT64,   SNN_FLOAT32 };
    memset(t, 0, sizeof *t);
    compilation_init(&t->compilation);
    ir_add_size(&t->compilation, &t->program, "n");
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        ir_add_buffer(
            &t->compilation, &t->program,
            (struct ir_buffer){
                .name = "buffer", .type = types[k], .kind = SNN_BUFFER_LANE, .count = SIZE_N });
    ir_add_function(&t->compilation, &t->program, "net.step", kind, (struct span){ 0 });
    t->builder = (struct ir_builder){ .compilation = &t->compilation,
                                      .program = &t->program,
                                      .function = t->program.functions[0],
                                      .block = &t->program.functions[0]->body };
}

static struct kernel_plan plan_of(struct built *t)
{
    ir_number(t->program.functions[0]);
    return kernels_plan(&t->compilation, &t->program, t->program.functions[0]);
}

static struct ir_node *size(struct ir_builder *b)
{
    return ir_leaf(b, IR_SIZE, IR_I64, SIZE_N);
}

/* buffer[i] = value, or 1, for all i. */
static struct ir_node *add_loop(struct ir_builder *b, int32_t buffer, struct ir_node *value)
{
    struct ir_node *low = ir_integer(b, 0), *high = size(b);
    struct ir_node *loop = ir_loop(b, "loop", low, high, true);
    struct ir_block *outer = b->block;
    b->block = &loop->loop.body;
    ir_store(b, buffer, loop->loop.index, value != NULL ? value : ir_real(b, IR_F32, 1));
    b->block = outer;
    return loop;
}

/* A layer, its spikes, and what they add to a target: no value needs memory but the count, which is
 * read again. */
static void test_step(void)
{
    struct built t;
    begin(&t, IR_FUNCTION_STEP);
    struct ir_builder *b = &t.builder;
    struct ir_block *body = b->block;
    struct ir_node *first = add_loop(b, STATE, NULL);
    ir_compact(b, FLAGS, LIST, COUNT, size(b));
    struct ir_node *compact = body->last;
    struct ir_node *count = ir_load(b, COUNT, ir_integer(b, 0));
    struct ir_node *rows = ir_loop_events(b, "rows", LIST, count, true);
    b->block = &rows->loop.body;
    struct ir_node *trace = ir_load(b, STATE, rows->loop.index);
    struct ir_node *row = add_loop(b, WEIGHT, trace);
    struct kernel_plan plan = plan_of(&t);
    assert(plan.kernels.count == 3 && plan.slot_count == 1);
    assert(plan.kernels.items[0].kind == KERNEL_LOOP && plan.kernels.items[0].first == first);
    assert(plan.kernels.items[1].kind == KERNEL_COMPACT && plan.kernels.items[1].first == compact);
    assert(plan.kernels.items[2].first == rows && plan.kernels.items[2].inner == row);
    assert(kernels_can_repeat(t.program.functions[0], count, &plan.kernels.items[2]));
    compilation_finish(&t.compilation);
}

/* A loop inside that writes what the loop around reads has to stay in one thread. */
static void test_shared_loops_do_not_race(void)
{
    struct built t;
    begin(&t, IR_FUNCTION_STEP);
    struct ir_builder *b = &t.builder;
    struct ir_node *rows = ir_loop(b, "rows", ir_integer(b, 0), size(b), true);
    b->block = &rows->loop.body;
    add_loop(b, STATE, ir_load(b, STATE, rows->loop.index));
    struct kernel_plan plan = plan_of(&t);
    assert(plan.kernels.count == 1 && plan.kernels.items[0].inner == NULL);
    compilation_finish(&t.compilation);
}

/* A sum is computed by a thread of its own and handed on in memory, under the condition that
 * surrounds it. */
static void test_serial_values(void)
{
    struct built t;
    begin(&t, IR_FUNCTION_STEP);
    struct ir_builder *b = &t.builder;
    struct ir_node *learning = ir_leaf(b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_LEARNING);
    struct ir_node *condition = ir_binary(b, IR_NE, learning, ir_integer(b, 0));
    struct ir_node *branch = ir_if(b, condition);
    b->block = &branch->branch.then_body;
    struct ir_node *sum = ir_reduce(b, IR_REDUCE_SUM, IR_F32, ir_integer(b, 0), size(b));
    b->block = &sum->reduce.body;
    sum->reduce.keys[sum->reduce.key_count++] = ir_load(b, STATE, sum->reduce.index);
    b->block = &branch->branch.then_body;
    struct ir_node *loop = add_loop(b, INPUT, sum);
    struct kernel_plan plan = plan_of(&t);
    assert(plan.kernels.count == 2);
    const struct kernel *serial = &plan.kernels.items[0], *shared = &plan.kernels.items[1];
    assert(serial->kind == KERNEL_SERIAL && shared->first == loop);
    assert(plan.slots[sum->id] == 1 && plan.slot_count == 2);
    assert(shared->guard->condition == condition && shared->guard->wanted &&
           shared->guard->outer == NULL);
    assert(serial->guard == shared->guard);
    compilation_finish(&t.compilation);
}

/* A value read before the buffer changes is not read again. */
static void test_stale_load(void)
{
    struct built t;
    begin(&t, IR_FUNCTION_STEP);
    struct ir_builder *b = &t.builder;
    struct ir_node *old = ir_load(b, STATE, ir_integer(b, 3));
    add_loop(b, STATE, NULL);
    add_loop(b, INPUT, old);
    struct kernel_plan plan = plan_of(&t);
    assert(plan.kernels.count == 3 && plan.kernels.items[0].kind == KERNEL_SERIAL);
    assert(plan.slots[old->id] == 1);
    compilation_finish(&t.compilation);
}

/* Tasks run on the host: only their loops are kernels, and calls of the runtime keep a loop there.
 */
static void test_task(void)
{
    struct built t;
    begin(&t, IR_FUNCTION_TASK);
    struct ir_builder *b = &t.builder;
    ir_store(b, STATE, ir_integer(b, 0), ir_real(b, IR_F32, 2));
    struct ir_node *loop = add_loop(b, INPUT, NULL);
    struct ir_node *host = ir_loop(b, "samples", ir_integer(b, 0), size(b), true);
    b->block = &host->loop.body;
    ir_call_rt(b, IR_RT_snn_rt_loop_step, 0, NULL);
    struct ir_node *inside = add_loop(b, INPUT, NULL);
    struct kernel_plan plan = plan_of(&t);
    assert(plan.kernels.count == 2);
    assert(plan.kernels.items[0].first == loop && plan.kernels.items[1].first == inside);
    compilation_finish(&t.compilation);
}

int main(void)
{
    test_step();
    test_shared_loops_do_not_race();
    test_serial_values();
    test_stale_load();
    test_task();
    return 0;
}
