/* SPDX-License-Identifier: MIT
 *
 * Crossings between events. In continuous time a threshold can be reached while nothing arrives:
 * one state drives another, or drifts. When a presentation begins, and after each group that
 * reaches a layer, the time is found at which each of its neurons comes to the threshold if nothing
 * more arrives (runtime/crossing_calls.c). The earliest is an event of the network: the layer's
 * body runs then, without input, and these neurons spike.
 *
 * What can be solved: `spike when a > b`, with further conditions that hold or not until the next
 * event, where a and b are linear in states with linear equations.
 */
#include <math.h>

#include "ir/lower_internal.h"

enum { EQUATION_LIMIT = 8 }; /* of the runtime */

ARRAY_STRUCT(condition_list, struct expr *);

struct crossing_plan {
    struct statement *lines[EQUATION_LIMIT]; /* equations of states */
    size_t line_count;
    struct expr *under;            /* the `if` that they stand under; null */
    struct expr *larger, *smaller; /* spikes when larger > smaller */
    struct expr *since;            /* … and since > this; null */
    struct condition_list held;    /* … and these hold, as they do until the next event */
    int32_t crossings;             /* FLOAT64 [neuron]: time of the next one */
    int32_t earliest;              /* FLOAT64[1] */
    int32_t columns;               /* FLOAT64 [2 lines + 2, neuron]: what the runtime solves */
    int32_t first;                 /* constants: coefficients */
};

/* ---- what expressions read ---- */

struct reading {
    const struct neuron_instance *model;
    bool is_moving;  /* a state with an equation */
    bool is_timed;   /* t, dt, since */
    bool is_unknown; /* what cannot be computed ahead: draws, the layer, lets of blocks */
};

static struct statement *equation_of(const struct statement_list *body, const struct name *name)
{
    for (size_t i = 0; i < body->count; i++) {
        struct statement *s = body->items[i], *found = NULL;
        if (s->kind == STATEMENT_ODE && s->ode.name.name == name)
            return s;
        if (s->kind != STATEMENT_IF)
            continue;
        found = equation_of(&s->conditional.then->statements, name);
        if (found == NULL && s->conditional.otherwise != NULL)
            found = equation_of(&s->conditional.otherwise->statements, name);
        if (found != NULL)
            return found;
    }
    return NULL;
}

bool lower_has_equation(const struct neuron_instance *model, const struct symbol *state)
{
    return equation_of(&model->body, state->name) != NULL;
}

/* What learns is held between events: it moves where the layer is reached. */
static bool is_moving(const struct neuron_instance *model, const struct symbol *symbol)
{
    return symbol->kind == SYMBOL_STATE && !symbol->statement->state.is_persistent &&
           equation_of(&model->body, symbol->name) != NULL;
}

static bool is_top_level(const struct neuron_instance *model, const struct symbol *local)
{
    for (size_t i = 0; i < model->body.count; i++)
        if (model->body.items[i]->symbol == local)
            return model->body.items[i]->kind == STATEMENT_LET && !local->is_assigned &&
                   !lower_draws(model->body.items[i]) && !lower_breaks_kernel(model->body.items[i]);
    return false;
}

static void read_expr(struct expr *e, void *data)
{
    struct reading *r = data;
    const struct symbol *symbol = e->kind == EXPR_NAME ? e->symbol : NULL;
    if (symbol != NULL && is_moving(r->model, symbol))
        r->is_moving = true;
    if (symbol != NULL && symbol->kind == SYMBOL_VARIABLE)
        r->is_timed |= symbol->variable == VARIABLE_T || symbol->variable == VARIABLE_DT ||
                       symbol->variable == VARIABLE_SINCE;
    if (symbol != NULL && symbol->kind == SYMBOL_LOCAL) {
        if (is_top_level(r->model, symbol) && symbol->value != NULL)
            read_expr(symbol->value, data);
        else
            r->is_unknown = true;
    }
    r->is_unknown |=
        e->kind == EXPR_COMPREHENSION ||
        (e->target != NULL &&
         ((e->target->kind == CALL_BUILTIN && e->target->builtin->group == BUILTIN_GROUP_DRAW) ||
          (e->target->kind == CALL_FUNCTION && e->target->function->draws)));
    expr_children(e, read_expr, data);
}

static struct reading reading_of(const struct neuron_instance *model, struct expr *e)
{
    struct reading r = { .model = model };
    read_expr(e, &r);
    return r;
}

