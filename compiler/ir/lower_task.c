/* SPDX-License-Identifier: MIT
 *
 * Task code: statements and loops. An iteration's arrays are given back when the next one begins.
 * The counters of all loops being run are hashed into the context's path, from which random draws
 * are made.
 */
#include "ir/lower_internal.h"

/* ---- let, assignment ---- */

static enum ir_type variable_type(const struct type *t)
{
    return t->kind == TYPE_REAL64 && t->is_constant ? IR_F32 : lower_type(t);
}

static struct binding *copy_array(struct lowering *l, struct expr *e, const char *name)
{
    struct ir_node *extents[RANK_LIMIT], *indices[RANK_LIMIT];
    int32_t rank = (int32_t)e->type->axes.count;
    lower_prepare(l, e);
    for (int32_t d = 0; d < rank && d < RANK_LIMIT; d++)
        extents[d] = lower_extent(l, e, (size_t)d);
    struct binding *copy = lower_local_array(l, name, lower_storage(e->type), extents, rank);
    struct ir_builder saved = l->b;
    struct ir_node *loop = lower_open_loop(l, name, extents, rank, indices);
    ir_store(&l->b, copy->buffer, loop->loop.index, lower_element(l, e, indices, (size_t)rank));
    lower_close_loop(l, loop, saved);
    return copy;
}

static void bind_let(struct lowering *l, struct statement *s, struct binding *value)
{
    bool is_pointer = value->kind == BINDING_VIEW ||
                      (value->kind == BINDING_VALUE && value->node->type == IR_POINTER);
    if (s->symbol->is_assigned && is_pointer) {
        struct binding *variable = binding_new(l, BINDING_VAR);
        variable->node = ir_var(&l->b, s->let.name.name->text, value->node);
        value = variable;
    }
    s->symbol->binding = value;
}

static void lower_let(struct lowering *l, struct statement *s)
{
    struct expr *e = s->let.value;
    const char *name = s->let.name.name->text;
    if (s->let.indices.count > 0) {
        lower_let_array(l, s);
        return;
    }
    if (!type_is_number(e->type)) {
        bind_let(l, s, lower_result(l, e));
        return;
    }
    if (e->type->axes.count > 0) {
        bool is_named = e->kind == EXPR_NAME || e->kind == EXPR_FIELD || e->kind == EXPR_INDEX;
        s->symbol->binding = is_named ? copy_array(l, e, name) : lower_array(l, e);
        return;
    }
    struct ir_node *value = lower_cast(l, variable_type(s->symbol->type), lower_scalar(l, e));
    if (!s->symbol->is_assigned) {
        s->symbol->binding = binding_value(l, value);
        return;
    }
    s->symbol->binding = binding_new(l, BINDING_VAR);
    s->symbol->binding->node = ir_var(&l->b, name, value);
}

static void lower_assignment(struct lowering *l, struct statement *s)
{
    struct expr *target = s->assign.target;
    struct binding *binding =
        target->kind == EXPR_NAME && target->symbol != NULL ? target->symbol->binding : NULL;
    if (binding != NULL && binding->kind == BINDING_VAR && binding->node->type == IR_POINTER) {
        struct binding *value = lower_result(l, s->assign.value);
        if (value != NULL)
            ir_set(&l->b, binding->node, value->node);
        return;
    }
    lower_assign(l, s);
}

/* ---- what a loop contains ---- */

static bool lives_in_region(const struct type *t)
{
    return t->kind == TYPE_DATASET || t->kind == TYPE_STRING;
}

struct loop_search {
    struct lowering *l;
    uint64_t learns;
    bool presents;
    bool keeps_views; /* assigns a data set to a variable */
};

static uint64_t learn_bits_of(struct lowering *l, const struct statement *s);

static void search_block(const struct block *block, struct loop_search *search);

static void search_calls(struct expr *e, void *data)
{
    struct loop_search *search = data;
    if (e->target != NULL && e->target->kind == CALL_FUNCTION && e->target->function->is_procedure)
        search->presents = true;
    if (e->kind == EXPR_FOR)
        search_block(e->loop.body, search);
    expr_children(e, search_calls, search);
}

