/* SPDX-License-Identifier: MIT
 *
 * Seeds and keys. Each drawing site of a program belongs to a stream; a stream's seed is the one
 * given for it or the seed of the run. The key of a site is a hash of its stream's seed and its
 * number.
 */
#ifndef SNN_SEEDS_H
#define SNN_SEEDS_H

#include <stdbool.h>
#include <stdint.h>

enum snn_stream_kind {
    SNN_STREAM_WEIGHTS,
    SNN_STREAM_DELAYS,
    SNN_STREAM_DATA,
    SNN_STREAM_ENCODER,
    SNN_STREAM_TIES,
    SNN_STREAM_OTHER,
};

enum { SNN_STREAM_KINDS = SNN_STREAM_OTHER + 1 };

struct snn_seeds {
    uint64_t seed;                      /* --seed */
    uint64_t streams[SNN_STREAM_KINDS]; /* the seed of each, given or not */
    bool is_given[SNN_STREAM_KINDS];    /* by --seed.NAME */
};

const char *snn_stream_kind_name(enum snn_stream_kind kind);

/* The kind of that name, or -1. */
int snn_stream_kind_find(const char *name);

/* Sets the streams that were not given to the seed of the run. */
void snn_seeds_complete(struct snn_seeds *seeds);

/* The Philox key of drawing site number `site`. */
uint64_t snn_seed_key(const struct snn_seeds *seeds, const char *stream, int64_t site);

#endif
