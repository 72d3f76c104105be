/* SPDX-License-Identifier: MIT
 *
 * The folder of a run, its name and params.json. The name is the local time, with -2, -3, … behind
 * it when runs begin in the same second: a folder is never shared and nothing in one is ever
 * another run's.
 */
#include "record/internal.h"

#include "error.h"
#include "options.h"
#include "panic.h"
#include "parameters.h"
#include "record/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SAME_SECOND_LIMIT = 100000 };

void snn_record_check(int status)
{
    if (status < 0)
        snn_panic("%s", snn_last_error());
}

void *snn_record_append(void *elements, size_t *count, size_t *capacity, size_t element_bytes)
{
    char **array = elements;

    if (*count == *capacity) {
        *capacity = *capacity ? 2 * *capacity : 16;
        *array = realloc(*array, *capacity * element_bytes);
        if (!*array)
            snn_panic("out of memory for the records of the run");
    }
    return *array + element_bytes * (*count)++;
}

const char *snn_record_copy(struct snn_record *record, const char *text)
{
    size_t bytes = strlen(text) + 1;

    return memcpy(snn_region_alloc(record->runtime->region, bytes), text, bytes);
}

const char *snn_record_task_name(const struct snn_record *record)
{
    return record->runtime->task ? record->runtime->task : "";
}

void snn_record_write_json(struct snn_record *record, const char *name, struct snn_json *json)
{
    char path[SNN_PATH_BYTES];

    snn_json_finish(json);
    snn_record_check(snn_path_join(path, record->folder, name));
    snn_record_check(snn_file_replace(path, json->text, json->bytes));
    free(json->text);
}

/* Makes the first of stamp, stamp-2, stamp-3, … that is not there yet. */
static char *make_run_folder(struct snn_runtime *runtime, const char *parent, const char *stamp)
{
    char *path = snn_region_alloc(runtime->region, SNN_PATH_BYTES);
    char name[64];

    for (int k = 1; k < SAME_SECOND_LIMIT; k++) {
        snprintf(name, sizeof name, k == 1 ? "%s" : "%s-%d", stamp, k);
        snn_record_check(snn_path_join(path, parent, name));
        if (mkdir(path, 0777) == 0)
            return path;
        if (errno != EEXIST)
            break;
    }
    snn_panic("cannot make folder '%s': %s; choose another with --out", path, strerror(errno));
}

static char *make_folder(struct snn_runtime *runtime, const char *stamp)
{
    char parent[SNN_PATH_BYTES];

    snn_record_check(snn_path_join(parent, runtime->options->out, runtime->program->name));
    if (snn_folder_make(parent) < 0)
        snn_panic("%s; choose another with --out", snn_last_error());
    return make_run_folder(runtime, parent, stamp);
}

struct snn_record *snn_record_create(struct snn_runtime *runtime)
{
    struct snn_record *record = snn_region_alloc(runtime->region, sizeof *record);
    time_t now = time(NULL);
    struct tm local;
    char stamp[32];

    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
    strftime(record->started, sizeof record->started, "%Y-%m-%dT%H:%M:%S%z", &local);
    record->runtime = runtime;
    record->metrics = -1;
    pthread_mutex_init(&record->mutex, NULL);
    record->folder = make_folder(runtime, stamp);
    snn_record_params(record, "unfinished");
    return record;
}

void snn_record_destroy(struct snn_record *record)
{
    if (record->metrics >= 0)
        close(record->metrics);
    for (size_t i = 0; i < record->reported_count; i++)
        free(record->reported[i].value);
    free(record->logged);
    free(record->reported);
    free(record->loops);
    free(record->tasks);
    pthread_mutex_destroy(&record->mutex);
}

const char *snn_record_folder(const struct snn_record *record)
{
    return record->folder;
}

