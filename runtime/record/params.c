/* SPDX-License-Identifier: MIT
 *
 * params.json: what the run was asked to do, by what, and how it ended. Its identity is a hash of
 * everything that decides the results: runs with the same one leave the same bytes, so that a run
 * that is there already need not be made again.
 */
#include "record/internal.h"

#include "options.h"
#include "parameters.h"
#include "progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Is a value written with its unit? */
static bool has_unit(const struct snn_param *param)
{
    return param->unit_count > 0 && *param->units[0].name;
}

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
    if (has_unit(param) || !isfinite(value.real)) {
        char text[128]; /* infinity is not a number of JSON */

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

static void write_data(struct snn_json *json, const struct snn_runtime *runtime)
{
    const struct snn_program *program = runtime->program;

    snn_json_begin_object(json, "data");
    for (int i = 0; i < program->data_count; i++)
        snn_json_text(json, program->data[i].name, runtime->options->data[i]);
    snn_json_end_object(json);
    if (runtime->options->folds > 0) {
        snn_json_integer(json, "fold", runtime->options->fold);
        snn_json_integer(json, "folds", runtime->options->folds);
    }
}

/* What the run is asked to do. */
static void write_request(struct snn_json *json, const struct snn_runtime *runtime)
{
    const struct snn_program *program = runtime->program;
    const struct snn_options *options = runtime->options;

    snn_json_begin_array(json, "tasks");
    for (int i = 0; i < options->task_count; i++)
        snn_json_text(json, NULL, program->tasks[options->tasks[i]].name);
    snn_json_end_array(json);
    snn_json_begin_object(json, "parameters");
    for (int i = 0; i < program->param_count; i++)
        write_param(json, &program->params[i], options->params[i]);
    snn_json_end_object(json);
    write_data(json, runtime);
    write_seeds(json, &options->seeds);
}

void snn_run_identify(struct snn_runtime *runtime)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    struct snn_json json;

    snn_json_start(&json, false);
    snn_json_begin_object(&json, NULL);
    snn_json_text(&json, "program", runtime->program->name);
    snn_json_text(&json, "compiler", runtime->program->compiler);
    snn_json_text(&json, "version", runtime->program->version);
    write_request(&json, runtime);
    snn_json_text(&json, "model", runtime->model_path);
    snn_json_end_object(&json);
    snn_json_finish(&json);
    for (size_t i = 0; i < json.bytes; i++)
        hash = (hash ^ (unsigned char)json.text[i]) * UINT64_C(0x100000001b3);
    free(json.text);
    snprintf(runtime->identity, sizeof runtime->identity, "%016" PRIx64, hash);
}

void snn_record_params(struct snn_record *record, const char *status, const char *error)
{
    const struct snn_runtime *runtime = record->runtime;
    const struct snn_options *options = runtime->options;
    struct snn_json json;

    snn_json_start(&json, true);
    snn_json_begin_object(&json, NULL);
    snn_json_text(&json, "program", runtime->program->name);
    snn_json_text(&json, "source", runtime->program->source);
    snn_json_text(&json, "compiler", runtime->program->compiler);
    snn_json_text(&json, "version", runtime->program->version);
    snn_json_text(&json, "identity", runtime->identity);
    snn_json_text(&json, "started", record->started);
    snn_json_text(&json, "status", status);
    if (strcmp(status, "unfinished") != 0)
        snn_json_number(&json, "seconds", snn_clock_seconds() - runtime->began);
    if (error)
        snn_json_text(&json, "error", error);
    snn_json_begin_array(&json, "command_line");
    for (int i = 0; i < options->argc; i++)
        snn_json_text(&json, NULL, options->argv[i]);
    snn_json_end_array(&json);
    write_request(&json, runtime);
    snn_json_integer(&json, "threads", options->threads);
    snn_json_text(&json, "model", runtime->model_path);
    snn_json_end_object(&json);
    snn_record_write_json(record, "params.json", &json);
}
