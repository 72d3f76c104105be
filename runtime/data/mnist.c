/* SPDX-License-Identifier: MIT
 *
 * MNIST, and whatever else comes as its four IDX files of 28x28 pictures of ten classes: where to
 * look for them, and the checks that images and labels belong together. A split is read when it is
 * first used.
 */
#include "data/idx.h"
#include "data/source.h"
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    PICTURE_SIDE = 28,
    CLASSES = 10,
    MAX_PLACES = 6,
    PATH_BYTES = 4096,
    FILE_NAME_BYTES = 64,
};

/* Where a set may be; fixed when it is made, whatever becomes of $SNN_DATA after that. */
struct mnist {
    char places[MAX_PLACES][PATH_BYTES];
    int place_count;
    bool has_variable; /* $SNN_DATA was set */
};

static int add_place(struct mnist *mnist, const char *folder, const char *below)
{
    int length = snprintf(mnist->places[mnist->place_count], PATH_BYTES, "%s%s", folder, below);

    if (length < 0 || length >= PATH_BYTES - FILE_NAME_BYTES)
        return snn_error_set("mnist: the name of the folder is too long: %.100s...", folder);
    mnist->place_count++;
    return 0;
}

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A folder that is given must exist: a misspelt one must not end in training on other data. */
static int list_places(struct mnist *mnist, const char *folder)
{
    const char *variable = getenv("SNN_DATA");

    mnist->has_variable = variable && variable[0];
    if (folder && folder[0]) {
        if (!is_folder(folder))
            return snn_error_set("mnist: there is no folder '%s'", folder);
        if (add_place(mnist, folder, "") < 0 || add_place(mnist, folder, "/mnist") < 0)
            return -1;
    }
    if (mnist->has_variable &&
        (add_place(mnist, variable, "") < 0 || add_place(mnist, variable, "/mnist") < 0))
        return -1;
    if (add_place(mnist, "./data", "") < 0 || add_place(mnist, "./data", "/mnist") < 0)
        return -1;
    return 0;
}

/* Finds "train-images-idx3-ubyte" in `folder`, plain or packed, and the spelling
 * "train-images.idx3-ubyte" of some copies. */
