/* SPDX-License-Identifier: MIT
 *
 * The tables of a program as text, a line for each entry.
 */
#include "ir/print_internal.h"

static const char *buffer_type_name(enum snn_type type)
{
    static const char *const names[] = { "bool", "int32", "int64", "float32", "float64", "string" };
    return names[type];
}

static void add_param(struct printer *p, const struct snn_param *param)
{
    print_text(p, "param %s: %s = ", param->name, buffer_type_name(param->type));
    if (param->type == SNN_STRING)
        print_quoted(p, param->initial.text);
    else if (param->type == SNN_FLOAT64 || param->type == SNN_FLOAT32)
        print_real(p, IR_F64, param->initial.real);
    else
        print_text(p, "%lld", (long long)param->initial.integer);
    print_text(p, "\n");
}

static void add_buffer_line(struct printer *p, const struct ir_buffer *buffer)
{
    static const char *const kinds[] = { "model", "shared", "lane", "local" };
    print_text(p, "buffer @%s: %s[", buffer->name, buffer_type_name(buffer->type));
    print_size(p, buffer->count);
    print_text(p, "] %s", kinds[buffer->kind]);
    for (int32_t k = 0; k < buffer->rank; k++) {
        print_text(p, "%s %s ", k == 0 ? " over" : ",",
                   buffer->axes != NULL && buffer->axes[k] != NULL ? buffer->axes[k] : "");
        print_size(p, buffer->extents[k]);
    }
    if (buffer->row_axes > 0) {
        print_text(p, " rows of %d by ", (int)buffer->row_axes);
        print_size(p, buffer->row);
    }
    if (buffer->unit != NULL && buffer->unit[0] != '\0')
        print_text(p, " in %s", buffer->unit);
    print_text(p, "%s%s\n", buffer->is_state ? " state" : "",
               buffer->is_observed ? " observed" : "");
}

static void add_connection_buffer(struct printer *p, const char *label, int32_t buffer)
{
    if (buffer < 0)
        return;
    print_text(p, " %s ", label);
    print_buffer(p, buffer);
}

static void add_connection_size(struct printer *p, const char *label, int32_t size)
{
    if (size < 0)
        return;
    print_text(p, " %s ", label);
    print_size(p, size);
}

/* Axes from the outermost to the innermost: y 28, x 28. */
static void add_window_side(struct printer *p, const char *label, const struct ir_window_side *side)
{
    static const char *const names[] = { "y", "x", "channel" };
    print_text(p, " %s", label);
    for (int i = 0; i < 3; i++)
        add_connection_size(p, names[side->order[i]], side->sizes[side->order[i]]);
}

static void add_window(struct printer *p, const struct ir_window *window)
{
    add_window_side(p, "from", &window->from);
    add_window_side(p, "to", &window->to);
    add_connection_size(p, "kernel", window->kernel);
    add_connection_size(p, "stride", window->stride);
    add_connection_size(p, "padding", window->padding);
    add_connection_size(p, "groups", window->groups);
}

static void add_connection_line(struct printer *p, const struct ir_connection *connection)
{
    static const char *const topologies[] = { "dense",    "one_to_one", "all_but_one",
                                              "sparse",   "conv",       "local",
                                              "avg_pool", "max_pool",   "sum_pool" };
    print_text(p, "connection @%s: %s ", connection->name, topologies[connection->topology]);
    print_size(p, connection->source_size);
    print_text(p, " -> ");
    print_size(p, connection->target_size);
    if (connection->row_size != connection->target_size)
        add_connection_size(p, "row", connection->row_size);
    add_connection_buffer(p, "weight", connection->weight);
    if (connection->weight < 0 && connection->constant_weight >= 0)
        print_text(p, " constant weight %d", (int)connection->constant_weight);
    add_connection_buffer(p, "values", connection->values);
    if (connection->is_graded)
        print_text(p, " graded");
    add_connection_buffer(p, "spikes", connection->spikes);
    add_connection_buffer(p, "first", connection->spike_first);
    add_connection_buffer(p, "counts", connection->spike_counts);
    add_connection_buffer(p, "target", connection->target);
    add_connection_buffer(p, "rows", connection->row_starts);
    add_connection_buffer(p, "columns", connection->columns);
    add_connection_buffer(p, "buckets", connection->bucket_starts);
    add_connection_size(p, "slots", connection->ring_slots);
    add_connection_size(p, "delay", connection->delay);
    add_connection_size(p, "longest", connection->max_delay);
    add_connection_buffer(p, "window counts", connection->counts);
    if (connection->window != NULL)
        add_window(p, connection->window);
    print_text(p, "\n");
}

void print_tables(struct printer *p)
{
    const struct ir_program *program = p->program;
    print_text(p, "program \"%s\"\n", program->name != NULL ? program->name : "");
    for (int32_t k = 0; k < program->param_count; k++)
        add_param(p, &program->params[k]);
    for (int32_t k = 0; k < program->data_count; k++)
        print_text(p, "data %s\n", program->data[k].name);
    for (int32_t k = 0; k < program->size_count; k++) {
        print_text(p, "size ");
        print_size(p, k);
        print_text(p, "\n");
    }
    for (int32_t k = 0; k < program->constant_count; k++) {
        print_text(p, "constant %d ", (int)k);
        print_quoted(p, program->constants[k].name);
        print_text(p, ": %s\n", program->constants[k].is_integer ? "i64" : "f64");
    }
    for (int32_t k = 0; k < program->site_count; k++)
        print_text(p, "site %d %s\n", (int)k, program->sites[k].stream);
    for (int32_t k = 0; k < program->buffer_count; k++)
        add_buffer_line(p, &program->buffers[k]);
    for (int32_t k = 0; k < program->connection_count; k++)
        add_connection_line(p, &program->connections[k]);
    for (int32_t k = 0; k < program->task_count; k++)
        print_text(p, "task %s: @%s%s\n", program->tasks[k].name,
                   program->functions[program->tasks[k].function]->name,
                   program->tasks[k].is_optional ? " optional" : "");
}
