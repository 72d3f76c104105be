/* SPDX-License-Identifier: MIT
 *
 * The syntax tree: three tagged unions, struct declaration, struct statement
 * and struct expr, of which `kind` says which member is valid. The parser
 * fills everything but the fields under "semantics", which are null before
 * checking and are filled once. All nodes live in the arena of the
 * compilation. "May be null" is said where it holds; other pointers never are.
 */
#ifndef SNNC_SYNTAX_AST_H
#define SNNC_SYNTAX_AST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/array.h"
#include "base/names.h"
#include "base/source.h"

struct call_target; /* semantics/semantics.h */
struct constant;    /* semantics/evaluate.h */
struct expr;
struct function_instance;  /* semantics/semantics.h */
struct loop_facts;         /* semantics/semantics.h */
struct network;            /* semantics/semantics.h */
struct optimizer_instance; /* semantics/semantics.h */
struct scope;              /* semantics/scope.h */
struct statement;
struct symbol; /* semantics/scope.h */
struct type;   /* semantics/types.h */

ARRAY_STRUCT(expr_list, struct expr *);
ARRAY_STRUCT(statement_list, struct statement *);

/* ---- parts shared by several nodes ---------------------------------- */

/* A name where it is declared or referred to. `name` is null where it was left out. */
struct identifier {
    const struct name *name;
    struct span span;
};

ARRAY_STRUCT(identifier_list, struct identifier);

/* One factor of a unit: ms, s^2, 1/mV (power -1). */
struct unit_factor {
    const struct name *name; /* a word of unit_names.def */
    int power;
    struct span span;
};

/* ms, [mV/ms], [1]: the product of the factors; no factor means dimensionless. */
struct unit_ref {
    struct span span;
    struct unit_factor *items;
    size_t count;
    size_t capacity;
};

enum scalar_word {
    SCALAR_UNSAID,  /* : mV        no word: float32, or from the value */
    SCALAR_FLOAT32, /* : float32 */
    SCALAR_FLOAT64, /* : float64 mV */
    SCALAR_INT,     /* : int */
    SCALAR_BOOL,    /* : bool */
};

/* What follows a colon: `: mV`, `: float64 [mV/ms]`, `: int`. */
struct type_ref {
    struct span span;
    enum scalar_word scalar;
    struct unit_ref *unit; /* may be null: unsaid */
};

/* `name = value` or `value` among the arguments of a call. */
struct argument {
    struct identifier name; /* name.name null: by position */
    struct expr *value;
};

ARRAY_STRUCT(argument_list, struct argument);

/* `i in s`, `i in s by k`, or `i` alone: domain null. Alone it is either an index whose domain
 * follows from what it indexes, or the word in `sum(v for layer)`; semantics tells them apart. */
struct for_clause {
    struct span span;
    struct identifier variable;
    struct expr *domain;   /* may be null */
    struct expr *by;       /* may be null */
    struct symbol *symbol; /* semantics: the variable */
};

ARRAY_STRUCT(for_clause_list, struct for_clause);

enum axis_kind {
    AXIS_NAMED,  /* channel: 12 */
    AXIS_PLAIN,  /* n             short for `neuron: n` */
    AXIS_SPREAD, /* y.axes        all axes of layer y; value is `y` */
};

struct axis_spec {
    enum axis_kind kind;
    struct span span;
    struct identifier name; /* AXIS_NAMED only */
    struct expr *value;     /* the size, or the layer whose axes are taken */
};

ARRAY_STRUCT(axis_spec_list, struct axis_spec);

/* A formal parameter of a func, neuron, rule, surrogate or optimizer: `tau: ms = 20 ms`,
 * `reset in {"zero", "none"} = "zero"`. */
struct formal {
    struct span span;
    struct identifier name;
    struct type_ref *type;    /* may be null */
    struct expr_list choices; /* texts that it may be; may be empty */
    struct expr *value;       /* the default; may be null */
    struct symbol *symbol;    /* semantics */
};

ARRAY_STRUCT(formal_list, struct formal);

/* `in low .. high`; both null where there are no bounds. */
struct bounds {
    struct expr *low;
    struct expr *high;
};

/* { statements } */
struct block {
    struct span span;
    struct statement_list statements;
    struct scope *scope; /* semantics */
};

/* ---- expressions ---------------------------------------------------- */

