/* SPDX-License-Identifier: MIT
 *
 * A neuron body, statement by statement, into kernels over its layer. A kernel ends where the layer
 * must be seen as a whole: before a reduction `for layer`, at `spike at most`, and where `on spike`
 * draws random numbers, which is then done for the neurons that spiked alone.
 */
#include "ir/lower_internal.h"

/* ---- what a statement contains ---- */

struct body_search {
    bool draws;
    bool sees_layer;
};

static void search_expr(struct expr *e, void *data)
{
    struct body_search *search = data;
    if (e->target != NULL && e->target->kind == CALL_BUILTIN &&
        e->target->builtin->group == BUILTIN_GROUP_DRAW)
        search->draws = true;
    if (e->target != NULL && e->target->kind == CALL_FUNCTION && e->target->function->draws)
        search->draws = true;
    if (e->kind == EXPR_COMPREHENSION &&
        e->comprehension.clauses.items[0].symbol->domain.kind == DOMAIN_LAYER)
        search->sees_layer = true;
    expr_children(e, search_expr, search);
}

static void search_block(const struct block *block, struct body_search *search);

static void search_statement(const struct statement *s, struct body_search *search)
{
    switch (s->kind) {
    case STATEMENT_LET: search_expr(s->let.value, search); break;
    case STATEMENT_ASSIGN: search_expr(s->assign.value, search); break;
    case STATEMENT_ODE: search_expr(s->ode.value, search); break;
    case STATEMENT_EMIT: search_expr(s->value.value, search); break;
    case STATEMENT_SPIKE:
        search_expr(s->spike.value, search);
        if (s->spike.by != NULL)
            search_expr(s->spike.by, search);
        break;
    case STATEMENT_IF:
        search_expr(s->conditional.condition, search);
        search_block(s->conditional.then, search);
        if (s->conditional.otherwise != NULL)
            search_block(s->conditional.otherwise, search);
        break;
    case STATEMENT_ON: search_block(s->on.body, search); break;
    default: break;
    }
}

static void search_block(const struct block *block, struct body_search *search)
{
    for (size_t i = 0; i < block->statements.count; i++)
        search_statement(block->statements.items[i], search);
}

static struct body_search search_of(const struct statement *s)
{
    struct body_search search = { false, false };
    search_statement(s, &search);
    return search;
}

bool lower_breaks_kernel(const struct statement *s)
{
    struct body_search search = search_of(s);
    bool is_at_most = s->kind == STATEMENT_SPIKE && s->spike.form == SPIKE_AT_MOST;
    return search.sees_layer || is_at_most || (s->kind == STATEMENT_ON && search.draws);
}

bool lower_draws(const struct statement *s)
{
    return search_of(s).draws;
}

/* ---- lets ---- */

struct uniform_search {
    bool is_uniform;
    bool is_eventwise; /* time passes within the loop */
};

static void search_uniform(struct expr *e, void *data)
{
    struct uniform_search *search = data;
    if (e->kind == EXPR_NAME && e->symbol != NULL) {
        enum symbol_kind kind = e->symbol->kind;
        if (kind == SYMBOL_STATE || kind == SYMBOL_INPUT || kind == SYMBOL_INDEX ||
            e->symbol->is_per_neuron)
            search->is_uniform = false;
        if (kind == SYMBOL_VARIABLE &&
            (e->symbol->variable == VARIABLE_SPIKED || e->symbol->variable == VARIABLE_FIRED ||
             e->symbol->variable == VARIABLE_SINCE))
            search->is_uniform = false;
        if (kind == SYMBOL_VARIABLE && search->is_eventwise &&
            (e->symbol->variable == VARIABLE_T || e->symbol->variable == VARIABLE_DT ||
             e->symbol->variable == VARIABLE_LAST_EVENT))
            search->is_uniform = false;
        if (kind == SYMBOL_LOCAL && (e->symbol->binding == NULL || !e->symbol->binding->is_uniform))
            search->is_uniform = false;
    }
    struct body_search body = { false, false };
    search_expr(e, &body);
    if (body.draws || body.sees_layer ||
        (e->kind == EXPR_CALL && e->target != NULL && e->target->kind == CALL_FUNCTION))
        search->is_uniform = false;
    expr_children(e, search_uniform, search);
}

