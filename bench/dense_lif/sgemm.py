# SPDX-License-Identifier: MIT
"""What PyTorch's product of matrices (sgemm) reaches here: 16 samples of 500 steps by N inputs, by N x N weights.

usage: sgemm.py NEURONS [--threads 2]

Prints `sgemm = GFLOP/S`, the best of ten runs.
"""
import argparse
import time

import torch

parser = argparse.ArgumentParser()
parser.add_argument("neurons", type=int)
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()
torch.set_num_threads(args.threads)
inputs, weights = torch.rand(16 * 500, args.neurons), torch.rand(args.neurons, args.neurons)
best = float("inf")
for _ in range(10):
    start = time.perf_counter()
    inputs @ weights
    best = min(best, time.perf_counter() - start)
print("sgemm =", 2 * 16 * 500 * args.neurons**2 / best / 1e9)
