/* SPDX-License-Identifier: MIT
 *
 * The builder folds what is constant and what is neutral, in the type's own arithmetic, and leaves
 * alone what could change a bit; copies of blocks name their own values.
 */
#include "ir_fixture.h"

static bool is_constant(const struct ir_node *node)
{
    return node->kind == IR_NODE_INSTR && node->op == IR_CONST;
}

static int64_t integer(struct fixture *f, enum ir_op op, int64_t x, int64_t y)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *node = ir_binary(b, op, ir_integer(b, x), ir_integer(b, y));
    assert(is_constant(node) && node->type == IR_I64);
    return node->payload.integer;
}

static int64_t bits(struct fixture *f, enum ir_op op, uint32_t x, uint32_t y)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *node = ir_binary(b, op, ir_bits(b, x), ir_bits(b, y));
    assert(is_constant(node) && node->type == IR_I32);
    return node->payload.integer;
}

static void test_integers(struct fixture *f)
{
    assert(integer(f, IR_DIV, 7, 2) == 3 && integer(f, IR_DIV, -7, 2) == -4 &&
           integer(f, IR_DIV, 7, -2) == -4);
    assert(integer(f, IR_DIV, -8, 2) == -4 && integer(f, IR_DIV, 7, 0) == 0);
    assert(integer(f, IR_DIV, INT64_MIN, -1) == INT64_MIN);
    assert(integer(f, IR_MOD, 7, 3) == 1 && integer(f, IR_MOD, -7, 3) == 2 &&
           integer(f, IR_MOD, 7, -3) == -2);
    assert(integer(f, IR_MOD, 7, 0) == 0 && integer(f, IR_MOD, INT64_MIN, -1) == 0);
    assert(integer(f, IR_ADD, INT64_MAX, 1) == INT64_MIN);
    assert(integer(f, IR_SHR, -1, 60) == 15 &&
           integer(f, IR_SHL, 3, 62) == INT64_MIN + (INT64_C(1) << 62));
    assert(bits(f, IR_ADD, 0xffffffff, 2) == 1 &&
           bits(f, IR_MULHI, 0xffffffff, 0xffffffff) == 0xfffffffe);
    assert(bits(f, IR_MUL, 0x10001, 0x10001) == 0x20001 && bits(f, IR_SHR, 0x80000000, 31) == 1);
    assert(bits(f, IR_MIN, 0xffffffff, 1) == 0xffffffff); /* signed */
}

static void test_reals(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *x = ir_binary(b, IR_ADD, ir_real(b, IR_F32, 16777216), ir_real(b, IR_F32, 1));
    assert(is_constant(x) && x->payload.real == 16777216);
    x = ir_binary(b, IR_DIV, ir_real(b, IR_F32, 1), ir_real(b, IR_F32, 3));
    assert(is_constant(x) && x->payload.real == (double)(1.0f / 3.0f));
    x = ir_fma(b, ir_real(b, IR_F32, 0x1.001p0), ir_real(b, IR_F32, 0x1.001p0),
               ir_real(b, IR_F32, -1));
    assert(is_constant(x) && x->payload.real == 0x1.0008p-11);
    x = ir_unary(b, IR_ROUND, ir_real(b, IR_F64, 2.5));
    assert(is_constant(x) && x->payload.real == 2);
    x = ir_binary(b, IR_MOD, ir_real(b, IR_F64, -7), ir_real(b, IR_F64, 3));
    assert(is_constant(x) && x->payload.real == 2);
    x = ir_binary(b, IR_DIV, ir_real(b, IR_F32, 0), ir_real(b, IR_F32, 0));
    assert(!is_constant(x)); /* which NaN, the machine decides */
    x = ir_binary(b, IR_LT, ir_real(b, IR_F64, 1), ir_real(b, IR_F64, 2));
    assert(is_constant(x) && x->type == IR_BOOL && x->payload.integer == 1);
}

static void test_casts(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    assert(ir_cast(b, IR_I64, ir_real(b, IR_F64, -2.9))->payload.integer == -2);
    assert(ir_cast(b, IR_I64, ir_real(b, IR_F64, 1e300))->payload.integer == INT64_MAX);
    assert(ir_cast(b, IR_I64, ir_real(b, IR_F64, -INFINITY))->payload.integer == INT64_MIN);
    assert(ir_cast(b, IR_I64, ir_real(b, IR_F32, NAN))->payload.integer == 0);
    assert(ir_cast(b, IR_I32, ir_real(b, IR_F32, 1e20))->payload.integer == INT32_MAX);
    assert(ir_cast(b, IR_I32, ir_real(b, IR_F32, -1))->payload.integer == 0xffffffff);
    assert(ir_cast(b, IR_I64, ir_bits(b, 0xffffffff))->payload.integer == 0xffffffff);
    assert(ir_cast(b, IR_F32, ir_bits(b, 0xffffffff))->payload.real == -1);
    assert(ir_cast(b, IR_F32, ir_integer(b, 16777217))->payload.real == 16777216);
    assert(ir_cast(b, IR_F64, ir_bool(b, true))->payload.real == 1);
    assert(ir_bitcast(b, IR_I32, ir_real(b, IR_F32, 1))->payload.integer == 0x3f800000);
    struct ir_node *x = ir_real(b, IR_F32, 1);
    assert(ir_cast(b, IR_F32, x) == x);
}

