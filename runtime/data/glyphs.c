/* SPDX-License-Identifier: MIT
 *
 * The table of digits. Frequent forms stand in it more than once.
 */
#include "data/glyphs.h"

#define LIFT                                                                                       \
    {                                                                                              \
        SNN_GLYPH_LIFT, 0                                                                          \
    }
#define END                                                                                        \
    {                                                                                              \
        SNN_GLYPH_END, 0                                                                           \
    }

typedef struct snn_glyph_point glyph[SNN_GLYPH_MAX_POINTS];

static const glyph oval = {
    { 50, 5 },   { 22, 28 }, { 8, 72 },  { 20, 118 }, { 50, 135 },
    { 80, 116 }, { 92, 70 }, { 80, 25 }, { 50, 5 },   END,
};
static const glyph narrow_oval = {
    { 62, 12 },  { 40, 8 },  { 24, 40 }, { 20, 82 }, { 32, 122 }, { 52, 133 },
    { 72, 110 }, { 80, 70 }, { 74, 28 }, { 55, 8 },  { 44, 16 },  END,
};
static const glyph open_oval = {
    { 68, 20 },  { 45, 8 },  { 18, 40 }, { 12, 85 }, { 28, 125 }, { 55, 132 },
    { 82, 105 }, { 88, 60 }, { 74, 22 }, { 52, 12 }, END,
};
static const glyph round_oval = {
    { 60, 20 },  { 32, 26 }, { 8, 62 },  { 12, 106 }, { 44, 124 },
    { 80, 108 }, { 96, 66 }, { 80, 28 }, { 54, 20 },  END,
};

static const glyph bar = { { 50, 5 }, { 50, 70 }, { 50, 135 }, END };
static const glyph bent_bar = { { 56, 5 }, { 50, 50 }, { 48, 95 }, { 52, 135 }, END };
static const glyph flagged_bar = { { 28, 36 }, { 42, 22 }, { 54, 5 },   LIFT,
                                   { 54, 5 },  { 52, 70 }, { 50, 135 }, END };
static const glyph bar_on_foot = {
    { 30, 32 }, { 52, 8 },   LIFT,        { 52, 8 },   { 51, 70 }, { 50, 132 },
    LIFT,       { 22, 133 }, { 50, 132 }, { 80, 133 }, END,
};

static const glyph two_with_corner = {
    { 18, 36 },  { 30, 10 }, { 56, 3 },   { 80, 18 },  { 80, 46 },  { 60, 82 }, { 36, 110 },
    { 14, 132 }, LIFT,       { 14, 132 }, { 50, 130 }, { 90, 132 }, END,
};
static const glyph two_with_loop = {
    { 18, 30 },  { 38, 8 },   { 66, 8 },   { 80, 32 },  { 70, 66 },  { 46, 100 }, { 24, 126 },
    { 10, 120 }, { 22, 106 }, { 46, 114 }, { 68, 130 }, { 94, 120 }, END,
};
static const glyph two_with_swing = {
    { 14, 40 },  { 34, 8 },   { 68, 10 },  { 78, 40 },  { 58, 86 },
    { 18, 128 }, { 44, 122 }, { 66, 130 }, { 92, 128 }, END,
};

static const glyph round_three = {
    { 20, 22 }, { 45, 4 },  { 76, 14 },  { 76, 44 },  { 42, 62 },  LIFT,
    { 42, 62 }, { 78, 74 }, { 86, 104 }, { 56, 134 }, { 14, 120 }, END,
};
static const glyph flat_three = {
    { 18, 10 }, { 50, 8 },  { 82, 8 },  LIFT,        { 82, 8 },   { 62, 34 },  { 44, 56 },
    LIFT,       { 44, 56 }, { 78, 66 }, { 86, 102 }, { 54, 133 }, { 14, 120 }, END,
};
static const glyph looped_three = {
    { 16, 24 }, { 46, 4 },  { 78, 20 },  { 64, 52 },  { 38, 66 },  { 36, 56 },
    { 62, 62 }, { 86, 92 }, { 66, 128 }, { 34, 132 }, { 10, 114 }, END,
};

static const glyph open_four = {
    { 26, 6 },  { 18, 44 }, { 14, 76 }, LIFT,       { 14, 76 },  { 50, 76 },
    { 90, 72 }, LIFT,       { 72, 26 }, { 68, 80 }, { 62, 135 }, END,
};
static const glyph closed_four = {
    { 66, 5 },  { 38, 48 }, { 10, 90 }, LIFT,       { 10, 90 },  { 50, 90 },
    { 94, 88 }, LIFT,       { 66, 5 },  { 66, 70 }, { 65, 135 }, END,
};
static const glyph curved_four = {
    { 22, 8 }, { 16, 46 }, { 30, 70 }, { 58, 70 },  { 80, 56 },
    LIFT,      { 82, 8 },  { 78, 70 }, { 70, 135 }, END,
};
static const glyph tall_four = {
    { 20, 14 }, { 16, 60 }, { 20, 68 }, { 52, 66 },  { 84, 62 },
    LIFT,       { 76, 14 }, { 72, 66 }, { 70, 135 }, END,
};

