/* SPDX-License-Identifier: MIT
 *
 * Types of expressions. A number has a scalar kind, a unit and named axes (none: a scalar). Layers,
 * connections and networks are arrays, too: their axes are those not yet indexed, so that
 * `post[c, m].time` is the field of one neuron and `place.exc.count` has the axes [module, neuron].
 *
 * Rules for numbers: bool < int < real32 < real64. A *constant* depends only on literals, params,
 * top-level lets, parameters of models and rules, and facts of data sets (classes, axes). A
 * constant real has the kind TYPE_REAL64 and is evaluated in float64; meeting a real32 that is not
 * constant, it is rounded to it (type_join). So `is_constant` never widens a float32 computation.
 */
#ifndef SNNC_SEMANTICS_TYPES_H
#define SNNC_SEMANTICS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compilation.h"
#include "semantics/units.h"
#include "syntax/ast.h"

struct connection;
struct dataset;
struct layer;
struct network;
struct rule_instance;

enum type_kind {
    TYPE_ERROR, /* already reported; accepted silently everywhere */
    TYPE_NONE,  /* no value: a procedure, a statement */
    TYPE_BOOL,
    TYPE_INT, /* int64 */
    TYPE_REAL32,
    TYPE_REAL64,
    TYPE_STRING,
    TYPE_RANGE,      /* 0 ..< n, exc.neuron: integers to loop over; axes[0] is its axis */
    TYPE_DATASET,    /* an ordered set of samples; dataset */
    TYPE_SAMPLE,     /* one of them */
    TYPE_BATCHES,    /* a data set cut into batches: a loop over it gives data sets */
    TYPE_NETWORK,    /* network; axes of an array of networks */
    TYPE_LAYER,      /* layer; axes: of its network array, then its own */
    TYPE_TRACE,      /* exc.trace: its fields are recordings of the layer's states */
    TYPE_CONNECTION, /* connection; axes of its network array */
    TYPE_RULE,       /* xw.stdp; rule; axes of its network array */
    TYPE_RECORD,     /* argmax over several variables: axes[i].name are its int fields */
    TYPE_FUNCTION,   /* a func, model, rule, builtin: can be called, is no value */
    TYPE_TOPOLOGY,   /* dense, conv(12): what follows `via` */
    TYPE_FIGURE,     /* what can be plotted */
};

enum size_kind {
    SIZE_UNKNOWN,    /* known when the program runs */
    SIZE_CONSTANT,   /* value */
    SIZE_EXPRESSION, /* expr: a checked whole-number constant expression (over params and the like)
                      */
};

struct size {
    enum size_kind kind;
    int64_t value;
    const struct expr *expr;
};

struct axis {
    const struct name *name; /* null: unnamed (a list), fits every name */
    struct size size;
};

ARRAY_STRUCT(axis_list, struct axis);

struct type {
    enum type_kind kind;
    bool is_constant; /* see above; of bool, int, real, string */
    struct unit unit; /* of real */
    struct axis_list axes;
    const struct dataset *dataset; /* DATASET SAMPLE BATCHES */
    struct network *network;       /* NETWORK */
    struct layer *layer;           /* LAYER TRACE; null for the `post` of an uninstantiated rule */
    struct connection *connection; /* CONNECTION RULE */
    struct rule_instance *rule;    /* RULE */
    const struct for_clause_list
        *variables; /* RECORD: whose values its fields are, named by axes */
};

/* A field of the samples of a data set: image, label, events ... */
struct dataset_field {
    const struct name *name;
    const struct type *type; /* of one sample; real32, int or bool with axes */
    bool is_events;          /* spikes in time, to be presented; its axes are those of its inputs */
};

ARRAY_STRUCT(dataset_field_list, struct dataset_field);

enum dataset_part {
    DATASET_TRAIN = 1,
    DATASET_VAL = 2,
    DATASET_TEST = 4,
};

struct dataset {
    struct dataset_field_list fields; /* without `index`, which all have */
    unsigned parts;    /* enum dataset_part: what must be chosen from before samples are; 0: none */
    bool may_be_whole; /* the file decides whether there are parts, nothing needs to be chosen */
    struct size classes;   /* of the field `label` */
    struct size count;     /* samples */
    bool is_events;        /* the samples are event streams with a time axis, */
    struct unit time_unit; /* whose times have this unit */
    struct symbol *data; /* the `data` declaration it came from; null for an expression in a task */
};

bool type_is_number(const struct type *t); /* bool, int, real; scalar or array */
bool type_is_scalar(const struct type *t); /* a number without axes */
bool type_is_real(const struct type *t);
bool type_is_error(const struct type *t);

/* Has the set parts, one of which must be chosen before its samples can be looked at? */
bool dataset_needs_part(const struct dataset *set);

const struct type *type_error(void);
const struct type *type_new(struct arena *arena, enum type_kind kind);
const struct type *type_real(struct arena *arena, struct unit unit); /* real32 */
const struct type *type_with_axes(struct arena *arena, const struct type *t, struct axis_list axes);
const struct type *type_element(struct arena *arena, const struct type *t); /* without axes */
const struct type *type_with_unit(struct arena *arena, const struct type *t, struct unit unit);
const struct type *type_variable(struct arena *arena,
                                 const struct type *t); /* not constant: const real -> real32 */

/* The scalar kind in which two numbers meet: see the rules above. */
enum type_kind type_join_kind(const struct type *a, const struct type *b);

/* Equal to the last bit: the key of function instances. */
bool type_equal(const struct type *a, const struct type *b);

/* "a whole number", "a quantity in mV", "an array [neuron: n]", "a data set". */
const char *type_text(struct arena *arena, const struct type *t);

/* "[y: 28, x: 28]" */
const char *axes_text(struct arena *arena, const struct axis_list *axes);

struct size size_unknown(void);
struct size size_constant(int64_t value);
bool size_is_whole(double value);               /* and fits in 64 bits */
struct size size_of_expr(const struct expr *e); /* checked, constant; folds */
const char *size_text(struct arena *arena, struct size size);

enum size_relation {
    SIZE_EQUAL,
    SIZE_DIFFERENT,
    SIZE_MAYBE, /* only the running program can tell: lowering inserts a check */
};

enum size_relation size_compare(struct size a, struct size b);

/* Are two checked expressions the same by structure? */
bool expr_equal(const struct expr *a, const struct expr *b);

#endif
