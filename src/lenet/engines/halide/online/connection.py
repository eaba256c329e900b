"""The lowered layers whose maps have one unit each. Every unit sees all the units below."""

from __future__ import annotations

from math import prod

import halide as hl
import numpy as np

from lenet.engines.halide.activations import ACTIVATIONS
from lenet.engines.halide.indices import constant, flat_index, m, place_at, x, y
from lenet.engines.halide.online import kernels
from lenet.engines.halide.online.plan import PicturePlan
from lenet.engines.halide.online.planes import Planes
from lenet.engines.halide.processor import LANES, lanes_of
from lenet.engines.halide.weights import Weights
from lenet.models.codes import CODES
from lenet.models.layers import CODE_LENGTH, Convolution, EuclideanRBF, FullConnection


class Connection:
    """A layer with a weight for each pair of a unit and a unit below: F6, most output layers, and C5.

    The kernels of C5 cover the whole maps below.
    """

    def __init__(self, layer: Convolution | FullConnection, offset: int, plan: PicturePlan) -> None:
        self.name, self.plan, self.lowest = layer.name, plan, offset == 0
        self.outputs = layer.outputs
        self.squashing = ACTIVATIONS[layer.activation]
        self.weights = Weights.of_connection(plan.parameters, offset, layer)

    def forward(self, below: Planes) -> Planes:
        self.planes, self.below = below, _flat(self.name, below)
        units = kernels.full_connection(self.name, self.below, self.weights, self.squashing)
        return Planes(units, self.outputs, self.squashing)

    def backward(self, gradient: hl.Func) -> hl.Func | None:
        weights = self.weights
        extents = (weights.below, weights.maps)
        self.plan.add_gradient(weights.offset, extents, lambda below, m: gradient[m] * self.below(below))
        self.plan.add_gradient(weights.bias_offset, extents[1:], lambda m: gradient[m])
        if self.lowest:
            return None
        back = kernels.full_connection_input_gradient(f"{self.name}_back", gradient, weights, self.below)
        return _in_maps(self.name, back, self.planes)


class Codes:
    """The Euclidean RBF output: the negated squared distances of the units below from the fixed codes (1998, eq. 7)."""

    def __init__(self, layer: EuclideanRBF, offset: int, plan: PicturePlan) -> None:
        self.name, self.plan = layer.name, plan
        self.outputs = layer.outputs
        self.codes = constant(np.array(CODES, np.float32))  # [unit, class]

    def forward(self, below: Planes) -> Planes:
        self.planes, self.below = below, _flat(self.name, below)
        r = hl.RDom([(0, CODE_LENGTH)], "r")
        logits = hl.Func(self.name)
        difference = self._difference(r.x, m)
        logits[m] = hl.f32(0)
        logits[m] -= difference * difference
        logits.compute_root().bound(m, 0, self.outputs[0])
        logits.update().reorder(m, r.x).unroll(m)  # one sum for each class; none waits for another
        return Planes(logits, self.outputs)

    def backward(self, gradient: hl.Func) -> hl.Func:
        r = hl.RDom([(0, self.outputs[0])], "r")
        by_units, back = hl.Func(f"{self.name}_by_units"), hl.Func(f"{self.name}_back")
        by_units[m] = hl.f32(0)
        by_units[m] += gradient[r.x] * hl.f32(-2) * self._difference(m, r.x)
        back[m] = by_units[m] * self.below.slope(m)
        width = lanes_of(CODE_LENGTH)
        back.compute_root().bound(m, 0, CODE_LENGTH).vectorize(m, width)
        by_units.compute_root().vectorize(m, width)
        by_units.update().reorder(m, r.x).vectorize(m, width)
        return _in_maps(self.name, back, self.planes)

    def _difference(self, unit: hl.Expr, code: hl.Expr) -> hl.Expr:
        return self.below(unit) - self.codes[unit, code]


def _flat(name: str, below: Planes) -> Planes:
    """Return the units `below` as `[m]`, flattened in torch's order."""
    shape = (prod(below.shape), 1, 1)
    if below.func.dimensions() == 1:
        return below
    maps, height, width = below.shape
    flat, r = hl.Func(f"{name}_flat"), hl.RDom([(0, width), (0, height), (0, maps)], "r")
    flat[m] = hl.undef(hl.Float(32))
    flat[flat_index([r.x, r.y, r.z], (width, height, maps))] = below(r.x, r.y, r.z)
    flat.compute_root().bound(m, 0, shape[0])
    flat.update().allow_race_conditions().vectorize(r.x).unroll(r.y)
    return Planes(flat, shape, below.activation, lambda m: below.slope(*place_at(m, (width, height, maps))))


def _in_maps(name: str, flat: hl.Func, below: Planes) -> hl.Func:
    """Return the gradient `flat` with the indices of the units `below`."""
    if below.func.dimensions() == 1:
        return flat
    maps, height, width = below.shape
    planes = hl.Func(f"{name}_planes")
    planes[x, y, m] = flat[hl.clamp(x + width * (y + height * m), 0, prod(below.shape) - 1)]
    planes.compute_root().bound(m, 0, maps).vectorize(x, LANES // 2)
    return planes
