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

/* LLVM has no question for a name: it warns on stderr about one it does not know, and makes code
 * for something else. */
static const struct processor {
    const char *name;
    bool has_avx512;
} x86_processors[] = {
    { "x86-64", false },        { "x86-64-v2", false },    { "x86-64-v3", false },
    { "x86-64-v4", true },      { "nehalem", false },      { "westmere", false },
    { "sandybridge", false },   { "ivybridge", false },    { "haswell", false },
    { "broadwell", false },     { "skylake", false },      { "skylake-avx512", true },
    { "cascadelake", true },    { "cooperlake", true },    { "icelake-client", true },
    { "icelake-server", true }, { "tigerlake", true },     { "rocketlake", true },
    { "alderlake", false },     { "raptorlake", false },   { "meteorlake", false },
    { "arrowlake", false },     { "lunarlake", false },    { "sapphirerapids", true },
    { "emeraldrapids", true },  { "graniterapids", true }, { "sierraforest", false },
    { "silvermont", false },    { "goldmont", false },     { "tremont", false },
    { "gracemont", false },     { "bdver1", false },       { "bdver2", false },
    { "bdver3", false },        { "bdver4", false },       { "btver2", false },
    { "znver1", false },        { "znver2", false },       { "znver3", false },
    { "znver4", true },         { "znver5", true },
};

static bool refuse_name(struct generator *g, const char *cpu)
{
    struct suggestion suggestion = suggest_begin(cpu);
    for (size_t k = 0; k < sizeof x86_processors / sizeof *x86_processors; k++)
        suggest_offer(&suggestion, x86_processors[k].name);
    diag_error(g->compilation, (struct span){ 0 }, "processor '%s' is not known", cpu);
    if (suggestion.best != NULL)
        diag_hint(g->compilation, "did you mean '%s'?", suggestion.best);
    else
        diag_hint(g->compilation, "use 'native', 'x86-64-v3' or another name that LLVM knows");
    return false;
}

/* Whether the processor is known, and what of it matters here. */
static bool choose_processor(struct generator *g, const char *triple)
{
    const char *cpu = g->options->cpu;
    bool native = is_native(cpu);
    g->cpu = native ? LLVMGetHostCPUName() : LLVMCreateMessage(cpu);
    g->features = native ? LLVMGetHostCPUFeatures() : LLVMCreateMessage("");
    if (strncmp(triple, "x86_64", 6) != 0)
        return true;
    if (native) {
        g->has_avx512 = strstr(g->features, "+avx512vl") != NULL;
        return true;
    }
    for (size_t k = 0; k < sizeof x86_processors / sizeof *x86_processors; k++)
        if (strcmp(x86_processors[k].name, cpu) == 0) {
            g->has_avx512 = x86_processors[k].has_avx512;
            return true;
        }
    return refuse_name(g, cpu);
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
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
    if (!choose_processor(g, triple)) {
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
    LLVMAttributeRef attribute = LLVMCreateStringAttribute(g->context, name, (unsigned)strlen(name),
                                                           value, (unsigned)strlen(value));
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