static void search_statement(const struct statement *s, struct loop_search *search)
{
    switch (s->kind) {
    case STATEMENT_PRESENT:
    case STATEMENT_REST: search->presents = true; break;
    case STATEMENT_LEARN: search->learns |= learn_bits_of(search->l, s); break;
    case STATEMENT_LET: search_calls(s->let.value, search); break;
    case STATEMENT_ASSIGN:
        search_calls(s->assign.value, search);
        search->keeps_views = search->keeps_views || lives_in_region(s->assign.value->type);
        break;
    case STATEMENT_EXPR:
    case STATEMENT_YIELD:
    case STATEMENT_RETURN:
        if (s->value.value != NULL)
            search_calls(s->value.value, search);
        break;
    case STATEMENT_LOG:
    case STATEMENT_REPORT: search_calls(s->metric.value, search); break;
    case STATEMENT_EXPORT: search_calls(s->export_to.value, search); break;
    case STATEMENT_IF:
        search_block(s->conditional.then, search);
        if (s->conditional.otherwise != NULL)
            search_block(s->conditional.otherwise, search);
        break;
    case STATEMENT_FOR: search_block(s->loop.body, search); break;
    case STATEMENT_WHILE: search_block(s->while_loop.body, search); break;
    default: break;
    }
}

static void search_block(const struct block *block, struct loop_search *search)
{
    for (size_t i = 0; i < block->statements.count; i++)
        search_statement(block->statements.items[i], search);
}

uint64_t lower_learnt_in(struct lowering *l, const struct block *block)
{
    struct loop_search search = { .l = l };
    search_block(block, &search);
    return search.learns;
}

/* ---- loops ---- */

static bool is_over_samples(const struct for_clause_list *clauses)
{
    for (size_t i = 0; i < clauses->count; i++)
        if (clauses->items[i].symbol->domain.kind == DOMAIN_SAMPLES)
            return true;
    return false;
}

static void hash_counters(struct lowering *l, struct open_loop *o,
                          const struct for_clause_list *clauses, struct ir_node *const *sizes)
{
    if (o->path == NULL)
        return;
    struct ir_node *flat = o->loop->loop.index, *counters[RANK_LIMIT], *path = o->path;
    for (size_t i = clauses->count; i-- > 0;) {
        counters[i] = i > 0 ? ir_binary(&l->b, IR_MOD, flat, sizes[i]) : flat;
        if (i > 0)
            flat = ir_binary(&l->b, IR_DIV, flat, sizes[i]);
    }
    for (size_t i = 0; i < clauses->count; i++)
        path = ir_binary(&l->b, IR_HASH, path, counters[i]);
    ir_context_set(&l->b, IR_CONTEXT_PATH, path);
    ir_context_set(&l->b, IR_CONTEXT_PRESENT, ir_integer(&l->b, 0));
}

/* Keeps what draws outside of the loop depend on, for its end and for a return out of it. */
static void open_path(struct lowering *l, struct open_loop *o)
{
    o->around = l->loops;
    l->loops = o;
    if (l->reductions > 0) { /* which change nothing outside of them */
        l->pathless_loops++;
        return;
    }
    o->path = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PATH);
    o->present = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PRESENT);
    o->is_outermost = l->frame != NULL && l->frame->path == NULL;
    if (o->is_outermost) {
        l->frame->path = o->path;
        l->frame->present = o->present;
    }
}

bool lower_shows_progress(struct lowering *l, const struct for_clause_list *clauses,
                          const struct block *body)
{
    struct loop_search search = { .l = l, .presents = body == NULL };
    if (body != NULL)
        search_block(body, &search);
    return search.presents && is_over_samples(clauses) && !l->in_parallel;
}

