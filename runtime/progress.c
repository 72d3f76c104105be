/* SPDX-License-Identifier: MIT
 *
 * The loops of lane 0 form a stack; those begun inside a parallel body are not seen. On a terminal
 * one line is rewritten ten times a second, elsewhere a line is printed each ten seconds and at the
 * end of an outermost loop. The clock is read only every so many steps, a number that follows the
 * speed of the loop. A loop that is over at once is not worth a line.
 *
 * The rate counts samples: the steps of loops that have no loop inside them.
 */
#include "progress.h"
#include "calls.h"

#include "checkpoint.h"
#include "console.h"
#include "interrupt.h"
#include "options.h"
#include "record/record.h"
#include "run.h"
#include "runtime.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DEPTH_LIMIT = 16, BAR_WIDTH = 24 };

static const double redraw_seconds = 0.1, line_seconds = 10, clock_seconds = 0.02,
                    told_seconds = 0.2;

struct loop {
    const char *label;
    int64_t total;
    atomic_int_fast64_t done; /* lanes of a parallel loop add to it */
    bool has_inner;           /* a loop was begun inside it */
};

struct snn_progress {
    struct loop loops[DEPTH_LIMIT];
    int depth;               /* loops being run, also those beyond the limit */
    int64_t finished;        /* samples of loops that have ended since the outermost began */
    double began;            /* the outermost loop */
    double shown;            /* when something was last shown */
    double looked;           /* when the clock was last read */
    int64_t stride, waiting; /* steps from one look at the clock to the next; steps left of them */
    int64_t *saved;          /* [2 + 3 * depth], read from a checkpoint: finished, seconds since the
                                outermost loop began, of each loop its iterations, how many are
                                done, whether it has an inner one; or NULL */
    int saved_depth;
};

double snn_clock_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct snn_progress *snn_progress_create(struct snn_runtime *runtime)
{
    return snn_region_alloc(runtime->region, sizeof(struct snn_progress));
}

static struct loop *innermost(struct snn_progress *progress)
{
    int depth = progress->depth < DEPTH_LIMIT ? progress->depth : DEPTH_LIMIT;

    return &progress->loops[depth - 1];
}

static int64_t samples_done(struct snn_progress *progress)
{
    struct loop *loop = innermost(progress);

    return progress->finished + (loop->has_inner ? 0 : (int64_t)atomic_load(&loop->done));
}

int64_t snn_progress_samples(struct snn_progress *progress)
{
    return progress->depth > 0 ? samples_done(progress) : 0;
}

/* ---- checkpoints */

static int shown_depth(const struct snn_progress *progress)
{
    return progress->depth < DEPTH_LIMIT ? progress->depth : DEPTH_LIMIT;
}

void snn_progress_write(struct snn_progress *progress, struct snn_json *json)
{
    snn_json_begin_array(json, "progress");
    snn_json_integer(json, NULL, progress->finished);
    snn_json_integer(json, NULL,
                     progress->depth > 0 ? (int64_t)(snn_clock_seconds() - progress->began) : 0);
    for (int i = 0; i < shown_depth(progress); i++) {
        snn_json_integer(json, NULL, progress->loops[i].total);
        snn_json_integer(json, NULL, (int64_t)atomic_load(&progress->loops[i].done));
        snn_json_integer(json, NULL, progress->loops[i].has_inner);
    }
    snn_json_end_array(json);
}

void snn_progress_read(struct snn_runtime *runtime, const json_t *state)
{
    struct snn_progress *progress = runtime->progress;
    size_t count = json_array_size(state);

    progress->saved = snn_region_array(runtime->region, count + 2, sizeof *progress->saved);
    progress->saved_depth = count > 2 ? (int)((count - 2) / 3) : 0;
    for (size_t i = 0; i < count; i++)
        progress->saved[i] = json_integer_value(json_array_get(state, i));
}

void snn_progress_arrive(struct snn_runtime *runtime)
{
    struct snn_progress *progress = runtime->progress;
    int depth = shown_depth(progress);

    progress->finished = progress->saved[0];
    if (progress->depth > 0)
        progress->began = snn_clock_seconds() - (double)progress->saved[1];
    for (int i = 0; i < depth && i < progress->saved_depth; i++) {
        const int64_t *saved = &progress->saved[2 + 3 * i];

        progress->loops[i].total = saved[0];
        atomic_store(&progress->loops[i].done, saved[1]);
        progress->loops[i].has_inner = saved[2] != 0;
    }
}

/* The part of the outermost loop that is done, 0 .. 1, counting that of the loop inside it. */
static double fraction_done(struct snn_progress *progress)
{
    struct loop *outer = &progress->loops[0], *inner = &progress->loops[1];
    double done = (double)atomic_load(&outer->done);

    if (progress->depth > 1 && inner->total > 0)
        done += (double)atomic_load(&inner->done) / (double)inner->total;
    return outer->total > 0 && done < (double)outer->total ? done / (double)outer->total : 1;
}

/* "train: 12 of 24, s 100 of 250" */
static int describe(char *out, size_t bytes, struct snn_runtime *runtime,
                    struct snn_progress *progress)
{
    const char *task = runtime->task ? runtime->task : "";
    struct loop *outer = &progress->loops[0], *inner = &progress->loops[1];
    bool has_label = *outer->label && strcmp(outer->label, task) != 0;
    int used = snprintf(out, bytes, "%.24s: %.24s%s%" PRId64 " of %" PRId64, task,
                        has_label ? outer->label : "", has_label ? " " : "",
                        (int64_t)atomic_load(&outer->done), outer->total);

