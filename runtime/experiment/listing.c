/* SPDX-License-Identifier: MIT
 *
 * Making the table, finding columns, choosing and ordering rows. Values of parameters are compared
 * as the program's command line would read them, so that 0.25 s is 250 ms.
 */
#include "experiment/listing.h"

#include "error.h"
#include "parameters.h"
#include "record/number.h"
#include "suggest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const facts[] = { "run",  "status", "started", "seconds", "tasks", "seed",
                                     "fold", "folds",  "threads", "version", "error" };

enum { FACT_COUNT = sizeof facts / sizeof *facts };

static const char *copy(struct snn_region *region, const char *text)
{
    size_t bytes = strlen(text) + 1;

    return memcpy(snn_region_alloc(region, bytes), text, bytes);
}

static struct snn_cell text_cell(const char *text)
{
    return (struct snn_cell){ text, NAN };
}

static struct snn_cell number_cell(struct snn_region *region, double number)
{
    char text[SNN_NUMBER_BYTES];

    return (struct snn_cell){ copy(region, snn_format_number(text, number)), number };
}

/* A text that is a whole number, such as a seed. */
static struct snn_cell whole_cell(const char *text)
{
    return (struct snn_cell){ text, *text ? strtod(text, NULL) : NAN };
}

static struct snn_cell fact_cell(struct snn_region *region, const struct snn_run_info *run,
                                 const char *name)
{
    if (strcmp(name, "run") == 0)
        return text_cell(run->name);
    if (strcmp(name, "status") == 0)
        return text_cell(run->status);
    if (strcmp(name, "started") == 0)
        return text_cell(run->started);
    if (strcmp(name, "seconds") == 0)
        return run->seconds >= 0 ? number_cell(region, run->seconds) : text_cell("");
    if (strcmp(name, "tasks") == 0)
        return text_cell(run->tasks);
    if (strcmp(name, "seed") == 0)
        return whole_cell(run->seed);
    if (strcmp(name, "fold") == 0)
        return run->folds > 0 ? number_cell(region, run->fold) : text_cell("");
    if (strcmp(name, "folds") == 0)
        return run->folds > 0 ? number_cell(region, run->folds) : text_cell("");
    if (strcmp(name, "threads") == 0)
        return number_cell(region, run->threads);
    if (strcmp(name, "version") == 0)
        return text_cell(run->version);
    return text_cell(run->error);
}

/* ---- parameters */

static const struct snn_param *find_param(const struct snn_program *program, const char *name)
{
    for (int i = 0; i < program->param_count; i++)
        if (strcmp(program->params[i].name, name) == 0)
            return &program->params[i];
    return NULL;
}

/* A value of the parameter; its number is in the unit that it is printed in. */
static struct snn_cell param_cell(struct snn_region *region, const struct snn_param *param,
                                  union snn_value value)
{
    char text[512];

    switch (param->type) {
    case SNN_BOOL:
        return (struct snn_cell){ value.integer ? "true" : "false", (double)value.integer };
    case SNN_INT32:
    case SNN_INT64: return number_cell(region, (double)value.integer);
    case SNN_FLOAT32:
    case SNN_FLOAT64:
        return number_cell(region,
                           param->unit_count ? value.real / param->units[0].factor : value.real);
    case SNN_STRING: break;
    }
    snprintf(text, sizeof text, "%s", value.text);
    return text_cell(copy(region, text));
}

static struct snn_cell value_cell(struct snn_region *region, const struct snn_param *param,
                                  const struct snn_run_value *value)
{
    union snn_value read;

    if (param && snn_parameter_read(&read, param, value->text) == 0)
        return param_cell(region, param, read);
    return (struct snn_cell){ value->text, value->is_number ? value->number : NAN };
}

/* ---- columns */

static struct snn_column *find_column(struct snn_column *columns, size_t count,
                                      enum snn_column_kind kind, const char *task, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (columns[i].kind == kind && strcmp(columns[i].name, name) == 0 &&
            strcmp(columns[i].task, task) == 0)
            return &columns[i];
    return NULL;
}

static void add_column(struct snn_listing *listing, enum snn_column_kind kind, const char *task,
                       const char *name)
{
    struct snn_column *column = &listing->columns[listing->column_count++];

    *column = (struct snn_column){ .kind = kind, .task = task, .name = name, .unit = "" };
    column->cells = snn_region_array(listing->region, listing->row_count, sizeof *column->cells);
    for (size_t row = 0; row < listing->row_count; row++)
        column->cells[row] = kind == SNN_COLUMN_FACT
                                 ? fact_cell(listing->region, listing->rows[row], name)
                                 : text_cell("");
    if (kind != SNN_COLUMN_PARAMETER)
        return;
    column->param = find_param(listing->program, name);
    if (column->param && column->param->unit_count > 0)
        column->unit = column->param->units[0].name;
}

