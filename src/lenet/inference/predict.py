"""Predictions for pictures of any kind."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lenet.data.image import ink_high, read_picture
from lenet.errors import InputError
from lenet.inference.predictor import Model, Predictor

if TYPE_CHECKING:
    from lenet.data.image import Picture


@dataclass(frozen=True)
class Prediction:
    """The prediction for one picture: `label`, the name of the class, and its `confidence`, from 0 to 1.

    `picture` is the path as given; the third picture, if it has no path, is called "picture 3".
    """

    picture: str
    label: str
    confidence: float


def predict(model: Model | Predictor, pictures: Iterable[Picture]) -> list[Prediction]:
    """Return the prediction of `model` for each of the `pictures`, in order.

    `model` is a run folder, a .safetensors file, a `Network`, or a `Predictor`, which saves time over several calls.
    Each picture is a path, the content of a file as bytes, an open binary file, a PIL image, or a uint8 array `(H, W)`,
    `(H, W, 3)` or `(H, W, 4)`. It is inverted if the `background` in the network's spec is "light", or if that is
    "either" and the picture's border is mostly light. Then it is scaled to the size of the training pictures, at an
    unchanged aspect ratio, and centred on background. Raises `InputError` for a model that cannot be used or does not
    take grey pictures, for a single picture instead of a list, and for the first picture that cannot be read; nothing
    is then predicted.
    """
    named = _named(pictures)
    predictor = model if isinstance(model, Predictor) else Predictor(model, pictures=len(named))
    spec = predictor.spec
    if spec.channels != 1:
        raise InputError(f"this network takes pictures of {spec.channels} channels; picture files are read as grey")
    if not named:
        return []
    levels = [ink_high(read_picture(picture, name), spec.background) for name, picture in named]
    # A picture may be resized twice: here to the size of the training pictures, as the makers of the data set did, and
    # then by the preparation of the network, like every training picture.
    scaled = np.stack([_scaled(picture, spec.picture_size) for picture in levels])[:, None]
    logits = predictor.logits(scaled)
    best = zip(logits.argmax(1), predictor.probabilities_of(logits).max(1), strict=True)
    return [
        Prediction(name, spec.classes[prediction], float(confidence))
        for (name, _), (prediction, confidence) in zip(named, best, strict=True)
    ]


def _named(pictures: Iterable[Picture]) -> list[tuple[str, Picture]]:
    """Return a (name, picture) pair for each of the `pictures`.

    Raises `InputError` for a single picture, and for anything else that is not iterable.
    """
    lone = isinstance(pictures, str | bytes | PathLike | np.ndarray | Image.Image) or hasattr(pictures, "read")
    if lone or not isinstance(pictures, Iterable):
        shown = f"'{pictures}'" if isinstance(pictures, str | PathLike) else f"of the type {type(pictures).__name__}"
        raise InputError(f"pictures is {shown}: expected a list of pictures, with a single one in brackets")
    return [
        (os.fspath(picture) if isinstance(picture, str | PathLike) else f"picture {place}", picture)
        for place, picture in enumerate(pictures, start=1)
    ]


def _scaled(picture: NDArray[np.uint8], size: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return `picture` `(H, W)`, scaled to fit `size` (height, width) and centred on a background of 0.

    The scaling is bilinear and keeps the aspect ratio, up to whole pixels.
    """
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
