/* SPDX-License-Identifier: MIT
 *
 * Prints the tree: a line for each declaration and statement, bodies indented,
 * expressions on one line with parentheses around each operation, so that what
 * binds to what is visible.
 */
#include "syntax/ast_print.h"

#include <stdlib.h>
#include <string.h>

#include "base/diagnostics.h"

struct printer {
    FILE *out;
    int indent;
};

static void print_expr(struct printer *p, const struct expr *e);
static void print_block(struct printer *p, const struct block *block);

/* ---- parts ----------------------------------------------------------- */

static void put(struct printer *p, const char *text)
{
    fputs(text, p->out);
}

static void put_name(struct printer *p, const struct identifier *name)
{
    put(p, name->name ? name->name->text : "?");
}

static void begin_line(struct printer *p)
{
    fprintf(p->out, "%*s", p->indent * 2, "");
}

/* A word and the expression after it; nothing when that is null. */
static void put_part(struct printer *p, const char *word, const struct expr *e)
{
    if (!e)
        return;
    put(p, word);
    print_expr(p, e);
}

static void put_list(struct printer *p, const struct expr_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            put(p, ", ");
        print_expr(p, list->items[i]);
    }
}

static void put_names(struct printer *p, const struct identifier_list *names, const char *between)
{
    for (size_t i = 0; i < names->count; i++) {
        if (i)
            put(p, between);
        put_name(p, &names->items[i]);
    }
}

static void put_clauses(struct printer *p, const struct for_clause_list *clauses)
{
    for (size_t i = 0; i < clauses->count; i++) {
        const struct for_clause *clause = &clauses->items[i];
        if (i)
            put(p, ", ");
        put_name(p, &clause->variable);
        put_part(p, " in ", clause->domain);
        put_part(p, " by ", clause->by);
    }
}

static void put_unit(struct printer *p, const struct unit_ref *unit)
{
    if (unit->count == 1 && unit->items[0].power == 1) {
        put(p, unit->items[0].name->text);
        return;
    }
    put(p, "[");
    for (size_t i = 0; i < unit->count; i++) {
        const struct unit_factor *factor = &unit->items[i];
        if (i)
            put(p, "*");
        put(p, factor->name->text);
        if (factor->power != 1)
            fprintf(p->out, "^%d", factor->power);
    }
    put(p, unit->count ? "]" : "1]");
}

static const char *scalar_text(enum scalar_word scalar)
{
    switch (scalar) {
    case SCALAR_UNSAID: return "";
    case SCALAR_FLOAT32: return "float32";
    case SCALAR_FLOAT64: return "float64";
    case SCALAR_INT: return "int";
    case SCALAR_BOOL: return "bool";
    }
    unreachable();
}

static void put_type(struct printer *p, const struct type_ref *type)
{
    if (!type)
        return;
    put(p, " : ");
    put(p, scalar_text(type->scalar));
    if (type->scalar != SCALAR_UNSAID && type->unit)
        put(p, " ");
    if (type->unit)
        put_unit(p, type->unit);
}

static void put_bounds(struct printer *p, const struct bounds *bounds)
{
    put_part(p, " in ", bounds->low);
    put_part(p, " .. ", bounds->high);
}

static void put_axes(struct printer *p, const struct axis_spec_list *axes)
{
    if (axes->count == 0)
        return;
    put(p, "[");
    for (size_t i = 0; i < axes->count; i++) {
        const struct axis_spec *axis = &axes->items[i];
        if (i)
            put(p, ", ");
        switch (axis->kind) {
        case AXIS_NAMED:
            put_name(p, &axis->name);
            put(p, ": ");
            break;
        case AXIS_PLAIN: break;
        case AXIS_SPREAD: put(p, "axes of "); break;
        }
        print_expr(p, axis->value);
    }
    put(p, "]");
}

static void put_choices(struct printer *p, const struct expr_list *choices)
{
    if (choices->count == 0)
        return;
    put(p, " in {");
    put_list(p, choices);
    put(p, "}");
}

static void put_formals(struct printer *p, const struct formal_list *formals)
{
    put(p, "(");
    for (size_t i = 0; i < formals->count; i++) {
        if (i)
            put(p, ", ");
        put_name(p, &formals->items[i].name);
        put_type(p, formals->items[i].type);
        put_choices(p, &formals->items[i].choices);
        put_part(p, " = ", formals->items[i].value);
    }
    put(p, ")");
}

