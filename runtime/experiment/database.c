/* SPDX-License-Identifier: MIT
 *
 * A rollback journal, not a write-ahead log: that one needs memory which all writers share, so it
 * fails where a folder of runs is on a network. Nothing waits for the disk (synchronous = off),
 * since all that a power cut can take is in the folders of the runs, too.
 */
#include "experiment/database.h"

#include <stdlib.h>
#include <string.h>

enum { BUSY_MILLISECONDS = 10000, TABLES_VERSION = 1 };

static const char tables_sql[] =
    "CREATE TABLE run (folder TEXT PRIMARY KEY, status TEXT, started TEXT, seconds REAL,"
    " tasks TEXT, seed, fold INTEGER, folds INTEGER, threads INTEGER, compiler TEXT, version TEXT,"
    " identity TEXT, error TEXT) WITHOUT ROWID;"
    "CREATE INDEX run_identity ON run (identity);"
    "CREATE TABLE parameter (folder TEXT, position INTEGER, name TEXT, value,"
    " PRIMARY KEY (folder, position)) WITHOUT ROWID;"
    "CREATE TABLE result (folder TEXT, position INTEGER, task TEXT, name TEXT, value, unit TEXT,"
    " PRIMARY KEY (folder, position)) WITHOUT ROWID;"
    "PRAGMA user_version = 1";

bool snn_database_is_damage(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

int snn_database_open(sqlite3 **database, const char *path)
{
    int code = sqlite3_open_v2(path, database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(*database, BUSY_MILLISECONDS);
    if (code == SQLITE_OK)
        code = snn_database_execute(*database, "PRAGMA synchronous = OFF");
    return code;
}

int snn_database_execute(sqlite3 *database, const char *sql)
{
    return sqlite3_exec(database, sql, NULL, NULL, NULL);
}

/* The one number that a statement gives. */
static int read_number(sqlite3 *database, const char *sql, int *out)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

    if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        *out = sqlite3_column_int(statement, 0);
    return code == SQLITE_OK ? sqlite3_finalize(statement) : code;
}

int snn_database_prepare_tables(sqlite3 *database)
{
    int version = 0, code = read_number(database, "PRAGMA user_version", &version);

    if (code == SQLITE_OK && version == 0)
        return snn_database_execute(database, tables_sql);
    return code == SQLITE_OK && version != TABLES_VERSION ? SQLITE_NOTADB : code;
}

int snn_database_check(sqlite3 *database)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(database, "PRAGMA quick_check(1)", -1, &statement, NULL);
    bool is_right = true;

    if (code != SQLITE_OK)
        return code;
    if (sqlite3_step(statement) == SQLITE_ROW)
        is_right = strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
    code = sqlite3_finalize(statement);
    return code == SQLITE_OK && !is_right ? SQLITE_CORRUPT : code;
}

/* ---- writing */

static int finish(sqlite3_stmt *statement, int code)
{
    int last = sqlite3_finalize(statement);

    return code == SQLITE_DONE ? last : code;
}

/* Runs a statement whose parameters are texts. */
static int execute_with(sqlite3 *database, const char *sql, const char *const *texts, int count)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

    if (code != SQLITE_OK)
        return code;
    for (int i = 0; i < count; i++)
        sqlite3_bind_text(statement, i + 1, texts[i], -1, SQLITE_STATIC);
    return finish(statement, sqlite3_step(statement));
}

int snn_database_remove(sqlite3 *database, const char *name)
{
    static const char *const sql[] = { "DELETE FROM run WHERE folder = ?",
                                       "DELETE FROM parameter WHERE folder = ?",
                                       "DELETE FROM result WHERE folder = ?" };
    int code = SQLITE_OK;

    for (int i = 0; i < 3 && code == SQLITE_OK; i++)
        code = execute_with(database, sql[i], &name, 1);
    return code;
}

static void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    if (*text)
        sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

/* Whole numbers stay whole: SQL sorts both kinds together. */
static void bind_value(sqlite3_stmt *statement, int place, const struct snn_run_value *value)
{
    if (!value->is_number)
        sqlite3_bind_text(statement, place, value->text, -1, SQLITE_STATIC);
    else if (strpbrk(value->text, ".eEn"))
        sqlite3_bind_double(statement, place, value->number);
    else
        sqlite3_bind_int64(statement, place, strtoll(value->text, NULL, 10));
}

static int put_run(sqlite3 *database, const struct snn_run_info *run)
{
    static const char sql[] =
        "INSERT INTO run (folder, status, started, seconds, tasks, seed, fold,"
        " folds, threads, compiler, version, identity, error)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    char *rest;
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

    if (code != SQLITE_OK)
        return code;
    bind_text(statement, 1, run->name);
    bind_text(statement, 2, run->status);
    bind_text(statement, 3, run->started);
    if (run->seconds >= 0)
        sqlite3_bind_double(statement, 4, run->seconds);
    bind_text(statement, 5, run->tasks);
    bind_text(statement, 6, run->seed);
    if (*run->seed && strlen(run->seed) < 19 && strtoll(run->seed, &rest, 10) >= 0 && !*rest)
        sqlite3_bind_int64(statement, 6, strtoll(run->seed, NULL, 10));
    if (run->folds > 0) {
        sqlite3_bind_int(statement, 7, run->fold);
        sqlite3_bind_int(statement, 8, run->folds);
    }
    sqlite3_bind_int(statement, 9, run->threads);
    bind_text(statement, 10, run->compiler);
    bind_text(statement, 11, run->version);
    bind_text(statement, 12, run->identity);
    bind_text(statement, 13, run->error);
    return finish(statement, sqlite3_step(statement));
}

static int put_values(sqlite3 *database, const char *sql, const char *folder,
                      const struct snn_run_value *values, size_t count, bool are_results)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

    if (code != SQLITE_OK)
        return code;
    code = SQLITE_DONE;
    for (size_t i = 0; i < count && code == SQLITE_DONE; i++) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
        sqlite3_bind_text(statement, 1, folder, -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)i);
        sqlite3_bind_text(statement, 3, values[i].name, -1, SQLITE_STATIC);
        bind_value(statement, 4, &values[i]);
        if (are_results) {
            sqlite3_bind_text(statement, 5, values[i].task, -1, SQLITE_STATIC);
            bind_text(statement, 6, values[i].unit);
        }
        code = sqlite3_step(statement);
    }
    return finish(statement, code);
}

int snn_database_put(sqlite3 *database, const struct snn_run_info *run)
{
    int code = snn_database_remove(database, run->name);

    if (code == SQLITE_OK)
        code = put_run(database, run);
    if (code == SQLITE_OK)
        code = put_values(database,
                          "INSERT INTO parameter (folder, position, name, value)"
                          " VALUES (?, ?, ?, ?)",
                          run->name, run->parameters, run->parameter_count, false);
    if (code == SQLITE_OK)
        code = put_values(database,
                          "INSERT INTO result (folder, position, name, value, task, unit)"
                          " VALUES (?, ?, ?, ?, ?, ?)",
                          run->name, run->results, run->result_count, true);
    return code;
}
