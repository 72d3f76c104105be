/* SPDX-License-Identifier: MIT
 *
 * What tasks, and the functions they call, do with networks: present, learn, report.
 */
#include "semantics/check.h"

#include <string.h>

/* ---- finding the network -------------------------------------------- */

static bool is_one_network(struct checker *k, const struct expr *e, const struct axis_list *axes,
                           const struct network *network)
{
    if (axes->count == 0)
        return true;
    diag_error(k->c, e->span, "'%s' is an array of networks %s; say which one", network->name->text,
               axes_text(k->arena, &network->axes));
    diag_hint(k->c, "index it: '%s[...]'", network->name->text);
    return false;
}

/* The network of a rest or reset; null after reporting. */
static struct network *check_network_target(struct checker *k, struct expr *target,
                                            struct span span)
{
    if (target == NULL) {
        struct network *only = k->module->only_network;
        if (only == NULL) {
            diag_error(k->c, span, "which network? this file has none or several");
            diag_hint(k->c, "name it after the word");
            return NULL;
        }
        check_symbol(k, only->symbol);
        return only;
    }
    const struct type *t = check_expr(k, target);
    if (type_is_error(t))
        return NULL;
    if (t->kind != TYPE_NETWORK) {
        diag_error(k->c, target->span, "a network is expected, not %s", type_text(k->arena, t));
        return NULL;
    }
    return is_one_network(k, target, &t->axes, t->network) ? t->network : NULL;
}

static void check_duration(struct checker *k, struct expr *duration, const struct network *network)
{
    const struct type *t = check_scalar(k, duration, "the duration");
    if (network == NULL || type_is_error(t))
        return;
    if (!require_unit(k, duration, network->time_unit, "the duration") && network->step != NULL)
        diag_note(k->c, network->step->span, "the step of network '%s' is given here",
                  network->name->text);
    if (duration->constant != NULL && constant_number(duration->constant) < 0)
        diag_error(k->c, duration->span, "a duration cannot be negative");
}

/* ---- the block after each step --------------------------------------- */

static void add_time(struct checker *k, const char *name, enum builtin_variable variable,
                     const struct network *network)
{
    const struct name *interned = names_intern_text(&k->c->names, name);
    struct symbol *symbol = symbol_new(k->arena, SYMBOL_VARIABLE, interned, (struct span){ 0 });
    symbol->variable = variable;
    struct type *t = arena_new(k->arena, struct type);
    t->is_constant = variable == VARIABLE_DT && !network->is_continuous;
    t->kind = t->is_constant ? TYPE_REAL64 : TYPE_REAL32;
    t->unit = network->time_unit;
    symbol->type = t;
    if (find_name(k, interned) == NULL)
        scope_add(k->arena, k->scope, symbol);
}

static void check_step_block(struct checker *k, struct block *block, struct network *network)
{
    if (block == NULL)
        return;
    struct scope *outer = k->scope;
    struct body saved = *k->body;
    k->scope = scope_new(k->arena, outer);
    if (network != NULL) {
        add_time(k, "t", VARIABLE_T, network);
        add_time(k, "dt", VARIABLE_DT, network);
        k->body->stepping = network;
    }
    k->body->is_in_yield_loop = false;
    k->body->loop_depth++;
    if (k->body->outermost_loop.source == 0)
        k->body->outermost_loop = block->span;
    check_block(k, block);
    k->body->is_in_yield_loop = saved.is_in_yield_loop;
    k->body->loop_depth = saved.loop_depth;
    k->body->stepping = saved.stepping;
    k->body->outermost_loop = saved.outermost_loop;
    k->scope = outer;
}

/* ---- present -------------------------------------------------------- */

