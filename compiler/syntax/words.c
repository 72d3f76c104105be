/* SPDX-License-Identifier: MIT
 *
 * The tables of keywords and units, and the search in them.
 */
#include "syntax/words.h"

#include <string.h>

#include "base/suggest.h"
#include "syntax/tokens.h"

#include "syntax/parser.h"

static const struct keyword keywords[] = {
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

#define KEYWORD_COUNT (sizeof keywords / sizeof *keywords)

const struct keyword *words_find(const char *word, int where)
{
    for (size_t i = 0; i < KEYWORD_COUNT; i++)
        if (keywords[i].where & where && !strcmp(keywords[i].text, word))
            return &keywords[i];
    return NULL;
}

/* What a keyword of another language is called here; null for unknown ones. */
static const char *translated(const char *word)
{
    static const char *const table[][2] = {
        { "def", "func" },         { "fn", "func" },
        { "function", "func" },    { "import", "use" },
        { "include", "use" },      { "from", "use" },
        { "var", "let" },          { "const", "let" },
        { "val", "let" },          { "elif", "else if" },
        { "elseif", "else if" },   { "print", "log" },
        { "population", "layer" }, { "projection", "connect" },
        { "synapse", "connect" },  { "synapses", "connect" },
        { "parameter", "param" },  { "foreach", "for" },
        { "run", "present" },      { "simulate", "present" },
        { "model", "neuron" },     { "dataset", "data" },
        { "plasticity", "rule" },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!strcmp(table[i][0], word))
            return table[i][1];
    return NULL;
}

const char *words_suggest(const char *word, bool in_braces)
{
    const char *other = translated(word);
    if (other)
        return other;
    struct suggestion nearest = suggest_begin(word);
    for (size_t i = 0; i < KEYWORD_COUNT; i++)
        if (keywords[i].where & (in_braces ? WORD_STARTS : WORD_DECLARES))
            suggest_offer(&nearest, keywords[i].text);
    suggest_offer(&nearest, in_braces ? "if" : "let");
    suggest_offer(&nearest, in_braces ? "for" : "persistent");
    return nearest.best;
}

bool words_is_unit(const char *word)
{
    for (size_t i = 0; unit_words[i]; i++)
        if (!strcmp(unit_words[i], word))
            return true;
    return false;
}

const char *words_suggest_unit(const char *word)
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
