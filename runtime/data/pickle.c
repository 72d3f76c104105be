/* SPDX-License-Identifier: MIT
 *
 * The pickle machine: a stack of values, marks on it, and a memo. (CPython's
 * Lib/pickletools.py says what each instruction does.) Values are made of what NumPy's own pickles
 * call, in pickle_numpy.c.
 */
#include "data/pickle.h"

#include "data/pickle_internal.h"
#include "error.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 16,
    BLOCK_BYTES = 64 * 1024, /* taken from the region at once */
    LAST_PROTOCOL = 5,
};

/* ---- memory */

void *pickle_take(struct pickle *p, size_t bytes)
{
    char *taken;

    bytes = (bytes + 7) / 8 * 8;
    if (bytes > p->block_left) {
        p->block_left = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        p->block = snn_region_alloc(p->region, p->block_left);
    }
    taken = p->block;
    p->block += bytes;
    p->block_left -= bytes;
    return taken;
}

struct snn_pickle_value *pickle_new(struct pickle *p, enum snn_pickle_kind kind)
{
    struct snn_pickle_value *value = pickle_take(p, sizeof *value);

    memset(value, 0, sizeof *value);
    value->kind = kind;
    return value;
}

struct snn_pickle_value *pickle_integer(struct pickle *p, int64_t integer)
{
    struct snn_pickle_value *value = pickle_new(p, SNN_PICKLE_INT);

    value->integer = integer;
    return value;
}

/* A place for one more value at the end. Growing by doubling wastes as much as is used, at most. */
static struct snn_pickle_value **more(struct pickle *p, struct pickle_values *values)
{
    if (values->count == values->capacity) {
        size_t capacity = values->capacity ? 2 * values->capacity : FIRST_CAPACITY;
        struct snn_pickle_value **list = pickle_take(p, capacity * sizeof *list);

        if (values->count > 0)
            memcpy(list, values->list, values->count * sizeof *list);
        values->list = list;
        values->capacity = capacity;
    }
    return &values->list[values->count++];
}

/* ---- errors */

int pickle_fail(const struct pickle *p, const char *format, ...)
{
    char what[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return snn_error_set("%s: at byte %zu: %s", p->name, p->offset + p->instruction, what);
}

static int fail_stack(const struct pickle *p)
{
    return pickle_fail(p, "not a valid pickle: an instruction has nothing to work on");
}

/* Names of the instructions that are refused. */
static const char *instruction_name(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        { '0', "POP" },
        { '1', "POP_MARK" },
        { '2', "DUP" },
        { 'F', "FLOAT" },
        { 'I', "INT" },
        { 'L', "LONG" },
        { 'P', "PERSID" },
        { 'Q', "BINPERSID" },
        { 'S', "STRING" },
        { 'T', "BINSTRING" },
        { 'U', "SHORT_BINSTRING" },
        { 'V', "UNICODE" },
        { 'd', "DICT" },
        { 'g', "GET" },
        { 'i', "INST" },
        { 'l', "LIST" },
        { 'o', "OBJ" },
        { 'p', "PUT" },
        { 0x81, "NEWOBJ" },
        { 0x82, "EXT1" },
        { 0x83, "EXT2" },
        { 0x84, "EXT4" },
        { 0x8b, "LONG4" },
        { 0x8f, "EMPTY_SET" },
        { 0x90, "ADDITEMS" },
        { 0x91, "FROZENSET" },
        { 0x92, "NEWOBJ_EX" },
        { 0x97, "NEXT_BUFFER" },
        { 0x98, "READONLY_BUFFER" },
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code)
            return names[i].name;
    return NULL;
}

static int refuse_instruction(const struct pickle *p, int code)
{
    const char *name = instruction_name(code);

    if (!name)
        return pickle_fail(p, "not a valid pickle: there is no instruction 0x%02x", code);
    return pickle_fail(p,
                       "the instruction %s is not one of those that arrays need, and is not "
                       "carried out; write the file with numpy.save",
                       name);
}

/* ---- the input */

/* The next `bytes` bytes; NULL, message set, if there are not so many. */
static const char *next(struct pickle *p, uint64_t bytes)
{
    const char *at = p->memory + p->place;

    if (bytes > p->size - p->place) {
        pickle_fail(p, "truncated: %llu bytes are announced and %zu are left",
                    (unsigned long long)bytes, p->size - p->place);
        return NULL;
    }
    p->place += bytes;
    return at;
}

