#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Images per second of the same network in BindsNET, or, where BindsNET cannot be
imported, of BindsNET's step written out as plain PyTorch tensors.

Installs nothing: run.sh makes the virtual environment. Prints `name = value` lines.
"""

import argparse
import gzip
import math
import os
import resource
import statistics
import time

import numpy
import torch

STEPS = 250
PIXELS = 784


def read_images(folder, part, count):
    """The first images of an MNIST file, or blobs as sparse as digits where it is missing."""
    for ending, opener in ((".gz", gzip.open), ("", open)):
        path = os.path.join(folder, f"{part}-images-idx3-ubyte{ending}")
        if os.path.exists(path):
            with opener(path, "rb") as file:
                pixels = file.read(16 + PIXELS * count)[16:]
            return "mnist", numpy.frombuffer(pixels, numpy.uint8).reshape(count, PIXELS)
    random = numpy.random.default_rng(0)
    y, x = numpy.mgrid[0:28, 0:28]
    images = numpy.zeros((count, 28, 28))
    for image in images:
        for cy, cx in random.uniform(8, 20, (6, 2)):
            image += 255 * numpy.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 5)
    return "synthetic", numpy.clip(images, 0, 255).astype(numpy.uint8).reshape(count, PIXELS)


class BindsnetModel:
    """The network as examples/mnist/eth_mnist.py of BindsNET builds and runs it."""

    def __init__(self, n):
        import bindsnet
        from bindsnet.encoding import poisson
        from bindsnet.models import DiehlAndCook2015
        from bindsnet.network.monitors import Monitor

        self.name = "BindsNET " + getattr(bindsnet, "__version__", installed_version("bindsnet"))
        self.encode = lambda rates: poisson(rates, time=STEPS, dt=1.0)
        self.network = DiehlAndCook2015(
            n_inpt=PIXELS, n_neurons=n, exc=22.5, inh=120, dt=1.0, norm=78.4,
            theta_plus=0.05, inpt_shape=(1, 28, 28))
        self.monitor = Monitor(self.network.layers["Ae"], state_vars=["s"], time=STEPS)
        self.network.add_monitor(self.monitor, name="Ae_spikes")

    def train(self, learning):
        self.network.train(learning)

    def present(self, rates):
        spikes = self.encode(rates).view(STEPS, 1, 1, 28, 28)
        self.network.run(inputs={"X": spikes}, time=STEPS)
        counts = self.monitor.get("s").sum(0).view(-1)
        self.network.reset_state_variables()
        return counts


class PlainModel:
    """The same step as tensors, without the library around it."""

    name = "BindsNET step in plain PyTorch"

    def __init__(self, n):
        self.n = n
        self.learning = True
        self.weights = 0.3 * torch.rand(PIXELS, n)
        self.exc_to_inh = 22.5 * torch.eye(n)
        self.inh_to_exc = -120 * (1 - torch.eye(n))
        self.theta = torch.zeros(n)
        self.exc_decay, self.inh_decay = math.exp(-1 / 100), math.exp(-1 / 10)
        self.trace_decay, self.theta_decay = math.exp(-1 / 20), math.exp(-1 / 1e7)

    def train(self, learning):
        self.learning = learning

    def encode(self, rates):
        lit = rates > 0
        mean = torch.zeros_like(rates)
        mean[lit] = 1000 / rates[lit]
        intervals = torch.poisson(mean.expand(STEPS + 1, PIXELS))
        intervals[:, lit] += (intervals[:, lit] == 0).float()
        times = intervals.cumsum(0).long()
        times[times > STEPS] = 0
        spikes = torch.zeros(STEPS + 1, PIXELS)
        spikes[times, torch.arange(PIXELS)] = 1
        return spikes[1:]

    def present(self, rates):
        spikes = self.encode(rates)
        n = self.n
        x, x_trace, trace = torch.zeros(PIXELS), torch.zeros(PIXELS), torch.zeros(n)
        exc, inh = torch.zeros(n), torch.zeros(n)
        v, refractory = torch.full((n,), -65.0), torch.zeros(n)
        inh_v, inh_refractory = torch.full((n,), -60.0), torch.zeros(n)
        counts = torch.zeros(n)
        for step in range(STEPS):
            exc_input = x @ self.weights + inh @ self.inh_to_exc
            inh_input = exc @ self.exc_to_inh
            x = spikes[step]
            x_trace.mul_(self.trace_decay).masked_fill_(x.bool(), 1)

            v.add_(65).mul_(self.exc_decay).sub_(65)
            if self.learning:
                self.theta.mul_(self.theta_decay)
            v.add_((refractory <= 0).float() * exc_input)
            refractory.sub_(1)
            reached = v >= self.theta - 52
            refractory.masked_fill_(reached, 5)
            v.masked_fill_(reached, -60)
            if self.learning:
                self.theta.add_(0.05 * reached.float())
            exc = reached.float()
            if reached.any():
                winner = torch.multinomial(exc, 1)
                exc = torch.zeros(n)
                exc[winner] = 1
            trace.mul_(self.trace_decay).masked_fill_(exc.bool(), 1)

            inh_v.add_(60).mul_(self.inh_decay).sub_(60)
            inh_v.add_((inh_refractory <= 0).float() * inh_input)
            inh_refractory.sub_(1)
            inh_reached = inh_v >= -40
            inh_refractory.masked_fill_(inh_reached, 2)
            inh_v.masked_fill_(inh_reached, -45)
            inh = inh_reached.float()

            if self.learning:
                self.weights.addr_(x, trace, alpha=-1e-4)
                self.weights.addr_(x_trace, exc, alpha=1e-2)
                self.weights.clamp_(0, 1)
            counts += exc
        self.weights *= 78.4 / self.weights.sum(0, keepdim=True)
        return counts


def installed_version(package):
    from importlib.metadata import version
    return version(package)


def make_model(kind, n):
    if kind == "plain":
        return PlainModel(n)
    try:
        return BindsnetModel(n)
    except ImportError as reason:
        if kind == "bindsnet":
            raise SystemExit(f"bindsnet_peer: BindsNET cannot be imported: {reason}")
        return PlainModel(n)


def rate(model, images, learning, repeats):
    """Median images per second over several passes, after a warm-up of two images."""
    model.train(learning)
    for image in images[:2]:
        model.present(image)
    rates = []
    for _ in range(repeats):
        start = time.perf_counter()
        for image in images:
            model.present(image)
        rates.append(len(images) / (time.perf_counter() - start))
    return statistics.median(rates)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--images", type=int, default=20, help="images in one pass")
    parser.add_argument("--repeats", type=int, default=3, help="passes; the median counts")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", choices=("any", "bindsnet", "plain"), default="any")
    parser.add_argument("--data", default=os.environ.get("SNN_DATA", "../shared/data/mnist"))
    options = parser.parse_args()

    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    source, pixels = read_images(options.data, "train", options.images)
    images = [torch.tensor(image).float() / 255 * 128 for image in pixels]
    model = make_model(options.model, options.n)
    print(f"model = {model.name}, torch {torch.__version__}")
    print(f"images = {source}")
    print(f"train_rate = {rate(model, images, True, options.repeats):.2f} images/s")
    print(f"test_rate = {rate(model, images, False, options.repeats):.2f} images/s")
    print(f"memory = {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.1f} MB")


if __name__ == "__main__":
    main()
