/* SPDX-License-Identifier: MIT
 *
 * Members that are missing, as in the folders of older versions, are unknown, not wrong. Arrays
 * among the results stay in their file.
 */
#include "experiment/run_info.h"

#include "error.h"
#include "record/file.h"
#include "record/number.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

bool snn_run_name_is_valid(const char *name)
{
    enum { STAMP_LENGTH = 15 }; /* 20261122-031243 */
    size_t length = strlen(name);

    return length >= STAMP_LENGTH && length < SNN_RUN_NAME_BYTES &&
           strspn(name, "0123456789-") == length && name[8] == '-' &&
           (name[STAMP_LENGTH] == '\0' || name[STAMP_LENGTH] == '-');
}

static const char *keep(struct snn_region *region, const char *text)
{
    size_t bytes = text ? strlen(text) + 1 : 1;

    return memcpy(snn_region_alloc(region, bytes), text ? text : "", bytes);
}

static const char *text_member(struct snn_region *region, const json_t *object, const char *name)
{
    return keep(region, json_string_value(json_object_get(object, name)));
}

/* "train test" */
static const char *join_tasks(struct snn_region *region, const json_t *tasks)
{
    size_t bytes = 1, used = 0;
    char *text;

    for (size_t i = 0; i < json_array_size(tasks); i++)
        bytes += json_string_length(json_array_get(tasks, i)) + 1;
    text = snn_region_alloc(region, bytes);
    for (size_t i = 0; i < json_array_size(tasks); i++) {
        const char *task = json_string_value(json_array_get(tasks, i));

        used += (size_t)snprintf(text + used, bytes - used, "%s%s", i ? " " : "", task ? task : "");
    }
    return text;
}

/* A number, truth value or text as it stands in the file; false for anything else. */
static bool read_value(struct snn_run_value *value, struct snn_region *region, const json_t *json)
{
    char text[SNN_NUMBER_BYTES];

    if (json_is_integer(json)) {
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
    } else if (json_is_real(json)) {
        snn_format_number(text, json_real_value(json));
    } else if (json_is_string(json) || json_is_boolean(json)) {
        value->text = keep(region, json_is_string(json) ? json_string_value(json)
                                   : json_is_true(json) ? "true"
                                                        : "false");
        return true;
    } else {
        return false;
    }
    value->is_number = true;
    value->number = json_number_value(json);
    value->text = keep(region, text);
    return true;
}

/* Appends the members of `object`, the values of one task or all parameters. */
static void read_values(struct snn_run_value *values, size_t *count, struct snn_region *region,
                        const char *task, const char *prefix, json_t *object)
{
    const char *name;
    json_t *member;

    json_object_foreach(object, name, member)
    {
        struct snn_run_value value = { .task = task, .unit = "" };
        const json_t *number = json_object_get(member, "value");
        char full_name[512];

        if (number)
            value.unit = text_member(region, member, "unit");
        if (!read_value(&value, region, number ? number : member))
            continue;
        snprintf(full_name, sizeof full_name, "%s%s", prefix, name);
        value.name = keep(region, full_name);
        values[(*count)++] = value;
    }
}

static void read_parameters(struct snn_run_info *out, struct snn_region *region,
                            const json_t *params)
{
    json_t *parameters = json_object_get(params, "parameters"),
           *data = json_object_get(params, "data");
    size_t room = json_object_size(parameters) + json_object_size(data);

    out->parameters = snn_region_array(region, room, sizeof *out->parameters);
    read_values(out->parameters, &out->parameter_count, region, "", "", parameters);
    read_values(out->parameters, &out->parameter_count, region, "", "data.", data);
}

static void read_results(struct snn_run_info *out, struct snn_region *region, json_t *results)
{
    const char *task;
    json_t *values;
    size_t room = 0;

    json_object_foreach(results, task, values) room += json_object_size(values);
    out->results = snn_region_array(region, room, sizeof *out->results);
    json_object_foreach(results, task, values)
        read_values(out->results, &out->result_count, region, keep(region, task), "", values);
}

static void read_seed(struct snn_run_info *out, struct snn_region *region, const json_t *seed)
{
    char text[SNN_NUMBER_BYTES] = "";

    if (json_is_integer(seed))
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(seed));
    else if (json_is_string(seed)) /* beyond the integers of JSON's readers */
        snprintf(text, sizeof text, "%s", json_string_value(seed));
    out->seed = keep(region, text);
}

static void read_request(struct snn_run_info *out, struct snn_region *region, const json_t *params,
                         bool is_running)
{
    const json_t *seconds = json_object_get(params, "seconds");

    out->status = text_member(region, params, "status");
    if (strcmp(out->status, "unfinished") == 0)
        out->status = is_running ? "running" : "killed";
    out->started = text_member(region, params, "started");
    out->compiler = text_member(region, params, "compiler");
    out->version = text_member(region, params, "version");
    out->identity = text_member(region, params, "identity");
    out->error = text_member(region, params, "error");
    out->tasks = join_tasks(region, json_object_get(params, "tasks"));
    read_seed(out, region, json_object_get(params, "seed"));
    out->seconds = json_is_number(seconds) ? json_number_value(seconds) : -1;
    out->fold = (int)json_integer_value(json_object_get(params, "fold"));
    out->folds = (int)json_integer_value(json_object_get(params, "folds"));
    out->threads = (int)json_integer_value(json_object_get(params, "threads"));
    read_parameters(out, region, params);
}

static json_t *load(const char *folder, const char *name, const char *file)
{
    char run[SNN_PATH_BYTES], path[SNN_PATH_BYTES];
    json_error_t error;
    json_t *json;

    if (snn_path_join(run, folder, name) < 0 || snn_path_join(path, run, file) < 0)
        return NULL;
    json = json_load_file(path, 0, &error);
    if (!json)
        snn_error_set("'%s' cannot be read: %s", path, error.text);
    return json;
}

int snn_run_info_read(struct snn_run_info *out, struct snn_region *region, const char *folder,
                      const char *name, bool is_running)
{
    json_t *params, *results;

    *out = (struct snn_run_info){ .seconds = -1 };
    params = load(folder, name, "params.json");
    if (!params)
        return -1;
    snprintf(out->name, sizeof out->name, "%s", name);
    read_request(out, region, params, is_running);
    json_decref(params);
    results = load(folder, name, "results.json");
    read_results(out, region, results);
    json_decref(results);
    return 0;
}
