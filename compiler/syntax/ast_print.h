/* SPDX-License-Identifier: MIT
 *
 * The text form of the syntax tree: `snnc --dump=ast` and the golden tests.
 */
#ifndef SNNC_SYNTAX_AST_PRINT_H
#define SNNC_SYNTAX_AST_PRINT_H

#include <stdio.h>

#include "syntax/ast.h"

void ast_print(FILE *out, const struct file *file);

#endif