/* The input that data is given to: x.name, or the only one of x. Null after reporting. */
static struct symbol *presented_input(struct checker *k, struct presented *input)
{
    struct expr *target = input->target;
    const struct type *t = check_expr(k, target);
    if (type_is_error(t))
        return NULL;
    if (target->symbol != NULL && target->symbol->kind == SYMBOL_INPUT)
        return target->symbol;
    if (t->kind != TYPE_LAYER) {
        diag_error(k->c, target->span, "data is presented to a layer, not to %s",
                   type_text(k->arena, t));
        return NULL;
    }
    const struct neuron_instance *model = t->layer->model;
    if (model == NULL)
        return NULL;
    if (model->inputs.count == 1)
        return model->inputs.items[0];
    diag_error(k->c, target->span, "neuron model '%s' has %s", model->declaration->name.name->text,
               model->inputs.count == 0 ? "no input" : "several inputs");
    diag_note(k->c, model->declaration->name.span, "'%s' is declared here",
              model->declaration->name.name->text);
    if (model->inputs.count > 0)
        diag_hint(k->c, "say which: '%s.%s'", t->layer->name->text,
                  model->inputs.items[0]->name->text);
    return NULL;
}

static bool name_is(const struct name *name, const char *text)
{
    return name != NULL && strcmp(name->text, text) == 0;
}

static bool error_data_axes(struct checker *k, const struct expr *value, const struct layer *layer)
{
    diag_error(k->c, value->span, "the data has the axes %s, but layer '%s' has %s",
               axes_text(k->arena, &value->type->axes), layer->name->text,
               axes_text(k->arena, &layer->axes));
    diag_note(k->c, layer->statement->span, "'%s' is declared here", layer->name->text);
    const struct axis_list *data = &value->type->axes;
    const struct axis *own = layer->axes.count > 0 ? &layer->axes.items[0] : NULL;
    if (own != NULL && data->count == layer->axes.count && data->items[0].name != own->name &&
        size_compare(data->items[0].size, own->size) != SIZE_DIFFERENT)
        diag_hint(k->c, "axes meet by name: call them as in the layer, 'let a[%s in ...] = ...'",
                  own->name->text);
    return false;
}

static const struct axis *find_axis(const struct axis_list *axes, const struct name *name)
{
    for (size_t i = 0; i < axes->count; i++)
        if (axes->items[i].name == name)
            return &axes->items[i];
    return NULL;
}

/* Samples are given as they lie in memory: their axes must come in the order of the layer's. */
static bool check_sample_order(struct checker *k, const struct expr *value,
                               const struct layer *layer)
{
    const struct axis_list *data = &value->type->axes;
    const struct axis *last = NULL;
    if (value->symbol == NULL || value->symbol->kind != SYMBOL_DATA_FIELD)
        return true;
    for (size_t i = 0; i < data->count; i++) {
        const struct axis *own = find_axis(&layer->axes, data->items[i].name);
        if (own != NULL && last != NULL && own < last) {
            diag_error(k->c, value->span, "the axes of the data are %s, those of layer '%s' are %s",
                       axes_text(k->arena, data), layer->name->text,
                       axes_text(k->arena, &layer->axes));
            diag_note(k->c, layer->statement->span, "'%s' is declared here", layer->name->text);
            diag_hint(k->c, "give the layer its axes in the order of the data");
            return false;
        }
        last = own != NULL ? own : last;
    }
    return true;
}

/* Data axes meet layer axes by name; `sample` becomes lanes, `time` the steps; a missing axis must
 * have size 1. Sets is_batch. */
static bool check_data_axes(struct checker *k, const struct expr *value, const struct layer *layer,
                            bool *is_batch)
{
    const struct axis_list *data = &value->type->axes;
    if (data->count == 0)
        return true;
    for (size_t i = 0; i < data->count; i++) {
        const struct axis *axis = &data->items[i];
        bool is_extra = name_is(axis->name, "sample") || name_is(axis->name, "batch");
        if (is_extra || name_is(axis->name, "time")) {
            *is_batch = *is_batch || is_extra;
            continue;
        }
        const struct axis *own = axis->name == NULL && data->count == layer->axes.count
                                     ? &layer->axes.items[i]
                                     : find_axis(&layer->axes, axis->name);
        if (own == NULL || size_compare(axis->size, own->size) == SIZE_DIFFERENT)
            return error_data_axes(k, value, layer);
    }
    for (size_t i = 0; i < layer->axes.count; i++) {
        const struct axis *own = &layer->axes.items[i];
        bool is_given = find_axis(data, own->name) != NULL ||
                        (data->count == layer->axes.count && data->items[i].name == NULL);
        bool may_be_one = own->size.kind != SIZE_CONSTANT || own->size.value == 1;
        if (!is_given && !may_be_one)
            return error_data_axes(k, value, layer);
    }
    return check_sample_order(k, value, layer);
}

