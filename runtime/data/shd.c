/* SPDX-License-Identifier: MIT
 *
 * The layout of SHD: spikes/times and spikes/units have a list for each sample, of seconds and of
 * channels; labels; extra/speaker and extra/keys, the names of the classes, may be missing. One
 * sample is read at a time.
 */
#include "data/shd.h"

#include "config.h"
#include "error.h"

#if !HAVE_HDF5

int snn_dataset_shd(struct snn_dataset **out, const char *name, const char *path)
{
    (void)out, (void)path;
    return snn_error_set("data set '%s' is in HDF5, without which snnc was built: install "
                         "libhdf5-dev, configure and make again",
                         name ? name : "data");
}

#else

#include "data/places.h"
#include "data/recording.h"
#include "data/source.h"

#include <hdf5.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 700 };

/* The library is not made for several threads. */
static pthread_mutex_t library = PTHREAD_MUTEX_INITIALIZER;

struct shd {
    char paths[SNN_SPLIT_SLOTS][SNN_PATH_BYTES]; /* "": no such split */
};

/* A file that is open; ids below 0 are not. */
struct shd_file {
    const char *path;
    hid_t file, times, units;     /* data sets */
    hid_t time_lists, unit_lists; /* types in memory */
    hsize_t samples;
    int32_t *labels, *speakers; /* owned: [samples]; speakers may be NULL */
};

/* ---- a file */

static void close_file(struct shd_file *file)
{
    if (file->time_lists >= 0)
        H5Tclose(file->time_lists);
    if (file->unit_lists >= 0)
        H5Tclose(file->unit_lists);
    if (file->times >= 0)
        H5Dclose(file->times);
    if (file->units >= 0)
        H5Dclose(file->units);
    if (file->file >= 0)
        H5Fclose(file->file);
    free(file->labels);
    free(file->speakers);
}

/* How many elements the data set of that name has, which must have one axis; -1: it has not. */
static int64_t count_of(hid_t set)
{
    hid_t space = H5Dget_space(set);
    hsize_t extent = 0;
    bool is_row = space >= 0 && H5Sget_simple_extent_ndims(space) == 1 &&
                  H5Sget_simple_extent_dims(space, &extent, NULL) == 1;

    if (space >= 0)
        H5Sclose(space);
    return is_row && extent <= INT32_MAX ? (int64_t)extent : -1;
}

/* Opens a data set of lists, one for each sample. */
static int open_lists(hid_t *out, struct shd_file *file, const char *name)
{
    int64_t count;
    hid_t type;
    bool are_lists;

    *out = H5Dopen2(file->file, name, H5P_DEFAULT);
    if (*out < 0)
        return snn_error_set("%s: no '%s' in it; the layout of SHD has spikes/times, spikes/units "
                             "and labels",
                             file->path, name);
    type = H5Dget_type(*out);
    are_lists = type >= 0 && H5Tget_class(type) == H5T_VLEN;
    if (type >= 0)
        H5Tclose(type);
    count = count_of(*out);
    if (!are_lists || count < 0)
        return snn_error_set("%s: '%s' must be a row of lists, one for each sample", file->path,
                             name);
    if (file->samples > 0 && (hsize_t)count != file->samples)
        return snn_error_set("%s: '%s' has %lld lists, spikes/times has %lld", file->path, name,
                             (long long)count, (long long)file->samples);
    file->samples = (hsize_t)count;
    return 0;
}

/* One whole number of each sample; *out stays NULL where there are none and that is allowed. */
static int read_numbers(int32_t **out, const struct shd_file *file, const char *name,
                        bool is_required)
{
    hid_t set = -1;
    int status = 0;

    if (!is_required && H5Lexists(file->file, "extra", H5P_DEFAULT) <= 0)
        return 0;
    if (is_required || H5Lexists(file->file, name, H5P_DEFAULT) > 0)
        set = H5Dopen2(file->file, name, H5P_DEFAULT);
    if (set < 0)
        return is_required ? snn_error_set("%s: no '%s' in it", file->path, name) : 0;
    *out = malloc(file->samples * sizeof **out + 1);
    if (!*out)
        status = snn_error_set("%s: out of memory", file->path);
    else if (count_of(set) != (int64_t)file->samples ||
             H5Dread(set, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, *out) < 0)
        status = snn_error_set("%s: '%s' must have a whole number for each of the %lld samples",
                               file->path, name, (long long)file->samples);
    H5Dclose(set);
    return status;
}

