/* SPDX-License-Identifier: MIT
 *
 * Lists of events in continuous time.
 */
#include "calls.h"

#include "lanes.h"
#include "runtime.h"

#include <stdlib.h>
#include <string.h>

struct event {
    float time;
    int32_t neuron;
};

/* By time, then neuron. */
static int compare_events(const void *left, const void *right)
{
    const struct event *a = left, *b = right;

    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return (a->neuron > b->neuron) - (a->neuron < b->neuron);
}

/* Events in the order of neurons are brought into that of time by the digits of the times, from the
 * lowest: floats from 0 on are ordered as their bits are. `spare` is as long as `events`; returns
 * the one that holds the result. */
static struct event *sort_digits(struct event *events, struct event *spare, int64_t count)
{
    enum { BITS = 11, DIGITS = 1 << BITS, ROUNDS = 3 };
    int64_t places[ROUNDS][DIGITS] = { { 0 } };
    uint32_t key;

    for (int64_t i = 0; i < count; i++) {
        memcpy(&key, &events[i].time, sizeof key);
        for (int round = 0; round < ROUNDS; round++)
            places[round][key >> (round * BITS) & (DIGITS - 1)]++;
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct event *from = events;
        int64_t place = 0;

        for (int digit = 0; digit < DIGITS; digit++) {
            int64_t length = places[round][digit];

            places[round][digit] = place;
            place += length;
        }
        for (int64_t i = 0; i < count; i++) {
            memcpy(&key, &from[i].time, sizeof key);
            spare[places[round][key >> (round * BITS) & (DIGITS - 1)]++] = from[i];
        }
        events = spare;
        spare = from;
    }
    return events;
}

static struct event *sort(struct snn_context *context, struct event *events, int64_t count)
{
    enum { FEW = 500 }; /* below, going through all digits takes longer than comparing */

    if (count >= FEW)
        return sort_digits(
            events, snn_region_array(context->lane->region, (size_t)count, sizeof *events), count);
    qsort(events, (size_t)count, sizeof *events, compare_events);
    return events;
}

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
    struct event *events =
        snn_region_array(context->lane->region, (size_t)neurons + 1, sizeof *events);

    for (int64_t i = 0; i < neurons; i++)
        if (time[i] >= 0 && (double)time[i] < until)
            events[count++] = (struct event){ time[i] + 0.0F, (int32_t)i }; /* no -0 */
    events = sort(context, events, count);
    for (int64_t i = 0; i < count; i++) {
        sorted[i] = events[i].neuron;
        sorted_times[i] = events[i].time;
    }
    snn_region_release(context->lane->region, mark);
    return count;
}
