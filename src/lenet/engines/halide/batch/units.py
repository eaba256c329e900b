"""The units of a layer for a chunk of images, and the loop variables that `lenet.engines.halide.indices` lacks.

Units have the images innermost: `units[n, x, y, m, chunk]` is the unit in column x and row y of map m, for image n of a
chunk. So a vector register holds the same unit of several images, one in each lane. In the forward pass of a full chunk
no lane is idle, whatever the number and the size of the maps, and no kernel moves numbers from lane to lane.
"""

from __future__ import annotations

from dataclasses import dataclass

import halide as hl

from lenet.engines.halide.activations import IDENTITY, Activation
from lenet.engines.halide.indices import m, place_at, x, y
from lenet.engines.halide.processor import LANES
from lenet.models.layers import BACKGROUND, Shape

n, chunk = hl.Var("n"), hl.Var("chunk")  # image of the chunk, and the chunk
n_outer, n_inner = hl.Var("n_outer"), hl.Var("n_inner")  # the loops over vectors of images, and over their lanes


@dataclass(frozen=True)
class Units:
    """The units `func[n, x, y, m, chunk]` of a layer for a chunk of images; `shape` is (maps, height, width).

    If `func` has several values, the first is the unit. If the slope of the `activation` needs the sum, the last is the
    slope, which `Activation.with_slope` has computed.
    """

    func: hl.Func
    shape: Shape
    activation: Activation = IDENTITY

    def __call__(self, n: hl.Expr, x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        return self._values(n, x, y, m)[0]

    def slope(self, n: hl.Expr, x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        """Return the derivative of the unit with respect to its sum."""
        values = self._values(n, x, y, m)
        return values[-1] if self.activation.needs_sum else self.activation.slope(values[0])

    def _values(self, *place: hl.Expr) -> list[hl.Expr]:
        value, count = self.func[(*place, chunk)], self.func.outputs()
        return [value[i] for i in range(count)] if count > 1 else [value]


def framed(name: str, units: Units, padding: int, images: int) -> Units:
    """Return the `units` in a frame of background that is `padding` units wide. The caller must have it stored."""
    maps, height, width = units.shape
    column, row = x - padding, y - padding
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    unit = units(n, hl.clamp(column, 0, width - 1), hl.clamp(row, 0, height - 1), m)
    func, shape = hl.Func(name), (maps, height + 2 * padding, width + 2 * padding)
    func[n, x, y, m, chunk] = hl.select(inside, unit, hl.f32(BACKGROUND))
    bound(func, shape, images)
    in_vectors(func)
    return Units(func, shape)


def flattened(name: str, gradient: hl.Func, shape: Shape) -> hl.Func:
    """Return the `gradient` of `shape` (maps, height, width) with each of its units as a map of its own."""
    maps, height, width = shape
    func = hl.Func(name)
    func[n, x, y, m, chunk] = gradient[(n, *place_at(m, (width, height, maps)), chunk)]
    return func


def bound(func: hl.Func, shape: Shape, images: int) -> None:
    """Promise that `func` has `shape` (maps, height, width) for `images` images, to fix the lengths of its loops."""
    maps, height, width = shape
    func.bound(n, 0, images).bound(x, 0, width).bound(y, 0, height).bound(m, 0, maps)


def in_vectors(func: hl.Func) -> None:
    """Schedule `func` to be computed unit by unit, one vector of images at a time."""
    func.vectorize(n, LANES)
