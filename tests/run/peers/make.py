#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the modules beside it: what snnTorch, SpikingJelly, norse and PyTorch compute, for tests/run/peers_*.snn.

Tests do not run it. It needs torch, snntorch, spikingjelly and norse from PyPI:

    python3 -m venv venv && venv/bin/pip install torch snntorch spikingjelly norse && venv/bin/python make.py

Weights and inputs are small multiples of powers of two, so that most sums are exact and the order of additions does not
matter. Numbers are written with nine digits: those of a float32, which come back to the same bits.
"""

import math
import pathlib
import textwrap
import warnings

warnings.filterwarnings("ignore")

import numpy
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
STEPS, SAMPLES, INPUTS, UNITS, CLASSES = 8, 2, 4, 5, 3
LABELS = torch.tensor([2, 0])


# ---- modules of numbers ----

class Module:
    """A module of arrays with named axes."""

    def __init__(self, name, doc):
        self.path = HERE / f"{name}.snn"
        self.lines = [f"## {line}" for line in textwrap.wrap(doc + " Written by make.py.", 120)]

    def array(self, name, values, **axes):
        values = numpy.asarray(values.detach() if isinstance(values, torch.Tensor) else values, dtype=numpy.float32)
        assert values.shape == tuple(axes.values()), (name, values.shape, axes)
        numbers = ", ".join(numpy.format_float_positional(v, unique=True, trim="-")
                            if 1e-4 <= abs(v) < 1e7 or v == 0 else f"{v:.9g}" for v in values.flatten())
        ranges = ", ".join(f"{axis} in 0 ..< {size}" for axis, size in axes.items())
        index = ""
        for axis, size in axes.items():
            index = axis if not index else f"{'(' + index + ')' if '+' in index else index} * {size} + {axis}"
        self.lines += ["", f"let {name}[{ranges}] = {name}_values[{index}]",
                       *textwrap.wrap(f"let {name}_values = [{numbers}]", 120, subsequent_indent="    ")]

    def number(self, name, value):
        self.lines += ["", f"let {name} = {float(value):.9g}"]

    def write(self):
        self.path.write_text("\n".join(self.lines) + "\n")


def fractions(generator, shape, low, high, parts):
    """Multiples of 1 / parts."""
    return torch.randint(int(low * parts), int(high * parts) + 1, shape, generator=generator).float() / parts


# ---- two dense layers ----

class Dense:
    """The same weights and inputs for all neurons."""

    def __init__(self, seed, low=0.0, high=1.0):
        g = torch.Generator().manual_seed(seed)
        self.x = fractions(g, (STEPS, SAMPLES, INPUTS), low, high, 8)
        self.w1 = fractions(g, (UNITS, INPUTS), -0.25, 0.75, 32)
        self.b1 = fractions(g, (UNITS,), -0.125, 0.25, 32)
        self.w2 = fractions(g, (CLASSES, UNITS), -0.5, 1.25, 32)
        self.b2 = fractions(g, (CLASSES,), -0.125, 0.25, 32)
        self.v = fractions(g, (UNITS, UNITS), -0.5, 0.5, 32)

    def write(self, module):
        module.array("data", self.x.transpose(0, 1), sample=SAMPLES, time=STEPS, input=INPUTS)
        module.array("w1", self.w1.T, input=INPUTS, unit=UNITS)
        module.array("b1", self.b1, unit=UNITS)
        module.array("w2", self.w2.T, unit=UNITS, **{"class": CLASSES})
        module.array("b2", self.b2, **{"class": CLASSES})

    def case(self, module, name, hidden, output, learnt=(), recurrent=False):
        """hidden and output map the currents of a step to spikes and potentials; they keep their states."""
        weights = [w.clone().requires_grad_() for w in (self.w1, self.b1, self.w2, self.b2, self.v)]
        w1, b1, w2, b2, v = weights
        h_u, h_s, o_u, o_s = [], [], [], []
        spikes = torch.zeros(SAMPLES, UNITS)
        for x in self.x:
            current = F.linear(x, w1, b1)
            if recurrent:
                current = current + F.linear(spikes, v)
            spikes, u = hidden(current)
            h_s.append(spikes)
            h_u.append(u)
            s, u = output(F.linear(spikes, w2, b2))
            o_s.append(s)
            o_u.append(u)
        h_u, h_s, o_u, o_s = map(torch.stack, (h_u, h_s, o_u, o_s))
        log_p = F.log_softmax(o_s, -1)
        loss = sum(F.nll_loss(p, LABELS) for p in log_p) / STEPS + 0.1 * (o_u**2).mean() + 0.1 * (h_u**2).mean()
        loss.backward()
        classes = {"class": CLASSES}
        print(f"{name}: {int(h_s.sum())} and {int(o_s.sum())} spikes, loss {loss.item():.6f}")
        assert 5 < h_s.sum() < 70 and 0 < o_s.sum() < 45
        module.array(f"{name}_h", h_u, time=STEPS, sample=SAMPLES, unit=UNITS)
        module.array(f"{name}_h_spikes", h_s, time=STEPS, sample=SAMPLES, unit=UNITS)
        module.array(f"{name}_o", o_u, time=STEPS, sample=SAMPLES, **classes)
        module.array(f"{name}_o_spikes", o_s, time=STEPS, sample=SAMPLES, **classes)
        module.number(f"{name}_loss", loss)
        module.array(f"{name}_w1", w1.grad.T, input=INPUTS, unit=UNITS)
        module.array(f"{name}_b1", b1.grad, unit=UNITS)
        module.array(f"{name}_w2", w2.grad.T, unit=UNITS, **classes)
        module.array(f"{name}_b2", b2.grad, **classes)
        if recurrent:
            module.array(f"{name}_v", v.grad.T, before=UNITS, unit=UNITS)
        for what, parameter in learnt:
            module.number(f"{name}_{what}", parameter.grad)


class Stateful:
    """A neuron of snnTorch or norse as a function of the current of a step."""

    def __init__(self, step):
        self.step, self.state = step, None

    def __call__(self, current):
        spikes, self.state, potential = self.step(current, self.state)
        return spikes, potential


# ---- snnTorch ----

def snntorch_neuron(module):
    """An snnTorch neuron that keeps its states."""
    def step(current, _):
        out = module(current)
        return out[0], None, out[-1]
    return Stateful(step)


def add_recurrent(dense, module, snntorch, slope):
    """RLeaky adds its recurrent weights itdense."""
    module.array("v", dense.v.T, before=UNITS, unit=UNITS)
    for reset in ("subtract", "zero"):
        leaky = snntorch.RLeaky(beta=0.5, linear_features=UNITS, reset_mechanism=reset, spike_grad=slope)
        with torch.no_grad():
            leaky.recurrent.weight.copy_(dense.v)
            leaky.recurrent.bias.zero_()
        spikes, mem = leaky.reset_mem()
        output = snntorch.Leaky(beta=0.5, spike_grad=slope, init_hidden=True, output=True)
        state = {"spikes": spikes, "mem": mem}

        def hidden(current, leaky=leaky, state=state):
            state["spikes"], state["mem"] = leaky(current, state["spikes"], state["mem"])
            return state["spikes"], state["mem"]

        dense.case(module, f"recurrent_{reset}", hidden, snntorch_neuron(output))
        module.array(f"recurrent_{reset}_v", leaky.recurrent.weight.grad.T, before=UNITS, unit=UNITS)


def make_snntorch():
    import snntorch
    from snntorch import surrogate
    module = Module("snntorch", "snnTorch: two dense layers of each of its neurons, all steps, the loss, and every gradient.")
    dense = Dense(3, 0.25, 2.5)
    dense.write(module)
    slope = surrogate.fast_sigmoid(4)

    def pair(kind, **options):
        return [snntorch_neuron(kind(**options, spike_grad=slope, init_hidden=True, output=True)) for _ in range(2)]

    dense.case(module, "subtract", *pair(snntorch.Leaky, beta=0.5))
    dense.case(module, "zero", *pair(snntorch.Leaky, beta=0.5, reset_mechanism="zero"))
    dense.case(module, "none", *pair(snntorch.Leaky, beta=0.5, reset_mechanism="none"))
    dense.case(module, "at_once", *pair(snntorch.Leaky, beta=0.5, reset_delay=False))
    dense.case(module, "zero_at_once", *pair(snntorch.Leaky, beta=0.5, reset_mechanism="zero", reset_delay=False))
    neurons = [snntorch.Leaky(beta=0.5, threshold=1.0, learn_beta=True, learn_threshold=True, spike_grad=slope,
                              init_hidden=True, output=True) for _ in range(2)]
    dense.case(module, "learnt", *map(snntorch_neuron, neurons),
               learnt=[(f"{layer}_{name}", getattr(neuron, name)) for layer, neuron in zip("ho", neurons)
                       for name in ("beta", "threshold")])
    dense.case(module, "synaptic", *pair(snntorch.Synaptic, alpha=0.5, beta=0.5))
    dense.case(module, "synaptic_zero", *pair(snntorch.Synaptic, alpha=0.5, beta=0.5, reset_mechanism="zero"))
    dense.case(module, "lapicque", *pair(snntorch.Lapicque, R=2, C=2, time_step=1))
    dense.case(module, "alpha", *pair(snntorch.Alpha, alpha=0.875, beta=0.5, threshold=0.25, reset_mechanism="subtract"))
    dense.case(module, "alpha_zero", *pair(snntorch.Alpha, alpha=0.875, beta=0.5, threshold=0.25, reset_mechanism="zero"))
    add_recurrent(dense, module, snntorch, slope)
    module.write()


def make_windows():
    import snntorch
    from snntorch import surrogate
    module = Module("windows", "snnTorch behind convolutions and pools: pictures that stay, and spikes that come and go; all "
                    "steps, the loss, and every gradient.")
    g = torch.Generator().manual_seed(17)
    slope = surrogate.fast_sigmoid(4)
    picture = fractions(g, (SAMPLES, 2, 6, 6), 0.0, 1.0, 8)
    events = (torch.rand((STEPS, SAMPLES, 2, 6, 6), generator=g) < 0.4).float()
    weights = {
        "w1": fractions(g, (3, 2, 3, 3), -0.25, 0.375, 16), "b1": fractions(g, (3,), -0.125, 0.25, 32),
        "w2": fractions(g, (4, 3, 2, 2), -0.5, 1.0, 16), "b2": fractions(g, (4,), -0.125, 0.25, 32),
        "w3": fractions(g, (CLASSES, 36), -0.25, 0.375, 16), "b3": fractions(g, (CLASSES,), -0.125, 0.25, 32),
        "w4": fractions(g, (3, 2, 3, 3), -0.125, 0.5, 16), "w5": fractions(g, (4, 3, 2, 2), -0.25, 1.0, 16),
        "w6": fractions(g, (CLASSES, 36), -0.25, 0.375, 16),
    }
    space = {"y": 6, "x": 6}
    module.array("picture", picture, sample=SAMPLES, channel=2, **space)
    module.array("events", events.transpose(0, 1), sample=SAMPLES, time=STEPS, channel=2, **space)

    def write(prefix, w):
        for name, value in w.items():
            if value is None:
                continue
            if value.dim() == 4:
                sizes = dict(zip(("y", "x", "channel", "filter"), value.permute(2, 3, 1, 0).shape))
                module.array(prefix + name, value.permute(2, 3, 1, 0), **sizes)
            elif value.dim() == 2:
                sizes = {"channel": 4, "y": 3, "x": 3, "class": CLASSES}
                module.array(prefix + name, value.T.reshape(4, 3, 3, CLASSES), **sizes)
            else:
                module.array(prefix + name, value, **{"class" if name == "b3" else "filter": len(value)})

    write("", weights)

    def deep(w, x, layers):
        """conv 3 |> max pool 2, conv 2 with a rim of zeros, dense."""
        one = layers[0](F.max_pool2d(F.conv2d(x, w["w1"], w["b1"]), 2))
        two = layers[1](F.conv2d(one[0], w["w2"], w["b2"], padding=1))
        return one, two, layers[2](F.linear(two[0].flatten(1), w["w3"], w["b3"]))

    def wide(w, x, layers):
        """conv 3 in steps of 2, avg pool 2 |> conv 2, dense, without biases."""
        one = layers[0](F.conv2d(x, w["w4"], stride=2, padding=1))
        two = layers[1](F.conv2d(F.avg_pool2d(one[0], 2, stride=1), w["w5"], padding=1))
        return one, two, layers[2](F.linear(two[0].flatten(1), w["w6"]))

    for name, net, frames in [("still", deep, [picture] * STEPS), ("moving", deep, list(events)),
                              ("strided", wide, list(events))]:
        w = {key: value.clone().requires_grad_() for key, value in weights.items()}
        layers = [snntorch.Leaky(beta=0.5, spike_grad=slope, init_hidden=True, output=True) for _ in range(3)]
        out = [net(w, x, layers) for x in frames]
        spikes = [torch.stack([step[k][0] for step in out]) for k in range(3)]
        loss = sum(F.cross_entropy(step, LABELS) for step in spikes[2]) / STEPS
        loss.backward()
        print(f"{name}: {[int(s.sum()) for s in spikes]} of {[s.numel() for s in spikes]} spikes, loss {loss.item():.6f}")
        module.array(f"{name}_u", torch.stack([step[1][1] for step in out])[-1], sample=SAMPLES, channel=4,
                     **dict(zip("yx", out[0][1][1].shape[2:])))
        module.array(f"{name}_spikes", spikes[2], time=STEPS, sample=SAMPLES, **{"class": CLASSES})
        module.number(f"{name}_loss", loss)
        write(f"{name}_", {key: value.grad for key, value in w.items()})
    module.write()


# ---- SpikingJelly ----

def make_spikingjelly():
    from spikingjelly.activation_based import neuron, surrogate
    module = Module("spikingjelly", "SpikingJelly: two dense layers of each of its neurons, all steps, the loss, and every "
                    "gradient.")
    dense = Dense(5, 0.5, 3.0)
    dense.write(module)

    def wrap(node):
        return lambda current: (node(current), node.v)

    def pair(kind, **options):
        return [wrap(kind(**options, surrogate_function=surrogate.Sigmoid(4.0))) for _ in range(2)]

    for name, kind, options in [
        ("if_hard", neuron.IFNode, {"v_threshold": 2.0}),
        ("if_soft", neuron.IFNode, {"v_threshold": 2.0, "v_reset": None}),
        ("hard", neuron.LIFNode, {}),
        ("hard_detached", neuron.LIFNode, {"detach_reset": True}),
        ("hard_undecayed", neuron.LIFNode, {"decay_input": False, "v_threshold": 2.0}),
        ("soft", neuron.LIFNode, {"v_reset": None}),
        ("soft_detached", neuron.LIFNode, {"v_reset": None, "detach_reset": True, "decay_input": False, "v_threshold": 2.0}),
        ("reset_level", neuron.LIFNode, {"v_reset": -0.125, "tau": 1.25}),
    ]:
        dense.case(module, name, *pair(kind, **options))
    nodes = [neuron.ParametricLIFNode(init_tau=2.0, surrogate_function=surrogate.Sigmoid(4.0)) for _ in range(2)]
    dense.case(module, "parametric", *map(wrap, nodes),
               learnt=[(f"{layer}_rate", node.w) for layer, node in zip("ho", nodes)])
    module.write()


# ---- norse ----

def make_norse():
    import norse.torch as norse
    module = Module("norse", "norse: two dense layers of its cells, feed-forward and recurrent, all steps, the loss, and "
                    "every gradient.")
    dense = Dense(7, 0.5, 5.0)
    dense.write(module)
    module.array("v", dense.v.T, before=UNITS, unit=UNITS)
    p = norse.LIFParameters(method="super")

    def cell(current, state):
        state = state or norse.LIFFeedForwardState(v=torch.zeros_like(current), i=torch.zeros_like(current))
        spikes, state = norse.lif_feed_forward_step(current, state, p)
        return spikes, state, state.v

    box = norse.LIFBoxParameters(v_th=torch.as_tensor(0.25), method="super")

    def box_cell(current, state):
        state = state or norse.LIFBoxFeedForwardState(v=torch.zeros_like(current))
        spikes, state = norse.lif_box_feed_forward_step(current, state, box)
        return spikes, state, state.v

    dense.case(module, "cell", Stateful(cell), Stateful(cell))
    dense.case(module, "box", Stateful(box_cell), Stateful(box_cell))

    one = torch.eye(UNITS)
    zero = torch.zeros(UNITS, UNITS)

    def detached(current, state):
        """The step of recurrent cells, whose reset is detached; the recurrent current comes from outside."""
        n = current.shape[1]
        state = state or norse.LIFState(z=torch.zeros_like(current), v=torch.zeros_like(current),
                                        i=torch.zeros_like(current))
        spikes, state = norse.lif_step(current, state, one[:n, :n], zero[:n, :n], p)
        return spikes, state, state.v

    dense.case(module, "recurrent", Stateful(detached), Stateful(cell), recurrent=True)
    module.write()


# ---- STBP ----

class Rectangle(torch.autograd.Function):
    """The spike of STBP."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x > 0).float()

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        return grad * (x.abs() < 0.25).float() / 0.5


