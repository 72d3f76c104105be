/* SPDX-License-Identifier: MIT
 *
 * --help of a program, written from its documentation comments: what it is, its tasks, parameters
 * and data sets, then the options that every program has.
 */
#include "experiment/commands.h"
#include "options.h"
#include "parameters.h"

#include <string.h>

enum { NAME_WIDTH_LIMIT = 28 };

static const char options_text[] =
    "options:\n"
    "  --seed N            seed of all random numbers (0)\n"
    "  --seed.STREAM N     seed of one stream: weights, delays, data, encoder, ties, other\n"
    "  --threads N         threads of parallel loops (all processors)\n"
    "  --data NAME=SOURCE  read data set NAME from a path, from 'builtin', or by a\n"
    "                      reader with its options: 'csv(\"f.csv\", label = 0)'\n"
    "  --fold K/N          .val is part K, from 0, of N equal parts of .train\n"
    "  --model PATH        begin with this model.npz\n"
    "  --out FOLDER        where the folders of runs are made (runs)\n"
    "  --checkpoint TIME   save what a killed run needs to go on, every so often (60 s)\n"
    "  --resume[=RUN]      go on with the newest run that was killed, or with that one\n"
    "  --quiet             no progress\n"
    "  --version           what compiled this program\n"
    "  --help              this text\n";

static int longer(int width, const char *name, size_t extra)
{
    int length = (int)(strlen(name) + extra);

    return length > width && length <= NAME_WIDTH_LIMIT ? length : width;
}

static void print_tasks(FILE *file, const struct snn_program *program)
{
    int width = 0;

    if (program->task_count > 0)
        fputs("\ntasks, run in this order if none is named:\n", file);
    for (int i = 0; i < program->task_count; i++)
        width = longer(width, program->tasks[i].name, 0);
    for (int i = 0; i < program->task_count; i++) {
        const struct snn_task *task = &program->tasks[i];
        const char *remark = !task->is_optional ? ""
                             : *task->doc       ? " (only when named)"
                                                : "(only when named)";

        fprintf(file, "  %-*s  %s%s\n", width, task->name, task->doc, remark);
    }
}

static void print_params(FILE *file, const struct snn_program *program)
{
    char value[128], range[160], choices[256];
    int width = 0;

    if (program->param_count > 0)
        fputs("\nparameters, with their defaults:\n", file);
    for (int i = 0; i < program->param_count; i++) {
        snn_parameter_print(value, sizeof value, &program->params[i], program->params[i].initial);
        width = longer(width, program->params[i].name, 1 + strlen(value));
    }
    for (int i = 0; i < program->param_count; i++) {
        const struct snn_param *param = &program->params[i];
        int used;

        snn_parameter_print(value, sizeof value, param, param->initial);
        snn_parameter_range(range, sizeof range, param);
        snn_parameter_kind(choices, sizeof choices, param);
        used = fprintf(file, "  %s=%s", param->name, value) - 2;
        if (*param->doc || *range || param->choice_count > 0)
            fprintf(file, "%*s ", used < width ? width - used : 0, "");
        if (*param->doc)
            fprintf(file, " %s", param->doc);
        if (*range)
            fprintf(file, " (%s)", range);
        if (param->choice_count > 0)
            fprintf(file, " (%s)", choices);
        fputc('\n', file);
    }
}

static void print_data(FILE *file, const struct snn_program *program)
{
    int width = 0;

    if (program->data_count > 0)
        fputs("\ndata sets:\n", file);
    for (int i = 0; i < program->data_count; i++)
        width = longer(width, program->data[i].name, 0);
    for (int i = 0; i < program->data_count; i++)
        fprintf(file, "  %-*s  %s\n", width, program->data[i].name, program->data[i].doc);
}

static void print_example(FILE *file, const struct snn_program *program)
{
    for (int i = 0; i < program->param_count; i++) {
        char value[128];

        snn_parameter_print(value, sizeof value, &program->params[i], program->params[i].initial);
        if (strpbrk(value, " []")) {
            fprintf(file, "A value with a unit is one word: '%s=%s'.\n", program->params[i].name,
                    value);
            return;
        }
    }
}

void snn_help_print(FILE *file, const struct snn_program *program)
{
    if (*program->doc)
        fprintf(file, "%s\n\n", program->doc);
    fprintf(file, "usage: %s [TASK...] [NAME=VALUE...] [OPTION...]\n", program->name);
    print_tasks(file, program);
    print_params(file, program);
    print_data(file, program);
    snn_commands_help(file, program);
    fputc('\n', file);
    fputs(options_text, file);
    fprintf(file, "\nResults go to FOLDER/%s/<time>/.\n", program->name);
    print_example(file, program);
}
