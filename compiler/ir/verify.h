/* SPDX-License-Identifier: MIT
 *
 * What the files of the verifier share. ir_verify itself is in ir.h.
 */
#ifndef SNNC_IR_VERIFY_H
#define SNNC_IR_VERIFY_H

#include "ir/ir.h"

struct verifier {
    struct compilation *compilation;
    struct ir_program *program;
    const char *after;              /* the pass to blame */
    struct ir_function *function;   /* being verified */
    const struct ir_node **visible; /* [id]: the node, while it may be used */
    int32_t *depth;                 /* [id]: of the block that defines it */
    int32_t next_id;                /* of the next node in order of appearance */
    int parallel_depth;             /* parallel loops around */
    int reduce_depth;               /* reductions around */
    const struct ir_node *ode;      /* around, or null */
};

/* Prints the violation with `node` (may be null). Always false. */
bool verify_fail(struct verifier *, const struct ir_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Operand count, operand and result types, table indices of an INSTR. */
bool verify_instruction_types(struct verifier *, const struct ir_node *node);

bool verify_reduce_types(struct verifier *, const struct ir_node *node);

/* The buffer exists and has this type. */
bool verify_buffer(struct verifier *, const struct ir_node *node, int32_t buffer,
                   enum snn_type type, const char *role);

#endif
