/* SPDX-License-Identifier: MIT
 *
 * A region is a stack of allocations: arrays of a task, views of data sets, texts. Nothing is freed
 * one by one; a mark taken before a loop iteration and released after it gives back everything in
 * between. One thread uses one region.
 */
#ifndef SNN_MEMORY_H
#define SNN_MEMORY_H

#include <stddef.h>

enum { SNN_REGION_ALIGNMENT = 64 }; /* bytes: a cache line and the widest vector */

struct snn_region;

/* A place in the stack. Only the region that gave it can take it back. */
struct snn_region_mark {
    struct snn_region_chunk *chunk; /* NULL: the bottom */
    size_t used;                    /* bytes of that chunk in use */
};

/* Panics if there is no memory. */
struct snn_region *snn_region_create(void);
void snn_region_destroy(struct snn_region *region); /* NULL is legal */

/* `bytes` zeroed bytes, aligned to SNN_REGION_ALIGNMENT, valid until a mark taken before is
 * released. Never NULL, also for 0 bytes: when memory is exhausted the run ends in snn_panic with
 * the size that was asked for. */
void *snn_region_alloc(struct snn_region *region, size_t bytes);

/* The same for `count` elements of `size` bytes; a product that overflows panics. */
void *snn_region_array(struct snn_region *region, size_t count, size_t size);

struct snn_region_mark snn_region_mark(const struct snn_region *region);

/* Gives back everything allocated since `mark`; the region keeps the memory for what follows. */
void snn_region_release(struct snn_region *region, struct snn_region_mark mark);

/* Bytes that the region holds from the system, in use or not. */
size_t snn_region_held(const struct snn_region *region);

#endif
