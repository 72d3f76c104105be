/* SPDX-License-Identifier: MIT
 *
 * The table of readers is that of the language (compiler/semantics/builtins.def), with the kind of
 * each argument: the program that runs has no compiler in it.
 */
#include "data/reader_call.h"

#include "error.h"
#include "suggest.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *name;
    const char *formals; /* "path label?" */
    const char *kinds;   /* of these: a text "t", a whole number "w", a time "d", or that or a plain
                            number "n" */
    bool is_events;
};

static const struct reader readers[] = {
    { "mnist", "folder?", "t", false },
    { "builtin_digits", "train? test?", "ww", false },
    { "npz", "path", "t", false },
    { "npy", "path labels?", "tt", false },
    { "csv", "path label?", "tw", false },
    { "images", "folder", "t", false },
    { "spikes", "path unit?", "tn", true },
    { "spikes_npy", "path unit?", "tn", true },
    { "sl_animals", "folder", "t", true },
    { "nmnist", "folder", "t", true },
    { "dvs_gesture", "folder", "t", true },
    { "shd", "path", "t", true },
    { "frames", "path step? labels?", "tnt", true },
    { "recordings", "folder window? overlap? label? classes?", "tddtt", true },
};

enum { READERS = sizeof readers / sizeof *readers, NAME_BYTES = 32 };

static const struct reader *find_reader(const char *name, size_t length)
{
    for (int i = 0; i < READERS; i++)
        if (strlen(readers[i].name) == length && strncmp(readers[i].name, name, length) == 0)
            return &readers[i];
    return NULL;
}

const char *snn_reader_formals(const char *reader)
{
    const struct reader *found = find_reader(reader, strlen(reader));

    return found ? found->formals : NULL;
}

bool snn_readers_agree(const char *reader, const char *other)
{
    const struct reader *a = find_reader(reader, strlen(reader));
    const struct reader *b = find_reader(other, strlen(other));

    return a && b && (a->is_events || b->is_events ? a == b : true);
}

static size_t word_length(const char *text)
{
    size_t length = 0;

    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    return length;
}

/* "data(2)" is a folder, "imgaes("photos")" a mistake. */
bool snn_reader_is_call(const char *text)
{
    size_t name = word_length(text), length = strlen(text);

    return name > 0 && text[name] == '(' && text[length - 1] == ')' &&
           (find_reader(text, name) || text[name + 1] == '"');
}

/* ---- reading */

struct reading {
    const struct reader *reader;
    struct snn_reader_call *out;
    char *at;    /* what is not read yet */
    char *words; /* where the next text goes */
    bool is_given[SNN_DATA_ARGUMENTS];
};

static void skip_space(struct reading *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
}

static int fail_form(const struct reading *r)
{
    return snn_error_set("not understood at '%.40s'; a source is written like csv(\"f.csv\", label "
                         "= 0), in quotes of the shell",
                         r->at);
}

/* Copies the name of formal i of the reader; false: it has not so many. */
static bool formal_name(char name[NAME_BYTES], const struct reader *reader, int i, bool *is_needed)
{
    const char *at = reader->formals;
    size_t length;

    for (; i > 0 && at; i--) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    if (!at)
        return false;
    length = word_length(at);
    *is_needed = at[length] != '?';
    snprintf(name, NAME_BYTES, "%.*s", (int)length, at);
    return true;
}

/* Which argument is called so; -1, message set, if none is. */
static int find_formal(const struct reader *reader, const char *wanted)
{
    char name[NAME_BYTES], names[SNN_DATA_ARGUMENTS][NAME_BYTES];
    const char *nearest = NULL;
    bool is_needed;

    for (int i = 0; formal_name(name, reader, i, &is_needed); i++) {
        if (strcmp(name, wanted) == 0)
            return i;
        strcpy(names[i], name);
        nearest = snn_suggest(wanted, nearest, names[i]);
    }
    return snn_error_set("'%s' has no '%s'%s%s%s; it has: %s", reader->name, wanted,
                         nearest ? "; did you mean '" : "", nearest ? nearest : "",
                         nearest ? "'?" : "", reader->formals);
}

static int read_text(struct reading *r, int i, const char *name)
{
    char *end = *r->at == '"' ? strchr(r->at + 1, '"') : NULL;

    if (!end)
        return snn_error_set("'%s' of '%s' must be a text in double quotes, not '%.40s'", name,
                             r->reader->name, r->at);
    r->out->arguments.texts[i] = r->words;
    r->words += sprintf(r->words, "%.*s", (int)(end - r->at - 1), r->at + 1) + 1;
    r->at = end + 1;
    return 0;
}

