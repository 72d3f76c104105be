/* SPDX-License-Identifier: MIT
 *
 * Edit distance (insert, delete, replace, swap of neighbours) over short words. The compiler has
 * one of its own: the runtime is linked without it.
 */
#include "suggest.h"

#include <string.h>

enum { WORD_LIMIT = 63 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_LIMIT + 1];
    size_t b_length = strlen(b);

    if (strlen(a) > WORD_LIMIT || b_length > WORD_LIMIT)
        return WORD_LIMIT;
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= strlen(a); i++) {
        unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3], *twice_above = rows[(i + 1) % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = least(above[j] + 1, row[j - 1] + 1);
            row[j] = least(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], twice_above[j - 2] + 1);
        }
    }
    return rows[strlen(a) % 3][b_length];
}

const char *snn_suggest(const char *wanted, const char *best, const char *candidate)
{
    unsigned here = distance(wanted, candidate);
    unsigned limit = (unsigned)strlen(wanted) / 3 + 1;

    if (here > limit || here >= strlen(wanted) + (strlen(wanted) < 2))
        return best;
    return !best || here < distance(wanted, best) ? candidate : best;
}
