/* SPDX-License-Identifier: MIT
 *
 * Frames are drawn by cairo, like pages, and brought to 256 fixed colours: a cube of 6 x 6 x 6 and
 * 40 greys, which is what text and lines need. Of each frame only the rectangle that differs from
 * the one before is written.
 */
#include "record/plot/animation.h"

#include "config.h"
#include "error.h"
#include "record/file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if HAVE_GIF
#include <gif_lib.h>

enum { CUBE = 6, CUBE_COLORS = CUBE * CUBE * CUBE, GREYS = 256 - CUBE_COLORS };

struct animation {
    GifFileType *gif;
    int width, height;
    cairo_surface_t *surface;
    uint8_t *now, *before; /* numbers of colours, row by row */
    int hundredths;
};

struct rectangle {
    int left, top, right, bottom; /* right and bottom are left out */
};

static ColorMapObject *make_colors(void)
{
    GifColorType colors[256];

    for (int i = 0; i < CUBE_COLORS; i++)
        colors[i] =
            (GifColorType){ (GifByteType)(i / (CUBE * CUBE) * 51),
                            (GifByteType)(i / CUBE % CUBE * 51), (GifByteType)(i % CUBE * 51) };
    for (int i = 0; i < GREYS; i++) {
        GifByteType grey = (GifByteType)(i * 255 / (GREYS - 1));

        colors[CUBE_COLORS + i] = (GifColorType){ grey, grey, grey };
    }
    return GifMakeMapObject(256, colors);
}

/* The nearest colour of a pixel 0xRRGGBB. */
static uint8_t color_of(uint32_t pixel)
{
    int red = pixel >> 16 & 255, green = pixel >> 8 & 255, blue = pixel & 255;

    if (abs(red - green) < 12 && abs(green - blue) < 12)
        return (uint8_t)(CUBE_COLORS + (green * (GREYS - 1) + 127) / 255);
    return (uint8_t)(((red + 25) / 51 * CUBE + (green + 25) / 51) * CUBE + (blue + 25) / 51);
}

static void read_pixels(struct animation *a)
{
    const unsigned char *data = cairo_image_surface_get_data(a->surface);
    int stride = cairo_image_surface_get_stride(a->surface);

    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++) {
            uint32_t pixel;

            memcpy(&pixel, data + (size_t)y * (size_t)stride + 4 * (size_t)x, sizeof pixel);
            a->now[(size_t)y * (size_t)a->width + (size_t)x] = color_of(pixel);
        }
}

/* What differs from the frame before; of two equal frames one pixel. */
static struct rectangle changed(const struct animation *a)
{
    struct rectangle r = { a->width, a->height, 0, 0 };

    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++) {
            size_t place = (size_t)y * (size_t)a->width + (size_t)x;

            if (a->now[place] == a->before[place])
                continue;
            r.left = x < r.left ? x : r.left;
            r.top = y < r.top ? y : r.top;
            r.right = x + 1 > r.right ? x + 1 : r.right;
            r.bottom = y + 1;
        }
    return r.right > 0 ? r : (struct rectangle){ 0, 0, 1, 1 };
}

static int put_frame(struct animation *a, bool is_first)
{
    struct rectangle r = is_first ? (struct rectangle){ 0, 0, a->width, a->height } : changed(a);
    GraphicsControlBlock control = { .DisposalMode = DISPOSE_DO_NOT,
                                     .DelayTime = a->hundredths,
                                     .TransparentColor = NO_TRANSPARENT_COLOR };
    GifByteType bytes[4];

    EGifGCBToExtension(&control, bytes);
    if (EGifPutExtension(a->gif, GRAPHICS_EXT_FUNC_CODE, sizeof bytes, bytes) == GIF_ERROR ||
        EGifPutImageDesc(a->gif, r.left, r.top, r.right - r.left, r.bottom - r.top, false, NULL) ==
            GIF_ERROR)
        return GIF_ERROR;
    for (int y = r.top; y < r.bottom; y++) {
        uint8_t *row = a->now + (size_t)y * (size_t)a->width + (size_t)r.left;

        if (EGifPutLine(a->gif, row, r.right - r.left) == GIF_ERROR)
            return GIF_ERROR;
    }
    return GIF_OK;
}

