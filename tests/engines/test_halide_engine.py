"""The halide engine: its steps beside the torch engine's, its state, its bits, its answers, and when it is chosen.

Run: pytest tests/engines/test_halide_engine.py
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from lenet.data import Dataset, Split
from lenet.data.augment import Augmentation
from lenet.engines import Engine, Method, TorchEngine, choose_engine, compute_scores
from lenet.engines.halide import HalideEngine, scores
from lenet.engines.infer import BULK
from lenet.errors import InputError
from lenet.models import MODELS, Network, build
from lenet.models.layers import Convolution
from tests.engines.beside import distance, same_state

CPU = torch.device("cpu")
INDEX = np.array([3, 1, 4, 15, 9])
DISTORTED = Augmentation(shift=2, rotation=30, elastic=0.5)
METHODS = {
    "sgd": Method(),
    "momentum": Method(momentum=0.9, weight_decay=0.01),
    "adamw": Method(optimiser="adamw", momentum=0.9, weight_decay=0.01, average=0.75),
    "distorted": Method(distortion=DISTORTED.numbers),
    "1998": Method(loss="map", rubbish=80.0, momentum=0.5),
}
RATES = {"sgd": 0.1, "momentum": 0.1, "adamw": 0.01, "distorted": 0.1, "1998": 0.002}

every_method = pytest.mark.parametrize("name", METHODS)


def small_network(**options: object) -> Network:
    usual = {"input_size": 8, "maps": [2], "kernels": [3], "hidden": [6], "classes": 3}
    return build("lenet5", **usual | options)  # type: ignore[arg-type]


def network_of_1998() -> Network:
    """Small, with a weight for every connection: those that its table leaves out too."""
    network = build("lenet5-1998", input_size=16, kernels=(3, 2), hidden=(9, 84))
    torch.nn.init.uniform_(network.layers["c3"].get_parameter("weight"), -1, 1, torch.Generator().manual_seed(0))
    return network


def both(data: Dataset, method: Method) -> tuple[TorchEngine, HalideEngine]:
    """The reference, and the engine that is to do as it does, from the same weights."""
    make = network_of_1998 if method.loss == "map" else small_network
    return TorchEngine(make(), data.train, method, CPU), HalideEngine(make(), data.train, method, CPU)


def step(engine: Engine, number: int, name: str, batch: int = 32) -> None:
    """Step `number` of a training by the method of this name; its pictures and distortions are a function of both."""
    index = np.arange(number * 5, number * 5 + batch) % 320
    distortions = DISTORTED.draw(batch, 8, np.random.default_rng(number))
    engine.learn(index, distortions if METHODS[name].distortion else None, [RATES[name]])


@every_method
def test_one_step_is_torchs(small_data: Dataset, name: str) -> None:
    reference, made = both(small_data, METHODS[name])
    for engine in (reference, made):
        step(engine, 0, name)
    assert distance(made.network, reference.network) <= 1e-5
    expected, tally = reference.tally(), made.tally()
    assert tally.loss == pytest.approx(expected.loss, rel=1e-5)
    assert (tally.misses, tally.count) == (expected.misses, expected.count)


@every_method
def test_fifty_steps_are_torchs_up_to_rounding(small_data: Dataset, name: str) -> None:
    """To a ten-thousandth of a layer's largest weight: rounding grows with every step."""
    reference, made = both(small_data, METHODS[name])
    for number in range(50):
        for engine in (reference, made):
            step(engine, number, name)
    assert distance(made.network, reference.network) <= 1e-4
    expected, tally = reference.tally(), made.tally()
    assert tally.loss == pytest.approx(expected.loss, rel=1e-5)
    assert (tally.misses, tally.count) == (expected.misses, expected.count)


