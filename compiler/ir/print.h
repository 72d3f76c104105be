/* SPDX-License-Identifier: MIT
 *
 * One node as text, for messages about it. ir_print, in ir.h, prints programs.
 */
#ifndef SNNC_IR_PRINT_H
#define SNNC_IR_PRINT_H

#include "ir/ir.h"

/* The first line of the node's text form, without indentation; arena text. */
const char *ir_describe(struct compilation *, const struct ir_program *program,
                        const struct ir_node *node);

const char *ir_op_name(enum ir_op op);
const char *ir_type_name(enum ir_type type);

#endif