/* Text in quotes, with what would not print escaped. */
static void put_quoted(struct printer *p, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte == '\n')
            put(p, "\\n");
        else if (byte == '\t')
            put(p, "\\t");
        else if (strchr("\"\\{}", byte) && byte)
            fprintf(p->out, "\\%c", byte);
        else
            fputc(byte, p->out);
    }
}

/* ---- expressions ----------------------------------------------------- */

static void print_string(struct printer *p, const struct string_part_list *parts)
{
    put(p, "\"");
    for (size_t i = 0; i < parts->count; i++) {
        const struct string_part *part = &parts->items[i];
        if (part->text) {
            put_quoted(p, part->text, part->length);
        } else {
            put(p, "{");
            print_expr(p, part->value);
            put(p, "}");
        }
    }
    put(p, "\"");
}

/* The shortest form that reads back as the same value; one written with a point keeps it. */
static void print_number(struct printer *p, const struct expr *e)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, e->number.value);
        if (strtod(text, NULL) == e->number.value)
            break;
    }
    put(p, text);
    if (!e->number.is_integer && !strpbrk(text, ".e"))
        put(p, ".0");
    if (!e->number.unit)
        return;
    put(p, " ");
    put_unit(p, e->number.unit);
}

static void print_call(struct printer *p, const struct expr *e)
{
    print_expr(p, e->call.callee);
    put(p, "(");
    for (size_t i = 0; i < e->call.arguments.count; i++) {
        const struct argument *argument = &e->call.arguments.items[i];
        if (i)
            put(p, ", ");
        if (argument->name.name) {
            put_name(p, &argument->name);
            put(p, " = ");
        }
        print_expr(p, argument->value);
    }
    put(p, ")");
}

static void print_pair(struct printer *p, const struct expr *left, const char *sign,
                       const struct expr *right)
{
    put(p, "(");
    print_expr(p, left);
    fprintf(p->out, " %s ", sign);
    print_expr(p, right);
    put(p, ")");
}

static void print_expr(struct printer *p, const struct expr *e)
{
    switch (e->kind) {
    case EXPR_ERROR: put(p, "<error>"); return;
    case EXPR_NUMBER: print_number(p, e); return;
    case EXPR_INF: put(p, "inf"); return;
    case EXPR_BOOL: put(p, e->boolean.value ? "true" : "false"); return;
    case EXPR_STRING: print_string(p, &e->string.parts); return;
    case EXPR_NAME: put(p, e->name.name->text); return;
    case EXPR_FIELD:
        print_expr(p, e->field.object);
        put(p, ".");
        put_name(p, &e->field.field);
        return;
    case EXPR_INDEX:
        print_expr(p, e->index.object);
        put(p, "[");
        put_list(p, &e->index.indices);
        put(p, "]");
        return;
    case EXPR_CALL: print_call(p, e); return;
    case EXPR_COMPREHENSION:
        print_expr(p, e->comprehension.callee);
        put(p, "(");
        put_list(p, &e->comprehension.keys);
        put(p, " for ");
        put_clauses(p, &e->comprehension.clauses);
        put_part(p, " if ", e->comprehension.condition);
        put(p, ")");
        return;
    case EXPR_UNARY:
        fprintf(p->out, "(%s ", unary_op_text(e->unary.op));
        print_expr(p, e->unary.operand);
        put(p, ")");
        return;
    case EXPR_BINARY:
        print_pair(p, e->binary.left, binary_op_text(e->binary.op), e->binary.right);
        return;
    case EXPR_RANGE:
        print_pair(p, e->range.low, e->range.is_inclusive ? ".." : "..<", e->range.high);
        return;
    case EXPR_IF:
        put_part(p, "(if ", e->conditional.condition);
        put_part(p, " then ", e->conditional.then);
        put_part(p, " else ", e->conditional.otherwise);
        put(p, ")");
        return;
    case EXPR_LIST:
        put(p, "[");
        put_list(p, &e->list.items);
        put(p, "]");
        return;
    case EXPR_PIPE: print_pair(p, e->pipe.left, "|>", e->pipe.stage); return;
    case EXPR_FOR:
        put(p, "for ");
        put_clauses(p, &e->loop.clauses);
        print_block(p, e->loop.body);
        return;
    }
    unreachable();
}

