/* SPDX-License-Identifier: MIT
 *
 * What the tasks do with the networks, found before these are lowered: which inputs they present
 * data to, whose weights they set, which states and spikes they want recorded.
 */
#include "ir/lower_internal.h"

struct task_search {
    struct lowering *l;
    bool reads_records;
};

static void search_block(const struct block *block, struct task_search *search);

static void search_expr(struct expr *e, void *data)
{
    struct task_search *search = data;
    struct lowering *l = search->l;
    struct symbol *symbol = e->kind == EXPR_FIELD ? e->symbol : NULL;
    if (l != NULL && symbol != NULL && symbol->kind == SYMBOL_STATE)
        pointer_map_put(l, &l->touched, symbol, 1);
    if (symbol != NULL && symbol->kind == SYMBOL_FIELD &&
        (symbol->field == FIELD_SPIKES || symbol->field == FIELD_TRACED)) {
        search->reads_records = true;
        if (l != NULL && symbol->field == FIELD_SPIKES && e->field.object->type->layer != NULL)
            pointer_map_put(l, &l->recorded, e->field.object->type->layer, 1);
        if (l != NULL && symbol->field == FIELD_TRACED)
            pointer_map_put(l, &l->recorded, symbol->state, 1);
    }
    if (e->target != NULL && e->target->kind == CALL_BUILTIN &&
        (e->target->builtin->id == BUILTIN_PLOT_RASTER ||
         e->target->builtin->id == BUILTIN_PLOT_SPIKE_COUNT) &&
        e->target->count > 0 && e->target->arguments[0]->type->kind == TYPE_LAYER) {
        search->reads_records = true;
        if (l != NULL)
            pointer_map_put(l, &l->recorded, e->target->arguments[0]->type->layer, 1);
    }
    if (e->kind == EXPR_FOR)
        search_block(e->loop.body, search);
    expr_children(e, search_expr, search);
}

static void search_maybe(struct expr *e, struct task_search *search)
{
    if (e != NULL)
        search_expr(e, search);
}

static bool has_time(const struct expr *e)
{
    const struct type *t = e->type;
    if (symbol_is_events(e->symbol))
        return true;
    for (size_t i = 0; i < t->axes.count; i++)
        if (lower_is_time(&t->axes.items[i]))
            return true;
    return false;
}

static void search_present(const struct statement *s, struct task_search *search)
{
    for (size_t i = 0; i < s->present.inputs.count; i++) {
        const struct presented *input = &s->present.inputs.items[i];
        search_expr(input->value, search);
        const struct symbol *slot = lower_presented_input(input->target);
        if (search->l == NULL || slot == NULL)
            continue;
        bool was_in_time = pointer_map_get(&search->l->presented_of, slot) == PRESENTED_IN_TIME;
        bool is_in_time = was_in_time || has_time(input->value);
        pointer_map_put(search->l, &search->l->presented_of, slot,
                        is_in_time ? PRESENTED_IN_TIME : PRESENTED_HELD);
    }
    search_maybe(s->present.label, search);
    if (s->present.body == NULL)
        return;
    search_block(s->present.body, search);
    if (search->l != NULL && s->present.network != NULL)
        pointer_map_put(search->l, &search->l->stepped_of, s->present.network, 1);
}

static void search_assignment(const struct statement *s, struct task_search *search)
{
    const struct expr *target = s->assign.target;
    while (target->kind == EXPR_INDEX)
        target = target->index.object;
    const struct symbol *symbol = target->symbol;
    if (search->l != NULL && target->kind == EXPR_FIELD && symbol != NULL &&
        symbol->kind == SYMBOL_FIELD && symbol->field == FIELD_WEIGHT &&
        target->field.object->type->connection != NULL)
        pointer_map_put(search->l, &search->l->weight_assigned,
                        target->field.object->type->connection, 1);
    search_expr(s->assign.target, search);
    search_expr(s->assign.value, search);
}

static void search_clauses(const struct for_clause_list *clauses, struct task_search *search)
{
    for (size_t i = 0; i < clauses->count; i++)
        search_maybe(clauses->items[i].domain, search);
}

static void search_statement(const struct statement *s, struct task_search *search)
{
    switch (s->kind) {
    case STATEMENT_LET:
        search_clauses(&s->let.indices, search);
        search_maybe(s->let.value, search);
        break;
    case STATEMENT_ASSIGN: search_assignment(s, search); break;
    case STATEMENT_IF:
        search_expr(s->conditional.condition, search);
        search_block(s->conditional.then, search);
        if (s->conditional.otherwise != NULL)
            search_block(s->conditional.otherwise, search);
        break;
    case STATEMENT_FOR:
        search_clauses(&s->loop.clauses, search);
        search_block(s->loop.body, search);
        break;
    case STATEMENT_WHILE:
        search_expr(s->while_loop.condition, search);
        search_block(s->while_loop.body, search);
        break;
    case STATEMENT_RETURN:
    case STATEMENT_YIELD:
    case STATEMENT_EXPR: search_maybe(s->value.value, search); break;
    case STATEMENT_PRESENT: search_present(s, search); break;
    case STATEMENT_REST:
        if (s->rest.body != NULL)
            search_block(s->rest.body, search);
        if (search->l != NULL && s->rest.network != NULL)
            pointer_map_put(search->l, &search->l->stepped_of, s->rest.network, 1);
        break;
    case STATEMENT_DESCEND:
        if (search->l != NULL && s->descend.every != NULL)
            search->l->truncates = true;
        break;
    case STATEMENT_LOG:
    case STATEMENT_REPORT: search_maybe(s->metric.value, search); break;
    case STATEMENT_EXPORT: search_expr(s->export_to.value, search); break;
    case STATEMENT_PLOT:
        for (size_t i = 0; i < s->plot.figures.count; i++)
            search_expr(s->plot.figures.items[i], search);
        break;
    default: break;
    }
}

static void search_block(const struct block *block, struct task_search *search)
{
    for (size_t i = 0; i < block->statements.count; i++)
        search_statement(block->statements.items[i], search);
}

bool lower_block_reads_records(const struct block *block)
{
    struct task_search search = { NULL, false };
    if (block != NULL)
        search_block(block, &search);
    return search.reads_records;
}

void lower_search_tasks(struct lowering *l)
{
    struct task_search search = { l, false };
    for (size_t i = 0; i < l->model->tasks.count; i++)
        search_block(l->model->tasks.items[i]->declaration->task.body, &search);
    for (size_t i = 0; i < l->model->functions.count; i++) {
        if (l->model->functions.items[i]->body != NULL)
            search_block(l->model->functions.items[i]->body, &search);
        search_maybe(l->model->functions.items[i]->value, &search);
    }
}
