"""Boxes and labels are drawn on the picture, and several pictures on one page.

pytest tests/see/test_boxes.py
"""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageColor

from lenet.inference.line import Digit
from lenet.see.boxes import WIDTH, boxed, fitted, page
from lenet.see.style import BLUE, ORANGE


@pytest.mark.parametrize(("sure", "colour"), [(True, BLUE), (False, ORANGE)])
def test_a_box_has_the_colour_of_its_certainty(sure: bool, colour: str) -> None:
    image = Image.new("L", (100, 80), "white")
    drawn = boxed(image, [Digit("7", 0.9, sure, (20, 30, 50, 70))])
    assert drawn.size == image.size
    assert drawn.getpixel((19, 50)) == ImageColor.getrgb(colour)
    assert drawn.getpixel((35, 50)) == (255, 255, 255)
    label = np.asarray(drawn)[5:27, 20:50]
    assert (label != 255).any()


def test_one_picture_is_its_own_page() -> None:
    image = Image.new("RGB", (33, 44))
    assert page([image]) is image


def test_several_stand_below_each_other() -> None:
    whole = page([fitted(Image.new("RGB", (100, 50), "black")), fitted(Image.new("RGB", (1600, 200), "red"))])
    assert whole.size == (WIDTH, 50 + 12 + 100)
    assert (whole.getpixel((5, 5)), whole.getpixel((5, 55)), whole.getpixel((5, 70))) == (
        (0, 0, 0), (255, 255, 255), (255, 0, 0),
    )  # fmt: skip
