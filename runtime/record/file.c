/* SPDX-License-Identifier: MIT
 *
 * The temporary file has the name of the real one with ".part" behind it: in the same folder, so
 * that the rename is atomic, and known for what it is if a crash leaves it behind.
 */
#include "record/file.h"

#include "error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int snn_path_join(char out[SNN_PATH_BYTES], const char *folder, const char *name)
{
    if (snprintf(out, SNN_PATH_BYTES, "%s/%s", folder, name) < SNN_PATH_BYTES)
        return 0;
    return snn_error_set("the path %.60s.../%.60s is too long", folder, name);
}

static int make_one(const char *path)
{
    struct stat status;

    if (mkdir(path, 0777) == 0)
        return 0;
    if (errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    return snn_error_set("cannot make folder '%s': %s", path,
                         errno == EEXIST ? "it is a file" : strerror(errno));
}

int snn_folder_make(const char *path)
{
    char part[SNN_PATH_BYTES];
    struct stat status;

    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    if (strlen(path) >= sizeof part)
        return snn_error_set("the path %.60s... is too long", path);
    for (size_t i = 1; path[i]; i++) {
        if (path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (make_one(part) < 0)
            return -1;
    }
    return make_one(path);
}

static int write_all(int descriptor, const char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(descriptor, data, bytes);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        data += written;
        bytes -= (size_t)written;
    }
    return 0;
}

int snn_file_replace(const char *path, const void *data, size_t bytes)
{
    char temporary[SNN_PATH_BYTES + 8];
    int descriptor, status, reason;

    snprintf(temporary, sizeof temporary, "%s.part", path);
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (descriptor < 0)
        return snn_error_set("cannot write '%s': %s", path, strerror(errno));
    status = write_all(descriptor, data, bytes);
    reason = errno;
    if (close(descriptor) < 0 && status == 0) {
        status = -1;
        reason = errno;
    }
    if (status == 0)
        return snn_file_commit(temporary, path);
    unlink(temporary);
    return snn_error_set("cannot write '%s': %s", path, strerror(reason));
}

static int sync_path(const char *path, int flags)
{
    int descriptor = open(path, flags), status;

    if (descriptor < 0)
        return -1;
    status = fsync(descriptor);
    return close(descriptor) < 0 ? -1 : status;
}

/* The rename itself is on disk once the folder is. Some file systems cannot sync a folder; then it
 * is as good as it gets. */
static void sync_folder_of(const char *path)
{
    char folder[SNN_PATH_BYTES];
    const char *slash = strrchr(path, '/');

    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    sync_path(folder, O_RDONLY | O_DIRECTORY);
}

int snn_file_commit(const char *temporary, const char *path)
{
    int reason;

    if (sync_path(temporary, O_RDWR) == 0 && rename(temporary, path) == 0) {
        sync_folder_of(path);
        return 0;
    }
    reason = errno;
    unlink(temporary);
    return snn_error_set("cannot write '%s': %s", path, strerror(reason));
}

/* "model.npz.part", or behind it the six characters of mkstemp; "best.npz.3.kept". */
static bool is_left_over(const char *name)
{
    const char *part = strstr(name, ".part"), *kept = strstr(name, ".kept");
    size_t behind = part ? strlen(part + 5) : 0;

    return (kept && kept[5] == '\0') || (part && (behind == 0 || (behind == 7 && part[5] == '.')));
}

void snn_file_remove_left_over(const char *folder)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    char path[SNN_PATH_BYTES];
    struct stat status;

    while (directory && (entry = readdir(directory))) {
        if (entry->d_name[0] == '.' || snn_path_join(path, folder, entry->d_name) < 0 ||
            lstat(path, &status) < 0)
            continue;
        if (S_ISDIR(status.st_mode))
            snn_file_remove_left_over(path);
        else if (is_left_over(entry->d_name))
            unlink(path);
    }
    if (directory)
        closedir(directory);
}