/* Where the axes of the target's network array are still open. */
static bool is_indexed(struct checker *k, const struct expr *target, const struct layer *layer)
{
    size_t open = target->type->axes.count;
    if (layer->network->axes.count == 0 || open <= layer->axes.count)
        return true;
    return is_one_network(k, target, &target->type->axes, layer->network);
}

/* Events of files have the one axis `input`: input k is neuron k of a layer of any shape. Those of
 * a set have the axis `sample` before it. */
static bool is_flat_events(const struct presented *input, bool *is_batch)
{
    const struct axis_list *axes = &input->value->type->axes;
    if (!symbol_is_events(input->value->symbol) || axes->count == 0 ||
        !name_is(axes->items[axes->count - 1].name, "input"))
        return false;
    *is_batch = *is_batch || axes->count > 1;
    return true;
}

/* Do the events count time as the network does? */
static bool check_event_time(struct checker *k, const struct presented *input,
                             const struct network *network)
{
    const struct type *sample = input->value->field.object->type;
    struct unit unit = sample->dataset->time_unit;
    if (unit_fits(unit, network->time_unit))
        return true;
    if (!unit_is_none(unit) && !unit_is_none(network->time_unit))
        return true; /* an error of its own */
    diag_error(
        k->c, input->value->span,
        unit_is_none(unit)
            ? "the times of these events are plain numbers, but network '%s' has time in ms"
            : "the times of these events are in ms, but network '%s' has time without a unit",
        network->name->text);
    diag_hint(k->c, unit_is_none(unit)
                        ? "say what they count: 'spikes(\"folder\", unit = 1 ms)', "
                          "'frames(\"f.npy\", step = 1 ms)'"
                        : "leave out the unit where the data set is declared, or give "
                          "the network a step in ms");
    return false;
}

/* What is presented is a number or an array; of a sample, one of its fields. */
static const struct type *presented_type(struct checker *k, struct expr *e)
{
    const struct type *t = check_expr(k, e);
    bool is_sample = t->kind == TYPE_SAMPLE;
    if (!is_sample && t->kind != TYPE_DATASET)
        return check_number(k, e, "what is presented");
    const struct dataset_field *field =
        t->dataset->fields.count > 0 ? t->dataset->fields.items : NULL;
    const char *name = field != NULL ? field->name->text : "image";
    diag_error(k->c, e->span, "what is presented must be a number, not %s", type_text(k->arena, t));
    if (is_sample)
        diag_hint(k->c, "present what the sample holds, such as its '.%s'", name);
    else
        diag_hint(k->c, "loop over its samples: 'for s in ... { present s.%s to ... }'", name);
    return type_error();
}

static struct network *check_presented(struct checker *k, struct presented *input, bool *is_batch)
{
    const struct type *value = presented_type(k, input->value);
    struct symbol *slot = presented_input(k, input);
    if (slot == NULL || slot->layer == NULL)
        return NULL;
    struct layer *layer = slot->layer;
    if (type_is_error(value) || !is_indexed(k, input->target, layer))
        return layer->network;
    bool is_events = symbol_is_events(input->value->symbol);
    if (is_events && !check_event_time(k, input, layer->network))
        return layer->network;
    if (!is_flat_events(input, is_batch) && !check_data_axes(k, input->value, layer, is_batch))
        return layer->network;
    if (!require_unit(k, input->value, slot->type->unit, "the data"))
        note_declared(k, slot);
    return layer->network;
}

static bool has_labelled_rule(const struct network *network)
{
    for (size_t i = 0; i < network->connections.count; i++) {
        const struct connection *connection = network->connections.items[i];
        for (size_t j = 0; j < connection->rules.count; j++)
            if (connection->rules.items[j]->has_end_label)
                return true;
    }
    return false;
}

