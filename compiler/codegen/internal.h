/* SPDX-License-Identifier: MIT
 *
 * What the files of the code generator share.
 *
 * Code is written for lanes (SPMD): inside a vector loop, `width` iterations run at once. A value
 * is then uniform (one scalar), linear (lane k has llvm + k * stride; always i64) or varying (an
 * LLVM vector). A mask says which lanes run. Outside vector loops the width is 1, every value is
 * uniform and there is no mask: that is all a GPU kernel uses.
 */
#ifndef SNNC_CODEGEN_INTERNAL_H
#define SNNC_CODEGEN_INTERNAL_H

#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/TargetMachine.h>

#include "codegen/codegen.h"

enum {
    LANES = 16,        /* iterations at once, and accumulators of a reduction */
    LANES_PAIRED = 32, /* … in loops around a `while` */
    LANES_LIMIT = 128, /* … at most, in loops that wait for one chain of operations */
};

struct generator;
struct emitter;

/* ---- targets (cpu.c, ptx.c) ---- */

struct target {
    const char *name;
    bool has_lanes; /* vector loops are emitted LANES wide */

    /* Makes generator->machine. False: reported. */
    bool (*create_machine)(struct generator *generator);
    /* Attributes of every function that is defined. */
    void (*decorate_function)(struct generator *generator, LLVMValueRef function);
    /* Makes of a pointer that was loaded from the table of buffers one that loads and stores use.
     */
    LLVMValueRef (*data_pointer)(struct emitter *e, LLVMValueRef pointer);
    void (*emit_call_rt)(struct emitter *e, const struct ir_node *node);
    void (*emit_loop)(struct emitter *e, const struct ir_node *node);
    void (*emit_compact)(struct emitter *e, const struct ir_node *node);
    /* All functions of the program, and what starts it. */
    void (*emit_program)(struct generator *generator);
};

extern const struct target target_cpu, target_ptx;

/* ---- one module (generator.c) ---- */

struct generator {
    struct compilation *compilation;
    struct ir_program *program;
    const struct codegen_options *options;
    const struct target *target;

    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    LLVMTargetMachineRef machine;
    LLVMTargetDataRef layout;
    char *cpu, *features; /* of the machine; LLVM's memory */
    bool has_avx512;
    bool *is_register_only;     /* by buffer: flags that only compactions in their own loops read */
    unsigned interleaved_lanes; /* of loops that wait for one chain of operations: half of the
                                   vector registers */

    LLVMTypeRef void_type, i1, i8, i32, i64, f32, f64, pointer;
    LLVMTypeRef function_type;            /* void (struct snn_context *) */
    LLVMValueRef *functions;              /* by IR function; null: not declared yet */
    LLVMValueRef runtime[IR_RT_fmod + 1]; /* by enum ir_rt; null: not declared yet */
    LLVMMetadataRef domain;               /* of alias scopes */
    unsigned alias_scope, noalias, invariant_load, loop; /* kinds of metadata */
    LLVMMetadataRef empty;                               /* !{} */
};

bool generator_init(struct generator *generator, struct compilation *c, struct ir_program *program,
                    const struct codegen_options *options, const struct target *target);
void generator_finish(struct generator *generator);

/* ---- values (values.c) ---- */

enum value_shape { VALUE_UNIFORM, VALUE_LINEAR, VALUE_VARYING };

struct value {
    LLVMValueRef llvm; /* null: not computed yet */
    enum value_shape shape;
    int64_t stride; /* LINEAR: from lane to lane */
};

LLVMTypeRef value_type(struct generator *generator, enum ir_type type);
/* The same for all lanes at hand. */
LLVMTypeRef value_lane_type(struct emitter *e, enum ir_type type);
struct value value_uniform(LLVMValueRef llvm);
struct value value_varying(LLVMValueRef llvm);
struct value value_linear(LLVMValueRef base, int64_t stride);
/* value + offset, a uniform i64. */
struct value value_offset(struct emitter *e, struct value value, LLVMValueRef offset);
LLVMValueRef value_scalar(struct value value); /* of a uniform value */
/* One element per lane; of width 1 the scalar. */
LLVMValueRef value_vector(struct emitter *e, struct value value);
LLVMValueRef value_splat(struct emitter *e, LLVMValueRef scalar, unsigned width);
LLVMValueRef value_integer(struct generator *generator, int64_t value);
/* A constant of any integer or float type, also of vectors of them. */
LLVMValueRef value_constant(LLVMTypeRef type, double value);
/* 0, 1, 2 … of integers. */
LLVMValueRef value_iota(LLVMTypeRef element, unsigned width);
LLVMTypeRef value_element_type(LLVMTypeRef type);
LLVMTypeRef value_with_element(LLVMTypeRef shape, LLVMTypeRef element);
LLVMValueRef value_call(struct generator *generator, const char *intrinsic, unsigned type_count,
                        LLVMTypeRef *types, unsigned count, LLVMValueRef *arguments);

