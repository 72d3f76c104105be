/* SPDX-License-Identifier: MIT
 *
 * Processes are copies of this one, not started anew: it has read and checked everything, has one
 * thread, and may be the interpreter, which could not be started with these words. Whatever ends
 * one of them is its own matter. Ctrl-C reaches all; what only this process gets, it passes on; and
 * if it dies, so do they.
 */
#include "experiment/jobs.h"

#include "console.h"
#include "error.h"
#include "interrupt.h"
#include "progress.h"
#include "record/record.h"
#include "resume.h"
#include "run.h"
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum { JOB_LIMIT = 1024, RUN_LIMIT = 100000, REDRAW_MILLISECONDS = 200 };

/* ---- the command line */

int snn_jobs_take_option(struct snn_jobs *jobs, struct snn_words *words)
{
    const char *text;
    uint64_t number;
    int taken = snn_words_take(words, "--jobs", &text);

    if (taken > 0) {
        if (snn_options_whole(&number, "--jobs", text, 1, JOB_LIMIT) < 0)
            return -1;
        jobs->limit = (int)number;
    }
    if (taken == 0) {
        taken = snn_words_take(words, "--resume", NULL);
        jobs->resumes = jobs->resumes || taken > 0;
    }
    return taken;
}

int snn_words_move(struct snn_words *words, char **out)
{
    int count = words->left > 1 && snn_options_needs_value(words->words[0]) ? 2 : 1;

    memcpy(out, words->words, (size_t)count * sizeof *out);
    words->words += count;
    words->left -= count;
    return count;
}

int snn_jobs_add(struct snn_jobs *jobs, const char *label, int argc, char **argv)
{
    struct snn_job *job;

    if ((jobs->count & (jobs->count - 1)) == 0) { /* full: 0, 1, 2, 4, … */
        size_t room = jobs->count ? 2 * jobs->count : 1;
        struct snn_job *grown = snn_region_array(jobs->region, room, sizeof *grown);

        if (jobs->count)
            memcpy(grown, jobs->jobs, jobs->count * sizeof *grown);
        jobs->jobs = grown;
    }
    job = &jobs->jobs[jobs->count];
    *job = (struct snn_job){ .label = label };
    if (jobs->count == RUN_LIMIT) {
        fprintf(stderr, "error: '%s' makes more than %d runs\n", jobs->title, RUN_LIMIT);
        return -1;
    }
    if (snn_options_read(&job->options, jobs->region, jobs->program, argc, argv) != SNN_OPTIONS_RUN)
        return -1;
    jobs->count++;
    return 0;
}

/* ---- one run */

