/* SPDX-License-Identifier: MIT
 *
 * What random.snn did, computed anew by plain loops: spikes must be equal, weights to 1e-6.
 * Potentials are float, since they decide who spikes; the rest is double.
 *
 *   reference FOLDER inputs classes members networks gap a_plus a_minus non_target compete ranges
 * ignore_silent beta tau
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 64 }; /* inputs, neurons */

static int inputs, classes, members, networks, non_target;
static double gap, a_plus, a_minus, beta, tau;
static bool compete, ranges, ignore_silent;

/* ---- files ---- */

static double *read_array(const char *folder, const char *name, size_t expected)
{
    char path[1000], header[1000] = "";
    unsigned char prefix[10];
    snprintf(path, sizeof path, "%s/%s.npy", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL || fread(prefix, 1, 10, file) != 10) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    size_t length = prefix[8] + 256u * prefix[9];
    double *values = malloc((expected + 1) * sizeof *values);
    if (values == NULL || length >= sizeof header || fread(header, 1, length, file) != length)
        exit(1);
    for (size_t i = 0; i < expected; i++) {
        float single;
        double real;
        long long whole;
        bool done = false;
        if (strstr(header, "<f4") != NULL) {
            done = fread(&single, sizeof single, 1, file) == 1;
            real = (double)single;
        } else if (strstr(header, "<f8") != NULL) {
            done = fread(&real, sizeof real, 1, file) == 1;
        } else {
            done = strstr(header, "<i8") != NULL && fread(&whole, sizeof whole, 1, file) == 1;
            real = (double)whole;
        }
        if (!done) {
            fprintf(stderr, "%s: %zu of %zu values (%s)\n", path, i, expected, header);
            exit(1);
        }
        values[i] = real;
    }
    fclose(file);
    return values;
}

/* ---- networks ---- */

struct event {
    float time;
    int input;
};

struct layer {
    int size;
    float v[LIMIT], theta[LIMIT];
    float first[LIMIT], last[LIMIT];
    int count[LIMIT];
    float reached;
};

static bool is_close; /* a potential came so near to a threshold that rounding decides */

static int by_time(const void *left, const void *right)
{
    const struct event *a = left, *b = right;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a->input - b->input;
}

static int list_events(const float *times, int count, struct event *events)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        if (times[i] < 1)
            events[n++] = (struct event){ times[i], i };
    qsort(events, (size_t)n, sizeof *events, by_time);
    return n;
}

static void begin(struct layer *layer, int size)
{
    *layer = (struct layer){ .size = size };
    for (int j = 0; j < size; j++) {
        layer->first[j] = 1;
        layer->last[j] = -INFINITY;
    }
}

static void spike(struct layer *layer, int j, float time)
{
    if (layer->count[j]++ == 0)
        layer->first[j] = time;
    layer->last[j] = time;
}

/* Neurons that spike once, or again and again with their threshold taken off. weight[input][neuron]
 */
static void run(struct layer *layer, const struct event *events, int count, float (*weight)[LIMIT],
                bool leaks, bool repeats)
{
    for (int k = 0, next; k < count; k = next) {
        float time = events[k].time;
        for (next = k; next < count && events[next].time == time; next++)
            continue;
        for (int j = 0; j < layer->size; j++) {
            float sum = 0;
            for (int e = k; e < next; e++)
                sum += weight[events[e].input][j];
            if (!repeats && layer->count[j] > 0)
                continue;
            if (leaks)
                layer->v[j] =
                    (float)((double)layer->v[j] * exp(-(double)(time - layer->reached) / tau));
            layer->v[j] += sum;
            is_close |= leaks && fabsf(layer->v[j] - layer->theta[j]) < 2e-6f;
            if (repeats ? layer->v[j] >= layer->theta[j] : layer->v[j] > layer->theta[j]) {
                spike(layer, j, time);
                if (repeats)
                    layer->v[j] -= layer->theta[j];
            }
        }
        layer->reached = time;
    }
}

/* ---- rules ---- */

static bool is_earlier(const struct layer *out, int a, int b)
{
    if (out->first[a] != out->first[b])
        return out->first[a] < out->first[b];
    return out->v[a] > out->v[b];
}

static int first_of(const struct layer *out, int from, int to)
{
    int best = from;
    for (int j = from + 1; j < to; j++)
        if (is_earlier(out, j, best))
            best = j;
    return best;
}

static double kernel(double pre, double post, double w, double plus, double minus, double low,
                     double high)
{
    if (pre <= post)
        return beta == 0 ? plus : plus * exp(-beta * (w - low) / (high - low));
    if (ignore_silent && pre >= 1)
        return 0;
    return beta == 0 ? minus : minus * exp(-beta * (high - w) / (high - low));
}

/* Bounds of the weights onto neuron j that the rule changes. */
static void clip(const struct layer *out, const float *pre, int j, double (*w)[LIMIT], double low,
                 double high)
{
    for (int i = 0; i < inputs; i++)
        if (pre[i] <= out->first[j] || pre[i] < 1 || !ignore_silent)
            w[i][j] = fmin(fmax(w[i][j], low), high);
}

