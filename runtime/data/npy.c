/* SPDX-License-Identifier: MIT
 *
 * One .npy array: the header is a Python dictionary with exactly the keys descr, fortran_order and
 * shape, in any order, read by a small scanner that knows no more of Python than that.
 */
#include "data/npy.h"

#include "error.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_HEADER_BYTES = 64 * 1024 }; /* NumPy itself writes less than 200 */

static const struct {
    const char *descr; /* without the byte order */
    const char *name;
    size_t bytes;
} types[] = {
    [SNN_NPY_BOOL] = { "b1", "bool", 1 },       [SNN_NPY_UINT8] = { "u1", "uint8", 1 },
    [SNN_NPY_INT32] = { "i4", "int32", 4 },     [SNN_NPY_INT64] = { "i8", "int64", 8 },
    [SNN_NPY_FLOAT32] = { "f4", "float32", 4 }, [SNN_NPY_FLOAT64] = { "f8", "float64", 8 },
};

enum { TYPE_COUNT = sizeof types / sizeof *types };

size_t snn_npy_type_bytes(enum snn_npy_type type)
{
    return types[type].bytes;
}

const char *snn_npy_type_name(enum snn_npy_type type)
{
    return types[type].name;
}

/* ---- the header */

/* What is left of the header's text. */
struct scanner {
    const char *next, *end;
    const char *name; /* of the file, for messages */
};

struct header {
    bool allows_objects, is_object;
    bool has_type, has_order, has_shape;
    bool is_fortran;
    enum snn_npy_type type;
    int rank;
    int64_t shape[SNN_NPY_MAX_RANK];
    size_t count;
};

static void skip_space(struct scanner *s)
{
    while (s->next < s->end &&
           (*s->next == ' ' || *s->next == '\n' || *s->next == '\t' || *s->next == '\r'))
        s->next++;
}

static bool comes_next(struct scanner *s, char c)
{
    skip_space(s);
    return s->next < s->end && *s->next == c;
}

static bool accept(struct scanner *s, char c)
{
    if (!comes_next(s, c))
        return false;
    s->next++;
    return true;
}

static int fail_header(const struct scanner *s, const char *what)
{
    return snn_error_set("%s: not a readable .npy header: %s", s->name, what);
}

static bool accept_word(struct scanner *s, const char *word)
{
    size_t length = strlen(word);

    skip_space(s);
    if ((size_t)(s->end - s->next) < length || memcmp(s->next, word, length) != 0)
        return false;
    s->next += length;
    return true;
}

/* 'text' or "text" without escapes. */
static bool scan_string(struct scanner *s, char *text, size_t bytes)
{
    size_t length = 0;
    char quote;

    skip_space(s);
    if (s->next == s->end || (*s->next != '\'' && *s->next != '"'))
        return false;
    quote = *s->next++;
    while (s->next < s->end && *s->next != quote && *s->next != '\\' && length + 1 < bytes)
        text[length++] = *s->next++;
    text[length] = '\0';
    return s->next < s->end && *s->next++ == quote;
}

static int scan_type(struct scanner *s, struct header *header)
{
    char descr[16];

    if (!scan_string(s, descr, sizeof descr))
        return snn_error_set(
            "%s: an array of records or of an unknown type; only plain numbers can be read",
            s->name);
    if (header->allows_objects && strcmp(descr, "|O") == 0) {
        header->has_type = header->is_object = true;
        return 0;
    }
    for (int type = 0; type < TYPE_COUNT; type++)
        if (descr[0] != '\0' && strcmp(descr + 1, types[type].descr) == 0) {
            if (descr[0] == '>' && types[type].bytes > 1)
                return snn_error_set(
                    "%s: the numbers are big-endian ('%s'); save them with .astype('<%s')", s->name,
                    descr, types[type].descr);
            if (!strchr("<|=>", descr[0]))
                return fail_header(s, "unknown byte order");
            header->type = (enum snn_npy_type)type;
            header->has_type = true;
            return 0;
        }
    return snn_error_set("%s: elements of type '%s' cannot be read; convert them to float32, "
                         "float64, uint8, int32, int64 "
                         "or bool",
                         s->name, descr);
}

static int scan_order(struct scanner *s, struct header *header)
{
    if (accept_word(s, "True"))
        header->is_fortran = true;
    else if (!accept_word(s, "False"))
        return fail_header(s, "fortran_order is neither True nor False");
    header->has_order = true;
    return 0;
}

