/* SPDX-License-Identifier: MIT
 *
 * The handlers only set a flag, which loops look at between samples. A signal's own handler goes
 * back to the default when it runs, so the same signal again ends the process at once.
 */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t is_requested;

static void request(int signal_number)
{
    (void)signal_number;
    is_requested = 1;
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
    return is_requested != 0;
}
