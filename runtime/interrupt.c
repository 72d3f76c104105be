/* SPDX-License-Identifier: MIT
 *
 * The handlers only set a flag, which loops look at between samples and presentations every few
 * steps. A signal's own handler goes
 * back to the default when it runs, so the same signal again ends the process at once.
 */
#include "interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int is_requested; /* lock-free, so a handler may write it and all threads read it */

static void request(int signal_number)
{
    (void)signal_number;
    atomic_store_explicit(&is_requested, 1, memory_order_relaxed);
}

void snn_interrupt_install(void)
{
    struct sigaction action = { .sa_handler = request,
                                .sa_flags = (int)(SA_RESETHAND | SA_RESTART) };

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool snn_interrupt_requested(void)
{
    return atomic_load_explicit(&is_requested, memory_order_relaxed) != 0;
}
