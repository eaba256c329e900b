"""The paper's table of a network: what each layer is made of and what it costs (section II.B)."""

from __future__ import annotations

from dataclasses import dataclass

from lenet.models.network import Network


@dataclass(frozen=True)
class Row:
    """One layer; sizes in units, `kernel` the side of its square (None where a unit sees everything below)."""

    layer: str
    kind: str
    maps: int
    height: int
    width: int
    kernel: int | None
    parameters: int
    connections: int
    multiplications: int


def describe(network: Network) -> list[Row]:
    """One row for each layer, in order."""
    return [
        Row(
            name,
            type(layer).__name__,
            *layer.outputs,
            layer.kernel,
            layer.parameter_count,
            layer.connections,
            layer.multiplications,
        )
        for name, layer in network.layers.items()
    ]
