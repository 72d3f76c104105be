/* SPDX-License-Identifier: MIT
 *
 * The byte of a run is a hash of its name: locks need not exist in a file, and two of a few
 * thousand names that share one of 2^62 bytes would only make a dead run look alive.
 */
#include "experiment/running.h"

#include "record/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

static const off_t repair_byte = INT64_C(1) << 62;

int snn_running_open(const char *folder)
{
    char path[SNN_PATH_BYTES];

    if (snn_path_join(path, folder, "runs.lock") < 0)
        return -1;
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
}

static struct flock byte_of(const char *name, short type)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return (struct flock){
        .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)(hash >> 2), .l_len = 1
    };
}

bool snn_running_hold(int lock, const char *name)
{
    struct flock byte = byte_of(name, F_WRLCK);

    return lock < 0 || fcntl(lock, F_SETLK, &byte) == 0 || (errno != EACCES && errno != EAGAIN);
}

void snn_running_release(int lock, const char *name)
{
    struct flock byte = byte_of(name, F_UNLCK);

    if (lock >= 0)
        fcntl(lock, F_SETLK, &byte);
}

bool snn_running_test(int lock, const char *name)
{
    struct flock byte = byte_of(name, F_WRLCK);

    return lock >= 0 && fcntl(lock, F_GETLK, &byte) == 0 && byte.l_type != F_UNLCK;
}

static void repair_lock(int lock, short type)
{
    struct flock byte = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = repair_byte, .l_len = 1
    };

    if (lock >= 0)
        fcntl(lock, F_SETLKW, &byte);
}

void snn_running_begin_repair(int lock)
{
    repair_lock(lock, F_WRLCK);
}

void snn_running_end_repair(int lock)
{
    repair_lock(lock, F_UNLCK);
}