static bool find_file(char path[PATH_BYTES], const char *folder, const char *stem, const char *kind)
{
    static const char *const separators[] = { "-", "." };
    static const char *const endings[] = { "", ".gz" };
    struct stat status;

    for (int s = 0; s < 2; s++)
        for (int e = 0; e < 2; e++) {
            int length = snprintf(path, PATH_BYTES, "%s/%s%s%s-ubyte%s", folder, stem,
                                  separators[s], kind, endings[e]);

            if (length < PATH_BYTES && stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
                return true;
        }
    return false;
}

static int fail_missing(const struct mnist *mnist, const char *name, const char *stem)
{
    char places[1024] = "";
    size_t used = 0;

    for (int i = 0; i < mnist->place_count && used < sizeof places; i++)
        used += (size_t)snprintf(places + used, sizeof places - used, "%s%s", i ? ", " : "",
                                 mnist->places[i]);
    return snn_error_set(
        "mnist: no %s-idx3-ubyte or %s-idx3-ubyte.gz in %s%s; fetch it with 'snnc data fetch "
        "mnist', "
        "set $SNN_DATA to its folder, or run with '--data %s=builtin' to use the built-in digits",
        stem, stem, places, mnist->has_variable ? "" : " ($SNN_DATA is not set)", name);
}

/* Finds both files of a split; they must lie side by side. */
static int find_files(const struct mnist *mnist, const char *name, const char *prefix,
                      char images[PATH_BYTES], char labels[PATH_BYTES])
{
    char images_stem[32], labels_stem[32];

    snprintf(images_stem, sizeof images_stem, "%s-images", prefix);
    snprintf(labels_stem, sizeof labels_stem, "%s-labels", prefix);
    for (int i = 0; i < mnist->place_count; i++) {
        if (!find_file(images, mnist->places[i], images_stem, "idx3"))
            continue;
        if (!find_file(labels, mnist->places[i], labels_stem, "idx1"))
            return snn_error_set(
                "mnist: %s is there, but %s-idx1-ubyte or %s-idx1-ubyte.gz is missing beside it",
                images, labels_stem, labels_stem);
        return 0;
    }
    return fail_missing(mnist, name, images_stem);
}

static int read_idx(struct snn_idx *out, const char *path, int rank, const char *what)
{
    struct snn_stream *stream;
    int status;

    if (snn_stream_open(&stream, path) < 0)
        return -1;
    status = snn_idx_read(out, stream, rank, what);
    snn_stream_close(stream);
    return status;
}

static int check_images(const struct snn_idx *images, const char *path)
{
    if (images->shape[1] != PICTURE_SIDE || images->shape[2] != PICTURE_SIDE)
        return snn_error_set("%s: pictures of %lldx%lld pixels; mnist has %dx%d", path,
                             (long long)images->shape[1], (long long)images->shape[2], PICTURE_SIDE,
                             PICTURE_SIDE);
    if (images->shape[0] > INT32_MAX)
        return snn_error_set("%s: too many pictures", path);
    return 0;
}

static int check_labels(const struct snn_idx *labels, const char *path, int64_t pictures)
{
    if (labels->shape[0] != pictures)
        return snn_error_set("%s: %lld labels for %lld pictures", path, (long long)labels->shape[0],
                             (long long)pictures);
    for (int64_t i = 0; i < pictures; i++)
        if (labels->data[i] >= CLASSES)
            return snn_error_set(
                "%s: label %d of sample %lld is out of range: mnist has the classes 0 to %d", path,
                labels->data[i], (long long)i, CLASSES - 1);
    return 0;
}

/* Reads both files into *part; what is there on failure is the caller's to free. */
static int read_split(struct snn_part *part, const char *images_path, const char *labels_path)
{
    struct snn_idx images, labels;
    int status;

    if (read_idx(&labels, labels_path, 1, "labels") < 0)
        return -1;
    status = read_idx(&images, images_path, 3, "images");
    if (status == 0) {
        part->pixels = images.data;
        part->count = images.shape[0];
        status = check_images(&images, images_path);
    }
    if (status == 0)
        status = check_labels(&labels, labels_path, part->count);
    if (status == 0) {
        part->labels = malloc((size_t)part->count * sizeof *part->labels + 1);
        status = part->labels ? 0 : snn_error_set("%s: out of memory", labels_path);
    }
    for (int64_t i = 0; status == 0 && i < part->count; i++)
        part->labels[i] = labels.data[i];
    snn_idx_dispose(&labels);
    return status;
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    char images[PATH_BYTES], labels[PATH_BYTES];
    const char *prefix = split == SNN_SPLIT_TRAIN ? "train" : "t10k";

    if (find_files(set->state, set->name, prefix, images, labels) < 0)
        return -1;
    return read_split(part, images, labels);
}

int snn_dataset_mnist(struct snn_dataset **out, const char *name, const char *folder)
{
    struct snn_dataset *set = snn_dataset_create(name);
    struct mnist *mnist = calloc(1, sizeof *mnist);

    if (!set || !mnist || list_places(mnist, folder) < 0) {
        if (set && !mnist)
            snn_error_set("mnist: out of memory");
        free(mnist);
        snn_dataset_release(set);
        return -1;
    }
    snn_dataset_add_axis(set, "y", PICTURE_SIDE);
    snn_dataset_add_axis(set, "x", PICTURE_SIDE);
    set->pixel = SNN_PIXEL_UINT8;
    set->classes = CLASSES;
    set->splits = 1u << SNN_SPLIT_TRAIN | 1u << SNN_SPLIT_TEST;
    set->load = load;
    set->dispose = free;
    set->state = mnist;
    *out = set;
    return 0;
}
