/* SPDX-License-Identifier: MIT
 *
 * libFuzzer entry: any bytes give a tree that prints, and messages that print in both formats.
 *
 * corpus: examples/[a-z]*.snn stdlib/[a-z]*.snn tests/check/syntax_[a-z]*.snn
 * tests/parse/[a-z]*.snn
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compilation.h"
#include "syntax/ast_print.h"
#include "syntax/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *nowhere = fopen("/dev/null", "w");
    if (nowhere == NULL)
        abort();
    struct compilation c;
    compilation_init(&c);
    struct file *file = parse_text(&c, "fuzz.snn", (const char *)data, size);
    ast_print(nowhere, file);
    diag_print_all(&c, nowhere, DIAG_FORMAT_TEXT);
    diag_print_all(&c, nowhere, DIAG_FORMAT_JSON);
    compilation_finish(&c);
    fclose(nowhere);
    return 0;
}
