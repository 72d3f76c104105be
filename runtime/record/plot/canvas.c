/* SPDX-License-Identifier: MIT
 *
 * The thin layer over cairo. Cells are painted as one image, blown up by whole factors first:
 * viewers smooth the images of an SVG, and tens of thousands of rectangles would make it slow.
 */
#include "record/plot/canvas.h"

#include "error.h"
#include "record/file.h"

#include <cairo-svg.h>
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PNG_SCALE = 2, IMAGE_LIMIT = 2400 };

static const char font[] = "sans-serif";

struct bytes {
    unsigned char *data;
    size_t count, capacity;
};

static cairo_status_t append(void *closure, const unsigned char *data, unsigned int length)
{
    struct bytes *bytes = closure;

    if (bytes->count + length > bytes->capacity) {
        size_t capacity = 2 * bytes->capacity + length + 65536;
        unsigned char *grown = realloc(bytes->data, capacity);

        if (!grown)
            return CAIRO_STATUS_NO_MEMORY;
        bytes->data = grown;
        bytes->capacity = capacity;
    }
    memcpy(bytes->data + bytes->count, data, length);
    bytes->count += length;
    return CAIRO_STATUS_SUCCESS;
}

static cairo_status_t draw_page(cairo_surface_t *surface, double scale, double width, double height,
                                snn_draw *draw, const void *what)
{
    struct snn_canvas canvas = { cairo_create(surface), width, height };
    cairo_status_t status;

    cairo_scale(canvas.cairo, scale, scale);
    cairo_set_source_rgb(canvas.cairo, 1, 1, 1);
    cairo_paint(canvas.cairo);
    draw(&canvas, what);
    status = cairo_status(canvas.cairo);
    cairo_destroy(canvas.cairo);
    return status;
}

/* Writes the collected bytes, or says why there are none. */
static int save(const char *path, struct bytes *bytes, cairo_status_t status)
{
    int result;

    if (status != CAIRO_STATUS_SUCCESS)
        result = snn_error_set("cannot draw '%s': %s", path, cairo_status_to_string(status));
    else
        result = snn_file_replace(path, bytes->data, bytes->count);
    free(bytes->data);
    return result;
}

/* ---- ids of an SVG */

/* The length of the word before a number that cairo takes from a counter of the process; 0: this is
 * none. */
static size_t counted_word(const char *text, ptrdiff_t left)
{
    static const char *const words[] = { "surface", "image" };

    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(words[i]);

        if (left > (ptrdiff_t)length && strncmp(text, words[i], length) == 0 &&
            isdigit((unsigned char)text[length]))
            return length;
    }
    return 0;
}

/* Reads the number at *from, which moves behind it. */
static unsigned long read_number(const char **from, const char *end)
{
    unsigned long number = 0;

    while (*from < end && isdigit((unsigned char)**from))
        number = 10 * number + (unsigned long)(*(*from)++ - '0');
    return number;
}

/* Where the next number of such an id begins, at or after `from`; `end` if there is none. */
static const char *next_id(const char *from, const char *end)
{
    for (; from < end; from++) {
        size_t length = *from == '"' || *from == '#' ? counted_word(from + 1, end - from - 1) : 0;

        if (length > 0)
            return from + 1 + length;
    }
    return end;
}

/* A page gets the same bytes however many were drawn before it in this process: its ids count from
 * 1, in place, which makes none longer. */
static void number_ids(struct bytes *bytes)
{
    const char *start = (char *)bytes->data, *end = start + bytes->count, *from = start;
    unsigned long smallest = ULONG_MAX;
    char *to = (char *)bytes->data, number[24];

    while ((from = next_id(from, end)) < end) {
        unsigned long id = read_number(&from, end);

        smallest = id < smallest ? id : smallest;
    }
    for (from = start; from < end;) {
        const char *id = next_id(from, end);
        size_t length = (size_t)(id - from);

        memmove(to, from, length);
        to += length;
        from = id;
        if (id == end)
            break;
        length =
            (size_t)snprintf(number, sizeof number, "%lu", read_number(&from, end) - smallest + 1);
        memcpy(to, number, length);
        to += length;
    }
    bytes->count = (size_t)(to - (char *)bytes->data);
}

static int save_svg(const char *path, double width, double height, snn_draw *draw, const void *what)
{
    struct bytes bytes = { 0 };
    cairo_surface_t *surface = cairo_svg_surface_create_for_stream(append, &bytes, width, height);
    cairo_status_t status = draw_page(surface, 1, width, height, draw, what);

    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        number_ids(&bytes);
    return save(path, &bytes, status);
}

static int save_png(const char *path, double width, double height, snn_draw *draw, const void *what)
{
    struct bytes bytes = { 0 };
    cairo_surface_t *surface = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, (int)(width * PNG_SCALE), (int)(height * PNG_SCALE));
    cairo_status_t status = draw_page(surface, PNG_SCALE, width, height, draw, what);

    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_write_to_png_stream(surface, append, &bytes);
    cairo_surface_destroy(surface);
    return save(path, &bytes, status);
}

