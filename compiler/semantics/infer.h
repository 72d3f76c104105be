/* SPDX-License-Identifier: MIT
 *
 * What a declaration such as `let best = 0` or `post persistent norm = 0` leaves open is decided by
 * the assignments to it: whether it is a whole number, and which unit it has. As an assignment may
 * come late in the file, the program is checked silently first, and again for as long as that
 * teaches something new; the final check then knows.
 */
#ifndef SNNC_SEMANTICS_INFER_H
#define SNNC_SEMANTICS_INFER_H

#include <stdbool.h>

#include "base/array.h"
#include "semantics/scope.h"
#include "semantics/types.h"

struct inference {
    struct span declared; /* of the name */
    struct span context;  /* of the layer or connection it belongs to; no place for others */
    bool is_real;
    bool is_set; /* a parameter of a model or rule that some task sets: no constant */
    bool has_unit;
    struct unit unit;
};

struct inferences {
    struct inference *items;
    size_t count;
    size_t capacity;
    bool has_changed; /* something was learnt since this was cleared */
};

/* The type of a symbol declared with the value type `t`, with all that is known about it. Sets
 * is_adaptable. */
const struct type *infer_type(struct arena *arena, struct inferences *inferences,
                              struct symbol *symbol, const struct type *t);

/* Learns that a value of type `value` is assigned to the symbol; ignored if nothing is open. */
void infer_assignment(struct arena *arena, struct inferences *inferences,
                      const struct symbol *symbol, const struct type *value);

/* Learns that a task sets a parameter of a model or rule. */
void infer_constness(struct arena *arena, struct inferences *inferences,
                     const struct symbol *symbol);

#endif
