/* SPDX-License-Identifier: MIT
 *
 * Poisson numbers from tables. An encoder draws many numbers around one mean, which follows from
 * one input, and pictures have 256 levels: 0, 1 / 255, … 1. Where a predictable layer draws
 * `poisson_count(mean)` and the mean depends on nothing else that differs between neurons, each
 * level has a table (runtime/counts.c), from which a word of 32 random bits takes a number in one
 * look. Inputs between the levels draw by formula (pass `expand`). Which way a number is drawn thus
 * depends on the input alone, so that nothing else can change it.
 */
#include "ir/lower_internal.h"

/* ---- which draws ---- */

struct mean_search {
    const struct symbol *input;
    bool fits;
};

static void search_mean(struct expr *e, void *data)
{
    struct mean_search *search = data;
    const struct symbol *symbol = e->kind == EXPR_NAME ? e->symbol : NULL;
    if (symbol != NULL && symbol->kind == SYMBOL_INPUT) {
        search->fits = search->fits && (search->input == NULL || search->input == symbol);
        search->input = symbol;
    } else if (symbol != NULL && !lower_reads_setup_only(e)) {
        search->fits = false;
    }
    if (e->kind == EXPR_FIELD || e->kind == EXPR_INDEX || e->kind == EXPR_COMPREHENSION ||
        lower_is_draw(e) || (e->target != NULL && e->target->kind == CALL_FUNCTION))
        search->fits = false;
    expr_children(e, search_mean, data);
}

/* The same arithmetic of the same things. */
static bool is_same(const struct expr *a, const struct expr *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case EXPR_NAME: return a->symbol == b->symbol;
    case EXPR_NUMBER:
        return a->constant != NULL && b->constant != NULL &&
               constant_number(a->constant) == constant_number(b->constant);
    case EXPR_UNARY:
        return a->unary.op == b->unary.op && is_same(a->unary.operand, b->unary.operand);
    case EXPR_BINARY:
        return a->binary.op == b->binary.op && is_same(a->binary.left, b->binary.left) &&
               is_same(a->binary.right, b->binary.right);
    default: return false;
    }
}

static int32_t table_buffer(struct lowering *l, const struct lowered_layer *layer,
                            const char *field, enum snn_type type, int64_t count)
{
    return lower_buffer(l, arena_format(&l->c->arena, "%s.%s", layer->name, field), type,
                        SNN_BUFFER_LANE, lower_size_value(l, count));
}

static void add_table(struct lowering *l, struct lowered_layer *layer, struct expr *draw,
                      const struct symbol *input)
{
    struct count_table table = { .draw = draw, .mean = draw->target->arguments[0], .input = input };
    for (size_t i = 0; i < layer->count_tables.count; i++) {
        const struct count_table *other = &layer->count_tables.items[i];
        if (table.is_shared || !is_same(other->mean, table.mean))
            continue;
        table = *other;
        table.draw = draw;
        table.is_shared = true;
    }
    if (!table.is_shared) {
        table.means = table_buffer(l, layer, "count_means", SNN_FLOAT32, SNN_LEVELS);
        table.known = table_buffer(l, layer, "count_known", SNN_FLOAT32, SNN_LEVELS);
        table.levels = table_buffer(l, layer, "count_levels", SNN_INT32, 3 * SNN_LEVELS);
        table.entries =
            table_buffer(l, layer, "count_entries", SNN_INT32, SNN_LEVELS * SNN_COUNT_LIMIT);
    }
    array_push(&l->c->arena, &layer->count_tables, table);
}

struct layer_search {
    struct lowering *l;
    struct lowered_layer *layer;
};

static void search_draws(struct expr *e, void *data)
{
    struct layer_search *search = data;
    if (lower_is_draw(e) && e->target->builtin->id == BUILTIN_POISSON_COUNT) {
        struct mean_search mean = { NULL, true };
        search_mean(e->target->arguments[0], &mean);
        if (mean.fits && mean.input != NULL)
            add_table(search->l, search->layer, e, mean.input);
    }
    expr_children(e, search_draws, data);
}

static void search_assignments(struct layer_search *search, const struct block *block)
{
    for (size_t i = 0; i < block->statements.count; i++)
        search_draws(block->statements.items[i]->assign.value, search);
}

void lower_count_tables(struct lowering *l, struct lowered_layer *layer)
{
    const struct statement_list *body = &layer->layer->model->body;
    struct layer_search search = { l, layer };
    for (size_t i = 0; i < body->count; i++) {
        if (body->items[i]->kind == STATEMENT_IF)
            search_assignments(&search, body->items[i]->conditional.then);
        if (body->items[i]->kind == STATEMENT_ON)
            search_assignments(&search, body->items[i]->on.body);
    }
}

/* ---- tables ---- */

