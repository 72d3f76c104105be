/* SPDX-License-Identifier: MIT
 *
 * Reads the command line once, from left to right. A word with '=' before any other sign is a
 * parameter, one that begins with
 * '-' an option, any other the name of a task. Every mistake is an error of one line with a remedy.
 */
#include "options.h"

#include "error.h"
#include "parameters.h"
#include "suggest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREAD_LIMIT = 1024, CHECKPOINT_SECONDS = 60 };

static const struct {
    const char *name;
    bool has_value;
} all_options[] = {
    { "--seed", true },       { "--threads", true }, { "--data", true },     { "--fold", true },
    { "--out", true },        { "--model", true },   { "--quiet", false },   { "--resume", false },
    { "--checkpoint", true }, { "--help", false },   { "--version", false },
};

enum { OPTION_COUNT = sizeof all_options / sizeof *all_options };

/* The words not yet read. */
struct arguments {
    int left;
    char **next;
};

static int find_task(const struct snn_program *program, const char *name)
{
    for (int i = 0; i < program->task_count; i++)
        if (strcmp(program->tasks[i].name, name) == 0)
            return i;
    return -1;
}

static int find_param(const struct snn_program *program, const char *name, size_t length)
{
    for (int i = 0; i < program->param_count; i++)
        if (strlen(program->params[i].name) == length &&
            strncmp(program->params[i].name, name, length) == 0)
            return i;
    return -1;
}

static int with_suggestion(const char *what, const char *word, const char *best,
                           const char *otherwise)
{
    if (best)
        return snn_error_set("%s '%s'; did you mean '%s'?", what, word, best);
    return snn_error_set("%s '%s'; %s", what, word, otherwise);
}

static int read_task(struct snn_options *options, const struct snn_program *program,
                     const char *word)
{
    int task = find_task(program, word);
    const char *best = NULL;

    if (task >= 0) {
        options->tasks[options->task_count++] = task;
        return 0;
    }
    for (int i = 0; i < program->task_count; i++)
        best = snn_suggest(word, best, program->tasks[i].name);
    if (!best && find_param(program, word, strlen(word)) >= 0)
        return snn_error_set("parameter '%s' has no value; write '%s=…'", word, word);
    return with_suggestion("there is no task", word, best, "--help lists the tasks");
}

static int read_param(struct snn_options *options, struct snn_region *region,
                      const struct snn_program *program, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t length = (size_t)(equals - word);
    int param = find_param(program, word, length);
    const char *best = NULL;
    char *name;

    if (param >= 0) {
        options->is_given[param] = true;
        return snn_parameter_read(&options->params[param], &program->params[param], equals + 1);
    }
    name = snn_region_alloc(region, length + 1);
    memcpy(name, word, length);
    for (int i = 0; i < program->param_count; i++)
        best = snn_suggest(name, best, program->params[i].name);
    return with_suggestion("there is no parameter", name, best, "--help lists the parameters");
}

/* The value of an option: after '=' in the same word, or the next word. NULL after snn_error_set.
 */
static const char *option_value(struct arguments *arguments, const char *word, size_t name_length)
{
    if (word[name_length] == '=')
        return word + name_length + 1;
    if (arguments->left == 0) {
        snn_error_set("option '%s' needs a value", word);
        return NULL;
    }
    arguments->left--;
    return *arguments->next++;
}

int snn_options_whole(uint64_t *out, const char *option, const char *text, uint64_t low,
                      uint64_t high)
{
    char *rest;

    errno = 0;
    *out = strtoull(text, &rest, 10);
    if (*text >= '0' && *text <= '9' && *rest == '\0' && errno == 0 && *out >= low && *out <= high)
        return 0;
    return snn_error_set("option '%s' is '%s', but must be a whole number from %llu to %llu",
                         option, text, (unsigned long long)low, (unsigned long long)high);
}

