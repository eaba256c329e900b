"""A predictor answers as its network did when the predictor was made, by every engine.

pytest tests/inference/test_predictor.py
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lenet.data.prepare import Preparation
from lenet.errors import InputError
from lenet.inference import predictor as module
from lenet.inference.predictor import BULK, Predictor
from lenet.models.architecture import Architecture
from lenet.models.initialise import initialise
from lenet.models.network import Network, build
from lenet.models.spec import MODEL, Spec
from lenet.models.weights import save_network

INSTALLED = ("halide", "torch") if find_spec("halide") else ("torch",)
every_engine = pytest.mark.parametrize("engine", INSTALLED)
needs_halide = pytest.mark.skipif("halide" not in INSTALLED, reason="halide is not installed here")


@pytest.fixture
def network() -> Network:
    """A network that pads pictures of 10x12 to 16x16 and scales their levels."""
    architecture = Architecture(input_size=16, maps=(3,), kernels=(3,), hidden=(6,))
    network = Network(Spec(architecture, ("a", "b", "c"), 2, (10, 12), preparation=Preparation(mean=0.3, std=0.2)))
    initialise(network, "he", 0)
    return network


def pictures_of(count: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, 2, 10, 12), dtype=np.uint8)


def reference(network: Network, pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the logits by the definition: pad, scale, and call the network, in double precision."""
    padded = np.pad(pictures, ((0, 0), (0, 0), (3, 3), (2, 2))) / 255
    with torch.no_grad():
        return network.double()(torch.from_numpy((padded - 0.3) / 0.2)).numpy()  # type: ignore[no-any-return]


@every_engine
@pytest.mark.parametrize("count", [0, 1, 32, 1001])
def test_logits_are_the_network_s(network: Network, engine: str, count: int) -> None:
    predictor = Predictor(network, engine=engine)
    pictures = pictures_of(count)
    logits = predictor.logits(pictures)
    assert logits.dtype == np.float32
    assert logits.shape == (count, 3)
    np.testing.assert_allclose(logits, reference(network, pictures), rtol=1e-4, atol=1e-5)
    assert (predictor.engine, predictor.spec) == (engine, network.spec)


@every_engine
def test_probabilities_are_the_softmax_of_the_logits(network: Network, engine: str) -> None:
    predictor = Predictor(network, engine=engine)
    probabilities = predictor.probabilities(pictures_of(50))
    assert probabilities.dtype == np.float32
    expected = torch.from_numpy(predictor.logits(pictures_of(50))).double().softmax(1).numpy()
    np.testing.assert_allclose(probabilities, expected, rtol=1e-6)


def test_probabilities_of_large_logits_are_numbers(network: Network) -> None:
    logits = np.array([[1000, 0, -1000], [-1e30, -1e30, -1e30], [np.inf, 0, 0]], np.float32)
    first, second, third = Predictor(network, engine="torch").probabilities_of(logits)
    assert first.tolist() == [1, 0, 0]
    assert second == pytest.approx([1 / 3] * 3)
    assert np.isnan(third[0]), "of a network that diverged, without a warning"


@every_engine
def test_it_answers_as_the_network_was_when_it_was_made(network: Network, engine: str) -> None:
    predictor = Predictor(network, engine=engine)
    before = predictor.logits(pictures_of(20))
    initialise(network, "he", 1)
    assert np.array_equal(predictor.logits(pictures_of(20)), before)
    assert not np.array_equal(Predictor(network, engine=engine).logits(pictures_of(20)), before)


@every_engine
def test_several_threads_may_ask_at_once(network: Network, engine: str) -> None:
    predictor = Predictor(network, engine=engine)
    batches = [pictures_of(1 + 7 * place, seed=place) for place in range(40)]
    expected = [predictor.logits(batch) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(predictor.logits, batches))
    assert all(np.array_equal(answer, alone) for answer, alone in zip(answers, expected, strict=True))


@every_engine
def test_pictures_may_lie_in_memory_as_they_like_and_are_not_changed(network: Network, engine: str) -> None:
    predictor = Predictor(network, engine=engine)
    pictures = np.pad(pictures_of(9), ((0, 0), (0, 0), (3, 3), (2, 2)))
    expected, before = predictor.logits(pictures), pictures.copy()
    read_only = pictures.copy()
    read_only.flags.writeable = False
    turned = np.ascontiguousarray(pictures[:, :, ::-1])[:, :, ::-1]
    for same in (read_only, turned, np.asfortranarray(pictures)):
        assert np.array_equal(predictor.logits(same), expected)
    assert np.array_equal(pictures, before)


