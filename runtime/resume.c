/* SPDX-License-Identifier: MIT
 *
 * A run is known by its folder: params.json has its command line, which is read again, and its
 * seeds. What it was asked to do must be what this process is asked to do, if anything is.
 */
#include "resume.h"

#include "error.h"
#include "experiment/running.h"
#include "parameters.h"
#include "record/model.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct search {
    struct snn_options *options;
    struct snn_region *region;
    const struct snn_program *program;
    const char *parent; /* folder of the program's runs */
    int lock;           /* of running.h */
    char why[512];      /* why the newest run is not it */
};

static const char *copy(struct snn_region *region, const char *text)
{
    size_t bytes = strlen(text) + 1;

    return memcpy(snn_region_alloc(region, bytes), text, bytes);
}

/* Says why this run is not the one, unless a newer one has been told about. */
static bool refuse(struct search *search, const char *name, const char *why)
{
    if (!*search->why)
        snprintf(search->why, sizeof search->why, "the newest, %.200s, %s", name, why);
    return false;
}

/* ---- what a run was asked to do */

static bool read_command_line(const struct search *search, const json_t *params,
                              struct snn_options *out)
{
    const json_t *words = json_object_get(params, "command_line");
    size_t count = json_array_size(words);
    char **argv = snn_region_array(search->region, count + 1, sizeof *argv);

    for (size_t i = 0; i < count; i++) {
        const char *word = json_string_value(json_array_get(words, i));

        argv[i] = (char *)(uintptr_t)copy(search->region, word ? word : "");
    }
    return count > 0 && snn_options_read(out, search->region, search->program, (int)count, argv) ==
                            SNN_OPTIONS_RUN;
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* The first thing that differs between what is asked for now and what that run was asked for; NULL:
 * nothing. */
static const char *difference(const struct snn_program *program, const struct snn_options *now,
                              const struct snn_options *then)
{
    if (now->task_count != then->task_count ||
        memcmp(now->tasks, then->tasks, (size_t)now->task_count * sizeof *now->tasks) != 0)
        return "has other tasks";
    for (int i = 0; i < program->param_count; i++)
        if (!snn_parameter_equal(&program->params[i], now->params[i], then->params[i]))
            return program->params[i].name;
    for (int i = 0; i < program->data_count; i++)
        if (!is_same_text(now->data[i], then->data[i]))
            return program->data[i].name;
    if (memcmp(now->seeds.streams, then->seeds.streams, sizeof now->seeds.streams) != 0)
        return "has another seed";
    if (now->fold != then->fold || now->folds != then->folds)
        return "has another fold";
    return is_same_text(now->model, then->model) ? NULL : "began with another model";
}

static bool is_same_request(struct search *search, const char *name, const struct snn_options *then)
{
    const char *what = difference(search->program, search->options, then);
    char why[256];

    if (!what)
        return true;
    if (strchr(what, ' '))
        return refuse(search, name, what);
    snprintf(why, sizeof why, "has another '%.200s'", what);
    return refuse(search, name, why);
}

/* Seeds as they were after a model had been chosen. */
static void read_seeds(const json_t *params, struct snn_seeds *seeds)
{
    const json_t *streams = json_object_get(params, "seeds");

    for (int kind = 0; kind < SNN_STREAM_KINDS; kind++) {
        const json_t *seed = json_object_get(streams, snn_stream_kind_name(kind));

        if (json_is_integer(seed))
            seeds->streams[kind] = (uint64_t)json_integer_value(seed);
        else if (json_is_string(seed))
            seeds->streams[kind] = strtoull(json_string_value(seed), NULL, 10);
    }
}

static void take_over(struct search *search, const json_t *params, struct snn_options *then,
                      struct snn_resume *out)
{
    const struct snn_options *now = search->options;
    const char *model = json_string_value(json_object_get(params, "model"));
    const char *started = json_string_value(json_object_get(params, "started"));

    read_seeds(params, &then->seeds);
    then->threads = now->threads;
    then->has_threads = now->has_threads;
    then->out = now->out;
    then->failure = now->failure;
    then->is_quiet = now->is_quiet;
    then->checkpoint_seconds = now->checkpoint_seconds;
    then->folder = out->folder;
    out->model = model ? copy(search->region, model) : NULL;
    out->started = copy(search->region, started ? started : "");
    *search->options = *then;
}

/* ---- runs */

static bool has_file(const char *folder, const char *name)
{
    char path[SNN_PATH_BYTES];

    return snn_path_join(path, folder, name) == 0 && access(path, R_OK) == 0;
}

static bool check_params(struct search *search, const char *name, const json_t *params,
                         struct snn_resume *out)
{
    const char *version = json_string_value(json_object_get(params, "version"));
    const char *compiler = json_string_value(json_object_get(params, "compiler"));
    const char *status = json_string_value(json_object_get(params, "status"));
    struct snn_options then;

    if (status && strcmp(status, "finished") == 0)
        return refuse(search, name, "is finished");
    if (search->lock >= 0 && snn_running_test(search->lock, name))
        return refuse(search, name, "is still running");
    if (!is_same_text(version, search->program->version) ||
        !is_same_text(compiler, search->program->compiler))
        return refuse(search, name, "was made by another version of the program");
    if (!has_file(out->folder, "checkpoint.npz"))
        return refuse(search, name, "ended before its first checkpoint");
    if (!read_command_line(search, params, &then))
        return refuse(search, name, "has a command line that cannot be read");
    if (search->options->asks && !is_same_request(search, name, &then))
        return false;
    take_over(search, params, &then, out);
    return true;
}

/* Is it the run to go on with? Then `out` and the options are set. */
static bool try_run(struct search *search, const char *folder, struct snn_resume *out)
{
    const char *slash = strrchr(folder, '/'), *name = slash ? slash + 1 : folder;
    char path[SNN_PATH_BYTES];
    json_t *params;
    bool is_right;

    snprintf(out->folder, sizeof out->folder, "%s", folder);
    if (snn_path_join(path, folder, "params.json") < 0 || !(params = json_load_file(path, 0, NULL)))
        return refuse(search, name, "has no params.json that can be read");
    is_right = check_params(search, name, params, out);
    json_decref(params);
    return is_right;
}

static bool try_all(struct search *search, struct snn_resume *out)
{
    char(*names)[SNN_PATH_BYTES] = NULL;
    size_t count = snn_runs_list(search->parent, &names);
    bool is_found = false;

    for (size_t i = 0; i < count && !is_found; i++)
        is_found = try_run(search, names[i], out);
    free(names);
    return is_found;
}

int snn_resume_find(struct snn_resume *out, struct snn_options *options, struct snn_region *region,
                    const struct snn_program *program)
{
    struct search search = { .options = options, .region = region, .program = program };
    char parent[SNN_PATH_BYTES], folder[SNN_PATH_BYTES];
    const char *name = options->resume;
    bool is_found;

    if (snn_path_join(parent, options->out, program->name) < 0 ||
        (name && !strchr(name, '/') && snn_path_join(folder, parent, name) < 0))
        return -1;
    if (name && strchr(name, '/'))
        snprintf(folder, sizeof folder, "%s", name);
    search.parent = parent;
    search.lock = access(parent, F_OK) == 0 ? snn_running_open(parent) : -1;
    is_found = name ? try_run(&search, folder, out) : try_all(&search, out);
    if (search.lock >= 0)
        close(search.lock);
    if (is_found)
        return 0;
    return snn_error_set("there is no run to go on with in '%s'%s%s%s", parent,
                         *search.why ? " (" : "", search.why, *search.why ? ")" : "");
}
