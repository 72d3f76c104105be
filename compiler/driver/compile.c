/* SPDX-License-Identifier: MIT
 *
 * The pipeline, one call a stage, in order: the table of contents of the compiler.
 */
#include "driver/compile.h"

#include <stdio.h>

#include "syntax/ast_print.h"
#include "syntax/parse.h"

static bool has_errors(const struct compilation *c)
{
    return c->diagnostics.error_count > 0;
}

static enum exit_code run_stages(struct compilation *c, const struct options *options)
{
    struct file *file = parse_file(c, options->input);
    if (file == NULL || has_errors(c))
        return EXIT_FAILED;
    if (options->dump == DUMP_AST) {
        ast_print(stdout, file);
        return EXIT_OK;
    }
    return EXIT_OK;
}

enum exit_code compile_model(struct compilation *c, const struct options *options)
{
    enum exit_code code = run_stages(c, options);
    diag_print_all(c, stderr, options->json ? DIAG_FORMAT_JSON : DIAG_FORMAT_TEXT);
    return code;
}