const char *snn_record_path(struct snn_record *record, const char *name)
{
    char *path = snn_region_alloc(record->runtime->region, SNN_PATH_BYTES);
    char *slash;

    snn_record_check(snn_path_join(path, record->folder, name));
    slash = strrchr(path, '/');
    *slash = '\0';
    snn_record_check(snn_folder_make(path));
    *slash = '/';
    return path;
}

const char *snn_record_new_path(struct snn_record *record, const char *name, const char *ending)
{
    char numbered[512];

    for (int k = 1;; k++) {
        const char *path;

        if (k == 1)
            snprintf(numbered, sizeof numbered, "%.400s%s", name, ending);
        else
            snprintf(numbered, sizeof numbered, "%.400s-%d%s", name, k, ending);
        path = snn_record_path(record, numbered);
        if (access(path, F_OK) != 0)
            return path;
    }
}

const char *snn_record_sibling(struct snn_record *record, const char *path, const char *ending)
{
    size_t stem = (size_t)(strrchr(path, '.') - path), bytes = stem + strlen(ending) + 1;
    char *sibling = snn_region_alloc(record->runtime->region, bytes);

    snprintf(sibling, bytes, "%.*s%s", (int)stem, path, ending);
    return sibling;
}

/* ---- params.json */

static void write_param(struct snn_json *json, const struct snn_param *param, union snn_value value)
{
    switch (param->type) {
    case SNN_BOOL: snn_json_bool(json, param->name, value.integer != 0); return;
    case SNN_INT32:
    case SNN_INT64: snn_json_integer(json, param->name, value.integer); return;
    case SNN_STRING: snn_json_text(json, param->name, value.text); return;
    case SNN_FLOAT32:
    case SNN_FLOAT64: break;
    }
    if (param->unit_count > 0 || value.real - value.real != 0) {
        char text[128]; /* with its unit; infinity is not a number of JSON */

        snn_parameter_print(text, sizeof text, param, value);
        snn_json_text(json, param->name, text);
        return;
    }
    snn_json_number(json, param->name, value.real);
}

static void write_seeds(struct snn_json *json, const struct snn_seeds *seeds)
{
    snn_json_unsigned(json, "seed", seeds->seed);
    snn_json_begin_object(json, "seeds");
    for (int kind = 0; kind < SNN_STREAM_KINDS; kind++)
        snn_json_unsigned(json, snn_stream_kind_name(kind), seeds->streams[kind]);
    snn_json_end_object(json);
}

void snn_record_params(struct snn_record *record, const char *status)
{
    const struct snn_program *program = record->runtime->program;
    const struct snn_options *options = record->runtime->options;
    struct snn_json json;

    snn_json_start(&json, true);
    snn_json_begin_object(&json, NULL);
    snn_json_text(&json, "program", program->name);
    snn_json_text(&json, "source", program->source);
    snn_json_text(&json, "compiler", program->compiler);
    snn_json_text(&json, "started", record->started);
    snn_json_text(&json, "status", status);
    snn_json_begin_array(&json, "command_line");
    for (int i = 0; i < options->argc; i++)
        snn_json_text(&json, NULL, options->argv[i]);
    snn_json_end_array(&json);
    snn_json_begin_array(&json, "tasks");
    for (int i = 0; i < options->task_count; i++)
        snn_json_text(&json, NULL, program->tasks[options->tasks[i]].name);
    snn_json_end_array(&json);
    snn_json_begin_object(&json, "parameters");
    for (int i = 0; i < program->param_count; i++)
        write_param(&json, &program->params[i], options->params[i]);
    snn_json_end_object(&json);
    snn_json_begin_object(&json, "data");
    for (int i = 0; i < program->data_count; i++)
        snn_json_text(&json, program->data[i].name, options->data[i]);
    snn_json_end_object(&json);
    write_seeds(&json, &options->seeds);
    snn_json_integer(&json, "threads", options->threads);
    snn_json_text(&json, "model", record->runtime->model_path);
    snn_json_end_object(&json);
    snn_record_write_json(record, "params.json", &json);
}
