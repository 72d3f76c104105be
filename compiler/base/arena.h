/* SPDX-License-Identifier: MIT
 *
 * Bump allocator. Everything that belongs to a compilation is allocated from
 * its one arena and is given back all at once by arena_finish; no stage frees
 * anything itself. Out of memory ends the process with a message: a compiler
 * has nothing useful to do after it.
 */
#ifndef SNNC_BASE_ARENA_H
#define SNNC_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* newest first */
    char *next;                 /* first free byte of the newest chunk */
    char *end;                  /* end of the newest chunk */
    size_t used_bytes;          /* handed out since arena_init */
};

void arena_init(struct arena *arena);

/* Gives all memory back; the arena is as after arena_init. */
void arena_finish(struct arena *arena);

/* Zeroed memory, aligned for every scalar type. Never null. */
void *arena_alloc(struct arena *arena, size_t bytes);

/* count * size zeroed bytes; ends the process when the product overflows. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);

/* Copies `length` bytes and adds a terminating zero. */
char *arena_copy_text(struct arena *arena, const char *text, size_t length);

/* printf into arena memory. */
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_format_va(struct arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* One object of a type, zeroed. */
#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

#endif
