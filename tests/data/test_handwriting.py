"""The data set `handwriting` is made from MNIST: the digits stay, others are drawn, and some pictures show no digit.

pytest tests/data/test_handwriting.py
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from lenet.data import Dataset, Split
from lenet.data.catalogue import NO_DIGIT
from lenet.data.handwriting import load_handwriting, redrawn
from lenet.data.normalise import as_digit
from lenet.data.strokes import DIGITS, LETTERS, SYMBOLS, doodle, drawn, scribble, shape, texture


def bars(count: int) -> Split:
    """Return `count` pictures of a bar, lying for an odd label and standing for an even one."""
    pictures = np.zeros((count, 1, 28, 28), np.uint8)
    labels = np.arange(count, dtype=np.int64) % 10
    for picture, label in zip(pictures, labels, strict=True):
        (picture[0] if label % 2 else picture[0].T)[12:16, 4:24] = 255
    return Split(pictures, labels)


@pytest.fixture(scope="module")
def bars_of_mnist() -> Dataset:
    return Dataset("mnist", bars(60), bars(20), tuple("0123456789"), normalisation="digit", sources={"it": "0" * 64})


def test_it_has_what_it_says(bars_of_mnist: Dataset) -> None:
    made = load_handwriting(bars_of_mnist)
    assert made.classes == (*"0123456789", NO_DIGIT)
    assert (made.rubbish_class, made.normalisation) == (NO_DIGIT, "digit")
    assert made.train.pictures.shape == (60 + 20 + 6 + 15, 1, 28, 28)
    np.testing.assert_array_equal(made.train.pictures[:60], bars_of_mnist.train.pictures)
    assert set(made.train.labels[80:86].tolist()) <= set(DIGITS)
    assert (made.train.labels[86:] == 10).all()
    np.testing.assert_array_equal(made.test.pictures[:20], bars_of_mnist.test.pictures)
    assert (made.test.labels[20:] == 10).all()


def test_it_is_the_same_each_time(bars_of_mnist: Dataset) -> None:
    first, second = (load_handwriting(bars_of_mnist) for _ in range(2))
    np.testing.assert_array_equal(first.train.pictures, second.train.pictures)
    np.testing.assert_array_equal(first.test.labels, second.test.labels)


def test_another_pen_draws_the_same_digit() -> None:
    random = np.random.default_rng(0)
    lying, standing = bars(2).pictures[:, 0]
    for _ in range(20):
        for picture in (lying, standing):
            again = as_digit(redrawn(picture, random)).astype(float)
            tall, wide = (np.ptp(np.flatnonzero(again.any(axis))) for axis in (1, 0))
            original_tall, original_wide = (np.ptp(np.flatnonzero(picture.any(axis))) for axis in (1, 0))
            assert (tall > wide) == (original_tall > original_wide)


DRAWN: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "digit": lambda random: drawn(DIGITS[4][0], random),
    "letter": lambda random: drawn(LETTERS[0], random),
    "symbol": lambda random: drawn(SYMBOLS[0], random),
    "scribble": scribble,
    "doodle": doodle,
    "shape": shape,
    "texture": texture,
}


@pytest.mark.parametrize("kind", DRAWN)
def test_a_drawing_is_of_one_size_and_no_two_are_alike(kind: str) -> None:
    random = np.random.default_rng(0)
    one, other = (np.asarray(DRAWN[kind](random)) for _ in range(2))
    assert one.shape == other.shape == (96, 96)
    assert one.dtype == np.uint8
    assert (one != other).any()
    np.testing.assert_array_equal(one, np.asarray(DRAWN[kind](np.random.default_rng(0))))


@pytest.mark.parametrize("sign", [sign for signs in (*DIGITS.values(), LETTERS, SYMBOLS) for sign in signs])
def test_every_sign_is_written_in_the_notation(sign: str) -> None:
    for stroke in sign.split():
        points = stroke.split(",")
        assert len(points) >= 2
        assert all(len(point) == 2 and 0 <= int(point[0]) <= 6 and 0 <= int(point[1]) <= 8 for point in points)
