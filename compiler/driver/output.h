/* SPDX-License-Identifier: MIT
 *
 * Files that appear whole or not at all: written beside their place under another name, then renamed.
 */
#ifndef SNNC_DRIVER_OUTPUT_H
#define SNNC_DRIVER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* A new folder beside `path` for unfinished files. Null: it can't be made, which was said. */
const char *output_scratch_folder(struct arena *arena, const char *path);

/* Removes the folder and the files in it; errors are ignored. */
void output_remove_folder(struct arena *arena, const char *folder);

/* Writes `path` in place; for files inside a scratch folder. False: already reported. */
bool output_write(const char *path, const void *data, size_t bytes);

/* Writes `path` so that a failure leaves what was there; "-" is stdout. False: already reported. */
bool output_replace(struct arena *arena, const char *path, const void *data, size_t bytes);

/* Gives a finished file its name. False: already reported. */
bool output_rename(const char *from, const char *to);

#endif
