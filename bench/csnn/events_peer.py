# SPDX-License-Identifier: MIT
"""The network of examples/csnn_events.snn in snnTorch, on the recordings of N-MNIST in FOLDER, with the same
settings and no rotation: 300 steps of 1 ms, events counted, those without a neighbour within 10 ms left out.

usage: events_peer.py FOLDER [--epochs 3] [--threads 2] [--seed 0]

Prints the loss and the accuracy on the test recordings after each epoch. To compare:
./csnn_events --data digits=FOLDER epochs=3 turn=0
"""
import argparse
import pathlib
import time

import numpy
import torch
from torch import nn

STEPS, SIDE = 300, 34


def events_of(path):
    raw = numpy.fromfile(path, dtype=numpy.uint8).astype(numpy.int64).reshape(-1, 5)
    x, y, sign = raw[:, 0], raw[:, 1], raw[:, 2] >> 7
    time_us = ((raw[:, 2] & 127) << 16) | (raw[:, 3] << 8) | raw[:, 4]
    is_overflow = y == 240
    time_us = time_us + 8192 * numpy.cumsum(is_overflow)
    keep = ~is_overflow
    return x[keep], y[keep], sign[keep], time_us[keep] - time_us[keep].min()


def denoise(x, y, sign, times, window=10000):
    latest = numpy.full((SIDE + 2, SIDE + 2), window)
    kept = numpy.zeros(len(x), dtype=bool)
    for k, (a, b, t) in enumerate(zip(x + 1, y + 1, times)):
        latest[a, b] = t + window
        kept[k] = max(latest[a - 1, b], latest[a + 1, b], latest[a, b - 1], latest[a, b + 1]) > t
    return x[kept], y[kept], sign[kept], times[kept]


def load(folder):
    samples, labels = [], []
    for path in sorted(folder.glob("*/*.bin")):
        x, y, sign, times = denoise(*events_of(path))
        step = times // 1000
        inside = step < STEPS
        samples.append(numpy.stack([step, sign, y, x])[:, inside])
        labels.append(int(path.parent.name))
    return samples, torch.tensor(labels)


def frames(samples):
    out = torch.zeros(STEPS, len(samples), 2, SIDE, SIDE)
    for k, (step, sign, y, x) in enumerate(samples):
        place = torch.from_numpy(step), torch.full((len(x),), k), torch.from_numpy(sign), torch.from_numpy(y), torch.from_numpy(x)
        out.index_put_(place, torch.ones(len(x)), accumulate=True)
    return out


def network():
    import snntorch
    from snntorch import surrogate

    def leaky():
        return snntorch.Leaky(beta=0.5, spike_grad=surrogate.fast_sigmoid(slope=10), init_hidden=True)

    return nn.Sequential(nn.Conv2d(2, 12, 5), nn.MaxPool2d(2), leaky(), nn.Conv2d(12, 64, 5), nn.MaxPool2d(2), leaky(),
                         nn.Flatten(), nn.Linear(1600, 10), leaky())


def run(net, data):
    from snntorch import utils
    utils.reset(net)
    return torch.stack([net(frame) for frame in data])


def accuracy(net, samples, labels, batch):
    right = 0
    with torch.no_grad():
        for k in range(0, len(samples), batch):
            guess = run(net, frames(samples[k:k + batch])).sum(0).argmax(1)
            right += int((guess == labels[k:k + batch]).sum())
    return right / len(samples)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=16)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    train, train_labels = load(args.folder / "Train")
    test, test_labels = load(args.folder / "Test")
    net = network()
    adam = torch.optim.Adam(net.parameters(), lr=1e-2)
    for epoch in range(1, args.epochs + 1):
        start = time.perf_counter()
        for group in adam.param_groups:
            group["lr"] = 1e-2 * (0.1 if 3 * epoch > 2 * args.epochs else 1)
        total = 0
        for part in torch.randperm(len(train)).split(args.batch):
            spikes = run(net, frames([train[k] for k in part]))
            loss = nn.functional.cross_entropy(spikes.flatten(0, 1), train_labels[part].repeat(STEPS))
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(part)
        seconds = time.perf_counter() - start
        print("epoch", epoch, "loss", total / len(train), "accuracy", accuracy(net, test, test_labels, args.batch),
              "recordings/s", len(train) / seconds, flush=True)


main()
