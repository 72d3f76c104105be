/* SPDX-License-Identifier: MIT
 *
 * Chunks double in size up to a limit, so that a small program costs little
 * and a large one few calls to malloc. An allocation too big for a chunk gets
 * one of its own.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CHUNK_BYTES ((size_t)16 * 1024)
#define LARGEST_CHUNK_BYTES ((size_t)1024 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

/* The header of a chunk; its memory follows. */
struct arena_chunk {
    struct arena_chunk *older;
    size_t bytes; /* of the memory that follows */
    max_align_t memory[];
};

static _Noreturn void out_of_memory(size_t bytes)
{
    fprintf(stderr, "snnc: out of memory (%zu bytes wanted)\n", bytes);
    exit(1);
}

void arena_init(struct arena *arena)
{
    *arena = (struct arena){ 0 };
}

void arena_finish(struct arena *arena)
{
    struct arena_chunk *chunk = arena->chunks;
    while (chunk) {
        struct arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    arena_init(arena);
}

static void add_chunk(struct arena *arena, size_t wanted)
{
    size_t bytes = FIRST_CHUNK_BYTES;
    if (arena->chunks && arena->chunks->bytes < LARGEST_CHUNK_BYTES)
        bytes = arena->chunks->bytes * 2;
    else if (arena->chunks)
        bytes = LARGEST_CHUNK_BYTES;
    if (bytes < wanted)
        bytes = wanted;

    struct arena_chunk *chunk = calloc(1, sizeof *chunk + bytes);
    if (!chunk)
        out_of_memory(bytes);
    chunk->bytes = bytes;
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->next = (char *)chunk->memory;
    arena->end = arena->next + bytes;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        out_of_memory(bytes);
    size_t rounded = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (rounded == 0)
        rounded = ALIGNMENT;
    if (!arena->chunks || (size_t)(arena->end - arena->next) < rounded)
        add_chunk(arena, rounded);
    void *memory = arena->next;
    arena->next += rounded;
    arena->used_bytes += rounded;
    return memory;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        out_of_memory(SIZE_MAX);
    return arena_alloc(arena, count * size);
}

char *arena_copy_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    if (length)
        memcpy(copy, text, length);
    return copy;
}

char *arena_format_va(struct arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        return arena_copy_text(arena, format, strlen(format));
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_format_va(arena, format, arguments);
    va_end(arguments);
    return text;
}
