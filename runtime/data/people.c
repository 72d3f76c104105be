/* SPDX-License-Identifier: MIT
 *
 * Names are read when a set is made, so that its fields and parts are known; recordings and their
 * tables when a part is first used, one after the other.
 */
#include "data/people.h"

#include "data/mapping.h"
#include "data/stream.h"
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_LIMIT = 1 << 24 };

/* ---- the set */

static void dispose(void *state)
{
    struct snn_people *people = state;

    for (int i = 0; i < SNN_SPLIT_SLOTS; i++)
        snn_names_dispose(&people->files[i]);
    snn_names_dispose(&people->sessions);
    free(people);
}

struct snn_dataset *snn_people_create(const char *name, const char *folder, int32_t classes)
{
    struct snn_dataset *set = snn_dataset_of_recordings(name, 128, 128, classes);
    struct snn_people *people = set ? calloc(1, sizeof *people) : NULL;

    if (!people) {
        snn_dataset_release(set);
        snn_error_set("out of memory for a data set");
        return NULL;
    }
    people->classes = classes;
    set->state = people;
    set->dispose = dispose;
    if (snn_places_folder(people->folder, set->name, folder) < 0) {
        snn_dataset_release(set);
        return NULL;
    }
    return set;
}

/* ---- names */

/* "user07_indoor": the number, and where the session begins. */
static int parse_name(const char *name, int32_t *person, const char **session)
{
    static const char start[] = "user";
    char *end = NULL;
    long number =
        strncmp(name, start, sizeof start - 1) == 0 ? strtol(name + sizeof start - 1, &end, 10) : 0;

    if (!end || end == name + sizeof start - 1 || *end != '_' || end[1] == '\0' || number < 0 ||
        number > 1000000)
        return snn_error_set("recording '%s': its name does not say person and session, as "
                             "'user07_indoor' does",
                             name);
    *person = (int32_t)number;
    *session = end + 1;
    return 0;
}

static int find_session(const struct snn_people *people, const char *session)
{
    for (int64_t i = 0; i < people->sessions.count; i++)
        if (strcmp(people->sessions.items[i], session) == 0)
            return (int)i;
    return -1;
}

/* Without the ending of recordings. */
static int add_name(struct snn_names *names, const char *name, size_t length)
{
    char text[SNN_PATH_BYTES];

    if (length >= sizeof text)
        return snn_error_set("the name %.60s... is too long", name);
    memcpy(text, name, length);
    text[length] = '\0';
    if (snn_ends_in(text, ".aedat"))
        text[length - (sizeof ".aedat" - 1)] = '\0';
    return text[0] ? snn_names_add(names, text) : 0;
}

static int read_text(char **text, const char *path)
{
    struct snn_stream *stream;
    size_t bytes;
    int status;

    if (snn_stream_open(&stream, path) < 0)
        return -1;
    status = snn_stream_read_all(stream, text, &bytes, TEXT_LIMIT);
    snn_stream_close(stream);
    return status;
}

static int read_list(struct snn_names *names, const char *path)
{
    char *text;
    int status = 0;

    if (read_text(&text, path) < 0)
        return -1;
    for (const char *line = text; status == 0 && *line;) {
        size_t length = strcspn(line, "\r\n");

        status = add_name(names, line, length);
        line += length + strspn(line + length, "\r\n");
    }
    free(text);
    return status;
}

static int list_folder(struct snn_names *names, const char *folder)
{
    struct snn_names files = { 0 };
    int status = snn_names_read(&files, folder, ".aedat", false);

    for (int64_t i = 0; status == 0 && i < files.count; i++)
        status = add_name(names, files.items[i], strlen(files.items[i]));
    snn_names_dispose(&files);
    return status;
}

int snn_people_list(struct snn_dataset *set, enum snn_split split, const char *list,
                    const char *place)
{
    struct snn_people *people = set->state;
    struct snn_names *names = &people->files[split];
    char path[SNN_PATH_BYTES];

    if (snn_path_join(path, people->folder, list ? list : place) < 0 ||
        (list ? read_list(names, path) : list_folder(names, path)) < 0)
        return -1;
    set->splits |= 1u << split;
    return names->count > 0 ? 0
                            : snn_error_set("%s: no recordings, such as user01_lab.aedat", path);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int snn_people_finish(struct snn_dataset *set)
{
    struct snn_people *people = set->state;
    struct snn_names *sessions = &people->sessions;

    for (int s = 0; s < SNN_SPLIT_SLOTS; s++)
        for (int64_t i = 0; i < people->files[s].count; i++) {
            const char *session;
            int32_t person;

            if (parse_name(people->files[s].items[i], &person, &session) < 0 ||
                (find_session(people, session) < 0 && snn_names_add(sessions, session) < 0))
                return -1;
        }
    qsort(sessions->items, (size_t)sessions->count, sizeof *sessions->items, compare_texts);
    snn_dataset_add_field(set, "person", NULL);
    snn_dataset_add_field(set, "session", sessions);
    return 0;
}

int snn_people_fields(const struct snn_people *people, const char *name, int32_t fields[2])
{
    const char *session;

    if (parse_name(name, &fields[0], &session) < 0)
        return -1;
    fields[1] = find_session(people, session);
    return 0;
}

/* ---- tables */

void snn_tags_dispose(struct snn_tags *tags)
{
    free(tags->rows);
    *tags = (struct snn_tags){ 0 };
}

/* Does the cell that begins at `text` have that word, and nothing else? */
static bool cell_is(const char *text, size_t length, const char *word)
{
    while (length > 0 && (*text == ' ' || *text == '"'))
        text++, length--;
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '"'))
        length--;
    return strlen(word) == length && memcmp(text, word, length) == 0;
}

