/* SPDX-License-Identifier: MIT
 *
 * What the files of lowering share.
 *
 *   lower.c             tables, the setup and init functions, sizes, constants, persistents
 *   lower_search.c      what the tasks do with the networks
 *   lower_bind.c        what a symbol is in the IR
 *   lower_expression.c  scalar expressions
 *   lower_access.c      what names, fields and indices reach
 *   lower_array.c       arrays, element by element
 *   lower_array_call.c  one_hot, pick, log_softmax, mean_over_time
 *   lower_loop.c        domains, comprehensions, reductions, let a[i in s], assignment
 *   lower_value.c       values that are computed in order, ahead of what uses them
 *   lower_call.c        functions, inlined
 *   lower_data.c        data sets
 *   lower_layer.c       layers: buffers, reset
 *   lower_kernel.c      the loop over the neurons of a layer
 *   lower_neuron.c      neuron bodies
 *   lower_at_most.c     which spikes of a layer are kept
 *   lower_ahead.c       layers that run ahead
 *   lower_connection.c  connections: weights, delays, arriving spikes
 *   lower_stage.c       those of several stages or with windows, biases
 *   lower_dropout.c     masks of dropout
 *   lower_norm.c        batch_norm: what couples the samples of a batch
 *   lower_truncate.c    gradients that go back a few steps only
 *   lower_window.c      where windows lie
 *   lower_synapse.c     synapses of chosen pairs, as arrays
 *   lower_rule.c        rules: what runs in a step, what runs around a presentation
 *   lower_rule_state.c  their state
 *   lower_rule_window.c  those on weights that windows share
 *   lower_rule_bounds.c where bounds can be applied as weights are written
 *   lower_network.c     the step program of a network
 *   lower_continuous.c  networks in continuous time: events in groups of equal time
 *   lower_layerwise.c   those that run layer by layer
 *   lower_behind_window.c  of these, layers behind windows
 *   lower_queue.c       delays in continuous time
 *   lower_crossing.c    thresholds that are reached between events
 *   lower_forward.c     what runs forward of a network that learns by gradient
 *   lower_way_back.c    what the ways back through connections work with
 *   lower_gradient.c    presentations of batches and those that gradients are taken from
 *   lower_loss.c        which presentations a loss goes back to
 *   lower_descend.c     the way back, the update of what learns
 *   lower_optimizer.c   states of optimizers that are the same for all weights
 *   lower_task.c        task statements
 *   lower_yield.c       for … yield, and what export writes of it row by row
 *   lower_present.c     present, rest, reset, recordings
 *   lower_events.c      events that are presented: into the step that contains them
 *   lower_report.c      log, report, save, export, plot
 */
#ifndef SNNC_IR_LOWER_INTERNAL_H
#define SNNC_IR_LOWER_INTERNAL_H

#include "base/remarks.h"
#include "ir/ir.h"
#include "ir/lower.h"

#define RANK_LIMIT 8

/* Pointers to numbers: drawing sites and constants by the expression they come from. */
struct pointer_map {
    const void **keys;
    int32_t *values;
    size_t capacity, count;
};

enum binding_kind {
    BINDING_VALUE,    /* node */
    BINDING_VAR,      /* node is a VAR */
    BINDING_CONSTANT, /* literal, or entry of the constant table */
    BINDING_TEXT,     /* a text known while compiling, or param */
    BINDING_ARRAY,    /* buffer; the value of a rank-0 one is its element 0 */
    BINDING_VIEW,     /* node is a data set */
    BINDING_SAMPLE,   /* element `index` of the data set `node` */
    BINDING_RECORD,   /* fields; all are -1 if there is none */
    BINDING_LAYER,
    BINDING_CONNECTION,
};

/* One axis of what an expression reaches: fixed to an index, or running from an offset. */
struct access_axis {
    struct ir_node *fixed;  /* null: free */
    struct ir_node *offset; /* of a slice; null: 0 */
    struct ir_node *extent; /* of what is left */
};

/* An array as far as an expression has indexed it. */
struct access {
    struct binding *binding; /* null: not an array in memory */
    struct access_axis axes[RANK_LIMIT];
    int32_t rank;
    bool is_layer; /* the binding is a layer, whose field comes next */
};

struct binding {
    enum binding_kind kind;
    bool is_uniform;      /* a let of a neuron body: one value for all neurons */
    bool is_kernel_local; /* ARRAY: a let of a neuron body, kept in memory */
    bool is_checked;      /* an index that cannot leave what it indexes by itself */
    struct ir_node *node, *index;
    int32_t buffer;
    int32_t rank;
    struct ir_node *extents[RANK_LIMIT]; /* ARRAY (local): i64 values where it was made */
    struct ir_node *fields[RANK_LIMIT];  /* RECORD: values of the loop variables */
    int32_t sizes[RANK_LIMIT];           /* ARRAY (global): size ids; -1: extents hold it */
    bool is_of_window;     /* ARRAY: of listed synapses, by their places in the window */
    int32_t row_axes, row; /* ARRAY: innermost axes and the size id of their rows; 0: no gaps */
    int32_t history, history_size; /* ARRAY: state of a rule by steps past, and its size id; -1 */
    bool is_literal;               /* CONSTANT */
    enum ir_type type;             /* CONSTANT: I64, F64 or BOOL */
    double real;
    int64_t integer;
    int32_t constant; /* CONSTANT: entry */
    const char *text; /* TEXT */
    int32_t param;    /* TEXT: param index, or -1 */
    struct lowered_layer *layer;
    const struct lowered_connection *connection; /* ARRAY [pre, post] of synapses that are no
                                                    matrix; null. No buffer: one constant weight */
};

/* A value that was computed ahead; it holds in the copy of the code that it was made for. */
struct prepared {
    struct binding *binding;
    const struct ir_function *function;
    int32_t inlining;
};

ARRAY_STRUCT(prepared_list, struct prepared);

/* Tables from which a draw `poisson_count(mean)` is taken, where the mean follows from one input of
 * 256 levels; see lower_counts.c. */
struct count_table {
    struct expr *draw, *mean;
    const struct symbol *input;
    int32_t means, known; /* FLOAT32 [level]: now, and those that the tables were made for */
    int32_t levels;       /* INT32 [3, level]: place of its entries or -1, mask, lowest number */
    int32_t entries;      /* INT32 */
    bool is_shared;       /* with an earlier one */
};

ARRAY_STRUCT(count_table_list, struct count_table);