static bool is_uniform(const struct kernel *kernel, struct expr *e)
{
    struct uniform_search search = { true, kernel->is_eventwise };
    search_uniform(e, &search);
    return search.is_uniform;
}

struct held_search {
    const struct neuron_instance *model;
    bool is_held;
};

static void search_held(struct expr *e, void *data)
{
    struct held_search *search = data;
    const struct symbol *symbol = e->kind == EXPR_NAME ? e->symbol : NULL;
    if (symbol != NULL && symbol->constant == NULL) {
        bool is_state = symbol->kind == SYMBOL_STATE && !symbol->is_assigned &&
                        !lower_has_equation(search->model, symbol);
        bool is_learning = symbol->kind == SYMBOL_VARIABLE && symbol->variable == VARIABLE_LEARNING;
        search->is_held = search->is_held && (is_state || is_learning);
    }
    if (e->kind == EXPR_CALL || e->kind == EXPR_COMPREHENSION)
        search->is_held = false;
    expr_children(e, search_held, search);
}

/* Of states that nothing changes: the same for all events. */
static bool is_held(const struct kernel *kernel, struct expr *e)
{
    struct held_search search = { kernel->layer->layer->model, kernel->events != NULL };
    if (search.is_held)
        search_held(e, &search);
    return search.is_held;
}

static void lower_kernel_let(struct lowering *l, struct statement *s)
{
    struct symbol *symbol = s->symbol;
    if (s->let.indices.count > 0) {
        lower_refuse(l, s->span, "arrays in a neuron body cannot be compiled yet");
        return;
    }
    if (is_uniform(l->kernel, s->let.value) &&
        !symbol->is_assigned) { /* once for all neurons, ahead of the loop */
        struct ir_builder here = l->b;
        l->b = l->kernel->outer;
        l->b.before = l->kernel->loop;
        symbol->binding = binding_value(l, lower_scalar(l, s->let.value));
        symbol->binding->is_uniform = true;
        l->b = here;
        return;
    }
    if (!symbol->is_assigned && is_held(l->kernel, s->let.value)) {
        struct ir_builder here = l->b;
        l->b.block = &l->kernel->loop->loop.body;
        l->b.before = l->kernel->events;
        symbol->binding = binding_value(l, lower_scalar(l, s->let.value));
        l->b = here;
        return;
    }
    struct ir_node *value = lower_scalar(l, s->let.value);
    if (value->type == IR_F64 && s->let.value->type->is_constant)
        value = lower_cast(l, IR_F32, value);
    if (l->kernel->has_breaks) { /* may be read after the loop has ended: kept in memory */
        int32_t number = pointer_map_get(&l->site_of, s);
        if (number < 0) {
            enum snn_type type = value->type == IR_BOOL  ? SNN_BOOL
                                 : value->type == IR_I64 ? SNN_INT64
                                 : value->type == IR_F64 ? SNN_FLOAT64
                                                         : SNN_FLOAT32;
            number = lower_buffer(
                l, arena_format(&l->c->arena, "%s.%s", l->kernel->layer->name, symbol->name->text),
                type, SNN_BUFFER_LANE, l->kernel->layer->size);
            l->program->buffers[number].is_state = true;
            pointer_map_put(l, &l->site_of, s, number);
        }
        kernel_write(l, number, -1, value);
        symbol->binding = binding_new(l, BINDING_ARRAY);
        symbol->binding->buffer = number;
        symbol->binding->is_kernel_local = true;
        return;
    }
    symbol->binding = binding_new(l, BINDING_VAR);
    symbol->binding->node = ir_var(&l->b, symbol->name->text, value);
}

/* ---- assignment ---- */

