/* SPDX-License-Identifier: MIT
 *
 * The host's processor family: one LLVM function for each IR function, run by the runtime.
 */
#include <stdio.h>
#include <string.h>

#include "codegen/internal.h"

static bool is_native(const char *cpu)
{
    return cpu == NULL || strcmp(cpu, "native") == 0;
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
