/* SPDX-License-Identifier: MIT
 *
 * The list of all runs of a program: runs.sqlite, beside their folders. Every run enters itself
 * when it ends; any number of processes may do so at once. The list says nothing that the folders
 * do not say: one that is missing, damaged or behind is made right from them.
 */
#ifndef SNN_EXPERIMENT_REGISTRY_H
#define SNN_EXPERIMENT_REGISTRY_H

#include "experiment/run_info.h"
#include "memory.h"

#include <stdbool.h>
#include <stddef.h>

struct snn_registry;

/* The list of the runs in `folder` (<out>/<program>), which need not exist yet. Nothing is opened
 * before it is needed. `region` must outlive it. */
struct snn_registry *snn_registry_create(struct snn_region *region, const char *folder);
void snn_registry_destroy(struct snn_registry *registry); /* NULL is legal */

/* This process is the run of that name until it ends. False if another process is. */
bool snn_registry_begin(struct snn_registry *registry, const char *name);

/* Enters a run as its folder is now. Failures are told once, as a warning: a run does not fail
 * because it cannot be listed. */
void snn_registry_note(struct snn_registry *registry, const char *name);

/* Makes the list agree with the folders, and says so if it had to be made anew. Where it cannot be
 * written it is made in memory, with a warning. Negative, with the message set, if neither works.
 */
int snn_registry_sync(struct snn_registry *registry);

/* All runs, in the order in which they began. Texts live in the registry's region. */
int snn_registry_list(struct snn_registry *registry, struct snn_run_info **runs, size_t *count);

/* Says that this process makes a run of that identity, until it releases it. False if another
 * process says so: of several that ask at once, one gets it. */
bool snn_registry_claim(struct snn_registry *registry, const char *identity);
void snn_registry_release(struct snn_registry *registry, const char *identity);

/* Is there a run of that identity that is finished, or one that is running? `name` gets the newest,
 * finished ones first. */
enum snn_registry_state {
    SNN_REGISTRY_NONE,
    SNN_REGISTRY_FINISHED,
    SNN_REGISTRY_RUNNING,
};
enum snn_registry_state snn_registry_find(struct snn_registry *registry, const char *identity,
                                          char name[SNN_RUN_NAME_BYTES]);

/* The run number `nth` of that identity, from 0 for the newest, that ended without being finished.
 * False if there are not so many. */
bool snn_registry_unfinished(struct snn_registry *registry, const char *identity, size_t nth,
                             char name[SNN_RUN_NAME_BYTES]);

#endif
