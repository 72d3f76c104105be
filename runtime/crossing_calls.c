/* SPDX-License-Identifier: MIT
 *
 * When neurons reach their thresholds between events. The states of linear equations none of which
 * depends on itself through others are sums of p(t) exp(r t), p a polynomial: so is the distance
 * to the threshold. Such a sum is searched for its first passage from below: between the zeros of
 * its derivative it is monotone, and these are found in the same way, one power of t or one
 * exponential less at a time. Two exponentials have their zero in closed form; elsewhere Newton's
 * method within a bracket finds it to the last bits of a float64.
 */
#include "calls.h"

#include "runtime.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { EQUATIONS = 8, RATES = EQUATIONS + 1, TERMS = RATES + 1, ZEROS = RATES * TERMS };

/* c[0] exp(r t) + c[1] t exp(r t) + … */
struct term {
    double rate;
    double c[TERMS];
    int degree; /* -1: none */
};

struct sum {
    struct term terms[RATES];
    int count;
};

/* ---- sums ---- */

static struct term *term_of(struct sum *s, double rate)
{
    for (int i = 0; i < s->count; i++)
        if (fabs(s->terms[i].rate - rate) <= 1e-9 * (fabs(rate) + fabs(s->terms[i].rate)))
            return &s->terms[i];
    s->terms[s->count] = (struct term){ .rate = rate, .degree = -1 };
    return &s->terms[s->count++];
}

static void add(struct term *t, int power, double c)
{
    t->c[power] += c;
    if (t->degree < power)
        t->degree = power;
}

static double value_at(const struct sum *s, double t)
{
    double total = 0;

    for (int i = 0; i < s->count; i++) {
        const struct term *term = &s->terms[i];
        double p = 0;

        for (int k = term->degree; k >= 0; k--)
            p = p * t + term->c[k];
        total += term->rate == 0 ? p : p * exp(term->rate * t);
    }
    return total;
}

static struct sum derivative(const struct sum *s)
{
    struct sum d = { .count = 0 };

    for (int i = 0; i < s->count; i++) {
        const struct term *from = &s->terms[i];
        struct term *to = &d.terms[d.count];
        int degree = from->rate != 0 ? from->degree : from->degree - 1;

        if (degree < 0)
            continue;
        *to = (struct term){ .rate = from->rate, .degree = degree };
        for (int k = 0; k <= degree; k++)
            to->c[k] = from->rate * from->c[k] + (k < from->degree ? (k + 1) * from->c[k + 1] : 0);
        d.count++;
    }
    return d;
}

/* Has the same zeros, and a slowest term that does not decay: a polynomial. */
static struct sum without_slowest_decay(const struct sum *s)
{
    struct sum shifted = *s;
    double slowest = s->terms[0].rate;

    for (int i = 1; i < s->count; i++)
        slowest = s->terms[i].rate > slowest ? s->terms[i].rate : slowest;
    for (int i = 0; i < s->count; i++)
        shifted.terms[i].rate -= slowest;
    return shifted;
}

static struct sum without_zeros(const struct sum *s)
{
    struct sum kept = { .count = 0 };

    for (int i = 0; i < s->count; i++) {
        struct term term = s->terms[i];

        while (term.degree >= 0 && term.c[term.degree] == 0)
            term.degree--;
        if (term.degree >= 0)
            kept.terms[kept.count++] = term;
    }
    return kept;
}

/* ---- zeros ---- */

/* The zero between low and high, where the values have different signs. */
static double bracketed_zero(const struct sum *s, const struct sum *slope, double low, double high)
{
    bool rises = value_at(s, low) < value_at(s, high);
    double t = low + (high - low) / 2;

    for (int round = 0; round < 200 && high - low > 4e-16 * (fabs(low) + fabs(high)); round++) {
        double value = value_at(s, t), newton = t - value / value_at(slope, t);

        if (value == 0)
            return t;
        if ((value < 0) == rises)
            low = t;
        else
            high = t;
        if (fabs(newton - t) <= 1e-15 * fabs(t) && newton >= low && newton <= high)
            return newton;
        t = newton > low && newton < high ? newton : low + (high - low) / 2;
    }
    return high;
}

/* Zeros between 0 and end at which the sign changes, ascending; returns how many. */
static int zeros(const struct sum *of, double end, double out[ZEROS])
{
    struct sum kept = without_zeros(of), s, slope;
    double turns[ZEROS], low = 0;
    int count = 0, turn_count;

    if (kept.count == 0)
        return 0;
    s = without_slowest_decay(&kept);
    if (s.count == 1 && s.terms[0].degree == 0)
        return 0;
    if (s.count == 2 && s.terms[0].degree == 0 && s.terms[1].degree == 0) {
        double t = log(-s.terms[0].c[0] / s.terms[1].c[0]) / (s.terms[1].rate - s.terms[0].rate);

        if (!(t > 0 && t < end)) /* not a number where both have one sign */
            return 0;
        out[0] = t;
        return 1;
    }
    slope = derivative(&s);
    turn_count = zeros(&slope, end, turns);
    for (int i = 0; i <= turn_count; i++) {
        double high = i < turn_count ? turns[i] : end;
        double a = value_at(&s, low), b = value_at(&s, high);

        if ((a < 0 && b > 0) || (a > 0 && b < 0))
            out[count++] = bracketed_zero(&s, &slope, low, high);
        else if (b == 0 && i < turn_count && a != 0)
            out[count++] = high; /* may turn back there: the caller looks at the signs */
        low = high;
    }
    return count;
}

