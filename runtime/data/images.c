/* SPDX-License-Identifier: MIT
 *
 * A folder of pictures: files in it, or in a folder for each class; above these there may be
 * folders train, val and test. Names are listed at first, a split is read when it is needed. All
 * pictures have the size and the channels of the first.
 */
#include "data/picture_file.h"
#include "data/places.h"
#include "data/source.h"
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct images {
    char folder[SNN_PATH_BYTES];
    struct snn_names classes;
    struct {
        struct snn_names paths;
        int32_t *labels; /* owned: [paths.count]; NULL: there are no classes */
    } splits[SNN_SPLIT_SLOTS];
    char first[SNN_PATH_BYTES]; /* the file that all others must be like */
};

static void dispose(void *state)
{
    struct images *images = state;

    snn_names_dispose(&images->classes);
    for (int s = 0; s < SNN_SPLIT_SLOTS; s++) {
        snn_names_dispose(&images->splits[s].paths);
        free(images->splits[s].labels);
    }
    free(images);
}

/* ---- which files there are */

static bool has_ending(const char *name, const char *const *endings)
{
    size_t length = strlen(name);

    for (; *endings; endings++)
        if (length > strlen(*endings) &&
            strcasecmp(name + length - strlen(*endings), *endings) == 0)
            return true;
    return false;
}

/* The pictures in a folder; other files are left out, unless they are pictures, too. */
static int list_pictures(struct snn_names *paths, const char *folder)
{
    static const char *const known[] = { ".png", ".pgm", ".ppm", NULL };
    static const char *const others[] = { ".jpg",  ".jpeg", ".bmp", ".gif", ".tif",
                                          ".tiff", ".webp", ".jp2", NULL };
    struct snn_names names = { 0 };
    int status = snn_names_read(&names, folder, "", false);

    for (int64_t i = 0; status == 0 && i < names.count; i++) {
        char path[SNN_PATH_BYTES];

        status = snn_path_join(path, folder, names.items[i]);
        if (status == 0 && has_ending(path, others))
            status = snn_error_set("%s: pictures can be read from PNG, PGM and PPM files; convert "
                                   "it",
                                   path);
        if (status == 0 && has_ending(path, known))
            status = snn_names_add(paths, path);
    }
    snn_names_dispose(&names);
    return status;
}

