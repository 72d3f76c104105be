/* SPDX-License-Identifier: MIT
 *
 * The four things that others ask for: a program through its target and the optimiser into a file.
 */
#include "codegen/internal.h"

static bool report_file(struct generator *g, const char *path, const char *why)
{
    return diag_error(g->compilation, (struct span){ 0 }, "cannot write '%s': %s", path, why);
}

static bool write_code(struct generator *g, LLVMCodeGenFileType type, const char *path)
{
    char *message = NULL;
    if (!LLVMTargetMachineEmitToFile(g->machine, g->module, path, type, &message))
        return true;
    report_file(g, path, message);
    LLVMDisposeMessage(message);
    return false;
}

static bool write_llvm_ir(struct generator *g, const char *path)
{
    char *message = NULL;
    if (!LLVMPrintModuleToFile(g->module, path, &message))
        return true;
    report_file(g, path, message);
    LLVMDisposeMessage(message);
    return false;
}

enum form { FORM_OBJECT, FORM_ASSEMBLY, FORM_LLVM_IR };

static bool write_form(struct generator *g, enum form form, const char *path)
{
    switch (form) {
    case FORM_OBJECT: return write_code(g, LLVMObjectFile, path);
    case FORM_ASSEMBLY: return write_code(g, LLVMAssemblyFile, path);
    case FORM_LLVM_IR: return write_llvm_ir(g, path);
    }
    unreachable();
}

static bool generate(struct compilation *c, struct ir_program *program,
                     const struct codegen_options *options, const struct target *target,
                     enum form form, const char *path)
{
    struct generator g;
    bool is_written = false;
    if (generator_init(&g, c, program, options, target)) {
        target->emit_program(&g);
        is_written = optimize_module(&g) && write_form(&g, form, path);
    }
    generator_finish(&g);
    return is_written;
}

bool codegen_object(struct compilation *c, struct ir_program *program,
                    const struct codegen_options *options, const char *path)
{
    return generate(c, program, options, &target_cpu, FORM_OBJECT, path);
}

bool codegen_assembly(struct compilation *c, struct ir_program *program,
                      const struct codegen_options *options, const char *path)
{
    return generate(c, program, options, &target_cpu, FORM_ASSEMBLY, path);
}

bool codegen_llvm_ir(struct compilation *c, struct ir_program *program,
                     const struct codegen_options *options, const char *path)
{
    return generate(c, program, options, &target_cpu, FORM_LLVM_IR, path);
}

bool codegen_ptx(struct compilation *c, struct ir_program *program,
                 const struct codegen_options *options, const char *path)
{
    return generate(c, program, options, &target_ptx, FORM_ASSEMBLY, path);
}
