/* SPDX-License-Identifier: MIT
 *
 * Collects messages and prints them as text with a source excerpt or as JSON.
 * Which errors there are is decided elsewhere; the order, the limit and the
 * layout are decided here.
 */
#include "base/diagnostics.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/compilation.h"

#define TAB_WIDTH 4
#define COMPARED_LIMIT 200

/* ---- collecting ------------------------------------------------------ */

static struct diagnostic *add(struct compilation *c, enum diag_severity severity, struct span span,
                              const char *format, va_list arguments)
{
    struct diagnostic *d = arena_new(&c->arena, struct diagnostic);
    d->severity = severity;
    d->span = span;
    d->text = arena_format_va(&c->arena, format, arguments);
    d->order = c->diagnostics.count;
    array_push(&c->arena, &c->diagnostics, d);
    return d;
}

bool diag_error(struct compilation *c, struct span span, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(c, DIAG_ERROR, span, format, arguments);
    va_end(arguments);
    c->diagnostics.error_count++;
    return false;
}

void diag_warning(struct compilation *c, struct span span, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(c, DIAG_WARNING, span, format, arguments);
    va_end(arguments);
    c->diagnostics.warning_count++;
}

static void attach(struct compilation *c, bool is_hint, struct span span, const char *format,
                   va_list arguments)
{
    if (c->diagnostics.count == 0)
        return;
    struct diagnostic *d = c->diagnostics.items[c->diagnostics.count - 1];
    struct diag_note note = { span, arena_format_va(&c->arena, format, arguments) };
    array_push(&c->arena, is_hint ? &d->hints : &d->notes, note);
}

void diag_note(struct compilation *c, struct span span, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    attach(c, false, span, format, arguments);
    va_end(arguments);
}

void diag_hint(struct compilation *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    attach(c, true, (struct span){ 0 }, format, arguments);
    va_end(arguments);
}

bool diag_is_line_reported(const struct compilation *c, struct span span)
{
    const struct source *source = sources_get(&c->sources, span.source);
    if (!source)
        return false;
    size_t line = source_line_at(source, span.start);
    for (size_t i = 0; i < c->diagnostics.count && i < COMPARED_LIMIT; i++) {
        struct span other = c->diagnostics.items[i]->span;
        if (other.source == span.source && source_line_at(source, other.start) == line)
            return true;
    }
    return false;
}

void diag_unreachable(const char *file, int line, const char *function)
{
    fprintf(stderr, "snnc: internal error at %s:%d in %s: unexpected case\n", file, line, function);
    exit(70);
}

/* ---- order ----------------------------------------------------------- */

static int compare_size(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_diagnostics(const void *left, const void *right)
{
    const struct diagnostic *a = *(struct diagnostic *const *)left;
    const struct diagnostic *b = *(struct diagnostic *const *)right;
    int by_source = compare_size(a->span.source, b->span.source);
    if (by_source)
        return by_source;
    int by_start = compare_size(a->span.start, b->span.start);
    return by_start ? by_start : compare_size(a->order, b->order);
}

static bool is_duplicate(const struct diagnostic *a, const struct diagnostic *b)
{
    return a->severity == b->severity && a->span.source == b->span.source &&
           a->span.start == b->span.start && a->span.end == b->span.end &&
           !strcmp(a->text, b->text);
}

/* Whether one before it, at the same place, says the same. */
static bool is_repeated(struct diagnostic *const *sorted, size_t i)
{
    const struct diagnostic *d = sorted[i];
    while (i-- > 0 && sorted[i]->span.source == d->span.source &&
           sorted[i]->span.start == d->span.start)
        if (is_duplicate(sorted[i], d))
            return true;
    return false;
}

/* ---- text ------------------------------------------------------------ */

static const char *severity_text(enum diag_severity severity)
{
    switch (severity) {
    case DIAG_ERROR: return "error";
    case DIAG_WARNING: return "warning";
    }
    unreachable();
}

/* Bytes of the UTF-8 character at `text`, 0 where there is none. */
static size_t character_bytes(const char *text, size_t length)
{
    unsigned char first = (unsigned char)text[0];
    size_t bytes = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (bytes > length || first > 0xf4)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
    return bytes;
}

/* Columns that print_line takes for the bytes. */
static size_t display_width(const char *text, size_t length)
{
    size_t width = 0;
    for (size_t i = 0; i < length;) {
        size_t bytes = character_bytes(text + i, length - i);
        width += text[i] == '\t' ? TAB_WIDTH : 1;
        i += bytes ? bytes : 1;
    }
    return width;
}

/* A source line: tabs widened, what is no text or would move the cursor as '?'. */
static void print_line(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t bytes = character_bytes(text + i, length - i);
        bool is_control = (unsigned char)text[i] < 32 || text[i] == 127;
        if (text[i] == '\t')
            fprintf(out, "%*s", TAB_WIDTH, "");
        else if (bytes == 0 || is_control)
            fputc('?', out);
        else
            fwrite(text + i, 1, bytes, out);
        i += bytes ? bytes : 1;
    }
    fputc('\n', out);
}

