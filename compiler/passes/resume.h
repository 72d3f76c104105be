/* SPDX-License-Identifier: MIT
 *
 * What the files of pass `resume` share.
 *
 * A point is a loop of a task at whose turns a run may be saved, and entered again by a later
 * process. Carriers are the nodes around points, and the points themselves. In a block with
 * carriers, what stands before the last of them is passed by when the task is entered again: it is
 * in the `then` of an `if`, a segment; but what gives back arrays, data sets and texts runs again.
 */
#ifndef SNNC_PASSES_RESUME_H
#define SNNC_PASSES_RESUME_H

#include "base/array.h"
#include "passes/passes.h"

ARRAY_STRUCT(resume_node_list, struct ir_node *);

/* A carrier; its points have the numbers first ..< end. */
struct resume_carrier {
    struct ir_node *node;
    struct ir_block *block; /* that it is in */
    int32_t first, end;
    int32_t then_end;              /* IF: those of its `then` are before this */
    bool is_point;                 /* itself number `first` */
    struct ir_node *turn;          /* VAR of a LOOP: the turn to go on with */
    bool *is_live;                 /* of a point, by buffer: read after it before it is made anew */
    struct resume_carrier *around; /* null: none */
};

ARRAY_STRUCT(resume_carrier_list, struct resume_carrier *);

struct resume {
    struct compilation *c;
    struct ir_program *program;
    struct ir_function *function;
    int32_t old_count;                /* nodes that were there before the pass have ids below */
    struct resume_carrier **carriers; /* [old_count], null for others */
    int32_t *segments;                /* [old_count] segment that a node is in, 0: none */
    struct resume_carrier_list all;   /* outer before inner */
    int32_t point_count;
    struct ir_block head;                /* goes in front of the function */
    struct ir_node *target;              /* VAR: the point to go on from, 0: nothing is passed by */
    struct resume_node_list variables;   /* saved at each point, in this order */
    struct resume_node_list segment_ifs; /* by segment - 1 */
    struct resume_node_list guards;      /* IFs around carriers */
};

/* A builder that inserts before `before`, or at the end of the block where that is null. */
struct ir_builder resume_builder(struct resume *r, struct ir_block *block, struct ir_node *before,
                                 struct span span);

/* A variable of the whole function, saved at each point. */
struct ir_node *resume_variable(struct resume *r, const char *name, enum ir_type type);

/* resume_values.c: values of segments that are used outside of them become variables. */
void resume_keep_values(struct resume *r);

/* resume_live.c: sets is_live of the point, before the function is changed. */
void resume_find_live(const struct resume *r, struct resume_carrier *point);

#endif
