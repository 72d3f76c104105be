/* SPDX-License-Identifier: MIT
 *
 * Collects remarks and prints them by place; a remark that says the same about the same place is
 * kept once.
 */
#include "base/remarks.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/compilation.h"

void remark(struct compilation *c, struct span span, const char *stage, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_format_va(&c->arena, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < c->remarks.count; i++) {
        const struct remark *r = &c->remarks.items[i];
        if (r->span.source == span.source && r->span.start == span.start &&
            strcmp(r->text, text) == 0)
            return;
    }
    array_push(&c->arena, &c->remarks, (struct remark){ span, stage, text, c->remarks.count });
}

static int compare(const void *left, const void *right)
{
    const struct remark *a = left, *b = right;
    if (a->span.source != b->span.source)
        return a->span.source < b->span.source ? -1 : 1;
    if (a->span.start != b->span.start)
        return a->span.start < b->span.start ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void remarks_print(struct compilation *c, FILE *out)
{
    if (c->remarks.count > 0)
        qsort(c->remarks.items, c->remarks.count, sizeof *c->remarks.items, compare);
    for (size_t i = 0; i < c->remarks.count; i++) {
        const struct remark *r = &c->remarks.items[i];
        const struct source *source = sources_get(&c->sources, r->span.source);
        if (source != NULL) {
            struct position at = source_position(source, r->span.start);
            fprintf(out, "%s:%zu:%zu: ", source->path, at.line, at.column);
        }
        fprintf(out, "%s: %s\n", r->stage, r->text);
    }
}
