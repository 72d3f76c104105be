/* SPDX-License-Identifier: MIT
 *
 * AEDAT files: lines that begin with '#' and end with a line feed, the first of which says the
 * version, then binary events.
 */
#include "data/aedat.h"

#include "error.h"

#include <string.h>

static const char signature[] = "#!AER-DAT";

struct camera {
    const char *name; /* part of the name of the chip or device */
    int64_t width, height;
};

static const struct camera cameras[] = {
    { "DVS128", 128, 128 },   { "DAVIS240", 240, 180 },     { "DAVIS346", 346, 260 },
    { "Davis346", 346, 260 }, { "SeeBetter346", 346, 260 }, { "DVXplorer", 640, 480 },
};

/* The first place of the text in bytes[from .. end), or `end`. */
static size_t find_text(const unsigned char *bytes, size_t from, size_t end, const char *text)
{
    size_t length = strlen(text);

    for (; end - from >= length; from++)
        if (memcmp(bytes + from, text, length) == 0)
            return from;
    return end;
}

bool snn_aedat_find(const struct snn_aedat *file, size_t header_end, const char *word,
                    const char **text, size_t *length)
{
    size_t place = find_text(file->bytes, 0, header_end, word), end;

    if (place == header_end)
        return false;
    end = find_text(file->bytes, place, header_end, "\n");
    *text = (const char *)file->bytes + place;
    *length = end - place;
    return true;
}

bool snn_aedat_camera(struct snn_recording *out, const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof cameras / sizeof *cameras; i++)
        if (find_text((const unsigned char *)text, 0, length, cameras[i].name) < length) {
            out->width = cameras[i].width;
            out->height = cameras[i].height;
            return true;
        }
    return false;
}

int snn_aedat_fail_place(const struct snn_recording *recording, const struct snn_aedat *file,
                         int64_t x, int64_t y)
{
    return snn_error_set("%s: event %lld (byte %zu): x = %lld, y = %lld lies outside the %lld x "
                         "%lld pixels of the camera: the file is damaged, fetch or copy it again",
                         file->path, (long long)recording->count, file->at, (long long)x,
                         (long long)y, (long long)recording->width, (long long)recording->height);
}

/* Moves behind the header. `last` is its last line, where a version has one. */
static int skip_header(struct snn_aedat *file, const char *last, bool is_required)
{
    while (file->at < file->count && file->bytes[file->at] == '#') {
        size_t end = find_text(file->bytes, file->at, file->count, "\n");
        bool is_last = end - file->at >= strlen(last) &&
                       memcmp(file->bytes + file->at, last, strlen(last)) == 0;

        if (end == file->count)
            return snn_error_set("%s: truncated within its header, which is %zu bytes of text; "
                                 "fetch or copy the file again",
                                 file->path, file->count);
        file->at = end + 1;
        if (is_last)
            return 0;
    }
    return is_required ? snn_error_set("%s: its header does not end with '%s': the file is "
                                       "truncated, fetch or copy it again",
                                       file->path, last)
                       : 0;
}

/* A version, and where its text ends. */
struct version {
    const char *number, *last_line;
    bool has_last_line, has_text;
    int (*measure)(struct snn_recording *out, struct snn_aedat *file);
    int (*read)(struct snn_recording *out, struct snn_aedat *file);
};

static const struct version versions[] = {
    { "2.0", "#End Of ASCII Header", false, true, snn_aedat_measure_2, snn_aedat_read_2 },
    { "3.1", "#!END-HEADER", true, true, snn_aedat_measure_3, snn_aedat_read_3 },
    { "4.0", "", false, false, snn_aedat_measure_4, snn_aedat_read_4 },
};

static int measure(struct snn_recording *out, struct snn_aedat *file,
                   const struct version **version)
{
    const char *number = (const char *)file->bytes + sizeof signature - 1;

    if (file->count < sizeof signature - 1 + 5 ||
        memcmp(file->bytes, signature, sizeof signature - 1) != 0)
        return snn_error_set("%s: not an AEDAT file: it does not begin with '#!AER-DAT2.0', "
                             "'…3.1' or '…4.0'",
                             file->path);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        *version = &versions[i];
        if (strncmp(number, versions[i].number, 3) != 0)
            continue;
        file->at = sizeof signature - 1 + sizeof "4.0\r\n" - 1;
        if (versions[i].has_text) {
            file->at = 0;
            if (skip_header(file, versions[i].last_line, versions[i].has_last_line) < 0)
                return -1;
        }
        return versions[i].measure(out, file);
    }
    return snn_error_set("%s: an AEDAT file of version %.3s; versions 2.0, 3.1 and 4.0 are read",
                         file->path, number);
}

int snn_recording_measure_aedat(struct snn_recording *out, const void *bytes, size_t count,
                                const char *path)
{
    struct snn_aedat file = { .bytes = bytes, .count = count, .path = path };
    const struct version *version;

    return measure(out, &file, &version);
}

int snn_recording_read_aedat(struct snn_recording *out, const void *bytes, size_t count,
                             const char *path)
{
    struct snn_aedat file = { .bytes = bytes, .count = count, .path = path };
    const struct version *version;

    if (measure(out, &file, &version) < 0 || version->read(out, &file) < 0)
        return -1;
    return snn_recording_sort(out, path);
}
