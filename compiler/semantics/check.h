/* SPDX-License-Identifier: MIT
 *
 * What the files of the checker share. Each check_* function annotates what it is given, reports
 * what is wrong with it and goes on; an expression that is wrong gets the type TYPE_ERROR, about
 * which nothing more is said.
 */
#ifndef SNNC_SEMANTICS_CHECK_H
#define SNNC_SEMANTICS_CHECK_H

#include "semantics/infer.h"
#include "semantics/semantics.h"

/* A file and the names its bodies see. */
struct module {
    const char *path;
    struct file *file;
    struct scope *imports;        /* declarations of the modules it uses; parent: the prelude */
    struct scope *scope;          /* its own declarations; parent: imports */
    struct network *only_network; /* its layers are visible in tasks and functions; may be null */
    bool is_main;
    bool is_library; /* of the standard library: only what is used is checked */
};

ARRAY_STRUCT(module_list, struct module *);

enum body_kind {
    BODY_CONSTANT,   /* params, lets, sizes, arguments of models: no draws, no variables */
    BODY_DATA,       /* data pipelines */
    BODY_PERSISTENT, /* initial values of persistents */
    BODY_WEIGHT,     /* weight, bias, delay, pairs(...) of a connection */
    BODY_NEURON,
    BODY_RULE,
    BODY_SURROGATE,
    BODY_OPTIMIZER,
    BODY_FUNC,
    BODY_TASK,
};

/* What is being checked and what may stand there. */
/* The values of a network's layers; see shown.c. */
enum shown_how {
    SHOWN_STATE,
    SHOWN_BATCH,      /* they have the axis `sample` */
    SHOWN_LEFT,       /* unknown: a block that has ended presented something else than a batch, */
    SHOWN_LEFT_BATCH, /* … or a batch */
};

/* A list, the latest first; what is not in it shows its state. */
struct shown {
    struct network *network;
    enum shown_how how;
    const struct shown *older;
};

struct body {
    enum body_kind kind;
    const char *what;                /* "a size", "a param": for messages of BODY_CONSTANT */
    struct layer *layer;             /* NEURON; null when no layer uses the model */
    struct neuron_instance *neuron;  /* NEURON */
    struct connection *connection;   /* WEIGHT, RULE; null when no connection uses the rule */
    struct rule_instance *rule;      /* RULE */
    const struct statement *handler; /* RULE, NEURON: the `on` statement around; null outside */
    struct optimizer_instance *optimizer; /* OPTIMIZER */
    struct function_instance *function;   /* FUNC; TASK: one of its own that nobody calls */
    struct block *block;                  /* FUNC, TASK: the whole body; null for `= e` */
    struct span outermost_loop;  /* FUNC, TASK: the loop around everything; no place outside */
    size_t loop_depth;           /* for break and continue */
    bool is_in_yield_loop;       /* directly in the body of a for ... yield */
    bool is_exported;            /* that loop is the value of an export */
    const struct type *yielded;  /* of the yield seen; null before */
    bool yields_events;          /* that yield gave events */
    const struct expr *yielding; /* what that loop is about to yield; null: it is not exported */
    size_t yield_count;
    struct network *stepping;  /* in the block of a present or rest */
    const struct shown *shown; /* what the values of networks are here */
    bool has_conditional_loop; /* the body of the loop may be left before its yield */
};

/* What a loop body does, collected on the way; see parallel.c. */
struct effect {
    struct symbol *symbol;
    const struct expr *target; /* what is assigned */
    struct span span;
};

ARRAY_STRUCT(effect_list, struct effect);

struct effects {
    struct effects *outer;
    size_t depth;
    bool has_presented;
    struct effect_list assigns;
    struct effect_list presents; /* symbol: the network */
    const char *obstacle; /* the first thing that needs the order of iterations; null if none */
    struct span obstacle_span;
};

struct function_key {
    struct function_instance *instance;
    const struct type **arguments;
    size_t count;
    struct connection *connection; /* for fan_in and fan_out; null elsewhere */
    const struct shown *shown;     /* where it is called */
    const struct shown *shown_end; /* where it ends */
    bool is_in_progress;
};

ARRAY_STRUCT(function_key_list, struct function_key *);

struct checker {
    struct compilation *c;
    struct arena *arena;
    const struct semantics_options *options;
    struct model *model;
    struct module_list modules;
    struct inferences *inferences;
    struct function_key_list functions;
    struct module *module; /* whose names are visible */
    struct scope *scope;   /* innermost */
    struct body *body;
    struct effects *effects; /* null outside of tasks and functions */
    size_t call_depth;
};

/* The part of a checker that a nested body replaces. */
struct checker_state {
    struct module *module;
    struct scope *scope;
    struct body *body;
    struct effects *effects;
};

struct checker_state checker_enter(struct checker *k, struct module *module, struct scope *scope,
                                   struct body *body);
void checker_leave(struct checker *k, struct checker_state state);

/* ---- check.c: modules and declarations ---- */

