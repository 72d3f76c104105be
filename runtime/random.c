/* SPDX-License-Identifier: MIT
 *
 * Philox4x32-10 and what is drawn from it.
 */
#include "random.h"

enum { ROUNDS = 10 };

void snn_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < ROUNDS; round++) {
        uint64_t even = (uint64_t)0xD2511F53u * c0; /* multipliers of the paper, table 2 */
        uint64_t odd = (uint64_t)0xCD9E8D57u * c2;

        c0 = (uint32_t)(odd >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)odd;
        c2 = (uint32_t)(even >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)even;
        k0 += 0x9E3779B9u; /* golden ratio */
        k1 += 0xBB67AE85u; /* sqrt(3) - 1 */
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

struct snn_random snn_random_start(uint64_t key, uint64_t stream)
{
    return (struct snn_random){
        .key = { (uint32_t)key, (uint32_t)(key >> 32) },
        .counter = { 0, 0, (uint32_t)stream, (uint32_t)(stream >> 32) },
    };
}

uint32_t snn_random_u32(struct snn_random *random)
{
    if (random->left == 0) {
        snn_philox(random->counter, random->key, random->block);
        random->left = 4;
        if (++random->counter[0] == 0)
            random->counter[1]++;
    }
    return random->block[4 - random->left--];
}

uint64_t snn_random_below(struct snn_random *random, uint64_t bound)
{
    uint64_t rejected, drawn;

    if (bound == 0)
        return 0;
    rejected =
        (0 - bound) %
        bound; /* 2^64 mod bound: as many of the lowest values would be drawn once too often */
    do {
        uint64_t low = snn_random_u32(random);

        drawn = (uint64_t)snn_random_u32(random) << 32 | low;
    } while (drawn < rejected);
    return drawn % bound;
}

void snn_random_shuffle(struct snn_random *random, int64_t *values, size_t count, size_t picks)
{
    for (size_t i = 0; i < picks && i + 1 < count; i++) {
        size_t j = i + (size_t)snn_random_below(random, count - i);
        int64_t swapped = values[i];

        values[i] = values[j];
        values[j] = swapped;
    }
}