static bool scan_size(struct scanner *s, int64_t *size)
{
    const char *first;

    skip_space(s);
    first = s->next;
    for (*size = 0; s->next < s->end && *s->next >= '0' && *s->next <= '9'; s->next++)
        if (__builtin_mul_overflow(*size, 10, size) ||
            __builtin_add_overflow(*size, *s->next - '0', size))
            return false;
    return s->next > first;
}

/* (), (3,) or (3, 4) */
static int scan_shape(struct scanner *s, struct header *header)
{
    header->count = 1;
    if (!accept(s, '('))
        return fail_header(s, "the shape is not a tuple");
    while (!accept(s, ')')) {
        int64_t size;

        if (header->rank == SNN_NPY_MAX_RANK)
            return snn_error_set("%s: more than %d axes", s->name, SNN_NPY_MAX_RANK);
        if (!scan_size(s, &size))
            return fail_header(s, "a size in the shape is not a whole number");
        if (__builtin_mul_overflow(header->count, (size_t)size, &header->count) ||
            header->count > SIZE_MAX / 16)
            return fail_header(s, "impossible shape");
        header->shape[header->rank++] = size;
        if (!accept(s, ',') && !comes_next(s, ')'))
            return fail_header(s, "the shape is not a tuple");
    }
    header->has_shape = true;
    return 0;
}

static int scan_entry(struct scanner *s, struct header *header)
{
    char key[32];

    if (!scan_string(s, key, sizeof key) || !accept(s, ':'))
        return fail_header(s, "a key was expected");
    if (strcmp(key, "descr") == 0 && !header->has_type)
        return scan_type(s, header);
    if (strcmp(key, "fortran_order") == 0 && !header->has_order)
        return scan_order(s, header);
    if (strcmp(key, "shape") == 0 && !header->has_shape)
        return scan_shape(s, header);
    return fail_header(s, "an unknown or repeated key");
}

static int scan_header(struct scanner *s, struct header *header)
{
    if (!accept(s, '{'))
        return fail_header(s, "it is not a dictionary");
    while (!accept(s, '}')) {
        if (scan_entry(s, header) < 0)
            return -1;
        if (!accept(s, ',') && !comes_next(s, '}'))
            return fail_header(s, "',' or '}' was expected");
    }
    skip_space(s);
    if (s->next != s->end)
        return fail_header(s, "text after the dictionary");
    if (!header->has_type || !header->has_order || !header->has_shape)
        return fail_header(s, "descr, fortran_order or shape is missing");
    return 0;
}

/* *bytes becomes the length of all that precedes the elements. */
static int read_header(struct header *header, struct snn_stream *stream, size_t *bytes)
{
    static const unsigned char magic[6] = { 0x93, 'N', 'U', 'M', 'P', 'Y' };
    const char *name = snn_stream_name(stream);
    unsigned char start[8], size[4] = { 0 };
    struct scanner scanner = { .name = name };
    size_t length;
    void *text;
    int status;

    if (snn_stream_read_exact(stream, start, sizeof start, "the .npy header") < 0)
        return -1;
    if (memcmp(start, magic, sizeof magic) != 0)
        return snn_error_set("%s: not a .npy file", name);
    if (start[6] < 1 || start[6] > 3)
        return snn_error_set("%s: version %d.%d of the .npy format is not known", name, start[6],
                             start[7]);
    if (snn_stream_read_exact(stream, size, start[6] == 1 ? 2 : 4, "the .npy header") < 0)
        return -1;
    length = (size_t)size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 | (size_t)size[3] << 24;
    if (length > MAX_HEADER_BYTES)
        return fail_header(&scanner, "it is longer than 64 KiB");
    if (snn_stream_read_array(stream, &text, length, "the .npy header") < 0)
        return -1;
    *bytes = sizeof start + (start[6] == 1 ? 2 : 4) + length;
    scanner.next = text;
    scanner.end = scanner.next + length;
    status = scan_header(&scanner, header);
    free(text);
    return status;
}

/* ---- the elements */

