/* SPDX-License-Identifier: MIT
 *
 * Groups of runs. The standard deviation is that of the population, sqrt(mean((x - mean)^2)): it is
 * what comparable programs print, and defined for a single run.
 */
#include "experiment/listing.h"

#include "error.h"
#include "record/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_LIMIT = 16 };

/* The grouping of a listing: which columns decide, and the group of each row. */
struct grouping {
    const struct snn_listing *listing;
    int keys[KEY_LIMIT];
    int key_count;
    size_t *group_of;  /* [row_count]; SIZE_MAX: in none */
    size_t *first_row; /* [group_count] */
    size_t group_count;
};

/* Sums are of differences from the first number, so that equal numbers have a deviation of 0. */
size_t snn_mean_and_deviation(const double *numbers, size_t count, double *mean, double *deviation)
{
    size_t used = 0;
    double first = NAN, sum = 0, squares = 0;

    for (size_t i = 0; i < count; i++)
        if (!isnan(numbers[i])) {
            first = used ? first : numbers[i];
            sum += numbers[i] - first;
            used++;
        }
    *mean = used ? first + sum / (double)used : NAN;
    for (size_t i = 0; i < count; i++)
        if (!isnan(numbers[i]))
            squares += (numbers[i] - *mean) * (numbers[i] - *mean);
    *deviation = used ? sqrt(squares / (double)used) : NAN;
    return used;
}

static int read_keys(struct grouping *grouping, const char *names)
{
    char name[512];

    for (;;) {
        size_t length = strcspn(names, ",");
        int column;

        if (length == 0 || length >= sizeof name || grouping->key_count == KEY_LIMIT)
            return snn_error_set(
                "option '--group-by' must be names separated by commas, %d at most", KEY_LIMIT);
        snprintf(name, sizeof name, "%.*s", (int)length, names);
        column = snn_listing_find(grouping->listing, name);
        if (column < 0)
            return -1;
        grouping->keys[grouping->key_count++] = column;
        if (names[length] == '\0')
            return 0;
        names += length + 1;
    }
}

static bool is_same_group(const struct grouping *grouping, size_t a, size_t b)
{
    for (int k = 0; k < grouping->key_count; k++) {
        const struct snn_cell *cells = grouping->listing->columns[grouping->keys[k]].cells;

        if (strcmp(cells[a].text, cells[b].text) != 0)
            return false;
    }
    return true;
}

/* The same run was made again, later in the list. */
static bool is_repeated(const struct snn_listing *listing, size_t row)
{
    const char *identity = listing->rows[row]->identity;

    for (size_t later = row + 1; *identity && later < listing->row_count; later++)
        if (strcmp(listing->rows[later]->identity, identity) == 0 &&
            strcmp(listing->rows[later]->status, "finished") == 0)
            return true;
    return false;
}

static void find_groups(struct grouping *grouping)
{
    const struct snn_listing *listing = grouping->listing;

    grouping->group_of =
        snn_region_array(listing->region, listing->row_count, sizeof *grouping->group_of);
    grouping->first_row =
        snn_region_array(listing->region, listing->row_count, sizeof *grouping->first_row);
    for (size_t row = 0; row < listing->row_count; row++) {
        size_t group = 0;

        grouping->group_of[row] = SIZE_MAX;
        if (strcmp(listing->rows[row]->status, "finished") != 0 || is_repeated(listing, row))
            continue;
        while (group < grouping->group_count &&
               !is_same_group(grouping, grouping->first_row[group], row))
            group++;
        if (group == grouping->group_count)
            grouping->first_row[grouping->group_count++] = row;
        grouping->group_of[row] = group;
    }
}

/* ---- the table of the groups */

static struct snn_column *add_column(struct snn_listing *out, const char *name, const char *ending,
                                     const char *unit)
{
    struct snn_column *column = &out->columns[out->column_count++];
    size_t bytes = strlen(name) + strlen(ending) + 1;
    char *label = snn_region_alloc(out->region, bytes);

    snprintf(label, bytes, "%s%s", name, ending);
    *column = (struct snn_column){
        .kind = SNN_COLUMN_RESULT, .task = "", .name = label, .label = label, .unit = unit
    };
    column->cells = snn_region_array(out->region, out->row_count, sizeof *column->cells);
    return column;
}

static void set_number(struct snn_listing *out, struct snn_cell *cell, double number)
{
    char *text = snn_region_alloc(out->region, SNN_NUMBER_BYTES);

    cell->number = number;
    cell->text = isnan(number) ? "" : snn_format_number(text, number);
}

/* The numbers of a column in one group; returns how many rows the group has. */
static size_t collect(const struct grouping *grouping, const struct snn_column *column,
                      size_t group, double *numbers)
{
    size_t count = 0;

    for (size_t row = 0; row < grouping->listing->row_count; row++)
        if (grouping->group_of[row] == group)
            numbers[count++] = column->cells[row].number;
    return count;
}

static void add_statistics(struct snn_listing *out, const struct grouping *grouping,
                           const struct snn_column *column)
{
    double *numbers = snn_region_array(out->region, grouping->listing->row_count, sizeof *numbers);
    struct snn_column *mean = add_column(out, column->label, " mean", column->unit);
    struct snn_column *deviation = add_column(out, column->label, " std", column->unit);
    struct snn_column *count = add_column(out, column->label, " count", "");
    bool is_complete = true, is_there = false;

    for (size_t group = 0; group < out->row_count; group++) {
        size_t rows = collect(grouping, column, group, numbers);
        double values[2];
        size_t used = snn_mean_and_deviation(numbers, rows, &values[0], &values[1]);

        set_number(out, &mean->cells[group], values[0]);
        set_number(out, &deviation->cells[group], values[1]);
        set_number(out, &count->cells[group], (double)used);
        is_complete = is_complete && used == rows;
        is_there = is_there || used > 0;
    }
    if (is_complete || !is_there)
        out->column_count--;
    if (!is_there)
        out->column_count -= 2; /* texts */
}

struct snn_listing *snn_listing_group(const struct snn_listing *listing, const char *names)
{
    struct snn_listing *out = snn_region_alloc(listing->region, sizeof *out);
    struct grouping grouping = { .listing = listing };
    struct snn_column *runs;
    double *numbers;

    if (read_keys(&grouping, names) < 0)
        return NULL;
    find_groups(&grouping);
    out->region = listing->region;
    out->program = listing->program;
    out->row_count = grouping.group_count;
    out->columns = snn_region_array(out->region, 3 * listing->column_count + KEY_LIMIT + 1,
                                    sizeof *out->columns);
    for (int k = 0; k < grouping.key_count; k++) {
        const struct snn_column *key = &listing->columns[grouping.keys[k]];
        struct snn_column *column = add_column(out, key->label, "", key->unit);

        for (size_t group = 0; group < out->row_count; group++)
            column->cells[group] = key->cells[grouping.first_row[group]];
    }
    runs = add_column(out, "runs", "", "");
    numbers = snn_region_array(out->region, listing->row_count, sizeof *numbers);
    for (size_t group = 0; group < out->row_count; group++)
        set_number(out, &runs->cells[group],
                   (double)collect(&grouping, &listing->columns[0], group, numbers));
    for (size_t i = 0; i < listing->column_count; i++)
        if (listing->columns[i].kind == SNN_COLUMN_RESULT)
            add_statistics(out, &grouping, &listing->columns[i]);
    for (int k = grouping.key_count - 1; k >= 0; k--)
        if (snn_listing_sort(out, out->columns[k].label) < 0)
            return NULL;
    return out;
}
