/* SPDX-License-Identifier: MIT
 *
 * The division: sort the labels, deal them out to the folds one by one, and so learn how many
 * samples of each class each fold gets; then hand these out in the order of the samples. Classes
 * count in the order of their first samples. (scikit-learn, model_selection/_split.py; the
 * arithmetic is theirs, so that the folds are.)
 */
#include "data/fold.h"

#include "data/source.h"
#include "error.h"
#include "memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A class, as far as it has been dealt out. */
struct class_share {
    int64_t first, count; /* its places among the sorted labels */
    int64_t given;        /* samples that the current fold got */
    int fold;
};

/* Places first .. first + count - 1 that leave the rest `fold` when divided by `folds`. */
static int64_t share_of_fold(const struct class_share *share, int fold, int folds)
{
    int64_t end = share->first + share->count;

    return (end - fold + folds - 1) / folds - (share->first - fold + folds - 1) / folds;
}

static int32_t next_fold(struct class_share *share, int folds)
{
    while (share->given == share_of_fold(share, share->fold, folds)) {
        share->fold++;
        share->given = 0;
    }
    share->given++;
    return share->fold;
}

/* Numbers the classes by their first samples and counts them; returns how many there are.
 * `number_of` has a place for each label. */
static int64_t count_classes(struct class_share *shares, int32_t *number_of, int32_t label_count,
                             const int32_t *labels, int64_t count)
{
    int64_t classes = 0, first = 0;

    for (int32_t label = 0; label < label_count; label++)
        number_of[label] = -1;
    for (int64_t i = 0; i < count; i++) {
        if (number_of[labels[i]] < 0)
            number_of[labels[i]] = (int32_t)classes++;
        shares[number_of[labels[i]]].count++;
    }
    for (int64_t class = 0; class < classes; class ++) {
        shares[class].first = first;
        first += shares[class].count;
    }
    return classes;
}

int snn_fold_assign(int32_t *fold_of, const int32_t *labels, int64_t count, int folds)
{
    struct snn_region *region = snn_region_create();
    struct class_share *shares;
    int32_t label_count = 0, *number_of;
    int64_t classes, largest = 0;

    for (int64_t i = 0; i < count; i++)
        label_count = labels[i] >= label_count ? labels[i] + 1 : label_count;
    shares = snn_region_array(region, (size_t)label_count, sizeof *shares);
    number_of = snn_region_array(region, (size_t)label_count, sizeof *number_of);
    classes = count_classes(shares, number_of, label_count, labels, count);
    for (int64_t class = 0; class < classes; class ++)
        largest = shares[class].count > largest ? shares[class].count : largest;
    for (int64_t i = 0; largest >= folds && i < count; i++)
        fold_of[i] = next_fold(&shares[number_of[labels[i]]], folds);
    snn_region_destroy(region);
    if (largest < folds)
        return snn_error_set("%d folds, but no class has more than %lld samples", folds,
                             (long long)largest);
    return 0;
}

/* ---- folders */

static bool is_number(const char *name)
{
    return name[strspn(name, "0123456789")] == '\0' && (name[0] != '0' || name[1] == '\0') &&
           name[0] != '\0';
}

static bool is_folder(const char *folder, const char *name)
{
    char path[SNN_PATH_BYTES];
    struct stat status;

    return snn_path_join(path, folder, name) == 0 && stat(path, &status) == 0 &&
           S_ISDIR(status.st_mode);
}

int snn_fold_place(char out[SNN_PATH_BYTES], const char *place, int fold, int folds,
                   bool *is_numbered)
{
    DIR *directory = place[0] ? opendir(place) : NULL;
    struct dirent *entry;
    char number[16];
    int numbered = 0, wanted = 0;

    while (directory && (entry = readdir(directory)))
        if (is_number(entry->d_name) && is_folder(place, entry->d_name)) {
            numbered++;
            wanted += strtol(entry->d_name, NULL, 10) < folds;
        }
    if (directory)
        closedir(directory);
    *is_numbered = numbered > 0;
    if (numbered > 0 && (numbered != folds || wanted != folds))
        return snn_error_set("'%s' has %d numbered folders, but %d folds need folders 0 to %d",
                             place, numbered, folds, folds - 1);
    snprintf(number, sizeof number, "%d", fold);
    if (numbered > 0)
        return snn_path_join(out, place, number);
    if (snprintf(out, SNN_PATH_BYTES, "%s", place) >= SNN_PATH_BYTES)
        return snn_error_set("the path %.60s... is too long", place);
    return 0;
}

/* ---- sets */

void snn_fold_mark(struct snn_dataset *set)
{
    set->is_divided = true;
}

int snn_fold_divide(struct snn_view view, int fold, int folds, bool *is_divided)
{
    struct snn_dataset *set = view.set;
    bool is_whole = !view.part && !view.samples;

    *is_divided = is_whole && set->is_divided;
    if (!is_whole || set->is_divided || set->classes == 0 || !(set->splits & 1u << SNN_SPLIT_TRAIN))
        return 0;
    set->fold = fold;
    set->folds = folds;
    set->splits |= 1u << SNN_SPLIT_VAL;
    *is_divided = set->is_divided = true;
    return 0;
}

int snn_fold_view(struct snn_view *out, struct snn_region *region, struct snn_dataset *set,
                  bool is_in_fold)
{
    const struct snn_part *part = snn_dataset_part(set, SNN_SPLIT_TRAIN);
    struct snn_view train = { .set = set, .part = part, .count = part ? part->count : 0 };
    struct snn_region_mark scratch;
    struct snn_sample *samples;
    int32_t *fold_of;
    int64_t kept = 0;

    if (!part)
        return -1;
    samples = snn_region_array(region, (size_t)part->count, sizeof *samples);
    scratch = snn_region_mark(region);
    fold_of = snn_region_array(region, (size_t)part->count, sizeof *fold_of);
    if (snn_fold_assign(fold_of, part->labels, part->count, set->folds) < 0)
        return snn_error_set("data set '%s': %s", snn_dataset_name(set), snn_last_error());
    for (int64_t i = 0; i < part->count; i++)
        if ((fold_of[i] == set->fold) == is_in_fold) {
            samples[kept] = snn_view_at(&train, i);
            samples[kept].index = (int32_t)kept;
            kept++;
        }
    snn_region_release(region, scratch);
    *out = (struct snn_view){ .set = set, .samples = samples, .count = kept };
    return 0;
}

int snn_fold_test(struct snn_dataset *set, struct snn_region *region)
{
    struct snn_view fold;

    return set->folds > 0 ? snn_fold_view(&fold, region, set, true) : 0;
}
