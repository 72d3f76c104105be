/* SPDX-License-Identifier: MIT
 *
 * The pool calls every worker once a round, for any number of threads, through many short rounds
 * and after pauses.
 */
#undef NDEBUG
#include "threads.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

enum { MOST = 9 };

struct round {
    int calls[MOST]; /* each touched by one worker only: a lost or doubled call shows */
    atomic_int total;
};

static void count(void *env, int worker)
{
    struct round *round = env;

    round->calls[worker]++;
    atomic_fetch_add(&round->total, 1);
}

static void run_rounds(int threads, int rounds, bool with_pauses)
{
    struct snn_pool *pool = snn_pool_create(threads);
    struct round round = { 0 };

    assert(snn_pool_threads(pool) == threads);
    for (int i = 0; i < rounds; i++) {
        snn_pool_run(pool, count, &round);
        assert(atomic_load(&round.total) == threads * (i + 1)); /* all have returned */
        if (with_pauses)
            nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
    }
    for (int k = 0; k < threads; k++)
        assert(round.calls[k] == rounds);
    snn_pool_destroy(pool);
}

int main(void)
{
    for (int threads = 1; threads <= MOST; threads += 2)
        run_rounds(threads, 300, false);
    run_rounds(2, 20000, false);
    run_rounds(3, 30, true);
    snn_pool_destroy(snn_pool_create(4)); /* never used: no thread was started */
    snn_pool_destroy(NULL);
    return 0;
}
