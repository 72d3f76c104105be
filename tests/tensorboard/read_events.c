/* SPDX-License-Identifier: MIT
 *
 * Reads an event file of TensorBoard from its specification, with nothing of the runtime's: prints
 * "TAG STEP VALUE" for each number, "TAG STEP histogram MIN MAX NUM SUM COUNTS..." for each
 * histogram. Ends with 1 at anything that is not as it should be: checksums, lengths, order of
 * times.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void demand(int is_right, const char *what)
{
    if (is_right)
        return;
    fprintf(stderr, "wrong: %s\n", what);
    exit(1);
}

static uint32_t crc_table[256];

static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        crc_table[i] = i;
        for (int k = 0; k < 8; k++)
            crc_table[i] = crc_table[i] & 1 ? crc_table[i] >> 1 ^ 0x82f63b78 : crc_table[i] >> 1;
    }
}

static uint32_t crc_of(const uint8_t *data, size_t bytes)
{
    uint32_t crc = ~0u;

    for (size_t i = 0; i < bytes; i++)
        crc = crc_table[(crc ^ data[i]) & 255] ^ crc >> 8;
    crc = ~crc;
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

static uint64_t fixed(const uint8_t *data, int bytes)
{
    uint64_t value = 0;

    for (int i = bytes; i-- > 0;)
        value = value << 8 | data[i];
    return value;
}

static double real(const uint8_t *data)
{
    uint64_t bits = fixed(data, 8);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A field of a message: its number, its kind, its bytes or its number. */
struct field {
    int number, wire;
    uint64_t value;
    const uint8_t *data;
    size_t bytes;
};

static uint64_t varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t value = 0;

    for (int shift = 0; shift < 64; shift += 7) {
        demand(*at < end, "a number goes on behind the end");
        value |= (uint64_t)(**at & 127) << shift;
        if (!(*(*at)++ & 128))
            return value;
    }
    demand(0, "a number is too long");
    return 0;
}

static int next_field(struct field *f, const uint8_t **at, const uint8_t *end)
{
    uint64_t key;

    if (*at == end)
        return 0;
    key = varint(at, end);
    f->number = (int)(key >> 3);
    f->wire = (int)(key & 7);
    demand(f->wire == 0 || f->wire == 1 || f->wire == 2 || f->wire == 5, "the kind of a field");
    if (f->wire == 0 || f->wire == 2)
        f->value = varint(at, end);
    f->bytes = f->wire == 0 ? 0 : f->wire == 1 ? 8 : f->wire == 5 ? 4 : (size_t)f->value;
    demand((size_t)(end - *at) >= f->bytes, "a field goes on behind the end");
    f->data = *at;
    *at += f->bytes;
    return 1;
}

static void print_histogram(const uint8_t *at, size_t bytes)
{
    const uint8_t *end = at + bytes;
    double low = 0, last = 0;
    struct field f;

    printf("histogram");
    while (next_field(&f, &at, end)) {
        for (size_t i = 0; f.number == 6 && i < f.bytes; i += 8) {
            demand(i == 0 || real(f.data + i) >= last, "limits of buckets ascend");
            last = real(f.data + i);
        }
        for (size_t i = 0; f.number == 7 && i < f.bytes; i += 8)
            printf(" %g", real(f.data + i));
        if (f.number == 1)
            low = real(f.data);
        if (f.number < 5)
            printf(" %g", real(f.data));
    }
    demand(last >= low, "the last limit is the largest value");
}

static void print_value(const uint8_t *at, size_t bytes, uint64_t step)
{
    const uint8_t *end = at + bytes;
    struct field f;
    float number;

    while (next_field(&f, &at, end)) {
        if (f.number == 1)
            printf("%.*s %llu ", (int)f.bytes, (const char *)f.data, (unsigned long long)step);
        if (f.number == 5)
            print_histogram(f.data, f.bytes);
        if (f.number == 2) {
            uint32_t bits = (uint32_t)fixed(f.data, 4);

            memcpy(&number, &bits, sizeof number);
            printf("%.9g", (double)number);
        }
    }
    printf("\n");
}

static double print_event(const uint8_t *at, size_t bytes, int is_first)
{
    const uint8_t *end = at + bytes;
    uint64_t step = 0;
    double time = 0;
    struct field f, value;

    while (next_field(&f, &at, end)) {
        if (f.number == 1)
            time = real(f.data);
        if (f.number == 2)
            step = f.value;
        if (f.number == 3)
            demand(is_first && f.bytes == 13 && memcmp(f.data, "brain.Event:2", 13) == 0,
                   "the version");
        for (const uint8_t *part = f.data; f.number == 5 && part < f.data + f.bytes;) {
            demand(next_field(&value, &part, f.data + f.bytes) && value.number == 1, "a summary");
            print_value(value.data, value.bytes, step);
        }
    }
    return time;
}

int main(int argc, char **argv)
{
    static uint8_t data[1 << 24];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    double last = 0;
    size_t bytes;

    demand(file != NULL, "the file");
    make_table();
    demand(crc_of((const uint8_t *)"123456789", 9) ==
               (((0xe3069283u >> 15) | (0xe3069283u << 17)) + 0xa282ead8u),
           "the checksum of this reader");
    bytes = fread(data, 1, sizeof data, file);
    fclose(file);
    for (size_t at = 0; at < bytes;) {
        uint64_t length;
        double time;

        demand(bytes - at >= 12, "a record is cut off");
        length = fixed(data + at, 8);
        demand(crc_of(data + at, 8) == fixed(data + at + 8, 4), "the checksum of a length");
        demand(length < bytes && bytes - at - 12 >= length + 4, "a record is cut off");
        demand(crc_of(data + at + 12, length) == fixed(data + at + 12 + length, 4),
               "the checksum of a record");
        time = print_event(data + at + 12, length, at == 0);
        demand(time >= last && time > 1.6e9, "times ascend");
        last = time;
        at += 16 + length;
    }
    return 0;
}
