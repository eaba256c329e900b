"""The weights and biases of a layer, within the flat array of all parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import halide as hl

from lenet.engines.halide.indices import flat_index, m, x, y
from lenet.engines.halide.table import Table
from lenet.models.layers import Convolution, FullConnection


@dataclass(frozen=True)
class Weights:
    """The weights `(maps, below, side, side)` and biases `(maps,)` of a layer, within the flat array `parameters`.

    They begin at `offset` and are in torch's order. The numbers stored for connections that are missing from `table`
    take no part in any sum. `masked`, if not None, holds the weights with 0 for those connections. The kernels move by
    `stride` units, and begin in a frame of `padding` units of background. A map has a bias for each place of `places`
    (height, width): one for all its units, or one for each.
    """

    parameters: hl.ImageParam
    offset: int
    maps: int
    below: int
    side: int
    table: Table
    stride: int = 1
    padding: int = 0
    places: tuple[int, int] = (1, 1)
    masked: hl.Func | None = None

    @classmethod
    def of_convolution(cls, parameters: hl.ImageParam, offset: int, layer: Convolution) -> Weights:
        table = Table(layer.table, layer.maps, layer.inputs[0])
        _, height, width = layer.outputs
        places = (1, 1) if layer.shared_bias else (height, width)
        below = layer.inputs[0]
        return cls(parameters, offset, layer.maps, below, layer.side, table, layer.stride, layer.padding, places)

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

    def bias(self, m: hl.Expr, x: hl.Expr = 0, y: hl.Expr = 0) -> hl.Expr:
        """Return the bias of the unit in column `x` and row `y` of map `m`."""
        height, width = self.places
        place = m if self.shared_bias else flat_index([x, y, m], [width, height, self.maps])
        return self.parameters[self.bias_offset + place]

    @property
    def shared_bias(self) -> bool:
        return self.places == (1, 1)

    @property
    def bias_offset(self) -> int:
        return self.offset + self.maps * self.below * self.side**2

    @property
    def end(self) -> int:
        return self.bias_offset + self.maps * prod(self.places)
