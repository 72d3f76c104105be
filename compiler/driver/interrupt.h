/* SPDX-License-Identifier: MIT
 *
 * Ctrl-C and its like while there is something to clean up: they are kept, and take effect after
 * it. The same signal again ends the process at once.
 */
#ifndef SNNC_DRIVER_INTERRUPT_H
#define SNNC_DRIVER_INTERRUPT_H

#include <stdbool.h>

void interrupt_hold(void);         /* from here on: SIGINT, SIGTERM, SIGHUP */
bool interrupt_is_requested(void); /* since interrupt_hold */
void interrupt_release(void);      /* ends the process by the signal that came, if one did */

#endif
