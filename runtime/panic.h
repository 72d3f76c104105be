/* SPDX-License-Identifier: MIT
 *
 * The end of a run that cannot go on: one message on stderr, exit status 1. Files written before
 * stay as they are; a file being replaced keeps its old contents. Any thread may call this; the
 * first one speaks.
 */
#ifndef SNN_PANIC_H
#define SNN_PANIC_H

/* Prints "error: " and the message, which ends without a full stop or newline, and ends the
 * process. */
_Noreturn void snn_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Who is told the message of a panic after it was printed: once, by the thread that panics, while
 * others may still be running. If the witness panics itself, the process ends there. NULL: nobody.
 */
void snn_panic_set_witness(void (*witness)(const char *message));

#endif