enum expr_kind {
    EXPR_ERROR,         /* what recovery left; already reported, accept silently */
    EXPR_NUMBER,        /* 12   0.5   100 ms   0.1 [mV/ms] */
    EXPR_INF,           /* inf */
    EXPR_BOOL,          /* true false */
    EXPR_STRING,        /* "epoch{epoch}" */
    EXPR_NAME,          /* x */
    EXPR_FIELD,         /* a.b */
    EXPR_INDEX,         /* a[i, 0 ..< 5] */
    EXPR_CALL,          /* f(x, k = 3)   s.sample(3) */
    EXPR_COMPREHENSION, /* mean(e for j in s, k in t if c) */
    EXPR_UNARY,         /* -a   not a */
    EXPR_BINARY,        /* a + b   a == b   a and b */
    EXPR_RANGE,         /* a .. b   a ..< b */
    EXPR_IF,            /* if c then a else b */
    EXPR_LIST,          /* [0, 5, 10] */
    EXPR_PIPE,          /* a |> f(3) */
    EXPR_FOR, /* for s in set { ...; yield e }   as the value of let, =, return, log, report, export
               */
};

enum unary_op {
    UNARY_MINUS, /* -a */
    UNARY_NOT,   /* not a */
};

enum binary_op {
    BINARY_ADD,           /* a + b */
    BINARY_SUBTRACT,      /* a - b */
    BINARY_MULTIPLY,      /* a * b */
    BINARY_DIVIDE,        /* a / b */
    BINARY_POWER,         /* a ^ b */
    BINARY_EQUAL,         /* a == b */
    BINARY_NOT_EQUAL,     /* a != b */
    BINARY_LESS,          /* a < b */
    BINARY_LESS_EQUAL,    /* a <= b */
    BINARY_GREATER,       /* a > b */
    BINARY_GREATER_EQUAL, /* a >= b */
    BINARY_AND,           /* a and b */
    BINARY_OR,            /* a or b */
};

/* A piece of a string: text, or an expression in braces. */
struct string_part {
    const char *text; /* zero-terminated, escapes resolved; null for an expression */
    size_t length;
    struct expr *value; /* null for text */
};

ARRAY_STRUCT(string_part_list, struct string_part);

struct expr {
    enum expr_kind kind;
    uint32_t depth; /* of the tree below, 0 for a leaf; at most PARSE_NESTING_LIMIT */
    struct span span;

    /* semantics */
    const struct type *type;
    struct symbol *symbol;           /* what a name, field, call or comprehension refers to */
    const struct constant *constant; /* where the value is known */
    struct call_target *target;      /* what a call, comprehension or pipe runs */

    union {
        struct {
            double value;          /* as written, not scaled by the unit */
            bool is_integer;       /* written without point and exponent */
            struct unit_ref *unit; /* may be null: no unit */
        } number;
        struct {
            bool value;
        } boolean;
        struct {
            struct string_part_list parts; /* empty for ""; one text part when plain */
        } string;
        struct {
            const struct name *name;
        } name;
        struct {
            struct expr *object;
            struct identifier field;
        } field;
        struct {
            struct expr *object;
            struct expr_list indices; /* an EXPR_RANGE is a slice; at least one */
        } index;
        struct {
            struct expr *callee; /* EXPR_NAME or EXPR_FIELD */
            struct argument_list arguments;
        } call;
        struct {
            struct expr *callee;            /* EXPR_NAME: mean sum argmax ... */
            struct expr_list keys;          /* at least one */
            struct for_clause_list clauses; /* at least one */
            struct expr *condition;         /* may be null */
            struct scope *scope;            /* semantics: the variables */
            struct loop_facts *facts;       /* semantics: of computing all values */
        } comprehension;
        struct {
            enum unary_op op;
            struct expr *operand;
        } unary;
        struct {
            enum binary_op op;
            struct span op_span;
            struct expr *left, *right;
        } binary;
        struct {
            struct expr *low, *high;
            bool is_inclusive; /* .. and not ..< */
        } range;
        struct {
            struct expr *condition, *then, *otherwise;
        } conditional;
        struct {
            struct expr_list items;
        } list;
        struct {
            struct expr *left;
            struct expr *stage; /* EXPR_NAME or EXPR_CALL that gets `left` as its first argument */
        } pipe;
        struct {
            struct for_clause_list clauses;
            struct block *body;       /* ends in a yield on each path; semantics checks */
            bool is_exported;         /* semantics: the value of an export, written row by row */
            struct loop_facts *facts; /* semantics */
        } loop;
    };
};

/* ---- statements ----------------------------------------------------- */

enum statement_kind {
    STATEMENT_ERROR, /* what recovery left; already reported, accept silently */

