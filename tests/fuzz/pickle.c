/* SPDX-License-Identifier: MIT
 *
 * libFuzzer entry: any bytes either are an event file of SpikeNN or give an error, within memory in
 * proportion to their number.
 * corpus: tests/data/spikenn/[a-z]*.npy
 */
#include "data/events.h"
#include "data/mapping.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Looks at every event, as the check has allowed. */
static void use(struct snn_event_store *store)
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snn_mapping mapping = { .bytes = size };
    struct snn_event_store *store;
    void *copy = malloc(size ? size : 1);

    if (!copy)
        return 0;
    memcpy(copy, data, size);
    mapping.memory = copy;
    if (snn_event_store_pickle(&store, &mapping, "fuzz.npy") == 0)
        use(store);
    return 0;
}
