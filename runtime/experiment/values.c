/* SPDX-License-Identifier: MIT
 *
 * Values between the ends of a range are rounded to 12 digits: lin:0.1..0.5:5 has the 0.3 that one
 * would write, and so is the same run.
 */
#include "experiment/values.h"

#include "error.h"
#include "record/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_LIMIT = 100000, TEXT_BYTES = 512 };

/* One end of a range: a number and the unit behind it. */
struct end {
    double number;
    char unit[64];
};

struct range {
    const char *name, *text; /* for messages */
    bool is_logarithmic;
    struct end low, high;
    long count;
};

static int wrong_range(const struct range *range, const char *why)
{
    return snn_error_set("'%s=%s': %s", range->name, range->text, why);
}

static int append(struct snn_values *values, struct snn_region *region, const char *text)
{
    if (values->count == VALUE_LIMIT)
        return snn_error_set("a list has more than %d values", VALUE_LIMIT);
    if ((values->count & (values->count - 1)) == 0) { /* full: 0, 1, 2, 4, … */
        size_t room = values->count ? 2 * values->count : 1;
        const char **texts = snn_region_array(region, room, sizeof *texts);

        if (values->count)
            memcpy(texts, values->texts, values->count * sizeof *texts);
        values->texts = texts;
    }
    values->texts[values->count++] = strcpy(snn_region_alloc(region, strlen(text) + 1), text);
    return 0;
}

static void trim(char *text)
{
    size_t length = strlen(text), skipped = strspn(text, " \t");

    while (length > skipped && isspace((unsigned char)text[length - 1]))
        length--;
    memmove(text, text + skipped, length - skipped);
    text[length - skipped] = '\0';
}

static int read_end(struct end *out, const struct range *range, const char *text)
{
    char *rest;

    out->number = strtod(text, &rest);
    if (rest == text || !isfinite(out->number))
        return wrong_range(range, "the ends of a range must be numbers");
    snprintf(out->unit, sizeof out->unit, "%s", rest);
    trim(out->unit);
    return 0;
}

/* LOW..HIGH; a unit behind the second end holds for both. */
static int read_ends(struct range *range, const char *text)
{
    const char *dots = strstr(text, "..");
    char low[TEXT_BYTES];

    if (!dots || (size_t)(dots - text) >= sizeof low)
        return wrong_range(range, "a range is written LOW..HIGH:COUNT, such as log:1e-3..1e-1:5");
    snprintf(low, sizeof low, "%.*s", (int)(dots - text), text);
    if (read_end(&range->low, range, low) < 0 || read_end(&range->high, range, dots + 2) < 0)
        return -1;
    if (!*range->low.unit)
        strcpy(range->low.unit, range->high.unit);
    if (strcmp(range->low.unit, range->high.unit) != 0)
        return wrong_range(range, "both ends must have the same unit");
    return 0;
}

/* The text between "lin:" and the end. */
static int read_range(struct range *range, const char *text)
{
    const char *colon = strrchr(text, ':');
    char ends[TEXT_BYTES], *rest;

    if (!colon || (size_t)(colon - text) >= sizeof ends)
        return wrong_range(range, "a range is written LOW..HIGH:COUNT, such as log:1e-3..1e-1:5");
    errno = 0;
    range->count = strtol(colon + 1, &rest, 10);
    if (rest == colon + 1 || *rest || errno || range->count < 2 || range->count > VALUE_LIMIT)
        return wrong_range(range, "the number of values must be from 2 to 100000");
    snprintf(ends, sizeof ends, "%.*s", (int)(colon - text), text);
    if (read_ends(range, ends) < 0)
        return -1;
    if (range->is_logarithmic && (range->low.number <= 0 || range->high.number <= 0))
        return wrong_range(range, "the ends of a logarithmic range must be above 0");
    return 0;
}

static double value_of(const struct range *range, long i)
{
    double part = (double)i / (double)(range->count - 1);
    double low = range->low.number, high = range->high.number, value;
    char text[64];

    if (i == 0 || i == range->count - 1)
        return i == 0 ? low : high;
    value = range->is_logarithmic ? low * pow(high / low, part) : low + (high - low) * part;
    snprintf(text, sizeof text, "%.12g", value);
    return strtod(text, NULL);
}

static int append_range(struct snn_values *values, struct snn_region *region,
                        const struct range *range)
{
    for (long i = 0; i < range->count; i++) {
        char number[SNN_NUMBER_BYTES], text[128];

        snn_format_number(number, value_of(range, i));
        snprintf(text, sizeof text, "%s%s%s", number, *range->low.unit ? " " : "", range->low.unit);
        if (append(values, region, text) < 0)
            return -1;
    }
    return 0;
}

/* "0..9": all whole numbers from one end to the other. */
static int append_whole(struct snn_values *values, struct snn_region *region, struct range *range,
                        const char *text)
{
    if (read_ends(range, text) < 0)
        return -1;
    if (range->low.number != floor(range->low.number) ||
        range->high.number != floor(range->high.number) || *range->low.unit)
        return wrong_range(range, "LOW..HIGH is for whole numbers; write lin:LOW..HIGH:COUNT");
    if (range->high.number < range->low.number)
        return wrong_range(range, "the range is empty");
    if (range->high.number - range->low.number >= VALUE_LIMIT)
        return wrong_range(range, "a list has more than 100000 values");
    range->count = (long)(range->high.number - range->low.number) + 1;
    for (long i = 0; i < range->count; i++) {
        char number[64];

        snprintf(number, sizeof number, "%.0f", range->low.number + (double)i);
        if (append(values, region, number) < 0)
            return -1;
    }
    return 0;
}

static int append_item(struct snn_values *values, struct snn_region *region, const char *name,
                       const struct snn_param *param, const char *text)
{
    struct range range = { .name = name, .text = text };
    bool is_number = !param || (param->type != SNN_BOOL && param->type != SNN_STRING);

    if (*text == '\0')
        return snn_error_set("'%s': a value of the list is empty", name);
    if (is_number && (strncmp(text, "lin:", 4) == 0 || strncmp(text, "log:", 4) == 0)) {
        range.is_logarithmic = text[1] == 'o';
        return read_range(&range, text + 4) < 0 ? -1 : append_range(values, region, &range);
    }
    if (is_number && strstr(text, ".."))
        return append_whole(values, region, &range, text);
    return append(values, region, text);
}

int snn_values_expand(struct snn_values *out, struct snn_region *region, const char *name,
                      const struct snn_param *param, const char *list)
{
    char *item = snn_region_alloc(region, strlen(list) + 1);
    size_t length = 0;

    *out = (struct snn_values){ 0 };
    for (const char *at = list;; at++) {
        if (at[0] == '\\' && at[1] == ',') {
            item[length++] = *++at;
            continue;
        }
        if (*at != ',' && *at != '\0') {
            item[length++] = *at;
            continue;
        }
        item[length] = '\0';
        if (append_item(out, region, name, param, item) < 0)
            return -1;
        length = 0;
        if (*at == '\0')
            return 0;
    }
}
