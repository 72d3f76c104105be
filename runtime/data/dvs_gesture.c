/* SPDX-License-Identifier: MIT
 *
 * DVS128 Gesture: <name>.aedat of somebody who makes gestures, and <name>_labels.csv, which says of
 * each which it was, 1 to 11, and when it began and ended. trials_to_train.txt and
 * trials_to_test.txt name the recordings of the parts.
 */
#include "data/people.h"
#include "error.h"

enum { GESTURES = 11, CLASS = 0, START = 1, END = 2 };

static int cut(struct snn_event_store *store, const struct snn_recording *recording,
               const struct snn_tags *tags, const char *path, const int32_t *fields)
{
    for (int64_t k = 0; k < tags->count; k++) {
        int64_t class = tags->rows[k][CLASS];
        int64_t start = tags->rows[k][START], end = tags->rows[k][END];
        int64_t first, after;

        if (class < 1 || class > GESTURES)
            return snn_error_set("%s: row %lld: class %lld; gestures are 1 to %d", path,
                                 (long long)k + 1, (long long)class, GESTURES);
        if (start < 0 || start >= end)
            return snn_error_set("%s: row %lld: from %lld to %lld us", path, (long long)k + 1,
                                 (long long)start, (long long)end);
        first = snn_recording_find(recording, start);
        after = snn_recording_find(recording, end);
        if (first == after)
            return snn_error_set("%s: row %lld: the recording has no events from %lld to %lld us: "
                                 "the row is wrong or the recording truncated",
                                 path, (long long)k + 1, (long long)start, (long long)end);
        if (snn_samples_add(store, recording, first, after, start, (int32_t) class - 1, fields) < 0)
            return -1;
    }
    return 0;
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    static const struct snn_tagged layout = { .recordings = "%s.aedat",
                                              .tags = "%s_labels.csv",
                                              .columns = { "class", "startTime_usec",
                                                           "endTime_usec" },
                                              .column_count = 3,
                                              .cut = cut };

    return snn_people_load(set, split, part, &layout);
}

int snn_dataset_dvs_gesture(struct snn_dataset **out, const char *name, const char *folder)
{
    struct snn_dataset *set = snn_people_create(name, folder, GESTURES);

    if (!set)
        return -1;
    set->load = load;
    if (snn_people_list(set, SNN_SPLIT_TRAIN, "trials_to_train.txt", NULL) < 0 ||
        snn_people_list(set, SNN_SPLIT_TEST, "trials_to_test.txt", NULL) < 0 ||
        snn_people_finish(set) < 0) {
        snn_dataset_release(set);
        return -1;
    }
    *out = set;
    return 0;
}