void lower_begin_loop(struct lowering *l, struct open_loop *o,
                      const struct for_clause_list *clauses, struct ir_node *const *sizes,
                      struct ir_node *end, struct block *body, bool is_parallel)
{
    struct loop_search search = { .l = l };
    if (body != NULL)
        search_block(body, &search);
    l->may_learn |= search.learns;
    o->clauses = clauses;
    open_path(l, o);
    o->has_progress = lower_shows_progress(l, clauses, body);
    o->is_parallel = is_parallel;
    if (o->has_progress && o->low == NULL)
        ir_call_rt(&l->b, IR_RT_snn_rt_loop_begin, 2,
                   (struct ir_node *[]){ ir_text(&l->b, l->task), end });
    if (!is_parallel && !search.keeps_views && o->path != NULL)
        o->mark = ir_call_rt(&l->b, IR_RT_snn_rt_mark, 0, NULL);
    o->loop =
        ir_loop(&l->b, "for", o->low != NULL ? o->low : ir_integer(&l->b, 0), end, is_parallel);
    o->loop->loop.is_parallel = is_parallel;
    o->loop->loop.is_turn = !is_parallel && o->path != NULL && o->low == NULL;
    o->outer = l->b;
    l->b.before = NULL;
    l->b.block = &o->loop->loop.body;
    if (is_parallel)
        o->mark = ir_call_rt(&l->b, IR_RT_snn_rt_mark, 0, NULL);
    else if (o->mark != NULL)
        ir_call_rt(&l->b, IR_RT_snn_rt_release, 1, &o->mark);
    hash_counters(l, o, clauses, sizes);
    lower_bind_clauses(l, clauses, sizes, o->loop->loop.index);
    o->jumps = (struct jump_targets){ .target = o->loop,
                                      .has_progress = o->has_progress,
                                      .outer = l->jumps };
    l->jumps = &o->jumps;
    if (l->frame != NULL)
        l->frame->progress_loops += o->has_progress;
}

void lower_end_loop(struct lowering *l, struct open_loop *o)
{
    l->loops = o->around;
    if (o->is_outermost)
        l->frame->path = l->frame->present = NULL;
    if (l->frame != NULL)
        l->frame->progress_loops -= o->has_progress;
    if (o->has_progress)
        ir_call_rt(&l->b, IR_RT_snn_rt_loop_step, 0, NULL);
    if (o->is_parallel)
        ir_call_rt(&l->b, IR_RT_snn_rt_release, 1, &o->mark);
    l->jumps = o->jumps.outer;
    l->b = o->outer;
    if (!o->is_parallel && o->mark != NULL)
        ir_call_rt(&l->b, IR_RT_snn_rt_release, 1, &o->mark);
    if (o->path == NULL) {
        l->pathless_loops--;
        return;
    }
    ir_context_set(&l->b, IR_CONTEXT_PATH, o->path);
    ir_context_set(&l->b, IR_CONTEXT_PRESENT, o->present);
    if (o->has_progress && o->low == NULL)
        ir_call_rt(&l->b, IR_RT_snn_rt_loop_end, 0, NULL);
}

/* ---- loops of rules ---- */

struct independence {
    const struct symbol *variable;
    bool is_independent;
};

static bool has_index(const struct expr *e, const struct symbol *variable)
{
    while (e->kind == EXPR_INDEX || e->kind == EXPR_FIELD) {
        if (e->kind == EXPR_INDEX)
            for (size_t i = 0; i < e->index.indices.count; i++)
                if (e->index.indices.items[i]->kind == EXPR_NAME &&
                    e->index.indices.items[i]->symbol == variable)
                    return true;
        e = e->kind == EXPR_INDEX ? e->index.object : e->field.object;
    }
    return false;
}

static void check_memory(struct expr *e, void *data)
{
    struct independence *check = data;
    bool is_memory =
        e->kind == EXPR_INDEX || (e->kind == EXPR_FIELD && e->field.object->kind == EXPR_INDEX);
    if (is_memory && !has_index(e, check->variable))
        check->is_independent = false;
    expr_children(e, check_memory, check);
}

/* Everything that the body reads or writes by index is indexed by the variable: iterations cannot
 * meet. */
