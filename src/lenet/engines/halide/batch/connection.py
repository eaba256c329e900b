"""The lowered layers whose maps have one unit each. Every unit sees all the units below."""

from __future__ import annotations

from math import prod

import halide as hl
import numpy as np

from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.batch import kernels
from lenet.engines.halide.batch.plan import ChunkPlan
from lenet.engines.halide.batch.units import Units, bound, chunk, in_vectors, n
from lenet.engines.halide.indices import constant, m, place_at, x, y
from lenet.engines.halide.weights import Weights
from lenet.models.codes import CODES
from lenet.models.layers import Convolution, EuclideanRBF, FullConnection, Shape


class Connection:
    """A layer with a weight for each pair of a unit and a unit below: F6, most output layers, and C5.

    The kernels of C5 cover the whole maps below.
    """

    def __init__(self, layer: Convolution | FullConnection, offset: int, plan: ChunkPlan) -> None:
        self.name, self.plan, self.lowest = layer.name, plan, offset == 0
        self.inputs, self.outputs = layer.inputs, layer.outputs
        self.squashing = ACTIVATIONS[layer.activation]
        self.weights = Weights.of_connection(plan.parameters, offset, layer)

    def forward(self, below: Units) -> Units:
        self.below = _flat(self.name, below, self.plan)
        sums = kernels.weighted_sums(self.name, self.below, self.weights)
        units = kernels.squash(self.name, sums, self.squashing, (1, 1), self.plan.images, learning=self.plan.learning)
        return Units(self.plan.compute(units), self.outputs, self.squashing)

    def backward(self, gradient: hl.Func) -> hl.Func | None:
        plan, images, weights = self.plan, self.plan.images, self.weights
        by_weights, transposed = kernels.matrix_gradient(
            f"{self.name}_weights", gradient, self.outputs, self.below, images
        )
        plan.compute(transposed)
        by_biases = kernels.bias_gradient(f"{self.name}_biases", gradient, self.outputs, images)
        plan.add_gradient_func(weights.offset, (weights.below, weights.maps), by_weights)
        plan.add_gradient_func(weights.bias_offset, (weights.maps,), by_biases)
        if self.lowest:
            return None
        back = kernels.input_gradient(f"{self.name}_back", gradient, self.outputs, weights, self.below, images)
        return _in_maps(self.name, plan.compute(back), self.inputs)


class Codes:
    """The Euclidean RBF output: the negated squared distances of the units below from the fixed codes (1998, eq. 7)."""

    def __init__(self, layer: EuclideanRBF, offset: int, plan: ChunkPlan) -> None:
        self.name, self.plan = layer.name, plan
        self.inputs, self.outputs = layer.inputs, layer.outputs
        self.codes = constant(np.array(CODES, np.float32))  # [unit, class]

    def forward(self, below: Units) -> Units:
        self.below = _flat(self.name, below, self.plan)
        r = hl.RDom([(0, prod(self.inputs))], "units")
        difference = self._difference(r.x, m)
        logits = hl.Func(self.name)
        logits[n, x, y, m, chunk] = -hl.sum(r, difference * difference)
        bound(logits, self.outputs, self.plan.images)
        in_vectors(self.plan.compute(logits))
        return Units(logits, self.outputs)

    def backward(self, gradient: hl.Func) -> hl.Func:
        r = hl.RDom([(0, self.outputs[0])], "classes")
        by_units = hl.sum(r, gradient[n, 0, 0, r.x, chunk] * self._difference(m, r.x)) * hl.f32(-2)
        back = hl.Func(f"{self.name}_back")
        back[n, x, y, m, chunk] = by_units * self.below.slope(n, 0, 0, m)
        bound(back, self.below.shape, self.plan.images)
        in_vectors(self.plan.compute(back))
        return _in_maps(self.name, back, self.inputs)

    def _difference(self, unit: hl.Expr, code: hl.Expr) -> hl.Expr:
        return self.below(n, 0, 0, unit) - self.codes[unit, code]


def _flat(name: str, below: Units, plan: ChunkPlan) -> Units:
    """Return the units `below` as maps of one unit each."""
    maps, height, width = below.shape
    if (height, width) == (1, 1):
        return below
    flat = hl.Func(f"{name}_flat")
    place = (n, *place_at(m, (width, height, maps)))
    slope = [below.slope(*place)] if plan.learning and below.activation.needs_sum else []
    flat[n, x, y, m, chunk] = (below(*place), *slope) if slope else below(*place)
    shape = (prod(below.shape), 1, 1)
    bound(flat, shape, plan.images)
    in_vectors(plan.compute(flat))
    return Units(flat, shape, below.activation)


def _in_maps(name: str, flat: hl.Func, shape: Shape) -> hl.Func:
    """Reshape the gradient `flat` to `shape` `(maps, height, width)`."""
    _, height, width = shape
    if (height, width) == (1, 1):
        return flat
    planes = hl.Func(f"{name}_planes")
    planes[n, x, y, m, chunk] = flat[n, 0, 0, x + width * (y + height * m), chunk]
    return planes