/* The table of the neuron at hand, before its draws. */
struct count_place {
    const struct count_table *table;
    struct ir_node *has_table;          /* bool */
    struct ir_node *first, *mask, *low; /* i32 */
};

ARRAY_STRUCT(count_place_list, struct count_place);

struct lowered_layer {
    struct layer *layer;
    struct lowered_network *network;
    const char *name;
    int32_t size; /* size id of its neurons */
    int32_t axis_sizes[RANK_LIMIT];
    int32_t rank;
    int32_t spiked;           /* BOOL: own spike of the last step run */
    int32_t list, list_count; /* the spikes of the step, as indices */
    int32_t count, first, last, fired;
    int32_t
        selected; /* FLOAT32: lower_now of the step (or the time) the neuron was last selected at */
    int32_t emitted;    /* FLOAT32, or -1 */
    int32_t group_best; /* INT32 [group]: of `spike at most … per`; -1 where there is none */
    int32_t group_key;  /* FLOAT32 [group] */
    int32_t ring_depth; /* size id: steps that spikes are kept after their own; -1: none needed */
    int32_t ring, ring_counts; /* lists of the last steps, ring_size rows */
    int32_t ring_size;         /* size id: depth + 1; -1 if no ring */
    int32_t spike_record;      /* BOOL [time, neuron], or -1 */
    bool is_predictable;  /* its spikes follow from what is known when a stretch of steps begins */
    bool runs_ahead;      /* … and all spikes of the stretch are listed then: */
    int32_t ahead_first;  /* INT64[1]: step that the stretch begins with */
    int32_t ahead_path;   /* INT64[1]: of its draws */
    int32_t ahead_next;   /* FLOAT32 [neuron]: steps from there to the next spike */
    int32_t ahead_done;   /* INT32 [neuron]: spikes in the stretch so far; of layers that step */
    int32_t ahead_active; /* BOOL [neuron]: has a spike in the stretch; they are counted: */
    int32_t ahead_row;    /* INT64[1]: how many */
    int32_t ahead_times;  /* INT32 [spike, active]: steps from ahead_first; the last is beyond */
    int32_t ahead_lists;  /* INT32 [step, active]: who spikes, ascending */
    int32_t ahead_ends;   /* INT64 [step]: where its list ends */
    struct count_table_list count_tables;
    /* presentations of batches: by step and neuron, of the sample at hand; -1 */
    int32_t raster;                 /* BOOL: its spikes */
    int32_t near;                   /* BOOL: where the slope of its surrogate is not 0; -1: all */
    int32_t emissions;              /* FLOAT32: its numbers */
    int32_t sent;                   /* what reaches a connection now, flags or numbers */
    int32_t step_list, step_starts; /* spikes of all steps, where connections take them at once:
                                       INT32, INT64 [step + 1]; -1 */
    bool is_steady;                 /* it emits the same numbers in each step */
    /* continuous time */
    int32_t reached;                  /* FLOAT64[1]: time of the last events that reached it */
    int32_t event_count, event_times; /* spikes of the presentation, where they are known: INT64[1],
                                         FLOAT32 beside `list` */
    int32_t event_first, event_cursor; /* INT64[1]: first event of the group, first one after it;
                                          -1: connections reach the layer */
    int32_t named_times;               /* FLOAT32 [neuron], `spike at`; -1 */
    struct crossing_plan *crossing;    /* thresholds may be reached between events; or null */
    int32_t norm_level;                /* how many batch_norm a path to it has, at most */
};

/* batch_norm. Arrays by channel, the channels in memory `inner` apart, `outer` times. */
struct lowered_norm {
    const struct topology_stage *stage;
    const char *name;                   /* of its connection */
    int32_t size;                       /* size id: of what enters it, and leaves it */
    int32_t channels, outer, inner;     /* size ids; -1: 1 */
    int32_t scale, epsilon, momentum;   /* constants */
    int32_t gain, shift;                /* MODEL: they learn */
    int32_t mean, variance;             /* MODEL: running averages */
    int32_t batch_mean, batch_variance; /* SHARED, of the batch at hand */
    int32_t sums, squares;              /* LOCAL FLOAT64 [sample, channel], of what enters */
    int32_t inputs;                     /* FLOAT32 [step, place]: what enters in all steps */
    int32_t output;                     /* FLOAT32 [place]: what leaves it in a step */
    int32_t level;                      /* how many such stages a path to it has, at most */
};

/* One stage of a connection that has several, or windows. */
struct lowered_stage {
    const struct topology_stage *stage;
    int32_t ir;                /* in program->connections */
    int32_t size;              /* size id: of what leaves it */
    int32_t buffer;            /* what leaves it, for the next stage; -1: the target */
    int32_t list, list_count;  /* what enters it is mostly 0: INT32, INT64[1] of what is not; -1 */
    int32_t is_listed;         /* BOOL, by what enters it */
    int32_t mask, chance;      /* of dropout: FLOAT32 by place, a constant */
    struct lowered_norm *norm; /* of batch_norm; null */
    int32_t stepwise;          /* as that of its connection */
};

struct lowered_connection {
    struct connection *connection;
    struct lowered_network *network;
    struct lowered_layer *source, *target;
    const char *name;
    int32_t ir; /* in program->connections; of several stages the one with weights */
    const struct ir_window *window; /* local whose synapses are listed; null elsewhere */
    struct lowered_stage *stages;   /* null where one propagation without a window does */
    size_t stage_count;
    int32_t learn_bit;      /* -1: nothing to learn */
    int32_t weight_buffer;  /* -1: one constant */
    int32_t bias_buffer;    /* -1: none */
    int32_t changes;        /* FLOAT32 like the weights that windows share, of rules; -1 */
    int32_t synapse_count;  /* size id; -1: known at run time */
    int32_t row;            /* size id: from the weights of a source to those of the next */
    bool has_gaps;          /* rows may be longer than the target */
    int32_t low, high;      /* constants, -1: no bound */
    int32_t arrival_delay;  /* size id: steps from spike to synapse; -1: 0 */
    int32_t total_delay;    /* size id: steps from spike to target, at most; -1: 0 */
    int32_t lag, max_delay; /* size ids where synapses have delays of their own; -1 */
    int32_t delays;         /* INT32, those of a source in order of delay */
    int32_t
        delay_matrix; /* INT32 [synapse] of a matrix whose rules follow spikes of the target; -1 */
    int32_t row_starts, columns; /* sparse, or the order by delay of a matrix */
    int32_t bucket_starts;
    int32_t column_starts, column_rows,
        column_synapses; /* sparse, by target; -1 until a rule needs them */
    bool has_synapse_delays;
    /* delays in continuous time; -1 */
    int32_t queue_times, queue_items, queue_count; /* under way: FLOAT32, INT32 sources or synapses,
                                                      INT64[1] */
    int32_t arrived, arrived_count;                /* in this group: INT32, INT64[1] */
    int32_t delay_entry;                           /* constant: one delay for all */
    int32_t own_delays;                            /* FLOAT32 [synapse] */
    int32_t stepwise;     /* in program->connections: adds to all steps of an input, see
                             lower_forward.c */
    bool takes_all_steps; /* … at once */
    int32_t step_values, step_list, step_starts; /* … where pools come before: what leaves them,
                                                    FLOAT32 [step, place], and lists as a layer's;
                                                    -1 */
};

