/* SPDX-License-Identifier: MIT
 *
 * Which statement may stand in which body. The grammar accepts every statement
 * everywhere; a misplaced one is reported here together with where it belongs,
 * and turned into an error node.
 */
#include "syntax/build.h"

enum {
    IN_NEURON = 1,
    IN_RULE = 2,
    IN_HANDLER = 4,
    IN_NETWORK = 8,
    IN_TASK = 16,
    IN_FUNC = 32,
    IN_SURROGATE = 64,
    IN_OPTIMIZER = 128,
    IN_CONNECT = 256,
    IN_CODE = IN_NEURON | IN_HANDLER | IN_TASK | IN_FUNC | IN_SURROGATE | IN_OPTIMIZER,
    IN_RUN = IN_TASK | IN_FUNC,
};

/* Where a block is, besides in which body. */
struct place {
    int body;         /* IN_... */
    const char *text; /* "a neuron" */
    bool is_nested;   /* in an if, a loop or a handler: nothing can be declared */
    bool is_in_loop;  /* break and continue mean something */
    bool is_in_value; /* in a for whose value is collected: yield means something */
};

static int allowed_bodies(enum statement_kind kind)
{
    switch (kind) {
    case STATEMENT_ERROR: return ~0;
    case STATEMENT_LET: return IN_CODE | IN_RULE | IN_NETWORK;
    case STATEMENT_ASSIGN:
    case STATEMENT_IF: return IN_CODE;
    case STATEMENT_FOR: return IN_HANDLER | IN_RUN;
    case STATEMENT_WHILE: return IN_RUN;
    case STATEMENT_BREAK:
    case STATEMENT_CONTINUE: return IN_HANDLER | IN_RUN;
    case STATEMENT_RETURN: return IN_RUN | IN_SURROGATE;
    case STATEMENT_YIELD: return IN_RUN;
    case STATEMENT_EXPR: return IN_HANDLER | IN_RUN;
    case STATEMENT_INPUT: return IN_NEURON;
    case STATEMENT_STATE: return IN_NEURON | IN_RULE | IN_OPTIMIZER;
    case STATEMENT_ODE: return IN_NEURON | IN_RULE;
    case STATEMENT_SPIKE: return IN_NEURON;
    case STATEMENT_ON: return IN_NEURON | IN_RULE;
    case STATEMENT_EMIT: return IN_NEURON;
    case STATEMENT_STEP: return IN_NETWORK;
    case STATEMENT_LAG: return IN_NETWORK | IN_CONNECT;
    case STATEMENT_TIME:
    case STATEMENT_LAYER:
    case STATEMENT_CONNECT: return IN_NETWORK;
    case STATEMENT_ITEM: return IN_CONNECT;
    case STATEMENT_LEARN: return IN_RUN | IN_CONNECT;
    case STATEMENT_PRESENT:
    case STATEMENT_REST:
    case STATEMENT_RESET:
    case STATEMENT_FREEZE:
    case STATEMENT_DESCEND:
    case STATEMENT_LOG:
    case STATEMENT_REPORT:
    case STATEMENT_SAVE:
    case STATEMENT_LOAD:
    case STATEMENT_EXPORT:
    case STATEMENT_PLOT: return IN_RUN;
    }
    unreachable();
}

/* Where a statement of this kind may stand. */
static const char *placement_of(enum statement_kind kind)
{
    int bodies = allowed_bodies(kind);
    if (bodies == IN_NEURON)
        return "a neuron";
    if (bodies == IN_NETWORK)
        return "a network";
    if (bodies == IN_CONNECT)
        return "the braces of a 'connect'";
    if (bodies == (IN_NETWORK | IN_CONNECT))
        return "a network or a connection";
    if (bodies == (IN_NEURON | IN_RULE))
        return "a neuron or a rule";
    if (bodies == (IN_NEURON | IN_RULE | IN_OPTIMIZER))
        return "a neuron, a rule or an optimizer";
    if (bodies & IN_NEURON)
        return "a body";
    return "a task or a func";
}

static void check_block(struct parser *parser, const struct place *place,
                        const struct block *block);

/* ---- one statement --------------------------------------------------- */

/* Makes it an error node; false for the caller to return. */
static bool refuse(struct statement *s)
{
    s->kind = STATEMENT_ERROR;
    return false;
}

/* The statement as messages call it. */
static const char *kind_text(struct parser *parser, const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_ASSIGN: return "an assignment";
    case STATEMENT_ODE: return "an equation";
    case STATEMENT_EXPR: return s->value.value->kind == EXPR_CALL ? "a call" : "a value alone";
    default: return arena_format(&parser->c->arena, "'%s'", statement_kind_text(s->kind));
    }
}

