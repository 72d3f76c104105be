/* SPDX-License-Identifier: MIT
 *
 * Physical dimensions. After checking, every number is in base units: ms, mV, nA, um, K, and what
 * follows from them (uS, MOhm, nF, kHz, mM ...), so that products and quotients of base values are
 * base values again. A unit is thus only its dimension; scales occur where a number was written.
 */
#ifndef SNNC_SEMANTICS_UNITS_H
#define SNNC_SEMANTICS_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "syntax/ast.h"

#define UNIT_DIMENSIONS 6 /* length, mass, time, current, temperature, amount */

struct unit {
    int8_t power[UNIT_DIMENSIONS];
    bool is_any; /* of the literals 0 and inf: fits every unit; powers are 0 */
};

/* A word that a value of some unit may be written with: base value = number * factor. */
struct unit_word {
    const char *name;
    double factor;
};

ARRAY_STRUCT(unit_word_list, struct unit_word);

struct unit unit_none(void);
struct unit unit_any(void);
struct unit unit_time(void);    /* ms */
struct unit unit_voltage(void); /* mV */

bool unit_is_none(struct unit u);              /* dimensionless; true of any, too */
bool unit_fits(struct unit a, struct unit b);  /* equal, or one of them is any */
bool unit_equal(struct unit a, struct unit b); /* identical, any only equal to any */

/* The more definite of two units that fit. */
struct unit unit_join(struct unit a, struct unit b);

struct unit unit_multiply(struct unit a, struct unit b);
struct unit unit_divide(struct unit a, struct unit b);
struct unit unit_power(struct unit u, int exponent);

/* The unit whose `degree`-th power is u; false where there is none. */
bool unit_root(struct unit u, int degree, struct unit *root);

/* What was written after a number or a colon; null is dimensionless. */
struct unit unit_of_ref(const struct unit_ref *ref);

/* A number written in the unit `ref` (may be null), in base units; and back. Correctly rounded
 * where the scale is a power of ten. */
double unit_to_base(const struct unit_ref *ref, double value);
double unit_from_base(const struct unit_ref *ref, double value);

/* The name of the base unit: "mV", "kHz", "mV/ms", "1" when dimensionless. */
const char *unit_name(struct arena *arena, struct unit u);

/* As values are shown: the same, but rates in "Hz"; a kept value times *factor is in it. */
const char *unit_shown(struct arena *arena, struct unit u, double *factor);

/* The same for messages about the dimension, not the scale: "Hz" instead of "kHz". */
const char *unit_family(struct arena *arena, struct unit u);

/* The unit as the user wrote it: "Hz", "mV/ms"; "1" for null. */
const char *unit_ref_text(struct arena *arena, const struct unit_ref *ref);

/* All single words of that dimension (for the command line); the base unit, if it has a word,
 * comes first. Empty when dimensionless (but for %) or compound. */
struct unit_word_list unit_words(struct arena *arena, struct unit u);

#endif
