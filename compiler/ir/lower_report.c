/* SPDX-License-Identifier: MIT
 *
 * What a run leaves behind: log, report, save, load, export, plot; and texts.
 */
#include "ir/lower_internal.h"

/* ---- texts ---- */

const char *lower_shown_unit(struct lowering *l, const struct type *t)
{
    double factor;
    if (!type_is_real(t) || unit_is_none(t->unit))
        return "";
    const char *unit = unit_shown(&l->c->arena, t->unit, &factor);
    if (factor != 1)
        ir_call_rt(&l->b, IR_RT_snn_rt_scale, 1,
                   (struct ir_node *[]){ ir_real(&l->b, IR_F64, factor) });
    return unit;
}

static struct ir_node *text_of_value(struct lowering *l, struct expr *e)
{
    if (e->type->kind == TYPE_STRING)
        return lower_text(l, e);
    struct ir_node *value = lower_scalar(l, e);
    lower_shown_unit(l, e->type);
    if (value->type == IR_F32 || value->type == IR_F64)
        return ir_call_rt(&l->b, IR_RT_snn_rt_text_number, 1,
                          (struct ir_node *[]){ ir_cast(&l->b, IR_F64, value) });
    return ir_call_rt(&l->b, IR_RT_snn_rt_text_integer, 1,
                      (struct ir_node *[]){ ir_cast(&l->b, IR_I64, value) });
}

static struct ir_node *text_of_if(struct lowering *l, struct expr *e)
{
    struct ir_node *condition = lower_condition(l, e->conditional.condition);
    struct ir_node *result = ir_var(&l->b, "text", ir_text(&l->b, ""));
    struct ir_node *branch = ir_if(&l->b, condition);
    struct ir_builder outer = l->b;
    l->b.before = NULL;
    l->b.block = &branch->branch.then_body;
    ir_set(&l->b, result, lower_text(l, e->conditional.then));
    l->b.block = &branch->branch.else_body;
    ir_set(&l->b, result, lower_text(l, e->conditional.otherwise));
    l->b = outer;
    return ir_get(&l->b, result);
}

static struct ir_node *text_of_binding(struct lowering *l, const struct binding *binding)
{
    if (binding->kind == BINDING_TEXT)
        return binding->param >= 0 ? ir_leaf(&l->b, IR_PARAM, IR_POINTER, binding->param)
                                   : ir_text(&l->b, binding->text != NULL ? binding->text : "");
    return binding->kind == BINDING_VAR ? ir_get(&l->b, binding->node) : binding->node;
}

struct ir_node *lower_text(struct lowering *l, struct expr *e)
{
    if (e->constant != NULL && e->constant->kind == CONSTANT_STRING)
        return ir_text(&l->b, e->constant->text);
    if (e->kind == EXPR_NAME && e->symbol != NULL && e->symbol->kind == SYMBOL_DATA_FIELD)
        return lower_sample_value(l, e, l->where_sample->node, l->where_sample->index);
    if (e->kind == EXPR_FIELD && e->symbol != NULL && e->symbol->kind == SYMBOL_DATA_FIELD)
        return lower_element(l, e, NULL, 0);
    if (e->kind == EXPR_NAME && e->symbol != NULL)
        return text_of_binding(l, binding_of(l, e->symbol, e->span));
    if (e->kind == EXPR_IF)
        return text_of_if(l, e);
    if (e->kind == EXPR_CALL && e->target != NULL && e->target->kind == CALL_FUNCTION) {
        const struct binding *result = lower_call(l, e);
        return result != NULL ? text_of_binding(l, result) : ir_text(&l->b, "");
    }
    if (e->kind != EXPR_STRING) {
        lower_refuse(l, e->span, "this text cannot be compiled yet");
        return ir_text(&l->b, "");
    }
    struct ir_node *text = NULL;
    for (size_t i = 0; i < e->string.parts.count; i++) {
        const struct string_part *part = &e->string.parts.items[i];
        struct ir_node *piece =
            part->value != NULL ? text_of_value(l, part->value) : ir_text(&l->b, part->text);
        text = text == NULL ? piece
                            : ir_call_rt(&l->b, IR_RT_snn_rt_text_join, 2,
                                         (struct ir_node *[]){ text, piece });
    }
    return text != NULL ? text : ir_text(&l->b, "");
}

