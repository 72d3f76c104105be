// SPDX-License-Identifier: MIT
//
// The network of examples/diehl_cook.snn written by hand, for one purpose: to be
// as fast as C on one core can be, so that compiled code has something to meet.
// It follows the step of BindsNET's eth_mnist example and shares no code with
// the compiler or its runtime, which makes it a check of the results as well.
//
//   reference [n=100] [train=60000] [test=10000] [seed=0] [threads=1] [alpha=1] [data=DIR]
//
// alpha is what an interval leaves of the responses before it when neurons are
// labelled: 1, as in the example, adds up the whole of training. Compiled with
// -DMEASURE_PHASES it also prints the time stamps each phase takes.

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <zlib.h>
#if defined __x86_64__
#include <immintrin.h>
#endif

#ifndef PANEL_BLOCKS
#define PANEL_BLOCKS 14 // widest panel: its sums stay in registers over all spikes of a step
#endif

enum {
    PIXELS = 784,
    STEPS = 250,
    CLASSES = 10,
    INTERVAL = 250,
    LANES = 16,
    RANDOM_BLOCK = 1024,
    EXC_REFRACTORY = 5,
    INH_REFRACTORY = 2,
    LONG_AGO = -STEPS, // older than any spike of the sample: its trace is 0
};

static const float exc_rest = -65, exc_reset = -60, exc_threshold = -52, theta_up = 0.05f;
static const float inh_rest = -60, inh_reset = -45, inh_threshold = -40;
static const float weight_exc_inh = 22.5f, weight_inh_exc = -120;
static const float eta_pre = 1e-4f, eta_post = 1e-2f, column_sum = 78.4f, white_hz = 128;

// Sixteen lanes. The compiler splits them where the machine's registers are narrower
// (and then warns about calls between object files, of which there are none).
#pragma GCC diagnostic ignored "-Wpsabi"
typedef float vec __attribute__((vector_size(4 * LANES), may_alias));
typedef int32_t ivec __attribute__((vector_size(4 * LANES), may_alias));
typedef uint32_t uvec __attribute__((vector_size(4 * LANES), may_alias));

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE vec splat(float x)
{
    return (vec){ 0 } + x;
}

ALWAYS_INLINE vec blend(ivec mask, vec yes, vec no)
{
    return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask));
}

ALWAYS_INLINE vec at_least(vec a, float low)
{
    return blend(a < splat(low), splat(low), a);
}

ALWAYS_INLINE bool any_lane(ivec mask)
{
#ifdef __AVX512F__
    return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#else
    int32_t all = 0;
    for (int k = 0; k < LANES; k++)
        all |= mask[k];
    return all != 0;
#endif
}

// ---- memory and time -------------------------------------------------------

static void fail(const char *what, const char *name)
{
    fprintf(stderr, "reference: %s %s\n", what, name);
    exit(1);
}

static void *zeroed(size_t bytes)
{
    size_t page = bytes < (1u << 20) ? 64 : 1u << 21;
    size_t size = (bytes + page - 1) / page * page;
    void *memory = NULL;
    if (posix_memalign(&memory, page, size))
        fail("out of memory for", "state");
#ifdef MADV_HUGEPAGE
    if (page > 64)
        madvise(memory, size, MADV_HUGEPAGE);
#endif
    return memset(memory, 0, size);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

// ---- random numbers: Philox4x32-10, sixteen counters at a time ---------------

ALWAYS_INLINE void multiply(uvec a, uint32_t m, uvec *high, uvec *low)
{
#ifdef __AVX512F__
    __m512i x = (__m512i)a, f = _mm512_set1_epi64(m);
    __m512i even = _mm512_mul_epu32(x, f);
    __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), f);
    *low = (uvec)_mm512_mask_shuffle_epi32(even, 0xaaaa, odd, 0xa0);
    *high = (uvec)_mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), 0xaaaa, odd);
#else
    for (int k = 0; k < LANES; k++) {
        uint64_t product = (uint64_t)a[k] * m;
        (*high)[k] = (uint32_t)(product >> 32);
        (*low)[k] = (uint32_t)product;
    }
#endif
}

