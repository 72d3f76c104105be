/* SPDX-License-Identifier: MIT
 *
 * What layout.c and brackets.c share: the state of a pass over the raw tokens.
 */
#ifndef SNNC_SYNTAX_LAYOUT_H
#define SNNC_SYNTAX_LAYOUT_H

#include "syntax/tokens.h"

/* A bracket that is open. */
struct opener {
    int kind; /* '(' '[' '{' TOK_BRACES_OPEN */
    struct span span;
    size_t indent;     /* of the line it is on */
    bool is_unmatched; /* nothing closes it before its surroundings end */
};

ARRAY_STRUCT(opener_list, struct opener);

struct layout {
    struct compilation *c;
    const struct source *source;
    const struct token_list *raw;
    struct token_list out;
    struct opener_list open;
    bool *is_unmatched;       /* of each raw token: an opening ( or [ that nothing closes */
    size_t missing_braces;    /* more } than { up to the next declaration at the margin */
    size_t first;             /* index in `out` of the first token of the statement */
    struct opener suspect;    /* a { whose } stands further left than its line; kind 0: none */
    const char *doc;          /* lines since the last declaration, or null */
    bool at_start;            /* the next token begins a statement */
    struct span_list dropped; /* see struct layout_result */
    bool is_too_deep;
    bool is_unbalanced; /* a brace was missing or too many: what is in which block is a guess */
};

/* The raw token at i, or null behind the last. */
const struct token *layout_raw(const struct layout *l, size_t i);

/* Its kind; TOK_END behind the last. */
int layout_kind(const struct layout *l, size_t i);

/* The kind of the token emitted last; TOK_END before the first. */
int layout_last(const struct layout *l);

/* Appends the token as one of that kind. */
void layout_emit(struct layout *l, struct token token, int kind);

/* Whether an operand ends with a token of this kind, so that no name can follow. */
bool layout_ends_operand(int kind);

/* Whether a declaration begins at the left margin with raw token i: it cannot be inside of
 * anything. */
bool layout_at_margin(const struct layout *l, size_t i);

/* ---- brackets.c ---- */

/* Spaces and tabs before the line that the byte is on. */
size_t brackets_indent(const struct source *source, uint32_t offset);

/* Finds the ( and [ that nothing closes. Before all others. */
void brackets_find_unmatched(struct layout *l);

/* Counts the braces from raw token i, which begins the file or a declaration at the margin. */
void brackets_count_missing(struct layout *l, size_t i);

bool brackets_is_opener(int kind);
bool brackets_is_closer(int kind);

/* Whether a line end means nothing here. */
bool brackets_are_open(struct layout *l);

/* The raw token i opens or closes. */
void brackets_open(struct layout *l, size_t i);
void brackets_close(struct layout *l, size_t i);

/* At the end of a line: closes the ( and [ that nothing closes, opens the brace that the statement
 * lacks. True: opened. */
void brackets_close_unmatched(struct layout *l, const struct token *token);
bool brackets_open_missing(struct layout *l);

/* At a declaration at the margin or at the end of the file: closes everything. */
void brackets_close_everything(struct layout *l, const struct token *token, bool at_end);

/* The same without a message. */
void brackets_give_up(struct layout *l, const struct token *token);

#endif
