/* SPDX-License-Identifier: MIT
 *
 * PNG is decoded by cairo, which programs are linked with for their plots. It makes all pictures
 * colours of 8 bits, so whether one is grey, and how many bits it has, is read from its header.
 */
#include "data/picture_file.h"

#include "data/mapping.h"
#include "error.h"

#include <cairo.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_SIDE = 16384 };

static int allocate(struct snn_picture_file *out, const char *path)
{
    if (out->height < 1 || out->width < 1 || out->height > LARGEST_SIDE ||
        out->width > LARGEST_SIDE)
        return snn_error_set("%s: %lld x %lld pixels; a side must be from 1 to %d pixels long",
                             path, (long long)out->height, (long long)out->width, LARGEST_SIDE);
    out->bytes = malloc((size_t)(out->height * out->width) * (size_t)out->channels);
    return out->bytes ? 0 : snn_error_set("%s: out of memory", path);
}

/* ---- PNG */

enum {
    PNG_SIGNATURE_BYTES = 8,
    PNG_SIZE_AT = 16, /* width, height, bits, colour type: of its first chunk */
    PNG_HEADER_BYTES = 29,
    PNG_GREY = 0,
    PNG_GREY_AND_ALPHA = 4,
};

static const unsigned char png_signature[PNG_SIGNATURE_BYTES] = "\x89PNG\r\n\x1a\n";

static int64_t big_endian(const unsigned char *bytes)
{
    return (int64_t)bytes[0] << 24 | (int64_t)bytes[1] << 16 | (int64_t)bytes[2] << 8 | bytes[3];
}

/* What is left of a file. */
struct rest {
    const unsigned char *bytes;
    size_t count;
};

static cairo_status_t take(void *closure, unsigned char *out, unsigned int count)
{
    struct rest *rest = closure;

    if (count > rest->count)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(out, rest->bytes, count);
    rest->bytes += count;
    rest->count -= count;
    return CAIRO_STATUS_SUCCESS;
}

static int copy_pixels(struct snn_picture_file *out, cairo_surface_t *surface, const char *path)
{
    const unsigned char *rows = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    bool has_alpha = cairo_image_surface_get_format(surface) == CAIRO_FORMAT_ARGB32;
    uint8_t *to = out->bytes;

    for (int64_t y = 0; y < out->height; y++)
        for (int64_t x = 0; x < out->width; x++) {
            uint32_t pixel;

            memcpy(&pixel, rows + (size_t)y * stride + (size_t)x * sizeof pixel, sizeof pixel);
            if (has_alpha && pixel >> 24 != 0xff)
                return snn_error_set("%s: pixel (%lld, %lld) is transparent; give the picture a "
                                     "background",
                                     path, (long long)y, (long long)x);
            for (int c = 0; c < out->channels; c++)
                *to++ = pixel >> (16 - 8 * c) & 0xff;
        }
    return 0;
}

/* A grey picture is decoded to three equal channels, of which the first is taken. */
static int decode_png(struct snn_picture_file *out, const struct snn_mapping *file,
                      const char *path)
{
    struct rest rest = { file->memory, file->bytes };
    cairo_surface_t *surface = cairo_image_surface_create_from_png_stream(take, &rest);
    cairo_format_t format = cairo_image_surface_get_format(surface);
    int status = 0;

    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS ||
        (format != CAIRO_FORMAT_ARGB32 && format != CAIRO_FORMAT_RGB24) ||
        cairo_image_surface_get_width(surface) != out->width ||
        cairo_image_surface_get_height(surface) != out->height)
        status = snn_error_set("%s: not a readable PNG file, or truncated", path);
    if (status == 0)
        status = copy_pixels(out, surface, path);
    cairo_surface_destroy(surface);
    return status;
}

static int read_png(struct snn_picture_file *out, const struct snn_mapping *file, const char *path)
{
    const unsigned char *head = (const unsigned char *)file->memory + PNG_SIZE_AT;

    if (file->bytes < PNG_HEADER_BYTES || memcmp(head - 4, "IHDR", 4) != 0)
        return snn_error_set("%s: not a readable PNG file, or truncated", path);
    if (head[8] > 8)
        return snn_error_set("%s: %d bits a channel; write it with 8", path, head[8]);
    out->width = big_endian(head);
    out->height = big_endian(head + 4);
    out->channels = head[9] == PNG_GREY || head[9] == PNG_GREY_AND_ALPHA ? 1 : 3;
    return allocate(out, path) < 0 ? -1 : decode_png(out, file, path);
}

/* ---- PGM, PPM */

/* The next whole number, behind white space and comments; -1: there is none. */
static int64_t take_number(struct rest *rest)
{
    int64_t number = -1;

    while (rest->count > 0 && (isspace(*rest->bytes) || *rest->bytes == '#')) {
        bool is_comment = *rest->bytes == '#';

        do {
            rest->bytes++;
            rest->count--;
        } while (is_comment && rest->count > 0 && rest->bytes[-1] != '\n');
    }
    for (; rest->count > 0 && isdigit(*rest->bytes) && number < INT32_MAX; rest->count--)
        number = (number < 0 ? 0 : number) * 10 + (*rest->bytes++ - '0');
    return number;
}

static int read_pnm(struct snn_picture_file *out, const struct snn_mapping *file, const char *path)
{
    const unsigned char *bytes = file->memory;
    struct rest rest = { bytes + 2, file->bytes - 2 };
    int64_t largest;
    size_t count;

    out->channels = bytes[1] == '5' ? 1 : 3;
    out->width = take_number(&rest);
    out->height = take_number(&rest);
    largest = take_number(&rest);
    if (largest != 255)
        return snn_error_set("%s: not a readable PGM or PPM file with values from 0 to 255", path);
    if (allocate(out, path) < 0)
        return -1;
    count = (size_t)(out->height * out->width) * (size_t)out->channels;
    if (rest.count < count + 1) /* and the white space before */
        return snn_error_set("%s: truncated: %zu bytes of pixels, not %zu", path,
                             rest.count > 0 ? rest.count - 1 : 0, count);
    memcpy(out->bytes, rest.bytes + 1, count);
    return 0;
}

/* ---- all of them */

static int read_mapped(struct snn_picture_file *out, const struct snn_mapping *file,
                       const char *path)
{
    const unsigned char *bytes = file->memory;

    if (file->bytes >= PNG_SIGNATURE_BYTES &&
        memcmp(bytes, png_signature, PNG_SIGNATURE_BYTES) == 0)
        return read_png(out, file, path);
    if (file->bytes > 2 && bytes[0] == 'P' && (bytes[1] == '5' || bytes[1] == '6'))
        return read_pnm(out, file, path);
    return snn_error_set("%s: not a PNG, binary PGM or binary PPM file", path);
}

int snn_picture_file_read(struct snn_picture_file *out, const char *path)
{
    struct snn_mapping file;
    int status;

    *out = (struct snn_picture_file){ 0 };
    if (snn_mapping_open(&file, path) < 0)
        return -1;
    status = read_mapped(out, &file, path);
    snn_mapping_close(&file);
    if (status < 0)
        snn_picture_file_dispose(out);
    return status;
}

void snn_picture_file_dispose(struct snn_picture_file *file)
{
    free(file->bytes);
    *file = (struct snn_picture_file){ 0 };
}
