/* SPDX-License-Identifier: MIT
 *
 * Lists of events in continuous time.
 */
#include "calls.h"

#include "event_sort.h"
#include "lanes.h"
#include "runtime.h"

/* Room for as many elements, where the length of a buffer is set at run time. */
static void *room(struct snn_context *context, int32_t buffer, int64_t elements)
{
    if (context->program->buffers[buffer].count < 0)
        snn_rt_reserve(context, buffer, elements);
    return context->buffers[buffer];
}

int64_t snn_rt_sort_events(struct snn_context *context, int64_t neurons, double until,
                           int32_t by_neuron, int32_t list, int32_t times)
{
    const float *time = context->buffers[by_neuron];
    int32_t *sorted = room(context, list, neurons);
    float *sorted_times = room(context, times, neurons);
    struct snn_region_mark mark = snn_region_mark(context->lane->region);
    int64_t count = 0;
    struct snn_event *events =
        snn_region_array(context->lane->region, 2 * (size_t)neurons + 1, sizeof *events);

    for (int64_t i = 0; i < neurons; i++)
        if (time[i] >= 0 && (double)time[i] < until)
            events[count++] = (struct snn_event){ time[i] + 0.0F, (int32_t)i }; /* no -0 */
    snn_sort_events(events, events + neurons, count);
    for (int64_t i = 0; i < count; i++) {
        sorted[i] = events[i].input;
        sorted_times[i] = events[i].time;
    }
    snn_region_release(context->lane->region, mark);
    return count;
}
