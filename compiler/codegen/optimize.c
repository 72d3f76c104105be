/* SPDX-License-Identifier: MIT
 *
 * LLVM's passes, chosen one by one: what should be a vector already is one, and the standard
 * pipelines spend ten times as long on looking for more.
 */
#include <llvm-c/Analysis.h>
#include <llvm-c/Error.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include "codegen/internal.h"

#define COMBINE "instcombine<no-verify-fixpoint>"

/* Variables to registers, what does not change out of loops. */
static const char less[] = "function(sroa,early-cse<memssa>," COMBINE ",simplifycfg,"
                           "loop-mssa(loop-rotate,licm),adce,simplifycfg)";

/* Inlining, loads and stores that others make needless, simpler loops. */
static const char full[] =
    "function(sroa,early-cse<memssa>),cgscc(inline),"
    "function(sroa,early-cse<memssa>," COMBINE
    ",simplifycfg,loop-mssa(loop-rotate,licm),gvn," COMBINE
    ",loop-mssa(licm),loop(indvars,loop-deletion,loop-unroll-full),dse,adce,simplifycfg," COMBINE
    "),"
    "globaldce";

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
    static const char *const pipelines[] = { NULL, less, full, full };
    const char *pipeline = pipelines[g->options->optimization];
    if (!is_valid(g))
        return false;
    if (pipeline == NULL)
        return true;
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(g->module, pipeline, g->machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (error == NULL)
        return is_valid(g);
    char *message = LLVMGetErrorMessage(error);
    diag_error(g->compilation, (struct span){ 0 }, "internal error: %s", message);
    LLVMDisposeErrorMessage(message);
    return false;
}
