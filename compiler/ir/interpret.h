/* SPDX-License-Identifier: MIT
 *
 * The reference interpreter: what a program means, by walking its tree one node at a time. It is
 * the oracle that generated code is compared with, bit for bit, so it is plain rather than fast:
 * loops run in order, in one thread and one lane, and every access is checked against the number of
 * elements. A program must have been through the passes `integrate`, `propagation` and `expand`.
 */
#ifndef SNNC_IR_INTERPRET_H
#define SNNC_IR_INTERPRET_H

#include "ir/evaluate.h"
#include "ir/ir.h"

/* Runs the program with the real runtime, as the compiled one would be: argv[0] and what follows
 * are its command line. Returns its exit status; a bug of the compiler that shows in a bad access
 * ends the process with 70. */
int interpret_program(struct compilation *, struct ir_program *program, int argc, char **argv);

struct interpreter {
    struct compilation *compilation;
    struct ir_program *program;
    int64_t (*count)(const struct snn_context *context,
                     int32_t buffer); /* elements of a buffer, as the runtime knows it */
    union ir_value **slots; /* [function][node id]: the latest value; null before the first call */
};

void interpreter_init(struct interpreter *, struct compilation *, struct ir_program *program);

/* Runs one function of the program in a lane. Functions do not call themselves. */
void interpreter_call(struct interpreter *, struct snn_context *context, int32_t function);

#endif
