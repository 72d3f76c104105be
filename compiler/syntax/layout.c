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

#include "base/suggest.h"
#include "syntax/parse.h"
#include "syntax/tokens.h"

#include "syntax/parser.h"

/* ---- words ----------------------------------------------------------- */

enum {
    DECLARES = 1, /* see words.def */
    STARTS = 2,
    ALWAYS = 4,
    JOINS = 8,
    SPIKES = 16,
    COUNTS = 32,
};

static const struct {
    const char *text;
    int token;
    int where;
} words[] = {
#define WORD(text, token, where) { text, token, where },
#include "syntax/words.def"
#undef WORD
};

static const char *const unit_words[] = {
#define UNIT_NAME(word, factor, m, kg, s, a, k, mol) word,
#include "syntax/unit_names.def"
#undef UNIT_NAME
    NULL,
};

#define WORD_COUNT (sizeof words / sizeof *words)

bool is_unit_word(const char *word)
{
    for (size_t i = 0; unit_words[i]; i++)
        if (!strcmp(unit_words[i], word))
            return true;
    return false;
}

const char *suggest_unit(const char *word)
{
    static const char *const spelled_out[][2] = {
        { "sec", "s" },          { "second", "s" },        { "seconds", "s" },
        { "msec", "ms" },        { "usec", "us" },         { "volt", "V" },
        { "volts", "V" },        { "ohm", "Ohm" },         { "ohms", "Ohm" },
        { "hz", "Hz" },          { "percent", "%" },       { "minutes", "min" },
        { "hours", "h" },        { "hour", "h" },          { "mohm", "MOhm" },
        { "millisecond", "ms" }, { "milliseconds", "ms" }, { "millivolt", "mV" },
        { "millivolts", "mV" },
    };
    for (size_t i = 0; i < sizeof spelled_out / sizeof *spelled_out; i++)
        if (!strcmp(spelled_out[i][0], word))
            return spelled_out[i][1];
    return strlen(word) > 1 ? suggest_word(word, unit_words) : NULL;
}

/* ---- state ----------------------------------------------------------- */

/* A bracket that is open. */
struct opener {
    int kind; /* '(' '[' '{' TOK_BRACES_OPEN */
    struct span span;
    size_t indent;     /* of the line it is on */
    bool is_unmatched; /* nothing closes it before its surroundings end */
};

ARRAY_STRUCT(opener_list, struct opener);

struct layout {
    struct compilation *c;
    const struct source *source;
    const struct token_list *raw;
    struct token_list out;
    struct opener_list open;
    bool *is_unmatched;    /* of each raw token: an opening ( or [ that nothing closes */
    struct opener suspect; /* a { whose } stands further left than its line; kind 0: none */
    const char *doc;       /* lines since the last declaration, or null */
    bool at_start;         /* the next token begins a statement */
    bool is_too_deep;
};

static bool is_word(const struct token *token, const char *text)
{
    return token && token->kind == TOK_NAME && !strcmp(token->name->text, text);
}

static const struct token *raw_at(const struct layout *l, size_t i)
{
    return i < l->raw->count ? &l->raw->items[i] : NULL;
}

static int kind_at(const struct layout *l, size_t i)
{
    return i < l->raw->count ? l->raw->items[i].kind : TOK_END;
}

static int last_kind(const struct layout *l)
{
    return l->out.count ? l->out.items[l->out.count - 1].kind : TOK_END;
}

static void emit(struct layout *l, struct token token, int kind)
{
    token.kind = kind;
    array_push(&l->c->arena, &l->out, token);
    l->at_start = kind == TOK_END || kind == '{' || kind == TOK_PRE || kind == TOK_POST ||
                  kind == TOK_SHARED || kind == TOK_OPTIONAL || kind == TOK_PARALLEL;
}

/* Whether an operand ends with this token, so that no name can follow. */
static bool ends_operand(int kind)
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

/* ---- brackets -------------------------------------------------------- */

