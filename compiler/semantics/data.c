/* SPDX-License-Identifier: MIT
 *
 * Data sets: what fields the samples of a source have, what each stage of a pipeline makes of them,
 * and what can be asked of a set or a sample.
 */
#include <string.h>

#include "semantics/check.h"

static const struct name *intern(struct checker *k, const char *text)
{
    return names_intern_text(&k->c->names, text);
}

/* ---- sources -------------------------------------------------------- */

static void add_field(struct checker *k, struct dataset *set, const char *name, enum type_kind kind,
                      struct axis_list axes)
{
    struct type *t = arena_new(k->arena, struct type);
    t->kind = kind;
    t->axes = axes;
    struct dataset_field field = { .name = intern(k, name), .type = t };
    array_push(k->arena, &set->fields, field);
}

static void push_axis(struct checker *k, struct axis_list *axes, const char *name, struct size size)
{
    struct axis axis = { intern(k, name), size };
    array_push(k->arena, axes, axis);
}

static struct axis_list picture_axes(struct checker *k, struct size height, struct size width)
{
    struct axis_list axes = { 0 };
    push_axis(k, &axes, "y", height);
    push_axis(k, &axes, "x", width);
    return axes;
}

/* Of an event camera of side x side pixels; -1: the recordings tell. */
static struct axis_list camera_axes(struct checker *k, int64_t side)
{
    struct axis_list axes = { 0 };
    push_axis(k, &axes, "polarity", size_constant(2));
    push_axis(k, &axes, "y", side < 0 ? size_unknown() : size_constant(side));
    push_axis(k, &axes, "x", side < 0 ? size_unknown() : size_constant(side));
    return axes;
}

static void make_pictures(struct checker *k, struct dataset *set, struct size side,
                          struct size classes, unsigned parts)
{
    add_field(k, set, "image", TYPE_REAL32, picture_axes(k, side, side));
    add_field(k, set, "label", TYPE_INT, (struct axis_list){ 0 });
    set->classes = classes;
    set->parts = parts;
}

static void make_events(struct checker *k, struct dataset *set, struct axis_list axes,
                        struct size classes, unsigned parts)
{
    add_field(k, set, "events", TYPE_REAL32, axes);
    set->fields.items[0].is_events = true;
    set->time_unit = unit_time();
    add_field(k, set, "label", TYPE_INT, (struct axis_list){ 0 });
    set->classes = classes;
    set->parts = parts;
    set->is_events = true;
}

/* Who is recorded, and in which session. */
static void add_person_and_session(struct checker *k, struct dataset *set)
{
    add_field(k, set, "person", TYPE_INT, (struct axis_list){ 0 });
    add_field(k, set, "session", TYPE_STRING, (struct axis_list){ 0 });
}

