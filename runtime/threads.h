/* SPDX-License-Identifier: MIT
 *
 * One pool of threads for the whole run. Waiting threads spin for some tens of microseconds, then
 * sleep, so that loops that follow each other closely start within a microsecond and an idle pool
 * costs nothing.
 */
#ifndef SNN_THREADS_H
#define SNN_THREADS_H

struct snn_pool;

/* A pool of `threads` >= 1, the caller's own thread included. Threads start with the first
 * snn_pool_run. */
struct snn_pool *snn_pool_create(int threads);

/* Ends the threads. NULL is legal. */
void snn_pool_destroy(struct snn_pool *pool);

int snn_pool_threads(const struct snn_pool *pool);

/* Calls work(env, k) once for each k in 0 .. threads - 1, k = 0 on the calling thread, and returns
   when all have returned. Not from inside `work`. */
void snn_pool_run(struct snn_pool *pool, void (*work)(void *env, int worker), void *env);

#endif