static void print_repeated(FILE *out, char c, size_t count)
{
    while (count--)
        fputc(c, out);
}

/* The line of the span's start with the range underlined; a range over several lines is
 * underlined to the end of the first. */
static void print_excerpt(FILE *out, const struct source *source, struct span span)
{
    struct position position = source_position(source, span.start);
    size_t length;
    const char *line = source_line(source, position.line, &length);
    size_t start = span.start - source->line_starts[position.line - 1];
    size_t end = span.end - source->line_starts[position.line - 1];
    if (start > length)
        start = length;
    if (end > length)
        end = length;
    if (end < start)
        end = start;
    size_t width = display_width(line + start, end - start);

    fprintf(out, "%5zu | ", position.line);
    print_line(out, line, length);
    fprintf(out, "      | ");
    print_repeated(out, ' ', display_width(line, start));
    fputc('^', out);
    print_repeated(out, '~', width ? width - 1 : 0);
    fputc('\n', out);
}

static void print_place(FILE *out, const struct compilation *c, struct span span)
{
    const struct source *source = sources_get(&c->sources, span.source);
    if (!source) {
        fputs("snnc", out);
        return;
    }
    struct position position = source_position(source, span.start);
    fprintf(out, "%s:%zu:%zu", source->path, position.line, position.column);
}

static void print_text(FILE *out, const struct compilation *c, const struct diagnostic *d)
{
    print_place(out, c, d->span);
    fprintf(out, ": %s: %s\n", severity_text(d->severity), d->text);
    const struct source *source = sources_get(&c->sources, d->span.source);
    if (source)
        print_excerpt(out, source, d->span);
    for (size_t i = 0; i < d->notes.count; i++) {
        const struct diag_note *note = &d->notes.items[i];
        const struct source *other = sources_get(&c->sources, note->span.source);
        if (other) {
            print_place(out, c, note->span);
            fprintf(out, ": note: %s\n", note->text);
            print_excerpt(out, other, note->span);
        } else {
            fprintf(out, "note: %s\n", note->text);
        }
    }
    for (size_t i = 0; i < d->hints.count; i++)
        fprintf(out, "hint: %s\n", d->hints.items[i].text);
}

/* ---- JSON ------------------------------------------------------------ */

static void print_json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else if (byte < 32)
            fprintf(out, "\\u%04x", byte);
        else
            fputc(byte, out);
    }
    fputc('"', out);
}

/* "file":…,"line":…,"column":…,"end_line":…,"end_column":…, or nothing where there is no place. */
static void print_json_place(FILE *out, const struct compilation *c, struct span span)
{
    const struct source *source = sources_get(&c->sources, span.source);
    if (!source)
        return;
    struct position start = source_position(source, span.start);
    struct position end = source_position(source, span.end);
    fputs("\"file\":", out);
    print_json_string(out, source->path);
    fprintf(out, ",\"line\":%zu,\"column\":%zu,\"end_line\":%zu,\"end_column\":%zu,", start.line,
            start.column, end.line, end.column);
}

static void print_json(FILE *out, const struct compilation *c, const struct diagnostic *d)
{
    fputc('{', out);
    print_json_place(out, c, d->span);
    fprintf(out, "\"severity\":\"%s\",\"message\":", severity_text(d->severity));
    print_json_string(out, d->text);
    fputs(",\"notes\":[", out);
    for (size_t i = 0; i < d->notes.count; i++) {
        fputs(i ? ",{" : "{", out);
        print_json_place(out, c, d->notes.items[i].span);
        fputs("\"message\":", out);
        print_json_string(out, d->notes.items[i].text);
        fputc('}', out);
    }
    fputs("],\"hints\":[", out);
    for (size_t i = 0; i < d->hints.count; i++) {
        if (i)
            fputc(',', out);
        print_json_string(out, d->hints.items[i].text);
    }
    fputs("]}\n", out);
}

/* ---- printing -------------------------------------------------------- */

void diag_print_all(struct compilation *c, FILE *out, enum diag_format format)
{
    size_t count = c->diagnostics.count;
    if (count == 0)
        return;
    struct diagnostic **sorted = arena_alloc_array(&c->arena, count, sizeof *sorted);
    memcpy(sorted, c->diagnostics.items, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_diagnostics);

    size_t errors = 0, unprinted = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_repeated(sorted, i))
            continue;
        if (sorted[i]->severity == DIAG_ERROR && ++errors > DIAG_ERROR_LIMIT) {
            unprinted++;
            continue;
        }
        if (format == DIAG_FORMAT_JSON)
            print_json(out, c, sorted[i]);
        else
            print_text(out, c, sorted[i]);
    }
    if (unprinted && format == DIAG_FORMAT_TEXT)
        fprintf(out, "snnc: %zu more error%s not shown\n", unprinted, unprinted == 1 ? "" : "s");
}
