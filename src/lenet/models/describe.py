"""The table of a network: the size, parameters and connections of each layer, counted as in 1998 (section II.B)."""

from __future__ import annotations

from dataclasses import dataclass

from lenet.models.spec import Spec


@dataclass(frozen=True)
class Row:
    """The row of one layer: its size in units, and its counts for one picture.

    `kernel` is the side of the square that a unit sees in a map below, or None for a full connection or an RBF output.
    `parameters` counts the trainable parameters, and `multiplications` the multiply-accumulates of a forward pass.
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
