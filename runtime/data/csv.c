/* SPDX-License-Identifier: MIT
 *
 * Data sets from tables of numbers. The first line that is not all numbers is taken as the column
 * names if it is the first of the file; any other field that is not a number is an error that shows
 * line and column..
 */
#include "data/source.h"
#include "data/stream.h"
#include "error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES ((size_t)4 << 30)

struct table {
    const char *path; /* for messages */
    char separator;
    int64_t columns; /* 0 before the first row */
    int64_t rows;
    float *values;   /* [rows, columns], owned */
    size_t capacity; /* of `values` */
};

/* One field: [begin, end) without surrounding blanks or quotes. */
struct field {
    const char *begin, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The field that begins at `text`; *next is where the following one begins, or NULL if it was the
 * last of the line. */
static struct field split_field(const char *text, const char *line_end, char separator,
                                const char **next)
{
    const char *end = memchr(text, separator, (size_t)(line_end - text));
    struct field field = { text, end ? end : line_end };

    *next = end ? end + 1 : NULL;
    while (field.begin < field.end && is_blank(*field.begin))
        field.begin++;
    while (field.begin < field.end && is_blank(field.end[-1]))
        field.end--;
    if (field.end - field.begin >= 2 && *field.begin == '"' && field.end[-1] == '"') {
        field.begin++;
        field.end--;
    }
    return field;
}

/* A decimal number and nothing else. `nan` and `inf` are numbers; hexadecimal is not. */
static bool parse_number(struct field field, float *value)
{
    char text[64], *end;
    size_t length = (size_t)(field.end - field.begin);

    if (length == 0 || length >= sizeof text || memchr(field.begin, 'x', length) ||
        memchr(field.begin, 'X', length))
        return false;
    memcpy(text, field.begin, length);
    text[length] = '\0';
    *value = strtof(text, &end);
    return end == text + length && !is_blank(text[0]);
}

static bool reserve_row(struct table *table)
{
    size_t needed = (size_t)(table->rows + 1) * (size_t)table->columns;
    float *grown;

    if (needed <= table->capacity)
        return true;
    needed = needed < 1024 ? 1024 : needed * 2;
    grown = realloc(table->values, needed * sizeof *grown);
    if (!grown)
        return false;
    table->values = grown;
    table->capacity = needed;
    return true;
}

static int64_t count_fields(const char *line, const char *end, char separator)
{
    int64_t count = 1;

    for (; line < end; line++)
        count += *line == separator;
    return count;
}

static bool is_header(const char *line, const char *end, char separator)
{
    const char *next = line;
    float value;

    while (next)
        if (!parse_number(split_field(next, end, separator, &next), &value))
            return true;
    return false;
}

static int read_row(struct table *table, const char *line, const char *end, int64_t line_number)
{
    int64_t columns = count_fields(line, end, table->separator);
    const char *next = line;
    float *row;

    if (table->columns == 0)
        table->columns = columns;
    if (columns != table->columns)
        return snn_error_set("%s:%lld: %lld columns; the lines before have %lld", table->path,
                             (long long)line_number, (long long)columns, (long long)table->columns);
    if (!reserve_row(table))
        return snn_error_set("%s: out of memory", table->path);
    row = table->values + table->rows * table->columns;
    for (int64_t column = 0; column < columns; column++) {
        struct field field = split_field(next, end, table->separator, &next);

        if (!parse_number(field, &row[column]))
            return snn_error_set("%s:%lld: '%.*s' in column %lld is not a number", table->path,
                                 (long long)line_number,
                                 (int)(field.end - field.begin < 40 ? field.end - field.begin : 40),
                                 field.begin, (long long)column + 1);
    }
    table->rows++;
    return 0;
}

/* The one of , ; tab that the first line has most of. */
static char guess_separator(const char *line, const char *end)
{
    static const char candidates[] = { ',', ';', '\t' };
    char best = ',';

    for (size_t i = 1; i < sizeof candidates; i++)
        if (count_fields(line, end, candidates[i]) > count_fields(line, end, best))
            best = candidates[i];
    return best;
}

static bool is_empty(const char *line, const char *end)
{
    while (line < end && is_blank(*line))
        line++;
    return line == end;
}

static int parse_table(struct table *table, const char *text, size_t bytes)
{
    const char *end = text + bytes;
    int64_t line_number = 0;
    bool has_begun = false;

    if (memchr(text, '\0', bytes))
        return snn_error_set("%s: not a text file: it has zero bytes", table->path);
    if (bytes >= 3 &&
        memcmp(text, "\xEF\xBB\xBF", 3) == 0) /* the mark that spreadsheets put before UTF-8 */
        text += 3;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line = text, *line_end = newline ? newline : end;

        text = newline ? newline + 1 : end;
        line_number++;
        if (is_empty(line, line_end) || *line == '#')
            continue;
        if (!has_begun) {
            has_begun = true;
            table->separator = guess_separator(line, line_end);
            if (is_header(line, line_end, table->separator)) {
                table->columns = count_fields(line, line_end, table->separator);
                continue;
            }
        }
        if (read_row(table, line, line_end, line_number) < 0)
            return -1;
    }
    return table->rows ? 0 : snn_error_set("%s: no rows of numbers", table->path);
}

