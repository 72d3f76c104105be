/* SPDX-License-Identifier: MIT
 *
 * events.out.tfevents: what is logged, for TensorBoard. A file of records, each with its length and
 * checksums, that hold one protobuf message each; of `Event`, `Summary` and `HistogramProto` a
 * dozen fields are enough, which are written here. The step of a value is its number among the
 * values of its name. It is the one file of records with times of day in it: TensorBoard wants
 * them.
 */
#include "record/internal.h"

#include "error.h"
#include "panic.h"
#include "progress.h"
#include "record/file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BUCKETS = 30, MESSAGE_BYTES = 1024 };

/* Fields of the messages (tensorflow/core/util/event.proto, framework/summary.proto). */
enum {
    EVENT_WALL_TIME = 1,
    EVENT_STEP = 2,
    EVENT_FILE_VERSION = 3,
    EVENT_SUMMARY = 5,
    SUMMARY_VALUE = 1,
    VALUE_TAG = 1,
    VALUE_SIMPLE_VALUE = 2,
    VALUE_HISTOGRAM = 5,
    HISTOGRAM_MIN = 1,
    HISTOGRAM_MAX = 2,
    HISTOGRAM_NUM = 3,
    HISTOGRAM_SUM = 4,
    HISTOGRAM_SUM_SQUARES = 5,
    HISTOGRAM_BUCKET_LIMIT = 6,
    HISTOGRAM_BUCKET = 7,
};

/* ---- protobuf */

struct message {
    uint8_t bytes[MESSAGE_BYTES];
    size_t count;
};

static void put_bytes(struct message *m, const void *data, size_t bytes)
{
    memcpy(m->bytes + m->count, data, bytes);
    m->count += bytes;
}

static void put_varint(struct message *m, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        m->bytes[m->count++] = (uint8_t)(value | 0x80);
    m->bytes[m->count++] = (uint8_t)value;
}

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static void put_key(struct message *m, int field, enum wire wire)
{
    put_varint(m, (uint64_t)field << 3 | (uint64_t)wire);
}

static void put_fixed(struct message *m, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        m->bytes[m->count++] = (uint8_t)(value >> 8 * i);
}

static uint64_t bits_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void put_double(struct message *m, int field, double value)
{
    put_key(m, field, WIRE_64);
    put_fixed(m, bits_of(value), 8);
}

static void put_float(struct message *m, int field, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    put_key(m, field, WIRE_32);
    put_fixed(m, bits, 4);
}

static void put_doubles(struct message *m, int field, const double *values, int count)
{
    put_key(m, field, WIRE_BYTES);
    put_varint(m, 8 * (uint64_t)count);
    for (int i = 0; i < count; i++)
        put_fixed(m, bits_of(values[i]), 8);
}

static void put_part(struct message *m, int field, const void *data, size_t bytes)
{
    put_key(m, field, WIRE_BYTES);
    put_varint(m, bytes);
    put_bytes(m, data, bytes);
}

/* ---- records */

/* CRC-32C (Castagnoli), of which zlib has none, in the form that the files want. */
static uint32_t masked_crc(const uint8_t *data, size_t bytes)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8;
}

static void append_record(struct snn_record *record, const struct message *event)
{
    struct message out = { .count = 0 };
    char path[SNN_PATH_BYTES];

    put_fixed(&out, event->count, 8);
    put_fixed(&out, masked_crc(out.bytes, 8), 4);
    put_bytes(&out, event->bytes, event->count);
    put_fixed(&out, masked_crc(event->bytes, event->count), 4);
    snn_record_check(snn_path_join(path, record->folder, SNN_EVENTS_FILE));
    errno = 0;
    if (write(record->events, out.bytes, out.count) != (ssize_t)out.count)
        snn_panic("cannot write '%s': %s", path, errno ? strerror(errno) : "no space left");
}

static double wall_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Opens the file; a new one begins with the version of the format. */
static void open_events(struct snn_record *record)
{
    static const char version[] = "brain.Event:2";
    struct message event = { .count = 0 };
    char path[SNN_PATH_BYTES];

    if (record->events >= 0)
        return;
    snn_record_check(snn_path_join(path, record->folder, SNN_EVENTS_FILE));
    record->events = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (record->events < 0)
        snn_panic("cannot write '%s': %s", path, strerror(errno));
    if (lseek(record->events, 0, SEEK_END) > 0)
        return;
    put_double(&event, EVENT_WALL_TIME, wall_time());
    put_part(&event, EVENT_FILE_VERSION, version, sizeof version - 1);
    append_record(record, &event);
}

