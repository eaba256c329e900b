"""The table of a network: the size, parameters and connections of each layer, counted as in section II.B."""

from __future__ import annotations

from dataclasses import dataclass

from lenet.models.spec import Spec


@dataclass(frozen=True)
class Row:
    """The row of one layer: its size in units, and its counts for one picture.

    `kernel` is the side of the square that a unit sees in each map, or None for a layer without kernels. `parameters`
    are the trainable ones, and `multiplications` are the multiply-accumulates of a forward pass.
    """

    layer: str
    kind: str
    maps: int
    height: int
    width: int
    kernel: int | None
    parameters: int
    connections: int
    multiplications: int


def describe(spec: Spec) -> list[Row]:
    """Return one row for each layer of the network that `spec` describes, in order."""
    return [
        Row(
            layer.name,
            layer.kind,
            *layer.outputs,
            layer.kernel,
            layer.parameter_count,
            layer.connections,
            layer.multiplications,
        )
        for layer in spec.layers
    ]
