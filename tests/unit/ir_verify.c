/* SPDX-License-Identifier: MIT
 *
 * The verifier accepts a program of everything, and names the pass, the node and the rule for each
 * way to break one.
 */
#include <unistd.h>

#include "ir/verify.h"
#include "ir_fixture.h"

enum { X, FLAG, LIST, COUNT, SHARED_BUFFER };

struct example {
    const char *message; /* part of what the verifier must print */
    void (*build)(struct fixture *f);
};

/* ---- ways to break a program ---- */

static void use_later_value(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *sum =
        ir_binary(b, IR_ADD, ir_load(b, X, ir_integer(b, 0)), ir_load(b, X, ir_integer(b, 1)));
    struct ir_node *later = ir_load(b, X, ir_integer(b, 2));
    sum->operands[1] = later;
}

static void use_value_of_branch(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_block *outside = b->block;
    struct ir_node *branch = ir_if(b, ir_load(b, FLAG, ir_integer(b, 0)));
    b->block = &branch->branch.then_body;
    struct ir_node *inside = ir_load(b, X, ir_integer(b, 0));
    b->block = outside;
    ir_store(b, X, ir_integer(b, 1), inside);
}

static void use_index_outside(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_block *outside = b->block;
    struct ir_node *loop = fixture_loop(f, X);
    b->block = outside;
    ir_load(b, X, loop->loop.index);
}

static void use_removed_value(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *value = ir_load(b, X, ir_integer(b, 0));
    ir_store(b, X, ir_integer(b, 1), value);
    ir_remove(b->block, value);
}

static void use_store_as_value(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *value = ir_load(b, X, ir_integer(b, 0));
    ir_store(b, X, ir_integer(b, 1), value);
    struct ir_node *store = b->block->last;
    ir_store(b, X, ir_integer(b, 1), value);
    b->block->last->operands[1] = store;
}

static void insert_twice(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *branch = ir_if(b, ir_load(b, FLAG, ir_integer(b, 0)));
    b->block = &branch->branch.then_body;
    ir_integer(b, 3);
    branch->branch.else_body = branch->branch.then_body;
}

static void mix_types(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *sum =
        ir_binary(b, IR_ADD, ir_load(b, X, ir_integer(b, 0)), ir_load(b, X, ir_integer(b, 1)));
    sum->operands[1] = sum->operands[1]->operands[0];
}

static void compare_to_number(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *x = ir_load(b, X, ir_integer(b, 0));
    ir_binary(b, IR_LT, x, ir_load(b, X, ir_integer(b, 1)))->type = IR_I64;
}

static void round_integers(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    ir_unary(b, IR_NEG, ir_load(b, COUNT, ir_integer(b, 0)))->op = IR_FLOOR;
}

static void store_wrong_type(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    ir_store(b, X, ir_integer(b, 0), ir_load(b, X, ir_integer(b, 1)));
    b->block->last->payload.index = COUNT;
}

static void leave_constant_unrounded(struct fixture *f)
{
    ir_real(&f->builder, IR_F32, 1)->payload.real = 0.1;
}

static void name_no_buffer(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    ir_load(b, X, ir_integer(b, 0))->payload.index = 77;
}

static void drop_operand(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    ir_binary(b, IR_ADD, ir_load(b, X, ir_integer(b, 0)), ir_load(b, X, ir_integer(b, 1)))
        ->operand_count = 1;
}

static void set_outer_variable(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *var = ir_var(b, "sum", ir_real(b, IR_F32, 0));
    struct ir_node *loop = fixture_loop(f, X);
    ir_set(b, var, ir_load(b, X, loop->loop.index));
}

static void get_variable_of_other_block(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_block *outside = b->block;
    fixture_loop(f, X);
    struct ir_node *var = ir_var(b, "inner", ir_real(b, IR_F32, 0));
    b->block = outside;
    ir_get(b, var);
}

static void leave_independent_loop(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *outer = ir_loop(b, "outer", ir_integer(b, 0), ir_integer(b, 3), false);
    b->block = &outer->loop.body;
    fixture_loop(f, X);
    ir_break(b, outer);
}

static void break_independent_loop(struct fixture *f)
{
    ir_break(&f->builder, fixture_loop(f, X));
}

static void jump_to_loop_before(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *loop = ir_loop(b, "before", ir_integer(b, 0), ir_integer(b, 3), false);
    ir_continue(b, loop);
}