static void check_independence(const struct block *block, struct independence *check)
{
    for (size_t i = 0; i < block->statements.count && check->is_independent; i++) {
        const struct statement *s = block->statements.items[i];
        switch (s->kind) {
        case STATEMENT_LET: check_memory(s->let.value, check); break;
        case STATEMENT_ASSIGN: {
            bool is_local = s->assign.target->kind == EXPR_NAME;
            if (is_local || !has_index(s->assign.target, check->variable))
                check->is_independent = false;
            check_memory(s->assign.target, check);
            check_memory(s->assign.value, check);
            break;
        }
        case STATEMENT_FOR: check_independence(s->loop.body, check); break;
        case STATEMENT_IF:
            check_memory(s->conditional.condition, check);
            check_independence(s->conditional.then, check);
            if (s->conditional.otherwise != NULL)
                check_independence(s->conditional.otherwise, check);
            break;
        default: check->is_independent = false;
        }
    }
}

static void lower_rule_loop(struct lowering *l, struct statement *s)
{
    struct ir_node *sizes[RANK_LIMIT];
    struct synapse_walk walk;
    bool is_walk = lower_walk_loop(l, s, &walk);
    struct ir_node *total = lower_domain_size(l, &s->loop.clauses, sizes);
    struct independence check = { s->loop.clauses.items[0].symbol, s->loop.clauses.count == 1 };
    if (check.is_independent)
        check_independence(s->loop.body, &check);
    struct ir_node *loop = ir_loop(&l->b, "for", ir_integer(&l->b, 0), total, check.is_independent);
    struct ir_builder outer = l->b;
    struct jump_targets jumps = { .target = loop, .outer = l->jumps };
    l->b.before = NULL;
    l->b.block = &loop->loop.body;
    lower_bind_clauses(l, &s->loop.clauses, sizes, loop->loop.index);
    for (size_t i = 0; i < s->loop.clauses.count;
         i++) /* over pre, post: in range by construction */
        s->loop.clauses.items[i].symbol->binding->is_checked =
            s->loop.clauses.items[i].symbol->domain.kind == DOMAIN_EXTENT ||
            s->loop.clauses.items[i].symbol->domain.kind == DOMAIN_NEURONS;
    l->jumps = &jumps;
    lower_statements(l, s->loop.body);
    if (is_walk)
        lower_walk_end(l);
    l->jumps = jumps.outer;
    l->b = outer;
}

static void lower_for_statement(struct lowering *l, struct statement *s)
{
    if (l->rule != NULL) {
        lower_rule_loop(l, s);
        return;
    }
    if (s->loop.is_parallel) {
        lower_refuse(
            l, s->span,
            "'parallel for' cannot be compiled yet; a 'for … yield' loop runs on all cores");
        return;
    }
    struct ir_node *sizes[RANK_LIMIT];
    struct open_loop o = { .loop = NULL };
    struct ir_node *total = lower_domain_size(l, &s->loop.clauses, sizes);
    lower_begin_loop(l, &o, &s->loop.clauses, sizes, total, s->loop.body, false);
    lower_statements(l, s->loop.body);
    lower_end_loop(l, &o);
}

/* ---- while, if, jumps ---- */

/* Each turn gives back its arrays and draws random numbers of its own, as an iteration of `for`
 * does. */
static void lower_while(struct lowering *l, struct statement *s)
{
    struct loop_search search = { .l = l };
    search_block(s->while_loop.body, &search);
    l->may_learn |= search.learns;
    struct open_loop o = { .loop = NULL };
    open_path(l, &o);
    if (!search.keeps_views && o.path != NULL)
        o.mark = ir_call_rt(&l->b, IR_RT_snn_rt_mark, 0, NULL);
    struct ir_node *counter = ir_var(&l->b, "turn", ir_integer(&l->b, 0));
    o.loop = ir_while(&l->b);
    o.loop->loop_while.is_turn = o.path != NULL;
    o.outer = l->b;
    o.jumps = (struct jump_targets){ .target = o.loop, .outer = l->jumps };
    l->b.before = NULL;
    l->b.block = &o.loop->loop_while.test;
    if (o.mark != NULL)
        ir_call_rt(&l->b, IR_RT_snn_rt_release, 1, &o.mark);
    struct ir_node *turn = ir_get(&l->b, counter);
    if (o.path != NULL) {
        ir_context_set(&l->b, IR_CONTEXT_PATH, ir_binary(&l->b, IR_HASH, o.path, turn));
        ir_context_set(&l->b, IR_CONTEXT_PRESENT, ir_integer(&l->b, 0));
    }
    ir_set(&l->b, counter, ir_binary(&l->b, IR_ADD, turn, ir_integer(&l->b, 1)));
    o.loop->loop_while.condition = lower_condition(l, s->while_loop.condition);
    l->b.block = &o.loop->loop_while.body;
    l->jumps = &o.jumps;
    lower_statements(l, s->while_loop.body);
    lower_end_loop(l, &o);
}

