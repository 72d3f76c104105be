/* SPDX-License-Identifier: MIT
 *
 * What the runtime's own files know about a run: the options it was started with, its lanes, its
 * pool, its records. Created once by snn_main; generated code sees none of it.
 */
#ifndef SNN_RUNTIME_H
#define SNN_RUNTIME_H

#include "memory.h"
#include "snn/program.h"

#include <setjmp.h>
#include <stddef.h>

/* Exit statuses of a program. */
enum {
    SNN_EXIT_FAILURE = 1,
    SNN_EXIT_USAGE = 2,
    SNN_EXIT_INTERRUPTED = 130, /* as shells report SIGINT */
};

enum {
    SNN_RANK_LIMIT = 8,     /* axes of an array */
    SNN_STAGE_NUMBERS = 4,  /* of a stage of events */
    SNN_PAD_ELEMENTS = 256, /* vector code may read, not write, this far past the end of a buffer */
    SNN_ROUND_ELEMENTS = 16, /* buffers are rounded up to whole vectors of this many elements */
};

#define SNN_SIZE_LIMIT                                                                             \
    INT64_C(2147483647) /* of one axis: indices into a layer are 32 bits wide                      \
                         */

/* An axis pushed by snn_rt_axis for the array argument that follows. */
struct snn_axis {
    const char *name;
    int64_t extent;
};

/* The private part of a lane. */
struct snn_lane {
    int number;                    /* 0: the one that runs tasks */
    bool is_parallel;              /* runs the body of a parallel loop now */
    struct snn_region *region;     /* arrays, views and texts of tasks */
    struct snn_region_mark *marks; /* [mark_count], what snn_rt_mark handed out */
    int64_t mark_count, mark_capacity;
    void **owned;    /* [buffer_count] buffers that this lane allocated, or NULL */
    int64_t *counts; /* [buffer_count] their elements */
    int64_t *bytes;  /* [buffer_count] their bytes, rounded up */
    struct snn_axis axes[SNN_RANK_LIMIT];
    int axis_count;
    double scale;          /* set by snn_rt_scale; 0: not set */
    struct snn_plot *plot; /* whose arguments are being collected, or NULL */
    struct snn_kept *kept; /* samples of the batch at hand: its own or, in the body of a parallel
                              loop, those of lane 0; NULL: none were ever kept */
    struct snn_kept *own_kept;         /* or NULL */
    struct snn_event_work *events;     /* where samples of events are made, or NULL */
    double numbers[SNN_STAGE_NUMBERS]; /* given by snn_rt_stage_number */
    int number_count;
    int loop_depth; /* loops begun inside a parallel body: not shown */
    jmp_buf *leave; /* out of the parallel loop being run, or NULL */
};

struct snn_runtime {
    const struct snn_program *program;
    const struct snn_options *options;
    struct snn_region *region;     /* what lives as long as the run */
    struct snn_context **contexts; /* [options->threads], lane by lane; NULL until first used */
    int64_t held_bytes;            /* of all buffers of all lanes */
    int64_t machine_bytes; /* memory of the machine, or what the process may use of it; 0: not asked
                              yet */
    struct snn_pool *pool;
    _Atomic(struct snn_event_ahead *) ahead; /* batches of events, or NULL */
    struct snn_progress *progress;
    struct snn_record *record;
    const char *model_path;        /* the model that this run began with, or NULL */
    bool has_folds;                /* a data set is divided as --fold asks */
    bool is_trial;                 /* only to see whether data can be divided so */
    char identity[20];             /* snn_run_identify */
    struct snn_registry *registry; /* the list of all runs of the program, or NULL */
    double began;                  /* clock at the process's first statement */
    double start_seconds;          /* from the process's first statement to the first task */
    const char *task;              /* name of the task being run, or NULL */
    int task_number;               /* its number in the command line */
    double task_began;             /* clock at its first statement */
    double task_seconds;           /* of it in a process before this one */
    struct snn_checkpoint *checkpoint;
    const struct snn_resume *resume; /* the run that this one goes on with, or NULL */
};

#endif