static void test_neutral_operands(struct fixture *f, int32_t buffer)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *zero = ir_integer(b, 0), *x = ir_load(b, buffer, zero),
                   *i = ir_leaf(b, IR_SIZE, IR_I64, 0);
    assert(ir_binary(b, IR_ADD, i, zero) == i && ir_binary(b, IR_ADD, zero, i) == i);
    assert(ir_binary(b, IR_MUL, ir_integer(b, 1), i) == i && ir_binary(b, IR_MUL, i, zero) == zero);
    assert(ir_binary(b, IR_SUB, i, zero) == i && ir_binary(b, IR_SUB, zero, i) != i);
    assert(ir_binary(b, IR_MUL, x, ir_real(b, IR_F32, 1)) == x);
    assert(ir_binary(b, IR_DIV, x, ir_real(b, IR_F32, 1)) == x &&
           ir_binary(b, IR_DIV, ir_real(b, IR_F32, 1), x) != x);
    assert(ir_binary(b, IR_ADD, x, ir_real(b, IR_F32, -0.0)) == x);
    assert(ir_binary(b, IR_ADD, x, ir_real(b, IR_F32, 0)) != x); /* -0 + 0 is 0 */
    assert(!is_constant(ir_binary(b, IR_MUL, x, ir_real(b, IR_F32, 0))));
    struct ir_node *condition = ir_binary(b, IR_LT, x, ir_real(b, IR_F32, 1));
    assert(ir_binary(b, IR_AND, condition, ir_bool(b, true)) == condition);
    assert(ir_select(b, condition, x, x) == x && ir_select(b, ir_bool(b, false), zero, i) == i);
}

static void test_calls(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *operands[2] = { ir_integer(b, 3), ir_integer(b, 4) };
    struct ir_node *call = ir_call_rt(b, IR_RT_snn_rt_array, 2, operands);
    assert(call->type == IR_VOID && call->operands[0]->type == IR_I32 &&
           call->operands[1]->type == IR_I64);
    struct ir_node *x = ir_real(b, IR_F64, 2);
    assert(ir_call_rt(b, IR_RT_exp, 1, &x)->type == IR_F64);
    assert(!ir_is_pure(call) && ir_is_pure(ir_call_rt(b, IR_RT_exp, 1, &x)));
}

static struct ir_node *map_index(struct ir_node *old, void *data)
{
    struct ir_node **pair = data;
    return old == pair[0] ? pair[1] : NULL;
}

/* The body of a loop, with an inner loop and a variable, copied for the element 5. */
static void test_clone(struct fixture *f, int32_t buffer)
{
    struct ir_builder *b = &f->builder;
    struct ir_block *outside = b->block;
    struct ir_node *loop = fixture_loop(f, buffer), *i = loop->loop.index;
    struct ir_node *sum = ir_var(b, "sum", ir_load(b, buffer, i));
    struct ir_node *inner = ir_loop(b, "inner", ir_integer(b, 0), i, false);
    b->block = &inner->loop.body;
    ir_set(b, sum, ir_binary(b, IR_ADD, ir_get(b, sum), ir_load(b, buffer, inner->loop.index)));
    ir_continue(b, inner);
    b->block = &loop->loop.body;
    struct ir_node *last = ir_get(b, sum);
    b->block = outside;
    struct ir_node *pair[2] = { i, ir_integer(b, 5) };
    struct ir_node *copy = ir_clone_block(b, &loop->loop.body, map_index, pair, last);
    assert(copy != last && copy->op == IR_VAR_GET && copy->payload.node != sum &&
           copy->payload.node->op == IR_VAR);
    struct ir_node *copied_loop = copy->previous;
    assert(copied_loop->kind == IR_NODE_LOOP && copied_loop->loop.high == pair[1] &&
           copied_loop->loop.index != inner->loop.index &&
           copied_loop->loop.body.last->jump.target == copied_loop);
    assert(outside->last == copy);
}

int main(void)
{
    struct fixture f;
    fixture_begin(&f);
    int32_t buffer = fixture_buffer(&f, "x", SNN_FLOAT32, 8);
    test_integers(&f);
    test_reals(&f);
    test_casts(&f);
    test_neutral_operands(&f, buffer);
    test_calls(&f);
    test_clone(&f, buffer);
    fixture_finish(&f);
    return 0;
}
