/* SPDX-License-Identifier: MIT
 *
 * Units: base values are rounded as the decimal number would be, products of base values are base
 * values, names lead back to what people write.
 */
#undef NDEBUG
#include <assert.h>
#include <string.h>

#include "base/compilation.h"
#include "semantics/units.h"

static struct unit_ref one(struct compilation *c, const char *word, int power)
{
    struct unit_ref ref = { 0 };
    struct unit_factor factor = { names_intern_text(&c->names, word), power, { 0 } };
    array_push(&c->arena, &ref, factor);
    return ref;
}

static struct unit_ref two(struct compilation *c, const char *first, const char *second, int power)
{
    struct unit_ref ref = one(c, first, 1);
    struct unit_factor factor = { names_intern_text(&c->names, second), power, { 0 } };
    array_push(&c->arena, &ref, factor);
    return ref;
}

static double base(struct compilation *c, double value, const char *word)
{
    struct unit_ref ref = one(c, word, 1);
    return unit_to_base(&ref, value);
}

static void test_base_values(struct compilation *c)
{
    assert(base(c, 100, "ms") == 100);
    assert(base(c, 0.1, "s") == 100);
    assert(base(c, 2, "h") == 7.2e6);
    assert(base(c, -65, "mV") == -65);
    assert(base(c, 63.75, "Hz") == 0.06375);
    assert(base(c, 128, "Hz") == 0.128);
    assert(base(c, 10, "nS") == 0.01);
    assert(base(c, 200, "pF") == 0.2);
    assert(base(c, 10, "MOhm") == 10);
    assert(base(c, 300, "pA") == 0.3);
    assert(base(c, 15, "%") == 0.15);
    assert(base(c, 5, "mM") == 5);
    assert(unit_to_base(NULL, 3.5) == 3.5);
    struct unit_ref slope = two(c, "V", "s", -1);
    assert(unit_to_base(&slope, 1) == 1); /* 1 V/s = 1 mV/ms */
    assert(unit_from_base(&slope, 7) == 7);
    struct unit_ref rate = one(c, "Hz", 1);
    assert(unit_from_base(&rate, 0.128) == 128);
}

/* Ohm's law and the membrane equation hold among base values without factors. */
static void test_consistency(struct compilation *c)
{
    assert(base(c, 2, "nA") * base(c, 10, "MOhm") == base(c, 20, "mV"));
    assert(base(c, 10, "MOhm") * base(c, 2, "nF") == base(c, 20, "ms"));
    struct unit_ref ampere = one(c, "nA", 1);
    struct unit_ref ohm = one(c, "MOhm", 1);
    struct unit product = unit_multiply(unit_of_ref(&ampere), unit_of_ref(&ohm));
    assert(unit_equal(product, unit_voltage()));
    struct unit_ref siemens = one(c, "uS", 1);
    assert(unit_is_none(unit_multiply(unit_of_ref(&siemens), unit_of_ref(&ohm))));
}

static void test_names(struct compilation *c)
{
    struct arena *a = &c->arena;
    struct unit per_time = unit_power(unit_time(), -1);
    assert(strcmp(unit_name(a, unit_none()), "1") == 0);
    assert(strcmp(unit_name(a, unit_time()), "ms") == 0);
    assert(strcmp(unit_name(a, unit_voltage()), "mV") == 0);
    assert(strcmp(unit_name(a, per_time), "kHz") == 0);
    assert(strcmp(unit_family(a, per_time), "Hz") == 0);
    assert(strcmp(unit_name(a, unit_multiply(unit_voltage(), per_time)), "mV/ms") == 0);
    assert(strcmp(unit_name(a, unit_power(unit_voltage(), 2)), "mV^2") == 0);
    assert(strcmp(unit_name(a, unit_power(unit_multiply(unit_voltage(), unit_time()), -1)),
                  "1/(mV*ms)") == 0);
    struct unit_ref written = two(c, "mV", "s", -2);
    assert(strcmp(unit_ref_text(a, &written), "mV/s^2") == 0);
}

static void test_words(struct compilation *c)
{
    struct unit_word_list words = unit_words(&c->arena, unit_time());
    assert(words.count == 6);
    assert(strcmp(words.items[0].name, "ms") == 0 && words.items[0].factor == 1);
    for (size_t i = 0; i < words.count; i++)
        if (strcmp(words.items[i].name, "min") == 0)
            assert(words.items[i].factor == 60000);
}

static void test_algebra(void)
{
    struct unit root;
    assert(unit_root(unit_power(unit_voltage(), 2), 2, &root) && unit_equal(root, unit_voltage()));
    assert(!unit_root(unit_voltage(), 2, &root));
    assert(unit_fits(unit_any(), unit_voltage()) && !unit_fits(unit_none(), unit_voltage()));
    assert(unit_equal(unit_join(unit_any(), unit_time()), unit_time()));
    assert(unit_is_none(unit_multiply(unit_any(), unit_any())));
}

int main(void)
{
    struct compilation c;
    compilation_init(&c);
    test_base_values(&c);
    test_consistency(&c);
    test_names(&c);
    test_words(&c);
    test_algebra();
    compilation_finish(&c);
    return 0;
}