/* Fills `to` in C order from `from` in Fortran order; `place` counts through `to`, axis by axis. */
static void transpose(char *to, const char *from, const struct header *header)
{
    size_t bytes = types[header->type].bytes;
    size_t strides[SNN_NPY_MAX_RANK];
    int64_t place[SNN_NPY_MAX_RANK] = { 0 };
    size_t stride = 1, at = 0;

    for (int axis = 0; axis < header->rank; axis++) {
        strides[axis] = stride;
        stride *= (size_t)header->shape[axis];
    }
    for (size_t i = 0; i < header->count; i++) {
        memcpy(to + i * bytes, from + at * bytes, bytes);
        for (int axis = header->rank - 1; axis >= 0; axis--) {
            at += strides[axis];
            if (++place[axis] < header->shape[axis])
                break;
            at -= strides[axis] * (size_t)header->shape[axis];
            place[axis] = 0;
        }
    }
}

/* Replaces *data, in Fortran order, by a copy in C order. */
static int reorder(void **data, const struct header *header, const char *name)
{
    void *copy = malloc(header->count * types[header->type].bytes + 1);

    if (!copy)
        return snn_error_set("%s: out of memory for %zu elements", name, header->count);
    transpose(copy, *data, header);
    free(*data);
    *data = copy;
    return 0;
}

static void describe(struct snn_npy *out, const struct header *header, void *data)
{
    *out = (struct snn_npy){
        .type = header->type, .rank = header->rank, .count = header->count, .data = data
    };
    memcpy(out->shape, header->shape, sizeof header->shape);
}

int snn_npy_read(struct snn_npy *out, struct snn_stream *stream)
{
    struct header header = { 0 };
    size_t header_bytes;
    void *data;

    if (read_header(&header, stream, &header_bytes) < 0 ||
        snn_stream_read_array(stream, &data, header.count * types[header.type].bytes, "the array") <
            0)
        return -1;
    if (snn_stream_expect_end(stream) < 0 ||
        (header.is_fortran && header.rank > 1 &&
         reorder(&data, &header, snn_stream_name(stream)) < 0)) {
        free(data);
        return -1;
    }
    describe(out, &header, data);
    return 0;
}

static int borrow(struct snn_npy *out, const struct header *header, size_t header_bytes,
                  const void *memory, size_t bytes)
{
    const char *data = (const char *)memory + header_bytes;
    size_t element = types[header->type].bytes;

    /* What is truncated is for snn_npy_read to complain about. */
    if ((header->is_fortran && header->rank > 1) || (uintptr_t)data % element != 0 ||
        bytes - header_bytes != header->count * element)
        return 1;
    describe(out, header, (void *)(uintptr_t)data);
    out->is_borrowed = true;
    return 0;
}

int snn_npy_borrow(struct snn_npy *out, const void *memory, size_t bytes, const char *name)
{
    struct header header = { 0 };
    struct snn_stream *stream;
    size_t header_bytes;
    int status;

    if (snn_stream_open_memory(&stream, memory, bytes, name) < 0)
        return -1;
    status = read_header(&header, stream, &header_bytes);
    if (status == 0)
        status = borrow(out, &header, header_bytes, memory, bytes);
    snn_stream_close(stream);
    return status;
}

int snn_npy_object_offset(size_t *offset, const void *memory, size_t bytes, const char *name)
{
    struct header header = { .allows_objects = true };
    struct snn_stream *stream;
    int status;

    if (snn_stream_open_memory(&stream, memory, bytes, name) < 0)
        return -1;
    status = read_header(&header, stream, offset);
    snn_stream_close(stream);
    if (status == 0 && (!header.is_object || header.rank != 0))
        return snn_error_set("%s: an array of numbers, not a dictionary of Python; 'npy' reads it",
                             name);
    return status;
}

int snn_npy_open(struct snn_npy *out, const char *path)
{
    struct snn_stream *stream;
    int status;

    if (snn_stream_open(&stream, path) < 0)
        return -1;
    status = snn_npy_read(out, stream);
    snn_stream_close(stream);
    return status;
}

void snn_npy_dispose(struct snn_npy *array)
{
    if (!array->is_borrowed)
        free(array->data);
    *array = (struct snn_npy){ 0 };
}

double snn_npy_value(const struct snn_npy *array, size_t i)
{
    switch (array->type) {
    case SNN_NPY_BOOL: return ((const uint8_t *)array->data)[i] != 0;
    case SNN_NPY_UINT8: return ((const uint8_t *)array->data)[i];
    case SNN_NPY_INT32: return ((const int32_t *)array->data)[i];
    case SNN_NPY_INT64: return (double)((const int64_t *)array->data)[i];
    case SNN_NPY_FLOAT32: return (double)((const float *)array->data)[i];
    case SNN_NPY_FLOAT64: return ((const double *)array->data)[i];
    }
    return 0;
}
