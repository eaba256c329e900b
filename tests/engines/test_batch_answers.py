"""Compiled kernels answer with the logits of the network, for any number of pictures and of threads.

pytest tests/engines/test_batch_answers.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from lenet.engines.halide.batch import answers
from lenet.engines.halide.batch.answers import Answers
from lenet.models.network import Network, build
from lenet.models.zoo import MODELS


def small_network(**options: Any) -> Network:
    usual: dict[str, Any] = {"input_size": 8, "maps": [2], "kernels": [3], "hidden": [6], "classes": 3}
    return build("lenet5", **usual | options)


def answers_of(network: Network, threads: int | None = None) -> Answers:
    return Answers(network.spec, parameters_to_vector(network.parameters()).detach().numpy().copy(), threads)


def random_pictures(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@torch.no_grad()
def logits(network: Network, pictures: NDArray[np.uint8]) -> Tensor:
    """Return the reference: the logits of the torch modules for `pictures`."""
    preparation = network.spec.preparation
    framed = preparation.frame(pictures, network.spec.architecture.input_size)
    result: Tensor = network(preparation.scale(torch.from_numpy(framed)))
    return result


def assert_close(found: NDArray[np.float32], expected: Tensor) -> None:
    assert found.shape == expected.shape
    assert found.dtype == np.float32
    largest = float(expected.abs().max()) if len(expected) else 0
    torch.testing.assert_close(torch.from_numpy(found), expected, rtol=0, atol=1e-5 * largest)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"input_size": 13, "maps": [3, 5], "kernels": [3, 2], "pooling": "mean", "activation": "tanh", "channels": 3},
        {"hidden": [], "activation": "logistic", "classes": 11},
        {"pooling": "none", "biases": "unshared", "activation": "gelu", "channels": 2},
    ],
    ids=["small", "two stages of means", "no hidden layer", "no sub-sampling"],
)
def test_answers_are_those_of_the_network(options: dict[str, Any]) -> None:
    network = small_network(**options)
    size = network.spec.architecture.input_size
    pictures, ask = random_pictures(100, network.spec.channels, size - 1, size - 2), answers_of(network)
    for count in (0, 1, 31, 33, 100):
        assert_close(ask(pictures[:count]), logits(network, pictures[:count]))


@pytest.mark.parametrize("name", MODELS)
def test_answers_are_those_of_every_model(name: str) -> None:
    network = build(name, seed=1)
    side = network.spec.architecture.input_size
    pictures = random_pictures(40, 1, side - 4, side - 4)
    assert_close(answers_of(network)(pictures), logits(network, pictures))


@pytest.mark.parametrize("threads", [1, 2, 3, 100])
def test_no_number_of_threads_changes_a_bit(threads: int) -> None:
    """No picture is left out either: there are seven chunks, which three threads cannot share evenly."""
    network, pictures = small_network(), random_pictures(200, 1, 8, 8)
    assert np.array_equal(answers_of(network, threads)(pictures), answers_of(network)(pictures))


def test_more_pictures_than_are_prepared_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PART", 40)
    network, pictures = small_network(), random_pictures(100, 1, 8, 8)
    assert_close(answers_of(network)(pictures), logits(network, pictures))


def test_larger_pictures_leave_nothing_behind() -> None:
    """Calls with few pictures share their arrays, whose borders must be background again."""
    network, small = small_network(), random_pictures(5, 1, 4, 5)
    ask = answers_of(network)
    ask(random_pictures(7, 1, 8, 8))
    assert np.array_equal(ask(small), answers_of(network)(small))
    assert_close(ask(small), logits(network, small))


def test_answers_are_of_the_weights_at_the_time() -> None:
    network, pictures = small_network(), random_pictures(5, 1, 8, 8)
    ask = answers_of(network)
    before = ask(pictures)
    with torch.no_grad():
        network.get_parameter("output.bias").add_(1)
    assert np.array_equal(ask(pictures), before)
    np.testing.assert_allclose(answers_of(network)(pictures), before + 1, rtol=1e-5)
