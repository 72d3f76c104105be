/* SPDX-License-Identifier: MIT
 *
 * Numbers are written as their bits: they are to be the same when they are read back, NaN too.
 */
#include "record/state.h"

#include "checkpoint.h"
#include "error.h"
#include "panic.h"
#include "progress.h"
#include "record/internal.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- writing */

static void write_real(struct snn_json *json, const char *key, double value)
{
    int64_t bits;

    memcpy(&bits, &value, sizeof bits);
    snn_json_integer(json, key, bits);
}

static void write_logged(struct snn_json *json, const struct snn_record *record)
{
    snn_json_begin_array(json, "logged");
    for (size_t i = 0; i < record->logged_count; i++) {
        const struct snn_logged *logged = &record->logged[i];

        snn_json_text(json, NULL, logged->task);
        snn_json_text(json, NULL, logged->name);
        write_real(json, NULL, logged->value);
        snn_json_integer(json, NULL, logged->samples);
    }
    snn_json_end_array(json);
}

static void write_series(struct snn_json *json, const struct snn_record *record)
{
    snn_json_begin_array(json, "series");
    for (size_t i = 0; i < record->series_count; i++) {
        snn_json_text(json, NULL, record->series[i].task);
        snn_json_text(json, NULL, record->series[i].name);
        snn_json_integer(json, NULL, record->series[i].count);
    }
    snn_json_end_array(json);
}

static void write_reported(struct snn_json *json, const struct snn_record *record)
{
    snn_json_begin_array(json, "reported");
    for (size_t i = 0; i < record->reported_count; i++) {
        snn_json_text(json, NULL, record->reported[i].task);
        snn_json_text(json, NULL, record->reported[i].name);
        snn_json_text(json, NULL, record->reported[i].value);
    }
    snn_json_end_array(json);
}

static void write_timed(struct snn_json *json, const struct snn_record *record)
{
    snn_json_begin_array(json, "loops");
    for (size_t i = 0; i < record->loop_count; i++) {
        snn_json_text(json, NULL, record->loops[i].task);
        snn_json_text(json, NULL, record->loops[i].label);
        snn_json_integer(json, NULL, record->loops[i].iterations);
        snn_json_integer(json, NULL, record->loops[i].samples);
        write_real(json, NULL, record->loops[i].seconds);
    }
    snn_json_end_array(json);
    snn_json_begin_array(json, "tasks");
    for (size_t i = 0; i < record->task_count; i++) {
        snn_json_text(json, NULL, record->tasks[i].name);
        write_real(json, NULL, record->tasks[i].seconds);
    }
    snn_json_end_array(json);
}

static void write_names(struct snn_json *json, const char *key, const char *const *names,
                        size_t count)
{
    snn_json_begin_array(json, key);
    for (size_t i = 0; i < count; i++)
        snn_json_text(json, NULL, names[i]);
    snn_json_end_array(json);
}

void snn_record_write_state(struct snn_record *record, struct snn_json *state)
{
    const struct snn_runtime *runtime = record->runtime;
    double now = snn_clock_seconds();

    if (record->metrics >= 0 && fdatasync(record->metrics) < 0)
        snn_panic("cannot write '%s/metrics.jsonl': %s", record->folder, strerror(errno));
    snn_json_start(state, false);
    snn_json_begin_object(state, NULL);
    write_real(state, "seconds", now - runtime->began);
    write_real(state, "task_seconds", now - runtime->task_began);
    snn_json_integer(state, "metrics",
                     record->metrics >= 0 ? (int64_t)lseek(record->metrics, 0, SEEK_END) : 0);
    snn_json_integer(state, "events", snn_record_events_length(record));
    snn_progress_write(runtime->progress, state);
    write_logged(state, record);
    write_series(state, record);
    write_reported(state, record);
    write_timed(state, record);
    write_names(state, "names", record->names, record->name_count);
    write_names(state, "saved", record->saved, record->saved_count);
    snn_json_end_object(state);
    snn_json_finish(state);
}

/* ---- reading */

