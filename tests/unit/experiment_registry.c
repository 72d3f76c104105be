/* SPDX-License-Identifier: MIT
 *
 * The list of runs with many processes: none of their entries is lost, whatever they meet: each
 * other, a file that is locked for a while, a file that is damaged while they write.
 */
#include "experiment/database.h"
#include "experiment/registry.h"
#include "record/file.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES = 6, RUNS = 12 };

static const char folder[] = "out/program";

static void wait_milliseconds(long count)
{
    struct timespec time = { .tv_sec = count / 1000, .tv_nsec = count % 1000 * 1000000 };

    nanosleep(&time, NULL);
}

static void make_run(const char *name, int process)
{
    char path[SNN_PATH_BYTES];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/params.json", folder, name);
    file = fopen(path, "w");
    assert(file);
    fprintf(file,
            "{\"status\": \"finished\", \"identity\": \"%s\", \"seed\": %d, \"tasks\": [\"t\"], "
            "\"parameters\": {\"n\": %d}}",
            name, process, process);
    assert(fclose(file) == 0);
}

/* What each process does: makes runs and enters them, one after the other. */
static void make_runs(int process)
{
    struct snn_region *region = snn_region_create();

    for (int i = 0; i < RUNS; i++) {
        struct snn_registry *registry = snn_registry_create(region, folder);
        char name[SNN_RUN_NAME_BYTES];

        snprintf(name, sizeof name, "20260101-%06d-%d", i, process + 2);
        make_run(name, process);
        snn_registry_begin(registry, name);
        snn_registry_note(registry, name);
        snn_registry_destroy(registry);
    }
    snn_region_destroy(region);
}

static void start_processes(void)
{
    for (int process = 0; process < PROCESSES; process++) {
        pid_t child = fork();

        assert(child >= 0);
        if (child == 0) {
            make_runs(process);
            _exit(0);
        }
    }
}

static void wait_for_processes(void)
{
    int status;

    for (int process = 0; process < PROCESSES; process++)
        assert(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Rows of the table as it is, without looking at the folders. */
static int count_rows(const char *where)
{
    sqlite3 *database;
    sqlite3_stmt *statement;
    char sql[256];
    int count;

    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", where);
    assert(snn_database_open(&database, "out/program/runs.sqlite") == SQLITE_OK);
    assert(sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK);
    assert(sqlite3_step(statement) == SQLITE_ROW);
    count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return count;
}

static void start_anew(void)
{
    assert(system("rm -rf out && mkdir -p out/program") == 0);
}

static void test_many_writers(void)
{
    start_anew();
    start_processes();
    wait_for_processes();
    assert(count_rows("run") == PROCESSES * RUNS);
    assert(count_rows("parameter WHERE name = 'n'") == PROCESSES * RUNS);
    assert(count_rows("run WHERE seed = 3 AND status = 'finished'") == RUNS);
}

/* Somebody looks at the file with a tool of theirs; a process of its own, since one must not be
 * copied while it has a database open. */
static pid_t lock_for(long milliseconds)
{
    pid_t child = fork();
    sqlite3 *database;

    if (child != 0)
        return child;
    assert(snn_database_open(&database, "out/program/runs.sqlite") == SQLITE_OK);
    assert(snn_database_execute(database, "BEGIN EXCLUSIVE") == SQLITE_OK);
    assert(mkdir("out/is_locked", 0777) == 0);
    wait_milliseconds(milliseconds);
    assert(snn_database_execute(database, "COMMIT") == SQLITE_OK);
    sqlite3_close(database);
    _exit(0);
}

static void test_locked(void)
{
    pid_t locker;
    int status;

    start_anew();
    make_runs(PROCESSES);
    locker = lock_for(300);
    while (access("out/is_locked", F_OK) != 0)
        wait_milliseconds(10);
    start_processes();
    assert(waitpid(locker, &status, 0) == locker && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    wait_for_processes();
    assert(count_rows("run") == (PROCESSES + 1) * RUNS);
}

/* One of the processes finds the damage and repairs it, the others go on. */
static void test_damaged(void)
{
    static const char nonsense[] = "this is not what a database looks like";
    struct snn_region *region = snn_region_create();
    struct snn_registry *registry = snn_registry_create(region, folder);
    struct snn_run_info *runs;
    size_t count;
    int file;

    start_anew();
    make_runs(PROCESSES);
    file = open("out/program/runs.sqlite", O_WRONLY | O_TRUNC);
    assert(file >= 0 && write(file, nonsense, sizeof nonsense) == sizeof nonsense);
    close(file);
    start_processes();
    wait_for_processes();
    assert(count_rows("run") == (PROCESSES + 1) * RUNS);
    assert(access("out/program/runs.sqlite.damaged", R_OK) == 0);
    assert(snn_registry_sync(registry) == 0);
    assert(snn_registry_list(registry, &runs, &count) == 0 && count == (PROCESSES + 1) * RUNS);
    snn_registry_destroy(registry);
    snn_region_destroy(region);
}

/* A run is running for as long as its process lives, and found by what it does. */
static void test_running(void)
{
    struct snn_region *region = snn_region_create();
    struct snn_registry *registry = snn_registry_create(region, folder);
    char name[SNN_RUN_NAME_BYTES], path[SNN_PATH_BYTES];
    pid_t child;
    FILE *file;

    start_anew();
    assert(snn_registry_find(registry, "a", name) == SNN_REGISTRY_NONE);
    assert(mkdir("out/program/20260101-000000", 0777) == 0);
    snprintf(path, sizeof path, "%s/20260101-000000/params.json", folder);
    file = fopen(path, "w");
    assert(file && fputs("{\"status\": \"unfinished\", \"identity\": \"a\"}", file) >= 0);
    assert(fclose(file) == 0);
    child = fork();
    if (child == 0) {
        snn_registry_begin(registry, "20260101-000000");
        wait_milliseconds(20000);
        _exit(1);
    }
    while (snn_registry_find(registry, "a", name) != SNN_REGISTRY_RUNNING)
        wait_milliseconds(10);
    assert(strcmp(name, "20260101-000000") == 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert(snn_registry_find(registry, "a", name) == SNN_REGISTRY_NONE);
    assert(count_rows("run WHERE status = 'killed'") == 1);
    snn_registry_destroy(registry);
    snn_region_destroy(region);
}

int main(void)
{
    alarm(100); /* rather than waiting for a lock again and again */
    test_many_writers();
    test_locked();
    test_damaged();
    test_running();
    return 0;
}
