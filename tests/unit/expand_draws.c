/* SPDX-License-Identifier: MIT
 *
 * Draws: the expansion of Philox gives the words of runtime/random.c, which is tested against the
 * published answers; hash, uniform, normal and exponential follow from words as documented; the
 * normal distribution has its moments. Elements that name their word give what others do.
 */
#include "ir_fixture.h"
#include "random.h"

enum { ELEMENTS = 4099, SITE = 0, OUTPUT = 0 };

static const uint64_t key = UINT64_C(0x299f31d0a4093822), path = UINT64_C(0x0370734413198a2e);
static const int64_t step = INT64_C(0x185a308d3);

static uint32_t word(int64_t element, bool second)
{
    uint32_t counter[4] = { (uint32_t)(element >> 2), (uint32_t)step ^ (second ? 0x80000000u : 0),
                            (uint32_t)path, (uint32_t)(path >> 32) };
    uint32_t keys[2] = { (uint32_t)key, (uint32_t)(key >> 32) }, block[4];
    snn_philox(counter, keys, block);
    return block[element & 3];
}

/* Fills the output with draws of `op`; the elements begin at `first`. */
static void draw(struct fixture *f, enum ir_op op, int64_t first)
{
    fixture_begin(f);
    fixture_buffer(f, "output", SNN_FLOAT32, ELEMENTS);
    assert(ir_add_site(&f->compilation, &f->program, "other", (struct span){ 0 }) == SITE);
    f->keys[SITE] = key;
    struct ir_builder *b = &f->builder;
    struct ir_node *i = fixture_loop(f, OUTPUT)->loop.index;
    struct ir_node *element = ir_binary(b, IR_ADD, i, ir_integer(b, first));
    struct ir_node *drawn =
        ir_draw(b, op, NULL, SITE, element, ir_integer(b, step), ir_integer(b, (int64_t)path));
    ir_store(b, OUTPUT, i, drawn);
    assert(pass_expand(&f->compilation, &f->program));
    fixture_run(f, 0);
}

static void test_uniform(int64_t first)
{
    struct fixture f;
    draw(&f, IR_UNIFORM, first);
    const float *drawn = f.buffers[OUTPUT];
    for (int64_t k = 0; k < ELEMENTS; k++)
        assert(drawn[k] == (float)(word(first + k, false) >> 8) * 0x1p-24f);
    fixture_finish(&f);
}

static void test_normal(void)
{
    struct fixture f;
    draw(&f, IR_NORMAL, 0);
    const float *drawn = f.buffers[OUTPUT];
    double sum = 0, squares = 0, fourth = 0;
    for (int64_t k = 0; k < ELEMENTS; k++) {
        double u = ((double)(word(k, false) >> 8) + 1) * 0x1p-24,
               v = (double)(word(k, true) >> 8) * 0x1p-24;
        double exact = sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
        assert(fabs((double)drawn[k] - exact) <= 4e-7 * (1 + fabs(exact)));
        sum += exact;
        squares += exact * exact;
        fourth += exact * exact * exact * exact;
    }
    assert(fabs(sum / ELEMENTS) < 4 / sqrt(ELEMENTS));
    assert(fabs(squares / ELEMENTS - 1) < 4 * sqrt(2.0 / ELEMENTS));
    assert(fabs(fourth / ELEMENTS - 3) < 4 * sqrt(96.0 / ELEMENTS));
    fixture_finish(&f);
}

static void test_exponential(void)
{
    struct fixture f;
    draw(&f, IR_EXPONENTIAL, 0);
    const float *drawn = f.buffers[OUTPUT];
    double sum = 0;
    for (int64_t k = 0; k < ELEMENTS; k++) {
        double exact = -log(((double)word(k, false) + 0.5) * 0x1p-32);
        assert(fabs(drawn[k] / exact - 1) <= 5e-7);
        sum += exact;
    }
    assert(fabs(sum / ELEMENTS - 1) < 4 / sqrt(ELEMENTS));
    fixture_finish(&f);
}

/* Element 4 x + k, written x << 2 | k. */
static void test_split_elements(void)
{
    struct fixture f;
    fixture_begin(&f);
    fixture_buffer(&f, "output", SNN_INT64, 4 * ELEMENTS);
    assert(ir_add_site(&f.compilation, &f.program, "other", (struct span){ 0 }) == SITE);
    f.keys[SITE] = key;
    struct ir_builder *b = &f.builder;
    struct ir_node *loop = ir_loop(b, "test", ir_integer(b, 0), ir_integer(b, ELEMENTS), true);
    b->block = &loop->loop.body;
    struct ir_node *first = ir_binary(b, IR_SHL, loop->loop.index, ir_integer(b, 2));
    for (int64_t k = 0; k < 4; k++) {
        struct ir_node *element = ir_binary(b, IR_OR, first, ir_integer(b, k));
        struct ir_node *drawn = ir_draw(b, IR_WORD, NULL, SITE, element, ir_integer(b, step),
                                        ir_integer(b, (int64_t)path));
        ir_store(b, OUTPUT, element, ir_cast(b, IR_I64, drawn));
    }
    assert(pass_expand(&f.compilation, &f.program));
    fixture_run(&f, 0);
    const int64_t *words = f.buffers[OUTPUT];
    for (int64_t k = 0; k < 4 * ELEMENTS; k++)
        assert(words[k] == word(k, false));
    fixture_finish(&f);
}

static uint64_t hash(uint64_t a, uint64_t b)
{
    uint64_t z = a ^ ((b + UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd1342543de82ef95));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void test_hash(void)
{
    struct fixture f;
    fixture_begin(&f);
    fixture_buffer(&f, "output", SNN_INT64, ELEMENTS);
    struct ir_builder *b = &f.builder;
    struct ir_node *i = fixture_loop(&f, OUTPUT)->loop.index;
    ir_store(b, OUTPUT, i, ir_binary(b, IR_HASH, ir_integer(b, (int64_t)path), i));
    assert(pass_expand(&f.compilation, &f.program));
    fixture_run(&f, 0);
    const uint64_t *hashes = f.buffers[OUTPUT];
    int64_t flipped = 0;
    for (int64_t k = 0; k < ELEMENTS; k++) {
        assert(hashes[k] == hash(path, (uint64_t)k));
        for (int bit = 0; k > 0 && bit < 64; bit++)
            flipped += (hashes[k] ^ hashes[k - 1]) >> bit & 1;
    }
    assert(fabs((double)flipped / (ELEMENTS - 1) - 32) < 0.5);
    fixture_finish(&f);
}

int main(void)
{
    test_uniform(0);
    test_uniform(INT64_C(0x90fcd5e08));
    test_normal();
    test_exponential();
    test_split_elements();
    test_hash();
    return 0;
}
