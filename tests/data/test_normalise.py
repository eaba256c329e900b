"""A digit is found whatever its place, size, colours and paper, and becomes what MNIST would hold.

pytest tests/data/test_normalise.py
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lenet.data.ink import find_ink
from lenet.data.normalise import BOX, SIDE, as_digit, normalised

Grey = NDArray[np.uint8]
SEVEN = [(20, 20), (80, 20), (45, 90)]


def drawing(pen: int = 8, ink: object = "black", paper: object = "white", mode: str = "RGB") -> Image.Image:
    """Return a 7 on a canvas of 120x120."""
    image = Image.new(mode, (120, 120), paper)  # type: ignore[arg-type]
    ImageDraw.Draw(image).line(SEVEN, fill=ink, width=pen, joint="curve")  # type: ignore[arg-type]
    return image


def shadowed(image: Image.Image) -> Image.Image:
    """Return `image` as a photograph in uneven light: a third as bright at the left edge, with noise."""
    light = np.linspace(0.35, 1, image.width)[None, :, None]
    noise = np.random.default_rng(0).normal(0, 3, (image.height, image.width, 1))
    return Image.fromarray((np.asarray(image) * light + noise).clip(0, 255).astype(np.uint8))


def specked(image: Image.Image) -> Image.Image:
    for place in [(5, 100), (100, 60), (110, 110)]:
        image.putpixel(place, (0, 0, 0))
    return image


def framed(image: Image.Image) -> Image.Image:
    """Return `image` with a dark bar at its edge, as of a table."""
    ImageDraw.Draw(image).rectangle((0, 0, 4, 119), fill="black")
    return image


ALIKE: dict[str, Callable[[], Image.Image]] = {
    "white on black": lambda: drawing(ink="white", paper="black"),
    "grey": lambda: drawing(ink=0, paper=255, mode="L"),
    "blue on yellow": lambda: drawing(ink="#2020c0", paper="#e0d080"),
    "pencil": lambda: drawing(ink="#a0a0a0", paper="#c0c0c0"),
    "green on green": lambda: drawing(ink="#108010", paper="#40ff20"),
    "uneven light": lambda: shadowed(drawing()),
    "specks": lambda: specked(drawing()),
    "the rim of a table": lambda: framed(drawing()),
    "larger": lambda: drawing().resize((700, 700), Image.Resampling.BICUBIC),
    "aside": lambda: Image.fromarray(np.pad(np.asarray(drawing()), ((0, 90), (70, 0), (0, 0)), constant_values=255)),
}


@pytest.mark.parametrize("kind", ALIKE)
def test_the_same_digit_is_seen_in_every_picture(kind: str) -> None:
    expected, found = as_digit(drawing()).astype(int), as_digit(ALIKE[kind]()).astype(int)
    assert np.abs(found - expected).mean() < 9, np.abs(found - expected).mean()  # of 255
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.93


@given(st.integers(1, 20), st.integers(24, 300))
def test_it_fits_the_box_and_is_centred_by_its_mass(pen: int, side: int) -> None:
    digit = as_digit(drawing(pen).resize((side, side), Image.Resampling.BICUBIC)).astype(float)
    rows, columns = np.flatnonzero(digit.any(1)), np.flatnonzero(digit.any(0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == BOX
    assert digit.max() == 255
    for axis, places in enumerate((rows, columns)):
        mass = digit.sum(1 - axis)
        centre = (mass * (np.arange(SIDE) + 0.5)).sum() / mass.sum()
        at_edge = places[0] == 0 or places[-1] == SIDE - 1
        assert at_edge or SIDE // 2 <= centre < SIDE // 2 + 1


def test_thin_strokes_are_thickened() -> None:
    thin, thick = (as_digit(drawing(pen)).astype(float).sum() for pen in (1, 9))
    assert 0.7 < thin / thick < 1.1


@pytest.mark.parametrize("level", [0, 90, 255])
def test_blank_paper_has_no_ink(level: int) -> None:
    noise = np.random.default_rng(0).normal(0, 2, (90, 120))
    for paper in (np.full((90, 120), level), level + noise):
        image = Image.fromarray(paper.clip(0, 255).astype(np.uint8))
        assert not find_ink(image, 480).found
        assert not as_digit(image).any()


@given(
    st.tuples(st.integers(40, 300), st.integers(40, 300)),
    st.floats(0.4, 1),
    st.floats(0.4, 1),
    st.floats(0.5, 3),
    st.integers(0, 999),
)
@settings(max_examples=60)
@example((40, 125), 0.40625, 0.40625, 0.5, 0)
def test_blank_paper_in_uneven_light_has_no_ink(
    shape: tuple[int, int], right: float, bottom: float, noise: float, seed: int
) -> None:
    """The light falls off to the right and to the bottom, as in a photograph taken near a window."""
    light = np.linspace(1, right, shape[1])[None] * np.linspace(1, bottom, shape[0])[:, None]
    levels = 210 * light + np.random.default_rng(seed).normal(0, noise, shape)
    assert not as_digit(Image.fromarray(levels.clip(0, 255).astype(np.uint8))).any()


@given(st.integers(1, 5), st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_smallest_pictures_do_no_harm(width: int, height: int, random: object) -> None:
    levels = np.random.default_rng(random.randrange(2**31)).integers(0, 256, (height, width), np.uint8)  # type: ignore[attr-defined]
    assert as_digit(Image.fromarray(levels)).shape == (SIDE, SIDE)


def test_other_classes_are_not_treated_as_digits() -> None:
    image = drawing()
    whole = normalised(image, "frame", (28, 28), "light")
    expected = 255 - np.asarray(image.convert("L"))
    np.testing.assert_array_equal(
        whole, np.asarray(Image.fromarray(expected).resize((28, 28), Image.Resampling.BILINEAR))
    )
    np.testing.assert_array_equal(normalised(image, "digit", (28, 28), "light"), as_digit(image))
