/* SPDX-License-Identifier: MIT
 *
 * Data sets of spike events: where their files are looked for, what their splits must agree in, and
 * the checks that make events safe to use without looking again. The first split that is there says
 * how many inputs and classes there are; the others are read when they are first used.
 */
#include "data/events.h"

#include "data/mapping.h"
#include "data/npy.h"
#include "data/places.h"
#include "data/source.h"
#include "error.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- stores */

struct snn_event_store *snn_event_store_create(const char *path)
{
    struct snn_event_store *store = calloc(1, sizeof *store);

    if (store)
        store->path = strdup(path);
    if (!store || !store->path) {
        free(store);
        snn_error_set("%s: out of memory", path);
        return NULL;
    }
    store->inputs = 1;
    return store;
}

int snn_event_store_add_axis(struct snn_event_store *store, const char *name, int64_t size)
{
    struct snn_dataset_axis *axis = &store->axes[store->axis_count];

    assert(store->axis_count < SNN_DATASET_MAX_AXES);
    if (size < 1 || __builtin_mul_overflow(store->inputs, size, &store->inputs) ||
        store->inputs > INT32_MAX)
        return snn_error_set("%s: impossible size %lld of axis '%s'", store->path, (long long)size,
                             name);
    snprintf(axis->name, sizeof axis->name, "%s", name);
    axis->size = size;
    store->axis_count++;
    return 0;
}

void snn_event_store_close(struct snn_event_store *store)
{
    if (!store)
        return;
    if (store->dispose)
        store->dispose(store->state);
    free(store->labels);
    free(store->fields);
    free(store->path);
    free(store);
}

static int fail_event(const struct snn_event_store *store, int64_t sample, int64_t event,
                      const char *what)
{
    return snn_error_set("%s: sample %lld, event %lld: %s", store->path, (long long)sample,
                         (long long)event, what);
}

/* Says what is wrong with an event that is known to be wrong. */
static int explain_event(const struct snn_event_store *store, int64_t sample,
                         const struct snn_event_list *list, int64_t k)
{
    char what[256];
    double time = (double)list->time[k];

    if (list->index[k] < 0 || list->index[k] >= store->inputs)
        snprintf(what, sizeof what,
                 "input %d does not exist, there are %lld, counted from 0; correct 'inputs' or "
                 "count from 0",
                 list->index[k], (long long)store->inputs);
    else if (isnan(time) || time < 0)
        snprintf(what, sizeof what,
                 "the time is %g; times count from 0, and an input without spike has no event",
                 time);
    else if (time > store->max_time)
        snprintf(what, sizeof what,
                 "the time is %g, later than max_time %g; drop such events or correct max_time",
                 time, store->max_time);
    else
        snprintf(what, sizeof what,
                 "the time %g comes after %g; sort the events of each sample by time, in NumPy "
                 "with argsort(time, kind='stable')",
                 time, (double)list->time[k - 1]);
    return fail_event(store, sample, k, what);
}

int snn_event_list_check(const struct snn_event_store *store, int64_t sample,
                         const struct snn_event_list *list)
{
    float latest = 0;

    for (int64_t k = 0; k < list->count; k++) {
        float time = list->time[k];
        bool is_right = list->index[k] >= 0 && list->index[k] < store->inputs && time >= latest &&
                        (double)time <= store->max_time;

        if (!is_right)
            return explain_event(store, sample, list, k);
        latest = time;
    }
    return 0;
}

int snn_event_store_open(struct snn_event_store **out, const char *path)
{
    struct snn_mapping mapping;
    struct snn_npz *npz;

    if (snn_mapping_open(&mapping, path) < 0)
        return -1;
    if (mapping.bytes >= 6 && memcmp(mapping.memory, "\x93NUMPY", 6) == 0)
        return snn_event_store_pickle(out, &mapping, path);
    return snn_npz_open_mapping(&npz, &mapping, path) < 0 ? -1
                                                          : snn_event_store_npz(out, npz, path);
}

/* ---- finding the files */

/* The files of a set. */
struct event_files {
    char *paths[SNN_SPLIT_SLOTS];  /* owned; NULL: no such split */
    struct snn_event_store *first; /* of the split that gave the facts, until that is used */
    enum snn_split first_split;
};

static void dispose_files(void *state)
{
    struct event_files *files = state;

    for (int s = 0; s < SNN_SPLIT_SLOTS; s++)
        free(files->paths[s]);
    snn_event_store_close(files->first);
    free(files);
}

static int keep_path(struct event_files *files, enum snn_split split, const char *path)
{
    files->paths[split] = strdup(path);
    return files->paths[split] ? 0 : snn_error_set("%s: out of memory", path);
}

/* Takes the files trainset, valset and testset of the folder that have that ending; how many. */
static int find_splits(struct event_files *files, const char *folder, const char *ending)
{
    struct stat status;
    int found = 0;

    for (int s = 0; s < SNN_SPLIT_NONE; s++) {
        char path[SNN_PATH_BYTES];

        if (snprintf(path, sizeof path, "%s/%sset%s", folder, snn_split_name((enum snn_split)s),
                     ending) >= SNN_PATH_BYTES ||
            stat(path, &status) != 0)
            continue;
        if (keep_path(files, (enum snn_split)s, path) < 0)
            return -1;
        found++;
    }
    return found;
}

/* Takes what is at `place`: above 0 if that is a file or a folder with a split in it, 0 if not. A
 * folder that has files of both formats is read in the one asked for. */
static int find_at(struct event_files *files, const char *place, bool prefers_npy)
{
    struct stat status;
    int found;

    if (stat(place, &status) != 0)
        return 0;
    if (!S_ISDIR(status.st_mode))
        return keep_path(files, SNN_SPLIT_NONE, place) < 0 ? -1 : 1;
    found = find_splits(files, place, prefers_npy ? ".npy" : ".npz");
    return found != 0 ? found : find_splits(files, place, prefers_npy ? ".npz" : ".npy");
}

