/* SPDX-License-Identifier: MIT
 *
 * Reading the tables. Rows are counted first, so that arrays have their size at once; nobody writes
 * in between, because all of it is one transaction.
 */
#include "experiment/database.h"

#include "record/number.h"

#include <stdlib.h>
#include <string.h>

static const char *column(sqlite3_stmt *statement, int place, struct snn_region *region)
{
    const char *text = (const char *)sqlite3_column_text(statement, place);
    size_t bytes = text ? strlen(text) + 1 : 1;

    return memcpy(snn_region_alloc(region, bytes), text ? text : "", bytes);
}

static void column_name(sqlite3_stmt *statement, int place, char name[SNN_RUN_NAME_BYTES])
{
    const char *text = (const char *)sqlite3_column_text(statement, place);

    name[0] = '\0';
    if (text && strlen(text) < SNN_RUN_NAME_BYTES)
        strcpy(name, text);
}

static int count_rows(sqlite3 *database, const char *table, size_t *count)
{
    char sql[64];
    sqlite3_stmt *statement;
    int code;

    sqlite3_snprintf(sizeof sql, sql, "SELECT count(*) FROM %s", table);
    code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    *count = 0;
    if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        *count = (size_t)sqlite3_column_int64(statement, 0);
    return code == SQLITE_OK ? sqlite3_finalize(statement) : code;
}

int snn_database_entries(sqlite3 *database, struct snn_region *region,
                         struct snn_database_entry **entries, size_t *count)
{
    size_t room;
    sqlite3_stmt *statement;
    int code = count_rows(database, "run", &room);

    *count = 0;
    *entries = snn_region_array(region, room, sizeof **entries);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(database,
                                  "SELECT folder, status IN ('running', 'killed'),"
                                  " status = 'running' FROM run ORDER BY folder",
                                  -1, &statement, NULL);
    if (code != SQLITE_OK)
        return code;
    while (*count < room && sqlite3_step(statement) == SQLITE_ROW) {
        struct snn_database_entry *entry = &(*entries)[(*count)++];

        column_name(statement, 0, entry->name);
        entry->is_open = sqlite3_column_int(statement, 1) != 0;
        entry->is_running = sqlite3_column_int(statement, 2) != 0;
    }
    return sqlite3_finalize(statement);
}

/* ---- whole runs */

static void read_run(struct snn_run_info *run, sqlite3_stmt *statement, struct snn_region *region)
{
    column_name(statement, 0, run->name);
    run->status = column(statement, 1, region);
    run->started = column(statement, 2, region);
    run->seconds =
        sqlite3_column_type(statement, 3) == SQLITE_NULL ? -1 : sqlite3_column_double(statement, 3);
    run->tasks = column(statement, 4, region);
    run->seed = column(statement, 5, region);
    run->fold = sqlite3_column_int(statement, 6);
    run->folds = sqlite3_column_int(statement, 7);
    run->threads = sqlite3_column_int(statement, 8);
    run->compiler = column(statement, 9, region);
    run->version = column(statement, 10, region);
    run->identity = column(statement, 11, region);
    run->error = column(statement, 12, region);
}

static void read_value(struct snn_run_value *value, sqlite3_stmt *statement,
                       struct snn_region *region)
{
    char text[SNN_NUMBER_BYTES];
    int type = sqlite3_column_type(statement, 2);

    value->name = column(statement, 1, region);
    value->is_number = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
    value->number = sqlite3_column_double(statement, 2);
    value->text = column(statement, 2, region);
    if (type == SQLITE_FLOAT) {
        snn_format_number(text, value->number);
        value->text = memcpy(snn_region_alloc(region, strlen(text) + 1), text, strlen(text) + 1);
    }
    value->task = column(statement, 3, region);
    value->unit = column(statement, 4, region);
}

/* Reads all values of one table; those of a run are neighbours. */
static int read_values(sqlite3 *database, struct snn_region *region, const char *sql, size_t room,
                       struct snn_run_info *runs, size_t run_count, bool are_results)
{
    struct snn_run_value *values = snn_region_array(region, room, sizeof *values);
    size_t used = 0, run = 0;
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

