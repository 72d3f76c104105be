/* SPDX-License-Identifier: MIT
 *
 * "Did you mean": the nearest of a set of known words, by the number of
 * inserted, deleted, replaced or swapped letters. Offer the candidates one by
 * one, then ask for the best.
 */
#ifndef SNNC_BASE_SUGGEST_H
#define SNNC_BASE_SUGGEST_H

#include <stddef.h>

struct suggestion {
    const char *wanted; /* the unknown word */
    const char *best;   /* null while nothing is near enough */
    size_t distance;    /* of best */
};

/* Starts a search; `wanted` is not copied. */
struct suggestion suggest_begin(const char *wanted);

/* Offers a known word; of equally near words the first offered wins. Not copied. */
void suggest_offer(struct suggestion *suggestion, const char *candidate);

/* The nearest of a null-terminated list, or null when none is near. */
const char *suggest_word(const char *wanted, const char *const *candidates);

/* Edits between two words: insertion, deletion, replacement, swap of neighbours. */
size_t suggest_distance(const char *a, const char *b);

#endif
