/* SPDX-License-Identifier: MIT
 *
 * What `contract` and `fold` do to small programs, and that folding changes no result.
 */
#include "ir_fixture.h"

enum { X, Y, COUNT };

static void begin(struct fixture *f)
{
    fixture_begin(f);
    fixture_buffer(f, "x", SNN_FLOAT32, 64);
    fixture_buffer(f, "y", SNN_FLOAT32, 64);
    fixture_buffer(f, "count", SNN_INT64, 1);
    float *x = f->buffers[X];
    for (int k = 0; k < 64; k++)
        x[k] = (float)(k - 20) * 0.73f;
}

static int count_op(const struct ir_block *block, enum ir_op op);

static void add_count(struct ir_block *block, void *data)
{
    int *pair = data;
    pair[1] += count_op(block, (enum ir_op)pair[0]);
}

static int count_op(const struct ir_block *block, enum ir_op op)
{
    int pair[2] = { (int)op, 0 };
    for (struct ir_node *node = block->first; node != NULL; node = node->next) {
        pair[1] += node->kind == IR_NODE_INSTR && node->op == op;
        ir_for_each_block(node, add_count, pair);
    }
    return pair[1];
}

/* The one FMA of a function, with the operands' opcodes. */
static void check_fma(struct fixture *f, enum ir_op first, enum ir_op third)
{
    assert(pass_contract(&f->compilation, &f->program) &&
           ir_verify(&f->compilation, &f->program, "contract"));
    const struct ir_node *store = f->program.functions[0]->body.last, *fma = store->operands[1];
    assert(fma->op == IR_FMA && fma->operands[0]->op == first && fma->operands[2]->op == third);
    assert(count_op(&f->program.functions[0]->body, IR_MUL) == 0);
}

static void test_contract(void)
{
    static const struct {
        enum ir_op op;
        bool is_product_first;
        enum ir_op first, third;
    } cases[] = {
        { IR_ADD, true, IR_LOAD, IR_LOAD },
        { IR_ADD, false, IR_LOAD, IR_LOAD },
        { IR_SUB, true, IR_LOAD, IR_NEG },
        { IR_SUB, false, IR_NEG, IR_LOAD },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct fixture f;
        begin(&f);
        struct ir_builder *b = &f.builder;
        struct ir_node *x = ir_load(b, X, ir_integer(b, 1)), *y = ir_load(b, X, ir_integer(b, 2));
        struct ir_node *product = ir_binary(b, IR_MUL, x, y), *z = ir_load(b, X, ir_integer(b, 3));
        struct ir_node *left = cases[k].is_product_first ? product : z,
                       *right = left == z ? product : z;
        ir_store(b, Y, ir_integer(b, 0), ir_binary(b, cases[k].op, left, right));
        check_fma(&f, cases[k].first, cases[k].third);
        fixture_run(&f, 0);
        const float *in = f.buffers[X], *out = f.buffers[Y];
        float sign = cases[k].op == IR_SUB ? -1 : 1;
        float expected = cases[k].is_product_first ? fmaf(in[1], in[2], sign * in[3])
                                                   : fmaf(sign * in[1], in[2], in[3]);
        assert(out[0] == expected);
        fixture_finish(&f);
    }
}

/* A product that is used twice, or of integers, stays. */
static void test_contract_leaves(void)
{
    struct fixture f;
    begin(&f);
    struct ir_builder *b = &f.builder;
    struct ir_node *x = ir_load(b, X, ir_integer(b, 1)), *product = ir_binary(b, IR_MUL, x, x);
    ir_store(b, Y, ir_integer(b, 0), ir_binary(b, IR_ADD, product, x));
    ir_store(b, Y, ir_integer(b, 1), product);
    struct ir_node *n = ir_load(b, COUNT, ir_integer(b, 0));
    ir_store(b, COUNT, ir_integer(b, 0), ir_binary(b, IR_ADD, ir_binary(b, IR_MUL, n, n), n));
    assert(pass_contract(&f.compilation, &f.program));
    assert(count_op(&f.program.functions[0]->body, IR_FMA) == 0);
    fixture_finish(&f);
}

