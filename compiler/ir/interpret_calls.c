/* SPDX-License-Identifier: MIT
 *
 * Calls of the runtime: one case of a switch for each line of runtime/abi.def, each argument taken
 * from the member of the value that its C type says.
 */
#include "ir/interpret_internal.h"
#include "ir/rt.h"

#define RT_FN(result, name, ...) result name(__VA_ARGS__);
#include "abi.def"
#undef RT_FN

#define ARGUMENT(type, k)                                                                          \
    _Generic((type *)0,                                                                            \
        bool *: arguments[k].integer != 0,                                                         \
        int32_t *: (int32_t)arguments[k].integer,                                                  \
        int64_t *: arguments[k].integer,                                                           \
        double *: arguments[k].real,                                                               \
        const char **: (const char *)arguments[k].pointer,                                         \
        void **: (void *)(uintptr_t)arguments[k].pointer,                                          \
        struct snn_context **: (struct snn_context *)(uintptr_t)arguments[k].pointer)

#define ARGUMENTS_1(a) ARGUMENT(a, 0)
#define ARGUMENTS_2(a, b) ARGUMENTS_1(a), ARGUMENT(b, 1)
#define ARGUMENTS_3(a, b, c) ARGUMENTS_2(a, b), ARGUMENT(c, 2)
#define ARGUMENTS_4(a, b, c, d) ARGUMENTS_3(a, b, c), ARGUMENT(d, 3)
#define ARGUMENTS_5(a, b, c, d, e) ARGUMENTS_4(a, b, c, d), ARGUMENT(e, 4)
#define ARGUMENTS_6(a, b, c, d, e, f) ARGUMENTS_5(a, b, c, d, e), ARGUMENT(f, 5)
#define ARGUMENTS_7(a, b, c, d, e, f, g) ARGUMENTS_6(a, b, c, d, e, f), ARGUMENT(g, 6)
#define ARGUMENTS_8(a, b, c, d, e, f, g, h) ARGUMENTS_7(a, b, c, d, e, f, g), ARGUMENT(h, 7)
#define NINTH(a, b, c, d, e, f, g, h, i, ...) i
#define ARGUMENTS(...)                                                                             \
    NINTH(__VA_ARGS__, ARGUMENTS_8, ARGUMENTS_7, ARGUMENTS_6, ARGUMENTS_5, ARGUMENTS_4,            \
          ARGUMENTS_3, ARGUMENTS_2, ARGUMENTS_1, 0)                                                \
    (__VA_ARGS__)

static union ir_value from_integer(int64_t integer)
{
    return (union ir_value){ .integer = integer };
}

static union ir_value from_real(double real)
{
    return (union ir_value){ .real = real };
}

static union ir_value from_pointer(const void *pointer)
{
    return (union ir_value){ .pointer = pointer };
}

/* A call that gives a value in any case: 0 where the function gives none. */
#define CALL(result, call) _Generic((result *)0, void * : ((void)(call), 0), default : (call))
#define VALUE(expression)                                                                          \
    _Generic((expression),                                                                         \
        double: from_real,                                                                         \
        void *: from_pointer,                                                                      \
        const char *: from_pointer,                                                                \
        default: from_integer)(expression)

union ir_value interpret_rt(struct snn_context *context, enum ir_rt function,
                            const union ir_value *operands)
{
    union ir_value arguments[9] = { { 0 } };
    int32_t count = ir_rt_parameter_count(function), first = ir_rt_takes_context(function) ? 1 : 0;
    arguments[0].pointer = context;
    for (int32_t k = 0; k < count; k++)
        arguments[first + k] = operands[k];
    switch (function) {
#define RT_FN(result, name, ...)                                                                   \
    case IR_RT_##name:                                                                             \
        return VALUE(CALL(result, name(ARGUMENTS(__VA_ARGS__))));
#include "abi.def"
#undef RT_FN
    }
    unreachable();
}
