/* SPDX-License-Identifier: MIT
 *
 * Balances brackets. A missing one is reported at the one that was opened and
 * closed at the most likely place: a ( or [ at the first line end where a
 * statement could end, a { before the next declaration at the margin. A head
 * without its { gets one where the } are one too many.
 */
#include <string.h>

#include "syntax/layout.h"
#include "syntax/parse.h"

#include "syntax/parser.h"

size_t brackets_indent(const struct source *source, uint32_t offset)
{
    size_t length;
    const char *line = source_line(source, source_line_at(source, offset), &length);
    size_t indent = 0;
    while (indent < length && (line[indent] == ' ' || line[indent] == '\t'))
        indent++;
    return indent;
}

bool brackets_is_opener(int kind)
{
    return kind == '(' || kind == '[' || kind == '{' || kind == TOK_BRACES_OPEN;
}

bool brackets_is_closer(int kind)
{
    return kind == ')' || kind == ']' || kind == '}' || kind == TOK_BRACES_CLOSE;
}

static int closer_of(int opener)
{
    switch (opener) {
    case '(': return ')';
    case '[': return ']';
    case '{': return '}';
    default: return TOK_BRACES_CLOSE;
    }
}

static bool is_brace(int kind)
{
    return kind == '{' || kind == TOK_BRACES_OPEN;
}

/* Which bracket of raw tokens is open, for a look at the whole text before it is laid out. */
struct matching {
    struct layout *l;
    size_t *stack; /* raw tokens */
    size_t depth;
};

static int top_kind(const struct matching *m, size_t depth)
{
    return layout_kind(m->l, m->stack[depth - 1]);
}

static void leave_open(struct matching *m, size_t depth)
{
    while (m->depth > depth)
        m->l->is_unmatched[m->stack[--m->depth]] = true;
}

static void match_brace(struct matching *m, int kind)
{
    size_t match = m->depth;
    while (match && closer_of(top_kind(m, match)) != kind)
        match--;
    leave_open(m, match);
    if (match)
        m->depth--;
}

/* A ) or ] closes the nearest bracket of its kind inside of the braces; without one, whatever is
 * innermost there. */
static void match_bracket(struct matching *m, int kind)
{
    size_t match = m->depth;
    while (match && !is_brace(top_kind(m, match)) && closer_of(top_kind(m, match)) != kind)
        match--;
    if (match && !is_brace(top_kind(m, match)))
        leave_open(m, match);
    if (m->depth && !is_brace(top_kind(m, m->depth)))
        m->depth--;
}

/* Those are still open at a brace that closes around them, at a declaration at the margin, or at
 * the end. */
void brackets_find_unmatched(struct layout *l)
{
    size_t count = l->raw->count;
    struct matching m = { .l = l };
    m.stack = arena_alloc_array(&l->c->arena, count + 1, sizeof *m.stack);
    l->is_unmatched = arena_alloc_array(&l->c->arena, count + 1, sizeof *l->is_unmatched);
    for (size_t i = 0; i < count; i++) {
        int kind = layout_kind(l, i);
        if (layout_at_margin(l, i))
            leave_open(&m, 0);
        if (brackets_is_opener(kind))
            m.stack[m.depth++] = i;
        else if (kind == '}' || kind == TOK_BRACES_CLOSE)
            match_brace(&m, kind);
        else if (brackets_is_closer(kind))
            match_bracket(&m, kind);
    }
    leave_open(&m, 0);
}

static struct opener *innermost(struct layout *l)
{
    return l->open.count ? &l->open.items[l->open.count - 1] : NULL;
}

/* Whether a line end means nothing here. */
bool brackets_are_open(struct layout *l)
{
    const struct opener *opener = innermost(l);
    return opener && opener->kind != '{';
}

/* A string that is not closed has taken the closing bracket with it: no news. */
static void report_unclosed(struct layout *l, const struct opener *opener)
{
    if (opener->kind != '{' && diag_is_line_reported(l->c, opener->span))
        return;
    const char *text = opener->kind == '(' ? "(" : opener->kind == '[' ? "[" : "{";
    diag_error(l->c, opener->span, "'%s' is never closed", text);
}

