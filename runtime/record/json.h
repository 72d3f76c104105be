/* SPDX-License-Identifier: MIT
 *
 * Writes JSON into memory. Reading is jansson's; writing is ours because numbers are to be as short
 * as they can be (number.h), which jansson cannot do. NaN and infinities, which JSON does not have,
 * become null.
 */
#ifndef SNN_RECORD_JSON_H
#define SNN_RECORD_JSON_H

#include "runtime.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { SNN_JSON_DEPTH = 16 };

struct snn_json {
    FILE *file; /* writes to `text` */
    char *text; /* after snn_json_finish: the document, the caller frees it */
    size_t bytes;
    bool is_pretty; /* one member a line; otherwise all on one line */
    int depth;
    bool has_member[SNN_JSON_DEPTH]; /* of the objects and arrays being written */
    bool is_flat[SNN_JSON_DEPTH];    /* written on one line */
};

/* Begins a document; *json stays where it is until it is finished. Panics if memory is exhausted,
 * as does everything below. */
void snn_json_start(struct snn_json *json, bool is_pretty);
void snn_json_finish(struct snn_json *json);

/* `key` names the member of an object; NULL for elements of an array and for the document itself.
 */
void snn_json_begin_object(struct snn_json *json, const char *key);
void snn_json_end_object(struct snn_json *json);
void snn_json_begin_array(struct snn_json *json, const char *key); /* on one line */
void snn_json_begin_list(struct snn_json *json, const char *key);  /* the same, an element a line */
void snn_json_end_array(struct snn_json *json);

void snn_json_text(struct snn_json *json, const char *key,
                   const char *text); /* NULL becomes null */
void snn_json_number(struct snn_json *json, const char *key, double value);
void snn_json_integer(struct snn_json *json, const char *key, int64_t value);
/* A number that would not fit into the 64-bit integers of most readers is written as text. */
void snn_json_unsigned(struct snn_json *json, const char *key, uint64_t value);
void snn_json_bool(struct snn_json *json, const char *key, bool value);

/* A value that is JSON already. */
void snn_json_raw(struct snn_json *json, const char *key, const char *value);

/* An array of numbers as nested lists; a scalar if `rank` is 0. */
void snn_json_values(struct snn_json *json, const char *key, enum snn_type type, const void *data,
                     const struct snn_axis *axes, int rank);

#endif
