/* SPDX-License-Identifier: MIT
 *
 * SL-Animals-DVS: recordings/<name>.aedat of somebody who makes 19 signs one after the other, and
 * tags/<name>.csv, whose row k says which events are sign k. Names are those in filelist.txt, or,
 * without it, of all recordings. A folder without tags is read as one of other recordings, in
 * windows as long as networks look at a sign.
 */
#include "data/people.h"
#include "error.h"

#include <unistd.h>

enum { SIGNS = 19, START = 0, END = 1, WINDOW = 1500 };

static int cut(struct snn_event_store *store, const struct snn_recording *recording,
               const struct snn_tags *tags, const char *path, const int32_t *fields)
{
    if (tags->count != SIGNS)
        return snn_error_set("%s: %lld rows; there must be one for each of the %d signs", path,
                             (long long)tags->count, SIGNS);
    for (int64_t k = 0; k < SIGNS; k++) {
        int64_t first = tags->rows[k][START], end = tags->rows[k][END];

        if (first < 0 || first >= end || end > recording->count)
            return snn_error_set("%s: row %lld says events %lld to %lld, but the recording has "
                                 "%lld: the row is wrong or the recording truncated",
                                 path, (long long)k + 1, (long long)first, (long long)end,
                                 (long long)recording->count);
        if (snn_samples_add(store, recording, first, end, recording->events[first].time, (int32_t)k,
                            fields) < 0)
            return -1;
    }
    return 0;
}

static int load(struct snn_dataset *set, enum snn_split split, struct snn_part *part)
{
    static const struct snn_tagged layout = { .recordings = "recordings/%s.aedat",
                                              .tags = "tags/%s.csv",
                                              .columns = { "startTime_ev", "endTime_ev" },
                                              .column_count = 2,
                                              .cut = cut };

    return snn_people_load(set, split, part, &layout);
}

/* 1 if the folder has no tables: it is a folder of other recordings. */
static int has_no_tags(const char *name, const char *folder)
{
    char place[SNN_PATH_BYTES], tags[SNN_PATH_BYTES];

    if (snn_places_folder(place, name ? name : "data", folder) < 0 ||
        snn_path_join(tags, place, "tags") < 0)
        return -1;
    return !snn_is_folder(tags);
}

int snn_dataset_sl_animals(struct snn_dataset **out, const char *name, const char *folder)
{
    int is_other = has_no_tags(name, folder);
    struct snn_dataset *set;
    char list[SNN_PATH_BYTES];

    if (is_other != 0)
        return is_other < 0 ? -1 : snn_dataset_sessions(out, name, folder, WINDOW);
    set = snn_people_create(name, folder, SIGNS);
    if (!set)
        return -1;
    set->load = load;
    if (snn_path_join(list, ((struct snn_people *)set->state)->folder, "filelist.txt") < 0 ||
        snn_people_list(set, SNN_SPLIT_NONE, access(list, F_OK) == 0 ? "filelist.txt" : NULL,
                        "recordings") < 0 ||
        snn_people_finish(set) < 0) {
        snn_dataset_release(set);
        return -1;
    }
    *out = set;
    return 0;
}
