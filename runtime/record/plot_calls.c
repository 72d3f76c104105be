/* SPDX-License-Identifier: MIT
 *
 * Plots that tasks ask for, and those of what was logged. A plot's file is named after its kind and
 * what it shows; one that is drawn again gets a number. Its arguments are looked at only once they
 * are complete.
 */
#include "calls.h"

#include "error.h"
#include "panic.h"
#include "record/internal.h"
#include "record/plot/animation.h"
#include "record/plot/plot.h"
#include "record/scale.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_NAME_BYTES = 72 };

/* "weights(xe)" -> "weights-xe": letters, digits, dots; anything else is one '-'. */
static void file_name(char out[FILE_NAME_BYTES], const char *title)
{
    size_t used = 0;

    for (; *title && used < FILE_NAME_BYTES - 1; title++) {
        if (isalnum((unsigned char)*title) || *title == '_' || *title == '.')
            out[used++] = *title;
        else if (used > 0 && out[used - 1] != '-')
            out[used++] = '-';
    }
    while (used > 0 && out[used - 1] == '-')
        used--;
    out[used] = '\0';
}

/* One plot at a time: the page is drawn in SVG and PNG. */
struct page {
    const struct snn_plot_kind *kind;
    const struct snn_plot *plot;
};

static void draw_page(struct snn_canvas *canvas, const void *what)
{
    const struct page *page = what;

    page->kind->draw(canvas, page->plot);
}

static void draw_frame(struct snn_canvas *canvas, const void *what, int frame)
{
    const struct page *page = what;

    snn_plot_kind_motion(page->kind)->draw(canvas, page->plot, frame);
}

static void save_plot(struct snn_record *record, const struct snn_plot_kind *kind,
                      const struct snn_plot *plot, const char *name)
{
    const struct snn_plot_motion *motion = snn_plot_kind_motion(kind);
    struct page page = { kind, plot };
    char file[FILE_NAME_BYTES];
    double width, height;
    const char *svg, *png;

    file_name(file, name);
    kind->size(plot, &width, &height);
    svg = snn_record_new_path(record, file, ".svg");
    png = snn_record_sibling(record, svg, ".png");
    snn_record_check(snn_canvas_save(svg, png, width, height, draw_page, &page));
    if (motion)
        snn_record_check(snn_animation_save(snn_record_sibling(record, svg, ".gif"), width, height,
                                            motion->frames(plot), motion->hundredths(plot),
                                            draw_frame, &page));
}

/* ---- from tasks */

void snn_rt_plot_begin(struct snn_context *context, const char *kind, const char *title)
{
    struct snn_plot *plot = snn_region_alloc(context->lane->region, sizeof *plot);

    plot->kind = kind;
    plot->title = title;
    context->lane->plot = plot;
}

void snn_rt_plot_array(struct snn_context *context, const char *label, int32_t buffer)
{
    struct snn_plot *plot = context->lane->plot;
    struct snn_plot_array *array = &plot->arrays[plot->array_count++];

    if (plot->array_count > SNN_PLOT_ARRAYS)
        snn_panic("%s: a plot has at most %d arrays", plot->title, SNN_PLOT_ARRAYS);
    array->label = label;
    array->unit = context->program->buffers[buffer].unit;
    array->type = context->program->buffers[buffer].type;
    array->data = snn_scale_array(context, buffer);
    array->rank = snn_lane_array_axes(context, buffer, array->axes);
    array->count = 1;
    for (int i = 0; i < array->rank; i++)
        array->count *= array->axes[i].extent;
}

static struct snn_plot_option *new_option(struct snn_context *context)
{
    struct snn_plot *plot = context->lane->plot;

    if (plot->option_count == SNN_PLOT_OPTIONS)
        snn_panic("%s: a plot has at most %d options", plot->title, SNN_PLOT_OPTIONS);
    return &plot->options[plot->option_count++];
}

void snn_rt_plot_number(struct snn_context *context, const char *name, double value)
{
    *new_option(context) =
        (struct snn_plot_option){ .name = name, .number = snn_scale_number(context, value) };
}

