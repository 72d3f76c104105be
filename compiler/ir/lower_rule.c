/* SPDX-License-Identifier: MIT
 *
 * Learning rules. Spikes are few, so handlers run over events: a spike that arrives touches the row
 * of its source, a spike of the target one column. A handler's lines are split into those about
 * neurons, run once for each neuron that spiked, and those about synapses. Bounds hold at the end
 * of the body; where no target spiked, rows are bounded as they are written.
 */
#include "ir/lower_internal.h"

/* ---- what a statement writes ---- */

enum written { WRITES_NOTHING = 0, WRITES_NEURON = 1, WRITES_SYNAPSE = 2 };

static int writes_of_block(const struct block *block);

static int writes_of(const struct statement *s)
{
    if (s->kind == STATEMENT_IF)
        return writes_of_block(s->conditional.then) |
               (s->conditional.otherwise != NULL ? writes_of_block(s->conditional.otherwise) : 0);
    if (s->kind != STATEMENT_ASSIGN)
        return WRITES_NOTHING;
    const struct symbol *symbol = s->assign.target->symbol;
    if (symbol != NULL && symbol->kind == SYMBOL_RULE_STATE)
        return symbol->statement->state.owner == STATE_OWN ? WRITES_SYNAPSE : WRITES_NEURON;
    return symbol != NULL && symbol->kind == SYMBOL_LOCAL ? WRITES_NOTHING : WRITES_SYNAPSE;
}

static int writes_of_block(const struct block *block)
{
    int writes = WRITES_NOTHING;
    for (size_t i = 0; i < block->statements.count; i++)
        writes |= writes_of(block->statements.items[i]);
    return writes;
}

bool lower_writes_weight(const struct block *block)
{
    for (size_t i = 0; i < block->statements.count; i++) {
        const struct statement *s = block->statements.items[i];
        const struct expr *target = s->kind == STATEMENT_ASSIGN ? s->assign.target : NULL;
        while (target != NULL && target->kind == EXPR_INDEX)
            target = target->index.object;
        if (target != NULL && target->symbol != NULL && target->symbol->kind == SYMBOL_VARIABLE &&
            target->symbol->variable == VARIABLE_WEIGHT)
            return true;
        if (s->kind == STATEMENT_IF &&
            (lower_writes_weight(s->conditional.then) ||
             (s->conditional.otherwise != NULL && lower_writes_weight(s->conditional.otherwise))))
            return true;
        if (s->kind == STATEMENT_FOR && lower_writes_weight(s->loop.body))
            return true;
    }
    return false;
}

/* ---- lines of a handler ---- */

static void lower_line(struct lowering *l, struct statement *s);

static void lower_lines(struct lowering *l, struct statement *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        lower_line(l, lines[i]);
}

static void assign_state(struct lowering *l, struct statement *s, const struct symbol *symbol)
{
    struct rule_place *place = l->rule;
    enum state_owner owner = symbol->statement->state.owner;
    struct ir_node *index = owner == STATE_PRE    ? place->pre
                            : owner == STATE_POST ? place->post
                                                  : place->synapse;
    if (index == NULL) {
        lower_refuse(l, s->span, "'%s' cannot be written here", symbol->name->text);
        return;
    }
    int32_t buffer = symbol->binding->buffer;
    struct ir_node *value = lower_scalar(l, s->assign.value);
    if (s->assign.op != ASSIGN_SET)
        value = lower_combine(l, s->assign.op, ir_load(&l->b, buffer, index), value);
    enum ir_type stored = ir_buffer_value_type(l->program->buffers[buffer].type);
    ir_store(&l->b, buffer, index, lower_within(l, symbol, lower_cast(l, stored, value)));
}

/* What is added is kept as it is: the difference of two weights has lost digits. */
static void note_change(struct lowering *l, enum assign_op op, struct ir_node *value,
                        struct ir_node *difference)
{
    struct ir_node *change = l->rule->change, *sum = ir_get(&l->b, change);
    bool adds = op == ASSIGN_ADD || op == ASSIGN_SUBTRACT;
    ir_set(&l->b, change,
           adds ? lower_cast(l, change->type, lower_combine(l, op, sum, value))
                : ir_binary(&l->b, IR_ADD, sum, difference));
}

