/* SPDX-License-Identifier: MIT
 *
 * Data sets: which reader opens them, and the views that slices, splits and draws make of them.
 */
#include "ir/lower_internal.h"

#include <math.h>
#include <string.h>

static struct ir_node *zero(struct lowering *l)
{
    return ir_real(&l->b, IR_F64, 0);
}

struct ir_node *lower_data_call(struct lowering *l, enum ir_rt function, struct span span,
                                int32_t count, struct ir_node *const *operands)
{
    struct ir_node *all[8];
    for (int32_t i = 0; i < count; i++)
        all[i] = operands[i];
    all[count] = ir_text(&l->b, lower_place(l, span));
    return ir_call_rt(&l->b, function, count + 1, all);
}

static struct ir_node *number_argument(struct lowering *l, const struct call_target *target,
                                       size_t i)
{
    return i < target->count && target->arguments[i] != NULL
               ? lower_as(l, target->arguments[i], IR_F64)
               : zero(l);
}

static bool is_text_argument(const struct call_target *target, size_t i)
{
    return i < target->count && target->arguments[i] != NULL &&
           target->arguments[i]->type->kind == TYPE_STRING;
}

/* What is given from argument `first` on, in the places of the arguments. */
static struct ir_node *given_arguments(struct lowering *l, const struct call_target *target,
                                       size_t first)
{
    struct ir_node *all = ir_call_rt(&l->b, IR_RT_snn_rt_data_arguments, 0, NULL);
    for (size_t i = first; i < target->count; i++) {
        if (target->arguments[i] == NULL)
            continue;
        bool is_text = is_text_argument(target, i);
        struct ir_node *operands[] = { all, ir_integer(&l->b, (int64_t)i),
                                       is_text ? lower_text(l, target->arguments[i])
                                               : number_argument(l, target, i) };
        ir_call_rt(&l->b,
                   is_text ? IR_RT_snn_rt_data_text_argument : IR_RT_snn_rt_data_number_argument, 3,
                   operands);
    }
    return all;
}

static struct ir_node *open_source(struct lowering *l, struct expr *e)
{
    const struct call_target *target = e->target;
    if (target->builtin->id == BUILTIN_SHD)
        ir_call_rt(&l->b, IR_RT_snn_rt_data_hdf5, 0, NULL);
    struct ir_node *operands[] = { ir_integer(&l->b, l->data_number),
                                   ir_text(&l->b, target->builtin->name),
                                   given_arguments(l, target, 0) };
    return lower_data_call(l, IR_RT_snn_rt_data_open, e->span, 3, operands);
}

/* A key that differs from draw to draw: the site, the loops being run, the presents so far. */
static struct ir_node *draw_key(struct lowering *l, const struct expr *e)
{
    int32_t site = lower_site(l, e, "data", e->span);
    struct ir_node *path = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PATH);
    struct ir_node *present = ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_PRESENT);
    struct ir_node *where = ir_binary(&l->b, IR_HASH, path, present);
    return ir_binary(&l->b, IR_HASH, ir_leaf(&l->b, IR_KEY, IR_I64, site), where);
}

static struct ir_node *where_view(struct lowering *l, struct expr *e, struct ir_node *view)
{
    struct ir_node *count = lower_data_call(l, IR_RT_snn_rt_data_count, e->span, 1, &view);
    struct binding *mask = lower_local_array(l, "where", SNN_BOOL, &count, 1);
    struct ir_node *loop = ir_loop(&l->b, "where", ir_integer(&l->b, 0), count, true);
    struct ir_builder outer = l->b;
    struct binding *outer_sample = l->where_sample;
    l->b.before = NULL;
    l->b.block = &loop->loop.body;
    l->where_sample = binding_new(l, BINDING_SAMPLE);
    l->where_sample->node = view;
    l->where_sample->index = loop->loop.index;
    ir_store(&l->b, mask->buffer, loop->loop.index, lower_condition(l, e->target->arguments[1]));
    l->where_sample = outer_sample;
    l->b = outer;
    return lower_data_call(l, IR_RT_snn_rt_data_where, e->span, 2,
                           (struct ir_node *[]){ view, ir_integer(&l->b, mask->buffer) });
}

static struct ir_node *join_views(struct lowering *l, const struct expr *e, struct ir_node *view)
{
    const struct call_target *target = e->target;
    for (size_t i = 1; i < target->count; i++)
        if (target->arguments[i] != NULL)
            view = lower_data_call(
                l, IR_RT_snn_rt_data_join, e->span, 2,
                (struct ir_node *[]){ view, lower_view(l, target->arguments[i])->node });
    return view;
}

