/* SPDX-License-Identifier: MIT
 *
 * AEDAT 4: after the version line, an IOHeader, then packets of a stream number, a size and a body
 * that is packed as the header says. Header and bodies are FlatBuffers. Of the streams of events
 * the one with the lowest number is read. Everything is little-endian.
 */
#include "data/aedat.h"
#include "data/unpack.h"
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT_BYTES = 16, PACKET_HEADER_BYTES = 8, LARGEST_SIDE = 1 << 14 };

/* The file's own header, as far as it matters. */
struct head {
    enum snn_packing packing;
    size_t end; /* of the packets; behind it is a table that is not needed */
    int64_t stream;
};

/* ---- FlatBuffers: all reading is checked, false means outside */

struct flat {
    const unsigned char *bytes;
    size_t count;
};

static bool read_u32(const struct flat *flat, size_t at, uint32_t *out)
{
    if (at > flat->count || flat->count - at < 4)
        return false;
    *out = snn_little_u32(flat->bytes + at);
    return true;
}

/* The place of a field of the table at `table`; 0: the field is left out. */
static bool find_field(const struct flat *flat, size_t table, unsigned field, size_t *place)
{
    size_t entry = 4 + 2 * (size_t)field, virtual_table;
    uint32_t distance, sizes, offset;

    if (!read_u32(flat, table, &distance))
        return false;
    virtual_table = table - (size_t)(int64_t)(int32_t)distance;
    if (!read_u32(flat, virtual_table, &sizes))
        return false;
    *place = 0;
    if (entry + 2 > (sizes & 0xffff))
        return true;
    if (virtual_table + entry + 2 > flat->count)
        return false;
    offset = flat->bytes[virtual_table + entry] | (uint32_t)flat->bytes[virtual_table + entry + 1]
                                                      << 8;
    *place = offset ? table + offset : 0;
    return true;
}

/* The elements of the vector that the field at `place` refers to. */
static bool find_vector(const struct flat *flat, size_t place, size_t element, size_t *first,
                        size_t *count)
{
    uint32_t distance, length;

    if (!read_u32(flat, place, &distance) || !read_u32(flat, place + distance, &length))
        return false;
    *first = place + distance + 4;
    *count = length;
    return (flat->count - *first) / element >= length;
}

/* ---- the header */

static int fail_damaged(const struct snn_aedat *file, const char *what, size_t at)
{
    return snn_error_set("%s: %s at byte %zu is damaged; fetch or copy the file again", file->path,
                         what, at);
}

/* The next text "outInfo/N/\"" from `text` on, behind which stream N is described. */
static const char *next_stream(const char *text, int64_t *number)
{
    static const char start[] = "outInfo/";

    while ((text = strstr(text, start)) != NULL) {
        char *end;

        text += sizeof start - 1;
        *number = strtol(text, &end, 10);
        if (end != text && strncmp(end, "/\"", 2) == 0)
            return end;
    }
    return NULL;
}

/* The value of an attribute that is described before `end`: what follows its tag. */
static const char *find_value(const char *text, const char *end, const char *key)
{
    const char *place = strstr(text, key);

    place = place && (!end || place < end) ? strchr(place, '>') : NULL;
    return place ? place + 1 : NULL;
}

/* Takes the number and the size of the first stream of events that the text describes. */
static int choose_stream(struct snn_recording *out, const struct snn_aedat *file, struct head *head,
                         const char *text)
{
    int64_t number = 0, next = 0;
    const char *stream = next_stream(text, &number);

    head->stream = -1;
    while (stream) {
        const char *end = next_stream(stream, &next);
        const char *type = find_value(stream, end, "\"typeIdentifier\"");
        const char *width = find_value(stream, end, "\"sizeX\"");
        const char *height = find_value(stream, end, "\"sizeY\"");

        if (type && strncmp(type, "EVTS", 4) == 0 && (head->stream < 0 || number < head->stream)) {
            head->stream = number;
            out->width = width ? strtol(width, NULL, 10) : 0;
            out->height = height ? strtol(height, NULL, 10) : 0;
        }
        stream = end;
        number = next;
    }
    if (head->stream < 0)
        return snn_error_set("%s: no stream of events is described in its header", file->path);
    if (out->width < 1 || out->width > LARGEST_SIDE || out->height < 1 ||
        out->height > LARGEST_SIDE)
        return snn_error_set("%s: stream %lld has %lld x %lld pixels: the file is damaged",
                             file->path, (long long)head->stream, (long long)out->width,
                             (long long)out->height);
    return 0;
}

static int choose_packing(const struct snn_aedat *file, struct head *head, uint32_t compression)
{
    static const enum snn_packing packings[] = { SNN_PACKING_NONE, SNN_PACKING_LZ4, SNN_PACKING_LZ4,
                                                 SNN_PACKING_ZSTD, SNN_PACKING_ZSTD };

    if (compression >= sizeof packings / sizeof *packings)
        return snn_error_set("%s: packed in a way that is not known (%u)", file->path, compression);
    head->packing = packings[compression];
    return 0;
}

/* The end of the packets: where the table begins that some files have behind them. */
static void find_end(const struct snn_aedat *file, struct head *head, const struct flat *flat,
                     size_t place)
{
    uint32_t low = 0, high = 0;

    head->end = file->count;
    if (place == 0 || !read_u32(flat, place, &low) || !read_u32(flat, place + 4, &high))
        return;
    if ((int32_t)high >= 0 && ((uint64_t)high << 32 | low) < file->count)
        head->end = (size_t)high << 32 | low;
}

