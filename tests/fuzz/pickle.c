/* SPDX-License-Identifier: MIT
 *
 * libFuzzer entry: any bytes either are an event file of SpikeNN or give an error, within memory in
 * proportion to their number.
 * corpus: tests/data/spikenn/[a-z]*.npy
 */
#include "data/events.h"
#include "data/mapping.h"
#include "use_events.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
        use_events(store);
    return 0;
}