def make_stbp():
    module = Module("stbp", "The neuron of STBP, as its equations say: two dense layers, all steps, the loss, and every gradient.")
    dense = Dense(19, 0.0, 0.5)
    dense.write(module)

    def step(current, state):
        u, o = state or (torch.zeros_like(current), torch.zeros_like(current))
        u = 0.3 * u * (1 - o) + current
        o = Rectangle.apply(u - 0.3)
        return o, (u, o), u

    dense.case(module, "wu", Stateful(step), Stateful(step))
    module.write()


# ---- surrogates ----

def make_surrogates():
    from snntorch import surrogate as snn
    from spikingjelly.activation_based import surrogate as jelly
    from norse.torch.functional import threshold as norse
    module = Module("surrogates", "The derivatives of spikes that snnTorch, SpikingJelly and norse have at distances from the "
                    "threshold.")
    x = torch.arange(-16, 17) / 8
    module.array("distance", x, place=len(x))

    def add(name, spike):
        at = x.clone().requires_grad_()
        spike(at).sum().backward()
        module.array(name, at.grad, place=len(x))

    for name, spike in [
        ("atan", snn.atan()), ("fast_sigmoid_25", snn.fast_sigmoid()), ("sigmoid_25", snn.sigmoid()),
        ("straight", snn.straight_through_estimator()), ("heaviside_1", snn.heaviside()), ("triangular_1", snn.triangular()),
        ("escape", snn.spike_rate_escape()), ("sfs", snn.SFS(slope=25, B=1)),
    ]:
        add(name, spike)
    for name, spike in [
        ("quadratic", jelly.PiecewiseQuadratic()), ("exponential", jelly.PiecewiseExp()), ("sigmoid_4", jelly.Sigmoid()),
        ("sign", jelly.SoftSign()), ("spike", jelly.SuperSpike()), ("atan_2", jelly.ATan()),
        ("log_abs", jelly.NonzeroSignLogAbs()), ("erf", jelly.Erf()), ("leaky_relu", jelly.PiecewiseLeakyReLU()),
        ("fourier", jelly.SquarewaveFourierSeries(n=4)), ("s2", jelly.S2NN()), ("q", jelly.QPseudoSpike()),
        ("k_relu", jelly.LeakyKReLU(leak=0.25)), ("fake", jelly.FakeNumericalGradient()), ("tailed", jelly.LogTailedReLU()),
        ("rectangle", jelly.Rect()), ("passing", jelly.DeterministicPass()),
    ]:
        add(name, spike)
    for name, method, alpha in [("super", "super", 1.0), ("triangle_03", "triangle", 0.3), ("tanh_2", "tanh", 2.0),
                                ("erfc_2", "heavi_erfc", 2.0), ("circ_2", "circ", 2.0)]:
        add(name, lambda x, method=method, alpha=alpha: norse.threshold(x, method, alpha))
    module.write()