struct state_search {
    const struct neuron_instance *model;
    const struct symbol *state;
    bool is_found;
};

static void search_state(struct expr *e, void *data)
{
    struct state_search *search = data;
    const struct symbol *symbol = e->kind == EXPR_NAME ? e->symbol : NULL;
    search->is_found |= symbol == search->state;
    if (symbol != NULL && symbol->kind == SYMBOL_LOCAL && is_top_level(search->model, symbol) &&
        symbol->value != NULL)
        search_state(symbol->value, data);
    expr_children(e, search_state, data);
}

static bool reads_state(const struct neuron_instance *model, struct expr *e,
                        const struct symbol *state)
{
    struct state_search search = { model, state, false };
    search_state(e, &search);
    return search.is_found;
}

bool lower_is_coupled(const struct neuron_instance *model)
{
    for (size_t i = 0; i < model->states.count; i++) {
        const struct statement *s = equation_of(&model->body, model->states.items[i]->name);
        for (size_t k = 0; s != NULL && k < model->states.count; k++)
            if (k != i && is_moving(model, model->states.items[k]) &&
                reads_state(model, s->ode.value, model->states.items[k]))
                return true;
    }
    return false;
}

/* A line sees a state of another system as it is after its own advance, not as it moves. */
static void check_system(struct lowering *l, const struct neuron_instance *model,
                         struct statement *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < model->states.count; k++) {
            const struct symbol *state = model->states.items[k];
            bool is_here = false;
            for (size_t m = 0; m < count; m++)
                is_here = is_here || lines[m]->ode.name.name == state->name;
            if (is_here || !is_moving(model, state) ||
                !reads_state(model, lines[i]->ode.value, state))
                continue;
            lower_refuse(l, lines[i]->span, "%s' depends on '%s', which moves between events, too",
                         lines[i]->ode.name.name->text, state->name->text);
            diag_hint(l->c, "put the lines of %s' and %s' one after the other: they are one system",
                      state->name->text, lines[i]->ode.name.name->text);
        }
}

void lower_check_systems(struct lowering *l, const struct neuron_instance *model,
                         const struct statement_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        size_t end = i;
        while (end < list->count && list->items[end]->kind == STATEMENT_ODE)
            end++;
        if (end > i) {
            check_system(l, model, list->items + i, end - i);
            i = end - 1;
        } else if (list->items[i]->kind == STATEMENT_IF) {
            lower_check_systems(l, model, &list->items[i]->conditional.then->statements);
            if (list->items[i]->conditional.otherwise != NULL)
                lower_check_systems(l, model, &list->items[i]->conditional.otherwise->statements);
        }
    }
}

/* ---- the plan ---- */

/* x' = -x / tau: comes to 0 and never passes it. */
static bool decays_to_zero(const struct neuron_instance *model, const struct symbol *state)
{
    const struct statement *s = equation_of(&model->body, state->name);
    struct expr *e = s->ode.value;
    bool is_negative = false;
    for (; e->kind != EXPR_NAME; e = e->kind == EXPR_UNARY ? e->unary.operand : e->binary.left) {
        if (e->kind == EXPR_UNARY && e->unary.op == UNARY_MINUS)
            is_negative = !is_negative;
        else if (e->kind != EXPR_BINARY || e->binary.op != BINARY_DIVIDE ||
                 reading_of(model, e->binary.right).is_moving)
            return false;
    }
    return e->symbol == state && is_negative;
}

static bool is_comparison(const struct expr *e)
{
    return e->kind == EXPR_BINARY &&
           (e->binary.op == BINARY_LESS || e->binary.op == BINARY_LESS_EQUAL ||
            e->binary.op == BINARY_GREATER || e->binary.op == BINARY_GREATER_EQUAL);
}

static bool is_greater(const struct expr *e)
{
    return e->binary.op == BINARY_GREATER || e->binary.op == BINARY_GREATER_EQUAL;
}

static struct expr *larger_side(const struct expr *e)
{
    return is_greater(e) ? e->binary.left : e->binary.right;
}

static struct expr *smaller_side(const struct expr *e)
{
    return is_greater(e) ? e->binary.right : e->binary.left;
}

static bool is_since(const struct expr *e)
{
    return e->kind == EXPR_NAME && e->symbol != NULL && e->symbol->kind == SYMBOL_VARIABLE &&
           e->symbol->variable == VARIABLE_SINCE;
}