/* The run itself, in the process made for it. */
_Noreturn static void become(struct snn_jobs *jobs, struct snn_job *job, int log, pid_t parent)
{
    sigset_t all;
    int nothing = open("/dev/null", O_RDONLY);

#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (getppid() != parent || snn_interrupt_requested())
        _exit(SNN_EXIT_INTERRUPTED);
    snn_console_forget_line();
    if (nothing >= 0)
        dup2(nothing, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    setvbuf(stdout, NULL, _IOLBF, 0); /* results and notes in their order, whatever ends the run */
    signal(SIGPIPE, SIG_IGN);         /* nobody may be there to be told of a failure */
    job->options.is_quiet = false;    /* the log is there to be looked at */
    exit(snn_run(jobs->program, &job->options));
}

/* Starts the process; negative if there can be none. */
static int divide(struct snn_jobs *jobs, struct snn_job *job, int log)
{
    pid_t parent = getpid();
    int failure[2];

    if (pipe(failure) < 0)
        return -1;
    fflush(NULL);
    job->options.failure = failure[1];
    job->failure = failure[0];
    job->process = fork();
    if (job->process == 0)
        become(jobs, job, log, parent);
    close(failure[1]);
    if (job->process > 0)
        return 0;
    close(failure[0]);
    return -1;
}

/* Is there a run like it that was not finished and left a checkpoint? Then `folder` is its own. */
static bool find_checkpoint(struct snn_jobs *jobs, struct snn_job *job, char *folder)
{
    char name[SNN_RUN_NAME_BYTES];
    bool is_found = false;

    for (size_t nth = 0;
         !is_found && snn_registry_unfinished(jobs->registry, job->identity, nth, name); nth++) {
        struct snn_region *region = snn_region_create();
        struct snn_options trial = job->options; /* becomes that of the run */
        struct snn_resume resume;

        trial.resume = folder;
        is_found = snn_path_join(folder, jobs->folder, name) == 0 &&
                   snn_resume_find(&resume, &trial, region, jobs->program) == 0;
        snn_region_destroy(region);
    }
    return is_found;
}

static int make_folder(struct snn_jobs *jobs, struct snn_job *job, char *folder)
{
    job->goes_on = jobs->resumes && find_checkpoint(jobs, job, folder);
    if (!job->goes_on && snn_run_folder_make(folder, job->options.out, jobs->program->name) < 0)
        return -1;
    job->options.folder = folder;
    job->options.resumes = job->goes_on;
    job->options.resume = job->goes_on ? folder : NULL;
    snprintf(job->name, sizeof job->name, "%.63s", strrchr(folder, '/') + 1);
    return 0;
}

static int start(struct snn_jobs *jobs, struct snn_job *job)
{
    char *folder = snn_region_alloc(jobs->region, SNN_PATH_BYTES), path[SNN_PATH_BYTES];
    int log;

    if (make_folder(jobs, job, folder) < 0 || snn_path_join(path, folder, "log.txt") < 0)
        return -1;
    log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log < 0)
        return snn_error_set("cannot write '%s': %s", path, strerror(errno));
    if (divide(jobs, job, log) < 0) {
        snn_error_set("cannot start a process: %s", strerror(errno));
        close(log);
        if (!job->goes_on) {
            unlink(path);
            rmdir(folder);
        }
        job->name[0] = '\0';
        return -1;
    }
    close(log);
    job->state = SNN_JOB_RUNNING;
    job->began = snn_clock_seconds();
    return 0;
}

/* Skips the job if its results are there, or are being made. It is claimed first: another process
 * may be about to make it, too. */
static void look_for_earlier(struct snn_jobs *jobs, struct snn_job *job)
{
    bool is_ours;

    snn_run_foresee(jobs->program, &job->options, job->identity);
    is_ours = snn_registry_claim(jobs->registry, job->identity);
    switch (snn_registry_find(jobs->registry, job->identity, job->name)) {
    case SNN_REGISTRY_NONE: job->state = is_ours ? SNN_JOB_WAITING : SNN_JOB_ELSEWHERE; break;
    case SNN_REGISTRY_FINISHED: job->state = SNN_JOB_SKIPPED; break;
    case SNN_REGISTRY_RUNNING: job->state = SNN_JOB_ELSEWHERE; break;
    }
    if (is_ours && job->state != SNN_JOB_WAITING)
        snn_registry_release(jobs->registry, job->identity);
}

/* What the run said of its failure, if it could. */
static void read_failure(struct snn_job *job)
{
    ssize_t length = read(job->failure, job->reason, sizeof job->reason - 1);

    job->reason[length > 0 ? length : 0] = '\0';
    close(job->failure);
}

/* Says what became of a run whose process has ended. */
static void judge(struct snn_jobs *jobs, struct snn_job *job, int status)
{
    job->seconds = snn_clock_seconds() - job->began;
    job->state = SNN_JOB_FAILED;
    read_failure(job);
    if (WIFSIGNALED(status)) {
        snprintf(job->reason, sizeof job->reason, "ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
        snn_registry_note(jobs->registry, job->name); /* it could not say so itself */
    } else if (WEXITSTATUS(status) == 0) {
        job->state = SNN_JOB_FINISHED;
    } else if (WEXITSTATUS(status) == SNN_EXIT_INTERRUPTED) {
        job->state = SNN_JOB_INTERRUPTED;
    } else if (!*job->reason) {
        snprintf(job->reason, sizeof job->reason, "ended with status %d", WEXITSTATUS(status));
    }
}

/* ---- all of them */

/* Waits for the end of a run, but not for long. */
static void wait_a_little(void)
{
    struct timespec time = { .tv_nsec = REDRAW_MILLISECONDS * 1000000L };
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigtimedwait(&child, NULL, &time);
}

/* Returns how many are still running. */
static int collect(struct snn_jobs *jobs)
{
    int running = 0;

    for (size_t i = 0; i < jobs->count; i++) {
        struct snn_job *job = &jobs->jobs[i];
        int status;

        if (job->state != SNN_JOB_RUNNING)
            continue;
        if (waitpid(job->process, &status, WNOHANG) != job->process) {
            running++;
            continue;
        }
        judge(jobs, job, status);
        if (jobs->resumes)
            snn_registry_release(jobs->registry, job->identity);
        snn_jobs_tell_end(jobs, job);
    }
    return running;
}

static void pass_on_interrupt(struct snn_jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->jobs[i].state == SNN_JOB_RUNNING)
            kill(jobs->jobs[i].process, SIGTERM);
    if (!jobs->is_quiet)
        snn_console_note("interrupted: the runs that are going on end with what they have");
}

