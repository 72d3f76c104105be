/* SPDX-License-Identifier: MIT
 *
 * Files are replaced as a whole by those that write them, so that a mapping keeps what it had.
 */
#include "data/mapping.h"

#include "data/stream.h"
#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* False where the file cannot be mapped. */
static bool map(struct snn_mapping *out, const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    void *memory = MAP_FAILED;

    if (descriptor < 0)
        return false;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
        memory = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (memory == MAP_FAILED)
        return false;
    *out = (struct snn_mapping){ memory, (size_t)status.st_size, true };
    return true;
}

static bool is_gzip(const struct snn_mapping *mapping)
{
    return mapping->bytes >= 2 && memcmp(mapping->memory, "\x1f\x8b", 2) == 0;
}

int snn_mapping_open(struct snn_mapping *out, const char *path)
{
    struct snn_stream *stream;
    char *text;
    int status;

    if (map(out, path)) {
        if (!is_gzip(out))
            return 0;
        snn_mapping_close(out);
    }
    if (snn_stream_open(&stream, path) < 0)
        return -1;
    status = snn_stream_read_all(stream, &text, &out->bytes, SIZE_MAX / 4);
    snn_stream_close(stream);
    if (status == 0)
        *out = (struct snn_mapping){ text, out->bytes, false };
    return status;
}

void snn_mapping_close(struct snn_mapping *mapping)
{
    if (mapping->is_mapped)
        munmap((void *)(uintptr_t)mapping->memory, mapping->bytes);
    else
        free((void *)(uintptr_t)mapping->memory);
    *mapping = (struct snn_mapping){ 0 };
}