// One block is a chain of ten dependent rounds; two blocks keep the multipliers busy.
static void philox(uint32_t out[2 * 4 * LANES], uint32_t block, uint32_t sample, uint32_t stream,
                   uint32_t seed)
{
    uvec c[2][4];
    uvec lane = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
    uint32_t k0 = seed, k1 = 0x5eed5eed;
    for (int b = 0; b < 2; b++) {
        c[b][0] = lane + (block + b) * LANES;
        c[b][1] = (uvec){ 0 } + sample;
        c[b][2] = (uvec){ 0 } + stream;
        c[b][3] = (uvec){ 0 };
    }
    for (int round = 0; round < 10; round++) {
        for (int b = 0; b < 2; b++) {
            uvec high0, low0, high1, low1;
            multiply(c[b][0], 0xD2511F53, &high0, &low0);
            multiply(c[b][2], 0xCD9E8D57, &high1, &low1);
            c[b][0] = high1 ^ c[b][1] ^ k0;
            c[b][1] = low1;
            c[b][2] = high0 ^ c[b][3] ^ k1;
            c[b][3] = low0;
        }
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    memcpy(out, c, sizeof c);
}

struct random {
    uint32_t numbers[RANDOM_BLOCK] __attribute__((aligned(64)));
    int next;
    uint32_t block, sample, stream, seed;
};

static void random_start(struct random *r, uint32_t sample, uint32_t stream, uint32_t seed)
{
    r->next = RANDOM_BLOCK;
    r->block = 0;
    r->sample = sample;
    r->stream = stream;
    r->seed = seed;
}

ALWAYS_INLINE void random_reserve(struct random *r, int count)
{
    int left = RANDOM_BLOCK - r->next;
    if (left >= count)
        return;
    int kept = left & ~(2 * 4 * LANES - 1);
    memmove(r->numbers, r->numbers + RANDOM_BLOCK - kept, sizeof(uint32_t) * kept);
    for (int k = kept; k < RANDOM_BLOCK; k += 2 * 4 * LANES, r->block += 2)
        philox(r->numbers + k, r->block, r->sample, r->stream, r->seed);
    r->next = 0;
}

// ---- encoder: intervals drawn from a Poisson distribution --------------------

// One alias table for each pixel value: an entry holds a 24-bit threshold and the
// alias. Draws beyond the window need not be told apart, so 256 entries are enough,
// and bright pixels (short intervals) take 64.
struct encoder {
    uint32_t *table[256];
    uint8_t mask[256];
    uint8_t dimmest; // dimmer pixels never spike within the window
};

static void poisson_masses(double *mass, int size, double mean)
{
    double left = 1;
    for (int k = 0; k < size; k++)
        mass[k] = exp(k * log(mean) - mean - lgamma(k + 1));
    mass[1] += mass[0]; // an interval of no steps counts as one step
    mass[0] = 0;
    for (int k = 0; k < size - 1; k++)
        left -= mass[k];
    mass[size - 1] = left > 0 ? left : 0;
}

static void build_alias(uint32_t *table, const double *mass, int size)
{
    int small[256], large[256], small_count = 0, large_count = 0;
    double scaled[256];
    for (int k = 0; k < size; k++) {
        scaled[k] = mass[k] * size;
        if (scaled[k] < 1)
            small[small_count++] = k;
        else
            large[large_count++] = k;
        table[k] = 0xffffff00u | (uint32_t)k;
    }
    while (small_count && large_count) {
        int s = small[--small_count], l = large[large_count - 1];
        table[s] = (uint32_t)(scaled[s] * 0xffffff) << 8 | (uint32_t)l;
        scaled[l] -= 1 - scaled[s];
        if (scaled[l] < 1) {
            large_count--;
            small[small_count++] = l;
        }
    }
}

static struct encoder *encoder_new(void)
{
    struct encoder *e = zeroed(sizeof *e);
    for (int p = 255; p > 0; p--) {
        double mean = 1000.0 / (white_hz * p / 255.0), mass[256];
        int size = 64;
        while (size < 256 && size < mean + 12 * sqrt(mean) + 8)
            size *= 2;
        poisson_masses(mass, size, mean);
        if (size == 256 && mass[255] > 1 - 1e-9)
            break;
        e->dimmest = (uint8_t)p;
        e->mask[p] = (uint8_t)(size - 1);
        e->table[p] = zeroed(sizeof(uint32_t) * size);
        build_alias(e->table[p], mass, size);
    }
    return e;
}

// ---- the network -------------------------------------------------------------

// Weights lie in panels of neighbouring neurons, each panel row after row (one row
// for each pixel), so that both a row and a group of 16 columns are near in memory.
struct network {
    int n, blocks, panels;
    int first_block[65], panel_blocks[64];
    float *weights[64];
    float *theta;
    uint32_t seed;
    const struct encoder *encoder;
};

// What one presentation works on; each thread has its own.
struct lane {
    float *v, *trace, *own; // per excitatory neuron
    int32_t *integrates_at, *counts, *reached;
    float *inh_v; // per inhibitory neuron, valid at inh_time
    int32_t *inh_time, *inh_integrates_at;
    bool *fired; // per block of 16: did one fire in this sample?
    int *fired_blocks, fired_count;
    bool *dirty;              // per block: not at its column sum
    int exc_spike, inh_spike; // of the previous step, or -1

    int active_count, stride;
    uint16_t active[PIXELS];
    int32_t last_spike[PIXELS];
    uint16_t *spikes, *spikes_end[STEPS]; // pixels that spike, [step][stride]
    struct random random;
    float trace_decay[2 * STEPS + 1], inh_decay[STEPS + 1];
    float exc_decay, theta_decay;
    uint64_t ticks[8];
};

static float *panel_row(const struct network *net, int panel, int pixel)
{
    return net->weights[panel] + (size_t)pixel * net->panel_blocks[panel] * LANES;
}

static int panel_of(const struct network *net, int block)
{
    int p = 0;
    while (net->first_block[p + 1] <= block)
        p++;
    return p;
}

static struct network *network_new(int n, uint32_t seed)
{
    struct network *net = zeroed(sizeof *net);
    net->n = n;
    net->seed = seed;
    net->blocks = (n + LANES - 1) / LANES;
    net->panels = (net->blocks + PANEL_BLOCKS - 1) / PANEL_BLOCKS;
    if (net->panels > 64)
        fail("too many neurons:", "at most 64 panels");
    net->theta = zeroed(sizeof(float) * net->blocks * LANES);
    net->encoder = encoder_new();
    for (int p = 0; p < net->panels; p++) {
        int begin = net->blocks * p / net->panels, end = net->blocks * (p + 1) / net->panels;
        net->first_block[p] = begin;
        net->first_block[p + 1] = end;
        net->panel_blocks[p] = end - begin;
        net->weights[p] = zeroed(sizeof(float) * PIXELS * LANES * (end - begin));
    }
    struct random *r = zeroed(sizeof *r);
    for (int i = 0; i < PIXELS; i++) {
        random_start(r, i, 1, seed);
        for (int p = 0, j = 0; p < net->panels; p++)
            for (int k = 0; k < net->panel_blocks[p] * LANES && j < n; k++, j++) {
                random_reserve(r, 1);
                panel_row(net, p, i)[k] = 0.3f * (r->numbers[r->next++] >> 8) * 0x1p-24f;
            }
    }
    free(r);
    return net;
}

static struct lane *lane_new(const struct network *net)
{
    struct lane *lane = zeroed(sizeof *lane);
    size_t floats = sizeof(float) * net->blocks * LANES;
    lane->v = zeroed(floats);
    lane->trace = zeroed(floats);
    lane->own = zeroed(floats);
    lane->integrates_at = zeroed(floats);
    lane->counts = zeroed(floats);
    lane->reached = zeroed(floats);
    lane->inh_v = zeroed(floats);
    lane->inh_time = zeroed(floats);
    lane->inh_integrates_at = zeroed(floats);
    lane->fired = zeroed(net->blocks);
    lane->dirty = zeroed(net->blocks);
    memset(lane->dirty, true, net->blocks);
    lane->fired_blocks = zeroed(sizeof(int) * net->blocks);
    lane->spikes = zeroed(sizeof(uint16_t) * STEPS * PIXELS);
    lane->exc_decay = expf(-1.0f / 100);
    lane->theta_decay = expf(-1.0f / 1e7f);
    lane->trace_decay[0] = lane->inh_decay[0] = 1;
    for (int k = 1; k <= STEPS; k++) {
        if (k < STEPS)
            lane->trace_decay[k] = lane->trace_decay[k - 1] * expf(-1.0f / 20);
        lane->inh_decay[k] = lane->inh_decay[k - 1] * expf(-1.0f / 10);
    }
    return lane;
}

// ---- one presentation --------------------------------------------------------

static void encode(struct lane *lane, const struct encoder *e, const uint8_t *image)
{
    int active = 0;
    for (int i = 0; i < PIXELS; i++) {
        lane->active[active] = (uint16_t)i;
        active += image[i] >= e->dimmest;
    }
    lane->active_count = active;
    lane->stride = (active + 31) & ~31;
    for (int t = 0; t < STEPS; t++)
        lane->spikes_end[t] = lane->spikes + t * lane->stride;

    struct random *r = &lane->random;
    for (int a = 0; a < active; a++) {
        int pixel = lane->active[a];
        const uint32_t *table = e->table[image[pixel]];
        uint32_t mask = e->mask[image[pixel]];
        random_reserve(r, STEPS + 1);
        const uint32_t *draw = r->numbers + r->next;
        uint32_t step = (uint32_t)-1;
        for (;;) {
            uint32_t bits = *draw++, entry = table[bits & mask];
            uint32_t drawn = bits & mask, alias = entry & 255, take = -(uint32_t)(bits < entry);
            step += alias ^ ((alias ^ drawn) & take);
            if (step >= STEPS)
                break;
            *lane->spikes_end[step]++ = (uint16_t)pixel;
        }
        r->next = (int)(draw - r->numbers);
        lane->last_spike[pixel] = LONG_AGO;
    }
}

static void reset(struct lane *lane, const struct network *net)
{
    int lanes = net->blocks * LANES;
    for (int j = 0; j < lanes; j++) {
        lane->v[j] = exc_rest;
        lane->trace[j] = 0;
        lane->integrates_at[j] = 0;
        lane->counts[j] = 0;
        lane->inh_v[j] = inh_rest;
        lane->inh_time[j] = -1;
        lane->inh_integrates_at[j] = 0;
    }
    memset(lane->fired, false, net->blocks);
    lane->fired_count = 0;
    lane->exc_spike = lane->inh_spike = -1;
}

// Input, membrane, threshold of K blocks; true if a neuron reached its threshold.
// The input of a block never leaves its register.
ALWAYS_INLINE bool advance_blocks(int K, const float *weights, const uint16_t *spikes,
                                  int spike_count, struct lane *lane, float *theta, int first,
                                  int t, bool inhibited, bool learn)
{
    vec input[K];
    for (int k = 0; k < K; k++)
        input[k] = (vec){ 0 };
    for (int s = 0; s < spike_count; s++) {
        const vec *row = (const vec *)(weights + (size_t)spikes[s] * K * LANES);
        for (int k = 0; k < K; k++)
            input[k] += row[k];
    }
    vec *v = (vec *)(lane->v + first), *own = (vec *)(lane->own + first),
        *th = (vec *)(theta + first);
    const ivec *integrates_at = (const ivec *)(lane->integrates_at + first);
    ivec reached = { 0 };
    for (int k = 0; k < K; k++) {
        if (inhibited)
            input[k] += weight_inh_exc + own[k];
        vec u = (v[k] - exc_rest) * lane->exc_decay + exc_rest;
        u = blend(integrates_at[k] <= t, u + input[k], u);
        v[k] = u;
        vec raised = th[k];
        if (learn)
            th[k] = raised = raised * lane->theta_decay;
        reached |= u >= raised + exc_threshold;
    }
    return any_lane(reached);
}

#define CASE(K)                                                                                    \
    case K:                                                                                        \
        return advance_blocks(K, weights, spikes, count, lane, net->theta, first, t, inhibited,    \
                              learn);

ALWAYS_INLINE bool advance_panel(struct network *net, struct lane *lane, int panel,
                                 const uint16_t *spikes, int count, int t, bool inhibited,
                                 bool learn)
{
    const float *weights = net->weights[panel];
    int first = net->first_block[panel] * LANES;
    switch (net->panel_blocks[panel]) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
        CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14) CASE(15) CASE(16)
    }
    return false;
}

