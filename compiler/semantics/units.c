/* SPDX-License-Identifier: MIT
 *
 * Units are vectors of SI exponents. The base of each dimension is a power of ten of its SI unit,
 * chosen so that ms, mV and nA have scale 1 (and with them uS, MOhm, nF, kHz); a conversion is one
 * multiplication or division by a power of ten, which is correctly rounded.
 */
#include "semantics/units.h"

#include <math.h>
#include <string.h>

struct unit_definition {
    const char *name;
    double factor; /* to SI */
    int8_t power[UNIT_DIMENSIONS];
};

static const struct unit_definition definitions[] = {
#define UNIT_NAME(word, factor, m, kg, s, A, K, mol) { word, factor, { m, kg, s, A, K, mol } },
#include "syntax/unit_names.def"
#undef UNIT_NAME
};

#define DEFINITION_COUNT (sizeof definitions / sizeof definitions[0])

/* Base units in SI units: um, 1e-9 kg, ms, nA, K, 1e-18 mol. With these 1 mV and 1 mM are 1. */
static const int base_decimals[UNIT_DIMENSIONS] = { -6, -9, -3, -9, 0, -18 };

/* A scale mantissa * 10^decimals with a whole mantissa. */
struct scale {
    double mantissa;
    int decimals;
};

struct unit unit_none(void)
{
    return (struct unit){ .is_any = false };
}

struct unit unit_any(void)
{
    return (struct unit){ .is_any = true };
}

struct unit unit_time(void)
{
    return (struct unit){ .power = { 0, 0, 1, 0, 0, 0 } };
}

struct unit unit_voltage(void)
{
    return (struct unit){ .power = { 2, 1, -3, -1, 0, 0 } };
}

static bool same_powers(struct unit a, struct unit b)
{
    return memcmp(a.power, b.power, sizeof a.power) == 0;
}

bool unit_is_none(struct unit u)
{
    return same_powers(u, unit_none());
}

bool unit_fits(struct unit a, struct unit b)
{
    return a.is_any || b.is_any || same_powers(a, b);
}

bool unit_equal(struct unit a, struct unit b)
{
    return a.is_any == b.is_any && same_powers(a, b);
}

struct unit unit_join(struct unit a, struct unit b)
{
    return a.is_any ? b : a;
}

static int8_t clamp_power(int power)
{
    return (int8_t)(power < -100 ? -100 : power > 100 ? 100 : power);
}

struct unit unit_multiply(struct unit a, struct unit b)
{
    struct unit result = unit_none();
    for (int i = 0; i < UNIT_DIMENSIONS; i++)
        result.power[i] = clamp_power(a.power[i] + b.power[i]);
    return result;
}

struct unit unit_divide(struct unit a, struct unit b)
{
    return unit_multiply(a, unit_power(b, -1));
}

struct unit unit_power(struct unit u, int exponent)
{
    struct unit result = unit_none();
    int bounded = exponent < -100 ? -100 : exponent > 100 ? 100 : exponent;
    for (int i = 0; i < UNIT_DIMENSIONS; i++)
        result.power[i] = clamp_power(u.power[i] * bounded);
    return result;
}

bool unit_root(struct unit u, int degree, struct unit *root)
{
    *root = unit_none();
    for (int i = 0; i < UNIT_DIMENSIONS; i++) {
        if (u.power[i] % degree != 0)
            return false;
        root->power[i] = (int8_t)(u.power[i] / degree);
    }
    return true;
}

static const struct unit_definition *find_definition(const char *word)
{
    for (size_t i = 0; i < DEFINITION_COUNT; i++)
        if (strcmp(definitions[i].name, word) == 0)
            return &definitions[i];
    return NULL;
}

static struct unit definition_unit(const struct unit_definition *d)
{
    struct unit u = unit_none();
    memcpy(u.power, d->power, sizeof u.power);
    return u;
}

struct unit unit_of_ref(const struct unit_ref *ref)
{
    struct unit u = unit_none();
    if (ref == NULL)
        return u;
    for (size_t i = 0; i < ref->count; i++) {
        const struct unit_definition *d = find_definition(ref->items[i].name->text);
        if (d != NULL)
            u = unit_multiply(u, unit_power(definition_unit(d), ref->items[i].power));
    }
    return u;
}

/* Where the dimension's base unit stands, in decimals of SI. */
static int unit_decimals(struct unit u)
{
    int decimals = 0;
    for (int i = 0; i < UNIT_DIMENSIONS; i++)
        decimals += u.power[i] * base_decimals[i];
    return decimals;
}

/* 3600 = 36 * 10^2, 1e-9 = 1 * 10^-9 */
static struct scale decimal_scale(double factor)
{
    struct scale scale = { factor, (int)floor(log10(factor) + 1e-9) };
    scale.mantissa = factor / pow(10, scale.decimals);
    while (fabs(scale.mantissa - round(scale.mantissa)) > 1e-6) {
        scale.mantissa *= 10;
        scale.decimals--;
    }
    scale.mantissa = round(scale.mantissa);
    return scale;
}

/* From the word to base units. */
static struct scale definition_scale(const struct unit_definition *d)
{
    struct scale scale = decimal_scale(d->factor);
    scale.decimals -= unit_decimals(definition_unit(d));
    return scale;
}