static int read_seed(struct snn_options *options, const char *word, size_t length, const char *text)
{
    char name[32] = "";
    size_t prefix = strlen("--seed.");
    int kind;
    const char *best = NULL;

    if (length < prefix) {
        options->has_seed = true;
        return snn_options_whole(&options->seeds.seed, "--seed", text, 0, UINT64_MAX);
    }
    snprintf(name, sizeof name, "%.*s", (int)(length - prefix), word + prefix);
    kind = snn_stream_kind_find(name);
    if (kind >= 0) {
        options->seeds.is_given[kind] = true;
        return snn_options_whole(&options->seeds.streams[kind], word, text, 0, UINT64_MAX);
    }
    for (int i = 0; i < SNN_STREAM_KINDS; i++)
        best = snn_suggest(name, best, snn_stream_kind_name(i));
    return with_suggestion("there is no random stream", name, best,
                           "the streams are weights, delays, data, encoder, ties and other");
}

static int read_data(struct snn_options *options, const struct snn_program *program,
                     const char *text)
{
    const char *equals = strchr(text, '='), *best = NULL;

    if (!equals || equals == text || equals[1] == '\0')
        return snn_error_set("option '--data' is '%s', but must be NAME=builtin or NAME=PATH",
                             text);
    for (int i = 0; i < program->data_count; i++) {
        const char *name = program->data[i].name;

        if (strncmp(name, text, (size_t)(equals - text)) == 0 && name[equals - text] == '\0') {
            options->data[i] = equals + 1;
            return 0;
        }
        best = program->data_count == 1 ? name : snn_suggest(text, best, name);
    }
    if (program->data_count == 0)
        return snn_error_set("option '--data' is '%s', but the program declares no data", text);
    return with_suggestion("there is no data set for", text, best, "--help lists the data sets");
}

/* "3/10": the fold of that number, from 0, of as many. */
static int read_fold(struct snn_options *options, const char *text)
{
    const char *slash = strchr(text, '/');
    char number[16];
    uint64_t fold, folds;

    if (!slash || slash == text || (size_t)(slash - text) >= sizeof number)
        return snn_error_set("option '--fold' is '%s', but must be NUMBER/COUNT, such as 0/10",
                             text);
    snprintf(number, sizeof number, "%.*s", (int)(slash - text), text);
    if (snn_options_whole(&folds, "--fold", slash + 1, 2, SNN_FOLD_LIMIT) < 0 ||
        snn_options_whole(&fold, "--fold", number, 0, folds - 1) < 0)
        return -1;
    options->fold = (int)fold;
    options->folds = (int)folds;
    return 0;
}

/* "60 s", "5 min", "1 h" or "never". */
static int read_checkpoint(struct snn_options *options, const char *text)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = { { "s", 1 }, { "min", 60 }, { "h", 3600 } };
    char *rest;
    double number = strtod(text, &rest);

    if (strcmp(text, "never") == 0) {
        options->checkpoint_seconds = INFINITY;
        return 0;
    }
    for (int i = 0; i < 3 && rest != text && number >= 0 && isfinite(number); i++)
        if (strcmp(rest + strspn(rest, " "), units[i].name) == 0) {
            options->checkpoint_seconds = number * units[i].seconds;
            return 0;
        }
    return snn_error_set("option '--checkpoint' is '%s', but must be a time such as '60 s' or "
                         "'5 min', or 'never'",
                         text);
}

static bool is_option(const char *word, size_t length, const char *name)
{
    return strlen(name) == length && strncmp(word, name, length) == 0;
}

bool snn_options_needs_value(const char *word)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (all_options[i].has_value && strcmp(word, all_options[i].name) == 0)
            return true;
    return strncmp(word, "--seed.", strlen("--seed.")) == 0 && !strchr(word, '=');
}

static int unknown_option(const char *word, size_t length)
{
    char name[64];
    const char *best = NULL;

    snprintf(name, sizeof name, "%.*s", (int)length, word);
    for (int i = 0; i < OPTION_COUNT; i++)
        best = snn_suggest(name, best, all_options[i].name);
    return with_suggestion("there is no option", name, best, "--help lists the options");
}

static int set_text(const char **out, const char *value)
{
    *out = value;
    return value ? 0 : -1;
}

static int read_option(struct snn_options *options, const struct snn_program *program,
                       struct arguments *arguments, const char *word)
{
    size_t length = strcspn(word, "=");
    const char *value;
    uint64_t number = 0;

