/* SPDX-License-Identifier: MIT
 *
 * Runs lexer, layout and parser over a source.
 */
#include "syntax/parse.h"

#include <errno.h>
#include <string.h>

#include "syntax/build.h"
#include "syntax/tokens.h"

#include "syntax/parser.h"

const struct token *parser_next(struct parser *parser)
{
    size_t last = parser->tokens->count - 1;
    size_t i = parser->next < last ? parser->next : last;
    parser->next = i + 1;
    return &parser->tokens->items[i];
}

const struct token *parser_current(const struct parser *parser)
{
    return &parser->tokens->items[parser->next ? parser->next - 1 : 0];
}

static struct file *parse_source(struct compilation *c, uint32_t source)
{
    struct file *file = arena_new(&c->arena, struct file);
    file->source = source;
    file->path = sources_get(&c->sources, source)->path;

    struct token_list raw = lexer_scan(c, source);
    struct layout_result layout;
    struct token_list tokens = layout_tokens(c, source, &raw, &layout);
    file->doc = layout.doc;
    struct parser parser = { .c = c,
                             .tokens = &tokens,
                             .file = file,
                             .earlier_count = c->diagnostics.count,
                             .is_unbalanced = layout.is_unbalanced };
    syntax_parse(&parser); /* what it returns has been reported */
    for (size_t i = 0; i < layout.dropped.count; i++)
        if (!diag_is_line_reported(c, layout.dropped.items[i]))
            diag_error(c, layout.dropped.items[i], "'}' closes nothing");
    return file;
}

struct file *parse_file(struct compilation *c, const char *path)
{
    uint32_t source = sources_read(&c->sources, path);
    if (!source) {
        diag_error(c, (struct span){ 0 }, "cannot read '%s': %s", path, strerror(errno));
        return NULL;
    }
    return parse_source(c, source);
}

struct file *parse_text(struct compilation *c, const char *path, const char *text, size_t length)
{
    return parse_source(c, sources_add(&c->sources, path, text, length));
}