void report_misplaced(struct parser *parser, const struct statement *s, const char *where)
{
    if (parser->is_unbalanced)
        return;
    diag_error(parser->c, s->span, "%s cannot stand %s", kind_text(parser, s), where);
    diag_hint(parser->c, "it belongs in %s", placement_of(s->kind));
}

static bool refuse_misplaced(struct parser *parser, const struct place *place, struct statement *s)
{
    const char *where = arena_format(&parser->c->arena, "in %s", place->text);
    if (place->body == IN_RULE && allowed_bodies(s->kind) & IN_HANDLER) {
        diag_error(parser->c, s->span, "%s cannot stand %s", kind_text(parser, s), where);
        diag_hint(parser->c, "put it into a handler such as 'each step { }'");
    } else if (s->kind == STATEMENT_ASSIGN && place->body == IN_NETWORK) {
        diag_error(parser->c, s->span, "%s cannot stand %s", kind_text(parser, s), where);
        diag_hint(parser->c, "a network is described without '=': 'step 1 ms', 'lag 1 step'");
    } else if (s->kind == STATEMENT_FOR && place->body == IN_NEURON) {
        diag_error(parser->c, s->span, "%s cannot stand %s", kind_text(parser, s), where);
        diag_hint(parser->c,
                  "a neuron's body runs for each neuron; reduce with 'sum(e for i in s)'");
    } else {
        report_misplaced(parser, s, where);
    }
    return refuse(s);
}

static bool refuse_unused(struct parser *parser, struct statement *s)
{
    enum expr_kind kind = s->value.value->kind;
    if (kind == EXPR_ERROR)
        return refuse(s);
    diag_error(parser->c, s->span, "this value is not used");
    diag_hint(parser->c,
              kind == EXPR_NAME
                  ? "a statement begins with a keyword, assigns with '=', or calls a function"
                  : "assign it, or log or report it");
    return refuse(s);
}

static bool check_state(struct parser *parser, const struct place *place, struct statement *s)
{
    if (s->state.axes.count) {
        diag_error(parser->c, s->state.axes.items[0].span, "state has no axes of its own in %s",
                   place->text);
        diag_hint(parser->c, place->body == IN_NEURON ? "each neuron has its own value already"
                                                      : "each element has its own value already");
        return refuse(s);
    }
    if (s->state.owner != STATE_OWN && place->body != IN_RULE) {
        diag_error(parser->c, s->span, "'%s state' belongs in a rule",
                   s->state.owner == STATE_PRE ? "pre" : "post");
        return refuse(s);
    }
    if (s->state.is_shared && place->body != IN_NEURON) {
        diag_error(parser->c, s->span, "'shared' belongs in a neuron");
        return refuse(s);
    }
    return true;
}

static bool check_event(struct parser *parser, const struct place *place, struct statement *s)
{
    bool is_of_neuron = s->on.event == EVENT_SPIKE;
    if (is_of_neuron == (place->body == IN_NEURON))
        return true;
    diag_error(parser->c, s->span, "this event does not happen in %s", place->text);
    diag_hint(parser->c, is_of_neuron ? "in a rule, a spike is 'on pre' or 'on post'"
                                      : "a neuron has 'on spike'; the others belong in a rule");
    return refuse(s);
}

/* What can only stand directly in a body. */
static bool declares(const struct statement *s)
{
    return s->kind == STATEMENT_INPUT || s->kind == STATEMENT_STATE || s->kind == STATEMENT_ON;
}

static bool check_statement(struct parser *parser, const struct place *place, struct statement *s)
{
    if (s->kind == STATEMENT_ERROR)
        return false;
    if (parser->is_unbalanced)
        return s->kind != STATEMENT_ITEM || refuse(s);
    if (!(allowed_bodies(s->kind) & place->body))
        return refuse_misplaced(parser, place, s);
    if (place->is_nested && declares(s)) {
        diag_error(parser->c, s->span, "'%s' cannot stand in inner braces",
                   statement_kind_text(s->kind));
        diag_hint(parser->c, "move it out, to the level of the body");
        return refuse(s);
    }
    if ((s->kind == STATEMENT_BREAK || s->kind == STATEMENT_CONTINUE) && !place->is_in_loop) {
        diag_error(parser->c, s->span, "'%s' outside of a loop", statement_kind_text(s->kind));
        return refuse(s);
    }
    if (s->kind == STATEMENT_YIELD && !place->is_in_value) {
        diag_error(parser->c, s->span, "'yield' outside of a 'for' whose values are collected");
        diag_hint(parser->c, "write 'let a = for x in s { yield e }'");
        return refuse(s);
    }
    if (s->kind == STATEMENT_EXPR && s->value.value->kind != EXPR_CALL)
        return refuse_unused(parser, s);
    if (s->kind == STATEMENT_STATE)
        return check_state(parser, place, s);
    if (s->kind == STATEMENT_ON)
        return check_event(parser, place, s);
    return true;
}