static void test_fold_removes(void)
{
    struct fixture f;
    begin(&f);
    struct ir_builder *b = &f.builder;
    struct ir_block *top = b->block;
    struct ir_node *loop = fixture_loop(&f, X), *i = loop->loop.index;
    struct ir_node *next = ir_binary(b, IR_ADD, i, ir_integer(b, 1));
    ir_binary(b, IR_ADD, i, ir_integer(b, 1)); /* the same, and unused */
    ir_load(b, X, next);
    struct ir_node *unused = ir_var(b, "unused", ir_integer(b, 4));
    ir_set(b, unused, ir_binary(b, IR_SUB, next, ir_integer(b, 7)));
    b->block = top;
    struct ir_node *branch = ir_if(b, ir_bool(b, false));
    b->block = &branch->branch.then_body;
    ir_store(b, Y, ir_integer(b, 0), ir_real(b, IR_F32, 1));
    b->block = &branch->branch.else_body;
    ir_store(b, Y, ir_integer(b, 0), ir_real(b, IR_F32, 2));
    b->block = top;
    assert(pass_fold(&f.compilation, &f.program) && ir_verify(&f.compilation, &f.program, "fold"));
    const struct ir_block *body = &f.program.functions[0]->body;
    assert(count_op(body, IR_STORE) == 1 && count_op(body, IR_LOAD) == 0 &&
           count_op(body, IR_VAR) == 0);
    for (const struct ir_node *node = body->first; node != NULL; node = node->next)
        assert(node->kind == IR_NODE_INSTR); /* neither loop nor if */
    fixture_run(&f, 0);
    assert(*(float *)f.buffers[Y] == 2);
    fixture_finish(&f);
}

/* An instruction of one branch must not stand in for one after it; one before may stand in for
 * both. */
static void test_fold_scopes(void)
{
    struct fixture f;
    begin(&f);
    struct ir_builder *b = &f.builder;
    struct ir_block *top = b->block;
    struct ir_node *n = ir_leaf(b, IR_SIZE, IR_I64, X), *x = ir_load(b, X, ir_integer(b, 0));
    struct ir_node *branch = ir_if(b, ir_binary(b, IR_LT, x, ir_real(b, IR_F32, 0)));
    b->block = &branch->branch.then_body;
    ir_store(b, COUNT, ir_integer(b, 0), ir_binary(b, IR_MUL, n, n));
    b->block = top;
    ir_store(b, COUNT, ir_integer(b, 0), ir_binary(b, IR_MUL, n, n));
    ir_store(b, COUNT, ir_integer(b, 0), ir_binary(b, IR_MUL, n, ir_leaf(b, IR_SIZE, IR_I64, X)));
    assert(pass_fold(&f.compilation, &f.program) && ir_verify(&f.compilation, &f.program, "fold"));
    assert(count_op(&f.program.functions[0]->body, IR_MUL) == 2);
    assert(count_op(&f.program.functions[0]->body, IR_SIZE) == 1);
    fixture_finish(&f);
}

static void build_mixture(struct fixture *f)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *i = fixture_loop(f, X)->loop.index, *x = ir_load(b, X, i);
    struct ir_node *y =
        ir_unary(b, IR_SIN, ir_unary(b, IR_EXP, ir_binary(b, IR_MIN, x, ir_real(b, IR_F32, 5))));
    struct ir_node *draw =
        ir_draw(b, IR_POISSON, ir_unary(b, IR_ABS, x), 0, i, ir_integer(b, 2), ir_integer(b, 9));
    y = ir_binary(b, IR_ADD, y,
                  ir_binary(b, IR_POW, ir_unary(b, IR_ABS, x), ir_unary(b, IR_LOG1P, draw)));
    ir_store(b, Y, i, y);
}

static void test_fold_keeps_bits(void)
{
    float results[2][64];
    int nodes[2];
    for (int k = 0; k < 2; k++) {
        struct fixture f;
        begin(&f);
        ir_add_site(&f.compilation, &f.program, "other", (struct span){ 0 });
        build_mixture(&f);
        assert(pass_expand(&f.compilation, &f.program));
        assert(k == 0 || (pass_fold(&f.compilation, &f.program) &&
                          ir_verify(&f.compilation, &f.program, "fold")));
        ir_number(f.program.functions[0]);
        nodes[k] = f.program.functions[0]->node_count;
        fixture_run(&f, 0);
        memcpy(results[k], f.buffers[Y], sizeof results[k]);
        fixture_finish(&f);
    }
    assert(memcmp(results[0], results[1], sizeof results[0]) == 0 && nodes[1] < nodes[0]);
}

int main(void)
{
    test_contract();
    test_contract_leaves();
    test_fold_removes();
    test_fold_scopes();
    test_fold_keeps_bits();
    return 0;
}
