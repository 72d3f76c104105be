#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Writes tests/data/spikenn with NumPy: event files as SpikeNN has them, a pickled dictionary in a .npy. The samples are those
# of make_events.py. `make_spikenn.py NAME PROTOCOL` writes one more file, for the other versions of NumPy and of pickles:
#
#   numpy 1.26:  make_spikenn.py numpy1.npy 3
#   numpy 2:     make_spikenn.py protocol2.npy 2; make_spikenn.py protocol5.npy 5
import os
import pickle
import sys

import numpy as np

import make_events

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "spikenn")


def dictionary(samples, index_type, has_max_time):
    data = [
        np.rec.fromarrays(
            [np.array([i for _, i in events], index_type), np.array([t for t, _ in events], np.float32)],
            names=["indices", "timestamps"],
        )
        for _, events in samples
    ]
    labels = np.array([label for label, _ in samples], index_type)
    result = {"data": data, "labels": labels, "shape": (len(samples), make_events.INPUTS)}
    if has_max_time:
        result["max_time"] = make_events.MAX_TIME
    return np.array(result, dtype=object)


def write_protocol(path, array, protocol):
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
        pickle.dump(array, file, protocol=protocol)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    if len(sys.argv) == 3:
        array = dictionary(make_events.TRAIN, np.int16, True)
        array.item()["shape"] = (np.int64(len(make_events.TRAIN)), np.int64(make_events.INPUTS))
        array.item()["max_time"] = np.float32(make_events.MAX_TIME)
        write_protocol(os.path.join(FOLDER, sys.argv[1]), array, int(sys.argv[2]))
        return
    np.save(os.path.join(FOLDER, "trainset.npy"), dictionary(make_events.TRAIN, np.int16, True))
    np.save(os.path.join(FOLDER, "valset.npy"), dictionary(make_events.VAL, np.int32, False))
    np.save(os.path.join(FOLDER, "testset.npy"), dictionary(make_events.TEST, np.int32, True))


if __name__ == "__main__":
    main()
