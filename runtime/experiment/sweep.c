/* SPDX-License-Identifier: MIT
 *
 * `sweep`: the product of all lists, the last one fastest. Every run gets the command line that
 * would make it alone; all of these are read before the first run starts.
 */
#include "experiment/jobs.h"

#include "console.h"
#include "error.h"
#include "experiment/listing.h"
#include "experiment/values.h"
#include "parameters.h"
#include "runtime.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: %s sweep NAME=LIST... [--seed LIST] [--jobs N] [--resume] [TASK...] [OPTION...]\n"
    "\n"
    "Makes a run for each combination of values, the last list fastest, each in a process and a\n"
    "folder of its own.\n"
    "\n"
    "  a=1,2,5              these values\n"
    "  a=0..9               these whole numbers\n"
    "  a=lin:0..1:5         5 values with equal distances, both ends included\n"
    "  a=log:1e-4..1e-2:5   5 values with equal ratios; 'tau=log:1..100 ms:3' has units\n"
    "  --seed LIST          seeds, in the same forms\n"
    "  --jobs N             N runs at a time (1); --threads is for each, if not given all\n"
    "                       processors divided by N\n"
    "  --resume             runs that are finished are not made again, those that were killed go\n"
    "                       on from their checkpoints\n"
    "\n"
    "The other options are those of a single run.\n";

enum { AXIS_LIMIT = 32 };

/* One list. */
struct axis {
    const char *name; /* "--seed" for the seed */
    const struct snn_param *param;
    struct snn_values values;
};

struct sweep {
    struct snn_jobs jobs;
    struct axis axes[AXIS_LIMIT];
    int axis_count;
    char **words; /* what every run gets: the program, tasks, options */
    int word_count;
};

static const struct snn_param *find_param(const struct snn_program *program, const char *name)
{
    for (int i = 0; i < program->param_count; i++)
        if (strcmp(program->params[i].name, name) == 0)
            return &program->params[i];
    return NULL;
}

/* Every value can be one of the parameter's, and none is there twice. */
static int check_values(const struct axis *axis, struct snn_region *region)
{
    union snn_value *values = snn_region_array(region, axis->values.count, sizeof *values);
    const char **texts = axis->values.texts;

    for (size_t i = 0; i < axis->values.count; i++) {
        if (axis->param && snn_parameter_read(&values[i], axis->param, texts[i]) < 0)
            return -1;
        for (size_t k = 0; k < i; k++)
            if (axis->param ? snn_parameter_equal(axis->param, values[k], values[i])
                            : strcmp(texts[k], texts[i]) == 0)
                return snn_error_set("'%s' has the value %s twice", axis->name, texts[i]);
    }
    return 0;
}

static int add_axis(struct sweep *sweep, const char *name, const char *list)
{
    struct axis *axis = &sweep->axes[sweep->axis_count];

    if (sweep->axis_count == AXIS_LIMIT)
        return snn_error_set("a sweep has at most %d lists", AXIS_LIMIT);
    for (int i = 0; i < sweep->axis_count; i++)
        if (strcmp(sweep->axes[i].name, name) == 0)
            return snn_error_set("'%s' is given twice", name);
    axis->name = name;
    axis->param = find_param(sweep->jobs.program, name);
    if (snn_values_expand(&axis->values, sweep->jobs.region, name, axis->param, list) < 0 ||
        check_values(axis, sweep->jobs.region) < 0)
        return -1;
    sweep->axis_count++;
    return 0;
}

static int read_word(struct sweep *sweep, struct snn_words *words)
{
    const char *value, *equals = strchr(words->words[0], '=');
    int taken = snn_jobs_take_option(&sweep->jobs, words);
    char *name;

    if (taken == 0 && (taken = snn_words_take(words, "--seed", &value)) > 0)
        return add_axis(sweep, "--seed", value);
    if (taken != 0)
        return taken;
    if (words->words[0][0] == '-' || !equals || equals == words->words[0]) {
        sweep->word_count += snn_words_move(words, &sweep->words[sweep->word_count]);
        return 1;
    }
    name = snn_region_alloc(sweep->jobs.region, (size_t)(equals - words->words[0]) + 1);
    memcpy(name, words->words[0], (size_t)(equals - words->words[0]));
    words->words++;
    words->left--;
    return add_axis(sweep, name, equals + 1);
}

/* The run number `index` of the product. */
static int add_run(struct sweep *sweep, size_t index)
{
    struct snn_region *region = sweep->jobs.region;
    int argc = sweep->word_count, used = 0;
    char **argv = snn_region_array(region, (size_t)(argc + sweep->axis_count), sizeof *argv);
    size_t label_bytes = 1;
    char *label;

    memcpy(argv, sweep->words, (size_t)argc * sizeof *argv);
    for (int k = sweep->axis_count - 1; k >= 0; k--) {
        const struct axis *axis = &sweep->axes[k];
        const char *value = axis->values.texts[index % axis->values.count];
        size_t bytes = strlen(axis->name) + strlen(value) + 2;

        index /= axis->values.count;
        label_bytes += bytes;
        argv[argc + k] = snn_region_alloc(region, bytes);
        snprintf(argv[argc + k], bytes, "%s=%s", axis->name, value);
    }
    label = snn_region_alloc(region, label_bytes);
    for (int k = 0; k < sweep->axis_count; k++) {
        const char *word = argv[argc + k];

        used += sprintf(label + used, "%s%s", k ? " " : "", word + 2 * (word[0] == '-'));
    }
    return snn_jobs_add(&sweep->jobs, label, argc + sweep->axis_count, argv);
}

/* Negative if an error was printed. */
static int add_runs(struct sweep *sweep)
{
    size_t count = 1;

    for (int k = 0; k < sweep->axis_count; k++)
        if (__builtin_mul_overflow(count, sweep->axes[k].values.count, &count))
            count = SIZE_MAX; /* more than can be added in any case */
    for (size_t i = 0; i < count; i++)
        if (add_run(sweep, i) < 0)
            return -1;
    return 0;
}

int snn_command_sweep(const struct snn_program *program, struct snn_region *region, int argc,
                      char **argv)
{
    struct snn_words words = { argv + 2, argc - 2 };
    struct sweep sweep = {
        .jobs = { .program = program, .region = region, .title = "sweep", .limit = 1 }
    };
    struct snn_run_info *infos;
    size_t count;
    int status;

    sweep.words = snn_region_array(region, (size_t)argc, sizeof *sweep.words);
    sweep.words[sweep.word_count++] = argv[0];
    while (words.left > 0) {
        int taken = snn_words_take(&words, "--help", NULL);

        if (taken > 0) {
            printf(help, program->name);
            return 0;
        }
        if (taken < 0 || read_word(&sweep, &words) < 0)
            return snn_command_refuse();
    }
    if (sweep.axis_count == 0) {
        snn_error_set(
            "'sweep' needs a list of values, such as %s=…; 'sweep --help' says which forms "
            "there are",
            program->param_count > 0 ? program->params[0].name : "--seed");
        return snn_command_refuse();
    }
    if (add_runs(&sweep) < 0)
        return SNN_EXIT_USAGE;
    status = snn_jobs_run(&sweep.jobs);
    count = snn_jobs_infos(&sweep.jobs, &infos);
    snn_listing_print(stdout, snn_listing_create(region, program, infos, count));
    snn_console_flush_results();
    return status;
}
