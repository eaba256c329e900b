"""Predictions are those of the network, whatever the kind, the size and the background of a picture.

pytest tests/inference/test_predict.py
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from lenet.data.image import Background
from lenet.data.normalise import framed as scaled
from lenet.data.prepare import Preparation
from lenet.errors import InputError
from lenet.inference.predict import predict
from lenet.inference.predictor import Predictor
from lenet.models.architecture import Architecture
from lenet.models.calibration import Calibration
from lenet.models.initialise import initialise
from lenet.models.network import Network, build
from lenet.models.spec import Spec
from lenet.models.weights import save_network

CLASSES = ("cat", "dog", "hippopotamus")


@pytest.fixture(scope="module")
def network() -> Network:
    spec = Spec(
        Architecture(input_size=16, maps=(2,), kernels=(3,), hidden=(6,)),
        CLASSES,
        picture_size=(10, 12),
        preparation=Preparation(mean=0.3, std=0.2),
    )
    network = Network(spec)
    initialise(network, "he", 0)
    return network


def probabilities(network: Network, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the probabilities of `network` for `pictures` `(N, H, W)`, by torch alone."""
    spec = network.spec
    framed = spec.preparation.frame(pictures[:, None], spec.architecture.input_size)
    with torch.no_grad():
        return network(spec.preparation.scale(torch.from_numpy(framed))).double().softmax(1).float().numpy()  # type: ignore[no-any-return]


def drawn(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return a picture of `height` x `width` pixels: random levels within a black border."""
    picture = np.zeros((height, width), np.uint8)
    inside = picture[1:-1, 1:-1]
    inside[:] = np.random.default_rng(seed).integers(0, 256, inside.shape)
    return picture


def file_of(path: Path, picture: NDArray[np.uint8]) -> Path:
    Image.fromarray(picture).save(path)
    return path


def test_predictions_are_the_network_s(network: Network, tmp_path: Path) -> None:
    pictures = [drawn(10, 12, seed) for seed in range(5)]
    paths = [file_of(tmp_path / f"{place}.png", picture) for place, picture in enumerate(pictures)]
    expected = probabilities(network, np.stack(pictures))
    predictions = predict(network, paths)
    assert [prediction.picture for prediction in predictions] == [str(path) for path in paths]
    assert [prediction.label for prediction in predictions] == [CLASSES[place] for place in expected.argmax(1)]
    assert [prediction.certainty for prediction in predictions] == pytest.approx(expected.max(1).tolist(), rel=1e-6)
    assert all(1 / 3 <= prediction.certainty <= 1 for prediction in predictions)


def test_dark_on_light_is_read_as_its_negative(network: Network, tmp_path: Path) -> None:
    dark, light = file_of(tmp_path / "dark.png", drawn(10, 12)), file_of(tmp_path / "light.png", 255 - drawn(10, 12))
    first, second = predict(network, [dark, light])
    assert (first.label, first.certainty) == (second.label, second.certainty)


def test_another_size_is_scaled_and_centred(network: Network, tmp_path: Path) -> None:
    """A picture of 20x40 pixels keeps its aspect: it is scaled to 6x12 and centred in 10x12."""
    large = file_of(tmp_path / "large.png", drawn(20, 40))
    small = np.zeros((10, 12), np.uint8)
    small[2:8] = np.asarray(Image.fromarray(drawn(20, 40)).resize((12, 6), Image.Resampling.BILINEAR))
    (prediction,) = predict(network, [large])
    assert prediction.certainty == pytest.approx(probabilities(network, small[None]).max(), rel=1e-6)


@given(st.tuples(st.integers(1, 60), st.integers(1, 60)), st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_scaling_keeps_the_aspect_and_fills_the_frame(shape: tuple[int, int], size: tuple[int, int]) -> None:
    framed = scaled(np.full(shape, 255, np.uint8), size)
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
    """The border does not decide: what is light and what is dark may be the very thing to tell apart."""
    built = build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[4], classes=("day", "night"))
    network = Network(replace(built.spec, background=background))
    network.load_state_dict(built.state_dict())
    for level in (20, 230):
        path = tmp_path / f"{level}.png"
        Image.fromarray(np.full((8, 8), level, np.uint8)).save(path)
        seen = np.full((1, 8, 8), 255 - level if background == "light" else level, np.uint8)
        (prediction,) = predict(network, [path])
        assert prediction.certainty == pytest.approx(probabilities(network, seen).max(), rel=1e-6)


def in_colour(levels: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Return grey `levels` as colours; with four `channels`, the fourth makes them fully opaque."""
    colours = np.repeat(levels[:, :, None], 3, axis=2)
    return np.dstack([colours, np.full_like(levels, 255)]) if channels == 4 else colours


KINDS: dict[str, Callable[[Path, NDArray[np.uint8]], Any]] = {
    "text": lambda path, _: str(path),
    "path": lambda path, _: path,
    "bytes": lambda path, _: path.read_bytes(),
    "file in memory": lambda path, _: BytesIO(path.read_bytes()),
    "image": lambda path, _: Image.open(path),
    "grey array": lambda _, levels: levels,
    "read-only array": lambda _, levels: np.frombuffer(levels.tobytes(), np.uint8).reshape(levels.shape),
    "strided array": lambda _, levels: np.ascontiguousarray(levels[::-1, ::-1])[::-1, ::-1],
    "colours": lambda _, levels: in_colour(levels, 3),
    "opaque colours": lambda _, levels: in_colour(levels, 4),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(10, 12), (23, 40)])
