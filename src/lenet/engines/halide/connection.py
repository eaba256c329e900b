"""Lowered layers of one place, whose units see all the units below."""

from __future__ import annotations

from math import prod

import halide as hl

from lenet.engines.halide import kernels
from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.plan import Plan
from lenet.engines.halide.units import Kernels, Units, bound, chunk, constant, in_vectors, m, n, x, y
from lenet.models.layers import Convolution, FullConnection, Shape
from lenet.models.output import EuclideanRBF


class Connection:
    """A layer with weights: F6, most outputs, and C5, whose kernels cover all that is below."""

    def __init__(self, name: str, layer: Convolution | FullConnection, inputs: Shape, offset: int, plan: Plan) -> None:
        self.name, self.plan, self.inputs = name, plan, inputs
        self.outputs = layer.outputs
        self.kernels = Kernels(plan.parameters, offset, layer.outputs[0], prod(inputs), side=1)
        self.end = self.kernels.end
        self.activation = ACTIVATIONS[layer.activation]

    def forward(self, below: Units) -> Units:
        self.below = _in_a_row(self.name, below, self.plan)
        sums = kernels.weighted_sums(self.name, self.below, self.kernels)
        units = kernels.squash(self.name, sums, self.activation.squash, (1, 1), self.plan.images)
        return Units(self.plan.compute(units), self.outputs, self.activation.slope)

    def backward(self, gradient: hl.Func) -> hl.Func:
        plan, images = self.plan, self.plan.images
        weights, turned = kernels.matrix_gradient(f"{self.name}_weights", gradient, self.outputs, self.below, images)
        plan.compute(turned)
        biases = kernels.bias_gradient(f"{self.name}_biases", gradient, self.outputs, images)
        plan.learn(self.kernels.offset, (self.kernels.below, self.kernels.maps), weights)
        plan.learn(self.kernels.bias_offset, (self.kernels.maps,), biases)
        back = kernels.input_gradient(f"{self.name}_back", gradient, self.outputs, self.kernels, self.below, images)
        return _in_maps(self.name, plan.compute(back), self.inputs)


class Codes:
    """The Euclidean RBF output: minus the squared distances to the codes, which do not learn."""

    def __init__(self, name: str, layer: EuclideanRBF, inputs: Shape, offset: int, plan: Plan) -> None:
        self.name, self.plan, self.inputs, self.end = name, plan, inputs, offset
        self.outputs = layer.outputs
        self.codes = constant(layer.codes)  # [unit, class]

    def forward(self, below: Units) -> Units:
        self.below = _in_a_row(self.name, below, self.plan)
        r = hl.RDom([(0, prod(self.inputs))], "units")
        off = self._off(r.x, m)
        scores = hl.Func(self.name)
        scores[n, x, y, m, chunk] = -hl.sum(r, off * off)
        bound(scores, self.outputs, self.plan.images)
        in_vectors(self.plan.compute(scores))
        return Units(scores, self.outputs)

    def backward(self, gradient: hl.Func) -> hl.Func:
        r = hl.RDom([(0, self.outputs[0])], "classes")
        by_units = hl.sum(r, gradient[n, 0, 0, r.x, chunk] * self._off(m, r.x)) * hl.f32(-2)
        back = hl.Func(f"{self.name}_back")
        back[n, x, y, m, chunk] = by_units * self.below.slope(self.below(n, 0, 0, m))
        bound(back, self.below.shape, self.plan.images)
        in_vectors(self.plan.compute(back))
        return _in_maps(self.name, back, self.inputs)

    def _off(self, unit: hl.Expr, code: hl.Expr) -> hl.Expr:
        return self.below(n, 0, 0, unit) - self.codes[unit, code]


def _in_a_row(name: str, below: Units, plan: Plan) -> Units:
    """The units below, all in one row of maps."""
    _, height, width = below.shape
    if (height, width) == (1, 1):
        return below
    flat = hl.Func(f"{name}_flat")
    flat[n, x, y, m, chunk] = below(n, m % width, m // width % height, m // (width * height))
    shape = (prod(below.shape), 1, 1)
    bound(flat, shape, plan.images)
    in_vectors(plan.compute(flat))
    return Units(flat, shape, below.slope)


def _in_maps(name: str, flat: hl.Func, shape: Shape) -> hl.Func:
    """A gradient by units in a row, by their places."""
    _, height, width = shape
    if (height, width) == (1, 1):
        return flat
    unfolded = hl.Func(f"{name}_unfolded")
    unfolded[n, x, y, m, chunk] = flat[n, 0, 0, x + width * (y + height * m), chunk]
    return unfolded
