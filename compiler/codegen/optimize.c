/* SPDX-License-Identifier: MIT
 *
 * LLVM's own passes. Its vectorisers stay off: what should be a vector already is one.
 */
#include <llvm-c/Analysis.h>
#include <llvm-c/Error.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include "codegen/internal.h"

/* A module that does not verify is a mistake of this folder. */
static bool is_valid(struct generator *g)
{
    char *message = NULL;
    bool is_broken = LLVMVerifyModule(g->module, LLVMReturnStatusAction, &message);
    if (is_broken)
        diag_error(g->compilation, (struct span){ 0 },
                   "internal error: the generated code is malformed: %s", message);
    LLVMDisposeMessage(message);
    return !is_broken;
}

bool optimize_module(struct generator *g)
{
    static const char *const pipelines[] = { "default<O0>", "default<O1>", "default<O2>",
                                             "default<O3>" };
    if (!is_valid(g))
        return false;
    if (g->options->optimization == 0)
        return true;
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMPassBuilderOptionsSetLoopVectorization(options, false);
    LLVMPassBuilderOptionsSetSLPVectorization(options, false);
    LLVMPassBuilderOptionsSetLoopUnrolling(options, false);
    LLVMErrorRef error =
        LLVMRunPasses(g->module, pipelines[g->options->optimization], g->machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (error == NULL)
        return is_valid(g);
    char *message = LLVMGetErrorMessage(error);
    diag_error(g->compilation, (struct span){ 0 }, "internal error: %s", message);
    LLVMDisposeErrorMessage(message);
    return false;
}
