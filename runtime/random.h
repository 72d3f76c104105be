/* SPDX-License-Identifier: MIT
 *
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC11):
 * a function from a 128-bit counter and a 64-bit key to 128 random bits. A draw is addressed, never
 * consumed, so threads and order cannot change it. What the runtime itself draws (shuffles,
 * samples, the built-in digits) goes through here; generated code has its own expansion of the same
 * function.
 */
#ifndef SNN_RANDOM_H
#define SNN_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* The block of `counter` under `key`: key[0] is the low half of a 64-bit key. */
void snn_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* The numbers of one key and one stream, one after the other: block b of stream s is that of the
 * counter (b low, b high, s low, s high). */
struct snn_random {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4]; /* numbers drawn ahead */
    unsigned left;     /* how many of them are unused */
};

struct snn_random snn_random_start(uint64_t key, uint64_t stream);

uint32_t snn_random_u32(struct snn_random *random);

/* Uniform over 0 .. bound - 1, without bias; bound 0 gives 0. */
uint64_t snn_random_below(struct snn_random *random, uint64_t bound);

/* Puts the first `picks` of `count` values into a uniformly random choice and order (Fisher-Yates);
 * picks = count shuffles. */
void snn_random_shuffle(struct snn_random *random, int64_t *values, size_t count, size_t picks);

#endif