bool check_label(struct checker *k, struct expr *label)
{
    const struct type *t = check_unit(k, label, unit_none(), "a label");
    if (!type_is_error(t) && type_is_real(t))
        diag_error(k->c, label->span, "a label must be a whole number");
    return !type_is_error(t) && !type_is_real(t);
}

static void check_teach(struct checker *k, const struct statement *s, const struct network *network)
{
    struct expr *label = s->present.label;
    if (!check_label(k, label) || network == NULL || has_labelled_rule(network))
        return;
    diag_error(
        k->c, label->span,
        "'teach' has no effect: no connection of network '%s' has a rule with 'on end(label)'",
        network->name->text);
    diag_hint(k->c, "drop 'teach', or give a connection such a rule");
}

static void note_running(struct checker *k)
{
    if (k->body->function != NULL)
        k->body->function->is_procedure = true;
}

static void check_present(struct checker *k, struct statement *s)
{
    struct network *network = NULL;
    bool is_batch = false, has_time = false;
    for (size_t i = 0; i < s->present.inputs.count; i++) {
        struct presented *input = &s->present.inputs.items[i];
        struct network *owner = check_presented(k, input, &is_batch);
        if (network != NULL && owner != NULL && owner != network)
            diag_error(k->c, input->span,
                       "one 'present' runs one network, these are two: '%s' and '%s'",
                       network->name->text, owner->name->text);
        network = network != NULL ? network : owner;
        has_time = has_time || symbol_is_events(input->value->symbol);
    }
    s->present.network = network;
    s->present.is_batch = is_batch;
    note_running(k);
    if (s->present.duration != NULL) {
        check_duration(k, s->present.duration, network);
    } else if (network != NULL && network->until == NULL && !has_time) {
        diag_error(k->c, s->span, "for how long?");
        diag_hint(k->c, "write 'present ... for 250 ms'");
    }
    if (s->present.label != NULL)
        check_teach(k, s, network);
    if (network != NULL) {
        const struct expr *target =
            s->present.inputs.count > 0 ? s->present.inputs.items[0].target : NULL;
        effects_present(k, network, target, s->present.keeps_state, s->span);
        if (s->present.keeps_state && k->body->function != NULL)
            k->body->function->keeps_state = true;
    }
    check_step_block(k, s->present.body, network);
    shown_set(k, network, is_batch ? SHOWN_BATCH : SHOWN_STATE);
}

static void check_rest(struct checker *k, struct statement *s)
{
    struct network *network = check_network_target(k, s->rest.target, s->span);
    s->rest.network = network;
    note_running(k);
    check_duration(k, s->rest.duration, network);
    if (network != NULL) {
        if (!k->effects->has_presented && k->body->function != NULL)
            k->body->function->keeps_state = true;
        effects_present(k, network, s->rest.target, true, s->span);
    }
    check_step_block(k, s->rest.body, network);
}

static void check_reset(struct checker *k, struct statement *s)
{
    s->reset.network = check_network_target(k, s->reset.target, s->span);
    note_running(k);
    if (s->reset.network != NULL)
        effects_present(k, s->reset.network, s->reset.target, false, s->span);
    shown_set(k, s->reset.network, SHOWN_STATE);
}

/* ---- learn, freeze, descend ------------------------------------------ */

static bool learns_something(const struct layer *layer)
{
    bool learns = false;
    for (size_t i = 0; layer->model != NULL && i < layer->model->states.count; i++) {
        struct symbol *state = layer->model->states.items[i];
        if (!state->statement->state.is_persistent)
            continue;
        state->is_learnt = true;
        learns = true;
    }
    return learns;
}

