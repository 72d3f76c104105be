/* SPDX-License-Identifier: MIT
 *
 * The program IR: what runs, after every question about the user's program has been answered and
 * before any about a machine.
 *
 * A program is tables (parameters, sizes, constants, data sets, buffers, drawing sites, layers,
 * connections) and functions. A function is a tree of nodes. A node that has a value is that value:
 * operands point to nodes. Units and names of the source are gone, each node keeps its span.
 * Everything lives in the compilation's arena and is never freed.
 *
 * Buffers are one-dimensional; indices are explicit i64 arithmetic. Two buffers never overlap.
 *
 * A loop marked `independent` gives the same result in any order of its iterations: no iteration
 * stores to a place that another loads or stores, and variables of outside are only read. Code
 * generators may run it in lanes (`vector`), in threads (`parallel`, task code only), or as the
 * threads of a GPU kernel.
 *
 * Order of float arithmetic is what the nodes say; nothing after pass `contract` forms or splits a
 * multiply-add.
 */
#ifndef SNNC_IR_IR_H
#define SNNC_IR_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compilation.h"
#include "base/source.h"
#include "snn/program.h"

enum ir_type { IR_VOID, IR_BOOL, IR_I32, IR_I64, IR_F32, IR_F64, IR_POINTER };

enum ir_op {
#define IR_OP(name, text, operands, class) IR_##name,
#include "ir/ops.def"
#undef IR_OP
};

enum ir_context_field {
    IR_CONTEXT_LEARNING,
    IR_CONTEXT_PATH,
    IR_CONTEXT_PRESENT,
    IR_CONTEXT_STEP,
    IR_CONTEXT_STEPS
};

/* Functions of the runtime, IR_RT_snn_rt_mark and so on. */
enum ir_rt {
#define RT_FN(result, name, ...) IR_RT_##name,
#include "abi.def"
#undef RT_FN
};

enum ir_node_kind {
    IR_NODE_INSTR,  /* %5: f32 = add %3, %4 */
    IR_NODE_LOOP,   /* for %i in %lo ..< %hi { } */
    IR_NODE_REDUCE, /* %r: f32 = sum %i in %lo ..< %hi { … } of %x if %c */
    IR_NODE_IF,     /* if %c { } else { } */
    IR_NODE_WHILE,  /* while %5 turn %k { … } %c { } */
    IR_NODE_BLOCK,  /* block { }: a target for break */
    IR_NODE_BREAK,  /* break %target: leaves an enclosing loop (not independent), while or block */
    IR_NODE_CONTINUE, /* continue %target: next iteration of an enclosing loop (not independent) or
                         while */
    IR_NODE_CALL,     /* call @function */
    IR_NODE_COMPACT,  /* compact flags -> list, count: indices below %n whose flag is set, ascending
                       */
    IR_NODE_ODE,      /* ode exact { … }: gone after pass `integrate` */
    IR_NODE_PROPAGATE, /* propagate @connection: gone after pass `propagation` */
};

enum ir_reduction {
    IR_REDUCE_SUM,     /* float: the fixed tree below; i64: wraps; of nothing: 0 */
    IR_REDUCE_PRODUCT, /* the same tree; of nothing: 1 */
    IR_REDUCE_MIN,     /* of nothing: inf; integers: the largest i64 */
    IR_REDUCE_MAX,     /* of nothing: -inf; integers: the smallest i64 */
    IR_REDUCE_ANY,     /* bool; of nothing: false */
    IR_REDUCE_ALL,     /* bool; of nothing: true */
    IR_REDUCE_ARGMIN,  /* i64: the first index whose keys are smallest, compared key by key; of
                          nothing: -1; a NaN loses to every number and ties with NaN */
    IR_REDUCE_ARGMAX,
};
/*
 * The fixed tree of SUM, PRODUCT, MIN, MAX over floats: 16 accumulators, started with the identity;
 * the element of index i goes to accumulator (i - lo) mod 16, in ascending order, left out where
 * the condition is false; then 8 pairs (k, k + 8), 4 pairs (k, k + 4), (k, k + 2), (0, 1) are
 * combined. acc = acc + x; acc = x < acc ? x : acc.
 */

