/* SPDX-License-Identifier: MIT
 *
 * The tables of a program and its setup function: parameters, sizes, constants, drawing sites. What
 * depends on a parameter is computed once, when the program starts, in the order in which it was
 * first asked for.
 */
#include "ir/lower_internal.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

void lower_refuse(struct lowering *l, struct span span, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_format_va(&l->c->arena, format, arguments);
    va_end(arguments);
    l->is_failed = true;
    diag_error(l->c, span, "%s", text);
}

/* ---- maps ---- */

static size_t slot_of(const struct pointer_map *map, const void *key)
{
    size_t slot = ((uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u % map->capacity;
    while (map->keys[slot] != NULL && map->keys[slot] != key)
        slot = (slot + 1) % map->capacity;
    return slot;
}

int32_t pointer_map_get(const struct pointer_map *map, const void *key)
{
    if (map->capacity == 0)
        return -1;
    size_t slot = slot_of(map, key);
    return map->keys[slot] != NULL ? map->values[slot] : -1;
}

void pointer_map_put(struct lowering *l, struct pointer_map *map, const void *key, int32_t value)
{
    if (2 * (map->count + 1) > map->capacity) {
        struct pointer_map larger = { .capacity = map->capacity > 0 ? 2 * map->capacity : 64 };
        larger.keys = arena_alloc_array(&l->c->arena, larger.capacity, sizeof *larger.keys);
        larger.values = arena_alloc_array(&l->c->arena, larger.capacity, sizeof *larger.values);
        for (size_t i = 0; i < map->capacity; i++)
            if (map->keys[i] != NULL)
                pointer_map_put(l, &larger, map->keys[i], map->values[i]);
        *map = larger;
    }
    size_t slot = slot_of(map, key);
    map->count += map->keys[slot] == NULL;
    map->keys[slot] = key;
    map->values[slot] = value;
}

/* ---- places, types ---- */

const char *lower_place(struct lowering *l, struct span span)
{
    const struct source *source = sources_get(&l->c->sources, span.source);
    if (source == NULL)
        return "";
    struct position at = source_position(source, span.start);
    return arena_format(&l->c->arena, "%s:%zu:%zu", source->path, at.line, at.column);
}

enum ir_type lower_type(const struct type *t)
{
    switch (t->kind) {
    case TYPE_BOOL: return IR_BOOL;
    case TYPE_INT: return IR_I64;
    case TYPE_REAL32: return IR_F32;
    case TYPE_REAL64: return IR_F64;
    default: return IR_POINTER;
    }
}

enum snn_type lower_storage(const struct type *t)
{
    switch (t->kind) {
    case TYPE_BOOL: return SNN_BOOL;
    case TYPE_INT: return SNN_INT64;
    case TYPE_REAL64: return t->is_constant ? SNN_FLOAT32 : SNN_FLOAT64;
    default: return SNN_FLOAT32;
    }
}

/* ---- code into setup and init ---- */

struct ir_builder lower_enter(struct lowering *l, struct ir_builder *where)
{
    struct ir_builder saved = l->b;
    l->b = *where;
    l->b.span = saved.span;
    return saved;
}

void lower_leave(struct lowering *l, struct ir_builder *where, struct ir_builder saved)
{
    *where = l->b;
    l->b = saved;
}

/* ---- sizes ---- */

static struct ir_node *size_value(struct lowering *l, struct size size, struct span span,
                                  const char *what)
{
    struct ir_node *value = lower_scalar(l, (struct expr *)size.expr);
    struct ir_node *number = lower_cast(l, IR_F64, value);
    struct ir_node *is_whole = ir_binary(&l->b, IR_EQ, number, ir_unary(&l->b, IR_FLOOR, number));
    struct ir_node *is_positive = ir_binary(&l->b, IR_GE, number, ir_real(&l->b, IR_F64, 1));
    struct ir_node *is_small = ir_binary(&l->b, IR_LE, number, ir_real(&l->b, IR_F64, 2147483647));
    struct ir_node *is_right =
        ir_binary(&l->b, IR_AND, ir_binary(&l->b, IR_AND, is_whole, is_positive), is_small);
    struct ir_node *check = ir_if(&l->b, ir_unary(&l->b, IR_NOT, is_right));
    struct ir_builder outer = l->b;
    l->b.block = &check->branch.then_body;
    ir_call_rt(
        &l->b, IR_RT_snn_rt_panic_size, 3,
        (struct ir_node *[]){ ir_text(&l->b, lower_place(l, span)), ir_text(&l->b, what), number });
    l->b = outer;
    return lower_cast(l, IR_I64, value);
}

int32_t lower_size(struct lowering *l, struct size size, struct span span, const char *what)
{
    if (size.kind == SIZE_CONSTANT) {
        if (size.value < 1)
            lower_refuse(l, span, "%s is %lld, a size must be at least 1", what,
                         (long long)size.value);
        return lower_size_value(l, size.value);
    }
    if (size.kind == SIZE_UNKNOWN) {
        lower_refuse(l, span, "%s has a size that is not known when the program starts", what);
        return lower_size_value(l, 1);
    }
    int32_t known = pointer_map_get(&l->constant_of, size.expr);
    if (known >= 0)
        return known;
    int32_t entry = ir_add_size(l->c, l->program, what);
    struct ir_builder saved = lower_enter(l, &l->setup);
    bool was_in_setup = l->in_setup;
    l->in_setup = true;
    l->b.span = span;
    ir_size_set(&l->b, entry, size_value(l, size, span, what));
    l->in_setup = was_in_setup;
    lower_leave(l, &l->setup, saved);
    pointer_map_put(l, &l->constant_of, size.expr, entry);
    return entry;
}

int32_t lower_size_value(struct lowering *l, int64_t value)
{
    const char *name = arena_format(&l->c->arena, "%lld", (long long)value);
    for (int32_t i = 0; i < l->program->size_count; i++)
        if (strcmp(l->program->sizes[i].name, name) == 0)
            return i;
    int32_t entry = ir_add_size(l->c, l->program, name);
    l->program->sizes[entry].is_known = true;
    l->program->sizes[entry].value = value;
    struct ir_builder saved = lower_enter(l, &l->setup);
    ir_size_set(&l->b, entry, ir_integer(&l->b, value));
    lower_leave(l, &l->setup, saved);
    return entry;
}

int32_t lower_size_product(struct lowering *l, const int32_t *sizes, int32_t count,
                           const char *what)
{
    if (count == 1)
        return sizes[0];
    int32_t entry = ir_add_size(l->c, l->program, what);
    struct ir_builder saved = lower_enter(l, &l->setup);
    struct ir_node *product = ir_integer(&l->b, 1);
    for (int32_t i = 0; i < count; i++)
        product = ir_binary(&l->b, IR_MUL, product, ir_leaf(&l->b, IR_SIZE, IR_I64, sizes[i]));
    ir_size_set(&l->b, entry, product);
    lower_leave(l, &l->setup, saved);
    return entry;
}

struct ir_node *lower_size_leaf(struct lowering *l, int32_t size)
{
    return ir_leaf(&l->b, IR_SIZE, IR_I64, size);
}

/* ---- constants ---- */

static struct ir_node *setup_value(struct lowering *l, const struct expr *e)
{
    struct ir_builder saved = lower_enter(l, &l->setup);
    bool was_in_setup = l->in_setup;
    l->in_setup = true;
    l->b.span = e->span;
    struct ir_node *value = lower_scalar(l, (struct expr *)e);
    l->in_setup = was_in_setup;
    lower_leave(l, &l->setup, saved);
    return value;
}

static int32_t value_entry(struct lowering *l, struct ir_node *value, const char *name,
                           bool is_integer)
{
    int32_t entry = ir_add_constant(l->c, l->program, name, is_integer);
    struct ir_builder saved = lower_enter(l, &l->setup);
    l->b.span = value->span;
    ir_constant_set(&l->b, entry, value);
    lower_leave(l, &l->setup, saved);
    return entry;
}

static int32_t constant_entry(struct lowering *l, const struct expr *e, const char *name,
                              bool is_integer)
{
    return value_entry(l, setup_value(l, e), name, is_integer);
}

/* Whole numbers and conditions that turn out to be known while compiling need no entry: what
 * depends on them is folded. */
struct ir_node *lower_constant_value(struct lowering *l, const struct expr *e)
{
    struct ir_node *value = setup_value(l, e);
    bool is_known = value->kind == IR_NODE_INSTR && value->op == IR_CONST;
    if (is_known && value->type == IR_BOOL && e->type->kind == TYPE_BOOL)
        return ir_bool(&l->b, value->payload.integer != 0);
    if (is_known && value->type == IR_I64 && e->type->kind == TYPE_INT)
        return ir_integer(&l->b, value->payload.integer);
    int32_t entry = value_entry(l, value, "constant", !type_is_real(e->type));
    return lower_constant_leaf(l, entry, lower_type(e->type));
}

int32_t lower_constant_entry(struct lowering *l, const struct expr *e, const char *name)
{
    return constant_entry(l, e, name, !type_is_real(e->type));
}

int32_t lower_real_entry(struct lowering *l, const struct expr *e, const char *name)
{
    return constant_entry(l, e, name, false);
}

int32_t lower_literal_entry(struct lowering *l, double value)
{
    const char *name = arena_format(&l->c->arena, "%.17g", value);
    for (int32_t i = 0; i < l->program->constant_count; i++)
        if (strcmp(l->program->constants[i].name, name) == 0)
            return i;
    int32_t entry = ir_add_constant(l->c, l->program, name, false);
    struct ir_builder saved = lower_enter(l, &l->setup);
    ir_constant_set(&l->b, entry, ir_real(&l->b, IR_F64, value));
    lower_leave(l, &l->setup, saved);
    return entry;
}

struct ir_node *lower_constant_leaf(struct lowering *l, int32_t entry, enum ir_type type)
{
    if (!l->program->constants[entry].is_integer)
        return ir_leaf(&l->b, IR_CONSTANT, type == IR_F32 ? IR_F32 : IR_F64, entry);
    struct ir_node *leaf = ir_leaf(&l->b, IR_CONSTANT, IR_I64, entry);
    return type == IR_BOOL ? ir_binary(&l->b, IR_NE, leaf, ir_integer(&l->b, 0)) : leaf;
}

int32_t lower_site(struct lowering *l, const void *key, const char *stream, struct span span)
{
    int32_t site = pointer_map_get(&l->site_of, key);
    if (site < 0) {
        site = ir_add_site(l->c, l->program, stream, span);
        pointer_map_put(l, &l->site_of, key, site);
    }
    return site;
}

/* ---- buffers ---- */

int32_t lower_buffer(struct lowering *l, const char *name, enum snn_type type,
                     enum snn_buffer_kind kind, int32_t count_size)
{
    struct ir_buffer buffer = {
        .name = name, .type = type, .kind = kind, .count = count_size, .unit = ""
    };
    if (count_size >= 0 && kind != SNN_BUFFER_LOCAL) {
        buffer.rank = 1;
        buffer.extents = arena_new(&l->c->arena, int32_t);
        buffer.extents[0] = count_size;
        buffer.axes = arena_alloc(&l->c->arena, sizeof *buffer.axes);
        buffer.axes[0] = "index";
    }
    return ir_add_buffer(l->c, l->program, buffer);
}

void lower_buffer_axes(struct lowering *l, int32_t index, const struct axis_list *axes,
                       const int32_t *sizes)
{
    struct ir_buffer *buffer = &l->program->buffers[index];
    size_t rank = axes->count;
    buffer->rank = (int32_t)rank;
    buffer->extents = arena_alloc_array(&l->c->arena, rank + 1, sizeof *buffer->extents);
    buffer->axes = arena_alloc_array(&l->c->arena, rank + 1, sizeof *buffer->axes);
    for (size_t i = 0; i < rank; i++) {
        buffer->extents[i] = sizes[i];
        buffer->axes[i] = axes->items[i].name != NULL ? axes->items[i].name->text : "item";
    }
}

/* ---- parameters ---- */

/* The unit that the default is written in comes first: it is the one values are printed in. */
static void put_written_unit_first(const struct expr *value, struct unit_word_list *words)
{
    while (value->kind == EXPR_UNARY)
        value = value->unary.operand;
    if (value->kind != EXPR_NUMBER || value->number.unit == NULL || value->number.unit->count != 1)
        return;
    const struct unit_factor *written = &value->number.unit->items[0];
    for (size_t i = 0; i < words->count; i++)
        if (written->power == 1 && strcmp(words->items[i].name, written->name->text) == 0) {
            struct unit_word first = words->items[i];
            memmove(words->items + 1, words->items, i * sizeof *words->items);
            words->items[0] = first;
            return;
        }
}

static struct snn_unit *param_units(struct lowering *l, const struct symbol *symbol, int32_t *count)
{
    *count = 0;
    if (!type_is_real(symbol->type))
        return NULL;
    struct arena *arena = &l->c->arena;
    struct unit unit = symbol->type->unit;
    struct unit_word_list given = unit_words(arena, unit), words = { 0 };
    /* A plain number is written as it is, or with a word such as %; a compound unit only in
     * brackets. */
    if (unit_is_none(unit))
        array_push(arena, &words, (struct unit_word){ "", 1 });
    else if (given.count == 0)
        array_push(arena, &words, (struct unit_word){ unit_name(arena, unit), 1 });
    for (size_t i = 0; i < given.count; i++)
        array_push(arena, &words, given.items[i]);
    put_written_unit_first(symbol->declaration->param.value, &words);
    struct snn_unit *units = arena_alloc_array(arena, words.count, sizeof *units);
    for (size_t i = 0; i < words.count; i++)
        units[i] = (struct snn_unit){ words.items[i].name, words.items[i].factor };
    *count = (int32_t)words.count;
    return units;
}

static enum snn_type param_type(const struct type *t)
{
    switch (t->kind) {
    case TYPE_BOOL: return SNN_BOOL;
    case TYPE_INT: return SNN_INT64;
    case TYPE_STRING: return SNN_STRING;
    default: return SNN_FLOAT64;
    }
}

static union snn_value param_initial(struct lowering *l, const struct symbol *symbol)
{
    const struct constant *k = symbol->declaration->param.value->constant;
    union snn_value value = { .integer = 0 };
    if (k == NULL) {
        lower_refuse(l, symbol->declaration->param.value->span,
                     "the default of a param must be known while compiling");
        return value;
    }
    switch (param_type(symbol->type)) {
    case SNN_BOOL: value.integer = k->boolean; break;
    case SNN_INT64:
        value.integer = k->kind == CONSTANT_INT ? k->integer : (int64_t)constant_number(k);
        break;
    case SNN_STRING: value.text = k->text; break;
    default: value.real = constant_number(k); break;
    }
    return value;
}

static void param_range(struct lowering *l, const struct declaration *d, struct snn_param *param)
{
    param->low = -INFINITY;
    param->high = INFINITY;
    const struct expr *bounds[] = { d->param.bounds.low, d->param.bounds.high };
    for (int i = 0; i < 2; i++) {
        if (bounds[i] == NULL)
            continue;
        if (bounds[i]->constant == NULL)
            lower_refuse(l, bounds[i]->span, "the range of a param must be known while compiling");
        else
            *(i == 0 ? &param->low : &param->high) = constant_number(bounds[i]->constant);
    }
}

static void lower_param(struct lowering *l, struct symbol *symbol, struct snn_param *param)
{
    const struct declaration *d = symbol->declaration;
    param->name = symbol->name->text;
    param->doc = d->doc != NULL ? d->doc : "";
    param->type = param_type(symbol->type);
    param->initial = param_initial(l, symbol);
    param->place = lower_place(l, d->name.span);
    param->units = param_units(l, symbol, &param->unit_count);
    param_range(l, d, param);
    size_t choices = d->param.choices.count;
    const char **texts = arena_alloc_array(&l->c->arena, choices + 1, sizeof *texts);
    for (size_t i = 0; i < choices; i++) {
        const struct constant *k = d->param.choices.items[i]->constant;
        texts[i] = k != NULL && k->kind == CONSTANT_STRING ? k->text : "";
    }
    param->choices = choices > 0 ? texts : NULL;
    param->choice_count = (int32_t)choices;
}

static void lower_params(struct lowering *l)
{
    size_t count = l->model->params.count;
    l->program->params = arena_alloc_array(&l->c->arena, count + 1, sizeof *l->program->params);
    l->program->param_count = (int32_t)count;
    for (size_t i = 0; i < count; i++) {
        struct symbol *symbol = l->model->params.items[i];
        lower_param(l, symbol, &l->program->params[i]);
        struct binding *binding;
        if (symbol->type->kind == TYPE_STRING) {
            binding = binding_new(l, BINDING_TEXT);
            binding->param = (int32_t)i;
        } else {
            binding = binding_new(l, BINDING_CONSTANT);
            binding->type = lower_type(symbol->type) == IR_F32 ? IR_F64 : lower_type(symbol->type);
            binding->constant =
                ir_add_constant(l->c, l->program, symbol->name->text, binding->type != IR_F64);
            struct ir_builder saved = lower_enter(l, &l->setup);
            ir_constant_set(&l->b, binding->constant,
                            ir_leaf(&l->b, IR_PARAM, binding->type, (int32_t)i));
            lower_leave(l, &l->setup, saved);
        }
        symbol->binding = binding;
    }
}

/* ---- persistents of the file ---- */

static void lower_persistent(struct lowering *l, struct symbol *symbol)
{
    const struct type *type = symbol->type;
    struct binding *binding = binding_new(l, BINDING_ARRAY);
    int32_t sizes[RANK_LIMIT];
    if (type->axes.count > RANK_LIMIT) {
        lower_refuse(l, symbol->span, "'%s' has more than %d axes", symbol->name->text, RANK_LIMIT);
        return;
    }
    binding->rank = (int32_t)type->axes.count;
    for (size_t i = 0; i < type->axes.count; i++) {
        const char *what =
            arena_format(&l->c->arena, "the size of axis %s of '%s'",
                         type->axes.items[i].name != NULL ? type->axes.items[i].name->text : "",
                         symbol->name->text);
        sizes[i] = binding->sizes[i] = lower_size(l, type->axes.items[i].size, symbol->span, what);
    }
    int32_t count =
        binding->rank == 0
            ? lower_size_value(l, 1)
            : lower_size_product(l, sizes, binding->rank,
                                 arena_format(&l->c->arena, "%s.size", symbol->name->text));
    binding->buffer =
        lower_buffer(l, symbol->name->text, lower_storage(type), SNN_BUFFER_MODEL, count);
    lower_buffer_axes(l, binding->buffer, &type->axes, sizes);
    l->program->buffers[binding->buffer].unit =
        type_is_real(type) ? unit_name(&l->c->arena, type->unit) : "";
    l->program->buffers[binding->buffer].is_observed = true;
    symbol->binding = binding;
    struct expr *value = symbol->declaration->persistent.value;
    if (value == NULL)
        return;
    struct ir_builder saved = lower_enter(l, &l->initial);
    l->b.span = value->span;
    struct ir_node *loop = ir_loop(&l->b, arena_format(&l->c->arena, "%s.init", symbol->name->text),
                                   ir_integer(&l->b, 0), lower_size_leaf(l, count), true);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    l->element = loop->loop.index;
    ir_store(
        &l->b, binding->buffer, loop->loop.index,
        lower_within(
            l, symbol,
            lower_as(l, value, ir_buffer_value_type(l->program->buffers[binding->buffer].type))));
    l->element = NULL;
    l->b = outer;
    lower_leave(l, &l->initial, saved);
}

/* ---- the whole ---- */

static struct ir_builder new_function_builder(struct lowering *l, int32_t function)
{
    struct ir_function *f = l->program->functions[function];
    return (struct ir_builder){ .compilation = l->c,
                                .program = l->program,
                                .function = f,
                                .block = &f->body,
                                .span = f->span };
}

/* ---- arrays of the file ---- */

static void store_listed(struct lowering *l, int32_t buffer, const struct expr_list *items)
{
    for (size_t i = 0; i < items->count; i++)
        ir_store(&l->b, buffer, ir_integer(&l->b, (int64_t)i), lower_scalar(l, items->items[i]));
}

static void store_each(struct lowering *l, const struct symbol *symbol,
                       const struct binding *binding, int32_t count)
{
    struct declaration *d = symbol->declaration;
    struct ir_node *extents[RANK_LIMIT];
    struct ir_node *loop =
        ir_loop(&l->b, symbol->name->text, ir_integer(&l->b, 0), lower_size_leaf(l, count), true);
    struct ir_builder outer = l->b;
    l->b.block = &loop->loop.body;
    for (int32_t i = 0; i < binding->rank; i++)
        extents[i] = lower_size_leaf(l, binding->sizes[i]);
    lower_bind_clauses(l, &d->let.indices, extents, loop->loop.index);
    l->element = loop->loop.index;
    ir_store(&l->b, binding->buffer, loop->loop.index, lower_scalar(l, d->let.value));
    l->element = NULL;
    l->b = outer;
}

/* `let table[k in s] = e` or `let table = [1, 2]` at the top level: made once, before the networks,
 * and never changed. */
static void lower_top_array(struct lowering *l, struct symbol *symbol)
{
    struct declaration *d = symbol->declaration;
    bool is_list = d->let.indices.count == 0 && d->let.value->kind == EXPR_LIST;
    const struct axis_list *axes = &symbol->type->axes;
    if (axes->count > RANK_LIMIT || axes->count != d->let.indices.count + is_list) {
        lower_refuse(l, symbol->span, "an array has at most %d axes", RANK_LIMIT);
        return;
    }
    struct binding *binding = binding_new(l, BINDING_ARRAY);
    int32_t sizes[RANK_LIMIT];
    binding->rank = (int32_t)axes->count;
    for (size_t i = 0; i < axes->count; i++)
        sizes[i] = binding->sizes[i] =
            lower_size(l, axes->items[i].size, symbol->span, "the size of an array");
    const char *size_name = arena_format(&l->c->arena, "%s.size", symbol->name->text);
    int32_t count = lower_size_product(l, sizes, binding->rank, size_name);
    binding->buffer =
        lower_buffer(l, symbol->name->text, lower_storage(symbol->type), SNN_BUFFER_MODEL, count);
    lower_buffer_axes(l, binding->buffer, axes, sizes);
    struct ir_builder saved = lower_enter(l, &l->initial);
    l->b.span = d->span;
    if (is_list)
        store_listed(l, binding->buffer, &d->let.value->list.items);
    else
        store_each(l, symbol, binding, count);
    lower_leave(l, &l->initial, saved);
    symbol->binding = binding;
}

static void lower_top_arrays(struct lowering *l)
{
    for (size_t i = 0; i < l->model->constants.count; i++)
        if (type_is_number(l->model->constants.items[i]->type) &&
            l->model->constants.items[i]->type->axes.count > 0)
            lower_top_array(l, l->model->constants.items[i]);
}

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

struct ir_program *lower_model(struct compilation *c, struct model *model, const char *name)
{
    struct lowering lowering = { .c = c, .model = model, .data_number = -1 }, *l = &lowering;
    l->program = arena_new(&c->arena, struct ir_program);
    l->program->name = name;
    l->program->doc = text_or_empty(model->file->doc);
    l->program->source = model->file->path;
    l->program->version =
        arena_format(&c->arena, "%016llx", (unsigned long long)sources_hash(&c->sources));
    struct span none = { 0 };
    l->program->setup = ir_add_function(c, l->program, "setup", IR_FUNCTION_SETUP, none);
    l->program->init = ir_add_function(c, l->program, "init", IR_FUNCTION_INIT, none);
    l->program->clear = ir_add_function(c, l->program, "clear", IR_FUNCTION_CLEAR, none);
    l->setup = new_function_builder(l, l->program->setup);
    l->initial = new_function_builder(l, l->program->init);
    lower_params(l);
    l->program->data =
        arena_alloc_array(&c->arena, model->data.count + 1, sizeof *l->program->data);
    l->program->data_count = (int32_t)model->data.count;
    for (size_t i = 0; i < model->data.count; i++)
        lower_data_declaration(l, model->data.items[i], (int32_t)i);
    lower_top_arrays(l);
    for (size_t i = 0; i < model->persistents.count; i++)
        lower_persistent(l, model->persistents.items[i]);
    lower_networks(l);
    if (!l->is_failed)
        lower_tasks(l);
    if (!l->is_failed)
        lower_network_steps(l);
    for (int32_t i = 0; i < l->program->function_count; i++)
        ir_number(l->program->functions[i]);
    return l->is_failed ? NULL : l->program;
}