static double real_of(const json_t *bits)
{
    int64_t integer = json_integer_value(bits);
    double value;

    memcpy(&value, &integer, sizeof value);
    return value;
}

/* Element `place` of the group that begins at element i. */
static const json_t *element(const json_t *list, size_t i, size_t place)
{
    return json_array_get(list, i + place);
}

static const char *text_at(struct snn_record *record, const json_t *list, size_t i, size_t place)
{
    const char *text = json_string_value(element(list, i, place));

    return snn_record_copy(record, text ? text : "");
}

static void read_logged(struct snn_record *record, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i += 4) {
        struct snn_logged *logged = snn_record_append(&record->logged, &record->logged_count,
                                                      &record->logged_capacity, sizeof *logged);

        *logged = (struct snn_logged){ text_at(record, list, i, 0), text_at(record, list, i, 1),
                                       real_of(element(list, i, 2)),
                                       json_integer_value(element(list, i, 3)) };
    }
}

static void read_series(struct snn_record *record, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i += 3) {
        struct snn_series *series = snn_record_append(&record->series, &record->series_count,
                                                      &record->series_capacity, sizeof *series);

        *series = (struct snn_series){ text_at(record, list, i, 0), text_at(record, list, i, 1),
                                       json_integer_value(element(list, i, 2)) };
    }
}

static void read_reported(struct snn_record *record, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i += 3) {
        struct snn_reported *reported =
            snn_record_append(&record->reported, &record->reported_count,
                              &record->reported_capacity, sizeof *reported);
        const char *value = json_string_value(element(list, i, 2));

        *reported = (struct snn_reported){ text_at(record, list, i, 0), text_at(record, list, i, 1),
                                           strdup(value ? value : "null") };
        if (!reported->value)
            snn_panic("out of memory for the records of the run");
    }
}

static void read_timed(struct snn_record *record, const json_t *loops, const json_t *tasks)
{
    for (size_t i = 0; i < json_array_size(loops); i += 5) {
        struct snn_timed_loop *loop = snn_record_append(&record->loops, &record->loop_count,
                                                        &record->loop_capacity, sizeof *loop);

        *loop = (struct snn_timed_loop){ text_at(record, loops, i, 0), text_at(record, loops, i, 1),
                                         json_integer_value(element(loops, i, 2)),
                                         json_integer_value(element(loops, i, 3)),
                                         real_of(element(loops, i, 4)) };
    }
    for (size_t i = 0; i < json_array_size(tasks); i += 2)
        snn_record_task(record, text_at(record, tasks, i, 0), real_of(element(tasks, i, 1)));
}

void snn_record_read_state(struct snn_record *record, const char *text, size_t bytes)
{
    struct snn_runtime *runtime = record->runtime;
    json_t *state = json_loadb(text, bytes, 0, NULL);
    const json_t *names = json_object_get(state, "names"), *saved = json_object_get(state, "saved");

    if (!state)
        snn_panic("the checkpoint in '%s' cannot be read", record->folder);
    runtime->began -= real_of(json_object_get(state, "seconds"));
    runtime->task_seconds = real_of(json_object_get(state, "task_seconds"));
    snn_record_cut_metrics(record, json_integer_value(json_object_get(state, "metrics")));
    snn_record_cut_events(record, json_integer_value(json_object_get(state, "events")));
    snn_progress_read(runtime, json_object_get(state, "progress"));
    read_logged(record, json_object_get(state, "logged"));
    read_series(record, json_object_get(state, "series"));
    read_reported(record, json_object_get(state, "reported"));
    read_timed(record, json_object_get(state, "loops"), json_object_get(state, "tasks"));
    for (size_t i = 0; i < json_array_size(names); i++)
        snn_record_take_name(record, text_at(record, names, i, 0));
    for (size_t i = 0; i < json_array_size(saved); i++) {
        snn_record_add_saved(record, text_at(record, saved, i, 0));
        snn_checkpoint_bring_back(runtime, snn_record_saved_path(record, record->saved[i]));
    }
    json_decref(state);
}
