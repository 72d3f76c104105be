/* SPDX-License-Identifier: MIT
 *
 * The interpreter against plain C: the fixed tree of reductions, argmin and argmax with ties and
 * NaN, control flow with jumps, event loops, compaction, types of memory, and that an access out of
 * range ends the process.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "ir_fixture.h"

enum { X, FLAG, OUTPUT, CHOSEN, LIST, COUNT, WHOLE };

static float tree_sum(const float *x, const unsigned char *flag, int64_t low, int64_t high)
{
    float lanes[16] = { 0 };
    for (int64_t k = low; k < high; k++)
        if (flag[k])
            lanes[(k - low) % 16] += x[k];
    for (int width = 8; width > 0; width /= 2)
        for (int k = 0; k < width; k++)
            lanes[k] += lanes[k + width];
    return lanes[0];
}

static void begin(struct fixture *f, int64_t count)
{
    fixture_begin(f);
    fixture_buffer(f, "x", SNN_FLOAT32, count);
    fixture_buffer(f, "flag", SNN_BOOL, count);
    fixture_buffer(f, "output", SNN_FLOAT32, 16);
    fixture_buffer(f, "chosen", SNN_INT64, 16);
    fixture_buffer(f, "list", SNN_INT32, count);
    fixture_buffer(f, "count", SNN_INT64, 1);
    fixture_buffer(f, "whole", SNN_INT32, 4);
    float *x = f->buffers[X];
    unsigned char *flag = f->buffers[FLAG];
    for (int64_t k = 0; k < count; k++) {
        x[k] = (float)((k * 7919 + 13) % 1009) * 0.37f - 100;
        flag[k] = k % 3 != 1;
    }
}

/* Stores the reduction of x over low ..< high, where the flag is set, at output[place] or
 * chosen[place]. */
static void reduce(struct fixture *f, enum ir_reduction reduction, int64_t low, int64_t high,
                   int64_t place)
{
    struct ir_builder *b = &f->builder;
    bool is_arg = reduction == IR_REDUCE_ARGMIN || reduction == IR_REDUCE_ARGMAX;
    struct ir_node *node =
        ir_reduce(b, reduction, is_arg ? IR_I64 : IR_F32, ir_integer(b, low), ir_integer(b, high));
    struct ir_block *outside = b->block;
    b->block = &node->reduce.body;
    node->reduce.keys[node->reduce.key_count++] = ir_load(b, X, node->reduce.index);
    node->reduce.condition = ir_load(b, FLAG, node->reduce.index);
    b->block = outside;
    ir_store(b, is_arg ? CHOSEN : OUTPUT, ir_integer(b, place), node);
}

static void test_sums(int64_t low, int64_t high)
{
    struct fixture f;
    begin(&f, 1000);
    reduce(&f, IR_REDUCE_SUM, low, high, 0);
    reduce(&f, IR_REDUCE_MIN, low, high, 1);
    reduce(&f, IR_REDUCE_MAX, low, high, 2);
    fixture_run(&f, 0);
    const float *x = f.buffers[X], *output = f.buffers[OUTPUT];
    const unsigned char *flag = f.buffers[FLAG];
    float least = INFINITY, most = -INFINITY;
    for (int64_t k = low; k < high; k++) {
        least = flag[k] && x[k] < least ? x[k] : least;
        most = flag[k] && x[k] > most ? x[k] : most;
    }
    assert(output[0] == tree_sum(x, flag, low, high) && output[1] == least && output[2] == most);
    fixture_finish(&f);
}

static void test_choices(void)
{
    static const float values[] = { NAN, 3, 1, 2, 1, 5, 5, NAN };
    struct fixture f;
    begin(&f, 8);
    memcpy(f.buffers[X], values, sizeof values);
    memset(f.buffers[FLAG], 1, 8);
    reduce(&f, IR_REDUCE_ARGMIN, 0, 8, 0);
    reduce(&f, IR_REDUCE_ARGMAX, 0, 8, 1);
    reduce(&f, IR_REDUCE_ARGMIN, 3, 8, 2);
    reduce(&f, IR_REDUCE_ARGMAX, 7, 8, 3);
    reduce(&f, IR_REDUCE_ARGMAX, 5, 5, 4);
    fixture_run(&f, 0);
    static const int64_t expected[] = { 2, 5, 4, 7, -1 };
    assert(memcmp(f.buffers[CHOSEN], expected, sizeof expected) == 0);
    fixture_finish(&f);
}

/* Two nested loops: the inner one skips multiples of 3 and stops at 7, the outer one is left at 5;
 * a while counts down. */
