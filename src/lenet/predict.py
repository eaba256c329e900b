"""Pictures in, classes with their certainty out: one path for the command and for all that is to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lenet.data.pictures import ink_high, read_picture
from lenet.engines import compute_scores
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

    It is prepared as the pictures were that the network learned from: turned into its negative if they were (for
    the catalogue's digits and clothes: if its border is light), and scaled to their size. Raises `InputError` that
    names the first file that is not a picture, before any is answered.
    """
    if network.channels != 1:
        raise InputError(f"this network takes pictures of {network.channels} channels; picture files are read as grey")
    if not pictures:
        return []
    images = [ink_high(read_picture(path), network.background) for path in pictures]
    framed = np.stack([_scaled(image, network.picture_size) for image in images])[:, None]
    certainties = compute_scores(network, framed).softmax(1)
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
