/* SPDX-License-Identifier: MIT
 *
 * Animations, read back by giflib: frames, times, that they repeat, and what they show.
 */
#include "config.h"

#include "record/plot/animation.h"
#include "record/plot/plot.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if HAVE_GIF
#include <gif_lib.h>

enum { STEPS = 12, NEURONS = 3 };

/* Neuron 0 spikes in every step, 1 in every third, 2 never. */
static unsigned char spikes[STEPS][NEURONS];

static void draw(struct snn_canvas *canvas, const void *what, int frame)
{
    snn_plot_spike_count_motion.draw(canvas, what, frame);
}

/* The picture after so many frames, as colours 0xRRGGBB. */
static void show(const GifFileType *gif, int frames, uint32_t *out)
{
    for (int i = 0; i < frames; i++) {
        const SavedImage *image = &gif->SavedImages[i];
        const GifImageDesc *at = &image->ImageDesc;

        for (int y = 0; y < at->Height; y++)
            for (int x = 0; x < at->Width; x++) {
                const GifColorType *c =
                    &gif->SColorMap->Colors[image->RasterBits[y * at->Width + x]];

                out[(at->Top + y) * gif->SWidth + at->Left + x] =
                    (uint32_t)(c->Red << 16 | c->Green << 8 | c->Blue);
            }
    }
}

/* Columns of a row in which the colour is neither white nor grey: the length of the bar there. */
static int bar_at(const uint32_t *picture, int width, int y)
{
    int columns = 0;

    for (int x = 0; x < width; x++) {
        uint32_t c = picture[y * width + x];

        columns += (c >> 16) != (c & 255) || (c >> 8 & 255) != (c & 255);
    }
    return columns;
}

int main(void)
{
    struct snn_plot plot = { .kind = "spike_count", .title = "spike_count(out)", .array_count = 1 };
    const struct snn_plot_kind *kind = snn_plot_kind_find("spike_count");
    const struct snn_plot_motion *motion = snn_plot_kind_motion(kind);
    GraphicsControlBlock control;
    GifFileType *gif;
    struct stat status;
    double width, height;
    int error, step, first, third, never;
    uint32_t *picture;

    for (int t = 0; t < STEPS; t++) {
        spikes[t][0] = 1;
        spikes[t][1] = t % 3 == 0;
    }
    plot.arrays[0] = (struct snn_plot_array){ .label = "out",
                                              .unit = "",
                                              .type = SNN_BOOL,
                                              .data = spikes,
                                              .rank = 2,
                                              .axes = { { "time", STEPS }, { "class", NEURONS } },
                                              .count = STEPS * NEURONS };
    assert(motion && kind->accepts(&plot) && motion->frames(&plot) == STEPS + 1);
    assert(!snn_plot_kind_motion(snn_plot_kind_find("lines")));
    kind->size(&plot, &width, &height);
    umask(022);
    assert(snn_animation_save("plot.gif", width, height, STEPS + 1, motion->hundredths(&plot), draw,
                              &plot) == 0);
    assert(stat("plot.gif", &status) == 0 && (status.st_mode & 0777) == 0644);

    gif = DGifOpenFileName("plot.gif", &error);
    assert(gif && DGifSlurp(gif) == GIF_OK && gif->ImageCount == STEPS + 1);
    assert(gif->SWidth == (int)width && gif->SHeight == (int)height);
    for (int i = 0; i < gif->ImageCount; i++)
        assert(DGifSavedExtensionToGCB(gif, i, &control) == GIF_OK &&
               control.DelayTime == 500 / (STEPS + 1) && control.DisposalMode == DISPOSE_DO_NOT);
    assert(gif->SavedImages[0].ExtensionBlocks[0].Function == APPLICATION_EXT_FUNC_CODE);
    assert(gif->SavedImages[1].ImageDesc.Width < gif->SWidth); /* only what has changed */

    picture = calloc((size_t)(gif->SWidth * gif->SHeight), sizeof *picture);
    assert(picture);
    first = 62 + 12; /* the middle of the first bar */
    third = first + 24;
    never = third + 24;
    show(gif, 1, picture);
    assert(bar_at(picture, gif->SWidth, first) == 0);
    show(gif, 2, picture);
    step = bar_at(picture, gif->SWidth, first);
    assert(step > 20);
    assert(abs(bar_at(picture, gif->SWidth, third) - step) <= 2);
    show(gif, STEPS + 1, picture);
    assert(abs(bar_at(picture, gif->SWidth, first) - STEPS * step) <= STEPS * 2);
    assert(abs(bar_at(picture, gif->SWidth, third) - 4 * step) <= 10);
    assert(bar_at(picture, gif->SWidth, never) == 0);
    free(picture);
    DGifCloseFile(gif, &error);

    assert(snn_animation_save("no/plot.gif", 10, 10, 1, 3, draw, &plot) < 0);
    unlink("plot.gif");
    return 0;
}
#else
int main(void)
{
    assert(snn_animation_save("plot.gif", 10, 10, 1, 3, NULL, NULL) == 1);
    return 0;
}
#endif
