/* SPDX-License-Identifier: MIT
 *
 * Files that appear whole or not at all: written beside their place under another name, then
 * renamed.
 */
#ifndef SNNC_DRIVER_OUTPUT_H
#define SNNC_DRIVER_OUTPUT_H

#include <stdbool.h>

#include "base/arena.h"

/* A new folder beside `path` for unfinished files. Null: it can't be made, which was said. */
const char *output_scratch_folder(struct arena *arena, const char *path);

/* Removes the folder and the files in it; errors are ignored. */
void output_remove_folder(struct arena *arena, const char *folder);

/* Gives the finished file `from` its name, or copies it to stdout where that is "-". False: already
 * reported. */
bool output_finish(const char *from, const char *to);

/* Whether both paths lead to the same existing file. */
bool output_is_same_file(const char *a, const char *b);

#endif
