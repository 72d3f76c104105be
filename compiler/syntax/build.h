/* SPDX-License-Identifier: MIT
 *
 * What the actions of parser.y call: each function makes one node and checks
 * what the grammar leaves open (a bound must be a range, a comparison cannot be
 * chained). Internal to compiler/syntax.
 */
#ifndef SNNC_SYNTAX_BUILD_H
#define SNNC_SYNTAX_BUILD_H

#include "syntax/ast.h"
#include "syntax/parse.h"
#include "syntax/tokens.h"

/* What a run of the parser is given. */
struct parser {
    struct compilation *c;
    const struct token_list *tokens; /* the last one is the end of the file */
    size_t next;                     /* index of the token to be read next */
    struct file *file;               /* receives the declarations */
    size_t earlier_count;            /* messages of lexer and layout, which came first */
    bool is_unbalanced; /* braces were wrong: what stands in which block is not judged */
    bool is_too_deep;   /* reported; further ones are cut silently */
};

/* What a line or a braced group of a body is: one of the two. */
struct item {
    struct statement *statement;          /* null for declarations */
    struct declaration_list declarations; /* more than one for `use a, b` */
};

ARRAY_STRUCT(item_list, struct item);

/* in low .. high, or in {"a", "b"} */
struct limits {
    struct bounds bounds;
    struct expr_list choices;
};

/* Whose statements a block holds: decides what may stand in it. */
enum body {
    BODY_FILE,
    BODY_NEURON,
    BODY_RULE,
    BODY_NETWORK,
    BODY_TASK,
    BODY_FUNC,
    BODY_SURROGATE,
    BODY_OPTIMIZER,
};

#define EXPECTATION_LIMIT 160 /* more than there are tokens */

/* What the grammar would have taken where a syntax error is. */
struct expectation {
    const struct token *found;
    const char *names[EXPECTATION_LIMIT];
    size_t count; /* 0: unknown */
};

/* ---- tokens (parse.c) ---- */

const struct token *parser_next(struct parser *parser);

/* The token read last. */
const struct token *parser_current(const struct parser *parser);

/* ---- messages (report.c) ---- */

void report_syntax_error(struct parser *parser, const struct expectation *expectation);

/* ---- files, blocks, declarations (build.c) ---- */

void items_add(struct parser *parser, struct item_list *items, const struct item *item);
struct item item_of_statement(struct statement *s);
struct item item_of_declaration(struct parser *parser, struct declaration *d);
struct item item_error(struct parser *parser, struct span span);
void build_file(struct parser *parser, const struct item_list *items);

/* Null items: an empty block. */
struct block *build_block(struct parser *parser, const struct item_list *items, struct span span);
struct block *block_of_statement(struct parser *parser, struct statement *s);

/* Checks what stands in the block, and returns it. */
struct block *build_body(struct parser *parser, enum body body, struct block *block);

/* `doc` is the string of the declaration or null; the ## lines above `first` come before it. */
struct declaration *build_declaration(struct parser *parser, enum declaration_kind kind,
                                      struct span span, const struct identifier *name,
                                      const struct token *first, const char *doc);
struct expr_list build_choices(struct parser *parser, struct expr_list texts);
void build_limits(struct declaration *d, const struct limits *limits);
void build_rule_axes(struct parser *parser, struct declaration *d, const struct identifier *side,
                     const struct identifier_list *axes);
struct declaration *build_use_module(struct parser *parser, const struct identifier_list *path,
                                     struct span span);
struct declaration *build_use_file(struct parser *parser, struct expr *path);
void build_use(struct parser *parser, struct declaration_list *uses, const struct token *first,
               struct span span);

/* ---- statements (build_statement.c) ---- */

struct statement *build_statement(struct parser *parser, enum statement_kind kind,
                                  struct span span);
struct statement *build_value(struct parser *parser, enum statement_kind kind, struct expr *value,
                              struct span span);
struct statement *build_assign(struct parser *parser, struct expr *target, enum assign_op op,
                               struct expr *value, struct span span);

struct statement *build_if(struct parser *parser, struct expr *condition, struct block *then,
                           struct block *otherwise, struct span span);
struct statement *build_state_words(struct parser *parser, enum state_owner owner,
                                    bool is_persistent, const struct token *first,
                                    struct span span);
/* `= value learn word`: a statement that only carries these; both may be null. */
struct statement *build_initial(struct parser *parser, struct expr *value,
                                const struct identifier *learn, struct span span);
struct statement *build_state(struct parser *parser, struct statement *words,
                              const struct statement *initial, struct span span);
struct statement *build_spike(struct parser *parser, enum spike_form form, bool is_once,
                              struct expr *value, struct span span);
struct statement *build_on(struct parser *parser, const struct identifier *event,
                           const struct identifier *label, struct block *body, struct span span);
struct statement *build_lag_without_steps(struct parser *parser, struct expr *value,
                                          struct span span);