static int32_t learn_bit_of(struct lowering *l, const struct symbol *symbol)
{
    return symbol->kind == SYMBOL_STATE && symbol->statement->state.is_persistent
               ? pointer_map_get(&l->learn_bit_of, symbol)
               : -1;
}

static void lower_kernel_assign(struct lowering *l, struct statement *s)
{
    struct expr *target = s->assign.target;
    struct symbol *symbol = target->kind == EXPR_NAME ? target->symbol : NULL;
    if (symbol != NULL && symbol->kind == SYMBOL_LOCAL && symbol->binding->kind == BINDING_VAR) {
        struct ir_node *value = lower_combine(l, s->assign.op, ir_get(&l->b, symbol->binding->node),
                                              lower_scalar(l, s->assign.value));
        ir_set(&l->b, symbol->binding->node, lower_cast(l, symbol->binding->node->type, value));
        return;
    }
    bool is_own = symbol != NULL && (symbol->kind == SYMBOL_STATE || symbol->kind == SYMBOL_INPUT ||
                                     symbol->kind == SYMBOL_LOCAL);
    if (!is_own || l->program->buffers[lower_state_buffer(l, symbol)].rank == 0) {
        lower_refuse(l, target->span, "a neuron body cannot assign to this yet");
        return;
    }
    int32_t buffer = lower_state_buffer(l, symbol), bit = learn_bit_of(l, symbol);
    struct ir_node *value = lower_scalar(l, s->assign.value);
    if (s->assign.op != ASSIGN_SET)
        value = lower_combine(l, s->assign.op, kernel_read(l, buffer, bit), value);
    enum ir_type stored = ir_buffer_value_type(l->program->buffers[buffer].type);
    kernel_write(l, buffer, bit, lower_within(l, symbol, lower_cast(l, stored, value)));
}

/* ---- equations ---- */

static const struct symbol *equation_state(struct lowering *l, const struct statement *s)
{
    const struct symbol_list *states = &l->kernel->layer->layer->model->states;
    for (size_t i = 0; i < states->count; i++)
        if (states->items[i]->name == s->ode.name.name)
            return states->items[i];
    unreachable();
}

enum ir_ode_method lower_ode_method(const struct statement *s)
{
    if (s->ode.method.name == NULL)
        return IR_ODE_EXACT;
    switch (s->ode.method.name->text[0]) {
    case 'r': return IR_ODE_RK4;
    case 'e': return s->ode.method.name->text[1] == 'u' ? IR_ODE_EULER : IR_ODE_EXPONENTIAL_EULER;
    default: return IR_ODE_EXACT;
    }
}

static void keep_within(struct lowering *l, const struct symbol *state, struct ir_node *var)
{
    struct ir_node *value = ir_get(&l->b, var), *within = lower_within(l, state, value);
    if (within != value)
        ir_set(&l->b, var, within);
}

/* Where the time between events is known at run time only: what is left after it. */
static int32_t system_buffer(struct lowering *l, size_t count)
{
    const char *name = arena_format(&l->c->arena, "%s.system", l->kernel->layer->name);
    int32_t buffer = lower_buffer(l, name, SNN_FLOAT64, SNN_BUFFER_LANE,
                                  lower_size_value(l, 2 * (int64_t)(count * count)));
    l->program->buffers[buffer].is_observed = true;
    return buffer;
}

