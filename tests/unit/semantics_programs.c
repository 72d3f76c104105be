/* SPDX-License-Identifier: MIT
 *
 * The programs that the language was designed for, and every file of the standard library by
 * itself, are without mistakes, whether they can be compiled yet or not.
 */
#undef NDEBUG
#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "semantics/semantics.h"
#include "syntax/parse.h"

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name);
    size_t end_length = strlen(end);
    return length > end_length && strcmp(name + length - end_length, end) == 0;
}

static bool is_right(const char *stdlib, const char *path)
{
    struct compilation c;
    struct model *model;
    struct semantics_options options = { .stdlib_folder = stdlib };
    compilation_init(&c);
    struct file *file = parse_file(&c, path);
    bool right = file != NULL && c.diagnostics.error_count == 0 &&
                 semantics_check(&c, file, &options, &model);
    diag_print_all(&c, stdout, DIAG_FORMAT_TEXT);
    compilation_finish(&c);
    return right;
}

/* How many .snn files of the folder there are; all must be right. */
static size_t check_folder(const char *stdlib, const char *folder_path)
{
    DIR *folder = opendir(folder_path);
    size_t count = 0;
    assert(folder != NULL);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[4096];
        if (!ends_with(entry->d_name, ".snn"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder_path, entry->d_name);
        assert(is_right(stdlib, path));
        count++;
    }
    closedir(folder);
    return count;
}

int main(void)
{
    const char *top = getenv("TOP_SRCDIR");
    char stdlib[2048];
    char programs[2048];
    if (top == NULL) {
        puts("TOP_SRCDIR is not set");
        return 77;
    }
    snprintf(stdlib, sizeof stdlib, "%s/stdlib", top);
    snprintf(programs, sizeof programs, "%s/tests/unit/programs", top);
    assert(check_folder(stdlib, stdlib) >= 9);
    assert(check_folder(stdlib, programs) == 6);
    return 0;
}