def test_the_network_given_is_the_one_that_learns(small_data: Dataset) -> None:
    """With an average kept too, which is another."""
    network = small_network()
    before = [parameter.detach().clone() for parameter in network.parameters()]
    made = HalideEngine(network, small_data.train, METHODS["adamw"], CPU)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), before, strict=True))
    for number in range(2):
        step(made, number, "adamw")
    assert made.network is not network
    state = made.state()
    for key, parameter in network.named_parameters():
        assert torch.equal(parameter, state[f"network.{key}"])
        assert not torch.equal(parameter, made.network.get_parameter(key))


@pytest.mark.parametrize("count", [1, 31, 33, 63])
def test_a_ragged_batch_is_torchs(small_data: Dataset, count: int) -> None:
    """After a full one, of which nothing may be left behind."""
    reference, made = both(small_data, METHODS["momentum"])
    for engine in (reference, made):
        step(engine, 0, "momentum", batch=64)
        step(engine, 1, "momentum", batch=count)
    assert distance(made.network, reference.network) <= 1e-5
    assert made.tally().count == 64 + count
    assert made.tally().misses == reference.tally().misses


@pytest.mark.parametrize("count", [544, 512, 33, 1])
def test_a_batch_of_more_chunks_than_groups_is_torchs(small_data: Dataset, count: int) -> None:
    """Chunks of 32 and 16 groups: 544 pictures are 9 groups of 2 chunks, and 512 are 16 of 1."""
    reference, made = both(small_data, Method(batch=544))
    for engine in (reference, made):
        engine.learn(np.arange(count) % 320, None, [0.1])
    assert made.tally().loss == pytest.approx(reference.tally().loss, rel=1e-5)
    assert made.tally().misses == reference.tally().misses
    assert distance(made.network, reference.network) <= 1e-5


def test_batches_of_one_picture_are_torchs(small_data: Dataset) -> None:
    reference, made = both(small_data, Method(batch=1))
    for number in range(20):
        for engine in (reference, made):
            engine.learn(INDEX[number % 5][None], None, [0.01])
    assert distance(made.network, reference.network) <= 1e-5
    assert made.tally().loss == pytest.approx(reference.tally().loss, rel=1e-5)


@every_method
def test_a_restored_engine_goes_on_bit_for_bit(small_data: Dataset, name: str) -> None:
    first, second = (both(small_data, METHODS[name])[1] for _ in range(2))
    for number in range(4):
        step(first, number, name)
    second.restore({key: tensor.clone() for key, tensor in first.state().items()})
    assert same_state(first, second)
    for number in range(4, 8):
        for engine in (first, second):
            step(engine, number, name)
    assert same_state(first, second)
    assert first.tally() == second.tally()
    assert distance(first.network, second.network) == 0


def test_what_a_table_leaves_out_is_never_learned(small_data: Dataset) -> None:
    made = both(small_data, METHODS["1998"])[1]
    for number in range(10):
        step(made, number, "1998")
    c3, before = made.network.layers["c3"], network_of_1998().layers["c3"]
    assert isinstance(c3, Convolution)
    assert c3.connected is not None
    assert torch.equal(c3.weight != before.get_parameter("weight"), c3.connected.expand_as(c3.weight))


def test_a_cleared_tally_is_empty(small_data: Dataset) -> None:
    made = both(small_data, METHODS["sgd"])[1]
    step(made, 0, "sgd")
    made.clear_tally()
    assert (made.tally().loss, made.tally().misses, made.tally().count) == (0, 0, 0)


@pytest.mark.parametrize("name", ["momentum", "distorted"])
@pytest.mark.parametrize("count", [1, 5, 33])
def test_what_lies_in_the_buffers_does_not_matter(small_data: Dataset, name: str, count: int) -> None:
    """Not even what is no number, where gradients are to be."""
    first, second = (both(small_data, METHODS[name])[1] for _ in range(2))
    for engine, byte in ((first, 0x00), (second, 0xFF)):
        engine._gradients.view(np.uint8)[...] = byte
        step(engine, 0, name, batch=count)
    assert same_state(first, second)
    assert all(tensor.isfinite().all() for tensor in first.state().values())