/* Adjacent lines of one method are one system. Rates read the states through ODE_VALUEs. */
static void lower_system(struct lowering *l, struct statement *const *lines, size_t count,
                         int32_t learn_bit)
{
    struct ir_builder outer = l->b;
    if (learn_bit >= 0) {
        struct ir_node *branch = ir_if(&l->b, lower_learn_bit(l, learn_bit));
        l->b.before = NULL;
        l->b.block = &branch->branch.then_body;
    }
    struct ir_node *dt = lower_dt(l);
    struct ir_node *node = ir_ode(&l->b, lower_ode_method(lines[0]), (int32_t)count, dt);
    struct ode_scope scope = { .node = node, .outer = l->ode };
    if (l->network->network->is_continuous && count > 1)
        node->ode.matrix = system_buffer(l, count);
    for (size_t i = 0; i < count; i++) {
        struct ir_node *var =
            kernel_variable(l, lower_state_buffer(l, equation_state(l, lines[i])), learn_bit);
        node->ode.variables[i].var = var;
        node->ode.variables[i].name = lines[i]->ode.name.name->text;
    }
    struct ir_builder here = l->b;
    l->b.before = NULL;
    l->b.block = &node->ode.body;
    l->ode = &scope;
    for (size_t i = 0; i < count; i++)
        node->ode.variables[i].rate =
            lower_as(l, lines[i]->ode.value, node->ode.variables[i].var->type);
    l->ode = scope.outer;
    l->b = here;
    for (size_t i = 0; i < count; i++)
        keep_within(l, equation_state(l, lines[i]), node->ode.variables[i].var);
    l->b = outer;
}

static void lower_equations(struct lowering *l, struct statement *const *lines, size_t count)
{
    struct statement *states[64];
    size_t state_count = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t bit = learn_bit_of(l, equation_state(l, lines[i]));
        if (bit < 0 && state_count < 64)
            states[state_count++] = lines[i];
        bool is_end =
            i + 1 == count || lower_ode_method(lines[i + 1]) != lower_ode_method(lines[i]);
        if (is_end && state_count > 0) {
            l->b.span = states[0]->span;
            lower_system(l, states, state_count, -1);
            state_count = 0;
        }
    }
    for (size_t i = 0; i < count; i++) { /* persistent states: each by itself, where it learns */
        int32_t bit = learn_bit_of(l, equation_state(l, lines[i]));
        if (bit >= 0 && l->kernel->is_learning) {
            l->b.span = lines[i]->span;
            lower_system(l, &lines[i], 1, bit);
        }
    }
}

/* ---- spikes ---- */

static void kernel_start(struct lowering *l)
{
    struct kernel *kernel = l->kernel;
    kernel_open(l, kernel->name);
    if (kernel->spiked_known)
        kernel->spike = ir_var(&l->b, "spiked", kernel_read(l, kernel->layer->spiked, -1));
}

/* Ends the loop; what was selected goes to the layer's flags. */
void kernel_pause(struct lowering *l)
{
    struct kernel *kernel = l->kernel;
    if (kernel->spike != NULL)
        kernel_write(l, kernel->layer->spiked, -1, ir_get(&l->b, kernel->spike));
    kernel->spiked_known = kernel->spike != NULL;
    kernel->spike = NULL;
    kernel_close(l);
}

void kernel_compact(struct lowering *l)
{
    struct lowered_layer *layer = l->kernel->layer;
    if (!l->kernel->is_compacted)
        ir_compact(&l->b, layer->spiked, layer->list, layer->list_count,
                   lower_size_leaf(l, layer->size));
    l->kernel->is_compacted = true;
}

struct ir_node *kernel_spike_count(struct lowering *l)
{
    return ir_load(&l->b, l->kernel->layer->list_count, ir_integer(&l->b, 0));
}

/* Rounding must not delay a spike: a time within a hundredth of a step of the next one counts as
 * that. */
struct ir_node *lower_spike_step(struct lowering *l, struct expr *time)
{
    struct ir_node *at = lower_as(l, time, IR_F32);
    struct ir_node *steps =
        ir_binary(&l->b, IR_DIV, at, lower_constant_leaf(l, l->network->dt, IR_F32));
    return ir_unary(&l->b, IR_FLOOR, ir_binary(&l->b, IR_ADD, steps, ir_real(&l->b, IR_F32, 0.01)));
}

