/* SPDX-License-Identifier: MIT
 *
 * The table of built-in functions and the reading of its short notation for formals.
 */
#include "semantics/builtins.h"

#include <string.h>

#include "base/diagnostics.h"

const struct builtin builtin_table[] = {
#define BUILTIN(id, text, formals, group, units)                                                   \
    { BUILTIN_##id, text, formals, BUILTIN_GROUP_##group, BUILTIN_UNITS_##units },
#include "semantics/builtins.def"
#undef BUILTIN
};

const size_t builtin_count = sizeof builtin_table / sizeof builtin_table[0];

const struct builtin *builtin_find(const struct name *name)
{
    for (size_t i = 0; i < builtin_count; i++)
        if (strcmp(builtin_table[i].name, name->text) == 0)
            return &builtin_table[i];
    return NULL;
}

size_t builtin_formals(const struct builtin *builtin,
                       struct builtin_formal formals[BUILTIN_FORMAL_LIMIT])
{
    size_t count = 0;
    const char *p = builtin->formals;
    while (*p != '\0' && count < BUILTIN_FORMAL_LIMIT) {
        struct builtin_formal *f = &formals[count++];
        f->name = p;
        f->length = strcspn(p, " ?*");
        p += f->length;
        f->is_optional = *p == '?' || *p == '*';
        f->is_repeatable = *p == '*';
        p += strspn(p, " ?*");
    }
    return count;
}

void builtin_suggest(enum builtin_group group, struct suggestion *suggestion)
{
    for (size_t i = 0; i < builtin_count; i++)
        if (builtin_table[i].group == group)
            suggest_offer(suggestion, builtin_table[i].name);
}

const char *builtin_group_text(enum builtin_group group)
{
    switch (group) {
    case BUILTIN_GROUP_MATH:
    case BUILTIN_GROUP_REDUCE:
    case BUILTIN_GROUP_ARRAY:
    case BUILTIN_GROUP_YIELDED:
    case BUILTIN_GROUP_RULE: return "function";
    case BUILTIN_GROUP_DRAW: return "random draw";
    case BUILTIN_GROUP_SOURCE: return "data source";
    case BUILTIN_GROUP_STAGE: return "data stage";
    case BUILTIN_GROUP_TOPOLOGY: return "topology";
    case BUILTIN_GROUP_FIGURE: return "figure";
    }
    unreachable();
}
