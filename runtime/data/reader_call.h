/* SPDX-License-Identifier: MIT
 *
 * A data source written on the command line as it would be in the program: csv("f.csv", label = 0).
 */
#ifndef SNN_DATA_READER_CALL_H
#define SNN_DATA_READER_CALL_H

#include "data/dataset.h"

#include <stdbool.h>

enum { SNN_READER_CALL_BYTES = 8192 };

/* What is written. */
struct snn_reader_call {
    const char *reader;                  /* its name, static */
    struct snn_data_arguments arguments; /* those given; texts point into `words` */
    bool has_unit;                       /* the unit of times that the files count is a time */
    char words[SNN_READER_CALL_BYTES];
};

/* Is the text a call of something, rather than a path? */
bool snn_reader_is_call(const char *text);

/* Reads the call. Negative, with the message set, if it is none that can be understood. */
int snn_reader_call_read(struct snn_reader_call *out, const char *text);

/* Do both readers give sets of the same kind: events, or none? */
bool snn_readers_agree(const char *reader, const char *other);

/* The names of a reader's arguments as "path label?", where ? may be left out; NULL: there is no
 * such reader. */
const char *snn_reader_formals(const char *reader);

#endif