static bool takes_part(const struct layer *out, int j)
{
    int c = j / members;
    return !compete || first_of(out, c * members, (c + 1) * members) == j;
}

static bool is_target(int j, int label)
{
    return j / members == label && j % members >= non_target;
}

static double in_range(double time, double wanted, bool target)
{
    if (!ranges)
        return wanted;
    return target ? fmin(time, wanted) : fmax(time, wanted);
}

static void s2stdp(const struct layer *out, const float *pre, int label, double (*w)[LIMIT])
{
    int n = classes * members, updated = compete ? classes : n, own = updated / classes, fired = 0;
    double gap_other = gap * own / updated, gap_own = gap * (updated - own) / updated, mean = 0;
    double total[LIMIT] = { 0 };
    for (int j = 0; j < n; j++)
        for (int i = 0; i < inputs; i++)
            total[j] += w[i][j];
    for (int j = 0; j < n; j++)
        if (out->first[j] < 1 && takes_part(out, j)) {
            mean += (double)out->first[j];
            fired++;
        }
    mean = fired > 0 ? fmin(mean / fired, 1 - gap_other) : 1 - gap_other;
    for (int j = 0; j < n; j++) {
        bool target = is_target(j, label);
        double time = (double)out->first[j];
        double e = time - in_range(time, target ? mean - gap_own : mean + gap_other, target);
        for (int i = 0; i < inputs && takes_part(out, j); i++)
            w[i][j] += fabs(e) * kernel((double)pre[i], time, w[i][j], e > 0 ? a_plus : -a_plus,
                                        e > 0 ? a_minus : -a_minus, -0.5, 1);
    }
    for (int j = 0; j < n; j++)
        clip(out, pre, j, w, -0.5, 1);
    for (int j = 0; j < n; j++) { /* the sum of the weights is kept */
        double now = 0;
        for (int i = 0; i < inputs; i++)
            now += fabs(w[i][j]);
        for (int i = 0; i < inputs; i++)
            w[i][j] *= total[j] / now;
    }
}

static void r_stdp(const struct layer *out, const float *pre, int label, double (*w)[LIMIT])
{
    int winner = first_of(out, 0, classes * members);
    bool is_right = is_target(winner, label);
    double plus = is_right ? 0.7 * a_plus : 0.3 * a_minus;
    double minus = is_right ? 0.7 * a_minus : 0.3 * a_plus;
    for (int i = 0; i < inputs; i++)
        w[i][winner] +=
            kernel((double)pre[i], (double)out->first[winner], w[i][winner], plus, minus, 0, 0.9);
    clip(out, pre, winner, w, 0, 0.9);
}

static void s4nn(const struct layer *out, const float *pre, int label, double (*w)[LIMIT])
{
    int n = classes * members;
    double base = 1 - gap, e[LIMIT], length = 0;
    for (int j = 0; j < n; j++)
        base = fmin(base, (double)out->first[j]);
    for (int j = 0; j < n; j++) {
        bool target = is_target(j, label);
        double time = (double)out->first[j];
        e[j] = takes_part(out, j) ? time - in_range(time, target ? base : base + gap, target) : 0;
        length += e[j] * e[j];
    }
    for (int j = 0; j < n; j++)
        for (int i = 0; i < inputs && e[j] != 0; i++)
            if (pre[i] <= out->first[j])
                w[i][j] += a_plus * e[j] / sqrt(length);
}

/* ---- comparison ---- */

static int failures, skipped;

static void compare(const char *what, int k, int j, double here, double there, double tolerance)
{
    bool is_equal = here == there || fabs(here - there) <= tolerance;
    if (!is_equal && failures++ < 20)
        printf("network %d, %s %d: %.9g here, %.9g there\n", k, what, j, here, there);
}

struct arrays {
    const double *theta, *start, *hidden, *weights, *spikes, *potentials, *walked, *outputs;
};

static void compare_rule(const struct arrays *a, int k, int rule, const float *pre, int label)
{
    int n = classes * members;
    struct event events[LIMIT];
    struct layer out;
    float weight[LIMIT][LIMIT];
    double w[LIMIT][LIMIT];
    begin(&out, n);
    for (int j = 0; j < n; j++)
        out.theta[j] = (float)a->theta[k * n + j];
    for (int i = 0; i < inputs; i++)
        for (int j = 0; j < n; j++)
            weight[i][j] = (float)(w[i][j] = a->start[(k * inputs + i) * n + j]);
    is_close = false;
    run(&out, events, list_events(pre, inputs, events), weight, rule == 2, false);
    skipped += is_close;
    if (is_close)
        return;
    (rule == 0 ? s2stdp : rule == 1 ? r_stdp : s4nn)(&out, pre, label, w);
    for (int j = 0; j < n; j++) {
        int place = (rule * networks + k) * n + j;
        compare("time", k, j, (double)out.first[j], a->spikes[place], 0);
        compare("potential", k, j, (double)out.v[j], a->potentials[place], rule == 2 ? 1e-6 : 0);
        for (int i = 0; i < inputs; i++)
            compare(rule == 0   ? "s2stdp weight"
                    : rule == 1 ? "r_stdp weight"
                                : "s4nn weight",
                    k, i * n + j, w[i][j], a->weights[((rule * networks + k) * inputs + i) * n + j],
                    1e-6);
    }
}

