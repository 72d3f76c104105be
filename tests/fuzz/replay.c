/* SPDX-License-Identifier: MIT
 *
 * Runs a libFuzzer entry without libFuzzer: on each file given and each seed that the entry makes,
 * then on COUNT inputs made from them by a few seeded mutations each, so that 'make check' always
 * feeds the same ones. The input being run is kept in a file, for the case that it ends the
 * process.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An entry whose inputs are binary may make the first of them: number 0, 1, ... into `data`, of
 * `capacity` bytes. Returns the size, 0 if there are no more. */
size_t fuzz_seed(size_t number, uint8_t *data, size_t capacity) __attribute__((weak));

/* Seeds get 100 mutations each, so that a reader with two of them gets 200. */
enum { MAX_INPUT_BYTES = 1 << 20, MAX_MUTATIONS = 8, MAX_SEEDS = 64, MUTATIONS_PER_SEED = 100 };

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

/* The inputs to begin with: the files named, then the seeds of the entry. */
struct corpus {
    struct input *inputs;
    size_t count;
    size_t seed_count;
};

static void load_corpus(struct corpus *corpus, char **paths, size_t path_count)
{
    corpus->inputs = calloc(path_count + MAX_SEEDS, sizeof *corpus->inputs);
    for (size_t i = 0; i < path_count; i++)
        corpus->inputs[corpus->count++] = read_input(paths[i]);
    while (fuzz_seed != NULL && corpus->seed_count < MAX_SEEDS) {
        struct input *seed = &corpus->inputs[corpus->count];
        seed->data = malloc(MAX_INPUT_BYTES);
        seed->size = fuzz_seed(corpus->seed_count, seed->data, MAX_INPUT_BYTES);
        if (seed->size == 0) {
            free(seed->data);
            return;
        }
        corpus->count++;
        corpus->seed_count++;
    }
}

static void free_corpus(struct corpus *corpus)
{
    for (size_t i = 0; i < corpus->count; i++)
        free(corpus->inputs[i].data);
    free(corpus->inputs);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s COUNT KEPT-INPUT [FILE...]\n", argv[0]);
        return 2;
    }
    size_t count = strtoul(argv[1], NULL, 10);
    const char *kept = argv[2];
    struct corpus corpus = { NULL, 0, 0 };
    struct input input = { malloc(MAX_INPUT_BYTES), 0 };
    load_corpus(&corpus, argv + 3, (size_t)argc - 3);
    for (size_t i = 0; i < corpus.count; i++)
        run(&corpus.inputs[i], kept);
    if (count < corpus.seed_count * MUTATIONS_PER_SEED)
        count = corpus.seed_count * MUTATIONS_PER_SEED;
    for (size_t i = 0; i < count && corpus.count > 0; i++) {
        uint64_t state = UINT64_C(0x9E3779B97F4A7C15) * (i + 1);
        const struct input *seed = &corpus.inputs[i % corpus.count];
        memcpy(input.data, seed->data, seed->size);
        input.size = seed->size;
        for (size_t n = 1 + random_below(&state, MAX_MUTATIONS); n > 0; n--)
            mutate(&input, &corpus.inputs[random_below(&state, corpus.count)], &state);
        run(&input, kept);
    }
    printf("%zu inputs as they are, %zu mutated\n", corpus.count, count);
    free_corpus(&corpus);
    free(input.data);
    remove(kept);
    return 0;
}