static void check_learn_target(struct checker *k, struct expr *e)
{
    const struct type *t = check_expr(k, e);
    const struct symbol *symbol = e->symbol;
    if (type_is_error(t))
        return;
    if (t->kind == TYPE_CONNECTION) {
        if (t->connection->rules.count > 0 || t->connection->learns_gradient)
            return;
        diag_error(k->c, e->span, "connection '%s' has nothing to learn",
                   t->connection->name->text);
        note_declared(k, t->connection->symbol);
        diag_hint(k->c, "give it a rule: 'learn stdp(...)'");
        return;
    }
    if (t->kind == TYPE_RULE)
        return;
    if (t->kind == TYPE_LAYER) {
        if (!learns_something(t->layer))
            diag_error(k->c, e->span, "layer '%s' has no persistent state to learn",
                       t->layer->name->text);
        return;
    }
    if (symbol != NULL && symbol->kind == SYMBOL_STATE) {
        if (symbol->statement->state.is_persistent) {
            ((struct symbol *)symbol)->is_learnt = true;
            return;
        }
        diag_error(k->c, e->span, "'%s' is forgotten at each reset and cannot be learnt",
                   symbol->name->text);
        note_declared(k, symbol);
        diag_hint(k->c, "declare it as 'persistent %s'", symbol->name->text);
        return;
    }
    diag_error(k->c, e->span, "a connection, a layer or a persistent state is expected, not %s",
               type_text(k->arena, t));
}

static void check_learn(struct checker *k, struct statement *s)
{
    note_running(k);
    if (s->kind == STATEMENT_LEARN) {
        if (k->body->function != NULL)
            k->body->function->learns = true;
        effects_obstacle(k, "it changes what learns", s->span);
    }
    for (size_t i = 0; i < s->learn.targets.count; i++)
        check_learn_target(k, s->learn.targets.items[i]);
}

static void check_descend(struct checker *k, struct statement *s)
{
    const struct type *t = check_scalar(k, s->descend.loss, "a loss");
    if (!type_is_error(t) && !type_is_real(t))
        diag_error(k->c, s->descend.loss->span, "a loss must be a real number: it has no gradient");
    s->descend.update = check_optimizer_use(k, s->descend.optimizer);
    if (s->descend.every != NULL)
        check_unit(k, s->descend.every, unit_none(), "the number of steps");
    note_running(k);
    if (k->body->function != NULL)
        k->body->function->learns = true;
    effects_obstacle(k, "it descends", s->span);
}

/* ---- results -------------------------------------------------------- */

static void note_order(struct checker *k, const struct statement *s)
{
    note_running(k);
    if (k->body->function != NULL)
        k->body->function->logs = true;
    effects_obstacle(
        k, arena_format(k->arena, "'%s' has to happen in order", statement_kind_text(s->kind)),
        s->span);
}

static void check_metric(struct checker *k, struct statement *s)
{
    const struct type *t = check_expr(k, s->metric.value);
    note_order(k, s);
    if (t->kind == TYPE_NONE) {
        diag_error(k->c, s->metric.value->span, "this gives no value");
        return;
    }
    if (!type_is_error(t) && !type_is_number(t) && t->kind != TYPE_STRING) {
        diag_error(k->c, s->metric.value->span, "%s cannot be %s", type_text(k->arena, t),
                   s->kind == STATEMENT_LOG ? "logged" : "reported");
        return;
    }
    if (s->kind == STATEMENT_LOG && t->kind == TYPE_STRING)
        diag_error(k->c, s->metric.value->span, "a text cannot be logged; report it");
    if (s->metric.name.name == NULL && s->metric.value->kind != EXPR_NAME) {
        const char *word = statement_kind_text(s->kind);
        diag_error(k->c, s->span, "this value needs a name");
        diag_hint(k->c, "write '%s name = ...'", word);
    }
}

static void check_export(struct checker *k, struct statement *s)
{
    struct expr *value = s->export_to.value;
    if (value->kind == EXPR_FOR)
        value->loop.is_exported = true;
    check_number(k, value, "what is exported");
    check_string(k, s->export_to.path, "a path");
    note_order(k, s);
}

/* ---- plot ----------------------------------------------------------- */