enum ir_propagation {
    IR_PROPAGATE_FORWARD,   /* adds weights to the target */
    IR_PROPAGATE_TRANSPOSE, /* adds to the adjoints of the source, from those of the target */
    IR_PROPAGATE_OUTER,     /* adds to the adjoints of the weights */
};

enum ir_ode_method {
    IR_ODE_EXACT,
    IR_ODE_EULER,
    IR_ODE_RK4,
    IR_ODE_EXPONENTIAL_EULER,
    IR_ODE_FORM, /* advances nothing: coefficients of the rates go to constants from `first`, row by
                    row, and what is left of each rate to its variable */
};

struct ir_node;

struct ir_block {
    struct ir_node *first, *last;
};

struct ir_ode_variable {
    struct ir_node *var;  /* VAR that holds the state */
    struct ir_node *rate; /* its derivative, a value of the ode's body */
    const char *name;     /* for messages */
};

struct ir_node {
    enum ir_node_kind kind;
    enum ir_type type;               /* of its value; IR_VOID if none */
    enum ir_op op;                   /* of an INSTR */
    int32_t id;                      /* unique in its function; dense after ir_number */
    struct span span;                /* what it came from */
    struct ir_node *previous, *next; /* in its block */

    struct ir_node **operands; /* INSTR: operand_count of them */
    int32_t operand_count;
    union {
        int64_t integer; /* CONST of bool, i32, i64 */
        double real;     /* CONST of f32 (already rounded), f64 */
        int32_t index;   /* buffer, size, constant, param, data, key, field, rt */
        const char *text;
        struct ir_node *node; /* the VAR of VAR_GET, VAR_SET */
    } payload;
    const char *name; /* VAR, LOOP (kernels: "exc.body"), or null: for printing */
    bool is_given;    /* of a presentation or a descent: no gradient of a loss passes it */

    union {
        struct {
            struct ir_node *index;      /* INDEX */
            struct ir_node *low, *high; /* i64; low included, high not */
            int32_t events; /* buffer (INT32) of indices: index = events[k] for k in low ..< high;
                               -1: index = k. Each list is ascending and without repetition */
            struct ir_block body;
            bool is_independent;
            bool is_wide;   /* sums of several rows at once: as many lanes as there are registers */
            bool is_vector; /* run 16 iterations at once (pass `vectorize`); implies is_independent
                             */
            bool is_parallel; /* run by all workers, each with its own lane; implies is_independent
                               */
            bool is_turn;     /* a loop that the text of a task has (pass `resume`) */
        } loop;
        struct {
            enum ir_reduction reduction;
            struct ir_node *index, *low, *high;
            struct ir_block body;    /* defines keys and condition; no stores */
            struct ir_node *keys[4]; /* ARGMIN, ARGMAX: key_count of them; others: one */
            int32_t key_count;
            struct ir_node *condition; /* bool value of the body, or null */
        } reduce;
        struct {
            struct ir_node *condition;
            struct ir_block then_body, else_body;
        } branch;
        struct {
            struct ir_node *index; /* INDEX: the turns before this one; the same for all lanes */
            struct ir_block test;  /* run before each iteration; defines condition */
            struct ir_node *condition;
            struct ir_block body;
            bool is_turn; /* as a loop's */
        } loop_while;
        struct {
            struct ir_block body;
        } block;
        struct {
            struct ir_node *target;
        } jump; /* BREAK, CONTINUE */
        struct {
            int32_t function;
        } call;
        struct {
            int32_t flags, list, count;
            struct ir_node *high;
        } compact; /* buffers BOOL, INT32, INT64[1] */
        struct {
            enum ir_ode_method method;
            struct ir_ode_variable *variables;
            int32_t variable_count;
            struct ir_node *dt;   /* the step, f64 */
            int32_t matrix;       /* FLOAT64 buffer where dt is known at run time only: room for
                                     variable_count rows of twice as many; -1 */
            int32_t first;        /* FORM: constant */
            struct ir_block body; /* rates from ODE_VALUEs */
        } ode;
        struct {
            int32_t connection;
            enum ir_propagation mode;
            struct ir_node *base;  /* added to each index of the target; null: 0 */
            struct ir_node *steps; /* of a connection with `step_starts`: all of them at once, the
                                      target has a row for each; null: one */
        } propagate;
    };
};

