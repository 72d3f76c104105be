/* SPDX-License-Identifier: MIT
 *
 * Begin and end of a compilation.
 */
#include "base/compilation.h"

void compilation_init(struct compilation *c)
{
    *c = (struct compilation){ 0 };
    arena_init(&c->arena);
    names_init(&c->names, &c->arena);
    sources_init(&c->sources, &c->arena);
}

void compilation_finish(struct compilation *c)
{
    struct arena arena = c->arena;
    *c = (struct compilation){ 0 };
    arena_finish(&arena);
}
