/* SPDX-License-Identifier: MIT
 *
 * The second half of pass `fold`.
 */
#ifndef SNNC_PASSES_FOLD_H
#define SNNC_PASSES_FOLD_H

#include "ir/ir.h"

/* Removes what has no effect and whose value nobody uses; numbers the function. */
void fold_remove_unused(struct compilation *, struct ir_function *function);

#endif
