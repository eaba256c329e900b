"""Read rows of separate digits in one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from lenet.data.image import open_picture
from lenet.data.rows import Strokes, find_rows
from lenet.errors import InputError
from lenet.inference.predictor import Model, Predictor

if TYPE_CHECKING:
    from lenet.data.image import Picture

WIDE = 1.15  # times its height: what is wider may be digits that touch
NEAR = 0.15  # times the height: what is nearer to its neighbour may be a stroke of the same digit
CUTS = 12  # columns that are tried


@dataclass(frozen=True)
class Digit:
    """A digit: its `label`, the `certainty` from 0 to 1, whether the network is `sure`, and the `box` around it.

    `box` is (left, top, right, bottom) in pixels of the picture; right and bottom lie just outside.
    """

    label: str
    certainty: float
    sure: bool
    box: tuple[int, int, int, int]


def read_rows(model: Model | Predictor, picture: Picture) -> list[list[Digit]]:
    """Return the rows of separate digits in `picture`, in reading order; what is no digit is left out.

    `model` and `picture` are as in `lenet.predict`. Raises `InputError` for a model that cannot be used or does not
    read digits, and for a picture that cannot be read.
    """
    predictor = model if isinstance(model, Predictor) else Predictor(model)
    return rows_of(predictor, open_picture(picture))


def rows_of(predictor: Predictor, image: Image.Image) -> list[list[Digit]]:
    """Return the rows of digits in `image`, of the mode L or RGB, in reading order.

    Neighbours that nearly touch are joined, and what is too wide for one digit is split, where the network is more
    certain of the result. Raises `InputError` for a network that does not read digits.
    """
    if predictor.spec.normalisation != "digit":
        raise InputError("this network does not read handwritten digits: rows of them can be read by one that does")
    rows = [_separate(predictor, _together(predictor, row)) for row in find_rows(image)]
    read = [[_digit(predictor, strokes) for strokes in row] for row in rows]
    return [kept for row in read if (kept := [digit for digit in row if digit])]


def _together(predictor: Predictor, row: list[Strokes]) -> list[Strokes]:
    """Return `row` with neighbours that nearly touch joined, such as the strokes of a 4, where that is surer."""
    joined = row[:1]
    for one in row[1:]:
        last = joined[-1]
        both = last.joined(one)
        near = one.left - last.right < NEAR * both.height and both.width < both.height
        if near and _certainty(predictor, [both]) > _certainty(predictor, [last, one]):
            joined[-1] = both
        else:
            joined.append(one)
    return joined


def _separate(predictor: Predictor, row: list[Strokes]) -> list[Strokes]:
    """Return `row` with what is too wide for a digit split, at a column of little ink, where that is more certain."""
    separate: list[Strokes] = []
    for strokes in row:
        cuts = _cuts(strokes) if strokes.width > WIDE * strokes.height else []
        best = [strokes]
        if cuts:
            options = [best, *(list(strokes.split(column)) for column in cuts)]
            best = max(options, key=lambda pieces: _certainty(predictor, pieces))
        separate += best if len(best) == 1 else _separate(predictor, best)
    return separate


def _cuts(strokes: Strokes) -> list[int]:
    """Return the columns at which `strokes` may be cut: those with the least ink, away from both ends."""
    margin = strokes.height // 4
    ink = strokes.mask.sum(0)
    places = np.arange(margin, max(margin, strokes.width - margin))
    return [int(place) for place in places[np.argsort(ink[places], kind="stable")][:CUTS]]


def _certainty(predictor: Predictor, pieces: list[Strokes]) -> float:
    """Return, for the worst of `pieces`, the probability of its most likely digit."""
    probabilities = predictor.probabilities(np.stack([piece.seen for piece in pieces])[:, None])
    digits = [place for place, name in enumerate(predictor.spec.classes) if name != predictor.spec.rubbish_class]
    return float(probabilities[:, digits].max(1).min())


def _digit(predictor: Predictor, strokes: Strokes) -> Digit | None:
    spec = predictor.spec
    probabilities = predictor.probabilities(strokes.seen[None, None])[0]
    place = int(probabilities.argmax())
    if spec.classes[place] == spec.rubbish_class:
        return None
    certainty = float(probabilities[place])
    return Digit(spec.classes[place], certainty, certainty >= spec.calibration.sure, strokes.box)
