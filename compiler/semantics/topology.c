/* SPDX-License-Identifier: MIT
 *
 * What follows `via`: a pipe of stages, and the axes that it makes of those of the source.
 */
#include "semantics/check.h"

#include <string.h>

/* ---- stages --------------------------------------------------------- */

static bool check_whole_argument(struct checker *k, struct expr *e, const char *what)
{
    return check_size(k, e, what).kind != SIZE_UNKNOWN || !type_is_error(e->type);
}

static void check_chance(struct checker *k, struct expr *e)
{
    check_constant(k, k->scope, e, "a chance");
    require_unit(k, e, unit_none(), "a chance");
}

/* true or false, as written: code depends on it. */
static void check_switch(struct checker *k, struct expr *e, const char *what)
{
    if (e == NULL)
        return;
    const struct type *t = check_constant(k, k->scope, e, what);
    if (!type_is_error(t) && e->constant == NULL)
        diag_error(k->c, e->span, "%s must be 'true' or 'false'", what);
}

static void check_norm(struct checker *k, struct expr **arguments)
{
    if (arguments[1] != NULL)
        check_constant(k, k->scope, arguments[1], "an epsilon");
    if (arguments[2] == NULL)
        return;
    check_constant(k, k->scope, arguments[2], "a momentum");
    require_unit(k, arguments[2], unit_none(), "a momentum");
}

static void check_stage_arguments(struct checker *k, const struct topology_stage *stage)
{
    struct expr **arguments = stage->expr->target->arguments;
    switch (stage->builtin->id) {
    case BUILTIN_DROPOUT:
        check_switch(k, arguments[1], "whether dropout draws anew in each step");
        check_chance(k, arguments[0]);
        break;
    case BUILTIN_SPARSE: check_chance(k, arguments[0]); break;
    case BUILTIN_LIST: check_string(k, arguments[0], "a path"); break;
    case BUILTIN_BATCH_NORM: check_norm(k, arguments); break;
    case BUILTIN_PAIRS: break; /* when both layers are known: check_topology */
    default:
        for (size_t i = 0; i < stage->expr->target->count; i++)
            if (arguments[i] != NULL)
                check_whole_argument(k, arguments[i], "a size");
        break;
    }
}

static void add_stage(struct checker *k, struct connection *connection, struct expr *e)
{
    struct expr *callee = e->kind == EXPR_CALL ? e->call.callee : e;
    const struct argument_list *list = e->kind == EXPR_CALL ? &e->call.arguments : NULL;
    e->type = callee->type = type_new(k->arena, TYPE_TOPOLOGY);
    if (callee->kind != EXPR_NAME)
        return; /* EXPR_ERROR: the parser takes nothing else */
    const struct builtin *builtin = builtin_find(callee->name.name);
    if (builtin == NULL || builtin->group != BUILTIN_GROUP_TOPOLOGY) {
        struct suggestion suggestion = suggest_begin(callee->name.name->text);
        builtin_suggest(BUILTIN_GROUP_TOPOLOGY, &suggestion);
        diag_error(k->c, callee->span, "unknown topology '%s'", callee->name.name->text);
        if (suggestion.best != NULL)
            diag_hint(k->c, "did you mean '%s'?", suggestion.best);
        return;
    }
    if (!bind_builtin(k, e, builtin, NULL, list))
        return;
    struct topology_stage stage = { .builtin = builtin, .expr = e };
    check_stage_arguments(k, &stage);
    array_push(k->arena, &connection->topology, stage);
}

static void flatten(struct checker *k, struct connection *connection, struct expr *e)
{
    if (e->kind != EXPR_PIPE) {
        if (e->kind != EXPR_ERROR)
            add_stage(k, connection, e);
        return;
    }
    e->type = type_new(k->arena, TYPE_TOPOLOGY);
    flatten(k, connection, e->pipe.left);
    add_stage(k, connection, e->pipe.stage);
}

bool stage_is_elementwise(const struct topology_stage *stage)
{
    return stage->builtin->id == BUILTIN_BATCH_NORM || stage->builtin->id == BUILTIN_DROPOUT;
}

struct axis_list stage_channels(struct arena *arena, const struct topology_stage *stage)
{
    struct axis_list channels = { 0 };
    for (size_t i = 0; i < stage->from.count; i++) {
        const struct name *name = stage->from.items[i].name;
        if (name != NULL && strcmp(name->text, "channel") == 0)
            array_push(arena, &channels, stage->from.items[i]);
    }
    return channels.count > 0 ? channels : stage->from;
}