/* An unsigned number of `bytes` bytes. */
static bool next_number(struct pickle *p, int bytes, uint64_t *out)
{
    const char *at = next(p, (uint64_t)bytes);

    *out = 0;
    while (at && bytes-- > 0)
        *out = *out << 8 | (unsigned char)at[bytes];
    return at != NULL;
}

/* Up to the end of the line, which is skipped. */
static const char *next_line(struct pickle *p, size_t *length)
{
    const char *at = p->memory + p->place, *end = memchr(at, '\n', p->size - p->place);

    if (!end) {
        pickle_fail(p, "truncated within a name");
        return NULL;
    }
    *length = (size_t)(end - at);
    p->place += *length + 1;
    return at;
}

/* ---- the stack */

static int push(struct pickle *p, struct snn_pickle_value *value)
{
    *more(p, &p->stack) = value;
    return 0;
}

/* The topmost values belong to the code after the last mark; NULL, message set, if there is none
 * there. */
static struct snn_pickle_value *pop(struct pickle *p)
{
    size_t floor = p->mark_count > 0 ? p->marks[p->mark_count - 1] : 0;

    if (p->stack.count <= floor) {
        fail_stack(p);
        return NULL;
    }
    return p->stack.list[--p->stack.count];
}

static int push_mark(struct pickle *p)
{
    if (p->mark_count == PICKLE_MAX_MARKS)
        return pickle_fail(p, "values are nested more than %d deep", PICKLE_MAX_MARKS);
    p->marks[p->mark_count++] = p->stack.count;
    return 0;
}

/* The values above the last mark, which stay where they are until the next is pushed; false,
 * message set, if there is no mark. */
static bool pop_mark(struct pickle *p, struct pickle_values *out)
{
    size_t floor;

    if (p->mark_count == 0) {
        fail_stack(p);
        return false;
    }
    floor = p->marks[--p->mark_count];
    *out = (struct pickle_values){ .count = p->stack.count - floor };
    if (out->count > 0)
        out->list = p->stack.list + floor;
    p->stack.count = floor;
    return true;
}

/* ---- instructions */

static int push_integer(struct pickle *p, int bytes, bool is_signed)
{
    uint64_t number;

    if (!next_number(p, bytes, &number))
        return -1;
    if (is_signed && bytes < 8 && bytes > 0 && number >> (8 * bytes - 1))
        number |= ~UINT64_C(0) << 8 * bytes;
    return push(p, pickle_integer(p, (int64_t)number));
}

static int push_long(struct pickle *p)
{
    uint64_t bytes;

    if (!next_number(p, 1, &bytes))
        return -1;
    if (bytes > 8)
        return pickle_fail(p, "a whole number of %d bytes; 8 can be read", (int)bytes);
    return push_integer(p, (int)bytes, true);
}

static int push_real(struct pickle *p)
{
    struct snn_pickle_value *value = pickle_new(p, SNN_PICKLE_REAL);
    const char *at = next(p, 8);
    uint64_t bits = 0;

    if (!at)
        return -1;
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | (unsigned char)at[i];
    memcpy(&value->real, &bits, sizeof bits);
    return push(p, value);
}

static int push_truth(struct pickle *p, bool truth)
{
    struct snn_pickle_value *value = pickle_new(p, SNN_PICKLE_BOOL);

    value->integer = truth;
    return push(p, value);
}

/* Text or bytes behind a length of `length_bytes` bytes. */
static int push_bytes(struct pickle *p, enum snn_pickle_kind kind, int length_bytes)
{
    struct snn_pickle_value *value = pickle_new(p, kind);
    uint64_t length;

    if (!next_number(p, length_bytes, &length))
        return -1;
    value->bytes.data = next(p, length);
    value->bytes.count = (size_t)length;
    return value->bytes.data ? push(p, value) : -1;
}

static struct snn_pickle_value *new_tuple(struct pickle *p, struct snn_pickle_value *const *items,
                                          size_t count)
{
    struct snn_pickle_value *tuple = pickle_new(p, SNN_PICKLE_TUPLE);

    tuple->items.list = pickle_take(p, count * sizeof *items);
    tuple->items.count = count;
    if (count > 0)
        memcpy(tuple->items.list, items, count * sizeof *items);
    return tuple;
}

