/* SPDX-License-Identifier: MIT
 *
 * Constructors, the words for kinds and operators, and the one walk over the
 * parts of an expression.
 */
#include "syntax/ast.h"

#include "base/diagnostics.h"

struct expr *expr_new(struct arena *arena, enum expr_kind kind, struct span span)
{
    struct expr *e = arena_new(arena, struct expr);
    e->kind = kind;
    e->span = span;
    return e;
}

struct statement *statement_new(struct arena *arena, enum statement_kind kind, struct span span)
{
    struct statement *s = arena_new(arena, struct statement);
    s->kind = kind;
    s->span = span;
    return s;
}

struct declaration *declaration_new(struct arena *arena, enum declaration_kind kind,
                                    struct span span)
{
    struct declaration *d = arena_new(arena, struct declaration);
    d->kind = kind;
    d->span = span;
    return d;
}

/* ---- children -------------------------------------------------------- */

struct visit {
    void (*fn)(struct expr *child, void *data);
    void *data;
};

static void visit_expr(const struct visit *visit, struct expr *child)
{
    if (child)
        visit->fn(child, visit->data);
}

static void visit_list(const struct visit *visit, const struct expr_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        visit_expr(visit, list->items[i]);
}

static void visit_clauses(const struct visit *visit, const struct for_clause_list *clauses)
{
    for (size_t i = 0; i < clauses->count; i++) {
        visit_expr(visit, clauses->items[i].domain);
        visit_expr(visit, clauses->items[i].by);
    }
}

void expr_children(const struct expr *e, void (*fn)(struct expr *child, void *data), void *data)
{
    const struct visit visit = { fn, data };
    switch (e->kind) {
    case EXPR_ERROR:
    case EXPR_NUMBER:
    case EXPR_INF:
    case EXPR_BOOL:
    case EXPR_NAME: return;
    case EXPR_STRING:
        for (size_t i = 0; i < e->string.parts.count; i++)
            visit_expr(&visit, e->string.parts.items[i].value);
        return;
    case EXPR_FIELD: visit_expr(&visit, e->field.object); return;
    case EXPR_INDEX:
        visit_expr(&visit, e->index.object);
        visit_list(&visit, &e->index.indices);
        return;
    case EXPR_CALL:
        visit_expr(&visit, e->call.callee);
        for (size_t i = 0; i < e->call.arguments.count; i++)
            visit_expr(&visit, e->call.arguments.items[i].value);
        return;
    case EXPR_COMPREHENSION:
        visit_expr(&visit, e->comprehension.callee);
        visit_list(&visit, &e->comprehension.keys);
        visit_clauses(&visit, &e->comprehension.clauses);
        visit_expr(&visit, e->comprehension.condition);
        return;
    case EXPR_UNARY: visit_expr(&visit, e->unary.operand); return;
    case EXPR_BINARY:
        visit_expr(&visit, e->binary.left);
        visit_expr(&visit, e->binary.right);
        return;
    case EXPR_RANGE:
        visit_expr(&visit, e->range.low);
        visit_expr(&visit, e->range.high);
        return;
    case EXPR_IF:
        visit_expr(&visit, e->conditional.condition);
        visit_expr(&visit, e->conditional.then);
        visit_expr(&visit, e->conditional.otherwise);
        return;
    case EXPR_LIST: visit_list(&visit, &e->list.items); return;
    case EXPR_PIPE:
        visit_expr(&visit, e->pipe.left);
        visit_expr(&visit, e->pipe.stage);
        return;
    case EXPR_FOR: visit_clauses(&visit, &e->loop.clauses); return;
    }
    unreachable();
}

/* ---- words ----------------------------------------------------------- */

const char *unary_op_text(enum unary_op op)
{
    switch (op) {
    case UNARY_MINUS: return "-";
    case UNARY_NOT: return "not";
    }
    unreachable();
}

const char *binary_op_text(enum binary_op op)
{
    switch (op) {
    case BINARY_ADD: return "+";
    case BINARY_SUBTRACT: return "-";
    case BINARY_MULTIPLY: return "*";
    case BINARY_DIVIDE: return "/";
    case BINARY_POWER: return "^";
    case BINARY_EQUAL: return "==";
    case BINARY_NOT_EQUAL: return "!=";
    case BINARY_LESS: return "<";
    case BINARY_LESS_EQUAL: return "<=";
    case BINARY_GREATER: return ">";
    case BINARY_GREATER_EQUAL: return ">=";
    case BINARY_AND: return "and";
    case BINARY_OR: return "or";
    }
    unreachable();
}

const char *assign_op_text(enum assign_op op)
{
    switch (op) {
    case ASSIGN_SET: return "=";
    case ASSIGN_ADD: return "+=";
    case ASSIGN_SUBTRACT: return "-=";
    case ASSIGN_MULTIPLY: return "*=";
    case ASSIGN_DIVIDE: return "/=";
    }
    unreachable();
}

const char *statement_kind_text(enum statement_kind kind)
{
    switch (kind) {
    case STATEMENT_ERROR: return "error";
    case STATEMENT_LET: return "let";
    case STATEMENT_ASSIGN: return "assignment";
    case STATEMENT_IF: return "if";
    case STATEMENT_FOR: return "for";
    case STATEMENT_WHILE: return "while";
    case STATEMENT_BREAK: return "break";
    case STATEMENT_CONTINUE: return "continue";
    case STATEMENT_RETURN: return "return";
    case STATEMENT_YIELD: return "yield";
    case STATEMENT_EXPR: return "call";
    case STATEMENT_INPUT: return "input";
    case STATEMENT_STATE: return "state";
    case STATEMENT_ODE: return "equation";
    case STATEMENT_SPIKE: return "spike";
    case STATEMENT_ON: return "on";
    case STATEMENT_EMIT: return "emit";
    case STATEMENT_STEP: return "step";
    case STATEMENT_LAG: return "lag";
    case STATEMENT_TIME: return "time";
    case STATEMENT_LAYER: return "layer";
    case STATEMENT_CONNECT: return "connect";
    case STATEMENT_ITEM: return "weight";
    case STATEMENT_PRESENT: return "present";
    case STATEMENT_REST: return "rest";
    case STATEMENT_RESET: return "reset";
    case STATEMENT_LEARN: return "learn";
    case STATEMENT_FREEZE: return "freeze";
    case STATEMENT_DESCEND: return "descend";
    case STATEMENT_LOG: return "log";
    case STATEMENT_REPORT: return "report";
    case STATEMENT_SAVE: return "save";
    case STATEMENT_LOAD: return "load";
    case STATEMENT_EXPORT: return "export";
    case STATEMENT_PLOT: return "plot";
    }
    unreachable();
}

const char *declaration_kind_text(enum declaration_kind kind)
{
    switch (kind) {
    case DECLARATION_ERROR: return "error";
    case DECLARATION_USE: return "use";
    case DECLARATION_PARAM: return "param";
    case DECLARATION_FUNC: return "func";
    case DECLARATION_LET: return "let";
    case DECLARATION_PERSISTENT: return "persistent";
    case DECLARATION_NEURON: return "neuron";
    case DECLARATION_RULE: return "rule";
    case DECLARATION_SURROGATE: return "surrogate";
    case DECLARATION_OPTIMIZER: return "optimizer";
    case DECLARATION_DATA: return "data";
    case DECLARATION_NETWORK: return "network";
    case DECLARATION_TASK: return "task";
    }
    unreachable();
}
