/* SPDX-License-Identifier: MIT
 *
 * What checking gives to lowering: the tree with its annotations, and the program model, in which
 * models are instantiated per layer, rules per connection and functions per tuple of argument
 * types. Each instance owns a copy of the body with annotations of its own, so that units and axes
 * may differ from use to use.
 *
 * On every expression of a body in this model: `type` (never null), `symbol` (of names and fields;
 * of a[i] that of a; of calls the func, null for a builtin), `constant` (in base units, where
 * known), `target` (of calls, comprehensions, pipes, and names or fields that call without brackets
 * such as set.shuffled). When semantics_check returned true, no annotation is TYPE_ERROR.
 */
#ifndef SNNC_SEMANTICS_SEMANTICS_H
#define SNNC_SEMANTICS_SEMANTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compilation.h"
#include "semantics/builtins.h"
#include "semantics/evaluate.h"
#include "semantics/scope.h"
#include "semantics/types.h"
#include "semantics/units.h"
#include "syntax/ast.h"

/* ---- calls ---------------------------------------------------------- */

enum call_kind {
    CALL_BUILTIN,
    CALL_FUNCTION,
};

/* What a call (or comprehension) does: arguments in the order of the formals. */
struct call_target {
    enum call_kind kind;
    const struct builtin *builtin;      /* BUILTIN */
    struct function_instance *function; /* FUNCTION */
    struct expr **arguments; /* null where an optional one of a builtin was left out; a function's
                                defaults are filled in. Comprehension: the keys */
    size_t count;            /* entries of arguments; more than the formals if the last repeats */
};

/* A func for one tuple of argument types; also surrogates and other pure functions. */
struct function_instance {
    struct declaration *declaration;
    struct symbol_list formals; /* SYMBOL_FORMAL with types; `value` null: bound per call */
    struct expr *value;         /* func f(x) = e; null for a block */
    struct block *body;         /* null for = e */
    struct symbol *distance;    /* `x`, of a surrogate */
    const struct type *result;  /* TYPE_NONE without `return` of a value */
    bool is_procedure;          /* presents, learns, logs, assigns to what outlives it ... directly
                                   or through calls */
    bool learns;                /* contains `learn` or `descend`, directly or through calls */
    bool keeps_state; /* a `present … keeping state` or `rest` of state that was there before it was
                         called */
    bool draws;
    bool logs; /* log, report, save, load, export, plot */
    struct symbol_list
        assigns;   /* persistents, parameters, weights ... it assigns, calls included */
    size_t number; /* in model->functions; unique */
};

ARRAY_STRUCT(function_list, struct function_instance *);

/* An optimizer with its arguments, of one `descend`. */
struct optimizer_instance {
    struct declaration *declaration;
    struct symbol_list parameters;    /* formals; `value` = argument or default, evaluated by each
                                         `descend` */
    struct symbol_list states;        /* SYMBOL_OPTIMIZER_STATE in order, one value a weight */
    struct symbol *weight, *gradient; /* `w` and `grad` in the body */
    struct symbol *norm;              /* `grad_norm` */
    struct block *body;               /* one update of a weight */
};

/* ---- loops ---------------------------------------------------------- */

/* Of a `for … yield`, a `parallel for`, and of what computes many values: a comprehension, an
 * indexed let or assignment. Null for other loops. */
struct loop_facts {
    bool is_parallel;
    const char *reason;      /* why not, for -R; null if parallel */
    struct span reason_span; /* what is in the way */
};

/* ---- neurons -------------------------------------------------------- */

/* A neuron model with its arguments, of one layer. */
struct neuron_instance {
    struct declaration *declaration;
    struct symbol_list
        parameters; /* formals, a base's after the model's own; `value` = argument or default */
    struct symbol_list inputs;  /* SYMBOL_INPUT in order of declaration */
    struct symbol_list states;  /* SYMBOL_STATE in order, persistent ones too (statement->state) */
    struct statement_list body; /* of the bases, outermost first, then its own */
    struct statement *spike;    /* when / with chance / at; null if none */
    bool emits;                 /* has `emit`: sends numbers instead of spikes */
    struct unit emit_unit;
    bool reads_since, reads_fired, reads_spiked, reads_last_event;
};

struct layer {
    const struct name *name;
    struct symbol *symbol;
    struct statement *statement;
    struct network *network;
    struct axis_list axes; /* of the layer itself; sizes are constant expressions */
    struct neuron_instance *model;
    size_t number; /* in network->layers */
};

ARRAY_STRUCT(layer_list, struct layer *);

/* ---- rules and connections ------------------------------------------ */

/* One rule of one connection. */
struct rule_instance {
    struct declaration *declaration;
    const struct name *name; /* of the rule */
    struct symbol *symbol;   /* SYMBOL_RULE_INSTANCE */
    struct connection *connection;
    struct symbol_list parameters; /* formals; `value` = argument or default */
    struct symbol_list
        states; /* SYMBOL_RULE_STATE in order; owner and persistence in statement->state */
    struct symbol *weight; /* SYMBOL_VARIABLE w */
    struct block *body;
    bool is_unbounded;
    bool is_batch_mean;
    bool has_end_label; /* on end(label): needs `teach` */
};

