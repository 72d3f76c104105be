/* SPDX-License-Identifier: MIT
 *
 * What NumPy's pickles call: the arrays, types and scalars of every version since 1.8, by the names
 * their modules have had. The meanings are those of numpy/_core/multiarray and Lib/_codecs.
 */
#include "data/pickle_internal.h"
#include "error.h"

#include <math.h>
#include <string.h>

enum global {
    GLOBAL_RECONSTRUCT,
    GLOBAL_SCALAR,
    GLOBAL_FROMBUFFER,
    GLOBAL_NDARRAY,
    GLOBAL_RECARRAY,
    GLOBAL_RECORD,
    GLOBAL_DTYPE,
    GLOBAL_ENCODE,
    GLOBAL_BYTES,
};

static const struct {
    const char *module, *name;
    enum global global;
} globals[] = {
    { "numpy._core.multiarray", "_reconstruct", GLOBAL_RECONSTRUCT },
    { "numpy.core.multiarray", "_reconstruct", GLOBAL_RECONSTRUCT },
    { "numpy._core.multiarray", "scalar", GLOBAL_SCALAR },
    { "numpy.core.multiarray", "scalar", GLOBAL_SCALAR },
    { "numpy._core.numeric", "_frombuffer", GLOBAL_FROMBUFFER },
    { "numpy.core.numeric", "_frombuffer", GLOBAL_FROMBUFFER },
    { "numpy", "ndarray", GLOBAL_NDARRAY },
    { "numpy", "recarray", GLOBAL_RECARRAY },
    { "numpy.rec", "recarray", GLOBAL_RECARRAY },
    { "numpy._core.records", "recarray", GLOBAL_RECARRAY },
    { "numpy.core.records", "recarray", GLOBAL_RECARRAY },
    { "numpy", "record", GLOBAL_RECORD },
    { "numpy.rec", "record", GLOBAL_RECORD },
    { "numpy._core.records", "record", GLOBAL_RECORD },
    { "numpy.core.records", "record", GLOBAL_RECORD },
    { "numpy", "dtype", GLOBAL_DTYPE },
    { "_codecs", "encode", GLOBAL_ENCODE }, /* bytes in protocol 2 */
    { "__builtin__", "bytes", GLOBAL_BYTES },
    { "builtins", "bytes", GLOBAL_BYTES },
};

static bool is_text(const char *text, size_t bytes, const char *expected)
{
    return strlen(expected) == bytes && memcmp(text, expected, bytes) == 0;
}

int pickle_find_global(const char *module, size_t module_bytes, const char *name, size_t name_bytes)
{
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
        if (is_text(module, module_bytes, globals[i].module) &&
            is_text(name, name_bytes, globals[i].name))
            return (int)globals[i].global;
    return -1;
}

static struct snn_pickle_value *fail_call(struct pickle *p, const char *what)
{
    pickle_fail(p, "%s", what);
    return NULL;
}

static bool is_kind(const struct snn_pickle_value *tuple, size_t i, enum snn_pickle_kind kind)
{
    return i < tuple->items.count && tuple->items.list[i]->kind == kind;
}

static bool is_class(const struct snn_pickle_value *tuple, size_t i, enum global global)
{
    return is_kind(tuple, i, SNN_PICKLE_GLOBAL) && tuple->items.list[i]->integer == (int64_t)global;
}

/* ---- bytes */

/* encode(text, 'latin1'): a character is a byte. */
static struct snn_pickle_value *call_encode(struct pickle *p,
                                            const struct snn_pickle_value *arguments)
{
    struct snn_pickle_value *bytes = pickle_new(p, SNN_PICKLE_BYTES);
    const struct snn_pickle_value *text;
    char *out;

    if (!is_kind(arguments, 0, SNN_PICKLE_TEXT) || !is_kind(arguments, 1, SNN_PICKLE_TEXT) ||
        !snn_pickle_text_is(arguments->items.list[1], "latin1"))
        return fail_call(p, "bytes are not encoded in latin1");
    text = arguments->items.list[0];
    out = pickle_take(p, text->bytes.count);
    bytes->bytes.data = out;
    for (size_t i = 0; i < text->bytes.count; i++) {
        unsigned char first = (unsigned char)text->bytes.data[i];

        if (first >= 0x80) {
            unsigned char second =
                i + 1 < text->bytes.count ? (unsigned char)text->bytes.data[++i] : 0;

            if ((first & 0xfe) != 0xc2 || (second & 0xc0) != 0x80)
                return fail_call(p, "bytes are not encoded in latin1");
            first = (unsigned char)((first & 3) << 6 | (second & 0x3f));
        }
        out[bytes->bytes.count++] = (char)first;
    }
    return bytes;
}

/* ---- types */