def test_a_picture_of_any_kind_has_the_same_prediction(
    network: Network, tmp_path: Path, kind: str, shape: tuple[int, int]
) -> None:
    levels = drawn(*shape)
    path = file_of(tmp_path / "it.png", levels)
    (expected,) = predict(network, [path])
    (prediction,) = predict(network, [KINDS[kind](path, levels)])
    assert (prediction.label, prediction.certainty) == (expected.label, expected.certainty)
    assert prediction.picture == (str(path) if kind in ("text", "path") else "picture 1")


def test_an_open_file_is_read(network: Network, tmp_path: Path) -> None:
    path = file_of(tmp_path / "it.png", drawn(10, 12))
    with path.open("rb") as file:
        (prediction,) = predict(network, [file])
    (expected,) = predict(network, [path])
    assert (prediction.picture, prediction.best, prediction.second) == ("picture 1", expected.best, expected.second)


def test_what_is_transparent_in_an_array_or_an_image_is_white(network: Network) -> None:
    levels = drawn(10, 12)
    transparent = np.dstack([np.zeros((10, 12, 3), np.uint8), 255 - levels])  # black ink, opaque where it is dark
    predictions = predict(network, [transparent, Image.fromarray(transparent), levels])
    assert len({(prediction.label, prediction.certainty) for prediction in predictions}) == 1


def test_pictures_without_a_path_are_numbered(network: Network, tmp_path: Path) -> None:
    path = file_of(tmp_path / "it.png", drawn(10, 12))

    def pictures() -> Iterator[Any]:
        yield from (drawn(10, 12), path, path.read_bytes())

    assert [prediction.picture for prediction in predict(network, pictures())] == ["picture 1", str(path), "picture 3"]


def test_a_model_is_a_folder_a_file_a_network_or_a_predictor(network: Network, tmp_path: Path) -> None:
    save_network(tmp_path / "model.safetensors", network, {})
    models = (tmp_path, str(tmp_path), tmp_path / "model.safetensors", network, Predictor(network, engine="torch"))
    assert len({predict(model, [drawn(10, 12)])[0].best for model in models}) == 1
    with pytest.raises(InputError, match="nowhere: there is no such file"):
        predict("nowhere", [drawn(10, 12)])


def test_a_prediction_says_what_was_read(network: Network) -> None:
    (prediction,) = predict(network, [drawn(10, 12)])
    best = probabilities(network, drawn(10, 12)[None])[0]
    assert (prediction.picture, prediction.label) == ("picture 1", CLASSES[best.argmax()])
    assert prediction.second is not None
    assert prediction.second.label == CLASSES[best.argsort()[-2]]
    assert prediction.second.certainty == pytest.approx(np.sort(best)[-2])
    assert isinstance(prediction.certainty, float)
    np.testing.assert_array_equal(prediction.seen, drawn(10, 12))
    np.testing.assert_allclose(prediction.probabilities, best, rtol=1e-5)


