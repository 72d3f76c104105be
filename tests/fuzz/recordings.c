/* SPDX-License-Identifier: MIT
 *
 * libFuzzer entry: any bytes are a recording in order of time, all within the camera, or give an
 * error. AEDAT files begin with '#'; what begins with 'c' is a table of samples; all else is taken
 * as the file of an ATIS.
 */
#include "../unit/recordings.h"
#include "data/people.h"
#include "data/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t fuzz_seed(size_t number, uint8_t *data, size_t capacity);

static void use_table(const uint8_t *data, size_t size)
{
    static const char *const columns[] = { "class", "startTime_usec", "endTime_usec" };
    char *text = malloc(size + 1);
    struct snn_tags tags = { 0 };

    if (!text)
        return;
    memcpy(text, data, size);
    text[size] = '\0';
    snn_tags_parse(&tags, text, "fuzz.csv", columns, 3);
    snn_tags_dispose(&tags);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snn_recording recording = { 0 };
    int status;

    if (size > 0 && data[0] == 'c') {
        use_table(data, size);
        return 0;
    }
    status = size > 0 && data[0] == '#'
                 ? snn_recording_read_aedat(&recording, data, size, "fuzz.aedat")
                 : snn_recording_read_atis(&recording, data, size, "fuzz.bin");
    for (int64_t i = 0; status == 0 && i < recording.count; i++) {
        const struct snn_recorded_event *event = &recording.events[i];

        if (event->x >= recording.width || event->y >= recording.height || event->polarity > 1 ||
            (i > 0 && event->time < event[-1].time))
            abort();
    }
    snn_recording_dispose(&recording);
    return 0;
}

static void put_aedat4(struct bytes *bytes, uint32_t compression)
{
    static struct bytes body;

    body.count = 0;
    begin_body4(&body, 3);
    for (int k = 0; k < 3; k++)
        put_event4(&body, 1000 + (uint64_t)(k % 2), 8 * k, k, k % 2);
    begin_aedat4(bytes, compression);
    put_packet4(bytes, 1, &body);
    put_packet4(bytes, 0, &body);
    put_packet4(bytes, 1, &body);
}

/* A file of each format. */
size_t fuzz_seed(size_t number, uint8_t *data, size_t capacity)
{
    static const char table[] = "class,startTime_usec,endTime_usec\n1,2,30\n11,40,500\n";
    static struct bytes bytes;

    bytes.count = 0;
    if (number == 0)
        for (int k = 0; k < 6; k++)
            put_atis(&bytes, k, k == 3 ? 240 : 33 - k, k % 2, 70000 + k);
    if (number == 1) {
        begin_aedat2(&bytes);
        for (int k = 0; k < 6; k++)
            put_aedat2(&bytes, k, 20 * k, k % 2, INT32_MAX - 3 + (int64_t)k);
    }
    if (number == 2) {
        begin_aedat3(&bytes);
        for (uint32_t packet = 0; packet < 3; packet++) {
            put_packet3(&bytes, packet == 1 ? 0 : 1, packet, 2, 1 + packet % 2);
            put_aedat3(&bytes, true, packet, 2, 1, 100);
            put_aedat3(&bytes, false, packet, 3, 0, 90);
        }
    }
    if (number == 3 || number == 4)
        put_aedat4(&bytes, number == 3 ? 0 : 1);
    if (number == 5)
        put(&bytes, table, sizeof table - 1);
    if (bytes.count > capacity)
        return 0;
    memcpy(data, bytes.data, bytes.count);
    return bytes.count;
}