static int open_file(struct shd_file *file, const char *path)
{
    *file = (struct shd_file){
        .path = path, .file = -1, .times = -1, .units = -1, .time_lists = -1, .unit_lists = -1
    };
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* errors are ours to say */
    file->file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file->file < 0)
        return snn_error_set("%s: not an HDF5 file, or truncated; fetch or copy it again", path);
    if (open_lists(&file->times, file, "spikes/times") < 0 ||
        open_lists(&file->units, file, "spikes/units") < 0 ||
        read_numbers(&file->labels, file, "labels", true) < 0 ||
        read_numbers(&file->speakers, file, "extra/speaker", false) < 0)
        return -1;
    file->time_lists = H5Tvlen_create(H5T_NATIVE_DOUBLE);
    file->unit_lists = H5Tvlen_create(H5T_NATIVE_INT32);
    return file->time_lists < 0 || file->unit_lists < 0 ? snn_error_set("%s: out of memory", path)
                                                        : 0;
}

/* ---- samples */

/* The list of one sample, which the library allocates. */
static int read_list(hvl_t *out, const struct shd_file *file, hid_t set, hid_t type, hsize_t sample)
{
    hsize_t one = 1;
    hid_t from = H5Dget_space(set), to = H5Screate_simple(1, &one, NULL);
    int status = -1;

    if (from >= 0 && to >= 0 &&
        H5Sselect_hyperslab(from, H5S_SELECT_SET, &sample, NULL, &one, NULL) >= 0 &&
        H5Dread(set, type, to, from, H5P_DEFAULT, out) >= 0)
        status = 0;
    if (from >= 0)
        H5Sclose(from);
    if (to >= 0)
        H5Sclose(to);
    return status == 0 ? 0
                       : snn_error_set("%s: sample %lld cannot be read: the file is damaged or "
                                       "truncated, fetch or copy it again",
                                       file->path, (long long)sample);
}

static void free_list(hvl_t *list, hid_t type)
{
    hsize_t one = 1;
    hid_t space = H5Screate_simple(1, &one, NULL);

    if (list->p && space >= 0)
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, list);
    if (space >= 0)
        H5Sclose(space);
}

/* Times are in seconds, and become whole microseconds. */
static int take_events(struct snn_recording *out, const struct shd_file *file, hsize_t sample,
                       const hvl_t *times, const hvl_t *units)
{
    const double *time = times->p;
    const int32_t *unit = units->p;

    out->count = 0;
    out->width = CHANNELS;
    out->height = 1;
    if (times->len != units->len)
        return snn_error_set("%s: sample %lld has %zu times and %zu units", file->path,
                             (long long)sample, times->len, units->len);
    if (snn_recording_reserve(out, (int64_t)times->len, file->path) < 0)
        return -1;
    for (size_t k = 0; k < times->len; k++) {
        if (unit[k] < 0 || unit[k] >= CHANNELS || !(time[k] >= 0 && time[k] < 1e6))
            return snn_error_set(
                "%s: sample %lld, spike %zu: channel %d at %g s; channels are 0 to "
                "%d, and times from 0",
                file->path, (long long)sample, k, unit[k], time[k], CHANNELS - 1);
        out->events[out->count++] =
            (struct snn_recorded_event){ .time = (int64_t)(1e6 * time[k]), .x = (uint16_t)unit[k] };
    }
    return snn_recording_sort(out, file->path);
}

static int add_sample(struct snn_event_store *store, const struct shd_file *file, hsize_t sample,
                      struct snn_recording *recording)
{
    hvl_t times = { 0 }, units = { 0 };
    int32_t person = file->speakers ? file->speakers[sample] : -1;
    int status = -1;

    if (file->labels[sample] < 0)
        return snn_error_set("%s: label %d of sample %lld; labels are whole numbers from 0",
                             file->path, file->labels[sample], (long long)sample);
    if (read_list(&times, file, file->times, file->time_lists, sample) == 0 &&
        read_list(&units, file, file->units, file->unit_lists, sample) == 0 &&
        take_events(recording, file, sample, &times, &units) == 0)
        status = snn_samples_add(store, recording, 0, recording->count, 0, file->labels[sample],
                                 &person);
    free_list(&times, file->time_lists);
    free_list(&units, file->unit_lists);
    return status;
}

