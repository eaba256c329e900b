"""The words in which the kernels of a single picture are written.

With one image there is nothing to put beside it in a vector register but its own neighbours: every array has the
columns of a row innermost, `planes[x, y, m]`. Rows are computed in whole vectors, and around a plane, where a kernel
looks beyond its edges, there is nothing but zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import halide as hl

from lenet.engines.halide.activations import Function
from lenet.engines.halide.processor import LANES, lanes_of
from lenet.engines.halide.units import m, x, y
from lenet.models.layers import Shape

Place = Callable[..., hl.Expr]

lane = hl.Var("lane")


@dataclass(frozen=True)
class Planes:
    """What a layer gives for the picture, or the gradient by it: `func` `[x, y, m]`, or `[m]` where it has no maps."""

    func: hl.Func
    shape: Shape
    slope: Function = lambda value: hl.f32(1)

    def __call__(self, *place: hl.Expr) -> hl.Expr:
        return self.func[place]


@dataclass(frozen=True)
class Learned:
    """The parameters from `offset` on, of the `extents`, innermost first, and the gradient by each."""

    offset: int
    extents: tuple[int, ...]
    gradient: Place


@dataclass
class Step:
    """A step in the making: the parameters as they were before it, and what is to be learned."""

    parameters: hl.ImageParam
    learned: list[Learned] = field(default_factory=list)

    def learn(self, offset: int, extents: tuple[int, ...], gradient: Place) -> None:
        self.learned.append(Learned(offset, extents, gradient))


def whole(width: int) -> int:
    """So many columns, filled up to whole vectors."""
    return -(-width // LANES) * LANES


def framed(name: str, value: Place, shape: Shape, columns: int) -> hl.Func:
    """`value(x, y, m)` within the planes of this shape, computed for the `columns`; zeros wherever else it is read."""
    maps, height, width = shape
    func = hl.Func(name)
    r = hl.RDom([(0, columns), (0, height)], "r")
    func[x, y, m] = hl.f32(0)
    func[r.x, r.y, m] = _within(width, columns, r.x, value(r.x, r.y, m))
    func.compute_root().bound(m, 0, maps)
    func.update().reorder(r.x, r.y, m).vectorize(r.x, lanes_of(columns))
    return func


def total(name: str, value: Place, shape: Shape, columns: int) -> hl.Func:
    """`[m]`: of each map, the sum of `value(x, y, m)` over its places; computed for the `columns`.

    Each lane sums its own columns; the lanes are added at the end.
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


def _within(width: int, columns: int, column: hl.Expr, value: hl.Expr) -> hl.Expr:
    """What lies in the columns that only fill up the last vector is of no meaning."""
    return value if columns == width else hl.select(column < width, value, hl.f32(0))
