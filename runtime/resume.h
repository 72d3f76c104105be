/* SPDX-License-Identifier: MIT
 *
 * --resume: which run to go on with, and what it was asked to do.
 */
#ifndef SNN_RESUME_H
#define SNN_RESUME_H

#include "options.h"
#include "record/file.h"
#include "seeds.h"

/* A run that was not finished and has a checkpoint. Texts live in the region given. */
struct snn_resume {
    char folder[SNN_PATH_BYTES];
    const char *started;
    const char *model; /* that it began with, or NULL */
};

/* Finds the run that `options` mean: the one named, or else the newest that was asked to do the
 * same; the newest of all if nothing is asked for. Then `options` become those of that run, but for
 * threads, output and checkpoints. Negative, with the message set, if there is none. */
int snn_resume_find(struct snn_resume *out, struct snn_options *options, struct snn_region *region,
                    const struct snn_program *program);

#endif
