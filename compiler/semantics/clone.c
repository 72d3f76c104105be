/* SPDX-License-Identifier: MIT
 *
 * Copies node by node; what is not a tree (names, units, texts) is shared.
 */
#include "semantics/clone.h"

#include "base/diagnostics.h"

static struct expr_list clone_exprs(struct arena *arena, const struct expr_list *list)
{
    struct expr_list copy = { 0 };
    for (size_t i = 0; i < list->count; i++)
        array_push(arena, &copy, clone_expr(arena, list->items[i]));
    return copy;
}

static struct argument_list clone_arguments(struct arena *arena, const struct argument_list *list)
{
    struct argument_list copy = { 0 };
    for (size_t i = 0; i < list->count; i++) {
        struct argument a = list->items[i];
        a.value = clone_expr(arena, a.value);
        array_push(arena, &copy, a);
    }
    return copy;
}

static struct for_clause_list clone_clauses(struct arena *arena, const struct for_clause_list *list)
{
    struct for_clause_list copy = { 0 };
    for (size_t i = 0; i < list->count; i++) {
        struct for_clause clause = list->items[i];
        clause.domain = clone_expr(arena, clause.domain);
        clause.by = clone_expr(arena, clause.by);
        clause.symbol = NULL;
        array_push(arena, &copy, clause);
    }
    return copy;
}

static struct string_part_list clone_parts(struct arena *arena, const struct string_part_list *list)
{
    struct string_part_list copy = { 0 };
    for (size_t i = 0; i < list->count; i++) {
        struct string_part part = list->items[i];
        part.value = clone_expr(arena, part.value);
        array_push(arena, &copy, part);
    }
    return copy;
}

static struct axis_spec_list clone_axes(struct arena *arena, const struct axis_spec_list *list)
{
    struct axis_spec_list copy = { 0 };
    for (size_t i = 0; i < list->count; i++) {
        struct axis_spec axis = list->items[i];
        axis.value = clone_expr(arena, axis.value);
        array_push(arena, &copy, axis);
    }
    return copy;
}

static struct formal_list clone_formals(struct arena *arena, const struct formal_list *list)
{
    struct formal_list copy = { 0 };
    for (size_t i = 0; i < list->count; i++) {
        struct formal formal = list->items[i];
        formal.value = clone_expr(arena, formal.value);
        formal.choices = clone_exprs(arena, &formal.choices);
        formal.symbol = NULL;
        array_push(arena, &copy, formal);
    }
    return copy;
}

static struct bounds clone_bounds(struct arena *arena, struct bounds bounds)
{
    return (struct bounds){ clone_expr(arena, bounds.low), clone_expr(arena, bounds.high) };
}

static struct connect_item clone_item(struct arena *arena, struct connect_item item)
{
    item.value = clone_expr(arena, item.value);
    item.bounds = clone_bounds(arena, item.bounds);
    return item;
}

