"""The paper's table of a network: the parts and the cost of each layer (section II.B)."""

from __future__ import annotations

from dataclasses import dataclass

from lenet.models.spec import Spec


@dataclass(frozen=True)
class Row:
    """The row of one layer, with sizes in units.

    `kernel` is the side of the square that a unit sees, or None if it sees all units below.
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