/* ---- statements ------------------------------------------------------ */

static void print_spike(struct printer *p, const struct statement *s)
{
    put(p, s->spike.is_once ? "spike once" : "spike");
    switch (s->spike.form) {
    case SPIKE_WHEN: put(p, " when "); break;
    case SPIKE_CHANCE: put(p, " with chance "); break;
    case SPIKE_AT: put(p, " at "); break;
    case SPIKE_AT_MOST: put(p, " at most "); break;
    }
    print_expr(p, s->spike.value);
    put_part(p, " by ", s->spike.by);
    if (s->spike.per.count)
        put(p, " per ");
    put_names(p, &s->spike.per, ", ");
    put_part(p, " surrogate ", s->spike.surrogate);
}

static void print_on(struct printer *p, const struct statement *s)
{
    switch (s->on.event) {
    case EVENT_SPIKE: put(p, "on spike"); break;
    case EVENT_PRE: put(p, "on pre"); break;
    case EVENT_POST: put(p, "on post"); break;
    case EVENT_STEP: put(p, "each step"); break;
    case EVENT_INIT: put(p, "on init"); break;
    case EVENT_START: put(p, "on start"); break;
    case EVENT_END: put(p, "on end"); break;
    }
    if (s->on.label.name) {
        put(p, "(");
        put_name(p, &s->on.label);
        put(p, ")");
    }
    print_block(p, s->on.body);
}

static void print_state(struct printer *p, const struct statement *s)
{
    switch (s->state.owner) {
    case STATE_OWN: break;
    case STATE_PRE: put(p, "pre "); break;
    case STATE_POST: put(p, "post "); break;
    }
    if (s->state.is_shared)
        put(p, "shared ");
    put(p, s->state.is_persistent ? "persistent " : "state ");
    put_name(p, &s->state.name);
    put_type(p, s->state.type);
    put_bounds(p, &s->state.bounds);
    put_part(p, " = ", s->state.value);
    if (s->state.is_learnt)
        put(p, " learn gradient");
}

static void print_item(struct printer *p, const char *word, const struct connect_item *item)
{
    if (!item->value)
        return;
    put(p, "\n");
    begin_line(p);
    put(p, word);
    print_expr(p, item->value);
    put_bounds(p, &item->bounds);
}

static void print_connect(struct printer *p, const struct statement *s)
{
    put(p, "connect ");
    if (s->connect.name.name) {
        put_name(p, &s->connect.name);
        put(p, ": ");
    }
    print_expr(p, s->connect.source);
    put_part(p, " -> ", s->connect.target);
    put_part(p, " via ", s->connect.topology);
    p->indent++;
    print_item(p, "weight ", &s->connect.weight);
    print_item(p, "bias ", &s->connect.bias);
    print_item(p, "delay ", &s->connect.delay);
    print_item(p, "lag ", &s->connect.lag);
    if (s->connect.rules.count || s->connect.learns_gradient) {
        put(p, "\n");
        begin_line(p);
        put(p, s->connect.learns_gradient ? "learn gradient" : "learn ");
        if (s->connect.learns_gradient && s->connect.rules.count)
            put(p, ", ");
        put_list(p, &s->connect.rules);
    }
    p->indent--;
}

static void print_present(struct printer *p, const struct statement *s)
{
    put(p, "present ");
    for (size_t i = 0; i < s->present.inputs.count; i++) {
        if (i)
            put(p, ", ");
        print_expr(p, s->present.inputs.items[i].value);
        put_part(p, " to ", s->present.inputs.items[i].target);
    }
    put_part(p, " for ", s->present.duration);
    put_part(p, " teach ", s->present.label);
    if (s->present.keeps_state)
        put(p, " keeping state");
    if (s->present.body)
        print_block(p, s->present.body);
}

static void print_metric(struct printer *p, const struct statement *s)
{
    if (s->metric.name.name) {
        put(p, " ");
        put_name(p, &s->metric.name);
        put(p, " =");
    }
    put_part(p, " ", s->metric.value);
}

