/* SPDX-License-Identifier: MIT
 *
 * Builds statements. A connection takes the items of its block into its own
 * fields here, so that later stages see one node.
 */
#include <string.h>

#include "base/suggest.h"
#include "syntax/build.h"

struct statement *build_statement(struct parser *parser, enum statement_kind kind, struct span span)
{
    return statement_new(&parser->c->arena, kind, span);
}

struct statement *build_value(struct parser *parser, enum statement_kind kind, struct expr *value,
                              struct span span)
{
    struct statement *s = build_statement(parser, kind, span);
    s->value.value = value;
    return s;
}

void set_once(struct parser *parser, struct expr **field, struct expr *value, const char *word)
{
    if (*field) {
        diag_error(parser->c, value->span, "%s is given twice", word);
        diag_note(parser->c, (*field)->span, "the first one");
        return;
    }
    *field = value;
}

/* ---- assignments, calls, conditions ---------------------------------- */

struct statement *build_assign(struct parser *parser, struct expr *target, enum assign_op op,
                               struct expr *value, struct span span)
{
    struct statement *s = build_statement(parser, STATEMENT_ASSIGN, span);
    s->assign.target = target;
    s->assign.op = op;
    s->assign.value = value;
    switch (target->kind) {
    case EXPR_NAME:
    case EXPR_FIELD:
    case EXPR_INDEX:
    case EXPR_ERROR: return s;
    default:
        diag_error(parser->c, target->span,
                   "only a name, a field or an indexed value can be assigned");
        s->kind = STATEMENT_ERROR;
        return s;
    }
}

/* How many `else if` follow each other; the chain becomes nested blocks. */
static int chain_length(const struct statement *s)
{
    int length = 1;
    while (s->conditional.otherwise && s->conditional.otherwise->statements.count == 1 &&
           s->conditional.otherwise->statements.items[0]->kind == STATEMENT_IF) {
        s = s->conditional.otherwise->statements.items[0];
        length++;
    }
    return length;
}

struct statement *build_if(struct parser *parser, struct expr *condition, struct block *then,
                           struct block *otherwise, struct span span)
{
    struct statement *s = build_statement(parser, STATEMENT_IF, span);
    s->conditional.condition = condition;
    s->conditional.then = then;
    s->conditional.otherwise = otherwise;
    if (chain_length(s) > PARSE_NESTING_LIMIT) {
        if (!parser->is_too_deep)
            diag_error(parser->c, span, "more than %d 'else if' in a row", PARSE_NESTING_LIMIT);
        parser->is_too_deep = true;
        s->conditional.otherwise = NULL;
    }
    return s;
}

/* ---- neurons and rules ----------------------------------------------- */

struct statement *build_state_words(struct parser *parser, enum state_owner owner,
                                    bool is_persistent, const struct token *first, struct span span)
{
    struct statement *s = build_statement(parser, STATEMENT_STATE, span);
    s->state.owner = owner;
    s->state.is_persistent = is_persistent;
    s->doc = first ? first->doc : NULL;
    return s;
}

struct statement *build_initial(struct parser *parser, struct expr *value,
                                const struct identifier *learn, struct span span)
{
    struct statement *s = build_statement(parser, STATEMENT_STATE, span);
    s->state.value = value;
    if (learn)
        s->state.is_learnt = expect_word(parser, learn, "gradient");
    return s;
}

struct statement *build_state(struct parser *parser, struct statement *words,
                              const struct statement *initial, struct span span)
{
    (void)parser;
    words->span = span;
    words->state.value = initial->state.value;
    words->state.is_learnt = initial->state.is_learnt;
    return words;
}

struct statement *build_spike(struct parser *parser, enum spike_form form, bool is_once,
                              struct expr *value, struct span span)
{
    struct statement *s = build_statement(parser, STATEMENT_SPIKE, span);
    s->spike.form = form;
    s->spike.is_once = is_once;
    s->spike.value = value;
    return s;
}

