"""From the network's one list of layers to the loop nests of a single picture, forward and back.

A lowered layer gives its units from those below; later, from the gradient by its units, it says what its parameters are
to learn, and gives the gradient by the units below.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import prod

import halide as hl

from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.form import Form
from lenet.engines.halide.online import kernels
from lenet.engines.halide.online.planes import Planes, Step, framed, total, whole
from lenet.engines.halide.online.table import Table
from lenet.engines.halide.processor import LANES, lanes_of
from lenet.engines.halide.units import Kernels, constant, in_a_row, m, x, y
from lenet.errors import InputError
from lenet.models.layers import Convolution, FullConnection, Layer, Shape, Subsampling
from lenet.models.output import EuclideanRBF

POOLINGS = {"mean": 1 / 4, "trainable-mean": 1 / 4, "trainable-sum": 1.0}  # the share of each of the four


class Stage:
    """A convolution, with or without a table, and the sub-sampling after it."""

    def __init__(
        self, name: str, layer: Convolution, subsampling: Subsampling, inputs: Shape, offset: int, step: Step
    ) -> None:
        self.name, self.step = name, step
        self.sums, self.outputs = layer.outputs, subsampling.outputs
        self.squashing, self.pooled_squashing = ACTIVATIONS[layer.activation], ACTIVATIONS[subsampling.activation]
        self.kernels = Kernels(step.parameters, offset, layer.outputs[0], inputs[0], layer.kernel_size[0])
        self.table = Table(layer.connected, self.kernels.maps, self.kernels.below)
        self.share, self.trainable = hl.f32(POOLINGS[subsampling.pooling]), subsampling.trainable
        self.columns = whole(2 * self.outputs[2]) // 2  # whole vectors of the sums that are sampled
        self.end = self.kernels.end + 2 * layer.outputs[0] * subsampling.trainable

    def forward(self, below: Planes) -> Planes:
        self.below = below
        units = kernels.convolved(self.name, below, self.kernels, self.table, self.sums, self.squashing.squash)
        self.units = Planes(units, self.sums, self.squashing.slope)
        self.pooled = hl.Func(f"{self.name}_pooled")
        four = [units[2 * x + place % 2, 2 * y + place // 2, m] for place in range(4)]
        self.pooled[x, y, m] = self.share * (four[0] + four[1] + four[2] + four[3])
        sampled = framed(f"{self.name}_sampled", self._sampled, self.outputs, self.columns)
        self.sampled = Planes(sampled, self.outputs, self.pooled_squashing.slope)
        return self.sampled

    def _sampled(self, x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        sums = self._coefficient(m) * self.pooled[x, y, m]
        if not self.trainable:
            return sums
        return self.pooled_squashing.squash(sums + self.step.parameters[self.kernels.end + self.outputs[0] + m])

    def _coefficient(self, m: hl.Expr) -> hl.Expr:
        return self.step.parameters[self.kernels.end + m] if self.trainable else hl.f32(1)

    def backward(self, gradient: hl.Func, last: bool) -> hl.Func | None:
        maps, height, width = self.outputs

        def by_sampled(*place: hl.Expr) -> hl.Expr:
            return gradient[place] * self.sampled.slope(self.sampled(*place))

        by_pooled = framed(f"{self.name}_by_pooled", by_sampled, self.outputs, self.columns)

        def by_coefficient(*place: hl.Expr) -> hl.Expr:
            return by_pooled[place] * self.pooled[place]

        if self.trainable:
            coefficients = total(f"{self.name}_coefficients", by_coefficient, self.outputs, self.columns)
            offsets = total(f"{self.name}_offsets", lambda *place: by_pooled[place], self.outputs, self.columns)
            self.step.learn(self.kernels.end, (maps,), lambda m: coefficients[m])
            self.step.learn(self.kernels.end + maps, (maps,), lambda m: offsets[m])

        def by_sums(x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
            back = self.share * self._coefficient(m) * by_pooled[x // 2, y // 2, m]
            return back * self.units.slope(self.units(x, y, m))

        sampled = (maps, 2 * height, 2 * width)
        spread = Planes(framed(f"{self.name}_by_sums", by_sums, sampled, 2 * self.columns), self.sums)
        weights = kernels.kernel_gradient(f"{self.name}_weights", spread, self.below, self.kernels, self.table)
        biases = total(f"{self.name}_biases", spread, self.sums, whole(self.sums[2]))
        count = self.kernels.bias_offset - self.kernels.offset
        self.step.learn(self.kernels.offset, (count,), lambda place: weights[place])
        self.step.learn(self.kernels.bias_offset, (maps,), lambda m: biases[m])
        if last:
            return None
        return kernels.convolved_back(f"{self.name}_back", spread, self.kernels, self.table, self.below.shape)


class Connection:
    """A layer whose units see all the units below: F6, an output with weights, and C5, whose kernels cover them."""

    def __init__(self, name: str, layer: Convolution | FullConnection, inputs: Shape, offset: int, step: Step) -> None:
        self.name, self.step, self.inputs = name, step, inputs
        self.outputs = layer.outputs
        self.squashing = ACTIVATIONS[layer.activation]
        self.kernels = Kernels(step.parameters, offset, layer.outputs[0], prod(inputs), side=1)
        self.end = self.kernels.end

    def forward(self, below: Planes) -> Planes:
        self.below = _flat(self.name, below)
        units = kernels.connected(self.name, self.below, self.kernels, self.squashing.squash)
        self.units = Planes(units, self.outputs, self.squashing.slope)
        return self.units

    def backward(self, gradient: hl.Func, last: bool) -> hl.Func | None:
        by_sums = hl.Func(f"{self.name}_by_sums")
        by_sums[m] = gradient[m] * self.units.slope(self.units(m))
        by_sums.compute_root().bound(m, 0, self.kernels.maps).vectorize(m, lanes_of(self.kernels.maps))
        extents = (self.kernels.below, self.kernels.maps)
        self.step.learn(self.kernels.offset, extents, lambda below, m: by_sums[m] * self.below[below])
        self.step.learn(self.kernels.bias_offset, extents[1:], lambda m: by_sums[m])
        if last:
            return None
        return _in_maps(self.name, kernels.connected_back(f"{self.name}_back", by_sums, self.kernels), self.inputs)


class Codes:
    """The Euclidean RBF output: minus the squared distances to the codes, which do not learn."""

    def __init__(self, name: str, layer: EuclideanRBF, inputs: Shape, offset: int) -> None:
        self.name, self.inputs, self.end, self.outputs = name, inputs, offset, layer.outputs
        self.codes = constant(layer.codes)  # [unit, class]
        self.units = layer.codes.shape[1]

    def forward(self, below: Planes) -> Planes:
        self.below = _flat(self.name, below)
        r = hl.RDom([(0, self.units)], "r")
        scores = hl.Func(self.name)
        off = self.below[r.x] - self.codes[r.x, m]
        scores[m] = hl.f32(0)
        scores[m] -= off * off
        scores.compute_root().bound(m, 0, self.outputs[0])
        scores.update().reorder(m, r.x).unroll(m)  # as many sums as classes, none of which waits for another
        return Planes(scores, self.outputs)

    def backward(self, gradient: hl.Func, last: bool) -> hl.Func:
        r = hl.RDom([(0, self.outputs[0])], "r")
        back = hl.Func(f"{self.name}_back")
        back[m] = hl.f32(0)
        back[m] += gradient[r.x] * hl.f32(-2) * (self.below[m] - self.codes[m, r.x])
        width = lanes_of(self.units)
        back.compute_root().bound(m, 0, self.units).vectorize(m, width)
        back.update().reorder(m, r.x).vectorize(m, width)
        return _in_maps(self.name, back, self.inputs)


def _flat(name: str, below: Planes) -> hl.Func:
    """The units below, all in one row."""
    if below.func.dimensions() == 1:
        return below.func
    maps, height, width = below.shape
    flat, r = hl.Func(f"{name}_flat"), hl.RDom([(0, width), (0, height), (0, maps)], "r")
    flat[m] = hl.undef(hl.Float(32))
    flat[in_a_row([r.x, r.y, r.z], (width, height, maps))] = below(r.x, r.y, r.z)
    flat.compute_root().bound(m, 0, prod(below.shape))
    flat.update().allow_race_conditions().vectorize(r.x).unroll(r.y)
    return flat


def _in_maps(name: str, flat: hl.Func, shape: Shape) -> hl.Func:
    """A gradient by units in a row, by their places."""
    maps, height, width = shape
    if (height, width) == (1, 1):
        return flat
    planes = hl.Func(f"{name}_planes")
    planes[x, y, m] = flat[hl.clamp(x + width * (y + height * m), 0, prod(shape) - 1)]
    planes.compute_root().bound(m, 0, maps).vectorize(x, LANES // 2)
    return planes


def lower(form: Form, step: Step) -> Iterator[Stage | Connection | Codes]:
    """The layers of a network of this form, lowered, in order. Raises `InputError` that names one without a kernel."""
    inputs, offset = form.inputs, 0
    for (name, layer), (_, following) in pairwise([*form.layers().items(), ("", None)]):
        if isinstance(layer, Subsampling):
            continue  # it was lowered with the convolution before it
        lowered = _lowered(name, layer, following, inputs, offset, step)
        yield lowered
        inputs, offset = lowered.outputs, lowered.end


def _lowered(
    name: str, layer: Layer | None, following: Layer | None, inputs: Shape, offset: int, step: Step
) -> Stage | Connection | Codes:
    if isinstance(layer, EuclideanRBF):
        return Codes(name, layer, inputs, offset)
    if isinstance(layer, FullConnection) and layer.activation in ACTIVATIONS:
        return Connection(name, layer, inputs, offset, step)
    if isinstance(layer, Convolution) and layer.activation in ACTIVATIONS and layer.is_plain:
        if isinstance(following, Subsampling) and following.pooling in POOLINGS:
            return Stage(name, layer, following, inputs, offset, step)
        if layer.outputs[1:] == (1, 1) and layer.connected is None:
            return Connection(name, layer, inputs, offset, step)
    raise InputError(f"the halide engine has no kernel for layer {name}, {layer}, in steps of a single picture")