static size_t line_indent(const struct source *source, uint32_t offset)
{
    size_t length;
    const char *line = source_line(source, source_line_at(source, offset), &length);
    size_t indent = 0;
    while (indent < length && (line[indent] == ' ' || line[indent] == '\t'))
        indent++;
    return indent;
}

/* Whether the word at i can only be the keyword of a statement or declaration: two words in a row
 * are nothing else. */
static bool is_surely_keyword(const struct layout *l, size_t i, int where)
{
    const struct token *token = raw_at(l, i);
    if (!token || token->kind != TOK_NAME)
        return false;
    int next = kind_at(l, i + 1);
    if (next != TOK_NAME && next != TOK_STRING_OPEN)
        return false;
    for (size_t w = 0; w < WORD_COUNT; w++)
        if (words[w].where & where && is_word(token, words[w].text))
            return true;
    return false;
}

/* A declaration at the left margin cannot be inside of anything. */
static bool begins_at_margin(const struct layout *l, size_t i)
{
    const struct token *token = raw_at(l, i);
    return token->starts_line && is_surely_keyword(l, i, DECLARES) &&
           line_indent(l->source, token->span.start) == 0;
}

static bool is_opener(int kind)
{
    return kind == '(' || kind == '[' || kind == '{' || kind == TOK_BRACES_OPEN;
}

static bool is_closer(int kind)
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

/* Marks the ( and [ that nothing closes: those still open at a brace that closes around them, at
 * a declaration at the margin, or at the end. */
static void find_unmatched(struct layout *l)
{
    size_t count = l->raw->count, depth = 0;
    size_t *stack = arena_alloc_array(&l->c->arena, count + 1, sizeof *stack);
    l->is_unmatched = arena_alloc_array(&l->c->arena, count + 1, sizeof *l->is_unmatched);
    for (size_t i = 0; i < count; i++) {
        int kind = kind_at(l, i);
        if (depth && begins_at_margin(l, i))
            while (depth)
                l->is_unmatched[stack[--depth]] = true;
        if (is_opener(kind)) {
            stack[depth++] = i;
        } else if (kind == '}' || kind == TOK_BRACES_CLOSE) {
            while (depth && closer_of(kind_at(l, stack[depth - 1])) != kind)
                l->is_unmatched[stack[--depth]] = true;
            if (depth)
                depth--;
        } else if (is_closer(kind)) {
            size_t match = depth; /* one more than the place of the opener it closes */
            while (match && !is_brace(kind_at(l, stack[match - 1])) &&
                   closer_of(kind_at(l, stack[match - 1])) != kind)
                match--;
            if (match && !is_brace(kind_at(l, stack[match - 1])))
                while (depth > match)
                    l->is_unmatched[stack[--depth]] = true;
            if (depth && !is_brace(kind_at(l, stack[depth - 1])))
                depth--;
        }
    }
    while (depth)
        l->is_unmatched[stack[--depth]] = true;
}

static struct opener *innermost(struct layout *l)
{
    return l->open.count ? &l->open.items[l->open.count - 1] : NULL;
}

/* Whether a line end means nothing here. */
static bool in_brackets(struct layout *l)
{
    const struct opener *opener = innermost(l);
    return opener && opener->kind != '{';
}

static void report_unclosed(struct layout *l, const struct opener *opener)
{
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
        while (last_kind(l) == TOK_END && l->out.count)
            l->out.count--;
    emit(l, closer, closer_of(opener.kind));
}

/* Closes the ( and [ that nothing closes, each one an error. */
static void close_unmatched(struct layout *l, const struct token *token)
{
    while (l->open.count && !is_brace(innermost(l)->kind) && innermost(l)->is_unmatched) {
        report_unclosed(l, innermost(l));
        close_innermost(l, token, true);
    }
}

/* At a declaration at the margin or at the end of the file: closes everything. One brace is
 * reported: one whose closing brace stood too far left, otherwise the innermost. */
