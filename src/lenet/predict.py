"""Pictures in, classes with their certainty out: one path for the command, the service and the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lenet.data.pictures import ink_high, read_picture
from lenet.errors import InputError
from lenet.models.network import Network


@dataclass(frozen=True)
class Prediction:
    """What a network reads in one picture: the class, and how certain it is of it, from 0 to 1."""

    picture: str
    answer: str
    certainty: float


def predict(network: Network, pictures: Sequence[Path]) -> list[Prediction]:
    """The class of each picture file, in order.

    A picture with a light border is turned into its negative; one of another size than those that the network
    learned from is scaled to theirs. Raises `InputError` that names the first file that is not a picture, before
    any is answered.
    """
    if network.channels != 1:
        raise InputError(f"this network takes pictures of {network.channels} channels; picture files are read as grey")
    if not pictures:
        return []
    images = np.stack([_scaled(ink_high(read_picture(path)), network.picture_size) for path in pictures])[:, None]
    certainties = network.scores(images).softmax(1)
    best = certainties.max(1)
    return [
        Prediction(str(path), network.classes[answer], certainty)
        for path, answer, certainty in zip(pictures, best.indices.tolist(), best.values.tolist(), strict=True)
    ]


def _scaled(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture `(H, W)` at `size`, its aspect kept, in the middle of background."""
    if picture.shape == size:
        return picture
    height, width = size
    factor = min(height / picture.shape[0], width / picture.shape[1])
    inner = max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor))
    scaled = np.asarray(Image.fromarray(picture).resize(inner, Image.Resampling.BILINEAR))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    framed = np.zeros(size, np.uint8)
    framed[top : top + inner[1], left : left + inner[0]] = scaled
    return framed