static int fill_store(struct snn_event_store *store, const char *path)
{
    struct snn_recording recording = { 0 };
    struct shd_file file;
    int status = open_file(&file, path);

    for (hsize_t i = 0; status == 0 && i < file.samples; i++)
        status = add_sample(store, &file, i, &recording);
    snn_recording_dispose(&recording);
    close_file(&file);
    return status;
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    const struct shd *shd = set->state;
    struct snn_event_store *store = snn_samples_create(shd->paths[split], set);
    int status = -1;

    pthread_mutex_lock(&library);
    if (store)
        status = fill_store(store, shd->paths[split]);
    pthread_mutex_unlock(&library);
    for (int64_t i = 0; status == 0 && i < store->samples; i++)
        if (store->labels[i] >= set->classes)
            status = snn_error_set("%s: label %d of sample %lld, but there are the classes 0 to %d",
                                   store->path, store->labels[i], (long long)i, set->classes - 1);
    if (status < 0) {
        snn_event_store_close(store);
        return -1;
    }
    return snn_part_of_events(part, set, store);
}

/* ---- the set */

/* The classes of a file: as many as have names, otherwise as labels say. */
static int count_classes(int32_t *classes, const char *path)
{
    struct shd_file file;
    int status;

    pthread_mutex_lock(&library);
    status = open_file(&file, path);
    *classes = 0;
    for (hsize_t i = 0; status == 0 && i < file.samples; i++)
        *classes = file.labels[i] >= *classes ? file.labels[i] + 1 : *classes;
    if (status == 0 && H5Lexists(file.file, "extra", H5P_DEFAULT) > 0 &&
        H5Lexists(file.file, "extra/keys", H5P_DEFAULT) > 0) {
        hid_t keys = H5Dopen2(file.file, "extra/keys", H5P_DEFAULT);
        int64_t count = keys >= 0 ? count_of(keys) : -1;

        *classes = count > *classes ? (int32_t)count : *classes;
        if (keys >= 0)
            H5Dclose(keys);
    }
    close_file(&file);
    pthread_mutex_unlock(&library);
    if (status == 0 && *classes == 0)
        return snn_error_set("%s: there are no samples in it", path);
    return status;
}

/* The files of a folder whose names end as those of the splits do. */
static int find_splits(struct shd *shd, const char *folder)
{
    static const char *const endings[] = { [SNN_SPLIT_TRAIN] = "_train.h5",
                                           [SNN_SPLIT_VAL] = "_valid.h5",
                                           [SNN_SPLIT_TEST] = "_test.h5" };
    int found = 0;

    for (int s = 0; s < SNN_SPLIT_NONE; s++) {
        struct snn_names names = { 0 };
        int status = snn_names_read(&names, folder, endings[s], false);

        if (status == 0 && names.count > 1)
            status = snn_error_set("%s: both %s and %s; keep one data set in a folder", folder,
                                   names.items[0], names.items[1]);
        if (status == 0 && names.count == 1)
            status = snn_path_join(shd->paths[s], folder, names.items[0]);
        found += names.count == 1;
        snn_names_dispose(&names);
        if (status < 0)
            return -1;
    }
    return found > 0 ? 0 : snn_error_set("%s: no file such as shd_train.h5 or shd_test.h5", folder);
}

static int find_files(struct shd *shd, const char *name, const char *path)
{
    char place[SNN_PATH_BYTES];

    if (snn_places_find(place, name, path) < 0)
        return -1;
    if (snn_is_folder(place))
        return find_splits(shd, place);
    strcpy(shd->paths[SNN_SPLIT_NONE], place);
    return 0;
}

static int describe_set(struct snn_dataset *set, const char *path)
{
    struct shd *shd = set->state;

    if (find_files(shd, set->name, path) < 0 || !snn_dataset_add_axis(set, "input", CHANNELS))
        return -1;
    snn_dataset_add_field(set, "person", NULL);
    set->pixel = SNN_PIXEL_EVENTS;
    set->time_unit = 1e-3; /* the program counts in ms */
    set->max_time = NAN;
    for (int s = 0; s < SNN_SPLIT_SLOTS; s++) {
        int32_t classes;

        if (shd->paths[s][0] == '\0')
            continue;
        set->splits |= 1u << s;
        if (count_classes(&classes, shd->paths[s]) < 0)
            return -1;
        set->classes = classes > set->classes ? classes : set->classes;
    }
    return 0;
}

int snn_dataset_shd(struct snn_dataset **out, const char *name, const char *path)
{
    struct snn_dataset *set = snn_dataset_create(name);

    if (!set)
        return -1;
    set->state = calloc(1, sizeof(struct shd));
    set->dispose = free;
    set->load = load;
    if (!set->state || describe_set(set, path) < 0) {
        if (!set->state)
            snn_error_set("out of memory for a data set");
        snn_dataset_release(set);
        return -1;
    }
    *out = set;
    return 0;
}

#endif
