/* SPDX-License-Identifier: MIT
 *
 * Files that are there in full or not at all: written beside their place, brought to disk, then
 * renamed. Functions return 0, or -1 with the path and the reason in snn_last_error().
 */
#ifndef SNN_RECORD_FILE_H
#define SNN_RECORD_FILE_H

#include <stddef.h>

enum { SNN_PATH_BYTES = 4096 };

/* Joins "folder/name"; an error if it is too long. */
int snn_path_join(char out[SNN_PATH_BYTES], const char *folder, const char *name);

/* Makes the folder and those above it. One that exists is fine. */
int snn_folder_make(const char *path);

/* Replaces the file at `path`. */
int snn_file_replace(const char *path, const void *data, size_t bytes);

/* The second half of a replacement: brings `temporary`, which is written and closed, to disk and
   renames it to `path`. Removes it on failure. */
int snn_file_commit(const char *temporary, const char *path);

/* Removes from a folder, and from those in it, what a process that was killed had yet to rename or
 * to remove. */
void snn_file_remove_left_over(const char *folder);

#endif
