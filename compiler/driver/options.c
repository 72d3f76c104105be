/* SPDX-License-Identifier: MIT
 *
 * Command line -> struct options. Each option is one row of `rows`: parsing walks it, --help prints
 * it, and the man page is compared with what --help prints. A row's function stores the value; it
 * returns false where the value is wrong.
 */
#include "driver/options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "driver/failure.h"
#include "passes/passes.h"

/* One word of a fixed set, such as the `obj` of --emit=obj. */
struct choice {
    const char *name;
    int value;
};

static const struct choice emit_choices[] = {
    { "exe", EMIT_EXE },   { "obj", EMIT_OBJ }, { "asm", EMIT_ASM },
    { "llvm", EMIT_LLVM }, { "ptx", EMIT_PTX }, { NULL, 0 },
};

static const struct choice dump_choices[] = {
    { "ast", DUMP_AST },
    { "ir", DUMP_IR },
    { NULL, 0 },
};

static const struct choice diagnostics_choices[] = {
    { "text", false },
    { "json", true },
    { NULL, 0 },
};

static bool choose(const struct choice *choices, const char *option, const char *text, int *value)
{
    for (const struct choice *c = choices; c->name != NULL; c++) {
        if (strcmp(c->name, text) == 0) {
            *value = c->value;
            return true;
        }
    }
    fprintf(stderr, "snnc: error: '%s' takes ", option);
    for (const struct choice *c = choices; c->name != NULL; c++)
        fprintf(stderr, "%s%s", c == choices ? "" : c[1].name ? ", " : " or ", c->name);
    fprintf(stderr, ", not '%s'\n", text);
    return false;
}

static bool set_output(struct options *o, const char *text)
{
    o->output = text;
    return true;
}

static bool set_optimization(struct options *o, const char *text)
{
    if (text[0] < '0' || text[0] > '3' || text[1] != '\0')
        return failure("'-O' takes 0, 1, 2 or 3, not '%s'", text);
    o->optimization = text[0] - '0';
    return true;
}

static bool set_cpu(struct options *o, const char *text)
{
    o->cpu = text;
    return true;
}

static bool set_emit(struct options *o, const char *text)
{
    int value = 0;
    bool ok = choose(emit_choices, "--emit", text, &value);
    o->emit = (enum emit)value;
    return ok;
}

static bool set_dump(struct options *o, const char *text)
{
    int value = 0;
    bool ok = choose(dump_choices, "--dump", text, &value);
    o->dump = (enum dump)value;
    return ok;
}

static bool set_stop_after(struct options *o, const char *text)
{
    o->stop_after = text;
    if (strcmp(text, "lower") == 0)
        return true;
    for (size_t i = 0; i < pass_count; i++) {
        if (strcmp(text, passes[i].name) == 0)
            return true;
    }
    return failure("no pass is called '%s'; --help lists them", text);
}

static bool set_explain(struct options *o, const char *text)
{
    (void)text;
    o->explain = true;
    return true;
}

static bool set_check(struct options *o, const char *text)
{
    (void)text;
    o->command = COMMAND_CHECK;
    return true;
}

static bool set_interpret(struct options *o, const char *text)
{
    (void)text;
    o->command = COMMAND_INTERPRET;
    return true;
}

static bool set_diagnostics(struct options *o, const char *text)
{
    int value = 0;
    bool ok = choose(diagnostics_choices, "--diagnostics", text, &value);
    o->json = value;
    return ok;
}

static bool add_include_folder(struct options *o, const char *text)
{
    o->include_folders[o->include_folder_count++] = text;
    return true;
}

static bool set_fetch_to(struct options *o, const char *text)
{
    o->fetch_to = text;
    return true;
}

static bool set_fetch_from(struct options *o, const char *text)
{
    o->fetch_from = text;
    return true;
}

static bool set_print_paths(struct options *o, const char *text)
{
    (void)text;
    o->command = COMMAND_PRINT_PATHS;
    return true;
}

static bool set_version(struct options *o, const char *text)
{
    (void)text;
    o->command = COMMAND_VERSION;
    return true;
}

static bool set_help(struct options *o, const char *text)
{
    (void)text;
    o->command = COMMAND_HELP;
    return true;
}

/* `argument` is how --help calls the value, null for a flag. A name of one dash takes its value
   joined or as the next word, a name of two dashes after '=' or as the next word. */
struct row {
    const char *name;
    const char *argument;
    const char *help;
    bool (*set)(struct options *options, const char *text);
};

