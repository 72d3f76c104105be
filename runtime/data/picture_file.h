/* SPDX-License-Identifier: MIT
 *
 * One picture in a file: PNG, or binary PGM and PPM, with 8 bits a channel. What it is follows from
 * its bytes, not from its name. Functions follow error.h.
 */
#ifndef SNN_DATA_PICTURE_FILE_H
#define SNN_DATA_PICTURE_FILE_H

#include <stdint.h>

struct snn_picture_file {
    int64_t height, width;
    int channels;   /* 1 of a grey picture, 3 of one in colours */
    uint8_t *bytes; /* owned: [height, width, channels] */
};

/* Nothing is to be disposed of on failure. */
int snn_picture_file_read(struct snn_picture_file *out, const char *path);
void snn_picture_file_dispose(struct snn_picture_file *file); /* all zero is legal */

#endif