/* What tasks read of a layer after a presentation of a batch. */
struct taken_record {
    const struct lowered_layer *layer;
    int32_t source;  /* lane buffer: of a state, a count, … or the raster */
    int32_t buffer;  /* LOCAL [time, sample, neuron] */
    bool is_in_time; /* false: without time, as it is at the end */
};

ARRAY_STRUCT(taken_record_list, struct taken_record);

struct lowered_network {
    struct network *network;
    const char *name;
    int32_t dt;                   /* constant, in base units; -1: continuous time */
    int32_t clock;                /* INT64[1]: steps since the network was made or reset */
    struct lowered_layer *layers; /* as network->layers */
    struct lowered_connection *connections; /* as network->connections */
    int32_t reset, begin, start, end, ahead, step_learning, step_frozen; /* functions */
    bool has_ahead;                                                      /* some layer runs ahead */
    int32_t label;                                                       /* INT64[1]: of teach */
    int32_t until_entry;         /* constant, the end of time; -1: none, or steps */
    int32_t now, elapsed, until; /* continuous time: FLOAT64[1] */
    bool is_layerwise;           /* `ahead` runs its layers one after the other */
    uint64_t learn_mask;         /* bits of everything that learns in it */
    uint64_t gradient_mask;      /* those of what learns by gradient */
    bool has_gradient;           /* the following are there */
    bool keeps_samples;          /* between their way there and their way back */
    int32_t window; /* INT64[1]: steps that gradients go back through at most, see lower_truncate.c;
                       -1: all */
    int32_t run, back; /* INT64[1]: the run at hand, see lower_norm.c; without batch_norm unused */
    int32_t norm_levels; /* of batch_norm, see lower_norm.c; 0: there is none */
    bool is_recurrent;   /* a layer sees spikes of one that runs after it, or its own */
    int32_t records, forward, backward; /* functions */
    int32_t sample, samples, chunk;     /* INT64[1]: the one at hand, how many, its part of the
                                           batch */
    struct taken_record_list taken;
    struct taken *last; /* the last presentation to it, if it was one of these and in a block that
                           has not ended; null */
    bool has_left;      /* there was one in a block that has ended */
    bool has_record;
};

/* A state held in a variable while a kernel runs. */
struct promoted {
    int32_t buffer;
    struct ir_node *var;
    bool is_dirty;
    int32_t learn_bit; /* -1: written always */
};

ARRAY_STRUCT(promoted_list, struct promoted);

/* The kernel being built: one loop over the neurons of a layer. */
struct kernel {
    struct lowered_layer *layer;
    struct ir_node *loop;    /* null while closed */
    struct ir_node *element; /* the neuron at hand; null where there is none */
    struct ir_builder outer; /* where the loop stands */
    struct promoted_list states;
    struct ir_node *spike; /* VAR: selected in this step; null before the spike statement */
    struct count_place_list places; /* known at the head of the loop */
    const char *name;
    bool is_learning; /* the learning variant of the step */
    bool has_breaks;  /* the body takes several loops: lets are kept in memory */
    bool counts_since;
    struct ir_node *now;    /* lower_now of this step; null before it is needed */
    struct ir_node *since;  /* VAR: steps since the neuron was last selected; null likewise */
    bool is_compacted;      /* the list holds the spikes that the flags show */
    bool spiked_known;      /* a loop before this one selected spikes */
    bool is_eventwise;      /* the loop is over neurons, each running through all events or steps */
    struct ir_node *events; /* the loop over events within that over neurons; null before */
    struct ir_node *own;    /* neurons from this on are stored, those before belong to others; null:
                               all */
    bool has_gradient;      /* spikes have their surrogates */
};

/* Equations being lowered: reading a state of the system gives its ODE_VALUE. */
struct ode_scope {
    struct ir_node *node;
    struct ode_scope *outer;
};

/* Where a rule's handler is: indices of the synapse at hand. */
struct rule_place {
    struct lowered_connection *connection;
    struct rule_instance *rule;
    struct ir_node *pre, *post, *synapse; /* null where not defined */
    struct ir_node *age;    /* delay of the synapse at hand, where each has its own; null */
    struct ir_node *weight; /* VAR that holds w; null: w is read from memory */
    struct ir_node *change; /* VAR: of a shared weight; null elsewhere */
    bool is_free;           /* on init, start, end: arrays are indexed explicitly */
    bool bounds_writes;     /* of free places: what is written to w is within bounds already */
};

/* A loop over the synapses of one neuron, in place of one over all neurons on the other side. */
struct synapse_walk {
    const struct symbol *variable; /* of the loop */
    const struct lowered_connection *connection;
    bool is_row; /* from a source to its targets */
    struct ir_node *neuron, *first, *count;
    struct ir_node *partner, *synapse; /* at hand; null before the first */
    struct synapse_walk *outer;
};

/* Innermost loop, for break and continue. */
struct jump_targets {
    struct ir_node *target;
    bool has_progress; /* each iteration is counted */
    struct jump_targets *outer;
};

/* A loop of task code, between its opening and its end. */
struct open_loop {
    struct ir_node *low; /* of a part of the iterations, whose progress is the caller's; null: 0 */
    struct ir_node *loop;
    struct ir_builder outer;
    struct ir_node *path, *present;
    struct ir_node *mark; /* null: nothing is given back */
    struct ir_node *outer_element;
    struct jump_targets jumps;
    const struct for_clause_list *clauses; /* null: `while` */
    struct open_loop *around;              /* the loop that this one is in, callers' included */
    bool has_progress;
    bool is_parallel;
    bool is_outermost; /* of its function */
};

