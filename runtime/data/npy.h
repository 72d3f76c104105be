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
    void *data;                      /* in C order, whatever the file has; never NULL */
    bool is_borrowed;                /* data is part of a mapped file; otherwise it is owned */
};

/* Reads one array; anything behind it is an error. */
int snn_npy_read(struct snn_npy *out, struct snn_stream *stream);

/* The array in `bytes` bytes of memory, without a copy of it: 0; or 1 where it needs one, because
 * it is in Fortran order or not aligned. */
int snn_npy_borrow(struct snn_npy *out, const void *memory, size_t bytes, const char *name);

int snn_npy_open(struct snn_npy *out, const char *path);
void snn_npy_dispose(struct snn_npy *array); /* all zero is legal */

/* Where the pickle begins in a .npy file of Python objects, 0-d, as numpy.save writes a dictionary;
 * an error for any other. */
int snn_npy_object_offset(size_t *offset, const void *memory, size_t bytes, const char *name);

size_t snn_npy_type_bytes(enum snn_npy_type type);
const char *snn_npy_type_name(enum snn_npy_type type); /* "float32" */

/* Element i as a number. Exact but for integers beyond 2^53. */
double snn_npy_value(const struct snn_npy *array, size_t i);

struct snn_npz;

int snn_npz_open(struct snn_npz **out, const char *path);
void snn_npz_close(struct snn_npz *npz); /* NULL is legal */

struct snn_mapping;

/* The same over a mapped file, which the archive takes over, also when opening fails. */
int snn_npz_open_mapping(struct snn_npz **out, struct snn_mapping *mapping, const char *name);

/* The same over memory, which must outlive *out. */
int snn_npz_open_memory(struct snn_npz **out, const void *data, size_t bytes, const char *name);

/* The arrays in the file: their number, and the name of each without ".npy". */
int64_t snn_npz_count(const struct snn_npz *npz);
const char *snn_npz_name(const struct snn_npz *npz, int64_t i);

bool snn_npz_has(const struct snn_npz *npz, const char *array);

/* Reads the array of that name; one that is not there is an error that lists those that are. */
int snn_npz_read(const struct snn_npz *npz, const char *array, struct snn_npy *out);

/* The same, but where the file is in memory and the array uncompressed, in C order and aligned
 * there, it is used where it is, and must be disposed of before the archive is closed. Its checksum
 * is checked all the same. */
int snn_npz_map(const struct snn_npz *npz, const char *array, struct snn_npy *out);

#endif
