/* SPDX-License-Identifier: MIT
 *
 * `for … yield`: an array with a row for each iteration. What `export for` writes is never there as
 * a whole: some iterations fill the rows of a buffer, which the runtime appends to the file, then
 * the next ones do.
 */
#include "ir/lower_internal.h"

#include <math.h>

enum {
    EXPORTED_ELEMENTS = 1 << 22, /* of the buffer of an export, about */
    EXPORTED_ROWS = 1024,        /* at most; enough to keep all cores busy */
    EXPORTED_ROWS_MINIMUM = 16,
};

static struct expr *yielded(const struct block *block)
{
    for (size_t i = 0; i < block->statements.count; i++) {
        const struct statement *s = block->statements.items[i];
        struct expr *found = NULL;
        if (s->kind == STATEMENT_YIELD)
            return s->value.value;
        if (s->kind == STATEMENT_IF && ((found = yielded(s->conditional.then)) != NULL ||
                                        (s->conditional.otherwise != NULL &&
                                         (found = yielded(s->conditional.otherwise)) != NULL)))
            return found;
    }
    return NULL;
}

/* The arguments of `events(…)`; null if something else is yielded. */
static struct expr *const *events_arguments(const struct expr *e)
{
    bool is_events = e->target != NULL && e->target->kind == CALL_BUILTIN &&
                     e->target->builtin->id == BUILTIN_EVENTS;
    return is_events ? e->target->arguments : NULL;
}

static struct ir_node *yield_extent(struct lowering *l, const struct expr *e, size_t dimension)
{
    struct size size = e->type->axes.items[dimension].size;
    if (size.kind != SIZE_UNKNOWN)
        return lower_size_leaf(l, lower_size(l, size, e->span, "an axis of what is yielded"));
    lower_refuse(l, e->span, "what is yielded must have a size that is known before the loop");
    return ir_integer(&l->b, 1);
}

bool lower_runs_parallel(struct lowering *l, const struct loop_facts *facts, uint64_t learns,
                         struct span span)
{
    if (l->rule != NULL || l->in_parallel || facts == NULL)
        return false;
    if (!facts->is_parallel) {
        remark(l->c, facts->reason_span.source != 0 ? facts->reason_span : span, "parallel",
               "this loop runs in order: %s", facts->reason);
        return false;
    }
    if (l->may_learn != 0 || learns != 0) {
        remark(l->c, span, "parallel", "this loop runs in order: something may learn here");
        return false;
    }
    remark(l->c, span, "parallel", "this loop runs on all cores");
    return true;
}

/* A `for … yield` that is being lowered. */
struct yield_loop {
    struct expr *loop;
    const struct expr *value; /* the first that it yields */
    struct ir_node *sizes[RANK_LIMIT];
    struct ir_node *total; /* iterations */
    struct loop_result result;
    bool is_parallel;
};

/* Finds sizes; false after refusing. */
static bool open_yield_loop(struct lowering *l, struct yield_loop *y, struct expr *e)
{
    const struct for_clause_list *clauses = &e->loop.clauses;
    y->loop = e;
    y->value = yielded(e->loop.body);
    if (y->value == NULL || clauses->count + y->value->type->axes.count > RANK_LIMIT) {
        lower_refuse(l, e->span, "this loop cannot be compiled yet");
        return false;
    }
    y->total = lower_domain_size(l, clauses, y->sizes);
    for (size_t d = 0; d < y->value->type->axes.count; d++)
        y->result.inner[y->result.inner_rank++] = yield_extent(l, y->value, d);
    return true;
}

/* The iterations from `low` (null: 0) to before `high`. */
static void run_iterations(struct lowering *l, struct yield_loop *y, struct ir_node *low,
                           struct ir_node *high)
{
    bool was_parallel = l->in_parallel, was_in_yield = l->in_yield;
    struct loop_result *outer_result = l->result;
    struct open_loop o = { .low = low };
    lower_begin_loop(l, &o, &y->loop->loop.clauses, y->sizes, high, y->loop->loop.body,
                     y->is_parallel);
    y->result.flat = o.loop->loop.index;
    if (low != NULL)
        y->result.flat = ir_binary(&l->b, IR_SUB, y->result.flat, low);
    l->result = &y->result;
    l->in_parallel = was_parallel || y->is_parallel;
    l->in_yield = true;
    lower_statements(l, y->loop->loop.body);
    l->result = outer_result;
    l->in_parallel = was_parallel;
    l->in_yield = was_in_yield;
    lower_end_loop(l, &o);
}

