#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes data_folds.txt: labels, and the fold that scikit-learn's StratifiedKFold gives each sample.

Needs scikit-learn; the file is kept, so that the test does not. One line a case: folds, samples, the labels, the folds.
"""
import random

import numpy
from sklearn.model_selection import StratifiedKFold

random.seed(1)
cases = [(2, [0, 1, 0, 1, 1, 0]), (3, [2, 2, 0, 0, 1, 1, 2, 0, 1, 2]), (3, [5] * 3 + [0] * 7), (5, [0] * 5)]
for folds, classes, count in [(10, 10, 237), (4, 3, 50), (7, 2, 100), (3, 26, 200), (10, 4, 60), (2, 2, 5)]:
    # Unequal classes, some with fewer samples than there are folds.
    cases.append((folds, random.choices(range(classes), [1 / (1 + c) for c in range(classes)], k=count)))

with open("data_folds.txt", "w") as out:
    for folds, labels in cases:
        fold_of = numpy.empty(len(labels), int)
        for fold, (_, chosen) in enumerate(StratifiedKFold(folds).split(numpy.zeros(len(labels)), labels)):
            fold_of[chosen] = fold
        print(folds, len(labels), *labels, *fold_of, file=out)
