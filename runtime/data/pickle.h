/* SPDX-License-Identifier: MIT
 *
 * Python pickles that hold NumPy data. A pickle is a program; this reader knows the instructions
 * and the names that lists, dictionaries and arrays need (protocols 2 to 5) and refuses all others
 * by name, so that nothing is run and nothing but data comes out. Memory taken is in proportion to
 * the bytes that are there, whatever lengths they claim. Functions follow error.h.
 */
#ifndef SNN_DATA_PICKLE_H
#define SNN_DATA_PICKLE_H

#include "memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum snn_pickle_kind {
    SNN_PICKLE_NONE,
    SNN_PICKLE_BOOL,   /* integer is 0 or 1 */
    SNN_PICKLE_INT,    /* integer */
    SNN_PICKLE_REAL,   /* real */
    SNN_PICKLE_TEXT,   /* bytes, UTF-8, not ended by a zero byte */
    SNN_PICKLE_BYTES,  /* bytes */
    SNN_PICKLE_TUPLE,  /* items */
    SNN_PICKLE_LIST,   /* items */
    SNN_PICKLE_DICT,   /* items: key, value, key, value … */
    SNN_PICKLE_DTYPE,  /* dtype: the type of an array's elements */
    SNN_PICKLE_ARRAY,  /* array */
    SNN_PICKLE_GLOBAL, /* integer: enum of pickle.c; never in a finished value */
};

struct snn_pickle_dtype {
    char kind;                             /* i u f b: a number; O: objects; V: a record */
    bool is_big_endian;                    /* of numbers longer than a byte */
    int64_t size;                          /* bytes */
    const struct snn_pickle_value *fields; /* V: DICT of name to TUPLE (DTYPE, offset), or NULL */
};

struct snn_pickle_array {
    const struct snn_pickle_value *shape; /* TUPLE of INT; NULL: never given its contents */
    const struct snn_pickle_value *dtype; /* DTYPE */
    const struct snn_pickle_value *data;  /* BYTES; of objects LIST */
    bool is_fortran;
};

struct snn_pickle_value {
    enum snn_pickle_kind kind;
    union {
        int64_t integer;
        double real;
        struct {
            const char *data; /* within the pickle, or in the region */
            size_t count;
        } bytes;
        struct {
            struct snn_pickle_value **list;
            size_t count, capacity;
        } items;
        struct snn_pickle_dtype dtype;
        struct snn_pickle_array array;
    };
};

/* Reads the pickle in memory, which must outlive what *out points to, as must the region. `offset`
 * is its place in the file, for messages. */
int snn_pickle_read(const struct snn_pickle_value **out, struct snn_region *region,
                    const void *memory, size_t bytes, size_t offset, const char *name);

/* The value of a text key; NULL if the dictionary has none. */
const struct snn_pickle_value *snn_pickle_find(const struct snn_pickle_value *dict,
                                               const char *key);

bool snn_pickle_text_is(const struct snn_pickle_value *value, const char *text);

/* An array of one axis whose bytes are all there; false otherwise. */
bool snn_pickle_row(const struct snn_pickle_value *value, int64_t *count);

/* Element of a number type at that address, in bytes; NAN of other types. */
double snn_pickle_number(const struct snn_pickle_dtype *dtype, const char *at);

#endif
