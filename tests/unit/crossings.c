/* SPDX-License-Identifier: MIT
 *
 * The first passage of a threshold between events, of random systems, is where a fine integration
 * of the same equations finds it, to 1e-6 of the shortest time constant.
 */
#undef NDEBUG
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "runtime.h"

enum { LIMIT = 4, CASES = 3000 };

struct problem {
    int n;
    double a[LIMIT + 1][LIMIT + 1]; /* the last row: the distance */
    double x[LIMIT], constant[LIMIT], distance, from, end, tau;
};

static unsigned long long state = 88172645463325252ULL;

static double draw(double low, double high)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return low + (high - low) * (double)(state >> 11) * 0x1p-53;
}

/* A chain in random order; time constants are equal at times, or there are none. */
static struct problem make_problem(void)
{
    struct problem p = { .n = 1 + (int)draw(0, LIMIT), .tau = 1, .end = draw(1, 20) };
    bool is_alike = draw(0, 1) < 0.3, backwards = draw(0, 1) < 0.5;

    for (int i = 0; i < p.n; i++) {
        double tau = is_alike ? 1 : draw(1, 8);

        p.a[i][i] = draw(0, 1) < 0.15 ? 0 : -1 / tau;
        for (int k = 0; k < p.n; k++)
            if (backwards ? k > i : k < i)
                p.a[i][k] = draw(0, 1) < 0.3 ? 0 : draw(-1, 1);
        p.x[i] = draw(-1, 1);
        p.constant[i] = draw(0, 1) < 0.5 ? 0 : draw(-0.5, 0.5);
        p.a[p.n][i] = draw(0, 1) < 0.3 ? 0 : draw(-1, 1);
    }
    p.distance = draw(-1, 0.5);
    p.from = draw(0, 1) < 0.3 ? draw(0, 2) : 0;
    return p;
}

static void slopes(const struct problem *p, const double *x, double *out)
{
    for (int i = 0; i < p->n; i++) {
        out[i] = p->constant[i];
        for (int k = 0; k < p->n; k++)
            out[i] += p->a[i][k] * x[k];
    }
}

static double distance(const struct problem *p, const double *x)
{
    double total = p->distance;

    for (int i = 0; i < p->n; i++)
        total += p->a[p->n][i] * x[i];
    return total;
}

/* Kutta's method of order 4. */
static void step(const struct problem *p, const double *x, double dt, double *out)
{
    double k[4][LIMIT], y[LIMIT];

    slopes(p, x, k[0]);
    for (int s = 1; s < 4; s++) {
        for (int i = 0; i < p->n; i++)
            y[i] = x[i] + (s == 3 ? dt : dt / 2) * k[s - 1][i];
        slopes(p, y, k[s]);
    }
    for (int i = 0; i < p->n; i++)
        out[i] = x[i] + dt / 6 * (k[0][i] + 2 * k[1][i] + 2 * k[2][i] + k[3][i]);
}

/* Steps of 1/500; within one, the passage is bisected. `is_close`: rounding may decide whether
 * there is one. */
static double integrate(const struct problem *p, bool *is_close)
{
    double x[LIMIT], next[LIMIT], t = 0, dt = p->tau / 500;
    bool is_above = distance(p, p->x) > 0;

    *is_close = false;
    memcpy(x, p->x, sizeof x);
    if (p->from > 0) {
        int count = (int)ceil(p->from / dt);

        for (int i = 0; i < count; i++) {
            step(p, x, p->from / count, next);
            memcpy(x, next, sizeof x);
        }
        t = p->from;
        is_above = distance(p, x) > 0;
        *is_close = fabs(distance(p, x)) < 1e-6;
        if (is_above)
            return t;
    }
    for (; t < p->end; t += dt, memcpy(x, next, sizeof x)) {
        double low = 0, high = dt, at[LIMIT];

        *is_close |= fabs(distance(p, x)) < 1e-6;
        step(p, x, dt, next);
        if (distance(p, next) <= 0)
            is_above = false;
        if (is_above || distance(p, next) <= 0)
            continue;
        for (int round = 0; round < 60; round++) {
            double middle = (low + high) / 2;

            step(p, x, middle, at);
            if (distance(p, at) > 0)
                high = middle;
            else
                low = middle;
        }
        return t + high < p->end ? t + high : INFINITY;
    }
    return INFINITY;
}

static double solve(const struct problem *p)
{
    union snn_value constants[(LIMIT + 1) * (LIMIT + 1)];
    double columns[2 * LIMIT + 2], crossing = 0;
    void *buffers[] = { columns, &crossing };
    struct snn_context context = { .buffers = buffers, .constants = constants };
    int n = p->n;

    for (int i = 0; i <= n; i++)
        for (int k = 0; k <= n; k++)
            constants[i * (n + 1) + k].real = k < n ? p->a[i][k] : 0;
    for (int i = 0; i < n; i++) {
        columns[i] = p->x[i];
        columns[n + i] = p->constant[i];
    }
    columns[2 * n] = p->distance;
    columns[2 * n + 1] = p->from;
    double earliest = snn_rt_crossings(&context, n, 0, 0, 1, 0, p->end, 1);
    assert(earliest == crossing);
    return crossing;
}

int main(void)
{
    int crossings = 0, left_out = 0;

    for (int i = 0; i < CASES; i++) {
        struct problem p = make_problem();
        bool is_close;
        double expected = integrate(&p, &is_close), found = solve(&p);
        bool is_equal = expected == found || fabs(expected - found) <= 1e-6 * p.tau;

        if (!is_equal && is_close) {
            left_out++;
            continue;
        }
        if (!is_equal)
            printf("case %d, %d equations: %.9g expected, %.9g found\n", i, p.n, expected, found);
        assert(is_equal);
        crossings += found < INFINITY;
    }
    assert(crossings > CASES / 5 && left_out < CASES / 100);
    return 0;
}
