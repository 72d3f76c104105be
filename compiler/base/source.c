/* SPDX-License-Identifier: MIT
 *
 * Reads files and finds lines. Files are read whole: offsets into the text are
 * what the rest of the compiler keeps.
 */
#include "base/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_STEP_BYTES ((size_t)64 * 1024)

void sources_init(struct sources *sources, struct arena *arena)
{
    *sources = (struct sources){ .arena = arena };
}

static void find_lines(struct arena *arena, struct source *source)
{
    size_t count = 1;
    for (size_t i = 0; i < source->length; i++)
        count += source->text[i] == '\n';
    source->line_starts = arena_alloc_array(arena, count, sizeof *source->line_starts);
    source->line_count = 1;
    for (size_t i = 0; i < source->length; i++)
        if (source->text[i] == '\n')
            source->line_starts[source->line_count++] = (uint32_t)(i + 1);
}

uint32_t sources_add(struct sources *sources, const char *path, const char *text, size_t length)
{
    struct source *source = arena_new(sources->arena, struct source);
    source->path = arena_copy_text(sources->arena, path, strlen(path));
    source->text = arena_copy_text(sources->arena, text, length);
    source->length = length;
    find_lines(sources->arena, source);
    array_push(sources->arena, sources, source);
    return (uint32_t)sources->count;
}

/* The whole file in malloc memory, or null with errno set. */
static char *read_all(FILE *file, size_t *length)
{
    char *text = NULL;
    size_t used = 0, room = 0;
    for (;;) {
        if (room - used < READ_STEP_BYTES) {
            room = room ? room * 2 : READ_STEP_BYTES * 2;
            char *grown = realloc(text, room);
            if (!grown)
                break;
            text = grown;
        }
        size_t got = fread(text + used, 1, READ_STEP_BYTES, file);
        used += got;
        if (used > SOURCE_LIMIT_BYTES) {
            errno = EFBIG;
            break;
        }
        if (got < READ_STEP_BYTES) {
            if (ferror(file))
                break;
            *length = used;
            return text;
        }
    }
    free(text);
    return NULL;
}

uint32_t sources_read(struct sources *sources, const char *path)
{
    for (size_t i = 0; i < sources->count; i++)
        if (!strcmp(sources->items[i]->path, path))
            return (uint32_t)(i + 1);

    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    size_t length = 0;
    char *text = read_all(file, &length);
    int read_errno = errno;
    fclose(file);
    if (!text) {
        errno = read_errno;
        return 0;
    }
    uint32_t index = sources_add(sources, path, text, length);
    free(text);
    return index;
}

/* FNV-1a, with the end of each text as one more byte. */
uint64_t sources_hash(const struct sources *sources)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < sources->count; i++)
        for (size_t k = 0; k <= sources->items[i]->length; k++)
            hash = (hash ^ (unsigned char)sources->items[i]->text[k]) * UINT64_C(0x100000001b3);
    return hash;
}

const struct source *sources_get(const struct sources *sources, uint32_t index)
{
    return index == 0 || index > sources->count ? NULL : sources->items[index - 1];
}

static bool is_utf8_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t source_line_at(const struct source *source, uint32_t offset)
{
    size_t low = 0, high = source->line_count; /* line_starts[low] <= offset < line_starts[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (source->line_starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

struct position source_position(const struct source *source, uint32_t offset)
{
    struct position position = { .line = source_line_at(source, offset), .column = 1 };
    for (size_t i = source->line_starts[position.line - 1]; i < offset && i < source->length; i++)
        position.column += !is_utf8_continuation(source->text[i]);
    return position;
}

const char *source_line(const struct source *source, size_t line, size_t *length)
{
    size_t start = source->line_starts[line - 1];
    size_t end = line < source->line_count ? source->line_starts[line] : source->length;
    while (end > start && (source->text[end - 1] == '\n' || source->text[end - 1] == '\r'))
        end--;
    *length = end - start;
    return source->text + start;
}

struct span span_join(struct span first, struct span last)
{
    if (!first.source)
        return last;
    if (!last.source || last.source != first.source)
        return first;
    if (last.start < first.start)
        first.start = last.start;
    if (last.end > first.end)
        first.end = last.end;
    return first;
}
