/* SPDX-License-Identifier: MIT
 *
 * The order of the passes and why: equations and connections become loops first, so that everything
 * after them knows only loops; dead state goes before it would be saved, and before loops are
 * merged; multiply-adds are formed once, before functions are expanded into the arithmetic that has
 * its own; lanes are chosen last.
 */
#include "passes/passes.h"

#include <string.h>

const struct pass passes[] = {
    { "integrate", "turn differential equations into updates, exactly where they are linear",
      pass_integrate },
    { "differentiate", "compute gradients: each operation gives its adjoint to what it used",
      pass_differentiate },
    { "propagation", "choose how each connection delivers its spikes", pass_propagation },
    { "dead", "drop state and recordings that nobody reads", pass_dead },
    { "keep", "find what the way back of a sample reads of its way there", pass_keep },
    { "resume", "let tasks go on where a killed run was saved", pass_resume },
    { "fuse", "merge neighbouring loops over the same neurons", pass_fuse },
    { "contract", "form multiply-adds", pass_contract },
    { "forward", "use what was stored instead of loading it", pass_forward },
    { "expand", "replace exp, log, random numbers by arithmetic", pass_expand },
    { "fold", "evaluate constants, drop what is computed twice or for nothing", pass_fold },
    { "vectorize", "choose the loops that run in lanes", pass_vectorize },
};
const size_t pass_count = sizeof passes / sizeof *passes;

bool passes_run(struct compilation *c, struct ir_program *program, const char *stop_after)
{
    if (!ir_verify(c, program, "lower"))
        return false;
    if (stop_after != NULL && strcmp(stop_after, "lower") == 0)
        return true;
    for (size_t i = 0; i < pass_count; i++) {
        if (!passes[i].run(c, program) || !ir_verify(c, program, passes[i].name))
            return false;
        if (stop_after != NULL && strcmp(stop_after, passes[i].name) == 0)
            return true;
    }
    return true;
}
