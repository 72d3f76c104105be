/* SPDX-License-Identifier: MIT
 *
 * Tables of Poisson numbers.
 */
#ifndef SNN_COUNTS_H
#define SNN_COUNTS_H

#include <stdint.h>

/* Makes the table of a mean. With a word w of 32 random bits and e = entries[w mod size] ^ 2^31,
   the number is low + (w with its low bits all set < e ? w : e) mod size. Gives back its size, a
   power of two, at most SNN_COUNT_LIMIT; 0 where the mean has no table: NaN, negative, large. */
int32_t snn_count_table(int32_t *entries, double mean, int32_t *low);

#endif