/* Values that are computed one after the other, or in parallel, into arrays: for each position of
 * the clauses, the condition and then, where it holds, the values. */
struct value_loop {
    const struct for_clause_list *clauses;
    struct ir_node *const *sizes;
    struct ir_node *total;
    struct expr *const *values;
    size_t count;           /* of values, at most 4 */
    struct expr *condition; /* null: none */
    const struct loop_facts *facts;
    struct span span;
    struct binding *arrays[4]; /* results, by position; made where null */
    struct binding *chosen;    /* BOOL: where the condition held; null without one */
};

/* What a draw is a function of, besides its site. */
struct draw_address {
    struct ir_node *element, *step, *path;
};

/* A draw and its value. */
struct drawn {
    const void *draw;
    struct ir_node *value;
};

ARRAY_STRUCT(drawn_list, struct drawn);

/* A presentation of a batch, or that a gradient can be taken from. */
struct taken {
    struct statement *statement;
    struct lowered_network *network;
    struct ir_node *steps, *end; /* its length; f64, in time */
    struct ir_node *samples;
    struct ir_node *path, *number; /* of its draws */
    struct ir_node *run;           /* of those that batch_norm asks for; null: the last */
    struct ir_node *window;  /* of the descent at hand: steps that gradients go back through */
    struct ir_builder there; /* where a sample is run, */
    struct ir_node *index, *forward;        /* which one, and the last node of its way there */
    struct ir_node *before_node, *end_node; /* it lies between, with the latter; null: the block's
                                               first */
    bool is_kept;                           /* for the way back, where memory allows */
    bool is_recalled;                       /* from there by the descent at hand */
    bool is_batch;                          /* values of its layers have the axis `sample` */
};

ARRAY_STRUCT(taken_list, struct taken *);

enum presented_how { PRESENTED_HELD, PRESENTED_IN_TIME };

struct lowering {
    struct compilation *c;
    struct ir_program *program;
    struct model *model;
    struct ir_builder b; /* where code goes now */
    struct ir_builder setup, initial;
    bool in_setup;
    bool is_failed;

    struct lowered_network *networks;
    struct pointer_map site_of, constant_of, prepared_of, learn_bit_of, data_buffer_of;
    struct pointer_map currents_of;     /* inputs: FLOAT32 [step, neuron], in lower_gradient.c */
    struct pointer_map weight_assigned; /* connections whose weights some task sets */
    struct pointer_map recorded; /* layers whose spikes, states whose values some task records */
    struct pointer_map touched;  /* states that some task reads or sets, perhaps at any step */
    struct pointer_map
        presented_of;              /* inputs that some task presents data to: enum presented_how */
    struct pointer_map stepped_of; /* networks that some task stops at each step or event of */
    struct prepared_list prepared; /* what is evaluated ahead of the loop it stands in */
    int32_t inlining, inlinings;   /* which copy of a function's code is made, and how many were */
    int32_t learn_bits;

    struct lowered_network *network; /* whose step, rule, present block this is; null elsewhere */
    struct kernel *kernel;           /* in a neuron body */
    struct ir_node *step; /* the step that code is about, where it is not the context's */
    const struct draw_address *address; /* of draws, where it is not element, step, path; null */
    const struct drawn_list *drawn;     /* values of draws that have been drawn ahead; null */
    struct drawn_list counts;           /* numbers drawn as f32, by what they are as i64 */
    const struct symbol *level_input;   /* the input whose value is `level` here; null */
    struct ir_node *level;
    struct ir_node *now, *elapsed; /* continuous time: f64, of the events that code is about; null:
                                      those of the network's group */
    struct ir_node *last_event;    /* bool: nothing reaches the layer after this; null: unknown */
    struct ode_scope *ode;         /* in the right side of an equation */
    struct rule_place *rule;       /* in a rule */
    struct synapse_walk *walk;     /* innermost; null */
    struct lowered_connection
        *weight_of;    /* in initial weights, delays, pairs: pre, post are defined */
    bool draws_delays; /* of weight_of: draws belong to the stream `delays` */
    struct ir_node *pre_index, *post_index, *element; /* of that; element: the draw's */

    /* tasks */
    struct ir_node *yield_index;  /* flat iteration number */
    struct loop_result *result;   /* of the innermost for … yield */
    struct function_frame *frame; /* of the function being inlined; null in a task */
    uint64_t may_learn;           /* what may learn here, known while compiling */
    bool in_parallel, in_yield;
    int reductions;               /* being lowered, one inside the other: they make no arrays */
    int pathless_loops;           /* open loops within them, in which nothing is drawn */
    struct taken *taken;          /* the last of these presentations, of any network; null */
    struct ir_node *sample_index; /* of the batch being presented; null: none is */
    struct binding *where_sample; /* of the condition of where(...) */
    int32_t data_number;          /* data set being declared; -1 */
    struct jump_targets *jumps;
    struct open_loop *loops; /* innermost; null */
    const char *task;        /* name */
    bool records;            /* the task or function reads spikes or traces */
    int32_t temporary_count;
    bool truncates;     /* some task cuts gradients: descend … every k steps */
    bool assigns_model; /* the task writes something that is saved */
};

/* A function being inlined. */
struct function_frame {
    struct ir_node *block;   /* what return leaves; null: return is its last statement */
    struct ir_node *result;  /* VAR; null where there is none */
    struct binding *binding; /* what the last statement returned */
    struct ir_node *path,
        *present;       /* of the draws outside of its loops; null where no loop is open */
    int progress_loops; /* open loops that show their progress */
};

/* Where the innermost `for … yield` puts what it yields. */
struct loop_result {
    struct binding *array;
    struct binding *labels;            /* of events that are exported; null without */
    struct ir_node *flat;              /* number of the iteration, within the array */
    struct ir_node *inner[RANK_LIMIT]; /* extents of what is yielded */
    int32_t inner_rank;
};

