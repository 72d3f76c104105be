/* SPDX-License-Identifier: MIT
 *
 * A number is read in any unit that its parameter lists and kept in base units; 0 and inf need
 * none. Whole numbers may be written as 1e3, but must be whole and exact.
 */
#include "parameters.h"

#include "error.h"
#include "record/number.h"
#include "suggest.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct snn_unit plain_unit = { "", 1 };

static const struct snn_unit *first_unit(const struct snn_param *param)
{
    return param->unit_count > 0 ? &param->units[0] : &plain_unit;
}

/* "ms, s or us" */
static void list_words(char *out, size_t bytes, const char *const *words, int count)
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < count && used < bytes; i++) {
        const char *joint = i == 0 ? "" : i == count - 1 ? " or " : ", ";

        used += (size_t)snprintf(out + used, bytes - used, "%s%s", joint, words[i]);
    }
}

static void list_units(char *out, size_t bytes, const struct snn_param *param)
{
    enum { SHOWN = 8 };
    const char *names[SHOWN];
    int count = param->unit_count < SHOWN ? param->unit_count : SHOWN;

    for (int i = 0; i < count; i++)
        names[i] = param->units[i].name;
    list_words(out, bytes, names, count);
}

static int wrong(const struct snn_param *param, const char *text)
{
    char kind[256];

    snn_parameter_kind(kind, sizeof kind, param);
    return snn_error_set("parameter '%s' is '%s', but must be %s", param->name, text, kind);
}

static int check_range(const struct snn_param *param, double value)
{
    char range[128], text[SNN_NUMBER_BYTES];
    const struct snn_unit *unit = first_unit(param);

    if (value >= param->low && value <= param->high)
        return 0;
    snn_parameter_range(range, sizeof range, param);
    snn_format_number(text, value / unit->factor);
    return snn_error_set("parameter '%s' is %s%s%s, outside its range %s", param->name, text,
                         *unit->name ? " " : "", unit->name, range);
}

/* The unit written after a number, "" or with brackets around it: its factor, or 0 if it is none of
 * the parameter's. */
static double unit_factor(const struct snn_param *param, const char *text)
{
    size_t length;

    while (isspace((unsigned char)*text))
        text++;
    length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    if (param->unit_count == 0 && length == 0)
        return 1;
    for (int i = 0; i < param->unit_count; i++)
        if (strlen(param->units[i].name) == length &&
            strncmp(param->units[i].name, text, length) == 0)
            return param->units[i].factor;
    return 0;
}

static bool is_blank(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return *text == '\0';
}

static int read_real(double *out, const struct snn_param *param, const char *text)
{
    char *rest;
    double number = strtod(text, &rest), factor;
    char units[256];

    if (rest == text || isnan(number) ||
        (text[0] && strpbrk(text, "xX") && rest > strpbrk(text, "xX")))
        return wrong(param, text);
    if (is_blank(rest) && (number == 0 || isinf(number))) {
        *out = number;
        return check_range(param, number);
    }
    factor = unit_factor(param, rest);
    if (factor == 0 && is_blank(rest)) {
        list_units(units, sizeof units, param);
        return snn_error_set("parameter '%s' is '%s' without a unit, write '%s=%s %s' (or %s)",
                             param->name, text, param->name, text, param->units[0].name, units);
    }
    if (factor == 0)
        return wrong(param, text);
    *out = number * factor;
    return check_range(param, *out);
}

static int read_integer(int64_t *out, const struct snn_param *param, const char *text)
{
    char *rest;
    double number;

    errno = 0;
    *out = strtoll(text, &rest, 10);
    if (rest != text && is_blank(rest) && errno == 0)
        return check_range(param, (double)*out);
    number = strtod(text, &rest);
    if (rest == text || !is_blank(rest) || isnan(number) || number != floor(number) ||
        fabs(number) > 0x1p53)
        return wrong(param, text);
    *out = (int64_t)number;
    return check_range(param, number);
}

