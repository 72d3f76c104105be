/* SPDX-License-Identifier: MIT
 *
 * Messages come out in order of place, once each, at most DIAG_ERROR_LIMIT errors, as text and as
 * JSON.
 */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compilation.h"

static const char source_text[] = "let a = 1\n\tlet \xc3\xa4 = b\n";

static struct span span_of(uint32_t source, const char *part)
{
    uint32_t start = (uint32_t)(strstr(source_text, part) - source_text);
    return (struct span){ source, start, start + (uint32_t)strlen(part) };
}

static uint32_t begin(struct compilation *c)
{
    compilation_init(c);
    return sources_add(&c->sources, "a.snn", source_text, sizeof source_text - 1);
}

/* What is printed; ends the compilation. */
static const char *printed(struct compilation *c, enum diag_format format)
{
    static char text[16384];
    FILE *out = tmpfile();
    assert(out != NULL);
    diag_print_all(c, out, format);
    rewind(out);
    text[fread(text, 1, sizeof text - 1, out)] = 0;
    fclose(out);
    compilation_finish(c);
    return text;
}

static void test_order(void)
{
    struct compilation c;
    uint32_t source = begin(&c);
    assert(!diag_error(&c, span_of(source, "b"), "unknown name '%s'", "b"));
    diag_note(&c, span_of(source, "a"), "a name that is known");
    diag_hint(&c, "write 'a'");
    diag_warning(&c, span_of(source, "1"), "always 1");
    diag_error(&c, span_of(source, "b"), "second at one place");
    diag_error(&c, span_of(source, "b"), "unknown name 'b'"); /* a repetition */
    diag_error(&c, (struct span){ 0 }, "no place");
    assert(c.diagnostics.error_count == 4 && c.diagnostics.warning_count == 1);
    assert(strcmp(printed(&c, DIAG_FORMAT_TEXT), "snnc: error: no place\n"
                                                 "a.snn:1:9: warning: always 1\n"
                                                 "    1 | let a = 1\n"
                                                 "      |         ^\n"
                                                 "a.snn:2:10: error: unknown name 'b'\n"
                                                 "    2 |     let \xc3\xa4 = b\n"
                                                 "      |             ^\n"
                                                 "a.snn:1:5: note: a name that is known\n"
                                                 "    1 | let a = 1\n"
                                                 "      |     ^\n"
                                                 "hint: write 'a'\n"
                                                 "a.snn:2:10: error: second at one place\n"
                                                 "    2 |     let \xc3\xa4 = b\n"
                                                 "      |             ^\n") == 0);
}

static void test_limit(void)
{
    struct compilation c;
    uint32_t source = begin(&c);
    for (int i = 0; i < DIAG_ERROR_LIMIT + 2; i++)
        diag_error(&c, span_of(source, "a"), "error %d", i);
    const char *text = printed(&c, DIAG_FORMAT_TEXT);
    assert(strstr(text, "error 19\n") && !strstr(text, "error 20\n"));
    assert(strstr(text, "snnc: 2 more errors not shown\n"));
}

static void test_json(void)
{
    struct compilation c;
    uint32_t source = begin(&c);
    diag_error(&c, span_of(source, "let \xc3\xa4"), "a \"quoted\" \\ text\nin lines");
    diag_note(&c, (struct span){ 0 }, "no place");
    diag_hint(&c, "first");
    diag_hint(&c, "second");
    assert(
        strcmp(printed(&c, DIAG_FORMAT_JSON),
               "{\"file\":\"a.snn\",\"line\":2,\"column\":2,\"end_line\":2,\"end_column\":7,"
               "\"severity\":\"error\",\"message\":\"a \\\"quoted\\\" \\\\ text\\u000ain lines\","
               "\"notes\":[{\"message\":\"no place\"}],\"hints\":[\"first\",\"second\"]}\n") == 0);
}

/* The underline stays on the first line, and is there even for nothing. */
static void test_underline(void)
{
    struct compilation c;
    uint32_t source = begin(&c);
    diag_error(&c, (struct span){ source, 6, 14 }, "over two lines");
    assert(strstr(printed(&c, DIAG_FORMAT_TEXT), "      |       ^~~\n"));
    source = begin(&c);
    uint32_t end = (uint32_t)sizeof source_text - 1;
    diag_error(&c, (struct span){ source, end, end }, "at the end");
    assert(strcmp(printed(&c, DIAG_FORMAT_TEXT),
                  "a.snn:3:1: error: at the end\n    3 | \n      | ^\n") == 0);
}

int main(void)
{
    test_order();
    test_limit();
    test_json();
    test_underline();
    return 0;
}
