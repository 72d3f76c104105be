/* SPDX-License-Identifier: MIT
 *
 * Between pickle.c, the machine, and pickle_numpy.c, what it may call.
 */
#ifndef SNN_DATA_PICKLE_INTERNAL_H
#define SNN_DATA_PICKLE_INTERNAL_H

#include "data/pickle.h"

enum { PICKLE_MAX_MARKS = 64 }; /* nesting; SpikeNN's files have 7 */

struct pickle_values {
    struct snn_pickle_value **list;
    size_t count, capacity;
};

struct pickle {
    const char *memory;
    size_t size, place;
    size_t instruction; /* place of the one being carried out */
    size_t offset;      /* of the pickle in its file */
    const char *name;   /* of the file */
    struct snn_region *region;
    char *block; /* what is left of the last block taken from the region */
    size_t block_left;
    struct pickle_values stack, memo;
    size_t marks[PICKLE_MAX_MARKS]; /* heights of the stack */
    int mark_count;
};

/* Memory that lives as long as the region. */
void *pickle_take(struct pickle *p, size_t bytes);
struct snn_pickle_value *pickle_new(struct pickle *p, enum snn_pickle_kind kind);
struct snn_pickle_value *pickle_integer(struct pickle *p, int64_t integer);

/* -1, with the place of the instruction before the message. */
int pickle_fail(const struct pickle *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The number of a name that may be used, -1 of all others. */
int pickle_find_global(const char *module, size_t module_bytes, const char *name,
                       size_t name_bytes);

/* function(*arguments); NULL, message set, if that cannot be. */
struct snn_pickle_value *pickle_call(struct pickle *p, const struct snn_pickle_value *function,
                                     const struct snn_pickle_value *arguments);

/* object.__setstate__(state) */
int pickle_set_state(struct pickle *p, struct snn_pickle_value *object,
                     const struct snn_pickle_value *state);

#endif