/* Makes sure that a top-level symbol has its type; reports a declaration that needs itself. */
void check_symbol(struct checker *k, struct symbol *symbol);

struct module *module_of(struct checker *k, const struct declaration *d);

/* Axes as written after a layer, network or persistent; sizes are checked as constants. */
struct axis_list check_axes(struct checker *k, struct axis_spec_list *specs, const char *what);

/* A whole-number constant expression as a size. */
struct size check_size(struct checker *k, struct expr *e, const char *what);

/* Checks `e` as a constant expression in the given scope. */
const struct type *check_constant(struct checker *k, struct scope *scope, struct expr *e,
                                  const char *what);

/* ---- messages.c: shared wording ---- */

const char *check_unit_text(struct checker *k, struct unit u);

/* A note where the unit or the value of `e` comes from, if it has a name. */
void note_origin(struct checker *k, const struct expr *e);
void note_declared(struct checker *k, const struct symbol *symbol);

/* Adds to the messages from `first` on about a body of another file where that is used. `format`
 * has one %s, for the name. */
void note_use(struct checker *k, size_t first, const struct declaration *d, struct span use,
              const char *format, const char *name);

/* "did you mean" over the names in scope; false, as diag_error. */
bool error_unknown_name(struct checker *k, const struct name *name, struct span span);

/* ---- expression.c ---- */

/* Any expression; never null. */
const struct type *check_expr(struct checker *k, struct expr *e);

/* A number (bool, int, real; scalar or array) or error; `what` says what it is: "the duration". */
const struct type *check_number(struct checker *k, struct expr *e, const char *what);
const struct type *check_scalar(struct checker *k, struct expr *e, const char *what);
const struct type *check_condition(struct checker *k, struct expr *e);
bool check_string(struct checker *k, struct expr *e, const char *what);

/* A scalar of the given unit. */
const struct type *check_unit(struct checker *k, struct expr *e, struct unit unit,
                              const char *what);

/* Reports when the unit of the checked `e` does not fit. */
bool require_unit(struct checker *k, const struct expr *e, struct unit unit, const char *what);

/* Axes of an elementwise operation. False after reporting. */
bool join_axes(struct checker *k, const struct expr *left, const struct expr *right,
               struct span span, struct axis_list *result);

/* The type of a value that is one or the other (if, several yields); reports if impossible. */
const struct type *join_types(struct checker *k, const struct expr *left, const struct expr *right,
                              struct span span);

/* Checked synthetic expressions for sizes. */
struct size size_apply(struct checker *k, enum binary_op op, struct size a, struct size b);
struct size size_floor(struct checker *k, struct size size);
struct expr *size_expr(struct checker *k, struct size size);

/* ---- name.c, field.c, index.c ---- */

const struct type *check_name(struct checker *k, struct expr *e);
const struct type *check_field(struct checker *k, struct expr *e);
const struct type *check_index(struct checker *k, struct expr *e);

/* Finds a name for a body; null if unknown. */
struct symbol *find_name(struct checker *k, const struct name *name);

/* Enters a declared name into the innermost scope; reports one that hides another. */
void declare(struct checker *k, struct symbol *symbol);

/* ---- loop.c: variables of loops, comprehensions, indexed lets and assignments ---- */

/* Declares the variables of clauses in the innermost scope. `searched` (may be null) are the
 * expressions in which the domain of a clause without `in` is looked for. */
void check_clauses(struct checker *k, struct for_clause_list *clauses, struct expr **searched,
                   size_t searched_count);

/* Appends the axis, or axes, that a result gets from a loop variable. */
/* Of the value of a loop variable; of samples: their position. */
const struct type *clause_value_type(struct checker *k, const struct for_clause *clause);
void clause_axes(struct checker *k, const struct for_clause *clause, struct axis_list *axes);

const struct type *check_comprehension(struct checker *k, struct expr *e);

/* mean(a) of a whole, checked array. */
const struct type *check_reduction_of_array(struct checker *k, struct expr *e,
                                            const struct builtin *builtin, struct expr *array);
const struct type *check_yield_loop(struct checker *k, struct expr *e);

/* ---- event_stage.c ---- */

/* Checks the call and makes `set` what comes out of it; false after reporting. */
bool check_event_stage(struct checker *k, struct expr *e, struct dataset *set);

/* ---- call.c, arguments.c, function.c, data.c ---- */

const struct type *check_call(struct checker *k, struct expr *e);
const struct type *check_pipe(struct checker *k, struct expr *e);

/* A call of `builtin` with the arguments of `list`, of which `first` (may be null) comes first. */
const struct type *check_builtin_call(struct checker *k, struct expr *e,
                                      const struct builtin *builtin, struct expr *first,
                                      const struct argument_list *list);

/* Puts arguments in the order of a builtin's formals; false after reporting. */
bool bind_builtin(struct checker *k, struct expr *e, const struct builtin *builtin,
                  struct expr *first, const struct argument_list *list);