static void close_everything(struct layout *l, const struct token *token, bool at_end)
{
    bool is_reported = false;
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

static void open_bracket(struct layout *l, size_t i)
{
    const struct token *token = raw_at(l, i);
    if (l->open.count == PARSE_NESTING_LIMIT) {
        diag_error(l->c, token->span, "brackets are nested more than %d deep", PARSE_NESTING_LIMIT);
        l->is_too_deep = true;
        return;
    }
    struct opener opener = { .kind = token->kind,
                             .span = token->span,
                             .indent = line_indent(l->source, token->span.start),
                             .is_unmatched = l->is_unmatched[i] };
    if (token->kind == '{' && ends_operand(last_kind(l)))
        close_unmatched(l, token);
    bool is_unit = token->kind == '[' && last_kind(l) == TOK_NUMBER;
    emit(l, *token, is_unit ? TOK_UNIT_OPEN : token->kind);
    array_push(&l->c->arena, &l->open, opener);
}

static bool has_open_brace(const struct layout *l, int kind)
{
    for (size_t i = 0; i < l->open.count; i++)
        if (l->open.items[i].kind == kind)
            return true;
    return false;
}

static void close_brace(struct layout *l, const struct token *token)
{
    int opener_kind = token->kind == '}' ? '{' : TOK_BRACES_OPEN;
    if (!has_open_brace(l, opener_kind)) {
        diag_error(l->c, token->span, "'}' closes nothing");
        return;
    }
    while (innermost(l)->kind != opener_kind) {
        report_unclosed(l, innermost(l));
        close_innermost(l, token, true);
    }
    if (token->starts_line && line_indent(l->source, token->span.start) < innermost(l)->indent)
        l->suspect = *innermost(l);
    close_innermost(l, token, false);
}

static void close_bracket(struct layout *l, const struct token *token)
{
    if (!in_brackets(l) || innermost(l)->kind == TOK_BRACES_OPEN) {
        diag_error(l->c, token->span, "'%c' closes nothing", token->kind);
        return;
    }
    if (closer_of(innermost(l)->kind) != token->kind)
        close_unmatched(l, token);
    const struct opener *opener = innermost(l);
    if (closer_of(opener->kind) != token->kind) {
        diag_error(l->c, token->span, "expected '%c', found '%c'", closer_of(opener->kind),
                   token->kind);
        diag_note(l->c, opener->span, "to close this '%c'", opener->kind);
    }
    close_innermost(l, token, false);
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
    size_t depth = 0;
    for (; i < l->raw->count; i++) {
        if (is_opener(kind_at(l, i)))
            depth++;
        if (is_closer(kind_at(l, i)) && --depth == 0)
            return i + 1;
        if (kind_at(l, i) == TOK_END && depth == 0)
            break;
    }
    return i;
}

/* Whether the word at i begins an assignment: rest = 3, input[j] += 1, step.x = 2, weight' = 0. */
static bool is_assigned(const struct layout *l, size_t i)
{
    int next = kind_at(l, i + 1);
    if (next == '[')
        next = kind_at(l, after_bracket(l, i + 1));
    return is_assignment(next) || next == '.' || next == '\'';
}

/* The keyword that the word at i is in its place, or TOK_NAME. */
static int word_kind(const struct layout *l, size_t i)
{
    const struct token *token = raw_at(l, i);
    int before = last_kind(l);
    bool may_start = l->at_start || l->out.count == 0;
    int allowed = ends_operand(before) ? JOINS : 0;
    if (before == TOK_SPIKE || before == TOK_ONCE)
        allowed |= SPIKES;
    if (before == TOK_AT)
        allowed |= COUNTS;
    for (size_t w = 0; w < WORD_COUNT; w++) {
        if (!is_word(token, words[w].text))
            continue;
        int where = words[w].where;
        if (may_start && where & (STARTS | DECLARES)) {
            bool is_name = !(where & ALWAYS) && is_assigned(l, i);
            return is_name ? TOK_NAME : words[w].token;
        }
        if (where & allowed)
            return words[w].token;
    }
    return TOK_NAME;
}

static void layout_word(struct layout *l, size_t i)
{
    struct token token = *raw_at(l, i);
    int kind = word_kind(l, i);
    if (kind == TOK_NAME && last_kind(l) == TOK_NUMBER &&
        !is_surely_keyword(l, i, STARTS | DECLARES)) {
        const char *word = token.name->text;
        if (is_unit_word(word)) {
            emit(l, token, TOK_UNIT);
            return;
        }
        diag_error(l->c, token.span, "unknown unit '%s'", word);
        const char *near = suggest_unit(word);
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
    emit(l, token, kind);
    if (kind == TOK_OPTIONAL)
        l->doc = doc; /* belongs to the task that follows */
}

/* ---- lines and documentation ----------------------------------------- */

static void layout_line_end(struct layout *l, size_t i)
{
    const struct token *token = raw_at(l, i);
    if (i > 0 && kind_at(l, i - 1) == TOK_END)
        l->doc = NULL; /* a line without documentation between it and a declaration */
    size_t next = i + 1;
    while (next < l->raw->count && (kind_at(l, next) == TOKEN_DOC || kind_at(l, next) == TOK_END))
        next++;
    int next_kind = next < l->raw->count ? kind_at(l, next) : 0;
    if (in_brackets(l)) {
        /* A bracket that nothing closes ends with the first line that could end a statement. */
        if (!innermost(l)->is_unmatched || !ends_operand(last_kind(l)))
            return;
        close_unmatched(l, token);
        if (in_brackets(l))
            return;
    }
    if (l->out.count == 0 || last_kind(l) == TOK_END || last_kind(l) == '{')
        return;
    if (next_kind == 0 || next_kind == '}')
        return;
    if (continues_before(next_kind))
        return;
    if (continues_after(last_kind(l)) && !is_surely_keyword(l, next, STARTS | DECLARES))
        return;
    emit(l, *token, TOK_END);
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
        int kind = kind_at(l, i);
        if (kind == TOKEN_DOC && line_ends > 1 && l->doc)
            break;
        if (kind == TOKEN_DOC) {
            layout_doc(l, raw_at(l, i));
            line_ends = 0;
        } else if (kind == TOK_END) {
            line_ends++;
        } else {
            break;
        }
    }
    if (line_ends < 2 && !is_word(raw_at(l, i), "use"))
        return i;
    *file_doc = l->doc;
    l->doc = NULL;
    return i;
}

static void layout_token(struct layout *l, size_t i)
{
    const struct token *token = raw_at(l, i);
    if (l->open.count && begins_at_margin(l, i)) {
        close_everything(l, token, false);
        if (last_kind(l) != TOK_END)
            emit(l, *token, TOK_END);
    }
    if (token->kind == TOKEN_DOC)
        layout_doc(l, token);
    else if (token->kind == TOK_END)
        layout_line_end(l, i);
    else if (token->kind == TOK_NAME)
        layout_word(l, i);
    else if (is_opener(token->kind))
        open_bracket(l, i);
    else if (token->kind == '}' || token->kind == TOK_BRACES_CLOSE)
        close_brace(l, token);
    else if (is_closer(token->kind))
        close_bracket(l, token);
    else
        emit(l, *token, token->kind);
}

struct token_list layout_tokens(struct compilation *c, uint32_t source,
                                const struct token_list *raw, const char **file_doc)
{
    struct layout l = { .c = c, .source = sources_get(&c->sources, source), .raw = raw };
    *file_doc = NULL;
    find_unmatched(&l);
    for (size_t i = layout_file_doc(&l, file_doc); i < raw->count && !l.is_too_deep; i++)
        layout_token(&l, i);

    uint32_t end = (uint32_t)l.source->length;
    struct token last = { .span = { source, end, end } };
    if (l.is_too_deep)
        while (l.open.count)
            close_innermost(&l, &last, true);
    else
        close_everything(&l, &last, true);
    while (l.out.count && last_kind(&l) == TOK_END)
        l.out.count--;
    emit(&l, last, 0);
    return l.out;
}