/* "i2", "f4", "O8" */
static bool read_type_name(struct snn_pickle_dtype *dtype, const struct snn_pickle_value *name)
{
    dtype->kind = name->bytes.count > 1 ? name->bytes.data[0] : '\0';
    for (size_t i = 1; i < name->bytes.count; i++) {
        char digit = name->bytes.data[i];

        if (digit < '0' || digit > '9' || dtype->size > INT32_MAX / 10)
            return false;
        dtype->size = dtype->size * 10 + (digit - '0');
    }
    switch (dtype->kind) {
    case 'b': return dtype->size == 1;
    case 'i':
    case 'u': return dtype->size == 1 || dtype->size == 2 || dtype->size == 4 || dtype->size == 8;
    case 'f': return dtype->size == 4 || dtype->size == 8;
    case 'O': return true;
    case 'V': return true;
    default: return false;
    }
}

static struct snn_pickle_value *call_dtype(struct pickle *p,
                                           const struct snn_pickle_value *arguments)
{
    struct snn_pickle_value *value = pickle_new(p, SNN_PICKLE_DTYPE);
    const struct snn_pickle_value *name;

    if (is_class(arguments, 0, GLOBAL_RECORD)) {
        value->dtype.kind = 'V';
        return value;
    }
    if (!is_kind(arguments, 0, SNN_PICKLE_TEXT))
        return fail_call(p, "an array has elements of an unknown type");
    name = arguments->items.list[0];
    if (!read_type_name(&value->dtype, name)) {
        pickle_fail(p, "elements of the type '%.*s' cannot be read",
                    (int)(name->bytes.count < 20 ? name->bytes.count : 20), name->bytes.data);
        return NULL;
    }
    return value;
}

/* (version, byte order, sub-array, names, fields, bytes, alignment, flags) */
static int set_dtype(struct pickle *p, struct snn_pickle_dtype *dtype,
                     const struct snn_pickle_value *state)
{
    const struct snn_pickle_value *const *items =
        (const struct snn_pickle_value *const *)(const void *)state->items.list;

    if (state->items.count < 8 || items[1]->kind != SNN_PICKLE_TEXT ||
        items[2]->kind != SNN_PICKLE_NONE || items[5]->kind != SNN_PICKLE_INT)
        return pickle_fail(p, "the type of an array is not described as NumPy does");
    dtype->is_big_endian = snn_pickle_text_is(items[1], ">");
    if (dtype->kind != 'V')
        return 0;
    if (items[4]->kind != SNN_PICKLE_DICT || items[5]->integer < 1)
        return pickle_fail(p, "a record has no fields");
    dtype->fields = items[4];
    dtype->size = items[5]->integer;
    return 0;
}

/* ---- arrays */

static struct snn_pickle_value *call_frombuffer(struct pickle *p,
                                                const struct snn_pickle_value *arguments)
{
    struct snn_pickle_value *value = pickle_new(p, SNN_PICKLE_ARRAY);

    if (!is_kind(arguments, 0, SNN_PICKLE_BYTES) || !is_kind(arguments, 1, SNN_PICKLE_DTYPE) ||
        !is_kind(arguments, 2, SNN_PICKLE_TUPLE) || !is_kind(arguments, 3, SNN_PICKLE_TEXT))
        return fail_call(p, "an array is not described as NumPy does");
    value->array = (struct snn_pickle_array){
        .data = arguments->items.list[0],
        .dtype = arguments->items.list[1],
        .shape = arguments->items.list[2],
        .is_fortran = snn_pickle_text_is(arguments->items.list[3], "F"),
    };
    return value;
}

/* (version, shape, type, Fortran order, bytes or list) */
static int set_array(struct pickle *p, struct snn_pickle_array *array,
                     const struct snn_pickle_value *state)
{
    if (!is_kind(state, 1, SNN_PICKLE_TUPLE) || !is_kind(state, 2, SNN_PICKLE_DTYPE) ||
        !is_kind(state, 3, SNN_PICKLE_BOOL) ||
        (!is_kind(state, 4, SNN_PICKLE_BYTES) && !is_kind(state, 4, SNN_PICKLE_LIST)))
        return pickle_fail(p, "an array is not described as NumPy does");
    *array = (struct snn_pickle_array){
        .shape = state->items.list[1],
        .dtype = state->items.list[2],
        .is_fortran = state->items.list[3]->integer != 0,
        .data = state->items.list[4],
    };
    return 0;
}

static struct snn_pickle_value *call_reconstruct(struct pickle *p,
                                                 const struct snn_pickle_value *arguments)
{
    if (!is_class(arguments, 0, GLOBAL_NDARRAY) && !is_class(arguments, 0, GLOBAL_RECARRAY))
        return fail_call(p, "an array of an unknown class");
    return pickle_new(p, SNN_PICKLE_ARRAY);
}