static void lower_line_assign(struct lowering *l, struct statement *s)
{
    struct symbol *symbol = s->assign.target->symbol;
    if (symbol != NULL && symbol->kind == SYMBOL_RULE_STATE) {
        assign_state(l, s, symbol);
        return;
    }
    struct ir_node *var = NULL;
    if (symbol != NULL && symbol->kind == SYMBOL_VARIABLE && symbol->variable == VARIABLE_WEIGHT)
        var = l->rule->weight;
    else if (symbol != NULL && symbol->binding != NULL && symbol->binding->kind == BINDING_VAR)
        var = symbol->binding->node;
    if (var == NULL) {
        lower_refuse(l, s->span, "a handler cannot assign to this");
        return;
    }
    struct ir_node *value = lower_as(l, s->assign.value, var->type);
    struct ir_node *old = ir_get(&l->b, var);
    struct ir_node *result =
        lower_cast(l, var->type,
                   lower_combine(l, s->assign.op, s->assign.op != ASSIGN_SET ? old : NULL, value));
    if (var == l->rule->weight && l->rule->change != NULL)
        note_change(l, s->assign.op, value, ir_binary(&l->b, IR_SUB, result, old));
    ir_set(&l->b, var, result);
}

static void lower_line(struct lowering *l, struct statement *s)
{
    l->b.span = s->span;
    switch (s->kind) {
    case STATEMENT_LET: {
        struct ir_node *value = lower_scalar(l, s->let.value);
        s->symbol->binding = binding_new(l, BINDING_VAR);
        if (value->type == IR_F64 && s->let.value->type->is_constant)
            value = lower_cast(l, IR_F32, value);
        s->symbol->binding->node = ir_var(&l->b, s->let.name.name->text, value);
        break;
    }
    case STATEMENT_ASSIGN: lower_line_assign(l, s); break;
    case STATEMENT_IF: {
        struct ir_node *branch = ir_if(&l->b, lower_condition(l, s->conditional.condition));
        struct ir_builder outer = l->b;
        l->b.before = NULL;
        l->b.block = &branch->branch.then_body;
        lower_lines(l, s->conditional.then->statements.items,
                    s->conditional.then->statements.count);
        l->b.block = &branch->branch.else_body;
        if (s->conditional.otherwise != NULL)
            lower_lines(l, s->conditional.otherwise->statements.items,
                        s->conditional.otherwise->statements.count);
        l->b = outer;
        break;
    }
    default:
        lower_refuse(l, s->span, "'%s' cannot stand in this handler yet",
                     statement_kind_text(s->kind));
    }
}

/* ---- events ---- */

/* A loop over the neurons whose spikes arrive (pre) or that spiked (post). */
static struct ir_node *open_events(struct lowering *l, struct lowered_connection *c,
                                   enum event event, const char *name)
{
    struct lowered_layer *layer = event == EVENT_PRE ? c->source : c->target;
    if (event == EVENT_PRE && c->queue_items >= 0) {
        struct ir_node *count = ir_load(&l->b, c->arrived_count, ir_integer(&l->b, 0));
        struct ir_node *loop = ir_loop(&l->b, name, ir_integer(&l->b, 0), count, false);
        loop->loop.events = c->arrived;
        return loop;
    }
    if (event == EVENT_POST || c->arrival_delay < 0) {
        struct ir_node *low = lower_first_spike(l, layer);
        struct ir_node *count = ir_load(&l->b, layer->list_count, ir_integer(&l->b, 0));
        bool may_repeat = layer->event_first >= 0; /* as events of data may */
        struct ir_node *loop =
            ir_loop(&l->b, name, low, ir_binary(&l->b, IR_ADD, low, count), !may_repeat);
        loop->loop.events = layer->list;
        return loop;
    }
    struct ir_node *slots = lower_size_leaf(l, layer->ring_size);
    struct ir_node *clock = ir_load(&l->b, c->network->clock, ir_integer(&l->b, 0));
    struct ir_node *slot = ir_ring_row(
        &l->b, ir_binary(&l->b, IR_SUB, clock, lower_size_leaf(l, c->arrival_delay)), slots);
    struct ir_node *low = ir_binary(&l->b, IR_MUL, slot, lower_size_leaf(l, layer->size));
    struct ir_node *high = ir_binary(&l->b, IR_ADD, low, ir_load(&l->b, layer->ring_counts, slot));
    struct ir_node *loop = ir_loop(&l->b, name, low, high, true);
    loop->loop.events = layer->ring;
    return loop;
}

/* The row of the source's ring that was written `age` steps ago. */
static struct ir_node *ring_row(struct lowering *l, const struct lowered_connection *c,
                                struct ir_node *age)
{
    struct ir_node *clock = ir_load(&l->b, c->network->clock, ir_integer(&l->b, 0));
    return ir_ring_row(&l->b, ir_binary(&l->b, IR_SUB, clock, age),
                       lower_size_leaf(l, c->source->ring_size));
}

