"""The figure of what a network saw has, for each picture, the original, the input and a bar for each class.

pytest tests/see/test_seen.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from lenet.inference.predict import Guess, Prediction
from lenet.see.seen import seen
from lenet.see.style import save

CLASSES = ("0", "1", "no digit")


def answer(label: str | None, certainty: float, *, sure: bool) -> Prediction:
    place = CLASSES.index(label or "no digit")
    probabilities = np.full(3, (1 - certainty) / 2, np.float32)
    probabilities[place] = certainty
    picture = np.full((28, 28), 255, np.uint8)
    return Prediction("a/very/long/way/to/a-picture.png", Guess(label, certainty), None, sure, picture, probabilities)


@pytest.mark.parametrize("count", [0, 1, 3, 4])
def test_every_picture_has_its_three_axes(tmp_path: Path, count: int) -> None:
    answers = [answer("1", 0.9, sure=True), answer(None, 0.8, sure=True), answer("0", 0.4, sure=False)] * 2
    originals = [Image.new("RGB", (900, 300), "white")] * count
    made = seen(originals, answers[:count], CLASSES)
    drawn = [axes for axes in made.axes if axes.axison]
    assert len(drawn) == 3 * count
    titles = [axes.get_title("left") for axes in drawn[2::3]]
    assert titles == ["1", "no digit", "0?", "1"][:count]
    assert all(axes.get_title() == "a-picture.png" for axes in drawn[::3])
    for axes, one in zip(drawn[2::3], answers, strict=False):
        heights = [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle)]
        assert heights == pytest.approx(100 * one.probabilities)
    save(made, tmp_path / "it.png")
    with Image.open(tmp_path / "it.png") as written:
        assert written.width > 1000
