/* SPDX-License-Identifier: MIT
 *
 * The command line of snnc as one struct. options.c holds the single table that parsing, --help and
 * the check of the man page (tests/man.tap) read.
 */
#ifndef SNNC_DRIVER_OPTIONS_H
#define SNNC_DRIVER_OPTIONS_H

#include <stdbool.h>

#include "base/arena.h"

/* Exit codes of snnc. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1, /* an error in the user's program or in the environment; already reported */
    EXIT_USAGE = 2,  /* the command line makes no sense */
    EXIT_COMPILER_BUG = 70, /* snnc contradicts itself; used by unreachable() and assert */
};

enum command {
    COMMAND_COMPILE,    /* snnc model.snn */
    COMMAND_CHECK,      /* snnc --check model.snn: report errors, write nothing */
    COMMAND_INTERPRET,  /* snnc --interpret model.snn task... name=value... */
    COMMAND_RUN,        /* snnc run model.snn task... name=value... */
    COMMAND_DATA_FETCH, /* snnc data fetch mnist */
    COMMAND_PRINT_PATHS,
    COMMAND_VERSION,
    COMMAND_HELP,
};

enum emit {
    EMIT_EXE,
    EMIT_OBJ,
    EMIT_ASM,
    EMIT_LLVM,
    EMIT_PTX,
};

enum dump {
    DUMP_NONE,
    DUMP_AST,
    DUMP_IR,
};

struct options {
    enum command command;
    const char *program; /* how snnc was called: argv[0] */
    const char *input;   /* the .snn file; for 'data fetch' the name of the data set */
    const char *output;  /* -o; null: made from the input's name */
    int optimization;    /* 0 .. 3 */
    const char *cpu;     /* null: the machine's own */
    enum emit emit;
    enum dump dump;
    const char *stop_after;       /* name of the last pass to run; null: all */
    bool explain;                 /* -R: say what the passes decided */
    bool json;                    /* diagnostics as JSON lines */
    const char *fetch_to;         /* 'data fetch': folder to write to; null: the default */
    const char *fetch_from;       /* 'data fetch': where to get it; null: the published place */
    const char **include_folders; /* -I, in order; room for every argument */
    int include_folder_count;
    char **arguments; /* what follows the file: for the program that is run or interpreted */
    int argument_count;
};

/* Reads argv into *options; texts stay those of argv. False: the command line is wrong, and that
 * was said on stderr. */
bool options_parse(struct options *options, struct arena *arena, int argc, char **argv);

/* Prints the text of --help on stdout. */
void options_print_help(void);

#endif