/* The synapses whose own delay ends now: of the spikes of each age, those with that delay. Sets the
 * place. */
static void open_delayed(struct lowering *l, struct lowered_connection *c, struct rule_place *place)
{
    struct ir_node *one = ir_integer(&l->b, 1), *zero = ir_integer(&l->b, 0),
                   *longest = lower_size_leaf(l, c->max_delay);
    struct ir_node *ages = ir_loop(&l->b, arena_format(&l->c->arena, "%s.ages", c->name), zero,
                                   ir_binary(&l->b, IR_ADD, longest, one), false);
    l->b.block = &ages->loop.body;
    place->age = ages->loop.index;
    struct ir_node *row = ring_row(l, c, place->age);
    struct ir_node *low = ir_binary(&l->b, IR_MUL, row, lower_size_leaf(l, c->source->size));
    struct ir_node *events =
        ir_loop(&l->b, "on_pre", low,
                ir_binary(&l->b, IR_ADD, low, ir_load(&l->b, c->source->ring_counts, row)), true);
    events->loop.events = c->source->ring;
    l->b.block = &events->loop.body;
    place->pre = events->loop.index;
    struct ir_node *buckets = ir_binary(&l->b, IR_ADD, longest, ir_integer(&l->b, 2));
    struct ir_node *bucket =
        ir_binary(&l->b, IR_ADD, ir_binary(&l->b, IR_MUL, place->pre, buckets), place->age);
    struct ir_node *loop =
        ir_loop(&l->b, "row", ir_load(&l->b, c->bucket_starts, bucket),
                ir_load(&l->b, c->bucket_starts, ir_binary(&l->b, IR_ADD, bucket, one)), true);
    l->b.block = &loop->loop.body;
    place->post = ir_load(&l->b, c->columns, loop->loop.index);
    place->synapse =
        c->row_starts >= 0 ? loop->loop.index : lower_synapse(l, c, place->pre, place->post);
}

struct ir_node *lower_bounded_weight(struct lowering *l, const struct lowered_connection *c,
                                     struct ir_node *w)
{
    if (c->low >= 0)
        w = ir_binary(&l->b, IR_MAX, w, lower_constant_leaf(l, c->low, IR_F32));
    if (c->high >= 0)
        w = ir_binary(&l->b, IR_MIN, w, lower_constant_leaf(l, c->high, IR_F32));
    return w;
}

/* The synapses of one neuron: a row of its targets, or a column of its sources. Sets the place;
   returns the loop, or null for the one synapse of a one_to_one connection. */
static struct ir_node *open_synapses(struct lowering *l, struct lowered_connection *c,
                                     enum event event, struct ir_node *neuron,
                                     struct rule_place *place)
{
    bool is_pre = event == EVENT_PRE;
    struct ir_node *zero = ir_integer(&l->b, 0), *loop;
    if (c->connection->kind->id == BUILTIN_ONE_TO_ONE) {
        place->pre = place->post = place->synapse = neuron;
        return NULL;
    }
    if (c->changes >= 0) {
        lower_open_shared(l, c, event, neuron, place);
        return NULL;
    }
    if (c->row_starts < 0) {
        loop = ir_loop(&l->b, is_pre ? "row" : "column", zero,
                       lower_size_leaf(l, is_pre ? c->target->size : c->source->size), true);
        l->b.block = &loop->loop.body;
        place->pre = is_pre ? neuron : loop->loop.index;
        place->post = is_pre ? loop->loop.index : neuron;
        place->synapse = lower_synapse(l, c, place->pre, place->post);
        return loop;
    }
    int32_t starts = is_pre ? c->row_starts : c->column_starts;
    struct ir_node *next = ir_binary(&l->b, IR_ADD, neuron, ir_integer(&l->b, 1));
    loop = ir_loop(&l->b, is_pre ? "row" : "column", ir_load(&l->b, starts, neuron),
                   ir_load(&l->b, starts, next), true);
    l->b.block = &loop->loop.body;
    place->pre = is_pre ? neuron : ir_load(&l->b, c->column_rows, loop->loop.index);
    place->post = is_pre ? ir_load(&l->b, c->columns, loop->loop.index) : neuron;
    place->synapse =
        is_pre ? loop->loop.index : ir_load(&l->b, c->column_synapses, loop->loop.index);
    return loop;
}