/* Starts what there is room for; returns 0, or -1 if nothing can be started. */
static int start_some(struct snn_jobs *jobs, size_t *next, int running)
{
    while (*next < jobs->count && running < jobs->limit && !snn_interrupt_requested()) {
        struct snn_job *job = &jobs->jobs[(*next)++];

        if (jobs->resumes)
            look_for_earlier(jobs, job);
        if (job->state != SNN_JOB_WAITING) {
            snn_jobs_tell_end(jobs, job);
            continue;
        }
        if (start(jobs, job) < 0)
            return -1;
        running++;
    }
    return 0;
}

static int do_all(struct snn_jobs *jobs)
{
    bool has_passed_on = false;
    size_t next = 0;
    int status = 0, running;

    for (;;) {
        running = collect(jobs);
        if (status == 0 && start_some(jobs, &next, running) < 0) {
            snn_console_note("error: %s", snn_last_error());
            status = SNN_EXIT_FAILURE;
            next = jobs->count;
        }
        if (snn_interrupt_requested() && !has_passed_on) {
            pass_on_interrupt(jobs);
            has_passed_on = true;
        }
        if (collect(jobs) == 0 && (next == jobs->count || snn_interrupt_requested()))
            return status;
        snn_jobs_show_progress(jobs);
        wait_a_little();
    }
}

static int prepare(struct snn_jobs *jobs)
{
    int threads = snn_options_processors() / jobs->limit;

    for (size_t i = 0; i < jobs->count; i++) {
        struct snn_options *options = &jobs->jobs[i].options;

        if (!options->has_threads)
            options->threads = threads > 1 ? threads : 1;
        jobs->is_quiet = options->is_quiet;
    }
    jobs->began = snn_clock_seconds();
    return snn_path_join(jobs->folder, jobs->jobs[0].options.out, jobs->program->name);
}

/* The folder is there from the first, so that runs can be claimed. */
static int begin_resuming(const struct snn_jobs *jobs)
{
    if (snn_folder_make(jobs->folder) < 0)
        return snn_error_set("%s; choose another with --out", snn_last_error());
    return snn_registry_sync(jobs->registry);
}

int snn_jobs_run(struct snn_jobs *jobs)
{
    sigset_t child, before;
    int status;

    if (prepare(jobs) < 0)
        return snn_command_refuse();
    jobs->registry = snn_registry_create(jobs->region, jobs->folder);
    if (jobs->resumes && begin_resuming(jobs) < 0) {
        fprintf(stderr, "error: %s\n", snn_last_error());
        return SNN_EXIT_FAILURE;
    }
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    status = do_all(jobs);
    sigprocmask(SIG_SETMASK, &before, NULL);
    snn_console_end_line();
    if (snn_jobs_tell_unfinished(jobs) > 0)
        status = SNN_EXIT_FAILURE;
    snn_registry_destroy(jobs->registry);
    return snn_interrupt_requested() ? SNN_EXIT_INTERRUPTED : status;
}

size_t snn_jobs_infos(const struct snn_jobs *jobs, struct snn_run_info **infos)
{
    size_t count = 0;

    *infos = snn_region_array(jobs->region, jobs->count, sizeof **infos);
    for (size_t i = 0; i < jobs->count; i++) {
        const struct snn_job *job = &jobs->jobs[i];

        if (*job->name && snn_run_info_read(&(*infos)[count], jobs->region, jobs->folder, job->name,
                                            job->state == SNN_JOB_ELSEWHERE) == 0)
            count++;
    }
    return count;
}