struct binding *lower_for(struct lowering *l, struct expr *e)
{
    struct yield_loop y = { .loop = NULL };
    if (!open_yield_loop(l, &y, e))
        return binding_value(l, ir_integer(&l->b, 0));
    int32_t rank = (int32_t)e->loop.clauses.count;
    for (int32_t d = 0; d < y.result.inner_rank; d++)
        y.sizes[rank++] = y.result.inner[d];
    y.result.array = lower_local_array(l, "yield", lower_storage(y.value->type), y.sizes, rank);
    y.is_parallel =
        lower_runs_parallel(l, e->loop.facts, lower_learnt_in(l, e->loop.body), e->span);
    run_iterations(l, &y, NULL, y.total);
    return y.result.array;
}

static struct ir_node *row_elements(struct lowering *l, const struct loop_result *result)
{
    struct ir_node *elements = ir_integer(&l->b, 1);
    for (int32_t d = 0; d < result->inner_rank; d++)
        elements = ir_binary(&l->b, IR_MUL, elements, result->inner[d]);
    return elements;
}

void lower_yield(struct lowering *l, struct statement *s)
{
    struct loop_result *result = l->result;
    struct expr *e = s->value.value;
    struct expr *const *events = events_arguments(e);
    if (result->labels != NULL)
        ir_store(&l->b, result->labels->buffer, result->flat, lower_as(l, events[2], IR_I64));
    if (events != NULL)
        e = events[0];
    if (result->inner_rank == 0) {
        ir_store(&l->b, result->array->buffer, result->flat, lower_scalar(l, e));
        return;
    }
    lower_prepare(l, e);
    struct ir_node *indices[RANK_LIMIT];
    struct ir_node *base = ir_binary(&l->b, IR_MUL, result->flat, row_elements(l, result));
    struct ir_builder saved = l->b;
    struct ir_node *loop = lower_open_loop(l, "yield", result->inner, result->inner_rank, indices);
    struct ir_node *place = ir_binary(&l->b, IR_ADD, base, loop->loop.index);
    ir_store(&l->b, result->array->buffer, place,
             lower_element(l, e, indices, (size_t)result->inner_rank));
    lower_close_loop(l, loop, saved);
}

/* ---- export for ---- */

/* How many rows are computed before they are written. */
static struct ir_node *rows_at_once(struct lowering *l, const struct loop_result *result,
                                    struct ir_node *total)
{
    struct ir_node *elements =
        ir_binary(&l->b, IR_MAX, row_elements(l, result), ir_integer(&l->b, 1));
    struct ir_node *rows = ir_binary(&l->b, IR_DIV, ir_integer(&l->b, EXPORTED_ELEMENTS), elements);
    rows = ir_binary(&l->b, IR_MIN, rows, ir_integer(&l->b, EXPORTED_ROWS));
    rows = ir_binary(&l->b, IR_MAX, rows, ir_integer(&l->b, EXPORTED_ROWS_MINIMUM));
    return ir_binary(&l->b, IR_MIN, rows, ir_binary(&l->b, IR_MAX, total, ir_integer(&l->b, 1)));
}

static void make_row_buffers(struct lowering *l, struct yield_loop *y, struct ir_node *rows)
{
    struct expr *const *events = events_arguments(y->value);
    struct ir_node *extents[RANK_LIMIT] = { rows };
    int32_t rank = 1;
    for (int32_t d = 0; d < y->result.inner_rank && rank < RANK_LIMIT; d++)
        extents[rank++] = y->result.inner[d];
    y->result.array = lower_local_array(
        l, "rows", events != NULL ? SNN_FLOAT32 : lower_storage(y->value->type), extents, rank);
    l->program->buffers[y->result.array->buffer].is_observed = true;
    if (events == NULL || events[2] == NULL)
        return;
    y->result.labels = lower_local_array(l, "labels", SNN_INT64, extents, 1);
    l->program->buffers[y->result.labels->buffer].is_observed = true;
}

