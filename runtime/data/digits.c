/* SPDX-License-Identifier: MIT
 *
 * The built-in digits: handwriting drawn from strokes, in MNIST's form (28x28, white on black, the
 * digit in a box of 20x20 around its centre of mass). Each picture is a function of seed, split and
 * index. Arithmetic is + - * / and sqrt only, which IEEE defines to the last bit, so every machine
 * draws the same.
 *
 * How hard they are is measured by bench/digits_knn.c; the numbers in `enum`s and constants here
 * are tuned to it.
 */
#include "data/glyphs.h"
#include "data/source.h"
#include "error.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = 28,
    BOX = 20, /* pixels of the longer side of a digit, as in MNIST */
    CLASSES = 10,
    STEPS = 5, /* straight pieces per curve between two control points */
    MAX_PIECES = SNN_GLYPH_MAX_POINTS * STEPS,
};

struct point {
    float x, y;
};

/* A straight piece of a stroke. */
struct piece {
    struct point a, b;
};

/* A digit as it is being drawn. */
struct drawing {
    struct piece pieces[MAX_PIECES];
    int count;
};

/* ---- random numbers */

/* Uniform over low .. high, on a grid of 2^-24. */
static float uniform(struct snn_random *random, float low, float high)
{
    return low + (high - low) * ((float)(snn_random_u32(random) >> 8) / 16777216.0f);
}

/* Bell-shaped, mean 0, standard deviation `deviation`: the sum of four uniform numbers, so never
 * beyond 3.5 of them. */
static float bell(struct snn_random *random, float deviation)
{
    float sum = 0;

    for (int i = 0; i < 4; i++)
        sum += uniform(random, -1.0f, 1.0f);
    return sum * deviation * 0.8660254f; /* the sum has variance 4/3 */
}

/* ---- shape */

/* What one writer does to the whole digit: width, slant and turn as one linear map. */
struct hand {
    float xx, xy, yx, yy;
    float wobble; /* deviation of each control point, in units of the glyph box */
};

static struct hand draw_hand(struct snn_random *random)
{
    float width = 0.86f + bell(random, 0.14f);
    float slant = 0.14f + bell(random, 0.20f); /* right-handed writing leans to the right */
    float turn = bell(random, 0.09f);          /* radians */
    float cosine = 1.0f - turn * turn / 2.0f, sine = turn * (1.0f - turn * turn / 6.0f);

    return (struct hand){
        .xx = width * cosine,
        .xy = -slant * cosine - sine,
        .yx = width * sine,
        .yy = cosine - slant * sine,
        .wobble = uniform(random, 2.5f, 7.0f),
    };
}

/* A control point as this hand writes it. */
static struct point place_point(const struct hand *hand, struct snn_glyph_point point,
                                struct snn_random *random)
{
    float x = (float)point.x - 50.0f + bell(random, hand->wobble);
    float y = (float)point.y - 70.0f + bell(random, hand->wobble);

    return (struct point){ hand->xx * x + hand->xy * y, hand->yx * x + hand->yy * y };
}

