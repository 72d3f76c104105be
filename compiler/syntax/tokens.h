/* SPDX-License-Identifier: MIT
 *
 * Tokens, between the two halves of lexical analysis: lexer_scan (lexer.l)
 * cuts the text into words, numbers and signs; layout_tokens (layout.c) decides
 * which words are keywords, which line ends end a statement, and that brackets
 * are balanced. The parser reads the result from an array.
 */
#ifndef SNNC_SYNTAX_TOKENS_H
#define SNNC_SYNTAX_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "base/compilation.h"
#include "base/names.h"
#include "base/source.h"

/* Kinds besides those of parser.y; only between lexer_scan and layout_tokens. */
enum {
    TOKEN_DOC = -1, /* ## text */
};

struct token {
    int kind; /* TOK_... of parser.y, or a kind above */
    struct span span;
    bool starts_line;        /* first on its line, comments not counted */
    bool is_integer;         /* numbers: written without point and exponent */
    double number;           /* numbers */
    const struct name *name; /* words, keyword or not */
    const char *text;        /* strings: escapes resolved; documentation */
    size_t length;           /* of text */
    const char *doc;         /* first word of a declaration: the ## lines above it, or null */
};

ARRAY_STRUCT(token_list, struct token);

/* All tokens of a source: a TOK_END for each line end and semicolon, no end of file. Reports
 * what is no token. */
struct token_list lexer_scan(struct compilation *c, uint32_t source);

ARRAY_STRUCT(span_list, struct span);

/* What layout_tokens finds out besides the tokens. */
struct layout_result {
    const char *doc;    /* the documentation of the file; may be null */
    bool is_unbalanced; /* braces were missing or too many: what is in which block is a guess */
    struct span_list dropped; /* } at the end of a line that were left out. Not reported: the line
                                 most likely lacks their {, which the parser finds */
};

/* The tokens that the parser sees; the last has kind 0. Brackets are balanced, what was missing
 * or too many having been reported. */
struct token_list layout_tokens(struct compilation *c, uint32_t source,
                                const struct token_list *raw, struct layout_result *result);

#endif
