/* SPDX-License-Identifier: MIT
 *
 * One LLVM module: made, filled by the target, checked, optimised, written by emit.c, disposed.
 */
#include <string.h>

#include "codegen/internal.h"

static unsigned metadata_kind(struct generator *g, const char *name)
{
    return LLVMGetMDKindIDInContext(g->context, name, (unsigned)strlen(name));
}

static void init_types(struct generator *g)
{
    g->void_type = LLVMVoidTypeInContext(g->context);
    g->i1 = LLVMInt1TypeInContext(g->context);
    g->i8 = LLVMInt8TypeInContext(g->context);
    g->i32 = LLVMInt32TypeInContext(g->context);
    g->i64 = LLVMInt64TypeInContext(g->context);
    g->f32 = LLVMFloatTypeInContext(g->context);
    g->f64 = LLVMDoubleTypeInContext(g->context);
    g->pointer = LLVMPointerTypeInContext(g->context, 0);
    g->function_type = LLVMFunctionType(g->void_type, &g->pointer, 1, false);
}

static void init_metadata(struct generator *g)
{
    g->alias_scope = metadata_kind(g, "alias.scope");
    g->noalias = metadata_kind(g, "noalias");
    g->invariant_load = metadata_kind(g, "invariant.load");
    g->empty = LLVMMDNodeInContext2(g->context, NULL, 0);
}

static void init_module(struct generator *g)
{
    const char *source = g->program->source;
    char *triple = LLVMGetTargetMachineTriple(g->machine);
    g->module = LLVMModuleCreateWithNameInContext(g->program->name, g->context);
    g->builder = LLVMCreateBuilderInContext(g->context);
    g->layout = LLVMCreateTargetDataLayout(g->machine);
    LLVMSetTarget(g->module, triple);
    LLVMSetModuleDataLayout(g->module, g->layout);
    if (source != NULL)
        LLVMSetSourceFileName(g->module, source, strlen(source));
    LLVMDisposeMessage(triple);
}

bool generator_init(struct generator *g, struct compilation *c, struct ir_program *program,
                    const struct codegen_options *options, const struct target *target)
{
    *g = (struct generator){
        .compilation = c,
        .program = program,
        .options = options,
        .target = target,
        .functions =
            arena_alloc_array(&c->arena, (size_t)program->function_count + 1, sizeof *g->functions),
    };
    for (int32_t k = 0; k < program->function_count; k++)
        ir_number(program->functions[k]);
    if (!target->create_machine(g))
        return false;
    g->interleaved_lanes = g->has_avx512 ? 128 : 64;
    g->context = LLVMContextCreate();
    LLVMContextSetDiscardValueNames(g->context, !options->names);
    init_types(g);
    init_metadata(g);
    init_module(g);
    return true;
}

void generator_finish(struct generator *g)
{
    if (g->builder != NULL)
        LLVMDisposeBuilder(g->builder);
    if (g->module != NULL)
        LLVMDisposeModule(g->module);
    if (g->layout != NULL)
        LLVMDisposeTargetData(g->layout);
    if (g->machine != NULL)
        LLVMDisposeTargetMachine(g->machine);
    if (g->context != NULL)
        LLVMContextDispose(g->context);
    if (g->cpu != NULL)
        LLVMDisposeMessage(g->cpu);
    if (g->features != NULL)
        LLVMDisposeMessage(g->features);
}