/* A state that decays, above what does not move: reached at events only. */
static bool is_reached_at_events(const struct neuron_instance *model, const struct expr *e)
{
    if (!is_comparison(e))
        return false;
    const struct expr *state = larger_side(e);
    return state->kind == EXPR_NAME && state->symbol != NULL &&
           state->symbol->kind == SYMBOL_STATE && is_moving(model, state->symbol) &&
           decays_to_zero(model, state->symbol) && !reading_of(model, smaller_side(e)).is_moving;
}

static bool needs_plan(const struct neuron_instance *model, struct expr *condition)
{
    if (condition->kind == EXPR_BINARY && condition->binary.op == BINARY_AND)
        return needs_plan(model, condition->binary.left) ||
               needs_plan(model, condition->binary.right);
    return reading_of(model, condition).is_moving && !is_reached_at_events(model, condition);
}

static void refuse(struct lowering *l, struct span span, const char *why)
{
    lower_refuse(l, span,
                 "when this condition begins to hold between events has no closed form: %s", why);
    diag_hint(l->c, "write 'spike when a > b and …' with a and b linear in the states; or give the "
                    "network a step");
}

static void plan_condition(struct lowering *l, const struct neuron_instance *model,
                           struct crossing_plan *plan, struct expr *e)
{
    if (e->kind == EXPR_BINARY && e->binary.op == BINARY_AND) {
        plan_condition(l, model, plan, e->binary.left);
        plan_condition(l, model, plan, e->binary.right);
        return;
    }
    struct reading r = reading_of(model, e);
    if (r.is_unknown) {
        refuse(l, e->span, "it depends on what is drawn, on the layer or on a let that changes");
    } else if (r.is_moving && r.is_timed) {
        refuse(l, e->span, "it depends on time, too");
    } else if (r.is_moving && !is_comparison(e)) {
        refuse(l, e->span, "it is not a comparison");
    } else if (r.is_moving && plan->larger != NULL) {
        refuse(l, e->span, "another comparison moves as well");
    } else if (r.is_moving) {
        plan->larger = larger_side(e);
        plan->smaller = smaller_side(e);
    } else if (r.is_timed) {
        bool is_wait = is_comparison(e) && is_since(larger_side(e)) &&
                       !reading_of(model, smaller_side(e)).is_timed && plan->since == NULL;
        if (!is_wait)
            refuse(l, e->span, "it depends on time otherwise than 'since > …'");
        plan->since = is_wait ? smaller_side(e) : NULL;
    } else {
        array_push(&l->c->arena, &plan->held, e);
    }
}

static void plan_line(struct lowering *l, struct crossing_plan *plan, struct statement *s,
                      struct expr *under)
{
    bool is_first = plan->line_count == 0;
    if (plan->line_count == EQUATION_LIMIT)
        lower_refuse(l, s->span, "crossings between events are found for at most %d equations",
                     (int)EQUATION_LIMIT);
    else if (!is_first && plan->under != under)
        refuse(l, s->span, "this equation holds under another condition than those before");
    else
        plan->lines[plan->line_count++] = s;
    plan->under = under;
}

static void plan_lines(struct lowering *l, const struct neuron_instance *model,
                       struct crossing_plan *plan, const struct statement_list *list,
                       struct expr *under)
{
    for (size_t i = 0; i < list->count; i++) {
        struct statement *s = list->items[i];
        const struct symbol *state = NULL;
        for (size_t k = 0; k < model->states.count && s->kind == STATEMENT_ODE; k++)
            if (model->states.items[k]->name == s->ode.name.name)
                state = model->states.items[k];
        if (state != NULL && !state->statement->state.is_persistent)
            plan_line(l, plan, s, under);
        if (s->kind != STATEMENT_IF)
            continue;
        plan_lines(l, model, plan, &s->conditional.then->statements, s->conditional.condition);
        if (s->conditional.otherwise != NULL && plan->under != s->conditional.condition)
            plan_lines(l, model, plan, &s->conditional.otherwise->statements,
                       s->conditional.condition);
    }
}

