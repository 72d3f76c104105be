/* SPDX-License-Identifier: MIT
 *
 * Messages about the user's program. They are collected while compiling and
 * printed once, sorted by place, without exact duplicates, at most
 * DIAG_ERROR_LIMIT errors. Text rules: lower case, no full stop, one fact,
 * source quoted as 'x', what was found and what was expected; a hint is an
 * action.
 */
#ifndef SNNC_BASE_DIAGNOSTICS_H
#define SNNC_BASE_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/array.h"
#include "base/source.h"

#define DIAG_ERROR_LIMIT 20

struct compilation;

enum diag_severity {
    DIAG_ERROR,
    DIAG_WARNING,
};

enum diag_format {
    DIAG_FORMAT_TEXT, /* with source excerpt */
    DIAG_FORMAT_JSON, /* one JSON object a line */
};

struct diag_note {
    struct span span; /* may be no place */
    const char *text;
};

ARRAY_STRUCT(diag_note_list, struct diag_note);

struct diagnostic {
    enum diag_severity severity;
    struct span span;
    const char *text;
    struct diag_note_list notes;
    struct diag_note_list hints; /* without place */
    size_t order;                /* of being reported: breaks ties between equal places */
};

struct diagnostics {
    struct diagnostic **items;
    size_t count;
    size_t capacity;
    size_t error_count;
    size_t warning_count;
};

/* Always returns false, so that a check is one line: return diag_error(c, e->span, ...); */
bool diag_error(struct compilation *c, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void diag_warning(struct compilation *c, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Attach to the latest error or warning. */
void diag_note(struct compilation *c, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_hint(struct compilation *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether something on the line of the span has been reported. Looks at the first messages only:
 * where there are very many, the answer does not matter. */
bool diag_is_line_reported(const struct compilation *c, struct span span);

/* Prints all messages in order of place. Does not clear them. */
void diag_print_all(struct compilation *c, FILE *out, enum diag_format format);

/* For bugs of the compiler: prints where and ends the process with exit code 70. */
_Noreturn void diag_unreachable(const char *file, int line, const char *function);
#define unreachable() diag_unreachable(__FILE__, __LINE__, __func__)

#endif