/* One value of a summary, whose last field is in `value`. */
static void append_value(struct snn_record *record, const char *task, const char *name,
                         const struct message *field)
{
    struct message value = { .count = 0 }, summary = { .count = 0 }, event = { .count = 0 };
    char tag[256];

    open_events(record);
    snprintf(tag, sizeof tag, "%.100s%s%.100s", task, *task ? "/" : "", name);
    put_part(&value, VALUE_TAG, tag, strlen(tag));
    put_bytes(&value, field->bytes, field->count);
    put_part(&summary, SUMMARY_VALUE, value.bytes, value.count);
    put_double(&event, EVENT_WALL_TIME, wall_time());
    put_key(&event, EVENT_STEP, WIRE_VARINT);
    put_varint(&event, (uint64_t)snn_record_next_step(record, task, name));
    put_part(&event, EVENT_SUMMARY, summary.bytes, summary.count);
    append_record(record, &event);
}

void snn_record_event_number(struct snn_record *record, const char *task, const char *name,
                             double value)
{
    struct message field = { .count = 0 };

    put_float(&field, VALUE_SIMPLE_VALUE, (float)value);
    append_value(record, task, name, &field);
}

/* ---- histograms */

struct histogram {
    double low, high, sum, sum_squares, count;
    double limits[BUCKETS], counts[BUCKETS];
};

/* Of the finite values. */
static void fill(struct histogram *h, enum snn_type type, const void *data, int64_t count)
{
    *h = (struct histogram){ .low = INFINITY, .high = -INFINITY };
    for (int64_t i = 0; i < count; i++) {
        double value = snn_array_value(type, data, i);

        if (!isfinite(value))
            continue;
        h->low = fmin(h->low, value);
        h->high = fmax(h->high, value);
        h->sum += value;
        h->sum_squares += value * value;
        h->count++;
    }
    for (int i = 0; i < BUCKETS; i++)
        h->limits[i] = h->low + (h->high - h->low) * (i + 1) / BUCKETS;
    h->limits[BUCKETS - 1] = h->high;
    for (int64_t i = 0; i < count; i++) {
        double value = snn_array_value(type, data, i);
        double place = h->high > h->low ? (value - h->low) / (h->high - h->low) * BUCKETS : 0;

        if (isfinite(value))
            h->counts[place < BUCKETS - 1 ? (int)place : BUCKETS - 1]++;
    }
}

void snn_record_event_array(struct snn_record *record, const char *task, const char *name,
                            enum snn_type type, const void *data, int64_t count)
{
    struct message field = { .count = 0 }, proto = { .count = 0 };
    struct histogram h;

    fill(&h, type, data, count);
    if (h.count == 0)
        return;
    put_double(&proto, HISTOGRAM_MIN, h.low);
    put_double(&proto, HISTOGRAM_MAX, h.high);
    put_double(&proto, HISTOGRAM_NUM, h.count);
    put_double(&proto, HISTOGRAM_SUM, h.sum);
    put_double(&proto, HISTOGRAM_SUM_SQUARES, h.sum_squares);
    put_doubles(&proto, HISTOGRAM_BUCKET_LIMIT, h.limits, BUCKETS);
    put_doubles(&proto, HISTOGRAM_BUCKET, h.counts, BUCKETS);
    put_part(&field, VALUE_HISTOGRAM, proto.bytes, proto.count);
    append_value(record, task, name, &field);
}

/* ---- checkpoints */

int64_t snn_record_events_length(const struct snn_record *record)
{
    return record->events >= 0 ? (int64_t)lseek(record->events, 0, SEEK_END) : 0;
}

void snn_record_cut_events(struct snn_record *record, int64_t bytes)
{
    char path[SNN_PATH_BYTES];

    snn_record_check(snn_path_join(path, record->folder, SNN_EVENTS_FILE));
    if (bytes == 0 ? unlink(path) < 0 && errno != ENOENT : truncate(path, (off_t)bytes) < 0)
        snn_panic("cannot write '%s': %s", path, strerror(errno));
    if (bytes > 0)
        open_events(record);
}