static struct scale ref_scale(const struct unit_ref *ref)
{
    struct scale total = { 1, 0 };
    if (ref == NULL)
        return total;
    for (size_t i = 0; i < ref->count; i++) {
        const struct unit_definition *d = find_definition(ref->items[i].name->text);
        if (d == NULL)
            continue;
        struct scale scale = definition_scale(d);
        total.mantissa *= pow(scale.mantissa, ref->items[i].power);
        total.decimals += scale.decimals * ref->items[i].power;
    }
    return total;
}

static double shift_decimals(double value, int decimals)
{
    return decimals < 0 ? value / pow(10, -decimals) : value * pow(10, decimals);
}

double unit_to_base(const struct unit_ref *ref, double value)
{
    struct scale scale = ref_scale(ref);
    return shift_decimals(value * scale.mantissa, scale.decimals);
}

double unit_from_base(const struct unit_ref *ref, double value)
{
    struct scale scale = ref_scale(ref);
    return shift_decimals(value, -scale.decimals) / scale.mantissa;
}

static bool is_base_word(const struct unit_definition *d)
{
    struct scale scale = definition_scale(d);
    return scale.mantissa == 1 && scale.decimals == 0;
}

/* The words that compound names are made of. */
static const char *const preferred[] = { "mV", "nA", "ms", "um", "K", "mM" };

/* The single word for a base unit, or null. */
static const char *base_word(struct unit u)
{
    for (size_t i = 0; i < DEFINITION_COUNT; i++)
        if (same_powers(definition_unit(&definitions[i]), u) && is_base_word(&definitions[i]))
            return definitions[i].name;
    return NULL;
}

static size_t unit_complexity(struct unit u)
{
    size_t total = 0;
    for (int i = 0; i < UNIT_DIMENSIONS; i++)
        total += (size_t)(u.power[i] < 0 ? -u.power[i] : u.power[i]);
    return total;
}

/* Takes the word out of the unit as often as that makes it simpler; returns the power. */
static int extract_word(struct unit *u, const char *word)
{
    struct unit factor = definition_unit(find_definition(word));
    int power = 0;
    for (;;) {
        struct unit up = unit_divide(*u, factor);
        struct unit down = unit_multiply(*u, factor);
        if (unit_complexity(up) < unit_complexity(*u)) {
            *u = up;
            power++;
        } else if (unit_complexity(down) < unit_complexity(*u)) {
            *u = down;
            power--;
        } else {
            return power;
        }
    }
}

static const char *append_factor(struct arena *arena, const char *text, const char *word, int power)
{
    const char *separator = *text == '\0' ? "" : "*";
    if (power == 1)
        return arena_format(arena, "%s%s%s", text, separator, word);
    return arena_format(arena, "%s%s%s^%d", text, separator, word, power);
}

static const char *compound_name(struct arena *arena, struct unit u)
{
    const char *above = "";
    const char *below = "";
    for (size_t i = 0; i < sizeof preferred / sizeof preferred[0]; i++) {
        int power = extract_word(&u, preferred[i]);
        if (power > 0)
            above = append_factor(arena, above, preferred[i], power);
        if (power < 0)
            below = append_factor(arena, below, preferred[i], -power);
    }
    static const char *const rest[UNIT_DIMENSIONS] = { "um", "(1e-9 kg)", "ms", "nA", "K", "amol" };
    for (int i = 0; i < UNIT_DIMENSIONS; i++) {
        if (u.power[i] > 0)
            above = append_factor(arena, above, rest[i], u.power[i]);
        if (u.power[i] < 0)
            below = append_factor(arena, below, rest[i], -u.power[i]);
    }
    if (*below == '\0')
        return above;
    const char *format = strchr(below, '*') != NULL ? "%s/(%s)" : "%s/%s";
    return arena_format(arena, format, *above == '\0' ? "1" : above, below);
}

const char *unit_name(struct arena *arena, struct unit u)
{
    if (unit_is_none(u))
        return "1";
    const char *word = base_word(u);
    return word != NULL ? word : compound_name(arena, u);
}

static bool is_rate(struct unit u)
{
    return unit_equal(u, unit_power(unit_time(), -1));
}

const char *unit_shown(struct arena *arena, struct unit u, double *factor)
{
    *factor = is_rate(u) ? 1000 : 1;
    return is_rate(u) ? "Hz" : unit_name(arena, u);
}

const char *unit_family(struct arena *arena, struct unit u)
{
    return is_rate(u) ? "Hz" : unit_name(arena, u);
}

const char *unit_ref_text(struct arena *arena, const struct unit_ref *ref)
{
    if (ref == NULL || ref->count == 0)
        return "1";
    const char *above = "";
    const char *below = "";
    for (size_t i = 0; i < ref->count; i++) {
        const struct unit_factor *f = &ref->items[i];
        if (f->power > 0)
            above = append_factor(arena, above, f->name->text, f->power);
        else
            below = append_factor(arena, below, f->name->text, -f->power);
    }
    if (*below == '\0')
        return above;
    const char *format = strchr(below, '*') != NULL ? "%s/(%s)" : "%s/%s";
    return arena_format(arena, format, *above == '\0' ? "1" : above, below);
}

struct unit_word_list unit_words(struct arena *arena, struct unit u)
{
    struct unit_word_list words = { 0 };
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < DEFINITION_COUNT; i++) {
            const struct unit_definition *d = &definitions[i];
            if (!same_powers(definition_unit(d), u) || is_base_word(d) != (pass == 0))
                continue;
            struct scale scale = definition_scale(d);
            struct unit_word word = { d->name, shift_decimals(scale.mantissa, scale.decimals) };
            array_push(arena, &words, word);
        }
    }
    return words;
}
