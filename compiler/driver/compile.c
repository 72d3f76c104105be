/* SPDX-License-Identifier: MIT
 *
 * The pipeline, one call a stage, in order: the table of contents of the compiler.
 */
#include "driver/compile.h"

#include <stdio.h>

#include "syntax/ast_print.h"
#include "syntax/parse.h"

static bool translate(struct compilation *c, const struct options *options)
{
    struct file *file = parse_file(c, options->input);
    if (file == NULL || c->diagnostics.error_count > 0)
        return false;
    if (options->dump == DUMP_AST)
        ast_print(stdout, file);
    return true;
}

enum exit_code compile_model(struct compilation *c, const struct options *options)
{
    bool ok = translate(c, options);
    diag_print_all(c, stderr, options->json ? DIAG_FORMAT_JSON : DIAG_FORMAT_TEXT);
    return ok ? EXIT_OK : EXIT_FAILED;
}