struct expr *clone_expr(struct arena *arena, const struct expr *e)
{
    if (e == NULL)
        return NULL;
    struct expr *copy = expr_new(arena, e->kind, e->span);
    *copy = *e;
    copy->type = NULL;
    copy->symbol = NULL;
    copy->constant = NULL;
    copy->target = NULL;
    switch (e->kind) {
    case EXPR_ERROR:
    case EXPR_NUMBER:
    case EXPR_INF:
    case EXPR_BOOL:
    case EXPR_NAME: break;
    case EXPR_STRING: copy->string.parts = clone_parts(arena, &e->string.parts); break;
    case EXPR_FIELD: copy->field.object = clone_expr(arena, e->field.object); break;
    case EXPR_INDEX:
        copy->index.object = clone_expr(arena, e->index.object);
        copy->index.indices = clone_exprs(arena, &e->index.indices);
        break;
    case EXPR_CALL:
        copy->call.callee = clone_expr(arena, e->call.callee);
        copy->call.arguments = clone_arguments(arena, &e->call.arguments);
        break;
    case EXPR_COMPREHENSION:
        copy->comprehension.callee = clone_expr(arena, e->comprehension.callee);
        copy->comprehension.keys = clone_exprs(arena, &e->comprehension.keys);
        copy->comprehension.clauses = clone_clauses(arena, &e->comprehension.clauses);
        copy->comprehension.condition = clone_expr(arena, e->comprehension.condition);
        copy->comprehension.scope = NULL;
        copy->comprehension.facts = NULL;
        break;
    case EXPR_UNARY: copy->unary.operand = clone_expr(arena, e->unary.operand); break;
    case EXPR_BINARY:
        copy->binary.left = clone_expr(arena, e->binary.left);
        copy->binary.right = clone_expr(arena, e->binary.right);
        break;
    case EXPR_RANGE:
        copy->range.low = clone_expr(arena, e->range.low);
        copy->range.high = clone_expr(arena, e->range.high);
        break;
    case EXPR_IF:
        copy->conditional.condition = clone_expr(arena, e->conditional.condition);
        copy->conditional.then = clone_expr(arena, e->conditional.then);
        copy->conditional.otherwise = clone_expr(arena, e->conditional.otherwise);
        break;
    case EXPR_LIST: copy->list.items = clone_exprs(arena, &e->list.items); break;
    case EXPR_PIPE:
        copy->pipe.left = clone_expr(arena, e->pipe.left);
        copy->pipe.stage = clone_expr(arena, e->pipe.stage);
        break;
    case EXPR_FOR:
        copy->loop.clauses = clone_clauses(arena, &e->loop.clauses);
        copy->loop.body = clone_block(arena, e->loop.body);
        copy->loop.facts = NULL;
        break;
    }
    return copy;
}

struct block *clone_block(struct arena *arena, const struct block *b)
{
    if (b == NULL)
        return NULL;
    struct block *copy = arena_new(arena, struct block);
    copy->span = b->span;
    for (size_t i = 0; i < b->statements.count; i++)
        array_push(arena, &copy->statements, clone_statement(arena, b->statements.items[i]));
    return copy;
}

static void clone_connect(struct arena *arena, struct statement *copy, const struct statement *s)
{
    copy->connect.source = clone_expr(arena, s->connect.source);
    copy->connect.target = clone_expr(arena, s->connect.target);
    copy->connect.topology = clone_expr(arena, s->connect.topology);
    copy->connect.weight = clone_item(arena, s->connect.weight);
    copy->connect.bias = clone_item(arena, s->connect.bias);
    copy->connect.delay = clone_item(arena, s->connect.delay);
    copy->connect.lag = clone_item(arena, s->connect.lag);
    copy->connect.rules = clone_exprs(arena, &s->connect.rules);
}

static void clone_present(struct arena *arena, struct statement *copy, const struct statement *s)
{
    copy->present.inputs = (struct presented_list){ 0 };
    for (size_t i = 0; i < s->present.inputs.count; i++) {
        struct presented input = s->present.inputs.items[i];
        input.value = clone_expr(arena, input.value);
        input.target = clone_expr(arena, input.target);
        array_push(arena, &copy->present.inputs, input);
    }
    copy->present.duration = clone_expr(arena, s->present.duration);
    copy->present.label = clone_expr(arena, s->present.label);
    copy->present.body = clone_block(arena, s->present.body);
    copy->present.network = NULL;
}

static void clone_parts_of_body(struct arena *arena, struct statement *copy,
                                const struct statement *s);

static void clone_parts_of_task(struct arena *arena, struct statement *copy,
                                const struct statement *s);

