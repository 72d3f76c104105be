/* SPDX-License-Identifier: MIT
 *
 * Events in the order of their times.
 */
#ifndef SNN_EVENT_SORT_H
#define SNN_EVENT_SORT_H

#include <stdint.h>

struct snn_event {
    float time; /* 0 or more */
    int32_t input;
};

/* Sorts by time; events of equal times keep their order. `spare` has room for as many. */
void snn_sort_events(struct snn_event *events, struct snn_event *spare, int64_t count);

#endif
