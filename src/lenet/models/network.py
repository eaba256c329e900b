"""A network: the ordered list of its named layers, and what it needs to be used again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lenet.data.pictures import Background
from lenet.data.prepare import Preparation
from lenet.errors import InputError, unknown
from lenet.models.architecture import Architecture
from lenet.models.initialise import initialise
from lenet.models.layers import Layer
from lenet.models.lenet1 import LENET1
from lenet.models.lenet4 import LENET4
from lenet.models.lenet5 import LENET5
from lenet.models.lenet5_1998 import LENET5_1998
from lenet.models.lenet1989 import LENET1989
from lenet.records import field_names, within

MODELS: dict[str, Architecture] = {
    "lenet5": LENET5,
    "lenet5-1998": LENET5_1998,
    "lenet4": LENET4,
    "lenet1": LENET1,
    "lenet1989": LENET1989,
}

BATCH = 1000  # pictures answered at a time, so that the memory needed does not grow with their number


class Network(nn.Sequential):
    """The layers `c1 s2 c3 s4 c5 f6 output` (or what the architecture makes of them) as attributes, in order.

    Called with input `(N, channels, input_size, input_size)`, float32, it gives one score for each class, `(N,
    classes)`; the highest is its answer. `architecture`, `classes`, `channels`, `picture_size`, `background`
    and `preparation` are all that is needed to build it again and to ask it about a picture.
    """

    def __init__(
        self,
        architecture: Architecture,
        *,
        classes: Sequence[str],
        channels: int = 1,
        picture_size: tuple[int, int] | None = None,
        background: Background = "either",
        preparation: Preparation | None = None,
    ) -> None:
        within("number of classes", len(classes), 2, 4096)
        within("number of channels", channels, 1, 4096)
        if background not in get_args(Background):
            raise unknown("background", str(background), get_args(Background))
        architecture.check_classes(len(classes))
        architecture.check_weights(channels, len(classes))
        for side in picture_size or ():
            within("side of a picture", side, 1, 4096)
        super().__init__(OrderedDict(architecture.layers(channels, len(classes))))
        self.architecture = architecture
        self.classes = tuple(classes)
        self.channels = channels
        self.picture_size = picture_size or (architecture.input_size, architecture.input_size)
        self.background = background
        self.preparation = preparation or Preparation()

    @property
    def parameter_count(self) -> int:
        """How many numbers are learned: the weights of absent connections are not."""
        return sum(layer.parameter_count for layer in self.layers.values())

    @property
    def layers(self) -> dict[str, Layer]:
        """The one list: layers by name, in order."""
        return {name: layer for name, layer in self.named_children() if isinstance(layer, Layer)}

    def check_channels(self, images: NDArray[np.uint8]) -> None:
        """Raise `InputError` for pictures `(N, C, H, W)` of other channels than the network's."""
        if images.shape[1] != self.channels:
            raise InputError(f"pictures of {images.shape[1]} channels, but the network takes {self.channels}")

    @torch.no_grad()
    def scores(self, images: NDArray[np.uint8]) -> Tensor:
        """The scores `(N, classes)`, float32 on the CPU, of pictures `(N, C, H, W)`, uint8, as they are stored."""
        self.check_channels(images)
        device = next(self.parameters()).device
        parts = []
        for start in range(0, len(images), BATCH):
            framed = self.preparation.frame(images[start : start + BATCH], self.architecture.input_size)
            parts.append(self(self.preparation.scale(framed.to(device))).cpu())
        return torch.cat(parts) if parts else torch.empty((0, len(self.classes)))


def build(
    name: str, *, classes: int | Sequence[str] = 10, channels: int = 1, seed: int = 0, **options: object
) -> Network:
    """A new network of the kind `name` in `MODELS`, with the numbers in `options` in place of its own.

    The options are the fields of `Architecture`: input_size, maps, kernels, table, pooling, biases, activation, hidden
    and output.
    `classes` is their number or their names; the same `seed` gives the same initial weights.
    Raises `InputError` for an unknown name or option and for numbers that do not go together.
    """
    if name not in MODELS:
        raise unknown("model", name, MODELS)
    for option in options:
        if option not in field_names(Architecture):
            raise unknown(f"option of {name}", option, [*field_names(Architecture), "classes", "channels", "seed"])
    if isinstance(classes, int):
        within("number of classes", classes, 2, 4096)
        classes = [str(number) for number in range(classes)]
    numbers = {option: tuple(value) if isinstance(value, list) else value for option, value in options.items()}
    network = Network(replace(MODELS[name], **numbers), classes=classes, channels=channels)  # type: ignore[arg-type]
    initialise(network, "fan-in", seed)
    return network
