/* SPDX-License-Identifier: MIT
 *
 * Each use is one transaction on a connection of its own: a process that is copied (every run of a
 * sweep) must not hold one. A damaged file is put aside and made again, by one process at a time.
 */
#include "experiment/registry.h"

#include "console.h"
#include "error.h"
#include "experiment/database.h"
#include "experiment/running.h"
#include "record/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct snn_registry {
    struct snn_region *region;
    char folder[SNN_PATH_BYTES], path[SNN_PATH_BYTES];
    int lock;        /* runs.lock; -1 until it is needed, or not to be had */
    sqlite3 *memory; /* the list where the file cannot be written, or NULL */
    bool has_warned;
};

/* One use: what it does inside its transaction, and what it does it with. */
struct work {
    int (*run)(struct snn_registry *registry, sqlite3 *database, struct work *work);
    const char *identity; /* what to find */
    const char *name;     /* the run to enter */
    char *found;          /* name of the one found */
    bool is_finished;
    struct snn_run_info *runs;
    size_t count;
};

struct snn_registry *snn_registry_create(struct snn_region *region, const char *folder)
{
    struct snn_registry *registry = snn_region_alloc(region, sizeof *registry);

    registry->region = region;
    registry->lock = -1;
    snprintf(registry->folder, sizeof registry->folder, "%s", folder);
    if (snn_path_join(registry->path, folder, "runs.sqlite") < 0)
        registry->path[0] = '\0';
    return registry;
}

void snn_registry_destroy(struct snn_registry *registry)
{
    if (!registry)
        return;
    sqlite3_close(registry->memory);
    if (registry->lock >= 0)
        close(registry->lock);
}

static int lock_of(struct snn_registry *registry)
{
    if (registry->lock < 0)
        registry->lock = snn_running_open(registry->folder);
    return registry->lock;
}

/* ---- transactions */

static int run_in(struct snn_registry *registry, sqlite3 *database, struct work *work)
{
    int code = snn_database_execute(database, "BEGIN IMMEDIATE");

    if (code == SQLITE_OK)
        code = snn_database_prepare_tables(database);
    if (code == SQLITE_OK)
        code = work->run(registry, database, work);
    if (code == SQLITE_OK)
        code = snn_database_execute(database, "COMMIT");
    if (code != SQLITE_OK) {
        snn_error_set("%s", sqlite3_errmsg(database));
        if (!sqlite3_get_autocommit(database))
            snn_database_execute(database, "ROLLBACK");
    }
    return code;
}

static int attempt(struct snn_registry *registry, struct work *work)
{
    sqlite3 *database;
    int code;

    if (registry->memory)
        return run_in(registry, registry->memory, work);
    code = snn_database_open(&database, registry->path);
    if (code == SQLITE_OK)
        code = run_in(registry, database, work);
    else
        snn_error_set("%s", database ? sqlite3_errmsg(database) : sqlite3_errstr(code));
    sqlite3_close(database);
    return code;
}

static int check_and_agree(struct snn_registry *registry, sqlite3 *database, struct work *work);

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* Puts a damaged file aside and fills a new one, unless another process just did. */
static int repair(struct snn_registry *registry)
{
    struct work sync = { .run = check_and_agree };
    char aside[SNN_PATH_BYTES + 16], journal[SNN_PATH_BYTES + 16];
    int code;

    snn_running_begin_repair(lock_of(registry));
    code = attempt(registry, &sync);
    if (snn_database_is_damage(code)) {
        snprintf(aside, sizeof aside, "%s.damaged", registry->path);
        snprintf(journal, sizeof journal, "%s-journal", registry->path);
        unlink(journal);
        if (rename(registry->path, aside) == 0) {
            sync.count = 0;
            code = attempt(registry, &sync);
            snn_console_note("note: '%s' was damaged; it was made again from %zu run folder%s, and "
                             "the damaged file is kept as '%s'",
                             registry->path, sync.count, plural(sync.count), aside);
        }
    }
    snn_running_end_repair(lock_of(registry));
    return code;
}

static int do_work(struct snn_registry *registry, struct work *work)
{
    int code = attempt(registry, work);

    if (snn_database_is_damage(code) && repair(registry) == SQLITE_OK)
        code = attempt(registry, work);
    return code;
}

/* ---- agreement with the folders */

/* *has_end, if it is not NULL: the run says how it ended. */
static int put(struct snn_registry *registry, sqlite3 *database, const char *name, bool *has_end)
{
    struct snn_region *region = snn_region_create();
    struct snn_run_info run;
    bool is_running = snn_running_test(lock_of(registry), name), is_known;
    int code = SQLITE_OK;

    is_known = snn_run_info_read(&run, region, registry->folder, name, is_running) == 0;
    if (is_known)
        code = snn_database_put(database, &run);
    if (has_end)
        *has_end =
            is_known && strcmp(run.status, "running") != 0 && strcmp(run.status, "killed") != 0;
    snn_region_destroy(region);
    return code;
}

static int compare_entries(const void *left, const void *right)
{
    return strcmp(((const struct snn_database_entry *)left)->name,
                  ((const struct snn_database_entry *)right)->name);
}

static bool has_params(const struct snn_registry *registry, const char *name)
{
    char run[SNN_PATH_BYTES], path[SNN_PATH_BYTES];

    return snn_path_join(run, registry->folder, name) == 0 &&
           snn_path_join(path, run, "params.json") == 0 && access(path, R_OK) == 0;
}

/* Enters the folders that are not listed, or wrongly as running or killed. Counts in *entered the
 * runs that should have done so themselves, when they ended. */
