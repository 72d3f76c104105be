/* SPDX-License-Identifier: MIT
 *
 * The thread's last error message. A fixed buffer, so that running out of memory can be reported
 * too.
 */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = 4096 };

static _Thread_local char last_message[MESSAGE_BYTES];

int snn_error_set(const char *format, ...)
{
    int saved_errno = errno;
    char message[MESSAGE_BYTES]; /* the arguments may point into the old message */
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    memcpy(last_message, message, strlen(message) + 1);
    errno = saved_errno;
    return -1;
}

const char *snn_last_error(void)
{
    return last_message;
}
