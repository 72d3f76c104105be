/* SPDX-License-Identifier: MIT
 *
 * The one form of the messages that belong to no place in a source file.
 */
#include "driver/failure.h"

#include <stdarg.h>
#include <stdio.h>

bool failure(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("snnc: error: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return false;
}
