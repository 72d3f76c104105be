/* SPDX-License-Identifier: MIT
 *
 * The folder of a run and its name. The name is the local time, with -2, -3, … behind
 * it when runs begin in the same second: a folder is never shared and nothing in one is ever
 * another run's.
 */
#include "record/internal.h"

#include "error.h"
#include "options.h"
#include "panic.h"
#include "record/file.h"
#include "resume.h"

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
static int make_run_folder(char path[SNN_PATH_BYTES], const char *parent, const char *stamp)
{
    char name[64];

    for (int k = 1; k < SAME_SECOND_LIMIT; k++) {
        snprintf(name, sizeof name, k == 1 ? "%s" : "%s-%d", stamp, k);
        if (snn_path_join(path, parent, name) < 0)
            return -1;
        if (mkdir(path, 0777) == 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    return snn_error_set("cannot make folder '%s': %s; choose another with --out", path,
                         strerror(errno));
}

int snn_run_folder_make(char path[SNN_PATH_BYTES], const char *out, const char *program)
{
    char parent[SNN_PATH_BYTES], stamp[32];
    time_t now = time(NULL);
    struct tm local;

    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
    if (snn_path_join(parent, out, program) < 0)
        return -1;
    if (snn_folder_make(parent) < 0)
        return snn_error_set("%s; choose another with --out", snn_last_error());
    return make_run_folder(path, parent, stamp);
}

struct snn_record *snn_record_create(struct snn_runtime *runtime)
{
    struct snn_record *record = snn_region_alloc(runtime->region, sizeof *record);
    const struct snn_options *options = runtime->options;
    time_t now = time(NULL);
    struct tm local;

    localtime_r(&now, &local);
    strftime(record->started, sizeof record->started, "%Y-%m-%dT%H:%M:%S%z", &local);
    if (runtime->resume && *runtime->resume->started)
        snprintf(record->started, sizeof record->started, "%s", runtime->resume->started);
    record->runtime = runtime;
    record->metrics = record->events = -1;
    pthread_mutex_init(&record->mutex, NULL);
    record->folder = snn_region_alloc(runtime->region, SNN_PATH_BYTES);
    if (options->folder)
        snprintf(record->folder, SNN_PATH_BYTES, "%s", options->folder);
    else
        snn_record_check(snn_run_folder_make(record->folder, options->out, runtime->program->name));
    snn_record_params(record, "unfinished", NULL);
    return record;
}

void snn_record_destroy(struct snn_record *record)
{
    if (record->metrics >= 0)
        close(record->metrics);
    if (record->events >= 0)
        close(record->events);
    for (size_t i = 0; i < record->reported_count; i++)
        free(record->reported[i].value);
    free(record->logged);
    free(record->series);
    free(record->reported);
    free(record->loops);
    free(record->tasks);
    free(record->names);
    free(record->saved);
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

static bool is_among(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

bool snn_record_has_saved(const struct snn_record *record, const char *name)
{
    return is_among(record->saved, record->saved_count, name);
}

bool snn_record_add_saved(struct snn_record *record, const char *name)
{
    if (snn_record_has_saved(record, name))
        return false;
    *(const char **)snn_record_append(&record->saved, &record->saved_count, &record->saved_capacity,
                                      sizeof *record->saved) = snn_record_copy(record, name);
    return true;
}

bool snn_record_take_name(struct snn_record *record, const char *name)
{
    if (is_among(record->names, record->name_count, name))
        return false;
    *(const char **)snn_record_append(&record->names, &record->name_count, &record->name_capacity,
                                      sizeof *record->names) = name;
    return true;
}

/* Names are remembered, not looked for in the folder: a run that goes on after it was killed finds
 * there what it has yet to write. */
const char *snn_record_new_path(struct snn_record *record, const char *name, const char *ending)
{
    char numbered[512];

    for (int k = 1;; k++) {
        if (k == 1)
            snprintf(numbered, sizeof numbered, "%.400s%s", name, ending);
        else
            snprintf(numbered, sizeof numbered, "%.400s-%d%s", name, k, ending);
        if (snn_record_take_name(record, snn_record_copy(record, numbered)))
            return snn_record_path(record, numbered);
    }
}

const char *snn_record_sibling(struct snn_record *record, const char *path, const char *ending)
{
    size_t stem = (size_t)(strrchr(path, '.') - path), bytes = stem + strlen(ending) + 1;
    char *sibling = snn_region_alloc(record->runtime->region, bytes);

    snprintf(sibling, bytes, "%.*s%s", (int)stem, path, ending);
    return sibling;
}