@every_engine
def test_the_stride_of_a_single_channel_changes_no_bit(engine: str) -> None:
    predictor = Predictor(build("lenet5", input_size=28, activation="tanh"), engine=engine)
    pictures = np.random.default_rng(0).integers(0, 256, (64, 28, 28), dtype=np.uint8)[:, None][np.arange(64)]
    usual = pictures.ravel().reshape(pictures.shape)
    assert pictures.strides != usual.strides
    assert np.array_equal(predictor.logits(pictures), predictor.logits(usual))


@pytest.mark.parametrize(
    ("pictures", "sentence"),
    [
        (pictures_of(3)[0], "pictures are uint8 of shape (2, 10, 12)"),
        (pictures_of(3).astype(np.float32), "pictures are float32 of shape (3, 2, 10, 12)"),
        (pictures_of(3)[..., :0], "pictures are uint8 of shape (3, 2, 10, 0)"),
        (torch.zeros(3, 2, 10, 12), "pictures are of the type Tensor"),
        ([[0]], "pictures are of the type list"),
    ],
)
def test_anything_but_pictures_is_refused(network: Network, pictures: Any, sentence: str) -> None:
    predictor = Predictor(network, engine="torch")
    for ask in (predictor.logits, predictor.probabilities):
        with pytest.raises(InputError, match=f"^{re.escape(sentence)}: expected a uint8 array of shape "):
            ask(pictures)


@every_engine
def test_pictures_that_the_network_does_not_take_are_refused(network: Network, engine: str) -> None:
    predictor = Predictor(network, engine=engine)
    with pytest.raises(InputError, match=r"^pictures of 1 channels, but the network takes 2$"):
        predictor.logits(pictures_of(3)[:, :1])
    with pytest.raises(InputError, match=r"^pictures of 20x12 do not fit the network's input of 16x16"):
        predictor.logits(np.zeros((3, 2, 20, 12), np.uint8))


def test_an_unknown_engine_is_named(network: Network) -> None:
    with pytest.raises(InputError, match=r"^unknown engine 'halid': did you mean halide"):
        Predictor(network, engine="halid")


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_are_at_least_one(network: Network, threads: int) -> None:
    with pytest.raises(InputError, match=f"^threads is {threads}: it must be from 1 to "):
        Predictor(network, threads=threads)


@needs_halide
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_number_of_threads_changes_no_bit(network: Network, threads: int) -> None:
    expected = Predictor(network, engine="halide").logits(pictures_of(333))
    assert np.array_equal(Predictor(network, engine="halide", threads=threads).logits(pictures_of(333)), expected)


@needs_halide
@pytest.mark.parametrize(("pictures", "engine"), [(None, "halide"), (BULK, "halide"), (BULK - 1, "torch")])
def test_auto_compiles_kernels_unless_few_pictures_come(network: Network, pictures: int | None, engine: str) -> None:
    predictor = Predictor(network, pictures=pictures)
    assert predictor.engine == engine
    assert ("fewer than 5,000 pictures" in predictor.why) == (engine == "torch")


def test_kernels_stay_with_the_cpu(network: Network) -> None:
    """The network is on the device `meta`, which every machine has."""
    elsewhere = network.to("meta")
    predictor = Predictor(elsewhere)
    assert (predictor.engine, predictor.why) == (
        "torch", "the halide engine answers on the CPU, and the network is on 'meta'",
    )  # fmt: skip
    with pytest.raises(InputError, match="answers on the CPU, and the network is on 'meta'"):
        Predictor(elsewhere, engine="halide")


def test_a_call_chooses_nothing(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is decided, copied or compiled is done when the predictor is made."""
    predictor = Predictor(network, engine="torch")
    for name in ("has_halide", "_why_no_kernels", "_by_kernels", "_by_torch"):
        monkeypatch.setattr(module, name, None)
    assert predictor.logits(pictures_of(2)).shape == (2, 3)


def test_networks_of_the_zoo_answer() -> None:
    predictor = Predictor(build("lenet5-1998"), engine="torch")
    assert predictor.probabilities(np.zeros((2, 1, 28, 28), np.uint8)).shape == (2, 10)


def test_a_run_folder_or_a_file_is_a_model_too(tmp_path: Path) -> None:
    network = build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=3)
    save_network(tmp_path / MODEL, network, {})
    pictures = np.random.default_rng(0).integers(0, 256, (4, 1, 8, 8), dtype=np.uint8)
    expected = Predictor(network, engine="torch").logits(pictures)
    for model in (tmp_path, str(tmp_path / MODEL)):
        assert np.array_equal(Predictor(model, engine="torch").logits(pictures), expected)
