/* SPDX-License-Identifier: MIT
 *
 * The .bin files of N-MNIST: 5 bytes an event, x, y, then polarity (1 bit) and time (23 bits) with
 * the highest byte first. An event with y = 240 says that the clock began anew: later times are
 * 2^13 us more.
 */
#include "data/recording.h"
#include "error.h"

enum { EVENT_BYTES = 5, OVERFLOW_ROW = 240, OVERFLOW_TIME = 1 << 13, SIDE = 34 };

static int fail_place(const char *path, size_t event, int x, int y)
{
    return snn_error_set("%s: event %zu (byte %zu): x = %d, y = %d lies outside the 34 x 34 pixels "
                         "of N-MNIST; is this a recording of another camera?",
                         path, event, event * EVENT_BYTES, x, y);
}

int snn_recording_read_atis(struct snn_recording *out, const void *bytes, size_t count,
                            const char *path)
{
    const unsigned char *event = bytes;
    int64_t begun = 0;

    out->width = out->height = SIDE;
    if (count == 0 || count % EVENT_BYTES != 0)
        return snn_error_set("%s: %zu bytes are not a whole number of events of %d bytes: the file "
                             "is truncated, fetch or copy it again",
                             path, count, EVENT_BYTES);
    if (snn_recording_reserve(out, (int64_t)(count / EVENT_BYTES), path) < 0)
        return -1;
    for (size_t i = 0; i < count / EVENT_BYTES; i++, event += EVENT_BYTES) {
        if (event[1] == OVERFLOW_ROW) {
            begun += OVERFLOW_TIME;
            continue;
        }
        if (event[0] >= SIDE || event[1] >= SIDE)
            return fail_place(path, i, event[0], event[1]);
        out->events[out->count++] = (struct snn_recorded_event){
            .time = begun + ((int64_t)(event[2] & 0x7f) << 16 | event[3] << 8 | event[4]),
            .x = event[0],
            .y = event[1],
            .polarity = event[2] >> 7,
        };
    }
    return snn_recording_sort(out, path);
}
