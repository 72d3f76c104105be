/* SPDX-License-Identifier: MIT
 *
 * What a run says on stderr while it goes: notes, and one line that is rewritten in place on a
 * terminal. Results go to standard output and are not its business.
 */
#ifndef SNN_CONSOLE_H
#define SNN_CONSOLE_H

#include <stdbool.h>

bool snn_console_is_terminal(void);

/* Replaces the line being rewritten; only on a terminal. */
void snn_console_rewrite(const char *line);

/* Leaves the rewritten line as it is and goes to the next one. Nothing if there is none. */
void snn_console_end_line(void);

/* There is no line being rewritten: this process got another stderr. */
void snn_console_forget_line(void);

/* Brings what was printed on standard output to its file; panics if that fails. */
void snn_console_flush_results(void);

/* One line of its own. */
void snn_console_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
