/* SPDX-License-Identifier: MIT
 *
 * The table of plot kinds, and what they share.
 */
#include "record/plot/plot.h"

#include "record/record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct snn_plot_kind *const kinds[] = {
    &snn_plot_confusion,        &snn_plot_weights,     &snn_plot_raster, &snn_plot_lines,
    &snn_plot_histogram,        &snn_plot_image,       &snn_plot_votes,  &snn_plot_distance_matrix,
    &snn_plot_precision_recall, &snn_plot_spike_count,
};

const struct snn_plot_kind *snn_plot_kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

const struct snn_plot_motion *snn_plot_kind_motion(const struct snn_plot_kind *kind)
{
    return kind == &snn_plot_spike_count ? &snn_plot_spike_count_motion : NULL;
}

void snn_plot_kind_list(char *out, size_t bytes)
{
    size_t used = 0;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && used < bytes; i++)
        used += (size_t)snprintf(out + used, bytes - used, "%s%s", i ? ", " : "", kinds[i]->name);
}

static const struct snn_plot_option *find_option(const struct snn_plot *plot, const char *name)
{
    for (int i = 0; i < plot->option_count; i++)
        if (strcmp(plot->options[i].name, name) == 0)
            return &plot->options[i];
    return NULL;
}

double snn_plot_number(const struct snn_plot *plot, const char *name, double otherwise)
{
    const struct snn_plot_option *option = find_option(plot, name);

    return option && !option->text ? option->number : otherwise;
}

const char *snn_plot_text(const struct snn_plot *plot, const char *name, const char *otherwise)
{
    const struct snn_plot_option *option = find_option(plot, name);

    return option && option->text ? option->text : otherwise;
}

double snn_plot_value(const struct snn_plot_array *array, int64_t i)
{
    return snn_array_value(array->type, array->data, i);
}

void snn_plot_range(const struct snn_plot_array *array, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int64_t i = 0; i < array->count; i++) {
        double value = snn_plot_value(array, i);

        if (isfinite(value)) {
            *low = fmin(*low, value);
            *high = fmax(*high, value);
        }
    }
    if (*low > *high) {
        *low = 0;
        *high = 1;
    }
}

void snn_plot_with_unit(char *out, size_t bytes, const char *name, const char *unit)
{
    char bracketed[64];

    snprintf(bracketed, sizeof bracketed, "(%.40s)", unit);
    snprintf(out, bytes, "%.80s%s%s", name, *unit && !strstr(name, bracketed) ? " " : "",
             *unit && !strstr(name, bracketed) ? bracketed : "");
}
