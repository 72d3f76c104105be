/* SPDX-License-Identifier: MIT
 *
 * A tree of snnc is a folder that holds the standard library and the runtime in one of two layouts:
 * as the build leaves them or as 'make install' does. Each place is tried in both layouts.
 */
#include "driver/install_paths.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "driver/failure.h"

static bool take_if_present(struct install_paths *paths, const char *origin, const char *stdlib,
                            const char *runtime)
{
    if (access(stdlib, R_OK | X_OK) != 0 || access(runtime, R_OK) != 0)
        return false;
    *paths = (struct install_paths){ .origin = origin, .stdlib = stdlib, .runtime = runtime };
    return true;
}

static bool try_build_layout(struct install_paths *paths, struct arena *arena, const char *origin,
                             const char *folder)
{
    return take_if_present(paths, origin, arena_format(arena, "%s/stdlib", folder),
                           arena_format(arena, "%s/libsnnrt.a", folder));
}

static bool try_installed_layout(struct install_paths *paths, struct arena *arena,
                                 const char *origin, const char *prefix)
{
    return take_if_present(paths, origin, arena_format(arena, "%s/share/snnc/stdlib", prefix),
                           arena_format(arena, "%s/lib/snnc/libsnnrt.a", prefix));
}

/* The folder of the running executable, links resolved; null if it can't be told. */
static const char *executable_folder(struct arena *arena, const char *program)
{
    char path[PATH_MAX];
    if (realpath("/proc/self/exe", path) == NULL) {
        if (strchr(program, '/') == NULL || realpath(program, path) == NULL)
            return NULL;
    }
    char *slash = strrchr(path, '/');
    return arena_copy_text(arena, path, (size_t)(slash - path));
}

/* The folder that holds `folder`, an absolute path. */
static const char *parent_folder(struct arena *arena, const char *folder)
{
    return arena_copy_text(arena, folder, (size_t)(strrchr(folder, '/') - folder));
}

static bool try_both_layouts(struct install_paths *paths, struct arena *arena, const char *origin,
                             const char *folder)
{
    return try_build_layout(paths, arena, origin, folder) ||
           try_installed_layout(paths, arena, origin, folder);
}

static bool find_beside_executable(struct install_paths *paths, struct arena *arena,
                                   const char *folder)
{
    return try_build_layout(paths, arena, "build tree", folder) ||
           (*folder != '\0' &&
            try_installed_layout(paths, arena, "installed tree", parent_folder(arena, folder)));
}

bool install_paths_find(struct install_paths *paths, struct arena *arena, const char *program)
{
    const char *home = getenv("SNNC_HOME");
    if (home != NULL && *home != '\0')
        return try_both_layouts(paths, arena, "SNNC_HOME", home) ||
               failure("SNNC_HOME is '%s', but the standard library and the runtime are not there: "
                       "looked for 'stdlib' with 'libsnnrt.a', and for 'share/snnc/stdlib' with "
                       "'lib/snnc/libsnnrt.a'",
                       home);
    const char *folder = executable_folder(arena, program);
    if (folder != NULL && find_beside_executable(paths, arena, folder))
        return true;
    return take_if_present(paths, "configuration", SNNC_STDLIB_FOLDER,
                           SNNC_RUNTIME_FOLDER "/libsnnrt.a") ||
           failure("cannot find the standard library and the runtime: looked beside '%s' and in "
                   "'%s'; set SNNC_HOME to the folder where snnc is installed",
                   folder != NULL ? folder : program, SNNC_STDLIB_FOLDER);
}
