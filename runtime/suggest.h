/* SPDX-License-Identifier: MIT
 *
 * "Did you mean" for words of the command line.
 */
#ifndef SNN_SUGGEST_H
#define SNN_SUGGEST_H

/* The better of two candidates for `wanted`: `candidate` if it is nearer than `best` (NULL: none
   yet) and near enough to be meant, otherwise `best`. */
const char *snn_suggest(const char *wanted, const char *best, const char *candidate);

#endif
