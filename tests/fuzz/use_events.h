/* SPDX-License-Identifier: MIT
 *
 * What the fuzzers of event files do with a store that was opened.
 */
#ifndef SNN_TESTS_FUZZ_USE_EVENTS_H
#define SNN_TESTS_FUZZ_USE_EVENTS_H

#include <stdlib.h>

/* Looks at every event, as the check has allowed. */
static inline void use_events(struct snn_event_store *store)
{
    struct snn_event_list *lists = calloc((size_t)store->samples + 1, sizeof *lists);

    if (lists && store->list(store, lists) == 0)
        for (int64_t i = 0; i < store->samples; i++)
            for (int64_t k = 0; k < lists[i].count; k++)
                if (lists[i].index[k] < 0 || lists[i].index[k] >= store->inputs ||
                    !(lists[i].time[k] >= (k > 0 ? lists[i].time[k - 1] : 0)))
                    abort();
    free(lists);
    snn_event_store_close(store);
}

#endif
