/* SPDX-License-Identifier: MIT
 *
 * From raw tokens to the tokens of the grammar. Decides what is a keyword, a
 * unit, the end of a statement, and which ## lines belong to which declaration.
 * Brackets leave balanced: a missing one is reported at the one that was
 * opened and closed at the most likely place, so that one forgotten brace
 * costs one error and the parser never runs past the end of a declaration.
 */
#include <stdint.h>
#include <string.h>

#include "syntax/layout.h"
#include "syntax/words.h"

#include "syntax/parser.h"

#define LOOKAHEAD_LIMIT 4096 /* tokens of brackets skipped to find an assignment */

static bool is_word(const struct token *token, const char *text)
{
    return token && token->kind == TOK_NAME && !strcmp(token->name->text, text);
}

const struct token *layout_raw(const struct layout *l, size_t i)
{
    return i < l->raw->count ? &l->raw->items[i] : NULL;
}

int layout_kind(const struct layout *l, size_t i)
{
    return i < l->raw->count ? l->raw->items[i].kind : TOK_END;
}

int layout_last(const struct layout *l)
{
    return l->out.count ? l->out.items[l->out.count - 1].kind : TOK_END;
}

void layout_emit(struct layout *l, struct token token, int kind)
{
    int before = layout_last(l);
    token.kind = kind;
    if (before == TOK_END || before == '{')
        l->first = l->out.count;
    array_push(&l->c->arena, &l->out, token);
    l->at_start = kind == TOK_END || kind == '{' || kind == TOK_PRE || kind == TOK_POST ||
                  kind == TOK_SHARED || kind == TOK_OPTIONAL || kind == TOK_PARALLEL;
}

/* Whether an operand ends with this token, so that no name can follow. */
bool layout_ends_operand(int kind)
{
    switch (kind) {
    case TOK_NAME:
    case TOK_NUMBER:
    case TOK_UNIT:
    case TOK_STRING_CLOSE:
    case TOK_TRUE:
    case TOK_FALSE:
    case TOK_INF:
    case TOK_UNBOUNDED:
    case TOK_STEPS:
    case '%':
    case ')':
    case ']': return true;
    default: return false;
    }
}

/* Whether a statement that ends its line with this token goes on in the next. */
static bool continues_after(int kind)
{
    switch (kind) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '^':
    case '<':
    case '>':
    case '=':
    case ',':
    case '.':
    case ':':
    case '(':
    case '[':
    case TOK_EQUAL:
    case TOK_NOT_EQUAL:
    case TOK_LESS_EQUAL:
    case TOK_GREATER_EQUAL:
    case TOK_ADD_ASSIGN:
    case TOK_SUBTRACT_ASSIGN:
    case TOK_MULTIPLY_ASSIGN:
    case TOK_DIVIDE_ASSIGN:
    case TOK_RANGE:
    case TOK_RANGE_OPEN:
    case TOK_PIPE:
    case TOK_ARROW:
    case TOK_AND:
    case TOK_OR:
    case TOK_NOT:
    case TOK_IN:
    case TOK_THEN:
    case TOK_ELSE: return true;
    default: return false;
    }
}

/* Whether a line that begins with this token goes on with the line before. */
static bool continues_before(int kind)
{
    return kind == TOK_PIPE || kind == TOK_ELSE || kind == TOK_THEN || kind == '{';
}

/* Whether the word at i can only be the keyword of a statement or declaration: two words in a row
 * are nothing else. */
static bool is_surely_keyword(const struct layout *l, size_t i, int where)
{
    const struct token *token = layout_raw(l, i);
    if (!token || token->kind != TOK_NAME)
        return false;
    int next = layout_kind(l, i + 1);
    if (next != TOK_NAME && next != TOK_STRING_OPEN)
        return false;
    return words_find(token->name->text, where) != NULL;
}