    if (code != SQLITE_OK)
        return code;
    while (used < room && sqlite3_step(statement) == SQLITE_ROW) {
        char name[SNN_RUN_NAME_BYTES];

        column_name(statement, 0, name);
        while (run < run_count && strcmp(runs[run].name, name) != 0)
            run++;
        if (run == run_count)
            break;
        read_value(&values[used], statement, region);
        if (are_results && runs[run].result_count++ == 0)
            runs[run].results = &values[used];
        if (!are_results && runs[run].parameter_count++ == 0)
            runs[run].parameters = &values[used];
        used++;
    }
    return sqlite3_finalize(statement);
}

/* Runs of the same second are numbered: 9 comes before 10. */
#define ORDER " ORDER BY substr(folder, 1, 15), length(folder), folder"

static int read_runs(sqlite3 *database, struct snn_region *region, struct snn_run_info *runs,
                     size_t room, size_t *count)
{
    sqlite3_stmt *statement;
    int code =
        sqlite3_prepare_v2(database,
                           "SELECT folder, status, started, seconds, tasks, seed, fold, folds,"
                           " threads, compiler, version, identity, error FROM run" ORDER,
                           -1, &statement, NULL);

    if (code != SQLITE_OK)
        return code;
    while (*count < room && sqlite3_step(statement) == SQLITE_ROW)
        read_run(&runs[(*count)++], statement, region);
    return sqlite3_finalize(statement);
}

int snn_database_list(sqlite3 *database, struct snn_region *region, struct snn_run_info **runs,
                      size_t *count)
{
    size_t room, parameters = 0, results = 0;
    int code = count_rows(database, "run", &room);

    *count = 0;
    *runs = snn_region_array(region, room, sizeof **runs);
    if (code == SQLITE_OK)
        code = count_rows(database, "parameter", &parameters);
    if (code == SQLITE_OK)
        code = count_rows(database, "result", &results);
    if (code == SQLITE_OK)
        code = read_runs(database, region, *runs, room, count);
    if (code == SQLITE_OK)
        code = read_values(database, region,
                           "SELECT folder, name, value, '', '' FROM parameter" ORDER ", position",
                           parameters, *runs, *count, false);
    if (code == SQLITE_OK)
        code = read_values(database, region,
                           "SELECT folder, name, value, task, unit FROM result" ORDER ", position",
                           results, *runs, *count, true);
    return code;
}

/* Prepares a query for the name of a run, whose first parameter is its identity; no name yet. */
static int prepare_name(sqlite3 *database, const char *query, const char *identity,
                        char name[SNN_RUN_NAME_BYTES], sqlite3_stmt **statement)
{
    int code = sqlite3_prepare_v2(database, query, -1, statement, NULL);

    name[0] = '\0';
    if (code == SQLITE_OK)
        sqlite3_bind_text(*statement, 1, identity, -1, SQLITE_STATIC);
    return code;
}

int snn_database_find(sqlite3 *database, const char *identity, char name[SNN_RUN_NAME_BYTES],
                      bool *is_finished)
{
    sqlite3_stmt *statement;
    int code = prepare_name(database,
                            "SELECT folder, status = 'finished' AS is_finished FROM run"
                            " WHERE identity = ? AND status IN ('finished', 'running')"
                            " ORDER BY is_finished DESC, folder DESC LIMIT 1",
                            identity, name, &statement);

    if (code != SQLITE_OK)
        return code;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        column_name(statement, 0, name);
        *is_finished = sqlite3_column_int(statement, 1) != 0;
    }
    return sqlite3_finalize(statement);
}

int snn_database_unfinished(sqlite3 *database, const char *identity, size_t nth,
                            char name[SNN_RUN_NAME_BYTES])
{
    sqlite3_stmt *statement;
    int code = prepare_name(database,
                            "SELECT folder FROM run"
                            " WHERE identity = ? AND status NOT IN ('finished', 'running')"
                            " ORDER BY folder DESC LIMIT 1 OFFSET ?",
                            identity, name, &statement);

    if (code != SQLITE_OK)
        return code;
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)nth);
    if (sqlite3_step(statement) == SQLITE_ROW)
        column_name(statement, 0, name);
    return sqlite3_finalize(statement);
}
