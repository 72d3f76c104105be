/* SPDX-License-Identifier: MIT
 *
 * The table of names: open addressing with linear probing, at most half full.
 */
#include "base/names.h"

#include <string.h>

#define FIRST_SLOT_COUNT 256

/* FNV-1a: short words, no adversary. */
static uint32_t hash_text(const char *text, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) {
        hash ^= (unsigned char)text[i];
        hash *= 16777619u;
    }
    return hash;
}

static void insert(struct names *names, const struct name *name)
{
    size_t mask = names->slot_count - 1;
    size_t i = name->hash & mask;
    while (names->slots[i])
        i = (i + 1) & mask;
    names->slots[i] = name;
}

static void grow(struct names *names)
{
    const struct name **old = names->slots;
    size_t old_count = names->slot_count;
    names->slot_count = old_count * 2;
    names->slots = arena_alloc_array(names->arena, names->slot_count, sizeof *names->slots);
    for (size_t i = 0; i < old_count; i++)
        if (old[i])
            insert(names, old[i]);
}

void names_init(struct names *names, struct arena *arena)
{
    *names = (struct names){ .arena = arena, .slot_count = FIRST_SLOT_COUNT };
    names->slots = arena_alloc_array(arena, names->slot_count, sizeof *names->slots);
}

const struct name *names_intern(struct names *names, const char *text, size_t length)
{
    uint32_t hash = hash_text(text, length);
    size_t mask = names->slot_count - 1;
    for (size_t i = hash & mask; names->slots[i]; i = (i + 1) & mask) {
        const struct name *name = names->slots[i];
        if (name->hash == hash && name->length == length && !memcmp(name->text, text, length))
            return name;
    }
    struct name *name = arena_new(names->arena, struct name);
    name->text = arena_copy_text(names->arena, text, length);
    name->length = length;
    name->hash = hash;
    if (++names->count * 2 > names->slot_count)
        grow(names);
    insert(names, name);
    return name;
}

const struct name *names_intern_text(struct names *names, const char *text)
{
    return names_intern(names, text, strlen(text));
}