/* ---- the table as a data set */

/* Resolves the label's column; -1 is none, -2 an error. */
static int64_t find_label_column(const struct table *table, double label)
{
    double column = label < 0 ? label + (double)table->columns : label;

    if (isnan(label))
        return -1;
    if (column != floor(column) || column < 0 || column >= (double)table->columns) {
        snn_error_set("%s: there is no column %g for the label; the columns are 0 to %lld",
                      table->path, label, (long long)table->columns - 1);
        return -2;
    }
    return (int64_t)column;
}

static int take_label(struct snn_dataset *set, struct snn_part *part, const struct table *table,
                      int64_t row, float value)
{
    if (!(value >= 0 && value < 16777216.0f) ||
        value != floorf(value)) /* beyond 2^24 float32 skips whole numbers */
        return snn_error_set("%s: label %g of row %lld is not a whole number from 0", table->path,
                             (double)value, (long long)row + 1);
    part->labels[row] = (int32_t)value;
    if (part->labels[row] >= set->classes)
        set->classes = part->labels[row] + 1;
    return 0;
}

static int fill_part(struct snn_dataset *set, struct snn_part *part, const struct table *table,
                     int64_t label_column)
{
    float *values;

    if (snn_part_allocate(part, set, table->rows, label_column >= 0) < 0)
        return -1;
    values = part->pixels;
    for (int64_t row = 0; row < table->rows; row++)
        for (int64_t column = 0; column < table->columns; column++) {
            float value = table->values[row * table->columns + column];

            if (column != label_column)
                *values++ = value;
            else if (take_label(set, part, table, row, value) < 0)
                return -1;
        }
    return 0;
}

static int fill_set(struct snn_dataset *set, const struct table *table, double label)
{
    int64_t label_column = find_label_column(table, label);
    struct snn_part part = { 0 };

    if (label_column == -2)
        return -1;
    if (table->columns == 1 && label_column == 0)
        return snn_error_set("%s: there is no column beside the label", table->path);
    set->pixel = SNN_PIXEL_FLOAT32;
    if (!snn_dataset_add_axis(set, "column", table->columns - (label_column >= 0)))
        return -1;
    if (fill_part(set, &part, table, label_column) < 0) {
        snn_part_dispose(&part);
        return -1;
    }
    snn_dataset_put_part(set, SNN_SPLIT_NONE, &part);
    return 0;
}

int snn_dataset_csv_from(struct snn_dataset **out, const char *name, struct snn_stream *stream,
                         double label)
{
    struct table table = { .path = snn_stream_name(stream) };
    struct snn_dataset *set;
    char *text;
    size_t bytes;
    int status;

    if (snn_stream_read_all(stream, &text, &bytes, MAX_FILE_BYTES) < 0)
        return -1;
    status = parse_table(&table, text, bytes);
    free(text);
    set = status == 0 ? snn_dataset_create(name) : NULL;
    status = set ? fill_set(set, &table, label) : -1;
    free(table.values);
    if (status < 0) {
        snn_dataset_release(set);
        return -1;
    }
    *out = set;
    return 0;
}

int snn_dataset_csv(struct snn_dataset **out, const char *name, const char *path, double label)
{
    struct snn_stream *stream;
    int status;

    if (snn_stream_open(&stream, path) < 0)
        return -1;
    status = snn_dataset_csv_from(out, name, stream, label);
    snn_stream_close(stream);
    return status;
}