static bool is_matrix(const struct lowered_connection *c)
{
    return c->row_starts < 0 && (c->connection->kind->id == BUILTIN_DENSE ||
                                 c->connection->kind->id == BUILTIN_ALL_BUT_ONE);
}

static bool skips_diagonal(const struct lowered_connection *c)
{
    return c->connection->kind->id == BUILTIN_ALL_BUT_ONE;
}

static void update_synapse(struct lowering *l, struct lowered_connection *c,
                           struct rule_place *place, struct statement *const *lines, size_t count,
                           bool writes, bool is_bounded)
{
    struct ir_builder outer = l->b;
    if (skips_diagonal(c)) {
        struct ir_node *branch = ir_if(&l->b, ir_binary(&l->b, IR_NE, place->pre, place->post));
        l->b.block = &branch->branch.then_body;
    }
    if (c->weight_buffer >= 0)
        place->weight = ir_var(&l->b, "w", ir_load(&l->b, c->weight_buffer, place->synapse));
    if (c->changes >= 0)
        place->change = ir_var(&l->b, "change", ir_real(&l->b, IR_F32, 0));
    lower_lines(l, lines, count);
    if (writes && c->changes >= 0) {
        lower_add_change(l, c, place);
    } else if (writes && place->weight != NULL) {
        struct ir_node *w = ir_get(&l->b, place->weight);
        ir_store(&l->b, c->weight_buffer, place->synapse,
                 is_bounded ? lower_bounded_weight(l, c, w) : w);
    }
    l->b = outer;
}

/* ---- synapses that cannot change ---- */

/* The state of the other side that is a factor of the value: where it is 0, nothing is added. */
static const struct symbol *factor_of(const struct expr *e, enum state_owner owner)
{
    if (e->kind == EXPR_NAME && e->symbol != NULL && e->symbol->kind == SYMBOL_RULE_STATE)
        return e->symbol->statement->state.owner == owner ? e->symbol : NULL;
    if (e->kind == EXPR_UNARY && e->unary.op == UNARY_MINUS)
        return factor_of(e->unary.operand, owner);
    if (e->kind != EXPR_BINARY ||
        (e->binary.op != BINARY_MULTIPLY && e->binary.op != BINARY_DIVIDE))
        return NULL;
    const struct symbol *left = factor_of(e->binary.left, owner);
    return left != NULL || e->binary.op == BINARY_DIVIDE ? left : factor_of(e->binary.right, owner);
}

/* One state that all lines of the run have as a factor of what they add to w; null if there is
 * none. */
static const struct symbol *guard_of(struct statement *const *lines, size_t count, enum event event)
{
    const struct symbol *guard = NULL;
    enum state_owner owner = event == EVENT_PRE ? STATE_POST : STATE_PRE;
    for (size_t i = 0; i < count; i++) {
        const struct statement *s = lines[i];
        bool adds = s->kind == STATEMENT_ASSIGN &&
                    (s->assign.op == ASSIGN_ADD || s->assign.op == ASSIGN_SUBTRACT);
        if (!adds || s->assign.target->symbol == NULL ||
            s->assign.target->symbol->kind != SYMBOL_VARIABLE)
            return NULL;
        const struct symbol *factor = factor_of(s->assign.value, owner);
        if (factor == NULL || (guard != NULL && factor != guard))
            return NULL;
        guard = factor;
    }
    return guard;
}

static struct ir_node *is_not_zero(struct lowering *l, const struct symbol *state,
                                   struct ir_node *index)
{
    struct ir_node *value = ir_load(&l->b, state->binding->buffer, index);
    return ir_binary(&l->b, IR_NE, value, ir_cast(&l->b, value->type, ir_integer(&l->b, 0)));
}

/* ---- the plan of a body ---- */

/* Lines of one handler that are all about neurons or all about synapses, with the lets before them.
 */
struct run {
    enum event event;
    bool is_synaptic, writes_weight;
    const struct symbol *guard; /* where it is 0, w does not change; may be null */
    struct statement **lines;
    size_t count;
};

ARRAY_STRUCT(run_list, struct run);

