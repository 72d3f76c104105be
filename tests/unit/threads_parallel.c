/* SPDX-License-Identifier: MIT
 *
 * Parallel loops: every index once, whatever the threads; the caller's state afterwards is that of
 * the last index; a loop within a loop runs in its worker; regions, paths and counters are given
 * back after each index.
 */
#include "fake_program.h"

#include "checkpoint.h"
#include "lanes.h"
#include "options.h"
#include "progress.h"
#include "threads.h"

enum { COUNT = 5000, INNER = 7 };

static int32_t seen[COUNT], inner_seen[COUNT * INNER];
static int lanes_used;

static void inner_body(struct snn_context *context, int64_t index, void *env)
{
    (void)context;
    inner_seen[*(const int64_t *)env * INNER + index]++;
}

static void body(struct snn_context *context, int64_t index, void *env)
{
    float *state = context->buffers[BUFFER_STATE];
    int64_t mark = snn_rt_mark(context);

    assert(env == &lanes_used);
    assert(context->path == 11 && context->learning == 5 && context->present == 3);
    assert(state[1] == -1 || state[1] == 1); /* cleared, or left by another index of this lane */
    seen[index]++;
    state[0] = (float)index;
    state[1] = 1;
    snn_rt_array(context, BUFFER_RESULT, 1000); /* never released here: the loop does it */
    snn_rt_parallel_for(context, INNER, (void *)inner_body, &index);
    context->path = (uint64_t)index;
    context->learning = 0;
    context->present++;
    snn_rt_release(context, mark);
}

static void run_loop(int threads)
{
    static char *argv[] = { NULL };
    struct snn_options options;
    struct snn_runtime runtime = { .program = &fake_program,
                                   .options = &options,
                                   .region = snn_region_create() };
    struct snn_context *context;

    assert(snn_options_read(&options, runtime.region, &fake_program, 0, argv) == SNN_OPTIONS_RUN);
    options.threads = threads;
    runtime.contexts = snn_region_array(runtime.region, (size_t)threads, sizeof *runtime.contexts);
    runtime.pool = snn_pool_create(threads);
    runtime.progress = snn_progress_create(&runtime);
    runtime.checkpoint = snn_checkpoint_create(&runtime);
    context = snn_lane_create_main(&runtime);
    fake_setup(context);
    snn_lane_allocate_main(context);
    fake_init(context);
    fake_clear(context);
    context->path = 11;
    context->learning = 5;
    context->present = 3;
    memset(seen, 0, sizeof seen);
    memset(inner_seen, 0, sizeof inner_seen);
    snn_rt_parallel_for(context, COUNT, (void *)body, &lanes_used);
    for (int i = 0; i < COUNT; i++)
        assert(seen[i] == 1);
    for (int i = 0; i < COUNT * INNER; i++)
        assert(inner_seen[i] == 1);
    assert(((float *)context->buffers[BUFFER_STATE])[0] == COUNT - 1);
    assert(context->path == 11 && context->learning == 5 && context->present == 3);
    assert(!context->lane->is_parallel);
    for (int k = 1; k < threads; k++) {
        const struct snn_context *worker = runtime.contexts[k];

        assert(worker && worker->buffers[BUFFER_WEIGHT] == context->buffers[BUFFER_WEIGHT]);
        assert(worker->buffers[BUFFER_BIAS] == context->buffers[BUFFER_BIAS]);
        assert(worker->buffers[BUFFER_STATE] != context->buffers[BUFFER_STATE]);
        assert((uintptr_t)worker->buffers[BUFFER_STATE] % 64 == 0);
    }
    snn_rt_parallel_for(context, 0, (void *)body, NULL); /* nothing to do */
    snn_pool_destroy(runtime.pool);
    snn_checkpoint_destroy(runtime.checkpoint);
    for (int k = threads - 1; k >= 0; k--)
        snn_lane_destroy(runtime.contexts[k]);
    assert(runtime.held_bytes == 0);
    snn_region_destroy(runtime.region);
}

int main(void)
{
    (void)run_limited;
    (void)enter_scratch;
    (void)expect_status;
    (void)expect_text;
    for (int threads = 1; threads <= 5; threads++)
        run_loop(threads);
    return 0;
}