ARRAY_STRUCT(rule_list, struct rule_instance *);

/* Which of a list of axes a window moves along, and which one holds its channels. */
struct window_places {
    int y, x, channel; /* channel: -1 if there is none */
};

/* One stage of `via a |> b`. */
struct topology_stage {
    const struct builtin *builtin;
    struct expr *expr;     /* the call; its target has the arguments */
    struct axis_list from; /* what enters this stage */
    struct axis_list axes; /* what leaves it */
    /* conv, local and pools only: */
    struct window_places in, out;
    struct size kernel, stride, padding, groups;
    struct axis_list weights, bias; /* axes of these; empty for pools */
};

ARRAY_STRUCT(topology_stage_list, struct topology_stage);

struct connection {
    const struct name *name; /* as written, or source_target, with _2, _3 … if taken */
    struct symbol *symbol;
    struct statement *statement;
    struct network *network;
    struct layer *source;
    struct symbol
        *source_field; /* a state named as source, or null: spikes, or what the layer emits */
    struct layer *target;
    struct symbol *slot; /* SYMBOL_INPUT or SYMBOL_STATE of the target that it adds to */
    struct topology_stage_list topology;
    const struct builtin
        *kind;           /* of the stage with weights: dense, one_to_one ...; null: pools only */
    size_t weighted;     /* that stage; topology.count if there is none */
    struct expr *weight; /* initial; null: 1 in the unit of the slot */
    struct expr *low, *high; /* bounds; null if none */
    struct expr *bias;       /* may be null */
    struct expr *delay;      /* may be null; time */
    struct expr *lag;        /* may be null; whole steps. The network's lag holds, too */
    bool weight_is_uniform;  /* one value for all synapses: depends on no draw, pre, post */
    bool delay_is_uniform;
    bool reads_fan_in; /* the weight or the delay does */
    bool learns_gradient;
    struct rule_list rules;
    struct unit unit;          /* of the weight */
    struct symbol *pre, *post; /* SYMBOL_VARIABLE in weight, delay, pairs(...) */
    size_t number;             /* in network->connections */
};

ARRAY_STRUCT(connection_list, struct connection *);

/* ---- networks, data, tasks ------------------------------------------ */

struct network {
    const struct name *name;
    struct symbol *symbol;
    struct declaration *declaration;
    struct axis_list axes;    /* an array of networks; empty for one */
    struct layer_list layers; /* as declared */
    struct layer_list order;  /* as they run in a step */
    struct connection_list connections;
    struct expr *step;  /* null: continuous */
    struct expr *lag;   /* `lag 1 step` of the network; null: none */
    struct expr *until; /* time continuous until e; may be null */
    bool is_continuous;
    struct unit time_unit; /* of step, dt, t: ms or none */
    struct scope *scope;   /* layers and connections by name */
};

ARRAY_STRUCT(network_list, struct network *);

/* The checked program. All lists are in the order in which their values can be computed: what an
 * entry uses comes before it (params and lets), otherwise as declared, used modules first. */
struct model {
    struct file *file;              /* the main file */
    struct symbol_list params;      /* declaration->param; type, constant default if known */
    struct symbol_list constants;   /* top-level lets; declaration->let */
    struct symbol_list data;        /* declaration->data */
    struct symbol_list persistents; /* declaration->persistent; type has the axes */
    struct network_list networks;
    struct function_list functions; /* instances, callees first */
    struct symbol_list tasks;       /* declaration->task; of the main file only */
};

/* Modules that every program has without a `use`. */
#define SEMANTICS_PRELUDE "encode", "init"

struct semantics_options {
    const char *stdlib_folder;          /* where `use std.x` finds x.snn; null: none is found */
    const char *const *include_folders; /* of `use "x.snn"`, after the folder of the user */
    int include_folder_count;
};

/* How many of an array's axes, from `position` on, an index stands for: all axes of a layer where
 * it is a variable that runs over its neurons. */
size_t index_axes(const struct expr *index, const struct axis_list *axes, size_t position);

/* Stages that leave a number at the place where one entered: dropout, batch_norm. */
bool stage_is_elementwise(const struct topology_stage *stage);

/* Axes of what batch_norm keeps: the channels, or all axes where there are none. */
struct axis_list stage_channels(struct arena *arena, const struct topology_stage *stage);

/* Do none but such stages follow stage i, so that what leaves it has the places of the target? */
bool stage_reaches_target(const struct connection *connection, size_t i);

/* Checks a parsed file and what it uses. Reports all errors; false if there were any (then the
 * model is not to be used). `*model` is never null. */
bool semantics_check(struct compilation *c, struct file *file,
                     const struct semantics_options *options, struct model **model);

/* Is this a stage of events, where `set` goes into it? */
bool is_event_stage(enum builtin_id id, const struct dataset *set);

#endif
