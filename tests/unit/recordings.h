/* SPDX-License-Identifier: MIT
 *
 * What tests of recordings share: small files, and what came out of them.
 */
#ifndef SNN_TESTS_RECORDINGS_H
#define SNN_TESTS_RECORDINGS_H

#include "data/event_stage.h"
#include "data/view.h"
#include "data_formats.h"
#include "memory.h"

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

/* An AEDAT 2.0 file of a DVS128, up to its events. */
static inline void begin_aedat2(struct bytes *bytes)
{
    static const char header[] =
        "#!AER-DAT2.0\r\n# AEChip: ch.unizh.ini.jaer.chip.retina.DVS128\r\n";

    put(bytes, header, sizeof header - 1);
}

static inline void put_aedat2(struct bytes *bytes, int x, int y, int polarity, int64_t time)
{
    put_big_endian(bytes, (uint32_t)(x << 8 | y << 1 | polarity));
    put_big_endian(bytes, (uint32_t)time);
}

/* An AEDAT 3.1 file, up to its packets. */
static inline void begin_aedat3(struct bytes *bytes)
{
    static const char header[] = "#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n"
                                 "#!END-HEADER\r\n";

    put(bytes, header, sizeof header - 1);
}

/* The header of a packet; `valid` of its `count` events are. */
static inline void put_packet3(struct bytes *bytes, int type, uint32_t overflow, uint32_t count,
                               uint32_t valid)
{
    put_little(bytes, (uint64_t)type, 2);
    put_little(bytes, 1, 2);
    put_little(bytes, 8, 4);
    put_little(bytes, 4, 4);
    put_little(bytes, overflow, 4);
    put_little(bytes, count, 4);
    put_little(bytes, count, 4);
    put_little(bytes, valid, 4);
}

static inline void put_aedat3(struct bytes *bytes, bool is_valid, uint32_t x, uint32_t y,
                              uint32_t polarity, uint32_t time)
{
    put_little(bytes, x << 17 | y << 2 | polarity << 1 | is_valid, 4);
    put_little(bytes, time, 4);
}

/* An AEDAT 4 file of one stream of events, number 1, and another, number 0, of motion; its packets
 * are packed as `compression` says. */
static inline void begin_aedat4(struct bytes *bytes, uint32_t compression)
{
    static const char text[] =
        "<dv version=\"2.0\"><node name=\"outInfo\" path=\"/mainloop/Recorder/outInfo/\">"
        "<node name=\"0\" path=\"/mainloop/Recorder/outInfo/0/\">"
        "<attr key=\"typeIdentifier\" type=\"string\">IMUS</attr></node>"
        "<node name=\"1\" path=\"/mainloop/Recorder/outInfo/1/\">"
        "<attr key=\"typeIdentifier\" type=\"string\">EVTS</attr>"
        "<node name=\"info\" path=\"/mainloop/Recorder/outInfo/1/info/\">"
        "<attr key=\"sizeX\" type=\"int\">32</attr><attr key=\"sizeY\" type=\"int\">24</attr>"
        "</node></node></node></dv>";

    put(bytes, "#!AER-DAT4.0\r\n", 14);
    put_little(bytes, 44 + sizeof text, 4);
    put_little(bytes, 20, 4); /* the table is there, 16 behind its own table of places */
    put(bytes, "IOHE\0\0", 6);
    put_little(bytes, 10, 2); /* bytes of that, of the table, and where its fields are */
    put_little(bytes, 20, 2);
    put_little(bytes, 4, 2);
    put_little(bytes, 12, 2);
    put_little(bytes, 8, 2);
    put_little(bytes, 10, 4);
    put_little(bytes, compression, 4);
    put_little(bytes, 12, 4);           /* the text begins so far behind this */
    put_little(bytes, (uint64_t)-1, 8); /* there is no table behind the packets */
    put_little(bytes, sizeof text - 1, 4);
    put(bytes, text, sizeof text);
}

/* The body of a packet of events, up to the events. */
static inline void begin_body4(struct bytes *bytes, uint32_t count)
{
    put_little(bytes, 28 + 16 * count, 4);
    put_little(bytes, 16, 4);
    put(bytes, "EVTS\0\0", 6);
    put_little(bytes, 6, 2); /* its table of places: 6 bytes, table 8, vector at 4 */
    put_little(bytes, 8, 2);
    put_little(bytes, 4, 2); /* the table, which is at 16, begins 6 behind this one */
    put_little(bytes, 6, 4);
    put_little(bytes, 4, 4);
    put_little(bytes, count, 4);
}

static inline void put_event4(struct bytes *bytes, uint64_t time, int x, int y, int polarity)
{
    put_little(bytes, time, 8);
    put_little(bytes, (uint64_t)x, 2);
    put_little(bytes, (uint64_t)y, 2);
    put_little(bytes, (uint64_t)polarity, 4);
}

static inline void put_packet4(struct bytes *bytes, uint32_t stream, const struct bytes *body)
{
    put_little(bytes, stream, 4);
    put_little(bytes, body->count, 4);
    put(bytes, body->data, body->count);
}

/* The events of sample i, all of them. */
static inline struct snn_event_list events_of(const struct snn_view *view, int64_t i)
{
    size_t inputs = snn_dataset_sample_size(view->set);
    static struct snn_event_work *work;
    struct snn_event_list list;
    double unit;

    work = work ? work : snn_event_work_create();
    expect_success(snn_view_events(view, i, inputs, HUGE_VAL, work, &list, &unit));
    assert(unit == 1e-3);
    return list;
}

#define expect_unreadable(status, set, text) expect_unreadable_at(__LINE__, (status), (set), text)

/* What is said of a data set where it is opened, which gave `status` and `set`, or where it is
 * read. */
static inline void expect_unreadable_at(int line, int status, struct snn_dataset **set,
                                        const char *text)
{
    struct snn_region *region = snn_region_create();

    if (status == 0) {
        struct snn_view view = snn_view_whole(*set);

        status = snn_view_load(&view, region);
        snn_dataset_release(*set);
    }
    expect_error_at(line, status, text);
    snn_region_destroy(region);
}

/* Input (p, y, x) of a camera of side x side pixels. */
static inline int32_t place(int32_t side, int32_t p, int32_t y, int32_t x)
{
    return (p * side + y) * side + x;
}

#endif