bool stage_reaches_target(const struct connection *connection, size_t i)
{
    while (i + 1 < connection->topology.count &&
           stage_is_elementwise(&connection->topology.items[i + 1]))
        i++;
    return i + 1 == connection->topology.count;
}

static bool has_weights(const struct builtin *builtin)
{
    switch (builtin->id) {
    case BUILTIN_AVG_POOL:
    case BUILTIN_MAX_POOL:
    case BUILTIN_SUM_POOL:
    case BUILTIN_BATCH_NORM:
    case BUILTIN_DROPOUT: return false;
    default: return true;
    }
}

/* ---- axes ----------------------------------------------------------- */

static void list_stages(struct checker *k, struct connection *connection)
{
    flatten(k, connection, connection->statement->connect.topology);
    connection->weighted = connection->topology.count;
    int norms = 0;
    for (size_t i = 0; i < connection->topology.count; i++) {
        const struct topology_stage *stage = &connection->topology.items[i];
        norms += stage->builtin->id == BUILTIN_BATCH_NORM;
        if (norms > 1) {
            diag_error(k->c, stage->expr->span, "a connection has one '%s'", stage->builtin->name);
            diag_hint(k->c, "put a layer between them");
            return;
        }
        if (!has_weights(stage->builtin))
            continue;
        if (connection->kind != NULL) {
            diag_error(k->c, stage->expr->span, "'%s' has weights, but so has '%s' before it",
                       stage->builtin->name, connection->kind->name);
            diag_hint(k->c, "put a layer between them");
        }
        connection->kind = stage->builtin;
        connection->weighted = i;
    }
}

static bool is_in_list(const struct axis_list *list, const struct name *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].name == name)
            return true;
    return false;
}

/* The axes in the order in which the target has them, where it has the same ones. */
static struct axis_list in_order_of(struct checker *k, const struct layer *target,
                                    struct axis_list axes)
{
    struct axis_list ordered = { 0 };
    if (target->axes.count != axes.count)
        return axes;
    for (size_t i = 0; i < axes.count; i++) {
        if (!is_in_list(&target->axes, axes.items[i].name))
            return axes;
        for (size_t j = 0; j < axes.count; j++)
            if (axes.items[j].name == target->axes.items[i].name)
                array_push(k->arena, &ordered, axes.items[j]);
    }
    return ordered.count == axes.count ? ordered : axes;
}

static struct axis_list with_channel_at(struct checker *k, struct axis_list axes, bool is_last)
{
    const struct name *channel = names_intern_text(&k->c->names, "channel");
    struct axis_list moved = { 0 };
    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < axes.count; i++)
            if ((axes.items[i].name == channel) == (is_last ? turn == 1 : turn == 0))
                array_push(k->arena, &moved, axes.items[i]);
    return moved;
}

/* The order of the axes that leave a stage. That of the target counts; between stages the filters
 * of a conv are kept side by side, where spikes add them in lanes. */
static struct axis_list in_memory(struct checker *k, const struct connection *connection, size_t i,
                                  struct axis_list axes)
{
    bool is_weighted = connection->kind != NULL;
    if (is_weighted && i < connection->weighted)
        return axes;
    if (is_weighted && connection->kind->id == BUILTIN_CONV) {
        bool is_between = !stage_reaches_target(connection, i);
        axes = with_channel_at(k, axes, is_between);
        if (is_between)
            return axes;
    }
    return in_order_of(k, connection->target, axes);
}

/* A stage after one whose neurons have no place. */
static void report_unknown_axes(struct checker *k, const struct connection *connection, size_t i)
{
    const struct topology_stage *stage = &connection->topology.items[i];
    if (i + 1 >= connection->topology.count || stage_is_window(stage))
        return;
    const struct topology_stage *next = &connection->topology.items[i + 1];
    if (stage_is_window(next) && stage->from.count > 0)
        diag_error(k->c, next->expr->span,
                   "'%s' needs the axes of what enters it, and '%s' makes none",
                   next->builtin->name, stage->builtin->name);
}