static int push_tuple(struct pickle *p, int count)
{
    struct snn_pickle_value *items[3] = { NULL };

    for (int i = count - 1; i >= 0; i--) {
        items[i] = pop(p);
        if (!items[i])
            return -1;
    }
    return push(p, new_tuple(p, items, (size_t)count));
}

static int push_marked_tuple(struct pickle *p)
{
    struct pickle_values items;

    return pop_mark(p, &items) ? push(p, new_tuple(p, items.list, items.count)) : -1;
}

/* Puts values at the end of the list or dictionary that is on top of the stack. */
static int extend(struct pickle *p, enum snn_pickle_kind kind,
                  struct snn_pickle_value *const *values, size_t count)
{
    struct snn_pickle_value *target = p->stack.count ? p->stack.list[p->stack.count - 1] : NULL;
    struct pickle_values items;

    if (!target || target->kind != kind || (kind == SNN_PICKLE_DICT && count % 2 != 0))
        return fail_stack(p);
    items =
        (struct pickle_values){ target->items.list, target->items.count, target->items.capacity };
    for (size_t i = 0; i < count; i++)
        *more(p, &items) = values[i];
    target->items.list = items.list;
    target->items.count = items.count;
    target->items.capacity = items.capacity;
    return 0;
}

static int extend_marked(struct pickle *p, enum snn_pickle_kind kind)
{
    struct pickle_values values;

    return pop_mark(p, &values) ? extend(p, kind, values.list, values.count) : -1;
}

static int append(struct pickle *p)
{
    struct snn_pickle_value *value = pop(p);

    return value ? extend(p, SNN_PICKLE_LIST, &value, 1) : -1;
}

static int set_item(struct pickle *p)
{
    struct snn_pickle_value *pair[2];

    pair[1] = pop(p);
    pair[0] = pair[1] ? pop(p) : NULL;
    return pair[0] ? extend(p, SNN_PICKLE_DICT, pair, 2) : -1;
}

/* ---- the memo */

/* Python numbers what it remembers 0, 1, 2, …; other numbers would ask for memory by claim. */
static int remember(struct pickle *p, uint64_t number)
{
    size_t floor = p->mark_count > 0 ? p->marks[p->mark_count - 1] : 0;

    if (p->stack.count <= floor)
        return fail_stack(p);
    if (number > p->memo.count)
        return pickle_fail(p, "not a valid pickle: value %llu is remembered before value %zu",
                           (unsigned long long)number, p->memo.count);
    if (number == p->memo.count)
        more(p, &p->memo);
    p->memo.list[number] = p->stack.list[p->stack.count - 1];
    return 0;
}

static int recall(struct pickle *p, uint64_t number)
{
    if (number >= p->memo.count)
        return pickle_fail(p, "not a valid pickle: value %llu was not remembered",
                           (unsigned long long)number);
    return push(p, p->memo.list[number]);
}

static int use_memo(struct pickle *p, int bytes, int (*use)(struct pickle *p, uint64_t number))
{
    uint64_t number;

    return next_number(p, bytes, &number) ? use(p, number) : -1;
}

/* ---- names and calls */

static int push_global(struct pickle *p, const char *module, size_t module_bytes, const char *name,
                       size_t name_bytes)
{
    struct snn_pickle_value *value = pickle_new(p, SNN_PICKLE_GLOBAL);
    int global = pickle_find_global(module, module_bytes, name, name_bytes);

    if (global < 0)
        return pickle_fail(p,
                           "it asks for %.*s.%.*s, which is not data; it is not called, and "
                           "only NumPy arrays are read",
                           (int)(module_bytes < 80 ? module_bytes : 80), module,
                           (int)(name_bytes < 80 ? name_bytes : 80), name);
    value->integer = global;
    return push(p, value);
}

static int push_line_global(struct pickle *p)
{
    size_t module_bytes, name_bytes;
    const char *module = next_line(p, &module_bytes);
    const char *name = module ? next_line(p, &name_bytes) : NULL;

    return name ? push_global(p, module, module_bytes, name, name_bytes) : -1;
}

static int push_stack_global(struct pickle *p)
{
    struct snn_pickle_value *name = pop(p), *module = name ? pop(p) : NULL;

    if (!module)
        return -1;
    if (module->kind != SNN_PICKLE_TEXT || name->kind != SNN_PICKLE_TEXT)
        return fail_stack(p);
    return push_global(p, module->bytes.data, module->bytes.count, name->bytes.data,
                       name->bytes.count);
}

