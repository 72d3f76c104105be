/* SPDX-License-Identifier: MIT
 *
 * What the layouts of SL-Animals and DVS-Gesture share: recordings named after who is recorded and
 * in which session, "user07_indoor", and tables beside them that say where the samples are.
 * Functions follow error.h.
 */
#ifndef SNN_DATA_PEOPLE_H
#define SNN_DATA_PEOPLE_H

#include "data/places.h"
#include "data/recording.h"
#include "data/source.h"

enum { SNN_TAG_COLUMNS = 3 };

/* What a set keeps of its folder. Fields of its samples: person, session. */
struct snn_people {
    char folder[SNN_PATH_BYTES];
    struct snn_names files[SNN_SPLIT_SLOTS]; /* of each split, without ending */
    struct snn_names sessions;               /* in order of name */
    int32_t classes;
};

/* A set without splits and files yet, whose state, a struct snn_people, is found at set->state. */
struct snn_dataset *snn_people_create(const char *name, const char *folder, int32_t classes);

/* Takes the files of a split: the names that the text file `list` of the folder has, a line each,
 * or, where `list` is NULL, those of the recordings in the folder `place` of it. */
int snn_people_list(struct snn_dataset *set, enum snn_split split, const char *list,
                    const char *place);

/* Sorts the sessions of all files and adds the fields to the set; once all are listed. */
int snn_people_finish(struct snn_dataset *set);

/* The fields of a file's samples. */
int snn_people_fields(const struct snn_people *people, const char *name, int32_t fields[2]);

/* A table of whole numbers, of which some columns were chosen by their names. */
struct snn_tags {
    int64_t (*rows)[SNN_TAG_COLUMNS]; /* owned: [count] */
    int64_t count, capacity;
};

int snn_tags_parse(struct snn_tags *out, const char *text, const char *path,
                   const char *const *columns, int count);
int snn_tags_read(struct snn_tags *out, const char *path, const char *const *columns, int count);
void snn_tags_dispose(struct snn_tags *tags); /* all zero is legal */

/* Cuts the samples from one recording. */
typedef int snn_cut_fn(struct snn_event_store *store, const struct snn_recording *recording,
                       const struct snn_tags *tags, const char *path, const int32_t *fields);

/* Where a layout has its files, and how samples are cut. */
struct snn_tagged {
    const char *recordings, *tags; /* formats of paths with one %s: the name */
    const char *columns[SNN_TAG_COLUMNS];
    int column_count;
    snn_cut_fn *cut;
};

/* Fills *part with the samples of all files of the split. */
int snn_people_load(struct snn_dataset *set, enum snn_split split, struct snn_part *part,
                    const struct snn_tagged *layout);

#endif
