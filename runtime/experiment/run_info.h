/* SPDX-License-Identifier: MIT
 *
 * What is known of a run: its request and end from params.json, its numbers and texts from
 * results.json. The folder is the truth; the database holds copies of this.
 */
#ifndef SNN_EXPERIMENT_RUN_INFO_H
#define SNN_EXPERIMENT_RUN_INFO_H

#include "memory.h"

#include <stdbool.h>
#include <stddef.h>

enum { SNN_RUN_NAME_BYTES = 64 };

/* A parameter, a data source ("data.digits") or a result. Texts live in the region. */
struct snn_run_value {
    const char *task; /* of a result; "" of a parameter */
    const char *name;
    const char *text;
    bool is_number;
    double number;    /* if it is one */
    const char *unit; /* of a result; "" if none */
};

struct snn_run_info {
    char name[SNN_RUN_NAME_BYTES]; /* of the folder */
    /* "running", "finished", "interrupted", "failed" or "killed" */
    const char *status;
    const char *started, *tasks, *seed, *compiler, *version, *identity, *error; /* "" if unknown */
    double seconds;                                                             /* -1 if unknown */
    int fold, folds; /* folds is 0 if it was for none */
    int threads;
    struct snn_run_value *parameters, *results;
    size_t parameter_count, result_count;
};

/* Is `name` one that a folder of a run has? */
bool snn_run_name_is_valid(const char *name);

/* Reads folder/name. Negative, with the message set, if its params.json cannot be read; results
 * that cannot be read are none. A run without an end is "running" if `is_running`, otherwise
 * "killed". */
int snn_run_info_read(struct snn_run_info *out, struct snn_region *region, const char *folder,
                      const char *name, bool is_running);

#endif