/* ---- arrays for the runtime ---- */

static const char *source_text(struct lowering *l, const struct expr *e)
{
    const struct source *source = sources_get(&l->c->sources, e->span.source);
    if (source == NULL)
        return "value";
    return arena_copy_text(&l->c->arena, source->text + e->span.start, e->span.end - e->span.start);
}

/* Tells the axes of the array that the next call is about. */
static void push_axes(struct lowering *l, const struct expr *e, const struct binding *array)
{
    for (int32_t d = 0; d < array->rank; d++) {
        const struct name *name =
            (size_t)d < e->type->axes.count ? e->type->axes.items[d].name : NULL;
        const char *axis = name != NULL ? name->text : "item";
        ir_call_rt(&l->b, IR_RT_snn_rt_axis, 2,
                   (struct ir_node *[]){ ir_text(&l->b, axis), binding_extent(l, array, d) });
    }
}

static struct binding *observed_array(struct lowering *l, struct expr *e)
{
    struct binding *array = lower_packed(l, lower_array(l, e));
    l->program->buffers[array->buffer].is_observed = true;
    return array;
}

/* ---- log, report ---- */

static const char *metric_name(struct lowering *l, const struct statement *s)
{
    return s->metric.name.name != NULL ? s->metric.name.name->text
                                       : source_text(l, s->metric.value);
}

static void metric_array(struct lowering *l, struct statement *s, struct ir_node *name, bool is_log)
{
    struct binding *array = observed_array(l, s->metric.value);
    push_axes(l, s->metric.value, array);
    struct ir_node *buffer = ir_integer(&l->b, array->buffer);
    const char *unit = lower_shown_unit(l, s->metric.value->type);
    if (is_log)
        ir_call_rt(&l->b, IR_RT_snn_rt_log_array, 2, (struct ir_node *[]){ name, buffer });
    else
        ir_call_rt(&l->b, IR_RT_snn_rt_report_array, 3,
                   (struct ir_node *[]){ name, buffer, ir_text(&l->b, unit) });
}

void lower_metric(struct lowering *l, struct statement *s)
{
    struct expr *e = s->metric.value;
    bool is_log = s->kind == STATEMENT_LOG;
    struct ir_node *name = ir_text(&l->b, metric_name(l, s));
    if (l->in_parallel) {
        lower_refuse(l, s->span, "'%s' inside a loop that runs on all cores cannot be compiled yet",
                     is_log ? "log" : "report");
        return;
    }
    if (e->type->kind == TYPE_STRING) {
        ir_call_rt(&l->b, IR_RT_snn_rt_report_text, 2,
                   (struct ir_node *[]){ name, lower_text(l, e) });
        return;
    }
    if (!type_is_number(e->type)) {
        lower_refuse(l, e->span, "only numbers, arrays and texts can be reported");
        return;
    }
    lower_prepare(l, e);
    if (e->type->axes.count > 0) {
        metric_array(l, s, name, is_log);
        return;
    }
    struct ir_node *value = lower_scalar(l, e);
    bool is_real = value->type == IR_F32 || value->type == IR_F64;
    const char *unit = lower_shown_unit(l, e->type);
    if (is_log)
        ir_call_rt(&l->b, IR_RT_snn_rt_log_number, 2,
                   (struct ir_node *[]){ name, ir_cast(&l->b, IR_F64, value) });
    else if (is_real)
        ir_call_rt(
            &l->b, IR_RT_snn_rt_report_number, 3,
            (struct ir_node *[]){ name, ir_cast(&l->b, IR_F64, value), ir_text(&l->b, unit) });
    else
        ir_call_rt(&l->b, IR_RT_snn_rt_report_integer, 2,
                   (struct ir_node *[]){ name, ir_cast(&l->b, IR_I64, value) });
}

