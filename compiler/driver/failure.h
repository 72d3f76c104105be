/* SPDX-License-Identifier: MIT
 *
 * Says on stderr what the environment or the command line refused; errors in the user's program are
 * diagnostics.
 */
#ifndef SNNC_DRIVER_FAILURE_H
#define SNNC_DRIVER_FAILURE_H

#include <stdbool.h>

/* Prints "snnc: error: MESSAGE" and returns false, so that a check is one line. */
bool failure(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