static void make_source(struct checker *k, enum builtin_id id, struct dataset *set)
{
    struct axis_list axes = { 0 };
    unsigned train_and_test = DATASET_TRAIN | DATASET_TEST;
    switch (id) {
    case BUILTIN_MNIST:
    case BUILTIN_BUILTIN_DIGITS:
        make_pictures(k, set, size_constant(28), size_constant(10), train_and_test);
        break;
    case BUILTIN_CSV:
        push_axis(k, &axes, "column", size_unknown());
        add_field(k, set, "values", TYPE_REAL32, axes);
        add_field(k, set, "label", TYPE_INT, (struct axis_list){ 0 });
        break;
    case BUILTIN_SPIKES:
    case BUILTIN_SPIKES_NPY:
        push_axis(k, &axes, "input", size_unknown());
        make_events(k, set, axes, size_unknown(), train_and_test | DATASET_VAL);
        set->time_unit = unit_none();
        set->may_be_whole = true;
        break;
    case BUILTIN_NPZ:
    case BUILTIN_IMAGES:
        make_pictures(k, set, size_unknown(), size_unknown(), train_and_test | DATASET_VAL);
        set->may_be_whole = true;
        break;
    case BUILTIN_SL_ANIMALS:
        make_events(k, set, camera_axes(k, 128), size_constant(19), 0);
        add_person_and_session(k, set);
        break;
    case BUILTIN_NMNIST:
        make_events(k, set, camera_axes(k, 34), size_constant(10), train_and_test);
        break;
    case BUILTIN_DVS_GESTURE:
        make_events(k, set, camera_axes(k, 128), size_constant(11), train_and_test);
        add_person_and_session(k, set);
        break;
    case BUILTIN_SHD:
        push_axis(k, &axes, "input", size_constant(700));
        make_events(k, set, axes, size_unknown(), train_and_test | DATASET_VAL);
        add_field(k, set, "person", TYPE_INT, (struct axis_list){ 0 });
        set->may_be_whole = true;
        break;
    case BUILTIN_FRAMES:
        push_axis(k, &axes, "polarity", size_unknown());
        push_axis(k, &axes, "y", size_unknown());
        push_axis(k, &axes, "x", size_unknown());
        make_events(k, set, axes, size_unknown(), 0);
        set->time_unit = unit_none();
        break;
    case BUILTIN_RECORDINGS:
        make_events(k, set, camera_axes(k, -1), size_unknown(), 0);
        add_field(k, set, "session", TYPE_STRING, (struct axis_list){ 0 });
        add_field(k, set, "recording", TYPE_INT, (struct axis_list){ 0 });
        break;
    default: make_pictures(k, set, size_unknown(), size_unknown(), 0); break;
    }
}

/* Gives the set the unit of a constant: a time, or a plain number. */
static void check_time_unit(struct checker *k, struct expr *e, const char *what,
                            struct dataset *set)
{
    const struct type *t = check_constant(k, k->scope, e, what);
    if (type_is_error(t))
        return;
    if (!type_is_scalar(t) || (!unit_is_none(t->unit) && !unit_equal(t->unit, unit_time())))
        diag_error(k->c, e->span, "%s must be a time or a plain number, not %s", what,
                   type_text(k->arena, t));
    else if (e->constant != NULL && constant_number(e->constant) <= 0)
        diag_error(k->c, e->span, "%s must be above 0", what);
    else
        set->time_unit = t->unit.is_any ? unit_none() : t->unit;
}

/* The column of the labels; negative ones count from the end. */
static void check_column(struct checker *k, struct expr *e)
{
    const struct type *t = check_constant(k, k->scope, e, "the column of the labels");
    if (!type_is_error(t) && (t->kind != TYPE_INT || t->axes.count > 0))
        diag_error(k->c, e->span, "the column of the labels must be a whole number, not %s",
                   type_text(k->arena, t));
}

static void check_recordings(struct checker *k, size_t i, struct expr *e)
{
    if (i == 1 || i == 2)
        check_unit(k, e, unit_time(), i == 1 ? "the window" : "the overlap");
    else
        check_string(k, e, i == 3 ? "where labels come from" : "the list of classes");
}

static const struct type *check_source(struct checker *k, struct expr *e)
{
    const struct call_target *call = e->target;
    enum builtin_id id = call->builtin->id;
    struct dataset *set = arena_new(k->arena, struct dataset);
    make_source(k, id, set);
    for (size_t i = 0; i < call->count; i++) {
        if (call->arguments[i] == NULL)
            continue;
        if (id == BUILTIN_BUILTIN_DIGITS)
            check_size(k, call->arguments[i], "the number of digits");
        else if (id == BUILTIN_CSV && i == 1)
            check_column(k, call->arguments[i]);
        else if ((id == BUILTIN_SPIKES || id == BUILTIN_SPIKES_NPY) && i == 1)
            check_time_unit(k, call->arguments[i], "the unit of time", set);
        else if (id == BUILTIN_FRAMES && i == 1)
            check_time_unit(k, call->arguments[i], "the step of frames", set);
        else if (id == BUILTIN_RECORDINGS && i > 0)
            check_recordings(k, i, call->arguments[i]);
        else
            check_string(k, call->arguments[i], "a path");
    }
    struct type *t = arena_new(k->arena, struct type);
    t->kind = TYPE_DATASET;
    t->dataset = set;
    t->is_constant = true;
    return t;
}

