/* SPDX-License-Identifier: MIT
 *
 * What the files share that lower networks in continuous time, and what the others need of them:
 * included by lower_internal.h.
 */
#ifndef SNNC_IR_LOWER_CONTINUOUS_H
#define SNNC_IR_LOWER_CONTINUOUS_H

#include "ir/lower_internal.h"

/* ---- lower_continuous.c, lower_layerwise.c ---- */
bool lower_is_event_layer(const struct lowered_layer *); /* its spikes are presented */
void lower_event_buffers(struct lowering *, struct lowered_layer *);
void lower_check_continuous(struct lowering *, struct lowered_network *);
struct ir_node *lower_first_spike(struct lowering *,
                                  const struct lowered_layer *); /* where its list begins */
void lower_account_events(struct lowering *, struct lowered_layer *, struct ir_node *low,
                          struct ir_node *high);
void lower_sort_events(struct lowering *, struct lowered_layer *, int32_t times);
void lower_continuous_reset(struct lowering *, struct lowered_network *);
void lower_continuous_layer(struct lowering *, struct lowered_layer *, bool is_learning);
void lower_continuous_present(struct lowering *, struct lowered_network *, struct statement *s);
void lower_continuous_rest(struct lowering *, struct lowered_network *, struct statement *s);
bool lower_runs_layerwise(struct lowering *, const struct lowered_network *);
void lower_layerwise(struct lowering *, struct lowered_network *);    /* a whole presentation */
void lower_clear_at(struct lowering *, const struct lowered_layer *); /* inputs of the neuron */
/* The body for the neuron at hand, for the events of the time l->now; `before`: VAR, that of the
 * events before. */
void lower_run_at(struct lowering *, struct lowered_layer *, struct ir_node *before);

/* ---- lower_behind_window.c ---- */
bool lower_runs_behind_window(const struct lowered_connection *);
void lower_run_behind_window(struct lowering *, struct lowered_connection *); /* l->kernel is set */

/* ---- lower_crossing.c ---- */
bool lower_has_equation(const struct neuron_instance *, const struct symbol *state);
bool lower_is_coupled(const struct neuron_instance *); /* an equation depends on another one */
void lower_check_systems(struct lowering *, const struct neuron_instance *,
                         const struct statement_list *body); /* what they read moves with them */
void lower_crossing_buffers(struct lowering *, struct lowered_layer *);
void lower_find_crossings(struct lowering *, struct lowered_layer *, bool is_learning);
struct ir_node *lower_next_crossing(struct lowering *, const struct lowered_layer *);
struct ir_node *lower_crosses(struct lowering *);

/* ---- lower_queue.c ---- */
void lower_queue_buffers(struct lowering *, struct lowered_connection *);
void lower_queue_own_delay(struct lowering *, struct lowered_connection *,
                           struct ir_node *synapse); /* draws it */
void lower_queue_clear(struct lowering *, const struct lowered_connection *);
void lower_queue_move_back(struct lowering *, const struct lowered_connection *,
                           struct ir_node *end);
void lower_queue_next(struct lowering *, const struct lowered_connection *,
                      struct ir_node *next); /* the variable `next`, if it arrives earlier */
void lower_queue_take(struct lowering *, const struct lowered_connection *, struct ir_node *now);
void lower_queue_add(struct lowering *, const struct lowered_connection *);
void lower_queue_arrive(struct lowering *, const struct lowered_connection *); /* own delays */

#endif
