/* SPDX-License-Identifier: MIT
 *
 * What is said while runs are made: a line for each that ends, on a terminal also one that is
 * rewritten, and at the end what failed and where its log is.
 */
#include "experiment/jobs.h"

#include "console.h"
#include "progress.h"

#include <string.h>

enum { BAR_WIDTH = 24, SHOWN_RESULTS = 3, TOLD_FAILURES = 20 };

/* How many are in that state. */
static size_t count_state(const struct snn_jobs *jobs, enum snn_job_state state)
{
    size_t count = 0;

    for (size_t i = 0; i < jobs->count; i++)
        count += jobs->jobs[i].state == state;
    return count;
}

static size_t count_ended(const struct snn_jobs *jobs)
{
    return jobs->count - count_state(jobs, SNN_JOB_WAITING) - count_state(jobs, SNN_JOB_RUNNING);
}

/* What is left, if the rest takes as long as what was made so far. */
static double seconds_left(const struct snn_jobs *jobs)
{
    size_t made = count_state(jobs, SNN_JOB_FINISHED) + count_state(jobs, SNN_JOB_FAILED);
    double passed = snn_clock_seconds() - jobs->began;

    return made ? passed / (double)made * (double)(jobs->count - count_ended(jobs)) : -1;
}

void snn_jobs_show_progress(const struct snn_jobs *jobs)
{
    size_t ended = count_ended(jobs), failed = count_state(jobs, SNN_JOB_FAILED);
    char line[256], bar[BAR_WIDTH + 1];
    double left = seconds_left(jobs);
    int used;

    if (jobs->is_quiet || !snn_console_is_terminal())
        return;
    for (size_t i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < ended * BAR_WIDTH / jobs->count ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    used = snprintf(line, sizeof line, "[%s] %s: %zu of %zu, %zu running", bar, jobs->title, ended,
                    jobs->count, count_state(jobs, SNN_JOB_RUNNING));
    if (failed > 0)
        used += snprintf(line + used, sizeof line - (size_t)used, ", %zu failed", failed);
    if (left >= 0)
        snprintf(line + used, sizeof line - (size_t)used, ", %ld:%02ld:%02ld left",
                 (long)left / 3600, (long)left / 60 % 60, (long)left % 60);
    snn_console_rewrite(line);
}

/* " accuracy = 0.91", the first few numbers of the run. */
static void describe_results(char *out, size_t bytes, const struct snn_jobs *jobs,
                             const struct snn_job *job)
{
    struct snn_region *region = snn_region_create();
    struct snn_run_info info;
    size_t used = 0;
    int shown = 0;

    out[0] = '\0';
    if (snn_run_info_read(&info, region, jobs->folder, job->name, false) == 0)
        for (size_t i = 0; i < info.result_count && shown < SHOWN_RESULTS && used < bytes; i++)
            if (info.results[i].is_number) {
                const struct snn_run_value *result = &info.results[i];

                used += (size_t)snprintf(out + used, bytes - used, "%s %s = %s%s%s",
                                         shown++ ? "," : ":", result->name, result->text,
                                         *result->unit ? " " : "", result->unit);
            }
    snn_region_destroy(region);
}

void snn_jobs_tell_end(const struct snn_jobs *jobs, const struct snn_job *job)
{
    char results[256] = "", line[1400];
    char what[640] = "";

    if (jobs->is_quiet)
        return;
    switch (job->state) {
    case SNN_JOB_FINISHED:
        describe_results(results, sizeof results, jobs, job);
        snprintf(what, sizeof what, "%.1f s%s%s", job->seconds,
                 job->goes_on ? " from a checkpoint" : "", results);
        break;
    case SNN_JOB_SKIPPED: snprintf(what, sizeof what, "finished before, in %s", job->name); break;
    case SNN_JOB_ELSEWHERE:
        snprintf(what, sizeof what, "another process does it%s%s", *job->name ? ", in " : "",
                 job->name);
        break;
    case SNN_JOB_INTERRUPTED: snprintf(what, sizeof what, "interrupted"); break;
    case SNN_JOB_FAILED: snprintf(what, sizeof what, "FAILED: %s", job->reason); break;
    case SNN_JOB_WAITING:
    case SNN_JOB_RUNNING: return;
    }
    snprintf(line, sizeof line, "%zu of %zu: %.600s: %s", count_ended(jobs), jobs->count,
             job->label, what);
    if (!snn_console_is_terminal()) {
        snn_console_note("%s", line);
        return;
    }
    snn_console_rewrite(line);
    snn_console_end_line();
}

size_t snn_jobs_tell_unfinished(const struct snn_jobs *jobs)
{
    size_t failed = count_state(jobs, SNN_JOB_FAILED),
           elsewhere = count_state(jobs, SNN_JOB_ELSEWHERE),
           open = count_state(jobs, SNN_JOB_WAITING) + count_state(jobs, SNN_JOB_INTERRUPTED);

    if (failed > 0)
        snn_console_note("error: %zu of %zu runs failed", failed, jobs->count);
    for (size_t i = 0, told = 0; i < jobs->count && told <= TOLD_FAILURES; i++) {
        const struct snn_job *job = &jobs->jobs[i];

        if (job->state != SNN_JOB_FAILED)
            continue;
        if (told++ == TOLD_FAILURES)
            snn_console_note("  and more: 'runs --where status=failed' lists them all");
        else
            snn_console_note("  %.600s: %s\n    log: %s/%s/log.txt", job->label, job->reason,
                             jobs->folder, job->name);
    }
    if (elsewhere > 0 && !jobs->is_quiet)
        snn_console_note("%zu of %zu runs are being made by another process", elsewhere,
                         jobs->count);
    if (open > 0)
        snn_console_note("%zu of %zu runs are not finished; the same command with --resume goes on",
                         open, jobs->count);
    return failed + open;
}
