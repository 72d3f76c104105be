/* SPDX-License-Identifier: MIT
 *
 * Words the syntax errors: what was found, what was expected, and a hint for
 * the mistakes people make who come from other languages.
 */
#include <string.h>

#include "syntax/build.h"
#include "syntax/words.h"

#include "syntax/parser.h"

#define NAMED_LIMIT 4     /* longer lists of what was expected help nobody */
#define EARLIER_LIMIT 200 /* messages compared: keeps the time linear for hopeless input */

/* ---- what was found -------------------------------------------------- */

static const char *found_text(struct parser *parser, const struct token *token)
{
    struct arena *arena = &parser->c->arena;
    const struct source *source = sources_get(&parser->c->sources, token->span.source);
    int length = (int)(token->span.end - token->span.start);
    const char *text = source->text + token->span.start;
    switch (token->kind) {
    case 0: return "end of file";
    case TOK_STRING_OPEN: return "a string";
    case TOK_STRING_TEXT:
    case TOK_STRING_CLOSE: return "end of string";
    case TOK_END:
        return *text == ';' ? "';'" : length && *text == '\n' ? "end of line" : "end of statement";
    case '(':
    case '[':
    case '{':
    case ')':
    case ']':
    case '}': return arena_format(arena, "'%c'", token->kind); /* may be one that layout.c added */
    default: return arena_format(arena, "'%.*s'", length, text);
    }
}

/* ---- what was expected ----------------------------------------------- */

static bool expects(const struct expectation *e, const char *name)
{
    for (size_t i = 0; i < e->count; i++)
        if (!strcmp(e->names[i], name))
            return true;
    return false;
}

/* Removes the names of a null-terminated list. */
static void drop(struct expectation *e, const char *const *names)
{
    size_t kept = 0;
    for (size_t i = 0; i < e->count; i++) {
        bool is_dropped = false;
        for (const char *const *name = names; *name; name++)
            is_dropped |= !strcmp(e->names[i], *name);
        if (!is_dropped)
            e->names[kept++] = e->names[i];
    }
    e->count = kept;
}

static bool is_in_braces(const struct parser *parser)
{
    size_t depth = 0;
    for (size_t i = 0; i + 1 < parser->next; i++) {
        depth += parser->tokens->items[i].kind == '{';
        depth -= parser->tokens->items[i].kind == '}';
    }
    return depth > 0;
}

/* Puts groups of tokens under one name: "an expression" instead of twelve signs. */
static void summarize(struct parser *parser, struct expectation *e)
{
    static const char *const beginnings[] = { "a number", "a string", "'('",    "'['",
                                              "'-'",      "'not'",    "'if'",   "'true'",
                                              "'false'",  "'inf'",    "a name", NULL };
    static const char *const operators[] = { "'+'",  "'-'",           "'*'",  "'/'",  "'^'",
                                             "'<'",  "'>'",           "'=='", "'!='", "'<='",
                                             "'>='", "'and'",         "'or'", "'..'", "'..<'",
                                             "'|>'", "'.'",           "'('",  "'['",  "a unit",
                                             "'%'",  "'[' of a unit", NULL };
    static const char *const closings[] = { "'}'", "end of file", NULL };
    static const char *const continuations[] = { "'.'", "'('", "'['", NULL };
    static const char *const types[] = { "a name", "'%'", "'['", NULL };

    const char *group = NULL;
    if (expects(e, "'let'"))
        group = is_in_braces(parser) ? "a statement" : "a declaration";
    else if (expects(e, "a name") && expects(e, "a number") && expects(e, "'('"))
        group = "an expression";
    if (expects(e, "'let'"))
        e->count = 0;
    else if (group)
        drop(e, beginnings);
    if (e->count == 3 && expects(e, types[0]) && expects(e, types[1]) && expects(e, types[2])) {
        group = "a type or a unit";
        e->count = 0;
    }
    if (expects(e, "'+='")) {
        group = "an assignment or a call";
        e->count = 0;
    }
    if (expects(e, "'*'") && expects(e, "'+'"))
        drop(e, operators);
    if (expects(e, "end of line"))
        drop(e, closings);
    if (e->count > 1)
        drop(e, continuations);
    if (group) {
        memmove(e->names + 1, e->names, e->count * sizeof *e->names);
        e->names[0] = group;
        e->count++;
    }
}

