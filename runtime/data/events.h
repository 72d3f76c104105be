/* SPDX-License-Identifier: MIT
 *
 * Spike events as data: what all formats of event files have in common. A format opens a file as a
 * store, whose facts are known at once; its events are checked when they are listed, which may be
 * much later. Functions follow error.h.
 */
#ifndef SNN_DATA_EVENTS_H
#define SNN_DATA_EVENTS_H

#include "data/dataset.h"

/* The samples of one split. */
struct snn_event_store {
    char *path; /* owned; for messages */
    int64_t samples;
    struct snn_dataset_axis axes[SNN_DATASET_MAX_AXES]; /* of the inputs, outermost first … */
    int axis_count;
    int64_t inputs;  /* … whose product this is */
    double max_time; /* no event is later */
    int32_t *labels; /* owned: [samples], none negative; NULL: none */
    int32_t *fields; /* owned: [samples, field_count]; NULL: none */
    int field_count;
    /* Fills lists[samples], whose arrays stay the store's, once every event has been checked. */
    int (*list)(struct snn_event_store *store, struct snn_event_list *lists);
    void (*dispose)(void *state); /* NULL: nothing to give back */
    void *state;                  /* of the format */
};

/* A store without samples and axes; NULL, message set, without memory. */
struct snn_event_store *snn_event_store_create(const char *path);

/* Appends an axis of the inputs. */
int snn_event_store_add_axis(struct snn_event_store *store, const char *name, int64_t size);
void snn_event_store_close(struct snn_event_store *store); /* NULL is legal */

/* A file of the event format (docs/data.md) or of SpikeNN; its first bytes say of which. */
int snn_event_store_open(struct snn_event_store **out, const char *path);

struct snn_mapping;
struct snn_npz;

/* The two formats, over what is open already; the store takes it over, also when opening fails. */
int snn_event_store_npz(struct snn_event_store **out, struct snn_npz *npz, const char *path);
int snn_event_store_pickle(struct snn_event_store **out, struct snn_mapping *mapping,
                           const char *path);

/* Fails, naming the sample, unless the events of the list are in order of time, from 0 to the
 * store's max_time, of inputs that there are. */
int snn_event_list_check(const struct snn_event_store *store, int64_t sample,
                         const struct snn_event_list *list);

/* Makes the samples of a split from a store, which they then own, also on failure. */
struct snn_part;
int snn_part_of_events(struct snn_part *part, const struct snn_dataset *set,
                       struct snn_event_store *store);

/* A set whose only split is the store's, which it takes over, also on failure. */
int snn_dataset_of_events(struct snn_dataset **out, const char *name, struct snn_event_store *store,
                          double unit);

#endif
