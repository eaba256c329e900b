"""The description of a network as one record, without its weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from lenet.data.image import Background, Normalisation
from lenet.data.prepare import Preparation
from lenet.errors import unknown
from lenet.models.architecture import Architecture, Size
from lenet.models.calibration import Calibration
from lenet.models.layers import Layer
from lenet.records import check, within

MODEL = "model.safetensors"  # the name of the weight file in a run folder


@dataclass(frozen=True)
class Spec:
    """The description of a network: everything about it except its weights.

    `channels` is the number of channels of a picture, from 1 to 4096. A weight file holds the spec as JSON. Raises
    `InputError` when a field is out of its range, or when the fields do not go together.
    """

    architecture: Architecture
    classes: tuple[str, ...]
    """the names of the 2 to 4096 classes (10 for an rbf output), in the order of the logits"""
    channels: Size = 1
    picture_size: tuple[Size, ...] = ()
    """the height and width of the training pictures in pixels; by default, those of the input"""
    background: Background = "either"
    """the background of the training pictures in their files: dark, light, or either (for a picture to predict, its
    border decides)"""
    normalisation: Normalisation = "frame"
    """the way in which a picture to predict becomes like the training pictures: frame (scaled whole) or digit (its ink
    cropped, scaled and centred as MNIST's digits are)"""
    rubbish_class: str = ""
    """the class of the pictures that show none of the others; empty if there is no such class"""
    preparation: Preparation = field(default_factory=Preparation)
    """how a picture becomes the network's input: its fit to the input size, and the scaling of its levels"""
    calibration: Calibration = field(default_factory=Calibration)
    """how certain an answer is: the temperature of the logits, and what is too uncertain"""

    def __post_init__(self) -> None:
        check(self)
        within("number of classes", len(self.classes), 2, 4096)
        if not self.picture_size:
            object.__setattr__(self, "picture_size", (self.architecture.input_size,) * 2)
        within("number of sides of a picture", len(self.picture_size), 2, 2)
        if self.rubbish_class and self.rubbish_class not in self.classes:
            raise unknown("rubbish class", self.rubbish_class, self.classes)
        self.architecture.check_classes(len(self.classes))
        self.architecture.check_weights(self.channels, len(self.classes))

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The records of the layers, in order."""
        return self.architecture.layers(self.channels, len(self.classes))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each array of parameters by name, in torch's order."""
        return {f"{layer.name}.{name}": shape for layer in self.layers for name, shape in layer.parameters.items()}

    @property
    def parameter_count(self) -> int:
        """The number of trainable parameters, without the weights of absent connections."""
        return sum(layer.parameter_count for layer in self.layers)