static void check_figure_argument(struct checker *k, const struct builtin *builtin, size_t position,
                                  struct expr *e)
{
    const struct type *t = check_expr(k, e);
    if (type_is_error(t))
        return;
    bool fits = type_is_number(t) && t->axes.count > 0;
    const char *wanted = "an array";
    if (builtin->id == BUILTIN_PLOT_WEIGHTS) {
        fits = t->kind == TYPE_CONNECTION || (fits && t->axes.count > 1);
        wanted = "a connection or an array of several axes";
    } else if (builtin->id == BUILTIN_PLOT_RASTER ||
               (builtin->id == BUILTIN_PLOT_SPIKE_COUNT && position == 0)) {
        fits = t->kind == TYPE_LAYER;
        wanted = "a layer";
    } else if (builtin->id == BUILTIN_PLOT_SPIKE_COUNT) {
        fits = type_is_number(t) && t->axes.count == 0;
        wanted = "a number";
    }
    if (!fits)
        diag_error(k->c, e->span, "'%s' needs %s, not %s", builtin->name, wanted,
                   type_text(k->arena, t));
}

static void check_figure(struct checker *k, struct expr *e)
{
    struct expr *callee = e->kind == EXPR_CALL ? e->call.callee : e;
    const struct argument_list *list = e->kind == EXPR_CALL ? &e->call.arguments : NULL;
    e->type = callee->type = type_new(k->arena, TYPE_FIGURE);
    if (e->kind == EXPR_ERROR)
        return;
    const struct builtin *builtin =
        callee->kind == EXPR_NAME ? builtin_find(callee->name.name) : NULL;
    if (builtin == NULL || builtin->group != BUILTIN_GROUP_FIGURE) {
        const char *name = callee->kind == EXPR_NAME ? callee->name.name->text : "this";
        struct suggestion suggestion = suggest_begin(name);
        builtin_suggest(BUILTIN_GROUP_FIGURE, &suggestion);
        diag_error(k->c, callee->span, "unknown figure '%s'", name);
        if (suggestion.best != NULL)
            diag_hint(k->c, "did you mean '%s'?", suggestion.best);
        return;
    }
    if (!bind_builtin(k, e, builtin, NULL, list))
        return;
    for (size_t i = 0; i < e->target->count; i++)
        if (e->target->arguments[i] != NULL)
            check_figure_argument(k, builtin, i, e->target->arguments[i]);
    const struct expr *x = e->target->count > 1 ? e->target->arguments[1] : NULL;
    const struct expr *y = e->target->count > 0 ? e->target->arguments[0] : NULL;
    bool is_pair = builtin->id == BUILTIN_PLOT_CONFUSION && x != NULL && y != NULL;
    struct axis_list axes;
    if (is_pair && type_is_number(x->type) && type_is_number(y->type))
        join_axes(k, y, x, e->span, &axes);
}

static void check_plot(struct checker *k, struct statement *s)
{
    note_order(k, s);
    for (size_t i = 0; i < s->plot.figures.count; i++)
        check_figure(k, s->plot.figures.items[i]);
}

/* ---- dispatch ------------------------------------------------------- */

void check_task_statement(struct checker *k, struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_PRESENT: check_present(k, s); break;
    case STATEMENT_REST: check_rest(k, s); break;
    case STATEMENT_RESET: check_reset(k, s); break;
    case STATEMENT_LEARN:
    case STATEMENT_FREEZE: check_learn(k, s); break;
    case STATEMENT_DESCEND: check_descend(k, s); break;
    case STATEMENT_LOG:
    case STATEMENT_REPORT: check_metric(k, s); break;
    case STATEMENT_SAVE:
    case STATEMENT_LOAD:
        check_string(k, s->value.value, "a name");
        note_order(k, s);
        break;
    case STATEMENT_EXPORT: check_export(k, s); break;
    case STATEMENT_PLOT: check_plot(k, s); break;
    default: unreachable();
    }
}

void check_task(struct checker *k, struct declaration *d)
{
    struct module *module = module_of(k, d);
    struct function_instance *self = arena_new(k->arena, struct function_instance);
    self->declaration = d;
    struct body body = { .kind = BODY_TASK, .function = self, .block = d->task.body };
    struct checker_state state =
        checker_enter(k, module, scope_new(k->arena, module->scope), &body);
    struct effects storage;
    effects_enter(k, &storage);
    check_block(k, d->task.body);
    checker_leave(k, state);
}