/* ---- lower.c ---- */
void lower_refuse(struct lowering *, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int32_t lower_size(struct lowering *, struct size size, struct span span, const char *what);
int32_t lower_size_product(struct lowering *, const int32_t *sizes, int32_t count,
                           const char *what);
int32_t lower_size_value(struct lowering *, int64_t value); /* a constant size */
struct ir_node *lower_size_leaf(struct lowering *, int32_t size);
int32_t lower_constant_entry(struct lowering *, const struct expr *e,
                             const char *name); /* computed by setup */
struct ir_node *lower_constant_value(struct lowering *,
                                     const struct expr *e); /* what only setup is needed for */
int32_t lower_real_entry(struct lowering *, const struct expr *e,
                         const char *name); /* the same; whole numbers become real */
int32_t lower_literal_entry(struct lowering *, double value);
struct ir_node *lower_constant_leaf(struct lowering *, int32_t entry, enum ir_type type);
int32_t lower_site(struct lowering *, const void *key, const char *stream, struct span span);
const char *lower_place(struct lowering *, struct span span); /* "file.snn:3:1" */
int32_t lower_buffer(struct lowering *, const char *name, enum snn_type type,
                     enum snn_buffer_kind kind, int32_t count_size);
void lower_buffer_axes(struct lowering *, int32_t buffer, const struct axis_list *axes,
                       const int32_t *sizes);
enum ir_type lower_type(const struct type *t);
enum snn_type lower_storage(const struct type *t);
int32_t pointer_map_get(const struct pointer_map *, const void *key); /* -1 if absent */
void pointer_map_put(struct lowering *, struct pointer_map *, const void *key, int32_t value);
/* Code into setup or init: everything between is appended there. */
struct ir_builder lower_enter(struct lowering *, struct ir_builder *where);
void lower_leave(struct lowering *, struct ir_builder *where, struct ir_builder saved);

/* A loop over 0 ..< high whose body is built next; returns its index. */
struct ir_node *lower_open_range(struct lowering *, const char *name, struct ir_node *high,
                                 bool is_independent);
/* A loop that all workers share, unless some loop around it is one already; returns its index. */
struct ir_node *lower_open_parallel(struct lowering *, const char *name, struct ir_node *count);

/* ---- lower_bind.c ---- */
struct binding *binding_new(struct lowering *, enum binding_kind kind);
struct binding *binding_value(struct lowering *, struct ir_node *node);
struct binding *binding_of(struct lowering *, struct symbol *symbol, struct span span);
struct binding *binding_constant(struct lowering *,
                                 struct ir_node *leaf); /* of a CONST or CONSTANT node */
struct ir_node *binding_extent(struct lowering *, const struct binding *, int32_t dimension);

/* ---- lower_expression.c ---- */
struct ir_node *lower_scalar(struct lowering *, struct expr *e);
struct ir_node *lower_as(struct lowering *, struct expr *e, enum ir_type type);
struct ir_node *lower_cast(struct lowering *, enum ir_type type, struct ir_node *value);
struct ir_node *lower_condition(struct lowering *, struct expr *e);
struct ir_node *lower_binary(struct lowering *, const struct expr *e, struct ir_node *left,
                             struct ir_node *right);
struct ir_node *lower_combine(struct lowering *, enum assign_op op, struct ir_node *old,
                              struct ir_node *value); /* old op= value */
/* The value within the bounds that a state or persistent value was declared with, if it was. */
struct ir_node *lower_within(struct lowering *, const struct symbol *, struct ir_node *value);
struct ir_node *lower_unary(struct lowering *, const struct expr *e, struct ir_node *operand);
struct ir_node *lower_math(struct lowering *, const struct expr *e,
                           struct ir_node *const *arguments, size_t count);
struct ir_node *lower_draw(struct lowering *, const struct expr *e);
/* poisson_count(mean) as a whole f32 that an i64 holds. */
struct ir_node *lower_formula_count(struct lowering *, struct expr *mean, int32_t site,
                                    struct draw_address address);
struct ir_node *lower_time(struct lowering *, enum ir_type type);
struct ir_node *lower_duration(struct lowering *); /* of the presentation, f32 */
struct ir_node *lower_dt(struct lowering *);       /* of a step or since the events before, f64 */
bool lower_is_time(const struct axis *axis);       /* of data: its steps */
bool lower_is_single(double value);                /* a float holds it exactly */
bool lower_reads_setup_only(const struct expr *e); /* may be computed by setup */
/* What a name, field or index expression reaches; access->binding is null where it is no array. */
void lower_access(struct lowering *, struct expr *e, struct access *access);
struct ir_node *lower_access_load(struct lowering *, const struct access *access,
                                  struct ir_node *const *indices, size_t count);
/* Ends the run with the place of `index` where its value is not in 0 ..< extent. */
void lower_check_index(struct lowering *, const struct expr *array, const struct expr *index,
                       struct ir_node *value, struct ir_node *extent);
struct ir_node *lower_access_index(struct lowering *, const struct access *access,
                                   struct ir_node *const *indices, size_t count);

/* All weights as an array in memory, 0 where there is no synapse. */
struct binding *lower_weights(struct lowering *, const struct lowered_connection *);
/* Ends the run unless 0 <= value < extent, or that is known. */
void lower_check_index(struct lowering *, const struct expr *array, const struct expr *index,
                       struct ir_node *value, struct ir_node *extent);

/* The value that lower_prepare gave an expression in this copy of the code, or null. */
struct binding *lower_prepared(struct lowering *, const struct expr *e);
void lower_set_prepared(struct lowering *, const void *key, struct binding *binding);
struct binding *lower_prepared_as(struct lowering *, const void *key);

/* ---- lower_synapse.c ---- */
struct ir_node *lower_synapse_count(struct lowering *, const struct lowered_connection *);
/* The synapse that an element of an array of synapses is about, -1 if there is none; its value. */
struct ir_node *lower_find_synapse(struct lowering *, const struct access *access,
                                   struct ir_node *const *indices, size_t count);
struct ir_node *lower_synapse_load(struct lowering *, const struct access *access,
                                   struct ir_node *const *indices, size_t count);
/* Begins a walk if the loop, or the sum, may be one. */
bool lower_walk_loop(struct lowering *, const struct statement *s, struct synapse_walk *walk);
bool lower_walk_sum(struct lowering *, const struct expr *e, struct synapse_walk *walk);
void lower_walk_end(struct lowering *);
struct synapse_walk *lower_walk_of(const struct lowering *, const struct symbol *variable);
/* The neuron on the other side of synapse number k of the walk. */
struct ir_node *lower_walk_to(struct lowering *, struct synapse_walk *walk, struct ir_node *k);

/* ---- lower_array.c ---- */
struct ir_node *lower_element(struct lowering *, struct expr *e, struct ir_node *const *indices,
                              size_t count);
struct binding *lower_array(struct lowering *, struct expr *e); /* a buffer with its value */
struct binding *lower_packed(struct lowering *, struct binding *array); /* a copy, if it has gaps */
void lower_prepare(struct lowering *,
                   struct expr *e); /* evaluates array-valued calls within e first, except those
                                       that use loop variables without a value */
void lower_prepare_array(struct lowering *, struct expr *e);      /* evaluates e itself, once */
void lower_unbind_clauses(const struct for_clause_list *clauses); /* takes their values away */
struct ir_node *lower_extent(struct lowering *, struct expr *e, size_t dimension);
/* Where a neuron is along one axis of its layer. */
struct ir_node *lower_axis_place(struct lowering *, const struct lowered_layer *,
                                 struct ir_node *neuron, int32_t axis);
struct ir_node *lower_comprehension(struct lowering *, struct expr *e);
struct binding *lower_record(struct lowering *, struct expr *e); /* argmin, argmax of several */
struct ir_node *lower_reduction(struct lowering *,
                                struct expr *e); /* call of sum, mean… on an array */
struct binding *lower_local_array(struct lowering *, const char *name, enum snn_type type,
                                  struct ir_node *const *extents, int32_t rank);
struct ir_node *lower_flat_index(struct lowering *, const struct binding *,
                                 struct ir_node *const *indices, size_t count);
/* Binds the clauses' variables for position `flat` of the product of their domains. */
struct ir_node *lower_domain_size(struct lowering *, const struct for_clause_list *clauses,
                                  struct ir_node **sizes);
void lower_bind_clauses(struct lowering *, const struct for_clause_list *clauses,
                        struct ir_node *const *sizes, struct ir_node *flat);
void lower_let_array(struct lowering *, struct statement *s);
void lower_assign(struct lowering *, struct statement *s);
/* Loops over all positions of the extents; body gets the indices and the flat position. */
struct ir_node *lower_open_loop(struct lowering *, const char *name, struct ir_node *const *extents,
                                int32_t rank, struct ir_node **indices);
void lower_close_loop(struct lowering *, struct ir_node *loop, struct ir_builder saved);

/* ---- lower_array_call.c ---- */
struct ir_node *lower_array_call(struct lowering *, struct expr *e, struct ir_node *const *indices,
                                 size_t count); /* null: not one of these */
struct ir_node *lower_array_call_extent(struct lowering *, struct expr *e, size_t dimension);

/* ---- lower_value.c ---- */
/* Can a value be computed neither in a reduction nor in an independent loop? Has it effects? */
bool lower_needs_order(struct lowering *, struct expr *e);
bool lower_has_effect(struct lowering *, struct expr *e);
void lower_values(struct lowering *, struct value_loop *);

/* ---- lower_call.c ---- */
struct binding *lower_call(struct lowering *, struct expr *e);
struct binding *lower_result(struct lowering *,
                             struct expr *e); /* of any type: value, array, view, record */
struct binding *lower_inline(struct lowering *, struct function_instance *f,
                             struct span span); /* its formals are bound */
void lower_return(struct lowering *, struct statement *s);
bool lower_block_reads_records(const struct block *block);     /* mentions .spikes or .trace */
bool lower_statements(struct lowering *, struct block *block); /* tasks and functions */

/* ---- lower_data.c ---- */
struct binding *lower_view(struct lowering *, struct expr *e);      /* VIEW or SAMPLE */
struct ir_node *lower_data_fact(struct lowering *, struct expr *e); /* d.classes, .inputs … */
bool lower_is_picture(const struct expr *e); /* the numbers of a sample: s.image, s.values */
struct binding *lower_picture(struct lowering *, struct expr *e); /* they as an array, anew */
struct ir_node *lower_picture_extent(struct lowering *, const struct expr *e, size_t dimension);
/* A call whose last argument is the place. */
/* The label, the index or another field of a sample that is one number or text. */
struct ir_node *lower_sample_value(struct lowering *, const struct expr *, struct ir_node *view,
                                   struct ir_node *index);
struct ir_node *lower_data_call(struct lowering *, enum ir_rt function, struct span span,
                                int32_t count, struct ir_node *const *operands);
void lower_data_declaration(struct lowering *, struct symbol *symbol, int32_t number);

/* ---- lower_kernel.c, lower_neuron.c, lower_layer.c ---- */
void kernel_open(struct lowering *, const char *name);
void kernel_open_events(struct lowering *, const char *name, int32_t list, struct ir_node *count);
/* The same as a plain loop over the list, whose index is the place in it. */
void kernel_open_listed(struct lowering *, const char *name, int32_t list, struct ir_node *count);
/* In a loop that was opened where `outer` stands; `element` was computed in it. */
void kernel_open_in(struct lowering *, struct ir_node *loop, struct ir_builder outer,
                    struct ir_node *element);
void kernel_store(struct lowering *); /* what has changed */
void kernel_close(struct lowering *);
void kernel_pause(struct lowering *);   /* ends its loop; its spikes are in the layer's flags */
void kernel_compact(struct lowering *); /* … and in its list */
struct ir_node *kernel_spike_count(struct lowering *); /* of that list */
void lower_at_most(struct lowering *, struct statement *s);
struct ir_node *kernel_read(struct lowering *, int32_t buffer, int32_t learn_bit);
void kernel_write(struct lowering *, int32_t buffer, int32_t learn_bit, struct ir_node *value);
/* Steps, in continuous time the time, since the neuron at hand was last selected, F32; inf if
 * never. */
struct ir_node *kernel_since(struct lowering *);
/* The neuron at hand is selected in this step where `condition` holds. */
void kernel_select(struct lowering *, struct ir_node *condition);
/* The step at hand as what `selected` is compared with, and what keeps it exact: run after the
 * clock has advanced. */
struct ir_node *lower_now(struct lowering *);
void lower_epoch(struct lowering *, struct lowered_network *);
struct ir_node *kernel_copy(struct lowering *, int32_t buffer); /* VAR that is not stored */
struct ir_node *kernel_variable(struct lowering *, int32_t buffer,
                                int32_t learn_bit); /* the VAR of a state that will be written */
enum ir_ode_method lower_ode_method(const struct statement *s);
struct ir_node *lower_network_learns(struct lowering *); /* anything in l->network? */
struct ir_node *lower_learn_bit(struct lowering *, int32_t bit);
struct ir_node *lower_layer_reduction(struct lowering *, struct expr *e); /* sum(v for layer) */
void lower_layer_step(struct lowering *, struct lowered_layer *, bool is_learning);

/* Do its spikes carry numbers? */
bool lower_is_graded(const struct lowered_layer *);
void lower_kernel_block(struct lowering *, struct block *block);
struct ir_node *lower_spike_step(struct lowering *,
                                 struct expr *time); /* the step that contains a time, as f32 */
enum { STRETCH_STEPS = 1024 }; /* that are run ahead at once: a power of two */
bool lower_is_predictable(struct lowering *, const struct lowered_layer *);
bool lower_shows_states(struct lowering *, const struct lowered_layer *);
void lower_ahead_buffers(struct lowering *, struct lowered_layer *);
void lower_layer_ahead(struct lowering *,
                       struct lowered_layer *); /* at the beginning of a stretch */
/* Of a predictable layer that steps: which neurons spike now, what holds for draws of their spikes,
 * and what they do after these. */
struct ir_node *lower_predicted_spike(struct lowering *);
struct draw_address lower_spike_address(struct lowering *, struct lowered_layer *);
void lower_predict_next(struct lowering *, struct lowered_layer *);
void lower_ahead_step(struct lowering *, struct lowered_layer *);
bool lower_is_draw(const struct expr *e);
bool lower_reads_state(struct expr *e);
void lower_count_tables(struct lowering *, struct lowered_layer *); /* declares them */
void lower_fill_count_tables(struct lowering *, const struct lowered_layer *);
void lower_find_counts(struct lowering *, const struct count_table *); /* for the draws to come */
struct ir_node *lower_count(struct lowering *, const struct count_table *, int32_t site,
                            struct draw_address address); /* the number drawn, f32 */
void lower_finish_step(struct lowering *,
                       struct lowered_layer *); /* accounts for the spikes listed */
struct ir_node *lower_step(struct lowering *);  /* the step that code is about */
void lower_layer_buffers(struct lowering *, struct lowered_layer *);
void lower_layer_reset(struct lowering *, struct lowered_layer *); /* states and spikes */
void lower_layer_begin(struct lowering *, struct lowered_layer *); /* counts */
int32_t lower_state_buffer(struct lowering *, const struct symbol *state);
int32_t lower_data_buffer(struct lowering *,
                          const struct symbol *input); /* what is presented to it */

bool lower_breaks_kernel(const struct statement *s); /* needs a loop of its own */
bool lower_draws(const struct statement *s);
void lower_kernel_statement(struct lowering *, struct statement *s);

/* ---- lower_connection.c ---- */
void lower_connection_buffers(struct lowering *, struct lowered_connection *);
void lower_connection_weights(struct lowering *, struct lowered_connection *); /* into init */
/* Where a matrix has the weight of a synapse. */
struct ir_node *lower_synapse(struct lowering *, const struct lowered_connection *,
                              struct ir_node *pre, struct ir_node *post);
void lower_ring_buffers(struct lowering *, struct lowered_layer *);
void lower_connection_finish(struct lowering *, struct lowered_connection *);
void lower_connection_arrive(struct lowering *,
                             struct lowered_connection *); /* adds to the target */

bool lower_has_one_weight(struct lowering *, const struct connection *);
int32_t lower_sent_values(struct lowering *, struct lowered_connection *); /* -1: spikes */

/* ---- lower_stage.c, lower_window.c ---- */
bool lower_has_stages(const struct connection *);
bool lower_lists_window(const struct connection *); /* local, with a list of its synapses */
void lower_stages(struct lowering *, struct lowered_connection *); /* declares them */
void lower_stages_arrive(struct lowering *, const struct lowered_connection *);
void lower_bias_buffer(struct lowering *, struct lowered_connection *);
void lower_connection_bias(struct lowering *, struct lowered_connection *);
/* Stores the bias from element `base` (null: 0) on, or adds it. */
void lower_put_bias(struct lowering *, const struct lowered_connection *, int32_t target,
                    int32_t size, struct ir_node *base, bool is_added);
/* Where in all steps of it the stage puts its numbers; null: they are those of a step. */
struct ir_node *lower_stage_base(struct lowering *, const struct lowered_connection *, size_t i,
                                 struct ir_node *step);
/* `step`: null for that of the network. */
void lower_begin_stage(struct lowering *, const struct lowered_connection *, size_t i,
                       struct ir_node *step);
void lower_fill_weights(struct lowering *, struct lowered_connection *); /* into init */
void lower_fill_bias(struct lowering *, struct lowered_connection *);
/* Axes of the weights of a connection with stages, and their size ids. */
struct axis_list lower_weight_axes(struct lowering *, const struct lowered_connection *);
int32_t lower_weight_sizes(struct lowering *, const struct lowered_connection *, int32_t *sizes);
/* fan_in or fan_out as a size id, -1 where it differs from neuron to neuron. */
int32_t lower_fan(struct lowering *, const struct lowered_connection *, bool is_in);
const struct ir_window *lower_window(struct lowering *, const struct lowered_connection *,
                                     const struct topology_stage *);
void lower_check_window_fits(struct lowering *, const struct lowered_connection *,
                             const struct topology_stage *last);

/* ---- lower_dropout.c ---- */
bool lower_is_dropout(const struct topology_stage *);
bool lower_drops_each_step(const struct lowered_connection *);
void lower_dropout_buffers(struct lowering *, const struct lowered_connection *,
                           struct lowered_stage *);
/* Masks that hold for a presentation; those of a step, right before the stage. */
void lower_begin_dropouts(struct lowering *, const struct lowered_network *);
void lower_step_dropout(struct lowering *, const struct lowered_connection *,
                        const struct lowered_stage *, struct ir_node *step);

/* The program stops before it runs where a constant is not within low .. high. */
void lower_check_constant(struct lowering *, const struct expr *e, int32_t constant, double low,
                          double high, const char *message);

/* ---- lower_rule.c, lower_rule_state.c ---- */
const char *lower_rule_label(struct lowering *, const struct rule_instance *rule,
                             const char *field);
int32_t lower_owner_size(const struct lowered_connection *, enum state_owner owner);
bool lower_writes_weight(const struct block *block);
struct ir_node *lower_bounded_weight(struct lowering *, const struct lowered_connection *,
                                     struct ir_node *w);
void lower_rule_buffers(struct lowering *, struct lowered_connection *, struct rule_instance *);
void lower_rule_histories(struct lowering *, struct lowered_connection *, struct rule_instance *);
void lower_rule_reset(struct lowering *, struct lowered_connection *, struct rule_instance *);
/* Memory for the states of sparse synapses, whose number init and models decide; in init also the
 * first values of those that are saved. */
void lower_rule_synapses(struct lowering *, struct lowered_connection *, struct rule_instance *,
                         bool is_init);
void lower_rule_step(struct lowering *, struct lowered_connection *, struct rule_instance *);
struct ir_node *lower_bounded_weight(struct lowering *, const struct lowered_connection *,
                                     struct ir_node *w); /* within the connection's bounds */
bool lower_bounds_writes(const struct block *body);      /* bounding what is written is enough */
bool lower_rule_has(const struct rule_instance *rule, enum event event);
bool lower_rule_steps(const struct rule_instance *rule); /* does something in steps, or groups */
void lower_rule_event(struct lowering *, struct lowered_connection *, struct rule_instance *,
                      enum event event);

/* ---- lower_rule_window.c ---- */
bool lower_check_shared_rules(struct lowering *, const struct connection *);
void lower_shared_changes(struct lowering *, struct lowered_connection *); /* declares them */
/* Opens loops over the synapses of a source (pre) or target (post); sets the place. */
void lower_open_shared(struct lowering *, struct lowered_connection *, enum event event,
                       struct ir_node *neuron, struct rule_place *place);
void lower_add_change(struct lowering *, const struct lowered_connection *,
                      const struct rule_place *);
void lower_apply_changes(struct lowering *, const struct lowered_connection *, bool is_bounded);

/* ---- lower_network.c ---- */
void lower_search_tasks(struct lowering *); /* what tasks present to, set, record */
void lower_networks(struct lowering *);     /* layers, connections, functions reset, start, end */
void lower_run_layer(struct lowering *, struct lowered_layer *, bool is_learning);
/* Code goes into one of its functions from here on. */
void lower_enter_function(struct lowering *, struct lowered_network *, int32_t function);
void lower_network_steps(struct lowering *); /* step functions, after tasks said what they read */
void lower_check_positive(struct lowering *, int32_t constant, struct span span,
                          const char *message); /* when the program starts */
struct lowered_network *lowered_network_of(struct lowering *, const struct network *);
struct lowered_layer *lowered_layer_of(struct lowering *, const struct layer *);
struct lowered_connection *lowered_connection_of(struct lowering *, const struct connection *);

/* ---- lower_task.c, lower_present.c, lower_report.c ---- */
void lower_tasks(struct lowering *);
void lower_statement(struct lowering *, struct statement *s);
uint64_t lower_learnt_in(struct lowering *, const struct block *block); /* learn bits */
bool lower_shows_progress(struct lowering *, const struct for_clause_list *clauses,
                          const struct block *body); /* body: null where each value presents */
/* A loop with counters that draws depend on, whose arrays are given back by each iteration. `body`:
 * its statements; null where it computes values. */
void lower_begin_loop(struct lowering *, struct open_loop *, const struct for_clause_list *clauses,
                      struct ir_node *const *sizes, struct ir_node *end, struct block *body,
                      bool is_parallel);
void lower_end_loop(struct lowering *, struct open_loop *);
bool lower_runs_parallel(struct lowering *, const struct loop_facts *, uint64_t learns,
                         struct span span); /* and says so to -R */

/* ---- lower_yield.c ---- */
struct binding *lower_for(struct lowering *, struct expr *e); /* for … yield */
void lower_yield(struct lowering *, struct statement *s);
void lower_export_loop(struct lowering *, struct statement *s);

const struct symbol *
lower_presented_input(const struct expr *target); /* the input that `to x` or `to x.name` names */
void lower_present(struct lowering *, struct statement *s);
void lower_silence(struct lowering *, int32_t buffer, int32_t size);
/* What was built in the block since `before` (null: all of it) passes no gradient. */
void lower_mark_given(struct lowering *, struct ir_node *before);

/* Events being presented to a layer. */
struct presented_events {
    const struct lowered_layer *layer;
    int32_t data;                 /* buffer of the layer's input */
    int32_t indices, times;       /* buffers of all events of the presentation */
    struct ir_node *count;        /* how many they are */
    struct ir_node *first, *next; /* VAR: those of the step before are first .. next - 1 */
};

/* An array that is presented: which of its axes each axis of the layer is, and which is its time.
 */
struct presented_array {
    struct expr *value;
    const struct lowered_layer *layer;
    int32_t buffer;
    int32_t axis_of[RANK_LIMIT]; /* by axis of the layer; -1: none, its size is 1 */
    int32_t time;                /* -1: held for all steps */
    int32_t samples;             /* which is the sample of a batch; -1 */
    struct ir_node *steps;       /* extent of its time */
};

/* Data that comes step by step. */
struct timed_data {
    ARRAY_STRUCT(, struct presented_array) arrays;
    ARRAY_STRUCT(, struct presented_events) events;
};

void lower_present_input(struct lowering *, const struct presented *input, struct ir_node *end,
                         struct timed_data *timed);
void lower_timed_data(struct lowering *, const struct timed_data *timed, struct ir_node *step);
bool lower_is_samples(const struct axis *axis); /* of data: its samples */
void lower_compute_inputs(struct lowering *, const struct presented_list *inputs);

void lower_list_events(struct lowering *, struct presented_events *events,
                       const struct presented *input, struct ir_node *end);
void lower_step_events(struct lowering *, const struct presented_events *events,
                       struct ir_node *step);
void lower_present_held(struct lowering *, const struct presented *input); /* held data */
void lower_silence_inputs(struct lowering *, struct lowered_network *,
                          const struct presented_list *but);
void lower_enter_present(struct lowering *);
void lower_rest(struct lowering *, struct statement *s);
void lower_reset(struct lowering *, struct statement *s);
void lower_metric(struct lowering *, struct statement *s);
void lower_export(struct lowering *, struct statement *s);
/* The unit that values of this type are shown in, "" if none; to be called right before the call
 * that shows one. */
const char *lower_shown_unit(struct lowering *, const struct type *t);
void lower_plot(struct lowering *, struct statement *s);
void lower_save(struct lowering *, struct statement *s);
struct ir_node *lower_text(struct lowering *, struct expr *e);

#include "ir/lower_continuous.h"
#include "ir/lower_gradient.h"

#endif
