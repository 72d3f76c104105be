# SPDX-License-Identifier: MIT
"""One linear layer and leaky integrate-and-fire neurons, forward and backward, in a peer: the
workload of the Open Neuromorphic benchmark (batch 16, 500 steps, as many inputs as neurons).

usage: peer.py snntorch|spikingjelly NEURONS [--density 0.05] [--runs 3] [--threads 2]

Inputs are spikes of the given density; the linear layer sees all steps at once, as is fastest. The
loss is the mean of all spikes, the optimizer plain gradient descent. Prints `train = SAMPLES/S`, the
median of the runs after one that is not timed, and `memory = MB`, the most that was resident.
"""
import argparse
import resource
import statistics
import time

import torch
from torch import nn


class SnnTorch(nn.Module):
    def __init__(self, neurons):
        super().__init__()
        import snntorch
        from snntorch import surrogate

        self.linear = nn.Linear(neurons, neurons, bias=False)
        self.leaky = snntorch.Leaky(beta=0.95, spike_grad=surrogate.fast_sigmoid(slope=25))

    def forward(self, spikes):
        currents = self.linear(spikes)
        potential = self.leaky.reset_mem()
        out = []
        for current in currents:
            spike, potential = self.leaky(current, potential)
            out.append(spike)
        return torch.stack(out)


class SpikingJelly(nn.Module):
    def __init__(self, neurons):
        super().__init__()
        from spikingjelly.activation_based import layer, neuron

        self.net = nn.Sequential(
            layer.Linear(neurons, neurons, bias=False, step_mode="m"),
            neuron.LIFNode(tau=20.0, decay_input=False, v_threshold=1.0, v_reset=None, detach_reset=True, step_mode="m"))

    def forward(self, spikes):
        from spikingjelly.activation_based import functional
        functional.reset_net(self.net)
        return self.net(spikes)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["snntorch", "spikingjelly"])
    parser.add_argument("neurons", type=int)
    parser.add_argument("--density", type=float, default=0.05)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=500)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    spikes = (torch.rand(args.steps, args.batch, args.neurons) < args.density).float()
    model = (SnnTorch if args.peer == "snntorch" else SpikingJelly)(args.neurons)
    descend = torch.optim.SGD(model.parameters(), lr=1e-3)
    seconds = []
    for _ in range(args.runs + 1):
        start = time.perf_counter()
        loss = model(spikes).mean()
        descend.zero_grad()
        loss.backward()
        descend.step()
        seconds.append(time.perf_counter() - start)
    print("train =", args.batch / statistics.median(seconds[1:]))
    print("memory =", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


main()