static const struct row rows[] = {
    { "-o", "FILE", "write the result to FILE", set_output },
    { "-O", "LEVEL", "optimise: 0, 1, 2 or 3 (default 3)", set_optimization },
    { "--cpu", "NAME", "generate code for this processor (default: this machine's)", set_cpu },
    { "--emit", "KIND", "what to write: exe (default), obj, asm, llvm or ptx", set_emit },
    { "--dump", "STAGE", "print the program as ast or ir and stop", set_dump },
    { "--stop-after", "PASS", "run the passes up to PASS only", set_stop_after },
    { "-R", NULL, "explain what each pass decided, with the source line", set_explain },
    { "--check", NULL, "report errors, write nothing", set_check },
    { "--interpret", NULL, "run the program in the reference interpreter", set_interpret },
    { "--diagnostics", "FORM", "print errors as text (default) or json", set_diagnostics },
    { "-I", "FOLDER", "look for used modules in FOLDER too", add_include_folder },
    { "--to", "FOLDER", "data fetch: write to FOLDER", set_fetch_to },
    { "--from", "URL", "data fetch: get the files from URL", set_fetch_from },
    { "--print-paths", NULL, "print where the standard library and the runtime are",
      set_print_paths },
    { "--version", NULL, "print the version", set_version },
    { "--help", NULL, "print this text", set_help },
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

void options_print_help(void)
{
    puts("usage: snnc [option...] model.snn\n"
         "       snnc [option...] --interpret model.snn [task...] [name=value...]\n"
         "       snnc [option...] run model.snn [task...] [name=value...]\n"
         "       snnc data fetch mnist [--to FOLDER] [--from URL]\n"
         "\n"
         "Compiles spiking neural networks to native programs.\n"
         "\n"
         "options:");
    for (int i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        char left[32];
        const char *between = row->argument == NULL ? "" : row->name[1] == '-' ? "=" : " ";
        snprintf(left, sizeof left, "%s%s%s", row->name, between,
                 row->argument ? row->argument : "");
        printf("  %-20s %s\n", left, row->help);
    }
    puts("\npasses, in this order:");
    printf("  %-20s %s\n", "lower", "no pass at all: the program as it was lowered");
    for (size_t i = 0; i < pass_count; i++)
        printf("  %-20s %s\n", passes[i].name, passes[i].does);
    puts("\n"
         "'snnc run' compiles to a temporary file and runs it; what follows the file is for the "
         "program.");
}

/* The row that `word` names; *value is set to the value joined to it, or to null. */
static const struct row *find_row(const char *word, const char **value)
{
    for (int i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        size_t length = strlen(row->name);
        if (strncmp(word, row->name, length) != 0)
            continue;
        const char *rest = word + length;
        *value = NULL;
        if (*rest == '\0')
            return row;
        if (row->name[1] == '-' && *rest != '=')
            continue;
        if (row->name[1] != '-' && row->argument == NULL)
            continue;
        *value = row->name[1] == '-' ? rest + 1 : rest;
        return row;
    }
    return NULL;
}

/* Handles the option at argv[*i]; moves *i to the last word it used. */
static bool parse_option(struct options *o, int argc, char **argv, int *i)
{
    const char *value;
    const struct row *row = find_row(argv[*i], &value);
    if (row == NULL)
        return failure("unknown option '%s'", argv[*i]);
    if (row->argument == NULL && value != NULL)
        return failure("'%s' takes no value", row->name);
    if (row->argument != NULL && value == NULL) {
        if (*i + 1 == argc)
            return failure("'%s' needs a value: %s", row->name, row->help);
        value = argv[++*i];
    }
    return row->set(o, value);
}

/* The first words 'run' and 'data fetch' choose a command; *i is the first word to look at. */
static bool parse_command(struct options *o, int argc, char **argv, int *i)
{
    const char *word = argv[*i];
    if (strcmp(word, "run") == 0) {
        o->command = COMMAND_RUN;
        return true;
    }
    if (strcmp(word, "data") == 0) {
        if (*i + 1 == argc || strcmp(argv[*i + 1], "fetch") != 0)
            return failure("'snnc data' is followed by 'fetch'");
        *i += 1;
        o->command = COMMAND_DATA_FETCH;
        return true;
    }
    o->input = word;
    return true;
}

static bool takes_arguments(enum command command)
{
    return command == COMMAND_RUN || command == COMMAND_INTERPRET;
}

static bool needs_input(enum command command)
{
    return command != COMMAND_PRINT_PATHS && command != COMMAND_VERSION && command != COMMAND_HELP;
}

/* What only the whole command line shows. */
static bool check_combination(const struct options *o)
{
    if (o->input == NULL && needs_input(o->command)) {
        return o->command == COMMAND_DATA_FETCH
                   ? failure("which data set? try 'snnc data fetch mnist'")
                   : failure("no input file");
    }
    if ((o->fetch_to != NULL || o->fetch_from != NULL) && o->command != COMMAND_DATA_FETCH)
        return failure("'--to' and '--from' belong to 'snnc data fetch'");
    if (o->output != NULL && o->command != COMMAND_COMPILE)
        return failure("'-o' makes no sense here: nothing is written");
    if (o->emit != EMIT_EXE && o->command != COMMAND_COMPILE)
        return failure("'--emit' makes no sense here: nothing is written");
    return true;
}

static bool parse_words(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (word[0] == '-' && word[1] != '\0') {
            if (!parse_option(o, argc, argv, &i))
                return false;
        } else if (o->input != NULL) {
            return failure("unexpected '%s': one file at a time, and arguments only with 'run' or "
                           "'--interpret'",
                           word);
        } else if (o->command == COMMAND_RUN || o->command == COMMAND_DATA_FETCH) {
            o->input = word;
        } else if (!parse_command(o, argc, argv, &i)) {
            return false;
        }
        if (o->input != NULL && takes_arguments(o->command)) {
            o->arguments = argv + i + 1;
            o->argument_count = argc - i - 1;
            break;
        }
    }
    return check_combination(o);
}

bool options_parse(struct options *options, struct arena *arena, int argc, char **argv)
{
    *options = (struct options){ .program = argv[0], .optimization = 3 };
    options->include_folders =
        arena_alloc_array(arena, (size_t)argc + 1, sizeof *options->include_folders);
    if (parse_words(options, argc, argv))
        return true;
    fprintf(stderr, "try 'snnc --help'\n");
    return false;
}
