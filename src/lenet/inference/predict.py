"""Predictions for pictures of any kind."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lenet.data.image import open_picture
from lenet.data.normalise import normalised
from lenet.errors import InputError
from lenet.inference.line import Digit, rows_of
from lenet.inference.predictor import Model, Predictor
from lenet.models.spec import Spec

if TYPE_CHECKING:
    from lenet.data.image import Picture


@dataclass(frozen=True)
class Guess:
    """A class and its `certainty`, from 0 to 1; `label` is the name of the class, or None for "no digit"."""

    label: str | None
    certainty: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """The prediction for one picture: the `best` guess, the `second`, and whether the network is `sure` of the best.

    `picture` is the path as given, or "picture 3" for the third of the list if it has no path. A picture without any
    ink has no second guess. `seen` is what the network saw, uint8 `(H, W)` with ink high, and `probabilities` has one
    number for each class.
    """

    picture: str
    best: Guess
    second: Guess | None
    sure: bool
    seen: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    rows: list[list[Digit]] | None = None
    """the rows of digits in the picture, if they were asked for"""

    @property
    def label(self) -> str | None:
        """The name of the class, or None if the picture shows none of the classes, such as no digit."""
        return self.best.label

    @property
    def certainty(self) -> float:
        """The estimated chance, from 0 to 1, that `label` is right."""
        return self.best.certainty


@dataclass(frozen=True)
class Unreadable:
    """A `picture` that cannot be read, and the `reason` as a sentence that names it."""

    picture: str
    reason: str


def predict(model: Model | Predictor, pictures: Iterable[Picture]) -> list[Prediction]:
    """Return the prediction of `model` for each of the `pictures`, in order.

    `model` is the name of a shipped network, a run folder, a .safetensors file, a `Network`, or a `Predictor`, which
    saves time over several calls. Each picture is a path, the content of a file as bytes, an open binary file, a PIL
    image, or a uint8 array `(H, W)`, `(H, W, 3)` or `(H, W, 4)`. The network's spec says how it becomes like the
    training pictures (see `lenet.data.normalise`). Raises `InputError` for a model that cannot be used or does not take
    grey pictures, for a single picture instead of a list, and for the first picture that cannot be read.
    """
    named = _named(pictures)
    predictor = model if isinstance(model, Predictor) else Predictor(model, pictures=len(named))
    predictions = []
    for prediction in answers(predictor, named):
        if isinstance(prediction, Unreadable):
            raise InputError(prediction.reason)
        predictions.append(prediction)
    return predictions


def answers(
    predictor: Predictor, named: Iterable[tuple[str, Picture]], *, line: bool = False
) -> Iterator[Prediction | Unreadable]:
    """Yield a `Prediction`, or an `Unreadable`, for each (name, picture) of `named` as soon as it is read.

    No more than one picture is held at a time. With `line`, rows of separate digits are read, too. Raises `InputError`
    for a network that does not take grey pictures, or with `line` for one that does not read digits.
    """
    spec = predictor.spec
    if spec.channels != 1:
        raise InputError(f"this network takes pictures of {spec.channels} channels; picture files are read as grey")
    for name, picture in named:
        try:
            image = open_picture(picture, name)
        except InputError as error:
            yield Unreadable(name, str(error))
            continue
        seen = normalised(image, spec.normalisation, spec.picture_size, spec.background)
        one = _judged(name, seen, predictor.probabilities(seen[None, None])[0], spec)
        yield replace(one, rows=rows_of(predictor, image)) if line else one


def _judged(name: str, seen: NDArray[np.uint8], probabilities: NDArray[np.float32], spec: Spec) -> Prediction:
    if not np.isfinite(probabilities).all():
        raise InputError(f"the network gives no number for {name}: its weights are too large")
    if spec.normalisation == "digit" and not seen.any():
        return Prediction(name, Guess(None, 1.0), None, True, seen, np.zeros_like(probabilities))
    first, second = np.argsort(-probabilities, kind="stable")[:2]
    best, runner_up = (Guess(_label(spec, place), float(probabilities[place])) for place in (first, second))
    return Prediction(name, best, runner_up, best.certainty >= spec.calibration.sure, seen, probabilities)


def _label(spec: Spec, place: int) -> str | None:
    return None if spec.classes[place] == spec.rubbish_class else spec.classes[place]


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