static int read_description(struct snn_recording *out, const struct snn_aedat *file,
                            struct head *head, const struct flat *flat, size_t place)
{
    size_t first, length;
    char *text;
    int status;

    if (place == 0 || !find_vector(flat, place, 1, &first, &length))
        return fail_damaged(file, "the header", file->at);
    text = malloc(length + 1);
    if (!text)
        return snn_error_set("%s: out of memory", file->path);
    memcpy(text, flat->bytes + first, length);
    text[length] = '\0';
    status = choose_stream(out, file, head, text);
    free(text);
    return status;
}

static int read_head(struct snn_recording *out, struct snn_aedat *file, struct head *head)
{
    struct flat flat = { file->bytes + file->at, file->count - file->at };
    size_t compression, end, description;
    uint32_t size, root, packing = 0;

    if (!read_u32(&flat, 0, &size) || size > flat.count - 4)
        return snn_error_set("%s: truncated within its header; fetch or copy the file again",
                             file->path);
    flat.bytes += 4;
    flat.count = size;
    if (!read_u32(&flat, 0, &root) || !find_field(&flat, root, 0, &compression) ||
        !find_field(&flat, root, 1, &end) || !find_field(&flat, root, 2, &description) ||
        (compression && !read_u32(&flat, compression, &packing)))
        return fail_damaged(file, "the header", file->at);
    find_end(file, head, &flat, end);
    if (choose_packing(file, head, packing) < 0 ||
        read_description(out, file, head, &flat, description) < 0)
        return -1;
    file->at += 4 + (size_t)size;
    return 0;
}

/* ---- packets */

static int add_events(struct snn_recording *out, const struct snn_aedat *file,
                      const unsigned char *event, size_t count)
{
    if (snn_recording_reserve(out, (int64_t)count, file->path) < 0)
        return -1;
    for (size_t i = 0; i < count; i++, event += EVENT_BYTES) {
        int64_t time = (int64_t)((uint64_t)snn_little_u32(event + 4) << 32 | snn_little_u32(event));
        int64_t x = (int16_t)(event[8] | event[9] << 8), y = (int16_t)(event[10] | event[11] << 8);

        if (x < 0 || x >= out->width || y < 0 || y >= out->height)
            return snn_aedat_fail_place(out, file, x, y);
        if (time < 0 || time > INT64_MAX / 2)
            return snn_error_set("%s: event %lld (in the packet at byte %zu): impossible time %lld",
                                 file->path, (long long)out->count, file->at, (long long)time);
        out->events[out->count++] = (struct snn_recorded_event){
            .time = time, .x = (uint16_t)x, .y = (uint16_t)y, .polarity = event[12] != 0
        };
    }
    return 0;
}

/* A body: its size, then a table whose first field is the vector of events. */
static int read_body(struct snn_recording *out, const struct snn_aedat *file,
                     const struct snn_unpacked *body)
{
    struct flat flat = { body->bytes, body->count };
    size_t events, first = 0, count = 0;
    uint32_t root;

    if (flat.count < 8)
        return fail_damaged(file, "the packet", file->at);
    flat.bytes += 4;
    flat.count -= 4;
    if (!read_u32(&flat, 0, &root) || !find_field(&flat, root, 0, &events) ||
        (events && !find_vector(&flat, events, EVENT_BYTES, &first, &count)))
        return fail_damaged(file, "the packet", file->at);
    return add_events(out, file, flat.bytes + first, count);
}

static int read_packets(struct snn_recording *out, struct snn_aedat *file, const struct head *head,
                        struct snn_unpacked *body)
{
    for (int64_t number = 0; file->at < head->end; number++) {
        size_t left = head->end - file->at;
        uint32_t size = left < PACKET_HEADER_BYTES ? 0 : snn_little_u32(file->bytes + file->at + 4);
        char what[4200];

        if (left < PACKET_HEADER_BYTES || size > left - PACKET_HEADER_BYTES)
            return snn_error_set("%s: truncated: packet %lld at byte %zu takes %zu bytes, and %zu "
                                 "are left; fetch or copy the file again",
                                 file->path, (long long)number, file->at,
                                 PACKET_HEADER_BYTES + (size_t)size, left);
        snprintf(what, sizeof what, "%s: packet %lld at byte %zu", file->path, (long long)number,
                 file->at);
        if (snn_little_u32(file->bytes + file->at) == head->stream &&
            (snn_unpack(body, head->packing, file->bytes + file->at + PACKET_HEADER_BYTES, size,
                        what) < 0 ||
             read_body(out, file, body) < 0))
            return -1;
        file->at += PACKET_HEADER_BYTES + size;
    }
    return 0;
}

int snn_aedat_measure_4(struct snn_recording *out, struct snn_aedat *file)
{
    struct snn_aedat begun = *file;
    struct head head = { 0 };

    return read_head(out, &begun, &head);
}

int snn_aedat_read_4(struct snn_recording *out, struct snn_aedat *file)
{
    struct snn_unpacked body = { 0 };
    struct head head = { 0 };
    int status = read_head(out, file, &head);

    if (status == 0)
        status = read_packets(out, file, &head, &body);
    snn_unpacked_dispose(&body);
    return status;
}