/* The Catmull-Rom curve from b to c, t in 0 .. 1; a and d are the control points around them. */
static float curve(float a, float b, float c, float d, float t)
{
    return b + 0.5f * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

static void add_stroke(struct drawing *drawing, const struct point *points, int count)
{
    for (int i = 0; i + 1 < count; i++) {
        struct point a = points[i ? i - 1 : 0], b = points[i];
        struct point c = points[i + 1], d = points[i + 2 < count ? i + 2 : i + 1];
        struct point from = b;

        for (int step = 1; step <= STEPS; step++) {
            float t = (float)step / STEPS;
            struct point to = { curve(a.x, b.x, c.x, d.x, t), curve(a.y, b.y, c.y, d.y, t) };

            drawing->pieces[drawing->count++] = (struct piece){ from, to };
            from = to;
        }
    }
}

static void write_digit(struct drawing *drawing, int digit, struct snn_random *random)
{
    const struct snn_glyph_point *glyph =
        snn_glyph(digit, (int)snn_random_below(random, SNN_GLYPH_VARIANTS));
    struct hand hand = draw_hand(random);
    struct point stroke[SNN_GLYPH_MAX_POINTS];
    int count = 0;

    drawing->count = 0;
    for (;; glyph++) {
        if (glyph->x >= 0) {
            stroke[count++] = place_point(&hand, *glyph, random);
            continue;
        }
        add_stroke(drawing, stroke, count);
        count = 0;
        if (glyph->x == SNN_GLYPH_END)
            return;
    }
}

/* ---- size and place */

static float length_of(struct piece piece)
{
    float dx = piece.b.x - piece.a.x, dy = piece.b.y - piece.a.y;

    return sqrtf(dx * dx + dy * dy);
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* The longer side of the box around the drawing. */
static float extent(const struct drawing *drawing)
{
    struct point low = drawing->pieces[0].a, high = low;

    for (int i = 0; i < drawing->count; i++) {
        struct point b = drawing->pieces[i].b;

        low.x = -larger(-low.x, -b.x);
        low.y = -larger(-low.y, -b.y);
        high.x = larger(high.x, b.x);
        high.y = larger(high.y, b.y);
    }
    return larger(larger(high.x - low.x, high.y - low.y), 1.0f);
}

/* Where the ink is on average, every piece weighed by its length. */
static struct point centre_of_mass(const struct drawing *drawing)
{
    struct point sum = { 0, 0 };
    float weight = 1e-3f;

    for (int i = 0; i < drawing->count; i++) {
        struct piece piece = drawing->pieces[i];
        float length = length_of(piece);

        sum.x += length * (piece.a.x + piece.b.x) / 2;
        sum.y += length * (piece.a.y + piece.b.y) / 2;
        weight += length;
    }
    return (struct point){ sum.x / weight, sum.y / weight };
}

/* Maps the drawing to pixels: its centre of mass near the middle, with ink of `radius` its longer
 * side about BOX. */
static void fit(struct drawing *drawing, float radius, struct snn_random *random)
{
    float scale = ((float)BOX * uniform(random, 0.90f, 1.02f) - 2 * radius) / extent(drawing);
    struct point centre = centre_of_mass(drawing);
    float x = (float)SIDE / 2 + bell(random, 0.6f), y = (float)SIDE / 2 + bell(random, 0.6f);

    for (int i = 0; i < drawing->count; i++) {
        struct piece *piece = &drawing->pieces[i];

        piece->a = (struct point){ x + scale * (piece->a.x - centre.x),
                                   y + scale * (piece->a.y - centre.y) };
        piece->b = (struct point){ x + scale * (piece->b.x - centre.x),
                                   y + scale * (piece->b.y - centre.y) };
    }
}

/* ---- ink */

static float clamp(float value, float low, float high)
{
    return value < low ? low : value > high ? high : value;
}

static float distance(struct point p, struct piece piece)
{
    float dx = piece.b.x - piece.a.x, dy = piece.b.y - piece.a.y;
    float length2 = dx * dx + dy * dy;
    float t =
        length2 > 0 ? clamp(((p.x - piece.a.x) * dx + (p.y - piece.a.y) * dy) / length2, 0, 1) : 0;
    float ex = p.x - (piece.a.x + t * dx), ey = p.y - (piece.a.y + t * dy);

    return sqrtf(ex * ex + ey * ey);
}

/* The first and last pixel whose centre is within `reach` of a .. b. */
static int first_pixel(float a, float b, float reach)
{
    return (int)clamp((a < b ? a : b) - reach, 0, SIDE);
}

static int last_pixel(float a, float b, float reach)
{
    return (int)clamp(larger(a, b) + reach, -1, SIDE - 1);
}

/* Ink fades from full at distance radius - blur to none at radius + blur. */
static void ink_piece(float ink[SIDE][SIDE], struct piece piece, float radius, float blur)
{
    float reach = radius + blur;

    for (int y = first_pixel(piece.a.y, piece.b.y, reach);
         y <= last_pixel(piece.a.y, piece.b.y, reach); y++)
        for (int x = first_pixel(piece.a.x, piece.b.x, reach);
             x <= last_pixel(piece.a.x, piece.b.x, reach); x++) {
            struct point centre = { (float)x + 0.5f, (float)y + 0.5f };
            float value = (reach - distance(centre, piece)) / (2 * blur);

            ink[y][x] = larger(ink[y][x], clamp(value, 0, 1));
        }
}

/* Paper and pen are uneven: inked pixels vary, blank ones stay black as in MNIST. */
static void store(uint8_t *pixels, float ink[SIDE][SIDE], struct snn_random *random)
{
    float grain = uniform(random, 0.02f, 0.14f);

    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            float value = ink[y][x];

            if (value > 0)
                value = clamp(value * (1.04f + bell(random, grain)), 0, 1);
            pixels[y * SIDE + x] = (uint8_t)(value * 255.0f + 0.5f);
        }
}

static void draw_digit(uint8_t *pixels, int digit, struct snn_random *random)
{
    struct drawing drawing;
    float ink[SIDE][SIDE] = { { 0 } };
    float radius = 1.35f + bell(random, 0.32f), blur = uniform(random, 0.5f, 0.9f);

    write_digit(&drawing, digit, random);
    fit(&drawing, radius, random);
    for (int i = 0; i < drawing.count; i++)
        ink_piece(ink, drawing.pieces[i], radius, blur);
    store(pixels, ink, random);
}

/* ---- the set */

struct digits {
    uint64_t seed;
    int64_t counts[SNN_SPLIT_SLOTS];
};

/* Equally many of each class, as far as the count allows, in random order. */
static int draw_labels(struct snn_part *part, uint64_t seed, uint64_t stream)
{
    struct snn_random random = snn_random_start(seed, stream);
    int64_t *order = malloc((size_t)part->count * sizeof *order + 1);

    if (!order)
        return snn_error_set("builtin_digits: out of memory");
    for (int64_t i = 0; i < part->count; i++)
        order[i] = i % CLASSES;
    snn_random_shuffle(&random, order, (size_t)part->count, (size_t)part->count);
    for (int64_t i = 0; i < part->count; i++)
        part->labels[i] = (int32_t)order[i];
    free(order);
    return 0;
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    const struct digits *digits = set->state;
    uint64_t stream = ((uint64_t)split + 1)
                      << 32; /* the low half numbers the pictures from 1; 0 is the labels */

    if (snn_part_allocate(part, set, digits->counts[split], true) < 0 ||
        draw_labels(part, digits->seed, stream) < 0)
        return -1;
    for (int64_t i = 0; i < part->count; i++) {
        struct snn_random random = snn_random_start(digits->seed, stream + 1 + (uint64_t)i);

        draw_digit((uint8_t *)part->pixels + i * SIDE * SIDE, part->labels[i], &random);
    }
    return 0;
}

int snn_dataset_builtin_digits(struct snn_dataset **out, const char *name, int64_t train_count,
                               int64_t test_count, uint64_t seed)
{
    struct snn_dataset *set = snn_dataset_create(name);
    struct digits *digits = calloc(1, sizeof *digits);

    if (!set || !digits) {
        free(digits);
        snn_dataset_release(set);
        return snn_error_set("builtin_digits: out of memory");
    }
    digits->seed = seed;
    digits->counts[SNN_SPLIT_TRAIN] = train_count;
    digits->counts[SNN_SPLIT_TEST] = test_count;
    snn_dataset_add_axis(set, "y", SIDE);
    snn_dataset_add_axis(set, "x", SIDE);
    set->pixel = SNN_PIXEL_UINT8;
    set->classes = CLASSES;
    set->splits = 1u << SNN_SPLIT_TRAIN | 1u << SNN_SPLIT_TEST;
    set->load = load;
    set->dispose = free;
    set->state = digits;
    *out = set;
    return 0;
}
