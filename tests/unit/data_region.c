/* SPDX-License-Identifier: MIT
 *
 * The region: alignment, zeroing, marks, reuse of memory, the end when it is exhausted. And
 * messages of errors.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "memory.h"

static int is_zero(const unsigned char *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (memory[i])
            return 0;
    return 1;
}

static void test_allocations(void)
{
    struct snn_region *region = snn_region_create();
    unsigned char *last = NULL;

    for (size_t bytes = 0; bytes < 300000; bytes = bytes * 3 / 2 + 1) {
        unsigned char *memory = snn_region_alloc(region, bytes);

        assert(memory && memory != last);
        assert((uintptr_t)memory % SNN_REGION_ALIGNMENT == 0);
        assert(is_zero(memory, bytes));
        memset(memory, 0xff, bytes);
        last = memory;
    }
    snn_region_destroy(region);
    snn_region_destroy(NULL);
}

/* An iteration that allocates the same as the one before gets the same memory, zeroed, and the
 * region does not grow. */
static void test_marks(void)
{
    struct snn_region *region = snn_region_create();
    int *kept = snn_region_array(region, 10, sizeof *kept);
    struct snn_region_mark outer = snn_region_mark(region);
    unsigned char *first[3] = { NULL };
    size_t held = 0;

    kept[9] = 42;
    for (int iteration = 0; iteration < 5; iteration++) {
        static const size_t sizes[3] = { 100, 200000, 70000 };

        for (int i = 0; i < 3; i++) {
            struct snn_region_mark inner = snn_region_mark(region);
            unsigned char *memory;

            snn_region_release(region, inner);
            memory = snn_region_alloc(region, sizes[i]);
            assert(is_zero(memory, sizes[i]));
            memset(memory, 0xee, sizes[i]);
            assert(iteration == 0 || memory == first[i]);
            first[i] = memory;
        }
        assert(iteration == 0 || snn_region_held(region) == held);
        held = snn_region_held(region);
        snn_region_release(region, outer);
        assert(kept[9] == 42);
    }
    snn_region_destroy(region);
}

/* A mark of an empty region gives everything back; a kept chunk too small for what comes is
 * replaced. */
static void test_bottom(void)
{
    struct snn_region *region = snn_region_create();
    struct snn_region_mark bottom = snn_region_mark(region);

    for (size_t bytes = 1000; bytes < 40000000; bytes *= 3) {
        unsigned char *memory = snn_region_alloc(region, bytes);

        assert(is_zero(memory, bytes));
        memory[bytes - 1] = 1;
        snn_region_release(region, bottom);
    }
    snn_region_destroy(region);
}

/* What `allocate` says on its end. */
static void expect_panic(void (*allocate)(struct snn_region *), const char *text)
{
    char said[1024];
    int ends[2], status;
    size_t count = 0;
    ssize_t got;
    pid_t child;

    assert(pipe(ends) == 0);
    child = fork();
    assert(child >= 0);
    if (child == 0) {
        dup2(ends[1], 2);
        allocate(snn_region_create());
        _exit(0);
    }
    close(ends[1]);
    while ((got = read(ends[0], said + count, sizeof said - 1 - count)) > 0)
        count += (size_t)got;
    said[count] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert(strstr(said, text));
}

static void allocate_too_much(struct snn_region *region)
{
#ifdef __SANITIZE_ADDRESS__ /* whose allocator would end the program by itself */
    snn_region_alloc(region, SIZE_MAX);
#else
    snn_region_alloc(region, SIZE_MAX / 2 - 4096);
#endif
}

static void allocate_overflow(struct snn_region *region)
{
    snn_region_array(region, SIZE_MAX / 4, 8);
}

static void test_errors(void)
{
    assert(snn_last_error()[0] == '\0');
    assert(snn_error_set("file '%s' has %d", "a.npy", 3) == -1);
    assert(strcmp(snn_last_error(), "file 'a.npy' has 3") == 0);
    snn_error_set("while loading: %s", snn_last_error());
    assert(strcmp(snn_last_error(), "while loading: file 'a.npy' has 3") == 0);
}

int main(void)
{
    test_errors();
    test_allocations();
    test_marks();
    test_bottom();
    expect_panic(allocate_too_much, "out of memory");
    expect_panic(allocate_overflow, "out of memory");
    return 0;
}
