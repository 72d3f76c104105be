/* SPDX-License-Identifier: MIT
 *
 * What the files share that lower learning by gradient, and what the others need of them: included
 * by lower_internal.h.
 */
#ifndef SNNC_IR_LOWER_GRADIENT_H
#define SNNC_IR_LOWER_GRADIENT_H

#include "ir/lower_internal.h"

/* ---- lower_gradient.c ---- */
bool lower_takes_gradient(struct lowering *, const struct lowered_network *,
                          const struct statement *present);
void lower_present_taken(struct lowering *, struct lowered_network *, struct statement *,
                         struct ir_node *steps, struct ir_node *end);
struct binding *lower_taken_record(struct lowering *, const struct lowered_layer *, int32_t source,
                                   bool is_in_time, const char *what);
void lower_gradient_functions(struct lowering *, struct lowered_network *);
/* Presents sample `index` of the batch, if it is one, and runs `forward`. */
void lower_run_sample(struct lowering *, struct taken *, struct ir_node *index);

/* What the way back of each sample reads is kept from now on, where memory allows. */
void lower_keep_samples(struct lowering *, struct taken *);

/* Makes ready for the way back of a sample: takes what was kept of it, or runs it again. */
void lower_recall_sample(struct lowering *, struct taken *, struct ir_node *index);

/* Keeps it for the next run back, where this is not the last. */
void lower_return_sample(struct lowering *, struct taken *, struct ir_node *index);
struct ir_node *lower_number(struct lowering *, int32_t buffer); /* of an INT64[1] */
struct ir_node *lower_steps_now(struct lowering *);              /* of the presentation at hand */
bool lower_is_source(const struct lowered_layer *);              /* nothing connects to it */

/* ---- lower_way_back.c ---- */
/* Adds to a connection what the way back through it needs; `has_steps`: its target has a row for
 * each step. Then, before the way back of a batch, turns the weights as they are. */
void lower_way_back(struct lowering *, struct ir_connection *, bool has_steps);
/* Makes the order of a side y, x, channel. */
void lower_lay_out(struct lowering *, struct ir_window_side *, const char *name);
void lower_turn_weights(struct lowering *, const struct lowered_network *);

/* ---- lower_forward.c ---- */
void lower_forward(struct lowering *, struct lowered_network *);
/* Where a neuron of a layer is in a buffer with a row for each step; makes room for all rows. */
struct ir_node *lower_row_place(struct lowering *, const struct lowered_layer *,
                                struct ir_node *step, struct ir_node *element);
void lower_reserve_rows(struct lowering *, const struct lowered_layer *, int32_t buffer);
/* Of the spike being selected: whether its slope is not 0. */
void lower_keep_near(struct lowering *, struct ir_node *slope);

/* ---- lower_truncate.c ---- */
void lower_truncation_buffer(struct lowering *, struct lowered_network *);
/* At the end of a step of the kernel at hand; of a value that was sent in an earlier step. */
void lower_cut_states(struct lowering *, const struct lowered_layer *, struct ir_node *step);
struct ir_node *lower_cut_sent(struct lowering *, const struct lowered_network *,
                               struct ir_node *value, struct ir_node *arrives,
                               struct ir_node *sent);
struct ir_node *lower_window_length(struct lowering *,
                                    const struct statement *descend); /* 0: all */

/* ---- lower_loss.c ---- */
/* Those that it goes back to, in their order; where there are none, one that it does not depend on.
 * false: reported. */
bool lower_presentations_of(struct lowering *, struct ir_node *loss, struct taken_list *);

/* Have the weights not been assigned since? Samples run again with the weights as they are when
 * they are descended; which of them memory allows to keep must not decide. */
bool lower_is_as_presented(struct lowering *, const struct taken *);

/* ---- lower_descend.c ---- */
void lower_learnable(struct lowering *, struct lowered_network *, int32_t buffer, struct span span);
void lower_descend(struct lowering *, struct statement *);
/* Element i of the derivatives by a buffer, over parts first ..< first + chunks of a batch. */
struct ir_node *lower_summed_gradient(struct lowering *, int32_t buffer, struct ir_node *i,
                                      struct ir_node *first, struct ir_node *chunks);

/* ---- lower_optimizer.c ---- */
struct common_states {
    ARRAY_STRUCT(, bool) is_common; /* by state of the optimizer */
    struct block changes; /* the statements that change those that are, and nothing else */
};

void lower_common_states(struct lowering *, const struct optimizer_instance *,
                         struct common_states *);
void lower_explain_common(struct lowering *, const struct optimizer_instance *,
                          const struct common_states *, struct span span);

/* ---- lower_norm.c ---- */
void lower_norm_buffers(struct lowering *, struct lowered_connection *, struct lowered_stage *);
void lower_fill_norms(struct lowering *, const struct lowered_connection *); /* into init */
struct lowered_norm *lower_norm_of(const struct lowered_connection *);       /* null: none */
/* From `inputs`, those of all steps if `step` is not null, to its output. */
void lower_norm(struct lowering *, const struct lowered_network *, const struct lowered_norm *,
                int32_t inputs, struct ir_node *step);
struct ir_node *lower_norm_base(struct lowering *, const struct lowered_norm *,
                                struct ir_node *step); /* of a step, in these inputs */
void lower_norm_records(struct lowering *, const struct lowered_norm *, struct ir_node *samples);
/* Of the sample at hand, at its end; is_steady: only the first step is there. */
void lower_norm_sums(struct lowering *, const struct lowered_network *, const struct lowered_norm *,
                     bool is_steady);
bool lower_norm_levels(struct lowering *, struct lowered_network *); /* false: refused */
/* Before a sample runs, and before it runs back. */
void lower_begin_run(struct lowering *, const struct taken *);
void lower_begin_run_back(struct lowering *, const struct taken *);
/* Opens a branch for a layer, or for what enters batch_norm, where the run at hand asks for it;
 * what is built next belongs to it. */
void lower_open_due_layer(struct lowering *, const struct lowered_layer *);
void lower_open_due_norm(struct lowering *, const struct lowered_connection *);
/* A loop over the runs of a batch, the last of which counts, whose body is built next. */
struct ir_node *lower_open_runs(struct lowering *, const struct lowered_network *);
/* Of a presentation: as often as batch_norm asks for, in the end for what counts. */
void lower_run_samples(struct lowering *, struct taken *);
void lower_finish_run_back(struct lowering *, const struct taken *, struct ir_node *run,
                           struct ir_node *chunks);

#endif
