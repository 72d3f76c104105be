# SPDX-License-Identifier: MIT
"""Training throughput of 12C5-MP2-64C5-MP2-FC10 in a peer, as examples/csnn.snn has it.

usage: peer.py snntorch|spikingjelly BATCHES [--norm] [--threads 2] [--batch 128] [--steps 50] [--data FOLDER]

The neurons are leaky (0.5 a step), spike above 1, lose the threshold one step later (snnTorch) or at
once (SpikingJelly), and have a fast sigmoid (slope 25) for a derivative. Adam, 1e-2. --norm: a batch
normalisation behind each convolution, in snnTorch of each step, as its users write it. The first batch
is not timed. Prints `train = SAMPLES/S` and `memory = MB`, the most that was resident.
"""
import argparse
import gzip
import pathlib
import resource
import time

import torch
from torch import nn


def pictures(folder, count, part="train"):
    if folder is None:
        generator = torch.Generator().manual_seed(0)
        images = (torch.rand(count, 1, 28, 28, generator=generator) - 0.8).clamp(min=0) * 5
        return images, torch.randint(10, (count,), generator=generator)
    folder = pathlib.Path(folder)
    images = gzip.open(folder / f"{part}-images-idx3-ubyte.gz").read()[16:16 + 784 * count]
    labels = gzip.open(folder / f"{part}-labels-idx1-ubyte.gz").read()[8:8 + count]
    images = torch.frombuffer(bytearray(images), dtype=torch.uint8).view(-1, 1, 28, 28) / 255
    return images, torch.frombuffer(bytearray(labels), dtype=torch.uint8).long()


class SnnTorch(nn.Module):
    """Step by step, as its tutorials do and as the original program does."""

    def __init__(self, steps, norm=False):
        super().__init__()
        import snntorch
        from snntorch import surrogate

        def convolution(*sizes):
            layers = [nn.Conv2d(*sizes), nn.BatchNorm2d(sizes[1])] if norm else [nn.Conv2d(*sizes)]
            return nn.Sequential(*layers, nn.MaxPool2d(2))

        def leaky():
            return snntorch.Leaky(beta=0.5, spike_grad=surrogate.fast_sigmoid(slope=25), init_hidden=True)

        self.steps = steps
        self.net = nn.Sequential(convolution(1, 12, 5), leaky(), convolution(12, 64, 5), leaky(), nn.Flatten(),
                                 nn.Linear(1024, 10), leaky())

    def forward(self, image):
        from snntorch import utils
        utils.reset(self.net)
        return torch.stack([self.net(image) for _ in range(self.steps)])


class SpikingJelly(nn.Module):
    """Layer by layer through time ('m'), its fastest mode; the convolution that sees the same
    picture in every step is computed once."""

    def __init__(self, steps, norm=False):
        super().__init__()
        from spikingjelly.activation_based import layer, neuron, surrogate

        class FastSigmoid(surrogate.SurrogateFunctionBase):
            class Spike(torch.autograd.Function):
                @staticmethod
                def forward(ctx, x, slope):
                    ctx.save_for_backward(x)
                    ctx.slope = slope
                    return (x >= 0).to(x)

                @staticmethod
                def backward(ctx, grad):
                    (x,) = ctx.saved_tensors
                    return grad / (ctx.slope * x.abs() + 1) ** 2, None

            def forward(self, x):
                return self.Spike.apply(x, 25.0)

        def leaky():
            return neuron.LIFNode(tau=2.0, decay_input=False, v_threshold=1.0, v_reset=None, detach_reset=True,
                                  surrogate_function=FastSigmoid(), step_mode="m")

        self.steps = steps
        self.still = nn.Sequential(nn.Conv2d(1, 12, 5), *([nn.BatchNorm2d(12)] if norm else []), nn.MaxPool2d(2))
        self.net = nn.Sequential(leaky(), layer.Conv2d(12, 64, 5, step_mode="m"),
                                 *([layer.BatchNorm2d(64, step_mode="m")] if norm else []),
                                 layer.MaxPool2d(2, step_mode="m"), leaky(), layer.Flatten(step_mode="m"),
                                 layer.Linear(1024, 10, step_mode="m"), leaky())

    def forward(self, image):
        from spikingjelly.activation_based import functional
        functional.reset_net(self.net)
        return self.net(self.still(image).unsqueeze(0).expand(self.steps, -1, -1, -1, -1).contiguous())


def ce_rate(spikes, labels):
    steps = spikes.shape[0]
    return nn.functional.cross_entropy(spikes.flatten(0, 1), labels.repeat(steps))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["snntorch", "spikingjelly"])
    parser.add_argument("batches", type=int)
    parser.add_argument("--norm", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--data")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    images, labels = pictures(args.data, args.batch * (args.batches + 1))
    model = (SnnTorch if args.peer == "snntorch" else SpikingJelly)(args.steps, args.norm)
    adam = torch.optim.Adam(model.parameters(), lr=1e-2)
    start = None
    for k in range(args.batches + 1):
        part = slice(k * args.batch, (k + 1) * args.batch)
        loss = ce_rate(model(images[part]), labels[part])
        adam.zero_grad()
        loss.backward()
        adam.step()
        start = start or time.perf_counter()
    seconds = time.perf_counter() - start
    print("train =", args.batches * args.batch / seconds)
    print("memory =", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print("loss =", loss.item())


if __name__ == "__main__":
    main()
