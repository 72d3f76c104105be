/* SPDX-License-Identifier: MIT
 *
 * AEDAT 2.0: 8 bytes an event, address and time in us, the highest byte first. What the bits of an
 * address mean depends on the camera. Words of a DAVIS that are not events of pixels (pictures,
 * motion, triggers) are skipped. Times are 32 bits that wrap: differences count.
 */
#include "data/aedat.h"

#include "error.h"

#include <string.h>

enum { EVENT_BYTES = 8 };

/* Where an address has its parts. */
struct layout {
    uint32_t skipped; /* an address with any of these bits is no event of a pixel */
    unsigned x_shift, y_shift, polarity_shift;
    uint32_t x_mask, y_mask;
    bool is_mirrored; /* x and y count from the other end */
};

/* As tonic reads it: jAER's x is here 127 - y, and its y is x. */
static const struct layout dvs128 = { 0x8000, 8, 1, 0, 0x7f, 0x7f, false };
static const struct layout davis = { 0x80000400, 12, 22, 11, 0x3ff, 0x1ff, true };

static int choose_layout(struct snn_recording *out, const struct snn_aedat *file,
                         const struct layout **layout)
{
    const char *text;
    size_t length;

    *layout = &dvs128;
    out->width = out->height = 128;
    if (!snn_aedat_find(file, file->at, "AEChip:", &text, &length))
        return 0;
    if (!snn_aedat_camera(out, text, length) || (out->width > 346))
        return snn_error_set("%s: '%.*s' is a camera whose addresses are not known; DVS128, "
                             "DAVIS240 and DAVIS346 are",
                             file->path, (int)(length < 100 ? length : 100), text);
    *layout = out->width == 128 ? &dvs128 : &davis;
    return 0;
}

static int read_event(struct snn_recording *out, const struct snn_aedat *file,
                      const struct layout *layout, int64_t time)
{
    uint32_t address = snn_big_u32(file->bytes + file->at);
    int64_t x = address >> layout->x_shift & layout->x_mask;
    int64_t y = address >> layout->y_shift & layout->y_mask;

    if (address & layout->skipped)
        return 0;
    if (layout == &dvs128 && address > 0xffff)
        return snn_error_set("%s: record at byte %zu: address %#x has bits that a DVS128 does not "
                             "set: the file is damaged or of another camera",
                             file->path, file->at, address);
    if (x >= out->width || y >= out->height)
        return snn_aedat_fail_place(out, file, x, y);
    out->events[out->count++] = (struct snn_recorded_event){
        .time = time,
        .x = (uint16_t)(layout->is_mirrored ? out->width - 1 - x : x),
        .y = (uint16_t)(layout->is_mirrored ? out->height - 1 - y : y),
        .polarity = address >> layout->polarity_shift & 1,
    };
    return 0;
}

int snn_aedat_measure_2(struct snn_recording *out, struct snn_aedat *file)
{
    const struct layout *layout;

    return choose_layout(out, file, &layout);
}

int snn_aedat_read_2(struct snn_recording *out, struct snn_aedat *file)
{
    size_t first = file->at, records = (file->count - first) / EVENT_BYTES;
    const struct layout *layout;
    uint32_t last = 0;
    int64_t time = 0;

    if (choose_layout(out, file, &layout) < 0)
        return -1;
    if ((file->count - first) % EVENT_BYTES != 0)
        return snn_error_set("%s: truncated: record %zu begins at byte %zu and the file ends "
                             "within it; fetch or copy it again",
                             file->path, records, first + records * EVENT_BYTES);
    if (snn_recording_reserve(out, (int64_t)records, file->path) < 0)
        return -1;
    for (; file->at < file->count; file->at += EVENT_BYTES) {
        uint32_t now = snn_big_u32(file->bytes + file->at + 4);

        time += (int32_t)(now - last);
        last = now;
        if (read_event(out, file, layout, time) < 0)
            return -1;
    }
    return 0;
}
