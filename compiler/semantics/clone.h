/* SPDX-License-Identifier: MIT
 *
 * Deep copies of parsed trees, without annotations: an instance of a model, rule or function checks
 * a copy of the body of its own. Names and spans are shared with the original.
 */
#ifndef SNNC_SEMANTICS_CLONE_H
#define SNNC_SEMANTICS_CLONE_H

#include "base/arena.h"
#include "syntax/ast.h"

/* Null gives null. */
struct expr *clone_expr(struct arena *arena, const struct expr *e);
struct statement *clone_statement(struct arena *arena, const struct statement *s);
struct block *clone_block(struct arena *arena, const struct block *b);
struct declaration *clone_declaration(struct arena *arena, const struct declaration *d);
struct file *clone_file(struct arena *arena, const struct file *f);

#endif
