/* SPDX-License-Identifier: MIT
 *
 * The records of a run: its folder and everything in it but the model. Whatever cannot be written
 * ends the run with the path and the reason. Lanes may log and report at the same time; the order
 * is then theirs.
 */
#ifndef SNN_RECORD_RECORD_H
#define SNN_RECORD_RECORD_H

#include "lanes.h"
#include "record/file.h"
#include "record/json.h"
#include "runtime.h"

struct snn_record;

/* Makes the folder of a run, <out>/<program>/<time>, which no other run has. Negative: see
 * snn_last_error. */
int snn_run_folder_make(char path[SNN_PATH_BYTES], const char *out, const char *program);

/* Makes that folder, unless the options name one, and writes params.json there. */
struct snn_record *snn_record_create(struct snn_runtime *runtime);

void snn_record_destroy(struct snn_record *record);

/* The folder of the run. */
const char *snn_record_folder(const struct snn_record *record);

/* The path of a file in it; makes the folders that `name` begins with. Lives as long as the run. */
const char *snn_record_path(struct snn_record *record, const char *name);

/* Ends the run unless a name that a program gives is one within the folder: not absolute, not
 * upwards. */
void snn_record_check_name(const char *place, const char *name);

/* A path like snn_record_path's that was not given yet: "name.ending", or "name-2.ending" and so
 * on. */
const char *snn_record_new_path(struct snn_record *record, const char *name, const char *ending);

/* The same path with another ending in place of its last. */
const char *snn_record_sibling(struct snn_record *record, const char *path, const char *ending);

/* ---- params.json */

/* `status` is "unfinished" until the run's end, then "finished", "interrupted" or "failed"; then
 * `error` says why, otherwise it is NULL. */
void snn_record_params(struct snn_record *record, const char *status, const char *error);

/* Sets the identity of the run, from what its options and its model are now. */
void snn_run_identify(struct snn_runtime *runtime);

/* ---- metrics.jsonl: one object a line */
void snn_record_log(struct snn_record *record, const char *name, double value);
void snn_record_log_array(struct snn_record *record, const char *name, enum snn_type type,
                          const void *data, const struct snn_axis *axes, int rank);

/* Draws each logged number that has more than one value. At the end of a run. */
void snn_record_plot_logs(struct snn_record *record);

/* ---- results.json and standard output. `unit` is "" if the value has none. */
void snn_record_report_number(struct snn_record *record, const char *name, double value,
                              const char *unit);
void snn_record_report_integer(struct snn_record *record, const char *name, int64_t value);
void snn_record_report_text(struct snn_record *record, const char *name, const char *text);
void snn_record_report_array(struct snn_record *record, const char *name, const char *unit,
                             enum snn_type type, const void *data, const struct snn_axis *axes,
                             int rank);
void snn_record_results(
    struct snn_record *record); /* writes what was reported so far, if anything was */

/* ---- timing.json */
void snn_record_loop(struct snn_record *record, const char *label, int64_t iterations,
                     int64_t samples, double seconds);
void snn_record_task(struct snn_record *record, const char *task, double seconds);
void snn_record_timing(struct snn_record *record);

/* Element i of an array of numbers. */
double snn_array_value(enum snn_type type, const void *data, int64_t i);

#endif