static int find_files(struct event_files *files, const char *name, const char *path,
                      bool prefers_npy)
{
    static _Thread_local char places[SNN_MAX_PLACES][SNN_PATH_BYTES];
    char tried[1024] = "";
    size_t used = 0;
    int count = snn_places_list(places, path);

    if (count < 0)
        return -1;
    for (int i = 0; i < count; i++) {
        int found = find_at(files, places[i], prefers_npy);

        if (found != 0)
            return found < 0 ? -1 : 0;
        if (used < sizeof tried)
            used += (size_t)snprintf(tried + used, sizeof tried - used, "%s'%s'", i ? ", " : "",
                                     places[i]);
    }
    return snn_error_set(
        "data set '%s': no event file, and no folder with trainset, valset or "
        "testset in .npz or .npy, at %s%s; name one with '--data %s=FOLDER'",
        name, tried, getenv("SNN_DATA") || path[0] == '/' ? "" : " ($SNN_DATA is not set)", name);
}

/* ---- a set */

static int count_classes(struct snn_dataset *set, const struct snn_event_store *store)
{
    set->classes = 0;
    for (int64_t i = 0; store->labels && i < store->samples; i++)
        if (store->labels[i] >= set->classes)
            set->classes = store->labels[i] + 1;
    if (store->samples == 0)
        return snn_error_set("%s: there are no samples in it", store->path);
    return 0;
}

/* Gives the set the axes, the classes and the times that the store has. */
static int take_facts(struct snn_dataset *set, const struct snn_event_store *store, double unit)
{
    if (count_classes(set, store) < 0)
        return -1;
    for (int i = 0; i < store->axis_count; i++)
        if (!snn_dataset_add_axis(set, store->axes[i].name, store->axes[i].size))
            return -1;
    set->pixel = SNN_PIXEL_EVENTS;
    set->max_time = store->max_time;
    set->time_unit = isnan(unit) ? 1 : unit;
    return 0;
}

/* What the first split said holds for the others, too. */
static int check_facts(const struct snn_dataset *set, const struct snn_event_store *store)
{
    if ((size_t)store->inputs != set->sample_size)
        return snn_error_set("%s: %lld inputs, but the split read before it has %zu", store->path,
                             (long long)store->inputs, set->sample_size);
    if (store->max_time != set->max_time)
        return snn_error_set("%s: times until %g, but the split read before it has %g", store->path,
                             store->max_time, set->max_time);
    if (!store->labels != (set->classes == 0))
        return snn_error_set("%s: some splits have labels and others have none", store->path);
    for (int64_t i = 0; store->labels && i < store->samples; i++)
        if (store->labels[i] >= set->classes)
            return snn_error_set("%s: label %d of sample %lld, but the split read before it has "
                                 "the classes 0 to %d",
                                 store->path, store->labels[i], (long long)i, set->classes - 1);
    return 0;
}

int snn_part_of_events(struct snn_part *part, const struct snn_dataset *set,
                       struct snn_event_store *store)
{
    part->events = store;
    if (snn_part_allocate(part, set, store->samples, false) < 0)
        return -1;
    part->labels = store->labels;
    store->labels = NULL;
    assert(store->field_count == set->field_count);
    if (set->field_count > 0)
        memcpy(part->fields, store->fields,
               (size_t)store->samples * (size_t)store->field_count * sizeof *part->fields);
    if (store->list(store, part->pixels) < 0)
        return -1;
    part->max_time = store->max_time;
    return 0;
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    struct event_files *files = set->state;
    struct snn_event_store *store = files->first;

    if (store && split == files->first_split) {
        files->first = NULL;
    } else if (snn_event_store_open(&store, files->paths[split]) < 0) {
        return -1;
    } else if (check_facts(set, store) < 0) {
        snn_event_store_close(store);
        return -1;
    }
    return snn_part_of_events(part, set, store);
}

static int open_files(struct snn_dataset *set, const char *path, double unit, bool prefers_npy)
{
    struct event_files *files = calloc(1, sizeof *files);

    if (!files)
        return snn_error_set("%s: out of memory", path);
    set->state = files;
    set->dispose = dispose_files;
    set->load = load;
    if (find_files(files, set->name, path, prefers_npy) < 0)
        return -1;
    for (int s = SNN_SPLIT_SLOTS - 1; s >= 0; s--)
        if (files->paths[s]) {
            set->splits |= 1u << s;
            files->first_split = (enum snn_split)s;
        }
    return snn_event_store_open(&files->first, files->paths[files->first_split]) < 0
               ? -1
               : take_facts(set, files->first, unit);
}

int snn_dataset_spikes(struct snn_dataset **out, const char *name, const char *path, double unit,
                       bool prefers_npy)
{
    struct snn_dataset *set = snn_dataset_create(name);

    if (!set || open_files(set, path, unit, prefers_npy) < 0) {
        snn_dataset_release(set);
        return -1;
    }
    *out = set;
    return 0;
}

int snn_dataset_of_events(struct snn_dataset **out, const char *name, struct snn_event_store *store,
                          double unit)
{
    struct snn_dataset *set = snn_dataset_create(name);
    struct snn_part part = { 0 };

    if (!set || take_facts(set, store, unit) < 0) {
        snn_event_store_close(store);
        snn_dataset_release(set);
        return -1;
    }
    if (snn_part_of_events(&part, set, store) < 0) {
        snn_part_dispose(&part);
        snn_dataset_release(set);
        return -1;
    }
    snn_dataset_put_part(set, SNN_SPLIT_NONE, &part);
    *out = set;
    return 0;
}