static void plan_handler(struct lowering *l, const struct statement *s, struct run_list *runs)
{
    const struct statement_list *lines = &s->on.body->statements;
    struct statement_list lets = { NULL, 0, 0 };
    bool is_each = s->on.event == EVENT_STEP;
    for (size_t i = 0; i < lines->count; i++) {
        struct statement *line = lines->items[i];
        int writes = writes_of(line);
        if (writes == (WRITES_NEURON | WRITES_SYNAPSE)) {
            lower_refuse(l, line->span,
                         "an 'if' that writes both states of neurons and of synapses cannot be "
                         "compiled yet; write two");
            return;
        }
        if (writes == WRITES_NOTHING) {
            array_push(&l->c->arena, &lets, line);
            continue;
        }
        bool is_synaptic = writes == WRITES_SYNAPSE;
        struct run *last = runs->count > 0 ? &runs->items[runs->count - 1] : NULL;
        bool continues = i > 0 && last != NULL && last->is_synaptic == is_synaptic &&
                         writes_of(lines->items[i - 1]) != WRITES_NOTHING &&
                         last->event == s->on.event &&
                         last->lines[last->count - 1] == lines->items[i - 1];
        if (!continues) {
            struct run run = { .event = s->on.event, .is_synaptic = is_synaptic };
            run.lines = arena_alloc_array(&l->c->arena, lines->count + 1, sizeof *run.lines);
            for (size_t k = 0; k < lets.count; k++)
                run.lines[run.count++] = lets.items[k];
            array_push(&l->c->arena, runs, run);
            last = &runs->items[runs->count - 1];
        }
        last->lines[last->count++] = line;
        struct block one = { .statements = { .items = &line, .count = 1 } };
        last->writes_weight = last->writes_weight || lower_writes_weight(&one);
        if (is_each && !is_synaptic)
            lower_refuse(l, line->span,
                         "'each step' is about synapses; change states of neurons with equations");
    }
}

static void run_each_step(struct lowering *l, struct lowered_connection *c, const struct run *run,
                          bool is_bounded)
{
    struct rule_place place = *l->rule, *outer_place = l->rule;
    struct ir_builder outer = l->b;
    struct ir_node *rows = ir_loop(&l->b, arena_format(&l->c->arena, "%s.each_step", c->name),
                                   ir_integer(&l->b, 0), lower_size_leaf(l, c->source->size), true);
    rows->loop.is_independent = c->changes < 0;
    l->b.block = &rows->loop.body;
    l->rule = &place;
    open_synapses(l, c, EVENT_PRE, rows->loop.index, &place);
    update_synapse(l, c, &place, run->lines, run->count, run->writes_weight, is_bounded);
    l->rule = outer_place;
    l->b = outer;
}

/* Rows of the sources that spiked, at those targets whose state is not 0. */
static void run_guarded_rows(struct lowering *l, struct lowered_connection *c,
                             const struct run *run, bool is_bounded)
{
    struct rule_place place = *l->rule, *outer_place = l->rule;
    struct ir_builder outer = l->b;
    struct ir_node *targets =
        ir_loop(&l->b, arena_format(&l->c->arena, "%s.on_pre", c->name), ir_integer(&l->b, 0),
                lower_size_leaf(l, c->target->size), true);
    l->b.block = &targets->loop.body;
    struct ir_node *branch = ir_if(&l->b, is_not_zero(l, run->guard, targets->loop.index));
    l->b.block = &branch->branch.then_body;
    struct ir_node *events = open_events(l, c, EVENT_PRE, "rows");
    events->loop.is_independent = false;
    l->b.block = &events->loop.body;
    l->rule = &place;
    place.pre = events->loop.index;
    place.post = targets->loop.index;
    place.synapse = lower_synapse(l, c, place.pre, place.post);
    update_synapse(l, c, &place, run->lines, run->count, run->writes_weight, is_bounded);
    l->rule = outer_place;
    l->b = outer;
    remark(l->c, l->b.span, "rules",
           "'%s': spikes change only synapses onto neurons whose '%s' is not 0", c->name,
           run->guard->name->text);
}

