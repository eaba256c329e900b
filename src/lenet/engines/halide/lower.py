"""From the network's one list of layers to loop nests: what each layer computes forward, and back.

A lowered layer gives its units from those below, and later, from the gradient by its own sums, the gradients by its
parameters and by the sums of the layer below. Nothing runs here: it all becomes one pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod

import halide as hl

from lenet.engines.halide import kernels
from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.form import Form
from lenet.engines.halide.processor import LANES
from lenet.engines.halide.units import Kernels, Units, bound, chunk, in_vectors, m, n, x, y
from lenet.errors import InputError
from lenet.models.layers import Convolution, FullConnection, Layer, Shape, Subsampling


@dataclass(frozen=True)
class Gradient:
    """By the parameters from `offset` on: `func` of the `extents`, innermost first, and the chunk."""

    offset: int
    extents: tuple[int, ...]
    func: hl.Func


@dataclass
class Plan:
    """A pipeline in the making: what is computed for each chunk of so many `images`, and the gradients."""

    parameters: hl.ImageParam
    images: int
    learning: bool
    computed: list[hl.Func] = field(default_factory=list)
    gradients: list[Gradient] = field(default_factory=list)

    def compute(self, func: hl.Func) -> hl.Func:
        self.computed.append(func)
        return func

    def learn(self, layer: Kernels, extents: tuple[int, ...], weights: hl.Func, biases: hl.Func) -> None:
        self.gradients.append(Gradient(layer.offset, extents, self.compute(weights)))
        self.gradients.append(Gradient(layer.bias_offset, (layer.maps,), self.compute(biases)))


class Connection:
    """A layer of one place, whose units see all the units below: F6, the output, and C5, whose kernels cover them."""

    def __init__(self, name: str, layer: Convolution | FullConnection, inputs: Shape, offset: int, plan: Plan) -> None:
        self.name, self.plan, self.inputs = name, plan, inputs
        self.outputs = layer.outputs
        self.kernels = Kernels(plan.parameters, offset, layer.outputs[0], prod(inputs), side=1)
        self.activation = ACTIVATIONS[layer.activation]

    def forward(self, below: Units) -> Units:
        self.below = self._flat(below)
        sums = kernels.weighted_sums(self.name, self.below, self.kernels)
        units = kernels.squash(self.name, sums, self.activation.squash, (1, 1), self.plan.images)
        return Units(self.plan.compute(units), self.outputs, self.activation.slope)

    def _flat(self, below: Units) -> Units:
        """The units below, all in one row of maps."""
        _, height, width = below.shape
        if (height, width) == (1, 1):
            return below
        flat = hl.Func(f"{self.name}_flat")
        flat[n, x, y, m, chunk] = below(n, m % width, m // width % height, m // (width * height))
        shape = (prod(below.shape), 1, 1)
        bound(flat, shape, self.plan.images)
        in_vectors(self.plan.compute(flat))
        return Units(flat, shape, below.slope)

    def backward(self, gradient: hl.Func, last: bool) -> hl.Func:
        plan, images = self.plan, self.plan.images
        weights, turned = kernels.matrix_gradient(f"{self.name}_weights", gradient, self.outputs, self.below, images)
        plan.compute(turned)
        biases = kernels.bias_gradient(f"{self.name}_biases", gradient, self.outputs, images)
        plan.learn(self.kernels, (self.kernels.below, self.kernels.maps), weights, biases)
        if last:
            return gradient
        back = kernels.input_gradient(f"{self.name}_back", gradient, self.outputs, self.kernels, self.below, images)
        return self._unfold(plan.compute(back))

    def _unfold(self, flat: hl.Func) -> hl.Func:
        _, height, width = self.inputs
        if (height, width) == (1, 1):
            return flat
        unfolded = hl.Func(f"{self.name}_unfolded")
        unfolded[n, x, y, m, chunk] = flat[n, 0, 0, x + width * (y + height * m), chunk]
        return unfolded


class Stage:
    """A convolution and the sub-sampling after it, as one: what only the maximum needs is never stored."""

    def __init__(
        self, name: str, layer: Convolution, subsampling: Subsampling, inputs: Shape, offset: int, plan: Plan
    ) -> None:
        self.name, self.plan = name, plan
        self.sums, self.outputs = layer.outputs, subsampling.outputs
        self.largest = subsampling.pooling == "max"
        self.kernels = Kernels(plan.parameters, offset, layer.outputs[0], inputs[0], layer.kernel_size[0])
        self.activation = ACTIVATIONS[layer.activation]

    def forward(self, below: Units) -> Units:
        self.below = below
        squash, images = self.activation.squash, self.plan.images
        sums = kernels.weighted_sums(self.name, below, self.kernels)
        if self.largest:
            which = self.plan.learning
            units = kernels.squash_largest(self.name, sums, squash, self.outputs[1:], images, which=which)
            self.pooled = Units(self.plan.compute(units), self.outputs, self.activation.slope)
            return self.pooled
        units = kernels.squash(self.name, sums, squash, self.sums[1:], images)
        self.squashed = Units(self.plan.compute(units), self.sums, self.activation.slope)
        return Units(self._mean(self.squashed), self.outputs)

    def _mean(self, units: Units) -> hl.Func:
        mean = hl.Func(f"{self.name}_mean")
        mean[n, x, y, m, chunk] = sum(units(n, 2 * x + p % 2, 2 * y + p // 2, m) for p in range(4)) * hl.f32(1 / 4)
        bound(mean, self.outputs, self.plan.images)
        in_vectors(self.plan.compute(mean))
        return mean

    def backward(self, gradient: hl.Func, last: bool) -> hl.Func:
        plan, images = self.plan, self.plan.images
        sums = self._spread(gradient)
        if not last:  # then only the kernels' gradient needs it, each number once
            bound(sums, self.sums, images)
            in_vectors(plan.compute(sums))
        side = self.kernels.side
        weights = kernels.kernel_gradient(
            f"{self.name}_weights", sums, self.sums, self.below, side, images, stored=not last
        )
        all_of_it = (gradient, self.outputs) if self.largest else (sums, self.sums)
        biases = kernels.bias_gradient(f"{self.name}_biases", *all_of_it, images)
        plan.learn(self.kernels, (side, side, self.kernels.below, self.kernels.maps), weights, biases)
        if last:
            return sums
        back = kernels.input_gradient(f"{self.name}_back", sums, self.sums, self.kernels, self.below, images)
        return plan.compute(back)

    def _spread(self, gradient: hl.Func) -> hl.Func:
        """From each pooled unit back to its four: all of it to the largest, or a quarter to each."""
        _, height, width = self.outputs
        column, row = hl.min(x // 2, width - 1), hl.min(y // 2, height - 1)
        pooled = gradient[n, column, row, m, chunk]
        if self.largest:
            which = self.pooled.func[n, column, row, m, chunk][1]
            share = hl.select(which == hl.u8(x % 2 + 2 * (y % 2)), pooled, hl.f32(0))
        else:
            share = pooled * hl.f32(1 / 4) * self.squashed.slope(self.squashed(n, x, y, m))
        spread = hl.Func(f"{self.name}_spread")
        left_out = (x >= 2 * width) | (y >= 2 * height)
        odd = self.sums[1:] != (2 * height, 2 * width)
        spread[n, x, y, m, chunk] = hl.select(left_out, hl.f32(0), share) if odd else share
        return spread


def lower(form: Form, plan: Plan) -> Iterator[Connection | Stage]:
    """The layers of a network of this form, lowered, in order. Raises `InputError` that names one without a kernel."""
    inputs, offset = form.inputs, 0
    for (name, layer), (_, following) in pairwise([*form.layers().items(), ("", None)]):
        if not _is_known(layer, last=following is None):
            raise _refusal(name, layer)
        if isinstance(layer, Subsampling):
            continue  # it was lowered with the convolution before it
        lowered = _lowered(name, layer, following, inputs, offset, plan)
        yield lowered
        inputs, offset = lowered.outputs, lowered.kernels.end


def _is_known(layer: Layer | None, *, last: bool) -> bool:
    """Whether what the layer computes has a kernel; the loss wants the scores as they are, unsquashed."""
    if isinstance(layer, Convolution):
        return layer.activation in ACTIVATIONS and layer.is_plain and layer.connected is None
    if isinstance(layer, FullConnection):
        return layer.activation in ACTIVATIONS and not (last and layer.activation)
    return isinstance(layer, Subsampling) and not layer.trainable


def _refusal(name: str, layer: Layer | None) -> InputError:
    return InputError(f"the halide engine has no kernel for layer {name}, {layer}")


def _lowered(
    name: str, layer: Layer | None, following: Layer | None, inputs: Shape, offset: int, plan: Plan
) -> Connection | Stage:
    if isinstance(layer, (Convolution, FullConnection)):
        if layer.outputs[1:] == (1, 1) and not isinstance(following, Subsampling):
            return Connection(name, layer, inputs, offset, plan)
        if isinstance(layer, Convolution) and isinstance(following, Subsampling):
            return Stage(name, layer, following, inputs, offset, plan)
    raise _refusal(name, layer)


def check(form: Form) -> None:
    """Raise `InputError` that names the first layer without a kernel, if there is one."""
    for _ in lower(form, Plan(hl.ImageParam(hl.Float(32), 1), LANES, learning=True)):
        pass
