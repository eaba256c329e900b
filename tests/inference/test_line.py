"""Rows of digits are read by the network that comes with lenet, and what is no digit is left out.

pytest tests/inference/test_line.py
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import lenet
from lenet.data.parts import connected
from lenet.data.strokes import DIGITS, SYMBOLS, drawn
from lenet.errors import InputError
from lenet.inference.line import Digit, read_rows
from lenet.inference.predictor import Predictor


@pytest.fixture(scope="module")
def reader() -> Predictor:
    return Predictor("handwriting")


def written(rows: list[str], gap: int = 10) -> Image.Image:
    """Return `rows` of digits, each drawn by program, with `gap` pixels of paper more between them."""
    random = np.random.default_rng(1)
    page = Image.new("L", (max(map(len, rows)) * (96 + gap), len(rows) * 110), "white")
    for y, row in enumerate(rows):
        for x, digit in enumerate(row):
            sign = DIGITS[int(digit)][0] if digit.isdigit() else SYMBOLS[0]
            page.paste(drawn(sign, random, tilt=5, loose=0.01), (x * (96 + gap) + 2, y * 110 + 7))
    return page


def text(rows: list[list[Digit]]) -> str:
    return " ".join("".join(digit.label for digit in row) for row in rows)


def test_rows_are_read_in_order(reader: Predictor) -> None:
    page = written(["1746", "964"])
    rows = read_rows(reader, page)
    assert text(rows) == "1746 964"
    for y, row in enumerate(rows):
        for x, digit in enumerate(row):
            left, top, right, bottom = digit.box
            assert x * 106 <= left < right <= (x + 1) * 106
            assert y * 110 <= top < bottom <= (y + 1) * 110
            assert 0 < digit.certainty <= 1
            assert digit.sure == (digit.certainty >= reader.spec.calibration.sure)


def test_what_is_no_digit_is_left_out(reader: Predictor) -> None:
    assert text(read_rows(reader, written(["7+4"]))) == "74"
    assert read_rows(reader, Image.new("L", (90, 60), "white")) == []


def four(x: int) -> NDArray[np.uint8]:
    """Return a 4 on a page of 200x110 pixels, `x` pixels from the left."""
    page = Image.new("L", (200, 110), "white")
    page.paste(drawn(DIGITS[4][0], np.random.default_rng(3), tilt=1, loose=0.0), (x, 7))
    return np.asarray(page)


def test_digits_that_touch_are_split(reader: Predictor) -> None:
    touching = np.minimum(four(10), four(60))
    assert len(connected(touching < 128)[1]) == 1
    assert text(read_rows(reader, Image.fromarray(touching))) == "44"


def test_only_a_reader_of_digits_reads_rows() -> None:
    network = lenet.build("lenet5")
    with pytest.raises(InputError, match=r"^this network does not read handwritten digits"):
        read_rows(network, written(["7"]))