/* ---- save, load, export ---- */

/* A loaded model may have other numbers of synapses. */
static void fit_states(struct lowering *l)
{
    for (size_t n = 0; n < l->model->networks.count; n++)
        for (size_t i = 0; i < l->model->networks.items[n]->connections.count; i++) {
            struct lowered_connection *c = &l->networks[n].connections[i];
            for (size_t k = 0; k < c->connection->rules.count; k++)
                lower_rule_synapses(l, c, c->connection->rules.items[k], false);
        }
}

void lower_save(struct lowering *l, struct statement *s)
{
    struct ir_node *name = lower_text(l, s->value.value);
    if (s->kind == STATEMENT_SAVE) {
        ir_call_rt(&l->b, IR_RT_snn_rt_save, 1, &name);
    } else {
        ir_call_rt(&l->b, IR_RT_snn_rt_load, 2,
                   (struct ir_node *[]){ name, ir_text(&l->b, lower_place(l, s->span)) });
        fit_states(l);
    }
}

void lower_export(struct lowering *l, struct statement *s)
{
    struct expr *e = s->export_to.value;
    if (e->kind == EXPR_FOR) {
        lower_export_loop(l, s);
        return;
    }
    if (!type_is_number(e->type) || e->type->axes.count == 0) {
        lower_refuse(l, e->span, "only arrays can be exported");
        return;
    }
    struct binding *array = observed_array(l, e);
    struct ir_node *path = lower_text(l, s->export_to.path);
    push_axes(l, e, array);
    lower_shown_unit(l, e->type);
    ir_call_rt(&l->b, IR_RT_snn_rt_export, 3,
               (struct ir_node *[]){ ir_integer(&l->b, array->buffer), path,
                                     ir_text(&l->b, lower_place(l, s->span)) });
}

/* ---- plot ---- */

static void plot_buffer(struct lowering *l, const char *label, int32_t buffer)
{
    l->program->buffers[buffer].is_observed = true;
    ir_call_rt(&l->b, IR_RT_snn_rt_plot_array, 2,
               (struct ir_node *[]){ ir_text(&l->b, label), ir_integer(&l->b, buffer) });
}

static void push_weight_axes(struct lowering *l, const struct lowered_connection *c)
{
    struct axis_list axes = lower_weight_axes(l, c);
    int32_t sizes[2 * RANK_LIMIT], rank = lower_weight_sizes(l, c, sizes);
    for (int32_t d = 0; d < rank; d++) {
        const struct name *axis = axes.items[d].name;
        ir_call_rt(&l->b, IR_RT_snn_rt_axis, 2,
                   (struct ir_node *[]){ ir_text(&l->b, axis != NULL ? axis->text : "neuron"),
                                         lower_size_leaf(l, sizes[d]) });
    }
}

static void push_layer_axes(struct lowering *l, const struct lowered_layer *layer)
{
    for (int32_t d = 0; d < layer->rank; d++) {
        const struct name *axis = layer->layer->axes.items[d].name;
        ir_call_rt(&l->b, IR_RT_snn_rt_axis, 2,
                   (struct ir_node *[]){ ir_text(&l->b, axis != NULL ? axis->text : "neuron"),
                                         lower_size_leaf(l, layer->axis_sizes[d]) });
    }
}

static void plot_connection(struct lowering *l, const struct expr *e)
{
    const struct lowered_connection *connection = lowered_connection_of(l, e->type->connection);
    struct binding *weights = lower_packed(l, lower_weights(l, connection));
    if (connection->stage_count > 0 || connection->window != NULL) {
        push_weight_axes(l, connection);
    } else {
        if (connection->connection->kind->id != BUILTIN_ONE_TO_ONE)
            push_layer_axes(l, connection->source);
        push_layer_axes(l, connection->target);
    }
    plot_buffer(l, connection->name, weights->buffer);
}