/* ---- stages --------------------------------------------------------- */

static const struct dataset_field *find_field(const struct dataset *set, const struct name *name)
{
    for (size_t i = 0; i < set->fields.count; i++)
        if (set->fields.items[i].name == name)
            return &set->fields.items[i];
    return NULL;
}

/* Names of fields stand for those of each sample: where(label > 3), split_by(person, ...). */
static struct scope *enter_fields(struct checker *k, const struct dataset *set)
{
    struct scope *outer = k->scope;
    k->scope = scope_new(k->arena, outer);
    for (size_t i = 0; i < set->fields.count; i++) {
        const struct dataset_field *field = &set->fields.items[i];
        struct symbol *symbol =
            symbol_new(k->arena, SYMBOL_DATA_FIELD, field->name, (struct span){ 0 });
        symbol->type = field->type;
        symbol->data_field = field;
        scope_add(k->arena, k->scope, symbol);
    }
    struct symbol *index =
        symbol_new(k->arena, SYMBOL_FIELD, intern(k, "index"), (struct span){ 0 });
    index->field = FIELD_INDEX;
    index->type = type_new(k->arena, TYPE_INT);
    scope_add(k->arena, k->scope, index);
    return outer;
}

static struct dataset *copy_dataset(struct checker *k, const struct dataset *set)
{
    struct dataset *copy = arena_new(k->arena, struct dataset);
    *copy = *set;
    copy->fields = (struct dataset_field_list){ 0 };
    for (size_t i = 0; i < set->fields.count; i++)
        array_push(k->arena, &copy->fields, set->fields.items[i]);
    return copy;
}

/* Gives the pictures or events of the set a new height and width. */
static bool set_picture_size(struct checker *k, struct expr *e, struct dataset *set)
{
    struct expr *height = e->target->arguments[1];
    struct expr *width = e->target->arguments[2] != NULL ? e->target->arguments[2] : height;
    struct size sizes[2] = { check_size(k, height, "the height"),
                             check_size(k, width, "the width") };
    bool has_picture = false;
    for (size_t i = 0; i < set->fields.count; i++) {
        const struct type *t = set->fields.items[i].type;
        size_t rank = t->axes.count;
        if (rank < 2 || t->axes.items[rank - 1].name != intern(k, "x"))
            continue;
        struct axis_list axes = { 0 };
        for (size_t j = 0; j < rank; j++)
            array_push(k->arena, &axes, t->axes.items[j]);
        axes.items[rank - 2].size = sizes[0];
        axes.items[rank - 1].size = sizes[1];
        set->fields.items[i].type = type_with_axes(k->arena, t, axes);
        has_picture = true;
    }
    for (size_t i = 3; i < e->target->count; i++)
        if (e->target->arguments[i] != NULL)
            check_size(k, e->target->arguments[i], "the place");
    if (!has_picture)
        return diag_error(k->c, e->span, "'%s' needs pictures; this data set has none",
                          e->target->builtin->name);
    return true;
}

/* The numbers of the samples become events, of flat inputs whatever their axes were. */
static bool encode_events(struct checker *k, struct expr *e, struct dataset *set)
{
    struct axis_list axes = { 0 };
    if (set->is_events)
        return diag_error(k->c, e->span, "the samples of this data set are events already");
    check_time_unit(k, e->target->arguments[1], "the end of time", set);
    push_axis(k, &axes, "input", size_unknown());
    for (size_t i = 0; i < set->fields.count; i++) {
        struct dataset_field *field = &set->fields.items[i];
        if (field->type->axes.count == 0 || !type_is_real(field->type))
            continue;
        field->name = intern(k, "events");
        field->type = type_with_axes(k->arena, field->type, axes);
        field->is_events = true;
        set->is_events = true;
        return true;
    }
    return diag_error(k->c, e->span, "'%s' needs samples of numbers; this data set has none",
                      e->target->builtin->name);
}