static bool advance(struct network *net, struct lane *lane, const uint16_t *spikes, int count,
                    int t, bool inhibited, bool learn)
{
    bool reached = false;
    for (int p = 0; p < net->panels; p++)
        reached |= learn ? inhibited ? advance_panel(net, lane, p, spikes, count, t, true, true)
                                     : advance_panel(net, lane, p, spikes, count, t, false, true)
                   : inhibited ? advance_panel(net, lane, p, spikes, count, t, true, false)
                               : advance_panel(net, lane, p, spikes, count, t, false, false);
    return reached;
}

static uint32_t draw_below(struct lane *lane, uint32_t bound)
{
    random_reserve(&lane->random, 1);
    return (uint32_t)((uint64_t)lane->random.numbers[lane->random.next++] * bound >> 32);
}

// Every neuron at its threshold is reset; one of them, drawn, keeps its spike.
static int resolve_spikes(struct network *net, struct lane *lane, int t, bool learn)
{
    uint32_t count = 0;
    for (int block = 0; block < net->blocks; block++) {
        const vec *v = (const vec *)lane->v + block, *theta = (const vec *)net->theta + block;
        if (!any_lane(*v >= *theta + exc_threshold))
            continue;
        for (int j = block * LANES; j < (block + 1) * LANES; j++) {
            if (lane->v[j] < net->theta[j] + exc_threshold)
                continue;
            lane->v[j] = exc_reset;
            lane->integrates_at[j] = t + EXC_REFRACTORY + 1;
            if (learn)
                net->theta[j] += theta_up;
            lane->reached[count++] = j;
        }
    }
    int winner = lane->reached[count > 1 ? draw_below(lane, count) : 0];
    lane->counts[winner]++;
    return winner;
}