static void plot_spikes(struct lowering *l, const struct expr *e)
{
    const struct lowered_layer *layer = lowered_layer_of(l, e->type->layer);
    if (layer->spike_record < 0) {
        lower_refuse(l, e->span, "no spikes of '%s' were recorded: present something before",
                     layer->name);
        return;
    }
    ir_call_rt(&l->b, IR_RT_snn_rt_axis, 2,
               (struct ir_node *[]){ ir_text(&l->b, "time"),
                                     ir_leaf(&l->b, IR_CONTEXT_GET, IR_I64, IR_CONTEXT_STEPS) });
    ir_call_rt(&l->b, IR_RT_snn_rt_axis, 2,
               (struct ir_node *[]){ ir_text(&l->b, "neuron"), lower_size_leaf(l, layer->size) });
    plot_buffer(l, layer->name, layer->spike_record);
    struct ir_node *dt = lower_constant_leaf(l, layer->network->dt, IR_F64);
    ir_call_rt(&l->b, IR_RT_snn_rt_plot_number, 2,
               (struct ir_node *[]){ ir_text(&l->b, "dt"), dt });
}

/* `name`: of a number; null: as it is written. */
static void plot_argument(struct lowering *l, struct expr *e, const char *name)
{
    if (e->type->kind == TYPE_CONNECTION) {
        plot_connection(l, e);
    } else if (e->type->kind == TYPE_LAYER) {
        plot_spikes(l, e);
    } else if (e->type->kind == TYPE_STRING) {
        ir_call_rt(&l->b, IR_RT_snn_rt_plot_text, 2,
                   (struct ir_node *[]){ ir_text(&l->b, source_text(l, e)), lower_text(l, e) });
    } else if (type_is_number(e->type) && e->type->axes.count > 0) {
        struct binding *array = observed_array(l, e);
        push_axes(l, e, array);
        const char *unit = lower_shown_unit(l, e->type), *text = source_text(l, e);
        plot_buffer(l, unit[0] != '\0' ? arena_format(&l->c->arena, "%s (%s)", text, unit) : text,
                    array->buffer);
    } else if (type_is_number(e->type)) {
        struct ir_node *value = lower_as(l, e, IR_F64);
        lower_shown_unit(l, e->type);
        ir_call_rt(
            &l->b, IR_RT_snn_rt_plot_number, 2,
            (struct ir_node *[]){ ir_text(&l->b, name != NULL ? name : source_text(l, e)), value });
    } else {
        lower_refuse(l, e->span, "this cannot be drawn yet");
    }
}

static void plot_figure(struct lowering *l, struct expr *figure)
{
    if (figure->target == NULL || figure->target->kind != CALL_BUILTIN) {
        lower_refuse(l, figure->span, "this cannot be drawn yet");
        return;
    }
    bool is_count = figure->target->builtin->id == BUILTIN_PLOT_SPIKE_COUNT;
    ir_call_rt(&l->b, IR_RT_snn_rt_plot_begin, 2,
               (struct ir_node *[]){ ir_text(&l->b, figure->target->builtin->name),
                                     ir_text(&l->b, source_text(l, figure)) });
    for (size_t i = 0; i < figure->target->count; i++)
        if (figure->target->arguments[i] != NULL)
            plot_argument(l, figure->target->arguments[i], is_count && i == 1 ? "label" : NULL);
    ir_call_rt(&l->b, IR_RT_snn_rt_plot_end, 0, NULL);
}

void lower_plot(struct lowering *l, struct statement *s)
{
    for (size_t i = 0; i < s->plot.figures.count; i++)
        plot_figure(l, s->plot.figures.items[i]);
}