/* Closes the innermost bracket at `token`, the opener having been reported or closed by it. */
static void close_innermost(struct layout *l, const struct token *token, bool is_missing)
{
    struct opener opener = l->open.items[--l->open.count];
    struct token closer = *token;
    if (is_missing)
        closer.span.end = closer.span.start;
    if (opener.kind == '{')
        while (layout_last(l) == TOK_END && l->out.count)
            l->out.count--;
    layout_emit(l, closer, closer_of(opener.kind));
}

/* Closes the ( and [ that nothing closes, each one an error. */
void brackets_close_unmatched(struct layout *l, const struct token *token)
{
    while (l->open.count && !is_brace(innermost(l)->kind) && innermost(l)->is_unmatched) {
        report_unclosed(l, innermost(l));
        close_innermost(l, token, true);
    }
}

/* At a declaration at the margin or at the end of the file: closes everything. One brace is
 * reported: one whose closing brace stood too far left, otherwise the innermost. */
void brackets_close_everything(struct layout *l, const struct token *token, bool at_end)
{
    bool is_reported = false;
    l->is_unbalanced |= l->open.count > 0;
    while (l->open.count) {
        struct opener opener = *innermost(l);
        if (!is_reported) {
            report_unclosed(l, opener.kind == '{' && l->suspect.kind ? &l->suspect : &opener);
            if (!at_end)
                diag_note(l->c, token->span, "a new declaration begins here");
            is_reported = true;
        }
        close_innermost(l, token, true);
    }
    l->suspect.kind = 0;
}

void brackets_open(struct layout *l, size_t i)
{
    const struct token *token = layout_raw(l, i);
    if (l->open.count == PARSE_NESTING_LIMIT) {
        diag_error(l->c, token->span, "brackets are nested more than %d deep", PARSE_NESTING_LIMIT);
        l->is_too_deep = true;
        return;
    }
    struct opener opener = { .kind = token->kind,
                             .span = token->span,
                             .indent = brackets_indent(l->source, token->span.start),
                             .is_unmatched = l->is_unmatched[i] };
    if (token->kind == '{' && layout_ends_operand(layout_last(l)))
        brackets_close_unmatched(l, token); /* func f(x { */
    bool is_unit = token->kind == '[' && layout_last(l) == TOK_NUMBER;
    layout_emit(l, *token, is_unit ? TOK_UNIT_OPEN : token->kind);
    array_push(&l->c->arena, &l->open, opener);
}

static bool has_open_brace(const struct layout *l, int kind)
{
    for (size_t i = 0; i < l->open.count; i++)
        if (l->open.items[i].kind == kind)
            return true;
    return false;
}

static void drop_brace(struct layout *l, const struct token *token)
{
    diag_error(l->c, token->span, "'}' closes nothing");
    l->is_unbalanced = true;
    if (l->missing_braces)
        l->missing_braces--;
}

/* Whether the } stands behind something on a line, and its { on an earlier one: where there is a }
 * too many, it is this one. */
static bool is_misplaced(struct layout *l, const struct token *token)
{
    size_t line = source_line_at(l->source, token->span.start);
    size_t opened = source_line_at(l->source, innermost(l)->span.start);
    return l->missing_braces && !token->starts_line && opened < line;
}

static void close_brace(struct layout *l, const struct token *token)
{
    int opener_kind = token->kind == '}' ? '{' : TOK_BRACES_OPEN;
    if (!has_open_brace(l, opener_kind)) {
        drop_brace(l, token);
        return;
    }
    while (innermost(l)->kind != opener_kind) {
        report_unclosed(l, innermost(l));
        close_innermost(l, token, true);
    }
    if (opener_kind == '{' && is_misplaced(l, token)) {
        array_push(&l->c->arena, &l->dropped, token->span);
        l->is_unbalanced = true;
        l->missing_braces--;
        return;
    }
    if (token->starts_line && brackets_indent(l->source, token->span.start) < innermost(l)->indent)
        l->suspect = *innermost(l);
    close_innermost(l, token, false);
}

/* Whether the bracket of that kind, open before raw token i, is closed on the line. */
static bool is_closed_later(const struct layout *l, size_t i, int opener)
{
    size_t depth = 0;
    for (; i < l->raw->count && layout_kind(l, i) != TOK_END; i++) {
        int kind = layout_kind(l, i);
        if (depth == 0 && kind == closer_of(opener))
            return true;
        if (brackets_is_opener(kind))
            depth++;
        else if (brackets_is_closer(kind) && depth)
            depth--;
    }
    return false;
}

