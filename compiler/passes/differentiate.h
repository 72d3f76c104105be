/* SPDX-License-Identifier: MIT
 *
 * What the files of pass `differentiate` share.
 *
 *   differentiate.c         the pass: functions and their reverse
 *   differentiate_loss.c    losses, in the code of tasks
 *   differentiate_varied.c  what depends on something that learns
 *   differentiate_branch.c  branches that a spike decides become selects
 *   differentiate_value.c   values of the forward code: in sight, computed again, from the tape
 *   differentiate_rules.c   adjoints of instructions
 *   differentiate_loop.c    adjoints of loops, reductions, branches, propagations
 */
#ifndef SNNC_PASSES_DIFFERENTIATE_H
#define SNNC_PASSES_DIFFERENTIATE_H

#include "base/remarks.h"
#include "passes/passes.h"

/* What is known of a node of the code being reversed. */
struct node_facts {
    struct ir_block *block; /* it stands in; null: a node that the pass has made */
    struct ir_node *owner;  /* that contains the block; null: the function's body */
    bool is_varied;         /* depends on what learns */
    bool is_useful;         /* the loss depends on it */
    struct ir_node *primal; /* its value in the reverse code, where that is in sight */
    struct ir_node *sum;    /* its adjoint so far, a value of its scope; null: 0 */
    struct ir_node *var;    /* VAR of what inner scopes contribute to it; of a VAR: its adjoint */
    int32_t tape;           /* buffer of its values; -1 */
};

ARRAY_STRUCT(node_list, struct ir_node *);
ARRAY_STRUCT(index_list, int32_t);
ARRAY_STRUCT(site_list, struct ir_builder); /* where the adjoints of losses begin */

/* What the iterations of a loop over neurons keep on tapes, for -R. */
struct taped {
    const struct ir_node *loop;
    int values, bytes; /* of a neuron and step */
};

ARRAY_STRUCT(taped_list, struct taped);

/* The reverse of one block: nodes of `source` have their adjoints here. */
struct reverse_scope {
    const struct ir_block *source;
    struct ir_block *target;
    struct ir_node *marker;   /* variables of the scope are declared before it */
    struct node_list primals; /* whose values are in sight within this scope only */
    struct reverse_scope *outer;
};

struct reversal {
    struct compilation *c;
    struct ir_program *program;
    struct ir_function *from;
    struct ir_builder b; /* where reverse code goes */
    struct node_facts *facts;
    int32_t fact_count;
    struct node_facts made; /* of all nodes that the pass has made: nothing is known */
    bool *varied;           /* by buffer: its elements depend on what learns */
    bool *useful;           /* by buffer: the loss depends on its elements */
    int32_t *last_store;    /* by buffer, of a loss: the last node that may store to it; null */
    int32_t buffer_count;
    struct reverse_scope *scope;
    struct index_list zeroed; /* lane buffers with an adjoint in this function */
    struct taped_list taped;
    const struct ir_node *at; /* of a loss: where it is reversed, in sight of what computed it */
    bool is_in_place;         /* a loss */
};

/* ---- differentiate.c ---- */
struct node_facts *reverse_facts(struct reversal *, const struct ir_node *node);
bool reverse_is_varied(struct reversal *, const struct ir_node *node);
int32_t reverse_adjoint(struct reversal *, int32_t buffer); /* made where there is none yet */
struct ir_node *reverse_adjoint_index(struct reversal *, int32_t buffer, struct ir_node *index);
void reverse_open(struct reversal *, struct reverse_scope *, const struct ir_block *source,
                  struct ir_block *target);
void reverse_close(struct reversal *, struct reverse_scope *);
/* Adds g to the adjoint of a node; nothing happens where that leads to nothing that learns. */
void reverse_add(struct reversal *, struct ir_node *node, struct ir_node *g);
struct ir_node *reverse_take(struct reversal *, struct ir_node *node);     /* null: 0 */
struct ir_node *reverse_variable(struct reversal *, struct ir_node *node); /* of its adjoint */
void reverse_block(struct reversal *, const struct ir_block *block);
/* From `last` back to what follows `begin`; null: to the first of the block. */
void reverse_range(struct reversal *, struct ir_node *last, const struct ir_node *begin);
void reverse_begin(struct reversal *, struct ir_function *from); /* facts of its nodes */
void reverse_clear_adjoint(struct ir_builder *, int32_t buffer);
/* An error, if something that passes through the node has an adjoint. */
void reverse_refuse(struct reversal *, const struct ir_node *node, const char *error,
                    const char *hint);

/* ---- differentiate_loss.c ---- */
/* `varied`: by buffer, what forward functions have recorded. */
void reverse_losses(struct compilation *, struct ir_program *, struct ir_function *,
                    const bool *varied, int32_t buffer_count, struct site_list *sites);

/* ---- differentiate_varied.c ---- */
void reverse_find_varied(struct reversal *, const struct ir_block *block);
/* Of nodes from `first` on, up to and without `end` (null: all). */
void reverse_find_varied_between(struct reversal *, struct ir_node *first,
                                 const struct ir_node *end);

/* ---- differentiate_branch.c ---- */
/* In `from`, by what is varied; facts are stale afterwards. */
void reverse_join_branches(struct reversal *);

/* ---- differentiate_value.c ---- */
struct ir_node *reverse_primal(struct reversal *, struct ir_node *node);
void reverse_set_primal(struct reversal *, struct ir_node *node, struct ir_node *value);
struct ir_node *reverse_clone(struct reversal *, struct ir_node *node); /* forward code, again */

/* ---- differentiate_rules.c ---- */
void reverse_instruction(struct reversal *, struct ir_node *node, struct ir_node *g);

/* ---- differentiate_loop.c ---- */
void reverse_loop(struct reversal *, struct ir_node *node);
void reverse_reduce(struct reversal *, struct ir_node *node, struct ir_node *g);
void reverse_if(struct reversal *, struct ir_node *node);
void reverse_propagate(struct reversal *, struct ir_node *node);
/* Does a store end the adjoint of what was there, or give one to what it stores? */
bool reverse_is_wanted_store(struct reversal *, const struct ir_node *node);

#endif
