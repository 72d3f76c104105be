/* SPDX-License-Identifier: MIT
 *
 * Which pieces of a function are the kernels of a GPU. The functions of a network become kernels
 * entirely, launched in order, so that its steps need no host; of the other functions, which the
 * host runs, the independent loops do.
 *
 * Every kernel is `name(contexts, environment)`: block z works for lane z, whose struct snn_context
 * is contexts[z], and whose environment holds `slot_count` words: values that one kernel (or the
 * host) computes and a later one uses. Word 0 is 0, or the node of the panic that ended a thread.
 */
#ifndef SNNC_CODEGEN_KERNELS_H
#define SNNC_CODEGEN_KERNELS_H

#include "base/array.h"
#include "ir/ir.h"

enum kernel_kind {
    KERNEL_LOOP,    /* threads share the iterations of an independent loop */
    KERNEL_COMPACT, /* one block */
    KERNEL_SERIAL,  /* one thread runs the nodes from `first` to `last` */
};

struct kernel_guard {
    const struct ir_node *condition;
    bool wanted; /* the kernel runs only where the condition has this value */
    const struct kernel_guard *outer;
};

struct kernel {
    enum kernel_kind kind;
    const struct ir_node *first, *last; /* the same but for SERIAL */
    const struct ir_node
        *inner; /* LOOP: the loop inside whose iterations are shared too, or null */
    const struct kernel_guard *guard; /* null: always runs */
};

ARRAY_STRUCT(kernel_list, struct kernel);

struct kernel_plan {
    struct kernel_list kernels; /* in order of launch */
    int32_t *slots;             /* by node: its word of the environment, 0 if it has none */
    int32_t slot_count;
};

/* The function is numbered. */
struct kernel_plan kernels_plan(struct compilation *c, const struct ir_program *program,
                                struct ir_function *function);

/* Whether a load outside a kernel gives the same when the kernel repeats it. */
bool kernels_can_repeat(const struct ir_function *function, const struct ir_node *load,
                        const struct kernel *kernel);

#endif