void lower_crossing_buffers(struct lowering *l, struct lowered_layer *layer)
{
    const struct neuron_instance *model = layer->layer->model;
    const struct statement *spike = model->spike;
    layer->crossing = NULL;
    if (!layer->network->network->is_continuous || spike == NULL ||
        spike->spike.form != SPIKE_WHEN || !needs_plan(model, spike->spike.value))
        return;
    struct crossing_plan *plan = arena_new(&l->c->arena, struct crossing_plan);
    plan_lines(l, model, plan, &model->body, NULL);
    plan_condition(l, model, plan, spike->spike.value);
    int32_t rows = (int32_t)plan->line_count + 1;
    int32_t sizes[] = { lower_size_value(l, 2 * rows), layer->size };
    const char *name = arena_format(&l->c->arena, "%s.columns", layer->name);
    plan->columns =
        lower_buffer(l, name, SNN_FLOAT64, SNN_BUFFER_LANE, lower_size_product(l, sizes, 2, name));
    plan->crossings = lower_buffer(l, arena_format(&l->c->arena, "%s.crossings", layer->name),
                                   SNN_FLOAT64, SNN_BUFFER_LANE, layer->size);
    plan->earliest = lower_buffer(l, arena_format(&l->c->arena, "%s.crossing", layer->name),
                                  SNN_FLOAT64, SNN_BUFFER_LANE, lower_size_value(l, 1));
    l->program->buffers[plan->columns].is_observed = true;
    l->program->buffers[plan->crossings].is_observed = true;
    plan->first = l->program->constant_count;
    for (int32_t i = 0; i < rows * rows; i++)
        ir_add_constant(l->c, l->program, "crossing", false);
    layer->crossing = plan;
}

/* ---- finding them ---- */

/* Lets as they will be at the crossing: with the states of then. */
static void bind_lets(struct lowering *l, const struct neuron_instance *model)
{
    for (size_t i = 0; i < model->body.count; i++) {
        const struct statement *s = model->body.items[i];
        if (s->kind != STATEMENT_LET || s->let.indices.count > 0 || !is_top_level(model, s->symbol))
            continue;
        struct ir_node *value = lower_scalar(l, s->let.value);
        if (value->type == IR_F64 && s->let.value->type->is_constant)
            value = lower_cast(l, IR_F32, value);
        s->symbol->binding = binding_value(l, value);
    }
}

static const struct symbol *state_of(const struct neuron_instance *model,
                                     const struct statement *line)
{
    for (size_t i = 0; i < model->states.count; i++)
        if (model->states.items[i]->name == line->ode.name.name)
            return model->states.items[i];
    unreachable();
}

/* From when on to search, after the time of the states: never where a condition does not hold. */
static struct ir_node *search_from(struct lowering *l, const struct crossing_plan *plan)
{
    const struct lowered_layer *layer = l->kernel->layer;
    struct ir_node *holds = ir_bool(&l->b, true), *never = ir_real(&l->b, IR_F64, INFINITY);
    if (plan->under != NULL)
        holds = lower_condition(l, plan->under);
    for (size_t i = 0; i < plan->held.count; i++)
        holds = ir_binary(&l->b, IR_AND, holds, lower_condition(l, plan->held.items[i]));
    if (layer->layer->model->spike->spike.is_once)
        holds = ir_binary(&l->b, IR_AND, holds,
                          ir_unary(&l->b, IR_NOT, kernel_read(l, layer->fired, -1)));
    struct ir_node *from = ir_select(&l->b, kernel_read(l, layer->spiked, -1),
                                     ir_real(&l->b, IR_F64, -1), ir_real(&l->b, IR_F64, 0));
    if (plan->since != NULL) {
        struct ir_node *selected = ir_cast(&l->b, IR_F64, kernel_read(l, layer->selected, -1));
        struct ir_node *end = ir_binary(&l->b, IR_ADD, selected, lower_as(l, plan->since, IR_F64));
        from = ir_binary(&l->b, IR_MAX, from, ir_binary(&l->b, IR_SUB, end, l->now));
    }
    return ir_select(&l->b, holds, from, never);
}

static void store_row(struct lowering *l, const struct crossing_plan *plan, size_t row,
                      struct ir_node *value)
{
    struct ir_node *place = ir_binary(&l->b, IR_MUL, lower_size_leaf(l, l->kernel->layer->size),
                                      ir_integer(&l->b, (int64_t)row));
    ir_store(&l->b, plan->columns, ir_binary(&l->b, IR_ADD, place, l->kernel->element),
             ir_cast(&l->b, IR_F64, value));
}

