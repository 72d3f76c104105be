/* SPDX-License-Identifier: MIT
 *
 * Interned identifiers: equal texts give the same pointer, so names are
 * compared with ==. Names live as long as the arena of their compilation.
 */
#ifndef SNNC_BASE_NAMES_H
#define SNNC_BASE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct name {
    const char *text; /* zero-terminated */
    size_t length;    /* bytes, without the zero */
    uint32_t hash;    /* of the text, for tables keyed by name */
};

/* Open-addressing table of all names. */
struct names {
    struct arena *arena;
    const struct name **slots; /* null where free */
    size_t slot_count;         /* a power of two */
    size_t count;
};

void names_init(struct names *names, struct arena *arena);

const struct name *names_intern(struct names *names, const char *text, size_t length);

/* The same for a zero-terminated text. */
const struct name *names_intern_text(struct names *names, const char *text);

#endif
