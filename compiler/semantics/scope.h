/* SPDX-License-Identifier: MIT
 *
 * Symbols, what names stand for, and scopes, tables of them that nest.
 */
#ifndef SNNC_SEMANTICS_SCOPE_H
#define SNNC_SEMANTICS_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compilation.h"
#include "base/suggest.h"
#include "semantics/evaluate.h"
#include "semantics/types.h"
#include "syntax/ast.h"

enum symbol_kind {
    SYMBOL_ERROR,
    /* top level: declaration */
    SYMBOL_PARAM,
    SYMBOL_LET, /* a top-level constant */
    SYMBOL_PERSISTENT,
    SYMBOL_DATA,
    SYMBOL_FUNC,
    SYMBOL_NEURON,
    SYMBOL_RULE,
    SYMBOL_SURROGATE,
    SYMBOL_OPTIMIZER,
    SYMBOL_NETWORK,
    SYMBOL_TASK,
    /* in bodies */
    SYMBOL_FORMAL,     /* of a func, model, rule ...; value: the bound argument or default */
    SYMBOL_LOCAL,      /* let */
    SYMBOL_INDEX,      /* variable of a loop or comprehension; domain */
    SYMBOL_LABEL,      /* label of on end(label) */
    SYMBOL_INPUT,      /* of a neuron; statement, layer */
    SYMBOL_STATE,      /* state or persistent of a neuron; statement, layer */
    SYMBOL_RULE_STATE, /* pre, post or synapse state of a rule; statement, connection, rule */
    SYMBOL_OPTIMIZER_STATE,
    SYMBOL_LAYER,
    SYMBOL_CONNECTION,
    SYMBOL_RULE_INSTANCE, /* xw.stdp */
    SYMBOL_VARIABLE,      /* built in; variable */
    SYMBOL_FIELD,         /* built in, after a dot; field */
    SYMBOL_AXIS,          /* exc.neuron, class in `over post[class]`: the index range of an axis */
    SYMBOL_DATA_FIELD,    /* s.image, or image within where(...); data_field */
};

/* Names that are simply there in some bodies. */
enum builtin_variable {
    VARIABLE_DT,         /* neurons, rules, bodies of present */
    VARIABLE_T,          /* neurons, rules, bodies of present: time in this presentation */
    VARIABLE_SPIKED,     /* neurons: own spike of the previous step */
    VARIABLE_FIRED,      /* neurons: spiked since the reset */
    VARIABLE_SINCE,      /* neurons: time since the last spike */
    VARIABLE_LAST_EVENT, /* neurons in continuous time: nothing reaches the layer after this */
    VARIABLE_LEARNING,   /* neurons, rules */
    VARIABLE_DURATION,   /* rules: of the present */
    VARIABLE_WEIGHT,     /* w: rules, optimizers */
    VARIABLE_PRE,        /* rules, topologies, weights and delays; type LAYER */
    VARIABLE_POST,
    VARIABLE_GRAD,      /* optimizers */
    VARIABLE_GRAD_NORM, /* the length of the gradient of everything that learns */
    VARIABLE_DISTANCE,  /* x: surrogates */
    VARIABLE_FAN_IN,  /* weights, biases and functions called there: synapses onto a neuron, int */
    VARIABLE_FAN_OUT, /* synapses of a source neuron, int */
};

/* What can be asked of layers, connections, data sets after a dot and is not declared by the user.
 */
enum builtin_field {
    FIELD_COUNT,    /* layer: spikes since the start of the presentation, int */
    FIELD_SPIKES,   /* layer: bool [time, axes] */
    FIELD_TRACE,    /* layer: trace.v */
    FIELD_TRACED,   /* layer.trace.v: real [time, axes]; state: the symbol recorded */
    FIELD_TIME,     /* layer: first spike, `duration` if silent */
    FIELD_LAST,     /* layer: last spike */
    FIELD_FIRED,    /* layer: bool */
    FIELD_EMITTED,  /* layer: what it emits, in this step; also `spikes` of the step as `spiked` */
    FIELD_SPIKED,   /* layer: spiked in this step (bodies of present), bool */
    FIELD_POSITION, /* pre.y within pairs(...), weights, delays: the index along the axis; position
                     */
    FIELD_WEIGHT,   /* connection: weight, w */
    FIELD_BIAS,     /* connection */
    FIELD_DELAY,    /* connection */
    FIELD_NORM,     /* connection with batch_norm: gain, shift, mean, variance; position */
    FIELD_TRAIN,    /* data sets */
    FIELD_VAL,
    FIELD_TEST,
    FIELD_CLASSES,
    FIELD_INPUTS,   /* of event sets: how many inputs */
    FIELD_MAX_TIME, /* of event sets: the largest time */
    FIELD_INDEX,    /* sample, set: place in the set first declared as */
    FIELD_RECORD,   /* field of a record; position */
};

