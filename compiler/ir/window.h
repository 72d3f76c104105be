/* SPDX-License-Identifier: MIT
 *
 * Loops over the synapses of windows: conv, local, pools. A walk starts from a neuron on one side
 * and opens loops over those on the other; what they have at hand is in the walk. Propagations,
 * and whatever else visits synapses, are built of these.
 */
#ifndef SNNC_IR_WINDOW_H
#define SNNC_IR_WINDOW_H

#include "ir/ir.h"

/* A place by enum ir_window_axis. */
struct window_place {
    struct ir_node *at[3];
};

struct window_walk {
    struct ir_builder *b; /* stands in the innermost loop that was opened */
    const struct ir_window *window;
    const char *name; /* of the connection, for the names of loops */
    struct window_place from, to;
    struct window_place in_window; /* of `from`, in the window of `to` */
    struct ir_node *group;
};

struct window_walk window_walk(struct ir_builder *, const struct ir_window *, const char *name);

/* From a source: its place; then over the places whose windows contain it, along y and x. */
void window_start_at(struct window_walk *, struct ir_node *source);
void window_open_targets(struct window_walk *);

/* From one target; window_open_sources follows. */
void window_start_at_target(struct window_walk *, struct ir_node *target);

/* From the targets: over all places, along y and x, and groups; then, once the filter or channel is
 * known, over what is in the window, in the order of memory; `channels`: those of the group, too,
 * otherwise the channel is that of the target. */
void window_open_places(struct window_walk *, bool are_independent);
void window_open_sources(struct window_walk *, bool channels);

/* Where the channels of a place, and the places along x, are next to each other on both sides, and
 * without groups: over what is in the window, line by line in lanes. */
bool window_has_lines(const struct ir_window *);
void window_open_lines(struct window_walk *, struct ir_node **source, struct ir_node **in_window);

void window_filters(struct window_walk *, struct ir_node **low, struct ir_node **high);
/* Over the filters of the group; over the channels of the target side. */
struct ir_node *window_open_filters(struct window_walk *, bool is_independent); /* the loop */

struct ir_node *window_source(struct window_walk *); /* indices of neurons and weights */
struct ir_node *window_target(struct window_walk *);
struct ir_node *window_in_window(struct window_walk *); /* the place in the window */
struct ir_node *window_row(struct window_walk *); /* what synapses of all filters begin with */
struct ir_node *window_synapse(struct window_walk *, struct ir_node *row);

/* Whether the window of a target contains a source; which source is at a place in it, places being
 * numbered as weights are. Without groups. */
struct ir_node *window_contains(struct ir_builder *, const struct ir_window *,
                                struct ir_node *source, struct ir_node *target);
struct ir_node *window_source_at(struct ir_builder *, const struct ir_window *,
                                 struct ir_node *place, struct ir_node *target);

/* What a pool gives for the sum, or for the largest, of a window. */
struct ir_node *window_pooled(struct ir_builder *, const struct ir_connection *,
                              struct ir_node *value);
/* … for so many spikes in it. */
struct ir_node *window_pooled_spikes(struct ir_builder *, const struct ir_connection *,
                                     struct ir_node *count);

/* The filters of a place are next to each other in memory. */
bool window_has_filters_last(const struct ir_window *);

#endif