def test_what_is_less_certain_than_the_network_asks_is_not_sure(network: Network) -> None:
    (prediction,) = predict(network, [drawn(10, 12)])
    assert prediction.sure
    for sure in (prediction.certainty - 1e-6, prediction.certainty + 1e-6):
        stricter = Network(replace(network.spec, calibration=Calibration(sure=sure)))
        stricter.load_state_dict(network.state_dict())
        assert predict(stricter, [drawn(10, 12)])[0].sure == (sure < prediction.certainty)


def test_the_rubbish_class_is_no_class(network: Network) -> None:
    (prediction,) = predict(network, [drawn(10, 12)])
    known = Network(replace(network.spec, rubbish_class=str(prediction.label)))
    known.load_state_dict(network.state_dict())
    (again,) = predict(known, [drawn(10, 12)])
    assert (again.label, again.certainty, again.second) == (None, prediction.certainty, prediction.second)


def test_a_picture_without_ink_shows_no_digit(network: Network) -> None:
    reader = Network(replace(network.spec, normalisation="digit"))
    (blank,) = predict(reader, [np.full((30, 40), 200, np.uint8)])
    assert (blank.label, blank.certainty, blank.second, blank.sure) == (None, 1.0, None, True)


def test_an_answer_that_is_no_number_is_an_error(network: Network) -> None:
    wild = Network(network.spec)
    wild.load_state_dict({name: torch.full_like(weights, 1e30) for name, weights in network.state_dict().items()})
    with pytest.raises(InputError, match=r"^the network gives no number for picture 1: its weights are too large$"):
        predict(wild, [drawn(10, 12)])


def test_a_few_pictures_compile_nothing(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(Predictor, "__init__", lambda self, network, **options: told.append(options))
    monkeypatch.setattr(Predictor, "spec", network.spec, raising=False)
    monkeypatch.setattr(Predictor, "probabilities", lambda self, pictures: np.ones((len(pictures), 3), np.float32))
    predict(network, [drawn(10, 12)] * 5)
    assert told == [{"pictures": 5}]


@pytest.mark.parametrize(
    ("lone", "shown"),
    [
        ("seven.png", "'seven.png'"),
        (Path("seven.png"), "'seven.png'"),
        (b"GIF89a", "of the type bytes"),
        (BytesIO(), "of the type BytesIO"),
        (Image.new("L", (8, 8)), "of the type Image"),
        (np.zeros((8, 8), np.uint8), "of the type ndarray"),
        (None, "of the type NoneType"),
    ],
)
def test_a_lone_picture_is_no_list(network: Network, lone: Any, shown: str) -> None:
    sentence = f"pictures is {shown}: expected a list of pictures, with a single one in brackets"
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}$"):
        predict(network, lone)


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        (b"no picture", "picture 2 is not a picture in one of the formats PNG"),
        (BytesIO(), "picture 2 is not a picture in one of the formats PNG"),
        (StringIO("no picture"), "picture 2 is not a readable picture: "),
        (7, "picture 2 is of the type int: expected a path, bytes, a binary file, a PIL image or a uint8 array"),
        (
            np.zeros((8, 8), np.float32),
            "picture 2 is an array of float32 of shape (8, 8): expected uint8 of shape (H, W), (H, W, 3) or (H, W, 4)",
        ),
        (np.zeros((8, 8, 2), np.uint8), "picture 2 is an array of uint8 of shape (8, 8, 2): expected uint8 of shape"),
        (np.zeros((1, 8, 8, 3), np.uint8), "picture 2 is an array of uint8 of shape (1, 8, 8, 3): expected uint8"),
        (np.zeros((8, 0), np.uint8), "picture 2 is 0x8 pixels: at least one a side is needed"),
        (np.zeros((1, 40_000_001), np.uint8), "picture 2 is 40000001x1 pixels: at most 40,000,000 in all are accepted"),
        (Image.new("L", (40_000_001, 1)), "picture 2 is 40000001x1 pixels: at most 40,000,000 in all are accepted"),
        (Image.new("F", (8, 8)), "picture 2 is not a readable picture: its levels are floating-point numbers"),
    ],
)
def test_the_first_that_is_no_picture_is_named_by_its_number(network: Network, picture: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}"):
        predict(network, [drawn(10, 12), picture, None])  # type: ignore[list-item]
