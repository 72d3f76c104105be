/* SPDX-License-Identifier: MIT
 *
 * How the runtime's functions fail: they return a negative number and leave one message, which
 * belongs to the thread. The text names the file or value at fault and, where there is one, the
 * remedy; it ends without a full stop or newline. Whoever decides what a failure means (a panic
 * with the place in the source, an exit status) adds the rest.
 */
#ifndef SNN_ERROR_H
#define SNN_ERROR_H

/* Stores the message and returns -1, so that a check is one line. Replaces an earlier message,
 * keeps errno. */
int snn_error_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The message of this thread's latest failure, "" if there was none; valid until the next. */
const char *snn_last_error(void);

#endif
