/* SPDX-License-Identifier: MIT
 *
 * A folder of recordings. What was recorded is the name of the file, or of the folder it is in; a
 * folder above that is a session. Recordings are samples as they are, or are cut into windows of
 * one length.
 */
#include "data/mapping.h"
#include "data/places.h"
#include "data/recording.h"
#include "data/source.h"
#include "error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SESSION, RECORDING_OR_PERSON, FIELDS };

static const double microseconds = 1e3; /* of a unit of the program's time */

struct recorded_file {
    char *path;            /* owned */
    char *class, *session; /* owned */
};

struct recordings {
    struct recorded_file *files; /* owned: [count], in order of path */
    int64_t count, capacity;
    struct snn_names classes, sessions;
    int64_t window, step; /* us; window 0: recordings are not cut */
    bool has_people;      /* each session is a person */
};

static void dispose(void *state)
{
    struct recordings *recordings = state;

    for (int64_t i = 0; i < recordings->count; i++) {
        free(recordings->files[i].path);
        free(recordings->files[i].class);
        free(recordings->files[i].session);
    }
    free(recordings->files);
    snn_names_dispose(&recordings->classes);
    snn_names_dispose(&recordings->sessions);
    free(recordings);
}

/* ---- which files there are */

static bool is_recording(const char *name)
{
    return snn_ends_in(name, ".aedat") || snn_ends_in(name, ".aedat4");
}

static int add_file(struct recordings *recordings, const char *path, const char *class,
                    size_t class_length, const char *session)
{
    struct recorded_file *file;

    if (recordings->count == recordings->capacity) {
        int64_t capacity = recordings->capacity ? 2 * recordings->capacity : 64;

        file = realloc(recordings->files, (size_t)capacity * sizeof *file);
        if (!file)
            return snn_error_set("%s: out of memory", path);
        recordings->files = file;
        recordings->capacity = capacity;
    }
    file = &recordings->files[recordings->count++];
    *file = (struct recorded_file){ strdup(path), strndup(class, class_length), strdup(session) };
    return file->path && file->class && file->session ? 0
                                                      : snn_error_set("%s: out of memory", path);
}

/* The recordings that are in the folder; `class`: what they are of, NULL: their names say it. */
static int add_files(struct recordings *recordings, const char *folder, const char *class,
                     const char *session)
{
    struct snn_names names = { 0 };
    int status = snn_names_read(&names, folder, "", false);

    for (int64_t i = 0; status == 0 && i < names.count; i++) {
        const char *name = names.items[i];
        char path[SNN_PATH_BYTES];

        if (!is_recording(name))
            continue;
        status = snn_path_join(path, folder, name);
        if (status == 0)
            status = class ? add_file(recordings, path, class, strlen(class), session)
                           : add_file(recordings, path, name, strcspn(name, "."), session);
    }
    snn_names_dispose(&names);
    return status;
}

static int add_folder(struct recordings *recordings, const char *folder, bool by_folder,
                      const char *name, const char *session);

/* The recordings in each folder of the folder, which is a session or, if it has recordings and
 * these are not called after what they are of, a class. */
static int add_folders(struct recordings *recordings, const char *folder, bool by_folder,
                       const char *session)
{
    struct snn_names names = { 0 };
    int status = snn_names_read(&names, folder, "", true);

    for (int64_t i = 0; status == 0 && i < names.count; i++) {
        char path[SNN_PATH_BYTES];

        status = snn_path_join(path, folder, names.items[i]);
        if (status == 0)
            status = add_folder(recordings, path, by_folder, names.items[i], session);
    }
    snn_names_dispose(&names);
    return status;
}

/* `session` is that of the folder above; NULL: it is the set's. */
static int add_folder(struct recordings *recordings, const char *folder, bool by_folder,
                      const char *name, const char *session)
{
    const char *of_files = session ? session : by_folder ? "" : name;
    int64_t before = recordings->count;

    if (add_files(recordings, folder, by_folder ? name : NULL, of_files) < 0)
        return -1;
    return by_folder && !session && recordings->count == before
               ? add_folders(recordings, folder, true, name)
               : 0;
}

static int list_files(struct recordings *recordings, const char *folder, bool by_folder)
{
    if ((!by_folder && add_files(recordings, folder, NULL, "") < 0) ||
        add_folders(recordings, folder, by_folder, NULL) < 0)
        return -1;
    return recordings->count > 0
               ? 0
               : snn_error_set("%s: no recordings: %s", folder,
                               by_folder ? "with label = \"folder\" they are in "
                                           "<class>/*.aedat or <session>/<class>/*.aedat"
                                         : "they are *.aedat or *.aedat4 here or in a folder for "
                                           "each session");
}

/* ---- classes and sessions */