struct statement *clone_statement(struct arena *arena, const struct statement *s)
{
    struct statement *copy = statement_new(arena, s->kind, s->span);
    *copy = *s;
    copy->symbol = NULL;
    switch (s->kind) {
    case STATEMENT_ERROR:
    case STATEMENT_BREAK:
    case STATEMENT_CONTINUE:
    case STATEMENT_INPUT:
    case STATEMENT_ITEM: break;
    case STATEMENT_RETURN:
    case STATEMENT_YIELD:
    case STATEMENT_EXPR:
    case STATEMENT_EMIT:
    case STATEMENT_STEP:
    case STATEMENT_LAG:
    case STATEMENT_SAVE:
    case STATEMENT_LOAD: copy->value.value = clone_expr(arena, s->value.value); break;
    case STATEMENT_LET:
    case STATEMENT_ASSIGN:
    case STATEMENT_IF:
    case STATEMENT_FOR:
    case STATEMENT_WHILE:
    case STATEMENT_STATE:
    case STATEMENT_ODE:
    case STATEMENT_SPIKE:
    case STATEMENT_ON:
    case STATEMENT_TIME:
    case STATEMENT_LAYER: clone_parts_of_body(arena, copy, s); break;
    case STATEMENT_CONNECT: clone_connect(arena, copy, s); break;
    case STATEMENT_PRESENT: clone_present(arena, copy, s); break;
    case STATEMENT_REST:
    case STATEMENT_RESET:
    case STATEMENT_LEARN:
    case STATEMENT_FREEZE:
    case STATEMENT_DESCEND:
    case STATEMENT_LOG:
    case STATEMENT_REPORT:
    case STATEMENT_EXPORT:
    case STATEMENT_PLOT: clone_parts_of_task(arena, copy, s); break;
    }
    return copy;
}

static void clone_parts_of_body(struct arena *arena, struct statement *copy,
                                const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_LET:
        copy->let.indices = clone_clauses(arena, &s->let.indices);
        copy->let.value = clone_expr(arena, s->let.value);
        copy->let.facts = NULL;
        break;
    case STATEMENT_ASSIGN:
        copy->assign.target = clone_expr(arena, s->assign.target);
        copy->assign.value = clone_expr(arena, s->assign.value);
        copy->assign.indices = (struct for_clause_list){ 0 };
        copy->assign.facts = NULL;
        break;
    case STATEMENT_IF:
        copy->conditional.condition = clone_expr(arena, s->conditional.condition);
        copy->conditional.then = clone_block(arena, s->conditional.then);
        copy->conditional.otherwise = clone_block(arena, s->conditional.otherwise);
        break;
    case STATEMENT_FOR:
        copy->loop.clauses = clone_clauses(arena, &s->loop.clauses);
        copy->loop.body = clone_block(arena, s->loop.body);
        copy->loop.facts = NULL;
        break;
    case STATEMENT_WHILE:
        copy->while_loop.condition = clone_expr(arena, s->while_loop.condition);
        copy->while_loop.body = clone_block(arena, s->while_loop.body);
        break;
    case STATEMENT_STATE:
        copy->state.bounds = clone_bounds(arena, s->state.bounds);
        copy->state.value = clone_expr(arena, s->state.value);
        break;
    case STATEMENT_ODE: copy->ode.value = clone_expr(arena, s->ode.value); break;
    case STATEMENT_SPIKE:
        copy->spike.value = clone_expr(arena, s->spike.value);
        copy->spike.by = clone_expr(arena, s->spike.by);
        copy->spike.surrogate = clone_expr(arena, s->spike.surrogate);
        break;
    case STATEMENT_ON:
        copy->on.body = clone_block(arena, s->on.body);
        copy->on.label_symbol = NULL;
        break;
    case STATEMENT_TIME: copy->time.until = clone_expr(arena, s->time.until); break;
    case STATEMENT_LAYER:
        copy->layer.model = clone_expr(arena, s->layer.model);
        copy->layer.axes = clone_axes(arena, &s->layer.axes);
        break;
    default: unreachable();
    }
}