static struct ir_node *selected(struct lowering *l, struct statement *s)
{
    struct expr *value = s->spike.value;
    switch (s->spike.form) {
    case SPIKE_WHEN: {
        struct ir_node *condition = lower_condition(l, value), *crosses = lower_crosses(l);
        return crosses == NULL ? condition : ir_binary(&l->b, IR_OR, condition, crosses);
    }
    case SPIKE_CHANCE: {
        if (l->kernel->layer->is_predictable)
            return lower_predicted_spike(l);
        struct ir_node *step = lower_step(l);
        struct ir_node *path = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PATH);
        struct ir_node *draw =
            ir_draw(&l->b, IR_UNIFORM, NULL, lower_site(l, s, "encoder", s->span),
                    l->kernel->element, step, path);
        return ir_binary(&l->b, IR_LT, draw, lower_as(l, value, IR_F32));
    }
    default:
        return ir_binary(&l->b, IR_EQ, ir_cast(&l->b, IR_I64, lower_spike_step(l, value)),
                         lower_step(l)); /* SPIKE_AT */
    }
}

/* `spike when a > b surrogate s`: its derivative is s at the distance a - b. */
static struct ir_node *with_surrogate(struct lowering *l, struct statement *s)
{
    const struct expr *e = s->spike.value;
    struct ir_node *spike = selected(l, s);
    bool is_above = e->kind == EXPR_BINARY &&
                    (e->binary.op == BINARY_GREATER || e->binary.op == BINARY_GREATER_EQUAL);
    bool is_below = e->kind == EXPR_BINARY &&
                    (e->binary.op == BINARY_LESS || e->binary.op == BINARY_LESS_EQUAL);
    if (s->spike.form != SPIKE_WHEN || (!is_above && !is_below)) {
        lower_refuse(l, e->span,
                     "a spike with a surrogate must compare two values: its distance to the "
                     "threshold is their difference");
        return spike;
    }
    struct ir_node *left = lower_as(l, e->binary.left, IR_F32);
    struct ir_node *right = lower_as(l, e->binary.right, IR_F32);
    struct ir_node *distance =
        ir_binary(&l->b, IR_SUB, is_above ? left : right, is_above ? right : left);
    struct function_instance *slope = s->spike.slope;
    slope->distance->binding = binding_value(l, distance);
    struct binding *result = lower_inline(l, slope, s->spike.surrogate->span);
    if (result == NULL)
        return spike;
    struct ir_node *value = lower_cast(l, IR_F32, result->node);
    lower_keep_near(l, value);
    return ir_surrogate(&l->b, spike, distance, value);
}

static void lower_select(struct lowering *l, struct statement *s)
{
    struct kernel *kernel = l->kernel;
    struct lowered_layer *layer = kernel->layer;
    struct ir_node *condition =
        kernel->has_gradient && s->spike.slope != NULL ? with_surrogate(l, s) : selected(l, s);
    if (s->spike.is_once) {
        condition = ir_binary(&l->b, IR_AND, condition,
                              ir_unary(&l->b, IR_NOT, kernel_read(l, layer->fired, -1)));
        kernel_write(l, layer->fired, -1,
                     ir_binary(&l->b, IR_OR, kernel_read(l, layer->fired, -1), condition));
    }
    ir_set(&l->b, kernel->spike, condition);
    if (kernel->counts_since)
        kernel_select(l, condition);
    kernel->is_compacted = false;
}

/* ---- statements ---- */

static void lower_kernel_if(struct lowering *l, struct statement *s)
{
    struct ir_node *condition = lower_condition(l, s->conditional.condition);
    if (condition->kind == IR_NODE_INSTR && condition->op == IR_CONST) {
        struct block *taken =
            condition->payload.integer != 0 ? s->conditional.then : s->conditional.otherwise;
        if (taken != NULL)
            lower_kernel_block(l, taken);
        return;
    }
    struct ir_node *branch = ir_if(&l->b, condition);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &branch->branch.then_body;
    lower_kernel_block(l, s->conditional.then);
    l->b.block = &branch->branch.else_body;
    if (s->conditional.otherwise != NULL)
        lower_kernel_block(l, s->conditional.otherwise);
    l->b = outer;
}

