/* SPDX-License-Identifier: MIT
 *
 * Finding the command, and what the commands share in reading their words.
 */
#include "experiment/commands.h"

#include "error.h"
#include "runtime.h"

#include <string.h>

static const struct {
    const char *name;
    snn_command *run;
    const char *usage, *help;
} commands[] = {
    { "sweep", snn_command_sweep, "sweep NAME=LIST...", "a run for each combination of values" },
    { "kfold", snn_command_kfold, "kfold N", "cross-validation: a run for each of N folds" },
    { "runs", snn_command_runs, "runs", "what was run: parameters and results" },
};

enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static bool is_task(const struct snn_program *program, const char *name)
{
    for (int i = 0; i < program->task_count; i++)
        if (strcmp(program->tasks[i].name, name) == 0)
            return true;
    return false;
}

snn_command *snn_command_find(const struct snn_program *program, int argc, char **argv)
{
    for (int i = 0; argc > 1 && i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0 && !is_task(program, argv[1]))
            return commands[i].run;
    return NULL;
}

void snn_commands_help(FILE *file, const struct snn_program *program)
{
    fputs("\ncommands (each has --help):\n", file);
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (!is_task(program, commands[i].name))
            fprintf(file, "  %-18s  %s\n", commands[i].usage, commands[i].help);
}

int snn_words_take(struct snn_words *words, const char *option, const char **value)
{
    size_t length = strlen(option);
    const char *word = words->words[0];

    if (strncmp(word, option, length) != 0 || (word[length] != '\0' && word[length] != '='))
        return 0;
    if (word[length] == '=' && !value)
        return snn_error_set("option '%s' takes no value", option);
    words->words++;
    words->left--;
    if (!value)
        return 1;
    if (word[length] == '=') {
        *value = word + length + 1;
        return 1;
    }
    if (words->left == 0)
        return snn_error_set("option '%s' needs a value", option);
    *value = *words->words++;
    words->left--;
    return 1;
}

int snn_command_refuse(void)
{
    fprintf(stderr, "error: %s\n", snn_last_error());
    return SNN_EXIT_USAGE;
}