/* ---- one LLVM function (emitter.c) ---- */

/* Where break and continue go. */
struct jump_frame {
    const struct ir_node *node;
    LLVMBasicBlockRef leave, next;
    LLVMValueRef live; /* in lanes: variable, those that have not left; null: all jump together */
    struct jump_frame *outer;
};

enum known { KNOWN_NOT, KNOWN_FALSE, KNOWN_TRUE };

struct compaction;

struct emitter {
    struct generator *generator;
    LLVMBuilderRef builder;
    struct ir_function *ir;
    struct ir_block *root; /* what this LLVM function runs */
    LLVMValueRef function;
    LLVMValueRef context;    /* its struct snn_context * */
    LLVMBasicBlockRef entry; /* variables, and what is loaded once */

    struct value *values; /* by node; of a VAR: its memory, uniform or varying */
    bool *is_varying;     /* by node, in the vector loop being emitted */
    unsigned width;       /* lanes */
    LLVMValueRef mask;    /* null: all lanes run */
    LLVMValueRef rest; /* the mask of a last block that is not full: the lanes beyond may read and
                          compute, buffers are padded (SNN_PAD_ELEMENTS), but not write */

    int32_t *depths;   /* by VAR, of analysis_find_varying */
    enum known *known; /* by node: conditions whose value is settled in the code being written */
    struct compaction *compaction; /* fed by the vector loop being emitted, or null */
    LLVMValueRef *buffers;         /* pointers at hand, null where there is none */
    bool *is_stable;               /* by buffer: its pointer does not change in this function */
    LLVMMetadataRef *scopes; /* by buffer: !alias.scope and !noalias of its loads and stores */
    LLVMMetadataRef *others;
    struct jump_frame *jumps;

    /* Supplies a value from outside of `root`, or null llvm; the function starts at `entry`. */
    struct value (*import)(struct emitter *e, const struct ir_node *node);
    void *import_data;
};

/* Starts a function that runs `root`: its entry, then the block that code goes to. */
void emitter_init(struct emitter *e, struct generator *generator, struct ir_function *ir,
                  struct ir_block *root, LLVMValueRef function, LLVMValueRef context);
void emitter_finish(struct emitter *e); /* returns from the function */
LLVMBasicBlockRef emitter_block(struct emitter *e, const char *name);
void emitter_branch_to(struct emitter *e,
                       LLVMBasicBlockRef block);                /* jumps there and goes on there */
void emitter_start(struct emitter *e, LLVMBasicBlockRef block); /* goes on there */
/* What is built between these goes to the entry, once. */
LLVMBasicBlockRef emitter_enter_entry(struct emitter *e);
void emitter_leave_entry(struct emitter *e, LLVMBasicBlockRef back);
LLVMValueRef emitter_variable(struct emitter *e, LLVMTypeRef type, const char *name);
void emitter_set(struct emitter *e, const struct ir_node *node, struct value value);
struct value emitter_get(struct emitter *e, const struct ir_node *node);
LLVMValueRef emitter_get_scalar(struct emitter *e, const struct ir_node *node);
LLVMValueRef emitter_get_vector(struct emitter *e, const struct ir_node *node);

void emit_node(struct emitter *e, const struct ir_node *node);
void emit_block(struct emitter *e, const struct ir_block *block);

/* A lane state to come back to. */
struct lanes {
    unsigned width;
    LLVMValueRef mask;
};
struct lanes lanes_enter(struct emitter *e, unsigned width, LLVMValueRef mask);
void lanes_leave(struct emitter *e, struct lanes outer);
LLVMValueRef lanes_any(struct emitter *e, LLVMValueRef mask);
LLVMValueRef lanes_and(struct emitter *e, LLVMValueRef mask, LLVMValueRef condition);
/* Lanes whose number is below count, an i64 of less than 2^31. */
LLVMValueRef lanes_below(struct emitter *e, LLVMValueRef count);

/* ---- facts about the IR (analysis.c) ---- */

/* Fills is_varying for what is inside the block, where `index` differs from lane to lane. */
void analysis_find_varying(struct emitter *e, const struct ir_node *index,
                           const struct ir_block *block);
/* Marks buffers that the block uses, and those whose pointer it may change. Either may be null. */
void analysis_find_buffers(struct generator *generator, const struct ir_block *block, bool *used,
                           bool *changed);
/* Instructions and other nodes, without branches that are known not to be taken. */
int analysis_count_nodes(const struct emitter *e, const struct ir_block *block);
/* Whether a value inside the loop, whose nodes are `inside`, can be computed before it. */
bool analysis_is_invariant(const struct ir_node *node, const bool *inside);
bool analysis_is_cheap(struct emitter *e, const struct ir_block *block);
/* Whether the iterations of a reduction may be the lanes. */
bool analysis_fits_lanes(const struct ir_block *block);
bool analysis_has_chain(const struct emitter *e, const struct ir_node *loop);
/* Whether a break inside the node leaves it. */
bool analysis_may_leave(const struct ir_node *node);
void analysis_mark_inside(const struct ir_node *node, bool *inside);
bool analysis_is_panic(enum ir_rt function);