/* The axes a target without axes of its own gets; none if the topology does not say. */
struct axis_list topology_axes(struct checker *k, struct connection *connection,
                               struct axis_list source)
{
    if (connection->topology.count == 0)
        list_stages(k, connection);
    struct axis_list axes = source;
    for (size_t i = 0; i < connection->topology.count; i++) {
        struct topology_stage *stage = &connection->topology.items[i];
        stage->from = axes;
        switch (stage->builtin->id) {
        case BUILTIN_CONV:
        case BUILTIN_LOCAL:
        case BUILTIN_AVG_POOL:
        case BUILTIN_MAX_POOL:
        case BUILTIN_SUM_POOL: axes = in_memory(k, connection, i, window_axes(k, stage)); break;
        case BUILTIN_ONE_TO_ONE:
        case BUILTIN_ALL_BUT_ONE:
        case BUILTIN_BATCH_NORM:
        case BUILTIN_DROPOUT: break;
        default:
            axes = i + 1 < connection->topology.count && stage_reaches_target(connection, i)
                       ? connection->target->axes
                       : (struct axis_list){ 0 };
            break;
        }
        stage->axes = axes;
        if (axes.count == 0) {
            report_unknown_axes(k, connection, i);
            break;
        }
        if (stage_is_window(stage))
            window_finish(k, stage);
    }
    return axes;
}

/* ---- does it fit both layers? ---------------------------------------- */

static bool error_fit(struct checker *k, const struct connection *connection,
                      const struct axis_list *made)
{
    const struct layer *target = connection->target;
    diag_error(k->c, connection->statement->connect.topology->span,
               "this makes %s, but layer '%s' has %s", axes_text(k->arena, made),
               target->name->text, axes_text(k->arena, &target->axes));
    diag_note(k->c, target->statement->span, "'%s' is declared here", target->name->text);
    return false;
}

static bool same_axes(const struct axis_list *a, const struct axis_list *b, bool by_name)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (by_name && a->items[i].name != b->items[i].name) /* both are in the target's order */
            return false;
        if (size_compare(a->items[i].size, b->items[i].size) == SIZE_DIFFERENT)
            return false;
    }
    return true;
}

static int64_t known_length(const struct axis_list *axes)
{
    int64_t length = 1;
    for (size_t i = 0; i < axes->count; i++) {
        if (axes->items[i].size.kind != SIZE_CONSTANT)
            return -1;
        length *= axes->items[i].size.value;
    }
    return length;
}

/* one_to_one and all_but_one pair neurons by their place. */
static void check_paired(struct checker *k, const struct connection *connection)
{
    int64_t source = known_length(&connection->source->axes);
    int64_t target = known_length(&connection->target->axes);
    bool same_shape = same_axes(&connection->source->axes, &connection->target->axes, false);
    if (same_shape || source < 0 || target < 0 || source == target)
        return;
    diag_error(k->c, connection->statement->connect.topology->span,
               "'%s' pairs equal layers, but '%s' has %s and '%s' has %s", connection->kind->name,
               connection->source->name->text, axes_text(k->arena, &connection->source->axes),
               connection->target->name->text, axes_text(k->arena, &connection->target->axes));
}

/* The scale is in the unit of what it is added to. */
static void check_scale(struct checker *k, const struct connection *connection,
                        const struct topology_stage *stage)
{
    struct unit unit = connection->slot->type->unit;
    struct expr *scale = stage->expr->target->arguments[0];
    if (scale != NULL) {
        check_constant(k, k->scope, scale, "a scale");
        require_unit(k, scale, unit, "the scale");
    } else if (!unit.is_any && !unit_equal(unit, unit_none())) {
        diag_error(k->c, stage->expr->span, "'%s' needs a scale in %s here", stage->builtin->name,
                   unit_name(k->arena, unit));
        diag_hint(k->c, "write batch_norm(scale = 1 %s)", unit_name(k->arena, unit));
    }
}

void check_topology(struct checker *k, struct connection *connection)
{
    struct axis_list made = topology_axes(k, connection, connection->source->axes);
    for (size_t i = 0; i < connection->topology.count; i++) {
        const struct topology_stage *stage = &connection->topology.items[i];
        if (stage->builtin->id == BUILTIN_PAIRS)
            check_condition(k, stage->expr->target->arguments[0]);
        if (stage->builtin->id == BUILTIN_BATCH_NORM)
            check_scale(k, connection, stage);
    }
    const struct topology_stage_list *stages = &connection->topology;
    size_t last = stages->count;
    while (last > 1 && stage_is_elementwise(&stages->items[last - 1]))
        last--;
    bool ends_with_window = last > 0 && stage_is_window(&stages->items[last - 1]);
    if (ends_with_window && made.count > 0 && !same_axes(&made, &connection->target->axes, true))
        error_fit(k, connection, &made);
    if (connection->kind != NULL && stages->count == 1 &&
        (connection->kind->id == BUILTIN_ONE_TO_ONE || connection->kind->id == BUILTIN_ALL_BUT_ONE))
        check_paired(k, connection);
}
