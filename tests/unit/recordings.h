/* SPDX-License-Identifier: MIT
 *
 * What tests of recordings share: small files, and what came out of them.
 */
#ifndef SNN_TESTS_RECORDINGS_H
#define SNN_TESTS_RECORDINGS_H

#include "data/view.h"
#include "data_formats.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void put_little(struct bytes *bytes, uint64_t value, int count)
{
    for (int i = 0; i < count; i++)
        put_byte(bytes, (int)(value >> 8 * i & 0xff));
}

static inline void write_recording(const char *path, struct bytes *bytes)
{
    write_bytes(path, bytes);
    bytes->count = 0;
}

/* An event of a .bin file. */
static inline void put_atis(struct bytes *bytes, int x, int y, int polarity, int time)
{
    put_byte(bytes, x);
    put_byte(bytes, y);
    put_byte(bytes, polarity << 7 | time >> 16);
    put_byte(bytes, time >> 8 & 0xff);
    put_byte(bytes, time & 0xff);
}

/* The events of sample i, all of them. */
static inline struct snn_event_list events_of(const struct snn_view *view, int64_t i)
{
    size_t inputs = snn_dataset_sample_size(view->set);
    struct snn_event_list list;
    double unit;

    expect_success(snn_view_events(view, i, inputs, HUGE_VAL, NULL, &list, &unit));
    assert(unit == 1e-3);
    return list;
}

/* Input (p, y, x) of a camera of side x side pixels. */
static inline int32_t place(int32_t side, int32_t p, int32_t y, int32_t x)
{
    return (p * side + y) * side + x;
}

#endif
