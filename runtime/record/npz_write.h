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

struct snn_array {
    const char *name;       /* "xe.weight" */
    enum snn_type type;     /* not SNN_STRING */
    const void *data;       /* row-major */
    int rank;               /* 0: a scalar */
    const int64_t *extents; /* [rank], outermost first */
};

/* An .npy file; the name is not written. */
int snn_npy_write(const char *path, const struct snn_array *array);

/* An .npz file of `count` arrays, uncompressed. */
int snn_npz_write(const char *path, const struct snn_array *arrays, size_t count);

#endif