struct ir_size {
    const char *name; /* "exc.size", "n * 2" */
    bool is_known;    /* whatever the parameters: `value` */
    int64_t value;
};
struct ir_constant {
    const char *name;
    bool is_integer;
};
struct ir_site {
    const char *stream;
    struct span span;
}; /* a place in the source that draws random numbers */

struct ir_buffer {
    const char *name;
    enum snn_type type;
    enum snn_buffer_kind kind;
    int32_t count; /* size id, -1: set at run time */
    int32_t rank;
    int32_t *extents; /* size ids */
    const char **axes;
    int32_t row_axes; /* the innermost axes, whose rows are `row` elements apart; 0: no gaps */
    int32_t row;      /* size id */
    const char *unit;
    bool is_state;        /* may be dropped where nobody reads it (pass `dead`) */
    bool is_observed;     /* read by the runtime: saved, plotted, exported; never dropped */
    bool is_record;       /* each element is written once in a presentation, before it is read */
    int32_t adjoint;      /* FLOAT32 buffer of derivatives of a loss by its elements; -1 */
    int32_t adjoint_base; /* INT64[1]: which of several such buffers, one after the other, is added
                             to; -1: there is one */
    int32_t adjoint_gate; /* INT64[1]: of weights, whose derivatives are added where it is 0; -1:
                             always */
    int32_t kept_by;      /* function that reads it on the way back of a sample (pass `keep`); -1 */
    bool has_kept_values; /* else it only asks for their number */
};

enum ir_topology {
    IR_DENSE,
    IR_ONE_TO_ONE,
    IR_ALL_BUT_ONE,
    IR_SPARSE,
    IR_CONV,  /* the rest has a window */
    IR_LOCAL, /* a window with weights of its own at each place */
    IR_AVG_POOL,
    IR_MAX_POOL,
    IR_SUM_POOL,
};

enum ir_window_axis { IR_WINDOW_Y, IR_WINDOW_X, IR_WINDOW_CHANNEL };

/* What enters or leaves windows, by axis. A missing channel is one of size 1. */
struct ir_window_side {
    int32_t sizes[3], strides[3]; /* size ids; from one neuron to the next along the axis */
    enum ir_window_axis order[3]; /* the axes from the outermost to the innermost in memory */
};

/* The window of place (y, x) on the `to` side begins at (y, x) * stride - padding of `from`. */
struct ir_window {
    int32_t kernel, stride;
    int32_t padding;                               /* size id; -1: none */
    int32_t groups, group_channels, group_filters; /* size ids; -1: one group */
    int32_t columns; /* size id: weights of one place in the window, */
    bool is_shared;  /* one for each filter; otherwise one for each target */
    struct ir_window_side from, to;
};

/* What the way back through a connection works with, of dense, conv and local ones that have
 * weights; `winners` of max_pool. -1 elsewhere. */
struct ir_way_back {
    int32_t turned; /* FLOAT32 [target, source], of windows [filter or target, place in the window]:
                       the weights, written before the way back begins */
    int32_t row;    /* size id: weights of one target in it */
    int32_t is_active, active, active_count; /* BOOL, INT32, INT64[1]: targets, or filters of a
                                                place, whose adjoints are not 0 */
    int32_t line;  /* FLOAT32 [filter]: adjoints at a place, next to each other */
    int32_t patch; /* FLOAT32 [row]: what a place gives to its window; with lists, [place, row] */
    int32_t field; /* FLOAT32: what arrives at the sources, in the order y, x, channel; -1: it is
                      theirs, or there are groups */
    const struct ir_window *window; /* from `field`, else as it is */
    int32_t is_near, nearby,
        nearby_count;               /* BOOL, INT32, INT64[1]: sources with `near`, of a step */
    int32_t active_starts, actives; /* INT64 [step + 1], INT32: as step_starts and spikes, of
                                       targets whose adjoints are not 0, where all steps are at
                                       hand; of conv whose filters of a place are next to each
                                       other, [place + 1] and filters */
    /* where all steps are at hand */
    int32_t source_starts,
        source_steps; /* INT64 [source + 2], INT32: the steps of the spikes of source i, counted
                         from the last, are source_steps[source_starts[i] ..< [i + 1]] */
    int32_t winners;  /* INT32, like the target, from `base` on: the source of the largest number */
};