# ---- losses ----

def make_losses():
    import snntorch
    from snntorch import functional, surrogate
    module = Module("losses", "The losses of snnTorch, and the gradients that they send through a layer of Leaky neurons.")
    g = torch.Generator().manual_seed(11)
    x = fractions(g, (STEPS, 4, INPUTS), 0.0, 0.75, 8)
    w = fractions(g, (CLASSES, INPUTS), -0.25, 0.75, 32)
    labels = torch.tensor([2, 0, 1, 1])
    module.array("data", x.transpose(0, 1), sample=4, time=STEPS, input=INPUTS)
    module.array("weight", w.T, input=INPUTS, **{"class": CLASSES})
    for name, loss_of, is_potential in [
        ("rate", functional.ce_rate_loss(), False),
        ("count", functional.ce_count_loss(), False),
        ("squares", functional.mse_count_loss(correct_rate=0.8, incorrect_rate=0.2), False),
        ("membrane", functional.mse_membrane_loss(on_target=1.5, off_target=0.25), True),
        ("largest", functional.ce_max_membrane_loss(), True),
        ("time", functional.mse_temporal_loss(on_target=0, off_target=STEPS - 1), False),
        ("time_near", functional.mse_temporal_loss(on_target=1, off_target=6, tolerance=2), False),
        ("earliest", functional.ce_temporal_loss(), False),
        ("earliest_inverse", functional.ce_temporal_loss(inverse="reciprocal"), False),
        ("price", lambda spikes, _: functional.reg.l1_rate_sparsity(0.125)(spikes), False),
        ("rate_squares", lambda spikes, labels: F.mse_loss(spikes.mean(0), F.one_hot(labels, CLASSES).float()), False),
    ]:
        learnt = w.clone().requires_grad_()
        leaky = snntorch.Leaky(beta=0.5, spike_grad=surrogate.fast_sigmoid(4), init_hidden=True, output=True)
        out = [leaky(F.linear(step, learnt)) for step in x]
        spikes, potential = (torch.stack(part) for part in zip(*out))
        loss = loss_of(potential if is_potential else spikes, labels.clone())
        loss.backward()
        print(f"{name}: {loss.item():.6f}, {int(spikes.sum())} spikes, {int((spikes.sum(0) == 0).sum())} silent")
        module.number(f"{name}_loss", loss)
        module.array(f"{name}_w", learnt.grad.T, input=INPUTS, **{"class": CLASSES})
    module.write()