// An inhibitory neuron without input only decays towards rest, below its threshold:
// it is brought up to date when a spike reaches it.
static int advance_inhibitory(struct lane *lane, int j, int t)
{
    if (j < 0)
        return -1;
    float v = inh_rest + (lane->inh_v[j] - inh_rest) * lane->inh_decay[t - lane->inh_time[j]];
    bool spikes = false;
    if (lane->inh_integrates_at[j] <= t)
        v += weight_exc_inh;
    if (v >= inh_threshold) {
        spikes = true;
        v = inh_reset;
        lane->inh_integrates_at[j] = t + INH_REFRACTORY + 1;
    }
    lane->inh_v[j] = v;
    lane->inh_time[j] = t;
    return spikes ? j : -1;
}

// ---- plasticity --------------------------------------------------------------

// Only neurons that fired in this sample have a trace; the others' weights stay.
ALWAYS_INLINE void depress(struct network *net, struct lane *lane, const uint16_t *spikes,
                           int count, bool clamp)
{
    for (int f = 0; f < lane->fired_count; f++) {
        int block = lane->fired_blocks[f], p = panel_of(net, block);
        vec change = eta_pre * *(vec *)(lane->trace + block * LANES);
        float *column = net->weights[p] + (block - net->first_block[p]) * LANES;
        size_t stride = (size_t)net->panel_blocks[p] * LANES;
        for (int s = 0; s < count; s++) {
            vec *w = (vec *)(column + spikes[s] * stride);
            vec changed = *w - change;
            *w = clamp ? at_least(changed, 0) : changed;
        }
    }
}