static void lower_on_spike(struct lowering *l, struct statement *s)
{
    if (search_of(s).draws) { /* only for those that spiked */
        kernel_pause(l);
        kernel_compact(l);
        kernel_open_events(l, arena_format(&l->c->arena, "%s.on_spike", l->kernel->layer->name),
                           l->kernel->layer->list, kernel_spike_count(l));
        struct draw_address address;
        if (l->kernel->layer->is_predictable) {
            address = lower_spike_address(l, l->kernel->layer);
            l->address = &address;
        }
        lower_kernel_block(l, s->on.body);
        l->address = NULL;
        kernel_close(l);
        return;
    }
    struct ir_node *branch = ir_if(&l->b, ir_get(&l->b, l->kernel->spike));
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &branch->branch.then_body;
    lower_kernel_block(l, s->on.body);
    l->b = outer;
}

/* `sum(v for layer)` and the like: reduced between two kernels. */
static void reduce_layer(struct expr *e, void *data)
{
    struct lowering *l = data;
    expr_children(e, reduce_layer, data);
    if (e->kind != EXPR_COMPREHENSION ||
        e->comprehension.clauses.items[0].symbol->domain.kind != DOMAIN_LAYER)
        return;
    struct binding *binding = binding_new(l, BINDING_VAR);
    binding->node = ir_var(&l->b, "layer", lower_layer_reduction(l, e));
    lower_set_prepared(l, e, binding);
}

static void reduce_layers_of(struct lowering *l, struct statement *s)
{
    struct expr *e = s->kind == STATEMENT_LET      ? s->let.value
                     : s->kind == STATEMENT_ASSIGN ? s->assign.value
                     : s->kind == STATEMENT_SPIKE  ? s->spike.value
                     : s->kind == STATEMENT_ODE    ? s->ode.value
                                                   : NULL;
    if (e == NULL) {
        lower_refuse(
            l, s->span,
            "a reduction over the layer cannot stand inside this yet; compute it in a let before");
        return;
    }
    kernel_pause(l);
    reduce_layer(e, l);
}

void lower_kernel_statement(struct lowering *l, struct statement *s)
{
    l->b.span = s->span;
    switch (s->kind) {
    case STATEMENT_LET: lower_kernel_let(l, s); break;
    case STATEMENT_ASSIGN: lower_kernel_assign(l, s); break;
    case STATEMENT_IF: lower_kernel_if(l, s); break;
    case STATEMENT_SPIKE:
        if (s->spike.form == SPIKE_AT_MOST)
            lower_at_most(l, s);
        else
            lower_select(l, s);
        break;
    case STATEMENT_ON: lower_on_spike(l, s); break;
    case STATEMENT_EMIT:
        kernel_write(l, l->kernel->layer->emitted, -1, lower_as(l, s->value.value, IR_F32));
        break;
    case STATEMENT_INPUT:
    case STATEMENT_STATE: break;
    default:
        lower_refuse(l, s->span, "'%s' cannot stand in a neuron body",
                     statement_kind_text(s->kind));
    }
}

static void lower_kernel_list(struct lowering *l, struct statement *const *statements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (statements[i]->kind == STATEMENT_ODE) {
            size_t end = i + 1;
            while (end < count && statements[end]->kind == STATEMENT_ODE)
                end++;
            lower_equations(l, statements + i, end - i);
            i = end - 1;
        } else {
            lower_kernel_statement(l, statements[i]);
        }
    }
}

void lower_kernel_block(struct lowering *l, struct block *block)
{
    lower_kernel_list(l, block->statements.items, block->statements.count);
}

/* ---- the body ---- */

static bool is_silent(const struct statement *s)
{
    return s->kind == STATEMENT_INPUT || s->kind == STATEMENT_STATE;
}

