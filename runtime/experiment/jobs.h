/* SPDX-License-Identifier: MIT
 *
 * Runs of one command, several at a time, each in a process and a folder of its own. What a run
 * does depends on its options alone, so the number of jobs and interruptions change no result.
 */
#ifndef SNN_EXPERIMENT_JOBS_H
#define SNN_EXPERIMENT_JOBS_H

#include "experiment/commands.h"
#include "experiment/registry.h"
#include "options.h"
#include "record/file.h"
#include "run.h"

#include <sys/types.h>

enum snn_job_state {
    SNN_JOB_WAITING,
    SNN_JOB_RUNNING,
    SNN_JOB_FINISHED,
    SNN_JOB_SKIPPED,     /* an earlier run is the same and finished */
    SNN_JOB_ELSEWHERE,   /* another process is doing the same */
    SNN_JOB_INTERRUPTED, /* Ctrl-C */
    SNN_JOB_FAILED,
};

struct snn_job {
    const char *label; /* "n=100 lr=0.1" */
    struct snn_options options;
    enum snn_job_state state;
    bool goes_on;                      /* from the checkpoint of a run that was killed */
    char name[SNN_RUN_NAME_BYTES];     /* of its folder, once there is one */
    char identity[SNN_IDENTITY_BYTES]; /* where runs are looked for before they are made */
    pid_t process;
    double began, seconds;
    int failure;      /* the end of a pipe that the run writes its failure to: a disk may be full */
    char reason[512]; /* why it failed */
};

struct snn_jobs {
    const struct snn_program *program;
    struct snn_region *region;
    const char *title; /* "sweep" */
    struct snn_job *jobs;
    size_t count;
    int limit;     /* how many at a time */
    bool resumes;  /* finished runs are not made again, others go on */
    bool is_quiet; /* from here on: of the caller no concern */
    char folder[SNN_PATH_BYTES];
    struct snn_registry *registry;
    double began;
};

/* Takes --jobs and --resume from the words: positive if it was one of them, 0 if it is another
 * word, negative if it is wrong. */
int snn_jobs_take_option(struct snn_jobs *jobs, struct snn_words *words);

/* Moves the next word, and its value if it is an option with one, to `out`; returns how many. */
int snn_words_move(struct snn_words *words, char **out);

/* Reads the command line of one run and adds it. Negative: wrong, and the error was printed. */
int snn_jobs_add(struct snn_jobs *jobs, const char *label, int argc, char **argv);

/* Does all of them. Returns the exit status: 0, 1 if one did not finish, 130 after Ctrl-C. What
 * failed is said on stderr. */
int snn_jobs_run(struct snn_jobs *jobs);

/* What is known of the runs, in their order; those that have no folder are left out. */
size_t snn_jobs_infos(const struct snn_jobs *jobs, struct snn_run_info **infos);

/* ---- jobs_report.c */
void snn_jobs_show_progress(const struct snn_jobs *jobs);
void snn_jobs_tell_end(const struct snn_jobs *jobs, const struct snn_job *job);
size_t snn_jobs_tell_unfinished(const struct snn_jobs *jobs); /* how many, others' not counted */

#endif
