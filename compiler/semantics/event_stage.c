/* SPDX-License-Identifier: MIT
 *
 * Stages of events in a data pipeline: what their arguments must be and which axes come out. What
 * they do is the runtime's (runtime/data/event_stage.h).
 */
#include <string.h>

#include "semantics/check.h"

/* Arguments by letter: t a time, p a share or chance, w a whole number, c a condition, r a number.
 */
struct event_stage {
    enum builtin_id id;
    const char *arguments;
    bool needs_places; /* the axes y and x, last */
};

static const struct event_stage stages[] = {
    { BUILTIN_BIN, "tcc", false },
    { BUILTIN_CROP_TIME, "tt", false },
    { BUILTIN_RANDOM_CROP_TIME, "t", false },
    { BUILTIN_PAD_TIME, "t", false },
    { BUILTIN_TIME_ALIGNMENT, "", false },
    { BUILTIN_TIME_JITTER, "t", false },
    { BUILTIN_REVERSE_TIME, "p", false },
    { BUILTIN_DOWNSAMPLE, "w", true },
    { BUILTIN_CENTER_CROP, "ww", true },
    { BUILTIN_CROP, "wwww", true },
    { BUILTIN_RANDOM_CROP, "ww", true },
    { BUILTIN_MERGE_POLARITIES, "", true },
    { BUILTIN_FLIP_X, "p", true },
    { BUILTIN_FLIP_Y, "p", true },
    { BUILTIN_FLIP_POLARITY, "p", true },
    { BUILTIN_RANDOM_ROTATION, "r", true },
    { BUILTIN_SPATIAL_JITTER, "rrr", true },
    { BUILTIN_DENOISE, "t", true },
    { BUILTIN_REFRACTORY_PERIOD, "t", false },
    { BUILTIN_DROP_EVENT, "p", false },
    { BUILTIN_DROP_EVENT_BY_TIME, "p", false },
    { BUILTIN_DROP_EVENT_BY_AREA, "p", true },
    { BUILTIN_UNIFORM_NOISE, "w", false },
};

static const struct event_stage *find_stage(enum builtin_id id)
{
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        if (stages[i].id == id)
            return &stages[i];
    return NULL;
}

bool is_event_stage(enum builtin_id id, const struct dataset *set)
{
    bool is_of_pictures_too = id == BUILTIN_CENTER_CROP || id == BUILTIN_CROP;
    return find_stage(id) != NULL && (set->is_events || !is_of_pictures_too);
}

static bool axis_is(const struct axis *axis, const char *name)
{
    return axis->name != NULL && strcmp(axis->name->text, name) == 0;
}

static bool has_places(const struct axis_list *axes)
{
    return axes->count >= 2 && axis_is(&axes->items[axes->count - 2], "y") &&
           axis_is(&axes->items[axes->count - 1], "x");
}

static void check_argument(struct checker *k, struct expr *e, char letter, const char *what,
                           const struct dataset *set)
{
    const struct type *t;
    switch (letter) {
    case 't': check_unit(k, e, set->time_unit, what); return;
    case 'c': check_condition(k, e); return;
    case 'w':
        t = check_unit(k, e, unit_none(), what);
        if (!type_is_error(t) && type_is_real(t) && !t->is_constant)
            diag_error(k->c, e->span, "%s must be a whole number", what);
        return;
    default: check_unit(k, e, unit_none(), what); return;
    }
}

static void check_arguments(struct checker *k, struct expr *e, const struct event_stage *stage,
                            const struct dataset *set)
{
    struct builtin_formal formals[BUILTIN_FORMAL_LIMIT];
    builtin_formals(e->target->builtin, formals);
    for (size_t i = 1; i < e->target->count; i++) {
        const char *name = arena_copy_text(k->arena, formals[i].name, formals[i].length);
        if (e->target->arguments[i] != NULL)
            check_argument(k, e->target->arguments[i], stage->arguments[i - 1],
                           arena_format(k->arena, "'%s' of '%s'", name, e->target->builtin->name),
                           set);
    }
}

static struct size divided(struct size size, const struct expr *factor)
{
    int64_t by = factor->constant != NULL ? (int64_t)constant_number(factor->constant) : 0;
    if (size.kind != SIZE_CONSTANT || by < 1)
        return size_unknown();
    return size_constant((size.value + by - 1) / by);
}

/* The axes of the events afterwards. */
static void change_axes(const struct expr *e, struct axis_list *axes)
{
    struct expr **arguments = e->target->arguments;
    struct axis *y = &axes->items[axes->count - 2], *x = &axes->items[axes->count - 1];
    switch (e->target->builtin->id) {
    case BUILTIN_DOWNSAMPLE:
        y->size = divided(y->size, arguments[1]);
        x->size = divided(x->size, arguments[1]);
        return;
    case BUILTIN_CENTER_CROP:
    case BUILTIN_CROP:
    case BUILTIN_RANDOM_CROP:
        y->size = size_of_expr(arguments[1]);
        x->size = size_of_expr(arguments[2] != NULL ? arguments[2] : arguments[1]);
        return;
    case BUILTIN_MERGE_POLARITIES:
        if (axes->count > 2)
            axes->items[axes->count - 3].size = size_constant(1);
        return;
    default: return;
    }
}

bool check_event_stage(struct checker *k, struct expr *e, struct dataset *set)
{
    const struct event_stage *stage = find_stage(e->target->builtin->id);
    const char *name = e->target->builtin->name;
    if (!set->is_events)
        return diag_error(k->c, e->span, "'%s' needs events; this data set has none", name);
    check_arguments(k, e, stage, set);
    struct dataset_field *field = &set->fields.items[0];
    while (!field->is_events)
        field++;
    if (!stage->needs_places)
        return true;
    if (!has_places(&field->type->axes))
        return diag_error(k->c, e->span, "'%s' needs events with places, [y, x]; these have %s",
                          name, axes_text(k->arena, &field->type->axes));
    struct axis_list axes = { 0 };
    for (size_t i = 0; i < field->type->axes.count; i++)
        array_push(k->arena, &axes, field->type->axes.items[i]);
    change_axes(e, &axes);
    field->type = type_with_axes(k->arena, field->type, axes);
    return true;
}
