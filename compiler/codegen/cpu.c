/* SPDX-License-Identifier: MIT
 *
 * The host's processor family: one LLVM function for each IR function, run by the runtime.
 */
#include <string.h>

#include "base/suggest.h"
#include "codegen/internal.h"

static bool is_native(const char *cpu)
{
    return cpu == NULL || strcmp(cpu, "native") == 0;
}

/* LLVM has no question for this, warns on stderr for a name it does not know, and then makes code for something else. */
static const char *const x86_names[] = {
    "x86-64",         "x86-64-v2",      "x86-64-v3",      "x86-64-v4",    "nehalem",
    "westmere",       "sandybridge",    "ivybridge",      "haswell",      "broadwell",
    "skylake",        "skylake-avx512", "cascadelake",    "cooperlake",   "icelake-client",
    "icelake-server", "tigerlake",      "rocketlake",     "alderlake",    "raptorlake",
    "meteorlake",     "arrowlake",      "lunarlake",      "sapphirerapids", "emeraldrapids",
    "graniterapids",  "sierraforest",   "silvermont",     "goldmont",     "tremont",
    "gracemont",      "bdver1",         "bdver2",         "bdver3",       "bdver4",
    "btver2",         "znver1",         "znver2",         "znver3",       "znver4",
    "znver5",         NULL,
};

static bool is_known(struct generator *g, const char *triple)
{
    const char *cpu = g->options->cpu;
    if (is_native(cpu) || strncmp(triple, "x86_64", 6) != 0)
        return true;
    for (const char *const *name = x86_names; *name != NULL; name++)
        if (strcmp(*name, cpu) == 0)
            return true;
    diag_error(g->compilation, (struct span){ 0 }, "processor '%s' is not known", cpu);
    const char *nearest = suggest_word(cpu, x86_names);
    if (nearest != NULL)
        diag_hint(g->compilation, "did you mean '%s'?", nearest);
    else
        diag_hint(g->compilation, "use 'native', 'x86-64-v3' or another name that LLVM knows");
    return false;
}

static LLVMCodeGenOptLevel machine_level(int optimization)
{
    return optimization == 0   ? LLVMCodeGenLevelNone
           : optimization == 1 ? LLVMCodeGenLevelLess
           : optimization == 2 ? LLVMCodeGenLevelDefault
                               : LLVMCodeGenLevelAggressive;
}

static bool create_machine(struct generator *g)
{
    LLVMTargetRef target;
    char *triple = LLVMGetDefaultTargetTriple(), *message = NULL;
    bool native = is_native(g->options->cpu);
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
    g->cpu = native ? LLVMGetHostCPUName() : LLVMCreateMessage(g->options->cpu);
    g->features = native ? LLVMGetHostCPUFeatures() : LLVMCreateMessage("");
    if (!is_known(g, triple)) {
        LLVMDisposeMessage(triple);
        return false;
    }
    if (LLVMGetTargetFromTriple(triple, &target, &message)) {
        diag_error(g->compilation, (struct span){ 0 }, "no code can be made for '%s': %s", triple,
                   message);
        LLVMDisposeMessage(message);
    } else {
        g->machine = LLVMCreateTargetMachine(target, triple, g->cpu, g->features,
                                             machine_level(g->options->optimization), LLVMRelocPIC,
                                             LLVMCodeModelDefault);
    }
    LLVMDisposeMessage(triple);
    return g->machine != NULL;
}

static void add_text_attribute(struct generator *g, LLVMValueRef function, const char *name,
                               const char *value)
{
    LLVMAttributeRef attribute = LLVMCreateStringAttribute(
        g->context, name, (unsigned)strlen(name), value, (unsigned)strlen(value));
    LLVMAddAttributeAtIndex(function, LLVMAttributeFunctionIndex, attribute);
}

static void decorate_function(struct generator *g, LLVMValueRef function)
{
    static const char nounwind[] = "nounwind";
    unsigned kind = LLVMGetEnumAttributeKindForName(nounwind, sizeof nounwind - 1);
    LLVMAddAttributeAtIndex(function, LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(g->context, kind, 0));
    add_text_attribute(g, function, "target-cpu", g->cpu);
    if (g->features[0] != '\0')
        add_text_attribute(g, function, "target-features", g->features);
    add_text_attribute(g, function, "prefer-vector-width", "512");
    add_text_attribute(g, function, "min-legal-vector-width", "512");
}

static LLVMValueRef data_pointer(struct emitter *e, LLVMValueRef pointer)
{
    (void)e;
    return pointer;
}

static void emit_any_loop(struct emitter *e, const struct ir_node *node)
{
    if (node->loop.is_parallel)
        emit_parallel_loop(e, node);
    else
        emit_loop(e, node);
}

const struct target target_cpu = {
    .name = "cpu",
    .has_lanes = true,
    .create_machine = create_machine,
    .decorate_function = decorate_function,
    .data_pointer = data_pointer,
    .emit_call_rt = emit_call_rt,
    .emit_loop = emit_any_loop,
    .emit_compact = emit_compact,
    .emit_program = program_emit,
};