/* A declaration at the left margin cannot be inside of anything. */
bool layout_at_margin(const struct layout *l, size_t i)
{
    const struct token *token = layout_raw(l, i);
    return token->starts_line && is_surely_keyword(l, i, WORD_DECLARES) &&
           brackets_indent(l->source, token->span.start) == 0;
}

/* ---- keywords and units ---------------------------------------------- */

static bool is_assignment(int kind)
{
    return kind == '=' || kind == TOK_ADD_ASSIGN || kind == TOK_SUBTRACT_ASSIGN ||
           kind == TOK_MULTIPLY_ASSIGN || kind == TOK_DIVIDE_ASSIGN;
}

/* The raw token after the bracket that is opened at i. */
static size_t after_bracket(const struct layout *l, size_t i)
{
    size_t depth = 0, limit = i + LOOKAHEAD_LIMIT;
    for (; i < l->raw->count && i < limit; i++) {
        if (brackets_is_opener(layout_kind(l, i)))
            depth++;
        if (brackets_is_closer(layout_kind(l, i)) && --depth == 0)
            return i + 1;
        if (layout_kind(l, i) == TOK_END && depth == 0)
            break;
    }
    return i;
}

/* Whether the word at i begins an assignment: rest = 3, input[j] += 1, step.x = 2, weight' = 0. */
static bool is_assigned(const struct layout *l, size_t i)
{
    int next = layout_kind(l, i + 1);
    if (next == '[')
        next = layout_kind(l, after_bracket(l, i + 1));
    return is_assignment(next) || next == '.' || next == '\'';
}

/* The keyword that the word at i is in its place, or TOK_NAME. */
static int word_kind(const struct layout *l, size_t i)
{
    const struct token *token = layout_raw(l, i);
    int before = layout_last(l);
    int places = layout_ends_operand(before) || before == '}' ? WORD_JOINS : 0;
    if (l->at_start || l->out.count == 0)
        places = WORD_STARTS | WORD_DECLARES;
    else if (before == TOK_SPIKE || before == TOK_ONCE)
        places = WORD_SPIKES;
    else if (before == TOK_AT)
        places = WORD_COUNTS;
    const struct keyword *keyword = words_find(token->name->text, places);
    if (!keyword)
        return TOK_NAME;
    bool is_fixed = keyword->where & WORD_ALWAYS || !(places & WORD_STARTS);
    return is_fixed || !is_assigned(l, i) ? keyword->token : TOK_NAME;
}

static void layout_word(struct layout *l, size_t i)
{
    struct token token = *layout_raw(l, i);
    int kind = word_kind(l, i);
    bool is_call = layout_kind(l, i + 1) == '(';
    if (kind == TOK_NAME && layout_last(l) == TOK_NUMBER && !is_call &&
        !is_surely_keyword(l, i, WORD_STARTS | WORD_DECLARES)) {
        const char *word = token.name->text;
        if (words_is_unit(word)) {
            layout_emit(l, token, TOK_UNIT);
            return;
        }
        if (diag_is_line_reported(l->c, token.span))
            return;
        diag_error(l->c, token.span, "unknown unit '%s'", word);
        const char *near = words_suggest_unit(word);
        if (near)
            diag_hint(l->c, "did you mean '%s'?", near);
        else
            diag_hint(l->c, "write '*' to multiply, or begin a new statement on a new line");
        return;
    }
    if (l->at_start || l->out.count == 0) {
        token.doc = l->doc;
        l->doc = NULL;
    }
    const char *doc = token.doc;
    layout_emit(l, token, kind);
    if (kind == TOK_OPTIONAL)
        l->doc = doc; /* belongs to the task that follows */
}

/* ---- lines and documentation ----------------------------------------- */

