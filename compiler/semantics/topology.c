/* SPDX-License-Identifier: MIT
 *
 * What follows `via`: a pipe of stages, and the axes that it makes of those of the source.
 */
#include "semantics/check.h"

/* ---- stages --------------------------------------------------------- */

static bool check_whole_argument(struct checker *k, struct expr *e, const char *what)
{
    return check_size(k, e, what).kind != SIZE_UNKNOWN || !type_is_error(e->type);
}

static void check_stage_arguments(struct checker *k, const struct topology_stage *stage)
{
    struct expr **arguments = stage->expr->target->arguments;
    switch (stage->builtin->id) {
    case BUILTIN_SPARSE:
    case BUILTIN_DROPOUT:
        check_constant(k, k->scope, arguments[0], "a chance");
        require_unit(k, arguments[0], unit_none(), "a chance");
        break;
    case BUILTIN_LIST: check_string(k, arguments[0], "a path"); break;
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

static bool has_weights(const struct builtin *builtin)
{
    switch (builtin->id) {
    case BUILTIN_AVG_POOL:
    case BUILTIN_MAX_POOL:
    case BUILTIN_BATCH_NORM:
    case BUILTIN_DROPOUT: return false;
    default: return true;
    }
}

/* ---- axes ----------------------------------------------------------- */

static struct size argument_size(const struct topology_stage *stage, size_t position,
                                 struct size otherwise)
{
    const struct expr *e = stage->expr->target->arguments[position];
    if (e == NULL)
        return otherwise;
    return type_is_error(e->type) ? size_unknown() : size_of_expr(e);
}

/* floor((in + 2 padding - kernel) / stride) + 1 */
static struct size window_count(struct checker *k, struct size in, struct size kernel,
                                struct size stride, struct size padding)
{
    struct size padded =
        size_apply(k, BINARY_ADD, in, size_apply(k, BINARY_MULTIPLY, size_constant(2), padding));
    struct size room = size_apply(k, BINARY_SUBTRACT, padded, kernel);
    bool is_unit_stride = stride.kind == SIZE_CONSTANT && stride.value == 1;
    if (stride.kind == SIZE_CONSTANT && stride.value < 1)
        return size_unknown();
    struct size steps =
        is_unit_stride ? room : size_floor(k, size_apply(k, BINARY_DIVIDE, room, stride));
    return size_apply(k, BINARY_ADD, steps, size_constant(1));
}

static struct axis_list window_axes(struct checker *k, const struct topology_stage *stage,
                                    struct axis_list in)
{
    bool is_pool = stage->builtin->id == BUILTIN_AVG_POOL || stage->builtin->id == BUILTIN_MAX_POOL;
    bool is_conv = stage->builtin->id == BUILTIN_CONV;
    struct axis_list out = { 0 };
    if (in.count < 2) {
        diag_error(k->c, stage->expr->span, "'%s' needs a source with the axes [y, x], not %s",
                   stage->builtin->name, axes_text(k->arena, &in));
        return out;
    }
    struct size kernel = argument_size(stage, is_pool ? 0 : 1, size_unknown());
    struct size stride = argument_size(stage, is_pool ? 1 : 2, is_pool ? kernel : size_constant(1));
    struct size padding = is_conv ? argument_size(stage, 3, size_constant(0)) : size_constant(0);
    if (!is_pool) {
        struct axis channel = { names_intern_text(&k->c->names, "channel"),
                                argument_size(stage, 0, size_unknown()) };
        array_push(k->arena, &out, channel);
    }
    bool is_too_large = false;
    for (size_t i = is_pool ? 0 : in.count - 2; i < in.count; i++) {
        struct axis axis = in.items[i];
        if (i + 2 >= in.count)
            axis.size = window_count(k, axis.size, kernel, stride, padding);
        if (axis.size.kind == SIZE_CONSTANT && axis.size.value < 1 && !is_too_large) {
            is_too_large = true;
            diag_error(k->c, stage->expr->span, "the window of '%s' is larger than the axis '%s'",
                       stage->builtin->name,
                       in.items[i].name != NULL ? in.items[i].name->text : "_");
        }
        if (is_too_large)
            axis.size = size_unknown();
        array_push(k->arena, &out, axis);
    }
    return out;
}

/* The axes a target without axes of its own gets; none if the topology does not say. */
struct axis_list topology_axes(struct checker *k, struct connection *connection,
                               struct axis_list source)
{
    if (connection->topology.count == 0) {
        flatten(k, connection, connection->statement->connect.topology);
        for (size_t i = 0; i < connection->topology.count; i++)
            if (has_weights(connection->topology.items[i].builtin))
                connection->kind = connection->topology.items[i].builtin;
    }
    struct axis_list axes = source;
    for (size_t i = 0; i < connection->topology.count; i++) {
        struct topology_stage *stage = &connection->topology.items[i];
        switch (stage->builtin->id) {
        case BUILTIN_CONV:
        case BUILTIN_LOCAL:
        case BUILTIN_AVG_POOL:
        case BUILTIN_MAX_POOL: axes = window_axes(k, stage, axes); break;
        case BUILTIN_ONE_TO_ONE:
        case BUILTIN_ALL_BUT_ONE:
        case BUILTIN_BATCH_NORM:
        case BUILTIN_DROPOUT: break;
        default: axes = (struct axis_list){ 0 }; break;
        }
        stage->axes = axes;
        if (axes.count == 0)
            break;
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
        if (by_name && a->items[i].name != b->items[i].name)
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

void check_topology(struct checker *k, struct connection *connection)
{
    struct axis_list made = topology_axes(k, connection, connection->source->axes);
    for (size_t i = 0; i < connection->topology.count; i++) {
        const struct topology_stage *stage = &connection->topology.items[i];
        if (stage->builtin->id == BUILTIN_PAIRS)
            check_condition(k, stage->expr->target->arguments[0]);
    }
    if (connection->kind == NULL)
        return;
    switch (connection->kind->id) {
    case BUILTIN_CONV:
    case BUILTIN_LOCAL:
        if (made.count > 0 && !same_axes(&made, &connection->target->axes, true))
            error_fit(k, connection, &made);
        break;
    case BUILTIN_ONE_TO_ONE:
    case BUILTIN_ALL_BUT_ONE: check_paired(k, connection); break;
    default: break;
    }
}