static int64_t find_name(const struct snn_names *names, const char *name)
{
    for (int64_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return i;
    return -1;
}

/* In any session, if that is NULL. */
static bool is_recorded(const struct recordings *recordings, const char *class, const char *session)
{
    for (int64_t i = 0; i < recordings->count; i++)
        if (strcmp(recordings->files[i].class, class) == 0 &&
            (!session || strcmp(recordings->files[i].session, session) == 0))
            return true;
    return false;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Takes away the classes that were not recorded in every session. */
static void keep_common(struct recordings *recordings)
{
    struct snn_names *classes = &recordings->classes;
    int64_t kept = 0;

    for (int64_t c = 0; c < classes->count; c++) {
        int64_t found = 0;

        for (int64_t s = 0; s < recordings->sessions.count; s++)
            found += is_recorded(recordings, classes->items[c], recordings->sessions.items[s]);
        if (found == recordings->sessions.count)
            classes->items[kept++] = classes->items[c];
        else
            free(classes->items[c]);
    }
    classes->count = kept;
}

static int list_names(struct recordings *recordings, bool are_given)
{
    for (int64_t i = 0; i < recordings->count; i++) {
        const struct recorded_file *file = &recordings->files[i];

        if ((!are_given && find_name(&recordings->classes, file->class) < 0 &&
             snn_names_add(&recordings->classes, file->class) < 0) ||
            (find_name(&recordings->sessions, file->session) < 0 &&
             snn_names_add(&recordings->sessions, file->session) < 0))
            return -1;
    }
    qsort(recordings->sessions.items, (size_t)recordings->sessions.count, sizeof(char *),
          compare_texts);
    if (!are_given)
        qsort(recordings->classes.items, (size_t)recordings->classes.count, sizeof(char *),
              compare_texts);
    return 0;
}

/* "box, mug": the classes in the order of their labels. */
static int read_classes(struct recordings *recordings, const char *list)
{
    while (*list) {
        char name[256];
        size_t length;

        list += strspn(list, " ,");
        length = strcspn(list, ",");
        if (length >= sizeof name)
            return snn_error_set("recordings: the name %.60s... is too long", list);
        memcpy(name, list, length);
        list += length;
        while (length > 0 && name[length - 1] == ' ')
            length--;
        name[length] = '\0';
        if (length > 0 && snn_names_add(&recordings->classes, name) < 0)
            return -1;
    }
    return 0;
}

/* Every class that is asked for was recorded. */
static int check_classes(const struct recordings *recordings, const char *folder)
{
    for (int64_t c = 0; c < recordings->classes.count; c++) {
        const char *name = recordings->classes.items[c];
        char all[512] = "";
        size_t used = 0;

        if (is_recorded(recordings, name, NULL))
            continue;
        for (int64_t i = 0; i < recordings->count && used < sizeof all; i++)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "",
                                     recordings->files[i].class);
        return snn_error_set("%s: no recording of '%s'; there are %s", folder, name, all);
    }
    return 0;
}

/* ---- samples */

static int read_file(struct snn_recording *out, const char *path, bool is_measured)
{
    struct snn_mapping mapping;
    int status;

    if (snn_mapping_open(&mapping, path) < 0)
        return -1;
    status = is_measured ? snn_recording_measure_aedat(out, mapping.memory, mapping.bytes, path)
                         : snn_recording_read_aedat(out, mapping.memory, mapping.bytes, path);
    snn_mapping_close(&mapping);
    return status;
}

/* Windows that lie within the recording; one without events is no sample. */
static int cut_windows(struct snn_event_store *store, const struct recordings *recordings,
                       const struct snn_recording *recording, const char *path, int32_t label,
                       const int32_t *fields)
{
    const struct snn_recorded_event *events = recording->events;
    int64_t last = recording->count - 1;
    int64_t duration = last < 0 ? 0 : events[last].time - events[0].time + 1;

    if (duration < recordings->window)
        return snn_error_set("%s: lasts %g ms, less than a window of %g ms", path,
                             (double)duration / microseconds,
                             (double)recordings->window / microseconds);
    for (int64_t k = 0; k <= (duration - recordings->window) / recordings->step; k++) {
        int64_t origin = events[0].time + k * recordings->step;
        int64_t first = snn_recording_find(recording, origin), end;

        if (events[first].time - origin >= recordings->window) {
            k += (events[first].time - origin - recordings->window) / recordings->step;
            continue; /* a pause */
        }
        end = snn_recording_find(recording, origin + recordings->window);
        if (snn_samples_add(store, recording, first, end, origin, label, fields) < 0)
            return -1;
    }
    return 0;
}

static int load_file(struct snn_event_store *store, const struct recordings *recordings, int64_t i)
{
    const struct recorded_file *file = &recordings->files[i];
    int64_t label = find_name(&recordings->classes, file->class);
    int32_t fields[FIELDS] = { [SESSION] = (int32_t)find_name(&recordings->sessions, file->session),
                               [RECORDING_OR_PERSON] = (int32_t)i };
    struct snn_recording recording = { 0 };
    int status;

    if (label < 0)
        return 0;
    if (recordings->has_people)
        fields[RECORDING_OR_PERSON] = fields[SESSION];
    status = read_file(&recording, file->path, false);
    if (status == 0 &&
        (recording.height != store->axes[1].size || recording.width != store->axes[2].size))
        status = snn_error_set("%s: %lld x %lld pixels, but %s has %lld x %lld", file->path,
                               (long long)recording.width, (long long)recording.height,
                               recordings->files[0].path, (long long)store->axes[2].size,
                               (long long)store->axes[1].size);
    if (status == 0 && recordings->window > 0)
        status = cut_windows(store, recordings, &recording, file->path, (int32_t)label, fields);
    else if (status == 0)
        status = snn_samples_add(store, &recording, 0, recording.count,
                                 recording.count > 0 ? recording.events[0].time : 0, (int32_t)label,
                                 fields);
    snn_recording_dispose(&recording);
    return status;
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    const struct recordings *recordings = set->state;
    struct snn_event_store *store = snn_samples_create(set->name, set);
    int status = store ? 0 : -1;

    (void)split;
    for (int64_t i = 0; status == 0 && i < recordings->count; i++)
        status = load_file(store, recordings, i);
    if (status < 0) {
        snn_event_store_close(store);
        return -1;
    }
    return snn_part_of_events(part, set, store);
}

/* ---- the set */

static int read_window(struct recordings *recordings, double window, double overlap)
{
    double most = 1e12; /* us: what comes is a whole number of them */

    overlap = isnan(overlap) ? 0 : overlap;
    if (isnan(window))
        return overlap == 0 ? 0 : snn_error_set("recordings: an overlap, but of which windows?");
    if (!(window * microseconds >= 1 && window * microseconds <= most))
        return snn_error_set("recordings: the window must be 1 us at least, and is %g ms", window);
    recordings->window = (int64_t)round(window * microseconds);
    recordings->step = recordings->window - (int64_t)round(overlap * microseconds);
    return overlap >= 0 && recordings->step >= 1
               ? 0
               : snn_error_set("recordings: the overlap must be less than the window, from 0, and "
                               "is %g ms",
                               overlap);
}

static int open_folder(struct recordings *recordings, const char *name, const char *folder,
                       const struct snn_data_arguments *arguments)
{
    const char *label = arguments->texts[3], *classes = arguments->texts[4];
    bool by_folder = strcmp(label, "folder") == 0, are_common = strcmp(classes, "common") == 0;
    char place[SNN_PATH_BYTES];

    if (!by_folder && label[0] != '\0' && strcmp(label, "file") != 0)
        return snn_error_set("recordings: label is \"file\" or \"folder\", not '%s'", label);
    if (read_window(recordings, arguments->numbers[1], arguments->numbers[2]) < 0 ||
        (!are_common && read_classes(recordings, classes) < 0) ||
        snn_places_folder(place, name ? name : "data", folder) < 0 ||
        list_files(recordings, place, by_folder) < 0)
        return -1;
    if (list_names(recordings, recordings->classes.count > 0) < 0 ||
        check_classes(recordings, place) < 0)
        return -1;
    if (are_common)
        keep_common(recordings);
    return recordings->classes.count > 0
               ? 0
               : snn_error_set("%s: nothing was recorded in every session", place);
}

static int open_set(struct snn_dataset **out, const char *name, const char *folder,
                    const struct snn_data_arguments *arguments, bool has_people)
{
    struct recordings *recordings = calloc(1, sizeof *recordings);
    struct snn_recording first = { 0 };
    struct snn_dataset *set = NULL;

    if (!recordings)
        return snn_error_set("out of memory for a data set");
    if (open_folder(recordings, name, folder, arguments) == 0 &&
        read_file(&first, recordings->files[0].path, true) == 0)
        set = snn_dataset_of_recordings(name, first.height, first.width,
                                        (int32_t)recordings->classes.count);
    snn_recording_dispose(&first);
    if (!set) {
        dispose(recordings);
        return -1;
    }
    set->state = recordings;
    set->dispose = dispose;
    set->load = load;
    set->splits = 1u << SNN_SPLIT_NONE;
    if (recordings->window > 0)
        set->max_time = (double)recordings->window;
    snn_dataset_add_field(set, "session", &recordings->sessions);
    snn_dataset_add_field(set, has_people ? "person" : "recording", NULL);
    recordings->has_people = has_people;
    *out = set;
    return 0;
}

int snn_dataset_recordings(struct snn_dataset **out, const char *name, const char *folder,
                           const struct snn_data_arguments *arguments)
{
    return open_set(out, name, folder, arguments, false);
}

int snn_dataset_sessions(struct snn_dataset **out, const char *name, const char *folder,
                         double window)
{
    struct snn_data_arguments arguments;

    snn_data_arguments_clear(&arguments);
    arguments.numbers[1] = window;
    arguments.texts[4] = "common";
    return open_set(out, name, folder, &arguments, true);
}