static int reduce(struct pickle *p)
{
    struct snn_pickle_value *arguments = pop(p), *function = arguments ? pop(p) : NULL, *result;

    if (!function)
        return -1;
    if (function->kind != SNN_PICKLE_GLOBAL || arguments->kind != SNN_PICKLE_TUPLE)
        return fail_stack(p);
    result = pickle_call(p, function, arguments);
    return result ? push(p, result) : -1;
}

static int build(struct pickle *p)
{
    struct snn_pickle_value *state = pop(p), *object = state ? pop(p) : NULL;

    if (!object || pickle_set_state(p, object, state) < 0)
        return -1;
    return push(p, object);
}

/* ---- the machine */

static int check_protocol(struct pickle *p)
{
    uint64_t protocol;

    if (!next_number(p, 1, &protocol))
        return -1;
    if (protocol < 2 || protocol > LAST_PROTOCOL)
        return pickle_fail(p, "protocol %d; 2 to %d can be read", (int)protocol, LAST_PROTOCOL);
    return 0;
}

/* A frame only says that so many bytes follow. */
static int check_frame(struct pickle *p)
{
    uint64_t bytes;
    size_t place;

    if (!next_number(p, 8, &bytes))
        return -1;
    place = p->place;
    if (!next(p, bytes))
        return -1;
    p->place = place;
    return 0;
}

static int push_empty(struct pickle *p, enum snn_pickle_kind kind)
{
    return push(p, pickle_new(p, kind));
}

static int step(struct pickle *p, int code)
{
    switch (code) {
    case 0x80: return check_protocol(p);
    case 0x95: return check_frame(p);
    case '(': return push_mark(p);
    case 'N': return push_empty(p, SNN_PICKLE_NONE);
    case 0x88: return push_truth(p, true);
    case 0x89: return push_truth(p, false);
    case 'K': return push_integer(p, 1, false);
    case 'M': return push_integer(p, 2, false);
    case 'J': return push_integer(p, 4, true);
    case 0x8a: return push_long(p);
    case 'G': return push_real(p);
    case 0x8c: return push_bytes(p, SNN_PICKLE_TEXT, 1);
    case 'X': return push_bytes(p, SNN_PICKLE_TEXT, 4);
    case 0x8d: return push_bytes(p, SNN_PICKLE_TEXT, 8);
    case 'C': return push_bytes(p, SNN_PICKLE_BYTES, 1);
    case 'B': return push_bytes(p, SNN_PICKLE_BYTES, 4);
    case 0x8e:
    case 0x96: return push_bytes(p, SNN_PICKLE_BYTES, 8);
    case ')': return push_empty(p, SNN_PICKLE_TUPLE);
    case 0x85: return push_tuple(p, 1);
    case 0x86: return push_tuple(p, 2);
    case 0x87: return push_tuple(p, 3);
    case 't': return push_marked_tuple(p);
    case ']': return push_empty(p, SNN_PICKLE_LIST);
    case 'a': return append(p);
    case 'e': return extend_marked(p, SNN_PICKLE_LIST);
    case '}': return push_empty(p, SNN_PICKLE_DICT);
    case 's': return set_item(p);
    case 'u': return extend_marked(p, SNN_PICKLE_DICT);
    case 0x94: return remember(p, p->memo.count);
    case 'q': return use_memo(p, 1, remember);
    case 'r': return use_memo(p, 4, remember);
    case 'h': return use_memo(p, 1, recall);
    case 'j': return use_memo(p, 4, recall);
    case 'c': return push_line_global(p);
    case 0x93: return push_stack_global(p);
    case 'R': return reduce(p);
    case 'b': return build(p);
    default: return refuse_instruction(p, code);
    }
}

int snn_pickle_read(const struct snn_pickle_value **out, struct snn_region *region,
                    const void *memory, size_t bytes, size_t offset, const char *name)
{
    struct pickle p = {
        .memory = memory, .size = bytes, .offset = offset, .name = name, .region = region
    };

    for (;;) {
        const char *code;

        p.instruction = p.place;
        code = next(&p, 1);
        if (!code)
            return -1;
        if (*code == '.')
            break;
        if (step(&p, (unsigned char)*code) < 0)
            return -1;
    }
    *out = pop(&p);
    return *out ? 0 : -1;
}
