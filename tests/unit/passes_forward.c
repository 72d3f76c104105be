/* SPDX-License-Identifier: MIT
 *
 * What `forward` does to small programs: loads of what was stored and covered stores go, unless
 * something between could see or change the place; results stay.
 */
#include "ir_fixture.h"

enum { X, Y, SHORT, SIZE = 8 };

static struct fixture f;
static struct ir_builder *b;
static struct ir_node *index;

/* In a loop over X, whose own index is `index`. */
static void begin(void)
{
    fixture_begin(&f);
    fixture_buffer(&f, "x", SNN_FLOAT32, SIZE);
    fixture_buffer(&f, "y", SNN_FLOAT32, SIZE);
    fixture_buffer(&f, "short", SNN_INT32, SIZE);
    b = &f.builder;
    struct ir_node *loop = fixture_loop(&f, X);
    loop->loop.is_independent = false;
    index = loop->loop.index;
}

static void store(int32_t buffer, struct ir_node *at, double value)
{
    ir_store(b, buffer, at, ir_real(b, IR_F32, value));
}

static struct ir_node *plus(struct ir_node *value, double more)
{
    return ir_binary(b, IR_ADD, value, ir_real(b, IR_F32, more));
}

static int loads, stores;

static void count(struct ir_block *block, void *data)
{
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        bool is_instruction = node->kind == IR_NODE_INSTR;
        loads += is_instruction && node->op == IR_LOAD;
        stores += is_instruction && node->op == IR_STORE;
        ir_for_each_block(node, count, data);
    }
}

/* Runs before and after the pass, which leaves so many loads and stores. */
static void end(int loads_left, int stores_left)
{
    float x[SIZE], y[SIZE];
    ir_number(f.program.functions[0]);
    fixture_run(&f, 0);
    memcpy(x, f.buffers[X], sizeof x);
    memcpy(y, f.buffers[Y], sizeof y);
    memset(f.buffers[X], 0, sizeof x);
    memset(f.buffers[Y], 0, sizeof y);
    assert(pass_forward(&f.compilation, &f.program) &&
           ir_verify(&f.compilation, &f.program, "forward"));
    loads = stores = 0;
    count(&f.program.functions[0]->body, NULL);
    printf("%d loads, %d stores\n", loads, stores);
    assert(loads == loads_left && stores == stores_left);
    fixture_run(&f, 0);
    assert(memcmp(x, f.buffers[X], sizeof x) == 0 && memcmp(y, f.buffers[Y], sizeof y) == 0);
    fixture_finish(&f);
}

static void test_chain(void)
{
    begin();
    store(X, index, 1);
    ir_store(b, X, index, plus(ir_load(b, X, index), 2));
    ir_store(b, X, index, plus(ir_load(b, X, index), 3));
    ir_store(b, Y, index, ir_load(b, X, index));
    end(0, 2);
    begin();
    store(X, ir_integer(b, 3), 1);
    ir_store(b, Y, index, ir_load(b, X, ir_integer(b, 3)));
    end(0, 2);
}

static void test_other_places(void)
{
    begin();
    store(X, index, 1);
    store(X, ir_integer(b, 3), 5); /* perhaps the same place */
    ir_store(b, Y, index, ir_load(b, X, index));
    end(1, 3);
    begin();
    store(X, index, 1);
    ir_store(b, Y, index, ir_load(b, X, ir_integer(b, 3)));
    store(X, index, 2); /* the first one has been seen */
    end(1, 3);
    begin();
    store(X, index, 1);
    store(Y, index, 2); /* another buffer */
    ir_store(b, Y, index, ir_load(b, X, index));
    end(0, 2);
    begin();
    ir_store(b, SHORT, index, ir_integer(b, INT64_C(1) << 32)); /* narrower than its value */
    ir_store(b, Y, index, ir_cast(b, IR_F32, ir_load(b, SHORT, index)));
    end(1, 2);
}

/* The builder goes into a loop of two turns. */
static struct ir_block *open_inner(struct ir_node **inner)
{
    struct ir_block *outer = b->block;
    *inner = ir_loop(b, "inner", ir_integer(b, 0), ir_integer(b, 2), false);
    b->block = &(*inner)->loop.body;
    return outer;
}

static void test_inner_blocks(void)
{
    struct ir_node *inner;
    begin();
    store(X, index, 1);
    struct ir_block *outer = open_inner(&inner);
    ir_store(b, Y, index, ir_load(b, X, index)); /* the store before is needed, and known after */
    b->block = outer;
    ir_store(b, X, index, plus(ir_load(b, X, index), 2));
    end(1, 3);

    begin();
    store(X, index, 1);
    outer = open_inner(&inner);
    ir_store(b, X, index, plus(ir_load(b, X, index), 2));
    b->block = outer;
    ir_store(b, Y, index, ir_load(b, X, index));
    end(2, 3);

    begin();
    store(X, index, 1);
    struct ir_node *branch = ir_if(b, ir_binary(b, IR_LT, index, ir_integer(b, 4)));
    outer = b->block;
    b->block = &branch->branch.then_body;
    store(X, index, 2);
    b->block = outer;
    ir_store(b, Y, index, ir_load(b, X, index));
    end(1, 3);
}

/* Some turns end between two stores. */
static void test_leaving(void)
{
    struct ir_node *inner;
    begin();
    struct ir_block *outer = open_inner(&inner);
    store(X, index, 1);
    struct ir_node *branch = ir_if(b, ir_binary(b, IR_EQ, inner->loop.index, ir_integer(b, 1)));
    struct ir_block *body = b->block;
    b->block = &branch->branch.then_body;
    ir_break(b, inner);
    b->block = body;
    store(X, index, 2);
    b->block = outer;
    end(0, 2);
}

int main(void)
{
    test_chain();
    test_other_places();
    test_inner_blocks();
    test_leaving();
    return 0;
}