    /* in every body */
    STATEMENT_LET,      /* let a = e   let a[i in s, j in t]: int = e */
    STATEMENT_ASSIGN,   /* a[j].v += e */
    STATEMENT_IF,       /* if c { } else if d { } else { } */
    STATEMENT_FOR,      /* for i in s, j in t by k { }   parallel for ... */
    STATEMENT_WHILE,    /* while c { } */
    STATEMENT_BREAK,    /* break */
    STATEMENT_CONTINUE, /* continue */
    STATEMENT_RETURN,   /* return e */
    STATEMENT_YIELD,    /* yield e */
    STATEMENT_EXPR,     /* f(x) */

    /* neurons, rules, optimizers */
    STATEMENT_INPUT, /* input i : mV */
    STATEMENT_STATE, /* state v : mV = e   pre state x = 0   shared persistent p in a .. b = e learn
                        gradient */
    STATEMENT_ODE,   /* v' = e using rk4 */
    STATEMENT_SPIKE, /* spike once when c surrogate s(25) */
    STATEMENT_ON,    /* on pre { }   each step { }   on end(label) { } */
    STATEMENT_EMIT,  /* emit e */

    /* networks */
    STATEMENT_STEP,    /* step 1 ms */
    STATEMENT_LAG,     /* lag 1 step */
    STATEMENT_TIME,    /* time continuous until e */
    STATEMENT_LAYER,   /* layer x = model(args)[y: 28, x: 28] */
    STATEMENT_CONNECT, /* connect name: a -> b.state via topology { weight e; ... } */
    STATEMENT_ITEM,    /* weight e in a .. b; bias; delay: never outside of the parser, which
                          moves them into their connect */

    /* tasks and the functions they call */
    STATEMENT_PRESENT, /* present e to x, f to y for T teach l keeping state { } */
    STATEMENT_REST,    /* rest net[m] for T { } */
    STATEMENT_RESET,   /* reset net[m] */
    STATEMENT_LEARN,   /* learn a, b.theta   learn all */
    STATEMENT_FREEZE,  /* freeze a   freeze all */
    STATEMENT_DESCEND, /* descend loss using adam(lr) every 10 steps */
    STATEMENT_LOG,     /* log x   log name = e */
    STATEMENT_REPORT,  /* report x   report name = e */
    STATEMENT_SAVE,    /* save "name" */
    STATEMENT_LOAD,    /* load "name" */
    STATEMENT_EXPORT,  /* export a to "f.npy" */
    STATEMENT_PLOT,    /* plot confusion(a, b), weights(xe) */
};

enum assign_op {
    ASSIGN_SET,      /* a = e */
    ASSIGN_ADD,      /* a += e */
    ASSIGN_SUBTRACT, /* a -= e */
    ASSIGN_MULTIPLY, /* a *= e */
    ASSIGN_DIVIDE,   /* a /= e */
};

enum state_owner {
    STATE_OWN,  /* state x       of the neuron, the synapse or the weight */
    STATE_PRE,  /* pre state x   of a rule: one per source neuron */
    STATE_POST, /* post state y  of a rule: one per target neuron */
};

enum spike_form {
    SPIKE_WHEN,    /* spike [once] when c */
    SPIKE_CHANCE,  /* spike [once] with chance p */
    SPIKE_AT,      /* spike [once] at t */
    SPIKE_AT_MOST, /* spike at most k [by e] [per axis] */
};

enum event {
    EVENT_SPIKE, /* on spike      neurons */
    EVENT_PRE,   /* on pre        rules, from here on */
    EVENT_POST,  /* on post */
    EVENT_STEP,  /* each step */
    EVENT_INIT,  /* on init */
    EVENT_START, /* on start */
    EVENT_END,   /* on end   on end(label) */
};

/* One input of a present: `s.image to x`. */
struct presented {
    struct span span;
    struct expr *value;
    struct expr *target; /* x, x.name, net[m].x */
};

ARRAY_STRUCT(presented_list, struct presented);

enum item_word {
    ITEM_WEIGHT, /* weight e in low .. high */
    ITEM_BIAS,   /* bias e */
    ITEM_DELAY,  /* delay e in low .. high */
};

/* An item of a connection's block: `weight e in low .. high`. */
struct connect_item {
    struct span span;
    struct expr *value; /* null: the item was not given */
    struct bounds bounds;
};

struct statement {
    enum statement_kind kind;
    struct span span;
    const char *doc;       /* the ## lines above a let or persistent of the file; else null */
    struct symbol *symbol; /* semantics: what a let, input, state, layer or connect declares */

