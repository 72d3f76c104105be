/* SPDX-License-Identifier: MIT
 *
 * Where the standard library and the runtime are, wherever snnc was installed or moved to.
 */
#ifndef SNNC_DRIVER_INSTALL_PATHS_H
#define SNNC_DRIVER_INSTALL_PATHS_H

#include <stdbool.h>

#include "base/arena.h"

struct install_paths {
    const char
        *origin; /* what decided: "SNNC_HOME", "build tree", "installed tree" or "configuration" */
    const char *stdlib;  /* folder of the .snn files of the standard library */
    const char *runtime; /* libsnnrt.a */
};

/* Looks at SNNC_HOME (an installation prefix or a build tree), then beside the executable, then
   where 'make install' put things. Both files must be in the same tree. False: found nowhere; the
   places tried were named on stderr. */
bool install_paths_find(struct install_paths *paths, struct arena *arena, const char *program);

#endif