static void potentiate(struct network *net, struct lane *lane, int j, int t)
{
    int p = panel_of(net, j / LANES);
    float *column = net->weights[p] + (j - net->first_block[p] * LANES);
    size_t stride = (size_t)net->panel_blocks[p] * LANES;
    for (int a = 0; a < lane->active_count; a++) {
        int pixel = lane->active[a], age = t - lane->last_spike[pixel];
        float w = column[pixel * stride] + eta_post * lane->trace_decay[age];
        column[pixel * stride] = w < 1 ? w : 1;
    }
}

static void clamp_rows(struct network *net, struct lane *lane, const uint16_t *spikes, int count)
{
    for (int f = 0; f < lane->fired_count; f++) {
        int block = lane->fired_blocks[f], p = panel_of(net, block);
        for (int s = 0; s < count; s++) {
            vec *w = (vec *)(panel_row(net, p, spikes[s]) + (block - net->first_block[p]) * LANES);
            *w = at_least(*w, 0);
        }
    }
}

static void learn_step(struct network *net, struct lane *lane, const uint16_t *spikes, int count,
                       int t, int winner)
{
    for (int s = 0; s < count; s++)
        lane->last_spike[spikes[s]] = t;
    for (int f = 0; f < lane->fired_count; f++)
        *(vec *)(lane->trace + lane->fired_blocks[f] * LANES) *= lane->trace_decay[1];
    if (winner < 0) {
        depress(net, lane, spikes, count, true);
        return;
    }
    int block = winner / LANES;
    lane->trace[winner] = 1;
    if (!lane->fired[block]) {
        lane->fired[block] = lane->dirty[block] = true;
        lane->fired_blocks[lane->fired_count++] = block;
    }
    depress(net, lane, spikes, count, false);
    potentiate(net, lane, winner, t);
    clamp_rows(net, lane, spikes, count);
}

