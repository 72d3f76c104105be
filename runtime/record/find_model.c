/* SPDX-License-Identifier: MIT
 *
 * Which earlier run's model a task goes on with: the newest with a model.npz whose params.json has
 * the same value for every parameter, and the same source for every data set, as this run; if a
 * seed was given, rather one of that seed. That is stricter than it need be (a parameter that only
 * a later task uses also counts), but never wrong.
 */
#include "record/model.h"

#include "parameters.h"
#include "record/file.h"

#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct candidate {
    char name[64];
    char stamp[32]; /* 20261122-031243 */
    long number;    /* of the runs of one second */
};

/* Newest first. */
static int compare_candidates(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    int order = strcmp(b->stamp, a->stamp);

    return order ? order : (b->number > a->number) - (b->number < a->number);
}

static bool read_candidate(struct candidate *out, const char *name)
{
    enum { STAMP_LENGTH = 15 };
    const char *rest = name + STAMP_LENGTH;

    if (strlen(name) >= sizeof out->name || strspn(name, "0123456789-") != strlen(name) ||
        strlen(name) < STAMP_LENGTH || (*rest != '\0' && *rest != '-'))
        return false;
    memcpy(out->name, name, strlen(name) + 1);
    snprintf(out->stamp, sizeof out->stamp, "%.*s", STAMP_LENGTH, name);
    out->number = *rest ? strtol(rest + 1, NULL, 10) : 1;
    return true;
}

/* The runs in `folder`, newest first; the caller frees them. */
static size_t list_runs(const char *folder, struct candidate **out)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    size_t count = 0, capacity = 0;

    *out = NULL;
    while (directory && (entry = readdir(directory))) {
        if (count == capacity) {
            struct candidate *grown = realloc(*out, (capacity = 2 * capacity + 16) * sizeof **out);

            if (!grown)
                break;
            *out = grown;
        }
        count += read_candidate(&(*out)[count], entry->d_name);
    }
    if (directory)
        closedir(directory);
    if (count > 1)
        qsort(*out, count, sizeof **out, compare_candidates);
    return count;
}

size_t snn_runs_list(const char *folder, char (**paths)[SNN_PATH_BYTES])
{
    struct candidate *runs;
    size_t count = list_runs(folder, &runs), kept = 0;

    *paths = calloc(count + 1, sizeof **paths);
    for (size_t i = 0; *paths && i < count; i++)
        kept += snn_path_join((*paths)[kept], folder, runs[i].name) == 0;
    free(runs);
    return kept;
}

/* The text of a value as it was written by write_param, read back. */
static bool value_matches(const struct snn_param *param, union snn_value here, const json_t *there)
{
    union snn_value value;

    if (json_is_boolean(there))
        value.integer = json_boolean_value(there);
    else if (json_is_integer(there) && param->type != SNN_FLOAT32 && param->type != SNN_FLOAT64)
        value.integer = json_integer_value(there);
    else if (json_is_number(there))
        value.real = json_number_value(there);
    else if (json_is_string(there) && param->type == SNN_STRING)
        value.text = json_string_value(there);
    else if (!json_is_string(there) ||
             snn_parameter_read(&value, param, json_string_value(there)) < 0)
        return false;
    return snn_parameter_equal(param, here, value);
}

static const char *text_of(const json_t *value, char *buffer, size_t bytes)
{
    char *text;

    if (json_is_string(value))
        return json_string_value(value);
    text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    snprintf(buffer, bytes, "%s", text ? text : "nothing");
    free(text);
    return buffer;
}

static void describe_fold(char *out, size_t bytes, int fold, int folds)
{
    if (folds > 0)
        snprintf(out, bytes, "fold %d of %d", fold, folds);
    else
        snprintf(out, bytes, "no fold");
}

static bool fold_matches(const struct snn_options *options, const json_t *params, char *why,
                         size_t why_bytes)
{
    int fold = (int)json_integer_value(json_object_get(params, "fold"));
    int folds = (int)json_integer_value(json_object_get(params, "folds"));
    char there[48], here[48];

    if (folds == options->folds && fold == options->fold)
        return true;
    describe_fold(there, sizeof there, fold, folds);
    describe_fold(here, sizeof here, options->fold, options->folds);
    snprintf(why, why_bytes, "%s there and %s here", there, here);
    return false;
}