static void test_jumps(void)
{
    struct fixture f;
    begin(&f, 8);
    struct ir_builder *b = &f.builder;
    struct ir_block *top = b->block;
    struct ir_node *sum = ir_var(b, "sum", ir_integer(b, 0));
    struct ir_node *outer = ir_loop(b, "outer", ir_integer(b, 0), ir_integer(b, 100), false);
    b->block = &outer->loop.body;
    struct ir_node *inner = ir_loop(b, "inner", ir_integer(b, 0), ir_integer(b, 100), false);
    b->block = &inner->loop.body;
    struct ir_node *k = inner->loop.index, *zero = ir_integer(b, 0);
    struct ir_node *is_multiple =
        ir_binary(b, IR_EQ, ir_binary(b, IR_MOD, k, ir_integer(b, 3)), zero);
    struct ir_node *branch = ir_if(b, is_multiple);
    b->block = &branch->branch.then_body;
    ir_continue(b, inner);
    b->block = &inner->loop.body;
    struct ir_node *stop = ir_if(b, ir_binary(b, IR_GE, k, ir_integer(b, 7)));
    b->block = &stop->branch.then_body;
    ir_break(b, inner);
    b->block = &inner->loop.body;
    ir_set(b, sum, ir_binary(b, IR_ADD, ir_get(b, sum), k));
    b->block = &outer->loop.body;
    struct ir_node *leave = ir_if(b, ir_binary(b, IR_EQ, outer->loop.index, ir_integer(b, 5)));
    b->block = &leave->branch.then_body;
    ir_break(b, outer);
    b->block = top;
    ir_store(b, CHOSEN, ir_integer(b, 0), ir_get(b, sum)); /* 6 times 1 + 2 + 4 + 5 */
    struct ir_node *loop = ir_while(b);
    b->block = &loop->loop_while.test;
    loop->loop_while.condition = ir_binary(b, IR_GT, ir_get(b, sum), ir_integer(b, 10));
    b->block = &loop->loop_while.body;
    ir_set(b, sum, ir_binary(b, IR_SUB, ir_get(b, sum), ir_integer(b, 7)));
    ir_store(b, CHOSEN, ir_integer(b, 2), loop->loop_while.index);
    b->block = top;
    ir_store(b, CHOSEN, ir_integer(b, 1), ir_get(b, sum));
    struct ir_node *block = ir_labelled_block(b);
    b->block = &block->block.body;
    ir_break(b, block);
    ir_store(b, CHOSEN, ir_integer(b, 1), ir_integer(b, -1));
    b->block = top;
    fixture_run(&f, 0);
    const int64_t *chosen = f.buffers[CHOSEN];
    assert(chosen[0] == 72 && chosen[1] == 9 && chosen[2] == 8); /* 9 turns */
    fixture_finish(&f);
}

static void test_lists(void)
{
    struct fixture f;
    begin(&f, 50);
    struct ir_builder *b = &f.builder;
    ir_compact(b, FLAG, LIST, COUNT, ir_integer(b, 50));
    struct ir_node *loop =
        ir_loop_events(b, "events", LIST, ir_load(b, COUNT, ir_integer(b, 0)), true);
    b->block = &loop->loop.body;
    ir_store(b, X, loop->loop.index, ir_cast(b, IR_F32, loop->loop.index));
    fixture_run(&f, 0);
    const float *x = f.buffers[X];
    const int32_t *list = f.buffers[LIST];
    const unsigned char *flag = f.buffers[FLAG];
    int64_t length = 0;
    for (int32_t k = 0; k < 50; k++) {
        if (flag[k])
            assert(list[length++] == k);
        assert((x[k] == (float)k) == (flag[k] != 0));
    }
    assert(*(int64_t *)f.buffers[COUNT] == length);
    fixture_finish(&f);
}

static void test_memory(void)
{
    struct fixture f;
    begin(&f, 8);
    struct ir_builder *b = &f.builder;
    ir_store(b, WHOLE, ir_integer(b, 0), ir_integer(b, -5));
    ir_store(b, WHOLE, ir_integer(b, 1),
             ir_binary(b, IR_SUB, ir_load(b, WHOLE, ir_integer(b, 0)), ir_integer(b, 1)));
    ir_store(b, OUTPUT, ir_integer(b, 0), ir_real(b, IR_F64, 0.1)); /* rounded on its way */
    ir_context_set(b, IR_CONTEXT_STEP, ir_integer(b, 41));
    ir_store(b, CHOSEN, ir_integer(b, 0), ir_leaf(b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEP));
    struct ir_node *x = ir_real(b, IR_F64, 0.5);
    ir_store(b, OUTPUT, ir_integer(b, 1), ir_call_rt(b, IR_RT_exp, 1, &x));
    fixture_run(&f, 0);
    const int32_t *whole = f.buffers[WHOLE];
    const float *output = f.buffers[OUTPUT];
    assert(whole[0] == -5 && whole[1] == -6 && output[0] == 0.1f && output[1] == (float)exp(0.5));
    assert(*(int64_t *)f.buffers[CHOSEN] == 41 && f.context.step == 41);
    fixture_finish(&f);
}

/* Ends with 70 and names the array. */
static void test_bounds(int64_t index)
{
    struct fixture f;
    begin(&f, 8);
    ir_load(&f.builder, X, ir_integer(&f.builder, index));
    FILE *messages = tmpfile();
    assert(messages != NULL);
    fflush(NULL);
    pid_t child = fork();
    assert(child >= 0);
    if (child == 0) {
        dup2(fileno(messages), STDERR_FILENO);
        fixture_run(&f, 0);
        _exit(0);
    }
    int status;
    char text[400];
    assert(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 70);
    rewind(messages);
    text[fread(text, 1, sizeof text - 1, messages)] = '\0';
    assert(strstr(text, "'x', which has 8") != NULL && strstr(text, "load @x") != NULL);
    fclose(messages);
    fixture_finish(&f);
}

int main(void)
{
    static const int64_t ends[] = { 0, 1, 15, 16, 17, 100, 1000 };
    for (size_t k = 0; k < sizeof ends / sizeof *ends; k++)
        test_sums(0, ends[k]);
    test_sums(5, 333);
    test_choices();
    test_jumps();
    test_lists();
    test_memory();
    test_bounds(8);
    test_bounds(-1);
    return 0;
}
