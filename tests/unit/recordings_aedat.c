/* SPDX-License-Identifier: MIT
 *
 * AEDAT files of each version: the bits of their events, the clocks that wrap, what is skipped, and
 * what is said of truncated and damaged ones.
 */
#include "data/recording.h"
#include "recordings.h"

#include "config.h"

#if HAVE_LZ4
#include <lz4frame.h>
#endif
#if HAVE_ZSTD
#include <zstd.h>
#endif

static struct bytes bytes;

struct expected {
    int64_t time;
    int x, y, polarity;
};

static int read_all(struct snn_recording *recording)
{
    *recording = (struct snn_recording){ 0 };
    return snn_recording_read_aedat(recording, bytes.data, bytes.count, "f.aedat");
}

static void expect_events(int64_t width, int64_t height, const struct expected *expected, int count)
{
    struct snn_recording recording;

    expect_success(read_all(&recording));
    assert(recording.width == width && recording.height == height && recording.count == count);
    for (int i = 0; i < count; i++) {
        const struct snn_recorded_event *event = &recording.events[i];

        assert(event->time == expected[i].time && event->x == expected[i].x &&
               event->y == expected[i].y && event->polarity == expected[i].polarity);
    }
    snn_recording_dispose(&recording);
    bytes.count = 0;
}

static void expect_failure(const char *text)
{
    struct snn_recording recording;
    int status = read_all(&recording);

    expect_error(status, text);
    snn_recording_dispose(&recording);
    bytes.count = 0;
}

/* ---- version 2.0 */

static void test_dvs128(void)
{
    begin_aedat2(&bytes);
    put_aedat2(&bytes, 127, 3, 1, -2000); /* a time above 2^31 */
    put_big_endian(&bytes, 0x8000);       /* a trigger */
    put_big_endian(&bytes, (uint32_t)-1500);
    put_aedat2(&bytes, 0, 64, 0, -1000);
    put_aedat2(&bytes, 5, 6, 0, 500); /* the clock passed 0 */
    put_aedat2(&bytes, 7, 8, 0, 400); /* a little out of order */
    expect_events(
        128, 128,
        (struct expected[]){
            { -2000, 127, 3, 1 }, { -1000, 0, 64, 0 }, { 400, 7, 8, 0 }, { 500, 5, 6, 0 } },
        4);
    begin_aedat2(&bytes);
    put_aedat2(&bytes, 1, 1, 0, INT32_MAX - 5);
    put_aedat2(&bytes, 1, 1, 0, (int64_t)INT32_MAX + 5); /* is negative there */
    expect_events(
        128, 128,
        (struct expected[]){ { INT32_MAX - 5, 1, 1, 0 }, { (int64_t)INT32_MAX + 5, 1, 1, 0 } }, 2);
}

static void put_davis(uint32_t kind, uint32_t x, uint32_t y, uint32_t polarity, uint32_t time)
{
    put_big_endian(&bytes, kind | y << 22 | x << 12 | polarity << 11);
    put_big_endian(&bytes, time);
}

static void test_davis(void)
{
    static const char header[] =
        "#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.DAVIS240C\r\n"
        "#End Of ASCII Header\r\n#";

    put(&bytes, header, sizeof header - 2); /* what follows is no text, whatever it begins with */
    put_davis(0, 239, 0, 1, 10);
    put_davis(0x80000000, 7, 7, 0, 11); /* a pixel of a picture, or motion */
    put_davis(0x400, 0, 0, 0, 12);      /* a trigger */
    put_davis(0, 0, 0x23 << 1, 0, 13);  /* '#' */
    expect_events(240, 180, (struct expected[]){ { 10, 0, 179, 1 }, { 13, 239, 109, 0 } }, 2);
    put(&bytes, header, sizeof header - 2);
    put_davis(0, 0, 180, 1, 10);
    expect_failure("f.aedat: event 0 (byte 86): x = 0, y = 180 lies outside the 240 x 180 pixels");
}

static void test_wrong_2(void)
{
    begin_aedat2(&bytes);
    put_aedat2(&bytes, 1, 1, 0, 1);
    put(&bytes, "abc", 3);
    expect_failure("f.aedat: truncated: record 1 begins at byte 70 and the file ends within it");
    begin_aedat2(&bytes);
    put_big_endian(&bytes, 0x10000);
    put_big_endian(&bytes, 1);
    expect_failure("record at byte 62: address 0x10000 has bits that a DVS128 does not set");
    put(&bytes, "#!AER-DAT2.0\r\n# AEChip: cochlea\r\n", 34);
    expect_failure("'AEChip: cochlea\r' is a camera whose addresses are not known");
    put(&bytes, "#!AER-DAT2.0\r\n# some", 20);
    expect_failure("truncated within its header");
    put(&bytes, "#!AER-DAT1.0\r\n123456", 20);
    expect_failure("an AEDAT file of version 1.0; versions 2.0, 3.1 and 4.0 are read");
    put(&bytes, "no recording at all", 19);
    expect_failure("f.aedat: not an AEDAT file");
    expect_failure("f.aedat: not an AEDAT file");
    begin_aedat2(&bytes);
    put_aedat2(&bytes, 1, 1, 0, 7000000);
    put_aedat2(&bytes, 1, 1, 0, 10);
    expect_failure("f.aedat: event 1: the clock goes back by 6999990 us: it was set to 0 while "
                   "recording; cut the file there");
}

/* ---- version 3.1 */

