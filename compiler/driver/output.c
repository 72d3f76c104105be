/* SPDX-License-Identifier: MIT
 *
 * The scratch folder lies beside the result, so that the last step is a rename within one file system.
 */
#include "driver/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/failure.h"

const char *output_scratch_folder(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    int folder_length = slash == NULL ? 0 : (int)(slash - path + 1);
    char *folder = arena_format(arena, "%.*s.snnc-XXXXXX", folder_length, path);
    if (mkdtemp(folder) != NULL)
        return folder;
    failure("cannot write '%s': the folder '%.*s': %s", path, folder_length ? folder_length : 1,
            folder_length ? path : ".", strerror(errno));
    return NULL;
}

void output_remove_folder(struct arena *arena, const char *folder)
{
    DIR *files = opendir(folder);
    if (files == NULL)
        return;
    for (struct dirent *file = readdir(files); file != NULL; file = readdir(files)) {
        if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0)
            unlink(arena_format(arena, "%s/%s", folder, file->d_name));
    }
    closedir(files);
    rmdir(folder);
}

bool output_write(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return failure("cannot write '%s': %s", path, strerror(errno));
    size_t written = fwrite(data, 1, bytes, file);
    bool ok = written == bytes && fflush(file) == 0;
    int reason = errno;
    if (fclose(file) != 0 && ok) {
        ok = false;
        reason = errno;
    }
    return ok || failure("cannot write '%s': %s", path, strerror(reason));
}

bool output_rename(const char *from, const char *to)
{
    return rename(from, to) == 0 || failure("cannot write '%s': %s", to, strerror(errno));
}

bool output_replace(struct arena *arena, const char *path, const void *data, size_t bytes)
{
    if (strcmp(path, "-") == 0) {
        if (fwrite(data, 1, bytes, stdout) == bytes && fflush(stdout) == 0)
            return true;
        return failure("cannot write to the standard output: %s", strerror(errno));
    }
    const char *folder = output_scratch_folder(arena, path);
    if (folder == NULL)
        return false;
    const char *unfinished = arena_format(arena, "%s/result", folder);
    bool ok = output_write(unfinished, data, bytes) && output_rename(unfinished, path);
    output_remove_folder(arena, folder);
    return ok;
}