static void make_dependent_loop_parallel(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    ir_loop(b, "order", ir_integer(b, 0), ir_integer(b, 3), false)->loop.is_parallel = true;
}

static void store_shared_in_parallel(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *loop = fixture_loop(f, X);
    loop->loop.is_parallel = true;
    ir_store(b, SHARED_BUFFER, loop->loop.index, ir_real(b, IR_F32, 0));
}

static void call_learning_in_parallel(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *loop = fixture_loop(f, X);
    loop->loop.is_parallel = true;
    struct ir_builder caller = *b;
    int32_t callee = fixture_function(f, IR_FUNCTION_STEP);
    ir_store(b, SHARED_BUFFER, ir_integer(b, 0), ir_real(b, IR_F32, 0));
    *b = caller;
    ir_call(b, callee);
}

static struct ir_node *sum_of_x(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *sum = ir_reduce(b, IR_REDUCE_SUM, IR_F32, ir_integer(b, 0), ir_integer(b, 3));
    b->block = &sum->reduce.body;
    sum->reduce.keys[0] = ir_load(b, X, sum->reduce.index);
    sum->reduce.key_count = 1;
    return sum;
}

static void store_in_reduction(struct fixture *f)
{
    struct ir_node *sum = sum_of_x(f);
    ir_store(&f->builder, X, sum->reduce.index, sum->reduce.keys[0]);
}

static void sum_wrong_type(struct fixture *f)
{
    sum_of_x(f)->type = IR_F64;
}

static void sum_nothing(struct fixture *f)
{
    sum_of_x(f)->reduce.key_count = 0;
}

static void set_size_in_step(struct fixture *f)
{
    ir_size_set(&f->builder, 0, ir_integer(&f->builder, 3));
}

static void compact_into_numbers(struct fixture *f)
{
    ir_compact(&f->builder, X, LIST, COUNT, ir_integer(&f->builder, 3));
}

static void leave_exp(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    ir_unary(b, IR_EXP, ir_load(b, X, ir_integer(b, 0)));
    f->program.gone = IR_GONE_MATH;
}

static void leave_propagation(struct fixture *f)
{
    struct ir_connection connection = { .name = "xe" };
    ir_propagate(&f->builder, ir_add_connection(&f->compilation, &f->program, connection),
                 IR_PROPAGATE_FORWARD, NULL);
    f->program.gone = IR_GONE_PROPAGATION;
}

static void call_with_wrong_types(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *x = ir_load(b, X, ir_integer(b, 0));
    struct ir_node *wide = ir_cast(b, IR_F64, x);
    ir_call_rt(b, IR_RT_exp, 1, &wide)->operands[0] = x;
}

static void call_itself(struct fixture *f)
{
    ir_call(&f->builder, 0);
}

static void branch_on_number(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    ir_if(b, ir_load(b, COUNT, ir_integer(b, 0)));
}

static const struct example examples[] = {
    { "is used where it is not defined", use_later_value },
    { "is used where it is not defined", use_value_of_branch },
    { "is used where it is not defined", use_index_outside },
    { "is used where it is not defined", use_removed_value },
    { "is used as a value and has none", use_store_as_value },
    { "the node is in the tree twice", insert_twice },
    { "'add' have a wrong type", mix_types },
    { "'lt' have a wrong type", compare_to_number },
    { "'floor' have a wrong type", round_integers },
    { "'store' have a wrong type", store_wrong_type },
    { "an f32 is not rounded", leave_constant_unrounded },
    { "it names entry 77 of a table of 5", name_no_buffer },
    { "'add' takes 2 operands, has 1", drop_operand },
    { "sets a variable from outside of it", set_outer_variable },
    { "names no variable of a block around it", get_variable_of_other_block },
    { "it leaves an independent loop", leave_independent_loop },
    { "its target cannot be left", break_independent_loop },
    { "its target is not around it", jump_to_loop_before },
    { "must be independent", make_dependent_loop_parallel },
    { "a parallel loop stores to 'shared'", store_shared_in_parallel },
    { "a parallel loop stores to 'shared'", call_learning_in_parallel },
    { "a reduction may change nothing", store_in_reduction },
    { "keys or result of a reduction have a wrong type", sum_wrong_type },
    { "a reduction has 0 keys", sum_nothing },
    { "only the setup function sets sizes", set_size_in_step },
    { "the buffer of its flags has a wrong type", compact_into_numbers },
    { "'exp' is left after pass 'expand'", leave_exp },
    { "a propagation is left after pass 'propagation'", leave_propagation },
    { "operand 1 of 'exp' must be f64", call_with_wrong_types },
    { "a function calls itself", call_itself },
    { "the condition must be bool, is i64", branch_on_number },
};

