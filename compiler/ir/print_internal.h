/* SPDX-License-Identifier: MIT
 *
 * What the files of the printer share.
 */
#ifndef SNNC_IR_PRINT_INTERNAL_H
#define SNNC_IR_PRINT_INTERNAL_H

#include "ir/ir.h"

struct printer {
    struct arena *arena;
    const struct ir_program *program;
    char *items; /* the text so far, zero-terminated */
    size_t count, capacity;
    int depth; /* of blocks */
};

void print_text(struct printer *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print_quoted(struct printer *, const char *text);
void print_real(struct printer *, enum ir_type type, double value);
void print_buffer(struct printer *, int32_t buffer); /* @name; -1: none */
void print_size(struct printer *, int32_t size);     /* "name"; -1: ? */

void print_tables(struct printer *);

#endif
