/* SPDX-License-Identifier: MIT
 *
 * Runs a libFuzzer entry without libFuzzer: on each file given, then on COUNT inputs made from them
 * by a few seeded mutations each, so that 'make check' always feeds the same ones. The input being
 * run is kept in a file, for the case that it ends the process.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_INPUT_BYTES = 1 << 20, MAX_MUTATIONS = 8 };

struct input {
    uint8_t *data;
    size_t size;
};

/* xorshift64*: any seed but 0. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}

static size_t random_below(uint64_t *state, size_t limit)
{
    return limit == 0 ? 0 : (size_t)(next_random(state) % limit);
}

static struct input read_input(const char *path)
{
    struct input input = { malloc(MAX_INPUT_BYTES), 0 };
    FILE *file = fopen(path, "rb");
    if (file == NULL || input.data == NULL) {
        perror(path);
        exit(1);
    }
    input.size = fread(input.data, 1, MAX_INPUT_BYTES, file);
    fclose(file);
    return input;
}

/* Puts `count` bytes of `source` in place of `removed` bytes at `at`; does nothing where that gets
 * too long. */
static void splice(struct input *input, size_t at, size_t removed, const uint8_t *source,
                   size_t count)
{
    if (input->size - removed + count > MAX_INPUT_BYTES)
        return;
    memmove(input->data + at + count, input->data + at + removed, input->size - at - removed);
    memcpy(input->data + at, source, count);
    input->size = input->size - removed + count;
}

/* One small change; `other` gives the material for splices. */
static void mutate(struct input *input, const struct input *other, uint64_t *state)
{
    static const uint8_t interesting[] = { 0,   1,   0x7f, 0x80, 0xff, '(', '{',
                                           '[', '"', '\n', '-',  '.',  '9', 'e' };
    size_t at = random_below(state, input->size);
    size_t length = random_below(state, (input->size - at < 64 ? input->size - at : 64) + 1);
    uint8_t byte = interesting[random_below(state, sizeof interesting)];
    uint8_t copy[64];
    switch (random_below(state, 6)) {
    case 0:
        if (input->size > 0)
            input->data[at] ^= (uint8_t)(1u << random_below(state, 8));
        break;
    case 1: splice(input, at, input->size > 0 ? 1 : 0, &byte, 1); break;
    case 2: splice(input, at, 0, &byte, 1); break;
    case 3: splice(input, at, length, &byte, 0); break;
    case 4:
        length = random_below(state, other->size < sizeof copy ? other->size + 1 : sizeof copy);
        memcpy(copy, other->data + random_below(state, other->size - length + 1), length);
        splice(input, at, 0, copy, length);
        break;
    default:
        if (random_below(state, 8) == 0)
            input->size = at;
        break;
    }
}

/* From a block of its own size, so that AddressSanitizer sees each byte read past the end. */
static void run(const struct input *input, const char *kept)
{
    FILE *file = fopen(kept, "wb");
    if (file == NULL || fwrite(input->data, 1, input->size, file) != input->size ||
        fclose(file) != 0) {
        perror(kept);
        exit(1);
    }
    uint8_t *exact = malloc(input->size > 0 ? input->size : 1);
    memcpy(exact, input->data, input->size);
    LLVMFuzzerTestOneInput(exact, input->size);
    free(exact);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: %s COUNT KEPT-INPUT FILE...\n", argv[0]);
        return 2;
    }
    size_t count = strtoul(argv[1], NULL, 10);
    const char *kept = argv[2];
    size_t file_count = (size_t)argc - 3;
    struct input *files = calloc(file_count, sizeof *files);
    struct input input = { malloc(MAX_INPUT_BYTES), 0 };
    for (size_t i = 0; i < file_count; i++) {
        files[i] = read_input(argv[3 + i]);
        run(&files[i], kept);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t state = UINT64_C(0x9E3779B97F4A7C15) * (i + 1);
        const struct input *seed = &files[i % file_count];
        memcpy(input.data, seed->data, seed->size);
        input.size = seed->size;
        for (size_t n = 1 + random_below(&state, MAX_MUTATIONS); n > 0; n--)
            mutate(&input, &files[random_below(&state, file_count)], &state);
        run(&input, kept);
    }
    for (size_t i = 0; i < file_count; i++)
        free(files[i].data);
    free(files);
    free(input.data);
    remove(kept);
    printf("%zu inputs as they are, %zu mutated\n", file_count, count);
    return 0;
}
