/* SPDX-License-Identifier: MIT
 *
 * What a compiled program is to the runtime, and what the runtime is to generated code.
 *
 * `struct snn_program` is constant data that the compiler writes (or that the reference interpreter
 * builds): parameters, data sets, buffers, tasks. `struct snn_context` is one lane: a private copy
 * of everything that a presentation changes, with pointers to everything that lanes share.
 * Generated code reaches its fields by offset, so a change here is a change of SNN_ABI_VERSION.
 */
#ifndef SNN_PROGRAM_H
#define SNN_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define SNN_ABI_VERSION 5

enum snn_type {
    SNN_BOOL, /* one byte, 0 or 1 */
    SNN_INT32,
    SNN_INT64,
    SNN_FLOAT32,
    SNN_FLOAT64,
    SNN_STRING, /* parameters only */
};

/* Any scalar: a parameter, a size, a run-time constant. */
union snn_value {
    int64_t integer;  /* SNN_BOOL, SNN_INT32, SNN_INT64 */
    double real;      /* SNN_FLOAT32, SNN_FLOAT64; in base units (ms, mV, nA and their products) */
    const char *text; /* SNN_STRING */
};

/* A unit that a value may be written in; value in base units = number * factor. The first of a list
 * is used for printing. */
struct snn_unit {
    const char *name;
    double factor;
};

struct snn_param {
    const char *name;
    const char *doc;            /* "" if none */
    enum snn_type type;         /* BOOL, INT64, FLOAT64 or STRING */
    union snn_value initial;    /* the default */
    double low, high;           /* allowed range, inclusive; -inf .. inf if none */
    const char *const *choices; /* allowed texts, or NULL */
    int32_t choice_count;
    const struct snn_unit *units; /* units it may be given in; NULL for a plain number */
    int32_t unit_count;
    const char *place; /* "file.snn:3:1", where it is declared */
};

struct snn_data {
    const char *name; /* `data digits = …`: --data digits=… replaces its source */
    const char *doc;
    const char *place;
};

enum snn_buffer_kind {
    SNN_BUFFER_MODEL,  /* shared by all lanes, saved with the model: weights, delays, persistent
                          values, set parameters */
    SNN_BUFFER_SHARED, /* shared by all lanes, not saved: index lists of sparse connections */
    SNN_BUFFER_LANE,   /* one per lane: state, inputs, traces, spike lists */
    SNN_BUFFER_LOCAL,  /* an array of a task; allocated by generated code in the region of the lane
                          that declares it */
};

struct snn_buffer {
    const char *name; /* "exc.theta", "xe.weight", "labels" */
    enum snn_type type;
    enum snn_buffer_kind kind;
    int32_t count; /* size id of the number of elements; -1: set at run time (LOCAL, resized) */
    int32_t rank;  /* logical axes, for saving and plotting; 0 is a scalar */
    const int32_t *extents;  /* size ids, outermost first */
    const char *const *axes; /* axis names */
    int32_t row_axes;     /* the innermost axes, whose rows are `row` elements apart; 0: no gaps */
    int32_t row;          /* size id */
    const char *unit;     /* base unit of the values, "" if none */
    int32_t kept_by;      /* network whose way back reads it (LANE): kept with a sample; -1: none */
    bool has_kept_values; /* else only their number is kept */
};

/* Poisson numbers that are drawn from tables (runtime/counts.c). */
enum {
    SNN_LEVELS = 256,       /* values k / 255 of an input, one table each */
    SNN_COUNT_LIMIT = 1024, /* entries of a table */
};

struct snn_context;

struct snn_task {
    const char *name;
    const char *doc;
    bool is_optional;  /* runs only when named */
    bool writes_model; /* learns or assigns something that outlives it: the model is saved at its
                          end */
    bool reads_model;  /* uses weights or persistent values */
    int32_t function;  /* for snn_program.call */
};

struct snn_program {
    int32_t abi_version;
    const char *name;     /* "diehl_cook" */
    const char *doc;      /* first documentation comment of the file */
    const char *source;   /* path of the .snn file as given */
    const char *compiler; /* "snnc 0.1.0" */
    const char *version;  /* differs where the text of the program does */

    const struct snn_param *params;
    int32_t param_count;
    const struct snn_data *data;
    int32_t data_count;
    const struct snn_buffer *buffers;
    int32_t buffer_count;
    const struct snn_task *tasks;
    int32_t task_count;
    int32_t size_count;         /* entries of the size table */
    int32_t constant_count;     /* entries of the constant table */
    int32_t key_count;          /* drawing sites */
    const char *const *streams; /* [key_count] random stream of each site: "weights", "delays",
                                   "data", "encoder", "ties", "other" */

    /* Functions every program has. setup fills sizes, constants and data; init gives model buffers
       their first values; clear brings the lane's state to what a reset leaves, for a new lane. */
    int32_t setup, init, clear;
    void (*call)(struct snn_context *context, int32_t function);
    void *user; /* of the interpreter */
};

/* One lane. Tables marked (shared) are the same memory in every lane. */
struct snn_context {
    void **buffers;             /* [buffer_count], this lane's view */
    int64_t *sizes;             /* [size_count] (shared) */
    union snn_value *constants; /* [constant_count] (shared) */
    union snn_value *params;    /* [param_count] (shared) */
    uint64_t *keys;             /* [key_count] Philox key of each drawing site (shared) */
    void **data;                /* [data_count] struct snn_view * (shared) */
    uint64_t learning;          /* bit k: learnable k learns now */
    uint64_t path;              /* hash of the counters of all loops being run */
    int64_t present;            /* number of the present in the innermost loop */
    int64_t step;  /* step within this presentation, counted from the last start of t */
    int64_t steps; /* steps of this presentation */
    const struct snn_program *program;
    struct snn_lane *lane;       /* region, number of the lane: the runtime's own */
    struct snn_runtime *runtime; /* run folder, options, pool: the runtime's own */
};

/* Runs the program: command line, tasks, results. Returns the exit status. */
int snn_main(const struct snn_program *program, int argc, char **argv);

#endif
