/* SPDX-License-Identifier: MIT
 *
 * The scratch folder lies beside the result, so that the last step is a rename within one file
 * system.
 */
#include "driver/output.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static bool copy_to_stdout(const char *from)
{
    char buffer[65536];
    FILE *file = fopen(from, "rb");
    if (file == NULL)
        return failure("cannot read '%s': %s", from, strerror(errno));
    for (size_t n = fread(buffer, 1, sizeof buffer, file); n > 0;
         n = fread(buffer, 1, sizeof buffer, file))
        fwrite(buffer, 1, n, stdout);
    fclose(file);
    return true;
}

bool output_finish(const char *from, const char *to)
{
    if (strcmp(to, "-") == 0)
        return copy_to_stdout(from);
    return rename(from, to) == 0 || failure("cannot write '%s': %s", to, strerror(errno));
}

bool output_is_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}