/* ---- what it contains ------------------------------------------------ */

static void check_loop_value(struct parser *parser, const struct place *place, struct expr *value)
{
    if (!value || value->kind != EXPR_FOR)
        return;
    if (!(place->body & IN_RUN)) {
        diag_error(parser->c, value->span,
                   "values can be collected by 'for' only in a task or a func");
        value->kind = EXPR_ERROR;
        return;
    }
    struct place inner = *place;
    inner.is_nested = true;
    inner.is_in_loop = false;
    inner.is_in_value = true;
    check_block(parser, &inner, value->loop.body);
}

static void check_inner(struct parser *parser, const struct place *place, bool is_loop,
                        const struct block *block)
{
    if (!block)
        return;
    struct place inner = *place;
    inner.is_nested = true;
    inner.is_in_loop |= is_loop;
    check_block(parser, &inner, block);
}

static void check_handler(struct parser *parser, const struct place *place,
                          const struct block *block)
{
    struct place inner = *place;
    inner.is_nested = true;
    if (place->body == IN_RULE) {
        inner.body = IN_HANDLER;
        inner.text = "a handler";
    }
    check_block(parser, &inner, block);
}

static void check_parts(struct parser *parser, const struct place *place, const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_LET: check_loop_value(parser, place, s->let.value); return;
    case STATEMENT_ASSIGN: check_loop_value(parser, place, s->assign.value); return;
    case STATEMENT_RETURN: check_loop_value(parser, place, s->value.value); return;
    case STATEMENT_STATE: check_loop_value(parser, place, s->state.value); return;
    case STATEMENT_LOG:
    case STATEMENT_REPORT: check_loop_value(parser, place, s->metric.value); return;
    case STATEMENT_EXPORT: check_loop_value(parser, place, s->export_to.value); return;
    case STATEMENT_IF:
        check_inner(parser, place, false, s->conditional.then);
        check_inner(parser, place, false, s->conditional.otherwise);
        return;
    case STATEMENT_FOR: check_inner(parser, place, true, s->loop.body); return;
    case STATEMENT_WHILE: check_inner(parser, place, true, s->while_loop.body); return;
    case STATEMENT_PRESENT: check_inner(parser, place, true, s->present.body); return;
    case STATEMENT_REST: check_inner(parser, place, true, s->rest.body); return;
    case STATEMENT_ON: check_handler(parser, place, s->on.body); return;
    default: return; /* nothing inside */
    }
}

static void check_block(struct parser *parser, const struct place *place, const struct block *block)
{
    for (size_t i = 0; i < block->statements.count; i++) {
        struct statement *s = block->statements.items[i];
        if (check_statement(parser, place, s))
            check_parts(parser, place, s);
    }
}

static struct place place_of(enum body body)
{
    switch (body) {
    case BODY_FILE: return (struct place){ .body = 0, .text = "the top level" };
    case BODY_NEURON: return (struct place){ .body = IN_NEURON, .text = "a neuron" };
    case BODY_RULE: return (struct place){ .body = IN_RULE, .text = "a rule" };
    case BODY_NETWORK: return (struct place){ .body = IN_NETWORK, .text = "a network" };
    case BODY_TASK: return (struct place){ .body = IN_TASK, .text = "a task" };
    case BODY_FUNC: return (struct place){ .body = IN_FUNC, .text = "a func" };
    case BODY_SURROGATE: return (struct place){ .body = IN_SURROGATE, .text = "a surrogate" };
    case BODY_OPTIMIZER: return (struct place){ .body = IN_OPTIMIZER, .text = "an optimizer" };
    }
    unreachable();
}

void check_placement(struct parser *parser, enum body body, const struct block *block)
{
    struct place place = place_of(body);
    check_block(parser, &place, block);
}

void check_value_placement(struct parser *parser, enum body body, struct expr *value)
{
    struct place place = place_of(body);
    check_loop_value(parser, &place, value);
}
