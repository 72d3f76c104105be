/* SPDX-License-Identifier: MIT
 *
 * The passes over the program IR, in the order of the table in passes.c, which also gives
 * --stop-after, --dump and --help their names. Each pass is one file with one function `bool
 * pass_NAME(struct compilation *, struct ir_program *)`: false means that an error was reported.
 * The program is verified after each of them.
 */
#ifndef SNNC_PASSES_PASSES_H
#define SNNC_PASSES_PASSES_H

#include "ir/ir.h"

struct pass {
    const char *name;
    const char *does; /* one line for --help */
    bool (*run)(struct compilation *, struct ir_program *);
};

extern const struct pass passes[];
extern const size_t pass_count;

/* Runs all passes up to and including `stop_after` (all when null), verifying the program after
 * each. */
bool passes_run(struct compilation *, struct ir_program *, const char *stop_after);

bool pass_integrate(struct compilation *, struct ir_program *);
bool pass_differentiate(struct compilation *, struct ir_program *);
bool pass_propagation(struct compilation *, struct ir_program *);
bool pass_contract(struct compilation *, struct ir_program *);
bool pass_expand(struct compilation *, struct ir_program *);
bool pass_fold(struct compilation *, struct ir_program *);
bool pass_forward(struct compilation *, struct ir_program *);
bool pass_fuse(struct compilation *, struct ir_program *);
bool pass_dead(struct compilation *, struct ir_program *);
bool pass_keep(struct compilation *, struct ir_program *);
bool pass_resume(struct compilation *, struct ir_program *);
bool pass_vectorize(struct compilation *, struct ir_program *);

#endif