/* A connection as propagations see it. Buffers and sizes are -1 where it has none. */
struct ir_connection {
    const char *name;
    struct span span;
    enum ir_topology topology;
    int32_t source_size, target_size; /* size ids */
    int32_t row_size; /* size id: from the weights of a source to those of the next */
    int32_t weight;   /* buffer; dense, all_but_one: [source * row_size + target], one_to_one:
                         [source], sparse: [synapse], conv: [y, x, channel of its group, filter],
                         local: [y, x, channel, target]; -1: one constant */
    int32_t constant_weight; /* constant id of the one weight, where weight is -1; -1: 1 */
    int32_t target;          /* buffer that is added to */
    int32_t flags; /* BOOL: the source's spikes of this step; -1: nobody differentiates it */
    int32_t near;  /* BOOL, a row for each step: where the slope of the sources' surrogate is not 0,
                      so that their adjoints count; -1: everywhere */
    int32_t values; /* buffer of numbers that the source sends instead of spikes; -1: spikes */
    bool is_graded; /* the sources in the list send their `values`, all others 0 */
    int32_t spikes, spike_counts; /* lists of source neurons that spiked and their lengths: of this
                                     step, or a ring */
    int32_t step_starts; /* INT64 [step + 1]: spikes[step_starts[s] ..< step_starts[s + 1]] are
                            those of step s, `flags` and `values` have a row for each; -1: of one
                            step */
    int32_t spike_first; /* INT64[1]: where the list of this step begins; -1: at 0 */
    bool may_repeat;     /* a list names a neuron several times */
    int32_t ring_slots;  /* size id, a power of two: steps the ring holds, row by row; -1: this
                            step's list only */
    int32_t clock;       /* INT64[1]: the row of this step is ir_ring_row of it */
    int32_t delay;       /* size id: steps until a spike is added */
    int32_t row_starts,
        columns; /* sparse: synapses of source i are row_starts[i] ..< row_starts[i + 1] */
    int32_t bucket_starts; /* delays of their own: synapses of source i, ordered by delay; those of
                              delay d are columns[k] for k in bucket_starts[i * (max_delay + 2) + d]
                              ..< [… + d + 1] */
    int32_t max_delay;     /* size id */
    const struct ir_window *window;      /* conv, local, pools; null elsewhere */
    int32_t laid;                        /* FLOAT32 [target], conv: targets, or their
                                            adjoints, in the order y, x, channel; -1: they are so */
    const struct ir_window *laid_window; /* to `laid` */
    int32_t
        counts; /* pools: FLOAT32 [target], the spikes that arrive in each window; -1: numbers */
    const struct ir_way_back
        *back; /* null: no gradient goes through it, or numbers of another way */
};

enum ir_function_kind {
    IR_FUNCTION_SETUP,
    IR_FUNCTION_INIT,
    IR_FUNCTION_CLEAR,
    IR_FUNCTION_RESET,
    IR_FUNCTION_START,
    IR_FUNCTION_STEP,
    IR_FUNCTION_END, /* of a network; their independent loops are kernels */
    IR_FUNCTION_TASK,
};

struct ir_function {
    const char *name; /* "diehl_cook.step" */
    enum ir_function_kind kind;
    struct ir_block body;
    int32_t node_count; /* after ir_number */
    int32_t reverse_of; /* its body computes the adjoints of this function (pass `differentiate`);
                           -1 */
    struct span span;
};

/* What passes have taken out of a program for good: each sets its bit, ir_verify refuses what comes
 * back. */
enum ir_gone {
    IR_GONE_ODE = 1,         /* pass `integrate`: ODE, ODE_VALUE */
    IR_GONE_PROPAGATION = 2, /* pass `propagation`: PROPAGATE */
    IR_GONE_GRADIENT = 8,    /* pass `differentiate`: STOP, SURROGATE, GRADIENT */
    IR_GONE_MATH = 4,        /* pass `expand`: EXP ... POW, HASH and draws */
};