static const glyph five = {
    { 82, 8 },  { 54, 8 },  { 30, 8 },  LIFT,        { 30, 8 },   { 26, 34 },  { 24, 60 }, LIFT,
    { 24, 60 }, { 52, 50 }, { 82, 72 }, { 80, 108 }, { 52, 133 }, { 14, 122 }, END,
};
static const glyph five_as_s = {
    { 84, 8 },  { 50, 10 },  { 30, 26 },  { 32, 52 },  { 62, 66 },
    { 80, 92 }, { 68, 124 }, { 38, 134 }, { 12, 120 }, END,
};
static const glyph hatted_five = {
    { 30, 14 }, { 28, 38 }, { 26, 62 },  LIFT,        { 26, 62 },
    { 56, 54 }, { 82, 82 }, { 74, 118 }, { 44, 134 }, { 12, 122 },
    LIFT,       { 32, 14 }, { 60, 10 },  { 90, 6 },   END,
};

static const glyph six = {
    { 70, 6 },  { 38, 35 }, { 18, 80 }, { 22, 118 }, { 50, 134 }, { 78, 118 },
    { 80, 90 }, { 58, 74 }, { 32, 84 }, { 20, 104 }, END,
};
static const glyph slim_six = {
    { 58, 4 },   { 32, 50 }, { 20, 96 }, { 34, 130 }, { 60, 132 },
    { 74, 108 }, { 62, 84 }, { 40, 88 }, { 24, 108 }, END,
};
static const glyph wide_six = {
    { 84, 16 }, { 48, 30 }, { 18, 74 }, { 16, 114 }, { 46, 132 }, { 82, 120 },
    { 88, 94 }, { 66, 82 }, { 38, 96 }, { 28, 116 }, END,
};

static const glyph seven = { { 14, 12 }, { 50, 12 }, { 84, 10 },  LIFT,
                             { 84, 10 }, { 62, 60 }, { 44, 135 }, END };
static const glyph crossed_seven = {
    { 14, 14 },  { 50, 12 }, { 86, 10 }, LIFT,       { 86, 10 }, { 60, 66 },
    { 42, 135 }, LIFT,       { 34, 72 }, { 56, 70 }, { 80, 66 }, END,
};
static const glyph curved_seven = {
    { 10, 32 }, { 18, 10 }, { 50, 14 }, { 86, 10 }, { 70, 50 }, { 54, 92 }, { 48, 135 }, END,
};
static const glyph hooked_seven = {
    { 16, 40 }, { 16, 16 }, LIFT,       { 16, 16 },  { 50, 16 },
    { 82, 14 }, { 76, 50 }, { 66, 92 }, { 64, 135 }, END,
};

static const glyph eight = {
    { 76, 22 },  { 52, 4 },   { 26, 20 }, { 34, 50 }, { 62, 74 }, { 80, 104 }, { 64, 132 },
    { 34, 130 }, { 20, 102 }, { 40, 70 }, { 66, 46 }, { 78, 20 }, END,
};
static const glyph stacked_eight = {
    { 50, 4 },  { 26, 18 }, { 28, 48 },  { 50, 62 },  { 72, 48 },  { 74, 18 }, { 50, 4 },  LIFT,
    { 50, 62 }, { 20, 84 }, { 22, 118 }, { 50, 135 }, { 78, 118 }, { 80, 84 }, { 50, 62 }, END,
};
static const glyph open_eight = {
    { 84, 12 },  { 54, 4 },   { 24, 22 }, { 36, 54 }, { 64, 78 }, { 72, 112 },
    { 48, 134 }, { 26, 116 }, { 38, 80 }, { 62, 52 }, { 90, 16 }, END,
};

static const glyph nine = {
    { 78, 30 }, { 55, 6 }, { 26, 20 }, { 20, 52 }, { 42, 72 },  { 68, 58 },
    { 80, 28 }, LIFT,      { 80, 22 }, { 78, 80 }, { 64, 135 }, END,
};
static const glyph curled_nine = {
    { 76, 24 }, { 48, 6 },   { 22, 30 },  { 32, 64 },  { 60, 60 }, { 76, 30 },
    { 78, 80 }, { 66, 122 }, { 40, 134 }, { 16, 122 }, END,
};
static const glyph straight_nine = {
    { 74, 20 }, { 44, 10 }, { 20, 38 }, { 34, 66 },  { 60, 58 }, { 74, 22 },
    LIFT,       { 74, 20 }, { 72, 76 }, { 70, 135 }, END,
};

static const struct snn_glyph_point *const glyphs[10][SNN_GLYPH_VARIANTS] = {
    { oval, narrow_oval, open_oval, round_oval, oval },
    { bar, bar, bent_bar, flagged_bar, bar_on_foot },
    { two_with_corner, two_with_loop, two_with_swing, two_with_loop, two_with_corner },
    { round_three, flat_three, looped_three, round_three, looped_three },
    { open_four, closed_four, curved_four, tall_four, open_four },
    { five, five_as_s, hatted_five, five, five_as_s },
    { six, slim_six, wide_six, six, slim_six },
    { seven, crossed_seven, curved_seven, hooked_seven, seven },
    { eight, stacked_eight, open_eight, eight, eight },
    { nine, curled_nine, straight_nine, straight_nine, nine },
};

const struct snn_glyph_point *snn_glyph(int digit, int variant)
{
    return glyphs[digit][variant];
}
