/* SPDX-License-Identifier: MIT
 *
 * Parallel loops. Indices are handed out in small chunks, to whoever is free: results are stored by
 * index, and every draw is addressed by the loop's counters, so who computes what does not show.
 * The last index is kept for the calling lane and is the last thing that it does: the state that
 * the loop leaves behind is then that of the loop run in order.
 */
#include "calls.h"
#include "interrupt.h"
#include "lanes.h"
#include "run.h"
#include "runtime.h"
#include "threads.h"

#include <stdatomic.h>
#include <string.h>

typedef void loop_body(struct snn_context *context, int64_t index, void *env);

struct parallel_loop {
    struct snn_context *caller;
    struct snn_context start; /* what the caller saw before the loop: it changes as the caller works
                                 on its share */
    struct snn_lane lane;     /* of start: the sizes of its arrays */
    int64_t count;
    loop_body *body;
    void *env;
    int64_t chunk;
    atomic_int_fast64_t next; /* first index that nobody has taken; count - 1 is not given out */
};

/* One iteration. What the body does to path, learning and the counters is undone: the next index
 * may come from elsewhere. */
static void iterate(struct snn_context *context, const struct parallel_loop *loop, int64_t index)
{
    uint64_t path = context->path, learning = context->learning;
    int64_t present = context->present;
    int64_t marks = context->lane->mark_count;
    struct snn_region_mark mark = snn_region_mark(context->lane->region);

    loop->body(context, index, loop->env);
    snn_region_release(context->lane->region, mark);
    context->lane->mark_count = marks;
    context->path = path;
    context->learning = learning;
    context->present = present;
}

static void iterate_chunks(struct snn_context *context, struct parallel_loop *loop)
{
    int64_t shared = loop->count - 1;

    while (!snn_interrupt_requested()) {
        int64_t first = (int64_t)atomic_fetch_add(&loop->next, loop->chunk);
        int64_t end = first + loop->chunk < shared ? first + loop->chunk : shared;

        if (first >= shared)
            return;
        for (int64_t i = first; i < end; i++)
            iterate(context, loop, i);
    }
}

/* The lane's share of the loop, given up where it is when the run is interrupted. */
static void work_in_lane(struct snn_context *context, struct parallel_loop *loop)
{
    jmp_buf leave;

    context->lane->leave = &leave;
    context->lane->is_parallel = true;
    if (setjmp(leave) == 0) {
        iterate_chunks(context, loop);
        if (context->lane->number == 0 && !snn_interrupt_requested())
            iterate(context, loop, loop->count - 1);
    }
    context->lane->is_parallel = false;
    context->lane->leave = NULL;
}

static void work(void *env, int worker)
{
    struct parallel_loop *loop = env;
    struct snn_context *context = loop->caller;

    if (worker > 0) {
        context = loop->start.runtime->contexts[worker];
        if (!context)
            context = snn_lane_create_worker(&loop->start, worker);
        else
            snn_lane_adopt(context, &loop->start);
    }
    work_in_lane(context, loop);
}

static int64_t chunk_size(int64_t count, int threads)
{
    int64_t chunk = count / ((int64_t)threads * 64);

    return chunk < 1 ? 1 : chunk > 16 ? 16 : chunk;
}

/* Shares the loop among the threads of the pool. */
static void share(struct parallel_loop *loop, struct snn_pool *pool)
{
    struct snn_context *caller = loop->caller;
    struct snn_region_mark mark = snn_region_mark(caller->lane->region);
    size_t bytes = (size_t)caller->program->buffer_count * sizeof *caller->buffers;
    size_t count_bytes = (size_t)caller->program->buffer_count * sizeof *caller->lane->counts;

    loop->start = *caller;
    loop->start.buffers = snn_region_alloc(caller->lane->region, bytes);
    memcpy(loop->start.buffers, caller->buffers, bytes);
    loop->lane = *caller->lane;
    loop->lane.counts = snn_region_alloc(caller->lane->region, count_bytes);
    memcpy(loop->lane.counts, caller->lane->counts, count_bytes);
    loop->start.lane = &loop->lane;
    loop->chunk = chunk_size(loop->count, snn_pool_threads(pool));
    atomic_init(&loop->next, 0);
    snn_pool_run(pool, work, loop);
    snn_region_release(caller->lane->region, mark);
}

void snn_rt_parallel_for(struct snn_context *context, int64_t n, void *body, void *env)
{
    struct snn_pool *pool = context->runtime->pool;
    struct parallel_loop loop = { .caller = context, .count = n, .env = env };

    if (n <= 0)
        return;
    *(void **)&loop.body = body; /* ISO C has no conversion; POSIX says that this one works */
    if (n == 1 || context->lane->is_parallel || snn_pool_threads(pool) == 1) {
        for (int64_t i = 0; i < n; i++)
            iterate(context, &loop, i);
        return;
    }
    share(&loop, pool);
    if (snn_interrupt_requested())
        snn_run_interrupted(context);
}

/* Generated code holds nothing that would have to be given back, so a lane can leave it anywhere.
 */
void snn_rt_heed_interrupt(struct snn_context *context)
{
    if (!snn_interrupt_requested())
        return;
    if (context->lane->leave)
        longjmp(*context->lane->leave, 1);
    snn_run_interrupted(context);
}
