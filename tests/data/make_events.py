#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Writes the event files of this folder with NumPy, as a user would: the format of docs/data.md. The numbers are few enough
# to be checked by hand in the tests that read them.
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
INPUTS = 6
MAX_TIME = 1.0

TRAIN = [  # (label, [(time, input), ...] in order of time)
    (0, [(0.0, 2), (0.0, 5), (0.25, 0), (0.5, 0), (0.75, 3)]),
    (1, []),
    (2, [(0.1, 1), (0.1, 1), (0.3, 4), (0.7, 2)]),
    (1, [(0.9, 5)]),
]
VAL = [(2, [(0.5, 1)])]
TEST = [(1, [(0.2, 0), (0.4, 1)]), (0, [(1.0, 4)])]


def arrays(samples):
    events = [event for _, sample in samples for event in sample]
    counts = [len(sample) for _, sample in samples]
    return dict(
        indptr=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        index=np.array([i for _, i in events], np.int32),
        time=np.array([t for t, _ in events], np.float32),
        label=np.array([label for label, _ in samples], np.int32),
        inputs=np.int64(INPUTS),
        max_time=np.float64(MAX_TIME),
    )


def main():
    folder = os.path.join(HERE, "events")
    os.makedirs(folder, exist_ok=True)
    np.savez(os.path.join(folder, "trainset.npz"), **arrays(TRAIN))
    np.savez_compressed(os.path.join(folder, "valset.npz"), **arrays(VAL))
    np.savez(os.path.join(folder, "testset.npz"), **arrays(TEST))


if __name__ == "__main__":
    main()
