/* SPDX-License-Identifier: MIT
 *
 * The table on a terminal and as CSV. On a terminal it is as narrow as it can be: what all rows
 * share stands in one line above it, and of the facts only those that tell something are shown.
 */
#include "experiment/listing.h"

#include "record/number.h"

#include <math.h>
#include <string.h>

enum { LINE_WIDTH = 100 };

enum place {
    PLACE_COLUMN,
    PLACE_COLUMN_OR_ABOVE,  /* a column if rows differ, otherwise in the line above */
    PLACE_COLUMN_IF_VARIES, /* a column if rows differ */
    PLACE_NONE,             /* for CSV, --where and --sort */
};

static enum place place_of(const struct snn_column *column)
{
    static const struct {
        const char *fact;
        enum place place;
    } facts[] = {
        { "run", PLACE_COLUMN },
        { "status", PLACE_COLUMN },
        { "seconds", PLACE_COLUMN },
        { "tasks", PLACE_COLUMN_OR_ABOVE },
        { "seed", PLACE_COLUMN_OR_ABOVE },
        { "fold", PLACE_COLUMN_OR_ABOVE },
        { "version", PLACE_COLUMN_IF_VARIES },
    };

    switch (column->kind) {
    case SNN_COLUMN_RESULT: return PLACE_COLUMN;
    case SNN_COLUMN_PARAMETER: return PLACE_COLUMN_OR_ABOVE;
    case SNN_COLUMN_FACT: break;
    }
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (strcmp(column->name, facts[i].fact) == 0)
            return facts[i].place;
    return PLACE_NONE;
}

static bool varies(const struct snn_listing *listing, const struct snn_column *column)
{
    for (size_t row = 1; row < listing->row_count; row++)
        if (strcmp(column->cells[row].text, column->cells[0].text) != 0)
            return true;
    return false;
}

static bool is_above(const struct snn_listing *listing, const struct snn_column *column)
{
    return place_of(column) == PLACE_COLUMN_OR_ABOVE && !varies(listing, column) &&
           *column->cells[0].text;
}

static bool is_column_shown(const struct snn_listing *listing, const struct snn_column *column)
{
    enum place place = place_of(column);

    return place == PLACE_COLUMN || (place != PLACE_NONE && varies(listing, column));
}

/* Characters, not bytes: one that goes on an earlier one begins with the bits 10. */
static int width_of(const char *text)
{
    int width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* What all rows share, over several lines if it is long. */
static void print_shared(FILE *file, const struct snn_listing *listing)
{
    static const char begin[] = "in all runs:";
    int used = 0;

    for (size_t i = 0; i < listing->column_count; i++) {
        const struct snn_column *column = &listing->columns[i];
        int width = 2 + width_of(column->label) + width_of(column->cells[0].text) +
                    (*column->unit ? 1 + width_of(column->unit) : 0);

        if (!is_above(listing, column))
            continue;
        if (used == 0)
            used = fprintf(file, "%s", begin);
        else
            used += fprintf(file, ",");
        if (used + width > LINE_WIDTH)
            used = fprintf(file, "\n   ") - 1;
        fprintf(file, " %s=%s%s%s", column->label, column->cells[0].text, *column->unit ? " " : "",
                column->unit);
        used += width;
    }
    if (used > 0)
        fputc('\n', file);
}

static void head_of(char *out, size_t bytes, const struct snn_column *column)
{
    snprintf(out, bytes, "%s%s%s%s", column->label, *column->unit ? " [" : "", column->unit,
             *column->unit ? "]" : "");
}

/* What a person wants to see of a cell. */
static void shown_of(char *out, size_t bytes, const struct snn_column *column, size_t row)
{
    const struct snn_cell *cell = &column->cells[row];

    if (column->kind == SNN_COLUMN_FACT && strcmp(column->name, "seconds") == 0 && *cell->text)
        snprintf(out, bytes, "%.1f", cell->number);
    else if (!isnan(cell->number) && strlen(cell->text) > 12)
        snprintf(out, bytes, "%.6g", cell->number);
    else
        snprintf(out, bytes, "%s", cell->text);
}

static int column_width(const struct snn_listing *listing, const struct snn_column *column)
{
    char text[512];
    int width;

    head_of(text, sizeof text, column);
    width = width_of(text);
    for (size_t row = 0; row < listing->row_count; row++) {
        shown_of(text, sizeof text, column, row);
        width = width_of(text) > width ? width_of(text) : width;
    }
    return width;
}

/* Numbers stand to the right. */
static void print_padded(FILE *file, const char *text, int width, bool is_right, bool is_last)
{
    int padding = width - width_of(text);

    fprintf(file, "%*s%s%*s", is_right ? padding : 0, "", text, is_right || is_last ? 0 : padding,
            "");
}

static bool is_numeric(const struct snn_listing *listing, const struct snn_column *column)
{
    for (size_t row = 0; row < listing->row_count; row++)
        if (*column->cells[row].text && isnan(column->cells[row].number))
            return false;
    return true;
}

static void print_line(FILE *file, const struct snn_listing *listing, const int *widths, long row)
{
    size_t last = 0;
    char text[512];

    for (size_t i = 0; i < listing->column_count; i++)
        last = widths[i] ? i : last;
    for (size_t i = 0; i < listing->column_count; i++) {
        const struct snn_column *column = &listing->columns[i];

        if (!widths[i])
            continue;
        if (row < 0)
            head_of(text, sizeof text, column);
        else
            shown_of(text, sizeof text, column, (size_t)row);
        print_padded(file, text, widths[i], is_numeric(listing, column), i == last);
        fputs(i == last ? "\n" : "  ", file);
    }
}

void snn_listing_print(FILE *file, const struct snn_listing *listing)
{
    int *widths = snn_region_array(listing->region, listing->column_count, sizeof *widths);

    if (listing->row_count == 0)
        return;
    print_shared(file, listing);
    for (size_t i = 0; i < listing->column_count; i++)
        if (is_column_shown(listing, &listing->columns[i]))
            widths[i] = column_width(listing, &listing->columns[i]);
    for (long row = -1; row < (long)listing->row_count; row++)
        print_line(file, listing, widths, row);
}

/* ---- CSV */

static void write_field(FILE *file, const char *text)
{
    size_t length = strlen(text);

    if (!strpbrk(text, ",\"\r\n") && (length == 0 || (text[0] != ' ' && text[length - 1] != ' '))) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

void snn_listing_write_csv(FILE *file, const struct snn_listing *listing)
{
    char head[1024];

    for (size_t i = 0; i < listing->column_count; i++) {
        head_of(head, sizeof head, &listing->columns[i]);
        fputs(i ? "," : "", file);
        write_field(file, head);
    }
    fputc('\n', file);
    for (size_t row = 0; row < listing->row_count; row++) {
        for (size_t i = 0; i < listing->column_count; i++) {
            fputs(i ? "," : "", file);
            write_field(file, listing->columns[i].cells[row].text);
        }
        fputc('\n', file);
    }
}