static void visit_events(struct lowering *l, struct lowered_connection *c, const struct run *run,
                         bool is_bounded)
{
    if (run->event == EVENT_STEP) {
        run_each_step(l, c, run, is_bounded);
        return;
    }
    if (run->guard != NULL && run->event == EVENT_PRE && is_matrix(c)) {
        run_guarded_rows(l, c, run, is_bounded);
        return;
    }
    const char *name = arena_format(&l->c->arena, "%s.%s", c->name,
                                    run->event == EVENT_PRE ? "on_pre" : "on_post");
    struct rule_place place = *l->rule, *outer_place = l->rule;
    struct ir_builder outer = l->b;
    if (c->has_synapse_delays && run->is_synaptic && run->event == EVENT_PRE) {
        open_delayed(l, c, &place);
        l->rule = &place;
        update_synapse(l, c, &place, run->lines, run->count, run->writes_weight, is_bounded);
        l->rule = outer_place;
        l->b = outer;
        return;
    }
    struct ir_node *events = open_events(l, c, run->event, name);
    if (run->is_synaptic && c->changes >= 0)
        events->loop.is_independent = false;
    l->b.block = &events->loop.body;
    l->rule = &place;
    if (run->is_synaptic) {
        open_synapses(l, c, run->event, events->loop.index, &place);
        place.age =
            c->has_synapse_delays
                ? ir_load(&l->b, c->row_starts >= 0 ? c->delays : c->delay_matrix, place.synapse)
                : NULL;
        if (run->guard != NULL) {
            struct ir_node *branch =
                ir_if(&l->b,
                      is_not_zero(l, run->guard, run->event == EVENT_PRE ? place.post : place.pre));
            l->b.block = &branch->branch.then_body;
        }
        update_synapse(l, c, &place, run->lines, run->count, run->writes_weight, is_bounded);
    } else {
        *(run->event == EVENT_PRE ? &place.pre : &place.post) = events->loop.index;
        lower_lines(l, run->lines, run->count);
    }
    l->rule = outer_place;
    l->b = outer;
}

static void run_events(struct lowering *l, struct lowered_connection *c, const struct run *run,
                       bool is_bounded)
{
    visit_events(l, c, run, is_bounded);
    if (run->writes_weight && c->changes >= 0)
        lower_apply_changes(l, c, is_bounded);
}

/* Bounds the synapses that the events changed. */
static void bound_events(struct lowering *l, struct lowered_connection *c,
                         const struct run_list *runs, enum event event)
{
    struct run run = { .event = event, .is_synaptic = true, .writes_weight = true };
    bool is_first = true;
    for (size_t i = 0; i < runs->count; i++) {
        if (!runs->items[i].writes_weight || runs->items[i].event != event)
            continue;
        run.guard = is_first || runs->items[i].guard == run.guard ? runs->items[i].guard : NULL;
        is_first = false;
    }
    run_events(l, c, &run, true);
}

static bool is_last_weight_run(const struct run_list *runs, size_t i, bool without_post)
{
    for (size_t k = i + 1; k < runs->count; k++)
        if (runs->items[k].writes_weight && !(without_post && runs->items[k].event == EVENT_POST))
            return false;
    return true;
}

static bool has_weight_run(const struct run_list *runs, enum event event)
{
    for (size_t i = 0; i < runs->count; i++)
        if (runs->items[i].writes_weight && runs->items[i].event == event)
            return true;
    return false;
}

/* Before synapses read them, states of sources go into the history. */
static void keep_histories(struct lowering *l, struct lowered_connection *c)
{
    struct ir_node *base = NULL;
    for (size_t i = 0; i < l->rule->rule->states.count; i++) {
        const struct symbol *state = l->rule->rule->states.items[i];
        if (state->binding->history < 0)
            continue;
        if (base == NULL)
            base = ir_binary(&l->b, IR_MUL, ring_row(l, c, ir_integer(&l->b, 0)),
                             lower_size_leaf(l, c->source->size));
        struct ir_node *loop = ir_loop(&l->b, "history", ir_integer(&l->b, 0),
                                       lower_size_leaf(l, c->source->size), true);
        struct ir_builder outer = l->b;
        l->b.block = &loop->loop.body;
        ir_store(&l->b, state->binding->history, ir_binary(&l->b, IR_ADD, base, loop->loop.index),
                 ir_load(&l->b, state->binding->buffer, loop->loop.index));
        l->b = outer;
    }
}

/* All runs in order; then the bounds that were not applied on the way. */
static void emit_runs(struct lowering *l, struct lowered_connection *c, const struct run_list *runs,
                      bool is_bounded, bool without_post)
{
    enum event last = EVENT_STEP;
    bool is_kept = false;
    for (size_t i = 0; i < runs->count; i++) {
        const struct run *run = &runs->items[i];
        if (without_post && run->event == EVENT_POST)
            continue;
        if (run->is_synaptic && !is_kept)
            keep_histories(l, c);
        is_kept = is_kept || run->is_synaptic;
        bool is_last = run->writes_weight && is_last_weight_run(runs, i, without_post);
        run_events(l, c, run, is_bounded && is_last);
        if (is_last)
            last = run->event;
    }
    if (!is_bounded || last == EVENT_STEP)
        return;
    if (last == EVENT_POST && has_weight_run(runs, EVENT_PRE))
        bound_events(l, c, runs, EVENT_PRE);
    if (last == EVENT_PRE && !without_post && has_weight_run(runs, EVENT_POST))
        bound_events(l, c, runs, EVENT_POST);
}