static int enter_folders(struct snn_registry *registry, sqlite3 *database,
                         struct snn_database_entry *entries, size_t count, size_t *entered)
{
    DIR *directory = opendir(registry->folder);
    struct dirent *found;
    int code = SQLITE_OK;

    while (directory && code == SQLITE_OK && (found = readdir(directory))) {
        struct snn_database_entry key = { .is_seen = false }, *entry;
        bool has_end;

        if (!snn_run_name_is_valid(found->d_name))
            continue;
        snprintf(key.name, sizeof key.name, "%.63s", found->d_name);
        entry = count ? bsearch(&key, entries, count, sizeof key, compare_entries) : NULL;
        if (!has_params(registry, key.name))
            continue;
        if (entry)
            entry->is_seen = true;
        if (entry &&
            (!entry->is_open || entry->is_running == snn_running_test(lock_of(registry), key.name)))
            continue;
        code = put(registry, database, key.name, &has_end);
        *entered += !entry && has_end;
    }
    if (directory)
        closedir(directory);
    return code;
}

static int agree(struct snn_registry *registry, sqlite3 *database, struct work *work)
{
    struct snn_region *region = snn_region_create();
    struct snn_database_entry *entries;
    size_t count;
    int code = snn_database_entries(database, region, &entries, &count);

    if (code == SQLITE_OK)
        code = enter_folders(registry, database, entries, count, &work->count);
    for (size_t i = 0; code == SQLITE_OK && i < count; i++)
        if (!entries[i].is_seen)
            code = snn_database_remove(database, entries[i].name);
    snn_region_destroy(region);
    return code;
}

static int check_and_agree(struct snn_registry *registry, sqlite3 *database, struct work *work)
{
    int code = snn_database_check(database);

    return code == SQLITE_OK ? agree(registry, database, work) : code;
}

static bool has_folder(const struct snn_registry *registry)
{
    return access(registry->folder, F_OK) == 0;
}

int snn_registry_sync(struct snn_registry *registry)
{
    struct work work = { .run = check_and_agree };
    bool is_new = access(registry->path, F_OK) != 0;
    int code;

    if (!has_folder(registry))
        return 0; /* nothing has run */
    code = do_work(registry, &work);
    if (code == SQLITE_OK && work.count > 0)
        snn_console_note(is_new ? "note: '%s' was missing; it was made again from %zu run folder%s"
                                : "note: '%s' did not know %zu run folder%s, and does now",
                         registry->path, work.count, plural(work.count));
    if (code == SQLITE_OK)
        return 0;
    snn_console_note("warning: '%s' cannot be used (%s); the run folders are listed as they are",
                     registry->path, snn_last_error());
    if (sqlite3_open(":memory:", &registry->memory) != SQLITE_OK || do_work(registry, &work))
        return snn_error_set("the run folders cannot be listed: %s", snn_last_error());
    return 0;
}

/* ---- this process's run, and others */

static int put_one(struct snn_registry *registry, sqlite3 *database, struct work *work)
{
    return put(registry, database, work->name, NULL);
}

void snn_registry_note(struct snn_registry *registry, const char *name)
{
    struct work work = { .run = put_one, .name = name };

    if (do_work(registry, &work) == SQLITE_OK || registry->has_warned)
        return;
    registry->has_warned = true;
    snn_console_note("warning: the run is not listed in '%s': %s", registry->path,
                     snn_last_error());
}

bool snn_registry_begin(struct snn_registry *registry, const char *name)
{
    return snn_running_hold(lock_of(registry), name);
}

static int list(struct snn_registry *registry, sqlite3 *database, struct work *work)
{
    return snn_database_list(database, registry->region, &work->runs, &work->count);
}

int snn_registry_list(struct snn_registry *registry, struct snn_run_info **runs, size_t *count)
{
    struct work work = { .run = list };
    int code = has_folder(registry) ? do_work(registry, &work) : SQLITE_OK;

    *runs = work.runs;
    *count = work.count;
    return code == SQLITE_OK ? 0 : -1;
}

static int find(struct snn_registry *registry, sqlite3 *database, struct work *work)
{
    int code = snn_database_find(database, work->identity, work->found, &work->is_finished);

    if (code != SQLITE_OK || (*work->found && work->is_finished))
        return code;
    code = agree(registry, database, work);
    return code == SQLITE_OK
               ? snn_database_find(database, work->identity, work->found, &work->is_finished)
               : code;
}

enum snn_registry_state snn_registry_find(struct snn_registry *registry, const char *identity,
                                          char name[SNN_RUN_NAME_BYTES])
{
    struct work work = { .run = find, .identity = identity, .found = name };

    if (!has_folder(registry) || do_work(registry, &work) != SQLITE_OK || !*name)
        return SNN_REGISTRY_NONE;
    return work.is_finished ? SNN_REGISTRY_FINISHED : SNN_REGISTRY_RUNNING;
}

static int find_unfinished(struct snn_registry *registry, sqlite3 *database, struct work *work)
{
    (void)registry;
    return snn_database_unfinished(database, work->identity, work->count, work->found);
}

bool snn_registry_unfinished(struct snn_registry *registry, const char *identity, size_t nth,
                             char name[SNN_RUN_NAME_BYTES])
{
    struct work work = {
        .run = find_unfinished, .identity = identity, .found = name, .count = nth
    };

    *name = '\0';
    return has_folder(registry) && do_work(registry, &work) == SQLITE_OK && *name;
}

bool snn_registry_claim(struct snn_registry *registry, const char *identity)
{
    return snn_running_hold(lock_of(registry), identity);
}

void snn_registry_release(struct snn_registry *registry, const char *identity)
{
    snn_running_release(lock_of(registry), identity);
}
