/* SPDX-License-Identifier: MIT
 *
 * The state of the terminal's line is the process's, so it is kept here and not with a run.
 */
#include "console.h"

#include "panic.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_bool is_line_open;

bool snn_console_is_terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}

void snn_console_rewrite(const char *line)
{
    atomic_store(&is_line_open, true);
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
}

void snn_console_end_line(void)
{
    if (atomic_exchange(&is_line_open, false))
        fputc('\n', stderr);
}

void snn_console_forget_line(void)
{
    atomic_store(&is_line_open, false);
}

void snn_console_flush_results(void)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout))
        snn_panic("cannot write to standard output: %s", strerror(errno ? errno : EIO));
}

void snn_console_note(const char *format, ...)
{
    va_list arguments;

    snn_console_end_line();
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}
