/* SPDX-License-Identifier: MIT
 *
 * The region: a list of chunks, filled from the bottom up. Chunks above the current one are kept
 * for reuse, so a loop that allocates the same in every iteration asks the system once. Under
 * AddressSanitizer released memory is poisoned.
 */
#include "memory.h"

#include "panic.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif
#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)0)
#endif

enum { FIRST_CHUNK_BYTES = 64 * 1024 };

struct snn_region_chunk {
    struct snn_region_chunk *below, *above; /* NULL at the ends */
    size_t capacity;                        /* bytes of `memory` */
    size_t used;                            /* a multiple of the alignment */
    char *memory;
};

struct snn_region {
    struct snn_region_chunk *bottom;  /* NULL before the first allocation */
    struct snn_region_chunk *current; /* the next allocation is tried here; all above are empty */
    size_t held;                      /* bytes in all chunks */
};

static void panic_exhausted(size_t bytes, size_t held)
{
    snn_panic("out of memory: %zu more bytes were asked for beside %zu in use by this region",
              bytes, held);
}

static struct snn_region_chunk *create_chunk(struct snn_region *region, size_t bytes)
{
    struct snn_region_chunk *chunk = malloc(sizeof *chunk);
    char *memory = chunk ? aligned_alloc(SNN_REGION_ALIGNMENT, bytes) : NULL;

    if (!memory) {
        free(chunk);
        panic_exhausted(bytes, region->held);
    }
    *chunk = (struct snn_region_chunk){ .capacity = bytes, .memory = memory };
    ASAN_POISON_MEMORY_REGION(memory, bytes);
    region->held += bytes;
    return chunk;
}

static void destroy_chunk(struct snn_region *region, struct snn_region_chunk *chunk)
{
    region->held -= chunk->capacity;
    ASAN_UNPOISON_MEMORY_REGION(chunk->memory, chunk->capacity);
    free(chunk->memory);
    free(chunk);
}

/* Puts `chunk` directly above the current one. */
static void insert_chunk(struct snn_region *region, struct snn_region_chunk *chunk)
{
    struct snn_region_chunk *below = region->current;
    struct snn_region_chunk *above = below ? below->above : region->bottom;

    chunk->below = below;
    chunk->above = above;
    if (below)
        below->above = chunk;
    else
        region->bottom = chunk;
    if (above)
        above->below = chunk;
}

/* Makes a chunk with room for `bytes` the current one: the next kept one if it is large enough,
 * otherwise a new one, twice as large as the one below. A kept chunk that is too small is given
 * back: the new one takes its place. */
static struct snn_region_chunk *next_chunk(struct snn_region *region, size_t bytes)
{
    struct snn_region_chunk *current = region->current;
    struct snn_region_chunk *kept = current ? current->above : region->bottom;
    size_t capacity = current ? current->capacity : FIRST_CHUNK_BYTES / 2;

    if (!kept || kept->capacity < bytes) {
        capacity = capacity <= SIZE_MAX / 4 ? capacity * 2 : capacity;
        capacity = capacity < bytes ? bytes : capacity;
        if (kept) {
            *(current ? &current->above : &region->bottom) = kept->above;
            if (kept->above)
                kept->above->below = current;
            destroy_chunk(region, kept);
        }
        insert_chunk(region, create_chunk(region, capacity));
    }
    region->current = current ? current->above : region->bottom;
    return region->current;
}

struct snn_region *snn_region_create(void)
{
    struct snn_region *region = calloc(1, sizeof *region);

    if (!region)
        panic_exhausted(sizeof *region, 0);
    return region;
}

void snn_region_destroy(struct snn_region *region)
{
    if (!region)
        return;
    for (struct snn_region_chunk *chunk = region->bottom, *above; chunk; chunk = above) {
        above = chunk->above;
        destroy_chunk(region, chunk);
    }
    free(region);
}

void *snn_region_alloc(struct snn_region *region, size_t bytes)
{
    struct snn_region_chunk *chunk = region->current;
    size_t rounded;
    char *memory;

    if (bytes > SIZE_MAX / 2)
        panic_exhausted(bytes, region->held);
    /* Empty allocations take a line as well, so that each has an address of its own. */
    rounded =
        (bytes + (bytes == 0) + SNN_REGION_ALIGNMENT - 1) & ~(size_t)(SNN_REGION_ALIGNMENT - 1);
    if (!chunk || chunk->capacity - chunk->used < rounded)
        chunk = next_chunk(region, rounded);
    memory = chunk->memory + chunk->used;
    chunk->used += rounded;
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
    return memset(memory, 0, bytes);
}

void *snn_region_array(struct snn_region *region, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        panic_exhausted(SIZE_MAX, region->held);
    return snn_region_alloc(region, count * size);
}

struct snn_region_mark snn_region_mark(const struct snn_region *region)
{
    struct snn_region_chunk *chunk = region->current;

    return (struct snn_region_mark){ chunk, chunk ? chunk->used : 0 };
}

void snn_region_release(struct snn_region *region, struct snn_region_mark mark)
{
    struct snn_region_chunk *chunk = region->current;

    for (; chunk != mark.chunk; chunk = chunk->below) {
        chunk->used = 0;
        ASAN_POISON_MEMORY_REGION(chunk->memory, chunk->capacity);
    }
    region->current = chunk;
    if (!chunk)
        return;
    chunk->used = mark.used;
    ASAN_POISON_MEMORY_REGION(chunk->memory + mark.used, chunk->capacity - mark.used);
}

size_t snn_region_held(const struct snn_region *region)
{
    return region->held;
}
