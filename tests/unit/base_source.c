/* SPDX-License-Identifier: MIT
 *
 * Lines and columns of sources, and the words that are suggested for misspelt ones.
 */
#undef NDEBUG
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/source.h"
#include "base/suggest.h"

static void expect_position(const struct source *source, uint32_t offset, size_t line,
                            size_t column)
{
    struct position position = source_position(source, offset);
    assert(position.line == line && position.column == column);
}

static void expect_line(const struct source *source, size_t line, const char *expected)
{
    size_t length;
    const char *text = source_line(source, line, &length);
    assert(length == strlen(expected) && memcmp(text, expected, length) == 0);
}

static void test_positions(struct sources *sources)
{
    const char text[] = "ab\n\ntau = \xc3\xa4 + 1\r\nend";
    const struct source *source =
        sources_get(sources, sources_add(sources, "a.snn", text, sizeof text - 1));
    assert(source->line_count == 4);
    expect_position(source, 0, 1, 1);
    expect_position(source, 2, 1, 3); /* the line end belongs to its line */
    expect_position(source, 3, 2, 1);
    expect_position(source, 4, 3, 1);
    expect_position(source, 13, 3, 9); /* two bytes of one character are one column */
    expect_position(source, (uint32_t)source->length, 4, 4);
    expect_line(source, 1, "ab");
    expect_line(source, 2, "");
    expect_line(source, 3, "tau = \xc3\xa4 + 1");
    expect_line(source, 4, "end");
}

static void test_empty(struct sources *sources)
{
    const struct source *source = sources_get(sources, sources_add(sources, "e.snn", "", 0));
    assert(source->line_count == 1);
    expect_position(source, 0, 1, 1);
    expect_line(source, 1, "");
}

static void test_files(struct sources *sources)
{
    errno = 0;
    assert(sources_read(sources, "no such folder/x.snn") == 0 && errno == ENOENT);
    assert(sources_read(sources, "a.snn") == 1); /* known by its path */
    assert(sources_get(sources, 0) == NULL);
    assert(sources_get(sources, 99) == NULL);
}

static void test_spans(void)
{
    struct span none = { 0 }, first = { 1, 4, 6 }, last = { 1, 9, 12 }, other = { 2, 0, 1 };
    struct span joined = span_join(first, last);
    assert(joined.start == 4 && joined.end == 12);
    joined = span_join(last, first);
    assert(joined.start == 4 && joined.end == 12);
    assert(span_join(none, last).start == 9 && span_join(first, none).end == 6);
    assert(span_join(first, other).source == 1 && span_join(first, other).end == 6);
}

static void expect_suggestion(const char *wanted, const char *expected)
{
    static const char *const words[] = { "threshold", "tau", "tau_m", "mV", "ms", "n", NULL };
    const char *found = suggest_word(wanted, words);
    assert(expected ? found && strcmp(found, expected) == 0 : found == NULL);
}

static void test_suggestions(void)
{
    assert(suggest_distance("kitten", "sitting") == 3);
    assert(suggest_distance("ab", "ba") == 1);
    assert(suggest_distance("", "abc") == 3);
    expect_suggestion("treshold", "threshold");
    expect_suggestion("thershold", "threshold");
    expect_suggestion("tua", "tau");
    expect_suggestion("mv", "mV"); /* case alone is nearer than another letter */
    expect_suggestion("MS", "ms");
    expect_suggestion("weight", NULL);
    expect_suggestion("x", NULL); /* one letter is too little to go by */
    char longest[200];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    expect_suggestion(longest, NULL);
}

int main(void)
{
    struct arena arena;
    struct sources sources;
    arena_init(&arena);
    sources_init(&sources, &arena);
    test_positions(&sources);
    test_empty(&sources);
    test_files(&sources);
    test_spans();
    test_suggestions();
    arena_finish(&arena);
    return 0;
}
