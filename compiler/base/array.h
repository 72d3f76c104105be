/* SPDX-License-Identifier: MIT
 *
 * The only growing array. An array is any struct with the members
 *     T *items; size_t count; size_t capacity;
 * and starts out as all zeroes; ARRAY_STRUCT defines one. Its storage comes
 * from an arena: growing leaves the old storage behind, pointers into `items`
 * are valid only until the next push.
 */
#ifndef SNNC_BASE_ARRAY_H
#define SNNC_BASE_ARRAY_H

#include <stddef.h>

#include "base/arena.h"

/* Defines `struct tag`, an array of `type`. */
#define ARRAY_STRUCT(tag, type)                                                                    \
    struct tag {                                                                                   \
        type *items;                                                                               \
        size_t count;                                                                              \
        size_t capacity;                                                                           \
    }

/* Appends one item: array_push(arena, &list, item). */
#define array_push(arena, array, ...)                                                              \
    ((array)->items = array_reserve((arena), (array)->items, (array)->count, &(array)->capacity,   \
                                    sizeof *(array)->items),                                       \
     (array)->items[(array)->count++] = (__VA_ARGS__), (void)0)

/* Storage with room for one more item than `count`; moves the items when it has to grow. */
void *array_reserve(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size);

#endif