enum domain_kind {
    DOMAIN_RANGE,   /* expr is an EXPR_RANGE, or an expression of TYPE_RANGE (an axis) */
    DOMAIN_EXTENT,  /* 0 ..< the extent of dimension `position` of the array or layer `expr` */
    DOMAIN_NEURONS, /* all neurons of the layer `expr`, by flat index: `for i in pre` */
    DOMAIN_SAMPLES, /* the samples of the data set expr; with `by` (or expr of TYPE_BATCHES): data
                       sets */
    DOMAIN_ITEMS,   /* the elements of the array expr */
    DOMAIN_LAYER, /* for layer: all neurons of the layer whose body it is; the variable has no name
                   */
};

struct domain {
    enum domain_kind kind;
    const struct expr *expr; /* null for DOMAIN_LAYER */
    size_t position;
    const struct expr *by; /* size of the batches, or steps of a range; may be null */
    struct axis axis;      /* the axis that a result gets from it */
    struct axis_list axes; /* counts.neuron of [sample, y, x]: a flat index over several axes, all
                              of which a result gets; empty for one */
};

struct symbol {
    enum symbol_kind kind;
    const struct name *name;
    struct span span; /* where it is declared; no place when built in */
    const struct type *type;
    const struct constant *constant; /* may be null */

    struct declaration *declaration; /* top level */
    struct statement *statement;     /* local, input, state, layer, connection */
    struct expr *value; /* formal: argument or default; let, local, state, persistent: initial
                           value; may be null */
    struct scope *value_scope; /* formals: where `value` was written (checker's own) */
    struct domain domain;      /* index */
    enum builtin_variable variable;
    enum builtin_field field;
    size_t position; /* POSITION, RECORD, AXIS: which axis; formal: which */
    const struct dataset_field *data_field;
    const struct symbol *state;      /* FIELD_TRACED: the state */
    struct function_instance *slope; /* formal of a model: the surrogate that it stands for; null */

    struct network *network;       /* network; owner of layer and connection */
    struct layer *layer;           /* layer; owner of input, state, formal; null if none */
    struct connection *connection; /* connection; owner of rule state and formal; null if none */
    struct rule_instance *rule;    /* rule state, formal of a rule, rule instance; null if none */

    struct module *module; /* top level: the file that declares it; checker's own */
    size_t depth;          /* how many loops are around its declaration; checker's own */
    bool is_in_progress;   /* its declaration is being checked */
    bool is_adaptable;   /* no type was written and the initial value is a constant: see infer.h */
    struct span context; /* of the layer or connection that it belongs to, for infer.h */

    bool is_assigned;   /* by some statement after its declaration */
    bool is_per_neuron; /* formal of a model: some task sets it with an index */
    bool is_read;
    bool is_traced; /* state: recorded as exc.trace.v somewhere */
    bool is_learnt; /* persistent state: some task says learn */

    struct binding *binding; /* lowering's own: what it is in the program IR; null before */
};

ARRAY_STRUCT(symbol_list, struct symbol *);

struct scope {
    struct scope *parent; /* may be null */
    struct symbol_list symbols;
};

struct scope *scope_new(struct arena *arena, struct scope *parent);
struct symbol *symbol_new(struct arena *arena, enum symbol_kind kind, const struct name *name,
                          struct span span);

/* In this scope only; null if absent. */
struct symbol *scope_find_here(const struct scope *scope, const struct name *name);

/* Here or in an enclosing scope; null if absent. */
struct symbol *scope_find(const struct scope *scope, const struct name *name);

void scope_add(struct arena *arena, struct scope *scope, struct symbol *symbol);

/* Offers all visible names. */
void scope_suggest(const struct scope *scope, struct suggestion *suggestion);

/* The events of a sample? They are presented one by one; `symbol` may be null. */
bool symbol_is_events(const struct symbol *symbol);

/* "a parameter", "an input": for messages. */
const char *symbol_kind_text(enum symbol_kind kind);

#endif
