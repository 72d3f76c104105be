/* SPDX-License-Identifier: MIT
 *
 * Panics of the runtime and of generated code. Ends with _exit: other threads may be running, and
 * nothing that exit would still do (handlers, destructors) is safe beside them. Standard output is
 * flushed, all records were when they were made.
 */
#include "panic.h"
#include "calls.h"

#include "console.h"
#include "record/number.h"
#include "runtime.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 8192 };

static atomic_flag is_panicking = ATOMIC_FLAG_INIT;
static _Thread_local bool is_panicking_here;
static void (*told)(const char *message);

void snn_panic_set_witness(void (*witness)(const char *message))
{
    told = witness;
}

_Noreturn void snn_panic(const char *format, ...)
{
    static char message[MESSAGE_BYTES]; /* of the first thread alone */
    va_list arguments;

    if (is_panicking_here)
        _exit(SNN_EXIT_FAILURE);
    if (atomic_flag_test_and_set(&is_panicking))
        for (;;)
            pause(); /* the first thread is about to end the process */
    is_panicking_here = true;
    snn_console_end_line();
    fflush(stdout);
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fprintf(stderr, "error: %s\n", message);
    fflush(stderr);
    if (told)
        told(message);
    _exit(SNN_EXIT_FAILURE);
}

void snn_rt_panic(struct snn_context *context, const char *place, const char *message)
{
    (void)context;
    snn_panic("%s: %s", place, message);
}

void snn_rt_panic_index(struct snn_context *context, const char *place, const char *array,
                        int64_t index, int64_t extent)
{
    (void)context;
    if (extent == 0)
        snn_panic("%s: index %lld of '%s', which is empty", place, (long long)index, array);
    snn_panic("%s: index %lld is outside '%s', whose indices are 0 .. %lld", place,
              (long long)index, array, (long long)(extent - 1));
}

void snn_rt_panic_size(struct snn_context *context, const char *place, const char *what,
                       double value)
{
    char text[SNN_NUMBER_BYTES];

    (void)context;
    snn_format_number(text, value);
    snn_panic("%s: %s is %s, but a size is a whole number from 1 to %lld", place, what, text,
              (long long)SNN_SIZE_LIMIT);
}

void snn_rt_panic_extent(struct snn_context *context, const char *place, const char *a,
                         int64_t a_extent, const char *b, int64_t b_extent)
{
    (void)context;
    snn_panic("%s: '%s' has size %lld and '%s' has size %lld, but they must be equal", place, a,
              (long long)a_extent, b, (long long)b_extent);
}

void snn_rt_panic_turn(struct snn_context *context, const char *place, const char *message,
                       const char *names, int64_t a, int64_t b, int64_t c)
{
    const int64_t values[] = { a, b, c };
    char text[MESSAGE_BYTES] = "";
    size_t used = 0, next = 0;

    (void)context;
    for (; *names && used < sizeof text - 32; names++)
        if (*names == '%')
            used += (size_t)snprintf(text + used, sizeof text - used, "%lld",
                                     (long long)values[next++]);
        else
            text[used++] = *names;
    text[used] = '\0';
    snn_panic("%s: %s%s%s%s", place, message, *text ? " (" : "", text, *text ? ")" : "");
}