// Columns that no spike changed still have their sum: only dirty blocks are rescaled.
static void normalize(struct network *net, struct lane *lane)
{
    for (int block = 0; block < net->blocks; block++) {
        if (!lane->dirty[block])
            continue;
        lane->dirty[block] = false;
        int p = panel_of(net, block);
        size_t stride = (size_t)net->panel_blocks[p];
        vec *w = (vec *)net->weights[p] + (block - net->first_block[p]);
        vec sum[4] = { { 0 } };
        for (int i = 0; i < PIXELS; i += 4)
            for (int k = 0; k < 4; k++)
                sum[k] += w[(i + k) * stride];
        vec total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        vec factor = column_sum / blend(total == 0, splat(1), total);
        for (int i = 0; i < PIXELS; i++)
            w[i * stride] *= factor;
    }
}

// ---- samples -----------------------------------------------------------------

enum {
    PHASE_ENCODE,
    PHASE_ADVANCE,
    PHASE_SPIKES,
    PHASE_STDP,
    PHASE_NORMALIZE,
    PHASE_RESET,
    PHASE_COUNT
};

#ifdef MEASURE_PHASES
#define TICK(phase) (now = __rdtsc(), lane->ticks[phase] += now - before, before = now)
#else
#define TICK(phase) ((void)0)
#endif

ALWAYS_INLINE void present(struct network *net, struct lane *lane, const uint8_t *image,
                           uint32_t sample, uint32_t stream, bool learn)
{
#ifdef MEASURE_PHASES
    uint64_t now, before = __rdtsc();
#endif
    random_start(&lane->random, sample, stream, net->seed);
    reset(lane, net);
    TICK(PHASE_RESET);
    encode(lane, net->encoder, image);
    TICK(PHASE_ENCODE);
    const uint16_t *arriving = lane->spikes;
    int arriving_count = 0;
    for (int t = 0; t < STEPS; t++) {
        const uint16_t *spikes = lane->spikes + t * lane->stride;
        int count = (int)(lane->spikes_end[t] - spikes), inhibited_by = lane->inh_spike;
        if (inhibited_by >= 0)
            lane->own[inhibited_by] = -weight_inh_exc;
        bool reached = advance(net, lane, arriving, arriving_count, t, inhibited_by >= 0, learn);
        if (inhibited_by >= 0)
            lane->own[inhibited_by] = 0;
        TICK(PHASE_ADVANCE);
        lane->inh_spike = advance_inhibitory(lane, lane->exc_spike, t);
        lane->exc_spike = reached ? resolve_spikes(net, lane, t, learn) : -1;
        TICK(PHASE_SPIKES);
        if (learn)
            learn_step(net, lane, spikes, count, t, lane->exc_spike);
        TICK(PHASE_STDP);
        arriving = spikes;
        arriving_count = count;
    }
    if (learn)
        normalize(net, lane);
    TICK(PHASE_NORMALIZE);
}

