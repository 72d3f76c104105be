/* SPDX-License-Identifier: MIT
 *
 * Source files and places in them. A place is kept as byte offsets; lines and
 * columns are computed only when something is printed.
 */
#ifndef SNNC_BASE_SOURCE_H
#define SNNC_BASE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"

/* Offsets fit into uint32_t, and into the int of generated scanners. */
#define SOURCE_LIMIT_BYTES ((size_t)1 << 30)

/* Bytes start ..< end of the source with that index. All zeroes is "no place":
 * the message is then printed without one. */
struct span {
    uint32_t source; /* 1-based index into struct sources; 0 for no place */
    uint32_t start;
    uint32_t end;
};

struct source {
    const char *path;      /* as the user wrote it */
    const char *text;      /* zero-terminated */
    size_t length;         /* bytes; at most SOURCE_LIMIT_BYTES */
    uint32_t *line_starts; /* offset of the first byte of each line */
    size_t line_count;
};

struct sources {
    struct arena *arena;
    struct source **items; /* items[i] has index i + 1 */
    size_t count;
    size_t capacity;
};

/* A position as people count it, from 1; the column counts characters, not bytes. */
struct position {
    size_t line;
    size_t column;
};

void sources_init(struct sources *sources, struct arena *arena);

/* Adds a copy of `text`; returns its 1-based index. The caller keeps `length` within
 * SOURCE_LIMIT_BYTES. */
uint32_t sources_add(struct sources *sources, const char *path, const char *text, size_t length);

/* Reads a file. Returns its index, or 0 with errno set (EFBIG above
 * SOURCE_LIMIT_BYTES). A path that has been
 * read before gives the same index. */
uint32_t sources_read(struct sources *sources, const char *path);

/* A hash of the texts, but not of the paths, of all sources. */
uint64_t sources_hash(const struct sources *sources);

/* Null for index 0. */
const struct source *sources_get(const struct sources *sources, uint32_t index);

/* The line that the byte is on, from 1. */
size_t source_line_at(const struct source *source, uint32_t offset);

struct position source_position(const struct source *source, uint32_t offset);

/* The text of a line (from 1) without its end, not zero-terminated. */
const char *source_line(const struct source *source, size_t line, size_t *length);

/* From the start of `first` to the end of `last`; either may be no place. */
struct span span_join(struct span first, struct span last);

#endif
