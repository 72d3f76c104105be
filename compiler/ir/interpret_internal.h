/* SPDX-License-Identifier: MIT
 *
 * What the files of the interpreter share.
 */
#ifndef SNNC_IR_INTERPRET_INTERNAL_H
#define SNNC_IR_INTERPRET_INTERNAL_H

#include "ir/interpret.h"

/* A function being run. */
struct activation {
    struct interpreter *interpreter;
    struct snn_context *context;
    const struct ir_function *function;
    union ir_value *slots;      /* [node id] */
    const struct ir_node *jump; /* BREAK or CONTINUE on its way to its target, or null */
};

/* Runs the nodes of a block in order, until its end or a jump. */
void interpret_block(struct activation *, const struct ir_block *block);

/* The value of a REDUCE. */
union ir_value interpret_reduce(struct activation *, const struct ir_node *node);

/* The value of a CALL_RT. */
union ir_value interpret_rt(struct snn_context *context, enum ir_rt function,
                            const union ir_value *operands);

static inline union ir_value interpret_value(const struct activation *a, const struct ir_node *node)
{
    return a->slots[node->id];
}

/* A bug of the compiler: prints the node and its place, ends the process with 70. */
_Noreturn void interpret_fail(const struct activation *, const struct ir_node *node,
                              const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