struct ir_program {
    const char *name, *doc, *source, *version;
    struct snn_param *params;
    int32_t param_count; /* the run-time descriptors themselves */
    struct snn_data *data;
    int32_t data_count;
    struct snn_task *tasks;
    int32_t task_count;
    struct ir_size *sizes;
    int32_t size_count;
    struct ir_constant *constants;
    int32_t constant_count;
    struct ir_site *sites;
    int32_t site_count;
    struct ir_buffer *buffers;
    int32_t buffer_count;
    struct ir_connection *connections;
    int32_t connection_count;
    struct ir_function **functions;
    int32_t function_count;
    int32_t setup, init, clear; /* function indices */
    unsigned gone;              /* bits of enum ir_gone */
    int32_t size_capacity, constant_capacity, site_capacity, buffer_capacity, connection_capacity,
        function_capacity;
};

/* ---- building (ir.c) ---- */

/* Where new nodes go: at the end of `block`, or before `before` when that is set. */
struct ir_builder {
    struct compilation *compilation;
    struct ir_program *program;
    struct ir_function *function;
    struct ir_block *block;
    struct ir_node *before;
    struct span span; /* given to new nodes */
};

int32_t ir_add_size(struct compilation *, struct ir_program *, const char *name);
int32_t ir_add_constant(struct compilation *, struct ir_program *, const char *name,
                        bool is_integer);
int32_t ir_add_site(struct compilation *, struct ir_program *, const char *stream,
                    struct span span);
int32_t ir_add_buffer(struct compilation *, struct ir_program *, struct ir_buffer buffer);
int32_t ir_add_connection(struct compilation *, struct ir_program *,
                          struct ir_connection connection);
int32_t ir_add_function(struct compilation *, struct ir_program *, const char *name,
                        enum ir_function_kind kind, struct span span);

struct ir_node *ir_integer(struct ir_builder *, int64_t value); /* CONST i64 */
struct ir_node *ir_bool(struct ir_builder *, bool value);
struct ir_node *ir_bits(struct ir_builder *, uint32_t value); /* CONST i32 */
struct ir_node *ir_real(struct ir_builder *, enum ir_type type,
                        double value); /* CONST f32 or f64 */
struct ir_node *ir_text(struct ir_builder *, const char *text);
struct ir_node *
ir_leaf(struct ir_builder *, enum ir_op op, enum ir_type type,
        int32_t index); /* SIZE, CONSTANT, PARAM, DATA, KEY, CONTEXT_GET, ODE_VALUE */
struct ir_node *ir_known_size(struct ir_builder *, int32_t size); /* SIZE; CONST if it is known */
struct ir_node *ir_unary(struct ir_builder *, enum ir_op op,
                         struct ir_node *a); /* ARITH, FLOAT, LOGIC */
struct ir_node *ir_binary(struct ir_builder *, enum ir_op op, struct ir_node *a,
                          struct ir_node *b); /* also COMPARE, BITS, HASH; folds constants and
                                                 identities that change no bit */
struct ir_node *ir_fma(struct ir_builder *, struct ir_node *a, struct ir_node *b,
                       struct ir_node *c);
struct ir_node *ir_select(struct ir_builder *, struct ir_node *condition, struct ir_node *a,
                          struct ir_node *b);
struct ir_node *ir_cast(struct ir_builder *, enum ir_type type,
                        struct ir_node *a); /* a itself if it has that type */
struct ir_node *ir_bitcast(struct ir_builder *, enum ir_type type, struct ir_node *a);
struct ir_node *ir_load(struct ir_builder *, int32_t buffer, struct ir_node *index);
void ir_store(struct ir_builder *, int32_t buffer, struct ir_node *index,
              struct ir_node *value); /* casts the value to the buffer's type */
struct ir_node *ir_var(struct ir_builder *, const char *name, struct ir_node *value);
struct ir_node *ir_get(struct ir_builder *, struct ir_node *var);
void ir_set(struct ir_builder *, struct ir_node *var, struct ir_node *value);
void ir_context_set(struct ir_builder *, enum ir_context_field field, struct ir_node *value);
void ir_size_set(struct ir_builder *, int32_t size, struct ir_node *value);
void ir_constant_set(struct ir_builder *, int32_t constant,
                     struct ir_node *value); /* casts to i64 or f64 as the entry says */
struct ir_node *ir_draw(struct ir_builder *, enum ir_op op, struct ir_node *mean_or_null,
                        int32_t site, struct ir_node *element, struct ir_node *step,
                        struct ir_node *path);
struct ir_node *
ir_call_rt(struct ir_builder *, enum ir_rt function, int32_t count,
           struct ir_node *const *operands); /* operands without the context; integer constants are
                                                passed as the parameter's type */
