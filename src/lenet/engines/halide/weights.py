"""The weights and biases of a layer, within the flat array of all parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import halide as hl

from lenet.engines.halide.indices import m, x, y
from lenet.engines.halide.table import Table
from lenet.models.layers import Convolution, FullConnection


@dataclass(frozen=True)
class Weights:
    """The weights `(maps, below, side, side)` and biases `(maps,)` of a layer, within the flat array `parameters`.

    They begin at `offset` and are in torch's order. The numbers stored for connections that are missing from `table`
    take no part in any sum. `masked`, if not None, holds the weights with 0 for those connections.
    """

    parameters: hl.ImageParam
    offset: int
    maps: int
    below: int
    side: int
    table: Table
    masked: hl.Func | None = None

    @classmethod
    def of_convolution(cls, parameters: hl.ImageParam, offset: int, layer: Convolution) -> Weights:
        table = Table(layer.table, layer.maps, layer.inputs[0])
        return cls(parameters, offset, layer.maps, layer.inputs[0], layer.side, table)

    @classmethod
    def of_connection(cls, parameters: hl.ImageParam, offset: int, layer: Convolution | FullConnection) -> Weights:
        """Return the weights of a layer whose units see all the units below.

        Each of the units below counts as a map of one unit.
        """
        maps, below = layer.outputs[0], prod(layer.inputs)
        return cls(parameters, offset, maps, below, 1, Table(None, maps, below))

    def premasked(self) -> Weights:
        """Return the same weights, but with 0 for each connection that is missing from the table.

        The caller must have `masked` stored, since masking inside every sum would be too slow.
        """
        masked, below = hl.Func("masked"), hl.Var("below")
        masked[x, y, below, m] = self.table.masked(self.weight(x, y, below, m), m, below)
        return replace(self, masked=masked)

    def weight(self, x: hl.Expr, y: hl.Expr, below: hl.Expr, m: hl.Expr) -> hl.Expr:
        if self.masked is not None:
            return self.masked[x, y, below, m]
        return self.parameters[self.offset + x + self.side * (y + self.side * (below + self.below * m))]

    def bias(self, m: hl.Expr) -> hl.Expr:
        return self.parameters[self.bias_offset + m]

    @property
    def bias_offset(self) -> int:
        return self.offset + self.maps * self.below * self.side**2

    @property
    def end(self) -> int:
        return self.bias_offset + self.maps