/* Is `params`, the document of an earlier run, of a run with our parameters? If not, `why` names
 * the first difference. */
static bool params_match(const struct snn_runtime *runtime, const json_t *params, char *why,
                         size_t why_bytes)
{
    const struct snn_program *program = runtime->program;
    const json_t *parameters = json_object_get(params, "parameters"),
                 *data = json_object_get(params, "data");
    char here[128], buffer[64];

    for (int i = 0; i < program->param_count; i++) {
        const json_t *there = json_object_get(parameters, program->params[i].name);

        if (value_matches(&program->params[i], runtime->options->params[i], there))
            continue;
        snn_parameter_print(here, sizeof here, &program->params[i], runtime->options->params[i]);
        snprintf(why, why_bytes, "%s = %s there and %s here", program->params[i].name,
                 text_of(there, buffer, sizeof buffer), here);
        return false;
    }
    for (int i = 0; i < program->data_count; i++) {
        const char *there = json_string_value(json_object_get(data, program->data[i].name));
        const char *source = runtime->options->data[i];

        if ((!there && !source) || (there && source && strcmp(there, source) == 0))
            continue;
        snprintf(why, why_bytes, "data set %s is %s there and %s here", program->data[i].name,
                 there ? there : "the program's own", source ? source : "the program's own");
        return false;
    }
    return fold_matches(runtime->options, params, why, why_bytes);
}

static bool seed_matches(const struct snn_options *options, const json_t *params)
{
    const json_t *seed = json_object_get(params, "seed");
    uint64_t there = (uint64_t)json_integer_value(seed);

    if (json_is_string(seed)) /* beyond the integers of JSON's readers */
        there = strtoull(json_string_value(seed), NULL, 10);
    return there == options->seeds.seed;
}

enum match { DIFFERS, HAS_OTHER_SEED, MATCHES };

static enum match compare_run(const struct snn_runtime *runtime, const char *folder, char *why,
                              size_t why_bytes)
{
    char path[SNN_PATH_BYTES];
    enum match match = DIFFERS;
    json_t *params;

    if (snn_path_join(path, folder, "params.json") < 0 ||
        !(params = json_load_file(path, 0, NULL))) {
        snprintf(why, why_bytes, "its params.json cannot be read");
        return DIFFERS;
    }
    if (params_match(runtime, params, why, why_bytes))
        match = !runtime->options->has_seed || seed_matches(runtime->options, params)
                    ? MATCHES
                    : HAS_OTHER_SEED;
    json_decref(params);
    return match;
}

const char *snn_model_find(struct snn_runtime *runtime, char *why, size_t why_bytes)
{
    char parent[SNN_PATH_BYTES], folder[SNN_PATH_BYTES], path[SNN_PATH_BYTES], difference[256];
    char *found = snn_region_alloc(runtime->region, SNN_PATH_BYTES);
    struct candidate *runs = NULL;
    size_t count = 0, different = 0;
    enum match best = DIFFERS, match;

    if (snn_path_join(parent, runtime->options->out, runtime->program->name) == 0)
        count = list_runs(parent, &runs);
    for (size_t i = 0; i < count && best != MATCHES; i++) {
        if (snn_path_join(folder, parent, runs[i].name) < 0 ||
            snn_path_join(path, folder, "model.npz") < 0 || access(path, R_OK) != 0)
            continue;
        match = compare_run(runtime, folder, difference, sizeof difference);
        if (match > best) {
            best = match;
            memcpy(found, path, SNN_PATH_BYTES);
        }
        if (match == DIFFERS && different++ == 0)
            snprintf(why, why_bytes, "the newest, %.300s, has %s", runs[i].name, difference);
    }
    if (different == 0)
        snprintf(why, why_bytes, "there is no model in %.300s", parent);
    free(runs);
    return best == DIFFERS ? NULL : found;
}
