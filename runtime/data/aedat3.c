/* SPDX-License-Identifier: MIT
 *
 * AEDAT 3.1: packets of events of one kind, the lowest byte first. Of polarity packets the events
 * that are marked valid are taken, or all where the packet says that all are; packets of other
 * kinds are skipped. Times are 31 bits, above which a packet has its own counter.
 */
#include "data/aedat.h"

#include "error.h"

enum { HEADER_BYTES = 28, EVENT_BYTES = 8, POLARITY_EVENT = 1 };

struct packet {
    uint32_t type, event_bytes, overflow, capacity, count, valid;
};

static int fail_truncated(const struct snn_aedat *file, int64_t number, size_t wanted)
{
    return snn_error_set("%s: truncated: packet %lld at byte %zu has %zu bytes, and the file has "
                         "%zu of them; fetch or copy it again",
                         file->path, (long long)number, file->at, wanted, file->count - file->at);
}

static int read_header(struct packet *packet, const struct snn_aedat *file, int64_t number)
{
    const unsigned char *bytes = file->bytes + file->at;

    if (file->count - file->at < HEADER_BYTES)
        return fail_truncated(file, number, HEADER_BYTES);
    *packet = (struct packet){
        .type = bytes[0] | (uint32_t)bytes[1] << 8,
        .event_bytes = snn_little_u32(bytes + 4),
        .overflow = snn_little_u32(bytes + 12),
        .capacity = snn_little_u32(bytes + 16),
        .count = snn_little_u32(bytes + 20),
        .valid = snn_little_u32(bytes + 24),
    };
    if (packet->count > packet->capacity ||
        (packet->type == POLARITY_EVENT && packet->event_bytes != EVENT_BYTES))
        return snn_error_set("%s: packet %lld at byte %zu has %u events of %u bytes in room for "
                             "%u: the file is damaged, fetch or copy it again",
                             file->path, (long long)number, file->at, packet->count,
                             packet->event_bytes, packet->capacity);
    if ((file->count - file->at - HEADER_BYTES) / (packet->event_bytes ? packet->event_bytes : 1) <
        packet->capacity)
        return fail_truncated(file, number,
                              HEADER_BYTES + (size_t)packet->capacity * packet->event_bytes);
    return 0;
}

static int read_events(struct snn_recording *out, struct snn_aedat *file,
                       const struct packet *packet)
{
    if (snn_recording_reserve(out, packet->count, file->path) < 0)
        return -1;
    for (uint32_t i = 0; i < packet->count; i++, file->at += EVENT_BYTES) {
        uint32_t data = snn_little_u32(file->bytes + file->at);
        uint32_t x = data >> 17, y = data >> 2 & 0x7fff;

        if (!(data & 1) && packet->valid != packet->count)
            continue;
        if (x >= out->width || y >= out->height)
            return snn_aedat_fail_place(out, file, x, y);
        out->events[out->count++] = (struct snn_recorded_event){
            .time = (int64_t)packet->overflow << 31 |
                    (snn_little_u32(file->bytes + file->at + 4) & 0x7fffffff),
            .x = (uint16_t)x,
            .y = (uint16_t)y,
            .polarity = data >> 1 & 1,
        };
    }
    return 0;
}

int snn_aedat_measure_3(struct snn_recording *out, struct snn_aedat *file)
{
    const char *text;
    size_t length;

    out->width = out->height = 128; /* the camera of DVS-Gesture */
    if (snn_aedat_find(file, file->at, "#Source ", &text, &length))
        snn_aedat_camera(out, text, length);
    return 0;
}

int snn_aedat_read_3(struct snn_recording *out, struct snn_aedat *file)
{
    for (int64_t number = 0; file->at < file->count; number++) {
        struct packet packet = { 0 };
        size_t end;

        if (read_header(&packet, file, number) < 0)
            return -1;
        end = file->at + HEADER_BYTES + (size_t)packet.capacity * packet.event_bytes;
        file->at += HEADER_BYTES;
        if (packet.type == POLARITY_EVENT && read_events(out, file, &packet) < 0)
            return -1;
        file->at = end;
    }
    return 0;
}
