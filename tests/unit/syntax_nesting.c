/* SPDX-License-Identifier: MIT
 *
 * Text that is nested too deeply gives one error, whatever it is nested with, and text just below
 * the limit is parsed: no later pass has to fear for its stack.
 */
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/parse.h"

/* `before`, `count` times `repeated`, `middle`, `count` times `closing`, `after`. */
struct shape {
    const char *before, *repeated, *middle, *closing, *after;
};

static char *text_of(const struct shape *shape, size_t count)
{
    size_t length = strlen(shape->before) + strlen(shape->middle) + strlen(shape->after) +
                    count * (strlen(shape->repeated) + strlen(shape->closing));
    char *text = malloc(length + 1), *end = text;
    assert(text != NULL);
    end = stpcpy(end, shape->before);
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, shape->repeated);
    end = stpcpy(end, shape->middle);
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, shape->closing);
    strcpy(end, shape->after);
    return text;
}

static size_t errors_of(const struct shape *shape, size_t count)
{
    struct compilation c;
    compilation_init(&c);
    char *text = text_of(shape, count);
    parse_text(&c, "deep.snn", text, strlen(text));
    free(text);
    size_t errors = c.diagnostics.error_count;
    compilation_finish(&c);
    return errors;
}

int main(void)
{
    static const struct shape shapes[] = {
        { "let a = ", "(", "1", ")", "\n" },
        { "let a = ", "[", "1", "]", "\n" },
        { "let a = ", "f(", "1", ")", "\n" },
        { "let a = ", "a[", "1", "]", "\n" },
        { "let a = 1", " + 1", "", "", "\n" },
        { "let a = 1", " |> f", "", "", "\n" },
        { "let a = x", ".x", "", "", "\n" },
        { "let a = ", "-", "1", "", "\n" },
        { "let a = ", "not ", "b", "", "\n" },
        { "let a = 2", " ^ 2", "", "", "\n" },
        { "let a = ", "if b then 1 else ", "0", "", "\n" },
        { "let a = ", "if b then ", "0", " else 0", "\n" },
        { "task t {\n", "while b {\n", "", "}\n", "}\n" },
        { "task t {\nif b { }", " else if b { }", "", "", "\n}\n" },
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        assert(errors_of(&shapes[i], PARSE_NESTING_LIMIT - 10) == 0);
        assert(errors_of(&shapes[i], PARSE_NESTING_LIMIT + 10) == 1);
        assert(errors_of(&shapes[i], 50000) == 1);
    }
    return 0;
}
