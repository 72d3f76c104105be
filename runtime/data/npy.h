/* SPDX-License-Identifier: MIT
 *
 * Reading NumPy's .npy arrays and .npz archives (stored or compressed), little-endian, in C or
 * Fortran order. Writing them is runtime/record's. Functions follow error.h.
 */
#ifndef SNN_DATA_NPY_H
#define SNN_DATA_NPY_H

#include "data/stream.h"

#include <stdbool.h>

enum { SNN_NPY_MAX_RANK = 8 };

enum snn_npy_type {
    SNN_NPY_BOOL,    /* '|b1': one byte, 0 or 1 */
    SNN_NPY_UINT8,   /* '|u1' */
    SNN_NPY_INT32,   /* '<i4' */
    SNN_NPY_INT64,   /* '<i8' */
    SNN_NPY_FLOAT32, /* '<f4' */
    SNN_NPY_FLOAT64, /* '<f8' */
};

struct snn_npy {
    enum snn_npy_type type;
    int rank;                        /* 0: a scalar */
    int64_t shape[SNN_NPY_MAX_RANK]; /* outermost first */
    size_t count;                    /* product of the shape */
    void *data;                      /* owned; in C order, whatever the file has; never NULL */
};

/* Reads one array; anything behind it is an error. */
int snn_npy_read(struct snn_npy *out, struct snn_stream *stream);
int snn_npy_open(struct snn_npy *out, const char *path);
void snn_npy_dispose(struct snn_npy *array); /* all zero is legal */

size_t snn_npy_type_bytes(enum snn_npy_type type);
const char *snn_npy_type_name(enum snn_npy_type type); /* "float32" */

/* Element i as a number. Exact but for integers beyond 2^53. */
double snn_npy_value(const struct snn_npy *array, size_t i);

struct snn_npz;

int snn_npz_open(struct snn_npz **out, const char *path);
void snn_npz_close(struct snn_npz *npz); /* NULL is legal */

/* The same over memory, which must outlive *out. */
int snn_npz_open_memory(struct snn_npz **out, const void *data, size_t bytes, const char *name);

/* The arrays in the file: their number, and the name of each without ".npy". */
int64_t snn_npz_count(const struct snn_npz *npz);
const char *snn_npz_name(const struct snn_npz *npz, int64_t i);

bool snn_npz_has(const struct snn_npz *npz, const char *array);

/* Reads the array of that name; one that is not there is an error that lists those that are. */
int snn_npz_read(const struct snn_npz *npz, const char *array, struct snn_npy *out);

#endif
