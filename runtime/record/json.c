/* SPDX-License-Identifier: MIT
 *
 * Text is expected to be UTF-8 and passed on as it is, but for quotes, backslashes and control
 * characters.
 */
#include "record/json.h"

#include "panic.h"
#include "record/number.h"
#include "record/record.h"

#include <inttypes.h>
#include <math.h>

void snn_json_start(struct snn_json *json, bool is_pretty)
{
    *json = (struct snn_json){ .is_pretty = is_pretty };
    json->file = open_memstream(&json->text, &json->bytes);
    if (!json->file)
        snn_panic("out of memory for a record");
}

void snn_json_finish(struct snn_json *json)
{
    fputc('\n', json->file);
    if (ferror(json->file) || fclose(json->file) != 0)
        snn_panic("out of memory for a record");
    json->file = NULL;
}

static void write_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            fprintf(file, "\\%c", c);
        else if (c == '\n')
            fputs("\\n", file);
        else if (c < 0x20)
            fprintf(file, "\\u%04x", c);
        else
            fputc(c, file);
    }
    fputc('"', file);
}

static void new_line(struct snn_json *json)
{
    if (!json->is_pretty || json->is_flat[json->depth])
        return;
    fputc('\n', json->file);
    for (int i = 0; i < json->depth; i++)
        fputs("  ", json->file);
}

/* The comma, the line and the key before a value. */
static FILE *begin_value(struct snn_json *json, const char *key)
{
    FILE *file = json->file;

    if (json->depth > 0) {
        bool is_on_line = !json->is_pretty || json->is_flat[json->depth];

        if (json->has_member[json->depth])
            fputs(is_on_line ? ", " : ",", file);
        json->has_member[json->depth] = true;
        new_line(json);
    }
    if (key) {
        write_text(file, key);
        fputs(": ", file);
    }
    return file;
}

static void begin(struct snn_json *json, const char *key, char bracket, bool is_flat)
{
    fputc(bracket, begin_value(json, key));
    if (json->depth + 1 >= SNN_JSON_DEPTH)
        snn_panic("a record has more than %d levels", SNN_JSON_DEPTH);
    json->depth++;
    json->has_member[json->depth] = false;
    json->is_flat[json->depth] = is_flat || json->is_flat[json->depth - 1];
}

static void end(struct snn_json *json, char bracket)
{
    bool has_member = json->has_member[json->depth], is_flat = json->is_flat[json->depth];

    json->is_flat[json->depth--] = false;
    if (has_member && !is_flat)
        new_line(json);
    fputc(bracket, json->file);
}

void snn_json_begin_object(struct snn_json *json, const char *key)
{
    begin(json, key, '{', false);
}

void snn_json_end_object(struct snn_json *json)
{
    end(json, '}');
}

void snn_json_begin_array(struct snn_json *json, const char *key)
{
    begin(json, key, '[', true);
}

void snn_json_begin_list(struct snn_json *json, const char *key)
{
    begin(json, key, '[', false);
}

void snn_json_end_array(struct snn_json *json)
{
    end(json, ']');
}

void snn_json_text(struct snn_json *json, const char *key, const char *text)
{
    FILE *file = begin_value(json, key);

    if (text)
        write_text(file, text);
    else
        fputs("null", file);
}

void snn_json_number(struct snn_json *json, const char *key, double value)
{
    char text[SNN_NUMBER_BYTES];

    fputs(isfinite(value) ? snn_format_number(text, value) : "null", begin_value(json, key));
}

void snn_json_integer(struct snn_json *json, const char *key, int64_t value)
{
    fprintf(begin_value(json, key), "%" PRId64, value);
}

void snn_json_unsigned(struct snn_json *json, const char *key, uint64_t value)
{
    bool is_text = value > INT64_MAX;

    fprintf(begin_value(json, key), is_text ? "\"%" PRIu64 "\"" : "%" PRIu64, value);
}

void snn_json_bool(struct snn_json *json, const char *key, bool value)
{
    fputs(value ? "true" : "false", begin_value(json, key));
}

void snn_json_raw(struct snn_json *json, const char *key, const char *value)
{
    fputs(value, begin_value(json, key));
}

static void write_element(struct snn_json *json, const char *key, enum snn_type type,
                          const void *data, int64_t i)
{
    if (type == SNN_BOOL)
        snn_json_bool(json, key, ((const uint8_t *)data)[i] != 0);
    else if (type == SNN_INT64)
        snn_json_integer(json, key, ((const int64_t *)data)[i]);
    else
        snn_json_number(json, key, snn_array_value(type, data, i));
}

/* Writes the axes from `axis` on, whose elements begin at `first`; returns the place behind them.
 */
static int64_t write_axis(struct snn_json *json, const char *key, enum snn_type type,
                          const void *data, const struct snn_axis *axes, int rank, int64_t first)
{
    if (rank == 0) {
        write_element(json, key, type, data, first);
        return first + 1;
    }
    snn_json_begin_array(json, key);
    for (int64_t i = 0; i < axes[0].extent; i++)
        first = write_axis(json, NULL, type, data, axes + 1, rank - 1, first);
    snn_json_end_array(json);
    return first;
}

void snn_json_values(struct snn_json *json, const char *key, enum snn_type type, const void *data,
                     const struct snn_axis *axes, int rank)
{
    write_axis(json, key, type, data, axes, rank, 0);
}