static int read_bool(int64_t *out, const struct snn_param *param, const char *text)
{
    static const char *const yes[] = { "true", "1", "yes", "on" }, *const no[] = { "false", "0",
                                                                                   "no", "off" };

    for (int i = 0; i < 4; i++) {
        if (strcmp(text, yes[i]) == 0)
            return *out = 1, 0;
        if (strcmp(text, no[i]) == 0)
            return *out = 0, 0;
    }
    return wrong(param, text);
}

static int read_text(const char **out, const struct snn_param *param, const char *text)
{
    const char *best = NULL;
    char choices[256];

    *out = text;
    for (int i = 0; i < param->choice_count; i++) {
        if (strcmp(param->choices[i], text) == 0)
            return 0;
        best = snn_suggest(text, best, param->choices[i]);
    }
    if (param->choice_count == 0)
        return 0;
    list_words(choices, sizeof choices, param->choices, param->choice_count);
    if (best)
        return snn_error_set("parameter '%s' is '%s', but must be one of %s; did you mean '%s'?",
                             param->name, text, choices, best);
    return snn_error_set("parameter '%s' is '%s', but must be one of %s", param->name, text,
                         choices);
}

int snn_parameter_read(union snn_value *out, const struct snn_param *param, const char *text)
{
    switch (param->type) {
    case SNN_BOOL: return read_bool(&out->integer, param, text);
    case SNN_INT32:
    case SNN_INT64: return read_integer(&out->integer, param, text);
    case SNN_FLOAT32:
    case SNN_FLOAT64: return read_real(&out->real, param, text);
    case SNN_STRING: return read_text(&out->text, param, text);
    }
    return wrong(param, text);
}

void snn_parameter_print(char *out, size_t bytes, const struct snn_param *param,
                         union snn_value value)
{
    char number[SNN_NUMBER_BYTES];
    const struct snn_unit *unit = first_unit(param);

    switch (param->type) {
    case SNN_BOOL: snprintf(out, bytes, "%s", value.integer ? "true" : "false"); break;
    case SNN_INT32:
    case SNN_INT64: snprintf(out, bytes, "%lld", (long long)value.integer); break;
    case SNN_FLOAT32:
    case SNN_FLOAT64:
        snn_format_number(number, value.real / unit->factor);
        snprintf(out, bytes, "%s%s%s", number, *unit->name ? " " : "", unit->name);
        break;
    case SNN_STRING: snprintf(out, bytes, "%s", value.text); break;
    }
}

void snn_parameter_kind(char *out, size_t bytes, const struct snn_param *param)
{
    char list[200];

    switch (param->type) {
    case SNN_BOOL: snprintf(out, bytes, "true or false"); break;
    case SNN_INT32:
    case SNN_INT64: snprintf(out, bytes, "a whole number"); break;
    case SNN_FLOAT32:
    case SNN_FLOAT64:
        list_units(list, sizeof list, param);
        snprintf(out, bytes, "a number%s%s", *list ? " in " : "", list);
        break;
    case SNN_STRING:
        list_words(list, sizeof list, param->choices, param->choice_count);
        snprintf(out, bytes, "%s%s", *list ? "one of " : "a text", list);
        break;
    }
}

void snn_parameter_range(char *out, size_t bytes, const struct snn_param *param)
{
    char low[SNN_NUMBER_BYTES], high[SNN_NUMBER_BYTES];
    const struct snn_unit *unit = first_unit(param);
    bool is_number = param->type != SNN_BOOL && param->type != SNN_STRING;

    out[0] = '\0';
    if (!is_number || (isinf(param->low) && isinf(param->high)))
        return;
    snn_format_number(low, param->low / unit->factor);
    snn_format_number(high, param->high / unit->factor);
    snprintf(out, bytes, "%s .. %s%s%s", low, high, *unit->name ? " " : "", unit->name);
}

bool snn_parameter_equal(const struct snn_param *param, union snn_value a, union snn_value b)
{
    switch (param->type) {
    case SNN_BOOL:
    case SNN_INT32:
    case SNN_INT64: return a.integer == b.integer;
    case SNN_FLOAT32:
    case SNN_FLOAT64: return a.real == b.real;
    case SNN_STRING: return strcmp(a.text, b.text) == 0;
    }
    return false;
}