/* `count`, `time`, `last`, `fired` of the spikes that were sent. */
static void account_spikes(struct lowering *l)
{
    struct lowered_layer *layer = l->kernel->layer;
    kernel_open_events(l, arena_format(&l->c->arena, "%s.account", layer->name), layer->list,
                       kernel_spike_count(l));
    struct ir_node *now = lower_time(l, IR_F32), *count = kernel_read(l, layer->count, -1);
    struct ir_node *is_first = ir_binary(&l->b, IR_EQ, count, ir_integer(&l->b, 0));
    kernel_write(l, layer->first, -1,
                 ir_select(&l->b, is_first, now, kernel_read(l, layer->first, -1)));
    kernel_write(l, layer->last, -1, now);
    kernel_write(l, layer->fired, -1, ir_bool(&l->b, true));
    kernel_write(l, layer->count, -1, ir_binary(&l->b, IR_ADD, count, ir_integer(&l->b, 1)));
    kernel_close(l);
}

void lower_finish_step(struct lowering *l, struct lowered_layer *layer)
{
    struct kernel kernel = { .layer = layer };
    l->kernel = &kernel;
    account_spikes(l);
    l->kernel = NULL;
}

bool lower_is_graded(const struct lowered_layer *layer)
{
    return layer->layer->model->emits && layer->layer->model->spike != NULL;
}

/* Where spikes carry numbers, what did not spike sends none. */
static void silence_others(struct lowering *l, const struct lowered_layer *layer)
{
    struct ir_node *loop = ir_loop(&l->b, arena_format(&l->c->arena, "%s.graded", layer->name),
                                   ir_integer(&l->b, 0), lower_size_leaf(l, layer->size), true);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    struct ir_node *i = loop->loop.index;
    ir_store(&l->b, layer->emitted, i,
             ir_select(&l->b, ir_load(&l->b, layer->spiked, i), ir_load(&l->b, layer->emitted, i),
                       ir_real(&l->b, IR_F32, 0)));
    l->b = outer;
}

void lower_layer_step(struct lowering *l, struct lowered_layer *layer, bool is_learning)
{
    const struct statement_list *body = &layer->layer->model->body;
    struct kernel kernel = { .layer = layer,
                             .is_learning = is_learning,
                             .name = arena_format(&l->c->arena, "%s.body", layer->name) };
    for (size_t i = 0; i < body->count; i++)
        kernel.has_breaks = kernel.has_breaks || lower_breaks_kernel(body->items[i]);
    kernel.counts_since = layer->layer->model->reads_since;
    bool spikes = layer->layer->model->spike != NULL;
    l->kernel = &kernel;
    l->b.span = layer->layer->statement->span;
    kernel_open(l, kernel.name);
    if (spikes)
        kernel.spike = ir_var(&l->b, "spiked", ir_bool(&l->b, false));
    for (size_t i = 0; i < body->count; i++) {
        struct statement *s = body->items[i];
        if (is_silent(s))
            continue;
        bool sees_layer = search_of(s).sees_layer;
        if (kernel.loop != NULL && sees_layer)
            reduce_layers_of(l, s);
        bool is_apart = s->kind == STATEMENT_ON && search_of(s).draws;
        bool is_at_most = s->kind == STATEMENT_SPIKE && s->spike.form == SPIKE_AT_MOST;
        if (kernel.loop == NULL && !is_apart && !is_at_most)
            kernel_start(l);
        else if (kernel.loop == NULL)
            kernel_start(l);
        if (s->kind == STATEMENT_ODE) {
            size_t end = i + 1;
            while (end < body->count && body->items[end]->kind == STATEMENT_ODE &&
                   !search_of(body->items[end]).sees_layer)
                end++;
            lower_equations(l, body->items + i, end - i);
            i = end - 1;
        } else {
            lower_kernel_statement(l, s);
        }
    }
    if (kernel.loop != NULL)
        kernel_pause(l);
    if (spikes) {
        kernel_compact(l);
        if (lower_is_graded(layer))
            silence_others(l, layer);
        if (layer->is_predictable)
            lower_predict_next(l, layer);
        account_spikes(l);
    }
    l->kernel = NULL;
}
