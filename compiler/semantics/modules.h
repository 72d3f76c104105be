/* SPDX-License-Identifier: MIT
 *
 * The files that a program uses. They are read and parsed once; each run of the checker works on
 * copies.
 */
#ifndef SNNC_SEMANTICS_MODULES_H
#define SNNC_SEMANTICS_MODULES_H

#include "semantics/semantics.h"

struct loaded {
    const char *path;
    struct file *file;
    bool is_library;
};

ARRAY_STRUCT(loaded_list, struct loaded);

/* Reads what the file uses, the prelude, and what these use; reports what cannot be found. The main
 * file is the first of the list. */
void modules_load(struct compilation *c, struct file *file, const struct semantics_options *options,
                  struct loaded_list *list);

/* Where a `use` leads: the path of a file. Null for a module when there is no standard library. */
const char *module_path(struct compilation *c, const struct file *user,
                        const struct declaration *use, const struct semantics_options *options);

#endif