/* A stage of one number, on the set as it is: each part goes through it. */
static struct ir_node *pipe_stage(struct lowering *l, const struct expr *e, struct ir_node *view)
{
    const struct call_target *target = e->target;
    return lower_data_call(l, IR_RT_snn_rt_data_pipe, e->span, 4,
                           (struct ir_node *[]){ view, ir_text(&l->b, target->builtin->name),
                                                 number_argument(l, target, 1), zero(l) });
}

/* A stage of events: its numbers are handed over one by one before it. */
static struct ir_node *event_stage(struct lowering *l, const struct expr *e, struct ir_node *view)
{
    const struct call_target *target = e->target;
    struct ir_node *numbers[BUILTIN_FORMAL_LIMIT];
    for (size_t i = 1; i < target->count; i++)
        numbers[i] = target->arguments[i] != NULL ? lower_as(l, target->arguments[i], IR_F64)
                                                  : ir_real(&l->b, IR_F64, NAN);
    for (size_t i = 1; i < target->count; i++)
        ir_call_rt(&l->b, IR_RT_snn_rt_stage_number, 1, &numbers[i]);
    return lower_data_call(
        l, IR_RT_snn_rt_data_stage, e->span, 3,
        (struct ir_node *[]){ view, ir_text(&l->b, target->builtin->name), draw_key(l, e) });
}

static struct ir_node *divide_view(struct lowering *l, const struct expr *e, struct ir_node *view)
{
    const struct call_target *target = e->target;
    bool by_field = target->builtin->id == BUILTIN_SPLIT_BY;
    const char *field = by_field ? target->arguments[1]->symbol->name->text : "";
    struct ir_node *operands[] = { view, ir_text(&l->b, field),
                                   given_arguments(l, target, by_field ? 2 : 1) };
    return lower_data_call(l, IR_RT_snn_rt_data_divide, e->span, 3, operands);
}

static struct ir_node *apply_stage(struct lowering *l, struct expr *e)
{
    const struct call_target *target = e->target;
    struct ir_node *view = lower_view(l, target->arguments[0])->node;
    if (is_event_stage(target->builtin->id, target->arguments[0]->type->dataset))
        return event_stage(l, e, view);
    bool has_parts = target->arguments[0]->type->dataset->parts != 0;
    switch (target->builtin->id) {
    case BUILTIN_FIRST:
        return has_parts ? pipe_stage(l, e, view)
                         : lower_data_call(
                               l, IR_RT_snn_rt_data_slice, e->span, 3,
                               (struct ir_node *[]){ view, ir_integer(&l->b, 0),
                                                     lower_as(l, target->arguments[1], IR_I64) });
    case BUILTIN_EVERY:
        return has_parts ? pipe_stage(l, e, view)
                         : lower_data_call(l, IR_RT_snn_rt_data_every, e->span, 2,
                                           (struct ir_node *[]){
                                               view, lower_as(l, target->arguments[1], IR_I64) });
    case BUILTIN_SHUFFLED:
        return lower_data_call(l, IR_RT_snn_rt_data_shuffled, e->span, 2,
                               (struct ir_node *[]){ view, draw_key(l, e) });
    case BUILTIN_SAMPLE:
        return lower_data_call(l, IR_RT_snn_rt_data_sample, e->span, 3,
                               (struct ir_node *[]){ view,
                                                     lower_as(l, target->arguments[1], IR_I64),
                                                     draw_key(l, e) });
    case BUILTIN_WHERE: return where_view(l, e, view);
    case BUILTIN_JOIN: return join_views(l, e, view);
    case BUILTIN_SPLIT:
    case BUILTIN_SPLIT_BY: return divide_view(l, e, view);
    case BUILTIN_CENTER_CROP:
    case BUILTIN_RESIZE: {
        struct ir_node *height = number_argument(l, target, 1);
        bool is_square = target->count < 3 || target->arguments[2] == NULL;
        return lower_data_call(
            l, IR_RT_snn_rt_data_pipe, e->span, 4,
            (struct ir_node *[]){ view, ir_text(&l->b, target->builtin->name), height,
                                  is_square ? height : number_argument(l, target, 2) });
    }
    case BUILTIN_GREY:
    case BUILTIN_LATENCY:
    case BUILTIN_SPIKE_TIMES:
    case BUILTIN_PATCH_NORMALIZE: return pipe_stage(l, e, view);
    default: break;
    }
    lower_refuse(l, e->span, "the stage '%s' is not built yet", target->builtin->name);
    return view;
}

