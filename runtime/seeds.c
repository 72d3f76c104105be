/* SPDX-License-Identifier: MIT
 *
 * key = mix(mix(seed) + (site + 1) * golden), where mix is the finaliser of splitmix64 (Steele,
 * Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) and golden its
 * increment. Seeds 1, 2, 3… so give unrelated keys, and no two sites of one seed share one.
 */
#include "seeds.h"

#include <string.h>

static const char *const stream_names[SNN_STREAM_KINDS] = {
    [SNN_STREAM_WEIGHTS] = "weights", [SNN_STREAM_DELAYS] = "delays", [SNN_STREAM_DATA] = "data",
    [SNN_STREAM_ENCODER] = "encoder", [SNN_STREAM_TIES] = "ties",     [SNN_STREAM_OTHER] = "other",
};

const char *snn_stream_kind_name(enum snn_stream_kind kind)
{
    return stream_names[kind];
}

int snn_stream_kind_find(const char *name)
{
    for (int kind = 0; kind < SNN_STREAM_KINDS; kind++)
        if (strcmp(stream_names[kind], name) == 0)
            return kind;
    return -1;
}

void snn_seeds_complete(struct snn_seeds *seeds)
{
    for (int kind = 0; kind < SNN_STREAM_KINDS; kind++)
        if (!seeds->is_given[kind])
            seeds->streams[kind] = seeds->seed;
}

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint64_t snn_seed_key(const struct snn_seeds *seeds, const char *stream, int64_t site)
{
    int kind = snn_stream_kind_find(stream);
    uint64_t seed = kind < 0 ? seeds->seed : seeds->streams[kind];
    const uint64_t golden = UINT64_C(0x9E3779B97F4A7C15);

    return mix(mix(seed + golden) + ((uint64_t)site + 1) * golden);
}