// ---- data --------------------------------------------------------------------

struct images {
    int count;
    uint8_t *pixels, *labels;
};

static uint8_t *read_idx(const char *folder, const char *name, uint32_t magic, size_t item,
                         int *count)
{
    char path[4096];
    gzFile file = NULL;
    for (int zipped = 1; zipped >= 0 && !file; zipped--) {
        snprintf(path, sizeof path, "%s/%s%s", folder, name, zipped ? ".gz" : "");
        file = gzopen(path, "rb");
    }
    if (!file)
        fail("cannot open", path);
    uint8_t head[16];
    int head_bytes = item > 1 ? 16 : 8;
    if (gzread(file, head, head_bytes) != head_bytes || (uint32_t)(head[2] << 8 | head[3]) != magic)
        fail("not an IDX file of the expected kind:", path);
    *count = head[4] << 24 | head[5] << 16 | head[6] << 8 | head[7];
    if (*count <= 0 || *count > 100000)
        fail("strange number of items in", path);
    uint8_t *data = zeroed((size_t)*count * item);
    if (gzread(file, data, (unsigned)(*count * item)) != (int)(*count * item))
        fail("too short:", path);
    gzclose(file);
    return data;
}

static struct images read_images(const char *folder, const char *part)
{
    struct images set;
    int labels;
    char name[64];
    snprintf(name, sizeof name, "%s-images-idx3-ubyte", part);
    set.pixels = read_idx(folder, name, 0x803, PIXELS, &set.count);
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte", part);
    set.labels = read_idx(folder, name, 0x801, 1, &labels);
    if (labels != set.count)
        fail("as many labels as images expected in", folder);
    for (int i = 0; i < labels; i++)
        if (set.labels[i] >= CLASSES)
            fail("label out of range in", folder);
    return set;
}

// ---- read-out, training, testing -----------------------------------------------

struct readout {
    double alpha;
    double *rates; // [neuron][class], summed over the intervals
    int *labels;
};

static void assign_labels(struct readout *out, const int32_t *counts, const uint8_t *labels,
                          int samples, int n)
{
    int of_class[CLASSES] = { 0 };
    for (int s = 0; s < samples; s++)
        of_class[labels[s]]++;
    for (int k = 0; k < n * CLASSES; k++)
        out->rates[k] *= out->alpha;
    for (int s = 0; s < samples; s++)
        for (int j = 0; j < n; j++)
            if (counts[(size_t)s * n + j])
                out->rates[j * CLASSES + labels[s]] +=
                    (double)counts[(size_t)s * n + j] / of_class[labels[s]];
    for (int j = 0; j < n; j++) {
        out->labels[j] = 0;
        for (int c = 1; c < CLASSES; c++)
            if (out->rates[j * CLASSES + c] > out->rates[j * CLASSES + out->labels[j]])
                out->labels[j] = c;
    }
}

static int all_activity(const struct readout *out, const int32_t *counts, int n)
{
    double sum[CLASSES] = { 0 };
    int size[CLASSES] = { 0 }, best = 0;
    for (int j = 0; j < n; j++) {
        sum[out->labels[j]] += counts[j];
        size[out->labels[j]]++;
    }
    for (int c = 0; c < CLASSES; c++)
        sum[c] = size[c] ? sum[c] / size[c] : 0;
    for (int c = 1; c < CLASSES; c++)
        if (sum[c] > sum[best])
            best = c;
    return best;
}

static double train(struct network *net, struct lane *lane, struct readout *out, struct images set,
                    int count)
{
    int32_t *counts = zeroed(sizeof(int32_t) * INTERVAL * net->n);
    double spikes = 0;
    for (int begin = 0; begin < count; begin += INTERVAL) {
        int samples = count - begin < INTERVAL ? count - begin : INTERVAL;
        for (int s = 0; s < samples; s++) {
            int image = (begin + s) % set.count;
            present(net, lane, set.pixels + (size_t)image * PIXELS, (uint32_t)(begin + s), 2, true);
            memcpy(counts + (size_t)s * net->n, lane->counts, sizeof(int32_t) * net->n);
            for (int j = 0; j < net->n; j++)
                spikes += lane->counts[j];
        }
        assign_labels(out, counts, set.labels + begin % set.count, samples, net->n);
    }
    free(counts);
    return count ? spikes / count : 0;
}

