/* SPDX-License-Identifier: MIT
 *
 * Spoken digits and words as spikes of a cochlea (SHD, SSC), in HDF5. The library for that is
 * large: what reads these files is linked into programs that say so, and found here by the others.
 */
#ifndef SNN_DATA_SHD_H
#define SNN_DATA_SHD_H

#include "data/dataset.h"

/* `path` is one .h5 file, or a folder with <name>_train.h5, <name>_valid.h5, <name>_test.h5, each
 * of which may be missing; looked for as other data is. Axis input: 700; field person. */
int snn_dataset_shd(struct snn_dataset **out, const char *name, const char *path);

/* snn_dataset_shd once the program has asked for it; NULL before. */
extern int (*snn_shd_reader)(struct snn_dataset **out, const char *name, const char *path);

#endif
