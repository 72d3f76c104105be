/* SPDX-License-Identifier: MIT
 *
 * The expansions of exp, log and the others against the C library in double precision: the largest
 * error in units of the last place over values spread over all f32, and the special values exactly.
 */
#include "ir_fixture.h"

#ifndef VALUES
#define VALUES 30000
#endif

enum { INPUT, OUTPUT, SECOND };

struct function {
    const char *name;
    enum ir_op op;
    double (*reference)(double);
    double ulps; /* allowed */
};

static const struct function functions[] = {
    { "exp", IR_EXP, exp, 1.1 },  { "expm1", IR_EXPM1, expm1, 1.6 },
    { "log", IR_LOG, log, 1.1 },  { "log1p", IR_LOG1P, log1p, 1.5 },
    { "sin", IR_SIN, sin, 1.7 },  { "cos", IR_COS, cos, 1.7 },
    { "tan", IR_TAN, tan, 2.6 },  { "tanh", IR_TANH, tanh, 1.6 },
    { "atan", IR_ATAN, atan, 2 },
};

static float of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Bit patterns at equal distances, then the neighbourhood of 0 and 1, then special values. */
static void fill_inputs(float *x, int64_t count)
{
    static const float special[] = { 0.0f,        -0.0f,       1.0f,       -1.0f,       INFINITY,
                                     -INFINITY,   NAN,         0x1p-149f,  -0x1p-149f,  0x1p-126f,
                                     FLT_MAX,     -FLT_MAX,    88.7228f,   88.7229f,    -87.4f,
                                     -103.9f,     -104.1f,     0.5625f,    0.41421357f, 2.4142137f,
                                     0x1p24f,     16777213.0f, 3.1415927f, 1.5707964f,  6.2831855f,
                                     0.70710677f, 0.70710683f, 1.4142135f, 1.4142137f,  2.0f };
    int64_t specials = sizeof special / sizeof *special;
    for (int64_t k = 0; k < count; k++) {
        double spread = (double)(k / 2) / (double)count * 60 - 15;
        x[k] = k % 2 == 0 ? of_bits((uint32_t)k * (uint32_t)(4294967296.0 / (double)count) +
                                    12345u * (uint32_t)k)
                          : (float)spread;
    }
    memcpy(x, special, sizeof special);
    assert(count > specials);
}

/* Distance from the exact value in units of the last place of the f32 next to it; 0 where both are
 * the same special value. */
static double error_in_ulps(float y, double exact)
{
    if (isnan(exact))
        return isnan(y) ? 0 : INFINITY;
    float rounded = (float)exact;
    if (isinf(rounded) || isinf(y))
        return rounded == y || fabs(exact) > 0x1.fffffcp127 ? 0 : INFINITY;
    if (y == 0 && rounded == 0)
        return signbit(y) == signbit(rounded) || exact != 0 ? 0 : INFINITY;
    int exponent;
    frexp(exact, &exponent);
    double unit = ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
    return fabs((double)y - exact) / unit;
}

static void build_and_run(struct fixture *f, const struct function *function, bool is_power)
{
    struct ir_builder *b = &f->builder;
    struct ir_node *loop = fixture_loop(f, INPUT), *i = loop->loop.index;
    struct ir_node *x = ir_load(b, INPUT, i);
    struct ir_node *y =
        is_power ? ir_binary(b, IR_POW, x, ir_load(b, SECOND, i)) : ir_unary(b, function->op, x);
    ir_store(b, OUTPUT, i, y);
    assert(pass_expand(&f->compilation, &f->program));
    fixture_run(f, 0);
}

static bool check(const struct function *function, int64_t count)
{
    struct fixture f;
    fixture_begin(&f);
    fixture_buffer(&f, "input", SNN_FLOAT32, count);
    fixture_buffer(&f, "output", SNN_FLOAT32, count);
    fill_inputs(f.buffers[INPUT], count);
    build_and_run(&f, function, false);
    const float *x = f.buffers[INPUT], *y = f.buffers[OUTPUT];
    double worst = 0;
    float where = 0;
    for (int64_t k = 0; k < count; k++) {
        double error = error_in_ulps(y[k], function->reference((double)x[k]));
        if (!(error <= worst)) {
            worst = error;
            where = x[k];
        }
    }
    printf("%s: at most %.3f ulp, at %.9g\n", function->name, worst, (double)where);
    fixture_finish(&f);
    return worst <= function->ulps;
}

static bool check_pow(int64_t count)
{
    static const float special[] = { 0.0f,     -0.0f,     1.0f,  -1.0f,       2.0f,
                                     -2.0f,    3.0f,      -3.0f, 0.5f,        -0.5f,
                                     INFINITY, -INFINITY, NAN,   16777217.0f, 1e30f };
    int64_t specials = sizeof special / sizeof *special;
    struct fixture f;
    fixture_begin(&f);
    fixture_buffer(&f, "input", SNN_FLOAT32, count);
    fixture_buffer(&f, "output", SNN_FLOAT32, count);
    fixture_buffer(&f, "second", SNN_FLOAT32, count);
    float *x = f.buffers[INPUT], *y = f.buffers[SECOND];
    for (int64_t k = 0; k < count; k++) {
        x[k] = k < specials * specials ? special[k / specials] : of_bits((uint32_t)k * 2654435761u);
        y[k] = k < specials * specials ? special[k % specials]
                                       : (float)((k * 7919 % 4001) - 2000) / 37;
        if (k % 3 == 0 && k >= specials * specials)
            x[k] = 1 + (float)(k % 1000 - 500) * 1e-3f;
    }
    build_and_run(&f, NULL, true);
    const float *z = f.buffers[OUTPUT];
    double worst = 0;
    for (int64_t k = 0; k < count; k++) {
        double error = error_in_ulps(z[k], pow((double)x[k], (double)y[k]));
        if (!(error <= worst)) {
            worst = error;
            printf("pow(%.9g, %.9g) = %.9g: %.3f ulp\n", (double)x[k], (double)y[k], (double)z[k],
                   error);
        }
    }
    fixture_finish(&f);
    return worst <= 0.6;
}

int main(void)
{
    bool is_right = true;
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++)
        is_right = check(&functions[k], VALUES) && is_right;
    is_right = check_pow(VALUES) && is_right;
    return is_right ? 0 : 1;
}
