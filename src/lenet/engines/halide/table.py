"""The connection table of a convolution, as the kernels use it."""

from __future__ import annotations

from functools import cached_property

import halide as hl
import numpy as np
from numpy.typing import NDArray

from lenet.engines.halide.indices import constant
from lenet.models import tables


class Table:
    """The connections between `maps` maps and the `below` maps under them, as `rows` gives them.

    `rows` has a row for each map; if it is None, all maps are connected. `sees` tells whether two maps are connected,
    `masked` replaces the value of a missing connection by 0, and `pair` gives the connected pairs by their numbers.
    """

    def __init__(self, rows: tables.Table | None, maps: int, below: int) -> None:
        self.full = rows is None
        self._rows: NDArray[np.int32] = np.ones((maps, below), np.int32) if rows is None else np.array(rows, np.int32)

    def sees(self, m: hl.Expr, below: hl.Expr) -> hl.Expr:
        return self._seen[below, m] != 0

    def masked(self, value: hl.Expr, m: hl.Expr, below: hl.Expr) -> hl.Expr:
        """Return `value` if map `m` sees map `below`, else 0."""
        return value if self.full else hl.select(self.sees(m, below), value, hl.f32(0))

    @property
    def length(self) -> int:
        """The number of connected pairs."""
        return int(self._rows.sum())

    def pair(self, number: hl.Expr) -> list[hl.Expr]:
        """Return the map below and the map above of the connected pair `number`; pairs are in torch's order."""
        maps, below = self._rows.shape
        ends = ((self._pairs[1, number], below - 1), (self._pairs[0, number], maps - 1))
        return [hl.unsafe_promise_clamped(end, 0, last) for end, last in ends]

    @cached_property
    def _seen(self) -> hl.Buffer:
        return constant(self._rows)

    @cached_property
    def _pairs(self) -> hl.Buffer:
        return constant(np.argwhere(self._rows).astype(np.int32))