/* ---- checking ---- */

static void begin(struct fixture *f)
{
    fixture_begin(f);
    fixture_buffer(f, "x", SNN_FLOAT32, 8);
    fixture_buffer(f, "flag", SNN_BOOL, 8);
    fixture_buffer(f, "list", SNN_INT32, 8);
    fixture_buffer(f, "count", SNN_INT64, 1);
    int32_t shared = fixture_buffer(f, "shared", SNN_FLOAT32, 8);
    f->program.buffers[shared].kind = SNN_BUFFER_MODEL;
}

static bool check(const struct example *example, FILE *messages)
{
    struct fixture f;
    begin(&f);
    example->build(&f);
    fflush(stderr);
    rewind(messages);
    assert(ftruncate(fileno(messages), 0) == 0);
    bool is_accepted = ir_verify(&f.compilation, &f.program, "some pass");
    fflush(stderr);
    rewind(messages);
    char text[1000];
    text[fread(text, 1, sizeof text - 1, messages)] = '\0';
    fixture_finish(&f);
    if (!is_accepted && strstr(text, example->message) != NULL &&
        strstr(text, "after 'some pass'") != NULL)
        return true;
    printf("expected: %s\n%s: %s\n", example->message, is_accepted ? "accepted" : "printed", text);
    return false;
}

/* Loops in loops, reductions, jumps, a variable, a call: all as they should be. */
static void test_right_program(void)
{
    struct fixture f;
    begin(&f);
    struct ir_builder *b = &f.builder;
    struct ir_block *top = b->block;
    struct ir_node *loop = fixture_loop(&f, X);
    loop->loop.is_vector = true;
    struct ir_node *var = ir_var(b, "v", ir_load(b, X, loop->loop.index));
    struct ir_node *branch = ir_if(b, ir_load(b, FLAG, loop->loop.index));
    b->block = &branch->branch.then_body;
    ir_set(b, var, ir_unary(b, IR_EXP, ir_get(b, var)));
    b->block = &loop->loop.body;
    ir_store(b, X, loop->loop.index, ir_get(b, var));
    b->block = top;
    struct ir_node *sum = sum_of_x(&f);
    b->block = top;
    ir_store(b, X, ir_integer(b, 0), sum);
    struct ir_node *outer = ir_while(b);
    b->block = &outer->loop_while.test;
    struct ir_node *count = ir_load(b, COUNT, ir_integer(b, 0));
    outer->loop_while.condition = ir_binary(b, IR_GT, count, ir_integer(b, 0));
    b->block = &outer->loop_while.body;
    ir_store(b, COUNT, ir_integer(b, 0), ir_binary(b, IR_SUB, count, ir_integer(b, 1)));
    ir_continue(b, outer);
    b->block = top;
    ir_compact(b, FLAG, LIST, COUNT, ir_integer(b, 8));
    int32_t other = fixture_function(&f, IR_FUNCTION_TASK);
    ir_call(b, 0);
    assert(ir_verify(&f.compilation, &f.program, "lower"));
    assert(pass_contract(&f.compilation, &f.program) &&
           ir_verify(&f.compilation, &f.program, "contract"));
    assert(pass_expand(&f.compilation, &f.program) &&
           ir_verify(&f.compilation, &f.program, "expand"));
    assert(pass_fold(&f.compilation, &f.program) && ir_verify(&f.compilation, &f.program, "fold"));
    char *text;
    size_t length;
    ir_print(&f.compilation, &f.program, &text, &length);
    assert(strlen(text) == length &&
           strstr(text, "compact @flag -> @list, @count below 8") != NULL);
    assert(f.program.functions[other]->body.first->kind == IR_NODE_CALL);
    fixture_finish(&f);
}

int main(void)
{
    FILE *messages = tmpfile();
    assert(messages != NULL);
    test_right_program();
    assert(dup2(fileno(messages), STDERR_FILENO) >= 0);
    bool is_right = true;
    for (size_t k = 0; k < sizeof examples / sizeof *examples; k++)
        is_right = check(&examples[k], messages) && is_right;
    return is_right ? 0 : 1;
}