/* ---- equations ---- */

struct equations {
    int32_t n;
    const union snn_value *a; /* row by row, the distance last; n + 1 columns */
    int32_t order[EQUATIONS]; /* each after those it depends on */
};

static double coefficient(const struct equations *e, int32_t i, int32_t k)
{
    return e->a[i * (e->n + 1) + k].real;
}

static void sort_equations(struct equations *e)
{
    bool is_placed[EQUATIONS] = { false };

    for (int32_t place = 0; place < e->n; place++)
        for (int32_t i = 0; i < e->n; i++) {
            bool is_next = !is_placed[i];

            for (int32_t k = 0; k < e->n; k++)
                if (k != i && !is_placed[k] && coefficient(e, i, k) != 0)
                    is_next = false;
            if (!is_next)
                continue;
            is_placed[i] = true;
            e->order[place] = i;
            break;
        }
}

/* What c t^power exp(rate t) in x' = a x + … adds to x, without what depends on x(0). */
static void respond(struct sum *x, double a, double rate, int power, double c)
{
    struct term *t = term_of(x, rate);

    if (t == term_of(x, a)) {
        add(t, power + 1, c / (power + 1));
        return;
    }
    for (double p = c / (rate - a); power >= 0; power--) {
        add(t, power, p);
        p *= -power / (rate - a);
    }
}

static void solve(const struct equations *e, int32_t i, double start, double constant,
                  struct sum *states)
{
    struct sum *x = &states[i];
    double a = coefficient(e, i, i);

    x->count = 0;
    term_of(x, a);
    if (constant != 0)
        respond(x, a, 0, 0, constant);
    for (int32_t k = 0; k < e->n; k++) {
        double factor = coefficient(e, i, k);

        if (k == i || factor == 0)
            continue;
        for (int t = 0; t < states[k].count; t++)
            for (int power = 0; power <= states[k].terms[t].degree; power++)
                respond(x, a, states[k].terms[t].rate, power, factor * states[k].terms[t].c[power]);
    }
    add(term_of(x, a), 0, start - value_at(x, 0));
}

/* ---- crossings ---- */

/* When the distance begins to be above 0, from 0 to before end; infinity if it does not. `from` as
 * in a column's last row. */
static double first_passage(const struct sum *distance, double from, double end)
{
    double points[ZEROS + 2] = { 0 }, scale = 0, at_start = value_at(distance, fmax(from, 0));
    int count = 1 + zeros(distance, end, points + 1);
    bool is_above = at_start > 0;

    if (from > 0 && is_above)
        return from;
    for (int i = 0; from < 0 && i < distance->count; i++)
        scale += fabs(distance->terms[i].c[0]);
    is_above = at_start > -1e-6 * scale && (is_above || from < 0); /* it has just been there */
    points[count] = end;
    for (int i = 0; i < count; i++) {
        double value = value_at(distance, points[i] / 2 + points[i + 1] / 2);

        if (i > 0 && points[i] <= from)
            continue;
        if (value > 0 && !is_above && (i > 0 || (from == 0 && at_start == 0)))
            return points[i];
        if (value <= -1e-6 * scale)
            is_above = false;
    }
    return INFINITY;
}

double snn_rt_crossings(struct snn_context *context, int32_t n, int32_t first, int32_t scratch,
                        int64_t neurons, double start, double end, int32_t crossings)
{
    const double *column = context->buffers[scratch];
    double *out = context->buffers[crossings], earliest = INFINITY;
    struct equations e = { .n = n, .a = &context->constants[first] };
    struct sum states[EQUATIONS];

    sort_equations(&e);
    for (int64_t j = 0; j < neurons; j++, column++) {
        double from = column[(2 * n + 1) * neurons];
        struct sum distance = { .count = 0 };

        out[j] = INFINITY;
        if (from == INFINITY)
            continue;
        for (int32_t k = 0; k < n; k++) {
            int32_t i = e.order[k];

            solve(&e, i, column[i * neurons], column[(n + i) * neurons], states);
            for (int t = 0; t < states[i].count; t++)
                for (int power = 0; power <= states[i].terms[t].degree; power++)
                    add(term_of(&distance, states[i].terms[t].rate), power,
                        coefficient(&e, n, i) * states[i].terms[t].c[power]);
        }
        add(term_of(&distance, 0), 0, column[2 * n * neurons]);
        out[j] = start + first_passage(&distance, from, end - start);
        if (out[j] <= start)
            out[j] = nextafter(start, INFINITY);
        earliest = out[j] < earliest ? out[j] : earliest;
    }
    return earliest;
}
