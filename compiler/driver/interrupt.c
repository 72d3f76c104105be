/* SPDX-License-Identifier: MIT
 *
 * The handler only notes the signal; whoever works between hold and release looks at it. Signals
 * that were ignored when snnc was started stay so. The note is the one variable that a handler must
 * have outside of everything.
 */
#include "driver/interrupt.h"

#include <signal.h>
#include <stddef.h>

static const int held[] = { SIGINT, SIGTERM, SIGHUP };
enum { HELD_COUNT = sizeof held / sizeof held[0] };

static volatile sig_atomic_t requested; /* number of the signal; 0: none */

static void note(int signal_number)
{
    requested = signal_number;
}

void interrupt_hold(void)
{
    struct sigaction action = { .sa_handler = note, .sa_flags = (int)SA_RESETHAND };
    struct sigaction before;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < HELD_COUNT; i++)
        if (sigaction(held[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(held[i], &action, NULL);
}

bool interrupt_is_requested(void)
{
    return requested != 0;
}

void interrupt_release(void)
{
    struct sigaction before;
    for (int i = 0; i < HELD_COUNT; i++)
        if (sigaction(held[i], NULL, &before) == 0 && before.sa_handler == note)
            signal(held[i], SIG_DFL);
    if (requested != 0)
        raise(requested); /* back to its default since it came */
}