/* "a, b or c"; null where too much was possible. */
static const char *expected_text(struct parser *parser, const struct expectation *e)
{
    if (e->count == 0 || e->count > NAMED_LIMIT)
        return NULL;
    const char *text = e->names[0];
    for (size_t i = 1; i < e->count; i++)
        text = arena_format(&parser->c->arena, "%s%s%s", text, i + 1 < e->count ? ", " : " or ",
                            e->names[i]);
    return text;
}

/* ---- hints ----------------------------------------------------------- */

static const struct token *token_before(const struct parser *parser)
{
    return parser->next >= 2 ? &parser->tokens->items[parser->next - 2] : NULL;
}

static bool begins_statement(const struct parser *parser, const struct token *token)
{
    if (token == parser->tokens->items)
        return true;
    int before = (token - 1)->kind;
    return before == TOK_END || before == '{';
}

/* The first token of the statement that the error is in. */
static const struct token *first_of_statement(const struct parser *parser)
{
    const struct token *token = parser_current(parser);
    while (!begins_statement(parser, token))
        token--;
    return token;
}

static bool is_word(const struct token *token, const char *text)
{
    return token->name && !strcmp(token->name->text, text);
}

/* `layr x = lif()`: two names in a row, the first of them where a keyword can stand. */
static bool report_unknown_keyword(struct parser *parser, const struct token *found)
{
    const struct token *first = first_of_statement(parser);
    if (first->kind != TOK_NAME || found != first + 1)
        return false;
    bool is_operand =
        found->kind == TOK_NAME || found->kind == TOK_NUMBER || found->kind == TOK_STRING_OPEN;
    if (!is_operand && found->kind != '{')
        return false;
    const char *word = first->name->text;
    const char *near = words_suggest(word, is_in_braces(parser));
    diag_error(parser->c, first->span, "unknown keyword '%s'", word);
    if (near)
        diag_hint(parser->c, "did you mean '%s'?", near);
    return true;
}

static bool is_reserved(int kind)
{
    switch (kind) {
    case TOK_IF:
    case TOK_THEN:
    case TOK_ELSE:
    case TOK_FOR:
    case TOK_IN:
    case TOK_AND:
    case TOK_OR:
    case TOK_NOT:
    case TOK_TRUE:
    case TOK_FALSE:
    case TOK_INF: return true;
    default: return false;
    }
}

/* Hints for a kind of statement. */
static const char *hint_of_statement(const struct expectation *e, const struct token *first,
                                     const struct token *before)
{
    int found = e->found->kind;
    switch (first->kind) {
    case TOK_USE:
        return found == '/' ? "a module is written 'std.neuron', a file \"mine.snn\"" : NULL;
    case TOK_TASK:
    case TOK_NETWORK:
        return found == '(' ? "it takes no arguments; a value to choose is a 'param'" : NULL;
    case TOK_FUNC: return expects(e, "'('") ? "write 'func name() { }'" : NULL;
    case TOK_FOR: return found == '(' ? "write 'for i in s { }'" : NULL;
    case TOK_PRESENT:
        return expects(e, "'to'") ? "write 'present value to layer for 250 ms'" : NULL;
    case TOK_REST: return before && before->kind != TOK_FOR ? "write 'rest for 150 ms'" : NULL;
    case TOK_CONNECT:
        return expects(e, "'via'") || expects(e, "'->'") ? "write 'connect a -> b via dense'"
                                                         : NULL;
    case TOK_SPIKE:
        if (found == '{')
            return "what happens to a neuron that spiked stands in 'on spike { }'";
        return expects(e, "'when'") ? "write 'spike when v > 1'" : NULL;
    case TOK_NAME:
        return found == '/' && first->name->text[0] == 'd' && is_word(e->found + 1, "dt")
                   ? "a derivative is written v' = e"
                   : NULL;
    default: return NULL;
    }
}

