/* SPDX-License-Identifier: MIT
 *
 * From an object file to an executable file, by the C compiler of the system.
 */
#ifndef SNNC_DRIVER_LINK_H
#define SNNC_DRIVER_LINK_H

#include <stdbool.h>

#include "base/arena.h"

/* Links the file `object` with the archive `runtime` into the file `output`. False: what failed was
 * said on stderr. */
bool link_program(struct arena *arena, const char *object, const char *runtime, const char *output);

#endif