static void fill_columns(struct snn_listing *listing, enum snn_column_kind kind, size_t row,
                         const struct snn_run_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct snn_column *column = find_column(listing->columns, listing->column_count, kind,
                                                values[i].task, values[i].name);

        if (!column) {
            add_column(listing, kind, values[i].task, values[i].name);
            column = &listing->columns[listing->column_count - 1];
            if (kind == SNN_COLUMN_RESULT)
                column->unit = values[i].unit;
        }
        column->cells[row] = value_cell(listing->region, column->param, &values[i]);
    }
}

static bool is_label_taken(const struct snn_listing *listing, size_t except)
{
    for (size_t i = 0; i < listing->column_count; i++)
        if (i != except && strcmp(listing->columns[i].name, listing->columns[except].name) == 0)
            return true;
    return false;
}

static void label_columns(struct snn_listing *listing)
{
    for (size_t i = 0; i < listing->column_count; i++) {
        struct snn_column *column = &listing->columns[i];
        char label[1024];

        column->label = column->name;
        if (column->kind != SNN_COLUMN_RESULT || !is_label_taken(listing, i))
            continue;
        snprintf(label, sizeof label, "%s.%s", column->task, column->name);
        column->label = copy(listing->region, label);
    }
}

struct snn_listing *snn_listing_create(struct snn_region *region, const struct snn_program *program,
                                       const struct snn_run_info *runs, size_t count)
{
    struct snn_listing *listing = snn_region_alloc(region, sizeof *listing);
    size_t room = FACT_COUNT;

    listing->region = region;
    listing->program = program;
    listing->row_count = count;
    listing->rows = snn_region_array(region, count, sizeof *listing->rows);
    for (size_t row = 0; row < count; row++) {
        listing->rows[row] = &runs[row];
        room += runs[row].parameter_count + runs[row].result_count;
    }
    listing->columns = snn_region_array(region, room, sizeof *listing->columns);
    for (size_t i = 0; i < FACT_COUNT; i++)
        add_column(listing, SNN_COLUMN_FACT, "", facts[i]);
    for (size_t row = 0; row < count; row++)
        fill_columns(listing, SNN_COLUMN_PARAMETER, row, runs[row].parameters,
                     runs[row].parameter_count);
    for (size_t row = 0; row < count; row++)
        fill_columns(listing, SNN_COLUMN_RESULT, row, runs[row].results, runs[row].result_count);
    label_columns(listing);
    return listing;
}

/* "test.accuracy" or "accuracy": parameters go before facts of the same name. */
static bool is_called(const struct snn_column *column, const char *name)
{
    size_t task = strlen(column->task);

    return strcmp(column->label, name) == 0 ||
           (task > 0 && strncmp(column->task, name, task) == 0 && name[task] == '.' &&
            strcmp(column->name, name + task + 1) == 0);
}

int snn_listing_find(const struct snn_listing *listing, const char *name)
{
    static const enum snn_column_kind order[] = { SNN_COLUMN_PARAMETER, SNN_COLUMN_FACT,
                                                  SNN_COLUMN_RESULT };
    const char *best = NULL;

    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < listing->column_count; i++)
            if (listing->columns[i].kind == order[k] && is_called(&listing->columns[i], name))
                return (int)i;
    for (size_t i = 0; i < listing->column_count; i++)
        best = snn_suggest(name, best, listing->columns[i].label);
    if (best)
        return snn_error_set("no run has a parameter or result '%s'; did you mean '%s'?", name,
                             best);
    return snn_error_set("no run has a parameter or result '%s'; 'runs' without options shows what "
                         "there is",
                         name);
}

/* ---- choosing rows */

void snn_listing_keep(struct snn_listing *listing, const bool *keeps)
{
    size_t kept = 0;

    for (size_t row = 0; row < listing->row_count; row++) {
        if (!keeps[row])
            continue;
        listing->rows[kept] = listing->rows[row];
        for (size_t i = 0; i < listing->column_count; i++)
            listing->columns[i].cells[kept] = listing->columns[i].cells[row];
        kept++;
    }
    listing->row_count = kept;
}

enum comparison { EQUAL, UNEQUAL, LESS, MORE, AT_MOST, AT_LEAST };

/* Where the comparison stands in "n>=100", and which it is; NULL if there is none. */
static const char *find_comparison(const char *condition, enum comparison *out, size_t *length)
{
    static const struct {
        const char *text;
        enum comparison comparison;
    } all[] = { { "!=", UNEQUAL }, { "<=", AT_MOST }, { ">=", AT_LEAST },
                { "=", EQUAL },    { "<", LESS },     { ">", MORE } };

    for (const char *at = condition; *at; at++)
        for (int i = 0; i < 6; i++)
            if (strncmp(at, all[i].text, strlen(all[i].text)) == 0) {
                *out = all[i].comparison;
                *length = strlen(all[i].text);
                return at;
            }
    return NULL;
}

/* Units are converted with one rounding, which must not keep equal values apart. */
static int compare_numbers(double a, double b)
{
    if (a == b || fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b)))
        return 0;
    return a < b ? -1 : 1;
}