    union {
        struct {
            struct identifier name;
            struct for_clause_list indices; /* empty for a plain let */
            struct type_ref *type;          /* may be null */
            struct expr *value;             /* may be EXPR_FOR */
            struct loop_facts *facts;       /* semantics: of computing all values; null for a plain
                                               let */
        } let;
        struct {
            struct expr *target; /* EXPR_NAME, EXPR_FIELD or EXPR_INDEX */
            enum assign_op op;
            struct expr *value; /* may be EXPR_FOR */
            struct for_clause_list
                indices; /* semantics: free names among the target's indices, in order */
            struct loop_facts *facts; /* semantics: of computing all values; null without indices */
        } assign;
        struct {
            struct expr *condition;
            struct block *then;
            struct block *otherwise; /* may be null; `else if` is a block of one STATEMENT_IF */
        } conditional;
        struct {
            struct for_clause_list clauses;
            struct block *body;
            bool is_parallel;         /* parallel for */
            struct loop_facts *facts; /* semantics: of parallel for */
        } loop;
        struct {
            struct expr *condition;
            struct block *body;
        } while_loop;
        struct {
            struct expr *value; /* return: may be null; return may be EXPR_FOR */
        } value;                /* return, yield, expr, emit, step, lag, save, load */
        struct {
            struct identifier name;
            struct type_ref *type; /* may be null */
        } input;
        struct {
            struct identifier name;
            enum state_owner owner;
            bool is_persistent;         /* survives reset, saved with the model */
            bool is_shared;             /* one value for the layer */
            bool is_learnt;             /* learn gradient */
            struct type_ref *type;      /* may be null */
            struct axis_spec_list axes; /* empty: only a persistent of the file has axes */
            struct bounds bounds;
            struct expr *value; /* initial value; may be null */
        } state;
        struct {
            struct identifier name; /* v of v' */
            struct expr *value;
            struct identifier method; /* euler rk4 exponential_euler; name null: exact */
        } ode;
        struct {
            enum spike_form form;
            bool is_once;
            struct expr *value;              /* condition, chance, time or count */
            struct expr *by;                 /* SPIKE_AT_MOST; may be null: drawn */
            struct identifier_list per;      /* SPIKE_AT_MOST; axes, may be empty */
            struct expr *surrogate;          /* EXPR_NAME or EXPR_CALL; may be null */
            struct function_instance *slope; /* semantics: its body, a function of x; may be null */
        } spike;
        struct {
            enum event event;
            struct identifier label; /* EVENT_END; name null: no label */
            struct block *body;
            struct symbol *label_symbol; /* semantics */
        } on;
        struct {
            struct expr *until; /* may be null */
        } time;
        struct {
            struct identifier name;
            struct expr *model;         /* EXPR_NAME, or EXPR_CALL of one */
            struct axis_spec_list axes; /* empty: a connection determines them */
        } layer;
        struct {
            struct identifier name; /* name.name null: unnamed */
            struct expr *source;    /* EXPR_NAME, or EXPR_FIELD of one */
            struct expr *target;    /* EXPR_NAME, or EXPR_FIELD of one */
            struct expr *topology;  /* EXPR_NAME, EXPR_CALL, or EXPR_PIPE of these */
            struct connect_item weight, bias, delay, lag;
            struct expr_list rules; /* EXPR_NAME or EXPR_CALL each */
            bool learns_gradient;   /* learn gradient */
            struct span learn_span; /* of the learn item; no place where there is none */
        } connect;
        struct {
            enum item_word word;
            struct connect_item item;
        } item; /* only while parsing */
        struct {
            struct presented_list inputs;
            struct expr *duration;   /* may be null: from the data */
            struct expr *label;      /* teach; may be null */
            bool is_batch;           /* semantics: of samples, each with a state of its own */
            bool keeps_state;        /* keeping state */
            struct block *body;      /* after each step; may be null */
            struct network *network; /* semantics: that owns the targets */
        } present;
        struct {
            struct expr *target; /* may be null: the network of the file */
            struct expr *duration;
            struct block *body;      /* may be null */
            struct network *network; /* semantics */
        } rest;
        struct {
            struct expr *target;     /* may be null: the network of the file */
            struct network *network; /* semantics */
        } reset;
        struct {
            struct expr_list targets; /* empty when is_all */
            bool is_all;
        } learn; /* learn and freeze */
        struct {
            struct expr *loss;
            struct expr *optimizer;            /* EXPR_NAME or EXPR_CALL */
            struct optimizer_instance *update; /* semantics: its body */
            struct expr *every;                /* truncation, in steps; may be null */
        } descend;
        struct {
            struct identifier name; /* name.name null: `log x` names itself */
            struct expr *value;     /* may be EXPR_FOR */
        } metric;                   /* log and report */
        struct {
            struct expr *value; /* may be EXPR_FOR */
            struct expr *path;
        } export_to;
        struct {
            struct expr_list figures;
        } plot;
    };
};

