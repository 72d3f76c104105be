/* SPDX-License-Identifier: MIT
 *
 * The table of built-in functions, made from builtins.def.
 */
#ifndef SNNC_SEMANTICS_BUILTINS_H
#define SNNC_SEMANTICS_BUILTINS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/names.h"
#include "base/suggest.h"

enum builtin_id {
#define BUILTIN(id, text, formals, group, units) BUILTIN_##id,
#include "semantics/builtins.def"
#undef BUILTIN
};

enum builtin_group {
    BUILTIN_GROUP_MATH,   /* elementwise, a number or array */
    BUILTIN_GROUP_REDUCE, /* array or comprehension to a number */
    BUILTIN_GROUP_ARRAY,
    BUILTIN_GROUP_YIELDED, /* by `export for` only */
    BUILTIN_GROUP_DRAW,
    BUILTIN_GROUP_RULE,     /* rules only */
    BUILTIN_GROUP_SOURCE,   /* gives a data set */
    BUILTIN_GROUP_STAGE,    /* data set to data set */
    BUILTIN_GROUP_TOPOLOGY, /* after `via` only */
    BUILTIN_GROUP_FIGURE,   /* after `plot` only */
};

enum builtin_units {
    BUILTIN_UNITS_NONE,   /* dimensionless in, dimensionless out */
    BUILTIN_UNITS_SAME,   /* all arguments and the result have one unit */
    BUILTIN_UNITS_DROP,   /* any unit in, dimensionless out */
    BUILTIN_UNITS_SQRT,   /* root of the unit */
    BUILTIN_UNITS_SQUARE, /* square of the unit */
    BUILTIN_UNITS_POWER, /* power of the unit; the exponent a known whole number or the unit none */
};

#define BUILTIN_FORMAL_LIMIT 6

struct builtin_formal {
    const char *name;
    size_t length;
    bool is_optional;
    bool is_repeatable;
};

struct builtin {
    enum builtin_id id;
    const char *name;
    const char *formals; /* as in builtins.def */
    enum builtin_group group;
    enum builtin_units units;
};

/* All built-ins, indexed by enum builtin_id. */
extern const struct builtin builtin_table[];
extern const size_t builtin_count;

/* Null if there is none of that name. */
const struct builtin *builtin_find(const struct name *name);

/* Splits the formals; returns how many there are, at most BUILTIN_FORMAL_LIMIT. */
size_t builtin_formals(const struct builtin *builtin,
                       struct builtin_formal formals[BUILTIN_FORMAL_LIMIT]);

/* Offers the names of a group. */
void builtin_suggest(enum builtin_group group, struct suggestion *suggestion);

/* "topology", "plot": for messages. */
const char *builtin_group_text(enum builtin_group group);

#endif
