/* SPDX-License-Identifier: MIT
 *
 * One mistake gives one error: with any single word or sign of a program left out, the rest is
 * still understood. A few signs cannot be told apart from another mistake; then there are two.
 */
#undef NDEBUG
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/parse.h"

enum { TEXT_LIMIT = 1 << 16, ERROR_LIMIT = 4 };

static size_t read_program(const char *path, char *text)
{
    const char *root = getenv("TOP_SRCDIR");
    char full[4096];
    snprintf(full, sizeof full, "%s/%s", root ? root : ".", path);
    FILE *file = fopen(full, "rb");
    if (file == NULL) {
        printf("cannot read '%s'\n", full);
        exit(77);
    }
    size_t length = fread(text, 1, TEXT_LIMIT, file);
    fclose(file);
    return length;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Bytes of the word or sign at `at`; 0 for blanks and comments, which are passed over by *skip. */
static size_t token_length(const char *text, size_t length, size_t at, size_t *skip)
{
    size_t end = at;
    if (text[at] == '#')
        while (end < length && text[end] != '\n')
            end++;
    *skip = end > at ? end - at : 1;
    if (end > at || isspace((unsigned char)text[at]))
        return 0;
    while (end < length && is_word(text[end]))
        end++;
    *skip = end > at ? end - at : 1;
    return *skip;
}

static size_t errors_without(const char *text, size_t length, size_t at, size_t removed)
{
    static char changed[TEXT_LIMIT];
    struct compilation c;
    memcpy(changed, text, at);
    memcpy(changed + at, text + at + removed, length - at - removed);
    compilation_init(&c);
    parse_text(&c, "changed.snn", changed, length - removed);
    size_t errors = c.diagnostics.error_count;
    compilation_finish(&c);
    return errors;
}

int main(void)
{
    static const char *const programs[] = {
        "examples/diehl_cook.snn", "tests/parse/declarations.snn", "tests/parse/networks.snn",
        "tests/parse/neurons.snn", "tests/parse/rules.snn",        "tests/parse/tasks.snn",
    };
    static char text[TEXT_LIMIT];
    size_t counts[ERROR_LIMIT] = { 0 }, skip;
    for (size_t p = 0; p < sizeof programs / sizeof *programs; p++) {
        size_t length = read_program(programs[p], text);
        assert(errors_without(text, length, 0, 0) == 0);
        for (size_t at = 0; at < length; at += skip) {
            size_t removed = token_length(text, length, at, &skip);
            if (removed == 0)
                continue;
            size_t errors = errors_without(text, length, at, removed);
            if (errors >= ERROR_LIMIT)
                printf("%zu errors without '%.*s' at byte %zu of %s\n", errors, (int)removed,
                       text + at, at, programs[p]);
            assert(errors < ERROR_LIMIT);
            counts[errors]++;
        }
    }
    size_t wrong = counts[1] + counts[2] + counts[3];
    printf("%zu without error, %zu with one, %zu with two, %zu with three\n", counts[0], counts[1],
           counts[2], counts[3]);
    assert(wrong > 500 && counts[1] * 100 >= wrong * 97);
    return 0;
}
