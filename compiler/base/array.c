/* SPDX-License-Identifier: MIT
 *
 * Growth of arrays: by doubling, so that pushing is amortised constant time
 * and the storage left behind is at most what is in use.
 */
#include "base/array.h"

#include <stdint.h>
#include <string.h>

#define FIRST_CAPACITY 4

void *array_reserve(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity ? *capacity : FIRST_CAPACITY / 2;
    wanted = wanted > SIZE_MAX / 2 ? SIZE_MAX : wanted * 2; /* the arena refuses the product */
    void *grown = arena_alloc_array(arena, wanted, size);
    if (count)
        memcpy(grown, items, count * size);
    *capacity = wanted;
    return grown;
}