/* Whether a ) or ] can close something: the innermost bracket is no brace. */
static bool takes_bracket(struct layout *l)
{
    return l->open.count && !is_brace(innermost(l)->kind);
}

static void close_bracket(struct layout *l, size_t i)
{
    const struct token *token = layout_raw(l, i);
    if (takes_bracket(l) && closer_of(innermost(l)->kind) != token->kind)
        brackets_close_unmatched(l, token);
    bool is_stray = !takes_bracket(l);
    if (!is_stray && closer_of(innermost(l)->kind) != token->kind) {
        const struct opener *opener = innermost(l);
        is_stray = is_closed_later(l, i + 1, opener->kind);
        if (!is_stray) {
            diag_error(l->c, token->span, "expected '%c', found '%c'", closer_of(opener->kind),
                       token->kind);
            diag_note(l->c, opener->span, "to close this '%c'", opener->kind);
        }
    }
    if (is_stray)
        diag_error(l->c, token->span, "'%c' closes nothing", token->kind);
    else
        close_innermost(l, token, false);
}

void brackets_close(struct layout *l, size_t i)
{
    const struct token *token = layout_raw(l, i);
    if (token->kind == '}' || token->kind == TOK_BRACES_CLOSE)
        close_brace(l, token);
    else
        close_bracket(l, i);
}

void brackets_give_up(struct layout *l, const struct token *token)
{
    while (l->open.count)
        close_innermost(l, token, true);
}

/* ---- missing openers -------------------------------------------------- */

void brackets_count_missing(struct layout *l, size_t i)
{
    size_t depth = 0, missing = 0;
    for (; i < l->raw->count; i++) {
        if (layout_kind(l, i) == '{')
            depth++;
        else if (layout_kind(l, i) == '}' && depth == 0)
            missing++;
        else if (layout_kind(l, i) == '}')
            depth--;
        if (i + 1 < l->raw->count && layout_at_margin(l, i + 1))
            break;
    }
    l->missing_braces = missing;
}

static bool needs_block(int kind)
{
    switch (kind) {
    case TOK_FUNC:
    case TOK_SURROGATE:
    case TOK_NEURON:
    case TOK_RULE:
    case TOK_OPTIMIZER:
    case TOK_NETWORK:
    case TOK_OPTIONAL:
    case TOK_TASK:
    case TOK_IF:
    case TOK_FOR:
    case TOK_PARALLEL:
    case TOK_WHILE:
    case TOK_ON:
    case TOK_EACH: return true;
    default: return false;
    }
}

/* Whether the statement that ends here is the head of a block, and nothing but the head. */
static bool lacks_block(const struct layout *l)
{
    size_t depth = 0;
    bool is_needed = l->first < l->out.count && needs_block(l->out.items[l->first].kind);
    for (size_t i = l->first; i < l->out.count; i++) {
        int kind = l->out.items[i].kind;
        int next = i + 1 < l->out.count ? l->out.items[i + 1].kind : TOK_END;
        depth += brackets_is_opener(kind) || kind == TOK_UNIT_OPEN;
        depth -= brackets_is_closer(kind);
        if (kind == '{')
            return false;
        if ((kind == '=' && depth == 0) || kind == TOK_RETURN)
            is_needed = next == TOK_FOR; /* let a = for s in set */
    }
    return is_needed;
}

bool brackets_open_missing(struct layout *l)
{
    if (l->missing_braces == 0 || !lacks_block(l))
        return false;
    struct token opener = l->out.items[l->out.count - 1];
    opener.span.start = opener.span.end;
    opener.starts_line = false;
    if (!diag_is_line_reported(l->c, opener.span))
        diag_error(l->c, opener.span, "'{' is missing");
    l->missing_braces--;
    l->is_unbalanced = true;
    struct opener open = { .kind = '{',
                           .span = opener.span,
                           .indent =
                               brackets_indent(l->source, l->out.items[l->first].span.start) };
    layout_emit(l, opener, '{');
    array_push(&l->c->arena, &l->open, open);
    return true;
}