static void emit_plan(struct lowering *l, struct lowered_connection *c, struct rule_instance *rule,
                      const struct run_list *runs)
{
    bool is_bounded = !rule->is_unbounded && (c->low >= 0 || c->high >= 0);
    if (!is_bounded || !has_weight_run(runs, EVENT_PRE) || !has_weight_run(runs, EVENT_POST)) {
        emit_runs(l, c, runs, is_bounded, false);
        return;
    }
    struct ir_node *posts = ir_load(&l->b, c->target->list_count, ir_integer(&l->b, 0));
    struct ir_node *branch = ir_if(&l->b, ir_binary(&l->b, IR_EQ, posts, ir_integer(&l->b, 0)));
    struct ir_builder outer = l->b;
    l->b.block = &branch->branch.then_body;
    emit_runs(l, c, runs, true, true);
    l->b.block = &branch->branch.else_body;
    emit_runs(l, c, runs, true, false);
    l->b = outer;
}

/* ---- equations ---- */

static struct symbol *equation_state(const struct rule_instance *rule, const struct statement *s)
{
    for (size_t i = 0; i < rule->states.count; i++)
        if (rule->states.items[i]->name == s->ode.name.name)
            return rule->states.items[i];
    unreachable();
}

static void lower_equations(struct lowering *l, struct lowered_connection *c,
                            struct rule_instance *rule, struct statement *const *lines,
                            size_t count, enum state_owner owner)
{
    struct symbol *states[16];
    struct statement *equations[16];
    int32_t used = 0;
    for (size_t i = 0; i < count; i++)
        if (equation_state(rule, lines[i])->statement->state.owner == owner && used < 16) {
            equations[used] = lines[i];
            states[used++] = equation_state(rule, lines[i]);
        }
    if (used == 0)
        return;
    l->b.span = equations[0]->span;
    struct ir_builder outer = l->b;
    int32_t size = lower_owner_size(c, owner);
    struct ir_node *loop =
        ir_loop(&l->b, lower_rule_label(l, rule, "decay"), ir_integer(&l->b, 0),
                size >= 0 ? lower_size_leaf(l, size) : lower_synapse_count(l, c), true);
    struct rule_place place = *l->rule, *outer_place = l->rule;
    l->b.block = &loop->loop.body;
    l->rule = &place;
    *(owner == STATE_PRE    ? &place.pre
      : owner == STATE_POST ? &place.post
                            : &place.synapse) = loop->loop.index;
    struct ir_node *dt = lower_dt(l);
    for (int32_t i = 0; i < used; i++)
        states[i]->binding->node =
            ir_var(&l->b, states[i]->name->text,
                   ir_load(&l->b, states[i]->binding->buffer, loop->loop.index));
    struct ir_node *node = ir_ode(&l->b, lower_ode_method(equations[0]), used, dt);
    struct ode_scope scope = { .node = node, .outer = l->ode };
    struct ir_builder here = l->b;
    for (int32_t i = 0; i < used; i++) {
        node->ode.variables[i].var = states[i]->binding->node;
        node->ode.variables[i].name = equations[i]->ode.name.name->text;
    }
    l->b.block = &node->ode.body;
    l->ode = &scope;
    for (int32_t i = 0; i < used; i++)
        node->ode.variables[i].rate =
            lower_as(l, equations[i]->ode.value, states[i]->binding->node->type);
    l->ode = scope.outer;
    l->b = here;
    for (int32_t i = 0; i < used; i++)
        ir_store(&l->b, states[i]->binding->buffer, loop->loop.index,
                 lower_within(l, states[i], ir_get(&l->b, states[i]->binding->node)));
    l->rule = outer_place;
    l->b = outer;
}

/* ---- a step ---- */

static void find_guards(struct run_list *runs, bool has_delays)
{
    for (size_t i = 0; i < runs->count; i++) {
        struct run *run = &runs->items[i];
        if (run->is_synaptic && run->event != EVENT_STEP && !has_delays)
            run->guard = guard_of(run->lines, run->count, run->event);
    }
}

static void flush_runs(struct lowering *l, struct lowered_connection *c, struct rule_instance *rule,
                       struct run_list *runs)
{
    find_guards(runs, c->has_synapse_delays);
    if (runs->count > 0 && !l->is_failed)
        emit_plan(l, c, rule, runs);
    *runs = (struct run_list){ NULL, 0, 0 };
}

