/* SPDX-License-Identifier: MIT
 *
 * A view: which samples of a data set, in which order. Making one copies no pixels; lists of
 * samples lie in the region given and live as long as it keeps them. A view is a plain value; the
 * data set must outlive it.
 *
 * Each sample has an index, its place in its split (or in the set, if that is not split), and a
 * label; both survive slicing, shuffling and joining. Without labels the label is the index.
 */
#ifndef SNN_DATA_VIEW_H
#define SNN_DATA_VIEW_H

#include "data/dataset.h"
#include "memory.h"

#include <stdbool.h>

/* One sample of a list. */
struct snn_sample {
    const void *pixels;
    const int32_t *fields; /* a value for each field of the set */
    int32_t label;
    int32_t index;
};

struct snn_part;

/* Which of the two pointers is set says how the samples are given. */
struct snn_view {
    struct snn_dataset *set;          /* whose axes and pixel type all samples have */
    const struct snn_part *part;      /* samples first .. first + count - 1 of one split, or */
    const struct snn_sample *samples; /* `count` samples one by one; both NULL: not read yet */
    int64_t first, count;
};

/* The whole set, all splits one after the other, not read yet. */
struct snn_view snn_view_whole(struct snn_dataset *set);

/* Reads what the view needs. Every function below that takes a view to make another does so by
 * itself; the accessors need it done. Loading a loaded view does nothing. */
int snn_view_load(struct snn_view *view, struct snn_region *region);

/* .train, .val, .test; `split` is that word. An error unless `view` is a whole set that has it. */
int snn_view_split(struct snn_view *out, struct snn_region *region, struct snn_view view,
                   const char *split);

/* Samples low .. high - 1; an error unless 0 <= low <= high <= count. */
int snn_view_slice(struct snn_view *out, struct snn_region *region, struct snn_view view,
                   int64_t low, int64_t high);

/* The first k; an error if there are fewer. */
int snn_view_first(struct snn_view *out, struct snn_region *region, struct snn_view view,
                   int64_t k);

/* All samples in an order that depends on `key` alone. */
int snn_view_shuffled(struct snn_view *out, struct snn_region *region, struct snn_view view,
                      uint64_t key);

/* k different samples, in random order; an error if there are fewer. */
int snn_view_draw(struct snn_view *out, struct snn_region *region, struct snn_view view, int64_t k,
                  uint64_t key);

/* Samples 0, k, 2k, ...; an error unless k >= 1. */
int snn_view_every(struct snn_view *out, struct snn_region *region, struct snn_view view,
                   int64_t k);

/* The samples i with mask[i] != 0; an error unless the view has as many as the mask, `count`. */
int snn_view_where(struct snn_view *out, struct snn_region *region, struct snn_view view,
                   const uint8_t *mask, int64_t count);

/* The samples of a, then those of b; an error that shows both if axes or pixel types differ. */
int snn_view_join(struct snn_view *out, struct snn_region *region, struct snn_view a,
                  struct snn_view b);

/* `by size`: number `chunk` of the chunks of that size; the last may be smaller. */
int snn_view_chunk(struct snn_view *out, struct snn_region *region, struct snn_view view,
                   int64_t chunk, int64_t size);

/* How many chunks `count` samples make; without the last, smaller one if it is to be dropped. */
int64_t snn_view_chunks(int64_t count, int64_t size, bool drop_last);

/* `a |> operation(x, y)`: "center_crop" (height, width), "resize" (height, width), "grey",
 * "patch_normalize" (window), "every" (k), "first" (k). A whole set stays whole: each split goes
 * through the operation when it is first used. *out views a new set that is given back with
 * snn_dataset_release(out->set); it is named like the old one. */
int snn_view_pipe(struct snn_view *out, struct snn_region *region, struct snn_view view,
                  const char *operation, double x, double y);

/* ---- accessors of a loaded view; i in 0 .. count - 1 is the caller's promise. */
int64_t snn_view_count(const struct snn_view *view);
int64_t snn_view_classes(const struct snn_view *view); /* 1 + the largest label there can be */
int32_t snn_view_label(const struct snn_view *view, int64_t i);
int32_t snn_view_index(const struct snn_view *view, int64_t i);
int32_t snn_view_field(const struct snn_view *view, int64_t i, int field); /* one of the set's */

struct snn_sample snn_view_at(const struct snn_view *view, int64_t i);

/* The sample as stored: snn_dataset_pixel says what. */
const void *snn_view_pixels(const struct snn_view *view, int64_t i);

/* The sample as numbers. An error that shows both sizes unless `n` is the size of a sample. */
int snn_view_sample(const struct snn_view *view, int64_t i, float *out, size_t n);

struct snn_event_work;

/* Of a set of events: those of sample i before `until` (in the program's unit of time), as they are
 * stored or, where the set has stages, made in `work`; time * *unit is in the program's unit. An
 * error unless `n` is the number of inputs. */
int snn_view_events(const struct snn_view *view, int64_t i, size_t n, double until,
                    struct snn_event_work *work, struct snn_event_list *out, double *unit);

/* The part of that after the making: *list has the events of a sample. */
int snn_view_cut_events(const struct snn_view *view, size_t n, double until,
                        struct snn_event_list *list, double *unit);

#endif