static void print_if(struct printer *p, const struct statement *s)
{
    put_part(p, "if ", s->conditional.condition);
    print_block(p, s->conditional.then);
    if (!s->conditional.otherwise)
        return;
    put(p, "\n");
    begin_line(p);
    put(p, "else");
    print_block(p, s->conditional.otherwise);
}

/* Statements that are their word and one expression. */
static void print_value(struct printer *p, const struct statement *s)
{
    put(p, statement_kind_text(s->kind));
    put_part(p, " ", s->value.value);
}

/* What stands in tasks and functions only. */
static void print_task_statement(struct printer *p, const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_PRESENT: print_present(p, s); return;
    case STATEMENT_REST:
        put(p, "rest");
        put_part(p, " ", s->rest.target);
        put_part(p, " for ", s->rest.duration);
        if (s->rest.body)
            print_block(p, s->rest.body);
        return;
    case STATEMENT_RESET:
        put(p, "reset");
        put_part(p, " ", s->reset.target);
        return;
    case STATEMENT_LEARN:
    case STATEMENT_FREEZE:
        fprintf(p->out, "%s ", statement_kind_text(s->kind));
        if (s->learn.is_all)
            put(p, "all");
        put_list(p, &s->learn.targets);
        return;
    case STATEMENT_DESCEND:
        put_part(p, "descend ", s->descend.loss);
        put_part(p, " using ", s->descend.optimizer);
        put_part(p, " every ", s->descend.every);
        return;
    case STATEMENT_LOG:
    case STATEMENT_REPORT:
        put(p, statement_kind_text(s->kind));
        print_metric(p, s);
        return;
    case STATEMENT_EXPORT:
        put_part(p, "export ", s->export_to.value);
        if (s->export_to.value->kind == EXPR_FOR) {
            put(p, "\n");
            begin_line(p);
            put_part(p, "to ", s->export_to.path);
        } else {
            put_part(p, " to ", s->export_to.path);
        }
        return;
    case STATEMENT_PLOT:
        put(p, "plot ");
        put_list(p, &s->plot.figures);
        return;
    default: unreachable();
    }
}

static void print_statement(struct printer *p, const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_ERROR: put(p, "<error>"); return;
    case STATEMENT_LET:
        put(p, "let ");
        put_name(p, &s->let.name);
        if (s->let.indices.count) {
            put(p, "[");
            put_clauses(p, &s->let.indices);
            put(p, "]");
        }
        put_type(p, s->let.type);
        put_part(p, " = ", s->let.value);
        return;
    case STATEMENT_ASSIGN:
        print_expr(p, s->assign.target);
        fprintf(p->out, " %s ", assign_op_text(s->assign.op));
        print_expr(p, s->assign.value);
        return;
    case STATEMENT_IF: print_if(p, s); return;
    case STATEMENT_FOR:
        put(p, s->loop.is_parallel ? "parallel for " : "for ");
        put_clauses(p, &s->loop.clauses);
        print_block(p, s->loop.body);
        return;
    case STATEMENT_WHILE:
        put_part(p, "while ", s->while_loop.condition);
        print_block(p, s->while_loop.body);
        return;
    case STATEMENT_BREAK:
    case STATEMENT_CONTINUE: put(p, statement_kind_text(s->kind)); return;
    case STATEMENT_RETURN:
    case STATEMENT_YIELD:
    case STATEMENT_EXPR:
    case STATEMENT_EMIT:
    case STATEMENT_STEP:
    case STATEMENT_LAG:
    case STATEMENT_SAVE:
    case STATEMENT_LOAD: print_value(p, s); return;
    case STATEMENT_INPUT:
        put(p, "input ");
        put_name(p, &s->input.name);
        put_type(p, s->input.type);
        return;
    case STATEMENT_STATE: print_state(p, s); return;
    case STATEMENT_ODE:
        put_name(p, &s->ode.name);
        put_part(p, "' = ", s->ode.value);
        if (s->ode.method.name)
            fprintf(p->out, " using %s", s->ode.method.name->text);
        return;
    case STATEMENT_SPIKE: print_spike(p, s); return;
    case STATEMENT_ON: print_on(p, s); return;
    case STATEMENT_TIME:
        put(p, "time continuous");
        put_part(p, " until ", s->time.until);
        return;
    case STATEMENT_LAYER:
        put(p, "layer ");
        put_name(p, &s->layer.name);
        put_part(p, " = ", s->layer.model);
        put_axes(p, &s->layer.axes);
        return;
    case STATEMENT_CONNECT: print_connect(p, s); return;
    case STATEMENT_ITEM: unreachable();
    default: print_task_statement(p, s); return;
    }
}

