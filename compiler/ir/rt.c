/* SPDX-License-Identifier: MIT
 *
 * Reads runtime/abi.def into a table. A C type that the IR has no type for does not compile.
 */
#include "ir/rt.h"

enum { TYPE_CONTEXT = -1, TYPE_END = -2, PARAMETER_LIMIT = 8 };

/* The type of a pointer to the parameter's type tells what it is. */
#define TYPE_OF(type)                                                                              \
    _Generic((type *)0,                                                                            \
        void *: IR_VOID,                                                                           \
        bool *: IR_BOOL,                                                                           \
        int32_t *: IR_I32,                                                                         \
        int64_t *: IR_I64,                                                                         \
        double *: IR_F64,                                                                          \
        const char **: IR_POINTER,                                                                 \
        void **: IR_POINTER,                                                                       \
        struct snn_context **: TYPE_CONTEXT)

#define TYPES_1(a) TYPE_OF(a)
#define TYPES_2(a, ...) TYPE_OF(a), TYPES_1(__VA_ARGS__)
#define TYPES_3(a, ...) TYPE_OF(a), TYPES_2(__VA_ARGS__)
#define TYPES_4(a, ...) TYPE_OF(a), TYPES_3(__VA_ARGS__)
#define TYPES_5(a, ...) TYPE_OF(a), TYPES_4(__VA_ARGS__)
#define TYPES_6(a, ...) TYPE_OF(a), TYPES_5(__VA_ARGS__)
#define TYPES_7(a, ...) TYPE_OF(a), TYPES_6(__VA_ARGS__)
#define TYPES_8(a, ...) TYPE_OF(a), TYPES_7(__VA_ARGS__)
#define NINTH(a, b, c, d, e, f, g, h, i, ...) i
#define TYPES(...)                                                                                 \
    NINTH(__VA_ARGS__, TYPES_8, TYPES_7, TYPES_6, TYPES_5, TYPES_4, TYPES_3, TYPES_2, TYPES_1, 0)  \
    (__VA_ARGS__)

static const struct {
    const char *name;
    int result;
    int types[PARAMETER_LIMIT + 1]; /* the context too, where there is one; then TYPE_END */
} functions[] = {
#define RT_FN(result, name, ...) { #name, TYPE_OF(result), { TYPES(__VA_ARGS__), TYPE_END } },
#include "abi.def"
#undef RT_FN
};

const char *ir_rt_name(enum ir_rt function)
{
    return functions[function].name;
}

enum ir_type ir_rt_result(enum ir_rt function)
{
    return (enum ir_type)functions[function].result;
}

bool ir_rt_takes_context(enum ir_rt function)
{
    return functions[function].types[0] == TYPE_CONTEXT;
}

int32_t ir_rt_parameter_count(enum ir_rt function)
{
    int32_t count = 0;
    while (functions[function].types[count] != TYPE_END)
        count++;
    return count - ir_rt_takes_context(function);
}

enum ir_type ir_rt_parameter(enum ir_rt function, int32_t number)
{
    return (enum ir_type)functions[function].types[number + ir_rt_takes_context(function)];
}
