"""Stored pictures become input: padded as by numpy, scaled as by Pillow, with levels by their formula.

pytest tests/data/test_prepare.py
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from lenet.data.prepare import Preparation
from lenet.errors import InputError


def pictures(count: int, channels: int, height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, channels, height, width), dtype=np.uint8)


@pytest.mark.parametrize(("height", "width", "size"), [(28, 28, 32), (28, 28, 28), (5, 8, 8), (3, 2, 8), (1, 1, 4)])
def test_padding_is_numpy_s_with_the_odd_pixel_after(height: int, width: int, size: int) -> None:
    images = pictures(3, 2, height, width)
    around = [(0, 0), (0, 0), *(((size - side) // 2, (size - side + 1) // 2) for side in (height, width))]
    framed = Preparation().frame(images, size)
    assert framed.dtype == np.uint8
    np.testing.assert_array_equal(framed, np.pad(images, around))


@pytest.mark.parametrize(("height", "width", "size"), [(28, 28, 32), (28, 28, 20), (40, 20, 32), (20, 40, 32)])
def test_resizing_is_pillow_s(height: int, width: int, size: int) -> None:
    images = pictures(2, 1, height, width)
    framed = Preparation(fit="resize").frame(images, size)
    tall, wide = (round(side * size / max(height, width)) for side in (height, width))
    top, left = (size - tall) // 2, (size - wide) // 2
    for picture, result in zip(images[:, 0], framed[:, 0], strict=True):
        expected = np.zeros((size, size), np.int16)
        scaled = np.asarray(Image.fromarray(picture).resize((wide, tall), Image.Resampling.BILINEAR))
        expected[top : top + tall, left : left + wide] = scaled
        assert np.abs(expected - result).max() <= 1  # one level of 255, from rounding


@pytest.mark.parametrize("fit", ["pad", "resize"])
def test_the_size_of_a_part_does_not_matter(monkeypatch: pytest.MonkeyPatch, fit: Any) -> None:
    images = pictures(8, 1, 6, 5)
    whole = Preparation(fit=fit).frame(images, 9)
    monkeypatch.setattr("lenet.data.prepare.CHUNK", 3)
    np.testing.assert_array_equal(Preparation(fit=fit).frame(images, 9), whole)


@pytest.mark.parametrize("fit", ["pad", "resize"])
@pytest.mark.parametrize("size", [8, 9, 12])
def test_the_pictures_themselves_are_not_changed(fit: Any, size: int) -> None:
    """Pictures of the input's size are not copied, but the levels that a network is given always are."""
    preparation, images = Preparation(fit=fit), pictures(2, 1, 8, 8)
    before = images.copy()
    framed = preparation.frame(images, size)
    assert np.shares_memory(framed, images) == (size == 8)
    preparation.scale(torch.from_numpy(framed)).fill_(7)
    if size != 8:
        framed.fill(7)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("fit", ["pad", "resize"])
@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize("channels", [1, 2])
def test_pictures_in_any_memory_are_taken(fit: Any, size: int, channels: int) -> None:
    """They may be read-only like a mapped file, stored in reverse, or channels-last, which one channel hides."""
    images = pictures(3, channels, 8, 8)
    expected = Preparation(fit=fit).frame(images, size)
    locked = images.copy()
    locked.flags.writeable = False
    reversed_twice = np.ascontiguousarray(images[..., ::-1, ::-1])[..., ::-1, ::-1]
    channels_last = np.moveaxis(np.ascontiguousarray(np.moveaxis(images, 1, 3)), 3, 1)
    for same in (locked, reversed_twice, channels_last):
        framed = Preparation(fit=fit).frame(same, size)
        np.testing.assert_array_equal(framed, expected)
        assert framed.strides == expected.strides == np.empty(framed.shape, np.uint8).strides


def test_levels_of_the_paper() -> None:
    """Section II.B gives -0.1 for background and 1.175 for ink."""
    paper = Preparation(mean=0.1 / 1.275, std=1 / 1.275)
    torch.testing.assert_close(paper.scale(torch.tensor([0, 255], dtype=torch.uint8)), torch.tensor([-0.1, 1.175]))


def test_levels_of_the_tutorial() -> None:
    levels = torch.arange(256, dtype=torch.uint8)
    expected = (levels.double() / 255 - 0.1307) / 0.3081
    scaled = Preparation(mean=0.1307, std=0.3081).scale(levels)
    assert scaled.dtype == torch.float32
    torch.testing.assert_close(scaled, expected.float())


@given(st.floats(-10, 10), st.floats(1e-3, 1e3))
def test_levels_in_general(mean: float, std: float) -> None:
    levels = torch.arange(256)
    scaled = Preparation(mean=mean, std=std).scale(levels)
    expected = (levels.double() / 255 - mean) / std
    assert (scaled.double() - expected).abs().max() <= 1e-6 * (abs(mean) + 1) / std


def test_a_picture_larger_than_the_input() -> None:
    sentence = "pictures of 28x30 do not fit the network's input of 28x28: let them be resized (fit) "
    sentence += "or the input be larger (input size 30)"
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}$"):
        Preparation().frame(pictures(1, 1, 28, 30), 28)
    assert Preparation(fit="resize").frame(pictures(1, 1, 28, 30), 28).shape == (1, 1, 28, 28)


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({"fit": "crop"}, "unknown fit 'crop': known: pad, resize"),
        ({"std": 0.0}, "std is 0: it must be from 0.001 to 1000"),
        ({"std": -1.0}, "std is -1: it must be from 0.001 to 1000"),
        ({"mean": float("nan")}, "mean is nan: it must be from -10 to 10"),
        ({"mean": "0"}, "mean is '0': expected a number"),
    ],
)
def test_numbers_out_of_range(numbers: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}$"):
        Preparation(**numbers)
