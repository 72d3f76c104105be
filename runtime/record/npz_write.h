/* SPDX-License-Identifier: MIT
 *
 * Writes arrays as NumPy reads them. The same arrays give the same bytes: members carry a fixed
 * date. Files are replaced as a whole (file.h). Functions return 0, or -1 with the path and the
 * reason in snn_last_error().
 */
#ifndef SNN_RECORD_NPZ_WRITE_H
#define SNN_RECORD_NPZ_WRITE_H

#include "snn/program.h"

#include <stddef.h>
#include <stdio.h>

struct snn_array {
    const char *name;       /* "xe.weight" */
    enum snn_type type;     /* not SNN_STRING */
    const void *data;       /* row-major */
    int rank;               /* 0: a scalar */
    const int64_t *extents; /* [rank], outermost first */
    FILE *spool;            /* has the data instead, from snn_spool_open; NULL: `data` has it */
    bool is_bytes; /* SNN_BOOL whose elements are any bytes: unsigned numbers in the file */
};

/* A file without a name, in the folder of `path`, for the data of an array that is too large for
 * memory or whose length is not known yet: append to it, then give it to snn_npz_write. */
int snn_spool_open(FILE **out, const char *path);

/* An .npy file; the name is not written. */
int snn_npy_write(const char *path, const struct snn_array *array);

/* The header of the array's .npy file, for one that is written piece by piece. */
int snn_npy_write_header(FILE *file, const struct snn_array *array);

/* An .npz file of `count` arrays, uncompressed. The data of each begin at a multiple of 64 bytes
 * (of 4 behind one of 4 GiB or more), so that a reader can map them. Spools are closed. */
int snn_npz_write(const char *path, struct snn_array *arrays, size_t count);

#endif
