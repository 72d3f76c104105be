/* SPDX-License-Identifier: MIT
 *
 * N-MNIST: folders Train and Test with a folder for each digit, a file for each sample. Files are
 * taken in the order of their names, digits mixed, so that sample k is the k-th picture of MNIST.
 * They are listed at first, and read whenever a sample is presented: 60 000 of them would fill
 * memory.
 */
#include "data/event_stage.h"
#include "data/mapping.h"
#include "data/places.h"
#include "data/recording.h"
#include "data/source.h"
#include "error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 34, DIGITS = 10 };

/* A file of a split: "5/00001.bin". */
static const char *file_of(const char *name)
{
    return name + 2;
}

static int compare_files(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    int order = strcmp(file_of(left), file_of(right));

    return order != 0 ? order : strcmp(left, right);
}

static int list_digit(struct snn_names *names, const char *folder, int digit)
{
    struct snn_names files = { 0 };
    char path[SNN_PATH_BYTES], text[SNN_PATH_BYTES];
    int status;

    snprintf(text, sizeof text, "%d", digit);
    if (snn_path_join(path, folder, text) < 0)
        return -1;
    if (!snn_is_folder(path))
        return 0;
    status = snn_names_read(&files, path, ".bin", false);
    for (int64_t i = 0; status == 0 && i < files.count; i++) {
        snprintf(text, sizeof text, "%d/%s", digit, files.items[i]);
        status = snn_names_add(names, text);
    }
    snn_names_dispose(&files);
    return status;
}

static int list_split(struct snn_names *names, const char *folder)
{
    for (int digit = 0; digit < DIGITS; digit++)
        if (list_digit(names, folder, digit) < 0)
            return -1;
    if (names->count == 0)
        return snn_error_set("%s: no files such as 5/00001.bin; N-MNIST has a folder for each "
                             "digit, 0 to 9",
                             folder);
    qsort(names->items, (size_t)names->count, sizeof *names->items, compare_files);
    return 0;
}

/* The files of a split; each is read when its sample is asked for. */
struct clips {
    char folder[SNN_PATH_BYTES];
    struct snn_names names;
    struct snn_event_stage stage; /* that reads them */
};

static void dispose_clips(void *state)
{
    struct clips *clips = state;

    snn_names_dispose(&clips->names);
    free(clips);
}

static int take_events(struct snn_event_work *work, const struct snn_recording *recording)
{
    if (snn_event_work_reserve(work, recording->count) < 0)
        return -1;
    for (int64_t k = 0; k < recording->count; k++) {
        const struct snn_recorded_event *event = &recording->events[k];

        work->events[k].time = (float)event->time;
        work->events[k].input = (int32_t)((event->polarity * SIDE + event->y) * SIDE + event->x);
    }
    work->count = recording->count;
    return 0;
}

static int read_clip(const struct snn_event_stage *stage, struct snn_event_work *work,
                     struct snn_random *random)
{
    const struct clips *clips = stage->source;
    struct snn_recording recording = { 0 };
    struct snn_mapping mapping;
    char path[SNN_PATH_BYTES];
    int status;

    (void)random;
    if (snn_path_join(path, clips->folder, clips->names.items[work->number]) < 0 ||
        snn_mapping_open(&mapping, path) < 0)
        return -1;
    status = snn_recording_read_atis(&recording, mapping.memory, mapping.bytes, path);
    snn_mapping_close(&mapping);
    if (status == 0)
        status = take_events(work, &recording);
    snn_recording_dispose(&recording);
    return status;
}

static int list_clips(struct snn_event_store *store, struct snn_event_list *lists)
{
    struct clips *clips = store->state;

    clips->stage = (struct snn_event_stage){ .apply = read_clip, .source = clips };
    for (int64_t i = 0; i < store->samples; i++)
        lists[i] = (struct snn_event_list){ .stage = &clips->stage, .number = i };
    return 0;
}

/* Lists the files of a folder in a store. */
static int list_folder(struct snn_event_store *store, struct clips *clips, const char *parent,
                       enum snn_split split)
{
    if (snn_path_join(clips->folder, parent, split == SNN_SPLIT_TRAIN ? "Train" : "Test") < 0 ||
        list_split(&clips->names, clips->folder) < 0)
        return -1;
    store->samples = clips->names.count;
    store->labels = malloc((size_t)store->samples * sizeof *store->labels);
    if (!store->labels)
        return snn_error_set("%s: out of memory", clips->folder);
    for (int64_t i = 0; i < store->samples; i++)
        store->labels[i] = clips->names.items[i][0] - '0';
    return 0;
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    struct clips *clips = calloc(1, sizeof *clips);
    struct snn_event_store *store = clips ? snn_event_store_create(set->state) : NULL;

    if (!store) {
        free(clips);
        return snn_error_set("data set '%s': out of memory", set->name);
    }
    store->state = clips;
    store->dispose = dispose_clips;
    store->list = list_clips;
    store->max_time = INFINITY; /* known when it is asked for */
    if (list_folder(store, clips, set->state, split) < 0) {
        snn_event_store_close(store);
        return -1;
    }
    return snn_part_of_events(part, set, store);
}

/* Which of Train and Test are there. */
static int find_splits(struct snn_dataset *set, const char *folder)
{
    static const enum snn_split splits[] = { SNN_SPLIT_TRAIN, SNN_SPLIT_TEST };
    static const char *const names[] = { "Train", "Test" };

    for (int i = 0; i < 2; i++) {
        char path[SNN_PATH_BYTES];

        if (snn_path_join(path, folder, names[i]) < 0)
            return -1;
        if (snn_is_folder(path))
            set->splits |= 1u << splits[i];
    }
    if (set->splits == 0)
        return snn_error_set("data set '%s': neither '%s/Train' nor '%s/Test' is there; N-MNIST "
                             "has its recordings in these folders",
                             set->name, folder, folder);
    return 0;
}

int snn_dataset_nmnist(struct snn_dataset **out, const char *name, const char *folder)
{
    struct snn_dataset *set = snn_dataset_of_recordings(name, SIDE, SIDE, DIGITS);
    char place[SNN_PATH_BYTES];

    if (!set)
        return -1;
    set->load = load;
    set->dispose = free;
    if (snn_places_folder(place, set->name, folder) < 0 || find_splits(set, place) < 0) {
        snn_dataset_release(set);
        return -1;
    }
    set->state = strdup(place);
    if (!set->state) {
        snn_dataset_release(set);
        return snn_error_set("data set '%s': out of memory", name ? name : "data");
    }
    *out = set;
    return 0;
}