@pytest.mark.parametrize("batch", [1, 33, 64])
@pytest.mark.parametrize("kind", [TorchEngine, HalideEngine])
def test_steps_taken_together_are_those_taken_one_by_one(small_data: Dataset, kind: type[Engine], batch: int) -> None:
    """Bit for bit: of the images after a batch, which fill up its last chunk, nothing is learned."""
    method = replace(METHODS["adamw"], batch=batch, distortion=DISTORTED.numbers)
    together, apart = (kind(small_network(), small_data.train, method, CPU) for _ in range(2))
    index, rates = np.arange(3 * batch + batch // 2 + 1) % 320, [0.01, 0.02, 0.03, 0.04]
    distortions = DISTORTED.draw(len(index), 8, np.random.default_rng(0))
    together.learn(index, distortions, rates)
    for first, rate in zip(range(0, len(index), batch), rates, strict=True):
        apart.learn(index[first : first + batch], distortions[first : first + batch], [rate])
    assert same_state(together, apart)


def test_a_golden_loss_curve(small_data: Dataset) -> None:
    """The torch engine's own fifty steps and figures, from tests/engines/test_torch_engine.py."""
    made, losses = HalideEngine(small_network(), small_data.train, Method(momentum=0.9), CPU), []
    for number in range(50):
        made.clear_tally()
        step(made, number, "sgd")
        losses.append(made.tally().loss / 32)
    assert losses[::7] == pytest.approx(GOLDEN, rel=1e-3)


GOLDEN = [1.11112, 1.10052, 1.10164, 1.09547, 1.08719, 1.07495, 1.03775, 0.97847]

TRAIN = """
import hashlib
import numpy as np
import torch
from lenet.data import Split
from lenet.data.augment import Augmentation
from lenet.engines import Method
from lenet.engines.halide import HalideEngine
from lenet.models import build


def train():
    random, augmentation = np.random.default_rng(0), Augmentation(shift=2, rotation=30, elastic=0.5)
    split = Split(random.integers(0, 256, (320, 1, 8, 8), dtype=np.uint8), random.integers(0, 3, 320))
    network = build("lenet5", input_size=8, maps=[2], kernels=[3], hidden=[6], classes=3)
    method = Method(optimiser="adamw", momentum=0.9, average=0.75, distortion=augmentation.numbers, batch=150)
    engine = HalideEngine(network, split, method, torch.device("cpu"))
    for count in (150, 70) * 10:
        distortions = augmentation.draw(count, 8, random)
        engine.learn(random.permutation(320)[:count], distortions, [0.01])
    return b"".join(tensor.numpy().tobytes() for tensor in engine.state().values())

print(*[hashlib.sha256(train()).hexdigest() for _ in range(2)])
"""


def test_no_number_of_threads_changes_a_bit() -> None:
    """Nor does a second run; batches of 5 and of 3 chunks, each a group."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", TRAIN],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"HL_NUM_THREADS": threads},
        )
        for threads in ("1", "2")
    ]  # fmt: skip
    (told, errors), (told_of_two, errors_of_two) = (run.communicate(timeout=120) for run in runs)
    assert (errors, errors_of_two) == ("", "")
    assert set(told_of_two.split()) == {told.split()[0]} == set(told.split())


def test_the_engine_is_chosen_where_it_is_fastest() -> None:
    choice = choose_engine("auto", "cpu", small_network())
    assert (choice.engine, choice.device, choice.why) == (HalideEngine, CPU, "")
    assert choose_engine("halide", "auto", small_network()).device == CPU
    assert choose_engine("torch", "cpu", small_network()).engine is TorchEngine
    assert choose_engine("auto", "cpu", network_of_1998(), METHODS["1998"]).engine is HalideEngine


def test_what_has_no_kernel_is_trained_by_torch() -> None:
    network = small_network(activation="gelu")
    choice = choose_engine("auto", "cpu", network)
    assert choice.engine is TorchEngine
    assert "no kernel for layer c1" in choice.why
    with pytest.raises(InputError, match=r"no kernel for layer c1, .*gelu"):
        choose_engine("halide", "cpu", network)
    with pytest.raises(InputError, match=r"no kernel for layer c1, .*gelu"):
        compute_scores(network, np.zeros((1, 1, 8, 8), np.uint8), "halide")


@pytest.mark.parametrize("options", [{"pooling": "none"}, {"biases": "unshared"}], ids=str)
def test_what_only_the_network_of_1989_has_is_not_lowered_as_something_else(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"^the halide engine has no kernel for layer c1, "):
        choose_engine("halide", "cpu", build("lenet5", **options))


def test_a_convolution_of_one_place_in_steps_of_two_is_no_full_connection() -> None:
    network = build("lenet5", input_size=1, maps=(2,), kernels=(1,), pooling="none", hidden=())
    with pytest.raises(InputError, match="no kernel for layer c1"):
        choose_engine("halide", "cpu", network)


def test_there_are_no_kernels_for_an_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lenet.engines.choose.choose_device", torch.device)
    assert choose_engine("auto", "cuda", small_network()).engine is TorchEngine
    with pytest.raises(InputError, match="runs on the CPU, not on 'cuda'"):
        choose_engine("halide", "cuda", small_network())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"input_size": 13, "maps": [3, 5], "kernels": [3, 2], "pooling": "mean", "activation": "tanh", "channels": 3},
        {"hidden": [], "activation": "logistic", "classes": 11},
    ],
    ids=["small", "two stages of means", "no hidden layer"],
)
def test_scores_are_those_of_the_network(options: dict[str, object]) -> None:
    network = small_network(**options)
    size = network.architecture.input_size
    images = np.random.default_rng(0).integers(0, 256, (100, network.channels, size - 1, size - 2), dtype=np.uint8)
    for count in (0, 1, 31, 33, 100):
        expected, found = network.scores(images[:count]), compute_scores(network, images[:count], "halide")
        assert (found.shape, found.dtype) == (expected.shape, torch.float32)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * float(network.scores(images).abs().max()))


@pytest.mark.parametrize("name", [name for name, architecture in MODELS.items() if architecture.pooling != "none"])
def test_scores_are_those_of_every_model_with_sub_sampling(name: str) -> None:
    network = build(name, seed=1)
    images = np.random.default_rng(0).integers(0, 256, (40, 1, 28, 28), dtype=np.uint8)
    expected = network.scores(images)
    torch.testing.assert_close(
        compute_scores(network, images, "halide"), expected, rtol=0, atol=1e-5 * float(expected.abs().max())
    )


def test_scores_of_more_pictures_than_are_prepared_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[scores.__module__], "PART", 40)
    images = np.random.default_rng(0).integers(0, 256, (100, 1, 8, 8), dtype=np.uint8)
    torch.testing.assert_close(compute_scores(small_network(), images, "halide"), small_network().scores(images))


def test_only_many_pictures_or_repeats_are_worth_compiling_for(monkeypatch: pytest.MonkeyPatch) -> None:
    network, images = small_network(), np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8), dtype=np.uint8)
    assert BULK > 10_000
    assert torch.equal(compute_scores(network, images), network.scores(images))
    by_kernels = compute_scores(network, images, "halide")
    assert torch.equal(compute_scores(network, images, repeats=BULK), by_kernels)
    monkeypatch.setattr("lenet.engines.infer.BULK", 40)
    assert torch.equal(compute_scores(network, images), by_kernels)
    with pytest.raises(InputError, match="pictures of 3 channels, but the network takes 1"):
        compute_scores(network, np.zeros((1, 3, 8, 8), np.uint8), "halide")


def test_pictures_smaller_than_the_input_are_framed(small_data: Dataset) -> None:
    """Their words, too, begin with every row."""
    split = Split(np.ascontiguousarray(small_data.train.images[:, :, 1:, :5]), small_data.train.labels)
    reference, made = both(Dataset("cut", split, split, small_data.classes), METHODS["sgd"])
    for engine in (reference, made):
        step(engine, 0, "sgd")
    assert distance(made.network, reference.network) <= 1e-5
