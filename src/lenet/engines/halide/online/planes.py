"""The units of a layer for a single picture, and the kernels that run over whole planes of them.

There are no other images to fill a vector register with, so it holds neighbouring columns: planes have the columns of a
row innermost, `planes[x, y, m]`. Rows are computed in vectors, and columns beyond the width only complete the last one.
`framed` puts zeros or background around a plane, for kernels that look beyond its edges.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import halide as hl

from lenet.engines.halide.activations import IDENTITY, Activation
from lenet.engines.halide.indices import m, x, y
from lenet.engines.halide.processor import LANES, lanes_of
from lenet.models.layers import Shape

Value = Callable[..., hl.Expr]

lane = hl.Var("lane")


@dataclass(frozen=True)
class Planes:
    """The units of a layer, or a gradient with respect to its sums: `func` `[x, y, m]` or, flattened, `[m]`.

    `shape` is (maps, height, width). If the slope of the `activation` needs the sum, then `slopes` computes the slope
    or, if `slopes` is None, it is the second value of `func`.
    """

    func: hl.Func
    shape: Shape
    activation: Activation = IDENTITY
    slopes: Value | None = None

    def __call__(self, *place: hl.Expr) -> hl.Expr:
        value = self.func[place]
        return value[0] if self.func.outputs() > 1 else value

    def slope(self, *place: hl.Expr) -> hl.Expr:
        """Return the derivative of the unit with respect to its sum."""
        if not self.activation.needs_sum:
            return self.activation.slope(self(*place))
        return self.slopes(*place) if self.slopes else self.func[place][1]


def whole(width: int) -> int:
    """Return `width`, rounded up to whole vectors."""
    return -(-width // LANES) * LANES


def framed(name: str, value: Value, shape: Shape, columns: int, around: float = 0) -> hl.Func:
    """Return `value(x, y, m)` in planes of `shape` (maps, height, width), with the number `around` around each plane.

    Each row is computed for `columns` columns; those beyond the width are set to `around`.
    """
    maps, height, width = shape
    func = hl.Func(name)
    r = hl.RDom([(0, columns), (0, height)], "r")
    func[x, y, m] = hl.f32(around)
    func[r.x, r.y, m] = _within(width, columns, r.x, value(r.x, r.y, m), around)
    func.compute_root().bound(m, 0, maps)
    func.update().reorder(r.x, r.y, m).vectorize(r.x, lanes_of(columns))
    return func


def total(name: str, value: Value, shape: Shape, columns: int) -> hl.Func:
    """Return the sum `[m]` of `value(x, y, m)` over the positions of each map of `shape` (maps, height, width).

    Each row is computed for `columns` columns; those beyond the width count as 0. Each lane sums over its own columns,
    and the lanes are added up at the end.
    """
    maps, height, width = shape
    some = lanes_of(columns)
    at, lanes = hl.RDom([(0, columns // some), (0, height)], "at"), hl.RDom([(0, some)], "lanes")
    by_lane, sums = hl.Func(f"{name}_by_lane"), hl.Func(name)
    column = lane + some * at.x
    by_lane[lane, m] = hl.f32(0)
    by_lane[lane, m] += _within(width, columns, column, value(column, at.y, m))
    sums[m] = hl.f32(0)
    sums[m] += by_lane[lanes.x, m]

    sums.compute_root().bound(m, 0, maps)
    sums.update().reorder(lanes.x, m).atomic().vectorize(lanes.x)
    by_lane.compute_at(sums, m).vectorize(lane)
    by_lane.update().reorder(lane, at.x, at.y, m).vectorize(lane)
    return sums


def _within(width: int, columns: int, column: hl.Expr, value: hl.Expr, around: float = 0) -> hl.Expr:
    """Return `value`, or `around` in the columns beyond `width`, which only complete the last vector."""
    return value if columns == width else hl.select(column < width, value, hl.f32(around))
