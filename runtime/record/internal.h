/* SPDX-License-Identifier: MIT
 *
 * The parts of a record, for the files that implement record.h. Texts lie in the run's region; the
 * growing arrays are given back by snn_record_destroy.
 */
#ifndef SNN_RECORD_INTERNAL_H
#define SNN_RECORD_INTERNAL_H

#include "record/record.h"

#include <pthread.h>

struct snn_logged {
    const char *task, *name;
    double value;
    int64_t samples; /* shown in this loop so far, 0 outside of loops */
};

/* How many values a name has been given by `log`. */
struct snn_series {
    const char *task, *name;
    int64_t count;
};

struct snn_reported {
    const char *task, *name;
    char *value; /* as JSON */
};

struct snn_timed_loop {
    const char *task, *label;
    int64_t iterations, samples;
    double seconds;
};

struct snn_timed_task {
    const char *name;
    double seconds;
};

struct snn_record {
    struct snn_runtime *runtime;
    char *folder;
    char started[40]; /* local time, ISO 8601 */
    pthread_mutex_t mutex;
    int metrics; /* descriptor of metrics.jsonl, -1 until something is logged */
    int events;  /* descriptor of events.out.tfevents, -1 likewise */
    struct snn_logged *logged;
    size_t logged_count, logged_capacity;
    struct snn_series *series;
    size_t series_count, series_capacity;
    struct snn_reported *reported;
    size_t reported_count, reported_capacity;
    struct snn_timed_loop *loops;
    size_t loop_count, loop_capacity;
    struct snn_timed_task *tasks;
    size_t task_count, task_capacity;
    const char **names; /* of files that snn_record_new_path has given */
    size_t name_count, name_capacity;
    const char **saved; /* names of models */
    size_t saved_count, saved_capacity;
};

/* The address of a new last element; panics if memory is exhausted. */
void *snn_record_append(void *elements, size_t *count, size_t *capacity, size_t element_bytes);

const char *snn_record_copy(struct snn_record *record, const char *text);

/* False if snn_record_new_path has given that name already; otherwise it is given now, and lives as
 * long as the run. */
bool snn_record_take_name(struct snn_record *record, const char *name);

/* ---- events.out.tfevents: what TensorBoard reads, under the tag "task/name" */

#define SNN_EVENTS_FILE "events.out.tfevents"

void snn_record_event_number(struct snn_record *record, const char *task, const char *name,
                             double value);
void snn_record_event_array(struct snn_record *record, const char *task, const char *name,
                            enum snn_type type, const void *data, int64_t count);

/* The number of the next value of that name, from 1. */
int64_t snn_record_next_step(struct snn_record *record, const char *task, const char *name);

/* For checkpoints: bytes written so far; back to so many. */
int64_t snn_record_events_length(const struct snn_record *record);
void snn_record_cut_events(struct snn_record *record, int64_t bytes);

/* The models that `save` has written in this run. add is false for one that is known already. */
bool snn_record_has_saved(const struct snn_record *record, const char *name);
bool snn_record_add_saved(struct snn_record *record, const char *name);
const char *snn_record_saved_path(struct snn_record *record, const char *name);

/* Cuts metrics.jsonl to that length: what another process wrote after its last checkpoint is
 * written again. */
void snn_record_cut_metrics(struct snn_record *record, int64_t bytes);

/* Name of the task being run, "" outside. */
const char *snn_record_task_name(const struct snn_record *record);

/* Ends the run with snn_last_error() if `status` is negative. */
void snn_record_check(int status);

/* Replaces the file `name` of the folder by the document. */
void snn_record_write_json(struct snn_record *record, const char *name, struct snn_json *json);

#endif
