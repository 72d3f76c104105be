/* SPDX-License-Identifier: MIT
 *
 * From the checked model to the program IR: what runs per neuron, per synapse, per event, per
 * sample, per task. The only stage that sees both. A construct that is checked but cannot run yet
 * is refused here, with its place.
 */
#ifndef SNNC_IR_LOWER_H
#define SNNC_IR_LOWER_H

#include "ir/ir.h"
#include "semantics/semantics.h"

/* Null: already reported. `name` is the program's, for run folders: "diehl_cook". */
struct ir_program *lower_model(struct compilation *, struct model *model, const char *name);

#endif
