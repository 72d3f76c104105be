/* SPDX-License-Identifier: MIT
 *
 * Builds what is neither expression nor statement: types, units, bounds, axes.
 */
#include <string.h>

#include "base/suggest.h"
#include "syntax/build.h"
#include "syntax/words.h"

bool expect_word(struct parser *parser, const struct identifier *name, const char *word)
{
    if (!strcmp(name->name->text, word))
        return true;
    return diag_error(parser->c, name->span, "expected '%s', found '%s'", word, name->name->text);
}

struct bounds bounds_of_range(struct parser *parser, struct expr *range)
{
    if (range->kind == EXPR_RANGE && range->range.is_inclusive)
        return (struct bounds){ range->range.low, range->range.high };
    if (range->kind == EXPR_RANGE) {
        diag_error(parser->c, range->span, "bounds include both ends");
        diag_hint(parser->c, "write '..' instead of '..<'");
    } else if (range->kind != EXPR_ERROR) {
        diag_error(parser->c, range->span, "expected bounds after 'in', written 'low .. high'");
    }
    return (struct bounds){ 0 };
}

/* `y.axes` takes the axes of y, anything else is the size of the only axis. */
struct axis_spec axis_of_expr(struct expr *e)
{
    if (e->kind == EXPR_FIELD && !strcmp(e->field.field.name->text, "axes"))
        return (struct axis_spec){ .kind = AXIS_SPREAD, .span = e->span, .value = e->field.object };
    return (struct axis_spec){ .kind = AXIS_PLAIN, .span = e->span, .value = e };
}

/* ---- types ----------------------------------------------------------- */

static const char *const scalar_words[] = {
    [SCALAR_FLOAT32] = "float32",
    [SCALAR_FLOAT64] = "float64",
    [SCALAR_INT] = "int",
    [SCALAR_BOOL] = "bool",
};

#define SCALAR_WORD_COUNT (sizeof scalar_words / sizeof *scalar_words)

/* SCALAR_UNSAID for other words. */
static enum scalar_word scalar_of(const struct name *name)
{
    for (size_t i = SCALAR_UNSAID + 1; i < SCALAR_WORD_COUNT; i++)
        if (!strcmp(scalar_words[i], name->text))
            return (enum scalar_word)i;
    return SCALAR_UNSAID;
}

static struct type_ref *type_new(struct parser *parser, enum scalar_word scalar,
                                 struct unit_ref *unit, struct span span)
{
    struct type_ref *type = arena_new(&parser->c->arena, struct type_ref);
    type->span = span;
    type->scalar = scalar;
    type->unit = unit;
    return type;
}

static void report_unknown_type(struct parser *parser, const struct identifier *word)
{
    const char *text = word->name->text;
    if (diag_is_line_reported(parser->c, word->span))
        return;
    diag_error(parser->c, word->span, "unknown type or unit '%s'", text);
    if (!strcmp(text, "float") || !strcmp(text, "double") || !strcmp(text, "real")) {
        diag_hint(parser->c, "write 'float32' or 'float64'");
        return;
    }
    struct suggestion nearest = suggest_begin(text);
    for (size_t i = SCALAR_UNSAID + 1; i < SCALAR_WORD_COUNT; i++)
        suggest_offer(&nearest, scalar_words[i]);
    const char *near = nearest.best ? nearest.best : words_suggest_unit(text);
    if (near)
        diag_hint(parser->c, "did you mean '%s'?", near);
    else
        diag_hint(parser->c,
                  "a type is 'float32', 'float64', 'int', 'bool' or a unit such as 'mV'");
}

struct type_ref *type_of_word(struct parser *parser, const struct identifier *word)
{
    enum scalar_word scalar = scalar_of(word->name);
    if (scalar != SCALAR_UNSAID)
        return type_new(parser, scalar, NULL, word->span);
    if (words_is_unit(word->name->text))
        return type_new(parser, SCALAR_UNSAID, unit_of_word(parser, word), word->span);
    report_unknown_type(parser, word);
    return NULL;
}

struct type_ref *type_of_unit(struct parser *parser, struct unit_ref *unit)
{
    return type_new(parser, SCALAR_UNSAID, unit, unit->span);
}

struct type_ref *type_ref_with_unit(struct parser *parser, const struct identifier *word,
                                    struct unit_ref *unit, struct span span)
{
    enum scalar_word scalar = scalar_of(word->name);
    if (scalar == SCALAR_FLOAT32 || scalar == SCALAR_FLOAT64)
        return type_new(parser, scalar, unit, span);
    if (scalar != SCALAR_UNSAID) {
        diag_error(parser->c, unit->span, "'%s' cannot have a unit", word->name->text);
        return type_new(parser, scalar, NULL, span);
    }
    if (words_is_unit(word->name->text)) {
        diag_error(parser->c, unit->span, "a type has one unit");
        diag_hint(parser->c, "compound units stand in brackets, such as '[mV/ms]'");
    } else {
        report_unknown_type(parser, word);
    }
    return NULL;
}

struct type_ref *type_of_words(struct parser *parser, const struct identifier *word,
                               const struct identifier *unit, struct span span)
{
    bool is_missing_sign = words_is_unit(word->name->text) && !words_is_unit(unit->name->text);
    if (!is_missing_sign)
        return type_ref_with_unit(parser, word, unit_of_word(parser, unit), span);
    diag_error(parser->c, unit->span, "unexpected '%s', expected '='", unit->name->text);
    return type_of_word(parser, word);
}

/* ---- units ----------------------------------------------------------- */

struct unit_ref *unit_begin(struct parser *parser, struct span span)
{
    struct unit_ref *unit = arena_new(&parser->c->arena, struct unit_ref);
    unit->span = span;
    return unit;
}

void unit_factor(struct parser *parser, struct unit_ref *unit, const struct identifier *word,
                 int power)
{
    const char *text = word->name->text;
    if (!words_is_unit(text)) {
        diag_error(parser->c, word->span, "unknown unit '%s'", text);
        const char *near = words_suggest_unit(text);
        if (near)
            diag_hint(parser->c, "did you mean '%s'?", near);
        return;
    }
    struct unit_factor factor = { .name = word->name, .power = power, .span = word->span };
    array_push(&parser->c->arena, unit, factor);
}

int unit_exponent(struct parser *parser, const struct token *number)
{
    if (number->is_integer && number->number >= 1 && number->number <= 9)
        return (int)number->number;
    diag_error(parser->c, number->span, "the power of a unit is a whole number from 1 to 9");
    return 1;
}

void expect_one(struct parser *parser, const struct token *number)
{
    if (number->is_integer && number->number == 1)
        return;
    diag_error(parser->c, number->span, "a unit is made of names and 1, as in '[1/ms]'");
}

struct unit_ref *unit_of_word(struct parser *parser, const struct identifier *word)
{
    struct unit_ref *unit = unit_begin(parser, word->span);
    unit_factor(parser, unit, word, 1);
    return unit;
}

struct unit_ref *unit_of_token(struct parser *parser, const struct token *token)
{
    struct identifier word = { token->name, token->span };
    return unit_of_word(parser, &word);
}

struct unit_ref *percent_unit(struct parser *parser, struct span span)
{
    struct identifier word = { names_intern_text(&parser->c->names, "%"), span };
    return unit_of_word(parser, &word);
}
