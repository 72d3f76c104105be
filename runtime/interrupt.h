/* SPDX-License-Identifier: MIT
 *
 * Ctrl-C and SIGTERM: the first asks the run to end with what it has, the second kills it.
 */
#ifndef SNN_INTERRUPT_H
#define SNN_INTERRUPT_H

#include <stdbool.h>

void snn_interrupt_install(void);

bool snn_interrupt_requested(void);

#endif
