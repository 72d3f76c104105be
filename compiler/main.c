/* SPDX-License-Identifier: MIT
 *
 * snnc: reads the command line, runs the command, returns its exit code.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/compilation.h"
#include "config.h"
#include "driver/compile.h"
#include "driver/failure.h"
#include "driver/fetch.h"
#include "driver/install_paths.h"
#include "driver/options.h"

static enum exit_code print_paths(struct compilation *c, const struct options *options)
{
    struct install_paths paths;
    if (!install_paths_find(&paths, &c->arena, options->program))
        return EXIT_FAILED;
    printf("found by  %s\nstdlib    %s\nruntime   %s\n", paths.origin, paths.stdlib, paths.runtime);
    return EXIT_OK;
}

static enum exit_code fetch_data(const struct options *options)
{
    bool shows_progress = isatty(STDERR_FILENO);
    bool ok =
        fetch_data_set(options->input, options->fetch_to, options->fetch_from, shows_progress);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static enum exit_code run_command(struct compilation *c, const struct options *options)
{
    switch (options->command) {
    case COMMAND_COMPILE:
    case COMMAND_CHECK:
    case COMMAND_INTERPRET:
    case COMMAND_RUN: return compile_model(c, options);
    case COMMAND_DATA_FETCH: return fetch_data(options);
    case COMMAND_PRINT_PATHS: return print_paths(c, options);
    case COMMAND_VERSION: puts(PACKAGE_STRING); return EXIT_OK;
    case COMMAND_HELP: options_print_help(); return EXIT_OK;
    }
    unreachable();
}

/* A result that nobody could read is no success. */
static enum exit_code flush_output(enum exit_code code)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || code != EXIT_OK)
        return code;
    failure("cannot write to the standard output");
    return EXIT_FAILED;
}

/* A failed assert has said where; what is left is the exit code. */
static void on_abort(int signal_number)
{
    (void)signal_number;
    _exit(EXIT_COMPILER_BUG);
}

int main(int argc, char **argv)
{
    struct compilation c;
    struct options options;
    signal(SIGABRT, on_abort);
    compilation_init(&c);
    enum exit_code code = EXIT_USAGE;
    if (options_parse(&options, &c.arena, argc, argv))
        code = flush_output(run_command(&c, &options));
    compilation_finish(&c);
    return code;
}