const struct type *check_function_call(struct checker *k, struct expr *e, struct symbol *symbol,
                                       struct expr *first, const struct argument_list *list);

/* Is a checked argument among the choices of its formal? False after reporting. */
bool check_choice(struct checker *k, const struct formal *formal, const struct expr *value);

/* Puts arguments in the order of formals: null where left out. False after reporting. */
bool bind_arguments(struct checker *k, struct span span, const char *what, const struct name *name,
                    const struct declaration *declaration, const struct formal_list *formals,
                    struct expr *first, const struct argument_list *list, struct expr **bound);

/* Checks functions that nobody calls for the mistakes that show without arguments. */
void check_function_names(struct checker *k, struct symbol *symbol);

const struct type *check_data_call(struct checker *k, struct expr *e);
const struct type *dataset_field_type(struct checker *k, struct expr *e, const struct type *object);
const struct type *sample_field(struct checker *k, struct expr *e, const struct type *object);

/* ---- shown.c ---- */
enum shown_how shown_of(const struct shown *, const struct network *);
void shown_set(struct checker *, struct network *, enum shown_how);
bool shown_equal(const struct shown *, const struct shown *);
/* Behind a block, or a call, that began with `outer` and ended with `inner`. */
void shown_leave(struct checker *, const struct shown *inner, const struct shown *outer);

/* ---- statement.c, task.c ---- */

void check_block(struct checker *k, struct block *block); /* in a scope of its own */
void check_statement(struct checker *k, struct statement *s);
void check_task_statement(struct checker *k, struct statement *s);
bool check_label(struct checker *k, struct expr *label); /* a whole number? */
void check_let(struct checker *k, struct statement *s);
void check_assign(struct checker *k, struct statement *s);
void check_task(struct checker *k, struct declaration *d);
void check_model_statement(struct checker *k, struct statement *s);

/* The type of a variable or state from what is written after it (may be null) and its checked
 * initial value (may be null, not both). Reports a value that does not fit. */
const struct type *declared_type(struct checker *k, struct symbol *symbol,
                                 const struct type_ref *ref, const struct expr *value);

/* ---- model.c, rule.c, network.c, topology.c, window.c, order.c ---- */

/* Formals of a model or rule as symbols with types; arguments were bound in the caller's scope. */
void declare_parameters(struct checker *k, struct scope *scope, struct formal_list *formals,
                        struct expr **arguments, struct symbol_list *out, struct layer *layer,
                        struct connection *connection, struct rule_instance *rule);

/* M or M(args): the symbol of the model and its arguments in the order of the formals, null where
 * left out. Null after reporting. */
struct symbol *check_model_use(struct checker *k, struct expr *e, enum symbol_kind kind,
                               const char *what, struct expr ***bound);

/* State of a neuron, rule or optimizer: real unless declared otherwise. */
const struct type *state_type(struct checker *k, struct symbol *symbol, struct statement *s);
void check_bounds(struct checker *k, const struct bounds *bounds, struct unit unit);
void check_ode(struct checker *k, struct statement *s);
void check_rule_statement(struct checker *k, struct statement *s);

struct neuron_instance *check_neuron(struct checker *k, struct layer *layer, struct expr *model);
void check_neuron_unused(struct checker *k, struct declaration *d);
void check_surrogate_unused(struct checker *k, struct declaration *d);
void check_optimizer_unused(struct checker *k, struct declaration *d);
/* What stands for the derivative of a spike, as a function of `x`; null after an error. */
struct function_instance *check_surrogate_use(struct checker *k, struct expr *e);
struct optimizer_instance *check_optimizer_use(struct checker *k, struct expr *e);

void check_rule(struct checker *k, struct connection *connection, struct expr *e);
void check_rule_unused(struct checker *k, struct declaration *d);

void check_network(struct checker *k, struct symbol *symbol);
void check_topology(struct checker *k, struct connection *connection);
struct axis_list topology_axes(struct checker *k, struct connection *connection,
                               struct axis_list source);
/* Of conv, local and pools: the axes they make of stage->from, none after reporting; then, once
 * stage->axes is set, where its axes are and those of its weights. */
bool stage_is_window(const struct topology_stage *stage);
struct axis_list window_axes(struct checker *k, struct topology_stage *stage);
void window_finish(struct checker *k, struct topology_stage *stage);
void order_layers(struct checker *k, struct network *network);

/* ---- parallel.c: what loops do, and whether their iterations may run side by side ---- */

void effects_assign(struct checker *k, struct symbol *symbol, const struct expr *target,
                    struct span span);
void effects_obstacle(struct checker *k, const char *what, struct span span);
void effects_present(struct checker *k, struct network *network, const struct expr *target,
                     bool keeps_state, struct span span);
void effects_call(struct checker *k, const struct function_instance *f, struct span span);
struct effects *effects_enter(struct checker *k, struct effects *storage);
struct loop_facts *effects_leave(struct checker *k, struct effects *effects, struct span loop,
                                 const struct for_clause_list *clauses, bool is_promised);

#endif
