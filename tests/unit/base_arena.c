/* SPDX-License-Identifier: MIT
 *
 * Arena, arrays and names: what is handed out is zeroed, aligned, apart from everything else, and
 * survives later growth.
 */
#undef NDEBUG
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/names.h"

ARRAY_STRUCT(numbers, int);

static void test_blocks(struct arena *arena)
{
    enum { COUNT = 4000 };
    static unsigned char *blocks[COUNT];
    for (int i = 0; i < COUNT; i++) {
        size_t bytes = (size_t)(i % 97);
        blocks[i] = arena_alloc(arena, bytes);
        assert((uintptr_t)blocks[i] % _Alignof(max_align_t) == 0);
        for (size_t j = 0; j < bytes; j++)
            assert(blocks[i][j] == 0);
        memset(blocks[i], i % 251, bytes);
    }
    for (int i = 0; i < COUNT; i++)
        for (size_t j = 0; j < (size_t)(i % 97); j++)
            assert(blocks[i][j] == i % 251);
}

static void test_large_block(struct arena *arena)
{
    size_t bytes = (size_t)5 * 1024 * 1024;
    char *large = arena_alloc(arena, bytes);
    char *after = arena_alloc(arena, 1);
    large[bytes - 1] = 'x';
    assert(*after == 0);
}

static void test_text(struct arena *arena)
{
    assert(strcmp(arena_copy_text(arena, "abcdef", 3), "abc") == 0);
    assert(strcmp(arena_copy_text(arena, NULL, 0), "") == 0);
    assert(strcmp(arena_format(arena, "%d of %s", 3, "four"), "3 of four") == 0);
    assert(strlen(arena_format(arena, "%5000d", 1)) == 5000);
}

static void test_array(struct arena *arena)
{
    struct numbers numbers = { 0 };
    for (int i = 0; i < 1000; i++)
        array_push(arena, &numbers, i * i);
    assert(numbers.count == 1000);
    for (int i = 0; i < 1000; i++)
        assert(numbers.items[i] == i * i);
}

static void test_names(struct arena *arena)
{
    struct names names;
    names_init(&names, arena);
    const struct name *first = names_intern_text(&names, "theta");
    char text[16];
    for (int i = 0; i < 3000; i++) { /* makes the table grow several times */
        snprintf(text, sizeof text, "name%d", i);
        names_intern_text(&names, text);
    }
    assert(names_intern(&names, "thetas", 5) == first);
    assert(names_intern_text(&names, "thetas") != first);
    assert(names_intern_text(&names, "") == names_intern(&names, "x", 0));
    assert(strcmp(first->text, "theta") == 0 && first->length == 5);
    assert(names.count == 3003);
}

int main(void)
{
    struct arena arena;
    arena_init(&arena);
    test_blocks(&arena);
    test_large_block(&arena);
    test_text(&arena);
    test_array(&arena);
    test_names(&arena);
    arena_finish(&arena);
    assert(arena.chunks == NULL && arena.used_bytes == 0);
    arena_finish(&arena);
    return 0;
}
