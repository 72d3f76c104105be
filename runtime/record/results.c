/* SPDX-License-Identifier: MIT
 *
 * What `report` says: on standard output at once, in results.json by task and name after each task.
 * A name that is reported again in the same task replaces what it said before.
 */
#include "record/internal.h"

#include "console.h"
#include "record/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRINTED_ELEMENTS = 16 };

/* Keeps the value, a finished JSON document. */
static void keep(struct snn_record *record, const char *name, struct snn_json *json)
{
    const char *task = snn_record_task_name(record);
    struct snn_reported *reported = NULL;

    snn_console_end_line();
    snn_json_finish(json);
    json->text[strlen(json->text) - 1] = '\0'; /* the newline */
    for (size_t i = 0; i < record->reported_count && !reported; i++)
        if (strcmp(record->reported[i].task, task) == 0 &&
            strcmp(record->reported[i].name, name) == 0)
            reported = &record->reported[i];
    if (reported)
        free(reported->value);
    else
        reported = snn_record_append(&record->reported, &record->reported_count,
                                     &record->reported_capacity, sizeof *reported);
    *reported = (struct snn_reported){ task, snn_record_copy(record, name), json->text };
}

/* A value with a unit is an object of both. */
static void start_value(struct snn_json *json, const char *unit)
{
    snn_json_start(json, false);
    if (*unit)
        snn_json_begin_object(json, NULL);
}

static void keep_with_unit(struct snn_record *record, const char *name, struct snn_json *json,
                           const char *unit)
{
    if (*unit) {
        snn_json_text(json, "unit", unit);
        snn_json_end_object(json);
    }
    keep(record, name, json);
}

void snn_record_report_number(struct snn_record *record, const char *name, double value,
                              const char *unit)
{
    struct snn_json json;
    char text[SNN_NUMBER_BYTES];

    pthread_mutex_lock(&record->mutex);
    start_value(&json, unit);
    snn_json_number(&json, *unit ? "value" : NULL, value);
    keep_with_unit(record, name, &json, unit);
    printf("%s = %s%s%s\n", name, snn_format_number(text, value), *unit ? " " : "", unit);
    pthread_mutex_unlock(&record->mutex);
}

void snn_record_report_integer(struct snn_record *record, const char *name, int64_t value)
{
    struct snn_json json;

    pthread_mutex_lock(&record->mutex);
    snn_json_start(&json, false);
    snn_json_integer(&json, NULL, value);
    keep(record, name, &json);
    printf("%s = %" PRId64 "\n", name, value);
    pthread_mutex_unlock(&record->mutex);
}

void snn_record_report_text(struct snn_record *record, const char *name, const char *text)
{
    struct snn_json json;

    pthread_mutex_lock(&record->mutex);
    snn_json_start(&json, false);
    snn_json_text(&json, NULL, text);
    keep(record, name, &json);
    printf("%s = %s\n", name, text);
    pthread_mutex_unlock(&record->mutex);
}

static void print_array(const char *name, const char *unit, enum snn_type type, const void *data,
                        const struct snn_axis *axes, int rank)
{
    char text[SNN_NUMBER_BYTES];
    int64_t count = 1;

    for (int i = 0; i < rank; i++)
        count *= axes[i].extent;
    printf("%s = [", name);
    for (int64_t i = 0; i < count && count <= PRINTED_ELEMENTS; i++)
        printf("%s%s", i ? ", " : "", snn_format_number(text, snn_array_value(type, data, i)));
    for (int i = 0; i < rank && count > PRINTED_ELEMENTS; i++)
        printf("%s%s: %" PRId64, i ? ", " : "", axes[i].name, axes[i].extent);
    printf("]%s%s%s\n", *unit ? " " : "", unit,
           count > PRINTED_ELEMENTS ? ", in results.json" : "");
}

void snn_record_report_array(struct snn_record *record, const char *name, const char *unit,
                             enum snn_type type, const void *data, const struct snn_axis *axes,
                             int rank)
{
    struct snn_json json;

    pthread_mutex_lock(&record->mutex);
    start_value(&json, unit);
    snn_json_values(&json, *unit ? "value" : NULL, type, data, axes, rank);
    keep_with_unit(record, name, &json, unit);
    print_array(name, unit, type, data, axes, rank);
    pthread_mutex_unlock(&record->mutex);
}

static bool is_first_of_task(const struct snn_record *record, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(record->reported[k].task, record->reported[i].task) == 0)
            return false;
    return true;
}

void snn_record_results(struct snn_record *record)
{
    struct snn_json json;

    if (record->reported_count == 0)
        return;
    snn_json_start(&json, true);
    snn_json_begin_object(&json, NULL);
    for (size_t i = 0; i < record->reported_count; i++) {
        const char *task = record->reported[i].task;

        if (!is_first_of_task(record, i))
            continue;
        snn_json_begin_object(&json, task);
        for (size_t k = i; k < record->reported_count; k++)
            if (strcmp(record->reported[k].task, task) == 0)
                snn_json_raw(&json, record->reported[k].name, record->reported[k].value);
        snn_json_end_object(&json);
    }
    snn_json_end_object(&json);
    snn_record_write_json(record, "results.json", &json);
    snn_console_flush_results();
}
