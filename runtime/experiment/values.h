/* SPDX-License-Identifier: MIT
 *
 * The lists of a sweep: "1,2,5", "0..9", "lin:0..1:5", "log:1 ms..100 ms:3", and any of these with
 * commas between them.
 */
#ifndef SNN_EXPERIMENT_VALUES_H
#define SNN_EXPERIMENT_VALUES_H

#include "memory.h"
#include "snn/program.h"

struct snn_values {
    const char **texts; /* [count], each as a command line would give it */
    size_t count;
};

/* Expands the list for what is called `name`. A text's parts are taken as they are; ranges are for
 * numbers. `param` is NULL for a seed or a parameter that the program does not have. Negative: see
 * snn_last_error. */
int snn_values_expand(struct snn_values *out, struct snn_region *region, const char *name,
                      const struct snn_param *param, const char *list);

#endif