static void check_whole(struct checker *k, struct expr *e, const char *what)
{
    const struct type *t = check_unit(k, e, unit_none(), what);
    if (!type_is_error(t) && type_is_real(t) && !t->is_constant)
        diag_error(k->c, e->span, "%s must be a whole number", what);
    if (e->constant != NULL && constant_number(e->constant) < 0)
        diag_error(k->c, e->span, "%s cannot be negative", what);
}

/* Samples are kept together by a field that is one number or text of each. */
static bool check_split_field(struct checker *k, struct expr *e, const struct dataset *set)
{
    const char *all = "label";
    struct scope *outer = enter_fields(k, set);
    const struct type *t = check_expr(k, e);
    k->scope = outer;
    if (type_is_error(t))
        return false;
    bool is_field = e->kind == EXPR_NAME && e->symbol != NULL &&
                    e->symbol->kind == SYMBOL_DATA_FIELD && t->axes.count == 0;
    if (is_field)
        return true;
    for (size_t i = 0; i < set->fields.count; i++) {
        const struct dataset_field *field = &set->fields.items[i];
        if (field->type->axes.count == 0 && strcmp(field->name->text, "label") != 0)
            all = arena_format(k->arena, "%s, %s", field->name->text, all);
    }
    diag_error(k->c, e->span, "'split_by' needs a field that says what stays together");
    diag_hint(k->c, "the fields of these samples are: %s", all);
    return false;
}

static void check_share(struct checker *k, struct expr *e, const char *what)
{
    const struct type *t = check_unit(k, e, unit_none(), what);
    double share = e->constant != NULL ? constant_number(e->constant) : 0;
    if (!type_is_error(t) && (share < 0 || share >= 1))
        diag_error(k->c, e->span, "%s must be from 0 %% to below 100 %%", what);
}

/* set field folds? fold? validation? test? seed? */
static bool check_split_by(struct checker *k, struct expr *e, const struct dataset *set)
{
    struct expr **arguments = e->target->arguments;
    struct expr *folds = arguments[2], *fold = arguments[3], *test = arguments[5];
    if (!check_split_field(k, arguments[1], set))
        return false;
    if (folds != NULL)
        check_whole(k, folds, "the number of folds");
    if (fold != NULL)
        check_whole(k, fold, "the fold");
    if (arguments[4] != NULL)
        check_share(k, arguments[4], "a share");
    if (test != NULL && arguments[1]->type->kind == TYPE_STRING)
        check_string(k, test, "what is tested");
    else if (test != NULL)
        check_whole(k, test, "what is tested");
    if (test != NULL && (folds != NULL || fold != NULL))
        return diag_error(k->c, test->span, "'test' says what is tested, and so does 'fold'");
    if (fold != NULL && folds == NULL) {
        diag_error(k->c, fold->span, "fold of how many?");
        diag_hint(k->c, "write 'folds = 4, fold = 0'");
        return false;
    }
    return true;
}

static bool check_split(struct checker *k, struct expr *e, struct dataset *set)
{
    struct expr **arguments = e->target->arguments;
    bool by_field = e->target->builtin->id == BUILTIN_SPLIT_BY;
    size_t seed = by_field ? 6 : 3;
    if (set->parts != 0 && !set->may_be_whole)
        return diag_error(k->c, e->span, "this data set is already split");
    if (by_field && !check_split_by(k, e, set))
        return false;
    for (size_t i = 1; !by_field && i < 3; i++)
        if (arguments[i] != NULL)
            check_share(k, arguments[i], "a share");
    if (arguments[seed] != NULL)
        check_whole(k, arguments[seed], "the seed");
    set->parts = DATASET_TRAIN | DATASET_TEST | DATASET_VAL;
    set->may_be_whole = false;
    set->count = size_unknown();
    return true;
}

