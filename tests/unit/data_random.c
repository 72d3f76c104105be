/* SPDX-License-Identifier: MIT
 *
 * Philox against its published answers, and what is drawn from it.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "random.h"

/* Random123's known answers for philox4x32, 10 rounds. */
static void test_known_answers(void)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } cases[] = {
        { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
          { 0xffffffff, 0xffffffff },
          { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, /* the digits of pi */
          { 0xa4093822, 0x299f31d0 },
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t out[4];

        snn_philox(cases[i].counter, cases[i].key, out);
        assert(memcmp(out, cases[i].out, sizeof out) == 0);
    }
}

/* A stream is the blocks of its counters, one after the other. */
static void test_stream(void)
{
    struct snn_random random = snn_random_start(0x299f31d0a4093822, 0x0370734413198a2e);
    const uint32_t key[2] = { 0xa4093822, 0x299f31d0 };

    for (uint32_t block = 0; block < 3; block++) {
        const uint32_t counter[4] = { block, 0, 0x13198a2e, 0x03707344 };
        uint32_t out[4];

        snn_philox(counter, key, out);
        for (int i = 0; i < 4; i++)
            assert(snn_random_u32(&random) == out[i]);
    }
}

/* 0 .. 6 equally often: chi-square of 70 000 draws with 6 degrees of freedom stays below its 0.1 %
 * point. */
static void test_below(void)
{
    enum { BOUND = 7, DRAWS = 70000 };
    struct snn_random random = snn_random_start(1, 2);
    int counts[BOUND] = { 0 };
    double chi_square = 0;

    for (int i = 0; i < DRAWS; i++) {
        uint64_t drawn = snn_random_below(&random, BOUND);

        assert(drawn < BOUND);
        counts[drawn]++;
    }
    for (int i = 0; i < BOUND; i++) {
        double difference = counts[i] - DRAWS / (double)BOUND;

        chi_square += difference * difference / (DRAWS / (double)BOUND);
    }
    assert(chi_square < 22.46);
    assert(snn_random_below(&random, 0) == 0 && snn_random_below(&random, 1) == 0);
    for (int i = 0; i < 100; i++)
        assert(snn_random_below(&random, UINT64_MAX / 2 + 2) <= UINT64_MAX / 2 + 1);
}

/* All 24 orders of four values come up equally often: 23 degrees of freedom, 0.1 % point. */
static void test_shuffle(void)
{
    enum { ROUNDS = 24000 };
    struct snn_random random = snn_random_start(3, 4);
    int counts[256] = { 0 }, orders = 0;
    double chi_square = 0;

    for (int i = 0; i < ROUNDS; i++) {
        int64_t values[4] = { 0, 1, 2, 3 };

        snn_random_shuffle(&random, values, 4, 4);
        counts[values[0] << 6 | values[1] << 4 | values[2] << 2 | values[3]]++;
    }
    for (int i = 0; i < 256; i++)
        if (counts[i]) {
            double difference = counts[i] - ROUNDS / 24.0;

            orders++;
            chi_square += difference * difference / (ROUNDS / 24.0);
        }
    assert(orders == 24);
    assert(chi_square < 49.73);
}

int main(void)
{
    test_known_answers();
    test_stream();
    test_below();
    test_shuffle();
    return 0;
}
