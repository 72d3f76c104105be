/* SPDX-License-Identifier: MIT
 *
 * The pipeline, one call a stage, in order: the table of contents of the compiler. What a stage
 * reports is printed here, before anything is run or written.
 */
#include "driver/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codegen/codegen.h"
#include "driver/failure.h"
#include "driver/install_paths.h"
#include "driver/interrupt.h"
#include "driver/link.h"
#include "driver/output.h"
#include "ir/interpret.h"
#include "ir/lower.h"
#include "passes/passes.h"
#include "semantics/semantics.h"
#include "syntax/ast_print.h"
#include "syntax/parse.h"

extern char **environ;

/* The name of the program: the file's, without folder and suffix. */
static const char *program_name(struct compilation *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(name, '.');
    size_t length = dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name);
    return arena_copy_text(&c->arena, name, length);
}

static void dump_ir(struct compilation *c, const struct ir_program *program)
{
    char *text;
    size_t length;
    ir_print(c, program, &text, &length);
    fwrite(text, 1, length, stdout);
}

/* From text to optimised program. False: reported; true with a null *result: the dump asked for was
 * all. */
static bool translate(struct compilation *c, const struct options *options,
                      const struct install_paths *paths, struct ir_program **result)
{
    struct semantics_options semantics = { paths->stdlib, options->include_folders,
                                           options->include_folder_count };
    struct model *model;

    struct file *file = parse_file(c, options->input);
    if (file == NULL || c->diagnostics.error_count > 0)
        return false;
    if (options->dump == DUMP_AST) {
        ast_print(stdout, file);
        return true;
    }
    if (!semantics_check(c, file, &semantics, &model))
        return false;
    struct ir_program *program = lower_model(c, model, program_name(c, options->input));
    if (program == NULL || !passes_run(c, program, options->stop_after))
        return false;
    if (options->dump == DUMP_IR)
        dump_ir(c, program);
    else
        *result = program;
    return true;
}

/* Writes what --emit asks for to the file `path`. */
static bool generate(struct compilation *c, const struct options *options,
                     const struct install_paths *paths, struct ir_program *program,
                     const char *path)
{
    struct codegen_options codegen = { options->optimization, options->cpu,
                                       options->emit == EMIT_LLVM };
    switch (options->emit) {
    case EMIT_OBJ: return codegen_object(c, program, &codegen, path);
    case EMIT_ASM: return codegen_assembly(c, program, &codegen, path);
    case EMIT_LLVM: return codegen_llvm_ir(c, program, &codegen, path);
    case EMIT_PTX: return codegen_ptx(c, program, &codegen, path);
    case EMIT_EXE: {
        const char *object = arena_format(&c->arena, "%s.o", path);
        return codegen_object(c, program, &codegen, object) &&
               link_program(&c->arena, object, paths->runtime, path);
    }
    }
    unreachable();
}

static const char *default_output(struct compilation *c, const struct options *options)
{
    static const char *const suffixes[] = {
        [EMIT_EXE] = "",     [EMIT_OBJ] = ".o",   [EMIT_ASM] = ".s",
        [EMIT_LLVM] = ".ll", [EMIT_PTX] = ".ptx",
    };
    return arena_format(&c->arena, "%s%s", program_name(c, options->input),
                        suffixes[options->emit]);
}

/* What the program sees as its command line, ended by null. */
static char **program_arguments(struct compilation *c, const struct options *options)
{
    char **arguments =
        arena_alloc_array(&c->arena, (size_t)options->argument_count + 2, sizeof *arguments);
    arguments[0] = arena_format(&c->arena, "%s", program_name(c, options->input));
    for (int i = 0; i < options->argument_count; i++)
        arguments[i + 1] = options->arguments[i];
    return arguments;
}

/* Generates into a scratch folder beside `output`, so that a failure leaves what was there. */
static bool produce(struct compilation *c, const struct options *options,
                    const struct install_paths *paths, struct ir_program *program)
{
    const char *output = options->output != NULL ? options->output : default_output(c, options);
    if (output_is_same_file(options->input, output))
        return failure("'%s' would be replaced by its own result; name another file with -o",
                       options->input);
    interrupt_hold();
    const char *folder = output_scratch_folder(&c->arena, strcmp(output, "-") == 0 ? "" : output);
    if (folder == NULL)
        return false;
    const char *result = arena_format(&c->arena, "%s/result", folder);
    bool ok = generate(c, options, paths, program, result) && !interrupt_is_requested() &&
              output_finish(result, output);
    output_remove_folder(&c->arena, folder);
    interrupt_release();
    return ok;
}

/* Does not return where the program could be started. */
static enum exit_code run_native(struct compilation *c, const struct options *options,
                                 const struct install_paths *paths, struct ir_program *program)
{
    const char *temporary = getenv("TMPDIR");
    interrupt_hold();
    const char *folder = output_scratch_folder(
        &c->arena, arena_format(&c->arena, "%s/",
                                temporary != NULL && *temporary != '\0' ? temporary : "/tmp"));
    if (folder == NULL)
        return EXIT_FAILED;
    const char *result = arena_format(&c->arena, "%s/result", folder);
    int file =
        generate(c, options, paths, program, result) ? open(result, O_RDONLY | O_CLOEXEC) : -1;
    output_remove_folder(&c->arena, folder);
    interrupt_release();
    if (file >= 0) {
        fexecve(file, program_arguments(c, options), environ);
        failure("cannot run the program: %s; name another folder for it in TMPDIR",
                strerror(errno));
    }
    return EXIT_FAILED;
}

static void report(struct compilation *c, const struct options *options)
{
    diag_print_all(c, stderr, options->json ? DIAG_FORMAT_JSON : DIAG_FORMAT_TEXT);
    if (options->explain)
        remarks_print(c, stderr);
}

enum exit_code compile_model(struct compilation *c, const struct options *options)
{
    struct install_paths paths;
    struct ir_program *program = NULL;
    if (!install_paths_find(&paths, &c->arena, options->program))
        return EXIT_FAILED;
    bool ok = translate(c, options, &paths, &program);
    report(c, options);
    if (!ok)
        return EXIT_FAILED;
    if (program == NULL)
        return EXIT_OK;
    switch (options->command) {
    case COMMAND_INTERPRET:
        return (enum exit_code)interpret_program(c, program, options->argument_count + 1,
                                                 program_arguments(c, options));
    case COMMAND_RUN: return run_native(c, options, &paths, program);
    case COMMAND_CHECK: return EXIT_OK;
    default: return produce(c, options, &paths, program) ? EXIT_OK : EXIT_FAILED;
    }
}