/* How many ms a unit of time is; 0: it is none. */
static double milliseconds(const char *unit, size_t length)
{
    static const struct {
        const char *name;
        double factor;
    } units[] = { { "us", 1e-3 }, { "ms", 1 }, { "s", 1e3 }, { "min", 60e3 } };

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].name) == length && strncmp(units[i].name, unit, length) == 0)
            return units[i].factor;
    return 0;
}

static int read_number(struct reading *r, int i, const char *name)
{
    static const char *const wanted[] = { "a whole number", "a time such as 20 ms",
                                          "a number or a time such as 20 ms" };
    char kind = r->reader->kinds[i], *end;
    double value = strtod(r->at, &end), factor = 1;
    const char *text = r->at;
    bool is_number = end > r->at && isfinite(value);
    size_t length;

    r->at = end;
    skip_space(r);
    length = word_length(r->at);
    if (length > 0 && kind != 'w')
        factor = milliseconds(r->at, length);
    if (!is_number || factor == 0 || (kind == 'd' && length == 0) ||
        (kind == 'w' && (length > 0 || value != floor(value))) || (kind != 'w' && value < 0))
        return snn_error_set("'%s' of '%s' must be %s, not '%.40s'", name, r->reader->name,
                             wanted[kind == 'w'   ? 0
                                    : kind == 'd' ? 1
                                                  : 2],
                             text);
    r->at += length;
    r->out->has_unit = r->out->has_unit || (kind == 'n' && length > 0);
    r->out->arguments.numbers[i] = value * factor;
    return 0;
}

/* Is there "name =" before the value? Then it is passed. */
static int read_name(struct reading *r, int position)
{
    size_t length = word_length(r->at);
    char *equals = r->at + length, name[NAME_BYTES];

    while (isspace((unsigned char)*equals))
        equals++;
    if (length == 0 || *equals != '=' || isdigit((unsigned char)*r->at))
        return position;
    snprintf(name, sizeof name, "%.*s", (int)length, r->at);
    r->at = equals + 1;
    skip_space(r);
    return find_formal(r->reader, name);
}

static int read_argument(struct reading *r, int position)
{
    int i = read_name(r, position);
    char name[NAME_BYTES];
    bool is_needed;

    if (i < 0)
        return -1;
    if (!formal_name(name, r->reader, i, &is_needed))
        return snn_error_set("'%s' has no so many arguments; it has: %s", r->reader->name,
                             r->reader->formals);
    if (r->is_given[i])
        return snn_error_set("'%s' of '%s' is given twice", name, r->reader->name);
    r->is_given[i] = true;
    return r->reader->kinds[i] == 't' ? read_text(r, i, name) : read_number(r, i, name);
}

static int read_arguments(struct reading *r)
{
    for (int position = 0;; position++) {
        skip_space(r);
        if (position == 0 && *r->at == ')')
            return 0;
        if (read_argument(r, position) < 0)
            return -1;
        skip_space(r);
        if (*r->at == ')')
            return 0;
        if (*r->at != ',')
            return fail_form(r);
        r->at++;
    }
}

static int check_needed(const struct reading *r)
{
    char name[NAME_BYTES];
    bool is_needed;

    for (int i = 0; formal_name(name, r->reader, i, &is_needed); i++)
        if (is_needed && !r->is_given[i])
            return snn_error_set("'%s' needs its '%s'", r->reader->name, name);
    return 0;
}

static int fail_reader(const char *name)
{
    const char *nearest = NULL;

    for (int i = 0; i < READERS; i++)
        nearest = snn_suggest(name, nearest, readers[i].name);
    return snn_error_set("there is no reader '%s'%s%s%s", name, nearest ? "; did you mean '" : "",
                         nearest ? nearest : "", nearest ? "'?" : "");
}

int snn_reader_call_read(struct snn_reader_call *out, const char *text)
{
    size_t length = word_length(text);
    struct reading r = { .reader = find_reader(text, length), .out = out };
    char name[NAME_BYTES], copy[SNN_READER_CALL_BYTES];

    snn_data_arguments_clear(&out->arguments);
    out->has_unit = false;
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    if (!r.reader)
        return fail_reader(name);
    if (strlen(text) >= sizeof copy)
        return snn_error_set("the source is longer than %d characters", SNN_READER_CALL_BYTES);
    strcpy(copy, text);
    out->reader = r.reader->name;
    r.at = copy + length + 1;
    r.words = out->words;
    if (read_arguments(&r) < 0)
        return -1;
    r.at++;
    skip_space(&r);
    return *r.at ? fail_form(&r) : check_needed(&r);
}