static const char *split_name(const struct symbol *symbol)
{
    switch (symbol->field) {
    case FIELD_TRAIN: return "train";
    case FIELD_VAL: return "val";
    default: return "test";
    }
}

static struct binding *slice_view(struct lowering *l, struct expr *e)
{
    struct binding *object = lower_view(l, e->index.object);
    struct expr *index = e->index.indices.items[0];
    if (index->kind != EXPR_RANGE) {
        struct binding *sample = binding_new(l, BINDING_SAMPLE);
        sample->node = object->node;
        sample->index = lower_as(l, index, IR_I64);
        return sample;
    }
    struct ir_node *high = lower_as(l, index->range.high, IR_I64);
    if (index->range.is_inclusive)
        high = ir_binary(&l->b, IR_ADD, high, ir_integer(&l->b, 1));
    struct binding *view = binding_new(l, BINDING_VIEW);
    view->node = lower_data_call(
        l, IR_RT_snn_rt_data_slice, e->span, 3,
        (struct ir_node *[]){ object->node, lower_as(l, index->range.low, IR_I64), high });
    return view;
}

static struct ir_node *view_node(struct lowering *l, struct expr *e)
{
    if (e->target != NULL && e->target->kind == CALL_BUILTIN &&
        e->target->builtin->group == BUILTIN_GROUP_SOURCE)
        return open_source(l, e);
    if (e->target != NULL && e->target->kind == CALL_BUILTIN &&
        e->target->builtin->group == BUILTIN_GROUP_STAGE)
        return apply_stage(l, e);
    if (e->kind == EXPR_FIELD && e->symbol != NULL && e->symbol->kind == SYMBOL_FIELD) {
        struct ir_node *view = lower_view(l, e->field.object)->node;
        return lower_data_call(l, IR_RT_snn_rt_data_split, e->span, 2,
                               (struct ir_node *[]){ view, ir_text(&l->b, split_name(e->symbol)) });
    }
    return NULL;
}

struct binding *lower_view(struct lowering *l, struct expr *e)
{
    struct binding *binding = binding_new(l, BINDING_VIEW);
    if (e->kind == EXPR_NAME && e->symbol != NULL) {
        if (e->symbol->kind == SYMBOL_DATA) {
            binding->node = ir_leaf(&l->b, IR_DATA, IR_POINTER, e->symbol->binding->param);
            return binding;
        }
        struct binding *known = e->symbol->binding;
        if (known != NULL && known->kind == BINDING_VAR) {
            binding->node = ir_get(&l->b, known->node);
            return binding;
        }
        if (known != NULL && (known->kind == BINDING_VIEW || known->kind == BINDING_SAMPLE))
            return known;
    }
    if (e->kind == EXPR_INDEX)
        return slice_view(l, e);
    if (e->kind == EXPR_CALL && e->target != NULL && e->target->kind == CALL_FUNCTION) {
        struct binding *result = lower_call(l, e);
        if (result != NULL && (result->kind == BINDING_VIEW || result->kind == BINDING_SAMPLE))
            return result;
    }
    binding->node = view_node(l, e);
    if (binding->node == NULL) {
        lower_refuse(l, e->span, "this data set cannot be compiled yet");
        binding->node = ir_text(&l->b, "");
    }
    return binding;
}

struct ir_node *lower_data_fact(struct lowering *l, struct expr *e)
{
    struct ir_node *view = lower_view(l, e->field.object)->node;
    switch (e->symbol->field) {
    case FIELD_INPUTS: return ir_call_rt(&l->b, IR_RT_snn_rt_data_inputs, 1, &view);
    case FIELD_MAX_TIME: return lower_data_call(l, IR_RT_snn_rt_data_max_time, e->span, 1, &view);
    default: return lower_data_call(l, IR_RT_snn_rt_data_classes, e->span, 1, &view);
    }
}

