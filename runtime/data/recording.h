/* SPDX-License-Identifier: MIT
 *
 * Recordings of event cameras: what all their formats are decoded to, and how samples are cut from
 * them. A recording is in memory as a whole while it is cut; what stays are the events of the
 * samples, as lists (dataset.h) that a store owns. Functions follow error.h.
 */
#ifndef SNN_DATA_RECORDING_H
#define SNN_DATA_RECORDING_H

#include "data/events.h"

/* A pixel of the camera got brighter (polarity 1) or darker (0). */
struct snn_recorded_event {
    int64_t time; /* microseconds, from any origin */
    uint16_t x, y;
    uint8_t polarity;
};

struct snn_recording {
    struct snn_recorded_event *events; /* owned: [count], in order of time once it is read */
    int64_t count, capacity;
    int64_t width, height; /* of the sensor: no event lies outside */
};

/* Room for `count` events more. */
int snn_recording_reserve(struct snn_recording *recording, int64_t count, const char *path);

/* Puts the events in order of time; those of equal times keep theirs. An error if one is more than
 * a second earlier than one before it. */
int snn_recording_sort(struct snn_recording *recording, const char *path);
void snn_recording_dispose(struct snn_recording *recording); /* all zero is legal */

/* The first event at `time` or later. */
int64_t snn_recording_find(const struct snn_recording *recording, int64_t time);

/* ---- formats: the bytes of a file become a recording in order of time. `path` is for messages.
 * What *out holds is to be disposed of also on failure. */
int snn_recording_read_aedat(struct snn_recording *out, const void *bytes, size_t count,
                             const char *path); /* version 2.0, 3.1 or 4.0 */

/* Only the pixels of the camera: width and height. */
int snn_recording_measure_aedat(struct snn_recording *out, const void *bytes, size_t count,
                                const char *path);
int snn_recording_read_atis(struct snn_recording *out, const void *bytes, size_t count,
                            const char *path);

/* ---- samples */

/* A store of no samples, to which they are added, with the axes and fields of the set. NULL,
 * message set, without memory. */
struct snn_event_store *snn_samples_create(const char *path, const struct snn_dataset *set);

/* Adds the events first .. end - 1, which fill the axes of the store, as a sample whose time 0 is
 * `origin`; none may be earlier. `fields` has a value for each field of the set. */
int snn_samples_add(struct snn_event_store *store, const struct snn_recording *recording,
                    int64_t first, int64_t end, int64_t origin, int32_t label,
                    const int32_t *fields);

/* A set whose samples are recorded events [polarity: 2, y: height, x: width]; no splits and no
 * loader yet. NULL, message set, on failure. */
struct snn_dataset *snn_dataset_of_recordings(const char *name, int64_t height, int64_t width,
                                              int32_t classes);

#endif