# ---- optimizers ----

CLIPPED = {"norm_clipped": lambda w: torch.nn.utils.clip_grad_norm_(w, 0.75),
           "value_clipped": lambda w: torch.nn.utils.clip_grad_value_(w, 0.25)}

OPTIMIZERS = [
    ("norm_clipped", lambda w: torch.optim.SGD(w, 0.1)),
    ("value_clipped", lambda w: torch.optim.Adam(w, 0.05)),
    ("plain", lambda w: torch.optim.SGD(w, 0.1)),
    ("decayed", lambda w: torch.optim.SGD(w, 0.1, weight_decay=0.05)),
    ("momentum", lambda w: torch.optim.SGD(w, 0.1, momentum=0.9)),
    ("dampened", lambda w: torch.optim.SGD(w, 0.1, momentum=0.9, dampening=0.5, weight_decay=0.05)),
    ("nesterov", lambda w: torch.optim.SGD(w, 0.1, momentum=0.9, nesterov=True)),
    ("adam_default", lambda w: torch.optim.Adam(w, 0.05)),
    ("adam_decayed", lambda w: torch.optim.Adam(w, 0.05, betas=(0.8, 0.99), eps=1e-3, weight_decay=0.1)),
    ("largest", lambda w: torch.optim.Adam(w, 0.05, betas=(0.5, 0.6), amsgrad=True)),
    ("adamw_default", lambda w: torch.optim.AdamW(w, 0.05)),
    ("adamw_decayed", lambda w: torch.optim.AdamW(w, 0.05, weight_decay=0.2)),
    ("rms", lambda w: torch.optim.RMSprop(w, 0.05)),
    ("rms_centered", lambda w: torch.optim.RMSprop(w, 0.05, alpha=0.9, centered=True, momentum=0.5, weight_decay=0.1)),
]