/* The cell of that number in the line; NULL if it has fewer. */
static const char *find_cell(const char *line, int number)
{
    for (; number > 0; number--) {
        line += strcspn(line, ",\r\n");
        if (*line != ',')
            return NULL;
        line++;
    }
    return line;
}

static int find_columns(int places[SNN_TAG_COLUMNS], const char *line, const char *path,
                        const char *const *columns, int count)
{
    for (int i = 0; i < count; i++) {
        const char *cell = line;

        for (places[i] = 0; cell && !cell_is(cell, strcspn(cell, ",\r\n"), columns[i]); places[i]++)
            cell = find_cell(line, places[i] + 1);
        if (!cell)
            return snn_error_set("%s: no column '%s' in its first line, '%.*s'", path, columns[i],
                                 (int)strcspn(line, "\r\n"), line);
    }
    return 0;
}

static int add_row(struct snn_tags *tags, const char *path)
{
    if (tags->count == tags->capacity) {
        int64_t capacity = tags->capacity ? 2 * tags->capacity : 32;
        void *rows = realloc(tags->rows, (size_t)capacity * sizeof *tags->rows);

        if (!rows)
            return snn_error_set("%s: out of memory", path);
        tags->rows = rows;
        tags->capacity = capacity;
    }
    tags->count++;
    return 0;
}

static int read_row(struct snn_tags *tags, const char *line, const int *places, const char *path,
                    const char *const *columns, int count)
{
    if (add_row(tags, path) < 0)
        return -1;
    for (int i = 0; i < count; i++) {
        const char *cell = find_cell(line, places[i]);
        char *end = NULL;

        if (cell)
            tags->rows[tags->count - 1][i] = strtoll(cell, &end, 10);
        if (!cell || end == cell || strspn(end, " .0") != strcspn(end, ",\r\n"))
            return snn_error_set("%s: row %lld has no whole number for '%s': '%.*s'", path,
                                 (long long)tags->count, columns[i], (int)strcspn(line, "\r\n"),
                                 line);
    }
    return 0;
}

int snn_tags_parse(struct snn_tags *out, const char *text, const char *path,
                   const char *const *columns, int count)
{
    const char *line = text + strcspn(text, "\r\n");
    int places[SNN_TAG_COLUMNS];

    if (find_columns(places, text, path, columns, count) < 0)
        return -1;
    for (line += strspn(line, "\r\n"); *line; line += strspn(line, "\r\n")) {
        if (read_row(out, line, places, path, columns, count) < 0)
            return -1;
        line += strcspn(line, "\r\n");
    }
    return 0;
}

int snn_tags_read(struct snn_tags *out, const char *path, const char *const *columns, int count)
{
    char *text;
    int status;

    if (read_text(&text, path) < 0)
        return -1;
    status = snn_tags_parse(out, text, path, columns, count);
    free(text);
    return status;
}

/* ---- loading */

/* The path of a file; `form` is the layout's. */
static int make_path(char out[SNN_PATH_BYTES], const struct snn_people *people, const char *form,
                     const char *name)
{
    const char *hole = strstr(form, "%s");

    if (snprintf(out, SNN_PATH_BYTES, "%s/%.*s%s%s", people->folder, (int)(hole - form), form, name,
                 hole + 2) >= SNN_PATH_BYTES)
        return snn_error_set("the path %.60s... is too long", out);
    return 0;
}

static int read_recording(struct snn_recording *recording, const char *path)
{
    struct snn_mapping mapping;
    int status;

    if (snn_mapping_open(&mapping, path) < 0)
        return -1;
    status = snn_recording_read_aedat(recording, mapping.memory, mapping.bytes, path);
    snn_mapping_close(&mapping);
    if (status == 0 && (recording->width != 128 || recording->height != 128))
        return snn_error_set("%s: a camera of %lld x %lld pixels, instead of 128 x 128", path,
                             (long long)recording->width, (long long)recording->height);
    return status;
}

static int load_file(struct snn_event_store *store, const struct snn_people *people,
                     const char *name, const struct snn_tagged *layout)
{
    struct snn_recording recording = { 0 };
    struct snn_tags tags = { 0 };
    char path[SNN_PATH_BYTES], table[SNN_PATH_BYTES];
    int32_t fields[2];
    int status = -1;

    if (make_path(path, people, layout->recordings, name) == 0 &&
        make_path(table, people, layout->tags, name) == 0 &&
        snn_people_fields(people, name, fields) == 0 &&
        snn_tags_read(&tags, table, layout->columns, layout->column_count) == 0 &&
        read_recording(&recording, path) == 0)
        status = layout->cut(store, &recording, &tags, table, fields);
    snn_tags_dispose(&tags);
    snn_recording_dispose(&recording);
    return status;
}

int snn_people_load(struct snn_dataset *set, enum snn_split split, struct snn_part *part,
                    const struct snn_tagged *layout)
{
    const struct snn_people *people = set->state;
    struct snn_event_store *store = snn_samples_create(people->folder, set);
    int status = store ? 0 : -1;

    for (int64_t i = 0; status == 0 && i < people->files[split].count; i++)
        status = load_file(store, people, people->files[split].items[i], layout);
    if (status < 0) {
        snn_event_store_close(store);
        return -1;
    }
    return snn_part_of_events(part, set, store);
}
