/* SPDX-License-Identifier: MIT
 *
 * timing.json: how long tasks and their outermost loops took. Kept apart because it is the one
 * file, beside params.json, that differs between two runs of the same thing.
 */
#include "record/internal.h"

#include "options.h"

#include <string.h>

void snn_record_loop(struct snn_record *record, const char *label, int64_t iterations,
                     int64_t samples, double seconds)
{
    struct snn_timed_loop *loop = snn_record_append(&record->loops, &record->loop_count,
                                                    &record->loop_capacity, sizeof *loop);

    *loop = (struct snn_timed_loop){ snn_record_task_name(record), snn_record_copy(record, label),
                                     iterations, samples, seconds };
}

void snn_record_task(struct snn_record *record, const char *task, double seconds)
{
    struct snn_timed_task *timed = snn_record_append(&record->tasks, &record->task_count,
                                                     &record->task_capacity, sizeof *timed);

    *timed = (struct snn_timed_task){ task, seconds };
}

static void write_loop(struct snn_json *json, const struct snn_timed_loop *loop)
{
    snn_json_begin_object(json, NULL);
    snn_json_text(json, "task", loop->task);
    snn_json_text(json, "loop", loop->label);
    snn_json_integer(json, "iterations", loop->iterations);
    snn_json_integer(json, "samples", loop->samples);
    snn_json_number(json, "seconds", (double)(float)loop->seconds);
    snn_json_number(json, "samples_per_second",
                    loop->seconds > 0 ? (double)(float)((double)loop->samples / loop->seconds) : 0);
    snn_json_end_object(json);
}

void snn_record_timing(struct snn_record *record)
{
    struct snn_json json;

    snn_json_start(&json, true);
    snn_json_begin_object(&json, NULL);
    snn_json_integer(&json, "threads", record->runtime->options->threads);
    snn_json_number(&json, "seconds_to_start", (double)(float)record->runtime->start_seconds);
    snn_json_begin_list(&json, "tasks");
    for (size_t i = 0; i < record->task_count; i++) {
        snn_json_begin_object(&json, NULL);
        snn_json_text(&json, "task", record->tasks[i].name);
        snn_json_number(&json, "seconds", (double)(float)record->tasks[i].seconds);
        snn_json_end_object(&json);
    }
    snn_json_end_array(&json);
    snn_json_begin_list(&json, "loops");
    for (size_t i = 0; i < record->loop_count; i++)
        write_loop(&json, &record->loops[i]);
    snn_json_end_array(&json);
    snn_json_end_object(&json);
    snn_record_write_json(record, "timing.json", &json);
}