static void compare_deep(const struct arrays *a, int k, const float *pre)
{
    int n = classes * members;
    struct event events[LIMIT];
    struct layer h, y;
    float first[LIMIT][LIMIT], second[LIMIT][LIMIT];
    begin(&h, members);
    begin(&y, classes);
    for (int m = 0; m < members; m++) {
        h.theta[m] = (float)a->theta[k * n + m];
        for (int i = 0; i < inputs; i++)
            first[i][m] = (float)a->start[(k * inputs + i) * n + m];
        for (int c = 0; c < classes; c++)
            second[m][c] = (float)a->hidden[(k * members + m) * classes + c];
    }
    for (int c = 0; c < classes; c++)
        y.theta[c] = 0.8f;
    is_close = false;
    run(&h, events, list_events(pre, inputs, events), first, false, false);
    run(&y, events, list_events(h.first, members, events), second, true, true);
    skipped += is_close;
    for (int form = 0; form < 2 && !is_close; form++)
        for (int c = 0; c < classes; c++) {
            const double *there = a->outputs + ((form * networks + k) * 4) * classes + c;
            compare("first spike", k, c, (double)y.first[c], there[0], 0);
            compare("last spike", k, c, (double)y.last[c], there[classes], 0);
            compare("spikes", k, c, y.count[c], there[2 * classes], 0);
            compare("leaking potential", k, c, (double)y.v[c], there[3 * classes], 1e-6);
        }
}

/* SpikeNN's loop over the events: the threshold is tested when the time changes and at the last
 * event, before that is added. */
static void compare_walk(const struct arrays *a, int k, const float *pre)
{
    int n = classes * members, count;
    struct event events[LIMIT];
    float v[LIMIT] = { 0 }, time[LIMIT];
    bool has_fired[LIMIT] = { false };
    count = list_events(pre, inputs, events);
    is_close = false;
    for (int j = 0; j < n; j++)
        time[j] = 1;
    float now = count > 0 ? events[0].time : 0;
    for (int e = 0; e < count; e++) {
        bool is_tested = events[e].time != now || e == count - 1;
        for (int j = 0; j < n; j++) {
            float theta = (float)a->theta[k * n + j];
            is_close |= is_tested && fabsf(v[j] - theta) < 2e-6f;
            if (is_tested && !has_fired[j] && v[j] > theta) {
                time[j] = now;
                has_fired[j] = true;
            }
            if (!has_fired[j])
                v[j] = (float)((double)v[j] + a->start[(k * inputs + events[e].input) * n + j]);
        }
        now = events[e].time;
    }
    skipped += is_close;
    for (int j = 0; j < n && !is_close; j++) {
        compare("time of the walk", k, j, (double)time[j], a->walked[k * n + j], 0);
        compare("potential of the walk", k, j, (double)v[j], a->walked[(networks + k) * n + j],
                2e-6);
    }
}

int main(int argc, char **argv)
{
    if (argc != 15)
        return 2;
    inputs = atoi(argv[2]), classes = atoi(argv[3]), members = atoi(argv[4]);
    networks = atoi(argv[5]), gap = atof(argv[6]), a_plus = atof(argv[7]), a_minus = atof(argv[8]);
    non_target = atoi(argv[9]), compete = atoi(argv[10]) != 0, ranges = atoi(argv[11]) != 0;
    ignore_silent = atoi(argv[12]) != 0, beta = atof(argv[13]), tau = atof(argv[14]);
    if (inputs > LIMIT || classes * members > LIMIT)
        return 2;
    size_t n = (size_t)(classes * members), count = (size_t)networks, all = count * n;
    const double *times = read_array(argv[1], "times", count * (size_t)inputs);
    const double *labels = read_array(argv[1], "labels", count);
    struct arrays a = {
        .theta = read_array(argv[1], "theta", all),
        .start = read_array(argv[1], "start", all * (size_t)inputs),
        .hidden = read_array(argv[1], "hidden", all),
        .weights = read_array(argv[1], "weights", 3 * all * (size_t)inputs),
        .spikes = read_array(argv[1], "spikes", 3 * all),
        .potentials = read_array(argv[1], "potentials", 3 * all),
        .walked = read_array(argv[1], "walked", 2 * all),
        .outputs = read_array(argv[1], "outputs", 8 * count * (size_t)classes),
    };
    for (int k = 0; k < networks; k++) {
        float pre[LIMIT];
        for (int i = 0; i < inputs; i++)
            pre[i] = fminf((float)times[k * inputs + i], 1);
        for (int rule = 0; rule < 3; rule++)
            compare_rule(&a, k, rule, pre, (int)labels[k]);
        compare_deep(&a, k, pre);
        compare_walk(&a, k, pre);
    }
    printf("%d differences; %d of %d runs left out, where rounding decides\n", failures, skipped,
           5 * networks);
    return failures > 0 || skipped > networks / 10;
}