void snn_rt_plot_text(struct snn_context *context, const char *name, const char *text)
{
    *new_option(context) = (struct snn_plot_option){ .name = name, .text = text };
}

void snn_rt_plot_end(struct snn_context *context)
{
    struct snn_plot *plot = context->lane->plot;
    const struct snn_plot_kind *kind = snn_plot_kind_find(plot->kind);
    char kinds[256];

    if (!kind) {
        snn_plot_kind_list(kinds, sizeof kinds);
        snn_panic("%s: there is no plot '%s'; there are %s", plot->title, plot->kind, kinds);
    }
    if (!kind->accepts(plot))
        snn_panic("%s: '%s' takes %s", plot->title, kind->name, kind->takes);
    plot->title = snn_plot_text(plot, "title", plot->title);
    save_plot(context->runtime->record, kind, plot, snn_plot_text(plot, "file", plot->title));
    context->lane->plot = NULL;
}

/* ---- of what was logged */

static bool is_same_log(const struct snn_logged *a, const struct snn_logged *b)
{
    return strcmp(a->task, b->task) == 0 && strcmp(a->name, b->name) == 0;
}

/* Collects the values of the log that element `first` begins; the result is their number. */
static size_t collect(const struct snn_record *record, size_t first, double *x, double *y,
                      bool *has_samples)
{
    size_t count = 0;

    *has_samples = true;
    for (size_t i = first; i < record->logged_count; i++) {
        const struct snn_logged *logged = &record->logged[i];

        if (!is_same_log(logged, &record->logged[first]))
            continue;
        y[count] = logged->value;
        x[count] = (double)logged->samples;
        *has_samples &= logged->samples > 0 && (count == 0 || x[count] > x[count - 1]);
        count++;
    }
    for (size_t i = 0; i < count && !*has_samples; i++)
        x[i] = (double)(i + 1);
    return count;
}

static struct snn_plot_array series(const char *label, const double *values, size_t count)
{
    struct snn_plot_array array = { .label = label,
                                    .unit = "",
                                    .type = SNN_FLOAT64,
                                    .data = values,
                                    .rank = 1,
                                    .count = (int64_t)count };

    array.axes[0] = (struct snn_axis){ "", (int64_t)count };
    return array;
}

static void plot_log(struct snn_record *record, size_t first, double *x, double *y)
{
    const struct snn_logged *logged = &record->logged[first];
    struct snn_plot plot = {
        .kind = "lines", .title = logged->name, .array_count = 2, .option_count = 2
    };
    bool has_samples;
    size_t count = collect(record, first, x, y, &has_samples);
    char name[160], subtitle[160];

    if (count < 2)
        return;
    snprintf(name, sizeof name, "%.60s-%.60s", *logged->task ? logged->task : "log", logged->name);
    snprintf(subtitle, sizeof subtitle, "logged by %.60s", logged->task);
    plot.arrays[0] = series(logged->name, y, count);
    plot.arrays[1] = series(has_samples ? "samples" : "log", x, count);
    plot.options[0] =
        (struct snn_plot_option){ .name = "subtitle", .text = *logged->task ? subtitle : "" };
    plot.options[1] = (struct snn_plot_option){ .name = "x_low", .number = has_samples ? 0 : 1 };
    save_plot(record, &snn_plot_lines, &plot, name);
}

void snn_record_plot_logs(struct snn_record *record)
{
    double *x = malloc((record->logged_count + 1) * sizeof *x),
           *y = malloc((record->logged_count + 1) * sizeof *y);

    if (!x || !y)
        snn_panic("out of memory to plot what was logged");
    for (size_t i = 0; i < record->logged_count; i++) {
        bool is_new = true;

        for (size_t k = 0; k < i && is_new; k++)
            is_new = !is_same_log(&record->logged[k], &record->logged[i]);
        if (is_new)
            plot_log(record, i, x, y);
    }
    free(x);
    free(y);
}
