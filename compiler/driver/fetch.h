/* SPDX-License-Identifier: MIT
 *
 * `snnc data fetch`: downloads published data sets. A file appears under its name only when it is
 * complete and its checksum is the published one; what is there already is kept if it is right, and
 * replaced only by what is right.
 */
#ifndef SNNC_DRIVER_FETCH_H
#define SNNC_DRIVER_FETCH_H

#include <stdbool.h>
#include <stddef.h>

/* A file of a data set. */
struct fetch_file {
    const char *name;
    const char *sha256; /* 64 lower-case hexadecimal digits */
    size_t bytes;       /* its size: no more than this is accepted */
};

/* Fetches the data set `name` into `folder` (null: where programs look for it, data/NAME) from
 * `base_url` (null: the published places, one after the other). False: reported on stderr. */
bool fetch_data_set(const char *name, const char *folder, const char *base_url,
                    bool shows_progress);

/* The same for any files; `base_urls` ends with a null. */
bool fetch_files(const struct fetch_file *files, int file_count, const char *folder,
                 const char *const *base_urls, bool shows_progress);

#endif