static void test_packets(void)
{
    begin_aedat3(&bytes);
    put_packet3(&bytes, 1, 0, 2, 1);
    put_aedat3(&bytes, false, 1, 2, 1, 100);
    put_aedat3(&bytes, true, 127, 126, 1, 200);
    put_packet3(&bytes, 0, 0, 1, 1); /* special events */
    put_little(&bytes, 3, 8);
    put_packet3(&bytes, 1, 0, 1, 1);
    put_aedat3(&bytes, false, 4, 5, 0, 0x7fffffff); /* the packet says that it is valid */
    put_packet3(&bytes, 1, 1, 1, 1);
    put_aedat3(&bytes, true, 6, 7, 0, 3); /* 4 us later */
    expect_events(128, 128,
                  (struct expected[]){
                      { 200, 127, 126, 1 }, { 0x7fffffff, 4, 5, 0 }, { 0x80000003, 6, 7, 0 } },
                  3);
}

static void test_wrong_3(void)
{
    begin_aedat3(&bytes);
    put_packet3(&bytes, 1, 0, 2, 2);
    put_aedat3(&bytes, true, 1, 2, 1, 100);
    expect_failure("f.aedat: truncated: packet 0 at byte 61 has 44 bytes, and the file has 36");
    begin_aedat3(&bytes);
    put_packet3(&bytes, 1, 0, 1, 1);
    put_aedat3(&bytes, true, 1, 2, 1, 100);
    put(&bytes, "\1\0\1\0", 4);
    expect_failure("f.aedat: truncated: packet 1 at byte 97 has 28 bytes, and the file has 4");
    begin_aedat3(&bytes);
    put_packet3(&bytes, 1, 0, 1, 1);
    put_aedat3(&bytes, true, 128, 2, 1, 100);
    expect_failure("event 0 (byte 89): x = 128, y = 2 lies outside the 128 x 128 pixels");
    begin_aedat3(&bytes);
    put_packet3(&bytes, 1, 0, 0, 0);
    bytes.data[61 + 4] = 9; /* bytes an event */
    expect_failure(
        "packet 0 at byte 61 has 0 events of 9 bytes in room for 0: the file is damaged");
    put(&bytes, "#!AER-DAT3.1\r\n#Format: RAW\r\n", 28);
    expect_failure("its header does not end with '#!END-HEADER'");
}

/* ---- version 4 */

/* A packet of two events, and one of another stream behind it. */
static void put_packets(uint32_t compression)
{
    static struct bytes body, packed;

    body.count = packed.count = 0;
    begin_body4(&body, 2);
    put_event4(&body, 1718320550772020, 31, 23, 1);
    put_event4(&body, 1718320550772020, 0, 1, 0);
    packed = body;
#if HAVE_LZ4
    if (compression == 1 || compression == 2)
        packed.count =
            LZ4F_compressFrame(packed.data, sizeof packed.data, body.data, body.count, NULL);
#endif
#if HAVE_ZSTD
    if (compression == 3 || compression == 4)
        packed.count = ZSTD_compress(packed.data, sizeof packed.data, body.data, body.count, 3);
#endif
    begin_aedat4(&bytes, compression);
    put_packet4(&bytes, 1, &packed);
    packed.count = 5;
    put_packet4(&bytes, 0, &packed);
}

static void test_packed(void)
{
    static const struct expected expected[] = { { 1718320550772020, 31, 23, 1 },
                                                { 1718320550772020, 0, 1, 0 } };
    static const int is_there[] = { 1, HAVE_LZ4, HAVE_LZ4, HAVE_ZSTD, HAVE_ZSTD };

    for (uint32_t compression = 0; compression < 5; compression++) {
        put_packets(compression);
        if (is_there[compression])
            expect_events(32, 24, expected, 2);
        else
            expect_failure("without which snnc was built: install lib");
    }
}

/* The first place of the text in the file. */
static char *find(const char *text)
{
    for (size_t i = 0; i + strlen(text) <= bytes.count; i++)
        if (memcmp(bytes.data + i, text, strlen(text)) == 0)
            return (char *)bytes.data + i;
    abort();
}

static void test_wrong_4(void)
{
    size_t first;

    begin_aedat4(&bytes, 0);
    first = bytes.count; /* of the packets */
    bytes.count = 0;
    put_packets(0);
    bytes.count -= 2;
    expect_failure("f.aedat: truncated: packet 1 at byte");
    put_packets(5);
    expect_failure("packed in a way that is not known (5)");
    put_packets(0);
    bytes.data[first + 8 + 32 + 8] = 32; /* x of the first event */
    expect_failure("x = 32, y = 23 lies outside the 32 x 24 pixels");
    put_packets(0);
    bytes.data[first + 8 + 32 + 7] = 0x80; /* its time */
    expect_failure("impossible time -");
    put_packets(0);
    bytes.data[first + 8 + 28] = 200; /* how many events there are */
    expect_failure("f.aedat: the packet at byte");
    put_packets(0);
    find("EVTS<")[0] = 'F';
    expect_failure("no stream of events is described in its header");
    put_packets(0);
    memcpy(find(">32<") + 1, "-2", 2);
    expect_failure("stream 1 has -2 x 24 pixels");
    put_packets(0);
    bytes.count = 100;
    expect_failure("truncated within its header");
#if HAVE_LZ4
    put_packets(1);
    bytes.data[first + 8] = 0;
    expect_failure("f.aedat: packet 0 at byte");
    put_packets(1);
    bytes.data[first + 4] -= 8; /* its size: the rest is what is before the next packet */
    memmove(bytes.data + bytes.count - 21, bytes.data + bytes.count - 13, 13);
    bytes.count -= 8;
    expect_failure("cannot be unpacked (the frame is not complete): the file is damaged or "
                   "truncated");
#endif
}

int main(void)
{
    test_dvs128();
    test_davis();
    test_wrong_2();
    test_packets();
    test_wrong_3();
    test_packed();
    test_wrong_4();
    return 0;
}