static void lower_if(struct lowering *l, struct statement *s)
{
    struct ir_node *branch = ir_if(&l->b, lower_condition(l, s->conditional.condition));
    struct ir_builder outer = l->b;
    uint64_t may_learn = l->may_learn;
    l->b.before = NULL;
    l->b.block = &branch->branch.then_body;
    lower_statements(l, s->conditional.then);
    uint64_t after = l->may_learn;
    l->may_learn = may_learn;
    l->b.block = &branch->branch.else_body;
    if (s->conditional.otherwise != NULL)
        lower_statements(l, s->conditional.otherwise);
    l->may_learn |= after;
    l->b = outer;
}

static void lower_jump(struct lowering *l, struct statement *s)
{
    if (l->jumps == NULL) {
        lower_refuse(l, s->span, "'%s' has no loop to leave here", statement_kind_text(s->kind));
        return;
    }
    if (s->kind == STATEMENT_BREAK) {
        ir_break(&l->b, l->jumps->target);
        return;
    }
    if (l->jumps->has_progress)
        ir_call_rt(&l->b, IR_RT_snn_rt_loop_step, 0, NULL);
    ir_continue(&l->b, l->jumps->target);
}

/* ---- learn, freeze ---- */

static uint64_t bits_of_target(struct lowering *l, const struct expr *e)
{
    if (e->type->kind == TYPE_CONNECTION && e->type->connection != NULL) {
        int32_t bit = lowered_connection_of(l, e->type->connection)->learn_bit;
        return bit >= 0 ? UINT64_C(1) << bit : 0;
    }
    if (e->type->kind == TYPE_RULE)
        return UINT64_C(1) << lowered_connection_of(l, e->type->connection)->learn_bit;
    if (e->type->kind == TYPE_NETWORK)
        return lowered_network_of(l, e->type->network)->learn_mask;
    if (e->type->kind == TYPE_LAYER) {
        uint64_t bits = 0;
        const struct symbol_list *states = &e->type->layer->model->states;
        for (size_t i = 0; i < states->count; i++) {
            int32_t bit = pointer_map_get(&l->learn_bit_of, states->items[i]);
            bits |= bit >= 0 ? UINT64_C(1) << bit : 0;
        }
        return bits;
    }
    int32_t bit = e->symbol != NULL ? pointer_map_get(&l->learn_bit_of, e->symbol) : -1;
    return bit >= 0 ? UINT64_C(1) << bit : 0;
}

static uint64_t learn_bits_of(struct lowering *l, const struct statement *s)
{
    uint64_t bits = 0;
    if (s->learn.is_all)
        for (size_t i = 0; i < l->model->networks.count; i++)
            bits |= l->networks[i].learn_mask;
    for (size_t i = 0; i < s->learn.targets.count; i++)
        bits |= bits_of_target(l, s->learn.targets.items[i]);
    return bits;
}

static void lower_learn(struct lowering *l, struct statement *s)
{
    uint64_t bits = learn_bits_of(l, s);
    struct ir_node *learning = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_LEARNING);
    bool starts = s->kind == STATEMENT_LEARN;
    struct ir_node *mask = ir_integer(&l->b, (int64_t)(starts ? bits : ~bits));
    ir_context_set(&l->b, IR_CONTEXT_LEARNING,
                   ir_binary(&l->b, starts ? IR_OR : IR_AND, learning, mask));
    if (starts) {
        l->may_learn |= bits;
        l->assigns_model = true;
    } else if (l->jumps == NULL) {
        l->may_learn &= ~bits;
    }
}