struct ir_node *lower_sample_value(struct lowering *l, const struct expr *e, struct ir_node *view,
                                   struct ir_node *index)
{
    const struct symbol *symbol = e->symbol;
    struct ir_node *operands[] = { view, index, NULL };
    if (symbol->kind == SYMBOL_FIELD && symbol->field == FIELD_INDEX)
        return lower_data_call(l, IR_RT_snn_rt_data_index, e->span, 2, operands);
    if (strcmp(symbol->name->text, "label") == 0)
        return lower_data_call(l, IR_RT_snn_rt_data_label, e->span, 2, operands);
    operands[2] = ir_text(&l->b, symbol->name->text);
    if (symbol->data_field->type->kind == TYPE_STRING)
        return lower_data_call(l, IR_RT_snn_rt_data_field_text, e->span, 3, operands);
    if (symbol->data_field->type->kind == TYPE_INT)
        return lower_data_call(l, IR_RT_snn_rt_data_field, e->span, 3, operands);
    lower_refuse(l, e->span, "'%s' can be presented, but not be computed with yet",
                 symbol->name->text);
    return ir_integer(&l->b, 0);
}

bool lower_is_picture(const struct expr *e)
{
    return e->kind == EXPR_FIELD && e->symbol != NULL && e->symbol->kind == SYMBOL_DATA_FIELD &&
           !e->symbol->data_field->is_events && e->field.object->type->kind == TYPE_SAMPLE &&
           e->type->axes.count > 0 && e->type->axes.count <= RANK_LIMIT;
}

/* The set of a sample; of a loop variable that has no value yet, that of its loop. */
static struct ir_node *set_of_sample(struct lowering *l, struct expr *sample)
{
    const struct symbol *symbol = sample->kind == EXPR_NAME ? sample->symbol : NULL;
    if (symbol == NULL || symbol->kind != SYMBOL_INDEX || symbol->binding != NULL)
        return lower_view(l, sample)->node;
    struct binding *set = lower_prepared_as(l, &symbol->domain);
    return set != NULL ? set->node : lower_view(l, (struct expr *)symbol->domain.expr)->node;
}

/* As the file has it where the program cannot know. */
struct ir_node *lower_picture_extent(struct lowering *l, const struct expr *e, size_t dimension)
{
    const struct axis *axis = &e->type->axes.items[dimension];
    if (axis->size.kind != SIZE_UNKNOWN)
        return lower_size_leaf(l, lower_size(l, axis->size, e->span, "an axis of a picture"));
    return ir_call_rt(&l->b, IR_RT_snn_rt_data_extent, 2,
                      (struct ir_node *[]){ set_of_sample(l, e->field.object),
                                            ir_text(&l->b, axis->name->text) });
}

struct binding *lower_picture(struct lowering *l, struct expr *e)
{
    struct binding *sample = lower_view(l, e->field.object);
    struct ir_node *extents[RANK_LIMIT], *elements = ir_integer(&l->b, 1);
    int32_t rank = (int32_t)e->type->axes.count;
    for (int32_t d = 0; d < rank; d++) {
        extents[d] = lower_picture_extent(l, e, (size_t)d);
        elements = ir_binary(&l->b, IR_MUL, elements, extents[d]);
    }
    struct binding *picture =
        lower_local_array(l, e->symbol->name->text, SNN_FLOAT32, extents, rank);
    l->program->buffers[picture->buffer].is_observed = true;
    ir_call_rt(&l->b, IR_RT_snn_rt_data_present, 5,
               (struct ir_node *[]){ sample->node, sample->index,
                                     ir_integer(&l->b, picture->buffer), elements,
                                     ir_text(&l->b, lower_place(l, e->span)) });
    return picture;
}

void lower_data_declaration(struct lowering *l, struct symbol *symbol, int32_t number)
{
    const struct declaration *d = symbol->declaration;
    l->program->data[number] = (struct snn_data){ .name = symbol->name->text,
                                                  .doc = d->doc != NULL ? d->doc : "",
                                                  .place = lower_place(l, d->name.span) };
    symbol->binding = binding_new(l, BINDING_VIEW);
    symbol->binding->param = number;
    struct ir_builder saved = lower_enter(l, &l->setup);
    bool was_in_setup = l->in_setup;
    l->in_setup = true;
    l->data_number = number;
    l->b.span = d->span;
    struct ir_node *view = lower_view(l, d->data.value)->node;
    lower_data_call(l, IR_RT_snn_rt_data_set, d->span, 2,
                    (struct ir_node *[]){ ir_integer(&l->b, number), view });
    l->data_number = -1;
    l->in_setup = was_in_setup;
    lower_leave(l, &l->setup, saved);
}