static void clone_parts_of_task(struct arena *arena, struct statement *copy,
                                const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_REST:
        copy->rest.target = clone_expr(arena, s->rest.target);
        copy->rest.duration = clone_expr(arena, s->rest.duration);
        copy->rest.body = clone_block(arena, s->rest.body);
        copy->rest.network = NULL;
        break;
    case STATEMENT_RESET:
        copy->reset.target = clone_expr(arena, s->reset.target);
        copy->reset.network = NULL;
        break;
    case STATEMENT_LEARN:
    case STATEMENT_FREEZE: copy->learn.targets = clone_exprs(arena, &s->learn.targets); break;
    case STATEMENT_DESCEND:
        copy->descend.loss = clone_expr(arena, s->descend.loss);
        copy->descend.optimizer = clone_expr(arena, s->descend.optimizer);
        copy->descend.every = clone_expr(arena, s->descend.every);
        break;
    case STATEMENT_LOG:
    case STATEMENT_REPORT: copy->metric.value = clone_expr(arena, s->metric.value); break;
    case STATEMENT_EXPORT:
        copy->export_to.value = clone_expr(arena, s->export_to.value);
        copy->export_to.path = clone_expr(arena, s->export_to.path);
        break;
    case STATEMENT_PLOT: copy->plot.figures = clone_exprs(arena, &s->plot.figures); break;
    default: unreachable();
    }
}

struct declaration *clone_declaration(struct arena *arena, const struct declaration *d)
{
    struct declaration *copy = declaration_new(arena, d->kind, d->span);
    *copy = *d;
    copy->symbol = NULL;
    copy->scope = NULL;
    switch (d->kind) {
    case DECLARATION_ERROR:
    case DECLARATION_USE: break;
    case DECLARATION_PARAM:
        copy->param.bounds = clone_bounds(arena, d->param.bounds);
        copy->param.choices = clone_exprs(arena, &d->param.choices);
        copy->param.value = clone_expr(arena, d->param.value);
        break;
    case DECLARATION_FUNC:
    case DECLARATION_SURROGATE:
        copy->func.formals = clone_formals(arena, &d->func.formals);
        copy->func.value = clone_expr(arena, d->func.value);
        copy->func.body = clone_block(arena, d->func.body);
        break;
    case DECLARATION_LET:
        copy->let.indices = clone_clauses(arena, &d->let.indices);
        copy->let.value = clone_expr(arena, d->let.value);
        break;
    case DECLARATION_PERSISTENT:
        copy->persistent.axes = clone_axes(arena, &d->persistent.axes);
        copy->persistent.bounds = clone_bounds(arena, d->persistent.bounds);
        copy->persistent.value = clone_expr(arena, d->persistent.value);
        break;
    case DECLARATION_NEURON:
        copy->neuron.formals = clone_formals(arena, &d->neuron.formals);
        copy->neuron.base = clone_expr(arena, d->neuron.base);
        copy->neuron.body = clone_block(arena, d->neuron.body);
        break;
    case DECLARATION_RULE:
        copy->rule.formals = clone_formals(arena, &d->rule.formals);
        copy->rule.body = clone_block(arena, d->rule.body);
        break;
    case DECLARATION_OPTIMIZER:
        copy->optimizer.formals = clone_formals(arena, &d->optimizer.formals);
        copy->optimizer.body = clone_block(arena, d->optimizer.body);
        break;
    case DECLARATION_DATA: copy->data.value = clone_expr(arena, d->data.value); break;
    case DECLARATION_NETWORK:
        copy->network.axes = clone_axes(arena, &d->network.axes);
        copy->network.body = clone_block(arena, d->network.body);
        break;
    case DECLARATION_TASK: copy->task.body = clone_block(arena, d->task.body); break;
    }
    return copy;
}

struct file *clone_file(struct arena *arena, const struct file *f)
{
    struct file *copy = arena_new(arena, struct file);
    *copy = *f;
    copy->declarations = (struct declaration_list){ 0 };
    for (size_t i = 0; i < f->declarations.count; i++)
        array_push(arena, &copy->declarations, clone_declaration(arena, f->declarations.items[i]));
    return copy;
}
