/* SPDX-License-Identifier: MIT
 *
 * What the files of pass `propagation` share: one propagation being written out, at p->b. A file
 * for each family of topologies says which synapses there are and delivers through them;
 * propagate_adjoint.c has the ways back.
 */
#ifndef SNNC_PASSES_PROPAGATION_H
#define SNNC_PASSES_PROPAGATION_H

#include "base/remarks.h"
#include "ir/ir.h"

struct propagation {
    struct compilation *c;
    struct ir_builder b;
    const struct ir_connection *connection;
    struct ir_node *base; /* of the target's elements; null: 0 */
};

/* The spikes that arrive: entries low ..< high of the list. */
struct arrivals {
    struct ir_node *low, *high, *count;
};

struct arrivals propagation_arrivals(struct propagation *p);

/* Loops whose bodies are built next: over the spikes that arrive, in the order of their sources
 * unless `is_independent`; over the targets. Return the index. */
struct ir_node *propagation_open_events(struct propagation *p, const struct arrivals *a,
                                        bool is_independent, const char *what);
struct ir_node *propagation_open_targets(struct propagation *p, const char *what);
struct ir_node *propagation_open_loop(struct propagation *p, const char *what, struct ir_node *low,
                                      struct ir_node *high, bool is_independent);

enum ir_type propagation_target_type(const struct propagation *p);
struct ir_node *propagation_weight(struct propagation *p, struct ir_node *synapse);
/* What a source in the list of spikes gives through the weight: all of it, or as much as it says.
 */
struct ir_node *propagation_graded(struct propagation *p, struct ir_node *source,
                                   struct ir_node *weight);
struct ir_node *propagation_matrix_index(struct propagation *p, struct ir_node *source,
                                         struct ir_node *target);
/* Where the target's element is. */
struct ir_node *propagation_place(struct propagation *p, struct ir_node *target);
void propagation_add(struct propagation *p, struct ir_node *target, struct ir_node *value);
/* buffer[index] += value */
void propagation_add_to(struct propagation *p, int32_t buffer, struct ir_node *index,
                        struct ir_node *value);

/* ---- propagate_adjoint.c ---- */
/* Where the adjoints of the weights begin: of the chunk of a batch at hand. */
struct ir_node *propagation_gradient_base(struct propagation *p);
void propagate_transpose(struct propagation *p); /* from targets' adjoints to those of sources */
void propagate_outer(struct propagation *p);     /* to those of weights */

/* ---- propagate_steps.c: matrices that take all steps at once ---- */
/* result[row, lane] += the sum over `inner` of factor[row, inner] * matrix[inner, lane]: what all
 * three ways through a connection are. */
struct product {
    struct propagation *p;
    struct ir_node *rows, *lanes, *inner;      /* how many */
    int32_t result, matrix, factor;            /* buffers; a factor is a spike or a number */
    struct ir_node *result_start, *result_row; /* places: of row 0, and from row to row */
    struct ir_node *matrix_start, *matrix_row;
    struct ir_node *factor_start, *factor_row, *factor_inner;
    int32_t starts, events; /* factors that are not 0: events[starts[row] ..< starts[row + 1]] */
    bool is_new;            /* the result is the sum alone, and undefined where all factors are 0 */
};
void propagation_multiply(const struct product *m);
/* Fills `starts` and `events` of a product whose factors are adjoints of targets. */
void propagation_list_adjoints(const struct product *m);

void propagate_steps(struct propagation *p, struct ir_node *steps);
void propagate_steps_transpose(struct propagation *p, struct ir_node *steps);
void propagate_steps_outer(struct propagation *p, struct ir_node *steps);

/* ---- propagate_window.c: conv, local ---- */
/* Opens the branch where so many spikes pass that the target is better laid out in the order of its
 * filters; the other one is where the node stands. */
struct ir_node *propagation_open_many(struct propagation *p, struct ir_node *spikes);
/* Copies `buffer`, in the order of the target and from `base` on, to the laid out one, or back. */
void propagation_lay_out(struct propagation *p, int32_t buffer, bool is_back);
void propagate_window_spikes(struct propagation *p);
void propagate_window_values(struct propagation *p);

/* ---- propagate_pool.c ---- */
void propagate_pool_spikes(struct propagation *p);
void propagate_pool_values(struct propagation *p);

#endif
