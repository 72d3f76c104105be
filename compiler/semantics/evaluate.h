/* SPDX-License-Identifier: MIT
 *
 * Values known while compiling: literals and arithmetic of them. What depends on a param is not
 * known here (params are run-time values); see `is_constant` of struct type for those.
 */
#ifndef SNNC_SEMANTICS_EVALUATE_H
#define SNNC_SEMANTICS_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compilation.h"
#include "syntax/ast.h"

enum constant_kind {
    CONSTANT_BOOL,
    CONSTANT_INT,
    CONSTANT_REAL,
    CONSTANT_STRING,
};

struct constant {
    enum constant_kind kind;
    bool boolean;
    int64_t integer;
    double real;      /* in base units */
    const char *text; /* zero-terminated */
};

const struct constant *constant_bool(struct arena *arena, bool value);
const struct constant *constant_int(struct arena *arena, int64_t value);
const struct constant *constant_real(struct arena *arena, double value);
const struct constant *constant_string(struct arena *arena, const char *text);

/* A bool, int or real constant as a number. */
double constant_number(const struct constant *k);

bool constant_equal(const struct constant *a, const struct constant *b);

/* Operators over constants; null where the result is not defined (division of integers by zero,
 * overflow) or an operand is null. `/` gives a real, as in the language. */
const struct constant *evaluate_unary(struct arena *arena, enum unary_op op,
                                      const struct constant *operand);
const struct constant *evaluate_binary(struct arena *arena, enum binary_op op,
                                       const struct constant *left, const struct constant *right);

#endif