void lower_rule_step(struct lowering *l, struct lowered_connection *c, struct rule_instance *rule)
{
    struct rule_place place = { .connection = c, .rule = rule };
    const struct statement_list *body = &rule->body->statements;
    struct run_list runs = { NULL, 0, 0 };
    l->rule = &place;
    for (size_t i = 0; i < body->count; i++) {
        struct statement *s = body->items[i];
        l->b.span = s->span;
        if (s->kind == STATEMENT_ON &&
            (s->on.event == EVENT_PRE || s->on.event == EVENT_POST || s->on.event == EVENT_STEP)) {
            plan_handler(l, s, &runs);
        } else if (s->kind == STATEMENT_ODE) {
            flush_runs(l, c, rule, &runs);
            size_t end = i + 1;
            while (end < body->count && (body->items[end]->kind == STATEMENT_ODE ||
                                         body->items[end]->kind == STATEMENT_STATE))
                end++;
            struct statement_list lines = { NULL, 0, 0 };
            for (size_t k = i; k < end; k++)
                if (body->items[k]->kind == STATEMENT_ODE)
                    array_push(&l->c->arena, &lines, body->items[k]);
            lower_equations(l, c, rule, lines.items, lines.count, STATE_PRE);
            lower_equations(l, c, rule, lines.items, lines.count, STATE_POST);
            lower_equations(l, c, rule, lines.items, lines.count, STATE_OWN);
            i = end - 1;
        } else if (s->kind != STATEMENT_STATE && s->kind != STATEMENT_ON) {
            lower_refuse(l, s->span, "'%s' cannot stand in the body of a rule yet",
                         statement_kind_text(s->kind));
        }
    }
    flush_runs(l, c, rule, &runs);
    l->rule = NULL;
}

/* ---- on init, on start, on end ---- */

static void bound_all(struct lowering *l, struct lowered_connection *c)
{
    struct rule_place place = *l->rule;
    place.is_free = false;
    struct rule_place *outer = l->rule;
    l->rule = &place;
    struct run run = { .event = EVENT_STEP, .is_synaptic = true, .writes_weight = true };
    run_each_step(l, c, &run, true);
    l->rule = outer;
}

bool lower_rule_steps(const struct rule_instance *rule)
{
    for (size_t i = 0; i < rule->body->statements.count; i++) {
        const struct statement *s = rule->body->statements.items[i];
        if (s->kind == STATEMENT_ODE ||
            (s->kind == STATEMENT_ON &&
             (s->on.event == EVENT_PRE || s->on.event == EVENT_POST || s->on.event == EVENT_STEP)))
            return true;
    }
    return false;
}

bool lower_rule_has(const struct rule_instance *rule, enum event event)
{
    for (size_t i = 0; i < rule->body->statements.count; i++) {
        const struct statement *s = rule->body->statements.items[i];
        if (s->kind == STATEMENT_ON && s->on.event == event)
            return true;
    }
    return false;
}

/* Only where `teach` gave a label. */
static void enter_labelled(struct lowering *l, const struct lowered_connection *c,
                           struct symbol *label)
{
    struct ir_node *value = ir_load(&l->b, c->network->label, ir_integer(&l->b, 0));
    struct ir_node *branch = ir_if(&l->b, ir_binary(&l->b, IR_GE, value, ir_integer(&l->b, 0)));
    l->b.block = &branch->branch.then_body;
    label->binding = binding_value(l, value);
}

void lower_rule_event(struct lowering *l, struct lowered_connection *c, struct rule_instance *rule,
                      enum event event)
{
    struct rule_place place = { .connection = c, .rule = rule, .is_free = true };
    struct rule_place *outer = l->rule;
    l->rule = &place;
    for (size_t i = 0; i < rule->body->statements.count; i++) {
        struct statement *s = rule->body->statements.items[i];
        if (s->kind != STATEMENT_ON || s->on.event != event)
            continue;
        struct ir_builder outside = l->b;
        bool is_bounded = !rule->is_unbounded && (c->low >= 0 || c->high >= 0);
        if (s->on.label_symbol != NULL)
            enter_labelled(l, c, s->on.label_symbol);
        place.bounds_writes = is_bounded && lower_bounds_writes(s->on.body);
        lower_statements(l, s->on.body);
        l->b = outside;
        if (is_bounded && !place.bounds_writes && lower_writes_weight(s->on.body))
            bound_all(l, c);
    }
    l->rule = outer;
}
