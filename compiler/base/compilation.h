/* SPDX-License-Identifier: MIT
 *
 * What every stage is given: memory, names, source files, messages. There are
 * no mutable globals, so a process can run any number of compilations.
 */
#ifndef SNNC_BASE_COMPILATION_H
#define SNNC_BASE_COMPILATION_H

#include "base/arena.h"
#include "base/array.h"
#include "base/diagnostics.h"
#include "base/names.h"
#include "base/remarks.h"
#include "base/source.h"

struct compilation {
    struct arena arena;
    struct names names;
    struct sources sources;
    struct diagnostics diagnostics;
    struct remarks remarks;
};

void compilation_init(struct compilation *c);

/* Gives everything back that was allocated during the compilation. */
void compilation_finish(struct compilation *c);

#endif