struct statement *build_item(struct parser *parser, enum item_word word, struct expr *value,
                             const struct bounds *bounds, struct span span);
/* `name` and `items` may be null. */
struct statement *build_connect(struct parser *parser, const struct identifier *name,
                                struct expr *source, struct expr *target, struct expr *topology,
                                const struct block *items, struct span span);
struct statement *build_learn(struct parser *parser, enum statement_kind kind,
                              const struct expr_list *targets, struct span span);
struct statement *build_metric(struct parser *parser, enum statement_kind kind,
                               const struct identifier *name, struct expr *value, struct span span);

/* Sets *field; an error when it is set already. */
void set_once(struct parser *parser, struct expr **field, struct expr *value, const char *word);

/* ---- parts (build_parts.c) ---- */

/* Whether the name is the word; reports it when not. */
bool expect_word(struct parser *parser, const struct identifier *name, const char *word);

/* `low .. high`; reports anything else and gives no bounds. */
struct bounds bounds_of_range(struct parser *parser, struct expr *range);
struct axis_spec axis_of_expr(struct expr *e);

struct type_ref *type_of_word(struct parser *parser, const struct identifier *word);
struct type_ref *type_of_unit(struct parser *parser, struct unit_ref *unit);
struct type_ref *type_ref_with_unit(struct parser *parser, const struct identifier *word,
                                    struct unit_ref *unit, struct span span);
/* float64 mV */
struct type_ref *type_of_words(struct parser *parser, const struct identifier *word,
                               const struct identifier *unit, struct span span);
struct unit_ref *unit_begin(struct parser *parser, struct span span);
void unit_factor(struct parser *parser, struct unit_ref *unit, const struct identifier *word,
                 int power);
int unit_exponent(struct parser *parser, const struct token *number);
void expect_one(struct parser *parser, const struct token *number);
struct unit_ref *unit_of_word(struct parser *parser, const struct identifier *word);
struct unit_ref *unit_of_token(struct parser *parser, const struct token *unit);
struct unit_ref *percent_unit(struct parser *parser, struct span span);

/* ---- expressions (build_expr.c) ---- */

struct expr_list exprs_of(struct parser *parser, struct expr *e);

/* e, which has to be a name or a call; reports it when not. `what` is "an optimizer". */
struct expr *expect_call(struct parser *parser, struct expr *e, const char *what);

/* The text of a string without braces; reports others. */
const char *plain_text(struct parser *parser, const struct expr *string);

struct expr *build_name(struct parser *parser, const struct identifier *name);
struct expr *build_path(struct parser *parser, const struct identifier_list *path);
struct expr *build_number(struct parser *parser, const struct token *number, struct unit_ref *unit,
                          struct span span);
struct expr *build_boolean(struct parser *parser, bool value, struct span span);
struct expr *build_string(struct parser *parser, const struct string_part_list *parts,
                          struct span span);
void add_text(struct parser *parser, struct string_part_list *parts, const struct token *text);
struct expr *build_list(struct parser *parser, const struct expr_list *items, struct span span);
struct expr *build_field(struct parser *parser, struct expr *object, const struct identifier *field,
                         struct span span);
struct expr *build_index(struct parser *parser, struct expr *object,
                         const struct expr_list *indices, struct span span);
struct expr *build_call(struct parser *parser, struct expr *callee,
                        const struct argument_list *arguments, struct span span);
struct expr *build_comprehension(struct parser *parser, struct expr *callee,
                                 const struct argument_list *keys,
                                 const struct for_clause_list *clauses, struct expr *condition,
                                 struct span span);
struct expr *build_unary(struct parser *parser, enum unary_op op, struct expr *operand,
                         struct span span);
struct expr *build_binary(struct parser *parser, enum binary_op op, struct expr *left,
                          struct expr *right, struct span op_span);
struct expr *build_comparison(struct parser *parser, enum binary_op op, struct expr *left,
                              struct expr *right, struct span op_span);
struct expr *build_range(struct parser *parser, struct expr *low, struct expr *high,
                         bool is_inclusive, struct span span);
struct expr *build_conditional(struct parser *parser, struct expr *condition, struct expr *then,
                               struct expr *otherwise, struct span span);
struct expr *build_pipe(struct parser *parser, struct expr *left, struct expr *stage,
                        struct span span);
struct expr *build_loop_value(struct parser *parser, const struct for_clause_list *clauses,
                              struct block *body, struct span span);

/* ---- placement (placement.c) ---- */

void check_placement(struct parser *parser, enum body body, const struct block *block);

/* The same for a value: a `for` whose values are collected holds statements. */
void check_value_placement(struct parser *parser, enum body body, struct expr *value);

/* Reports that the statement cannot stand "in a neuron", "at the top level", and where it can. */
void report_misplaced(struct parser *parser, const struct statement *s, const char *where);

#endif
