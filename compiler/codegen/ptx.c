/* SPDX-License-Identifier: MIT
 *
 * GPUs of NVIDIA: the program's kernels as PTX.
 */
#include "codegen/internal.h"

static bool create_machine(struct generator *g)
{
    return diag_error(g->compilation, (struct span){ 0 }, "PTX is not part of this build");
}

const struct target target_ptx = { .name = "ptx", .create_machine = create_machine };