/* ---- statements ---- */

void lower_statement(struct lowering *l, struct statement *s)
{
    l->b.span = s->span;
    switch (s->kind) {
    case STATEMENT_LET: lower_let(l, s); break;
    case STATEMENT_ASSIGN: lower_assignment(l, s); break;
    case STATEMENT_IF: lower_if(l, s); break;
    case STATEMENT_FOR: lower_for_statement(l, s); break;
    case STATEMENT_WHILE: lower_while(l, s); break;
    case STATEMENT_BREAK:
    case STATEMENT_CONTINUE: lower_jump(l, s); break;
    case STATEMENT_RETURN: lower_return(l, s); break;
    case STATEMENT_YIELD: lower_yield(l, s); break;
    case STATEMENT_EXPR:
        if (s->value.value->kind == EXPR_CALL && s->value.value->target != NULL &&
            s->value.value->target->kind == CALL_FUNCTION)
            lower_call(l, s->value.value);
        else
            lower_scalar(l, s->value.value);
        break;
    case STATEMENT_PRESENT: lower_present(l, s); break;
    case STATEMENT_REST: lower_rest(l, s); break;
    case STATEMENT_RESET: lower_reset(l, s); break;
    case STATEMENT_LEARN:
    case STATEMENT_FREEZE: lower_learn(l, s); break;
    case STATEMENT_DESCEND: lower_descend(l, s); break;
    case STATEMENT_LOG:
    case STATEMENT_REPORT: lower_metric(l, s); break;
    case STATEMENT_SAVE:
    case STATEMENT_LOAD: lower_save(l, s); break;
    case STATEMENT_EXPORT: lower_export(l, s); break;
    case STATEMENT_PLOT: lower_plot(l, s); break;
    default: lower_refuse(l, s->span, "'%s' cannot stand in a task", statement_kind_text(s->kind));
    }
}

/* A task after one that makes the model needs it, also when it is run by itself. */
static bool reads_model(const struct lowering *l, const struct snn_task *task)
{
    for (const struct snn_task *earlier = l->program->tasks; earlier < task; earlier++)
        if (earlier->writes_model)
            return true;
    return false;
}

static void lower_task(struct lowering *l, struct symbol *symbol, struct snn_task *task)
{
    const struct declaration *d = symbol->declaration;
    *task = (struct snn_task){ .name = symbol->name->text,
                               .doc = d->doc != NULL ? d->doc : "",
                               .is_optional = d->task.is_optional };
    task->function =
        ir_add_function(l->c, l->program, arena_format(&l->c->arena, "task.%s", task->name),
                        IR_FUNCTION_TASK, d->span);
    struct ir_function *f = l->program->functions[task->function];
    l->b = (struct ir_builder){ .compilation = l->c,
                                .program = l->program,
                                .function = f,
                                .block = &f->body,
                                .span = d->span };
    l->task = task->name;
    l->may_learn = 0;
    l->assigns_model = false;
    l->records = lower_block_reads_records(d->task.body);
    struct ir_node *zero = ir_integer(&l->b, 0);
    ir_context_set(&l->b, IR_CONTEXT_LEARNING, zero);
    ir_context_set(&l->b, IR_CONTEXT_PATH, zero);
    ir_context_set(&l->b, IR_CONTEXT_PRESENT, zero);
    lower_statements(l, d->task.body);
    ir_context_set(&l->b, IR_CONTEXT_LEARNING, zero);
    task->writes_model = l->assigns_model;
    task->reads_model = reads_model(l, task);
}

void lower_tasks(struct lowering *l)
{
    size_t count = l->model->tasks.count;
    l->program->tasks = arena_alloc_array(&l->c->arena, count + 1, sizeof *l->program->tasks);
    l->program->task_count = (int32_t)count;
    for (size_t i = 0; i < count; i++)
        lower_task(l, l->model->tasks.items[i], &l->program->tasks[i]);
}
