/* SPDX-License-Identifier: MIT
 *
 * Runs the C compiler as linker: it knows where the start-up files and the C library are, we don't
 * want to. $CC names it, else the one that snnc was configured with, which also decides the
 * libraries and flags that libsnnrt.a needs.
 */
#include "driver/link.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/array.h"
#include "config.h"
#include "driver/failure.h"
#include "driver/interrupt.h"

extern char **environ;

ARRAY_STRUCT(words, const char *);

static void add_words(struct words *words, struct arena *arena, const char *text)
{
    for (;;) {
        text += strspn(text, " \t");
        size_t length = strcspn(text, " \t");
        if (length == 0)
            return;
        array_push(arena, words, arena_copy_text(arena, text, length));
        text += length;
    }
}

static const char *c_compiler(void)
{
    const char *chosen = getenv("CC");
    return chosen != NULL && *chosen != '\0' ? chosen : SNNC_CC;
}

/* cc flags -o output object runtime libraries, and a null. */
static struct words linker_command(struct arena *arena, const char *object, const char *runtime,
                                   const char *output)
{
    struct words words = { 0 };
    add_words(&words, arena, c_compiler());
    add_words(&words, arena, SNNC_PROGRAM_LDFLAGS);
    array_push(arena, &words, "-o");
    array_push(arena, &words, output);
    array_push(arena, &words, object);
    array_push(arena, &words, runtime);
    add_words(&words, arena, SNNC_PROGRAM_LIBS);
    array_push(arena, &words, NULL);
    return words;
}

/* Says that the command failed, and how; returns false. */
static bool report_command(const struct words *words, const char *how)
{
    failure("linking failed: %s", how);
    fputs("  the command was:", stderr);
    for (size_t i = 0; i + 1 < words->count; i++)
        fprintf(stderr, " %s", words->items[i]);
    fputc('\n', stderr);
    return false;
}

static bool run_command(struct arena *arena, const struct words *words)
{
    const char *name = words->items[0];
    pid_t child;
    int error = posix_spawnp(&child, name, NULL, NULL, (char *const *)words->items, environ);
    if (error != 0) {
        return report_command(words,
                              arena_format(arena,
                                           "cannot run '%s': %s; install a C compiler (on Debian: "
                                           "apt-get install gcc) or name one in CC",
                                           name, strerror(error)));
    }
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return report_command(words, strerror(errno));
        if (interrupt_is_requested())
            kill(child, SIGTERM); /* it may have been meant for snnc alone */
    }
    if (interrupt_is_requested())
        return false; /* the user knows why */
    if (WIFSIGNALED(status))
        return report_command(
            words, arena_format(arena, "'%s' was ended by signal %d", name, WTERMSIG(status)));
    if (WEXITSTATUS(status) == 127)
        return report_command(words,
                              arena_format(arena,
                                           "'%s' was not found; install a C compiler (on Debian: "
                                           "apt-get install gcc) or name one in CC",
                                           name));
    if (WEXITSTATUS(status) != 0)
        return report_command(
            words, arena_format(arena, "'%s' ended with status %d", name, WEXITSTATUS(status)));
    return true;
}

bool link_program(struct arena *arena, const char *object, const char *runtime, const char *output)
{
    struct words command = linker_command(arena, object, runtime, output);
    return run_command(arena, &command);
}