/* Do the samples of both sets have the same fields? */
static bool check_join(struct checker *k, struct expr *e, struct dataset *set)
{
    bool fits = true;
    for (size_t i = 1; i < e->target->count; i++) {
        struct expr *other = e->target->arguments[i];
        const struct type *t = check_expr(k, other);
        if (type_is_error(t))
            continue;
        if (t->kind != TYPE_DATASET) {
            fits = diag_error(k->c, other->span, "'join' joins data sets; this is %s",
                              type_text(k->arena, t));
            continue;
        }
        for (size_t j = 0; j < set->fields.count; j++) {
            const struct dataset_field *field = &set->fields.items[j];
            const struct dataset_field *same = find_field(t->dataset, field->name);
            if (same == NULL || !type_equal(same->type, field->type))
                fits = diag_error(k->c, other->span, "the samples differ in '%s': %s and %s",
                                  field->name->text, type_text(k->arena, field->type),
                                  same == NULL ? "nothing" : type_text(k->arena, same->type));
        }
    }
    set->count = size_unknown();
    return fits;
}

static bool check_where(struct checker *k, struct expr *e, struct dataset *set)
{
    struct scope *outer = enter_fields(k, set);
    check_condition(k, e->target->arguments[1]);
    k->scope = outer;
    set->count = size_unknown();
    return true;
}

static bool check_stage(struct checker *k, struct expr *e, struct dataset *set)
{
    struct expr **arguments = e->target->arguments;
    if (is_event_stage(e->target->builtin->id, set))
        return check_event_stage(k, e, set);
    switch (e->target->builtin->id) {
    case BUILTIN_FIRST:
    case BUILTIN_SAMPLE: check_whole(k, arguments[1], "the number of samples"); break;
    case BUILTIN_EVERY: check_whole(k, arguments[1], "the step"); break;
    case BUILTIN_BATCHES:
        check_whole(k, arguments[1], "the size of a batch");
        if (arguments[2] != NULL)
            check_condition(k, arguments[2]);
        return true;
    case BUILTIN_WHERE: return check_where(k, e, set);
    case BUILTIN_SHUFFLED:
    case BUILTIN_GREY: return true;
    case BUILTIN_JOIN: return check_join(k, e, set);
    case BUILTIN_CENTER_CROP:
    case BUILTIN_CROP:
    case BUILTIN_RESIZE: return set_picture_size(k, e, set);
    case BUILTIN_PATCH_NORMALIZE: check_whole(k, arguments[1], "the size of a patch"); return true;
    case BUILTIN_LATENCY:
    case BUILTIN_SPIKE_TIMES: return encode_events(k, e, set);
    case BUILTIN_SPLIT_BY:
    case BUILTIN_SPLIT: return check_split(k, e, set);
    default: return true;
    }
    set->count = size_unknown();
    return true;
}

/* Stages that work on the samples, not on the set, leave the parts as they are. */
static bool needs_part(enum builtin_id id)
{
    return id == BUILTIN_BATCHES || id == BUILTIN_SAMPLE || id == BUILTIN_SHUFFLED ||
           id == BUILTIN_JOIN;
}