static const char *const event_words[] = {
    [EVENT_SPIKE] = "spike", [EVENT_PRE] = "pre",     [EVENT_POST] = "post", [EVENT_STEP] = "step",
    [EVENT_INIT] = "init",   [EVENT_START] = "start", [EVENT_END] = "end",
};

#define EVENT_COUNT (sizeof event_words / sizeof *event_words)

static void report_unknown_event(struct parser *parser, const struct identifier *word)
{
    const char *text = word->name->text;
    diag_error(parser->c, word->span, "there is no event '%s'", text);
    struct suggestion nearest = suggest_begin(text);
    for (size_t i = 0; i < EVENT_COUNT; i++)
        if (i != EVENT_STEP)
            suggest_offer(&nearest, event_words[i]);
    const char *near = !strncmp(text, "pre", 3)    ? "pre"
                       : !strncmp(text, "post", 4) ? "post"
                                                   : nearest.best;
    if (near)
        diag_hint(parser->c, "did you mean 'on %s'?", near);
    else
        diag_hint(parser->c, "a neuron has 'on spike'; a rule has 'on pre', 'on post', 'on init', "
                             "'on start', 'on end' and 'each step'");
}

struct statement *build_on(struct parser *parser, const struct identifier *event,
                           const struct identifier *label, struct block *body, struct span span)
{
    struct statement *s = build_statement(parser, STATEMENT_ON, span);
    s->on.body = body;
    if (label)
        s->on.label = *label;
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        if (strcmp(event_words[i], event->name->text))
            continue;
        s->on.event = (enum event)i;
        if (s->on.event == EVENT_STEP) {
            diag_error(parser->c, event->span, "a step is not an event");
            diag_hint(parser->c, "write 'each step { }'");
        }
        if (label && s->on.event != EVENT_END)
            diag_error(parser->c, label->span, "only 'on end' gets a label");
        return s;
    }
    report_unknown_event(parser, event);
    s->kind = STATEMENT_ERROR;
    return s;
}

/* ---- networks -------------------------------------------------------- */

struct statement *build_lag_without_steps(struct parser *parser, struct expr *value,
                                          struct span span)
{
    diag_error(parser->c, value->span, "a lag is counted in steps");
    diag_hint(parser->c, "write 'lag 1 step', or 'delay' for a time");
    return build_value(parser, STATEMENT_LAG, value, span);
}

struct statement *build_item(struct parser *parser, enum item_word word, struct expr *value,
                             const struct bounds *bounds, struct span span)
{
    struct statement *s = build_statement(parser, STATEMENT_ITEM, span);
    s->item.word = word;
    s->item.item = (struct connect_item){ .span = span, .value = value, .bounds = *bounds };
    return s;
}

static void set_item(struct parser *parser, struct connect_item *field,
                     const struct connect_item *item, const char *word)
{
    if (field->value) {
        diag_error(parser->c, item->span, "'%s' is given twice", word);
        diag_note(parser->c, field->span, "the first one");
        return;
    }
    *field = *item;
}

/* learn stdp(1e-4), normalize(78)   learn gradient */
static void set_rules(struct parser *parser, struct statement *s, const struct statement *learn)
{
    if (s->connect.learn_span.source) {
        diag_error(parser->c, learn->span, "'learn' is given twice");
        diag_note(parser->c, s->connect.learn_span, "the first one");
        diag_hint(parser->c, "list the rules after one 'learn', separated by commas");
        return;
    }
    s->connect.learn_span = learn->span;
    if (learn->learn.is_all) {
        diag_error(parser->c, learn->span, "a connection lists its rules, or 'gradient'");
        diag_hint(parser->c, "'learn all' is a statement of a task");
    }
    for (size_t i = 0; i < learn->learn.targets.count; i++) {
        struct expr *rule = learn->learn.targets.items[i];
        if (rule->kind == EXPR_NAME && !strcmp(rule->name.name->text, "gradient"))
            s->connect.learns_gradient = true;
        else
            array_push(&parser->c->arena, &s->connect.rules, expect_call(parser, rule, "a rule"));
    }
}