/* The statements on lines of their own, one deeper; ends without a line end. */
static void print_block(struct printer *p, const struct block *block)
{
    p->indent++;
    for (size_t i = 0; i < block->statements.count; i++) {
        put(p, "\n");
        begin_line(p);
        print_statement(p, block->statements.items[i]);
    }
    p->indent--;
}

/* ---- declarations ---------------------------------------------------- */

static void print_doc(struct printer *p, const char *doc)
{
    if (!doc)
        return;
    begin_line(p);
    put(p, "doc \"");
    put_quoted(p, doc, strlen(doc));
    put(p, "\"\n");
}

static void print_param(struct printer *p, const struct declaration *d)
{
    put_type(p, d->param.type);
    put_bounds(p, &d->param.bounds);
    put_choices(p, &d->param.choices);
    put_part(p, " = ", d->param.value);
}

static void print_rule(struct printer *p, const struct declaration *d)
{
    put_formals(p, &d->rule.formals);
    if (d->rule.axes.count) {
        put(p, " over post[");
        put_names(p, &d->rule.axes, ", ");
        put(p, "]");
    }
    if (d->rule.is_unbounded)
        put(p, " unbounded");
    if (d->rule.is_batch_mean)
        put(p, " batch mean");
    print_block(p, d->rule.body);
}

static void print_use(struct printer *p, const struct declaration *d)
{
    put_names(p, &d->use.path, ".");
    if (!d->use.file)
        return;
    put(p, "\"");
    put_quoted(p, d->use.file, strlen(d->use.file));
    put(p, "\"");
}

static void print_body(struct printer *p, const struct declaration *d)
{
    switch (d->kind) {
    case DECLARATION_ERROR: return;
    case DECLARATION_USE: print_use(p, d); return;
    case DECLARATION_PARAM: print_param(p, d); return;
    case DECLARATION_FUNC:
    case DECLARATION_SURROGATE:
        put_formals(p, &d->func.formals);
        put_part(p, " = ", d->func.value);
        if (d->func.body)
            print_block(p, d->func.body);
        return;
    case DECLARATION_LET:
        if (d->let.indices.count) {
            put(p, "[");
            put_clauses(p, &d->let.indices);
            put(p, "]");
        }
        put_type(p, d->let.type);
        put_part(p, " = ", d->let.value);
        return;
    case DECLARATION_PERSISTENT:
        put_axes(p, &d->persistent.axes);
        put_type(p, d->persistent.type);
        put_bounds(p, &d->persistent.bounds);
        put_part(p, " = ", d->persistent.value);
        return;
    case DECLARATION_NEURON:
        put_formals(p, &d->neuron.formals);
        put_part(p, " extends ", d->neuron.base);
        print_block(p, d->neuron.body);
        return;
    case DECLARATION_RULE: print_rule(p, d); return;
    case DECLARATION_OPTIMIZER:
        put_formals(p, &d->optimizer.formals);
        print_block(p, d->optimizer.body);
        return;
    case DECLARATION_DATA: put_part(p, " = ", d->data.value); return;
    case DECLARATION_NETWORK:
        put_axes(p, &d->network.axes);
        print_block(p, d->network.body);
        return;
    case DECLARATION_TASK: print_block(p, d->task.body); return;
    }
    unreachable();
}

static void print_declaration(struct printer *p, const struct declaration *d)
{
    if (d->kind == DECLARATION_ERROR) {
        put(p, "<error>\n");
        return;
    }
    print_doc(p, d->doc);
    if (d->kind == DECLARATION_TASK && d->task.is_optional)
        put(p, "optional ");
    put(p, declaration_kind_text(d->kind));
    put(p, " ");
    if (d->name.name)
        put_name(p, &d->name);
    print_body(p, d);
    put(p, "\n");
}

void ast_print(FILE *out, const struct file *file)
{
    struct printer printer = { .out = out };
    print_doc(&printer, file->doc);
    for (size_t i = 0; i < file->declarations.count; i++)
        print_declaration(&printer, file->declarations.items[i]);
}