/* ---- declarations --------------------------------------------------- */

enum declaration_kind {
    DECLARATION_ERROR,      /* what recovery left; already reported, accept silently */
    DECLARATION_USE,        /* use std.neuron   use "mine.snn" */
    DECLARATION_PARAM,      /* param n : int in 1 .. 9 = 3 "doc" */
    DECLARATION_FUNC,       /* func f(x) = e   func f(x) { } */
    DECLARATION_LET,        /* let kernel = 5 */
    DECLARATION_PERSISTENT, /* persistent labels[neuron: n] : int = -1 */
    DECLARATION_NEURON,     /* neuron N(p = 1) extends M(p) { } */
    DECLARATION_RULE,       /* rule R(p) over post[class, member] unbounded batch mean { } */
    DECLARATION_SURROGATE,  /* surrogate s(k) = e */
    DECLARATION_OPTIMIZER,  /* optimizer o(rate) { } */
    DECLARATION_DATA,       /* data d = mnist() |> crop(20, 20) */
    DECLARATION_NETWORK,    /* network N[axis: k] { } */
    DECLARATION_TASK,       /* optional task T "doc" { } */
};

struct declaration {
    enum declaration_kind kind;
    struct span span;       /* of the head, up to the body */
    struct identifier name; /* name null for use and error */
    const char *doc; /* the ## lines above, joined by newlines, or the doc string; may be null */
    struct symbol *symbol; /* semantics */
    struct scope *scope;   /* semantics: formals and body names */

    union {
        struct {
            struct identifier_list path; /* std.neuron: its words; empty for a file */
            const char *file;            /* "mine.snn"; null for a module */
        } use;
        struct {
            struct type_ref *type; /* may be null */
            struct bounds bounds;
            struct expr_list choices; /* in {"sum", "mean"}; may be empty */
            struct expr *value;
        } param;
        struct {
            struct formal_list formals;
            struct expr *value; /* = e; null for a block */
            struct block *body; /* null for = e */
        } func;                 /* func and surrogate */
        struct {
            struct type_ref *type;          /* may be null */
            struct for_clause_list indices; /* let a[i in s] = e; may be empty */
            struct expr *value;
        } let;
        struct {
            struct axis_spec_list axes; /* may be empty */
            struct type_ref *type;      /* may be null */
            struct bounds bounds;
            struct expr *value;
        } persistent;
        struct {
            struct formal_list formals;
            struct expr *base; /* extends M(p); EXPR_NAME or EXPR_CALL; may be null */
            struct block *body;
        } neuron;
        struct {
            struct formal_list formals;
            struct identifier_list axes; /* over post[axes]; may be empty */
            bool is_unbounded;
            bool is_batch_mean;
            struct block *body;
        } rule;
        struct {
            struct formal_list formals;
            struct block *body;
        } optimizer;
        struct {
            struct expr *value;
        } data;
        struct {
            struct axis_spec_list axes; /* an array of networks; may be empty */
            struct block *body;
        } network;
        struct {
            bool is_optional;
            struct block *body;
        } task;
    };
};

ARRAY_STRUCT(declaration_list, struct declaration *);

struct file {
    uint32_t source;  /* index into struct sources */
    const char *path; /* as given to parse_file */
    const char *doc;  /* the ## lines at the head of the file, set off by a blank line or `use`; may
                         be null */
    struct declaration_list declarations;
};

/* ---- constructors and names (ast.c) --------------------------------- */

struct expr *expr_new(struct arena *arena, enum expr_kind kind, struct span span);
struct statement *statement_new(struct arena *arena, enum statement_kind kind, struct span span);
struct declaration *declaration_new(struct arena *arena, enum declaration_kind kind,
                                    struct span span);

/* Calls fn for each direct sub-expression, in source order; not for those in blocks. */
void expr_children(const struct expr *e, void (*fn)(struct expr *child, void *data), void *data);

/* The way an operator is written: "+", "and". */
const char *unary_op_text(enum unary_op op);
const char *binary_op_text(enum binary_op op);
const char *assign_op_text(enum assign_op op);

/* What to call a node in messages: "connect", "network". */
const char *statement_kind_text(enum statement_kind kind);
const char *declaration_kind_text(enum declaration_kind kind);

#endif