/* The file, open for rows. */
static struct ir_node *begin_export(struct lowering *l, const struct yield_loop *y,
                                    struct statement *s)
{
    struct expr *const *events = events_arguments(y->value);
    const struct axis_list *axes = &y->loop->type->axes;
    size_t clauses = y->loop->loop.clauses.count;
    struct ir_node *path = lower_text(l, s->export_to.path);
    for (size_t d = 0; d < axes->count; d++) {
        const char *name = axes->items[d].name != NULL ? axes->items[d].name->text : "item";
        struct ir_node *extent = d < clauses ? y->sizes[d] : y->result.inner[d - clauses];
        ir_call_rt(&l->b, IR_RT_snn_rt_axis, 2,
                   (struct ir_node *[]){ ir_text(&l->b, name), extent });
    }
    struct ir_node *operands[] = {
        ir_integer(&l->b, y->result.array->buffer),
        ir_integer(&l->b, y->result.labels != NULL ? y->result.labels->buffer : -1),
        path,
        row_elements(l, &y->result),
        events != NULL ? lower_as(l, events[1], IR_F64) : ir_real(&l->b, IR_F64, NAN),
        ir_text(&l->b, lower_place(l, s->span)),
    };
    return ir_call_rt(&l->b, IR_RT_snn_rt_export_begin, 6, operands);
}

static void export_parts(struct lowering *l, struct yield_loop *y, struct ir_node *file,
                         struct ir_node *rows)
{
    struct ir_node *mark = ir_call_rt(&l->b, IR_RT_snn_rt_mark, 0, NULL);
    struct ir_node *parts = ir_binary(
        &l->b, IR_DIV,
        ir_binary(&l->b, IR_ADD, y->total, ir_binary(&l->b, IR_SUB, rows, ir_integer(&l->b, 1))),
        rows);
    struct ir_node *loop = ir_loop(&l->b, "export", ir_integer(&l->b, 0), parts, false);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &loop->loop.body;
    ir_call_rt(&l->b, IR_RT_snn_rt_release, 1, &mark);
    struct ir_node *low = ir_binary(&l->b, IR_MUL, loop->loop.index, rows);
    struct ir_node *high = ir_binary(&l->b, IR_MIN, ir_binary(&l->b, IR_ADD, low, rows), y->total);
    run_iterations(l, y, low, high);
    if (events_arguments(y->value) == NULL)
        lower_shown_unit(l, y->value->type);
    ir_call_rt(&l->b, IR_RT_snn_rt_export_rows, 2,
               (struct ir_node *[]){ file, ir_binary(&l->b, IR_SUB, high, low) });
    l->b = outer;
    ir_call_rt(&l->b, IR_RT_snn_rt_release, 1, &mark);
}

void lower_export_loop(struct lowering *l, struct statement *s)
{
    struct yield_loop y = { .loop = NULL };
    struct expr *e = s->export_to.value;
    const struct for_clause_list *clauses = &e->loop.clauses;
    if (!open_yield_loop(l, &y, e))
        return;
    bool has_progress = lower_shows_progress(l, clauses, e->loop.body);
    struct ir_node *rows = rows_at_once(l, &y.result, y.total);
    make_row_buffers(l, &y, rows);
    struct ir_node *file = begin_export(l, &y, s);
    if (has_progress)
        ir_call_rt(&l->b, IR_RT_snn_rt_loop_begin, 2,
                   (struct ir_node *[]){ ir_text(&l->b, l->task), y.total });
    y.is_parallel =
        lower_runs_parallel(l, e->loop.facts, lower_learnt_in(l, e->loop.body), e->span);
    export_parts(l, &y, file, rows);
    if (has_progress)
        ir_call_rt(&l->b, IR_RT_snn_rt_loop_end, 0, NULL);
    ir_call_rt(&l->b, IR_RT_snn_rt_export_end, 1, &file);
}
