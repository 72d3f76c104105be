/* SPDX-License-Identifier: MIT
 *
 * Where data are looked for, and what is in a folder. A path that is not absolute may be below the
 * folder at hand, $SNN_DATA or ./data; the first of these that has it is meant. Functions follow
 * error.h.
 */
#ifndef SNN_DATA_PLACES_H
#define SNN_DATA_PLACES_H

#include "record/file.h"

#include <stdbool.h>
#include <stdint.h>

enum { SNN_MAX_PLACES = 3 };

/* Writes the places where `path` may be; how many, or -1 if one is too long. */
int snn_places_list(char places[SNN_MAX_PLACES][SNN_PATH_BYTES], const char *path);

/* The file or folder, or the folder, that `path` means. An error names the set and the places
 * tried.
 */
int snn_places_find(char out[SNN_PATH_BYTES], const char *set_name, const char *path);
int snn_places_folder(char out[SNN_PATH_BYTES], const char *set_name, const char *path);

/* The names in a folder, in the order of their bytes. */
struct snn_names {
    char **items; /* owned: [count], each owned */
    int64_t count, capacity;
};

/* Appends the names in the folder that end so ("" for all), but none that begin with '.': those of
 * files, or of folders. */
int snn_names_read(struct snn_names *names, const char *folder, const char *ending,
                   bool are_folders);
int snn_names_add(struct snn_names *names, const char *name);
void snn_names_dispose(struct snn_names *names); /* all zero is legal */

bool snn_is_folder(const char *path);

/* Does the text end so? */
bool snn_ends_in(const char *text, const char *ending);

#endif
