/* SPDX-License-Identifier: MIT
 *
 * Inside a data set: for the files of runtime/data only. A kind of source fills in a struct
 * snn_dataset made by snn_dataset_create and says how to read one split.
 */
#ifndef SNN_DATA_SOURCE_H
#define SNN_DATA_SOURCE_H

#include "data/dataset.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { SNN_SPLIT_SLOTS = SNN_SPLIT_NONE + 1 };

struct snn_names;

/* Something known of each sample besides its label. */
struct snn_dataset_field {
    char name[SNN_AXIS_NAME_BYTES]; /* "person" */
    const struct snn_names
        *texts; /* value v means text v; of the source. NULL: values are numbers */
};

/* The samples of one split. */
struct snn_part {
    int64_t count;
    void *pixels;    /* owned: count samples of snn_dataset_sample_bytes each */
    int32_t *labels; /* owned: count, each in 0 .. classes - 1; NULL: each is its position */
    int32_t *fields; /* owned: [count, fields of the set]; NULL: there are none */
    struct snn_event_store *events; /* owned: what the lists of events point into, or NULL */
    double max_time;                /* of events: none is later */
};

struct snn_dataset {
    char *name; /* never NULL */
    struct snn_dataset_axis axes[SNN_DATASET_MAX_AXES];
    int axis_count;
    size_t sample_size; /* product of the axes */
    enum snn_pixel pixel;
    double max_time, time_unit; /* of events: as in the file, and what to multiply it by; NAN: what
                                 * the latest of its parts has */
    struct snn_dataset *staged_from; /* of events: what they are made of where `max_time` is NAN, */
    const struct snn_event_stage *stage; /* by this; NULL: not made */
    double bin;      /* of events: times begin bins of this width; 0: they do not */
    int32_t classes; /* 0: without labels */
    struct snn_dataset_field fields[SNN_DATASET_MAX_FIELDS];
    int field_count;
    unsigned splits; /* bit s: split s exists */
    struct snn_part parts[SNN_SPLIT_SLOTS];
    bool is_loaded[SNN_SPLIT_SLOTS]; /* under the lock */
    bool is_divided;                 /* its .train and .val are those of a fold (fold.h) … */
    int fold, folds;                 /* … of its own .train; folds is 0 if it came so */
    pthread_mutex_t lock;
    atomic_int references;
    /* Fills *part. What it leaves there on failure is freed. */
    int (*load)(struct snn_dataset *set, enum snn_split split, struct snn_part *part);
    void (*dispose)(void *state); /* NULL: nothing to give back */
    void *state;                  /* of the source */
};

/* A set with one reference and no axes, splits or loader yet; NULL, message set, without memory. */
struct snn_dataset *snn_dataset_create(const char *name);

/* Appends an axis; false (message set) if there are too many or a sample gets too large. */
bool snn_dataset_add_axis(struct snn_dataset *set, const char *name, int64_t size);

/* Gives a set the samples of `split` as it is made. Takes over what *part holds. */
void snn_dataset_put_part(struct snn_dataset *set, enum snn_split split, struct snn_part *part);

/* The samples of a split, read now if they were not yet; NULL, message set, on failure or if there
 * is no such split. */
const struct snn_part *snn_dataset_part(struct snn_dataset *set, enum snn_split split);

size_t snn_dataset_sample_bytes(const struct snn_dataset *set);

/* Appends a field; there must be room. */
void snn_dataset_add_field(struct snn_dataset *set, const char *name,
                           const struct snn_names *texts);

/* Gives `set` the axes, classes, fields and times of another. */
void snn_dataset_copy_facts(struct snn_dataset *set, const struct snn_dataset *from);

/* Memory for `count` samples (and labels, and fields where the set has them); -1 with the message
 * set if it is not to be had. */
int snn_part_allocate(struct snn_part *part, const struct snn_dataset *set, int64_t count,
                      bool has_labels);
void snn_part_dispose(struct snn_part *part);

/* Gives sample i the label and the fields of another, which is of a set with the same fields. */
struct snn_sample;
void snn_part_put_facts(struct snn_part *part, const struct snn_dataset *set, int64_t i,
                        struct snn_sample sample);

const char *snn_split_name(enum snn_split split); /* "train" */

/* The readers behind snn_dataset_npz and snn_dataset_csv, over what is open already: for tests and
 * fuzzing. */
struct snn_npz;
struct snn_stream;
int snn_dataset_npz_from(struct snn_dataset **out, const char *name, const struct snn_npz *npz,
                         const char *path);
int snn_dataset_csv_from(struct snn_dataset **out, const char *name, struct snn_stream *stream,
                         double label);

#endif
