/* SPDX-License-Identifier: MIT
 *
 * Generated code and the interpreter agree to the bit on everything that pass `expand` makes, for
 * values of every size and kind, with the vectors of this machine and with plain SSE2.
 */
#include <dlfcn.h>

#include "codegen/codegen.h"
#include "ir_fixture.h"

enum { ELEMENTS = 1003 }; /* full vectors and a rest */

static const struct {
    const char *name;
    enum ir_op op;
} functions[] = {
    { "exp", IR_EXP },       { "expm1", IR_EXPM1 },     { "log", IR_LOG },
    { "log1p", IR_LOG1P },   { "sin", IR_SIN },         { "cos", IR_COS },
    { "tan", IR_TAN },       { "tanh", IR_TANH },       { "atan", IR_ATAN },
    { "pow", IR_POW },       { "hash", IR_HASH },       { "uniform", IR_UNIFORM },
    { "normal", IR_NORMAL }, { "poisson", IR_POISSON },
};
enum { FUNCTIONS = sizeof functions / sizeof *functions, X = 0, Y = 1, SITE = 0 };

static struct ir_node *apply(struct ir_builder *b, enum ir_op op, struct ir_node *x,
                             struct ir_node *i)
{
    struct ir_node *step = ir_integer(b, 5), *path = ir_integer(b, INT64_C(0x123456789abcdef));
    switch (op) {
    case IR_POW:
        return ir_binary(b, op, x,
                         ir_binary(b, IR_SUB,
                                   ir_cast(b, IR_F32, ir_binary(b, IR_MOD, i, ir_integer(b, 23))),
                                   ir_real(b, IR_F32, 11.5)));
    case IR_HASH: return ir_cast(b, IR_F32, ir_binary(b, op, path, i));
    case IR_UNIFORM:
    case IR_NORMAL: return ir_draw(b, op, NULL, SITE, i, step, path);
    case IR_POISSON: return ir_draw(b, op, x, SITE, i, step, path);
    default: return ir_unary(b, op, x);
    }
}

/* Function k + 1 of the program writes the elements k * ELEMENTS ... of Y. */
static void build(struct fixture *f)
{
    fixture_begin(f);
    fixture_buffer(f, "x", SNN_FLOAT32, ELEMENTS);
    fixture_buffer(f, "y", SNN_FLOAT32, (int64_t)ELEMENTS * FUNCTIONS);
    ir_add_site(&f->compilation, &f->program, "other", (struct span){ 0 });
    f->keys[SITE] = UINT64_C(0xdeadbeefcafe);
    struct ir_builder *b = &f->builder;
    for (int64_t k = 0; k < FUNCTIONS; k++) {
        fixture_function(f, IR_FUNCTION_TASK);
        struct ir_node *i = fixture_loop(f, X)->loop.index, *x = ir_load(b, X, i);
        struct ir_node *at = ir_binary(b, IR_ADD, i, ir_integer(b, k * ELEMENTS));
        ir_store(b, Y, at, apply(b, functions[k].op, x, i));
    }
    f->program.source = "test.snn";
    assert(pass_expand(&f->compilation, &f->program) && pass_fold(&f->compilation, &f->program));
    assert(pass_vectorize(&f->compilation, &f->program) &&
           ir_verify(&f->compilation, &f->program, "vectorize"));
}

static void fill(float *x)
{
    static const float special[] = { 0.0f,     -0.0f,     INFINITY,   -INFINITY, NAN,  FLT_MAX,
                                     -FLT_MAX, 0x1p-149f, -0x1p-140f, 1.0f,      -1.0f };
    for (uint32_t k = 0; k < ELEMENTS; k++) {
        uint32_t bits = k * 2654435761u;
        memcpy(&x[k], &bits, sizeof bits);
        if (k % 2 == 0)
            x[k] = ldexpf((float)(int32_t)(bits % 2001) - 1000, (int)(k % 12) - 9);
    }
    memcpy(x, special, sizeof special);
}

#define TEXT(number) #number
#define TEXT_OF(number) TEXT(number)
#define ABI TEXT_OF(SNN_ABI_VERSION)

static const char runtime[] = "const void *test_program; char snn_rt_abi_" ABI ";\n"
                              "int snn_main(const void *p, int argc, char **argv)\n"
                              "{ (void)argc, (void)argv; test_program = p; return 0; }\n";

static const struct snn_program *load(struct fixture *f, const struct codegen_options *options,
                                      void **handle)
{
    const char *cc = getenv("CC");
    char command[256];
    FILE *file = fopen("expand_compiled_runtime.c", "w");
    assert(file != NULL && fputs(runtime, file) >= 0 && fclose(file) == 0);
    assert(codegen_object(&f->compilation, &f->program, options, "expand_compiled.o"));
    snprintf(
        command, sizeof command,
        "%s -shared -fPIC -o expand_compiled.so expand_compiled.o expand_compiled_runtime.c -lm",
        cc != NULL ? cc : "cc");
    assert(system(command) == 0);
    *handle = dlopen("./expand_compiled.so", RTLD_NOW | RTLD_LOCAL);
    assert(*handle != NULL);
    int (*start)(int, char **);
    *(void **)&start = dlsym(*handle, "main");
    assert(start(0, NULL) == 0);
    return *(const struct snn_program **)dlsym(*handle, "test_program");
}

static bool check(const char *cpu, int level)
{
    static float expected[ELEMENTS * FUNCTIONS];
    struct fixture f;
    void *handle;
    bool is_right = true;
    build(&f);
    fill(f.buffers[X]);
    for (int k = 0; k < FUNCTIONS; k++)
        fixture_run(&f, k + 1);
    memcpy(expected, f.buffers[Y], sizeof expected);
    struct codegen_options options = { .optimization = level, .cpu = cpu };
    const struct snn_program *program = load(&f, &options, &handle);
    for (int k = 0; k < FUNCTIONS; k++) {
        float *got = (float *)f.buffers[Y] + k * ELEMENTS;
        const float *wanted = expected + k * ELEMENTS, *x = f.buffers[X];
        memset(got, 0, ELEMENTS * sizeof *got);
        program->call(&f.context, k + 1);
        for (int n = 0; n < ELEMENTS && is_right; n++)
            if (memcmp(&got[n], &wanted[n], sizeof *got) != 0) {
                is_right = false;
                printf("%s(%.9g) at -O%d for %s: %.9g, interpreted %.9g\n", functions[k].name,
                       (double)x[n], level, cpu, (double)got[n], (double)wanted[n]);
            }
    }
    dlclose(handle);
    remove("expand_compiled.o");
    remove("expand_compiled.so");
    remove("expand_compiled_runtime.c");
    fixture_finish(&f);
    return is_right;
}

int main(void)
{
    return check("native", 3) && check("x86-64", 0) ? 0 : 1;
}