static struct snn_pickle_value *call_scalar(struct pickle *p,
                                            const struct snn_pickle_value *arguments)
{
    const struct snn_pickle_dtype *dtype;
    const struct snn_pickle_value *bytes;
    struct snn_pickle_value *value;

    if (!is_kind(arguments, 0, SNN_PICKLE_DTYPE) || !is_kind(arguments, 1, SNN_PICKLE_BYTES))
        return fail_call(p, "a number is not described as NumPy does");
    dtype = &arguments->items.list[0]->dtype;
    bytes = arguments->items.list[1];
    if (!strchr("iufb", dtype->kind) || (int64_t)bytes->bytes.count != dtype->size)
        return fail_call(p, "a number is not described as NumPy does");
    value = pickle_new(p, dtype->kind == 'f' ? SNN_PICKLE_REAL : SNN_PICKLE_INT);
    value->real = snn_pickle_number(dtype, bytes->bytes.data);
    if (dtype->kind != 'f') {
        double number = value->real;

        if (!(fabs(number) <= 9007199254740992.0))
            return fail_call(p, "a whole number beyond 2^53");
        value->integer = (int64_t)number;
    }
    return value;
}

struct snn_pickle_value *pickle_call(struct pickle *p, const struct snn_pickle_value *function,
                                     const struct snn_pickle_value *arguments)
{
    switch ((enum global)function->integer) {
    case GLOBAL_RECONSTRUCT: return call_reconstruct(p, arguments);
    case GLOBAL_SCALAR: return call_scalar(p, arguments);
    case GLOBAL_FROMBUFFER: return call_frombuffer(p, arguments);
    case GLOBAL_DTYPE: return call_dtype(p, arguments);
    case GLOBAL_ENCODE: return call_encode(p, arguments);
    case GLOBAL_BYTES:
        if (arguments->items.count == 0)
            return pickle_new(p, SNN_PICKLE_BYTES);
        break;
    case GLOBAL_NDARRAY:
    case GLOBAL_RECARRAY:
    case GLOBAL_RECORD: break;
    }
    return fail_call(p, "an array is made in a way that NumPy does not use");
}

int pickle_set_state(struct pickle *p, struct snn_pickle_value *object,
                     const struct snn_pickle_value *state)
{
    if (state->kind != SNN_PICKLE_TUPLE)
        return pickle_fail(p, "an object is described in a way that NumPy does not use");
    if (object->kind == SNN_PICKLE_DTYPE)
        return set_dtype(p, &object->dtype, state);
    if (object->kind == SNN_PICKLE_ARRAY)
        return set_array(p, &object->array, state);
    return pickle_fail(p, "an object is described that is no array");
}

/* ---- looking at values */

bool snn_pickle_text_is(const struct snn_pickle_value *value, const char *text)
{
    return value->kind == SNN_PICKLE_TEXT && is_text(value->bytes.data, value->bytes.count, text);
}

const struct snn_pickle_value *snn_pickle_find(const struct snn_pickle_value *dict, const char *key)
{
    for (size_t i = 0; i + 1 < dict->items.count; i += 2)
        if (snn_pickle_text_is(dict->items.list[i], key))
            return dict->items.list[i + 1];
    return NULL;
}

bool snn_pickle_row(const struct snn_pickle_value *value, int64_t *count)
{
    const struct snn_pickle_array *array = &value->array;
    int64_t bytes;

    if (value->kind != SNN_PICKLE_ARRAY || !array->shape || array->shape->items.count != 1 ||
        !is_kind(array->shape, 0, SNN_PICKLE_INT))
        return false;
    *count = array->shape->items.list[0]->integer;
    if (array->dtype->dtype.size < 1)
        return false;
    if (array->dtype->dtype.kind == 'O')
        return array->data->kind == SNN_PICKLE_LIST && *count == (int64_t)array->data->items.count;
    return *count >= 0 && array->data->kind == SNN_PICKLE_BYTES &&
           !__builtin_mul_overflow(*count, array->dtype->dtype.size, &bytes) &&
           bytes == (int64_t)array->data->bytes.count;
}

double snn_pickle_number(const struct snn_pickle_dtype *dtype, const char *at)
{
    size_t size = (size_t)dtype->size;
    union {
        char bytes[8];
        uint64_t bits;
        float f4;
        double f8;
    } number = { .bits = 0 };

    if (!strchr("iufb", dtype->kind) || size > sizeof number)
        return NAN;
    for (size_t i = 0; i < size; i++)
        number.bytes[i] = at[dtype->is_big_endian ? size - 1 - i : i];
    if (dtype->kind == 'f')
        return size == 4 ? (double)number.f4 : number.f8;
    if (dtype->kind != 'i')
        return (double)number.bits;
    if (size < 8 && number.bits >> (8 * size - 1))
        number.bits |= ~UINT64_C(0) << 8 * size;
    return (double)(int64_t)number.bits;
}
