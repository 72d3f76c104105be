/* SPDX-License-Identifier: MIT
 *
 * A few events are inserted one by one; more of them are sorted by the bytes of their times, the
 * lowest first: the bits of floats from 0 on, taken as whole numbers, have the order of the floats.
 */
#include "event_sort.h"

#include <stdbool.h>
#include <string.h>

enum { FEW = 48, DIGITS = 4, VALUES = 256 };

/* The byte of a time; -0 is 0. */
static unsigned digit(float time, int place)
{
    float positive = time + 0.0F;
    uint32_t bits;

    memcpy(&bits, &positive, sizeof bits);
    return bits >> 8 * place & (VALUES - 1);
}

static void insert(struct snn_event *events, int64_t count)
{
    for (int64_t i = 1; i < count; i++) {
        struct snn_event event = events[i];
        int64_t k = i;

        for (; k > 0 && events[k - 1].time > event.time; k--)
            events[k] = events[k - 1];
        events[k] = event;
    }
}

/* Moves the events to `to`, in the order of that byte; false if all have the same. */
static bool distribute(struct snn_event *to, const struct snn_event *from, int64_t count,
                       const int64_t *counts, int place)
{
    int64_t next[VALUES], sum = 0;

    if (counts[digit(from[0].time, place)] == count)
        return false;
    for (int value = 0; value < VALUES; value++) {
        next[value] = sum;
        sum += counts[value];
    }
    for (int64_t i = 0; i < count; i++)
        to[next[digit(from[i].time, place)]++] = from[i];
    return true;
}

void snn_sort_events(struct snn_event *events, struct snn_event *spare, int64_t count)
{
    int64_t counts[DIGITS][VALUES] = { { 0 } };
    struct snn_event *from = events, *to = spare;

    if (count <= FEW) {
        insert(events, count);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        for (int place = 0; place < DIGITS; place++)
            counts[place][digit(events[i].time, place)]++;
    for (int place = 0; place < DIGITS; place++) {
        if (distribute(to, from, count, counts[place], place)) {
            struct snn_event *sorted = to;

            to = from;
            from = sorted;
        }
    }
    if (from != events)
        memcpy(events, from, (size_t)count * sizeof *events);
}