    if (is_option(word, length, "--quiet") || is_option(word, length, "-q")) {
        options->is_quiet = true;
        return 0;
    }
    if (is_option(word, length, "--resume")) {
        options->resumes = true;
        options->resume = word[length] == '=' ? word + length + 1 : options->resume;
        return 0;
    }
    if (is_option(word, length, "--checkpoint")) {
        value = option_value(arguments, word, length);
        return value ? read_checkpoint(options, value) : -1;
    }
    if (is_option(word, length, "--out"))
        return set_text(&options->out, option_value(arguments, word, length));
    if (is_option(word, length, "--model"))
        return set_text(&options->model, option_value(arguments, word, length));
    if (is_option(word, length, "--data")) {
        value = option_value(arguments, word, length);
        return value ? read_data(options, program, value) : -1;
    }
    if (is_option(word, length, "--fold")) {
        value = option_value(arguments, word, length);
        return value ? read_fold(options, value) : -1;
    }
    if (is_option(word, length, "--threads")) {
        value = option_value(arguments, word, length);
        if (!value || snn_options_whole(&number, "--threads", value, 1, THREAD_LIMIT) < 0)
            return -1;
        options->threads = (int)number;
        options->has_threads = true;
        return 0;
    }
    if (is_option(word, length, "--seed") || strncmp(word, "--seed.", strlen("--seed.")) == 0) {
        value = option_value(arguments, word, length);
        return value ? read_seed(options, word, length, value) : -1;
    }
    return unknown_option(word, length);
}

static int read_word(struct snn_options *options, struct snn_region *region,
                     const struct snn_program *program, struct arguments *arguments)
{
    const char *word = *arguments->next++;

    arguments->left--;
    if (word[0] == '-' && word[1] != '\0')
        return read_option(options, program, arguments, word);
    if (strchr(word, '=') && word[0] != '=')
        return read_param(options, region, program, word);
    return read_task(options, program, word);
}

int snn_options_processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count < 1 ? 1 : count > THREAD_LIMIT ? THREAD_LIMIT : (int)count;
}

static void set_defaults(struct snn_options *options, struct snn_region *region,
                         const struct snn_program *program, int argc, char **argv)
{
    *options = (struct snn_options){ .argc = argc,
                                     .argv = argv,
                                     .out = "runs",
                                     .threads = snn_options_processors(),
                                     .checkpoint_seconds = CHECKPOINT_SECONDS,
                                     .failure = -1 };
    options->tasks =
        snn_region_array(region, (size_t)(argc + program->task_count), sizeof *options->tasks);
    options->params =
        snn_region_array(region, (size_t)program->param_count, sizeof *options->params);
    options->is_given =
        snn_region_array(region, (size_t)program->param_count, sizeof *options->is_given);
    options->data = snn_region_array(region, (size_t)program->data_count, sizeof *options->data);
    for (int i = 0; i < program->param_count; i++)
        options->params[i] = program->params[i].initial;
}

static bool prints_and_ends(const struct snn_program *program, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            snn_help_print(stdout, program);
            return true;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("%s, compiled by %s\n", program->name, program->compiler);
            return true;
        }
    }
    return false;
}

static bool asks(const struct snn_options *options, const struct snn_program *program)
{
    bool asks =
        options->task_count > 0 || options->has_seed || options->folds > 0 || options->model;

    for (int i = 0; i < program->param_count; i++)
        asks |= options->is_given[i];
    for (int i = 0; i < program->data_count; i++)
        asks |= options->data[i] != NULL;
    for (int i = 0; i < SNN_STREAM_KINDS; i++)
        asks |= options->seeds.is_given[i];
    return asks;
}

enum snn_options_result snn_options_read(struct snn_options *out, struct snn_region *region,
                                         const struct snn_program *program, int argc, char **argv)
{
    struct arguments arguments = { argc > 0 ? argc - 1 : 0, argv + 1 };

    set_defaults(out, region, program, argc, argv);
    if (prints_and_ends(program, argc, argv))
        return SNN_OPTIONS_DONE;
    while (arguments.left > 0) {
        if (read_word(out, region, program, &arguments) < 0) {
            fprintf(stderr, "error: %s\n", snn_last_error());
            return SNN_OPTIONS_WRONG;
        }
    }
    out->asks = asks(out, program);
    for (int i = 0, named = out->task_count; named == 0 && i < program->task_count; i++)
        if (!program->tasks[i].is_optional)
            out->tasks[out->task_count++] = i;
    snn_seeds_complete(&out->seeds);
    return SNN_OPTIONS_RUN;
}
