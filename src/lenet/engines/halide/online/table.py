"""Which maps of a convolution see which of the maps below."""

from __future__ import annotations

import halide as hl
import torch
from torch import Tensor

from lenet.engines.halide.units import constant


class Table:
    """A connection table, asked in two ways: whether a map sees one below, and for the pairs that do, one by one."""

    def __init__(self, connected: Tensor | None, maps: int, below: int) -> None:
        """`connected` is `(maps, below, 1, 1)`; without it all see all."""
        table = torch.ones(maps, below) if connected is None else connected[:, :, 0, 0]
        pairs = table.nonzero().int()  # (pair, 2): map, map below
        self._last = (below - 1, maps - 1)
        self._sees, self._pairs = constant(table.int()), constant(pairs)
        self.length = len(pairs)

    def sees(self, m: hl.Expr, below: hl.Expr) -> hl.Expr:
        return self._sees[below, m] != 0

    def pair(self, number: hl.Expr) -> list[hl.Expr]:
        """The map below and the map above it; pairs are in torch's order."""
        ends = (self._pairs[1, number], self._pairs[0, number])
        return [hl.unsafe_promise_clamped(end, 0, last) for end, last in zip(ends, self._last, strict=True)]