static bool holds(const struct snn_cell *cell, enum comparison comparison,
                  const struct snn_cell *wanted)
{
    bool are_numbers = !isnan(cell->number) && !isnan(wanted->number);
    int order = are_numbers ? compare_numbers(cell->number, wanted->number)
                            : strcmp(cell->text, wanted->text);

    if (!*cell->text)
        return comparison == UNEQUAL;
    switch (comparison) {
    case EQUAL: return order == 0;
    case UNEQUAL: return order != 0;
    case LESS: return order < 0;
    case MORE: return order > 0;
    case AT_MOST: return order <= 0;
    case AT_LEAST: return order >= 0;
    }
    return false;
}

/* The right side of a condition, as a value of that column. */
static int read_wanted(struct snn_cell *out, const struct snn_listing *listing,
                       const struct snn_column *column, const char *text)
{
    union snn_value value;
    char *rest;

    if (column->param) {
        if (snn_parameter_read(&value, column->param, text) < 0)
            return -1;
        *out = param_cell(listing->region, column->param, value);
        return 0;
    }
    out->text = copy(listing->region, text);
    out->number = strtod(text, &rest);
    if (rest == text || *rest)
        out->number = NAN;
    return 0;
}

int snn_listing_filter(struct snn_listing *listing, const char *condition)
{
    enum comparison comparison;
    size_t length;
    const char *at = find_comparison(condition, &comparison, &length);
    struct snn_cell wanted;
    bool *keeps = snn_region_array(listing->region, listing->row_count, sizeof *keeps);
    char name[512];
    int column;

    if (!at || at == condition || (size_t)(at - condition) >= sizeof name)
        return snn_error_set("option '--where' is '%s', but must be a condition such as n=100, "
                             "n!=100 or accuracy>=0.9",
                             condition);
    snprintf(name, sizeof name, "%.*s", (int)(at - condition), condition);
    column = snn_listing_find(listing, name);
    if (column < 0 || read_wanted(&wanted, listing, &listing->columns[column], at + length) < 0)
        return -1;
    for (size_t row = 0; row < listing->row_count; row++)
        keeps[row] = holds(&listing->columns[column].cells[row], comparison, &wanted);
    snn_listing_keep(listing, keeps);
    return 0;
}

/* ---- sorting: by merging, since equal rows must stay in their order */

static bool comes_before(const struct snn_cell *a, const struct snn_cell *b, bool is_downwards)
{
    int order;

    if (!*a->text || !*b->text)
        return *a->text && !*b->text;
    order = !isnan(a->number) && !isnan(b->number)
                ? (a->number > b->number) - (a->number < b->number)
                : strcmp(a->text, b->text);
    return is_downwards ? order > 0 : order < 0;
}

static void merge(size_t *rows, size_t *scratch, size_t count, const struct snn_cell *cells,
                  bool is_downwards)
{
    size_t half = count / 2, left = 0, right = half, out = 0;

    if (count < 2)
        return;
    merge(rows, scratch, half, cells, is_downwards);
    merge(rows + half, scratch, count - half, cells, is_downwards);
    while (left < half && right < count)
        scratch[out++] = comes_before(&cells[rows[right]], &cells[rows[left]], is_downwards)
                             ? rows[right++]
                             : rows[left++];
    while (left < half)
        scratch[out++] = rows[left++];
    while (right < count)
        scratch[out++] = rows[right++];
    memcpy(rows, scratch, count * sizeof *rows);
}

/* Puts row order[i] to place i. */
static void reorder(struct snn_listing *listing, const size_t *order)
{
    size_t count = listing->row_count;
    const struct snn_run_info **rows = snn_region_array(listing->region, count, sizeof *rows);
    struct snn_cell *cells = snn_region_array(listing->region, count, sizeof *cells);

    for (size_t row = 0; row < count && listing->rows; row++)
        rows[row] = listing->rows[order[row]];
    if (listing->rows)
        memcpy(listing->rows, rows, count * sizeof *rows);
    for (size_t i = 0; i < listing->column_count; i++) {
        for (size_t row = 0; row < count; row++)
            cells[row] = listing->columns[i].cells[order[row]];
        memcpy(listing->columns[i].cells, cells, count * sizeof *cells);
    }
}

int snn_listing_sort(struct snn_listing *listing, const char *name)
{
    bool is_downwards = name[0] == '-';
    int column = snn_listing_find(listing, name + is_downwards);
    size_t *order = snn_region_array(listing->region, listing->row_count, sizeof *order);
    size_t *scratch = snn_region_array(listing->region, listing->row_count, sizeof *scratch);

    if (column < 0)
        return -1;
    for (size_t row = 0; row < listing->row_count; row++)
        order[row] = row;
    merge(order, scratch, listing->row_count, listing->columns[column].cells, is_downwards);
    reorder(listing, order);
    return 0;
}