const struct type *check_data_call(struct checker *k, struct expr *e)
{
    const struct builtin *builtin = e->target->builtin;
    enum body_kind kind = k->body->kind;
    if (kind != BODY_DATA && kind != BODY_TASK && kind != BODY_FUNC) {
        diag_error(k->c, e->span, "data sets are made in 'data' declarations and in tasks");
        return type_error();
    }
    if (builtin->group == BUILTIN_GROUP_SOURCE)
        return check_source(k, e);
    const struct type *input = check_expr(k, e->target->arguments[0]);
    if (type_is_error(input))
        return input;
    if (input->kind != TYPE_DATASET) {
        diag_error(k->c, e->target->arguments[0]->span, "'%s' needs a data set, not %s",
                   builtin->name, type_text(k->arena, input));
        return type_error();
    }
    if (needs_part(builtin->id) && dataset_needs_part(input->dataset)) {
        diag_error(k->c, e->target->arguments[0]->span,
                   "choose a part of the data set first, for example '.train'");
        return type_error();
    }
    struct dataset *set = copy_dataset(k, input->dataset);
    if (!check_stage(k, e, set))
        return type_error();
    struct type *t = arena_new(k->arena, struct type);
    t->kind = builtin->id == BUILTIN_BATCHES ? TYPE_BATCHES : TYPE_DATASET;
    t->dataset = set;
    t->is_constant = kind == BODY_DATA;
    return t;
}

/* ---- fields --------------------------------------------------------- */

struct set_field {
    const char *name;
    enum builtin_field field;
    unsigned part; /* of train, val, test */
};

static const struct set_field set_fields[] = {
    { "train", FIELD_TRAIN, DATASET_TRAIN },
    { "val", FIELD_VAL, DATASET_VAL },
    { "test", FIELD_TEST, DATASET_TEST },
    { "classes", FIELD_CLASSES, 0 },
    { "inputs", FIELD_INPUTS, 0 },
    { "max_time", FIELD_MAX_TIME, 0 },
    { "index", FIELD_INDEX, 0 },
};

#define SET_FIELD_COUNT (sizeof set_fields / sizeof set_fields[0])

static const struct type *part_type(struct checker *k, const struct expr *e,
                                    const struct type *object, const struct set_field *field)
{
    unsigned parts = object->dataset->parts;
    if (parts & DATASET_TRAIN)
        parts |= DATASET_VAL; /* a run for a fold of .train has it; others say so when they ask */
    if ((parts & field->part) == 0) {
        diag_error(k->c, e->field.field.span, "this data set has no part '%s'", field->name);
        if (object->dataset->parts == 0)
            diag_hint(k->c, "split it with '|> split(test = 20 %%)'");
        return type_error();
    }
    struct dataset *part = copy_dataset(k, object->dataset);
    part->parts = 0;
    struct type *t = arena_new(k->arena, struct type);
    *t = *object;
    t->dataset = part;
    return t;
}

static const struct type *fact_type(struct checker *k, struct expr *e, const struct type *object,
                                    enum builtin_field field)
{
    if (field != FIELD_CLASSES && !object->dataset->is_events) {
        diag_error(k->c, e->field.field.span, "'%s' is a fact of events; this data set has none",
                   e->field.field.name->text);
        return type_error();
    }
    struct type *t = arena_new(k->arena, struct type);
    if (field == FIELD_MAX_TIME)
        t->unit = object->dataset->time_unit;
    t->kind = field == FIELD_MAX_TIME ? TYPE_REAL64 : TYPE_INT;
    t->is_constant = object->is_constant;
    if (field == FIELD_CLASSES && object->dataset->classes.kind == SIZE_CONSTANT)
        e->constant = constant_int(k->arena, object->dataset->classes.value);
    if (e->constant != NULL)
        t->is_constant = true;
    return t;
}

static struct axis_list sample_axis(struct checker *k, const struct dataset *set,
                                    struct axis_list axes)
{
    struct axis_list result = { 0 };
    push_axis(k, &result, "sample", set->count);
    for (size_t i = 0; i < axes.count; i++)
        array_push(k->arena, &result, axes.items[i]);
    return result;
}