/* ---- instructions and control (instructions.c, arithmetic.c, control.c) ---- */

void emit_instruction(struct emitter *e, const struct ir_node *node);
struct value arithmetic_emit(struct emitter *e, const struct ir_node *node);
/* acc = reduction(acc, x). */
LLVMValueRef arithmetic_combine(struct emitter *e, enum ir_reduction reduction,
                                LLVMValueRef accumulator, LLVMValueRef x);
LLVMValueRef arithmetic_less(struct emitter *e, enum ir_type type, LLVMValueRef a, LLVMValueRef b);
void emit_if(struct emitter *e, const struct ir_node *node);
void emit_while(struct emitter *e, const struct ir_node *node);
void emit_labelled_block(struct emitter *e, const struct ir_node *node);
void emit_jump(struct emitter *e, const struct ir_node *node);
/* After a node that some lanes may have left for good: the others go on; if there are none, at
 * `end`. */
void emit_remaining_lanes(struct emitter *e, LLVMBasicBlockRef end);
void emit_call(struct emitter *e, const struct ir_node *node);
LLVMValueRef emit_leaf(struct emitter *e, const struct ir_node *node);

/* ---- memory (memory.c) ---- */

LLVMTypeRef memory_element_type(struct generator *generator, int32_t buffer);
void memory_prepare(struct emitter *e);
LLVMValueRef memory_buffer(struct emitter *e, int32_t buffer);
/* Loads, before a loop, the pointers that do not change in it; gives back what memory_unpin takes.
 */
LLVMValueRef *memory_pin(struct emitter *e, const struct ir_block *block);
void memory_unpin(struct emitter *e, LLVMValueRef *before);
LLVMValueRef memory_element(struct emitter *e, int32_t buffer, LLVMValueRef index);
LLVMValueRef memory_tag(struct emitter *e, int32_t buffer, LLVMValueRef access);
struct value memory_load(struct emitter *e, int32_t buffer, struct value index);
void memory_store(struct emitter *e, int32_t buffer, struct value index, struct value value);
LLVMValueRef memory_context_field(struct emitter *e, size_t offset);
LLVMValueRef memory_context_load(struct emitter *e, LLVMTypeRef type, size_t offset, bool is_fixed,
                                 const char *name);
LLVMValueRef memory_table_entry(struct emitter *e, size_t table_offset, int32_t index);
/* The load gives the same whenever it is done. */
void memory_set_invariant(struct generator *generator, LLVMValueRef load);

/* ---- loops (loops.c, reduce.c, compact.c, parallel.c) ---- */

/* for index = low; index + reach <= high; index += step, in scalar control. */
struct counted_loop {
    LLVMBasicBlockRef header, body, latch, leave;
    LLVMValueRef index, step;
};
void counted_begin(struct emitter *e, struct counted_loop *loop, LLVMValueRef low,
                   LLVMValueRef high, int64_t reach, LLVMValueRef step);
void counted_end(struct emitter *e, struct counted_loop *loop);

void emit_loop(struct emitter *e, const struct ir_node *node);
/* Its iterations one after the other, or with the lanes at hand. */
void emit_serial_loop(struct emitter *e, const struct ir_node *node);
void emit_reduce(struct emitter *e, const struct ir_node *node);
void emit_compact(struct emitter *e, const struct ir_node *node);
/* A compaction right after a vector loop that sets its flags is done in the loop, from the lanes:
   begin before it, append after each block of lanes, end after it; emit_compact then has only the
   count to store. */
void compact_begin_loop(struct emitter *e, const struct ir_node *loop);
/* True if the flags need not be in memory. */
bool compact_takes_store(struct emitter *e, const struct ir_node *store, LLVMValueRef lanes);
/* Which flags are read by nothing else, in the whole program. */
void compact_find_register_only(struct generator *generator);
void compact_append_lanes(struct emitter *e, LLVMValueRef first);
void compact_end_loop(struct emitter *e);
void emit_parallel_loop(struct emitter *e, const struct ir_node *node);

/* ---- calls of the runtime (abi.c) ---- */

LLVMValueRef abi_declare(struct generator *generator, enum ir_rt function);
LLVMValueRef abi_call(struct emitter *e, enum ir_rt function, LLVMValueRef *operands);
void emit_call_rt(struct emitter *e, const struct ir_node *node);

/* ---- the whole (program.c, optimize.c) ---- */

void program_emit(struct generator *generator);
LLVMValueRef program_text(struct generator *generator, const char *text);
bool optimize_module(struct generator *generator);

#endif