static void report_in_connect(struct parser *parser, const struct statement *item)
{
    static const char *const words[] = { "weight", "bias", "delay", "lag", "learn", NULL };
    if (item->kind == STATEMENT_ERROR || parser->is_unbalanced)
        return;
    if (item->kind == STATEMENT_ASSIGN && item->assign.target->kind == EXPR_NAME) {
        const char *word = suggest_word(item->assign.target->name.name->text, words);
        diag_error(parser->c, item->span, "a connection is described, not assigned");
        if (word)
            diag_hint(parser->c, "write '%s' and its value, without '='", word);
        return;
    }
    diag_error(parser->c, item->span, "'%s' cannot stand in a connection",
               statement_kind_text(item->kind));
    diag_hint(parser->c, "a connection has 'weight', 'bias', 'delay', 'lag' and 'learn'");
}

static void set_connect_item(struct parser *parser, struct statement *s,
                             const struct statement *item)
{
    struct connect_item lag = { .span = item->span };
    switch (item->kind) {
    case STATEMENT_ITEM:
        switch (item->item.word) {
        case ITEM_WEIGHT: set_item(parser, &s->connect.weight, &item->item.item, "weight"); return;
        case ITEM_BIAS: set_item(parser, &s->connect.bias, &item->item.item, "bias"); return;
        case ITEM_DELAY: set_item(parser, &s->connect.delay, &item->item.item, "delay"); return;
        }
        return;
    case STATEMENT_LAG:
        lag.value = item->value.value;
        set_item(parser, &s->connect.lag, &lag, "lag");
        return;
    case STATEMENT_LEARN: set_rules(parser, s, item); return;
    default: report_in_connect(parser, item); return;
    }
}

/* x   x.state */
static struct expr *expect_end(struct parser *parser, struct expr *e)
{
    if (e->kind == EXPR_NAME || e->kind == EXPR_ERROR)
        return e;
    if (e->kind == EXPR_FIELD && e->field.object->kind == EXPR_NAME)
        return e;
    diag_error(parser->c, e->span, "expected a layer, or a state of a layer");
    return expr_new(&parser->c->arena, EXPR_ERROR, e->span);
}

static void expect_topology(struct parser *parser, const struct expr *e)
{
    while (e->kind == EXPR_PIPE)
        e = e->pipe.left;
    if (e->kind == EXPR_NAME || e->kind == EXPR_CALL || e->kind == EXPR_ERROR)
        return;
    diag_error(parser->c, e->span, "expected a topology such as 'dense' after 'via'");
}

struct statement *build_connect(struct parser *parser, const struct identifier *name,
                                struct expr *source, struct expr *target, struct expr *topology,
                                const struct block *items, struct span span)
{
    struct statement *s = build_statement(parser, STATEMENT_CONNECT, span);
    if (name)
        s->connect.name = *name;
    s->connect.source = expect_end(parser, source);
    s->connect.target = expect_end(parser, target);
    s->connect.topology = topology;
    expect_topology(parser, topology);
    for (size_t i = 0; items && i < items->statements.count; i++)
        set_connect_item(parser, s, items->statements.items[i]);
    return s;
}

/* ---- tasks ----------------------------------------------------------- */

struct statement *build_learn(struct parser *parser, enum statement_kind kind,
                              const struct expr_list *targets, struct span span)
{
    struct statement *s = build_statement(parser, kind, span);
    const struct expr *first = targets->items[0];
    s->learn.is_all =
        targets->count == 1 && first->kind == EXPR_NAME && !strcmp(first->name.name->text, "all");
    if (!s->learn.is_all)
        s->learn.targets = *targets;
    return s;
}

struct statement *build_metric(struct parser *parser, enum statement_kind kind,
                               const struct identifier *name, struct expr *value, struct span span)
{
    struct statement *s = build_statement(parser, kind, span);
    if (name)
        s->metric.name = *name;
    s->metric.value = value;
    return s;
}