/* Hints for signs that mean something else in other languages. */
static const char *hint_of_sign(const struct expectation *e, const struct token *before)
{
    int found = e->found->kind;
    switch (found) {
    case '=': return expects(e, "'=='") ? "'=' assigns, '==' compares" : NULL;
    case '{':
        if (expects(e, "'then'"))
            return "as a value, write 'if c then a else b'";
        return before && before->kind == '=' ? "a list is written [1, 2]" : NULL;
    case TOK_THEN: return expects(e, "'{'") ? "as a statement, write 'if c { }'" : NULL;
    case TOK_ELSE: return "'else' follows the '}' of an 'if'";
    case ':':
        if (expects(e, "'{'"))
            return "the body of a block stands in braces: '{ }'";
        return expects(e, "']'") ? "a slice is written a[1 ..< 3]" : NULL;
    case '%': return "the remainder of a division is 'mod(a, b)'";
    case '.': return e->found[1].kind == TOK_NUMBER ? "write a digit before the point: 0.5" : NULL;
    case '+': return before && before->kind == '+' ? "write 'a += 1' on a line of its own" : NULL;
    default: return NULL;
    }
}

/* A hint for what was found in place of what was expected, or null. */
static const char *hint_of(const struct parser *parser, const struct expectation *e)
{
    const struct token *found = e->found, *before = token_before(parser);
    const struct token *first = first_of_statement(parser);
    const char *hint = hint_of_sign(e, before);
    if (!hint)
        hint = hint_of_statement(e, first, before);
    if (hint)
        return hint;
    if (found->kind == TOK_END && expects(e, "'{'"))
        return "a body in braces is missing: '{ }'";
    if (is_reserved(found->kind) && e->count == 1 && expects(e, "a name"))
        return "the word is reserved; choose another name";
    if (found->kind == TOK_FOR)
        return "a 'for' whose values are collected stands alone after '=' or 'return'";
    if (before && before->kind == '.' && found->kind != TOK_NAME)
        return "a number ends in a digit, as in 1.0";
    if (expects(e, "end of line") && found->name)
        return "begin a new statement on a new line or after ';'";
    return NULL;
}

/* Whether the lexer or layout.c found a mistake in the statement: a second message about it would
 * be noise. */
static bool is_reported(const struct parser *parser, const struct token *found)
{
    uint32_t start = first_of_statement(parser)->span.start;
    const struct token *last = found;
    while (last->kind != TOK_END && last->kind != 0)
        last++;
    for (size_t i = 0; i < parser->earlier_count && i < EARLIER_LIMIT; i++) {
        struct span span = parser->c->diagnostics.items[i]->span;
        if (span.source == found->span.source && span.start >= start &&
            span.start <= last->span.start)
            return true;
    }
    return false;
}

/* Where the line ends too early, that is where the message belongs, not in the next line. */
static bool ends_too_early(const struct token *found)
{
    return found->kind == 0 || (found->kind == '}' && found->starts_line);
}

void report_syntax_error(struct parser *parser, const struct expectation *expectation)
{
    struct expectation e = *expectation;
    if (parser->c->diagnostics.error_count > EARLIER_LIMIT)
        return; /* ten times what is printed */
    if (is_reported(parser, e.found) || report_unknown_keyword(parser, e.found))
        return;
    const char *hint = hint_of(parser, &e);
    summarize(parser, &e);
    const char *expected = expected_text(parser, &e);
    const char *found = found_text(parser, e.found);
    struct span span = e.found->span;
    const struct token *before = token_before(parser);
    if (ends_too_early(e.found) && before) {
        span.start = span.end = before->span.end;
        found = "end of line";
    }
    if (expected)
        diag_error(parser->c, span, "unexpected %s, expected %s", found, expected);
    else
        diag_error(parser->c, span, "unexpected %s", found);
    if (hint)
        diag_hint(parser->c, "%s", hint);
}
