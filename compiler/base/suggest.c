/* SPDX-License-Identifier: MIT
 *
 * Optimal string alignment distance over three rolling rows. A suggestion is
 * near enough when a third of the word's letters, at least one, is wrong at
 * most: farther ones are more often confusing than helpful.
 */
#include "base/suggest.h"

#include <string.h>
#include <strings.h>

#define LONGEST_WORD 64 /* longer words are never suggested */

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > LONGEST_WORD || b_length > LONGEST_WORD)
        return a_length + b_length;

    size_t rows[3][LONGEST_WORD + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = min(replaced, min(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_length];
}

struct suggestion suggest_begin(const char *wanted)
{
    return (struct suggestion){ .wanted = wanted };
}

void suggest_offer(struct suggestion *suggestion, const char *candidate)
{
    size_t length = strlen(suggestion->wanted);
    size_t limit = length < 3 ? 1 : (length + 2) / 3;
    /* Nothing is nearer than a word of which only the case differs. */
    size_t distance = strcasecmp(suggestion->wanted, candidate)
                          ? suggest_distance(suggestion->wanted, candidate)
                          : 0;
    if (distance > limit || distance >= strlen(candidate))
        return;
    if (suggestion->best && distance >= suggestion->distance)
        return;
    suggestion->best = candidate;
    suggestion->distance = distance;
}

const char *suggest_word(const char *wanted, const char *const *candidates)
{
    struct suggestion suggestion = suggest_begin(wanted);
    for (; *candidates; candidates++)
        suggest_offer(&suggestion, *candidates);
    return suggestion.best;
}
