/* SPDX-License-Identifier: MIT
 *
 * Finds used files: std.x in the folder of the standard library, "x.snn" beside the file that uses
 * it or in a folder named by -I.
 */
#include "semantics/modules.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "syntax/parse.h"

static const char *const prelude[] = { SEMANTICS_PRELUDE };

static const char *folder_of(struct compilation *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return "";
    return arena_copy_text(&c->arena, path, (size_t)(slash - path) + 1);
}

/* Beside the user, else in the first of the -I folders that has it. */
static const char *file_path(struct compilation *c, const struct file *user, const char *file,
                             const struct semantics_options *options)
{
    if (file[0] == '/')
        return file;
    const char *beside = arena_format(&c->arena, "%s%s", folder_of(c, user->path), file);
    if (access(beside, R_OK) == 0)
        return beside;
    for (int i = 0; i < options->include_folder_count; i++) {
        const char *path = arena_format(&c->arena, "%s/%s", options->include_folders[i], file);
        if (access(path, R_OK) == 0)
            return path;
    }
    return beside;
}

const char *module_path(struct compilation *c, const struct file *user,
                        const struct declaration *use, const struct semantics_options *options)
{
    if (use->use.file != NULL)
        return file_path(c, user, use->use.file, options);
    const struct identifier_list *words = &use->use.path;
    if (options->stdlib_folder == NULL || words->count != 2 ||
        strcmp(words->items[0].name->text, "std") != 0)
        return NULL;
    return arena_format(&c->arena, "%s/%s.snn", options->stdlib_folder, words->items[1].name->text);
}

static void suggest_modules(const struct semantics_options *options, struct suggestion *suggestion,
                            struct arena *arena)
{
    DIR *folder = options->stdlib_folder != NULL ? opendir(options->stdlib_folder) : NULL;
    if (folder == NULL)
        return;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".snn") == 0)
            suggest_offer(suggestion, arena_copy_text(arena, entry->d_name, length - 4));
    }
    closedir(folder);
}

static void report_missing(struct compilation *c, const struct declaration *use, const char *path,
                           const struct semantics_options *options)
{
    if (use->use.file != NULL) {
        diag_error(c, use->span, "cannot read '%s'", path);
        return;
    }
    const struct identifier_list *words = &use->use.path;
    const struct name *last = words->count > 0 ? words->items[words->count - 1].name : NULL;
    bool is_std = words->count == 2 && strcmp(words->items[0].name->text, "std") == 0;
    if (!is_std || last == NULL) {
        diag_error(c, use->span, "unknown module");
        diag_hint(c, "modules are 'std.name'; a file is used by its name in quotes");
        return;
    }
    diag_error(c, use->span, "the standard library has no module '%s'", last->text);
    struct suggestion suggestion = suggest_begin(last->text);
    suggest_modules(options, &suggestion, &c->arena);
    if (suggestion.best != NULL)
        diag_hint(c, "did you mean 'std.%s'?", suggestion.best);
}

static bool is_loaded(const struct loaded_list *list, const char *path)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].path, path) == 0)
            return true;
    return false;
}

static void load_uses(struct compilation *c, struct file *file,
                      const struct semantics_options *options, struct loaded_list *list)
{
    for (size_t i = 0; i < file->declarations.count; i++) {
        const struct declaration *d = file->declarations.items[i];
        if (d->kind != DECLARATION_USE)
            continue;
        const char *path = module_path(c, file, d, options);
        if (path != NULL && is_loaded(list, path))
            continue;
        if (path == NULL || access(path, R_OK) != 0) {
            report_missing(c, d, path, options);
            continue;
        }
        struct file *used = parse_file(c, path);
        if (used == NULL)
            continue;
        struct loaded loaded = { path, used, d->use.file == NULL };
        array_push(&c->arena, list, loaded);
        load_uses(c, used, options, list);
    }
}

void modules_load(struct compilation *c, struct file *file, const struct semantics_options *options,
                  struct loaded_list *list)
{
    struct loaded main_file = { file->path, file, false };
    array_push(&c->arena, list, main_file);
    for (size_t i = 0; options->stdlib_folder != NULL && i < sizeof prelude / sizeof prelude[0];
         i++) {
        const char *path = arena_format(&c->arena, "%s/%s.snn", options->stdlib_folder, prelude[i]);
        if (is_loaded(list, path) || access(path, R_OK) != 0)
            continue;
        struct file *used = parse_file(c, path);
        if (used == NULL)
            continue;
        struct loaded loaded = { path, used, true };
        array_push(&c->arena, list, loaded);
    }
    load_uses(c, file, options, list);
}
