/* SPDX-License-Identifier: MIT
 *
 * Stages of sets of events: `d |> denoise(10 ms)`. A stage does its work on one sample at a time,
 * whenever the events of that sample are asked for, so that a set is never in memory twice and what
 * is drawn can differ from loop to loop. What it makes depends on the sample, the numbers of the
 * stage and the key of its draws alone. Functions follow error.h.
 */
#ifndef SNN_DATA_EVENT_STAGE_H
#define SNN_DATA_EVENT_STAGE_H

#include "data/view.h"
#include "event_sort.h"
#include "random.h"
#include "runtime.h"

/* `view |> name(numbers)`; a number that is not given is NAN; times are in the program's unit.
 * `key` is that of its draws. A whole set stays whole; its stages are kept as long as the run. */
int snn_view_event_stage(struct snn_view *out, struct snn_region *region, struct snn_view view,
                         const char *name, const double numbers[SNN_STAGE_NUMBERS], uint64_t key);

/* When the longest of the recordings ends: one unit of time after its last event; infinite where
 * only reading it would tell. */
double snn_view_end(const struct snn_view *view);

/* ---- for the files of stages */

/* Input number (polarity * height + y) * width + x; all 0: inputs have no places. */
struct snn_event_shape {
    int64_t polarities, height, width;
};

struct snn_event_kind;
struct snn_event_stage;
struct snn_event_work;

typedef int snn_event_apply(const struct snn_event_stage *stage, struct snn_event_work *work,
                            struct snn_random *random);

struct snn_event_stage {
    const struct snn_event_kind *kind;
    snn_event_apply *apply; /* NULL: events stay as they are */
    double (*end)(const struct snn_event_stage *stage,
                  double end);         /* of a sample; NULL: as before */
    double numbers[SNN_STAGE_NUMBERS]; /* times in the unit of the set */
    uint64_t key;
    int64_t inputs; /* of the samples that come in */
    struct snn_event_shape from, to;
    const void *source;      /* of a stage that reads: the files */
    double bin_from, bin_to; /* times are multiples of it, and bins of that width; 0: not so */
};

/* The events being made of one sample, in order of time from 0. */
struct snn_event_work {
    struct snn_event *events, *spare; /* [capacity] */
    int64_t count, capacity;
    int64_t number; /* index of the sample, for stages that read */
    void *map;      /* [map_bytes], for the stage at hand */
    size_t map_bytes;
    int32_t *index; /* [capacity]: the result, as a list has it */
    float *time;
};

/* Memory for one thread, empty at first; all of it is given back by the second. */
struct snn_event_work *snn_event_work_create(void); /* NULL, message set, without memory */
void snn_event_work_destroy(struct snn_event_work *work);

int snn_event_work_reserve(struct snn_event_work *work, int64_t capacity);
/* Zeroed; NULL, message set, without memory. */
void *snn_event_work_map(struct snn_event_work *work, int64_t count, size_t size);

/* No event of the sample comes at this time or later; the second reads the sample if it must. */
double snn_event_list_end(const struct snn_event_list *list);
int snn_event_list_find_end(const struct snn_event_list *list, struct snn_event_work *work,
                            double *end);

/* Through all stages of the list, the events of a sample; *out points into the work or, where there
 * are no stages, is the list itself. */
int snn_event_list_make(const struct snn_event_list *list, struct snn_event_work *work,
                        struct snn_event_list *out);

/* event_stage_time.c */
snn_event_apply snn_events_bin, snn_events_crop_time, snn_events_random_crop_time,
    snn_events_time_alignment, snn_events_time_jitter, snn_events_reverse_time;
/* event_stage_place.c */
snn_event_apply snn_events_move, snn_events_random_crop, snn_events_flip_x, snn_events_flip_y,
    snn_events_flip_polarity, snn_events_random_rotation, snn_events_spatial_jitter;
/* event_stage_drop.c */
snn_event_apply snn_events_denoise, snn_events_refractory_period, snn_events_drop_event,
    snn_events_drop_event_by_time, snn_events_drop_event_by_area, snn_events_uniform_noise;

/* ---- what they share */

/* Uniform in [0, 1); standard normal. */
double snn_events_uniform(struct snn_random *random);
double snn_events_normal(struct snn_random *random);

struct snn_event_place {
    int64_t polarity, y, x;
};
struct snn_event_place snn_events_place(const struct snn_event_shape *shape, int32_t input);
int32_t snn_events_input(const struct snn_event_shape *shape, struct snn_event_place place);

#endif
