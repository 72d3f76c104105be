/* SPDX-License-Identifier: MIT
 *
 * From program IR to machine code. This is the only header of the folder that other stages include,
 * and LLVM is seen by no one else.
 *
 * Each function writes one file and returns false after reporting why it could not. The program is
 * renumbered, otherwise left as it is.
 */
#ifndef SNNC_CODEGEN_CODEGEN_H
#define SNNC_CODEGEN_CODEGEN_H

#include <stdbool.h>

#include "base/compilation.h"
#include "ir/ir.h"

struct codegen_options {
    int optimization; /* 0 .. 3 */
    const char *cpu;  /* a name LLVM knows; null or "native": this machine's */
    bool names;       /* keep readable names of values, for people */
};

bool codegen_object(struct compilation *, struct ir_program *, const struct codegen_options *,
                    const char *path);
bool codegen_assembly(struct compilation *, struct ir_program *, const struct codegen_options *,
                      const char *path);
bool codegen_llvm_ir(struct compilation *, struct ir_program *, const struct codegen_options *,
                     const char *path);

/* The kernels of the program for a GPU of compute capability 9.0. */
bool codegen_ptx(struct compilation *, struct ir_program *, const struct codegen_options *,
                 const char *path);

#endif
