/* SPDX-License-Identifier: MIT
 *
 * A round is announced by a new generation number and is over when the count of running workers is
 * 0. Both are watched by spinning first; the mutex and the conditions are for those who sleep, and
 * order every change that a sleeper waits for.
 */
#include "threads.h"

#include "panic.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SPINS = 4000 }; /* pauses: a longer wait loses more to the spinning than to a wake-up */

struct worker {
    struct snn_pool *pool;
    pthread_t thread;
    int number; /* 1 .. threads - 1 */
};

struct snn_pool {
    int threads;
    bool has_started;
    struct worker *workers; /* [threads - 1] */
    void (*work)(void *env, int worker);
    void *env;
    atomic_uint generation; /* of the latest round; changed under the mutex */
    atomic_int running;     /* workers that have not finished it */
    atomic_bool is_ending;
    pthread_mutex_t mutex;
    pthread_cond_t has_round, is_done;
};

static void spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static unsigned await_round(struct snn_pool *pool, unsigned seen)
{
    unsigned generation = seen;

    for (int i = 0; i < SPINS; i++) {
        generation = atomic_load_explicit(&pool->generation, memory_order_acquire);
        if (generation != seen)
            return generation;
        spin_pause();
    }
    pthread_mutex_lock(&pool->mutex);
    while ((generation = atomic_load(&pool->generation)) == seen)
        pthread_cond_wait(&pool->has_round, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
    return generation;
}

static void finish_round(struct snn_pool *pool)
{
    if (atomic_fetch_sub_explicit(&pool->running, 1, memory_order_acq_rel) != 1)
        return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_signal(&pool->is_done);
    pthread_mutex_unlock(&pool->mutex);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct snn_pool *pool = worker->pool;

    for (unsigned seen = 0;;) {
        seen = await_round(pool, seen);
        if (atomic_load(&pool->is_ending))
            return NULL;
        pool->work(pool->env, worker->number);
        finish_round(pool);
    }
}

/* Signals are for the main thread: the workers are started with all of them blocked. */
static void start_workers(struct snn_pool *pool)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = 0; i < pool->threads - 1; i++) {
        int failure =
            pthread_create(&pool->workers[i].thread, NULL, worker_main, &pool->workers[i]);

        if (failure)
            snn_panic("cannot start thread %d of %d: %s; ask for fewer with --threads", i + 2,
                      pool->threads, strerror(failure));
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pool->has_started = true;
}

struct snn_pool *snn_pool_create(int threads)
{
    struct snn_pool *pool = calloc(1, sizeof *pool);

    if (pool)
        pool->workers = calloc((size_t)threads, sizeof *pool->workers);
    if (!pool || !pool->workers)
        snn_panic("out of memory for %d threads", threads);
    pool->threads = threads;
    for (int i = 0; i < threads - 1; i++)
        pool->workers[i] = (struct worker){ .pool = pool, .number = i + 1 };
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->has_round, NULL);
    pthread_cond_init(&pool->is_done, NULL);
    return pool;
}

static void announce(struct snn_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add_explicit(&pool->generation, 1, memory_order_release);
    pthread_cond_broadcast(&pool->has_round);
    pthread_mutex_unlock(&pool->mutex);
}

void snn_pool_destroy(struct snn_pool *pool)
{
    if (!pool)
        return;
    if (pool->has_started) {
        atomic_store(&pool->is_ending, true);
        announce(pool);
        for (int i = 0; i < pool->threads - 1; i++)
            pthread_join(pool->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->is_done);
    pthread_cond_destroy(&pool->has_round);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->workers);
    free(pool);
}

int snn_pool_threads(const struct snn_pool *pool)
{
    return pool->threads;
}

static void await_workers(struct snn_pool *pool)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&pool->running, memory_order_acquire) == 0)
            return;
        spin_pause();
    }
    pthread_mutex_lock(&pool->mutex);
    while (atomic_load(&pool->running) > 0)
        pthread_cond_wait(&pool->is_done, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}

void snn_pool_run(struct snn_pool *pool, void (*work)(void *env, int worker), void *env)
{
    if (pool->threads == 1) {
        work(env, 0);
        return;
    }
    if (!pool->has_started)
        start_workers(pool);
    pool->work = work;
    pool->env = env;
    atomic_store_explicit(&pool->running, pool->threads - 1, memory_order_relaxed);
    announce(pool);
    work(env, 0);
    await_workers(pool);
}
