"""The words in which the kernels are written: the loop variables, and the units of a layer.

Every array has the images innermost: `units[n, x, y, m, chunk]` is the unit in column x and row y of map m, for image n
of a chunk. So a vector register holds one and the same unit of as many images as it has lanes: no lane is ever idle,
however few the maps or odd the sizes, and no kernel has to shuffle lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import halide as hl
from torch import Tensor

from lenet.engines.halide.processor import LANES
from lenet.models.layers import Shape

n, x, y, m, chunk = (hl.Var(name) for name in ("n", "x", "y", "m", "chunk"))
outer, n_outer, n_inner, m_inner = (hl.Var(name) for name in ("outer", "n_outer", "n_inner", "m_inner"))


@dataclass(frozen=True)
class Units:
    """What a layer gives for a chunk of images: `func`, of the `shape` (maps, height, width).

    `slope` is the derivative of the squashing function, from the value of the unit.
    """

    func: hl.Func
    shape: Shape
    slope: Callable[[hl.Expr], hl.Expr] = lambda value: hl.f32(1)

    def __call__(self, n: hl.Expr, x: hl.Expr, y: hl.Expr, m: hl.Expr) -> hl.Expr:
        value = self.func[n, x, y, m, chunk]
        return value[0] if self.func.outputs() > 1 else value


@dataclass(frozen=True)
class Kernels:
    """The weights and biases of a layer, within the one array of all parameters, in torch's order.

    A `table` [below, map] has 1 where there is a connection, else 0: then the weights are masked, whatever is stored.
    """

    parameters: hl.ImageParam
    offset: int
    maps: int
    below: int  # maps of the layer below
    side: int
    table: hl.Buffer | None = None
    masked: hl.Func | None = None

    def connected(self, table: hl.Buffer) -> Kernels:
        """By this table. The `masked` weights are to be computed beforehand: at every sum it takes too long."""
        masked, below = hl.Func("masked"), hl.Var("below")
        masked[x, y, below, m] = self.weight(x, y, below, m) * table[below, m]
        return replace(self, table=table, masked=masked)

    def weight(self, x: hl.Expr, y: hl.Expr, below: hl.Expr, m: hl.Expr) -> hl.Expr:
        if self.masked is not None:
            return self.masked[x, y, below, m]
        return self.parameters[self.offset + x + self.side * (y + self.side * (below + self.below * m))]

    def learned(self, gradient: hl.Expr, below: hl.Expr, m: hl.Expr) -> hl.Expr:
        """Of a gradient by a weight, what is learned from it: nothing where there is no connection."""
        return gradient if self.table is None else gradient * self.table[below, m]

    def bias(self, m: hl.Expr) -> hl.Expr:
        return self.parameters[self.bias_offset + m]

    @property
    def bias_offset(self) -> int:
        return self.offset + self.maps * self.below * self.side**2

    @property
    def end(self) -> int:
        return self.bias_offset + self.maps


def bound(func: hl.Func, shape: Shape, images: int) -> None:
    """Tell the compiler the extents, so that every loop is of a known length."""
    maps, height, width = shape
    func.bound(n, 0, images).bound(x, 0, width).bound(y, 0, height).bound(m, 0, maps)


def in_a_row(place: Sequence[hl.Expr], extents: Sequence[int]) -> hl.Expr:
    """Where a place lies in an array of these extents, innermost first."""
    at, stride = hl.Expr(0), 1
    for index, extent in zip(place, extents, strict=True):
        at, stride = at + stride * index, stride * extent
    return at


def constant(values: Tensor) -> hl.Buffer:
    """Numbers that are compiled into a pipeline; in memory of their own, for the tensor may be gone by then."""
    return hl.Buffer(values.numpy()).copy()


def in_vectors(func: hl.Func) -> None:
    """The schedule of what is done unit by unit."""
    func.vectorize(n, LANES)
