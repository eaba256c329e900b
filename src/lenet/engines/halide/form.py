"""All that decides the code compiled for a network; its weights do not."""

from __future__ import annotations

from dataclasses import dataclass

from lenet.data.prepare import Preparation
from lenet.models.architecture import Architecture
from lenet.models.layers import Layer, Shape
from lenet.models.network import Network


@dataclass(frozen=True)
class Form:
    """A network but for its weights: two of equal form share what is compiled for them."""

    architecture: Architecture
    channels: int
    classes: int
    preparation: Preparation

    @classmethod
    def of(cls, network: Network) -> Form:
        return cls(network.architecture, network.channels, len(network.classes), network.preparation)

    @property
    def inputs(self) -> Shape:
        return (self.channels, self.architecture.input_size, self.architecture.input_size)

    def layers(self) -> dict[str, Layer]:
        return dict(self.architecture.layers(self.channels, self.classes))