/* The equations and the distance as linear forms: values, what is constant, from when. */
static void store_column(struct lowering *l, const struct crossing_plan *plan)
{
    const struct neuron_instance *model = l->kernel->layer->layer->model;
    size_t n = plan->line_count;
    struct ir_node *variables[EQUATION_LIMIT + 1];
    enum ir_type type = IR_F32;
    for (size_t i = 0; i < n; i++) {
        variables[i] = kernel_copy(l, lower_state_buffer(l, state_of(model, plan->lines[i])));
        store_row(l, plan, i, ir_get(&l->b, variables[i]));
        type = variables[i]->type == IR_F64 ? IR_F64 : type;
    }
    variables[n] = ir_var(&l->b, "distance", ir_real(&l->b, type, 0));
    struct ir_node *node = ir_ode(&l->b, IR_ODE_FORM, (int32_t)n + 1, ir_real(&l->b, IR_F64, 0));
    struct ode_scope scope = { .node = node, .outer = l->ode };
    node->ode.first = plan->first;
    for (size_t i = 0; i <= n; i++) {
        node->ode.variables[i].var = variables[i];
        node->ode.variables[i].name = i < n ? plan->lines[i]->ode.name.name->text : "distance";
    }
    struct ir_builder here = l->b;
    l->b.before = NULL;
    l->b.block = &node->ode.body;
    l->ode = &scope;
    bind_lets(l, model);
    for (size_t i = 0; i < n; i++) {
        l->b.span = plan->lines[i]->ode.value->span;
        node->ode.variables[i].rate = lower_as(l, plan->lines[i]->ode.value, variables[i]->type);
    }
    l->b.span = plan->larger->span;
    struct ir_node *larger = lower_as(l, plan->larger, type);
    node->ode.variables[n].rate =
        ir_binary(&l->b, IR_SUB, larger, lower_as(l, plan->smaller, type));
    l->ode = scope.outer;
    l->b = here;
    for (size_t i = 0; i <= n; i++)
        store_row(l, plan, n + i, ir_get(&l->b, variables[i]));
}

void lower_find_crossings(struct lowering *l, struct lowered_layer *layer, bool is_learning)
{
    const struct crossing_plan *plan = layer->crossing;
    const struct neuron_instance *model = layer->layer->model;
    if (plan == NULL)
        return;
    struct kernel kernel = { .layer = layer, .is_learning = is_learning };
    struct ir_node *zero = ir_integer(&l->b, 0), *outer_now = l->now;
    l->b.span = model->spike->span;
    l->kernel = &kernel;
    l->now = ir_load(&l->b, layer->reached, zero);
    struct ir_node *now = l->now;
    kernel_open(l, arena_format(&l->c->arena, "%s.crossings", layer->name));
    for (size_t i = 0; i < model->inputs.count; i++)
        kernel_write(l, lower_state_buffer(l, model->inputs.items[i]), -1,
                     ir_real(&l->b, IR_F32, 0));
    bind_lets(l, model);
    store_row(l, plan, 2 * plan->line_count + 1, search_from(l, plan));
    store_column(l, plan);
    kernel_close(l);
    l->kernel = NULL;
    l->now = outer_now;
    struct ir_node *operands[] = { ir_integer(&l->b, (int64_t)plan->line_count),
                                   ir_integer(&l->b, plan->first),
                                   ir_integer(&l->b, plan->columns),
                                   lower_size_leaf(l, layer->size),
                                   now,
                                   ir_load(&l->b, layer->network->until, zero),
                                   ir_integer(&l->b, plan->crossings) };
    ir_store(&l->b, plan->earliest, zero, ir_call_rt(&l->b, IR_RT_snn_rt_crossings, 7, operands));
}

/* ---- events ---- */

/* The time of the layer's next crossing; null where it has none. */
struct ir_node *lower_next_crossing(struct lowering *l, const struct lowered_layer *layer)
{
    return layer->crossing == NULL
               ? NULL
               : ir_load(&l->b, layer->crossing->earliest, ir_integer(&l->b, 0));
}

/* Whether the neuron at hand crosses now; null where it cannot. */
struct ir_node *lower_crosses(struct lowering *l)
{
    const struct crossing_plan *plan = l->kernel->layer->crossing;
    if (plan == NULL)
        return NULL;
    return ir_binary(&l->b, IR_LE, kernel_read(l, plan->crossings, -1), lower_time(l, IR_F64));
}
