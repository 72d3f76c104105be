/* SPDX-License-Identifier: MIT
 *
 * Cross-validation: which samples of .train are .val in a run for fold number `fold` of `folds`.
 * Parts are those of scikit-learn's StratifiedKFold without shuffling, so that results can be
 * compared sample for sample. A data folder that has a folder for each fold, named 0, 1, …, is
 * taken as it is.
 */
#ifndef SNN_DATA_FOLD_H
#define SNN_DATA_FOLD_H

#include "data/dataset.h"
#include "data/view.h"
#include "record/file.h"

#include <stdbool.h>
#include <stdint.h>

/* Writes the fold of each sample to fold_of[count]. An error if no class has `folds` samples. */
int snn_fold_assign(int32_t *fold_of, const int32_t *labels, int64_t count, int folds);

/* The folder to read for a fold: place/3 where `place` has folders with numbers for names (an error
 * unless they are 0 .. folds - 1), otherwise `place` itself; *is_numbered says which. */
int snn_fold_place(char out[SNN_PATH_BYTES], const char *place, int fold, int folds,
                   bool *is_numbered);

/* The set was read from the folder of a fold: it is not to be divided again. */
void snn_fold_mark(struct snn_dataset *set);

/* Divides .train of a whole labelled set, from now on: .val is the fold, .train the rest. A set
 * that came from such a division is left as it is. *is_divided is false, and nothing changed, if
 * the view is not whole, or its set has no labels or no .train. */
int snn_fold_divide(struct snn_view view, int fold, int folds, bool *is_divided);

/* Can the set be divided as snn_fold_divide was told? Reads its labels. */
int snn_fold_test(struct snn_dataset *set, struct snn_region *region);

/* The samples of a divided set that are in its fold, or not in it, as a list. */
int snn_fold_view(struct snn_view *out, struct snn_region *region, struct snn_dataset *set,
                  bool is_in_fold);

#endif
