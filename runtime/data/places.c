/* SPDX-License-Identifier: MIT
 *
 * Folders are read once; what appears in them later is not seen.
 */
#include "data/places.h"

#include "error.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool snn_ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), ending_length = strlen(ending);

    return length >= ending_length && strcmp(text + length - ending_length, ending) == 0;
}

bool snn_is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* ---- places */

int snn_places_list(char places[SNN_MAX_PLACES][SNN_PATH_BYTES], const char *path)
{
    const char *variable = getenv("SNN_DATA");
    const char *folders[SNN_MAX_PLACES] = { "", variable ? variable : "", "data" };
    int count = 0;

    for (int i = 0; i < SNN_MAX_PLACES; i++) {
        if (i > 0 && (path[0] == '/' || folders[i][0] == '\0'))
            continue;
        if (snprintf(places[count++], SNN_PATH_BYTES, "%s%s%s", folders[i],
                     folders[i][0] ? "/" : "", path) >= SNN_PATH_BYTES - 32)
            return snn_error_set("the path %.100s... is too long", path);
    }
    return count;
}

/* The first place that is there and, where that is asked for, a folder. */
static int find(char out[SNN_PATH_BYTES], const char *set_name, const char *path, bool is_folder)
{
    static _Thread_local char places[SNN_MAX_PLACES][SNN_PATH_BYTES];
    const char *what = is_folder ? "folder" : "file or folder";
    int count = path[0] ? snn_places_list(places, path) : 0;
    char tried[1024] = "";
    size_t used = 0;

    if (path[0] == '\0')
        return snn_error_set("data set '%s': the %s has no name", set_name, what);
    for (int i = 0; i < count; i++) {
        struct stat status;

        if (stat(places[i], &status) == 0 && (!is_folder || S_ISDIR(status.st_mode))) {
            strcpy(out, places[i]);
            return 0;
        }
        if (used < sizeof tried)
            used += (size_t)snprintf(tried + used, sizeof tried - used, "%s'%s'", i ? ", " : "",
                                     places[i]);
    }
    if (count < 0)
        return -1;
    return snn_error_set("data set '%s': no %s at %s%s; name one with '--data %s=%s'", set_name,
                         what, tried,
                         getenv("SNN_DATA") || path[0] == '/' ? "" : " ($SNN_DATA is not set)",
                         set_name, is_folder ? "FOLDER" : "PLACE");
}

int snn_places_find(char out[SNN_PATH_BYTES], const char *set_name, const char *path)
{
    return find(out, set_name, path, false);
}

int snn_places_folder(char out[SNN_PATH_BYTES], const char *set_name, const char *path)
{
    return find(out, set_name, path, true);
}

/* ---- names */

int snn_names_add(struct snn_names *names, const char *name)
{
    if (names->count == names->capacity) {
        int64_t capacity = names->capacity ? names->capacity * 2 : 64;
        char **items = realloc(names->items, (size_t)capacity * sizeof *items);

        if (!items)
            return snn_error_set("%s: out of memory", name);
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->count] = strdup(name);
    if (!names->items[names->count])
        return snn_error_set("%s: out of memory", name);
    names->count++;
    return 0;
}

void snn_names_dispose(struct snn_names *names)
{
    for (int64_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct snn_names){ 0 };
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_entries(struct snn_names *names, DIR *directory, const char *folder,
                        const char *ending, bool are_folders)
{
    struct dirent *entry;

    while ((entry = readdir(directory))) {
        char path[SNN_PATH_BYTES];

        if (entry->d_name[0] == '.' || !snn_ends_in(entry->d_name, ending))
            continue;
        if (snn_path_join(path, folder, entry->d_name) < 0 ||
            (snn_is_folder(path) == are_folders && snn_names_add(names, entry->d_name) < 0))
            return -1;
    }
    return 0;
}

int snn_names_read(struct snn_names *names, const char *folder, const char *ending,
                   bool are_folders)
{
    DIR *directory = opendir(folder);
    int64_t first = names->count;
    int status;

    if (!directory)
        return snn_error_set("%s: %s", folder, strerror(errno));
    status = read_entries(names, directory, folder, ending, are_folders);
    closedir(directory);
    if (status == 0 && names->count > first)
        qsort(names->items + first, (size_t)(names->count - first), sizeof *names->items,
              compare_names);
    return status;
}
