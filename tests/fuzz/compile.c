/* SPDX-License-Identifier: MIT
 *
 * libFuzzer entry: any text either compiles, up to code generation, or gives diagnostics.
 *
 * corpus: examples/[a-z]*.snn stdlib/[a-z]*.snn tests/check/[a-z]*.snn tests/parse/[a-z]*.snn
 * tests/run/[a-z]*.snn
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/compilation.h"
#include "ir/lower.h"
#include "passes/passes.h"
#include "semantics/semantics.h"
#include "syntax/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct compilation c;
    struct semantics_options options = { .stdlib_folder = getenv("FUZZ_STDLIB") };
    struct model *model;
    compilation_init(&c);
    struct file *file = parse_text(&c, "fuzz.snn", (const char *)data, size);
    if (c.diagnostics.error_count == 0 && semantics_check(&c, file, &options, &model)) {
        struct ir_program *program = lower_model(&c, model, "fuzz");
        if (program != NULL)
            passes_run(&c, program, NULL);
    }
    FILE *nowhere = fopen("/dev/null", "w");
    if (nowhere != NULL) {
        diag_print_all(&c, nowhere, DIAG_FORMAT_TEXT);
        fclose(nowhere);
    }
    compilation_finish(&c);
    return 0;
}