int snn_canvas_save(const char *path_svg, const char *path_png, double width, double height,
                    snn_draw *draw, const void *what)
{
    int status = save_svg(path_svg, width, height, draw, what);

    return status < 0 ? status : save_png(path_png, width, height, draw, what);
}

void snn_canvas_color(struct snn_canvas *canvas, struct snn_color color, double opacity)
{
    cairo_set_source_rgba(canvas->cairo, color.red, color.green, color.blue, opacity);
}

static void choose_font(struct snn_canvas *canvas, double size, bool is_bold)
{
    cairo_select_font_face(canvas->cairo, font, CAIRO_FONT_SLANT_NORMAL,
                           is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(canvas->cairo, size);
}

/* The middle of digits and capitals lies 0.36 of the size above the base line. */
static double base_line(double y, double size)
{
    return y + 0.36 * size;
}

static double advance(struct snn_canvas *canvas, const char *text)
{
    cairo_text_extents_t extents;

    cairo_text_extents(canvas->cairo, text, &extents);
    return extents.x_advance;
}

void snn_canvas_text(struct snn_canvas *canvas, double x, double y, double size,
                     enum snn_anchor anchor, const char *text)
{
    choose_font(canvas, size, false);
    if (anchor != SNN_ANCHOR_LEFT)
        x -= advance(canvas, text) * (anchor == SNN_ANCHOR_RIGHT ? 1 : 0.5);
    cairo_move_to(canvas->cairo, x, base_line(y, size));
    cairo_show_text(canvas->cairo, text);
}

void snn_canvas_bold_text(struct snn_canvas *canvas, double x, double y, double size,
                          const char *text)
{
    choose_font(canvas, size, true);
    cairo_move_to(canvas->cairo, x, base_line(y, size));
    cairo_show_text(canvas->cairo, text);
}

void snn_canvas_text_up(struct snn_canvas *canvas, double x, double y, double size,
                        const char *text)
{
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, x, y);
    cairo_rotate(canvas->cairo, -acos(-1) / 2);
    snn_canvas_text(canvas, 0, 0, size, SNN_ANCHOR_MIDDLE, text);
    cairo_restore(canvas->cairo);
}

double snn_canvas_text_width(struct snn_canvas *canvas, double size, const char *text)
{
    choose_font(canvas, size, false);
    return advance(canvas, text);
}

void snn_canvas_line(struct snn_canvas *canvas, double x0, double y0, double x1, double y1,
                     double width)
{
    cairo_set_line_width(canvas->cairo, width);
    cairo_move_to(canvas->cairo, x0, y0);
    cairo_line_to(canvas->cairo, x1, y1);
    cairo_stroke(canvas->cairo);
}

void snn_canvas_fill(struct snn_canvas *canvas, struct snn_box box)
{
    cairo_rectangle(canvas->cairo, box.x, box.y, box.width, box.height);
    cairo_fill(canvas->cairo);
}

static int whole_factor(double points, int cells)
{
    int factor = (int)ceil(points * PNG_SCALE / cells), most = IMAGE_LIMIT / cells;

    factor = factor < most ? factor : most;
    return factor < 1 ? 1 : factor;
}

void snn_canvas_cells(struct snn_canvas *canvas, struct snn_box box, const uint32_t *colors,
                      int rows, int columns)
{
    int across = whole_factor(box.width, columns), down = whole_factor(box.height, rows);
    cairo_surface_t *image =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, columns * across, rows * down);
    unsigned char *data = cairo_image_surface_get_data(image);
    int stride = cairo_image_surface_get_stride(image);

    if (!data) { /* too large or no memory: the page takes over the error */
        cairo_set_source_surface(canvas->cairo, image, 0, 0);
        cairo_surface_destroy(image);
        return;
    }
    cairo_surface_flush(image);
    for (int y = 0; y < rows * down; y++) {
        uint32_t *line = (uint32_t *)(void *)(data + (size_t)y * (size_t)stride);

        for (int x = 0; x < columns * across; x++)
            line[x] = colors[(size_t)(y / down) * (size_t)columns + (size_t)(x / across)];
    }
    cairo_surface_mark_dirty(image);
    cairo_save(canvas->cairo);
    cairo_translate(canvas->cairo, box.x, box.y);
    cairo_scale(canvas->cairo, box.width / (columns * across), box.height / (rows * down));
    cairo_set_source_surface(canvas->cairo, image, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(canvas->cairo), CAIRO_FILTER_GOOD);
    cairo_rectangle(canvas->cairo, 0, 0, columns * across, rows * down);
    cairo_fill(canvas->cairo);
    cairo_restore(canvas->cairo);
    cairo_surface_destroy(image);
}
