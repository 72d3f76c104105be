/* SPDX-License-Identifier: MIT
 *
 * What one arithmetic instruction computes, on numbers: the meaning of ops.def in C. The builder
 * and pass `fold` use it on constants, the reference interpreter on everything, so that folding
 * cannot change a result.
 */
#ifndef SNNC_IR_EVALUATE_H
#define SNNC_IR_EVALUATE_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/ir.h"

/* A value of type: */
union ir_value {
    int64_t integer;     /* bool: 0 or 1; i32: zero-extended; i64 */
    float single;        /* f32 */
    double real;         /* f64 */
    const void *pointer; /* pointer */
};

/*
 * The value of an instruction without effect, whose operands have the type `operand_type` (of a
 * SELECT: of its last two) and which gives a `type`. False where the instruction is none that is
 * computed from its operands alone (leaves, memory, draws, EXP and what else is expanded); nothing
 * is stored then.
 */
bool ir_evaluate(enum ir_op op, enum ir_type type, enum ir_type operand_type,
                 const union ir_value *operands, union ir_value *out);

/* The value of a CONST, and the CONST payload of a value. */
union ir_value ir_value_of_constant(const struct ir_node *constant);
void ir_set_constant(struct ir_node *node, union ir_value value);

/* What an instruction with these operands comes to without being executed: one of them, or a new
 * constant at the builder's place; null if neither. Changes no bit of any result. */
struct ir_node *ir_simplify(struct ir_builder *, enum ir_op op, enum ir_type type, int32_t count,
                            struct ir_node *const *operands);

bool ir_value_is_nan(enum ir_type type, union ir_value value);

#endif
