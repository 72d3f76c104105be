/* SPDX-License-Identifier: MIT
 *
 * The words of the language: where each one is a keyword (words.def), which
 * ones are units (unit_names.def), and which one was meant.
 */
#ifndef SNNC_SYNTAX_WORDS_H
#define SNNC_SYNTAX_WORDS_H

#include <stdbool.h>

/* Where a word is a keyword; words.def explains each. */
enum word_place {
    WORD_DECLARES = 1,
    WORD_STARTS = 2,
    WORD_ALWAYS = 4,
    WORD_JOINS = 8,
    WORD_SPIKES = 16,
    WORD_COUNTS = 32,
};

struct keyword {
    const char *text;
    int token; /* TOK_... of parser.y */
    int where; /* enum word_place, several joined by | */
};

/* The keyword that the word is in one of these places, or null. */
const struct keyword *words_find(const char *word, int where);

/* The keyword that may have been meant where a statement or, outside of braces, a declaration
 * begins: a near one, or ours for one of another language. Null when none is near. */
const char *words_suggest(const char *word, bool in_braces);

/* Whether the word is a unit. */
bool words_is_unit(const char *word);

/* The unit that may have been meant, or null. */
const char *words_suggest_unit(const char *word);

#endif