static void fill_table(struct lowering *l, const struct count_table *table)
{
    struct ir_builder *b = &l->b, outer = l->b;
    struct ir_node *loop =
        ir_loop(b, "count.means", ir_integer(b, 0), ir_integer(b, SNN_LEVELS), true);
    b->block = &loop->loop.body;
    l->level_input = table->input;
    l->level = ir_binary(b, IR_DIV, ir_cast(b, IR_F32, loop->loop.index),
                         ir_real(b, IR_F32, SNN_LEVELS - 1));
    ir_store(b, table->means, loop->loop.index, lower_as(l, table->mean, IR_F32));
    l->level_input = NULL;
    l->b = outer;
    struct ir_node *buffers[] = { ir_integer(b, table->means), ir_integer(b, table->known),
                                  ir_integer(b, table->levels), ir_integer(b, table->entries) };
    ir_call_rt(b, IR_RT_snn_rt_count_tables, 4, buffers);
}

void lower_fill_count_tables(struct lowering *l, const struct lowered_layer *layer)
{
    for (size_t i = 0; i < layer->count_tables.count; i++)
        if (!layer->count_tables.items[i].is_shared)
            fill_table(l, &layer->count_tables.items[i]);
}

/* ---- draws ---- */

/* An i32 as an index, seen to be less than a power of two: lanes then gather with 32 bits. */
static struct ir_node *index_below(struct ir_builder *b, struct ir_node *index, uint32_t limit)
{
    return ir_cast(b, IR_I64, ir_binary(b, IR_AND, index, ir_bits(b, limit - 1)));
}

static struct ir_node *entry_of_level(struct lowering *l, const struct count_table *table, int row,
                                      struct ir_node *level)
{
    struct ir_node *start = ir_integer(&l->b, (int64_t)row * SNN_LEVELS);
    return ir_cast(&l->b, IR_I32,
                   ir_load(&l->b, table->levels, ir_binary(&l->b, IR_ADD, start, level)));
}

/* The level of the neuron's input, if it is on one, and its table. */
static struct count_place find_place(struct lowering *l, const struct count_table *table)
{
    struct ir_builder *b = &l->b;
    struct ir_node *last = ir_real(b, IR_F32, SNN_LEVELS - 1), *zero = ir_real(b, IR_F32, 0);
    struct ir_node *input = kernel_read(l, lower_state_buffer(l, table->input), -1);
    struct ir_node *nearest =
        ir_binary(b, IR_ADD, ir_binary(b, IR_MUL, input, last), ir_real(b, IR_F32, 0.5));
    nearest = ir_binary(b, IR_MIN, ir_binary(b, IR_MAX, nearest, zero), last);
    nearest = ir_unary(b, IR_FLOOR, nearest);
    struct ir_node *is_level = ir_binary(b, IR_EQ, ir_binary(b, IR_DIV, nearest, last), input);
    struct ir_node *level = index_below(b, ir_cast(b, IR_I32, nearest), SNN_LEVELS);
    struct ir_node *first = entry_of_level(l, table, 0, level);
    struct ir_node *has_entries = ir_binary(b, IR_GE, first, ir_bits(b, 0));
    return (struct count_place){
        .table = table,
        .has_table = ir_binary(b, IR_AND, is_level, has_entries),
        .first = first,
        .mask = entry_of_level(l, table, 1, level),
        .low = entry_of_level(l, table, 2, level),
    };
}

void lower_find_counts(struct lowering *l, const struct count_table *table)
{
    if (!table->is_shared)
        array_push(&l->c->arena, &l->kernel->places, find_place(l, table));
}

static struct count_place place_of(struct lowering *l, const struct count_table *table)
{
    for (size_t i = 0; i < l->kernel->places.count; i++)
        if (l->kernel->places.items[i].table->entries == table->entries)
            return l->kernel->places.items[i];
    return find_place(l, table);
}

struct ir_node *lower_count(struct lowering *l, const struct count_table *table, int32_t site,
                            struct draw_address address)
{
    struct ir_builder *b = &l->b;
    struct count_place at = place_of(l, table);
    struct ir_node *word =
        ir_draw(b, IR_WORD, NULL, site, address.element, address.step, address.path);
    struct ir_node *own = ir_binary(b, IR_AND, word, at.mask);
    struct ir_node *place =
        index_below(b, ir_binary(b, IR_ADD, at.first, own), SNN_LEVELS * SNN_COUNT_LIMIT);
    struct ir_node *entry = ir_cast(b, IR_I32, ir_load(b, table->entries, place));
    struct ir_node *other = ir_binary(b, IR_AND, entry, at.mask);
    /* Entries have their upper bit turned, since i32 is compared as signed. */
    struct ir_node *share =
        ir_binary(b, IR_XOR, ir_binary(b, IR_OR, word, at.mask), ir_bits(b, 0x80000000u));
    struct ir_node *number = ir_select(b, ir_binary(b, IR_LT, share, entry), own, other);
    struct ir_node *result =
        ir_var(b, "count", ir_cast(b, IR_F32, ir_binary(b, IR_ADD, at.low, number)));
    struct ir_node *branch = ir_if(b, ir_unary(b, IR_NOT, at.has_table));
    struct ir_builder outer = *b;
    b->before = NULL;
    b->block = &branch->branch.then_body;
    ir_set(b, result, lower_formula_count(l, table->mean, site, address));
    *b = outer;
    return ir_get(b, result);
}
