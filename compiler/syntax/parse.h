/* SPDX-License-Identifier: MIT
 *
 * From text to syntax tree. Errors are reported to the diagnostics of the
 * compilation; what could be understood is returned all the same, so that the
 * rest of the file can be checked.
 */
#ifndef SNNC_SYNTAX_PARSE_H
#define SNNC_SYNTAX_PARSE_H

#include <stddef.h>

#include "base/compilation.h"
#include "syntax/ast.h"

/* Blocks, brackets and expressions may be nested this deep, so that no later pass overflows
 * its stack. */
#define PARSE_NESTING_LIMIT 1000

/* Reads and parses a file. Null (and an error without place) when it cannot be read. */
struct file *parse_file(struct compilation *c, const char *path);

/* Parses a text that is not, or not any more, in a file; `path` names it in messages.
 * Never null. */
struct file *parse_text(struct compilation *c, const char *path, const char *text, size_t length);

#endif