/* The size, the colours, and that it is to be shown again and again. */
static int put_head(struct animation *a)
{
    static const GifByteType forever[] = { 1, 0, 0 };
    ColorMapObject *colors = make_colors();
    int status = GIF_ERROR;

    EGifSetGifVersion(a->gif, true);
    if (colors)
        status = EGifPutScreenDesc(a->gif, a->width, a->height, 8, 0, colors);
    GifFreeMapObject(colors);
    if (status == GIF_ERROR ||
        EGifPutExtensionLeader(a->gif, APPLICATION_EXT_FUNC_CODE) == GIF_ERROR ||
        EGifPutExtensionBlock(a->gif, 11, "NETSCAPE2.0") == GIF_ERROR ||
        EGifPutExtensionBlock(a->gif, sizeof forever, forever) == GIF_ERROR)
        return GIF_ERROR;
    return EGifPutExtensionTrailer(a->gif);
}

static int put_frames(struct animation *a, int frames, snn_draw_frame *draw, const void *what)
{
    int status = put_head(a);

    for (int i = 0; i < frames && status != GIF_ERROR; i++) {
        struct snn_canvas canvas = { cairo_create(a->surface), a->width, a->height };
        uint8_t *before = a->before;

        cairo_set_source_rgb(canvas.cairo, 1, 1, 1);
        cairo_paint(canvas.cairo);
        draw(&canvas, what, i);
        if (cairo_status(canvas.cairo) != CAIRO_STATUS_SUCCESS)
            status = GIF_ERROR;
        cairo_destroy(canvas.cairo);
        cairo_surface_flush(a->surface);
        a->before = a->now;
        a->now = before;
        read_pixels(a);
        if (status != GIF_ERROR)
            status = put_frame(a, i == 0);
    }
    return status;
}

/* giflib's own way to open a file lets nobody else read it. */
static GifFileType *open_file(const char *path, int *error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    GifFileType *gif = descriptor >= 0 ? EGifOpenFileHandle(descriptor, error) : NULL;

    if (descriptor < 0)
        *error = E_GIF_ERR_OPEN_FAILED;
    else if (!gif)
        close(descriptor);
    return gif;
}

int snn_animation_save(const char *path, double width, double height, int frames, int hundredths,
                       snn_draw_frame *draw, const void *what)
{
    struct animation a = { .width = (int)width, .height = (int)height, .hundredths = hundredths };
    size_t pixels = (size_t)a.width * (size_t)a.height;
    char temporary[SNN_PATH_BYTES + 8];
    int error = 0, status = GIF_ERROR;

    snprintf(temporary, sizeof temporary, "%s.part", path);
    a.surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, a.width, a.height);
    a.now = calloc(pixels, 1);
    a.before = calloc(pixels, 1);
    a.gif = a.now && a.before ? open_file(temporary, &error) : NULL;
    if (a.gif) {
        status = put_frames(&a, frames, draw, what);
        if (status == GIF_ERROR)
            error = a.gif->Error;
        if (EGifCloseFile(a.gif, status == GIF_ERROR ? NULL : &error) == GIF_ERROR)
            status = GIF_ERROR;
    }
    cairo_surface_destroy(a.surface);
    free(a.now);
    free(a.before);
    if (status != GIF_ERROR)
        return snn_file_commit(temporary, path);
    unlink(temporary);
    return snn_error_set("cannot write '%s': %s", path,
                         error && GifErrorString(error) ? GifErrorString(error) : "out of memory");
}
#else
int snn_animation_save(const char *path, double width, double height, int frames, int hundredths,
                       snn_draw_frame *draw, const void *what)
{
    (void)path, (void)width, (void)height, (void)frames, (void)hundredths, (void)draw, (void)what;
    return 1;
}
#endif