def make_optimizers():
    module = Module("optimizers", "Ten steps of PyTorch's optimizers on given gradients.")
    g = torch.Generator().manual_seed(13)
    start = fractions(g, (6,), -1.0, 1.0, 16)
    gradient = fractions(g, (10, 6), -1.0, 1.0, 64)
    module.array("start", start, place=6)
    module.array("gradient", gradient, step=10, place=6)
    for name, optimizer_of in OPTIMIZERS:
        weight = start.clone().requires_grad_()
        optimizer = optimizer_of([weight])
        steps = []
        for step in gradient:
            weight.grad = step.clone()
            if name in CLIPPED:
                CLIPPED[name]([weight])
            optimizer.step()
            steps.append(weight.detach().clone())
        module.array(f"{name}_steps", torch.stack(steps), step=10, place=6)
    module.write()


# ---- all of it ----

def make_training():
    import snntorch
    from snntorch import functional, surrogate
    module = Module("training", "Thirty steps of Adam on two layers of snnTorch's Leaky, clipped, with a schedule: the losses.")
    dense = Dense(23, 0.0, 1.5)
    dense.write(module)
    w = [p.clone().requires_grad_() for p in (dense.w1, dense.b1, dense.w2, dense.b2)]
    optimizer = torch.optim.Adam(w, 0.05)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 10, gamma=0.5)
    loss_of = functional.ce_rate_loss()
    losses, clipped = [], 0
    for _ in range(30):
        layers = [snntorch.Leaky(beta=0.5, spike_grad=surrogate.fast_sigmoid(4), init_hidden=True, output=True)
                  for _ in range(2)]
        spikes = torch.stack([layers[1](F.linear(layers[0](F.linear(x, w[0], w[1]))[0], w[2], w[3]))[0] for x in dense.x])
        loss = loss_of(spikes, LABELS)
        optimizer.zero_grad()
        loss.backward()
        clipped += int(torch.nn.utils.clip_grad_norm_(w, 0.25) > 0.25)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    print(f"training: {losses[0]:.4f} to {losses[-1]:.4f}, clipped {clipped} times, {len(set(losses))} losses")
    module.array("losses", torch.tensor(losses), step=30)
    module.write()


# ---- schedules ----

def make_schedules():
    from torch.optim import lr_scheduler
    module = Module("schedules", "The learning rates of PyTorch's schedules in twelve epochs, from a rate of 0.5.")
    for name, schedule_of in [
        ("by_steps", lambda o: lr_scheduler.StepLR(o, 3, gamma=0.5)),
        ("at_milestones", lambda o: lr_scheduler.MultiStepLR(o, [2, 5, 9])),
        ("exponential", lambda o: lr_scheduler.ExponentialLR(o, 0.8)),
        ("cosine", lambda o: lr_scheduler.CosineAnnealingLR(o, 12, eta_min=0.05)),
        ("warming", lambda o: lr_scheduler.LinearLR(o)),
    ]:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.5)
        schedule = schedule_of(optimizer)
        rates = []
        for _ in range(12):
            rates.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        module.array(name, torch.tensor(rates), epoch=12)
    module.write()


if __name__ == "__main__":
    make_snntorch()
    make_spikingjelly()
    make_norse()
    make_surrogates()
    make_losses()
    make_optimizers()
    make_schedules()
    make_windows()
    make_stbp()
    make_training()
