/* SPDX-License-Identifier: MIT
 *
 * a[i, j ..< k]: an index takes an axis away, a range keeps a part of it. A variable that runs over
 * all neurons of a layer stands for all axes of that layer at once.
 */
#include "semantics/check.h"

/* The axes that a flat index runs over; null for other indices. */
static const struct axis_list *flat_axes(const struct expr *index)
{
    const struct symbol *symbol = index->symbol;
    if (symbol == NULL || symbol->kind != SYMBOL_INDEX)
        return NULL;
    const struct domain *domain = &symbol->domain;
    if (domain->axes.count > 1)
        return &domain->axes;
    bool is_of_layer =
        domain->kind == DOMAIN_NEURONS && domain->expr != NULL && domain->expr->type->layer != NULL;
    return is_of_layer ? &domain->expr->type->layer->axes : NULL;
}

size_t index_axes(const struct expr *index, const struct axis_list *axes, size_t position)
{
    const struct axis_list *own = flat_axes(index);
    if (own == NULL || own->count > axes->count - position)
        return 1;
    for (size_t i = 0; i < own->count; i++)
        if (own->items[i].name != axes->items[position + i].name)
            return 1;
    return own->count == 0 ? 1 : own->count;
}

static bool has_axis(const struct axis_list *axes, const struct name *name)
{
    for (size_t i = 0; i < axes->count; i++)
        if (axes->items[i].name == name)
            return true;
    return false;
}

/* rates[c, j] where [neuron, class] belongs: a variable over one axis stands at another one. */
static bool check_axis_order(struct checker *k, const struct expr *index,
                             const struct axis_list *axes, size_t position)
{
    const struct symbol *symbol = index->symbol;
    if (index->kind != EXPR_NAME || symbol == NULL || symbol->kind != SYMBOL_INDEX)
        return true;
    const struct name *runs_over = symbol->domain.axis.name;
    const struct name *wanted = axes->items[position].name;
    if (runs_over == NULL || wanted == NULL || runs_over == wanted || runs_over == symbol->name ||
        !has_axis(axes, runs_over))
        return true;
    diag_error(k->c, index->span, "'%s' runs over the axis '%s', but stands at the axis '%s' of %s",
               symbol->name->text, runs_over->text, wanted->text, axes_text(k->arena, axes));
    return false;
}

/* A slice keeps the axis; false after reporting. */
static bool check_one_index(struct checker *k, struct expr *index, const struct axis_list *axes,
                            size_t position, struct axis_list *kept)
{
    const struct type *t = check_expr(k, index);
    if (type_is_error(t))
        return false;
    if (t->kind == TYPE_RANGE) {
        struct axis axis = { axes->items[position].name, t->axes.items[0].size };
        array_push(k->arena, kept, axis);
        return true;
    }
    if (!type_is_number(t))
        return diag_error(k->c, index->span, "an index must be a whole number, not %s",
                          type_text(k->arena, t));
    if (t->axes.count > 0)
        return diag_error(k->c, index->span, "an index must be a single number, not an array %s",
                          axes_text(k->arena, &t->axes));
    if (!require_unit(k, index, unit_none(), "an index"))
        return false;
    if (type_is_real(t) && !t->is_constant) {
        diag_error(k->c, index->span, "an index must be a whole number");
        diag_hint(k->c, "use round(), floor() or ceil()");
        return false;
    }
    if (index->constant != NULL && constant_number(index->constant) < 0)
        return diag_error(k->c, index->span, "an index cannot be negative");
    struct size size = axes->items[position].size;
    if (index->constant != NULL && size.kind == SIZE_CONSTANT &&
        constant_number(index->constant) >= (double)size.value)
        return diag_error(k->c, index->span, "index out of range: the axis has %lld elements",
                          (long long)size.value);
    return check_axis_order(k, index, axes, position);
}

static bool error_too_many(struct checker *k, const struct expr *e, const struct axis_list *axes)
{
    if (axes->count == 0)
        diag_error(k->c, e->span, "this is a single value and has no index");
    else
        diag_error(k->c, e->span, "%zu indices for the axes %s", e->index.indices.count,
                   axes_text(k->arena, axes));
    if (e->index.object->symbol != NULL)
        note_declared(k, e->index.object->symbol);
    return false;
}

