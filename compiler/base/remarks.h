/* SPDX-License-Identifier: MIT
 *
 * What the compiler decided, for `-R`: each remark has the place in the source it is about.
 * Collected always, printed when asked for, in order of place.
 */
#ifndef SNNC_BASE_REMARKS_H
#define SNNC_BASE_REMARKS_H

#include <stdio.h>

#include "base/array.h"
#include "base/source.h"

struct compilation;

struct remark {
    struct span span;
    const char *stage; /* who decided: "integrate" */
    const char *text;
    size_t order;
};

ARRAY_STRUCT(remarks, struct remark);

void remark(struct compilation *c, struct span span, const char *stage, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* file:line:col: stage: text */
void remarks_print(struct compilation *c, FILE *out);

#endif
