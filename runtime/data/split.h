/* SPDX-License-Identifier: MIT
 *
 * Dividing a set that has no parts of its own into .train, .val and .test: by samples, or by a
 * field whose values stay together, so that nobody who is tested was seen in training.
 */
#ifndef SNN_DATA_SPLIT_H
#define SNN_DATA_SPLIT_H

#include "data/dataset.h"
#include "data/view.h"

/* What stays together, and how much goes where. */
struct snn_division {
    const char *field;       /* "person" or "label"; "": each sample by itself */
    double folds, fold;      /* .test is fold number `fold` of as many, or NAN */
    double test_share;       /* .test is this share of what stays together, or NAN */
    const char *test_text;   /* .test is what has this value of the field, or "" … */
    double test_value;       /* … or this, or NAN */
    double validation;       /* .val is this share of what is not in .test, or NAN */
    double seed;             /* of the order in which they are dealt out; NAN: 0 */
    int run_fold, run_folds; /* those of the run, which come before `fold`; run_folds 0: none */
};

/* What `split_by(…)` and, without a field, `split(…)` say with their arguments. */
struct snn_division snn_division_read(const char *field,
                                      const struct snn_data_arguments *arguments);

/* A new set, which *out views, to be given back with snn_dataset_release(out->set). What stays
 * together is sorted by value and shuffled; folds are cut from that as scikit-learn's KFold does,
 * the first ones larger by one where they cannot be equal. */
int snn_view_divide(struct snn_view *out, struct snn_view view,
                    const struct snn_division *division);

#endif