static bool check_indices(struct checker *k, struct expr *e, const struct axis_list *axes,
                          struct axis_list *kept)
{
    size_t position = 0;
    bool fits = true;
    for (size_t i = 0; i < e->index.indices.count; i++) {
        struct expr *index = e->index.indices.items[i];
        if (position >= axes->count)
            return fits && error_too_many(k, e, axes);
        fits = check_one_index(k, index, axes, position, kept) && fits;
        position += index_axes(index, axes, position);
    }
    for (; position < axes->count; position++)
        array_push(k->arena, kept, axes->items[position]);
    return fits;
}

static const struct type *index_dataset(struct checker *k, struct expr *e,
                                        const struct type *object)
{
    struct expr *index = e->index.indices.items[0];
    if (e->index.indices.count > 1) {
        diag_error(k->c, e->span, "a data set has one index, not %zu", e->index.indices.count);
        return type_error();
    }
    if (dataset_needs_part(object->dataset)) {
        diag_error(k->c, e->span, "choose a part of the data set first, for example '.train'");
        return type_error();
    }
    struct axis_list axes = { 0 };
    struct axis_list kept = { 0 };
    array_push(
        k->arena, &axes,
        ((struct axis){ names_intern_text(&k->c->names, "sample"), object->dataset->count }));
    if (!check_one_index(k, index, &axes, 0, &kept))
        return type_error();
    struct type *t = arena_new(k->arena, struct type);
    t->kind = kept.count > 0 ? TYPE_DATASET : TYPE_SAMPLE;
    t->dataset = object->dataset;
    if (kept.count > 0) {
        struct dataset *slice = arena_new(k->arena, struct dataset);
        *slice = *object->dataset;
        slice->count = kept.items[0].size;
        t->dataset = slice;
    }
    return t;
}

/* A parameter of a layer's model is one value, or, indexed, one of a neuron: x.rate[i]. */
static const struct type *index_parameter(struct checker *k, struct expr *e,
                                          const struct type *object)
{
    struct symbol *symbol = e->index.object->symbol;
    struct axis_list kept = { 0 };
    if (!check_indices(k, e, &symbol->layer->axes, &kept))
        return type_error();
    symbol->is_per_neuron = true;
    e->symbol = symbol;
    return type_with_axes(k->arena, object, kept);
}

const struct type *check_index(struct checker *k, struct expr *e)
{
    const struct expr *inner = e->index.object;
    const struct type *object = check_expr(k, e->index.object);
    if (type_is_error(object)) {
        for (size_t i = 0; i < e->index.indices.count; i++)
            check_expr(k, e->index.indices.items[i]);
        return object;
    }
    if (object->kind == TYPE_DATASET)
        return index_dataset(k, e, object);
    if (inner->kind == EXPR_FIELD && inner->symbol != NULL &&
        inner->symbol->kind == SYMBOL_FORMAL && inner->symbol->layer != NULL)
        return index_parameter(k, e, object);
    bool has_axes = type_is_number(object) || object->kind == TYPE_LAYER ||
                    object->kind == TYPE_NETWORK || object->kind == TYPE_CONNECTION ||
                    object->kind == TYPE_TRACE || object->kind == TYPE_RULE;
    if (!has_axes || (object->kind == TYPE_LAYER && object->layer == NULL)) {
        for (size_t i = 0; i < e->index.indices.count; i++)
            check_expr(k, e->index.indices.items[i]);
        if (!has_axes)
            diag_error(k->c, e->span, "%s has no index", type_text(k->arena, object));
        return has_axes ? object : type_error();
    }
    struct axis_list kept = { 0 };
    if (!check_indices(k, e, &object->axes, &kept))
        return type_error();
    e->symbol = inner->symbol;
    const struct type *t = type_with_axes(k->arena, object, kept);
    return type_variable(k->arena, t);
}
