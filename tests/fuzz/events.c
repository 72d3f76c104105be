/* SPDX-License-Identifier: MIT
 *
 * libFuzzer entry: any bytes either are a file of the event format or give an error. What does not
 * begin like an archive is taken as the arrays of one, which gets past the checksums: a byte that
 * chooses their sizes, then indptr, index and time.
 * corpus: tests/data/events/[a-z]*.npz
 */
#include "data/events.h"
#include "../unit/data_formats.h"
#include "data/npy.h"
#include "use_events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t fuzz_seed(size_t number, uint8_t *data, size_t capacity);

static void put_little_endian(struct bytes *bytes, uint64_t value, int count)
{
    for (int i = 0; i < count; i++)
        put_byte(bytes, (int)(value >> 8 * i & 0xff));
}

/* ---- an archive of arrays that are right by themselves */

struct member {
    const char *name;
    uint32_t checksum, size, offset;
};

static void put_member(struct bytes *archive, struct member *member, const char *name,
                       const struct bytes *content)
{
    *member = (struct member){ .name = name,
                               .checksum = (uint32_t)crc32_z(0, content->data, content->count),
                               .size = (uint32_t)content->count,
                               .offset = (uint32_t)archive->count };
    put(archive, "PK\3\4\24\0\0\0\0\0\0\0\41\0", 14);
    put_little_endian(archive, member->checksum, 4);
    put_little_endian(archive, member->size, 4);
    put_little_endian(archive, member->size, 4);
    put_little_endian(archive, strlen(name), 4);
    put(archive, name, strlen(name));
    put(archive, content->data, content->count);
}

static void put_directory(struct bytes *archive, const struct member *members, int count)
{
    size_t first = archive->count, bytes;

    for (int i = 0; i < count; i++) {
        put(archive, "PK\1\2\24\0\24\0\0\0\0\0\0\0\41\0", 16);
        put_little_endian(archive, members[i].checksum, 4);
        put_little_endian(archive, members[i].size, 4);
        put_little_endian(archive, members[i].size, 4);
        put_little_endian(archive, strlen(members[i].name), 2);
        put(archive, "\0\0\0\0\0\0\0\0\0\0\0", 12);
        put_little_endian(archive, members[i].offset, 4);
        put(archive, members[i].name, strlen(members[i].name));
    }
    bytes = archive->count - first;
    put(archive, "PK\5\6\0\0\0\0", 8);
    put_little_endian(archive, (uint64_t)count, 2);
    put_little_endian(archive, (uint64_t)count, 2);
    put_little_endian(archive, bytes, 4);
    put_little_endian(archive, first, 4);
    put_little_endian(archive, 0, 2);
}

/* The next `count` elements of the input as an array; what is missing is 0. */
static void put_array(struct bytes *out, const char *descr, size_t count, size_t element,
                      const uint8_t **data, size_t *size)
{
    size_t given = count * element < *size ? count * element : *size;
    static uint8_t elements[64 * 8];
    char header[128];
    int length =
        snprintf(header, sizeof header,
                 "{'descr': '%s', 'fortran_order': False, 'shape': (%zu,), }", descr, count);

    while ((10 + length) % 64 != 63)
        header[length++] = ' ';
    header[length++] = '\n';
    header[length] = '\0';
    memset(elements, 0, sizeof elements);
    memcpy(elements, *data, given);
    *data += given;
    *size -= given;
    out->count = 0;
    put_npy(out, 1, header, elements, count * element);
}

static void make_archive(struct bytes *archive, const uint8_t *data, size_t size)
{
    static const uint8_t inputs[] = { 6 };
    const uint8_t *scalar = inputs;
    size_t samples = data[0] % 8, events = data[0] / 8 % 32, one = 1;
    struct member members[4];
    static struct bytes content;

    archive->count = 0;
    data++;
    size--;
    put_array(&content, "<i8", samples + 1, 8, &data, &size);
    put_member(archive, &members[0], "indptr.npy", &content);
    put_array(&content, "<i4", events, 4, &data, &size);
    put_member(archive, &members[1], "index.npy", &content);
    put_array(&content, "<f4", events, 4, &data, &size);
    put_member(archive, &members[2], "time.npy", &content);
    put_array(&content, "|u1", 1, 1, &scalar, &one);
    put_member(archive, &members[3], "inputs.npy", &content);
    put_directory(archive, members, 4);
}

/* ---- the reader */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bytes archive;
    struct snn_event_store *store;
    struct snn_npz *npz;

    if (size == 0)
        return 0;
    if (data[0] != 'P') {
        make_archive(&archive, data, size);
        data = archive.data;
        size = archive.count;
    }
    if (snn_npz_open_memory(&npz, data, size, "fuzz.npz") == 0 &&
        snn_event_store_npz(&store, npz, "fuzz.npz") == 0)
        use_events(store);
    return 0;
}

/* Three samples of 2, 0 and 4 events; one of 31; none at all. */
size_t fuzz_seed(size_t number, uint8_t *data, size_t capacity)
{
    static const int64_t starts[][4] = { { 0, 2, 2, 6 }, { 0, 31 }, { 0 } };
    static const uint8_t sizes[] = { 3 + 8 * 6, 1 + 8 * 31, 0 };
    static struct bytes bytes;

    if (number >= sizeof sizes)
        return 0;
    bytes.count = 0;
    put_byte(&bytes, sizes[number]);
    put(&bytes, starts[number], (size_t)(sizes[number] % 8 + 1) * 8);
    for (int k = 0; k < sizes[number] / 8; k++)
        put_little_endian(&bytes, (uint64_t)(k % 6), 4);
    for (int k = 0; k < sizes[number] / 8; k++) {
        float time = (float)(number == 0 ? k % 2 : k) / 31;

        put(&bytes, &time, sizeof time);
    }
    if (bytes.count > capacity)
        return 0;
    memcpy(data, bytes.data, bytes.count);
    return bytes.count;
}
