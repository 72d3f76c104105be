/* SPDX-License-Identifier: MIT
 *
 * Values that neither a reduction nor an independent loop can hold: of functions that present, log
 * or assign, and of those that make arrays. A loop of task code computes them into arrays, on all
 * cores where it may; what asked for them then reads these.
 */
#include "ir/lower_internal.h"

struct value_search {
    struct lowering *l;
    bool has_effect, makes_arrays;
};

static void search_block(const struct block *block, struct value_search *search);

static bool is_array(const struct expr *e)
{
    return e->type != NULL && type_is_number(e->type) && e->type->axes.count > 0;
}

static bool has_loop(const struct block *block)
{
    for (size_t i = 0; i < block->statements.count; i++) {
        const struct statement *s = block->statements.items[i];
        if (s->kind == STATEMENT_FOR || s->kind == STATEMENT_WHILE)
            return true;
        if (s->kind == STATEMENT_IF &&
            (has_loop(s->conditional.then) ||
             (s->conditional.otherwise != NULL && has_loop(s->conditional.otherwise))))
            return true;
    }
    return false;
}

/* What is prepared is computed already. */
static void search_expr(struct expr *e, void *data)
{
    struct value_search *search = data;
    if (e->constant != NULL || lower_prepared(search->l, e) != NULL)
        return;
    if (e->kind == EXPR_LIST || e->kind == EXPR_FOR || lower_is_picture(e))
        search->makes_arrays = true;
    if (e->kind == EXPR_CALL && e->target != NULL && e->target->kind == CALL_FUNCTION) {
        const struct function_instance *f = e->target->function;
        bool draws_in_loops = f->draws && f->body != NULL && has_loop(f->body);
        search->has_effect = search->has_effect || f->is_procedure;
        search->makes_arrays = search->makes_arrays || is_array(e) || draws_in_loops;
        if (f->value != NULL)
            search_expr(f->value, search);
        else if (!search->makes_arrays)
            search_block(f->body, search);
    }
    expr_children(e, search_expr, search);
}

static void search_maybe(struct expr *e, struct value_search *search)
{
    if (e == NULL)
        return;
    search->makes_arrays = search->makes_arrays || is_array(e);
    search_expr(e, search);
}

static void search_statement(const struct statement *s, struct value_search *search)
{
    switch (s->kind) {
    case STATEMENT_LET:
        search->makes_arrays = search->makes_arrays || s->let.indices.count > 0;
        search_maybe(s->let.value, search);
        break;
    case STATEMENT_ASSIGN: search_maybe(s->assign.value, search); break;
    case STATEMENT_RETURN:
    case STATEMENT_EXPR: search_maybe(s->value.value, search); break;
    case STATEMENT_IF:
        search_expr(s->conditional.condition, search);
        search_block(s->conditional.then, search);
        if (s->conditional.otherwise != NULL)
            search_block(s->conditional.otherwise, search);
        break;
    case STATEMENT_FOR:
        for (size_t i = 0; i < s->loop.clauses.count; i++)
            if (s->loop.clauses.items[i].domain != NULL)
                search_expr(s->loop.clauses.items[i].domain, search);
        search_block(s->loop.body, search);
        break;
    case STATEMENT_WHILE:
        search_expr(s->while_loop.condition, search);
        search_block(s->while_loop.body, search);
        break;
    default: break; /* in procedures alone */
    }
}

static void search_block(const struct block *block, struct value_search *search)
{
    for (size_t i = 0; i < block->statements.count; i++)
        search_statement(block->statements.items[i], search);
}

static bool is_task_code(const struct lowering *l)
{
    return l->kernel == NULL && l->rule == NULL && !l->in_setup && l->weight_of == NULL;
}

bool lower_needs_order(struct lowering *l, struct expr *e)
{
    struct value_search search = { .l = l };
    if (!is_task_code(l) || e == NULL)
        return false;
    search_expr(e, &search);
    return search.has_effect || search.makes_arrays;
}

bool lower_has_effect(struct lowering *l, struct expr *e)
{
    struct value_search search = { .l = l };
    if (!is_task_code(l))
        return false;
    search_expr(e, &search);
    return search.has_effect;
}

/* ---- the loop ---- */

static void compute(struct lowering *l, struct value_loop *v, struct ir_node *position)
{
    struct ir_builder outer = l->b;
    if (v->condition != NULL) {
        lower_prepare(l, v->condition);
        struct ir_node *condition = lower_condition(l, v->condition);
        ir_store(&l->b, v->chosen->buffer, position, condition);
        struct ir_node *branch = ir_if(&l->b, condition);
        outer = l->b;
        l->b.block = &branch->branch.then_body;
    }
    for (size_t k = 0; k < v->count; k++) {
        lower_prepare(l, v->values[k]);
        ir_store(&l->b, v->arrays[k]->buffer, position, lower_scalar(l, v->values[k]));
    }
    l->b = outer;
}

void lower_values(struct lowering *l, struct value_loop *v)
{
    struct ir_node *outer_element = l->element;
    struct open_loop o = { .loop = NULL };
    for (size_t k = 0; k < v->count; k++)
        if (v->arrays[k] == NULL)
            v->arrays[k] =
                lower_local_array(l, "values", lower_storage(v->values[k]->type), &v->total, 1);
    if (v->condition != NULL)
        v->chosen = lower_local_array(l, "chosen", SNN_BOOL, &v->total, 1);
    bool was_parallel = l->in_parallel;
    bool is_parallel = lower_runs_parallel(l, v->facts, 0, v->span);
    lower_begin_loop(l, &o, v->clauses, v->sizes, v->total, NULL, is_parallel);
    l->in_parallel = was_parallel || is_parallel;
    l->element = NULL;
    compute(l, v, o.loop->loop.index);
    l->element = outer_element;
    l->in_parallel = was_parallel;
    lower_end_loop(l, &o);
}
