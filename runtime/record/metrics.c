/* SPDX-License-Identifier: MIT
 *
 * metrics.jsonl: each log is one line, written at once, so that it can be followed while the run
 * goes and survives a crash.
 */
#include "record/internal.h"

#include "error.h"
#include "panic.h"
#include "progress.h"
#include "record/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

double snn_array_value(enum snn_type type, const void *data, int64_t i)
{
    switch (type) {
    case SNN_BOOL: return ((const uint8_t *)data)[i];
    case SNN_INT32: return ((const int32_t *)data)[i];
    case SNN_INT64: return (double)((const int64_t *)data)[i];
    case SNN_FLOAT32: return (double)((const float *)data)[i];
    case SNN_FLOAT64: return ((const double *)data)[i];
    case SNN_STRING: break;
    }
    return 0;
}

static void open_metrics(struct snn_record *record, char path[SNN_PATH_BYTES])
{
    snn_record_check(snn_path_join(path, record->folder, "metrics.jsonl"));
    if (record->metrics < 0)
        record->metrics = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

void snn_record_cut_metrics(struct snn_record *record, int64_t bytes)
{
    char path[SNN_PATH_BYTES];

    open_metrics(record, path);
    if (record->metrics < 0 || ftruncate(record->metrics, (off_t)bytes) < 0)
        snn_panic("cannot write '%s': %s", path, strerror(errno));
    if (bytes > 0)
        return;
    close(record->metrics); /* it is made by what is logged first */
    record->metrics = -1;
    unlink(path);
}

static void append_line(struct snn_record *record, struct snn_json *json)
{
    char path[SNN_PATH_BYTES];

    snn_json_finish(json);
    open_metrics(record, path);
    if (record->metrics < 0 ||
        write(record->metrics, json->text, json->bytes) != (ssize_t)json->bytes)
        snn_panic("cannot write '%s': %s", path, errno ? strerror(errno) : "no space left");
    free(json->text);
}

static void start_line(struct snn_json *json, struct snn_record *record, const char *name,
                       int64_t samples)
{
    snn_json_start(json, false);
    snn_json_begin_object(json, NULL);
    snn_json_text(json, "task", snn_record_task_name(record));
    if (samples > 0)
        snn_json_integer(json, "samples", samples);
    snn_json_text(json, "name", name);
}

int64_t snn_record_next_step(struct snn_record *record, const char *task, const char *name)
{
    struct snn_series *series;

    for (size_t i = 0; i < record->series_count; i++)
        if (strcmp(record->series[i].task, task) == 0 && strcmp(record->series[i].name, name) == 0)
            return ++record->series[i].count;
    series = snn_record_append(&record->series, &record->series_count, &record->series_capacity,
                               sizeof *series);
    *series =
        (struct snn_series){ snn_record_copy(record, task), snn_record_copy(record, name), 1 };
    return 1;
}

void snn_record_log(struct snn_record *record, const char *name, double value)
{
    int64_t samples = snn_progress_samples(record->runtime->progress);
    struct snn_logged *logged;
    struct snn_json json;

    pthread_mutex_lock(&record->mutex);
    start_line(&json, record, name, samples);
    snn_json_number(&json, "value", value);
    snn_json_end_object(&json);
    errno = 0;
    append_line(record, &json);
    logged = snn_record_append(&record->logged, &record->logged_count, &record->logged_capacity,
                               sizeof *logged);
    *logged = (struct snn_logged){ snn_record_task_name(record), snn_record_copy(record, name),
                                   value, samples };
    snn_record_event_number(record, logged->task, name, value);
    pthread_mutex_unlock(&record->mutex);
}

void snn_record_log_array(struct snn_record *record, const char *name, enum snn_type type,
                          const void *data, const struct snn_axis *axes, int rank)
{
    struct snn_json json;
    int64_t count = 1;

    pthread_mutex_lock(&record->mutex);
    start_line(&json, record, name, snn_progress_samples(record->runtime->progress));
    snn_json_values(&json, "value", type, data, axes, rank);
    snn_json_end_object(&json);
    errno = 0;
    append_line(record, &json);
    for (int i = 0; i < rank; i++)
        count *= axes[i].extent;
    snn_record_event_array(record, snn_record_task_name(record), name, type, data, count);
    pthread_mutex_unlock(&record->mutex);
}
