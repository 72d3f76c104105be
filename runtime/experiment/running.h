/* SPDX-License-Identifier: MIT
 *
 * Which runs are going on. A run holds a lock of the operating system for as long as its process
 * lives, so it is known to be over however it ended. The locks are bytes of one empty file,
 * runs.lock, beside the folders of the runs.
 */
#ifndef SNN_EXPERIMENT_RUNNING_H
#define SNN_EXPERIMENT_RUNNING_H

#include <stdbool.h>

/* The descriptor of runs.lock in `folder`, made if need be; -1 if that cannot be. Closing it, or
 * any other descriptor of the file, gives up all locks of the process. */
int snn_running_open(const char *folder);

/* Says that this process is the run of that name. False if another process says so. */
bool snn_running_hold(int lock, const char *name);
void snn_running_release(int lock, const char *name);

/* Is another process the run of that name? */
bool snn_running_test(int lock, const char *name);

/* Waits until no other process repairs the database, and keeps others waiting. */
void snn_running_begin_repair(int lock);
void snn_running_end_repair(int lock);

#endif
