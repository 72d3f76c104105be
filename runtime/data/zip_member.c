/* SPDX-License-Identifier: MIT
 *
 * The end of the archive says where its directory is, the directory where each member's header is,
 * and behind that are its bytes (APPNOTE.TXT 4.3). Every place is checked to be within the archive
 * before it is looked at.
 */
#include "data/zip_member.h"

#include <string.h>

enum {
    LOCAL_BYTES = 30, /* without name and extra field */
    DIRECTORY_BYTES = 46,
    END_BYTES = 22, /* without comment */
    LOCATOR_BYTES = 20,
    END64_BYTES = 56,
    MAX_COMMENT_BYTES = 65535,
    ZIP64_FIELD = 1,
};

static const uint32_t local_magic = 0x04034b50, directory_magic = 0x02014b50,
                      end_magic = 0x06054b50, locator_magic = 0x07064b50, end64_magic = 0x06064b50;

struct archive {
    const uint8_t *bytes;
    size_t size;
};

static uint64_t little_endian(const uint8_t *at, int bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | at[bytes];
    return value;
}

/* The `size` bytes at that place; NULL if it has not so many. */
static const uint8_t *part(const struct archive *archive, uint64_t offset, uint64_t size)
{
    if (offset > archive->size || size > archive->size - offset)
        return NULL;
    return archive->bytes + offset;
}

/* The same, if these bytes begin with the magic number. */
static const uint8_t *record(const struct archive *archive, uint64_t offset, uint64_t size,
                             uint32_t magic)
{
    const uint8_t *at = part(archive, offset, size);

    return at && little_endian(at, 4) == magic ? at : NULL;
}

/* Where the directory begins; false if there is none. */
static bool find_directory(const struct archive *archive, uint64_t *offset)
{
    size_t last = archive->size < END_BYTES ? 0 : archive->size - END_BYTES;
    size_t first = last > MAX_COMMENT_BYTES ? last - MAX_COMMENT_BYTES : 0;
    const uint8_t *end = NULL, *locator, *end64;
    size_t place = last + 1;

    while (!end && place-- > first)
        end = record(archive, place, END_BYTES, end_magic);
    if (!end)
        return false;
    *offset = little_endian(end + 16, 4);
    locator = place < LOCATOR_BYTES
                  ? NULL
                  : record(archive, place - LOCATOR_BYTES, LOCATOR_BYTES, locator_magic);
    if (!locator)
        return true;
    end64 = record(archive, little_endian(locator + 8, 8), END64_BYTES, end64_magic);
    if (end64)
        *offset = little_endian(end64 + 48, 8);
    return end64 != NULL;
}

/* What an entry of the directory says; sizes and offset that do not fit there are in a field of
 * their own. */
struct entry {
    int flags, method;
    uint64_t packed, size, offset;
    uint32_t checksum;
};

static bool read_zip64(struct entry *entry, const uint8_t *extra, size_t bytes)
{
    uint64_t *const wide[] = { &entry->size, &entry->packed, &entry->offset };

    while (bytes >= 4) {
        size_t length = little_endian(extra + 2, 2);
        const uint8_t *next = extra + 4;

        if (length > bytes - 4)
            return false;
        if (little_endian(extra, 2) == ZIP64_FIELD) {
            for (int i = 0; i < 3; i++) {
                if (*wide[i] != UINT32_MAX)
                    continue;
                if (length < 8)
                    return false;
                *wide[i] = little_endian(next, 8);
                next += 8;
                length -= 8;
            }
            return true;
        }
        extra = next + length;
        bytes -= 4 + length;
    }
    return true;
}

/* The bytes behind the member's own header. */
static bool find_data(struct snn_zip_member *out, const struct archive *archive,
                      const struct entry *entry)
{
    enum { ENCRYPTED = 1 };
    const uint8_t *local = record(archive, entry->offset, LOCAL_BYTES, local_magic);
    uint64_t skipped;

    if (!local || entry->method != 0 || entry->flags & ENCRYPTED || entry->packed != entry->size)
        return false;
    skipped = LOCAL_BYTES + little_endian(local + 26, 2) + little_endian(local + 28, 2);
    out->data = part(archive, entry->offset + skipped, entry->size);
    out->size = entry->size;
    out->checksum = entry->checksum;
    return out->data != NULL;
}

bool snn_zip_find_stored(struct snn_zip_member *out, const void *bytes, size_t size,
                         const char *name)
{
    const struct archive archive = { bytes, size };
    size_t wanted = strlen(name);
    uint64_t offset;

    if (!find_directory(&archive, &offset))
        return false;
    for (;;) {
        const uint8_t *at = record(&archive, offset, DIRECTORY_BYTES, directory_magic);
        uint64_t name_bytes, extra_bytes, comment_bytes;
        struct entry entry;

        if (!at)
            return false;
        name_bytes = little_endian(at + 28, 2);
        extra_bytes = little_endian(at + 30, 2);
        comment_bytes = little_endian(at + 32, 2);
        if (!part(&archive, offset + DIRECTORY_BYTES, name_bytes + extra_bytes))
            return false;
        entry = (struct entry){ .flags = (int)little_endian(at + 8, 2),
                                .method = (int)little_endian(at + 10, 2),
                                .checksum = (uint32_t)little_endian(at + 16, 4),
                                .packed = little_endian(at + 20, 4),
                                .size = little_endian(at + 24, 4),
                                .offset = little_endian(at + 42, 4) };
        if (name_bytes == wanted && memcmp(at + DIRECTORY_BYTES, name, wanted) == 0)
            return read_zip64(&entry, at + DIRECTORY_BYTES + name_bytes, extra_bytes) &&
                   find_data(out, &archive, &entry);
        offset += DIRECTORY_BYTES + name_bytes + extra_bytes + comment_bytes;
    }
}
