"""Pictures in, classes out: the same answer as the network's own scores, whatever the file's size and background.

pytest tests/test_predict.py
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from lenet.data.pictures import Background
from lenet.data.prepare import Preparation
from lenet.errors import InputError
from lenet.models import Architecture, Network, build
from lenet.predict import _scaled, predict

CLASSES = ("cat", "dog", "hippopotamus")


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(0)
    return Network(
        Architecture(input_size=16, maps=(2,), kernels=(3,), hidden=(6,)),
        classes=CLASSES,
        picture_size=(10, 12),
        preparation=Preparation(mean=0.3, std=0.2),
    )


def drawn(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """A picture of ink on a black border."""
    picture = np.zeros((height, width), np.uint8)
    inside = picture[1:-1, 1:-1]
    inside[:] = np.random.default_rng(seed).integers(0, 256, inside.shape)
    return picture


def file_of(path: Path, picture: NDArray[np.uint8]) -> Path:
    Image.fromarray(picture).save(path)
    return path


def test_answers_are_the_network_s(network: Network, tmp_path: Path) -> None:
    pictures = [drawn(10, 12, seed) for seed in range(5)]
    paths = [file_of(tmp_path / f"{place}.png", picture) for place, picture in enumerate(pictures)]
    expected = network.scores(np.stack(pictures)[:, None]).softmax(1)
    predictions = predict(network, paths)
    assert [prediction.picture for prediction in predictions] == [str(path) for path in paths]
    assert [prediction.answer for prediction in predictions] == [CLASSES[place] for place in expected.argmax(1)]
    assert [prediction.certainty for prediction in predictions] == expected.max(1).values.tolist()
    assert all(1 / 3 <= prediction.certainty <= 1 for prediction in predictions)


def test_dark_on_light_is_read_as_its_negative(network: Network, tmp_path: Path) -> None:
    dark, light = file_of(tmp_path / "dark.png", drawn(10, 12)), file_of(tmp_path / "light.png", 255 - drawn(10, 12))
    first, second = predict(network, [dark, light])
    assert (first.answer, first.certainty) == (second.answer, second.certainty)


def test_another_size_is_scaled_and_centred(network: Network, tmp_path: Path) -> None:
    """Twice as large on every side, each pixel a square of four: scaled down, it is the picture itself, blurred."""
    large = file_of(tmp_path / "large.png", drawn(20, 40))
    small = np.zeros((10, 12), np.uint8)
    small[2:8] = np.asarray(Image.fromarray(drawn(20, 40)).resize((12, 6), Image.Resampling.BILINEAR))
    (prediction,) = predict(network, [large])
    assert prediction.certainty == network.scores(small[None, None]).softmax(1).max()


@given(st.tuples(st.integers(1, 60), st.integers(1, 60)), st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_scaling_keeps_the_aspect_and_fills_the_frame(shape: tuple[int, int], size: tuple[int, int]) -> None:
    framed = _scaled(np.full(shape, 255, np.uint8), size)
    assert framed.shape == size
    assert framed.dtype == np.uint8
    rows, columns = framed.any(1), framed.any(0)
    assert rows.all() or columns.all()
    tall, wide = rows.sum(), columns.sum()
    factor = min(size[0] / shape[0], size[1] / shape[1])
    assert (tall, wide) == (max(1, round(shape[0] * factor)), max(1, round(shape[1] * factor)))
    top, left = rows.argmax(), columns.argmax()
    assert abs(top - (size[0] - tall - top)) <= 1
    assert abs(left - (size[1] - wide - left)) <= 1


def test_nothing_asked(network: Network) -> None:
    assert predict(network, []) == []


@pytest.mark.parametrize("content", [None, b"", b"not a picture"])
def test_the_first_file_that_is_no_picture_is_named(network: Network, tmp_path: Path, content: bytes | None) -> None:
    good, bad = file_of(tmp_path / "good.png", drawn(10, 12)), tmp_path / "bad.png"
    if content is not None:
        bad.write_bytes(content)
    with pytest.raises(InputError, match=f"^{re.escape(str(bad))} is not a "):
        predict(network, [good, bad, tmp_path / "worse.png"])


def test_a_network_of_colour_is_not_asked(tmp_path: Path) -> None:
    sentence = "this network takes pictures of 3 channels; picture files are read as grey"
    with pytest.raises(InputError, match=f"^{sentence}$"):
        predict(build("lenet5", channels=3), [file_of(tmp_path / "it.png", drawn(10, 12))])


@pytest.mark.parametrize("background", ["light", "dark"])
def test_a_picture_is_turned_as_the_training_pictures_were(tmp_path: Path, background: Background) -> None:
    """Also one whose border says otherwise: what is light and what is dark may be the very thing to tell apart."""
    network = build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[4], classes=("day", "night"))
    network.background = background
    for level in (20, 230):
        path = tmp_path / f"{level}.png"
        Image.fromarray(np.full((8, 8), level, np.uint8)).save(path)
        seen = np.full((1, 1, 8, 8), 255 - level if background == "light" else level, np.uint8)
        (prediction,) = predict(network, [path])
        assert prediction.certainty == pytest.approx(float(network.scores(seen).softmax(1).max()))