enum ir_type ir_rt_result(enum ir_rt function);

/* Structured nodes: each is appended and returned; build into its blocks by pointing builder.block
 * at them. */
struct ir_node *ir_loop(struct ir_builder *, const char *name, struct ir_node *low,
                        struct ir_node *high, bool is_independent);
struct ir_node *ir_loop_events(struct ir_builder *, const char *name, int32_t list,
                               struct ir_node *count, bool is_independent);
struct ir_node *ir_reduce(struct ir_builder *, enum ir_reduction reduction, enum ir_type type,
                          struct ir_node *low, struct ir_node *high);
struct ir_node *ir_if(struct ir_builder *, struct ir_node *condition);
struct ir_node *ir_while(struct ir_builder *);
struct ir_node *ir_labelled_block(struct ir_builder *);
void ir_break(struct ir_builder *, struct ir_node *target);
void ir_continue(struct ir_builder *, struct ir_node *target);
void ir_call(struct ir_builder *, int32_t function);
void ir_compact(struct ir_builder *, int32_t flags, int32_t list, int32_t count,
                struct ir_node *high);
struct ir_node *ir_propagate_steps(struct ir_builder *, int32_t connection, enum ir_propagation,
                                   struct ir_node *steps);
struct ir_node *ir_propagate(struct ir_builder *, int32_t connection, enum ir_propagation mode,
                             struct ir_node *base);
struct ir_node *ir_stop(struct ir_builder *, struct ir_node *value);
struct ir_node *ir_surrogate(struct ir_builder *, struct ir_node *spike, struct ir_node *distance,
                             struct ir_node *slope);
/* `begin`: the function whose last call in the block begins what the loss depends on. */
void ir_gradient(struct ir_builder *, struct ir_node *loss, int32_t begin);
struct ir_node *ir_ring_row(struct ir_builder *, struct ir_node *step,
                            struct ir_node *rows); /* step mod rows, a power of two */
struct ir_node *ir_ode(struct ir_builder *, enum ir_ode_method method, int32_t variable_count,
                       struct ir_node *dt);

/* ---- looking at and changing the tree (ir.c) ---- */
enum ir_type ir_buffer_value_type(enum snn_type type); /* bool, i64, f32, f64 */
bool ir_is_pure(const struct ir_node *node); /* an INSTR without effect that loads nothing: may be
                                                moved, copied, dropped */
void ir_remove(struct ir_block *block, struct ir_node *node);
void ir_insert_before(struct ir_block *block, struct ir_node *before,
                      struct ir_node *node);  /* before null: at the end */
void ir_number(struct ir_function *function); /* dense ids in order of appearance */
/* Calls `visit` for each block directly inside the node (loop body, both branches…); none for an
 * INSTR. */
void ir_for_each_block(struct ir_node *node, void (*visit)(struct ir_block *block, void *data),
                       void *data);
/* Calls `visit` with the place of each value the node itself uses (operands, bounds, conditions,
 * keys, not those of nodes inside). */
void ir_for_each_use(struct ir_node *node, void (*visit)(struct ir_node **use, void *data),
                     void *data);
/* Copies the nodes of `from` to the builder's place. map(old) gives the value to use for a value
   defined outside or for an ODE_VALUE, or null to keep it. */
struct ir_node *
ir_clone_block(struct ir_builder *, const struct ir_block *from,
               struct ir_node *(*map)(struct ir_node *old, void *data), void *data,
               struct ir_node *wanted); /* returns the copy of `wanted`, or map(wanted) */

struct ir_node *ir_clone_node(struct ir_builder *, struct ir_node *node,
                              struct ir_node *(*map)(struct ir_node *old, void *data),
                              void *data); /* the same for one node; returns its copy */
struct ir_node *ir_again(struct ir_builder *, const struct ir_node *node,
                         struct ir_node *const *operands); /* an instruction with other operands */

/* ---- text form, invariants ---- */
void ir_print(struct compilation *, const struct ir_program *program, char **out,
              size_t *length); /* print.c: arena text */
bool ir_verify(struct compilation *, struct ir_program *program,
               const char *after); /* verify.c: numbers the functions; false prints the violation,
                                      the node and the pass */

#endif
