/* SPDX-License-Identifier: MIT
 *
 * The tables of runs.sqlite and the statements on them. Functions return SQLite's codes: SQLITE_OK,
 * or an error whose text sqlite3_errmsg has.
 */
#ifndef SNN_EXPERIMENT_DATABASE_H
#define SNN_EXPERIMENT_DATABASE_H

#include "experiment/run_info.h"

#include <sqlite3.h>

/* A row of `run`, as much as it takes to see whether it is still right. */
struct snn_database_entry {
    char name[SNN_RUN_NAME_BYTES];
    bool is_open;    /* "running" or "killed" */
    bool is_running; /* "running" */
    bool is_seen;    /* the caller's: there is such a folder */
};

/* Opens the file, or memory for ":memory:", and waits for other processes from then on. The handle
 * is to be closed in any case. */
int snn_database_open(sqlite3 **database, const char *path);

/* Runs one statement without results. */
int snn_database_execute(sqlite3 *database, const char *sql);

/* Makes the tables, unless they are there; inside a transaction. */
int snn_database_prepare_tables(sqlite3 *database);

/* SQLITE_CORRUPT if the file is not in order. */
int snn_database_check(sqlite3 *database);

/* Enters the run in place of what there was of it. */
int snn_database_put(sqlite3 *database, const struct snn_run_info *run);

int snn_database_remove(sqlite3 *database, const char *name);

/* All names, sorted by their bytes. */
int snn_database_entries(sqlite3 *database, struct snn_region *region,
                         struct snn_database_entry **entries, size_t *count);

/* All runs with all they have, in the order in which they began. */
int snn_database_list(sqlite3 *database, struct snn_region *region, struct snn_run_info **runs,
                      size_t *count);

/* The newest run of that identity that is finished, or if there is none one that is running: its
 * name, "" if there is neither. */
int snn_database_find(sqlite3 *database, const char *identity, char name[SNN_RUN_NAME_BYTES],
                      bool *is_finished);

/* The run number `nth`, from 0 for the newest, of that identity that ended without being finished;
 * "" if there are not so many. */
int snn_database_unfinished(sqlite3 *database, const char *identity, size_t nth,
                            char name[SNN_RUN_NAME_BYTES]);

/* Does the code say that the file is damaged, or none of ours? */
bool snn_database_is_damage(int code);

#endif