static int64_t find_class(const struct images *images, const char *name)
{
    for (int64_t i = 0; i < images->classes.count; i++)
        if (strcmp(images->classes.items[i], name) == 0)
            return i;
    return -1;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The classes of a split belong to all. */
static int add_classes(struct images *images, const struct snn_names *classes)
{
    for (int64_t i = 0; i < classes->count; i++)
        if (find_class(images, classes->items[i]) < 0 &&
            snn_names_add(&images->classes, classes->items[i]) < 0)
            return -1;
    if (images->classes.count > 0)
        qsort(images->classes.items, (size_t)images->classes.count, sizeof *images->classes.items,
              compare_names);
    return 0;
}

static int collect_classes(struct images *images, const char *folder)
{
    struct snn_names classes = { 0 };
    int status = snn_names_read(&classes, folder, "", true);

    if (status == 0)
        status = add_classes(images, &classes);
    snn_names_dispose(&classes);
    return status;
}

static int list_class(struct images *images, enum snn_split split, const char *folder,
                      int32_t class)
{
    struct snn_names *paths = &images->splits[split].paths;
    int64_t before = paths->count;
    char path[SNN_PATH_BYTES];
    int32_t *labels;

    if (snn_path_join(path, folder, images->classes.items[class]) < 0)
        return -1;
    if (!snn_is_folder(path))
        return 0;
    if (list_pictures(paths, path) < 0)
        return -1;
    labels = realloc(images->splits[split].labels, ((size_t)paths->count + 1) * sizeof *labels);
    if (!labels)
        return snn_error_set("%s: out of memory", path);
    for (int64_t i = before; i < paths->count; i++)
        labels[i] = class;
    images->splits[split].labels = labels;
    return 0;
}

static int list_split(struct images *images, enum snn_split split, const char *folder)
{
    struct snn_names *paths = &images->splits[split].paths;

    if (list_pictures(paths, folder) < 0)
        return -1;
    if (paths->count > 0 && images->classes.count > 0)
        return snn_error_set("%s: a picture beside folders of classes, such as '%s'; put it in the "
                             "folder of its class",
                             paths->items[0], images->classes.items[0]);
    for (int32_t class = 0; class < (int32_t)images->classes.count; class ++)
        if (list_class(images, split, folder, class) < 0)
            return -1;
    if (paths->count == 0)
        return snn_error_set("%s: no pictures: they are *.png, *.pgm or *.ppm in it, or in a "
                             "folder for each class",
                             folder);
    if (!images->first[0])
        snprintf(images->first, sizeof images->first, "%s", paths->items[0]);
    return 0;
}

/* Goes through the folders that are splits, or the whole folder if none is. */
static int list_all(struct snn_dataset *set)
{
    struct images *images = set->state;
    char folders[SNN_SPLIT_SLOTS][SNN_PATH_BYTES];

    for (int s = 0; s < SNN_SPLIT_NONE; s++) {
        if (snn_path_join(folders[s], images->folder, snn_split_name((enum snn_split)s)) < 0)
            return -1;
        if (snn_is_folder(folders[s]))
            set->splits |= 1u << s;
    }
    if (!set->splits) {
        set->splits = 1u << SNN_SPLIT_NONE;
        strcpy(folders[SNN_SPLIT_NONE], images->folder);
    }
    for (int s = 0; s < SNN_SPLIT_SLOTS; s++)
        if (set->splits >> s & 1 && collect_classes(images, folders[s]) < 0)
            return -1;
    for (int s = 0; s < SNN_SPLIT_SLOTS; s++)
        if (set->splits >> s & 1 && list_split(images, (enum snn_split)s, folders[s]) < 0)
            return -1;
    return 0;
}

/* ---- pixels */

static const char *colour_text(int64_t channels)
{
    return channels == 1 ? "grey" : "in colours";
}

/* The picture has the size of the set and, unless it is a grey one among colours, its channels. */
static int check_picture(const struct snn_dataset *set, const struct snn_picture_file *picture,
                         const char *path)
{
    const struct images *images = set->state;
    int64_t height = set->axes[0].size, width = set->axes[1].size;
    int64_t channels = set->axis_count > 2 ? set->axes[2].size : 1;

    if (picture->height != height || picture->width != width)
        return snn_error_set("%s: %lld x %lld pixels, but %s has %lld x %lld; make them all of one "
                             "size",
                             path, (long long)picture->height, (long long)picture->width,
                             images->first, (long long)height, (long long)width);
    if (picture->channels > channels)
        return snn_error_set("%s is %s, but %s is %s; make them all alike", path,
                             colour_text(picture->channels), images->first, colour_text(channels));
    return 0;
}

static int read_picture(uint8_t *to, const struct snn_dataset *set, const char *path)
{
    size_t pixels = (size_t)(set->axes[0].size * set->axes[1].size);
    size_t channels = set->sample_size / pixels;
    struct snn_picture_file picture;
    int status;

    if (snn_picture_file_read(&picture, path) < 0)
        return -1;
    status = check_picture(set, &picture, path);
    for (size_t i = 0; status == 0 && i < pixels; i++)
        for (size_t c = 0; c < channels; c++)
            to[i * channels + c] =
                picture.bytes[picture.channels == 1 ? i : i * (size_t)picture.channels + c];
    snn_picture_file_dispose(&picture);
    return status;
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    const struct images *images = set->state;
    const struct snn_names *paths = &images->splits[split].paths;
    const int32_t *labels = images->splits[split].labels;

    if (snn_part_allocate(part, set, paths->count, labels != NULL) < 0)
        return -1;
    if (labels)
        memcpy(part->labels, labels, (size_t)paths->count * sizeof *labels);
    for (int64_t i = 0; i < paths->count; i++)
        if (read_picture((uint8_t *)part->pixels + (size_t)i * set->sample_size, set,
                         paths->items[i]) < 0)
            return -1;
    return 0;
}

/* ---- the set */

static int read_facts(struct snn_dataset *set)
{
    const struct images *images = set->state;
    struct snn_picture_file first;
    bool fits;

    if (snn_picture_file_read(&first, images->first) < 0)
        return -1;
    fits = snn_dataset_add_axis(set, "y", first.height) &&
           snn_dataset_add_axis(set, "x", first.width) &&
           (first.channels == 1 || snn_dataset_add_axis(set, "channel", first.channels));
    set->pixel = SNN_PIXEL_UINT8;
    set->classes = (int32_t)images->classes.count;
    snn_picture_file_dispose(&first);
    return fits ? 0 : -1;
}

int snn_dataset_images(struct snn_dataset **out, const char *name, const char *folder)
{
    struct snn_dataset *set = snn_dataset_create(name);
    struct images *images = set ? calloc(1, sizeof *images) : NULL;

    if (!images) {
        snn_dataset_release(set);
        return snn_error_set("data set '%s': out of memory", name ? name : "data");
    }
    set->state = images;
    set->dispose = dispose;
    set->load = load;
    if (snn_places_folder(images->folder, set->name, folder) < 0 || list_all(set) < 0 ||
        read_facts(set) < 0) {
        snn_dataset_release(set);
        return -1;
    }
    *out = set;
    return 0;
}