struct test_job {
    struct network *net;
    struct lane *lane;
    const struct readout *out;
    struct images set;
    int begin, end, right;
};

static void *run_test(void *argument)
{
    struct test_job *job = argument;
    for (int s = job->begin; s < job->end; s++) {
        int image = s % job->set.count;
        present(job->net, job->lane, job->set.pixels + (size_t)image * PIXELS, (uint32_t)s, 3,
                false);
        job->right +=
            all_activity(job->out, job->lane->counts, job->net->n) == job->set.labels[image];
    }
    return NULL;
}

static double test(struct network *net, const struct readout *out, struct images set, int count,
                   int threads)
{
    pthread_t thread[64];
    struct test_job job[64];
    int right = 0;
    for (int k = 0; k < threads; k++) {
        job[k] = (struct test_job){ net,
                                    lane_new(net),
                                    out,
                                    set,
                                    (int)((long)count * k / threads),
                                    (int)((long)count * (k + 1) / threads),
                                    0 };
        if (k && pthread_create(&thread[k], NULL, run_test, &job[k]))
            fail("cannot start a", "thread");
    }
    run_test(&job[0]);
    for (int k = 0; k < threads; k++) {
        if (k)
            pthread_join(thread[k], NULL);
        right += job[k].right;
    }
#ifdef MEASURE_PHASES
    for (int k = 0; k < PHASE_COUNT; k++)
        printf("test_phase_%d = %.0f ticks an image\n", k,
               (double)job[0].lane->ticks[k] / job[0].end);
#endif
    return count ? (double)right / count : 0;
}

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
    size_t length = strlen(name);
    for (int k = 1; k < argc; k++)
        if (!strncmp(argv[k], name, length) && argv[k][length] == '=')
            return argv[k] + length + 1;
    return otherwise;
}

int main(int argc, char **argv)
{
    int n = atoi(option(argc, argv, "n", "100"));
    int train_count = atoi(option(argc, argv, "train", "60000"));
    int test_count = atoi(option(argc, argv, "test", "10000"));
    int threads = atoi(option(argc, argv, "threads", "1"));
    uint32_t seed = (uint32_t)strtoul(option(argc, argv, "seed", "0"), NULL, 10);
    const char *environment = getenv("SNN_DATA");
    const char *folder =
        option(argc, argv, "data", environment ? environment : "../shared/data/mnist");
    if (n < 1 || train_count < 0 || test_count < 0 || threads < 1 || threads > 64)
        fail("usage:", "reference [n=100] [train=60000] [test=10000] [seed=0] [threads=1] "
                       "[alpha=1] [data=DIR]");

    struct images training = read_images(folder, "train"), testing = read_images(folder, "t10k");
    struct network *net = network_new(n, seed);
    struct lane *lane = lane_new(net);
    struct readout out = { atof(option(argc, argv, "alpha", "1")),
                           zeroed(sizeof(double) * n * CLASSES), zeroed(sizeof(int) * n) };

    double start = seconds(), spikes = train(net, lane, &out, training, train_count);
    double trained = seconds(), accuracy = test(net, &out, testing, test_count, threads),
           tested = seconds();

    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("train_rate = %.1f images/s\n", train_count / (trained - start));
    printf("test_rate = %.1f images/s\n", test_count / (tested - trained));
    printf("spikes = %.2f per training image\n", spikes);
    printf("accuracy = %.4f\n", accuracy);
    printf("memory = %.1f MB\n", usage.ru_maxrss / 1024.0);
#ifdef MEASURE_PHASES
    static const char *const names[] = {
        "encode", "advance", "spikes", "stdp", "normalize", "reset"
    };
    for (int k = 0; k < PHASE_COUNT; k++)
        printf("phase_%s = %.0f ticks an image\n", names[k], (double)lane->ticks[k] / train_count);
#endif
    return 0;
}
