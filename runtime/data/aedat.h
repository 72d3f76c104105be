/* SPDX-License-Identifier: MIT
 *
 * Inside the readers of AEDAT files: the header of text lines that they all begin with, and the
 * decoder of each version for what follows it. Functions follow error.h.
 */
#ifndef SNN_DATA_AEDAT_H
#define SNN_DATA_AEDAT_H

#include "data/recording.h"

/* A file, and how far it is read. */
struct snn_aedat {
    const unsigned char *bytes;
    size_t count, at; /* `at` is the place of what is to be decoded next */
    const char *path; /* for messages */
};

/* The value of the first header line that has the word, "#AEChip: …" for example, as *text of
 * *length; false if there is none. */
bool snn_aedat_find(const struct snn_aedat *file, size_t header_end, const char *word,
                    const char **text, size_t *length);

/* The pixels of the camera whose name is in the text; false if it is none that is known. */
bool snn_aedat_camera(struct snn_recording *out, const char *text, size_t length);

/* Takes width and height from the header, behind which `at` is, or, in version 4, before it. */
int snn_aedat_measure_2(struct snn_recording *out, struct snn_aedat *file);
int snn_aedat_measure_3(struct snn_recording *out, struct snn_aedat *file);
int snn_aedat_measure_4(struct snn_recording *out, struct snn_aedat *file);

/* Reads what follows, after the measure. */
int snn_aedat_read_2(struct snn_recording *out, struct snn_aedat *file);
int snn_aedat_read_3(struct snn_recording *out, struct snn_aedat *file);
int snn_aedat_read_4(struct snn_recording *out, struct snn_aedat *file);

/* An event lies outside the camera; `at` is its place in the file. */
int snn_aedat_fail_place(const struct snn_recording *recording, const struct snn_aedat *file,
                         int64_t x, int64_t y);

static inline uint32_t snn_little_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

static inline uint32_t snn_big_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

#endif