static const struct type *unknown_data_field(struct checker *k, const struct expr *e,
                                             const struct type *object)
{
    bool is_set = object->kind == TYPE_DATASET;
    struct suggestion suggestion = suggest_begin(e->field.field.name->text);
    const char *all = "index";
    for (size_t i = 0; i < object->dataset->fields.count; i++) {
        const char *name = object->dataset->fields.items[i].name->text;
        suggest_offer(&suggestion, name);
        all = arena_format(k->arena, "%s, %s", name, all);
    }
    suggest_offer(&suggestion, "index");
    if (is_set) {
        for (size_t i = 0; i < SET_FIELD_COUNT; i++)
            suggest_offer(&suggestion, set_fields[i].name);
        builtin_suggest(BUILTIN_GROUP_STAGE, &suggestion);
    }
    diag_error(k->c, e->field.field.span, "%s has no '%s'", type_text(k->arena, object),
               e->field.field.name->text);
    if (suggestion.best != NULL)
        diag_hint(k->c, "did you mean '%s'?", suggestion.best);
    else
        diag_hint(k->c, "its fields are: %s", all);
    return type_error();
}

static const struct type *field_of_samples(struct checker *k, struct expr *e,
                                           const struct type *object)
{
    const struct dataset_field *field = find_field(object->dataset, e->field.field.name);
    bool is_set = object->kind == TYPE_DATASET;
    if (field == NULL)
        return NULL;
    if (is_set && dataset_needs_part(object->dataset)) {
        diag_error(k->c, e->span, "choose a part of the data set first, for example '.train'");
        return type_error();
    }
    if (is_set && field->type->kind == TYPE_STRING) {
        diag_error(k->c, e->span, "'%s' is a text, which only a single sample has",
                   field->name->text);
        diag_hint(k->c, "loop over the samples, or choose some: '.where(%s == \"...\")'",
                  field->name->text);
        return type_error();
    }
    struct symbol *symbol =
        symbol_new(k->arena, SYMBOL_DATA_FIELD, field->name, (struct span){ 0 });
    symbol->data_field = field;
    symbol->type = field->type;
    e->symbol = symbol;
    return is_set ? type_with_axes(k->arena, field->type,
                                   sample_axis(k, object->dataset, field->type->axes))
                  : field->type;
}

static struct symbol *set_field_symbol(struct checker *k, struct expr *e, enum builtin_field field)
{
    e->symbol = symbol_new(k->arena, SYMBOL_FIELD, e->field.field.name, (struct span){ 0 });
    e->symbol->field = field;
    return e->symbol;
}

const struct type *dataset_field_type(struct checker *k, struct expr *e, const struct type *object)
{
    const struct type *t = field_of_samples(k, e, object);
    if (t != NULL)
        return t;
    const struct name *name = e->field.field.name;
    for (size_t i = 0; i < SET_FIELD_COUNT; i++) {
        if (strcmp(set_fields[i].name, name->text) != 0)
            continue;
        struct symbol *symbol = set_field_symbol(k, e, set_fields[i].field);
        if (set_fields[i].part != 0)
            symbol->type = part_type(k, e, object, &set_fields[i]);
        else if (set_fields[i].field == FIELD_INDEX)
            symbol->type = type_with_axes(k->arena, type_new(k->arena, TYPE_INT),
                                          sample_axis(k, object->dataset, (struct axis_list){ 0 }));
        else
            symbol->type = fact_type(k, e, object, set_fields[i].field);
        return symbol->type;
    }
    const struct builtin *builtin = builtin_find(name);
    if (builtin != NULL && builtin->group == BUILTIN_GROUP_STAGE)
        return check_builtin_call(k, e, builtin, e->field.object, NULL);
    return unknown_data_field(k, e, object);
}

const struct type *sample_field(struct checker *k, struct expr *e, const struct type *object)
{
    const struct type *t = field_of_samples(k, e, object);
    if (t != NULL)
        return t;
    if (strcmp(e->field.field.name->text, "index") != 0)
        return unknown_data_field(k, e, object);
    struct symbol *symbol = set_field_symbol(k, e, FIELD_INDEX);
    symbol->type = type_new(k->arena, TYPE_INT);
    return symbol->type;
}
