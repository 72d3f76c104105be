/* SPDX-License-Identifier: MIT
 *
 * From object bytes to an executable file, by the C compiler of the system.
 */
#ifndef SNNC_DRIVER_LINK_H
#define SNNC_DRIVER_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Links `object` with the runtime archive into `output`. An existing file is replaced only when everything went well.
   False: what failed was said on stderr. */
bool link_program(struct arena *arena, const char *object, size_t bytes, const char *runtime, const char *output);

#endif