    if (progress->depth == 1)
        return used;
    has_label = *inner->label && strcmp(inner->label, task) != 0;
    return used + snprintf(out + used, bytes - (size_t)used, ", %.24s%s%" PRId64 " of %" PRId64,
                           has_label ? inner->label : "", has_label ? " " : "",
                           (int64_t)atomic_load(&inner->done), inner->total);
}

static int describe_rate(char *out, size_t bytes, double rate)
{
    return snprintf(out, bytes, rate >= 100 ? ", %.0f per second" : ", %.3g per second", rate);
}

static int describe_left(char *out, size_t bytes, double seconds)
{
    long whole = (long)(seconds + 0.5);

    if (whole >= 3600)
        return snprintf(out, bytes, ", %ld:%02ld:%02ld left", whole / 3600, whole / 60 % 60,
                        whole % 60);
    return snprintf(out, bytes, ", %ld:%02ld left", whole / 60, whole % 60);
}

static void show(struct snn_runtime *runtime, struct snn_progress *progress, double now,
                 bool is_last)
{
    char line[320], bar[BAR_WIDTH + 1];
    double seconds = now - progress->began, fraction = fraction_done(progress);
    size_t size = sizeof line;
    int used = 0, filled = (int)(fraction * BAR_WIDTH);

    progress->shown = now;
    if (snn_console_is_terminal()) {
        memset(bar, '.', BAR_WIDTH);
        memset(bar, '#', (size_t)filled);
        bar[BAR_WIDTH] = '\0';
        used = snprintf(line, size, "[%s] ", bar);
    }
    used += describe(line + used, size - (size_t)used, runtime, progress);
    if (seconds > 0)
        used += describe_rate(line + used, size - (size_t)used,
                              (double)samples_done(progress) / seconds);
    if (!is_last && fraction > 0)
        describe_left(line + used, size - (size_t)used, seconds / fraction - seconds);
    if (!snn_console_is_terminal()) {
        snn_console_note("%s", line);
        return;
    }
    snn_console_rewrite(line);
    if (is_last)
        snn_console_end_line();
}

/* Reads the clock, adapts how often that happens, and shows what is due. */
static void look(struct snn_runtime *runtime, struct snn_progress *progress)
{
    double now = snn_clock_seconds(), passed = now - progress->looked;

    if (passed < clock_seconds / 2 && progress->stride < INT64_C(1) << 40)
        progress->stride *= 2;
    else if (passed > clock_seconds * 2 && progress->stride > 1)
        progress->stride = passed > clock_seconds * 20 ? 1 : progress->stride / 2;
    progress->looked = now;
    progress->waiting = progress->stride;
    if (runtime->options->is_quiet)
        return;
    if (now - progress->shown >= (snn_console_is_terminal() ? redraw_seconds : line_seconds))
        show(runtime, progress, now, false);
}

static bool is_unseen(const struct snn_context *context)
{
    return context->lane->number != 0 || context->lane->is_parallel;
}

void snn_rt_loop_begin(struct snn_context *context, const char *label, int64_t iterations)
{
    struct snn_progress *progress = context->runtime->progress;
    struct loop *loop;

    if (is_unseen(context)) {
        context->lane->loop_depth++;
        return;
    }
    if (progress->depth == 0) {
        progress->finished = 0;
        progress->began = progress->shown = progress->looked = snn_clock_seconds();
        progress->stride = progress->waiting = 1;
    } else {
        innermost(progress)->has_inner = true;
    }
    if (++progress->depth > DEPTH_LIMIT)
        return;
    loop = innermost(progress);
    loop->label = label;
    loop->total = iterations;
    loop->has_inner = false;
    atomic_store(&loop->done, 0);
}

void snn_rt_loop_step(struct snn_context *context)
{
    struct snn_progress *progress = context->runtime->progress;

    if (context->lane->loop_depth > 0 || progress->depth == 0 || progress->depth > DEPTH_LIMIT)
        return; /* a loop inside a parallel body */
    atomic_fetch_add_explicit(&innermost(progress)->done, 1, memory_order_relaxed);
    if (context->lane->number != 0)
        return;
    if (--progress->waiting <= 0)
        look(context->runtime, progress);
    if (snn_interrupt_requested() && !context->lane->is_parallel)
        snn_run_interrupted(context);
}

static void end_outermost(struct snn_runtime *runtime, struct snn_progress *progress)
{
    struct loop *loop = &progress->loops[0];
    double now = snn_clock_seconds();

    snn_record_loop(runtime->record, loop->label, (int64_t)atomic_load(&loop->done),
                    progress->finished, now - progress->began);
    if (runtime->options->is_quiet || now - progress->began < told_seconds)
        return;
    progress->depth = 1; /* it is still the one to show, and its samples are counted */
    loop->has_inner = true;
    show(runtime, progress, now, true);
    progress->depth = 0;
}

void snn_rt_loop_end(struct snn_context *context)
{
    struct snn_progress *progress = context->runtime->progress;
    struct loop *loop;

    if (context->lane->loop_depth > 0) {
        context->lane->loop_depth--;
        return;
    }
    if (progress->depth == 0 || --progress->depth >= DEPTH_LIMIT)
        return;
    if (snn_checkpoint_is_resuming(context->runtime))
        return; /* it was passed by */
    loop = &progress->loops[progress->depth];
    if (!loop->has_inner)
        progress->finished += (int64_t)atomic_load(&loop->done);
    if (progress->depth == 0)
        end_outermost(context->runtime, progress);
}