static void layout_line_end(struct layout *l, size_t i)
{
    const struct token *token = layout_raw(l, i);
    if (i > 0 && layout_kind(l, i - 1) == TOK_END)
        l->doc = NULL; /* a line without documentation between it and a declaration */
    size_t next = i + 1;
    while (next < l->raw->count &&
           (layout_kind(l, next) == TOKEN_DOC || layout_kind(l, next) == TOK_END))
        next++;
    int next_kind = next < l->raw->count ? layout_kind(l, next) : 0;
    if (brackets_are_open(l)) {
        /* A bracket that nothing closes ends with the first line that could end a statement. */
        bool is_unmatched = l->open.items[l->open.count - 1].is_unmatched;
        if (!is_unmatched || !layout_ends_operand(layout_last(l)))
            return;
        brackets_close_unmatched(l, token);
        if (brackets_are_open(l))
            return;
    }
    if (l->out.count == 0 || layout_last(l) == TOK_END || layout_last(l) == '{')
        return;
    if (next_kind == 0 || next_kind == '}')
        return;
    if (continues_before(next_kind))
        return;
    if (continues_after(layout_last(l)) && !is_surely_keyword(l, next, WORD_STARTS | WORD_DECLARES))
        return;
    if (brackets_open_missing(l))
        return;
    layout_emit(l, *token, TOK_END);
}

static void layout_doc(struct layout *l, const struct token *token)
{
    if (!token->starts_line || l->open.count)
        return;
    l->doc = l->doc ? arena_format(&l->c->arena, "%s\n%s", l->doc, token->text) : token->text;
}

/* Documentation above the first declaration belongs to the file if a blank line or a `use`
 * follows. Returns how many raw tokens it takes. */
static size_t layout_file_doc(struct layout *l, const char **file_doc)
{
    size_t i = 0, line_ends = 0;
    for (; i < l->raw->count; i++) {
        int kind = layout_kind(l, i);
        if (kind == TOKEN_DOC && line_ends > 1 && l->doc)
            break;
        if (kind == TOKEN_DOC) {
            layout_doc(l, layout_raw(l, i));
            line_ends = 0;
        } else if (kind == TOK_END) {
            line_ends++;
        } else {
            break;
        }
    }
    if (line_ends < 2 && !is_word(layout_raw(l, i), "use"))
        return i;
    *file_doc = l->doc;
    l->doc = NULL;
    return i;
}

static void layout_token(struct layout *l, size_t i)
{
    const struct token *token = layout_raw(l, i);
    if (layout_at_margin(l, i)) {
        brackets_close_everything(l, token, false);
        if (layout_last(l) != TOK_END)
            layout_emit(l, *token, TOK_END);
        brackets_count_missing(l, i);
    }
    if (token->kind == TOKEN_DOC)
        layout_doc(l, token);
    else if (token->kind == TOK_END)
        layout_line_end(l, i);
    else if (token->kind == TOK_NAME)
        layout_word(l, i);
    else if (brackets_is_opener(token->kind))
        brackets_open(l, i);
    else if (brackets_is_closer(token->kind))
        brackets_close(l, i);
    else
        layout_emit(l, *token, token->kind);
}

struct token_list layout_tokens(struct compilation *c, uint32_t source,
                                const struct token_list *raw, struct layout_result *result)
{
    struct layout l = { .c = c, .source = sources_get(&c->sources, source), .raw = raw };
    result->doc = NULL;
    brackets_find_unmatched(&l);
    brackets_count_missing(&l, 0);
    for (size_t i = layout_file_doc(&l, &result->doc); i < raw->count && !l.is_too_deep; i++)
        layout_token(&l, i);

    uint32_t end = (uint32_t)l.source->length;
    struct token last = { .span = { source, end, end } };
    if (l.is_too_deep)
        brackets_give_up(&l, &last);
    else
        brackets_close_everything(&l, &last, true);
    while (l.out.count && layout_last(&l) == TOK_END)
        l.out.count--;
    layout_emit(&l, last, 0);
    result->is_unbalanced = l.is_unbalanced;
    result->dropped = l.dropped;
    return l.out;
}
