# SPDX-License-Identifier: MIT
"""Writes 16 samples of random spikes, 500 steps of 1 ms, in the event format of docs/data.md.

usage: events.py FILE.npz INPUTS DENSITY
"""
import sys

import numpy


def main():
    path, inputs, density = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    random = numpy.random.default_rng(0)
    counts, indices, times = [0], [], []
    for _ in range(16):
        step, index = numpy.nonzero(random.random((500, inputs), dtype=numpy.float32) < density)
        counts.append(len(index))
        indices.append(index.astype(numpy.int32))
        times.append(step.astype(numpy.float32) + numpy.float32(0.5))
    numpy.savez(path, indptr=numpy.cumsum(counts).astype(numpy.int64), index=numpy.concatenate(indices),
                time=numpy.concatenate(times), label=numpy.zeros(16, numpy.int32), inputs=numpy.int64(inputs),
                max_time=numpy.float32(500))


main()
