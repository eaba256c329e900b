"""The form of a network: the part of its spec that code is compiled for."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from lenet.data.prepare import Preparation
from lenet.models.architecture import Architecture
from lenet.models.layers import Layer, Shape
from lenet.models.spec import Spec


@dataclass(frozen=True)
class Form:
    """The part of a `Spec` that code is compiled for. Networks of equal form can share compiled pipelines."""

    architecture: Architecture
    channels: int
    classes: int
    preparation: Preparation

    @classmethod
    def of(cls, spec: Spec) -> Form:
        return cls(spec.architecture, spec.channels, len(spec.classes), spec.preparation)

    @property
    def inputs(self) -> Shape:
        return (self.channels, self.architecture.input_size, self.architecture.input_size)

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self.architecture.layers(self.channels, self.classes)

    @property
    def stored(self) -> int:
        """The number of stored parameters, including the weights of absent connections."""
        return sum(layer.stored for layer in self.layers)

    @property
    def largest(self) -> int:
        """The position of the largest array of parameters in the flat array of all of them."""
        sizes = [prod(shape) for layer in self.layers for shape in layer.parameters.values()]
        return sum(sizes[: sizes.index(max(sizes))])
